//! What the exchange does beyond its model's rules when a fault asks for it. Nothing of it is kept between runs.

use super::{exchange::Exchange, faults::Then, order::Status, store::Seq};
use crate::domain::{ids::Symbol, money::Qty, time::Stamp};
use rust_decimal::{Decimal, RoundingStrategy};
use smol_str::SmolStr;
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Ended orders that are remembered.
const ENDED_MAX: usize = 5_000;

/// How working orders hold the units of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    /// They do at all.
    pub are_on: bool,
    /// They do for so many milliseconds after they have ended.
    pub release_ms: i64,
}

impl Default for Holds {
    fn default() -> Self {
        Self { are_on: true, release_ms: 0 }
    }
}

/// An order that held units until it ended.
#[derive(Debug, Clone)]
struct Ended {
    symbol: Symbol,
    group: Uuid,
    qty: Qty,
    at: Stamp,
}

#[derive(Debug, Clone, Copy)]
struct Cap {
    most: Qty,
    then: Then,
}

/// What faults have asked of the exchange.
#[derive(Debug, Clone, Default)]
pub struct Strain {
    holds: Holds,
    /// Ended orders are remembered for so long.
    keep_ms: i64,
    ended: VecDeque<Ended>,
    caps: BTreeMap<Seq, Cap>,
}

impl Exchange {
    /// How orders hold units from now on.
    pub const fn set_holds(&mut self, holds: Holds) {
        self.strain.holds = holds;
    }
    /// Ended orders are remembered for so many milliseconds, so that their units can stay held.
    pub const fn remember_ended(&mut self, ms: i64) {
        self.strain.keep_ms = ms;
    }
    /// Do working orders hold units?
    pub(super) const fn holds(&self) -> bool {
        self.strain.holds.are_on
    }
    /// Notes an order that is about to end.
    pub(super) fn note_ending(&mut self, seq: Seq) {
        if self.strain.keep_ms == 0 {
            return;
        }
        let Some(order) = self.orders.get(seq).filter(|o| o.binds() && o.closes()) else { return };
        let (symbol, group) = (order.symbol.clone(), order.group());
        let ended = Ended { symbol, group, qty: order.remaining().unwrap_or_default(), at: self.at };
        let since = self.at.plus_ms(self.strain.keep_ms.saturating_neg());
        self.strain.ended.retain(|e| e.at >= since);
        self.strain.ended.push_back(ended);
        if self.strain.ended.len() > ENDED_MAX {
            self.strain.ended.pop_front();
        }
    }
    /// Adds what ended orders still hold of `symbol`.
    pub(super) fn add_ended(&self, symbol: &Symbol, by_group: &mut BTreeMap<Uuid, Qty>) {
        let since = self.at.plus_ms(self.strain.holds.release_ms.saturating_neg());
        for ended in self.strain.ended.iter().filter(|e| e.symbol == *symbol && e.at > since) {
            let held = by_group.entry(ended.group).or_default();
            *held = (*held).max(ended.qty);
        }
    }
    /// Lets an order fill only `percent` of its units, in whole ones for a stock.
    pub fn cap(&mut self, id: Uuid, percent: u64, then: Then) {
        let Some((seq, order)) = self.orders.seq(id).and_then(|s| Some((s, self.orders.get(s)?))) else {
            return;
        };
        let coin = self.asset(order.symbol.as_str()).is_some_and(super::asset::Asset::is_coin);
        let share = order.qty.unwrap_or_default().get().saturating_mul(Decimal::from(percent));
        let units = share.checked_div(Decimal::ONE_HUNDRED).unwrap_or_default();
        let places = if coin { 9 } else { 0 };
        let units = units.round_dp_with_strategy(places, RoundingStrategy::ToZero).normalize();
        let most = Qty::new(units).unwrap_or_default();
        self.strain.caps.insert(seq, Cap { most, then });
    }
    /// What an order may still fill; `None` without a cap. One that has reached its cap goes no further, and is
    /// cancelled if its cap says so.
    pub(super) fn left_of_cap(&mut self, seq: Seq) -> Option<Qty> {
        let cap = *self.strain.caps.get(&seq)?;
        let filled = self.orders.get(seq)?.filled_qty;
        let left = cap.most.saturating_sub(filled);
        if left.is_zero() && cap.then == Then::Cancel {
            self.strain.caps.remove(&seq);
            self.finish(seq, Status::Canceled);
        }
        Some(left)
    }
    /// The market rejects an order that was taken. Of a group only this one ends.
    pub fn reject(&mut self, id: Uuid, reason: &SmolStr) {
        let Some(seq) = self.orders.seq(id) else { return };
        if self.orders.get(seq).is_none_or(|o| o.status.is_over()) {
            return;
        }
        self.change(seq, |o| o.reject_reason = Some(reason.clone()));
        self.close(seq, Status::Rejected);
        let whole = self.orders.get(seq).filter(|o| o.parent.is_none()).cloned();
        if let Some(order) = whole {
            self.close_relatives(&order, Status::Canceled);
        }
    }
}
