//! What is refused, in the venue's words.

use super::*;

type Refused<'a> = (NewOrder, u16, u32, &'a str);

fn refuse(cases: Vec<Refused<'_>>) {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    f.trade_at("BTC/USD", "95000");
    for (order, status, code, message) in cases {
        let refused = f.place(order).unwrap_err();
        assert_eq!((refused.status, refused.code, refused.message.as_str()), (status, code, message));
    }
}

fn buy(q: &str) -> NewOrder {
    market("AAPL", Side::Buy, q)
}

fn coin(q: &str) -> NewOrder {
    NewOrder { tif: Tif::Gtc, ..market("BTC/USD", Side::Buy, q) }
}

#[test]
fn amounts_and_prices_are_refused_in_the_venue_s_words() {
    refuse(vec![
        (market("NOPE", Side::Buy, "1"), 422, 42_210_000, "asset \"NOPE\" not found"),
        (buy("0"), 422, 40_010_001, "qty must be > 0"),
        (NewOrder { qty: None, ..buy("1") }, 422, 40_010_001, "qty or notional is required"),
        (
            NewOrder { notional: Some("5".parse().unwrap()), ..buy("1") },
            422,
            40_010_001,
            "only one of qty or notional is accepted",
        ),
        (buy("5000"), 403, 40_310_000, "insufficient buying power"),
        (
            limit("AAPL", Side::Buy, "1", "290.123"),
            422,
            42_210_000,
            "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
        ),
        (
            NewOrder { limit: Some(price("99")), ..buy("1") },
            422,
            40_010_001,
            "market orders require no stop or limit price",
        ),
        (
            NewOrder { limit: None, ..limit("AAPL", Side::Buy, "1", "1") },
            422,
            40_010_001,
            "limit orders require a limit price",
        ),
    ]);
}

#[test]
fn fractions_and_short_sales_are_refused_in_the_venue_s_words() {
    refuse(vec![
        (NewOrder { tif: Tif::Gtc, ..buy("0.5") }, 422, 42_210_000, "fractional orders must be DAY orders"),
        (market("AAPL", Side::Sell, "0.5"), 422, 42_210_000, "fractional orders cannot be sold short"),
        (market("AMC", Side::Sell, "1"), 422, 42_210_000, "asset \"AMC\" cannot be sold short"),
        (
            market("GME", Side::Sell, "501"),
            403,
            40_310_000,
            "insufficient shares of GME to borrow (requested: 501, available: 500)",
        ),
    ]);
}

#[test]
fn groups_and_coins_are_refused_in_the_venue_s_words() {
    refuse(vec![
        (
            bracket("10", "90", "95"),
            422,
            42_210_000,
            "take_profit.limit_price must be > stop_loss.stop_price",
        ),
        (bracket("10", "100", "95"), 422, 42_210_000, "take_profit.limit_price must be >= base_price + 0.01"),
        (bracket("10", "110", "100"), 422, 42_210_000, "stop_loss.stop_price must be <= base_price - 0.01"),
        (bracket("1.5", "110", "95"), 422, 42_210_000, "fractional orders must be simple orders"),
        (
            NewOrder { tif: Tif::Ioc, ..bracket("1", "110", "95") },
            422,
            42_210_000,
            "bracket orders must be DAY or GTC orders",
        ),
        (
            NewOrder { extended_hours: true, ..buy("1") },
            422,
            42_210_000,
            "extended hours order must be DAY or GTC limit orders",
        ),
        (NewOrder { tif: Tif::Day, ..coin("1") }, 422, 40_010_001, "invalid crypto time_in_force"),
        (
            NewOrder { kind: OrderKind::Stop, stop: Some(price("1")), ..coin("1") },
            422,
            40_010_001,
            "invalid order type for crypto order",
        ),
        (coin("0.00000001"), 422, 42_210_000, "qty must be >= 0.0001, the minimum order size of BTC/USD"),
        (coin("2"), 403, 40_310_000, "insufficient balance for USD (requested: 190000, available: 100000)"),
        (
            NewOrder { side: Side::Sell, ..coin("1") },
            403,
            40_310_000,
            "insufficient balance for BTC (requested: 1, available: 0)",
        ),
        (
            NewOrder { symbol: "BTCUSD".into(), tif: Tif::Gtc, ..bracket("1", "110", "95") },
            422,
            42_210_000,
            "crypto orders not allowed for advanced order_class: otoco",
        ),
    ]);
}

#[test]
fn ids_are_unique_and_own_orders_never_meet() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let own = NewOrder { client_order_id: Some("mine".into()), ..limit("AAPL", Side::Buy, "1", "90") };
    let id = f.place(own.clone()).unwrap().id;
    let twice = f.place(own).unwrap_err();
    assert_eq!((twice.code, twice.message.as_str()), (40_010_001, "client_order_id must be unique"));
    let wash = f.place(limit("AAPL", Side::Sell, "1", "90")).unwrap_err();
    assert_eq!(wash.message, "potential wash trade detected. use complex orders");
    assert_eq!(wash.context.existing_order_id, Some(id));
    f.place(limit("AAPL", Side::Sell, "1", "91")).unwrap();
    let mut own = f.x.configuration();
    own.suspend_trade = true;
    f.x.configure(own).unwrap();
    assert_eq!(f.place(buy("1")).unwrap_err().status, 403);
}
