//! Figures for people: profit and loss, exposure, the equity curve, execution quality.

use crate::{
    book::{Book, FillRow, Mark, Marks, PositionRow},
    domain::{
        ids::VenueId,
        money::{Money, Percent, Price, Ratio},
        time::Stamp,
    },
};
use serde::{Deserialize, Serialize};

/// One position's figures. `None` where an input is missing; never a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PositionFigures {
    /// What one unit is worth.
    pub last: Option<Price>,
    /// Market value, with sign.
    pub value: Option<Money>,
    /// Unrealized profit.
    pub unrealized: Option<Money>,
    /// The same, per cent of cost.
    pub unrealized_percent: Option<Percent>,
    /// Profit since the trading day began, realized and not, without fees.
    pub day: Option<Money>,
    /// What is lost from here if the working stop fills at its price; below zero locks in a profit.
    pub risk_to_stop: Option<Money>,
    /// Unrealized by the risk from entry to stop.
    pub r_multiple: Option<Ratio>,
    /// The working stop's price.
    pub stop: Option<Price>,
    /// Value as a share of the account's equity.
    pub equity_share: Option<Percent>,
}

/// One venue's figures, in its account's currency. Positions in other currencies are counted in `left_out`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VenueFigures {
    /// Realized since the trading day began, without fees.
    pub realized_today: Money,
    /// Unrealized.
    pub unrealized: Money,
    /// Fees since the trading day began.
    pub fees_today: Money,
    /// Day's profit: by the account's equity where the venue gives yesterday's, else from the positions.
    pub day: Option<Money>,
    /// The same, per cent.
    pub day_percent: Option<Percent>,
    /// Value of long positions.
    pub long: Money,
    /// Value of short positions, above zero.
    pub short: Money,
    /// How many are long.
    pub longs: u32,
    /// How many are short.
    pub shorts: u32,
    /// Positions that could not be counted: no mark, or another currency.
    pub left_out: u32,
}

/// Works out one position's figures.
pub fn position(_book: &Book, _row: &PositionRow, _mark: Option<&Mark>) -> PositionFigures {
    unimplemented!()
}

/// Works out one venue's figures.
pub fn venue(_book: &Book, _marks: &Marks, _venue: &VenueId) -> VenueFigures {
    unimplemented!()
}

/// What a fill cost against a price that stood when its order was made, basis points; above zero is a cost.
pub fn slippage_bps(_fill: &FillRow, _reference: Price) -> Option<Ratio> {
    unimplemented!()
}

/// The equity of one account over the day: a point each 15 seconds, bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EquityCurve {}

impl EquityCurve {
    /// Takes the present equity; makes a point when the last is 15 seconds old, else moves the last.
    pub fn add(&mut self, _at: Stamp, _equity: Money) {
        unimplemented!()
    }
    /// The points, oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (Stamp, Money)> {
        std::iter::empty()
    }
    /// The day's highest.
    pub fn high(&self) -> Option<Money> {
        unimplemented!()
    }
    /// How far below the day's highest, per cent, zero or below.
    pub fn drawdown(&self) -> Option<Percent> {
        unimplemented!()
    }
    /// A new trading day: start anew.
    pub fn begin_day(&mut self) {
        unimplemented!()
    }
}
