//! The adapter against servers on loopback: what it asks, what it makes of answers, and what it does when they
//! do not come.

mod openapi;
mod streams;

use super::{
    Alpaca,
    config::{Config, Settings},
    loopback::{Reply, Seen, Server, Sockets, closed_port},
};
use crate::{
    broker::{Broker, Fault, OrderRef, Outcome, Release, Replacement, Wanted},
    clock::System,
    config::secret::Secret,
    domain::{
        ids::{ClientId, ExecutionId, InstrumentId, Symbol, VenueId, VenueOrderId},
        lifecycle::OrderEvent,
        order::{
            Amount, Attached, Change, OrderSpec, OrderType, Role, Side, StopLeg, Submission, Tif, Trail,
        },
        quote::Interval,
        report::Environment,
        text::Text,
        time::Stamp,
    },
    risk::permit::{Cleared, Reducing},
    transport::tls::Tls,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::oneshot;

const CANARY: &str = "canary-secret-4711";

fn venue() -> VenueId {
    VenueId::new("alpaca-paper").unwrap()
}

fn settings(base: &str) -> Settings {
    Settings {
        environment: Some(Environment::Paper),
        trading_url: Some(base.to_owned()),
        key_id: Some(Secret::new("PK1".to_owned())),
        secret_key: Some(Secret::new(CANARY.to_owned())),
        ..Settings::default()
    }
}

fn alpaca_with(settings: Settings) -> Alpaca {
    let tls = Tls::with_native_roots(None).unwrap();
    Alpaca::new(Config::new(venue(), settings).unwrap(), &tls, Arc::new(System::start())).unwrap()
}

fn alpaca(server: &Server) -> Alpaca {
    alpaca_with(settings(&server.url()))
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn instrument(text: &str) -> InstrumentId {
    InstrumentId { venue: venue(), symbol: symbol(text) }
}

fn limit_order() -> OrderSpec {
    OrderSpec {
        instrument: instrument("AAPL"),
        side: Side::Buy,
        amount: Amount::Qty("10".parse().unwrap()),
        order_type: OrderType::Limit { limit: "175.50".parse().unwrap() },
        tif: Tif::Day,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}

fn submission(spec: OrderSpec) -> Submission {
    Submission { client: ClientId::new("td-a-1").unwrap(), spec }
}

fn order_ref() -> OrderRef {
    let venue_id = VenueOrderId::new("904837e3-3b76-47ec-b432-046db621571b").unwrap();
    OrderRef {
        instrument: instrument("AAPL"),
        client: ClientId::new("td-a-1").unwrap(),
        venue_id: Some(venue_id),
    }
}

/// An order as the venue tells it, with these fields changed.
fn told(changes: Value) -> Value {
    let mut order = json!({
        "id": "904837e3-3b76-47ec-b432-046db621571b", "client_order_id": "td-a-1", "symbol": "AAPL",
        "asset_class": "us_equity", "qty": "10", "notional": null, "filled_qty": "0", "filled_avg_price": null,
        "order_class": "", "order_type": "limit", "type": "limit", "side": "buy", "time_in_force": "day",
        "limit_price": "175.5", "stop_price": null, "status": "accepted", "extended_hours": false, "legs": null,
        "trail_percent": null, "trail_price": null, "hwm": null, "replaces": null, "replaced_by": null,
        "submitted_at": "2026-11-20T15:00:00.5Z", "created_at": "2026-11-20T15:00:00.5Z",
    });
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

fn account(number: &str) -> Value {
    json!({"id": "e6fe16f3-64a4-4921-8928-cadf02f92f98", "account_number": number, "status": "ACTIVE",
        "currency": "USD", "equity": "103820.56", "last_equity": "103529.24", "cash": "-23140.2",
        "buying_power": "262113.632", "multiplier": "4", "shorting_enabled": true, "trading_blocked": false,
        "account_blocked": false, "trade_suspended_by_user": false, "daytrade_count": 1})
}

/// Sends an order that waits for its word: what the venue had seen when it came, how it ended, and what it saw then.
async fn staged(
    word: Result<(), Text>,
) -> (Vec<Seen>, Outcome<Vec<crate::domain::report::OrderReport>>, Vec<Seen>) {
    let mut server = Server::start(move |_: &Seen| Reply::json(200, &told(json!({})))).await;
    let venue = alpaca(&server);
    let (ready, is_ready) = oneshot::channel();
    let (say, said) = oneshot::channel();
    let release = Release::upon(async move {
        ready.send(()).unwrap();
        said.await.unwrap()
    });
    let (outcome, before) =
        tokio::join!(venue.submit(Cleared::for_test(submission(limit_order())), release), async {
            is_ready.await.expect("an order waits for its word");
            let before = server.drain();
            say.send(word).unwrap();
            before
        });
    (before, outcome, server.drain())
}

#[tokio::test]
async fn a_staged_order_leaves_by_its_word_and_only_then() {
    let (before, outcome, after) = staged(Ok(())).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert_eq!((before.len(), after.len()), (0, 1));
    let why = Text::from("the disk is full");
    let (before, outcome, after) = staged(Err(why.clone())).await;
    assert_eq!(outcome, Outcome::NotSent(why));
    assert_eq!((before.len(), after.len()), (0, 0));
}

async fn submitted(reply: Reply) -> (Outcome<Vec<crate::domain::report::OrderReport>>, Vec<Seen>) {
    let mut server = Server::start(move |_: &Seen| reply.clone()).await;
    let outcome =
        alpaca(&server).submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    (outcome, server.drain())
}

#[tokio::test]
async fn an_accepted_order_is_a_request_and_not_a_result() {
    let (outcome, seen) = submitted(Reply::json(200, &told(json!({})))).await;
    let Outcome::Accepted(reports) = outcome else { panic!("{outcome:?}") };
    assert_eq!((reports.len(), reports[0].status), (1, OrderEvent::Accepted));
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("apca-api-secret-key"), Some(CANARY));
    let sent = json!({"symbol": "AAPL", "qty": "10", "side": "buy", "type": "limit", "time_in_force": "day",
        "limit_price": "175.50", "client_order_id": "td-a-1"});
    assert_eq!(seen[0].json(), sent);
}

#[tokio::test]
async fn what_does_not_settle_an_order_leaves_it_unknown_and_sent_once() {
    let whole = told(json!({})).to_string();
    let half: String = whole.chars().take(50).collect();
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{half}", whole.len());
    for (name, reply) in [
        ("gone after reading", Reply::Gone),
        ("500", Reply::json(500, &json!({"code": 50_010_000, "message": "internal"}))),
        ("504 from a proxy", Reply::Full(504, Vec::new(), b"<html>gateway timeout</html>".to_vec())),
        ("html with 200", Reply::Full(200, Vec::new(), b"<html>welcome to the hotel</html>".to_vec())),
        ("empty 200", Reply::Json(200, String::new())),
        ("cut inside JSON", Reply::Json(200, half)),
        ("cut inside the body", Reply::Raw(cut.into_bytes())),
        ("not a number", Reply::json(200, &told(json!({"filled_qty": "NaN"})))),
        ("another order", Reply::json(200, &told(json!({"client_order_id": "td-a-2"})))),
        ("another side", Reply::json(200, &told(json!({"side": "sell"})))),
        ("another symbol", Reply::json(200, &told(json!({"symbol": "TSLA"})))),
        ("400 without a code", Reply::json(400, &json!({"message": "timed out"}))),
        ("redirect", Reply::Full(307, vec![("location", "/v2/orders".to_owned())], Vec::new())),
        ("409", Reply::json(409, &json!({"code": 40_910_000, "message": "conflict"}))),
    ] {
        let (outcome, seen) = submitted(reply).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{name}: {outcome:?}");
        assert_eq!(seen.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn an_order_that_is_never_answered_is_unknown_and_sent_once() {
    for reply in [Reply::Silence, Reply::Drip] {
        let mut server = Server::start(move |_: &Seen| reply.clone()).await;
        let deadline = Some(std::time::Duration::from_millis(300));
        let venue = alpaca_with(Settings { deadline, ..settings(&server.url()) });
        let outcome = venue.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
        assert_eq!(server.drain().len(), 1);
    }
}

#[tokio::test]
async fn no_connection_is_not_sent() {
    let venue = alpaca_with(settings(&format!("http://{}", closed_port().await)));
    let outcome = venue.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    let outcome = venue.cancel(order_ref()).await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
}

#[tokio::test]
async fn what_alpaca_has_no_word_for_is_not_sent() {
    let mut server = Server::start(|_: &Seen| Reply::Gone).await;
    let venue = alpaca(&server);
    let gtd = Tif::Gtd(jiff::civil::date(2026, 12, 24));
    for (spec, why) in [
        (OrderSpec { post_only: true, ..limit_order() }, "post-only"),
        (OrderSpec { reduce_only: true, ..limit_order() }, "reduce-only"),
        (OrderSpec { tif: gtd, ..limit_order() }, "until a date"),
    ] {
        let outcome = venue.submit(Cleared::for_test(submission(spec)), Release::given()).await;
        let Outcome::NotSent(said) = &outcome else { panic!("{outcome:?}") };
        assert!(said.as_str().contains(why), "{said}");
    }
    assert_eq!(server.drain().len(), 0);
}

#[tokio::test]
async fn a_documented_refusal_is_told_in_the_venues_words() {
    let body = json!({"code": 40_310_000, "message": "insufficient buying power", "buying_power": "0"});
    let (outcome, _) = submitted(Reply::json(403, &body)).await;
    let Outcome::Refused(no) = outcome else { panic!("{outcome:?}") };
    assert_eq!((no.code.as_str(), no.text.as_str()), ("40310000", "insufficient buying power"));
}

#[tokio::test]
async fn too_many_requests_close_the_way_in_and_keep_the_way_out() {
    let mut server = Server::start(|seen: &Seen| match seen.method.as_str() {
        "POST" => {
            Reply::Full(429, vec![("retry-after", "1".to_owned())], b"{\"message\":\"rate limit\"}".to_vec())
        }
        _ => Reply::Full(204, Vec::new(), Vec::new()),
    })
    .await;
    let venue = alpaca(&server);
    let outcome = venue.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    let Outcome::Refused(no) = outcome else { panic!("{outcome:?}") };
    assert!(no.retry_at.is_some());
    // The next one is not queued to go out at another price; it does not leave at all.
    let outcome = venue.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    // A cancel waits for its slot, and goes.
    let outcome = venue.cancel(order_ref()).await;
    assert!(matches!(outcome, Outcome::Accepted(())), "{outcome:?}");
    let methods: Vec<_> = server.drain().into_iter().map(|s| s.method).collect();
    assert_eq!(methods, ["POST", "DELETE"]);
}

#[tokio::test]
async fn headers_close_the_way_in_before_the_venue_does() {
    let mut server = Server::start(|seen: &Seen| {
        let headers =
            vec![("x-ratelimit-limit", "200".to_owned()), ("x-ratelimit-remaining", "40".to_owned())];
        let body = if seen.method == "POST" { told(json!({})).to_string() } else { String::new() };
        Reply::Full(200, headers, body.into_bytes())
    })
    .await;
    let venue = alpaca(&server);
    let cleared = || Cleared::for_test(submission(limit_order()));
    assert!(matches!(venue.submit(cleared(), Release::given()).await, Outcome::Accepted(_)));
    assert!(matches!(venue.submit(cleared(), Release::given()).await, Outcome::NotSent(_)));
    assert!(matches!(
        venue.reduce(Reducing::for_test(submission(limit_order()))).await,
        Outcome::Accepted(_)
    ));
    assert!(matches!(venue.cancel_all().await, Outcome::Accepted(())));
    assert_eq!(server.drain().len(), 3);
}

#[tokio::test]
async fn a_cancel_finds_an_order_that_is_known_by_our_name_only() {
    let mut server = Server::start(|seen: &Seen| match (seen.method.as_str(), seen.path()) {
        ("GET", "/v2/orders:by_client_order_id") => Reply::json(200, &told(json!({}))),
        ("DELETE", _) => Reply::Full(204, Vec::new(), Vec::new()),
        _ => Reply::json(404, &json!({"code": 40_410_000, "message": "not found"})),
    })
    .await;
    let by_client = OrderRef { venue_id: None, ..order_ref() };
    assert_eq!(alpaca(&server).cancel(by_client).await, Outcome::Accepted(()));
    let seen = server.drain();
    assert_eq!(seen[0].query(), [("client_order_id".to_owned(), "td-a-1".to_owned())]);
    assert_eq!(seen[1].path(), "/v2/orders/904837e3-3b76-47ec-b432-046db621571b");
}

#[tokio::test]
async fn not_found_is_an_answer_only_in_the_venues_own_words() {
    let server =
        Server::start(|_: &Seen| Reply::json(404, &json!({"code": 40_410_000, "message": "no"}))).await;
    assert_eq!(alpaca(&server).find(order_ref()).await, Ok(Vec::new()));
    let by_client = OrderRef { venue_id: None, ..order_ref() };
    assert!(matches!(alpaca(&server).cancel(by_client).await, Outcome::Refused(_)));
    let server = Server::start(|_: &Seen| Reply::Full(404, Vec::new(), b"nginx".to_vec())).await;
    assert!(matches!(alpaca(&server).find(order_ref()).await, Err(Fault::Refused { .. })));
    let server = Server::start(|_: &Seen| Reply::json(200, &told(json!({"client_order_id": "x"})))).await;
    assert!(matches!(alpaca(&server).find(order_ref()).await, Err(Fault::Unreadable { .. })));
}

fn bracket() -> Value {
    let leg = |id: &str, kind: &str, price: &str| {
        let mut leg =
            told(json!({"id": id, "client_order_id": format!("c-{id}"), "type": kind, "side": "sell",
            "order_class": "bracket", "status": "held", "limit_price": null}));
        leg[price] = json!("180");
        leg
    };
    told(
        json!({"order_class": "bracket", "status": "filled", "filled_qty": "10", "filled_avg_price": "175.4",
        "legs": [leg("t-1", "limit", "limit_price"), leg("s-1", "stop", "stop_price")]}),
    )
}

#[tokio::test]
async fn a_report_joins_orders_children_executions_positions_and_rules() {
    let mut server = Server::start(|seen: &Seen| match seen.path() {
        "/v2/orders" if seen.target.contains("status=open") => Reply::json(200, &json!([bracket(), {"id": 7}])),
        "/v2/orders" => Reply::json(200, &json!([])),
        "/v2/orders/old-1" => {
            Reply::json(200, &told(json!({"id": "old-1", "client_order_id": "mine", "symbol": "TSLA"})))
        }
        "/v2/account/activities/FILL" => Reply::json(200, &json!([
            fill("20261120100000000::e-0", "904837e3-3b76-47ec-b432-046db621571b"),
            fill("20261120100000001::e-1", "904837e3-3b76-47ec-b432-046db621571b"),
            fill("20261120100000002::e-2", "old-1"),
        ])),
        "/v2/positions" => Reply::json(200, &json!([
            {"symbol": "BTCUSD", "asset_class": "crypto", "qty": "-0.5", "side": "short", "qty_available": "-0.5",
             "avg_entry_price": "90010", "current_price": "91204", "lastday_price": "90000"}])),
        "/v2/account" => Reply::json(200, &account("PA3717PJAYWN")),
        path if path.starts_with("/v2/assets/") => Reply::json(404, &json!({"code": 40_410_000, "message": "no"})),
        _ => Reply::Gone,
    })
    .await;
    let wanted = Wanted { executions_after: Some(ExecutionId::new("e-0").unwrap()), ..Wanted::default() };
    let report = alpaca(&server).report(wanted).await;
    let orders = report.orders.unwrap();
    let roles: Vec<_> = orders.iter().map(|o| (o.client.as_str(), o.role)).collect();
    assert_eq!(
        roles,
        [
            ("td-a-1", Some(Role::Entry)),
            ("c-t-1", Some(Role::Target)),
            ("c-s-1", Some(Role::Stop)),
            ("mine", Some(Role::Entry))
        ]
    );
    assert_eq!(orders[1].parent, Some(ClientId::new("td-a-1").unwrap()));
    let stop = StopLeg { stop: "180".parse().unwrap(), limit: None };
    assert_eq!(orders[0].attached, Attached::Bracket { target: "180".parse().unwrap(), stop });
    let executions = report.executions.unwrap();
    let ids: Vec<_> = executions.iter().map(|e| (e.id.as_str(), e.client.as_str())).collect();
    assert_eq!(ids, [("e-1", "td-a-1"), ("e-2", "mine")]);
    let positions = report.positions.unwrap();
    assert_eq!(
        (positions[0].instrument.symbol.as_str(), positions[0].qty.to_string()),
        ("BTC/USD", "-0.5".into())
    );
    assert_eq!(report.account.unwrap().multiplier, Some("4".parse().unwrap()));
    // The order that could not be read is named, and the rest stands.
    assert_eq!(report.missing.len(), 1, "{:?}", report.missing);
    let paths: Vec<_> = server.drain().into_iter().map(|s| s.target).collect();
    assert!(paths.iter().any(|p| p == "/v2/assets/BTC%2FUSD"), "{paths:?}");
}

fn fill(id: &str, order: &str) -> Value {
    json!({"activity_type": "FILL", "id": id, "order_id": order, "side": "buy", "qty": "10", "price": "175.4",
        "cum_qty": "10", "leaves_qty": "0", "symbol": "AAPL", "transaction_time": "2026-11-20T15:00:01Z",
        "type": "fill", "order_status": "filled"})
}

#[tokio::test]
async fn what_could_not_be_had_is_not_called_empty() {
    let server = Server::start(|seen: &Seen| match seen.path() {
        "/v2/positions" => Reply::json(200, &json!([{"symbol": "AAPL", "qty": "NaN", "side": "long"}])),
        "/v2/account" => Reply::json(401, &json!({"code": 40_110_000, "message": "unauthorized."})),
        _ => Reply::Full(503, Vec::new(), b"busy".to_vec()),
    })
    .await;
    let report = alpaca(&server).report(Wanted::default()).await;
    assert_eq!((&report.orders, &report.executions), (&None, &None));
    assert_eq!((&report.positions, &report.account), (&None, &None));
    assert_eq!(report.missing.len(), 3, "{:?}", report.missing);
    assert!(!format!("{report:?}").contains(CANARY));
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let mut server = Server::start(|seen: &Seen| {
        let until = seen.query().into_iter().find(|(k, _)| k == "until");
        match (seen.path(), until) {
            ("/v2/orders", _) if seen.target.contains("status=closed") => Reply::json(200, &json!([])),
            ("/v2/orders", None) => Reply::json(200, &page(0..500)),
            ("/v2/orders", Some(_)) => Reply::json(200, &page(499..620)),
            ("/v2/account", _) => Reply::json(200, &account("PA1")),
            ("/v2/assets/AAPL", _) => Reply::json(404, &json!({"code": 40_410_000, "message": "no"})),
            _ => Reply::json(200, &json!([])),
        }
    })
    .await;
    let report = alpaca(&server).report(Wanted::default()).await;
    assert_eq!((report.orders.unwrap().len(), report.missing), (620, Vec::new()));
    let until = server.drain().into_iter().find_map(|s| s.query().into_iter().find(|(k, _)| k == "until"));
    assert_eq!(until.unwrap().1, "2026-11-20T14:51:41.000001Z");
}

/// Orders a second apart, the newest first.
fn page(numbers: std::ops::Range<i64>) -> Value {
    let start = Stamp::parse_rfc3339("2026-11-20T15:00:00Z").unwrap();
    numbers
        .map(|n| {
            let at = start.plus_ms(n.saturating_mul(-1_000)).to_rfc3339();
            told(json!({"id": format!("o-{n}"), "client_order_id": format!("c-{n}"), "submitted_at": at}))
        })
        .collect()
}

#[tokio::test]
async fn the_account_proves_the_environment() {
    for (number, expected) in [("PA3717PJAYWN", true), ("123456789", false)] {
        let server = Server::start(move |_: &Seen| Reply::json(200, &account(number))).await;
        let proof = alpaca(&server).prove().await;
        assert_eq!(proof.is_ok(), expected, "{proof:?}");
        if let Ok(proof) = proof {
            assert_eq!(
                (proof.environment, proof.read_only, proof.withdraw),
                (Environment::Paper, None, None)
            );
        }
    }
    let blocked = json!({"trading_blocked": true});
    let mut body = account("PA1");
    body["trading_blocked"] = blocked["trading_blocked"].clone();
    let server = Server::start(move |_: &Seen| Reply::json(200, &body)).await;
    let proof = alpaca(&server).prove().await.unwrap();
    assert_eq!(proof.read_only.unwrap().as_str(), "trading_blocked");
    let server = Server::start(|_: &Seen| Reply::json(403, &json!({"message": "forbidden."}))).await;
    assert!(matches!(alpaca(&server).prove().await, Err(Fault::Unauthorised { .. })));
}

#[test]
fn nothing_printed_shows_the_secret() {
    let venue = alpaca_with(settings("http://127.0.0.1:1"));
    assert!(!format!("{venue:?}").contains(CANARY));
}

#[tokio::test]
async fn bars_before_a_time_end_before_it() {
    let bar = |t: &str| json!({"t": t, "o": 1, "h": 2.5, "l": 0.5, "c": 1.25, "v": 10, "n": 1, "vw": 1});
    let answer = json!({"bars": {"AAPL": [bar("2026-11-20T14:59:00Z"), bar("2026-11-20T14:58:00Z")]}});
    let mut server = Server::start(move |_: &Seen| Reply::json(200, &answer)).await;
    let before = Stamp::parse_rfc3339("2026-11-20T15:00:00Z").unwrap();
    let bars = alpaca(&server).bars(instrument("AAPL"), Interval::Min1, 2, Some(before)).await.unwrap();
    let times: Vec<String> = bars.iter().map(|b| b.at.to_rfc3339()).collect();
    assert_eq!(times, ["2026-11-20T14:58:00Z", "2026-11-20T14:59:00Z"]);
    let asked = server.drain().pop().unwrap().target;
    for part in ["limit=2", "sort=desc", "end=2026-11-20T14%3A59%3A59.999999999Z"] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    let start = "start=2026-11-16T14%3A50%3A00Z";
    assert!(asked.contains(start), "{start} in {asked}");
}
