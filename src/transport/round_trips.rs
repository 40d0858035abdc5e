//! How long requests take, by the last of them.

use std::collections::VecDeque;

/// So many are kept for the percentiles.
const KEPT: usize = 100;

/// The last round trips, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct RoundTrips(VecDeque<u64>);

impl RoundTrips {
    /// One more, of so many nanoseconds.
    pub fn note(&mut self, ns: u64) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(ns);
    }

    /// Median and 99th percentile, microseconds; `None` before the first.
    pub fn percentiles_us(&self) -> [Option<u64>; 2] {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        [50, 99].map(|percent: usize| {
            let index = sorted.len().saturating_mul(percent) / 100;
            sorted.get(index.min(sorted.len().saturating_sub(1))).map(|ns| ns / 1_000)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_count() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.percentiles_us(), [None, None]);
        trips.note(7_000);
        assert_eq!(trips.percentiles_us(), [Some(7), Some(7)]);
        for ms in 1..=100 {
            trips.note(ms * 1_000_000);
        }
        assert_eq!(trips.percentiles_us(), [Some(51_000), Some(100_000)], "the first is gone");
    }
}
