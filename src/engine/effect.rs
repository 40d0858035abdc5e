//! What the engine wants done.

use super::input::{Front, Timer};
use crate::{
    broker::{OrderRef, Replacement, Wanted, Watched},
    desk::{Receipt, RequestId},
    domain::{
        algorithm::Instruction,
        fact::Dated,
        ids::{InstrumentId, Symbol, VenueId},
        notice::Notice,
        order::Submission,
        quote::Interval,
        time::Stamp,
    },
    risk::permit::{Cleared, Reducing},
};
use smol_str::SmolStr;

/// A question to a venue. Questions change nothing and may be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Whose account is this, and is it what was configured?
    Prove,
    /// Which symbols are there?
    Symbols,
    /// The rules of these.
    Instruments(Vec<Symbol>),
    /// Everything.
    Report(Wanted),
    /// One order.
    Find(OrderRef),
    /// Bars for a front end.
    Bars {
        /// Who asked.
        front: Front,
        /// In which request.
        id: RequestId,
        /// Of what.
        instrument: InstrumentId,
        /// How long each.
        interval: Interval,
        /// How many at the most.
        count: u32,
        /// Only bars that begin before this; `None` is up to now.
        before: Option<Stamp>,
    },
}

/// Something to do. The shell does it after the facts of the same step are durable.
#[derive(Debug)]
pub enum Effect {
    /// Send an order that may open risk.
    Submit {
        /// Where.
        venue: VenueId,
        /// What.
        order: Cleared<Submission>,
    },
    /// Send an order that only reduces.
    Reduce {
        /// Where.
        venue: VenueId,
        /// What.
        order: Reducing<Submission>,
    },
    /// Change a working order.
    Replace {
        /// Where.
        venue: VenueId,
        /// What; it is larger than any other effect.
        change: Box<Cleared<Replacement>>,
    },
    /// Cancel an order.
    Cancel {
        /// Where.
        venue: VenueId,
        /// Which.
        order: OrderRef,
    },
    /// Cancel everything at a venue.
    CancelAll {
        /// Where.
        venue: VenueId,
    },
    /// Ask a venue something.
    Ask {
        /// Where.
        venue: VenueId,
        /// What.
        ask: Ask,
        /// For an exit: from the reserve, before other questions.
        exit: bool,
    },
    /// What is wanted of a venue's market, all of it.
    Watch {
        /// Where.
        venue: VenueId,
        /// What.
        watched: Watched,
    },
    /// Ask an algorithm for something that opens nothing.
    Instruct {
        /// Which.
        algorithm: SmolStr,
        /// Which time.
        ticket: u64,
        /// What.
        instruction: Box<Instruction>,
    },
    /// Ask an algorithm to send an order.
    Entrust {
        /// Which.
        algorithm: SmolStr,
        /// Which time.
        ticket: u64,
        /// What, cleared as an order of our own would be.
        instruction: Box<Cleared<Instruction>>,
    },
    /// Wake me.
    Arm {
        /// What for.
        timer: Timer,
        /// In so many milliseconds.
        after_ms: u64,
    },
    /// Answer a front end.
    Reply {
        /// Who.
        front: Front,
        /// What.
        receipt: Receipt,
    },
    /// Tell a person, by whatever way is configured.
    Notify(Box<Notice>),
    /// The run is over.
    Stop,
}

impl Effect {
    /// Must the facts of its step be durable before it may leave, come what may? Cancels, reductions and
    /// questions go on without a journal.
    pub fn opens_risk(&self) -> bool {
        match self {
            Self::Submit { .. } | Self::Entrust { .. } => true,
            Self::Replace { change, .. } => !change.peek().adds_nothing,
            Self::Reduce { .. }
            | Self::Cancel { .. }
            | Self::CancelAll { .. }
            | Self::Ask { .. }
            | Self::Instruct { .. }
            | Self::Watch { .. }
            | Self::Arm { .. }
            | Self::Reply { .. }
            | Self::Notify(_)
            | Self::Stop => false,
        }
    }
}

/// What a step decided.
#[derive(Debug, Default)]
pub struct Step {
    /// What happened, in order; already applied to the book.
    pub facts: Vec<Dated>,
    /// What to do, in order.
    pub effects: Vec<Effect>,
}
