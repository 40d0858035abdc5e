//! Market messages into ours.

use super::{Result, number, rules::Directory, stamp};
use crate::{
    adapters::{
        Error,
        binance::{
            book::{Change, Snapshot},
            wire::{
                self,
                events::{Candle, DepthUpdate, Print, Touch},
            },
        },
    },
    broker::Market,
    domain::{
        ids::InstrumentId,
        money::{Price, Qty},
        quote::{Bar, Day, Interval, Quote, Trade},
        time::Now,
    },
};

/// One side of a quote. A price of zero is that nobody is there.
fn touch(price: wire::Number<'_>, size: wire::Number<'_>) -> Result<Option<(Price, Qty)>> {
    let (price, size): (Price, Qty) = (number("price", price)?, number("size", size)?);
    Ok((!price.is_zero()).then_some((price, size)))
}

fn instrument(directory: &Directory, native: &str) -> Result<InstrumentId> {
    Ok(directory.of_native(native)?.instrument.id.clone())
}

/// A quote of the stream. Where the venue sends no time, it is that of its coming.
///
/// # Errors
/// Names the first field that can't be read.
pub fn quote(directory: &Directory, t: &Touch<'_>, now: Now) -> Result<Market> {
    Ok(Market::Quote(Quote {
        instrument: instrument(directory, &t.symbol)?,
        bid: touch(t.bid, t.bid_size)?,
        ask: touch(t.ask, t.ask_size)?,
        at: t.at.map_or(Ok(now.wall), |ms| stamp("E", ms))?,
        received: now.mono,
    }))
}

/// A quote of an answer.
///
/// # Errors
/// Names the first field that can't be read.
pub fn answered_quote(directory: &Directory, t: &wire::BookTicker<'_>, now: Now) -> Result<Quote> {
    Ok(Quote {
        instrument: instrument(directory, &t.symbol)?,
        bid: touch(t.bid_price, t.bid_qty)?,
        ask: touch(t.ask_price, t.ask_qty)?,
        at: t.time.map_or(Ok(now.wall), |ms| stamp("time", ms))?,
        received: now.mono,
    })
}

/// A print.
///
/// # Errors
/// Names the first field that can't be read.
pub fn trade(directory: &Directory, p: &Print<'_>, now: Now) -> Result<Market> {
    Ok(Market::Trade(Trade {
        instrument: instrument(directory, &p.symbol)?,
        price: number("p", p.price)?,
        size: number("q", p.size)?,
        at: stamp("T", p.at)?,
        received: now.mono,
    }))
}

/// A growing bar: of a minute, or of the day, whose open is what the day's change is counted from.
///
/// # Errors
/// Names the first field that can't be read.
pub fn candle(directory: &Directory, c: &Candle<'_>) -> Result<Option<Market>> {
    let instrument = instrument(directory, &c.symbol)?;
    let bar = Bar {
        at: stamp("t", c.bar.at)?,
        open: number("o", c.bar.open)?,
        high: number("h", c.bar.high)?,
        low: number("l", c.bar.low)?,
        close: number("c", c.bar.close)?,
        volume: number("v", c.bar.volume)?,
    };
    Ok(match &*c.bar.interval {
        "1m" => Some(Market::Bar { instrument, interval: Interval::Min1, bar }),
        "1d" => {
            Some(Market::Day(Day { instrument, previous_close: Some(bar.open), volume: Some(bar.volume) }))
        }
        _ => None,
    })
}

/// A bar of an answer.
///
/// # Errors
/// Names the first field that can't be read.
pub fn bar(k: &wire::Kline<'_>) -> Result<Bar> {
    Ok(Bar {
        at: stamp("open time", k.at)?,
        open: number("open", k.open)?,
        high: number("high", k.high)?,
        low: number("low", k.low)?,
        close: number("close", k.close)?,
        volume: number("volume", k.volume)?,
    })
}

fn levels(all: &[wire::Level<'_>]) -> Result<Vec<(Price, Qty)>> {
    let level = |(price, size): &wire::Level<'_>| {
        let price: Price = number("price", *price)?;
        if !price.is_positive() {
            return Err(Error::message("price", format!("{price} is not above zero")));
        }
        Ok((price, number("size", *size)?))
    };
    all.iter().map(level).collect()
}

/// A change of an order book.
///
/// # Errors
/// Names the first field that can't be read.
pub fn change(d: &DepthUpdate<'_>) -> Result<Change> {
    Ok(Change {
        first: d.first,
        last: d.last,
        previous: d.previous,
        bids: levels(&d.bids)?,
        asks: levels(&d.asks)?,
        at: stamp("E", d.at)?,
    })
}

/// All of one.
///
/// # Errors
/// Names the first field that can't be read.
pub fn snapshot(d: &wire::Depth<'_>) -> Result<Snapshot> {
    Ok(Snapshot { last: d.last_update_id, bids: levels(&d.bids)?, asks: levels(&d.asks)? })
}
