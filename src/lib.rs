//! Tradedeck: a trading dashboard for the terminal. See ARCHITECTURE.md for what each room is for.

pub mod adapters;
pub mod algos;
pub mod analytics;
pub mod book;
pub mod broker;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod domain;
pub mod engine;
pub mod grammar;
pub mod journal;
pub mod monitor;
pub mod notify;
pub mod paper;
pub mod recording;
pub mod risk;
pub mod runtime;
pub mod sizing;
pub mod transport;
pub mod tui;
