//! The limit of messages, round trips and the gateway's clock.

use crate::{
    broker::event::Vitals,
    domain::time::Mono,
    transport::{
        limit::{Limit, Model, Plan},
        round_trips::RoundTrips,
    },
};

/// Documented are fifty messages a second (IBKR's "TWS API v9.72+: Order Limitations"); beyond, TWS refuses each and then
/// hangs up. A few are left to the client library's own cancels of subscriptions.
const MESSAGES_PER_S: u32 = 45;
/// Of those, kept for cancels, reductions and the questions that an exit asks.
const RESERVE_PER_S: u32 = 12;
/// The same in a minute.
pub const REQUESTS_PER_MIN: u32 = 3_000;

/// What is learnt on the way.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) limit: Limit,
    round_trips: RoundTrips,
    pub(super) skew_ms: Option<i64>,
}

impl Pace {
    pub(super) fn new() -> Self {
        let plan =
            Plan { model: Model::Window, limit: MESSAGES_PER_S, per_ms: 1_000, reserve: RESERVE_PER_S };
        Self { limit: Limit::new(plan), round_trips: RoundTrips::default(), skew_ms: None }
    }

    pub(super) fn answered(&mut self, after_ns: u64) {
        self.round_trips.note(after_ns);
    }

    pub(super) fn vitals(&self, now: Mono) -> Vitals {
        let [rtt_p50_us, rtt_p99_us] = self.round_trips.percentiles_us();
        let gauge = self.limit.gauge(now);
        Vitals {
            rtt_p50_us,
            rtt_p99_us,
            limit_used: Some(gauge.used),
            limit_max: Some(gauge.limit),
            limited_until: gauge.backing_off_until,
            waits_until: gauge.waits_until,
            skew_ms: self.skew_ms,
            switch: None,
        }
    }
}
