//! A live day, sped up: with a midnight and a restart in it, every file written in place and torn.

use super::{
    engine::{ID, Model, append, day, equity, write_in_place},
    lean, until,
};
use std::{fs, path::Path, sync::Arc, thread, time::Duration};
use tokio::sync::watch;
use tradedeck::{
    algos::{Source as _, lean::settings::Commands},
    clock::{Clock, System},
    domain::{
        algorithm::{Observation, Phase, Sighting},
        time::{Mono, Stamp},
    },
};

/// What really was.
struct History {
    /// Each version and when its files were whole.
    written: Vec<(u64, Mono)>,
    /// The runs: when each began, its last version, its events by name.
    runs: Vec<(Stamp, u64, Vec<String>)>,
}

struct Day<'a> {
    folder: &'a Path,
    /// The day that the names of files say, and the first order and event of it.
    name: String,
    first_order: u64,
    first_event: usize,
}

impl Day<'_> {
    fn write(&self, model: &Model, is_status: bool) {
        let file = |rest: &str| self.folder.join(format!("{ID}{rest}"));
        if is_status {
            write_in_place(&file(".json"), &model.result(1), 2_000);
        }
        let (name, today) = (&self.name, model.result(self.first_order));
        write_in_place(&file(&format!("-{name}_minute.json")), &today, 2_000);
        write_in_place(&file(&format!("-{name}_10minute.json")), &today, 500);
        write_in_place(&file(&format!("-{name}-15_second_Strategy%20Equity.json")), &today, 500);
        let events = serde_json::to_string(&model.events[self.first_event..]).unwrap();
        write_in_place(&file(&format!("-{name}-order-events.json")), &events, 2_000);
        append(
            &self.folder.join("log.txt"),
            &format!("2026-11-20T15:39:50.1Z TRACE:: version {}\n", model.version),
        );
    }
}

fn live(folder: &Path, clock: &System) -> History {
    let start = clock.now().wall;
    let mut model = Model::begin(start, 0);
    let mut today = Day { folder, name: day(start, 0), first_order: 1, first_event: 0 };
    let mut history = History { written: Vec::new(), runs: Vec::new() };
    append(&folder.join("log.txt"), "2026-11-20T12:58:41.5Z TRACE:: Engine.Main(): LEAN\n");
    for cycle in 0..36 {
        if cycle == 12 {
            // Midnight: the old day is written once more, then the new one begins.
            today.write(&model, false);
            today = Day {
                name: day(start, 1),
                first_order: model.version - model.before + 1,
                first_event: model.events.len(),
                ..today
            };
        }
        if cycle == 24 {
            // It ends, and another begins in the same folder, under the same name.
            (model.word, model.ended) = ("Stopped", true);
            today.write(&model, true);
            history.end(&model);
            thread::sleep(Duration::from_millis(1_200));
            model = Model::begin(clock.now().wall, 1_000);
            today = Day { first_order: 1, first_event: 0, ..today };
        }
        model.step(clock.now().wall);
        today.write(&model, cycle % 5 == 0 || cycle == 24);
        history.written.push((model.version, clock.now().mono));
        thread::sleep(Duration::from_millis(fastrand::u64(60..160)));
    }
    history.end(&model);
    history
}

impl History {
    fn end(&mut self, model: &Model) {
        let ids = model.events.iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect();
        self.runs.push((model.started, model.version, ids));
    }
}

fn version(seen: &Observation) -> u64 {
    assert_eq!(seen.holdings.len(), 1, "{seen:?}");
    seen.holdings[0].qty.to_string().parse().unwrap()
}

/// Every figure of the file is of one version.
fn is_of_one_moment(seen: &Observation, n: u64) {
    let text = |m: Option<tradedeck::domain::money::Money>| m.unwrap().to_string();
    let held = &seen.holdings[0];
    assert_eq!(held.price.unwrap().to_string(), format!("{n}.5"));
    assert_eq!(text(held.value), (n * 2).to_string());
    assert_eq!(seen.cash[0].amount.to_string(), (100_000 - n * 10).to_string());
    assert_eq!(text(seen.equity), equity(n));
    assert_eq!(text(seen.fees), format!("{n}.00"));
    assert_eq!(text(seen.unrealized), format!("-{n}.50"));
    assert_eq!(seen.flaws, [], "half a file is no flaw");
}

fn check(all: &[(Arc<Observation>, Mono)], history: &History) {
    let mut last = (0, 0);
    for (seen, at) in all {
        let n = version(seen);
        is_of_one_moment(seen, n);
        let run =
            history.runs.iter().position(|(began, ..)| Some(*began) == seen.started).expect("a run that was");
        let (_, _, events) = &history.runs[run];
        let before = if run == 0 { 0 } else { 1_000 };
        assert!(n > before && (run, n) >= last, "back from {last:?} to {:?}", (run, n));
        last = (run, n);
        // The file of events is written after the others, and read after them.
        let ids: Vec<&str> = seen.events.iter().map(|e| e.id.as_str()).collect();
        assert!(
            ids.len() <= events.len() && ids.iter().zip(events).all(|(a, b)| a == b),
            "lost, doubled or mixed: {ids:?}"
        );
        assert_eq!(u64::try_from(seen.orders.len()).unwrap(), n - before, "{}", seen.deployment);
        assert!(matches!(seen.phase, Phase::Running | Phase::Stopped), "{:?}", seen.phase);
        // What was whole three seconds ago has been seen.
        let stale = history.written.iter().rfind(|(_, whole)| at.since_ms(*whole) > 3_000);
        assert!(stale.is_none_or(|(old, _)| *old <= n), "{n} is shown long after {stale:?}");
    }
    let (seen, _) = all.last().expect("anything was seen");
    let (_, newest, events) = history.runs.last().unwrap();
    assert_eq!((version(seen), seen.events.len()), (*newest, events.len()));
    // The first run was seen to its end as well.
    let first: Vec<_> = all.iter().filter(|(s, _)| s.started == Some(history.runs[0].0)).collect();
    let (ended, _) = first.last().unwrap();
    assert_eq!((ended.phase, ended.events.len()), (Phase::Stopped, history.runs[0].2.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_observation_of_a_live_day_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let clock = System::start();
    let path = folder.path().to_owned();
    let writer = thread::spawn(move || live(&path, &clock));
    let lean = lean(folder.path(), Commands::ReadOnly);
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let mut all = Vec::new();
    let watching = async {
        let mut idle = 0;
        // It has ended when nothing new was seen for a while after the last writing.
        while idle < 3 {
            match tokio::time::timeout(Duration::from_secs(1), seen.changed()).await {
                Ok(changed) => changed.unwrap(),
                Err(_) => {
                    idle += i32::from(writer.is_finished());
                    continue;
                }
            }
            idle = 0;
            if let Sighting::Seen(observation) = &*seen.borrow_and_update()
                && observation.as_of.is_some()
            {
                all.push((Arc::clone(observation), clock.now().mono));
            }
        }
    };
    tokio::select! {
        () = lean.watch(told) => panic!("nobody watches"),
        () = watching => {}
    }
    let history = writer.join().unwrap();
    println!("{} observations of {} versions", all.len(), history.written.len());
    assert!(all.len() > 15, "{}", all.len());
    check(&all, &history);
}

/// A process that was killed leaves `Running` behind.
#[tokio::test]
async fn a_run_that_says_nothing_more_is_lost_until_it_speaks_again() {
    let folder = tempfile::tempdir().unwrap();
    super::engine::alive(folder.path(), None);
    let lean = lean(folder.path(), Commands::ReadOnly);
    until(&lean, |s| matches!(s, Sighting::Seen(o) if o.phase == Phase::Running)).await;
    super::asked::age(folder.path(), 70);
    let mut is_lost = false;
    let seen = until(&lean, |s| match s {
        Sighting::Lost { why, last: Some(last) } if !is_lost => {
            assert!(why.as_str().contains("it seems to be dead") && last.holdings.len() == 1, "{why}");
            append(&folder.path().join("log.txt"), "2026-11-20T12:58:41.5Z TRACE:: it was only asleep\n");
            is_lost = true;
            false
        }
        Sighting::Seen(_) => is_lost,
        Sighting::Waiting | Sighting::Lost { .. } => false,
    });
    assert_eq!(seen.await.unwrap().phase, Phase::Running);
}

#[tokio::test]
async fn the_newest_of_a_projects_deployments_is_followed() {
    let project = tempfile::tempdir().unwrap();
    let live = project.path().join("live");
    let lean = lean(project.path(), Commands::ReadOnly);
    until(
        &lean,
        |s| matches!(s, Sighting::Lost { why, last: None } if why.as_str().contains("no deployment")),
    )
    .await;
    let first = live.join("2026-11-20_07-58-30");
    fs::create_dir_all(&first).unwrap();
    let later = live.join("2026-11-21_07-58-30");
    let mut model = super::engine::alive(&first, None);
    let began = model.started;
    let mut is_moved = false;
    let seen = until(&lean, |s| match s {
        Sighting::Seen(seen) if !is_moved => {
            assert_eq!(seen.started, Some(began));
            fs::create_dir(&later).unwrap();
            model.started = began.plus_ms(1_000);
            append(&later.join("log.txt"), "2026-11-20T12:58:41.5Z TRACE:: Engine.Main(): LEAN\n");
            fs::write(later.join(format!("{ID}.json")), model.result(1)).unwrap();
            is_moved = true;
            false
        }
        Sighting::Seen(seen) => seen.started == Some(began.plus_ms(1_000)),
        Sighting::Waiting | Sighting::Lost { .. } => false,
    });
    assert_eq!(seen.await.unwrap().holdings.len(), 1);
    // Gone, it is lost, and what was seen last stays as old as it is.
    let mut is_gone = false;
    let lost = until(&lean, |s| match s {
        Sighting::Seen(_) if !is_gone => {
            fs::remove_dir_all(&live).unwrap();
            is_gone = true;
            false
        }
        Sighting::Lost { last, .. } => last.as_ref().is_some_and(|l| l.holdings.len() == 1),
        Sighting::Waiting | Sighting::Seen(_) => false,
    });
    assert!(lost.await.is_none());
}
