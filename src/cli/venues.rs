//! `tradedeck venues`.

use super::{VenuesArgs, report::Report, rows, table::Table};
use crate::{
    config::{VenueKind, VenueState},
    domain::capability::{Capability, ClassCapability},
    runtime,
};
use serde_json::Value;

const HEAD: [&str; 6] = ["kind", "name", "trades", "order types", "in force", "and"];

/// Every kind that Tradedeck knows of, a line for each class of instrument that can be traded there. Says the same
/// whatever is configured.
pub(super) fn run(wanted: &VenuesArgs) -> Report {
    let (mut usable, mut others, mut list) = (Vec::new(), Vec::new(), Vec::new());
    for kind in VenueKind::ALL {
        let capability = runtime::capability(*kind);
        let (state, why) = state(*kind);
        match &capability {
            Some(capability) => usable.extend(capability.classes.iter().map(|c| line(*kind, capability, c))),
            None => {
                let why = if why.is_empty() { state } else { why };
                others.push(vec![kind.name().to_owned(), kind.title().to_owned(), why.to_owned()]);
            }
        }
        list.push(rows::object([
            ("kind", Value::from(kind.name())),
            ("name", Value::from(kind.title())),
            ("state", Value::from(state)),
            ("note", if why.is_empty() { Value::Null } else { Value::from(why) }),
            ("supports", serde_json::to_value(&capability).ok().unwrap_or(Value::Null)),
        ]));
    }
    let text = if wanted.markdown { markdown(&HEAD, &usable) } else { print(usable, others) };
    Report::done(rows::object([("venues", Value::Array(list))]), text)
}

fn print(usable: Vec<Vec<String>>, others: Vec<Vec<String>>) -> String {
    let mut can = Table::new(&HEAD);
    for row in usable {
        can.row(row);
    }
    let mut cannot = Table::new(&["kind", "name", "state"]);
    for row in others {
        cannot.row(row);
    }
    format!("{}\n{}", can.print("no venues"), cannot.print(""))
}

fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        for cell in row {
            text.push_str("| ");
            text.push_str(cell);
            text.push(' ');
        }
        text.push_str("|\n");
    }
    text
}

const fn state(kind: VenueKind) -> (&'static str, &'static str) {
    match kind.state() {
        VenueState::Usable => ("usable", ""),
        VenueState::NotYet => ("not yet", ""),
        VenueState::Unofficial => ("unofficial", "no official interface; off until accept_unofficial = true"),
        VenueState::Gone(why) => ("gone", why),
    }
}

fn line(kind: VenueKind, venue: &Capability, c: &ClassCapability) -> Vec<String> {
    let kinds: Vec<&str> = c.kinds.iter().map(|k| k.word()).collect();
    let tifs: Vec<&str> = c.tifs.iter().map(|t| t.word()).collect();
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
        ("iceberg", c.iceberg),
        ("cancel-all", venue.cancel_all),
    ];
    let has: Vec<&str> = flags.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    vec![
        kind.name().to_owned(),
        kind.title().to_owned(),
        rows::word(&c.class),
        kinds.join(" "),
        tifs.join(" "),
        has.join(", "),
    ]
}
