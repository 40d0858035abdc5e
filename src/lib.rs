//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod adapters;
pub mod broker;
pub mod clock;
pub mod config;
pub mod desk;
pub mod domain;
pub mod engine;
pub mod risk;
pub mod transport;
