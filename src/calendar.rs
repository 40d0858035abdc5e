//! Sessions: when a market is open, when its trading day begins, and how long the present phase lasts.

use crate::domain::{instrument::AssetClass, time::Stamp};
use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};

/// A market's hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Calendar {
    /// United States shares and options: New York hours, holidays and early closes.
    UsEquity,
    /// Always open; the day begins at midnight UTC.
    Always,
    /// Currencies: Sunday 17:00 to Friday 17:00 New York; the day begins at 17:00.
    ForexWeek,
}

/// A phase of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before the open (04:00 to 09:30).
    Pre,
    /// Regular hours.
    Regular,
    /// After the close, until 20:00 (17:00 on days of early close).
    After,
    /// Closed.
    Closed,
}

impl Phase {
    /// `pre`, `regular`, `after`, `closed`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Regular => "regular",
            Self::After => "after",
            Self::Closed => "closed",
        }
    }
}

/// Where in its day a market is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The phase.
    pub phase: Phase,
    /// When it ends; `None` when it never does.
    pub until: Option<Stamp>,
}

impl Calendar {
    /// The calendar of a class of instrument.
    pub const fn of(class: AssetClass) -> Self {
        match class {
            AssetClass::Equity | AssetClass::Option => Self::UsEquity,
            AssetClass::Crypto | AssetClass::Perpetual => Self::Always,
            AssetClass::Forex | AssetClass::Cfd | AssetClass::Future => Self::ForexWeek,
        }
    }
    /// The session at an instant.
    pub fn session_at(self, at: Stamp) -> Session {
        let session = match self {
            Self::Always => Some(Session { phase: Phase::Regular, until: None }),
            Self::UsEquity => us_session(at),
            Self::ForexWeek => forex_session(at),
        };
        // A time outside the calendar's range (years beyond 9999) is a market that is closed.
        session.unwrap_or(Session { phase: Phase::Closed, until: None })
    }
    /// The trading day that an instant belongs to, by the market's own calendar. Before the day's first session of a
    /// closed day it is the day itself: a Saturday is a Saturday.
    pub fn trading_day(self, at: Stamp) -> Date {
        match self {
            Self::Always => at.to_jiff().to_zoned(TimeZone::UTC).date(),
            Self::UsEquity => at.to_jiff().to_zoned(new_york()).date(),
            Self::ForexWeek => {
                let here = at.to_jiff().to_zoned(new_york());
                let next = here.time() >= jiff::civil::time(17, 0, 0, 0);
                let date = here.date();
                if next { date.tomorrow().ok().unwrap_or(date) } else { date }
            }
        }
    }
    /// When the trading day that `at` belongs to began: midnight of the market's own day, 17:00 the evening before
    /// for currencies. Equal on days of 23 and 25 hours.
    pub fn day_began(self, at: Stamp) -> Stamp {
        let day = self.trading_day(at);
        let began = match self {
            Self::Always => stamp_of(day, 0, 0, &TimeZone::UTC),
            Self::UsEquity => stamp_of(day, 0, 0, &new_york()),
            Self::ForexWeek => day.yesterday().ok().and_then(|d| stamp_of(d, 17, 0, &new_york())),
        };
        began.unwrap_or(at)
    }
}

/// New York's zone, from the database that is built in, so that no file of the operating system is needed.
fn new_york() -> TimeZone {
    match TimeZone::get("America/New_York") {
        Ok(zone) => zone,
        // Never: the database is part of the program. UTC then makes a session visibly wrong, not a panic.
        Err(_) => TimeZone::UTC,
    }
}

fn stamp_of(day: Date, hour: i8, minute: i8, zone: &TimeZone) -> Option<Stamp> {
    let at = day.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
    Stamp::from_jiff(at.timestamp())
}

/// The hours of a United States trading day, New York time: 04:00, 09:30, the close, the end of late trading.
fn us_session(at: Stamp) -> Option<Session> {
    let zone = new_york();
    let mut day = at.to_jiff().to_zoned(zone.clone()).date();
    // Ten days hold the longest run of closed ones.
    for _ in 0..10 {
        if is_us_trading_day(day) {
            let early = is_us_early_close(day);
            let (close, late) = if early { (13, 17) } else { (16, 20) };
            let edges = [
                (stamp_of(day, 4, 0, &zone)?, Phase::Closed),
                (stamp_of(day, 9, 30, &zone)?, Phase::Pre),
                (stamp_of(day, close, 0, &zone)?, Phase::Regular),
                (stamp_of(day, late, 0, &zone)?, Phase::After),
            ];
            if let Some((until, phase)) = edges.into_iter().find(|(until, _)| at < *until) {
                return Some(Session { phase, until: Some(until) });
            }
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn forex_session(at: Stamp) -> Option<Session> {
    let zone = new_york();
    let here = at.to_jiff().to_zoned(zone.clone());
    let (day, evening) = (here.date(), here.time() >= jiff::civil::time(17, 0, 0, 0));
    let open = match day.weekday() {
        Weekday::Saturday => false,
        Weekday::Sunday => evening,
        Weekday::Friday => !evening,
        Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday => true,
    };
    let (phase, edge) =
        if open { (Phase::Regular, Weekday::Friday) } else { (Phase::Closed, Weekday::Sunday) };
    let mut until = day;
    for _ in 0..8 {
        let stamp = stamp_of(until, 17, 0, &zone)?;
        if until.weekday() == edge && stamp > at {
            return Some(Session { phase, until: Some(stamp) });
        }
        until = until.tomorrow().ok()?;
    }
    None
}

/// Is it a day on which the New York exchanges open?
pub fn is_us_trading_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_us_holiday(day)
}

/// The exchanges' holidays (NYSE rule 7.2): nine with a rule of their own, Juneteenth since 2022, each that falls
/// on a Sunday kept on Monday, on a Saturday kept on Friday except New Year's Day.
fn is_us_holiday(day: Date) -> bool {
    let fixed = [(1, 1), (6, 19), (7, 4), (12, 25)];
    let kept = |month: i8, date: i8| {
        let Ok(holiday) = Date::new(day.year(), month, date) else { return false };
        if month == 6 && day.year() < 2022 {
            return false;
        }
        match holiday.weekday() {
            Weekday::Sunday => holiday.tomorrow().is_ok_and(|d| d == day),
            Weekday::Saturday if month == 1 => false,
            Weekday::Saturday => holiday.yesterday().is_ok_and(|d| d == day),
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                holiday == day
            }
        }
    };
    fixed.iter().any(|(month, date)| kept(*month, *date))
        || is_nth(day, 1, 3, Weekday::Monday)
        || is_nth(day, 2, 3, Weekday::Monday)
        || is_last_monday_of_may(day)
        || is_nth(day, 9, 1, Weekday::Monday)
        || is_nth(day, 11, 4, Weekday::Thursday)
        || good_friday(day.year()).is_some_and(|f| f == day)
}

/// Trading ends at 13:00: the day after Thanksgiving, Christmas Eve and the day before Independence Day, where
/// these are trading days.
fn is_us_early_close(day: Date) -> bool {
    let after_thanksgiving = day.yesterday().is_ok_and(|d| is_nth(d, 11, 4, Weekday::Thursday));
    let eve = (day.month() == 12 && day.day() == 24) || (day.month() == 7 && day.day() == 3);
    after_thanksgiving || eve
}

fn is_nth(day: Date, month: i8, nth: i8, weekday: Weekday) -> bool {
    let week = day.day().saturating_sub(1).div_euclid(7).saturating_add(1);
    day.month() == month && day.weekday() == weekday && week == nth
}

fn is_last_monday_of_may(day: Date) -> bool {
    day.month() == 5 && day.weekday() == Weekday::Monday && day.day() > 24
}

/// Good Friday: two days before Easter by the anonymous Gregorian rule.
fn good_friday(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let div = |a: i32, b: i32| a.checked_div(b);
    let rem = |a: i32, b: i32| a.checked_rem(b);
    let a = rem(y, 19)?;
    let (b, c) = (div(y, 100)?, rem(y, 100)?);
    let (d, e) = (div(b, 4)?, rem(b, 4)?);
    let f = div(b.checked_add(8)?, 25)?;
    let g = div(b.checked_sub(f)?.checked_add(1)?, 3)?;
    let h = rem(a.checked_mul(19)?.checked_add(b)?.checked_sub(d)?.checked_sub(g)?.checked_add(15)?, 30)?;
    let (i, k) = (div(c, 4)?, rem(c, 4)?);
    let l = rem(
        e.checked_mul(2)?.checked_add(i.checked_mul(2)?)?.checked_add(32)?.checked_sub(h)?.checked_sub(k)?,
        7,
    )?;
    let m = div(a.checked_add(h.checked_mul(11)?)?.checked_add(l.checked_mul(22)?)?, 451)?;
    let n = h.checked_add(l)?.checked_sub(m.checked_mul(7)?)?.checked_add(114)?;
    let month = i8::try_from(div(n, 31)?).ok()?;
    let day = i8::try_from(rem(n, 31)?.checked_add(1)?).ok()?;
    let easter = Date::new(year, month, day).ok()?;
    easter.yesterday().ok()?.yesterday().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(text: &str) -> Stamp {
        Stamp::parse_rfc3339(text).unwrap()
    }

    fn said(calendar: Calendar, text: &str) -> String {
        let s = calendar.session_at(at(text));
        let until = s.until.map_or("never".to_owned(), Stamp::to_rfc3339);
        format!("{} until {until}", s.phase.word())
    }

    #[test]
    fn a_summer_day_in_new_york_has_four_edges() {
        let say = |t| said(Calendar::UsEquity, t);
        assert_eq!(say("2026-07-14T07:59:59Z"), "closed until 2026-07-14T08:00:00Z");
        assert_eq!(say("2026-07-14T08:00:00Z"), "pre until 2026-07-14T13:30:00Z");
        assert_eq!(say("2026-07-14T13:30:00Z"), "regular until 2026-07-14T20:00:00Z");
        assert_eq!(say("2026-07-14T20:00:00Z"), "after until 2026-07-15T00:00:00Z");
        assert_eq!(say("2026-07-15T00:00:00Z"), "closed until 2026-07-15T08:00:00Z");
    }

    #[test]
    fn weekends_holidays_and_early_closes() {
        let say = |t| said(Calendar::UsEquity, t);
        assert_eq!(say("2026-11-21T15:00:00Z"), "closed until 2026-11-23T09:00:00Z");
        // Thanksgiving, and the short day after it.
        assert_eq!(say("2026-11-26T15:00:00Z"), "closed until 2026-11-27T09:00:00Z");
        assert_eq!(say("2026-11-27T17:59:00Z"), "regular until 2026-11-27T18:00:00Z");
        assert_eq!(say("2026-11-27T18:00:00Z"), "after until 2026-11-27T22:00:00Z");
    }

    /// The exchanges' published holidays of 2024 to 2027.
    #[test]
    fn the_published_holidays() {
        let published = [
            "2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04 2024-09-02 2024-11-28 2024-12-25",
            "2025-01-01 2025-01-20 2025-02-17 2025-04-18 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-11-27 2025-12-25",
            "2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-11-26 2026-12-25",
            "2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-11-25 2027-12-24",
        ];
        for (year, line) in (2024..).zip(published) {
            let mut found = Vec::new();
            let mut day = date(year, 1, 1);
            while day.year() == year {
                if is_us_holiday(day) {
                    found.push(day.to_string());
                }
                day = day.tomorrow().unwrap();
            }
            assert_eq!(found.join(" "), line);
        }
    }

    /// 2021-12-31 was a trading day although New Year's Day fell on the Saturday after it.
    #[test]
    fn new_year_on_a_saturday_closes_nothing() {
        assert!(is_us_trading_day(date(2021, 12, 31)));
        assert!(is_us_trading_day(date(2022, 1, 3)));
    }

    #[test]
    fn the_open_stays_at_half_past_nine_when_the_clocks_change() {
        // Two years, every trading day: regular hours begin at 09:30 New York, whatever UTC says.
        let mut day = date(2026, 1, 1);
        let mut offsets = std::collections::BTreeSet::new();
        while day < date(2028, 1, 1) {
            if is_us_trading_day(day) {
                let open = stamp_of(day, 9, 30, &new_york()).unwrap();
                assert_eq!(Calendar::UsEquity.session_at(open).phase, Phase::Regular, "{day}");
                assert_eq!(Calendar::UsEquity.session_at(open.plus_ms(-1)).phase, Phase::Pre, "{day}");
                offsets.insert(open.as_secs().rem_euclid(86_400));
            }
            day = day.tomorrow().unwrap();
        }
        assert_eq!(offsets.len(), 2, "summer and winter");
    }

    #[test]
    fn days_begin_at_the_venues_midnight_also_when_they_have_23_or_25_hours() {
        let began = |t| Calendar::UsEquity.day_began(at(t)).to_rfc3339();
        assert_eq!(began("2026-03-08T12:00:00Z"), "2026-03-08T05:00:00Z");
        assert_eq!(began("2026-03-09T03:59:59Z"), "2026-03-08T05:00:00Z");
        assert_eq!(began("2026-03-09T04:00:00Z"), "2026-03-09T04:00:00Z");
        assert_eq!(began("2026-11-02T04:59:59Z"), "2026-11-01T04:00:00Z");
        assert_eq!(
            Calendar::Always.day_began(at("2026-11-02T04:59:59Z")).to_rfc3339(),
            "2026-11-02T00:00:00Z"
        );
    }

    #[test]
    fn the_currency_week() {
        let say = |t| said(Calendar::ForexWeek, t);
        assert_eq!(say("2026-11-20T21:59:59Z"), "regular until 2026-11-20T22:00:00Z");
        assert_eq!(say("2026-11-20T22:00:00Z"), "closed until 2026-11-22T22:00:00Z");
        assert_eq!(say("2026-11-22T22:00:00Z"), "regular until 2026-11-27T22:00:00Z");
        let began = Calendar::ForexWeek.day_began(at("2026-11-24T21:59:59Z")).to_rfc3339();
        assert_eq!(began, "2026-11-23T22:00:00Z");
    }

    #[test]
    fn coins_never_close() {
        assert_eq!(said(Calendar::Always, "2026-12-25T03:00:00Z"), "regular until never");
    }
}
