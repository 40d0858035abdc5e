//! The only room that waits and wires.

pub mod paper;
