//! Not against an order of our own: a trade with oneself is a wash trade, and venues refuse it.

use super::Case;
use crate::{
    book::OrderRow,
    domain::{
        lifecycle::OrderState,
        order::{OrderType, Side},
    },
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    if !case.is_opposed {
        return None;
    }
    let spec = case.spec;
    let rests = |row: &&OrderRow| row.spec.side != spec.side && row.state != OrderState::Held;
    let mut against = case.context.book.open_orders_of(&spec.instrument).filter(rests).peekable();
    against.peek()?;
    // A stop is no order in the market before it triggers; where it would trade then nobody knows.
    let price = match spec.order_type {
        OrderType::Market => case.price,
        OrderType::Limit { limit } => Some(limit),
        OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => return None,
    };
    let Some(price) = price else {
        return Some(Box::new(Why::NoPrice));
    };
    let meets = |row: &&OrderRow| match (row.spec.order_type, spec.side) {
        (OrderType::Market, Side::Buy | Side::Sell) => true,
        (OrderType::Limit { limit }, Side::Buy) => price >= limit,
        (OrderType::Limit { limit }, Side::Sell) => price <= limit,
        (OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. }, _) => false,
    };
    let row = against.find(meets)?;
    Some(Box::new(Why::SelfCross { side: row.spec.side, price: row.spec.order_type.limit() }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::{
        book::fixture::*,
        domain::limits::Action,
        risk::verdict::{CheckName, Outcome},
    };

    /// F11: said, and refused where the trader wants that.
    #[test]
    fn an_order_that_would_meet_our_own_is_said_or_refused() {
        let mut desk = Desk::open();
        desk.book.works("a", &order(Side::Sell, "10", limit("100.01")));
        assert_eq!(desk.outcome(CheckName::SelfCross, &buy("1")), Outcome::Warn);
        desk.limits.self_cross = Action::Block;
        desk.refuses(CheckName::SelfCross, &buy("1"), "your own sell order at 100.01");
        desk.refuses(CheckName::SelfCross, &order(Side::Buy, "1", limit("100.01")), "your own sell");
        desk.passes(CheckName::SelfCross, &order(Side::Buy, "1", limit("100")));
        desk.passes(CheckName::SelfCross, &sell("1"));
        desk.book.works("b", &order(Side::Buy, "10", limit("99")));
        desk.refuses(CheckName::SelfCross, &order(Side::Sell, "5", limit("98")), "your own buy order at 99");
        desk.passes(CheckName::SelfCross, &order(Side::Sell, "5", limit("99.5")));
    }

    #[test]
    fn the_exits_of_a_position_are_in_nobodys_way() {
        let mut desk = Desk::long();
        desk.limits.self_cross = Action::Block;
        desk.book.works("a", &order(Side::Sell, "100", stop("95")));
        desk.book.works("b", &order(Side::Sell, "100", limit("110")));
        desk.passes(CheckName::SelfCross, &buy("10"));
    }

    #[test]
    fn without_a_price_nobody_can_tell() {
        let mut desk = Desk::open();
        desk.limits.self_cross = Action::Block;
        desk.book.works("a", &order(Side::Sell, "10", limit("100.01")));
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::SelfCross, &buy("1"), "no price");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::SelfCross);
    }
}
