//! `tradedeck close SYMBOL [SHARE]`.

use super::{
    act,
    open::Context,
    order,
    report::{Failure, Report},
};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Close {
    /// What.
    symbol: String,
    /// How much of it: `50%`, `half`, `100`, `all` (the default).
    share: Option<String>,
    /// Say what it would do, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, close: &Close) -> Result<Report, Failure> {
    let line = match &close.share {
        Some(share) => format!("close {} {share}", close.symbol),
        None => format!("close {}", close.symbol),
    };
    act::run(context, order::read(&line)?, close.dry_run, close.yes)
}
