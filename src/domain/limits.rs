//! Limits that a trader sets. The configuration reads them, the gate holds them.

use super::{
    ids::Symbol,
    money::{Money, Percent, Qty},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most orders of a minute that a limit can be set to; so far back they are counted.
pub const ORDERS_PER_MINUTE_MOST: u64 = 1_000;
/// The most days that a sale can take to settle.
pub const SETTLEMENT_DAYS_MOST: u64 = 3;

/// What a check does when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Not asked.
    Off,
    /// Says so and lets the order pass.
    Warn,
    /// Refuses the order. Reductions pass every check.
    Block,
}

/// By which rules an account may use more than its cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// As the venue says: cash where its leverage is one, else on margin.
    Venue,
    /// Cash: nothing is bought with what has not settled, nothing is sold short.
    Cash,
    /// On margin by Regulation T: half of what is bought, 150 % of what is sold short.
    RegT,
}

/// Which rule holds day trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayTrading {
    /// None: outside the United States, or in a cash account.
    None,
    /// The pattern day trader rule: FINRA rule 4210(f)(8)(B) as it stood until 2026-06-04, and where a firm has not
    /// changed over until 2027-10-20.
    Pdt,
    /// What replaced it: maintenance margin at every moment of the day (FINRA rule 4210(d)(2)).
    IntradayMargin,
}

/// The limits of one account. A key that is left out takes the default here, which is never "unlimited".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest quantity of one order.
    pub order_qty_max: Qty,
    /// What to do beyond it.
    pub order_qty: Action,
    /// Largest value of one order, in the account's currency.
    pub order_notional_max: Money,
    /// What to do beyond it.
    pub order_notional: Action,
    /// Largest value of the position in one symbol, open orders counted as filled.
    pub position_max: Money,
    /// What to do beyond it.
    pub position: Action,
    /// Largest value of all positions together, long and short both counted up, open orders counted as filled.
    pub gross_max: Money,
    /// The same in per cent of equity; the smaller of the two holds.
    pub gross_percent_max: Percent,
    /// What to do beyond either.
    pub gross: Action,
    /// Largest value of the position in one symbol, open orders counted as filled, in per cent of equity.
    pub equity_share_percent_max: Percent,
    /// What to do beyond it.
    pub equity_share: Action,
    /// How far a price may stand from the last quote, per cent.
    pub price_collar_percent: Percent,
    /// What to do beyond it.
    pub price_collar: Action,
    /// How wide the spread may be that a market order goes into, per cent of the middle.
    pub spread_percent_max: Percent,
    /// What to do when it is wider.
    pub spread: Action,
    /// How old a quote may be that an order is judged by, milliseconds.
    pub quote_age_max_ms: u64,
    /// What to do when it is older, or there is none.
    pub stale_quote: Action,
    /// How old the account's figures may be that an order is judged by, milliseconds.
    pub account_age_max_ms: u64,
    /// What to do when they are older.
    pub stale_account: Action,
    /// How long after an order the same one again is taken for a slip, milliseconds.
    pub duplicate_window_ms: u64,
    /// What to do then.
    pub duplicate: Action,
    /// Most orders of a second at the venue; those that close a position do not count.
    pub orders_per_second_max: u64,
    /// Most orders of a minute, counted in the same way.
    pub orders_per_minute_max: u64,
    /// What to do beyond either.
    pub order_rate: Action,
    /// What to do with an order that would wait for the next session.
    pub session_closed: Action,
    /// The only symbols that may be opened; empty means all.
    pub symbols_allow: BTreeSet<Symbol>,
    /// Symbols that may not be opened.
    pub symbols_deny: BTreeSet<Symbol>,
    /// What to do with another than those.
    pub symbol_lists: Action,
    /// What to do with an order that would trade with one of our own.
    pub self_cross: Action,
    /// What to do when the order costs more than the buying power.
    pub buying_power: Action,
    /// By which rules the account may use more than its cash.
    pub account_type: AccountType,
    /// Trading days after which the proceeds of a sale of shares or options have settled, for a cash account.
    pub settlement_days: u64,
    /// What to do when the order needs more margin, or settled cash, than there is.
    pub margin: Action,
    /// Which rule holds day trades.
    pub day_trading: DayTrading,
    /// What to do against it.
    pub day_trades: Action,
    /// What to do when something can't be sold short.
    pub short_sale: Action,
    /// What to do when what is sold short is hard to borrow.
    pub hard_to_borrow: Action,
    /// What to do when an entry has no protective stop.
    pub stop_required: Action,
    /// What to do when a price is off the tick or a quantity off the lot.
    pub tick_and_lot: Action,
    /// The limits of single symbols, each whole; theirs have none in turn.
    pub by_symbol: BTreeMap<Symbol, Limits>,
}

impl Limits {
    /// The limits of one symbol: its own, or these.
    pub fn of(&self, symbol: &Symbol) -> &Self {
        // Most accounts have none: then there is nothing to look up.
        if self.by_symbol.is_empty() {
            return self;
        }
        self.by_symbol.get(symbol).unwrap_or(self)
    }
}

impl Default for Limits {
    fn default() -> Self {
        let percent = |n| Percent::new(Decimal::new(n, 0));
        let money = |n| Money::new(Decimal::new(n, 0));
        Self {
            order_qty_max: Qty::new(Decimal::new(100_000, 0)).unwrap_or_default(),
            order_qty: Action::Block,
            order_notional_max: money(250_000),
            order_notional: Action::Block,
            position_max: money(1_000_000),
            position: Action::Block,
            gross_max: money(5_000_000),
            gross_percent_max: percent(400),
            gross: Action::Block,
            // A risk of one per cent behind a stop one per cent away is all of the equity, and slippage on top.
            equity_share_percent_max: percent(200),
            equity_share: Action::Block,
            price_collar_percent: percent(10),
            price_collar: Action::Block,
            spread_percent_max: percent(5),
            spread: Action::Block,
            quote_age_max_ms: 15_000,
            stale_quote: Action::Block,
            account_age_max_ms: 120_000,
            stale_account: Action::Block,
            duplicate_window_ms: 1_000,
            duplicate: Action::Block,
            orders_per_second_max: 20,
            orders_per_minute_max: 200,
            order_rate: Action::Block,
            session_closed: Action::Warn,
            symbols_allow: BTreeSet::new(),
            symbols_deny: BTreeSet::new(),
            symbol_lists: Action::Block,
            self_cross: Action::Warn,
            buying_power: Action::Block,
            account_type: AccountType::Venue,
            settlement_days: 1,
            margin: Action::Block,
            day_trading: DayTrading::None,
            day_trades: Action::Block,
            short_sale: Action::Block,
            hard_to_borrow: Action::Block,
            stop_required: Action::Warn,
            tick_and_lot: Action::Block,
            by_symbol: BTreeMap::new(),
        }
    }
}
