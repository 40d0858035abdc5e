//! Tabs in a pane's title: the one that stands has the number of its rows.

use crate::tui::{
    canvas::{Canvas, width},
    format,
    hit::{Drawn, Hit},
    layout::Placed,
    theme::Role,
};
use ratatui::layout::Rect;

/// Draws them from `x` on, each with its word, whether it stands, and what a click means. What has no room is left out,
/// but never the one that stands.
pub fn draw(
    canvas: &mut Canvas<'_>,
    placed: &Placed,
    (x, rows): (u16, usize),
    tabs: &[(&str, bool, Hit)],
    drawn: &mut Drawn,
) {
    let y = placed.area.y;
    let end = placed.area.right().saturating_sub(1);
    let mut at = x;
    for (word, on, hit) in tabs {
        let role = if *on { Role::Focus } else { Role::Muted };
        let style = canvas.style(role);
        let mut text = std::mem::take(&mut canvas.scratch);
        text.clear();
        text.push(' ');
        text.push_str(word);
        if *on {
            text.push(' ');
            canvas.look.numbers.decimal(&mut text, rows.into(), Some(0), format::Sign::Minus);
        }
        text.push(' ');
        let field = width(&text);
        if at.saturating_add(field) <= end || *on {
            canvas.put(at, y, end.saturating_sub(at), &text, style);
            drawn.hits.push((Rect { x: at, y, width: field, height: 1 }, *hit));
            at = at.saturating_add(field);
        }
        canvas.scratch = text;
    }
}
