//! The price ladder: bids, asks and own orders at their prices.

use crate::tui::{canvas::Canvas, hit::Drawn, model::Model, theme::Role};
use ratatui::layout::Rect;

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, _drawn: &mut Drawn) {
    let text = model.instrument.as_ref().map_or_else(|| "no symbol chosen".to_owned(), ToString::to_string);
    let style = canvas.style(Role::Muted);
    canvas.left(area.x.saturating_add(1), area.y, area.width.saturating_sub(2), &text, style);
}
