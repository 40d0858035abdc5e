//! The stand-in of Binance over HTTP and websockets: keys, signatures, times, weights, and what goes wrong on the way.

use super::background::Background;
use super::exchange::{Exchange, Mishap, Params, dec};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{
        Path, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use futures_util::stream;
use ring::hmac;
use serde_json::{Value, json};
use std::{collections::BTreeSet, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::{Mutex, broadcast::error::RecvError};

pub(crate) const KEY: &str = "stand-in-key";
pub(crate) const SECRET: &str = "canary-secret-of-the-stand-in";

type Shared = Arc<Mutex<Exchange>>;

/// The running server. It ends with this.
#[derive(Debug)]
pub(crate) struct Running {
    server: Background,
    exchange: Shared,
}

impl Running {
    pub(crate) fn start(change: impl FnOnce(&mut Exchange)) -> Self {
        let mut exchange = Exchange::new();
        change(&mut exchange);
        let exchange = Arc::new(Mutex::new(exchange));
        let shared = Arc::clone(&exchange);
        let server = Background::start(async move |listener| {
            let app = Router::new()
                .route("/ws-api/v3", get(user_by_signature))
                .route("/ws/{key}", get(user_by_key))
                .route("/stream", get(market))
                .fallback(any(rest))
                .with_state(Arc::clone(&shared));
            let ticks = async {
                loop {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    let mut exchange = shared.lock().await;
                    exchange.count_down();
                    let names: Vec<String> = exchange.markets.keys().cloned().collect();
                    for name in names {
                        exchange.shout_touch(&name);
                    }
                }
            };
            tokio::select! {
                served = axum::serve(listener, app) => served.unwrap(),
                () = ticks => {}
            }
        });
        Self { server, exchange }
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// Looks at the exchange, or changes it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Exchange) -> T) -> T {
        look(&mut self.exchange.blocking_lock())
    }
}

/// Parameters of a query or a form, and what of the text is signed.
fn parameters(text: &str) -> Params {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn refused(status: u16, code: i64, msg: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), json_body(&json!({"code": code, "msg": msg}))).into_response()
}

fn json_body(value: &Value) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/json")], value.to_string())
}

/// Signed with the secret, in time, by the key?
fn check(exchange: &Exchange, payload: &str, p: &Params) -> Result<(), (i64, &'static str)> {
    let text = payload.split("signature=").next().unwrap().trim_end_matches('&');
    let signature = p.get("signature").ok_or((-1_102, "Mandatory parameter 'signature' was not sent."))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let digit = |c: char| c.to_digit(16).and_then(|d| u8::try_from(d).ok());
    let digits: Vec<u8> = signature.chars().filter_map(digit).collect();
    let told: Vec<u8> =
        digits.chunks(2).filter(|two| two.len() == 2).map(|two| (two[0] << 4) | two[1]).collect();
    if signature.len() != 64 || hmac::verify(&key, text.as_bytes(), &told).is_err() {
        return Err((-1_022, "Signature for this request is not valid."));
    }
    in_time(exchange, p.get("timestamp"), p.get("recvWindow"))
}

fn in_time(
    exchange: &Exchange,
    at: Option<&String>,
    window: Option<&String>,
) -> Result<(), (i64, &'static str)> {
    let at: i64 =
        at.and_then(|t| t.parse().ok()).ok_or((-1_102, "Mandatory parameter 'timestamp' was not sent."))?;
    let window: i64 = window.map_or(5_000, |t| t.parse().unwrap());
    let now = exchange.now();
    if at >= now + 1_000 || now - at > window {
        return Err((-1_021, "Timestamp for this request is outside of the recvWindow."));
    }
    Ok(())
}

async fn rest(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut exchange = shared.lock().await;
    let form = String::from_utf8(body.to_vec()).unwrap();
    let query = uri.query().unwrap_or_default();
    // Query and body are signed together, with nothing between.
    let payload = format!("{query}{form}");
    let mut p = parameters(query);
    p.extend(parameters(&form));
    let what = format!("{method} {}", uri.path());
    exchange.seen.push((what.clone(), p.clone()));
    let at = exchange.mishaps.iter().position(|(on, _)| *on == what);
    let mishap = at.and_then(|at| exchange.mishaps.remove(at)).map(|(_, mishap)| mishap);
    let mishap = if exchange.is_cut_off { Some(Mishap::HangUp { done: false }) } else { mishap };
    let is_done =
        !matches!(&mishap, Some(Mishap::Answer { done: false, .. } | Mishap::HangUp { done: false }));
    let told = is_done.then(|| handle(&mut exchange, &what, &payload, &p, &headers));
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
        None => told.unwrap(),
    }
}

fn handle(exchange: &mut Exchange, what: &str, payload: &str, p: &Params, headers: &HeaderMap) -> Response {
    if what == "GET /api/v3/referencePrice" {
        return refused(400, -2_043, "This symbol doesn't have a reference price.");
    }
    if let Some(public) = public(exchange, what, p) {
        return with_weight(exchange, json_body(&public).into_response());
    }
    if headers.get("x-mbx-apikey").is_none_or(|k| k != KEY) {
        return refused(401, -2_015, "Invalid API-key, IP, or permissions for action.");
    }
    if (what.ends_with("userDataStream") && exchange.is_us) || what.ends_with("/listenKey") {
        return listen(exchange, what, p);
    }
    if let Err((code, msg)) = check(exchange, payload, p) {
        return refused(400, code, msg);
    }
    match exchange.answer(what, p) {
        Ok(mut value) => {
            let status = value.as_object_mut().and_then(|o| o.remove("httpStatus"));
            let status = status.and_then(|s| u16::try_from(s.as_u64()?).ok());
            match status {
                Some(code) => (StatusCode::from_u16(code).unwrap(), json_body(&value)).into_response(),
                None => with_weight(exchange, json_body(&value).into_response()),
            }
        }
        Err((code, msg)) => refused(400, code, msg),
    }
}

fn with_weight(exchange: &Exchange, mut response: Response) -> Response {
    let used = exchange.seen.len().to_string();
    response.headers_mut().insert("x-mbx-used-weight-1m", used.parse().unwrap());
    response.headers_mut().insert("x-mbx-order-count-10s", "1".parse().unwrap());
    response
}

fn listen(exchange: &mut Exchange, what: &str, p: &Params) -> Response {
    if what.starts_with("PUT") {
        let key = p.get("listenKey").cloned();
        let is_named = exchange.is_futures || (key.is_some() && key == exchange.listen_key);
        if !is_named || exchange.listen_key.is_none() {
            return refused(400, -1_125, "This listenKey does not exist.");
        }
        return json_body(&json!({})).into_response();
    }
    let key = exchange.listen_key.get_or_insert_with(|| format!("listen-{}", exchange_stamp())).clone();
    json_body(&json!({ "listenKey": key })).into_response()
}

fn exchange_stamp() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos()
}

/// What anybody may ask.
fn public(exchange: &Exchange, what: &str, p: &Params) -> Option<Value> {
    let prices = exchange.markets.iter();
    let what = what.replace(exchange.root(), "/api/v3/");
    Some(match what.as_str() {
        "GET /api/v3/ping" => json!({}),
        "GET /api/v3/time" => json!({"serverTime": exchange.now()}),
        "GET /api/v3/exchangeInfo" if exchange.is_coin => exchange.coin_info(),
        "GET /api/v3/premiumIndex" if exchange.is_coin => exchange.index_prices(),
        "GET /api/v3/exchangeInfo" if exchange.is_futures => future_info(exchange),
        "GET /api/v3/exchangeInfo" => info(exchange),
        "GET /api/v3/avgPrice" => {
            json!({"mins": 5, "price": exchange.markets.get(p.get("symbol")?)?.bid.to_string(), "closeTime": 1})
        }
        "GET /api/v3/premiumIndex" if exchange.is_futures => {
            let market = exchange.markets.get(p.get("symbol")?)?;
            json!({"symbol": p.get("symbol"), "markPrice": market.bid.to_string(), "indexPrice": market.bid.to_string(),
                "estimatedSettlePrice": "0", "lastFundingRate": "0.0001", "interestRate": "0.0001", "nextFundingTime": 0,
                "time": exchange.now()})
        }
        "GET /api/v3/ticker/price" => {
            prices.map(|(s, m)| json!({"symbol": s, "price": m.bid.to_string()})).collect()
        }
        "GET /api/v3/ticker/bookTicker" => {
            let one = |(s, m): (&String, &super::exchange::Market)| {
                json!({"symbol": s, "bidPrice": m.bid.to_string(), "bidQty": "3.0",
                "askPrice": m.ask.to_string(), "askQty": "2.0"})
            };
            prices.map(one).collect()
        }
        "GET /api/v3/depth" => {
            let market = exchange.markets.get(p.get("symbol")?)?;
            let below = market.bid - dec("1");
            json!({"lastUpdateId": market.update, "bids": [[market.bid.to_string(), "3.0"], [below.to_string(), "5.0"]],
                "asks": [[market.ask.to_string(), "2.0"]]})
        }
        "GET /api/v3/klines" => {
            let end = p.get("endTime").map_or(exchange.now(), |t| t.parse().unwrap());
            let rows = (0..5).rev().map(|n| {
                json!([
                    (end / 60_000 - n) * 60_000,
                    "1.0",
                    "2.0",
                    "0.5",
                    "1.5",
                    "10.0",
                    end,
                    "15.0",
                    3,
                    "1",
                    "2",
                    "0"
                ])
            });
            rows.collect()
        }
        _ => return None,
    })
}

fn info(exchange: &Exchange) -> Value {
    let symbol = |(name, market): (&String, &super::exchange::Market)| {
        json!({"symbol": name, "status": "TRADING", "baseAsset": market.base,
        "baseAssetPrecision": 8, "quoteAsset": "USDT", "quotePrecision": 8, "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8, "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": !exchange.no_icebergs.contains(name), "ocoAllowed": true, "otoAllowed": !exchange.is_us && !exchange.no_oto.contains(name), "opoAllowed": !exchange.is_us && !exchange.no_opo.contains(name),
        "quoteOrderQtyMarketAllowed": true, "allowTrailingStop": true, "cancelReplaceAllowed": true, "amendAllowed": !exchange.is_us,
        "isSpotTradingAllowed": true, "isMarginTradingAllowed": false, "permissions": [], "permissionSets": [["SPOT"]],
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01000000"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
            {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "1.2", "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5", "askMultiplierDown": "0.8", "avgPriceMins": 5},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "100.00000000", "stepSize": "0.00000000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": true, "maxNotional": "9000000.0",
                "applyMaxToMarket": false, "avgPriceMins": 5},
            {"filterType": "ICEBERG_PARTS", "limit": 10}, {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 2},
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 8}, {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
            {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
                "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000}]})
    };
    json!({"timezone": "UTC", "serverTime": exchange.now(), "exchangeFilters": [],
        "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100}],
        "symbols": exchange.markets.iter().map(symbol).collect::<Vec<_>>()})
}

fn future_info(exchange: &Exchange) -> Value {
    let symbol = |(name, market): (&String, &super::exchange::Market)| {
        let term = super::coins::term(name);
        json!({"symbol": name, "pair": name.split('_').next(), "deliveryDate": super::coins::delivered_at(term),
        "contractType": term, "status": "TRADING", "baseAsset": market.base, "quoteAsset": "USDT", "marginAsset": "USDT",
        "pricePrecision": 2, "quantityPrecision": 3, "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT",
            "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"], "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120", "stepSize": "0.001"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1500", "multiplierDown": "0.8500", "multiplierDecimal": "4"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 2},
            {"filterType": "MIN_NOTIONAL", "notional": "5"}]})
    };
    json!({"timezone": "UTC", "serverTime": exchange.now(), "exchangeFilters": [],
        "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}],
        "symbols": exchange.markets.iter().map(symbol).collect::<Vec<_>>()})
}

async fn user_by_signature(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| user(socket, shared, false))
}

async fn user_by_key(
    State(shared): State<Shared>,
    Path(key): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if shared.lock().await.listen_key.as_deref() != Some(&key) {
        return StatusCode::NOT_FOUND.into_response();
    }
    upgrade.on_upgrade(move |socket| user(socket, shared, true))
}

/// Order news: bare where the address was the key, in an envelope where they were subscribed.
async fn user(mut socket: WebSocket, shared: Shared, is_bare: bool) {
    let (mut events, mut cut) = {
        let exchange = shared.lock().await;
        (exchange.user.subscribe(), exchange.cut.subscribe())
    };
    let mut subscribed = is_bare;
    loop {
        tokio::select! {
            _ = cut.recv() => return,
            event = events.recv() => {
                let text = match event {
                    Ok(text) => text,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                let text = if is_bare { text } else { format!(r#"{{"subscriptionId":0,"event":{text}}}"#) };
                if subscribed && socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            got = socket.recv() => {
                let Some(Ok(message)) = got else { return };
                let Message::Text(text) = message else { continue };
                let asked: Value = serde_json::from_str(&text).unwrap();
                let answer = subscribe(&*shared.lock().await, &asked);
                subscribed |= answer["status"] == 200;
                if socket.send(Message::Text(answer.to_string().into())).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn subscribe(exchange: &Exchange, asked: &Value) -> Value {
    let no = |status: u16, code: i64, msg: &str| json!({"id": asked["id"], "status": status, "error": {"code": code, "msg": msg}});
    if asked["method"] != "userDataStream.subscribe.signature" {
        return no(400, -1_020, "This operation is not supported.");
    }
    let mut p = Params::new();
    for (name, value) in asked["params"].as_object().unwrap() {
        p.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    if p.get("apiKey").is_none_or(|k| k != KEY) {
        return no(401, -2_015, "Invalid API-key, IP, or permissions for action.");
    }
    // In the order of their names, as they are.
    let payload: Vec<String> =
        p.iter().filter(|(n, _)| *n != "signature").map(|(n, v)| format!("{n}={v}")).collect();
    match check(exchange, &payload.join("&"), &p) {
        Ok(()) => json!({"id": asked["id"], "status": 200, "result": {"subscriptionId": 0}}),
        Err((code, msg)) => no(400, code, msg),
    }
}

async fn market(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| feed(socket, shared))
}

async fn feed(mut socket: WebSocket, shared: Shared) {
    let (mut news, mut cut) = {
        let exchange = shared.lock().await;
        (exchange.news.subscribe(), exchange.cut.subscribe())
    };
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    loop {
        tokio::select! {
            _ = cut.recv() => return,
            got = news.recv() => {
                let (stream, text) = match got {
                    Ok(news) => news,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                if wanted.contains(&stream) && socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            got = socket.recv() => {
                let Some(Ok(message)) = got else { return };
                let Message::Text(text) = message else { continue };
                let asked: Value = serde_json::from_str(&text).unwrap();
                let names = asked["params"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned());
                if asked["method"] == "SUBSCRIBE" {
                    wanted.extend(names);
                } else {
                    names.for_each(|n| assert!(wanted.remove(&n), "{n} was not subscribed"));
                }
                let answer = json!({"result": null, "id": asked["id"]}).to_string();
                if socket.send(Message::Text(answer.into())).await.is_err() {
                    return;
                }
            }
        }
    }
}
