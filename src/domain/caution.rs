//! What makes an order unusual, so that a person is asked once more than usual. Nothing here stops anything.

use super::money::{Percent, Ratio};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// When one more question is asked. Zero is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caution {
    /// An entry so many times as large as the median of the last ones at its venue.
    pub large_times: Ratio,
    /// A limit so far from the market, per cent of it, on the side that fills at once.
    pub far_percent: Percent,
    /// A close that realizes a loss of so much of the account's equity, per cent.
    pub loss_percent: Percent,
}

impl Default for Caution {
    /// Five times the usual, three per cent through the market. No question holds up a reduction unless it is asked for.
    fn default() -> Self {
        Self {
            large_times: Ratio::new(Decimal::from_parts(5, 0, 0, false, 0)),
            far_percent: Percent::new(Decimal::from_parts(3, 0, 0, false, 0)),
            loss_percent: Percent::new(Decimal::ZERO),
        }
    }
}
