//! Orders that get out or protect: computed from the live position, never more than can be closed.

use super::{
    plan::{Inputs, Nothing, SizingError, touch, wins},
    prices::{Base, Round, on_tick, resolve},
};
use crate::domain::{
    draft::{PriceExpr, Share, StopExpr},
    money::{Price, Qty},
    order::{Amount, Attached, Change, OrderSpec, OrderType, Side, StopLeg, Tif},
};

/// Closes a share of a position: never more than can be closed, rounded down to the lot.
///
/// # Errors
/// When there is nothing that can be closed.
pub fn close(inputs: &Inputs<'_>, share: Share) -> Result<OrderSpec, SizingError> {
    let (side, size) = held(inputs)?;
    let asked = match share {
        Share::All => size,
        Share::Qty(qty) => qty.min(size),
        Share::Percent(p) => {
            let factor = p.factor().ok_or(SizingError::Overflow)?;
            size.get().checked_mul(factor).and_then(Qty::new).ok_or(SizingError::Overflow)?.min(size)
        }
    };
    let qty = whole(asked.min(inputs.closable), inputs.instrument.lot, inputs)?;
    Ok(exit(inputs, side, qty, OrderType::Market, Attached::Simple, inputs.default_tif))
}

/// An exit pair or a lone stop (or target) for a position that is there. Offsets count from the average entry.
///
/// # Errors
/// When there is no position, or a price stands on the wrong side of the market.
pub fn protect(
    inputs: &Inputs<'_>,
    stop: Option<StopExpr>,
    target: Option<PriceExpr>,
) -> Result<OrderSpec, SizingError> {
    let (side, _) = held(inputs)?;
    let lot = inputs.instrument.whole_lot;
    let qty = whole(inputs.closable, lot, inputs)?;
    let market = touch(inputs, side);
    let from = inputs.avg_price.or(market);
    let holder = side.opposite();
    let stop = stop.map(|s| stop_leg(inputs, s, from, market, holder)).transpose()?;
    let risk = from.zip(stop).and_then(|(f, s)| f.checked_sub(s.stop)).map(Price::abs);
    let base = Base { from, risk, side: holder, field: "target" };
    let target = target.map(|t| resolve(t, &base, inputs.instrument.tick, Round::Nearest)).transpose()?;
    if let Some((target, entry)) = target.zip(market).filter(|(t, m)| !wins(holder, *m, *t)) {
        return Err(SizingError::TargetSide { target, entry, side: holder });
    }
    let (order_type, attached) = match (stop, target) {
        (None, None) => return Err(SizingError::NoExit),
        (None, Some(limit)) => (OrderType::Limit { limit }, Attached::Simple),
        (Some(stop), Some(limit)) => (OrderType::Limit { limit }, Attached::Oco { stop }),
        (Some(StopLeg { stop, limit: None }), None) => (OrderType::Stop { stop }, Attached::Simple),
        (Some(StopLeg { stop, limit: Some(limit) }), None) => {
            (OrderType::StopLimit { stop, limit }, Attached::Simple)
        }
    };
    // Protection that ends with the day is none.
    Ok(exit(inputs, side, qty, order_type, attached, Tif::Gtc))
}

fn stop_leg(
    inputs: &Inputs<'_>,
    expr: StopExpr,
    from: Option<Price>,
    market: Option<Price>,
    holder: Side,
) -> Result<StopLeg, SizingError> {
    let tick = inputs.instrument.tick;
    let towards = if holder == Side::Buy { Round::Up } else { Round::Down };
    let base = Base { from, risk: None, side: holder, field: "stop" };
    let stop = resolve(expr.stop, &base, tick, towards)?;
    if let Some(entry) = market.filter(|m| !wins(holder.opposite(), *m, stop)) {
        return Err(SizingError::StopSide { stop, entry, side: holder });
    }
    let base = Base { from: Some(stop), field: "limit", ..base };
    let limit = expr.limit.map(|l| resolve(l, &base, tick, Round::Nearest)).transpose()?;
    Ok(StopLeg { stop, limit })
}

/// Moves a working stop to the average entry, rounded to the side that loses nothing.
///
/// # Errors
/// When the market has already passed the entry, or the position has no average.
pub fn break_even(inputs: &Inputs<'_>, stop: OrderType) -> Result<Change, SizingError> {
    let (side, _) = held(inputs)?;
    let symbol = || inputs.instrument.id.symbol.clone();
    let average = inputs.avg_price.ok_or_else(|| SizingError::NoAverage(symbol()))?;
    let round = if side == Side::Sell { Round::Up } else { Round::Down };
    let entry = on_tick(inputs.instrument.tick, average, round).ok_or(SizingError::Overflow)?;
    if let Some(price) = touch(inputs, side).filter(|m| !wins(side, *m, entry)) {
        return Err(SizingError::PastEntry { symbol: symbol(), price, entry });
    }
    if stop.stop().is_none() {
        return Err(SizingError::NoSuchPrice { kind: stop.kind(), what: "stop" });
    }
    // A stop-limit keeps the distance of its limit.
    let limit = stop.limit().zip(stop.stop()).and_then(|(l, s)| entry.checked_add(l.checked_sub(s)?));
    Ok(Change { stop: Some(entry), limit, ..Change::default() })
}

/// The side that gets out, and how much is held.
fn held(inputs: &Inputs<'_>) -> Result<(Side, Qty), SizingError> {
    let position = inputs.exposure.position;
    let side =
        position.exit_side().ok_or_else(|| SizingError::NoPosition(inputs.instrument.id.symbol.clone()))?;
    Ok((side, position.size()))
}

fn whole(qty: Qty, lot: Qty, inputs: &Inputs<'_>) -> Result<Qty, SizingError> {
    let floored = qty.floor_to(lot).ok_or(SizingError::Overflow)?;
    if !floored.is_zero() {
        return Ok(floored);
    }
    let why = if inputs.closable.is_zero() { Nothing::Closable } else { Nothing::Least { qty, least: lot } };
    Err(SizingError::NothingToTrade { why })
}

fn exit(
    inputs: &Inputs<'_>,
    side: Side,
    qty: Qty,
    order_type: OrderType,
    attached: Attached,
    tif: Tif,
) -> OrderSpec {
    OrderSpec {
        instrument: inputs.instrument.id.clone(),
        side,
        amount: Amount::Qty(qty),
        order_type,
        tif,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached,
        tag: None,
    }
}
