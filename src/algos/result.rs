//! What LEAN says of itself, read: the same words in its files, in its stream and in the answers of QuantConnect's
//! cloud, which hands on what LEAN writes there.

pub mod figures;
pub mod map;
pub mod money;
pub mod wire;

use self::figures::Sample;
use crate::domain::{
    algorithm::{AlgorithmOrder, Holding, LogLevel, LogLine},
    money::Money,
    text::Text,
    time::Stamp,
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Events, orders and points of the curve that are told.
pub const ROWS_MAX: usize = 2_000;
/// Lines of logs that are told.
pub const LINES_MAX: usize = 500;
const DAY_MS: i64 = 86_400_000;

/// The last of them, as many as are told.
pub fn last<T>(mut rows: Vec<T>) -> Vec<T> {
    let over = rows.len().saturating_sub(ROWS_MAX);
    rows.drain(..over);
    rows
}

/// Orders by number, as many as are told: of too many the oldest that ended go first.
pub fn told(orders: impl ExactSizeIterator<Item = AlgorithmOrder>) -> Vec<AlgorithmOrder> {
    let mut over = orders.len().saturating_sub(ROWS_MAX);
    orders
        .filter(|order| {
            let goes = over > 0 && !order.state.is_open();
            over = over.saturating_sub(usize::from(goes));
            !goes
        })
        .collect()
}

/// Holdings by the names that orders have for them: in the short form they have none of their own.
pub fn called(held: &[Holding], names: &BTreeMap<&Text, &Text>) -> Vec<Holding> {
    let mut held = held.to_vec();
    for holding in &mut held {
        if let Some(name) = names.get(&holding.key) {
            holding.symbol = (*name).clone();
        }
    }
    held
}

/// What was won or lost since midnight UTC, where the curve reaches back so far.
pub fn day(curve: &[Sample], equity: Money, at: Stamp) -> Option<Money> {
    let midnight = Stamp::from_millis(at.as_millis().div_euclid(DAY_MS).checked_mul(DAY_MS)?)?;
    let before: Option<Decimal> = match curve.iter().find(|s| s.at == midnight) {
        Some(sample) => Some(sample.open),
        None => curve.iter().rev().find(|s| s.at < midnight).map(|s| s.close),
    };
    equity.get().checked_sub(before?).map(Money::new)
}

/// One of the figures that LEAN shows to people.
pub fn figure(runtime: &[(Text, Text)], name: &str) -> Option<Money> {
    let text = runtime.iter().find(|(n, _)| n.as_str() == name)?.1.as_str();
    money::amount(text).map(Money::new)
}

/// What it paid. LEAN puts a minus before that; without one it is an older LEAN's plain amount.
pub fn fees(runtime: &[(Text, Text)]) -> Option<Money> {
    let is_paid = runtime.iter().any(|(n, v)| n.as_str() == "Fees" && v.as_str().starts_with('-'));
    figure(runtime, "Fees").map(|paid| if is_paid { paid.negated() } else { paid.abs() })
}

/// `2026-11-20 09:31:02 text`. Its zone is not told, so that the time stays in the text.
pub fn line(line: &str) -> LogLine {
    let text = line.get(20..).unwrap_or(line).trim_start().to_ascii_lowercase();
    let grave = ["error", "runtime error", "algorithm error", "algorithm.runtimeerror"];
    let level = if grave.iter().any(|w| text.starts_with(w)) { LogLevel::Error } else { LogLevel::Info };
    LogLine { at: None, level, text: Text::clean(line) }
}
