//! The terminal: taken and given back, whatever happens. Everything here is called by the thread that draws, or by the
//! one that handles a key while the other waits for it; except the panic hook.

use super::{model::ColorMode, screen::Screen};
use crate::domain::text::Text;
use crossterm::{
    clipboard::CopyToClipboard,
    cursor::{Hide, Show},
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
        EnableFocusChange, EnableMouseCapture, Event,
    },
    queue,
    style::{Print, ResetColor},
    terminal::{
        Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use nix::{
    fcntl::OFlag,
    sys::signal::{Signal, kill, raise},
    unistd::{Pid, dup2_stdin, getpgrp, getsid, pipe2},
};
use ratatui::{Frame, backend::Backend as _};
use std::{
    io::{self, IsTerminal as _, Stdout, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output is a file or a pipe.
    #[error(
        "{0} is not a terminal: the dashboard needs one; `tradedeck --help` shows the commands that don't"
    )]
    NotATerminal(&'static str),
    /// A terminal without a cursor.
    #[error("TERM is `{0}`: the dashboard needs a terminal that can move its cursor, such as xterm-256color")]
    Dumb(String),
    /// The operating system says no.
    #[error("the terminal can't be used: {0}")]
    Io(#[from] io::Error),
}

/// How the terminal is used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Take the mouse (the terminal's own selection then needs Shift).
    pub mouse: bool,
}

/// What an environment says of the terminal's colours.
pub fn color_mode(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> ColorMode {
    if no_color.is_some_and(|v| !v.is_empty()) {
        return ColorMode::None;
    }
    let says = |v: Option<&str>, words: &[&str]| v.is_some_and(|v| words.iter().any(|w| v.contains(w)));
    if says(colorterm, &["truecolor", "24bit"]) || says(term, &["direct", "kitty", "alacritty", "ghostty"]) {
        ColorMode::Truecolor
    } else {
        ColorMode::Ansi16
    }
}

/// Does the environment's character set hold more than ASCII? The first that is set decides.
pub fn is_utf8(lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> bool {
    let set = [lc_all, lc_ctype, lang].into_iter().flatten().find(|v| !v.is_empty());
    set.is_some_and(|v| {
        let v = v.to_ascii_lowercase();
        v.contains("utf-8") || v.contains("utf8")
    })
}

/// Can a dashboard be shown? `term` is the environment's TERM.
///
/// # Errors
/// Input or output is no terminal, or one that can't move its cursor.
pub fn check(term: Option<&str>) -> Result<(), TerminalError> {
    if !io::stdin().is_terminal() {
        return Err(TerminalError::NotATerminal("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(TerminalError::NotATerminal("standard output"));
    }
    is_able(term)
}

fn is_able(term: Option<&str>) -> Result<(), TerminalError> {
    match term {
        None | Some("") => Err(TerminalError::Dumb("not set".to_owned())),
        Some("dumb") => Err(TerminalError::Dumb("dumb".to_owned())),
        Some(_) => Ok(()),
    }
}

/// The terminal while we have it. Dropping gives it back.
#[derive(Debug)]
pub struct Terminal {
    inner: ratatui::Terminal<Screen<Stdout>>,
    taken: Arc<AtomicBool>,
    options: Options,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// See [`check`]; or the operating system refuses.
    pub fn open(term: Option<&str>, options: Options) -> Result<Self, TerminalError> {
        check(term)?;
        let inner = ratatui::Terminal::new(Screen::new(io::stdout(), crossterm::terminal::size))?;
        let mut terminal = Self { inner, taken: Arc::default(), options };
        terminal.take()?;
        Ok(terminal)
    }

    /// Gives the terminal back before the message of a panic in any thread but the engine's, so that it can be read.
    pub fn restore_on_panic(&self) {
        let taken = Arc::clone(&self.taken);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // The engine catches what a watcher does wrong, says so on this very screen, and goes on; when it ends for
            // good, whoever waits for it gives the terminal back and says why. Orders step it on the keys' thread.
            if matches!(std::thread::current().name(), Some("engine" | "keys")) {
                return;
            }
            if taken.swap(false, Ordering::SeqCst) {
                // Nothing can be done about an error here; the message follows either way.
                drop(leave(&mut io::stdout()));
            }
            before(info);
        }));
    }

    fn take(&mut self) -> io::Result<()> {
        // Another program may have changed the modes since (`fg` after a stop): begin from the saved ones.
        disable_raw_mode()?;
        enable_raw_mode()?;
        self.taken.store(true, Ordering::SeqCst);
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        if self.options.mouse {
            queue!(bytes, EnableMouseCapture)?;
        }
        queue!(bytes, Clear(ClearType::All), Hide)?;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let out = self.inner.backend_mut().out_mut();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Gives the terminal back. Nothing is drawn until it is taken again.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn restore(&mut self) -> io::Result<()> {
        if self.taken.swap(false, Ordering::SeqCst) { leave(&mut io::stdout()) } else { Ok(()) }
    }

    /// Takes the terminal again and paints every cell: after SIGCONT.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        self.take()?;
        self.repaint()
    }

    /// Gives the terminal back, stops until SIGCONT, and takes it again. `whole_job` stops what started us too
    /// (`cargo run`), as Ctrl-Z in a shell would; a SIGTSTP from outside stops only whom it was sent to. Without a
    /// shell that could say `fg`, the whole job does not stop: nothing would ever start it again.
    ///
    /// Of the program's first thread only: the system gives it a signal that is for the whole process. Another would take
    /// the terminal again before the process has stopped.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn suspend(&mut self, whole_job: bool) -> io::Result<()> {
        if whole_job && getsid(None)? == getpgrp() {
            return self.repaint();
        }
        self.restore()?;
        if whole_job {
            kill(Pid::from_raw(0), Signal::SIGSTOP)?;
        } else {
            raise(Signal::SIGSTOP)?;
        }
        self.resume()
    }

    /// The next frame paints every cell.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn repaint(&mut self) -> io::Result<()> {
        let screen = self.inner.backend_mut();
        screen.forget();
        screen.clear()?;
        // Empties the last frame, so that all of the next differs from it. `Terminal::clear` would ask the
        // terminal where its cursor is and wait for the answer.
        self.inner.swap_buffers();
        Ok(())
    }

    /// Draws one frame, in one write. Nothing while the terminal is given back.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if self.taken.load(Ordering::SeqCst) {
            self.inner.draw(view)?;
        }
        Ok(())
    }

    /// To the clipboard, where the terminal allows that (OSC 52). The text is clean: its type says so.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn copy(&mut self, text: &Text) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text.as_str()))?;
        self.write(&bytes)
    }

    /// Rings.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, Print('\u{7}'))?;
        self.write(&bytes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to give back.
        drop(self.restore());
    }
}

/// Gives the terminal back, as far as it goes: a failure of one step does not keep the others from being tried.
///
/// # Errors
/// The first failure.
pub fn leave(out: &mut impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    queue!(
        bytes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    )?;
    let written = out.write_all(&bytes).and_then(|()| out.flush());
    written.and(disable_raw_mode())
}

/// The terminal is gone: who reads keys from it reads from something else, in which nothing ever comes. Else it would be
/// told for ever that there is something to read, and find nothing.
///
/// # Errors
/// The system gives nothing else to read from.
pub fn let_go_of_keys() -> io::Result<()> {
    let (nothing, feeder) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
    dup2_stdin(nothing)?;
    // Closed, it would be the end of what is read, which is told for ever too.
    std::mem::forget(feeder);
    Ok(())
}

/// Reads events until `take` wants no more; after each, `behind` is told whether another has come already. Blocks; runs in
/// a thread of its own.
///
/// # Errors
/// The terminal is gone.
pub fn read_events(mut take: impl FnMut(Event) -> bool, mut behind: impl FnMut(bool)) -> io::Result<()> {
    while take(crossterm::event::read()?) {
        // Half an escape sequence holds this up as it does the reading.
        behind(crossterm::event::poll(Duration::ZERO)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        for (no_color, colorterm, term, want) in [
            (Some("1"), Some("truecolor"), Some("xterm"), ColorMode::None),
            (Some(""), Some("truecolor"), Some("xterm"), ColorMode::Truecolor),
            (None, Some("24bit"), None, ColorMode::Truecolor),
            (None, None, Some("xterm-kitty"), ColorMode::Truecolor),
            (None, None, Some("xterm-256color"), ColorMode::Ansi16),
            (None, None, None, ColorMode::Ansi16),
        ] {
            assert_eq!(color_mode(no_color, colorterm, term), want, "{no_color:?} {colorterm:?} {term:?}");
        }
    }

    #[test]
    fn signs_follow_the_locale() {
        assert!(is_utf8(None, None, Some("en_US.UTF-8")));
        assert!(is_utf8(Some(""), Some("C.utf8"), Some("C")));
        assert!(!is_utf8(Some("C"), None, Some("en_US.UTF-8")));
        assert!(!is_utf8(None, None, None));
    }

    #[test]
    fn a_terminal_that_can_t_is_said_so() {
        assert!(is_able(Some("xterm-256color")).is_ok());
        let said = |term| is_able(term).unwrap_err().to_string();
        assert!(said(Some("dumb")).starts_with("TERM is `dumb`"));
        assert!(said(None).starts_with("TERM is `not set`"));
    }

    #[test]
    fn leaving_undoes_everything() {
        let mut bytes = Vec::new();
        // There is no terminal in a test: the modes can't be set, the bytes are written all the same.
        drop(leave(&mut bytes));
        let text = String::from_utf8(bytes).unwrap();
        for end in [
            "\u{1b}[?2026l",
            "\u{1b}[?1049l",
            "\u{1b}[?25h",
            "\u{1b}[?2004l",
            "\u{1b}[?1004l",
            "\u{1b}[?1006l",
        ] {
            assert!(text.contains(end), "{end:?}");
        }
    }
}
