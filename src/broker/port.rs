//! The trait.

pub use crate::domain::order::{OrderRef, Replacement};

use super::{
    capability::Capability,
    event::Sink,
    outcome::{Fault, Outcome},
    release::Release,
};
use crate::{
    domain::{
        ids::{AccountId, ExecutionId, InstrumentId, Symbol, VenueId},
        instrument::Instrument,
        order::Submission,
        quote::{Bar, Interval, Quote},
        report::{Environment, OrderReport, VenueReport},
        text::Text,
        time::Stamp,
    },
    risk::permit::{Cleared, Reducing},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
};
use tokio::sync::watch;

/// A boxed future: venues stand behind one pointer type.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a venue's own answer proves of the account behind the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The account.
    pub account: AccountId,
    /// Paper or live, by the venue's word and address, not by the configuration's.
    pub environment: Environment,
    /// Can it trade? The venue's words if not.
    pub read_only: Option<Text>,
    /// Can the key withdraw money? `None` where the venue has no way to tell.
    pub withdraw: Option<bool>,
}

/// What a report should cover.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// Ended orders that were made or changed after this; `None` is the venue's today.
    pub orders_since: Option<Stamp>,
    /// Executions after this one; `None` is the venue's today.
    pub executions_after: Option<ExecutionId>,
    /// Executions at or after this time (where the venue has no paging by id).
    pub executions_since: Option<Stamp>,
    /// Also the rules of these.
    pub instruments: Vec<Symbol>,
    /// What the book has orders or a position in at the venue: some venues tell ended orders and executions by
    /// instrument only.
    pub traded: Vec<Symbol>,
    /// What the book has of orders that took the place of others: some venues change an order in place and keep the id
    /// that it was placed with, so that an adapter that begins anew learns here by which name it goes.
    pub changed: Vec<OrderRef>,
}

/// What is wanted of a venue's market.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// Quotes, prints and bars of these.
    pub symbols: BTreeSet<Symbol>,
    /// The order books of these, where the venue gives them.
    pub books: BTreeSet<Symbol>,
    /// In what orders of the account are open there, or may be, and how many are by the venue's word.
    pub open: BTreeMap<Symbol, Open>,
    /// This run holds the accounts: a venue's own dead man's switch, where the user asked for it, is kept for what is open.
    /// A run that stands beside keeps none alive and calls none off.
    pub holds_accounts: bool,
}

impl Watched {
    /// Is it news to who was told `before`? Numbers of orders alone wake nobody: who needs them reads them as they are.
    pub fn wakes(&self, before: &Self) -> bool {
        self.symbols != before.symbols
            || self.books != before.books
            || self.holds_accounts != before.holds_accounts
            || !self.open.keys().eq(before.open.keys())
    }
}

/// Orders that are open in one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Open {
    /// All of them.
    pub orders: u32,
    /// Those of them that wait for a price.
    pub conditional: u32,
}

/// A venue. Requests may run at the same time; each has a deadline of its own and never retries by itself.
pub trait Broker: Send + Sync + std::fmt::Debug {
    /// Its name in the configuration.
    fn venue(&self) -> &VenueId;
    /// What it can do.
    fn capability(&self) -> &Capability;
    /// Asks who the credentials belong to. Nothing may be sent before this has answered what was configured.
    fn prove(&self) -> Answer<'_, Result<Proof, Fault>>;
    /// Sends an order that may open risk, once it is released; until then it is made ready, and venues may be asked about
    /// what it takes. At most one request of the order leaves. Answers with the order, then its children.
    fn submit(&self, order: Cleared<Submission>, release: Release) -> Answer<'_, Outcome<Vec<OrderReport>>>;
    /// Sends an order that only reduces, from the reserve of the rate limit. At most one request leaves.
    /// Answers with the order, then its children.
    fn reduce(&self, order: Reducing<Submission>) -> Answer<'_, Outcome<Vec<OrderReport>>>;
    /// Asks for a change of a working order. At most one request leaves. Answers with the order that takes its
    /// place, or with the same one where the venue changes orders in place. A venue that cancelled the old order and refused the new one is accepted too: it
    /// answers with both, the new one as rejected.
    fn replace(&self, change: Cleared<Replacement>) -> Answer<'_, Outcome<Vec<OrderReport>>>;
    /// Asks for a cancel, from the reserve of the rate limit.
    fn cancel(&self, order: OrderRef) -> Answer<'_, Outcome<()>>;
    /// Asks for a cancel of every order of the account, children and conditionals included.
    fn cancel_all(&self) -> Answer<'_, Outcome<()>>;
    /// Looks for one order by its names: the order, then its children. Where the venue changes orders in place, the name
    /// of a change that it made finds the order that was changed. Empty is the venue saying, once, that it has none such.
    fn find(&self, order: OrderRef) -> Answer<'_, Result<Vec<OrderReport>, Fault>>;
    /// Everything: orders, executions, positions, account. What could not be had is `None` there.
    fn report(&self, wanted: Wanted) -> Answer<'_, VenueReport>;
    /// The rules of these symbols. A symbol that the venue does not know is left out.
    fn instruments(&self, symbols: Vec<Symbol>) -> Answer<'_, Result<Vec<Instrument>, Fault>>;
    /// All symbols that can be traded there, for completion.
    fn symbols(&self) -> Answer<'_, Result<Vec<Symbol>, Fault>>;
    /// The latest quotes, by request.
    fn quotes(&self, symbols: Vec<Symbol>) -> Answer<'_, Result<Vec<Quote>, Fault>>;
    /// The last `count` bars at the most, oldest first; with `before`, of those that begin before that. Fewer are all
    /// that the venue has.
    fn bars(
        &self,
        instrument: InstrumentId,
        interval: Interval,
        count: u32,
        before: Option<Stamp>,
    ) -> Answer<'_, Result<Vec<Bar>, Fault>>;
    /// Runs the streams until the engine is gone: connects, watches for silence, backs off, connects again.
    /// `watched` holds what is wanted of the market, and changes.
    fn stream(&self, watched: watch::Receiver<Watched>, sink: Sink) -> Answer<'_, ()>;
    /// The run ends in order, and its streams have ended: what the venue would do by itself when it hears nothing any
    /// more is called off. A venue without such a thing sends nothing. Ends within the deadline of a request.
    fn leave(&self) -> Answer<'_, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_orders_alone_wake_nobody() {
        let symbol = |name: &str| Symbol::new(name).unwrap();
        let of = |orders| Watched {
            open: BTreeMap::from([(symbol("BTC/USDT"), Open { orders, conditional: 0 })]),
            ..Watched::default()
        };
        assert!(of(1).wakes(&Watched::default()), "the first order in a symbol");
        assert!(!of(2).wakes(&of(1)));
        assert!(Watched::default().wakes(&of(2)), "the last one is gone");
        let seen = Watched { symbols: BTreeSet::from([symbol("ETH/USDT")]), ..of(2) };
        assert!(seen.wakes(&of(2)) && !seen.wakes(&seen.clone()));
        assert!(Watched { holds_accounts: true, ..of(2) }.wakes(&of(2)));
    }
}
