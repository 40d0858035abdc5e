//! The latches of rules that tripped, and what the trading day and week began with.

use crate::domain::{
    fact::Baseline,
    ids::{Symbol, VenueId},
    money::Money,
    rules::{LatchKey, Trip},
    time::Stamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// A latch that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatchRow {
    /// What tripped, what is done, until when, and why.
    pub trip: Trip,
    /// Since.
    pub since: Stamp,
}

/// What an account's trading day and week count from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The day's baseline.
    pub day: Baseline,
    /// Equity when the week began, as far as is known.
    pub week_equity: Money,
    /// The highest equity of the day that was told.
    pub high: Money,
}

#[derive(Debug, Default)]
pub(super) struct Latches {
    pub(super) rows: BTreeMap<LatchKey, LatchRow>,
    /// Those of them that block entries: few, where many only say something.
    blocking: BTreeSet<LatchKey>,
    pub(super) sessions: BTreeMap<VenueId, SessionRow>,
}

impl Latches {
    /// Is it news? The same trip again is not.
    pub(super) fn trip(&mut self, at: Stamp, trip: &Trip) -> bool {
        let same = self.rows.get(&trip.key).is_some_and(|row| row.trip == *trip);
        if !same {
            if trip.response.blocks() {
                self.blocking.insert(trip.key.clone());
            } else {
                self.blocking.remove(&trip.key);
            }
            self.rows.insert(trip.key.clone(), LatchRow { trip: trip.clone(), since: at });
        }
        !same
    }
    pub(super) fn lift(&mut self, key: &LatchKey) -> bool {
        self.blocking.remove(key);
        self.rows.remove(key).is_some()
    }
    pub(super) fn begin(&mut self, baseline: &Baseline) -> bool {
        let before = self.sessions.get(&baseline.venue);
        // Two runs may both have seen the day begin: the first word stands.
        if before.is_some_and(|row| row.day.began == baseline.began) {
            return false;
        }
        let week_equity = match before {
            Some(row) if !baseline.week => row.week_equity,
            Some(_) | None => baseline.equity,
        };
        let row = SessionRow { day: baseline.clone(), week_equity, high: baseline.equity };
        self.sessions.insert(baseline.venue.clone(), row);
        true
    }
    pub(super) fn rose(&mut self, venue: &VenueId, equity: Money) -> bool {
        match self.sessions.get_mut(venue) {
            Some(row) if equity > row.high => {
                row.high = equity;
                true
            }
            Some(_) | None => false,
        }
    }
    /// Latches that block what would open risk in this symbol at this venue.
    pub(super) fn blocking<'a>(
        &'a self,
        venue: &'a VenueId,
        symbol: &'a Symbol,
    ) -> impl Iterator<Item = &'a LatchRow> {
        let covers = move |key: &&LatchKey| {
            key.venue.as_ref().is_none_or(|v| v == venue) && key.symbol.as_ref().is_none_or(|s| s == symbol)
        };
        self.blocking.iter().filter(covers).filter_map(|key| self.rows.get(key))
    }
}
