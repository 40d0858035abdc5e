//! When the paper venue trades: round the clock, or in the sessions of the United States' stock exchanges.

use crate::domain::time::Stamp;
use jiff::{
    Span, ToSpan as _,
    civil::{Date, Time, Weekday, time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

/// New York's clock, written out so that it needs no time zone files on the machine.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
const MIDNIGHT: Time = time(0, 0, 0, 0);
const PRE_MARKET: Time = time(4, 0, 0, 0);
/// The opening auction.
pub const OPEN: Time = time(9, 30, 0, 0);
/// The closing auction, on a whole day.
pub const CLOSE: Time = time(16, 0, 0, 0);
const EARLY_CLOSE: Time = time(13, 0, 0, 0);
const AFTER_HOURS: Time = time(20, 0, 0, 0);
const EARLY_AFTER_HOURS: Time = time(17, 0, 0, 0);
/// The longest span of days that is listed at once, and the farthest that an opening is looked for.
const DAYS_MAX: usize = 3_660;

/// When stocks trade. Coins always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Always open; a day ends at midnight in New York.
    #[default]
    AllDay,
    /// New York's: pre-market from 04:00, regular 09:30 to 16:00, after hours until 20:00, holidays off.
    UsSessions,
}

/// What the market's clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketClock {
    /// Now.
    pub at: Stamp,
    /// Is the regular session open?
    pub is_open: bool,
    /// When it opens next.
    pub next_open: Stamp,
    /// When it closes next.
    pub next_close: Stamp,
}

/// A trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradingDay {
    /// Which.
    pub date: Date,
    /// The regular session, New York time. `open == close` (00:00) means all day.
    pub open: Time,
    /// Its end.
    pub close: Time,
    /// With pre-market.
    pub session_open: Time,
    /// With after hours.
    pub session_close: Time,
}

/// A calendar day in New York, and when stocks trade on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub date: Date,
    /// Midnight.
    pub starts: Stamp,
    /// The next midnight.
    pub ends: Stamp,
    /// The regular session.
    pub regular: Option<(Stamp, Stamp)>,
    /// With pre-market and after hours.
    pub extended: Option<(Stamp, Stamp)>,
}

/// What may trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Closed,
    /// Limit orders that ask for it.
    Extended,
    /// Everything.
    Regular,
}

fn within(span: Option<(Stamp, Stamp)>, at: Stamp) -> bool {
    span.is_some_and(|(from, to)| from <= at && at < to)
}

impl Session {
    /// What may trade at `at`, a time of this day.
    pub fn phase(&self, at: Stamp) -> Phase {
        if within(self.regular, at) {
            Phase::Regular
        } else if within(self.extended, at) {
            Phase::Extended
        } else {
            Phase::Closed
        }
    }
}

fn zone() -> TimeZone {
    TimeZone::posix(NEW_YORK).ok().unwrap_or(TimeZone::UTC)
}

/// New York's date.
pub fn date_of(at: Stamp) -> Date {
    at.to_jiff().to_zoned(zone()).date()
}

/// An instant by New York's calendar and clock.
pub fn instant(date: Date, time: Time) -> Stamp {
    let zoned = date.to_datetime(time).to_zoned(zone());
    zoned.ok().and_then(|z| Stamp::from_jiff(z.timestamp())).unwrap_or_default()
}

/// The date so many days later, held at the calendar's end.
pub fn days_after(date: Date, days: i64) -> Date {
    Span::new().try_days(days).ok().and_then(|span| date.checked_add(span).ok()).unwrap_or(date)
}

impl Hours {
    /// When stocks trade on `date`; `None` on weekends and holidays.
    pub fn trading_day(self, date: Date) -> Option<TradingDay> {
        match self {
            Self::AllDay => Some(TradingDay {
                date,
                open: MIDNIGHT,
                close: MIDNIGHT,
                session_open: MIDNIGHT,
                session_close: MIDNIGHT,
            }),
            Self::UsSessions if is_weekend(date) || is_holiday(date) => None,
            Self::UsSessions => {
                let early = is_early_close(date);
                Some(TradingDay {
                    date,
                    open: OPEN,
                    close: if early { EARLY_CLOSE } else { CLOSE },
                    session_open: PRE_MARKET,
                    session_close: if early { EARLY_AFTER_HOURS } else { AFTER_HOURS },
                })
            }
        }
    }
    /// The day in New York with its sessions as instants.
    pub fn session(self, date: Date) -> Session {
        let starts = instant(date, MIDNIGHT);
        let ends = instant(days_after(date, 1), MIDNIGHT);
        let day = self.trading_day(date);
        let span = |from: Time, to: Time| {
            let until = if to == MIDNIGHT { ends } else { instant(date, to) };
            (instant(date, from), until)
        };
        Session {
            date,
            starts,
            ends,
            regular: day.map(|d| span(d.open, d.close)),
            extended: day.map(|d| span(d.session_open, d.session_close)),
        }
    }
    /// The first span that `pick` finds from `now`'s day on whose end lies after `now`.
    pub fn next_span(
        self,
        now: Stamp,
        pick: fn(&Session) -> Option<(Stamp, Stamp)>,
    ) -> Option<(Stamp, Stamp)> {
        let first = date_of(now);
        (0_i64..30).filter_map(|n| pick(&self.session(days_after(first, n)))).find(|(_, ends)| *ends > now)
    }
    /// What the market's clock says at `now`.
    pub fn clock(self, now: Stamp) -> MarketClock {
        let regular = |s: &Session| s.regular;
        let (opens, closes) = self.next_span(now, regular).unwrap_or((now, now));
        let is_open = opens <= now && now < closes;
        let next_open =
            if is_open { self.next_span(closes, regular).map_or(closes, |(opens, _)| opens) } else { opens };
        MarketClock { at: now, is_open, next_open, next_close: closes }
    }
    /// The trading days from `first` to `last`, both included; at most ten years.
    pub fn calendar(self, first: Date, last: Date) -> Vec<TradingDay> {
        first
            .series(1.day())
            .take_while(|date| *date <= last)
            .take(DAYS_MAX)
            .filter_map(|date| self.trading_day(date))
            .collect()
    }
    /// When the next auction is that an order received at `now` takes part in. Round the clock, the auctions are
    /// where New York's are.
    pub fn next_auction(self, now: Stamp, opening: bool) -> Stamp {
        let first = date_of(now);
        let at = |n: i64| {
            let date = days_after(first, n);
            match self {
                Self::AllDay => Some(instant(date, if opening { OPEN } else { CLOSE })),
                Self::UsSessions => {
                    self.session(date).regular.map(|(opens, closes)| if opening { opens } else { closes })
                }
            }
        };
        (0_i64..30).filter_map(at).find(|t| *t > now).unwrap_or(now)
    }
}

/// When the proceeds of a sale can be taken out: `days` open days later, at `time` in New York.
pub fn settles_at(sold: Stamp, days: usize, time: Time) -> Stamp {
    let day = date_of(sold);
    let open = day.series(1.day()).skip(1).filter(|d| Hours::UsSessions.trading_day(*d).is_some());
    let on = open.take(DAYS_MAX).nth(days.saturating_sub(1)).unwrap_or(day);
    instant(on, time)
}

/// Twice the leverage while the regular session has at least ten minutes to go.
pub fn is_day_trading_time(session: &Session, at: Stamp) -> bool {
    const TEN_MINUTES: i64 = 600_000;
    session.phase(at) == Phase::Regular && within(session.regular, at.plus_ms(TEN_MINUTES))
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn nth(year: i16, month: i8, nth: i8, weekday: Weekday) -> Option<Date> {
    Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
}

/// A holiday on a Saturday is kept on Friday, on a Sunday on Monday.
fn observed(year: i16, month: i8, day: i8) -> Option<Date> {
    let date = Date::new(year, month, day).ok()?;
    Some(match date.weekday() {
        Weekday::Saturday => days_after(date, -1),
        Weekday::Sunday => days_after(date, 1),
        Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => date,
    })
}

/// Western Easter (the anonymous Gregorian computus).
fn easter(year: i16) -> Option<Date> {
    let year_n = i32::from(year);
    let rem = |n: i32, by: i32| n.checked_rem(by).unwrap_or(0);
    let div = |n: i32, by: i32| n.checked_div(by).unwrap_or(0);
    let sum = |terms: &[i32]| terms.iter().fold(0_i32, |sum, term| sum.saturating_add(*term));
    let neg = |n: i32| n.saturating_neg();
    let (golden, century, of_century) = (rem(year_n, 19), div(year_n, 100), rem(year_n, 100));
    let skipped = div(century.saturating_add(8), 25);
    let moon = div(sum(&[century, neg(skipped), 1]), 3);
    let epact = rem(sum(&[golden.saturating_mul(19), century, neg(div(century, 4)), neg(moon), 15]), 30);
    let leaps = sum(&[rem(century, 4), div(of_century, 4)]).saturating_mul(2);
    let weekday = rem(sum(&[32, leaps, neg(epact), neg(rem(of_century, 4))]), 7);
    let late = div(sum(&[golden, epact.saturating_mul(11), weekday.saturating_mul(22)]), 451);
    let days = sum(&[epact, weekday, neg(late.saturating_mul(7)), 114]);
    let month = i8::try_from(div(days, 31)).ok()?;
    let day = i8::try_from(rem(days, 31).saturating_add(1)).ok()?;
    Date::new(year, month, day).ok()
}

fn is_holiday(date: Date) -> bool {
    let y = date.year();
    // New Year's Day on a Saturday is not kept on the Friday, which belongs to the old year.
    let new_year = observed(y, 1, 1).filter(|d| d.year() == y);
    [
        new_year,
        nth(y, 1, 3, Weekday::Monday),
        nth(y, 2, 3, Weekday::Monday),
        easter(y).map(|e| days_after(e, -2)),
        nth(y, 5, -1, Weekday::Monday),
        observed(y, 6, 19).filter(|_| y >= 2022),
        observed(y, 7, 4),
        nth(y, 9, 1, Weekday::Monday),
        nth(y, 11, 4, Weekday::Thursday),
        observed(y, 12, 25),
    ]
    .contains(&Some(date))
}

fn is_early_close(date: Date) -> bool {
    let y = date.year();
    let after_thanksgiving = nth(y, 11, 4, Weekday::Thursday).map(|d| days_after(d, 1));
    let eves = [Date::new(y, 7, 3).ok(), Date::new(y, 12, 24).ok(), after_thanksgiving];
    eves.contains(&Some(date)) && !is_holiday(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn ny(text: &str) -> Stamp {
        let dt: jiff::civil::DateTime = text.parse().unwrap();
        instant(dt.date(), dt.time())
    }

    #[test]
    fn the_exchanges_holidays_of_2026_and_2027() {
        let closed = |y: i16| -> Vec<String> {
            let days = date(y, 1, 1).series(1.day()).take_while(|d| d.year() == y);
            days.filter(|d| !is_weekend(*d) && is_holiday(*d)).map(|d| d.to_string()).collect()
        };
        let want_26 = "2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 \
                       2026-11-26 2026-12-25";
        let want_27 = "2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 2027-07-05 2027-09-06 \
                       2027-11-25 2027-12-24";
        assert_eq!(closed(2026).join(" "), want_26);
        assert_eq!(closed(2027).join(" "), want_27);
        // 1 January 2028 is a Saturday, and the exchanges stay open on the Friday before.
        assert!(!is_holiday(date(2027, 12, 31)));
    }

    #[test]
    fn early_closes() {
        let close = |d: Date| Hours::UsSessions.trading_day(d).map(|t| t.close);
        assert_eq!(close(date(2026, 11, 27)), Some(EARLY_CLOSE));
        assert_eq!(close(date(2026, 12, 24)), Some(EARLY_CLOSE));
        assert_eq!(close(date(2026, 7, 3)), None);
        assert_eq!(close(date(2026, 11, 25)), Some(CLOSE));
    }

    #[test]
    fn the_clock_over_a_weekend_and_a_change_to_summer_time() {
        let clock = Hours::UsSessions.clock(ny("2026-03-06T17:00"));
        assert!(!clock.is_open);
        assert_eq!(clock.next_open, Stamp::parse_rfc3339("2026-03-09T13:30:00Z").unwrap());
        assert_eq!(clock.next_close, Stamp::parse_rfc3339("2026-03-09T20:00:00Z").unwrap());
        let open = Hours::UsSessions.clock(ny("2026-03-09T15:59:59"));
        assert!(open.is_open);
        assert_eq!(open.next_open, ny("2026-03-10T09:30"));
        let always = Hours::AllDay.clock(ny("2026-03-08T12:00"));
        assert!(always.is_open);
        assert_eq!(always.next_close, ny("2026-03-09T00:00"));
    }

    #[test]
    fn lean_settlement() {
        let eight = time(8, 0, 0, 0);
        assert_eq!(settles_at(ny("2015-11-02T12:00"), 3, eight), ny("2015-11-05T08:00"));
        assert_eq!(settles_at(ny("2015-11-05T12:00"), 3, eight), ny("2015-11-10T08:00"));
    }

    #[test]
    fn lean_day_trading_clock() {
        let day = |text: &str| {
            let at = ny(text);
            is_day_trading_time(&Hours::UsSessions.session(date_of(at)), at)
        };
        assert!(day("2016-02-16T12:00"));
        assert!(day("2016-02-16T15:49"));
        assert!(!day("2016-02-16T15:50"));
        assert!(!day("2016-02-16T00:00"));
        assert!(!day("2016-02-15T12:00"), "Presidents' Day");
        assert!(!day("2016-02-14T12:00"), "Sunday");
    }
}
