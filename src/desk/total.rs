//! Accounts at several venues together, in one currency.

use crate::domain::{
    ids::{Currency, InstrumentId},
    money::{Money, Percent, Ratio},
    text::Text,
    time::Mono,
};
use serde::{Deserialize, Serialize};

/// The accounts together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// Their sums.
    Sum(Box<TotalRow>),
    /// They can't be added: why, and what would help.
    Missing(Text),
}

/// The sums. One that an account does not tell its part of is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalRow {
    /// What the amounts are in.
    pub currency: Currency,
    /// Cash and positions at market.
    pub equity: Option<Money>,
    /// Cash.
    pub cash: Option<Money>,
    /// Buying power left, each for its own venue alone.
    pub buying_power: Option<Money>,
    /// Initial margin used.
    pub initial_margin: Option<Money>,
    /// Maintenance margin used.
    pub maintenance_margin: Option<Money>,
    /// Realized since the sessions began.
    pub realized: Option<Money>,
    /// Unrealized now.
    pub unrealized: Option<Money>,
    /// Fees since the sessions began.
    pub fees: Option<Money>,
    /// Profit and loss of the day, at the present rates.
    pub day_pnl: Option<Money>,
    /// The same, of yesterday's equity.
    pub day_percent: Option<Percent>,
    /// Sum of absolute values.
    pub gross: Option<Money>,
    /// Sum with direction.
    pub net: Option<Money>,
    /// Positions above zero.
    pub longs: u32,
    /// Positions below zero.
    pub shorts: u32,
    /// What the amounts of other currencies were worth.
    pub rates: Vec<Rate>,
}

impl TotalRow {
    /// When the oldest rate that is quoted was heard; `None` where none was needed.
    pub fn oldest(&self) -> Option<Mono> {
        self.rates
            .iter()
            .filter_map(|r| if let Source::Quote { at, .. } = r.source { Some(at) } else { None })
            .min()
    }
}

/// What one unit of a currency is worth in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// One unit of this …
    pub from: Currency,
    /// … in this …
    pub to: Currency,
    /// … is so much.
    pub rate: Ratio,
    /// Who says so.
    pub source: Source,
}

/// Where a rate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A market.
    Quote {
        /// Which.
        instrument: InstrumentId,
        /// When it was last heard of.
        at: Mono,
    },
    /// The configuration.
    Fixed,
}
