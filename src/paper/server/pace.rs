//! Simulated time: the operating system's, or faster; never backwards.

use crate::domain::time::{Now, Stamp};
use std::num::NonZeroU32;

/// The venue's time as a function of the operating system's.
#[derive(Debug)]
pub(super) struct Pace {
    speed: NonZeroU32,
    last: Now,
    at: Stamp,
}

impl Pace {
    /// Starts at the later of `now` and `kept`, the time that the venue had already reached in an earlier run.
    pub(super) fn start(speed: NonZeroU32, now: Now, kept: Stamp) -> Self {
        Self { speed, last: now, at: kept.max(now.wall) }
    }

    /// The venue's time at `now`. A wall clock that was set back, or a machine that slept, is taken by the larger of
    /// the two clocks' steps.
    pub(super) fn at(&mut self, now: Now) -> Stamp {
        let wall = now.wall.as_nanos().saturating_sub(self.last.wall.as_nanos());
        let mono = now.mono.as_nanos().saturating_sub(self.last.mono.as_nanos());
        let step = wall.max(i64::try_from(mono).ok().unwrap_or(i64::MAX)).max(0);
        let fast = step.saturating_mul(i64::from(self.speed.get()));
        self.last = now;
        self.at = Stamp::from_nanos(self.at.as_nanos().saturating_add(fast));
        self.at
    }

    /// Without moving it.
    pub(super) const fn now(&self) -> Stamp {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Mono;

    fn now(wall_s: i64, mono_s: u64) -> Now {
        Now {
            wall: Stamp::from_secs(wall_s).unwrap(),
            mono: Mono::from_nanos(mono_s.saturating_mul(1_000_000_000)),
        }
    }

    #[test]
    fn it_runs_at_its_speed_and_never_backwards() {
        let mut pace = Pace::start(NonZeroU32::new(10).unwrap(), now(1000, 5), Stamp::from_secs(10).unwrap());
        assert_eq!(pace.at(now(1002, 7)).as_secs(), 1020);
        assert_eq!(pace.at(now(500, 8)).as_secs(), 1030, "the wall clock was set back");
        assert_eq!(pace.at(now(600, 9)).as_secs(), 2030, "the machine slept");
        assert_eq!(pace.now().as_secs(), 2030);
        let ahead = Pace::start(NonZeroU32::MIN, now(1000, 5), Stamp::from_secs(5000).unwrap());
        assert_eq!(ahead.now().as_secs(), 5000, "an earlier run was faster than the clock");
    }
}
