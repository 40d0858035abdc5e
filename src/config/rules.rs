//! `[rules.NAME]` and `[venues.NAME.rules.NAME]`: what is held all the time. A key that is left out keeps what stands
//! there already: the strict default, or the global rule for a venue's own.

use super::read::{Section, number_text};
use crate::domain::{
    money::{Money, Percent, parse_decimal},
    rules::{
        AgeLimit, CountLimit, GiveBackLimit, LossLimit, MarginLimit, Response, Rules, StreakLimit,
        WindowLimit,
    },
};
use rust_decimal::Decimal;
use std::ops::RangeInclusive;
use toml::de::DeValue;

const RESPONSES: [(&str, Response); 6] = [
    ("off", Response::Off),
    ("alert", Response::Alert),
    ("block_entries", Response::BlockEntries),
    ("cancel_entries", Response::CancelEntries),
    ("flatten_venue", Response::FlattenVenue),
    ("flatten_all", Response::FlattenAll),
];
/// For rules of one symbol.
const SYMBOL_RESPONSES: [(&str, Response); 7] = [
    ("off", Response::Off),
    ("alert", Response::Alert),
    ("block_entries", Response::BlockEntries),
    ("cancel_entries", Response::CancelEntries),
    ("flatten_symbol", Response::FlattenSymbol),
    ("flatten_venue", Response::FlattenVenue),
    ("flatten_all", Response::FlattenAll),
];
/// A week.
const LOCKOUT_MINUTES: RangeInclusive<u64> = 0..=10_080;

/// Reads a table of rules over `to`.
pub(super) fn read(s: &Section<'_>, to: &mut Rules) {
    loss(s, "daily_loss", &mut to.daily_loss, &RESPONSES);
    loss(s, "weekly_loss", &mut to.weekly_loss, &RESPONSES);
    loss(s, "drawdown", &mut to.drawdown, &RESPONSES);
    give_back(s, &mut to.give_back);
    streak(s, &mut to.loss_streak);
    count(s, "trade_count", &mut to.trade_count);
    window(s, &mut to.time_window);
    loss(s, "position_loss", &mut to.position_loss, &SYMBOL_RESPONSES);
    margin(s, "margin_low", &mut to.margin_low);
    margin(s, "margin_call", &mut to.margin_call);
    margin(s, "margin_out", &mut to.margin_out);
    in_table(s, "negative_cash", |t| {
        t.read("money", &mut to.negative_cash.money, |v| number(v, Decimal::ZERO).map(Money::new));
        t.word("response", &RESPONSES, &mut to.negative_cash.response);
    });
    count(s, "orders_per_day", &mut to.orders_per_day);
    in_table(s, "order_rate", |t| {
        t.whole("per_second", 1..=1_000, &mut to.order_rate.per_second);
        t.whole("per_minute", 1..=10_000, &mut to.order_rate.per_minute);
        t.word("response", &RESPONSES, &mut to.order_rate.response);
    });
    count(s, "errors", &mut to.errors);
    age(s, "quote_age", &mut to.quote_age, true);
    age(s, "order_pending", &mut to.order_pending, true);
    age(s, "order_old", &mut to.order_old, true);
    age(s, "no_stop", &mut to.no_stop, true);
    age(s, "orphan_exit", &mut to.orphan_exit, true);
    in_table(s, "position_changed", |t| {
        t.word("response", &SYMBOL_RESPONSES, &mut to.position_changed.response);
    });
    in_table(s, "overfill", |t| t.word("response", &SYMBOL_RESPONSES, &mut to.overfill.response));
    age(s, "stream_down", &mut to.stream_down, false);
    venue_rules(s, to);
    age(s, "heartbeat", &mut to.heartbeat, false);
}

fn venue_rules(s: &Section<'_>, to: &mut Rules) {
    in_table(s, "clock_skew", |t| {
        t.whole("ms", 1..=60_000, &mut to.clock_skew.ms);
        t.whole("clear_ms", 0..=60_000, &mut to.clock_skew.clear_ms);
        t.word("response", &RESPONSES, &mut to.clock_skew.response);
        let in_order = to.clock_skew.clear_ms <= to.clock_skew.ms;
        refuse_unless(t, in_order, "clear_ms", "write no more than `ms`");
    });
    in_table(s, "rate_limit", |t| {
        t.read("percent", &mut to.rate_limit.percent, share);
        t.read("clear_percent", &mut to.rate_limit.clear_percent, share);
        t.word("response", &RESPONSES, &mut to.rate_limit.response);
        let in_order = to.rate_limit.clear_percent <= to.rate_limit.percent;
        refuse_unless(t, in_order, "clear_percent", "write no more than `percent`");
    });
    in_table(s, "token_expiry", |t| {
        t.whole("hours", 1..=720, &mut to.token_expiry.hours);
        t.word("response", &RESPONSES, &mut to.token_expiry.response);
    });
}

fn in_table(s: &Section<'_>, key: &'static str, read: impl FnOnce(&Section<'_>)) {
    let table = s.section(key);
    read(&table);
    table.finish();
}

/// Two keys that don't fit together: the second is refused where it stands.
fn refuse_unless(s: &Section<'_>, fits: bool, key: &'static str, expected: &str) {
    if let (false, Some(value)) = (fits, s.value(key)) {
        s.wrong(key, value, expected);
    }
}

fn loss(s: &Section<'_>, key: &'static str, to: &mut LossLimit, words: &[(&'static str, Response)]) {
    in_table(s, key, |t| {
        t.read("money", &mut to.money, |v| above_zero(v).map(|d| Some(Money::new(d))));
        t.read("percent", &mut to.percent, share);
        t.word("response", words, &mut to.response);
        t.whole("lockout_minutes", LOCKOUT_MINUTES, &mut to.lockout_minutes);
    });
}

fn give_back(s: &Section<'_>, to: &mut GiveBackLimit) {
    in_table(s, "give_back", |t| {
        t.read("percent", &mut to.percent, share);
        t.read("from_percent", &mut to.from_percent, share);
        t.word("response", &RESPONSES, &mut to.response);
        t.whole("lockout_minutes", LOCKOUT_MINUTES, &mut to.lockout_minutes);
    });
}

fn streak(s: &Section<'_>, to: &mut StreakLimit) {
    in_table(s, "loss_streak", |t| {
        t.whole("most", 1..=1_000, &mut to.most);
        t.word("response", &RESPONSES, &mut to.response);
        t.whole("cool_down_minutes", LOCKOUT_MINUTES, &mut to.cool_down_minutes);
    });
}

fn count(s: &Section<'_>, key: &'static str, to: &mut CountLimit) {
    in_table(s, key, |t| {
        t.whole("most", 1..=1_000_000, &mut to.most);
        t.word("response", &RESPONSES, &mut to.response);
    });
}

fn window(s: &Section<'_>, to: &mut WindowLimit) {
    in_table(s, "time_window", |t| {
        t.text("from", &mut to.from, minute);
        t.text("to", &mut to.to, minute);
        t.word("response", &RESPONSES, &mut to.response);
    });
}

fn margin(s: &Section<'_>, key: &'static str, to: &mut MarginLimit) {
    in_table(s, key, |t| {
        let below_all = |v: &DeValue<'_>| match number(v, Decimal::ZERO) {
            Ok(percent) if percent < Decimal::ONE_HUNDRED => Ok(Percent::new(percent)),
            Ok(_) | Err(_) => Err("write a number from 0 and below 100".to_owned()),
        };
        t.read("percent", &mut to.percent, below_all);
        t.read("clear_percent", &mut to.clear_percent, below_all);
        t.word("response", &RESPONSES, &mut to.response);
        refuse_unless(t, to.clear_percent >= to.percent, "clear_percent", "write no less than `percent`");
    });
}

fn age(s: &Section<'_>, key: &'static str, to: &mut AgeLimit, of_symbol: bool) {
    let words: &[(&'static str, Response)] = if of_symbol { &SYMBOL_RESPONSES } else { &RESPONSES };
    in_table(s, key, |t| {
        t.whole("seconds", 1..=86_400, &mut to.seconds);
        t.word("response", words, &mut to.response);
    });
}

/// `09:30` as a minute of the day; `24:00` is its end.
pub(super) fn minute(text: &str) -> Result<u16, String> {
    let read = || {
        let (hours, minutes) = text.split_once(':')?;
        let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
        let minute = two(minutes).filter(|m| *m < 60)?;
        let all = two(hours)?.checked_mul(60)?.checked_add(minute)?;
        (all <= 1_440).then_some(if all == 1_440 { 0 } else { all })
    };
    read().ok_or_else(|| "write a time such as \"09:30\"".to_owned())
}

fn share(value: &DeValue<'_>) -> Result<Percent, String> {
    match above_zero(value) {
        Ok(percent) if percent <= Decimal::ONE_HUNDRED => Ok(Percent::new(percent)),
        Ok(_) | Err(_) => Err("write a number above 0 and up to 100".to_owned()),
    }
}

fn above_zero(value: &DeValue<'_>) -> Result<Decimal, String> {
    let parsed = number_text(value).and_then(|t| parse_decimal(t).ok());
    parsed.filter(|d| *d > Decimal::ZERO).ok_or_else(|| "write a number above zero".to_owned())
}

fn number(value: &DeValue<'_>, least: Decimal) -> Result<Decimal, String> {
    let parsed = number_text(value).and_then(|t| parse_decimal(t).ok());
    parsed.filter(|d| *d >= least).ok_or_else(|| format!("write a number from {least} on"))
}
