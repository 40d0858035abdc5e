//! What a venue charges, as far as it can be told before an order is sent.

use super::money::{Money, Percent, Qty};
use rust_decimal::Decimal;

/// What a venue charges, for estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeSchedule {
    /// Money per unit.
    pub per_unit: Money,
    /// Per cent of the value.
    pub percent: Percent,
    /// Least per order.
    pub least: Money,
}

impl FeeSchedule {
    /// A share of the value alone: 25 at scale 2 is 0.25 per cent.
    pub fn percent(digits: i64, scale: u32) -> Self {
        let percent = Percent::new(Decimal::new(digits, scale));
        Self { per_unit: Money::ZERO, percent, least: Money::ZERO }
    }
    /// The fee of so much, worth so much; `None` on overflow.
    pub fn of(&self, qty: Qty, value: Money) -> Option<Money> {
        let units = self.per_unit.checked_mul(qty.get())?;
        units.checked_add(self.percent.of(value)?).map(|fee| fee.max(self.least))
    }
}
