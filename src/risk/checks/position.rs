//! Not more money in one symbol: the position with every open and unknown order of that side filled, and this one.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let limit = case.context.limits.position_max;
    if case.sees(|seen| seen.is_within(case.spec.side, limit)) {
        return None;
    }
    match case.position_after() {
        Err(why) => Some(why),
        Ok(value) => (value > limit).then(|| Box::new(Why::Position { value, limit })),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::{
        book::fixture::*,
        domain::{
            lifecycle::OrderEvent,
            order::{Amount, OrderSpec, Side},
        },
        risk::verdict::CheckName,
    };

    fn desk() -> Desk {
        let mut desk = Desk::open();
        desk.limits.position_max = usd("50000");
        desk
    }

    #[test]
    fn up_to_the_limit_passes_and_beyond_it_is_refused_on_both_sides() {
        let mut desk = desk();
        desk.passes(CheckName::Position, &order(Side::Buy, "500", limit("100")));
        desk.refuses(CheckName::Position, &order(Side::Buy, "500", limit("100.01")), "would come to 50005");
        desk.refuses(CheckName::Position, &buy("500"), "above your limit of 50000");
        desk.refuses(CheckName::Position, &sell("501"), "above your limit of 50000");
        // A sell far below the market is owed at the market.
        desk.refuses(CheckName::Position, &order(Side::Sell, "501", limit("91")), "50");
        let money = OrderSpec { amount: Amount::Notional(usd("50001")), ..buy("1") };
        desk.refuses(CheckName::Position, &money, "50001");
    }

    /// F4: an unknown order counts whole until it is settled.
    #[test]
    fn what_is_held_open_and_unknown_counts_and_what_would_close_first_does_not() {
        let mut desk = desk();
        desk.book.holds(&buy("200"), "100");
        desk.book.works("a", &order(Side::Buy, "100", limit("100")));
        desk.book.take(intent("b", &order(Side::Buy, "100", limit("100"))));
        desk.book.take(event("b", OrderEvent::Unanswered));
        desk.passes(CheckName::Position, &order(Side::Buy, "100", limit("100")));
        desk.refuses(CheckName::Position, &order(Side::Buy, "101", limit("100")), "50100");
        // Not known to be there is not known to be gone.
        for _ in 0..3 {
            desk.book.take(event("b", OrderEvent::FoundAbsent));
        }
        desk.refuses(CheckName::Position, &order(Side::Buy, "101", limit("100")), "50100");
        // Turned around, only what lies beyond flat counts.
        desk.passes(CheckName::Position, &sell("700"));
        desk.refuses(CheckName::Position, &sell("701"), "above your limit");
    }

    #[test]
    fn an_order_in_money_that_is_open_counts_too() {
        let mut desk = desk();
        desk.book.works("a", &OrderSpec { amount: Amount::Notional(usd("30000")), ..buy("1") });
        desk.passes(CheckName::Position, &order(Side::Buy, "200", limit("100")));
        desk.refuses(CheckName::Position, &order(Side::Buy, "201", limit("100")), "50100");
    }

    /// F7: a limit that is lowered below what is held.
    #[test]
    fn a_limit_below_what_is_held_lets_only_less_through() {
        let mut desk = desk();
        desk.book.holds(&buy("600"), "100");
        desk.refuses(CheckName::Position, &buy("1"), "above your limit");
        desk.passes(CheckName::Position, &sell("600"));
        assert!(desk.judge(&sell("600")).allows());
    }

    #[test]
    fn of_a_change_the_new_order_counts_and_not_both() {
        let mut desk = desk();
        let before = order(Side::Buy, "400", limit("100"));
        desk.book.works("a", &before);
        let verdict = |desk: &mut Desk, n| {
            let verdict = desk.judge_change("a", order(Side::Buy, n, limit("100")));
            verdict.of(CheckName::Position).why.is_none()
        };
        assert!(verdict(&mut desk, "500"));
        assert!(!verdict(&mut desk, "501"));
    }

    /// F2: a limit that is judged by an old mark.
    #[test]
    fn without_a_quote_or_by_an_old_one_it_refuses() {
        let mut desk = desk();
        desk.now = now(116);
        desk.refuses(CheckName::Position, &order(Side::Buy, "1", limit("100")), "16000 ms old");
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Position, &buy("1"), "no quote");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Position);
    }
}
