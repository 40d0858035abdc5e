//! Which kinds of adapter there are. A new venue is a row here and a folder beside.

use super::{
    Error,
    alpaca::{self, Alpaca, config},
};
use crate::{
    broker::Broker,
    clock::Clock,
    domain::{capability::Capability, ids::VenueId},
    transport::tls::Tls,
};
use std::sync::Arc;

/// A kind of adapter: whose interface it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Alpaca's, and the embedded paper venue's, which is the same.
    Alpaca,
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

/// What a venue of this kind can do.
pub fn capability(kind: Kind) -> Capability {
    match kind {
        Kind::Alpaca => alpaca::capability(),
    }
}
