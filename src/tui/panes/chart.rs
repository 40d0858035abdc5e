//! Candles with their volume, and what stands at a price: orders, stop, target, average entry, the last price. Every
//! row has an upper and a lower half, so that a candle has twice the rows' resolution.

mod axis;
mod candles;
mod levels;
mod scale;

pub use scale::{Scale, Seen};

use crate::domain::quote::Bar;
use crate::tui::{
    canvas::{Canvas, width},
    chart::{Chart, Past, ZOOMS},
    focus::Pane,
    hit::{Drawn, Hit},
    model::Model,
    theme::Role,
};
use ratatui::layout::Rect;

/// Bars whose last answer is older than this look stale, milliseconds.
const STALE_MS: u64 = 20_000;
/// The fewest columns with which the head names the venue, too.
const WITH_VENUE: u16 = 76;
/// The fewest rows of a plot.
const ROWS_MIN: u16 = 3;

/// What a candle is drawn with.
struct Bars<'m> {
    chart: &'m Chart,
    first: usize,
    count: usize,
    /// Columns of each.
    per: u16,
    /// They are old: no colour says that the market is there now.
    stale: bool,
    /// There is colour to tell rising from falling.
    colour: bool,
}

impl<'m> Bars<'m> {
    fn iter(&self) -> impl Iterator<Item = &'m Bar> + Clone + use<'m> {
        let (chart, first, count) = (self.chart, self.first, self.count);
        (first..first.saturating_add(count)).filter_map(move |n| chart.bar(n))
    }
    /// The first column of the `n`th.
    fn x(&self, plot: Rect, n: usize) -> u16 {
        plot.x.saturating_add(crate::tui::canvas::small(n).saturating_mul(self.per))
    }
}

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let chart = &model.chart;
    let (tags, more) = levels::tags(&canvas.look.numbers, model);
    let gutter = levels::gutter(&tags, inner.width);
    let body = Rect { y: inner.y.saturating_add(1), height: inner.height.saturating_sub(2), ..inner };
    let wide = body.width.saturating_sub(gutter);
    let volume = volume_rows(body.height);
    let plot = Rect { width: wide, height: body.height.saturating_sub(volume), ..body };
    let per = ZOOMS.get(chart.zoom.0).copied().unwrap_or(2);
    let room = usize::from(plot.width.checked_div(per).unwrap_or(0));
    let window = chart.window(room);
    let bars = Bars {
        chart,
        first: window.start,
        count: window.len(),
        per,
        stale: stale_ms(model).is_some(),
        colour: model.color != crate::tui::model::ColorMode::None,
    };
    head(model, canvas, inner, more);
    let scale = Scale::of(bars.iter(), tags.iter().map(|t| t.price), plot)
        .filter(|_| plot.height >= ROWS_MIN && room > 0 && chart.instrument == model.instrument);
    let Some(scale) = scale else {
        let style = canvas.style(Role::Muted);
        let text = match (&model.instrument, &chart.refused) {
            (None, _) => "no symbol chosen",
            (Some(_), Some(why)) => why.as_str(),
            (Some(_), None) => "no bars yet",
        };
        canvas.left(inner.x, body.y, inner.width, text, style);
        return;
    };
    let under = Rect { y: plot.bottom(), height: volume, ..plot };
    cross(model, canvas, &bars, &scale);
    levels::lines(canvas, &scale, &tags);
    candles::draw(canvas, &bars, &scale);
    candles::volume(canvas, &bars, under);
    let side = Rect { x: plot.right().saturating_add(1), width: gutter.saturating_sub(1), ..plot };
    levels::labels(canvas, &scale, tags, side, tick(model));
    axis::times(canvas, &bars, Rect { y: body.bottom(), height: 1, ..plot });
    drawn.hits.push((Rect { height: body.height, ..plot }, Hit::Chart));
    drawn.chart = Some(Seen { scale, first: window.start, count: window.len(), room, per });
}

/// Rows for the volume: a sixth of what there is.
fn volume_rows(height: u16) -> u16 {
    if height < 8 { 0 } else { (height / 6).clamp(1, 6) }
}

fn tick(model: &Model) -> Option<crate::domain::money::Price> {
    model.watched(model.chart.instrument.as_ref()?)?.tick
}

/// How old what is shown is, where it is older than it may be; the quote's age where that is what is old.
fn stale_ms(model: &Model) -> Option<u64> {
    let chart = &model.chart;
    let row = chart.instrument.as_ref().and_then(|i| model.watched(i));
    let age = |at| model.now.mono.since_ms(at);
    let answer = chart.came.map(age).filter(|ms| *ms > STALE_MS);
    let told = model.snapshot_age_ms().unwrap_or(0);
    let now = model.snapshot.at.mono.plus_ms(told);
    let quote = row.filter(|r| r.stale).and_then(|r| r.updated).map(|at| now.since_ms(at));
    answer.max(quote)
}

/// The candle under the crosshair, and the price where one was pointed at.
fn cross(model: &Model, canvas: &mut Canvas<'_>, bars: &Bars<'_>, scale: &Scale) {
    let Some(cross) = model.chart.cross else { return };
    let place = model.chart.place_of(cross.at).and_then(|at| at.checked_sub(bars.first));
    let Some(n) = place.filter(|n| *n < bars.count) else { return };
    let wide = if bars.per > 1 { bars.per.saturating_sub(1) } else { 1 };
    let role = if model.focus == Pane::Chart { Role::Selected } else { Role::SelectedIdle };
    canvas.tint(Rect { x: bars.x(scale.plot, n), width: wide, ..scale.plot }, role);
    if let Some(y) = cross.price.and_then(|p| scale.row(p)) {
        canvas.tint(Rect { y, height: 1, ..scale.plot }, role);
    }
}

/// The symbol, the interval, and what one candle says: that under the crosshair, else the last one.
fn head(model: &Model, canvas: &mut Canvas<'_>, inner: Rect, more: usize) {
    let chart = &model.chart;
    let mut x = inner.x;
    let mut put = |canvas: &mut Canvas<'_>, text: &str, role: Role| {
        let style = canvas.style(role);
        let room = inner.right().saturating_sub(x);
        if width(text) <= room {
            canvas.put(x, inner.y, room, text, style);
            x = x.saturating_add(width(text));
        }
    };
    if let Some(id) = &model.instrument {
        put(canvas, id.symbol.as_str(), Role::Strong);
        if inner.width >= WITH_VENUE {
            put(canvas, "@", Role::Muted);
            put(canvas, id.venue.as_str(), Role::Muted);
        }
        put(canvas, "  ", Role::Muted);
    }
    put(canvas, chart.interval.0.word(), Role::Key);
    if chart.instrument != model.instrument {
        return;
    }
    let mut text = std::mem::take(&mut canvas.scratch);
    let stale = stale_ms(model);
    if let Some(ms) = stale {
        text.clear();
        text.push_str("  ");
        canvas.look.numbers.age(&mut text, ms);
        text.push_str(" old");
        put(canvas, &text, Role::Warning);
    }
    let pointed = chart.cross.and_then(|cross| Some((chart.bar(chart.place_of(cross.at)?)?, cross.price)));
    let last = chart.len().checked_sub(1).and_then(|n| chart.bar(n));
    if let Some((bar, price)) = pointed.or(last.map(|bar| (bar, None))) {
        let tick = tick(model);
        text.clear();
        text.push_str("  ");
        axis::moment(&mut text, bar.at, chart.interval.0, &canvas.look.zone);
        put(canvas, &text, if pointed.is_some() { Role::Focus } else { Role::Muted });
        for (name, figure) in [(" O ", bar.open), (" H ", bar.high), (" L ", bar.low), (" C ", bar.close)] {
            text.clear();
            text.push_str(name);
            canvas.look.numbers.price(&mut text, figure, tick);
            put(canvas, &text, if stale.is_some() { Role::Stale } else { Role::Text });
        }
        text.clear();
        text.push_str(" V ");
        canvas.look.numbers.short_qty(&mut text, bar.volume);
        put(canvas, &text, if stale.is_some() { Role::Stale } else { Role::Text });
        if let Some(price) = price {
            text.clear();
            text.push_str("  ");
            text.push_str(canvas.look.glyphs.pointer);
            canvas.look.numbers.price(&mut text, price, tick);
            put(canvas, &text, Role::Focus);
        }
    }
    if more > 0 {
        text.clear();
        let written = std::fmt::Write::write_fmt(&mut text, format_args!("  +{more} orders"));
        debug_assert!(written.is_ok(), "writing to a String can't fail");
        put(canvas, &text, Role::Muted);
    }
    canvas.scratch = text;
    if chart.anchor.is_some() {
        put(canvas, "  moved: End goes back", Role::Info);
    }
    if chart.past == Past::End && chart.window(1).start == 0 {
        put(canvas, "  no older bars", Role::Muted);
    }
}
