//! The instruments of the paper venue and their rules.

use crate::domain::{
    ids::{Currency, Symbol},
    instrument::{AssetClass, Borrow, Tick},
    money::{Price, Qty},
};
use uuid::Uuid;

/// An instrument and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: Uuid,
    /// `AAPL`, `BTC/USD`.
    pub symbol: Symbol,
    /// For people.
    pub name: &'static str,
    /// Stock or coin.
    pub class: AssetClass,
    /// Where it is listed: `NASDAQ`, `NYSE`, `ARCA`, `CRYPTO`.
    pub exchange: &'static str,
    /// What it is priced in.
    pub quote: Currency,
    /// Allowed prices.
    pub tick: Tick,
    /// Can it be sold short under this model?
    pub shortable: bool,
    /// How hard is that?
    pub borrow: Borrow,
    /// Can it be bought on margin under this model?
    pub marginable: bool,
    /// Can fractions be traded?
    pub fractionable: bool,
    /// Does this model trade it at all?
    pub tradable: bool,
    /// Smallest order (coins).
    pub min_order_size: Option<Qty>,
    /// Smallest step of quantity (coins).
    pub min_trade_increment: Option<Qty>,
    /// Smallest step of price (coins).
    pub price_increment: Option<Price>,
}
