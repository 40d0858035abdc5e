//! The engine: takes one input at a time with the time at which it came, and answers with facts for the
//! journal and effects for the shell. No await, no clock, no file, no socket, no chance.

pub mod effect;
pub mod input;

pub use effect::{Ask, Effect, Step};
pub use input::{Answer, Front, Input, Setup, Timer, VenueSetup};
