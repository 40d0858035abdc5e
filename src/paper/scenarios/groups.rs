//! Orders that hang together, change and are cancelled.

use super::*;

#[test]
fn a_bracket_s_exits_wait_and_the_first_takes_the_other_along() {
    let mut f = Floor::open();
    f.show("AAPL", "99.99", "100", "60");
    let id = f.send(bracket("100", "110", "95"));
    let entry = f.get(id);
    let [target, stop] = entry.legs[..] else { panic!() };
    assert_eq!(f.status(id), Status::PartiallyFilled);
    assert_eq!((f.status(target), f.status(stop)), (Status::Held, Status::Held));
    f.show("AAPL", "94", "100", "60");
    assert_eq!(f.status(id), Status::Filled);
    assert_eq!((f.status(target), f.status(stop)), (Status::New, Status::Held));
    assert!(f.get(stop).armed, "it watches the market although it is shown as held");
    let held = f.x.position("AAPL").unwrap();
    assert_eq!((held.qty.to_string(), held.qty_available.to_string()), ("100".into(), "0".into()));
    let refused = f.place(market("AAPL", Side::Sell, "1")).unwrap_err();
    assert_eq!(refused.message, "insufficient qty available for order (requested: 1, available: 0)");
    assert_eq!(refused.context.held_for_orders, Some(qty("100")));
    assert_eq!(refused.context.related_orders.len(), 2);
    f.trade_at("AAPL", "95");
    assert_eq!((f.status(target), f.status(stop)), (Status::Canceled, Status::Filled));
    assert_eq!(f.held("AAPL"), "0");
}

#[test]
fn a_target_that_fills_in_part_cuts_the_stop() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let id = f.send(bracket("100", "110", "95"));
    let [target, stop] = f.get(id).legs[..] else { panic!() };
    f.show("AAPL", "110", "110.01", "30");
    assert_eq!(f.get(target).filled_qty, qty("30"));
    assert_eq!(f.get(stop).qty, Some(qty("70")));
    assert_eq!(f.kinds(stop), ["restated"]);
    f.trade_at("AAPL", "94");
    assert_eq!((f.status(target), f.status(stop)), (Status::Canceled, Status::Filled));
    assert_eq!(f.held("AAPL"), "0");
}

#[test]
fn cancelling_one_of_a_group_cancels_the_rest() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let entry =
        f.send(NewOrder { kind: OrderKind::Limit, limit: Some(price("90")), ..bracket("10", "110", "85") });
    let [target, stop] = f.get(entry).legs[..] else { panic!() };
    f.x.cancel(f.now, entry).unwrap();
    assert_eq!(f.status(entry), Status::PendingCancel);
    f.wait(15);
    assert!([entry, target, stop].iter().all(|id| f.status(*id) == Status::Canceled));
    f.trade_at("AAPL", "100");
    let entry = f.send(bracket("10", "110", "85"));
    let [target, stop] = f.get(entry).legs[..] else { panic!() };
    f.x.cancel(f.now, stop).unwrap();
    f.wait(15);
    assert_eq!((f.status(target), f.status(stop)), (Status::Canceled, Status::Canceled));
    assert_eq!(f.held("AAPL"), "10");
}

#[test]
fn oco_protects_what_is_held_and_oto_sends_one_exit() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let oco =
        |side| NewOrder { class: Class::Oco, kind: OrderKind::Limit, side, ..bracket("10", "110", "95") };
    assert_eq!(f.place(oco(Side::Sell)).unwrap_err().message, "oco orders must be exit orders");
    f.send(market("AAPL", Side::Buy, "10"));
    let id = f.send(oco(Side::Sell));
    let stop = f.get(id).legs[0];
    assert_eq!((f.status(id), f.status(stop)), (Status::New, Status::Held));
    assert_eq!(f.get(id).limit, Some(price("110")));
    f.trade_at("AAPL", "111");
    assert_eq!((f.status(id), f.status(stop)), (Status::Filled, Status::Canceled));
    f.trade_at("MSFT", "500");
    let oto = NewOrder { class: Class::Oto, take_profit: None, ..bracket("10", "1", "480") };
    let id = f.send(NewOrder { symbol: "MSFT".into(), ..oto });
    let stop = f.get(id).legs[0];
    assert_eq!(f.status(stop), Status::New);
    f.trade_at("MSFT", "479");
    assert_eq!(f.status(stop), Status::Filled);
    assert_eq!(f.x.positions().len(), 0);
}

#[test]
fn a_replacement_carries_what_is_filled_and_comes_too_late_for_a_filled_order() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let old = f.send(limit("AAPL", Side::Buy, "100", "99"));
    f.show("AAPL", "98.99", "99", "33");
    let change = Replacement { qty: Some(qty("120")), ..Replacement::default() };
    let new = f.x.replace(f.now, old, change.clone()).unwrap().id;
    assert_eq!((f.status(old), f.status(new)), (Status::PendingReplace, Status::PendingNew));
    f.show("AAPL", "98.99", "99", "10");
    assert_eq!(f.get(old).filled_qty, qty("43"), "it fills while the replacement is on its way");
    f.wait(15);
    assert_eq!((f.status(old), f.status(new)), (Status::Replaced, Status::PartiallyFilled));
    assert_eq!(f.get(old).replaced_by, Some(new));
    assert_eq!(f.get(new).filled_qty, qty("43"));
    f.trade_at("AAPL", "99");
    assert_eq!((f.status(new), f.held("AAPL")), (Status::Filled, "120".into()));

    f.trade_at("AAPL", "100");
    let old = f.send(limit("AAPL", Side::Buy, "10", "99"));
    let new = f.x.replace(f.now, old, change.clone()).unwrap().id;
    f.trade_at("AAPL", "99");
    f.wait(15);
    assert_eq!((f.status(old), f.status(new)), (Status::Filled, Status::Rejected));
    assert_eq!(f.kinds(old).last(), Some(&"order_replace_rejected"));
    let refused = f.x.replace(f.now, old, change).unwrap_err();
    assert_eq!((refused.status, refused.code), (422, 42_210_000));
    assert_eq!(refused.message, "unable to replace order, order is not open");
}

#[test]
fn a_replaced_stop_leg_still_protects() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let entry = f.send(bracket("10", "110", "95"));
    let [target, stop] = f.get(entry).legs[..] else { panic!() };
    let change = Replacement { stop: Some(price("97")), ..Replacement::default() };
    let new = f.x.replace(f.now, stop, change).unwrap().id;
    f.wait(15);
    assert_eq!(f.get(entry).legs, [target, new]);
    assert_eq!((f.status(stop), f.status(new)), (Status::Replaced, Status::Held));
    f.trade_at("AAPL", "96.5");
    assert_eq!((f.status(target), f.status(new)), (Status::Canceled, Status::Filled));
    assert_eq!(f.held("AAPL"), "0");
}

#[test]
fn a_stop_that_is_replaced_while_the_target_fills_in_part_does_not_sell_too_much() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let entry = f.send(bracket("100", "110", "95"));
    let [_, stop] = f.get(entry).legs[..] else { panic!() };
    let change = Replacement { stop: Some(price("97")), ..Replacement::default() };
    let new = f.x.replace(f.now, stop, change).unwrap().id;
    f.show("AAPL", "110", "110.01", "30");
    f.wait(15);
    assert_eq!(f.get(new).qty, Some(qty("70")));
    f.trade_at("AAPL", "96");
    assert_eq!((f.status(new), f.held("AAPL")), (Status::Filled, "0".into()));
}

#[test]
fn a_cancel_that_comes_after_the_fill_is_rejected_and_twice_is_told() {
    let mut f = Floor::open();
    f.trade_at("AAPL", "100");
    let id = f.send(limit("AAPL", Side::Buy, "10", "99"));
    f.x.cancel(f.now, id).unwrap();
    assert_eq!(f.x.cancel(f.now, id).unwrap_err().message, "order pending cancel");
    f.trade_at("AAPL", "99");
    assert_eq!(f.status(id), Status::Filled, "the fill wins");
    f.wait(15);
    assert_eq!(f.kinds(id).last(), Some(&"order_cancel_rejected"));
    let refused = f.x.cancel(f.now, id).unwrap_err();
    assert_eq!(refused.message, "order is already in \"filled\" state");
    assert_eq!((refused.status, refused.code), (422, 42_210_000));
    assert_eq!(f.x.cancel(f.now, Uuid::nil()).unwrap_err().status, 404);
}
