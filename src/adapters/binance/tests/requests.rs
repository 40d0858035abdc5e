//! Every request that the adapter makes, held against the vendor's own collection of requests.

use super::{
    values::{Judge, with},
    *,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Where the material lies that others made; `None`, with a line, where nobody says.
pub(super) fn material() -> Option<PathBuf> {
    let folder = std::env::var_os("TRADEDECK_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
    }
    folder
}

/// Of each method and path, its parameters, and whether each is needed.
pub(super) type Known = BTreeMap<String, BTreeMap<String, bool>>;

pub(super) fn read(file: &std::path::Path) -> Known {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let root: Value = serde_json::from_str(&text).unwrap();
    let mut known = Known::new();
    walk(&root, &mut known);
    known
}

fn walk(value: &Value, known: &mut Known) {
    for item in value["item"].as_array().into_iter().flatten() {
        walk(item, known);
        let Some(url) = item["request"]["url"].as_object() else { continue };
        let path: Vec<&str> = url["path"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
        let query = url.get("query").and_then(Value::as_array).into_iter().flatten();
        let parameters =
            query.map(|q| (q["key"].as_str().unwrap().to_owned(), q["disabled"] != true)).collect();
        let method = item["request"]["method"].as_str().unwrap();
        known.insert(format!("{method} /{}", path.join("/")), parameters);
    }
}

pub(super) fn check(known: &Known, seen: &Seen) -> Option<String> {
    let what = format!("{} {}", seen.method, seen.path());
    let Some(parameters) = known.get(&what) else { return Some(format!("{what}: no such request")) };
    let sent: BTreeMap<String, String> = seen.query().into_iter().collect();
    // Where the collection leaves the window out (of the commission alone), the rules for all signed requests have it
    // ("Timing security", rest-api.md).
    let window = |name: &str| name == "recvWindow" && what.ends_with("/account/commission");
    if let Some(name) = sent.keys().find(|name| !parameters.contains_key(*name) && !window(name)) {
        return Some(format!("{what}: `{name}` is not declared"));
    }
    // One of several names of a thing is needed, which a collection can't say.
    let missing = parameters.iter().find(|(name, needed)| **needed && !sent.contains_key(*name));
    missing.map(|(name, _)| format!("{what}: `{name}` is missing"))
}

/// Every kind of order that both kinds of futures take, made of this one.
pub(super) fn future_orders(one: &OrderSpec) -> Vec<OrderSpec> {
    let price = |text: &str| text.parse().unwrap();
    let kinds = [
        OrderType::Market,
        OrderType::Stop { stop: price("60000") },
        OrderType::StopLimit { stop: price("60000"), limit: price("60100") },
        OrderType::TrailingStop { trail: Trail::Percent("1.5".parse().unwrap()) },
    ];
    let mut specs: Vec<OrderSpec> =
        kinds.into_iter().map(|order_type| OrderSpec { order_type, ..one.clone() }).collect();
    specs.extend([
        one.clone(),
        OrderSpec { tif: Tif::Fok, ..one.clone() },
        OrderSpec { post_only: true, ..one.clone() },
        OrderSpec { reduce_only: true, side: Side::Sell, ..one.clone() },
    ]);
    specs
}

async fn every_future_request(venue: &Binance) {
    let mut specs = future_orders(&limit_order());
    specs.push(OrderSpec { tif: Tif::Gtd("2027-01-15".parse().unwrap()), ..limit_order() });
    for spec in specs {
        let outcome = venue.submit(Cleared::for_test(submission(spec.clone())), Release::given()).await;
        assert!(!matches!(outcome, Outcome::NotSent(_)), "{spec:?}: {outcome:?}");
    }
    let conditional = OrderRef { venue_id: Some(VenueOrderId::new("BTCUSDT:a77").unwrap()), ..order_ref() };
    for order in [order_ref(), OrderRef { venue_id: None, ..order_ref() }, conditional] {
        drop(venue.cancel(order.clone()).await);
        drop(venue.find(order).await);
    }
    drop(venue.replace(Cleared::for_test(change())).await);
    drop(venue.api.count_down("BTCUSDT", 120_000).await);
    venue.leave().await;
    drop(venue.cancel_all().await);
    drop(venue.prove().await);
    drop(venue.report(Wanted { traded: vec![symbol("BTC/USDT")], ..Wanted::default() }).await);
    drop(venue.quotes(vec![symbol("BTC/USDT")]).await);
    drop(venue.bars(instrument(), Interval::Min5, 10, None).await);
    let directory = venue.api.directory(crate::transport::limit::Class::Exit).await.unwrap();
    drop(venue.api.depth(&directory, &symbol("BTC/USDT")).await);
    drop(venue.api.listen_url().await);
    drop(venue.api.keep_listening("k").await);
}

/// The same of futures.
fn future_answer(seen: &Seen) -> Reply {
    let refused = |code: i64| Reply::json(400, &json!({"code": code, "msg": "no such order"}));
    let algo = json!({"algoId": 77, "clientAlgoId": "td-a-1", "symbol": "BTCUSDT", "side": "BUY", "positionSide": "BOTH",
        "orderType": "STOP_MARKET", "algoStatus": "NEW", "timeInForce": "GTC", "quantity": "0.01", "price": "0",
        "triggerPrice": "60000", "createTime": 1_763_458_576_201_i64});
    let tail = seen.path().rsplit('/').next().unwrap();
    let query: std::collections::BTreeMap<String, String> = seen.query().into_iter().collect();
    let is_named = query.contains_key("orderId");
    let order = || told(json!({"avgPrice": "0.00", "positionSide": "BOTH"}));
    Reply::json(
        200,
        &match (seen.method.as_str(), tail) {
            ("GET" | "DELETE", "order") if !is_named => {
                return refused(if seen.method == "GET" { -2013 } else { -2011 });
            }
            (_, "order") => order(),
            (_, "algoOrder") => algo,
            ("GET", "openOrders" | "allOrders") => json!([order()]),
            ("GET", "openAlgoOrders") => json!([algo]),
            ("GET", "userTrades" | "klines" | "bookTicker" | "symbolConfig" | "positionRisk") => json!([]),
            ("GET", "accountConfig") => json!({"canTrade": true, "dualSidePosition": false}),
            ("GET", "balance") => json!([{"accountAlias": "SgsR"}]),
            ("GET", "account") => {
                json!({"totalInitialMargin": "0", "totalMaintMargin": "0", "totalWalletBalance": "1",
            "totalMarginBalance": "1", "availableBalance": "1"})
            }
            ("GET", "depth") => json!({"lastUpdateId": 1, "bids": [], "asks": []}),
            ("POST", "listenKey") => json!({"listenKey": "k"}),
            _ => json!({}),
        },
    )
}

#[tokio::test]
async fn every_request_of_futures_is_one_that_the_vendor_lists() {
    let Some(folder) = material() else { return };
    let known =
        read(&folder.join("binance-futures/postman/Binance_Derivatives_Trading_USDS_Futures_API.json"));
    let mut server = server(future_answer).await;
    every_future_request(&binance_as(Product::Usdm, &server)).await;
    let seen = server.drain();
    let wrong: Vec<String> = seen.iter().filter_map(|seen| check(&known, seen)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let kinds: std::collections::BTreeSet<String> =
        seen.iter().map(|s| format!("{} {}", s.method, s.path())).collect();
    println!("{} requests of {} kinds are in the vendor's collection of futures", seen.len(), kinds.len());
    assert!(kinds.len() >= 26, "{kinds:#?}");
    let judge = Judge::of_futures(&folder);
    assert!(judge.kinds() > 80, "{} kinds of requests are specified", judge.kinds());
    let wrong: Vec<String> = seen.iter().filter_map(|seen| judge.check(seen)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let find = |what: &str, with: &str| {
        let is = |s: &&Seen| format!("{} {}", s.method, s.path()) == what && s.target.contains(with);
        seen.iter().find(is).unwrap_or_else(|| panic!("{what} with {with}"))
    };
    let limit = find("POST /fapi/v1/order", "type=LIMIT");
    let stop = find("POST /fapi/v1/algoOrder", "type=STOP_MARKET");
    let changed = find("PUT /fapi/v1/order", "");
    let countdown = find("POST /fapi/v1/countdownCancelAll", "");
    for (request, name, value, why) in [
        (limit, "side", Some("BOTH"), "`side` is `BOTH`"),
        (limit, "type", Some("STOP_LOSS"), "`type` is `STOP_LOSS`"),
        (limit, "timeInForce", Some("DAY"), "`timeInForce` is `DAY`"),
        (limit, "quantity", Some("1e3"), "`quantity` is `1e3`"),
        (limit, "price", Some("-1"), "`price` is `-1`"),
        (limit, "price", None, "needs `price`"),
        (limit, "newClientOrderId", Some("a%20b"), "`newClientOrderId` is `a b`"),
        (stop, "triggerPrice", None, "needs `triggerPrice`"),
        (stop, "algoType", Some("VP"), "`algoType` is `VP`"),
        (changed, "quantity", None, "`quantity` is missing"),
        (changed, "orderId", Some("a77"), "`orderId` is `a77`"),
        (countdown, "countdownTime", Some("120s"), "`countdownTime` is `120s`"),
        (countdown, "symbol", None, "`symbol` is missing"),
    ] {
        let said =
            judge.check(&with(request, name, value)).unwrap_or_else(|| panic!("{name}: {value:?} passes"));
        assert!(said.contains(why), "{said}");
    }
}

/// Every kind of order that spot takes.
fn spot_orders() -> Vec<OrderSpec> {
    let price = |text: &str| text.parse().unwrap();
    let stop = StopLeg { stop: price("40000"), limit: None };
    let limited = StopLeg { stop: price("40000"), limit: Some(price("39900")) };
    let sell = || OrderSpec { side: Side::Sell, ..limit_order() };
    let kinds = [
        OrderType::Market,
        OrderType::Stop { stop: price("60000") },
        OrderType::StopLimit { stop: price("60000"), limit: price("60100") },
        OrderType::TrailingStop { trail: Trail::Percent("1.5".parse().unwrap()) },
    ];
    let mut specs: Vec<OrderSpec> =
        kinds.into_iter().map(|order_type| OrderSpec { order_type, ..limit_order() }).collect();
    specs.extend([
        limit_order(),
        OrderSpec { tif: Tif::Ioc, ..limit_order() },
        OrderSpec { post_only: true, ..limit_order() },
        OrderSpec {
            order_type: OrderType::Market,
            amount: Amount::Notional("500".parse().unwrap()),
            ..limit_order()
        },
        OrderSpec { attached: Attached::Oco { stop }, ..sell() },
        OrderSpec { attached: Attached::Oco { stop: limited }, ..sell() },
        OrderSpec {
            attached: Attached::Oco { stop: StopLeg { stop: price("60000"), limit: None } },
            ..limit_order()
        },
        OrderSpec { attached: Attached::Bracket { target: price("70000"), stop }, ..limit_order() },
        OrderSpec {
            attached: Attached::Bracket { target: price("70000"), stop: limited },
            post_only: true,
            ..limit_order()
        },
        OrderSpec { attached: Attached::OtoStop { stop: limited }, ..limit_order() },
        OrderSpec { attached: Attached::OtoTarget { target: price("70000") }, ..limit_order() },
        OrderSpec { show: Some("0.001".parse().unwrap()), ..limit_order() },
        OrderSpec { show: Some("0.001".parse().unwrap()), post_only: true, ..limit_order() },
        OrderSpec {
            order_type: OrderType::StopLimit { stop: price("60000"), limit: price("60100") },
            show: Some("0.001".parse().unwrap()),
            ..limit_order()
        },
        OrderSpec { attached: Attached::Bracket { target: price("70000"), stop: limited }, ..litecoins() },
        OrderSpec { attached: Attached::Bracket { target: price("70000"), stop }, ..litecoins() },
        OrderSpec { attached: Attached::OtoStop { stop: limited }, post_only: true, ..litecoins() },
        OrderSpec { attached: Attached::OtoTarget { target: price("70000") }, ..litecoins() },
    ]);
    specs
}

async fn every_request(venue: &Binance) {
    for spec in spot_orders() {
        let outcome = venue.submit(Cleared::for_test(submission(spec.clone())), Release::given()).await;
        assert!(!matches!(outcome, Outcome::NotSent(_)), "{spec:?}: {outcome:?}");
    }
    drop(venue.replace(Cleared::for_test(change())).await);
    drop(venue.replace(Cleared::for_test(changes::smaller("0.006", "0"))).await);
    drop(
        venue.replace(Cleared::for_test(Replacement { filled: "0.004".parse().unwrap(), ..change() })).await,
    );
    drop(venue.cancel(order_ref()).await);
    drop(venue.cancel(OrderRef { venue_id: None, ..order_ref() }).await);
    drop(venue.cancel_all().await);
    drop(venue.find(order_ref()).await);
    drop(venue.find(OrderRef { venue_id: None, ..order_ref() }).await);
    drop(venue.prove().await);
    drop(venue.report(Wanted { traded: vec![symbol("BTC/USDT")], ..Wanted::default() }).await);
    drop(venue.quotes(vec![symbol("BTC/USDT")]).await);
    drop(
        venue
            .bars(
                instrument(),
                Interval::Min5,
                10,
                Some(crate::domain::time::Stamp::from_secs(1_800_000_000).unwrap()),
            )
            .await,
    );
    let directory = venue.api.directory(crate::transport::limit::Class::Exit).await.unwrap();
    drop(venue.api.depth(&directory, &symbol("BTC/USDT")).await);
}

/// Answers everything with something that is true enough for the next question.
fn answer(seen: &Seen) -> Reply {
    let order = || told(json!({"orderListId": 7}));
    Reply::json(
        200,
        &match (seen.method.as_str(), seen.path().rsplit('/').next().unwrap()) {
            ("GET", "openOrders" | "allOrders") => json!([order()]),
            ("GET", "order") => order(),
            ("GET", "orderList") => {
                json!({"orders": [{"symbol": "BTCUSDT", "orderId": 29, "clientOrderId": "tc-a-1-s"}]})
            }
            ("GET", "myTrades" | "klines" | "bookTicker") => json!([]),
            ("GET", "price") => json!([{"symbol": "BTCUSDT", "price": "50000"}]),
            ("GET", "account") => json!({"canTrade": true, "uid": 1, "balances": []}),
            ("GET", "commission") => changes::commission("0.001"),
            ("DELETE", "order") => changes::cancelled("0.004"),
            ("GET", "depth") => json!({"lastUpdateId": 1, "bids": [], "asks": []}),
            _ => json!({}),
        },
    )
}

#[tokio::test]
async fn every_request_is_one_that_the_vendor_lists() {
    let Some(folder) = material() else { return };
    let known = read(&folder.join("binance-spot/postman/Binance_Spot_API.json"));
    let mut server = server(answer).await;
    every_request(&binance(&server)).await;
    let seen = server.drain();
    let wrong: Vec<String> = seen.iter().filter_map(|seen| check(&known, seen)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let kinds: std::collections::BTreeSet<String> =
        seen.iter().map(|s| format!("{} {}", s.method, s.path())).collect();
    println!("{} requests of {} kinds are in the vendor's collection", seen.len(), kinds.len());
    assert!(kinds.len() >= 21, "{kinds:#?}");
    let judge = Judge::of_spot(&folder);
    assert!(judge.kinds() > 200, "{} kinds of requests are specified", judge.kinds());
    let wrong: Vec<String> = seen.iter().filter_map(|seen| judge.check(seen)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The judges are themselves judged.
    let find = |path: &str, with: &str| {
        let is = |s: &&Seen| s.method == "POST" && s.path() == path && s.target.contains(with);
        seen.iter().find(is).unwrap_or_else(|| panic!("{path} with {with}"))
    };
    let limit = find("/api/v3/order", "type=LIMIT&");
    let trailing = find("/api/v3/order", "trailingDelta");
    let bracket = find("/api/v3/orderList/opoco", "");
    let fixed = find("/api/v3/orderList/otoco", "");
    let iceberg = find("/api/v3/order", "icebergQty");
    for (request, name, value, why) in [
        (limit, "side", Some("HOLD"), "`side` is `HOLD`"),
        (limit, "type", Some("STOP"), "`type` is `STOP`"),
        (limit, "timeInForce", Some("GTD"), "`timeInForce` is `GTD`"),
        (limit, "quantity", Some("0,01"), "`quantity` is `0,01`"),
        (limit, "quantity", None, "needs `quantity`"),
        (limit, "timestamp", Some("1.5"), "`timestamp` is `1.5`"),
        (limit, "newOrderRespType", Some("ALL"), "`newOrderRespType` is `ALL`"),
        (trailing, "trailingDelta", None, "needs `stopPrice|trailingDelta`"),
        (bracket, "workingType", Some("MARKET"), "`workingType` is `MARKET`"),
        (bracket, "pendingBelowType", Some("STOP"), "`pendingBelowType` is `STOP`"),
        (bracket, "workingPrice", None, "`workingPrice` is missing"),
        (fixed, "pendingQuantity", None, "`pendingQuantity` is missing"),
        (fixed, "pendingSide", Some("SHORT"), "`pendingSide` is `SHORT`"),
        (iceberg, "icebergQty", Some("a lot"), "`icebergQty` is `a lot`"),
    ] {
        let said =
            judge.check(&with(request, name, value)).unwrap_or_else(|| panic!("{name}: {value:?} passes"));
        assert!(said.contains(why), "{said}");
    }
    let mut bad = seen.iter().find(|s| s.method == "POST").unwrap().clone();
    bad.target = bad.target.replace("side=BUY", "sides=BUY");
    assert!(check(&known, &bad).unwrap().contains("`sides` is not declared"));
    bad.target = bad.target.replace("sides=BUY&", "");
    assert!(check(&known, &bad).unwrap().contains("`side` is missing"));
}
