//! Not more units than one order may have.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let limit = case.context.limits.order_qty_max;
    match case.qty {
        None => Some(Box::new(Why::NoPrice)),
        Some(qty) => (qty > limit).then(|| Box::new(Why::Quantity { qty, limit })),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::order::{Amount, OrderSpec},
    };

    #[test]
    fn below_and_at_the_limit_passes_above_is_refused() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Quantity, &buy("100000"));
        desk.refuses(CheckName::Quantity, &buy("100001"), "above your limit of 100000");
    }

    #[test]
    fn money_without_a_price_can_not_be_counted() {
        let mut desk = Desk::open();
        let spec = OrderSpec { amount: Amount::Notional(usd("500")), ..buy("1") };
        desk.passes(CheckName::Quantity, &spec);
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Quantity, &spec, "no price");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Quantity);
    }
}
