//! The fills: each execution once, whatever comes twice.

use crate::domain::{
    ids::{ExecutionId, VenueId},
    money::Money,
    report::Execution,
    time::Stamp,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many fills of a venue are kept to be shown.
pub const FILLS_MAX: usize = 5_000;
/// How many execution ids of a venue are remembered, so that none is counted twice: far more than a venue tells
/// again.
pub const IDS_MAX: usize = 100_000;

/// One fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillRow {
    /// As the venue told it.
    pub execution: Execution,
    /// Inferred from the venue's order; the execution itself was never told.
    pub inferred: bool,
    /// What it realized, without fees.
    pub realized: Option<Money>,
    /// When it became known here.
    pub known_at: Stamp,
}

#[derive(Debug, Default)]
struct OfVenue {
    rows: VecDeque<FillRow>,
    seen: BTreeSet<ExecutionId>,
    order: VecDeque<ExecutionId>,
    count: u64,
}

#[derive(Debug, Default)]
pub(super) struct Fills {
    venues: BTreeMap<VenueId, OfVenue>,
}

impl Fills {
    pub(super) fn is_known(&self, venue: &VenueId, id: &ExecutionId) -> bool {
        self.venues.get(venue).is_some_and(|v| v.seen.contains(id))
    }

    /// Remembers an id; false if it was known.
    pub(super) fn remember(&mut self, venue: &VenueId, id: &ExecutionId) -> bool {
        let of_venue = self.venues.entry(venue.clone()).or_default();
        if !of_venue.seen.insert(id.clone()) {
            return false;
        }
        of_venue.order.push_back(id.clone());
        if of_venue.order.len() > IDS_MAX
            && let Some(oldest) = of_venue.order.pop_front()
        {
            of_venue.seen.remove(&oldest);
        }
        true
    }

    pub(super) fn push(&mut self, row: FillRow) {
        let of_venue = self.venues.entry(row.execution.instrument.venue.clone()).or_default();
        of_venue.rows.push_back(row);
        of_venue.count = of_venue.count.saturating_add(1);
        if of_venue.rows.len() > FILLS_MAX {
            of_venue.rows.pop_front();
        }
    }

    /// Fills of one venue, oldest first.
    pub(super) fn of(&self, venue: &VenueId) -> impl DoubleEndedIterator<Item = &FillRow> {
        self.venues.get(venue).into_iter().flat_map(|v| &v.rows)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &FillRow> {
        self.venues.values().flat_map(|v| &v.rows)
    }

    /// How many fills there were, kept or not.
    pub(super) fn count(&self, venue: &VenueId) -> u64 {
        self.venues.get(venue).map_or(0, |v| v.count)
    }
}
