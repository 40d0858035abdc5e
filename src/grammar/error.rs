//! What is wrong with a line: one sentence with the place, and a caret line to stand under it.

use crate::domain::text::is_unsafe;
use std::{borrow::Cow, fmt, ops::Range};

/// The most characters of a line that an error repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// What kind of mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was typed.
    Empty,
    /// The line is too long to be an order.
    Long,
    /// A character that can't be shown.
    Unsafe,
    /// A quote that is never closed.
    Quote,
    /// The first word is no order word.
    Command,
    /// A word that means nothing where it stands.
    Word,
    /// Not a symbol.
    Symbol,
    /// Not a number.
    Number,
    /// A number that makes no sense here.
    Range,
    /// Something that has to be there is not.
    Missing,
    /// A field that was given before.
    Twice,
    /// Two fields that exclude each other.
    Contradiction,
    /// Not a venue's name.
    Venue,
    /// Not an order's id.
    Order,
    /// Not a date.
    Date,
    /// Not a tag.
    Tag,
    /// A reason that is too long.
    Reason,
    /// Not a placeholder, or one that has no value now.
    Placeholder,
}

impl Kind {
    const fn says(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::Long => "is too long",
            Self::Unsafe => "can't be shown on a screen",
            Self::Quote => "has no closing quote",
            Self::Command => "is not an order word",
            Self::Word => "means nothing here",
            Self::Symbol => "is not a symbol",
            Self::Number => "is not a number",
            Self::Range => "is out of range",
            Self::Missing => "is missing",
            Self::Twice => "is one too many",
            Self::Contradiction => "contradicts the rest",
            Self::Venue => "is not a venue's name",
            Self::Order => "is not an order's id",
            Self::Date => "is not a date",
            Self::Tag => "is not a tag",
            Self::Reason => "is too long a reason",
            Self::Placeholder => "has no value",
        }
    }
}

/// Why a line is not an order. Its `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrammarError {
    /// Where, in bytes of the line.
    pub at: Range<usize>,
    /// Where, in characters, counted from one.
    pub column: usize,
    /// What kind of mistake.
    pub kind: Kind,
    /// What stands there, or for [`Kind::Missing`] what does not.
    pub got: String,
    /// What would be right.
    pub expected: Cow<'static, str>,
}

impl GrammarError {
    /// About the part `at` of `line`.
    pub(super) fn new(
        line: &str,
        at: Range<usize>,
        kind: Kind,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let got = shown(line.get(at.clone()).unwrap_or_default());
        Self { column: column(line, at.start), at, kind, got, expected: expected.into() }
    }
    /// `what` should stand at `place`.
    pub(super) fn missing(
        line: &str,
        place: usize,
        what: &str,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            at: place..place,
            column: column(line, place),
            kind: Kind::Missing,
            got: what.to_owned(),
            expected: expected.into(),
        }
    }
    /// The same error in a longer line that has this text at byte `offset`.
    pub fn moved(mut self, line: &str, offset: usize) -> Self {
        self.at = self.at.start.saturating_add(offset)..self.at.end.saturating_add(offset);
        self.column = column(line, self.at.start);
        self
    }
    /// Spaces and carets, to be shown under the line in a fixed-width font. Nothing for a place so far to the right
    /// that no line under it could point there.
    pub fn caret(&self, line: &str) -> String {
        if self.column > 500 {
            return String::new();
        }
        let marked = line.get(self.at.clone()).map_or(0, |t| t.chars().count()).clamp(1, 120);
        format!("{}{}", " ".repeat(self.column.saturating_sub(1)), "^".repeat(marked))
    }
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (got, column, says, expected) = (&self.got, self.column, self.kind.says(), &self.expected);
        match self.kind {
            Kind::Empty | Kind::Long => write!(f, "the order line {says}: {expected}"),
            Kind::Missing => write!(f, "{got} {says} at column {column}: {expected}"),
            Kind::Unsafe
            | Kind::Quote
            | Kind::Command
            | Kind::Word
            | Kind::Symbol
            | Kind::Number
            | Kind::Range
            | Kind::Twice
            | Kind::Contradiction
            | Kind::Venue
            | Kind::Order
            | Kind::Date
            | Kind::Tag
            | Kind::Reason
            | Kind::Placeholder => write!(f, "`{got}` at column {column} {says}: {expected}"),
        }
    }
}

impl std::error::Error for GrammarError {}

/// Characters before byte `at`, plus one.
fn column(line: &str, at: usize) -> usize {
    line.char_indices().take_while(|(i, _)| *i < at).count().saturating_add(1)
}

/// A short piece of the line that is safe to show.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n >= SHOWN_CHARS_MAX {
            out.push('…');
            break;
        }
        if is_unsafe(c) { out.push_str(&code_point(c)) } else { out.push(c) }
    }
    out
}

/// `U+202E`.
pub(super) fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// The one of `words` that `text` is probably a slip of.
pub fn nearest<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let short: String = text.chars().take(SHOWN_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let allowed = match short.chars().count() {
        0 | 1 => return None,
        2..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    let far = |word: &str| strsim::damerau_levenshtein(&short, &word.to_lowercase());
    words
        .into_iter()
        .map(|w| (far(w), w))
        .filter(|(d, _)| *d <= allowed)
        .min_by_key(|(d, _)| *d)
        .map(|(_, w)| w)
}
