//! The pen. Everything on the screen goes through [`Canvas::put`], which writes cells directly, keeps every
//! text inside its field, and is the last place where a character that a terminal could obey is dropped.

use super::{
    glyphs::{DOWN, Glyphs, LEFT, RIGHT, UP},
    theme::{Role, Theme},
};
use crate::{
    config::Numbers,
    domain::{text::is_unsafe, time::Now},
};
use jiff::tz::TimeZone;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use smol_str::SmolStr;
use unicode_width::UnicodeWidthChar as _;

/// What a screen looks like, apart from what it shows.
#[derive(Debug, Clone)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// Where the trader is, for times of day.
    pub zone: TimeZone,
    /// How numbers are written.
    pub numbers: Numbers,
    /// The same without shortening, for what is to be decided on.
    pub exact: Numbers,
}

impl Look {
    /// With the signs for a terminal that shows Unicode, or only ASCII.
    pub fn new(theme: Theme, ascii: bool, zone: TimeZone) -> Self {
        let glyphs = if ascii { Glyphs::ASCII } else { Glyphs::UNICODE };
        Self { theme, glyphs, zone, numbers: Numbers::default(), exact: Numbers::default() }
    }
    /// Writes numbers so from now on. A sign that the terminal can't show is left out.
    pub fn write_numbers(&mut self, numbers: Numbers) {
        let shown = numbers.currency.is_ascii() || !self.glyphs.ascii;
        let currency = if shown { numbers.currency.clone() } else { SmolStr::default() };
        self.numbers = Numbers { currency, ..numbers };
        self.exact = self.numbers.exact();
    }
}

/// A pen on a buffer.
#[derive(Debug)]
pub struct Canvas<'a> {
    buf: &'a mut Buffer,
    /// Colours, signs, zone.
    pub look: &'a Look,
    /// The time that ages count to.
    pub now: Now,
    /// Text being put together, kept so that a frame allocates once.
    pub scratch: String,
}

/// Columns that `c` takes: none for what is dropped.
fn columns(c: char) -> u16 {
    if c.is_ascii() {
        return u16::from(!c.is_ascii_control());
    }
    if is_unsafe(c) {
        return 0;
    }
    c.width().map_or(0, small)
}

/// What stands for a sign on a terminal that has only ASCII.
const fn plain(c: char) -> char {
    match c {
        '…' | '·' => '.',
        '–' | '—' => '-',
        '→' => '>',
        '×' => 'x',
        c if c.is_ascii() => c,
        _ => '?',
    }
}

/// A length as columns.
pub fn small(n: usize) -> u16 {
    u16::try_from(n).map_or(u16::MAX, |n| n)
}

/// Columns that `text` takes on the screen.
pub fn width(text: &str) -> u16 {
    if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_control()) {
        return small(text.len());
    }
    text.chars().map(columns).fold(0, u16::saturating_add)
}

impl<'a> Canvas<'a> {
    /// A pen on `buf`.
    pub const fn new(buf: &'a mut Buffer, look: &'a Look, now: Now) -> Self {
        Self { buf, look, now, scratch: String::new() }
    }
    /// The whole of it.
    pub const fn area(&self) -> Rect {
        self.buf.area
    }
    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        let style = self.look.theme.style(role);
        // Plain text brings no ground of its own: it keeps the one that it stands on.
        if role == Role::Text { Style { bg: None, ..style } } else { style }
    }
    /// Only ASCII?
    pub const fn ascii(&self) -> bool {
        self.look.glyphs.ascii
    }
    /// Colours an area, leaving what is written there.
    pub fn tint(&mut self, area: Rect, role: Role) {
        let style = self.look.theme.style(role);
        if area == self.buf.area {
            // All of it, with every frame: no cell's place has to be worked out.
            for cell in &mut self.buf.content {
                cell.set_style(style);
            }
            return;
        }
        self.buf.set_style(area.intersection(self.buf.area), style);
    }
    /// Draws what stands in an area in the colour of a role.
    pub fn recolor(&mut self, area: Rect, role: Role) {
        let style = Style { fg: self.look.theme.style(role).fg, ..Style::new() };
        self.buf.set_style(area.intersection(self.buf.area), style);
    }
    /// Empties an area down to the ground of `role`.
    pub fn clear(&mut self, area: Rect, role: Role) {
        let style = self.look.theme.style(Role::Text).patch(self.look.theme.style(role));
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            self.halve(area.left(), y);
            for x in area.left()..area.right() {
                if let Some(cell) = self.buf.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }
    /// A wide character whose right half is about to be covered goes as a whole.
    fn halve(&mut self, x: u16, y: u16) {
        if let Some(left) = x.checked_sub(1)
            && let Some(cell) = self.buf.cell_mut((left, y))
            && width(cell.symbol()) > 1
        {
            cell.set_char(' ');
        }
    }
    /// Writes `text` at `x`, `y` in at most `max` columns and returns how many it took. What does not fit is cut off.
    pub fn put(&mut self, x: u16, y: u16, max: u16, text: &str, style: Style) -> u16 {
        let limit = self.buf.area.right().saturating_sub(x).min(max);
        let ascii = self.look.glyphs.ascii;
        let mut used = 0_u16;
        for c in text.chars() {
            let wide = columns(c);
            if wide == 0 {
                continue;
            }
            let end = used.saturating_add(wide);
            if end > limit {
                break;
            }
            if let Some(cell) = self.buf.cell_mut((x.saturating_add(used), y)) {
                cell.set_char(if ascii { plain(c) } else { c }).set_style(style);
            }
            for rest in used.saturating_add(1)..end {
                if let Some(cell) = self.buf.cell_mut((x.saturating_add(rest), y)) {
                    cell.set_char(' ').set_style(style);
                }
            }
            used = end;
        }
        used
    }
    /// Writes `text` into a field of `field` columns from the left; what does not fit ends in an ellipsis.
    pub fn left(&mut self, x: u16, y: u16, field: u16, text: &str, style: Style) -> u16 {
        if width(text) <= field {
            return self.put(x, y, field, text, style);
        }
        let dots = self.look.glyphs.ellipsis;
        let room = field.saturating_sub(width(dots));
        let used = self.put(x, y, room, text, style);
        used.saturating_add(self.put(x.saturating_add(used), y, field.saturating_sub(used), dots, style))
    }
    /// Writes `text` into a field from the right; cut like [`Canvas::left`].
    pub fn right(&mut self, x: u16, y: u16, field: u16, text: &str, style: Style) {
        let pad = field.saturating_sub(width(text));
        self.left(x.saturating_add(pad), y, field.saturating_sub(pad), text, style);
    }
    /// Writes a number into a field from the right, its point `fraction` columns before the field's end where there
    /// is room for that. A number is never cut: one that does not fit becomes `####`.
    pub fn number(&mut self, x: u16, y: u16, field: u16, text: &str, (fraction, style): (u16, Style)) {
        let wide = width(text);
        if wide > field {
            for i in 0..field {
                self.put(x.saturating_add(i), y, 1, "#", style);
            }
            return;
        }
        let mark = self.look.numbers.decimal;
        let own = text.rfind(mark).map_or(0, |at| width(text.get(at..).unwrap_or_default()));
        let free = field.saturating_sub(wide);
        let after = fraction.saturating_sub(own).min(free);
        self.put(x.saturating_add(free.saturating_sub(after)), y, wide, text, style);
    }
    /// A horizontal line, joined to the lines that it meets; at the edges of the screen it goes on beyond them.
    pub fn across(&mut self, x: u16, y: u16, len: u16, style: Style) {
        let end = x.saturating_add(len);
        for at in x..end {
            let left = if at > x || at == self.buf.area.left() { LEFT } else { 0 };
            let next = at.saturating_add(1);
            let right = if next < end || next == self.buf.area.right() { RIGHT } else { 0 };
            self.join(at, y, left | right, style);
        }
    }
    /// A vertical line, joined to the lines that it meets. With `on`, it goes on beyond its end.
    pub fn down(&mut self, (x, y): (u16, u16), len: u16, on: bool, style: Style) {
        let end = y.saturating_add(len);
        for at in y..end {
            let up = if at > y { UP } else { 0 };
            let down = if on || at.saturating_add(1) < end { DOWN } else { 0 };
            self.join(x, at, up | down, style);
        }
    }
    fn join(&mut self, x: u16, y: u16, arms: u8, style: Style) {
        let glyphs = &self.look.glyphs;
        if let Some(cell) = self.buf.cell_mut((x, y)) {
            let arms = arms | glyphs.arms(cell.symbol());
            cell.set_symbol(glyphs.line(arms)).set_style(style);
        }
    }
    /// Lets go of the pen for what draws itself.
    pub const fn buffer(&mut self) -> &mut Buffer {
        self.buf
    }
}
