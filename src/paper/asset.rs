//! The instruments of the paper venue and their rules under a brokerage model.

use super::{
    listings::{Kind, LISTINGS, Listing},
    models::Model,
};
use crate::domain::{
    ids::{Currency, Symbol},
    instrument::{AssetClass, Borrow, Tick},
    money::{Price, Qty},
};
use rust_decimal::Decimal;
use uuid::Uuid;

/// An instrument and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: Uuid,
    /// `AAPL`, `BTC/USD`.
    pub symbol: Symbol,
    /// For people.
    pub name: &'static str,
    /// Stock or coin.
    pub class: AssetClass,
    /// Where it is listed: `NASDAQ`, `NYSE`, `ARCA`, `CRYPTO`.
    pub exchange: &'static str,
    /// What it is priced in.
    pub quote: Currency,
    /// Allowed prices.
    pub tick: Tick,
    /// Can it be sold short under this model?
    pub shortable: bool,
    /// How hard is that?
    pub borrow: Borrow,
    /// How many units may be held short.
    pub short_limit: Qty,
    /// Can it be bought on margin under this model?
    pub marginable: bool,
    /// Can fractions be traded?
    pub fractionable: bool,
    /// Does this model trade it at all?
    pub tradable: bool,
    /// Smallest order (coins).
    pub min_order_size: Option<Qty>,
    /// Smallest step of quantity (coins).
    pub min_trade_increment: Option<Qty>,
    /// Smallest step of price (coins).
    pub price_increment: Option<Price>,
}

impl Asset {
    /// Is it a coin?
    pub fn is_coin(&self) -> bool {
        self.class == AssetClass::Crypto
    }
    /// The coin's own name, of a pair: `BTC`.
    pub fn base(&self) -> &str {
        self.symbol.as_str().split('/').next().unwrap_or_default()
    }
    /// Is it meant by `text`: a symbol, a coin's symbol without the slash, or the id?
    pub fn is_called(&self, text: &str) -> bool {
        let symbol = self.symbol.as_str();
        symbol.eq_ignore_ascii_case(text)
            || symbol.split_once('/').is_some_and(|(base, quote)| {
                text.len() == base.len().saturating_add(quote.len())
                    && text.get(..base.len()).is_some_and(|t| t.eq_ignore_ascii_case(base))
                    && text.get(base.len()..).is_some_and(|t| t.eq_ignore_ascii_case(quote))
            })
            || Uuid::try_parse(text).is_ok_and(|id| id == self.id)
    }

    fn of(listing: &Listing, model: Model) -> Option<Self> {
        let rules = model.rules();
        let symbol = Symbol::new(listing.symbol).ok()?;
        let coin = match listing.kind {
            Kind::Stock => None,
            Kind::Coin(coin) => Some(coin),
        };
        let class = if coin.is_some() { AssetClass::Crypto } else { AssetClass::Equity };
        let tradable = rules.trades(class);
        let step = Price::new(Decimal::new(1, listing.price_places()));
        Some(Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, listing.symbol.as_bytes()),
            symbol,
            name: listing.name,
            class,
            exchange: listing.exchange,
            quote: Currency::usd(),
            tick: if coin.is_some() { Tick::Fixed(step) } else { Tick::UsEquity },
            shortable: tradable && coin.is_none() && listing.borrow != Borrow::None && rules.shorts,
            borrow: listing.borrow,
            short_limit: Qty::new(Decimal::from(listing.short_limit())).unwrap_or_default(),
            marginable: rules.leverage(class, listing.symbol) > Decimal::ONE,
            fractionable: coin.is_some() || rules.fractions,
            tradable,
            min_order_size: coin.and_then(|c| Qty::new(Decimal::new(c.min_order, 9).normalize())),
            min_trade_increment: coin.and_then(|_| Qty::new(Decimal::new(1, 9))),
            price_increment: coin.map(|_| step),
        })
    }
}

/// Every instrument under `model`, in the order of [`LISTINGS`].
pub fn assets(model: Model) -> Vec<Asset> {
    LISTINGS.iter().filter_map(|listing| Asset::of(listing, model)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listing_is_an_asset_by_symbol_order_and_without_twins() {
        let all = assets(Model::Alpaca);
        assert_eq!(all.len(), LISTINGS.len());
        assert!(all.windows(2).all(|w| w[0].symbol < w[1].symbol), "sorted");
        assert!(all.iter().filter(|a| a.is_coin()).count() >= 10);
        assert!(all.iter().filter(|a| !a.is_coin()).count() >= 100);
    }

    #[test]
    fn names_that_mean_the_same_coin() {
        let all = assets(Model::Alpaca);
        let id = all.iter().find(|a| a.symbol.as_str() == "BTC/USD").unwrap().id.to_string();
        for text in ["BTC/USD", "btcusd", "BTCUSD", &id] {
            assert_eq!(all.iter().find(|a| a.is_called(text)).unwrap().symbol.as_str(), "BTC/USD", "{text}");
        }
        assert!(!all.iter().any(|a| a.is_called("BTC") || a.is_called("") || a.is_called("BTC/USDT")));
    }
}
