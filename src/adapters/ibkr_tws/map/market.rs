//! Ticks and bars into ours, purely. Ticks come one by one; what they say is put together for each instrument.

use crate::{
    adapters::{
        Error,
        ibkr_tws::wire::{decimal, maybe_decimal},
    },
    domain::{
        ids::InstrumentId,
        money::{Price, Qty},
        quote::{Bar, Day, Interval, Market, Quote, Trade},
        time::{Now, Stamp},
    },
};
use ibapi::{
    contracts::tick_types::TickType,
    market_data::{MarketDataType, historical, realtime::TickTypes},
};
use rust_decimal::Decimal;

/// What the ticks of one instrument said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    bid: Option<Decimal>,
    ask: Option<Decimal>,
    bid_size: Option<Decimal>,
    ask_size: Option<Decimal>,
    last: Option<Decimal>,
    last_size: Option<Decimal>,
    close: Option<Decimal>,
    volume: Option<Decimal>,
    /// They are not of now: delayed by a quarter of an hour, or what stood at the last close.
    pub is_old: bool,
    quote_moved: bool,
    printed: bool,
    day_moved: bool,
}

impl Feed {
    /// Takes in a tick.
    ///
    /// # Errors
    /// When a number in it is none.
    pub fn apply(&mut self, tick: &TickTypes) -> Result<(), Error> {
        match tick {
            TickTypes::Price(t) => self.price(&t.tick_type, t.price, None),
            TickTypes::Size(t) => self.size(&t.tick_type, t.size),
            TickTypes::PriceSize(t) => {
                self.price(&t.price_tick_type, t.price, Some(t.size))?;
                self.size(&t.size_tick_type, t.size)
            }
            TickTypes::MarketDataType(kind) => {
                self.is_old = *kind != MarketDataType::Realtime;
                Ok(())
            }
            TickTypes::String(_)
            | TickTypes::Generic(_)
            | TickTypes::OptionComputation(_)
            | TickTypes::SnapshotEnd
            | TickTypes::RequestParameters(_) => Ok(()),
        }
    }

    /// A price of −1 without a size says that there is none (IBKR's "TWS API v9.72+: Receiving Top Market Data").
    fn price(&mut self, kind: &TickType, price: f64, size: Option<f64>) -> Result<(), Error> {
        let told = maybe_decimal("price", price)?;
        let is_none = told == Some(Decimal::NEGATIVE_ONE) && size.is_none_or(|s| s == 0.0);
        let told = told.filter(|_| !is_none);
        if matches!(kind, TickType::Bid | TickType::DelayedBid) {
            self.quote_moved |= self.bid != told;
            self.bid = told;
        } else if matches!(kind, TickType::Ask | TickType::DelayedAsk) {
            self.quote_moved |= self.ask != told;
            self.ask = told;
        } else if matches!(kind, TickType::Last | TickType::DelayedLast) {
            self.printed = true;
            self.last = told;
        } else if matches!(kind, TickType::Close | TickType::DelayedClose) {
            self.day_moved |= self.close != told;
            self.close = told;
        }
        Ok(())
    }

    fn size(&mut self, kind: &TickType, size: f64) -> Result<(), Error> {
        let told = maybe_decimal("size", size)?.filter(|d| !d.is_sign_negative());
        if matches!(kind, TickType::BidSize | TickType::DelayedBidSize) {
            self.quote_moved |= self.bid_size != told;
            self.bid_size = told;
        } else if matches!(kind, TickType::AskSize | TickType::DelayedAskSize) {
            self.quote_moved |= self.ask_size != told;
            self.ask_size = told;
        } else if matches!(kind, TickType::LastSize | TickType::DelayedLastSize) {
            self.last_size = told;
        } else if matches!(kind, TickType::Volume | TickType::DelayedVolume) {
            self.day_moved |= self.volume != told;
            self.volume = told;
        }
        Ok(())
    }

    /// The last price, of whatever age.
    pub fn last(&self) -> Option<Price> {
        self.last.map(Price::new)
    }

    /// What moved since this was last asked. Prices that are not of now are no quote and no print: an order is never
    /// judged by them.
    pub fn news(&mut self, instrument: &InstrumentId, now: Now, news: &mut Vec<Market>) {
        let (quote_moved, printed, day_moved) = (self.quote_moved, self.printed, self.day_moved);
        (self.quote_moved, self.printed, self.day_moved) = (false, false, false);
        if day_moved {
            news.push(Market::Day(Day {
                instrument: instrument.clone(),
                previous_close: self.close.map(Price::new),
                volume: self.volume.and_then(Qty::new),
            }));
        }
        if self.is_old {
            return;
        }
        if quote_moved {
            news.push(Market::Quote(self.quote(instrument, now)));
        }
        if let (true, Some(price)) = (printed, self.last) {
            news.push(Market::Trade(Trade {
                instrument: instrument.clone(),
                price: Price::new(price),
                size: self.last_size.and_then(Qty::new).unwrap_or(Qty::ZERO),
                at: now.wall,
                received: now.mono,
            }));
        }
    }

    /// The touch as it stands. The ticks carry no time: it is that of their coming.
    pub fn quote(&self, instrument: &InstrumentId, now: Now) -> Quote {
        let side = |price: Option<Decimal>, size: Option<Decimal>| {
            price.map(|p| (Price::new(p), size.and_then(Qty::new).unwrap_or(Qty::ZERO)))
        };
        Quote {
            instrument: instrument.clone(),
            bid: side(self.bid, self.bid_size),
            ask: side(self.ask, self.ask_size),
            at: now.wall,
            received: now.mono,
        }
    }

    /// Are both sides of the touch there, and of now?
    pub fn is_whole(&self) -> bool {
        !self.is_old && self.bid.is_some() && self.ask.is_some()
    }
}

/// The length of a bar there.
pub const fn bar_size(interval: Interval) -> historical::BarSize {
    match interval {
        Interval::Min1 => historical::BarSize::Min,
        Interval::Min5 => historical::BarSize::Min5,
        Interval::Min15 => historical::BarSize::Min15,
        Interval::Hour1 => historical::BarSize::Hour,
        Interval::Day1 => historical::BarSize::Day,
    }
}

/// A span that holds so many bars of a market that is open for six hours and a half on five days of seven.
pub fn span(interval: Interval, count: u32) -> historical::Duration {
    let a_day = match interval {
        Interval::Min1 => 390,
        Interval::Min5 => 78,
        Interval::Min15 => 26,
        Interval::Hour1 => 7,
        Interval::Day1 => 1,
    };
    // Two for holidays.
    let days = count.div_ceil(a_day).saturating_mul(7).div_ceil(5).saturating_add(2);
    match i32::try_from(days) {
        Ok(days @ ..=365) => historical::Duration::days(days),
        Ok(days) => historical::Duration::years(days.div_euclid(365).saturating_add(1)),
        Err(_) => historical::Duration::YEAR,
    }
}

/// A bar.
///
/// # Errors
/// Names the first field that can't be read.
pub fn bar(b: &historical::Bar) -> Result<Bar, Error> {
    let at = match b.date {
        historical::BarTimestamp::Date(date) => date.midnight().assume_utc(),
        historical::BarTimestamp::DateTime(at) => at,
    };
    let volume = maybe_decimal("volume", b.volume)?.filter(|v| !v.is_sign_negative());
    Ok(Bar {
        at: Stamp::from_secs(at.unix_timestamp()).ok_or_else(|| Error::message("date", "it is no time"))?,
        open: Price::new(decimal("open", b.open)?),
        high: Price::new(decimal("high", b.high)?),
        low: Price::new(decimal("low", b.low)?),
        close: Price::new(decimal("close", b.close)?),
        volume: volume.and_then(Qty::new).unwrap_or(Qty::ZERO),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Symbol, VenueId};
    use ibapi::market_data::realtime::{TickPrice, TickSize};

    fn price(tick_type: TickType, price: f64) -> TickTypes {
        TickTypes::Price(TickPrice { tick_type, price, ..TickPrice::default() })
    }
    fn size(tick_type: TickType, size: f64) -> TickTypes {
        TickTypes::Size(TickSize { tick_type, size })
    }
    fn id() -> InstrumentId {
        InstrumentId { venue: VenueId::new("ib").unwrap(), symbol: Symbol::new("AAPL").unwrap() }
    }
    fn news(feed: &mut Feed, ticks: &[TickTypes]) -> Vec<Market> {
        for tick in ticks {
            feed.apply(tick).unwrap();
        }
        let mut news = Vec::new();
        feed.news(&id(), Now::default(), &mut news);
        news
    }

    #[test]
    fn ticks_make_a_quote_once_for_all_that_came_together() {
        let mut feed = Feed::default();
        let told = news(
            &mut feed,
            &[
                price(TickType::Bid, 187.41),
                size(TickType::BidSize, 300.0),
                price(TickType::Ask, 187.43),
                size(TickType::AskSize, 200.0),
                price(TickType::Close, 186.0),
            ],
        );
        let [Market::Day(day), Market::Quote(quote)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(day.previous_close.unwrap().to_string(), "186");
        let (bid, ask) = (quote.bid.unwrap(), quote.ask.unwrap());
        assert_eq!((bid.0.to_string(), ask.1.to_string()), ("187.41".into(), "200".into()));
        assert!(news(&mut feed, &[price(TickType::Bid, 187.41)]).is_empty(), "nothing moved");
        let told = news(&mut feed, &[price(TickType::Ask, -1.0)]);
        assert!(matches!(told.as_slice(), [Market::Quote(q)] if q.ask.is_none()), "{told:?}");
        let told = news(&mut feed, &[price(TickType::Last, 187.42), size(TickType::LastSize, 5.0)]);
        assert!(matches!(told.as_slice(), [Market::Trade(t)] if t.size.to_string() == "5"), "{told:?}");
    }

    #[test]
    fn what_is_delayed_is_never_a_quote() {
        let mut feed = Feed::default();
        for kind in [
            MarketDataType::Delayed,
            MarketDataType::DelayedFrozen,
            MarketDataType::Frozen,
            MarketDataType::Unknown,
        ] {
            let told = news(
                &mut feed,
                &[
                    TickTypes::MarketDataType(kind),
                    price(TickType::DelayedBid, 187.0),
                    price(TickType::DelayedAsk, 187.1),
                    price(TickType::DelayedLast, 187.05),
                ],
            );
            assert!(told.is_empty(), "{kind:?}: {told:?}");
            assert!(!feed.is_whole());
        }
        assert_eq!(feed.last().unwrap().to_string(), "187.05");
        let told = news(
            &mut feed,
            &[TickTypes::MarketDataType(MarketDataType::Realtime), price(TickType::Bid, 187.2)],
        );
        assert!(matches!(told.as_slice(), [Market::Quote(_)]), "{told:?}");
    }

    #[test]
    fn numbers_that_are_none_are_refused_and_absent_ones_are_absent() {
        let mut feed = Feed::default();
        assert!(feed.apply(&price(TickType::Bid, 1e300)).is_err());
        assert!(news(&mut feed, &[price(TickType::Bid, f64::NAN), size(TickType::BidSize, -5.0)]).is_empty());
        // Oil was below zero once: with a size it is a price.
        let below = TickTypes::PriceSize(ibapi::market_data::realtime::TickPriceSize {
            price_tick_type: TickType::Bid,
            price: -1.0,
            size_tick_type: TickType::BidSize,
            size: 3.0,
            ..Default::default()
        });
        let told = news(&mut feed, &[below]);
        assert!(
            matches!(told.as_slice(), [Market::Quote(q)] if q.bid.unwrap().0.to_string() == "-1"),
            "{told:?}"
        );
    }
}
