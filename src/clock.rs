//! The only reader of the operating system's clock. Everything else takes [`Now`] as a parameter.

use crate::domain::time::{Mono, Now, Stamp};

/// Where the time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Wall and monotonic time, read together.
    fn now(&self) -> Now;
}

/// The operating system's clocks. Its monotonic time counts from where the system began to count, so that all programs of
/// one machine read the same: a time in a snapshot means the same to a screen in another process.
#[derive(Debug, Clone, Copy)]
pub struct System {
    start: std::time::Instant,
    started_ns: u64,
}

impl System {
    /// A clock.
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    pub fn start() -> Self {
        use nix::time::{ClockId, clock_gettime};
        // Where the system does not say it, times mean something within this program alone.
        let counted = clock_gettime(ClockId::CLOCK_MONOTONIC).ok().map(std::time::Duration::from);
        let started_ns = counted.and_then(|d| u64::try_from(d.as_nanos()).ok()).unwrap_or(0);
        Self { start: std::time::Instant::now(), started_ns }
    }
}

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn now(&self) -> Now {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock set before 1970 reads as the epoch: every stamp is then visibly wrong, none is a panic.
        let wall = since.map_or(0, |d| i64::try_from(d.as_nanos()).ok().unwrap_or(i64::MAX));
        let since_start = u64::try_from(self.start.elapsed().as_nanos()).ok().unwrap_or(u64::MAX);
        let mono = self.started_ns.saturating_add(since_start);
        Now { wall: Stamp::from_nanos(wall), mono: Mono::from_nanos(mono) }
    }
}

/// A clock that stands still until it is moved. For tests, simulation and replay.
#[derive(Debug, Default)]
pub struct Manual {
    wall: std::sync::atomic::AtomicI64,
    mono: std::sync::atomic::AtomicU64,
}

impl Manual {
    /// Starts at `wall`, with monotonic time zero.
    pub fn at(wall: Stamp) -> Self {
        Self { wall: wall.as_nanos().into(), mono: 0.into() }
    }

    /// Moves both clocks forward.
    pub fn advance_ms(&self, ms: u64) {
        let nanos = ms.saturating_mul(1_000_000);
        self.mono.fetch_add(nanos, std::sync::atomic::Ordering::SeqCst);
        self.wall
            .fetch_add(i64::try_from(nanos).ok().unwrap_or(i64::MAX), std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for Manual {
    fn now(&self) -> Now {
        Now {
            wall: Stamp::from_nanos(self.wall.load(std::sync::atomic::Ordering::SeqCst)),
            mono: Mono::from_nanos(self.mono.load(std::sync::atomic::Ordering::SeqCst)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_were_started_apart_read_the_same() {
        let first = System::start();
        let second = System::start();
        let (a, b, c) = (first.now().mono, second.now().mono, first.now().mono);
        // To the few nanoseconds between reading the two clocks at the start.
        assert!(
            a.as_nanos() <= b.as_nanos() + 100_000 && b.as_nanos() <= c.as_nanos() + 100_000,
            "{a:?} {b:?} {c:?}"
        );
    }
}
