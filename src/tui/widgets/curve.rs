//! The day's equity as a line of dots: green above where the day began, red below, with the level itself drawn.

use crate::desk::snapshot::EquityPoint;
use crate::tui::{canvas::{Canvas, small}, format, theme::Role};
use crate::domain::money::Money;
use ratatui::layout::Rect;

/// Dots of a braille cell, by column and row.
const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// A curve to draw.
#[derive(Debug)]
pub struct Curve<'a> {
    /// Oldest first.
    pub points: &'a [EquityPoint],
    /// Where the day began.
    pub base: Option<Money>,
}

/// Levels of the points on one scale, and the span that they and the base take.
struct Levels {
    scale: u32,
    low: i128,
    high: i128,
}

impl Levels {
    fn of(points: &[EquityPoint], base: Option<Money>) -> Option<Self> {
        let all = || points.iter().map(|p| p.equity).chain(base);
        let scale = all().map(|m| m.get().scale()).max()?;
        let low = all().map(|m| level(m, scale)).min()?;
        let high = all().map(|m| level(m, scale)).max()?;
        Some(Self { scale, low, high })
    }
    /// The dot row, from zero at the bottom to `rows - 1`.
    fn row(&self, m: Money, rows: u16) -> u16 {
        let above = level(m, self.scale).saturating_sub(self.low);
        let range = self.high.saturating_sub(self.low);
        let top = i128::from(rows.saturating_sub(1));
        let row = above.saturating_mul(top).checked_div(range).unwrap_or(top / 2);
        u16::try_from(row).map_or(0, |r| r)
    }
}

fn level(m: Money, scale: u32) -> i128 {
    let mut d = m.get();
    d.rescale(scale);
    d.mantissa()
}

impl Curve<'_> {
    /// Draws it with its highest and lowest figure on the right, and the times below.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let Some(levels) = Levels::of(self.points, self.base).filter(|_| area.height >= 3 && area.width >= 20) else {
            return;
        };
        let labels = 11_u16;
        let plot = Rect { width: area.width.saturating_sub(labels), height: area.height.saturating_sub(1), ..area };
        self.base_line(canvas, plot, &levels);
        self.dots(canvas, plot, &levels);
        self.labels(canvas, area, plot, labels);
    }

    fn base_line(&self, canvas: &mut Canvas<'_>, plot: Rect, levels: &Levels) {
        let Some(base) = self.base else { return };
        let dot = levels.row(base, plot.height.saturating_mul(4)) / 4;
        let y = plot.bottom().saturating_sub(dot.saturating_add(1));
        let style = canvas.style(Role::Rule);
        let sign = canvas.look.glyphs.level_line;
        for x in plot.left()..plot.right() {
            canvas.put(x, y, 1, sign, style);
        }
    }

    fn dots(&self, canvas: &mut Canvas<'_>, plot: Rect, levels: &Levels) {
        let ascii = canvas.ascii();
        let (across, up) = if ascii { (1, 1) } else { (2, 4) };
        let columns = usize::from(plot.width.saturating_mul(across));
        let rows = plot.height.saturating_mul(up);
        let mut before: Option<u16> = None;
        for cell in 0..plot.width {
            let mut masks = vec![0_u32; usize::from(plot.height)];
            let mut gaining = true;
            for half in 0..across {
                let column = usize::from(cell.saturating_mul(across).saturating_add(half));
                let Some(point) = self.at(column, columns) else { continue };
                gaining = self.base.is_none_or(|b| point.equity >= b);
                let row = levels.row(point.equity, rows);
                // The line has no gaps: from next to the last dot to this one.
                let from = before.map_or(row, |b| if b < row { b.saturating_add(1) } else { b.saturating_sub(u16::from(b > row)) });
                for r in from.min(row)..=from.max(row) {
                    let dot = DOTS.get(usize::from(half)).and_then(|d| d.get(usize::from(3_u16.saturating_sub(r % up))));
                    if let Some(mask) = masks.get_mut(usize::from(r.checked_div(up).unwrap_or(0))) {
                        *mask |= dot.copied().unwrap_or(0x80);
                    }
                }
                before = Some(row);
            }
            let style = canvas.style(if gaining { Role::Up } else { Role::Down });
            for (row, mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                let c = if ascii { '*' } else { char::from_u32(0x2800 | mask).unwrap_or(' ') };
                let y = plot.bottom().saturating_sub(small(row).saturating_add(1));
                canvas.put(plot.x.saturating_add(cell), y, 1, c.encode_utf8(&mut [0; 4]), style);
            }
        }
    }

    /// The point for a dot column: with more points than columns the last of its share, with fewer stretched.
    fn at(&self, column: usize, columns: usize) -> Option<&EquityPoint> {
        let end = column.saturating_add(1).saturating_mul(self.points.len()).checked_div(columns)?;
        self.points.get(end.max(1).saturating_sub(1))
    }

    fn labels(&self, canvas: &mut Canvas<'_>, area: Rect, plot: Rect, field: u16) {
        let style = canvas.style(Role::Muted);
        let equities = || self.points.iter().map(|p| p.equity);
        let mut out = String::new();
        let high = equities().max().map(|m| (m, plot.y));
        let low = equities().min().map(|m| (m, plot.bottom().saturating_sub(1)));
        for (m, y) in high.into_iter().chain(low) {
            out.clear();
            format::decimal(&mut out, m.get(), Some(0), format::Sign::Minus);
            canvas.right(plot.right(), y, field, &out, style);
        }
        let y = plot.bottom().min(area.bottom().saturating_sub(1));
        let zone = &canvas.look.zone;
        let times = [self.points.first(), self.points.last()].map(|p| {
            let mut t = String::new();
            if let Some(p) = p {
                format::clock_short(&mut t, p.at, zone);
            }
            t
        });
        let [first, last] = times;
        canvas.left(plot.x, y, plot.width, &first, style);
        canvas.right(plot.x.saturating_add(6), y, plot.width.saturating_sub(6), &last, style);
    }
}
