//! Questions about the market.

use super::{Api, Kind};
use crate::{
    adapters::ibkr_portal::{
        map::market::{self, Seen},
        memory::SecType,
        session::FIELDS,
        wire::{History, Tick},
    },
    broker::{Fault, Market},
    domain::{
        ids::{InstrumentId, Symbol},
        quote::{Bar, Interval, Quote},
        time::Stamp,
    },
    transport::{limit::Class, rest::Call},
};
use std::{collections::BTreeMap, time::Duration};

/// The vendor's most points of one answer.
const POINTS_MAX: u32 = 1_000;
/// Minutes of a regular session in the United States, and of a day without one.
const SESSION_MIN: u32 = 390;
const DAY_MIN: u32 = 1_440;
/// The first look at a symbol only orders its figures; they are there a little later.
const LOOKS: usize = 3;
const PAUSE: Duration = Duration::from_millis(700);

impl Api {
    /// The latest quotes. What the venue does not tell live is left out.
    ///
    /// # Errors
    /// When the venue can't be asked, or its answer not be read.
    pub async fn quotes(&self, symbols: &[Symbol]) -> Result<Vec<Quote>, Fault> {
        let mut ids: BTreeMap<String, InstrumentId> = BTreeMap::new();
        for symbol in symbols {
            let contract = self.contract(symbol, Class::Read).await?;
            ids.insert(contract.conid.to_string(), contract.instrument.id);
        }
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        let mut quotes: BTreeMap<String, Quote> = BTreeMap::new();
        for look in 0..LOOKS {
            if quotes.len() >= ids.len() {
                break;
            }
            if look > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let conids: Vec<&str> = ids.keys().map(String::as_str).collect();
            let call = Call::get(&["iserver", "marketdata", "snapshot"])
                .query("conids", conids.join(","))
                .query("fields", FIELDS.join(","));
            let answer = self.ask(Class::Read, Kind::Usual, call).await?;
            let ticks: Vec<Tick> = self.read(&answer)?;
            for tick in ticks {
                let Some(conid) = tick.conid.clone() else { continue };
                let Some(id) = ids.get(&conid) else { continue };
                let news = seen.entry(conid.clone()).or_default().take(id, tick, answer.at);
                for item in news.map_err(|e| self.unreadable(e))?.market {
                    if let Market::Quote(quote) = item {
                        quotes.insert(conid.clone(), quote);
                    }
                }
            }
        }
        Ok(quotes.into_values().collect())
    }

    /// The last `count` bars, or the last that begin before a time; oldest first.
    ///
    /// # Errors
    /// When the venue can't be asked, or its answer not be read.
    pub async fn bars(
        &self,
        id: &InstrumentId,
        interval: Interval,
        count: u32,
        before: Option<Stamp>,
    ) -> Result<Vec<Bar>, Fault> {
        let contract = self.contract(&id.symbol, Class::Read).await?;
        let day_min = if contract.sec_type == SecType::Cash { DAY_MIN } else { SESSION_MIN };
        let (bar, period) = span(interval, count, day_min);
        let mut call = Call::get(&["iserver", "marketdata", "history"])
            .query("conid", contract.conid.to_string())
            .query("period", period)
            .query("bar", bar);
        if let Some(before) = before {
            let at = before.to_jiff().strftime("%Y%m%d-%H:%M:%S").to_string();
            call = call.query("startTime", at).query("direction", "-1");
        }
        // Never closed, so that there always is one.
        let _place = self.bars.acquire().await.ok();
        let answer = self.ask(Class::Read, Kind::Usual, call).await?;
        let told: History = self.read(&answer)?;
        let mut bars = market::bars(&told).map_err(|e| self.unreadable(e))?;
        bars.sort_by_key(|bar| bar.at);
        bars.retain(|bar| before.is_none_or(|before| bar.at < before));
        let too_many = bars.len().saturating_sub(usize::try_from(count).ok().unwrap_or(usize::MAX));
        Ok(bars.into_iter().skip(too_many).collect())
    }
}

/// The venue's words of a bar's length, and of a time that holds so many and not more than it tells at once.
fn span(interval: Interval, count: u32, day_min: u32) -> (&'static str, String) {
    let count = count.clamp(1, POINTS_MAX);
    let bar_min = (interval.secs() / 60).max(1);
    let (bar, each_day) = match interval {
        Interval::Min1 => ("1min", day_min),
        Interval::Min5 => ("5min", day_min / 5),
        Interval::Min15 => ("15min", day_min / 15),
        Interval::Hour1 => ("1h", day_min.div_ceil(bar_min)),
        Interval::Day1 => ("1d", 1),
    };
    let each_day = each_day.max(1);
    let most = POINTS_MAX.checked_div(each_day).unwrap_or(1).max(1);
    // One more than needed: the present day has only begun.
    let days = count.div_ceil(each_day).saturating_add(1).min(most);
    (bar, format!("{days}d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_bars_fit_into_so_many_days() {
        assert_eq!(span(Interval::Min1, 300, SESSION_MIN), ("1min", "2d".to_owned()));
        assert_eq!(span(Interval::Min1, 5_000, SESSION_MIN), ("1min", "2d".to_owned()));
        assert_eq!(span(Interval::Min5, 200, SESSION_MIN), ("5min", "4d".to_owned()));
        assert_eq!(span(Interval::Hour1, 100, SESSION_MIN), ("1h", "16d".to_owned()));
        assert_eq!(span(Interval::Day1, 250, SESSION_MIN), ("1d", "251d".to_owned()));
        assert_eq!(span(Interval::Min1, 300, DAY_MIN), ("1min", "1d".to_owned()));
    }
}
