//! Which venues can be traded at, and by which adapter. A new venue is a row here and a folder beside.

use super::{
    Error, Settings,
    alpaca::{self, Alpaca},
    binance::{self, Binance, config::Product},
    ibkr_portal::{self, Portal},
    ibkr_tws::{self, Tws},
};
use crate::{
    broker::Broker,
    clock::Clock,
    config::VenueKind,
    domain::{capability::Capability, fee::FeeSchedule, ids::VenueId, instrument::AssetClass},
    transport::tls::Tls,
};
use std::sync::Arc;

/// Sets a venue up. Nothing is sent yet.
type Open = fn(VenueId, Settings, &Tls, Arc<dyn Clock>) -> Result<Arc<dyn Broker>, Error>;

/// What is known of a kind of venue before one is set up.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its kind, as the configuration names it.
    pub kind: VenueKind,
    /// Does it take a key? Else a person logs in to a program that it is reached through.
    pub takes_key: bool,
    /// What it can do.
    pub capability: fn() -> Capability,
    /// What it charges, for estimates before an order is sent; what it then books counts.
    pub fees: fn() -> Vec<(AssetClass, FeeSchedule)>,
    open: Open,
}

/// The kinds that this version trades at.
pub const ROWS: &[Row] = &[
    alpaca_row(VenueKind::Paper),
    alpaca_row(VenueKind::Alpaca),
    Row {
        kind: VenueKind::Binance,
        takes_key: true,
        capability: || binance::capability(Product::Spot),
        fees: || binance::fees(Product::Spot),
        open: |venue, settings, tls, clock| binance(Product::Spot, venue, settings, tls, clock),
    },
    Row {
        kind: VenueKind::BinanceUs,
        takes_key: true,
        capability: || binance::capability(Product::Us),
        fees: || binance::fees(Product::Us),
        open: |venue, settings, tls, clock| binance(Product::Us, venue, settings, tls, clock),
    },
    Row {
        kind: VenueKind::BinanceUsdm,
        takes_key: true,
        capability: || binance::capability(Product::Usdm),
        fees: || binance::fees(Product::Usdm),
        open: |venue, settings, tls, clock| binance(Product::Usdm, venue, settings, tls, clock),
    },
    Row {
        kind: VenueKind::BinanceCoinm,
        takes_key: true,
        capability: || binance::capability(Product::Coinm),
        fees: || binance::fees(Product::Coinm),
        open: |venue, settings, tls, clock| binance(Product::Coinm, venue, settings, tls, clock),
    },
    Row {
        kind: VenueKind::Ibkr,
        takes_key: false,
        capability: ibkr_tws::capability,
        fees: ibkr_tws::fees,
        open: |venue, settings, _, clock| {
            Ok(Arc::new(Tws::new(ibkr_tws::config::Config::new(venue, settings)?, clock)))
        },
    },
    Row {
        kind: VenueKind::IbkrPortal,
        takes_key: false,
        capability: ibkr_portal::capability,
        fees: ibkr_portal::fees,
        open: |venue, settings, tls, clock| {
            let config = ibkr_portal::config::Config::new(venue, settings)?;
            Ok(Arc::new(Portal::new(config, tls, clock)?))
        },
    },
];

/// Alpaca's interface, which is also that of the embedded paper venue.
const fn alpaca_row(kind: VenueKind) -> Row {
    Row {
        kind,
        takes_key: true,
        capability: alpaca::capability,
        fees: alpaca::fees,
        open: |venue, settings, tls, clock| {
            let config = alpaca::config::Config::new(venue, settings)?;
            Ok(Arc::new(Alpaca::new(config, tls, clock)?))
        },
    }
}

fn binance(
    product: Product,
    venue: VenueId,
    settings: Settings,
    tls: &Tls,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Broker>, Error> {
    let config = binance::config::Config::new(venue, product, settings)?;
    Ok(Arc::new(Binance::new(config, tls, clock)?))
}

/// The row of a kind; `None` while this version can't trade there.
pub fn row(kind: VenueKind) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.kind == kind)
}

impl Row {
    /// Sets a venue up. Nothing is sent yet.
    ///
    /// # Errors
    /// When the settings contradict each other, or an address can't be used.
    pub fn open(
        &self,
        venue: VenueId,
        settings: Settings,
        tls: &Tls,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Broker>, Error> {
        (self.open)(venue, settings, tls, clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::VenueState;

    #[test]
    fn what_the_configuration_calls_usable_has_a_row_and_nothing_else_has() {
        for kind in VenueKind::ALL {
            assert_eq!(kind.state() == VenueState::Usable, row(*kind).is_some(), "{}", kind.name());
        }
        let mut kinds: Vec<VenueKind> = ROWS.iter().map(|row| row.kind).collect();
        kinds.dedup();
        assert_eq!(kinds.len(), ROWS.len());
    }

    #[test]
    fn fees_are_told_for_each_class_that_can_be_traded() {
        for row in ROWS {
            let fees = (row.fees)();
            for class in (row.capability)().classes {
                let has = fees.iter().any(|(of, _)| *of == class.class);
                assert!(has || class.class == AssetClass::Option, "{}: {:?}", row.kind.name(), class.class);
            }
        }
    }
}
