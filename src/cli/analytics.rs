//! `tradedeck analytics`: execution quality, from the journal alone.

use super::{
    open::Context,
    quote,
    report::{Failure, Report},
    rows,
    table::{Table, age, maybe, rounded},
};
use crate::{
    clock::{Clock as _, System},
    desk::snapshot::{By, OrderQuality, QualityRow},
    domain::{
        ids::{Currency, Symbol},
        money::{Money, Percent, Ratio},
        quote::{Arrival, Moment},
        time::Stamp,
    },
    runtime::quality::{Asked, quality},
};
use clap::{Args, ValueEnum, value_parser};
use serde_json::{Map, Value, json};
use std::{fmt::Write as _, path::PathBuf};

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Args)]
pub(super) struct Analytics {
    /// Only orders in this symbol.
    #[arg(long, value_name = "S")]
    symbol: Option<String>,
    /// Orders that were decided in the last so many days.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = value_parser!(i64).range(1..=36_500))]
    days: i64,
    /// What orders are taken together by in the table; JSON has all of them.
    #[arg(long, value_enum, default_value_t = Group::Symbol)]
    by: Group,
    /// Each order by itself instead, with the quote at its decision, when it left, was acknowledged, and first and last
    /// filled.
    #[arg(long, conflicts_with = "by")]
    orders: bool,
    /// Read this journal or archive instead; several, the oldest first.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Group {
    /// What they were in, at each venue.
    Symbol,
    /// Where they went.
    Venue,
    /// Market, limit, …
    Type,
    /// Whose they were, by the claims of the configuration.
    Algorithm,
    /// The day that they were decided on, in UTC.
    Day,
}

impl Group {
    const fn by(self) -> By {
        match self {
            Self::Symbol => By::Symbol,
            Self::Venue => By::Venue,
            Self::Type => By::Type,
            Self::Algorithm => By::Algorithm,
            Self::Day => By::Day,
        }
    }
}

pub(super) fn run(context: &Context, asked: &Analytics) -> Result<Report, Failure> {
    let config = context.config()?;
    let symbol: Option<Symbol> = asked.symbol.as_deref().map(quote::symbol).transpose()?;
    let clock = System::start().now();
    let now = clock.wall;
    let since = now.plus_ms(asked.days.saturating_mul(DAY_MS).saturating_neg());
    let mut files = asked.file.clone();
    if files.is_empty() {
        files.push(context.state()?.join("journal.sqlite"));
    }
    let (rows, orders) = quality(&config, Asked { files, since: Some(since), symbol: symbol.clone() })?;
    if asked.orders {
        return Ok(Report::done(json!({ "orders": rows::document(&orders, clock) }), each(&orders)));
    }
    let document = document(&rows, (since, now), symbol.as_ref());
    Ok(Report::done(document, text(&rows, asked.by.by())))
}

fn document(rows: &[QualityRow], (since, now): (Stamp, Stamp), symbol: Option<&Symbol>) -> Value {
    let of = |by: By| rows.iter().filter(move |r| r.by == by);
    let shown = |row: &QualityRow| serde_json::to_value(row).ok().unwrap_or(Value::Null);
    let groups = By::GROUPS.into_iter().filter(|by| *by != By::Reason);
    let groups: Map<String, Value> =
        groups.map(|by| (by.word().to_owned(), of(by).map(shown).collect())).collect();
    let rejects = of(By::Reason).map(|r| json!({ "reason": r.name, "orders": r.orders }));
    json!({
        "from": since.to_rfc3339(),
        "to": now.to_rfc3339(),
        "symbol": symbol,
        "total": of(By::All).next().map(shown),
        "groups": groups,
        "rejects": rejects.collect::<Vec<_>>(),
    })
}

fn text(rows: &[QualityRow], by: By) -> String {
    let mut table = Table::new(&[
        "",
        ">orders",
        ">filled",
        ">fill %",
        ">volume",
        ">slip bps",
        ">median",
        ">of",
        ">when sent",
        ">cost",
        "in",
        ">ack",
        ">to fill",
        ">better",
        ">gain",
        ">score",
    ]);
    for r in rows.iter().filter(|r| r.by == By::All || r.by == by) {
        table.row(vec![
            of_symbol(r),
            r.orders.to_string(),
            r.filled.to_string(),
            rounded(r.fill_rate.map(Percent::get)),
            maybe(r.volume),
            rounded(r.slippage_bps.map(Ratio::get)),
            rounded(r.median_bps.map(Ratio::get)),
            r.measured.to_string(),
            rounded(r.submit_bps.map(Ratio::get)),
            rounded(r.cost.map(Money::get)),
            r.currency.as_ref().map_or_else(String::new, Currency::to_string),
            maybe(r.ack_ms.map(age)),
            maybe(r.fill_ms.map(age)),
            r.improved.to_string(),
            rounded(r.improvement.map(Money::get)),
            maybe(r.score),
        ]);
    }
    let mut text = table.print("no orders in these days");
    for r in rows.iter().filter(|r| r.by == By::Reason) {
        // A text takes what is written to it.
        _ = writeln!(text, "refused {}x: {}", r.orders, r.name);
    }
    text
}

fn each(orders: &[OrderQuality]) -> String {
    let mut table = Table::new(&[
        "decided",
        "order",
        "symbol",
        "side",
        "type",
        ">filled",
        ">average",
        ">quote",
        ">when sent",
        ">acked",
        ">first fill",
        ">last fill",
        ">slip bps",
        ">cost",
        "in",
    ]);
    let quote = |touch: Option<Arrival>| maybe(touch.map(|t| format!("{}/{}", t.bid, t.ask)));
    let stood = |moment: Option<Moment>| quote(moment.and_then(|m| m.touch));
    for o in orders {
        table.row(vec![
            o.created.to_rfc3339(),
            o.order.client.to_string(),
            o.symbol.to_string(),
            o.side.word().to_owned(),
            o.kind.to_string(),
            o.filled.to_string(),
            maybe(o.avg_price),
            quote(o.decision),
            stood(o.submitted),
            stood(o.acknowledged),
            stood(o.first_fill),
            stood(o.last_fill),
            rounded(o.slippage_bps.map(Ratio::get)),
            rounded(o.cost.map(Money::get)),
            o.currency.as_ref().map_or_else(String::new, Currency::to_string),
        ]);
    }
    table.print("no orders in these days")
}

fn of_symbol(row: &QualityRow) -> String {
    match (&row.symbol, &row.venue) {
        (Some(symbol), Some(venue)) => format!("{symbol}@{venue}"),
        (Some(_) | None, Some(_) | None) => row.name.to_string(),
    }
}
