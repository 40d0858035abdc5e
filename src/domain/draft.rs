//! What a trader asks for, before it is sized and priced: the meaning of an order line. Ticket, command
//! line, hotkey and shell all make these.

use super::{
    ids::{ClientId, Symbol, VenueId},
    money::{Money, Percent, Price, Qty, Ratio},
    order::{Side, Tif},
    scope::Scope,
    text::Text,
};
use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A price as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceExpr {
    /// `174`, `174.50`.
    At(Price),
    /// `-1.50`, `+2`: from the reference price (the touch for a limit, the entry for stop and target).
    Offset(Price),
    /// `-1%`, `+0.5%`: from the reference price.
    Percent(Percent),
    /// `-12t`, `+3t`: whole ticks from the reference price.
    Ticks(i64),
    /// `2R`: multiples of the distance from entry to stop, on the profitable side. For targets.
    R(Ratio),
}

/// How far a trailing stop stays behind, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailExpr {
    /// `trail 1.50`.
    Amount(Price),
    /// `trail 1%`.
    Percent(Percent),
    /// `trail 20t`.
    Ticks(i64),
}

/// How much, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// `100`.
    Qty(Qty),
    /// `$500`.
    Notional(Money),
    /// `5% equity`.
    EquityPercent(Percent),
    /// `20% bp`.
    BuyingPowerPercent(Percent),
    /// `risk 1%`: of equity, by the distance from entry to stop.
    RiskPercent(Percent),
    /// `risk $200`.
    RiskMoney(Money),
    /// `all`: the whole position, to close it.
    All,
    /// `50%`: this share of the position, to close it.
    PositionPercent(Percent),
}

impl Size {
    /// Is it told by the position, and can only take away from it?
    pub const fn is_of_position(&self) -> bool {
        matches!(self, Self::All | Self::PositionPercent(_))
    }
}

/// The order type as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftType {
    /// `market`, and the default.
    #[default]
    Market,
    /// `limit 174`.
    Limit(PriceExpr),
    /// `trigger 180`: a stop order.
    Stop(PriceExpr),
    /// `trigger 180 limit 181`.
    StopLimit {
        /// Trigger.
        stop: PriceExpr,
        /// Worst price.
        limit: PriceExpr,
    },
    /// `trail 1%`.
    Trail(TrailExpr),
}

/// A protective stop as it is typed: `stop 174` or `stop 174 limit 173.50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopExpr {
    /// Trigger.
    pub stop: PriceExpr,
    /// Worst price.
    pub limit: Option<PriceExpr>,
}

/// A target for a part of the order: `target 178 for 50%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartExpr {
    /// Where.
    pub target: PriceExpr,
    /// How much of the order, rounded down to the lot.
    pub share: Percent,
}

/// A time in force as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TifExpr {
    /// `day`, `gtc`, `gtd 2026-12-31`.
    Is(Tif),
    /// `gtd +3d`: until the end of the day that comes so many days after today at the venue.
    GtdIn(u16),
}

impl TifExpr {
    /// What it comes to on this day; `None` for a date that is over, or beyond what a calendar has.
    pub fn on(self, today: Date) -> Option<Tif> {
        match self {
            Self::Is(Tif::Gtd(date)) => (date >= today).then_some(Tif::Gtd(date)),
            Self::Is(tif) => Some(tif),
            Self::GtdIn(days) => today.checked_add(Span::new().days(days)).ok().map(Tif::Gtd),
        }
    }
}

/// An order as it is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Buy or sell.
    pub side: Side,
    /// What.
    pub symbol: Symbol,
    /// Where: `@venue`.
    pub venue: Option<VenueId>,
    /// How much.
    pub size: Size,
    /// Type and prices.
    pub order_type: DraftType,
    /// Protective stop.
    pub stop: Option<StopExpr>,
    /// Take-profit; of what the parts leave, where there are any.
    pub target: Option<PriceExpr>,
    /// Targets for parts of the order, in the order in which they were typed.
    #[serde(default)]
    pub parts: Vec<PartExpr>,
    /// `show 100`: of a limit or stop-limit order no more than this is shown at a time.
    #[serde(default)]
    pub show: Option<Qty>,
    /// Time in force; `None` is the configured default.
    pub tif: Option<TifExpr>,
    /// `ext`.
    pub extended: bool,
    /// `post`.
    pub post_only: bool,
    /// `reduce`.
    pub reduce_only: bool,
    /// `tag NAME`.
    pub tag: Option<SmolStr>,
}

impl Draft {
    /// Does it take risk away by what it says, wherever the position stands?
    pub const fn reduces(&self) -> bool {
        self.reduce_only || self.size.is_of_position()
    }
}

/// Which orders to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelTarget {
    /// One order.
    Order(ClientId),
    /// All of a symbol.
    Symbol(Symbol),
    /// All of a side.
    Side(Side),
    /// Those that could open or add to a position; what protects stays.
    Entries,
    /// All.
    All,
}

/// How much of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// The whole.
    #[default]
    All,
    /// `25%`.
    Percent(Percent),
    /// `100`: so many units, never more than are there.
    Qty(Qty),
}

/// How to change a working order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangeExpr {
    /// New total quantity.
    pub qty: Option<Qty>,
    /// New limit; offsets and ticks count from the order's own limit.
    pub limit: Option<PriceExpr>,
    /// New stop; offsets and ticks count from the order's own stop.
    pub stop: Option<PriceExpr>,
    /// New trail.
    pub trail: Option<TrailExpr>,
    /// New time in force.
    pub tif: Option<TifExpr>,
}

/// Everything that an order line can say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// `buy …`, `sell …`.
    Order(Draft),
    /// `close AAPL [50%|100|all] [@venue]`.
    Close {
        /// What.
        symbol: Symbol,
        /// How much of it.
        share: Share,
        /// Where; `None` is wherever it is held.
        venue: Option<VenueId>,
    },
    /// `reverse AAPL [@venue]`.
    Reverse {
        /// What.
        symbol: Symbol,
        /// Where.
        venue: Option<VenueId>,
    },
    /// `protect AAPL stop 174 [target 180] [@venue]`: exits for a position that is there. `stop be` is break-even.
    Protect {
        /// What.
        symbol: Symbol,
        /// Where.
        venue: Option<VenueId>,
        /// The stop; `None` with `break_even` set means the average entry.
        stop: Option<StopExpr>,
        /// Take-profit.
        target: Option<PriceExpr>,
        /// `stop be`: move the stop to the average entry.
        break_even: bool,
    },
    /// `cancel AAPL`, `cancel all`, `cancel entries`, `cancel buys`, `cancel td-x-1`.
    Cancel {
        /// Which.
        target: CancelTarget,
        /// Where; `None` is everywhere.
        venue: Option<VenueId>,
    },
    /// `replace td-x-1 qty 50 limit +2t`.
    Replace {
        /// Which.
        order: ClientId,
        /// How.
        change: ChangeExpr,
        /// Where.
        venue: Option<VenueId>,
    },
    /// `flatten [AAPL] [longs|shorts|winners|losers] [50%] [algo NAME] [account NUMBER] [@venue]`: cancel
    /// everything in scope, close it, read back until flat.
    Flatten(Scope),
    /// `halt`: block entries and show the exit plan.
    Halt,
    /// `lock [REASON]`.
    Lock {
        /// Why.
        reason: Text,
    },
    /// `unlock REASON`.
    Unlock {
        /// Why.
        reason: Text,
    },
}
