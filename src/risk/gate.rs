//! The gate. Every order that may open risk passes here or does not leave.

use super::{permit::Cleared, verdict::Verdict};
use crate::{
    book::{Book, Marks},
    domain::{
        capability::Capability,
        limits::Limits,
        order::{OrderSpec, Replacement, Submission},
        text::Text,
        time::Now,
    },
};

/// What the trader may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Trade.
    Trading,
    /// Only get out.
    Locked {
        /// Why.
        reason: Text,
    },
    /// Only look, and get out.
    ReadOnly,
}

/// All that a check may look at. What is `None` is not known, and blocks what would open risk.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The book.
    pub book: &'a Book,
    /// The marks.
    pub marks: &'a Marks,
    /// The account's limits.
    pub limits: &'a Limits,
    /// What the order's venue can do.
    pub capability: Option<&'a Capability>,
    /// What the trader may do.
    pub access: &'a Access,
    /// Are regular hours on for this instrument? Market orders wait for them where a venue wants that.
    pub regular_hours: bool,
    /// The time.
    pub now: Now,
}

/// Asks every check, for the live preview.
pub fn judge(_context: &Context<'_>, _spec: &OrderSpec) -> Verdict {
    unimplemented!()
}

/// Asks every check; the permit if none blocks.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear(_context: &Context<'_>, _order: Submission, _id: u64) -> Result<Cleared<Submission>, Verdict> {
    unimplemented!()
}

/// As [`judge`], for a change of a working order: what matters is what it adds.
pub fn judge_change(_context: &Context<'_>, _change: &Replacement) -> Verdict {
    unimplemented!()
}

/// As [`clear`], for a change of a working order.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear_change(
    _context: &Context<'_>,
    _change: Replacement,
    _id: u64,
) -> Result<Cleared<Replacement>, Verdict> {
    unimplemented!()
}
