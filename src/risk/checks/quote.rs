//! There is a quote, believable and young enough.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let limit_ms = case.context.limits.quote_age_max_ms;
    let Some(mark) = case.mark else {
        return Some(Why::NoQuote);
    };
    let Some(age_ms) = mark.quote_age_ms(case.context.now) else {
        return Some(Why::NoQuote);
    };
    if let Some((bad, _)) = mark.bad {
        return Some(Why::BadQuote(bad.word()));
    }
    (age_ms > limit_ms).then_some(Why::StaleQuote { age_ms, limit_ms })
}
