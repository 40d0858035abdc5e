//! The proof that an order can only make a position smaller.

use super::permit::Reducing;
use crate::{
    book::Book,
    domain::{
        ids::InstrumentId,
        money::Qty,
        order::{Amount, Attached, Side, Submission},
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
    #[error(
        "{asked} of {instrument} asked, {closable} can be closed: the rest is not there or already in open orders"
    )]
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
/// Why it is not a reduction.
pub fn prove(book: &Book, order: Submission) -> Result<Reducing<Submission>, NotReducing> {
    let closable = book.closable(&order.spec.instrument);
    prove_up_to(book, order, closable)
}

/// As [`prove`], for an order that the venue itself holds to the position (reduce-only): then what other orders
/// could still close does not count against it, for the venue takes no more than is there.
///
/// # Errors
/// Why it is not a reduction.
pub fn prove_enforced(book: &Book, order: Submission) -> Result<Reducing<Submission>, NotReducing> {
    if !order.spec.reduce_only {
        return prove(book, order);
    }
    let held = book.position(&order.spec.instrument).map_or(Qty::ZERO, |p| p.qty.size());
    prove_up_to(book, order, held)
}

fn prove_up_to(book: &Book, order: Submission, closable: Qty) -> Result<Reducing<Submission>, NotReducing> {
    let spec = &order.spec;
    let instrument = spec.instrument.clone();
    let Some(exit) = book.exit_side(&instrument) else {
        return Err(NotReducing::Flat(instrument));
    };
    if spec.side != exit {
        return Err(NotReducing::Adds { instrument, side: spec.side });
    }
    if !matches!(spec.attached, Attached::Simple | Attached::Oco { .. }) {
        return Err(NotReducing::Attached(instrument));
    }
    let Amount::Qty(asked) = spec.amount else {
        return Err(NotReducing::Notional(instrument));
    };
    if asked > closable {
        return Err(NotReducing::Pending { instrument, asked, closable });
    }
    let qty = whole_lots(book, &instrument, asked)?;
    let spec = order.spec.sized(qty);
    Ok(Reducing::mint(Submission { client: order.client, spec }))
}

/// Rounded down to the lot; what the rules say nothing of goes as it is, since the venue can still refuse it and
/// an exit must not wait for rules.
fn whole_lots(book: &Book, instrument: &InstrumentId, asked: Qty) -> Result<Qty, NotReducing> {
    let Some(rules) = book.instrument(instrument) else {
        return Ok(asked);
    };
    let qty = asked.floor_to(rules.lot).unwrap_or(asked);
    if qty.is_zero() || qty < rules.qty_min {
        let least = rules.qty_min.max(rules.lot);
        return Err(NotReducing::Dust { instrument: instrument.clone(), qty: asked, least });
    }
    Ok(qty)
}
