//! The paper venue as a process of its own.

use crate::{
    clock::System,
    paper::{
        hours::Hours,
        server::{self, Options, Running},
    },
};
use std::{io, net::SocketAddr, num::NonZeroU32, path::PathBuf, sync::Arc};
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
            server::Error::NotLoopback(_) | server::Error::Exchange(_) | server::Error::Exposed { .. } => {
                Self::Usage(e.to_string())
            }
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

/// Serves until SIGTERM, SIGINT or SIGHUP; `ready` is given the line of addresses.
///
/// # Errors
/// It could not be served, or the account could not be kept.
pub fn serve_until_signal(
    request: Request,
    ready: impl FnOnce(&str) -> io::Result<()>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(failed)?.block_on(serve(request, ready))
}

async fn serve(request: Request, ready: impl FnOnce(&str) -> io::Result<()>) -> Result<(), Failure> {
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
        ended = running.ended() => return Ok(ended?),
    }
    Ok(running.stop().await?)
}

fn options(request: Request) -> Result<Options, Failure> {
    let mut options = Options::new(Arc::new(System::start()));
    options.listen = request.listen;
    options.seed = request.seed;
    let model = request.model.as_deref().map(str::parse).transpose();
    options.model = model.map_err(|e: crate::paper::models::UnknownModel| Failure::Usage(e.to_string()))?;
    options.hours = request.us_sessions.map(|us| if us { Hours::UsSessions } else { Hours::AllDay });
    options.speed = request.speed;
    options.data_dir = Some(request.data_dir);
    Ok(options)
}
