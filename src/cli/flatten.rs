//! `tradedeck flatten` and `tradedeck halt`.

use super::{
    act,
    open::Context,
    quote,
    report::{Failure, Report},
};
use crate::{
    domain::{
        draft::{Command, Share},
        ids::AccountId,
        scope::{Pick, Scope},
    },
    grammar,
};
use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Side {
    Longs,
    Shorts,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profit {
    Winners,
    Losers,
}

#[derive(Debug, Args)]
pub(super) struct Flatten {
    /// Only this symbol.
    #[arg(long, value_name = "S")]
    symbol: Option<String>,
    /// Only the account with this number.
    #[arg(long, value_name = "NUMBER")]
    account: Option<String>,
    /// Only the orders of this algorithm (their tag, or what their ids begin with), and what they hold.
    #[arg(long, value_name = "NAME")]
    algo: Option<String>,
    /// Only positions above or below zero.
    #[arg(long, conflicts_with = "pick")]
    side: Option<Side>,
    /// Only positions that would be closed with a profit, or with a loss.
    #[arg(long)]
    pick: Option<Profit>,
    /// Only so much of each position, such as 50%; the rest gets its protection back.
    #[arg(long, value_name = "SHARE")]
    share: Option<String>,
    /// Say what it would do, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, flatten: &Flatten) -> Result<Report, Failure> {
    let scope = scope(flatten)?;
    act::run(context, Command::Flatten(scope), flatten.dry_run, flatten.yes)
}

pub(super) fn halt(context: &Context) -> Result<Report, Failure> {
    act::run(context, Command::Halt, false, true)
}

fn scope(flatten: &Flatten) -> Result<Scope, Failure> {
    let symbol = flatten.symbol.as_deref().map(quote::symbol).transpose()?;
    let account = flatten.account.as_deref().map(AccountId::new).transpose().map_err(Failure::usage)?;
    let algorithm = flatten.algo.as_deref().map(Into::into);
    let pick = match (flatten.side, flatten.pick) {
        (Some(Side::Longs), _) => Pick::Longs,
        (Some(Side::Shorts), _) => Pick::Shorts,
        (None, Some(Profit::Winners)) => Pick::Winners,
        (None, Some(Profit::Losers)) => Pick::Losers,
        (None, None) => Pick::All,
    };
    let share = flatten.share.as_deref().map_or(Ok(Share::All), share)?;
    Ok(Scope { symbol, venue: None, account, algorithm, pick, share })
}

fn share(text: &str) -> Result<Share, Failure> {
    let wrong = || Failure::usage(format!("--share is {text:?}: write 50%, half, quarter or all"));
    let Ok(Command::Flatten(scope)) = grammar::parse(&format!("flatten {text}")) else { return Err(wrong()) };
    let only_share = Scope { share: scope.share, ..Scope::default() };
    if scope == only_share { Ok(scope.share) } else { Err(wrong()) }
}
