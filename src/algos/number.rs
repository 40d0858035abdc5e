//! Numbers as other programs write them, read by their digits and never as floats; and words that are written as a
//! number by some and as a text by others.

use crate::domain::money::parse_decimal;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A JSON number, or a JSON string that holds one: exact, or the reading fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub Decimal);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let digits = raw.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(raw);
        parse_decimal(digits.trim()).map(Self).map_err(de::Error::custom)
    }
}

/// A JSON string, or the text of a number, `true` or `false`; `null` is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plain<'a>(pub Cow<'a, str>);

impl<'a, 'de: 'a> Deserialize<'de> for Plain<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => match raw.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
                Some(plain) if !plain.contains('\\') => Ok(Self(Cow::Borrowed(plain))),
                _ => serde_json::from_str::<String>(raw)
                    .map(|t| Self(Cow::Owned(t)))
                    .map_err(de::Error::custom),
            },
            Some(b'{' | b'[') | None => Err(de::Error::custom("a list or an object where a word belongs")),
            Some(b'n') => Ok(Self::default()),
            Some(_) => Ok(Self(Cow::Borrowed(raw))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_and_floats_are_not_made() {
        let read = |text: &str| serde_json::from_str::<Number>(text).map(|n| n.0.normalize().to_string());
        for (text, want) in [
            ("138.513986945", "138.513986945"),
            ("\"-10.5\"", "-10.5"),
            ("1E-05", "0.00001"),
            ("1.5e3", "1500"),
            ("-0.0", "0"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
        ] {
            assert_eq!(read(text).unwrap(), want, "{text}");
        }
        for text in ["null", "\"\"", "{}", "[]", "true", "1e400", "\"NaN\"", "123456789012345678901234567890"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_come_as_texts_and_as_numbers() {
        let read = |text: &str| serde_json::from_str::<Plain<'_>>(text).map(|p| p.0.into_owned());
        for (text, want) in
            [("3", "3"), ("\"Filled\"", "Filled"), ("null", ""), ("\"a\\\"b\"", "a\"b"), ("true", "true")]
        {
            assert_eq!(read(text).unwrap(), want, "{text}");
        }
        assert!(read("{}").is_err() && read("[]").is_err());
    }
}
