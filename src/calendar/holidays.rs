//! The New York Stock Exchange's holidays and early closes, by its rules rather than by a list, so that no
//! year runs out; only days of mourning are listed, since no rule foresees them.

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday, date},
};

/// What kind of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// No session.
    Closed,
    /// Until 16:00.
    Full,
    /// Until 13:00.
    Early,
}

/// Days of mourning and other closures that no rule gives.
const ONCE: [Date; 1] = [date(2025, 1, 9)];

pub(super) fn day(of: Date) -> Day {
    let weekend = matches!(of.weekday(), Weekday::Saturday | Weekday::Sunday);
    if weekend || is_holiday(of) || ONCE.contains(&of) {
        Day::Closed
    } else if is_early(of) {
        Day::Early
    } else {
        Day::Full
    }
}

fn is_holiday(of: Date) -> bool {
    match of.month() {
        // New Year's Day on a Saturday is not made up for: the year's books close on the Friday before.
        1 => is_observed(of, 1, 1) || is_nth(of, Weekday::Monday, 3),
        2 => is_nth(of, Weekday::Monday, 3),
        3 | 4 => is_good_friday(of),
        5 => of.weekday() == Weekday::Monday && of.day() > 24,
        6 => of.year() >= 2022 && is_observed(of, 6, 19),
        7 => is_observed(of, 7, 4),
        9 => is_nth(of, Weekday::Monday, 1),
        11 => is_nth(of, Weekday::Thursday, 4),
        12 => is_observed(of, 12, 25),
        _ => false,
    }
}

fn is_early(of: Date) -> bool {
    let before_july_4 = of.month() == 7
        && of.day() == 3
        && matches!(
            of.weekday(),
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday
        );
    let christmas_eve = of.month() == 12 && of.day() == 24;
    let after_thanksgiving = of.month() == 11
        && of.weekday() == Weekday::Friday
        && is_nth(of.saturating_sub(1.day()), Weekday::Thursday, 4);
    before_july_4 || christmas_eve || after_thanksgiving
}

/// Is it this date, or the weekday on which it is made up for (Friday for Saturday, Monday for Sunday)?
fn is_observed(of: Date, month: i8, day: i8) -> bool {
    let is = |d: Date| d.month() == month && d.day() == day;
    is(of)
        || (of.weekday() == Weekday::Friday && is(of.saturating_add(1.day())))
        || (of.weekday() == Weekday::Monday && is(of.saturating_sub(1.day())))
}

fn is_nth(of: Date, weekday: Weekday, nth: i8) -> bool {
    // The n-th of its kind falls on the days 7(n-1)+1 to 7n.
    of.weekday() == weekday && of.day().saturating_add(6) / 7 == nth
}

fn is_good_friday(of: Date) -> bool {
    easter(of.year()).is_some_and(|sunday| sunday.saturating_sub(2.days()) == of)
}

/// The Gregorian Easter, by the Anonymous algorithm (Meeus, Jones, Butcher): the golden number, the century's
/// leap corrections, the moon's age, the weekday.
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let drift = sum(&[century, 8]) / 25;
    let moon_shift = sum(&[century, times(-1, drift), 1]) / 3;
    let leap_shift = century / 4;
    let moon = sum(&[times(19, golden), century, times(-1, leap_shift), times(-1, moon_shift), 15]) % 30;
    let weekday =
        sum(&[32, times(2, century % 4), times(2, rest / 4), times(-1, moon), times(-1, rest % 4)]) % 7;
    let late = sum(&[golden, times(11, moon), times(22, weekday)]) / 451;
    let days = sum(&[moon, weekday, times(-7, late), 114]);
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(sum(&[days % 31, 1])).ok()?);
    Date::new(year.try_into().ok()?, month, day).ok()
}

fn sum(terms: &[i32]) -> i32 {
    terms.iter().fold(0, |sum, term| sum.wrapping_add(*term))
}

const fn times(n: i32, term: i32) -> i32 {
    n.wrapping_mul(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed_in(year: i16) -> Vec<String> {
        let first = date(year, 1, 1);
        first
            .series(1.day())
            .take_while(|d| d.year() == year)
            .filter(|d| !matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday) && day(*d) == Day::Closed)
            .map(|d| d.strftime("%m-%d").to_string())
            .collect()
    }

    fn early_in(year: i16) -> Vec<String> {
        let first = date(year, 1, 1);
        first
            .series(1.day())
            .take_while(|d| d.year() == year)
            .filter(|d| day(*d) == Day::Early)
            .map(|d| d.strftime("%m-%d").to_string())
            .collect()
    }

    /// As the exchange published them.
    #[test]
    fn the_years_that_were_published() {
        assert_eq!(closed_in(2021).join(" "), "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24");
        assert_eq!(closed_in(2022).join(" "), "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26");
        assert_eq!(closed_in(2023).join(" "), "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25");
        assert_eq!(closed_in(2024).join(" "), "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25");
        assert_eq!(
            closed_in(2025).join(" "),
            "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25"
        );
        assert_eq!(closed_in(2026).join(" "), "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25");
        assert_eq!(early_in(2021).join(" "), "11-26");
        assert_eq!(early_in(2023).join(" "), "07-03 11-24");
        assert_eq!(early_in(2024).join(" "), "07-03 11-29 12-24");
        assert_eq!(early_in(2025).join(" "), "07-03 11-28 12-24");
        assert_eq!(early_in(2026).join(" "), "11-27 12-24");
    }

    #[test]
    fn easter_sundays() {
        for (y, m, d) in
            [(2020, 4, 12), (2024, 3, 31), (2027, 3, 28), (2030, 4, 21), (2035, 3, 25), (2038, 4, 25)]
        {
            assert_eq!(easter(y), Some(date(y, m, d)));
        }
    }
}
