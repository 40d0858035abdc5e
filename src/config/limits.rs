//! `[limits]` and `[venues.NAME.limits]`, and the limits of single symbols in both. A key that is left out keeps what
//! stands there already: the strict default, or the global limit for a venue's own. There is no way to write
//! "unlimited".

use super::read::{Section, number_text};
use crate::domain::{
    ids::Symbol,
    limits::{AccountType, Action, DayTrading, Limits, ORDERS_PER_MINUTE_MOST, SETTLEMENT_DAYS_MOST},
    money::{Money, Percent, Qty, parse_decimal},
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

const ACTIONS: [(&str, Action); 3] = [("block", Action::Block), ("warn", Action::Warn), ("off", Action::Off)];
const ACCOUNT_TYPES: [(&str, AccountType); 3] =
    [("venue", AccountType::Venue), ("cash", AccountType::Cash), ("reg_t", AccountType::RegT)];
const DAY_TRADING: [(&str, DayTrading); 3] =
    [("none", DayTrading::None), ("pdt", DayTrading::Pdt), ("intraday_margin", DayTrading::IntradayMargin)];

/// `[limits]`: what is not said for one account.
#[derive(Debug, Default)]
pub(super) struct Global<'a> {
    pub(super) limits: Limits,
    symbols: Vec<(Symbol, Section<'a>)>,
}

impl<'a> Global<'a> {
    /// Reads `[limits]`.
    pub(super) fn read(s: &Section<'a>) -> Self {
        let mut limits = Limits::default();
        account(s, &mut limits);
        let symbols = symbols(s);
        s.finish();
        let mut global = Self { limits, symbols };
        global.limits.by_symbol = global.by_symbol(&global.limits, &[]);
        global
    }

    /// Reads `[venues.NAME.limits]`. What a symbol is held to is said, from the weakest to the strongest, by the global
    /// limits, the venue's, the global ones of the symbol, the venue's of the symbol.
    pub(super) fn of_venue(&self, s: &Section<'a>) -> Limits {
        let mut limits = Limits { by_symbol: BTreeMap::new(), ..self.limits.clone() };
        account(s, &mut limits);
        let own = symbols(s);
        s.finish();
        limits.by_symbol = self.by_symbol(&limits, &own);
        limits
    }

    fn by_symbol(&self, account: &Limits, own: &[(Symbol, Section<'a>)]) -> BTreeMap<Symbol, Limits> {
        let mut all = BTreeMap::new();
        for (symbol, section) in self.symbols.iter().chain(own) {
            let base = || Limits { by_symbol: BTreeMap::new(), ..account.clone() };
            order(section, all.entry(symbol.clone()).or_insert_with(base));
            section.finish();
        }
        all
    }
}

/// The tables of single symbols. Their keys are those of `[limits]` that are not about the whole account.
fn symbols<'a>(s: &Section<'a>) -> Vec<(Symbol, Section<'a>)> {
    let mut symbols = Vec::new();
    for (text, at, section) in s.section("symbols").tables_like("limits") {
        match Symbol::new(text) {
            Ok(symbol) => symbols.push((symbol, section)),
            Err(problem) => s.reading().fail(at, problem.to_string()),
        }
    }
    symbols
}

/// What one account is held to.
fn account(s: &Section<'_>, to: &mut Limits) {
    order(s, to);
    names(s, "symbols_allow", &mut to.symbols_allow);
    names(s, "symbols_deny", &mut to.symbols_deny);
    s.word("account_type", &ACCOUNT_TYPES, &mut to.account_type);
    s.whole("settlement_days", 0..=SETTLEMENT_DAYS_MOST, &mut to.settlement_days);
    s.word("day_trading", &DAY_TRADING, &mut to.day_trading);
}

/// What an order is held to.
fn order(s: &Section<'_>, to: &mut Limits) {
    sizes(s, to);
    s.word("symbol_lists", &ACTIONS, &mut to.symbol_lists);
    s.read("price_collar_percent", &mut to.price_collar_percent, percent_to_100);
    s.word("price_collar", &ACTIONS, &mut to.price_collar);
    s.read("spread_percent_max", &mut to.spread_percent_max, percent_to_100);
    s.word("spread", &ACTIONS, &mut to.spread);
    s.whole("quote_age_max_ms", 1..=3_600_000, &mut to.quote_age_max_ms);
    s.word("stale_quote", &ACTIONS, &mut to.stale_quote);
    s.whole("account_age_max_ms", 1_000..=3_600_000, &mut to.account_age_max_ms);
    s.word("stale_account", &ACTIONS, &mut to.stale_account);
    s.whole("duplicate_window_ms", 1..=60_000, &mut to.duplicate_window_ms);
    s.word("duplicate", &ACTIONS, &mut to.duplicate);
    s.whole("orders_per_second_max", 1..=100, &mut to.orders_per_second_max);
    s.whole("orders_per_minute_max", 1..=ORDERS_PER_MINUTE_MOST, &mut to.orders_per_minute_max);
    s.word("order_rate", &ACTIONS, &mut to.order_rate);
    s.word("session_closed", &ACTIONS, &mut to.session_closed);
    s.word("self_cross", &ACTIONS, &mut to.self_cross);
    s.word("buying_power", &ACTIONS, &mut to.buying_power);
    s.word("margin", &ACTIONS, &mut to.margin);
    s.word("day_trades", &ACTIONS, &mut to.day_trades);
    s.word("short_sale", &ACTIONS, &mut to.short_sale);
    s.word("hard_to_borrow", &ACTIONS, &mut to.hard_to_borrow);
    s.word("stop_required", &ACTIONS, &mut to.stop_required);
    s.word("tick_and_lot", &ACTIONS, &mut to.tick_and_lot);
}

/// How much.
fn sizes(s: &Section<'_>, to: &mut Limits) {
    let money = |v: &DeValue<'_>| above_zero(v).map(Money::new);
    let percent = |v: &DeValue<'_>| above_zero(v).map(Percent::new);
    s.read("order_qty_max", &mut to.order_qty_max, |v| {
        above_zero(v).and_then(|d| Qty::new(d).ok_or_else(|| "write a number above zero".to_owned()))
    });
    s.word("order_qty", &ACTIONS, &mut to.order_qty);
    s.read("order_notional_max", &mut to.order_notional_max, money);
    s.word("order_notional", &ACTIONS, &mut to.order_notional);
    s.read("position_max", &mut to.position_max, money);
    s.word("position", &ACTIONS, &mut to.position);
    s.read("gross_max", &mut to.gross_max, money);
    s.read("gross_percent_max", &mut to.gross_percent_max, percent);
    s.word("gross", &ACTIONS, &mut to.gross);
    s.read("equity_share_percent_max", &mut to.equity_share_percent_max, percent);
    s.word("equity_share", &ACTIONS, &mut to.equity_share);
}

/// A list of symbols.
fn names(s: &Section<'_>, key: &'static str, to: &mut BTreeSet<Symbol>) {
    let mut list = Vec::new();
    s.list(key, &mut list, |text| Symbol::new(text).map_err(|problem| problem.to_string()));
    if s.has(key) {
        *to = list.into_iter().collect();
    }
}

fn percent_to_100(value: &DeValue<'_>) -> Result<Percent, String> {
    match above_zero(value) {
        Ok(percent) if percent <= Decimal::ONE_HUNDRED => Ok(Percent::new(percent)),
        Ok(_) | Err(_) => Err("write a number above 0 and up to 100".to_owned()),
    }
}

/// An exact decimal above zero.
pub(super) fn above_zero(value: &DeValue<'_>) -> Result<Decimal, String> {
    let parsed = number_text(value).and_then(|t| parse_decimal(t).ok());
    parsed.filter(|d| *d > Decimal::ZERO).ok_or_else(|| "write a number above zero".to_owned())
}
