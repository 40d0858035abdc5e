//! An order as the API shows it.

use super::{At, Num, class_word};
use crate::{
    domain::order::{OrderKind, Tif},
    paper::{
        event::OrderUpdate,
        order::{Order, Status},
    },
};
use bytes::Bytes;
use serde::Serialize;
use smol_str::SmolStr;
use uuid::Uuid;

/// By which way all orders come here: with a key.
const SOURCE: &str = "access_key";

/// The `Order` of the API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::paper::server) struct OrderBody {
    id: Uuid,
    client_order_id: SmolStr,
    created_at: At,
    updated_at: At,
    submitted_at: At,
    filled_at: Option<At>,
    expired_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<At>,
    canceled_at: Option<At>,
    failed_at: Option<At>,
    replaced_at: Option<At>,
    replaced_by: Option<Uuid>,
    replaces: Option<Uuid>,
    asset_id: Uuid,
    symbol: SmolStr,
    asset_class: &'static str,
    notional: Option<Num>,
    qty: Option<Num>,
    filled_qty: Num,
    filled_avg_price: Option<Num>,
    order_class: &'static str,
    order_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    side: &'static str,
    position_intent: &'static str,
    time_in_force: &'static str,
    limit_price: Option<Num>,
    stop_price: Option<Num>,
    status: &'static str,
    extended_hours: bool,
    legs: Option<Vec<Self>>,
    trail_percent: Option<Num>,
    trail_price: Option<Num>,
    hwm: Option<Num>,
    source: &'static str,
    /// Why it was refused after it had been taken; beyond the vendor's own fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_reason: Option<SmolStr>,
}

impl OrderBody {
    /// Is it an order in instruments of this class, in the API's word?
    pub(in crate::paper::server) fn is_of_class(&self, word: &str) -> bool {
        self.asset_class == word
    }
}

/// An order with its legs rolled up under it; without legs, `legs` is null.
pub(in crate::paper::server) fn order<'a>(
    order: &'a Order,
    legs: impl IntoIterator<Item = &'a Order>,
) -> OrderBody {
    let legs: Vec<OrderBody> = legs.into_iter().map(order_flat).collect();
    OrderBody { legs: (!legs.is_empty()).then_some(legs), ..order_flat(order) }
}

/// An order without its legs.
pub(in crate::paper::server) fn order_flat(o: &Order) -> OrderBody {
    let kind = kind_word(o.kind);
    OrderBody {
        id: o.id,
        client_order_id: o.client_order_id.clone(),
        created_at: At(o.created_at),
        updated_at: At(o.updated_at),
        submitted_at: At(o.submitted_at),
        filled_at: o.filled_at.map(At),
        expired_at: o.expired_at.map(At),
        expires_at: o.expires_at.map(At),
        canceled_at: o.canceled_at.map(At),
        failed_at: o.failed_at.map(At),
        replaced_at: o.replaced_at.map(At),
        replaced_by: o.replaced_by,
        replaces: o.replaces,
        asset_id: o.asset_id,
        symbol: SmolStr::new(o.symbol.as_str()),
        asset_class: class_word(o.asset_class),
        notional: o.notional.map(|n| Num(n.get())),
        qty: o.qty.filter(|_| o.notional.is_none()).map(|q| Num(q.get())),
        filled_qty: Num(o.filled_qty.get()),
        filled_avg_price: o.filled_avg_price.map(|p| Num(p.get())),
        order_class: o.class.word(),
        order_type: kind,
        kind,
        side: o.side.word(),
        position_intent: o.intent.word(),
        time_in_force: tif_word(o.tif),
        limit_price: o.limit.map(|p| Num(p.get())),
        stop_price: o.stop.map(|p| Num(p.get())),
        status: o.status.word(),
        extended_hours: o.extended_hours,
        legs: None,
        trail_percent: o.trail_percent.map(|p| Num(p.get())),
        trail_price: o.trail_price.map(|p| Num(p.get())),
        hwm: o.hwm.map(|p| Num(p.get())),
        source: SOURCE,
        reject_reason: o.reject_reason.clone().filter(|_| o.status == Status::Rejected),
    }
}

/// A frame of the `trade_updates` stream.
pub(in crate::paper::server) fn trade_update(update: &OrderUpdate) -> Bytes {
    #[derive(Serialize)]
    struct Frame {
        stream: &'static str,
        data: Data,
    }
    #[derive(Serialize)]
    struct Data {
        event: &'static str,
        timestamp: At,
        order: OrderBody,
        #[serde(skip_serializing_if = "Option::is_none")]
        execution_id: Option<Uuid>,
        #[serde(skip_serializing_if = "Option::is_none")]
        price: Option<Num>,
        #[serde(skip_serializing_if = "Option::is_none")]
        qty: Option<Num>,
        #[serde(skip_serializing_if = "Option::is_none")]
        position_qty: Option<Num>,
    }
    let execution = update.execution.as_ref();
    let data = Data {
        event: update.kind.word(),
        timestamp: At(update.at),
        order: order(&update.order, &update.legs),
        execution_id: execution.map(|e| e.id),
        price: execution.map(|e| Num(e.price.get())),
        qty: execution.map(|e| Num(e.qty.get())),
        position_qty: execution.map(|e| Num(e.position_qty.get())),
    };
    // Writing text to memory cannot fail.
    serde_json::to_vec(&Frame { stream: "trade_updates", data }).map_or_else(|_| Bytes::new(), Bytes::from)
}

const fn kind_word(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "market",
        OrderKind::Limit => "limit",
        OrderKind::Stop => "stop",
        OrderKind::StopLimit => "stop_limit",
        OrderKind::TrailingStop => "trailing_stop",
    }
}

/// The API has no good-till-date; the exchange refuses it before an order can carry it.
const fn tif_word(tif: Tif) -> &'static str {
    match tif {
        Tif::Day => "day",
        Tif::Gtc | Tif::Gtd(_) => "gtc",
        Tif::Opg => "opg",
        Tif::Cls => "cls",
        Tif::Ioc => "ioc",
        Tif::Fok => "fok",
    }
}
