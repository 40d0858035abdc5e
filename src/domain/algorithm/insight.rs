//! What an algorithm predicts: LEAN's insights, as they were made.

use crate::domain::{money::Ratio, text::Text, time::Stamp};
use serde::{Deserialize, Serialize};

/// Where a security is seen to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Nowhere: out of it.
    Flat,
    /// A word that nobody here knows.
    Unknown,
}

impl Heading {
    /// `up`, `down`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Flat => "flat",
            Self::Unknown => "unknown",
        }
    }
}

/// One prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insight {
    /// Its name, unique.
    pub id: Text,
    /// Of what.
    pub symbol: Text,
    /// Which way.
    pub heading: Heading,
    /// What is predicted: `price`, `volatility`.
    pub kind: Text,
    /// Which part of the program predicts it.
    pub model: Text,
    /// When it was made.
    pub made: Option<Stamp>,
    /// Until when it holds.
    pub until: Option<Stamp>,
    /// By how much, as a fraction.
    pub magnitude: Option<Ratio>,
    /// How sure it is, of one.
    pub confidence: Option<Ratio>,
    /// Its share of the portfolio, as a fraction.
    pub weight: Option<Ratio>,
    /// What its program wrote on it.
    pub tag: Text,
}

/// All that are told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Insights {
    /// As of when. `None`: nothing was told.
    pub as_of: Option<Stamp>,
    /// Oldest first; the last five hundred.
    pub rows: Vec<Insight>,
}
