//! Instants. Wall time is for people and venues; ages and time-outs use monotonic time only, so that a
//! clock that steps back during a session can neither make an age negative nor fire a timer storm.

use serde::{Deserialize, Serialize};

/// Wall time: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(i64);

impl Stamp {
    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }
    /// From milliseconds since the epoch; `None` outside the years 1677 to 2262.
    pub const fn from_millis(ms: i64) -> Option<Self> {
        match ms.checked_mul(1_000_000) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }
    /// From whole seconds since the epoch; `None` outside the years 1677 to 2262.
    pub const fn from_secs(secs: i64) -> Option<Self> {
        match secs.checked_mul(1_000_000_000) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }
    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
    /// Whole milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    /// Whole seconds since the epoch.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
    /// Moved by `ms`, held at the ends of the range.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
    /// Milliseconds from `earlier` to here; negative if `earlier` is later.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1_000_000)
    }
    /// Parses RFC 3339 (`2026-11-21T14:30:00.123456789Z`, any offset).
    ///
    /// # Errors
    /// What jiff says of the text.
    pub fn parse_rfc3339(text: &str) -> Result<Self, jiff::Error> {
        if let Some(at) = parse_zulu(text) {
            return Ok(at);
        }
        let at: jiff::Timestamp = text.parse()?;
        i64::try_from(at.as_nanosecond()).map(Self).map_err(jiff::Error::from_args_out_of_range)
    }
    /// `2026-11-21T14:30:00.123456789Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_jiff().to_string()
    }
    /// The same instant as jiff's type. Every `i64` of nanoseconds lies inside jiff's range.
    pub fn to_jiff(self) -> jiff::Timestamp {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(t) => t,
            Err(_) => jiff::Timestamp::UNIX_EPOCH,
        }
    }
    /// From jiff's type; `None` outside the years 1677 to 2262.
    pub fn from_jiff(at: jiff::Timestamp) -> Option<Self> {
        i64::try_from(at.as_nanosecond()).ok().map(Self)
    }
}

/// The form in which every venue's stream writes its times, `2026-11-21T14:30:00.123456789Z` with up to nine digits
/// behind the point. Whatever else it is, good or bad, is `None`.
fn parse_zulu(text: &str) -> Option<Stamp> {
    let (whole, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = whole
    else {
        return None;
    };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    let (month, day) = (number(&[*mo1, *mo2])?, number(&[*d1, *d2])?);
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*mi1, *mi2])?, number(&[*s1, *s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos = match rest {
        b"Z" => 0,
        [b'.', digits @ .., b'Z'] if matches!(digits.len(), 1..=9) => {
            let missing = u32::try_from(9_usize.saturating_sub(digits.len())).ok()?;
            number(digits)?.checked_mul(10_i64.checked_pow(missing)?)?
        }
        _ => return None,
    };
    let days = days_since_1970(year, month, day)?;
    let minutes = days.checked_mul(24)?.checked_add(hour)?.checked_mul(60)?.checked_add(minute)?;
    let seconds = minutes.checked_mul(60)?.checked_add(second)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos).map(Stamp)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |n, digit| {
        let digit = digit.is_ascii_digit().then_some(i64::from(digit & 0x0f))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

/// Days of the common calendar, of the years from 1970 to 2199; `None` where there is no such day.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1970..2200).contains(&year) {
        return None;
    }
    let at = usize::try_from(month.checked_sub(1)?).ok()?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let leap_day = i64::from(is_leap && month == 2);
    if day < 1 || day > LENGTH.get(at)?.checked_add(leap_day)? {
        return None;
    }
    // Leap days up to the end of the year before: every fourth, but for 2100.
    let before = year.checked_sub(1)?;
    let leap_days = before.checked_div(4)?.checked_sub(492)?.checked_sub(i64::from(before >= 2100))?;
    let this_year =
        BEFORE.get(at)?.checked_add(day)?.checked_sub(1)?.checked_add(i64::from(is_leap && month > 2))?;
    year.checked_sub(1970)?.checked_mul(365)?.checked_add(leap_days)?.checked_add(this_year)
}

trait OutOfRange {
    fn from_args_out_of_range(_: std::num::TryFromIntError) -> Self;
}
impl OutOfRange for jiff::Error {
    fn from_args_out_of_range(_: std::num::TryFromIntError) -> Self {
        Self::from_args(format_args!("the time lies outside the years 1677 to 2262"))
    }
}

/// Monotonic time: nanoseconds since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(u64);

impl Mono {
    /// From nanoseconds since the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
    /// From milliseconds since the start.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }
    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// Moved forward by `ms`.
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
    /// Milliseconds from `earlier` to here; zero if `earlier` is later.
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }
    /// The next whole multiple of `every_ms` (one at least) after this. What comes round by itself does so on these, so
    /// that one wake serves all of it.
    pub const fn next_beat(self, every_ms: u64) -> Self {
        let every = if every_ms == 0 { 1_000_000 } else { every_ms.saturating_mul(1_000_000) };
        match self.0.checked_div(every) {
            Some(beats) => Self(beats.saturating_add(1).saturating_mul(every)),
            None => self,
        }
    }
    /// Without the part of a millisecond that has begun.
    pub const fn whole_ms(self) -> Self {
        Self::from_millis(self.0 / 1_000_000)
    }
}

/// Both times, read together. Every `step` takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Now {
    /// For people and venues.
    pub wall: Stamp,
    /// For ages and time-outs.
    pub mono: Mono,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        let mut at = jiff::Timestamp::UNIX_EPOCH;
        let step = jiff::SignedDuration::new(86_400 * 3 + 12_345, 987_654_321);
        while at.as_second() < 7_257_000_000 {
            let text = at.to_string();
            let read = parse_zulu(&text).unwrap();
            assert_eq!(Some(read), Stamp::from_jiff(at), "{text}");
            at = at.checked_add(step).unwrap();
        }
        let short = Stamp::parse_rfc3339("2026-11-21T14:30:00.5Z").unwrap();
        assert_eq!(short.to_rfc3339(), "2026-11-21T14:30:00.5Z");
    }

    #[test]
    fn beats_are_whole_multiples_and_always_ahead() {
        let next = |nanos, every| Mono::from_nanos(nanos).next_beat(every);
        assert_eq!(next(0, 1_000), Mono::from_millis(1_000));
        assert_eq!(next(999_999_999, 1_000), Mono::from_millis(1_000));
        assert_eq!(next(1_000_000_000, 1_000), Mono::from_millis(2_000));
        assert_eq!(next(7_200_000_001, 5_000), Mono::from_millis(10_000));
        assert_eq!(next(1_500_000, 0), Mono::from_millis(2));
        assert_eq!(Mono::from_nanos(5_000_999_999).whole_ms(), Mono::from_millis(5_000));
    }

    #[test]
    fn what_is_no_time_is_left_to_the_long_way() {
        for text in [
            "",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+01:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:0xZ",
        ] {
            assert_eq!(parse_zulu(text), None, "{text}");
        }
        assert!(Stamp::parse_rfc3339("2026-02-29T00:00:00Z").is_err());
    }
}
