//! Which kinds of adapter there are. A new venue is a row here and a folder beside.

pub use super::binance::config::Product;
use super::{
    Error, Settings,
    alpaca::{self, Alpaca},
    binance::{self, Binance},
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
    /// One of Binance's.
    Binance(Product),
}

/// Sets a venue up. Nothing is sent yet.
///
/// # Errors
/// When the settings contradict each other, or an address can't be used.
pub fn open(
    venue: VenueId,
    kind: Kind,
    settings: Settings,
    tls: &Tls,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Broker>, Error> {
    match kind {
        Kind::Alpaca => {
            let config = alpaca::config::Config::new(venue, settings)?;
            Ok(Arc::new(Alpaca::new(config, tls, clock)?))
        }
        Kind::Binance(product) => {
            let config = binance::config::Config::new(venue, product, settings)?;
            Ok(Arc::new(Binance::new(config, tls, clock)?))
        }
    }
}

/// What a venue of this kind can do.
pub fn capability(kind: Kind) -> Capability {
    match kind {
        Kind::Alpaca => alpaca::capability(),
        Kind::Binance(product) => binance::capability(product),
    }
}
