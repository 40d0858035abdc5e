//! The day's equity as an area: one colour where it stands above where the day began, another below, and that level
//! as a dotted line.

use crate::desk::snapshot::EquityPoint;
use crate::domain::money::Money;
use crate::tui::{canvas::Canvas, format, theme::Role};
use ratatui::layout::Rect;

/// Columns on the right for the highest and lowest figure.
const LABELS: u16 = 11;
/// Steps of a cell's height.
const STEPS: u16 = 8;

/// A curve to draw.
#[derive(Debug)]
pub struct Curve<'a> {
    /// Oldest first.
    pub points: &'a [EquityPoint],
    /// Where the day began.
    pub base: Option<Money>,
}

/// The points on one scale, and the span that they and the base take.
struct Span {
    scale: u32,
    low: i128,
    high: i128,
}

impl Span {
    fn of(points: &[EquityPoint], base: Option<Money>) -> Option<Self> {
        let all = || points.iter().map(|p| p.equity).chain(base);
        let scale = all().map(|m| m.get().scale()).max()?;
        let low = all().map(|m| level(m, scale)).min()?;
        let high = all().map(|m| level(m, scale)).max()?;
        Some(Self { scale, low, high })
    }
    /// The step, from one at the bottom to `steps`.
    fn step(&self, m: Money, steps: u16) -> u16 {
        let above = level(m, self.scale).saturating_sub(self.low);
        let range = self.high.saturating_sub(self.low);
        let top = i128::from(steps.saturating_sub(1));
        let step = above.saturating_mul(top).checked_div(range).unwrap_or(top / 2);
        u16::try_from(step).map_or(1, |s| s.saturating_add(1))
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
        let enough = area.height >= 3 && area.width >= 20 && !self.points.is_empty();
        let Some(span) = Span::of(self.points, self.base).filter(|_| enough) else { return };
        let plot =
            Rect { width: area.width.saturating_sub(LABELS), height: area.height.saturating_sub(1), ..area };
        self.base_line(canvas, plot, &span);
        let steps = plot.height.saturating_mul(STEPS);
        for column in 0..plot.width {
            if let Some(point) = self.at(column, plot.width) {
                let role =
                    if self.base.is_none_or(|b| point.equity >= b) { Role::AreaUp } else { Role::AreaDown };
                fill(canvas, plot, column, span.step(point.equity, steps), role);
            }
        }
        self.labels(canvas, plot);
    }

    fn base_line(&self, canvas: &mut Canvas<'_>, plot: Rect, span: &Span) {
        let Some(base) = self.base else { return };
        let step = span.step(base, plot.height.saturating_mul(STEPS));
        let y = plot.bottom().saturating_sub(step.div_ceil(STEPS));
        let style = canvas.style(Role::Rule);
        let sign = canvas.look.glyphs.level_line;
        for x in plot.left()..plot.right() {
            canvas.put(x, y, 1, sign, style);
        }
    }

    /// The point for a column: with more points than columns the last of its share, with fewer stretched.
    fn at(&self, column: u16, columns: u16) -> Option<&EquityPoint> {
        let end = usize::from(column).saturating_add(1).saturating_mul(self.points.len());
        self.points.get(end.checked_div(usize::from(columns))?.max(1).saturating_sub(1))
    }

    fn labels(&self, canvas: &mut Canvas<'_>, plot: Rect) {
        let style = canvas.style(Role::Muted);
        let equities = || self.points.iter().map(|p| p.equity);
        let high = equities().max().map(|m| (m, plot.y));
        let low = equities().min().map(|m| (m, plot.bottom().saturating_sub(1)));
        let mut out = String::new();
        for (m, y) in high.into_iter().chain(low) {
            out.clear();
            format::decimal(&mut out, m.get(), Some(0), format::Sign::Minus);
            canvas.number(plot.right(), y, LABELS, &out, (0, style));
        }
        let times = [(self.points.first(), plot.x), (self.points.last(), plot.right().saturating_sub(5))];
        for (point, x) in times {
            out.clear();
            if let Some(point) = point {
                format::clock_short(&mut out, point.at, &canvas.look.zone);
            }
            canvas.left(x, plot.bottom(), 5, &out, style);
        }
    }
}

/// Fills a column from the bottom up to `step`.
fn fill(canvas: &mut Canvas<'_>, plot: Rect, column: u16, step: u16, role: Role) {
    let style = canvas.style(role);
    let levels = &canvas.look.glyphs.levels;
    let full = if canvas.ascii() { '#' } else { '█' };
    let x = plot.x.saturating_add(column);
    let mut left = step;
    for y in plot.rows().rev().map(|r| r.y) {
        let part = left.min(STEPS);
        let sign = match part.checked_sub(1).map(usize::from) {
            None => return,
            Some(7) => full,
            Some(top) => levels.get(top).copied().unwrap_or(full),
        };
        canvas.put(x, y, 1, sign.encode_utf8(&mut [0; 4]), style);
        left = left.saturating_sub(part);
    }
}
