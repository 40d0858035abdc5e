//! Brokerage models: what a broker or exchange charges, lends and allows.

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
