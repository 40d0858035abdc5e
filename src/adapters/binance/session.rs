//! What is said on Binance's streams, as pure machines: a line comes in, and what has to be done comes out. Opening,
//! waiting and closing is the business of `stream`.

mod data;
mod orders;

pub use data::{Data, Kinds};
pub use orders::Orders;

use super::{book::Snapshot, map::rules::Directory};
use crate::{
    broker::{Channel, Event, Market, Watched},
    domain::{ids::Symbol, text::Text, time::Now},
};

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// Send the login. It is signed where it is sent, so that no key stands here.
    Login,
    /// Send this.
    Send(String),
    /// Everything that was asked for is there.
    Ready,
    /// Ask for the quotes of these as they are.
    Fetch(Vec<Symbol>),
    /// Ask for this order book as it is.
    FetchBook(Symbol),
    /// Order news.
    Event(Event),
    /// Market news.
    Market(Market),
    /// What is known of the symbols is old: it is read anew before it is used again.
    ForgetRules,
    /// The venue says that our time is off.
    TimeIsOff,
    /// This connection is of no use: close it and connect again later.
    Drop(Text),
    /// So is every further one, until a person acts.
    Dead(Text),
}

/// One of the two protocols.
#[derive(Debug)]
pub enum Session {
    /// Order news.
    Orders(Orders),
    /// Market news.
    Data(Data),
}

impl Session {
    /// Which connection it is.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Orders(_) => Channel::Orders,
            Self::Data(data) => data.channel(),
        }
    }
    /// Is there anything to connect for?
    pub fn is_wanted(&self) -> bool {
        match self {
            Self::Orders(_) => true,
            Self::Data(data) => data.is_wanted(),
        }
    }
    /// The websocket stands.
    pub fn opened(&mut self, directory: &Directory, out: &mut Vec<Say>) {
        match self {
            Self::Orders(orders) => orders.opened(out),
            Self::Data(data) => data.opened(directory, out),
        }
    }
    /// A message.
    pub fn line(&mut self, line: &str, directory: &Directory, now: Now, out: &mut Vec<Say>) {
        match self {
            Self::Orders(orders) => orders.line(line, directory, out),
            Self::Data(data) => data.line(line, directory, now, out),
        }
    }
    /// This is wanted now.
    pub fn watch(&mut self, watched: &Watched, directory: &Directory, out: &mut Vec<Say>) {
        match self {
            Self::Orders(_) => {}
            Self::Data(data) => data.watch(watched, directory, out),
        }
    }
    /// An order book came, or could not be had.
    pub fn book(&mut self, symbol: &Symbol, told: Option<Snapshot>, now: Now, out: &mut Vec<Say>) {
        match self {
            Self::Orders(_) => {}
            Self::Data(data) => data.book(symbol, told, now, out),
        }
    }
    /// Is anything subscribed that speaks by itself?
    pub fn is_subscribed(&self) -> bool {
        match self {
            Self::Orders(_) => false,
            Self::Data(data) => data.is_subscribed(),
        }
    }
}
