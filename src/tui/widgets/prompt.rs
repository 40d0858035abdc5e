//! A line of text with a cursor in it.

use crate::tui::{
    canvas::{Canvas, small, width},
    theme::Role,
};
use tui_input::Input;

/// Draws what is typed and the cursor into a field of `field` columns, scrolled so that the cursor is inside.
pub fn draw(canvas: &mut Canvas<'_>, (x, y, field): (u16, u16, u16), input: &Input, active: bool) {
    let style = canvas.style(Role::Input);
    let text = input.value();
    if !active {
        canvas.left(x, y, field, text, style);
        return;
    }
    let cursor = small(input.visual_cursor());
    let skip = usize::from(cursor.saturating_sub(field.saturating_sub(1)));
    let mut passed = 0_usize;
    let start = text
        .char_indices()
        .find(|(_, c)| {
            let here = passed >= skip;
            passed = passed.saturating_add(usize::from(width(c.encode_utf8(&mut [0; 4]))));
            here
        })
        .map_or(text.len(), |(at, _)| at);
    canvas.put(x, y, field, text.get(start..).unwrap_or_default(), style);
    let at = cursor.saturating_sub(small(skip));
    let under = text.chars().nth(input.cursor()).unwrap_or(' ');
    let under = if under.is_ascii() { under } else { ' ' };
    let cursor_style = canvas.style(Role::Cursor);
    if at < field {
        canvas.put(x.saturating_add(at), y, 1, under.encode_utf8(&mut [0; 4]), cursor_style);
    }
}
