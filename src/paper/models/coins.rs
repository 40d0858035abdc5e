//! The exchanges that trade coins.

use super::rules::{Desk, Fee, Paid, Rules};
use crate::domain::order::OrderKind::{self, Limit, Market, Stop, StopLimit};

const TIFS: &[&str] = &["gtc", "ioc", "fok"];
const WITH_STOPS: &[OrderKind] = &[Market, Limit, Stop, StopLimit];
const WITHOUT_STOPS: &[OrderKind] = &[Market, Limit, StopLimit];

const SPOT: Desk = Desk {
    fee: Fee::None,
    leverage_tenths: 10,
    leverage_of: &[],
    slippage: 0,
    kinds: WITH_STOPS,
    tifs: TIFS,
};

/// Alpaca's coins: no margin, a buyer's fee is taken from the coin.
pub const ALPACA_COINS: Desk = Desk {
    fee: Fee::Share { maker: 1_500, taker: 2_500, paid: Paid::WhatIsReceived },
    kinds: WITHOUT_STOPS,
    tifs: &["gtc", "ioc"],
    ..SPOT
};

const EXCHANGE: Rules = Rules {
    name: "",
    latency_ms: 20,
    stocks: None,
    coins: Some(SPOT),
    shorts: false,
    fractions: false,
    day_leverage: 1,
    short_day_only_above: None,
    settle_days: 1,
    qty_max: 1_000_000_000,
};

/// Binance: 0.1 %, three times on margin.
pub const BINANCE: Rules = Rules {
    name: "binance",
    latency_ms: 10,
    coins: Some(Desk {
        fee: Fee::Share { maker: 1_000, taker: 1_000, paid: Paid::WhatIsReceived },
        leverage_tenths: 30,
        kinds: WITHOUT_STOPS,
        ..SPOT
    }),
    ..EXCHANGE
};

/// Coinbase: cash only, 0.60 % and 0.80 % in dollars.
pub const COINBASE: Rules = Rules {
    name: "coinbase",
    coins: Some(Desk {
        fee: Fee::Share { maker: 6_000, taker: 8_000, paid: Paid::Quote },
        kinds: WITHOUT_STOPS,
        ..SPOT
    }),
    ..EXCHANGE
};

/// Bybit: 0.1 %, ten times on margin.
pub const BYBIT: Rules = Rules {
    name: "bybit",
    latency_ms: 10,
    coins: Some(Desk {
        fee: Fee::Share { maker: 1_000, taker: 1_000, paid: Paid::WhatIsReceived },
        leverage_tenths: 100,
        ..SPOT
    }),
    ..EXCHANGE
};

/// Kraken: 0.16 % and 0.26 %, a buyer pays in dollars and a seller in the coin; leverage by coin.
pub const KRAKEN: Rules = Rules {
    name: "kraken",
    latency_ms: 25,
    coins: Some(Desk {
        fee: Fee::Share { maker: 1_600, taker: 2_600, paid: Paid::WhatIsGiven },
        leverage_of: &[("BTC/USD", 50), ("ETH/USD", 50), ("BCH/USD", 20), ("LTC/USD", 30), ("LINK/USD", 30)],
        ..SPOT
    }),
    ..EXCHANGE
};

/// Bitfinex: 0.1 % and 0.2 %, 3.3 times on margin.
pub const BITFINEX: Rules = Rules {
    name: "bitfinex",
    coins: Some(Desk {
        fee: Fee::Share { maker: 1_000, taker: 2_000, paid: Paid::WhatIsReceived },
        leverage_tenths: 33,
        ..SPOT
    }),
    ..EXCHANGE
};
