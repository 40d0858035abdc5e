//! The paper venue: a simulated market and an exchange that trades on it, by the rules of a named
//! brokerage model. The exchange is a pure state machine; time is a parameter.

pub mod account;
pub mod asset;
pub mod event;
pub mod exchange;
pub mod hours;
pub mod models;
pub mod order;
pub mod refusal;
pub mod server;
