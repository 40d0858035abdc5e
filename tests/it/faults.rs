//! A venue that times out, lies, falls silent and talks nonsense, seen from the desk: one POST an order, nothing
//! unread is lost, nonsense is counted and put aside, and trading goes on.

use super::{
    counterparty::{Counterparty, Fate, Mood, client, is_order, is_ready},
    loopback::{Reply, Seen},
    spine::{run, wait},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use tradedeck::{
    desk::{Reply as Said, Request, Snapshot, snapshot::OrderRow},
    domain::{alert::AlertCode, ids::ClientId, lifecycle::OrderState},
    runtime::Client,
};

const SHORT: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(60);

struct Rig {
    dir: tempfile::TempDir,
    venue: Counterparty,
    client: Client,
}

impl Rig {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let venue = Counterparty::start(dir.path());
        let mut client = client(&venue.config_text(), &dir.path().join("state"));
        wait(&mut client, "agreement and quotes", |s| is_ready(s, &["AAPL", "MSFT"]));
        Self { dir, venue, client }
    }

    /// Sends an order; it has left when this returns, or is about to.
    fn buy(&mut self, text: &str) -> ClientId {
        let reply = run(&mut self.client, text);
        let Said::Placed { orders, .. } = &reply else { panic!("{text}: {reply:?}") };
        orders.first().unwrap().clone()
    }

    fn wait_order(&mut self, id: &ClientId, what: &str, is: impl Fn(&OrderRow) -> bool) {
        self.wait_long(&format!("{id}: {what}"), |s| order(s, id).is_some_and(&is));
    }

    fn wait_long(&mut self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        if self.client.wait_for(LONG, &is).unwrap().is_none() {
            wait(&mut self.client, what, is);
        }
    }

    /// No order left twice, whatever the venue did.
    fn each_was_sent_once(&self) {
        let sent = self.venue.desk.sent();
        let once: BTreeSet<&String> = sent.iter().collect();
        assert_eq!(sent.len(), once.len(), "{sent:?}");
    }

    /// An order after all that still fills, and book and venue hold the same.
    fn trading_goes_on(&mut self) {
        let id = self.buy("buy MSFT 1 limit +1% ext");
        self.wait_order(&id, "fills", |o| o.state == OrderState::Filled);
        let held = self.venue.ask("/v2/positions");
        let held: BTreeSet<(String, String)> =
            held.as_array().unwrap().iter().map(|p| (word(p, "symbol"), word(p, "qty"))).collect();
        let ours = |s: &Snapshot| -> BTreeSet<(String, String)> {
            s.positions.iter().map(|p| (p.instrument.symbol.to_string(), p.qty.to_string())).collect()
        };
        self.wait_long("the venue's positions", |s| ours(s) == held);
        self.each_was_sent_once();
    }

    fn quarantined(&self) -> u64 {
        let snapshot = self.client.deck().desk().snapshots.borrow().clone();
        snapshot.health.iter().map(|h| h.quarantined).sum()
    }
}

fn word(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

fn order<'s>(s: &'s Snapshot, id: &ClientId) -> Option<&'s OrderRow> {
    s.orders.iter().find(|o| o.id.client == *id)
}

fn alerted(s: &Snapshot, code: AlertCode) -> bool {
    s.alerts.iter().any(|a| a.alert.code == code)
}

/// The plan for the first order only; everything else passes.
fn first_order(fate: Fate) -> impl Fn(&Seen) -> Fate + Send + Sync + 'static {
    let left = std::sync::atomic::AtomicBool::new(true);
    move |seen| {
        if is_order(seen) && left.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return fate.clone();
        }
        Fate::Pass
    }
}

fn html(status: u16) -> Reply {
    Reply::Full(status, vec![("content-type", "text/html".to_owned())], b"<html>gateway</html>".to_vec())
}

/// A1, A3, A5, A6: the venue has the order and the answer is lost or worthless.
#[test]
fn an_order_whose_answer_is_lost_is_unknown_until_the_venue_tells() {
    let truncated = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"id\":\"61e6".to_vec();
    let lost = [
        ("never answered", Reply::Silence),
        ("reset", Reply::Gone),
        ("cut off", Reply::Raw(truncated)),
        ("half a body", Reply::Json(200, "{\"id\": \"61e6".to_owned())),
        ("empty", Reply::Json(200, String::new())),
        ("server error", Reply::Json(500, "{\"code\":50010000,\"message\":\"internal\"}".to_owned())),
        ("gateway", html(504)),
        ("not documented", Reply::Json(400, "{\"message\":\"timed out\"}".to_owned())),
        ("redirect", Reply::Full(307, vec![("location", "/v2/orders".to_owned())], Vec::new())),
    ];
    let mut rig = Rig::start();
    for (qty, (what, reply)) in (1..).zip(lost) {
        rig.venue.desk.plan(first_order(Fate::After(reply)));
        // So that only a question can tell.
        rig.venue.orders.mood(Mood::Lose);
        let id = rig.buy(&format!("buy AAPL {qty} limit +1% ext"));
        rig.wait_order(&id, what, |o| {
            assert!(!matches!(o.state, OrderState::Rejected | OrderState::NotSent), "{what}: {:?}", o.state);
            o.state == OrderState::Filled
        });
        rig.venue.orders.mood(Mood::Carry);
    }
    assert!(alerted(&rig.client.snapshot(), AlertCode::OrderUnknown));
    rig.trading_goes_on();
}

/// A2: it never arrived. That nobody has it does not make it dead, and it is not sent again.
#[test]
fn an_order_that_may_have_been_lost_stays_unknown_and_is_not_sent_again() {
    let mut rig = Rig::start();
    rig.venue.desk.plan(first_order(Fate::Instead(Reply::Gone)));
    let id = rig.buy("buy AAPL 1 limit +1% ext");
    rig.wait_order(&id, "unknown", |o| o.state == OrderState::Unknown);
    let looks = |rig: &Rig| rig.venue.desk.seen(|s| s.path() == "/v2/orders:by_client_order_id").len();
    for _ in 0..300 {
        if looks(&rig) >= 4 {
            break;
        }
        drop(rig.client.wait_for(Duration::from_millis(100), |_| false));
    }
    assert!(looks(&rig) >= 4, "it is asked for again and again");
    rig.wait_order(&id, "still unknown", |o| o.state == OrderState::Unknown);
    rig.trading_goes_on();
}

/// A4: nobody listens, so nothing was sent, and that is known.
#[test]
fn an_order_that_could_not_leave_is_not_sent() {
    let mut rig = Rig::start();
    let (runtime, desk) = (&rig.venue.runtime, &mut rig.venue.desk);
    runtime.block_on(desk.close());
    // A connection that stood is found dead by the next question.
    rig.client.ask(Request::Resync { venue: None }, SHORT).unwrap();
    wait(&mut rig.client, "a fault", |s| s.health.iter().any(|h| h.last_error.is_some()));
    let id = rig.buy("buy AAPL 1 limit +1% ext");
    rig.wait_order(&id, "not sent", |o| o.state == OrderState::NotSent);
    rig.venue.runtime.block_on(rig.venue.desk.reopen());
    rig.wait_long("agreement again", |s| is_ready(s, &["MSFT"]));
    assert!(!rig.venue.desk.sent().contains(&id.to_string()), "it does not leave by itself later");
    rig.trading_goes_on();
}

/// A7: the venue finds its own order only later.
#[test]
fn an_order_that_the_venue_does_not_find_at_once_is_not_given_up() {
    let mut rig = Rig::start();
    let missing = json!({"code": 40_410_000, "message": "order not found"});
    let misses = std::sync::atomic::AtomicU32::new(0);
    let first = first_order(Fate::After(html(502)));
    rig.venue.orders.mood(Mood::Lose);
    rig.venue.desk.plan(move |seen| {
        let early = misses.load(std::sync::atomic::Ordering::SeqCst) < 3;
        match (seen.method.as_str(), seen.path()) {
            ("GET", "/v2/orders:by_client_order_id") if early => {
                misses.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                Fate::Instead(Reply::json(404, &missing))
            }
            ("GET", "/v2/orders") if early => Fate::Instead(Reply::Json(200, "[]".to_owned())),
            ("GET", "/v2/account/activities/FILL") if early => {
                Fate::Instead(Reply::Json(200, "[]".to_owned()))
            }
            _ => first(seen),
        }
    });
    let id = rig.buy("buy AAPL 1 limit +1% ext");
    rig.wait_order(&id, "found", |o| {
        assert!(!o.state.is_final() || o.state == OrderState::Filled, "{:?}", o.state);
        o.state == OrderState::Filled
    });
    rig.venue.orders.mood(Mood::Carry);
    rig.trading_goes_on();
}

/// A13: too many requests. The order is refused, not kept for later; the countdown stands in Health.
#[test]
fn an_order_that_is_refused_for_its_rate_does_not_come_back_later() {
    let mut rig = Rig::start();
    let words = br#"{"code":42910000,"message":"rate limit exceeded"}"#.to_vec();
    let headers = vec![("retry-after", "3".to_owned()), ("content-type", "application/json".to_owned())];
    rig.venue.desk.plan(first_order(Fate::Instead(Reply::Full(429, headers, words))));
    let id = rig.buy("buy AAPL 1 limit +1% ext");
    rig.wait_order(&id, "refused", |o| o.state == OrderState::Rejected);
    wait(&mut rig.client, "the countdown", |s| s.health.iter().any(|h| h.limited_until.is_some()));
    rig.wait_long("its end", |s| s.health.iter().all(|h| h.limited_until.is_none_or(|t| t <= s.at.mono)));
    rig.trading_goes_on();
    assert_eq!(rig.venue.desk.sent().iter().filter(|s| **s == id.to_string()).count(), 1);
}

/// B1, B6, B7: silence is seen, numbers go stale, and what was missed is read before anything is live again.
#[test]
fn a_silent_stream_is_stale_and_what_it_missed_is_recovered() {
    let mut rig = Rig::start();
    rig.venue.orders.mood(Mood::Stall);
    let stale = |s: &Snapshot| {
        s.health.iter().flat_map(|h| &h.channels).any(|c| c.name == "orders" && c.state != "up")
    };
    rig.wait_long("the order stream is stale", stale);
    assert!(!rig.client.snapshot().banner.lamps[0].connected, "no green lamp over a silent stream");
    rig.venue.orders.mood(Mood::Deaf);
    rig.venue.orders.cut();
    // It fills where nobody sees it.
    let (url, keys) = (rig.venue.venue.text("trading_url").to_owned(), rig.venue.venue.at.clone());
    let body = json!({"symbol": "AAPL", "qty": "7", "side": "buy", "type": "market", "time_in_force": "day"});
    rig.venue.runtime.block_on(async {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{url}/v2/orders"));
        let request = request.header("APCA-API-KEY-ID", word(&keys, "key_id"));
        let request = request.header("APCA-API-SECRET-KEY", word(&keys, "secret_key"));
        assert!(request.body(body.to_string()).send().await.unwrap().status().is_success());
    });
    rig.venue.orders.mood(Mood::Carry);
    rig.wait_long("agreement again", |s| is_ready(s, &["MSFT"]));
    rig.wait_long("the position that was missed", |s| {
        s.positions.iter().any(|p| p.instrument.symbol.as_str() == "AAPL" && p.qty.to_string() == "7")
    });
    assert!(rig.client.snapshot().health[0].reconnects >= 1);
    rig.trading_goes_on();
}

/// B3: an upgrade that is never answered ends by its own deadline, and the next attempt succeeds.
#[test]
fn an_upgrade_that_is_never_answered_is_given_up() {
    let mut rig = Rig::start();
    rig.venue.orders.mood(Mood::Deaf);
    rig.venue.orders.cut();
    rig.wait_long("the upgrade is given up", |s| {
        s.alerts
            .iter()
            .any(|a| a.alert.code == AlertCode::Stream && a.alert.text.as_str().contains("took longer"))
    });
    rig.venue.orders.mood(Mood::Carry);
    rig.wait_long("agreement again", |s| is_ready(s, &["MSFT"]));
    rig.trading_goes_on();
}

/// C1, C12, J1, J5, J8: nonsense on both streams is put aside and counted; what is too much ends the connection.
#[test]
fn nonsense_is_counted_and_trading_goes_on() {
    let mut rig = Rig::start();
    let id = rig.buy("buy AAPL 2 limit -5% gtc");
    rig.wait_order(&id, "works", |o| o.state == OrderState::Working);
    let known = rig.venue.ask(&format!("/v2/orders:by_client_order_id?client_order_id={id}"));
    let quote = |bid: &str, ask: &str| {
        format!(r#"[{{"T":"q","S":"AAPL","bp":{bid},"bs":1,"ap":{ask},"as":1,"t":"2026-11-20T15:00:00Z"}}]"#)
    };
    let before = rig.quarantined();
    for text in [
        quote("NaN", "1"),
        quote("1e400", "1e400"),
        quote("\"\"", "1"),
        quote("0.00000000000000000000000000001", "1"),
        "[{\"T\":\"q\"".to_owned(),
        "\u{1b}]52;c;ZXZpbA==\u{7}".to_owned(),
        "[".repeat(10_000),
    ] {
        rig.venue.market.say(Message::text(text));
    }
    for change in [
        json!({"filled_qty": "NaN"}),
        json!({"qty": "1e400"}),
        json!({"limit_price": ""}),
        json!({"side": "sideways"}),
        json!({"client_order_id": "a\u{202e}b"}),
    ] {
        rig.venue.orders.say(update("new", &known, &change));
    }
    rig.venue.orders.say(Message::text("{}"));
    rig.venue.orders.say(Message::binary(vec![b'['; 5_000]));
    wait(&mut rig.client, "the count", |s| {
        s.health[0].quarantined > before && alerted(s, AlertCode::Quarantined)
    });
    let reason = json!({"status": "on\u{1b}[31m_fire\u{202e}"});
    rig.venue.orders.say(update("on_fire", &known, &reason));
    wait(&mut rig.client, "the unknown word", |s| alerted(s, AlertCode::UnknownStatus));
    rig.wait_order(&id, "open risk", |o| o.state.is_open());
    let shown = serde_json::to_string(&*rig.client.snapshot()).unwrap();
    for bad in ['\u{1b}', '\u{7}', '\u{202e}'] {
        let escaped = serde_json::to_string(&bad.to_string()).unwrap();
        assert!(
            !shown.contains(bad) && !shown.contains(escaped.trim_matches('"')),
            "{bad:?} reaches the screen"
        );
    }
    let cut = |s: &Snapshot| s.health[0].reconnects;
    let reconnects = cut(&rig.client.snapshot());
    rig.venue.orders.say(Message::text("x".repeat(10_000_000)));
    rig.wait_long("the giant ends the connection", |s| cut(s) > reconnects);
    rig.wait_long("agreement again", |s| is_ready(s, &["MSFT"]));
    let not_text = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    rig.venue.orders.say(Message::Frame(not_text));
    rig.wait_long("so does what is no text", |s| cut(s) > reconnects + 1);
    rig.wait_long("agreement again", |s| is_ready(s, &["MSFT"]));
    assert!(matches!(run(&mut rig.client, &format!("cancel {id}")), Said::Done(_)));
    rig.wait_order(&id, "cancelled", |o| o.state == OrderState::Cancelled);
    rig.trading_goes_on();
}

/// A message of the order stream about `order`, changed.
fn update(event: &str, order: &Value, change: &Value) -> Message {
    let mut order = order.clone();
    order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let data = json!({"event": event, "order": order, "timestamp": "2026-11-20T15:00:00Z"});
    Message::text(json!({"stream": "trade_updates", "data": data}).to_string())
}

/// B10: everything that the venue said is said again, twice. The position stays.
#[test]
fn news_that_comes_again_changes_nothing() {
    let mut rig = Rig::start();
    for n in 1..=3 {
        let id = rig.buy(&format!("buy AAPL {n} limit +1% ext"));
        rig.wait_order(&id, "fills", |o| o.state == OrderState::Filled);
    }
    let fills = rig.client.snapshot().fills.len();
    let news = rig.venue.orders.heard();
    for message in news.iter().chain(news.iter().rev()) {
        let is_news = message.to_text().is_ok_and(|t| t.contains("trade_updates") && t.contains("event"));
        if is_news {
            rig.venue.orders.say(message.clone());
        }
    }
    rig.trading_goes_on();
    let s = rig.client.snapshot();
    assert!(s.positions.iter().any(|p| p.instrument.symbol.as_str() == "AAPL" && p.qty.to_string() == "6"));
    assert!(s.fills.len() > fills && !alerted(&s, AlertCode::Overfill), "{:?}", s.alerts);
}

/// D2: a cancel of what has filled meanwhile, where nobody could see it.
#[test]
fn a_cancel_that_comes_too_late_finds_the_fill() {
    let mut rig = Rig::start();
    rig.venue.orders.mood(Mood::Lose);
    let asked = std::sync::atomic::AtomicBool::new(false);
    rig.venue.desk.plan(move |seen| {
        if seen.method == "DELETE" {
            asked.store(true, std::sync::atomic::Ordering::SeqCst);
        }
        let lists = ["/v2/orders", "/v2/positions", "/v2/account/activities/FILL"];
        let blind = seen.method == "GET" && lists.contains(&seen.path());
        if blind && !asked.load(std::sync::atomic::Ordering::SeqCst) {
            return Fate::Instead(html(503));
        }
        Fate::Pass
    });
    let id = rig.buy("buy AAPL 2 limit +1% ext");
    rig.wait_order(&id, "taken by the venue", |o| o.venue_id.is_some());
    let question = format!("/v2/orders:by_client_order_id?client_order_id={id}");
    while word(&rig.venue.ask(&question), "status") != "filled" {
        drop(rig.client.wait_for(Duration::from_millis(50), |_| false));
    }
    let open = order(&rig.client.snapshot(), &id).is_some_and(|o| o.state.is_open());
    assert!(open, "the desk does not know of the fill yet");
    run(&mut rig.client, &format!("cancel {id}"));
    rig.wait_order(&id, "what the venue has", |o| o.state == OrderState::Filled);
    let cancels = rig.venue.desk.seen(|s| s.method == "DELETE").len();
    assert_eq!(cancels, 1, "a cancel that was refused is not repeated");
    rig.venue.orders.mood(Mood::Carry);
    rig.trading_goes_on();
}

/// E1, E3: exits hold the shares, and the venue can't say for a while what is held. It is never called flat
/// before the venue says so.
#[test]
fn an_exit_goes_on_while_the_venue_fails() {
    let mut rig = Rig::start();
    let id = rig.buy("buy AAPL 4 limit +1% ext");
    rig.wait_order(&id, "fills", |o| o.state == OrderState::Filled);
    let target = rig.buy("sell AAPL 4 limit +5% gtc");
    rig.wait_order(&target, "reserves the shares", |o| o.state == OrderState::Working);
    let failures = std::sync::atomic::AtomicU32::new(0);
    rig.venue.desk.plan(move |seen| {
        let count = || failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        match (seen.method.as_str(), seen.path()) {
            ("GET", "/v2/positions" | "/v2/orders") if count() < 8 => Fate::Instead(html(503)),
            _ => Fate::Pass,
        }
    });
    assert!(matches!(run(&mut rig.client, "flatten"), Said::Done(_)));
    rig.wait_long("flat", |s| {
        let Some(flat) = s.exit.as_ref().and_then(|e| e.flat) else { return false };
        assert!(flat, "{:?}", s.exit);
        true
    });
    assert_eq!(rig.venue.ask("/v2/positions"), json!([]));
    assert_eq!(rig.venue.ask("/v2/orders?status=open"), json!([]));
    rig.each_was_sent_once();
    assert!(matches!(run(&mut rig.client, "unlock checked"), Said::Done(_)));
    rig.trading_goes_on();
    assert!(rig.dir.path().join("state").is_dir());
}
