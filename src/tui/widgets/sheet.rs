//! Lines put together before any is drawn, so that a window knows how many it has: it can be made to fit, and where it
//! can't, the sheet scrolls and says how much more there is.

use super::strip::Bit;
use crate::tui::{
    canvas::{Canvas, small, width},
    theme::Role,
};
use ratatui::layout::Rect;

/// How a piece stands in its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Words; cut where they do not fit.
    Left,
    /// A number; never cut.
    Number,
}

/// A text at its place on a line.
#[derive(Debug, Clone)]
struct Piece {
    x: u16,
    field: u16,
    text: String,
    role: Role,
    stand: Stand,
}

/// One thing in a grid: words on the left, numbers in columns behind them.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What.
    pub name: String,
    /// Its figures, each with its look.
    pub figures: Vec<(String, Role)>,
}

/// How much of a sheet was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Lines that it has.
    pub lines: usize,
    /// Lines that there was room for.
    pub room: usize,
}

impl Seen {
    /// The furthest that it can be scrolled.
    pub const fn last(self) -> usize {
        self.lines.saturating_sub(self.room)
    }
}

/// Lines.
#[derive(Debug, Clone)]
pub struct Sheet {
    width: u16,
    lines: Vec<Vec<Piece>>,
}

impl Sheet {
    /// Without lines yet, for so many columns.
    pub const fn new(width: u16) -> Self {
        Self { width, lines: Vec::new() }
    }
    /// Columns that a line has.
    pub const fn width(&self) -> u16 {
        self.width
    }
    /// Lines so far.
    pub fn len(&self) -> usize {
        self.lines.len()
    }
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
    /// An empty line.
    pub fn blank(&mut self) {
        self.lines.push(Vec::new());
    }
    /// A sentence, broken at blanks.
    pub fn say(&mut self, text: &str, role: Role) {
        self.hang("", text, role);
    }
    /// The same behind a sign, under which no line begins.
    pub fn hang(&mut self, sign: &str, text: &str, role: Role) {
        let indent = width(sign);
        let room = self.width.saturating_sub(indent).max(1);
        for (i, line) in broken(text, room).into_iter().enumerate() {
            let mut pieces = Vec::new();
            if i == 0 && indent > 0 {
                let text = sign.to_owned();
                pieces.push(Piece { x: 0, field: indent, text, role, stand: Stand::Left });
            }
            pieces.push(Piece { x: indent, field: room, text: line, role, stand: Stand::Left });
            self.lines.push(pieces);
        }
    }
    /// Things one after the other, each with what is joined to it; a new line where that does not fit.
    pub fn flow(&mut self, indent: u16, bits: &[Bit]) {
        let mut line: Vec<Piece> = Vec::new();
        let mut at = 0_u16;
        for (i, bit) in bits.iter().enumerate() {
            let joined = bits.iter().skip(i.saturating_add(1)).take_while(|b| b.gap < 2);
            let joined = joined.map(|b| width(&b.text).saturating_add(b.gap));
            let wide = joined.fold(width(&bit.text), u16::saturating_add);
            let gap = if at == 0 { 0 } else { bit.gap };
            let end = at.saturating_add(gap).saturating_add(wide);
            if at > 0 && end > self.width && bit.gap > 1 {
                self.lines.push(std::mem::take(&mut line));
                at = indent;
            } else {
                at = at.saturating_add(gap);
            }
            let field = width(&bit.text).min(self.width.saturating_sub(at));
            line.push(Piece { x: at, field, text: bit.text.clone(), role: bit.role, stand: Stand::Left });
            at = at.saturating_add(field);
        }
        self.lines.push(line);
    }
    /// Things in columns of one width, as many side by side as there is room for, filled line by line.
    pub fn grid(&mut self, indent: u16, entries: &[Entry]) {
        const GAP: u16 = 3;
        const NAME_MAX: u16 = 14;
        let name = entries.iter().map(|e| width(&e.name)).max().unwrap_or(0).min(NAME_MAX);
        let count = entries.iter().map(|e| e.figures.len()).max().unwrap_or(0);
        let figure = |n: usize| entries.iter().filter_map(|e| e.figures.get(n)).map(|(t, _)| width(t)).max();
        let figures: Vec<u16> = (0..count).filter_map(figure).collect();
        let one = figures.iter().fold(name, |sum, f| sum.saturating_add(*f).saturating_add(2));
        let room = self.width.saturating_sub(indent).saturating_add(GAP);
        let across = room.checked_div(one.saturating_add(GAP)).unwrap_or(1).max(1);
        for row in entries.chunks(usize::from(across)) {
            let mut line = Vec::new();
            for (i, entry) in row.iter().enumerate() {
                let mut x = indent.saturating_add(small(i).saturating_mul(one.saturating_add(GAP)));
                let text = entry.name.clone();
                line.push(Piece { x, field: name, text, role: Role::Text, stand: Stand::Left });
                x = x.saturating_add(name);
                for ((text, role), field) in entry.figures.iter().zip(&figures) {
                    x = x.saturating_add(2);
                    let text = text.clone();
                    line.push(Piece { x, field: *field, text, role: *role, stand: Stand::Number });
                    x = x.saturating_add(*field);
                }
            }
            self.lines.push(line);
        }
    }
    /// Other sheets side by side below what there is, each beginning `step` columns after the one before.
    pub fn beside(&mut self, sheets: Vec<Self>, step: u16) {
        let high = sheets.iter().map(Self::len).max().unwrap_or(0);
        let first = self.lines.len();
        self.lines.resize(first.saturating_add(high), Vec::new());
        for (i, sheet) in sheets.into_iter().enumerate() {
            let shift = small(i).saturating_mul(step);
            for (line, pieces) in self.lines.iter_mut().skip(first).zip(sheet.lines) {
                line.extend(pieces.into_iter().map(|p| Piece { x: p.x.saturating_add(shift), ..p }));
            }
        }
    }
    /// Draws the lines from `scroll` on. Where they do not all fit, the last row says how many more there are.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, scroll: usize) -> Seen {
        let fits = self.lines.len() <= usize::from(area.height);
        let room = usize::from(area.height.saturating_sub(u16::from(!fits)));
        let seen = Seen { lines: self.lines.len(), room };
        let first = scroll.min(seen.last());
        for (y, line) in (area.y..area.bottom()).zip(self.lines.iter().skip(first).take(room)) {
            for piece in line {
                let style = canvas.style(piece.role);
                let x = area.x.saturating_add(piece.x);
                let field = piece.field.min(area.right().saturating_sub(x));
                match piece.stand {
                    Stand::Left => {
                        canvas.left(x, y, field, &piece.text, style);
                    }
                    Stand::Number => canvas.number(x, y, field, &piece.text, (0, style)),
                }
            }
        }
        if !fits && area.height > 0 {
            let below = seen.last().saturating_sub(first);
            let mut text = match below {
                0 => "the end".to_owned(),
                1 => "+1 more line".to_owned(),
                n => format!("+{n} more lines"),
            };
            if first > 0 {
                text = format!("{text}, {first} above");
            }
            let style = canvas.style(Role::Warning);
            canvas.left(area.x, area.bottom().saturating_sub(1), area.width, &text, style);
        }
        seen
    }
}

/// Lines of at most `room` columns, broken at blanks; a word that is longer than a line is broken anywhere.
fn broken(text: &str, room: u16) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let joined = width(&line).saturating_add(1).saturating_add(width(word));
        if !line.is_empty() && joined > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            let wide = width(c.encode_utf8(&mut [0; 4]));
            if !line.is_empty() && width(&line).saturating_add(wide) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_break_at_blanks_and_long_words_anywhere() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(broken("", 4), [""]);
        assert_eq!(broken("日本株 日本株", 5), ["日本", "株", "日本", "株"]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_sentence_is_lost(text in "[a-z ]{0,80}", room in 1_u16..40) {
            let lines = broken(&text, room);
            let kept: String = lines.concat().split(' ').collect();
            let whole: String = text.split(' ').collect();
            prop_assert_eq!(kept, whole);
            for line in lines {
                prop_assert!(width(&line) <= room, "{:?}", line);
            }
        }
    }
}
