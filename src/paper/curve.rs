//! The equity curve, in three densities, each bounded.

use super::account::{Density, EquityPoint};
use crate::domain::{money::Money, time::Stamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const MINUTES_KEPT: usize = 2_880;
const FIVES_KEPT: usize = 8_640;
const DAYS_KEPT: usize = 4_000;

/// The equity curve.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Curve {
    minutes: VecDeque<(Stamp, Money)>,
    fives: VecDeque<(Stamp, Money)>,
    days: VecDeque<(Stamp, Money)>,
}

fn push(points: &mut VecDeque<(Stamp, Money)>, secs: i64, equity: Money, kept: usize) {
    let Some(at) = Stamp::from_secs(secs) else {
        return;
    };
    if points.back().is_some_and(|(last, _)| *last >= at) {
        return;
    }
    points.push_back((at, equity));
    if points.len() > kept {
        points.pop_front();
    }
}

impl Curve {
    /// Is a minute over since the last point?
    pub fn is_due(&self, now: Stamp) -> bool {
        let minute = now.as_secs().div_euclid(60);
        self.minutes.back().is_none_or(|(last, _)| last.as_secs().div_euclid(60) < minute)
    }
    /// Notes the equity at `now`.
    pub fn note(&mut self, now: Stamp, equity: Money) {
        let secs = now.as_secs();
        let floor = |step: i64| secs.saturating_sub(secs.rem_euclid(step));
        push(&mut self.minutes, floor(60), equity, MINUTES_KEPT);
        push(&mut self.fives, floor(300), equity, FIVES_KEPT);
    }
    /// Notes the equity at a day's end.
    pub fn note_day(&mut self, at: Stamp, equity: Money) {
        push(&mut self.days, at.as_secs(), equity, DAYS_KEPT);
    }
    /// The points, oldest first.
    pub fn points(&self, density: Density) -> Vec<EquityPoint> {
        let points = match density {
            Density::Minute => &self.minutes,
            Density::FiveMinutes => &self.fives,
            Density::Day => &self.days,
        };
        points.iter().map(|(at, equity)| EquityPoint { at: *at, equity: *equity }).collect()
    }
}
