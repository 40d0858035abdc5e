//! What a front end may see: one value, made by the engine, never changed afterwards. Sections that did not
//! change are shared with the snapshot before, so that a frame costs what moved.

mod exit;
mod records;
mod risk;

pub use crate::analytics::{By, OrderQuality, Quality as QualityRow};
pub use crate::domain::delivery::{Delivery as DeliveryRow, DeliveryState};
pub use exit::{ExitAlgorithm, ExitNote, ExitRow, ExitVenue};
pub use records::{AlgorithmRow, AlgorithmState, DifferenceKind, DifferenceRow};
pub use risk::{MarginCallRow, RiskRow, RiskState};

use super::total::Total;
use crate::domain::{
    alert::Alert,
    capability::Capability,
    ids::{AccountId, ClientId, Currency, ExecutionId, InstrumentId, OrderId, Symbol, VenueId},
    instrument::AssetClass,
    lifecycle::OrderState,
    money::{Money, Percent, Price, Qty, Ratio, SignedQty},
    order::{Amount, Attached, OrderType, Origin, Role, Side, Tif},
    quote::DepthFault,
    report::{Environment, Fee, Liquidity},
    text::Text,
    time::{Mono, Now, Stamp},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// Everything on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Counts up with every change.
    pub seq: u64,
    /// When it was made. Ages on the screen count from here.
    pub at: Now,
    /// The line that can't be scrolled away.
    pub banner: Banner,
    /// Accounts, in the order of the configuration.
    pub accounts: Arc<Vec<AccountRow>>,
    /// All accounts together, where there are several.
    #[serde(default)]
    pub total: Option<Arc<Total>>,
    /// Watched symbols, in the trader's order.
    pub watchlist: Arc<Vec<WatchRow>>,
    /// The order books that front ends follow, where the venue has them.
    #[serde(default)]
    pub depth: Arc<Vec<DepthRow>>,
    /// Positions that are not flat, by venue and symbol.
    pub positions: Arc<Vec<PositionRow>>,
    /// Orders: open ones first with their children right behind them, then today's ended ones, newest first.
    pub orders: Arc<Vec<OrderRow>>,
    /// Executions, newest first, bounded.
    pub fills: Arc<Vec<FillRow>>,
    /// How the venues do.
    pub health: Arc<Vec<HealthRow>>,
    /// How the channels of notifications do, by name.
    #[serde(default)]
    pub deliveries: Arc<Vec<DeliveryRow>>,
    /// Alerts, newest first, bounded.
    pub alerts: Arc<Vec<AlertRow>>,
    /// Equity of each account over its day, oldest first.
    pub equity_curve: Arc<Vec<EquityPoint>>,
    /// The rules that are held all the time, with how near each is to tripping.
    #[serde(default)]
    pub risk: Arc<Vec<RiskRow>>,
    /// What a margin call would close, the largest loser first; empty while margin remains.
    #[serde(default)]
    pub margin_call: Arc<Vec<MarginCallRow>>,
    /// The exit under way or the last one.
    pub exit: Option<Arc<ExitRow>>,
    /// What the journal tells of exits: those that began and did not end, then the last that ended at each venue.
    #[serde(default)]
    pub exits: Arc<Vec<ExitNote>>,
    /// What the book and the venues disagree on, or did today; what waits for a decision first.
    #[serde(default)]
    pub reconciliation: Arc<Vec<DifferenceRow>>,
    /// Programs that trade on the same accounts.
    #[serde(default)]
    pub algorithms: Arc<Vec<AlgorithmRow>>,
    /// Execution figures: of all orders, then by symbol, venue, type, owner, day, and the reasons of refusals.
    #[serde(default)]
    pub quality: Arc<Vec<QualityRow>>,
    /// What each venue takes, by class of instrument: the ticket offers just that.
    #[serde(default)]
    pub offers: Arc<Vec<(VenueId, Capability)>>,
    /// Symbols that can be traded, for completion.
    pub symbols: Arc<Vec<(Symbol, VenueId)>>,
}

/// The banner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Banner {
    /// One lamp an account.
    pub lamps: Vec<Lamp>,
    /// Equity of all accounts together; `None` where a rate is missing.
    pub equity: Option<Money>,
    /// Sum of the day's profit and loss, likewise.
    pub day_pnl: Option<Money>,
    /// The same, of yesterday's equity.
    pub day_percent: Option<Percent>,
    /// Fall of equity from the day's high, per cent (zero or below).
    pub drawdown: Option<Percent>,
    /// In what.
    pub currency: Option<Currency>,
    /// When the oldest rate was heard that the sums were made with.
    #[serde(default)]
    pub rates_at: Option<Mono>,
    /// Armed until.
    pub armed_until: Option<Mono>,
    /// Why entries are blocked.
    pub locked: Option<Text>,
    /// HALT stands: entries blocked, exit plan shown.
    pub halted: bool,
    /// Rules that tripped and block entries now.
    #[serde(default)]
    pub tripped: u32,
    /// A lock-out that nobody can lift before then.
    #[serde(default)]
    pub locked_out_until: Option<Stamp>,
    /// Entries wait for this (reconciling at start, journal lost); `None` when nothing holds them.
    pub held: Option<Text>,
    /// Unacknowledged alerts.
    pub alerts: u32,
    /// The worst of them.
    pub worst: Option<Alert>,
    /// The market session: `regular`, `pre`, `after`, `closed`, `24/7`.
    pub session: SmolStr,
    /// When the session changes.
    pub session_until: Option<Stamp>,
}

/// An account's badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lamp {
    /// Which.
    pub venue: VenueId,
    /// Paper or live, proven; `None` until the venue has answered.
    pub environment: Option<Environment>,
    /// It can't be traded from here.
    pub read_only: bool,
    /// Its order stream is up and the book agrees with the venue.
    pub connected: bool,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Where.
    pub venue: VenueId,
    /// Its number.
    pub account: AccountId,
    /// What the amounts are in.
    pub currency: Currency,
    /// Cash and positions at market.
    pub equity: Money,
    /// Equity at yesterday's close.
    pub last_equity: Option<Money>,
    /// Cash.
    pub cash: Money,
    /// Buying power left, orders under way counted.
    pub buying_power: Money,
    /// Initial margin used.
    pub initial_margin: Option<Money>,
    /// Maintenance margin used.
    pub maintenance_margin: Option<Money>,
    /// Realized since the session began.
    pub realized: Money,
    /// Unrealized now.
    pub unrealized: Option<Money>,
    /// Fees since the session began.
    pub fees: Money,
    /// Profit and loss of the day.
    pub day_pnl: Option<Money>,
    /// The same, of yesterday's equity.
    pub day_percent: Option<Percent>,
    /// Fall from the day's high.
    pub drawdown: Option<Percent>,
    /// Positions above zero.
    pub longs: u32,
    /// Positions below zero.
    pub shorts: u32,
    /// Sum of absolute values.
    pub gross: Option<Money>,
    /// Sum with direction.
    pub net: Option<Money>,
    /// Best position by day's profit.
    pub top_gainer: Option<(Symbol, Money)>,
    /// Worst.
    pub top_loser: Option<(Symbol, Money)>,
    /// Day trades in the last five business days.
    pub day_trades: Option<u32>,
    /// Why it can't trade.
    pub blocked: Option<Text>,
    /// When the figures were told.
    pub updated: Mono,
}

/// A watched symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchRow {
    /// Where and what.
    pub instrument: InstrumentId,
    /// The kind; `None` until the venue has told.
    pub class: Option<AssetClass>,
    /// Last price.
    pub last: Option<Price>,
    /// Best bid.
    pub bid: Option<Price>,
    /// Its size.
    pub bid_size: Option<Qty>,
    /// Best ask.
    pub ask: Option<Price>,
    /// Its size.
    pub ask_size: Option<Qty>,
    /// Ask less bid.
    pub spread: Option<Price>,
    /// Change since yesterday's close.
    pub change: Option<Percent>,
    /// Units traded today.
    pub volume: Option<Qty>,
    /// Recent prices, oldest first, at most 60.
    pub spark: Arc<Vec<Price>>,
    /// The price step at the last price.
    pub tick: Option<Price>,
    /// When the quote came; `None` is never.
    pub updated: Option<Mono>,
    /// It is older than it may be, or was found bad.
    pub stale: bool,
    /// The venue halted it, in its words.
    pub halted: Option<Text>,
}

/// An order book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthRow {
    /// Where and what.
    pub instrument: InstrumentId,
    /// Prices that are bid, highest first, each with its size.
    pub bids: Vec<(Price, Qty)>,
    /// Prices that are asked, lowest first, each with its size.
    pub asks: Vec<(Price, Qty)>,
    /// Why it is not to be believed; `None` when it is.
    pub fault: Option<DepthFault>,
    /// When it came.
    pub updated: Mono,
    /// The stream that tells it is not up.
    pub stale: bool,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionRow {
    /// Where and what.
    pub instrument: InstrumentId,
    /// Above zero is long.
    pub qty: SignedQty,
    /// Average entry.
    pub avg_price: Option<Price>,
    /// Mark.
    pub last: Option<Price>,
    /// Quantity times mark.
    pub value: Option<Money>,
    /// Profit and loss of the day.
    pub day_pnl: Option<Money>,
    /// Unrealized.
    pub unrealized: Option<Money>,
    /// The same, of the cost.
    pub unrealized_percent: Option<Percent>,
    /// Lost if its protective stops fill at their prices, from the mark.
    pub risk_to_stop: Option<Money>,
    /// Unrealized over the risk it was opened with.
    pub r_multiple: Option<Ratio>,
    /// Share of equity.
    pub equity_percent: Option<Percent>,
    /// Quantity that working stops cover.
    pub protected: Qty,
    /// The nearest of those stops.
    pub stop: Option<Price>,
    /// Working target.
    pub target: Option<Price>,
    /// The price step.
    pub tick: Option<Price>,
    /// In what the amounts are.
    pub currency: Currency,
    /// When the mark came.
    pub updated: Option<Mono>,
    /// The mark is older than it may be.
    pub stale: bool,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Its name.
    pub id: OrderId,
    /// The venue's name for it.
    pub venue_id: Option<SmolStr>,
    /// What.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub amount: Amount,
    /// Filled of it.
    pub filled: Qty,
    /// Average fill price.
    pub avg_price: Option<Price>,
    /// Type and prices.
    pub order_type: OrderType,
    /// For trailing stops, where the stop stands.
    pub trailing_stop: Option<Price>,
    /// Time in force.
    pub tif: Tif,
    /// May fill outside regular hours.
    pub extended: bool,
    /// What hangs on it.
    pub attached: Attached,
    /// An iceberg at the venue: so much of it is shown there at a time.
    #[serde(default)]
    pub show: Option<Qty>,
    /// Where it stands.
    pub state: OrderState,
    /// The venue's own word for that.
    pub status_word: Text,
    /// Whose it is.
    pub origin: Origin,
    /// This program holds it itself; the venue does not know it.
    #[serde(default)]
    pub here: bool,
    /// It could open or add to a position.
    #[serde(default)]
    pub opens: bool,
    /// The order it hangs on.
    pub parent: Option<ClientId>,
    /// The order that took its place.
    #[serde(default)]
    pub replaced_by: Option<ClientId>,
    /// Its part in the group.
    pub role: Option<Role>,
    /// Zero for orders that stand alone and parents, one for children.
    pub depth: u8,
    /// Is it the last child of its parent?
    pub last_child: bool,
    /// The trader's mark.
    pub tag: Option<SmolStr>,
    /// Why it was refused.
    pub reason: Option<Text>,
    /// When it was made, as far as is known.
    pub created: Option<Stamp>,
    /// When it last changed, for its age.
    pub updated: Mono,
    /// It waits for an answer longer than it should.
    pub late: bool,
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// When, by the venue's clock.
    pub at: Stamp,
    /// Its id.
    pub execution: ExecutionId,
    /// The order.
    pub order: OrderId,
    /// What.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// At.
    pub price: Price,
    /// Fee.
    pub fee: Option<Fee>,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// Against the mid when the order was sent, basis points; above zero is worse.
    pub slippage_bps: Option<Ratio>,
    /// Reconstructed from the order's figures, not told by the venue.
    pub inferred: bool,
}

/// How a venue does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthRow {
    /// Which.
    pub venue: VenueId,
    /// Its connections.
    pub channels: Vec<ChannelRow>,
    /// Is the book known to agree with the venue? (`AGREED`, `RESYNC`, `DOWN`, `UNPROVEN`.)
    pub state: SmolStr,
    /// Round trip, median, microseconds.
    pub rtt_p50_us: Option<u64>,
    /// Round trip, 99th percentile, microseconds.
    pub rtt_p99_us: Option<u64>,
    /// Requests counted in the limit's window.
    pub limit_used: Option<u32>,
    /// The limit.
    pub limit_max: Option<u32>,
    /// Until when the venue wants no requests.
    pub limited_until: Option<Mono>,
    /// Its clock minus ours, milliseconds.
    pub skew_ms: Option<i64>,
    /// How its dead man's switch stands, where the user asked for it.
    pub switch: Option<Text>,
    /// How often a connection had to be made anew.
    pub reconnects: u32,
    /// Messages put aside because they could not be read or be true.
    pub quarantined: u64,
    /// The last error.
    pub last_error: Option<Text>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRow {
    /// `orders`, `market`, `crypto`, `rest`.
    pub name: SmolStr,
    /// `up`, `connecting`, `stale`, `backoff`, `dead`.
    pub state: SmolStr,
    /// For a back-off, until when.
    pub until: Option<Mono>,
    /// When the last message came.
    pub last_message: Option<Mono>,
}

/// An alert with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    /// The alert.
    pub alert: Alert,
    /// How many of the same came in a row.
    pub count: u32,
    /// Has a person seen it?
    pub acknowledged: bool,
}

/// One point of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityPoint {
    /// Whose, where there are several accounts.
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// When.
    pub at: Stamp,
    /// How much.
    pub equity: Money,
}
