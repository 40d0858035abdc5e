//! What a front end may ask for.

use super::protocol::Grant;
use crate::domain::{
    algorithm::{AlgorithmDeed, Instruction},
    draft::Command,
    ids::{ClientId, InstrumentId, Symbol, VenueId},
    order::{Change, Origin},
    quote::Interval,
    scope::Scope,
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Counts up within one front end, so that it can match a receipt to what it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// A request with its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// To match the receipt.
    pub id: RequestId,
    /// Screen or shell.
    pub origin: Origin,
    /// What.
    pub request: Request,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// What would this order line do? Nothing is sent. Answered by [`super::Reply::Preview`] for orders, closes,
    /// reversals and protections, and by [`super::Reply::Plan`] for cancels and flattens.
    Preview(Command),
    /// Do it. `Command::Order` is gated; cancels and reductions always pass.
    Do(Command),
    /// Change a working order to these figures.
    Replace {
        /// Which.
        order: ClientId,
        /// Where.
        venue: VenueId,
        /// How.
        change: Change,
    },
    /// Block entries everywhere and answer with the exit plan.
    Halt,
    /// Cancel everything and close everything in scope, until the venue says flat.
    Flatten(Scope),
    /// Trade live (and send-level hotkeys) for so many minutes.
    Arm {
        /// How long.
        minutes: u32,
    },
    /// End that now.
    Disarm,
    /// Block entries.
    Lock {
        /// Why; goes into the journal.
        reason: Text,
    },
    /// Allow entries again.
    Unlock {
        /// Why; goes into the journal.
        reason: Text,
    },
    /// Show this symbol's market data.
    Watch {
        /// What.
        symbol: Symbol,
        /// Where; `None` is the default venue for its class.
        venue: Option<VenueId>,
    },
    /// No longer. Held symbols stay watched.
    Unwatch {
        /// What.
        instrument: InstrumentId,
    },
    /// Bars of an instrument: the last ones, or the last that begin before a time. Answered by [`super::Reply::Bars`].
    Bars {
        /// Of what.
        instrument: InstrumentId,
        /// How long each.
        interval: Interval,
        /// How many at the most.
        count: u32,
        /// Only bars that begin before this; `None` is up to now.
        #[serde(default)]
        before: Option<Stamp>,
    },
    /// Follow the order book of an instrument for this front end; it comes with the snapshot's `depth` where the venue
    /// has it. The one that was followed before is let go.
    Depth {
        /// Of what; `None` is of nothing any more.
        instrument: Option<InstrumentId>,
    },
    /// An order or a position that nobody here made is this person's.
    Adopt {
        /// Of what.
        instrument: InstrumentId,
        /// Which order; `None` is the position.
        order: Option<ClientId>,
    },
    /// A person saw this alert.
    Acknowledge {
        /// Which; `None` is all.
        alert: Option<u64>,
    },
    /// Ask the venue for everything now.
    Resync {
        /// Which; `None` is all.
        venue: Option<VenueId>,
    },
    /// What differs from what the trading day began with? Answered by [`super::Reply::Since`].
    Restore {
        /// Where; `None` is everywhere.
        venue: Option<VenueId>,
    },
    /// Let the proposed orders of a margin call go, one at a time until the margin is inside.
    MarginCall {
        /// Where; `None` is wherever there is one.
        venue: Option<VenueId>,
    },
    /// Declare an order dead that the venue does not have: only for one that is NOT AT VENUE.
    Abandon {
        /// Which.
        order: ClientId,
        /// Where.
        venue: VenueId,
        /// Why; goes into the journal.
        reason: Text,
    },
    /// Do something about an algorithm. What it is asked for is answered when it answers.
    Algorithm {
        /// Its name.
        name: SmolStr,
        /// What.
        deed: AlgorithmDeed,
    },
    /// What is open, and what would quitting leave? Answered by [`super::Reply::Open`].
    AskOpen,
    /// The front end goes. The engine finishes what is under way and stops if this was its only screen.
    Quit,
}

impl Request {
    /// Is it about orders and positions? Of these a person waits for the very next microsecond.
    pub const fn is_order(&self) -> bool {
        matches!(self, Self::Do(_) | Self::Replace { .. } | Self::Halt | Self::Flatten(_))
    }

    /// Does it go by the emergency lane, before everything else?
    pub const fn is_emergency(&self) -> bool {
        matches!(
            self,
            Self::Halt
                | Self::Flatten(_)
                | Self::Lock { .. }
                | Self::MarginCall { .. }
                | Self::Algorithm {
                    deed: AlgorithmDeed::Pause
                        | AlgorithmDeed::Ask(
                            Instruction::Stop | Instruction::Liquidate(_) | Instruction::Cancel { .. }
                        ),
                    ..
                }
                | Self::Do(
                    Command::Flatten(_) | Command::Halt | Command::Cancel { .. } | Command::Lock { .. }
                )
        )
    }

    /// What a front end needs to be allowed for it.
    pub const fn needs(&self) -> Grant {
        match self {
            Self::Preview(_)
            | Self::Watch { .. }
            | Self::Unwatch { .. }
            | Self::Bars { .. }
            | Self::Depth { .. }
            | Self::Restore { .. }
            | Self::AskOpen
            | Self::Quit => Grant::Looks,
            // They take risk away, or only say what a person has seen.
            Self::Halt
            | Self::Flatten(_)
            | Self::Disarm
            | Self::Lock { .. }
            | Self::Acknowledge { .. }
            | Self::Resync { .. }
            | Self::MarginCall { .. }
            | Self::Do(
                Command::Flatten(_)
                | Command::Halt
                | Command::Cancel { .. }
                | Command::Lock { .. }
                | Command::Close { .. },
            )
            | Self::Algorithm {
                deed:
                    AlgorithmDeed::Pause
                    | AlgorithmDeed::Ask(Instruction::Stop | Instruction::Liquidate(_) | Instruction::Cancel { .. }),
                ..
            } => Grant::Exits,
            Self::Do(
                Command::Order(_)
                | Command::Reverse { .. }
                | Command::Protect { .. }
                | Command::Replace { .. }
                | Command::Unlock { .. },
            )
            | Self::Replace { .. }
            | Self::Arm { .. }
            | Self::Unlock { .. }
            | Self::Adopt { .. }
            | Self::Abandon { .. }
            | Self::Algorithm { .. } => Grant::All,
        }
    }
}
