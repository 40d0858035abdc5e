//! The time zones that the library for TWS reads local times with (`patches/time-tz`): those of the whole program.

use time::macros::{datetime, offset};
use time_tz::{
    Offset as _, OffsetDateTimeExt as _, OffsetResult, PrimitiveDateTimeExt as _, TimeZone as _, timezones,
};

fn zone(name: &str) -> &'static time_tz::Tz {
    timezones::get_by_name(name).unwrap_or_else(|| panic!("{name} is a zone"))
}

#[test]
fn clocks_are_those_of_today_and_not_of_2022() {
    // Mexico ended summer time in October 2022; Kazakhstan has one zone since March 2024.
    let summer = datetime!(2026-07-15 12:00 UTC);
    assert_eq!(zone("America/Mexico_City").get_offset_utc(&summer).to_utc(), offset!(-6));
    assert_eq!(zone("Asia/Almaty").get_offset_utc(&summer).to_utc(), offset!(+5));
    assert_eq!(summer.to_timezone(zone("America/New_York")), datetime!(2026-07-15 08:00 -4));
    assert_eq!(summer.to_timezone(timezones::db::UTC).offset(), offset!(UTC));
}

#[test]
fn a_reading_that_is_twice_or_never_is_said_to_be() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        datetime!(2026-06-01 12:00).assume_timezone(berlin),
        OffsetResult::Some(datetime!(2026-06-01 12:00 +2))
    );
    assert_eq!(
        datetime!(2026-10-25 02:30).assume_timezone(berlin),
        OffsetResult::Ambiguous(datetime!(2026-10-25 02:30 +2), datetime!(2026-10-25 02:30 +1)),
        "the earlier first"
    );
    assert_eq!(datetime!(2026-03-29 02:30).assume_timezone(berlin), OffsetResult::None);
}

#[test]
fn names_are_the_databases_or_those_of_windows_and_no_others() {
    for (windows, name) in [
        ("E. South America Standard Time", "America/Sao_Paulo"),
        ("China Standard Time", "Asia/Shanghai"),
        ("Eastern Standard Time", "America/New_York"),
    ] {
        assert_eq!(zone(windows).name(), name);
        assert!(std::ptr::eq(zone(windows), zone(name)), "one of each");
    }
    assert_eq!(zone("US/Eastern").name(), "US/Eastern", "older names are names");
    for other in ["", "America", "america/new_york", "Mars/Olympus", "EST5", "../etc/passwd"] {
        assert!(timezones::get_by_name(other).is_none(), "{other:?}");
    }
    let table = include_str!("../../patches/time-tz/src/windows.rs");
    let rows = table.lines().filter_map(|l| l.trim().strip_prefix("(\"")?.split_once('"'));
    let names: Vec<&str> = rows.map(|(name, _)| name).collect();
    assert!(names.len() > 130, "{} names", names.len());
    for name in names {
        zone(name);
    }
}
