//! The short ways of arithmetic: what most numbers of a desk need, seen before the library is asked. Each gives what the
//! library gives, to the last digit and scale.

use rust_decimal::Decimal;
use std::cmp::Ordering;

/// Powers of ten by which 96 bits stay within 127.
const POWERS: [i128; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Which of two numbers is larger: seen at one scale, without a loop.
#[inline]
pub(super) fn order(a: Decimal, b: Decimal) -> Ordering {
    let (left, right) = (a.mantissa(), b.mantissa());
    let (scale, other) = (a.scale(), b.scale());
    if scale == other {
        return left.cmp(&right);
    }
    let power = usize::try_from(scale.abs_diff(other)).ok().and_then(|n| POWERS.get(n));
    match power {
        Some(power) if scale < other => left.wrapping_mul(*power).cmp(&right),
        Some(power) => left.cmp(&right.wrapping_mul(*power)),
        None => a.cmp(&b),
    }
}

/// The digits of a number whose digits and sign fit into 64 bits, as of money most do.
#[inline]
fn short(d: Decimal) -> Option<i64> {
    let parts = d.unpack();
    if parts.hi != 0 || parts.mid >= 1 << 30 {
        return None;
    }
    let size = i64::from(parts.mid) << 32 | i64::from(parts.lo);
    Some(if parts.negative { size.wrapping_neg() } else { size })
}

/// A number of such digits. Nothing has no sign.
#[inline]
fn of_short(digits: i64, scale: u32) -> Decimal {
    let size = digits.unsigned_abs();
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).ok().unwrap_or_default();
    Decimal::from_parts(half(size), half(size >> 32), 0, digits < 0, scale)
}

/// Sum; `None` on overflow. Much of what is added up is nothing.
#[inline]
pub(super) fn sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() {
        return Some(b);
    }
    if b.is_zero() {
        return Some(a);
    }
    if a.scale() == b.scale()
        && let Some((left, right)) = short(a).zip(short(b))
    {
        // Neither has 63 bits.
        return Some(of_short(left.wrapping_add(right), a.scale()));
    }
    a.checked_add(b)
}

/// Difference; `None` on overflow.
#[inline]
pub(super) fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    if b.is_zero() && !a.is_zero() {
        return Some(a);
    }
    if a.scale() == b.scale()
        && let Some((left, right)) = short(a).zip(short(b))
    {
        return Some(of_short(left.wrapping_sub(right), a.scale()));
    }
    a.checked_sub(b)
}

/// Product; `None` on overflow. Most multipliers are one.
#[inline]
pub(super) fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() || b.is_zero() {
        return Some(Decimal::ZERO);
    }
    if b.scale() == 0 && b.mantissa() == 1 {
        return Some(a);
    }
    let scale = a.scale().wrapping_add(b.scale());
    if scale <= Decimal::MAX_SCALE
        && let Some((left, right)) = short(a).zip(short(b))
        && let Some(digits) = left.checked_mul(right)
    {
        return Some(of_short(digits, scale));
    }
    a.checked_mul(b)
}

/// How `a * b` stands to `c * d`, to the last digit; `None` where that takes more than a hundred and some bits.
#[inline]
pub(super) fn products(a: Decimal, b: Decimal, c: Decimal, d: Decimal) -> Option<Ordering> {
    let of = |a: Decimal, b: Decimal| {
        short(a).zip(short(b)).map(|(a, b)| i128::from(a).wrapping_mul(i128::from(b)))
    };
    let (left, right) = (of(a, b)?, of(c, d)?);
    let (scale, other) = (a.scale().wrapping_add(b.scale()), c.scale().wrapping_add(d.scale()));
    if scale == other {
        return Some(left.cmp(&right));
    }
    let power = usize::try_from(scale.abs_diff(other)).ok().and_then(|n| POWERS.get(n))?;
    Some(if scale < other {
        left.checked_mul(*power)?.cmp(&right)
    } else {
        left.cmp(&right.checked_mul(*power)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_number() -> impl Strategy<Value = Decimal> {
        let parts = prop_oneof![
            (-3_i128..4, 0_u32..4),
            (-1_000_000_i128..1_000_000, 0_u32..8),
            (any::<i64>().prop_map(i128::from), 0_u32..=28),
            (-(1_i128 << 95)..(1_i128 << 95), 0_u32..=28),
        ];
        parts.prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
    }

    proptest! {
        #[test]
        fn the_short_ways_lead_where_the_library_leads(a in any_number(), b in any_number()) {
            let shown = |number: Option<Decimal>| number.map(|d| d.to_string());
            prop_assert_eq!(order(a, b), a.cmp(&b));
            prop_assert_eq!(shown(sum(a, b)), shown(a.checked_add(b)));
            prop_assert_eq!(shown(difference(a, b)), shown(a.checked_sub(b)));
            prop_assert_eq!(shown(product(a, b)), shown(a.checked_mul(b)));
            prop_assert_eq!(shown(product(a, Decimal::ONE)), shown(a.checked_mul(Decimal::ONE)));
        }

        #[test]
        fn products_stand_to_one_another_as_the_library_says(
            a in any_number(), b in any_number(), c in any_number(), d in any_number()
        ) {
            let exactly = |x: Decimal, y: Decimal| {
                let digits = x.mantissa().checked_mul(y.mantissa())?;
                let is_whole = x.scale().saturating_add(y.scale()) <= 28;
                x.checked_mul(y).filter(|p| is_whole && p.mantissa() == digits)
            };
            if let Some((left, right)) = exactly(a, b).zip(exactly(c, d)) && let Some(order) = products(a, b, c, d) {
                prop_assert_eq!(order, left.cmp(&right));
            }
        }
    }
}
