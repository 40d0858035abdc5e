//! `[keys]`, `[hotkeys]` and `[templates]`. The screen parses the keys themselves; this room keeps their texts and places.

use super::{
    error::Place,
    read::{Section, safe, word},
};
use crate::grammar::{self, expand, sample};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use toml::{Spanned, de::DeValue};

/// The keys of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBinding {
    /// As they are written; none takes the action off the keyboard.
    pub keys: Vec<SmolStr>,
    /// Where, for errors about them.
    pub place: Place,
}

/// What is done with order lines of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Fills the ticket.
    Load,
    /// Shows them with their figures; Enter sends.
    Review,
    /// Sends them while ARMED.
    Send,
}

/// Order lines on a key or under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The lines, with placeholders; several are done one after the other.
    pub lines: Vec<SmolStr>,
    /// What is done with them.
    pub level: Level,
    /// Where, for errors about it.
    pub place: Place,
}

const LEVELS: [(&str, Level); 3] = [("load", Level::Load), ("review", Level::Review), ("send", Level::Send)];

pub(super) fn read_keys(s: &Section<'_>, to: &mut BTreeMap<SmolStr, KeyBinding>) {
    for (action, at, value) in s.entries() {
        let texts = match value.get_ref() {
            DeValue::String(one) => Some(vec![SmolStr::new(one)]),
            DeValue::Array(many) => many.iter().map(|v| v.get_ref().as_str().map(SmolStr::new)).collect(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => None,
        };
        match texts {
            Some(keys) if keys.iter().all(|k| !k.is_empty() && k.len() <= 32) => {
                to.insert(SmolStr::new(action), KeyBinding { keys, place: s.reading().place(at) });
            }
            Some(_) | None => {
                s.wrong(&safe(action), value, "write a key such as \"ctrl-x\", or a list of keys");
            }
        }
    }
}

/// The longest name of a template.
const NAME_MAX: usize = 24;

pub(super) fn read_hotkeys(s: &Section<'_>, to: &mut BTreeMap<SmolStr, Preset>) {
    for (key, at, value) in s.entries() {
        to.insert(SmolStr::new(key), preset(s, ("hotkey", Level::Review), (key, at), value));
    }
}

pub(super) fn read_templates(s: &Section<'_>, to: &mut BTreeMap<SmolStr, Preset>) {
    for (name, at, value) in s.entries() {
        let good = !name.is_empty()
            && name.len() <= NAME_MAX
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !good {
            let problem = format!(
                "`{}` can't be a template's name: write up to {NAME_MAX} small letters, digits and -",
                safe(name)
            );
            s.reading().fail(at, problem);
        }
        to.insert(SmolStr::new(name), preset(s, ("template", Level::Load), (name, at), value));
    }
}

/// A line, a list of them, or a table with either and a level.
fn preset<'a>(
    s: &Section<'a>,
    (what, level): (&str, Level),
    (name, at): (&str, usize),
    value: &'a Spanned<DeValue<'a>>,
) -> Preset {
    let mut preset = Preset { lines: Vec::new(), level, place: s.reading().place(at) };
    match value.get_ref() {
        DeValue::String(_) => preset.lines.extend(read_line(s, name, value, false)),
        DeValue::Array(_) => preset.lines = read_lines(s, name, value),
        DeValue::Table(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {
            let table = s.entry(name, value);
            let (line, lines) = (table.value("line"), table.value("lines"));
            match (line, lines) {
                (Some(line), None) => preset.lines.extend(read_line(&table, "line", line, false)),
                (None, Some(lines)) => preset.lines = read_lines(&table, "lines", lines),
                (Some(_), Some(lines)) => {
                    table.wrong("lines", lines, "there is a `line` already: put it first in the list");
                }
                (None, None) if table.is_present() => {
                    let name = safe(name);
                    let problem =
                        format!("the {what} `{name}` has no line: write line = \"buy {{symbol}} 100\"");
                    s.reading().fail(at, problem);
                }
                (None, None) => {}
            }
            table.text("level", &mut preset.level, |t| word(t, &LEVELS));
            table.finish();
        }
    }
    preset
}

fn read_lines(s: &Section<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<SmolStr> {
    let all = value.get_ref().as_array().map(|a| a.iter().collect::<Vec<_>>()).unwrap_or_default();
    if all.is_empty() || all.len() > grammar::LINES_MAX {
        let most = grammar::LINES_MAX;
        s.wrong(key, value, &format!("write a list of 1 to {most} order lines in quotes"));
        return Vec::new();
    }
    let several = all.len() > 1;
    all.into_iter().filter_map(|v| read_line(s, key, v, several)).collect()
}

/// A line; what is wrong with it is told at its own place.
fn read_line(s: &Section<'_>, key: &str, value: &Spanned<DeValue<'_>>, several: bool) -> Option<SmolStr> {
    let text = value.get_ref().as_str();
    let good = text.ok_or_else(|| "write an order line in quotes".to_owned()).and_then(|t| line(t, several));
    good.map_err(|expected| s.wrong(&safe(key), value, &expected)).ok()
}

/// A line whose placeholders exist and that makes sense once they are filled in.
fn line(text: &str, several: bool) -> Result<SmolStr, String> {
    let filled = expand(text, &sample()).map_err(|e| e.to_string())?;
    let command = grammar::parse(&filled).map_err(|e| format!("with its placeholders filled in, {e}"))?;
    match grammar::stands_alone(&command).filter(|_| several) {
        Some(why) => Err(why.to_owned()),
        None => Ok(SmolStr::new(text)),
    }
}
