//! What is sent: orders, changes and subscriptions.

use serde::Serialize;

/// `POST /v2/orders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewOrder<'a> {
    pub symbol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notional: Option<String>,
    pub side: &'static str,
    #[serde(rename = "type")]
    pub order_type: &'static str,
    pub time_in_force: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail_percent: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extended_hours: bool,
    pub client_order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<TakeProfit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<StopLoss>,
}

/// Part of [`NewOrder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakeProfit {
    pub limit_price: String,
}

/// Part of [`NewOrder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopLoss {
    pub stop_price: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_price: Option<String>,
}

/// `PATCH /v2/orders/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedOrder<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_in_force: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<String>,
    pub client_order_id: &'a str,
}

/// The subscription of a market stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription<'a> {
    pub action: &'static str,
    pub trades: &'a [&'a str],
    pub quotes: &'a [&'a str],
    pub bars: &'a [&'a str],
    #[serde(rename = "dailyBars")]
    pub daily_bars: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<&'a [&'a str]>,
}

/// The subscription of order books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Books<'a> {
    pub action: &'static str,
    pub orderbooks: &'a [&'a str],
}
