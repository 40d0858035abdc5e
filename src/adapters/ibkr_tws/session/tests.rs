//! Orders, executions and remarks as TWS tells them, in order and out of it.

use super::*;
use crate::domain::{ids::InstrumentId, order::OrderType};
use ibapi::{
    contracts::Contract,
    orders::{Execution as Theirs, OrderState},
};

fn orders() -> Orders {
    let mut orders = Orders::new(VenueId::new("ib").unwrap(), 7);
    orders.of_account("DU1");
    orders
}

fn data(number: i32, name: &str, status: OrderStatusKind) -> OrderData {
    OrderData {
        order_id: number,
        contract: Contract { contract_id: 265_598, ..Contract::stock("AAPL").build() },
        order: Order {
            order_ref: name.into(),
            client_id: 7,
            perm_id: i64::from(number).saturating_add(1_000),
            account: "DU1".into(),
            order_type: "LMT".into(),
            limit_price: Some(187.5),
            total_quantity: 10.0,
            ..Order::default()
        },
        order_state: OrderState { status, ..OrderState::default() },
    }
}

fn status(number: i32, status: OrderStatusKind, filled: f64) -> OrderStatus {
    OrderStatus {
        order_id: number,
        status,
        filled,
        remaining: 0.0,
        average_fill_price: Some(187.5),
        perm_id: i64::from(number).saturating_add(1_000),
        client_id: 7,
        ..OrderStatus::default()
    }
}

fn execution(id: &str, shares: f64, cum: f64) -> ExecutionData {
    ExecutionData {
        request_id: -1,
        contract: Contract::stock("AAPL").build(),
        execution: Theirs {
            order_id: 5,
            client_id: 7,
            execution_id: id.into(),
            time: "20260415 14:28:40 US/Eastern".into(),
            account_number: "DU1".into(),
            shares,
            cumulative_quantity: cum,
            price: 187.5,
            perm_id: 1_005,
            order_reference: "td-a-1".into(),
            ..Theirs::default()
        },
    }
}

fn cost(id: &str) -> CommissionReport {
    CommissionReport {
        execution_id: id.into(),
        commission: 1.05,
        currency: "USD".into(),
        ..CommissionReport::default()
    }
}

fn notice(number: i32, code: i32) -> Notice {
    Notice {
        request_id: Some(number),
        code,
        message: "Order rejected - reason:no\u{1b}[2J money".into(),
        error_time: None,
        advanced_order_reject_json: String::new(),
    }
}

fn told(orders: &mut Orders, update: OrderUpdate) -> Vec<Event> {
    let mut out = Vec::new();
    orders.update(update, Mono::default(), &mut out);
    out
}

pub(super) fn reports(events: &[Event]) -> Vec<&OrderReport> {
    events.iter().filter_map(|e| if let Event::Order(report) = e { Some(&**report) } else { None }).collect()
}

#[test]
fn numbers_rise_over_connections_and_end_before_those_of_requests() {
    let mut orders = orders();
    assert_eq!(orders.reserve(5, 3), Some(vec![5, 6, 7]));
    assert_eq!(orders.reserve(5, 1), Some(vec![8]), "the gateway's word may be older than ours");
    assert_eq!(orders.reserve(100, 2), Some(vec![100, 101]));
    assert_eq!(orders.reserve(1_499_999_999, 1), None);
    assert_eq!(orders.reserve(-7, 1), Some(vec![102]));
}

#[test]
fn an_order_is_told_with_how_it_stands() {
    let mut orders = orders();
    let events = told(&mut orders, OrderUpdate::OpenOrder(data(5, "td-a-1", OrderStatusKind::Submitted)));
    let [first] = reports(&events)[..] else { panic!("{events:?}") };
    assert_eq!((first.client.as_str(), first.venue_id.as_str()), ("td-a-1", "1005"));
    assert_eq!(
        (first.status, first.order_type.limit().unwrap().to_string()),
        (OrderEvent::Working, "187.5".into())
    );
    let strange_word = |word: &str| OrderStatusKind::Unknown(word.into());
    let strange = strange_word("ON_FIRE");
    let events = told(&mut orders, OrderUpdate::OrderStatus(status(5, strange, 0.0)));
    assert_eq!(reports(&events)[0].status, OrderEvent::Unrecognised);
    assert_eq!(reports(&events)[0].status_word.as_str(), "ON_FIRE");
}

/// A status runs ahead of the executions: what filled is told by them, or after a second without them.
#[test]
fn what_filled_is_told_by_executions_first() {
    let mut orders = orders();
    told(&mut orders, OrderUpdate::OpenOrder(data(5, "td-a-1", OrderStatusKind::Submitted)));
    let whole = || OrderUpdate::OrderStatus(status(5, OrderStatusKind::Filled, 10.0));
    let events = told(&mut orders, whole());
    assert_eq!((reports(&events)[0].status, reports(&events)[0].filled), (OrderEvent::Working, Qty::ZERO));
    told(&mut orders, OrderUpdate::ExecutionData(execution("a.1", 4.0, 4.0)));
    let events = told(&mut orders, OrderUpdate::CommissionReport(cost("a.1")));
    assert!(matches!(events.first(), Some(Event::Execution(_))), "{events:?}");
    let [report] = reports(&events)[..] else { panic!("{events:?}") };
    assert_eq!((report.status, report.filled.to_string()), (OrderEvent::FilledInPart, "4".into()));
    assert_eq!(orders.due_at(), Some(Mono::from_millis(1_000)));
    let mut out = Vec::new();
    orders.overdue(Mono::from_millis(1_000), &mut out);
    let [report] = reports(&out)[..] else { panic!("{out:?}") };
    assert_eq!((report.status, report.filled.to_string()), (OrderEvent::FilledWhole, "10".into()));
    assert_eq!(orders.due_at(), None);
}

#[test]
fn orders_of_other_accounts_are_none_of_ours() {
    let mut orders = orders();
    let mut foreign = data(5, "x", OrderStatusKind::Submitted);
    foreign.order.account = "DU2".into();
    assert!(told(&mut orders, OrderUpdate::OpenOrder(foreign.clone())).is_empty());
    assert_eq!(orders.listed(&foreign, None).unwrap(), None);
    let mut e = execution("a.b.01", 1.0, 1.0);
    e.execution.account_number = "DU2".into();
    assert!(told(&mut orders, OrderUpdate::ExecutionData(e.clone())).is_empty());
    assert_eq!(orders.past(&e, None).unwrap(), None);
}

#[test]
fn an_execution_is_told_once_with_its_cost_whichever_comes_first() {
    for cost_first in [false, true] {
        let mut orders = orders();
        let (e, c) = (execution("0000e1a7.1.01.01", 4.0, 4.0), cost("0000e1a7.1.01.01"));
        let (first, second) = if cost_first {
            (OrderUpdate::CommissionReport(c.clone()), OrderUpdate::ExecutionData(e.clone()))
        } else {
            (OrderUpdate::ExecutionData(e.clone()), OrderUpdate::CommissionReport(c))
        };
        assert!(told(&mut orders, first).is_empty());
        let events = told(&mut orders, second);
        let [Event::Execution(x)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((x.id.as_str(), x.qty.to_string()), ("0000e1a7.1.01", "4".into()));
        assert_eq!(x.fee.as_ref().unwrap().amount.to_string(), "1.05");
        assert!(told(&mut orders, OrderUpdate::ExecutionData(e)).is_empty(), "once");
    }
}

#[test]
fn an_execution_does_not_wait_for_its_cost_for_ever() {
    let mut orders = orders();
    assert!(told(&mut orders, OrderUpdate::ExecutionData(execution("a.1", 4.0, 4.0))).is_empty());
    assert_eq!(orders.due_at(), Some(Mono::from_millis(1_000)));
    let mut out = Vec::new();
    orders.overdue(Mono::from_millis(999), &mut out);
    assert!(out.is_empty());
    orders.overdue(Mono::from_millis(1_000), &mut out);
    let [Event::Execution(x)] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(x.fee, None);
    assert_eq!(orders.due_at(), None);
}

#[test]
fn a_correction_keeps_the_id_and_the_highest_is_told_last() {
    let mut orders = orders();
    let mut tell = |id: &str, shares: f64| {
        let mut out = told(&mut orders, OrderUpdate::ExecutionData(execution(id, shares, 4.0)));
        out.extend(told(&mut orders, OrderUpdate::CommissionReport(cost(id))));
        out
    };
    for (id, shares, revision) in [
        ("a.1.01.02", 3.0, Some(1)),
        ("a.1.01.01", 4.0, None),
        ("a.1.01.02", 3.0, None),
        ("a.1.01.10", 2.0, Some(9)),
        ("a.1.01.09", 1.0, None),
        ("a.1.02.01", 1.0, Some(0)),
    ] {
        let events = tell(id, shares);
        let Some(revision) = revision else {
            assert!(events.is_empty(), "{id}: {events:?}");
            continue;
        };
        let [Event::Execution(x)] = events.as_slice() else { panic!("{id}: {events:?}") };
        assert_eq!((x.revision, x.qty.get()), (revision, rust_decimal::Decimal::try_from(shares).unwrap()));
        assert_eq!(x.id.as_str(), id.rsplit_once('.').unwrap().0);
    }
}

#[test]
fn a_refusal_is_of_an_order_that_was_sent_or_has_gone_inactive() {
    // Before TWS told of it: what was sent is what was refused.
    let mut orders = orders();
    let mut sent = data(5, "td-a-1", OrderStatusKind::PendingSubmit);
    sent.order.perm_id = 0;
    orders.expect(sent);
    let mut out = Vec::new();
    orders.notice(&notice(5, 201), Mono::default(), &mut out);
    let [report] = reports(&out)[..] else { panic!("{out:?}") };
    assert_eq!((report.status, report.venue_id.as_str()), (OrderEvent::Rejected, "7:5"));
    assert_eq!(report.reason.as_ref().unwrap().as_str(), "Order rejected - reason:no[2J money");
    // A change that is refused says nothing of the order, which works on.
    told(&mut orders, OrderUpdate::OpenOrder(data(6, "td-a-2", OrderStatusKind::Submitted)));
    out.clear();
    orders.notice(&notice(6, 201), Mono::default(), &mut out);
    assert!(out.is_empty());
    let events = told(&mut orders, OrderUpdate::OrderStatus(status(6, OrderStatusKind::Submitted, 0.0)));
    assert_eq!((reports(&events)[0].status, &reports(&events)[0].reason), (OrderEvent::Working, &None));
    // Inactive, it is that order's end.
    let events = told(&mut orders, OrderUpdate::OrderStatus(status(6, OrderStatusKind::Inactive, 0.0)));
    assert_eq!(reports(&events)[0].status, OrderEvent::Rejected);
}

#[test]
fn inactive_without_a_reason_is_open_risk() {
    let mut orders = orders();
    let events = told(&mut orders, OrderUpdate::OpenOrder(data(5, "td-a-1", OrderStatusKind::Inactive)));
    assert_eq!(reports(&events)[0].status, OrderEvent::Suspended);
}

#[test]
fn a_cancel_is_no_alarm_and_a_refused_one_is_told() {
    let mut orders = orders();
    told(&mut orders, OrderUpdate::OpenOrder(data(5, "td-a-1", OrderStatusKind::Submitted)));
    let mut out = Vec::new();
    for code in [202, 399, 404, 2_109, 10_311] {
        orders.notice(&notice(5, code), Mono::default(), &mut out);
    }
    assert!(out.is_empty(), "{out:?}");
    for code in [161, 10_147, 10_148] {
        orders.notice(&notice(5, code), Mono::default(), &mut out);
    }
    assert_eq!(out.len(), 3);
    assert!(out.iter().all(|e| matches!(e, Event::RequestRefused { cancel: true, .. })));
    out.clear();
    orders.notice(&notice(99, 10_148), Mono::default(), &mut out);
    assert!(out.is_empty(), "of no order of ours");
}

#[test]
fn a_family_is_known_by_names_and_by_numbers() {
    let mut orders = orders();
    let parent = data(5, "td-a-1", OrderStatusKind::Submitted);
    told(&mut orders, OrderUpdate::OpenOrder(parent.clone()));
    let mut stop = data(6, "tc-a-1-s", OrderStatusKind::PreSubmitted);
    (stop.order.parent_id, stop.order.order_type, stop.order.aux_price) = (5, "STP".into(), Some(180.0));
    let mut held = status(6, OrderStatusKind::PreSubmitted, 0.0);
    held.why_held = "child,trigger".into();
    let mut reports = vec![
        orders.listed(&parent, None).unwrap().unwrap(),
        orders.listed(&stop, Some(&held)).unwrap().unwrap(),
    ];
    map::attach(&mut reports);
    assert_eq!((reports[1].role, reports[1].status), (Some(Role::Stop), OrderEvent::Held));
    assert_eq!(reports[1].parent.as_ref().unwrap().as_str(), "td-a-1");
    assert!(matches!(reports[0].attached, crate::domain::order::Attached::OtoStop { .. }));
    // A child that others made, by its parent's number alone.
    stop.order.order_ref = String::new();
    let child = orders.listed(&stop, None).unwrap().unwrap();
    assert_eq!((child.client.as_str(), child.role), ("x-1006", Some(Role::Stop)));
    assert_eq!(child.parent.unwrap().as_str(), "td-a-1");
}

#[test]
fn an_order_is_reached_by_its_number_by_whoever_made_it() {
    let mut orders = orders();
    let order = |client: &str, id: &str| OrderRef {
        instrument: InstrumentId {
            venue: VenueId::new("ib").unwrap(),
            symbol: crate::domain::ids::Symbol::new("AAPL").unwrap(),
        },
        client: ClientId::new(client).unwrap(),
        venue_id: Some(VenueOrderId::new(id).unwrap()),
    };
    orders.listed(&data(5, "td-a-1", OrderStatusKind::Submitted), None).unwrap();
    assert_eq!(orders.place(&order("td-a-1", "9")), Some(Place::Ours(5)));
    assert_eq!(orders.place(&order("x-1005", "1005")), Some(Place::Ours(5)));
    // The same number, of another program, and one that a person entered.
    let mut others = data(5, "theirs", OrderStatusKind::Submitted);
    (others.order.client_id, others.order.perm_id) = (3, 77);
    orders.listed(&others, None).unwrap();
    assert_eq!(orders.place(&order("theirs", "77")), Some(Place::Others(3)));
    assert_eq!(orders.place(&order("td-a-1", "9")), Some(Place::Ours(5)), "it is still ours");
    let mut hand = data(0, "", OrderStatusKind::Submitted);
    (hand.order.client_id, hand.order.perm_id) = (0, 78);
    orders.listed(&hand, None).unwrap();
    assert_eq!(orders.place(&order("x-78", "78")), Some(Place::Others(0)));
    assert_eq!(orders.place(&order("y", "79")), None);
}

#[test]
fn what_has_ended_is_told_whole() {
    let orders = orders();
    let mut done = data(0, "td-a-1", OrderStatusKind::Filled);
    (done.order.total_quantity, done.order.filled_quantity) = (0.0, 10.0);
    let report = orders.ended(&done).unwrap().unwrap();
    assert_eq!((report.status, report.filled.to_string()), (OrderEvent::FilledWhole, "10".into()));
    assert_eq!(report.amount.qty().unwrap().to_string(), "10");
    let mut refused = data(0, "td-a-2", OrderStatusKind::Inactive);
    refused.order_state.completed_status = "Rejected: no".into();
    let report = orders.ended(&refused).unwrap().unwrap();
    assert_eq!((report.status, report.reason.unwrap().as_str()), (OrderEvent::Rejected, "Rejected: no"));
}

#[test]
fn types_that_are_not_made_here_are_open_risk_all_the_same() {
    let mut orders = orders();
    for (kind, limit, want) in
        [("REL", 187.0, "limit"), ("PEG MID", 0.0, "market"), ("MIDPRICE", f64::MAX, "market")]
    {
        let mut strange = data(5, "x", OrderStatusKind::Submitted);
        (strange.order.order_type, strange.order.limit_price) = (kind.into(), Some(limit));
        let report = orders.listed(&strange, None).unwrap().unwrap();
        assert_eq!(report.order_type.kind().word(), want, "{kind}");
    }
    let mut moc = data(5, "x", OrderStatusKind::PreSubmitted);
    moc.order.order_type = "MOC".into();
    let report = orders.listed(&moc, None).unwrap().unwrap();
    assert_eq!((report.order_type, report.tif), (OrderType::Market, crate::domain::order::Tif::Cls));
}

#[test]
fn garbage_is_put_aside_and_counted() {
    let mut orders = orders();
    let mut bad = data(5, "td-a-1", OrderStatusKind::Submitted);
    bad.order.total_quantity = f64::NAN;
    let events = told(&mut orders, OrderUpdate::OpenOrder(bad.clone()));
    assert!(matches!(events.as_slice(), [Event::Quarantined { count: 1, .. }]), "{events:?}");
    assert!(orders.listed(&bad, None).is_err(), "a list with it is no list");
    for (name, limit) in [("bad\u{202e}name", 1.0), ("td-a-3", 1e300)] {
        let mut bad = data(6, name, OrderStatusKind::Submitted);
        bad.order.limit_price = Some(limit);
        let events = told(&mut orders, OrderUpdate::OpenOrder(bad));
        assert!(matches!(events.as_slice(), [Event::Quarantined { .. }]), "{events:?}");
    }
    let mut nameless = execution("", 1.0, 1.0);
    assert!(matches!(
        told(&mut orders, OrderUpdate::ExecutionData(nameless.clone())).as_slice(),
        [Event::Quarantined { .. }]
    ));
    nameless.execution.execution_id = "a.2".into();
    nameless.execution.time = "yesterday".into();
    told(&mut orders, OrderUpdate::ExecutionData(nameless));
    let events = told(&mut orders, OrderUpdate::CommissionReport(cost("a.2")));
    assert!(matches!(events.as_slice(), [Event::Quarantined { .. }]), "{events:?}");
}
