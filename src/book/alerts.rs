//! The alerts: a bounded list that never drops an emergency that nobody has seen.

/// How many alerts are kept.
pub const ALERTS_MAX: usize = 2_000;
