//! What is known: orders, positions, accounts, instruments, alerts and the lock. One writer, one way in:
//! [`Book::apply`]. The same facts in the same order always make the same book.

pub mod accounts;
pub mod alerts;
pub mod applied;
pub mod exposure;
pub mod fills;
pub mod marks;
pub mod orders;
pub mod positions;
pub mod reconcile;

pub use accounts::{AccountRow, ResumePoint};
pub use applied::{Applied, FillApplied};
pub use exposure::Exposure;
pub use fills::FillRow;
pub use marks::{Mark, Marked, Marks};
pub use orders::OrderRow;
pub use positions::PositionRow;
pub use reconcile::{Finding, of_execution, of_order_report, reconcile};

use crate::domain::{
    alert::Alert,
    fact::Fact,
    ids::{ClientId, InstrumentId, OrderId, VenueId, VenueOrderId},
    instrument::Instrument,
    money::Qty,
    text::Text,
    time::Stamp,
};

/// Why entries are blocked, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockRow {
    /// Why.
    pub reason: Text,
    /// Since.
    pub since: Stamp,
}

/// An exit that began and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitRow {
    /// Its number.
    pub exit: u64,
    /// What it covers.
    pub scope: Text,
    /// Since.
    pub since: Stamp,
}

/// Everything that is known of orders and money.
#[derive(Debug, Default)]
pub struct Book {
    orders: orders::Orders,
}

impl Book {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
    /// Takes in one fact: the only way in which a book changes. `at` is the fact's own time.
    pub fn apply(&mut self, _at: Stamp, _fact: &Fact) -> Applied {
        unimplemented!()
    }
    /// One order.
    pub fn order(&self, _id: &OrderId) -> Option<&OrderRow> {
        unimplemented!()
    }
    /// One order by the venue's id.
    pub fn order_by_venue_id(&self, _venue: &VenueId, _id: &VenueOrderId) -> Option<&OrderRow> {
        unimplemented!()
    }
    /// All orders that are kept, open and ended.
    pub fn orders(&self) -> impl Iterator<Item = &OrderRow> {
        std::iter::empty()
    }
    /// Orders that could still fill.
    pub fn open_orders(&self) -> impl Iterator<Item = &OrderRow> {
        std::iter::empty()
    }
    /// Orders of one instrument that could still fill.
    pub fn open_orders_of(&self, _instrument: &InstrumentId) -> impl Iterator<Item = &OrderRow> {
        std::iter::empty()
    }
    /// Orders of ours that left, or may have left, and that no word of the venue settles.
    pub fn uncertain_orders(&self) -> impl Iterator<Item = &OrderRow> {
        std::iter::empty()
    }
    /// Open orders that would make this position smaller: what a close must cancel first.
    pub fn reducing_orders(&self, _instrument: &InstrumentId) -> impl Iterator<Item = &OrderRow> {
        std::iter::empty()
    }
    /// Orders of a venue that its last account report can't have counted: what they need is still to be
    /// taken off its buying power.
    pub fn unseen_orders(&self, _venue: &VenueId) -> impl Iterator<Item = &OrderRow> {
        std::iter::empty()
    }
    /// One position; also one that is flat now and was traded today.
    pub fn position(&self, _instrument: &InstrumentId) -> Option<&PositionRow> {
        unimplemented!()
    }
    /// All positions, with those that are flat now and were traded today.
    pub fn positions(&self) -> impl Iterator<Item = &PositionRow> {
        std::iter::empty()
    }
    /// One venue's account.
    pub fn account(&self, _venue: &VenueId) -> Option<&AccountRow> {
        unimplemented!()
    }
    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = (&VenueId, &AccountRow)> {
        std::iter::empty()
    }
    /// One instrument's rules.
    pub fn instrument(&self, _id: &InstrumentId) -> Option<&Instrument> {
        unimplemented!()
    }
    /// All instruments whose rules are known.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        std::iter::empty()
    }
    /// Fills, oldest first.
    pub fn fills(&self) -> impl DoubleEndedIterator<Item = &FillRow> {
        std::iter::empty()
    }
    /// Alerts, oldest first, with whether a person saw each.
    pub fn alerts(&self) -> impl DoubleEndedIterator<Item = (&Alert, bool)> {
        std::iter::empty()
    }
    /// The worst alert that nobody has acknowledged; of equals the newest.
    pub fn worst_alert(&self) -> Option<&Alert> {
        unimplemented!()
    }
    /// The number for the next alert.
    pub fn next_alert_id(&self) -> u64 {
        unimplemented!()
    }
    /// The number for the next exit.
    pub fn next_exit(&self) -> u64 {
        unimplemented!()
    }
    /// The lock, while it stands.
    pub fn lock(&self) -> Option<&LockRow> {
        unimplemented!()
    }
    /// An exit that began and did not end: to be taken up again.
    pub fn open_exit(&self) -> Option<&ExitRow> {
        unimplemented!()
    }
    /// How far the venue's executions are known.
    pub fn resume_point(&self, _venue: &VenueId) -> Option<&ResumePoint> {
        unimplemented!()
    }
    /// Position and open orders of one instrument at their worst.
    pub fn exposure(&self, _instrument: &InstrumentId) -> Exposure {
        unimplemented!()
    }
    /// How much of a position can be closed without any chance of turning it: its size less what open orders
    /// already reduce. A second close while the first is under way finds zero here.
    pub fn closable(&self, _instrument: &InstrumentId) -> Qty {
        unimplemented!()
    }
    /// The root of the group that an order hangs in, and all that hang on it, the root first.
    pub fn group(&self, _id: &OrderId) -> Vec<&OrderRow> {
        unimplemented!()
    }
    /// The order at the end of a chain of replacements.
    pub fn latest_of<'a>(&'a self, _id: &'a OrderId) -> Option<&'a OrderRow> {
        unimplemented!()
    }
    /// Was this client id used before at this venue?
    pub fn knows_client(&self, _venue: &VenueId, _client: &ClientId) -> bool {
        unimplemented!()
    }
}
