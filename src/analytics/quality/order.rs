//! One order in full: the touch at each of its moments, and what it came to.

use super::{Outcome, owner};
use crate::{
    book::OrderRow,
    domain::{
        ids::{Currency, OrderId, Symbol},
        money::{Money, Price, Qty, Ratio},
        order::Side,
        quote::{Arrival, Moment},
        text::Text,
        time::Stamp,
    },
};
use serde::{Deserialize, Serialize};

/// An order's execution. `None` where a quote was not there, too old or not believed, or the moment never came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderQuality {
    /// Which.
    pub order: OrderId,
    /// In what.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// `market`, `limit`, …
    #[serde(rename = "type")]
    pub kind: Text,
    /// Whose it was.
    pub owner: Text,
    /// When it was decided.
    pub created: Stamp,
    /// The touch that stood then.
    pub decision: Option<Arrival>,
    /// When it left.
    pub submitted: Option<Moment>,
    /// When the venue said that it has it.
    pub acknowledged: Option<Moment>,
    /// When the first of it filled.
    pub first_fill: Option<Moment>,
    /// When the last of it filled.
    pub last_fill: Option<Moment>,
    /// How much filled.
    pub filled: Qty,
    /// At what price on average.
    pub avg_price: Option<Price>,
    /// Slippage against the touch at the decision, basis points.
    pub slippage_bps: Option<Ratio>,
    /// Against the touch when it left.
    pub submit_bps: Option<Ratio>,
    /// What the first cost, in `currency`, without fees.
    pub cost: Option<Money>,
    /// By how much it filled better than the touch at the decision.
    pub improvement: Option<Money>,
    /// What amounts are in.
    pub currency: Option<Currency>,
}

impl OrderQuality {
    pub(super) fn of(row: &OrderRow, outcome: &Outcome) -> Self {
        let moments = row.moments.as_deref();
        // When what was only inferred filled nobody knows.
        let told = moments.filter(|m| !m.is_inferred);
        let bps = |slip: super::Slip| super::basis_points(slip.share).map(|s| Ratio::new(s.round_dp(2)));
        Self {
            order: row.id.clone(),
            symbol: row.spec.instrument.symbol.clone(),
            side: row.spec.side,
            kind: Text::clean(outcome.kind.word()),
            owner: Text::clean(&owner(&outcome.owner)),
            created: outcome.made,
            decision: row.arrival,
            submitted: moments.and_then(|m| m.submitted),
            acknowledged: moments.and_then(|m| m.acknowledged),
            first_fill: told.and_then(|m| m.first_fill),
            last_fill: told.and_then(|m| m.last_fill),
            filled: outcome.filled,
            avg_price: row.avg_price().filter(|_| outcome.filled.is_positive()),
            slippage_bps: outcome.decided.and_then(bps),
            submit_bps: outcome.submitted.and_then(bps),
            cost: outcome.decided.and_then(|slip| slip.cost),
            improvement: outcome.improved.and_then(|gain| gain.0),
            currency: outcome.currency.clone(),
        }
    }
}
