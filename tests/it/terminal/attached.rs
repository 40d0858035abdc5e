//! One engine, several screens and shells: what one does the others see, and the end of one is not the end of another.

use super::{ENTER, Tty, dashboard, dashboard_with, frozen::configured, held};
use crate::counterparty::{Venue, shell};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// `tradedeck engine`, ready.
struct Engine {
    child: Child,
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Engine {
    fn start(home: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tradedeck"))
            .arg("engine")
            .env_clear()
            .env("HOME", home)
            .env("TRADEDECK_STATE", home.join("state"))
            .env("TRADEDECK_CONFIG", home.join("config.toml"))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("the engine runs as process"), "{line}");
        // What it says later is nobody's to wait for.
        std::thread::spawn(move || drop(said.read_to_string(&mut String::new())));
        Self { child }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

/// A venue of its own program, an engine on it, and where screens and shells find both.
struct Place {
    home: tempfile::TempDir,
    config: PathBuf,
    engine: Engine,
    _venue: Venue,
}

impl Place {
    fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let venue = Venue::start(&home.path().join("venue"));
        let config = configured(home.path(), &venue);
        let engine = Engine::start(home.path());
        Self { home, config, engine, _venue: venue }
    }

    fn screen(&self, args: &[&str]) -> Tty {
        let config = self.config.display().to_string();
        let mut tty = dashboard_with(self.home.path(), &[("TRADEDECK_CONFIG", &config)], args);
        tty.see(" PAPER ");
        tty.see_quotes();
        tty
    }

    fn shell(&self, args: &[&str]) -> (Option<i32>, String) {
        shell(self.home.path(), args)
    }

    fn done(&self, args: &[&str]) -> String {
        let (code, said) = self.shell(args);
        assert_eq!(code, Some(0), "{said}");
        said
    }
}

fn holds(tty: &mut Tty, symbol: &str, qty: &str) {
    tty.wait("the position", |s| held(&s.contents(), symbol).get(1).is_some_and(|have| have == qty));
}

#[test]
fn two_screens_and_a_shell_on_one_engine() {
    let place = Place::open();
    let (mut one, mut two) = (place.screen(&[]), place.screen(&["--read-only"]));
    two.see("LOOKS ONLY");
    let socket = place.home.path().join("state/engine.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);

    // What one asks the others see.
    one.see("trading is open");
    one.press(":buy AAPL 7 limit +1% ext\r");
    one.see("Enter do it");
    one.insist(ENTER, "Fills 1");
    holds(&mut two, "AAPL", "+7");
    place.done(&["order", "buy AAPL 3 limit +1% ext", "--yes"]);
    holds(&mut one, "AAPL", "+10");
    holds(&mut two, "AAPL", "+10");

    // One that looks has nothing done.
    two.press(":lock lunch\r");
    two.see("this front end only looks");
    let (code, said) = place.shell(&["--read-only", "lock", "lunch"]);
    assert_ne!(code, Some(0));
    assert!(said.contains("only looks"), "{said}");

    // Rubbish on the socket, and a program of another version.
    let mut rubbish = UnixStream::connect(&socket).unwrap();
    drop(rubbish.write_all(&[0xff; 5_000]));
    // It is cut off, in whichever way.
    let mut answer = Vec::new();
    assert!(rubbish.read_to_end(&mut answer).map_or(true, |n| n == 0), "{answer:?}");
    let mut other = UnixStream::connect(&socket).unwrap();
    writeln!(other, r#"{{"tradedeck":999,"program":"9.9.9","kind":"screen"}}"#).unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("can't talk"), "{answer}");

    // The death of a screen is not felt.
    one.signal(Signal::SIGKILL);
    place.done(&["close", "AAPL", "--yes"]);
    two.wait("no more AAPL", |s| held(&s.contents(), "AAPL").is_empty());
    two.press(":quit\r");
    assert_eq!(two.ended(), 0);
    let (code, said) = shell_engine(&place, &[]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("another"), "{said}");
    let said = place.done(&["engine", "stop"]);
    assert!(said.contains("0 position(s) and 0 order(s)"), "{said}");
}

fn shell_engine(place: &Place, more: &[&str]) -> (Option<i32>, String) {
    let mut args = vec!["engine"];
    args.extend(more);
    place.shell(&args)
}

#[test]
fn a_killed_engine_loses_nothing_and_its_screens_say_so() {
    let mut place = Place::open();
    let mut tty = place.screen(&[]);
    place.done(&["order", "buy AAPL 7 limit +1% ext", "--yes"]);
    place.done(&["order", "buy AAPL 5 limit -5% ext gtc", "--yes"]);
    holds(&mut tty, "AAPL", "+7");
    place.engine.signal(Signal::SIGKILL);
    assert!(
        tty.is_so(2_000, |s| s.contents().contains("ENGINE GONE")),
        "within two seconds:\n{}",
        tty.text()
    );
    tty.press(":buy AAPL 1\r");
    tty.see("the engine is gone");

    place.engine.ended();
    place.engine = Engine::start(place.home.path());
    tty.see_gone("ENGINE GONE");
    holds(&mut tty, "AAPL", "+7");
    let said = place.done(&["orders", "--json"]);
    assert_eq!(said.matches("\"working\"").count(), 1, "{said}");

    // The engine ends in order: the screen stays, and gets out by itself when it has to.
    place.engine.signal(Signal::SIGTERM);
    assert_eq!(place.engine.ended(), Some(0));
    tty.see("ENGINE GONE");
    tty.press(super::HALT);
    tty.see("over connections of its own");
    tty.see("again FLATTENS");
    tty.insist(super::HALT, "flat: no positions");
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
    let said = place.done(&["positions", "--json"]);
    assert!(said.contains("\"positions\":[]") || said.contains("\"positions\": []"), "{said}");
}

#[test]
fn an_engine_that_stands_still_is_gone_round_to_get_out_and_by_nothing_else() {
    let place = Place::open();
    let mut tty = place.screen(&[]);
    place.done(&["order", "buy AAPL 7 limit +1% ext", "--yes"]);
    holds(&mut tty, "AAPL", "+7");
    stand_still(&place, &mut tty);
    tty.see("ENGINE SILENT");
    let (code, said) = place.shell(&["order", "buy AAPL 1 limit +1% ext", "--yes"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("does not answer") && said.contains("nothing was sent"), "{said}");
    let (code, said) = place.shell(&["status"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("over connections of this program's own"), "{said}");
    let said = place.done(&["flatten", "--yes"]);
    assert!(said.contains("over connections of this program's own") && said.contains("FLAT"), "{said}");
    place.engine.signal(Signal::SIGCONT);
    tty.see_gone("ENGINE SILENT");
    tty.see("flat: no positions");
    tty.press(":quit\r");
    assert_eq!(tty.ended(), 0);
}

/// Stops the engine, not in the middle of a write: then it would hold the journal, which is a matter of its own.
fn stand_still(place: &Place, tty: &mut Tty) {
    let journal = rusqlite::Connection::open(place.home.path().join("state/journal.sqlite")).unwrap();
    journal.busy_timeout(std::time::Duration::ZERO).unwrap();
    for _ in 0..100 {
        place.engine.signal(Signal::SIGSTOP);
        tty.is_so(50, |_| false);
        if journal.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
            return;
        }
        place.engine.signal(Signal::SIGCONT);
        tty.is_so(50, |_| false);
    }
    panic!("a hundred times in the middle of a write");
}

/// A window that is closed: what reads keys finds an end where its terminal was, and must not look for ever.
#[test]
fn a_closed_terminal_costs_nothing() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tradedeck"));
    command.env_clear();
    command.cwd(home.path());
    command.env("HOME", home.path());
    command.env("TRADEDECK_STATE", &state);
    command.env("TERM", "xterm-256color");
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut piece = [0_u8; 8_192];
    while !state.join("engine.sock").exists() {
        assert!(reader.read(&mut piece).unwrap() > 0);
    }
    drop((reader, pair.master));
    let tasks = format!("/proc/{}/task", child.process_id().unwrap());
    let keys = || {
        let mut tasks = std::fs::read_dir(&tasks).unwrap().map(|task| task.unwrap().path());
        tasks.find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "keys"))
    };
    // In hundredths of a second: the 14th and 15th field of the line, of which the second is the name.
    let spent = || {
        let line = std::fs::read_to_string(keys()?.join("stat")).ok()?;
        let fields = line.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
        fields.map(|n| n.parse::<u64>().ok()).sum::<Option<u64>>()
    };
    std::thread::sleep(Duration::from_secs(2));
    let before = spent();
    std::thread::sleep(Duration::from_secs(2));
    let after = spent();
    let used = after.zip(before).map(|(after, before)| after - before);
    assert!(used.is_none_or(|used| used < 10), "{used:?} of 200");
    let out = Command::new(env!("CARGO_BIN_EXE_tradedeck"))
        .args(["engine", "stop"])
        .env_clear()
        .env("HOME", home.path())
        .env("TRADEDECK_STATE", &state)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // How it ends is nothing to go by: what its screen still had to write went nowhere.
    child.wait().unwrap();
}

/// A line that drops: the engine and its rules go on, and the next screen finds them.
#[test]
fn a_lost_terminal_leaves_the_engine_running() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    tty.see_quotes();
    tty.press(":buy AAPL 7 limit +1%\r");
    tty.see("Enter do it");
    tty.insist(ENTER, "Fills 1");
    tty.signal(Signal::SIGHUP);
    tty.wait("the terminal back", |s| !s.alternate_screen());
    let mut next = dashboard(home.path(), &[]);
    next.see("attached to the engine");
    holds(&mut next, "AAPL", "+7");
    next.press(":quit\r");
    assert_eq!(next.ended(), 0);
    let out = Command::new(env!("CARGO_BIN_EXE_tradedeck"))
        .args(["engine", "stop"])
        .env_clear()
        .env("HOME", home.path())
        .env("TRADEDECK_STATE", home.path().join("state"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("1 position(s)"), "{said}{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(tty.ended(), 0);
}
