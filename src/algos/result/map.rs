//! LEAN's words ⇄ ours. Pure: text in, values or a sentence out.

use super::{
    figures::{Figures, RunState, Sample, Told},
    wire::{Cash, Chart, Holding as WireHolding, LiveResult, Map, Order, OrderEvent, Point, Symbol},
};
use crate::{
    algos::number::{Number, Plain},
    domain::{
        algorithm::{AlgorithmEvent, AlgorithmOrder, AlgorithmOrderState, CashRow, Holding, Phase},
        money::{Money, Price, SignedQty, parse_decimal},
        order::Side,
        text::Text,
        time::Stamp,
    },
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The chart and the series of the equity curve (LEAN.md 1.3).
pub const CURVE: (&str, &str) = ("Strategy Equity", "Equity");

/// All that a status, minute, ten-minute or second file says.
///
/// # Errors
/// A sentence, where it is not whole or not what it should be.
pub fn result(text: &str) -> Result<Figures, String> {
    if !text.trim_start().starts_with('{') {
        return Err("it is no object".to_owned());
    }
    let live: LiveResult<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    // What has none of it is of somebody else, and takes nothing's place.
    if live.holdings.is_none() && live.charts.is_none() && live.orders.is_none() && live.state.is_none() {
        return Err("it is no result of LEAN".to_owned());
    }
    figures(&live)
}

/// The array of `*-order-events.json`.
///
/// # Errors
/// A sentence, where it is not whole or not what it should be.
pub fn events(text: &str) -> Result<Vec<Told>, String> {
    let events: Vec<OrderEvent<'_>> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    events.iter().map(event).collect()
}

/// One `LiveResult`.
///
/// # Errors
/// A sentence that names what can't be read: nothing of it is then taken over.
pub fn figures(live: &LiveResult<'_>) -> Result<Figures, String> {
    let rows = live.order_events.as_deref().unwrap_or_default();
    let (curve, unread) = live.charts.as_ref().map_or_else(Default::default, curve);
    Ok(Figures {
        holdings: live.holdings.as_ref().map(holdings).transpose()?,
        cash: live.cash.as_ref().map(cash),
        currency: word_of(live.account_currency.as_ref()),
        orders: live.orders.as_ref().map(|m| m.0.iter().map(|(_, o)| order(o)).collect()),
        events: rows.iter().map(event).collect::<Result<_, _>>()?,
        curve,
        unread,
        summary: live.statistics.as_ref().map(pairs).unwrap_or_default(),
        runtime: live.runtime_statistics.as_ref().map(pairs).filter(|p| !p.is_empty()),
        server: live.server_statistics.as_ref().map(pairs).filter(|p| !p.is_empty()),
        state: live.state.as_ref().filter(|m| !m.0.is_empty()).map(state),
        names: names(live),
    })
}

/// Figures with their names, as they are worded.
pub fn pairs(map: &Map<Plain<'_>>) -> Vec<(Text, Text)> {
    map.0.iter().take(PAIRS_MAX).map(|(k, v)| (Text::clean(k), Text::clean(&v.0))).collect()
}

/// What the symbols of orders and events are called, where that is more than their own name tells.
fn names(live: &LiveResult<'_>) -> Vec<(Text, Text)> {
    let orders = live.orders.iter().flat_map(|m| &m.0).map(|(_, o)| (o.symbol.as_ref(), None));
    let events = live.order_events.iter().flatten().map(|e| (e.symbol.as_ref(), e.symbol_value.as_ref()));
    let named = orders.chain(events).filter_map(|(symbol, value)| called(symbol?, value));
    let known: BTreeMap<Text, Text> = named.collect();
    known.into_iter().take(NAMES_MAX).collect()
}

fn called(symbol: &Symbol<'_>, value: Option<&Plain<'_>>) -> Option<(Text, Text)> {
    let id = symbol.id.as_ref()?;
    let name = word_of(value).or_else(|| word_of(symbol.value.as_ref()))?;
    (ticker(&id.0) != name).then(|| (Text::clean(&id.0), name))
}

/// What an order's symbol is called, where that is more than its own name tells.
pub fn name(o: &Order<'_>) -> Option<(Text, Text)> {
    called(o.symbol.as_ref()?, None)
}

/// So many contracts are called by their names.
const NAMES_MAX: usize = 1_000;

/// More than LEAN's own figures and any that a program adds for people to look at.
const PAIRS_MAX: usize = 100;

/// A word, where there is one.
pub fn word_of(plain: Option<&Plain<'_>>) -> Option<Text> {
    plain.map(|p| Text::clean(p.0.trim())).filter(|t| !t.is_empty())
}

fn state(map: &Map<Plain<'_>>) -> RunState {
    let find = |name: &str| map.0.iter().find(|(k, _)| letters(k) == name).map_or("", |(_, v)| v.0.trim());
    RunState {
        word: Text::clean(find("status")),
        started: stamp(find("starttime")),
        has_ended: !find("endtime").is_empty(),
        error: Some(Text::clean(find("runtimeerror"))).filter(|t| !t.is_empty()),
    }
}

/// Letters and digits alone, small: so that `UpdateSubmitted`, `updateSubmitted` and `update-submitted` are one.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// `AlgorithmStatus` (LEAN.md 1.3).
pub fn phase(word: &str) -> Phase {
    match letters(word).as_str() {
        "running" | "5" => Phase::Running,
        "inqueue" | "loggingin" | "initializing" | "history" | "pendinginput" => Phase::Starting,
        "stopped" | "deleted" | "completed" => Phase::Stopped,
        "liquidated" => Phase::Liquidated,
        "deployerror" | "runtimeerror" | "invalid" => Phase::Failed,
        _ => Phase::Unknown,
    }
}

/// `OrderStatus`, as a number or as a word (LEAN.md 1.3, 1.4). `UpdateSubmitted` is what a broker says when it has
/// taken a change, and the order works.
pub fn order_state(word: &str) -> AlgorithmOrderState {
    match letters(word).as_str() {
        "0" | "new" => AlgorithmOrderState::New,
        "1" | "submitted" | "9" | "updatesubmitted" => AlgorithmOrderState::Working,
        "2" | "partiallyfilled" => AlgorithmOrderState::Partial,
        "3" | "filled" => AlgorithmOrderState::Filled,
        "5" | "canceled" | "cancelled" => AlgorithmOrderState::Cancelled,
        "7" | "invalid" => AlgorithmOrderState::Rejected,
        "8" | "cancelpending" => AlgorithmOrderState::Pending,
        _ => AlgorithmOrderState::Unknown,
    }
}

/// `OrderType`, as a number or as a word.
fn order_kind(word: &str) -> Text {
    let letters = letters(word);
    let known = match letters.as_str() {
        "0" | "market" => "market",
        "1" | "limit" => "limit",
        "2" | "stopmarket" => "stop",
        "3" | "stoplimit" => "stop limit",
        "4" | "marketonopen" => "market on open",
        "5" | "marketonclose" => "market on close",
        "6" | "optionexercise" => "option exercise",
        "7" | "limitiftouched" => "limit if touched",
        "8" | "combomarket" => "combo market",
        "9" | "combolimit" => "combo limit",
        "10" | "comboleglimit" => "combo leg limit",
        "11" | "trailingstop" => "trailing stop",
        _ => return Text::clean(word),
    };
    Text::clean(known)
}

fn price(number: Option<Number>) -> Option<Price> {
    number.map(|n| Price::new(n.0))
}

/// A price of zero is LEAN's word for none.
fn priced(number: Option<Number>) -> Option<Price> {
    price(number).filter(|p| !p.is_zero())
}

fn holdings(map: &Map<WireHolding<'_>>) -> Result<Vec<Holding>, String> {
    let rows = map.0.iter().map(|(key, h)| holding(key, h));
    let mut rows: Vec<Holding> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(rows)
}

/// A flat one is none.
fn holding(key: &str, h: &WireHolding<'_>) -> Result<Option<Holding>, String> {
    // In the short form what is left out is zero; in the long one it is not told.
    let is_short = h.symbol.is_none();
    if h.q.is_none() && !is_short {
        return Err(format!("the holding `{key}` has no quantity"));
    }
    let Some(qty) = h.q.map(|n| SignedQty::new(n.0)).filter(|q| !q.is_zero()) else { return Ok(None) };
    let told = |n: Option<Number>| n.or(is_short.then_some(Number(Decimal::ZERO)));
    let named = h.symbol.as_ref().and_then(|s| word_of(s.value.as_ref()));
    Ok(Some(Holding {
        key: Text::clean(key),
        symbol: named.unwrap_or_else(|| ticker(key)),
        qty,
        average: price(told(h.a)),
        price: price(told(h.p)),
        value: told(h.v).map(|n| Money::new(n.0)),
        unrealized: told(h.u).map(|n| Money::new(n.0)),
    }))
}

/// `SPY R735QTJ8XC9X` is `SPY`. An option's name goes on behind a bar with what it is of, and its beginning alone would
/// be taken for that.
fn ticker(key: &str) -> Text {
    let is_of_something = key.contains('|');
    let beginning = key.split(' ').next().filter(|_| !is_of_something);
    Text::clean(beginning.unwrap_or(key))
}

fn cash(map: &Map<Cash<'_>>) -> Vec<CashRow> {
    let mut rows: Vec<CashRow> = map
        .0
        .iter()
        .map(|(key, c)| CashRow {
            currency: word_of(c.symbol.as_ref()).unwrap_or_else(|| Text::clean(key)),
            amount: Money::new(c.amount.0),
            value: c.value_in_account_currency.map(|n| Money::new(n.0)),
        })
        .collect();
    rows.sort_by(|a, b| a.currency.cmp(&b.currency));
    rows
}

fn symbol_of(symbol: Option<&Symbol<'_>>, value: Option<&Plain<'_>>) -> Text {
    let whole = symbol.and_then(|s| word_of(s.value.as_ref()));
    let id = || symbol.and_then(|s| s.id.as_ref()).map(|id| ticker(&id.0));
    word_of(value).or(whole).or_else(id).unwrap_or_default()
}

/// One of its orders.
pub fn order(o: &Order<'_>) -> AlgorithmOrder {
    let time = |p: &Option<Plain<'_>>| p.as_ref().and_then(|p| stamp(&p.0));
    let changed = [&o.last_fill_time, &o.last_update_time, &o.canceled_time];
    let qty = SignedQty::new(o.quantity.0);
    let side = match (qty.is_positive(), qty.is_negative()) {
        (true, _) => Some(Side::Buy),
        (_, true) => Some(Side::Sell),
        _ => None,
    };
    AlgorithmOrder {
        id: o.id,
        broker: o.broker_id.iter().flatten().take(16).filter_map(|b| word_of(Some(b))).collect(),
        symbol: symbol_of(o.symbol.as_ref(), None),
        side,
        qty,
        kind: order_kind(&o.kind.0),
        limit: priced(o.limit_price),
        stop: priced(o.stop_price).or(priced(o.trigger_price)),
        price: priced(o.price),
        state: order_state(&o.status.0),
        created: time(&o.created_time).or(time(&o.time)),
        changed: changed.into_iter().filter_map(time).max(),
        tag: o.tag.as_ref().map(|t| Text::clean(&t.0)).unwrap_or_default(),
    }
}

/// One order event.
///
/// # Errors
/// Where it has no time: it could not be put in its place.
pub fn event(e: &OrderEvent<'_>) -> Result<Told, String> {
    let id = match (word_of(e.id.as_ref()), word_of(e.algorithm_id.as_ref())) {
        (Some(id), _) => id,
        (None, Some(algorithm)) => {
            Text::clean(&format!("{}-{}-{}", algorithm.as_str(), e.order_id, e.order_event_id))
        }
        (None, None) => {
            return Err(format!("event {} of order {} has no name", e.order_event_id, e.order_id));
        }
    };
    let at = stamp(&e.time.0).ok_or_else(|| format!("event `{id}` has no time"))?;
    Ok(Told {
        number: e.order_event_id,
        event: AlgorithmEvent {
            id,
            order: e.order_id,
            symbol: symbol_of(e.symbol.as_ref(), e.symbol_value.as_ref()),
            at,
            state: order_state(&e.status.0),
            qty: SignedQty::new(e.fill_quantity.0),
            price: priced(Some(e.fill_price)),
            fee: e.order_fee_amount.map(|n| Money::new(n.0)),
            fee_currency: word_of(e.order_fee_currency.as_ref()),
            message: e.message.as_ref().map(|m| Text::clean(&m.0)).unwrap_or_default(),
        },
    })
}

/// The samples of the equity curve in a map of charts, oldest first, and how many could not be read. Every other chart
/// is passed over.
fn curve(charts: &Map<&RawValue>) -> (Vec<Sample>, usize) {
    let Some((_, raw)) = charts.0.iter().find(|(name, _)| name == CURVE.0) else {
        return (Vec::new(), 0);
    };
    chart(raw.get())
}

/// The samples of the chart of the equity, as [`curve`].
pub fn chart(text: &str) -> (Vec<Sample>, usize) {
    let Ok(chart) = serde_json::from_str::<Chart<'_>>(text) else {
        return (Vec::new(), 1);
    };
    let series = chart.series.unwrap_or_default();
    let values = series.0.into_iter().find(|(name, _)| name == CURVE.1).and_then(|(_, s)| s.values);
    let mut out = Vec::new();
    let mut unread = 0_usize;
    for point in values.unwrap_or_default() {
        // A moment without a value is no fault.
        if point.0.iter().skip(1).any(|value| value.0.is_empty()) {
            continue;
        }
        match sample(&point) {
            Some(sample) => out.push(sample),
            None => unread = unread.saturating_add(1),
        }
    }
    out.sort_by_key(|s| s.at);
    out.dedup_by_key(|s| s.at);
    (out, unread)
}

/// A point of the curve.
fn sample(point: &Point<'_>) -> Option<Sample> {
    let mut numbers = point.0.iter();
    let at = stamp(&numbers.next()?.0)?;
    let (open, close) = match (numbers.next(), numbers.next_back()) {
        (Some(only), None) => (only, only),
        (Some(open), Some(close)) => (open, close),
        (None, _) => return None,
    };
    Some(Sample { at, open: parse_decimal(&open.0).ok()?, close: parse_decimal(&close.0).ok()? })
}

/// A time as LEAN writes it: RFC 3339, the same without a zone (then UTC), or seconds since 1970 with a fraction.
pub fn stamp(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Ok(seconds) = parse_decimal(text) {
        let nanos = seconds.checked_mul(Decimal::from(1_000_000_000_u32))?;
        return nanos.trunc().to_i64().map(Stamp::from_nanos);
    }
    match Stamp::parse_rfc3339(text) {
        Ok(at) => Some(at),
        Err(_) => Stamp::parse_rfc3339(&format!("{}Z", text.replacen(' ', "T", 1))).ok(),
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
