//! `/v2/account` and what hangs below it.

use super::{App, Sent};
use crate::{
    domain::time::Stamp,
    paper::{
        account::{Density, EquityPoint},
        server::{
            answer::{Answer, Refused, ok},
            owner::Request,
            query::Params,
            venue::activities::Page,
            wire::{self, ConfigurationRequest, Unclear},
        },
    },
};
use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v2/account", get(account))
        .route("/v2/account/configurations", get(configurations).patch(configure))
        .route("/v2/account/portfolio/history", get(history))
        .route("/v2/account/activities", get(activities))
        .route("/v2/account/activities/{kind}", get(activities_of_kind))
}

async fn account(State(app): State<App>) -> Answer {
    ok(&app.owner.ask(Request::Account).await?)
}

async fn configurations(State(app): State<App>) -> Answer {
    ok(&app.owner.ask(Request::Configuration).await?)
}

async fn configure(State(app): State<App>, Sent(body): Sent) -> Answer {
    let request: ConfigurationRequest =
        serde_json::from_slice(&body).map_err(|e| Refused::body_unreadable(&e))?;
    ok(&app.owner.ask(|reply| Request::Configure(request, reply)).await??)
}

const DAY_MS: i64 = 86_400_000;

fn page(params: &Params, kind: Option<&str>) -> Result<Page, Unclear> {
    let kinds = kind.map_or_else(|| params.list("activity_types"), |kind| vec![kind]);
    let mut kinds: Vec<String> = kinds.iter().map(|k| k.to_ascii_uppercase()).collect();
    match params.word("category") {
        None => {}
        Some(_) if !kinds.is_empty() => {
            return Err(Unclear("only one of activity_types and category is accepted".to_owned()));
        }
        Some("trade_activity") => kinds.push("FILL".to_owned()),
        Some("non_trade_activity") => kinds.extend(["FEE".to_owned(), "CFEE".to_owned()]),
        Some(_) => {
            return Err(Unclear("category must be trade_activity or non_trade_activity".to_owned()));
        }
    }
    let (mut after, mut until) = (params.instant("after")?, params.instant("until")?);
    if let Some(day) = params.instant("date")? {
        // `after` and `until` are exclusive; the day's first instant belongs to it.
        after = Some(Stamp::from_nanos(day.as_nanos().saturating_sub(1)));
        until = Some(day.plus_ms(DAY_MS));
    }
    Ok(Page {
        kinds,
        after,
        until,
        token: params.word("page_token").map(str::to_owned),
        is_ascending: params.choice("direction", &["desc", "asc"])? == "asc",
        size: params.count("page_size", 100, 1..=100)?,
    })
}

async fn activities(State(app): State<App>, params: Params) -> Answer {
    list(app, page(&params, None)?).await
}

async fn activities_of_kind(State(app): State<App>, Path(kind): Path<String>, params: Params) -> Answer {
    list(app, page(&params, Some(&kind))?).await
}

async fn list(app: App, page: Page) -> Answer {
    ok(&app.owner.ask(|reply| Request::Activities(page, reply)).await?)
}

/// A `period` such as `1D`, `2W`, `3M`, `1A`, in milliseconds.
fn period_ms(text: &str) -> Result<i64, Unclear> {
    let wrong =
        || Unclear(format!("invalid period \"{text}\": expected a number and D, W, M or A, such as 1D"));
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let days: i64 = match unit.to_ascii_uppercase() {
        'D' => 1,
        'W' => 7,
        'M' => 30,
        'A' | 'Y' => 365,
        _ => return Err(wrong()),
    };
    let count: i64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    days.checked_mul(count).and_then(|d| d.checked_mul(DAY_MS)).filter(|ms| *ms > 0).ok_or_else(wrong)
}

/// How dense the curve is kept, and every how many milliseconds a point of it is shown.
fn resolution(timeframe: &str) -> Result<(Density, i64), Unclear> {
    match timeframe {
        "1Min" => Ok((Density::Minute, 60_000)),
        "5Min" => Ok((Density::FiveMinutes, 300_000)),
        "15Min" => Ok((Density::FiveMinutes, 900_000)),
        "1H" | "1Hour" => Ok((Density::FiveMinutes, 3_600_000)),
        "1D" | "1Day" => Ok((Density::Day, DAY_MS)),
        other => Err(Unclear(format!("invalid timeframe \"{other}\": expected 1Min, 5Min, 15Min, 1H or 1D"))),
    }
}

async fn history(State(app): State<App>, params: Params) -> Answer {
    let period = period_ms(params.word("period").unwrap_or("1M"))?;
    let finest = match period.div_euclid(DAY_MS) {
        ..7 => "1Min",
        7..30 => "15Min",
        _ => "1D",
    };
    let timeframe = params.word("timeframe").unwrap_or(finest);
    let (density, step_ms) = resolution(timeframe)?;
    let (start, end) = (params.instant("start")?, params.instant("end")?.or(params.instant("date_end")?));
    let (now, curve) = app.owner.ask(|reply| Request::Curve(density, reply)).await?;
    let end = end.unwrap_or(now);
    let start = start.unwrap_or_else(|| end.plus_ms(period.saturating_neg()));
    ok(&wire::history(&thinned(curve, (start, end), step_ms), timeframe))
}

/// One point for each step: the first that lies in it.
fn thinned(points: Vec<EquityPoint>, (start, end): (Stamp, Stamp), step_ms: i64) -> Vec<EquityPoint> {
    let mut kept: Vec<EquityPoint> = Vec::new();
    let step_of = |p: &EquityPoint| p.at.as_millis().div_euclid(step_ms);
    for point in points.into_iter().filter(|p| p.at >= start && p.at <= end) {
        if kept.last().is_none_or(|last| step_of(last) != step_of(&point)) {
            kept.push(point);
        }
    }
    kept
}
