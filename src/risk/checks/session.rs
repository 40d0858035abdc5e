//! An order that no session takes now waits at the venue for the next: the trader may not have meant that.

use super::Case;
use crate::{
    calendar::Phase,
    domain::order::{OrderKind, Tif},
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let (spec, session) = (case.spec, case.context.session);
    // A market order is not sent at all then, and one for an auction is meant to wait.
    if spec.order_type.kind() == OrderKind::Market || matches!(spec.tif, Tif::Opg | Tif::Cls) {
        return None;
    }
    let phase = match session.phase {
        Phase::Regular => return None,
        Phase::Pre | Phase::After if spec.extended => return None,
        Phase::Pre => "pre-market hours",
        Phase::After => "after hours",
        Phase::Closed => "the market is closed",
    };
    Some(Box::new(Why::SessionClosed { phase, until: session.until }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::{
        book::fixture::*,
        calendar::Session,
        domain::{
            limits::Action,
            order::{OrderSpec, Side},
        },
        risk::verdict::{CheckName, Outcome},
    };

    #[test]
    fn what_waits_for_the_open_is_said_or_refused() {
        let mut desk = Desk::open();
        let spec = order(Side::Buy, "1", limit("100"));
        desk.passes(CheckName::Session, &spec);
        desk.session = Session { phase: Phase::Pre, until: Some(at(600)) };
        assert_eq!(desk.outcome(CheckName::Session, &spec), Outcome::Warn);
        assert!(desk.sentence(CheckName::Session, &spec).contains("waits at the venue for regular hours"));
        desk.limits.session_closed = Action::Block;
        desk.refuses(CheckName::Session, &spec, "pre-market hours until 2026-11-18T15:10:00Z");
        desk.passes(CheckName::Session, &OrderSpec { extended: true, ..spec.clone() });
        desk.passes(CheckName::Session, &OrderSpec { tif: Tif::Opg, ..spec.clone() });
        desk.session = Session { phase: Phase::Closed, until: None };
        desk.refuses(CheckName::Session, &OrderSpec { extended: true, ..spec.clone() }, "closed");
        desk.limits.session_closed = Action::Off;
        desk.passes(CheckName::Session, &spec);
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Session);
    }
}
