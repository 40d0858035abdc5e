//! Not more money than one order may have.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let limit = case.context.limits.order_notional_max;
    match case.value {
        None => Some(Box::new(Why::NoPrice)),
        Some(value) => (value > limit).then(|| Box::new(Why::Notional { value, limit })),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::Side};

    #[test]
    fn below_passes_above_is_refused_by_the_ask_and_never_as_zero() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Notional, &buy("2499"));
        desk.refuses(CheckName::Notional, &buy("2500"), "250025.00");
        desk.passes(CheckName::Notional, &order(Side::Buy, "2500", limit("100")));
        desk.refuses(CheckName::Notional, &order(Side::Buy, "2500", limit("100.01")), "above your limit");
    }

    #[test]
    fn a_sell_far_below_the_market_is_judged_at_the_market() {
        Desk::open().refuses(CheckName::Notional, &order(Side::Sell, "2600", limit("1")), "above your limit");
    }

    #[test]
    fn without_a_quote_it_refuses() {
        let mut desk = Desk::open();
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Notional, &buy("1"), "no price");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Notional);
    }
}
