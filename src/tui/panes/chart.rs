//! Candles, with the orders that wait at their prices and the average entry.

use super::banner::said;
use crate::domain::{money::Price, quote::Bar};
use crate::tui::{
    canvas::{Canvas, small},
    format,
    model::Model,
    theme::Role,
};
use ratatui::layout::Rect;

/// Columns on the right for prices.
const LABELS: u16 = 12;
/// Columns of a candle, its gap among them.
const CANDLE: u16 = 2;

/// Prices to rows.
struct Scale {
    plot: Rect,
    scale: u32,
    low: i128,
    high: i128,
}

impl Scale {
    fn of(bars: &[Bar], plot: Rect) -> Option<Self> {
        let prices = || bars.iter().flat_map(|b| [b.high, b.low]);
        let scale = prices().map(|p| p.get().scale()).max()?;
        let low = prices().map(|p| level(p, scale)).min()?;
        let high = prices().map(|p| level(p, scale)).max()?;
        Some(Self { plot, scale, low, high })
    }
    /// The row of a price; `None` off the chart.
    fn row(&self, price: Price) -> Option<u16> {
        let at = level(price, self.scale);
        if at < self.low || at > self.high {
            return None;
        }
        let top = i128::from(self.plot.height.saturating_sub(1));
        let range = self.high.saturating_sub(self.low);
        let below = self.high.saturating_sub(at).saturating_mul(top).checked_div(range).unwrap_or(top / 2);
        u16::try_from(below).ok().map(|row| self.plot.y.saturating_add(row))
    }
}

fn level(price: Price, scale: u32) -> i128 {
    let mut d = price.get();
    d.rescale(scale);
    d.mantissa()
}

fn candle(canvas: &mut Canvas<'_>, scale: &Scale, bar: &Bar, x: u16) {
    let style = canvas.style(if bar.close >= bar.open { Role::Up } else { Role::Down });
    let rows = |a: Price, b: Price| Some((scale.row(a.max(b))?, scale.row(a.min(b))?));
    let (wick, body) = if canvas.ascii() { ("|", "#") } else { ("│", "█") };
    for ((from, to), sign) in rows(bar.high, bar.low)
        .map(|r| (r, wick))
        .into_iter()
        .chain(rows(bar.open, bar.close).map(|r| (r, body)))
    {
        for y in from..=to {
            canvas.put(x, y, 1, sign, style);
        }
    }
}

/// A price that means something, as a dotted line with its name.
fn level_line(canvas: &mut Canvas<'_>, scale: &Scale, price: Price, (name, role): (&str, Role)) {
    let Some(y) = scale.row(price) else { return };
    let style = canvas.style(role);
    let sign = canvas.look.glyphs.level_line;
    for x in scale.plot.left()..scale.plot.right() {
        canvas.put(x, y, 1, sign, style);
    }
    let text = said(|s| format::price(s, price, None));
    canvas.left(
        scale.plot.right().saturating_add(1),
        y,
        LABELS.saturating_sub(1),
        &format!("{text} {name}"),
        style,
    );
}

fn levels(model: &Model, canvas: &mut Canvas<'_>, scale: &Scale) {
    let Some(instrument) = &model.chart.instrument else { return };
    if let Some(position) = model.snapshot.positions.iter().find(|p| p.instrument == *instrument) {
        let lines = [
            (position.avg_price, ("avg", Role::Info)),
            (position.stop, ("stop", Role::Sell)),
            (position.target, ("tgt", Role::Buy)),
        ];
        for (price, line) in lines {
            if let Some(price) = price {
                level_line(canvas, scale, price, line);
            }
        }
    }
}

fn labels(canvas: &mut Canvas<'_>, scale: &Scale, bars: &[Bar]) {
    let style = canvas.style(Role::Muted);
    let x = scale.plot.right().saturating_add(1);
    for price in [bars.iter().map(|b| b.high).max(), bars.iter().map(|b| b.low).min()].into_iter().flatten() {
        if let Some(y) = scale.row(price) {
            canvas.left(x, y, LABELS.saturating_sub(1), &said(|s| format::price(s, price, None)), style);
        }
    }
    for (bar, x) in [(bars.first(), scale.plot.x), (bars.last(), scale.plot.right().saturating_sub(6))] {
        if let Some(bar) = bar {
            let time = said(|s| format::clock_short(s, bar.at, &canvas.look.zone));
            canvas.left(x, scale.plot.bottom(), 6, &time, style);
        }
    }
}

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let name =
        model.chart.instrument.as_ref().map_or_else(|| "no symbol chosen".to_owned(), ToString::to_string);
    let style = canvas.style(Role::Strong);
    canvas.left(inner.x, inner.y, inner.width, &format!("{name}  {}", model.chart.interval.0.word()), style);
    let plot = Rect {
        x: inner.x,
        y: inner.y.saturating_add(1),
        width: inner.width.saturating_sub(LABELS),
        height: inner.height.saturating_sub(2),
    };
    let room = usize::from(plot.width / CANDLE);
    let bars = &model.chart.bars;
    let bars = bars.get(bars.len().saturating_sub(room)..).unwrap_or_default();
    let Some(scale) = Scale::of(bars, plot).filter(|_| plot.height > 2) else {
        let style = canvas.style(Role::Muted);
        canvas.left(inner.x, inner.y.saturating_add(1), inner.width, "no bars yet", style);
        return;
    };
    levels(model, canvas, &scale);
    for (i, bar) in bars.iter().enumerate() {
        candle(canvas, &scale, bar, plot.x.saturating_add(small(i).saturating_mul(CANDLE)));
    }
    labels(canvas, &scale, bars);
}
