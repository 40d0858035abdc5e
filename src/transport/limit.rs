//! A venue's rate limit as a pure machine: who may send now, who has to wait until when, and what is kept
//! back for getting out. It learns from what the venue's answers say, and it never sends anything itself.

mod learnt;

use crate::domain::time::{Mono, Now, Stamp};
use learnt::Learnt;
use std::collections::VecDeque;

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Gets out: may use the reserve, and is given a slot in the future when there is none now.
    Exit,
    /// Goes in: may not touch the reserve, and is refused rather than queued, since it would go out later at
    /// another price than its sender saw.
    Entry,
    /// Looks: leaves as much again as the reserve for those who act, and is refused rather than queued.
    Read,
}

/// The answer to [`Limit::ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Now. It is counted.
    Go,
    /// At that time, not earlier. It is counted. Only exits get this.
    At(Mono),
    /// No. Nothing is counted; asking again before `until` is useless.
    Refused {
        /// The countdown's end.
        until: Mono,
    },
}

/// How the venue counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// At most the limit in any window of this length.
    Window,
    /// A bucket that holds the limit and fills again within this length.
    Bucket,
}

/// The venue's documented limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How it counts.
    pub model: Model,
    /// Weight per window, or the bucket's size.
    pub limit: u32,
    /// The window's length, or the time in which an empty bucket fills.
    pub per_ms: u64,
    /// Kept for exits.
    pub reserve: u32,
}

/// What stands in the headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// The limit.
    pub limit: Option<u32>,
    /// What is left of it.
    pub remaining: Option<u32>,
    /// When it is whole again, by the venue's clock.
    pub reset: Option<Stamp>,
}

/// For the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Weight in use.
    pub used: u32,
    /// Of this.
    pub limit: u32,
    /// While backing off: until when.
    pub backing_off_until: Option<Mono>,
    /// While requests wait that were given a time: the last one's.
    pub waits_until: Option<Mono>,
}

/// What the venue said is left, and for how long that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowance {
    left: u32,
    until: Mono,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Limit {
    plan: Plan,
    /// Grants of the last window and of the future, in order of time.
    log: VecDeque<(Mono, u32)>,
    /// A bucket is full again at this time (the "theoretical arrival time" of the generic cell rate algorithm).
    full_at: Mono,
    allowance: Option<Allowance>,
    blocked_until: Option<Mono>,
    blocks: u32,
    learnt: Learnt,
    /// The latest time that was given.
    last_slot: Mono,
}

/// Longest wait that a header or a `Retry-After` can impose: a venue's nonsense must not lock the exits for ever.
const BLOCK_MS_MAX: u64 = 15 * 60_000;

impl Limit {
    /// Nothing sent yet.
    pub fn new(plan: Plan) -> Self {
        let reserve = plan.reserve.min(plan.limit / 3);
        Self {
            plan: Plan { limit: plan.limit.max(1), reserve, ..plan },
            log: VecDeque::new(),
            full_at: Mono::default(),
            allowance: None,
            blocked_until: None,
            blocks: 0,
            learnt: Learnt::default(),
            last_slot: Mono::default(),
        }
    }

    /// May a request of this weight go out? A grant is counted at once.
    pub fn ask(&mut self, now: Mono, class: Class, weight: u32) -> Grant {
        self.forget(now);
        let weight = weight.clamp(1, self.plan.limit);
        let slot = self.slot(now, class, weight);
        if class != Class::Exit && slot > now {
            return Grant::Refused { until: slot };
        }
        self.count(slot, weight);
        if slot > now { Grant::At(slot) } else { Grant::Go }
    }

    /// Learns from an answer's headers.
    pub fn learn(&mut self, now: Now, told: Told) {
        if let Some(limit) = told.limit.filter(|l| *l > 0) {
            self.plan.limit = limit;
            self.plan.reserve = self.plan.reserve.min(limit / 3);
        }
        let Some(left) = told.remaining else { return };
        let in_ms = told.reset.map(|at| u64::try_from(at.since_ms(now.wall)).ok().unwrap_or(0));
        // No venue's window is longer than its plan says; a clock that is off must not make it so.
        let until = now.mono.plus_ms(in_ms.map_or(self.plan.per_ms, |ms| ms.min(self.plan.per_ms)));
        // Answers overtake each other, and none counts what is still on its way: within a window only less counts.
        self.allowance = match self.allowance {
            Some(old) if old.until > now.mono => {
                Some(Allowance { left: old.left.min(left), until: old.until })
            }
            Some(_) | None => Some(Allowance { left, until }),
        };
        if left > 0 {
            self.blocks = 0;
        }
    }

    /// The venue took a request: from these it is learnt how many pass, where no header says so.
    pub fn passed(&mut self, now: Mono) {
        let is_same_burst = self.blocked_until.is_some_and(|until| until > now);
        self.learnt.passed(now, is_same_burst);
    }

    /// The time of a grant has come. Where the venue has said "too many" since: until when it is put off.
    pub fn put_off(&mut self, now: Mono) -> Option<Mono> {
        let until = self.blocked_until.filter(|until| *until > now)?;
        let slot = self.learnt.slot(now, until);
        self.learnt.count(slot);
        self.last_slot = self.last_slot.max(slot);
        Some(slot)
    }

    /// The venue said "too many" (429, 418). Returns when asking makes sense again.
    pub fn back_off(&mut self, now: Mono, retry_after_ms: Option<u64>) -> Mono {
        let is_told = self.allowance.is_some_and(|told| told.until > now && told.left == 0);
        let is_same_burst = self.blocked_until.is_some_and(|until| until > now);
        if !is_told && !is_same_burst {
            self.learnt.refused(now, retry_after_ms);
        }
        let guess = 1_000_u64
            .saturating_mul(1_u64.checked_shl(self.blocks).unwrap_or(u64::MAX))
            .min(self.plan.per_ms);
        let until = now.plus_ms(retry_after_ms.unwrap_or(guess).clamp(1, BLOCK_MS_MAX));
        self.blocks = self.blocks.saturating_add(1);
        let until = self.blocked_until.map_or(until, |old| old.max(until));
        self.blocked_until = Some(until);
        until
    }

    /// Where it stands.
    pub fn gauge(&self, now: Mono) -> Gauge {
        let limit = self.plan.limit;
        let counted = match self.plan.model {
            Model::Window => {
                self.log.iter().filter(|(at, _)| self.is_recent(*at, now)).map(|(_, w)| *w).sum()
            }
            Model::Bucket => {
                let ahead = self.full_at.as_nanos().saturating_sub(now.as_nanos());
                u32::try_from(ahead.div_ceil(self.step_nanos(1).max(1))).ok().unwrap_or(limit).min(limit)
            }
        };
        let told = self.allowance.filter(|a| a.until > now).map_or(0, |a| limit.saturating_sub(a.left));
        Gauge {
            used: counted.max(told),
            limit,
            backing_off_until: self.blocked_until.filter(|t| *t > now),
            waits_until: Some(self.last_slot).filter(|t| *t > now),
        }
    }

    /// The earliest time at which this request keeps inside everything that is known.
    fn slot(&self, now: Mono, class: Class, weight: u32) -> Mono {
        let kept_back = match class {
            Class::Exit => 0,
            Class::Entry => self.plan.reserve,
            Class::Read => self.plan.reserve.saturating_mul(2),
        };
        let free = self.plan.limit.saturating_sub(kept_back);
        // A request heavier than what its class may ever use goes when all of that is free.
        let weight = weight.min(free.max(1));
        let mut slot = self.blocked_until.map_or(now, |until| until.max(now));
        if let Some(told) = self.allowance
            && told.left < weight.saturating_add(kept_back)
        {
            slot = slot.max(told.until);
        }
        let slot = match self.plan.model {
            Model::Window => self.window_slot(slot, class, free.saturating_sub(weight)),
            Model::Bucket => self.bucket_slot(slot, weight, free),
        };
        // Only exits come in such numbers; others would be refused for it.
        if class == Class::Exit { self.learnt.slot(now, slot) } else { slot }
    }

    fn window_slot(&self, earliest: Mono, class: Class, room: u32) -> Mono {
        // Exits queue behind each other; for the others every future grant counts as spent.
        let earliest = match (class, self.log.back()) {
            (Class::Exit, Some((last, _))) => earliest.max(*last),
            (Class::Exit, None) | (Class::Entry | Class::Read, _) => earliest,
        };
        let mut used: u32 = self.log.iter().map(|(_, w)| *w).fold(0, u32::saturating_add);
        let mut slot = earliest;
        for (at, w) in &self.log {
            let leaves = self.leaves_at(*at);
            if leaves > slot && used <= room {
                break;
            }
            slot = slot.max(leaves);
            used = used.saturating_sub(*w);
        }
        slot
    }

    fn bucket_slot(&self, earliest: Mono, weight: u32, free: u32) -> Mono {
        let full_at = self.full_at.max(earliest).as_nanos().saturating_add(self.step_nanos(weight));
        earliest.max(Mono::from_nanos(full_at.saturating_sub(self.step_nanos(free))))
    }

    fn count(&mut self, slot: Mono, weight: u32) {
        self.learnt.count(slot);
        self.last_slot = self.last_slot.max(slot);
        match self.plan.model {
            Model::Window => {
                let place = self.log.partition_point(|(at, _)| *at <= slot);
                self.log.insert(place, (slot, weight));
            }
            Model::Bucket => {
                let from = self.full_at.max(slot).as_nanos();
                self.full_at = Mono::from_nanos(from.saturating_add(self.step_nanos(weight)));
            }
        }
        if let Some(told) = &mut self.allowance
            && slot < told.until
        {
            told.left = told.left.saturating_sub(weight);
        }
    }

    fn forget(&mut self, now: Mono) {
        while self.log.front().is_some_and(|(at, _)| !self.is_recent(*at, now)) {
            self.log.pop_front();
        }
        self.allowance = self.allowance.filter(|a| a.until > now);
        self.blocked_until = self.blocked_until.filter(|until| *until > now);
    }

    fn is_recent(&self, at: Mono, now: Mono) -> bool {
        self.leaves_at(at) > now
    }

    /// When a grant no longer counts. A fiftieth is added, since what leaves here a window apart may arrive
    /// there a little closer.
    fn leaves_at(&self, at: Mono) -> Mono {
        at.plus_ms(self.plan.per_ms.saturating_add(self.plan.per_ms / 50).saturating_add(1))
    }

    /// The time in which a bucket fills by this weight, a fiftieth slower than the venue says.
    fn step_nanos(&self, weight: u32) -> u64 {
        let per = self.plan.per_ms.saturating_mul(1_020_000);
        let limit = u128::from(self.plan.limit);
        let nanos = u128::from(per).saturating_mul(u128::from(weight)).checked_div(limit);
        nanos.and_then(|n| u64::try_from(n).ok()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use proptest::prelude::*;

    const PLAN: Plan = Plan { model: Model::Window, limit: 200, per_ms: 60_000, reserve: 40 };

    fn ms(n: u64) -> Mono {
        Mono::from_millis(n)
    }
    fn go(limit: &mut Limit, class: Class, times: usize) -> usize {
        (0..times).filter(|_| limit.ask(ms(0), class, 1) == Grant::Go).count()
    }

    #[test]
    fn each_class_leaves_what_the_others_need() {
        for model in [Model::Window, Model::Bucket] {
            let mut limit = Limit::new(Plan { model, ..PLAN });
            assert_eq!(go(&mut limit, Class::Read, 300), 120, "{model:?}");
            assert_eq!(go(&mut limit, Class::Entry, 300), 40, "{model:?}");
            assert_eq!(go(&mut limit, Class::Exit, 300), 40, "{model:?}");
            assert_eq!(limit.gauge(ms(0)).limit, 200);
        }
    }

    #[test]
    fn an_entry_is_refused_with_a_countdown_and_an_exit_gets_a_slot() {
        let mut limit = Limit::new(PLAN);
        assert_eq!(go(&mut limit, Class::Exit, 200), 200);
        let free = ms(61_201);
        assert_eq!(limit.ask(ms(10), Class::Entry, 1), Grant::Refused { until: free });
        assert_eq!(limit.ask(ms(10), Class::Exit, 1), Grant::At(free));
        let gauge = limit.gauge(ms(10));
        assert_eq!((gauge.used, gauge.waits_until), (201, Some(free)));
        assert_eq!(limit.gauge(free).waits_until, None);
    }

    #[test]
    fn a_bucket_paces_on_a_schedule() {
        let mut limit = Limit::new(Plan { model: Model::Bucket, limit: 200, per_ms: 1_000, reserve: 40 });
        assert_eq!(go(&mut limit, Class::Exit, 200), 200);
        let slots: Vec<_> = (0..100).map(|_| limit.ask(ms(0), Class::Exit, 1)).collect();
        assert_eq!(slots[0], Grant::At(Mono::from_nanos(5_100_000)));
        assert_eq!(slots[99], Grant::At(Mono::from_nanos(510_000_000)));
    }

    #[test]
    fn too_many_requests_stop_everybody_for_as_long_as_the_venue_says() {
        let mut limit = Limit::new(PLAN);
        assert_eq!(limit.back_off(ms(0), Some(7_000)), ms(7_000));
        assert_eq!(limit.ask(ms(1), Class::Entry, 1), Grant::Refused { until: ms(7_000) });
        assert_eq!(limit.ask(ms(1), Class::Exit, 1), Grant::At(ms(7_000)));
        assert_eq!(limit.gauge(ms(1)).backing_off_until, Some(ms(7_000)));
        assert_eq!(limit.ask(ms(7_000), Class::Entry, 1), Grant::Go);
        // Without a hint the guess doubles; nonsense is bounded.
        let mut limit = Limit::new(PLAN);
        assert_eq!(limit.back_off(ms(0), None), ms(1_000));
        assert_eq!(limit.back_off(ms(0), None), ms(2_000));
        assert_eq!(limit.back_off(ms(0), Some(u64::MAX)), ms(BLOCK_MS_MAX));
    }

    #[test]
    fn what_another_program_uses_is_not_ours() {
        let mut limit = Limit::new(PLAN);
        let now = Now { wall: Stamp::from_millis(1_000).unwrap(), mono: ms(0) };
        let told = Told { limit: Some(200), remaining: Some(41), reset: Stamp::from_millis(31_000) };
        limit.learn(now, told);
        assert_eq!(limit.gauge(ms(0)).used, 159);
        assert_eq!(go(&mut limit, Class::Entry, 9), 1);
        assert_eq!(limit.ask(ms(0), Class::Entry, 1), Grant::Refused { until: ms(30_000) });
        assert_eq!(go(&mut limit, Class::Exit, 100), 40);
        assert_eq!(limit.ask(ms(0), Class::Exit, 1), Grant::At(ms(30_000)));
        // An answer that was overtaken does not give anything back.
        limit.learn(now, Told { remaining: Some(150), ..told });
        assert!(matches!(limit.ask(ms(0), Class::Entry, 1), Grant::Refused { .. }));
        assert_eq!(limit.ask(ms(30_001), Class::Entry, 1), Grant::Go);
    }

    #[test]
    fn nonsense_in_headers_never_locks_the_exits_for_ever() {
        let mut limit = Limit::new(PLAN);
        let now = Now { wall: Stamp::from_nanos(0), mono: ms(0) };
        limit.learn(
            now,
            Told { limit: Some(0), remaining: Some(0), reset: Some(Stamp::from_nanos(i64::MAX)) },
        );
        assert_eq!(limit.ask(ms(0), Class::Exit, 1), Grant::At(ms(60_000)));
        assert_eq!(Limit::new(Plan { limit: 0, ..PLAN }).ask(ms(0), Class::Exit, 5), Grant::Go);
    }

    fn class() -> impl Strategy<Value = Class> {
        prop_oneof![Just(Class::Exit), Just(Class::Entry), Just(Class::Read)]
    }

    proptest! {
        /// Whatever is asked, no window at the venue ever sees more than the limit.
        #[test]
        fn never_exceeds_the_limit_in_any_window(
            asks in prop::collection::vec((0_u64..3_000, class(), 1_u32..20), 1..300),
            limit in 20_u32..100,
        ) {
            let plan = Plan { model: Model::Window, limit, per_ms: 10_000, reserve: 10 };
            let mut machine = Limit::new(plan);
            let (mut now, mut sent) = (0, Vec::new());
            for (wait, class, weight) in asks {
                now += wait;
                match machine.ask(ms(now), class, weight) {
                    Grant::Go => sent.push((ms(now), weight)),
                    Grant::At(at) => {
                        prop_assert_eq!(class, Class::Exit);
                        sent.push((at, weight));
                    }
                    Grant::Refused { until } => prop_assert!(until > ms(now) && class != Class::Exit),
                }
            }
            for (start, _) in &sent {
                let end = start.plus_ms(plan.per_ms);
                let inside: u32 = sent.iter().filter(|(at, _)| at >= start && *at <= end).map(|(_, w)| *w).sum();
                prop_assert!(inside <= limit, "{inside} of {limit}");
            }
        }

        /// A bucket as the venue keeps it never runs dry.
        #[test]
        fn never_overdraws_a_bucket(
            asks in prop::collection::vec((0_u64..200, class(), 1_u32..20), 1..300),
            limit in 20_u32..100,
        ) {
            let plan = Plan { model: Model::Bucket, limit, per_ms: 1_000, reserve: 10 };
            let mut machine = Limit::new(plan);
            let (mut now, mut sent) = (0, Vec::new());
            for (wait, class, weight) in asks {
                now += wait;
                match machine.ask(ms(now), class, weight) {
                    Grant::Go => sent.push((ms(now).as_nanos(), weight)),
                    Grant::At(at) => sent.push((at.as_nanos(), weight)),
                    Grant::Refused { .. } => {}
                }
            }
            sent.sort_unstable();
            // In units of a weight-nanosecond, so that the model is exact.
            let (per, full) = (1_000_000_000_i128, i128::from(limit) * 1_000_000_000);
            let (mut level, mut last) = (full, 0);
            for (at, weight) in sent {
                level = full.min(level + i128::from(at - last) * i128::from(limit)) - i128::from(weight) * per;
                last = at;
                prop_assert!(level >= 0, "{level}");
            }
        }

        /// Whatever entries and reads have eaten, the reserve is there for the next exit.
        #[test]
        fn the_reserve_is_always_there_for_exits(
            asks in prop::collection::vec((0_u64..500, any::<bool>(), 1_u32..5), 0..300),
            bucket in any::<bool>(),
        ) {
            let model = if bucket { Model::Bucket } else { Model::Window };
            let mut machine = Limit::new(Plan { model, limit: 100, per_ms: 10_000, reserve: 20 });
            let mut now = 0;
            for (wait, read, weight) in asks {
                now += wait;
                machine.ask(ms(now), if read { Class::Read } else { Class::Entry }, weight);
            }
            for _ in 0..20 {
                prop_assert_eq!(machine.ask(ms(now), Class::Exit, 1), Grant::Go);
            }
        }
    }
}
