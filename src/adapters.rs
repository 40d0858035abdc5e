//! The venues: one folder each, with the same files, behind the one port. A folder knows its venue's wire
//! format; nothing above it does.

pub mod alpaca;
pub mod binance;
mod exchange;
pub mod ibkr_portal;
pub mod ibkr_tws;
mod members;
mod number;
mod pump;
mod quarantine;
pub mod registry;
mod settings;

pub use settings::Settings;

use crate::transport;

/// Why a venue can't be set up, or why a message of its can't be taken in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Settings that contradict each other, or what is known of the venue.
    #[error("venue {venue}: {why}")]
    Settings {
        /// Which.
        venue: crate::domain::ids::VenueId,
        /// What was given and what would be right.
        why: String,
    },
    /// An address, a certificate or a client that can't be used.
    #[error("venue {venue}: {source}")]
    Transport {
        /// Which.
        venue: crate::domain::ids::VenueId,
        /// What.
        source: transport::Error,
    },
    /// A message that can't be read, or can't be true.
    #[error("{place}: {why}")]
    Message {
        /// Which message and field.
        place: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    fn message(place: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Message { place, why: why.to_string() }
    }
}
