//! Answers to requests.

use super::request::RequestId;
use crate::domain::{
    ids::{ClientId, InstrumentId, VenueId},
    limits::Action,
    money::{Money, Percent, Price, Qty, Ratio, SignedQty},
    order::{OrderSpec, Side},
    quote::{Bar, Interval},
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The answer to one request. Each request gets at least one; an order gets `Placed` and the snapshot tells
/// the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Of which.
    pub id: RequestId,
    /// What.
    pub reply: Reply,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Done, or under way; one sentence.
    Done(Text),
    /// Orders are durable in the journal and on their way.
    Placed {
        /// Their ids, parents first.
        orders: Vec<ClientId>,
        /// At.
        venue: VenueId,
        /// One sentence.
        text: Text,
    },
    /// Refused before anything left; one sentence, and the checks that failed.
    Refused {
        /// In one sentence.
        text: Text,
        /// The field of the ticket it is about: `size`, `stop`, `target`, `limit`, `symbol`, …
        field: Option<SmolStr>,
        /// The checks that did not pass.
        checks: Vec<Check>,
    },
    /// What an order line would do.
    Preview(Box<Preview>),
    /// What a cancel or an exit would do.
    Plan(Box<Plan>),
    /// Bars.
    Bars {
        /// Of what.
        instrument: InstrumentId,
        /// How long each.
        interval: Interval,
        /// Oldest first.
        bars: Vec<Bar>,
    },
    /// What is open.
    Open {
        /// Working orders.
        orders: u32,
        /// Positions.
        positions: u32,
        /// Orders of which nobody knows what became.
        unknown: u32,
        /// Orders that are held here: nobody watches them once the program has ended.
        #[serde(default)]
        held: u32,
    },
    /// What differs from what the trading day began with, one a venue.
    Since(Vec<SinceBaseline>),
    /// The queue is full; nothing was done.
    Busy,
}

/// One check of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name: `buying power`.
    pub name: SmolStr,
    /// Passed, warns or blocks: `None` is passed.
    pub action: Option<Action>,
    /// One sentence with the numbers in it; empty when it passed.
    pub text: Text,
}

/// What an order would do, in figures. `None` is "can't be said", with the reason among the problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The order as it would be sent; `None` while it can't be made out.
    pub spec: Option<OrderSpec>,
    /// Buy or sell.
    pub side: Side,
    /// The symbol at its venue.
    pub instrument: Option<InstrumentId>,
    /// How much.
    pub qty: Option<Qty>,
    /// Estimated entry.
    pub entry: Option<Price>,
    /// Is the entry an estimate from the market (else the order's own price)?
    pub entry_is_market: bool,
    /// Protective stop.
    pub stop: Option<Price>,
    /// Its distance from the entry.
    pub stop_percent: Option<Percent>,
    /// Target.
    pub target: Option<Price>,
    /// Lost at the stop.
    pub risk: Option<Money>,
    /// Won at the target.
    pub reward: Option<Money>,
    /// Reward over risk.
    pub reward_to_risk: Option<Ratio>,
    /// Quantity times entry.
    pub cost: Option<Money>,
    /// Estimated fees of the entry.
    pub fees: Option<Money>,
    /// Share of equity.
    pub equity_percent: Option<Percent>,
    /// Buying power after it.
    pub buying_power_after: Option<Money>,
    /// Share of the buying power that it uses.
    pub buying_power_percent: Option<Percent>,
    /// What cut the size, in words.
    pub capped_by: Option<Text>,
    /// What is unusual about it: it is asked once more.
    #[serde(default)]
    pub unusual: Vec<Text>,
    /// What of it the venue lacks and this program holds itself, in words.
    #[serde(default)]
    pub held: Vec<Text>,
    /// Every check's verdict.
    pub checks: Vec<Check>,
    /// What keeps it from being sent, each with the field it is about.
    pub problems: Vec<(SmolStr, Text)>,
}

/// What differs at a venue from what its trading day began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinceBaseline {
    /// Where.
    pub venue: VenueId,
    /// When the trading day began.
    pub began: Stamp,
    /// Equity then.
    pub equity_then: Money,
    /// Equity now, where it is known.
    pub equity_now: Option<Money>,
    /// Now less then.
    pub change: Option<Money>,
    /// Positions that differ.
    pub positions: Vec<Moved>,
}

/// A position that differs from what it was. Zero is flat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Of what.
    pub instrument: InstrumentId,
    /// Held then.
    pub qty_then: SignedQty,
    /// Average entry then.
    pub avg_then: Option<Price>,
    /// Held now.
    pub qty_now: SignedQty,
    /// Average entry now.
    pub avg_now: Option<Price>,
}

/// What a cancel or an exit would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// In words, with counts: `flatten everything at paper: cancel 3 orders, close 2 positions`.
    pub text: Text,
    /// One line a venue.
    pub venues: Vec<PlanVenue>,
    /// What is done about each algorithm, in words.
    #[serde(default)]
    pub algorithms: Vec<Text>,
    /// What is unusual about it: it is asked once more.
    #[serde(default)]
    pub unusual: Vec<Text>,
}

/// One venue's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanVenue {
    /// Where.
    pub venue: VenueId,
    /// `PAPER`, `LIVE`, `READ-ONLY`.
    pub badge: SmolStr,
    /// The end of the account's number, `…3456`; empty while the venue has not said it.
    #[serde(default)]
    pub account: SmolStr,
    /// Orders that would be cancelled.
    pub cancels: Vec<ClientId>,
    /// Positions that would be closed.
    pub closes: Vec<(InstrumentId, SignedQty)>,
    /// What can't be closed now, and why; what the scope can't tell.
    #[serde(default)]
    pub blocked: Vec<Text>,
    /// What crossing the spread would cost, estimated; `None` without quotes.
    pub cost: Option<Money>,
}
