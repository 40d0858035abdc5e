//! Frames to bytes: what a frame changes goes out in one write, inside a synchronized update; what changes
//! nothing writes nothing.

use super::encode::encode;
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
    style::Print,
    terminal::{BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use std::io::{self, Write};

/// Room for a frame. A full one of 300 by 100 in many colours is about as large.
const FRAME_BYTES: usize = 256 * 1024;

/// Where the cursor is, as far as we have told the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Unknown,
    Hidden,
    At(Position),
}

/// A backend that writes once a frame.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    frame: Vec<u8>,
    cursor: Cursor,
    shown: bool,
    size: fn() -> io::Result<(u16, u16)>,
}

impl<W: Write> Screen<W> {
    /// On a terminal of this size.
    pub fn new(out: W, size: fn() -> io::Result<(u16, u16)>) -> Self {
        let frame = Vec::with_capacity(FRAME_BYTES);
        Self { out, frame, cursor: Cursor::Unknown, shown: true, size }
    }

    /// Where the bytes go.
    pub const fn out_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// The terminal's state is not known any more: another program may have had it.
    pub const fn forget(&mut self) {
        self.cursor = Cursor::Unknown;
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            queue!(self.frame, BeginSynchronizedUpdate)?;
        }
        Ok(())
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.begin()?;
        // The cursor is wherever the last changed cell was.
        if let Cursor::At(_) = self.cursor {
            self.cursor = Cursor::Unknown;
        }
        encode(&mut self.frame, content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor == Cursor::Hidden {
            return Ok(());
        }
        self.begin()?;
        self.cursor = Cursor::Hidden;
        self.shown = false;
        queue!(self.frame, Hide)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.shown && self.cursor != Cursor::Unknown {
            return Ok(());
        }
        self.begin()?;
        self.cursor = Cursor::Unknown;
        self.shown = true;
        queue!(self.frame, Show)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // The terminal is never asked: its answer would come through the keyboard.
        match self.cursor {
            Cursor::At(place) => Ok(place),
            Cursor::Unknown | Cursor::Hidden => Ok(Position::ORIGIN),
        }
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let place = position.into();
        if self.cursor == Cursor::At(place) {
            return Ok(());
        }
        self.begin()?;
        self.cursor = Cursor::At(place);
        queue!(self.frame, MoveTo(place.x, place.y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.begin()?;
        queue!(
            self.frame,
            Clear(match region {
                ClearType::All => crossterm::terminal::ClearType::All,
                ClearType::AfterCursor => crossterm::terminal::ClearType::FromCursorDown,
                ClearType::BeforeCursor => crossterm::terminal::ClearType::FromCursorUp,
                ClearType::CurrentLine => crossterm::terminal::ClearType::CurrentLine,
                ClearType::UntilNewLine => crossterm::terminal::ClearType::UntilNewLine,
            })
        )
    }

    fn append_lines(&mut self, lines: u16) -> io::Result<()> {
        self.begin()?;
        (0..lines).try_for_each(|_| queue!(self.frame, Print("\n")))
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = (self.size)()?;
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    /// The end of the frame.
    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        queue!(self.frame, EndSynchronizedUpdate)?;
        let written = self.out.write_all(&self.frame).and_then(|()| self.out.flush());
        self.frame.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{Terminal, widgets::Paragraph};

    /// Counts writes.
    #[derive(Debug, Default)]
    struct Writes(Vec<Vec<u8>>);
    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn screen() -> Terminal<Screen<Writes>> {
        Terminal::new(Screen::new(Writes::default(), || Ok((40, 5)))).unwrap()
    }

    fn frame(terminal: &mut Terminal<Screen<Writes>>, text: &str) -> Vec<Vec<u8>> {
        terminal.draw(|f| f.render_widget(Paragraph::new(text), f.area())).unwrap();
        std::mem::take(&mut terminal.backend_mut().out_mut().0)
    }

    #[test]
    fn a_frame_is_one_write_in_a_synchronized_update() {
        let writes = frame(&mut screen(), "AAPL 175.52");
        assert_eq!(writes.len(), 1);
        let text = String::from_utf8(writes[0].clone()).unwrap();
        assert!(text.starts_with("\u{1b}[?2026h") && text.ends_with("\u{1b}[?2026l"), "{text:?}");
        assert!(text.contains("175.52"));
    }

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let mut terminal = screen();
        assert_eq!(frame(&mut terminal, "same").len(), 1);
        assert_eq!(frame(&mut terminal, "same").len(), 0);
        assert_eq!(frame(&mut terminal, "sane").len(), 1);
    }

    #[test]
    fn a_changed_cell_costs_little() {
        let mut terminal = screen();
        frame(&mut terminal, "AAPL 175.52");
        let bytes: usize = frame(&mut terminal, "AAPL 175.53").iter().map(Vec::len).sum();
        assert!(bytes < 60, "{bytes}");
    }

    #[test]
    fn a_cursor_that_stays_writes_nothing() {
        let mut terminal = screen();
        let mut put = |x: u16| {
            terminal.draw(|f| f.set_cursor_position((x, 0))).unwrap();
            std::mem::take(&mut terminal.backend_mut().out_mut().0).len()
        };
        assert_eq!([put(3), put(3), put(4)], [1, 0, 1]);
    }
}
