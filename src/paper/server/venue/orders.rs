//! Orders and the positions that they make, as the venue's clients see them.

use super::Venue;
use crate::paper::{
    exchange::{CancelOutcome, CloseOutcome, Exchange},
    faults::{Kind, Meeting},
    order::{NewOrder, Order, OrderFilter, Portion, Replacement},
    refusal::Refusal,
    server::{
        query::symbols,
        wire::{self, OrderBody},
    },
};
use smol_str::SmolStr;
use uuid::Uuid;

/// Which order is meant.
#[derive(Debug, Clone)]
pub(in crate::paper::server) enum OrderKey {
    /// The venue's id.
    Id(Uuid),
    /// Its maker's id.
    Client(String),
}

/// What a list is asked to hold; symbols are resolved by the exchange, which knows their spellings.
#[derive(Debug)]
pub(in crate::paper::server) struct OrderQuery {
    pub(in crate::paper::server) filter: OrderFilter,
    pub(in crate::paper::server) symbols: Vec<String>,
    pub(in crate::paper::server) classes: Vec<String>,
}

/// An order as it is shown, with its legs under it or without.
fn show(exchange: &Exchange, order: &Order, nested: bool) -> OrderBody {
    if nested { wire::order(order, exchange.legs(order)) } else { wire::order_flat(order) }
}

impl Venue {
    pub(in crate::paper::server) fn place(&mut self, order: NewOrder) -> Result<OrderBody, Refusal> {
        let now = self.now();
        let meeting = self.meeting_of(&order);
        let order = self.under_holds(&meeting, |exchange| exchange.place(now, order))?;
        self.befall(&meeting, &order);
        Ok(show(&self.exchange, &order, true))
    }

    pub(in crate::paper::server) fn replace(
        &mut self,
        id: Uuid,
        change: Replacement,
    ) -> Result<OrderBody, Refusal> {
        let now = self.now();
        let meeting = Meeting::about(Kind::Replace, self.symbol_of(id));
        let order = self.under_holds(&meeting, |exchange| exchange.replace(now, id, change))?;
        Ok(show(&self.exchange, &order, true))
    }

    pub(in crate::paper::server) fn cancel(&mut self, id: Uuid) -> Result<(), Refusal> {
        let now = self.now();
        self.change().cancel(now, id)
    }

    pub(in crate::paper::server) fn cancel_all(&mut self) -> Vec<CancelOutcome> {
        let now = self.now();
        self.change().cancel_all(now)
    }

    pub(in crate::paper::server) fn close(
        &mut self,
        symbol: &str,
        portion: Portion,
    ) -> Result<OrderBody, Refusal> {
        let now = self.now();
        let meeting = self.meeting_of_close(Kind::Close, symbol);
        let order = self.under_holds(&meeting, |exchange| exchange.close_position(now, symbol, portion))?;
        self.befall(&meeting, &order);
        Ok(wire::order_flat(&order))
    }

    pub(in crate::paper::server) fn close_all(&mut self, cancel_orders: bool) -> Vec<CloseOutcome> {
        let now = self.now();
        let meeting = Meeting::of(Kind::CloseAll);
        let outcomes = self.under_holds(&meeting, |exchange| exchange.close_all(now, cancel_orders));
        for outcome in &outcomes {
            if let Ok(order) = &outcome.result {
                let meeting = self.meeting_of_close(Kind::CloseAll, outcome.symbol.as_str());
                self.befall(&meeting, order);
            }
        }
        outcomes
    }

    fn symbol_of(&self, id: Uuid) -> SmolStr {
        self.exchange.order(id).map_or_else(SmolStr::default, |o| SmolStr::new(o.symbol.as_str()))
    }
}

/// The order that `key` means.
pub(in crate::paper::server) fn order(venue: &Venue, key: &OrderKey, nested: bool) -> Option<OrderBody> {
    let exchange = &venue.exchange;
    let order = match key {
        OrderKey::Id(id) => exchange.order(*id),
        OrderKey::Client(id) => exchange.order_by_client_id(id),
    };
    order.map(|order| show(exchange, order, nested))
}

/// The orders that fit.
pub(in crate::paper::server) fn orders(venue: &Venue, asked: OrderQuery) -> Vec<OrderBody> {
    let exchange = &venue.exchange;
    let OrderQuery { mut filter, symbols: words, classes } = asked;
    let known = words.iter().map(|w| exchange.asset(w).map_or(w.as_str(), |a| a.symbol.as_str()));
    filter.symbols = symbols(&known.collect::<Vec<_>>());
    // Symbols were named, and none of them can be one: nothing fits.
    if filter.symbols.is_empty() && !words.is_empty() {
        return Vec::new();
    }
    let nested = filter.nested;
    let shown = exchange.orders(&filter).into_iter().map(|order| show(exchange, order, nested));
    shown.filter(|body| classes.is_empty() || classes.iter().any(|c| body.is_of_class(c))).collect()
}
