//! An engine without a terminal: `tradedeck engine`, and what stays of a dashboard whose terminal is gone. Front ends
//! attach to it and go; a signal or a front end ends it.

use super::host::{Host, Opening};
use crate::{
    config::OnHangup,
    desk::{Envelope, Request, RequestId},
    domain::{
        draft::{CancelTarget, Command},
        order::Origin,
        scope::Scope,
    },
};
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};

/// Runs one until a signal or a front end ends it; `ready` is told where front ends attach.
///
/// # Errors
/// One sentence: what is wrong, where, what would be right.
pub fn run(opening: Opening, ready: impl FnOnce(&Path)) -> anyhow::Result<()> {
    let policy = opening.config.session.on_hangup;
    let host = Host::open(opening)?;
    ready(&super::serve::socket_path(&host.state));
    stay(host, policy)
}

/// Goes on with an open host.
///
/// # Errors
/// When the engine ended badly.
pub(super) fn stay(mut host: Host, on_hangup: OnHangup) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended: anyhow::Result<()> = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                biased;
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hangup.recv() => match on_hangup {
                    OnHangup::Keep => {}
                    OnHangup::Cancel => {
                        ask(&host, Request::Do(Command::Cancel { target: CancelTarget::Entries, venue: None }));
                    }
                    OnHangup::Flatten => ask(&host, Request::Flatten(Scope::default())),
                },
                receipt = host.desk.receipts.recv() => match receipt {
                    Some(receipt) => tracing::info!(?receipt, "answered"),
                    None => return Ok(()),
                },
            }
        }
    });
    ask(&host, Request::Quit);
    host.close()?;
    ended
}

/// A full queue is not waited for: the journal says what was done.
fn ask(host: &Host, request: Request) {
    drop(host.desk.ask(Envelope { id: RequestId(u64::MAX), origin: Origin::Screen, request }));
}
