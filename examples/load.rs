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

use futures_util::{SinkExt as _, StreamExt as _};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::json;
use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use tradedeck::{
    clock::System,
    paper::server::{Addresses, Options, serve},
};

const SYMBOLS: [&str; 20] = [
    "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "AMD", "NFLX", "INTC", "JPM", "BAC", "XOM",
    "KO", "DIS", "SPY", "QQQ", "IWM", "GLD", "TLT",
];
/// Until everything is loaded and stands still.
const SETTLE: Duration = Duration::from_secs(8);
/// Quotes leave in a burst each of these.
const BURST_MS: u64 = 2;

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
    let (venue, feed) = runtime.block_on(async {
        let venue = serve(Options::new(std::sync::Arc::new(System::start()))).await.expect("the paper venue");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let feed = format!("ws://{}/v2/iex", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, rate));
            }
        });
        (venue, feed)
    });
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
        "{rate} quotes/s for {took:.0} s: {:.2}% of a core, {:.1} wakes/s, {:.0} bytes/s to the terminal",
        (after.cpu - before.cpu) / took * 100.0,
        (after.wakes - before.wakes) as f64 / took,
        written as f64 / took,
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
        "[watchlist]\nsymbols = {SYMBOLS:?}\n\
         [venues.load]\nkind = \"alpaca\"\nenvironment = \"paper\"\n\
         trading_url = {:?}\ntrading_stream_url = {:?}\ndata_url = {:?}\n\
         data_stream_url = {feed:?}\ncrypto_stream_url = {feed:?}\n\
         key_id = {:?}\nsecret_key = {:?}\n",
        venue.trading_url, venue.trading_stream_url, venue.data_url, venue.key_id, venue.secret_key
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
    let stat = std::fs::read_to_string(process.join("stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap()).sum();
    let tasks = std::fs::read_dir(process.join("task")).unwrap();
    let wakes = tasks.filter_map(Result::ok).filter_map(|task| {
        let status = std::fs::read_to_string(task.path().join("status")).ok()?;
        let line = status.lines().find(|l| l.starts_with("voluntary_ctxt_switches"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    // Linux counts processor time in hundredths of a second here.
    Used { cpu: ticks as f64 / 100.0, wakes: wakes.sum() }
}

/// One connection to the feed: greets, lets anyone in, and sends quotes of what was subscribed.
async fn talk(stream: TcpStream, rate: u64) {
    stream.set_nodelay(true).unwrap();
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    say(&mut socket, &json!([{"T": "success", "msg": "connected"}])).await;
    let mut burst = tokio::time::interval(Duration::from_millis(BURST_MS));
    let (mut sent, mut subscribed) = (0_u64, false);
    loop {
        tokio::select! {
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let asked: serde_json::Value = serde_json::from_str(&text).unwrap();
                    if asked["action"] == "auth" {
                        say(&mut socket, &json!([{"T": "success", "msg": "authenticated"}])).await;
                    } else {
                        subscribed |= !asked["quotes"].as_array().is_none_or(Vec::is_empty);
                        say(&mut socket, &json!([{"T": "subscription", "quotes": asked["quotes"]}])).await;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            _ = burst.tick(), if subscribed && rate > 0 => {
                for _ in 0..rate * BURST_MS / 1_000 {
                    sent += 1;
                    if socket.feed(Message::text(quote(sent))).await.is_err() {
                        return;
                    }
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &serde_json::Value) {
    // A client that has gone shows at the next read.
    drop(socket.send(Message::text(message.to_string())).await);
}

fn quote(n: u64) -> String {
    let symbol = SYMBOLS.iter().cycle().nth(usize::try_from(n % 20).unwrap()).unwrap();
    let cents = 10_000 + n * 7 % 50;
    let at = jiff::Timestamp::now();
    format!(
        r#"[{{"T":"q","S":"{symbol}","bx":"V","bp":{}.{:02},"bs":3,"ax":"V","ap":{}.{:02},"as":2,"c":["R"],"z":"C","t":"{at}"}}]"#,
        cents / 100,
        cents % 100,
        (cents + 1) / 100,
        (cents + 1) % 100
    )
}
