//! Numbers and times as text. Only the form changes here: separators, decimals by the tick, signs, ages.
//! Nothing is computed, and a number is never shortened to something that looks like another number.

use crate::{
    config::{Negative, Numbers},
    domain::{
        money::{Money, Percent, Price, Qty, Ratio},
        time::Stamp,
    },
};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use std::fmt::Write as _;

/// When a number carries its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Only below zero.
    Minus,
    /// Above and below zero.
    Always,
}

/// Shortened numbers: the zeros that are left out, and what stands for them.
const UNITS: [(u32, &str); 4] = [(12, "T"), (9, "B"), (6, "M"), (3, "K")];
/// The least number that is shortened in a table, by its zeros.
const COMPACT_ZEROS: u32 = 6;

impl Numbers {
    /// The same without shortening, for what is to be decided on.
    #[must_use]
    pub fn exact(&self) -> Self {
        Self { compact: false, ..self.clone() }
    }

    /// `1,234,567.50`: with `places` decimals, or as many as it has.
    pub fn decimal(&self, out: &mut String, d: Decimal, places: Option<u32>, sign: Sign) {
        let d = places.map_or_else(|| d.normalize(), |p| d.round_dp(p));
        if d.is_sign_negative() && !d.is_zero() {
            out.push('-');
        } else if sign == Sign::Always && !d.is_zero() {
            out.push('+');
        }
        self.digits(out, d, places);
    }

    /// The same without its sign.
    fn digits(&self, out: &mut String, d: Decimal, places: Option<u32>) {
        let mut digits = [0_u8; 40];
        let used = spell(d.mantissa().unsigned_abs(), &mut digits);
        let scale = usize::try_from(d.scale()).map_or(0, |s| s);
        let whole = used.len().saturating_sub(scale);
        let (left, right) = used.split_at_checked(whole).unwrap_or((used, &[]));
        if left.is_empty() {
            out.push('0');
        }
        for (i, digit) in left.iter().enumerate() {
            if i > 0 && left.len().saturating_sub(i).is_multiple_of(3) {
                out.extend(self.thousands);
            }
            out.push(char::from(*digit));
        }
        let wanted = places.and_then(|p| usize::try_from(p).ok()).map_or(scale, |p| p.max(scale));
        if wanted == 0 {
            return;
        }
        out.push(self.decimal);
        let leading = scale.saturating_sub(right.len());
        out.extend(std::iter::repeat_n('0', leading));
        out.extend(right.iter().map(|b| char::from(*b)));
        out.extend(std::iter::repeat_n('0', wanted.saturating_sub(scale)));
    }

    /// A price with the decimals of its tick; without one, at least two and all that it has.
    pub fn price(&self, out: &mut String, p: Price, tick: Option<Price>) {
        let own = p.get().normalize().scale();
        let wanted = match tick {
            Some(_) => places(tick),
            None => own.max(2),
        };
        self.decimal(out, p.get(), Some(wanted), Sign::Minus);
    }

    /// An amount with two decimals.
    pub fn money(&self, out: &mut String, m: Money) {
        self.amount(out, m.get(), Sign::Minus);
    }

    /// An amount with two decimals and its sign.
    pub fn gain(&self, out: &mut String, m: Money) {
        self.amount(out, m.get(), Sign::Always);
    }

    fn amount(&self, out: &mut String, d: Decimal, sign: Sign) {
        let d = d.round_dp(2);
        let below = d.is_sign_negative() && !d.is_zero();
        let wrapped = below && self.negative == Negative::Parentheses;
        if wrapped {
            out.push('(');
        } else if below {
            out.push('-');
        } else if sign == Sign::Always && !d.is_zero() {
            out.push('+');
        }
        if !self.currency_after {
            out.push_str(&self.currency);
        }
        if !self.shortened(out, d.abs(), 2) {
            self.digits(out, d, Some(2));
        }
        if self.currency_after && !self.currency.is_empty() {
            out.push(' ');
            out.push_str(&self.currency);
        }
        if wrapped {
            out.push(')');
        }
    }

    /// `1.25M`, where that is wished for and the number is that large.
    fn shortened(&self, out: &mut String, d: Decimal, places: u32) -> bool {
        let units = UNITS.iter().filter(|(zeros, _)| self.compact && *zeros >= COMPACT_ZEROS);
        units.into_iter().any(|unit| self.in_units(out, d, *unit, places))
    }

    fn in_units(&self, out: &mut String, d: Decimal, (zeros, unit): (u32, &str), places: u32) -> bool {
        let step = Decimal::from_i128_with_scale(10_i128.pow(zeros), 0);
        match d.checked_div(step) {
            Some(n) if d >= step => {
                self.digits(out, n.round_dp(places), Some(places));
                out.push_str(unit);
                true
            }
            Some(_) | None => false,
        }
    }

    /// A quantity with all the decimals that it has.
    pub fn qty(&self, out: &mut String, q: Qty) {
        if !self.shortened(out, q.get(), 2) {
            self.decimal(out, q.get(), None, Sign::Minus);
        }
    }

    /// `+1.28%`.
    pub fn percent(&self, out: &mut String, p: Percent, sign: Sign) {
        self.decimal(out, p.get(), Some(2), sign);
        out.push('%');
    }

    /// `1.1R`.
    pub fn r_multiple(&self, out: &mut String, r: Ratio) {
        self.decimal(out, r.get(), Some(1), Sign::Always);
        out.push('R');
    }

    /// A quantity in at most six characters: `812`, `1.2K`, `45.3M`.
    pub fn short_qty(&self, out: &mut String, q: Qty) {
        if UNITS.into_iter().any(|unit| self.in_units(out, q.get(), unit, 1)) {
            return;
        }
        let places = if q.get() >= Decimal::ONE_HUNDRED { 0 } else { q.get().normalize().scale().min(2) };
        self.decimal(out, q.get(), Some(places), Sign::Minus);
    }

    /// Figures that came as a text, such as `12,450.50 USD` or `85%`, with the marks that are wished for: whatever has
    /// none stays as it is.
    pub fn retell(&self, out: &mut String, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let end =
                from.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(from.len());
            let (run, after) = from.split_at_checked(end).unwrap_or((from, ""));
            out.push_str(before);
            let marked = run.contains([',', '.']) && !run.ends_with([',', '.']);
            match run.replace(',', "").parse::<Decimal>() {
                Ok(number) if marked => self.digits(out, number, Some(number.scale())),
                Ok(_) | Err(_) => out.push_str(run),
            }
            rest = after;
        }
        out.push_str(rest);
    }

    /// The same as a text of its own.
    pub fn told(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.retell(&mut out, text);
        out
    }

    /// An amount without the sign of its currency, for where there is no room for it.
    pub fn bare(&self, amount: &str) -> String {
        if self.currency.is_empty() {
            return amount.to_owned();
        }
        let behind = format!(" {}", self.currency);
        amount.replace(&behind, "").replace(self.currency.as_str(), "")
    }

    /// How long ago: `0.3s`, `41s`, `12m`, `3h`, `2d`.
    pub fn age(&self, out: &mut String, ms: u64) {
        let secs = ms / 1000;
        let written = match secs {
            0..=9 => write!(out, "{secs}{}{}s", self.decimal, (ms % 1000) / 100),
            10..=99 => write!(out, "{secs}s"),
            100..=5_999 => write!(out, "{}m", secs / 60),
            6_000..=359_999 => write!(out, "{}h", secs / 3600),
            _ => write!(out, "{}d", secs / 86_400),
        };
        debug_assert!(written.is_ok(), "writing to a String can't fail");
    }

    /// A round trip: `850us`, `12.4ms`, `1.2s`.
    pub fn micros(&self, out: &mut String, us: u64) {
        let mark = self.decimal;
        let written = match us {
            0..=999 => write!(out, "{us}us"),
            1_000..=99_999 => write!(out, "{}{mark}{}ms", us / 1000, (us % 1000) / 100),
            100_000..=999_999 => write!(out, "{}ms", us / 1000),
            _ => write!(out, "{}{mark}{}s", us / 1_000_000, (us % 1_000_000) / 100_000),
        };
        debug_assert!(written.is_ok(), "writing to a String can't fail");
    }
}

/// The decimal digits of `n` at the end of `digits`.
fn spell(n: u128, digits: &mut [u8; 40]) -> &[u8] {
    let mut at = digits.len();
    let mut wide = n;
    // Almost every number fits 64 bits, where a division is many times cheaper.
    while wide > u128::from(u64::MAX) {
        at = push_digit(digits, at, u64::try_from(wide % 10).map_or(0, |d| d));
        wide /= 10;
    }
    let mut rest = u64::try_from(wide).map_or(0, |r| r);
    while rest > 0 {
        at = push_digit(digits, at, rest % 10);
        rest /= 10;
    }
    digits.get(at..).unwrap_or_default()
}

fn push_digit(digits: &mut [u8; 40], at: usize, digit: u64) -> usize {
    let at = at.saturating_sub(1);
    let spelled = usize::try_from(digit).ok().and_then(|i| b"0123456789".get(i)).copied();
    if let (Some(slot), Some(d)) = (digits.get_mut(at), spelled) {
        *slot = d;
    }
    at
}

/// Decimals of a price step; two where the step is not known.
pub fn places(tick: Option<Price>) -> u32 {
    tick.map_or(2, |t| t.get().normalize().scale())
}

/// How long still: `0:07`, `4:31`, `2:14:07`. Seconds are rounded up, so that `0:00` means over.
pub fn countdown(out: &mut String, ms: u64) {
    let secs = ms.div_ceil(1000);
    let (h, m, s) = (secs / 3600, (secs / 60) % 60, secs % 60);
    let written = if h > 0 { write!(out, "{h}:{m:02}:{s:02}") } else { write!(out, "{m}:{s:02}") };
    debug_assert!(written.is_ok(), "writing to a String can't fail");
}

/// The time of day where the trader is: `14:02:11`.
pub fn clock(out: &mut String, at: Stamp, zone: &TimeZone) {
    let t = zone.to_datetime(at.to_jiff());
    let written = write!(out, "{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second());
    debug_assert!(written.is_ok(), "writing to a String can't fail");
}

/// The day where the trader is: `2026-11-30`.
pub fn day(out: &mut String, at: Stamp, zone: &TimeZone) {
    let written = write!(out, "{}", zone.to_datetime(at.to_jiff()).date());
    debug_assert!(written.is_ok(), "writing to a String can't fail");
}

/// The time of day to the minute: `14:02`.
pub fn clock_short(out: &mut String, at: Stamp, zone: &TimeZone) {
    let t = zone.to_datetime(at.to_jiff());
    let written = write!(out, "{:02}:{:02}", t.hour(), t.minute());
    debug_assert!(written.is_ok(), "writing to a String can't fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use smol_str::SmolStr;

    fn said(f: impl FnOnce(&Numbers, &mut String)) -> String {
        said_in(&Numbers::default(), f)
    }
    fn said_in(numbers: &Numbers, f: impl FnOnce(&Numbers, &mut String)) -> String {
        let mut s = String::new();
        f(numbers, &mut s);
        s
    }
    fn d(s: &str) -> Decimal {
        s.parse().unwrap()
    }

    #[test]
    fn numbers() {
        for (number, places, sign, want) in [
            ("0", Some(2), Sign::Always, "0.00"),
            ("-0.001", Some(2), Sign::Always, "0.00"),
            ("101284.6", Some(2), Sign::Minus, "101,284.60"),
            ("1284.6", Some(2), Sign::Always, "+1,284.60"),
            ("-999", None, Sign::Minus, "-999"),
            ("-1000", None, Sign::Minus, "-1,000"),
            ("0.00001234", None, Sign::Minus, "0.00001234"),
            ("0.05", Some(4), Sign::Minus, "0.0500"),
            ("2.500", None, Sign::Minus, "2.5"),
            ("79228162514264337593543950335", None, Sign::Minus, "79,228,162,514,264,337,593,543,950,335"),
            ("-37.63", Some(2), Sign::Minus, "-37.63"),
        ] {
            assert_eq!(said(|n, s| n.decimal(s, d(number), places, sign)), want, "{number}");
        }
    }

    #[test]
    fn prices_have_the_decimals_of_their_tick() {
        let tick = |t: &str| Some(Price::new(d(t)));
        let p = Price::new(d("178.5"));
        assert_eq!(said(|n, s| n.price(s, p, tick("0.01"))), "178.50");
        assert_eq!(said(|n, s| n.price(s, p, tick("0.0001"))), "178.5000");
        assert_eq!(said(|n, s| n.price(s, p, tick("0.50"))), "178.5");
        assert_eq!(said(|n, s| n.price(s, p, None)), "178.50");
        assert_eq!(said(|n, s| n.price(s, Price::new(d("0.123456")), None)), "0.123456");
    }

    #[test]
    fn spans() {
        for (ms, want) in [
            (0, "0.0s"),
            (340, "0.3s"),
            (41_000, "41s"),
            (100_000, "1m"),
            (7_200_000, "2h"),
            (400_000_000, "4d"),
        ] {
            assert_eq!(said(|n, s| n.age(s, ms)), want);
        }
        for (ms, want) in [(0, "0:00"), (1, "0:01"), (271_000, "4:31"), (8_047_000, "2:14:07")] {
            assert_eq!(said(|_, s| countdown(s, ms)), want);
        }
        for (us, want) in [(850, "850us"), (12_430, "12.4ms"), (240_000, "240ms"), (1_250_000, "1.2s")] {
            assert_eq!(said(|n, s| n.micros(s, us)), want);
        }
        for (q, want) in
            [("812", "812"), ("0.25", "0.25"), ("1260", "1.3K"), ("45300000", "45.3M"), ("99.125", "99.12")]
        {
            assert_eq!(said(|n, s| n.short_qty(s, q.parse().unwrap())), want);
        }
    }

    #[test]
    fn numbers_are_written_as_the_configuration_says() {
        let plain = Numbers::default();
        let german = Numbers {
            thousands: Some('.'),
            decimal: ',',
            currency: "EUR".into(),
            currency_after: true,
            ..plain.clone()
        };
        let books = Numbers { negative: Negative::Parentheses, currency: "$".into(), ..plain.clone() };
        let short = Numbers { compact: true, ..plain.clone() };
        let bare = Numbers { thousands: None, ..plain.clone() };
        for (numbers, amount, money, gain) in [
            (&plain, "1284.6", "1,284.60", "+1,284.60"),
            (&plain, "-1284.6", "-1,284.60", "-1,284.60"),
            (&german, "1234567.5", "1.234.567,50 EUR", "+1.234.567,50 EUR"),
            (&german, "-0.5", "-0,50 EUR", "-0,50 EUR"),
            (&books, "-1284.6", "($1,284.60)", "($1,284.60)"),
            (&books, "1284.6", "$1,284.60", "+$1,284.60"),
            (&books, "-0.001", "$0.00", "$0.00"),
            (&short, "999999.99", "999,999.99", "+999,999.99"),
            (&short, "1254000", "1.25M", "+1.25M"),
            (&short, "-2500000000", "-2.50B", "-2.50B"),
            (&bare, "1234567.5", "1234567.50", "+1234567.50"),
        ] {
            let amount = Money::new(d(amount));
            assert_eq!(said_in(numbers, |n, s| n.money(s, amount)), money);
            assert_eq!(said_in(numbers, |n, s| n.gain(s, amount)), gain);
        }
        let of = |f: &dyn Fn(&Numbers, &mut String)| said_in(&german, |n, s| f(n, s));
        assert_eq!(of(&|n, s| n.price(s, Price::new(d("91204.5")), None)), "91.204,50");
        assert_eq!(of(&|n, s| n.percent(s, Percent::new(d("1.28")), Sign::Always)), "+1,28%");
        assert_eq!(of(&|n, s| n.qty(s, "1234.5".parse().unwrap())), "1.234,5");
        assert_eq!(of(&|n, s| n.short_qty(s, "1260".parse().unwrap())), "1,3K");
        assert_eq!(of(&|n, s| n.age(s, 340)), "0,3s");
        assert_eq!(of(&|n, s| n.micros(s, 12_430)), "12,4ms");
        assert_eq!(
            of(&|n, s| n.retell(s, "12,450.50 USD of 3%, 10:00 to 24:00")),
            "12.450,50 USD of 3%, 10:00 to 24:00"
        );
        // What is to be decided on is never shortened.
        let exact = short.exact();
        assert_eq!(said_in(&exact, |n, s| n.money(s, Money::new(d("1254000")))), "1,254,000.00");
        assert_eq!(SmolStr::default(), plain.currency);
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_itself(mantissa in any::<i64>(), scale in 0_u32..12) {
            let n = Decimal::new(mantissa, scale);
            let text = said(|as_is, s| as_is.decimal(s, n, None, Sign::Minus)).replace(',', "");
            prop_assert_eq!(text.parse::<Decimal>().unwrap(), n);
        }

        #[test]
        fn places_are_kept(mantissa in any::<i64>(), scale in 0_u32..12, places in 0_u32..8) {
            let text = said(|n, s| n.decimal(s, Decimal::new(mantissa, scale), Some(places), Sign::Always));
            let fraction = text.split_once('.').map_or(0, |(_, f)| f.len());
            prop_assert_eq!(fraction, usize::try_from(places).unwrap());
        }
    }
}
