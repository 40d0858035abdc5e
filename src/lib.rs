//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod clock;
pub mod config;
pub mod domain;
pub mod transport;
