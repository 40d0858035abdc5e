//! An instrument's past, apart from the exchange: an order should not wait for the bars of a long stretch.

use super::{event::Bar, hours::Hours, market::Line};
use crate::domain::{quote::Interval, time::Stamp};

/// An instrument's past up to the moment at which it was taken.
#[derive(Debug, Clone)]
pub struct History {
    line: Line,
    hours: Hours,
    now: Stamp,
}

impl History {
    pub(super) const fn new(line: Line, hours: Hours, now: Stamp) -> Self {
        Self { line, hours, now }
    }
    /// The same as [`bars`](super::exchange::Exchange::bars) of the exchange.
    pub fn bars(&self, interval: Interval, range: (Stamp, Stamp), limit: usize) -> Vec<Bar> {
        self.line.bars(self.hours, interval, range, self.now, limit)
    }
}
