//! A line cut into words with their places. A word may hold a quoted part (`tag "two words"`).

use super::{
    LINE_BYTES_MAX,
    error::{GrammarError, Kind, code_point},
    word::Word,
};
use crate::domain::text::is_unsafe;
use std::{borrow::Cow, iter::Peekable, ops::Range, str::CharIndices};

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Its place in the line, quotes included.
    pub(super) at: Range<usize>,
    /// Its text without quotes.
    pub(super) text: String,
    /// Did any of it stand in quotes? Such a word is never a keyword.
    pub(super) quoted: bool,
}

impl Token {
    /// The keyword that it is, if it is one.
    pub(super) fn word(&self) -> Option<Word> {
        if self.quoted { None } else { Word::of(&self.text) }
    }
    /// The rest after a leading mark such as `@`, where it has one.
    pub(super) fn after(&self, mark: char) -> Option<&str> {
        self.text.strip_prefix(mark)
    }
}

/// The words of a line, read from left to right.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    line: &'a str,
    tokens: Vec<Token>,
    next: usize,
}

impl<'a> Tokens<'a> {
    /// Cuts a line that holds at least one word.
    pub(super) fn of(line: &'a str) -> Result<Self, GrammarError> {
        let expected = "write an order such as `buy AAPL 100`";
        let tokens = lex(line)?;
        if tokens.is_empty() {
            return Err(GrammarError::new(line, 0..line.len(), Kind::Empty, expected));
        }
        Ok(Self { line, tokens, next: 0 })
    }
    /// The word that comes next.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }
    /// Takes the next word.
    pub(super) fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned()?;
        self.next = self.next.saturating_add(1);
        Some(token)
    }
    /// Takes the next word if it is this keyword.
    pub(super) fn take_if(&mut self, word: Word) -> bool {
        let hit = self.peek().and_then(Token::word) == Some(word);
        if hit {
            self.next = self.next.saturating_add(1);
        }
        hit
    }
    /// Takes the next word, which has to be there.
    pub(super) fn need(
        &mut self,
        what: &str,
        expected: impl Into<Cow<'static, str>>,
    ) -> Result<Token, GrammarError> {
        match self.take() {
            Some(token) => Ok(token),
            None => Err(self.missing(what, expected)),
        }
    }
    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), GrammarError> {
        match self.peek() {
            Some(token) => Err(self.fail(token, Kind::Word, "the order ends before it")),
            None => Ok(()),
        }
    }
    /// An error about a word.
    pub(super) fn fail(
        &self,
        token: &Token,
        kind: Kind,
        expected: impl Into<Cow<'static, str>>,
    ) -> GrammarError {
        self.fail_at(&token.at, kind, expected)
    }
    /// An error about a place.
    pub(super) fn fail_at(
        &self,
        at: &Range<usize>,
        kind: Kind,
        expected: impl Into<Cow<'static, str>>,
    ) -> GrammarError {
        GrammarError::new(self.line, at.clone(), kind, expected)
    }
    /// Something should stand after the last word that was taken.
    pub(super) fn missing(&self, what: &str, expected: impl Into<Cow<'static, str>>) -> GrammarError {
        let last = self.next.checked_sub(1).and_then(|n| self.tokens.get(n)).map_or(0, |t| t.at.end);
        GrammarError::missing(self.line, last, what, expected)
    }
    /// The rest of the line as it stands; nothing is left afterwards.
    pub(super) fn rest(&mut self) -> (&'a str, Range<usize>) {
        let end = self.tokens.last().map_or(0, |t| t.at.end);
        let start = self.peek().map_or(end, |t| t.at.start);
        self.next = self.tokens.len();
        (self.line.get(start..end).unwrap_or_default(), start..end)
    }
}

/// Cuts a line into words.
pub(super) fn lex(line: &str) -> Result<Vec<Token>, GrammarError> {
    check(line)?;
    let mut chars = line.char_indices().peekable();
    let mut tokens = Vec::new();
    while let Some((start, c)) = chars.peek().copied() {
        if c.is_whitespace() {
            chars.next();
        } else {
            tokens.push(one(line, start, &mut chars)?);
        }
    }
    Ok(tokens)
}

fn check(line: &str) -> Result<(), GrammarError> {
    if line.len() > LINE_BYTES_MAX {
        let expected = format!("it has {} bytes and the most is {LINE_BYTES_MAX}", line.len());
        return Err(GrammarError::new(line, 0..0, Kind::Long, expected));
    }
    if let Some((at, c)) = line.char_indices().find(|(_, c)| is_unsafe(*c)) {
        let expected = format!("remove the character {}", code_point(c));
        return Err(GrammarError::new(line, at..at.saturating_add(c.len_utf8()), Kind::Unsafe, expected));
    }
    Ok(())
}

fn one(line: &str, start: usize, chars: &mut Peekable<CharIndices<'_>>) -> Result<Token, GrammarError> {
    let mut token = Token { at: start..start, text: String::new(), quoted: false };
    while let Some((at, c)) = chars.peek().copied() {
        if c.is_whitespace() {
            break;
        }
        chars.next();
        if c == '"' {
            token.quoted = true;
            let Some(end) = quoted(&mut token.text, chars) else {
                return Err(GrammarError::new(line, at..line.len(), Kind::Quote, "end it with `\"`"));
            };
            token.at.end = end;
        } else {
            token.text.push(c);
            token.at.end = at.saturating_add(c.len_utf8());
        }
    }
    Ok(token)
}

/// Reads up to the closing quote; gives the byte after it, or `None` if there is none.
fn quoted(text: &mut String, chars: &mut Peekable<CharIndices<'_>>) -> Option<usize> {
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at.saturating_add(1)),
            '\\' => text.push(chars.next()?.1),
            other => text.push(other),
        }
    }
    None
}

/// The text as one word of a line: quoted where it has to be.
pub(super) fn quote(text: &str) -> String {
    if !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"') {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
