//! `tradedeck account`.

use super::{
    open::{At, Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{lines, maybe, rounded},
};
use crate::{
    desk::{
        snapshot::AccountRow,
        total::{Source, Total},
    },
    domain::{money::Percent, report::Environment, time::Mono},
};
use serde_json::Value;

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    let mut total = Value::Null;
    let mut report = look(context, at.at.as_deref(), |s, venue| {
        let accounts: Vec<&AccountRow> = s.accounts.iter().filter(|a| is_at(venue, &a.venue)).collect();
        let mut text = Vec::new();
        for account in &accounts {
            let lamp = s.banner.lamps.iter().find(|l| l.venue == account.venue);
            let badge = lamp.and_then(|l| l.environment).map_or("UNPROVEN", Environment::word);
            print(account, badge, &mut text);
        }
        if accounts.is_empty() {
            text.push("no account is known".to_owned());
        }
        if let Some(total) = s.total.as_deref().filter(|_| venue.is_none()) {
            print_total(total, s.at.mono, &mut text);
        }
        total = rows::document(&s.total.as_deref().filter(|_| venue.is_none()), s.at);
        ("accounts", rows::document(&accounts, s.at), lines(&text))
    })?;
    if let Some(document) = report.document.as_object_mut() {
        document.insert("total".to_owned(), total);
    }
    Ok(report)
}

/// All accounts together, and what the rates were.
fn print_total(total: &Total, now: Mono, text: &mut Vec<String>) {
    let sum = match total {
        Total::Sum(sum) => sum,
        Total::Missing(why) => return text.push(why.to_string()),
    };
    let figures = [
        ("equity", maybe(sum.equity)),
        ("cash", maybe(sum.cash)),
        ("buying power", maybe(sum.buying_power)),
        ("day P&L", maybe(sum.day_pnl)),
        ("day %", rounded(sum.day_percent.map(Percent::get))),
        ("realized", maybe(sum.realized)),
        ("unrealized", maybe(sum.unrealized)),
        ("fees", maybe(sum.fees)),
        ("gross", maybe(sum.gross)),
        ("net", maybe(sum.net)),
    ];
    let width = figures.iter().map(|(_, v)| v.len()).max().unwrap_or(0);
    text.push(format!("TOTAL in {}", sum.currency));
    for (name, value) in figures {
        text.push(format!("  {name:<14}{value:>width$}"));
    }
    for rate in &sum.rates {
        let source = match &rate.source {
            Source::Quote { instrument, at } => {
                format!("{instrument}, {} s ago", now.since_ms(*at).div_euclid(1_000))
            }
            Source::Fixed => "fixed in the configuration".to_owned(),
        };
        text.push(format!("  1 {} is {} {}: {source}", rate.from, rate.rate, rate.to));
    }
}

fn print(a: &AccountRow, badge: &str, text: &mut Vec<String>) {
    let figures = [
        ("equity", a.equity.to_string()),
        ("cash", a.cash.to_string()),
        ("buying power", a.buying_power.to_string()),
        ("day P&L", maybe(a.day_pnl)),
        ("day %", rounded(a.day_percent.map(Percent::get))),
        ("realized", a.realized.to_string()),
        ("unrealized", maybe(a.unrealized)),
        ("fees", a.fees.to_string()),
        ("gross", maybe(a.gross)),
        ("net", maybe(a.net)),
        ("margin", maybe(a.initial_margin)),
        ("maintenance", maybe(a.maintenance_margin)),
        ("day trades", maybe(a.day_trades)),
        ("blocked", a.blocked.as_ref().map_or_else(|| "no".to_owned(), ToString::to_string)),
    ];
    let width = figures.iter().map(|(_, v)| v.len()).max().unwrap_or(0);
    text.push(format!("{badge} {} account {} in {}", a.venue, a.account, a.currency));
    for (name, value) in figures {
        text.push(format!("  {name:<14}{value:>width$}"));
    }
}
