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

/// Sum; `None` on overflow. Much of what is added up is nothing.
#[inline]
pub(super) fn sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() {
        return Some(b);
    }
    if b.is_zero() {
        return Some(a);
    }
    a.checked_add(b)
}

/// Difference; `None` on overflow.
#[inline]
pub(super) fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    if b.is_zero() && !a.is_zero() {
        return Some(a);
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
    a.checked_mul(b)
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
    }
}
