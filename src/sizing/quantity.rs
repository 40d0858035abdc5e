//! Quantities: from money, shares and risk to units, always rounded down.

use super::{Field, Inputs, SizingError};
use crate::domain::{
    draft::Size,
    money::{Money, Percent, Price, Qty},
    order::Side,
    report::AccountReport,
};

use rust_decimal::Decimal;

/// What made the quantity smaller than asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Rounded down to the lot.
    Lot,
    /// The buying power.
    BuyingPower,
    /// The largest order of the instrument.
    Largest,
    /// What can be closed.
    Closable,
}

impl Cut {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lot => "rounded down to the lot",
            Self::BuyingPower => "cut to the buying power",
            Self::Largest => "cut to the instrument's largest order",
            Self::Closable => "cut to what can be closed",
        }
    }
}

/// How an order is to be sized.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) size: Size,
    pub(super) side: Side,
    pub(super) entry: Price,
    pub(super) stop: Option<Price>,
    /// Only whole lots will do: something hangs on it, or it sells short.
    pub(super) whole: bool,
}

/// The quantity, and what made it smaller than asked.
pub(super) fn resolve(inputs: &Inputs<'_>, wish: Wish) -> Result<(Qty, Option<Cut>), SizingError> {
    let (asked, capped) = match wish.size {
        Size::Qty(qty) => (qty, false),
        Size::Notional(money) => (units(inputs, money, wish.entry)?, false),
        Size::EquityPercent(p) => (units(inputs, share(p, capital(inputs)?)?, wish.entry)?, true),
        Size::BuyingPowerPercent(p) => (units(inputs, share(p, buying_power(inputs)?)?, wish.entry)?, true),
        Size::RiskPercent(p) => (by_risk(inputs, share(p, capital(inputs)?)?, wish)?, true),
        Size::RiskMoney(money) => (by_risk(inputs, money, wish)?, true),
        Size::All => return of_position(inputs, wish, None),
        Size::PositionPercent(p) => return of_position(inputs, wish, Some(p)),
    };
    if !asked.is_positive() && matches!(wish.size, Size::Qty(_)) {
        return Err(SizingError::NotPositive(Field::Size));
    }
    let mut qty = asked;
    let mut cut = None;
    if capped {
        let most = units(inputs, buying_power(inputs)?.max(Money::ZERO), wish.entry)?;
        let free = asked.saturating_sub(inputs.exposure.opening_part(wish.side, asked));
        let most = most.checked_add(free).unwrap_or(most);
        if most < qty {
            (qty, cut) = (most, Some(Cut::BuyingPower));
        }
    }
    if let Some(most) = inputs.instrument.qty_max.filter(|most| *most < qty && capped) {
        (qty, cut) = (most, Some(Cut::Largest));
    }
    if matches!(wish.size, Size::Qty(_)) {
        // What is typed in units goes as it is typed: the gate says when it is off the lot.
        return Ok((qty, None));
    }
    whole_lots(inputs, wish.whole, asked, qty, cut)
}

pub(super) fn whole_lots(
    inputs: &Inputs<'_>,
    whole: bool,
    asked: Qty,
    qty: Qty,
    cut: Option<Cut>,
) -> Result<(Qty, Option<Cut>), SizingError> {
    let rules = inputs.instrument;
    let lot = if whole { rules.whole_lot } else { rules.lot };
    let rounded = qty.floor_to(lot).ok_or(SizingError::Overflow)?;
    let cut = cut.or((rounded < qty).then_some(Cut::Lot));
    if rounded.is_zero() || rounded < rules.qty_min {
        let least = rules.qty_min.max(lot);
        return Err(SizingError::NothingToTrade { asked, least, cut: cut.unwrap_or(Cut::Lot) });
    }
    Ok((rounded, cut))
}

/// So many units as can be closed of the position, or of a share of it.
pub(super) fn of_position(
    inputs: &Inputs<'_>,
    wish: Wish,
    percent: Option<Percent>,
) -> Result<(Qty, Option<Cut>), SizingError> {
    let held = inputs.exposure.position;
    match held.exit_side() {
        None => return Err(SizingError::Flat(inputs.instrument.id.clone())),
        Some(side) if side != wish.side => return Err(SizingError::Adds(wish.side)),
        Some(_) => {}
    }
    let asked = match percent {
        None => held.size(),
        Some(p) if !p.is_positive() => return Err(SizingError::NotPositive(Field::Size)),
        Some(p) => {
            let part = p.factor().and_then(|f| held.size().get().checked_mul(f)).and_then(Qty::new);
            part.ok_or(SizingError::Overflow)?.min(held.size())
        }
    };
    let qty = asked.min(inputs.closable);
    let cut = (qty < asked).then_some(Cut::Closable);
    whole_lots(inputs, false, asked, qty, cut)
}

/// Units that so much money pays for.
fn units(inputs: &Inputs<'_>, money: Money, price: Price) -> Result<Qty, SizingError> {
    if money.is_negative() {
        return Err(SizingError::NotPositive(Field::Size));
    }
    divided(money, inputs.value(Qty::ONE, price)?)
}

/// Units whose loss from entry to stop is so much money.
fn by_risk(inputs: &Inputs<'_>, money: Money, wish: Wish) -> Result<Qty, SizingError> {
    if !money.is_positive() {
        return Err(SizingError::NotPositive(Field::Size));
    }
    let stop = wish.stop.ok_or(SizingError::NoStop)?;
    divided(money, inputs.between(Qty::ONE, wish.entry, stop)?)
}

fn divided(money: Money, each: Money) -> Result<Qty, SizingError> {
    if !each.is_positive() {
        return Err(SizingError::NotPositive(Field::Size));
    }
    // A quotient is rounded in its last digit; cut well before that it is never above the true one.
    let quotient = money.checked_div(each.get()).ok_or(SizingError::Overflow)?.trunc_with_scale(18);
    let fits = quotient.checked_mul(each.get()).is_some_and(|back| back <= money.get());
    let cut = if fits { Some(quotient) } else { quotient.checked_sub(Decimal::new(1, 18)) };
    cut.and_then(Qty::new).ok_or(SizingError::Overflow)
}

fn share(percent: Percent, whole: Money) -> Result<Money, SizingError> {
    if !percent.is_positive() {
        return Err(SizingError::NotPositive(Field::Size));
    }
    percent.of(whole).ok_or(SizingError::Overflow)
}

/// What sizes count from: the fixed account size, or else the equity.
fn capital(inputs: &Inputs<'_>) -> Result<Money, SizingError> {
    let account = comparable(inputs)?;
    Ok(inputs.account_size.unwrap_or(account.equity).max(Money::ZERO))
}

/// What is left of the buying power.
pub(super) fn buying_power(inputs: &Inputs<'_>) -> Result<Money, SizingError> {
    let account = comparable(inputs)?;
    let power = match account.cash_buying_power {
        Some(cash) if !inputs.instrument.marginable => cash.min(account.buying_power),
        Some(_) | None => account.buying_power,
    };
    power.checked_sub(inputs.committed).map(|m| m.max(Money::ZERO)).ok_or(SizingError::Overflow)
}

fn comparable<'a>(inputs: &Inputs<'a>) -> Result<&'a AccountReport, SizingError> {
    let account = inputs.account.ok_or(SizingError::NoAccount)?;
    if account.currency != inputs.instrument.quote {
        return Err(SizingError::Currency {
            instrument: inputs.instrument.quote.clone(),
            account: account.currency.clone(),
        });
    }
    Ok(account)
}
