//! Names of things. Each is its own type, so that a venue's order id is never taken for ours.

use super::{
    money::put_whole,
    text::{Reads, is_plain, is_unsafe},
};
use serde::{Deserialize, Deserializer, Serialize};
use smol_str::{SmolStr, SmolStrBuilder};
use std::{cmp::Ordering, fmt};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("an identifier is empty")]
    Empty,
    /// Longer than any venue's.
    #[error("an identifier has {0} characters, the most is 128")]
    Long(usize),
    /// Control, invisible or direction-changing characters.
    #[error("an identifier has a character that can't be shown")]
    Unsafe,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Checks and keeps `text`.
            ///
            /// # Errors
            /// Empty, over 128 characters, or with characters that can't be shown.
            pub fn new(text: &str) -> Result<Self, IdError> {
                if text.is_empty() {
                    return Err(IdError::Empty);
                }
                if text.len() <= 128 && is_plain(text) {
                    return Ok(Self(SmolStr::new(text)));
                }
                let chars = text.chars().count();
                if chars > 128 {
                    return Err(IdError::Long(chars));
                }
                if text.chars().any(is_unsafe) {
                    return Err(IdError::Unsafe);
                }
                Ok(Self(SmolStr::new(text)))
            }
            /// As a string slice.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_str(Reads(Self::new))
            }
        }
    };
}

id!(
    /// A venue as the configuration names it (`alpaca-paper`): one account at one broker or exchange.
    VenueId
);
id!(
    /// The account number as the venue gives it.
    AccountId
);
id!(
    /// A symbol in Tradedeck's neutral spelling: `AAPL`, `BTC/USD`, OCC for options. Upper case.
    Symbol
);
id!(
    /// The order's id that its maker chose (ours: `td-<instance>-<n>`), unique for ever at a venue. For an order
    /// that came without one, `x-<venue's id>`.
    ClientId
);
id!(
    /// The order's id that the venue chose.
    VenueOrderId
);
id!(
    /// One execution's id, unique at a venue.
    ExecutionId
);
id!(
    /// A currency or coin: `USD`, `BTC`.
    Currency
);
id!(
    /// This run of the program; part of every client id that it makes.
    Instance
);

impl Currency {
    /// United States dollars.
    pub fn usd() -> Self {
        Self(SmolStr::new_static("USD"))
    }
}

impl AccountId {
    /// `…3456`: enough to tell accounts apart, and no more than must be shown.
    pub fn tail(&self) -> String {
        let skip = self.0.chars().count().saturating_sub(4);
        let tail: String = self.0.chars().skip(skip).collect();
        if skip == 0 { tail } else { format!("…{tail}") }
    }
}

/// The ids that one run makes for its orders.
#[derive(Debug, Clone)]
pub struct ClientIds {
    /// What all of them begin with.
    stem: SmolStrBuilder,
}

impl ClientIds {
    /// Of this run.
    pub fn of(instance: &Instance) -> Self {
        let mut stem = SmolStrBuilder::new();
        stem.push_str("td-");
        stem.push_str(instance.as_str());
        stem.push('-');
        Self { stem }
    }
    /// The `n`th. Unique because an instance is never used twice.
    pub fn nth(&self, n: u64) -> ClientId {
        let mut id = self.stem.clone();
        put_whole(n, |digits| id.push_str(digits));
        ClientId(id.finish())
    }
}

impl ClientId {
    /// For an order that its maker gave no id.
    pub fn of_venue(id: &VenueOrderId) -> Self {
        Self(smol_str::format_smolstr!("x-{id}"))
    }
    /// Was it made by a Tradedeck (this or another run)?
    pub fn is_ours(&self) -> bool {
        self.0.starts_with("td-")
    }
    /// The run that made it, if a Tradedeck did.
    pub fn instance(&self) -> Option<&str> {
        self.0.strip_prefix("td-")?.rsplit_once('-').map(|(instance, _)| instance)
    }
}

/// An instrument at a venue. Two venues' `BTC/USD` are two instruments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InstrumentId {
    /// Where.
    pub venue: VenueId,
    /// What, in the neutral spelling.
    pub symbol: Symbol,
}

impl Ord for InstrumentId {
    /// By venue, then symbol. Most are of one venue, and sameness is seen faster than order.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.venue == other.venue { self.symbol.cmp(&other.symbol) } else { self.venue.cmp(&other.venue) }
    }
}

impl PartialOrd for InstrumentId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.symbol, self.venue)
    }
}

/// An order in the book.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderId {
    /// Where.
    pub venue: VenueId,
    /// The maker's id.
    pub client: ClientId,
}

impl Ord for OrderId {
    /// By venue, then client id; see [`InstrumentId`].
    fn cmp(&self, other: &Self) -> Ordering {
        if self.venue == other.venue { self.client.cmp(&other.client) } else { self.venue.cmp(&other.venue) }
    }
}

impl PartialOrd for OrderId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.client, self.venue)
    }
}
