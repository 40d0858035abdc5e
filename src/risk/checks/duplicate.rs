//! Not the same order as a moment ago: a key that bounced.

use super::Case;
use crate::{
    domain::{lifecycle::OrderState, order::Origin},
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    if case.context.beside.follows {
        return None;
    }
    let window_ms = i64::try_from(case.context.limits.duplicate_window_ms).ok()?;
    let now = case.context.now.wall;
    // An order from before a clock stepped back lies in the future: still a moment ago.
    let same = case.context.book.intents_since(now.plus_ms(window_ms.saturating_neg())).find(|row| {
        let gone = matches!(row.state, OrderState::NotSent | OrderState::Rejected);
        // The closing half of a reversal looks like its opening half, and is no slip of a finger.
        let exit = row.origin == Origin::Exit;
        !gone && !exit && row.spec == *case.spec && case.changes.is_none()
    })?;
    Some(Box::new(Why::Duplicate { age_ms: now.since_ms(same.intended_at).max(0) }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::Side};

    #[test]
    fn the_same_again_within_the_window_is_refused() {
        let mut desk = Desk::open();
        let spec = order(Side::Buy, "1", limit("100"));
        desk.passes(CheckName::Duplicate, &spec);
        desk.book.apply(at(100), &intent("a", &spec));
        desk.limits.duplicate_window_ms = 1_001;
        desk.refuses(CheckName::Duplicate, &spec, "1000 ms ago");
        desk.passes(CheckName::Duplicate, &order(Side::Buy, "2", limit("100")));
        desk.limits.duplicate_window_ms = 1_000;
        desk.passes(CheckName::Duplicate, &spec);
    }

    #[test]
    fn what_never_left_may_go_again_and_a_clock_that_steps_back_hides_nothing() {
        let mut desk = Desk::open();
        let spec = buy("1");
        desk.book.apply(at(200), &intent("a", &spec));
        desk.refuses(CheckName::Duplicate, &spec, "0 ms ago");
        desk.book.apply(at(200), &event("a", crate::domain::lifecycle::OrderEvent::NotSent));
        desk.passes(CheckName::Duplicate, &spec);
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Duplicate);
    }
}
