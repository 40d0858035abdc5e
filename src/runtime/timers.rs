//! Timers that the engine armed, on monotonic time.

use crate::{domain::time::Mono, engine::Timer};
use std::collections::{BTreeMap, BTreeSet};

/// What is armed, by name and by time.
#[derive(Debug, Default)]
pub(super) struct Timers {
    at: BTreeMap<Timer, Mono>,
    queue: BTreeSet<(Mono, Timer)>,
}

impl Timers {
    /// Arms one, or moves it.
    pub(super) fn arm(&mut self, timer: Timer, at: Mono) {
        if let Some(old) = self.at.insert(timer.clone(), at) {
            self.queue.remove(&(old, timer.clone()));
        }
        self.queue.insert((at, timer));
    }

    /// The next one's time.
    pub(super) fn next(&self) -> Option<Mono> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes one that is due.
    pub(super) fn due(&mut self, now: Mono) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.queue.pop_first()?;
        self.at.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_armed_timer_moves_and_fires_once() {
        let mut timers = Timers::default();
        timers.arm(Timer::Tick, Mono::from_millis(10));
        timers.arm(Timer::Disarm, Mono::from_millis(5));
        timers.arm(Timer::Tick, Mono::from_millis(20));
        assert_eq!(timers.due(Mono::from_millis(4)), None);
        assert_eq!(timers.due(Mono::from_millis(15)), Some(Timer::Disarm));
        assert_eq!(timers.due(Mono::from_millis(15)), None);
        assert_eq!(timers.due(Mono::from_millis(20)), Some(Timer::Tick));
        assert_eq!(timers.next(), None);
    }
}
