//! What a venue can do. The ticket offers just that; the gate refuses the rest with a sentence.

use super::{
    instrument::AssetClass,
    order::{OrderKind, Tif},
};
use serde::{Deserialize, Serialize};

/// What a venue takes for one class of instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCapability {
    /// Which class.
    pub class: AssetClass,
    /// Order types.
    pub kinds: Vec<OrderKind>,
    /// Times in force, by their words (`gtd` has a date of its own).
    pub tifs: Vec<TifWord>,
    /// Entry with target and stop, at the venue.
    pub bracket: bool,
    /// One cancels the other, at the venue.
    pub oco: bool,
    /// One triggers the other, at the venue.
    pub oto: bool,
    /// Exits can wait at the venue for a limit order only, not for one at the market.
    pub waits_on_limits: bool,
    /// Fractions of a unit.
    pub fractional: bool,
    /// Orders in money instead of units.
    pub notional: bool,
    /// Fills outside regular hours.
    pub extended: bool,
    /// Post-only.
    pub post_only: bool,
    /// Reduce-only, enforced by the venue.
    pub reduce_only: bool,
    /// Positions below zero.
    pub short: bool,
    /// Working orders can be changed.
    pub replace: bool,
    /// Icebergs: limit orders of which a part is shown, where the instrument takes them
    /// ([`Instrument::icebergs`](super::instrument::Instrument::icebergs)).
    pub iceberg: bool,
}

/// A time in force without its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TifWord {
    /// Day.
    Day,
    /// Until cancelled.
    Gtc,
    /// Until a date.
    Gtd,
    /// Immediate or cancel.
    Ioc,
    /// Fill or kill.
    Fok,
    /// Opening auction.
    Opg,
    /// Closing auction.
    Cls,
}

impl TifWord {
    /// `day`, `gtc`, …
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Gtc => "gtc",
            Self::Gtd => "gtd",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::Opg => "opg",
            Self::Cls => "cls",
        }
    }
    /// The time in force, where it needs no date.
    pub const fn plain(self) -> Option<Tif> {
        match self {
            Self::Day => Some(Tif::Day),
            Self::Gtc => Some(Tif::Gtc),
            Self::Gtd => None,
            Self::Ioc => Some(Tif::Ioc),
            Self::Fok => Some(Tif::Fok),
            Self::Opg => Some(Tif::Opg),
            Self::Cls => Some(Tif::Cls),
        }
    }
}

impl From<Tif> for TifWord {
    fn from(tif: Tif) -> Self {
        match tif {
            Tif::Day => Self::Day,
            Tif::Gtc => Self::Gtc,
            Tif::Gtd(_) => Self::Gtd,
            Tif::Ioc => Self::Ioc,
            Tif::Fok => Self::Fok,
            Tif::Opg => Self::Opg,
            Tif::Cls => Self::Cls,
        }
    }
}

/// What a venue can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// By class of instrument; a class that is not listed can't be traded there.
    pub classes: Vec<ClassCapability>,
    /// One call cancels everything.
    pub cancel_all: bool,
    /// Requests per minute that the venue documents.
    pub requests_per_min: u32,
}

impl Capability {
    /// For one class.
    pub fn of(&self, class: AssetClass) -> Option<&ClassCapability> {
        self.classes.iter().find(|c| c.class == class)
    }
    /// Does it keep no hours? A venue of perpetual swaps trades them round the clock, and its futures with them.
    pub fn never_closes(&self) -> bool {
        self.of(AssetClass::Perpetual).is_some()
    }
}
