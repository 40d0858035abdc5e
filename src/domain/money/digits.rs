//! The short ways from print to a number and back, for the numbers of a market: nearly every one has at most 18 digits.

use super::exact::Exact;
use rust_decimal::Decimal;

/// Digits in print, at most 18 with at most one point among them, as a number. Whatever else it is, good or bad, is
/// `None`.
pub(super) fn parse_plain(text: &str) -> Option<Decimal> {
    let (is_negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > 18 {
        return None;
    }
    let (whole, rest) = leading(digits);
    if rest.len() == digits.len() {
        return None;
    }
    let (mantissa, behind) = match rest {
        [] => (whole, 0),
        [b'.', behind @ ..] if !behind.is_empty() => (all(whole, behind)?, behind.len()),
        _ => return None,
    };
    if is_negative && mantissa == 0 {
        return None;
    }
    // Eighteen digits stay far below the end of 63 bits.
    let mantissa = i64::try_from(mantissa).ok()?;
    let signed = if is_negative { mantissa.wrapping_neg() } else { mantissa };
    Some(Decimal::new(signed, u32::try_from(behind).ok()?))
}

fn then(number: u64, digit: u8) -> u64 {
    number.wrapping_mul(10).wrapping_add(u64::from(digit & 0x0f))
}

/// The digits that stand first, as a number, and the rest.
fn leading(mut digits: &[u8]) -> (u64, &[u8]) {
    let mut number = 0;
    while let [digit @ b'0'..=b'9', rest @ ..] = digits {
        number = then(number, *digit);
        digits = rest;
    }
    (number, digits)
}

/// All of them, behind those of `number`; eight at once where there are as many.
fn all(number: u64, digits: &[u8]) -> Option<u64> {
    let (number, digits) = match digits.split_first_chunk::<8>() {
        Some((chunk, rest)) => (number.wrapping_mul(100_000_000).wrapping_add(eight(*chunk)?), rest),
        None => (number, digits),
    };
    let (mut number, mut rest) = (number, digits);
    while let [digit, behind @ ..] = rest {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = then(number, *digit);
        rest = behind;
    }
    Some(number)
}

/// Eight digits side by side in one word: first pairs are joined, then fours, then all.
fn eight(chunk: [u8; 8]) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREES: u64 = 0x3333_3333_3333_3333;
    let word = u64::from_le_bytes(chunk);
    // A digit has a three above, and still has one with six added; nothing else has both.
    let sixes = word.wrapping_add(0x0606_0606_0606_0606);
    if (word & HIGH) | ((sixes & HIGH) >> 4) != THREES {
        return None;
    }
    let pairs = (word & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2_561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    Some((fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32)
}

/// A number in print: faster than by way of 96 bits.
pub(super) struct Digits {
    bytes: [u8; DIGITS_MAX],
    from: usize,
}

/// Of a number below ten to the eighteenth: its digits, a point, a sign, and zeros behind the point.
const DIGITS_MAX: usize = 32;

impl Digits {
    /// The digits of a number; `None` for those that have more.
    pub(super) fn of(number: Exact) -> Option<Self> {
        let (digits, scale) = number.digits()?;
        let amount = digits.unsigned_abs();
        if scale > 18 || amount >= 1_000_000_000_000_000_000 {
            return None;
        }
        Self::written(amount, usize::from(scale), digits < 0)
    }

    /// Of a whole number.
    pub(super) fn of_whole(number: u64) -> Option<Self> {
        Self::written(number, 0, false)
    }

    fn written(mut rest: u64, behind: usize, is_negative: bool) -> Option<Self> {
        let mut bytes = [b'0'; DIGITS_MAX];
        let mut places = bytes.iter_mut().rev();
        for _ in 0..behind {
            *places.next()? = b'0' | u8::try_from(rest % 10).ok()?;
            rest /= 10;
        }
        if behind > 0 {
            *places.next()? = b'.';
        }
        loop {
            *places.next()? = b'0' | u8::try_from(rest % 10).ok()?;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if is_negative {
            *places.next()? = b'-';
        }
        let from = places.len();
        Some(Self { bytes, from })
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(self.from..)?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// To the letter what the library prints; what is too long is left to it.
        #[test]
        fn as_the_library_prints_them(mantissa in any::<i64>(), cut in 0_u32..19, scale in 0_u32..19) {
            let mantissa = mantissa / 10_i64.pow(cut.min(18));
            let number = Decimal::new(mantissa, scale);
            let digits = Digits::of(Exact::of(number));
            prop_assert_eq!(digits.is_some(), mantissa.unsigned_abs() < 1_000_000_000_000_000_000);
            if let Some(digits) = digits {
                prop_assert_eq!(digits.as_str().map(str::to_owned), Some(number.to_string()));
            }
        }
    }

    proptest! {
        /// To the last digit what the library reads; what it does not take is not taken.
        #[test]
        fn read_as_the_library_reads_them(text in "-?[0-9]{0,12}\\.?[0-9]{0,12}") {
            if let Some(number) = parse_plain(&text) {
                prop_assert_eq!(Some(number), Decimal::from_str_exact(&text).ok());
                prop_assert_eq!(number.scale(), Decimal::from_str_exact(&text).unwrap().scale());
            } else {
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let is_zero = !digits.bytes().any(|b| (b'1'..=b'9').contains(&b));
                let is_odd = digits.is_empty() || digits.starts_with('.') || digits.ends_with('.');
                prop_assert!(digits.len() > 18 || is_odd || (is_zero && text.starts_with('-')), "{}", text);
            }
        }

        #[test]
        fn nothing_but_digits_is_read(text in "[ -~]{0,20}") {
            let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
            prop_assert!(is_plain || parse_plain(&text).is_none());
        }

        #[test]
        fn eight_at_once(chunk in proptest::array::uniform8(any::<u8>()), digits in 0_u64..100_000_000) {
            let text = format!("{digits:08}");
            prop_assert_eq!(eight(text.as_bytes().try_into().unwrap()), Some(digits));
            prop_assert_eq!(eight(chunk).is_some(), chunk.iter().all(u8::is_ascii_digit));
        }
    }

    #[test]
    fn zeros() {
        for (mantissa, scale, text) in [(0, 0, "0"), (0, 2, "0.00"), (5, 3, "0.005"), (-5, 1, "-0.5")] {
            assert_eq!(Digits::of(Exact::of(Decimal::new(mantissa, scale))).unwrap().as_str(), Some(text));
        }
    }
}
