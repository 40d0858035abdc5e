//! Cells to bytes, and no more of them than needed: each run of cells is placed once, and of a style only what
//! changes is said.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use std::io::{self, Write};

/// What the terminal writes with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// As the terminal stands before and after every call.
const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// Bold and faint: one code ends both.
const WEIGHT: Modifier = Modifier::BOLD.union(Modifier::DIM);

/// The other attributes with the codes that begin and end each.
const ATTRIBUTES: [(Modifier, u8, u8); 7] = [
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Writes these cells, given in reading order. The terminal's style is plain before and after.
pub(super) fn encode<'a>(
    out: &mut Vec<u8>,
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
) -> io::Result<()> {
    let mut pen = PLAIN;
    let mut cursor = None;
    for (x, y, cell) in cells {
        if cursor != Some((x, y)) {
            write!(out, "\x1b[{};{}H", y.saturating_add(1), x.saturating_add(1))?;
        }
        let next = Pen { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        change(out, pen, next)?;
        pen = next;
        out.extend_from_slice(cell.symbol().as_bytes());
        // Behind a wide character the place is said anew: terminals differ over how wide some are.
        cursor = Some((x.saturating_add(1), y));
    }
    if pen != PLAIN {
        out.extend_from_slice(b"\x1b[0m");
    }
    Ok(())
}

fn change(out: &mut Vec<u8>, from: Pen, to: Pen) -> io::Result<()> {
    if from == to {
        return Ok(());
    }
    let mut codes = Codes { out, any: false };
    if from.modifier != to.modifier {
        attributes(&mut codes, from.modifier, to.modifier)?;
    }
    if from.fg != to.fg {
        codes.color(30, to.fg)?;
    }
    if from.bg != to.bg {
        codes.color(40, to.bg)?;
    }
    if codes.any {
        out.push(b'm');
    }
    Ok(())
}

fn attributes(codes: &mut Codes<'_>, from: Modifier, to: Modifier) -> io::Result<()> {
    let mut lit = from;
    if from.intersection(WEIGHT).intersects(!to) {
        codes.put(format_args!("22"))?;
        lit.remove(WEIGHT);
    }
    for (attribute, _, end) in ATTRIBUTES {
        if lit.contains(attribute) && !to.contains(attribute) {
            codes.put(format_args!("{end}"))?;
        }
    }
    let weights = [(Modifier::BOLD, 1, 22), (Modifier::DIM, 2, 22)];
    for (attribute, begin, _) in weights.into_iter().chain(ATTRIBUTES) {
        if to.contains(attribute) && !lit.contains(attribute) {
            codes.put(format_args!("{begin}"))?;
        }
    }
    Ok(())
}

/// The codes of one escape sequence, with `;` between them.
struct Codes<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl Codes<'_> {
    fn put(&mut self, code: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.out.extend_from_slice(if self.any { b";" } else { b"\x1b[" });
        self.any = true;
        self.out.write_fmt(code)
    }

    /// `base` is 30 for the letters and 40 for the ground.
    fn color(&mut self, base: u8, color: Color) -> io::Result<()> {
        let (extended, plain) = (base.saturating_add(8), base.saturating_add(9));
        match color {
            Color::Reset => self.put(format_args!("{plain}")),
            Color::Rgb(r, g, b) => self.put(format_args!("{extended};2;{r};{g};{b}")),
            Color::Indexed(n) => self.put(format_args!("{extended};5;{n}")),
            Color::Black => self.named(extended, 0),
            Color::Red => self.named(extended, 1),
            Color::Green => self.named(extended, 2),
            Color::Yellow => self.named(extended, 3),
            Color::Blue => self.named(extended, 4),
            Color::Magenta => self.named(extended, 5),
            Color::Cyan => self.named(extended, 6),
            Color::Gray => self.named(extended, 7),
            Color::DarkGray => self.named(extended, 8),
            Color::LightRed => self.named(extended, 9),
            Color::LightGreen => self.named(extended, 10),
            Color::LightYellow => self.named(extended, 11),
            Color::LightBlue => self.named(extended, 12),
            Color::LightMagenta => self.named(extended, 13),
            Color::LightCyan => self.named(extended, 14),
            Color::White => self.named(extended, 15),
        }
    }

    /// One of the sixteen that a terminal's own settings colour.
    fn named(&mut self, extended: u8, n: u8) -> io::Result<()> {
        self.put(format_args!("{extended};5;{n}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::{
        backend::{Backend as _, CrosstermBackend},
        buffer::Buffer,
        layout::Rect,
        style::Style,
    };

    fn color() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Reset),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
            any::<u8>().prop_map(Color::Indexed),
            proptest::sample::select(vec![
                Color::Black,
                Color::Red,
                Color::Gray,
                Color::DarkGray,
                Color::LightRed,
                Color::White,
            ]),
        ]
    }
    fn style() -> impl Strategy<Value = Style> {
        let seen =
            Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::REVERSED;
        (color(), color(), any::<u16>()).prop_map(move |(fg, bg, bits)| {
            Style::new().fg(fg).bg(bg).add_modifier(Modifier::from_bits_truncate(bits) & seen)
        })
    }
    fn screen() -> impl Strategy<Value = Buffer> {
        let texts = proptest::sample::select(vec!["1", "AAPL", "価格", " ", "é", "▲ 2.5%"]);
        proptest::collection::vec((0_u16..20, 0_u16..4, texts, style()), 0..20).prop_map(|spans| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 4));
            for (x, y, text, style) in spans {
                buffer.set_string(x, y, text, style);
            }
            buffer
        })
    }

    fn terminal() -> vt100::Parser {
        let size = |n| std::num::NonZeroU16::new(n).unwrap();
        vt100::Parser::new(size(4), size(20), 0)
    }

    proptest! {
        /// What a terminal shows is what the usual backend would have made it show, in no more bytes.
        #[test]
        fn a_terminal_shows_the_same_as_by_the_usual_backend(screens in proptest::collection::vec(screen(), 1..5)) {
            let (mut ours, mut usual) = (terminal(), terminal());
            let mut before = Buffer::empty(Rect::new(0, 0, 20, 4));
            for screen in screens {
                let cells = before.diff(&screen);
                let (mut a, mut b) = (Vec::new(), Vec::new());
                encode(&mut a, cells.iter().copied()).unwrap();
                crossterm::style::force_color_output(true);
                CrosstermBackend::new(&mut b).draw(cells.into_iter()).unwrap();
                prop_assert!(a.len() <= b.len());
                ours.process(&a);
                usual.process(&b);
                for (row, column) in (0..4).flat_map(|r| (0..20).map(move |c| (r, c))) {
                    prop_assert_eq!(ours.screen().cell(row, column), usual.screen().cell(row, column));
                }
                before = screen;
            }
        }
    }
}
