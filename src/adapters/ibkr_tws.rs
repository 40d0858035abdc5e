//! Interactive Brokers through TWS or IB Gateway, which a person runs and logs in to: one socket for orders, market and
//! questions, by the client library `ibapi`.

pub mod auth;
pub mod config;
pub mod map;
pub mod rest;
pub mod session;
pub mod stream;
pub mod wire;

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
    transport::limit::Class,
};
use rust_decimal::Decimal;
use std::sync::Arc;
use tokio::sync::watch;

/// One account at Interactive Brokers.
#[derive(Debug)]
pub struct Tws {
    api: rest::Api,
    timing: stream::Timing,
    capability: Capability,
}

impl Tws {
    /// Nothing is sent yet.
    pub fn new(config: config::Config, clock: Arc<dyn Clock>) -> Self {
        Self {
            api: rest::Api::new(config, clock),
            timing: stream::Timing::default(),
            capability: capability(),
        }
    }

    /// With other times than the usual.
    #[must_use]
    pub fn with_timing(self, timing: stream::Timing) -> Self {
        Self { timing, ..self }
    }
}

/// IBKR's fixed prices (interactivebrokers.com, "Commissions"): the real ones come with each execution.
pub(super) fn fees() -> Vec<(AssetClass, FeeSchedule)> {
    let each = |thousandths: i64, least: i64| FeeSchedule {
        per_unit: Money::new(Decimal::new(thousandths, 3)),
        percent: Percent::new(Decimal::ZERO),
        least: Money::new(Decimal::new(least, 2)),
    };
    let share = |digits: i64, scale: u32, least: i64| FeeSchedule {
        least: Money::new(Decimal::new(least, 2)),
        ..FeeSchedule::percent(digits, scale)
    };
    vec![
        (AssetClass::Equity, each(5, 100)),
        (AssetClass::Option, each(650, 100)),
        // Of an index future, with what exchange and regulator take.
        (AssetClass::Future, each(2_250, 0)),
        (AssetClass::Forex, share(2, 3, 200)),
        (AssetClass::Cfd, each(5, 100)),
        (AssetClass::Crypto, share(18, 2, 175)),
    ]
}

/// What IBKR documents, and is written here.
pub(super) fn capability() -> Capability {
    let equity = ClassCapability {
        class: AssetClass::Equity,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![
            TifWord::Day,
            TifWord::Gtc,
            TifWord::Gtd,
            TifWord::Ioc,
            TifWord::Fok,
            TifWord::Opg,
            TifWord::Cls,
        ],
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
    let resting = vec![TifWord::Day, TifWord::Gtc, TifWord::Gtd, TifWord::Ioc];
    let option = ClassCapability {
        class: AssetClass::Option,
        tifs: resting.clone(),
        extended: false,
        ..equity.clone()
    };
    let future = ClassCapability { class: AssetClass::Future, tifs: resting.clone(), ..equity.clone() };
    let forex = ClassCapability {
        class: AssetClass::Forex,
        tifs: resting.clone(),
        fractional: true,
        extended: false,
        ..equity.clone()
    };
    let cfd = ClassCapability { class: AssetClass::Cfd, tifs: resting, ..forex.clone() };
    let crypto = ClassCapability {
        class: AssetClass::Crypto,
        kinds: vec![OrderKind::Market, OrderKind::Limit],
        tifs: vec![TifWord::Ioc],
        bracket: false,
        oco: false,
        oto: false,
        fractional: true,
        extended: false,
        short: false,
        replace: false,
        ..equity.clone()
    };
    Capability {
        classes: vec![equity, option, future, forex, cfd, crypto],
        cancel_all: true,
        requests_per_min: rest::REQUESTS_PER_MIN,
    }
}

impl Broker for Tws {
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
    /// TWS has no list of what it trades.
    fn symbols(&self) -> Answer<'_, Result<Vec<Symbol>, Fault>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
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
        Box::pin(stream::run(&self.api, self.timing, watched, sink))
    }
    fn leave(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
