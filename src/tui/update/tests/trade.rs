//! Keys and lines that trade: closes, cancels, changes, quitting.

use super::*;

#[test]
fn x_and_a_digit_close_a_share() {
    for (keys, want) in [
        ("x 1", "! close AAPL 25% @paper"),
        ("x 2", "! close AAPL 50% @paper"),
        ("x 3", "! close AAPL 75% @paper"),
        ("x 4", "! close AAPL @paper"),
        ("j x 4", "! close TSLA @paper"),
    ] {
        let mut b = Bench::new();
        b.keys(keys);
        assert_eq!(b.deeds(), [want]);
    }
    for keys in ["x 5", "x Esc 4", "x x 4", "x q", "x Tab"] {
        let mut b = Bench::new();
        b.keys(keys);
        assert_eq!(b.deeds(), [""; 0], "{keys}");
    }
    let mut b = Bench::new();
    b.keys("x");
    assert_eq!(
        b.model.pending.as_deref(),
        Some("x  AAPL@paper  1 close a quarter  2 close half  3 close three quarters  4 close all")
    );
    b.wait(3_001).keys("4");
    assert_eq!(b.deeds(), [""; 0], "it does not wait for ever");
}

#[test]
fn single_letters_about_orders() {
    for (keys, want) in [
        ("Tab Tab Tab", vec![]),
        ("v", vec!["? reverse AAPL @paper"]),
        ("e", vec!["? protect AAPL stop be @paper"]),
        ("C", vec!["? cancel AAPL @paper"]),
        ("a", vec!["Acknowledge { alert: Some(7) }"]),
        ("A", vec!["Acknowledge { alert: None }"]),
        (": 'focus orders' Enter c", vec!["no"]),
        (": 'focus orders' Enter j c", vec!["! cancel td-a-2 @paper"]),
        (": 'focus orders' Enter j j c", vec!["? cancel td-a-3 @paper"]),
        (": 'focus orders' Enter G c", vec!["! cancel td-a-4 @paper"]),
    ] {
        let mut b = Bench::new();
        b.keys(keys);
        let mut log = b.log();
        log.retain(|l| !l.starts_with("SaveHistory"));
        if want == ["no"] {
            assert_eq!((log.len(), b.toast()), (0, "this order is filled"), "{keys}");
        } else {
            assert_eq!(log, want, "{keys}");
        }
    }
}

#[test]
fn what_is_shown_once_more_is_done_by_enter_alone() {
    let mut b = Bench::new();
    b.keys("v Enter").wait(100).keys("Enter").wait(100).kind("Enter", KeyEventKind::Repeat);
    assert_eq!(b.deeds(), [""; 0], "too soon after the key that opened it");
    b.wait(100).keys("Enter Enter");
    assert_eq!(b.deeds(), ["! reverse AAPL @paper"]);
    b.keys("e").wait(300).keys("Esc Enter");
    assert_eq!(b.deeds(), [""; 0]);
}

#[test]
fn an_order_is_modified_by_its_differences() {
    for (keys, want) in [
        ("j m + Enter Enter", "! replace td-a-2 limit 178.57 @paper"),
        ("j m BackTab '600' Enter Enter", "! replace td-a-2 qty 600 @paper"),
        ("j j m '173.5' Tab 'g' Enter Enter", "! replace td-a-3 stop 173.5 gtc @paper"),
    ] {
        let mut b = Bench::new();
        b.keys(": 'focus orders' Enter").keys(keys);
        assert_eq!(b.deeds(), [want], "{keys}");
    }
    let mut b = Bench::new();
    b.keys(": 'focus orders' Enter j m Enter");
    assert_eq!(b.model.ticket.error.as_ref().unwrap().as_str(), "nothing is changed yet");
}

#[test]
fn a_row_that_is_gone_is_not_replaced_by_its_neighbour() {
    let mut b = Bench::new();
    b.keys(": 'focus orders' Enter j");
    let mut next = snapshot();
    Arc::make_mut(&mut next.orders).remove(1);
    b.msg(Msg::Snapshot(Arc::new(next))).log();
    b.keys("c");
    assert_eq!((b.deeds(), b.toast()), (vec![], "select an order in Orders first"));
    b.keys("j c");
    assert_eq!(b.log().first().map(String::as_str), Some("? cancel td-a-3 @paper"));
}

#[test]
fn quitting_asks_what_is_open() {
    let open = |orders, positions| Reply::Open { orders, positions, unknown: 0, held: 0 };
    let mut b = Bench::new();
    b.keys("^C").wait(2_500).keys("^C");
    assert_eq!(b.log(), [""; 0]);
    b.wait(500).keys("^C");
    assert_eq!(b.log(), ["AskOpen"]);
    b.answer(open(0, 0));
    assert_eq!(b.log(), ["Quit", "Quit"]);
    for (keys, want) in [
        ("y", vec!["Quit", "Quit"]),
        ("c", vec!["! cancel entries", "Quit", "Quit"]),
        ("x", vec!["Halt"]),
        ("Esc", vec![]),
        ("q", vec![]),
        ("Enter", vec![]),
    ] {
        let mut b = Bench::new();
        b.keys(": 'quit' Enter").answer_to(|r| matches!(r, Request::AskOpen), open(3, 2)).log();
        b.keys(keys);
        assert_eq!(b.log(), want, "{keys}");
    }
    let mut b = Bench::new();
    b.keys("^C ^C").answer(open(3, 2)).keys("^C");
    assert_eq!(b.log(), ["AskOpen"], "held");
    b.wait(300).keys("^C");
    assert_eq!(b.log(), ["Quit", "Quit"]);
}

#[test]
fn an_engine_that_does_not_answer_can_be_left() {
    let mut b = Bench::new();
    b.keys("^C ^C").wait(1_000).keys("^C");
    assert_eq!(b.log(), ["AskOpen", "Quit", "Quit"]);
}

#[test]
fn lines_do_what_keys_do() {
    for (line, want) in [
        ("arm", "Arm { minutes: 15 }"),
        ("arm 5", "Arm { minutes: 5 }"),
        ("disarm", "Disarm"),
        ("ack all", "Acknowledge { alert: None }"),
        ("watch AMD @paper", "Watch { symbol: AMD, venue: Some(paper) }"),
        ("unwatch TSLA", "Unwatch { instrument: InstrumentId { venue: paper, symbol: TSLA } }"),
        ("resync @paper", "Resync { venue: Some(paper) }"),
        ("close AAPL 50%", "! close AAPL 50%"),
        ("cancel td-a-4", "! cancel td-a-4"),
        ("lock lost my head", r#"Lock { reason: "lost my head" }"#),
        ("unlock calm", r#"Unlock { reason: "calm" }"#),
        ("halt", "Halt"),
        ("abandon td-a-4 gone", r#"Abandon { order: td-a-4, venue: paper, reason: "gone" }"#),
        ("close-selected 25%", "! close AAPL 25% @paper"),
        ("quit now", "Quit"),
        ("redraw", "Redraw"),
    ] {
        let mut b = Bench::new();
        b.keys(&format!(": '{line}' Enter"));
        assert_eq!(b.deeds().first().map(String::as_str), Some(want), "{line} {:?}", b.model.command_line);
    }
}

#[test]
fn order_lines_are_shown_before_they_are_sent() {
    for line in ["buy AAPL 10", "reverse AAPL", "protect AAPL stop be", "cancel all", "cancel AAPL"] {
        let mut b = Bench::new();
        b.keys(&format!(": '{line}' Enter"));
        let asked = format!("? {}", grammar::print(&grammar::parse(line).unwrap()));
        assert_eq!(b.log().first(), Some(&asked));
        b.wait(300).keys("Enter");
        assert_eq!(b.deeds(), [asked.replacen('?', "!", 1)]);
    }
}

#[test]
fn a_difference_is_adopted_or_wound_up_by_one_key() {
    use crate::desk::snapshot::{DifferenceKind, DifferenceRow};
    let row = |id, kind, order: Option<&str>, is_open| DifferenceRow {
        id,
        at: crate::domain::time::Stamp::default(),
        venue: venue(),
        instrument: Some(instrument("TSLA")),
        order: order.map(|n| OrderId { venue: venue(), client: ClientId::new(n).unwrap() }),
        kind,
        text: "no".into(),
        is_open,
    };
    for (row, keys, want) in [
        (row(1, DifferenceKind::ForeignOrder, Some("theirs"), true), "w", "! cancel #theirs @paper"),
        (row(1, DifferenceKind::ForeignPosition, None, true), "w", "! close TSLA @paper"),
        (
            row(1, DifferenceKind::ForeignPosition, None, true),
            "t",
            "Adopt { instrument: InstrumentId { venue: paper, symbol: TSLA }, order: None }",
        ),
        (row(1, DifferenceKind::ForeignPosition, None, false), "t", ""),
        (row(1, DifferenceKind::MissedFill, Some("a"), true), "w", ""),
        (row(1, DifferenceKind::Doubt, None, true), "t", ""),
    ] {
        let mut b = Bench::new();
        let mut s = snapshot();
        s.reconciliation = Arc::new(vec![row.clone()]);
        b.msg(Msg::Snapshot(Arc::new(s)));
        b.keys(": 'focus reconciliation' Enter").keys("j k");
        b.log();
        b.keys(keys);
        let deeds = b.deeds();
        assert_eq!(deeds.join(" "), want, "{row:?} {keys}");
        assert_eq!(deeds.is_empty(), !b.toast().is_empty(), "{}", b.toast());
    }
}

#[test]
fn two_keys_move_a_working_order_by_a_tick() {
    let orders = |armed: bool| {
        let mut b = Bench::new();
        let mut s = snapshot();
        let limit = "175.00".parse().unwrap();
        let mut rows = (*s.orders).clone();
        for row in &mut rows {
            row.order_type = crate::domain::order::OrderType::Limit { limit };
        }
        s.orders = Arc::new(rows);
        s.banner.armed_until = armed.then(|| Mono::from_millis(3_600_000));
        b.msg(Msg::Snapshot(Arc::new(s)));
        b.keys(": 'focus orders' Enter j").log();
        b
    };
    for (armed, key, want) in [
        (false, "+", "? replace td-a-2 limit +1t @paper"),
        (true, "+", "! replace td-a-2 limit +1t @paper"),
        (true, "-", "! replace td-a-2 limit -1t @paper"),
    ] {
        let mut b = orders(armed);
        b.keys(key);
        assert_eq!(b.log(), [want], "{armed}");
    }
    let mut b = orders(true);
    b.kind("+", KeyEventKind::Repeat);
    assert_eq!(b.log(), [""; 0], "a held key moves nothing");
}

/// An order that is moved becomes another one at some venues: the next stroke is meant for that.
#[test]
fn the_mark_goes_on_to_the_order_that_replaced_the_marked_one() {
    let mut b = Bench::new();
    b.keys(": 'focus orders' Enter");
    let at = |id: &str, state, next: Option<&str>| OrderRow {
        order_type: OrderType::Limit { limit: "178.56".parse().unwrap() },
        replaced_by: next.map(|n| ClientId::new(n).unwrap()),
        ..order(id, "AAPL", state, None)
    };
    let show = |b: &mut Bench, orders: Vec<OrderRow>| {
        let s = Snapshot { orders: Arc::new(orders), ..snapshot() };
        b.msg(Msg::Snapshot(Arc::new(s)));
    };
    show(&mut b, vec![at("td-a-1", OrderState::Working, None)]);
    b.keys("g");
    let moved = |b: &mut Bench| {
        b.log();
        b.keys("c");
        b.log()
    };
    assert_eq!(moved(&mut b), ["! cancel td-a-1 @paper"]);
    // On its way: nothing has taken its place yet.
    let (old, new) = ("td-a-1", "td-a-2");
    show(&mut b, vec![at(new, OrderState::Sending, None), at(old, OrderState::PendingReplace, Some(new))]);
    assert_eq!(moved(&mut b), ["! cancel td-a-1 @paper"]);
    show(
        &mut b,
        vec![
            at("td-a-3", OrderState::Working, None),
            at(new, OrderState::Replaced, Some("td-a-3")),
            at(old, OrderState::Replaced, Some(new)),
        ],
    );
    assert_eq!(moved(&mut b), ["! cancel td-a-3 @paper"]);
}

#[test]
fn a_stop_and_a_target_begin_on_the_line_and_send_nothing() {
    let mut b = Bench::new();
    b.keys("P");
    let line = b.model.command_line.as_ref().unwrap().input.value().to_owned();
    assert!(line.starts_with("protect AAPL @") && line.ends_with(" stop "), "{line}");
    assert_eq!(b.deeds(), [""; 0]);
    let whole = format!("{line}174 target 180");
    let Ok(crate::domain::draft::Command::Protect { stop, target, venue, .. }) =
        crate::grammar::parse(&whole)
    else {
        panic!("{whole}")
    };
    assert!(stop.is_some() && target.is_some() && venue.is_some());
}
