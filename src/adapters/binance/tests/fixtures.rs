//! Payloads that the vendor printed and that others recorded, read.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::{requests::material, *};
use crate::{
    adapters::binance::{
        map,
        session::{Data, Kinds, Orders, Say, Session},
        wire::{
            Account, Amended, BookTicker, Commission, Depth, ExchangeInfo, Filter, HalfReplaced, Kline,
            MyTrade, Order, OrderList, Price,
        },
    },
    broker::{Event, Watched},
    domain::time::Now,
};
use std::{collections::BTreeMap, fs, path::Path};

/// The examples of a document: section and label, and the payload.
fn examples(path: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let list: Vec<Value> = serde_json::from_str(&text).unwrap();
    let name = |v: &Value| format!("{} | {}", v["section"].as_str().unwrap(), v["label"].as_str().unwrap());
    list.iter().map(|v| (name(v), v["json"].clone())).collect()
}

/// Every symbol that a payload names, so that it can be told of.
fn symbols_in(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if matches!(name.as_str(), "symbol" | "s") => into.push(text.to_owned()),
                    _ => symbols_in(value, into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|v| symbols_in(v, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn directory_of(value: &Value) -> Directory {
    let mut names = Vec::new();
    symbols_in(value, &mut names);
    names.sort();
    names.dedup();
    let rows: Vec<(&str, &str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str(), "USDT")).collect();
    directory(&rows)
}

fn typed<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

fn orders(value: &Value) -> Result<usize, String> {
    let directory = directory_of(value);
    let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut count = 0;
    for one in list {
        let text = one.to_string();
        let found = match one.get("orderReports") {
            Some(_) => typed::<OrderList<'_>>(&text)?.order_reports.len(),
            None => {
                let order: Order<'_> = typed(&text)?;
                map::order(&directory, &order).map_err(|e| e.to_string())?;
                1
            }
        };
        if let Some(reports) = one["orderReports"].as_array() {
            for report in reports {
                let text = report.to_string();
                map::order(&directory, &typed(&text)?).map_err(|e| e.to_string())?;
            }
        }
        count += found;
    }
    Ok(count)
}

fn amended(value: &Value) -> Result<usize, String> {
    let text = value.to_string();
    let order = typed::<Amended<'_>>(&text)?.amended_order.into();
    map::order(&directory_of(value), &order).map(|_| 1).map_err(|e| e.to_string())
}

fn commissions(text: &str) -> Result<usize, String> {
    let told = typed::<Commission<'_>>(text)?;
    map::commission::commission_most(&told).map(|_| 1).map_err(|e| e.to_string())
}

/// What a section's answer is read as; `None` for what the adapter never asks.
fn decode(name: &str, value: &Value) -> Option<(&'static str, Result<usize, String>)> {
    let text = value.to_string();
    let has = |part: &str| name.contains(part);
    // Short answers are never asked for, and refusals are no orders.
    if has("ACK") || value.get("code").is_some() && !has("Cancel an Existing") {
        return None;
    }
    let one = |r: Result<(), String>| r.map(|()| 1);
    Some(match () {
        () if has("Cancel an Existing") => ("replacements", one(typed::<HalfReplaced<'_>>(&text).map(drop))),
        () if has("Order Amend Keep Priority (TRADE)") => ("amended", amended(value)),
        () if has("Commission Rates") => ("commissions", commissions(&text)),
        () if has("Test new order") || has("SOR") || has("amendments") => return None,
        () if has("New order")
            || has("Cancel order (")
            || has("Query order (")
            || has("open orders (")
            || has("All orders (")
            || has("Cancel All Open Orders") =>
        {
            ("orders", orders(value))
        }
        () if has("New Order list")
            || has("New Order List")
            || has("New OCO")
            || has("Cancel Order list")
            || has("Cancel OCO") =>
        {
            ("lists", orders(value))
        }
        () if has("Account information") => (
            "accounts",
            typed::<Account<'_>>(&text).and_then(|account| {
                let currency = Currency::new("USDT").unwrap();
                let directory = directory(&[("BTCUSDT", "BTC", "USDT"), ("LTCUSDT", "LTC", "USDT")]);
                let prices =
                    [("BTCUSDT", "5"), ("LTCUSDT", "7")].map(|(s, p)| (s.to_owned(), p.parse().unwrap()));
                map::account::account(&directory, &currency, &account, &prices.into())
                    .map(|_| 1)
                    .map_err(|e| e.to_string())
            }),
        ),
        () if has("Account trade list") => (
            "executions",
            typed::<Vec<MyTrade<'_>>>(&text).and_then(|list| {
                let (directory, client) = (directory_of(value), ClientId::new("x").unwrap());
                for trade in &list {
                    let rules = directory.of_native(&trade.symbol).map_err(|e| e.to_string())?;
                    map::my_trade(rules, trade, &client).map_err(|e| e.to_string())?;
                }
                Ok(list.len())
            }),
        ),
        () if has("Exchange information") => {
            ("symbols", typed::<ExchangeInfo<'_>>(&text).map(|i| i.symbols.len()))
        }
        () if has("Order book") => ("books", one(typed::<Depth<'_>>(&text).map(drop))),
        () if has("Kline/Candlestick data") => ("bars", typed::<Vec<Kline<'_>>>(&text).map(|l| l.len())),
        () if has("Symbol price ticker") && value.is_array() => {
            ("prices", typed::<Vec<Price<'_>>>(&text).map(|l| l.len()))
        }
        () if has("Symbol order book ticker") && value.is_array() => {
            ("quotes", typed::<Vec<BookTicker<'_>>>(&text).map(|l| l.len()))
        }
        () if has("symbol filters") || has("Symbol filters") => {
            ("filters", one(typed::<Filter<'_>>(&text).map(drop)))
        }
        () => return None,
    })
}

#[test]
fn the_vendors_examples_of_answers_are_read() {
    let Some(folder) = material() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in [
        "binance-spot/official-doc-examples/rest-api.json",
        "binance-spot/official-doc-examples/filters.json",
        "binance-us/official-doc-examples/rest-api.json",
        "binance-us/official-doc-examples/filters.json",
    ] {
        for (name, value) in examples(&folder.join(file)) {
            match decode(&name, &value) {
                Some((kind, Ok(n))) => *counts.entry(kind).or_default() += n,
                Some((_, Err(why))) => wrong.push(format!("{file}: {name}: {why}")),
                None => {}
            }
        }
    }
    println!("read: {counts:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (kind, least) in [
        ("orders", 12),
        ("lists", 10),
        ("replacements", 8),
        ("accounts", 2),
        ("executions", 2),
        ("symbols", 1),
        ("books", 2),
        ("bars", 2),
        ("prices", 2),
        ("quotes", 2),
        ("filters", 20),
        ("amended", 2),
        ("commissions", 1),
    ] {
        assert!(counts.get(kind).is_some_and(|n| *n >= least), "{kind}: {counts:?}");
    }
}

/// What an order session makes of an event: orders, executions, and what was put aside.
fn heard(value: &Value) -> (usize, usize, Vec<String>) {
    let mut session = Session::Orders(Orders::new(false));
    let (mut out, directory) = (Vec::new(), directory_of(value));
    session.line(&value.to_string(), &directory, Now::default(), &mut out);
    let (mut orders, mut executions, mut aside) = (0, 0, Vec::new());
    for say in out {
        orders += usize::from(matches!(&say, Say::Event(Event::Order(_))));
        executions += usize::from(matches!(&say, Say::Event(Event::Execution(_))));
        if let Say::Event(Event::Quarantined { why, .. }) = say {
            aside.push(why.to_string());
        }
    }
    (orders, executions, aside)
}

#[test]
fn recorded_order_news_are_read() {
    let Some(folder) = material() else { return };
    let mut sequences = Vec::new();
    for file in fs::read_dir(folder.join("binance-futures/lean-recorded")).unwrap() {
        let path = file.unwrap().path();
        let is_spot = path.file_name().unwrap().to_string_lossy().contains("Spot");
        if is_spot {
            let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            sequences.extend(list);
        }
    }
    let recorded = sequences.len();
    for place in ["binance-spot", "binance-us"] {
        let path = folder.join(place).join("official-doc-examples/user-data-stream.json");
        sequences.extend(
            examples(&path).into_iter().map(|(_, v)| v).filter(|v| v.get("e").or(v.get("event")).is_some()),
        );
    }
    let (mut orders, mut executions, mut aside) = (0, 0, Vec::new());
    for value in &sequences {
        let (o, e, a) = heard(value);
        orders += o;
        executions += e;
        aside.extend(a);
    }
    println!(
        "of {} messages ({recorded} recorded): {orders} orders, {executions} executions",
        sequences.len()
    );
    assert!(aside.is_empty(), "{aside:#?}");
    assert!(recorded >= 10 && orders >= 10 && executions >= 4, "{recorded} {orders} {executions}");
}

/// Sequences that were recorded at futures, conditional orders among them: each is read, and an order that was
/// triggered is never told back from its end.
#[test]
fn recorded_news_of_futures_are_read() {
    let Some(folder) = material() else { return };
    let (mut messages, mut orders, mut executions) = (0, 0, 0);
    for file in fs::read_dir(folder.join("binance-futures/lean-recorded")).unwrap() {
        let path = file.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().contains("Future") {
            continue;
        }
        let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut last = BTreeMap::new();
        for value in &list {
            messages += 1;
            let directory = directory_of(value);
            let mut session = Session::Orders(Orders::new(true));
            let mut out = Vec::new();
            session.line(&value.to_string(), &directory, Now::default(), &mut out);
            for say in out {
                if matches!(&say, Say::Event(Event::Execution(_))) {
                    executions += 1;
                    continue;
                }
                let Say::Event(Event::Order(order)) = say else { panic!("{}: {say:?}", path.display()) };
                orders += 1;
                let was = last.insert(order.client.clone(), order.status);
                let ended = |e: &OrderEvent| {
                    matches!(e, OrderEvent::FilledWhole | OrderEvent::Cancelled | OrderEvent::Expired)
                };
                let back = was.is_some_and(|was| ended(&was)) && !ended(&order.status);
                assert!(!back, "{}: {order:?}", path.display());
            }
        }
    }
    println!("of {messages} recorded messages of futures: {orders} orders, {executions} executions");
    assert!(messages >= 20 && orders >= 14 && executions >= 5, "{messages} {orders} {executions}");
}

#[test]
fn the_vendors_examples_of_market_news_are_read() {
    let Some(folder) = material() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in ["binance-spot", "binance-us"] {
        let path = folder.join(place).join("official-doc-examples/web-socket-streams.json");
        for (name, value) in examples(&path) {
            let Some((stream, kind)) = [
                ("trade", "trade"),
                ("aggTrade", "aggTrade"),
                ("kline", "kline_1m"),
                ("depthUpdate", "depth@100ms"),
            ]
            .into_iter()
            .find(|(e, _)| value["e"] == *e)
            .or_else(|| {
                (name.contains("Book Ticker") && value["s"].is_string())
                    .then_some(("bookTicker", "bookTicker"))
            }) else {
                continue;
            };
            let native = value["s"].as_str().unwrap();
            let directory = directory_of(&value);
            let line =
                json!({"stream": format!("{}@{kind}", native.to_lowercase()), "data": value}).to_string();
            let mut session = Session::Data(Data::new(venue(), Kinds::All));
            let mut out = Vec::new();
            let symbol = Symbol::new(&format!("{native}/USDT")).unwrap();
            let watched =
                Watched { symbols: [symbol.clone()].into(), books: [symbol].into(), ..Watched::default() };
            session.watch(&watched, &directory, &mut out);
            session.opened(&directory, &mut out);
            out.clear();
            session.line(&line, &directory, Now::default(), &mut out);
            let good = matches!(out.first(), Some(Say::Market(_) | Say::FetchBook(_)));
            assert!(good, "{name}: {out:?}");
            *counts.entry(stream).or_default() += 1;
        }
    }
    println!("read: {counts:?}");
    assert!(counts.len() == 5 && counts.values().all(|n| *n >= 1), "{counts:?}");
}
