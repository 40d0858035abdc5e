//! A program that trades by itself: what its source tells of it, and what it can be asked.
//!
//! An [`Observation`] is whole: it takes the place of the one before. Figures are the source's own, in the algorithm's
//! account currency; nothing here is counted by Tradedeck, and none of it is an order or a fill of the book.

mod insight;
mod instruction;

pub use insight::{Heading, Insight, Insights};
pub use instruction::{AlgorithmDeed, AskedOrder, Instructed, Instruction, Security};

use super::{
    ids::VenueId,
    money::{Money, Price, SignedQty},
    order::{Origin, Side},
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// How an algorithm is, by its source's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It was deployed and does not trade yet.
    Starting,
    /// It trades.
    Running,
    /// It sold everything and ended.
    Liquidated,
    /// It ended, or was stopped; what it holds it holds.
    Stopped,
    /// It failed.
    Failed,
    /// The source used a word that nobody here knows, or none; it is in [`Observation::word`].
    Unknown,
}

impl Phase {
    /// May it send orders?
    pub const fn is_alive(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Unknown)
    }
}

/// What it holds of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The source's name for it (`SPY R735QTJ8XC9X`): unique within the algorithm.
    pub key: Text,
    /// As people say it (`SPY`).
    pub symbol: Text,
    /// How much; short is negative. Never zero.
    pub qty: SignedQty,
    /// What one cost on average.
    pub average: Option<Price>,
    /// What one is worth.
    pub price: Option<Price>,
    /// What all of it is worth.
    pub value: Option<Money>,
    /// Profit and loss that is not realised.
    pub unrealized: Option<Money>,
}

/// Money of one currency in its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashRow {
    /// Which.
    pub currency: Text,
    /// How much.
    pub amount: Money,
    /// That in the account's currency.
    pub value: Option<Money>,
}

/// How one of its orders stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlgorithmOrderState {
    /// Made, and not at the broker yet.
    New,
    /// It works.
    Working,
    /// Some of it filled, and it works.
    Partial,
    /// All of it filled.
    Filled,
    /// It was cancelled.
    Cancelled,
    /// It was refused.
    Rejected,
    /// A cancel or a change was asked for.
    Pending,
    /// A word that nobody here knows.
    Unknown,
}

impl AlgorithmOrderState {
    /// Can it still fill?
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Filled | Self::Cancelled | Self::Rejected)
    }
}

/// One of its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlgorithmOrder {
    /// The algorithm's number for it.
    pub id: i64,
    /// The broker's, where it has any.
    pub broker: Vec<Text>,
    /// Of what.
    pub symbol: Text,
    /// Buy or sell; `None` is an order of nothing.
    pub side: Option<Side>,
    /// How much; a sale is negative.
    pub qty: SignedQty,
    /// `market`, `stop limit`, …
    pub kind: Text,
    /// The price that it must not go beyond.
    pub limit: Option<Price>,
    /// The price that wakes it.
    pub stop: Option<Price>,
    /// What it filled at, on average, where that is told.
    pub price: Option<Price>,
    /// How it stands.
    pub state: AlgorithmOrderState,
    /// When it was made.
    pub created: Option<Stamp>,
    /// When something happened to it last.
    pub changed: Option<Stamp>,
    /// What its program wrote on it.
    pub tag: Text,
}

/// Something that happened to one of its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlgorithmEvent {
    /// Unique within the deployment, the same from every way that it is told by.
    pub id: Text,
    /// Which order.
    pub order: i64,
    /// Of what.
    pub symbol: Text,
    /// When.
    pub at: Stamp,
    /// What it made of the order.
    pub state: AlgorithmOrderState,
    /// How much filled; a sale is negative, news without a fill are zero.
    pub qty: SignedQty,
    /// At which price.
    pub price: Option<Price>,
    /// What that cost.
    pub fee: Option<Money>,
    /// In which currency.
    pub fee_currency: Option<Text>,
    /// The words that came with it.
    pub message: Text,
}

/// How grave a line of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For who looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// Something is wrong.
    Error,
}

/// A line of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, where the line says it.
    pub at: Option<Stamp>,
    /// How grave.
    pub level: LogLevel,
    /// What.
    pub text: Text,
}

/// All that is known of an algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Which run of it: a new one begins with another.
    pub deployment: Text,
    /// How it is.
    pub phase: Phase,
    /// The source's own word for that.
    pub word: Text,
    /// What it failed of.
    pub error: Option<Text>,
    /// When it began.
    pub started: Option<Stamp>,
    /// As of when the figures are: the source's time of writing them, never the time of reading.
    pub as_of: Option<Stamp>,
    /// The currency of its figures.
    pub currency: Option<Text>,
    /// What its account is worth.
    pub equity: Option<Money>,
    /// Profit and loss since midnight UTC, where the curve reaches back so far.
    pub day: Option<Money>,
    /// Profit and loss that is not realised.
    pub unrealized: Option<Money>,
    /// Profit and loss of closed trades, less fees.
    pub realized: Option<Money>,
    /// What it paid.
    pub fees: Option<Money>,
    /// What it holds, by name.
    pub holdings: Vec<Holding>,
    /// Its money.
    pub cash: Vec<CashRow>,
    /// Its orders, by number.
    pub orders: Vec<AlgorithmOrder>,
    /// What happened to them, oldest first; the last two thousand.
    pub events: Vec<AlgorithmEvent>,
    /// Its equity in the course of time, oldest first; the last two thousand points.
    pub curve: Vec<(Stamp, Money)>,
    /// The figures that the program itself shows, in its order, as it words them.
    pub statistics: Vec<(Text, Text)>,
    /// Those of the machine it runs on.
    pub server: Vec<(Text, Text)>,
    /// The end of its log, oldest first; the last five hundred lines.
    pub log: Vec<LogLine>,
    /// What it predicts, where its source tells that.
    #[serde(default)]
    pub insights: Insights,
    /// What could not be read and is shown as it was before: which, and why.
    pub flaws: Vec<Text>,
}

impl Observation {
    /// A run of which nothing is known but how it is.
    pub fn bare(deployment: Text, phase: Phase) -> Self {
        Self {
            deployment,
            phase,
            word: Text::default(),
            error: None,
            started: None,
            as_of: None,
            currency: None,
            equity: None,
            day: None,
            unrealized: None,
            realized: None,
            fees: None,
            holdings: Vec::new(),
            cash: Vec::new(),
            orders: Vec::new(),
            events: Vec::new(),
            curve: Vec::new(),
            statistics: Vec::new(),
            server: Vec::new(),
            log: Vec::new(),
            insights: Insights::default(),
            flaws: Vec::new(),
        }
    }
}

/// What is done when an algorithm goes beyond its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Response {
    /// A person is told.
    #[default]
    Alert,
    /// Its entries are cancelled as they appear, too.
    Pause,
    /// What it holds is closed, too.
    Liquidate,
}

/// What an algorithm may do before something is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// Lost since its day began.
    pub day_loss: Option<Money>,
    /// Orders within a minute.
    pub orders_per_minute: Option<u32>,
    /// What is done.
    pub response: Response,
}

/// What happened to an algorithm from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum AlgorithmFact {
    /// Its entries are cancelled as they appear.
    Paused {
        /// Whose.
        name: SmolStr,
        /// Why.
        why: Text,
    },
    /// No longer.
    Resumed {
        /// Whose.
        name: SmolStr,
    },
    /// What it held is a person's from now on, at what it cost.
    TakenOver {
        /// Whose it was.
        name: SmolStr,
    },
    /// It is asked for something.
    Asked {
        /// Who.
        name: SmolStr,
        /// Which time.
        ticket: u64,
        /// For what.
        instruction: Box<Instruction>,
        /// By screen, shell or exit.
        origin: Origin,
        /// What let it pass: the gate's number where it could open a position.
        verdict: Text,
    },
    /// What came of it.
    Answered {
        /// Who.
        name: SmolStr,
        /// Which time.
        ticket: u64,
        /// What.
        result: Instructed,
    },
}

/// Whose an order, a fill or a part of a position is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// This algorithm's.
    Algorithm(SmolStr),
    /// A person's at this program.
    Hand,
    /// Somebody else's, whom nobody here knows.
    External,
}

/// By what an algorithm's orders are told from others on the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The algorithm's name in the configuration.
    pub name: SmolStr,
    /// Where it trades.
    pub venue: VenueId,
    /// What its client ids begin with, any of these.
    pub prefixes: Vec<SmolStr>,
    /// What stands on its orders, any of these.
    pub tags: Vec<SmolStr>,
    /// By which way the venue says that they came, any of these words.
    pub sources: Vec<SmolStr>,
}

impl Claim {
    /// Is it an order of this algorithm? An order that carries its own name as a tag always is: what was sold for it by
    /// hand or by an exit is counted with it.
    pub fn is_of(&self, venue: &VenueId, client: &str, tag: Option<&str>) -> bool {
        *venue == self.venue
            && (self.prefixes.iter().any(|p| client.starts_with(p.as_str()))
                || tag.is_some_and(|t| t == self.name || self.tags.iter().any(|own| own == t)))
    }

    /// Did this order come by a way that is the algorithm's, by the venue's word? That may be wider than a name: every
    /// program that uses one key comes by the same way, so that it is asked last.
    pub fn comes_by(&self, venue: &VenueId, source: &str) -> bool {
        *venue == self.venue && self.sources.iter().any(|own| own == source)
    }
}

/// What a watcher sees at the moment. The latest takes the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sighting {
    /// Nothing yet.
    #[default]
    Waiting,
    /// It.
    Seen(Arc<Observation>),
    /// It can't be seen, or not any more; what was seen last stays as old as it is.
    Lost {
        /// What is in the way, and what would help.
        why: Text,
        /// What was seen last.
        last: Option<Arc<Observation>>,
    },
}
