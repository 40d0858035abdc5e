//! `tradedeck status`: may anything be opened, and how did the last exits end? It only looks.

use super::{
    open::{Context, agreed},
    report::{Code, Failure, Report},
    rows,
    table::lines,
};
use crate::desk::{Snapshot, snapshot::RiskState};
use serde_json::Value;

pub(super) fn run(context: &Context) -> Result<Report, Failure> {
    let config = context.config()?;
    context.with_client(config, |client| {
        let stale = agreed(client, None).err().map(|why| why.text);
        Ok(report(&client.snapshot(), stale))
    })
}

fn report(s: &Snapshot, stale: Option<String>) -> Report {
    let orders = s.orders.iter().filter(|o| o.state.is_open()).count();
    let unknown = s.orders.iter().filter(|o| o.state.is_uncertain()).count();
    let tripped: Vec<_> = s.risk.iter().filter(|r| r.state == RiskState::Tripped).collect();
    let left: Vec<_> = s.exits.iter().filter(|e| !e.under_way && e.flat != Some(true)).collect();
    let document = rows::object([
        ("at", Value::from(s.at.wall.to_rfc3339())),
        ("locked", s.banner.locked.as_ref().map_or(Value::Null, |l| Value::from(l.as_str()))),
        ("held", s.banner.held.as_ref().map_or(Value::Null, |l| Value::from(l.as_str()))),
        ("tripped", rows::document(&tripped, s.at)),
        ("exits", rows::document(&s.exits, s.at)),
        ("open_orders", Value::from(orders)),
        ("unknown_orders", Value::from(unknown)),
        ("positions", Value::from(s.positions.len())),
        ("stale", Value::from(stale.is_some())),
    ]);
    let mut text = vec![match (&s.banner.locked, &s.banner.held) {
        (Some(why), _) => format!("LOCKED: {why}"),
        (None, Some(why)) => format!("no entries: {why}"),
        (None, None) => "entries are allowed".to_owned(),
    }];
    text.extend(tripped.iter().map(|r| format!("TRIPPED: {}", r.rule)));
    for exit in s.exits.iter() {
        let word = match (exit.under_way, exit.flat) {
            (true, _) => "exit under way",
            (false, None) => "exit CUT OFF",
            (false, Some(true)) => "last exit",
            (false, Some(false)) => "last exit NOT FLAT",
        };
        text.push(format!("{word}: {} ({}): {}", exit.scope, exit.at.to_rfc3339(), exit.report));
    }
    text.push(format!(
        "{}, {unknown} unknown, {}",
        crate::domain::text::counted(orders, "open order", "open orders"),
        crate::domain::text::counted(s.positions.len(), "position", "positions")
    ));
    let code = match (left.is_empty(), &stale) {
        (false, _) => Code::NotFlat,
        (true, Some(_)) => Code::Failed,
        (true, None) => Code::Done,
    };
    let note = stale.map(|why| format!("STALE, as last known: {why}"));
    Report { code, document, text: lines(&text), note }
}
