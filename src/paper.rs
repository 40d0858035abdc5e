//! The paper venue: a simulated market and an exchange that trades on it, by the rules of a named
//! brokerage model. The exchange is a pure state machine; time is a parameter.

pub mod account;
pub mod asset;
mod change;
mod curve;
pub mod event;
pub mod exchange;
pub mod faults;
pub mod furnish;
pub mod history;
pub mod hours;
mod intake;
mod ledger;
mod life;
mod listings;
mod market;
mod matching;
pub mod models;
pub mod order;
mod power;
pub mod refusal;
#[cfg(test)]
mod scenarios;
pub mod server;
mod shape;
mod store;
mod strain;
mod views;
mod walk;
