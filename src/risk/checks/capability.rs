//! Does the venue take such an order?

use super::Case;
use crate::{
    calendar::Phase,
    domain::{
        capability::{ClassCapability, TifWord},
        instrument::AssetClass,
        order::{Amount, Attached, OrderKind, Tif},
    },
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let spec = case.spec;
    let Some(instrument) = case.instrument else {
        return Some(Box::new(Why::NoInstrument(spec.instrument.clone())));
    };
    let Some(class) = case.context.capability.and_then(|c| c.of(instrument.class)) else {
        return Some(Box::new(Why::NoClass));
    };
    let kind = spec.order_type.kind();
    if !class.kinds.contains(&kind) {
        return Some(Box::new(Why::NoKind(kind)));
    }
    if !class.tifs.contains(&TifWord::from(spec.tif)) {
        return Some(Box::new(Why::NoTif(spec.tif)));
    }
    let has_hours = matches!(instrument.class, AssetClass::Equity | AssetClass::Option);
    let waits = matches!(spec.tif, Tif::Opg | Tif::Cls);
    if kind == OrderKind::Market && has_hours && case.context.session.phase != Phase::Regular && !waits {
        return Some(Box::new(Why::NotInRegularHours));
    }
    let wants_fraction = spec.amount.qty().is_some_and(|q| !q.is_multiple_of(instrument.whole_lot));
    feature(case, class, wants_fraction).map(|lacks| Box::new(Why::NoFeature(lacks)))
}

fn feature(case: &Case<'_>, class: &ClassCapability, wants_fraction: bool) -> Option<&'static str> {
    let spec = case.spec;
    let has_icebergs = class.iceberg && case.instrument.is_some_and(|i| i.icebergs.is_some());
    let attached = match spec.attached {
        Attached::Simple => None,
        Attached::Bracket { .. } => (!class.bracket).then_some("bracket orders"),
        Attached::OtoStop { .. } | Attached::OtoTarget { .. } => {
            (!class.oto).then_some("orders that trigger others")
        }
        Attached::Oco { .. } => (!class.oco).then_some("pairs of which one cancels the other"),
    };
    let lacks = |wanted: bool, has: bool, name: &'static str| (wanted && !has).then_some(name);
    attached
        .or_else(|| lacks(matches!(spec.amount, Amount::Notional(_)), class.notional, "orders in money"))
        .or_else(|| lacks(wants_fraction, class.fractional, "fractions"))
        .or_else(|| lacks(spec.extended, class.extended, "trading in extended hours"))
        .or_else(|| lacks(spec.post_only, class.post_only, "post-only orders"))
        .or_else(|| lacks(case.changes.is_some(), class.replace, "change of a working order"))
        .or_else(|| lacks(spec.show.is_some(), has_icebergs, "icebergs"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::order::{OrderSpec, Side, StopLeg},
    };

    #[test]
    fn what_the_venue_has_passes() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Capability, &buy("1.5"));
        desk.passes(CheckName::Capability, &order(Side::Buy, "1", limit("100")));
    }

    #[test]
    fn what_it_lacks_is_refused_by_name() {
        let mut desk = Desk::open();
        let class = &mut desk.capability.as_mut().unwrap().classes[0];
        class.kinds = vec![OrderKind::Market, OrderKind::Limit];
        class.tifs = vec![TifWord::Day];
        class.bracket = false;
        class.fractional = false;
        class.extended = false;
        desk.refuses(CheckName::Capability, &order(Side::Buy, "1", stop("101")), "no stop order");
        desk.refuses(CheckName::Capability, &OrderSpec { tif: Tif::Gtc, ..buy("1") }, "`gtc`");
        desk.refuses(CheckName::Capability, &buy("1.5"), "fractions");
        desk.refuses(CheckName::Capability, &OrderSpec { extended: true, ..buy("1") }, "extended hours");
        desk.refuses(CheckName::Capability, &OrderSpec { post_only: true, ..buy("1") }, "post-only");
        let leg = StopLeg { stop: px("90"), limit: None };
        let bracket = Attached::Bracket { target: px("120"), stop: leg };
        desk.refuses(CheckName::Capability, &OrderSpec { attached: bracket, ..buy("1") }, "bracket");
    }

    /// The class has to have them, and the instrument.
    #[test]
    fn an_iceberg_is_refused_where_either_says_no() {
        use crate::domain::instrument::{Icebergs, Instrument};
        let mut desk = Desk::open();
        let iceberg = OrderSpec { show: Some(qty("2")), ..order(Side::Buy, "10", limit("100")) };
        desk.refuses(CheckName::Capability, &iceberg, "no icebergs");
        desk.capability.as_mut().unwrap().classes[0].iceberg = true;
        desk.refuses(CheckName::Capability, &iceberg, "no icebergs");
        let icebergs = Some(Icebergs { parts_max: None, open_max: None });
        desk.book
            .take(crate::domain::fact::Fact::Instrument(Box::new(Instrument { icebergs, ..share(aapl()) })));
        desk.passes(CheckName::Capability, &iceberg);
    }

    #[test]
    fn a_market_order_waits_for_regular_hours_and_a_coin_does_not() {
        let mut desk = Desk::open();
        desk.session.phase = Phase::Closed;
        desk.refuses(CheckName::Capability, &buy("1"), "give a limit");
        desk.passes(CheckName::Capability, &order(Side::Buy, "1", limit("100")));
        desk.passes(CheckName::Capability, &OrderSpec { tif: Tif::Opg, ..buy("1") });
        desk.passes(CheckName::Capability, &OrderSpec { instrument: btc(), ..buy("1") });
    }

    #[test]
    fn an_unknown_venue_takes_nothing() {
        let mut desk = Desk::open();
        desk.capability = None;
        desk.refuses(CheckName::Capability, &buy("1"), "class of instrument");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Capability);
    }
}
