//! Marks: what the market says now. The hot path of the program: one lookup and an overwrite a message, no
//! allocation, and the profit of what is held kept up to date.

mod spark;

pub use self::spark::SPARK_POINTS;

use self::spark::Spark;
use crate::domain::{
    ids::InstrumentId,
    money::{Money, Percent, Price, Qty, SignedQty},
    names::short_hash,
    payoff::Payoff,
    quote::{Day, Market, Quote, Trade},
    time::{Mono, Now, Stamp},
};
use hashbrown::HashTable;
use rust_decimal::Decimal;
use std::cell::Cell;

/// A sparkline has one point for each of these.
pub const SPARK_EACH_MS: u64 = 5_000;
/// For so long a jump is not believed; what stands longer is the new level (a split, a crash).
pub const JUMP_BELIEVED_MS: u64 = 30_000;
/// A message older than the newest by less than this came out of order; by more, the venue's clock was wrong.
const OUT_OF_ORDER_MS: i64 = 60_000;

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

impl BadQuote {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Crossed => "the bid is above the ask",
            Self::NotPositive => "a price is not above zero",
            Self::Jump => "ten times off the last price",
        }
    }
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
    /// What one unit pays.
    pub payoff: Payoff,
    /// Unrealized profit at the present mark.
    pub unrealized: Option<Money>,
    /// Market value at the present mark.
    pub value: Option<Money>,
}

impl Holding {
    fn mark(&mut self, price: Option<Price>) {
        self.value = self.payoff.value(self.qty, price);
        let between = self.avg_price.zip(price);
        self.unrealized = between.and_then(|(entry, now)| self.payoff.profit_between(self.qty, entry, now));
    }
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
    /// Close of the session before.
    pub previous_close: Option<Price>,
    /// Units traded today.
    pub volume: Option<Qty>,
    /// What of it is in the sums of its account.
    pub(super) burden: Option<Box<super::burden::Burden>>,
    /// Its place is in the list of what is carried.
    pub(super) is_listed: bool,
    may_be_negative: bool,
    /// What is believed: from a tenth to ten times of a price at most [`SPARK_EACH_MS`] old.
    band: Option<(Price, Price)>,
    band_at: Mono,
    /// What few of many have.
    rare: Option<Box<Rare>>,
}

/// What is there only of what is held or looked at, or told wrongly: beside the marks, so that among ten thousand of
/// them those that have none of it are small.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rare {
    /// What is held of it.
    holding: Option<Holding>,
    /// The newest quote or print was not believable, since then.
    bad: Option<(BadQuote, Mono)>,
    /// The venue's own last price, from a position report.
    venue_last: Option<Price>,
    /// Only where it is drawn.
    spark: Option<Spark>,
}

impl Mark {
    fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            touch: None,
            last: None,
            previous_close: None,
            volume: None,
            burden: None,
            is_listed: false,
            may_be_negative: false,
            band: None,
            band_at: Mono::default(),
            rare: None,
        }
    }

    /// What one unit is worth now: the last print held inside the touch, so that an old print of a quiet
    /// instrument does not stand outside the market; the middle of the touch where nothing printed; the venue's own
    /// last price where there is neither.
    pub fn price(&self) -> Option<Price> {
        let (bid, ask) = (self.bid(), self.ask());
        if let Some(last) = self.last {
            let up = bid.map_or(last.price, |b| b.max(last.price));
            return Some(ask.map_or(up, |a| a.min(up)));
        }
        self.mid().or_else(|| self.rare.as_ref()?.venue_last).or(bid).or(ask)
    }
    /// Best bid.
    pub fn bid(&self) -> Option<Price> {
        self.touch.and_then(|t| t.bid).map(|(p, _)| p)
    }
    /// Best ask.
    pub fn ask(&self) -> Option<Price> {
        self.touch.and_then(|t| t.ask).map(|(p, _)| p)
    }
    /// What is held of it.
    pub fn holding(&self) -> Option<&Holding> {
        self.rare.as_ref()?.holding.as_ref()
    }
    /// The newest quote or print was not believable, since then.
    pub fn bad(&self) -> Option<(BadQuote, Mono)> {
        self.rare.as_ref()?.bad
    }
    fn is_believed(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.bad = None;
        }
    }
    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
    /// Half way between bid and ask.
    pub fn mid(&self) -> Option<Price> {
        self.bid()?.midpoint(self.ask()?)
    }
    /// How old the touch is; `None` without one.
    pub fn quote_age_ms(&self, now: Now) -> Option<u64> {
        self.touch.map(|t| now.mono.since_ms(t.received))
    }
    /// What is carried of it, as its account's sums have it.
    pub fn burden(&self) -> &super::burden::Burden {
        self.burden.as_deref().unwrap_or(super::burden::Burden::nothing())
    }
    /// The sparkline, oldest first, the present price last.
    pub fn spark(&self) -> impl Iterator<Item = Price> {
        let spark = self.rare.as_ref().and_then(|rare| rare.spark.as_ref());
        spark.into_iter().flat_map(Spark::iter).chain(self.price())
    }
    /// Change since the close before, in per cent.
    pub fn day_change(&self) -> Option<Percent> {
        let close = self.previous_close?.per_unit();
        self.price()?.per_unit().checked_sub(close)?.percent_of(close)
    }

    fn quote(&mut self, quote: &Quote) -> Marked {
        if self.touch.is_some_and(|t| is_out_of_order(quote.at, t.at)) {
            return Marked::Old;
        }
        let (bid, ask) = (quote.bid.map(|(p, _)| p), quote.ask.map(|(p, _)| p));
        if let Some(bad) = self.doubt(bid, ask, quote.received) {
            return self.flag(bad, quote.received);
        }
        self.is_believed();
        self.touch = Some(Touch { bid: quote.bid, ask: quote.ask, at: quote.at, received: quote.received });
        self.moved(quote.received);
        Marked::Fresh
    }

    fn trade(&mut self, trade: &Trade) -> Marked {
        if self.last.is_some_and(|l| is_out_of_order(trade.at, l.at)) {
            return Marked::Old;
        }
        if let Some(bad) = self.doubt(Some(trade.price), None, trade.received) {
            return self.flag(bad, trade.received);
        }
        self.is_believed();
        self.last =
            Some(Print { price: trade.price, size: trade.size, at: trade.at, received: trade.received });
        self.moved(trade.received);
        Marked::Fresh
    }

    fn day(&mut self, day: &Day) -> Marked {
        self.previous_close = day.previous_close.or(self.previous_close);
        self.volume = day.volume.or(self.volume);
        Marked::Fresh
    }

    fn doubt(&self, bid: Option<Price>, ask: Option<Price>, at: Mono) -> Option<BadQuote> {
        if !self.may_be_negative && (bid.is_some_and(not_positive) || ask.is_some_and(not_positive)) {
            return Some(BadQuote::NotPositive);
        }
        if let (Some(b), Some(a)) = (bid, ask)
            && b > a
        {
            return Some(BadQuote::Crossed);
        }
        let (low, high) = self.band?;
        let jumps = |p: Price| p < low || p > high;
        if !bid.is_some_and(jumps) && !ask.is_some_and(jumps) {
            return None;
        }
        let stands = self
            .bad()
            .is_some_and(|(bad, since)| bad == BadQuote::Jump && at.since_ms(since) >= JUMP_BELIEVED_MS);
        (!stands).then_some(BadQuote::Jump)
    }

    fn flag(&mut self, bad: BadQuote, at: Mono) -> Marked {
        let since = self.bad().filter(|(known, _)| *known == bad).map_or(at, |(_, since)| since);
        self.rare().bad = Some((bad, since));
        Marked::Bad(bad)
    }

    fn mark_holding(&mut self, price: Option<Price>) {
        if let Some(holding) = self.rare.as_mut().and_then(|rare| rare.holding.as_mut()) {
            holding.mark(price);
        }
    }

    fn moved(&mut self, at: Mono) {
        let is_young = self.band.is_some() && at.since_ms(self.band_at) < SPARK_EACH_MS;
        if is_young && self.holding().is_none() {
            return;
        }
        let price = self.price();
        self.mark_holding(price);
        if !is_young {
            self.band_at = at;
            self.band = if self.may_be_negative { None } else { price.and_then(band_around) };
            let spark = self.rare.as_mut().and_then(|rare| rare.spark.as_mut());
            if let Some((spark, price)) = spark.zip(price) {
                spark.push(price);
            }
        }
    }
}

fn is_out_of_order(at: Stamp, newest: Stamp) -> bool {
    at < newest && newest.since_ms(at) < OUT_OF_ORDER_MS
}

fn not_positive(price: Price) -> bool {
    price.get().is_sign_negative() || price.is_zero()
}

fn band_around(price: Price) -> Option<(Price, Price)> {
    // With as many digits as the price has: such numbers are compared without more ado.
    let tenth = price.get().checked_mul(Decimal::new(1, 1))?.round_dp(price.get().scale());
    Some((Price::new(tenth), price.checked_mul(Decimal::TEN)?))
}

fn hash(instrument: &InstrumentId) -> u64 {
    short_hash(instrument.symbol.as_str())
}

/// All marks.
#[derive(Debug, Default)]
pub struct Marks {
    /// Places of rows. Nothing but them: among many symbols a look-up is a wait for memory, and what is small is
    /// near. Two venues' rows of one symbol have the same hash and are told apart by themselves.
    places: HashTable<u32>,
    rows: Vec<Mark>,
    pub(super) burdens: super::burden::Burdens,
    /// Where the last one that was asked for is, as with the rows of the book.
    last: Cell<usize>,
}

impl Marks {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in market news.
    pub fn apply(&mut self, news: &Market) -> Marked {
        let instrument = match news {
            Market::Quote(quote) => &quote.instrument,
            Market::Trade(trade) => &trade.instrument,
            Market::Day(day) => &day.instrument,
            Market::Bar { .. } | Market::Depth(_) => return Marked::Ignored,
        };
        if let Some(mark) = self.place(instrument).and_then(|at| self.rows.get_mut(at)) {
            return take(mark, news);
        }
        match take(self.row(instrument), news) {
            Marked::Fresh => Marked::New,
            other @ (Marked::New | Marked::Old | Marked::Bad(_) | Marked::Ignored) => other,
        }
    }

    /// One instrument's mark.
    pub fn get(&self, instrument: &InstrumentId) -> Option<&Mark> {
        self.rows.get(self.find(instrument)?)
    }

    /// Where its mark is: what is asked for once is asked for again while one thing is decided.
    #[inline]
    pub(super) fn find(&self, instrument: &InstrumentId) -> Option<usize> {
        let last = self.last.get();
        let is_last = self.rows.get(last).is_some_and(|mark| mark.instrument == *instrument);
        if is_last { Some(last) } else { self.search(instrument) }
    }

    #[inline(never)]
    fn search(&self, instrument: &InstrumentId) -> Option<usize> {
        let at = self.place(instrument)?;
        self.last.set(at);
        Some(at)
    }

    pub(super) fn at(&self, place: usize) -> Option<&Mark> {
        self.rows.get(place)
    }

    pub(super) fn at_mut(&mut self, place: usize) -> Option<&mut Mark> {
        self.rows.get_mut(place)
    }

    /// All marks, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.rows.iter()
    }

    /// Says what is held of an instrument, so that its profit is kept up to date; call it after a fact that moved
    /// the position. Flat is a quantity of zero.
    pub fn hold(
        &mut self,
        instrument: &InstrumentId,
        qty: SignedQty,
        avg_price: Option<Price>,
        payoff: Payoff,
    ) {
        let mark = self.row(instrument);
        if qty.is_zero() {
            if let Some(rare) = &mut mark.rare {
                rare.holding = None;
            }
            return;
        }
        let mut holding = Holding { qty, avg_price, payoff, unrealized: None, value: None };
        holding.mark(mark.price());
        mark.rare().holding = Some(holding);
    }

    /// Keeps the recent prices of this instrument from now on: a sparkline is drawn of it.
    pub fn chart(&mut self, instrument: &InstrumentId) {
        self.row(instrument).rare().spark.get_or_insert_default();
    }

    /// The venue's own last price (from a position report), a mark of last resort.
    pub fn venue_last(&mut self, instrument: &InstrumentId, price: Price) {
        let mark = self.row(instrument);
        mark.rare().venue_last = Some(price);
        mark.mark_holding(mark.price());
    }

    /// Time went by that nobody here saw: no quote is young any more. Prices stay as last known.
    pub fn distrust(&mut self) {
        for mark in &mut self.rows {
            mark.touch = None;
            if let Some(last) = &mut mark.last {
                last.received = Mono::default();
            }
        }
    }

    /// This instrument can trade at zero and below (oil in April 2020, spreads): such prices are believed.
    pub fn allow_negative(&mut self, instrument: &InstrumentId) {
        let mark = self.row(instrument);
        mark.may_be_negative = true;
        mark.band = None;
    }

    pub(super) fn place(&self, instrument: &InstrumentId) -> Option<usize> {
        let is_it = |at: &u32| row_at(&self.rows, *at).is_some_and(|row| row.instrument == *instrument);
        self.places.find(hash(instrument), is_it).and_then(|at| usize::try_from(*at).ok())
    }

    /// A new row at the end. Four thousand million of them do not fit into any computer.
    pub(super) fn add(&mut self, instrument: &InstrumentId) -> usize {
        let at = self.rows.len();
        self.rows.push(Mark::new(instrument.clone()));
        let rows = &self.rows;
        let rehash = |at: &u32| row_at(rows, *at).map_or(0, |row| hash(&row.instrument));
        self.places.insert_unique(hash(instrument), u32::try_from(at).ok().unwrap_or(u32::MAX), rehash);
        at
    }

    pub(super) fn row(&mut self, instrument: &InstrumentId) -> &mut Mark {
        let at = self.place(instrument).unwrap_or_else(|| self.add(instrument));
        #[expect(
            clippy::indexing_slicing,
            reason = "the index holds places of rows, and rows are never removed"
        )]
        &mut self.rows[at]
    }
}

fn row_at(rows: &[Mark], at: u32) -> Option<&Mark> {
    usize::try_from(at).ok().and_then(|at| rows.get(at))
}

fn take(mark: &mut Mark, news: &Market) -> Marked {
    match news {
        Market::Quote(quote) => mark.quote(quote),
        Market::Trade(trade) => mark.trade(trade),
        Market::Day(day) => mark.day(day),
        Market::Bar { .. } | Market::Depth(_) => Marked::Ignored,
    }
}

#[cfg(test)]
mod tests;
