//! What the exchange does with orders, told as scenarios: the floor on which they are played.

use crate::domain::{
    ids::Symbol,
    money::{Money, Percent, Price, Qty, Ratio},
    order::{OrderKind, Side, StopLeg, Tif},
    time::Stamp,
};
use crate::paper::{
    account::{Density, Detail},
    event::{Event, OrderUpdate, UpdateKind},
    exchange::{Exchange, Saved, Setup},
    hours::Hours,
    models::Model,
    order::{Class, NewOrder, Order, OrderFilter, Portion, Replacement, Status, Which},
    refusal::Refusal,
    walk::tick_of,
};
use rust_decimal::Decimal;
use uuid::Uuid;

mod accounts;
mod days;
mod fills;
mod groups;
mod random;
mod refusals;

fn stamp(text: &str) -> Stamp {
    Stamp::parse_rfc3339(text).unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

struct Floor {
    x: Exchange,
    now: Stamp,
    log: Vec<OrderUpdate>,
}

impl Floor {
    fn of(setup: Setup) -> Self {
        let now = setup.start;
        Self { x: Exchange::new(setup), now, log: Vec::new() }
    }
    fn open() -> Self {
        Self::of(Setup::new(1, stamp("2026-11-20T15:00:00Z")))
    }
    fn model(model: Model) -> Self {
        Self::of(Setup { model, ..Setup::new(1, stamp("2026-11-20T15:00:00Z")) })
    }
    fn sessions(at: &str) -> Self {
        Self::of(Setup { hours: Hours::UsSessions, ..Setup::new(1, stamp(at)) })
    }
    fn keep(&mut self, events: Vec<Event>) {
        for event in events {
            if let Event::Order(update) = event {
                self.log.push(*update);
            }
        }
    }
    /// Lets time pass.
    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        let events = self.x.advance(self.now);
        self.keep(events);
    }
    fn wait_for(&mut self, what: &str, mut is: impl FnMut(&Exchange) -> bool) {
        for _ in 0..40_000 {
            if is(&self.x) {
                return;
            }
            self.wait(250);
        }
        panic!("never: {what}");
    }
    /// Puts the market where the test wants it, with enough to trade, and lets the orders see it.
    fn show(&mut self, symbol: &str, bid: &str, ask: &str, size: &str) {
        let line = self.x.lines.iter_mut().find(|l| l.symbol().as_str() == symbol).unwrap();
        let q = &mut line.face.quote;
        (q.bid, q.ask, q.bid_size, q.ask_size) = (price(bid), price(ask), qty(size), qty(size));
        line.face.trade.price = price(bid);
        self.x.match_all();
        let events = self.x.drain();
        self.keep(events);
    }
    /// A one-cent market around a price, the last print at it.
    fn trade_at(&mut self, symbol: &str, at: &str) {
        self.show(symbol, at, at, "1000000");
    }
    fn place(&mut self, order: NewOrder) -> Result<Order, Refusal> {
        let placed = self.x.place(self.now, order);
        let events = self.x.drain();
        self.keep(events);
        placed
    }
    /// Places an order and lets it reach the market.
    fn send(&mut self, order: NewOrder) -> Uuid {
        let id = self.place(order).unwrap().id;
        self.wait(self.x.setup().model.rules().latency_ms);
        id
    }
    fn get(&self, id: Uuid) -> Order {
        self.x.order(id).unwrap().clone()
    }
    fn status(&self, id: Uuid) -> Status {
        self.get(id).status
    }
    fn kinds(&self, id: Uuid) -> Vec<&'static str> {
        self.log.iter().filter(|u| u.order.id == id).map(|u| u.kind.word()).collect()
    }
    fn held(&self, symbol: &str) -> String {
        self.x.position(symbol).map_or("0".into(), |p| p.qty.to_string())
    }
}

fn market(symbol: &str, side: Side, q: &str) -> NewOrder {
    NewOrder::market(symbol, side, qty(q))
}

fn limit(symbol: &str, side: Side, q: &str, at: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit, limit: Some(price(at)), ..market(symbol, side, q) }
}

fn stop(symbol: &str, side: Side, q: &str, at: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Stop, stop: Some(price(at)), ..market(symbol, side, q) }
}

fn bracket(q: &str, target: &str, stop: &str) -> NewOrder {
    NewOrder {
        class: Class::Bracket,
        take_profit: Some(price(target)),
        stop_loss: Some(StopLeg { stop: price(stop), limit: None }),
        ..market("AAPL", Side::Buy, q)
    }
}
