//! What the exchange itself knows, past every fault of a script: for whoever judges a rehearsal. No client of the venue
//! can ask for it.

use super::{owner::Request, venue::Venue};
use crate::{
    domain::{
        ids::Symbol,
        money::{Qty, SignedQty},
        order::Side,
        time::Mono,
    },
    paper::{
        account::Detail,
        faults::Kind,
        order::{OrderFilter, Which},
    },
};
use smol_str::SmolStr;

/// Requests that are kept; more are only counted.
const SEEN_MAX: usize = 20_000;

/// A request as it arrived at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When, by the server's clock.
    pub at: Mono,
    /// What was asked.
    pub kind: Kind,
    /// Of a new order, the name that its sender gave it.
    pub client: Option<SmolStr>,
    /// Refused with 429.
    pub is_limited: bool,
}

/// A fill, by the exchange's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Of what.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub qty: Qty,
}

/// How things really stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Witness {
    /// What is held.
    pub positions: Vec<(Symbol, SignedQty)>,
    /// How many orders can still fill.
    pub open_orders: usize,
    /// Every fill, oldest first.
    pub fills: Vec<Fill>,
    /// The requests, oldest first; only where a script plays.
    pub seen: Vec<Seen>,
    /// Requests that the venue's own limit refused with 429, a script's refusals apart.
    pub over_limit: u64,
}

/// The requests that came.
#[derive(Debug, Default)]
pub(super) struct Traffic(Vec<Seen>);

impl Traffic {
    pub(super) fn note(&mut self, seen: Seen) {
        if self.0.len() < SEEN_MAX {
            self.0.push(seen);
        }
    }
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.0.clone()
    }
}

impl Venue {
    pub(super) fn witness(&self) -> Witness {
        let open = OrderFilter { which: Which::Open, limit: usize::MAX, ..OrderFilter::default() };
        let fills = self.exchange.activities().filter_map(|a| match &a.detail {
            Detail::Fill(fill) => Some(Fill { symbol: a.symbol.clone(), side: fill.side, qty: fill.qty }),
            Detail::Fee(_) => None,
        });
        Witness {
            positions: self.exchange.positions().into_iter().map(|p| (p.symbol, p.qty)).collect(),
            open_orders: self.exchange.orders(&open).len(),
            fills: fills.collect(),
            seen: self.seen(),
            over_limit: self.quota.refused(),
        }
    }
}

impl super::Running {
    /// How things really stand.
    ///
    /// # Errors
    /// The server has ended.
    pub async fn witness(&self) -> Result<Witness, super::Error> {
        let asked = self.owner.ask(Request::Witness).await;
        asked.map_err(|_| super::Error::Defect("the venue has ended".to_owned()))
    }
}
