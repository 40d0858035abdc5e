//! Questions about the market.

use super::{Api, Host};
use crate::{
    adapters::alpaca::{
        map,
        map::{market, request::joined},
        wire,
    },
    broker::{Fault, Market},
    domain::{
        ids::{InstrumentId, Symbol},
        quote::{Bar, Interval, Quote},
        time::Stamp,
    },
    transport::{limit::Class, rest::Call},
};
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap};

/// Snapshots of hundreds of symbols, thousands of bars.
const LIST_BYTES_MAX: usize = 32 * 1024 * 1024;
const DAY_MS: i64 = 24 * 3_600_000;

impl Api {
    /// The latest quotes.
    pub async fn quotes(&self, symbols: &[Symbol]) -> Result<Vec<Quote>, Fault> {
        #[derive(Deserialize)]
        struct Quotes<'a> {
            #[serde(borrow)]
            quotes: BTreeMap<Cow<'a, str>, wire::Quote<'a>>,
        }
        let mut out = Vec::new();
        for (is_crypto, call) in self.by_class(symbols, ["quotes", "latest"], ["latest", "quotes"]) {
            let answer = self.ask_for(Host::Data, Class::Read, call).await?;
            let told: Quotes<'_> = self.read(&answer)?;
            for (native, quote) in &told.quotes {
                let id = self.instrument_id(native, is_crypto)?;
                out.push(market::quote(id, quote, answer.at.mono).map_err(|e| self.unreadable(e))?);
            }
        }
        Ok(out)
    }

    /// The day so far, the last trade and the quote of these symbols.
    pub async fn snapshots(&self, symbols: &[Symbol]) -> Result<Vec<Market>, Fault> {
        type Snapshots<'a> = BTreeMap<Cow<'a, str>, wire::Snapshot<'a>>;
        #[derive(Deserialize)]
        struct Nested<'a> {
            #[serde(borrow)]
            snapshots: Snapshots<'a>,
        }
        let mut out = Vec::new();
        for (is_crypto, call) in self.by_class(symbols, ["snapshots", ""], ["snapshots", ""]) {
            let answer = self.ask_for(Host::Data, Class::Read, call).await?;
            // Stocks come as a map of their own, coins inside `snapshots`.
            let told: Snapshots<'_> =
                if is_crypto { self.read::<Nested<'_>>(&answer)?.snapshots } else { self.read(&answer)? };
            for (native, snapshot) in &told {
                let id = self.instrument_id(native, is_crypto)?;
                out.extend(market::snapshot(&id, snapshot, answer.at.mono).map_err(|e| self.unreadable(e))?);
            }
        }
        Ok(out)
    }

    /// One call for the stocks among `symbols` and one for the coins.
    fn by_class(&self, symbols: &[Symbol], stocks: [&str; 2], coins: [&str; 2]) -> Vec<(bool, Call)> {
        let (crypto, equity): (Vec<&str>, Vec<&str>) =
            symbols.iter().map(Symbol::as_str).partition(|s| s.contains('/'));
        let path = |head: &[&'static str], tail: [&str; 2]| -> Call {
            let all: Vec<&str> = head.iter().copied().chain(tail).filter(|s| !s.is_empty()).collect();
            Call::get(&all).body_max(LIST_BYTES_MAX)
        };
        let mut out = Vec::new();
        if !equity.is_empty() {
            let call = path(&["v2", "stocks"], stocks).query("symbols", joined(equity));
            out.push((false, call.query("feed", self.config().feed())));
        }
        if !crypto.is_empty() {
            out.push((true, path(&["v1beta3", "crypto", "us"], coins).query("symbols", joined(crypto))));
        }
        out
    }

    fn instrument_id(&self, native: &str, is_crypto: bool) -> Result<InstrumentId, Fault> {
        let class = if is_crypto { "crypto" } else { "us_equity" };
        map::instrument_id(self.venue(), native, Some(class)).map_err(|e| self.unreadable(e))
    }

    /// The last `count` bars, or the last that begin before a time; oldest first.
    pub async fn bars(
        &self,
        id: &InstrumentId,
        interval: Interval,
        count: u32,
        before: Option<Stamp>,
    ) -> Result<Vec<Bar>, Fault> {
        #[derive(Deserialize)]
        struct Bars<'a> {
            #[serde(borrow)]
            bars: Option<BTreeMap<Cow<'a, str>, Vec<wire::Bar<'a>>>>,
        }
        let is_crypto = map::is_crypto(&id.symbol);
        let path: &[&str] =
            if is_crypto { &["v1beta3", "crypto", "us", "bars"] } else { &["v2", "stocks", "bars"] };
        let count = count.clamp(1, 10_000);
        let until = before.unwrap_or_else(|| self.clock().now().wall);
        let mut call = Call::get(path)
            .query("symbols", id.symbol.as_str())
            .query("timeframe", timeframe(interval))
            .query("limit", count.to_string())
            .query("sort", "desc")
            .query("start", bars_start(until, interval, count).to_rfc3339())
            .body_max(LIST_BYTES_MAX);
        if let Some(before) = before {
            // The end counts as inside.
            let last = Stamp::from_nanos(before.as_nanos().saturating_sub(1));
            call = call.query("end", last.to_rfc3339());
        }
        if !is_crypto {
            // Old bars have no delayed feed, and a chart without its splits has cliffs.
            let feed = if self.config().feed() == "delayed_sip" { "sip" } else { self.config().feed() };
            call = call.query("feed", feed).query("adjustment", "split");
        }
        let answer = self.ask_for(Host::Data, Class::Read, call).await?;
        let told: Bars<'_> = self.read(&answer)?;
        let newest_first = told.bars.iter().flatten().flat_map(|(_, bars)| bars);
        let mut bars: Vec<Bar> = newest_first
            .map(market::answered_bar)
            .collect::<Result<_, _>>()
            .map_err(|e| self.unreadable(e))?;
        bars.reverse();
        Ok(bars)
    }

    /// Is the stock market in regular hours?
    pub async fn is_open(&self) -> Result<bool, Fault> {
        let answer = self.ask_for(Host::Trading, Class::Read, Call::get(&["v2", "clock"])).await?;
        Ok(self.read::<wire::MarketClock>(&answer)?.is_open)
    }
}

fn timeframe(interval: Interval) -> &'static str {
    match interval {
        Interval::Min1 => "1Min",
        Interval::Min5 => "5Min",
        Interval::Min15 => "15Min",
        Interval::Hour1 => "1Hour",
        Interval::Day1 => "1Day",
    }
}

/// Far enough back for `count` bars: sessions fill a fifth of the week, and holidays come in fours at most.
fn bars_start(until: Stamp, interval: Interval, count: u32) -> Stamp {
    let span_ms = i64::from(interval.secs()).saturating_mul(i64::from(count)).saturating_mul(5_000);
    until.plus_ms(span_ms.saturating_add(DAY_MS.saturating_mul(4)).saturating_neg())
}
