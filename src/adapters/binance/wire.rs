//! Binance's messages as they are written, and nothing else. Numbers stay text until `map` reads them, and no float
//! comes between.

pub mod coins;
pub mod events;
pub mod futures;
mod replaced;

pub use self::replaced::{Amended, HalfReplaced, Replaced};
pub use crate::adapters::number::Number;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What an answer that is no success holds.
#[derive(Debug, Clone, Deserialize)]
pub struct Refused<'a> {
    pub code: i64,
    #[serde(borrow)]
    pub msg: Cow<'a, str>,
}

/// `GET …/time`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerTime {
    pub server_time: i64,
}

/// `POST …/userDataStream` and `…/listenKey`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenKey<'a> {
    #[serde(borrow)]
    pub listen_key: Cow<'a, str>,
}

/// `GET …/exchangeInfo`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeInfo<'a> {
    #[serde(default)]
    pub rate_limits: Vec<RateLimit>,
    #[serde(borrow)]
    pub symbols: Vec<&'a RawValue>,
}

/// One limit of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RateLimit {
    pub rate_limit_type: String,
    pub interval: String,
    pub interval_num: u32,
    pub limit: u32,
}

/// One symbol of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymbolRules<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    /// `contractStatus` at some futures.
    #[serde(borrow, alias = "contractStatus")]
    pub status: Cow<'a, str>,
    #[serde(borrow)]
    pub base_asset: Cow<'a, str>,
    #[serde(borrow)]
    pub quote_asset: Cow<'a, str>,
    #[serde(borrow, default)]
    pub margin_asset: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub contract_type: Option<Cow<'a, str>>,
    /// When a contract ends.
    #[serde(default)]
    pub delivery_date: Option<i64>,
    /// Dollars of one contract, where margin is the coin.
    #[serde(borrow, default)]
    pub contract_size: Option<Number<'a>>,
    #[serde(borrow, default, alias = "orderType")]
    pub order_types: Vec<Cow<'a, str>>,
    #[serde(default)]
    pub oco_allowed: Option<bool>,
    #[serde(default)]
    pub oto_allowed: Option<bool>,
    #[serde(default)]
    pub opo_allowed: Option<bool>,
    #[serde(default)]
    pub base_commission_precision: Option<u32>,
    #[serde(default)]
    pub iceberg_allowed: Option<bool>,
    #[serde(default)]
    pub allow_trailing_stop: Option<bool>,
    #[serde(default)]
    pub cancel_replace_allowed: Option<bool>,
    #[serde(default)]
    pub amend_allowed: Option<bool>,
    #[serde(default)]
    pub quote_order_qty_market_allowed: Option<bool>,
    #[serde(default)]
    pub is_spot_trading_allowed: Option<bool>,
    #[serde(borrow)]
    pub filters: Vec<Filter<'a>>,
}

/// One rule of a symbol: what it has depends on its type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Filter<'a> {
    #[serde(borrow)]
    pub filter_type: Cow<'a, str>,
    #[serde(borrow)]
    pub tick_size: Option<Number<'a>>,
    #[serde(borrow)]
    pub step_size: Option<Number<'a>>,
    #[serde(borrow)]
    pub min_qty: Option<Number<'a>>,
    #[serde(borrow)]
    pub max_qty: Option<Number<'a>>,
    #[serde(borrow)]
    pub min_notional: Option<Number<'a>>,
    /// The same at futures.
    #[serde(borrow)]
    pub notional: Option<Number<'a>>,
    /// How far a price may be from the reference, as multiples of it.
    #[serde(borrow)]
    pub multiplier_up: Option<Number<'a>>,
    #[serde(borrow)]
    pub multiplier_down: Option<Number<'a>>,
    #[serde(borrow)]
    pub bid_multiplier_up: Option<Number<'a>>,
    #[serde(borrow)]
    pub bid_multiplier_down: Option<Number<'a>>,
    #[serde(borrow)]
    pub ask_multiplier_up: Option<Number<'a>>,
    #[serde(borrow)]
    pub ask_multiplier_down: Option<Number<'a>>,
    #[serde(borrow)]
    pub avg_price_mins: Option<Number<'a>>,
    /// How many orders may be open; `limit` at futures.
    #[serde(borrow)]
    pub max_num_orders: Option<Number<'a>>,
    #[serde(borrow)]
    pub max_num_algo_orders: Option<Number<'a>>,
    #[serde(borrow)]
    pub max_num_iceberg_orders: Option<Number<'a>>,
    /// Also the parts that an iceberg may have.
    #[serde(borrow)]
    pub limit: Option<Number<'a>>,
    pub min_trailing_above_delta: Option<u32>,
    pub max_trailing_above_delta: Option<u32>,
    pub min_trailing_below_delta: Option<u32>,
    pub max_trailing_below_delta: Option<u32>,
}

/// An order, as requests about orders answer it. Cancels answer with their own id in `client_order_id` and with the
/// order's in `orig_client_order_id`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    pub order_id: i64,
    #[serde(default)]
    pub order_list_id: Option<i64>,
    #[serde(borrow)]
    pub client_order_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub orig_client_order_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub orig_qty: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub executed_qty: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub orig_quote_order_qty: Option<Number<'a>>,
    /// The venue's spelling.
    #[serde(borrow, default)]
    pub cummulative_quote_qty: Option<Number<'a>>,
    /// At futures.
    #[serde(borrow, default)]
    pub avg_price: Option<Number<'a>>,
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
    /// What is shown of an iceberg; nothing or zero of any other.
    #[serde(borrow, default)]
    pub iceberg_qty: Option<Number<'a>>,
    /// At futures, of orders from before conditional ones had a service of their own.
    #[serde(borrow, default)]
    pub price_rate: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub position_side: Option<Cow<'a, str>>,
    #[serde(default)]
    pub good_till_date: Option<i64>,
    #[serde(default)]
    pub time: Option<i64>,
    #[serde(default)]
    pub update_time: Option<i64>,
    #[serde(default)]
    pub transact_time: Option<i64>,
}

/// A list of orders that belong together.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderList<'a> {
    #[serde(borrow, default)]
    pub orders: Vec<Member<'a>>,
    #[serde(borrow, default)]
    pub order_reports: Vec<Order<'a>>,
}

/// One of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    pub order_id: i64,
    #[serde(borrow)]
    pub client_order_id: Cow<'a, str>,
}

/// `GET …/myTrades` and `…/userTrades`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MyTrade<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    pub id: i64,
    pub order_id: i64,
    #[serde(borrow)]
    pub price: Number<'a>,
    #[serde(borrow)]
    pub qty: Number<'a>,
    #[serde(borrow)]
    pub commission: Number<'a>,
    #[serde(borrow)]
    pub commission_asset: Cow<'a, str>,
    pub time: i64,
    /// `buyer` at futures.
    #[serde(alias = "buyer")]
    pub is_buyer: bool,
    #[serde(alias = "maker")]
    pub is_maker: bool,
}

/// `GET …/account` of spot.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account<'a> {
    pub can_trade: bool,
    #[serde(default)]
    pub uid: Option<i64>,
    #[serde(borrow, default)]
    pub account_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub balances: Vec<Balance<'a>>,
}

/// One asset of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Balance<'a> {
    #[serde(borrow)]
    pub asset: Cow<'a, str>,
    #[serde(borrow)]
    pub free: Number<'a>,
    #[serde(borrow)]
    pub locked: Number<'a>,
}

/// `GET /api/v3/account/commission`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commission<'a> {
    #[serde(borrow)]
    pub standard_commission: Rates<'a>,
    #[serde(borrow)]
    pub special_commission: Rates<'a>,
    #[serde(borrow)]
    pub tax_commission: Rates<'a>,
}

/// Rates of one kind, as shares of what is got.
#[derive(Debug, Clone, Deserialize)]
pub struct Rates<'a> {
    #[serde(borrow)]
    pub maker: Number<'a>,
    #[serde(borrow)]
    pub taker: Number<'a>,
    #[serde(borrow)]
    pub buyer: Number<'a>,
}

/// `GET /sapi/v1/account/apiRestrictions`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restrictions {
    pub enable_withdrawals: bool,
    #[serde(default)]
    pub enable_spot_and_margin_trading: Option<bool>,
    #[serde(default)]
    pub enable_futures: Option<bool>,
}

/// `GET …/ticker/price`.
#[derive(Debug, Clone, Deserialize)]
pub struct Price<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub price: Number<'a>,
}

/// `GET /api/v3/avgPrice`.
#[derive(Debug, Clone, Deserialize)]
pub struct AveragePrice<'a> {
    pub mins: u32,
    #[serde(borrow)]
    pub price: Number<'a>,
}

/// `GET /api/v3/referencePrice`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferencePrice<'a> {
    #[serde(borrow, default)]
    pub reference_price: Option<Number<'a>>,
}

/// `GET /fapi/v1/premiumIndex`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkPrice<'a> {
    #[serde(borrow)]
    pub mark_price: Number<'a>,
}

/// `GET …/ticker/bookTicker`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookTicker<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub bid_price: Number<'a>,
    #[serde(borrow)]
    pub bid_qty: Number<'a>,
    #[serde(borrow)]
    pub ask_price: Number<'a>,
    #[serde(borrow)]
    pub ask_qty: Number<'a>,
    /// At futures.
    #[serde(default)]
    pub time: Option<i64>,
}

/// One row of `GET …/klines`: opened at, open, high, low, close, volume; what follows is not read.
#[derive(Debug, Clone)]
pub struct Kline<'a> {
    pub at: i64,
    pub open: Number<'a>,
    pub high: Number<'a>,
    pub low: Number<'a>,
    pub close: Number<'a>,
    pub volume: Number<'a>,
}

impl<'a, 'de: 'a> Deserialize<'de> for Kline<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Vec::<Number<'de>>::deserialize(deserializer)?;
        let short = || serde::de::Error::custom("a row of bars has fewer than six columns");
        let mut cells = row.into_iter();
        let mut next = || cells.next().ok_or_else(short);
        let at = next()?.text().parse().map_err(serde::de::Error::custom)?;
        Ok(Self { at, open: next()?, high: next()?, low: next()?, close: next()?, volume: next()? })
    }
}

/// One level of an order book: price and size.
pub type Level<'a> = (Number<'a>, Number<'a>);

/// `GET …/depth`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Depth<'a> {
    pub last_update_id: u64,
    #[serde(borrow)]
    pub bids: Vec<Level<'a>>,
    #[serde(borrow)]
    pub asks: Vec<Level<'a>>,
}
