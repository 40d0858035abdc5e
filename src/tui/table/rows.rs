//! The rows of each table: what they are called, what they sort by, and what a filter reads in them.

mod records;

use super::{OrdersTab, RowKey, Tabs};
use crate::{
    desk::{
        Snapshot,
        snapshot::{AccountRow, AlertRow, By, FillRow, OrderRow, PositionRow, RiskRow, RiskState, WatchRow},
    },
    domain::{
        ids::{InstrumentId, OrderId},
        lifecycle::OrderState,
        order::{Amount, Side},
        text::Text,
    },
    tui::{column::Column, focus::Pane},
};
use rust_decimal::Decimal;
use smol_str::{SmolStr, ToSmolStr as _};
use std::sync::Arc;

/// What a cell sorts by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A number.
    Number(Decimal),
    /// A time, in nanoseconds: newer is larger.
    Time(i128),
    /// Words.
    Text(SmolStr),
}

/// How many rows the snapshot has for a pane.
pub fn count(s: &Snapshot, pane: Pane) -> usize {
    match pane {
        Pane::Watchlist => s.watchlist.len(),
        Pane::Positions => s.positions.len(),
        Pane::Orders => s.orders.len(),
        Pane::Fills => s.fills.len(),
        Pane::Account => s.accounts.len(),
        Pane::Health => s.health.len(),
        Pane::Risk => s.risk.len(),
        Pane::Alerts => s.alerts.len(),
        Pane::Reconciliation => s.reconciliation.len(),
        Pane::Algorithms => s.algorithms.len(),
        Pane::Quality => s.quality.len(),
        Pane::Chart | Pane::Depth | Pane::Ticket => 0,
    }
}

/// Are a pane's rows the very same in both snapshots?
pub fn is_shared(a: &Snapshot, b: &Snapshot, pane: Pane) -> bool {
    match pane {
        Pane::Watchlist => Arc::ptr_eq(&a.watchlist, &b.watchlist),
        Pane::Positions => Arc::ptr_eq(&a.positions, &b.positions),
        Pane::Orders => Arc::ptr_eq(&a.orders, &b.orders),
        Pane::Fills => Arc::ptr_eq(&a.fills, &b.fills),
        Pane::Account => Arc::ptr_eq(&a.accounts, &b.accounts),
        Pane::Health => Arc::ptr_eq(&a.health, &b.health),
        Pane::Risk => Arc::ptr_eq(&a.risk, &b.risk),
        Pane::Alerts => Arc::ptr_eq(&a.alerts, &b.alerts),
        Pane::Reconciliation => Arc::ptr_eq(&a.reconciliation, &b.reconciliation),
        Pane::Algorithms => Arc::ptr_eq(&a.algorithms, &b.algorithms),
        Pane::Quality => Arc::ptr_eq(&a.quality, &b.quality),
        Pane::Chart | Pane::Depth | Pane::Ticket => true,
    }
}

/// What row `n` is.
pub fn key(s: &Snapshot, pane: Pane, n: usize) -> Option<RowKey> {
    Some(match pane {
        Pane::Watchlist => RowKey::Instrument(s.watchlist.get(n)?.instrument.clone()),
        Pane::Positions => RowKey::Instrument(s.positions.get(n)?.instrument.clone()),
        Pane::Orders => RowKey::Order(s.orders.get(n)?.id.clone()),
        Pane::Fills => {
            let fill = s.fills.get(n)?;
            RowKey::Execution(fill.order.venue.clone(), fill.execution.clone())
        }
        Pane::Account => RowKey::Venue(s.accounts.get(n)?.venue.clone()),
        Pane::Health => RowKey::Venue(s.health.get(n)?.venue.clone()),
        Pane::Risk => {
            let rule = s.risk.get(n)?;
            RowKey::Rule(rule.venue.clone(), rule.symbol.clone(), rule.rule.clone())
        }
        Pane::Alerts => RowKey::Alert(s.alerts.get(n)?.alert.id),
        Pane::Reconciliation => RowKey::Difference(s.reconciliation.get(n)?.id),
        Pane::Algorithms => RowKey::Algorithm(s.algorithms.get(n)?.name.clone()),
        Pane::Quality => {
            let row = s.quality.get(n)?;
            RowKey::Quality(row.by, row.name.clone(), row.venue.clone())
        }
        Pane::Chart | Pane::Depth | Pane::Ticket => return None,
    })
}

/// What took the place of a row: the order that replaced one. A key struck again is meant for it.
pub fn successor(s: &Snapshot, key: &RowKey) -> Option<RowKey> {
    let RowKey::Order(id) = key else { return None };
    let find = |id: &OrderId| s.orders.iter().find(|o| o.id == *id);
    let mut at = find(id)?;
    // Each step leads to another order, so there are no more of them than orders.
    for _ in 0..s.orders.len() {
        let next = at.replaced_by.as_ref().filter(|_| at.state == OrderState::Replaced);
        let next = next.map(|client| OrderId { venue: at.id.venue.clone(), client: client.clone() });
        match next.as_ref().and_then(find) {
            Some(next) => at = next,
            None => break,
        }
    }
    (at.id != *id).then(|| RowKey::Order(at.id.clone()))
}

/// What row `n` is about.
pub fn instrument(s: &Snapshot, pane: Pane, n: usize) -> Option<InstrumentId> {
    match pane {
        Pane::Watchlist => Some(s.watchlist.get(n)?.instrument.clone()),
        Pane::Positions => Some(s.positions.get(n)?.instrument.clone()),
        Pane::Orders => {
            let order = s.orders.get(n)?;
            Some(InstrumentId { venue: order.id.venue.clone(), symbol: order.symbol.clone() })
        }
        Pane::Fills => {
            let fill = s.fills.get(n)?;
            Some(InstrumentId { venue: fill.order.venue.clone(), symbol: fill.symbol.clone() })
        }
        Pane::Alerts => {
            let alert = &s.alerts.get(n)?.alert;
            Some(InstrumentId { venue: alert.venue.clone()?, symbol: alert.symbol.clone()? })
        }
        Pane::Risk => {
            let rule = s.risk.get(n)?;
            Some(InstrumentId { venue: rule.venue.clone()?, symbol: rule.symbol.clone()? })
        }
        Pane::Reconciliation => s.reconciliation.get(n)?.instrument.clone(),
        Pane::Quality => {
            let row = s.quality.get(n)?;
            Some(InstrumentId { venue: row.venue.clone()?, symbol: row.symbol.clone()? })
        }
        Pane::Account | Pane::Health | Pane::Algorithms | Pane::Chart | Pane::Depth | Pane::Ticket => None,
    }
}

/// How soon a rule must be looked at: tripped, near, not known, clear, off.
pub fn urgency(s: &Snapshot, n: usize) -> u8 {
    match s.risk.get(n).map(|r| r.state) {
        Some(RiskState::Tripped) => 0,
        Some(RiskState::Near) => 1,
        Some(RiskState::Unknown) => 2,
        Some(RiskState::Clear) => 3,
        Some(RiskState::Off) | None => 4,
    }
}

/// How a rule stands, in a word.
pub const fn risk_word(state: RiskState) -> &'static str {
    match state {
        RiskState::Tripped => "TRIPPED",
        RiskState::Near => "NEAR",
        RiskState::Unknown => "unknown",
        RiskState::Clear => "clear",
        RiskState::Off => "off",
    }
}

/// Does row `n` belong right behind the one before it?
pub fn is_child(s: &Snapshot, pane: Pane, n: usize) -> bool {
    pane == Pane::Orders && s.orders.get(n).is_some_and(|o| o.depth > 0)
}

/// Is row `n` shown in this tab? Orders and execution figures have tabs; all orders together stand above their groups.
pub fn in_tab(s: &Snapshot, pane: Pane, tabs: Tabs, n: usize) -> bool {
    if pane == Pane::Quality {
        let is_above = |by: By| by == By::All && tabs.quality != By::Reason;
        return s.quality.get(n).is_none_or(|row| row.by == tabs.quality || is_above(row.by));
    }
    let Some(order) = s.orders.get(n).filter(|_| pane == Pane::Orders) else { return true };
    match tabs.orders {
        OrdersTab::All => true,
        OrdersTab::Working => group(&s.orders, n).iter().any(|o| o.state.is_open()),
        OrdersTab::Filled => order.state == OrderState::Filled,
        OrdersTab::Cancelled => matches!(
            order.state,
            OrderState::Cancelled | OrderState::Expired | OrderState::Replaced | OrderState::Abandoned
        ),
        OrdersTab::Rejected => matches!(order.state, OrderState::Rejected | OrderState::NotSent),
    }
}

/// The order at `n` with its parent and siblings.
fn group(orders: &[OrderRow], n: usize) -> &[OrderRow] {
    let head = (0..=n).rev().find(|i| orders.get(*i).is_some_and(|o| o.depth == 0)).unwrap_or(n);
    let tail = orders.get(head.saturating_add(1)..).unwrap_or_default();
    let children = tail.iter().take_while(|o| o.depth > 0).count();
    orders.get(head..=head.saturating_add(children)).unwrap_or_default()
}

/// What row `n` says, for the filter and the clipboard.
pub fn text(s: &Snapshot, pane: Pane, n: usize) -> String {
    let said = match pane {
        Pane::Watchlist => s.watchlist.get(n).map(|r| {
            let price = r.last.map(|p| p.to_string()).unwrap_or_default();
            format!("{} {price}", r.instrument)
        }),
        Pane::Positions => s.positions.get(n).map(position),
        Pane::Orders => s.orders.get(n).map(order),
        Pane::Fills => s.fills.get(n).map(|f| {
            let (at, id) = (f.at.to_rfc3339(), &f.order);
            format!("{at} {} {} {} {} @ {} {}", id.client, f.side.word(), f.qty, f.symbol, f.price, id.venue)
        }),
        Pane::Account => s
            .accounts
            .get(n)
            .map(|a| format!("{} {} equity {} cash {} {}", a.venue, a.account, a.equity, a.cash, a.currency)),
        Pane::Health => s.health.get(n).map(|h| {
            let error = h.last_error.as_ref().map_or("", |e| e.as_str());
            format!("{} {} {error}", h.venue, h.state)
        }),
        Pane::Risk => s.risk.get(n).map(rule),
        Pane::Alerts => s.alerts.get(n).map(|a| {
            let symbol = a.alert.symbol.as_ref().map_or("", |s| s.as_str());
            let venue = a.alert.venue.as_ref().map_or("", |v| v.as_str());
            format!("{} {:?} {symbol} {venue} {}", a.alert.at.to_rfc3339(), a.alert.severity, a.alert.text)
        }),
        Pane::Reconciliation => s.reconciliation.get(n).map(records::difference),
        Pane::Algorithms => s.algorithms.get(n).map(records::algorithm),
        Pane::Quality => s.quality.get(n).map(records::quality),
        Pane::Chart | Pane::Depth | Pane::Ticket => None,
    };
    said.unwrap_or_default()
}

fn position(p: &PositionRow) -> String {
    let side = if p.qty.is_negative() { "short" } else { "long" };
    let avg = p.avg_price.map(|p| p.to_string()).unwrap_or_default();
    format!("{} {side} {} avg {avg}", p.instrument, p.qty)
}

fn rule(r: &RiskRow) -> String {
    let venue = r.venue.as_ref().map_or("all venues", |v| v.as_str());
    let symbol = r.symbol.as_ref().map_or("", |s| s.as_str());
    let reason = r.reason.as_ref().map_or("", Text::as_str);
    let (word, used, limit) = (risk_word(r.state), &r.used, &r.limit);
    format!("{} {word} {used} of {limit} {} {venue} {symbol} {reason}", r.rule, r.response)
}

fn order(o: &OrderRow) -> String {
    let amount = match o.amount {
        Amount::Qty(q) => q.to_string(),
        Amount::Notional(m) => format!("${m}"),
    };
    let mut out = format!(
        "{} {} {} {amount} {} {} {} {}",
        o.id,
        o.side.word(),
        o.symbol,
        o.order_type.kind().word(),
        o.tif,
        o.state.word(),
        o.status_word
    );
    for price in [o.order_type.limit(), o.order_type.stop()].into_iter().flatten() {
        out.push(' ');
        out.push_str(&price.to_string());
    }
    if let Some(show) = o.show {
        out.push_str(" shows ");
        out.push_str(&show.to_string());
    }
    for word in [o.tag.as_deref(), o.reason.as_ref().map(Text::as_str)].into_iter().flatten() {
        out.push(' ');
        out.push_str(word);
    }
    out
}

#[expect(clippy::wildcard_enum_match_arm, reason = "health has two of the columns")]
/// What the cell of row `n` in a column sorts by; `None` where it is empty.
pub fn value(s: &Snapshot, pane: Pane, n: usize, column: Column) -> Option<Value> {
    match pane {
        Pane::Watchlist => watched(s.watchlist.get(n)?, column),
        Pane::Positions => held(s.positions.get(n)?, column),
        Pane::Orders => ordered(s.orders.get(n)?, column),
        Pane::Fills => filled(s.fills.get(n)?, column),
        Pane::Account => account(s.accounts.get(n)?, column),
        Pane::Alerts => alert(s.alerts.get(n)?, column),
        Pane::Health => {
            let row = s.health.get(n)?;
            match column {
                Column::Venue => Some(words(row.venue.as_str())),
                Column::State => Some(words(&row.state)),
                _ => None,
            }
        }
        Pane::Risk => ruled(s, n, column),
        Pane::Reconciliation => records::of_difference(s.reconciliation.get(n)?, column),
        Pane::Algorithms => records::of_algorithm(s.algorithms.get(n)?, column),
        Pane::Quality => records::of_quality(s.quality.get(n)?, column),
        Pane::Chart | Pane::Depth | Pane::Ticket => None,
    }
}

fn words(text: &str) -> Value {
    Value::Text(SmolStr::new(text))
}

fn mono(at: crate::domain::time::Mono) -> Value {
    Value::Time(i128::from(at.as_nanos()))
}

fn stamp(at: crate::domain::time::Stamp) -> Value {
    Value::Time(i128::from(at.as_nanos()))
}

fn side(side: Side) -> Value {
    words(side.word())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn watched(r: &WatchRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Symbol => return Some(words(r.instrument.symbol.as_str())),
        Column::Venue => return Some(words(r.instrument.venue.as_str())),
        Column::Age => return r.updated.map(mono),
        Column::Last => r.last?.get(),
        Column::Bid => r.bid?.get(),
        Column::Ask => r.ask?.get(),
        Column::Spread => r.spread?.get(),
        Column::Change => r.change?.get(),
        Column::Volume => r.volume?.get(),
        _ => return None,
    };
    Some(Value::Number(number))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn held(r: &PositionRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Symbol => return Some(words(r.instrument.symbol.as_str())),
        Column::Venue => return Some(words(r.instrument.venue.as_str())),
        Column::Qty => r.qty.get(),
        Column::Average => r.avg_price?.get(),
        Column::Last => r.last?.get(),
        Column::Value => r.value?.get(),
        Column::DayPnl => r.day_pnl?.get(),
        Column::Unrealized => r.unrealized?.get(),
        Column::UnrealizedPercent => r.unrealized_percent?.get(),
        Column::R => r.r_multiple?.get(),
        Column::Risk => r.risk_to_stop?.get(),
        Column::EquityPercent => r.equity_percent?.get(),
        Column::Stop => r.stop?.get(),
        _ => return None,
    };
    Some(Value::Number(number))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn ordered(r: &OrderRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Symbol => return Some(words(r.symbol.as_str())),
        Column::Venue => return Some(words(r.id.venue.as_str())),
        Column::Id => return Some(words(r.id.client.as_str())),
        Column::Side => return Some(side(r.side)),
        Column::Type => return Some(words(r.order_type.kind().word())),
        Column::Tif => return Some(words(r.tif.word())),
        Column::State => return Some(words(r.state.word())),
        Column::Age => return Some(mono(r.updated)),
        Column::Qty => match r.amount {
            Amount::Qty(q) => q.get(),
            Amount::Notional(m) => m.get(),
        },
        Column::Filled => r.filled.get(),
        Column::Price => r.order_type.limit()?.get(),
        Column::Stop => r.order_type.stop()?.get(),
        _ => return None,
    };
    Some(Value::Number(number))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn filled(r: &FillRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Time => return Some(stamp(r.at)),
        Column::Symbol => return Some(words(r.symbol.as_str())),
        Column::Venue => return Some(words(r.order.venue.as_str())),
        Column::Side => return Some(side(r.side)),
        Column::Qty => r.qty.get(),
        Column::Price => r.price.get(),
        Column::Fee => r.fee.as_ref()?.amount.get(),
        Column::Slippage => r.slippage_bps?.get(),
        _ => return None,
    };
    Some(Value::Number(number))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn account(r: &AccountRow, column: Column) -> Option<Value> {
    let number = match column {
        Column::Venue => return Some(words(r.venue.as_str())),
        Column::Equity => r.equity.get(),
        Column::Cash => r.cash.get(),
        Column::BuyingPower => r.buying_power.get(),
        Column::DayPnl => r.day_pnl?.get(),
        _ => return None,
    };
    Some(Value::Number(number))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn alert(r: &AlertRow, column: Column) -> Option<Value> {
    Some(match column {
        Column::Time => stamp(r.alert.at),
        Column::Severity => Value::Number(Decimal::from(match r.alert.severity {
            crate::domain::alert::Severity::Info => 0,
            crate::domain::alert::Severity::Warning => 1,
            crate::domain::alert::Severity::Critical => 2,
            crate::domain::alert::Severity::Emergency => 3,
        })),
        Column::Symbol => words(r.alert.symbol.as_ref()?.as_str()),
        Column::Venue => words(r.alert.venue.as_ref()?.as_str()),
        Column::Text => Value::Text(r.alert.text.as_str().to_smolstr()),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a table has some of the columns; the rest are empty in it"
)]
fn ruled(s: &Snapshot, n: usize, column: Column) -> Option<Value> {
    let r = s.risk.get(n)?;
    Some(match column {
        Column::Rule => words(&r.rule),
        // Largest first is what has tripped.
        Column::State => Value::Number(Decimal::from(4_u8.saturating_sub(urgency(s, n)))),
        // Used and limit are words with units: what they have in common is the share.
        Column::Used => Value::Number(r.share?.get()),
        Column::Limit => words(r.limit.as_str()),
        Column::Response => words(&r.response),
        Column::Until => stamp(r.until?),
        Column::Venue => words(r.venue.as_ref()?.as_str()),
        _ => return None,
    })
}
