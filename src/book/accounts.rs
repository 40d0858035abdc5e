//! The accounts, and how far each venue's executions are known.

use crate::domain::{ids::ExecutionId, report::AccountReport, time::Stamp};

/// An account as the venue last had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The figures.
    pub report: AccountReport,
    /// When they came.
    pub at: Stamp,
}

/// Where to ask on from after a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumePoint {
    /// The last execution that the venue itself told (inferred ones don't count).
    pub execution: ExecutionId,
    /// Its time, by the venue's clock.
    pub at: Stamp,
}
