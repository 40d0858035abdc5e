//! Market messages into ours.

use super::{Result, instrument_id, maybe, needed, number, stamp};
use crate::{
    adapters::{
        Error,
        alpaca::{book::Change, wire},
    },
    broker::{
        Market,
        event::{Day, Event},
    },
    domain::{
        ids::{InstrumentId, VenueId},
        money::{Price, Qty},
        quote::{Bar, Interval, Quote, Trade},
        text::Text,
        time::Mono,
    },
};

/// What one element of a market message means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// News of the market.
    Market(Market),
    /// A change of an order book, or all of it.
    Book(Change),
    /// News that must not be overwritten.
    Event(Event),
    /// Connected, authenticated.
    Success(Text),
    /// What is subscribed now.
    Subscribed,
    /// The venue complains.
    Error(u32, Text),
    /// Corrections, price bands and kinds that came later: nothing that we keep.
    Nothing,
}

/// Reads one element.
///
/// # Errors
/// Names the first field that can't be read.
pub fn news(venue: &VenueId, n: &wire::News<'_>, received: Mono) -> Result<Meaning> {
    match n {
        wire::News::Quote(q) => Ok(Meaning::Market(Market::Quote(Quote {
            instrument: instrument(venue, q.symbol)?,
            bid: touch("bp", q.bid, q.bid_size)?,
            ask: touch("ap", q.ask, q.ask_size)?,
            at: at(q.at)?,
            received,
        }))),
        wire::News::Trade(t) => Ok(Meaning::Market(Market::Trade(Trade {
            instrument: instrument(venue, t.symbol)?,
            price: needed("p", t.price)?,
            size: needed("s", t.size)?,
            at: at(t.at)?,
            received,
        }))),
        wire::News::Book(b) => book(venue, b).map(Meaning::Book),
        wire::News::Other(other) => rare(venue, other),
    }
}

fn rare(venue: &VenueId, n: &wire::OtherNews<'_>) -> Result<Meaning> {
    match n.kind {
        Some("b" | "u") => Ok(Meaning::Market(Market::Bar {
            instrument: instrument(venue, n.symbol)?,
            interval: Interval::Min1,
            bar: bar(n)?,
        })),
        Some("d") => Ok(Meaning::Market(Market::Day(Day {
            instrument: instrument(venue, n.symbol)?,
            previous_close: None,
            volume: maybe("v", n.volume)?,
        }))),
        Some("s") => halt(venue, n),
        Some("success") => Ok(Meaning::Success(Text::clean(n.msg.as_deref().unwrap_or_default()))),
        Some("subscription") => Ok(Meaning::Subscribed),
        Some("error") => {
            let code = n.code.ok_or_else(|| Error::message("code", "it is missing"))?;
            Ok(Meaning::Error(code, Text::clean(n.msg.as_deref().unwrap_or_default())))
        }
        Some(_) | None => Ok(Meaning::Nothing),
    }
}

fn instrument(venue: &VenueId, symbol: Option<&str>) -> Result<InstrumentId> {
    instrument_id(venue, symbol.ok_or_else(|| Error::message("S", "it is missing"))?, None)
}

fn at(text: Option<&str>) -> Result<crate::domain::time::Stamp> {
    stamp("t", text.ok_or_else(|| Error::message("t", "it is missing"))?)
}

fn book(venue: &VenueId, b: &wire::BookNews<'_>) -> Result<Change> {
    let levels = |all: &[wire::Level<'_>]| -> Result<Vec<(Price, Qty)>> { all.iter().map(level).collect() };
    Ok(Change {
        instrument: instrument(venue, b.symbol)?,
        bids: levels(&b.bids)?,
        asks: levels(&b.asks)?,
        is_whole: b.is_whole,
        at: at(b.at)?,
    })
}

fn level(level: &wire::Level<'_>) -> Result<(Price, Qty)> {
    let price: Price = number("p", level.p)?;
    if !price.is_positive() {
        return Err(Error::message("p", format!("{price} is not above zero")));
    }
    Ok((price, number("s", level.s)?))
}

/// One side of a quote. A price of zero is the venue's way to say that nobody is there.
fn touch(
    place: &'static str,
    price: Option<wire::Number<'_>>,
    size: Option<wire::Number<'_>>,
) -> Result<Option<(Price, Qty)>> {
    let price: Price = needed(place, price)?;
    let size: Qty = needed(place, size)?;
    Ok((!price.is_zero()).then_some((price, size)))
}

fn bar(n: &wire::OtherNews<'_>) -> Result<Bar> {
    Ok(Bar {
        at: at(n.at)?,
        open: needed("o", n.open)?,
        high: needed("h", n.high)?,
        low: needed("l", n.low)?,
        close: needed("c", n.close)?,
        volume: needed("v", n.volume)?,
    })
}

/// Trading status. The letters are those of the listing market's tape: `H`, `P` and `2` stop, `T` and `3` resume.
fn halt(venue: &VenueId, n: &wire::OtherNews<'_>) -> Result<Meaning> {
    let words = n.reason_text.as_deref().filter(|t| !t.is_empty()).or(n.status_text.as_deref());
    let why = match n.status.as_deref() {
        Some("H" | "P" | "2") => Some(Text::clean(words.unwrap_or("halted"))),
        Some("T" | "3") => None,
        Some(_) | None => return Ok(Meaning::Nothing),
    };
    Ok(Meaning::Event(Event::Halt { instrument: instrument(venue, n.symbol)?, why }))
}

/// A quote of an answer.
///
/// # Errors
/// Names the first field that can't be read.
pub fn quote(instrument: InstrumentId, q: &wire::Quote<'_>, received: Mono) -> Result<Quote> {
    Ok(Quote {
        instrument,
        bid: touch("bp", Some(q.bp), Some(q.bs))?,
        ask: touch("ap", Some(q.ap), Some(q.as_))?,
        at: stamp("t", &q.t)?,
        received,
    })
}

/// A bar of an answer.
///
/// # Errors
/// Names the first field that can't be read.
pub fn answered_bar(b: &wire::Bar<'_>) -> Result<Bar> {
    Ok(Bar {
        at: stamp("t", &b.t)?,
        open: number("o", b.o)?,
        high: number("h", b.h)?,
        low: number("l", b.l)?,
        close: number("c", b.c)?,
        volume: number("v", b.v)?,
    })
}

/// What a snapshot tells: the day, the last trade, the quote.
///
/// # Errors
/// Names the first field that can't be read.
pub fn snapshot(instrument: &InstrumentId, s: &wire::Snapshot<'_>, received: Mono) -> Result<Vec<Market>> {
    let mut out = vec![Market::Day(Day {
        instrument: instrument.clone(),
        previous_close: s.prev_daily_bar.as_ref().map(|b| number("c", b.c)).transpose()?,
        volume: s.daily_bar.as_ref().map(|b| number("v", b.v)).transpose()?,
    })];
    if let Some(t) = &s.latest_trade {
        out.push(Market::Trade(Trade {
            instrument: instrument.clone(),
            price: number("p", t.p)?,
            size: number("s", t.s)?,
            at: stamp("t", &t.t)?,
            received,
        }));
    }
    if let Some(q) = &s.latest_quote {
        out.push(Market::Quote(quote(instrument.clone(), q, received)?));
    }
    Ok(out)
}
