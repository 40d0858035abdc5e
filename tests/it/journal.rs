//! The journal under other processes, death and a disk that takes no more. The other process is this test
//! program itself, which runs `child` alone.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};
use tradedeck::{
    domain::{
        fact::{Dated, Fact},
        ids::Instance,
        time::Stamp,
    },
    journal::{EngineLock, Header, Journal, JournalError, Mode, Seq, Sessions},
};

fn open(dir: &Path, run: &str) -> Result<Journal, JournalError> {
    let header = Header { profile: "test".into(), accounts: Vec::new(), version: "0".into() };
    Journal::open(&dir.join("journal.db"), &header, Mode::Write(Instance::new(run).unwrap()))
}

fn fact(n: u64) -> Dated {
    Dated { at: Stamp::from_nanos(1), fact: Fact::Acknowledged { id: n } }
}

/// Runs `job` of [`child`] in a process of its own, after `limits` of the shell.
fn spawn(job: &str, dir: &Path, limits: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new("sh")
        .arg("-c")
        .arg(format!("{limits} exec \"$0\" --exact journal::child --ignored --nocapture"))
        .arg(program)
        .env("JOURNAL_JOB", job)
        .env("JOURNAL_DIR", dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the child says, without the test harness's own lines.
fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = BufReader::new(child.stdout.take().unwrap());
    out.lines().map_while(Result::ok).filter_map(|l| l.split_once("child: ").map(|(_, said)| said.to_owned()))
}

#[test]
#[ignore = "the other process of the tests below"]
fn child() {
    let dir = std::env::var_os("JOURNAL_DIR").unwrap();
    let dir = Path::new(&dir);
    match std::env::var("JOURNAL_JOB").unwrap().as_str() {
        "write" => {
            let mut journal = open(dir, "child").unwrap();
            for n in 0..200 {
                journal.append(&[fact(n), fact(n)]).unwrap();
            }
        }
        "write for ever" => {
            let _lock = EngineLock::take(dir).unwrap();
            let _session = Sessions::of(dir).begin(&Instance::new("child").unwrap()).unwrap();
            let mut journal = open(dir, "child").unwrap();
            for n in 0.. {
                println!("child: {}", journal.append(&[fact(n)]).unwrap());
            }
        }
        "write until refused" => {
            let mut journal = open(dir, "child").unwrap();
            let error = (0..).find_map(|n| journal.append(&vec![fact(n); 50]).err()).unwrap();
            let again = journal.append(&[fact(0)]).unwrap_err();
            let readable = journal.replay().map(Result::unwrap).count();
            println!("child: {} {} {readable}", matches!(error, JournalError::Lost { .. }), error == again);
        }
        other => panic!("no such job: {other}"),
    }
}

#[test]
fn two_processes_write_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path(), "parent").unwrap();
    let mut child = spawn("write", dir.path(), "");
    for n in 0..200 {
        journal.append(&[fact(n)]).unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(journal.last().unwrap(), Seq::new(600));
    let report = journal.verify();
    assert!(report.is_sound() && report.records == 600 && report.runs == 2, "{report:?}");
}

#[test]
fn what_was_durable_before_a_kill_is_there_and_every_lock_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let run = Instance::new("child").unwrap();
    let sessions = Sessions::of(dir.path());
    for round in 1..=3 {
        let mut child = spawn("write for ever", dir.path(), "");
        let pid = child.id();
        let mut lines = said(&mut child);
        let durable: u64 = lines.nth(round * 20).unwrap().parse().unwrap();
        assert!(sessions.is_alive(&run).unwrap());
        let Err(JournalError::Running { pid: held, .. }) = EngineLock::take(dir.path()) else {
            panic!("the lock is not held");
        };
        assert_eq!(held, Some(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        let more = lines.last().map_or(durable, |l| l.parse().unwrap());
        assert!(!sessions.is_alive(&run).unwrap());
        drop(EngineLock::take(dir.path()).unwrap());
        let journal = open(dir.path(), "parent").unwrap();
        assert!(journal.last().unwrap() >= Seq::new(more));
        assert!(journal.verify().is_sound());
    }
}

#[test]
fn a_disk_that_takes_no_more_ends_writing_for_good() {
    let dir = tempfile::tempdir().unwrap();
    // A limit on the size of files (in blocks of 512 bytes) fails the write as a broken disk does.
    let mut child = spawn("write until refused", dir.path(), "trap '' XFSZ; ulimit -f 400;");
    let said = said(&mut child).last().unwrap();
    assert!(child.wait().unwrap().success());
    let readable: u64 = said.strip_prefix("true true ").expect(&said).parse().unwrap();
    assert!(readable > 50);
    let journal = open(dir.path(), "parent").unwrap();
    assert!(journal.verify().is_sound());
    assert_eq!(journal.last().unwrap(), Seq::new(readable));
}
