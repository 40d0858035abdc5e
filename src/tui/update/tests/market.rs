//! The chart: what each key and the mouse does, and what is asked of the engine.

#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::*;
use crate::{
    domain::{quote::Interval, time::Stamp},
    tui::chart::{Past, ZOOMS},
};

/// Minutes that end now, each closing a cent above the one before.
fn bars(count: i64, until: i64) -> Vec<Bar> {
    let bar = |n: i64| {
        let close: Price = format!("{}.{:02}", 100 + n / 100, n % 100).parse().unwrap();
        let at = Stamp::from_secs((until - count + n) * 60).unwrap();
        Bar { at, open: close, high: close, low: close, close, volume: Qty::ZERO }
    };
    (0..count).map(bar).collect()
}

/// What the venue was asked for: how many, and before which minute.
fn asked(b: &Bench) -> Vec<(u32, Option<i64>)> {
    let of = |r: &Request| {
        let Request::Bars { count, before, .. } = r else { return None };
        Some((*count, before.map(|at| at.as_secs() / 60)))
    };
    b.sent.iter().filter_map(|(_, r)| of(r)).collect()
}

fn told(b: &mut Bench, bars: Vec<Bar>) {
    let instrument = b.model.chart.instrument.clone().unwrap();
    let interval = b.model.chart.interval.0;
    b.answer_to(|r| matches!(r, Request::Bars { .. }), Reply::Bars { instrument, interval, bars });
}

/// Draws the screen, so that the mouse and paging know what was where.
pub(super) fn draw(b: &mut Bench) {
    use crate::tui::{canvas::Look, draw::paint, model::ColorMode, theme::Theme};
    let look = Look::new(Theme::embedded("dark", ColorMode::None).unwrap(), false, jiff::tz::TimeZone::UTC);
    let mut buf = ratatui::buffer::Buffer::empty(Rect::new(0, 0, b.model.width, b.model.height));
    b.model.drawn = paint(&b.model, &look, &mut buf);
}

/// The chart page with the focus on the chart, and so many bars.
pub(super) fn charted(count: i64) -> Bench {
    let mut b = Bench::new();
    b.keys("6 : 'focus chart' Enter");
    told(&mut b, bars(count, 10_000));
    draw(&mut b);
    b.log();
    b
}

/// The minutes at the ends of what is shown.
fn shown(b: &Bench) -> (i64, i64) {
    let chart = &b.model.chart;
    let window = chart.window(b.model.drawn.chart.unwrap().room);
    let at = |n: usize| chart.bar(n).unwrap().at.as_secs() / 60;
    (at(window.start), at(window.end - 1))
}

#[test]
fn the_chart_asks_for_what_it_lacks() {
    let mut b = Bench::new();
    assert_eq!(asked(&b), [], "no chart is shown");
    b.keys("6");
    assert_eq!(asked(&b), [(240, None)]);
    b.wait(4_000);
    told(&mut b, bars(240, 10_000));
    assert_eq!(asked(&b).len(), 1);
    b.wait(1_000);
    assert_eq!(asked(&b)[1], (3, None), "only what is new");
    b.keys("i");
    assert_eq!((asked(&b)[2], b.model.chart.interval.0), ((240, None), Interval::Min5));
    assert!(b.model.chart.is_empty(), "bars of another interval are not shown");
    // An answer to what was asked for before is nobody's.
    let late =
        Reply::Bars { instrument: instrument("AAPL"), interval: Interval::Min1, bars: bars(9, 10_000) };
    b.answer(late);
    assert!(b.model.chart.is_empty());
    b.keys(": 'symbol TSLA' Enter");
    assert_eq!(b.model.chart.instrument, Some(instrument("TSLA")));
}

#[test]
fn panning_goes_back_and_asks_for_the_past_until_there_is_none() {
    let mut b = charted(240);
    let room = i64::try_from(b.model.drawn.chart.unwrap().room).unwrap();
    assert_eq!(shown(&b), (10_000 - room, 9_999));
    for (key, back) in [("h", room / 8), ("Left", room / 4), ("l", room / 8), ("Right", 0)] {
        b.keys(key);
        assert_eq!(shown(&b).1, 9_999 - back, "{key}");
    }
    assert_eq!(b.model.chart.anchor, None, "the newest again: it follows");
    b.keys("PageUp");
    assert_eq!(shown(&b).1, 9_999 - room);
    b.keys("PageDown PageUp PageUp");
    let before = asked(&b).len();
    b.keys("g");
    assert_eq!(shown(&b).0, 10_000 - 240);
    assert_eq!(asked(&b)[before..], [(240, Some(10_000 - 240))]);
    b.wait(100);
    assert_eq!(asked(&b).len(), before + 1, "asked once");
    let seen = shown(&b);
    told(&mut b, bars(240, 10_000 - 240));
    assert_eq!((b.model.chart.len(), shown(&b)), (480, seen), "what is looked at stands still");
    b.keys("g");
    assert_eq!(asked(&b).last(), Some(&(240, Some(10_000 - 480))));
    told(&mut b, Vec::new());
    assert_eq!(b.model.chart.past, Past::End);
    let before = asked(&b).len();
    b.keys("G g");
    assert_eq!(asked(&b).len(), before);
    b.keys("G");
    assert_eq!(shown(&b).1, 9_999);
}

#[test]
fn a_venue_that_refuses_the_past_is_asked_again_later() {
    let mut b = charted(240);
    b.keys("g").answer_to(|r| matches!(r, Request::Bars { .. }), refused(None));
    assert_eq!(b.toast(), "the chart has no bars: too much");
    let past = |b: &Bench| asked(b).iter().filter(|(_, before)| before.is_some()).count();
    assert_eq!(past(&b), 1);
    b.wait(4_900);
    assert_eq!(past(&b), 1);
    b.wait(200);
    assert_eq!(past(&b), 2);
    b.wait(20_000).answer_to(|r| matches!(r, Request::Bars { .. }), refused(None));
    assert_eq!(b.toast(), "", "the same reason is not said every few seconds");
}

#[test]
fn candles_are_wider_and_narrower_by_keys_wheel_and_command() {
    let mut b = charted(240);
    let per = |b: &Bench| ZOOMS[b.model.chart.zoom.0];
    assert_eq!(per(&b), 2);
    for (keys, want) in
        [("+", 4), ("=", 6), ("+", 6), ("-", 4), ("- -", 1), ("-", 1), (": 'chart in' Enter", 2)]
    {
        b.keys(keys);
        assert_eq!(per(&b), want, "{keys}");
    }
    wheel(&mut b, 10, 10, false);
    assert_eq!(per(&b), 4);
    wheel(&mut b, 10, 10, true);
    assert_eq!(per(&b), 2);
}

pub(super) fn wheel(b: &mut Bench, column: u16, row: u16, down: bool) {
    let kind = if down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
    b.msg(Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

pub(super) fn click(b: &mut Bench, column: u16, row: u16) {
    let kind = MouseEventKind::Down(MouseButton::Left);
    b.msg(Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

#[test]
fn the_crosshair_goes_by_keys_and_by_the_mouse() {
    let mut b = charted(240);
    let cross = |b: &Bench| b.model.chart.cross.map(|c| c.at.as_secs() / 60);
    b.keys("Space");
    assert_eq!(cross(&b), Some(9_999));
    b.keys("Space");
    assert_eq!(cross(&b), None);
    b.keys(", ,");
    assert_eq!(cross(&b), Some(9_998));
    b.keys(". . .");
    assert_eq!(cross(&b), Some(9_999));
    // It takes the view with it.
    let first = shown(&b).0;
    for _ in 0..60 {
        b.keys(",");
    }
    assert!(
        cross(&b).unwrap() < first && shown(&b).0 == cross(&b).unwrap(),
        "{:?} {:?}",
        cross(&b),
        shown(&b)
    );
    b.keys("G");
    draw(&mut b);
    let seen = b.model.drawn.chart.unwrap();
    b.keys(": 'focus positions' Enter");
    click(&mut b, seen.scale.plot.x + 2 * seen.per, seen.scale.plot.y);
    assert_eq!((b.model.focus, cross(&b)), (Pane::Chart, Some(shown(&b).0 + 2)));
    let price = b.model.chart.cross.unwrap().price.unwrap();
    assert_eq!(seen.scale.row(price), Some(seen.scale.plot.y));
    assert_eq!(b.deeds(), Vec::<String>::new(), "nothing was sent");
}

#[test]
fn chart_commands_say_what_they_take() {
    let mut b = charted(10);
    b.keys(": 'chart sideways' Enter");
    let said = format!("{:?}", b.model.command_line);
    assert!(said.contains("write left, right"), "{said}");
    b.keys("Esc");
    b.keys(": 'chart first' Enter : 'chart page-left' Enter : 'chart last' Enter");
    assert_eq!(shown(&b), (9_990, 9_999));
}
