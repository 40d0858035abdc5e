//! Not more units than one order may have.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let limit = case.context.limits.order_qty_max;
    match case.qty {
        None => Some(Why::NoPrice),
        Some(qty) => (qty > limit).then_some(Why::Quantity { qty, limit }),
    }
}
