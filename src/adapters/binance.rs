//! Binance: coins on its two exchanges, and perpetual contracts whose margin is a dollar coin or the coin itself. Requests
//! are signed; order news come over the websocket API, or over a key that must be kept alive; of coins the balances are the
//! positions.

mod auth;
pub mod book;
pub mod config;
pub mod map;
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
        order::{OrderKind, Submission},
        quote::{Bar, Interval, Quote},
        report::{OrderReport, VenueReport},
        time::Stamp,
    },
    risk::permit::{Cleared, Reducing},
    transport::{limit::Class, tls::Tls},
};
use config::Product;
use std::sync::Arc;
use tokio::sync::watch;

/// One account at one of Binance's exchanges.
#[derive(Debug)]
pub struct Binance {
    api: rest::Api,
    tls: Tls,
    timing: stream::Timing,
    capability: Capability,
}

impl Binance {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When a key can't stand in a header, or is no usable private key.
    pub fn new(config: config::Config, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let capability = capability(config.product);
        Ok(Self {
            api: rest::Api::new(config, tls, clock)?,
            tls: tls.clone(),
            timing: stream::Timing::default(),
            capability,
        })
    }

    /// With other times than the usual.
    #[must_use]
    pub fn with_timing(self, timing: stream::Timing) -> Self {
        Self { timing, ..self }
    }
}

/// Taker fees at the lowest tier, without discounts; those of Binance.US differ by pair and are taken to be no lower.
pub(super) fn fees(product: Product) -> Vec<(AssetClass, FeeSchedule)> {
    match product {
        Product::Spot | Product::Us => vec![(AssetClass::Crypto, FeeSchedule::percent(1, 1))],
        // What is taken when a contract ends is not among them.
        Product::Usdm | Product::Coinm => [AssetClass::Perpetual, AssetClass::Future]
            .map(|class| (class, FeeSchedule::percent(5, 2)))
            .to_vec(),
    }
}

/// What Binance documents. What only some symbols have is refused for the others when it is asked of them.
pub(super) fn capability(product: Product) -> Capability {
    let is_world = product == Product::Spot;
    let is_futures = product.is_futures();
    let kinds = match product {
        Product::Spot | Product::Usdm | Product::Coinm => OrderKind::ALL.to_vec(),
        Product::Us => vec![OrderKind::Market, OrderKind::Limit, OrderKind::StopLimit],
    };
    let mut tifs = vec![TifWord::Gtc, TifWord::Ioc, TifWord::Fok];
    // Orders on contracts that are paid in coins have no such parameter (openapi-cmfutures.yaml, POST /dapi/v1/order).
    let has_date = is_futures && !product.is_paid_in_coins();
    tifs.extend(has_date.then_some(TifWord::Gtd));
    let coins = ClassCapability {
        class: if is_futures { AssetClass::Perpetual } else { AssetClass::Crypto },
        kinds,
        tifs,
        bracket: is_world,
        oco: !is_futures,
        oto: is_world,
        waits_on_limits: is_world,
        // Contracts are whole.
        fractional: !product.is_paid_in_coins(),
        notional: !is_futures,
        extended: false,
        post_only: true,
        reduce_only: is_futures,
        short: is_futures,
        replace: true,
        iceberg: !is_futures,
    };
    // Contracts that end take the same orders.
    let ends = is_futures.then(|| ClassCapability { class: AssetClass::Future, ..coins.clone() });
    Capability {
        classes: std::iter::once(coins).chain(ends).collect(),
        // Symbol by symbol there, in one go here.
        cancel_all: true,
        requests_per_min: rest::weight_per_min(product),
    }
}

impl Broker for Binance {
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
        Box::pin(self.api.leave())
    }
}

#[cfg(test)]
#[path = "../../tests/it/loopback.rs"]
#[expect(clippy::duplicate_mod, reason = "no venue names another, and each has the same loopback")]
#[expect(dead_code, reason = "only its requests are answered here; its streams are those of the contract")]
mod loopback;
#[cfg(test)]
mod tests;
