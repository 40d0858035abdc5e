//! What the market says: quotes, trades, bars.

use super::{
    ids::{Currency, InstrumentId},
    money::{Price, Qty},
    payoff::Payoff,
    time::{Mono, Stamp},
};
use serde::{Deserialize, Serialize};

/// The best bid and ask. Either side may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Of what.
    pub instrument: InstrumentId,
    /// Best bid and its size.
    pub bid: Option<(Price, Qty)>,
    /// Best ask and its size.
    pub ask: Option<(Price, Qty)>,
    /// The venue's time.
    pub at: Stamp,
    /// When it reached us.
    pub received: Mono,
}

/// The touch that stood when an order was made: what its execution is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Best bid.
    pub bid: Price,
    /// Best ask.
    pub ask: Price,
}

impl Arrival {
    /// Half way between them.
    pub fn mid(self) -> Option<Price> {
        self.bid.midpoint(self.ask)
    }
}

/// What was known here when an execution was told: what it is judged by later, when the market has gone on and the
/// instrument may be forgotten. The engine stamps it; no venue says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The touch that stood. `None` where none was known, it was too old, or the execution was told late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<Arrival>,
    /// What one unit pays, where the instrument's rules were known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payoff: Option<Payoff>,
    /// The currency that its price is in, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// When something happened to an order, and the touch that stood then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When it became known here.
    pub at: Stamp,
    /// `None` where none was known, or it was too old.
    pub touch: Option<Arrival>,
}

/// One print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Of what.
    pub instrument: InstrumentId,
    /// At.
    pub price: Price,
    /// How much.
    pub size: Qty,
    /// The venue's time.
    pub at: Stamp,
    /// When it reached us.
    pub received: Mono,
}

/// Open, high, low, close over an interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Start of the interval.
    pub at: Stamp,
    /// First price.
    pub open: Price,
    /// Highest.
    pub high: Price,
    /// Lowest.
    pub low: Price,
    /// Last.
    pub close: Price,
    /// Units traded.
    pub volume: Qty,
}

/// Chart intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Interval {
    /// One minute.
    #[serde(rename = "1m")]
    Min1,
    /// Five minutes.
    #[serde(rename = "5m")]
    Min5,
    /// Fifteen minutes.
    #[serde(rename = "15m")]
    Min15,
    /// One hour.
    #[serde(rename = "1h")]
    Hour1,
    /// One day.
    #[serde(rename = "1d")]
    Day1,
}

impl Interval {
    /// `1m`, `5m`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Min1 => "1m",
            Self::Min5 => "5m",
            Self::Min15 => "15m",
            Self::Hour1 => "1h",
            Self::Day1 => "1d",
        }
    }
    /// Its length in seconds.
    pub const fn secs(self) -> u32 {
        match self {
            Self::Min1 => 60,
            Self::Min5 => 300,
            Self::Min15 => 900,
            Self::Hour1 => 3600,
            Self::Day1 => 86_400,
        }
    }
}

/// The most levels of an order book on each side.
pub const LEVELS_MAX: usize = 50;

/// An order book as it stands: absolute levels, the best first, at most [`LEVELS_MAX`] a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Of what.
    pub instrument: InstrumentId,
    /// Prices that are bid, highest first, each with its size.
    pub bids: Vec<(Price, Qty)>,
    /// Prices that are asked, lowest first, each with its size.
    pub asks: Vec<(Price, Qty)>,
    /// Why it is not to be believed; `None` when it is.
    pub fault: Option<DepthFault>,
    /// The venue's time.
    pub at: Stamp,
    /// When it reached us.
    pub received: Mono,
}

/// Why an order book is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthFault {
    /// The best bid is not below the best ask.
    Crossed,
    /// Nobody is in it.
    Empty,
    /// A change of it was lost; it is asked for anew.
    Gap,
}

impl DepthFault {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Crossed => "crossed book",
            Self::Empty => "empty book",
            Self::Gap => "gap in the book",
        }
    }
}

/// Market news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Market {
    /// Best bid and ask.
    Quote(Quote),
    /// A print.
    Trade(Trade),
    /// A finished or growing bar.
    Bar {
        /// Of what.
        instrument: InstrumentId,
        /// How long.
        interval: Interval,
        /// The bar.
        bar: Bar,
    },
    /// The day so far, for change and volume.
    Day(Day),
    /// An order book.
    Depth(Depth),
}

/// The day so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Of what.
    pub instrument: InstrumentId,
    /// Close of the session before.
    pub previous_close: Option<Price>,
    /// Units traded today.
    pub volume: Option<Qty>,
}

impl Market {
    /// Where the newest of its kind is kept: news with the same slot may overwrite each other.
    pub const fn slot(&self) -> (u8, &InstrumentId) {
        match self {
            Self::Quote(q) => (0, &q.instrument),
            Self::Trade(t) => (1, &t.instrument),
            Self::Bar { instrument, .. } => (2, instrument),
            Self::Day(d) => (3, &d.instrument),
            Self::Depth(d) => (4, &d.instrument),
        }
    }
    /// Of what it tells.
    pub const fn instrument(&self) -> &InstrumentId {
        self.slot().1
    }
}
