//! The fills: each execution once, whatever comes twice.

use crate::domain::{
    fact::Correction,
    ids::{ExecutionId, VenueId},
    money::{Money, Qty},
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
    /// How much of it was told: more than counts here where some was inferred before.
    pub(super) told: Qty,
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
    /// Told of what was inferred before, so that they are no fills of their own.
    explained: VecDeque<Execution>,
    /// How often those were corrected that were.
    revisions: BTreeMap<ExecutionId, u32>,
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

    /// How often it was corrected, as far as is known.
    pub(super) fn revision(&self, venue: &VenueId, id: &ExecutionId) -> u32 {
        self.venues.get(venue).and_then(|v| v.revisions.get(id)).copied().unwrap_or_default()
    }

    /// The whole of it as it was told and counted last; `None` where that is too long ago.
    pub(super) fn told(&self, venue: &VenueId, id: &ExecutionId) -> Option<Execution> {
        let of_venue = self.venues.get(venue)?;
        let row = of_venue.rows.iter().rev().find(|row| row.execution.id == *id);
        let row = row.map(|row| Execution { qty: row.told, ..row.execution.clone() });
        row.or_else(|| of_venue.explained.iter().rev().find(|e| e.id == *id).cloned())
    }

    /// Remembers that it was told; false if it was known.
    pub(super) fn remember(&mut self, execution: &Execution) -> bool {
        let id = &execution.id;
        let of_venue = self.venues.entry(execution.instrument.venue.clone()).or_default();
        if !of_venue.seen.insert(id.clone()) {
            return false;
        }
        if execution.revision > 0 {
            of_venue.revisions.insert(id.clone(), execution.revision);
        }
        of_venue.order.push_back(id.clone());
        if of_venue.order.len() > IDS_MAX
            && let Some(oldest) = of_venue.order.pop_front()
        {
            of_venue.seen.remove(&oldest);
            of_venue.revisions.remove(&oldest);
        }
        true
    }

    /// Remembers that it was corrected; false if that, or a later correction, was known.
    pub(super) fn revise(&mut self, now: &Execution) -> bool {
        if self.remember(now) {
            return true;
        }
        let Some(of_venue) = self.venues.get_mut(&now.instrument.venue) else { return false };
        let known = of_venue.revisions.entry(now.id.clone()).or_default();
        let is_newer = now.revision > *known;
        *known = now.revision.max(*known);
        is_newer
    }

    /// An execution told what was inferred before.
    pub(super) fn explain(&mut self, execution: &Execution) {
        let of_venue = self.venues.entry(execution.instrument.venue.clone()).or_default();
        of_venue.explained.push_back(execution.clone());
        if of_venue.explained.len() > FILLS_MAX {
            of_venue.explained.pop_front();
        }
    }

    /// One is another than it was. `again` is what it and those after it realized, where that is known one by one; else
    /// `realized` is by how much more.
    pub(super) fn correct(
        &mut self,
        correction: &Correction,
        again: &[(ExecutionId, Option<Money>)],
        realized: Option<Money>,
    ) {
        let now = &correction.now;
        let Some(of_venue) = self.venues.get_mut(&now.instrument.venue) else { return };
        if let Some(told) = of_venue.explained.iter_mut().find(|e| e.id == now.id) {
            *told = now.clone();
        }
        let again: BTreeMap<&ExecutionId, Option<Money>> = again.iter().map(|(id, r)| (id, *r)).collect();
        for row in &mut of_venue.rows {
            if row.execution.id == now.id {
                let whole = row.execution.qty.checked_add(now.qty).unwrap_or(now.qty);
                let qty = whole.saturating_sub(row.told);
                row.execution = Execution { qty, ..now.clone() };
                row.told = now.qty;
                if again.is_empty() {
                    row.realized = row.realized.zip(realized).and_then(|(r, more)| r.checked_add(more));
                }
            }
            if let Some(realized) = again.get(&row.execution.id) {
                row.realized = *realized;
            }
        }
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
