//! What the journal and the shell read by words (`{"type":"limit",…}`), in a format that no person reads: there a kind
//! is its number, and is read without being put aside first.

use super::{
    money::Price,
    order::{Attached, OrderType, StopLeg, Trail},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(remote = "OrderType")]
enum PlainType {
    Market,
    Limit { limit: Price },
    Stop { stop: Price },
    StopLimit { stop: Price, limit: Price },
    TrailingStop { trail: Trail },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Attached")]
enum PlainAttached {
    Simple,
    Bracket { target: Price, stop: StopLeg },
    OtoStop { stop: StopLeg },
    OtoTarget { target: Price },
    Oco { stop: StopLeg },
}

/// By words where people may read it, and plainly where not. The words are the type's own (`serde(remote = "Self")`).
macro_rules! by_words_or_plain {
    ($name:ident $plain:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { Self::serialize(self, s) } else { $plain::serialize(self, s) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() { Self::deserialize(d) } else { $plain::deserialize(d) }
            }
        }
    };
}

by_words_or_plain!(OrderType PlainType);
by_words_or_plain!(Attached PlainAttached);
