//! `/v2/account` and what hangs below it.

use super::{App, Sent};
use crate::{
    domain::time::Stamp,
    paper::{
        account::{Activity, Density, Detail, EquityPoint},
        exchange::Exchange,
        server::{
            answer::{Answer, Refused, ok},
            query::Params,
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
    ok(&app.owner.ask(|venue| wire::account(&venue.exchange.account(), venue.now())).await?)
}

async fn configurations(State(app): State<App>) -> Answer {
    ok(&app.owner.ask(|venue| wire::configurations(&venue.exchange.configuration())).await?)
}

async fn configure(State(app): State<App>, Sent(body): Sent) -> Answer {
    let request: ConfigurationRequest =
        serde_json::from_slice(&body).map_err(|e| Refused::body_unreadable(&e))?;
    let changed = app.owner.ask(move |venue| -> Result<_, Refused> {
        let new = request.apply(venue.exchange.configuration())?;
        venue.change().configure(new)?;
        Ok(wire::configurations(&venue.exchange.configuration()))
    });
    ok(&changed.await??)
}

/// What `page_token`, `after`, `until`, `date`, `direction` and `page_size` leave of the history.
struct Page {
    kinds: Vec<String>,
    after: Option<Stamp>,
    until: Option<Stamp>,
    token: Option<String>,
    is_ascending: bool,
    size: usize,
}

const DAY_MS: i64 = 86_400_000;

impl Page {
    fn of(params: &Params, kind: Option<&str>) -> Result<Self, Unclear> {
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
        Ok(Self {
            kinds,
            after,
            until,
            token: params.word("page_token").map(str::to_owned),
            is_ascending: params.choice("direction", &["desc", "asc"])? == "asc",
            size: params.count("page_size", 100, 1..=100)?,
        })
    }

    fn takes(&self, a: &Activity) -> bool {
        (self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind_word(a)))
            && self.after.is_none_or(|after| a.at > after)
            && self.until.is_none_or(|until| a.at < until)
    }

    fn cut(&self, exchange: &Exchange) -> Vec<serde_json::Value> {
        let token = self.token.as_deref();
        let is_known = token.is_some_and(|token| exchange.activities().any(|a| a.id == token));
        if self.is_ascending {
            self.cut_from(exchange.activities(), is_known)
        } else {
            self.cut_from(exchange.activities().rev(), is_known)
        }
    }

    /// The page behind the token's place. Two fills of one millisecond stand in the history in the order in which
    /// they happened, which their ids do not tell; a line that is forgotten is found by its id's time.
    fn cut_from<'a>(
        &self,
        mut all: impl Iterator<Item = &'a Activity>,
        is_known: bool,
    ) -> Vec<serde_json::Value> {
        let token = self.token.as_deref().unwrap_or_default();
        if is_known {
            while all.next().is_some_and(|a| a.id != token) {}
        }
        let is_behind =
            |a: &Activity| is_known || token.is_empty() || (a.id.as_str() > token) == self.is_ascending;
        all.filter(|a| is_behind(a) && self.takes(a)).take(self.size).map(wire::activity).collect()
    }
}

fn kind_word(a: &Activity) -> &'static str {
    match &a.detail {
        Detail::Fill(_) => "FILL",
        Detail::Fee(fee) if fee.coin.is_zero() => "FEE",
        Detail::Fee(_) => "CFEE",
    }
}

async fn activities(State(app): State<App>, params: Params) -> Answer {
    list(app, Page::of(&params, None)?).await
}

async fn activities_of_kind(State(app): State<App>, Path(kind): Path<String>, params: Params) -> Answer {
    list(app, Page::of(&params, Some(&kind))?).await
}

async fn list(app: App, page: Page) -> Answer {
    ok(&app.owner.ask(move |venue| page.cut(&venue.exchange)).await?)
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
    let timeframe = params.word("timeframe").unwrap_or(finest).to_owned();
    let (density, step_ms) = resolution(&timeframe)?;
    let (start, end) = (params.instant("start")?, params.instant("end")?.or(params.instant("date_end")?));
    let shown = app.owner.ask(move |venue| {
        let end = end.unwrap_or_else(|| venue.now());
        let start = start.unwrap_or_else(|| end.plus_ms(period.saturating_neg()));
        let points = thinned(venue.exchange.equity_curve(density), (start, end), step_ms);
        wire::history(&points, &timeframe)
    });
    ok(&shown.await?)
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
