//! What may come next on the `:` line, and what the palette finds.

use super::{
    action::{self, ACTIONS, Action},
    cmdline::Completion,
    column::Column,
    focus::Pane,
    model::Model,
    settings::Settings,
    table::OrdersTab,
    ticket::Field,
};
use crate::{
    desk::snapshot::By,
    grammar::{self, Words},
};
use smol_str::SmolStr;
use std::ops::Range;

/// The most that is offered.
const OFFERED_MAX: usize = 200;

/// The ways to go on at byte `cursor` of the line, the likeliest first.
pub fn complete(model: &Model, line: &str, cursor: usize) -> Vec<Completion> {
    let Some(before) = line.get(..cursor) else { return Vec::new() };
    let start = before.rfind(char::is_whitespace).map_or(0, |i| i.saturating_add(1));
    let tail = line.get(cursor..).unwrap_or_default();
    let end = cursor.saturating_add(tail.find(char::is_whitespace).unwrap_or(tail.len()));
    let prefix = before.get(start..).unwrap_or_default();
    let first =
        before.split_whitespace().next().filter(|_| before.trim_start().contains(char::is_whitespace));
    let mut found = match first.map(action::named) {
        Some(Some(entry)) => arguments(model, entry.action, prefix, &(start..end)),
        Some(None) => orders(model, line, cursor),
        None => {
            let mut all = orders(model, line, cursor);
            let shown = ACTIONS.iter().filter(|e| model.settings.offers(e.action));
            all.extend(shown.filter(|e| begins(e.name, prefix)).map(|e| Completion {
                range: start..end,
                word: e.name.to_owned(),
                words: SmolStr::new_static(e.words),
            }));
            all.dedup_by(|a, b| a.word == b.word);
            all
        }
    };
    found.truncate(OFFERED_MAX);
    found
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn orders(model: &Model, line: &str, cursor: usize) -> Vec<Completion> {
    let snapshot = &model.snapshot;
    let symbols: Vec<_> = snapshot
        .watchlist
        .iter()
        .map(|w| w.instrument.symbol.clone())
        .chain(snapshot.symbols.iter().map(|(s, _)| s.clone()))
        .collect();
    let venues = model.venues();
    let open = snapshot.orders.iter().filter(|o| o.state.is_open());
    let orders: Vec<_> = open.map(|o| o.id.client.clone()).collect();
    let words = Words { symbols: &symbols, venues: &venues, orders: &orders };
    let mut found: Vec<Completion> = Vec::new();
    // Behind a `;` another line begins.
    let head = line.get(..cursor).unwrap_or_default();
    let parts = grammar::lines(head);
    let start = match parts.last() {
        Some((start, part)) if start.saturating_add(part.len()) == cursor => *start,
        Some(_) | None => cursor,
    };
    let part = line.get(start..).unwrap_or_default();
    for c in grammar::complete(part, cursor.saturating_sub(start), &words) {
        if !found.iter().any(|f| f.word == c.text) {
            let range = c.range.start.saturating_add(start)..c.range.end.saturating_add(start);
            found.push(Completion { range, word: c.text, words: SmolStr::new_static(c.note) });
        }
    }
    found
}

/// What a command of the table may be given.
#[expect(clippy::wildcard_enum_match_arm, reason = "most actions are given what their usage says")]
fn arguments(model: &Model, action: Action, prefix: &str, range: &Range<usize>) -> Vec<Completion> {
    let choices = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let symbols = || model.snapshot.symbols.iter().map(|(s, _)| s.to_string()).collect::<Vec<_>>();
    let words = match action {
        Action::Ticket => {
            let mut all = choices(&["buy", "sell", "bracket"]);
            all.extend(symbols());
            all
        }
        Action::Symbol | Action::Watch => symbols(),
        Action::Unwatch => model.snapshot.watchlist.iter().map(|w| w.instrument.symbol.to_string()).collect(),
        Action::Sort => {
            let columns = Column::of(model.focus).iter().map(|c| c.word());
            columns.chain(["up", "down", "off"]).map(str::to_owned).collect()
        }
        Action::Columns => {
            super::panes::heads(model.focus).into_iter().chain(["reset"]).map(str::to_owned).collect()
        }
        Action::Page => model.pages.iter().map(|p| p.name.clone()).collect(),
        Action::Focus => {
            let panes = Pane::ALL.iter().map(|p| p.word());
            panes.chain(["next", "previous"]).map(str::to_owned).collect()
        }
        Action::Tab => {
            let (orders, groups) = (OrdersTab::ALL, By::GROUPS);
            orders
                .iter()
                .map(|t| t.word())
                .chain(groups.iter().map(|by| by.word()))
                .map(str::to_owned)
                .collect()
        }
        Action::Theme => model.settings.themes.clone(),
        Action::Resync | Action::Restore | Action::MarginCall => {
            model.venues().iter().map(|v| format!("@{v}")).collect()
        }
        Action::Field => model.ticket.fields().map(Field::word).map(str::to_owned).collect(),
        Action::Template => model.settings.templates.iter().map(|t| t.name.to_string()).collect(),
        Action::Hotkey => model.settings.hotkeys.iter().map(|h| h.name.to_string()).collect(),
        Action::Abandon => model.snapshot.orders.iter().map(|o| o.id.client.to_string()).collect(),
        _ => action::entry(action).map(usage_words).unwrap_or_default(),
    };
    let words = words.into_iter().filter(|w| begins(w, prefix));
    words.map(|word| Completion { range: range.clone(), word, words: SmolStr::default() }).collect()
}

/// The small words in a usage such as `up|down` or `[all|NUMBER]`.
fn usage_words(entry: &action::Entry) -> Vec<String> {
    let parts = entry.usage.split(['[', ']', '|', ' ']);
    parts.filter(|w| !w.is_empty() && !w.chars().any(char::is_uppercase)).map(str::to_owned).collect()
}

/// Every command whose name and words hold the typed characters in order, the closest first.
pub fn palette(settings: &Settings, typed: &str) -> Vec<Completion> {
    let mut found: Vec<(usize, Completion)> = Vec::new();
    let named = [("template", &settings.templates), ("hotkey", &settings.hotkeys)];
    for (name, presets) in named {
        for preset in presets {
            let (word, words) = (format!("{name} {}", preset.name), preset.text());
            if let Some(score) = distance(&format!("{word} {words}"), typed) {
                found.push((score, Completion { range: 0..0, word, words: words.into() }));
            }
        }
    }
    // Words that begin an order line: chosen, they stand on the `:` line to be gone on with.
    for verb in grammar::complete("", 0, &Words::default()) {
        let known = action::named(&verb.text).is_some();
        if let Some(score) = distance(&format!("{} {}", verb.text, verb.note), typed).filter(|_| !known) {
            let words = SmolStr::new_static(verb.note);
            found.push((score, Completion { range: 0..0, word: verb.text, words }));
        }
    }
    for entry in ACTIONS.iter().filter(|e| settings.offers(e.action)) {
        let plain = [("", entry.words)];
        let keyed = entry.keys.iter().map(|k| (k.arg, k.words));
        // What needs an argument is offered with those that its keys give it, and bare to be gone on with.
        let rows = plain.into_iter().chain(keyed.filter(|(arg, _)| !arg.is_empty() && *arg != "key"));
        for (arg, words) in rows {
            let word = if arg.is_empty() { entry.name.to_owned() } else { format!("{} {arg}", entry.name) };
            if let Some(score) = distance(&format!("{word} {words}"), typed)
                && !found.iter().any(|(_, c)| c.word == word)
            {
                found.push((score, Completion { range: 0..0, word, words: SmolStr::new_static(words) }));
            }
        }
    }
    found.sort_by_key(|(score, _)| *score);
    found.into_iter().map(|(_, c)| c).collect()
}

/// How far apart the typed characters lie in the text; `None` if they are not all there in order.
fn distance(text: &str, typed: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    let mut gaps = 0_usize;
    for wanted in typed.chars().filter(|c| !c.is_whitespace()) {
        let skipped = rest.by_ref().position(|(_, c)| c.eq_ignore_ascii_case(&wanted))?;
        gaps = gaps.saturating_add(skipped);
    }
    Some(gaps)
}
