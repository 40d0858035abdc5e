//! Brokerage models: what a broker or exchange charges, lends and allows.

pub mod coins;
pub mod rules;
pub mod stocks;

use rules::Rules;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A brokerage model by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Alpaca.
    #[default]
    Alpaca,
    /// Atreyu (Axos Clearing).
    Atreyu,
    /// Charles Schwab.
    Schwab,
    /// Interactive Brokers.
    Ibkr,
    /// TradeStation.
    TradeStation,
    /// Tastytrade.
    Tastytrade,
    /// Tradier.
    Tradier,
    /// Binance.
    Binance,
    /// Coinbase.
    Coinbase,
    /// Bybit.
    Bybit,
    /// Kraken.
    Kraken,
    /// Bitfinex.
    Bitfinex,
    /// OANDA.
    Oanda,
}

/// A name that is no model's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no brokerage model; there are {}", Model::names())]
pub struct UnknownModel {
    given: String,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Alpaca,
        Self::Atreyu,
        Self::Schwab,
        Self::Ibkr,
        Self::TradeStation,
        Self::Tastytrade,
        Self::Tradier,
        Self::Binance,
        Self::Coinbase,
        Self::Bybit,
        Self::Kraken,
        Self::Bitfinex,
        Self::Oanda,
    ];
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alpaca => "alpaca",
            Self::Atreyu => "atreyu",
            Self::Schwab => "schwab",
            Self::Ibkr => "ibkr",
            Self::TradeStation => "tradestation",
            Self::Tastytrade => "tastytrade",
            Self::Tradier => "tradier",
            Self::Binance => "binance",
            Self::Coinbase => "coinbase",
            Self::Bybit => "bybit",
            Self::Kraken => "kraken",
            Self::Bitfinex => "bitfinex",
            Self::Oanda => "oanda",
        }
    }
    /// What it says.
    pub const fn rules(self) -> &'static Rules {
        match self {
            Self::Alpaca => &stocks::ALPACA,
            Self::Atreyu => &stocks::ATREYU,
            Self::Schwab => &stocks::SCHWAB,
            Self::Ibkr => &stocks::IBKR,
            Self::TradeStation => &stocks::TRADESTATION,
            Self::Tastytrade => &stocks::TASTYTRADE,
            Self::Tradier => &stocks::TRADIER,
            Self::Binance => &coins::BINANCE,
            Self::Coinbase => &coins::COINBASE,
            Self::Bybit => &coins::BYBIT,
            Self::Kraken => &coins::KRAKEN,
            Self::Bitfinex => &coins::BITFINEX,
            Self::Oanda => &stocks::OANDA,
        }
    }
    fn names() -> String {
        Self::ALL.map(Self::word).join(", ")
    }
}

impl FromStr for Model {
    type Err = UnknownModel;
    fn from_str(text: &str) -> Result<Self, UnknownModel> {
        let found = Self::ALL.into_iter().find(|m| m.word().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownModel {
            given: text.chars().filter(|c| !c.is_control()).take(40).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{rules::*, *};
    use crate::domain::{
        instrument::AssetClass::{Crypto, Equity},
        money::{Price, Qty},
        order::{OrderKind, Side, Tif},
    };
    use rust_decimal::Decimal;

    fn charge(
        model: Model,
        class: crate::domain::instrument::AssetClass,
        side: Side,
        qty: &str,
        price: &str,
        rested: bool,
    ) -> String {
        let qty: Qty = qty.parse().unwrap();
        let price: Price = price.parse().unwrap();
        let value = qty.checked_mul_price(price).unwrap();
        let fee = model.rules().desk(class).unwrap().fee.of(&Filled { side, qty, value, rested });
        match (fee.money.is_zero(), fee.coin.is_zero()) {
            (true, true) => "0".into(),
            (false, true) => format!("{} USD", fee.money),
            (true, false) => format!("{} coin", fee.coin),
            (false, false) => "both".into(),
        }
    }

    #[test]
    fn lean_fees() {
        let stock = |m, qty, price| charge(m, Equity, Side::Buy, qty, price, false);
        assert_eq!(stock(Model::Ibkr, "1", "100"), "1 USD");
        assert_eq!(stock(Model::Ibkr, "1000", "100"), "5 USD");
        assert_eq!(stock(Model::Ibkr, "1000", "0.5"), "2.5 USD", "capped at half a per cent");
        assert_eq!(stock(Model::Ibkr, "1", "10"), "1 USD", "the minimum is tested before the cap");
        assert_eq!(stock(Model::Atreyu, "1000", "100"), "3.5 USD");
        assert_eq!(stock(Model::Schwab, "1000", "100"), "0");
        assert_eq!(stock(Model::Tastytrade, "10", "100"), "0");
        assert_eq!(stock(Model::Tradier, "10", "100"), "0");
        assert_eq!(stock(Model::TradeStation, "10", "100"), "0");
        assert_eq!(stock(Model::Alpaca, "10", "100"), "0");
        let coin = |m, side, qty, price, rested| charge(m, Crypto, side, qty, price, rested);
        assert_eq!(coin(Model::Alpaca, Side::Buy, "2", "40000", false), "0.005 coin");
        assert_eq!(coin(Model::Alpaca, Side::Sell, "2", "40000", false), "200 USD");
        assert_eq!(coin(Model::Alpaca, Side::Buy, "2", "40000", true), "0.003 coin");
        assert_eq!(coin(Model::Alpaca, Side::Sell, "2", "40000", true), "120 USD");
        assert_eq!(coin(Model::Coinbase, Side::Buy, "1", "100", false), "0.8 USD");
        assert_eq!(coin(Model::Bitfinex, Side::Buy, "1", "100", false), "0.002 coin");
        assert_eq!(coin(Model::Bitfinex, Side::Sell, "1", "100", false), "0.2 USD");
        assert_eq!(coin(Model::Binance, Side::Sell, "1", "100", true), "0.1 USD");
        assert_eq!(coin(Model::Kraken, Side::Buy, "1", "100", false), "0.26 USD");
        assert_eq!(coin(Model::Kraken, Side::Sell, "1", "100", false), "0.0026 coin");
    }

    #[test]
    fn leverage_by_model_and_coin() {
        let of = |m: Model, class, symbol| m.rules().leverage(class, symbol).normalize().to_string();
        assert_eq!(of(Model::Alpaca, Equity, "AAPL"), "2");
        assert_eq!(of(Model::Alpaca, Crypto, "BTC/USD"), "1");
        assert_eq!(of(Model::Binance, Crypto, "BTC/USD"), "3");
        assert_eq!(of(Model::Bitfinex, Crypto, "BTC/USD"), "3.3");
        assert_eq!(of(Model::Kraken, Crypto, "BTC/USD"), "5");
        assert_eq!(of(Model::Kraken, Crypto, "DOGE/USD"), "1");
        assert_eq!(of(Model::Coinbase, Crypto, "BTC/USD"), "1");
    }

    #[test]
    fn what_a_model_does_not_take_it_refuses_in_a_sentence() {
        let no = |m: Model, class, kind, tif| m.rules().objection(class, kind, tif).unwrap_or_default();
        assert_eq!(no(Model::Alpaca, Equity, OrderKind::TrailingStop, Tif::Day), "");
        assert_eq!(
            no(Model::Kraken, Equity, OrderKind::Market, Tif::Day),
            "the kraken model does not trade stocks"
        );
        assert_eq!(
            no(Model::Oanda, Crypto, OrderKind::Market, Tif::Gtc),
            "the oanda model does not trade coins"
        );
        assert_eq!(
            no(Model::Schwab, Equity, OrderKind::TrailingStop, Tif::Day),
            "the schwab model takes no trailing orders for stocks; it takes market, limit, stop, stop-limit"
        );
        assert_eq!(
            no(Model::Tradier, Equity, OrderKind::Market, Tif::Opg),
            "the tradier model takes no opg orders for stocks; it takes day, gtc"
        );
    }

    #[test]
    fn slippage_is_whole_ticks_against_the_order() {
        let desk = Desk { slippage: 150, ..*Model::Schwab.rules().desk(Equity).unwrap() };
        let price = Price::new(Decimal::new(10_000, 2));
        let step = Price::new(Decimal::new(1, 2));
        assert_eq!(desk.slipped(Side::Buy, price, step).to_string(), "100.02");
        assert_eq!(desk.slipped(Side::Sell, price, step).to_string(), "99.98");
    }

    #[test]
    fn names_are_read_and_a_wrong_one_is_told() {
        assert_eq!("Kraken".parse(), Ok(Model::Kraken));
        let error = "etrade".parse::<Model>().unwrap_err().to_string();
        assert!(error.starts_with("`etrade` is no brokerage model; there are alpaca, atreyu"), "{error}");
    }
}
