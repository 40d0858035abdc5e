//! Records the session: what is shown goes to a file, on a thread of its own that the engine never waits for. A recording
//! that can't go on ends with one alert; trading goes on.

use crate::{
    clock::Clock,
    config::Recordings,
    desk::Snapshot,
    domain::{ids::Instance, text::Text, time::Mono},
    engine::Input,
    recording::{Header, Keep, Pace, Pressing, Shelf, Writer},
};
use std::{fs::File, io, path::Path, sync::Arc, thread::JoinHandle, time::Duration};
use tokio::sync::{mpsc, watch};

/// What is recorded, and what it takes.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) settings: Recordings,
    pub(super) profile: &'static str,
    pub(super) run: Instance,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) clock: Arc<dyn Clock>,
    /// Where the engine hears that nothing more is recorded.
    pub(super) troubles: mpsc::Sender<Input>,
}

/// A recording under way. It ends with the engine.
#[derive(Debug)]
pub(super) struct Recorder(JoinHandle<()>);

impl Recorder {
    /// Waits for the last snapshot to be in the file; the engine has ended.
    pub(super) fn finish(self) {
        if self.0.join().is_err() {
            tracing::error!("the recorder's thread panicked");
        }
    }
}

/// Begins one, where the configuration wants it.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn record(state: &Path, recorded: Recorded) -> anyhow::Result<Option<Recorder>> {
    if !recorded.settings.on {
        return Ok(None);
    }
    let shelf = Shelf::of(state);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let thread = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || {
        let troubles = recorded.troubles.clone();
        if let Err(why) = runtime.block_on(keep(&shelf, recorded)) {
            tracing::error!(%why, "the session is not recorded any further");
            // An engine that is busy or gone is not waited for: the log has it.
            drop(troubles.try_send(Input::Unrecorded(Text::clean(&why.to_string()))));
        }
    })?;
    Ok(Some(Recorder(thread)))
}

async fn keep(shelf: &Shelf, recorded: Recorded) -> io::Result<()> {
    let Recorded { settings, profile, run, mut snapshots, clock, .. } = recorded;
    let bytes = settings.max_mb.saturating_mul(1_000_000);
    match shelf.clear(Keep { days: settings.keep_days, bytes }, clock.now().wall) {
        Ok(gone) if gone.is_empty() => {}
        Ok(gone) => tracing::info!(count = gone.len(), "old recordings were removed"),
        // What should go and can't is no reason to record nothing.
        Err(why) => tracing::warn!(%why, "old recordings can't be removed"),
    }
    let mut writer: Option<Writer<File>> = None;
    let mut pace = Pace::default();
    let mut due: Option<Mono> = None;
    loop {
        let now = clock.now().mono;
        let wait = due.map_or(0, |at| at.as_nanos().saturating_sub(now.as_nanos()));
        let ended = tokio::select! {
            changed = snapshots.changed() => changed.is_err(),
            () = tokio::time::sleep(Duration::from_nanos(wait)), if due.is_some() => false,
        };
        let newest = Arc::clone(&snapshots.borrow_and_update());
        let now = clock.now();
        due = None;
        // Before the first there is nothing to keep.
        if newest.seq > 0 {
            match pace.judge(&newest, now.mono) {
                Pressing::At(at) if !ended => due = Some(at),
                Pressing::No => {}
                Pressing::Now | Pressing::At(_) => {
                    if writer.is_none() {
                        let header = Header {
                            program: env!("CARGO_PKG_VERSION").into(),
                            profile: profile.into(),
                            run: run.as_str().into(),
                            began: now,
                        };
                        let (path, file) = shelf.begin(now.wall, &run)?;
                        tracing::info!(path = %path.display(), "the session is recorded");
                        writer = Some(Writer::begin(file, &header)?);
                    }
                    if let Some(writer) = &mut writer {
                        writer.add(&newest)?;
                    }
                    pace.recorded(newest, now.mono);
                }
            }
        }
        if ended {
            return Ok(());
        }
    }
}
