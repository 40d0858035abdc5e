//! What every request passes before all else where the venue plays a script of faults: the script may delay it, lose
//! it, answer in the venue's place, or lose the venue's answer.

use super::{
    answer::Refused,
    owner::Request as Asked,
    rest::{App, BODY_BYTES_MAX},
    tap::Shears,
    venue::{faults::Knock, orders::OrderKey},
};
use crate::{
    domain::order::{OrderKind, Side},
    paper::faults::{Door, Fate, Kind, Reply, play::Mood, skew},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Query, Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use smol_str::SmolStr;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// An answer that is read whole to be changed; none is longer.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The middleware.
pub(super) async fn door(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(kind) = Kind::of(request.method().as_str(), request.uri().path()) else {
        return next.run(request).await;
    };
    if kind.is_stream() {
        return attempt(app, kind, request, next).await;
    }
    let shears = request.extensions().get::<ConnectInfo<Shears>>().map(|info| info.0.clone());
    let (knock, request) = match read(kind, request).await {
        Ok(read) => read,
        Err(refused) => return refused.into_response(),
    };
    let Ok(door) = app.owner.ask(|reply| Asked::Knock(knock, reply)).await else {
        return Refused::internal().into_response();
    };
    pass(&app, door, shears, request, next).await
}

async fn pass(app: &App, door: Door, shears: Option<Shears>, request: Request, next: Next) -> Response {
    let Door { wait_ms, answer_ms, skew_ms, fate } = door;
    let cut = |bytes| {
        if let Some(shears) = &shears {
            shears.cut_after(bytes);
        }
    };
    let response = match fate {
        Fate::Pass => done(wait_ms, request, next).await,
        Fate::Hang => {
            // Nobody waits for ever: the client hangs up, or the server ends.
            stopped(app).await;
            cut(0);
            Refused::internal().into_response()
        }
        Fate::Cut => {
            cut(0);
            Refused::internal().into_response()
        }
        Fate::CutAfter(bytes) => {
            let response = done(wait_ms, request, next).await;
            cut(bytes);
            response
        }
        Fate::Instead(reply) => respond(reply),
        Fate::After(reply) => {
            drop(done(wait_ms, request, next).await);
            respond(reply)
        }
    };
    tokio::time::sleep(Duration::from_millis(answer_ms)).await;
    if skew_ms == 0 { response } else { skewed(app, response, skew_ms).await }
}

async fn stopped(app: &App) {
    drop(app.stop.clone().wait_for(|stop| *stop).await);
}

/// Has it done, late or at once. What is late is done whether or not the client still waits.
async fn done(wait_ms: u64, request: Request, next: Next) -> Response {
    if wait_ms == 0 {
        return next.run(request).await;
    }
    let late = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        next.run(request).await
    });
    late.await.unwrap_or_else(|_| Refused::internal().into_response())
}

fn respond(reply: Reply) -> Response {
    let kind = if reply.is_json() { "application/json" } else { "text/html" };
    let status = StatusCode::from_u16(reply.status).ok().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, kind)], reply.body).into_response();
    if let Some(secs) = reply.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    response
}

/// The same answer from a server whose clock is off.
async fn skewed(app: &App, response: Response, ms: i64) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        return Refused::internal().into_response();
    };
    let date = skew::http_date(app.clock.now().wall.plus_ms(ms));
    if let Ok(date) = HeaderValue::from_str(&date) {
        parts.headers.insert(header::DATE, date);
    }
    let moved = std::str::from_utf8(&bytes).ok().map(|text| skew::shifted(text, ms).into_owned());
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, moved.map_or_else(|| Body::from(bytes), Body::from))
}

/// An attempt to connect to a stream.
async fn attempt(app: App, kind: Kind, request: Request, next: Next) -> Response {
    match app.owner.ask(|reply| Asked::Connect(kind, reply)).await {
        Ok(Mood::Fair) => next.run(request).await,
        Ok(Mood::Hanging) => {
            stopped(&app).await;
            Refused::internal().into_response()
        }
        Ok(Mood::Down) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(_) => Refused::internal().into_response(),
    }
}

/// What the request is about, and the request as it was.
async fn read(kind: Kind, request: Request) -> Result<(Knock, Request), Refused> {
    let mut knock = Knock {
        kind,
        symbols: named(kind, request.uri()),
        order: meant(kind, request.uri()),
        ..Knock::default_of(kind)
    };
    if kind != Kind::Submit {
        return Ok((knock, request));
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY_BYTES_MAX).await;
    let bytes =
        bytes.map_err(|_| Refused::unreadable(StatusCode::PAYLOAD_TOO_LARGE, "length limit exceeded"))?;
    learn(&mut knock, &bytes);
    Ok((knock, Request::from_parts(parts, Body::from(bytes))))
}

/// What an order's body says of it. What can't be read is not selected by; the venue will refuse it.
fn learn(knock: &mut Knock, body: &Bytes) {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    let word = |name: &str| body.get(name).and_then(Value::as_str);
    knock.symbols = word("symbol").into_iter().map(str::to_owned).collect();
    knock.client = word("client_order_id").map(SmolStr::new);
    knock.side = match word("side") {
        Some("buy") => Some(Side::Buy),
        Some("sell") => Some(Side::Sell),
        Some(_) | None => None,
    };
    knock.order_type = match word("type") {
        Some("market") => Some(OrderKind::Market),
        Some("limit") => Some(OrderKind::Limit),
        Some("stop") => Some(OrderKind::Stop),
        Some("stop_limit") => Some(OrderKind::StopLimit),
        Some("trailing_stop") => Some(OrderKind::TrailingStop),
        Some(_) | None => None,
    };
}

fn query(uri: &Uri) -> BTreeMap<String, String> {
    Query::<BTreeMap<String, String>>::try_from_uri(uri).map(|Query(map)| map).ok().unwrap_or_default()
}

/// The instruments that an address names.
fn named(kind: Kind, uri: &Uri) -> Vec<String> {
    let rest = |prefix: &str| {
        let rest = uri.path().strip_prefix(prefix).unwrap_or_default();
        vec![rest.replace("%2F", "/").replace("%2f", "/")]
    };
    match kind {
        Kind::Close | Kind::Position => rest("/v2/positions/"),
        Kind::Asset => rest("/v2/assets/"),
        Kind::Orders | Kind::Prices => {
            let one = uri.path().strip_prefix("/v2/stocks/").and_then(|rest| rest.split_once('/'));
            let one = one.map(|(symbol, _)| symbol.to_owned());
            let many = query(uri).remove("symbols").unwrap_or_default();
            let many = many.split(',').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty());
            one.into_iter().chain(many).collect()
        }
        Kind::Submit
        | Kind::Replace
        | Kind::Cancel
        | Kind::CancelAll
        | Kind::CloseAll
        | Kind::Positions
        | Kind::Order
        | Kind::Account
        | Kind::Activities
        | Kind::History
        | Kind::Configurations
        | Kind::Clock
        | Kind::Calendar
        | Kind::Assets
        | Kind::TradeUpdates
        | Kind::DataStream => Vec::new(),
    }
}

/// The order that an address means.
fn meant(kind: Kind, uri: &Uri) -> Option<OrderKey> {
    if !matches!(kind, Kind::Replace | Kind::Cancel | Kind::Order) {
        return None;
    }
    match uri.path().strip_prefix("/v2/orders/") {
        Some(id) => Uuid::parse_str(id).ok().map(OrderKey::Id),
        None => query(uri).remove("client_order_id").map(OrderKey::Client),
    }
}
