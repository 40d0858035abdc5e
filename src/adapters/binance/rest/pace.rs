//! The venue's limits, its clock and its round trips, as they are learnt from its answers.

use crate::{
    adapters::binance::{config::Product, wire},
    broker::event::Vitals,
    domain::time::{Mono, Now, Stamp},
    transport::{
        limit::{Class, Grant, Limit, Model, Plan, Told},
        rest::Answer,
        round_trips::RoundTrips,
    },
};

/// Documented weights a minute, before the venue says its own.
pub const fn weight_per_min(product: Product) -> u32 {
    match product {
        Product::Spot => 6_000,
        Product::Us => 1_200,
        // One count for both kinds of futures at one address (the vendor's notice of their integration, 2026-06-10):
        // what the other one used is learnt from the answers' headers.
        Product::Usdm | Product::Coinm => 2_400,
    }
}

/// Documented new orders in ten seconds.
const fn orders_per_10_s(product: Product) -> u32 {
    match product {
        Product::Spot | Product::Us => 50,
        Product::Usdm | Product::Coinm => 300,
    }
}

/// The longer of the two windows in which new orders are counted: how long it is, how its header ends, and how many are
/// documented.
#[derive(Debug, Clone, Copy)]
struct Long {
    every_ms: i64,
    header: &'static str,
    most: u32,
}

const fn long(product: Product) -> Long {
    match product {
        Product::Spot | Product::Us => {
            Long { every_ms: 86_400_000, header: "x-mbx-order-count-1d", most: 160_000 }
        }
        Product::Usdm | Product::Coinm => {
            Long { every_ms: 60_000, header: "x-mbx-order-count-1m", most: 1_200 }
        }
    }
}

/// How far the venue's clock is ahead of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offset {
    pub(super) ms: i64,
    pub(super) at: Mono,
}

impl Long {
    fn is_of(self, interval: &str) -> bool {
        interval == if self.every_ms == 60_000 { "MINUTE" } else { "DAY" }
    }
}

/// All limits let it: the later of their times.
fn later(one: Grant, other: Grant) -> Grant {
    match (one, other) {
        (Grant::At(a), Grant::At(b)) => Grant::At(a.max(b)),
        (Grant::At(at), Grant::Go) | (Grant::Go, Grant::At(at)) => Grant::At(at),
        (Grant::Go, Grant::Go) => Grant::Go,
        (Grant::Refused { until }, _) | (_, Grant::Refused { until }) => Grant::Refused { until },
    }
}

/// What is learnt on the way.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) weight: Limit,
    orders: Limit,
    orders_long: Limit,
    weight_max: u32,
    orders_max: u32,
    long: Long,
    round_trips: RoundTrips,
    pub(super) offset: Option<Offset>,
}

impl Pace {
    pub(super) fn new(product: Product) -> Self {
        let (weight_max, orders_max) = (weight_per_min(product), orders_per_10_s(product));
        // An exit asks for everything a few times and cancels symbol by symbol.
        let weights =
            Plan { model: Model::Window, limit: weight_max, per_ms: 60_000, reserve: weight_max / 5 };
        let orders =
            Plan { model: Model::Window, limit: orders_max, per_ms: 10_000, reserve: orders_max / 5 };
        let long = long(product);
        let longer = Plan {
            model: Model::Window,
            limit: long.most,
            per_ms: long.every_ms.unsigned_abs(),
            reserve: long.most / 5,
        };
        Self {
            weight: Limit::new(weights),
            orders: Limit::new(orders),
            orders_long: Limit::new(longer),
            weight_max,
            orders_max,
            long,
            round_trips: RoundTrips::default(),
            offset: None,
        }
    }

    /// May a request of this weight that makes so many orders go out?
    pub(super) fn ask(&mut self, now: Mono, class: Class, weight: u32, orders: u32) -> Grant {
        let grant = self.weight.ask(now, class, weight);
        let is_free = matches!(grant, Grant::Go | Grant::At(_));
        if orders == 0 || !is_free {
            return grant;
        }
        let grant = later(grant, self.orders.ask(now, class, orders));
        match grant {
            Grant::Go | Grant::At(_) => later(grant, self.orders_long.ask(now, class, orders)),
            Grant::Refused { .. } => grant,
        }
    }

    /// What was given a time before the venue said "too many": when it may go now.
    pub(super) fn put_off(&mut self, now: Mono) -> Option<Mono> {
        self.weight.put_off(now).max(self.orders.put_off(now)).max(self.orders_long.put_off(now))
    }

    /// The venue said that too many orders were made.
    pub(super) fn too_many_orders(&mut self, now: Mono, retry_after_ms: Option<u64>) -> Mono {
        self.orders.back_off(now, retry_after_ms)
    }

    /// The venue's own limits, and what it counted.
    pub(super) fn learn(&mut self, answer: &Answer) {
        let used = |header: &str| answer.number(header).and_then(|n| u32::try_from(n).ok());
        let told = |limit: u32, used: Option<u32>, every_ms: i64| Told {
            limit: Some(limit),
            remaining: used.map(|u| limit.saturating_sub(u)),
            reset: self.next_beat(answer.at, every_ms),
        };
        let weight = told(self.weight_max, used("x-mbx-used-weight-1m"), 60_000);
        let orders = told(self.orders_max, used("x-mbx-order-count-10s"), 10_000);
        let longer = told(self.long.most, used(self.long.header), self.long.every_ms);
        self.weight.learn(answer.at, weight);
        self.orders.learn(answer.at, orders);
        self.orders_long.learn(answer.at, longer);
        self.round_trips.note(answer.round_trip_ns);
    }

    /// The venue counts from whole minutes and tens of seconds of its own clock.
    fn next_beat(&self, now: Now, every_ms: i64) -> Option<Stamp> {
        let offset = self.offset.map_or(0, |o| o.ms);
        let theirs = now.wall.as_millis().saturating_add(offset);
        let next = theirs.checked_div(every_ms)?.checked_add(1)?.checked_mul(every_ms)?;
        Stamp::from_millis(next.saturating_sub(offset))
    }

    pub(super) fn set_limits(&mut self, limits: &[wire::RateLimit]) {
        for limit in limits.iter().filter(|l| l.limit > 0) {
            match (limit.rate_limit_type.as_str(), limit.interval.as_str(), limit.interval_num) {
                ("REQUEST_WEIGHT", "MINUTE", 1) => self.weight_max = limit.limit,
                ("ORDERS", "SECOND", 10) => self.orders_max = limit.limit,
                ("ORDERS", interval, 1) if self.long.is_of(interval) => self.long.most = limit.limit,
                _ => {}
            }
        }
    }

    pub(super) fn vitals(&self, now: Mono) -> Vitals {
        let [rtt_p50_us, rtt_p99_us] = self.round_trips.percentiles_us();
        let (weight, orders) = (self.weight.gauge(now), self.orders.gauge(now));
        let longer = self.orders_long.gauge(now);
        Vitals {
            rtt_p50_us,
            rtt_p99_us,
            limit_used: Some(weight.used),
            limit_max: Some(weight.limit),
            limited_until: weight
                .backing_off_until
                .max(orders.backing_off_until)
                .max(longer.backing_off_until),
            waits_until: weight.waits_until.max(orders.waits_until).max(longer.waits_until),
            skew_ms: self.offset.map(|o| o.ms),
            switch: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode};

    fn answer(headers: &[(&'static str, &'static str)], ms: u64) -> Answer {
        let headers: HeaderMap =
            headers.iter().map(|(n, v)| ((*n).parse().unwrap(), HeaderValue::from_static(v))).collect();
        let at = Now { mono: Mono::from_millis(ms), wall: Stamp::from_millis(1_800_000_000_000).unwrap() };
        Answer { status: StatusCode::OK, headers, body: String::new().into(), at, round_trip_ns: 0 }
    }

    /// The longer window of orders is kept like the weights: entries stop before its end, exits have what is left.
    #[test]
    fn the_venues_count_of_orders_stops_entries_and_leaves_room_for_exits() {
        for (product, header, interval, limit) in [
            (Product::Usdm, "x-mbx-order-count-1m", "MINUTE", 1_000),
            (Product::Spot, "x-mbx-order-count-1d", "DAY", 1_000),
        ] {
            let mut pace = Pace::new(product);
            let row = |interval: &str, interval_num, limit| wire::RateLimit {
                rate_limit_type: "ORDERS".to_owned(),
                interval: interval.to_owned(),
                interval_num,
                limit,
            };
            pace.set_limits(&[row("SECOND", 10, 300), row(interval, 1, limit), row("HOUR", 1, 1)]);
            let now = Mono::from_millis(1_000);
            pace.learn(&answer(&[(header, "10")], 1_000));
            assert_eq!(pace.ask(now, Class::Entry, 1, 1), Grant::Go, "{product:?}");
            pace.learn(&answer(&[(header, "990")], 1_000));
            let refused = pace.ask(now, Class::Entry, 1, 1);
            assert!(matches!(refused, Grant::Refused { .. }), "{product:?}: {refused:?}");
            assert_eq!(pace.ask(now, Class::Exit, 1, 1), Grant::Go, "{product:?}");
            assert_eq!(pace.ask(now, Class::Read, 1, 0), Grant::Go, "a question makes no order");
        }
    }
}
