//! What watching costs while LEAN writes at its own pace.

use super::{
    engine::{self, ID},
    lean,
};
use nix::sys::resource::{UsageWho, getrusage};
use std::{fs, time::Duration};
use tokio::sync::watch;
use tradedeck::{
    algos::{Source as _, lean::settings::Commands, lean::settings::Timing},
    domain::algorithm::Sighting,
};

const SECONDS: i64 = 30;

fn spent_us() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let us = |t: nix::sys::time::TimeVal| t.tv_sec() * 1_000_000 + t.tv_usec();
    us(usage.user_time()) + us(usage.system_time())
}

/// Half a minute of a busy algorithm: a log line a second, every file rewritten once, a day of minutes in each.
#[tokio::test]
#[ignore = "it measures what the process spends, so that it must run alone: `.ci/run` does"]
async fn watching_takes_less_than_a_hundredth_of_a_core() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = engine::alive(folder.path(), None);
    let now = model.started.plus_ms(2_000);
    for _ in 0..300 {
        model.step(now);
    }
    let points: Vec<String> = (0..1_440)
        .map(|i| format!("[{},50000.25,50001.5,49999.75,50000.5]", now.as_secs() + i * 60))
        .collect();
    let text = model.result(1).replacen("\"values\": [", &format!("\"values\": [{},", points.join(",")), 1);
    let day = engine::day(now, 0);
    let write = || {
        for name in ["", &format!("-{day}_minute"), &format!("-{day}_10minute")] {
            engine::write_in_place(&folder.path().join(format!("{ID}{name}.json")), &text, 1_000);
        }
        let events = serde_json::to_string(&model.events).unwrap();
        engine::write_in_place(&folder.path().join(format!("{ID}-{day}-order-events.json")), &events, 1_000);
    };
    write();
    let lean = lean(folder.path(), Commands::ReadOnly).with_timing(Timing::default());
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let test = async {
        while !matches!(&*seen.borrow_and_update(), Sighting::Seen(o) if o.events.len() == 602) {
            seen.changed().await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
        let before = spent_us();
        for second in 0..SECONDS {
            if second == 10 {
                write();
            }
            engine::append(&folder.path().join("log.txt"), "2026-11-20T12:58:41.5Z TRACE:: a line\n");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        spent_us() - before
    };
    let spent = tokio::select! {
        () = lean.watch(told) => panic!("nobody watches"),
        spent = test => spent,
    };
    println!("{} millionths of a core", spent / SECONDS);
    assert!(spent < SECONDS * 10_000, "{spent} us in {SECONDS} s");
    assert!(fs::metadata(folder.path().join("log.txt")).unwrap().len() > 1_000);
}
