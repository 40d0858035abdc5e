//! The day's equity as a line: one colour where it stands above where the day began, another below, and that level
//! as a dotted line.

use crate::desk::snapshot::EquityPoint;
use crate::domain::money::Money;
use crate::tui::{canvas::Canvas, format, theme::Role};
use ratatui::layout::Rect;
use rust_decimal::Decimal;

/// Columns on the right for the highest and lowest figure.
const LABELS: u16 = 11;
/// Dots in a cell's height.
const STEPS: u16 = 4;
/// Dots in a cell's width.
const DOTS: u16 = 2;
/// The least that the height stands for, as a part of the level: what moves less looks as flat as it is.
const LEAST: i128 = 1_000;
/// The first of the braille patterns; the others follow in the order of their dots.
const BRAILLE: u32 = 0x2800;

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
        let least = (high.saturating_abs() / LEAST).max(1);
        let lacks = least.saturating_sub(high.saturating_sub(low)).max(0);
        let below = lacks / 2;
        let above = lacks.saturating_sub(below);
        Some(Self { scale, low: low.saturating_sub(below), high: high.saturating_add(above) })
    }
    /// The figure at an end.
    fn figure(&self, level: i128) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(level, self.scale).ok()
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
        let mut before = None;
        for column in 0..plot.width {
            self.column(canvas, plot, column, &span, &mut before);
        }
        self.labels(canvas, plot, &span);
    }

    /// One column: two points, each joined to the one before it.
    fn column(
        &self,
        canvas: &mut Canvas<'_>,
        plot: Rect,
        column: u16,
        span: &Span,
        before: &mut Option<u16>,
    ) {
        let steps = plot.height.saturating_mul(STEPS);
        let mut runs = [None; 2];
        let mut role = Role::AreaUp;
        for (half, run) in (0..DOTS).zip(&mut runs) {
            let place = column.saturating_mul(DOTS).saturating_add(half);
            let Some(point) = self.at(place, plot.width.saturating_mul(DOTS)) else { return };
            let step = span.step(point.equity, steps);
            let from = before.replace(step).unwrap_or(step);
            *run = Some((step.min(from), step.max(from)));
            if self.base.is_some_and(|b| point.equity < b) {
                role = Role::AreaDown;
            }
        }
        let style = canvas.style(role);
        let x = plot.x.saturating_add(column);
        for (row, y) in plot.rows().rev().map(|r| r.y).enumerate() {
            let first = crate::tui::canvas::small(row).saturating_mul(STEPS);
            let bits = bits(runs, first);
            if bits != 0 {
                let dots = char::from_u32(BRAILLE.saturating_add(u32::from(bits))).unwrap_or('*');
                let sign = if canvas.ascii() { '*' } else { dots };
                canvas.put(x, y, 1, sign.encode_utf8(&mut [0; 4]), style);
            }
        }
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

    fn labels(&self, canvas: &mut Canvas<'_>, plot: Rect, span: &Span) {
        let style = canvas.style(Role::Muted);
        let high = span.figure(span.high).map(|d| (d, plot.y));
        let low = span.figure(span.low).map(|d| (d, plot.bottom().saturating_sub(1)));
        let mut out = String::new();
        for (d, y) in high.into_iter().chain(low) {
            out.clear();
            canvas.look.numbers.decimal(&mut out, d, Some(0), format::Sign::Minus);
            canvas.number(plot.right(), y, LABELS, &out, (0, style));
        }
        let times = [(self.points.first(), plot.x), (self.points.last(), plot.right().saturating_sub(5))];
        let mut before = String::new();
        for (point, x) in times {
            out.clear();
            if let Some(point) = point {
                format::clock_short(&mut out, point.at, &canvas.look.zone);
            }
            // A minute that has just begun needs no second label.
            if out != before {
                canvas.left(x, plot.bottom(), 5, &out, style);
            }
            before.clone_from(&out);
        }
    }
}

/// The dots of a cell whose lowest step is after `first`, of the two runs of steps.
fn bits(runs: [Option<(u16, u16)>; 2], first: u16) -> u8 {
    /// From the bottom up, left and right.
    const DOT: [[u8; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];
    let mut bits = 0;
    for ((low, high), dots) in runs.into_iter().flatten().zip(DOT) {
        for (n, dot) in (1..=STEPS).zip(dots) {
            let step = first.saturating_add(n);
            if (low..=high).contains(&step) {
                bits |= dot;
            }
        }
    }
    bits
}
