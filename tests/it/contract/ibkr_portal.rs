//! Interactive Brokers' stand: the stand-in of the Client Portal gateway over TLS with a certificate of its own making, in
//! this process.

use super::{
    Fate, On, Stand,
    background::Background,
    gateway::{Gateway, Mishap, Seen},
};
use crate::loopback::Reply as Raw;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use futures_util::stream;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::{collections::BTreeSet, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, broadcast::error::RecvError},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

type Shared = Arc<Mutex<Gateway>>;

/// The running gateway. It ends with this.
pub(crate) struct Portal {
    server: Background,
    gateway: Shared,
    dir: tempfile::TempDir,
    /// Lines of the configuration beside the usual ones.
    own: String,
    /// What is traded there while the contract is tried.
    market: (&'static str, &'static str),
}

/// A certificate that is signed by nobody but itself, for a name that nobody asks for, and long over.
fn own_certificate() -> (String, Arc<rustls::ServerConfig>) {
    let mut params = rcgen::CertificateParams::new(vec!["gateway.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
    (certificate.pem(), Arc::new(config))
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((tcp, addr)) = self.tcp.accept().await else { continue };
            let shaken = tokio::time::timeout(Duration::from_secs(2), self.acceptor.accept(tcp)).await;
            if let Ok(Ok(tls)) = shaken {
                return (tls, addr);
            }
        }
    }
    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

impl Portal {
    pub(crate) fn start() -> Self {
        Self::with("answers = { o163 = \"yes\" }\n", |_| {})
    }

    pub(crate) fn trading_options() -> Self {
        let portal =
            Self::with("answers = { o163 = \"yes\" }\n", |g| g.cash = super::gateway::dec("1000000"));
        Self { market: ("AAPL261218C00100000", "4"), ..portal }
    }

    pub(crate) fn with(own: &str, change: impl FnOnce(&mut Gateway)) -> Self {
        let mut gateway = Gateway::new();
        change(&mut gateway);
        let gateway = Arc::new(Mutex::new(gateway));
        let (pem, config) = own_certificate();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("gateway.pem"), pem).unwrap();
        let shared = Arc::clone(&gateway);
        let server = Background::start(async move |tcp| {
            let app = Router::new()
                .route("/v1/api/ws", get(socket))
                .fallback(any(rest))
                .with_state(Arc::clone(&shared));
            let ticks = async {
                loop {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    shared.lock().await.shout_touches(false);
                }
            };
            tokio::select! {
                served = axum::serve(Tls { tcp, acceptor: config.into() }, app) => served.unwrap(),
                () = ticks => {}
            }
        });
        Self { server, gateway, dir, own: own.to_owned(), market: ("AAPL", "10") }
    }

    pub(crate) fn with_gateway<T>(&self, look: impl FnOnce(&mut Gateway) -> T) -> T {
        look(&mut self.gateway.blocking_lock())
    }
}

fn plain(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    if value.is_null() {
        return status.into_response();
    }
    (status, [("content-type", "application/json;charset=utf-8")], value.to_string()).into_response()
}

fn kind(seen: &Seen) -> Option<On> {
    let is_order = seen.path.contains("/order/") && !seen.path.contains("/status/");
    match seen.method.as_str() {
        "POST" if seen.path.starts_with("/iserver/account/") && seen.path.ends_with("/orders") => {
            Some(On::Place)
        }
        "POST" if is_order => Some(On::Replace),
        "DELETE" if is_order => Some(On::Cancel),
        _ => None,
    }
}

async fn rest(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut gateway = shared.lock().await;
    let Some(path) = uri.path().strip_prefix("/v1/api") else { return plain(404, &Value::Null) };
    if method == Method::POST && body.is_empty() {
        return plain(411, &Value::Null);
    }
    assert!(headers.get("host").is_some());
    let query =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let seen = Seen { method: method.to_string(), path: path.to_owned(), query, body };
    gateway.seen.push(seen.clone());
    if gateway.count_against_limits(path) {
        return plain(429, &json!({"error": "Too many requests"}));
    }
    let at = gateway.mishaps.iter().position(|(on, _)| kind(&seen) == Some(*on));
    let mut mishap = at.and_then(|at| gateway.mishaps.remove(at)).map(|(_, mishap)| mishap);
    if path.starts_with("/iserver/reply/") && gateway.lose_replies > 0 {
        gateway.lose_replies -= 1;
        mishap = Some(Mishap::HangUp { done: true });
    }
    let is_done =
        !matches!(&mishap, Some(Mishap::Answer { done: false, .. } | Mishap::HangUp { done: false }));
    let told = is_done.then(|| gateway.answer(&seen));
    match mishap {
        Some(Mishap::Answer { status, body, retry_after, .. }) => {
            let mut response = Response::builder().status(status);
            if let Some(seconds) = retry_after {
                response = response.header("retry-after", seconds);
            }
            response.body(Body::from(body)).unwrap()
        }
        // A body that breaks off takes the connection with it.
        Some(Mishap::HangUp { .. }) => {
            let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(io::Error::other("gone"))]);
            Response::builder().header("content-length", 100).body(Body::from_stream(broken)).unwrap()
        }
        None => {
            let (status, value) = told.unwrap();
            plain(status, &value)
        }
    }
}

async fn socket(State(shared): State<Shared>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let is_known = headers.get("cookie").is_some_and(|c| c == "api=s-e-s-s-i-o-n");
    upgrade.on_upgrade(move |socket| talk(socket, shared, is_known))
}

/// One websocket: what it asked for, and whether it said in which session.
struct Talk {
    socket: WebSocket,
    shared: Shared,
    wanted: BTreeSet<String>,
    is_known: bool,
}

impl Talk {
    async fn say(&mut self, text: &Value) -> bool {
        self.socket.send(Message::Text(text.to_string().into())).await.is_ok()
    }

    async fn greet(&mut self) {
        let status = self.shared.lock().await.status();
        for text in [
            json!({"topic": "system", "success": "user1234", "isFT": false, "isPaper": true}),
            json!({"topic": "act", "args": {"accounts": ["DU1234567"]}}),
            json!({"topic": "sts", "args": status}),
        ] {
            self.say(&text).await;
        }
    }

    async fn hear(&mut self, text: &str) {
        if text.starts_with('{') {
            let told: Value = serde_json::from_str(text).unwrap();
            if told["session"] == "s-e-s-s-i-o-n" && !self.is_known {
                self.is_known = true;
                self.greet().await;
            }
            return;
        }
        assert!(self.is_known, "{text}");
        let (topic, rest) = text.split_once('+').unwrap_or((text, ""));
        match topic {
            "sor" | "str" => _ = self.wanted.insert(topic.to_owned()),
            "smd" => {
                let (conid, fields) = rest.split_once('+').unwrap();
                let fields: Value = serde_json::from_str(fields).unwrap();
                assert!(fields["fields"].as_array().unwrap().iter().all(Value::is_string));
                let topic = format!("smd+{conid}");
                let conid: i64 = conid.parse().unwrap();
                let mut look = {
                    let gateway = self.shared.lock().await;
                    gateway.look(conid, &gateway.stocks[&conid])
                };
                look["topic"] = json!(topic);
                self.wanted.insert(topic);
                self.say(&look).await;
            }
            "umd" => {
                let conid = rest.split('+').next().unwrap();
                assert!(self.wanted.remove(&format!("smd+{conid}")), "{conid} was not subscribed");
                self.say(&json!({"result": "unsubscribed"})).await;
            }
            "tic" => {}
            other => panic!("{other}"),
        }
    }
}

async fn talk(socket: WebSocket, shared: Shared, is_known: bool) {
    let (mut news, mut cut) = {
        let gateway = shared.lock().await;
        (gateway.news.subscribe(), gateway.cut.subscribe())
    };
    let mut talk = Talk { socket, shared, wanted: BTreeSet::from(["sts".to_owned()]), is_known };
    let mut beat = tokio::time::interval(Duration::from_secs(10));
    if is_known {
        talk.greet().await;
    } else {
        talk.say(&json!({"message": "waiting for session"})).await;
    }
    loop {
        tokio::select! {
            _ = cut.recv() => return,
            _ = beat.tick() => {
                if !talk.say(&json!({"topic": "system", "hb": 1})).await {
                    return;
                }
            }
            got = news.recv() => {
                let (topic, text) = match got {
                    Ok(news) => news,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                if talk.wanted.contains(&topic) && talk.socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            got = talk.socket.recv() => {
                let Some(Ok(message)) = got else { return };
                if let Message::Text(text) = message {
                    talk.hear(text.as_str()).await;
                }
            }
        }
    }
}

fn raw(reply: Raw, done: bool) -> Mishap {
    match reply {
        Raw::Json(status, body) => Mishap::Answer { status, body, retry_after: None, done },
        Raw::Full(status, _, body) => {
            Mishap::Answer { status, body: String::from_utf8(body).unwrap(), retry_after: None, done }
        }
        Raw::Raw(_) | Raw::Silence | Raw::Drip | Raw::Gone => Mishap::HangUp { done },
    }
}

impl Stand for Portal {
    fn config(&self) -> String {
        format!(
            "[watchlist]\nsymbols = [\"{}\"]\n[venues.stand]\nkind = \"ibkr-portal\"\nenvironment = \"paper\"\n\
             trading_url = \"https://{}/v1/api\"\ncertificate = \"{}\"\nhours = \"always\"\n{}",
            self.market.0,
            self.server.addr,
            self.dir.path().join("gateway.pem").display(),
            self.own
        )
    }
    fn market(&self) -> (&'static str, &'static str) {
        self.market
    }
    fn lines(&self) -> Vec<String> {
        let (symbol, qty) = self.market();
        let half = super::gateway::dec(qty) / Decimal::TWO;
        vec![
            format!("buy {symbol} {qty} limit -4% gtc"),
            format!("buy {symbol} {qty} limit -4% day"),
            format!("buy {symbol} {qty} trigger +4% gtc"),
            format!("buy {symbol} {qty} trigger +4% limit +4.5% gtc"),
            format!("buy {symbol} {qty} trail 4% gtc"),
            format!("sell {symbol} {half} limit +4% gtc"),
            format!("sell {symbol} {half} trail 4% gtc"),
            format!("protect {symbol} stop -3%"),
            format!("protect {symbol} stop -3% target +3%"),
            format!("buy {symbol} {qty} limit -4% gtc stop -10%"),
            format!("buy {symbol} {qty} limit -4% gtc stop -10% target +10%"),
        ]
    }
    fn bracket(&self) -> Option<String> {
        let (symbol, qty) = self.market();
        Some(format!("buy {symbol} {qty} limit -4% gtc stop -10% target +10%"))
    }
    fn fate(&self, on: On, fate: Fate) {
        let mishap = match fate {
            Fate::Done(reply) => raw(reply, true),
            Fate::Undone(reply) => raw(reply, false),
            Fate::Refused => Mishap::Answer {
                status: 200,
                body: r#"{"error":"We cannot accept an order at the limit price you selected."}"#.to_owned(),
                retry_after: None,
                done: false,
            },
            Fate::TooMany(seconds) => Mishap::Answer {
                status: 429,
                body: r#"{"error":"Too many requests"}"#.to_owned(),
                retry_after: Some(seconds),
                done: false,
            },
        };
        self.with_gateway(|gateway| gateway.mishaps.push_back((on, mishap)));
    }
    fn sent(&self) -> Vec<String> {
        self.with_gateway(|gateway| {
            let placed = gateway.seen.iter().filter(|seen| kind(seen) == Some(On::Place));
            let tickets = placed.flat_map(|seen| seen.body["orders"].as_array().unwrap().clone());
            tickets.filter_map(|t| t["cOID"].as_str().map(str::to_owned)).collect()
        })
    }
    fn open(&self) -> BTreeSet<String> {
        self.with_gateway(|gateway| {
            assert!(gateway.offences.is_empty(), "{:?}", gateway.offences);
            let name = |o: &super::gateway::Order| {
                let parent = o.parent.and_then(|p| gateway.orders.iter().find(|x| x.id == p));
                match (o.client.clone(), parent.and_then(|p| p.client.clone())) {
                    (Some(own), _) => own,
                    (None, Some(parent)) => {
                        let letter = if o.kind == "LMT" { "t" } else { "s" };
                        format!("tc-{}-{letter}", parent.strip_prefix("td-").unwrap())
                    }
                    (None, None) => format!("x-{}", o.id),
                }
            };
            gateway.orders.iter().filter(|o| o.is_open()).map(name).collect()
        })
    }
    fn held(&self, symbol: &str) -> Decimal {
        self.with_gateway(|gateway| {
            let stock = gateway.stocks.iter().find(|(_, s)| s.symbol == symbol).map(|(conid, _)| *conid);
            stock.and_then(|conid| gateway.positions.get(&conid)).map_or(Decimal::ZERO, |(qty, _)| *qty)
        })
    }
    fn deaf(&self, is_deaf: bool) {
        // What is kept back and never let go is lost.
        self.with_gateway(|gateway| gateway.kept = is_deaf.then(Vec::new));
    }
    fn cut(&self) {
        self.with_gateway(|gateway| drop(gateway.cut.send(())));
    }
    /// The brokerage session is lost while the outer one stays.
    fn expire(&self) -> bool {
        self.with_gateway(Gateway::lose_session);
        true
    }
    fn reach(&self, client: &str, parts: u32) -> bool {
        self.with_gateway(|gateway| {
            let order = gateway.by_client(client).unwrap().clone();
            let step = (order.qty / Decimal::from(parts)).floor();
            for part in 1..=parts {
                let qty = if part == parts { order.qty - step * Decimal::from(parts - 1) } else { step };
                gateway.fill(order.id, qty, order.price.unwrap());
            }
        });
        true
    }
    fn scramble(&self, act: &mut dyn FnMut()) -> bool {
        self.with_gateway(|gateway| (gateway.kept, gateway.copies) = (Some(Vec::new()), 2));
        act();
        self.with_gateway(|gateway| {
            gateway.let_go();
            gateway.copies = 1;
        });
        true
    }
    fn skew(&self, _: i64) -> bool {
        false
    }
    fn strange(&self, word: Option<&'static str>) -> bool {
        self.with_gateway(|gateway| gateway.strange_word = word);
        true
    }
    fn forbid(&self) -> bool {
        self.with_gateway(|gateway| gateway.no_trading = true);
        true
    }
    fn replaces(&self) -> bool {
        true
    }
    fn halves(&self) -> bool {
        false
    }
    fn is_gateway(&self) -> bool {
        true
    }
    fn keeps_names(&self) -> bool {
        true
    }
}

/// What only this venue has.
mod own {
    use super::super::{Rig, alerted, order};
    use super::*;
    use crate::{counterparty::client, spine};
    use tradedeck::domain::{alert::AlertCode, lifecycle::OrderState};

    fn replies(rig: &Rig<Portal>, confirmed: bool) -> usize {
        rig.stand.with_gateway(|gateway| {
            let replies = gateway.seen.iter().filter(|s| s.path.starts_with("/iserver/reply/"));
            replies.filter(|s| s.body["confirmed"] == confirmed).count()
        })
    }
    fn asks(rig: &Rig<Portal>, kinds: &[&'static str]) {
        rig.stand.with_gateway(|gateway| gateway.asks = kinds.iter().map(|kind| vec![*kind]).collect());
    }
    fn to(rig: &Rig<Portal>, bid: &str, ask: &str) {
        rig.stand.with_gateway(|gateway| gateway.move_to("AAPL", bid, ask));
    }

    #[test]
    fn a_question_is_answered_by_a_rule_once_or_shown_and_nothing_stands() {
        let mut rig = Rig::open(Portal::start());
        asks(&rig, &["o163"]);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        assert_eq!((replies(&rig, true), replies(&rig, false)), (1, 0));
        asks(&rig, &["o354"]);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Rejected);
        let s = rig.client.snapshot();
        let reason = order(&s, &id).unwrap().reason.clone().unwrap();
        for part in ["Warning o354. Are you sure", "Allow it with answers.o354 = \"yes\""] {
            assert!(reason.as_str().contains(part), "{reason}");
        }
        assert_eq!((replies(&rig, true), replies(&rig, false)), (1, 1));
        // Asked again and again: all of it allowed, then a last one that is not.
        asks(&rig, &["o163", "o163", "o163"]);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        assert_eq!(replies(&rig, true), 4);
        asks(&rig, &["o163", "o383"]);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Rejected);
        rig.agree();
        assert_eq!(rig.stand.open().len(), 2);
        rig.close();
    }

    #[test]
    fn questions_without_end_are_given_up() {
        let mut rig = Rig::open(Portal::start());
        asks(&rig, &["o163"; 12]);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Rejected);
        assert_eq!(replies(&rig, true), 8);
        assert!(rig.stand.open().is_empty());
        rig.agree();
        rig.close();
    }

    #[test]
    fn exits_are_let_through_where_the_user_said_so_and_entries_are_not() {
        let mut rig = Rig::holding(Portal::with("answer_exits = true\n", |_| {}));
        asks(&rig, &["o10151"]);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Rejected);
        asks(&rig, &["o10151"]);
        rig.done("close AAPL");
        rig.wait("flat", |s| s.positions.is_empty());
        rig.agree();
        rig.close();
    }

    #[test]
    fn a_lost_answer_to_a_question_is_settled_by_asking() {
        let mut rig = Rig::open(Portal::start());
        asks(&rig, &["o163"]);
        // The placement asks; its reply is done and never answered.
        rig.stand.with_gateway(|gateway| gateway.lose_replies = 1);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        assert!(alerted(&rig.client.snapshot(), AlertCode::OrderUnknown));
        rig.agree();
        rig.close();
    }

    #[test]
    fn nothing_leaves_in_the_penalty_box() {
        let mut rig = Rig::open(Portal::start());
        rig.stand.with_gateway(|gateway| {
            let body = r#"{"error":"Too many requests"}"#.to_owned();
            gateway
                .mishaps
                .push_back((On::Place, Mishap::Answer { status: 429, body, retry_after: None, done: false }));
        });
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Rejected);
        rig.wait("the end is shown", |s| {
            let left = s.health.iter().filter_map(|h| h.limited_until).max();
            left.is_some_and(|until| until.since_ms(s.at.mono) > 590_000)
        });
        let before = rig.stand.with_gateway(|gateway| gateway.seen.len());
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::NotSent);
        let s = rig.client.snapshot();
        assert!(
            order(&s, &id).unwrap().reason.as_ref().unwrap().as_str().contains("penalty box holds until")
        );
        drop(rig.client.wait_for(Duration::from_secs(4), |_| false));
        assert_eq!(rig.stand.with_gateway(|gateway| gateway.seen.len()), before);
        rig.close();
    }

    #[test]
    fn a_session_that_another_program_took_is_said_and_taken_up_again() {
        let mut rig = Rig::open(Portal::start());
        rig.stand.with_gateway(|gateway| {
            gateway.is_competing = true;
            gateway.lose_session();
        });
        rig.wait("the link is down with the sentence", |s| {
            s.health.iter().any(|h| {
                h.last_error.as_ref().is_some_and(|e| e.as_str().contains("another program of the same user"))
            })
        });
        let reply = spine::run(&mut rig.client, "buy AAPL 10 limit -4% gtc");
        assert!(!matches!(reply, tradedeck::desk::Reply::Done(_)), "{reply:?}");
        assert!(rig.stand.open().is_empty());
        rig.stand.with_gateway(|gateway| gateway.is_competing = false);
        rig.agree();
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        rig.agree();
        rig.close();
    }

    #[test]
    fn another_certificate_than_the_pinned_one_is_refused_with_a_sentence() {
        let stand = Portal::start();
        std::fs::write(stand.dir.path().join("gateway.pem"), own_certificate().0).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut client = client(&stand.config(), &dir.path().join("state"));
        let said = |s: &tradedeck::desk::Snapshot| {
            s.health
                .iter()
                .any(|h| h.last_error.as_ref().is_some_and(|e| e.as_str().contains("not the pinned one")))
        };
        spine::wait(&mut client, "the sentence", said);
        assert!(stand.with_gateway(|gateway| gateway.seen.is_empty()));
        client.close().unwrap();
    }

    #[test]
    fn a_live_account_behind_a_paper_configuration_is_refused() {
        let stand =
            Portal::with("", |gateway| (gateway.is_paper, gateway.account) = (Some(false), "U7654321"));
        let dir = tempfile::tempdir().unwrap();
        let mut client = client(&stand.config(), &dir.path().join("state"));
        let said = |s: &tradedeck::desk::Snapshot| {
            s.alerts
                .iter()
                .any(|a| a.alert.text.as_str().contains("has a LIVE account, the configuration says PAPER"))
        };
        spine::wait(&mut client, "the sentence", said);
        let reply = spine::run(&mut client, "buy AAPL 10 limit 190 gtc");
        assert!(matches!(reply, tradedeck::desk::Reply::Refused { .. }), "{reply:?}");
        assert!(stand.sent().is_empty());
        client.close().unwrap();
    }

    #[test]
    fn delayed_figures_are_no_quotes() {
        let stand = Portal::with("", |gateway| gateway.availability = "DpB");
        let dir = tempfile::tempdir().unwrap();
        let mut client = client(&stand.config(), &dir.path().join("state"));
        spine::wait(&mut client, "the sentence", |s| {
            s.alerts.iter().any(|a| a.alert.text.as_str().contains("the figures of AAPL are delayed"))
        });
        assert!(client.snapshot().watchlist.iter().all(|w| w.bid.is_none()));
        client.close().unwrap();
    }

    #[test]
    fn a_trailing_stop_follows_the_market_and_sells() {
        let move_to =
            |rig: &Rig<_>, bid: Decimal| to(rig, &bid.to_string(), &(bid + Decimal::new(2, 2)).to_string());
        let rig = Rig::holding(Portal::start()).trail_sells("10", move_to, ["210.00", "208.00", "207.50"]);
        rig.close();
    }

    #[test]
    fn a_pair_ends_with_the_one_that_fills() {
        Rig::holding(Portal::start()).pair_ends(|rig| to(rig, "206.50", "206.52"));
    }

    /// The venue changes an order in place and knows its first name alone: after a restart nothing counts twice.
    #[test]
    fn an_order_that_was_changed_half_way_is_known_after_a_restart() {
        let mut rig = Rig::open(Portal::start());
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        let part = |rig: &Rig<Portal>, qty: i64| {
            rig.stand.with_gateway(|gateway| {
                let (number, price) = {
                    let o = gateway.orders.last().unwrap();
                    (o.id, o.price.unwrap())
                };
                gateway.fill(number, Decimal::from(qty), price);
            });
        };
        part(&rig, 3);
        rig.wait("three", |s| order(s, &id).is_some_and(|o| o.filled.to_string() == "3"));
        let by = rig.place(&format!("replace {id} limit -3%"));
        rig.wait_state(&by, OrderState::Working);
        rig.wait_state(&id, OrderState::Replaced);
        part(&rig, 2);
        rig.wait("two more", |s| order(s, &by).is_some_and(|o| o.filled.to_string() == "2"));
        rig.agree();
        assert_eq!(rig.ours("AAPL"), Decimal::from(5));
        let Rig { stand, client: old, dir, placed } = rig;
        old.close().unwrap();
        let again = client(&stand.config(), &dir.path().join("state"));
        let mut rig = Rig { stand, client: again, dir, placed };
        rig.agree();
        assert_eq!(rig.ours("AAPL"), Decimal::from(5));
        part(&rig, 5);
        rig.wait_state(&by, OrderState::Filled);
        rig.agree();
        assert_eq!(rig.ours("AAPL"), Decimal::from(10));
        rig.close();
    }

    /// The shell: reach, session, environment; then the way out.
    #[test]
    fn the_shell_checks_looks_and_gets_out() {
        let stand = Portal::start();
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        std::fs::write(&file, stand.config()).unwrap();
        let run = |args: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"));
            command.env_clear().env("HOME", home.path()).env("TRADEDECK_CONFIG", &file);
            command.env("TRADEDECK_STATE", home.path().join("state"));
            let output = command.args(args).output().unwrap();
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            assert!(!said.contains("panicked"), "{said}");
            (output.status.code(), said)
        };
        for (args, part) in [
            (&["check", "stand"][..], "PAPER, proven by the venue"),
            (&["order", "buy AAPL 10 market", "--yes"], ""),
            (&["positions"], "AAPL"),
            (&["flatten", "--yes"], ""),
        ] {
            let (code, said) = run(args);
            assert!(code == Some(0) && said.contains(part), "{args:?}: {said}");
        }
        assert!(stand.held("AAPL").is_zero() && stand.open().is_empty());
    }
}
