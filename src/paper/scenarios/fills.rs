//! When and at what price orders fill.

use super::*;

#[test]
fn a_small_market_order_is_acknowledged_and_filled_at_the_ask() {
    let mut f = Floor::open();
    f.show("AAPL", "274.49", "274.50", "500");
    let id = f.send(market("AAPL", Side::Buy, "10"));
    assert_eq!(f.kinds(id), ["pending_new", "new", "fill"]);
    let order = f.get(id);
    assert_eq!(order.filled_avg_price, Some(price("274.50")));
    assert_eq!(f.held("AAPL"), "10");
    let last = f.log.last().unwrap();
    assert_eq!(last.execution.as_ref().unwrap().position_qty.to_string(), "10");
    assert_eq!(f.x.account().cash.to_string(), "97255.00");
}

#[test]
fn a_large_market_order_fills_in_parts_by_what_the_touch_shows() {
    let mut f = Floor::open();
    let id = f.place(market("KO", Side::Buy, "2500")).unwrap().id;
    f.wait_for("filled", |x| x.order(id).unwrap().status == Status::Filled);
    let fills: Vec<_> =
        f.log.iter().filter(|u| u.order.id == id).filter_map(|u| u.execution.clone()).collect();
    assert!(fills.len() > 1, "{} fills", fills.len());
    let sum = fills.iter().fold(Decimal::ZERO, |s, e| s + e.qty.get());
    assert_eq!(sum, Decimal::from(2500));
    assert_eq!(f.kinds(id).iter().filter(|k| **k == "fill").count(), 1);
    let rows: Vec<_> = f.x.activities().collect();
    assert_eq!(rows.len(), fills.len());
    let Detail::Fill(last) = &rows.last().unwrap().detail else { panic!() };
    assert!(last.complete && last.leaves_qty.is_zero() && last.cum_qty == qty("2500"));
    assert!(rows.windows(2).all(|w| w[0].id.split("::").next() <= w[1].id.split("::").next()));
    assert!(rows[0].id.starts_with("20261120150000"), "{}", rows[0].id);
}

#[test]
fn lean_limits_and_gaps() {
    // LEAN's golden fills: at the limit, or at the open where the open is better.
    for (side, at, away, there, want) in [
        (Side::Buy, "101.5", "102", "101.5", "101.5"),
        (Side::Sell, "101.5", "101", "101.5", "101.5"),
        (Side::Buy, "290.50", "291", "289.5", "289.5"),
        (Side::Sell, "291.50", "291", "292.5", "292.5"),
    ] {
        let mut f = Floor::open();
        f.trade_at("AAPL", away);
        let id = f.send(limit("AAPL", side, "10", at));
        assert_eq!(f.status(id), Status::New);
        assert!(f.get(id).rested);
        f.trade_at("AAPL", there);
        assert_eq!(f.get(id).filled_avg_price.unwrap(), price(want));
    }
}

#[test]
fn lean_stops_and_gaps() {
    for (side, at, away, there, want) in [
        (Side::Buy, "101.5", "101", "101.5", "101.5"),
        (Side::Sell, "101.5", "102", "101.5", "101.5"),
        (Side::Buy, "290.50", "290", "291.5", "291.5"),
        (Side::Sell, "291.50", "292", "290.5", "290.5"),
    ] {
        let mut f = Floor::open();
        f.trade_at("AAPL", away);
        let id = f.send(stop("AAPL", side, "10", at));
        assert_eq!(f.status(id), Status::New);
        f.trade_at("AAPL", there);
        assert_eq!(f.get(id).filled_avg_price.unwrap(), price(want), "{side:?} {at}");
    }
}

#[test]
fn lean_trailing_stops() {
    type Case<'a> = (Side, Option<&'a str>, Option<&'a str>, [&'a str; 3], [&'a str; 3], &'a str);
    let cases: [Case<'_>; 3] = [
        (Side::Buy, Some("10"), None, ["105", "102.5", "95"], ["110", "110", "105"], "115"),
        (Side::Sell, Some("10"), None, ["95", "97.5", "105"], ["90", "90", "95"], "95"),
        (Side::Sell, None, Some("10"), ["95", "97.5", "105"], ["90", "90", "94.5"], "94.5"),
    ];
    for (side, amount, percent, path, stops, fill) in cases {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let id = f.send(NewOrder {
            kind: OrderKind::TrailingStop,
            trail_price: amount.map(price),
            trail_percent: percent.map(|p| p.parse::<Percent>().unwrap()),
            ..market("AAPL", side, "10")
        });
        for (at, want) in path.iter().zip(stops) {
            f.trade_at("AAPL", at);
            assert_eq!(f.get(id).stop, Some(price(want)), "{side:?} at {at}");
        }
        f.trade_at("AAPL", fill);
        assert_eq!(f.get(id).filled_avg_price, Some(price(fill)));
    }
}

#[test]
fn a_stop_limit_waits_for_its_limit_after_the_trigger() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let order = NewOrder { limit: Some(price("101")), ..stop("AAPL", Side::Buy, "10", "101") };
    let id = f.send(NewOrder { kind: OrderKind::StopLimit, ..order });
    f.trade_at("AAPL", "102");
    assert!(f.get(id).triggered && f.status(id) == Status::New);
    f.trade_at("AAPL", "100.5");
    assert_eq!(f.get(id).filled_avg_price, Some(price("100.5")));
}

#[test]
fn ioc_and_fok() {
    let mut f = Floor::open();
    f.show("AAPL", "99.99", "100", "60");
    let ioc = f.send(NewOrder { tif: Tif::Ioc, ..market("AAPL", Side::Buy, "100") });
    assert_eq!((f.status(ioc), f.get(ioc).filled_qty), (Status::Canceled, qty("60")));
    f.show("AAPL", "99.99", "100", "60");
    let fok = f.send(NewOrder { tif: Tif::Fok, ..market("AAPL", Side::Buy, "100") });
    assert_eq!((f.status(fok), f.get(fok).filled_qty), (Status::Canceled, qty("0")));
    f.show("AAPL", "99.99", "100", "100");
    let fok = f.send(NewOrder { tif: Tif::Fok, ..market("AAPL", Side::Buy, "100") });
    assert_eq!(f.status(fok), Status::Filled);
}
