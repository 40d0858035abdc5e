//! Sessions, settlement and time that passes.

use super::*;

#[test]
fn day_orders_end_with_the_day_and_good_till_cancelled_ones_do_not() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let day = f.send(limit("AAPL", Side::Buy, "1", "10"));
    let gtc = f.send(NewOrder { tif: Tif::Gtc, ..limit("AAPL", Side::Buy, "1", "10") });
    f.wait(20 * 3_600_000);
    assert_eq!((f.status(day), f.status(gtc)), (Status::Expired, Status::New));
    assert_eq!(f.get(day).expired_at, Some(stamp("2026-11-21T05:00:00Z")));
    f.wait(120 * 86_400_000);
    assert_eq!(f.status(gtc), Status::Expired);
    assert_eq!(f.x.at(), f.now);
    assert!(f.x.equity_curve(Density::Day).len() > 110);
}

#[test]
fn under_us_sessions_orders_wait_for_the_open_and_limits_may_trade_around_it() {
    // Friday 17:00 in New York.
    let mut f = Floor::sessions("2026-11-20T22:00:00Z");
    let waits = f.place(market("AAPL", Side::Buy, "1")).unwrap();
    assert_eq!(waits.status, Status::Accepted);
    let late = NewOrder { extended_hours: true, ..limit("KO", Side::Buy, "1", "100") };
    let late = f.send(late);
    assert_eq!(f.status(late), Status::Filled);
    let auction = f.place(NewOrder { tif: Tif::Opg, ..market("MSFT", Side::Buy, "5000") });
    assert_eq!(auction.unwrap_err().message, "insufficient buying power");
    let auction = f.place(NewOrder { tif: Tif::Opg, ..market("MSFT", Side::Buy, "100") }).unwrap();
    f.wait(60 * 3_600_000);
    assert_eq!(f.status(waits.id), Status::Accepted, "Monday, 05:00");
    f.wait(4 * 3_600_000 + 1_800_000 + 1_000);
    assert_eq!((f.status(waits.id), f.status(auction.id)), (Status::Filled, Status::Filled));
    assert_eq!(f.get(auction.id).filled_at, Some(stamp("2026-11-23T14:30:00Z")));
}

#[test]
fn what_is_filled_in_part_is_done_for_the_day_at_the_bell_and_works_on_tomorrow() {
    let mut f = Floor::sessions("2026-11-19T20:59:00Z");
    f.show("AAPL", "99.99", "100", "60");
    let order = NewOrder { tif: Tif::Gtc, ..limit("AAPL", Side::Buy, "100", "100") };
    let id = f.send(order);
    assert_eq!(f.status(id), Status::PartiallyFilled);
    f.wait(3_600_000);
    assert_eq!((f.status(id), f.kinds(id).last()), (Status::DoneForDay, Some(&"done_for_day")));
    f.wait(18 * 3_600_000);
    assert_eq!(f.status(id), Status::PartiallyFilled);
    f.trade_at("AAPL", "100");
    assert_eq!(f.status(id), Status::Filled);
}

#[test]
fn at_one_times_margin_the_proceeds_of_a_sale_settle_the_day_after() {
    let mut f = Floor::open();
    let mut own = f.x.configuration();
    own.max_margin_multiplier = Ratio::new(Decimal::ONE);
    f.x.configure(own).unwrap();
    f.trade_at("AAPL", "100");
    assert_eq!(f.x.account().buying_power.to_string(), "100000");
    f.send(market("AAPL", Side::Buy, "900"));
    f.trade_at("AAPL", "100");
    f.send(market("AAPL", Side::Sell, "900"));
    let account = f.x.account();
    assert_eq!(
        (account.cash.to_string(), account.buying_power.to_string()),
        ("100000".into(), "10000".into())
    );
    f.wait(4 * 86_400_000);
    assert_eq!(f.x.account().buying_power.to_string(), "100000");
}

#[test]
fn a_model_without_stocks_refuses_them() {
    let mut f = Floor::model(Model::Binance);
    let refused = f.place(market("AAPL", Side::Buy, "1")).unwrap_err();
    assert_eq!(refused.message, "the binance model does not trade stocks");
    assert!(!f.x.asset("AAPL").unwrap().tradable && f.x.asset("BTCUSD").unwrap().marginable);
}

#[test]
fn lists_are_filtered_and_ordered() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let first = f.send(limit("AAPL", Side::Buy, "1", "10"));
    let second = f.send(bracket("1", "110", "95"));
    let ids = |filter: OrderFilter| f.x.orders(&filter).iter().map(|o| o.id).collect::<Vec<_>>();
    let all = OrderFilter { which: Which::All, ..OrderFilter::default() };
    assert_eq!(ids(all.clone()).len(), 4);
    assert_eq!(ids(OrderFilter { nested: true, ..all.clone() }), [second, first]);
    assert_eq!(ids(OrderFilter { nested: true, ascending: true, ..all.clone() }), [first, second]);
    assert_eq!(ids(OrderFilter { which: Which::Closed, ..all.clone() }), [second]);
    assert_eq!(ids(OrderFilter { side: Some(Side::Sell), ..all.clone() }).len(), 2);
    assert_eq!(ids(OrderFilter { before_order: Some(second), ..all.clone() }), [first]);
    assert_eq!(ids(OrderFilter { limit: 1, ascending: true, ..all }), [first]);
}

#[test]
fn a_long_pause_is_bounded_work_and_a_clock_that_steps_back_is_ignored() {
    let mut f = Floor::open();
    let events = f.x.advance(f.now.plus_ms(30 * 86_400_000));
    assert!(events.len() < 20_000, "{}", events.len());
    let at = f.x.at();
    assert!(f.x.advance(f.now).is_empty());
    assert_eq!(f.x.at(), at);
    assert_eq!(tick_of(f.x.next_due()), tick_of(at) + 1);
}

#[test]
fn every_second_of_the_market_is_told() {
    let mut f = Floor::open();
    let (mut quotes, mut trades, mut bars) = (0, 0, 0);
    for _ in 0..240 {
        f.now = f.now.plus_ms(500);
        for event in f.x.advance(f.now) {
            match event {
                Event::Quote(q) => {
                    assert!(q.bid < q.ask);
                    quotes += 1;
                }
                Event::Trade(_) => trades += 1,
                Event::MinuteBar(_) => bars += 1,
                Event::Order(_) => {}
            }
        }
    }
    let symbols = f.x.assets().len();
    assert!(quotes > 120 * symbols && trades > 40 * symbols, "{quotes} quotes, {trades} trades");
    assert_eq!(bars, 2 * symbols);
}
