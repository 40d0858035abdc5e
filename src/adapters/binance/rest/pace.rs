//! The venue's limits, its clock and its round trips, as they are learnt from its answers.

use crate::{
    adapters::binance::{config::Product, wire},
    broker::event::Vitals,
    domain::time::{Mono, Now, Stamp},
    transport::{
        limit::{Limit, Model, Plan, Told},
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

/// How far the venue's clock is ahead of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offset {
    pub(super) ms: i64,
    pub(super) at: Mono,
}

/// What is learnt on the way.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) weight: Limit,
    pub(super) orders: Limit,
    weight_max: u32,
    orders_max: u32,
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
        Self {
            weight: Limit::new(weights),
            orders: Limit::new(orders),
            weight_max,
            orders_max,
            round_trips: RoundTrips::default(),
            offset: None,
        }
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
        self.weight.learn(answer.at, weight);
        self.orders.learn(answer.at, orders);
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
                _ => {}
            }
        }
    }

    pub(super) fn vitals(&self, now: Mono) -> Vitals {
        let [rtt_p50_us, rtt_p99_us] = self.round_trips.percentiles_us();
        let (weight, orders) = (self.weight.gauge(now), self.orders.gauge(now));
        Vitals {
            rtt_p50_us,
            rtt_p99_us,
            limit_used: Some(weight.used),
            limit_max: Some(weight.limit),
            limited_until: weight.backing_off_until.max(orders.backing_off_until),
            waits_until: weight.waits_until.max(orders.waits_until),
            skew_ms: self.offset.map(|o| o.ms),
        }
    }
}
