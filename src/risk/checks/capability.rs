//! Does the venue take such an order?

use super::Case;
use crate::{
    domain::{
        capability::{ClassCapability, TifWord},
        instrument::AssetClass,
        order::{Amount, Attached, OrderKind, Tif},
    },
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let spec = case.spec;
    let Some(instrument) = case.instrument else {
        return Some(Why::NoInstrument(spec.instrument.clone()));
    };
    let Some(class) = case.context.capability.and_then(|c| c.of(instrument.class)) else {
        return Some(Why::NoClass);
    };
    let kind = spec.order_type.kind();
    if !class.kinds.contains(&kind) {
        return Some(Why::NoKind(kind));
    }
    if !class.tifs.contains(&TifWord::from(spec.tif)) {
        return Some(Why::NoTif(spec.tif));
    }
    let has_hours = matches!(instrument.class, AssetClass::Equity | AssetClass::Option);
    let waits = matches!(spec.tif, Tif::Opg | Tif::Cls);
    if kind == OrderKind::Market && has_hours && !case.context.regular_hours && !waits {
        return Some(Why::NotInRegularHours);
    }
    let wants_fraction = spec.amount.qty().is_some_and(|q| !q.is_multiple_of(instrument.whole_lot));
    feature(case, class, wants_fraction).map(Why::NoFeature)
}

fn feature(case: &Case<'_>, class: &ClassCapability, wants_fraction: bool) -> Option<&'static str> {
    let spec = case.spec;
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
}
