//! A limit that no header tells, learnt from what passed before the venue said "too many": so many requests in so long
//! a time. What follows is paced evenly at that rate, which keeps to it however the venue counts.

use crate::domain::time::Mono;
use std::collections::VecDeque;

/// The time over which is counted where the refusal does not say when to come again.
const WINDOW_MS: u64 = 1_000;
/// A longer wait than this is of a limit over minutes: to wait is enough, nothing is learnt from it.
const WINDOW_MS_MAX: u64 = 5_000;
/// Fewer than this in a window are no burst, and nothing is learnt from them.
const BURST_MIN: u64 = 8;
/// What was learnt holds so long after the last refusal.
const HOLDS_MS: u64 = 60_000;
/// Answers that are remembered.
const PASSED_MAX: usize = 1_024;

/// What passed lately, and the pace that follows from it.
#[derive(Debug, Clone, Default)]
pub(super) struct Learnt {
    /// When answers came to requests that passed.
    passed: VecDeque<Mono>,
    pace: Option<Pace>,
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    /// So many …
    count: u64,
    /// … in so long.
    window_ms: u64,
    /// The next may go then.
    next: Mono,
    /// It holds until then.
    until: Mono,
}

impl Pace {
    /// The time between two requests, a twentieth longer than what was learnt: what leaves evenly does not arrive so.
    fn step_nanos(&self) -> u64 {
        self.window_ms.saturating_mul(1_050_000).checked_div(self.count).unwrap_or(0)
    }
}

impl Learnt {
    /// A request passed. Answers overtake each other: one of the burst that was refused in part counts with it.
    pub(super) fn passed(&mut self, now: Mono, is_same_burst: bool) {
        if self.passed.len() >= PASSED_MAX {
            self.passed.pop_front();
        }
        self.passed.push_back(now);
        if let Some(pace) = self.pace.as_mut().filter(|_| is_same_burst) {
            pace.count = pace.count.saturating_add(1);
        }
    }

    /// The first refusal of a burst. A second one means that what was learnt is still too fast.
    pub(super) fn refused(&mut self, now: Mono, retry_after_ms: Option<u64>) {
        let window_ms = retry_after_ms.unwrap_or(WINDOW_MS).max(1);
        if window_ms > WINDOW_MS_MAX {
            return;
        }
        let recent = self.passed.iter().rev().take_while(|at| now.since_ms(**at) < window_ms).count();
        let recent = u64::try_from(recent).ok().unwrap_or(0);
        if recent < BURST_MIN && self.held(now).is_none() {
            return;
        }
        let slower = self.held(now).map(|old| {
            let scaled = old.count.saturating_mul(window_ms).checked_div(old.window_ms);
            scaled.unwrap_or(1).saturating_mul(2) / 3
        });
        let count = slower.map_or(recent, |most| most.min(recent)).max(1);
        self.pace = Some(Pace { count, window_ms, next: now, until: now.plus_ms(HOLDS_MS) });
    }

    /// The earliest time at or after `earliest` that keeps the pace.
    pub(super) fn slot(&self, now: Mono, earliest: Mono) -> Mono {
        self.held(now).map_or(earliest, |pace| earliest.max(pace.next))
    }

    /// A request goes at this time.
    pub(super) fn count(&mut self, slot: Mono) {
        if let Some(pace) = &mut self.pace {
            let from = pace.next.max(slot).as_nanos();
            pace.next = Mono::from_nanos(from.saturating_add(pace.step_nanos()));
        }
    }

    fn held(&self, now: Mono) -> Option<&Pace> {
        self.pace.as_ref().filter(|pace| pace.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Mono {
        Mono::from_millis(n)
    }

    #[test]
    fn what_passed_in_the_last_window_is_the_pace() {
        let mut learnt = Learnt::default();
        assert_eq!(learnt.slot(ms(0), ms(7)), ms(7), "nothing is held back before a refusal");
        learnt.passed(ms(100), false);
        for _ in 0..18 {
            learnt.passed(ms(1_500), false);
        }
        learnt.refused(ms(1_510), Some(1_000));
        // Two more of the same burst had been overtaken by the refusal.
        learnt.passed(ms(1_511), true);
        learnt.passed(ms(1_512), true);
        learnt.count(learnt.slot(ms(1_513), ms(2_510)));
        assert_eq!(learnt.slot(ms(1_513), ms(2_510)), Mono::from_nanos(2_562_500_000), "20 a second");
        assert_eq!(learnt.slot(ms(70_000), ms(70_001)), ms(70_001), "it does not hold for ever");
    }

    #[test]
    fn a_second_refusal_slows_down_further_and_a_long_wait_teaches_nothing() {
        let mut learnt = Learnt::default();
        for _ in 0..30 {
            learnt.passed(ms(500), false);
        }
        learnt.refused(ms(600), None);
        learnt.refused(ms(900), None);
        learnt.count(ms(900));
        assert_eq!(learnt.slot(ms(900), ms(900)), Mono::from_nanos(952_500_000), "20 a second");
        let mut learnt = Learnt::default();
        learnt.refused(ms(600), Some(30_000));
        learnt.count(ms(600));
        assert_eq!(learnt.slot(ms(600), ms(600)), ms(600));
        // Nothing passed: that was no burst of ours.
        learnt.refused(ms(600), Some(1_000));
        learnt.count(ms(600));
        assert_eq!(learnt.slot(ms(600), ms(600)), ms(600));
    }
}
