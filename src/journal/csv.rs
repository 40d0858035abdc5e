//! Rows for spreadsheets (RFC 4180), in which no cell can become a formula.

use std::io::{self, Write};

/// One row under construction.
#[derive(Debug)]
pub(super) struct Row<'w, W: Write + ?Sized> {
    out: &'w mut W,
    begun: bool,
}

impl<'w, W: Write + ?Sized> Row<'w, W> {
    pub(super) const fn new(out: &'w mut W) -> Self {
        Self { out, begun: false }
    }

    fn separate(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) { self.out.write_all(b",") } else { Ok(()) }
    }

    /// A number or a word of ours: written as it is.
    pub(super) fn bare(&mut self, value: impl std::fmt::Display) -> io::Result<()> {
        self.separate()?;
        write!(self.out, "{value}")
    }

    /// A number, or an empty cell.
    pub(super) fn maybe(&mut self, value: Option<impl std::fmt::Display>) -> io::Result<()> {
        match value {
            Some(value) => self.bare(value),
            None => self.separate(),
        }
    }

    /// A text that came from outside: quoted where it must be, and with a `'` before what a spreadsheet would
    /// compute.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.separate()?;
        let guarded = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
        if !guarded && !text.contains([',', '"', '\r', '\n']) {
            return self.out.write_all(text.as_bytes());
        }
        self.out.write_all(if guarded { b"\"'" } else { b"\"" })?;
        for (n, part) in text.split('"').enumerate() {
            if n > 0 {
                self.out.write_all(b"\"\"")?;
            }
            self.out.write_all(part.as_bytes())?;
        }
        self.out.write_all(b"\"")
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(b"\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        let mut out = Vec::new();
        let mut row = Row::new(&mut out);
        row.bare(-1.5).unwrap();
        row.maybe(None::<u8>).unwrap();
        for text in ["plain", "a,b", "say \"no\"", "=1+1", "@x", "-2", "+3", "", "two\nlines"] {
            row.text(text).unwrap();
        }
        row.end().unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "-1.5,,plain,\"a,b\",\"say \"\"no\"\"\",\"'=1+1\",\"'@x\",\"'-2\",\"'+3\",,\"two\nlines\"\r\n"
        );
    }
}
