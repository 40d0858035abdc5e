//! Settings that only some kinds of venue have. Their form is checked here, with the place in the file; what they
//! mean, their adapter knows.

use super::{
    kind::VenueKind,
    read::{Section, path, safe},
};
use smol_str::SmolStr;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The value of such a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// Words or an address.
    Text(SmolStr),
    /// A whole number.
    Whole(u64),
    /// Yes or no.
    Flag(bool),
    /// A file.
    Path(PathBuf),
    /// Words by a word.
    Words(BTreeMap<SmolStr, SmolStr>),
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    Whole,
    Flag,
    Path,
    Words,
}

struct Key {
    name: &'static str,
    form: Form,
    /// Who takes it.
    kinds: &'static [VenueKind],
}

const fn key(name: &'static str, form: Form, kinds: &'static [VenueKind]) -> Key {
    Key { name, form, kinds }
}

/// All of them. A new venue's own settings are rows here.
const KEYS: [Key; 8] = [
    key("address", Form::Text, &[VenueKind::Ibkr]),
    key("client_id", Form::Whole, &[VenueKind::Ibkr]),
    key("account", Form::Text, &[VenueKind::Ibkr, VenueKind::IbkrPortal]),
    key("certificate", Form::Path, &[VenueKind::IbkrPortal]),
    key("compete", Form::Flag, &[VenueKind::IbkrPortal]),
    key("answer_exits", Form::Flag, &[VenueKind::IbkrPortal]),
    key("answers", Form::Words, &[VenueKind::IbkrPortal]),
    key("dead_mans_switch_s", Form::Whole, &[VenueKind::BinanceUsdm, VenueKind::BinanceCoinm]),
];

/// Reads those of a venue. Whatever belongs to another kind is a mistake.
pub(super) fn read(s: &Section<'_>, kind: Option<VenueKind>, home: Option<&Path>) -> BTreeMap<SmolStr, Own> {
    let mut all = BTreeMap::new();
    for key in KEYS {
        let (is_there, is_its_own) = (s.has(key.name), kind.is_some_and(|k| key.kinds.contains(&k)));
        if !is_there && !is_its_own {
            continue;
        }
        let at = s.value(key.name).map_or_else(|| s.start(), |v| v.span().start);
        let value = one(s, &key, home);
        if !is_there {
            continue;
        }
        match kind {
            Some(_) if !is_its_own => {
                let whose: Vec<String> = key.kinds.iter().map(|k| format!("\"{}\"", k.name())).collect();
                let problem = format!(
                    "`{}` does not belong here: only kind = {} takes it; remove it",
                    key.name,
                    whose.join(" or ")
                );
                s.reading().fail(at, problem);
            }
            Some(_) | None => _ = value.map(|v| all.insert(SmolStr::new_static(key.name), v)),
        }
    }
    all
}

fn one(s: &Section<'_>, key: &Key, home: Option<&Path>) -> Option<Own> {
    let mut read = None;
    match key.form {
        Form::Text => s.text(key.name, &mut read, |t| Ok(Some(Own::Text(text(t)?)))),
        Form::Path => s.text(key.name, &mut read, |t| path(t, home).map(|p| Some(Own::Path(p)))),
        Form::Whole => {
            let mut whole = 0;
            s.whole(key.name, 0..=u64::from(u32::MAX), &mut whole);
            read = Some(Own::Whole(whole));
        }
        Form::Flag => {
            let mut flag = false;
            s.flag(key.name, &mut flag);
            read = Some(Own::Flag(flag));
        }
        Form::Words => read = Some(Own::Words(words(&s.section(key.name)))),
    }
    read
}

fn words(s: &Section<'_>) -> BTreeMap<SmolStr, SmolStr> {
    let mut all = BTreeMap::new();
    for (name, at, value) in s.entries() {
        match value.get_ref().as_str().map(text) {
            Some(Ok(word)) => _ = all.insert(SmolStr::new(name), word),
            Some(Err(why)) => s.reading().fail(at, format!("`{}` {why}", safe(name))),
            None => s.reading().fail(at, format!("`{}` needs a text in quotes", safe(name))),
        }
    }
    all
}

fn text(t: &str) -> Result<SmolStr, String> {
    if t.is_empty() || safe(t) != t {
        return Err("write at most 60 characters on one line".to_owned());
    }
    Ok(SmolStr::new(t))
}
