//! The HTTP side: routes, and what every request passes on its way in.

mod account;
mod assets;
mod data;
mod orders;
mod positions;

use super::{
    answer::Refused,
    door,
    feed::Endpoint,
    keys::Keys,
    owner::{Owner, Request as Asked},
    query::Params,
    quota::{Family, Left},
    socket,
    venue::faults::Moods,
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Query, Request, State},
    http::{HeaderMap, HeaderValue, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::watch;

/// The largest body that an order needs, with room.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longer than any answer takes; a body that trickles in does not hold a connection for ever.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(15);

/// What handlers work with.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) owner: Owner,
    pub(super) keys: Arc<Keys>,
    pub(super) clock: Arc<dyn crate::clock::Clock>,
    pub(super) stop: watch::Receiver<bool>,
    /// How the streams stand, where a script of faults plays.
    pub(super) moods: Option<watch::Receiver<Moods>>,
}

/// A request's body.
struct Sent(Bytes);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Refused;
    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|e| Refused::unreadable(e.status(), &e.body_text()))
    }
}

/// Every address that the venue answers at.
pub(super) fn router(app: App) -> Router {
    let trading = Router::new()
        .merge(account::routes())
        .merge(assets::routes())
        .merge(orders::routes())
        .merge(positions::routes())
        .route_layer(middleware::from_fn_with_state((app.clone(), Family::Trading), admit));
    let market =
        data::routes().route_layer(middleware::from_fn_with_state((app.clone(), Family::Data), admit));
    let rest = trading
        .merge(market)
        .fallback(|| async { Refused::not_found("endpoint not found") })
        .method_not_allowed_fallback(|| async { Refused::method_not_allowed() })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(in_time));
    let all = rest.merge(streams());
    let all = match app.moods {
        Some(_) => all.layer(middleware::from_fn_with_state(app.clone(), door::door)),
        None => all,
    };
    all.with_state(app)
}

fn streams() -> Router<App> {
    let mut router = Router::new().route("/stream", get(socket::trade_updates));
    for endpoint in Endpoint::ALL {
        let feed = async move |ws, state, headers| socket::market(ws, state, headers, endpoint);
        router = router.route(endpoint.path, get(feed));
    }
    router
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refused::timed_out().into_response(),
    }
}

/// Keys first, then the rate limit; the answer says what is left of it.
async fn admit(State((app, family)): State<(App, Family)>, request: Request, next: Next) -> Response {
    if !is_known(&app.keys, request.headers()) {
        return Refused::unauthorized().into_response();
    }
    let now = app.clock.now().wall;
    let left = match app.owner.ask(|reply| Asked::Count(family, now, reply)).await {
        Ok(left) => left,
        Err(gone) => return Refused::from(gone).into_response(),
    };
    let mut response =
        if left.is_admitted { next.run(request).await } else { Refused::too_many().into_response() };
    tell(left, response.headers_mut());
    response
}

fn tell(left: Left, headers: &mut HeaderMap) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(left.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(left.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(left.reset));
}

/// Does the request carry the account's keys, in either of the two forms?
pub(super) fn is_known(keys: &Keys, headers: &HeaderMap) -> bool {
    let word = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let bearer = word("authorization").and_then(|v| v.strip_prefix("Bearer "));
    match (word("apca-api-key-id"), word("apca-api-secret-key"), bearer) {
        (Some(id), Some(secret), _) => keys.are(id, secret),
        (_, _, Some(token)) => keys.is_bearer(token),
        (Some(_) | None, Some(_) | None, None) => false,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        let query = Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri);
        query.map(|Query(map)| map.into()).map_err(|e| Refused::bad_request(format!("unreadable query: {e}")))
    }
}
