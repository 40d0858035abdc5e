//! The signs that are not letters, twice: for terminals that show Unicode, and for those that show only ASCII.

/// Arms of a line's cell.
pub const LEFT: u8 = 1;
/// See [`LEFT`].
pub const RIGHT: u8 = 2;
/// See [`LEFT`].
pub const UP: u8 = 4;
/// See [`LEFT`].
pub const DOWN: u8 = 8;

/// Signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyphs {
    /// Nothing but ASCII.
    pub ascii: bool,
    /// Line cells by their arms.
    lines: [&'static str; 16],
    /// Heights of a column in a small chart, lowest first.
    pub levels: [char; 8],
    /// Text was cut here.
    pub ellipsis: &'static str,
    /// There is no figure.
    pub none: &'static str,
    /// Rising.
    pub up: &'static str,
    /// Falling.
    pub down: &'static str,
    /// Neither.
    pub flat: &'static str,
    /// Passed.
    pub pass: &'static str,
    /// Passed with a warning.
    pub warn: &'static str,
    /// Refused.
    pub fail: &'static str,
    /// A lamp that is on.
    pub lamp: &'static str,
    /// A lamp that is off.
    pub lamp_off: &'static str,
    /// A child with siblings below.
    pub child: &'static str,
    /// The last child.
    pub last_child: &'static str,
    /// The selected row, the chosen field.
    pub pointer: &'static str,
    /// Between things on one line.
    pub dot: &'static str,
    /// Sorted, smallest first.
    pub ascending: &'static str,
    /// Sorted, largest first.
    pub descending: &'static str,
    /// Leads to.
    pub arrow: &'static str,
    /// Dotted level in a chart.
    pub level_line: &'static str,
    /// A filled part of a bar.
    pub bar: &'static str,
    /// The rest of a bar.
    pub bar_rest: &'static str,
}

impl Glyphs {
    /// For terminals that show Unicode.
    pub const UNICODE: Self = Self {
        ascii: false,
        lines: [" ", "╴", "╶", "─", "╵", "╯", "╰", "┴", "╷", "╮", "╭", "┬", "│", "┤", "├", "┼"],
        levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        ellipsis: "…",
        none: "–",
        up: "▲",
        down: "▼",
        flat: "·",
        pass: "✓",
        warn: "!",
        fail: "✗",
        lamp: "●",
        lamp_off: "○",
        child: "├ ",
        last_child: "└ ",
        pointer: "▸",
        dot: "·",
        ascending: "↑",
        descending: "↓",
        arrow: "→",
        level_line: "┈",
        bar: "█",
        bar_rest: "·",
    };
    /// For terminals that show only ASCII.
    pub const ASCII: Self = Self {
        ascii: true,
        lines: [" ", "-", "-", "-", "|", "+", "+", "+", "|", "+", "+", "+", "|", "+", "+", "+"],
        levels: ['_', '_', '.', '.', '-', '-', '=', '^'],
        ellipsis: "~",
        none: "-",
        up: "^",
        down: "v",
        flat: " ",
        pass: "+",
        warn: "!",
        fail: "x",
        lamp: "*",
        lamp_off: "o",
        child: "|-",
        last_child: "`-",
        pointer: ">",
        dot: "|",
        ascending: "^",
        descending: "v",
        arrow: "->",
        level_line: ".",
        bar: "#",
        bar_rest: "-",
    };
    /// The cell of a line with these arms.
    pub fn line(&self, arms: u8) -> &'static str {
        self.lines.get(usize::from(arms & 15)).copied().unwrap_or(" ")
    }
    /// The arms of a line's cell; none for anything else.
    pub fn arms(&self, symbol: &str) -> u8 {
        match symbol {
            "-" | "─" => LEFT | RIGHT,
            "|" | "│" => UP | DOWN,
            "╴" => LEFT,
            "╶" => RIGHT,
            "╵" => UP,
            "╷" => DOWN,
            "╯" => LEFT | UP,
            "╰" => RIGHT | UP,
            "┴" => LEFT | RIGHT | UP,
            "╮" => LEFT | DOWN,
            "╭" => RIGHT | DOWN,
            "┬" => LEFT | RIGHT | DOWN,
            "┤" => LEFT | UP | DOWN,
            "├" => RIGHT | UP | DOWN,
            "+" | "┼" => LEFT | RIGHT | UP | DOWN,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_and_ascii_is_ascii() {
        for arms in 1..16 {
            assert_eq!(Glyphs::UNICODE.arms(Glyphs::UNICODE.line(arms)), arms);
        }
        assert!(format!("{:?}", Glyphs::ASCII).is_ascii());
    }
}
