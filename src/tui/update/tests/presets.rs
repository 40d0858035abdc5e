//! Order lines of the configuration, one and several: shown, sent in order, and no further than the first refusal.

use super::*;
use crate::{
    config::Level,
    domain::draft::Command,
    tui::modal::{Run, Series},
};

const OUT: [&str; 3] = ["cancel {symbol}", "close {symbol} half", "protect {symbol} stop be"];

fn bench(lines: &[&str], level: Level) -> Bench {
    Bench { model: with_hotkeys(lines, level), ms: 1_000, sent: Vec::new(), log: Vec::new() }
}

fn armed(b: &mut Bench) {
    let mut armed = (*b.model.snapshot).clone();
    armed.banner.armed_until = Some(Mono::from_millis(60_000));
    b.msg(Msg::Snapshot(Arc::new(armed)));
}

fn series(b: &Bench) -> &Series {
    let Some(Modal::Series(series)) = &b.model.modal else { panic!("no lines are shown: {}", b.toast()) };
    series
}

/// The next of them is answered like this.
fn told(b: &mut Bench, reply: Reply) {
    b.answer_to(|r| matches!(r, Request::Do(_)), reply);
}

/// All questions what the lines would do are answered like this.
fn previewed(b: &mut Bench, reply: &Reply) {
    let asked: Vec<RequestId> =
        b.sent.iter().filter(|(_, r)| matches!(r, Request::Preview(_))).map(|(id, _)| *id).collect();
    for id in asked {
        b.msg(Msg::Receipt(Receipt { id, reply: reply.clone() }));
    }
    b.log();
}

#[test]
fn a_hotkey_loads_reviews_or_sends_while_armed() {
    let line = "buy AAPL 100 limit 175.51 @paper";
    let of = |level| bench(&["buy {symbol} 100 limit {bid} @{venue}"], level);
    let mut b = of(Level::Load);
    b.keys("F5");
    assert_eq!(b.model.ticket.phase, Phase::Editing);
    assert_eq!(b.model.ticket.command, grammar::parse(line).ok());
    b.keys("Enter Enter");
    assert_eq!(b.deeds(), [format!("! {line}")]);

    let mut b = of(Level::Review);
    b.keys("F5");
    assert!(matches!(&b.model.modal, Some(Modal::Confirm(c)) if c.title.as_str() == line));
    assert_eq!(b.deeds(), [""; 0]);

    let mut b = of(Level::Send);
    b.keys("F5");
    assert_eq!(
        (b.deeds(), b.toast()),
        (vec![], "hotkey F5 sends at once, and only while ARMED: `:arm` first")
    );
    armed(&mut b);
    b.kind("F5", KeyEventKind::Repeat);
    assert_eq!(b.deeds(), [""; 0]);
    b.keys("F5");
    assert_eq!(b.deeds(), [format!("! {line}")]);
}

#[test]
fn what_the_ticket_has_no_field_for_goes_to_the_line() {
    for line in ["buy AAPL 100 market tag mine", "close AAPL 50%"] {
        let mut b = bench(&[line], Level::Load);
        b.keys("F5");
        assert_eq!(b.model.command_line.as_ref().map(|l| l.input.value()), Some(line));
    }
    for line in [
        "sell AAPL risk 0.5% trigger 170 limit 169.5 stop 180 limit 181 target 2R gtd +3d ext @paper",
        "buy BTC/USD $500 trail 1% reduce",
        "sell AAPL all limit +2t ioc",
        "buy AAPL 100 limit 170 show 10",
        "buy AAPL 100 stop 174 target 178 for 50% target 2R",
    ] {
        let mut b = bench(&[line], Level::Load);
        b.keys("F5");
        assert_eq!(b.model.ticket.command, grammar::parse(line).ok(), "{line} {:?}", b.model.ticket.errors);
    }
}

#[test]
fn a_template_is_found_by_its_name() {
    for keys in [": 'template mine' Enter", "^p 'templmine' Enter", ": 'templ' Tab 'mi' Tab Enter"] {
        let mut b = bench(&["buy {symbol} 7"], Level::Load);
        b.keys(keys);
        assert_eq!(b.model.ticket.text(Field::Size), "7", "{keys} {}", b.toast());
    }
    let mut b = bench(&["buy {symbol} 7"], Level::Load);
    b.keys(": 'template yours' Enter");
    let error = b.model.command_line.as_ref().and_then(|l| l.error.as_ref()).map(|e| e.text.as_str());
    assert_eq!(error, Some("the configuration has no template `yours`"));
}

#[test]
fn several_lines_are_shown_before_any_is_sent_and_then_go_in_order() {
    let mut b = bench(&OUT, Level::Review);
    b.keys("F5");
    assert_eq!(b.log(), ["? cancel AAPL", "? close AAPL 50%", "? protect AAPL stop be"]);
    b.wait(250).keys("Enter");
    assert_eq!((b.log(), b.toast()), (vec![], "what these lines would do has not been told yet"));
    previewed(&mut b, &Reply::Done("so".into()));
    b.kind("Enter", KeyEventKind::Repeat);
    b.msg(Msg::Paste("\n".into()));
    assert_eq!(b.log(), [""; 0], "neither a held key nor a paste");
    b.keys("Enter Enter Enter");
    assert_eq!(b.log(), ["! cancel AAPL"], "the rest waits for its answer");
    told(&mut b, Reply::Done("cancelling 1 order".into()));
    assert_eq!(b.log(), ["! close AAPL 50%"]);
    told(&mut b, placed());
    assert_eq!(b.log(), ["! protect AAPL stop be"]);
    told(&mut b, placed());
    assert_eq!((b.model.modal.is_none(), b.toast()), (true, "hotkey F5: all 3 lines done"));
}

#[test]
fn the_first_refusal_is_the_end_and_is_named() {
    let mut b = bench(&OUT, Level::Send);
    armed(&mut b);
    b.keys("F5");
    assert_eq!(b.log(), ["! cancel AAPL"]);
    told(&mut b, Reply::Done("cancelling 1 order".into()));
    b.log();
    told(&mut b, refused(None));
    let why = "hotkey F5: line 2 `close AAPL 50%` was refused: too much; the line after it was not sent";
    assert_eq!((b.log(), b.toast()), (vec![], why));
    assert_eq!(series(&b).run, Run::Stopped);
    b.keys("Enter Enter Esc");
    assert_eq!((b.log(), b.model.modal.is_none()), (vec![], true));
}

#[test]
fn esc_and_halt_stop_what_has_not_been_sent() {
    let going = || {
        let mut b = bench(&OUT, Level::Send);
        armed(&mut b);
        b.keys("F5");
        b.log();
        b
    };
    let mut b = going();
    b.keys("Esc");
    assert_eq!(b.toast(), "hotkey F5: stopped; 2 lines not sent");
    told(&mut b, placed());
    assert_eq!(b.log(), [""; 0]);
    let mut b = going();
    b.keys("F12");
    told(&mut b, placed());
    assert_eq!(b.log(), ["Halt"]);
    assert!(matches!(b.model.modal, Some(Modal::Halt(_))));
}

#[test]
fn a_first_line_that_would_be_refused_sends_nothing_and_a_later_one_may_come_to_pass() {
    let lines = ["buy {symbol} 10", "protect {symbol} stop -1%"];
    let mut b = bench(&lines, Level::Review);
    b.keys("F5").wait(250);
    previewed(&mut b, &preview(&[("size", "too big")]));
    b.keys("Enter");
    assert_eq!(b.toast(), "line 1 would be refused, and nothing was sent: too big");
    assert_eq!(b.deeds(), [""; 0]);
    let mut b = bench(&lines, Level::Review);
    b.keys("F5").wait(250);
    b.answer_to(|r| matches!(r, Request::Preview(Command::Order(_))), preview(&[]));
    b.answer_to(|r| matches!(r, Request::Preview(Command::Protect { .. })), refused(None));
    b.keys("Enter");
    assert_eq!(b.deeds(), ["! buy AAPL 10 market"]);
}

#[test]
fn what_is_unusual_takes_the_word_here_too() {
    let mut b = bench(&["buy {symbol} 10", "buy {symbol} 20"], Level::Review);
    b.keys("F5").wait(250);
    let unusual = Preview { unusual: vec!["five times as large".into()], ..figures(&[]) };
    previewed(&mut b, &Reply::Preview(Box::new(unusual)));
    b.keys("Enter");
    assert_eq!((b.deeds(), b.toast()), (vec![], "type SEND to go on"));
    b.keys("'send' Enter");
    assert_eq!(b.deeds(), ["! buy AAPL 10 market"]);
}

#[test]
fn the_line_takes_several_with_semicolons() {
    let mut b = Bench::new();
    b.keys(": 'cancel AAPL; close AAPL half' Enter");
    assert_eq!(b.log()[..2], ["? cancel AAPL", "? close AAPL 50%"]);
    assert_eq!(series(&b).title.as_str(), "2 lines");
    for (line, at, why) in [
        ("cancel AAPL; close AAPL hlf", 24, "`hlf` at column 25 means nothing here"),
        ("cancel AAPL; flatten", 13, "`flatten` shows its plan first"),
    ] {
        let mut b = Bench::new();
        b.keys(&format!(": '{line}' Enter"));
        let error = b.model.command_line.as_ref().and_then(|l| l.error.clone()).unwrap();
        assert!(error.at == at && error.text.as_str().starts_with(why), "{error:?}");
        assert_eq!(b.log(), [""; 0]);
    }
    let mut b = Bench::new();
    b.keys(": 'cancel all; can'");
    let found = &b.model.command_line.as_ref().unwrap().completions;
    assert_eq!((found[0].word.as_str(), found[0].range.clone()), ("cancel", 12..15));
}
