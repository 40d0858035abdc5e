//! `[keys]` and `[hotkeys]`. The screen parses the keys themselves; this room keeps their texts and places.

use super::{
    error::Place,
    read::{Section, safe, word},
};
use crate::grammar::{self, expand, sample};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// The keys of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBinding {
    /// As they are written; none takes the action off the keyboard.
    pub keys: Vec<SmolStr>,
    /// Where, for errors about them.
    pub place: Place,
}

/// What a hotkey does with its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Fills the ticket.
    Load,
    /// Fills the ticket and reviews it.
    #[default]
    Review,
    /// Sends it while ARMED.
    Send,
}

/// An order line on a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotkey {
    /// The line, with placeholders.
    pub line: SmolStr,
    /// What is done with it.
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

pub(super) fn read_hotkeys(s: &Section<'_>, to: &mut BTreeMap<SmolStr, Hotkey>) {
    for (key, at, value) in s.entries() {
        let mut hotkey =
            Hotkey { line: SmolStr::default(), level: Level::Review, place: s.reading().place(at) };
        if let Some(text) = value.get_ref().as_str() {
            match line(text) {
                Ok(good) => hotkey.line = good,
                Err(expected) => s.wrong(&safe(key), value, &expected),
            }
        } else {
            let table = s.entry(key, value);
            table.text("line", &mut hotkey.line, line);
            table.text("level", &mut hotkey.level, |t| word(t, &LEVELS));
            if table.is_present() && table.value("line").is_none() {
                let problem =
                    format!("the hotkey `{}` has no line: write line = \"buy {{symbol}} 100\"", safe(key));
                s.reading().fail(at, problem);
            }
            table.finish();
        }
        to.insert(SmolStr::new(key), hotkey);
    }
}

/// A line whose placeholders exist and that makes sense once they are filled in.
fn line(text: &str) -> Result<SmolStr, String> {
    let filled = expand(text, &sample()).map_err(|e| e.to_string())?;
    grammar::parse(&filled).map_err(|e| format!("with its placeholders filled in, {e}"))?;
    Ok(SmolStr::new(text))
}
