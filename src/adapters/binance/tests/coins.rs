//! COIN-M futures: every request that is made, held against the vendor's collection and against a specification made of the
//! vendor's documentation; and the examples and news of both, read.

use super::{
    requests::{Known, check, future_orders, material, read},
    specification::{declared, example, specification},
    *,
};
use crate::{
    adapters::binance::{
        map::{self, coins, futures, market},
        session::{Data, Kinds, Orders, Say, Session},
        wire::{
            BookTicker, Depth, ExchangeInfo, Kline, ListenKey, MyTrade, Order,
            coins::{CoinAccount, IndexPrice, PositionMode, Setting},
            futures::{NamedBalance, Position},
        },
    },
    broker::{Event, Watched},
    domain::{
        instrument::{AssetClass, Tradable},
        payoff::Payoff,
        time::Now,
    },
};
use std::collections::BTreeMap;

fn info() -> Value {
    json!({"rateLimits": [], "symbols": [{"symbol": "BTCUSD_PERP", "pair": "BTCUSD", "contractType": "PERPETUAL",
        "contractStatus": "TRADING", "contractSize": 100, "marginAsset": "BTC", "baseAsset": "BTC", "quoteAsset": "USD",
        "OrderType": ["LIMIT", "MARKET"], "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
            {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1000000", "stepSize": "1"}]}]})
}

fn answer(seen: &Seen) -> Reply {
    let refused = |code: i64| Reply::json(400, &json!({"code": code, "msg": "no such order"}));
    let algo = || {
        json!({"algoId": 77, "clientAlgoId": "td-a-1", "symbol": "BTCUSD_PERP", "side": "BUY", "positionSide": "BOTH",
            "orderType": "STOP_MARKET", "algoStatus": "NEW", "timeInForce": "GTC", "quantity": "10", "price": "0",
            "triggerPrice": "60000", "createTime": 1_763_458_576_201_i64})
    };
    let order =
        || told(json!({"symbol": "BTCUSD_PERP", "origQty": "10", "avgPrice": "0.0", "positionSide": "BOTH"}));
    let is_named = seen.query().into_iter().any(|(name, _)| name == "orderId");
    let tail = seen.path().rsplit('/').next().unwrap();
    Reply::json(
        200,
        &match (seen.method.as_str(), tail) {
            ("GET", "time") => json!({"serverTime": now_ms()}),
            ("GET", "exchangeInfo") => info(),
            ("GET", "order") if !is_named => return refused(-2013),
            ("DELETE", "order") if !is_named => return refused(-2011),
            (_, "order") => order(),
            (_, "algoOrder") => algo(),
            ("GET", "openOrders" | "allOrders") => json!([order()]),
            ("GET", "openAlgoOrders") => json!([algo()]),
            ("GET", "userTrades" | "klines" | "bookTicker" | "premiumIndex") => json!([]),
            ("GET", "positionRisk") => {
                json!([{"symbol": "BTCUSD_PERP", "positionAmt": "0", "entryPrice": "0",
                "markPrice": "50000", "positionSide": "BOTH", "leverage": "20", "marginType": "cross"}])
            }
            ("GET", "dual") => json!({"dualSidePosition": false}),
            ("GET", "balance") => json!([{"accountAlias": "SgsR"}]),
            ("GET", "account") => json!({"canTrade": true, "assets": [], "positions": []}),
            ("GET", "depth") => json!({"lastUpdateId": 1, "bids": [], "asks": []}),
            ("POST", "listenKey") => json!({"listenKey": "k"}),
            _ => json!({}),
        },
    )
}

fn coin_order() -> OrderSpec {
    let instrument = InstrumentId { venue: venue(), symbol: symbol("BTC/USD") };
    OrderSpec { instrument, amount: Amount::Qty("10".parse().unwrap()), ..limit_order() }
}

fn coin_ref() -> OrderRef {
    let venue_id = Some(VenueOrderId::new("BTCUSD_PERP:28").unwrap());
    OrderRef { instrument: coin_order().instrument, venue_id, ..order_ref() }
}

fn coinm(server: &Server) -> Binance {
    let settings = Settings {
        environment: Some(Environment::Paper),
        trading_url: Some(server.url()),
        key_id: Some(Secret::new("K1".to_owned())),
        secret_key: Some(Secret::new(CANARY.to_owned())),
        ..Settings::default()
    };
    let tls = Tls::with_native_roots(None).unwrap();
    let config = Config::new(venue(), Product::Coinm, settings).unwrap();
    Binance::new(config, &tls, Arc::new(System::start())).unwrap()
}

async fn every_request(venue: &Binance) {
    let price = |text: &str| text.parse().unwrap();
    for spec in future_orders(&coin_order()) {
        let outcome = venue.submit(Cleared::for_test(submission(spec.clone())), Release::given()).await;
        assert!(!matches!(outcome, Outcome::NotSent(_)), "{spec:?}: {outcome:?}");
    }
    // What these have no parameter for does not leave.
    let dated = OrderSpec { tif: Tif::Gtd("2027-01-15".parse().unwrap()), ..coin_order() };
    let outcome = venue.submit(Cleared::for_test(submission(dated)), Release::given()).await;
    assert!(
        matches!(&outcome, Outcome::NotSent(why) if why.as_str().contains("until a date")),
        "{outcome:?}"
    );
    let conditional =
        OrderRef { venue_id: Some(VenueOrderId::new("BTCUSD_PERP:a77").unwrap()), ..coin_ref() };
    for order in [coin_ref(), OrderRef { venue_id: None, ..coin_ref() }, conditional] {
        drop(venue.cancel(order.clone()).await);
        drop(venue.find(order).await);
    }
    drop(venue.cancel_all().await);
    let proof = venue.prove().await.unwrap();
    assert_eq!((proof.account.as_str(), proof.read_only), ("SgsR", None));
    let report = venue.report(Wanted { traded: vec![symbol("BTC/USD")], ..Wanted::default() }).await;
    assert!(report.missing.is_empty() && report.account.is_some(), "{:?}", report.missing);
    drop(venue.quotes(vec![symbol("BTC/USD")]).await);
    drop(venue.bars(coin_order().instrument, Interval::Min5, 10, None).await);
    let directory = venue.api.directory(crate::transport::limit::Class::Exit).await.unwrap();
    assert_eq!(directory.leverage_least(), 20);
    drop(venue.api.depth(&directory, &symbol("BTC/USD")).await);
    drop(venue.api.listen_url().await);
    drop(venue.api.keep_listening("k").await);
    // As on USD-M: a change in place, the venue's dead man's switch, and the reference of its price band.
    let change = Replacement {
        order: coin_ref(),
        client: ClientId::new("td-x-2").unwrap(),
        change: Change { limit: Some(price("60500")), ..Change::default() },
        before: coin_order(),
        after: OrderSpec { order_type: OrderType::Limit { limit: price("60500") }, ..coin_order() },
        filled: crate::domain::money::Qty::ZERO,
        adds_nothing: false,
    };
    let outcome = venue.replace(Cleared::for_test(change)).await;
    assert!(!matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    drop(venue.api.count_down("BTCUSD_PERP", 120_000).await);
}

/// Conditional orders came to COIN-M on 2026-06-30, after both documents; that they are asked as those of USD-M are is the
/// vendor's own word (the connector's documentation of `POST /dapi/v1/order`), so they are held against those.
#[tokio::test]
async fn every_request_is_one_that_the_vendor_lists_and_that_is_specified() {
    let Some(folder) = material() else { return };
    let collection = |kind: &str| {
        read(
            &folder
                .join(format!("binance-futures/postman/Binance_Derivatives_Trading_{kind}_Futures_API.json")),
        )
    };
    let conditional = collection("USDS").into_iter().filter(|(what, _)| what.contains("lgo"));
    let conditional: Known =
        conditional.map(|(what, parameters)| (what.replace("/fapi/", "/dapi/"), parameters)).collect();
    assert!(conditional.len() >= 6, "{conditional:#?}");
    let mut server = Server::start(answer).await;
    every_request(&coinm(&server)).await;
    let seen = server.drain();
    for (name, mut known) in [
        ("the collection", collection("COIN")),
        ("the specification", declared(&specification(&folder, "openapi-cmfutures.yaml"))),
    ] {
        assert!(
            known.keys().all(|what| !what.contains("algo")),
            "{name} has conditional orders now: use its own"
        );
        known.extend(conditional.clone());
        let wrong: Vec<String> = seen.iter().filter_map(|seen| check(&known, seen)).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        // The judge is itself judged.
        let mut bad =
            seen.iter().find(|s| s.method == "POST" && s.path().ends_with("/order")).unwrap().clone();
        bad.target = bad.target.replace("side=BUY", "sides=BUY");
        assert!(check(&known, &bad).unwrap().contains("`sides` is not declared"));
        bad.target = bad.target.replace("sides=BUY&", "");
        assert!(check(&known, &bad).unwrap().contains("`side` is missing"));
    }
    assert!(seen.iter().all(|s| s.path().starts_with("/dapi/v1/")));
    let kinds: std::collections::BTreeSet<String> =
        seen.iter().map(|s| format!("{} {}", s.method, s.path())).collect();
    println!("{} requests of {} kinds are in both documents of COIN-M", seen.len(), kinds.len());
    assert!(kinds.len() >= 26, "{kinds:#?}");
}

/// Two positions a symbol would be taken for one; and where the leverage of a symbol is not told, none is counted on.
#[tokio::test]
async fn an_account_in_hedge_mode_is_read_only_and_a_leverage_that_lacks_is_one() {
    let server = Server::start(|seen: &Seen| match seen.path().rsplit('/').next() {
        Some("dual") => Reply::json(200, &json!({"dualSidePosition": true})),
        Some("positionRisk") => Reply::json(200, &json!([])),
        _ => answer(seen),
    })
    .await;
    let venue = coinm(&server);
    let proof = venue.prove().await.unwrap();
    assert!(proof.read_only.is_some_and(|why| why.as_str().contains("hedge mode")));
    let directory = venue.api.directory(crate::transport::limit::Class::Exit).await.unwrap();
    assert_eq!(directory.leverage_least(), 1);
}

/// A list of contracts with these names.
fn directory_of(natives: &[&str]) -> Directory {
    let mut told = info();
    let first = told["symbols"][0].clone();
    let one = |native: &&str| {
        let mut one = first.clone();
        one["symbol"] = json!(native);
        one
    };
    told["symbols"] = natives.iter().map(one).collect();
    listed(&told.to_string())
}

fn listed(text: &str) -> Directory {
    let info: ExchangeInfo<'_> = serde_json::from_str(text).unwrap();
    let mut unread = Vec::new();
    let directory = Directory::new(&venue(), Product::Coinm, &Currency::usd(), &info, &mut unread);
    assert!(unread.is_empty(), "{unread:?}");
    directory
}

fn typed<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| format!("{e}: {text}"))
}

fn each(value: &Value, read: impl Fn(&str) -> Result<(), String>) -> Result<usize, String> {
    let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    list.iter().try_for_each(|one| read(&one.to_string())).map(|()| list.len())
}

/// What an answer is read as; `None` for what is never asked.
fn decode(schema: &str, value: &Value) -> Option<(&'static str, Result<usize, String>)> {
    let directory =
        directory_of(&["BTCUSD_PERP", "BTCUSD_200925", "BTCUSD_201225", "BTCUSD_200626", "BTCUSD_200627"]);
    let words = |e: crate::adapters::Error| e.to_string();
    // The examples of orders are those of hedge mode, which is refused by name.
    let one_way = |why: String| if why.contains("is of hedge mode") { Ok(()) } else { Err(why) };
    let order = |text: &str| {
        let order: Order<'_> = typed(text)?;
        map::order(&directory, &order).map(drop).or_else(|e| one_way(e.to_string()))
    };
    Some(match schema {
        "CmfuturesGetExchangeInfoV1Resp" => {
            let all = listed(&value.to_string());
            ("contracts", Ok(all.all().count()))
        }
        "GetOrderV1Resp"
        | "GetOpenOrdersV1Resp"
        | "GetAllOrdersV1Resp"
        | "CreateOrderV1Resp"
        | "DeleteOrderV1Resp"
        | "UpdateOrderV1Resp"
        | "CmfuturesGetForceOrdersV1Resp" => ("orders", each(value, order)),
        "GetUserTradesV1Resp" => (
            "executions",
            each(value, |text| {
                let trade: MyTrade<'_> = typed(text)?;
                let rules = directory.of_native(&trade.symbol).map_err(words)?;
                map::my_trade(rules, &trade, &ClientId::new("x").unwrap()).map(drop).map_err(words)
            }),
        ),
        "GetPositionRiskV1Resp" => (
            "positions",
            each(value, |text| {
                coins::setting(&typed::<Setting<'_>>(text)?).map_err(words)?;
                let position: Position<'_> = typed(text)?;
                futures::position(&directory, &position).map(drop).or_else(|e| one_way(e.to_string()))
            }),
        ),
        "GetAccountV1Resp" => {
            ("accounts", typed::<CoinAccount<'_>>(&value.to_string()).map(|a| a.assets.len()))
        }
        "GetBalanceV1Resp" => (
            "balances",
            typed::<Vec<NamedBalance<'_>>>(&value.to_string())
                .and_then(|rows| futures::account_id(&rows).map(|_| rows.len()).map_err(words)),
        ),
        "GetPremiumIndexV1Resp" => (
            "index prices",
            typed::<Vec<IndexPrice<'_>>>(&value.to_string())
                .and_then(|rows| coins::IndexPrices::new(&rows, 0).map(|_| rows.len()).map_err(words)),
        ),
        "GetPositionSideDualV1Resp" => ("modes", typed::<PositionMode>(&value.to_string()).map(|_| 1)),
        "CreateListenKeyV1Resp" => ("keys", typed::<ListenKey<'_>>(&value.to_string()).map(|_| 1)),
        "GetDepthV1Resp" => (
            "books",
            typed::<Depth<'_>>(&value.to_string())
                .and_then(|d| market::snapshot(&d).map(|b| b.bids.len()).map_err(words)),
        ),
        "CmfuturesGetKlinesV1Resp" => {
            ("bars", each(value, |text| market::bar(&typed::<Kline<'_>>(text)?).map(drop).map_err(words)))
        }
        "GetTickerBookTickerV1Resp" => (
            "quotes",
            each(value, |text| {
                let now = Now::default();
                market::answered_quote(&directory, &typed::<BookTicker<'_>>(text)?, now)
                    .map(drop)
                    .map_err(words)
            }),
        ),
        _ => return None,
    })
}

#[test]
fn the_examples_of_answers_are_read() {
    let Some(folder) = material() else { return };
    let spec = specification(&folder, "openapi-cmfutures.yaml");
    let (mut counts, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for (schema, of) in spec["components"]["schemas"].as_object().unwrap() {
        let Some(example) = of["example"].as_str() else { continue };
        let Ok(value) = serde_json::from_str::<Value>(example) else { continue };
        match decode(schema, &value) {
            Some((kind, Ok(n))) => *counts.entry(kind).or_default() += n,
            Some((_, Err(why))) => wrong.push(format!("{schema}: {why}")),
            None => {}
        }
    }
    println!("read: {counts:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (kind, least) in [
        ("contracts", 1),
        ("orders", 8),
        ("executions", 1),
        ("positions", 3),
        ("accounts", 1),
        ("balances", 1),
        ("index prices", 1),
        ("modes", 1),
        ("keys", 1),
        ("books", 1),
        ("bars", 1),
        ("quotes", 1),
    ] {
        assert!(counts.get(kind).is_some_and(|n| *n >= least), "{kind}: {counts:?}");
    }
}

#[test]
fn the_examples_of_news_are_read() {
    let Some(folder) = material() else { return };
    let spec = specification(&folder, "asyncapi-cmfutures-streams.yaml");
    let of = |name: &str| example(&spec["components"]["schemas"][name]);
    let directory = directory_of(&["BTCUSD_PERP", "BTCUSD_200626"]);
    let orders = |value: &Value| {
        let (mut session, mut out) = (Session::Orders(Orders::new(true)), Vec::new());
        session.line(&value.to_string(), &directory, Now::default(), &mut out);
        out
    };
    let told = orders(&of("orderTradeUpdateEvent"));
    let [Say::Event(Event::Order(order))] = &told[..] else { panic!("{told:?}") };
    assert_eq!((order.client.as_str(), order.status), ("myOrder1", OrderEvent::Working));
    assert_eq!(order.instrument.symbol.as_str(), "BTC/USD");
    // The same, filled: a fee in the coin.
    let mut filled = of("orderTradeUpdateEvent");
    for (name, value) in
        [("x", "TRADE"), ("X", "FILLED"), ("l", "1"), ("z", "1"), ("L", "9000"), ("n", "0.00000445")]
    {
        filled["o"][name] = json!(value);
    }
    let told = orders(&filled);
    let [Say::Event(Event::Execution(fill)), Say::Event(Event::Order(_))] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(fill.fee.as_ref().unwrap().currency.as_str(), "BTC");
    assert_eq!(orders(&of("accountUpdateEvent")), [], "the account is read by request");
    assert!(matches!(&orders(&of("listenKeyExpiredEvent"))[..], [Say::Drop(_)]));
    let mut counts = 0;
    for (schema, kind) in [
        ("bookTickerEvent", "bookTicker"),
        ("aggregateTradeEvent", "aggTrade"),
        ("klineEvent", "kline_1m"),
        ("diffDepthEvent", "depth@100ms"),
    ] {
        let data = of(schema);
        let stream = format!("{}@{kind}", data["s"].as_str().unwrap().to_lowercase());
        let line = json!({"stream": stream, "data": data}).to_string();
        let mut session = Session::Data(Data::new(venue(), Kinds::All));
        let symbol = symbol("BTC/USD-200626");
        let watched =
            Watched { symbols: [symbol.clone()].into(), books: [symbol].into(), ..Watched::default() };
        let mut out = Vec::new();
        session.watch(&watched, &directory, &mut out);
        session.opened(&directory, &mut out);
        out.clear();
        session.line(&line, &directory, Now::default(), &mut out);
        assert!(matches!(out.first(), Some(Say::Market(_) | Say::FetchBook(_))), "{schema}: {out:?}");
        counts += 1;
    }
    assert_eq!(counts, 4);
}

#[test]
fn a_contract_is_of_so_many_dollars_and_paid_in_its_coin() {
    let mut told = info();
    let perpetual = told["symbols"][0].clone();
    let with = |changes: Value| {
        let mut one = perpetual.clone();
        for (name, value) in changes.as_object().unwrap() {
            one[name] = value.clone();
        }
        one
    };
    told["symbols"] = json!([
        perpetual,
        with(json!({"symbol": "ETHUSD_PERP", "baseAsset": "ETH", "marginAsset": "ETH", "contractSize": 10})),
        with(
            json!({"symbol": "BTCUSD_260327", "contractType": "CURRENT_QUARTER", "deliveryDate": 1_774_598_400_000_i64})
        ),
        with(
            json!({"symbol": "BTCUSD_261225", "contractType": "NEXT_QUARTER", "contractStatus": "SETTLING"})
        ),
        with(
            json!({"symbol": "DOTUSD_LATER", "baseAsset": "DOT", "marginAsset": "DOT", "contractType": "NEXT_QUARTER"})
        ),
        with(
            json!({"symbol": "LTCUSD_PERP", "baseAsset": "LTC", "marginAsset": "LTC", "contractStatus": "PENDING_TRADING"})
        ),
        with(json!({"symbol": "XRPUSD_PERP", "baseAsset": "XRP", "marginAsset": "BTC"})),
    ]);
    let directory = listed(&told.to_string());
    let of = |name: &str| directory.of(&symbol(name)).unwrap().instrument.clone();
    let face = |n: &str| Payoff::Inverse { face: n.parse().unwrap() };
    assert_eq!((of("BTC/USD").payoff, of("ETH/USD").payoff), (face("100"), face("10")));
    assert_eq!(of("BTC/USD").name.as_str(), "BTC in contracts of 100 USD, perpetual, paid in BTC");
    assert_eq!((of("BTC/USD").tradable, of("BTC/USD").lot.to_string()), (Tradable::Yes, "1".into()));
    let no = |name: &str| match of(name).tradable {
        Tradable::No(why) | Tradable::Halted(why) => why.to_string(),
        Tradable::Yes => "yes".into(),
    };
    // One that ends says so in its symbol, and when behind its name.
    let ends = of("BTC/USD-260327");
    assert_eq!((ends.tradable, ends.class, ends.payoff), (Tradable::Yes, AssetClass::Future, face("100")));
    assert_eq!(
        ends.name.as_str(),
        "BTC in contracts of 100 USD, future, paid in BTC, ends 2026-03-27 08:00 UTC"
    );
    assert_eq!(no("BTC/USD-261225"), "SETTLING");
    assert_eq!(no("DOT/USD"), "contracts of the kind `NEXT_QUARTER` are not known here");
    assert_eq!(no("LTC/USD"), "PENDING_TRADING");
    assert_eq!(no("XRP/USD"), "its margin is BTC, not the coin that it is of");
    // Without a size, or with none, a contract is left out and named.
    for size in [json!(null), json!(0), json!("-1")] {
        told["symbols"] = json!([with(json!({"contractSize": size}))]);
        let text = told.to_string();
        let info: ExchangeInfo<'_> = serde_json::from_str(&text).unwrap();
        let mut unread = Vec::new();
        let directory = Directory::new(&venue(), Product::Coinm, &Currency::usd(), &info, &mut unread);
        assert!(
            directory.all().next().is_none() && unread[0].as_str().contains("contractSize"),
            "{unread:?}"
        );
    }
}
