//! `tradedeck completions SHELL`.

use super::{
    Cli,
    report::{Failure, Report},
};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::io::Write as _;

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which.
    shell: Shell,
}

pub(super) fn run(completions: &Completions) -> Result<Report, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Cli::command(), "tradedeck", &mut script);
    match std::io::stdout().lock().write_all(&script) {
        Ok(()) => Ok(Report::said()),
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Ok(Report::said()),
        Err(why) => Err(Failure::failed(format!("standard output can't be written: {why}"))),
    }
}
