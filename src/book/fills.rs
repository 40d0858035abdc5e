//! The fills: each execution once, whatever comes twice.

use crate::domain::{money::Money, report::Execution, time::Stamp};

/// One fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillRow {
    /// As the venue told it.
    pub execution: Execution,
    /// Inferred from the venue's order; the execution itself was never told.
    pub inferred: bool,
    /// What it realized, without fees.
    pub realized: Option<Money>,
    /// When it became known here.
    pub known_at: Stamp,
}
