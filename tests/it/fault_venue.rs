//! The paper venue while it plays a script of faults, seen by a plain client: each kind of fault over real sockets.

use super::{
    counterparty::client,
    paper_venue::{Socket, connect, hear, hear_json, say},
    spine::wait,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;
use tradedeck::{
    clock::{Clock as _, Manual},
    domain::{alert::AlertCode, time::Stamp},
    paper::{
        faults::{Script, skew},
        server::{self, Options, Running},
    },
};

const SOON: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(20);

struct Rig {
    running: Running,
    http: reqwest::Client,
    clock: Arc<Manual>,
}

struct Told {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl Rig {
    async fn play(script: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let clock = Arc::new(Manual::at(Stamp::from_secs(1_800_000_000).unwrap()));
        let mut options = Options::new(clock.clone());
        options.faults = Some(Script::parse("script", script).unwrap_or_else(|e| panic!("{e}")));
        Self { running: server::serve(options).await.unwrap(), http, clock }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let at = self.running.addresses();
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", at.trading_url))
            .header("APCA-API-KEY-ID", &at.key_id)
            .header("APCA-API-SECRET-KEY", &at.secret_key)
    }

    async fn told(&self, request: reqwest::RequestBuilder) -> Result<Told, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Told { status, headers, text: response.text().await? })
    }

    async fn ask(&self, method: &str, path: &str) -> Told {
        self.told(self.request(method, path)).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let told = self.ask("GET", path).await;
        assert_eq!(told.status, 200, "{path}: {}", told.text);
        told.json()
    }

    async fn place(&self, order: &Value) -> Result<Told, reqwest::Error> {
        self.told(self.request("POST", "/v2/orders").timeout(SOON).body(order.to_string())).await
    }

    /// What the venue knows of the order of this name.
    async fn known(&self, id: &str) -> Option<Value> {
        let told =
            self.ask("GET", &format!("/v2/orders:by_client_order_id?client_order_id={id}&nested=true")).await;
        (told.status == 200).then(|| told.json())
    }

    async fn status(&self, id: &str) -> String {
        self.known(id).await.unwrap()["status"].as_str().unwrap().to_owned()
    }

    /// Lets time pass; the venue has seen it when this returns.
    async fn pass(&self, ms: u64) {
        self.clock.advance_ms(ms);
        assert_eq!(self.ask("GET", "/v2/calendar?start=2027-01-15&end=2027-01-15").await.status, 200);
    }

    fn struck(&self, what: &str) -> u64 {
        self.running.tally().of(what)
    }

    async fn listen(&self) -> Socket {
        let at = self.running.addresses();
        let mut socket = connect(&at.trading_stream_url, &[]).await;
        let keys = json!({"key_id": at.key_id, "secret_key": at.secret_key});
        say(&mut socket, json!({"action": "authenticate", "data": keys})).await;
        hear_json(&mut socket).await;
        say(&mut socket, json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
        hear_json(&mut socket).await;
        socket
    }
}

fn buy(symbol: &str, id: &str) -> Value {
    json!({"symbol": symbol, "qty": "10", "side": "buy", "type": "market", "time_in_force": "day", "client_order_id": id})
}

fn event(update: &Value) -> String {
    update["data"]["event"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn answers_are_late_and_the_order_is_done_now_or_late() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"delay\"\non = \"submit\"\nsymbol = \"AAPL\"\nms = 900\n\
         [[fault]]\nwhat = \"delay\"\non = \"submit\"\nsymbol = \"MSFT\"\nms = 600\nof = \"request\"\n",
    )
    .await;
    assert!(rig.place(&buy("AAPL", "late-answer")).await.err().unwrap().is_timeout());
    assert!(rig.known("late-answer").await.is_some(), "it was done at once");
    assert!(rig.place(&buy("MSFT", "late-request")).await.err().unwrap().is_timeout());
    assert!(rig.known("late-request").await.is_none(), "not yet");
    let done = async {
        while rig.known("late-request").await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, done).await.expect("it is done although its sender has gone");
    assert_eq!(rig.place(&buy("KO", "prompt")).await.unwrap().status, 200);
    assert_eq!(rig.struck("delay"), 2);
}

#[tokio::test]
async fn connections_end_before_the_order_or_after_it_or_in_the_middle_of_the_answer() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"drop_before\"\non = \"submit\"\nfirst = 1\n\
         [[fault]]\nwhat = \"drop_after\"\non = \"submit\"\nfirst = 1\n\
         [[fault]]\nwhat = \"drop_after\"\non = \"submit\"\nfirst = 1\nbytes = 40\n",
    )
    .await;
    let lost = rig.place(&buy("AAPL", "never-arrived")).await.err().unwrap();
    assert!(!lost.is_timeout() && !lost.is_connect(), "{lost:?}");
    assert!(rig.known("never-arrived").await.is_none());
    let lost = rig.place(&buy("AAPL", "arrived")).await.err().unwrap();
    assert!(!lost.is_timeout() && !lost.is_connect(), "{lost:?}");
    assert!(rig.known("arrived").await.is_some());
    let at = rig.running.addresses().clone();
    let mut socket =
        tokio::net::TcpStream::connect(at.trading_url.trim_start_matches("http://")).await.unwrap();
    let body = buy("AAPL", "cut-off").to_string();
    let head = format!(
        "POST /v2/orders HTTP/1.1\r\nhost: x\r\nAPCA-API-KEY-ID: {}\r\nAPCA-API-SECRET-KEY: {}\r\ncontent-length: {}\r\n\r\n{body}",
        at.key_id,
        at.secret_key,
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    drop(timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("it ends"));
    assert!(
        answer.len() == 40 && answer.starts_with(b"HTTP/1.1 200 OK"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(rig.known("cut-off").await.is_some());
    assert_eq!(rig.place(&buy("AAPL", "fine")).await.unwrap().status, 200);
    assert_eq!((rig.struck("drop_before"), rig.struck("drop_after")), (1, 2));
}

#[tokio::test]
async fn answers_are_wrong_refused_limited_or_missing() {
    let rig = Rig::play(
        r#"
        [[fault]]
        what = "status"
        on = "submit"
        symbol = "AAPL"
        status = 504
        [[fault]]
        what = "error_after"
        on = "submit"
        symbol = "MSFT"
        body = "{\"message\":\"bad gateway\"}"
        [[fault]]
        what = "reject"
        on = "submit"
        symbol = "KO"
        side = "buy"
        status = 422
        code = 42210000
        message = "no soda today"
        [[fault]]
        what = "limit"
        on = "account"
        burst = 2
        per_s = 10
        retry_after_s = 3
        [[fault]]
        what = "missing"
        on = "positions"
        first = 1
        [[fault]]
        what = "missing"
        on = "positions"
        first = 1
        as = "nothing"
        [[fault]]
        what = "missing"
        on = "positions"
        first = 1
        as = "list"
        [[position]]
        symbol = "F"
        qty = 5
        "#,
    )
    .await;
    let told = rig.place(&buy("AAPL", "gateway")).await.unwrap();
    assert_eq!((told.status, told.header("content-type")), (504, "text/html"));
    assert!(rig.known("gateway").await.is_none());
    let told = rig.place(&buy("MSFT", "done")).await.unwrap();
    assert_eq!((told.status, told.json()), (502, json!({"message": "bad gateway"})));
    assert!(rig.known("done").await.is_some());
    let told = rig.place(&buy("KO", "soda")).await.unwrap();
    assert_eq!((told.status, told.json()), (422, json!({"code": 42_210_000, "message": "no soda today"})));
    assert!(rig.known("soda").await.is_none());
    for want in [200, 200, 429] {
        assert_eq!(rig.ask("GET", "/v2/account").await.status, want);
    }
    let told = rig.ask("GET", "/v2/account").await;
    assert_eq!((told.header("retry-after"), &told.json()["code"]), ("3", &json!(42_910_000)));
    rig.pass(10_000).await;
    assert_eq!(rig.ask("GET", "/v2/account").await.status, 200);
    assert_eq!(rig.ask("GET", "/v2/positions").await.status, 500);
    let told = rig.ask("GET", "/v2/positions").await;
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    assert_eq!(rig.get("/v2/positions").await, json!([]), "although there are some");
    let held = rig.get("/v2/positions").await;
    assert!(held.as_array().unwrap().iter().any(|p| p["symbol"] == "F"), "{held}");
    assert_eq!((rig.struck("missing"), rig.struck("limit")), (3, 2));
}

#[tokio::test]
async fn a_venue_that_hangs_takes_connections_and_answers_none() {
    let rig = Rig::play("[[fault]]\nwhat = \"hang\"\non = \"all\"\nfrom_s = 10\nuntil_s = 20\n").await;
    let mut socket = rig.listen().await;
    rig.clock.advance_ms(10_000);
    for path in ["/v2/clock", "/v2/positions", "/v2/stocks/AAPL/snapshot"] {
        let slow = rig.told(rig.request("GET", path).timeout(SOON)).await;
        assert!(slow.err().unwrap().is_timeout(), "{path}");
    }
    socket.send(Message::Ping("are you there".into())).await.unwrap();
    let answered =
        timeout(SOON, async { while !matches!(socket.next().await, Some(Ok(Message::Pong(_)))) {} });
    assert!(answered.await.is_err(), "no ping is answered");
    let url = rig.running.addresses().trading_stream_url.clone();
    assert!(timeout(SOON, tokio_tungstenite::connect_async(url)).await.is_err(), "no upgrade is answered");
    rig.clock.advance_ms(10_000);
    let again = async { while !matches!(socket.next().await, Some(Ok(Message::Pong(_)))) {} };
    timeout(PATIENCE, again).await.expect("it goes on where it was");
    rig.get("/v2/clock").await;
}

#[tokio::test]
async fn answers_are_of_the_past_and_the_clock_is_off() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"lag\"\non = [\"positions\", \"orders\"]\nms = 5000\n\
         [[fault]]\nwhat = \"skew\"\non = [\"clock\", \"submit\"]\nms = -7000\n",
    )
    .await;
    rig.pass(6_000).await;
    let now = rig.clock.now().wall;
    let told = rig.place(&buy("AAPL", "a")).await.unwrap();
    let created = Stamp::parse_rfc3339(told.json()["created_at"].as_str().unwrap()).unwrap();
    assert_eq!(
        (created, told.header("date")),
        (now.plus_ms(-7_000), skew::http_date(now.plus_ms(-7_000)).as_str())
    );
    let clock = rig.get("/v2/clock").await;
    assert_eq!(Stamp::parse_rfc3339(clock["timestamp"].as_str().unwrap()).unwrap(), now.plus_ms(-7_000));
    rig.pass(1_000).await;
    assert_eq!(rig.status("a").await, "filled", "one order by its name is of now");
    assert_eq!(rig.get("/v2/positions/AAPL").await["qty"], "10");
    assert_eq!(rig.get("/v2/positions").await, json!([]));
    assert_eq!(rig.get("/v2/orders?status=all").await, json!([]));
    rig.pass(5_000).await;
    assert_eq!(rig.get("/v2/positions").await[0]["qty"], "10");
    assert_eq!(rig.get("/v2/orders?status=all").await[0]["status"], "filled");
    assert_eq!((rig.struck("lag"), rig.struck("skew")), (4, 2));
}

const HELD: &str = "[[position]]\nsymbol = \"AAPL\"\nqty = 30\n[[order]]\nsymbol = \"AAPL\"\nside = \"sell\"\nqty = 30\nlimit = \"+15%\"\n";

#[tokio::test]
async fn the_units_of_working_orders_are_held_strictly_or_not_at_all() {
    let strict = format!("[[fault]]\nwhat = \"held\"\non = \"close\"\nrelease_ms = 3000\n{HELD}");
    let rig = Rig::play(&strict).await;
    rig.pass(1_000).await;
    let refused = async |rig: &Rig| {
        let told = rig.ask("DELETE", "/v2/positions/AAPL").await;
        assert_eq!((told.status, &told.json()["code"]), (403, &json!(40_310_000)), "{}", told.text);
        told.json()["message"].as_str().unwrap().to_owned()
    };
    assert!(refused(&rig).await.starts_with("insufficient qty available for order"));
    assert_eq!(rig.ask("DELETE", "/v2/orders").await.status, 207);
    rig.pass(1_000).await;
    assert_eq!(rig.get("/v2/orders").await, json!([]), "it is gone");
    assert!(refused(&rig).await.contains("available: 0"), "and its units are still held");
    rig.pass(3_000).await;
    assert_eq!(rig.ask("DELETE", "/v2/positions/AAPL").await.status, 200);
    let free = Rig::play(&format!("[[fault]]\nwhat = \"held\"\non = \"close\"\nfree = true\n{HELD}")).await;
    free.pass(1_000).await;
    assert_eq!(free.ask("DELETE", "/v2/positions/AAPL").await.status, 200, "although an order works");
    assert_eq!(free.struck("held"), 1);
}

#[tokio::test]
async fn a_close_fills_in_part_and_the_rest_goes_or_stays() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"partial\"\non = [\"close\", \"submit\"]\nsymbol = \"AAPL\"\ndoes = \"reduces\"\nfill_percent = 33\n\
         [[fault]]\nwhat = \"partial\"\non = \"close\"\nsymbol = \"TSLA\"\nfill_percent = 50\nthen = \"rest\"\n\
         [[position]]\nsymbol = \"AAPL\"\nqty = 100\n[[position]]\nsymbol = \"TSLA\"\nqty = -9\n",
    )
    .await;
    let close = async |symbol: &str| {
        let told = rig.ask("DELETE", &format!("/v2/positions/{symbol}")).await;
        assert_eq!(told.status, 200, "{}", told.text);
        let id = told.json()["client_order_id"].as_str().unwrap().to_owned();
        rig.pass(5_000).await;
        let order = rig.known(&id).await.unwrap();
        (order["status"].as_str().unwrap().to_owned(), order["filled_qty"].as_str().unwrap().to_owned())
    };
    assert_eq!(close("AAPL").await, ("canceled".to_owned(), "33".to_owned()));
    assert_eq!(rig.get("/v2/positions/AAPL").await["qty"], "67");
    assert_eq!(close("TSLA").await, ("partially_filled".to_owned(), "4".to_owned()));
    let sell = json!({"symbol": "AAPL", "qty": "10", "side": "sell", "type": "market", "time_in_force": "day", "client_order_id": "s"});
    rig.place(&sell).await.unwrap();
    rig.place(&buy("MSFT", "opens")).await.unwrap();
    rig.pass(5_000).await;
    assert_eq!(
        (rig.known("s").await.unwrap()["filled_qty"].as_str(), rig.status("opens").await.as_str()),
        (Some("3"), "filled")
    );
}

#[tokio::test]
async fn the_market_rejects_an_order_that_was_taken_or_the_stop_of_one_that_filled() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"reject_later\"\nsymbol = \"KO\"\nmessage = \"halted\"\n\
         [[fault]]\nwhat = \"reject_later\"\nsymbol = \"AAPL\"\nleg = \"stop\"\nmessage = \"beyond the band\"\n",
    )
    .await;
    let mut socket = rig.listen().await;
    assert_eq!(rig.place(&buy("KO", "taken")).await.unwrap().status, 200);
    let mut last = Value::Null;
    while event_of(&last) != Some("rejected") {
        last = hear_json(&mut socket).await;
    }
    assert_eq!(rig.known("taken").await.unwrap()["reject_reason"], "halted");
    let mut bracket = buy("AAPL", "entry");
    let legs = json!({"order_class": "bracket", "take_profit": {"limit_price": "900"}, "stop_loss": {"stop_price": "20"}});
    bracket.as_object_mut().unwrap().extend(legs.as_object().unwrap().clone());
    assert_eq!(rig.place(&bracket).await.unwrap().status, 200);
    rig.pass(1_000).await;
    rig.pass(100).await;
    let entry = rig.known("entry").await.unwrap();
    let leg = |kind: &str| {
        let legs = entry["legs"].as_array().unwrap();
        legs.iter().find(|l| l["type"] == kind).unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (entry["status"].as_str(), leg("stop").as_str(), leg("limit").as_str()),
        (Some("filled"), "rejected", "new")
    );
    assert_eq!(rig.struck("reject_later"), 2);
}

fn event_of(update: &Value) -> Option<&str> {
    update["data"]["event"].as_str()
}

#[tokio::test]
async fn order_news_comes_twice_swapped_late_off_or_not_at_all() {
    let rig = Rig::play(
        r#"
        [[fault]]
        what = "duplicate"
        on = "trade_updates"
        symbol = "AAPL"
        first = 1
        [[fault]]
        what = "reorder"
        on = "trade_updates"
        symbol = "MSFT"
        first = 1
        [[fault]]
        what = "stall"
        on = "trade_updates"
        symbol = "KO"
        first = 2
        [[fault]]
        what = "delay"
        on = "trade_updates"
        symbol = "F"
        first = 2
        ms = 5000
        [[fault]]
        what = "skew"
        on = "trade_updates"
        symbol = "T"
        ms = 60000
        "#,
    )
    .await;
    let mut socket = rig.listen().await;
    let mut told = async |symbol: &str, count: usize| {
        rig.place(&buy(symbol, symbol)).await.unwrap();
        rig.pass(500).await;
        let mut events = Vec::new();
        for n in 0..count {
            if n + 2 == count && symbol == "F" {
                rig.pass(5_000).await;
            }
            events.push(hear_json(&mut socket).await);
        }
        events
    };
    let words = |events: &[Value]| events.iter().map(event).collect::<Vec<_>>();
    assert_eq!(words(&told("AAPL", 4).await), ["pending_new", "pending_new", "new", "fill"]);
    assert_eq!(words(&told("MSFT", 3).await), ["new", "pending_new", "fill"]);
    assert_eq!(words(&told("KO", 1).await), ["fill"]);
    assert_eq!(words(&told("F", 3).await), ["fill", "pending_new", "new"]);
    let off = told("T", 3).await;
    assert_eq!(words(&off), ["pending_new", "new", "fill"]);
    let at = Stamp::parse_rfc3339(off[2]["data"]["timestamp"].as_str().unwrap()).unwrap();
    assert!(at > rig.clock.now().wall.plus_ms(50_000), "{at:?}");
    for (what, times) in [("duplicate", 1), ("reorder", 1), ("stall", 2), ("delay", 2), ("skew", 3)] {
        assert_eq!(rig.struck(what), times, "{what}");
    }
}

#[tokio::test]
async fn a_stream_is_closed_refused_and_back_again() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"down\"\non = \"trade_updates\"\nfrom_s = 5\nuntil_s = 8\nagain_s = 60\n",
    )
    .await;
    let mut socket = rig.listen().await;
    rig.pass(5_000).await;
    assert!(hear(&mut socket).await.is_none(), "it is closed");
    let url = rig.running.addresses().trading_stream_url.clone();
    let refused = tokio_tungstenite::connect_async(&url).await.unwrap_err();
    assert!(refused.to_string().contains("503"), "{refused}");
    rig.pass(3_000).await;
    let mut socket = rig.listen().await;
    rig.place(&buy("AAPL", "a")).await.unwrap();
    assert_eq!(event(&hear_json(&mut socket).await), "pending_new");
    assert!(rig.struck("down") >= 2);
}

#[tokio::test]
async fn the_markets_stream_stalls_with_its_socket_open_and_says_things_twice() {
    let rig = Rig::play(
        "[[fault]]\nwhat = \"duplicate\"\non = \"data_stream\"\nsymbol = \"SPY\"\nuntil_s = 30\n\
         [[fault]]\nwhat = \"stall\"\non = \"data_stream\"\nfrom_s = 30\nuntil_s = 60\n",
    )
    .await;
    let at = rig.running.addresses().clone();
    let mut socket = connect(&at.data_stream_url, &[]).await;
    hear_json(&mut socket).await;
    say(&mut socket, json!({"action": "auth", "key": at.key_id, "secret": at.secret_key})).await;
    hear_json(&mut socket).await;
    say(&mut socket, json!({"action": "subscribe", "quotes": ["SPY", "QQQ"]})).await;
    hear_json(&mut socket).await;
    let mut of = [Vec::new(), Vec::new()];
    for _ in 0..10 {
        rig.pass(1_000).await;
        for item in hear_json(&mut socket).await.as_array().unwrap() {
            of[usize::from(item["S"] == "SPY")].push(item.to_string());
        }
    }
    let [once, twice] = of;
    assert!(!once.is_empty() && !twice.is_empty());
    assert!(twice.chunks(2).all(|pair| pair.len() == 2 && pair[0] == pair[1]), "{twice:?}");
    assert!(once.windows(2).all(|pair| pair[0] != pair[1]), "{once:?}");
    rig.pass(25_000).await;
    // What was on its way before.
    while timeout(SOON, hear(&mut socket)).await.is_ok() {}
    rig.pass(5_000).await;
    socket.send(Message::Ping("still there".into())).await.unwrap();
    let answered = async {
        loop {
            let message = socket.next().await.unwrap().unwrap();
            if message.is_pong() {
                return;
            }
            assert!(message.is_ping(), "it speaks: {message}");
        }
    };
    timeout(PATIENCE, answered).await.expect("pings are answered");
    rig.pass(30_000).await;
    assert!(hear(&mut socket).await.is_some(), "it speaks again");
    assert!(rig.struck("stall") > 0 && rig.struck("duplicate") > 0);
}

/// The same script, seed and requests strike the same ones.
#[tokio::test]
async fn a_share_is_drawn_from_the_seed() {
    let run = async |seed: u64| {
        let script = format!(
            "seed = {seed}\n[[fault]]\nwhat = \"status\"\non = \"clock\"\nstatus = 500\npercent = 30\n"
        );
        let rig = Rig::play(&script).await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(rig.ask("GET", "/v2/clock").await.status);
        }
        statuses
    };
    let first = run(1).await;
    assert!(first.contains(&500) && first.contains(&200));
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
}

struct Ended {
    code: Option<i32>,
    said: String,
}

fn program(home: &Path, args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"));
    command.env_clear().env("HOME", home).env("TRADEDECK_STATE", home.join("state")).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(home: &Path, args: &[&str]) -> Ended {
    let out = program(home, args).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    Ended { code: out.status.code(), said }
}

#[test]
fn the_program_plays_a_script_furnishes_an_account_and_tells_the_counts_at_the_end() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let home = tempfile::tempdir().unwrap();
    let script = home.path().join("faults.toml");
    let named = script.to_str().unwrap();
    fs::write(&script, "[[fault]]\nwhat = \"delya\"\n").unwrap();
    let wrong = run(home.path(), &["paper", "serve", "--listen", "127.0.0.1:0", "--faults", named]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.said);
    assert!(
        wrong.said.contains(&format!("{named}:2:8: `what` is `\"delya\"`: write \"delay\"")),
        "{}",
        wrong.said
    );
    for (args, want) in [
        (["--faults", "/no/such/file"], "cannot read /no/such/file"),
        (["--furnish", "many"], "such as 100,200"),
        (["--furnish", "500,1"], "such as 100,200"),
    ] {
        let wrong = run(home.path(), &[&["paper", "serve", "--listen", "127.0.0.1:0"], &args[..]].concat());
        assert!(wrong.code == Some(2) && wrong.said.contains(want), "{args:?}: {}", wrong.said);
    }
    fs::write(&script, "[[fault]]\nwhat = \"reject\"\non = \"submit\"\n").unwrap();
    let args = ["paper", "serve", "--listen", "127.0.0.1:0", "--faults", named, "--furnish", "100,200"];
    let mut child = program(home.path(), &args).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let at: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    assert_eq!(at["faults"], named);
    let text = |name: &str| at[name].as_str().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(rustls::crypto::ring::default_provider().install_default());
    let counts = runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = async |method: &str, path: &str, body: String| {
            let request = http.request(method.parse().unwrap(), format!("{}{path}", text("trading_url")));
            let request = request.header("APCA-API-KEY-ID", text("key_id"));
            let request = request.header("APCA-API-SECRET-KEY", text("secret_key")).body(body);
            let body = request.send().await.unwrap().text().await.unwrap();
            serde_json::from_str::<Value>(&body).unwrap()
        };
        let refused = call("POST", "/v2/orders", buy("AAPL", "x").to_string()).await;
        assert_eq!(refused["code"], 40_310_000, "{refused}");
        let positions = call("GET", "/v2/positions", String::new()).await;
        let orders = call("GET", "/v2/orders?limit=500", String::new()).await;
        (positions.as_array().unwrap().len(), orders.as_array().unwrap().len())
    });
    assert_eq!(counts, (100, 200));
    let pid = i32::try_from(child.id()).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(child.wait().unwrap().success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("line 1: reject struck 1 of 1"), "{said}");
    let again = run(home.path(), &["paper", "serve", "--listen", "127.0.0.1:0", "--furnish", "1,1"]);
    assert!(
        again.code == Some(2) && again.said.contains("only a new one can be furnished"),
        "{}",
        again.said
    );
}

/// Nobody trades against a venue that fails on purpose without being told.
#[test]
fn the_embedded_venue_says_that_it_makes_faults_and_no_other_takes_a_script() {
    let home = tempfile::tempdir().unwrap();
    let script = home.path().join("faults.toml");
    fs::write(&script, "[[fault]]\nwhat = \"skew\"\non = \"clock\"\nms = 1\n[furnish]\npositions = 3\n")
        .unwrap();
    let text = format!("[venues.paper]\nkind = \"paper\"\nfaults = \"{}\"\n", script.display());
    let mut desk = client(&text, &home.path().join("state"));
    wait(&mut desk, "the positions it begins with", |s| s.positions.len() == 3);
    let told = desk.snapshot();
    let alert = told.alerts.iter().find(|a| a.alert.code == AlertCode::Program).expect("an alert");
    assert!(alert.alert.text.as_str().contains("makes FAULTS on purpose"), "{}", alert.alert.text);
    let config = home.path().join("config.toml");
    fs::write(&config, &text).unwrap();
    let health = run(home.path(), &["health", "--json", "--config", config.to_str().unwrap()]);
    assert!(
        health.code == Some(0) && health.said.contains("\"faults\": \"paper makes FAULTS on purpose"),
        "{}",
        health.said
    );
    desk.close().unwrap();
    fs::write(&script, "[[fault]]\nwhat = \"skew\"\n").unwrap();
    let wrong = run(home.path(), &["health", "--config", config.to_str().unwrap()]);
    assert!(
        wrong.code == Some(2) && wrong.said.contains("faults.toml:1:1: this [[fault]] has no `ms`"),
        "{}",
        wrong.said
    );
    fs::write(&config, text.replace("\"paper\"", "\"alpaca\"")).unwrap();
    let other = run(home.path(), &["config", "validate", config.to_str().unwrap()]);
    assert!(other.code == Some(2) && other.said.contains("`faults` does not belong here"), "{}", other.said);
}
