//! Prices on the tick, quantity on the lot and inside the venue's bounds.

use super::Case;
use crate::{
    domain::{
        instrument::Instrument,
        money::{Price, Qty},
        order::{Attached, OrderSpec, StopLeg},
    },
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let spec = case.spec;
    let Some(instrument) = case.instrument else {
        return Some(Box::new(Why::NoInstrument(spec.instrument.clone())));
    };
    if let Some((qty, (_, filled))) = spec.amount.qty().zip(case.changes)
        && qty <= filled
    {
        return Some(Box::new(Why::BelowFilled { qty, filled }));
    }
    if !are_on_tick(instrument, spec) {
        let off = |price: &(&'static str, Price)| !instrument.tick.allows(price.1);
        let own = case.prices().find(off);
        if let Some((what, price)) = own.or_else(|| attached_prices(spec).into_iter().flatten().find(off)) {
            return Some(Box::new(Why::OffTick { what, price, tick: instrument.tick.at(price) }));
        }
    }
    if let Some(qty) = spec.amount.qty()
        && let Some(why) = quantity(instrument, spec, qty)
    {
        return Some(why);
    }
    let Some(value) = case.value else {
        return Some(Box::new(Why::NoPrice));
    };
    let least = instrument.notional_min;
    (value < least).then(|| Box::new(Why::BelowLeastValue { value, least }))
}

/// Are all its prices? Their names are for the sentence alone.
fn are_on_tick(instrument: &Instrument, spec: &OrderSpec) -> bool {
    let fits = |price: Option<Price>| price.is_none_or(|price| instrument.tick.allows(price));
    let leg = |leg: StopLeg| fits(Some(leg.stop)) && fits(leg.limit);
    let attached = match spec.attached {
        Attached::Simple => true,
        Attached::Bracket { target, stop } => fits(Some(target)) && leg(stop),
        Attached::OtoStop { stop } | Attached::Oco { stop } => leg(stop),
        Attached::OtoTarget { target } => fits(Some(target)),
    };
    attached && fits(spec.order_type.limit()) && fits(spec.order_type.stop())
}

fn quantity(instrument: &Instrument, spec: &OrderSpec, qty: Qty) -> Option<Box<Why>> {
    let alone = matches!(spec.attached, Attached::Simple);
    let lot = if alone { instrument.lot } else { instrument.whole_lot };
    if !qty.is_multiple_of(lot) {
        return Some(Box::new(Why::OffLot { qty, lot }));
    }
    if qty < instrument.qty_min || qty.is_zero() {
        return Some(Box::new(Why::BelowLeast { qty, least: instrument.qty_min }));
    }
    let most = instrument.qty_max?;
    (qty > most).then(|| Box::new(Why::AboveMost { qty, most }))
}

fn attached_prices(spec: &OrderSpec) -> [Option<(&'static str, Price)>; 3] {
    let stop = |leg: StopLeg| (Some(("protective stop", leg.stop)), leg.limit.map(|p| ("stop limit", p)));
    match spec.attached {
        Attached::Simple => [None; 3],
        Attached::Bracket { target, stop: leg } => {
            let (stop, limit) = stop(leg);
            [Some(("target", target)), stop, limit]
        }
        Attached::OtoStop { stop: leg } | Attached::Oco { stop: leg } => {
            let (stop, limit) = stop(leg);
            [None, stop, limit]
        }
        Attached::OtoTarget { target } => [Some(("target", target)), None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::Side};

    #[test]
    fn on_the_tick_and_the_lot_passes() {
        let mut desk = Desk::open();
        desk.passes(CheckName::TickAndLot, &order(Side::Buy, "1.5", limit("100.01")));
        desk.passes(CheckName::TickAndLot, &order(Side::Buy, "10", limit("0.9999")));
    }

    #[test]
    fn off_the_tick_or_the_lot_is_refused() {
        let mut desk = Desk::open();
        desk.refuses(CheckName::TickAndLot, &order(Side::Buy, "1", limit("100.001")), "limit 100.001");
        desk.refuses(CheckName::TickAndLot, &order(Side::Buy, "1", stop("100.001")), "stop 100.001");
        desk.refuses(CheckName::TickAndLot, &buy("1.0000001"), "lots of 0.000001");
        let leg = StopLeg { stop: px("90.005"), limit: None };
        desk.refuses(
            CheckName::TickAndLot,
            &OrderSpec { attached: Attached::OtoStop { stop: leg }, ..buy("1") },
            "protective stop 90.005",
        );
        let leg = StopLeg { stop: px("90"), limit: None };
        desk.refuses(
            CheckName::TickAndLot,
            &OrderSpec { attached: Attached::OtoStop { stop: leg }, ..buy("1.5") },
            "lots of 1",
        );
        desk.refuses(CheckName::TickAndLot, &buy("0.001"), "below the smallest of 1");
    }

    #[test]
    fn without_rules_or_price_it_refuses() {
        let mut desk = Desk::open();
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::TickAndLot, &buy("1"), "no price");
        let unknown = OrderSpec { instrument: named("ZZZ"), ..buy("1") };
        desk.refuses(CheckName::TickAndLot, &unknown, "rules of ZZZ");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::TickAndLot);
    }
}
