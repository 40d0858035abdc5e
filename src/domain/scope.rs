//! What an exit covers, how much of it goes, and what follows: the plan that the journal keeps, so that an exit cut
//! off by a crash is taken up again as it was meant.

use super::{
    draft::Share,
    ids::{AccountId, Instance, InstrumentId, Symbol, VenueId},
    money::{Price, Qty},
    order::{OrderSpec, StopLeg},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Which positions of those in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Every one.
    #[default]
    All,
    /// Above zero.
    Longs,
    /// Below zero.
    Shorts,
    /// Those that would be closed with a profit, by the mark at the moment of the stroke.
    Winners,
    /// Those that would be closed with a loss, likewise.
    Losers,
}

impl Pick {
    /// As it is typed; `all` is left out.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Longs => "longs",
            Self::Shorts => "shorts",
            Self::Winners => "winners",
            Self::Losers => "losers",
        }
    }
}

/// What a flatten covers. The parts narrow each other. Live and paper accounts are never in one scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only this venue.
    pub venue: Option<VenueId>,
    /// Only the account with this number.
    pub account: Option<AccountId>,
    /// Only orders of this algorithm (their tag, or what their client ids begin with), and what their fills hold.
    pub algorithm: Option<SmolStr>,
    /// Which positions.
    pub pick: Pick,
    /// How much of each.
    pub share: Share,
}

impl Scope {
    /// One symbol, at one venue or wherever it is held.
    pub fn of_symbol(symbol: Symbol, venue: Option<VenueId>) -> Self {
        Self { symbol: Some(symbol), venue, ..Self::default() }
    }
    /// Everything at one venue.
    pub fn of_venue(venue: VenueId) -> Self {
        Self { venue: Some(venue), ..Self::default() }
    }
    /// Everything at a venue, whole: what an account must be locked for, so that nothing slips in behind it.
    pub fn is_everything(&self) -> bool {
        self.symbol.is_none()
            && self.algorithm.is_none()
            && self.pick == Pick::All
            && self.share == Share::All
    }
}

/// What follows once an exit is through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Nothing.
    #[default]
    Nothing,
    /// Put the same protection on what was kept.
    Protect {
        /// The stop that stood.
        stop: Option<StopLeg>,
        /// The target that stood.
        target: Option<Price>,
    },
    /// Open the opposite position, through the gate. Never taken up after a crash.
    Open(Box<OrderSpec>),
}

/// One exit at one venue, as it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitPlan {
    /// Whose it is: another run that lives goes on with its own.
    pub instance: Instance,
    /// Where.
    pub venue: VenueId,
    /// What was asked for.
    pub scope: Scope,
    /// Where the scope picks by side, by profit or by algorithm: what was picked when it began. `None` is whatever
    /// the scope holds, also what is filled while it goes on.
    pub picked: Option<Vec<InstrumentId>>,
    /// What follows.
    pub then: Then,
}

/// How much of each position an exit leaves. Counted once, when the venue was first read: half of a position stays
/// half of what it was, however often the exit is taken up.
pub type Kept = BTreeMap<InstrumentId, Qty>;
