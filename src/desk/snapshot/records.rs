//! Rows of the tables that tell what happened: differences with the venues, algorithms, execution figures.

use crate::domain::{
    ids::{InstrumentId, OrderId, VenueId},
    money::Money,
    text::Text,
    time::{Mono, Stamp},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What kind of difference between the book and a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A fill that no stream had told, found in the venue's reports.
    MissedFill,
    /// A fill that follows from an order's figures: the venue's record of it has not come.
    InferredFill,
    /// An order that nobody here made.
    ForeignOrder,
    /// A position, or a part of one, that no fill here explains.
    ForeignPosition,
    /// The venue says something else than the fills; it is being asked again.
    Doubt,
    /// An open order that the venue does not have.
    NotAtVenue,
}

impl DifferenceKind {
    /// `missed fill`, `foreign order`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::MissedFill => "missed fill",
            Self::InferredFill => "inferred fill",
            Self::ForeignOrder => "foreign order",
            Self::ForeignPosition => "foreign position",
            Self::Doubt => "doubt",
            Self::NotAtVenue => "not at venue",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// Its number in this run, for the selection.
    pub id: u64,
    /// When it was noticed.
    pub at: Stamp,
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub instrument: Option<InstrumentId>,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// What kind.
    pub kind: DifferenceKind,
    /// One sentence with both figures.
    pub text: Text,
    /// It waits for a person: adopt or close.
    pub is_open: bool,
}

/// How an algorithm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlgorithmState {
    /// It gives signs of life.
    Running,
    /// Its entries are cancelled as they appear.
    Paused,
    /// It ended by itself or was stopped.
    Stopped,
    /// It failed.
    Failed,
    /// No sign of life for too long.
    Silent,
}

impl AlgorithmState {
    /// `running`, `paused`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Failed => "FAILED",
            Self::Silent => "SILENT",
        }
    }
}

/// A program that trades on one of the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlgorithmRow {
    /// Its name in the configuration.
    pub name: SmolStr,
    /// Where it is known from: `lean folder`, `client id prefix`, …
    pub source: SmolStr,
    /// The venue that it trades at, where that is one of ours.
    pub venue: Option<VenueId>,
    /// How it stands.
    pub state: AlgorithmState,
    /// Its equity.
    pub equity: Option<Money>,
    /// Its profit and loss of the day.
    pub day_pnl: Option<Money>,
    /// How many positions it holds.
    pub holdings: u32,
    /// How many of its orders work.
    pub orders: u32,
    /// When it last gave a sign of life.
    pub heartbeat: Option<Mono>,
    /// The last line of its log.
    pub log: Option<Text>,
}
