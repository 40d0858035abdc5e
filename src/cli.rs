//! The command line: one file for each subcommand. Exit codes: 0 done, 1 failed, 2 usage or configuration,
//! 3 refused by a risk check, 4 not all flat.

mod account;
mod act;
mod algos;
mod analytics;
mod ask;
mod cancel;
mod check;
mod close;
mod completions;
mod config;
mod engine;
mod exit;
mod fills;
mod flatten;
mod health;
mod init;
mod journal;
mod lock;
mod man;
mod margin_call;
mod notify;
mod open;
mod order;
mod orders;
mod paper;
mod positions;
mod preview;
mod quote;
mod rehearse;
mod replay;
mod report;
mod restore;
mod rows;
mod status;
mod table;
mod venues;

use self::{
    open::Context,
    report::{Failure, Report},
};
use crate::runtime::{Role, process, screen};
use clap::{Args, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// A trading dashboard for the terminal.
#[derive(Debug, Parser)]
#[command(name = "tradedeck", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Global {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where journal, lock and paper account are kept.
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The venue of this run.
    #[arg(long, global = true, value_name = "NAME")]
    venue: Option<String>,
    /// The theme of the dashboard.
    #[arg(long, global = true, value_name = "NAME")]
    theme: Option<String>,
    /// Draw the dashboard with plain characters.
    #[arg(long, global = true)]
    ascii: bool,
    /// Answer with one JSON document on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Trade a live account: the last four characters of its number.
    #[arg(long, global = true, value_name = "LAST4")]
    live: Option<String>,
    /// A dashboard that only looks.
    #[arg(long, global = true)]
    read_only: bool,
}

#[derive(Debug, Args)]
struct VenuesArgs {
    /// What can be traded, as a table in Markdown.
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Hold the accounts without a screen: dashboards and commands attach to it.
    Engine(engine::Engine),
    /// Write a commented configuration file.
    Init(init::Init),
    /// The configuration file.
    #[command(subcommand)]
    Config(config::Config),
    /// Every venue, its state, and what it supports.
    Venues(VenuesArgs),
    /// Try the venues: reach, credentials, proof of environment, permissions, clock, limits, streams.
    Check(open::At),
    /// Money: equity, cash, buying power, profit and loss.
    Account(open::At),
    /// What is held.
    Positions(open::At),
    /// Algorithms: what they hold, earn and log; `algos NAME liquidate` asks one for something.
    Algos(algos::Algos),
    /// How well orders were executed, from the journal alone: by symbol, venue, type, algorithm or day.
    Analytics(analytics::Analytics),
    /// Working orders.
    Orders(orders::Orders),
    /// Executions, newest first.
    Fills(open::At),
    /// How the venues do.
    Health(open::At),
    /// The market now, one line for each symbol.
    Quote(quote::Quote),
    /// Do an order line: `tradedeck order "buy AAPL risk 1% stop 174 target 2R"`.
    Order(order::Order),
    /// Cancel one order, those of a symbol, or all.
    Cancel(cancel::Cancel),
    /// Close a position or a share of it.
    Close(close::Close),
    /// Cancel everything, close everything, read back until flat. `--venue` narrows it.
    Flatten(flatten::Flatten),
    /// Block entries, and show what a flatten would do.
    Halt,
    /// May anything be opened, is an exit under way, how did the last one end? Code 4 when it was not flat.
    Status,
    /// Close what the margin call proposes, one position at a time until the margin is inside.
    MarginCall(margin_call::MarginCall),
    /// What differs from what the trading day began with: positions and equity.
    Restore(open::At),
    /// Block entries.
    Lock(lock::Lock),
    /// Allow entries again.
    Unlock(lock::Unlock),
    /// Try the way out against paper venues that fail on purpose.
    Rehearse(rehearse::Rehearse),
    /// Messages to people who are not looking: try the channels.
    #[command(subcommand)]
    Notify(self::notify::Notify),
    /// Show a past session as it was shown live; nothing is sent.
    Replay(replay::Replay),
    /// The paper venue.
    #[command(subcommand)]
    Paper(paper::Paper),
    /// The journal.
    #[command(subcommand)]
    Journal(journal::Journal),
    /// Print the completions of a shell.
    Completions(completions::Completions),
    /// Print the manual, or the page of one command: `tradedeck man flatten | man -l -`.
    Man(man::Man),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    // clap itself ends the process with 0 for help and 2 for wrong usage.
    let cli = Cli::parse();
    let json = cli.global.json;
    if let Err(why) = process::harden() {
        report::say(&format!("core dumps can't be switched off here ({why})"));
    }
    let context = Context::of(cli.global);
    let done = match cli.command {
        None => dashboard(&context),
        Some(command) => run(&context, command),
    };
    ExitCode::from(report::print(done, json).number())
}

fn run(context: &Context, command: Command) -> Result<Report, Failure> {
    match command {
        Command::Engine(c) => engine::run(context, &c),
        Command::Init(c) => init::run(context, &c),
        Command::Config(c) => config::run(context, &c),
        Command::Venues(list) => Ok(venues::run(&list)),
        Command::Check(c) => check::run(context, &c),
        Command::Account(c) => account::run(context, &c),
        Command::Positions(c) => positions::run(context, &c),
        Command::Algos(c) => algos::run(context, &c),
        Command::Analytics(c) => analytics::run(context, &c),
        Command::Orders(c) => orders::run(context, &c),
        Command::Fills(c) => fills::run(context, &c),
        Command::Health(c) => health::run(context, &c),
        Command::Quote(c) => quote::run(context, &c),
        Command::Order(c) => order::run(context, &c),
        Command::Cancel(c) => cancel::run(context, &c),
        Command::Close(c) => close::run(context, &c),
        Command::Flatten(c) => flatten::run(context, &c),
        Command::Halt => flatten::halt(context),
        Command::Status => status::run(context),
        Command::MarginCall(c) => margin_call::run(context, &c),
        Command::Restore(c) => restore::run(context, &c),
        Command::Lock(c) => lock::lock(context, &c),
        Command::Unlock(c) => lock::unlock(context, &c),
        Command::Rehearse(c) => rehearse::run(&c),
        Command::Notify(c) => self::notify::run(context, &c),
        Command::Replay(c) => replay::run(context, &c),
        Command::Paper(c) => paper::run(context, c),
        Command::Journal(c) => journal::run(context, &c),
        Command::Completions(c) => completions::run(&c),
        Command::Man(c) => man::run(&c),
    }
}

fn dashboard(context: &Context) -> Result<Report, Failure> {
    let config = context.config()?;
    screen::check(&config, &context.env).map_err(Failure::usage)?;
    screen::run(context.opening(config, Role::Screen)).map_err(open::opening_failed)?;
    Ok(Report::said())
}
