//! Values, facts and the words of the trade. Names nothing else in the crate; reads no clock, waits for
//! nothing, and cannot panic.

pub mod alert;
pub mod algorithm;
pub mod capability;
pub mod caution;
mod compact;
pub mod delivery;
pub mod draft;
pub mod fact;
pub mod fee;
pub mod held;
pub mod ids;
pub mod instrument;
pub mod lifecycle;
pub mod limits;
pub mod money;
pub mod names;
pub mod notice;
pub mod order;
pub mod payoff;
pub mod quote;
pub mod report;
pub mod rules;
pub mod scope;
pub mod summary;
pub mod text;
pub mod time;
