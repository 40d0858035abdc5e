//! Not more money than one order may have.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let limit = case.context.limits.order_notional_max;
    match case.value() {
        None => Some(Why::NoPrice),
        Some(value) => (value > limit).then_some(Why::Notional { value, limit }),
    }
}
