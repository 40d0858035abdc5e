//! The `:` line and the `/` line.

use crate::domain::text::Text;
use smol_str::SmolStr;
use tui_input::Input;

/// A possible completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the line that it replaces.
    pub range: std::ops::Range<usize>,
    /// The word that would stand there.
    pub word: String,
    /// What it is, in a few words.
    pub words: SmolStr,
}

/// Why a line is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The place, in characters from the start of the line: the caret stands below it.
    pub at: usize,
    /// One sentence.
    pub text: Text,
}

/// The `:` line while it is open.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    /// What is typed.
    pub input: Input,
    /// What could stand at the cursor.
    pub completions: Vec<Completion>,
    /// Which of them Tab has put there.
    pub chosen: Option<usize>,
    /// Why the line was not taken.
    pub error: Option<LineError>,
    /// Which line of the history is shown; `None` is the new one.
    pub recalled: Option<usize>,
    /// The new line, while one of the history is shown; the line as typed, while a completion stands in it.
    pub typed: String,
}

/// The `/` line while it is open. The filter acts while it is typed.
#[derive(Debug, Clone)]
pub struct FilterLine {
    /// The table it is for.
    pub pane: super::focus::Pane,
    /// What is typed.
    pub input: Input,
}
