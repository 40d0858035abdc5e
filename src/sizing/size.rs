//! From a size as it is typed to a quantity: rounded down to the lot, cut to the buying power, never more risk
//! than was asked for.

use super::plan::{Cut, Inputs, Nothing, SizingError};
use crate::domain::{
    draft::{Draft, Size},
    money::{Money, Price, Qty},
    order::{Attached, Side},
};
use rust_decimal::Decimal;

/// The part of an order that opens: what goes beyond the position on the other side.
pub(super) fn opening(inputs: &Inputs<'_>, side: Side, qty: Qty) -> Qty {
    qty.saturating_sub(opposing(inputs, side))
}

fn opposing(inputs: &Inputs<'_>, side: Side) -> Qty {
    let position = inputs.exposure.position;
    if position.exit_side() == Some(side) { position.size() } else { Qty::ZERO }
}

/// What can still be bought: on margin where the instrument can be held on margin, else with cash.
pub(super) fn buying_power(inputs: &Inputs<'_>) -> Option<Money> {
    let account = inputs.account?;
    let total = match account.cash_buying_power {
        Some(cash) if !inputs.instrument.marginable => cash,
        Some(_) | None => account.buying_power,
    };
    total.checked_sub(inputs.committed)
}

/// The smallest step: fractions go with neither brackets nor stops.
fn lot(inputs: &Inputs<'_>, draft: &Draft, attached: Attached) -> Qty {
    use crate::domain::draft::DraftType;
    let whole = attached != Attached::Simple
        || match draft.order_type {
            DraftType::Market | DraftType::Limit(_) => false,
            DraftType::Stop(_) | DraftType::StopLimit { .. } | DraftType::Trail(_) => true,
        };
    if whole { inputs.instrument.whole_lot } else { inputs.instrument.lot }
}

pub(super) fn quantity(
    inputs: &Inputs<'_>,
    draft: &Draft,
    entry: Price,
    stop: Option<Price>,
    attached: Attached,
) -> Result<(Qty, Option<Cut>), SizingError> {
    let lot = lot(inputs, draft, attached);
    let money = |amount: Money| by_money(inputs, draft.side, (amount, entry.abs()), entry, lot);
    let risked = |amount: Money| {
        let stop = stop.ok_or(SizingError::NeedsStop { what: "a size by risk" })?;
        let distance = entry.checked_sub(stop).ok_or(SizingError::Overflow)?.abs();
        by_money(inputs, draft.side, (amount, distance), entry, lot)
    };
    let equity = || inputs.account_size.or_else(|| inputs.account.map(|a| a.equity));
    let share = |percent: crate::domain::money::Percent, whole: Option<Money>, name: &'static str| {
        percent.of(whole.ok_or(SizingError::NoAccount(name))?).ok_or(SizingError::Overflow)
    };
    let (qty, cut) = match draft.size {
        Size::Qty(qty) if qty.is_zero() => return Err(SizingError::SizeNotPositive),
        // What is typed as a quantity is meant; the gate says what is wrong with it.
        Size::Qty(qty) => (qty, None),
        Size::Notional(amount) => money(amount)?,
        Size::EquityPercent(p) => money(share(p, equity(), "equity")?)?,
        Size::BuyingPowerPercent(p) => money(share(p, buying_power(inputs), "buying power")?)?,
        Size::RiskPercent(p) => risked(share(p, equity(), "equity")?)?,
        Size::RiskMoney(amount) => risked(amount)?,
        Size::All => of_position(inputs, draft.side, None, lot)?,
        Size::PositionPercent(p) => of_position(inputs, draft.side, p.factor(), lot)?,
    };
    let (qty, cut) = match inputs.instrument.qty_max {
        Some(max) if qty > max && !matches!(draft.size, Size::Qty(_)) => (max, Some(Cut::Largest)),
        Some(_) | None => (qty, cut),
    };
    floor_of_venue(inputs, draft, qty, entry)?;
    Ok((qty, cut))
}

/// A computed order below the venue's smallest comes to nothing; a typed one is the gate's to judge.
fn floor_of_venue(inputs: &Inputs<'_>, draft: &Draft, qty: Qty, entry: Price) -> Result<(), SizingError> {
    if matches!(draft.size, Size::Qty(_)) {
        return Ok(());
    }
    let least = inputs.instrument.qty_min;
    if qty < least {
        return Err(SizingError::NothingToTrade { why: Nothing::Least { qty, least } });
    }
    let cost = qty.checked_mul_price(entry.abs()).ok_or(SizingError::Overflow)?;
    let least = inputs.instrument.notional_min;
    if cost < least {
        return Err(SizingError::NothingToTrade { why: Nothing::LeastNotional { cost, least } });
    }
    Ok(())
}

/// `(amount, each)`: so much money, of which one unit takes `each` (its price, or its distance to the stop).
fn by_money(
    inputs: &Inputs<'_>,
    side: Side,
    (amount, each): (Money, Price),
    entry: Price,
    lot: Qty,
) -> Result<(Qty, Option<Cut>), SizingError> {
    if !amount.is_positive() {
        return Err(SizingError::SizeNotPositive);
    }
    let each =
        each.per_unit().checked_mul(inputs.instrument.multiplier.get()).ok_or(SizingError::Overflow)?;
    let exact = amount.checked_div(each.get()).and_then(Qty::new).ok_or(SizingError::Overflow)?;
    let wanted = floor_within(exact, lot, amount, each).ok_or(SizingError::Overflow)?;
    if wanted.is_zero() {
        return Err(SizingError::NothingToTrade { why: Nothing::Amount { amount, lot, each } });
    }
    let cut = (wanted != exact).then_some(Cut::Lot);
    let left = buying_power(inputs).ok_or(SizingError::NoAccount("buying power"))?;
    let affordable = affordable(inputs, side, left, entry, lot).ok_or(SizingError::Overflow)?;
    if wanted <= affordable {
        return Ok((wanted, cut));
    }
    if affordable.is_zero() {
        return Err(SizingError::NothingToTrade { why: Nothing::BuyingPower { left, lot, price: entry } });
    }
    Ok((affordable, Some(Cut::BuyingPower)))
}

/// Whole lots of `exact`, and never more than `amount` together: a division that had to be rounded could
/// come out one lot too high.
fn floor_within(exact: Qty, lot: Qty, amount: Money, each: Money) -> Option<Qty> {
    let qty = if lot.is_zero() { exact } else { exact.floor_to(lot)? };
    let taken = each.checked_mul(qty.get())?;
    if taken <= amount { Some(qty) } else { Some(qty.saturating_sub(lot)) }
}

/// What the buying power buys, after closing what is held on the other side, in whole lots. A short sale is
/// reserved for at three per cent above the market, as brokers do.
fn affordable(inputs: &Inputs<'_>, side: Side, left: Money, entry: Price, lot: Qty) -> Option<Qty> {
    let opposing = opposing(inputs, side);
    if !left.is_positive() {
        return opposing.floor_to(lot);
    }
    let factor = match side {
        Side::Buy => Decimal::ONE,
        Side::Sell => Decimal::new(103, 2),
    };
    let each = entry.abs().checked_mul(factor)?.checked_mul(inputs.instrument.multiplier.get())?;
    if each.is_zero() {
        return Some(Qty::ZERO);
    }
    let exact = left.checked_div(each.get()).and_then(Qty::new)?;
    let opens = floor_within(exact, lot, left, each.per_unit())?;
    opposing.checked_add(opens)?.floor_to(lot)
}

fn of_position(
    inputs: &Inputs<'_>,
    side: Side,
    share: Option<Decimal>,
    lot: Qty,
) -> Result<(Qty, Option<Cut>), SizingError> {
    let position = inputs.exposure.position;
    if position.exit_side() != Some(side) {
        return Err(SizingError::NoPosition(inputs.instrument.id.symbol.clone()));
    }
    let size = position.size();
    let asked = match share {
        None => size,
        Some(factor) => size.get().checked_mul(factor).and_then(Qty::new).ok_or(SizingError::Overflow)?,
    };
    let (qty, cut) =
        if asked > inputs.closable { (inputs.closable, Some(Cut::Closable)) } else { (asked, None) };
    let floored = qty.floor_to(lot).ok_or(SizingError::Overflow)?;
    if floored.is_zero() {
        let why =
            if inputs.closable.is_zero() { Nothing::Closable } else { Nothing::Least { qty, least: lot } };
        return Err(SizingError::NothingToTrade { why });
    }
    Ok((floored, cut.or((floored != qty).then_some(Cut::Lot))))
}
