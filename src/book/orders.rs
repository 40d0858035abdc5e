//! The orders, by both their names, by instrument and by age.

use crate::domain::{
    ids::{ClientId, Currency, InstrumentId, OrderId, VenueOrderId},
    lifecycle::OrderState,
    money::{Money, Price, Qty},
    order::{OrderSpec, Origin, Role},
    text::Text,
    time::Stamp,
};

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its id here.
    pub id: OrderId,
    /// Its id there, once known.
    pub venue_id: Option<VenueOrderId>,
    /// What it says now.
    pub spec: OrderSpec,
    /// Who made it.
    pub origin: Origin,
    /// Where it stands.
    pub state: OrderState,
    /// How much has filled: the sum of its executions.
    pub filled: Qty,
    /// What was paid or got for that, without fees, in the quote currency (times the multiplier: no).
    pub filled_value: Money,
    /// How much of `filled` is inferred from the venue's order and not told by an execution yet.
    pub inferred: Qty,
    /// Fees by currency.
    pub fees: Vec<(Currency, Money)>,
    /// The order it hangs on.
    pub parent: Option<ClientId>,
    /// Its part in the group.
    pub role: Role,
    /// The order that it replaces.
    pub replaces: Option<ClientId>,
    /// The order that replaced it or is to.
    pub replaced_by: Option<ClientId>,
    /// Why it was refused, rejected, abandoned.
    pub reason: Option<Text>,
    /// The venue's last status word.
    pub status_word: Option<Text>,
    /// Where a trailing stop stands.
    pub trailing_stop: Option<Price>,
    /// When it was intended or first seen.
    pub intended_at: Stamp,
    /// When the last fact moved it.
    pub updated_at: Stamp,
}

impl OrderRow {
    /// The average price of what has filled.
    pub fn avg_price(&self) -> Option<Price> {
        self.filled_value.checked_div(self.filled.get()).map(Price::new)
    }
    /// What can still fill, as far as is known: zero once it has ended. `None` for an order in money.
    pub fn remaining(&self) -> Option<Qty> {
        if self.state.is_final() {
            return Some(Qty::ZERO);
        }
        self.spec.amount.qty().map(|q| q.saturating_sub(self.filled))
    }
    /// What it is in.
    pub const fn instrument(&self) -> &InstrumentId {
        &self.spec.instrument
    }
}

#[derive(Debug, Default)]
pub(super) struct Orders {}
