//! LEAN, QuantConnect's engine, running on this computer: watched by the files that it writes and the packets that it
//! streams, asked by command files. What is known of all three is in LEAN's own source; the facts are in LEAN.md.

mod ask;
pub mod command;
mod container;
pub mod directory;
mod eye;
mod files;
mod folder;
mod live;
mod log;
mod observe;
pub mod packet;
pub mod reply;
mod run;
pub mod settings;
mod socket;
mod wire;
pub mod zmtp;

use self::{
    eye::Eye,
    settings::{Commands, Error, Settings, Timing},
};
use super::{Answer, Source, publish};
use crate::{
    clock::Clock,
    domain::{
        algorithm::{Instructed, Instruction, Sighting},
        text::Text,
    },
};
use smol_str::SmolStr;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinHandle},
};

/// Packets that wait to be taken in; while it is full LEAN waits.
const PACKETS_MAX: usize = 64;

/// A look that takes so long hangs.
const HANGS: Duration = Duration::from_secs(20);
/// Asking may take so much longer than its time.
const LATE_MAX: Duration = Duration::from_secs(1);

/// One LEAN.
#[derive(Debug)]
pub struct Lean {
    name: SmolStr,
    settings: Settings,
    timing: Timing,
    clock: Arc<dyn Clock>,
}

impl Lean {
    /// Nothing is read yet.
    ///
    /// # Errors
    /// When the settings can't be used.
    pub fn new(name: SmolStr, settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        settings.check()?;
        Ok(Self { name, settings, timing: Timing::default(), clock })
    }
    /// With other times than the usual.
    #[must_use]
    pub const fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    async fn watch_all(&self, seen: watch::Sender<Sighting>) {
        let (wake, mut woken) = mpsc::channel(1);
        let (packets, mut streamed) = mpsc::channel(PACKETS_MAX);
        let _stream = self.settings.stream.map(|addr| {
            Ends(tokio::spawn(socket::run(addr, Arc::clone(&self.clock), packets.clone())).abort_handle())
        });
        self.sweep().await;
        let new_eye = || Eye::new(self.settings.results.clone(), self.timing, wake.clone());
        let mut eye = new_eye();
        loop {
            while let Ok(news) = streamed.try_recv() {
                eye.take(news, self.clock.now());
            }
            let now = self.clock.now();
            let looked = tokio::task::spawn_blocking(move || {
                let looked = eye.look(now);
                (eye, looked)
            });
            let Some(looked) = returned(looked, &seen).await else { return };
            let wait = match looked {
                Ok((back, (sighting, wait))) => {
                    eye = back;
                    publish(&seen, sighting);
                    wait
                }
                Err(error) => {
                    tracing::error!(%error, "the thread that reads LEAN's files died");
                    eye = new_eye();
                    self.timing.poll
                }
            };
            tokio::select! {
                () = seen.closed() => return,
                () = tokio::time::sleep(wait) => {}
                _ = woken.recv() => tokio::time::sleep(self.timing.settle).await,
                Some(news) = streamed.recv() => {
                    eye.take(news, self.clock.now());
                    tokio::time::sleep(self.timing.settle).await;
                }
            }
        }
    }

    /// What an earlier run of ours left in the folder for commands is removed before anything else.
    async fn sweep(&self) {
        let Commands::Folder(folder) = &self.settings.commands else { return };
        let (folder, now) = (folder.clone(), self.clock.now().wall.as_millis());
        if let Err(error) = tokio::task::spawn_blocking(move || directory::sweep(&folder, now)).await {
            tracing::error!(%error, "a thread for files died");
        }
    }
}

/// What came of a look; `None` once nobody wants to know any more. A folder of a server that is gone may hang a look for
/// ever, which is said.
async fn returned<T>(
    mut looked: JoinHandle<T>,
    seen: &watch::Sender<Sighting>,
) -> Option<Result<T, JoinError>> {
    tokio::select! {
        looked = &mut looked => return Some(looked),
        () = seen.closed() => return None,
        () = tokio::time::sleep(HANGS) => {}
    }
    let last = match &*seen.borrow() {
        Sighting::Waiting => None,
        Sighting::Seen(observation) => Some(Arc::clone(observation)),
        Sighting::Lost { last, .. } => last.clone(),
    };
    let why = Text::clean("its folder does not answer: is it on another computer that is gone?");
    publish(seen, Some(Sighting::Lost { why, last }));
    tokio::select! {
        looked = &mut looked => Some(looked),
        () = seen.closed() => None,
    }
}

/// A task that ends with whoever looks at it.
#[derive(Debug)]
struct Ends(tokio::task::AbortHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Source for Lean {
    fn name(&self) -> &SmolStr {
        &self.name
    }
    fn watch(&self, seen: watch::Sender<Sighting>) -> Answer<'_, ()> {
        Box::pin(self.watch_all(seen))
    }
    fn instruct(&self, instruction: Instruction) -> Answer<'_, Instructed> {
        // By itself: whoever waits for it may go, and the command must still be taken back.
        let asked =
            tokio::spawn(ask::ask(self.settings.clone(), self.timing, Arc::clone(&self.clock), instruction));
        // It bounds itself, but for a program for containers that hangs.
        let limit = self.timing.answer.saturating_add(self.timing.grace.min(LATE_MAX));
        Box::pin(async move {
            match tokio::time::timeout(limit, asked).await {
                Ok(Ok(instructed)) => instructed,
                Ok(Err(error)) => Instructed::Unknown(Text::clean(&format!("asking died: {error}"))),
                Err(_) => Instructed::Unknown(Text::clean(
                    "no answer; it is being taken back, and may have been done",
                )),
            }
        })
    }
}
