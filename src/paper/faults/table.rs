//! Walks a script's text key by key: every mistake is collected with its place, and every key that is asked for is
//! noted, so that what is left over is a slip of the pen.

use super::read::Mistake;
use crate::domain::money::parse_decimal;
use rust_decimal::Decimal;
use std::{cell::RefCell, ops::RangeInclusive};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The most mistakes that are told: a file with more is not a script.
const MISTAKES_MAX: usize = 20;
/// The most characters of a value that a mistake repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// The text, where its lines begin, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, mistakes: RefCell::new(Vec::new()) }
    }
    /// Line and column of a byte.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        (line, column)
    }
    pub(super) fn fail(&self, at: usize, problem: impl Into<String>) {
        let mut mistakes = self.mistakes.borrow_mut();
        if mistakes.len() < MISTAKES_MAX {
            let (line, column) = self.place(at);
            mistakes.push(Mistake { line, column, problem: problem.into() });
        }
    }
}

/// A table of the file. Every key that is asked for is noted, so that what is left over is a slip of the pen.
#[derive(Debug)]
pub(super) struct Table<'a> {
    reader: &'a Reader<'a>,
    name: &'static str,
    table: &'a DeTable<'a>,
    start: usize,
    known: RefCell<Vec<&'static str>>,
}

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Table<'a> {
    pub(super) const fn new(
        reader: &'a Reader<'a>,
        name: &'static str,
        table: &'a DeTable<'a>,
        start: usize,
    ) -> Self {
        Self { reader, name, table, start, known: RefCell::new(Vec::new()) }
    }
    pub(super) fn line(&self) -> usize {
        self.reader.place(self.start).0
    }
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Value<'a>> {
        if !self.known.borrow().contains(&key) {
            self.known.borrow_mut().push(key);
        }
        self.table.get(key)
    }
    pub(super) fn fail(&self, value: &Value<'_>, expected: &str) {
        let key = self.table.iter().find(|(_, v)| v.span() == value.span());
        let name = key
            .map_or_else(String::new, |(k, _)| format!("`{}` is {}: ", k.get_ref(), shown(value.get_ref())));
        let name = if name.is_empty() { format!("{}: ", shown(value.get_ref())) } else { name };
        self.reader.fail(value.span().start, format!("{name}{expected}"));
    }
    /// Notes that a key's value does not go with the others.
    pub(super) fn wrong(&self, key: &'static str, expected: &str) {
        if let Some(value) = self.value(key) {
            self.fail(value, expected);
        }
    }
    /// A key that has to be there: notes that it is not, unless its value was found wrong already.
    pub(super) fn needed<T>(&self, key: &'static str, read: Option<T>, example: &str) -> Option<T> {
        match (&read, self.value(key)) {
            (Some(_), _) => {}
            (None, None) => {
                self.reader.fail(self.start, format!("{} has no `{key}`: write {example}", self.name));
            }
            (None, Some(value)) => {
                let place = self.reader.place(value.span().start);
                let is_told = self.reader.mistakes.borrow().iter().any(|m| (m.line, m.column) == place);
                if !is_told {
                    self.fail(value, &format!("write {example}"));
                }
            }
        }
        read
    }
    pub(super) fn text(&self, key: &'static str) -> Option<&'a str> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.fail(value, "write it in quotes");
        }
        text
    }
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.fail(value, "write true or false");
        }
        flag
    }
    pub(super) fn number(&self, key: &'static str, expected: &str) -> Option<Decimal> {
        let value = self.value(key)?;
        let number = number(value.get_ref());
        if number.is_none() {
            self.fail(value, &format!("write {expected}"));
        }
        number
    }
    pub(super) fn whole(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let number = value.get_ref().as_integer().filter(|n| n.radix() == 10);
        let number = number.and_then(|n| n.as_str().parse::<u64>().ok()).filter(|n| range.contains(n));
        if number.is_none() {
            let most = if *range.end() == u64::MAX { String::new() } else { format!(" to {}", range.end()) };
            self.fail(value, &format!("write a whole number from {}{most}", range.start()));
        }
        number
    }
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str().unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, t)| *t);
        if found.is_none() {
            self.fail(value, &format!("write {}", quoted(words)));
        }
        found
    }
    pub(super) fn need<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        self.needed(key, self.word(key, words), &quoted(words))
    }
    /// A list of texts; a single one counts as a list of one.
    pub(super) fn list(&self, key: &'static str) -> Vec<(&'a str, &'a Value<'a>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let Some(one) = value.get_ref().as_str() {
            return vec![(one, value)];
        }
        let texts = value.get_ref().as_array().map(|items| {
            items
                .iter()
                .map(|item| item.get_ref().as_str().map(|text| (text, item)))
                .collect::<Option<Vec<_>>>()
        });
        texts.flatten().unwrap_or_else(|| {
            self.fail(value, "write a text in quotes, or a list of texts in brackets");
            Vec::new()
        })
    }
    fn below(&self, name: &'static str, value: &'a Value<'a>, header: &str) -> Option<Self> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.fail(value, &format!("write a table that begins with {header}"));
        }
        Some(Self::new(self.reader, name, table?, value.span().start))
    }
    pub(super) fn table(&self, key: &'static str) -> Option<Self> {
        self.below("[furnish]", self.value(key)?, "[furnish]")
    }
    /// Tables under `[[key]]`.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let (name, header) = match key {
            "fault" => ("this [[fault]]", "[[fault]]"),
            "position" => ("this [[position]]", "[[position]]"),
            _ => ("this [[order]]", "[[order]]"),
        };
        let Some(items) = value.get_ref().as_array() else {
            self.fail(value, &format!("write tables that begin with {header}"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.below(name, item, header)).collect()
    }
    /// Whatever was not asked for is a slip of the pen.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.table.keys().filter(|k| !known.contains(&k.get_ref().as_ref())) {
            let problem = format!(
                "`{}` is not a key of {}: there are {}",
                safe(key.get_ref()),
                self.name,
                known.join(", ")
            );
            self.reader.fail(key.span().start, problem);
        }
    }
}

fn quoted<T>(words: &[(&'static str, T)]) -> String {
    words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
}

/// A number in quotes or without.
pub(super) fn number(value: &DeValue<'_>) -> Option<Decimal> {
    let whole = value.as_integer().filter(|n| n.radix() == 10).map(toml::de::DeInteger::as_str);
    let text = whole.or_else(|| value.as_float().map(toml::de::DeFloat::as_str)).or_else(|| value.as_str());
    text.and_then(|t| parse_decimal(t).ok())
}

/// A value for people.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("`\"{}\"`", safe(text)),
        DeValue::Integer(n) => format!("`{}`", safe(n.as_str())),
        DeValue::Float(n) => format!("`{}`", safe(n.as_str())),
        DeValue::Boolean(b) => format!("`{b}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Short, and without characters that move a cursor.
pub(super) fn safe(text: &str) -> String {
    text.chars().filter(|c| !crate::domain::text::is_unsafe(*c)).take(SHOWN_CHARS_MAX).collect()
}
