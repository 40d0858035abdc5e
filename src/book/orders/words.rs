//! What a venue's words say of an order of which nothing else is known.

use crate::domain::{
    lifecycle::{OrderEvent, OrderState, Transition, next},
    order::{Attached, OrderKind, OrderSpec, Role},
};

/// A status word as the state of an order of which nothing else is known.
pub(super) fn settle(from: OrderState, status: OrderEvent) -> OrderState {
    // A pending request says that the order is there; it can't be asked of what is unknown.
    let from = match status {
        OrderEvent::CancelAsked
        | OrderEvent::ReplaceAsked
        | OrderEvent::CancelRefused
        | OrderEvent::ReplaceRefused => OrderState::Working,
        OrderEvent::Sent
        | OrderEvent::NotSent
        | OrderEvent::Unanswered
        | OrderEvent::Accepted
        | OrderEvent::Held
        | OrderEvent::Working
        | OrderEvent::FilledInPart
        | OrderEvent::FilledWhole
        | OrderEvent::Cancelled
        | OrderEvent::Replaced
        | OrderEvent::Amended
        | OrderEvent::Expired
        | OrderEvent::Rejected
        | OrderEvent::DoneForDay
        | OrderEvent::Suspended
        | OrderEvent::Unrecognised
        | OrderEvent::FoundAbsent
        | OrderEvent::Abandoned => from,
    };
    match next(from, status) {
        Transition::Next(to) | Transition::Late(to) => to,
        Transition::Stale | Transition::Impossible => from,
    }
}

/// The part of an order that does not say it: an order that may only reduce is an exit.
pub(super) fn role_of(spec: &OrderSpec) -> Role {
    if matches!(spec.attached, Attached::Oco { .. }) {
        return Role::Target;
    }
    match spec.order_type.kind() {
        OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop if spec.reduce_only => Role::Stop,
        OrderKind::Limit if spec.reduce_only => Role::Target,
        OrderKind::Market
        | OrderKind::Limit
        | OrderKind::Stop
        | OrderKind::StopLimit
        | OrderKind::TrailingStop => Role::Entry,
    }
}
