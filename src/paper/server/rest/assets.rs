//! `/v2/assets`, the clock and the calendar.

use super::App;
use crate::paper::{
    hours::Hours,
    server::{
        answer::{Answer, Refused, ok},
        query::Params,
        wire,
    },
};
use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::Value;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v2/assets", get(list))
        .route("/v2/assets/{symbol}", get(one))
        // A coin's symbol has a slash, which clients send as it is.
        .route("/v2/assets/{base}/{quote}", get(one_coin))
        .route("/v2/clock", get(clock))
        .route("/v3/clock", get(market_clock))
        .route("/v2/calendar", get(calendar))
}

async fn list(State(app): State<App>, params: Params) -> Answer {
    let class = params.word("asset_class").unwrap_or("us_equity").to_owned();
    let (status, exchange) =
        (params.word("status").map(str::to_owned), params.word("exchange").map(str::to_owned));
    let attributes = !params.list("attributes").is_empty();
    let assets = app.owner.ask(move |venue| -> Vec<Value> {
        let is = |body: &Value, name: &str, want: &Option<String>| {
            want.as_deref().is_none_or(|w| body.get(name).and_then(Value::as_str) == Some(w))
        };
        let all = venue.exchange.assets().iter().map(wire::asset);
        all.filter(|body| is(body, "class", &Some(class.clone())))
            .filter(|body| is(body, "status", &status) && is(body, "exchange", &exchange))
            // No instrument here has any of the attributes that can be asked for.
            .filter(|_| !attributes)
            .collect()
    });
    ok(&assets.await?)
}

async fn one(State(app): State<App>, Path(symbol): Path<String>) -> Answer {
    let asked = symbol.clone();
    let found = app.owner.ask(move |venue| venue.exchange.asset(&asked).map(wire::asset));
    let shown: String = symbol.chars().filter(|c| !c.is_control()).take(40).collect();
    ok(&found.await?.ok_or_else(|| Refused::not_found(format!("asset not found for {shown}")))?)
}

async fn one_coin(app: State<App>, Path((base, quote)): Path<(String, String)>) -> Answer {
    one(app, Path(format!("{base}/{quote}"))).await
}

async fn clock(State(app): State<App>) -> Answer {
    ok(&app.owner.ask(|venue| wire::clock(&venue.exchange.setup().hours.clock(venue.now()))).await?)
}

async fn market_clock(State(app): State<App>) -> Answer {
    ok(&app.owner.ask(|venue| wire::market_clock(&venue.exchange.setup().hours.clock(venue.now()))).await?)
}

async fn calendar(State(app): State<App>, params: Params) -> Answer {
    let (start, end) = (params.day("start")?, params.day("end")?);
    let days = app.owner.ask(move |venue| {
        let today = venue.now().to_jiff().to_zoned(TimeZone::UTC).date();
        let first = start.unwrap_or(today);
        let last = end.unwrap_or_else(|| first.saturating_add(1.year()));
        days(venue.exchange.setup().hours, first, last)
    });
    ok(&days.await?)
}

/// The days of a calendar, each with the trading day on which its trades settle (the next one).
fn days(hours: Hours, first: Date, last: Date) -> Vec<Value> {
    let with_next = hours.calendar(first, last.saturating_add(7.days()));
    let next = with_next.iter().skip(1).map(|day| day.date);
    let pairs = with_next.iter().zip(next).filter(|(day, _)| day.date <= last);
    pairs.map(|(day, settles)| wire::calendar_day(day, settles)).collect()
}
