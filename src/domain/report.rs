//! What a venue says of orders, executions, positions and accounts, in the words of the trade. An adapter
//! makes these out of its wire format; only the book decides what they change.

use super::{
    ids::{AccountId, ClientId, Currency, ExecutionId, InstrumentId, VenueId, VenueOrderId},
    instrument::Instrument,
    lifecycle::OrderEvent,
    money::{Money, Price, Qty, Ratio, SignedQty},
    order::{Amount, Attached, OrderType, Role, Side, Tif},
    quote::Seen,
    text::Text,
    time::{Now, Stamp},
};
use serde::{Deserialize, Serialize};

/// One order as the venue has it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// The maker's id, or one derived from the venue's.
    pub client: ClientId,
    /// The venue's id.
    pub venue_id: VenueOrderId,
    /// What.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much was ordered.
    pub amount: Amount,
    /// Type and prices.
    pub order_type: OrderType,
    /// Time in force.
    pub tif: Tif,
    /// May fill outside regular hours.
    pub extended: bool,
    /// What hangs on it, as far as the venue says.
    pub attached: Attached,
    /// So much of it is shown at a time, where it is an iceberg there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Qty>,
    /// What its status means. Never `Sent`, `NotSent`, `Unanswered`, `FoundAbsent`, `Abandoned`; `FilledInPart`
    /// says only that it works and has fills.
    pub status: OrderEvent,
    /// The venue's own status word.
    pub status_word: Text,
    /// How much of it has filled.
    pub filled: Qty,
    /// At what average price.
    pub avg_price: Option<Price>,
    /// The order it hangs on.
    pub parent: Option<ClientId>,
    /// Its part in the group.
    pub role: Option<Role>,
    /// The order that it replaced.
    pub replaces: Option<VenueOrderId>,
    /// The order that replaced it.
    pub replaced_by: Option<VenueOrderId>,
    /// For a trailing stop, where the stop stands now.
    pub trailing_stop: Option<Price>,
    /// Why it was rejected.
    pub reason: Option<Text>,
    /// When the venue got it.
    pub submitted: Option<Stamp>,
    /// By which way it came, in the venue's own word, where the venue tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
}

/// Did it add or take liquidity?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Rested in the book.
    Maker,
    /// Took what was there.
    Taker,
    /// The venue did not say.
    Unknown,
}

/// What an execution cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// How much; below zero is a rebate.
    pub amount: Money,
    /// In what: at some venues the coin that was bought.
    pub currency: Currency,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its id: the same execution told twice counts once.
    pub id: ExecutionId,
    /// The order.
    pub client: ClientId,
    /// The venue's id of the order.
    pub venue_id: VenueOrderId,
    /// What.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// How much of it.
    pub qty: Qty,
    /// At.
    pub price: Price,
    /// How much of the order has filled after it, if the venue says.
    pub cum: Option<Qty>,
    /// Fee, if the venue says.
    pub fee: Option<Fee>,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// The venue's time.
    pub at: Stamp,
    /// How often its venue has corrected it. It keeps its id; of two tellings the higher holds, whichever comes first.
    #[serde(default, skip_serializing_if = "is_first")]
    pub revision: u32,
    /// What was known here when it was told; adapters leave it empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Box<Seen>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks with")]
const fn is_first(revision: &u32) -> bool {
    *revision == 0
}

/// One position as the venue has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionReport {
    /// What.
    pub instrument: InstrumentId,
    /// Above zero is long.
    pub qty: SignedQty,
    /// How much of it can be sold (the rest is held by open orders), if the venue says.
    pub available: Option<Qty>,
    /// Average entry price.
    pub avg_price: Option<Price>,
    /// The venue's last price, a mark where we have no quote.
    pub last: Option<Price>,
    /// Yesterday's close, if the venue says: what the day's P&L counts from.
    pub previous_close: Option<Price>,
}

/// One account as the venue has it. All amounts in `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReport {
    /// Its number.
    pub account: AccountId,
    /// What it is kept in.
    pub currency: Currency,
    /// Cash and positions at market.
    pub equity: Money,
    /// Equity at the last session's close, if the venue says.
    pub last_equity: Option<Money>,
    /// Cash.
    pub cash: Money,
    /// What can be bought on margin now.
    pub buying_power: Money,
    /// What can be bought of things that can't be held on margin, if the venue says.
    pub cash_buying_power: Option<Money>,
    /// Initial margin used, if the venue says.
    pub initial_margin: Option<Money>,
    /// Maintenance margin used, if the venue says.
    pub maintenance_margin: Option<Money>,
    /// Leverage of the buying power, if the venue says.
    pub multiplier: Option<Ratio>,
    /// Day trades in the last five business days, if the venue says.
    pub day_trades: Option<u32>,
    /// Fees accrued and not yet booked, if the venue says.
    pub accrued_fees: Option<Money>,
    /// May it sell short?
    pub shorting: bool,
    /// Why it can't trade, in the venue's words; `None` when it can.
    pub blocked: Option<Text>,
}

/// What a venue was found to be: proof that a paper account is paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// No real money.
    Paper,
    /// Real money.
    Live,
}

impl Environment {
    /// `PAPER` or `LIVE`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paper => "PAPER",
            Self::Live => "LIVE",
        }
    }
}

/// Everything a venue says at one time. `None` is "no answer", which is not the same as "nothing there".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueReport {
    /// Whose.
    pub venue: VenueId,
    /// When the first question was asked: whatever the book learned after this is newer than the report.
    pub began: Now,
    /// All open orders, and the ended ones since the time that was asked for.
    pub orders: Option<Vec<OrderReport>>,
    /// Executions after the last known one, oldest first.
    pub executions: Option<Vec<Execution>>,
    /// All positions.
    pub positions: Option<Vec<PositionReport>>,
    /// The account.
    pub account: Option<AccountReport>,
    /// Rules of every instrument named above and of those that were asked for.
    pub instruments: Vec<Instrument>,
    /// What could not be had, and why.
    pub missing: Vec<Text>,
}
