//! `tradedeck venues`.

use super::{open::Context, report::Report, rows, table::Table};
use crate::{
    config::{VenueKind, VenueState},
    domain::capability::{Capability, ClassCapability},
    runtime,
};
use serde_json::Value;

/// Every kind that Tradedeck knows of. Says the same whatever is configured.
pub(super) fn run(_context: &Context) -> Report {
    let mut table = Table::new(&["kind", "name", "state", "supports"]);
    let mut list = Vec::new();
    for kind in VenueKind::ALL {
        let capability = runtime::capability(*kind);
        let (state, why) = state(*kind);
        let supports = capability.as_ref().map_or_else(|| why.to_owned(), in_words);
        table.row(vec![kind.name().to_owned(), kind.title().to_owned(), state.to_owned(), supports]);
        list.push(rows::object([
            ("kind", Value::from(kind.name())),
            ("name", Value::from(kind.title())),
            ("state", Value::from(state)),
            ("note", if why.is_empty() { Value::Null } else { Value::from(why) }),
            ("supports", serde_json::to_value(&capability).ok().unwrap_or(Value::Null)),
        ]));
    }
    Report::done(rows::object([("venues", Value::Array(list))]), table.print("no venues"))
}

const fn state(kind: VenueKind) -> (&'static str, &'static str) {
    match kind.state() {
        VenueState::Usable => ("usable", ""),
        VenueState::NotYet => ("not yet", ""),
        VenueState::Unofficial => ("unofficial", "no official interface; off until accept_unofficial = true"),
        VenueState::Gone(why) => ("gone", why),
    }
}

fn in_words(capability: &Capability) -> String {
    capability.classes.iter().map(class).collect::<Vec<_>>().join("; ")
}

fn class(c: &ClassCapability) -> String {
    let kinds: Vec<&str> = c.kinds.iter().map(|k| k.word()).collect();
    let tifs: Vec<String> = c.tifs.iter().map(rows::word).collect();
    let flags = [
        ("bracket", c.bracket),
        ("oco", c.oco),
        ("oto", c.oto),
        ("fractions", c.fractional),
        ("notional", c.notional),
        ("extended hours", c.extended),
        ("post-only", c.post_only),
        ("reduce-only", c.reduce_only),
        ("short", c.short),
        ("replace", c.replace),
    ];
    let has: Vec<&str> = flags.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    format!("{}: {} ({}) {}", rows::word(&c.class), kinds.join(" "), tifs.join(" "), has.join(" "))
}
