//! Instructions, through the engine's folder and through a container: what comes of each, and what is left behind.

use super::{
    engine::{self, Verdict},
    lean, quick,
};
use serde_json::Value;
use smol_str::SmolStr;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tradedeck::{
    algos::{
        Source as _,
        lean::{
            Lean,
            settings::{Commands, Settings},
        },
    },
    clock::{Clock as _, System},
    domain::{
        algorithm::{AskedOrder, Instructed, Instruction, Security, Sighting},
        text::Text,
    },
};

struct Rig {
    results: TempDir,
    folder: TempDir,
    lean: Lean,
}

fn rig() -> Rig {
    let (results, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    engine::alive(results.path(), None);
    let lean = lean(results.path(), Commands::Folder(folder.path().to_owned()));
    Rig { results, folder, lean }
}

impl Rig {
    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
    fn left(&self) -> Vec<String> {
        left(self.folder.path())
    }
}

fn left(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

fn security() -> Security {
    Security { ticker: "SPY".into(), market: "usa".into(), class: "equity".into() }
}

fn order(tag: &str) -> Instruction {
    Instruction::Submit(AskedOrder {
        security: security(),
        qty: "10".parse().unwrap(),
        limit: None,
        stop: None,
        tag: Text::clean(tag),
    })
}

fn each() -> Vec<Instruction> {
    vec![
        Instruction::Stop,
        Instruction::Liquidate(None),
        Instruction::Liquidate(Some(security())),
        order("it's \"quoted\"\\"),
        Instruction::Update { order: 7, qty: Some("5".parse().unwrap()), limit: None, stop: None },
        Instruction::Cancel { order: 7 },
        Instruction::Add { security: security(), resolution: "minute".into() },
        Instruction::Custom(SmolStr::new(r#"{"$type":"MyCommand","n":1.10}"#)),
        Instruction::Custom(SmolStr::new(r#"{"$type":"MyCommand","Id":"mine-1"}"#)),
    ]
}

#[tokio::test]
async fn each_instruction_is_run_once_and_leaves_nothing() {
    let rig = rig();
    let running = engine::Commands::poll(rig.path(), 20, |_| Verdict::Yes);
    for instruction in each() {
        let came = rig.lean.instruct(instruction.clone()).await;
        assert!(matches!(came, Instructed::Done(_)), "{instruction:?}: {came:?}");
        assert!(rig.left().is_empty());
    }
    let ran = running.end();
    assert_eq!(ran.len(), each().len());
    assert_eq!(ran[3]["Tag"], "it's \"quoted\"\\");
    assert_eq!(ran[7]["$type"], "MyCommand");
}

#[tokio::test]
async fn no_verdict_a_refusal_and_half_an_answer_are_told_apart() {
    let rig = rig();
    for (verdict, want) in [(Verdict::Null, "Taken"), (Verdict::No, "Refused"), (Verdict::Torn, "Done")] {
        let running = engine::Commands::poll(rig.path(), 20, move |_| verdict);
        let came = format!("{:?}", rig.lean.instruct(Instruction::Liquidate(None)).await);
        assert!(came.starts_with(want), "{came}");
        assert_eq!((running.end().len(), rig.left().len()), (1, 0));
    }
}

#[tokio::test]
async fn what_was_taken_and_not_answered_is_unknown() {
    let rig = rig();
    let running = engine::Commands::poll(rig.path(), 20, |_| Verdict::Silent);
    let came = rig.lean.instruct(order("")).await;
    assert!(
        matches!(&came, Instructed::Unknown(why) if why.as_str().contains("it may have been done")),
        "{came:?}"
    );
    assert_eq!((running.end().len(), rig.left().len()), (1, 0));
}

#[tokio::test]
async fn what_nobody_takes_is_taken_back_and_is_never_run() {
    let rig = rig();
    let clock = System::start();
    let began = clock.now().mono;
    let came = rig.lean.instruct(order("")).await;
    assert!(matches!(&came, Instructed::NotSent(why) if why.as_str().contains("was taken back")), "{came:?}");
    assert!(clock.now().mono.since_ms(began) < 4_000);
    assert!(rig.left().is_empty());
    // The engine starts later, in the same folder.
    let later = engine::Commands::poll(rig.path(), 5, |_| Verdict::Yes);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(later.end().is_empty());
}

/// Whoever asks may go away: the command must not stay.
#[tokio::test]
async fn a_command_is_taken_back_though_nobody_waits_for_it() {
    let rig = rig();
    let asked = tokio::time::timeout(Duration::from_millis(400), rig.lean.instruct(order(""))).await;
    assert!(asked.is_err());
    assert_eq!(rig.left().len(), 1);
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert!(rig.left().is_empty());
}

/// The engine wakes about when the command is taken back: whatever comes of that, what was run is never called unsent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_last_moment_it_is_one_or_the_other() {
    let mut ends = std::collections::BTreeSet::new();
    for wake_ms in [1_900, 1_960, 1_980, 1_990, 2_000, 2_010, 2_040, 2_200] {
        let rig = rig();
        let asked = rig.lean.instruct(order(""));
        tokio::time::sleep(Duration::from_millis(wake_ms)).await;
        let running = engine::Commands::poll(rig.path(), 1, |_| Verdict::Yes);
        let came = asked.await;
        let ran = running.end().len();
        match (&came, ran) {
            (Instructed::Done(_), 1) | (Instructed::NotSent(_), 0) => {}
            other => panic!("{other:?}"),
        }
        ends.insert(ran);
    }
    println!("{ends:?}");
}

#[tokio::test]
async fn two_at_once_do_not_overwrite_each_other() {
    let rig = rig();
    let running = engine::Commands::poll(rig.path(), 50, |_| Verdict::Yes);
    let both = tokio::join!(rig.lean.instruct(order("one")), rig.lean.instruct(order("two")));
    assert!(matches!(both, (Instructed::Done(_), Instructed::Done(_))), "{both:?}");
    let mut tags: Vec<String> = running.end().iter().map(|c| c["Tag"].as_str().unwrap().to_owned()).collect();
    tags.sort();
    assert_eq!(tags, ["one", "two"]);
}

pub fn age(folder: &Path, minutes: u64) {
    for entry in fs::read_dir(folder).unwrap() {
        let file = fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        let meta = file.metadata().unwrap();
        file.set_modified(meta.modified().unwrap() - Duration::from_secs(minutes * 60)).unwrap();
    }
}

#[tokio::test]
async fn a_dead_deployment_is_sent_nothing() {
    let not_sent = async |rig: &Rig, want: &str| {
        let came = rig.lean.instruct(Instruction::Liquidate(None)).await;
        assert!(matches!(&came, Instructed::NotSent(why) if why.as_str().contains(want)), "{came:?}");
        assert!(rig.left().is_empty());
    };
    let stopped = rig();
    let mut model = engine::alive(stopped.results.path(), None);
    model.word = "Stopped";
    fs::write(stopped.results.path().join(format!("{}.json", engine::ID)), model.result(1)).unwrap();
    not_sent(&stopped, "its own word is `Stopped`").await;
    let old = rig();
    age(old.results.path(), 70);
    not_sent(&old, "for 70 minutes").await;
    let gone = rig();
    fs::remove_dir_all(gone.results.path()).unwrap();
    not_sent(&gone, "is not there").await;
    let elsewhere = rig();
    let nowhere = lean(elsewhere.results.path(), Commands::Folder("/nowhere/at/all".into()));
    assert!(matches!(nowhere.instruct(Instruction::Stop).await, Instructed::NotSent(_)));
    let watched = lean(elsewhere.results.path(), Commands::ReadOnly);
    let came = watched.instruct(Instruction::Stop).await;
    assert!(matches!(&came, Instructed::NotSent(why) if why.as_str().contains("only watched")), "{came:?}");
}

#[tokio::test]
async fn what_an_earlier_run_left_is_not_run_by_the_next_start() {
    let rig = rig();
    let id = "td0123456789abcdef0123456789abcd";
    let stale = rig.folder.path().join(format!("command-1700000000000-{id}.json"));
    fs::write(&stale, "{}").unwrap();
    fs::write(rig.folder.path().join("command-1700000000.json"), "{}").unwrap();
    super::until(&rig.lean, |s| matches!(s, Sighting::Seen(_))).await;
    assert_eq!(rig.left(), ["command-1700000000.json"], "what others wrote stays");
}

/// `Settings.LiquidateEnabled` is off: the engine says yes and does nothing (LEAN.md 2.2).
#[tokio::test]
async fn a_yes_that_did_nothing_is_seen_by_what_is_held() {
    let rig = rig();
    let running = engine::Commands::poll(rig.path(), 20, |_| Verdict::Yes);
    let came = rig.lean.instruct(Instruction::Liquidate(None)).await;
    assert_eq!(came, Instructed::Done(Text::clean("LiquidateCommand: it says so")));
    running.end();
    let seen = super::until(&rig.lean, |s| matches!(s, Sighting::Seen(_))).await.unwrap();
    assert_eq!(seen.holdings[0].qty.to_string(), "1", "and so it is not flat");
}

const SHIM: &str = r#"#!/bin/sh
# A stand-in of docker: one container, whose working directory is a folder.
echo "$@" >> CALLS
case "$1" in
  inspect) cat STATE; exit 0;;
  exec) shift; [ "$1" = -i ] && shift; [ "$1" = lean_cli_0f ] || { echo "No such container: $1" >&2; exit 1; }
    shift; cd FOLDER || exit 1; exec "$@";;
esac
exit 2
"#;

fn contained(state: &str, script: &str) -> (Rig, TempDir) {
    let (results, folder, tools) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    engine::alive(results.path(), Some("lean_cli_0f"));
    let at = |name: &str| tools.path().join(name).display().to_string();
    fs::write(at("state"), state).unwrap();
    let script = script
        .replace("CALLS", &at("calls"))
        .replace("STATE", &at("state"))
        .replace("FOLDER", &folder.path().display().to_string());
    fs::write(at("docker"), script).unwrap();
    fs::set_permissions(at("docker"), fs::Permissions::from_mode(0o755)).unwrap();
    let lean = lean(results.path(), Commands::Container { docker: at("docker").into() });
    (Rig { results, folder, lean }, tools)
}

#[tokio::test]
async fn each_instruction_goes_into_a_container() {
    let (rig, tools) = contained("true\n", SHIM);
    let running = engine::Commands::poll(rig.path(), 20, |_| Verdict::Yes);
    for instruction in each() {
        let came = rig.lean.instruct(instruction.clone()).await;
        assert!(matches!(came, Instructed::Done(_)), "{instruction:?}: {came:?}");
        assert!(rig.left().is_empty());
    }
    let ran = running.end();
    assert_eq!((ran.len(), &ran[3]["Tag"]), (9, &Value::from("it's \"quoted\"\\")));
    // Nothing of a command stands in a command line, where every user of the machine reads it.
    let calls = fs::read_to_string(tools.path().join("calls")).unwrap();
    assert!(!calls.contains("quoted") && !calls.contains("QuantConnect"));
}

#[tokio::test]
async fn a_container_that_is_down_broken_or_deaf_is_told_apart() {
    let not_sent = async |rig: &Rig, want: &str| {
        let came = rig.lean.instruct(order("")).await;
        assert!(matches!(&came, Instructed::NotSent(why) if why.as_str().contains(want)), "{came:?}");
        assert!(rig.left().is_empty());
    };
    not_sent(&contained("false\n", SHIM).0, "it is not running").await;
    // Nobody takes it.
    not_sent(&contained("true\n", SHIM).0, "was taken back").await;
    // Half of it arrives: it is not put there.
    let half = SHIM.replace("exec \"$@\"", "head -c 20 | \"$@\"; exit $?");
    let (rig, _tools) = contained("true\n", &half);
    let running = engine::Commands::poll(rig.path(), 5, |_| Verdict::Yes);
    not_sent(&rig, "only a part").await;
    assert!(running.end().is_empty());
    // It is taken, and the answer never comes.
    let (rig, _tools) = contained("true\n", SHIM);
    let running = engine::Commands::poll(rig.path(), 5, |_| Verdict::Silent);
    assert!(matches!(rig.lean.instruct(order("")).await, Instructed::Unknown(_)));
    assert_eq!(running.end().len(), 1);
    // There is no such program.
    let results = tempfile::tempdir().unwrap();
    engine::alive(results.path(), Some("lean_cli_0f"));
    let lean = lean(results.path(), Commands::Container { docker: "/no/docker".into() });
    assert!(matches!(lean.instruct(order("")).await, Instructed::NotSent(_)));
}

/// It needs a clock that runs; the settings are refused before anything is asked.
#[test]
fn a_stream_of_another_computer_is_refused() {
    let stream = Some("10.0.0.1:5678".parse().unwrap());
    let settings = Settings { results: "/r".into(), commands: Commands::ReadOnly, stream };
    assert!(Lean::new("x".into(), settings, Arc::new(System::start())).is_err());
    assert!(quick().answer > quick().grace);
}
