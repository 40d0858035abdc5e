//! Numbers, times and codes as the interface writes them. Its prices and quantities are binary floating-point numbers:
//! here, and nowhere else, they become decimals, by the shortest decimal text that stands for them, and back the same
//! way. Nothing is ever computed with them.

use crate::{adapters::Error, domain::time::Stamp};
use jiff::{civil, tz::TimeZone};
use rust_decimal::Decimal;
use std::str::FromStr;

/// Order ids from here on are taken for requests by the client library.
pub const ORDER_IDS_END: i32 = 1_500_000_000;

/// Codes of what TWS tells (IBKR's "TWS API v9.72+: Message Codes").
pub mod code {
    /// More than fifty messages a second: what was over is not processed.
    pub const PACING: i32 = 100;
    /// The number of the order is one that was used before.
    pub const DUPLICATE_ORDER: i32 = 103;
    /// The order has filled, and can't be changed any more.
    pub const FILLED_ALREADY: i32 = 104;
    /// The cancel names an order that it does not have.
    pub const NO_SUCH_ORDER: i32 = 135;
    /// The order can't be cancelled as it stands.
    pub const NOT_CANCELLABLE: i32 = 161;
    /// No contract fits the description.
    pub const NO_CONTRACT: i32 = 200;
    /// The order was refused.
    pub const REJECTED: i32 = 201;
    /// The order is cancelled: also after a cancel of ours.
    pub const CANCELLED: i32 = 202;
    /// The request is refused as it is written, or the interface is read-only.
    pub const INVALID: i32 = 321;
    /// A remark about an order that goes on.
    pub const REMARK: i32 = 399;
    /// Shares for a short sale are being located; the order is held meanwhile.
    pub const HELD: i32 = 404;
    /// TWS has lost IBKR's servers.
    pub const LOST: i32 = 1_100;
    /// They are back, and the subscriptions are gone.
    pub const BACK_ANEW: i32 = 1_101;
    /// They are back with everything.
    pub const BACK: i32 = 1_102;
    /// The order that was to be cancelled is not there.
    pub const CANCEL_UNKNOWN: i32 = 10_147;
    /// The order that was to be cancelled can't be, as it stands.
    pub const CANCEL_REFUSED: i32 = 10_148;
    /// The client library dropped frames.
    pub const LAGGED: i32 = -6;
}

/// A number that must be there.
///
/// # Errors
/// When it is not, or is none.
pub fn decimal(place: &'static str, v: f64) -> Result<Decimal, Error> {
    maybe_decimal(place, v)?.ok_or_else(|| Error::message(place, "it is not set"))
}

/// A number, if one is set: what is not is told as the largest there is, by some builds as NaN.
///
/// # Errors
/// When it has more digits than any price or quantity.
pub fn maybe_decimal(place: &'static str, v: f64) -> Result<Option<Decimal>, Error> {
    if !v.is_finite() || v >= f64::MAX || v <= f64::MIN {
        return Ok(None);
    }
    let text = v.to_string();
    match Decimal::from_str_exact(&text) {
        Ok(d) => Ok(Some(d.normalize())),
        Err(e) => {
            let shown: String = text.chars().take(40).collect();
            Err(Error::message(place, format!("{shown}: {e}")))
        }
    }
}

/// A decimal that comes as text.
///
/// # Errors
/// When it is none.
pub fn text_decimal(place: &'static str, text: &str) -> Result<Decimal, Error> {
    let plain = Decimal::from_str_exact(text.trim());
    plain.or_else(|_| Decimal::from_scientific(text.trim())).map_err(|e| Error::message(place, e))
}

/// The same number for the wire.
///
/// # Errors
/// Never in practice: the text of a decimal is a number.
pub fn float(place: &'static str, d: Decimal) -> Result<f64, Error> {
    f64::from_str(&d.normalize().to_string()).map_err(|e| Error::message(place, e))
}

/// Names that TWS writes where it runs on Windows; the others are those of the time zone database.
const WINDOWS: [(&str, &str); 16] = [
    ("Eastern Standard Time", "America/New_York"),
    ("EST", "America/New_York"),
    ("EST5EDT", "America/New_York"),
    ("Central Standard Time", "America/Chicago"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Mean Time", "Etc/GMT"),
    ("British Summer Time", "Europe/London"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Japan Standard Time", "Asia/Tokyo"),
    ("JST", "Asia/Tokyo"),
    ("Coordinated Universal Time", "UTC"),
];

fn zone(place: &'static str, name: &str) -> Result<TimeZone, Error> {
    let known = WINDOWS.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours);
    if matches!(known, "Z" | "UTC" | "GMT") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(known).map_err(|_| Error::message(place, format!("the time zone `{name}` is not known")))
}

/// `20260415 18:28:40 US/Eastern`, or `20260415-18:28:40` in UTC.
///
/// # Errors
/// When it is no time, or of a time zone that nobody knows.
pub fn stamp(place: &'static str, text: &str) -> Result<Stamp, Error> {
    let wrong = || Error::message(place, format!("`{text}` is no time"));
    if text.contains('T') && text.ends_with('Z') {
        return Stamp::parse_rfc3339(text).map_err(|e| Error::message(place, e));
    }
    let (date, rest) = text.split_at_checked(8).ok_or_else(wrong)?;
    let is_utc = rest.starts_with('-');
    let rest = rest.trim_start_matches(['-', ' ']);
    let (clock, name) = rest.split_at_checked(8).ok_or_else(wrong)?;
    let at = civil::DateTime::new(
        number(date, 0, 4).ok_or_else(wrong)?,
        number(date, 4, 6).ok_or_else(wrong)?,
        number(date, 6, 8).ok_or_else(wrong)?,
        number(clock, 0, 2).ok_or_else(wrong)?,
        number(clock, 3, 5).ok_or_else(wrong)?,
        number(clock, 6, 8).ok_or_else(wrong)?,
        0,
    )
    .map_err(|e| Error::message(place, e))?;
    let zone = match name.trim() {
        "" if is_utc => TimeZone::UTC,
        "" => return Err(Error::message(place, format!("`{text}` has no time zone"))),
        name => zone(place, name)?,
    };
    let at = zone.to_timestamp(at).map_err(|e| Error::message(place, e))?;
    Stamp::from_jiff(at).ok_or_else(wrong)
}

/// The number in these columns.
pub fn number<T: FromStr>(text: &str, from: usize, to: usize) -> Option<T> {
    let part = text.get(from..to)?;
    if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    part.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_set_is_absent_and_what_is_no_price_is_refused() {
        for none in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN] {
            assert_eq!(maybe_decimal("x", none).unwrap(), None, "{none}");
            assert!(decimal("x", none).is_err());
        }
        for (v, want) in
            [(0.1, "0.1"), (13.27, "13.27"), (-37.63, "-37.63"), (0.0, "0"), (1e-9, "0.000000001")]
        {
            assert_eq!(decimal("x", v).unwrap().to_string(), want);
        }
        for absurd in [1e300, 1e-300, f64::MIN_POSITIVE] {
            assert!(maybe_decimal("x", absurd).is_err(), "{absurd}");
        }
    }

    proptest! {
        /// Any price that people write comes back as it was.
        #[test]
        fn a_price_survives_the_wire(digits in -999_999_999_999_i64..999_999_999_999, scale in 0_u32..7) {
            let price = Decimal::new(digits, scale).normalize();
            prop_assert_eq!(decimal("x", float("x", price).unwrap()).unwrap(), price);
        }

        #[test]
        fn no_number_panics(bits in any::<u64>()) {
            drop(maybe_decimal("x", f64::from_bits(bits)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            drop(stamp("x", &text));
            drop(text_decimal("x", &text));
        }
    }

    #[test]
    fn times_are_of_their_zone() {
        for (text, want) in [
            ("20260415 18:28:40 Central European Standard Time", "2026-04-15T16:28:40Z"),
            ("20260415 18:28:40 US/Eastern", "2026-04-15T22:28:40Z"),
            ("20260115  09:30:00 EST", "2026-01-15T14:30:00Z"),
            ("20260415 18:28:40 CET", "2026-04-15T16:28:40Z"),
            ("20260415-18:28:40", "2026-04-15T18:28:40Z"),
            ("20260415-18:28:40 Z", "2026-04-15T18:28:40Z"),
            ("20260415 18:28:40 UTC", "2026-04-15T18:28:40Z"),
            ("2026-04-07T12:01:00Z", "2026-04-07T12:01:00Z"),
        ] {
            assert_eq!(stamp("time", text).unwrap().to_rfc3339(), want, "{text}");
        }
        for wrong in
            ["", "20260415", "20260415 18:28:40", "20261315-18:28:40", "20260415 18:28:40 Mars/Olympus"]
        {
            assert!(stamp("time", wrong).is_err(), "{wrong}");
        }
    }
}
