//! `tradedeck lock` and `tradedeck unlock`.

use super::{
    act,
    open::Context,
    report::{Failure, Report},
};
use crate::domain::{draft::Command, text::Text};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Lock {
    /// Why; goes into the journal.
    reason: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Unlock {
    /// Why; goes into the journal.
    #[arg(required = true)]
    reason: Vec<String>,
}

pub(super) fn lock(context: &Context, lock: &Lock) -> Result<Report, Failure> {
    let reason = if lock.reason.is_empty() { "from the shell".to_owned() } else { lock.reason.join(" ") };
    act::run(context, Command::Lock { reason: Text::clean(&reason) }, false, true)
}

pub(super) fn unlock(context: &Context, unlock: &Unlock) -> Result<Report, Failure> {
    let reason = Text::clean(unlock.reason.join(" ").trim());
    act::run(context, Command::Unlock { reason }, false, true)
}
