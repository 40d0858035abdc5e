//! Buying power, fees, positions.

use super::*;

#[test]
fn buying_power_is_twice_the_equity_and_working_orders_bind_it() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let power = |f: &Floor| f.x.account().buying_power.to_string();
    assert_eq!(power(&f), "200000");
    let id = f.send(limit("AAPL", Side::Buy, "1000", "90"));
    assert_eq!(power(&f), "110000");
    f.x.cancel(f.now, id).unwrap();
    f.wait(15);
    f.trade_at("AAPL", "100");
    assert_eq!(power(&f), "200000");
    f.send(market("AAPL", Side::Buy, "1500"));
    f.trade_at("AAPL", "100");
    let account = f.x.account();
    assert_eq!(account.cash.to_string(), "-50000");
    assert_eq!(account.equity.to_string(), "100000");
    assert_eq!(account.initial_margin.to_string(), "75000.0");
    assert_eq!(account.maintenance_margin.to_string(), "37500.00");
    assert_eq!(power(&f), "50000.0");
    assert_eq!(account.non_marginable_buying_power.to_string(), "0");
    let refused = f.place(market("AAPL", Side::Buy, "501")).unwrap_err();
    assert_eq!(refused.context.cost_basis, Some("50100".parse().unwrap()));
    assert_eq!(refused.context.buying_power.unwrap().to_string(), "50000.00");
}

#[test]
fn a_short_sale_binds_half_beyond_its_proceeds() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    f.send(market("AAPL", Side::Sell, "1000"));
    f.trade_at("AAPL", "100");
    let account = f.x.account();
    assert_eq!(account.cash.to_string(), "200000");
    assert_eq!(account.equity.to_string(), "100000");
    assert_eq!(account.short_market_value.to_string(), "-100000");
    assert_eq!(account.buying_power.to_string(), "100000.0");
    assert_eq!(account.non_marginable_buying_power.to_string(), "50000.0");
    f.trade_at("AAPL", "90");
    let p = f.x.position("AAPL").unwrap();
    assert_eq!((p.unrealized_pl.to_string(), p.unrealized_plpc.to_string()), ("10000".into(), "0.1".into()));
    f.send(market("AAPL", Side::Buy, "1000"));
    assert_eq!(f.x.account().equity.to_string(), "110000");
    assert_eq!(f.x.account().daytrade_count, 1);
}

#[test]
fn fees_of_parts_add_up_to_the_fee_of_the_order() {
    let mut f = Floor::model(Model::Ibkr);
    f.show("AAPL", "99.99", "100", "150");
    let id = f.send(market("AAPL", Side::Buy, "1000"));
    assert_eq!(f.get(id).fees.to_string(), "1", "the minimum first");
    f.trade_at("AAPL", "100");
    assert_eq!(f.status(id), Status::Filled);
    assert_eq!(f.get(id).fees.to_string(), "5");
    assert_eq!(f.x.account().cash.to_string(), "-5");
    let fees: Vec<_> = f.x.activities().filter(|a| matches!(a.detail, Detail::Fee(_))).collect();
    assert_eq!(fees.len(), 2);

    let mut f = Floor::open();
    f.show("BTC/USD", "40000", "40000", "0.7");
    let id = f.send(NewOrder { tif: Tif::Gtc, ..market("BTC/USD", Side::Buy, "2") });
    f.trade_at("BTC/USD", "40000");
    assert_eq!(f.get(id).coin_fees.to_string(), "0.005");
    assert_eq!(f.held("BTC/USD"), "1.995");
    f.send(NewOrder { tif: Tif::Gtc, ..market("BTC/USD", Side::Sell, "1.995") });
    assert_eq!(f.held("BTC/USD"), "0");
    assert_eq!(f.x.account().cash.get().normalize().to_string(), "99600.5");
}

#[test]
fn kraken_takes_a_seller_s_fee_from_the_coin_while_there_is_some() {
    let mut f = Floor::model(Model::Kraken);
    f.trade_at("BTC/USD", "10000");
    let order = |side, q| NewOrder { tif: Tif::Gtc, ..market("BTC/USD", side, q) };
    f.send(order(Side::Buy, "2"));
    assert_eq!(f.x.account().cash.get().normalize().to_string(), "79948");
    f.trade_at("BTC/USD", "10000");
    f.send(order(Side::Sell, "1"));
    assert_eq!(f.held("BTC/USD"), "0.9974");
    f.trade_at("BTC/USD", "10000");
    f.send(order(Side::Sell, "0.9974"));
    assert_eq!(f.held("BTC/USD"), "0", "never below zero: the last fee is paid in dollars");
}

#[test]
fn notional_buys_fractions_and_sells_them() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "300");
    let money = |side, m: &str| NewOrder {
        qty: None,
        notional: Some(m.parse().unwrap()),
        ..market("AAPL", side, "1")
    };
    let id = f.send(money(Side::Buy, "1000"));
    assert_eq!((f.status(id), f.get(id).filled_qty), (Status::Filled, qty("3.333333333")));
    let refused = f.place(money(Side::Sell, "1001")).unwrap_err();
    assert!(refused.message.starts_with("insufficient qty available"), "{}", refused.message);
    let id = f.send(money(Side::Sell, "300"));
    assert_eq!(f.get(id).filled_qty, qty("1"));
    assert_eq!(
        f.place(money(Side::Buy, "0.5")).unwrap_err().message,
        "cost basis must be >= minimal amount of order 1"
    );
}

#[test]
fn a_position_is_closed_by_share_and_everything_at_once() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    f.trade_at("MSFT", "500");
    f.send(market("AAPL", Side::Buy, "10"));
    f.send(market("MSFT", Side::Sell, "4"));
    f.send(limit("AAPL", Side::Sell, "3", "200"));
    let half = Portion::Percentage("50".parse().unwrap());
    let order = f.x.close_position(f.now, "AAPL", half).unwrap();
    assert_eq!((order.qty, order.side), (Some(qty("5")), Side::Sell));
    f.wait(15);
    let blocked = f.x.close_position(f.now, "AAPL", Portion::All).unwrap_err();
    assert_eq!((blocked.status, blocked.code), (403, 40_310_000));
    assert_eq!(f.x.close_position(f.now, "TSLA", Portion::All).unwrap_err().status, 404);
    let closed = f.x.close_all(f.now, true);
    assert_eq!(closed.len(), 2);
    assert!(closed.iter().all(|c| c.result.is_ok()));
    f.wait_for("flat", |x| x.positions().is_empty());
    assert!(f.x.orders(&OrderFilter::default()).is_empty());
}
