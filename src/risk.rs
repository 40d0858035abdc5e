//! The gate: what must hold before an order may leave, and the permits that prove it was asked.

mod checks;
mod committed;
pub mod gate;
pub mod margin;
pub mod permit;
pub mod reduce;
pub mod verdict;

pub use committed::committed;
pub use gate::{Access, Beside, Context, clear, clear_change, clear_entrusted, judge, judge_change};
pub use reduce::{NotReducing, prove, prove_enforced};
pub use verdict::{CheckName, CheckResult, Outcome, Verdict, Why};
