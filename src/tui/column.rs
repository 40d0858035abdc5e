//! The columns that tables can be sorted by: one list a pane, in the order in which `s` visits them.

use super::focus::Pane;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Symbol.
    Symbol,
    /// Venue.
    Venue,
    /// Last price.
    Last,
    /// Best bid.
    Bid,
    /// Best ask.
    Ask,
    /// Ask less bid.
    Spread,
    /// Day's change.
    Change,
    /// Day's volume.
    Volume,
    /// Age.
    Age,
    /// Buy or sell, long or short.
    Side,
    /// Quantity.
    Qty,
    /// Filled quantity.
    Filled,
    /// Average price.
    Average,
    /// Price.
    Price,
    /// Order type.
    Type,
    /// Time in force.
    Tif,
    /// State.
    State,
    /// Client id.
    Id,
    /// Market value.
    Value,
    /// Profit and loss of the day.
    DayPnl,
    /// Unrealized.
    Unrealized,
    /// Unrealized, per cent.
    UnrealizedPercent,
    /// Risk to the stop.
    Risk,
    /// R multiple.
    R,
    /// Share of equity.
    EquityPercent,
    /// Stop price.
    Stop,
    /// Time.
    Time,
    /// Fee.
    Fee,
    /// Slippage.
    Slippage,
    /// Equity.
    Equity,
    /// Cash.
    Cash,
    /// Buying power.
    BuyingPower,
    /// Severity.
    Severity,
    /// What it says.
    Text,
    /// A rule's name.
    Rule,
    /// How much of a limit is used.
    Used,
    /// The limit.
    Limit,
    /// What happens when it trips.
    Response,
    /// Until when.
    Until,
    /// What kind of difference.
    Kind,
    /// A name.
    Name,
    /// How many positions.
    Holdings,
    /// How many orders.
    Orders,
    /// Share that filled.
    FillRate,
    /// Median slippage.
    Median,
    /// What slippage cost.
    Cost,
    /// Time until filled.
    TimeToFill,
    /// Orders that filled better than the quote.
    Improved,
    /// Score from 0 to 100.
    Score,
}

impl Column {
    /// Its head, and its name in `:sort`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Symbol => "symbol",
            Self::Venue => "venue",
            Self::Last => "last",
            Self::Bid => "bid",
            Self::Ask => "ask",
            Self::Spread => "spr",
            Self::Change => "chg",
            Self::Volume => "vol",
            Self::Age => "age",
            Self::Side => "side",
            Self::Qty => "qty",
            Self::Filled => "filled",
            Self::Average => "avg",
            Self::Price => "price",
            Self::Type => "type",
            Self::Tif => "tif",
            Self::State => "state",
            Self::Id => "id",
            Self::Value => "value",
            Self::DayPnl => "day",
            Self::Unrealized => "unr",
            Self::UnrealizedPercent => "unr%",
            Self::Risk => "risk",
            Self::R => "r",
            Self::EquityPercent => "eq%",
            Self::Stop => "stop",
            Self::Time => "time",
            Self::Fee => "fee",
            Self::Slippage => "slip",
            Self::Equity => "equity",
            Self::Cash => "cash",
            Self::BuyingPower => "bp",
            Self::Severity => "sev",
            Self::Text => "text",
            Self::Rule => "rule",
            Self::Used => "used",
            Self::Limit => "limit",
            Self::Response => "trips",
            Self::Until => "until",
            Self::Kind => "what",
            Self::Name => "name",
            Self::Holdings => "held",
            Self::Orders => "orders",
            Self::FillRate => "fill%",
            Self::Median => "median",
            Self::Cost => "cost",
            Self::TimeToFill => "ttf",
            Self::Improved => "better",
            Self::Score => "score",
        }
    }
    /// The columns of a pane.
    pub const fn of(pane: Pane) -> &'static [Self] {
        match pane {
            Pane::Watchlist => &[
                Self::Symbol,
                Self::Last,
                Self::Bid,
                Self::Ask,
                Self::Spread,
                Self::Change,
                Self::Volume,
                Self::Age,
                Self::Venue,
            ],
            Pane::Positions => POSITIONS,
            Pane::Orders => ORDERS,
            Pane::Fills => &[
                Self::Time,
                Self::Symbol,
                Self::Side,
                Self::Qty,
                Self::Price,
                Self::Fee,
                Self::Slippage,
                Self::Venue,
            ],
            Pane::Account => &[Self::Venue, Self::Equity, Self::Cash, Self::BuyingPower, Self::DayPnl],
            Pane::Health => &[Self::Venue, Self::State],
            Pane::Risk => {
                &[Self::State, Self::Rule, Self::Used, Self::Limit, Self::Response, Self::Until, Self::Venue]
            }
            Pane::Alerts => &[Self::Time, Self::Severity, Self::Symbol, Self::Venue, Self::Text],
            Pane::Reconciliation => DIFFERENCES,
            Pane::Algorithms => ALGORITHMS,
            Pane::Quality => QUALITY,
            Pane::Chart | Pane::Depth | Pane::Ticket => &[],
        }
    }
    /// The pane's column of that name.
    pub fn parse(pane: Pane, word: &str) -> Option<Self> {
        Self::of(pane).iter().copied().find(|c| c.word() == word)
    }
}

const POSITIONS: &[Column] = &[
    Column::Symbol,
    Column::Qty,
    Column::Average,
    Column::Last,
    Column::Value,
    Column::DayPnl,
    Column::Unrealized,
    Column::UnrealizedPercent,
    Column::R,
    Column::Risk,
    Column::EquityPercent,
    Column::Stop,
    Column::Venue,
];
const ORDERS: &[Column] = &[
    Column::Symbol,
    Column::Side,
    Column::Qty,
    Column::Filled,
    Column::Type,
    Column::Price,
    Column::Stop,
    Column::Tif,
    Column::State,
    Column::Age,
    Column::Id,
    Column::Venue,
];
const DIFFERENCES: &[Column] =
    &[Column::Time, Column::State, Column::Kind, Column::Symbol, Column::Text, Column::Venue];
const ALGORITHMS: &[Column] = &[
    Column::Name,
    Column::State,
    Column::Equity,
    Column::DayPnl,
    Column::Holdings,
    Column::Orders,
    Column::Age,
    Column::Text,
    Column::Venue,
];
const QUALITY: &[Column] = &[
    Column::Name,
    Column::Orders,
    Column::Filled,
    Column::FillRate,
    Column::Volume,
    Column::Slippage,
    Column::Median,
    Column::Cost,
    Column::TimeToFill,
    Column::Improved,
    Column::Score,
    Column::Venue,
];
