//! The gate. Every order that may open risk passes here or does not leave.

use super::{
    checks::{CHECKS, Case, Check},
    permit::Cleared,
    verdict::{CheckResult, Outcome, Verdict},
};
use crate::{
    book::{Book, Marks},
    domain::{
        capability::Capability,
        limits::{Action, Limits},
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
pub fn judge(context: &Context<'_>, spec: &OrderSpec) -> Verdict {
    verdict(&Case::of_order(context, spec), 0)
}

/// Asks every check; the permit if none blocks. Ask for each order after the fact of the one before is in the
/// book: only so does the second of two see the headroom that the first has taken.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear(context: &Context<'_>, order: Submission, id: u64) -> Result<Cleared<Submission>, Verdict> {
    let verdict = verdict(&Case::of_order(context, &order.spec), id);
    if verdict.allows() { Ok(Cleared::mint(order, id)) } else { Err(verdict) }
}

/// As [`judge`], for a change of a working order: what matters is what it adds. A change that adds no risk passes,
/// whatever is locked.
pub fn judge_change(context: &Context<'_>, change: &Replacement) -> Verdict {
    verdict(&Case::of_change(context, change), 0)
}

/// As [`clear`], for a change of a working order.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear_change(
    context: &Context<'_>,
    change: Replacement,
    id: u64,
) -> Result<Cleared<Replacement>, Verdict> {
    let verdict = verdict(&Case::of_change(context, &change), id);
    if verdict.allows() { Ok(Cleared::mint(change, id)) } else { Err(verdict) }
}

fn verdict(case: &Case<'_>, id: u64) -> Verdict {
    Verdict { id, checks: CHECKS.iter().map(|check| result(case, check)).collect() }
}

fn result(case: &Case<'_>, check: &Check) -> CheckResult {
    let passed = CheckResult { name: check.name, outcome: Outcome::Pass, why: None };
    if case.adds_nothing && !check.asks_reductions {
        return passed;
    }
    let worst = match (check.action)(case.context.limits) {
        Action::Off => return passed,
        Action::Warn => Outcome::Warn,
        Action::Block => Outcome::Block,
    };
    match (check.ask)(case) {
        None => passed,
        Some(why) => {
            let stops = worst == Outcome::Block && (!case.adds_nothing || why.is_impossible());
            let outcome = if stops { Outcome::Block } else { Outcome::Warn };
            CheckResult { name: check.name, outcome, why: Some(why) }
        }
    }
}
