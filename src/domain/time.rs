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
}

/// Both times, read together. Every `step` takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Now {
    /// For people and venues.
    pub wall: Stamp,
    /// For ages and time-outs.
    pub mono: Mono,
}
