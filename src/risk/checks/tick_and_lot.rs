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

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let spec = case.spec;
    let Some(instrument) = case.instrument else {
        return Some(Why::NoInstrument(spec.instrument.clone()));
    };
    if let Some((qty, (_, filled))) = spec.amount.qty().zip(case.changes)
        && qty <= filled
    {
        return Some(Why::BelowFilled { qty, filled });
    }
    let mut prices = case.prices().chain(attached_prices(spec).into_iter().flatten());
    if let Some((what, price)) = prices.find(|(_, price)| !instrument.tick.allows(*price)) {
        return Some(Why::OffTick { what, price, tick: instrument.tick.at(price) });
    }
    if let Some(qty) = spec.amount.qty()
        && let Some(why) = quantity(instrument, spec, qty)
    {
        return Some(why);
    }
    let Some(value) = case.value() else {
        return Some(Why::NoPrice);
    };
    let least = instrument.notional_min;
    (value < least).then_some(Why::BelowLeastValue { value, least })
}

fn quantity(instrument: &Instrument, spec: &OrderSpec, qty: Qty) -> Option<Why> {
    let alone = matches!(spec.attached, Attached::Simple);
    let lot = if alone { instrument.lot } else { instrument.whole_lot };
    if !qty.is_multiple_of(lot) {
        return Some(Why::OffLot { qty, lot });
    }
    if qty < instrument.qty_min || qty.is_zero() {
        return Some(Why::BelowLeast { qty, least: instrument.qty_min });
    }
    let most = instrument.qty_max?;
    (qty > most).then_some(Why::AboveMost { qty, most })
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
