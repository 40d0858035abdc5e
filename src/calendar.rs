//! Sessions: when a market is open, when its trading day begins, and how long the present phase lasts. Hours
//! are New York's, by the time-zone database that is compiled in: a machine without one is no hour off.

mod holidays;

use crate::domain::{instrument::AssetClass, time::Stamp};
use holidays::Day;
use jiff::{
    ToSpan as _,
    civil::{Date, Time, Weekday, time},
    tz::TimeZone,
};

/// New York, read at compile time.
static NEW_YORK: TimeZone = jiff::tz::get!("America/New_York");

const PRE_OPENS: Time = time(4, 0, 0, 0);
const OPENS: Time = time(9, 30, 0, 0);
const CLOSES: Time = time(16, 0, 0, 0);
const CLOSES_EARLY: Time = time(13, 0, 0, 0);
const AFTER_ENDS: Time = time(20, 0, 0, 0);
const AFTER_ENDS_EARLY: Time = time(17, 0, 0, 0);
const FOREX_TURNS: Time = time(17, 0, 0, 0);

/// A market's hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Calendar {
    /// United States shares and options: New York hours, holidays and early closes. Its trading day begins at 04:00
    /// of a day on which it opens, and lasts until the next such.
    UsEquity,
    /// Always open; the day begins at midnight UTC.
    Always,
    /// Currencies, and roughly what else trades around the clock on weekdays: Sunday 17:00 to Friday 17:00 New
    /// York. The day begins at 17:00 and is named after the date on which it ends.
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
        match self {
            Self::UsEquity => us_session(at),
            Self::Always => Session { phase: Phase::Regular, until: None },
            Self::ForexWeek => forex_session(at),
        }
    }
    /// The trading day that an instant belongs to, by the market's own calendar.
    pub fn trading_day(self, at: Stamp) -> Date {
        match self {
            Self::UsEquity => {
                let here = at.to_jiff().to_zoned(NEW_YORK.clone());
                let today = here.date();
                if here.time() >= PRE_OPENS && holidays::day(today) != Day::Closed {
                    return today;
                }
                last_open_before(today)
            }
            Self::Always => at.to_jiff().to_zoned(TimeZone::UTC).date(),
            Self::ForexWeek => forex_day(at),
        }
    }
    /// When the trading day that `at` belongs to began.
    pub fn day_began(self, at: Stamp) -> Stamp {
        let day = self.trading_day(at);
        let began = match self {
            Self::UsEquity => instant(day, PRE_OPENS, &NEW_YORK),
            Self::Always => instant(day, Time::midnight(), &TimeZone::UTC),
            Self::ForexWeek => instant(shifted(day, -1), FOREX_TURNS, &NEW_YORK),
        };
        began.unwrap_or(at)
    }
    /// When the last five trading days began, the one that `at` belongs to first.
    pub fn last_days(self, at: Stamp) -> [Stamp; 5] {
        let mut began = self.day_began(at);
        [(); 5].map(|()| {
            let day = began;
            began = self.day_began(day.plus_ms(-1));
            day
        })
    }
    /// When the trading week that `at` belongs to began: with the first trading day of the calendar week.
    pub fn week_began(self, at: Stamp) -> Stamp {
        let week = self.trading_day(at).iso_week_date().week();
        let mut began = self.day_began(at);
        // The days of a week are at most seven.
        for _ in 0..7 {
            let before = self.day_began(began.plus_ms(-1));
            if before >= began || self.trading_day(before).iso_week_date().week() != week {
                break;
            }
            began = before;
        }
        began
    }
    /// When the trading day after the one of `at` begins.
    pub fn next_day_began(self, at: Stamp) -> Stamp {
        const QUARTER_DAY_MS: i64 = 6 * 3_600_000;
        let began = self.day_began(at);
        let mut later = began;
        for _ in 0..CLOSED_DAYS_MAX.saturating_mul(4) {
            later = later.plus_ms(QUARTER_DAY_MS);
            let next = self.day_began(later);
            if next > began {
                return next;
            }
        }
        later
    }
    /// When the regular session of the trading day that `at` belongs to ends: at the close where there is one, else with
    /// the day itself.
    pub fn session_ends(self, at: Stamp) -> Stamp {
        let day = self.trading_day(at);
        let ends = match self {
            Self::UsEquity if holidays::day(day) == Day::Early => instant(day, CLOSES_EARLY, &NEW_YORK),
            Self::UsEquity => instant(day, CLOSES, &NEW_YORK),
            Self::Always => None,
            Self::ForexWeek => instant(day, FOREX_TURNS, &NEW_YORK),
        };
        ends.unwrap_or_else(|| self.next_day_began(at))
    }
    fn zone(self) -> TimeZone {
        match self {
            Self::UsEquity | Self::ForexWeek => NEW_YORK.clone(),
            Self::Always => TimeZone::UTC,
        }
    }
    /// The date by the market's own clock, whether it trades then or not.
    pub fn date(self, at: Stamp) -> Date {
        at.to_jiff().to_zoned(self.zone()).date()
    }
    /// The minute of the day, 0 to 1439, by the market's own clock.
    pub fn minute_of_day(self, at: Stamp) -> u16 {
        let clock = at.to_jiff().to_zoned(self.zone()).time();
        let minutes = i16::from(clock.hour()).saturating_mul(60).saturating_add(i16::from(clock.minute()));
        minutes.unsigned_abs()
    }
    /// Whose clock that is.
    pub const fn zone_word(self) -> &'static str {
        match self {
            Self::UsEquity | Self::ForexWeek => "New York",
            Self::Always => "UTC",
        }
    }
    /// Is it open for regular trading?
    pub fn is_regular(self, at: Stamp) -> bool {
        self.session_at(at).phase == Phase::Regular
    }
}

/// The sessions and dates of all calendars as they are now, worked out when one ends and not for each question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hours {
    us: Option<(Stamp, Session)>,
    forex: Option<(Stamp, Session)>,
    new_york: Option<Today>,
    utc: Option<Today>,
}

/// A date, and until when it is today.
#[derive(Debug, Clone, Copy)]
struct Today {
    date: Date,
    from: Stamp,
    until: Stamp,
}

impl Hours {
    /// Keeps up with the time.
    pub fn keep_up(&mut self, now: Stamp) {
        kept(&mut self.us, Calendar::UsEquity, now);
        kept(&mut self.forex, Calendar::ForexWeek, now);
        kept_date(&mut self.new_york, Calendar::UsEquity, now);
        kept_date(&mut self.utc, Calendar::Always, now);
    }
    /// The date now, by the market's own clock.
    pub fn date(&self, calendar: Calendar, now: Stamp) -> Date {
        let kept = match calendar {
            Calendar::UsEquity | Calendar::ForexWeek => self.new_york,
            Calendar::Always => self.utc,
        };
        let kept = kept.filter(|today| today.from <= now && now < today.until);
        kept.map_or_else(|| calendar.date(now), |today| today.date)
    }
    /// The session now.
    pub fn of(&self, calendar: Calendar) -> Session {
        let kept = match calendar {
            Calendar::UsEquity => self.us,
            Calendar::ForexWeek => self.forex,
            Calendar::Always => return Session { phase: Phase::Regular, until: None },
        };
        kept.map_or(Session { phase: Phase::Closed, until: None }, |(_, session)| session)
    }
}

/// A clock that was set back asks again, too.
fn kept(session: &mut Option<(Stamp, Session)>, calendar: Calendar, now: Stamp) {
    let stands = |(from, s): &(Stamp, Session)| now >= *from && s.until.is_some_and(|until| now < until);
    if !session.as_ref().is_some_and(stands) {
        *session = Some((now, calendar.session_at(now)));
    }
}

fn kept_date(today: &mut Option<Today>, calendar: Calendar, now: Stamp) {
    if !today.is_some_and(|today| today.from <= now && now < today.until) {
        let date = calendar.date(now);
        let until = instant(shifted(date, 1), Time::midnight(), &calendar.zone());
        *today = until.map(|until| Today { date, from: now, until });
    }
}

fn us_session(at: Stamp) -> Session {
    let here = at.to_jiff().to_zoned(NEW_YORK.clone());
    let (date, clock) = (here.date(), here.time());
    let until = |clock| instant(date, clock, &NEW_YORK);
    let (closes, ends) = match holidays::day(date) {
        Day::Closed => return Session { phase: Phase::Closed, until: next_pre_open(date) },
        Day::Full => (CLOSES, AFTER_ENDS),
        Day::Early => (CLOSES_EARLY, AFTER_ENDS_EARLY),
    };
    if clock < PRE_OPENS {
        Session { phase: Phase::Closed, until: until(PRE_OPENS) }
    } else if clock < OPENS {
        Session { phase: Phase::Pre, until: until(OPENS) }
    } else if clock < closes {
        Session { phase: Phase::Regular, until: until(closes) }
    } else if clock < ends {
        Session { phase: Phase::After, until: until(ends) }
    } else {
        Session { phase: Phase::Closed, until: next_pre_open(date) }
    }
}

fn forex_session(at: Stamp) -> Session {
    let here = at.to_jiff().to_zoned(NEW_YORK.clone());
    let (date, turned) = (here.date(), here.time() >= FOREX_TURNS);
    let (phase, days) = match (date.weekday(), turned) {
        (Weekday::Friday, true) => (Phase::Closed, 2),
        (Weekday::Saturday, false | true) => (Phase::Closed, 1),
        (Weekday::Sunday, false) => (Phase::Closed, 0),
        (Weekday::Sunday, true) => (Phase::Regular, 5),
        (Weekday::Monday, false | true) => (Phase::Regular, 4),
        (Weekday::Tuesday, false | true) => (Phase::Regular, 3),
        (Weekday::Wednesday, false | true) => (Phase::Regular, 2),
        (Weekday::Thursday, false | true) => (Phase::Regular, 1),
        (Weekday::Friday, false) => (Phase::Regular, 0),
    };
    Session { phase, until: instant(shifted(date, days), FOREX_TURNS, &NEW_YORK) }
}

fn forex_day(at: Stamp) -> Date {
    let here = at.to_jiff().to_zoned(NEW_YORK.clone());
    let day = if here.time() >= FOREX_TURNS { shifted(here.date(), 1) } else { here.date() };
    match day.weekday() {
        // The closed week-end belongs to the Friday before it.
        Weekday::Saturday => shifted(day, -1),
        Weekday::Sunday => shifted(day, -2),
        Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => day,
    }
}

/// No United States market was ever closed for so many days in a row since 1933.
const CLOSED_DAYS_MAX: i64 = 10;

fn next_pre_open(after: Date) -> Option<Stamp> {
    let open =
        (1..=CLOSED_DAYS_MAX).map(|n| shifted(after, n)).find(|day| holidays::day(*day) != Day::Closed)?;
    instant(open, PRE_OPENS, &NEW_YORK)
}

fn last_open_before(date: Date) -> Date {
    (1..=CLOSED_DAYS_MAX)
        .map(|n| shifted(date, n.saturating_neg()))
        .find(|day| holidays::day(*day) != Day::Closed)
        .unwrap_or(date)
}

fn shifted(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}

fn instant(date: Date, clock: Time, zone: &TimeZone) -> Option<Stamp> {
    let zoned = date.to_datetime(clock).to_zoned(zone.clone()).ok()?;
    Stamp::from_jiff(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn ny(text: &str) -> Stamp {
        let local: jiff::civil::DateTime = text.parse().unwrap();
        Stamp::from_jiff(local.to_zoned(NEW_YORK.clone()).unwrap().timestamp()).unwrap()
    }

    fn at(calendar: Calendar, text: &str) -> (Phase, Option<Stamp>) {
        let session = calendar.session_at(ny(text));
        (session.phase, session.until)
    }

    #[test]
    fn an_ordinary_day() {
        let us = Calendar::UsEquity;
        assert_eq!(at(us, "2026-11-18T03:59:59"), (Phase::Closed, Some(ny("2026-11-18T04:00"))));
        assert_eq!(at(us, "2026-11-18T04:00"), (Phase::Pre, Some(ny("2026-11-18T09:30"))));
        assert_eq!(at(us, "2026-11-18T09:30"), (Phase::Regular, Some(ny("2026-11-18T16:00"))));
        assert_eq!(at(us, "2026-11-18T16:00"), (Phase::After, Some(ny("2026-11-18T20:00"))));
        assert_eq!(at(us, "2026-11-18T20:00"), (Phase::Closed, Some(ny("2026-11-19T04:00"))));
    }

    #[test]
    fn weekends_holidays_and_early_closes() {
        let us = Calendar::UsEquity;
        assert_eq!(at(us, "2026-11-20T21:00"), (Phase::Closed, Some(ny("2026-11-23T04:00"))));
        assert_eq!(at(us, "2026-11-26T12:00"), (Phase::Closed, Some(ny("2026-11-27T04:00"))));
        assert_eq!(at(us, "2026-11-27T12:59"), (Phase::Regular, Some(ny("2026-11-27T13:00"))));
        assert_eq!(at(us, "2026-11-27T13:00"), (Phase::After, Some(ny("2026-11-27T17:00"))));
        assert_eq!(at(us, "2026-11-27T17:00"), (Phase::Closed, Some(ny("2026-11-30T04:00"))));
    }

    #[test]
    fn the_open_moves_against_utc_with_the_clocks() {
        // 8 March and 1 November 2026: New York changes, other places do not on that day.
        let open = |day: &str| ny(&format!("{day}T09:30")).to_rfc3339();
        assert_eq!(open("2026-03-06"), "2026-03-06T14:30:00Z");
        assert_eq!(open("2026-03-09"), "2026-03-09T13:30:00Z");
        assert_eq!(open("2026-10-30"), "2026-10-30T13:30:00Z");
        assert_eq!(open("2026-11-02"), "2026-11-02T14:30:00Z");
    }

    #[test]
    fn a_weekend_belongs_to_the_trading_day_before() {
        let us = Calendar::UsEquity;
        assert_eq!(us.trading_day(ny("2026-11-22T12:00")), date(2026, 11, 20));
        assert_eq!(us.trading_day(ny("2026-11-23T03:59")), date(2026, 11, 20));
        assert_eq!(us.trading_day(ny("2026-11-23T04:00")), date(2026, 11, 23));
        assert_eq!(us.day_began(ny("2026-11-22T12:00")), ny("2026-11-20T04:00"));
    }

    #[test]
    fn currencies_keep_their_own_week() {
        let fx = Calendar::ForexWeek;
        assert_eq!(at(fx, "2026-11-20T16:59"), (Phase::Regular, Some(ny("2026-11-20T17:00"))));
        assert_eq!(at(fx, "2026-11-20T17:00"), (Phase::Closed, Some(ny("2026-11-22T17:00"))));
        assert_eq!(at(fx, "2026-11-22T16:59"), (Phase::Closed, Some(ny("2026-11-22T17:00"))));
        assert_eq!(at(fx, "2026-11-22T17:00"), (Phase::Regular, Some(ny("2026-11-27T17:00"))));
        assert_eq!(fx.trading_day(ny("2026-11-22T17:00")), date(2026, 11, 23));
        assert_eq!(fx.trading_day(ny("2026-11-21T12:00")), date(2026, 11, 20));
        assert_eq!(fx.day_began(ny("2026-11-23T12:00")), ny("2026-11-22T17:00"));
        assert_eq!(fx.day_began(ny("2026-11-21T12:00")), ny("2026-11-19T17:00"));
    }

    #[test]
    fn a_week_begins_with_its_first_trading_day() {
        let us = Calendar::UsEquity;
        // Labor Day is a Monday: the week begins on Tuesday.
        assert_eq!(us.week_began(ny("2026-09-10T12:00")), ny("2026-09-08T04:00"));
        assert_eq!(
            us.week_began(ny("2026-09-07T12:00")),
            ny("2026-08-31T04:00"),
            "a holiday is of the week before"
        );
        assert_eq!(us.next_day_began(ny("2026-09-04T12:00")), ny("2026-09-08T04:00"));
        let fx = Calendar::ForexWeek;
        assert_eq!(fx.week_began(ny("2026-11-25T12:00")), ny("2026-11-22T17:00"));
        assert_eq!(fx.next_day_began(ny("2026-11-20T12:00")), ny("2026-11-22T17:00"));
        let coins = Calendar::Always;
        let at = |text: &str| Stamp::parse_rfc3339(text).unwrap();
        assert_eq!(coins.week_began(at("2026-11-25T12:00:00Z")), at("2026-11-23T00:00:00Z"));
        assert_eq!(coins.next_day_began(at("2026-11-25T12:00:00Z")), at("2026-11-26T00:00:00Z"));
        assert_eq!(
            (us.minute_of_day(ny("2026-11-25T09:30")), coins.minute_of_day(at("2026-11-25T09:30:00Z"))),
            (570, 570)
        );
    }

    #[test]
    fn coins_never_close_and_turn_at_midnight_utc() {
        let coins = Calendar::Always;
        let at = Stamp::parse_rfc3339("2026-11-21T00:00:00Z").unwrap();
        assert_eq!(coins.session_at(at), Session { phase: Phase::Regular, until: None });
        assert_eq!(coins.day_began(at.plus_ms(-1)), at.plus_ms(-86_400_000));
        assert_eq!(coins.day_began(at), at);
    }

    #[test]
    fn five_trading_days_go_over_weekends_and_holidays() {
        let days = Calendar::UsEquity.last_days(ny("2026-11-30T10:00"));
        let dates = days.map(|d| Calendar::UsEquity.trading_day(d).to_string());
        assert_eq!(dates, ["2026-11-30", "2026-11-27", "2026-11-25", "2026-11-24", "2026-11-23"]);
    }

    #[test]
    fn hours_that_are_kept_are_those_that_are_worked_out() {
        let mut hours = Hours::default();
        assert_eq!(hours.of(Calendar::UsEquity).phase, Phase::Closed, "nothing known: closed");
        for text in [
            "2026-11-18T08:00",
            "2026-11-18T12:00",
            "2026-11-18T15:59",
            "2026-11-18T16:00",
            "2026-11-18T09:29",
        ] {
            hours.keep_up(ny(text));
            for calendar in [Calendar::UsEquity, Calendar::ForexWeek, Calendar::Always] {
                assert_eq!(hours.of(calendar), calendar.session_at(ny(text)), "{text}");
                assert_eq!(hours.date(calendar, ny(text)), calendar.date(ny(text)), "{text}");
            }
        }
    }

    /// Over two years and all four changes of the clocks, every phase ends where the next begins, and every
    /// trading day has its whole pre, regular and after hours.
    #[test]
    fn two_years_of_transitions_join_up() {
        for calendar in [Calendar::UsEquity, Calendar::ForexWeek] {
            let mut now = ny("2025-12-30T12:00");
            let end = ny("2028-01-05T12:00");
            let mut steps = 0;
            while now < end {
                let session = calendar.session_at(now);
                let until = session.until.unwrap();
                assert!(until > now, "{calendar:?} {}", now.to_rfc3339());
                assert_eq!(calendar.session_at(until.plus_ms(-1)), session, "{}", until.to_rfc3339());
                assert_ne!(calendar.session_at(until).phase, session.phase, "{}", until.to_rfc3339());
                let began = calendar.day_began(now);
                assert!(began <= now);
                assert_eq!(calendar.trading_day(began), calendar.trading_day(now));
                assert!(calendar.trading_day(began.plus_ms(-1)) < calendar.trading_day(began));
                let minutes = until.since_ms(now) / 60_000;
                if session.phase == Phase::Regular && calendar == Calendar::UsEquity && steps > 0 {
                    assert!(matches!(minutes, 390 | 210), "{minutes}");
                }
                now = until;
                steps += 1;
            }
            assert!(steps > if calendar == Calendar::UsEquity { 2_000 } else { 200 });
        }
    }
}
