//! Text that came from outside, cleaned once where it is parsed, into a type of its own. Screen, log,
//! journal, notification and clipboard take only this type, so that no venue can write to a terminal.

use super::money::put_whole;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use smol_str::{SmolStr, SmolStrBuilder};
use std::{convert::Infallible, fmt};

/// Longest text kept, in characters; the rest is counted, not kept.
pub const TEXT_CHARS_MAX: usize = 400;

/// A text without control characters, bidirectional overrides or invisible characters, of bounded length.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Text(SmolStr);

/// `1 order`, `3 orders`.
pub fn counted(n: impl fmt::Display, one: &str, many: &str) -> String {
    let mut text = n.to_string();
    let word = if text == "1" { one } else { many };
    text.push(' ');
    text + word
}

/// Nothing but what can be printed and takes one byte: seen of all of it at once, since nearly every text is that.
pub(super) fn is_plain(raw: &str) -> bool {
    raw.bytes().fold(true, |plain, b| plain & (0x20..0x7f).contains(&b))
}

impl Text {
    /// Cleans `raw`: line breaks and tabs become spaces, everything that could move a cursor, reverse or hide
    /// text goes, and what is over [`TEXT_CHARS_MAX`] is cut with a count.
    pub fn clean(raw: &str) -> Self {
        if raw.len() <= TEXT_CHARS_MAX && is_plain(raw) {
            return Self(SmolStr::new(raw));
        }
        let mut out = SmolStrBuilder::new();
        let mut kept = 0_usize;
        let mut over = 0_usize;
        for c in raw.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if is_unsafe(c) {
                continue;
            }
            if kept < TEXT_CHARS_MAX {
                out.push(c);
                kept = kept.saturating_add(1);
            } else {
                over = over.saturating_add(1);
            }
        }
        if over > 0 {
            out.push_str(&format!(" (+{over} more)"));
        }
        Self(out.finish())
    }
    /// A word of ours and a number: `gate 7`.
    pub fn numbered(word: &'static str, number: u64) -> Self {
        let mut out = SmolStrBuilder::new();
        out.push_str(word);
        out.push(' ');
        put_whole(number, |digits| out.push_str(digits));
        Self(out.finish())
    }
    /// As a plain string slice.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// Nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Would this character move the cursor, change direction, or be there without being seen?
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_str())
    }
}
impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::clean(raw)
    }
}
impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::clean(&raw)
    }
}
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(Reads(|raw: &str| Ok::<_, Infallible>(Self::clean(raw))))
    }
}

/// Reads a text where it lies, without a copy of its own.
pub(super) struct Reads<F>(pub(super) F);

impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Reads<F> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<D: de::Error>(self, raw: &str) -> Result<T, D> {
        (self.0)(raw).map_err(D::custom)
    }
}
