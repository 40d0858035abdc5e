//! From what a trader asks for to an order with quantity and prices, and to what it may cost and bring.

pub mod exits;
pub mod plan;
mod prices;
mod size;

pub use exits::{break_even, close, protect};
pub use plan::{Cut, FeeSchedule, Inputs, Nothing, Plan, SizingError, change, plan};
