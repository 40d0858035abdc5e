//! Sessions are recorded as they were shown, and played back: the same last snapshot, byte for byte; whatever became of
//! the program that wrote them; and on a real terminal, where nothing can be sent.

use super::{
    counterparty::shell,
    spine::{run, wait},
    terminal::{Tty, dashboard, dashboard_with},
};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tradedeck::{
    config::{Config, Env, Flags, Recordings},
    desk::{Reply, Snapshot},
    domain::lifecycle::OrderState,
    recording::{Film, Recording, Shelf},
    runtime::{Client, Deck, Host, Opening, Role},
};

/// A market order that fills in parts, and a stream that is down for a while.
const FAULTS: &str = r#"
[[fault]]
what = "partial"
on = "submit"
side = "buy"
symbol = "MSFT"
fill_percent = 40
then = "rest"

[[fault]]
what = "down"
on = "trade_updates"
from_s = 8
until_s = 11
"#;

fn open(home: &Path, recordings: Recordings, faults: Option<&str>) -> Client {
    let env = Env::new([
        ("HOME".to_owned(), home.display().to_string()),
        ("TRADEDECK_STATE".to_owned(), home.join("state").display().to_string()),
    ]);
    let mut config = Config { recordings, ..Config::default() };
    config.paths.state = Some(home.join("state"));
    if let (Some(script), Some(venue)) = (faults, config.venues.first_mut()) {
        let path = home.join("faults.toml");
        fs::write(&path, script).unwrap();
        venue.paper.faults = Some(path);
    }
    let opening =
        Opening { config, env, flags: Flags::default(), role: Role::Screen, live: None, looks: false };
    let mut client = Client::over(Deck::Own(Host::open(opening).unwrap())).unwrap();
    wait(&mut client, "agreement and quotes", |s| {
        s.banner.lamps.iter().all(|l| l.connected)
            && s.watchlist.iter().filter(|w| w.bid.is_some()).count() >= 5
    });
    client
}

/// An empty home, with an empty configuration for the shell.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.toml"), "").unwrap();
    home
}

fn recordings(home: &Path) -> Vec<PathBuf> {
    Shelf::of(&home.join("state")).list().unwrap().into_iter().map(|e| e.path).collect()
}

fn bytes(snapshot: &Snapshot) -> Vec<u8> {
    serde_json::to_vec(snapshot).unwrap()
}

/// Lives a session and returns the last snapshot that it showed.
fn live(home: &Path, faults: Option<&str>, life: impl FnOnce(&mut Client)) -> Arc<Snapshot> {
    let mut client = open(home, Recordings::default(), faults);
    let shown = client.deck().desk().snapshots.clone();
    life(&mut client);
    client.close().unwrap();
    Arc::clone(&shown.borrow())
}

fn is_placed(reply: &Reply) -> bool {
    matches!(reply, Reply::Placed { .. })
}

#[test]
fn a_session_with_brackets_partial_fills_a_disconnect_and_a_flatten_is_played_to_the_same_end() {
    let home = home();
    let last = live(home.path(), Some(FAULTS), |client| {
        assert!(is_placed(&run(client, "buy AAPL 10 stop -2% target 2R")));
        wait(client, "the bracket's exits", |s| {
            s.positions.iter().any(|p| p.instrument.symbol.as_str() == "AAPL" && p.protected == p.qty.size())
        });
        assert!(is_placed(&run(client, "buy MSFT 10")));
        wait(client, "a part of it", |s| {
            s.orders.iter().any(|o| o.symbol.as_str() == "MSFT" && o.filled.to_string() == "4")
        });
        wait(client, "the stream to be gone", |s| s.banner.lamps.iter().any(|l| !l.connected));
        wait(client, "the stream to be back", |s| s.banner.lamps.iter().all(|l| l.connected));
        assert!(matches!(run(client, "flatten"), Reply::Done(_)));
        wait(client, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    });
    assert!(last.fills.len() >= 4 && last.orders.iter().all(|o| o.state.is_final()), "{:#?}", last.orders);

    let paths = recordings(home.path());
    let [path] = &paths[..] else { panic!("{paths:?}") };
    let mut film = Film::open(&paths).unwrap();
    assert_eq!(film.wounds().count(), 0);
    let mut seqs = Vec::new();
    let (mut was_partial, mut was_down, mut was_flattening) = (false, false, false);
    for frame in 0..film.len() {
        let s = film.snapshot(frame).unwrap();
        seqs.push(s.seq);
        was_partial |= s.orders.iter().any(|o| o.state == OrderState::Working && o.filled.to_string() == "4");
        was_down |= s.banner.lamps.iter().any(|l| !l.connected && l.environment.is_some());
        was_flattening |= s.exit.as_ref().is_some_and(|e| e.ended.is_none());
    }
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    assert!(was_partial && was_down && was_flattening, "{was_partial} {was_down} {was_flattening}");
    let played = film.snapshot(film.len() - 1).unwrap();
    assert_eq!(bytes(&played), bytes(&last), "byte for byte");
    // Backwards, too.
    for frame in (0..film.len()).rev().step_by(7) {
        assert_eq!(film.snapshot(frame).unwrap().seq, seqs[frame]);
    }

    // The program says the same, and that file and directory are the owner's alone.
    let (code, said) = shell(home.path(), &["replay", path.to_str().unwrap(), "--final", "--json"]);
    let document: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"));
    assert_eq!((code, document), (Some(0), serde_json::to_value(&*last).unwrap()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
    let (code, said) = shell(home.path(), &["replay", "--list", "--json"]);
    let list: Value = serde_json::from_str(&said).unwrap();
    let row = &list["recordings"][0];
    assert_eq!((code, row["snapshots"].as_u64()), (Some(0), u64::try_from(film.len()).ok()), "{said}");
    assert!(row["alerts"].as_u64().unwrap() > 0 && row["wounds"] == Value::Array(vec![]), "{said}");
}

#[test]
fn nothing_is_recorded_where_nobody_wants_it_and_the_oldest_go() {
    let home = home();
    open(home.path(), Recordings { on: false, ..Recordings::default() }, None).close().unwrap();
    assert_eq!(recordings(home.path()), Vec::<PathBuf>::new());
    let (code, said) = shell(home.path(), &["replay", "today"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no session was recorded that began on"), "{said}");

    live(home.path(), None, |_| {});
    let dir = home.path().join("state/recordings");
    let old = dir.join("20200101T000000Z-abcdefghij.tdr");
    fs::copy(&recordings(home.path())[0], &old).unwrap();
    live(home.path(), None, |_| {});
    let left = recordings(home.path());
    assert!(left.len() == 2 && !left.contains(&old), "{left:?}");
    let (code, said) = shell(home.path(), &["replay", "--list"]);
    assert_eq!((code, said.matches(".tdr").count()), (Some(0), 2), "{said}");

    // What is no recording is named.
    for (what, why) in [
        (home.path().join("state/journal.sqlite").display().to_string(), "is a journal"),
        (
            "2020-01-01".to_owned(),
            "no session was recorded that began on 2020-01-01; the nearest day with one is",
        ),
        ("tomorrow".to_owned(), "is neither a file nor a day"),
        (env!("CARGO_BIN_EXE_tradedeck").to_owned(), "is not a recording of tradedeck"),
    ] {
        let (code, said) = shell(home.path(), &["replay", &what, "--final"]);
        assert!(code.is_some_and(|c| c > 0) && said.contains(why), "{what}: {code:?} {said}");
    }
}

/// A dashboard trades and is killed; what was on its screen is in its recording.
fn killed(home: &Path) -> PathBuf {
    let mut tty = dashboard(home, &[]);
    tty.see("trading is open");
    tty.see_quotes();
    tty.press(":tour off\r");
    tty.press(":buy AAPL 5 limit +1% ext\r");
    tty.see("Enter do it");
    tty.insist("\r", "Fills 1");
    tty.press(":lock the owl\r");
    tty.see("LOCKED");
    tty.see("the owl");
    let shelf = Shelf::of(&home.join("state"));
    tty.wait("the lock to be in the recording", |_| {
        let path = shelf.list().unwrap().pop().map(|e| e.path);
        let mut film = path.and_then(|path| Film::open(&[path]).ok());
        let last = film.as_mut().map(|film| film.snapshot(film.len() - 1).unwrap());
        last.is_some_and(|s| s.banner.locked.is_some() && s.fills.len() == 1)
    });
    tty.signal(Signal::SIGKILL);
    tty.ended();
    recordings(home).pop().unwrap()
}

fn paused(tty: &mut Tty) {
    tty.see(" PAUSED ");
}

#[test]
fn a_killed_dashboard_is_played_on_a_terminal_where_nothing_can_be_sent() {
    let home = tempfile::tempdir().unwrap();
    let path = killed(home.path());
    let recording = Recording::open(&path).unwrap();
    assert!(recording.times().len() > 5 && recording.alerts() > 0);

    let mut tty = dashboard_with(home.path(), &[], &["replay", path.to_str().unwrap()]);
    tty.see(" REPLAY ");
    tty.see(" playing ");
    tty.press(" ");
    paused(&mut tty);
    tty.press(":seek end\r");
    tty.see("AAPL");
    tty.see("the owl");
    tty.press(":buy AAPL 1\r");
    tty.see("nothing can be sent");
    tty.press("\x1b");
    tty.see_gone("nothing can be sent");
    tty.press("\x18");
    tty.see("this is a replay");
    tty.press(":seek start\r");
    tty.see_gone("LOCKED");
    tty.press(":find owl\r");
    tty.see("the owl");
    paused(&mut tty);
    tty.press(",");
    tty.wait("no lock a snapshot before", |s| !s.contents().contains("LOCKED"));
    tty.press(".");
    tty.see("LOCKED");
    tty.press(">");
    tty.see(" 2x PAUSED ");
    tty.press(":speed max\r");
    tty.press(":play\r");
    tty.see("the end of the session");
    tty.press(":quit\r");
    assert_eq!(tty.ended(), 0);
    assert_eq!(recordings(home.path()), [path], "a replay records nothing");
}
