//! How much and when is traded: losses in a row, trades, orders, how fast, errors, hours.

use super::{Reading, Sources, VenueWatch, reading::ratio};
use crate::domain::{
    money::whole,
    rules::{CountLimit, Rule},
    time::Mono,
};
use rust_decimal::Decimal;
use std::collections::VecDeque;

pub(super) fn read(
    from: &Sources<'_>,
    at: &VenueWatch<'_>,
    sent: Option<&VecDeque<Mono>>,
    out: &mut Vec<Reading>,
) {
    let day = from.book.day(at.venue);
    let rules = at.rules;
    out.push(streak(at, day.losses));
    let counts = [
        (Rule::TradeCount, rules.trade_count, day.trades, "trades today"),
        (Rule::OrdersPerDay, rules.orders_per_day, day.orders, "orders today"),
        (Rule::Errors, rules.errors, day.errors, "rejects and failures this session"),
    ];
    for (rule, limit, n, what) in counts {
        out.push(count(Reading::of_venue(rules, rule, at.venue), at, &limit, (n, what)));
    }
    out.push(rate(from, at, sent));
    out.push(window(from, at));
}

fn streak(at: &VenueWatch<'_>, losses: u64) -> Reading {
    let most = at.rules.loss_streak.most;
    let text = format!("{}: {losses} losing trades in a row, the limit is {most}", at.venue);
    Reading::of_venue(at.rules, Rule::LossStreak, at.venue)
        .figures(&losses.to_string(), &most.to_string())
        .says(&text)
        .by_share(ratio(whole(losses), whole(most)), Decimal::ONE)
}

/// So many are allowed: the trade count blocks once they are used, the others speak with the next.
fn count(reading: Reading, at: &VenueWatch<'_>, limit: &CountLimit, counted: (u64, &str)) -> Reading {
    let (n, what) = counted;
    let text = format!("{}: {n} {what}, the limit is {}", at.venue, limit.most);
    let shown = reading.figures(&n.to_string(), &limit.most.to_string()).says(&text);
    let trips_at = if shown.key.rule == Rule::TradeCount { limit.most } else { limit.most.saturating_add(1) };
    shown.by_share(ratio(whole(n), whole(trips_at)), Decimal::ONE)
}

/// How many in the last second and the last minute.
pub(super) fn counted(sent: &VecDeque<Mono>, now: Mono) -> (u64, u64) {
    // They stand in the order of a clock that never steps back.
    let within = |ms: u64| sent.len().saturating_sub(sent.partition_point(|at| now.since_ms(*at) >= ms));
    let number = |n: usize| u64::try_from(n).ok().unwrap_or(u64::MAX);
    (number(within(1_000)), number(within(60_000)))
}

fn rate(from: &Sources<'_>, at: &VenueWatch<'_>, sent: Option<&VecDeque<Mono>>) -> Reading {
    let limit = &at.rules.order_rate;
    let (second, minute) = sent.map_or((0, 0), |sent| counted(sent, from.now.mono));
    let text = format!(
        "{}: {second} orders in a second and {minute} in a minute, the limits are {} and {}: a key that sticks?",
        at.venue, limit.per_second, limit.per_minute
    );
    let by = |n: u64, most: u64| ratio(whole(n), whole(most.saturating_add(1)));
    let share = by(second, limit.per_second).zip(by(minute, limit.per_minute)).map(|(s, m)| s.max(m));
    Reading::of_venue(at.rules, Rule::OrderRate, at.venue)
        .figures(
            &format!("{second}/s {minute}/min"),
            &format!("{}/s {}/min", limit.per_second, limit.per_minute),
        )
        .says(&text)
        .by_share(share, Decimal::ONE)
}

fn window(from: &Sources<'_>, at: &VenueWatch<'_>) -> Reading {
    let limit = &at.rules.time_window;
    let reading = Reading::of_venue(at.rules, Rule::TimeWindow, at.venue);
    if limit.from == limit.to {
        return reading.figures("", "all day").by_fact(false);
    }
    let minute = at.calendar.minute_of_day(from.now.wall);
    let is_in = if limit.from < limit.to {
        (limit.from..limit.to).contains(&minute)
    } else {
        minute >= limit.from || minute < limit.to
    };
    let clock = |m: u16| format!("{:02}:{:02}", m.div_euclid(60), m.rem_euclid(60));
    let hours = format!("{} to {}", clock(limit.from), clock(limit.to));
    let zone = at.calendar.zone_word();
    let text = format!("{}: entries are allowed from {hours}, it is {} in {zone}", at.venue, clock(minute));
    reading.figures(&clock(minute), &hours).says(&text).by_fact(!is_in)
}
