//! Which kinds of venue there are. A new one is a row here and a folder beside.

use super::{
    Error,
    alpaca::{Alpaca, config},
};
use crate::{
    broker::Broker,
    clock::Clock,
    domain::{ids::VenueId, text::Text},
    transport::tls::Tls,
};
use std::sync::Arc;

/// A kind of venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Alpaca, and whoever speaks its public API: the embedded paper venue.
    Alpaca,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Alpaca];
    /// As the configuration writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alpaca => "alpaca",
        }
    }
    /// Environment variables under which people already keep the key and the secret, best first.
    pub const fn environment_names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Alpaca => {
                &[("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"), ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")]
            }
        }
    }
    /// Reads the configuration's word.
    ///
    /// # Errors
    /// Names the kinds that there are.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|k| k.word() == text).ok_or_else(|| Error::Kind {
            given: Text::clean(text),
            known: Self::ALL.map(Self::word).join(", "),
        })
    }
}

/// Sets a venue up. Nothing is sent yet.
///
/// # Errors
/// When the settings contradict each other, or an address can't be used.
pub fn open(
    venue: VenueId,
    kind: Kind,
    settings: config::Settings,
    tls: &Tls,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Broker>, Error> {
    match kind {
        Kind::Alpaca => Ok(Arc::new(Alpaca::new(config::Config::new(venue, settings)?, tls, clock)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_kind_names_the_known_ones() {
        assert_eq!(Kind::parse("alpaca").unwrap(), Kind::Alpaca);
        let said = Kind::parse("alpacca").unwrap_err().to_string();
        assert_eq!(said, "there is no kind of venue `alpacca`; known are alpaca");
    }
}
