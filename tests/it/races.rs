//! Orders whose news, answers and fills race each other: rows of the fault list about submission and order states
//! that need a whole engine and a venue, by their names.

use crate::floor::*;
use rust_decimal::Decimal;
use tradedeck::{
    broker::Event,
    desk::Reply,
    domain::{
        alert::Severity,
        fact::{Fact, PositionSource},
        ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId, VenueOrderId},
        lifecycle::{OrderEvent, OrderState},
        order::{Attached, OrderType, Role, Side},
        report::OrderReport,
        rules::Response,
    },
    engine::Input,
};

fn sim() -> VenueId {
    VenueId::new("sim").unwrap()
}

impl Floor {
    #[track_caller]
    fn places(&mut self, line: &str) -> ClientId {
        let reply = self.command(line);
        let Reply::Placed { orders, .. } = reply else { panic!("{line}: {reply:?}") };
        orders.first().expect("an order").clone()
    }
    fn state(&self, client: &ClientId) -> OrderState {
        self.engine.book().order(&OrderId { venue: sim(), client: client.clone() }).expect("the order").state
    }
    fn held(&self, symbol: &str) -> String {
        let instrument = InstrumentId { venue: sim(), symbol: Symbol::new(symbol).unwrap() };
        self.engine.book().position(&instrument).map_or_else(|| "0".to_owned(), |p| p.qty.to_string())
    }
    fn hears(&mut self, report: OrderReport) {
        self.step(Input::Venue { venue: sim(), event: Event::Order(Box::new(report)) });
    }
    /// An exit that the venue holds for `parent`.
    fn leg(&mut self, client: &str, parent: &ClientId, role: Role, units: &str, status: OrderEvent) {
        let order_type = match role {
            Role::Stop => OrderType::Stop { stop: "80".parse().unwrap() },
            Role::Target | Role::Entry => OrderType::Limit { limit: "120".parse().unwrap() },
        };
        let id = ClientId::new(client).unwrap();
        let mut report = self.house("sim").report_of(parent);
        report.venue_id = VenueOrderId::new(&format!("v-{client}")).unwrap();
        report.client = id;
        report.side = Side::Sell;
        report.amount = tradedeck::domain::order::Amount::Qty(qty(units));
        report.order_type = order_type;
        report.status = status;
        report.filled = qty("0");
        report.avg_price = None;
        report.parent = Some(parent.clone());
        report.role = Some(role);
        report.attached = Attached::Simple;
        self.hears(report);
    }
    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.alerts().contains(words), "{words:?} is not in\n{}", self.alerts());
    }
}

/// A8: a line that is typed again after its order has filled is a new intent with an id of its own, and says that it is
/// the same as a moment ago; by itself nothing is sent again, however long it takes.
#[test]
fn a8_an_order_is_sent_again_only_by_a_person_and_as_a_new_one() {
    let mut house = House::new("sim");
    house.limits.duplicate = tradedeck::domain::limits::Action::Block;
    let mut floor = Floor::open(vec![house]);
    let first = floor.places("buy AAPL 10");
    floor.pass(200);
    assert_eq!(floor.state(&first), OrderState::Filled);
    let Reply::Refused { text, .. } = floor.command("buy AAPL 10") else { panic!("sent again") };
    assert!(text.as_str().contains("ms ago"), "{text}");
    floor.pass(120_000);
    assert_eq!(floor.house("sim").closes(), ["buy 10 AAPL"]);
    floor.quote();
    let second = floor.places("buy AAPL 10");
    assert_ne!(first, second);
    floor.pass(1_000);
    assert_eq!(floor.held("AAPL"), "20");
}

/// A12: the new order was placed, the old one could not be cancelled, and the answer tells neither. Each is what the
/// venue says of it; both are on the screen and both count.
#[test]
fn a12_a_replacement_that_half_succeeds_leaves_two_orders_each_by_its_own_word() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let old = floor.places("buy AAPL 10 limit 90");
    floor.pass(200);
    floor.house("sim").mood.half_replaces = true;
    let new = floor.places(&format!("replace {old} limit 91"));
    floor.pass(60_000);
    assert_eq!((floor.state(&old), floor.state(&new)), (OrderState::Working, OrderState::Working));
    let snapshot = floor.snapshot();
    let shown: Vec<&ClientId> = snapshot.orders.iter().map(|o| &o.id.client).collect();
    assert!(shown.contains(&&old) && shown.contains(&&new), "{shown:?}");
    let aapl = InstrumentId { venue: sim(), symbol: Symbol::new("AAPL").unwrap() };
    let counted: Decimal = floor
        .engine
        .book()
        .open_orders()
        .filter(|o| o.spec.instrument == aapl)
        .filter_map(tradedeck::book::OrderRow::remaining)
        .map(tradedeck::domain::money::Qty::get)
        .sum();
    assert_eq!(counted, dec(20), "both can fill");
}

/// D3: fills arrive while the cancel is on its way. They are kept, and the rest is cancelled.
#[test]
fn d3_what_fills_while_an_order_is_cancelled_is_kept() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let order = floor.places("buy AAPL 100 limit 90");
    floor.pass(200);
    floor.fill(&sim(), &order, dec(40));
    floor.pass(100);
    floor.leg("stop-1", &order, Role::Stop, "40", OrderEvent::Working);
    floor.done(&format!("cancel {order}"));
    floor.pass(5_000);
    assert_eq!((floor.state(&order), floor.held("AAPL").as_str()), (OrderState::Cancelled, "40"));
    // The venue sized the exit to what filled, and that is what protects.
    let stop = ClientId::new("stop-1").unwrap();
    let row = floor.engine.book().order(&OrderId { venue: sim(), client: stop }).unwrap().clone();
    assert_eq!(row.remaining(), Some(qty("40")));
}

/// D4: a new total that the fills have overtaken is refused, and a change that loses the race against a fill doubles
/// nothing.
#[test]
fn d4_a_change_that_races_a_fill_doubles_nothing() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let order = floor.places("buy AAPL 100 limit 90");
    floor.pass(200);
    floor.fill(&sim(), &order, dec(60));
    floor.pass(100);
    let Reply::Refused { text, .. } = floor.command(&format!("replace {order} qty 50")) else {
        panic!("a total below what has filled")
    };
    assert!(text.as_str().contains("not above what has filled"), "{text}");
    // Fills whole at the venue, and nobody here has heard of it when the change leaves.
    floor.house("sim").streams = false;
    floor.fill(&sim(), &order, dec(40));
    floor.house("sim").streams = true;
    let new = floor.places(&format!("replace {order} qty 120"));
    floor.pass(10_000);
    assert_eq!((floor.state(&order), floor.state(&new)), (OrderState::Filled, OrderState::Rejected));
    assert_eq!(floor.held("AAPL"), "100");
    assert_eq!(floor.house("sim").position("AAPL"), dec(100));
}

/// D5: the venue, or another program, put a new order in the place of ours. It is followed, and counts once.
#[test]
fn d5_an_order_that_is_replaced_at_the_venue_is_followed() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "10")]);
    floor.pass(500);
    let order = floor.places("sell AAPL 10 trigger 90");
    floor.pass(200);
    let (by, by_id) = (ClientId::new("elsewhere-1").unwrap(), VenueOrderId::new("v-else").unwrap());
    let mut new = floor.house("sim").report_of(&order);
    let old_id = new.venue_id.clone();
    (new.client, new.venue_id) = (by.clone(), by_id.clone());
    new.order_type = OrderType::Stop { stop: "92".parse().unwrap() };
    new.replaces = Some(old_id);
    let mut old = floor.house("sim").report_of(&order);
    old.status = OrderEvent::Replaced;
    old.replaced_by = Some(by_id);
    floor.hears(old);
    floor.hears(new);
    let book = floor.engine.book();
    let rows: Vec<_> = book.open_orders().map(|o| o.id.client.clone()).collect();
    assert_eq!(rows, std::slice::from_ref(&by), "the old one is over, the new one stands");
    let row = book.order(&OrderId { venue: sim(), client: by }).unwrap();
    assert_eq!(row.replaces.as_ref(), Some(&order), "and its line says what it replaced");
}

/// D6: target and stop have both filled: the position has turned. That is an emergency at once, with the way out, which
/// works.
#[test]
fn d6_both_exits_of_a_pair_that_fill_are_an_emergency_with_its_way_out() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let entry = floor.places("buy AAPL 10");
    floor.pass(200);
    for (leg, role) in [("target-1", Role::Target), ("stop-1", Role::Stop)] {
        floor.leg(leg, &entry, role, "10", OrderEvent::Working);
    }
    for leg in ["target-1", "stop-1"] {
        floor.fills_apart(leg, "AAPL", Side::Sell, "10");
    }
    assert_eq!(floor.held("AAPL"), "-10");
    let worst = floor.engine.book().alerts().map(|(a, _)| a.severity).max();
    assert_eq!(worst, Some(Severity::Emergency));
    floor.says("target and stop both filled; look at the position, `close AAPL` makes it flat");
    floor.done("close AAPL");
    floor.pass(5_000);
    assert_eq!((floor.held("AAPL").as_str(), floor.house("sim").position("AAPL")), ("0", Decimal::ZERO));
}

/// D7: the target has filled, and the cancel of its stop never came: an alarm that stands until the venue says it is gone.
#[test]
fn d7_the_exit_that_is_left_of_a_pair_is_an_alarm() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let entry = floor.places("buy AAPL 10");
    floor.pass(200);
    for (leg, role) in [("target-1", Role::Target), ("stop-1", Role::Stop)] {
        floor.leg(leg, &entry, role, "10", OrderEvent::Working);
    }
    floor.fills_apart("target-1", "AAPL", Side::Sell, "10");
    floor.pass(6_000);
    floor.says("ORPHAN: the stop stop-1 of AAPL is working and has nothing to close; `cancel stop-1`");
}

/// D9: the entry filled in part and was cancelled, and its exits are not there.
#[test]
fn d9_what_filled_of_a_cancelled_entry_and_has_no_stop_is_said_to_be_naked() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let order = floor.places("buy AAPL 100 limit 90 stop 80 target 120");
    floor.pass(200);
    floor.fill(&sim(), &order, dec(40));
    floor.pass(100);
    assert!(floor.end(&sim(), &order), "cancelled at the venue");
    floor.pass(3_000);
    floor.says("AAPL has no protective stop");
}

/// D10: the protective leg is rejected: said within the very step, and closed only where that is configured.
#[test]
fn d10_a_protective_leg_that_is_rejected_is_an_emergency_at_once() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    let entry = floor.places("buy AAPL 10");
    floor.pass(200);
    floor.leg("stop-1", &entry, Role::Stop, "10", OrderEvent::Rejected);
    floor.says("NAKED: the protective stop of AAPL was rejected");
    floor.pass(10_000);
    assert_eq!(floor.held("AAPL"), "10", "nothing is closed that nobody asked to close");

    let mut house = House::new("sim");
    house.watched.no_stop.response = Response::FlattenSymbol;
    let mut floor = Floor::open(vec![house]);
    let entry = floor.places("buy AAPL 10");
    floor.leg("stop-1", &entry, Role::Stop, "10", OrderEvent::Rejected);
    floor.pass(15_000);
    assert_eq!(floor.house("sim").position("AAPL"), Decimal::ZERO, "{}", floor.alerts());
}

/// D11: a bracket that the venue can't hold stands here and looks so: on its rows, before it is sent, and when the program
/// is left; a restart goes on with it. What the venue has stands at the venue.
#[test]
fn d11_a_bracket_where_the_venue_has_none_is_held_here_and_never_looks_like_one_of_the_venue() {
    let line = "buy AAPL 10 limit 90 stop 80 target 120";
    let mut floor = Floor::open(vec![House::new("sim")]);
    floor.places(line);
    assert_eq!(floor.engine.book().held_here().count(), 0, "the venue has brackets");

    let mut house = House::new("sim");
    house.brackets = false;
    let mut floor = Floor::open(vec![house]);
    floor.places(line);
    assert_eq!(floor.house("sim").asked.len(), 1, "the entry alone is sent");
    let held = |floor: &Floor| {
        let rows = floor.engine.book().held_here();
        rows.map(|h| (h.order.kind.word(), h.order.qty.to_string())).collect::<Vec<_>>()
    };
    let both = [("stop", "10".to_owned()), ("target", "10".to_owned())];
    assert_eq!(held(&floor), both);
    let Reply::Open { held: left, .. } = floor.ask(tradedeck::desk::Request::AskOpen) else {
        panic!("what is open")
    };
    assert_eq!(left, 2, "and leaving says so");
    floor.restart();
    assert_eq!(held(&floor), both);
}

/// D13: the venue takes a trade back. The position becomes what the venue says by a correction of its own that is in
/// the journal and is said; the fill stays as it was told.
#[test]
fn d13_a_trade_that_is_taken_back_is_a_correction_and_history_stays() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    floor.places("buy AAPL 100");
    floor.pass(20_000);
    assert_eq!(floor.held("AAPL"), "100");
    let fills = floor.journal.iter().filter(|d| matches!(d.fact, Fact::Executed(_))).count();
    floor.house("sim").positions.insert(Symbol::new("AAPL").unwrap(), dec(60));
    floor.pass(180_000);
    assert_eq!(floor.held("AAPL"), "60");
    floor.says("sim holds 60 AAPL, the fills here make 100: set to what the venue says");
    let corrected = floor.journal.iter().any(|d| {
        matches!(&d.fact, Fact::Position { qty, source: PositionSource::Correction, .. } if qty.get() == dec(60))
    });
    assert!(corrected, "in the journal");
    let kept = floor.journal.iter().filter(|d| matches!(d.fact, Fact::Executed(_))).count();
    assert_eq!(kept, fills, "no fill is taken out or added");
}

/// G13: at the start the venue holds something else than the journal. Until both agree no entry leaves; the venue is
/// right about quantities; and it is said.
#[test]
fn g13_what_differs_at_the_start_is_said_and_closes_entries_until_both_agree() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    floor.places("buy AAPL 100");
    floor.pass(20_000);
    floor.house("sim").positions.insert(Symbol::new("AAPL").unwrap(), dec(70));
    floor.house("sim").mood.dark = true;
    floor.restart();
    let Reply::Refused { text, .. } = floor.command("buy MSFT 1") else { panic!("not yet in agreement") };
    assert!(text.as_str().contains("agreement"), "{text}");
    floor.house("sim").mood.dark = false;
    floor.pass(120_000);
    assert_eq!(floor.held("AAPL"), "70");
    floor.says("sim holds 70 AAPL, the fills here make 100");
    floor.quote();
    floor.places("buy MSFT 1");
}
