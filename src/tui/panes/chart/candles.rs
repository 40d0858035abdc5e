//! Candles in half rows, and the volume below them in eighths.

use super::{Bars, Scale, scale::level};
use crate::domain::quote::Bar;
use crate::tui::{canvas::Canvas, theme::Role};
use ratatui::layout::Rect;

/// What a candle has in half a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    Wick,
    Body,
}

/// What tells rising from falling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    /// Letters.
    Ascii,
    /// Thin and thick.
    Plain,
    /// Colours.
    Colour,
}

/// Signs by what stands in the upper and the lower half.
struct Signs {
    /// Upper half, lower half, both.
    wick: [&'static str; 3],
    body: [&'static str; 3],
    /// A body above a wick, and below one.
    joint: [&'static str; 2],
}

/// Thick.
const BLOCKS: Signs =
    Signs { wick: ["╵", "╷", "│"], body: ["▀", "▄", "█"], joint: ["╿", "╽"] };
/// The same where no wick passes: a wide body is as wide at its ends.
const WIDE: Signs = Signs { joint: ["▀", "▄"], ..BLOCKS };
/// Thin: a rising candle where no colour says that it is one.
const THIN: Signs = Signs { body: ["╹", "╻", "┃"], ..BLOCKS };
/// Falling, in ASCII.
const HASH: Signs = Signs { wick: ["'", ".", "|"], body: ["\"", "_", "#"], joint: ["\"", "_"] };
/// Rising, in ASCII.
const HOLLOW: Signs = Signs { wick: ["'", ".", "|"], body: ["^", "o", "O"], joint: ["^", "o"] };

impl Signs {
    const fn of(ink: Ink, rises: bool, wide: bool) -> &'static Self {
        match (ink, rises, wide) {
            (Ink::Ascii, true, _) => &HOLLOW,
            (Ink::Ascii, false, _) => &HASH,
            (Ink::Plain, true, _) => &THIN,
            (Ink::Plain, false, true) | (Ink::Colour, _, true) => &WIDE,
            (Ink::Plain | Ink::Colour, _, false) => &BLOCKS,
        }
    }
    const fn sign(&self, upper: Part, lower: Part) -> Option<&'static str> {
        let ([wick_up, wick_down, wick], [up, down, body], [above, below]) =
            (self.wick, self.body, self.joint);
        Some(match (upper, lower) {
            (Part::None, Part::None) => return None,
            (Part::Body, Part::Body) => body,
            (Part::Body, Part::Wick) => above,
            (Part::Wick, Part::Body) => below,
            (Part::Body, Part::None) => up,
            (Part::None, Part::Body) => down,
            (Part::Wick, Part::Wick) => wick,
            (Part::Wick, Part::None) => wick_up,
            (Part::None, Part::Wick) => wick_down,
        })
    }
}

/// Columns of a body.
pub(super) const fn body(per: u16) -> u16 {
    if per > 1 { per.saturating_sub(1) } else { 1 }
}

pub(super) fn draw(canvas: &mut Canvas<'_>, bars: &Bars<'_>, scale: &Scale) {
    for (n, bar) in bars.iter().enumerate() {
        candle(canvas, bars, scale, bar, bars.x(scale.plot, n));
    }
}

fn candle(canvas: &mut Canvas<'_>, bars: &Bars<'_>, scale: &Scale, bar: &Bar, x: u16) {
    let rises = bar.close >= bar.open;
    let role = match (bars.stale, rises) {
        (true, _) => Role::Stale,
        (false, true) => Role::Up,
        (false, false) => Role::Down,
    };
    let style = canvas.style(role);
    let wide = body(bars.per);
    let ink = match (canvas.ascii(), bars.colour && !bars.stale) {
        (true, _) => Ink::Ascii,
        (false, true) => Ink::Colour,
        (false, false) => Ink::Plain,
    };
    let signs = Signs::of(ink, rises, wide > 1);
    let (high, low) = (scale.near(bar.high), scale.near(bar.low));
    let (top, bottom) = (scale.near(bar.open.max(bar.close)), scale.near(bar.open.min(bar.close)));
    let part = |half: u16| match half {
        half if half < high || half > low => Part::None,
        half if half < top || half > bottom => Part::Wick,
        _ => Part::Body,
    };
    let middle = wide / 2;
    for row in high / 2..=low / 2 {
        let half = row.saturating_mul(2);
        let (upper, lower) = (part(half), part(half.saturating_add(1)));
        let y = scale.plot.y.saturating_add(row);
        for column in 0..wide {
            // Beside the wick there is nothing.
            let own = |part| if part == Part::Wick && column != middle { Part::None } else { part };
            if let Some(sign) = signs.sign(own(upper), own(lower)) {
                canvas.put(x.saturating_add(column), y, 1, sign, style);
            }
        }
    }
}

/// Bars of the volume, the largest as high as there is room.
pub(super) fn volume(canvas: &mut Canvas<'_>, bars: &Bars<'_>, area: Rect) {
    let of = |bar: &Bar| crate::domain::money::Price::new(bar.volume.get());
    let Some(scale) = bars.iter().map(|b| b.volume.get().scale()).max() else { return };
    let most = bars.iter().map(|b| level(of(b), scale)).max().unwrap_or(0);
    let steps = i128::from(area.height).saturating_mul(8);
    if most <= 0 || steps == 0 {
        return;
    }
    let levels = canvas.look.glyphs.levels;
    let full = canvas.look.glyphs.bar;
    for (n, bar) in bars.iter().enumerate() {
        let role = match (bars.stale, bar.close >= bar.open) {
            (true, _) => Role::Stale,
            (false, true) => Role::AreaUp,
            (false, false) => Role::AreaDown,
        };
        let style = canvas.style(role);
        let part = level(of(bar), scale).saturating_mul(steps);
        // Whatever was traded at all is seen.
        let eighths = part.saturating_add(most.saturating_sub(1)).checked_div(most).unwrap_or(0);
        let x = bars.x(area, n);
        for (row, y) in area.rows().rev().map(|r| r.y).enumerate() {
            let below = i128::try_from(row).ok().unwrap_or(0).saturating_mul(8);
            let here = eighths.saturating_sub(below).clamp(0, 8);
            let Some(step) = usize::try_from(here).ok().and_then(|n| n.checked_sub(1)) else { break };
            let mut sign = [0; 4];
            let sign: &str = match levels.get(step) {
                _ if step == 7 => full,
                Some(level) => level.encode_utf8(&mut sign),
                None => full,
            };
            for column in 0..body(bars.per) {
                canvas.put(x.saturating_add(column), y, 1, sign, style);
            }
        }
    }
}
