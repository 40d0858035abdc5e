//! `tradedeck check [VENUE]`.

use super::{
    health,
    open::{At, Context, agreed, missing},
    report::{Code, Failure, Report},
    rows,
    table::lines,
};
use crate::{
    config::{Config, VenueConfig, VenueKind, resolve},
    desk::{Snapshot, snapshot::HealthRow},
    domain::{ids::VenueId, report::Environment},
    runtime::{Client, takes_key},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// How long the first round trips may take to be told.
const MEASURED: Duration = Duration::from_secs(3);

/// What a venue was found to be.
#[derive(Debug)]
struct Found {
    venue: VenueId,
    kind: VenueKind,
    /// What holds the credentials, or why there are none. Never the credentials.
    credentials: Result<String, String>,
}

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    let config = context.config()?;
    let venue = context.venue(&config, at.at.as_deref())?;
    let asked = config.venues.iter().filter(|v| venue.as_ref().is_none_or(|w| *w == v.name));
    let found: Vec<Found> = asked.map(|v| find(context, v)).collect();
    let usable = |v: &VenueConfig| found.iter().any(|f| f.venue == v.name && f.credentials.is_ok());
    let config = Config { venues: config.venues.iter().filter(|v| usable(v)).cloned().collect(), ..config };
    if config.venues.is_empty() {
        return Ok(report(&Snapshot::default(), &found));
    }
    context.with_own(config, |client| {
        // What is missing is the answer here, not a failure.
        let snapshot = match agreed(client, None) {
            Ok(_) => measured(client)?,
            Err(_) => client.snapshot(),
        };
        Ok(report(&snapshot, &found))
    })
}

/// Round trips are told a little later than agreement.
fn measured(client: &mut Client) -> Result<Arc<Snapshot>, Failure> {
    let told = client.wait_for(MEASURED, |s| s.health.iter().all(|h| h.rtt_p50_us.is_some()))?;
    Ok(told.unwrap_or_else(|| client.snapshot()))
}

fn find(context: &Context, venue: &VenueConfig) -> Found {
    let credentials = if venue.kind == VenueKind::Paper {
        Ok("made by the embedded venue, kept in its data directory".to_owned())
    } else if !takes_key(venue.kind) {
        Ok("none here: a person logs in to the gateway".to_owned())
    } else {
        resolve(venue, &context.env).map(|c| c.source.to_string()).map_err(|why| why.to_string())
    };
    Found { venue: venue.name.clone(), kind: venue.kind, credentials }
}

fn report(snapshot: &Snapshot, found: &[Found]) -> Report {
    let mut text = String::new();
    let mut list = Vec::new();
    let mut failed = Vec::new();
    for f in found {
        let facts = Facts::of(snapshot, f);
        if !facts.well {
            failed.push(f.venue.to_string());
        }
        text.push_str(&facts.text);
        list.push(facts.document);
    }
    let healths: Vec<&HealthRow> = snapshot.health.iter().collect();
    if !healths.is_empty() {
        text.push_str(&health::table(&healths, snapshot.at).print(""));
    }
    let well = failed.is_empty();
    let document = rows::object([("well", Value::from(well)), ("venues", Value::Array(list))]);
    let note = (!well).then(|| format!("not well: {}", failed.join(", ")));
    Report { code: if well { Code::Done } else { Code::Failed }, document, text, note }
}

struct Facts {
    well: bool,
    text: String,
    document: Value,
}

impl Facts {
    fn of(snapshot: &Snapshot, f: &Found) -> Self {
        let lamp = snapshot.banner.lamps.iter().find(|l| l.venue == f.venue);
        let health = snapshot.health.iter().find(|h| h.venue == f.venue);
        let account = snapshot.accounts.iter().find(|a| a.venue == f.venue);
        let proven = lamp.and_then(|l| l.environment).map(Environment::word);
        let agreed = lamp.is_some_and(|l| l.connected);
        let read_only = lamp.is_none_or(|l| l.read_only);
        let blocked = account.and_then(|a| a.blocked.as_ref()).map(ToString::to_string);
        let (held_by, no_key) = match &f.credentials {
            Ok(source) => (source.as_str(), None),
            Err(why) => ("none", Some(why.as_str())),
        };
        let reach = match (no_key, agreed) {
            (Some(why), _) => why.to_owned(),
            (None, true) => "connected, in agreement".to_owned(),
            (None, false) => missing(snapshot, Some(&f.venue)),
        };
        let trading = match (&blocked, read_only) {
            (Some(why), _) => format!("blocked: {why}"),
            (None, true) => "READ-ONLY".to_owned(),
            (None, false) => "may trade".to_owned(),
        };
        let clock =
            health.and_then(|h| h.skew_ms).map_or_else(|| "not known".to_owned(), |ms| format!("{ms} ms"));
        let facts = [
            ("reach", reach.clone()),
            ("credentials", held_by.to_owned()),
            (
                "environment",
                proven.map_or_else(|| "not proven".to_owned(), |e| format!("{e}, proven by the venue")),
            ),
            ("permissions", trading.clone()),
            ("clock", clock),
        ];
        let mut text = vec![format!("{} ({})", f.venue, f.kind.title())];
        text.extend(facts.iter().map(|(name, value)| format!("  {name:<13}{value}")));
        let document = rows::object([
            ("venue", Value::from(f.venue.as_str())),
            ("kind", Value::from(f.kind.name())),
            ("reach", Value::from(reach)),
            ("agrees", Value::from(agreed)),
            ("credentials", Value::from(held_by)),
            ("environment", proven.map_or(Value::Null, Value::from)),
            ("account", account.map_or(Value::Null, |a| Value::from(a.account.as_str()))),
            ("permissions", Value::from(trading)),
            ("health", health.map_or(Value::Null, |h| rows::document(h, snapshot.at))),
        ]);
        Self { well: agreed && blocked.is_none(), text: lines(&text), document }
    }
}
