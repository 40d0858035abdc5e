//! Row E9: the screen is frozen. The way out is a program of its own, with connections of its own; the screen sees what it
//! did when it wakes.

use super::{ENTER, Tty, dashboard, held};
use crate::counterparty::Venue;
use nix::sys::signal::Signal;
use std::{
    fmt::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// A dashboard on a venue of its own program, and a shell beside it.
struct Desk {
    home: tempfile::TempDir,
    tty: Tty,
    _venue: Venue,
}

impl Desk {
    fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let venue = Venue::start(&home.path().join("venue"));
        let config = configured(home.path(), &venue);
        let tty = dashboard(home.path(), &[("TRADEDECK_CONFIG", &config.display().to_string())]);
        let mut desk = Self { home, tty, _venue: venue };
        desk.tty.see("trading is open");
        desk.tty.see_quotes();
        desk
    }

    fn buy(&mut self, fills: &str) {
        // Whatever the hour is: Alpaca's own calendar holds here.
        self.tty.press(":buy AAPL 7 limit +1% ext\r");
        self.tty.see("Enter do it");
        self.tty.insist(ENTER, fills);
        self.tty.wait("the position", |s| held(&s.contents(), "AAPL").get(1).is_some_and(|qty| qty == "+7"));
    }

    /// Another connection to the journal.
    fn journal(&self) -> rusqlite::Connection {
        let journal = rusqlite::Connection::open(self.home.path().join("state/journal.sqlite")).unwrap();
        journal.busy_timeout(std::time::Duration::ZERO).unwrap();
        journal
    }

    /// Stops the screen, not in the middle of a write: then it would hold the journal, which is a matter of its own.
    fn freeze(&mut self) {
        let journal = self.journal();
        for _ in 0..100 {
            self.tty.signal(Signal::SIGSTOP);
            self.tty.wait_stopped();
            if journal.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
                return;
            }
            self.tty.signal(Signal::SIGCONT);
            self.tty.is_so(50, |_| false);
        }
        panic!("a hundred times in the middle of a write");
    }

    fn shell(&self, args: &[&str]) -> String {
        let (code, said) = crate::counterparty::shell(self.home.path(), args);
        assert_eq!(code, Some(0), "{said}");
        said
    }

    fn see_lock(&mut self, is_locked: bool) {
        let what = if is_locked { "the lock" } else { "no lock" };
        self.tty.wait(what, |s| {
            s.contents().lines().nth(1).is_some_and(|line| line.contains("LOCKED") == is_locked)
        });
    }
}

pub(super) fn configured(home: &Path, venue: &Venue) -> PathBuf {
    let mut config = "[venues.desk]\nkind = \"alpaca\"\nenvironment = \"paper\"\n".to_owned();
    let names = [
        "trading_url",
        "trading_stream_url",
        "data_url",
        "data_stream_url",
        "crypto_stream_url",
        "key_id",
        "secret_key",
    ];
    for name in names {
        writeln!(config, "{name} = \"{}\"", venue.text(name)).unwrap();
    }
    let path = home.join("config.toml");
    std::fs::write(&path, config).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn a_frozen_screen_is_got_out_of_from_a_shell() {
    let mut desk = Desk::open();
    desk.buy("Fills 1");
    desk.freeze();
    let said = desk.shell(&["flatten", "--yes"]);
    assert!(said.contains("FLAT"), "{said}");
    desk.tty.signal(Signal::SIGCONT);
    desk.tty.see("flat: no positions");
    // The lock that the shell left holds here too, until somebody lifts it, here or there.
    desk.see_lock(true);
    desk.shell(&["unlock", "checked every position"]);
    desk.see_lock(false);
    desk.shell(&["lock", "lunch"]);
    desk.see_lock(true);
    desk.tty.signal(Signal::SIGTERM);
    assert_eq!(desk.tty.ended(), 0);
}

/// As a screen that is stopped in the middle of a write does.
#[test]
fn a_journal_that_is_held_for_ever_holds_up_no_exit() {
    let mut desk = Desk::open();
    desk.buy("Fills 1");
    desk.freeze();
    let journal = desk.journal();
    journal.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = desk.shell(&["flatten", "--yes"]);
    assert!(said.contains("FLAT"), "{said}");
    assert!(said.contains("not all of it is in the journal"), "{said}");
    drop(journal);
    desk.tty.signal(Signal::SIGCONT);
    desk.tty.see("flat: no positions");
    // What the venue says is taken in, and the desk trades on.
    desk.buy("Fills 3");
    desk.tty.signal(Signal::SIGTERM);
    assert_eq!(desk.tty.ended(), 0);
}
