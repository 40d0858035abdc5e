//! There is a quote, believable and young enough.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    if let Some((bad, _)) = case.mark.filter(|m| m.touch.is_some()).and_then(crate::book::Mark::bad) {
        return Some(Box::new(Why::BadQuote(bad.word())));
    }
    missing_or_old(case)
}

/// The last good one, whatever came after it.
pub(super) fn missing_or_old(case: &Case<'_>) -> Option<Box<Why>> {
    let limit_ms = case.context.limits.quote_age_max_ms;
    let Some(age_ms) = case.mark.and_then(|mark| mark.quote_age_ms(case.context.now)) else {
        return Some(Box::new(Why::NoQuote));
    };
    (age_ms > limit_ms).then(|| Box::new(Why::StaleQuote { age_ms, limit_ms }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::OrderSpec};

    #[test]
    fn young_passes_old_and_bad_and_missing_are_refused() {
        let mut desk = Desk::open();
        desk.now = now(115);
        desk.passes(CheckName::Quote, &buy("1"));
        desk.now = now(116);
        desk.refuses(CheckName::Quote, &buy("1"), "16000 ms old, the most is 15000 ms");
        desk.now = now(101);
        desk.marks.apply(&quote(aapl(), "101", "100", 101));
        desk.refuses(CheckName::Quote, &buy("1"), "the bid is above the ask");
        desk.refuses(CheckName::Quote, &OrderSpec { instrument: named("ZZZ"), ..buy("1") }, "no quote");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Quote);
    }
}
