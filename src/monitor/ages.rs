//! Since when something is so, on the clock that never steps: how old it was when it was first seen comes from the
//! wall, all that follows does not.

use crate::domain::{
    ids::{InstrumentId, OrderId, VenueId},
    lifecycle::OrderState,
    time::{Mono, Now, Stamp},
};
use std::collections::BTreeMap;

/// What has an age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// An order that waits, in this state since then.
    Waits(OrderId, OrderState, Stamp),
    /// An order that works.
    Works(OrderId),
    /// A position without a stop.
    Naked(InstrumentId),
    /// A target or stop with nothing to close.
    Orphan(OrderId),
    /// A stream that is down.
    Down(VenueId, &'static str),
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Mono,
    age_ms: u64,
    turn: u64,
}

/// The memory of the watchers.
#[derive(Debug, Default)]
pub(super) struct Ages {
    rows: BTreeMap<Subject, Seen>,
    turn: u64,
}

impl Ages {
    /// A new look at everything: what is not asked for until the next is forgotten.
    pub(super) fn begin(&mut self) {
        let last = self.turn;
        self.rows.retain(|_, seen| seen.turn == last);
        self.turn = self.turn.saturating_add(1);
    }
    /// How old it is. `since` is what the wall says, where anything does: it counts for the first look only.
    pub(super) fn of(&mut self, subject: Subject, since: Option<Stamp>, now: Now) -> u64 {
        let turn = self.turn;
        let seen = self.rows.entry(subject).or_insert_with(|| {
            let by_wall = since.map_or(0, |at| now.wall.since_ms(at).max(0));
            Seen { at: now.mono, age_ms: u64::try_from(by_wall).ok().unwrap_or(0), turn }
        });
        seen.turn = turn;
        seen.age_ms.saturating_add(now.mono.since_ms(seen.at))
    }
}
