//! The proof that an order can only make a position smaller.

use super::permit::Reducing;
use crate::{
    book::Book,
    domain::{
        ids::InstrumentId,
        money::Qty,
        order::{Side, Submission},
    },
};

/// Why an order is not a reduction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReducing {
    /// Nothing is held.
    #[error("{0} is flat: there is nothing to reduce")]
    Flat(InstrumentId),
    /// It would add.
    #[error("{side} adds to the position in {instrument}", side = side.word())]
    Adds {
        /// Where.
        instrument: InstrumentId,
        /// The order's side.
        side: Side,
    },
    /// Open orders already reduce it by all or some of this.
    #[error("{asked} of {instrument} asked, {closable} can be closed: open orders already reduce the rest")]
    Pending {
        /// Where.
        instrument: InstrumentId,
        /// What was asked.
        asked: Qty,
        /// What is left.
        closable: Qty,
    },
    /// Less than one lot.
    #[error("{qty} of {instrument} is less than the smallest order ({least}): dust")]
    Dust {
        /// Where.
        instrument: InstrumentId,
        /// What is there.
        qty: Qty,
        /// The smallest order.
        least: Qty,
    },
    /// In money: what it sells is not known beforehand.
    #[error("an order in money can't be proven to reduce {0}")]
    Notional(InstrumentId),
    /// It brings orders of its own.
    #[error("an order with a bracket can't be proven to reduce {0}")]
    Attached(InstrumentId),
}

/// Proves against the book that `order` opposes the position and asks for no more than can be closed. The
/// quantity is rounded down to the lot. Neither limits nor locks are asked.
///
/// # Errors
/// Why it is not a reduction; the order goes back to nowhere.
pub fn prove(_book: &Book, _order: Submission) -> Result<Reducing<Submission>, NotReducing> {
    unimplemented!()
}
