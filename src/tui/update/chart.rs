//! The chart: what it asks the venue for, and its keys. Nothing here reaches an order.

use super::navigate;
use crate::{
    desk::{Reply, Request},
    domain::{quote::Bar, text::Text},
    tui::{
        chart::{ChartInterval, Cross, Past, ZOOMS},
        focus::Pane,
        model::{Model, Tone},
        msg::Cmd,
    },
};

/// How old bars may get before newer ones are asked for, milliseconds.
const BARS_AGE_MS: u64 = 5_000;
/// How many bars are asked for at once.
const BARS: u32 = 240;
/// Candles that there is room for while none has been drawn.
const ROOM: usize = 60;

/// Does this pane stand on the screen?
pub(super) fn is_shown(model: &Model, pane: Pane) -> bool {
    model.focus == pane
        || (!model.zoomed && model.current_page().is_some_and(|p| p.layout.panes().contains(&pane)))
}

/// Candles that there was room for.
fn room(model: &Model) -> usize {
    model.drawn.chart.map_or(ROOM, |seen| seen.room)
}

/// Asks for bars when the chart is on the screen and shows another symbol or interval, old bars, or the end of what
/// is known of the past.
pub(super) fn settle(model: &mut Model) -> Vec<Cmd> {
    let shown = is_shown(model, Pane::Chart) && model.snapshot_at.is_some();
    let Some(instrument) = model.instrument.clone().filter(|_| shown) else { return Vec::new() };
    let other = model.chart.instrument.as_ref() != Some(&instrument);
    if other {
        model.chart.turn_to(instrument.clone());
    }
    let (row, at) = (model.watched(&instrument).cloned(), model.snapshot.at);
    model.chart.follow(row.as_ref(), at);
    if model.replay().is_some() {
        // Nobody is there to be asked: the chart grows with what is played.
        return Vec::new();
    }
    let now = model.now.mono;
    let chart = &model.chart;
    let waiting = chart.asked.is_some_and(|(_, at)| now.since_ms(at) < BARS_AGE_MS);
    let interval = chart.interval.0;
    let mut out = Vec::new();
    if other || (!waiting && now.since_ms(chart.at) >= BARS_AGE_MS) {
        let count = chart.behind(model.now.wall, BARS);
        let request = Request::Bars { instrument: instrument.clone(), interval, count, before: None };
        let (id, cmd) = model.ask(request);
        model.chart.at = now;
        model.chart.asked = Some((id, now));
        out.push(cmd);
    }
    if model.chart.wants_past(room(model), now, BARS_AGE_MS) {
        let before = model.chart.bars.first().map(|b| b.at);
        let (id, cmd) = model.ask(Request::Bars { instrument, interval, count: BARS, before });
        model.chart.past = Past::Asked(id, now);
        out.push(cmd);
    }
    out
}

/// Is this the answer to what the chart asked?
pub(super) fn asked(model: &Model, id: crate::desk::RequestId) -> bool {
    let past = matches!(model.chart.past, Past::Asked(asked, _) if asked == id);
    past || model.chart.asked.is_some_and(|(asked, _)| asked == id)
}

/// Bars came, or did not.
pub(super) fn answered(model: &mut Model, id: crate::desk::RequestId, reply: Reply) {
    let now = model.now.mono;
    let is_past = matches!(model.chart.past, Past::Asked(asked, _) if asked == id);
    let bars = bars_of(model, reply);
    let chart = &mut model.chart;
    match (is_past, bars) {
        (true, Some(bars)) => chart.take_past(bars),
        (true, None) => chart.past = Past::Failed(now),
        (false, Some(bars)) => {
            chart.asked = None;
            chart.take(bars, now);
        }
        (false, None) => chart.asked = None,
    }
}

/// The bars of an answer, if they are of what is shown.
fn bars_of(model: &mut Model, reply: Reply) -> Option<Vec<Bar>> {
    match reply {
        Reply::Bars { instrument, interval, bars } => {
            let chart = &model.chart;
            (chart.instrument.as_ref() == Some(&instrument) && chart.interval.0 == interval).then_some(bars)
        }
        Reply::Refused { text, .. } => {
            // Said once, and again when it is another reason: the chart goes on asking.
            if model.chart.refused.as_ref() != Some(&text) {
                model.say(Tone::Bad, Text::clean(&format!("the chart has no bars: {text}")));
            }
            model.chart.refused = Some(text);
            None
        }
        Reply::Busy
        | Reply::Done(_)
        | Reply::Placed { .. }
        | Reply::Preview(_)
        | Reply::Plan(_)
        | Reply::Open { .. }
        | Reply::Since(_) => None,
    }
}

/// Another interval; what was told of the last one does not belong to it.
pub(super) fn set_interval(model: &mut Model, interval: ChartInterval) {
    model.chart.interval = interval;
    model.chart.instrument = None;
}

/// `chart left`, `chart in`, …
pub(super) fn perform(model: &mut Model, arg: &str) -> Result<(), Text> {
    let room = room(model);
    let window = model.chart.window(room);
    // An eighth of the screen at a step, so that a few keys go a long way and what was seen stays in sight.
    let step = (room / 8).max(1);
    match arg {
        "left" => model.chart.show_until(window.end.saturating_sub(step), room),
        "right" => model.chart.show_until(window.end.saturating_add(step), room),
        "page-left" => model.chart.show_until(window.end.saturating_sub(room), room),
        "page-right" => model.chart.show_until(window.end.saturating_add(room), room),
        "first" => model.chart.show_until(0, room),
        "last" => model.chart.anchor = None,
        "in" => zoom(model, true),
        "out" => zoom(model, false),
        "crosshair" => match model.chart.cross.take() {
            Some(_) => {}
            None => put_cross(model, window.end.saturating_sub(1), None),
        },
        "previous" | "next" => step_cross(model, arg == "next"),
        _ => {
            return Err(
                "write left, right, page-left, page-right, first, last, in, out, crosshair, previous \
                        or next"
                    .into(),
            );
        }
    }
    Ok(())
}

fn zoom(model: &mut Model, nearer: bool) {
    let zoom = &mut model.chart.zoom.0;
    *zoom = if nearer {
        zoom.saturating_add(1).min(ZOOMS.len().saturating_sub(1))
    } else {
        zoom.saturating_sub(1)
    };
}

/// The wheel over the chart.
pub(super) fn wheel(model: &mut Model, down: bool) {
    zoom(model, !down);
}

fn put_cross(model: &mut Model, place: usize, price: Option<crate::domain::money::Price>) {
    model.chart.cross = model.chart.bar(place).map(|bar| Cross { at: bar.at, price });
}

/// The crosshair a candle on; the view goes with it.
fn step_cross(model: &mut Model, next: bool) {
    let room = room(model);
    let window = model.chart.window(room);
    let last = model.chart.len().saturating_sub(1);
    let here = model.chart.cross.and_then(|cross| model.chart.place_of(cross.at));
    let to = match here {
        None => window.end.saturating_sub(1),
        Some(at) if next => at.saturating_add(1).min(last),
        Some(at) => at.saturating_sub(1),
    };
    put_cross(model, to, None);
    if to >= window.end {
        model.chart.show_until(to.saturating_add(1), room);
    } else if to < window.start {
        model.chart.show_until(to.saturating_add(room), room);
    }
}

/// A click: the crosshair stands there.
pub(super) fn click(model: &mut Model, column: u16, row: u16) {
    navigate::set_focus(model, Pane::Chart);
    let Some(seen) = model.drawn.chart else { return };
    let tick = model.chart.instrument.as_ref().and_then(|i| model.watched(i)).and_then(|w| w.tick);
    if let Some(place) = seen.place_at(column) {
        put_cross(model, place, seen.scale.price_at(row, tick));
    }
}
