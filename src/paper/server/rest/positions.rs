//! `/v2/positions`.

use super::App;
use crate::paper::{
    exchange::CloseOutcome,
    refusal::Refusal,
    server::{
        answer::{self, Answer, Refused, ok},
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
    let positions = app
        .owner
        .ask(|venue| -> Vec<Value> { venue.exchange.positions().iter().map(wire::position).collect() });
    ok(&positions.await?)
}

async fn one(State(app): State<App>, Path(symbol): Path<String>) -> Answer {
    let found = app.owner.ask(move |venue| venue.exchange.position(&symbol).as_ref().map(wire::position));
    ok(&found.await?.ok_or_else(|| Refused::not_found("position does not exist"))?)
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
    let placed = app.owner.ask(move |venue| -> Result<_, Refusal> {
        let now = venue.now();
        let order = venue.change().close_position(now, &symbol, portion)?;
        Ok(wire::order_flat(&order))
    });
    ok(&placed.await??)
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
    let closed = app.owner.ask(move |venue| {
        let now = venue.now();
        venue.change().close_all(now, cancel_orders)
    });
    let outcomes: Vec<Value> = closed.await?.into_iter().map(outcome).collect();
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
