//! What of an order the venue takes, and what is held here because the venue lacks it.

use super::Engine;
use crate::{
    domain::{
        capability::ClassCapability,
        held::HeldKind,
        ids::InstrumentId,
        instrument::{AssetClass, Instrument, WaitingExits},
        money::Qty,
        order::{Amount, Attached, OrderKind, OrderSpec, OrderType, StopLeg},
        text::Text,
    },
    risk::Beside,
    sizing,
};

/// An exit that is to be held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Exit {
    pub(in crate::engine) kind: HeldKind,
    pub(in crate::engine) qty: Qty,
}

/// An entry, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Division {
    /// What goes to the venue.
    pub(in crate::engine) spec: OrderSpec,
    /// What is held here.
    pub(in crate::engine) held: Vec<Exit>,
}

impl Division {
    /// What the gate is told of it.
    pub(in crate::engine) fn beside(&self) -> Beside {
        Beside { stop: self.held.iter().any(|e| e.kind.protects()), follows: false }
    }
}

/// Does it take what hangs on this one with it? `waits`: it has orders that wait for this one.
const fn takes_attached(class: &ClassCapability, waits: bool, attached: Attached) -> bool {
    match attached {
        Attached::Simple | Attached::Oco { .. } => true,
        Attached::Bracket { .. } => class.bracket && waits,
        Attached::OtoStop { .. } | Attached::OtoTarget { .. } => class.oto && waits,
    }
}

/// Has the venue orders that wait for this one? Some instruments may have none of what their class has.
fn waits(class: &ClassCapability, rules: Option<&Instrument>, spec: &OrderSpec) -> bool {
    let fits = !class.waits_on_limits || spec.order_type.kind() == OrderKind::Limit;
    fits && rules.is_none_or(|i| i.exits != WaitingExits::None)
}

impl Engine {
    pub(in crate::engine) fn class_at(&self, instrument: &InstrumentId) -> Option<&ClassCapability> {
        self.class_by(instrument, self.book.instrument(instrument))
    }

    fn class_by(&self, instrument: &InstrumentId, rules: Option<&Instrument>) -> Option<&ClassCapability> {
        let class = rules.map_or_else(|| AssetClass::spelled(&instrument.symbol), |i| i.class);
        self.venues.get(&instrument.venue).and_then(|v| v.setup.capability.of(class))
    }

    /// Does the venue take all of an entry as it is?
    pub(in crate::engine) fn goes_whole(&self, order: &sizing::Order) -> bool {
        let spec = &order.spec;
        if spec.attached == Attached::Simple && order.show.is_none() && order.parts.is_empty() {
            return true;
        }
        let rules = self.book.instrument(&spec.instrument);
        let Some((class, total)) = self.class_by(&spec.instrument, rules).zip(spec.amount.qty()) else {
            return true;
        };
        let is_shown = order.show.is_none_or(|show| show >= total);
        is_shown && order.parts.is_empty() && takes_attached(class, waits(class, rules, spec), spec.attached)
    }

    /// What of an entry the exits that wait at the venue do not cover.
    pub(in crate::engine) fn left_by_exits(&self, spec: &OrderSpec) -> Option<Text> {
        let has_exits = !matches!(spec.attached, Attached::Simple | Attached::Oco { .. });
        let instrument = self.book.instrument(&spec.instrument)?;
        (has_exits && instrument.exits == WaitingExits::LessFees).then(|| {
            Text::clean(&format!(
                "exits at the venue are for less: room for the largest fee is left in {}",
                instrument.id.symbol
            ))
        })
    }

    /// Divides an entry.
    pub(in crate::engine) fn divide(&self, order: sizing::Order) -> Division {
        let sizing::Order { mut spec, parts, show } = order;
        let Some((class, total)) = self.class_at(&spec.instrument).zip(spec.amount.qty()) else {
            return Division { spec, held: Vec::new() };
        };
        if let Some(show) = show.filter(|show| *show < total) {
            let rest = Exit {
                qty: total.saturating_sub(show),
                kind: HeldKind::Rest { show, spec: Box::new(spec.clone()) },
            };
            spec.amount = Amount::Qty(show);
            return Division { spec, held: vec![rest] };
        }
        let (stop, target) = match spec.attached {
            Attached::Simple | Attached::Oco { .. } => (None, None),
            Attached::Bracket { target, stop } => (Some(stop), Some(target)),
            Attached::OtoStop { stop } => (Some(stop), None),
            Attached::OtoTarget { target } => (None, Some(target)),
        };
        let waits = waits(class, self.book.instrument(&spec.instrument), &spec);
        if parts.is_empty() && takes_attached(class, waits, spec.attached) {
            return Division { spec, held: Vec::new() };
        }
        let mut held = Vec::new();
        let mut rest = total;
        for part in parts {
            rest = rest.saturating_sub(part.qty);
            held.push(Exit { kind: HeldKind::Target { limit: part.limit }, qty: part.qty });
        }
        if let Some(limit) = target.filter(|_| !rest.is_zero()) {
            held.push(Exit { kind: HeldKind::Target { limit }, qty: rest });
        }
        // The stop stands at the venue where it can: it outlives this program.
        match stop {
            Some(stop) if class.oto && waits => spec.attached = Attached::OtoStop { stop },
            Some(StopLeg { stop, limit }) => {
                spec.attached = Attached::Simple;
                held.insert(0, Exit { kind: HeldKind::Stop { stop, limit }, qty: total });
            }
            None => spec.attached = Attached::Simple,
        }
        Division { spec, held }
    }

    /// Divides an exit for a position: what the venue takes of it, if anything, and what is held here.
    pub(in crate::engine) fn divide_exit(&self, spec: OrderSpec) -> (Option<OrderSpec>, Vec<Exit>) {
        let Some((class, qty)) = self.class_at(&spec.instrument).zip(spec.amount.qty()) else {
            return (Some(spec), Vec::new());
        };
        let takes = |kind: OrderKind| class.kinds.contains(&kind);
        let hold = |kind: HeldKind| Exit { kind, qty };
        match (spec.attached, spec.order_type) {
            (Attached::Oco { stop }, OrderType::Limit { limit }) if !class.oco => {
                let target = hold(HeldKind::Target { limit });
                let order_type = as_order(stop);
                if takes(order_type.kind()) {
                    let spec = OrderSpec { attached: Attached::Simple, order_type, ..spec };
                    return (Some(spec), vec![target]);
                }
                (None, vec![hold(HeldKind::Stop { stop: stop.stop, limit: stop.limit }), target])
            }
            (Attached::Simple, OrderType::Stop { stop }) if !takes(OrderKind::Stop) => {
                (None, vec![hold(HeldKind::Stop { stop, limit: None })])
            }
            (Attached::Simple, OrderType::StopLimit { stop, limit }) if !takes(OrderKind::StopLimit) => {
                (None, vec![hold(HeldKind::Stop { stop, limit: Some(limit) })])
            }
            (Attached::Simple, OrderType::TrailingStop { trail }) if !takes(OrderKind::TrailingStop) => {
                (None, vec![hold(HeldKind::Trail { trail, best: None })])
            }
            (
                Attached::Simple
                | Attached::Bracket { .. }
                | Attached::OtoStop { .. }
                | Attached::OtoTarget { .. }
                | Attached::Oco { .. },
                _,
            ) => (Some(spec), Vec::new()),
        }
    }

    /// Would this be held here, and can it not be?
    pub(in crate::engine) fn refuse_unwatched(&self, held: &[Exit]) -> Result<(), Text> {
        if held.is_empty() { Ok(()) } else { self.why_none_is_held().map_or(Ok(()), Err) }
    }
}

const fn as_order(leg: StopLeg) -> OrderType {
    match leg {
        StopLeg { stop, limit: Some(limit) } => OrderType::StopLimit { stop, limit },
        StopLeg { stop, limit: None } => OrderType::Stop { stop },
    }
}
