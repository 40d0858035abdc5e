//! How a day went at a venue, as it is told at the end of its session.

use super::{
    alert::Severity,
    ids::{Currency, Symbol, VenueId},
    money::{Money, Percent, SignedQty},
    text::Text,
    time::Stamp,
};
use smol_str::SmolStr;

/// So many positions are named; the rest are counted.
pub const POSITIONS_MAX: usize = 20;

/// What is told of a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryPosition {
    /// What.
    pub symbol: Symbol,
    /// How much, short below zero.
    pub qty: SignedQty,
    /// What it is worth.
    pub value: Option<Money>,
    /// What it earned today.
    pub day_pnl: Option<Money>,
}

/// The money of an account, or of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// What the amounts are in.
    pub currency: Currency,
    /// Cash and positions at market.
    pub equity: Option<Money>,
    /// Profit and loss of the day.
    pub day_pnl: Option<Money>,
    /// The same, of the equity that the day began with.
    pub day_percent: Option<Percent>,
    /// Fees of the day.
    pub fees: Option<Money>,
    /// Cash.
    pub cash: Option<Money>,
}

/// The money of all accounts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Together {
    /// There is one account.
    Alone,
    /// Their sums.
    Sum(Box<Figures>),
    /// They can't be added, and why.
    Missing(Text),
}

/// One day at one venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Where.
    pub venue: VenueId,
    /// The trading day, as the venue's calendar names it: `2026-11-30`.
    pub day: SmolStr,
    /// When the figures were taken.
    pub at: Stamp,
    /// It is told when the day was over already: the program was not running at the session's end.
    pub late: bool,
    /// The account's money; `None` where the venue has not told it.
    pub figures: Option<Figures>,
    /// All accounts together.
    pub together: Together,
    /// What is held, at most [`POSITIONS_MAX`].
    pub positions: Vec<SummaryPosition>,
    /// How many positions more.
    pub more: u64,
    /// Orders that work.
    pub working: u64,
    /// Orders that filled today, whole or in part.
    pub filled: u64,
    /// Alerts of the day, by how bad they were, the mildest first.
    pub alerts: [(Severity, u64); 4],
    /// What each algorithm at this venue, or without one, earned today.
    pub algorithms: Vec<(SmolStr, Option<Money>)>,
}
