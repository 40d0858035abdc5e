//! Telling a person who is not looking: what is worth it (a pure policy), and the ways of telling.

pub mod desktop;
pub mod policy;

pub use policy::{Decision, Policy};
