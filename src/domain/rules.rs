//! The rules that are held all the time: their names, what is done when one trips, and how long that stands.

mod settings;

pub use settings::{
    AgeLimit, AheadLimit, CashLimit, CountLimit, EventLimit, GiveBackLimit, LossLimit, MarginLimit,
    RateLimit, Rules, ShareLimit, SkewLimit, StreakLimit, WindowLimit,
};

use super::{
    ids::{InstrumentId, Symbol, VenueId},
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Serialize};

/// A rule that watches an account, a position or a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Loss since the trading day began, fees included.
    DailyLoss,
    /// Loss since the trading week began, fees included.
    WeeklyLoss,
    /// Fall of equity from the day's high.
    Drawdown,
    /// Part of the day's best profit that was given back.
    GiveBack,
    /// Losing trades in a row.
    LossStreak,
    /// Trades of the day.
    TradeCount,
    /// Hours in which entries are allowed.
    TimeWindow,
    /// Loss of one position.
    PositionLoss,
    /// Margin that remains, in the warning zone.
    MarginLow,
    /// Margin that remains, next to nothing.
    MarginCall,
    /// No margin remains.
    MarginOut,
    /// Cash below zero.
    NegativeCash,
    /// Orders of the day.
    OrdersPerDay,
    /// Orders too fast: a key that sticks, a macro that runs wild.
    OrderRate,
    /// Rejects and failures of the session.
    Errors,
    /// Age of the quote of what is held.
    QuoteAge,
    /// An order that waits too long for an answer.
    OrderPending,
    /// An order that has been working too long.
    OrderOld,
    /// A position without a protective stop.
    NoStop,
    /// A target or stop that still works though what it was to close is gone.
    OrphanExit,
    /// A position that came or went at the venue without us.
    PositionChanged,
    /// A fill larger than its order.
    Overfill,
    /// A stream that is down.
    StreamDown,
    /// The clock against the venue's.
    ClockSkew,
    /// Requests left before the venue refuses.
    RateLimit,
    /// A token or login near its end.
    TokenExpiry,
    /// An algorithm that gives no sign of life.
    Heartbeat,
}

impl Rule {
    /// All of them, as the Risk pane lists them.
    pub const ALL: [Self; 27] = [
        Self::DailyLoss,
        Self::WeeklyLoss,
        Self::Drawdown,
        Self::GiveBack,
        Self::LossStreak,
        Self::TradeCount,
        Self::TimeWindow,
        Self::PositionLoss,
        Self::MarginLow,
        Self::MarginCall,
        Self::MarginOut,
        Self::NegativeCash,
        Self::OrdersPerDay,
        Self::OrderRate,
        Self::Errors,
        Self::QuoteAge,
        Self::OrderPending,
        Self::OrderOld,
        Self::NoStop,
        Self::OrphanExit,
        Self::PositionChanged,
        Self::Overfill,
        Self::StreamDown,
        Self::ClockSkew,
        Self::RateLimit,
        Self::TokenExpiry,
        Self::Heartbeat,
    ];
    /// For people: `daily loss`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DailyLoss => "daily loss",
            Self::WeeklyLoss => "weekly loss",
            Self::Drawdown => "drawdown",
            Self::GiveBack => "give-back",
            Self::LossStreak => "loss streak",
            Self::TradeCount => "trade count",
            Self::TimeWindow => "time window",
            Self::PositionLoss => "position loss",
            Self::MarginLow => "margin low",
            Self::MarginCall => "margin call",
            Self::MarginOut => "margin out",
            Self::NegativeCash => "negative cash",
            Self::OrdersPerDay => "orders per day",
            Self::OrderRate => "order rate",
            Self::Errors => "errors",
            Self::QuoteAge => "quote age",
            Self::OrderPending => "order pending",
            Self::OrderOld => "order old",
            Self::NoStop => "no stop",
            Self::OrphanExit => "orphan exit",
            Self::PositionChanged => "position changed",
            Self::Overfill => "overfill",
            Self::StreamDown => "stream down",
            Self::ClockSkew => "clock skew",
            Self::RateLimit => "rate limit",
            Self::TokenExpiry => "token expiry",
            Self::Heartbeat => "heartbeat",
        }
    }
    /// How long its latch stands where the trader set no lock-out, if it does what `response` says.
    pub const fn stands(self, response: Response) -> Until {
        match self {
            Self::DailyLoss
            | Self::Drawdown
            | Self::GiveBack
            | Self::LossStreak
            | Self::TradeCount
            | Self::OrdersPerDay
            | Self::Errors => Until::Session,
            Self::WeeklyLoss => Until::Week,
            Self::OrderRate => Until::Person,
            // What only was said is forgotten with the day; what blocks waits for somebody who has looked.
            Self::PositionChanged | Self::Overfill if response.blocks() => Until::Person,
            Self::PositionChanged | Self::Overfill => Until::Session,
            Self::TimeWindow
            | Self::PositionLoss
            | Self::MarginLow
            | Self::MarginCall
            | Self::MarginOut
            | Self::NegativeCash
            | Self::QuoteAge
            | Self::OrderPending
            | Self::OrderOld
            | Self::NoStop
            | Self::OrphanExit
            | Self::StreamDown
            | Self::ClockSkew
            | Self::RateLimit
            | Self::TokenExpiry
            | Self::Heartbeat => Until::Clears,
        }
    }
    /// Is it judged by money and marks? Where those are missing or too old, what it would block is blocked.
    pub const fn is_of_money(self) -> bool {
        match self {
            Self::DailyLoss
            | Self::WeeklyLoss
            | Self::Drawdown
            | Self::GiveBack
            | Self::PositionLoss
            | Self::MarginLow
            | Self::MarginCall
            | Self::MarginOut
            | Self::NegativeCash => true,
            Self::LossStreak
            | Self::TradeCount
            | Self::TimeWindow
            | Self::OrdersPerDay
            | Self::OrderRate
            | Self::Errors
            | Self::QuoteAge
            | Self::OrderPending
            | Self::OrderOld
            | Self::NoStop
            | Self::OrphanExit
            | Self::PositionChanged
            | Self::Overfill
            | Self::StreamDown
            | Self::ClockSkew
            | Self::RateLimit
            | Self::TokenExpiry
            | Self::Heartbeat => false,
        }
    }
    /// Is it of one symbol, so that only that can be closed?
    pub const fn is_of_symbol(self) -> bool {
        match self {
            Self::PositionLoss
            | Self::QuoteAge
            | Self::OrderPending
            | Self::OrderOld
            | Self::NoStop
            | Self::OrphanExit
            | Self::PositionChanged
            | Self::Overfill => true,
            Self::DailyLoss
            | Self::WeeklyLoss
            | Self::Drawdown
            | Self::GiveBack
            | Self::LossStreak
            | Self::TradeCount
            | Self::TimeWindow
            | Self::MarginLow
            | Self::MarginCall
            | Self::MarginOut
            | Self::NegativeCash
            | Self::OrdersPerDay
            | Self::OrderRate
            | Self::Errors
            | Self::StreamDown
            | Self::ClockSkew
            | Self::RateLimit
            | Self::TokenExpiry
            | Self::Heartbeat => false,
        }
    }
}

/// What is done when a rule trips. Each holds what stands above it; no response stops an exit or a reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// Not watched.
    Off,
    /// Says so.
    Alert,
    /// Refuses what opens risk where the rule tripped.
    BlockEntries,
    /// Cancels working orders that would open risk, too.
    CancelEntries,
    /// Closes the symbol.
    FlattenSymbol,
    /// Closes everything at the venue.
    FlattenVenue,
    /// Closes everything at every venue of its kind (paper or live).
    FlattenAll,
}

impl Response {
    /// As it is written in the configuration and on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Alert => "alert",
            Self::BlockEntries => "block entries",
            Self::CancelEntries => "cancel entries",
            Self::FlattenSymbol => "flatten symbol",
            Self::FlattenVenue => "flatten venue",
            Self::FlattenAll => "flatten all",
        }
    }
    /// Are entries refused while it stands?
    pub const fn blocks(self) -> bool {
        match self {
            Self::Off | Self::Alert => false,
            Self::BlockEntries
            | Self::CancelEntries
            | Self::FlattenSymbol
            | Self::FlattenVenue
            | Self::FlattenAll => true,
        }
    }
}

/// How long a latch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// While what tripped it is so.
    Clears,
    /// Until the venue's next trading day.
    Session,
    /// Until the venue's next trading week.
    Week,
    /// Until a person unlocks.
    Person,
    /// Until then; a person can't lift it.
    LockedOut(Stamp),
}

impl LatchKey {
    /// Of a whole venue.
    pub const fn of_venue(rule: Rule, venue: VenueId) -> Self {
        Self { rule, venue: Some(venue), symbol: None }
    }
    /// Of one symbol.
    pub fn of_symbol(rule: Rule, instrument: &InstrumentId) -> Self {
        Self { rule, venue: Some(instrument.venue.clone()), symbol: Some(instrument.symbol.clone()) }
    }
}

/// What tripped, and where. One latch for each: tripping again replaces it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LatchKey {
    /// Which rule.
    pub rule: Rule,
    /// Where; `None` is everywhere.
    pub venue: Option<VenueId>,
    /// Of one symbol only.
    pub symbol: Option<Symbol>,
}

/// A rule that tripped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// What and where.
    pub key: LatchKey,
    /// What is done.
    pub response: Response,
    /// How long it stands.
    pub until: Until,
    /// One sentence with the numbers.
    pub reason: Text,
}
