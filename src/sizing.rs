//! From what a trader asks for to an order with quantity and prices, and to what it may cost and bring.

pub mod exits;
pub mod plan;

pub use exits::{break_even, close, protect};
pub use plan::{Cut, FeeSchedule, Inputs, Plan, SizingError, change, plan};
