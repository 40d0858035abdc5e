//! What a venue lacks, held here: from the order line to the close, over restarts, partial fills, refusals and exits.

use super::super::rig::*;
use super::*;
use crate::{
    book::fixture::*,
    desk::{Reply, Request, snapshot::OrderRow},
    domain::{
        capability::ClassCapability,
        instrument::{AssetClass, Icebergs, Instrument, WaitingExits},
        lifecycle::OrderEvent,
        order::{Attached, OrderKind, OrderType, Submission},
    },
    engine::{Answer, Input},
};

/// Market and limit orders, and nothing that hangs on another.
fn plain() -> ClassCapability {
    ClassCapability {
        kinds: vec![OrderKind::Market, OrderKind::Limit],
        bracket: false,
        oco: false,
        oto: false,
        waits_on_limits: false,
        ..everything(AssetClass::Equity)
    }
}

fn flat(class: ClassCapability) -> Rig {
    let mut rig = Rig::at(&quiet(), class);
    rig.held = "0";
    rig.cash = "100000";
    rig.agree();
    rig.market("10");
    rig
}

impl Rig {
    fn sends(&mut self, line: &str) -> Submission {
        self.passes(line);
        self.one()
    }
    fn one(&mut self) -> Submission {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }
    /// The venue takes it and fills so much of it.
    fn fills(&mut self, order: &Submission, filled: &'static str, price: &str) {
        let client = order.client.as_str();
        let whole = order.spec.amount.qty() == Some(qty(filled));
        let status = if whole { OrderEvent::FilledWhole } else { OrderEvent::Working };
        let mut report = report("n", &order.spec, status, filled);
        (report.client, report.venue_id) = (order.client.clone(), venue_id(client));
        let mut execution = execution(&format!("x-{client}-{filled}"), "n", &order.spec, filled, price);
        (execution.client, execution.venue_id) = (report.client.clone(), report.venue_id.clone());
        let event = |event| Input::Venue { venue: venue(), event };
        self.step(event(crate::broker::Event::Execution(Box::new(execution))));
        self.step(event(crate::broker::Event::Order(Box::new(report))));
    }
    fn says(&mut self, order: &Submission, status: OrderEvent) {
        let client = order.client.as_str();
        let mut report = report("n", &order.spec, status, "0");
        (report.client, report.venue_id) = (order.client.clone(), venue_id(client));
        self.step(Input::Venue { venue: venue(), event: crate::broker::Event::Order(Box::new(report)) });
    }
    fn here(&mut self) -> Vec<String> {
        let words = |r: &OrderRow| {
            let price = r.order_type.limit().or(r.order_type.stop()).or(r.trailing_stop);
            let price = price.map_or_else(|| "-".to_owned(), |p| p.to_string());
            let crate::domain::order::Amount::Qty(qty) = r.amount else { panic!("in money") };
            format!("{} {} {qty} at {price}", r.status_word, r.order_type.kind().word())
        };
        let open = |r: &&OrderRow| r.here && r.reason.is_none();
        self.snapshot().orders.iter().filter(open).map(words).collect()
    }
    fn knows(&mut self, instrument: Instrument) {
        let (asked, result) = (vec![instrument.id.symbol.clone()], Ok(vec![instrument]));
        let answer = Answer::Instruments { asked, result };
        self.step(Input::Answer { venue: venue(), answer });
    }
    fn previews(&mut self, line: &str) -> Reply {
        self.ask(Request::Preview(crate::grammar::parse(line).unwrap()))
    }
    fn ends(&self) -> Vec<String> {
        self.engine.book.ended_held().map(|r| r.ended.clone().unwrap().1.to_string()).collect()
    }
    fn held_qty(&self) -> String {
        self.engine.book.position(&aapl()).map_or("0".into(), |p| p.qty.to_string())
    }
}

#[test]
fn a_bracket_of_a_venue_that_has_none_is_held_and_closes() {
    let mut rig = flat(plain());
    let entry = rig.sends("buy AAPL 100 stop 9 target 12");
    assert_eq!(entry.spec.attached, Attached::Simple, "the venue is not asked for what it lacks");
    assert_eq!(rig.here(), ["waits here stop 100 at 9", "waits here limit 100 at 12"]);
    // Nothing acts before there is something to close.
    rig.market("8");
    assert!(rig.sent().is_empty());
    rig.market("10");
    rig.fills(&entry, "100", "10");
    assert_eq!(rig.here(), ["held here stop 100 at 9", "held here limit 100 at 12"]);
    assert!(crate::monitor::has_stop(&rig.engine.book, &aapl()), "and counts as protection");
    rig.market("9.01");
    assert!(rig.sent().is_empty());
    rig.market("9");
    let close = rig.one();
    assert_eq!(
        (close.spec.side, close.spec.order_type, close.spec.amount),
        (Side::Sell, OrderType::Market, sell("100").amount)
    );
    // Struck once, whatever the market does then.
    rig.market("8");
    assert!(rig.sent().is_empty());
    rig.fills(&close, "100", "8.99");
    assert_eq!(rig.held_qty(), "0");
    assert_eq!(rig.here(), Vec::<String>::new());
    assert_eq!(rig.ends().len(), 2);
    assert!(rig.ends().iter().any(|why| why.contains("sell 100 at 8.99")), "{:?}", rig.ends());
}

/// Where exits wait for limit orders only, those of an entry at the market are held here.
#[test]
fn exits_that_wait_for_limits_only_are_held_for_an_entry_at_the_market() {
    let class = ClassCapability { waits_on_limits: true, ..everything(AssetClass::Equity) };
    let mut rig = flat(class);
    let native = rig.sends("buy AAPL 100 limit 9.9 stop 9 target 12");
    assert!(matches!(native.spec.attached, Attached::Bracket { .. }), "{native:?}");
    assert_eq!(rig.here(), Vec::<String>::new());
    let entry = rig.sends("buy AAPL 50 stop 9 target 12");
    assert_eq!(entry.spec.attached, Attached::Simple);
    assert_eq!(rig.here(), ["waits here stop 50 at 9", "waits here limit 50 at 12"]);
}

#[test]
fn several_targets_close_their_parts_and_the_stop_what_is_left() {
    let mut rig = flat(plain());
    let entry = rig.sends("buy AAPL 100 stop 9 target 11 for 50% target 12 for 25% target 14");
    rig.fills(&entry, "100", "10");
    assert_eq!(
        rig.here(),
        [
            "held here stop 100 at 9",
            "held here limit 50 at 11",
            "held here limit 25 at 12",
            "held here limit 25 at 14"
        ]
    );
    rig.market("11");
    let first = rig.one();
    assert_eq!((first.spec.order_type, first.spec.amount), (limit("11"), sell("50").amount));
    rig.fills(&first, "50", "11");
    assert_eq!(
        rig.here(),
        ["held here stop 50 at 9", "held here limit 25 at 12", "held here limit 25 at 14"],
        "what one closed is not for the stop to close again"
    );
    rig.market("8.50");
    let rest = rig.one();
    assert_eq!(rest.spec.amount, sell("50").amount);
    rig.fills(&rest, "50", "8.50");
    assert_eq!((rig.held_qty(), rig.here()), ("0".to_owned(), Vec::new()));
}

#[test]
fn it_survives_a_restart_and_closes_no_more_than_is_there() {
    let mut rig = flat(plain());
    let entry = rig.sends("buy AAPL 100 stop 9 target 12");
    rig.fills(&entry, "100", "10");
    rig.held = "100";
    rig.restart();
    assert_eq!(rig.here(), ["held here stop 100 at 9", "held here limit 100 at 12"]);
    assert_eq!(rig.alerts(AlertCode::Recovery).len(), 1, "and a person is told that nobody watched");
    // Forty were sold by hand at the venue.
    rig.held = "60";
    rig.agree();
    rig.market("8");
    assert_eq!(rig.one().spec.amount, sell("60").amount);
}

#[test]
fn an_entry_that_never_fills_takes_its_exits_with_it_and_a_closed_position_too() {
    let mut rig = flat(plain());
    let entry = rig.sends("buy AAPL 100 limit 9.50 stop 9 target 12");
    rig.says(&entry, OrderEvent::Cancelled);
    assert_eq!(rig.here(), Vec::<String>::new());
    assert!(rig.ends()[0].contains("ended unfilled"), "{:?}", rig.ends());
    let entry = rig.sends("buy AAPL 100 stop 9 target 12");
    rig.fills(&entry, "100", "10");
    rig.passes("close AAPL");
    rig.tick();
    let close = rig.one();
    rig.fills(&close, "100", "10");
    rig.held = "0";
    rig.pass(1);
    rig.report();
    rig.tick();
    assert_eq!(rig.here(), Vec::<String>::new());
}

#[test]
fn a_trailing_stop_follows_and_a_restart_remembers_how_far() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("sell AAPL all trail 10%");
    assert!(rig.sent().is_empty(), "nothing is sent while it only follows");
    rig.market("10");
    rig.market("12");
    rig.market("11.50");
    assert_eq!(rig.here(), ["held here trailing 1000 at 10.80"]);
    rig.restart();
    rig.market("11");
    assert!(rig.sent().is_empty());
    rig.market("10.80");
    assert_eq!(rig.one().spec.amount, sell("1000").amount);
}

#[test]
fn two_stops_at_one_price_send_one_close() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("sell AAPL all trail 10%");
    rig.passes("sell AAPL all trail 10%");
    rig.market("10");
    rig.market("8");
    let close = rig.one();
    rig.market("7");
    assert!(rig.sent().is_empty());
    rig.fills(&close, "1000", "8");
    rig.held = "0";
    rig.pass(1);
    rig.report();
    rig.tick();
    assert!(rig.sent().is_empty());
    assert_eq!((rig.held_qty(), rig.here()), ("0".to_owned(), Vec::new()));
}

#[test]
fn what_does_not_close_is_watched_again_and_left_to_an_exit() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("protect AAPL stop 9");
    rig.market("9");
    let close = rig.one();
    rig.says(&close, OrderEvent::Rejected);
    assert!(
        rig.alerts(AlertCode::Exit).iter().any(|a| a.contains("did not close")),
        "{:?}",
        rig.alerts(AlertCode::Exit)
    );
    rig.market("8.90");
    assert!(rig.sent().is_empty(), "not at once");
    rig.pass(31);
    rig.report();
    rig.market("8.90");
    assert_eq!(rig.one().spec.amount, sell("1000").amount);
    assert!(rig.engine.book.open_exits().next().is_some(), "by an exit, which knows every way out");
}

#[test]
fn a_target_beside_a_stop_at_the_venue_takes_it_away_first() {
    // Stops stand at the venue where it has them: they outlive this program.
    let stops =
        ClassCapability { kinds: vec![OrderKind::Market, OrderKind::Limit, OrderKind::Stop], ..plain() };
    let mut rig = Rig::at(&quiet(), stops);
    rig.passes("protect AAPL stop 9 target 12");
    let stop = rig.one();
    assert_eq!(stop.spec.order_type, OrderType::Stop { stop: px("9") });
    rig.says(&stop, OrderEvent::Working);
    assert_eq!(rig.here(), ["held here limit 1000 at 12"]);
    rig.effects.clear();
    rig.market("12");
    assert!(rig.sent().is_empty(), "a close beside a working stop could turn the position");
    assert!(rig.engine.book.open_exits().next().is_some());
    rig.says(&stop, OrderEvent::Cancelled);
    rig.tick();
    assert_eq!(rig.one().spec.amount, sell("1000").amount);
}

#[test]
fn a_person_moves_and_cancels_it_like_any_other() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("protect AAPL stop 9 target 12");
    let row = rig.snapshot().orders.iter().find(|r| r.here).unwrap().id.client.clone();
    rig.passes(&format!("replace {row} stop 9.50"));
    rig.passes("protect AAPL stop 9.70");
    assert_eq!(rig.here()[0], "held here stop 1000 at 9.70");
    let Reply::Refused { text, .. } = rig.line(&format!("replace {row} stop 10.50")) else {
        panic!("it was taken")
    };
    assert!(text.as_str().contains("would act at once"), "{text}");
    rig.passes("protect AAPL target 13");
    assert_eq!(rig.here()[1], "held here limit 1000 at 13");
    rig.passes("cancel AAPL");
    assert_eq!(rig.here(), Vec::<String>::new());
    let Reply::Open { held, .. } = rig.ask(Request::AskOpen) else { panic!("asked what is open") };
    assert_eq!(held, 0);
}

#[test]
fn flatten_closes_all_and_nothing_acts_beside_it() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("protect AAPL stop 9 target 12");
    rig.passes("flatten");
    rig.market("8");
    rig.pass(1);
    rig.report();
    let closes = rig.sent();
    assert_eq!(closes.len(), 1, "{closes:?}");
    rig.fills(&closes[0], "1000", "8");
    rig.held = "0";
    rig.pass(1);
    rig.report();
    rig.tick();
    assert_eq!(rig.here(), Vec::<String>::new());
    assert!(rig.sent().is_empty());
}

#[test]
fn without_a_price_nothing_acts_and_a_person_is_told() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("protect AAPL stop 9");
    for _ in 0..40 {
        rig.pass(1);
        rig.tick();
    }
    let told = rig.alerts(AlertCode::Stream);
    assert!(told.iter().any(|a| a.contains("can't be watched")), "{told:?}");
    assert!(rig.sent().is_empty());
    rig.market("8");
    assert_eq!(rig.one().spec.amount, sell("1000").amount, "with the first price it acts");
}

#[test]
fn an_iceberg_shows_a_part_at_a_time() {
    let mut rig = flat(plain());
    let first = rig.sends("buy AAPL 250 limit 9.90 gtc show 100");
    assert_eq!(first.spec.amount, buy("100").amount);
    assert_eq!(rig.here(), ["held here limit 150 at 9.90"]);
    rig.fills(&first, "40", "9.90");
    assert!(rig.sent().is_empty(), "not before the part has filled whole");
    rig.fills(&first, "60", "9.90");
    rig.says_filled(&first);
    let second = rig.one();
    assert_eq!((second.spec.amount, second.spec.order_type), (buy("100").amount, limit("9.90")));
    rig.fills(&second, "100", "9.90");
    let third = rig.one();
    assert_eq!(third.spec.amount, buy("50").amount);
    assert_eq!(rig.here(), Vec::<String>::new());
    assert_eq!(rig.ends(), ["all of it is shown"]);
}

#[test]
fn an_iceberg_ends_with_its_shown_part_with_an_exit_or_at_the_gate() {
    let mut rig = flat(plain());
    let first = rig.sends("buy AAPL 250 limit 9.90 gtc show 100");
    rig.says(&first, OrderEvent::Cancelled);
    assert_eq!(rig.ends(), ["the part that was shown is cancelled"]);
    let first = rig.sends("buy AAPL 250 limit 9.90 gtc show 100");
    rig.passes("lock lunch");
    rig.fills(&first, "100", "9.90");
    assert!(rig.sent().is_empty());
    assert!(rig.ends()[1].contains("lunch"), "{:?}", rig.ends());
    let Reply::Refused { .. } = rig.line("buy AAPL 9999999 limit 9.90 gtc show 100") else {
        panic!("the whole is judged, not the part that is shown");
    };
}

/// A venue that takes icebergs, and what it takes of them in this share.
fn shows(icebergs: Option<Icebergs>) -> Rig {
    let mut rig = flat(ClassCapability { iceberg: true, ..everything(AssetClass::Equity) });
    rig.knows(Instrument { icebergs, ..share(aapl()) });
    rig
}

#[test]
fn an_iceberg_goes_whole_to_a_venue_that_takes_it() {
    let bounds = Icebergs { parts_max: Some(3), open_max: Some(1) };
    let mut rig = shows(Some(bounds));
    let first = rig.sends("buy AAPL 250 limit 9.90 gtc show 100");
    assert_eq!((first.spec.amount, first.spec.show), (buy("250").amount, Some(qty("100"))));
    assert_eq!(rig.here(), Vec::<String>::new());
    // What is shown of one that is made smaller is all of it, and then it is none.
    assert_eq!(first.spec.clone().sized(qty("90")).show, None);
    rig.says(&first, OrderEvent::Working);
    // The venue takes one at a time; then the rest of the next is held here.
    let second = rig.sends("buy AAPL 240 limit 9.80 gtc show 100");
    assert_eq!((second.spec.amount, second.spec.show), (buy("100").amount, None));
    assert_eq!(rig.here(), ["held here limit 140 at 9.80"]);
    // One that waits for a price can't be held in parts; at the venue it can be one.
    let Reply::Refused { text, .. } = rig.line("buy AAPL 250 trigger 10.50 limit 10.60 gtc show 100") else {
        panic!("its next part would find the trigger passed")
    };
    assert!(text.as_str().contains("takes 1 icebergs in AAPL at a time, 1 are open"), "{text}");
    rig.says(&first, OrderEvent::Cancelled);
    let waits = rig.sends("buy AAPL 250 trigger 10.50 limit 10.60 gtc show 100");
    assert_eq!(waits.spec.show, Some(qty("100")));
}

#[test]
fn an_iceberg_beyond_the_venues_bounds_is_held_here_and_says_why() {
    let bounds = Icebergs { parts_max: Some(3), open_max: None };
    for (icebergs, line, why) in [
        (None, "buy AAPL 250 limit 9.90 gtc show 100", "takes no icebergs in AAPL"),
        (Some(bounds), "buy AAPL 250 limit 9.90 gtc show 83", "in 3 parts at most"),
        (Some(bounds), "buy AAPL 250 limit 9.90 day show 100", "with gtc alone"),
    ] {
        let mut rig = shows(icebergs);
        let Reply::Preview(told) = rig.previews(line) else { panic!("{line}") };
        assert!(told.held.len() == 1 && told.held[0].as_str().contains(why), "{line}: {:?}", told.held);
        let sent = rig.sends(line);
        assert_eq!((sent.spec.show, rig.here().len()), (None, 1), "{line}");
    }
    let mut rig = shows(Some(bounds));
    let Reply::Preview(told) = rig.previews("buy AAPL 250 limit 9.90 gtc show 84") else { panic!() };
    assert_eq!((told.spec.unwrap().show, told.held.len()), (Some(qty("84")), 0), "three parts are enough");
}

/// An instrument may have none of the waiting exits of its class, or such that leave something over.
#[test]
fn exits_follow_what_the_instrument_says_of_them() {
    let line = "buy AAPL 100 limit 9.90 stop 9 target 12";
    for (exits, native, here, left) in [
        (WaitingExits::Whole, true, 0, false),
        (WaitingExits::LessFees, true, 0, true),
        (WaitingExits::None, false, 2, false),
    ] {
        let mut rig = flat(everything(AssetClass::Equity));
        rig.knows(Instrument { exits, ..share(aapl()) });
        let Reply::Preview(told) = rig.previews(line) else { panic!() };
        assert_eq!(told.held.len(), here, "{exits:?}");
        let said = told.capped_by.is_some_and(|c| c.as_str().contains("room for the largest fee"));
        assert_eq!(said, left, "{exits:?}");
        let sent = rig.sends(line);
        assert_eq!(sent.spec.attached != Attached::Simple, native, "{exits:?}");
        assert_eq!(rig.here().len(), here, "{exits:?}");
    }
}

#[test]
fn nothing_is_held_where_nobody_would_watch_it() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.engine.watch.acts = false;
    let Reply::Refused { text, .. } = rig.line("protect AAPL stop 9") else {
        panic!("held by a command that ends")
    };
    assert!(text.as_str().contains("no dashboard runs"), "{text}");
    rig.engine.is_watched_elsewhere = true;
    rig.passes("protect AAPL stop 9");
    rig.market("8");
    assert!(rig.sent().is_empty(), "who watches acts, and nobody else");
}

#[test]
fn an_answer_that_never_came_holds_it_back() {
    let mut rig = Rig::at(&quiet(), plain());
    rig.passes("protect AAPL stop 9");
    rig.market("9");
    let close = rig.one();
    let outcome = crate::broker::Outcome::Unknown("no answer".into());
    rig.step(Input::Answer {
        venue: venue(),
        answer: Answer::Submitted { client: close.client.clone(), outcome },
    });
    rig.pass(60);
    rig.report();
    rig.market("8");
    assert!(rig.sent().iter().all(|s| s.client != close.client), "never the same again");
    assert_eq!(rig.engine.book.held_here().count(), 1);
}

impl Rig {
    fn says_filled(&mut self, order: &Submission) {
        let client = order.client.as_str();
        let total = order.spec.amount.qty().unwrap().to_string();
        let mut report = report("n", &order.spec, OrderEvent::FilledWhole, &total);
        (report.client, report.venue_id) = (order.client.clone(), venue_id(client));
        self.step(Input::Venue { venue: venue(), event: crate::broker::Event::Order(Box::new(report)) });
    }
}
