//! The names of the checks.

/// The checks, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// Trading is locked, not armed, read-only, or the account or instrument can't trade.
    Access,
    /// The venue takes such an order.
    Capability,
    /// Prices on the tick, quantity on the lot and between the smallest and the largest.
    TickAndLot,
    /// Not more units than one order may have.
    Quantity,
    /// Not more money than one order may have.
    Notional,
    /// The account's figures are there and young enough.
    Account,
    /// The symbol is one that may be traded.
    Symbols,
    /// The order does not wait for another session.
    Session,
    /// Not more money in one symbol, open orders counted.
    Position,
    /// Not more of the equity in one symbol.
    EquityShare,
    /// Not more money in all symbols together.
    Gross,
    /// There is a quote, believable and young enough.
    Quote,
    /// Prices near the last quote.
    Collar,
    /// A market order meets a market and not a gap.
    Spread,
    /// Not the same order as a moment ago.
    Duplicate,
    /// Not too many orders in a short time.
    OrderRate,
    /// Not against an order of our own.
    SelfCross,
    /// Enough buying power at worst.
    BuyingPower,
    /// Enough margin, or settled cash, at worst.
    Margin,
    /// Inside the rule for day trades that the account is under.
    DayTrades,
    /// A sell below flat is allowed and can be borrowed.
    Short,
    /// What is sold short is easy to borrow.
    Borrow,
    /// An entry brings its protective stop.
    StopRequired,
}

impl CheckName {
    /// As the ticket shows it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Capability => "venue takes it",
            Self::TickAndLot => "tick and lot",
            Self::Quantity => "quantity",
            Self::Notional => "value",
            Self::Account => "account figures",
            Self::Symbols => "symbol lists",
            Self::Session => "session",
            Self::Position => "position",
            Self::EquityShare => "share of equity",
            Self::Gross => "gross exposure",
            Self::Quote => "quote",
            Self::Collar => "price collar",
            Self::Spread => "spread",
            Self::Duplicate => "duplicate",
            Self::OrderRate => "order rate",
            Self::SelfCross => "own orders",
            Self::BuyingPower => "buying power",
            Self::Margin => "margin",
            Self::DayTrades => "day trades",
            Self::Short => "short sale",
            Self::Borrow => "borrow",
            Self::StopRequired => "protective stop",
        }
    }
}
