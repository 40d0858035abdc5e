//! Windows over the panes, and text in them.

use crate::tui::{
    canvas::{Canvas, width},
    panes::banner::HEIGHT,
    theme::Role,
};
use ratatui::layout::Rect;

/// Where a window of at most this size stands: in the middle or at the bottom, and never over the banner, which says
/// what is at stake, nor over the last line, which says how to get out.
fn place(canvas: &Canvas<'_>, (wide, high): (u16, u16), docked: bool) -> Rect {
    let screen = canvas.area();
    let body = Rect {
        y: screen.y.saturating_add(HEIGHT),
        height: screen.height.saturating_sub(HEIGHT).saturating_sub(1),
        ..screen
    };
    let width = room(canvas, wide).saturating_add(4);
    let height = high.saturating_add(2).min(body.height);
    let free = body.height.saturating_sub(height);
    Rect {
        x: body.x.saturating_add(body.width.saturating_sub(width) / 2),
        y: body.y.saturating_add(if docked { free } else { free / 2 }),
        width,
        height,
    }
}

/// Columns inside a window that wants `wide` of them: something of what lies behind it is seen on both sides.
pub fn room(canvas: &Canvas<'_>, wide: u16) -> u16 {
    wide.min(canvas.area().width.saturating_sub(6))
}

/// Opens a window of at most this size in the middle of the screen and returns the room inside.
pub fn open(canvas: &mut Canvas<'_>, size: (u16, u16), title: &str, role: Role) -> Rect {
    let area = place(canvas, size, false);
    frame(canvas, area, title, role)
}

/// The same at the bottom, where it leaves most of what lies behind it to be seen.
pub fn dock(canvas: &mut Canvas<'_>, size: (u16, u16), title: &str, role: Role) -> Rect {
    let area = place(canvas, size, true);
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

/// Lines that [`wrap`] takes for a text where there is room.
pub fn lines(text: &str, wide: u16) -> u16 {
    let (mut count, mut line) = (1_u16, 0_u16);
    for word in text.split(' ') {
        let joined = line.saturating_add(1).saturating_add(width(word));
        if line > 0 && joined > wide {
            count = count.saturating_add(1);
            line = width(word);
        } else {
            line = if line > 0 { joined } else { width(word) };
        }
    }
    count
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
