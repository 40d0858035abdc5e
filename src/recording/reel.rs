//! When a file of a recording ends and the next one begins. An engine runs for weeks: what is kept by days and by size can
//! only be kept so if no file is longer than a day, and none takes more than its share.

use super::shelf::Keep;
use crate::domain::time::Stamp;
use jiff::{civil::Date, tz::TimeZone};

/// A file takes at most so much of what all of them may: one part in eight.
const SHARES: u64 = 8;

/// What one file may take.
pub const fn share(keep: Keep) -> u64 {
    keep.bytes / SHARES
}

/// What the others may take while one is written.
pub const fn others(keep: Keep) -> Keep {
    Keep { days: keep.days, bytes: keep.bytes.saturating_sub(share(keep)) }
}

/// A file that is written.
#[derive(Debug, Clone)]
pub struct Reel {
    zone: TimeZone,
    day: Date,
    began: Stamp,
    left: u64,
}

impl Reel {
    /// Begins now. Days are those of `zone`, as the reader counts them.
    pub fn begin(now: Stamp, keep: Keep, zone: TimeZone) -> Self {
        Self { day: day(now, &zone), zone, began: now, left: share(keep) }
    }

    /// So many bytes were written.
    pub const fn wrote(&mut self, bytes: u64) {
        self.left = self.left.saturating_sub(bytes);
    }

    /// Does what comes now belong into another file? Never within the second in which this one began: a file is named
    /// by it.
    pub fn is_over(&self, now: Stamp) -> bool {
        now.as_secs() > self.began.as_secs() && (self.left == 0 || day(now, &self.zone) != self.day)
    }
}

fn day(at: Stamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at.to_jiff()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Stamp {
        Stamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_file_ends_with_the_readers_day() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let reel = Reel::begin(at("2026-11-30T14:00:00Z"), Keep { days: 1, bytes: 800 }, zone);
        assert!(!reel.is_over(at("2026-12-01T04:59:59Z")), "it is still the thirtieth in New York");
        assert!(reel.is_over(at("2026-12-01T05:00:00Z")));
        assert!(
            !reel.is_over(at("2026-11-30T13:00:00Z")),
            "a clock that was set back makes no two of one name"
        );
    }

    #[test]
    fn a_file_takes_no_more_than_its_share() {
        let keep = Keep { days: 1, bytes: 800 };
        assert_eq!((share(keep), others(keep).bytes), (100, 700));
        let mut reel = Reel::begin(at("2026-11-30T14:00:00.2Z"), keep, TimeZone::UTC);
        reel.wrote(99);
        assert!(!reel.is_over(at("2026-11-30T15:00:00Z")));
        reel.wrote(2);
        assert!(!reel.is_over(at("2026-11-30T14:00:00.9Z")), "its name is this second's");
        assert!(reel.is_over(at("2026-11-30T14:00:01Z")));
    }
}
