//! Marks: what the market says now. The hot path of the program: one lookup and an overwrite a message, no
//! allocation, and the profit of what is held kept up to date.

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

/// How many points a sparkline has.
pub const SPARK_POINTS: usize = 60;
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
    /// The newest quote or print was not believable, since then.
    pub bad: Option<(BadQuote, Mono)>,
    /// Close of the session before.
    pub previous_close: Option<Price>,
    /// Units traded today.
    pub volume: Option<Qty>,
    /// What is held of it; few of many are.
    pub holding: Option<Box<Holding>>,
    /// What of it is in the sums of its account.
    pub(super) burden: Option<Box<super::burden::Burden>>,
    /// Its place is in the list of what is carried.
    pub(super) is_listed: bool,
    /// The venue's own last price, from a position report.
    pub venue_last: Option<Price>,
    may_be_negative: bool,
    /// What is believed: from a tenth to ten times of a price at most [`SPARK_EACH_MS`] old.
    band: Option<(Price, Price)>,
    band_at: Mono,
    /// Only where it is drawn.
    spark: Option<Box<Spark>>,
}

impl Mark {
    fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            touch: None,
            last: None,
            bad: None,
            previous_close: None,
            volume: None,
            holding: None,
            burden: None,
            is_listed: false,
            venue_last: None,
            may_be_negative: false,
            band: None,
            band_at: Mono::default(),
            spark: None,
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
        self.mid().or(self.venue_last).or(bid).or(ask)
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
    pub fn quote_age_ms(&self, now: Now) -> Option<u64> {
        self.touch.map(|t| now.mono.since_ms(t.received))
    }
    /// What is carried of it, as its account's sums have it.
    pub fn burden(&self) -> &super::burden::Burden {
        self.burden.as_deref().unwrap_or(super::burden::Burden::nothing())
    }
    /// The sparkline, oldest first, the present price last.
    pub fn spark(&self) -> impl Iterator<Item = Price> {
        self.spark.iter().flat_map(|s| s.iter()).chain(self.price())
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
        self.bad = None;
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
        self.bad = None;
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
            .bad
            .is_some_and(|(bad, since)| bad == BadQuote::Jump && at.since_ms(since) >= JUMP_BELIEVED_MS);
        (!stands).then_some(BadQuote::Jump)
    }

    fn flag(&mut self, bad: BadQuote, at: Mono) -> Marked {
        let since = self.bad.filter(|(known, _)| *known == bad).map_or(at, |(_, since)| since);
        self.bad = Some((bad, since));
        Marked::Bad(bad)
    }

    fn moved(&mut self, at: Mono) {
        if self.holding.is_none() && self.band.is_some() && at.since_ms(self.band_at) < SPARK_EACH_MS {
            return;
        }
        let price = self.price();
        if let Some(holding) = &mut self.holding {
            holding.mark(price);
        }
        if self.band.is_none() || at.since_ms(self.band_at) >= SPARK_EACH_MS {
            self.band_at = at;
            self.band = if self.may_be_negative { None } else { price.and_then(band_around) };
            if let Some((spark, price)) = self.spark.as_mut().zip(price) {
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

/// The last points.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Spark {
    ring: std::collections::VecDeque<Price>,
}

impl Spark {
    fn push(&mut self, price: Price) {
        if self.ring.len() >= SPARK_POINTS {
            self.ring.pop_front();
        } else if self.ring.is_empty() {
            self.ring.reserve_exact(SPARK_POINTS);
        }
        self.ring.push_back(price);
    }
    fn iter(&self) -> impl Iterator<Item = Price> {
        self.ring.iter().copied()
    }
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
            mark.holding = None;
            return;
        }
        let mut holding = Holding { qty, avg_price, payoff, unrealized: None, value: None };
        holding.mark(mark.price());
        mark.holding = Some(Box::new(holding));
    }

    /// Keeps the recent prices of this instrument from now on: a sparkline is drawn of it.
    pub fn chart(&mut self, instrument: &InstrumentId) {
        self.row(instrument).spark.get_or_insert_default();
    }

    /// The venue's own last price (from a position report), a mark of last resort.
    pub fn venue_last(&mut self, instrument: &InstrumentId, price: Price) {
        let mark = self.row(instrument);
        mark.venue_last = Some(price);
        let price = mark.price();
        if let Some(holding) = &mut mark.holding {
            holding.mark(price);
        }
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
mod tests {
    use super::*;
    use crate::book::fixture::{aapl, at, btc, now, px, qty, quote};

    fn print(price: &str, s: i64) -> Market {
        Market::Trade(Trade {
            instrument: aapl(),
            price: px(price),
            size: qty("1"),
            at: at(s),
            received: now(s).mono,
        })
    }

    #[test]
    fn the_last_print_is_held_inside_the_touch() {
        let mut marks = Marks::new();
        assert_eq!(marks.apply(&print("100", 0)), Marked::New);
        assert_eq!(marks.get(&aapl()).unwrap().price(), Some(px("100")));
        assert_eq!(marks.apply(&quote(aapl(), "101", "101.10", 1)), Marked::Fresh);
        assert_eq!(marks.get(&aapl()).unwrap().price(), Some(px("101")));
        marks.apply(&quote(btc(), "10", "12", 1));
        assert_eq!(marks.get(&btc()).unwrap().price(), Some(px("11")), "no print: the middle");
    }

    #[test]
    fn bad_quotes_are_flagged_and_the_last_good_one_stays() {
        let mut marks = Marks::new();
        marks.apply(&quote(aapl(), "100", "100.02", 0));
        for (bid, ask, why) in [
            ("101", "100", BadQuote::Crossed),
            ("0", "100", BadQuote::NotPositive),
            ("-1", "100", BadQuote::NotPositive),
            ("10000", "10001", BadQuote::Jump),
            ("1", "1.01", BadQuote::Jump),
        ] {
            assert_eq!(marks.apply(&quote(aapl(), bid, ask, 1)), Marked::Bad(why));
            let mark = marks.get(&aapl()).unwrap();
            assert_eq!((mark.bid(), mark.bad.unwrap().0), (Some(px("100")), why));
            assert_eq!(mark.quote_age_ms(now(3)), Some(3_000), "the good one grows old");
        }
        marks.apply(&quote(aapl(), "100.01", "100.03", 2));
        assert_eq!(marks.get(&aapl()).unwrap().bad, None);
    }

    #[test]
    fn a_jump_that_stands_is_believed() {
        let mut marks = Marks::new();
        marks.apply(&quote(aapl(), "1000", "1001", 0));
        for s in 1..31 {
            assert_eq!(marks.apply(&quote(aapl(), "50", "50.1", s)), Marked::Bad(BadQuote::Jump));
        }
        assert_eq!(marks.apply(&quote(aapl(), "50", "50.1", 31)), Marked::Fresh);
    }

    #[test]
    fn negative_prices_count_where_they_can_be() {
        let mut marks = Marks::new();
        marks.allow_negative(&aapl());
        assert_eq!(marks.apply(&quote(aapl(), "-37.64", "-37.60", 0)), Marked::Fresh);
        marks.hold(&aapl(), "10".parse().unwrap(), Some(px("5")), Payoff::Linear("1000".parse().unwrap()));
        let holding = marks.get(&aapl()).unwrap().holding.clone().unwrap();
        assert_eq!(holding.unrealized, Some(Money::new(Decimal::from(-426_200))));
    }

    #[test]
    fn what_comes_out_of_order_is_put_aside() {
        let mut marks = Marks::new();
        marks.apply(&quote(aapl(), "100", "101", 10));
        assert_eq!(marks.apply(&quote(aapl(), "90", "91", 9)), Marked::Old);
        assert_eq!(marks.get(&aapl()).unwrap().bid(), Some(px("100")));
    }

    #[test]
    fn profit_of_what_is_held_follows_each_message() {
        let mut marks = Marks::new();
        marks.hold(&aapl(), "-50".parse().unwrap(), Some(px("253.10")), Payoff::ONE);
        assert_eq!(
            marks.get(&aapl()).unwrap().holding.clone().unwrap().unrealized,
            None,
            "no mark, no guess"
        );
        marks.apply(&print("251.20", 0));
        let holding = marks.get(&aapl()).unwrap().holding.clone().unwrap();
        assert_eq!(holding.unrealized, Some("95.00".parse().unwrap()));
        marks.hold(&aapl(), SignedQty::ZERO, None, Payoff::ONE);
        assert_eq!(marks.get(&aapl()).unwrap().holding, None);
    }

    #[test]
    fn a_sparkline_is_bounded_and_ends_at_the_present() {
        let mut marks = Marks::new();
        marks.chart(&aapl());
        for s in 0..1_000 {
            marks.apply(&print(&format!("100.{:02}", s % 100), s));
        }
        let spark: Vec<_> = marks.get(&aapl()).unwrap().spark().collect();
        assert_eq!(spark.len(), SPARK_POINTS + 1);
        assert_eq!(spark.last(), Some(&px("100.99")));
    }
}
