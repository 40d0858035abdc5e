//! Money, prices and quantities: exact decimals with checked arithmetic. No operator here can panic, and
//! there is no way from or to a float.

mod compact;
mod digits;
mod exact;

use self::{
    digits::{Digits, parse_plain},
    exact::Exact,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{cmp::Ordering, fmt, str::FromStr};

/// Why a text is not a number that Tradedeck accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Empty, or not of the form `-123.45`.
    #[error("`{0}` is not a decimal number")]
    Form(String),
    /// More than 28 digits, or beyond ±7.9e28: it would have to be rounded.
    #[error("`{0}` has more digits than can be kept exactly (28)")]
    Digits(String),
    /// Below zero where only zero and above make sense.
    #[error("`{0}` is negative")]
    Negative(String),
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Parses what a venue sends or a file holds: digits, an optional sign and point. An exponent is
/// accepted (`1e-7` is legal JSON); rounding is not.
///
/// # Errors
/// When the text is not a finite decimal number, or cannot be held exactly.
pub fn parse_decimal(text: &str) -> Result<Decimal, NumberError> {
    if let Some(d) = parse_plain(text) {
        return Ok(d);
    }
    if let Ok(d) = Decimal::from_str_exact(text)
        && !text.contains('_')
    {
        return Ok(d);
    }
    if text.is_empty()
        || !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
    {
        return Err(NumberError::Form(shown(text)));
    }
    if text.contains(['e', 'E']) {
        return parse_scientific(text);
    }
    if text.bytes().filter(u8::is_ascii_digit).count() > 28 {
        return Err(NumberError::Digits(shown(text)));
    }
    Err(NumberError::Form(shown(text)))
}

/// `Decimal::from_scientific` rounds without a word, so the digits and the exponent are checked first.
fn parse_scientific(text: &str) -> Result<Decimal, NumberError> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Err(NumberError::Form(shown(text)));
    };
    let base = Decimal::from_str_exact(mantissa).map_err(|_| NumberError::Form(shown(text)))?.normalize();
    let exponent: i32 = exponent.parse().map_err(|_| NumberError::Form(shown(text)))?;
    let too_long = || NumberError::Digits(shown(text));
    if base.is_zero() {
        return Ok(Decimal::ZERO);
    }
    if !(-28..=28).contains(&exponent) {
        return Err(too_long());
    }
    let power = Decimal::TEN.checked_powi_exact(exponent.unsigned_abs()).ok_or_else(too_long)?;
    if exponent >= 0 {
        return base.checked_mul(power).ok_or_else(too_long);
    }
    let out = base.checked_div(power).ok_or_else(too_long)?;
    if out.checked_mul(power) == Some(base) { Ok(out) } else { Err(too_long()) }
}

trait PowExact: Sized {
    fn checked_powi_exact(self, n: u32) -> Option<Self>;
}
impl PowExact for Decimal {
    fn checked_powi_exact(self, n: u32) -> Option<Self> {
        (0..n).try_fold(Self::ONE, |acc, _| acc.checked_mul(self))
    }
}

struct ExactVisitor;

impl de::Visitor<'_> for ExactVisitor {
    type Value = Decimal;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number in a string")
    }
    fn visit_str<E: de::Error>(self, v: &str) -> Result<Decimal, E> {
        parse_decimal(v).map_err(E::custom)
    }
    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Decimal, E> {
        Ok(Decimal::from(v))
    }
    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Decimal, E> {
        Ok(Decimal::from(v))
    }
}

fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Exact, D::Error> {
    if d.is_human_readable() { d.deserialize_any(ExactVisitor).map(Exact::of) } else { compact::read(d) }
}

fn put(number: Exact, text: &mut String) {
    match Digits::of(number).as_ref().and_then(Digits::as_str) {
        Some(digits) => text.push_str(digits),
        None => text.push_str(&number.get().to_string()),
    }
}

macro_rules! decimal_value {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(Exact);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(Exact::ZERO);
            /// The number itself.
            pub const fn get(self) -> Decimal {
                self.0.get()
            }
            /// Is it zero?
            #[inline]
            pub const fn is_zero(self) -> bool {
                self.0.is_zero()
            }
            /// Above zero?
            #[inline]
            pub const fn is_positive(self) -> bool {
                self.0.is_positive()
            }
            /// Below zero?
            #[inline]
            pub const fn is_negative(self) -> bool {
                self.0.is_negative()
            }
            /// Is it so small that the product of two such is never cut or refused, nor any sum of some thousand of
            /// those? Nearly all are.
            #[inline]
            pub const fn is_modest(self) -> bool {
                self.0.is_modest()
            }
            /// Writes its digits behind a text, as `Display` does and without its detours.
            pub fn put(self, text: &mut String) {
                put(self.0, text);
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let is_plain = f.width().is_none() && f.precision().is_none() && !f.sign_plus();
                match Digits::of(self.0).as_ref().and_then(Digits::as_str) {
                    Some(text) if is_plain => f.write_str(text),
                    Some(_) | None => fmt::Display::fmt(&self.get(), f),
                }
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.get())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if !s.is_human_readable() {
                    return compact::put(self.0, s);
                }
                match Digits::of(self.0).as_ref().and_then(Digits::as_str) {
                    Some(text) => s.serialize_str(text),
                    None => s.collect_str(&self.get()),
                }
            }
        }
    };
}

macro_rules! signed_value {
    ($(#[$doc:meta])* $name:ident) => {
        decimal_value!($(#[$doc])* $name);
        impl $name {
            /// Of a decimal.
            pub const fn new(d: Decimal) -> Self {
                Self(Exact::of(d))
            }
            /// Sum; `None` on overflow.
            #[inline]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.sum(other.0).map(Self)
            }
            /// Difference; `None` on overflow.
            #[inline]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.difference(other.0).map(Self)
            }
            /// The other sign.
            #[inline]
            pub fn negated(self) -> Self {
                Self(self.0.negated())
            }
            /// Without its sign.
            #[inline]
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }
        }
        impl FromStr for $name {
            type Err = NumberError;
            fn from_str(s: &str) -> Result<Self, NumberError> {
                parse_decimal(s).map(Self::new)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                read(d).map(Self)
            }
        }
    };
}

signed_value!(
    /// A price of one unit in the instrument's quote currency. May be negative: oil was in April 2020.
    Price
);
signed_value!(
    /// An amount of money. Its currency stands beside it in whatever holds it; two amounts of different
    /// currencies are never added.
    Money
);
signed_value!(
    /// A quantity with direction: above zero is long or bought, below zero is short or sold.
    SignedQty
);
signed_value!(
    /// Per cent: `1.5` means 1.5 %.
    Percent
);
signed_value!(
    /// A bare number: a contract multiplier, a rate, a multiple of R.
    Ratio
);
decimal_value!(
    /// A quantity without direction: zero or more. Shares, coins or contracts.
    Qty
);

impl Qty {
    /// One unit.
    pub const ONE: Self = Self(Exact::of(Decimal::ONE));
    /// Of a decimal; `None` below zero.
    pub fn new(d: Decimal) -> Option<Self> {
        (!d.is_sign_negative() || d.is_zero()).then_some(Self(Exact::of(d)))
    }
    /// Sum; `None` on overflow.
    #[inline]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.sum(other.0).map(Self)
    }
    /// Difference; `None` on overflow or below zero.
    #[inline]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.difference(other.0).filter(|rest| !rest.is_negative()).map(Self)
    }
    /// Difference, zero where it would be below.
    #[inline]
    pub fn saturating_sub(self, other: Self) -> Self {
        self.checked_sub(other).unwrap_or(Self::ZERO)
    }
    /// Times a price; `None` on overflow.
    #[inline]
    pub fn checked_mul_price(self, price: Price) -> Option<Money> {
        self.0.product(price.0).map(Money)
    }
    /// The largest whole multiple of `lot` that is not above this; itself where `lot` is zero.
    pub fn floor_to(self, lot: Qty) -> Option<Self> {
        if lot.is_zero() {
            return Some(self);
        }
        let rest = self.get().checked_rem(lot.get())?;
        self.get().checked_sub(rest).map(|d| Self(Exact::of(d.normalize())))
    }
    /// Is it a whole multiple of `lot`? Everything is of a zero lot.
    pub fn is_multiple_of(self, lot: Qty) -> bool {
        lot.is_zero() || self.0.is_multiple_of(lot.0)
    }
    /// As what is held long.
    #[inline]
    pub const fn held(self) -> SignedQty {
        SignedQty(self.0)
    }
    /// With a direction.
    pub fn signed(self, side: super::order::Side) -> SignedQty {
        match side {
            super::order::Side::Buy => SignedQty(self.0),
            super::order::Side::Sell => SignedQty(self.0.negated()),
        }
    }
}

impl FromStr for Qty {
    type Err = NumberError;
    fn from_str(s: &str) -> Result<Self, NumberError> {
        let d = parse_decimal(s)?;
        Self::new(d).ok_or_else(|| NumberError::Negative(shown(s)))
    }
}

impl<'de> Deserialize<'de> for Qty {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let n = read(d)?;
        if n.is_negative() {
            let n = n.get();
            return Err(de::Error::custom(format!("`{n}` is negative, a quantity is zero or more")));
        }
        Ok(Self(n))
    }
}

impl SignedQty {
    /// Without direction.
    pub fn size(self) -> Qty {
        Qty(self.0.abs())
    }
    /// The side that reduces this position; `None` when flat.
    pub fn exit_side(self) -> Option<super::order::Side> {
        if self.is_positive() {
            Some(super::order::Side::Sell)
        } else if self.is_negative() {
            Some(super::order::Side::Buy)
        } else {
            None
        }
    }
    /// Times a price; `None` on overflow.
    #[inline]
    pub fn checked_mul_price(self, price: Price) -> Option<Money> {
        self.0.product(price.0).map(Money)
    }
}

impl Price {
    /// Is it a whole multiple of a step? Nothing is of a step of zero.
    pub fn is_multiple_of(self, step: Self) -> bool {
        self.0.is_multiple_of(step.0)
    }
    /// With as many digits behind the point as a step of 1, 0.1, 0.01, … has; `None` where it has more, or the step is
    /// another.
    pub fn padded_to(self, step: Self) -> Option<Self> {
        self.0.padded_to(step.0).map(Self)
    }
    /// Times a factor; `None` on overflow.
    pub fn checked_mul(self, factor: Decimal) -> Option<Self> {
        self.0.product(Exact::of(factor)).map(Self)
    }
    /// Half way to another price; `None` on overflow.
    pub fn midpoint(self, other: Self) -> Option<Self> {
        self.0.middle(other.0).map(Self)
    }
    /// This price as an amount of money for one unit.
    pub const fn per_unit(self) -> Money {
        Money(self.0)
    }
}

impl Money {
    /// Times a factor; `None` on overflow.
    pub fn checked_mul(self, factor: Decimal) -> Option<Self> {
        self.0.product(Exact::of(factor)).map(Self)
    }
    /// Times a bare number; `None` on overflow.
    #[inline]
    pub fn times(self, factor: Ratio) -> Option<Self> {
        self.0.product(factor.0).map(Self)
    }
    /// Divided by a number; `None` for zero or on overflow.
    pub fn checked_div(self, divisor: Decimal) -> Option<Decimal> {
        self.get().checked_div(divisor)
    }
    /// Is this more than so many per cent of `whole`? Compared as hundredths of amounts, so that nothing is divided;
    /// what can't be compared is.
    pub fn is_beyond(self, percent: Percent, whole: Self) -> bool {
        if let Some(order) = self.0.to_share(percent.0, whole.0) {
            return order == Ordering::Greater;
        }
        let both = self.checked_mul(Decimal::ONE_HUNDRED).zip(whole.checked_mul(percent.get()));
        both.is_none_or(|(this, most)| this > most)
    }
    /// `self / whole` in per cent; `None` when `whole` is zero.
    pub fn percent_of(self, whole: Self) -> Option<Percent> {
        self.get().checked_div(whole.get())?.checked_mul(Decimal::ONE_HUNDRED).map(Percent::new)
    }
    /// Rounded half to even to the cent, for people.
    pub fn to_cents(self) -> Self {
        Self::new(self.get().round_dp(2))
    }
}

impl Money {
    /// As so many times ten to the minus twelfth, to be added and compared as whole numbers; `None` where it has more
    /// digits than that, or is so large that a hundred thousand times as much would not fit.
    pub fn in_units(self) -> Option<i128> {
        self.0.in_units()
    }
}

impl Percent {
    /// Its digits, and ten to the power of how many of them stand behind the point; `None` for more than six.
    pub fn digits(self) -> Option<(i128, i128)> {
        let (digits, scale) = self.0.digits()?;
        let tenfold = 10_i128.checked_pow(u32::from(scale)).filter(|tenfold| *tenfold <= 10_000)?;
        (digits.unsigned_abs() < 1_000_000).then(|| (i128::from(digits), tenfold))
    }
}

impl Ratio {
    /// One.
    pub const ONE: Self = Self::new(Decimal::ONE);
}

impl Percent {
    /// As a factor: 1.5 % is 0.015; `None` on overflow.
    pub fn factor(self) -> Option<Decimal> {
        self.get().checked_div(Decimal::ONE_HUNDRED)
    }
    /// This share of an amount.
    pub fn of(self, whole: Money) -> Option<Money> {
        whole.checked_mul(self.factor()?)
    }
}

/// For drawing only: a chart's axis position. Never leads back to money.
pub fn to_plot(d: Decimal) -> f64 {
    d.to_f64().filter(|f| f.is_finite()).unwrap_or(0.0)
}

/// Hands the digits of a whole number to `put`.
pub fn put_whole(number: u64, put: impl FnOnce(&str)) {
    put(Digits::of_whole(number).as_ref().and_then(Digits::as_str).unwrap_or_default());
}

/// A whole number as a decimal.
pub fn whole(n: u64) -> Decimal {
    Decimal::from_u64(n).unwrap_or(Decimal::MAX)
}
