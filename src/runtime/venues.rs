//! What is known of each kind of venue: whose interface it speaks, what it can do, what it charges.

use crate::{
    adapters::registry::{self, Kind, Product},
    config::VenueKind,
    domain::{capability::Capability, instrument::AssetClass, money::Percent},
    sizing::FeeSchedule,
};
use rust_decimal::Decimal;

/// What a kind of venue can do; `None` while this version can't trade there.
pub fn capability(kind: VenueKind) -> Option<Capability> {
    adapter(kind).map(registry::capability)
}

/// Whose interface a kind of venue speaks; `None` while this version does not.
pub(super) const fn adapter(kind: VenueKind) -> Option<Kind> {
    match kind {
        VenueKind::Paper | VenueKind::Alpaca => Some(Kind::Alpaca),
        VenueKind::Binance => Some(Kind::Binance(Product::Spot)),
        VenueKind::BinanceUs => Some(Kind::Binance(Product::Us)),
        VenueKind::BinanceUsdm => Some(Kind::Binance(Product::Usdm)),
        VenueKind::BinanceCoinm
        | VenueKind::Ibkr
        | VenueKind::Schwab
        | VenueKind::TradeStation
        | VenueKind::Tastytrade
        | VenueKind::Tradier
        | VenueKind::Coinbase
        | VenueKind::Bybit
        | VenueKind::Kraken
        | VenueKind::Bitfinex
        | VenueKind::Oanda
        | VenueKind::Trading212
        | VenueKind::TradingTechnologies
        | VenueKind::Wolverine
        | VenueKind::BloombergEmsx
        | VenueKind::Atreyu
        | VenueKind::ZerodhaKite
        | VenueKind::Samco
        | VenueKind::Degiro
        | VenueKind::TradeRepublic
        | VenueKind::Xtb
        | VenueKind::TdAmeritrade
        | VenueKind::Ftx
        | VenueKind::Iqfeed
        | VenueKind::Polygon
        | VenueKind::Lean
        | VenueKind::QuantConnect => None,
    }
}

/// What a venue charges, for estimates before an order is sent; what it then books counts.
pub(super) fn fees(kind: VenueKind) -> Vec<(AssetClass, FeeSchedule)> {
    let percent = |digits: i64, scale| FeeSchedule {
        percent: Percent::new(Decimal::new(digits, scale)),
        ..FeeSchedule::default()
    };
    match adapter(kind) {
        // Taker fees at the lowest tier, without discounts; those of Binance.US differ by pair and are taken to be
        // no lower.
        Some(Kind::Binance(Product::Spot | Product::Us)) => return vec![(AssetClass::Crypto, percent(1, 1))],
        Some(Kind::Binance(Product::Usdm)) => return vec![(AssetClass::Perpetual, percent(5, 2))],
        Some(Kind::Alpaca) => {}
        None => return Vec::new(),
    }
    // Alpaca's taker fee for crypto at the lowest tier; stocks are free (its fee schedule of 2025).
    let crypto = FeeSchedule { percent: Percent::new(Decimal::new(25, 2)), ..FeeSchedule::default() };
    vec![(AssetClass::Equity, FeeSchedule::default()), (AssetClass::Crypto, crypto)]
}
