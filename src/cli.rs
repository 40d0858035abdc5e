//! The command line: one file for each subcommand. Exit codes: 0 done, 1 failed, 2 usage or configuration,
//! 3 refused by a risk check, 4 not all flat.

mod paper;

use clap::{Parser, Subcommand};
use std::{io::Write as _, process::ExitCode};

/// A trading dashboard for the terminal.
#[derive(Debug, Parser)]
#[command(name = "tradedeck", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The paper venue.
    #[command(subcommand)]
    Paper(paper::Paper),
}

/// How a command ended, if not well.
#[derive(Debug)]
enum Failure {
    /// Exit code 2.
    Usage(String),
    /// Exit code 1.
    Failed(String),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    // clap itself ends the process with 0 for help and 2 for wrong usage.
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Paper(command) => paper::run(command),
    };
    let (code, text) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => (2, text),
        Err(Failure::Failed(text)) => (1, text),
    };
    // A closed standard error leaves only the exit code to tell it.
    match writeln!(std::io::stderr().lock(), "tradedeck: {text}") {
        Ok(()) | Err(_) => ExitCode::from(code),
    }
}
