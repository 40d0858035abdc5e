//! Goals 10 and 11: from a key press in the terminal to the order's bytes at the venue's socket, in the real program
//! with a hotkey that sends; against a program that does nothing but read the key on one thread and write the same
//! bytes from another. The state directory is on a memory file system where there is one, so that the disk's own sync
//! is not in it; and what the journal's thread takes for one durable fact there, there and back, is measured by itself
//! and taken off. For goal 11 the same while fifty thousand quotes a second come in, nothing taken off.

use super::{
    journal,
    quotes::{self, Pace},
    table::{Limit, Row},
    timing::{clock, micros},
};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel, sync_channel},
    time::{Duration, Instant},
};
use tradedeck::{
    clock::System,
    journal::{Commit, Done, Journal, Mode, Work, Writer},
    paper::server::{Options, serve},
};

/// This program as the yardstick: keys from its terminal, orders to the address that follows.
pub(crate) const CHILD: &str = "--raw-keys";
const PRESSES: usize = 200;
const F5: &[u8] = b"\x1b[15~";
/// What the dashboard sends for the hotkey, near enough in length.
const ORDER: &str = "POST /v2/orders HTTP/1.1\r\nhost: 127.0.0.1\r\napca-api-key-id: PK00000000000000000000\r\napca-api-secret-key: \
     0000000000000000000000000000000000000000\r\ncontent-type: application/json\r\naccept: */*\r\ncontent-length: 130\r\n\r\n";

/// Keys in, orders out, and nothing else.
pub(crate) fn child(address: &str) -> std::io::Result<()> {
    crossterm::terminal::enable_raw_mode()?;
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let (keys, pressed) = channel::<usize>();
    let sender = std::thread::spawn(move || {
        let order = [ORDER.as_bytes(), &[b'x'; 130]].concat();
        let mut answer = [0_u8; 256];
        while pressed.recv().is_ok() {
            if socket.write_all(&order).is_err() || socket.read(&mut answer).is_err() {
                return;
            }
        }
    });
    let mut stdin = std::io::stdin().lock();
    let mut piece = [0_u8; 64];
    loop {
        match stdin.read(&mut piece)? {
            0 => break,
            n => {
                if keys.send(n).is_err() {
                    break;
                }
            }
        }
    }
    drop(keys);
    sender.join().expect("it ends with its channel");
    Ok(())
}

pub(crate) fn key_to_order() -> Vec<Row> {
    let limit = quantiles(raw_keys());
    let kept = quantiles(journal_round_trips());
    let idle = quantiles(dashboard(Pace::Fresh));
    let busy = quantiles(dashboard(Pace::PerSecond(50_000)));
    let sides =
        |(p50, p90): (Duration, Duration)| format!("p50 {:.0} us, p90 {:.0} us", micros(p50), micros(p90));
    vec![
        Row {
            goal: 10,
            what: "key to the order's bytes by HTTP, p50, of the raw limit",
            figure: micros(idle.0.saturating_sub(kept.0)) / micros(limit.0),
            unit: "x",
            limit: Limit::AtMost(1.5),
            sides: format!(
                "{}; of it the journal p50 {:.0} us; raw {}",
                sides(idle),
                micros(kept.0),
                sides(limit)
            ),
        },
        Row {
            goal: 11,
            what: "the same under 50,000 quotes/s, p90, of the idle p90",
            figure: micros(busy.1) / micros(idle.1),
            unit: "x",
            limit: Limit::AtMost(1.5),
            sides: sides(busy),
        },
    ]
}

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 9 / 10])
}

/// One fact handed to the journal's thread, until it says that it is durable; as seldom as people press keys.
fn journal_round_trips() -> Vec<Duration> {
    let dir = memory_dir();
    let path = dir.path().join("state/journal.sqlite");
    let opened = Journal::open(&path, &journal::header(), Mode::Write(journal::run())).unwrap();
    let (done, committed) = sync_channel(16);
    let writer = Writer::spawn(opened, 16, Box::new(Done::into_queue(done))).unwrap();
    let facts = journal::events(4 * PRESSES);
    let times = facts.iter().step_by(4).zip(1..).map(|(fact, ticket)| {
        std::thread::sleep(Duration::from_millis(15));
        clock(|| {
            writer.hand(Work::Commit(Commit { batch: vec![fact.clone()], ticket })).unwrap();
            committed.recv().unwrap().result.unwrap();
        })
    });
    let times = times.collect();
    writer.close().unwrap();
    times
}

/// A listener that tells when the bytes of an order came, and passes everything on.
fn tap(upstream: Option<SocketAddr>) -> (SocketAddr, Receiver<Instant>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, tell) = (stream.unwrap(), tell.clone());
            std::thread::spawn(move || pass(stream, upstream, &tell));
        }
    });
    (address, told)
}

fn pass(mut client: TcpStream, upstream: Option<SocketAddr>, tell: &Sender<Instant>) {
    client.set_nodelay(true).unwrap();
    let mut venue = upstream.map(|at| TcpStream::connect(at).unwrap());
    if let Some(venue) = &venue {
        venue.set_nodelay(true).unwrap();
        let (mut from, mut to) = (venue.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
    }
    let mut piece = [0_u8; 16 * 1024];
    while let Ok(n) = client.read(&mut piece) {
        if n == 0 {
            return;
        }
        if piece[..n].starts_with(b"POST /v2/orders") && tell.send(Instant::now()).is_err() {
            return;
        }
        let passed = match &mut venue {
            Some(venue) => venue.write_all(&piece[..n]),
            None => client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        };
        if passed.is_err() {
            return;
        }
    }
}

/// Presses the key so often, each time as long after the last answer as people wait at least.
fn press(mut keys: impl Write, told: &Receiver<Instant>) -> Vec<Duration> {
    let mut times = Vec::with_capacity(PRESSES);
    for n in 0..PRESSES + 10 {
        std::thread::sleep(Duration::from_millis(25 + u64::try_from(n % 7).unwrap()));
        let pressed = Instant::now();
        keys.write_all(F5).unwrap();
        keys.flush().unwrap();
        let came = told.recv_timeout(Duration::from_secs(5)).expect("an order for each key");
        if n >= 10 {
            times.push(came.saturating_duration_since(pressed));
        }
    }
    times
}

fn terminal(command: CommandBuilder) -> (Box<dyn Child + Send + Sync>, Box<dyn MasterPty + Send>) {
    let size = PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let child = pair.slave.spawn_command(command).unwrap();
    (child, pair.master)
}

fn raw_keys() -> Vec<Duration> {
    let (address, told) = tap(None);
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args([CHILD, &address.to_string()]);
    let (mut child, master) = terminal(command);
    let mut reader = master.try_clone_reader().unwrap();
    std::thread::spawn(move || drop(std::io::copy(&mut reader, &mut std::io::sink())));
    std::thread::sleep(Duration::from_millis(500));
    let times = press(master.take_writer().unwrap(), &told);
    child.kill().unwrap();
    child.wait().unwrap();
    times
}

/// The real program on a paper venue behind the tap, on a feed of this pace.
fn dashboard(pace: Pace) -> Vec<Duration> {
    let dir = memory_dir();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let venue = runtime.block_on(serve(Options::new(std::sync::Arc::new(System::start())))).unwrap();
    let addresses = venue.addresses().clone();
    let upstream = addresses.trading_url.trim_start_matches("http://").parse().unwrap();
    let (tapped, told) = tap(Some(upstream));
    let feed = quotes::feed(pace);
    let config = dir.path().join("config.toml");
    write_private(
        &config,
        &format!(
            "[watchlist]\nsymbols = {:?}\n[limits]\nduplicate = \"off\"\nprice_collar = \"off\"\nstop_required = \"off\"\n\
             order_rate = \"off\"\nsession_closed = \"off\"\n[rules.order_rate]\nresponse = \"off\"\n\
             [rules.orders_per_day]\nresponse = \"off\"\n\
             [hotkeys]\n\"F5\" = {{ line = \"buy AAPL 1 limit 1\", level = \"send\" }}\n\
             [venues.load]\nkind = \"alpaca\"\nenvironment = \"paper\"\n\
             trading_url = \"http://{tapped}\"\ntrading_stream_url = {:?}\ndata_url = {:?}\n\
             data_stream_url = \"{feed}\"\ncrypto_stream_url = \"{feed}\"\nkey_id = {:?}\nsecret_key = {:?}\n",
            quotes::SYMBOLS,
            addresses.trading_stream_url,
            addresses.data_url,
            addresses.key_id,
            addresses.secret_key
        ),
    );
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tradedeck"));
    command.env_clear();
    command.env("HOME", dir.path());
    command.env("TRADEDECK_STATE", dir.path().join("state"));
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.arg("--config");
    command.arg(&config);
    let (mut child, master) = terminal(command);
    let mut reader = master.try_clone_reader().unwrap();
    std::thread::spawn(move || drop(std::io::copy(&mut reader, &mut std::io::sink())));
    std::thread::sleep(Duration::from_secs(6));
    let mut keys = master.take_writer().unwrap();
    keys.write_all(b":arm 60\r").unwrap();
    keys.flush().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let times = press(keys, &told);
    child.kill().unwrap();
    child.wait().unwrap();
    times
}

/// A directory of which a sync costs nothing, where the system has one.
fn memory_dir() -> tempfile::TempDir {
    let shm = PathBuf::from("/dev/shm");
    if shm.is_dir() { tempfile::tempdir_in(shm).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
