//! The positions, counted from executions and set to what the venue says where that differs.

use crate::domain::{
    ids::InstrumentId,
    money::{Money, Price, Ratio, SignedQty},
    time::Stamp,
};

/// One position. Amounts are in the instrument's quote currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// What.
    pub instrument: InstrumentId,
    /// How much; below zero is short.
    pub qty: SignedQty,
    /// What the open quantity cost (short: was sold for, below zero), per unit of multiplier. Realized and open
    /// cost always add up to what was paid, to the last digit.
    pub cost: Money,
    /// Average entry, when open and known.
    pub avg_price: Option<Price>,
    /// Money per unit and point.
    pub multiplier: Ratio,
    /// Realized since the trading day began, without fees.
    pub realized_today: Money,
    /// Fees since the trading day began.
    pub fees_today: Money,
    /// Realized since the position was opened from flat, without fees.
    pub realized_open: Money,
    /// Yesterday's close.
    pub previous_close: Option<Price>,
    /// Quantity when the trading day began: what `previous_close` is the base of.
    pub day_qty: SignedQty,
    /// Since it was last flat.
    pub opened_at: Option<Stamp>,
    /// When an execution last moved it.
    pub filled_at: Option<Stamp>,
    /// When the venue last said what it is.
    pub confirmed_at: Option<Stamp>,
}
