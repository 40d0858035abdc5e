//! Enough buying power, with everything taken off that the account's figures can't have counted yet: orders on
//! their way, and orders whose outcome is not known, at their worst.

use super::{Case, worst_price};
use crate::{
    domain::money::Money,
    risk::{committed::committed, verdict::Why},
};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let Some(account) = case.account.map(|a| &a.report) else {
        return Some(Why::NoAccount);
    };
    let Some(instrument) = case.instrument else {
        return Some(Why::NoInstrument(case.spec.instrument.clone()));
    };
    if instrument.quote != account.currency {
        return Some(Why::Currency {
            instrument: instrument.quote.clone(),
            account: account.currency.clone(),
        });
    }
    let power = match account.cash_buying_power {
        Some(cash) if !instrument.marginable => cash.min(account.buying_power),
        Some(_) | None => account.buying_power,
    };
    let Some(need) = need(case) else {
        return Some(Why::NoPrice);
    };
    let taken =
        committed(case.context.book, case.context.marks, &case.spec.instrument.venue, case.changes.is_none());
    let left = taken.and_then(|c| power.checked_sub(c));
    match left {
        None => Some(Why::NoPrice),
        Some(left) => (need > left).then_some(Why::BuyingPower { need, left }),
    }
}

/// What the opening part takes; of a change, what it takes more than before.
fn need(case: &Case<'_>) -> Option<Money> {
    let whole = case.value_of(case.opening?)?;
    let Some((before, filled)) = case.changes else {
        return Some(whole);
    };
    let had = before.amount.qty()?.saturating_sub(filled);
    let price = worst_price(before, case.mark)?;
    let multiplier = case.instrument?.multiplier.get();
    let had = had.checked_mul_price(price)?.checked_mul(multiplier)?.abs();
    whole.checked_sub(had).map(|more| more.max(Money::ZERO))
}
