//! Numbers in a format that no person reads, as between an engine and its screens: how many digits stand behind the
//! point, then the digits. Nothing is printed and parsed.

use super::exact::{Exact, SCALE_MAX};
use rust_decimal::Decimal;
use serde::{Deserializer, Serialize as _, Serializer, de, ser::SerializeTuple as _};
use std::fmt;

/// Stands before the scale of a number with more digits than 63 bits hold; they follow in 128.
const LONG: u8 = 0x80;

pub(super) fn put<S: Serializer>(number: Exact, s: S) -> Result<S::Ok, S::Error> {
    if let Some((digits, scale)) = number.digits() {
        return (scale, digits).serialize(s);
    }
    let number = number.get();
    let [scale, ..] = number.scale().to_le_bytes();
    let mut pair = s.serialize_tuple(2)?;
    pair.serialize_element(&(scale | LONG))?;
    pair.serialize_element(&number.mantissa())?;
    pair.end()
}

pub(super) fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Exact, D::Error> {
    d.deserialize_tuple(2, Pair)
}

struct Pair;

impl<'de> de::Visitor<'de> for Pair {
    type Value = Exact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scale and digits")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut pair: A) -> Result<Exact, A::Error> {
        let short = || de::Error::invalid_length(1, &self);
        let head: u8 = pair.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
        let scale = head & !LONG;
        if head & LONG == 0 {
            let digits: i64 = pair.next_element()?.ok_or_else(short)?;
            // The least of its kind has no counterpart above zero, which the others are sure of.
            if scale <= SCALE_MAX && digits != i64::MIN {
                return Ok(Exact::short(digits, scale));
            }
            return Err(de::Error::custom(format_args!(
                "{digits} with {scale} digits behind the point is no number"
            )));
        }
        let digits: i128 = pair.next_element()?.ok_or_else(short)?;
        Decimal::try_from_i128_with_scale(digits, u32::from(scale)).map(Exact::of).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Money, Price, Qty, parse_decimal};
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn crossed(number: Decimal) -> Decimal {
        let bytes = postcard::to_stdvec(&Money::new(number)).unwrap();
        postcard::from_bytes::<Money>(&bytes).unwrap().get()
    }

    #[test]
    fn the_ends_of_the_range_arrive_as_they_went() {
        let ends = ["0", "0.00", "-0.01", "79228162514264337593543950335", "-7.9228162514264337593543950335"];
        let edges =
            ["9223372036854775807", "-9223372036854775807", "-9223372036854775808", "9223372036854775808"];
        for text in ends.into_iter().chain(edges) {
            let number = parse_decimal(text).unwrap();
            assert_eq!(crossed(number).to_string(), number.to_string(), "{text}: to the last zero");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let bad = [
            postcard::to_stdvec(&(29_u8, 1_i64)).unwrap(),
            postcard::to_stdvec(&(0_u8, i64::MIN)).unwrap(),
            postcard::to_stdvec(&(0x80_u8 | 29, 1_i128)).unwrap(),
            postcard::to_stdvec(&(0x80_u8, i128::MAX)).unwrap(),
            vec![2],
            vec![],
        ];
        for bytes in bad {
            assert!(postcard::from_bytes::<Price>(&bytes).is_err(), "{bytes:?}");
        }
        let below = postcard::to_stdvec(&(0_u8, -1_i64)).unwrap();
        assert!(postcard::from_bytes::<Qty>(&below).is_err());
    }

    proptest! {
        #[test]
        fn a_number_arrives_with_its_scale(low: u32, mid: u32, high in prop_oneof![Just(0_u32), any::<u32>()],
            negative: bool, scale in 0_u32..=28) {
            let number = Decimal::from_parts(low, mid, high, negative, scale);
            let number = Money::new(number).get();
            prop_assert_eq!(crossed(number).unpack(), number.unpack());
        }
    }
}
