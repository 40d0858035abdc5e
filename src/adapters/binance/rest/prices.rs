//! Questions about the market.

use super::{Api, Asked};
use crate::{
    adapters::binance::{
        book::Snapshot,
        map::{market, rules::Directory},
        wire,
    },
    broker::{Fault, Market},
    domain::{
        ids::{InstrumentId, Symbol},
        quote::{Bar, Interval, Quote},
        time::Stamp,
    },
    transport::limit::Class,
};

/// The venue's longest page of bars.
const BARS_MAX: u32 = 1_000;
/// Levels of an order book that are asked for.
const LEVELS: u32 = 500;

impl Api {
    /// The latest quotes.
    pub async fn quotes(&self, symbols: &[Symbol]) -> Result<Vec<Quote>, Fault> {
        let directory = self.directory(Class::Read).await?;
        let names: Vec<&str> =
            symbols.iter().filter_map(|s| directory.of(s)).map(|r| r.native.as_str()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let asked = Asked::public(&self.path(&["ticker", "bookTicker"]), 4).list();
        let list = serde_json::to_string(&names).map_err(|e| self.unreadable(e))?;
        let asked = if self.product().is_futures() { asked } else { asked.with("symbols", list) };
        let answer = self.ask_for(Class::Read, asked).await?;
        let told: Vec<wire::BookTicker<'_>> = self.read(&answer)?;
        told.iter()
            .filter(|t| names.contains(&&*t.symbol))
            .map(|t| market::answered_quote(&directory, t, answer.at))
            .collect::<Result<_, _>>()
            .map_err(|e| self.unreadable(e))
    }

    /// The same as market news.
    pub async fn touches(&self, symbols: &[Symbol]) -> Result<Vec<Market>, Fault> {
        Ok(self.quotes(symbols).await?.into_iter().map(Market::Quote).collect())
    }

    /// The last `count` bars, or the last that begin before a time; oldest first.
    pub async fn bars(
        &self,
        id: &InstrumentId,
        interval: Interval,
        count: u32,
        before: Option<Stamp>,
    ) -> Result<Vec<Bar>, Fault> {
        let directory = self.directory(Class::Read).await?;
        let Some(rules) = directory.of(&id.symbol) else { return Ok(Vec::new()) };
        let mut asked = Asked::public(&self.path(&["klines"]), 2)
            .with("symbol", rules.native.as_str())
            .with("interval", interval.word())
            .with("limit", count.clamp(1, BARS_MAX).to_string())
            .list();
        if let Some(before) = before {
            // The end counts as inside.
            asked = asked.with("endTime", before.as_millis().saturating_sub(1).to_string());
        }
        let answer = self.ask_for(Class::Read, asked).await?;
        let told: Vec<wire::Kline<'_>> = self.read(&answer)?;
        told.iter().map(market::bar).collect::<Result<_, _>>().map_err(|e| self.unreadable(e))
    }

    /// An order book as it stands.
    pub async fn depth(&self, directory: &Directory, symbol: &Symbol) -> Result<Snapshot, Fault> {
        let Some(rules) = directory.of(symbol) else {
            return Err(self.unreadable(format!("{symbol} is not in the venue's list")));
        };
        let asked = Asked::public(&self.path(&["depth"]), 25)
            .with("symbol", rules.native.as_str())
            .with("limit", LEVELS.to_string());
        let answer = self.ask_for(Class::Read, asked).await?;
        let told: wire::Depth<'_> = self.read(&answer)?;
        market::snapshot(&told).map_err(|e| self.unreadable(e))
    }
}
