//! What is sold short must be borrowed, and what is hard to borrow costs a fee. No venue here tells that fee.

use super::Case;
use crate::{
    domain::{instrument::Borrow, order::Side},
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
    let Some(instrument) = case.instrument else {
        return Some(Box::new(Why::NoInstrument(case.spec.instrument.clone())));
    };
    match instrument.borrow {
        // That there is nothing to borrow is the short sale's own question.
        Borrow::Easy | Borrow::None => None,
        Borrow::Hard => Some(Box::new(Why::HardToBorrow { qty })),
        Borrow::Unknown => Some(Box::new(Why::BorrowUnknown { qty })),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{fact::Fact, instrument::Instrument, limits::Action, order::OrderSpec},
        risk::verdict::{CheckName, Outcome},
    };

    fn is(desk: &mut Desk, borrow: Borrow) {
        desk.book.take(Fact::Instrument(Box::new(Instrument { borrow, ..share(aapl()) })));
    }

    #[test]
    fn easy_passes_hard_and_unknown_are_refused_or_said() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Borrow, &sell("10"));
        is(&mut desk, Borrow::Hard);
        desk.refuses(CheckName::Borrow, &sell("10"), "sells 10 short that is hard to borrow");
        desk.passes(CheckName::Borrow, &buy("10"));
        is(&mut desk, Borrow::Unknown);
        desk.refuses(CheckName::Borrow, &sell("10"), "does not say");
        desk.limits.hard_to_borrow = Action::Warn;
        assert_eq!(desk.outcome(CheckName::Borrow, &sell("10")), Outcome::Warn);
    }

    #[test]
    fn only_what_goes_below_flat_is_borrowed() {
        let mut desk = Desk::long();
        is(&mut desk, Borrow::Hard);
        desk.passes(CheckName::Borrow, &sell("100"));
        desk.refuses(CheckName::Borrow, &sell("103"), "sells 3 short");
    }

    #[test]
    fn without_rules_it_refuses() {
        let spec = OrderSpec { instrument: named("ZZZ"), ..sell("1") };
        Desk::open().refuses(CheckName::Borrow, &spec, "rules of ZZZ");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Borrow);
    }
}
