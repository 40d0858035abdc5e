//! The same over a journal: its facts go through a book, and what an order came to is kept when the book forgets it.

use super::{OrderQuality, Outcome, Quality, grouped, outcome};
use crate::{
    book::Book,
    domain::{
        algorithm::Claim,
        fact::Fact,
        ids::{OrderId, Symbol},
        time::Stamp,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What an order came to is looked up this long after something happened to it at the latest: well before a book
/// forgets an order that has ended.
const SWEEP_MS: i64 = 12 * 3_600_000;
/// Or when something happened to so many.
const SWEEP_MAX: usize = 20_000;

/// Orders as the journal tells of them.
#[derive(Debug, Default)]
pub struct Tally {
    book: Book,
    since: Option<Stamp>,
    symbol: Option<Symbol>,
    /// Something happened to them since the last sweep.
    moved: BTreeSet<OrderId>,
    swept: Stamp,
    outcomes: BTreeMap<OrderId, (Outcome, OrderQuality)>,
}

impl Tally {
    /// Of orders that were decided at `since` or later and are in `symbol`, at any venue; `None` is all.
    /// `claims` say whose orders are whose.
    pub fn new(claims: Vec<Claim>, since: Option<Stamp>, symbol: Option<Symbol>) -> Self {
        let mut book = Book::new();
        book.claim(claims);
        Self { book, since, symbol, ..Self::default() }
    }

    /// Takes in the next fact of the journal.
    pub fn take(&mut self, at: Stamp, fact: &Fact) {
        self.book.apply(at, fact);
        self.note(fact);
        if at.since_ms(self.swept) >= SWEEP_MS || self.moved.len() >= SWEEP_MAX {
            self.sweep();
            self.swept = at;
        }
    }

    fn note(&mut self, fact: &Fact) {
        let order = if let Fact::Intended(intent) = fact {
            Some(intent.order.clone())
        } else if let Fact::Order(told) = fact {
            Some(told.order.clone())
        } else if let Fact::Learned { report, .. } = fact {
            Some(OrderId { venue: report.instrument.venue.clone(), client: report.client.clone() })
        } else if let Some(e) = fact.execution() {
            // Told by the venue's id it can be another's than its name says.
            let by_venue = self.book.order_by_venue_id(&e.instrument.venue, &e.venue_id);
            let named = OrderId { venue: e.instrument.venue.clone(), client: e.client.clone() };
            if self.book.order(&named).is_some() { Some(named) } else { by_venue.map(|row| row.id.clone()) }
        } else {
            None
        };
        self.moved.extend(order);
    }

    fn sweep(&mut self) {
        for id in std::mem::take(&mut self.moved) {
            let Some(order) = self.book.order(&id) else { continue };
            let is_in = self.since.is_none_or(|since| order.intended_at >= since)
                && self.symbol.as_ref().is_none_or(|symbol| order.spec.instrument.symbol == *symbol);
            if is_in && let Some(outcome) = outcome(&self.book, order) {
                let told = OrderQuality::of(order, &outcome);
                self.outcomes.insert(id, (outcome, told));
            }
        }
    }

    /// All of them first, then by each of [`super::By::GROUPS`]; and each order by itself, as they were decided.
    pub fn finish(mut self) -> (Vec<Quality>, Vec<OrderQuality>) {
        self.sweep();
        let (outcomes, mut orders): (Vec<Outcome>, Vec<OrderQuality>) = self.outcomes.into_values().unzip();
        orders.sort_by(|a, b| (a.created, &a.order).cmp(&(b.created, &b.order)));
        (grouped(&outcomes), orders)
    }
}
