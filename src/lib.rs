//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod broker;
pub mod clock;
pub mod desk;
pub mod domain;
pub mod grammar;
pub mod risk;
pub mod tui;
