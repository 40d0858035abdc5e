//! The interface of the crate `time-tz` 2.0.0, as far as `ibapi` uses it, over the time zones of jiff.
//!
//! The crate itself holds the tz database of August 2022. Since then Mexico, Jordan, Syria, Greenland, Kazakhstan,
//! Paraguay and others have changed their clocks, and a gateway that runs there and writes local times would be read an
//! hour off. And it holds it as sixty-five thousand pointers that are put right when a program starts, three and a half
//! megabytes of every process. Here there is one database for the whole program, the one that it has anyway.

mod windows;

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone as Zone},
};
use std::{borrow::Cow, fmt};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// A time zone.
pub struct Tz {
    name: Cow<'static, str>,
    zone: Zone,
}

/// What a reading of a clock may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetResult<T> {
    /// One time.
    Some(T),
    /// Two: the clocks went back. The earlier stands first.
    Ambiguous(T, T),
    /// None: the clocks went forward over it.
    None,
}

/// How far a clock is from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset(UtcOffset);

/// An offset of a time zone.
pub trait Offset {
    /// From UTC.
    fn to_utc(&self) -> UtcOffset;
}

impl Offset for ZoneOffset {
    fn to_utc(&self) -> UtcOffset {
        self.0
    }
}

/// What a time zone tells.
pub trait TimeZone {
    /// An offset.
    type Offset: Offset;
    /// At a time.
    fn get_offset_utc(&self, at: &OffsetDateTime) -> Self::Offset;
    /// Where the zone's clocks show what `reading` shows in UTC.
    fn get_offset_local(&self, reading: &OffsetDateTime) -> OffsetResult<Self::Offset>;
    /// By the tz database.
    fn name(&self) -> &str;
}

fn offset(of: jiff::tz::Offset) -> ZoneOffset {
    // The database has nothing near a day, and more than that is not offered by either library.
    ZoneOffset(UtcOffset::from_whole_seconds(of.seconds()).unwrap_or(UtcOffset::UTC))
}

/// Held at the ends of what jiff can say: years -9999 to 9999.
fn timestamp(at: &OffsetDateTime) -> Timestamp {
    let end = if at.unix_timestamp() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_nanosecond(at.unix_timestamp_nanos()).unwrap_or(end)
}

fn reading(of: &OffsetDateTime) -> Option<DateTime> {
    let (date, time) = (of.date(), of.time());
    let year = i16::try_from(date.year()).ok()?;
    let part = |n: u8| i8::try_from(n).ok();
    DateTime::new(
        year,
        part(u8::from(date.month()))?,
        part(date.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
        i32::try_from(time.nanosecond()).ok()?,
    )
    .ok()
}

impl TimeZone for Tz {
    type Offset = ZoneOffset;

    fn get_offset_utc(&self, at: &OffsetDateTime) -> ZoneOffset {
        offset(self.zone.to_offset(timestamp(at)))
    }

    fn get_offset_local(&self, of: &OffsetDateTime) -> OffsetResult<ZoneOffset> {
        let Some(reading) = reading(of) else { return OffsetResult::None };
        match self.zone.to_ambiguous_timestamp(reading).offset() {
            AmbiguousOffset::Unambiguous { offset: only } => OffsetResult::Some(offset(only)),
            AmbiguousOffset::Fold { before, after } => OffsetResult::Ambiguous(offset(before), offset(after)),
            AmbiguousOffset::Gap { .. } => OffsetResult::None,
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl PartialEq for Tz {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tz {}

impl fmt::Debug for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A time in another zone.
pub trait OffsetDateTimeExt {
    /// The same time.
    fn to_timezone<T: TimeZone>(&self, tz: &T) -> OffsetDateTime;
}

impl OffsetDateTimeExt for OffsetDateTime {
    fn to_timezone<T: TimeZone>(&self, tz: &T) -> OffsetDateTime {
        self.to_offset(tz.get_offset_utc(self).to_utc())
    }
}

/// A reading of a zone's clocks.
pub trait PrimitiveDateTimeExt {
    /// When they show it.
    fn assume_timezone<T: TimeZone>(&self, tz: &T) -> OffsetResult<OffsetDateTime>;
}

impl PrimitiveDateTimeExt for PrimitiveDateTime {
    fn assume_timezone<T: TimeZone>(&self, tz: &T) -> OffsetResult<OffsetDateTime> {
        let at = |offset: T::Offset| self.assume_offset(offset.to_utc());
        match tz.get_offset_local(&self.assume_utc()) {
            OffsetResult::Some(only) => OffsetResult::Some(at(only)),
            OffsetResult::Ambiguous(earlier, later) => OffsetResult::Ambiguous(at(earlier), at(later)),
            OffsetResult::None => OffsetResult::None,
        }
    }
}

/// The zones by their names.
pub mod timezones {
    use super::{Tz, windows::WINDOWS};
    use jiff::tz::TimeZoneDatabase;
    use std::{
        collections::BTreeMap,
        sync::{LazyLock, Mutex, PoisonError},
    };

    /// The zones that were asked for. Whoever asks wants one that is there for ever; there are some hundred in all, and
    /// a program meets one or two of them.
    static MET: LazyLock<Mutex<BTreeMap<String, &'static Tz>>> = LazyLock::new(Mutex::default);

    /// By the name of the tz database, or the one of Windows.
    pub fn get_by_name(name: &str) -> Option<&'static Tz> {
        let windows = WINDOWS.iter().find(|(other, _)| *other == name).map(|(_, zone)| *zone);
        let name = windows.unwrap_or(name);
        let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tz) = met.get(name) {
            return Some(tz);
        }
        let database = TimeZoneDatabase::bundled();
        // The names are written as they are there: what differs only in case is another name.
        let known = database.available().any(|known| known.as_str() == name);
        let zone = database.get(name).ok().filter(|_| known)?;
        let tz: &'static Tz = Box::leak(Box::new(Tz { name: name.to_owned().into(), zone }));
        met.insert(name.to_owned(), tz);
        Some(tz)
    }

    /// Zones that need not be looked for.
    pub mod db {
        use super::super::{Cow, Tz, Zone};

        static UTC_ZONE: Tz = Tz { name: Cow::Borrowed("UTC"), zone: Zone::UTC };

        /// Without an offset.
        pub static UTC: &Tz = &UTC_ZONE;
    }
}
