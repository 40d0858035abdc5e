//! An entry brings its protective stop.

use super::Case;
use crate::{domain::order::Attached, risk::verdict::Why};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    if case.context.beside.stop || case.opening.is_some_and(crate::domain::money::Qty::is_zero) {
        return None;
    }
    match case.spec.attached {
        Attached::Bracket { .. } | Attached::OtoStop { .. } => None,
        Attached::Simple | Attached::OtoTarget { .. } | Attached::Oco { .. } => Some(Box::new(Why::NoStop)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::{
            limits::Action,
            order::{OrderSpec, StopLeg},
        },
        risk::verdict::Outcome,
    };

    #[test]
    fn an_entry_with_a_stop_passes_and_one_without_is_said_or_refused() {
        let mut desk = Desk::open();
        let leg = StopLeg { stop: px("90"), limit: None };
        desk.passes(
            CheckName::StopRequired,
            &OrderSpec { attached: Attached::OtoStop { stop: leg }, ..buy("1") },
        );
        assert_eq!(desk.outcome(CheckName::StopRequired, &buy("1")), Outcome::Warn);
        desk.limits.stop_required = Action::Block;
        desk.refuses(CheckName::StopRequired, &buy("1"), "no protective stop");
        let target = Attached::OtoTarget { target: px("110") };
        desk.refuses(CheckName::StopRequired, &OrderSpec { attached: target, ..buy("1") }, "protective");
        desk.limits.stop_required = Action::Off;
        desk.passes(CheckName::StopRequired, &buy("1"));
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::StopRequired);
    }
}
