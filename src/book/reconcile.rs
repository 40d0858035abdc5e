//! Reconciliation: what must become of the book so that it agrees with what a venue says, as facts. Nothing
//! is changed here. Silence is never taken for an end: an order that a report lacks is to be asked for.

use super::Book;
use crate::domain::{
    alert::{AlertCode, Severity},
    fact::Fact,
    ids::{OrderId, Symbol, VenueId},
    order::OrderRef,
    report::{Execution, OrderReport, VenueReport},
    text::Text,
};

/// An alert that has no number and no time yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSeed {
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub code: AlertCode,
    /// Which venue.
    pub venue: Option<VenueId>,
    /// Which symbol.
    pub symbol: Option<Symbol>,
    /// Which order.
    pub order: Option<OrderId>,
    /// One sentence.
    pub text: Text,
}

/// One difference between book and venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// These facts, in this order, make them agree.
    Facts {
        /// To be journaled and applied.
        facts: Vec<Fact>,
        /// What a person must know of it.
        alert: Option<AlertSeed>,
    },
    /// The venue's report does not have this open order: ask for it by its names.
    Ask(OrderRef),
}

/// Compares the book with everything a venue says: executions first, then orders, positions, account.
pub fn reconcile(_book: &Book, _report: &VenueReport) -> Vec<Finding> {
    unimplemented!()
}

/// What one order's report says that the book does not have: the order itself, its state, prices, links, and
/// fills that no execution has told.
pub fn of_order_report(_book: &Book, _venue: &VenueId, _report: &OrderReport) -> Vec<Fact> {
    unimplemented!()
}

/// What an execution from the stream adds: itself, unless it is known.
pub fn of_execution(_book: &Book, _execution: &Execution) -> Option<Fact> {
    unimplemented!()
}
