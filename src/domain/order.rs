//! What an order says: side, type, prices, time in force, and what protects it.

use super::{
    ids::{ClientId, InstrumentId, VenueOrderId},
    money::{Money, Percent, Price, Qty},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Buy or sell. A short sale is a sell from flat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
    /// `buy` or `sell`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// How far a trailing stop stays behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trail {
    /// In the quote currency.
    Amount(Price),
    /// In per cent of the high (sell) or low (buy).
    Percent(Percent),
}

/// The order type with the prices that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "type", rename_all = "snake_case")]
pub enum OrderType {
    /// At once, at what the market gives.
    Market,
    /// At `limit` or better.
    Limit {
        /// Worst price.
        limit: Price,
    },
    /// A market order once the market trades at `stop`.
    Stop {
        /// Trigger.
        stop: Price,
    },
    /// A limit order once the market trades at `stop`.
    StopLimit {
        /// Trigger.
        stop: Price,
        /// Worst price.
        limit: Price,
    },
    /// A stop that follows the market.
    TrailingStop {
        /// Distance.
        trail: Trail,
    },
}

impl OrderType {
    /// The limit price, where it has one.
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } | Self::TrailingStop { .. } => None,
        }
    }
    /// The stop price, where it has a fixed one.
    pub const fn stop(self) -> Option<Price> {
        match self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            Self::Market | Self::Limit { .. } | Self::TrailingStop { .. } => None,
        }
    }
    /// The kind alone.
    pub const fn kind(self) -> OrderKind {
        match self {
            Self::Market => OrderKind::Market,
            Self::Limit { .. } => OrderKind::Limit,
            Self::Stop { .. } => OrderKind::Stop,
            Self::StopLimit { .. } => OrderKind::StopLimit,
            Self::TrailingStop { .. } => OrderKind::TrailingStop,
        }
    }
}

/// The order type without its prices, for capability tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Market.
    Market,
    /// Limit.
    Limit,
    /// Stop.
    Stop,
    /// Stop-limit.
    StopLimit,
    /// Trailing stop.
    TrailingStop,
}

impl OrderKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Market, Self::Limit, Self::Stop, Self::StopLimit, Self::TrailingStop];
    /// Can this program hold it itself, as an exit, where the venue has none?
    pub const fn can_be_held(self) -> bool {
        matches!(self, Self::Stop | Self::StopLimit | Self::TrailingStop)
    }
    /// `market`, `stop-limit`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::StopLimit => "stop-limit",
            Self::TrailingStop => "trailing",
        }
    }
}

/// Time in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tif {
    /// Until the session's end.
    Day,
    /// Until cancelled.
    Gtc,
    /// Until the end of this day at the venue.
    Gtd(jiff::civil::Date),
    /// At once what can be filled, the rest cancelled.
    Ioc,
    /// At once and whole, or not at all.
    Fok,
    /// In the opening auction.
    Opg,
    /// In the closing auction.
    Cls,
}

impl Tif {
    /// `day`, `gtc`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Gtc => "gtc",
            Self::Gtd(_) => "gtd",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::Opg => "opg",
            Self::Cls => "cls",
        }
    }
}

impl std::fmt::Display for Tif {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gtd(date) => write!(f, "gtd {date}"),
            Self::Day | Self::Gtc | Self::Ioc | Self::Fok | Self::Opg | Self::Cls => f.write_str(self.word()),
        }
    }
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So many units.
    Qty(Qty),
    /// So much money's worth, where the venue takes that.
    Notional(Money),
}

impl Amount {
    /// The quantity, if it is one.
    pub const fn qty(self) -> Option<Qty> {
        match self {
            Self::Qty(q) => Some(q),
            Self::Notional(_) => None,
        }
    }
}

/// A protective stop that goes with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopLeg {
    /// Trigger.
    pub stop: Price,
    /// Worst price, if it is a stop-limit.
    pub limit: Option<Price>,
}

/// What hangs on the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "class", rename_all = "snake_case")]
pub enum Attached {
    /// Nothing.
    #[default]
    Simple,
    /// Entry, then target and stop, one cancels the other.
    Bracket {
        /// Take-profit limit.
        target: Price,
        /// Protective stop.
        stop: StopLeg,
    },
    /// Entry, then a stop.
    OtoStop {
        /// Protective stop.
        stop: StopLeg,
    },
    /// Entry, then a target.
    OtoTarget {
        /// Take-profit limit.
        target: Price,
    },
    /// An exit pair for a position that is there: target limit (the order's own limit) and stop.
    Oco {
        /// Protective stop.
        stop: StopLeg,
    },
}

/// The part an order plays in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Opens, or stands alone.
    Entry,
    /// Takes the profit.
    Target,
    /// Limits the loss.
    Stop,
}

/// Who made the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person at this program's screen.
    Screen,
    /// A person at this program's shell command.
    Shell,
    /// The risk engine or an exit.
    Exit,
    /// The venue, as a child of an order of ours.
    Child,
    /// Somebody else on the same account.
    External,
}

/// An order in full: what the journal keeps and a venue is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSpec {
    /// Where and what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub amount: Amount,
    /// Type and prices.
    pub order_type: OrderType,
    /// Time in force.
    pub tif: Tif,
    /// May fill outside regular hours.
    pub extended: bool,
    /// Must not take liquidity.
    pub post_only: bool,
    /// Must not open or turn a position.
    pub reduce_only: bool,
    /// Bracket, OCO, OTO.
    pub attached: Attached,
    /// An iceberg at the venue: no more than this is shown there at a time. Journals from before it have none.
    #[serde(default)]
    pub show: Option<Qty>,
    /// The trader's own mark, at most 32 characters.
    pub tag: Option<SmolStr>,
}

impl OrderSpec {
    /// The worst price that it names itself; `None` where the market decides.
    pub const fn named_price(&self) -> Option<Price> {
        match (self.order_type, self.side) {
            (OrderType::Limit { limit } | OrderType::StopLimit { limit, .. }, Side::Buy) => Some(limit),
            (OrderType::StopLimit { stop, .. } | OrderType::Stop { stop }, Side::Buy | Side::Sell) => {
                Some(stop)
            }
            (OrderType::Limit { .. }, Side::Sell)
            | (OrderType::Market | OrderType::TrailingStop { .. }, Side::Buy | Side::Sell) => None,
        }
    }

    /// Of another quantity. What is shown of an iceberg is less than the whole, or it is none.
    #[must_use]
    pub fn sized(self, qty: Qty) -> Self {
        Self { amount: Amount::Qty(qty), show: self.show.filter(|show| *show < qty), ..self }
    }
}

/// A new order on its way to a venue: what it says, and the id that makes it unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Our id.
    pub client: ClientId,
    /// What it says.
    pub spec: OrderSpec,
}

/// A change of a working order. What is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Change {
    /// New total quantity.
    pub qty: Option<Qty>,
    /// New limit.
    pub limit: Option<Price>,
    /// New stop.
    pub stop: Option<Price>,
    /// New trail.
    pub trail: Option<Trail>,
    /// New time in force.
    pub tif: Option<Tif>,
}

/// An order by both its names, and where it is: some venues number orders by instrument, and find none without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderRef {
    /// In what it is.
    pub instrument: InstrumentId,
    /// The maker's.
    pub client: ClientId,
    /// The venue's, once known.
    pub venue_id: Option<VenueOrderId>,
}

/// A change of a working order on its way to a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The order to change.
    pub order: OrderRef,
    /// What changes.
    pub change: Change,
    /// Our id for the order that takes its place, where the venue makes a new one.
    pub client: ClientId,
    /// The order as it stands, and as it will stand.
    pub before: OrderSpec,
    /// As it will stand.
    pub after: OrderSpec,
    /// How much of it has filled, as far as is known here.
    pub filled: Qty,
    /// The gate found that it adds no risk (a stop that moves): it goes out of what is kept for exits.
    pub adds_nothing: bool,
}

impl Change {
    /// The order type with this change's prices in the places that it has.
    pub fn applied_to(self, order_type: OrderType) -> OrderType {
        match order_type {
            OrderType::Market => OrderType::Market,
            OrderType::Limit { limit } => OrderType::Limit { limit: self.limit.unwrap_or(limit) },
            OrderType::Stop { stop } => OrderType::Stop { stop: self.stop.unwrap_or(stop) },
            OrderType::StopLimit { stop, limit } => {
                OrderType::StopLimit { stop: self.stop.unwrap_or(stop), limit: self.limit.unwrap_or(limit) }
            }
            OrderType::TrailingStop { trail } => {
                OrderType::TrailingStop { trail: self.trail.unwrap_or(trail) }
            }
        }
    }
}
