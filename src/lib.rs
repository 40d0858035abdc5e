//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod cli;
pub mod clock;
pub mod domain;
pub mod paper;
pub mod runtime;
