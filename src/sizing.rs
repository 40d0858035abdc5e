//! From what a trader asks for to an order with quantity and prices, and to what it may cost and bring.

pub mod exits;
pub mod plan;
pub mod prices;
mod quantity;

pub use exits::{break_even, close, exit_prices, marketable, protect, reverse};
pub use plan::{Inputs, Order, Part, Plan, change, order, plan};
pub use quantity::Cut;

use crate::domain::{
    ids::{Currency, InstrumentId},
    money::{Price, Qty},
    order::Side,
};

/// A part of an order line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The quantity.
    Size,
    /// The limit.
    Limit,
    /// The trigger of a stop order.
    Trigger,
    /// The trail.
    Trail,
    /// The protective stop.
    Stop,
    /// The protective stop's limit.
    StopLimit,
    /// The take-profit.
    Target,
}

impl Field {
    /// As it is called on the ticket.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Limit => "limit",
            Self::Trigger => "trigger",
            Self::Trail => "trail",
            Self::Stop => "stop",
            Self::StopLimit => "stop limit",
            Self::Target => "target",
        }
    }
}

/// Why a draft can't be sized or priced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizingError {
    /// A number went beyond what can be held.
    #[error("the numbers of this order are too large to be worked out")]
    Overflow,
    /// No quote on the side that is needed.
    #[error("there is no quote of {0} to work out a price: give the price as a number")]
    NoQuote(InstrumentId),
    /// A size that needs the account.
    #[error("the account's figures are not known yet: give the size in units")]
    NoAccount,
    /// Priced in another currency than the account.
    #[error("{instrument} prices can't be compared with an account in {account}: give the size in units")]
    Currency {
        /// The instrument's.
        instrument: Currency,
        /// The account's.
        account: Currency,
    },
    /// Zero or below.
    #[error("{field} must be above zero", field = .0.word())]
    NotPositive(Field),
    /// Sizing by risk without a stop.
    #[error("a size by risk needs a stop: add `stop PRICE`")]
    NoStop,
    /// R without a stop, or not for a target.
    #[error("{field} in R needs a protective stop, and only a target can have it", field = .0.word())]
    NoR(Field),
    /// On the wrong side of the entry or the market.
    #[error("{field} {price} stands on the wrong side of {reference}: it would be met at once", field = .field.word())]
    WrongSide {
        /// Which.
        field: Field,
        /// Where it stands.
        price: Price,
        /// What it is measured from.
        reference: Price,
    },
    /// Nothing is held.
    #[error("{0} is flat: there is nothing to close or protect")]
    Flat(InstrumentId),
    /// A share of the position on the side that adds to it.
    #[error("{side} adds to the position: a share of it can only be closed", side = .0.word())]
    Adds(Side),
    /// Exits on an order that itself closes.
    #[error("an order that closes takes no stop and no target: use `protect`")]
    ExitsOnClose,
    /// It comes to nothing.
    #[error("nothing to trade: {asked} comes to less than the smallest order of {least} ({cut})", cut = .cut.word())]
    NothingToTrade {
        /// What it came to before rounding.
        asked: Qty,
        /// The smallest order.
        least: Qty,
        /// What made it so small.
        cut: Cut,
    },
    /// A change of something that the order does not have, or of nothing.
    #[error("this order has no {field} to change", field = .0.word())]
    NotThere(Field),
    /// A change of nothing.
    #[error("nothing is changed: give qty, limit, stop, trail or tif")]
    NoChange,
    /// A last day that is none.
    #[error("the last day is over, or beyond the calendar: it is {0} at the venue")]
    Over(jiff::civil::Date),
    /// The average entry is not known.
    #[error("the average entry of {0} is not known")]
    NoAverage(InstrumentId),
}

impl SizingError {
    /// The field of the ticket that it is about.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::NotPositive(field)
            | Self::NoR(field)
            | Self::WrongSide { field, .. }
            | Self::NotThere(field) => field.word(),
            Self::NoQuote(_) => "symbol",
            Self::Over(_) => "until",
            Self::NoStop | Self::ExitsOnClose | Self::NoAverage(_) => "stop",
            Self::Overflow
            | Self::NoAccount
            | Self::Currency { .. }
            | Self::Flat(_)
            | Self::Adds(_)
            | Self::NothingToTrade { .. }
            | Self::NoChange => "size",
        }
    }
    /// Would the venue's next word mend it?
    pub const fn needs_word(&self) -> bool {
        matches!(self, Self::NoQuote(_) | Self::NoAccount)
    }
}

#[cfg(test)]
mod tests;
