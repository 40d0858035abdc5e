//! Quotes and bars by request.

use super::Api;
use crate::{
    adapters::ibkr_tws::map::{
        market::{Feed, bar, bar_size, span},
        rules::Rules,
    },
    broker::Fault,
    domain::{
        ids::{InstrumentId, Symbol},
        instrument::AssetClass,
        quote::{Bar, Interval, Quote},
        time::Stamp,
    },
    transport::limit::Class,
};
use ibapi::market_data::{TradingHours, historical::WhatToShow};
use std::time::{Duration, SystemTime};

/// What TWS needs at the most to tell what stands (IBKR's "TWS API v9.72+: Receiving Top Market Data": eleven seconds).
const SNAPSHOT_WAIT: Duration = Duration::from_secs(11);
/// A page of bars may be long in coming.
const BARS_WAIT: Duration = Duration::from_secs(30);

impl Api {
    /// The touch of each. One without both sides of now is left out.
    pub async fn quotes(&self, symbols: &[Symbol]) -> Result<Vec<Quote>, Fault> {
        let mut quotes = Vec::new();
        for symbol in symbols {
            let Some(rules) = self.known_rules(symbol).await? else { continue };
            let session = self.question(Class::Read).await?;
            let asked = session.client.market_data(&rules.contract).snapshot_once(SNAPSHOT_WAIT).await;
            let mut feed = Feed::default();
            for tick in asked.map_err(|e| self.fault(&e))? {
                feed.apply(&tick).map_err(|e| self.unreadable(e))?;
            }
            if feed.is_whole() {
                quotes.push(feed.quote(&rules.instrument.id, self.clock().now()));
            }
        }
        Ok(quotes)
    }

    async fn known_rules(&self, symbol: &Symbol) -> Result<Option<Rules>, Fault> {
        match self.rules_of(symbol, Class::Read).await {
            Ok(rules) => Ok(Some(rules)),
            Err(Fault::Refused { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The last bars, oldest first.
    pub async fn bars(
        &self,
        instrument: &InstrumentId,
        interval: Interval,
        count: u32,
        before: Option<Stamp>,
    ) -> Result<Vec<Bar>, Fault> {
        let rules = self.rules_of(&instrument.symbol, Class::Read).await?;
        let session = self.question(Class::Read).await?;
        // Pairs have no trades there, and those of coins have a name of their own.
        let (what, hours) = match rules.instrument.class {
            AssetClass::Forex | AssetClass::Cfd => (WhatToShow::MidPoint, TradingHours::Extended),
            AssetClass::Crypto => (WhatToShow::AggTrades, TradingHours::Extended),
            AssetClass::Equity | AssetClass::Option | AssetClass::Future | AssetClass::Perpetual => {
                (WhatToShow::Trades, TradingHours::Regular)
            }
        };
        let mut asked = session
            .client
            .historical_data(&rules.contract, bar_size(interval))
            .duration(span(interval, count))
            .what_to_show(what)
            .trading_hours(hours);
        if let Some(before) = before {
            let secs = u64::try_from(before.as_secs()).map_err(|e| self.unreadable(e))?;
            let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs));
            let at = at.ok_or_else(|| self.unreadable("a time out of all calendars"))?;
            asked = asked.ending(at.into());
        }
        let told = tokio::time::timeout(BARS_WAIT, asked.fetch()).await;
        let data = told.map_err(|_| self.silent("bars"))?.map_err(|e| self.fault(&e))?;
        let mut bars: Vec<Bar> =
            data.bars.iter().map(bar).collect::<Result<_, _>>().map_err(|e| self.unreadable(e))?;
        bars.retain(|b| before.is_none_or(|before| b.at < before));
        bars.sort_by_key(|b| b.at);
        let count = usize::try_from(count).map_err(|e| self.unreadable(e))?;
        let over = bars.len().saturating_sub(count);
        bars.drain(..over);
        Ok(bars)
    }
}
