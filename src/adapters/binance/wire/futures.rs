//! What only futures have: conditional orders of a service of their own, positions, and their news.

use super::Number;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A conditional order. When it is triggered an order with the same client id takes over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlgoOrder<'a> {
    pub algo_id: i64,
    #[serde(borrow)]
    pub client_algo_id: Cow<'a, str>,
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub side: Cow<'a, str>,
    #[serde(borrow)]
    pub order_type: Cow<'a, str>,
    #[serde(borrow)]
    pub algo_status: Cow<'a, str>,
    #[serde(borrow)]
    pub time_in_force: Cow<'a, str>,
    #[serde(borrow, default)]
    pub position_side: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub quantity: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub trigger_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub callback_rate: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub actual_order_id: Option<Cow<'a, str>>,
    #[serde(default)]
    pub good_till_date: Option<i64>,
    #[serde(default)]
    pub create_time: Option<i64>,
}

/// `GET /fapi/v1/accountConfig`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountConfig {
    pub can_trade: bool,
    pub dual_side_position: bool,
}

/// One row of `GET /fapi/v1/symbolConfig`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymbolConfig<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub margin_type: Cow<'a, str>,
    pub leverage: u32,
}

/// One row of `GET /fapi/v3/balance`: for the account's name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedBalance<'a> {
    #[serde(borrow)]
    pub account_alias: Cow<'a, str>,
}

/// `GET /fapi/v3/account`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account<'a> {
    #[serde(borrow)]
    pub total_initial_margin: Number<'a>,
    #[serde(borrow)]
    pub total_maint_margin: Number<'a>,
    #[serde(borrow)]
    pub total_wallet_balance: Number<'a>,
    #[serde(borrow)]
    pub total_margin_balance: Number<'a>,
    #[serde(borrow)]
    pub available_balance: Number<'a>,
}

/// One row of `GET /fapi/v3/positionRisk`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub position_side: Cow<'a, str>,
    #[serde(borrow)]
    pub position_amt: Number<'a>,
    #[serde(borrow)]
    pub entry_price: Number<'a>,
    #[serde(borrow)]
    pub mark_price: Number<'a>,
}

/// `ORDER_TRADE_UPDATE`.
#[derive(Debug, Clone, Deserialize)]
pub struct OrderTradeUpdate<'a> {
    #[serde(borrow)]
    pub o: TradedOrder<'a>,
}

/// Its order.
#[derive(Debug, Clone, Deserialize)]
pub struct TradedOrder<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "c", borrow)]
    pub client: Cow<'a, str>,
    #[serde(rename = "S", borrow)]
    pub side: Cow<'a, str>,
    #[serde(rename = "o", borrow)]
    pub order_type: Cow<'a, str>,
    #[serde(rename = "f", borrow)]
    pub time_in_force: Cow<'a, str>,
    #[serde(rename = "q", borrow)]
    pub qty: Number<'a>,
    #[serde(rename = "p", borrow)]
    pub price: Number<'a>,
    #[serde(rename = "ap", borrow)]
    pub avg_price: Number<'a>,
    #[serde(rename = "sp", borrow)]
    pub stop_price: Number<'a>,
    #[serde(rename = "cr", borrow, default)]
    pub callback_rate: Option<Number<'a>>,
    #[serde(rename = "x", borrow)]
    pub execution_type: Cow<'a, str>,
    #[serde(rename = "X", borrow)]
    pub status: Cow<'a, str>,
    #[serde(rename = "i")]
    pub order_id: i64,
    #[serde(rename = "l", borrow)]
    pub last_qty: Number<'a>,
    #[serde(rename = "z", borrow)]
    pub filled: Number<'a>,
    #[serde(rename = "L", borrow)]
    pub last_price: Number<'a>,
    #[serde(rename = "n", borrow, default)]
    pub fee: Option<Number<'a>>,
    #[serde(rename = "N", borrow, default)]
    pub fee_asset: Option<Cow<'a, str>>,
    #[serde(rename = "T")]
    pub at: i64,
    #[serde(rename = "t")]
    pub trade_id: i64,
    #[serde(rename = "m")]
    pub is_maker: bool,
    #[serde(rename = "ps", borrow)]
    pub position_side: Cow<'a, str>,
    #[serde(rename = "gtd", default)]
    pub good_till: Option<i64>,
}

/// `MARGIN_CALL`: each position is read by itself, so that one that can't be read hides no other.
#[derive(Debug, Clone, Deserialize)]
pub struct MarginCall<'a> {
    #[serde(rename = "p", borrow, default)]
    pub positions: Vec<&'a RawValue>,
}

/// One position of it.
#[derive(Debug, Clone, Deserialize)]
pub struct CalledPosition<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "ps", borrow, default)]
    pub position_side: Option<Cow<'a, str>>,
    #[serde(rename = "pa", borrow)]
    pub amount: Number<'a>,
    #[serde(rename = "mp", borrow, default)]
    pub mark_price: Option<Number<'a>>,
    #[serde(rename = "up", borrow, default)]
    pub unrealized: Option<Number<'a>>,
    #[serde(rename = "mm", borrow, default)]
    pub maintenance: Option<Number<'a>>,
}

/// `ACCOUNT_CONFIG_UPDATE`: the leverage of a symbol, or whether other coins count as margin.
#[derive(Debug, Clone, Deserialize)]
pub struct AccountConfigUpdate<'a> {
    #[serde(rename = "ac", borrow, default)]
    pub leverage: Option<NewLeverage<'a>>,
}

/// The leverage.
#[derive(Debug, Clone, Deserialize)]
pub struct NewLeverage<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "l")]
    pub leverage: u32,
}

/// `ALGO_UPDATE`.
#[derive(Debug, Clone, Deserialize)]
pub struct AlgoUpdate<'a> {
    #[serde(borrow)]
    pub o: AlgoNews<'a>,
}

/// Its order.
#[derive(Debug, Clone, Deserialize)]
pub struct AlgoNews<'a> {
    #[serde(rename = "caid", borrow)]
    pub client: Cow<'a, str>,
    #[serde(rename = "aid")]
    pub algo_id: i64,
    #[serde(rename = "o", borrow)]
    pub order_type: Cow<'a, str>,
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "S", borrow)]
    pub side: Cow<'a, str>,
    #[serde(rename = "ps", borrow)]
    pub position_side: Cow<'a, str>,
    #[serde(rename = "f", borrow)]
    pub time_in_force: Cow<'a, str>,
    #[serde(rename = "q", borrow)]
    pub qty: Number<'a>,
    #[serde(rename = "X", borrow)]
    pub status: Cow<'a, str>,
    #[serde(rename = "tp", borrow)]
    pub trigger_price: Number<'a>,
    #[serde(rename = "p", borrow)]
    pub price: Number<'a>,
    #[serde(rename = "cr", borrow, default)]
    pub callback_rate: Option<Number<'a>>,
    #[serde(rename = "gtd", default)]
    pub good_till: Option<i64>,
    #[serde(rename = "rm", borrow, default)]
    pub reason: Option<Cow<'a, str>>,
}
