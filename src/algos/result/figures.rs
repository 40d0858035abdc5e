//! What one file or one packet of LEAN says, in our words: every part may be missing.

use crate::domain::{
    algorithm::{AlgorithmEvent, AlgorithmOrder, CashRow, Holding},
    text::Text,
    time::Stamp,
};
use rust_decimal::Decimal;

/// One file or packet, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// What is held; nothing that is flat.
    pub holdings: Option<Vec<Holding>>,
    /// Money.
    pub cash: Option<Vec<CashRow>>,
    /// Of the figures.
    pub currency: Option<Text>,
    /// Orders.
    pub orders: Option<Vec<AlgorithmOrder>>,
    /// What happened to them.
    pub events: Vec<Told>,
    /// Equity, oldest first.
    pub curve: Vec<Sample>,
    /// Points of the curve that could not be read.
    pub unread: usize,
    /// Figures of the whole run.
    pub summary: Vec<(Text, Text)>,
    /// Figures of the moment.
    pub runtime: Option<Vec<(Text, Text)>>,
    /// Of the machine.
    pub server: Option<Vec<(Text, Text)>>,
    /// How the run is.
    pub state: Option<RunState>,
    /// LEAN's own names whose beginning is not what people say: contracts.
    pub names: Vec<(Text, Text)>,
}

/// An order event and its number within its order, which puts those of one moment in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `orderEventId`
    pub number: i64,
    /// It.
    pub event: AlgorithmEvent,
}

/// A point of the equity curve: where its interval began and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When its interval began.
    pub at: Stamp,
    /// Equity then.
    pub open: Decimal,
    /// Equity at its end.
    pub close: Decimal,
}

/// `state`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    /// `Status`
    pub word: Text,
    /// `StartTime`
    pub started: Option<Stamp>,
    /// Has it an `EndTime`?
    pub has_ended: bool,
    /// `RuntimeError`
    pub error: Option<Text>,
}
