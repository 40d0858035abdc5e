//! Alpaca's messages as they are written, and nothing else. Numbers stay text until `map` reads them: some
//! are JSON strings and some are JSON numbers, and no float may come between.

mod quick;
mod sent;

pub use sent::{Books, ChangedOrder, NewOrder, StopLoss, Subscription, TakeProfit};

pub use crate::adapters::number::Number;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// `GET /v2/orders` and `data.order` of the stream.
#[derive(Debug, Clone, Deserialize)]
pub struct Order<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub client_order_id: Cow<'a, str>,
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow, default)]
    pub asset_class: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub qty: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub notional: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub filled_qty: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub filled_avg_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub order_class: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    pub order_type: Cow<'a, str>,
    #[serde(borrow)]
    pub side: Cow<'a, str>,
    #[serde(borrow)]
    pub time_in_force: Cow<'a, str>,
    #[serde(borrow, default)]
    pub limit_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub stop_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub trail_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub trail_percent: Option<Number<'a>>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    #[serde(default)]
    pub extended_hours: Option<bool>,
    #[serde(borrow, default)]
    pub legs: Option<Vec<Order<'a>>>,
    #[serde(borrow, default)]
    pub replaces: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub replaced_by: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub submitted_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub created_at: Option<Cow<'a, str>>,
    /// By which way it came; mostly null (the vendor's examples).
    #[serde(borrow, default)]
    pub source: Option<Cow<'a, str>>,
}

/// `GET /v2/account/activities/FILL`.
#[derive(Debug, Clone, Deserialize)]
pub struct Activity<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub order_id: Cow<'a, str>,
    #[serde(borrow)]
    pub side: Cow<'a, str>,
    #[serde(borrow)]
    pub qty: Number<'a>,
    #[serde(borrow)]
    pub price: Number<'a>,
    #[serde(borrow, default)]
    pub cum_qty: Option<Number<'a>>,
    #[serde(borrow)]
    pub transaction_time: Cow<'a, str>,
}

/// `GET /v2/positions`.
#[derive(Debug, Clone, Deserialize)]
pub struct Position<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow, default)]
    pub asset_class: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub qty: Number<'a>,
    #[serde(borrow)]
    pub side: Cow<'a, str>,
    #[serde(borrow, default)]
    pub qty_available: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub avg_entry_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub current_price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub lastday_price: Option<Number<'a>>,
}

/// `GET /v2/account`.
#[derive(Debug, Clone, Deserialize)]
pub struct Account<'a> {
    #[serde(borrow)]
    pub account_number: Cow<'a, str>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    #[serde(borrow, default)]
    pub currency: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub equity: Number<'a>,
    #[serde(borrow)]
    pub cash: Number<'a>,
    #[serde(borrow)]
    pub buying_power: Number<'a>,
    #[serde(borrow, default)]
    pub last_equity: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub non_marginable_buying_power: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub initial_margin: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub maintenance_margin: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub multiplier: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub accrued_fees: Option<Number<'a>>,
    #[serde(default)]
    pub daytrade_count: Option<u32>,
    #[serde(default)]
    pub shorting_enabled: Option<bool>,
    #[serde(default)]
    pub account_blocked: bool,
    #[serde(default)]
    pub trading_blocked: bool,
    #[serde(default)]
    pub trade_suspended_by_user: bool,
}

/// `GET /v2/assets`.
#[derive(Debug, Clone, Deserialize)]
pub struct Asset<'a> {
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub class: Cow<'a, str>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    pub tradable: bool,
    pub marginable: bool,
    pub shortable: bool,
    pub easy_to_borrow: bool,
    pub fractionable: bool,
    #[serde(borrow, default)]
    pub min_order_size: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub min_trade_increment: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub price_increment: Option<Number<'a>>,
}

/// `GET /v2/clock`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct MarketClock {
    pub is_open: bool,
}

/// The body of a refusal.
#[derive(Debug, Clone, Deserialize)]
pub struct Refused<'a> {
    pub code: u64,
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// A message of the stream of order news.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    pub stream: Cow<'a, str>,
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// `data` of `authorization`.
#[derive(Debug, Clone, Deserialize)]
pub struct Authorization<'a> {
    #[serde(borrow)]
    pub status: Cow<'a, str>,
}

/// `data` of `listening`.
#[derive(Debug, Clone, Deserialize)]
pub struct Listening<'a> {
    #[serde(borrow)]
    pub streams: Vec<Cow<'a, str>>,
}

/// `data` of `trade_updates`.
#[derive(Debug, Clone, Deserialize)]
pub struct TradeUpdate<'a> {
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow)]
    pub order: Order<'a>,
    #[serde(borrow, default)]
    pub timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub price: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub qty: Option<Number<'a>>,
    #[serde(borrow, default)]
    pub execution_id: Option<Cow<'a, str>>,
}

/// One element of a market message. Field names as on the wire.
#[derive(Debug, Clone)]
pub enum News<'a> {
    /// `q`: the best bid and ask, nearly all there is.
    Quote(QuoteNews<'a>),
    /// `t`: a print.
    Trade(TradeNews<'a>),
    /// `o`: an order book, or what changed in it.
    Book(Box<BookNews<'a>>),
    /// Everything else.
    Other(Box<OtherNews<'a>>),
}

/// A quote of the stream.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct QuoteNews<'a> {
    #[serde(borrow, rename = "S", default)]
    pub symbol: Option<&'a str>,
    #[serde(borrow, rename = "t", default)]
    pub at: Option<&'a str>,
    #[serde(borrow, rename = "bp", default)]
    pub bid: Option<Number<'a>>,
    #[serde(borrow, rename = "bs", default)]
    pub bid_size: Option<Number<'a>>,
    #[serde(borrow, rename = "ap", default)]
    pub ask: Option<Number<'a>>,
    #[serde(borrow, rename = "as", default)]
    pub ask_size: Option<Number<'a>>,
}

/// A print of the stream.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct TradeNews<'a> {
    #[serde(borrow, rename = "S", default)]
    pub symbol: Option<&'a str>,
    #[serde(borrow, rename = "t", default)]
    pub at: Option<&'a str>,
    #[serde(borrow, rename = "p", default)]
    pub price: Option<Number<'a>>,
    #[serde(borrow, rename = "s", default)]
    pub size: Option<Number<'a>>,
}

/// An order book of the stream: all of it with `r`, else the levels that changed. A size of zero takes a level away.
#[derive(Debug, Clone, Deserialize)]
pub struct BookNews<'a> {
    #[serde(borrow, rename = "S", default)]
    pub symbol: Option<&'a str>,
    #[serde(borrow, rename = "t", default)]
    pub at: Option<&'a str>,
    #[serde(borrow, rename = "b", default)]
    pub bids: Vec<Level<'a>>,
    #[serde(borrow, rename = "a", default)]
    pub asks: Vec<Level<'a>>,
    #[serde(rename = "r", default)]
    pub is_whole: bool,
}

/// One level of an order book.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Level<'a> {
    #[serde(borrow)]
    pub p: Number<'a>,
    #[serde(borrow)]
    pub s: Number<'a>,
}

/// Bars, halts and what the stream says of itself: the union of all kinds.
#[derive(Debug, Clone, Deserialize)]
pub struct OtherNews<'a> {
    #[serde(borrow, rename = "T", default)]
    pub kind: Option<&'a str>,
    #[serde(borrow, rename = "S", default)]
    pub symbol: Option<&'a str>,
    #[serde(borrow, rename = "t", default)]
    pub at: Option<&'a str>,
    #[serde(borrow, rename = "o", default)]
    pub open: Option<Number<'a>>,
    #[serde(borrow, rename = "h", default)]
    pub high: Option<Number<'a>>,
    #[serde(borrow, rename = "l", default)]
    pub low: Option<Number<'a>>,
    /// Of a bar.
    #[serde(borrow, rename = "c", default)]
    pub close: Option<Number<'a>>,
    #[serde(borrow, rename = "v", default)]
    pub volume: Option<Number<'a>>,
    #[serde(borrow, rename = "sc", default)]
    pub status: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "sm", default)]
    pub status_text: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "rm", default)]
    pub reason_text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub msg: Option<Cow<'a, str>>,
    #[serde(default)]
    pub code: Option<u32>,
}

impl<'de> Deserialize<'de> for News<'de> {
    /// The kind stands first, as Alpaca writes it, so that only the fields of that kind are looked for.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Element;
        impl<'de> Visitor<'de> for Element {
            type Value = News<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a market message that begins with its kind, `T`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<News<'de>, A::Error> {
                if map.next_key::<&str>()? != Some("T") {
                    return Err(de::Error::invalid_type(de::Unexpected::Map, &self));
                }
                let kind: &str = map.next_value()?;
                let fields = MapAccessDeserializer::new(map);
                match kind {
                    "q" => QuoteNews::deserialize(fields).map(News::Quote),
                    "t" => TradeNews::deserialize(fields).map(News::Trade),
                    "o" => BookNews::deserialize(fields).map(|book| News::Book(Box::new(book))),
                    _ => {
                        let other = OtherNews::deserialize(fields)?;
                        Ok(News::Other(Box::new(OtherNews { kind: Some(kind), ..other })))
                    }
                }
            }
        }
        deserializer.deserialize_map(Element)
    }
}

/// Hands each element of a market message to `each`, without a list between.
///
/// # Errors
/// When the message is not an array of such objects. Elements before the fault have been handed out.
pub fn each_news<'a>(line: &'a str, mut each: impl FnMut(News<'a>)) -> Result<(), serde_json::Error> {
    let mut handed_out = 0_usize;
    let hand_out = |quote| {
        handed_out = handed_out.saturating_add(1);
        each(News::Quote(quote));
    };
    if quick::each(line, hand_out) { Ok(()) } else { each_news_at_length(line, handed_out, each) }
}

/// The same for whatever stands in it, without the first `skipped` elements.
fn each_news_at_length<'a>(
    line: &'a str,
    skipped: usize,
    each: impl FnMut(News<'a>),
) -> Result<(), serde_json::Error> {
    struct Elements<F>(usize, F);
    impl<'de, F: FnMut(News<'de>)> Visitor<'de> for Elements<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of market messages")
        }
        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
            while let Some(element) = seq.next_element::<News<'de>>()? {
                if self.0 == 0 {
                    (self.1)(element);
                }
                self.0 = self.0.saturating_sub(1);
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(line);
    reader.deserialize_seq(Elements(skipped, each))?;
    reader.end()
}

/// One bar of `GET …/bars` and of a snapshot.
#[derive(Debug, Clone, Deserialize)]
pub struct Bar<'a> {
    #[serde(borrow)]
    pub t: Cow<'a, str>,
    #[serde(borrow)]
    pub o: Number<'a>,
    #[serde(borrow)]
    pub h: Number<'a>,
    #[serde(borrow)]
    pub l: Number<'a>,
    #[serde(borrow)]
    pub c: Number<'a>,
    #[serde(borrow)]
    pub v: Number<'a>,
}

/// One quote of `GET …/quotes/latest` and of a snapshot.
#[derive(Debug, Clone, Deserialize)]
pub struct Quote<'a> {
    #[serde(borrow)]
    pub t: Cow<'a, str>,
    #[serde(borrow)]
    pub bp: Number<'a>,
    #[serde(borrow)]
    pub bs: Number<'a>,
    #[serde(borrow)]
    pub ap: Number<'a>,
    #[serde(borrow, rename = "as")]
    pub as_: Number<'a>,
}

/// One trade of a snapshot.
#[derive(Debug, Clone, Deserialize)]
pub struct Trade<'a> {
    #[serde(borrow)]
    pub t: Cow<'a, str>,
    #[serde(borrow)]
    pub p: Number<'a>,
    #[serde(borrow)]
    pub s: Number<'a>,
}

/// One symbol of `GET …/snapshots`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot<'a> {
    #[serde(borrow, default)]
    pub latest_quote: Option<Quote<'a>>,
    #[serde(borrow, default)]
    pub latest_trade: Option<Trade<'a>>,
    #[serde(borrow, default)]
    pub daily_bar: Option<Bar<'a>>,
    #[serde(borrow, default)]
    pub prev_daily_bar: Option<Bar<'a>>,
}
