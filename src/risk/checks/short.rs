//! A sell below flat: the account, the venue and the instrument must allow it, and it must be had to borrow.

use super::Case;
use crate::{
    domain::{instrument::Borrow, money::Qty, order::Side},
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    if case.spec.side == Side::Buy {
        return None;
    }
    let Some(qty) = case.opening else {
        return Some(Box::new(Why::NoPrice));
    };
    if qty.is_zero() {
        return None;
    }
    against(case, qty).map(|why| Box::new(Why::Short { qty, why }))
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
        // What is hard to borrow, and what it costs, is a question of its own.
        Borrow::Easy | Borrow::Unknown | Borrow::Hard => None,
        Borrow::None => Some("it is not to be had to borrow"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::{fact::Fact, instrument::Instrument, order::OrderSpec, report::AccountReport},
    };

    #[test]
    fn a_short_sale_that_is_allowed_passes() {
        Desk::open().passes(CheckName::Short, &sell("10"));
        Desk::long().passes(CheckName::Short, &sell("110"));
    }

    #[test]
    fn each_thing_against_it_refuses() {
        let mut desk = Desk::open();
        desk.refuses(CheckName::Short, &sell("1.5"), "fractions");
        desk.refuses(CheckName::Short, &OrderSpec { instrument: btc(), ..sell("1") }, "no short sales");
        desk.book.take(Fact::Instrument(Box::new(Instrument { borrow: Borrow::None, ..share(aapl()) })));
        desk.refuses(CheckName::Short, &sell("10"), "not to be had to borrow");
        desk.book.take(Fact::Instrument(Box::new(Instrument { shortable: false, ..share(aapl()) })));
        desk.refuses(CheckName::Short, &sell("10"), "can't be sold short");
        let cash = AccountReport { shorting: false, ..account() };
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(cash) });
        desk.refuses(CheckName::Short, &sell("10"), "the account may not");
    }

    #[test]
    fn only_what_goes_below_flat_counts() {
        let mut desk = Desk::long();
        desk.book.take(Fact::Instrument(Box::new(Instrument { shortable: false, ..share(aapl()) })));
        desk.passes(CheckName::Short, &sell("100"));
        desk.refuses(CheckName::Short, &sell("101"), "sell 1 short");
        desk.book.works("b", &sell("100"));
        desk.refuses(CheckName::Short, &sell("1"), "sell 1 short");
    }

    #[test]
    fn without_rules_it_refuses() {
        let spec = OrderSpec { instrument: named("ZZZ"), ..sell("1") };
        Desk::open().refuses(CheckName::Short, &spec, "not known");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Short);
    }
}
