//! `[limits]` and `[venues.NAME.limits]`. A key that is left out keeps what stands there already: the strict
//! default, or the global limit for a venue's own. There is no way to write "unlimited".

use super::read::{Section, number_text};
use crate::domain::{
    limits::{Action, Limits},
    money::{Money, Percent, Qty, parse_decimal},
};
use rust_decimal::Decimal;
use toml::de::DeValue;

const ACTIONS: [(&str, Action); 3] = [("block", Action::Block), ("warn", Action::Warn), ("off", Action::Off)];

/// Reads a table of limits over `to`.
pub(super) fn read(s: &Section<'_>, to: &mut Limits) {
    s.read("order_qty_max", &mut to.order_qty_max, |v| {
        above_zero(v).and_then(|d| Qty::new(d).ok_or_else(|| "write a number above zero".to_owned()))
    });
    s.word("order_qty", &ACTIONS, &mut to.order_qty);
    s.read("order_notional_max", &mut to.order_notional_max, |v| above_zero(v).map(Money::new));
    s.word("order_notional", &ACTIONS, &mut to.order_notional);
    s.read("price_collar_percent", &mut to.price_collar_percent, |v| match above_zero(v) {
        Ok(percent) if percent <= Decimal::ONE_HUNDRED => Ok(Percent::new(percent)),
        Ok(_) | Err(_) => Err("write a number above 0 and up to 100".to_owned()),
    });
    s.word("price_collar", &ACTIONS, &mut to.price_collar);
    s.whole("quote_age_max_ms", 1..=3_600_000, &mut to.quote_age_max_ms);
    s.word("stale_quote", &ACTIONS, &mut to.stale_quote);
    s.whole("duplicate_window_ms", 1..=60_000, &mut to.duplicate_window_ms);
    s.word("duplicate", &ACTIONS, &mut to.duplicate);
    s.word("buying_power", &ACTIONS, &mut to.buying_power);
    s.word("stop_required", &ACTIONS, &mut to.stop_required);
    s.word("tick_and_lot", &ACTIONS, &mut to.tick_and_lot);
}

/// An exact decimal above zero.
pub(super) fn above_zero(value: &DeValue<'_>) -> Result<Decimal, String> {
    let parsed = number_text(value).and_then(|t| parse_decimal(t).ok());
    parsed.filter(|d| *d > Decimal::ZERO).ok_or_else(|| "write a number above zero".to_owned())
}
