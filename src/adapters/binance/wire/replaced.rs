//! What the requests that change an order on spot answer.

use super::{Number, Order};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// `POST …/order/cancelReplace`: both halves, whatever became of them. Where one failed it stands in `data`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replaced<'a> {
    #[serde(borrow)]
    pub cancel_result: Cow<'a, str>,
    #[serde(borrow)]
    pub new_order_result: Cow<'a, str>,
    #[serde(borrow)]
    pub cancel_response: &'a RawValue,
    #[serde(borrow, default)]
    pub new_order_response: Option<&'a RawValue>,
}

/// The refusal around it.
#[derive(Debug, Clone, Deserialize)]
pub struct HalfReplaced<'a> {
    pub code: i64,
    #[serde(borrow)]
    pub msg: Cow<'a, str>,
    #[serde(borrow, default)]
    pub data: Option<Replaced<'a>>,
}

/// `PUT …/order/amend/keepPriority`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amended<'a> {
    #[serde(borrow)]
    pub amended_order: AmendedOrder<'a>,
}

/// The order as it stands now, in words of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmendedOrder<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    pub order_id: i64,
    #[serde(default)]
    pub order_list_id: Option<i64>,
    /// Its name before.
    #[serde(borrow)]
    pub orig_client_order_id: Cow<'a, str>,
    /// Its name now.
    #[serde(borrow)]
    pub client_order_id: Cow<'a, str>,
    #[serde(borrow)]
    pub price: Number<'a>,
    #[serde(borrow)]
    pub qty: Number<'a>,
    #[serde(borrow)]
    pub executed_qty: Number<'a>,
    #[serde(borrow, default)]
    pub quote_order_qty: Option<Number<'a>>,
    #[serde(borrow)]
    pub cumulative_quote_qty: Number<'a>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    #[serde(borrow)]
    pub time_in_force: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub order_type: Cow<'a, str>,
    #[serde(borrow)]
    pub side: Cow<'a, str>,
    #[serde(borrow, default)]
    pub stop_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub trailing_delta: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub iceberg_qty: Option<Number<'a>>,
}

impl<'a> From<AmendedOrder<'a>> for Order<'a> {
    /// Under its name now.
    fn from(o: AmendedOrder<'a>) -> Self {
        Self {
            symbol: o.symbol,
            order_id: o.order_id,
            order_list_id: o.order_list_id,
            client_order_id: o.client_order_id,
            orig_client_order_id: None,
            price: Some(o.price),
            orig_qty: Some(o.qty),
            executed_qty: Some(o.executed_qty),
            orig_quote_order_qty: o.quote_order_qty,
            cummulative_quote_qty: Some(o.cumulative_quote_qty),
            avg_price: None,
            status: o.status,
            time_in_force: o.time_in_force,
            order_type: o.order_type,
            side: o.side,
            stop_price: o.stop_price,
            trailing_delta: o.trailing_delta,
            iceberg_qty: o.iceberg_qty,
            price_rate: None,
            position_side: None,
            good_till_date: None,
            time: None,
            update_time: None,
            transact_time: None,
        }
    }
}
