//! Walks a parsed TOML file key by key. Every mistake is collected with its place, so that one run shows them
//! all; every key that is asked for is noted, so that what is left over is a typing error with a nearest name.

use super::error::{ConfigError, Place};
use crate::{domain::text::is_unsafe, grammar::nearest};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    ops::{Range, RangeInclusive},
    path::{Path, PathBuf},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The most characters of a value that an error repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// The most mistakes that are kept: a file with more is not a configuration.
const ERRORS_MAX: usize = 100;

/// One file while it is read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    /// Where each line begins, but the first.
    lines: Vec<usize>,
    errors: RefCell<Vec<ConfigError>>,
    asked: RefCell<BTreeSet<String>>,
    secrets: Cell<bool>,
}

impl<'a> Reading<'a> {
    /// Of a file's text.
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        let lines = text.match_indices('\n').map(|(at, _)| at.saturating_add(1)).collect();
        let (errors, asked) = (RefCell::default(), RefCell::default());
        Self { path, text, lines, errors, asked, secrets: Cell::new(false) }
    }
    /// Line and column of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let above = self.lines.partition_point(|start| *start <= at);
        let start = above.checked_sub(1).and_then(|n| self.lines.get(n)).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or_default();
        let column = before.chars().count().saturating_add(1);
        Place::File { path: self.path.to_owned(), line: above.saturating_add(1), column }
    }
    /// Are there more mistakes than anyone reads?
    fn is_full(&self) -> bool {
        self.errors.borrow().len() >= ERRORS_MAX
    }
    /// Notes a mistake.
    pub(super) fn fail(&self, at: usize, problem: impl Into<String>) {
        if !self.is_full() {
            self.errors.borrow_mut().push(ConfigError::new(self.place(at), problem));
        }
    }
    /// Does the file hold a credential?
    pub(super) fn has_secrets(&self) -> bool {
        self.secrets.get()
    }
    /// All mistakes, in the order of the file, and every key that was asked for.
    pub(super) fn finish(self) -> (Vec<ConfigError>, BTreeSet<String>) {
        let mut errors = self.errors.into_inner();
        errors.sort();
        errors.dedup();
        (errors, self.asked.into_inner())
    }
}

/// A table of the file, or its absence: then every key has its default.
#[derive(Debug)]
pub(super) struct Section<'a> {
    at: &'a Reading<'a>,
    /// As in the file: `venues.paper`.
    name: String,
    /// As in the schema: `venues.*`.
    pattern: String,
    table: Option<&'a DeTable<'a>>,
    start: usize,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The file itself.
    pub(super) fn root(at: &'a Reading<'a>, table: &'a DeTable<'a>) -> Self {
        let known = RefCell::default();
        Self { at, name: String::new(), pattern: String::new(), table: Some(table), start: 0, known }
    }
    /// The name of a key of this table, in full.
    fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
    fn pattern_of(&self, key: &str) -> String {
        if self.pattern.is_empty() { key.to_owned() } else { format!("{}.{key}", self.pattern) }
    }
    /// Is anything there?
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }
    /// Its name, with those of the tables that it is in.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
    /// Where the table begins.
    pub(super) fn start(&self) -> usize {
        self.start
    }
    /// The file that it is in.
    pub(super) fn reading(&self) -> &'a Reading<'a> {
        self.at
    }
    /// The value of a key.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().push(key);
        self.at.asked.borrow_mut().insert(self.pattern_of(key));
        self.table?.get(key)
    }
    /// A table in this one.
    pub(super) fn section(&self, key: &'static str) -> Section<'a> {
        let value = self.value(key);
        let (name, pattern) = (self.full(key), self.pattern_of(key));
        self.at.asked.borrow_mut().remove(&pattern);
        self.below(name, pattern, value)
    }
    fn below(&self, name: String, pattern: String, value: Option<&'a Spanned<DeValue<'a>>>) -> Section<'a> {
        let table = value.and_then(|v| v.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            let problem = format!("`{name}` is {}: write a table, as in [{name}]", shown(value.get_ref()));
            self.at.fail(value.span().start, problem);
        }
        let start = value.map_or(0, |v| v.span().start);
        Section { at: self.at, name, pattern, table, start, known: RefCell::default() }
    }
    /// The keys of a table whose names the user chooses, with their places.
    pub(super) fn entries(&self) -> Vec<(&'a str, usize, &'a Spanned<DeValue<'a>>)> {
        self.at.asked.borrow_mut().insert(self.pattern_of("*"));
        let table = self.table.into_iter().flatten();
        table.map(|(k, v)| (k.get_ref().as_ref(), k.span().start, v)).collect()
    }
    /// The table of one of the [`entries`](Self::entries).
    pub(super) fn entry(&self, name: &str, value: &'a Spanned<DeValue<'a>>) -> Section<'a> {
        self.at.asked.borrow_mut().remove(&self.pattern_of("*"));
        self.below(self.full(name), self.pattern_of("*"), Some(value))
    }
    /// The tables of a table whose names the user chooses, with their places. Their keys are those of the table
    /// `pattern`, which shows them.
    pub(super) fn tables_like(&self, pattern: &'static str) -> Vec<(&'a str, usize, Section<'a>)> {
        let table = self.table.into_iter().flatten();
        let like = |name: &str, value| self.below(self.full(name), pattern.to_owned(), Some(value));
        table.map(|(k, v)| (k.get_ref().as_ref(), k.span().start, like(k.get_ref().as_ref(), v))).collect()
    }
    /// The tables of a list, as in `[[notify.rules]]`.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let (name, pattern) = (self.full(key), self.pattern_of(key));
        self.at.asked.borrow_mut().remove(&pattern);
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, &format!("write tables, each under [[{name}]]"));
            return Vec::new();
        };
        items.iter().map(|item| self.below(name.clone(), pattern.clone(), Some(item))).collect()
    }
    /// Is this key there?
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.table.is_some_and(|t| t.get(key).is_some())
    }
    /// Reads a key into `target`; without it the default stays.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        target: &mut T,
        parse: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) {
        let Some(value) = self.value(key) else { return };
        match parse(value.get_ref()) {
            Ok(good) => *target = good,
            Err(expected) => self.wrong(key, value, &expected),
        }
    }
    /// Notes that a value is not what it should be.
    pub(super) fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let problem = format!("`{}` is {}: {expected}", self.full(key), shown(value.get_ref()));
        self.at.fail(value.span().start, problem);
    }
    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str, target: &mut bool) {
        self.read(key, target, |v| v.as_bool().ok_or_else(|| "write true or false".to_owned()));
    }
    /// A whole number in a range.
    pub(super) fn whole(&self, key: &'static str, range: RangeInclusive<u64>, target: &mut u64) {
        self.read(key, target, |v| whole(v, &range));
    }
    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)], target: &mut T) {
        self.read(key, target, |v| word(v.as_str().unwrap_or_default(), words));
    }
    /// A text that `parse` understands.
    pub(super) fn text<T>(
        &self,
        key: &'static str,
        target: &mut T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) {
        self.read(key, target, |v| match v.as_str() {
            Some(text) => parse(text),
            None => Err("write it in quotes".to_owned()),
        });
    }
    /// A list of texts; a single one counts as a list of one.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        target: &mut Vec<T>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) {
        let Some(value) = self.value(key) else { return };
        let Some(items) = value.get_ref().as_array() else {
            return self.wrong(key, value, "write a list of texts in brackets");
        };
        target.clear();
        for item in items {
            let read = item.get_ref().as_str().ok_or_else(|| "write it in quotes".to_owned());
            match read.and_then(&parse) {
                Ok(good) => target.push(good),
                Err(expected) => self.wrong(key, item, &expected),
            }
        }
    }
    /// A credential: an error about it never shows it.
    pub(super) fn secret(&self, key: &'static str) -> Option<super::secret::Secret> {
        let value = self.value(key)?;
        self.at.secrets.set(true);
        let secret = value.get_ref().as_str().map(|s| super::secret::Secret::new(s.to_owned()));
        let is_key = |text: &str| key == "secret_key" && super::credentials::is_private_key(text);
        let good = secret.filter(|s| super::credentials::is_sound(s.expose()) || is_key(s.expose()));
        if good.is_none() {
            let problem =
                format!("`{}` can't be a credential: write its characters in quotes", self.full(key));
            self.at.fail(value.span().start, problem);
        }
        good
    }
    /// Whatever was not asked for is a typing error.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        let within = if self.name.is_empty() { "this file".to_owned() } else { format!("[{}]", self.name) };
        for key in self.table.into_iter().flat_map(|t| t.keys()) {
            let name = key.get_ref().as_ref();
            if known.contains(&name) || self.at.is_full() {
                continue;
            }
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys there are {}", known.join(", ")),
            };
            self.at.fail(key.span().start, format!("`{}` is not a key of {within}: {hint}", safe(name)));
        }
    }
}

/// A whole number in a range.
fn whole(value: &DeValue<'_>, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let expected = || format!("write a whole number from {} to {}", range.start(), range.end());
    let number = value.as_integer().filter(|n| n.radix() == 10).and_then(|n| n.as_str().parse().ok());
    number.filter(|n| range.contains(n)).ok_or_else(expected)
}

/// The exact text of a number, whether it stands in quotes or not.
pub(super) fn number_text<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    let whole = value.as_integer().filter(|n| n.radix() == 10).map(toml::de::DeInteger::as_str);
    whole.or_else(|| value.as_float().map(toml::de::DeFloat::as_str)).or_else(|| value.as_str())
}

/// One of a few words, or the list of them.
pub(super) fn word<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, String> {
    let hit = words.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    hit.ok_or_else(|| {
        let names: Vec<_> = words.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        format!("write {}", names.join(" or "))
    })
}

/// A path that does not depend on where the program was started.
pub(super) fn path(text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    let expanded = match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        (Some(_) | None, _) => PathBuf::from(text),
    };
    if expanded.is_absolute() && !text.chars().any(is_unsafe) {
        return Ok(expanded);
    }
    Err("write a whole path that begins with / or ~/".to_owned())
}

/// A value for people.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("`\"{}\"`", safe(without_password(text))),
        DeValue::Integer(n) => format!("`{}`", safe(n.as_str())),
        DeValue::Float(n) => format!("`{}`", safe(n.as_str())),
        DeValue::Boolean(b) => format!("`{b}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// An address may hold a password before its `@` or a key after its `?`: then only its beginning is shown.
fn without_password(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if rest.contains(['@', '?']) => scheme,
        Some(_) | None => text,
    }
}

/// Short, on one line, and without characters that move a cursor.
pub(super) fn safe(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !is_unsafe(*c)).take(SHOWN_CHARS_MAX).collect();
    if text.chars().count() > SHOWN_CHARS_MAX {
        out.push('…');
    }
    out
}

/// The bytes of a syntax error.
pub(super) fn start(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |s| s.start)
}
