//! Every request that the adapter makes, held against the vendor's own description of the API; and the vendor's
//! examples, read.

use super::*;
use crate::adapters::alpaca::{map, wire};
use serde_json::Map;

const TRADING: &str = include_str!("../../../../tests/fixtures/alpaca/trading-api.openapi.json");
const MARKET: &str = include_str!("../../../../tests/fixtures/alpaca/market-data-api.openapi.json");

struct Description {
    root: Value,
}

impl Description {
    fn read(text: &str) -> Self {
        Self { root: serde_json::from_str(text).unwrap() }
    }
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(path) => self.root.pointer(path.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }
    /// The operation and the path's item for a request.
    fn operation(&self, seen: &Seen) -> Option<(&Value, &Value)> {
        let fits = |template: &str| {
            let (t, p): (Vec<_>, Vec<_>) = (template.split('/').collect(), seen.path().split('/').collect());
            t.len() == p.len() && t.iter().zip(&p).all(|(t, p)| t.starts_with('{') && !p.is_empty() || t == p)
        };
        let paths = self.root["paths"].as_object().unwrap();
        // A literal path wins over a template.
        let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
        found.sort_by_key(|(template, _)| template.contains('{'));
        let item = found.first()?.1;
        Some((item.get(seen.method.to_lowercase())?, item))
    }
    fn check(&self, seen: &Seen) -> Option<String> {
        let place = format!("{} {}", seen.method, seen.target);
        let Some((operation, item)) = self.operation(seen) else {
            return Some(format!("{place}: no such operation"));
        };
        let lists = [operation.get("parameters"), item.get("parameters")];
        let declared: Vec<&Value> = lists
            .into_iter()
            .flatten()
            .flat_map(|l| l.as_array().unwrap())
            .map(|p| self.resolve(p))
            .collect();
        let query = seen.query();
        for (name, value) in &query {
            let Some(parameter) = declared.iter().find(|p| p["in"] == "query" && p["name"] == name.as_str())
            else {
                return Some(format!("{place}: `{name}` is not declared"));
            };
            let schema = self.resolve(&parameter["schema"]);
            let typed = match schema["type"].as_str() {
                Some("integer" | "boolean" | "number") => {
                    serde_json::from_str(value).ok().unwrap_or_else(|| json!(value))
                }
                _ => json!(value),
            };
            if let Some(why) = self.validate(schema, &typed) {
                return Some(format!("{place}: `{name}`: {why}"));
            }
        }
        for parameter in declared.iter().filter(|p| p["in"] == "query" && p["required"] == true) {
            if !query.iter().any(|(name, _)| parameter["name"] == name.as_str()) {
                return Some(format!("{place}: {} is missing", parameter["name"]));
            }
        }
        self.check_body(seen, operation).map(|why| format!("{place}: {why}"))
    }
    fn check_body(&self, seen: &Seen, operation: &Value) -> Option<String> {
        let Some(content) = operation.pointer("/requestBody/content/application~1json/schema") else {
            return (!seen.body.is_empty()).then(|| "a body where none belongs".to_owned());
        };
        let schema = self.resolve(content);
        let body = seen.json();
        let known: &Map<String, Value> = schema["properties"].as_object().unwrap();
        let strange = body.as_object().unwrap().keys().find(|k| !known.contains_key(*k));
        strange.map(|k| format!("`{k}` is not declared")).or_else(|| self.validate(schema, &body))
    }
    fn validate(&self, schema: &Value, value: &Value) -> Option<String> {
        let whole = json!({"components": self.root["components"], "allOf": [schema]});
        let validator = jsonschema::validator_for(&whole).unwrap();
        validator.iter_errors(value).next().map(|e| format!("{e}: {value}"))
    }
}

async fn every_order(venue: &Alpaca) {
    let price = |text: &str| text.parse().unwrap();
    let stop = StopLeg { stop: price("174"), limit: Some(price("173.5")) };
    let specs = [
        limit_order(),
        OrderSpec {
            order_type: OrderType::Market,
            amount: Amount::Notional("500".parse().unwrap()),
            ..limit_order()
        },
        OrderSpec { order_type: OrderType::Stop { stop: price("180") }, tif: Tif::Gtc, ..limit_order() },
        OrderSpec {
            order_type: OrderType::StopLimit { stop: price("180"), limit: price("181") },
            side: Side::Sell,
            ..limit_order()
        },
        OrderSpec {
            order_type: OrderType::TrailingStop { trail: Trail::Percent("1.5".parse().unwrap()) },
            ..limit_order()
        },
        OrderSpec {
            order_type: OrderType::TrailingStop { trail: Trail::Amount(price("2")) },
            ..limit_order()
        },
        OrderSpec { attached: Attached::Bracket { target: price("180"), stop }, ..limit_order() },
        OrderSpec { attached: Attached::OtoStop { stop }, ..limit_order() },
        OrderSpec { attached: Attached::OtoTarget { target: price("180") }, ..limit_order() },
        OrderSpec { attached: Attached::Oco { stop }, side: Side::Sell, ..limit_order() },
        OrderSpec { extended: true, tif: Tif::Gtc, ..limit_order() },
        OrderSpec { tif: Tif::Opg, ..limit_order() },
        OrderSpec { tif: Tif::Cls, ..limit_order() },
        OrderSpec { tif: Tif::Fok, ..limit_order() },
        OrderSpec { instrument: instrument("BTC/USD"), tif: Tif::Ioc, ..limit_order() },
    ];
    for spec in &specs {
        drop(venue.submit(Cleared::for_test(submission(spec.clone())), Release::given()).await);
    }
    let reducing = OrderSpec { reduce_only: true, side: Side::Sell, ..limit_order() };
    drop(venue.reduce(Reducing::for_test(submission(reducing))).await);
    for after in &specs[..6] {
        let change = Change {
            qty: Some("5".parse().unwrap()),
            tif: Some(Tif::Gtc),
            trail: Some(Trail::Amount(price("3"))),
            ..Change::default()
        };
        let client = ClientId::new("td-a-2").unwrap();
        let (before, after) = (limit_order(), after.clone());
        let replacement = Replacement {
            order: order_ref(),
            change,
            client,
            before,
            after,
            filled: crate::domain::money::Qty::ZERO,
            adds_nothing: false,
        };
        drop(venue.replace(Cleared::for_test(replacement)).await);
    }
}

async fn every_other_request(venue: &Alpaca) {
    drop(venue.cancel(order_ref()).await);
    drop(venue.cancel(OrderRef { venue_id: None, ..order_ref() }).await);
    drop(venue.cancel_all().await);
    drop(venue.find(order_ref()).await);
    drop(venue.find(OrderRef { venue_id: None, ..order_ref() }).await);
    drop(venue.prove().await);
    let since = Some(Stamp::parse_rfc3339("2026-11-20T15:00:00.123456789Z").unwrap());
    let wanted = Wanted { orders_since: since, executions_since: since, ..Wanted::default() };
    drop(venue.report(wanted).await);
    let names = ["AAPL", "BTC/USD", "A", "B", "C", "D", "E", "F", "G"].map(symbol).to_vec();
    drop(venue.instruments(names[..2].to_vec()).await);
    drop(venue.instruments(names.clone()).await);
    drop(venue.symbols().await);
    drop(venue.quotes(names.clone()).await);
    drop(venue.api.snapshots(&names).await);
    drop(venue.api.is_open().await);
    for interval in [Interval::Min1, Interval::Min5, Interval::Min15, Interval::Hour1, Interval::Day1] {
        let before = (interval == Interval::Hour1).then(|| Stamp::from_nanos(1_795_000_000_000_000_000));
        drop(venue.bars(instrument("AAPL"), interval, 200, before).await);
        drop(venue.bars(instrument("BTC/USD"), interval, 200, before).await);
    }
}

#[tokio::test]
async fn every_request_is_one_that_the_vendor_describes() {
    let mut server = Server::start(|seen: &Seen| match (seen.method.as_str(), seen.path()) {
        ("DELETE", _) => Reply::Full(204, Vec::new(), Vec::new()),
        ("GET", "/v2/account") => Reply::json(200, &account("PA1")),
        ("GET", path) if path.starts_with("/v2/orders/") || path.contains(":by_client") => {
            Reply::json(200, &told(json!({})))
        }
        ("GET", "/v2/account/activities/FILL") => {
            let first = !seen.target.contains("page_token");
            let fills = (0..if first { 100 } else { 1 }).map(|n| fill(&format!("1::{n}"), "old")).collect();
            Reply::json(200, &Value::Array(fills))
        }
        ("GET", path) if path.starts_with("/v2/") && !path.contains("stocks") => Reply::json(200, &json!([])),
        _ => Reply::json(200, &json!({})),
    })
    .await;
    let venue = alpaca(&server);
    every_order(&venue).await;
    every_other_request(&venue).await;
    let (trading, market) = (Description::read(TRADING), Description::read(MARKET));
    let seen = server.drain();
    let mut operations = std::collections::BTreeSet::new();
    let wrong: Vec<String> = seen
        .iter()
        .filter_map(|request| {
            let is_market = request.path().contains("/stocks/") || request.path().starts_with("/v1beta3/");
            operations.insert((request.method.clone(), request.path().to_owned()));
            if is_market { market.check(request) } else { trading.check(request) }
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    // So that the test can't pass by asking nothing.
    assert!(operations.len() >= 17, "{operations:?}");
    let posts = seen.iter().filter(|s| s.method == "POST").count();
    let patches = seen.iter().filter(|s| s.method == "PATCH").count();
    assert_eq!((posts, patches), (16, 6));
}

#[test]
fn the_check_itself_sees_what_is_wrong() {
    let trading = Description::read(TRADING);
    let request = |method: &str, target: &str, body: &str| Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let fine = r#"{"symbol":"AAPL","qty":"1","side":"buy","type":"market","time_in_force":"day"}"#;
    assert_eq!(trading.check(&request("POST", "/v2/orders", fine)), None);
    for (method, target, body) in [
        ("POST", "/v2/orders", r#"{"symbol":"AAPL","type":"market"}"#),
        ("POST", "/v2/orders", &fine.replace("\"1\"", "1")),
        ("POST", "/v2/orders", &fine.replace("market", "marked")),
        ("POST", "/v2/orders", &fine.replace("qty", "quantity")),
        ("GET", "/v2/orders?limit=many", ""),
        ("GET", "/v2/orders?state=open", ""),
        ("GET", "/v2/orders?status=working", ""),
        ("GET", "/v2/order", ""),
        ("PUT", "/v2/orders", ""),
        ("GET", "/v2/account", "{}"),
    ] {
        assert!(trading.check(&request(method, target, body)).is_some(), "{method} {target} {body}");
    }
}

/// Every example of a schema or an answer that the vendor prints.
fn examples<'a>(root: &'a Value, pointer: &str) -> Vec<&'a Value> {
    match root.pointer(pointer) {
        Some(Value::Object(many)) => many.values().map(|e| e.get("value").unwrap_or(e)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_vendors_own_examples_are_read() {
    let root = Description::read(TRADING).root;
    let schema = |name: &str| {
        let found: Vec<Value> = [format!("/components/schemas/{name}/x-examples")]
            .iter()
            .flat_map(|p| examples(&root, p))
            .cloned()
            .collect();
        assert!(!found.is_empty(), "{name} has no example");
        found
    };
    for account in schema("Account") {
        let text = account.to_string();
        let report = map::account(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!((report.equity.to_string(), report.blocked), ("103820.56".to_owned(), None));
    }
    for position in schema("Position") {
        let text = position.to_string();
        let report = map::position(&venue(), &serde_json::from_str(&text).unwrap()).unwrap();
        assert!(report.qty.is_positive() && report.available.is_some());
    }
    for asset in schema("Assets") {
        let text = asset.to_string();
        let rules = map::instrument(&venue(), &serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!((rules.name.as_str(), rules.shortable), ("Apple Inc. Common Stock", true));
    }
    for activity in schema("TradingActivities") {
        let (text, order) = (activity.to_string(), told(json!({})).to_string());
        let order = map::order(&venue(), &serde_json::from_str(&order).unwrap()).unwrap();
        let execution = map::activity(&serde_json::from_str(&text).unwrap(), &order[0]).unwrap();
        assert_eq!(execution.id.as_str(), "2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e");
        assert_eq!(execution.at.to_rfc3339(), "2022-02-02T18:55:09.981482Z");
    }
}

#[test]
fn the_vendors_examples_of_orders_and_market_news_are_read() {
    let root = Description::read(TRADING).root;
    for name in ["CryptoOrderResponse", "EquityOrderResponse", "OptionOrderResponse"] {
        let text = root.pointer(&format!("/components/examples/{name}/value")).unwrap().to_string();
        let reports = map::order(&venue(), &serde_json::from_str::<wire::Order<'_>>(&text).unwrap());
        let reports = reports.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_ne!(reports[0].status, OrderEvent::Unrecognised, "{name}");
    }
    let market = Description::read(MARKET).root;
    let quotes =
        market["paths"]["/v2/stocks/quotes/latest"]["get"]["responses"]["200"]["content"]["application/json"]
            ["examples"]["quotes"]["value"]["quotes"]["AAPL"]
            .to_string();
    let quote: wire::Quote<'_> = serde_json::from_str(&quotes).unwrap();
    let quote = map::market::quote(instrument("AAPL"), &quote, crate::domain::time::Mono::default()).unwrap();
    assert_eq!(quote.bid.unwrap().0.to_string(), "172.62");
}

#[test]
fn every_documented_status_is_known() {
    let root = Description::read(TRADING).root;
    for word in root.pointer("/components/schemas/OrderStatus/enum").unwrap().as_array().unwrap() {
        assert_ne!(map::status(word.as_str().unwrap()), OrderEvent::Unrecognised, "{word}");
    }
    assert_eq!(map::status("something new"), OrderEvent::Unrecognised);
}
