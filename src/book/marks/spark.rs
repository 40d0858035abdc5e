//! The recent prices of what is drawn.

use crate::domain::money::Price;

/// How many points a sparkline has.
pub const SPARK_POINTS: usize = 60;

/// The last points.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Spark {
    ring: std::collections::VecDeque<Price>,
}

impl Spark {
    pub(super) fn push(&mut self, price: Price) {
        if self.ring.len() >= SPARK_POINTS {
            self.ring.pop_front();
        } else if self.ring.is_empty() {
            self.ring.reserve_exact(SPARK_POINTS);
        }
        self.ring.push_back(price);
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = Price> {
        self.ring.iter().copied()
    }
}
