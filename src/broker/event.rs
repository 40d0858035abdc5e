//! What a venue tells without being asked, and the two lanes it comes by: order news waits for its place
//! and is never dropped; market news is overwritten by newer when nobody takes it in time.

pub use crate::domain::quote::{Day, Market};
use crate::domain::{
    alert::{AlertCode, Severity},
    ids::{InstrumentId, Symbol, VenueId},
    report::{Execution, OrderReport},
    text::Text,
    time::Mono,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// A connection of a venue that can fail by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Order and execution news.
    Orders,
    /// Stock, option and futures data.
    Market,
    /// Crypto data, where it is a connection of its own.
    Crypto,
    /// Requests.
    Rest,
}

impl Channel {
    /// `orders`, `market`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Market => "market",
            Self::Crypto => "crypto",
            Self::Rest => "rest",
        }
    }
}

/// How a connection stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Dialling, authenticating, subscribing.
    Connecting,
    /// Subscribed and heard from. For [`Channel::Orders`]: the engine must resynchronise before it calls this live.
    Up,
    /// Open, and silent for longer than it may be.
    Stale,
    /// Down; tries again at this time.
    Backoff {
        /// When.
        until: Mono,
        /// Why it went down.
        why: Text,
    },
    /// Down for good (credentials refused): a person must act.
    Dead {
        /// Why.
        why: Text,
    },
}

/// Order news and the state of connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A connection changed.
    Link {
        /// Which.
        channel: Channel,
        /// How it stands now.
        link: Link,
        /// When.
        at: Mono,
    },
    /// An order as the venue has it now.
    Order(Box<OrderReport>),
    /// An execution.
    Execution(Box<Execution>),
    /// The venue refused a cancel or a replacement, told on the stream.
    RequestRefused {
        /// The order.
        order: super::port::OrderRef,
        /// Was it a cancel (else a replacement)?
        cancel: bool,
        /// The venue's words.
        why: Text,
    },
    /// A message that can't be read or can't be true was put aside.
    Quarantined {
        /// Where it came from.
        channel: Channel,
        /// How many so far on this channel.
        count: u64,
        /// What was wrong.
        why: Text,
    },
    /// The instrument was halted or resumed.
    Halt {
        /// Which.
        instrument: InstrumentId,
        /// The venue's words; `None` when trading goes on.
        why: Option<Text>,
    },
    /// Something that a person must hear of: what the venue says of the account, or what is done there by this program's
    /// adapter alone. What it may have changed is asked for anew.
    Notice {
        /// How bad.
        severity: Severity,
        /// What it is about.
        code: AlertCode,
        /// Which symbol, where it is one.
        symbol: Option<Symbol>,
        /// One sentence.
        text: Text,
    },
    /// Round trips, limits and clocks, about once a second while they change.
    Vitals(Vitals),
}

/// How a venue does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Vitals {
    /// Round trip of requests, median of the last 100, microseconds.
    pub rtt_p50_us: Option<u64>,
    /// The same, 99th percentile.
    pub rtt_p99_us: Option<u64>,
    /// Requests counted against the limit in its window.
    pub limit_used: Option<u32>,
    /// The limit.
    pub limit_max: Option<u32>,
    /// Until when the venue wants no requests.
    pub limited_until: Option<Mono>,
    /// Until when requests wait here that the limit has no room for yet.
    pub waits_until: Option<Mono>,
    /// The venue's clock minus ours, milliseconds.
    pub skew_ms: Option<i64>,
    /// How the venue's dead man's switch stands, where the user asked for it.
    pub switch: Option<Text>,
}

/// Where an adapter's stream task puts its news. One for each venue.
#[derive(Debug)]
pub struct Sink {
    venue: VenueId,
    orders: mpsc::Sender<(VenueId, Event)>,
    market: mpsc::Sender<Vec<Market>>,
    waiting: BTreeMap<(u8, InstrumentId), Market>,
    overwritten: u64,
}

/// The engine is gone: the task should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub struct Closed;

impl Sink {
    /// For `venue`, into the engine's two lanes.
    pub const fn new(
        venue: VenueId,
        orders: mpsc::Sender<(VenueId, Event)>,
        market: mpsc::Sender<Vec<Market>>,
    ) -> Self {
        Self { venue, orders, market, waiting: BTreeMap::new(), overwritten: 0 }
    }
    /// Puts order news; waits while the lane is full.
    ///
    /// # Errors
    /// When the engine is gone.
    pub async fn event(&self, event: Event) -> Result<(), Closed> {
        match self.orders.send((self.venue.clone(), event)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Closed),
        }
    }
    /// Puts market news, a batch at a time so that the engine wakes once for all of it; never waits. While the lane is
    /// full the newest of each kind and instrument is kept here and goes out with the next call.
    ///
    /// # Errors
    /// When the engine is gone.
    pub fn market(&mut self, news: Vec<Market>) -> Result<(), Closed> {
        self.flush()?;
        let news = if self.waiting.is_empty() {
            match self.market.try_send(news) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(news)) => news,
                Err(mpsc::error::TrySendError::Closed(_)) => return Err(Closed),
            }
        } else {
            news
        };
        for one in news {
            self.keep(one);
        }
        Ok(())
    }
    /// Sends what waited, if there is room.
    ///
    /// # Errors
    /// When the engine is gone.
    pub fn flush(&mut self) -> Result<(), Closed> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        match self.market.try_reserve() {
            Ok(place) => {
                place.send(std::mem::take(&mut self.waiting).into_values().collect());
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(())) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(())) => Err(Closed),
        }
    }
    /// How many market messages were overwritten by newer ones.
    pub const fn overwritten(&self) -> u64 {
        self.overwritten
    }
    fn keep(&mut self, news: Market) {
        let (kind, instrument) = news.slot();
        if self.waiting.insert((kind, instrument.clone()), news).is_some() {
            self.overwritten = self.overwritten.saturating_add(1);
        }
    }
}
