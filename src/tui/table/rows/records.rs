//! The same for the tables that tell what happened: differences, algorithms, execution figures.

use super::{Value, mono, stamp, words};
use crate::{
    desk::snapshot::{AlgorithmRow, DifferenceRow, QualityRow},
    domain::{ids::VenueId, text::Text},
    tui::column::Column,
};
use rust_decimal::Decimal;

pub(super) fn difference(r: &DifferenceRow) -> String {
    let symbol = r.instrument.as_ref().map_or("", |i| i.symbol.as_str());
    let order = r.order.as_ref().map_or("", |o| o.client.as_str());
    format!("{} {} {symbol} {order} {} {}", r.at.to_rfc3339(), r.kind.word(), r.text, r.venue)
}

pub(super) fn algorithm(r: &AlgorithmRow) -> String {
    let venue = r.venue.as_ref().map_or("", VenueId::as_str);
    let log = r.log.as_ref().map_or("", Text::as_str);
    format!("{} {} {} {venue} {log}", r.name, r.source, r.state.word())
}

pub(super) fn quality(r: &QualityRow) -> String {
    let slippage = r.slippage_bps.map(|bps| format!(" slippage {bps} bps")).unwrap_or_default();
    let score = r.score.map(|score| format!(" score {score}")).unwrap_or_default();
    let volume = r.volume.map(|volume| format!(" volume {volume}")).unwrap_or_default();
    format!("{} orders {} filled {}{volume}{slippage}{score}", name(r), r.orders, r.filled)
}

fn name(r: &QualityRow) -> String {
    match (&r.symbol, &r.venue) {
        (Some(symbol), Some(venue)) => format!("{symbol}@{venue}"),
        (Some(_) | None, Some(_) | None) => r.name.to_string(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
pub(super) fn of_difference(r: &DifferenceRow, column: Column) -> Option<Value> {
    Some(match column {
        Column::Time => stamp(r.at),
        Column::State => Value::Number(Decimal::from(u8::from(r.is_open))),
        Column::Kind => words(r.kind.word()),
        Column::Symbol => words(r.instrument.as_ref()?.symbol.as_str()),
        Column::Text => words(r.text.as_str()),
        Column::Venue => words(r.venue.as_str()),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
pub(super) fn of_algorithm(r: &AlgorithmRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Name => return Some(words(&r.name)),
        Column::State => return Some(words(r.state.word())),
        Column::Age => return r.heartbeat.map(mono),
        Column::Text => return Some(words(r.log.as_ref()?.as_str())),
        Column::Venue => return Some(words(r.venue.as_ref()?.as_str())),
        Column::Equity => r.equity?.get(),
        Column::DayPnl => r.day_pnl?.get(),
        Column::Holdings => Decimal::from(r.holdings),
        Column::Orders => Decimal::from(r.orders),
        _ => return None,
    };
    Some(Value::Number(number))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
pub(super) fn of_quality(r: &QualityRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Name => return Some(words(r.name.as_str())),
        Column::Venue => return Some(words(r.venue.as_ref().map_or("", VenueId::as_str))),
        Column::Orders => Decimal::from(r.orders),
        Column::Filled => Decimal::from(r.filled),
        Column::FillRate => r.fill_rate?.get(),
        Column::Volume => r.volume?.get(),
        Column::Slippage => r.slippage_bps?.get(),
        Column::Median => r.median_bps?.get(),
        Column::Cost => r.cost?.get(),
        Column::TimeToFill => Decimal::from(r.fill_ms?),
        Column::Improved => Decimal::from(r.improved),
        Column::Score => Decimal::from(r.score?),
        _ => return None,
    };
    Some(Value::Number(number))
}
