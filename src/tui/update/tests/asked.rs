//! What is asked before something is done, what quitting does, and a terminal that nobody touches.

use super::*;
use crate::{
    config::{Confirm, Confirmations, OnQuit},
    desk::snapshot::{ExitRow, Lamp},
    domain::report::Environment,
};

fn asks(confirm: Confirmations, environment: Option<Environment>) -> Bench {
    let mut b = Bench::with(Settings { confirm, ..Settings::default() });
    let mut s = snapshot();
    s.banner.lamps = vec![Lamp { venue: venue(), environment, read_only: false, connected: true }];
    b.msg(Msg::Snapshot(Arc::new(s)));
    b.keys("b Tab '10'");
    // The first answer is about what stood there when the first digit was typed.
    for _ in 0..2 {
        b.answer_to(|r| matches!(r, Request::Preview(_)), preview(&[]));
    }
    b.log();
    b
}

fn entries(entry: Confirm, live_entry: Confirm) -> Confirmations {
    Confirmations { entry, live_entry, ..Confirmations::default() }
}

const SENT: &str = "! buy AAPL 10 market @paper";

#[test]
fn an_entry_is_asked_for_as_the_configuration_says() {
    use Confirm::{None, Review, Typed};
    let paper = Some(Environment::Paper);
    for (confirm, environment, keys, sent) in [
        (entries(None, Review), paper, "Enter", true),
        (entries(Review, Review), paper, "Enter", false),
        (entries(Review, Review), paper, "Enter Enter", true),
        (entries(Typed, Review), paper, "Enter Enter", false),
        (entries(Typed, Review), paper, "Enter Enter 'SEN'", false),
        // Play money's rule is not real money's, and what has not proven itself counts as real.
        (entries(None, Review), Some(Environment::Live), "Enter", false),
        (entries(None, Review), Option::None, "Enter", false),
        (entries(None, Typed), Some(Environment::Live), "Enter Enter", false),
    ] {
        let mut b = asks(confirm, environment);
        b.keys(keys);
        assert_eq!(b.deeds() == [SENT], sent, "{confirm:?} {environment:?} {keys}");
    }
}

#[test]
fn a_typed_entry_takes_the_word_and_its_receipt_comes_to_the_ticket() {
    let mut b = asks(entries(Confirm::Typed, Confirm::Typed), Some(Environment::Paper));
    b.keys("Enter Enter").wait(300).keys("'send' Enter");
    assert_eq!(b.deeds(), [SENT]);
    assert!(matches!(b.model.ticket.phase, Phase::Sending(_)));
    b.answer(placed());
    assert_eq!(b.toast(), "placed");
    // A paste is not typing.
    let mut b = asks(entries(Confirm::Typed, Confirm::Typed), Some(Environment::Paper));
    b.keys("Enter Enter").wait(300).msg(Msg::Paste("SEND".into())).keys("Enter");
    assert_eq!(b.deeds(), [""; 0]);
}

#[test]
fn what_is_unusual_is_asked_once_more() {
    let unusual = || {
        let figures = Preview { unusual: vec!["7 times your usual size".into()], ..figures(&[]) };
        Reply::Preview(Box::new(figures))
    };
    for (entry, keys, sent) in [
        (Confirm::None, "Enter", false),
        (Confirm::None, "Enter Enter", true),
        (Confirm::Review, "Enter Enter", false),
    ] {
        let mut b = asks(entries(entry, Confirm::Review), Some(Environment::Paper));
        b.wait(1_100).answer_to(|r| matches!(r, Request::Preview(_)), unusual()).log();
        b.keys(keys);
        assert_eq!(b.deeds() == [SENT], sent, "{entry:?} {keys}");
    }
    // An order line with nothing to ask goes with its figures, and waits where they say something.
    for (reply, sent) in [(preview(&[]), true), (unusual(), false), (preview(&[("size", "no")]), false)] {
        let mut b = asks(entries(Confirm::None, Confirm::Review), Some(Environment::Paper));
        b.keys("Esc").log();
        b.keys(": 'buy AAPL 10 @paper' Enter").answer_to(|r| matches!(r, Request::Preview(_)), reply);
        assert_eq!(b.deeds() == [SENT], sent);
        assert_eq!(b.model.modal.is_none(), sent);
    }
}

/// No word is asked for what would be refused; what closes goes whatever its figures say.
#[test]
fn an_entry_that_would_be_refused_is_not_offered_to_be_sent() {
    let reply = || {
        let figures = Preview { unusual: vec!["far off".into()], ..figures(&[("limit", "too far")]) };
        Reply::Preview(Box::new(figures))
    };
    let given = |line: &str| {
        let mut b = asks(entries(Confirm::Review, Confirm::Review), Some(Environment::Paper));
        b.keys("Esc").log();
        b.keys(&format!(": '{line}' Enter")).answer_to(|r| matches!(r, Request::Preview(_)), reply()).log();
        b.wait(300).keys("Enter");
        b
    };
    let mut b = given("buy AAPL 10 @paper");
    assert_eq!((b.deeds(), b.toast()), (vec![], "it would be refused, and nothing was sent: too far"));
    let offered = |b: &Bench| b.model.hints.iter().any(|hint| hint.words == "do it");
    assert!(!offered(&b), "no key is offered that does nothing");
    b.keys("'SEND' Enter");
    assert_eq!(b.deeds(), [""; 0]);
    let mut b = given("sell AAPL all @paper");
    assert_eq!(b.deeds(), ["! sell AAPL all market @paper"]);
}

#[test]
fn exits_and_cancels_are_asked_for_where_the_configuration_says_so() {
    let of = |exit, cancel| Confirmations { exit, cancel, ..Confirmations::default() };
    for (confirm, keys, want) in [
        (of(Confirm::None, Confirm::None), "x 4", "! close AAPL @paper"),
        (of(Confirm::Review, Confirm::None), "x 4", "? close AAPL @paper"),
        (of(Confirm::Typed, Confirm::None), "x 4", "? close AAPL @paper"),
        (of(Confirm::None, Confirm::None), ": 'cancel td-a-1' Enter", "! cancel td-a-1"),
        (of(Confirm::None, Confirm::Review), ": 'cancel td-a-1' Enter", "? cancel td-a-1"),
    ] {
        let mut b = Bench::with(Settings { confirm, ..Settings::default() });
        b.keys(keys);
        let log: Vec<String> = b.log().into_iter().filter(|l| !l.starts_with("SaveHistory")).collect();
        assert_eq!(log, [want], "{confirm:?}");
    }
    let mut b = Bench::with(Settings { confirm: of(Confirm::Typed, Confirm::None), ..Settings::default() });
    b.keys("x 4").wait(300).keys("Enter").wait(300).keys("'SEND' Enter");
    assert_eq!(b.deeds(), ["! close AAPL @paper"]);
}

fn ended(flat: bool) -> Msg {
    let mut s = snapshot();
    s.exit = Some(Arc::new(ExitRow {
        id: 1,
        scope: "everything".into(),
        venues: Vec::new(),
        algorithms: Vec::new(),
        began: Mono::default(),
        ended: Some(Mono::default()),
        flat: Some(flat),
    }));
    Msg::Snapshot(Arc::new(s))
}

#[test]
fn quitting_does_what_the_configuration_says_of_what_is_open() {
    let open = |orders| Reply::Open { orders, positions: 0, unknown: 0, held: 0 };
    let quit = |on_quit, orders| {
        let mut b = Bench::with(Settings { on_quit, ..Settings::default() });
        b.keys(": 'quit' Enter").answer_to(|r| matches!(r, Request::AskOpen), open(orders));
        b
    };
    for (on_quit, want) in [
        (OnQuit::Ask, vec!["AskOpen"]),
        (OnQuit::Keep, vec!["AskOpen", "Quit", "Quit"]),
        (OnQuit::Cancel, vec!["AskOpen", "! cancel entries", "Quit", "Quit"]),
        (OnQuit::Flatten, vec!["AskOpen", "FLATTEN None None"]),
    ] {
        assert_eq!(quit(on_quit, 1).deeds(), want, "{on_quit:?}");
        assert_eq!(quit(on_quit, 0).deeds(), ["AskOpen", "Quit", "Quit"], "{on_quit:?}");
    }
    for (flat, want) in [(true, vec!["Quit", "Quit"]), (false, vec![])] {
        let mut b = quit(OnQuit::Flatten, 1);
        b.log();
        b.msg(ended(flat));
        assert_eq!(b.deeds(), want);
    }
}

#[test]
fn a_terminal_that_nobody_touches_is_disarmed() {
    let mut b = Bench::with(Settings { idle_lock_minutes: 10, ..Settings::default() });
    let mut s = snapshot();
    s.banner.armed_until = Some(Mono::from_millis(3_600_000));
    b.keys("b Tab '10' Enter").msg(Msg::Snapshot(Arc::new(s))).log();
    assert_eq!(b.model.ticket.phase, Phase::Reviewing);
    b.wait(9 * 60_000);
    assert_eq!(b.deeds(), [""; 0]);
    b.wait(60_000);
    assert_eq!(b.deeds(), ["Disarm"]);
    assert_eq!(b.model.ticket.phase, Phase::Editing);
    b.wait(1_000);
    assert_eq!(b.deeds(), [""; 0], "once");
    b.keys("j").wait(9 * 60_000);
    assert_eq!(b.deeds(), [""; 0], "a key is somebody");
}
