//! Not too many orders in a short time: a key that sticks, a macro that runs wild (FINRA and SEC rule 15c3-5(c)(1)(ii)
//! ask a broker for the same). Orders that close do not count.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let (limits, now) = (case.context.limits, case.context.now.wall);
    let venue = &case.spec.instrument.venue;
    let windows =
        [(limits.orders_per_second_max, 1_000, "second"), (limits.orders_per_minute_max, 60_000, "minute")];
    let (limit, _, window) =
        windows.into_iter().find(|(most, ms, _)| case.context.book.has_made(venue, *most, *ms, now))?;
    Some(Box::new(Why::OrderRate { limit, window }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::Side};

    /// F10: a runaway is stopped by count.
    #[test]
    fn up_to_the_limit_passes_and_the_next_is_refused_until_the_window_is_over() {
        let mut desk = Desk::open();
        desk.limits.orders_per_second_max = 3;
        desk.limits.orders_per_minute_max = 5;
        for n in 0..3 {
            desk.passes(CheckName::OrderRate, &buy("1"));
            desk.book.apply(at(101), &intent(&format!("a{n}"), &order(Side::Buy, "1", limit("50"))));
        }
        desk.refuses(CheckName::OrderRate, &buy("1"), "3 orders went out in the last second");
        desk.now = now(102);
        desk.passes(CheckName::OrderRate, &buy("1"));
        for n in 3..5 {
            desk.book.apply(at(102), &intent(&format!("a{n}"), &order(Side::Buy, "1", limit("50"))));
        }
        desk.now = now(104);
        desk.refuses(CheckName::OrderRate, &buy("1"), "5 orders went out in the last minute");
        desk.now = now(161);
        desk.passes(CheckName::OrderRate, &buy("1"));
    }

    #[test]
    fn orders_that_close_do_not_count_and_a_clock_that_was_set_back_neither_frees_nor_locks_for_long() {
        let mut desk = Desk::long();
        desk.limits.orders_per_second_max = 2;
        for n in 0..9 {
            desk.book.apply(at(101), &intent(&format!("a{n}"), &sell("1")));
        }
        desk.passes(CheckName::OrderRate, &buy("1"));
        for n in 0..2 {
            desk.book.apply(at(101), &intent(&format!("b{n}"), &buy("1")));
        }
        desk.now = now(101);
        desk.refuses(CheckName::OrderRate, &buy("1"), "too fast");
        desk.now.wall = at(101).plus_ms(-500);
        desk.refuses(CheckName::OrderRate, &buy("1"), "too fast");
        desk.now.wall = at(101).plus_ms(-3_600_000);
        desk.passes(CheckName::OrderRate, &buy("1"));
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::OrderRate);
    }
}
