//! Interactive Brokers by its Client Portal gateway: a program on this computer that a person logs in to with a browser.
//! Requests and one websocket; orders may be answered with questions, which the user's rules answer and nothing else.

mod auth;
pub mod config;
pub mod map;
pub mod memory;
pub mod rest;
pub mod session;
pub mod stream;
pub mod wire;

use super::Error;
use crate::{
    broker::{
        Broker, Capability, Fault, OrderRef, Outcome, Proof, Release, Replacement, Sink, Wanted, Watched,
        capability::{ClassCapability, TifWord},
        port::Answer,
    },
    clock::Clock,
    domain::{
        fee::FeeSchedule,
        ids::{InstrumentId, Symbol, VenueId},
        instrument::{AssetClass, Instrument},
        money::{Money, Percent},
        order::{OrderKind, Submission},
        quote::{Bar, Interval, Quote},
        report::{OrderReport, VenueReport},
        time::Stamp,
    },
    risk::permit::{Cleared, Reducing},
    transport::{limit::Class, tls::Tls},
};
use rust_decimal::Decimal;
use std::sync::Arc;
use tokio::sync::watch;

/// One account behind a gateway.
#[derive(Debug)]
pub struct Portal {
    api: rest::Api,
    tls: Tls,
    timing: stream::Timing,
    capability: Capability,
}

impl Portal {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the pinned certificate is none.
    pub fn new(config: config::Config, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let tls = auth::trust(&config, tls)?;
        Ok(Self {
            api: rest::Api::new(config, &tls, clock)?,
            tls,
            timing: stream::Timing::default(),
            capability: capability(),
        })
    }

    /// With other times than the usual.
    #[must_use]
    pub fn with_timing(self, timing: stream::Timing) -> Self {
        Self { timing, ..self }
    }
}

/// Fixed prices in United States dollars (the vendor's page on commissions of 2025): half a cent a share, 65 cents a
/// contract, and a dollar an order at the least.
pub(super) fn fees() -> Vec<(AssetClass, FeeSchedule)> {
    let each = |digits, scale| FeeSchedule {
        per_unit: Money::new(Decimal::new(digits, scale)),
        percent: Percent::default(),
        least: Money::new(Decimal::ONE),
    };
    vec![(AssetClass::Equity, each(5, 3)), (AssetClass::Option, each(65, 2))]
}

/// What the vendor documents of the gateway, and is written here. Orders in futures would have to say whether a person gave
/// them, and who operates (`manualIndicator` and `extOperator`: "Orders for USFUT products that do not include this field
/// will be rejected", its specification 2.28), and currencies are balances there; both are watched only.
pub(super) fn capability() -> Capability {
    let stock = ClassCapability {
        class: AssetClass::Equity,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![TifWord::Day, TifWord::Gtc, TifWord::Ioc, TifWord::Opg],
        bracket: true,
        oco: true,
        oto: true,
        waits_on_limits: false,
        fractional: false,
        notional: false,
        extended: true,
        post_only: false,
        reduce_only: false,
        short: true,
        replace: true,
        iceberg: false,
    };
    let option = ClassCapability {
        class: AssetClass::Option,
        tifs: vec![TifWord::Day, TifWord::Gtc, TifWord::Ioc],
        extended: false,
        ..stock.clone()
    };
    Capability {
        classes: vec![stock, option],
        cancel_all: true,
        requests_per_min: rest::pace::REQUESTS_PER_MIN,
    }
}

impl Broker for Portal {
    fn venue(&self) -> &VenueId {
        &self.api.config().venue
    }
    fn capability(&self) -> &Capability {
        &self.capability
    }
    fn prove(&self) -> Answer<'_, Result<Proof, Fault>> {
        Box::pin(self.api.prove())
    }
    fn submit(&self, order: Cleared<Submission>, release: Release) -> Answer<'_, Outcome<Vec<OrderReport>>> {
        Box::pin(async move { self.api.submit(&order.spend(), Class::Entry, release).await })
    }
    fn reduce(&self, order: Reducing<Submission>) -> Answer<'_, Outcome<Vec<OrderReport>>> {
        Box::pin(async move { self.api.submit(&order.spend(), Class::Exit, Release::given()).await })
    }
    fn replace(&self, change: Cleared<Replacement>) -> Answer<'_, Outcome<Vec<OrderReport>>> {
        Box::pin(async move { self.api.replace(&change.spend()).await })
    }
    fn cancel(&self, order: OrderRef) -> Answer<'_, Outcome<()>> {
        Box::pin(async move { self.api.cancel(&order).await })
    }
    fn cancel_all(&self) -> Answer<'_, Outcome<()>> {
        Box::pin(self.api.cancel_all())
    }
    fn find(&self, order: OrderRef) -> Answer<'_, Result<Vec<OrderReport>, Fault>> {
        Box::pin(async move { self.api.find(&order).await })
    }
    fn report(&self, wanted: Wanted) -> Answer<'_, VenueReport> {
        Box::pin(async move { self.api.report(&wanted).await })
    }
    fn instruments(&self, symbols: Vec<Symbol>) -> Answer<'_, Result<Vec<Instrument>, Fault>> {
        Box::pin(self.api.instruments(symbols))
    }
    fn symbols(&self) -> Answer<'_, Result<Vec<Symbol>, Fault>> {
        Box::pin(self.api.symbols())
    }
    fn quotes(&self, symbols: Vec<Symbol>) -> Answer<'_, Result<Vec<Quote>, Fault>> {
        Box::pin(async move { self.api.quotes(&symbols).await })
    }
    fn bars(
        &self,
        instrument: InstrumentId,
        interval: Interval,
        count: u32,
        before: Option<Stamp>,
    ) -> Answer<'_, Result<Vec<Bar>, Fault>> {
        Box::pin(async move { self.api.bars(&instrument, interval, count, before).await })
    }
    fn stream(&self, watched: watch::Receiver<Watched>, sink: Sink) -> Answer<'_, ()> {
        Box::pin(stream::run(&self.api, &self.tls, self.timing, watched, sink))
    }
    fn leave(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
#[path = "../../tests/it/loopback.rs"]
#[expect(clippy::duplicate_mod, reason = "no venue names another, and each has the same loopback")]
#[expect(dead_code, reason = "only its requests are answered here; its streams are those of the contract")]
mod loopback;
#[cfg(test)]
mod tests;
