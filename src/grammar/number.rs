//! Numbers as a trader types them: digits and at most one point. Nothing else is guessed at: `1e3`,
//! `1_000` and `1,000` are slips until the trader has written them out.

use super::error::Kind;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// What is wrong with a part of a line, before its place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    /// The kind of mistake.
    pub(super) kind: Kind,
    /// What would be right.
    pub(super) expected: Cow<'static, str>,
}

/// Not a number; `expected` says what would be.
pub(super) fn bad(expected: impl Into<Cow<'static, str>>) -> Bad {
    Bad { kind: Kind::Number, expected: expected.into() }
}

/// A number, but not one that makes sense here.
pub(super) fn out(expected: impl Into<Cow<'static, str>>) -> Bad {
    Bad { kind: Kind::Range, expected: expected.into() }
}

/// Digits with at most one point.
pub(super) fn plain(text: &str) -> Result<Decimal, Bad> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let points = text.bytes().filter(|b| *b == b'.').count();
    if digits == 0 {
        return Err(bad("write a number such as 100 or 0.5"));
    }
    if text.starts_with(['+', '-']) {
        return Err(bad("write it without a sign"));
    }
    if text.contains([',', '_', '\'']) {
        return Err(bad("write the digits without separators; the decimal mark is the point, as in 1.5"));
    }
    if text.bytes().any(|b| matches!(b, b'e' | b'E')) {
        return Err(bad("write all digits out, such as 1000 and not 1e3"));
    }
    if points > 1 {
        return Err(bad("a number has one point at most"));
    }
    if digits.saturating_add(points) != text.len() {
        return Err(bad("a number has only digits and a point"));
    }
    if text.ends_with('.') {
        return Err(bad("there are no digits after the point"));
    }
    Decimal::from_str_exact(text).map_err(|_| bad("it has more digits than can be kept exactly (28)"))
}

/// A plain number above zero.
pub(super) fn positive(text: &str) -> Result<Decimal, Bad> {
    match plain(text)? {
        zero if zero.is_zero() => Err(out("it has to be above zero")),
        number => Ok(number),
    }
}

/// A plain number above zero and at most 100.
pub(super) fn share(text: &str) -> Result<Decimal, Bad> {
    match positive(text)? {
        part if part > Decimal::ONE_HUNDRED => Err(out("it can be 100% at most")),
        part => Ok(part),
    }
}

/// Whole ticks.
pub(super) fn ticks(text: &str) -> Result<i64, Bad> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad("ticks are whole, such as +3t or -12t"));
    }
    text.parse().map_err(|_| out("so many ticks are no price"))
}
