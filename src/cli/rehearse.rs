//! `tradedeck rehearse`: the way out, tried against paper venues that fail on purpose.

use super::{
    report::{Code, Failure, Report, say},
    rows,
};
use crate::runtime::rehearsal::{Rehearsed, SCENARIOS, Scenario, VenueReport, rehearse};
use clap::Args;
use serde_json::Value;

#[derive(Debug, Args)]
pub(super) struct Rehearse {
    /// What goes wrong: calm, streams-down, timeouts, rate-limit, held-balance, hanging or worst. `list` tells what each is.
    #[arg(value_name = "SCENARIO", default_value = "worst")]
    scenario: String,
}

pub(super) fn run(asked: &Rehearse) -> Result<Report, Failure> {
    if asked.scenario == "list" {
        return Ok(list());
    }
    let Some(scenario) = SCENARIOS.iter().find(|s| s.name == asked.scenario) else {
        let names: Vec<&str> = SCENARIOS.iter().map(|s| s.name).collect();
        let text = format!("there is no scenario {:?}; write one of {}", asked.scenario, names.join(", "));
        return Err(Failure::usage(text));
    };
    let done = rehearse(scenario, say)?;
    Ok(report(scenario, &done))
}

fn list() -> Report {
    let mut text = String::new();
    let mut rows = Vec::new();
    for s in &SCENARIOS {
        text.extend([format!("{:<14} ", s.name).as_str(), s.about, "\n"]);
        rows.push(rows::object([("name", Value::from(s.name)), ("about", Value::from(s.about))]));
    }
    Report::done(rows::object([("scenarios", Value::from(rows))]), text)
}

fn report(scenario: &Scenario, done: &Rehearsed) -> Report {
    let (flat, sound) = (done.is_flat(), done.is_sound());
    let outcome = if flat { "flat" } else { "not_flat" };
    let mut text = format!("{}: {}\n", scenario.name, scenario.about);
    for v in &done.venues {
        text.push_str(&line(v));
    }
    text.push_str(match (sound, flat) {
        (true, true) => "held: flat by the venues' own record, nothing twice, no position turned\n",
        (true, false) => "held: what is left is named; nothing twice, no position turned\n",
        (false, _) => "NOT HELD: see above\n",
    });
    let document = rows::object([
        ("scenario", Value::from(scenario.name)),
        ("outcome", Value::from(outcome)),
        ("sound", Value::from(sound)),
        ("venues", done.venues.iter().map(row).collect()),
    ]);
    let code = match (sound, flat) {
        (true, true) => Code::Done,
        (true, false) => Code::NotFlat,
        (false, _) => Code::Failed,
    };
    Report { code, document, text, note: None }
}

fn line(v: &VenueReport) -> String {
    let left: Vec<String> = v.exit.left.iter().map(ToString::to_string).collect();
    let left = if left.is_empty() { String::new() } else { format!("\n    left: {}", left.join("; ")) };
    let bound = v.bound_ms.map_or_else(String::new, |ms| format!(" (the limit allows {:.1?})", seconds(ms)));
    format!(
        "  {}: {}, {} of {} orders gone, {} of {} positions flat, in {:.1?}\n    {}, {} refused with 429, the last \
         change after {:.1?}{bound}; sent twice {}, turned {}; really left: {}, {}{left}\n",
        v.exit.venue,
        v.exit.phase,
        v.exit.orders_gone,
        v.exit.orders,
        v.exit.positions_flat,
        v.exit.positions,
        seconds(v.exit.took_ms),
        crate::domain::text::counted(v.requests, "request", "requests"),
        v.limited,
        seconds(v.last_change_ms),
        v.sent_twice,
        v.turned.len(),
        crate::domain::text::counted(v.positions_left, "position", "positions"),
        crate::domain::text::counted(v.orders_left, "order", "orders"),
    )
}

/// For people only.
fn seconds(ms: u64) -> std::time::Duration {
    std::time::Duration::from_millis(ms)
}

fn row(v: &VenueReport) -> Value {
    let turned: Vec<Value> = v.turned.iter().map(|s| Value::from(s.as_str())).collect();
    let left: Vec<Value> = v.exit.left.iter().map(|t| Value::from(t.as_str())).collect();
    rows::object([
        ("venue", Value::from(v.exit.venue.as_str())),
        ("phase", Value::from(v.exit.phase.as_str())),
        ("took_ms", Value::from(v.exit.took_ms)),
        ("rounds", Value::from(v.exit.rounds)),
        ("orders", Value::from(v.exit.orders)),
        ("orders_gone", Value::from(v.exit.orders_gone)),
        ("positions", Value::from(v.exit.positions)),
        ("positions_flat", Value::from(v.exit.positions_flat)),
        ("left", Value::from(left)),
        ("positions_really_left", Value::from(v.positions_left)),
        ("orders_really_left", Value::from(v.orders_left)),
        ("turned", Value::from(turned)),
        ("sent_twice", Value::from(v.sent_twice)),
        ("requests", Value::from(v.requests)),
        ("limited", Value::from(v.limited)),
        ("last_change_ms", Value::from(v.last_change_ms)),
        ("bound_ms", v.bound_ms.map_or(Value::Null, Value::from)),
        ("faults", Value::from(v.faults.as_str())),
    ])
}
