//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod analytics;
pub mod book;
pub mod broker;
pub mod calendar;
pub mod clock;
pub mod domain;
pub mod monitor;
pub mod risk;
pub mod sizing;
