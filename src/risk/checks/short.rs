//! A sell below flat: the account, the venue and the instrument must allow it, and it must be had to borrow.

use super::Case;
use crate::{
    domain::{instrument::Borrow, money::Qty, order::Side},
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    if case.spec.side == Side::Buy {
        return None;
    }
    let Some(qty) = case.opening else {
        return Some(Why::NoPrice);
    };
    if qty.is_zero() {
        return None;
    }
    against(case, qty).map(|why| Why::Short { qty, why })
}

fn against(case: &Case<'_>, qty: Qty) -> Option<&'static str> {
    let Some((instrument, account)) = case.instrument.zip(case.account) else {
        return Some("the rules of the instrument or the account are not known");
    };
    let class = case.context.capability.and_then(|c| c.of(instrument.class));
    if !class.is_some_and(|c| c.short) {
        return Some("this venue has no short sales here");
    }
    if !account.report.shorting {
        return Some("the account may not sell short");
    }
    if !instrument.shortable {
        return Some("the instrument can't be sold short");
    }
    if !qty.is_multiple_of(instrument.whole_lot) {
        return Some("fractions can't be sold short");
    }
    match instrument.borrow {
        Borrow::Easy | Borrow::Unknown => None,
        Borrow::Hard => Some("it is hard to borrow: ask the venue for a locate first"),
        Borrow::None => Some("it is not to be had to borrow"),
    }
}
