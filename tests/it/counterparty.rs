//! The other side of an account: the paper venue in a process of its own, and proxies before its requests and its
//! streams that lie, lose and fall silent as a test tells them.

use super::loopback::{Reply, Seen, answer, read_request};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_tungstenite::{accept_async, connect_async, tungstenite::Message};
use tradedeck::{
    config::{Config, Env, Flags},
    desk::Snapshot,
    runtime::{Client, Host, Opening, Role},
};

/// `tradedeck paper serve`, killed when it is dropped; or the same in this process, where a test makes its market.
#[derive(Debug)]
pub(crate) struct Venue {
    runs: Runs,
    pub(crate) at: Value,
}

#[derive(Debug)]
enum Runs {
    There(Child),
    Here(Box<tradedeck::paper::server::Running>),
}

impl Drop for Venue {
    fn drop(&mut self) {
        if let Runs::There(process) = &mut self.runs {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

impl Venue {
    pub(crate) fn start(dir: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_tradedeck"))
            .args(["paper", "serve", "--listen", "127.0.0.1:0", "--seed", "7", "--data-dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: the venue said {line:?}"));
        Self { runs: Runs::There(process), at }
    }

    /// With the same seed, on this runtime.
    async fn here(dir: &Path) -> Self {
        let mut options = tradedeck::paper::server::Options::new(Arc::new(tradedeck::clock::System::start()));
        (options.seed, options.data_dir) = (Some(7), Some(dir.to_owned()));
        let running = tradedeck::paper::server::serve(options).await.unwrap();
        let at = serde_json::to_value(running.addresses()).unwrap();
        Self { runs: Runs::Here(Box::new(running)), at }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.at[name].as_str().unwrap()
    }
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// The venue answers it.
    Pass,
    /// The venue never sees it.
    Instead(Reply),
    /// The venue does it, and the program is told this.
    After(Reply),
}

/// What becomes of the venue's words before the program hears them.
pub(crate) type Edit = Arc<dyn Fn(String) -> String + Send + Sync>;

fn as_said() -> watch::Sender<Edit> {
    watch::Sender::new(Arc::new(|text| text))
}

pub(crate) type Plan = Arc<dyn Fn(&Seen) -> Fate + Send + Sync>;

/// A proxy before the venue's requests.
pub(crate) struct Desk {
    pub(crate) addr: SocketAddr,
    plan: watch::Sender<Plan>,
    seen: watch::Sender<Vec<Seen>>,
    edit: watch::Sender<Edit>,
    skew_ms: watch::Sender<i64>,
    upstream: Upstream,
    open: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct Upstream {
    http: reqwest::Client,
    base: String,
    key_id: String,
    secret_key: String,
}

impl Upstream {
    async fn call(&self, seen: &Seen) -> Option<reqwest::Response> {
        let mut request =
            self.http.request(seen.method.parse().ok()?, format!("{}{}", self.base, seen.target));
        for (name, value) in &seen.headers {
            if !["host", "content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()) {
                request = request.header(name, value);
            }
        }
        request.body(seen.body.clone()).send().await.ok()
    }

    /// The venue's own word, past the proxy.
    async fn get(&self, path: &str) -> Value {
        loop {
            let request = self.http.get(format!("{}{path}", self.base));
            let request = request.header("APCA-API-KEY-ID", &self.key_id);
            let response = request.header("APCA-API-SECRET-KEY", &self.secret_key).send().await.unwrap();
            if response.status() != 429 {
                return serde_json::from_str(&response.text().await.unwrap()).unwrap();
            }
            // Its rate limit is the venue's, and a test may look often.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }
}

/// The venue's own date, off by so much.
fn off_by(date: &str, ms: i64) -> Option<String> {
    let at = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let shifted = at.checked_add(jiff::SignedDuration::from_millis(ms)).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&shifted).ok()
}

async fn forwarded(response: reqwest::Response, edit: &Edit, skew_ms: i64) -> Reply {
    let status = response.status().as_u16();
    let mut headers = Vec::new();
    for name in ["content-type", "date", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        if let Some(value) = response.headers().get(name).and_then(|v| v.to_str().ok()) {
            let shifted = if name == "date" { off_by(value, skew_ms) } else { None };
            headers.push((name, shifted.unwrap_or_else(|| value.to_owned())));
        }
    }
    match response.text().await {
        Ok(body) => Reply::Full(status, headers, edit(body).into_bytes()),
        Err(_) => Reply::Gone,
    }
}

async fn fare(upstream: &Upstream, seen: &Seen, fate: Fate, edit: &Edit, skew_ms: i64) -> Reply {
    match fate {
        Fate::Instead(reply) => reply,
        Fate::Pass => match upstream.call(seen).await {
            Some(response) => forwarded(response, edit, skew_ms).await,
            None => Reply::Gone,
        },
        Fate::After(reply) => {
            let status = upstream.call(seen).await.map(|r| r.status());
            assert!(status.is_some_and(|s| s.is_success()), "the venue was to do it: {status:?} {seen:?}");
            reply
        }
    }
}

impl Desk {
    pub(crate) async fn open(venue: &Venue) -> Self {
        // Loopback needs no TLS, but the client wants to know its provider all the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let redirect = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(redirect).build().unwrap();
        let text = |name: &str| venue.text(name).to_owned();
        let upstream = Upstream {
            http,
            base: text("trading_url"),
            key_id: text("key_id"),
            secret_key: text("secret_key"),
        };
        let all_pass: Plan = Arc::new(|_| Fate::Pass);
        let (plan, seen) = (watch::Sender::new(all_pass), watch::Sender::new(Vec::new()));
        let (addr, edit) = (SocketAddr::from(([127, 0, 0, 1], 0)), as_said());
        let skew_ms = watch::Sender::new(0);
        let mut desk = Self { addr, plan, seen, edit, skew_ms, upstream, open: None };
        desk.reopen().await;
        desk
    }

    /// Nobody listens any more: connections are refused, and those that stood are gone.
    pub(crate) async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            drop(open.await);
        }
    }

    pub(crate) async fn reopen(&mut self) {
        let listener = TcpListener::bind(self.addr).await.unwrap();
        self.addr = listener.local_addr().unwrap();
        let (upstream, plan, seen) = (self.upstream.clone(), self.plan.clone(), self.seen.clone());
        let (edit, skew_ms) = (self.edit.clone(), self.skew_ms.clone());
        self.open = Some(tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let heard = Heard {
                    plan: plan.clone(),
                    seen: seen.clone(),
                    edit: edit.clone(),
                    skew_ms: skew_ms.clone(),
                };
                connections.spawn(attend(stream, upstream.clone(), heard));
            }
        }));
    }

    /// From now on.
    pub(crate) fn plan(&self, plan: impl Fn(&Seen) -> Fate + Send + Sync + 'static) {
        self.plan.send_replace(Arc::new(plan));
    }

    /// From now on the venue's answers are told so.
    pub(crate) fn edit(&self, edit: impl Fn(String) -> String + Send + Sync + 'static) {
        self.edit.send_replace(Arc::new(edit));
    }

    /// From now on the venue's clock is off by so much.
    pub(crate) fn skew(&self, ms: i64) {
        self.skew_ms.send_replace(ms);
    }

    pub(crate) fn seen(&self, what: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        self.seen.borrow().iter().filter(|s| what(s)).cloned().collect()
    }

    /// The client ids of the orders that were sent, as often as they were sent.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.seen(is_order).iter().map(|s| s.json()["client_order_id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn ask(&self, path: &str) -> Value {
        self.upstream.get(path).await
    }
}

/// Is it a new order?
pub(crate) fn is_order(seen: &Seen) -> bool {
    seen.method == "POST" && seen.path() == "/v2/orders"
}

/// What a connection to the desk goes by.
struct Heard {
    plan: watch::Sender<Plan>,
    seen: watch::Sender<Vec<Seen>>,
    edit: watch::Sender<Edit>,
    skew_ms: watch::Sender<i64>,
}

async fn attend(mut stream: TcpStream, upstream: Upstream, heard: Heard) {
    let Heard { plan, seen, edit, skew_ms } = heard;
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        seen.send_modify(|all| all.push(request.clone()));
        let fate = {
            let plan = plan.borrow().clone();
            plan(&request)
        };
        let (edit, skew_ms) = (edit.borrow().clone(), *skew_ms.borrow());
        let reply = fare(&upstream, &request, fate, &edit, skew_ms).await;
        if !answer(&mut stream, reply).await {
            return;
        }
    }
}

/// What a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Carries everything.
    Carry,
    /// Answers pings, but the venue's news is lost.
    Lose,
    /// Says nothing at all, with the connection open.
    Stall,
    /// Accepts a connection and never answers the upgrade.
    Deaf,
}

/// A proxy before one of the venue's streams.
pub(crate) struct Wire {
    addr: SocketAddr,
    mood: watch::Sender<Mood>,
    cuts: watch::Sender<u64>,
    inject: broadcast::Sender<Message>,
    /// What the venue said, oldest first.
    heard: watch::Sender<Vec<Message>>,
    edit: watch::Sender<Edit>,
    open: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.open.abort();
    }
}

#[derive(Clone)]
struct Line {
    mood: watch::Receiver<Mood>,
    cuts: watch::Receiver<u64>,
    inject: broadcast::Sender<Message>,
    heard: watch::Sender<Vec<Message>>,
    edit: watch::Sender<Edit>,
    upstream: String,
}

impl Wire {
    pub(crate) async fn open(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (mood, cuts) = (watch::Sender::new(Mood::Carry), watch::Sender::new(0));
        let (inject, heard) = (broadcast::Sender::new(64), watch::Sender::new(Vec::new()));
        let edit = as_said();
        let line = Line {
            edit: edit.clone(),
            mood: mood.subscribe(),
            cuts: cuts.subscribe(),
            inject: inject.clone(),
            heard: heard.clone(),
            upstream: upstream.to_owned(),
        };
        let open = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(line.clone().carry(stream));
            }
        });
        Self { addr, mood, cuts, inject, heard, edit, open }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.addr)
    }
    pub(crate) fn mood(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
    /// From now on the venue's news are told so.
    pub(crate) fn edit(&self, edit: impl Fn(String) -> String + Send + Sync + 'static) {
        self.edit.send_replace(Arc::new(edit));
    }
    /// Ends the connections that stand.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|n| *n += 1);
    }
    /// Says this to the program, in the venue's name.
    pub(crate) fn say(&self, message: impl Into<Message>) {
        self.inject.send(message.into()).expect("a connection stands");
    }
    pub(crate) fn heard(&self) -> Vec<Message> {
        self.heard.borrow().clone()
    }
}

impl Line {
    async fn carry(mut self, stream: TcpStream) {
        let mut cuts = self.cuts.clone();
        cuts.mark_unchanged();
        if *self.mood.borrow() == Mood::Deaf {
            let _held = stream;
            drop(self.mood.wait_for(|m| *m != Mood::Deaf).await);
            return;
        }
        let Ok(mut client) = accept_async(stream).await else { return };
        let Ok((mut venue, _)) = connect_async(&self.upstream).await else { return };
        let mut injected = self.inject.subscribe();
        loop {
            let mood = *self.mood.borrow_and_update();
            let speaks = mood != Mood::Stall;
            tokio::select! {
                _ = cuts.changed() => return,
                changed = self.mood.changed() => if changed.is_err() { return },
                said = injected.recv() => if client.send(said.unwrap()).await.is_err() { return },
                said = client.next(), if speaks => match said {
                    Some(Ok(m)) if m.is_text() || m.is_binary() => if venue.send(m).await.is_err() { return },
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
                said = venue.next() => match said {
                    Some(Ok(m)) if m.is_text() || m.is_binary() => {
                        self.heard.send_modify(|all| all.push(m.clone()));
                        let edit = self.edit.borrow().clone();
                        if mood == Mood::Carry && client.send(edited(m, &edit)).await.is_err() { return }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
            }
        }
    }
}

/// Texts are text in binary frames too, where they are JSON.
fn edited(message: Message, edit: &Edit) -> Message {
    match message {
        Message::Text(text) => Message::text(edit(text.as_str().to_owned())),
        Message::Binary(bytes) => match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Message::binary(edit(text).into_bytes()),
            Err(_) => Message::Binary(bytes),
        },
        other @ (Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => other,
    }
}

/// The venue with every proxy before it, and the configuration that leads there.
pub(crate) struct Counterparty {
    pub(crate) runtime: Runtime,
    pub(crate) desk: Desk,
    pub(crate) orders: Wire,
    pub(crate) market: Wire,
    pub(crate) venue: Venue,
}

impl Counterparty {
    pub(crate) fn start(dir: &Path) -> Self {
        Self::before(Self::runtime(), Venue::start(&dir.join("venue")))
    }

    /// With the venue in this process.
    pub(crate) fn here(dir: &Path) -> Self {
        let runtime = Self::runtime();
        let venue = runtime.block_on(Venue::here(&dir.join("venue")));
        Self::before(runtime, venue)
    }

    fn runtime() -> Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    /// Somebody sells so much at a price, once.
    pub(crate) fn sell_once(&self, symbol: &str, price: &str, size: &str) {
        let Runs::Here(running) = &self.venue.runs else { panic!("the venue is in another process") };
        let symbol = tradedeck::domain::ids::Symbol::new(symbol).unwrap();
        let offer = running.offer(&symbol, true, price.parse().unwrap(), size.parse().unwrap());
        assert!(self.runtime.block_on(offer), "{symbol} has a market");
    }

    fn before(runtime: Runtime, venue: Venue) -> Self {
        let (desk, orders, market) = runtime.block_on(async {
            (
                Desk::open(&venue).await,
                Wire::open(venue.text("trading_stream_url")).await,
                Wire::open(venue.text("data_stream_url")).await,
            )
        });
        Self { runtime, desk, orders, market, venue }
    }

    /// The text of the configuration, with these keys.
    pub(crate) fn config_with(&self, key_id: &str, secret_key: &str) -> String {
        let text = |name: &str| self.venue.text(name);
        format!(
            "[venues.counterparty]\nkind = \"alpaca\"\nenvironment = \"paper\"\n\
             trading_url = \"http://{}\"\ntrading_stream_url = \"{}\"\n\
             data_url = \"{}\"\ndata_stream_url = \"{}\"\ncrypto_stream_url = \"{}\"\n\
             key_id = \"{key_id}\"\nsecret_key = \"{secret_key}\"\n",
            self.desk.addr,
            self.orders.url("/stream"),
            text("data_url"),
            self.market.url("/v2/iex"),
            text("crypto_stream_url"),
        )
    }

    pub(crate) fn config_text(&self) -> String {
        self.config_with(self.venue.text("key_id"), self.venue.text("secret_key"))
    }

    pub(crate) fn ask(&self, path: &str) -> Value {
        self.runtime.block_on(self.desk.ask(path))
    }
}

/// Reads a configuration that a test wrote.
pub(crate) fn config(text: &str) -> Config {
    match Config::parse(Path::new("config.toml"), text) {
        Ok(config) => config,
        Err(mistakes) => panic!("{mistakes:?}"),
    }
}

/// A program on the account, as a shell command is one.
pub(crate) fn client(text: &str, state: &Path) -> Client {
    client_as(Role::Shell, text, state)
}

/// The same in another role.
pub(crate) fn client_as(role: Role, text: &str, state: &Path) -> Client {
    let mut config = config(text);
    config.paths.state = Some(state.to_owned());
    let env = Env::new([("HOME".to_owned(), state.display().to_string())]);
    let host = Host::open(Opening { config, env, flags: Flags::default(), role, live: None, looks: false })
        .expect("the host opens");
    Client::over(tradedeck::runtime::Deck::Own(host)).unwrap()
}

/// Is the account in agreement with its venue, and are these symbols quoted?
pub(crate) fn is_ready(s: &Snapshot, symbols: &[&str]) -> bool {
    let quoted = |name: &str| {
        s.watchlist.iter().any(|w| w.instrument.symbol.as_str() == name && w.bid.is_some() && !w.stale)
    };
    let agrees = !s.banner.lamps.is_empty() && s.banner.lamps.iter().all(|l| l.connected);
    agrees && symbols.iter().all(|name| quoted(name))
}

/// A shell command of the program with its configuration and state in this home: how it ended, and all that it said.
pub(crate) fn shell(home: &Path, args: &[&str]) -> (Option<i32>, String) {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"))
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("TRADEDECK_STATE", home.join("state"))
        .env("TRADEDECK_CONFIG", home.join("config.toml"))
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.code(), said)
}
