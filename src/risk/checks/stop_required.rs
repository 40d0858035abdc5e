//! An entry brings its protective stop.

use super::Case;
use crate::{domain::order::Attached, risk::verdict::Why};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    if case.opening.is_some_and(crate::domain::money::Qty::is_zero) {
        return None;
    }
    match case.spec.attached {
        Attached::Bracket { .. } | Attached::OtoStop { .. } => None,
        Attached::Simple | Attached::OtoTarget { .. } | Attached::Oco { .. } => Some(Why::NoStop),
    }
}
