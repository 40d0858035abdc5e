//! The paper venue over real sockets: every endpoint against the vendor's OpenAPI files, both kinds of stream, and
//! what it keeps between runs.

use super::openapi::Spec;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use tradedeck::{
    clock::{Manual, System},
    domain::time::Stamp,
    paper::server::{self, Addresses, Error, Options, Presence, Running},
};

const PATIENCE: Duration = Duration::from_secs(20);

fn options(dir: Option<&Path>) -> Options {
    let mut options = Options::new(Arc::new(System::start()));
    options.data_dir = dir.map(Path::to_owned);
    options
}

async fn serve(dir: Option<&Path>) -> Running {
    server::serve(options(dir)).await.unwrap()
}

/// A client that holds every answer against the vendor's files.
struct Client {
    http: reqwest::Client,
    at: Addresses,
    spec: Spec,
}

impl Client {
    fn of(running: &Running) -> Self {
        // Loopback needs no TLS, but the client wants to know its provider all the same; a second call changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, at: running.addresses().clone(), spec: Spec::alpaca() }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.at.trading_url);
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .header("APCA-API-KEY-ID", &self.at.key_id)
            .header("APCA-API-SECRET-KEY", &self.at.secret_key);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        self.spec.check(method, path, status, &body);
        (status, body)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn place(&self, order: Value) -> Value {
        let (status, body) = self.call("POST", "/v2/orders", Some(order)).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn refused(&self, method: &str, path: &str, body: Option<Value>) -> (u16, u64, String) {
        let (status, body) = self.call(method, path, body).await;
        (status, body["code"].as_u64().unwrap(), body["message"].as_str().unwrap().to_owned())
    }

    /// The order once it has one of these statuses.
    async fn order_in(&self, order: &Value, statuses: &[&str]) -> Value {
        let path = format!("/v2/orders/{}?nested=true", order["id"].as_str().unwrap());
        let reached = timeout(PATIENCE, async {
            loop {
                let now = self.get(&path).await;
                if statuses.contains(&now["status"].as_str().unwrap()) {
                    return now;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        reached.await.unwrap_or_else(|_| panic!("never {statuses:?}: {order:#}"))
    }
}

fn buy(symbol: &str, qty: &str, kind: &str) -> Value {
    json!({"symbol": symbol, "qty": qty, "side": "buy", "type": kind, "time_in_force": "day"})
}

fn with(mut order: Value, more: Value) -> Value {
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

#[tokio::test]
async fn every_question_is_answered_as_the_vendor_describes_it() {
    let running = serve(None).await;
    let client = Client::of(&running);
    let bars = "timeframe=1Min&limit=5";
    for path in [
        "/v2/account",
        "/v2/account/configurations",
        "/v2/account/portfolio/history?period=1D&timeframe=1Min",
        "/v2/account/portfolio/history",
        "/v2/account/activities",
        "/v2/account/activities/FILL?direction=asc&page_size=10&after=2020-01-01",
        "/v2/assets",
        "/v2/assets?asset_class=crypto&status=active",
        "/v2/assets/AAPL",
        "/v2/assets/BTC/USD",
        "/v2/clock",
        "/v3/clock",
        "/v2/calendar?start=2026-11-01&end=2026-12-31",
        "/v2/positions",
        "/v2/orders?status=all&nested=true&symbols=AAPL,BTCUSD&side=buy&direction=asc&limit=10",
        "/v2/stocks/quotes/latest?symbols=AAPL,SPY",
        "/v2/stocks/trades/latest?symbols=AAPL,SPY",
        "/v2/stocks/bars/latest?symbols=AAPL,SPY",
        "/v2/stocks/snapshots?symbols=AAPL,SPY",
        "/v2/stocks/AAPL/quotes/latest",
        "/v2/stocks/AAPL/trades/latest",
        "/v2/stocks/AAPL/bars/latest",
        "/v2/stocks/AAPL/snapshot",
        "/v2/stocks/AAPL/quotes",
        "/v2/stocks/AAPL/trades",
        &format!("/v2/stocks/AAPL/bars?{bars}"),
        "/v2/stocks/quotes?symbols=AAPL&limit=3&sort=desc",
        "/v2/stocks/trades?symbols=AAPL",
        &format!("/v2/stocks/bars?symbols=AAPL,SPY&{bars}"),
        "/v1beta3/crypto/us/latest/quotes?symbols=BTC/USD,ETH%2FUSD",
        "/v1beta3/crypto/us/latest/trades?symbols=BTC/USD",
        "/v1beta3/crypto/us/latest/bars?symbols=BTC/USD",
        "/v1beta3/crypto/us/snapshots?symbols=BTC/USD",
        "/v1beta3/crypto/us/quotes?symbols=BTC/USD",
        "/v1beta3/crypto/us/trades?symbols=BTC/USD",
        &format!("/v1beta3/crypto/us/bars?symbols=BTC/USD&{bars}"),
    ] {
        client.get(path).await;
    }
    let quotes = client.get("/v2/stocks/quotes/latest?symbols=AAPL,NOSUCH,BTC/USD").await;
    assert_eq!(quotes["quotes"].as_object().unwrap().len(), 1, "{quotes}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn orders_live_as_the_vendor_describes_them() {
    let running = serve(None).await;
    let client = Client::of(&running);
    let market = client.place(buy("AAPL", "10", "market")).await;
    let filled = client.order_in(&market, &["filled"]).await;
    assert_eq!(filled["filled_qty"], "10");
    assert_eq!(client.get("/v2/positions/AAPL").await["qty"], "10");
    let bracket = json!({"order_class": "bracket", "time_in_force": "gtc", "limit_price": "1",
        "take_profit": {"limit_price": "2"}, "stop_loss": {"stop_price": "0.5"}});
    let bracket = client.place(with(buy("MSFT", "2", "limit"), bracket)).await;
    assert_eq!(bracket["legs"].as_array().unwrap().len(), 2, "{bracket}");
    client.order_in(&bracket, &["new"]).await;
    let path = format!("/v2/orders/{}", bracket["id"].as_str().unwrap());
    let (status, new) = client.call("PATCH", &path, Some(json!({"limit_price": "1.10"}))).await;
    assert_eq!((status, &new["replaces"]), (200, &bracket["id"]));
    client.order_in(&bracket, &["replaced"]).await;
    let new = client.order_in(&new, &["new"]).await;
    let by_client =
        format!("/v2/orders:by_client_order_id?client_order_id={}", new["client_order_id"].as_str().unwrap());
    assert_eq!(client.get(&by_client).await["id"], new["id"]);
    assert_eq!(client.get("/v2/orders?nested=true").await.as_array().unwrap().len(), 1);
    let path = format!("/v2/orders/{}", new["id"].as_str().unwrap());
    assert_eq!(client.call("DELETE", &path, None).await.0, 204);
    client.order_in(&new, &["canceled"]).await;
    assert_eq!(client.refused("DELETE", &path, None).await.0, 422);
    let resting = client.place(with(buy("KO", "1", "limit"), json!({"limit_price": 1.05}))).await;
    client.order_in(&resting, &["new"]).await;
    let (status, outcomes) = client.call("DELETE", "/v2/orders", None).await;
    assert_eq!((status, outcomes.as_array().unwrap().len()), (207, 1));
    let (status, closed) = client.call("DELETE", "/v2/positions/AAPL?percentage=50", None).await;
    assert_eq!((status, &closed["qty"]), (200, &json!("5")));
    client.order_in(&closed, &["filled"]).await;
    let (status, outcomes) = client.call("DELETE", "/v2/positions?cancel_orders=true", None).await;
    assert_eq!((status, &outcomes[0]["status"]), (207, &json!(200)));
    client.order_in(&outcomes[0]["body"], &["filled"]).await;
    assert_eq!(client.get("/v2/positions").await, json!([]));
    let fills = client.get("/v2/account/activities/FILL").await;
    assert!(fills.as_array().unwrap().len() >= 3, "{fills}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn nonsense_is_refused_in_the_vendors_form() {
    let running = serve(None).await;
    let client = Client::of(&running);
    let order = |more: Value| Some(with(buy("AAPL", "1", "market"), more));
    for (more, want) in [
        (json!({"side": "up"}), (422, "invalid side")),
        (json!({"qty": "1e400"}), (422, "invalid qty")),
        (json!({"qty": {}}), (422, "invalid qty")),
        (json!({"symbol": "NOSUCH"}), (422, "NOSUCH")),
        (json!({"client_order_id": "x".repeat(129)}), (422, "128 characters")),
        (json!({"notional": "5"}), (422, "")),
    ] {
        let (status, _, message) = client.refused("POST", "/v2/orders", order(more.clone())).await;
        assert_eq!(status, want.0, "{more}");
        assert!(message.contains(want.1), "{more}: {message}");
    }
    let (status, _, message) =
        client.refused("POST", "/v2/orders", order(json!({"client_order_id": "x".repeat(70_000)}))).await;
    assert!((status, message.contains("unreadable")) == (413, true), "{status} {message}");
    let (status, _, message) = client.refused("POST", "/v2/orders", Some(json!([1]))).await;
    assert!(
        (status, message.starts_with("request body format is invalid")) == (400, true),
        "{status} {message}"
    );
    for (method, path, status) in [
        ("GET", "/v2/orders/not-an-id", 404),
        ("DELETE", "/v2/orders/6b3ee0d3-94e4-4bd5-8d02-8a5ad2d7a9ef", 404),
        ("GET", "/v2/orders:by_client_order_id?client_order_id=none", 404),
        ("GET", "/v2/orders?status=working", 422),
        ("GET", "/v2/orders?limit=501", 422),
        ("GET", "/v2/orders?after=yesterday", 422),
        ("GET", "/v2/positions/AAPL", 404),
        ("DELETE", "/v2/positions/AAPL", 404),
        ("DELETE", "/v2/positions/AAPL?qty=1&percentage=5", 422),
        ("GET", "/v2/assets/NOSUCH", 404),
        ("GET", "/v2/account/activities?page_size=0", 422),
        ("GET", "/v2/account/portfolio/history?period=soon", 422),
        ("GET", "/v2/stocks/bars?symbols=AAPL", 400),
        ("GET", "/v2/stocks/bars?symbols=AAPL&timeframe=2Weeks", 400),
        ("GET", "/v2/stocks/quotes/latest", 400),
        ("GET", "/v2/stocks/NOSUCH/quotes/latest", 400),
    ] {
        assert_eq!(client.refused(method, path, None).await.0, status, "{method} {path}");
    }
    running.stop().await.unwrap();
}

#[tokio::test]
async fn keys_and_the_rate_limit_guard_every_address() {
    let mut few = options(None);
    few.requests_per_min = 3;
    let running = server::serve(few).await.unwrap();
    let client = Client::of(&running);
    let url = format!("{}/v2/account", client.at.trading_url);
    let bare = client.http.get(&url).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    let body: Value = serde_json::from_str(&bare.text().await.unwrap()).unwrap();
    assert_eq!(body, json!({"code": 40_110_000, "message": "request is not authorized"}));
    let bearer = |token: &str| client.http.get(&url).header("authorization", format!("Bearer {token}"));
    assert_eq!(bearer("wrong").send().await.unwrap().status(), 401);
    let known = bearer(&client.at.secret_key).send().await.unwrap();
    let header = |name: &str| known.headers()[name].to_str().unwrap().parse::<u64>().unwrap();
    assert_eq!((known.status().as_u16(), header("x-ratelimit-limit")), (200, 3));
    assert!(header("x-ratelimit-remaining") < 3 && header("x-ratelimit-reset") > 1_700_000_000);
    // Two full minutes' worth: at most one boundary lies in between.
    let mut limited = 0;
    for _ in 0..8 {
        limited += usize::from(client.call("GET", "/v2/clock", None).await.0 == 429);
    }
    assert!(limited >= 2, "{limited}");
    running.stop().await.unwrap();
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

pub(crate) async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Socket {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    timeout(PATIENCE, connect_async(request)).await.unwrap().unwrap().0
}

/// The next frame that is no ping; `None` when the other side has hung up.
pub(crate) async fn hear(socket: &mut Socket) -> Option<Message> {
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("nothing heard") {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(message)) => return Some(message),
        }
    }
}

pub(crate) async fn hear_json(socket: &mut Socket) -> Value {
    let message = hear(socket).await.expect("the other side hung up");
    serde_json::from_slice(&message.into_data()).unwrap()
}

pub(crate) async fn say(socket: &mut Socket, words: Value) {
    socket.send(Message::text(words.to_string())).await.unwrap();
}

fn fault(code: u64, words: &str) -> Value {
    json!([{"T": "error", "code": code, "msg": words}])
}

#[tokio::test]
async fn the_order_stream_tells_what_happens_in_binary_frames() {
    let running = serve(None).await;
    let client = Client::of(&running);
    let mut socket = connect(&client.at.trading_stream_url, &[]).await;
    say(&mut socket, json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    assert_eq!(hear_json(&mut socket).await["data"], json!({"status": "unauthorized", "action": "listen"}));
    let keys = json!({"key_id": client.at.key_id, "secret_key": client.at.secret_key});
    say(&mut socket, json!({"action": "authenticate", "data": keys})).await;
    assert_eq!(
        hear_json(&mut socket).await["data"],
        json!({"status": "authorized", "action": "authenticate"})
    );
    say(&mut socket, json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    assert_eq!(
        hear_json(&mut socket).await,
        json!({"stream": "listening", "data": {"streams": ["trade_updates"]}})
    );
    let order = client.place(buy("AAPL", "3", "market")).await;
    let mut events = Vec::new();
    while events.last() != Some(&"fill".to_owned()) {
        let frame = hear(&mut socket).await.unwrap();
        assert!(frame.is_binary());
        let update: Value = serde_json::from_slice(&frame.into_data()).unwrap();
        assert_eq!(
            (&update["stream"], &update["data"]["order"]["id"]),
            (&json!("trade_updates"), &order["id"])
        );
        client.spec.check_order(&update["data"]["order"]);
        let event = update["data"]["event"].as_str().unwrap().to_owned();
        if event.ends_with("fill") {
            assert!(
                update["data"]["execution_id"].is_string() && update["data"]["price"].is_string(),
                "{update}"
            );
        }
        events.push(event);
    }
    assert!(events.contains(&"new".to_owned()), "{events:?}");
    let mut stranger = connect(&client.at.trading_stream_url, &[]).await;
    say(&mut stranger, json!({"action": "auth", "key": "x", "secret": "y"})).await;
    assert_eq!(hear_json(&mut stranger).await["data"]["status"], "unauthorized");
    assert!(hear(&mut stranger).await.is_none());
    running.stop().await.unwrap();
    assert!(hear(&mut socket).await.is_none(), "a server that stops says goodbye");
}

#[tokio::test]
async fn the_data_stream_speaks_json_and_keeps_its_rules() {
    let running = serve(None).await;
    let at = running.addresses().clone();
    let mut socket = connect(&at.data_stream_url, &[]).await;
    assert_eq!(hear_json(&mut socket).await, json!([{"T": "success", "msg": "connected"}]));
    say(&mut socket, json!({"action": "subscribe", "quotes": ["SPY"]})).await;
    assert_eq!(hear_json(&mut socket).await, fault(401, "not authenticated"));
    socket.send(Message::text("{")).await.unwrap();
    assert_eq!(hear_json(&mut socket).await, fault(400, "invalid syntax"));
    let auth = json!({"action": "auth", "key": at.key_id, "secret": at.secret_key});
    say(&mut socket, auth.clone()).await;
    assert_eq!(hear_json(&mut socket).await, json!([{"T": "success", "msg": "authenticated"}]));
    say(&mut socket, auth.clone()).await;
    assert_eq!(hear_json(&mut socket).await, fault(403, "already authenticated"));
    say(&mut socket, json!({"action": "subscribe", "quotes": ["SPY"], "trades": ["*"]})).await;
    let subscribed = hear_json(&mut socket).await;
    assert_eq!((&subscribed[0]["quotes"], &subscribed[0]["trades"]), (&json!(["SPY"]), &json!(["*"])));
    let mut seen = (false, false);
    while seen != (true, true) {
        for item in hear_json(&mut socket).await.as_array().unwrap() {
            match item["T"].as_str().unwrap() {
                "q" => {
                    assert_eq!(item["S"], "SPY");
                    assert!(item["bp"].as_f64().unwrap() < item["ap"].as_f64().unwrap(), "{item}");
                    seen.0 = true;
                }
                "t" => seen.1 = item["p"].is_number(),
                other => panic!("{other}"),
            }
        }
    }
    // One connection for the account and endpoint; another endpoint is another matter.
    let keys = [("apca-api-key-id", at.key_id.as_str()), ("apca-api-secret-key", at.secret_key.as_str())];
    let mut second = connect(&at.data_stream_url, &keys).await;
    hear_json(&mut second).await;
    assert_eq!(hear_json(&mut second).await, fault(406, "connection limit exceeded"));
    assert!(hear(&mut second).await.is_none());
    let mut other = connect(&at.data_stream_url.replace("iex", "sip"), &keys).await;
    hear_json(&mut other).await;
    assert_eq!(hear_json(&mut other).await, json!([{"T": "success", "msg": "authenticated"}]));
    // A client that dies makes room.
    drop(socket);
    let mut next = connect(&at.data_stream_url, &keys).await;
    hear_json(&mut next).await;
    assert_eq!(hear_json(&mut next).await, json!([{"T": "success", "msg": "authenticated"}]));
    let mut wrong = connect(&at.crypto_stream_url, &[]).await;
    hear_json(&mut wrong).await;
    say(&mut wrong, json!({"action": "auth", "key": at.key_id, "secret": "x"})).await;
    assert_eq!(hear_json(&mut wrong).await, fault(402, "auth failed"));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn the_data_stream_speaks_msgpack_when_asked() {
    let running = serve(None).await;
    let at = running.addresses().clone();
    let mut socket = connect(&at.crypto_stream_url, &[("content-type", "application/msgpack")]).await;
    let unpack = |message: Message| rmpv::decode::read_value(&mut message.into_data().as_ref()).unwrap();
    let pack = |pairs: Vec<(&str, rmpv::Value)>| {
        let map = pairs.into_iter().map(|(k, v)| (k.into(), v)).collect();
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &rmpv::Value::Map(map)).unwrap();
        Message::binary(bytes)
    };
    assert_eq!(unpack(hear(&mut socket).await.unwrap())[0]["msg"].as_str(), Some("connected"));
    let auth = vec![("action", "auth".into()), ("key", at.key_id.into()), ("secret", at.secret_key.into())];
    socket.send(pack(auth)).await.unwrap();
    assert_eq!(unpack(hear(&mut socket).await.unwrap())[0]["msg"].as_str(), Some("authenticated"));
    let quotes = rmpv::Value::Array(vec!["BTC/USD".into()]);
    socket.send(pack(vec![("action", "subscribe".into()), ("quotes", quotes)])).await.unwrap();
    assert_eq!(unpack(hear(&mut socket).await.unwrap())[0]["T"].as_str(), Some("subscription"));
    let frame = unpack(hear(&mut socket).await.unwrap());
    assert_eq!((frame[0]["T"].as_str(), frame[0]["S"].as_str()), (Some("q"), Some("BTC/USD")));
    assert!(frame[0]["bp"].as_f64().is_some() && frame[0]["t"].is_ext(), "{frame}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_account_is_kept_between_runs_and_served_once() {
    let dir = tempfile::tempdir().unwrap();
    let running = serve(Some(dir.path())).await;
    let client = Client::of(&running);
    assert_eq!(server::running(dir.path()).unwrap(), Presence::Serving(running.addresses().clone()));
    let second = server::serve(options(Some(dir.path()))).await;
    assert!(matches!(second, Err(Error::Taken(_))), "{second:?}");
    let order = client.place(buy("AAPL", "7", "market")).await;
    let filled = client.order_in(&order, &["filled"]).await;
    let resting = client.place(with(buy("KO", "1", "limit"), json!({"limit_price": "1.05"}))).await;
    client.order_in(&resting, &["new"]).await;
    running.stop().await.unwrap();
    assert_eq!(server::running(dir.path()).unwrap(), Presence::Absent);
    // As a server that was killed leaves it.
    std::fs::write(dir.path().join("address.json"), "{}").unwrap();
    std::fs::set_permissions(
        dir.path().join("address.json"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    assert_eq!(server::running(dir.path()).unwrap(), Presence::Stale);
    let again = serve(Some(dir.path())).await;
    let client = Client { at: again.addresses().clone(), ..client };
    assert_eq!(client.order_in(&order, &["filled"]).await, filled);
    client.order_in(&resting, &["new"]).await;
    assert_eq!(client.get("/v2/positions/AAPL").await["qty"], "7");
    again.stop().await.unwrap();
    let mut other = options(Some(dir.path()));
    other.seed = Some(99);
    let refused = server::serve(other).await.unwrap_err().to_string();
    assert!(refused.contains("opened with seed 1, not 99"), "{refused}");
}

#[tokio::test]
async fn it_listens_on_loopback_alone() {
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let mut open = options(None);
        open.listen = address.parse().unwrap();
        let refused = server::serve(open).await.unwrap_err().to_string();
        assert!(refused.contains("loopback only") && refused.contains("127.0.0.1:PORT"), "{refused}");
    }
}

/// The program itself, as its users start it.
struct Process {
    child: std::process::Child,
    at: Addresses,
}

impl Process {
    fn start(dir: &Path) -> Self {
        use std::io::BufRead as _;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"))
            .args(["paper", "serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = serde_json::from_str(&line).unwrap();
        Self { child, at }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL. It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Trades on four connections at once; when so many orders are acknowledged, the server is killed under them. Returns
/// all that was acknowledged, and the fills that were told.
async fn trade_until_killed(process: Process, orders: usize) -> (Vec<String>, Vec<String>) {
    let at = process.at.clone();
    let mut socket = connect(&at.trading_stream_url, &[]).await;
    let keys = json!({"key_id": at.key_id, "secret_key": at.secret_key});
    say(&mut socket, json!({"action": "authenticate", "data": keys})).await;
    hear_json(&mut socket).await;
    say(&mut socket, json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    hear_json(&mut socket).await;
    let fills = tokio::spawn(async move {
        let mut fills = Vec::new();
        while let Some(message) = hear(&mut socket).await {
            let update: Value = serde_json::from_slice(&message.into_data()).unwrap();
            fills.extend(update["data"]["execution_id"].as_str().map(str::to_owned));
        }
        fills
    });
    let (acknowledge, mut ids) = tokio::sync::mpsc::channel(64);
    for _ in 0..4 {
        tokio::spawn(trade(at.clone(), acknowledge.clone()));
    }
    drop(acknowledge);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < orders {
        let next = timeout(PATIENCE, ids.recv()).await.expect("no order was acknowledged for a long time");
        acknowledged.push(next.expect("the server ended by itself"));
    }
    drop(process);
    while let Some(id) = ids.recv().await {
        acknowledged.push(id);
    }
    (acknowledged, fills.await.unwrap())
}

/// Buys until nobody answers, and tells the ids that were acknowledged.
async fn trade(at: Addresses, acknowledge: tokio::sync::mpsc::Sender<String>) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    loop {
        let order = http
            .post(format!("{}/v2/orders", at.trading_url))
            .header("APCA-API-KEY-ID", &at.key_id)
            .header("APCA-API-SECRET-KEY", &at.secret_key)
            .body(buy("F", "3", "market").to_string());
        let Ok(response) = order.send().await else { return };
        let Ok(text) = response.text().await else { return };
        let body: Value = serde_json::from_str(&text).unwrap();
        // Orders beyond the minute's requests, or beyond the buying power, are refused.
        if let Some(id) = body["id"].as_str() {
            acknowledge.send(id.to_owned()).await.unwrap();
        }
    }
}

/// Everything in `/v2/account/activities/FILL`, page by page.
async fn all_fills(client: &Client) -> Vec<Value> {
    let mut fills: Vec<Value> = Vec::new();
    loop {
        let token =
            fills.last().map_or(String::new(), |f| format!("&page_token={}", f["id"].as_str().unwrap()));
        let page =
            client.get(&format!("/v2/account/activities/FILL?direction=asc&page_size=100{token}")).await;
        let page = page.as_array().unwrap().clone();
        let is_last = page.len() < 100;
        fills.extend(page);
        if is_last {
            return fills;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_forgets_no_order_and_no_fill() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut told) = (Vec::new(), Vec::new());
    for count in [97, 140, 31, 180] {
        let process = Process::start(dir.path());
        let (orders, fills) = trade_until_killed(process, count).await;
        acknowledged.extend(orders);
        told.extend(fills);
    }
    assert_eq!(server::running(dir.path()).unwrap(), Presence::Stale);
    let running = serve(Some(dir.path())).await;
    let client = Client::of(&running);
    for id in &acknowledged {
        client.get(&format!("/v2/orders/{id}")).await;
    }
    // What was still on its way at the kill fills now.
    let settled = timeout(PATIENCE, async {
        while client.get("/v2/orders").await != json!([]) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    settled.await.expect("orders never settled");
    let fills = all_fills(&client).await;
    let known: Vec<&str> =
        fills.iter().map(|f| f["id"].as_str().unwrap().split_once("::").unwrap().1).collect();
    let missing: Vec<&String> = told.iter().filter(|t| !known.contains(&t.as_str())).collect();
    assert!(!told.is_empty() && missing.is_empty(), "told of fills that are not in the history: {missing:?}");
    let qty = |v: &Value| v["qty"].as_str().unwrap().parse::<i64>().unwrap();
    let held = qty(&client.get("/v2/positions/F").await);
    assert_eq!(held, fills.iter().map(qty).sum::<i64>(), "the position is the sum of the fills");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_account_that_slept_for_a_month_opens_at_once_and_time_can_run_faster() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Manual::at(Stamp::from_secs(1_795_000_000).unwrap()));
    let mut slow = options(Some(dir.path()));
    slow.clock = clock.clone();
    let running = server::serve(slow.clone()).await.unwrap();
    let client = Client::of(&running);
    client.place(buy("AAPL", "1", "market")).await;
    let resting = client
        .place(with(buy("KO", "1", "limit"), json!({"limit_price": "1.05", "time_in_force": "gtc"})))
        .await;
    running.stop().await.unwrap();
    clock.advance_ms(30 * 86_400_000);
    slow.speed = std::num::NonZeroU32::new(60).unwrap();
    let running = server::serve(slow).await.unwrap();
    let client = Client { at: running.addresses().clone(), ..client };
    let at = |body: Value| Stamp::parse_rfc3339(body["timestamp"].as_str().unwrap()).unwrap();
    let before = at(timeout(PATIENCE, client.get("/v2/clock")).await.expect("a month took too long"));
    assert!(before.as_secs() >= 1_795_000_000 + 30 * 86_400);
    client.order_in(&resting, &["new"]).await;
    assert_eq!(client.get("/v2/positions/AAPL").await["qty"], "1");
    clock.advance_ms(10_000);
    // The owner looks at the clock when it is asked.
    let after = at(client.get("/v2/clock").await);
    assert_eq!(after.since_ms(before), 600_000);
    running.stop().await.unwrap();
}
