//! What an order line would do, with every check's verdict.

use super::{
    orders::amount,
    report::{Code, Report},
    rows,
    table::{Table, lines, maybe},
};
use crate::{
    desk::{
        Preview,
        receipt::{Check, Plan},
    },
    domain::{limits::Action, text::Text, time::Now},
};
use serde_json::Value;

/// The preview of an order.
pub(super) fn order(preview: &Preview, now: Now) -> Report {
    let blocked = preview.checks.iter().any(|c| c.action == Some(Action::Block));
    let code = if blocked { Code::Refused } else { Code::Done };
    let document = rows::object([
        ("outcome", Value::from(if blocked { "refused" } else { "preview" })),
        ("preview", rows::document(preview, now)),
    ]);
    let note = blocked.then(|| format!("it would be refused: {}", blocks(&preview.checks)));
    Report { code, document, text: text(preview), note }
}

/// The sentences of the checks that block.
pub(super) fn blocks(checks: &[Check]) -> String {
    let of = checks.iter().filter(|c| c.action == Some(Action::Block));
    of.map(|c| c.text.to_string()).collect::<Vec<_>>().join("; ")
}

/// As text: the figures, then the checks.
pub(super) fn text(p: &Preview) -> String {
    let mut figures: Vec<(&str, String)> = Vec::new();
    if let Some(spec) = &p.spec {
        let head = format!(
            "{} {} {} {} {}",
            spec.side.word(),
            amount(spec.amount),
            spec.instrument,
            spec.order_type.kind().word(),
            spec.tif
        );
        figures.push(("order", head));
    }
    let estimate = if p.entry_is_market { " (from the market)" } else { "" };
    let shown = p.spec.as_ref().and_then(|spec| spec.show);
    let held: Vec<&str> = p.held.iter().map(Text::as_str).collect();
    let held = (!held.is_empty()).then(|| held.join(", "));
    let told = [
        ("quantity", p.qty.map(|q| q.to_string())),
        ("entry", p.entry.map(|e| format!("{e}{estimate}"))),
        (
            "stop",
            p.stop.map(|s| {
                p.stop_percent.map_or_else(|| s.to_string(), |pc| format!("{s} ({}%)", pc.get().round_dp(2)))
            }),
        ),
        ("target", p.target.map(|t| t.to_string())),
        ("risk", p.risk.map(|m| m.to_string())),
        ("reward", p.reward.map(|m| m.to_string())),
        ("R", p.reward_to_risk.map(|r| r.get().round_dp(2).to_string())),
        ("cost", p.cost.map(|m| m.to_string())),
        ("fees", p.fees.map(|m| m.to_string())),
        ("of equity", p.equity_percent.map(|x| format!("{}%", x.get().round_dp(2)))),
        ("buying power", p.buying_power_after.map(|m| format!("{m} after it"))),
        ("note", p.capped_by.as_ref().map(ToString::to_string)),
        ("at the venue", shown.map(|show| format!("an iceberg, {show} shown at a time"))),
        ("held here", held),
    ];
    figures.extend(told.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let text: Vec<String> = figures.iter().map(|(name, value)| format!("{name:<14}{value}")).collect();
    lines(&text) + &checks(&p.checks)
}

fn checks(checks: &[Check]) -> String {
    let mut table = Table::new(&["check", "verdict", ""]);
    for check in checks {
        let verdict = match check.action {
            None => "ok",
            Some(Action::Warn) => "WARNS",
            Some(Action::Block) => "BLOCKS",
            Some(Action::Off) => "off",
        };
        table.row(vec![check.name.to_string(), verdict.to_owned(), check.text.to_string()]);
    }
    table.print("no check was made")
}

/// What a cancel or an exit would do.
pub(super) fn plan(plan: &Plan, now: Now) -> Report {
    let document = rows::object([("outcome", Value::from("plan")), ("plan", rows::document(plan, now))]);
    Report::done(document, plan_text(plan))
}

/// As text: the sentence, then one line for each thing that would go.
pub(super) fn plan_text(plan: &Plan) -> String {
    let mut text = vec![plan.text.to_string()];
    for venue in &plan.venues {
        for order in &venue.cancels {
            text.push(format!("  {}: cancel {order}", venue.venue));
        }
        for (instrument, qty) in &venue.closes {
            text.push(format!("  {}: close {qty} {}", venue.venue, instrument.symbol));
        }
        for why in &venue.blocked {
            text.push(format!("  {}: stays: {why}", venue.venue));
        }
        let account =
            if venue.account.is_empty() { String::new() } else { format!(" account {}", venue.account) };
        let cost = maybe(venue.cost);
        text.push(format!(
            "  {} ({}{account}): crossing the spread costs about {cost}",
            venue.venue, venue.badge
        ));
    }
    text.extend(plan.algorithms.iter().map(|algorithm| format!("  algorithm {algorithm}")));
    lines(&text)
}
