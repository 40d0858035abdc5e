//! How long to wait before connecting again: exponential, with full jitter and a cap. A pure machine; the
//! random number is handed in.

use crate::domain::time::Mono;

/// The shape of the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Ceiling of the first wait.
    pub base_ms: u64,
    /// No wait is longer.
    pub cap_ms: u64,
    /// No wait is shorter, whatever the dice say: full jitter alone allows a burst of zeros.
    pub floor_ms: u64,
    /// A connection that stayed up for so long counts as good, and the count begins anew. A mere opening does
    /// not: a server that accepts and drops would otherwise be asked every second for ever.
    pub held_ms: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { base_ms: 500, cap_ms: 30_000, floor_ms: 100, held_ms: 60_000 }
    }
}

/// Failures in a row, and since when the connection is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    plan: Plan,
    failures: u32,
    up_since: Option<Mono>,
}

impl Backoff {
    /// Nothing has failed yet.
    pub const fn new(plan: Plan) -> Self {
        Self { plan, failures: 0, up_since: None }
    }
    /// The connection is up.
    pub const fn opened(&mut self, now: Mono) {
        self.up_since = Some(now);
    }
    /// The connection is down, or could not be made. Returns when to try again.
    pub fn failed(&mut self, now: Mono, random: u64) -> Mono {
        if self.up_since.take().is_some_and(|since| now.since_ms(since) >= self.plan.held_ms) {
            self.failures = 0;
        }
        let doubled = self.plan.base_ms.saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX));
        let ceiling = doubled.min(self.plan.cap_ms).max(self.plan.floor_ms);
        let spread = ceiling.saturating_sub(self.plan.floor_ms).saturating_add(1);
        let wait = self.plan.floor_ms.saturating_add(random.checked_rem(spread).unwrap_or(0));
        self.failures = self.failures.saturating_add(1);
        now.plus_ms(wait)
    }
    /// How often in a row it has failed.
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_connection_that_held_begins_anew() {
        let mut backoff = Backoff::new(Plan::default());
        for _ in 0..10 {
            backoff.opened(Mono::from_millis(0));
            backoff.failed(Mono::from_millis(59_999), 0);
        }
        assert_eq!(backoff.failures(), 10);
        assert_eq!(backoff.failed(Mono::from_millis(0), 29_900), Mono::from_millis(30_000));
        backoff.opened(Mono::from_millis(0));
        backoff.failed(Mono::from_millis(60_000), 0);
        assert_eq!(backoff.failures(), 1);
    }

    proptest! {
        #[test]
        fn every_wait_lies_between_floor_and_ceiling(randoms in prop::collection::vec(any::<u64>(), 1..100)) {
            let plan = Plan::default();
            let mut backoff = Backoff::new(plan);
            for (n, random) in randoms.into_iter().enumerate() {
                let wait = backoff.failed(Mono::from_millis(0), random).since_ms(Mono::from_millis(0));
                let ceiling = plan.base_ms.saturating_mul(1 << n.min(20)).min(plan.cap_ms);
                prop_assert!((plan.floor_ms..=ceiling).contains(&wait), "{wait} of {ceiling}");
            }
        }

        /// A day of a server that accepts and drops at once stays far below any venue's ban.
        #[test]
        fn a_flapping_server_is_asked_seldom(seed in any::<u64>()) {
            let mut backoff = Backoff::new(Plan::default());
            let (mut now, mut random, mut attempts) = (Mono::from_millis(0), seed, Vec::new());
            while now < Mono::from_millis(24 * 3_600_000) {
                attempts.push(now);
                backoff.opened(now);
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                now = backoff.failed(now.plus_ms(10), random >> 11);
            }
            let busiest = attempts.iter().map(|start| {
                attempts.iter().filter(|at| **at >= *start && at.since_ms(*start) < 300_000).count()
            });
            prop_assert!(busiest.take(200).max().unwrap_or(0) < 60);
        }
    }
}
