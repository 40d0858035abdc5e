//! The adapter against servers on loopback and against payloads that the vendor and others recorded.

mod changes;
mod coins;
mod fixtures;
mod requests;
mod specification;
mod values;
mod yaml;

use super::{
    Binance,
    config::{Config, Product},
    loopback::{Reply, Seen, Server},
    map::rules::Directory,
    wire,
};
use crate::{
    adapters::Settings,
    broker::{Broker, Fault, OrderRef, Outcome, Release, Replacement, Wanted},
    clock::System,
    config::secret::Secret,
    domain::{
        ids::{ClientId, Currency, InstrumentId, Symbol, VenueId, VenueOrderId},
        instrument::{Icebergs, WaitingExits},
        lifecycle::OrderEvent,
        order::{Amount, Attached, Change, OrderSpec, OrderType, Side, StopLeg, Submission, Tif, Trail},
        quote::Interval,
        report::{Environment, OrderReport},
    },
    risk::permit::{Cleared, Reducing},
    transport::tls::Tls,
};
use serde_json::{Value, json};
use std::sync::Arc;

const CANARY: &str = "canary-secret-4711";

fn venue() -> VenueId {
    VenueId::new("binance").unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn instrument() -> InstrumentId {
    InstrumentId { venue: venue(), symbol: symbol("BTC/USDT") }
}

/// The list of symbols, with these alone.
fn info(natives: &[(&str, &str, &str)]) -> Value {
    let one = |(native, base, quote): &(&str, &str, &str)| {
        json!({"symbol": native, "status": "TRADING", "baseAsset": base, "quoteAsset": quote,
            "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
            "baseCommissionPrecision": 8, "icebergAllowed": *native != "LTCUSDT",
            "ocoAllowed": true, "otoAllowed": *native != "ETHBTC", "opoAllowed": *native != "LTCUSDT",
            "quoteOrderQtyMarketAllowed": true, "allowTrailingStop": true, "cancelReplaceAllowed": true,
            "amendAllowed": true, "isSpotTradingAllowed": true,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
                {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.0", "stepSize": "0.00001000"},
                {"filterType": "MARKET_LOT_SIZE", "minQty": "0.0", "maxQty": "120.5", "stepSize": "0.00100000"},
                {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": true},
                {"filterType": "ICEBERG_PARTS", "limit": 10},
                {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 5},
                {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
                    "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000}]})
    };
    json!({"timezone": "UTC", "serverTime": 1, "exchangeFilters": [],
        "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}],
        "symbols": natives.iter().map(one).collect::<Vec<_>>()})
}

fn directory(natives: &[(&str, &str, &str)]) -> Directory {
    let text = info(natives).to_string();
    let info: wire::ExchangeInfo<'_> = serde_json::from_str(&text).unwrap();
    let mut unread = Vec::new();
    let currency = Currency::new("USDT").unwrap();
    let directory = Directory::new(&venue(), Product::Spot, &currency, &info, &mut unread);
    assert!(unread.is_empty(), "{unread:?}");
    directory
}

fn now_ms() -> i64 {
    crate::clock::Clock::now(&System::start()).wall.as_millis()
}

/// What must be known before an order can be sent.
fn known(seen: &Seen) -> Option<Reply> {
    Some(match seen.path() {
        path if path.ends_with("/time") => Reply::json(200, &json!({"serverTime": now_ms()})),
        path if path.ends_with("/exchangeInfo") => Reply::json(
            200,
            &info(&[("BTCUSDT", "BTC", "USDT"), ("ETHBTC", "ETH", "BTC"), ("LTCUSDT", "LTC", "USDT")]),
        ),
        _ => return None,
    })
}

async fn server(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |seen: &Seen| known(seen).unwrap_or_else(|| script(seen))).await
}

fn binance_as(product: Product, server: &Server) -> Binance {
    let settings = Settings {
        environment: Some(Environment::Paper),
        trading_url: Some(server.url()),
        currency: Some("USDT".to_owned()),
        key_id: Some(Secret::new("K1".to_owned())),
        secret_key: Some(Secret::new(CANARY.to_owned())),
        ..Settings::default()
    };
    let tls = Tls::with_native_roots(None).unwrap();
    Binance::new(Config::new(venue(), product, settings).unwrap(), &tls, Arc::new(System::start())).unwrap()
}

fn binance(server: &Server) -> Binance {
    binance_as(Product::Spot, server)
}

fn limit_order() -> OrderSpec {
    OrderSpec {
        instrument: instrument(),
        side: Side::Buy,
        amount: Amount::Qty("0.01".parse().unwrap()),
        order_type: OrderType::Limit { limit: "50000.10".parse().unwrap() },
        tif: Tif::Gtc,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}

/// In a symbol that has OTO and no OPO, and no icebergs.
fn litecoins() -> OrderSpec {
    let instrument = InstrumentId { venue: venue(), symbol: symbol("LTC/USDT") };
    OrderSpec { instrument, amount: Amount::Qty("0.7".parse().unwrap()), ..limit_order() }
}

fn submission(spec: OrderSpec) -> Submission {
    Submission { client: ClientId::new("td-a-1").unwrap(), spec }
}

fn order_ref() -> OrderRef {
    OrderRef {
        instrument: instrument(),
        client: ClientId::new("td-a-1").unwrap(),
        venue_id: Some(VenueOrderId::new("BTCUSDT:28").unwrap()),
    }
}

/// An order as the venue tells it, with these fields changed.
fn told(changes: Value) -> Value {
    let mut order = json!({"symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "td-a-1",
        "price": "50000.10000000", "origQty": "0.01000000", "executedQty": "0.00000000", "origQuoteOrderQty": "0.0",
        "cummulativeQuoteQty": "0.00000000", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY",
        "transactTime": 1_507_725_176_595_i64, "workingTime": 1_507_725_176_595_i64, "selfTradePreventionMode": "NONE"});
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

async fn submitted(reply: Reply) -> (Outcome<Vec<OrderReport>>, Vec<Seen>) {
    let mut server = server(move |_: &Seen| reply.clone()).await;
    let outcome =
        binance(&server).submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    (outcome, server.drain())
}

fn posts(seen: &[Seen]) -> usize {
    seen.iter().filter(|s| s.method == "POST").count()
}

#[tokio::test]
async fn an_order_is_signed_in_the_venues_time_and_sent_once() {
    let (outcome, seen) = submitted(Reply::json(200, &told(json!({})))).await;
    let Outcome::Accepted(reports) = outcome else { panic!("{outcome:?}") };
    assert_eq!((reports.len(), reports[0].status), (1, OrderEvent::Working));
    assert_eq!(reports[0].venue_id.as_str(), "BTCUSDT:28");
    let sent = seen.last().unwrap();
    assert_eq!((sent.method.as_str(), sent.header("x-mbx-apikey")), ("POST", Some("K1")));
    let (payload, signature) = sent.target.split_once('?').unwrap().1.split_once("&signature=").unwrap();
    let at = payload.rsplit_once("timestamp=").unwrap().1.parse::<i64>().unwrap();
    assert!((at - now_ms()).abs() < 2_000);
    let key = crate::transport::sign::Key::read(&Secret::new(CANARY.to_owned())).unwrap();
    assert_eq!(signature, key.sign(payload.as_bytes()).unwrap());
    assert!(payload.starts_with(
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=50000.1&quantity=0.01&newClientOrderId=td-a-1&newOrderRespType=RESULT&recvWindow=5000&timestamp="
    ), "{payload}");
    assert!(seen.iter().all(|s| !s.target.contains(CANARY)));
}

#[tokio::test]
async fn what_does_not_settle_an_order_leaves_it_unknown_and_sent_once() {
    let whole = told(json!({})).to_string();
    let half: String = whole.chars().take(50).collect();
    for (name, reply) in [
        ("gone after reading", Reply::Gone),
        ("500", Reply::json(500, &json!({"code": -1000, "msg": "internal"}))),
        ("503", Reply::json(503, &json!({"code": -1008, "msg": "overloaded"}))),
        ("504 from a proxy", Reply::Full(504, Vec::new(), b"<html>gateway timeout</html>".to_vec())),
        ("execution status unknown", Reply::json(400, &json!({"code": -1006, "msg": "unknown"}))),
        ("timeout", Reply::json(400, &json!({"code": -1007, "msg": "Timeout waiting for response"}))),
        ("duplicate", Reply::json(400, &json!({"code": -2010, "msg": "Duplicate order sent."}))),
        ("html with 200", Reply::Full(200, Vec::new(), b"<html>hotel</html>".to_vec())),
        ("empty 200", Reply::Json(200, String::new())),
        ("cut inside JSON", Reply::Json(200, half)),
        ("not a number", Reply::json(200, &told(json!({"executedQty": "NaN"})))),
        ("another order", Reply::json(200, &told(json!({"clientOrderId": "td-a-2"})))),
        ("another side", Reply::json(200, &told(json!({"side": "SELL"})))),
        ("another symbol", Reply::json(200, &told(json!({"symbol": "ETHBTC"})))),
        ("a code of later", Reply::json(400, &json!({"code": -9999, "msg": "new"}))),
        ("firewall", Reply::Full(403, Vec::new(), b"<html>403</html>".to_vec())),
        ("redirect", Reply::Full(307, vec![("location", "/api/v3/order".to_owned())], Vec::new())),
    ] {
        let (outcome, seen) = submitted(reply).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{name}: {outcome:?}");
        assert_eq!(posts(&seen), 1, "{name}");
    }
}

/// A request whose time was refused was not executed; the next one asks for the time anew.
#[tokio::test]
async fn a_time_that_is_off_is_a_refusal_and_measured_again() {
    let off = json!({"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."});
    let refuses = std::sync::atomic::AtomicU32::new(1);
    let mut server = server(move |seen: &Seen| {
        let left = refuses.fetch_update(
            std::sync::atomic::Ordering::SeqCst,
            std::sync::atomic::Ordering::SeqCst,
            |n| n.checked_sub(1),
        );
        match (left.is_ok(), seen.method.as_str()) {
            (true, _) => Reply::json(400, &off),
            (false, _) => Reply::json(200, &told(json!({}))),
        }
    })
    .await;
    let binance = binance(&server);
    let outcome = binance.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    let Outcome::Refused(no) = outcome else { panic!("{outcome:?}") };
    assert_eq!(no.code.as_str(), "-1021");
    assert!(matches!(
        binance.submit(Cleared::for_test(submission(limit_order())), Release::given()).await,
        Outcome::Accepted(_)
    ));
    let seen = server.drain();
    assert_eq!(seen.iter().filter(|s| s.path().ends_with("/time")).count(), 2);
    assert_eq!(posts(&seen), 2);
}

/// A question that was refused for its time is asked again by itself: it changes nothing.
#[tokio::test]
async fn a_question_is_asked_again_with_a_new_time() {
    let off = json!({"code": -1021, "msg": "Timestamp"});
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = server(move |_: &Seen| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Reply::json(400, &off);
        }
        Reply::json(200, &told(json!({"time": 1_507_725_176_595_i64})))
    })
    .await;
    let found = binance(&server).find(order_ref()).await.unwrap();
    assert_eq!(found[0].client.as_str(), "td-a-1");
}

#[tokio::test]
async fn too_many_requests_hold_everything_back_for_as_long_as_the_venue_says() {
    for (code, status) in [(-1003, 429), (-1003, 418), (-1015, 429)] {
        let reply = Reply::Full(
            status,
            vec![("retry-after", "7".to_owned())],
            json!({"code": code, "msg": "Too many"}).to_string().into_bytes(),
        );
        let mut server = server(move |_: &Seen| reply.clone()).await;
        let binance = binance(&server);
        let outcome = binance.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
        let Outcome::Refused(no) = outcome else { panic!("{outcome:?}") };
        assert!(no.retry_at.is_some());
        let again = binance.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
        assert!(matches!(&again, Outcome::NotSent(why) if why.as_str().contains("no room")), "{again:?}");
        assert_eq!(posts(&server.drain()), 1, "{code}");
        // Orders that are too many do not stop questions.
        let asked = binance.find(order_ref()).await;
        let limited = matches!(asked, Err(Fault::Limited { .. }));
        assert!(limited || code == -1015, "{asked:?}");
    }
}

#[tokio::test]
async fn the_weight_that_the_venue_counted_is_believed() {
    let reply = Reply::Full(
        200,
        vec![("x-mbx-used-weight-1m", "5990".to_owned()), ("content-type", "application/json".to_owned())],
        told(json!({})).to_string().into_bytes(),
    );
    let server = server(move |_: &Seen| reply.clone()).await;
    let binance = binance(&server);
    assert!(matches!(
        binance.submit(Cleared::for_test(submission(limit_order())), Release::given()).await,
        Outcome::Accepted(_)
    ));
    let refused = binance.submit(Cleared::for_test(submission(limit_order())), Release::given()).await;
    assert!(matches!(&refused, Outcome::NotSent(_)), "entries leave the reserve alone: {refused:?}");
    let reduced = binance.reduce(Reducing::for_test(submission(limit_order()))).await;
    assert!(matches!(reduced, Outcome::Accepted(_)), "an exit has it: {reduced:?}");
}

fn change() -> Replacement {
    let after =
        OrderSpec { order_type: OrderType::Limit { limit: "50001".parse().unwrap() }, ..limit_order() };
    Replacement {
        order: order_ref(),
        change: Change { limit: Some("50001".parse().unwrap()), ..Change::default() },
        client: ClientId::new("td-a-2").unwrap(),
        before: limit_order(),
        after,
        filled: crate::domain::money::Qty::ZERO,
        adds_nothing: false,
    }
}

/// Cancel and new order: both done, neither, one of them, or not known.
#[tokio::test]
async fn a_replacement_has_four_ends() {
    let cancelled = told(json!({"status": "CANCELED", "origClientOrderId": "td-a-1", "clientOrderId": "x"}));
    let new = told(json!({"orderId": 29, "clientOrderId": "td-a-2", "price": "50001"}));
    let no = |code: i64, msg: &str| json!({"code": code, "msg": msg});
    let half = |cancel: &str, placed: &str, cancelled: &Value, new: &Value| json!({"cancelResult": cancel, "newOrderResult": placed, "cancelResponse": cancelled, "newOrderResponse": new});
    let both = half("SUCCESS", "SUCCESS", &cancelled, &new);
    let none = half("FAILURE", "NOT_ATTEMPTED", &no(-2011, "Unknown order sent."), &Value::Null);
    let lost = half("SUCCESS", "FAILURE", &cancelled, &no(-2010, "Order would immediately match and take."));
    let told_half = |code: i64, data: &Value| json!({"code": code, "msg": "failed", "data": data});
    let outcome = async |reply: Reply| {
        let mut server = server(move |_: &Seen| reply.clone()).await;
        let outcome = binance(&server).replace(Cleared::for_test(change())).await;
        assert_eq!(posts(&server.drain()), 1);
        outcome
    };
    let Outcome::Accepted(reports) = outcome(Reply::json(200, &both)).await else { panic!() };
    assert_eq!((reports[0].client.as_str(), reports[0].status), ("td-a-2", OrderEvent::Working));
    assert_eq!((reports[1].client.as_str(), reports[1].status), ("td-a-1", OrderEvent::Replaced));
    assert_eq!(reports[1].replaced_by, Some(reports[0].venue_id.clone()));
    let Outcome::Refused(why) = outcome(Reply::json(400, &told_half(-2022, &none))).await else { panic!() };
    assert_eq!(why.code.as_str(), "-2011");
    let Outcome::Accepted(reports) = outcome(Reply::json(409, &told_half(-2021, &lost))).await else {
        panic!()
    };
    assert_eq!((reports[0].client.as_str(), reports[0].status), ("td-a-1", OrderEvent::Cancelled));
    assert_eq!((reports[1].client.as_str(), reports[1].status), ("td-a-2", OrderEvent::Rejected));
    assert!(reports[1].reason.as_ref().unwrap().as_str().contains("immediately match"));
    for reply in [
        Reply::Gone,
        Reply::json(500, &told_half(-2021, &lost)),
        Reply::Json(200, "{".to_owned()),
        Reply::json(409, &told_half(-2021, &half("FAILURE", "SUCCESS", &no(-2011, "x"), &new))),
        Reply::json(200, &half("SUCCESS", "SUCCESS", &cancelled, &told(json!({"clientOrderId": "td-z-9"})))),
    ] {
        let outcome = outcome(reply.clone()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{reply:?}: {outcome:?}");
    }
    let refused = outcome(Reply::json(400, &no(-1015, "Too many new orders"))).await;
    assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
}

/// What the venue has no word for is refused here with a sentence, and nothing leaves.
#[tokio::test]
async fn what_binance_lacks_never_leaves() {
    let mut server = server(|_: &Seen| Reply::Gone).await;
    let binance = binance(&server);
    let price = |text: &str| text.parse().unwrap();
    let stop = StopLeg { stop: price("40000"), limit: None };
    let trail = |trail| OrderSpec { order_type: OrderType::TrailingStop { trail }, ..limit_order() };
    let show = Some("0.001".parse().unwrap());
    for (spec, why) in [
        (OrderSpec { tif: Tif::Day, ..limit_order() }, "no orders for the day"),
        (OrderSpec { tif: Tif::Opg, ..limit_order() }, "no auctions"),
        (OrderSpec { extended: true, ..limit_order() }, "never closes"),
        (OrderSpec { reduce_only: true, ..limit_order() }, "no reduce-only"),
        (trail(Trail::Amount(price("5"))), "write a percentage"),
        (trail(Trail::Percent("0.005".parse().unwrap())), "hundredths of a per cent"),
        (trail(Trail::Percent("30".parse().unwrap())), "3000 is outside"),
        (
            OrderSpec {
                order_type: OrderType::Market,
                attached: Attached::OtoStop { stop },
                ..limit_order()
            },
            "give the entry a limit",
        ),
        (
            OrderSpec { side: Side::Sell, attached: Attached::OtoStop { stop }, ..limit_order() },
            "wait for a buy",
        ),
        (
            OrderSpec {
                order_type: OrderType::Market,
                amount: Amount::Qty("0.0105".parse().unwrap()),
                ..limit_order()
            },
            "go in steps of 0.001",
        ),
        (OrderSpec { post_only: true, tif: Tif::Ioc, ..limit_order() }, "a post-only order is"),
        (OrderSpec { show, tif: Tif::Ioc, ..limit_order() }, "with gtc"),
        (OrderSpec { show, attached: Attached::OtoStop { stop }, ..limit_order() }, "by itself"),
        (
            OrderSpec { show, order_type: OrderType::Stop { stop: price("60000") }, ..limit_order() },
            "an iceberg is",
        ),
        (OrderSpec { show, ..litecoins() }, "no icebergs in this symbol"),
        (
            OrderSpec {
                instrument: InstrumentId { venue: venue(), symbol: symbol("DOGE/USDT") },
                ..limit_order()
            },
            "no market DOGE/USDT",
        ),
    ] {
        let outcome = binance.submit(Cleared::for_test(submission(spec)), Release::given()).await;
        assert!(
            matches!(&outcome, Outcome::NotSent(said) if said.as_str().contains(why)),
            "{why}: {outcome:?}"
        );
    }
    assert_eq!(posts(&server.drain()), 0);
}

/// The rules that come of the filters.
#[tokio::test]
async fn filters_become_the_rules_that_the_gate_holds_orders_to() {
    let server = server(|_: &Seen| Reply::Gone).await;
    let rules = binance(&server)
        .instruments(vec![symbol("BTC/USDT"), symbol("ETH/BTC"), symbol("LTC/USDT"), symbol("X/Y")])
        .await
        .unwrap();
    assert_eq!(rules.len(), 3);
    let iceberg = Icebergs { parts_max: Some(10), open_max: Some(5) };
    let lists = |n: usize| (rules[n].icebergs, rules[n].exits);
    assert_eq!(lists(0), (Some(iceberg), WaitingExits::Whole));
    assert_eq!(lists(1), (Some(iceberg), WaitingExits::None), "neither OTO nor OPO");
    assert_eq!(lists(2), (None, WaitingExits::LessFees), "OTO alone");
    let btc = &rules[0];
    assert_eq!(
        (btc.lot.to_string(), btc.qty_min.to_string(), btc.notional_min.to_string()),
        ("0.00001".into(), "0.00001".into(), "5".into())
    );
    assert_eq!(btc.qty_max.unwrap().to_string(), "120.5", "the market order's, which is the smaller");
    assert!(btc.tick.allows("50000.01".parse().unwrap()) && !btc.tick.allows("50000.005".parse().unwrap()));
    let why = format!("{:?}", rules[1].tradable);
    assert!(why.contains("priced in BTC, this account is counted in USDT"), "{why}");
}
