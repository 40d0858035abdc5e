//! Rows of the Risk pane: rules as gauges, and what a margin call would close.

use crate::domain::{
    ids::{InstrumentId, Symbol, VenueId},
    money::{Money, Percent, Qty},
    order::Side,
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskState {
    /// Not watched.
    Off,
    /// Far from its limit.
    Clear,
    /// Four fifths of its limit are used.
    Near,
    /// Its latch stands.
    Tripped,
    /// What it is judged by is missing or too old: entries that it would judge are refused.
    Unknown,
}

/// One rule as a gauge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskRow {
    /// Of which venue; `None` is the whole desk.
    pub venue: Option<VenueId>,
    /// Of which symbol, where it is one's own.
    pub symbol: Option<Symbol>,
    /// Which rule: `daily loss`.
    pub rule: SmolStr,
    /// How much is used, in words with its unit.
    pub used: Text,
    /// Of how much.
    pub limit: Text,
    /// The same as a share, for the gauge; `None` where it has none.
    pub share: Option<Percent>,
    /// How it stands.
    pub state: RiskState,
    /// What happens when it trips: `block entries`.
    pub response: SmolStr,
    /// Until when its latch stands, where that is a time.
    pub until: Option<Stamp>,
    /// Why it tripped.
    pub reason: Option<Text>,
}

/// One order of a margin call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginCallRow {
    /// What would be closed.
    pub instrument: InstrumentId,
    /// On which side.
    pub side: Side,
    /// How much of it.
    pub qty: Qty,
    /// Its unrealized profit or loss: the largest loss goes first.
    pub unrealized: Option<Money>,
}
