//! The adapter's requests held against the vendor's specification, and recorded answers read.

use super::{
    Portal,
    config::Config,
    loopback::{Reply, Seen, Server},
    map::{self, questions},
    wire,
};
use crate::{
    adapters::Settings,
    broker::{Broker, OrderRef, Outcome, Release, Replacement, Wanted},
    clock::System,
    domain::{
        ids::{ClientId, InstrumentId, Symbol, VenueId, VenueOrderId},
        order::{Amount, Attached, Change, OrderSpec, OrderType, Side, StopLeg, Submission, Tif, Trail},
        quote::Interval,
        report::Environment,
        time::Stamp,
    },
    risk::permit::{Cleared, Reducing},
    transport::tls::Tls,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

mod streams;

/// Where the material lies that others made; `None`, with a line, where nobody says.
fn material() -> Option<PathBuf> {
    let folder = std::env::var_os("TRADEDECK_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
    }
    folder.map(|f| f.join("ibkr-clientportal"))
}

fn venue() -> VenueId {
    VenueId::new("ib").unwrap()
}
fn instrument(symbol: &str) -> InstrumentId {
    InstrumentId { venue: venue(), symbol: Symbol::new(symbol).unwrap() }
}
fn limit_order() -> OrderSpec {
    OrderSpec {
        instrument: instrument("AAPL"),
        side: Side::Buy,
        amount: Amount::Qty("10".parse().unwrap()),
        order_type: OrderType::Limit { limit: "180.5".parse().unwrap() },
        tif: Tif::Day,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}
fn order_ref(number: &str) -> OrderRef {
    OrderRef {
        instrument: instrument("AAPL"),
        client: ClientId::new("td-a-1").unwrap(),
        venue_id: Some(VenueOrderId::new(number).unwrap()),
    }
}

/// Answers everything with something that is true enough for the next question.
fn answer(seen: &Seen) -> Reply {
    let row = json!({"acct": "DU1234567", "conid": 265_598, "orderId": 7, "order_ref": "td-a-1", "status": "Submitted",
        "orderType": "Limit", "price": "180.5", "totalSize": 10.0, "filledQuantity": 0.0, "side": "BUY", "timeInForce": "CLOSE"});
    let up = json!({"authenticated": true, "connected": true, "competing": false});
    let path = seen.path().strip_prefix("/v1/api/").unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let value = match parts.as_slice() {
        ["iserver", "auth", "status"] => {
            json!({"authenticated": false, "connected": true, "competing": false})
        }
        ["iserver", "auth", ..] => up,
        ["tickle"] => json!({"session": "s", "iserver": {"authStatus": up}}),
        ["iserver", "accounts"] => {
            json!({"accounts": ["DU1234567", "DU7654321"], "selectedAccount": "DU7654321"})
        }
        ["portfolio", "accounts"] => json!([{"accountId": "DU1234567"}]),
        ["sso", "validate"] => json!({"LOGIN_TYPE": 2}),
        ["iserver", "account", "orders"] => json!({"orders": [row], "snapshot": true}),
        ["iserver", "account", "trades"] | ["portfolio2", ..] => json!([]),
        ["iserver", "account", "order", "status", _] => {
            json!({"order_id": 7, "conid": 265_598, "side": "B", "order_type": "LIMIT", "limit_price": "180.5", "tif": "DAY",
                "total_size": "10.0", "cum_fill": "0.0", "order_status": "Submitted"})
        }
        ["iserver", "account", _, "orders"] => {
            json!([{"id": "r-1", "message": ["sure?"], "messageIds": ["o163"], "isSuppressed": false}])
        }
        ["iserver", "reply", _] | ["iserver", "account", _, "order", _] if seen.method == "POST" => {
            json!([{"order_id": "7", "order_status": "Submitted", "encrypt_message": "1"}])
        }
        ["iserver", "account", ..] if seen.method == "DELETE" => {
            json!({"msg": "Request was submitted", "order_id": 7})
        }
        ["trsrv", "stocks"] => {
            json!({"AAPL": [{"name": "APPLE INC", "contracts": [{"conid": 265_598, "exchange": "NASDAQ", "isUS": true}]}]})
        }
        ["iserver", "currency", "pairs"] => json!({"USD": [{"symbol": "EUR.USD", "conid": 12_087_792}]}),
        ["iserver", "secdef", "info"] => {
            json!([{"conid": 700, "maturityDate": "20270115", "right": "C", "strike": 200.0}])
        }
        ["iserver", "secdef", "search"] => json!([{"conid": "265598"}]),
        ["iserver", "contract", conid, _] => {
            let word = if *conid == "700" { "OPT" } else { "STK" };
            json!({"con_id": conid.parse::<i64>().unwrap(), "symbol": "AAPL", "local_symbol": "AAPL", "instrument_type": word,
                "currency": "USD", "rules": {"increment": 0.01}})
        }
        ["iserver", "marketdata", "snapshot"] => {
            json!([{"conid": 265_598, "6509": "R", "84": "1", "86": "2"}])
        }
        ["iserver", "marketdata", "history"] => json!({"data": []}),
        _ => json!({}),
    };
    Reply::json(200, &value)
}

async fn every_request(venue: &Portal) {
    let price = |text: &str| text.parse().unwrap();
    let stop = StopLeg { stop: price("170"), limit: Some(price("169.5")) };
    let specs = [
        limit_order(),
        OrderSpec { order_type: OrderType::Market, tif: Tif::Ioc, ..limit_order() },
        OrderSpec { order_type: OrderType::Stop { stop: price("190") }, tif: Tif::Gtc, ..limit_order() },
        OrderSpec {
            order_type: OrderType::StopLimit { stop: price("190"), limit: price("191") },
            extended: true,
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
        OrderSpec {
            attached: Attached::Bracket { target: price("190"), stop },
            tif: Tif::Opg,
            ..limit_order()
        },
        OrderSpec { attached: Attached::OtoStop { stop }, ..limit_order() },
        OrderSpec { attached: Attached::OtoTarget { target: price("190") }, ..limit_order() },
        OrderSpec { attached: Attached::Oco { stop }, side: Side::Sell, ..limit_order() },
        OrderSpec { instrument: instrument("AAPL270115C00200000"), ..limit_order() },
    ];
    assert_eq!(venue.prove().await.unwrap().environment, Environment::Paper);
    for (n, spec) in (1..).zip(specs) {
        let client = ClientId::new(&format!("td-a-{n}")).unwrap();
        let outcome = venue
            .submit(Cleared::for_test(Submission { client, spec: spec.clone() }), Release::given())
            .await;
        assert!(!matches!(outcome, Outcome::NotSent(_)), "{spec:?}: {outcome:?}");
    }
    let reducing = Submission { client: ClientId::new("td-b-1").unwrap(), spec: limit_order() };
    drop(venue.reduce(Reducing::for_test(reducing)).await);
    drop(venue.report(Wanted::default()).await);
    let after = OrderSpec { order_type: OrderType::Limit { limit: price("181") }, ..limit_order() };
    // The last that was placed: all have one number here.
    let change = Replacement {
        order: OrderRef { client: ClientId::new("td-b-1").unwrap(), ..order_ref("7") },
        change: Change { limit: Some(price("181")), ..Change::default() },
        client: ClientId::new("td-a-99").unwrap(),
        before: limit_order(),
        after,
        filled: crate::domain::money::Qty::ZERO,
        adds_nothing: false,
    };
    let outcome = venue.replace(Cleared::for_test(change)).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    drop(venue.cancel(order_ref("7")).await);
    drop(venue.cancel_all().await);
    drop(venue.find(order_ref("7")).await);
    drop(venue.instruments(vec![Symbol::new("EUR/USD").unwrap()]).await);
    drop(venue.quotes(vec![Symbol::new("AAPL").unwrap()]).await.unwrap());
    for before in [None, Stamp::from_secs(1_800_000_000)] {
        drop(venue.bars(instrument("AAPL"), Interval::Min5, 100, before).await.unwrap());
    }
    drop(venue.api.tickle().await.unwrap());
    drop(venue.api.force_orders().await);
}

/// The vendor's specification.
struct Description {
    root: Value,
}

impl Description {
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(path) => self.resolve(self.root.pointer(path.strip_prefix('#').unwrap()).unwrap()),
            None => value,
        }
    }
    fn operation(&self, seen: &Seen) -> Option<(&Value, &Value)> {
        let path = seen.path().strip_prefix("/v1/api").unwrap();
        let fits = |template: &str| {
            let (t, p): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
            t.len() == p.len() && t.iter().zip(&p).all(|(t, p)| t.starts_with('{') && !p.is_empty() || t == p)
        };
        let paths = self.root["paths"].as_object().unwrap();
        // A literal path wins over a template.
        let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
        found.sort_by_key(|(template, _)| template.matches('{').count());
        let item = found.first()?.1;
        Some((item.get(seen.method.to_lowercase())?, item))
    }
    fn check(&self, seen: &Seen) -> Option<String> {
        let place = format!("{} {}", seen.method, seen.target);
        let Some((operation, item)) = self.operation(seen) else {
            return Some(format!("{place}: no such operation"));
        };
        let lists = [operation.get("parameters"), item.get("parameters")];
        let lists = lists.into_iter().flatten().flat_map(|l| l.as_array().unwrap());
        let declared: Vec<&Value> = lists.map(|p| self.resolve(p)).filter(|p| p["in"] == "query").collect();
        let query = seen.query();
        for (name, value) in &query {
            let Some(parameter) = declared.iter().find(|p| p["name"] == name.as_str()) else {
                return Some(format!("{place}: `{name}` is not declared"));
            };
            let schema = self.resolve(&parameter["schema"]);
            let typed = match schema["type"].as_str() {
                Some("integer" | "boolean" | "number") => {
                    serde_json::from_str(value).ok().unwrap_or_else(|| json!(value))
                }
                _ => json!(value),
            };
            // A series is declared as its members, and said in words to be separated by commas.
            let members = if schema.get("enum").is_some() && value.contains(',') {
                value.split(',').map(|one| json!(one)).collect()
            } else {
                vec![typed]
            };
            if let Some(why) = members.iter().find_map(|one| self.validate(schema, one)) {
                return Some(format!("{place}: `{name}`: {why}"));
            }
        }
        let missing = declared
            .iter()
            .find(|p| p["required"] == true && !query.iter().any(|(n, _)| p["name"] == n.as_str()));
        if let Some(parameter) = missing {
            return Some(format!("{place}: {} is missing", parameter["name"]));
        }
        self.check_body(seen, operation).map(|why| format!("{place}: {why}"))
    }
    fn check_body(&self, seen: &Seen, operation: &Value) -> Option<String> {
        let Some(content) = operation.pointer("/requestBody/content/application~1json/schema") else {
            // The vendor answers 411 to a request with an empty body; an empty object is none.
            return (!seen.body.is_empty() && seen.body != b"{}")
                .then(|| "a body where none belongs".to_owned());
        };
        let schema = self.resolve(content);
        let body = seen.json();
        self.strange(schema, &body).or_else(|| self.validate(schema, &body))
    }
    /// A key that the vendor does not declare.
    fn strange(&self, schema: &Value, body: &Value) -> Option<String> {
        let known = schema["properties"].as_object().unwrap();
        for (key, value) in body.as_object().unwrap() {
            let Some(own) = known.get(key) else { return Some(format!("`{key}` is not declared")) };
            let items = self.resolve(self.resolve(own).get("items").unwrap_or(&Value::Null));
            for item in value.as_array().into_iter().flatten().filter(|i| i.is_object()) {
                if let Some(why) = self.strange(items, item) {
                    return Some(why);
                }
            }
        }
        None
    }
    fn validate(&self, schema: &Value, value: &Value) -> Option<String> {
        let whole = json!({"components": self.root["components"], "allOf": [schema]});
        let validator = jsonschema::validator_for(&whole).unwrap();
        validator.iter_errors(value).next().map(|e| format!("{e}: {value}"))
    }
}

/// Documented by the vendor's text alone.
const ELSEWHERE: &str = "/v1/api/portfolio2/DU1234567/positions";

#[tokio::test]
async fn every_request_is_one_that_the_vendor_specifies() {
    let Some(folder) = material() else { return };
    let text = std::fs::read_to_string(folder.join("spec/ibkr-web-api-openapi-2.28.0.json")).unwrap();
    let description = Description { root: serde_json::from_str(&text).unwrap() };
    let mut server = Server::start(answer).await;
    let words = BTreeMap::from([("o163".into(), "yes".into())]);
    let settings = Settings {
        environment: Some(Environment::Paper),
        trading_url: Some(format!("{}/v1/api", server.url())),
        own: BTreeMap::from([
            ("account".into(), crate::config::own::Own::Text("DU1234567".into())),
            ("answers".into(), crate::config::own::Own::Words(words)),
        ]),
        ..Settings::default()
    };
    let tls = Tls::with_native_roots(None).unwrap();
    let config = Config::new(venue(), settings).unwrap();
    every_request(&Portal::new(config, &tls, Arc::new(System::start())).unwrap()).await;
    let (own, seen): (Vec<Seen>, Vec<Seen>) = server.drain().into_iter().partition(|s| s.path() == ELSEWHERE);
    assert_eq!(own.len(), 1);
    let wrong: Vec<String> = seen.iter().filter_map(|seen| description.check(seen)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let kinds: BTreeSet<String> = seen.iter().map(|s| format!("{} {}", s.method, s.path())).collect();
    println!("{} requests of {} kinds keep to the vendor's specification", seen.len(), kinds.len());
    assert!(kinds.len() >= 22, "{kinds:#?}");
    // The judge is itself judged.
    let mut bad = seen.iter().find(|s| s.path().ends_with("/orders") && s.method == "POST").unwrap().clone();
    let body = String::from_utf8(bad.body.clone()).unwrap();
    bad.body = body.replace("\"BUY\"", "\"HOLD\"").into_bytes();
    assert!(description.check(&bad).is_some());
    bad.body = body.replace("\"outsideRTH\"", "\"outside\"").into_bytes();
    assert!(description.check(&bad).unwrap().contains("`outside` is not declared"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out.sort();
    out
}

fn as_a<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), String> {
    serde_json::from_str::<T>(text).map(|_| ()).map_err(|e| e.to_string())
}

/// Reads a recorded answer as what it is an answer to; `None` where the adapter asks no such thing.
fn decode(request: &str, text: &str) -> Option<Result<(), String>> {
    let rows = |text: &str| -> Result<(), String> {
        let list: wire::LiveOrders = serde_json::from_str(text).map_err(|e| e.to_string())?;
        list.orders.into_iter().flatten().try_for_each(|raw| as_a::<wire::Row>(raw.get()))
    };
    let trades = |text: &str| -> Result<(), String> {
        let list: Vec<wire::Trade> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        list.iter().try_for_each(|t| map::side_and_size(t).map(|_| ()).map_err(|e| e.to_string()))
    };
    let path = request.strip_prefix("/v1/api/").unwrap_or(request);
    Some(match path.split('/').collect::<Vec<_>>().as_slice() {
        ["tickle"] => as_a::<wire::Tickle>(text),
        ["iserver", "auth", ..] => as_a::<wire::AuthStatus>(text),
        ["iserver", "accounts"] => as_a::<wire::Accounts>(text),
        ["portfolio", "accounts"] => as_a::<Vec<wire::PortfolioAccount>>(text),
        ["portfolio", _, "summary"] => as_a::<wire::Summary>(text),
        ["portfolio", _, "positions", _] | ["portfolio2", _, "positions"] => {
            as_a::<Vec<wire::Position>>(text)
        }
        ["iserver", "account", "orders"] => rows(text),
        ["iserver", "account", "trades"] => trades(text),
        ["iserver", "account", "order", "status", _] => as_a::<wire::Status>(text),
        ["iserver", "account", _, "orders"] | ["iserver", "reply", _] => questions::read(text).map(|_| ()),
        ["iserver", "account", _, "order", _] if text.starts_with('[') => questions::read(text).map(|_| ()),
        ["iserver", "account", _, "order", _] => as_a::<wire::Cancelled>(text),
        ["trsrv", "stocks"] => as_a::<wire::Stocks>(text),
        ["iserver", "currency", "pairs"] => as_a::<wire::Pairs>(text),
        ["iserver", "contract", _, "info-and-rules"] => as_a::<wire::Contract>(text),
        ["iserver", "marketdata", "snapshot"] => as_a::<Vec<wire::Tick>>(text),
        ["iserver", "marketdata", "history"] => as_a::<wire::History>(text),
        _ => return None,
    })
}

#[test]
fn every_recorded_answer_that_is_asked_for_is_read() {
    let Some(folder) = material() else { return };
    let (mut read, mut others) = (BTreeMap::<String, usize>::new(), 0);
    for file in files(&folder.join("ibkr-conduit")) {
        let told: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let request = told["Request"]["Path"].as_str().unwrap();
        match decode(request, &told["Response"]["Body"].to_string()) {
            Some(Ok(())) => *read.entry(request.to_owned()).or_default() += 1,
            Some(Err(why)) => panic!("{}: {why}", file.display()),
            None => others += 1,
        }
    }
    println!(
        "{} recorded answers read, {others} to requests that are not made here: {read:#?}",
        read.values().sum::<usize>()
    );
    assert!(read.len() >= 12, "{read:#?}");
}

#[test]
fn a_corrected_execution_keeps_its_first_id() {
    for (told, first, revision) in [
        ("0000e0d5.6576fd38.01.01", "0000e0d5.6576fd38.01.01", 0),
        ("0000e0d5.6576fd38.01.02", "0000e0d5.6576fd38.01.01", 1),
        ("0000e0d5.6576fd38.01.12", "0000e0d5.6576fd38.01.01", 11),
        ("0000e0d5.6576fd38.01.00", "0000e0d5.6576fd38.01.00", 0),
        ("1234567", "1234567", 0),
        ("a.b", "a.b", 0),
    ] {
        assert_eq!(map::execution_id(told), (first.to_owned(), revision), "{told}");
    }
}
