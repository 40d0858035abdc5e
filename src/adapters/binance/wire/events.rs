//! What comes by the streams.

use super::{Level, Number, Refused};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A message of any stream: an event by itself, one in an envelope, or the answer to a request of ours.
#[derive(Debug, Clone, Deserialize)]
pub struct Frame<'a> {
    /// Of an answer.
    #[serde(borrow, default)]
    pub id: Option<&'a RawValue>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(borrow, default)]
    pub error: Option<Refused<'a>>,
    /// The websocket API's envelope of an event.
    #[serde(borrow, default)]
    pub event: Option<&'a RawValue>,
    /// The combined stream's envelope.
    #[serde(borrow, default)]
    pub stream: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
    /// Of an event by itself.
    #[serde(borrow, default)]
    pub e: Option<Cow<'a, str>>,
    /// Of a complaint by itself.
    #[serde(default)]
    pub code: Option<i64>,
    #[serde(borrow, default)]
    pub msg: Option<Cow<'a, str>>,
}

/// What every event says first.
#[derive(Debug, Clone, Deserialize)]
pub struct Kind<'a> {
    #[serde(borrow, default)]
    pub e: Option<Cow<'a, str>>,
}

/// `executionReport` of spot.
#[derive(Debug, Clone, Deserialize)]
pub struct ExecutionReport<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    /// The order's id, except that a cancel puts its own here.
    #[serde(rename = "c", borrow)]
    pub client: Cow<'a, str>,
    /// Then the order's stands here.
    #[serde(rename = "C", borrow, default)]
    pub original_client: Option<Cow<'a, str>>,
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
    #[serde(rename = "P", borrow)]
    pub stop_price: Number<'a>,
    #[serde(rename = "F", borrow, default)]
    pub iceberg_qty: Option<Number<'a>>,
    #[serde(rename = "d", borrow, default)]
    pub trailing_delta: Option<Number<'a>>,
    #[serde(rename = "g", default)]
    pub order_list_id: Option<i64>,
    #[serde(rename = "x", borrow)]
    pub execution_type: Cow<'a, str>,
    #[serde(rename = "X", borrow)]
    pub status: Cow<'a, str>,
    #[serde(rename = "r", borrow, default)]
    pub reason: Option<Cow<'a, str>>,
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
    #[serde(rename = "O", default)]
    pub made_at: Option<i64>,
    #[serde(rename = "Z", borrow, default)]
    pub quote_filled: Option<Number<'a>>,
    #[serde(rename = "Q", borrow, default)]
    pub quote_qty: Option<Number<'a>>,
}

/// `bookTicker`. Spot's says neither its kind nor its time.
#[derive(Debug, Clone, Deserialize)]
pub struct Touch<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "b", borrow)]
    pub bid: Number<'a>,
    #[serde(rename = "B", borrow)]
    pub bid_size: Number<'a>,
    #[serde(rename = "a", borrow)]
    pub ask: Number<'a>,
    #[serde(rename = "A", borrow)]
    pub ask_size: Number<'a>,
    #[serde(rename = "E", default)]
    pub at: Option<i64>,
}

/// `trade` and `aggTrade`.
#[derive(Debug, Clone, Deserialize)]
pub struct Print<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "p", borrow)]
    pub price: Number<'a>,
    #[serde(rename = "q", borrow)]
    pub size: Number<'a>,
    #[serde(rename = "T")]
    pub at: i64,
}

/// `kline`.
#[derive(Debug, Clone, Deserialize)]
pub struct Candle<'a> {
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(rename = "k", borrow)]
    pub bar: CandleBar<'a>,
}

/// Its bar.
#[derive(Debug, Clone, Deserialize)]
pub struct CandleBar<'a> {
    #[serde(rename = "t")]
    pub at: i64,
    #[serde(rename = "i", borrow)]
    pub interval: Cow<'a, str>,
    #[serde(rename = "o", borrow)]
    pub open: Number<'a>,
    #[serde(rename = "c", borrow)]
    pub close: Number<'a>,
    #[serde(rename = "h", borrow)]
    pub high: Number<'a>,
    #[serde(rename = "l", borrow)]
    pub low: Number<'a>,
    #[serde(rename = "v", borrow)]
    pub volume: Number<'a>,
}

/// `depthUpdate`.
#[derive(Debug, Clone, Deserialize)]
pub struct DepthUpdate<'a> {
    #[serde(rename = "E")]
    pub at: i64,
    #[serde(rename = "s", borrow)]
    pub symbol: Cow<'a, str>,
    /// The first change in it.
    #[serde(rename = "U")]
    pub first: u64,
    /// The last.
    #[serde(rename = "u")]
    pub last: u64,
    /// At futures: the last change of the message before.
    #[serde(rename = "pu", default)]
    pub previous: Option<u64>,
    #[serde(rename = "b", borrow)]
    pub bids: Vec<Level<'a>>,
    #[serde(rename = "a", borrow)]
    pub asks: Vec<Level<'a>>,
}
