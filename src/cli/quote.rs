//! `tradedeck quote SYMBOL...`.

use super::{
    act,
    open::{ANSWER, Context, agreed},
    report::{Code, Failure, Report},
    rows,
    table::{Table, age, maybe, rounded},
};
use crate::{
    desk::{Reply, Request, Snapshot, snapshot::WatchRow},
    domain::{
        ids::{Symbol, VenueId},
        money::Percent,
    },
    grammar,
    runtime::Client,
};
use clap::Args;
use std::{sync::Arc, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Quote {
    /// Which.
    #[arg(required = true, value_name = "SYMBOL")]
    symbols: Vec<String>,
}

/// How long a symbol may take to be quoted.
const QUOTED: Duration = Duration::from_secs(10);

pub(super) fn run(context: &Context, quote: &Quote) -> Result<Report, Failure> {
    let symbols: Vec<Symbol> = quote.symbols.iter().map(|s| symbol(s)).collect::<Result<_, _>>()?;
    let config = context.config()?;
    let venue = context.venue(&config, None)?;
    context.with_client(config, |client| {
        let snapshot = agreed(client, venue.as_ref())?;
        let venue = act::default_venue(&snapshot, venue)?;
        let watched: Vec<Symbol> =
            symbols.iter().map(|s| watch(client, s, &venue)).collect::<Result<_, _>>()?;
        let quoted =
            |s: &Snapshot| watched.iter().all(|w| row(s, w, &venue).is_some_and(|r| r.updated.is_some()));
        let all = client.wait_for(QUOTED, quoted)?;
        let snapshot = all.clone().unwrap_or_else(|| client.snapshot());
        let rows: Vec<&WatchRow> = watched.iter().filter_map(|w| row(&snapshot, w, &venue)).collect();
        Ok(report(&snapshot, &rows, all.is_some()))
    })
}

/// A symbol as it was typed.
pub(super) fn symbol(text: &str) -> Result<Symbol, Failure> {
    grammar::symbol(text).map_err(|why| Failure::usage(why.to_string()))
}

/// Asks for a symbol's market and waits until its venue has said what it is.
pub(super) fn watch(client: &mut Client, symbol: &Symbol, venue: &VenueId) -> Result<Symbol, Failure> {
    let request = || Request::Watch { symbol: symbol.clone(), venue: Some(venue.clone()) };
    let refused = |reply| {
        if let Reply::Refused { text, .. } = reply { Err(Failure::usage(text)) } else { Ok(()) }
    };
    refused(client.ask(request(), ANSWER)?)?;
    let known = |s: &Snapshot| row(s, symbol, venue).is_none_or(|r| r.class.is_some());
    // A venue that does not know the symbol takes it off again: then asking once more is refused with a sentence.
    client.wait_for(ANSWER, known)?;
    refused(client.ask(request(), ANSWER)?)?;
    let snapshot = client.snapshot();
    Ok(row(&snapshot, symbol, venue).map_or_else(|| symbol.clone(), |r| r.instrument.symbol.clone()))
}

/// The row of a symbol, whether it was typed with a slash or without.
pub(super) fn row<'a>(snapshot: &'a Snapshot, symbol: &Symbol, venue: &VenueId) -> Option<&'a WatchRow> {
    let at = |r: &&WatchRow| r.instrument.venue == *venue;
    let mut rows = snapshot.watchlist.iter().filter(at);
    rows.clone()
        .find(|r| r.instrument.symbol == *symbol)
        .or_else(|| rows.find(|r| act::same(&r.instrument.symbol, symbol)))
}

fn report(snapshot: &Arc<Snapshot>, quoted: &[&WatchRow], all: bool) -> Report {
    let mut table = Table::new(&[
        "venue",
        "symbol",
        ">last",
        ">bid",
        ">ask",
        ">bid size",
        ">ask size",
        ">spread",
        ">change %",
        ">volume",
        ">age",
        "note",
    ]);
    for r in quoted {
        let mut notes: Vec<String> = Vec::new();
        notes.extend(r.stale.then(|| "STALE".to_owned()));
        notes.extend(r.halted.as_ref().map(|why| format!("HALTED {why}")));
        table.row(vec![
            r.instrument.venue.to_string(),
            r.instrument.symbol.to_string(),
            maybe(r.last),
            maybe(r.bid),
            maybe(r.ask),
            maybe(r.bid_size),
            maybe(r.ask_size),
            maybe(r.spread),
            rounded(r.change.map(Percent::get)),
            maybe(r.volume),
            maybe(r.updated.map(|at| age(snapshot.at.mono.since_ms(at)))),
            notes.join(", "),
        ]);
    }
    let document = rows::object([
        ("at", snapshot.at.wall.to_rfc3339().into()),
        ("quotes", rows::document(&quoted, snapshot.at)),
    ]);
    let note = (!all).then(|| format!("not every symbol was quoted within {} s", QUOTED.as_secs()));
    let code = if all { Code::Done } else { Code::Failed };
    Report { code, document, text: table.print("no quotes"), note }
}
