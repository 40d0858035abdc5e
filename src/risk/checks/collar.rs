//! Prices near the last quote: a slip of the finger stands ten times off.

use super::Case;
use crate::{
    domain::money::{Percent, Price},
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let limit = case.context.limits.price_collar_percent;
    let (limit_at, stop_at) = (case.spec.order_type.limit(), case.spec.order_type.stop());
    if limit_at.is_none() && stop_at.is_none() {
        return None;
    }
    let Some(market) = case.market else {
        return Some(Box::new(Why::NoQuote));
    };
    if [limit_at, stop_at].into_iter().flatten().all(|price| is_seen_near(price, market, limit)) {
        return None;
    }
    let at = market.abs().per_unit();
    // Divided for the sentence alone.
    let is_far = |off: Price| off.abs().per_unit().is_beyond(limit, at);
    let is_off = |price: Price| price.checked_sub(market).is_none_or(is_far);
    let (what, price) = match (limit_at, stop_at) {
        (Some(price), _) if is_off(price) => ("limit", price),
        (_, Some(price)) if is_off(price) => ("stop", price),
        (Some(_) | None, _) => return None,
    };
    let off = price.checked_sub(market).and_then(|off| off.abs().per_unit().percent_of(at));
    let off = off.map_or(limit, |p| Percent::new(p.get().round_dp(2)));
    Some(Box::new(Why::Collar { what, price, market, off, limit }))
}

/// Is it so near, as far as that is seen in whole units?
fn is_seen_near(price: Price, market: Price, limit: Percent) -> bool {
    let units = price.per_unit().in_units().zip(market.per_unit().in_units());
    units.zip(limit.digits()).is_some_and(|((price, market), (percent, tenfold))| {
        // Far below the end of 127 bits.
        let off = price.wrapping_sub(market).wrapping_abs().wrapping_mul(100);
        off.wrapping_mul(tenfold) <= market.wrapping_abs().wrapping_mul(percent)
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::Side};

    #[test]
    fn near_the_market_passes_far_off_is_refused_on_both_sides() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Collar, &order(Side::Buy, "1", limit("110")));
        desk.passes(CheckName::Collar, &order(Side::Buy, "1", limit("90")));
        desk.refuses(CheckName::Collar, &order(Side::Buy, "1", limit("110.01")), "10.01 %");
        desk.refuses(CheckName::Collar, &order(Side::Buy, "1", limit("89.99")), "from the market at 100");
        desk.refuses(CheckName::Collar, &order(Side::Buy, "1", stop("1000")), "stop 1000");
        desk.passes(CheckName::Collar, &buy("1"));
    }

    #[test]
    fn without_a_market_it_refuses() {
        let mut desk = Desk::open();
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Collar, &order(Side::Buy, "1", limit("100")), "no quote");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Collar);
    }
}
