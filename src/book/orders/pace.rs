//! How fast orders are made at each venue.

use super::Orders;
use crate::domain::{ids::VenueId, time::Stamp};

/// So many orders of a venue are counted back.
const MADE_MAX: usize = 1_000;

impl Orders {
    /// An order was made that does not close.
    pub(in crate::book) fn count_entry(&mut self, at: Stamp, venue: &VenueId) {
        let made = &mut self.venues.or_default(venue).made;
        if made.len() >= MADE_MAX {
            made.pop_front();
        }
        made.push_back(at);
    }

    /// Was the `nth` last of them made within the window? A time that lies ahead is one from before the clock was set
    /// back: a little ahead counts as a moment ago, far ahead says nothing.
    pub(in crate::book) fn has_made(&self, venue: &VenueId, nth: u64, window_ms: i64, now: Stamp) -> bool {
        let Some(made) = self.venues.get(venue).map(|of| &of.made) else {
            return false;
        };
        let place = usize::try_from(nth).ok().and_then(|n| made.len().checked_sub(n));
        let at = place.and_then(|place| made.get(place));
        at.is_some_and(|at| now.since_ms(*at).saturating_abs() < window_ms)
    }
}
