//! `tradedeck paper`.

use super::{
    open::Context,
    report::{Failure, Report, say},
};
use crate::{
    config::{VenueKind, private_dir, state_dir},
    runtime::{
        self,
        paper::{self, Request},
    },
};
use clap::{Args, Subcommand, ValueEnum};
use std::{io::Write as _, net::SocketAddr, num::NonZeroU32, path::PathBuf};

/// The paper venue.
#[derive(Debug, Subcommand)]
pub(super) enum Paper {
    /// Serve the paper venue on loopback, in the format of Alpaca's API, until a signal ends it.
    ///
    /// Prints one line of JSON with its addresses and keys when it is ready.
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Loopback address; port 0 takes any that is free.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// The simulated market's seed (a new account: 1).
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The brokerage model (a new account: alpaca).
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// When stocks trade (a new account: all-day).
    #[arg(long, value_name = "HOURS", value_enum)]
    hours: Option<Hours>,
    /// Simulated seconds for each second.
    #[arg(long, value_name = "N", default_value = "1")]
    speed: NonZeroU32,
    /// Where the account is kept; the account that every other command uses where none is named.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Let things go wrong on purpose, by a script.
    ///
    /// A script is a TOML file. Each [[fault]] says `what` happens: delay, hang, drop_before, drop_after, status,
    /// error_after, limit, reject, reject_later, missing, lag, skew, held, partial, duplicate, reorder, stall or down;
    /// and to which requests: `on` (submit, replace, cancel, cancel_all, close, positions, orders, ..., trade_updates,
    /// data_stream, or all, requests, changes, questions, streams), `symbol`, `side`, `type`, `does`; `after`, `first`,
    /// `every`; `percent` (drawn from `seed`); `from_s`, `until_s`, `again_s`. [[position]], [[order]] and [furnish] say
    /// what a new account begins with. examples/faults.toml shows each kind with a sentence. How often each has struck
    /// is told on standard error at the end.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Begin a new account with so many positions and working orders, such as 100,200: the same for the same seed.
    #[arg(long, value_name = "POSITIONS,ORDERS", value_parser = counts)]
    furnish: Option<(usize, usize)>,
}

/// `100,200`.
fn counts(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "write the number of positions and of orders, such as 100,200".to_owned();
    let (positions, orders) = text.split_once(',').ok_or_else(wrong)?;
    let read = |n: &str, most: usize| n.trim().parse().ok().filter(|n| *n <= most).ok_or_else(wrong);
    Ok((read(positions, 200)?, read(orders, 4_000)?))
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hours {
    /// Round the clock.
    AllDay,
    /// The sessions of the United States' stock exchanges.
    Us,
}

pub(super) fn run(context: &Context, command: Paper) -> Result<Report, Failure> {
    let Paper::Serve(serve) = command;
    let data_dir = match serve.data_dir {
        Some(dir) => dir,
        None => own_dir(context)?,
    };
    let request = Request {
        listen: serve.listen,
        seed: serve.seed,
        model: serve.model,
        us_sessions: serve.hours.map(|hours| matches!(hours, Hours::Us)),
        speed: serve.speed,
        faults: serve.faults,
        furnish: serve.furnish,
        data_dir,
    };
    let served = paper::serve_until_signal(request, |line| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())
    });
    match served {
        Ok(struck) => {
            if let Some(struck) = struck {
                say(&format!("faults:\n{struck}"));
            }
            Ok(Report::said())
        }
        Err(paper::Failure::Usage(text)) => Err(Failure::usage(text)),
        Err(paper::Failure::Failed(text)) => Err(Failure::failed(text)),
    }
}

/// Where the embedded venue of this configuration keeps its account.
fn own_dir(context: &Context) -> Result<PathBuf, Failure> {
    let config = context.config()?;
    let embedded = config.venues.iter().find(|v| v.kind == VenueKind::Paper);
    if let Some(dir) = embedded.and_then(|v| v.paper.data_dir.clone()) {
        return Ok(dir);
    }
    let state = state_dir(&config, &context.env).map_err(Failure::usage)?;
    private_dir(&state).map_err(Failure::usage)?;
    Ok(runtime::paper_dir(&state))
}
