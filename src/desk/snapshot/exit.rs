//! Exits: the one under way with all its parts, and what the journal tells of others.

use crate::domain::{
    ids::VenueId,
    text::Text,
    time::{Mono, Stamp},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// An exit under way, or the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRow {
    /// Which.
    pub id: u64,
    /// What it covers.
    pub scope: Text,
    /// One line a venue.
    pub venues: Vec<ExitVenue>,
    /// One line an algorithm that runs elsewhere.
    #[serde(default)]
    pub algorithms: Vec<ExitAlgorithm>,
    /// When it began.
    pub began: Mono,
    /// When it ended.
    pub ended: Option<Mono>,
    /// `Some(true)` is flat, proven by the venue; `Some(false)` is ended with something left.
    pub flat: Option<bool>,
}

/// One algorithm's part of an exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitAlgorithm {
    /// Which.
    pub name: SmolStr,
    /// What it does now, or how it ended, in words.
    pub phase: SmolStr,
    /// `Some(true)` is flat (or stopped, where its venue's exit closes) by what its source shows.
    pub flat: Option<bool>,
    /// What it answered.
    pub said: Text,
    /// What is left and why.
    pub left: Option<Text>,
    /// How long it took, or has been going on, milliseconds.
    pub took_ms: u64,
}

/// One venue's part of an exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitVenue {
    /// Which.
    pub venue: VenueId,
    /// What it does now, or how it ended, in words.
    pub phase: SmolStr,
    /// Orders to cancel at first.
    pub orders: u32,
    /// Of those, gone.
    pub orders_gone: u32,
    /// Positions to close at first.
    pub positions: u32,
    /// Of those, flat.
    pub positions_flat: u32,
    /// What is left and why.
    pub left: Vec<Text>,
    /// The last error.
    pub error: Option<Text>,
    /// How long it took, or has been going on, milliseconds.
    #[serde(default)]
    pub took_ms: u64,
    /// How often positions were closed and read back.
    #[serde(default)]
    pub rounds: u32,
}

/// An exit as the journal knows it, also one of another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitNote {
    /// Which.
    pub id: u64,
    /// What it covers.
    pub scope: Text,
    /// When it ended, or began where it has not.
    pub at: Stamp,
    /// A living run goes on with it.
    pub under_way: bool,
    /// How it ended; `None` while it has not.
    pub flat: Option<bool>,
    /// What is left and why.
    pub report: Text,
}
