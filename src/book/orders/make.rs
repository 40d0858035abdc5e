//! How a row comes to be: of an order that is about to leave, or of one that a venue tells of.

use super::{
    OrderRow,
    words::{role_of, settle},
};
use crate::{
    book::{exposure::Counted, rows::Seat},
    domain::{
        fact::Intent,
        ids::OrderId,
        lifecycle::OrderState,
        money::{Money, Qty},
        order::{OrderSpec, Origin},
        payoff::Payoff,
        report::OrderReport,
        time::Stamp,
    },
};

impl OrderRow {
    pub(super) fn of_intent(at: Stamp, seat: Seat, intent: &Intent) -> Self {
        Self {
            id: intent.order.clone(),
            venue_id: None,
            spec: intent.spec.clone(),
            origin: intent.origin.clone(),
            state: OrderState::Intended,
            filled: Qty::ZERO,
            filled_value: Money::ZERO,
            payoff: Payoff::ONE,
            inferred: Qty::ZERO,
            taken_back: Qty::ZERO,
            fees: Vec::new(),
            parent: None,
            role: role_of(&intent.spec),
            replaces: intent.replaces.clone(),
            replaced_by: None,
            reason: None,
            status_word: None,
            source: None,
            trailing_stop: None,
            arrival: intent.arrival,
            moments: None,
            intended_at: at,
            updated_at: at,
            resume: OrderState::Working,
            inferred_to: Qty::ZERO,
            successors: Vec::new(),
            counted: Counted::default(),
            seat,
        }
    }

    pub(super) fn of_report(
        at: Stamp,
        seat: Seat,
        id: OrderId,
        report: &OrderReport,
        origin: Origin,
    ) -> Self {
        let spec = OrderSpec {
            instrument: report.instrument.clone(),
            side: report.side,
            amount: report.amount,
            order_type: report.order_type,
            tif: report.tif,
            extended: report.extended,
            post_only: false,
            reduce_only: false,
            attached: report.attached,
            show: report.show,
            tag: None,
        };
        let role = report.role.unwrap_or_else(|| role_of(&spec));
        Self {
            id,
            venue_id: Some(report.venue_id.clone()),
            spec,
            source: report.source.clone().filter(|_| origin == Origin::External),
            origin,
            state: settle(OrderState::Unknown, report.status),
            filled: Qty::ZERO,
            filled_value: Money::ZERO,
            payoff: Payoff::ONE,
            inferred: Qty::ZERO,
            taken_back: Qty::ZERO,
            fees: Vec::new(),
            parent: report.parent.clone(),
            role,
            replaces: None,
            replaced_by: None,
            reason: report.reason.clone(),
            status_word: Some(report.status_word.clone()),
            trailing_stop: report.trailing_stop,
            arrival: None,
            moments: None,
            intended_at: report.submitted.unwrap_or(at),
            updated_at: at,
            resume: OrderState::Working,
            inferred_to: Qty::ZERO,
            successors: Vec::new(),
            counted: Counted::default(),
            seat,
        }
    }
}
