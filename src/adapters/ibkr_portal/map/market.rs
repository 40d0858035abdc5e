//! Market messages into ours. The gateway tells what changed of a symbol; what it said before is kept.

use super::{Result, loose, needed, stamp};
use crate::{
    adapters::ibkr_portal::wire::{Candle, History, Tick},
    broker::Market,
    domain::{
        ids::InstrumentId,
        money::{Price, Qty},
        quote::{Bar, Day, Quote, Trade},
        text::Text,
        time::{Now, Stamp},
    },
};
use rust_decimal::Decimal;

/// How fresh the venue says that its figures are (field 6509, first letter).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Real-time, by either of its letters.
    Live,
    /// Delayed, frozen, or not subscribed: no order may lean on it.
    Old(&'static str),
    /// Not said yet.
    Unknown,
}

/// Reads it.
pub fn freshness(availability: Option<&str>) -> Freshness {
    match availability.and_then(|text| text.chars().next()) {
        Some('R' | 'S') => Freshness::Live,
        Some('D') => Freshness::Old("delayed"),
        Some('Z') => Freshness::Old("frozen: the market is closed"),
        Some('Y') => Freshness::Old("frozen and delayed"),
        Some('N') => Freshness::Old("not subscribed"),
        Some('O') => Freshness::Old("waiting for the market data agreement in Client Portal"),
        Some(_) => Freshness::Old("of no known kind"),
        None => Freshness::Unknown,
    }
}

/// What is known of one symbol.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    tick: Tick,
    is_halted: bool,
    told_old: bool,
}

/// What news of a symbol make.
#[derive(Debug, Default)]
pub struct News {
    /// Quotes, prints and the day.
    pub market: Vec<Market>,
    /// It was halted (true), or trades again.
    pub halt: Option<bool>,
    /// Its figures are not live, said once.
    pub old: Option<&'static str>,
}

impl Seen {
    /// Takes in what changed. Nothing comes of figures that are not live.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn take(&mut self, id: &InstrumentId, new: Tick, now: Now) -> Result<News> {
        let mut out = News::default();
        let at = new.updated.as_deref().map(|ms| stamp("_updated", ms)).transpose()?.unwrap_or(now.wall);
        let moved_quote =
            new.bid.is_some() || new.ask.is_some() || new.bid_size.is_some() || new.ask_size.is_some();
        let (moved_last, moved_size) = (new.last.is_some(), new.last_size.is_some());
        let moved_day = new.prior_close.is_some() || new.volume.is_some();
        let moved_kind = new.availability.is_some();
        self.merge(new);
        match freshness(self.tick.availability.as_deref()) {
            Freshness::Live => self.told_old = false,
            Freshness::Unknown => return Ok(out),
            Freshness::Old(why) => {
                out.old = (!self.told_old).then_some(why);
                self.told_old = true;
                return Ok(out);
            }
        }
        if moved_quote || moved_kind {
            out.market.extend(self.quote(id, at, now));
        }
        if moved_last || moved_kind {
            out.halt = self.halt();
        }
        if moved_last || moved_size {
            out.market.extend(self.trade(id, at, now)?);
        }
        if moved_day || moved_kind {
            out.market.push(Market::Day(Day {
                instrument: id.clone(),
                previous_close: self.tick.prior_close.as_deref().and_then(loose),
                volume: self.tick.volume.as_deref().and_then(loose),
            }));
        }
        Ok(out)
    }

    fn merge(&mut self, new: Tick) {
        let put = |into: &mut Option<String>, new: Option<String>| {
            if new.is_some() {
                *into = new;
            }
        };
        let Tick {
            conid,
            updated,
            last,
            bid,
            ask_size,
            ask,
            bid_size,
            last_size,
            prior_close,
            volume,
            availability,
        } = new;
        put(&mut self.tick.conid, conid);
        put(&mut self.tick.updated, updated);
        put(&mut self.tick.last, last);
        put(&mut self.tick.bid, bid);
        put(&mut self.tick.ask_size, ask_size);
        put(&mut self.tick.ask, ask);
        put(&mut self.tick.bid_size, bid_size);
        put(&mut self.tick.last_size, last_size);
        put(&mut self.tick.prior_close, prior_close);
        put(&mut self.tick.volume, volume);
        put(&mut self.tick.availability, availability);
    }

    /// The touch as it stands.
    fn quote(&self, id: &InstrumentId, at: Stamp, now: Now) -> Option<Market> {
        let touch = |price: Option<&str>, size: Option<&str>| {
            let price = price.and_then(loose::<Price>).filter(|p| p.is_positive())?;
            Some((price, size.and_then(loose).unwrap_or(Qty::ZERO)))
        };
        let bid = touch(self.tick.bid.as_deref(), self.tick.bid_size.as_deref());
        let ask = touch(self.tick.ask.as_deref(), self.tick.ask_size.as_deref());
        let quote = Quote { instrument: id.clone(), bid, ask, at, received: now.mono };
        (bid.is_some() || ask.is_some()).then_some(Market::Quote(quote))
    }

    /// The last print; yesterday's close is none.
    fn trade(&self, id: &InstrumentId, at: Stamp, now: Now) -> Result<Option<Market>> {
        let Some(text) = self.tick.last.as_deref().filter(|text| !text.starts_with('C')) else {
            return Ok(None);
        };
        let price = needed("31", Some(text.trim_start_matches('H')))?;
        let size = self.tick.last_size.as_deref().and_then(loose).unwrap_or(Qty::ZERO);
        let trade = Trade { instrument: id.clone(), price, size, at, received: now.mono };
        Ok(Some(Market::Trade(trade)))
    }

    fn halt(&mut self) -> Option<bool> {
        let is = self.tick.last.as_deref().is_some_and(|text| text.starts_with('H'));
        let was = std::mem::replace(&mut self.is_halted, is);
        (is != was).then_some(is)
    }
}

/// The bars of an answer, oldest first.
///
/// # Errors
/// Names the first field that can't be read.
pub fn bars(history: &History) -> Result<Vec<Bar>> {
    let factor = history.volume_factor.as_deref().and_then(loose::<Qty>).map_or(Decimal::ONE, Qty::get);
    history.data.iter().map(|candle| bar(candle, factor)).collect()
}

fn bar(c: &Candle, factor: Decimal) -> Result<Bar> {
    let volume: Qty = needed("v", c.v.as_deref())?;
    let volume = volume.get().checked_mul(factor).and_then(Qty::new);
    Ok(Bar {
        at: stamp("t", c.t.as_deref().unwrap_or_default())?,
        open: needed("o", c.o.as_deref())?,
        high: needed("h", c.h.as_deref())?,
        low: needed("l", c.l.as_deref())?,
        close: needed("c", c.c.as_deref())?,
        volume: volume.ok_or_else(|| crate::adapters::Error::message("v", "it is too large"))?,
    })
}

/// Why quotes of a symbol are left out.
pub fn left_out(id: &InstrumentId, why: &str) -> Text {
    Text::from(format!("the figures of {} are {why} (field 6509): its quotes are left out", id.symbol))
}
