//! A line of short things, from the left and from the right. When room is short, the highest rank goes first;
//! rank zero stays, cut if need be.

use crate::tui::{
    canvas::{Canvas, width},
    theme::Role,
};

/// One thing on the line.
#[derive(Debug, Clone)]
pub struct Bit {
    /// What it says.
    pub text: String,
    /// How it looks.
    pub role: Role,
    /// When it goes.
    pub rank: u8,
    /// Columns before it.
    pub gap: u16,
}

impl Bit {
    /// With two columns before it.
    pub fn new(text: impl Into<String>, role: Role, rank: u8) -> Self {
        Self { text: text.into(), role, rank, gap: 2 }
    }
    /// With one column before it: belongs to what stands before.
    pub fn joined(text: impl Into<String>, role: Role, rank: u8) -> Self {
        Self { text: text.into(), role, rank, gap: 1 }
    }
    fn columns(&self) -> u16 {
        width(&self.text).saturating_add(self.gap)
    }
}

fn total(bits: &[Bit]) -> u16 {
    bits.iter().map(Bit::columns).fold(0, u16::saturating_add)
}

/// Drops what does not fit.
fn fit(left: &mut Vec<Bit>, right: &mut Vec<Bit>, room: u16) {
    while total(left).saturating_add(total(right)) > room {
        let worst = left.iter().chain(right.iter()).map(|b| b.rank).max().unwrap_or(0);
        if worst == 0 {
            return;
        }
        left.retain(|b| b.rank != worst);
        right.retain(|b| b.rank != worst);
    }
}

/// Draws the line and returns where the right part begins.
pub fn draw(
    canvas: &mut Canvas<'_>,
    (x, y, room): (u16, u16, u16),
    mut left: Vec<Bit>,
    mut right: Vec<Bit>,
) -> u16 {
    fit(&mut left, &mut right, room);
    let start = x.saturating_add(room.saturating_sub(total(&right)));
    let mut at = x;
    for bit in &left {
        at = at.saturating_add(bit.gap);
        let style = canvas.style(bit.role);
        let field = start.saturating_sub(at);
        at = at.saturating_add(canvas.left(at, y, field, &bit.text, style));
    }
    let mut at = start;
    for bit in &right {
        at = at.saturating_add(bit.gap);
        let style = canvas.style(bit.role);
        at = at.saturating_add(canvas.left(
            at,
            y,
            x.saturating_add(room).saturating_sub(at),
            &bit.text,
            style,
        ));
    }
    start
}

/// Draws things one after the other, each with what is joined to it, on a new line where that does not fit. Returns
/// the lines used.
pub fn flow(canvas: &mut Canvas<'_>, area: ratatui::layout::Rect, indent: u16, bits: &[Bit]) -> u16 {
    let mut at = area.x;
    let mut y = area.y;
    for (i, bit) in bits.iter().enumerate() {
        let gap = if i == 0 { 0 } else { bit.gap };
        let joined = bits.iter().skip(i.saturating_add(1)).take_while(|b| b.gap < 2).map(Bit::columns);
        let wide = joined.fold(width(&bit.text), u16::saturating_add);
        if at > area.x && at.saturating_add(gap).saturating_add(wide) > area.right() && bit.gap > 1 {
            y = y.saturating_add(1);
            at = area.x.saturating_add(indent);
        } else {
            at = at.saturating_add(gap);
        }
        if y >= area.bottom() {
            return area.height;
        }
        let style = canvas.style(bit.role);
        at = at.saturating_add(canvas.left(at, y, area.right().saturating_sub(at), &bit.text, style));
    }
    y.saturating_sub(area.y).saturating_add(1)
}
