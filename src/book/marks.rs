//! Marks: what the market says now. The hot path of the program: one lookup and an overwrite a message, no
//! allocation, and the profit of what is held kept up to date.

use crate::domain::{
    ids::InstrumentId,
    money::{Money, Price, Qty, Ratio, SignedQty},
    quote::Market,
    time::{Mono, Now, Stamp},
};

/// How many points a sparkline has.
pub const SPARK_POINTS: usize = 60;

/// What a market message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// Taken in.
    Fresh,
    /// Taken in as an instrument that was not there yet.
    New,
    /// Older than what is known, by the venue's time; put aside.
    Old,
    /// Not believable; flagged, the last good one stays.
    Bad(BadQuote),
    /// Nothing that marks are made of (a bar).
    Ignored,
}

/// Why a quote is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadQuote {
    /// The bid is above the ask.
    Crossed,
    /// Zero, or below zero where that can't be.
    NotPositive,
    /// More than ten times, or less than a tenth of, the last good price.
    Jump,
}

/// The touch: best bid and ask, as last believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// Best bid and its size.
    pub bid: Option<(Price, Qty)>,
    /// Best ask and its size.
    pub ask: Option<(Price, Qty)>,
    /// The venue's time.
    pub at: Stamp,
    /// When it reached us.
    pub received: Mono,
}

/// The last print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// At.
    pub price: Price,
    /// How much.
    pub size: Qty,
    /// The venue's time.
    pub at: Stamp,
    /// When it reached us.
    pub received: Mono,
}

/// What is held of an instrument, for its profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// How much.
    pub qty: SignedQty,
    /// Its average entry.
    pub avg_price: Option<Price>,
    /// Money per unit and point.
    pub multiplier: Ratio,
    /// Unrealized profit at the present mark.
    pub unrealized: Option<Money>,
    /// Market value at the present mark.
    pub value: Option<Money>,
}

/// Everything the market says of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Of what.
    pub instrument: InstrumentId,
    /// The touch, as last believed.
    pub touch: Option<Touch>,
    /// The last print.
    pub last: Option<Print>,
    /// The newest quote or print was not believable, since then.
    pub bad: Option<(BadQuote, Mono)>,
    /// Close of the session before.
    pub previous_close: Option<Price>,
    /// Units traded today.
    pub volume: Option<Qty>,
    /// What is held of it.
    pub holding: Option<Holding>,
}

impl Mark {
    /// What one unit is worth now: the last print held inside the touch; the middle of the touch where nothing
    /// printed; the venue's own last price where there is neither.
    pub fn price(&self) -> Option<Price> {
        unimplemented!()
    }
    /// Best bid.
    pub fn bid(&self) -> Option<Price> {
        self.touch.and_then(|t| t.bid).map(|(p, _)| p)
    }
    /// Best ask.
    pub fn ask(&self) -> Option<Price> {
        self.touch.and_then(|t| t.ask).map(|(p, _)| p)
    }
    /// Half way between bid and ask.
    pub fn mid(&self) -> Option<Price> {
        self.bid()?.midpoint(self.ask()?)
    }
    /// How old the touch is; `None` without one.
    pub fn quote_age_ms(&self, _now: Now) -> Option<u64> {
        unimplemented!()
    }
    /// The sparkline, oldest first.
    pub fn spark(&self) -> impl Iterator<Item = Price> {
        std::iter::empty()
    }
    /// Change since the close before, in per cent.
    pub fn day_change(&self) -> Option<crate::domain::money::Percent> {
        unimplemented!()
    }
}

/// All marks.
#[derive(Debug, Default)]
pub struct Marks {}

impl Marks {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Takes in market news.
    pub fn apply(&mut self, _news: &Market) -> Marked {
        unimplemented!()
    }
    /// One instrument's mark.
    pub fn get(&self, _instrument: &InstrumentId) -> Option<&Mark> {
        unimplemented!()
    }
    /// All marks, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = &Mark> {
        std::iter::empty()
    }
    /// Says what is held of an instrument, so that its profit is kept up to date; call it after a fact that moved
    /// the position. Flat is a quantity of zero.
    pub fn hold(
        &mut self,
        _instrument: &InstrumentId,
        _qty: SignedQty,
        _avg_price: Option<Price>,
        _multiplier: Ratio,
    ) {
        unimplemented!()
    }
    /// The venue's own last price (from a position report), a mark of last resort.
    pub fn venue_last(&mut self, _instrument: &InstrumentId, _price: Price) {
        unimplemented!()
    }
}
