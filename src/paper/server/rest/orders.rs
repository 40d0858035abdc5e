//! `/v2/orders`.

use super::{App, Sent};
use crate::{
    domain::order::Side,
    paper::{
        order::{OrderFilter, Which},
        server::{
            answer::{self, Answer, Refused, ok},
            owner::Request,
            query::Params,
            venue::orders::{OrderKey, OrderQuery},
            wire::{OrderRequest, ReplaceRequest, Unclear},
        },
    },
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse as _,
    routing::get,
};
use serde_json::json;
use uuid::Uuid;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v2/orders", get(list).post(place).delete(cancel_all))
        .route("/v2/orders:by_client_order_id", get(by_client_order_id))
        .route("/v2/orders/{id}", get(one).patch(replace).delete(cancel))
}

fn unknown_order(id: &str) -> Refused {
    let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
    Refused::not_found(format!("order not found for {shown}"))
}

fn id_of(text: &str) -> Result<Uuid, Refused> {
    Uuid::parse_str(text).map_err(|_| unknown_order(text))
}

async fn place(State(app): State<App>, Sent(body): Sent) -> Answer {
    let request: OrderRequest = serde_json::from_slice(&body).map_err(|e| Refused::body_unreadable(&e))?;
    let order = request.to_order()?;
    ok(&app.owner.ask(|reply| Request::Place(order, reply)).await??)
}

async fn replace(State(app): State<App>, Path(id): Path<String>, Sent(body): Sent) -> Answer {
    let id = id_of(&id)?;
    let request: ReplaceRequest = serde_json::from_slice(&body).map_err(|e| Refused::body_unreadable(&e))?;
    let change = request.to_replacement()?;
    ok(&app.owner.ask(|reply| Request::Replace(id, change, reply)).await??)
}

async fn cancel(State(app): State<App>, Path(id): Path<String>) -> Answer {
    let id = id_of(&id)?;
    app.owner.ask(|reply| Request::Cancel(id, reply)).await??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn cancel_all(State(app): State<App>) -> Answer {
    let outcomes = app.owner.ask(Request::CancelAll).await?.into_iter().map(|outcome| match outcome.result {
        Ok(()) => json!({"id": outcome.id, "status": 200}),
        Err(refusal) => {
            let (status, body) = Refused::from(refusal).into_parts();
            json!({"id": outcome.id, "status": status, "body": body})
        }
    });
    answer::write(StatusCode::MULTI_STATUS, &outcomes.collect::<Vec<_>>())
}

async fn one(State(app): State<App>, Path(id): Path<String>, params: Params) -> Answer {
    let (key, nested) = (OrderKey::Id(id_of(&id)?), params.is_set("nested")?);
    let found = app.owner.ask(|reply| Request::Order(key, nested, reply)).await?;
    ok(&found.ok_or_else(|| unknown_order(&id))?)
}

async fn by_client_order_id(State(app): State<App>, params: Params) -> Answer {
    let id = params.word("client_order_id").unwrap_or_default();
    if id.is_empty() {
        return Err(Refused::unprocessable("client_order_id is required"));
    }
    let (key, nested) = (OrderKey::Client(id.to_owned()), params.is_set("nested")?);
    let found = app.owner.ask(|reply| Request::Order(key, nested, reply)).await?;
    ok(&found.ok_or_else(|| unknown_order(id))?)
}

fn asked(params: &Params) -> Result<OrderQuery, Unclear> {
    let which = match params.choice("status", &["open", "closed", "all"])? {
        "closed" => Which::Closed,
        "all" => Which::All,
        _ => Which::Open,
    };
    let side = match params.word("side") {
        None => None,
        Some("buy") => Some(Side::Buy),
        Some("sell") => Some(Side::Sell),
        Some(_) => return Err(Unclear("invalid side: expected buy or sell".to_owned())),
    };
    let order = |name: &str| -> Result<Option<Uuid>, Unclear> {
        let Some(word) = params.word(name) else { return Ok(None) };
        Uuid::parse_str(word).map(Some).map_err(|_| Unclear(format!("invalid {name}: expected an order id")))
    };
    let filter = OrderFilter {
        which,
        after: params.instant("after")?,
        until: params.instant("until")?,
        after_order: order("after_order_id")?,
        before_order: order("before_order_id")?,
        symbols: Vec::new(),
        side,
        asset_class: None,
        nested: params.is_set("nested")?,
        ascending: params.choice("direction", &["desc", "asc"])? == "asc",
        limit: params.count("limit", 50, 1..=500)?,
    };
    if filter.after_order.is_some() && filter.before_order.is_some() {
        return Err(Unclear("only one of after_order_id and before_order_id is accepted".to_owned()));
    }
    let words = |name| params.list(name).into_iter().map(str::to_owned).collect();
    Ok(OrderQuery { filter, symbols: words("symbols"), classes: words("asset_class") })
}

async fn list(State(app): State<App>, params: Params) -> Answer {
    let asked = asked(&params)?;
    ok(&app.owner.ask(|reply| Request::Orders(asked, reply)).await?)
}
