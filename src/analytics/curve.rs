//! The equity of one account over its trading day.

use crate::domain::{
    money::{Money, Percent},
    time::Stamp,
};
use std::collections::VecDeque;

/// One point for each of these.
pub const POINT_EACH_MS: i64 = 15_000;
/// A day of them.
pub const POINTS_MAX: usize = 5_760;

/// The equity of one account over the day: a point each 15 seconds, bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EquityCurve {
    points: VecDeque<(Stamp, Money)>,
    high: Option<Money>,
    now: Option<Money>,
}

impl EquityCurve {
    /// Takes the present equity; makes a point when the last is 15 seconds old. Did it?
    pub fn add(&mut self, at: Stamp, equity: Money) -> bool {
        self.now = Some(equity);
        self.high = Some(self.high.map_or(equity, |high| high.max(equity)));
        if self.points.back().is_some_and(|(last, _)| at.since_ms(*last) < POINT_EACH_MS) {
            return false;
        }
        if self.points.len() >= POINTS_MAX {
            self.points.pop_front();
        }
        self.points.push_back((at, equity));
        true
    }
    /// The points, oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (Stamp, Money)> {
        self.points.iter().copied()
    }
    /// The day's highest, also between two points.
    pub const fn high(&self) -> Option<Money> {
        self.high
    }
    /// How far below the day's highest, per cent, zero or below.
    pub fn drawdown(&self) -> Option<Percent> {
        let high = self.high.filter(|h| h.is_positive())?;
        self.now?.checked_sub(high)?.percent_of(high)
    }
    /// A new trading day: start anew.
    pub fn begin_day(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn usd(n: i64) -> Money {
        Money::new(Decimal::from(n))
    }

    #[test]
    fn a_point_each_quarter_minute_and_no_more_than_a_day() {
        let mut curve = EquityCurve::default();
        for s in 0..200_000_i64 {
            curve.add(Stamp::from_secs(s).unwrap(), usd(100_000));
        }
        assert_eq!(curve.points().count(), POINTS_MAX);
        let points: Vec<_> = curve.points().map(|(at, _)| at).collect();
        assert!(points.windows(2).all(|w| w[1].since_ms(w[0]) == POINT_EACH_MS));
    }

    #[test]
    fn drawdown_counts_from_a_high_between_points() {
        let mut curve = EquityCurve::default();
        curve.add(Stamp::from_secs(0).unwrap(), usd(100_000));
        curve.add(Stamp::from_secs(5).unwrap(), usd(110_000));
        curve.add(Stamp::from_secs(10).unwrap(), usd(104_500));
        assert_eq!(curve.drawdown(), Some(Percent::new(Decimal::from(-5))));
        curve.begin_day();
        assert_eq!(curve.drawdown(), None);
    }
}
