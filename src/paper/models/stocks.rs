//! The brokers that trade stocks (and the currency broker, which trades neither stocks nor coins).

use super::rules::{Desk, Fee, Rules};
use crate::domain::order::OrderKind::{self, Limit, Market, Stop, StopLimit, TrailingStop};

const ALL_TIFS: &[&str] = &["day", "gtc", "ioc", "fok", "opg", "cls"];
const PLAIN: &[OrderKind] = &[Market, Limit, Stop, StopLimit];
const TRAILING: &[OrderKind] = &[Market, Limit, Stop, StopLimit, TrailingStop];
const QTY_MAX: u32 = 1_000_000_000;

/// Regulation T: half in cash.
const REG_T: Desk =
    Desk { fee: Fee::None, leverage_tenths: 20, leverage_of: &[], slippage: 0, kinds: PLAIN, tifs: ALL_TIFS };

const RETAIL: Rules = Rules {
    name: "",
    latency_ms: 40,
    stocks: Some(REG_T),
    coins: None,
    shorts: true,
    fractions: false,
    day_leverage: 4,
    short_day_only_above: None,
    settle_days: 1,
    qty_max: QTY_MAX,
};

/// Atreyu, cleared by Axos: market, limit and on-close orders for the day, no minimum fee.
pub const ATREYU: Rules = Rules {
    name: "atreyu",
    latency_ms: 5,
    stocks: Some(Desk {
        fee: Fee::PerUnit { rate: 35, min_cents: 0, cap_bps: None },
        kinds: &[Market, Limit],
        tifs: &["day", "cls"],
        ..REG_T
    }),
    day_leverage: 2,
    settle_days: 3,
    ..RETAIL
};

/// Charles Schwab.
pub const SCHWAB: Rules = Rules { name: "schwab", latency_ms: 60, ..RETAIL };

/// Interactive Brokers: half a cent a share, at least a dollar, at most half a per cent.
pub const IBKR: Rules = Rules {
    name: "ibkr",
    latency_ms: 30,
    stocks: Some(Desk {
        fee: Fee::PerUnit { rate: 50, min_cents: 100, cap_bps: Some(50) },
        kinds: TRAILING,
        ..REG_T
    }),
    fractions: true,
    ..RETAIL
};

/// TradeStation.
pub const TRADESTATION: Rules =
    Rules { name: "tradestation", stocks: Some(Desk { kinds: TRAILING, ..REG_T }), ..RETAIL };

/// Tastytrade.
pub const TASTYTRADE: Rules =
    Rules { name: "tastytrade", stocks: Some(Desk { tifs: &["day", "gtc", "ioc"], ..REG_T }), ..RETAIL };

/// Tradier: opening shorts for the day only, and from five dollars up.
pub const TRADIER: Rules = Rules {
    name: "tradier",
    latency_ms: 80,
    stocks: Some(Desk { tifs: &["day", "gtc"], ..REG_T }),
    short_day_only_above: Some(5),
    qty_max: 10_000_000,
    ..RETAIL
};

/// OANDA: currencies and contracts for difference, neither of which is simulated.
pub const OANDA: Rules = Rules { name: "oanda", stocks: None, shorts: false, day_leverage: 1, ..RETAIL };

/// Alpaca: stocks without a fee, coins for 0.15 % and 0.25 %.
pub const ALPACA: Rules = Rules {
    name: "alpaca",
    latency_ms: 15,
    stocks: Some(Desk { kinds: TRAILING, ..REG_T }),
    coins: Some(super::coins::ALPACA_COINS),
    fractions: true,
    day_leverage: 2,
    ..RETAIL
};
