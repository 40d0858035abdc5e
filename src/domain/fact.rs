//! Facts: what happened. The journal keeps them, and only they change the book.

use super::{
    alert::Alert,
    algorithm::AlgorithmFact,
    held::HeldFact,
    ids::{ClientId, Instance, InstrumentId, OrderId, VenueId, VenueOrderId},
    instrument::Instrument,
    lifecycle::OrderEvent,
    money::{Money, Price, Ratio, SignedQty},
    order::{Change, OrderSpec, OrderType, Origin},
    quote::Arrival,
    report::{AccountReport, Execution, OrderReport},
    rules::{LatchKey, Trip},
    scope::{ExitPlan, Kept},
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, sync::Arc};

/// What happened to one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFact {
    /// Which order.
    pub order: OrderId,
    /// What kind of thing. Fills are [`Fact::Executed`]; `FilledWhole` here says only that nothing is left open,
    /// which an order in money can't tell from its fills.
    pub event: OrderEvent,
    /// The venue's id, once known.
    pub venue_id: Option<VenueOrderId>,
    /// The order that replaces it.
    pub replaced_by: Option<ClientId>,
    /// What a replacement or amendment changes.
    pub change: Option<Change>,
    /// Type and prices as the venue has them now, where they moved (trailing stops, amendments).
    pub order_type: Option<OrderType>,
    /// Where a trailing stop stands now.
    #[serde(default)]
    pub trailing_stop: Option<Price>,
    /// Why, in the venue's or our words.
    pub reason: Option<Text>,
    /// The touch that stood when it left, and when the venue said that it has it. The engine stamps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<Arrival>,
}

impl OrderFact {
    /// An event without particulars.
    pub const fn bare(order: OrderId, event: OrderEvent) -> Self {
        Self {
            order,
            event,
            venue_id: None,
            replaced_by: None,
            change: None,
            order_type: None,
            trailing_stop: None,
            reason: None,
            touch: None,
        }
    }
    /// With a reason.
    pub fn because(order: OrderId, event: OrderEvent, reason: Text) -> Self {
        Self { reason: Some(reason), ..Self::bare(order, event) }
    }
}

/// By what right an order leaves. Of the gate's verdict it is the number: put into words by who reads or writes it, since
/// an order waits for what is made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grounds {
    /// The gate's verdict of this number let it pass: `gate 7`.
    Gate(u64),
    /// In words.
    Words(Text),
}

impl fmt::Display for Grounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gate(number) => write!(f, "gate {number}"),
            Self::Words(text) => text.fmt(f),
        }
    }
}

impl From<Text> for Grounds {
    fn from(text: Text) -> Self {
        let number = text.as_str().strip_prefix("gate ").and_then(|digits| digits.parse().ok());
        // Only what reads the same again.
        match number.map(Self::Gate).filter(|gate| gate.to_string() == text.as_str()) {
            Some(gate) => gate,
            None => Self::Words(text),
        }
    }
}

impl From<&str> for Grounds {
    fn from(text: &str) -> Self {
        Text::from(text).into()
    }
}

impl Serialize for Grounds {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grounds {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Text::deserialize(d).map(Self::from)
    }
}

/// An order of ours, before it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its id.
    pub order: OrderId,
    /// What it says.
    pub spec: OrderSpec,
    /// Who asked.
    pub origin: Origin,
    /// The order that it replaces.
    pub replaces: Option<ClientId>,
    /// The verdict that let it pass: a gate's number, or the proof that it only reduces.
    pub verdict: Grounds,
    /// The touch that stood then, where one was known.
    #[serde(default)]
    pub arrival: Option<Arrival>,
}

/// Why a position was set to what the venue says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionSource {
    /// The first report of a run: where counting starts.
    Baseline,
    /// The venue's figure differed from the sum of fills.
    Correction,
    /// The venue took its fee in the thing itself, and its fills did not say so.
    Charge,
    /// The venue's figure agrees; average or availability moved.
    Refresh,
}

/// What an account held when its trading day began, or when it was first seen that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Where.
    pub venue: VenueId,
    /// The trading day, by when it began.
    pub began: Stamp,
    /// A trading week began with it, too.
    pub week: bool,
    /// Equity.
    pub equity: Money,
    /// What was held.
    pub positions: Vec<(InstrumentId, SignedQty, Option<Price>)>,
}

/// An execution that its venue told otherwise later. Both are written down, so that the journal alone says what is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// As it was counted.
    pub was: Execution,
    /// As it is.
    pub now: Execution,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A run of the program began.
    Opened {
        /// Which.
        instance: Instance,
        /// The program's version.
        version: Text,
    },
    /// A person asked for something (the order line or the request's name).
    Commanded {
        /// What, in the grammar.
        line: Text,
        /// By screen or shell.
        origin: Origin,
    },
    /// An order is about to leave. Shared: the journal writes it while the book takes it in.
    Intended(Arc<Intent>),
    /// Something happened to an order.
    Order(Box<OrderFact>),
    /// An order was seen at a venue that the book did not have.
    Learned {
        /// As the venue has it.
        report: Box<OrderReport>,
        /// Whose it is.
        origin: Origin,
    },
    /// A person took over an order or a position that nobody here made.
    Adopted {
        /// Of what.
        instrument: InstrumentId,
        /// Which order; `None` is the position.
        order: Option<OrderId>,
    },
    /// Something happened to an order that is held here.
    Held(Box<HeldFact>),
    /// Something happened to an algorithm from here.
    Algorithm(Box<AlgorithmFact>),
    /// An execution.
    Executed(Box<Execution>),
    /// A fill that the venue's order shows and no execution has told; price is the average of what is missing.
    Inferred(Box<Execution>),
    /// An execution that was counted is told otherwise: what was counted of it is undone, and this counts.
    Corrected(Box<Correction>),
    /// A position is what the venue says.
    Position {
        /// What.
        instrument: InstrumentId,
        /// How much, with direction.
        qty: SignedQty,
        /// Average entry.
        avg_price: Option<Price>,
        /// Yesterday's close.
        previous_close: Option<Price>,
        /// Why.
        source: PositionSource,
    },
    /// The account's figures.
    Account {
        /// Whose.
        venue: VenueId,
        /// What.
        report: Box<AccountReport>,
    },
    /// The venue's trading day began: what is counted "today" starts at zero.
    DayBegan {
        /// Where.
        venue: VenueId,
        /// When the day began, by the venue's calendar.
        began: Stamp,
    },
    /// An instrument's rules.
    Instrument(Box<Instrument>),
    /// An alert.
    Alerted(Box<Alert>),
    /// A person saw an alert.
    Acknowledged {
        /// Which.
        id: u64,
    },
    /// Entries are blocked, by a person or a rule.
    Locked {
        /// Why.
        reason: Text,
    },
    /// A person lifted the lock.
    Unlocked {
        /// Why.
        reason: Text,
    },
    /// An exit began.
    ExitBegan {
        /// Which: counts up.
        exit: u64,
        /// What it covers, in words.
        scope: Text,
        /// What it is to do. Journals of before there were plans have none.
        #[serde(default)]
        plan: Option<Box<ExitPlan>>,
    },
    /// An exit read what is there and counted what stays.
    ExitMeasured {
        /// Which.
        exit: u64,
        /// What stays of each position.
        #[serde(with = "kept_as_pairs")]
        keep: Kept,
    },
    /// A rule tripped: its latch stands.
    Tripped(Box<Trip>),
    /// A latch was lifted: by a person, by the venue's calendar, or because what tripped it is over.
    Untripped {
        /// Which.
        key: LatchKey,
        /// Why.
        why: Text,
        /// Where a person lifted it: how much of its limit was used, one being all of it. It trips again further on.
        #[serde(default)]
        used: Option<Ratio>,
    },
    /// A trading day (or week) was begun with this: what `restore` compares with, and what losses count from.
    Baseline(Box<Baseline>),
    /// Equity stands higher than ever since the trading day began. Told in steps, not for each tick.
    EquityHigh {
        /// Where.
        venue: VenueId,
        /// How much.
        equity: Money,
    },
    /// An exit ended.
    ExitEnded {
        /// Which.
        exit: u64,
        /// Is everything flat?
        flat: bool,
        /// What is left and why, or that nothing is.
        report: Text,
    },
}

impl Fact {
    /// Is it kept in the journal? Instruments' rules and account figures come anew with every start.
    pub const fn is_durable(&self) -> bool {
        !matches!(self, Self::Instrument(_) | Self::Account { .. })
    }

    /// The execution that it tells, told or inferred; of a correction what it is now.
    pub fn execution(&self) -> Option<&Execution> {
        if let Self::Executed(execution) | Self::Inferred(execution) = self {
            return Some(execution);
        }
        if let Self::Corrected(correction) = self { Some(&correction.now) } else { None }
    }
}

/// A fact with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// When it became known here.
    pub at: Stamp,
    /// What.
    pub fact: Fact,
}

/// A map with keys of two parts has no form of its own in JSON: it is written as pairs.
mod kept_as_pairs {
    use super::Kept;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(kept: &Kept, to: S) -> Result<S::Ok, S::Error> {
        kept.iter().collect::<Vec<_>>().serialize(to)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Kept, D::Error> {
        Vec::deserialize(from).map(|pairs: Vec<_>| pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{IntoDeserializer as _, value::StrDeserializer};

    #[test]
    fn the_number_of_a_verdict_reads_as_it_was_written() {
        for (text, grounds) in [
            ("gate 7", Grounds::Gate(7)),
            ("gate 0", Grounds::Gate(0)),
            ("gate 07", Grounds::Words("gate 07".into())),
            ("gate +7", Grounds::Words("gate +7".into())),
            ("gate #1", Grounds::Words("gate #1".into())),
            ("gate 99999999999999999999", Grounds::Words("gate 99999999999999999999".into())),
            ("reduces, proven against the book", Grounds::Words("reduces, proven against the book".into())),
            ("", Grounds::Words("".into())),
        ] {
            assert_eq!(Grounds::from(text), grounds);
            assert_eq!(grounds.to_string(), text);
            let told: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
            assert_eq!(Grounds::deserialize(told).unwrap(), grounds);
        }
    }
}
