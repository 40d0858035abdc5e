//! The Alpaca adapter and the paper venue, each written from the vendor's description, meet over real sockets.

use super::loopback::within;
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::{mpsc, watch};
use tradedeck::{
    adapters::{Settings, registry},
    broker::{Broker, Channel, Event, Link, Market, Sink, Wanted, Watched},
    clock::System,
    config::{VenueKind, secret::Secret},
    domain::{
        ids::{InstrumentId, Symbol, VenueId},
        order::{Attached, Role},
        quote::Interval,
        report::Environment,
    },
    paper::server::{self, Addresses, Options},
    transport::tls::Tls,
};

fn open(at: &Addresses) -> Arc<dyn Broker> {
    let settings = Settings {
        environment: Some(Environment::Paper),
        trading_url: Some(at.trading_url.clone()),
        trading_stream_url: Some(at.trading_stream_url.clone()),
        data_url: Some(at.data_url.clone()),
        data_stream_url: Some(at.data_stream_url.clone()),
        crypto_stream_url: Some(at.crypto_stream_url.clone()),
        key_id: Some(Secret::new(at.key_id.clone())),
        secret_key: Some(Secret::new(at.secret_key.clone())),
        ..Settings::default()
    };
    let (venue, tls) = (VenueId::new("paper").unwrap(), Tls::with_native_roots(None).unwrap());
    registry::row(VenueKind::Alpaca).unwrap().open(venue, settings, &tls, Arc::new(System::start())).unwrap()
}

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|n| Symbol::new(n).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_has_an_answer() {
    let running = server::serve(Options::new(Arc::new(System::start()))).await.unwrap();
    let venue = open(running.addresses());
    let proof = venue.prove().await.unwrap();
    assert_eq!((proof.environment, proof.read_only), (Environment::Paper, None));

    let all = venue.symbols().await.unwrap();
    assert!(symbols(&["AAPL", "BTC/USD"]).iter().all(|s| all.contains(s)), "{all:?}");
    let rules = venue.instruments(symbols(&["AAPL", "BTC/USD", "NOSUCH"])).await.unwrap();
    assert_eq!(rules.len(), 2, "{rules:?}");
    assert!(rules.iter().all(|i| i.lot.is_positive()));
    assert_eq!(venue.instruments(all.clone()).await.unwrap().len(), all.len());

    let quotes = venue.quotes(symbols(&["AAPL", "BTC/USD"])).await.unwrap();
    assert!(quotes.len() == 2 && quotes.iter().all(|q| q.bid.is_some() && q.ask.is_some()), "{quotes:?}");
    for (name, interval) in [("AAPL", Interval::Min1), ("AAPL", Interval::Day1), ("BTC/USD", Interval::Hour1)]
    {
        let id = InstrumentId { venue: venue.venue().clone(), symbol: Symbol::new(name).unwrap() };
        let bars = venue.bars(id.clone(), interval, 50, None).await.unwrap();
        assert!((2..=50).contains(&bars.len()), "{name} {interval:?}: {}", bars.len());
        assert!(bars.is_sorted_by(|a, b| a.at < b.at), "{name} {interval:?}");
        // The page before ends where this one begins.
        let before = bars.first().map(|b| b.at);
        let older = venue.bars(id, interval, 50, before).await.unwrap();
        assert_eq!(older.len(), 50, "{name} {interval:?}");
        assert!(older.iter().chain(&bars).is_sorted_by(|a, b| a.at < b.at), "{name} {interval:?}");
        let gap = bars[0].at.since_ms(older[49].at);
        assert!(gap <= i64::from(interval.secs()) * 4_000, "{name} {interval:?}: {gap} ms between two pages");
    }
    let report = venue.report(Wanted::default()).await;
    assert!(report.missing.is_empty(), "{:?}", report.missing);
    assert_eq!((report.orders.unwrap(), report.positions.unwrap()), (Vec::new(), Vec::new()));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_that_is_followed_is_told_whole_and_agrees_with_the_quotes() {
    let running = server::serve(Options::new(Arc::new(System::start()))).await.unwrap();
    let venue = open(running.addresses());
    let (order_lane, mut events) = mpsc::channel(256);
    let (market_lane, mut news) = mpsc::channel(256);
    let coins = symbols(&["BTC/USD", "ETH/USD"]).into_iter().collect::<BTreeSet<_>>();
    let wanted = Watched {
        symbols: coins,
        books: symbols(&["BTC/USD", "AAPL"]).into_iter().collect(),
        ..Watched::default()
    };
    let (watch, seen) = watch::channel(wanted.clone());
    let sink = Sink::new(venue.venue().clone(), order_lane, market_lane);
    let task = tokio::spawn(async move { venue.stream(seen, sink).await });
    tokio::spawn(async move { while events.recv().await.is_some() {} });

    let (mut quote, mut agreed) = (None, 0);
    while agreed < 5 {
        for one in within(news.recv()).await.unwrap() {
            match one {
                Market::Quote(q) if q.instrument.symbol.as_str() == "BTC/USD" => quote = Some(q),
                Market::Depth(d) => {
                    assert_eq!((d.instrument.symbol.as_str(), d.fault), ("BTC/USD", None));
                    assert!(d.bids.is_sorted_by(|a, b| a.0 > b.0) && d.asks.is_sorted_by(|a, b| a.0 < b.0));
                    assert!(d.bids.len() > 20 && d.asks.len() > 20, "{d:?}");
                    let told = quote.as_ref().filter(|q| q.at == d.at);
                    agreed += usize::from(told.is_some_and(|q| q.bid == d.bids.first().copied()));
                }
                Market::Quote(_) | Market::Trade(_) | Market::Bar { .. } | Market::Day(_) => {}
            }
        }
    }
    watch.send(Watched { books: symbols(&["ETH/USD"]).into_iter().collect(), ..wanted }).unwrap();
    let is_eth = |m: &Market| matches!(m, Market::Depth(d) if d.instrument.symbol.as_str() == "ETH/USD");
    while !within(news.recv()).await.unwrap().iter().any(is_eth) {}
    task.abort();
    running.stop().await.unwrap();
}

/// Puts a bracket as a program that none of us wrote would.
async fn place_a_bracket(at: &Addresses, bid: rust_decimal::Decimal) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let price = |percent: i64| (bid * rust_decimal::Decimal::new(percent, 2)).round_dp(2).to_string();
    let order = json!({"symbol": "AAPL", "qty": "3", "side": "buy", "type": "market", "time_in_force": "gtc",
        "order_class": "bracket", "take_profit": {"limit_price": price(120)}, "stop_loss": {"stop_price": price(80)},
        "client_order_id": "somebody-else-1"});
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/v2/orders", at.trading_url))
        .header("APCA-API-KEY-ID", &at.key_id)
        .header("APCA-API-SECRET-KEY", &at.secret_key)
        .header("content-type", "application/json")
        .body(order.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_and_the_report_tell_the_same_story() {
    let running = server::serve(Options::new(Arc::new(System::start()))).await.unwrap();
    let at = running.addresses().clone();
    let venue = open(&at);
    let (order_lane, mut events) = mpsc::channel(256);
    let (market_lane, mut news) = mpsc::channel(256);
    let watched = symbols(&["AAPL", "BTC/USD"]).into_iter().collect::<BTreeSet<_>>();
    let (_watch, seen) = watch::channel(Watched { symbols: watched.clone(), ..Watched::default() });
    let sink = Sink::new(venue.venue().clone(), order_lane, market_lane);
    let streaming = venue.clone();
    let task = tokio::spawn(async move { streaming.stream(seen, sink).await });

    let mut up = BTreeSet::new();
    while up.len() < 3 {
        if let (_, Event::Link { channel, link: Link::Up, .. }) = within(events.recv()).await.unwrap() {
            up.insert(channel);
        }
    }
    assert!(up.contains(&Channel::Crypto));
    let (mut quoted, mut days, mut bid) = (BTreeSet::new(), BTreeSet::new(), None);
    while quoted != watched || days != watched {
        for one in within(news.recv()).await.unwrap() {
            match one {
                Market::Quote(q) => {
                    if q.instrument.symbol.as_str() == "AAPL" {
                        bid = q.bid.map(|(price, _)| price.get()).or(bid);
                    }
                    quoted.insert(q.instrument.symbol);
                }
                Market::Day(d) => drop(days.insert(d.instrument.symbol)),
                Market::Trade(_) | Market::Bar { .. } | Market::Depth(_) => {}
            }
        }
    }
    place_a_bracket(&at, bid.unwrap()).await;

    // Partial fills or one: all of it, told once each.
    let (mut filled, mut ids) = (rust_decimal::Decimal::ZERO, BTreeSet::new());
    while filled < rust_decimal::Decimal::from(3) {
        if let (_, Event::Execution(e)) = within(events.recv()).await.unwrap() {
            assert!(ids.insert(e.id.clone()), "told twice: {e:?}");
            assert_eq!(e.client.as_str(), "somebody-else-1");
            filled += e.qty.get();
        }
    }
    let report = venue.report(Wanted::default()).await;
    assert!(report.missing.is_empty(), "{:?}", report.missing);
    let told: BTreeSet<_> = report.executions.unwrap().into_iter().map(|e| e.id).collect();
    assert_eq!(told, ids, "an execution has one id, wherever it is told");
    let orders = report.orders.unwrap();
    let parent = orders.iter().find(|o| o.client.as_str() == "somebody-else-1").unwrap();
    assert!(matches!(parent.attached, Attached::Bracket { .. }), "{parent:?}");
    let children: BTreeSet<_> =
        orders.iter().filter(|o| o.parent.as_ref() == Some(&parent.client)).map(|o| o.role).collect();
    assert_eq!(children, BTreeSet::from([Some(Role::Target), Some(Role::Stop)]));
    assert_eq!(report.positions.unwrap()[0].qty.to_string(), "3");
    assert!(!report.instruments.is_empty());
    task.abort();
    running.stop().await.unwrap();
}
