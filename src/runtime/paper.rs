//! The paper venue as a process of its own.

use crate::{
    clock::System,
    paper::{
        faults::Tally,
        furnish::Furniture,
        hours::Hours,
        server::{self, Options, Running},
    },
};
use std::{
    io,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::signal::unix::{SignalKind, signal};

/// What to serve, as it was asked for.
#[derive(Debug)]
pub struct Request {
    /// A loopback address.
    pub listen: SocketAddr,
    /// The market's seed.
    pub seed: Option<u64>,
    /// The brokerage model's name.
    pub model: Option<String>,
    /// New York's sessions, or round the clock.
    pub us_sessions: Option<bool>,
    /// Simulated seconds for each second.
    pub speed: NonZeroU32,
    /// A script of faults.
    pub faults: Option<PathBuf>,
    /// So many positions and orders that a new account begins with.
    pub furnish: Option<(usize, usize)>,
    /// Where the account is kept.
    pub data_dir: PathBuf,
}

/// Why it was not served, or why it ended.
#[derive(Debug)]
pub enum Failure {
    /// What was asked for cannot be had.
    Usage(String),
    /// It went wrong.
    Failed(String),
}

impl From<server::Error> for Failure {
    fn from(e: server::Error) -> Self {
        match e {
            server::Error::NotLoopback(_)
            | server::Error::Exchange(_)
            | server::Error::Exposed { .. }
            | server::Error::Script(_) => Self::Usage(e.to_string()),
            server::Error::Listen { .. }
            | server::Error::Taken(_)
            | server::Error::File { .. }
            | server::Error::Foreign { .. }
            | server::Error::Save { .. }
            | server::Error::Random(_)
            | server::Error::Defect(_) => Self::Failed(e.to_string()),
        }
    }
}

fn failed(e: impl ToString) -> Failure {
    Failure::Failed(e.to_string())
}

/// Serves until SIGTERM, SIGINT or SIGHUP; `ready` is given the line of addresses. Gives how often each fault of the
/// script has struck, where one was played.
///
/// # Errors
/// It could not be served, or the account could not be kept.
pub fn serve_until_signal(
    request: Request,
    ready: impl FnOnce(&str) -> io::Result<()>,
) -> Result<Option<String>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(failed)?.block_on(serve(request, ready))
}

async fn serve(
    request: Request,
    ready: impl FnOnce(&str) -> io::Result<()>,
) -> Result<Option<String>, Failure> {
    let (mut term, mut int, mut hup) = (
        signal(SignalKind::terminate()).map_err(failed)?,
        signal(SignalKind::interrupt()).map_err(failed)?,
        signal(SignalKind::hangup()).map_err(failed)?,
    );
    let mut running: Running = server::serve(options(request)?).await?;
    let line = serde_json::to_string(running.addresses()).map_err(failed)?;
    if let Err(e) = ready(&line) {
        running.stop().await?;
        return Err(failed(format!("the addresses could not be printed: {e}")));
    }
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        _ = hup.recv() => {}
        ended = running.ended() => return Ok(ended.map(|()| None)?),
    }
    let tally = running.tally();
    running.stop().await?;
    Ok(Some(tally).filter(|t| *t != Tally::default()).map(|t| t.to_string()))
}

/// A file that is named on the command line and can't be read is the user's to mend.
fn script(path: &Path) -> Result<crate::paper::faults::Script, Failure> {
    server::script(path).map_err(|e| Failure::Usage(e.to_string()))
}

fn options(request: Request) -> Result<Options, Failure> {
    let mut options = Options::new(Arc::new(System::start()));
    options.listen = request.listen;
    options.seed = request.seed;
    let model = request.model.as_deref().map(str::parse).transpose();
    options.model = model.map_err(|e: crate::paper::models::UnknownModel| Failure::Usage(e.to_string()))?;
    options.hours = request.us_sessions.map(|us| if us { Hours::UsSessions } else { Hours::AllDay });
    options.speed = request.speed;
    options.faults = request.faults.as_deref().map(script).transpose()?;
    if let Some((positions, orders)) = request.furnish {
        options.furniture = Furniture::made_up(positions, orders);
    }
    options.data_dir = Some(request.data_dir);
    Ok(options)
}
