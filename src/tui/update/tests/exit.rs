//! HALT, FLATTEN and narrower exits: plans, strokes, reports.

use super::*;
use crate::config::{Confirm, Confirmations};

fn typed_flatten(typed: bool) -> Settings {
    let flatten = if typed { Confirm::Typed } else { Confirm::Review };
    Settings { confirm: Confirmations { flatten, ..Confirmations::default() }, ..Settings::default() }
}

#[test]
fn halt_then_flatten() {
    for key in ["^X", "F12"] {
        let mut b = Bench::new();
        b.keys(key);
        assert_eq!(b.log(), ["Halt"]);
        b.answer(plan()).wait(300).keys(key).wait(100);
        assert_eq!(b.log(), ["FLATTEN None None"]);
        b.wait(500).keys(key).wait(500);
        assert_eq!(b.log(), [""; 0], "the exit under way goes on");
        b.keys("Esc");
        assert!(b.model.modal.is_none());
    }
}

#[test]
fn halt_works_while_anything_is_open() {
    for before in
        ["b Tab '10'", "b Tab '10' Enter", ": 'buy'", "/ 'a'", "?", "^P 'x'", "x", "v", "^C ^C", "z"]
    {
        let mut b = Bench::new();
        b.keys(before).log();
        b.keys("^X");
        assert_eq!(b.log(), ["Halt"], "{before}");
        b.answer(plan()).wait(300).keys("F12").wait(100);
        assert_eq!(b.deeds(), ["FLATTEN None None"], "{before}");
    }
}

#[test]
fn halt_works_on_any_screen_and_a_hidden_ticket_is_dead() {
    for (width, height) in [(0, 0), (1, 1), (12, 4), (79, 24)] {
        let mut b = Bench::new();
        b.keys("b Tab '10' Enter").msg(Msg::Resize(width, height)).log();
        b.keys("Enter Enter c x 4 v Enter");
        assert_eq!(b.deeds(), [""; 0]);
        b.keys("^X").answer(plan()).wait(300).keys("^X").wait(100);
        assert_eq!(b.deeds(), ["Halt", "FLATTEN None None"]);
    }
}

#[test]
fn a_second_stroke_too_soon_or_too_fast_does_nothing() {
    let flattened = |strokes: &[u64], repeats: bool| {
        let mut b = Bench::new();
        b.keys("^X").answer(plan());
        for gap in strokes {
            b.ms = b.ms.saturating_add(*gap);
            b.kind("^X", if repeats { KeyEventKind::Repeat } else { KeyEventKind::Press });
        }
        b.wait(1_000);
        b.log().contains(&"FLATTEN None None".to_owned())
    };
    assert!(!flattened(&[], false));
    assert!(!flattened(&[249], false));
    assert!(flattened(&[250], false));
    assert!(flattened(&[2_000], false));
    assert!(flattened(&[150, 150], false), "hammering");
    assert!(!flattened(&[500, 33, 33, 33, 33], false), "held, in a terminal that does not say so");
    assert!(!flattened(&[250, 40, 40], false), "held, with a short delay");
    assert!(!flattened(&[500, 33, 33, 33], true), "held, in a terminal that says so");
    assert!(flattened(&[500, 33, 33, 600], false), "held, then pressed");
}

#[test]
fn esc_closes_the_plan_and_the_next_stroke_is_a_first_one() {
    let mut b = Bench::new();
    b.keys("^X").answer(plan()).wait(400).keys("Esc").wait(400).keys("^X").wait(200);
    assert_eq!(b.log(), ["Halt", "Halt"]);
    // Between the second stroke and its proof, Esc still takes it back.
    b.answer(plan()).wait(400).keys("^X Esc").wait(400);
    assert_eq!(b.log(), [""; 0]);
}

#[test]
fn flatten_waits_for_the_plan_but_not_for_ever() {
    let mut b = Bench::new();
    b.keys("^X").wait(400).keys("^X").wait(200);
    assert_eq!(b.log(), ["Halt"]);
    b.wait(400).keys("^X").wait(100);
    assert_eq!(b.log(), ["FLATTEN None None"]);
}

#[test]
fn a_failed_flatten_is_said_and_can_be_pressed_again() {
    let mut b = Bench::new();
    b.keys("^X").answer(plan()).wait(400).keys("^X").wait(100).answer(Reply::Busy);
    let Some(Modal::Halt(halt)) = &b.model.modal else { panic!("the plan is gone") };
    assert!(halt.error.is_some());
    b.wait(400).keys("^X").wait(100);
    assert_eq!(b.log(), ["Halt", "FLATTEN None None", "FLATTEN None None"]);
}

#[test]
fn flatten_can_take_the_typed_word() {
    let mut b = Bench::with(typed_flatten(true));
    b.keys("^X").answer(plan()).wait(400).keys("^X").wait(200);
    b.msg(Msg::Paste("FLATTEN".into()));
    assert_eq!(b.log(), ["Halt"]);
    b.keys("'flatten'");
    assert_eq!(b.log(), ["FLATTEN None None"]);
}

#[test]
fn a_scope_is_flattened_by_a_second_enter_over_its_plan() {
    let open = |line: &str| {
        let mut b = Bench::new();
        b.keys(&format!(": '{line}' Enter"));
        b
    };
    let mut b = open("flatten AAPL");
    assert_eq!(b.log().first().map(String::as_str), Some("? flatten AAPL"));
    // Not before the plan stands.
    b.wait(300).keys("Enter").wait(200);
    assert_eq!(b.deeds(), [""; 0]);
    b.answer(plan()).wait(300).keys("Enter").wait(100);
    assert_eq!(b.deeds(), ["FLATTEN Some(AAPL) None"]);
    assert!(matches!(&b.model.modal, Some(Modal::Exit(shown)) if shown.asked.is_some()));
    b.keys("Enter Enter").wait(500);
    assert_eq!(b.deeds(), [""; 0], "one exit");
    // An engine that does not tell its plan holds nobody in.
    let mut b = open("flatten losers 50%");
    b.wait(1_000).keys("Enter").wait(100);
    assert_eq!(b.deeds(), ["FLATTEN None None"]);
    // Esc leaves everything as it is, also between the stroke and its proof.
    let mut b = open("flatten AAPL");
    b.answer(plan()).wait(300).keys("Enter Esc").wait(300);
    assert_eq!((b.deeds(), b.model.modal.is_none()), (Vec::new(), true));
    // The Enter of the line, held down.
    let mut b = open("flatten AAPL");
    b.answer(plan()).wait(500);
    for _ in 0..60 {
        b.wait(33).keys("Enter");
    }
    assert_eq!(b.deeds(), [""; 0], "held");
    b.wait(300).keys("Enter").wait(100);
    assert_eq!(b.deeds(), ["FLATTEN Some(AAPL) None"]);
}

#[test]
fn a_scope_can_take_the_typed_word() {
    let mut b = Bench::with(typed_flatten(true));
    b.keys(": 'flatten AAPL' Enter").answer(plan()).wait(400).keys("Enter").wait(400);
    b.msg(Msg::Paste("FLATTEN".into())).keys("Enter");
    assert_eq!(b.deeds(), [""; 0]);
    b.keys("'flatten'");
    assert_eq!(b.deeds(), ["FLATTEN Some(AAPL) None"]);
}

#[test]
fn a_refused_exit_says_so_in_its_window() {
    let mut b = Bench::new();
    b.keys(": 'flatten AAPL' Enter").answer(plan()).wait(300).keys("Enter").wait(100);
    b.answer(refused(None));
    assert!(matches!(&b.model.modal, Some(Modal::Exit(shown)) if shown.error.is_some()));
}

/// A snapshot with an exit in it; `flat` when it has ended.
fn exit(id: u64, flat: Option<bool>) -> Msg {
    let mut s = snapshot();
    s.banner.locked = Some("flatten everything".into());
    s.exit = Some(Arc::new(crate::desk::snapshot::ExitRow {
        id,
        scope: "flatten everything".into(),
        venues: Vec::new(),
        algorithms: Vec::new(),
        began: Mono::default(),
        ended: flat.map(|_| Mono::from_millis(2_000)),
        flat,
    }));
    Msg::Snapshot(Arc::new(s))
}

fn flattening() -> Bench {
    let mut b = Bench::new();
    b.keys("^X").answer(plan()).wait(300).keys("^X").wait(100).log();
    b.msg(exit(4, None));
    assert_eq!(b.model.context(), Context::Exit);
    b
}

/// Row E4.
#[test]
fn another_stroke_while_everything_goes_shows_it_and_sends_nothing() {
    let mut b = flattening();
    b.wait(500).keys("^X").wait(500).keys("^X").wait(500);
    assert_eq!((b.log(), b.model.context()), (Vec::new(), Context::Exit));
    b.keys("Esc");
    assert!(b.model.modal.is_none());
    b.keys("b '1' ^X").wait(500).keys("^X").wait(500);
    assert_eq!((b.deeds(), b.model.context()), (Vec::new(), Context::Exit));
    // Somebody allowed entries again: then the stroke is HALT.
    let Msg::Snapshot(running) = exit(4, None) else { panic!("a snapshot") };
    let mut unlocked = (*running).clone();
    unlocked.banner.locked = None;
    b.msg(Msg::Snapshot(Arc::new(unlocked))).keys("^X");
    assert_eq!(b.deeds(), ["Halt"]);
}

#[test]
fn an_exit_of_a_scope_holds_up_no_halt() {
    let mut b = Bench::new();
    b.keys(": 'flatten AAPL' Enter").answer(plan()).wait(300).keys("Enter").wait(100).log();
    b.msg(exit(4, None));
    assert_eq!(b.model.context(), Context::Exit);
    b.keys("^X").answer(plan()).wait(300).keys("^X").wait(100);
    assert_eq!(b.log(), ["Halt", "FLATTEN None None"]);
}

#[test]
fn the_report_stays_until_it_is_dismissed_and_not_flat_until_entries_are_allowed() {
    let mut b = flattening();
    b.msg(exit(4, Some(false))).wait(60_000);
    assert_eq!(b.model.context(), Context::Exit);
    b.keys("Esc").msg(exit(4, Some(false)));
    assert!(b.model.modal.is_none() && b.model.is_not_flat());
    b.keys("X");
    assert_eq!(b.model.context(), Context::Exit);
    b.keys("q");
    let Msg::Snapshot(ended) = exit(4, Some(false)) else { panic!("a snapshot") };
    let mut unlocked = (*ended).clone();
    unlocked.banner.locked = None;
    b.msg(Msg::Snapshot(Arc::new(unlocked)));
    assert!(!b.model.is_not_flat());
    // The next stroke is a first one.
    b.keys("^X");
    assert_eq!(b.log(), ["Halt"]);
}

#[test]
fn a_report_comes_by_itself_but_not_over_what_is_typed() {
    let mut b = flattening();
    b.keys("Esc").msg(exit(4, Some(true)));
    assert_eq!(b.model.context(), Context::Exit, "the trader did nothing else");
    let mut b = flattening();
    b.keys("Esc : 'unl'").msg(exit(4, Some(false)));
    assert_eq!(b.model.context(), Context::CommandLine);
    assert!(b.toast().starts_with("NOT FLAT"), "{}", b.toast());
    // What somebody else got out of is told only when something is left.
    let mut b = Bench::new();
    b.msg(exit(7, None)).msg(exit(7, Some(true)));
    assert!(b.model.modal.is_none() && b.toast().is_empty());
    b.msg(exit(8, Some(false)));
    assert!(b.toast().starts_with("NOT FLAT"), "{}", b.toast());
    // What ended before this screen came is in the banner, not told as news.
    let mut b = Bench::empty(Settings::default());
    b.msg(exit(9, Some(false)));
    assert!(b.toast().is_empty() && b.model.is_not_flat());
}

#[test]
fn status_and_exit_are_commands() {
    let mut b = Bench::new();
    b.keys(": 'status' Enter");
    assert_eq!(b.toast(), "nothing blocks entries; no exit yet");
    b.keys(": 'exit' Enter");
    let error = b.model.command_line.as_ref().and_then(|l| l.error.clone());
    assert!(error.is_some_and(|e| e.text.as_str().starts_with("there was no exit yet")));
    b.keys("Esc").msg(exit(4, Some(true))).keys(": 'exit' Enter");
    assert_eq!(b.model.context(), Context::Exit);
    b.keys("Esc : 'status' Enter");
    assert_eq!(b.toast(), "locked: flatten everything; FLAT by the venue's word: flatten everything");
}

#[test]
fn a_long_plan_scrolls_as_far_as_it_goes() {
    let scroll = |b: &Bench| match &b.model.modal {
        Some(Modal::Halt(halt)) => halt.scroll,
        _ => panic!("no plan"),
    };
    for typed in [false, true] {
        let mut b = Bench::with(typed_flatten(typed));
        b.keys("^X").answer(plan());
        b.model.drawn.seen = crate::tui::widgets::sheet::Seen { lines: 50, room: 20 };
        b.keys("PageDown");
        assert_eq!(scroll(&b), 19);
        b.keys("PageDown PageDown Down");
        assert_eq!(scroll(&b), 30);
        b.keys("Up PageUp");
        assert_eq!(scroll(&b), 10);
    }
}

#[test]
fn what_has_tripped_stands_on_top() {
    use crate::desk::snapshot::{RiskRow, RiskState};
    let row = |rule: &str, state, share: &str| RiskRow {
        venue: None,
        symbol: None,
        rule: rule.into(),
        used: "1".into(),
        limit: "2".into(),
        share: share.parse().ok(),
        state,
        response: "alert".into(),
        until: None,
        reason: None,
    };
    let mut s = snapshot();
    s.risk = Arc::new(vec![
        row("off", RiskState::Off, ""),
        row("clear", RiskState::Clear, "10"),
        row("near", RiskState::Near, "90"),
        row("unknown", RiskState::Unknown, ""),
        row("tripped", RiskState::Tripped, "120"),
        row("tripped too", RiskState::Tripped, "101"),
    ]);
    let mut b = Bench::new();
    b.msg(Msg::Snapshot(Arc::new(s)));
    b.keys(": 'focus risk' Enter");
    assert_eq!((b.model.page, b.model.table(Pane::Risk).rows.clone()), (4, vec![4, 5, 2, 3, 1, 0]));
    b.keys("/ 'tripped' Enter");
    assert_eq!(b.model.table(Pane::Risk).rows, [4, 5]);
    b.keys("Esc : 'sort used up' Enter");
    assert_eq!(b.model.table(Pane::Risk).rows, [1, 2, 5, 4, 0, 3]);
}
