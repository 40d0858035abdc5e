//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod broker;
pub mod clock;
pub mod config;
pub mod domain;
pub mod grammar;
pub mod risk;
