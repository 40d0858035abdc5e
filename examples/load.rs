//! What the running dashboard costs: the real program in a terminal of 200 by 60, on a venue of this computer that
//! sends so many quotes a second.
//!
//! `cargo build --release && cargo run --release --example load -- --rate 10000 --seconds 20` (a rate of 0 is idle)
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, divides times, and ends where something is not as it must be"
)]

#[path = "../benches/goals/quotes.rs"]
#[expect(dead_code, reason = "the benches want other parts of it")]
mod quotes;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};
use tradedeck::{
    clock::System,
    paper::server::{Addresses, Options, serve},
};

/// Until everything is loaded and stands still.
const SETTLE: Duration = Duration::from_secs(8);

fn argument(name: &str, default: u64) -> u64 {
    let args: Vec<String> = std::env::args().collect();
    let given = args.iter().position(|a| a == name).and_then(|at| args.get(at + 1));
    given.map_or(default, |text| text.parse().expect("a whole number"))
}

fn main() {
    let (rate, seconds) = (argument("--rate", 10_000), argument("--seconds", 20));
    let program = program();
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let venue = runtime.block_on(serve(Options::new(std::sync::Arc::new(System::start()))));
    let venue = venue.expect("the paper venue");
    let feed = quotes::feed(if rate == 0 { quotes::Pace::Silent } else { quotes::Pace::PerSecond(rate) });
    let config = write_config(dir.path(), venue.addresses(), &feed);
    let (mut child, bytes) = dashboard(&program, dir.path(), &config);
    let process = Path::new("/proc").join(child.process_id().expect("it runs").to_string());
    let mut screen = vt100::Parser::new(60.try_into().unwrap(), 200.try_into().unwrap(), 0);
    read_for(&bytes, SETTLE, &mut screen);
    let shown = screen.screen().contents();
    assert!(shown.contains("PAPER") && shown.contains("AAPL"), "the dashboard is not up:\n{shown}");
    let (before, start) = (used(&process), Instant::now());
    let written = read_for(&bytes, Duration::from_secs(seconds), &mut screen);
    let (after, took) = (used(&process), start.elapsed().as_secs_f64());
    child.kill().unwrap();
    let out = &mut std::io::stdout().lock();
    writeln!(
        out,
        "{rate} quotes/s for {took:.0} s: {:.2}% of a core, {:.1} wakes/s, {:.0} bytes/s to the terminal; a bare parse of a \
         quote takes {:.0} ns here",
        (after.cpu - before.cpu) / took * 100.0,
        (after.wakes - before.wakes) as f64 / took,
        written as f64 / took,
        yardstick_ns(),
    )
    .unwrap();
}

/// The program beside this example.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().and_then(Path::parent).expect("an example lies in a directory").join("tradedeck");
    assert!(path.exists(), "{} is missing: `cargo build --release` makes it", path.display());
    path
}

fn write_config(dir: &Path, venue: &Addresses, feed: &str) -> PathBuf {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = dir.join("config.toml");
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    write!(
        file,
        "[watchlist]\nsymbols = {:?}\n\
         [venues.load]\nkind = \"alpaca\"\nenvironment = \"paper\"\n\
         trading_url = {:?}\ntrading_stream_url = {:?}\ndata_url = {:?}\n\
         data_stream_url = {feed:?}\ncrypto_stream_url = {feed:?}\n\
         key_id = {:?}\nsecret_key = {:?}\n",
        quotes::SYMBOLS,
        venue.trading_url,
        venue.trading_stream_url,
        venue.data_url,
        venue.key_id,
        venue.secret_key
    )
    .unwrap();
    path
}

fn dashboard(
    program: &Path,
    dir: &Path,
    config: &Path,
) -> (Box<dyn portable_pty::Child + Send + Sync>, Receiver<Vec<u8>>) {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    command.cwd(dir);
    command.env("HOME", dir);
    command.env("TRADEDECK_STATE", dir.join("state"));
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env("LANG", "C.UTF-8");
    command.arg("--config");
    command.arg(config);
    let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let child = pair.slave.spawn_command(command).unwrap();
    let (sender, bytes) = channel();
    std::thread::spawn(move || {
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut piece = [0_u8; 8_192];
        while let Ok(n) = reader.read(&mut piece) {
            if n == 0 || sender.send(piece.iter().take(n).copied().collect()).is_err() {
                return;
            }
        }
    });
    (child, bytes)
}

/// Reads what the program writes for so long; gives how much it was.
fn read_for(bytes: &Receiver<Vec<u8>>, time: Duration, screen: &mut vt100::Parser) -> usize {
    let (start, mut written) = (Instant::now(), 0);
    while let Some(left) = time.checked_sub(start.elapsed()) {
        if let Ok(piece) = bytes.recv_timeout(left) {
            written += piece.len();
            screen.process(&piece);
        }
    }
    written
}

/// What a process has used.
struct Used {
    /// Seconds of processor time.
    cpu: f64,
    /// How often one of its threads was woken.
    wakes: u64,
}

fn used(process: &Path) -> Used {
    let mut used = Used { cpu: 0.0, wakes: 0 };
    for task in std::fs::read_dir(process.join("task")).unwrap().filter_map(Result::ok) {
        let read = |name| std::fs::read_to_string(task.path().join(name));
        // A thread that has just ended is not counted.
        let (Ok(times), Ok(status)) = (read("schedstat"), read("status")) else { continue };
        let nanos: u64 = times.split_whitespace().next().unwrap().parse().unwrap();
        let line = status.lines().find(|l| l.starts_with("voluntary_ctxt_switches")).unwrap();
        used.cpu += nanos as f64 / 1e9;
        used.wakes += line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
    }
    used
}

/// A quote as any client would read it at the least: what this machine does in a moment, to judge the rest by.
#[derive(serde::Deserialize)]
struct Bare<'a> {
    #[serde(rename = "S", borrow)]
    symbol: &'a str,
    bp: &'a serde_json::value::RawValue,
    ap: &'a serde_json::value::RawValue,
    t: &'a str,
}

/// Nanoseconds for the bare parse of one quote here and now: the median of some rounds.
fn yardstick_ns() -> f64 {
    let quote = quotes::sample();
    let mut rounds: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..20_000 {
                let [read]: [Bare<'_>; 1] = serde_json::from_str(std::hint::black_box(&quote)).unwrap();
                std::hint::black_box((read.symbol, read.bp, read.ap, read.t));
            }
            start.elapsed().as_secs_f64() * 1e9 / 20_000.0
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[4]
}
