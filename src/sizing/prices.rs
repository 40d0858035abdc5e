//! Prices as they are typed become prices on the tick. What is typed as a number stays as it is: the gate says
//! so when it is off the tick. What is worked out is rounded, and a stop to the side of less risk.

use super::{Field, SizingError};
use crate::domain::{
    draft::{PriceExpr, TrailExpr},
    instrument::Tick,
    money::{Percent, Price, Ratio},
    order::{Side, Trail},
};
use rust_decimal::Decimal;

/// Where a worked-out price goes when it falls between two ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    /// To the nearer one.
    Near,
    /// To the higher one.
    Up,
    /// To the lower one.
    Down,
}

/// What a price is measured from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) field: Field,
    pub(super) tick: Tick,
    pub(super) reference: Price,
    pub(super) rounding: Rounding,
}

impl Frame {
    /// A price; `R` is not one here.
    pub(super) fn price(self, expr: PriceExpr) -> Result<Price, SizingError> {
        let raw = match expr {
            PriceExpr::At(price) => return Ok(price),
            PriceExpr::Offset(by) => self.reference.checked_add(by),
            PriceExpr::Percent(percent) => self.by_percent(percent),
            PriceExpr::Ticks(n) => {
                let on = self.rounded(self.reference).ok_or(SizingError::Overflow)?;
                return self.tick.offset(on, n).ok_or(SizingError::Overflow);
            }
            PriceExpr::R(_) => return Err(SizingError::NoR(self.field)),
        };
        raw.and_then(|p| self.rounded(p)).ok_or(SizingError::Overflow)
    }

    /// A target, which may be in multiples of the distance from entry to stop.
    pub(super) fn target(
        self,
        expr: PriceExpr,
        stop: Option<Price>,
        side: Side,
    ) -> Result<Price, SizingError> {
        let PriceExpr::R(r) = expr else {
            return self.price(expr);
        };
        let stop = stop.ok_or(SizingError::NoR(self.field))?;
        self.multiple(r, stop, side).and_then(|p| self.rounded(p)).ok_or(SizingError::Overflow)
    }

    fn multiple(self, r: Ratio, stop: Price, side: Side) -> Option<Price> {
        let distance = self.reference.checked_sub(stop)?.abs().checked_mul(r.get())?;
        match side {
            Side::Buy => self.reference.checked_add(distance),
            Side::Sell => self.reference.checked_sub(distance),
        }
    }

    fn by_percent(self, percent: Percent) -> Option<Price> {
        let by = self.reference.abs().checked_mul(percent.factor()?)?;
        self.reference.checked_add(by)
    }

    fn rounded(self, price: Price) -> Option<Price> {
        round(self.tick, price, self.rounding)
    }
}

pub(super) fn round(tick: Tick, price: Price, rounding: Rounding) -> Option<Price> {
    let near = tick.round(price)?;
    match rounding {
        Rounding::Up if near < price => tick.offset(near, 1),
        Rounding::Down if near > price => tick.offset(near, -1),
        Rounding::Up | Rounding::Down | Rounding::Near => Some(near),
    }
}

/// A stop that is worked out is rounded towards the entry: up below it, down above it.
pub(super) const fn toward_entry(side: Side) -> Rounding {
    match side {
        Side::Buy => Rounding::Up,
        Side::Sell => Rounding::Down,
    }
}

/// A trail, which is always above zero.
pub(super) fn trail(expr: TrailExpr, tick: Tick, reference: Price) -> Result<Trail, SizingError> {
    let trail = match expr {
        TrailExpr::Amount(price) => Trail::Amount(price),
        TrailExpr::Percent(percent) => Trail::Percent(percent),
        TrailExpr::Ticks(n) => {
            let amount = tick.at(reference).checked_mul(Decimal::from(n));
            Trail::Amount(amount.ok_or(SizingError::Overflow)?)
        }
    };
    let is_positive = match trail {
        Trail::Amount(price) => price.is_positive(),
        Trail::Percent(percent) => percent.is_positive(),
    };
    if is_positive { Ok(trail) } else { Err(SizingError::NotPositive(Field::Trail)) }
}
