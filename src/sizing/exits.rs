//! Orders that get out or protect: computed from the live position, always reduce-only.

use super::plan::{Inputs, SizingError};
use crate::domain::{
    draft::{PriceExpr, Share, StopExpr},
    order::{Change, OrderSpec, OrderType},
};

/// Closes a share of a position: never more than can be closed, rounded down to the lot.
///
/// # Errors
/// When there is nothing that can be closed.
pub fn close(_inputs: &Inputs<'_>, _share: Share) -> Result<OrderSpec, SizingError> {
    unimplemented!()
}

/// An exit pair or a lone stop (or target) for a position that is there.
///
/// # Errors
/// When there is no position, or a price stands on the wrong side of the market.
pub fn protect(
    _inputs: &Inputs<'_>,
    _stop: Option<StopExpr>,
    _target: Option<PriceExpr>,
) -> Result<OrderSpec, SizingError> {
    unimplemented!()
}

/// Moves a working stop to the average entry, rounded to the side that loses nothing.
///
/// # Errors
/// When the market has already passed the entry, or the position has no average.
pub fn break_even(_inputs: &Inputs<'_>, _stop: OrderType) -> Result<Change, SizingError> {
    unimplemented!()
}
