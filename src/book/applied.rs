//! What a fact did to the book, so that the engine can say so and act on it.

use crate::domain::{
    ids::{InstrumentId, OrderId},
    lifecycle::{OrderState, Transition},
    money::{Money, Qty},
};

/// What a fact did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was taken in, and there is nothing more to say.
    Noted,
    /// It was known already; nothing changed.
    Duplicate,
    /// It names an order that the book does not have; nothing changed.
    NoSuchOrder(OrderId),
    /// An order went through the table of its life.
    Order {
        /// Which.
        order: OrderId,
        /// Where it stood; `None` for a new row.
        from: Option<OrderState>,
        /// Where it stands.
        to: OrderState,
        /// What the table said.
        transition: Transition,
    },
    /// An execution was counted.
    Fill(Box<FillApplied>),
}

/// What an execution did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillApplied {
    /// The order.
    pub order: OrderId,
    /// What.
    pub instrument: InstrumentId,
    /// Where the order stood and stands, and what the table said; `None` when the book has no such order yet (its
    /// report is to follow).
    pub order_moved: Option<(OrderState, OrderState, Transition)>,
    /// By how much more than was ordered has filled.
    pub overfill: Option<Qty>,
    /// The other exit of the same pair has filled too.
    pub both_exits: bool,
    /// It was told by an order's figures, not by an execution.
    pub inferred: bool,
    /// Profit or loss that it realized, without fees.
    pub realized: Option<Money>,
    /// The position is flat after it.
    pub flat: bool,
    /// The position has the other sign after it.
    pub turned: bool,
}
