//! Numbers as venues write them: their digits, never a float.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A number, as a JSON string or a JSON number: its digits.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a>(pub(super) &'a str);

impl<'a> Number<'a> {
    /// Its digits.
    pub const fn text(self) -> &'a str {
        self.0
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self(raw.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(raw)))
    }
}
