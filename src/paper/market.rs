//! The simulated market: quotes and prints now, and bars for any time.

use super::{
    event::{Bar, Quote, Trade},
    hours::{Hours, Session, date_of, days_after},
    listings::{Kind, LISTINGS, Listing},
    walk::{TICKS_A_MINUTE, Walk, stamp_of, tick_of},
};
use crate::domain::{
    ids::Symbol,
    money::{Price, Qty},
    quote::Interval,
    time::Stamp,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A day's bar is sampled this often.
const SAMPLE_TICKS: i64 = 600;
/// What lies between two samples comes from the octaves below this one.
const SAMPLE_OCTAVES: usize = 10;
/// Prices of the order book behind the touch, on each side.
const BOOK_LEVELS: i64 = 30;
/// Minutes are told this far back, days five years.
const MINUTE_DAYS: i64 = 60;
const DAY_DAYS: i64 = 1_830;

/// One instrument's market.
#[derive(Debug, Clone)]
pub struct Line {
    listing: &'static Listing,
    symbol: Symbol,
    walk: Walk,
    /// What can be seen of it now.
    pub face: Face,
    /// The last price of the day before.
    pub day_before: Price,
}

/// What can be seen of an instrument's market now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// The best bid and ask. Fills take from its sizes until it changes.
    pub quote: Quote,
    /// The last print.
    pub trade: Trade,
}

/// What rests at each price, best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    /// Bids, highest first.
    pub bids: Vec<(Price, Qty)>,
    /// Asks, lowest first.
    pub asks: Vec<(Price, Qty)>,
}

/// What a tick showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The quote changed.
    pub quote: bool,
    /// There was a print.
    pub trade: bool,
}

struct Touch {
    bid: i64,
    ask: i64,
    bid_size: i64,
    ask_size: i64,
}

impl Line {
    fn new(listing: &'static Listing, symbol: Symbol, seed: u64, tick: i64) -> Self {
        let mut walk = Walk::new(seed, listing);
        let quote = quote(listing, &symbol, &mut walk, tick);
        let trade = print(listing, &symbol, &mut walk, tick);
        Self { listing, symbol, walk, face: Face { quote, trade }, day_before: Price::ZERO }
    }
    /// Is it a coin?
    pub const fn is_coin(&self) -> bool {
        self.listing.is_coin()
    }
    /// Its symbol.
    pub const fn symbol(&self) -> &Symbol {
        &self.symbol
    }
    /// The order book: the touch, and behind it what rests at prices some way apart.
    pub fn book(&self, tick: i64) -> Book {
        let quote = &self.face.quote;
        let apart = self.listing.spread.wrapping_div(2).max(1);
        let ticks = |p: Price| {
            let mut d = p.get();
            d.rescale(self.listing.price_places());
            i64::try_from(d.mantissa()).ok().unwrap_or_default()
        };
        let resting = |at: i64| {
            let lots = self.walk.resting(at, tick).i64(1..=self.listing.depth.saturating_mul(4).max(1));
            (price(self.listing, at), size(self.listing, lots))
        };
        // On a grid of their own, so that they stand still while the touch moves.
        let (bid, ask) = (ticks(quote.bid), ticks(quote.ask));
        let below = bid.saturating_sub(1).div_euclid(apart).saturating_mul(apart);
        let above = ask.div_euclid(apart).saturating_add(1).saturating_mul(apart);
        let depth = 0..BOOK_LEVELS;
        let bids = depth.clone().map(|n| below.saturating_sub(n.saturating_mul(apart))).filter(|at| *at > 0);
        let asks = depth.map(|n| above.saturating_add(n.saturating_mul(apart)));
        let touch = |p: Price, q: Qty| (!q.is_zero()).then_some((p, q));
        Book {
            bids: touch(quote.bid, quote.bid_size).into_iter().chain(bids.map(resting)).collect(),
            asks: touch(quote.ask, quote.ask_size).into_iter().chain(asks.map(resting)).collect(),
        }
    }
    /// Moves to `tick`. `forced` renews the quote even where this tick would have left it alone.
    pub fn step(&mut self, tick: i64, forced: bool) -> Moved {
        let taken = self.face.quote.bid_size.is_zero() || self.face.quote.ask_size.is_zero();
        let trade = has_print(&self.walk, tick);
        let renewed = forced || taken || trade || self.walk.chance(tick).bool();
        if renewed {
            self.face.quote = quote(self.listing, &self.symbol, &mut self.walk, tick);
        }
        if trade || forced {
            self.face.trade = print(self.listing, &self.symbol, &mut self.walk, tick);
        }
        Moved { quote: renewed, trade }
    }
    /// The last price before `at`.
    pub fn close_before(&mut self, at: Stamp) -> Price {
        let mid = self.walk.at(tick_of(at).saturating_sub(1));
        price(self.listing, mid)
    }
    /// The minute that begins at `at`, as far as `until` (a tick that is not reached any more); `None` if
    /// nothing was printed in it.
    pub fn minute(&mut self, at: Stamp, until: i64) -> Option<Bar> {
        let first = tick_of(at);
        self.summed((first, first.saturating_add(TICKS_A_MINUTE).min(until)), at)
    }
    /// The prints of some ticks as a bar.
    fn summed(&mut self, ticks: (i64, i64), at: Stamp) -> Option<Bar> {
        let mut sum: Option<Prints> = None;
        for tick in ticks.0..ticks.1 {
            if has_print(&self.walk, tick) {
                let print = print_at(self.listing, &mut self.walk, tick);
                sum = Some(sum.map_or_else(|| Prints::first(&print), |s| s.and(&print)));
            }
        }
        sum.map(|sum| sum.bar(self.listing, &self.symbol, at))
    }
    /// A day's bar as far as `until`: sampled, and widened by what can lie between two samples, so that no
    /// minute of the day reaches beyond it.
    fn day(&mut self, span: (Stamp, Stamp), until: i64) -> Option<Bar> {
        let (from, to) = (tick_of(span.0), tick_of(span.1).min(until));
        if from >= to {
            return None;
        }
        let step = usize::try_from(SAMPLE_TICKS).ok()?;
        let (open, close) = (self.walk.at(from), self.walk.at(to.saturating_sub(1)));
        let (mut low, mut high) = (open.min(close), open.max(close));
        for tick in (from..to).step_by(step) {
            let mid = self.walk.at(tick);
            (low, high) = (low.min(mid), high.max(mid));
        }
        let slack = self.walk.flutter(SAMPLE_OCTAVES).saturating_add(self.listing.spread.saturating_mul(3));
        let ticks = to.saturating_sub(from);
        let prints = u64::try_from(ticks.wrapping_div(4)).ok().unwrap_or_default();
        let volume = self.listing.depth.saturating_mul(ticks.wrapping_div(6));
        let middle = open.saturating_add(close).saturating_add(low).saturating_add(high).wrapping_div(4);
        Some(Bar {
            symbol: self.symbol.clone(),
            at: span.0,
            open: price(self.listing, open),
            high: price(self.listing, high.saturating_add(slack)),
            low: price(self.listing, low.saturating_sub(slack).max(1)),
            close: price(self.listing, close),
            volume: size(self.listing, volume),
            trades: prints,
            vwap: price(self.listing, middle),
        })
    }
    fn span(&self, session: &Session) -> Option<(Stamp, Stamp)> {
        if self.is_coin() { Some((session.starts, session.ends)) } else { session.extended }
    }
    /// The bars of `interval` that start in `range` and before `now`, oldest first, at most `limit`.
    pub fn bars(
        &self,
        hours: Hours,
        interval: Interval,
        range: (Stamp, Stamp),
        now: Stamp,
        limit: usize,
    ) -> Vec<Bar> {
        let mut line = self.clone();
        let until = tick_of(now).saturating_add(1);
        let last = range.1.min(now.plus_ms(1));
        let reach = if interval == Interval::Day1 { DAY_DAYS } else { MINUTE_DAYS };
        let mut date = date_of(range.0).max(days_after(date_of(now), reach.saturating_neg()));
        let mut out: Vec<Bar> = Vec::new();
        while out.len() < limit {
            let session = hours.session(date);
            if session.starts >= last || session.starts >= session.ends {
                break;
            }
            if let Some(span) = line.span(&session) {
                match interval {
                    Interval::Day1 if session.starts < range.0 => {}
                    Interval::Day1 => {
                        out.extend(line.day(span, until).map(|bar| Bar { at: session.starts, ..bar }));
                    }
                    Interval::Min1 | Interval::Min5 | Interval::Min15 | Interval::Hour1 => {
                        let span = (span.0.max(range.0), span.1.min(last));
                        line.minutes(interval, span, until, limit, &mut out);
                    }
                }
            }
            date = days_after(date, 1);
        }
        out.truncate(limit);
        out
    }
    fn minutes(
        &mut self,
        interval: Interval,
        span: (Stamp, Stamp),
        until: i64,
        limit: usize,
        out: &mut Vec<Bar>,
    ) {
        let length = i64::from(interval.secs());
        let start = span.0.as_secs();
        // A bar belongs to the range if it starts in it: round up.
        let mut group = start
            .saturating_add(length.saturating_sub(1))
            .checked_div(length)
            .unwrap_or_default()
            .saturating_mul(length);
        while let Some(at) = Stamp::from_secs(group)
            && at < span.1
            && tick_of(at) < until
            && out.len() < limit
        {
            let next = group.saturating_add(length);
            let end = Stamp::from_secs(next).map_or(until, tick_of).min(until);
            out.extend(self.summed((tick_of(at), end), at));
            group = next;
        }
    }
}

/// All lines of the market of `seed` at `tick`, in the order of [`LISTINGS`].
pub fn lines(seed: u64, tick: i64) -> Vec<Line> {
    let line =
        |l: &'static Listing| Symbol::new(l.symbol).ok().map(|symbol| Line::new(l, symbol, seed, tick));
    LISTINGS.iter().filter_map(line).collect()
}

fn price(listing: &Listing, ticks: i64) -> Price {
    Price::new(Decimal::new(ticks, listing.price_places()))
}

/// Stocks are shown in round lots, coins in whatever their last digit is.
const fn units_a_lot(listing: &Listing) -> i64 {
    match listing.kind {
        Kind::Stock => 100,
        Kind::Coin(_) => 1,
    }
}

fn units(listing: &Listing, units: i64) -> Qty {
    let places = match listing.kind {
        Kind::Stock => 0,
        Kind::Coin(coin) => coin.size_places,
    };
    Qty::new(Decimal::new(units, places)).unwrap_or_default()
}

fn size(listing: &Listing, lots: i64) -> Qty {
    units(listing, lots.saturating_mul(units_a_lot(listing)))
}

/// One tick in four prints; in a lively stretch, three in four.
fn has_print(walk: &Walk, tick: i64) -> bool {
    let mut rng = walk.chance(tick);
    rng.discard();
    rng.u8(..) < if walk.is_lively(tick) { 192 } else { 64 }
}

trait Discard {
    fn discard(&mut self);
}
impl Discard for fastrand::Rng {
    /// Passes over the bit that decides whether the quote changes.
    fn discard(&mut self) {
        self.bool();
    }
}

fn touch(listing: &Listing, walk: &mut Walk, tick: i64) -> Touch {
    let mid = walk.at(tick);
    let mut rng = walk.chance(tick);
    rng.discard();
    rng.u8(..);
    let mean = listing.spread.max(1);
    let wide = if walk.is_lively(tick) { mean } else { 0 };
    let spread = mean.wrapping_div(2).saturating_add(rng.i64(0..=mean)).saturating_add(wide).max(1);
    let bid = mid.saturating_sub(spread.wrapping_div(2)).max(1);
    let most = listing.depth.saturating_mul(2).max(2);
    let (bid_size, ask_size) = (rng.i64(1..most), rng.i64(1..most));
    Touch { bid, ask: bid.saturating_add(spread), bid_size, ask_size }
}

fn quote(listing: &Listing, symbol: &Symbol, walk: &mut Walk, tick: i64) -> Quote {
    let touch = touch(listing, walk, tick);
    Quote {
        symbol: symbol.clone(),
        bid: price(listing, touch.bid),
        bid_size: size(listing, touch.bid_size),
        ask: price(listing, touch.ask),
        ask_size: size(listing, touch.ask_size),
        at: stamp_of(tick),
    }
}

/// A print, in ticks of price and the smallest units of size.
struct Print {
    price: i64,
    units: i64,
    taker_buys: bool,
}

fn print_at(listing: &Listing, walk: &mut Walk, tick: i64) -> Print {
    let touch = touch(listing, walk, tick);
    let mut rng = walk.chance(tick.wrapping_neg());
    let taker_buys = rng.bool();
    let (price, most) = if taker_buys { (touch.ask, touch.ask_size) } else { (touch.bid, touch.bid_size) };
    let lots = rng.i64(1..=most.max(1));
    let odd = rng.i64(1..100);
    let small = !listing.is_coin() && rng.u8(..) < 96;
    let units = if small { odd } else { lots.saturating_mul(units_a_lot(listing)) };
    Print { price, units, taker_buys }
}

fn print(listing: &Listing, symbol: &Symbol, walk: &mut Walk, tick: i64) -> Trade {
    let print = print_at(listing, walk, tick);
    Trade {
        symbol: symbol.clone(),
        id: u64::try_from(tick).ok().unwrap_or_default(),
        price: price(listing, print.price),
        size: units(listing, print.units),
        taker_buys: print.taker_buys,
        at: stamp_of(tick),
    }
}

/// Prints added up.
struct Prints {
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    units: i64,
    value: i128,
    count: u64,
}

impl Prints {
    fn first(print: &Print) -> Self {
        let none = Self {
            open: print.price,
            high: print.price,
            low: print.price,
            close: print.price,
            units: 0,
            value: 0,
            count: 0,
        };
        none.and(print)
    }
    fn and(self, print: &Print) -> Self {
        let value = i128::from(print.price).saturating_mul(i128::from(print.units));
        Self {
            open: self.open,
            high: self.high.max(print.price),
            low: self.low.min(print.price),
            close: print.price,
            units: self.units.saturating_add(print.units),
            value: self.value.saturating_add(value),
            count: self.count.saturating_add(1),
        }
    }
    fn bar(&self, listing: &Listing, symbol: &Symbol, at: Stamp) -> Bar {
        // Four more places than a tick has are enough for an average.
        let mean = self.value.saturating_mul(10_000).checked_div(i128::from(self.units)).unwrap_or_default();
        let mean = i64::try_from(mean).ok().unwrap_or_default();
        let places = listing.price_places().saturating_add(4);
        Bar {
            symbol: symbol.clone(),
            at,
            open: price(listing, self.open),
            high: price(listing, self.high),
            low: price(listing, self.low),
            close: price(listing, self.close),
            volume: units(listing, self.units),
            trades: self.count,
            vwap: Price::new(Decimal::new(mean, places)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Stamp {
        Stamp::parse_rfc3339(text).unwrap()
    }

    fn line(symbol: &str) -> Line {
        let tick = tick_of(at("2026-11-20T15:00:00Z"));
        lines(3, tick).into_iter().find(|l| l.symbol.as_str() == symbol).unwrap()
    }

    #[test]
    fn the_bid_is_below_the_ask_and_prices_are_whole_ticks() {
        for mut line in lines(5, 3_590_000_000) {
            for tick in 3_590_000_000..3_590_000_300 {
                line.step(tick, false);
                let q = &line.face.quote;
                assert!(q.bid < q.ask && q.bid.is_positive(), "{q:?}");
                assert!(!q.bid_size.is_zero() && !q.ask_size.is_zero());
                assert!(q.bid.get().scale() <= line.listing.price_places());
                let t = &line.face.trade;
                assert!(t.price.is_positive() && !t.size.is_zero());
            }
        }
    }

    #[test]
    fn the_book_begins_with_the_touch_and_what_is_behind_it_rests_for_a_while() {
        let mut line = line("BTC/USD");
        let (mut kept, mut seen) = (0, 0);
        let mut before = line.book(3_590_000_000);
        for tick in 3_590_000_000..3_590_000_200 {
            line.step(tick, true);
            let (q, book) = (&line.face.quote, line.book(tick));
            assert_eq!(book.bids[0], (q.bid, q.bid_size));
            assert_eq!(book.asks[0], (q.ask, q.ask_size));
            assert!(book.bids.is_sorted_by(|a, b| a.0 > b.0) && book.asks.is_sorted_by(|a, b| a.0 < b.0));
            assert_eq!((book.bids.len(), book.asks.len()), (31, 31));
            kept += book.bids.iter().filter(|level| before.bids.contains(level)).count();
            seen += book.bids.len();
            before = book;
        }
        assert!(kept * 2 > seen && kept < seen, "{kept} of {seen} levels stood still");
    }

    #[test]
    fn what_was_streamed_is_what_the_minute_bar_says() {
        let mut line = line("AAPL");
        let start = at("2026-11-20T15:01:00Z");
        let mut seen = Vec::new();
        for tick in tick_of(start)..tick_of(start) + 120 {
            if line.step(tick, false).trade {
                seen.push(line.face.trade.clone());
            }
        }
        let bar = line.minute(start, i64::MAX).unwrap();
        assert_eq!(bar.trades, u64::try_from(seen.len()).unwrap());
        assert_eq!(bar.open, seen[0].price);
        assert_eq!(bar.close, seen.last().unwrap().price);
        assert_eq!(bar.high, seen.iter().map(|t| t.price).max().unwrap());
        assert_eq!(bar.low, seen.iter().map(|t| t.price).min().unwrap());
        assert!(seen.len() > 10, "{} prints in a minute", seen.len());
    }

    #[test]
    fn history_reaches_back_and_hangs_together() {
        let line = line("MSFT");
        let now = at("2026-11-20T15:00:10Z");
        let bars = |i, from, limit| line.bars(Hours::AllDay, i, (at(from), now.plus_ms(1)), now, limit);
        let minutes = bars(Interval::Min1, "2026-11-15T15:00:00Z", 10_000);
        assert!(minutes.len() > 7_000, "{}", minutes.len());
        assert!(minutes.windows(2).all(|w| w[0].at < w[1].at));
        let days = bars(Interval::Day1, "2025-11-19T00:00:00Z", 1_000);
        assert!(days.len() > 360, "{}", days.len());
        for bar in days.iter().chain(&minutes) {
            assert!(
                bar.low <= bar.open && bar.open <= bar.high && bar.low <= bar.close && bar.close <= bar.high
            );
        }
        for day in days.iter().rev().take(3) {
            let of_day = minutes.iter().filter(|m| date_of(m.at) == date_of(day.at));
            assert!(of_day.clone().count() > 0);
            assert!(of_day.clone().all(|m| m.low >= day.low && m.high <= day.high));
        }
        let hours = bars(Interval::Hour1, "2026-11-20T10:00:00Z", 10);
        let of_hour: Vec<_> = minutes
            .iter()
            .filter(|m| m.at >= at("2026-11-20T11:00:00Z") && m.at < at("2026-11-20T12:00:00Z"))
            .collect();
        assert_eq!(hours[1].high, of_hour.iter().map(|m| m.high).max().unwrap());
        assert_eq!(hours[1].trades, of_hour.iter().map(|m| m.trades).sum::<u64>());
        assert_eq!(hours.len(), 6, "the hour under way is there");
    }

    #[test]
    fn under_us_sessions_a_stock_has_no_bars_at_night_and_a_coin_has() {
        let now = at("2026-11-20T15:00:00Z");
        let night = (at("2026-11-20T02:00:00Z"), at("2026-11-20T08:00:00Z"));
        let stock = line("SPY").bars(Hours::UsSessions, Interval::Min1, night, now, 1_000);
        assert_eq!(stock.len(), 0);
        let coin = line("BTC/USD").bars(Hours::UsSessions, Interval::Min1, night, now, 1_000);
        assert!(coin.len() > 300);
        let weekend = (at("2026-11-14T00:00:00Z"), at("2026-11-16T04:00:00Z"));
        assert!(line("SPY").bars(Hours::UsSessions, Interval::Day1, weekend, now, 10).is_empty());
    }
}
