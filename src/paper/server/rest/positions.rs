//! `/v2/positions`.

use super::App;
use crate::paper::{
    exchange::CloseOutcome,
    server::{
        answer::{self, Answer, Refused, ok},
        owner::Request,
        query::Params,
        wire::{self, CloseRequest},
    },
};
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v2/positions", get(list).delete(close_all))
        .route("/v2/positions/{symbol}", get(one).delete(close))
        // A coin's symbol has a slash, which clients send as it is.
        .route("/v2/positions/{base}/{quote}", get(one_coin).delete(close_coin))
}

async fn list(State(app): State<App>) -> Answer {
    ok(&app.owner.ask(Request::Positions).await?)
}

async fn one(State(app): State<App>, Path(symbol): Path<String>) -> Answer {
    let found = app.owner.ask(|reply| Request::Position(symbol, reply)).await?;
    ok(&found.ok_or_else(|| Refused::not_found("position does not exist"))?)
}

async fn one_coin(app: State<App>, Path((base, quote)): Path<(String, String)>) -> Answer {
    one(app, Path(format!("{base}/{quote}"))).await
}

async fn close(
    State(app): State<App>,
    Path(symbol): Path<String>,
    Query(request): Query<CloseRequest>,
) -> Answer {
    let portion = request.to_portion()?;
    ok(&app.owner.ask(|reply| Request::Close(symbol, portion, reply)).await??)
}

async fn close_coin(
    app: State<App>,
    Path((base, quote)): Path<(String, String)>,
    request: Query<CloseRequest>,
) -> Answer {
    close(app, Path(format!("{base}/{quote}")), request).await
}

async fn close_all(State(app): State<App>, params: Params) -> Answer {
    let cancel_orders = params.is_set("cancel_orders")?;
    let closed = app.owner.ask(|reply| Request::CloseAll(cancel_orders, reply)).await?;
    let outcomes: Vec<Value> = closed.into_iter().map(outcome).collect();
    answer::write(StatusCode::MULTI_STATUS, &outcomes)
}

fn outcome(outcome: CloseOutcome) -> Value {
    match outcome.result {
        Ok(order) => json!({"symbol": outcome.symbol, "status": 200, "body": wire::order_flat(&order)}),
        Err(refusal) => {
            let (status, body) = Refused::from(refusal).into_parts();
            json!({"symbol": outcome.symbol, "status": status, "body": body})
        }
    }
}
