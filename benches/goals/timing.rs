//! Times: of this thread's processor where only work counts, of the clock where waiting counts too; always the
//! median of rounds in which both sides take turns, so that what else the machine does meets both.

use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Processor time of this thread so far, to the nanosecond: what `getrusage` tells advances in steps of a timer tick.
pub(crate) fn cpu_now() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("the system tells its own figures");
    Duration::from(time)
}

/// Processor time of `work`.
pub(crate) fn cpu(work: impl FnOnce()) -> Duration {
    let before = cpu_now();
    work();
    cpu_now().saturating_sub(before)
}

/// Time of the clock of `work`.
pub(crate) fn clock(work: impl FnOnce()) -> Duration {
    let before = Instant::now();
    work();
    before.elapsed()
}

/// Both sides of a goal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) ours: Duration,
    pub(crate) yardstick: Duration,
    /// Ours over the yardstick: the median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// Measures both sides `rounds` times in turns, after one round that does not count.
pub(crate) fn pair(
    rounds: usize,
    mut ours: impl FnMut() -> Duration,
    mut yardstick: impl FnMut() -> Duration,
) -> Pair {
    ours();
    yardstick();
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let (x, y) = if round % 2 == 0 {
            let x = ours();
            (x, yardstick())
        } else {
            let y = yardstick();
            (ours(), y)
        };
        a.push(x);
        b.push(y);
        ratios.push(x.as_secs_f64() / y.as_secs_f64());
    }
    Pair { ours: median(&mut a), yardstick: median(&mut b), ratio: median_of(&mut ratios) }
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn median_of(ratios: &mut [f64]) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Nanoseconds each of `n`.
pub(crate) fn each_ns(all: Duration, n: usize) -> f64 {
    all.as_secs_f64() * 1e9 / n as f64
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
