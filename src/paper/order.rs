//! An order as the paper venue keeps it, what asks for one, and what changes one.

use crate::domain::{
    ids::Symbol,
    instrument::AssetClass,
    money::{Money, Percent, Price, Qty, Ratio},
    order::{OrderKind, Side, StopLeg, Tif},
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Received while the market is closed; waits for the open.
    Accepted,
    /// Received, on its way to the market.
    PendingNew,
    /// Working, nothing filled.
    New,
    /// Working, some filled.
    PartiallyFilled,
    /// All filled.
    Filled,
    /// Filled in part, and no more today.
    DoneForDay,
    /// Gone by request.
    Canceled,
    /// Gone because its time in force ended.
    Expired,
    /// Gone because another took its place.
    Replaced,
    /// A cancel is on its way; it can still fill.
    PendingCancel,
    /// A replacement is on its way; it can still fill.
    PendingReplace,
    /// Refused after it was received.
    Rejected,
    /// A leg that waits for its parent or its sibling.
    Held,
}

impl Status {
    /// The venue's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::PendingNew => "pending_new",
            Self::New => "new",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::DoneForDay => "done_for_day",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::PendingCancel => "pending_cancel",
            Self::PendingReplace => "pending_replace",
            Self::Rejected => "rejected",
            Self::Held => "held",
        }
    }
    /// Can it neither fill nor change any more?
    pub const fn is_over(self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Expired | Self::Replaced | Self::Rejected => true,
            Self::Accepted
            | Self::PendingNew
            | Self::New
            | Self::PartiallyFilled
            | Self::DoneForDay
            | Self::PendingCancel
            | Self::PendingReplace
            | Self::Held => false,
        }
    }
    /// Can it fill now? An order whose cancel or replacement is under way still can.
    pub const fn can_fill(self) -> bool {
        match self {
            Self::New | Self::PartiallyFilled | Self::PendingCancel | Self::PendingReplace => true,
            Self::Accepted
            | Self::PendingNew
            | Self::DoneForDay
            | Self::Held
            | Self::Filled
            | Self::Canceled
            | Self::Expired
            | Self::Replaced
            | Self::Rejected => false,
        }
    }
}

/// How an order hangs together with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Alone.
    #[default]
    Simple,
    /// Entry, then target and stop.
    Bracket,
    /// Target and stop of a position that is there.
    Oco,
    /// Entry, then target or stop.
    Oto,
}

impl Class {
    /// The venue's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Bracket => "bracket",
            Self::Oco => "oco",
            Self::Oto => "oto",
        }
    }
}

/// What the order is meant to do to the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Open or add to a long position.
    BuyToOpen,
    /// Reduce a short position.
    BuyToClose,
    /// Open or add to a short position.
    SellToOpen,
    /// Reduce a long position.
    SellToClose,
}

impl Intent {
    /// The venue's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BuyToOpen => "buy_to_open",
            Self::BuyToClose => "buy_to_close",
            Self::SellToOpen => "sell_to_open",
            Self::SellToClose => "sell_to_close",
        }
    }
}

/// A request for an order, as it came: nothing here has been checked against anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// A symbol in any spelling that the venue takes (`AAPL`, `BTC/USD`, `BTCUSD`, an asset id).
    pub symbol: SmolStr,
    /// Buy or sell.
    pub side: Side,
    /// How many units; this or `notional`.
    pub qty: Option<Qty>,
    /// How much money's worth; this or `qty`.
    pub notional: Option<Money>,
    /// Type.
    pub kind: OrderKind,
    /// Worst price.
    pub limit: Option<Price>,
    /// Trigger.
    pub stop: Option<Price>,
    /// Trailing distance in money; this or `trail_percent`.
    pub trail_price: Option<Price>,
    /// Trailing distance in per cent; this or `trail_price`.
    pub trail_percent: Option<Percent>,
    /// Time in force.
    pub tif: Tif,
    /// May fill outside regular hours.
    pub extended_hours: bool,
    /// Simple, bracket, OCO or OTO.
    pub class: Class,
    /// The limit of the target leg.
    pub take_profit: Option<Price>,
    /// The stop leg.
    pub stop_loss: Option<StopLeg>,
    /// The maker's own id; made up here when it gives none.
    pub client_order_id: Option<SmolStr>,
    /// What it is meant to do to the position.
    pub intent: Option<Intent>,
}

impl NewOrder {
    /// A market day order, for the caller to refine.
    pub fn market(symbol: &str, side: Side, qty: Qty) -> Self {
        Self {
            symbol: SmolStr::new(symbol),
            side,
            qty: Some(qty),
            notional: None,
            kind: OrderKind::Market,
            limit: None,
            stop: None,
            trail_price: None,
            trail_percent: None,
            tif: Tif::Day,
            extended_hours: false,
            class: Class::Simple,
            take_profit: None,
            stop_loss: None,
            client_order_id: None,
            intent: None,
        }
    }
}

/// A request to change a working order. What is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replacement {
    /// New total quantity.
    pub qty: Option<Qty>,
    /// New time in force.
    pub tif: Option<Tif>,
    /// New limit.
    pub limit: Option<Price>,
    /// New stop.
    pub stop: Option<Price>,
    /// New trailing distance, in the unit that the order already has.
    pub trail: Option<Ratio>,
    /// The new order's own id.
    pub client_order_id: Option<SmolStr>,
}

/// How much of a position to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portion {
    /// Everything.
    All,
    /// So many units.
    Qty(Qty),
    /// This share.
    Percentage(Percent),
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The venue's id.
    pub id: Uuid,
    /// The maker's id.
    pub client_order_id: SmolStr,
    /// The instrument's id.
    pub asset_id: Uuid,
    /// The instrument.
    pub symbol: Symbol,
    /// Its kind.
    pub asset_class: AssetClass,
    /// When it was received.
    pub created_at: Stamp,
    /// When anything about it last changed.
    pub updated_at: Stamp,
    /// When it went to the market.
    pub submitted_at: Stamp,
    /// When it was filled completely.
    pub filled_at: Option<Stamp>,
    /// When its time in force ended it.
    pub expired_at: Option<Stamp>,
    /// When it will expire, if the clock ends it.
    pub expires_at: Option<Stamp>,
    /// When it was cancelled.
    pub canceled_at: Option<Stamp>,
    /// When it was rejected.
    pub failed_at: Option<Stamp>,
    /// When another took its place.
    pub replaced_at: Option<Stamp>,
    /// The one that took its place.
    pub replaced_by: Option<Uuid>,
    /// The one whose place it took.
    pub replaces: Option<Uuid>,
    /// How many units, unless it was given as money.
    pub qty: Option<Qty>,
    /// How much money's worth, if it was given so.
    pub notional: Option<Money>,
    /// Filled so far.
    pub filled_qty: Qty,
    /// Money paid or received for what is filled.
    pub filled_value: Money,
    /// Average price of what is filled, rounded for people; the exact sum is `filled_value`.
    pub filled_avg_price: Option<Price>,
    /// Simple, bracket, OCO or OTO; a leg has its group's class.
    pub class: Class,
    /// Type.
    pub kind: OrderKind,
    /// Buy or sell.
    pub side: Side,
    /// What it is meant to do to the position.
    pub intent: Intent,
    /// Time in force.
    pub tif: Tif,
    /// Worst price.
    pub limit: Option<Price>,
    /// Trigger; of a trailing stop, where it stands now.
    pub stop: Option<Price>,
    /// Trailing distance in money.
    pub trail_price: Option<Price>,
    /// Trailing distance in per cent.
    pub trail_percent: Option<Percent>,
    /// The best price that the trailing stop has seen.
    pub hwm: Option<Price>,
    /// Is it in the market? A leg may be there and still be shown as held.
    pub armed: bool,
    /// A stop whose trigger has been reached.
    pub triggered: bool,
    /// Did it rest in the market before it filled? (A maker's fee, where the model has one.)
    pub rested: bool,
    /// May fill outside regular hours.
    pub extended_hours: bool,
    /// Where it stands.
    pub status: Status,
    /// Why it was rejected.
    pub reject_reason: Option<SmolStr>,
    /// Its legs, in the order target, stop.
    pub legs: Vec<Uuid>,
    /// The order whose leg it is.
    pub parent: Option<Uuid>,
    /// Fees charged so far, in the quote currency.
    pub fees: Money,
    /// Fees charged so far, in the coin that was bought.
    pub coin_fees: Qty,
}

impl Order {
    /// Units still to be filled; `None` where it was given as money.
    pub fn remaining(&self) -> Option<Qty> {
        self.qty.map(|q| q.saturating_sub(self.filled_qty))
    }
    /// Money still to be spent, where it was given as money.
    pub fn notional_left(&self) -> Option<Money> {
        self.notional.and_then(|n| n.checked_sub(self.filled_value))
    }
    /// Does it reduce a position?
    pub const fn closes(&self) -> bool {
        matches!(self.intent, Intent::BuyToClose | Intent::SellToClose)
    }
    /// Does it bind cash or units? Legs that wait for their parent and replacements on their way do not: their
    /// parent, or the order that they will replace, does it for them.
    pub const fn binds(&self) -> bool {
        !self.status.is_over() && (self.armed || (self.parent.is_none() && self.replaces.is_none()))
    }
    /// The orders that belong together: the parent's id.
    pub fn group(&self) -> Uuid {
        self.parent.unwrap_or(self.id)
    }
    /// Does `filter` show it?
    pub fn passes(&self, filter: &OrderFilter) -> bool {
        let which = match filter.which {
            Which::Open => !self.status.is_over(),
            Which::Closed => self.status.is_over(),
            Which::All => true,
        };
        which
            && filter.after.is_none_or(|t| self.submitted_at > t)
            && filter.until.is_none_or(|t| self.submitted_at < t)
            && (filter.symbols.is_empty() || filter.symbols.contains(&self.symbol))
            && filter.side.is_none_or(|s| s == self.side)
            && filter.asset_class.is_none_or(|c| c == self.asset_class)
            && !(filter.nested && self.parent.is_some())
    }
}

/// Which orders to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderFilter {
    /// Only those that are over, or only those that are not.
    pub which: Which,
    /// Submitted after this.
    pub after: Option<Stamp>,
    /// Submitted before this.
    pub until: Option<Stamp>,
    /// Only those listed after this order in time.
    pub after_order: Option<Uuid>,
    /// Only those listed before this order in time.
    pub before_order: Option<Uuid>,
    /// Only these instruments; empty means all.
    pub symbols: Vec<Symbol>,
    /// Only this side.
    pub side: Option<Side>,
    /// Only this kind of instrument.
    pub asset_class: Option<AssetClass>,
    /// Leave out legs: they are shown in their parents.
    pub nested: bool,
    /// Oldest first.
    pub ascending: bool,
    /// At most so many; zero means 50.
    pub limit: usize,
}

/// Working, over, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    /// Not over.
    #[default]
    Open,
    /// Over.
    Closed,
    /// Both.
    All,
}
