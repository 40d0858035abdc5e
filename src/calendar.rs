//! Sessions: when a market is open, when its trading day begins, and how long the present phase lasts.

use crate::domain::{instrument::AssetClass, time::Stamp};
use jiff::civil::Date;

/// A market's hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Calendar {
    /// United States shares and options: New York hours, holidays and early closes.
    UsEquity,
    /// Always open; the day begins at midnight UTC.
    Always,
    /// Currencies: Sunday 17:00 to Friday 17:00 New York; the day begins at 17:00.
    ForexWeek,
}

/// A phase of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before the open (04:00 to 09:30).
    Pre,
    /// Regular hours.
    Regular,
    /// After the close, until 20:00 (17:00 on days of early close).
    After,
    /// Closed.
    Closed,
}

impl Phase {
    /// `pre`, `regular`, `after`, `closed`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Regular => "regular",
            Self::After => "after",
            Self::Closed => "closed",
        }
    }
}

/// Where in its day a market is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The phase.
    pub phase: Phase,
    /// When it ends; `None` when it never does.
    pub until: Option<Stamp>,
}

impl Calendar {
    /// The calendar of a class of instrument.
    pub const fn of(class: AssetClass) -> Self {
        match class {
            AssetClass::Equity | AssetClass::Option => Self::UsEquity,
            AssetClass::Crypto | AssetClass::Perpetual => Self::Always,
            AssetClass::Forex | AssetClass::Cfd | AssetClass::Future => Self::ForexWeek,
        }
    }
    /// The session at an instant.
    pub fn session_at(self, _at: Stamp) -> Session {
        unimplemented!()
    }
    /// The trading day that an instant belongs to, by the market's own calendar.
    pub fn trading_day(self, _at: Stamp) -> Date {
        unimplemented!()
    }
    /// When the trading day that `at` belongs to began.
    pub fn day_began(self, _at: Stamp) -> Stamp {
        unimplemented!()
    }
}
