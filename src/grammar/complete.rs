//! What may come next in a line. Pure: the caller gives the words that only it knows.

use super::{
    print,
    token::{Token, lex},
    word::{CHANGES, CLAUSES, FLATTENS, Verb, Word},
};
use crate::domain::ids::{ClientId, Symbol, VenueId};
use std::ops::Range;

/// The most completions that are offered.
const OFFERED_MAX: usize = 200;

/// The words that the screen knows and the grammar does not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    /// Symbols that can be traded.
    pub symbols: &'a [Symbol],
    /// Configured venues.
    pub venues: &'a [VenueId],
    /// Working orders.
    pub orders: &'a [ClientId],
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the line that it replaces.
    pub range: Range<usize>,
    /// What to put there.
    pub text: String,
    /// What it means.
    pub note: &'static str,
}

/// What a place in the line takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Verb,
    Symbol,
    CancelTarget,
    Order,
    Words(&'static [Word]),
    Samples(&'static [(&'static str, &'static str)]),
    Nothing,
}

const PRICES: Slot = Slot::Samples(&[
    ("-1%", "per cent from the market"),
    ("+1%", "per cent from the market"),
    ("-10t", "ticks from the market"),
    ("+10t", "ticks from the market"),
]);
const TARGETS: Slot = Slot::Samples(&[
    ("2R", "twice the risk"),
    ("3R", "three times the risk"),
    ("+2%", "per cent from the entry"),
]);
const TRAILS: Slot = Slot::Samples(&[("1%", "per cent behind"), ("20t", "ticks behind")]);
const RISKS: Slot = Slot::Samples(&[("1%", "of equity"), ("0.5%", "of equity"), ("$200", "money")]);
const DATES: Slot = Slot::Samples(&[("+1d", "until tomorrow"), ("+7d", "a week"), ("+30d", "thirty days")]);
const SHARES: Slot =
    Slot::Samples(&[("25%", "a quarter"), ("50%", "half"), ("75%", "three quarters"), ("all", "the whole")]);

/// The ways to go on at byte `cursor` of `line`, the likeliest first.
pub fn complete(line: &str, cursor: usize, words: &Words<'_>) -> Vec<Completion> {
    let Some(before) = line.get(..cursor) else { return Vec::new() };
    let Ok(tokens) = lex(before) else { return Vec::new() };
    let (done, typed) = match tokens.split_last() {
        Some((last, done)) if last.at.end == cursor => (done, Some(last)),
        Some(_) | None => (tokens.as_slice(), None),
    };
    let start = typed.map_or(cursor, |t| t.at.start);
    let rest = line.get(cursor..).unwrap_or_default();
    let tail = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let range = start..cursor.saturating_add(tail);
    let prefix = typed.map_or("", |t| t.text.as_str());
    let mut found = candidates(done, prefix, words);
    found.retain(|(text, _)| begins(text, prefix));
    found.truncate(OFFERED_MAX);
    found.into_iter().map(|(text, note)| Completion { range: range.clone(), text, note }).collect()
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn candidates(done: &[Token], prefix: &str, words: &Words<'_>) -> Vec<(String, &'static str)> {
    let symbols = || words.symbols.iter().map(|s| (print::symbol(s), "symbol"));
    let orders = || words.orders.iter().map(|o| (print::order_id(o), "working order"));
    let venues = || words.venues.iter().map(|v| (format!("@{v}"), "venue"));
    if prefix.starts_with('@') && !done.is_empty() {
        return venues().collect();
    }
    let named = |list: &[Word]| list.iter().map(|w| (w.text().to_owned(), w.note())).collect::<Vec<_>>();
    match slot(done) {
        Slot::Verb => Verb::ALL.iter().map(|v| (v.text().to_owned(), v.note())).collect(),
        Slot::Symbol if starts_flatten(done) => symbols().chain(named(FLATTENS)).chain(venues()).collect(),
        Slot::Symbol => symbols().collect(),
        Slot::Order => orders().collect(),
        Slot::CancelTarget => {
            let mut all = named(&[Word::All, Word::Entries, Word::Buys, Word::Sells]);
            all.extend(symbols().chain(orders()));
            all
        }
        Slot::Words(list) => {
            let mut free = named(list);
            free.retain(|(text, _)| Word::of(text).is_some_and(|w| is_free(w, done)));
            free.extend(venues().filter(|_| !done.iter().any(|t| t.after('@').is_some())));
            free
        }
        Slot::Samples(list) => list.iter().map(|(text, note)| ((*text).to_owned(), *note)).collect(),
        Slot::Nothing => Vec::new(),
    }
}

fn starts_flatten(done: &[Token]) -> bool {
    done.first().and_then(|t| Verb::of(&t.text)) == Some(Verb::Flatten)
}

/// Words of which a line has one at most.
const GROUPS: &[&[Word]] = &[
    &[Word::Day, Word::Gtc, Word::Gtd, Word::Ioc, Word::Fok, Word::Opg, Word::Cls],
    &[Word::Market, Word::Limit, Word::Trail],
    &[Word::Market, Word::Trigger, Word::Trail],
    &[Word::Risk, Word::All, Word::Half, Word::Quarter],
    &[Word::Longs, Word::Shorts, Word::Winners, Word::Losers],
];

/// Can `word` still be added to what is there?
fn is_free(word: Word, done: &[Token]) -> bool {
    let said: Vec<Word> = done.iter().filter_map(Token::word).collect();
    let taken = |w: &Word| said.contains(w);
    let stop_limit = word == Word::Limit && said.last() == Some(&Word::Stop);
    let sized = matches!(word, Word::Risk | Word::All | Word::Half | Word::Quarter)
        && done.get(2).is_some_and(super::expr::begins_size);
    let grouped = GROUPS.iter().any(|g| g.contains(&word) && g.iter().any(taken));
    stop_limit || !(taken(&word) || grouped || sized)
}

/// What stands after the finished words.
fn slot(done: &[Token]) -> Slot {
    let Some(verb) = done.first() else { return Slot::Verb };
    let Some(verb) = Verb::of(&verb.text) else { return Slot::Nothing };
    let last = done.last().filter(|_| done.len() > 2).and_then(Token::word);
    match verb {
        Verb::Halt | Verb::Lock | Verb::Unlock => Slot::Nothing,
        Verb::Buy | Verb::Sell => match done.len() {
            1 => Slot::Symbol,
            _ => after_word(last, done, CLAUSES),
        },
        Verb::Close => match done.len() {
            1 => Slot::Symbol,
            2 => SHARES,
            _ => Slot::Words(&[]),
        },
        Verb::Reverse => match done.len() {
            1 => Slot::Symbol,
            _ => Slot::Words(&[]),
        },
        Verb::Flatten => match (done.len(), done.last().and_then(Token::word)) {
            (1, _) => Slot::Symbol,
            (_, Some(Word::Algo | Word::Account)) => Slot::Nothing,
            _ => Slot::Words(FLATTENS),
        },
        Verb::Protect => match (done.len(), last) {
            (1, _) => Slot::Symbol,
            (_, Some(Word::Stop)) => {
                Slot::Samples(&[("be", "break-even"), ("-1%", "per cent from the entry")])
            }
            _ => after_word(last, done, &[Word::Stop, Word::Target]),
        },
        Verb::Cancel => match done.len() {
            1 => Slot::CancelTarget,
            _ => Slot::Words(&[]),
        },
        Verb::Replace => match done.len() {
            1 => Slot::Order,
            _ => after_word(last, done, CHANGES),
        },
    }
}

fn after_word(last: Option<Word>, done: &[Token], list: &'static [Word]) -> Slot {
    match last {
        Some(Word::Limit | Word::Trigger | Word::Stop) => PRICES,
        Some(Word::Target) => TARGETS,
        Some(Word::Trail) => TRAILS,
        Some(Word::Risk) => RISKS,
        Some(Word::Gtd) => DATES,
        Some(Word::Tag | Word::Qty) => Slot::Nothing,
        _ if done.len() == 3 && done.last().is_some_and(|t| t.text.ends_with('%')) => {
            Slot::Words(&[Word::Equity, Word::Bp])
        }
        _ => Slot::Words(list),
    }
}
