//! Windows over the panes, and text in them.

use crate::tui::{
    canvas::{Canvas, width},
    theme::Role,
};
use ratatui::layout::Rect;

/// Opens a window of at most this size in the middle of the screen and returns the room inside.
pub fn open(canvas: &mut Canvas<'_>, (wide, high): (u16, u16), title: &str, role: Role) -> Rect {
    let screen = canvas.area();
    let width = wide.saturating_add(4).min(screen.width);
    let height = high.saturating_add(2).min(screen.height.saturating_sub(3));
    let area = Rect {
        x: screen.x.saturating_add(screen.width.saturating_sub(width) / 2),
        y: screen.y.saturating_add(screen.height.saturating_sub(height) / 2),
        width,
        height,
    };
    frame(canvas, area, title, role)
}

/// A window in this place.
pub fn frame(canvas: &mut Canvas<'_>, area: Rect, title: &str, role: Role) -> Rect {
    canvas.clear(area, Role::Window);
    let style = canvas.style(Role::Focus);
    let (right, bottom) = (area.right().saturating_sub(1), area.bottom().saturating_sub(1));
    for y in [area.y, bottom] {
        canvas.across(area.x, y, area.width, style);
    }
    for x in [area.x, right] {
        canvas.down((x, area.y), area.height, false, style);
    }
    let title_style = canvas.style(role);
    canvas.left(area.x.saturating_add(2), area.y, area.width.saturating_sub(4), title, title_style);
    Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

/// Writes `text` in lines of at most the area's width, broken at spaces, and returns the lines used. What does not
/// fit into the area ends in an ellipsis.
pub fn wrap(canvas: &mut Canvas<'_>, area: Rect, text: &str, role: Role) -> u16 {
    let style = canvas.style(role);
    let mut line = String::new();
    let mut y = area.y;
    let mut rest = text.split(' ').peekable();
    while let Some(word) = rest.next() {
        let last_line = y.saturating_add(1) >= area.bottom();
        let joined = width(&line).saturating_add(1).saturating_add(width(word));
        if !line.is_empty() && joined > area.width && !last_line {
            canvas.left(area.x, y, area.width, &line, style);
            y = y.saturating_add(1);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if rest.peek().is_none() && y < area.bottom() {
            canvas.left(area.x, y, area.width, &line, style);
            y = y.saturating_add(1);
        }
    }
    y.saturating_sub(area.y)
}
