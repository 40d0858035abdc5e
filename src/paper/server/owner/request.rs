//! What the owner can be asked, each with the way back for its answer.

use super::{Answer, Reply};
use crate::{
    domain::{
        ids::Symbol,
        money::{Price, Qty},
        time::Stamp,
    },
    paper::{
        account::{Density, EquityPoint},
        exchange::{CancelOutcome, CloseOutcome},
        faults::{Door, Kind as Asked, play::Mood},
        hours::Hours,
        order::{NewOrder, Portion, Replacement},
        refusal::Refusal,
        server::{
            answer::Refused,
            feed::Endpoint,
            quota::{Family, Left},
            record::Record,
            venue::{
                Ticks, Venue,
                activities::Page,
                faults::Knock,
                market::{self, Kind, Named, Sources},
                orders::{self, OrderKey, OrderQuery},
            },
            wire::{self, ConfigurationRequest, OrderBody},
            witness::Witness,
        },
    },
};
use bytes::Bytes;
use serde_json::Value;
use std::sync::{Arc, atomic::AtomicBool};
use tokio::sync::mpsc;
use uuid::Uuid;

/// One request.
pub(in crate::paper::server) enum Request {
    // What the script of faults makes of a request, or of an attempt to connect to a stream.
    Knock(Knock, Reply<Door>),
    Connect(Asked, Reply<Mood>),
    // What changes the account.
    Place(NewOrder, Reply<Result<OrderBody, Refusal>>),
    Replace(Uuid, Replacement, Reply<Result<OrderBody, Refusal>>),
    Cancel(Uuid, Reply<Result<(), Refusal>>),
    CancelAll(Reply<Vec<CancelOutcome>>),
    Close(String, Portion, Reply<Result<OrderBody, Refusal>>),
    /// With all working orders cancelled before, if `true`.
    CloseAll(bool, Reply<Vec<CloseOutcome>>),
    Configure(ConfigurationRequest, Reply<Result<Value, Refused>>),
    // Places in the streams, and in the minute's count of requests.
    /// With what says that it follows order books.
    ClaimFeed(&'static Endpoint, Arc<AtomicBool>, Reply<Option<mpsc::Receiver<Ticks>>>),
    Listen(Reply<Option<mpsc::Receiver<Bytes>>>),
    Count(Family, Stamp, Reply<Left>),
    // The account.
    Account(Reply<Value>),
    Configuration(Reply<Value>),
    Activities(Page, Reply<Vec<Value>>),
    /// With the venue's time.
    Curve(Density, Reply<(Stamp, Vec<EquityPoint>)>),
    Positions(Reply<Vec<Value>>),
    /// Units that somebody offers at a price, `true` for a seller: who runs the venue can have it, no client.
    Offer(Symbol, bool, Price, Qty, Reply<bool>),
    /// Past every fault: no client can ask for it.
    Witness(Reply<Witness>),
    Position(String, Reply<Option<Value>>),
    Orders(OrderQuery, Reply<Vec<OrderBody>>),
    /// With its legs under it, if `true`.
    Order(OrderKey, bool, Reply<Option<OrderBody>>),
    // The market.
    Assets(Reply<Vec<Value>>),
    Asset(String, Reply<Option<Value>>),
    /// With the venue's time.
    Hours(Reply<(Stamp, Hours)>),
    Latest(Named, Kind, Reply<Record>),
    LatestOf(String, Kind, Reply<Option<Record>>),
    Snapshots(Named, Reply<Record>),
    SnapshotOf(String, Reply<Option<Record>>),
    History(Named, Kind, Reply<Sources>),
    HistoryOf(String, Kind, Reply<Option<(Symbol, Sources)>>),
}

impl Venue {
    /// Does what is asked. The answer is told once everything it rests on is saved.
    pub(in crate::paper::server) fn answer(&mut self, request: Request) -> Answer {
        match self.lag_of(&request) {
            Some(ms) => self.as_of(ms, |venue| venue.answer_now(request)),
            None => self.answer_now(request),
        }
    }

    fn answer_now(&mut self, request: Request) -> Answer {
        match request {
            Request::Knock(knock, to) => to.hold(self.knock(knock)),
            Request::Connect(kind, to) => to.hold(self.connect(kind)),
            Request::Place(order, to) => to.hold(self.place(order)),
            Request::Replace(id, change, to) => to.hold(self.replace(id, change)),
            Request::Cancel(id, to) => to.hold(self.cancel(id)),
            Request::CancelAll(to) => to.hold(self.cancel_all()),
            Request::Close(symbol, portion, to) => to.hold(self.close(&symbol, portion)),
            Request::CloseAll(cancel_orders, to) => to.hold(self.close_all(cancel_orders)),
            Request::Configure(new, to) => to.hold(self.configure(new)),
            Request::ClaimFeed(endpoint, books, to) => to.hold(self.claim_feed(endpoint, books)),
            Request::Listen(to) => to.hold(self.listen()),
            Request::Count(family, now, to) => to.hold(self.quota.count(family, now)),
            Request::Account(to) => to.hold(wire::account(&self.exchange.account(), self.now())),
            Request::Configuration(to) => to.hold(wire::configurations(&self.exchange.configuration())),
            Request::Activities(page, to) => to.hold(page.cut(&self.exchange)),
            Request::Curve(density, to) => to.hold((self.now(), self.exchange.equity_curve(density))),
            Request::Offer(symbol, seller, price, size, to) => {
                to.hold(self.change().offer_once(&symbol, seller, price, size))
            }
            Request::Witness(to) => to.hold(self.witness()),
            Request::Positions(to) => to.hold(self.exchange.positions().iter().map(wire::position).collect()),
            Request::Position(symbol, to) => {
                to.hold(self.exchange.position(&symbol).as_ref().map(wire::position))
            }
            Request::Orders(asked, to) => to.hold(orders::orders(self, asked)),
            Request::Order(key, nested, to) => to.hold(orders::order(self, &key, nested)),
            Request::Assets(to) => to.hold(self.exchange.assets().iter().map(wire::asset).collect()),
            Request::Asset(word, to) => to.hold(self.exchange.asset(&word).map(wire::asset)),
            Request::Hours(to) => to.hold((self.now(), self.exchange.setup().hours)),
            Request::Latest(asked, kind, to) => to.hold(market::latest(self, &asked, kind)),
            Request::LatestOf(word, kind, to) => to.hold(market::latest_of(self, &word, kind)),
            Request::Snapshots(asked, to) => to.hold(market::snapshots(self, &asked)),
            Request::SnapshotOf(word, to) => to.hold(market::snapshot_of(self, &word)),
            Request::History(asked, kind, to) => to.hold(Sources::named(self, &asked, kind)),
            Request::HistoryOf(word, kind, to) => to.hold(Sources::of_stock(self, &word, kind)),
        }
    }

    fn configure(&mut self, request: ConfigurationRequest) -> Result<Value, Refused> {
        let new = request.apply(self.exchange.configuration())?;
        self.change().configure(new)?;
        Ok(wire::configurations(&self.exchange.configuration()))
    }
}
