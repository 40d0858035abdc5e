//! What the numbers of a desk are kept as: digits and scale, side by side where the digits fit into 63 bits, as of money
//! nearly all do. Then a sum, a product or a comparison takes some few instructions. What does not fit is kept as the
//! library keeps it, and worked out by it. Each operation gives what the library gives, to the last digit and scale.

use rust_decimal::Decimal;
use std::cmp::Ordering;

/// How the digits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In `low`, with their sign.
    Short,
    /// In `high` and the bits of `low`, above zero.
    Plus,
    /// The same, below zero.
    Minus,
}

/// A decimal number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact {
    low: i64,
    high: u32,
    scale: u8,
    form: Form,
}

/// Powers of ten by which short numbers are brought to one scale.
const POWERS: [i64; 13] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
];

/// Digits behind the point of a unit.
const UNIT_SCALE: u8 = 12;

/// Digits behind the point that the library keeps.
pub(super) const SCALE_MAX: u8 = 28;

impl Exact {
    pub(super) const ZERO: Self = Self::short(0, 0);

    pub(super) const fn short(low: i64, scale: u8) -> Self {
        Self { low, high: 0, scale, form: Form::Short }
    }

    /// Nothing has no sign.
    pub(super) const fn of(d: Decimal) -> Self {
        let parts = d.unpack();
        let (lo, mid) = (parts.lo.to_le_bytes(), parts.mid.to_le_bytes());
        let bits = [lo[0], lo[1], lo[2], lo[3], mid[0], mid[1], mid[2], mid[3]];
        let low = u64::from_le_bytes(bits).cast_signed();
        let [scale, ..] = parts.scale.to_le_bytes();
        if parts.hi == 0 && low >= 0 {
            return Self::short(if parts.negative { low.wrapping_neg() } else { low }, scale);
        }
        let form = if parts.negative { Form::Minus } else { Form::Plus };
        Self { low, high: parts.hi, scale, form }
    }

    pub(super) const fn get(self) -> Decimal {
        let (bits, negative) = match self.form {
            Form::Short => (self.low.unsigned_abs(), self.low < 0),
            Form::Plus => (self.low.cast_unsigned(), false),
            Form::Minus => (self.low.cast_unsigned(), true),
        };
        let bits = bits.to_le_bytes();
        let lo = u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]);
        let mid = u32::from_le_bytes([bits[4], bits[5], bits[6], bits[7]]);
        Decimal::from_parts(lo, mid, self.high, negative, u32::from_le_bytes([self.scale, 0, 0, 0]))
    }

    /// Its digits with their sign, and how many of them stand behind the point.
    #[inline]
    pub(super) const fn digits(self) -> Option<(i64, u8)> {
        match self.form {
            Form::Short => Some((self.low, self.scale)),
            Form::Plus | Form::Minus => None,
        }
    }

    /// As so many times ten to the minus twelfth; `None` where it has more digits, or 2^90 of those and more.
    #[inline]
    pub(super) fn in_units(self) -> Option<i128> {
        const MOST: i128 = 1 << 90;
        let (digits, scale) = self.digits()?;
        let power = POWERS.get(usize::from(UNIT_SCALE.checked_sub(scale)?))?;
        let units = i128::from(digits).wrapping_mul(i128::from(*power));
        (-MOST < units && units < MOST).then_some(units)
    }

    /// Is it so small that the product of two such is never cut or refused, nor any sum of some thousand of those?
    #[inline]
    pub(super) const fn is_modest(self) -> bool {
        const MOST: u64 = 1 << 40;
        match self.digits() {
            Some((digits, scale)) => digits.unsigned_abs() < MOST && scale <= 8,
            None => false,
        }
    }

    #[inline]
    pub(super) const fn is_zero(self) -> bool {
        self.low == 0 && self.high == 0
    }

    #[inline]
    pub(super) const fn is_positive(self) -> bool {
        match self.form {
            Form::Short => self.low > 0,
            Form::Plus => true,
            Form::Minus => false,
        }
    }

    #[inline]
    pub(super) const fn is_negative(self) -> bool {
        match self.form {
            Form::Short => self.low < 0,
            Form::Minus => true,
            Form::Plus => false,
        }
    }

    #[inline]
    pub(super) const fn abs(self) -> Self {
        match self.form {
            Form::Short => match self.low.checked_abs() {
                Some(low) => Self { low, ..self },
                // Its bits are the digits.
                None => Self { form: Form::Plus, ..self },
            },
            Form::Plus | Form::Minus => Self { form: Form::Plus, ..self },
        }
    }

    /// The other sign. Nothing has none.
    #[inline]
    pub(super) const fn negated(self) -> Self {
        match self.form {
            Form::Short => match self.low.checked_neg() {
                Some(low) => Self { low, ..self },
                None => Self { form: Form::Plus, ..self },
            },
            Form::Plus => Self { form: Form::Minus, ..self },
            Form::Minus => Self { form: Form::Plus, ..self },
        }
    }

    /// Two numbers with both their digits at the larger of their scales, where they fit there.
    #[inline]
    fn aligned(self, other: Self) -> Option<(i64, i64, u8)> {
        if self.form != Form::Short || other.form != Form::Short {
            return None;
        }
        if self.scale == other.scale {
            return Some((self.low, other.low, self.scale));
        }
        let power = POWERS.get(usize::from(self.scale.abs_diff(other.scale)))?;
        if self.scale < other.scale {
            Some((self.low.checked_mul(*power)?, other.low, other.scale))
        } else {
            Some((self.low, other.low.checked_mul(*power)?, self.scale))
        }
    }

    /// Both are short and have as many digits behind the point, as the numbers of one market mostly do.
    #[inline]
    const fn is_like(self, other: Self) -> bool {
        matches!((self.form, other.form), (Form::Short, Form::Short)) && self.scale == other.scale
    }

    /// Which is larger.
    #[inline]
    pub(super) fn order(self, other: Self) -> Ordering {
        if self.is_like(other) { self.low.cmp(&other.low) } else { self.long_order(other) }
    }

    #[inline(never)]
    fn long_order(self, other: Self) -> Ordering {
        match self.aligned(other) {
            Some((left, right, _)) => left.cmp(&right),
            None => self.get().cmp(&other.get()),
        }
    }

    /// Sum; `None` on overflow.
    #[inline]
    pub(super) fn sum(self, other: Self) -> Option<Self> {
        if self.is_like(other)
            && let Some(low) = self.low.checked_add(other.low)
        {
            return Some(Self::short(low, self.scale));
        }
        self.long_sum(other)
    }

    /// Much of what is added up is nothing, and of what is nothing the scale does not count.
    #[inline(never)]
    fn long_sum(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return Some(if self.is_zero() { other } else { self });
        }
        if self.is_zero() {
            return Some(other);
        }
        if let Some((left, right, scale)) = self.aligned(other)
            && let Some(low) = left.checked_add(right)
        {
            return Some(Self::short(low, scale));
        }
        self.get().checked_add(other.get()).map(Self::of)
    }

    /// Difference; `None` on overflow.
    #[inline]
    pub(super) fn difference(self, other: Self) -> Option<Self> {
        if self.is_like(other)
            && let Some(low) = self.low.checked_sub(other.low)
        {
            return Some(Self::short(low, self.scale));
        }
        self.long_difference(other)
    }

    #[inline(never)]
    fn long_difference(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return Some(if self.is_zero() { other } else { self });
        }
        if self.is_zero() {
            return Some(other.negated());
        }
        if let Some((left, right, scale)) = self.aligned(other)
            && let Some(low) = left.checked_sub(right)
        {
            return Some(Self::short(low, scale));
        }
        self.get().checked_sub(other.get()).map(Self::of)
    }

    /// Product; `None` on overflow.
    #[inline]
    pub(super) fn product(self, other: Self) -> Option<Self> {
        if self.form == Form::Short && other.form == Form::Short {
            let scale = self.scale.wrapping_add(other.scale);
            if scale <= SCALE_MAX
                && let Some(low) = self.low.checked_mul(other.low)
            {
                return Some(if low == 0 { Self::ZERO } else { Self::short(low, scale) });
            }
        }
        self.long_product(other)
    }

    #[inline(never)]
    fn long_product(self, other: Self) -> Option<Self> {
        if self.is_zero() || other.is_zero() {
            return Some(Self::ZERO);
        }
        self.get().checked_mul(other.get()).map(Self::of)
    }

    /// Half way between two numbers: with the digits of their sum, or one more. `None` on overflow.
    #[inline]
    pub(super) fn middle(self, other: Self) -> Option<Self> {
        if let Some((left, right, scale)) = self.aligned(other)
            && let Some(sum) = left.checked_add(right)
        {
            if sum & 1 == 0 {
                return Some(Self::short(sum >> 1, scale));
            }
            if scale < SCALE_MAX
                && let Some(low) = sum.checked_mul(5)
            {
                return Some(Self::short(low, scale.wrapping_add(1)));
            }
        }
        self.long_middle(other)
    }

    /// A division of decimals takes ten times as long.
    #[inline(never)]
    fn long_middle(self, other: Self) -> Option<Self> {
        let sum = self.get().checked_add(other.get())?;
        let mantissa = sum.mantissa();
        if mantissa % 2 == 0 {
            return Decimal::try_from_i128_with_scale(mantissa / 2, sum.scale()).ok().map(Self::of);
        }
        sum.checked_mul(Decimal::new(5, 1)).map(Self::of)
    }

    /// How it stands to `percent` of `whole`, to the last digit; `None` where that takes more than a hundred and some
    /// bits.
    #[inline]
    pub(super) fn to_share(self, percent: Self, whole: Self) -> Option<Ordering> {
        let (((left, scale), (right, other)), (percents, behind)) =
            self.digits().zip(whole.digits()).zip(percent.digits())?;
        let other = other.wrapping_add(behind);
        let power = *POWERS.get(usize::from(scale.abs_diff(other)))?;
        let (up, down) = if scale < other { (power, 1) } else { (1, power) };
        let near = left.checked_mul(100).and_then(|left| left.checked_mul(up));
        let far = right.checked_mul(percents).and_then(|right| right.checked_mul(down));
        if let Some((left, right)) = near.zip(far) {
            return Some(left.cmp(&right));
        }
        let wide = |digits: i64, by: i64| i128::from(digits).wrapping_mul(i128::from(by));
        let left = wide(left, 100).checked_mul(i128::from(up))?;
        Some(left.cmp(&wide(right, percents).checked_mul(i128::from(down))?))
    }

    /// Is it a whole multiple of `step`? Of 1, 0.1, 0.01, … everything without more digits is.
    #[inline]
    pub(super) fn is_multiple_of(self, step: Self) -> bool {
        let is_tenth = step.low == 1 && step.form == Form::Short;
        (is_tenth && self.scale <= step.scale) || self.long_is_multiple_of(step)
    }

    /// With the digits behind the point that a step of 1, 0.1, 0.01, … has; `None` where it has more of them.
    pub(super) fn padded_to(self, step: Self) -> Option<Self> {
        let ((digits, scale), (one, behind)) = self.digits().zip(step.digits())?;
        let power = POWERS.get(usize::from(behind.checked_sub(scale)?)).filter(|_| one == 1)?;
        digits.checked_mul(*power).map(|low| Self::short(low, behind))
    }

    #[inline(never)]
    fn long_is_multiple_of(self, step: Self) -> bool {
        if let Some((left, right, _)) = self.aligned(step)
            && let Some(rest) = left.checked_rem(right)
        {
            return rest == 0;
        }
        self.get().checked_rem(step.get()).is_some_and(|rest| rest.is_zero())
    }
}

impl PartialEq for Exact {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.order(*other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl Ord for Exact {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(*other)
    }
}

impl PartialOrd for Exact {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::hash::Hash for Exact {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::ZERO
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
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

    #[test]
    fn an_option_takes_no_more_room_than_a_number() {
        assert_eq!(size_of::<Exact>(), 16);
        assert_eq!(size_of::<Option<Exact>>(), 16);
    }

    #[test]
    fn the_ends_of_what_is_short() {
        let ends = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX].map(|n| Decimal::new(n, 5));
        for number in ends.into_iter().chain([Decimal::MAX, Decimal::MIN]) {
            let kept = Exact::of(number);
            assert_eq!(kept.get().serialize(), number.serialize(), "{number}");
            assert_eq!(kept.abs().get(), number.abs(), "{number}");
            assert_eq!(kept.negated().get(), -number, "{number}");
            assert_eq!(kept.is_negative(), number < Decimal::ZERO, "{number}");
            assert_eq!(kept.is_positive(), number > Decimal::ZERO, "{number}");
        }
        let least = Exact::of(Decimal::new(i64::MIN + 1, 0)).difference(Exact::of(Decimal::ONE)).unwrap();
        assert_eq!(least.negated().get(), Decimal::from(1_u64 << 63));
        assert_eq!(least.abs().get(), Decimal::from(1_u64 << 63));
    }

    proptest! {
        #[test]
        fn what_is_modest_can_be_multiplied_and_summed(
            numbers in proptest::collection::vec((any::<i64>(), 0_u32..=8, 24_u32..64), 3)
        ) {
            let exact = |&(digits, scale, cut): &(i64, u32, u32)| Exact::of(Decimal::new(digits >> cut, scale));
            let all: Vec<Exact> = numbers.iter().map(exact).collect();
            prop_assert!(all.iter().all(|n| n.is_modest()));
            // A thousand times the largest sum of products: nothing is refused, and none is cut.
            let (one, other) = (all[0].product(all[1]).unwrap(), all[0].product(all[2]).unwrap());
            prop_assert_eq!(one.get(), all[0].get().checked_mul(all[1].get()).unwrap());
            prop_assert!(one.difference(other).is_some());
            let mut sum = Exact::ZERO;
            for _ in 0..1_000 {
                sum = sum.sum(one).unwrap();
            }
        }

        #[test]
        fn the_short_ways_lead_where_the_library_leads(a in any_number(), b in any_number()) {
            let shown = |number: Option<Decimal>| number.map(|d| d.to_string());
            let ours = |number: Option<Exact>| number.map(|n| n.get().to_string());
            let (x, y) = (Exact::of(a), Exact::of(b));
            prop_assert_eq!(x.get().serialize(), a.serialize());
            prop_assert_eq!(x.is_zero(), a.is_zero());
            prop_assert_eq!(x.is_negative(), a < Decimal::ZERO);
            prop_assert_eq!(x.is_positive(), a > Decimal::ZERO);
            prop_assert_eq!(x.abs().get().to_string(), a.abs().to_string());
            prop_assert_eq!(x.negated().get().to_string(), if a.is_zero() { a.abs() } else { -a }.to_string());
            prop_assert_eq!(x.order(y), a.cmp(&b));
            prop_assert_eq!(ours(x.sum(y)), shown(a.checked_add(b)));
            prop_assert_eq!(ours(x.difference(y)), shown(a.checked_sub(b)));
            prop_assert_eq!(ours(x.product(y)), shown(a.checked_mul(b)));
            prop_assert_eq!(ours(x.product(Exact::of(Decimal::ONE))), shown(a.checked_mul(Decimal::ONE)));
            let half = a.checked_add(b).and_then(|sum| sum.checked_mul(Decimal::new(5, 1)));
            prop_assert_eq!(x.middle(y).map(Exact::get), half);
            if let Some(padded) = x.padded_to(y) {
                prop_assert_eq!(padded.get(), a);
                prop_assert_eq!((b.mantissa(), padded.get().scale()), (1, b.scale()));
            }
            if let Some(units) = x.in_units() {
                let told = Decimal::try_from_i128_with_scale(units, 12).ok();
                prop_assert!(told.is_none_or(|told| told == a), "{} is not {}", units, a);
            } else {
                prop_assert!(a.scale() > 12 || a.abs() > Decimal::from(1_000_000_000_000_000_u64) || a.mantissa().abs() > 1 << 62);
            }
            if !b.is_zero() {
                prop_assert_eq!(x.is_multiple_of(y), a.checked_rem(b).is_some_and(|rest| rest.is_zero()));
            }
        }

        #[test]
        fn a_share_is_seen_as_the_library_says(a in any_number(), percent in any_number(), whole in any_number()) {
            let exactly = |x: Decimal, y: Decimal| {
                let digits = x.mantissa().checked_mul(y.mantissa())?;
                let is_whole = x.scale().saturating_add(y.scale()) <= 28;
                x.checked_mul(y).filter(|p| is_whole && p.mantissa() == digits)
            };
            if let Some((left, right)) = exactly(a, Decimal::ONE_HUNDRED).zip(exactly(percent, whole))
                && let Some(order) = Exact::of(a).to_share(Exact::of(percent), Exact::of(whole))
            {
                prop_assert_eq!(order, left.cmp(&right));
            }
        }
    }
}
