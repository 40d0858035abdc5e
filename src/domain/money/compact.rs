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
