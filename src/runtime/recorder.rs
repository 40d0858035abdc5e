//! Records the session: what is shown goes to a file, on a thread of its own that the engine never waits for. A recording
//! that can't go on ends with one alert; trading goes on.

use crate::{
    clock::Clock,
    config::Recordings,
    desk::Snapshot,
    domain::{
        ids::Instance,
        text::Text,
        time::{Mono, Now, Stamp},
    },
    engine::Input,
    recording::{Header, Keep, Pace, Pressing, Reel, Shelf, Writer, others},
};
use jiff::tz::TimeZone;
use std::{fs::File, io, path::Path, sync::Arc, thread::JoinHandle, time::Duration};
use tokio::sync::{mpsc, watch};

/// What is recorded, and what it takes.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) settings: Recordings,
    /// Whose days a file ends with.
    pub(super) zone: TimeZone,
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

/// A file that is written.
struct Running {
    writer: Writer<File>,
    reel: Reel,
}

async fn keep(shelf: &Shelf, recorded: Recorded) -> io::Result<()> {
    let Recorded { settings, zone, profile, run, mut snapshots, clock, .. } = recorded;
    let kept = Keep { days: settings.keep_days, bytes: settings.max_mb.saturating_mul(1_000_000) };
    let begin = |now: Now| -> io::Result<Running> {
        make_room(shelf, kept, now.wall);
        let program = env!("CARGO_PKG_VERSION").into();
        let header = Header { program, profile: profile.into(), run: run.as_str().into(), began: now };
        let (path, file) = shelf.begin(now.wall, &run)?;
        tracing::info!(path = %path.display(), "the session is recorded");
        let writer = Writer::begin(file, &header)?;
        Ok(Running { writer, reel: Reel::begin(now.wall, kept, zone.clone()) })
    };
    let mut running: Option<Running> = None;
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
                    let still = running.take().filter(|running| !running.reel.is_over(now.wall));
                    let mut current = still.map_or_else(|| begin(now), Ok)?;
                    let wrote = current.writer.add(&newest)?;
                    current.reel.wrote(u64::try_from(wrote).map_err(io::Error::other)?);
                    running = Some(current);
                    pace.recorded(newest, now.mono);
                }
            }
        }
        if ended {
            return Ok(());
        }
    }
}

/// Removes what is too old or too much, before a file begins.
fn make_room(shelf: &Shelf, kept: Keep, now: Stamp) {
    match shelf.clear(others(kept), now) {
        Ok(gone) if gone.is_empty() => {}
        Ok(gone) => tracing::info!(count = gone.len(), "old recordings were removed"),
        // What should go and can't is no reason to record nothing.
        Err(why) => tracing::warn!(%why, "old recordings can't be removed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Manual, desk::snapshot::EquityPoint, domain::money::Money, recording::Film};

    /// An engine that is not stopped for three days, with a bound of one megabyte on what is kept.
    #[test]
    fn a_session_without_an_end_stays_within_its_bounds_and_ends_a_file_a_day() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(home.path());
        let clock = Arc::new(Manual::at(Stamp::parse_rfc3339("2026-11-28T22:00:00Z").unwrap()));
        let (told, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let (troubles, mut trouble) = mpsc::channel(1);
        let recorded = Recorded {
            settings: Recordings { on: true, keep_days: 30, max_mb: 1 },
            zone: TimeZone::UTC,
            profile: "default",
            run: Instance::new("r1").unwrap(),
            snapshots,
            clock: Arc::<Manual>::clone(&clock),
            troubles,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut last = Snapshot::default();
        let mut random = 7_i64;
        runtime.block_on(async {
            let keeping = keep(&shelf, recorded);
            let telling = async {
                for minute in 0..500_u64 {
                    clock.advance_ms(430_000);
                    last.seq = minute + 1;
                    last.at = clock.now();
                    // Noise does not pack: some eight kilobytes each time.
                    let point = |n: i64| {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        let equity = Money::new(rust_decimal::Decimal::new(n, 0));
                        EquityPoint { at: Stamp::from_nanos(random), equity, venue: None }
                    };
                    last.equity_curve = Arc::new((0..400).map(point).collect());
                    told.send_replace(Arc::new(last.clone()));
                    for _ in 0..4 {
                        tokio::task::yield_now().await;
                    }
                }
                drop(told);
            };
            let (kept, ()) = tokio::join!(keeping, telling);
            kept.unwrap();
        });
        assert!(trouble.try_recv().is_err());
        let files = shelf.list().unwrap();
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        assert!(bytes <= 1_000_000, "{bytes} bytes in {} files", files.len());
        assert!(
            files.len() > 4 && bytes > 500_000,
            "{bytes} bytes in {} files: most of it is kept",
            files.len()
        );
        let paths: Vec<_> = files.into_iter().map(|file| file.path).collect();
        let mut film = Film::open(&paths).unwrap();
        assert_eq!(
            *film.snapshot(film.len().saturating_sub(1)).unwrap(),
            last,
            "the newest is there, to the last byte"
        );
    }
}
