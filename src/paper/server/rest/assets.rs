//! `/v2/assets`, the clock and the calendar.

use super::App;
use crate::paper::{
    hours::Hours,
    server::{
        answer::{Answer, Refused, ok},
        owner::Request,
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
    let class = params.word("asset_class").unwrap_or("us_equity");
    let (status, exchange) = (params.word("status"), params.word("exchange"));
    let attributes = !params.list("attributes").is_empty();
    let is = |body: &Value, name: &str, want: Option<&str>| {
        want.is_none_or(|w| body.get(name).and_then(Value::as_str) == Some(w))
    };
    let mut assets = app.owner.ask(Request::Assets).await?;
    // No instrument here has any of the attributes that can be asked for.
    assets.retain(|body| {
        is(body, "class", Some(class))
            && is(body, "status", status)
            && is(body, "exchange", exchange)
            && !attributes
    });
    ok(&assets)
}

async fn one(State(app): State<App>, Path(symbol): Path<String>) -> Answer {
    let shown: String = symbol.chars().filter(|c| !c.is_control()).take(40).collect();
    let found = app.owner.ask(|reply| Request::Asset(symbol, reply)).await?;
    ok(&found.ok_or_else(|| Refused::not_found(format!("asset not found for {shown}")))?)
}

async fn one_coin(app: State<App>, Path((base, quote)): Path<(String, String)>) -> Answer {
    one(app, Path(format!("{base}/{quote}"))).await
}

async fn clock(State(app): State<App>) -> Answer {
    let (now, hours) = app.owner.ask(Request::Hours).await?;
    ok(&wire::clock(&hours.clock(now)))
}

async fn market_clock(State(app): State<App>) -> Answer {
    let (now, hours) = app.owner.ask(Request::Hours).await?;
    ok(&wire::market_clock(&hours.clock(now)))
}

async fn calendar(State(app): State<App>, params: Params) -> Answer {
    let (start, end) = (params.day("start")?, params.day("end")?);
    let (now, hours) = app.owner.ask(Request::Hours).await?;
    let first = start.unwrap_or_else(|| now.to_jiff().to_zoned(TimeZone::UTC).date());
    let last = end.unwrap_or_else(|| first.saturating_add(1.year()));
    ok(&days(hours, first, last))
}

/// The days of a calendar, each with the trading day on which its trades settle (the next one).
fn days(hours: Hours, first: Date, last: Date) -> Vec<Value> {
    let with_next = hours.calendar(first, last.saturating_add(7.days()));
    let next = with_next.iter().skip(1).map(|day| day.date);
    let pairs = with_next.iter().zip(next).filter(|(day, _)| day.date <= last);
    pairs.map(|(day, settles)| wire::calendar_day(day, settles)).collect()
}
