//! The rate limit: so many requests in each minute, as Alpaca counts them, for the account and for its data.

use crate::domain::time::Stamp;

/// Which requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Trading,
    Data,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) is_admitted: bool,
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds since the epoch.
    pub(super) reset: i64,
}

/// The counters.
#[derive(Debug)]
pub(super) struct Quota {
    per_min: u32,
    minute: i64,
    trading: u32,
    data: u32,
    /// Requests that were refused, of all minutes.
    refused: u64,
}

impl Quota {
    pub(super) const fn new(per_min: u32) -> Self {
        Self { per_min, minute: 0, trading: 0, data: 0, refused: 0 }
    }

    /// Counts one request at `now`, the operating system's time: the limit does not run with simulated time.
    pub(super) fn count(&mut self, family: Family, now: Stamp) -> Left {
        let minute = now.as_secs().div_euclid(60);
        if minute != self.minute {
            *self = Self { minute, refused: self.refused, ..Self::new(self.per_min) };
        }
        let used = match family {
            Family::Trading => &mut self.trading,
            Family::Data => &mut self.data,
        };
        *used = used.saturating_add(1);
        let used = *used;
        let is_admitted = used <= self.per_min;
        self.refused = self.refused.saturating_add(u64::from(!is_admitted));
        Left {
            is_admitted,
            limit: self.per_min,
            remaining: self.per_min.saturating_sub(used),
            reset: minute.saturating_add(1).saturating_mul(60),
        }
    }

    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_minutes_and_each_familys_own() {
        let mut quota = Quota::new(2);
        let at = |secs| Stamp::from_secs(secs).unwrap();
        assert_eq!(
            quota.count(Family::Trading, at(61)),
            Left { is_admitted: true, limit: 2, remaining: 1, reset: 120 }
        );
        assert!(quota.count(Family::Trading, at(62)).is_admitted);
        assert!(!quota.count(Family::Trading, at(119)).is_admitted);
        assert!(quota.count(Family::Data, at(119)).is_admitted);
        assert!(quota.count(Family::Trading, at(120)).is_admitted);
        assert_eq!(quota.refused(), 1, "what was refused stays counted");
    }
}
