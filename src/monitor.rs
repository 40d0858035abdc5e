//! Watchers: what a person must be told of that no single fact says. Each speaks once and again only after
//! what it saw went away.

use crate::{
    book::{Book, Marks, reconcile::AlertSeed},
    domain::{ids::VenueId, time::Now},
};
use std::collections::BTreeSet;

/// What the watchers go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// How long an order may wait for an answer, milliseconds.
    pub pending_max_ms: u64,
    /// How old the quote of something held may be in its session, milliseconds.
    pub held_quote_age_max_ms: u64,
    /// How long a position may stand without a stop before it is said, milliseconds.
    pub no_stop_grace_ms: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { pending_max_ms: 30_000, held_quote_age_max_ms: 300_000, no_stop_grace_ms: 1_000 }
    }
}

/// The watchers' memory: what has been said.
#[derive(Debug, Default)]
pub struct Monitor {
    raised: BTreeSet<Seen>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen;

impl Monitor {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Looks at everything; the alerts that are new. Call it about once a second.
    pub fn watch(
        &mut self,
        _book: &Book,
        _marks: &Marks,
        _thresholds: &Thresholds,
        _now: Now,
    ) -> Vec<AlertSeed> {
        let _ = &self.raised;
        unimplemented!()
    }
    /// A venue is gone from the configuration or asleep: what was said of it may be said again.
    pub fn forget(&mut self, _venue: &VenueId) {
        unimplemented!()
    }
}

/// Has this position a working protective stop for all of it?
pub fn has_stop(_book: &Book, _instrument: &crate::domain::ids::InstrumentId) -> bool {
    unimplemented!()
}
