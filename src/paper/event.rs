//! What the paper venue tells: market data and order updates.

use super::order::Order;
use crate::domain::{
    ids::Symbol,
    money::{Price, Qty, SignedQty},
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The best bid or ask changed.
    Quote(Quote),
    /// A print.
    Trade(Trade),
    /// A minute is over.
    MinuteBar(Bar),
    /// An order changed.
    Order(Box<OrderUpdate>),
}

/// The best bid and ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Of what.
    pub symbol: Symbol,
    /// Best bid.
    pub bid: Price,
    /// Units bid for.
    pub bid_size: Qty,
    /// Best ask.
    pub ask: Price,
    /// Units asked for.
    pub ask_size: Qty,
    /// Since.
    pub at: Stamp,
}

/// A print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Of what.
    pub symbol: Symbol,
    /// Its number, unique for the instrument.
    pub id: u64,
    /// At.
    pub price: Price,
    /// Units.
    pub size: Qty,
    /// Did the buyer take?
    pub taker_buys: bool,
    /// When.
    pub at: Stamp,
}

/// Open, high, low, close and volume of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Of what.
    pub symbol: Symbol,
    /// Where it starts.
    pub at: Stamp,
    /// First price.
    pub open: Price,
    /// Highest.
    pub high: Price,
    /// Lowest.
    pub low: Price,
    /// Last.
    pub close: Price,
    /// Units traded.
    pub volume: Qty,
    /// Prints.
    pub trades: u64,
    /// Average price, by volume.
    pub vwap: Price,
}

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    /// Received while the market is closed.
    Accepted,
    /// Received.
    PendingNew,
    /// Working.
    New,
    /// Filled in part.
    PartialFill,
    /// Filled completely.
    Fill,
    /// No more today.
    DoneForDay,
    /// A cancel is on its way.
    PendingCancel,
    /// Cancelled.
    Canceled,
    /// Its time in force ended.
    Expired,
    /// A replacement is on its way.
    PendingReplace,
    /// Another took its place.
    Replaced,
    /// Refused after it was received.
    Rejected,
    /// The cancel came too late.
    OrderCancelRejected,
    /// The replacement came too late.
    OrderReplaceRejected,
    /// Its quantity was cut by what its sibling filled.
    Restated,
}

impl UpdateKind {
    /// The venue's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::PendingNew => "pending_new",
            Self::New => "new",
            Self::PartialFill => "partial_fill",
            Self::Fill => "fill",
            Self::DoneForDay => "done_for_day",
            Self::PendingCancel => "pending_cancel",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::PendingReplace => "pending_replace",
            Self::Replaced => "replaced",
            Self::Rejected => "rejected",
            Self::OrderCancelRejected => "order_cancel_rejected",
            Self::OrderReplaceRejected => "order_replace_rejected",
            Self::Restated => "restated",
        }
    }
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its id, unique at the venue.
    pub id: Uuid,
    /// At.
    pub price: Price,
    /// Units.
    pub qty: Qty,
    /// The position after it.
    pub position_qty: SignedQty,
}

/// An order's change, with the order as it stands after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderUpdate {
    /// What happened.
    pub kind: UpdateKind,
    /// When.
    pub at: Stamp,
    /// The order after it.
    pub order: Order,
    /// Its legs.
    pub legs: Vec<Order>,
    /// The execution, of a fill.
    pub execution: Option<Execution>,
}
