//! From prices as they are typed to prices on the tick.

use super::plan::SizingError;
use crate::domain::{
    draft::{PriceExpr, TrailExpr},
    instrument::Tick,
    money::Price,
    order::{Side, Trail},
};
use rust_decimal::Decimal;

/// Which way a price that is off the tick is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Nearest,
    Up,
    Down,
}

/// The allowed price next to this one.
pub(super) fn on_tick(tick: Tick, price: Price, round: Round) -> Option<Price> {
    let step = tick.at(price).get();
    if step.is_zero() || tick.allows(price) {
        return Some(price);
    }
    let n = price.get().checked_div(step)?;
    let whole = match round {
        Round::Nearest => return tick.round(price),
        Round::Up => n.ceil(),
        Round::Down => n.floor(),
    };
    let mut out = whole.checked_mul(step)?;
    out.rescale(step.normalize().scale());
    Some(Price::new(out))
}

/// What a typed price counts from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    /// Where offsets, percentages and ticks begin; `None` is not known.
    pub(super) from: Option<Price>,
    /// The distance from entry to stop, for multiples of R.
    pub(super) risk: Option<Price>,
    /// The side of the order, for the direction of R.
    pub(super) side: Side,
    /// The field, for the error.
    pub(super) field: &'static str,
}

/// The price that an expression means.
pub(super) fn resolve(expr: PriceExpr, base: &Base, tick: Tick, round: Round) -> Result<Price, SizingError> {
    let field = base.field;
    let from = || base.from.ok_or(SizingError::NoReference { field });
    let raw = match expr {
        PriceExpr::At(price) => return Ok(price),
        PriceExpr::Offset(by) => from()?.checked_add(by),
        PriceExpr::Percent(p) => {
            let from = from()?;
            p.factor().and_then(|f| from.checked_mul(f)).and_then(|by| from.checked_add(by))
        }
        PriceExpr::Ticks(n) => tick.offset(from()?, n),
        PriceExpr::R(multiple) => {
            let from = from()?;
            let distance = base.risk.ok_or(SizingError::NeedsStop { what: "a target in R" })?;
            let by = distance.checked_mul(multiple.get());
            match base.side {
                Side::Buy => by.and_then(|by| from.checked_add(by)),
                Side::Sell => by.and_then(|by| from.checked_sub(by)),
            }
        }
    };
    let raw = raw.ok_or(SizingError::Overflow)?;
    on_tick(tick, raw, round).ok_or(SizingError::Overflow)
}

/// The trail that an expression means.
pub(super) fn trail(expr: TrailExpr, at: Option<Price>, tick: Tick) -> Result<Trail, SizingError> {
    let trail = match expr {
        TrailExpr::Amount(amount) => Trail::Amount(amount),
        TrailExpr::Percent(percent) => Trail::Percent(percent),
        TrailExpr::Ticks(n) => {
            let at = at.ok_or(SizingError::NoReference { field: "trail" })?;
            let step = tick.at(at).get().checked_mul(Decimal::from(n)).ok_or(SizingError::Overflow)?;
            Trail::Amount(Price::new(step))
        }
    };
    let positive = match trail {
        Trail::Amount(a) => a.is_positive(),
        Trail::Percent(p) => p.is_positive(),
    };
    if positive { Ok(trail) } else { Err(SizingError::TrailNotPositive) }
}
