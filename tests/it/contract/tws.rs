//! Interactive Brokers' stand: the stand-in of IB Gateway, in this process.

mod classes;
mod fields;
mod gateway;
mod markets;
mod own;
mod serve;

use self::{
    gateway::{Gateway, Mishap, Then, dec},
    serve::Running,
};
use super::{Fate, On, Stand};
use crate::loopback::Reply as Raw;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// What is traded there while the contract is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Stock,
    Option,
    Future,
    Pair,
}

pub(crate) struct Tws {
    running: Running,
    kind: Kind,
}

impl Tws {
    pub(crate) fn start() -> Self {
        Self::trading(Kind::Stock)
    }
    pub(crate) fn trading(kind: Kind) -> Self {
        Self { running: Running::start(|_| {}), kind }
    }
    pub(crate) fn addr(&self) -> std::net::SocketAddr {
        self.running.addr()
    }
}

/// What goes wrong on a way without statuses and bodies.
fn then(reply: &Raw) -> Then {
    match reply {
        Raw::Json(400, _) => Then::Error(10_999, "timed out"),
        Raw::Json(500.., _) => Then::Error(322, "Error processing request.-'bN' : cause - internal"),
        Raw::Json(_, body) if body.is_empty() => Then::Silence,
        Raw::Json(..) => Then::Truncated,
        Raw::Full(500.., ..) => Then::Garbage,
        Raw::Full(..) => Then::Stranger,
        Raw::Raw(_) | Raw::Silence | Raw::Drip | Raw::Gone => Then::HangUp,
    }
}

impl Stand for Tws {
    fn config(&self) -> String {
        format!(
            "[watchlist]\nsymbols = [\"{}\"]\n[venues.stand]\nkind = \"ibkr\"\nenvironment = \"paper\"\n\
             hours = \"always\"\naddress = \"{}\"\n",
            self.market().0,
            self.running.addr()
        )
    }
    fn market(&self) -> (&'static str, &'static str) {
        match self.kind {
            Kind::Stock => ("AAPL", "10"),
            Kind::Option => ("SPX261218C06000000", "4"),
            Kind::Future => ("MESZ6", "6"),
            Kind::Pair => ("EUR/USD", "20000"),
        }
    }
    fn lines(&self) -> Vec<String> {
        let (symbol, qty) = self.market();
        let half = dec(qty) / Decimal::TWO;
        let trail = match self.kind {
            Kind::Stock | Kind::Future => "3.50",
            Kind::Option => "15.00",
            Kind::Pair => "0.0035",
        };
        let mut lines = vec![
            format!("buy {symbol} {qty} limit -4% gtc"),
            format!("buy {symbol} {qty} limit -4% day"),
            format!("buy {symbol} {qty} limit -4% gtd +3d"),
            format!("buy {symbol} {qty} trigger +4% gtc"),
            format!("buy {symbol} {qty} trigger +4% limit +4.5% gtc"),
            format!("buy {symbol} {qty} trail 4% gtc"),
            format!("sell {symbol} {half} limit +4% gtc"),
            format!("sell {symbol} {half} trigger -4% gtc"),
            format!("sell {symbol} {half} trail {trail} gtc"),
            format!("protect {symbol} stop -3%"),
            format!("protect {symbol} stop -3% target +3%"),
            format!("buy {symbol} {qty} limit -4% gtc stop -10%"),
            format!("buy {symbol} {qty} limit -4% gtc target +10%"),
            format!("buy {symbol} {qty} limit -4% gtc stop -10% target +10%"),
        ];
        // Where nothing is regular beside what is not, nobody asks for more hours.
        if matches!(self.kind, Kind::Stock | Kind::Future) {
            lines.push(format!("buy {symbol} {qty} limit -4% day ext"));
        }
        lines
    }
    fn bracket(&self) -> Option<String> {
        let (symbol, qty) = self.market();
        Some(format!("buy {symbol} {qty} limit -4% gtc stop -10% target +10%"))
    }
    fn fate(&self, on: On, fate: Fate) {
        let id = match on {
            On::Place => 3,
            // A place of a number that is known.
            On::Replace => -3,
            On::Cancel => 4,
        };
        let mishap = match (&fate, on) {
            (Fate::Done(reply), _) => Mishap { done: true, then: then(reply) },
            (Fate::Undone(reply), _) => Mishap { done: false, then: then(reply) },
            (Fate::Refused, On::Place) => {
                Mishap { done: false, then: Then::Error(201, "Order rejected - reason:not today") }
            }
            (Fate::Refused, On::Replace) => Mishap {
                done: false,
                then: Then::Error(105, "Order being modified does not match original order"),
            },
            (Fate::Refused, On::Cancel) => {
                Mishap { done: false, then: Then::Error(10_148, "OrderId can not be cancelled") }
            }
            (Fate::TooMany(_), _) => Mishap {
                done: false,
                then: Then::Error(100, "Max rate of messages per second has been exceeded"),
            },
        };
        self.running.with(|gateway| gateway.mishaps.push_back((id, mishap)));
    }
    fn sent(&self) -> Vec<String> {
        self.running.with(|gateway| gateway.placed.clone())
    }
    fn open(&self) -> BTreeSet<String> {
        self.running.with(|gateway| gateway.open_names())
    }
    fn held(&self, symbol: &str) -> Decimal {
        self.running.with(|gateway| gateway.positions.get(symbol).map_or(Decimal::ZERO, |(held, _)| *held))
    }
    fn deaf(&self, is_deaf: bool) {
        self.running.with(|gateway| gateway.is_deaf = is_deaf);
    }
    fn cut(&self) {
        self.running.with(Gateway::hang_up);
    }
    /// The gateway restarts once a day.
    fn expire(&self) -> bool {
        self.running.with(Gateway::hang_up);
        true
    }
    fn reach(&self, client: &str, parts: u32) -> bool {
        self.running.with(|gateway| {
            let index = gateway.by_name(client).unwrap();
            let order = gateway.orders[index].clone();
            let step = (order.qty / Decimal::from(parts)).floor();
            let price = dec(&order.limit.unwrap().to_string());
            for part in 1..=parts {
                let qty = if part == parts { order.qty - step * Decimal::from(parts - 1) } else { step };
                gateway.fill(index, qty, price);
            }
        });
        true
    }
    fn scramble(&self, act: &mut dyn FnMut()) -> bool {
        self.running.with(|gateway| (gateway.kept, gateway.copies) = (Some(Vec::new()), 2));
        act();
        self.running.with(|gateway| {
            gateway.let_go(true);
            gateway.copies = 1;
        });
        true
    }
    fn skew(&self, ms: i64) -> bool {
        self.running.with(|gateway| gateway.skew_ms = ms);
        true
    }
    fn strange(&self, word: Option<&'static str>) -> bool {
        self.running.with(|gateway| gateway.strange_word = word);
        true
    }
    fn forbid(&self) -> bool {
        self.running.with(|gateway| gateway.is_read_only = true);
        true
    }
    /// What is changed in place goes on under its own name in the book too.
    fn keeps_names(&self) -> bool {
        false
    }
    fn is_gateway(&self) -> bool {
        true
    }
    fn replaces(&self) -> bool {
        true
    }
    fn halves(&self) -> bool {
        false
    }
}
