//! `tradedeck flatten`.

use super::{
    act,
    open::Context,
    quote,
    report::{Failure, Report},
};
use crate::domain::{draft::Command, scope::Scope};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Flatten {
    /// Only this symbol.
    #[arg(long, value_name = "S")]
    symbol: Option<String>,
    /// Say what it would do, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, flatten: &Flatten) -> Result<Report, Failure> {
    let symbol = flatten.symbol.as_deref().map(quote::symbol).transpose()?;
    let scope = Scope { symbol, ..Scope::default() };
    act::run(context, Command::Flatten(scope), flatten.dry_run, flatten.yes)
}
