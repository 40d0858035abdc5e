//! Rows of the tables that tell what happened: differences with the venues, algorithms, execution figures.

use crate::domain::{
    algorithm::Observation,
    ids::{InstrumentId, OrderId, VenueId},
    money::Money,
    text::Text,
    time::{Mono, Stamp},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

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
    /// Nothing was heard of it yet, or its source can't be read.
    Unseen,
    /// Not a program: what a person here did, or what nobody claims.
    Nobody,
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
            Self::Unseen => "unseen",
            Self::Nobody => "",
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
    /// Profit and loss that is not realised.
    #[serde(default)]
    pub unrealized: Option<Money>,
    /// Fees, of the day where the fills are counted here.
    #[serde(default)]
    pub fees: Option<Money>,
    /// What a person must know of it now: why it is paused, that it is NOT FLAT, what is in the way of seeing it.
    #[serde(default)]
    pub note: Option<Text>,
    /// It takes instructions.
    #[serde(default)]
    pub takes: bool,
    /// Its entries can be cancelled as they appear.
    #[serde(default)]
    pub pauses: bool,
    /// All that is known of it.
    #[serde(default)]
    pub seen: Option<Arc<Observation>>,
}
