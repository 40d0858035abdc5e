//! Not the same order as a moment ago: a key that bounced.

use super::Case;
use crate::{domain::lifecycle::OrderState, risk::verdict::Why};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let window_ms = i64::try_from(case.context.limits.duplicate_window_ms).ok()?;
    let now = case.context.now.wall;
    for row in case.context.book.recent_intents() {
        let age_ms = now.since_ms(row.intended_at);
        // A clock that stepped back shows a negative age: still a moment ago.
        if age_ms >= window_ms {
            return None;
        }
        let gone = matches!(row.state, OrderState::NotSent | OrderState::Rejected);
        if !gone && row.spec == *case.spec && case.changes.is_none() {
            return Some(Why::Duplicate { age_ms: age_ms.max(0) });
        }
    }
    None
}
