//! The shell's commands, as a trader and a script run them: the real binary, real sockets, real files.

use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Secrets that must never come out again.
const CANARY_KEY: &str = "CANARYKEYID0123456789";
const CANARY_SECRET: &str = "canarysecret0123456789abcdefghij";

pub(super) struct Home {
    pub(super) dir: tempfile::TempDir,
}

pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    #[track_caller]
    pub(super) fn done(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self.out
    }
    #[track_caller]
    pub(super) fn json(self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
    /// Ended with this code and this sentence, and panicked nowhere.
    #[track_caller]
    pub(super) fn ended(self, code: i32, sentence: &str) {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        assert!(self.err.contains(sentence), "{sentence:?} is not in {:?}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

impl Home {
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradedeck"));
        command.env_clear().env("HOME", self.dir.path()).env("TRADEDECK_STATE", self.state());
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args))
    }

    pub(super) fn config(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join(".config/tradedeck/config.toml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A paper venue as a process of its own, and the line that it prints.
    fn serve(&self, more: &[&str]) -> (Served, Value) {
        let args = [&["paper", "serve", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = self.command(&args).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Served(child), serde_json::from_str(&line).expect("one line of JSON"))
    }
}

fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

struct Served(Child);

impl Served {
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
    fn stop(mut self, signal: &str) {
        self.signal(signal);
        self.0.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn count(document: &Value, rows: &str) -> usize {
    document[rows].as_array().unwrap_or_else(|| panic!("{rows} in {document}")).len()
}

#[test]
fn a_trade_from_the_first_order_to_the_journal() {
    let home = Home::new();
    let placed = home.run(&["--json", "order", "buy AAPL risk 0.5% stop -2% target 2R"]).json();
    assert_eq!(placed["outcome"], "placed");
    assert_eq!(placed["orders"][0]["state"], "filled", "{placed}");
    assert_eq!(count(&placed, "orders"), 3, "entry, target and stop: {placed}");
    let positions = home.run(&["--json", "positions"]).json();
    let held = positions["positions"][0].clone();
    assert_eq!(held["instrument"]["symbol"], "AAPL");
    assert_eq!(held["qty"], held["protected"], "money and quantities are strings: {held}");
    assert!(held["stop"].is_string() && held["age_ms"].is_u64(), "{held}");
    assert_eq!(count(&home.run(&["orders", "--json"]).json(), "orders"), 2);
    assert_eq!(home.run(&["fills", "--json"]).json()["fills"][0]["side"], "buy");

    let half = home.run(&["--json", "close", "AAPL", "half"]);
    assert_eq!(half.code, 0, "{}", half.err);
    // The protection of the rest arrives before the process ends: nobody is left to wonder.
    let orders = home.run(&["--json", "orders"]).json();
    assert!(orders["orders"].as_array().unwrap().iter().all(|o| o["state"] != "unknown"), "{orders}");
    assert!(home.run(&["positions"]).done().contains("AAPL"));
    let closed = home.run(&["--json", "close", "aapl"]).json();
    assert_eq!(closed["outcome"], "flat", "{closed}");
    assert!(home.run(&["close", "AAPL"]).done().contains("flat already"));

    home.run(&["order", "buy BTCUSD $500"]).done();
    home.run(&["order", "buy MSFT 5 limit -5%"]).done();
    let plan = home.run(&["flatten", "--dry-run"]).done();
    assert!(plan.contains("cancel 1 order, close 1 position"), "{plan}");
    let flat = home.run(&["flatten", "--json"]);
    assert!(flat.err.contains("closing positions"), "progress on standard error: {}", flat.err);
    let flat = flat.json();
    assert_eq!((flat["outcome"].as_str(), count(&flat, "positions")), (Some("flat"), 0), "{flat}");
    home.run(&["order", "buy AAPL 1"]).ended(3, "until a person unlocks");
    home.run(&["unlock", "looked", "at", "it"]).done();
    home.run(&["order", "buy AAPL 1"]).done();

    let report = home.run(&["journal", "verify", "--json"]).json();
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let table = home.run(&["journal", "export", "--symbol", "MSFT"]).done();
    assert!(table.starts_with("seq,time,") && table.contains(",intended,paper,MSFT,"), "{table}");
    let lines = home.run(&["journal", "export", "--format", "jsonl", "--from", "2020-01-01"]).done();
    assert!(lines.lines().count() > 20 && lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()));
    assert_eq!(home.run(&["journal", "export", "--to", "2020-01-01T00:00:00Z"]).done().lines().count(), 1);
    home.run(&["journal", "export", "--from", "yesterday"]).ended(2, "write a day such as");
}

#[test]
fn what_is_wrong_is_said_in_one_sentence_with_the_right_code() {
    let home = Home::new();
    home.run(&["order", "byu AAPL 100"])
        .ended(2, "`byu` at column 1 is not an order word: did you mean `buy`?\n  byu AAPL 100\n  ^^^");
    home.run(&["order", "buy ZZZZQ 1"]).ended(2, "does not know a symbol `ZZZZQ`");
    home.run(&["order", "buy AAPL 1 @nope"]).ended(2, "there is no venue \"nope\"; the venues are paper");
    home.run(&["close", "NOSUCH"]).ended(2, "no venue knows a symbol `NOSUCH`");
    home.run(&["quote", "A$B"]).ended(2, "A$B");
    home.run(&["positions", "nope"]).ended(2, "there is no venue \"nope\"");
    home.run(&["--venue", "nope", "positions"]).ended(2, "flag --venue: `nope`");
    home.run(&["cancel", "td-x-1"]).ended(1, "there is no open order `td-x-1`");
    home.run(&["order", "buy AAPL 10 stop 999"]).ended(2, "stop");
    home.run(&["nonsense"]).ended(2, "nonsense");
    home.run(&["--state", "relative", "positions"]).ended(2, "write a whole path");
    home.run(&["--config", "/nonexistent.toml", "positions"]).ended(2, "/nonexistent.toml");
    let refused = home.run(&["--json", "order", "buy AAPL 999999"]);
    assert_eq!(refused.code, 3);
    let refused = refused.json();
    assert_eq!(refused["outcome"], "refused");
    assert!(refused["checks"].as_array().unwrap().iter().any(|c| c["action"] == "block"), "{refused}");
    let dry = home.run(&["order", "buy AAPL 999999", "--dry-run"]);
    assert!(dry.out.contains("BLOCKS"), "{}", dry.out);
    dry.ended(3, "it would be refused");
    let dry = home.run(&["order", "buy AAPL 10 stop -1% target 2R", "--dry-run"]).done();
    assert!(dry.contains("risk") && dry.contains("buying power") && !dry.contains("BLOCKS"), "{dry}");
    assert_eq!(
        count(&home.run(&["orders", "--all", "--json"]).json(), "orders"),
        0,
        "nothing was sent by any of it"
    );
}

#[test]
fn configuration_is_written_once_and_read_with_line_and_column() {
    let home = Home::new();
    assert!(home.run(&["config", "validate"]).done().contains("is not there"));
    let path = home.dir.path().join(".config/tradedeck/config.toml");
    home.run(&["init"]).done();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    home.run(&["init"]).ended(2, "is there already and was left as it is");
    assert!(home.run(&["config", "validate"]).done().contains("is good"));
    home.config("[ui]\nthme = \"dark\"\nfps = 0\n");
    let place = format!("{}:2:1: `thme` is not a key of [ui]: did you mean `theme`?", path.display());
    home.run(&["config", "validate"]).ended(2, &place);
    home.run(&["positions"]).ended(2, &place);
    let errors = home.run(&["--json", "config", "validate"]).json();
    assert_eq!(count(&errors, "errors"), 2, "all mistakes at once");
    let script = home.dir.path().join("faults.toml");
    fs::write(&script, "[[fault]]\nwhat = \"delya\"\n").unwrap();
    home.config(&format!("[venues.paper]\nkind = \"paper\"\nfaults = {:?}\n", script.display().to_string()));
    home.run(&["config", "validate"]).ended(2, &format!("{}:2:8: ", script.display()));
    home.config("[ui]\nthme = \"dark\"\n");
    home.run(&["init", "--force"]).done();
    assert!(fs::read_to_string(path.with_extension("toml.1")).unwrap().contains("thme"), "nothing is lost");
}

#[test]
fn two_programs_reach_the_same_account_and_a_stale_address_is_noticed() {
    let home = Home::new();
    let (served, line) = home.serve(&[]);
    let secret = line["secret_key"].as_str().unwrap().to_owned();
    home.run(&["order", "buy AAPL 7"]).done();
    let other = ureq(&line, "/v2/positions");
    assert!(other.contains("\"AAPL\"") && other.contains("\"7\""), "the venue itself says so: {other}");
    served.stop("KILL");
    let address = home.state().join("paper/address.json");
    assert!(address.exists(), "killed, it could not clean up");
    let positions = home.run(&["positions", "--json"]).json();
    assert_eq!(positions["positions"][0]["qty"], "7", "the state is kept: {positions}");
    let (served, again) = home.serve(&[]);
    assert_eq!(again["secret_key"], line["secret_key"], "the same account");
    for args in [&["check"][..], &["account"], &["health", "--json"], &["orders", "--all"], &["fills"]] {
        let ran = home.run(args);
        assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "{args:?} shows the secret");
    }
    served.stop("TERM");
    assert!(!address.exists(), "ended in order, it cleans up");
    assert!(!holds(&home.state().join("journal.sqlite"), &secret));
}

#[test]
fn the_shell_works_beside_a_screen_that_has_the_only_market_connection() {
    let home = Home::new();
    let mut screen = crate::spine::open(home.dir.path());
    let quote = home.run(&["quote", "NVDA", "--json"]).json();
    assert!(quote["quotes"][0]["bid"].is_string(), "{quote}");
    home.run(&["order", "buy NVDA 3"]).done();
    crate::spine::wait(&mut screen, "the shell's order on the screen", |s| {
        s.positions.iter().any(|p| p.instrument.symbol.as_str() == "NVDA" && p.qty.to_string() == "3")
    });
    home.run(&["close", "NVDA"]).done();
    crate::spine::wait(&mut screen, "the shell's close on the screen", |s| s.positions.is_empty());
    assert_eq!(
        screen.snapshot().alerts.iter().filter(|a| a.alert.text.as_str().contains("UNKNOWN")).count(),
        0
    );
    screen.close().unwrap();
}

/// A GET by hand: another program than Tradedeck.
fn ureq(line: &Value, path: &str) -> String {
    let url = line["trading_url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(url).unwrap();
    let (key, secret) = (line["key_id"].as_str().unwrap(), line["secret_key"].as_str().unwrap());
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {url}\r\napca-api-key-id: {key}\r\napca-api-secret-key: {secret}\r\nconnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn holds(path: &Path, text: &str) -> bool {
    fs::read(path).unwrap().windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn a_venue_out_of_reach_is_named_and_its_keys_are_not() {
    let home = Home::new();
    let path = home.config(&format!(
        "[venues.far]\nkind = \"alpaca\"\nenvironment = \"paper\"\ntrading_url = \"http://127.0.0.1:1\"\n\
         trading_stream_url = \"ws://127.0.0.1:1/stream\"\ndata_url = \"http://127.0.0.1:1\"\n\
         data_stream_url = \"ws://127.0.0.1:1/v2/iex\"\nkey_id = \"{CANARY_KEY}\"\nsecret_key = \"{CANARY_SECRET}\"\n"
    ));
    let check = home.run(&["check"]);
    assert!(check.out.contains("configuration file"), "which store holds the key: {}", check.out);
    for text in [&check.out, &check.err] {
        assert!(!text.contains(CANARY_KEY) && !text.contains(CANARY_SECRET), "{text}");
    }
    check.ended(1, "not well: far");
    assert!(!holds(&home.state().join("journal.sqlite"), CANARY_SECRET));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["positions"]).ended(2, "chmod 600");
}

#[test]
fn an_interrupted_exit_says_what_is_still_open() {
    let home = Home::new();
    let (served, _) = home.serve(&[]);
    home.run(&["order", "buy AAPL 5"]).done();
    // The venue hears nothing any more.
    served.signal("STOP");
    let mut child = home.command(&["flatten"]).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("orders gone") {
        assert_ne!(err.read_line(&mut said).unwrap(), 0, "no progress: {said}");
    }
    assert!(said.contains("no agreement") && said.contains("going out all the same"), "{said}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "{rest}");
    assert!(rest.contains("the exit is recorded in the journal") && rest.contains("5 AAPL@paper"), "{rest}");
    served.signal("CONT");
    home.run(&["flatten"]).done();
    assert_eq!(count(&home.run(&["positions", "--json"]).json(), "positions"), 0);
}

#[test]
fn a_reader_that_goes_is_no_panic_and_completions_are_there() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.run(&["completions", shell]).done().contains("flatten"), "{shell}");
    }
    let venues = home.run(&["venues"]).done();
    assert!(venues.contains("bracket") && venues.contains("FTX has been bankrupt"), "{venues}");
    let mut child = home.command(&["venues", "--json"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && err.is_empty(), "{err}");
}

#[test]
fn halt_status_and_every_narrowing_of_a_flatten() {
    let home = Home::new();
    let status = home.run(&["--json", "status"]);
    assert_eq!(status.code, 0, "{}", status.err);
    assert!(status.json()["locked"].is_null());
    home.run(&["order", "buy AAPL 4"]).done();
    home.run(&["order", "buy MSFT 3"]).done();
    let plan = home.run(&["--json", "halt"]).json();
    assert_eq!(plan["outcome"], "plan", "{plan}");
    let venue = plan["plan"]["venues"][0].clone();
    assert_eq!((count(&venue, "closes"), venue["badge"].as_str()), (2, Some("PAPER")), "{plan}");
    assert!(venue["account"].as_str().unwrap().starts_with('…'), "{venue}");
    let status = home.run(&["--json", "status"]).json();
    assert_eq!(
        (status["locked"].as_str(), status["positions"].as_u64()),
        (Some("HALT"), Some(2)),
        "{status}"
    );

    let plan = home.run(&["--json", "flatten", "--side", "shorts", "--dry-run"]).json();
    assert_eq!(count(&plan["plan"]["venues"][0], "closes"), 0, "{plan}");
    home.run(&["flatten", "--share", "0%"]).ended(2, "write 50%");
    home.run(&["flatten", "--share", "AAPL"]).ended(2, "write 50%");
    home.run(&["flatten", "--side", "longs", "--pick", "losers"]).ended(2, "cannot be used with");
    home.run(&["flatten", "--account", "nobody"]).ended(2, "no account has the number nobody");
    let half =
        home.run(&["--json", "flatten", "--symbol", "AAPL", "--side", "longs", "--share", "50%"]).json();
    assert_eq!(half["outcome"], "done", "{half}");
    let held = home.run(&["--json", "positions"]).json();
    assert_eq!(held["positions"][0]["qty"], "2", "{held}");
    let flat = home.run(&["--json", "flatten", "--side", "longs"]).json();
    assert_eq!(flat["outcome"], "flat", "{flat}");
    let status = home.run(&["status"]);
    assert_eq!(status.code, 0, "{}", status.err);
    assert!(
        status.out.contains("LOCKED: HALT") && status.out.contains("last exit: flatten the longs"),
        "{}",
        status.out
    );
}

/// The way out against venues that fail on purpose, judged by the venues' own record: the program's very command.
#[test]
fn a_rehearsal_ends_flat_sends_nothing_twice_and_turns_nothing() {
    std::thread::scope(|scope| {
        for scenario in ["calm", "streams-down", "timeouts", "rate-limit", "held-balance"] {
            scope.spawn(move || {
                let home = Home::new();
                let said = home.run(&["--json", "rehearse", scenario]).json();
                let venue = &said["venues"][0];
                assert_eq!(venue["phase"], "FLAT", "{said}");
                for count in ["sent_twice", "positions_really_left", "orders_really_left"] {
                    assert_eq!(venue[count], 0, "{scenario}: {said}");
                }
                assert_eq!(venue["turned"], serde_json::json!([]), "{scenario}: {said}");
                assert!(venue["requests"].as_u64().unwrap() > 100, "{scenario}: {said}");
            });
        }
    });
    let home = Home::new();
    home.run(&["rehearse", "lunch"]).ended(2, "lunch");
}
