//! How much and when is traded: losses in a row, trades, orders, how fast, errors, hours.

use super::{Reading, Sources, VenueWatch, reading::ratio};
use crate::domain::{
    money::whole,
    rules::{CountLimit, Rule},
    time::Mono,
};
use rust_decimal::Decimal;
use std::collections::VecDeque;

pub(super) fn read(from: &Sources<'_>, at: &VenueWatch<'_>, sent: Option<&Sent>, out: &mut Vec<Reading>) {
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

/// So many orders of the last minute are remembered; more than any limit allows.
const SENT_MAX: usize = 20_000;

/// When the orders of the last minute left that may open risk, in the order of a clock that never steps back.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    times: VecDeque<Mono>,
    /// So many of them, the first, had left more than a second before the newest.
    old: usize,
}

impl Sent {
    /// One more leaves; how many left in the last second and the last minute, with it.
    pub(super) fn note(&mut self, now: Mono) -> (u64, u64) {
        self.times.push_back(now);
        while self.times.front().is_some_and(|at| now.since_ms(*at) >= 60_000) || self.times.len() > SENT_MAX
        {
            self.times.pop_front();
            self.old = self.old.saturating_sub(1);
        }
        while self.times.get(self.old).is_some_and(|at| now.since_ms(*at) >= 1_000) {
            self.old = self.old.saturating_add(1);
        }
        (number(self.times.len().saturating_sub(self.old)), number(self.times.len()))
    }

    /// How many in so many last milliseconds.
    fn within(&self, now: Mono, ms: u64) -> u64 {
        let before = self.times.partition_point(|at| now.since_ms(*at) >= ms);
        number(self.times.len().saturating_sub(before))
    }
}

fn number(n: usize) -> u64 {
    u64::try_from(n).ok().unwrap_or(u64::MAX)
}

fn rate(from: &Sources<'_>, at: &VenueWatch<'_>, sent: Option<&Sent>) -> Reading {
    let limit = &at.rules.order_rate;
    let counted = |ms: u64| sent.map_or(0, |sent| sent.within(from.now.mono, ms));
    let (second, minute) = (counted(1_000), counted(60_000));
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
