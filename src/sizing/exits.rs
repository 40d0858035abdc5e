//! Orders that get out or protect: computed from the live position, always reduce-only.

use super::{
    Field, Inputs, SizingError,
    plan::on_side,
    prices::{Rounding, round, toward_entry},
    quantity::{Wish, of_position, whole_lots},
};
use crate::domain::{
    draft::{PriceExpr, Share, Size, StopExpr},
    money::{Percent, Price, Qty},
    order::{Amount, Attached, Change, OrderSpec, OrderType, Side, StopLeg, Tif},
};

/// Closes a share of a position at the market: never more than can be closed, rounded down to the lot.
///
/// # Errors
/// When there is nothing that can be closed.
pub fn close(inputs: &Inputs<'_>, share: Share) -> Result<OrderSpec, SizingError> {
    let side = exit_side(inputs)?;
    let wish = Wish { size: Size::All, side, entry: Price::ZERO, stop: None, whole: false };
    let qty = match share {
        Share::All => of_position(inputs, wish, None)?.0,
        Share::Percent(percent) => of_position(inputs, wish, Some(percent))?.0,
        Share::Qty(asked) => whole_lots(inputs, false, asked, asked.min(inputs.closable), None)?.0,
    };
    Ok(exit(inputs, side, qty, OrderType::Market))
}

/// Closes a position and opens the same on the other side: two orders, of which the second goes through the gate
/// once the first has made the position flat.
///
/// # Errors
/// When the whole position can't be closed now.
pub fn reverse(inputs: &Inputs<'_>) -> Result<(OrderSpec, OrderSpec), SizingError> {
    let close = close(inputs, Share::All)?;
    let rules = inputs.instrument;
    let qty = inputs.exposure.position.size().floor_to(rules.whole_lot).ok_or(SizingError::Overflow)?;
    let open = OrderSpec { reduce_only: false, ..close.clone().sized(qty) };
    Ok((close, open))
}

/// The same order as a limit that trades at once, at most `collar` beyond the touch: for hours in which market
/// orders are refused.
///
/// # Errors
/// When there is no quote on the side that it trades against.
pub fn marketable(
    inputs: &Inputs<'_>,
    order: &OrderSpec,
    collar: Percent,
    extended: bool,
) -> Result<OrderSpec, SizingError> {
    let touch = inputs.touch(order.side)?;
    let by = collar.factor().and_then(|f| touch.abs().checked_mul(f)).ok_or(SizingError::Overflow)?;
    let (beyond, rounding) = match order.side {
        Side::Buy => (touch.checked_add(by), Rounding::Up),
        Side::Sell => (touch.checked_sub(by), Rounding::Down),
    };
    let limit = beyond.and_then(|p| round(inputs.instrument.tick, p, rounding));
    let limit = limit.ok_or(SizingError::Overflow)?;
    Ok(OrderSpec { order_type: OrderType::Limit { limit }, tif: Tif::Day, extended, ..order.clone() })
}

/// An exit pair, or a lone stop or target, for a position that is there. Offsets, percentages and R count from the
/// average entry.
///
/// # Errors
/// When there is no position, or a price stands on the wrong side of the market.
pub fn protect(
    inputs: &Inputs<'_>,
    stop: Option<StopExpr>,
    target: Option<PriceExpr>,
) -> Result<OrderSpec, SizingError> {
    let side = exit_side(inputs)?;
    let (stop, target) = exit_prices(inputs, stop, target)?;
    let order_type = match (stop, target) {
        (_, Some(limit)) => OrderType::Limit { limit },
        (Some(StopLeg { stop, limit: Some(limit) }), None) => OrderType::StopLimit { stop, limit },
        (Some(StopLeg { stop, limit: None }), None) => OrderType::Stop { stop },
        (None, None) => return Err(SizingError::NoStop),
    };
    let attached = match (stop, target) {
        (Some(stop), Some(_)) => Attached::Oco { stop },
        (Some(_), None) | (None, Some(_) | None) => Attached::Simple,
    };
    let whole = attached != Attached::Simple;
    let asked = inputs.exposure.position.size();
    let (qty, _) = whole_lots(inputs, whole, asked, asked.min(inputs.closable), None)?;
    // It must outlive the session; fractions can't at venues that have them for the day only.
    let tif = if qty.is_multiple_of(inputs.instrument.whole_lot) { Tif::Gtc } else { inputs.default_tif };
    Ok(OrderSpec { tif, attached, ..exit(inputs, side, qty, order_type) })
}

/// Where the exits of a position that is there would stand: the stop, and the target. Offsets, percentages and R
/// count from the average entry.
///
/// # Errors
/// When there is no position, or a price stands on the wrong side of the market.
pub fn exit_prices(
    inputs: &Inputs<'_>,
    stop: Option<StopExpr>,
    target: Option<PriceExpr>,
) -> Result<(Option<StopLeg>, Option<Price>), SizingError> {
    let side = exit_side(inputs)?;
    let entry_side = side.opposite();
    let stop = match stop {
        None => None,
        Some(expr) => Some(stop_leg(inputs, expr, entry_side)?),
    };
    let Some(expr) = target else { return Ok((stop, None)) };
    let reference = reference(inputs, expr)?;
    let frame = inputs.frame(Field::Target, reference, Rounding::Near);
    let target = frame.target(expr, stop.map(|leg| leg.stop), entry_side)?;
    on_side(Field::Target, target, inputs.touch(side)?, entry_side)?;
    Ok((stop, Some(target)))
}

/// Moves a working stop to the average entry, rounded to the side that loses nothing. The limit of a stop-limit
/// keeps its distance.
///
/// # Errors
/// When the market has already passed the entry, or the position has no average.
pub fn break_even(inputs: &Inputs<'_>, stop: OrderType) -> Result<Change, SizingError> {
    let side = exit_side(inputs)?;
    let avg = inputs.avg_price.ok_or_else(|| SizingError::NoAverage(inputs.instrument.id.clone()))?;
    let rounding = toward_entry(side.opposite());
    let at = round(inputs.instrument.tick, avg, rounding).ok_or(SizingError::Overflow)?;
    on_side(Field::Stop, at, inputs.touch(side)?, side)?;
    match stop {
        OrderType::Stop { .. } => Ok(Change { stop: Some(at), ..Change::default() }),
        OrderType::StopLimit { stop, limit } => {
            let limit = limit.checked_sub(stop).and_then(|d| at.checked_add(d));
            Ok(Change { stop: Some(at), limit, ..Change::default() })
        }
        OrderType::Market | OrderType::Limit { .. } | OrderType::TrailingStop { .. } => {
            Err(SizingError::NotThere(Field::Trigger))
        }
    }
}

fn stop_leg(inputs: &Inputs<'_>, expr: StopExpr, entry_side: Side) -> Result<StopLeg, SizingError> {
    let frame = inputs.frame(Field::Stop, reference(inputs, expr.stop)?, toward_entry(entry_side));
    let stop = frame.price(expr.stop)?;
    let exit = entry_side.opposite();
    on_side(Field::Stop, stop, inputs.touch(exit)?, exit)?;
    let limit = match expr.limit {
        None => None,
        Some(limit) => Some(inputs.frame(Field::StopLimit, stop, Rounding::Near).price(limit)?),
    };
    Ok(StopLeg { stop, limit })
}

/// The average entry; a price that is typed as a number needs none.
fn reference(inputs: &Inputs<'_>, expr: PriceExpr) -> Result<Price, SizingError> {
    match (inputs.avg_price, expr) {
        (Some(avg), _) => Ok(avg),
        (None, PriceExpr::At(price)) => Ok(price),
        (None, PriceExpr::Offset(_) | PriceExpr::Percent(_) | PriceExpr::Ticks(_) | PriceExpr::R(_)) => {
            Err(SizingError::NoAverage(inputs.instrument.id.clone()))
        }
    }
}

fn exit_side(inputs: &Inputs<'_>) -> Result<Side, SizingError> {
    let side = inputs.exposure.position.exit_side();
    side.ok_or_else(|| SizingError::Flat(inputs.instrument.id.clone()))
}

fn exit(inputs: &Inputs<'_>, side: Side, qty: Qty, order_type: OrderType) -> OrderSpec {
    OrderSpec {
        instrument: inputs.instrument.id.clone(),
        side,
        amount: Amount::Qty(qty),
        order_type,
        tif: inputs.default_tif,
        extended: false,
        post_only: false,
        reduce_only: true,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}
