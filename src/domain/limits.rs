//! Limits that a trader sets. The configuration reads them, the gate holds them.

use super::money::{Money, Percent, Qty};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a check does when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Not asked.
    Off,
    /// Says so and lets the order pass.
    Warn,
    /// Refuses the order. Reductions pass every check.
    Block,
}

/// The limits of one account. A key that is left out takes the default here, which is never "unlimited".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest quantity of one order.
    pub order_qty_max: Qty,
    /// What to do beyond it.
    pub order_qty: Action,
    /// Largest value of one order, in the account's currency.
    pub order_notional_max: Money,
    /// What to do beyond it.
    pub order_notional: Action,
    /// How far a price may stand from the last quote, per cent.
    pub price_collar_percent: Percent,
    /// What to do beyond it.
    pub price_collar: Action,
    /// How old a quote may be that an order is judged by, milliseconds.
    pub quote_age_max_ms: u64,
    /// What to do when it is older, or there is none.
    pub stale_quote: Action,
    /// How long after an order the same one again is taken for a slip, milliseconds.
    pub duplicate_window_ms: u64,
    /// What to do then.
    pub duplicate: Action,
    /// What to do when the order costs more than the buying power.
    pub buying_power: Action,
    /// What to do when an entry has no protective stop.
    pub stop_required: Action,
    /// What to do when a price is off the tick or a quantity off the lot.
    pub tick_and_lot: Action,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            order_qty_max: Qty::new(Decimal::new(100_000, 0)).unwrap_or_default(),
            order_qty: Action::Block,
            order_notional_max: Money::new(Decimal::new(250_000, 0)),
            order_notional: Action::Block,
            price_collar_percent: Percent::new(Decimal::new(10, 0)),
            price_collar: Action::Block,
            quote_age_max_ms: 15_000,
            stale_quote: Action::Block,
            duplicate_window_ms: 1_000,
            duplicate: Action::Block,
            buying_power: Action::Block,
            stop_required: Action::Warn,
            tick_and_lot: Action::Block,
        }
    }
}
