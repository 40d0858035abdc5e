//! A market order meets a market and not a gap: what it pays for haste is half the spread.

use super::Case;
use crate::{
    domain::{money::Percent, order::OrderKind},
    risk::verdict::Why,
};
use rust_decimal::Decimal;

const TWO_HUNDRED: Decimal = Decimal::from_parts(200, 0, 0, false, 0);

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    if case.spec.order_type.kind() != OrderKind::Market {
        return None;
    }
    let Some(mark) = case.mark else {
        return Some(Box::new(Why::NoQuote));
    };
    let Some(bid) = mark.bid() else {
        return Some(Box::new(Why::OneSided("bid")));
    };
    let Some(ask) = mark.ask() else {
        return Some(Box::new(Why::OneSided("ask")));
    };
    if let Some(why) = case.old_quote() {
        return Some(why);
    }
    let limit = case.context.limits.spread_percent_max;
    let width = ask.checked_sub(bid).map(|w| w.abs().per_unit());
    let both = ask.checked_add(bid).map(|sum| sum.abs().per_unit());
    // (ask - bid) / ((ask + bid) / 2) in per cent, without a division.
    let is_wide = width
        .and_then(|w| w.checked_mul(TWO_HUNDRED))
        .zip(both.and_then(|b| b.checked_mul(limit.get())))
        .is_none_or(|(wide, most)| wide > most);
    is_wide.then(|| {
        let percent = width.zip(both).and_then(|(w, b)| w.percent_of(b)?.get().checked_mul(Decimal::TWO));
        let percent = Percent::new(percent.unwrap_or(Decimal::ONE_HUNDRED).round_dp(2));
        Box::new(Why::Spread { bid, ask, percent, limit })
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::{
        book::fixture::*,
        domain::{
            order::Side,
            quote::{Market, Quote},
        },
        risk::verdict::CheckName,
    };

    #[test]
    fn a_market_order_into_a_gap_is_refused_and_a_limit_is_not() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Spread, &buy("1"));
        // 5 of 100 is the default limit.
        desk.marks.apply(&quote(aapl(), "97.5", "102.5", 101));
        desk.passes(CheckName::Spread, &buy("1"));
        desk.marks.apply(&quote(aapl(), "97.5", "102.51", 101));
        desk.refuses(CheckName::Spread, &buy("1"), "from 97.5 to 102.51 is 5.01 %");
        desk.refuses(CheckName::Spread, &sell("1"), "the most for a market order is 5 %");
        desk.passes(CheckName::Spread, &order(Side::Buy, "1", limit("100")));
    }

    #[test]
    fn without_both_sides_or_by_an_old_quote_it_refuses() {
        let mut desk = Desk::open();
        desk.now = now(116);
        desk.refuses(CheckName::Spread, &buy("1"), "16000 ms old");
        desk.now = now(101);
        desk.marks.apply(&Market::Quote(Quote {
            instrument: aapl(),
            bid: Some((px("99.99"), qty("1"))),
            ask: None,
            at: at(101),
            received: now(101).mono,
        }));
        desk.refuses(CheckName::Spread, &buy("1"), "no ask");
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Spread, &buy("1"), "no quote");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Spread);
    }
}
