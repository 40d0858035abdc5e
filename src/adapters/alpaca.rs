//! Alpaca, and whoever speaks its public API: stocks, options and coins by REST, `trade_updates` and the
//! market-data streams.

mod auth;
pub mod book;
pub mod config;
mod conflate;
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
use std::sync::Arc;
use tokio::sync::watch;

/// One account at Alpaca.
#[derive(Debug)]
pub struct Alpaca {
    api: rest::Api,
    tls: Tls,
    timing: stream::Timing,
    capability: Capability,
}

impl Alpaca {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When a key can't stand in a header.
    pub fn new(config: config::Config, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self {
            api: rest::Api::new(config, tls, clock)?,
            tls: tls.clone(),
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

/// Alpaca's taker fee for crypto at the lowest tier; stocks are free (its fee schedule of 2025).
pub(super) fn fees() -> Vec<(AssetClass, FeeSchedule)> {
    vec![(AssetClass::Equity, FeeSchedule::default()), (AssetClass::Crypto, FeeSchedule::percent(25, 2))]
}

/// What Alpaca documents.
pub(super) fn capability() -> Capability {
    let none = ClassCapability {
        class: AssetClass::Equity,
        kinds: Vec::new(),
        tifs: Vec::new(),
        bracket: false,
        oco: false,
        oto: false,
        waits_on_limits: false,
        fractional: false,
        notional: false,
        extended: false,
        post_only: false,
        reduce_only: false,
        short: false,
        replace: true,
        iceberg: false,
    };
    let equity = ClassCapability {
        class: AssetClass::Equity,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![TifWord::Day, TifWord::Gtc, TifWord::Ioc, TifWord::Fok, TifWord::Opg, TifWord::Cls],
        bracket: true,
        oco: true,
        oto: true,
        fractional: true,
        notional: true,
        extended: true,
        short: true,
        ..none.clone()
    };
    let crypto = ClassCapability {
        class: AssetClass::Crypto,
        kinds: vec![OrderKind::Market, OrderKind::Limit, OrderKind::StopLimit],
        tifs: vec![TifWord::Gtc, TifWord::Ioc],
        fractional: true,
        notional: true,
        ..none.clone()
    };
    let option = ClassCapability {
        class: AssetClass::Option,
        kinds: vec![OrderKind::Market, OrderKind::Limit],
        tifs: vec![TifWord::Day],
        ..none
    };
    Capability {
        classes: vec![equity, crypto, option],
        cancel_all: true,
        requests_per_min: rest::REQUESTS_PER_MIN,
    }
}

impl Broker for Alpaca {
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
mod loopback;
#[cfg(test)]
mod tests;
