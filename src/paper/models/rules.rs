//! What a brokerage model says, as a table's row, and the sums that follow from it.

use crate::domain::{
    instrument::AssetClass,
    money::{Money, Price, Qty},
    order::{OrderKind, Side, Tif},
};
use rust_decimal::Decimal;

/// A brokerage model.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Its name in sentences.
    pub name: &'static str,
    /// From the request to the market, in milliseconds.
    pub latency_ms: i64,
    /// How stocks are dealt with, if they are.
    pub stocks: Option<Desk>,
    /// How coins are dealt with, if they are.
    pub coins: Option<Desk>,
    /// Can stocks be sold short?
    pub shorts: bool,
    /// Can fractions of a share be traded?
    pub fractions: bool,
    /// Leverage while the regular session is on, for accounts above the day traders' minimum.
    pub day_leverage: u32,
    /// An opening short sale must be a day order of a stock at or above this price, in dollars.
    pub short_day_only_above: Option<u32>,
    /// Open days until a cash account's proceeds have settled.
    pub settle_days: usize,
    /// The largest order in units.
    pub qty_max: u32,
}

/// How one kind of instrument is dealt with.
#[derive(Debug, Clone, Copy)]
pub struct Desk {
    /// What it costs.
    pub fee: Fee,
    /// What can be bought with one dollar, in tenths.
    pub leverage_tenths: u32,
    /// Leverage of particular coins, in tenths.
    pub leverage_of: &'static [(&'static str, u32)],
    /// What a market order loses besides the spread, in hundredths of a basis point.
    pub slippage: u32,
    /// Order types taken.
    pub kinds: &'static [OrderKind],
    /// Times in force taken.
    pub tifs: &'static [&'static str],
}

/// What a trade costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fee {
    /// Nothing.
    None,
    /// So many hundredths of a cent a unit, at least so many cents an order, at most a share of the value in basis
    /// points (the minimum comes first).
    PerUnit {
        /// Hundredths of a cent a unit.
        rate: u32,
        /// Cents an order.
        min_cents: u32,
        /// Basis points of the value.
        cap_bps: Option<u32>,
    },
    /// A share of the value, in hundredths of a basis point.
    Share {
        /// For an order that rested.
        maker: u32,
        /// For an order that took.
        taker: u32,
        /// In what it is taken.
        paid: Paid,
    },
}

/// In what a fee is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// Always dollars.
    Quote,
    /// A buyer pays in the coin bought, a seller in dollars.
    WhatIsReceived,
    /// A buyer pays in dollars, a seller in the coin sold.
    WhatIsGiven,
}

/// A fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Charge {
    /// In dollars.
    pub money: Money,
    /// In the coin.
    pub coin: Qty,
}

/// What a fee depends on: an order as far as it is filled.
#[derive(Debug, Clone, Copy)]
pub struct Filled {
    /// Buy or sell.
    pub side: Side,
    /// Units.
    pub qty: Qty,
    /// Their price times their number.
    pub value: Money,
    /// Did the order rest before it filled?
    pub rested: bool,
}

const BPS_HUNDREDTHS: u32 = 6;

impl Fee {
    /// The whole fee of an order as far as it is filled. Each fill is charged the difference to what was charged
    /// before, so that the sum over the fills of an order is the fee of the order.
    pub fn of(self, filled: &Filled) -> Charge {
        let dollars = |d: Decimal| Charge { money: Money::new(d.normalize()), coin: Qty::ZERO };
        let value = filled.value.get().abs();
        match self {
            Self::None => Charge::default(),
            Self::PerUnit { rate, min_cents, cap_bps } => {
                let by_units = filled.qty.get().saturating_mul(Decimal::new(i64::from(rate), 4));
                let min = Decimal::new(i64::from(min_cents), 2);
                let cap = cap_bps.map(|bps| value.saturating_mul(Decimal::new(i64::from(bps), 4)));
                let capped = cap.map_or(by_units, |cap| by_units.min(cap));
                dollars(if by_units < min { min } else { capped })
            }
            Self::Share { maker, taker, paid } => {
                let rate = Decimal::new(i64::from(if filled.rested { maker } else { taker }), BPS_HUNDREDTHS);
                let in_coin = match (paid, filled.side) {
                    (Paid::WhatIsReceived, Side::Buy) | (Paid::WhatIsGiven, Side::Sell) => true,
                    (Paid::Quote, _)
                    | (Paid::WhatIsReceived, Side::Sell)
                    | (Paid::WhatIsGiven, Side::Buy) => false,
                };
                if in_coin {
                    let coin = filled.qty.get().saturating_mul(rate).round_dp(9).normalize();
                    Charge { money: Money::ZERO, coin: Qty::new(coin).unwrap_or_default() }
                } else {
                    dollars(value.saturating_mul(rate))
                }
            }
        }
    }
}

impl Desk {
    /// What a market order pays (buy) or gets (sell) where the touch is `price`.
    pub fn slipped(&self, side: Side, price: Price, step: Price) -> Price {
        let rate = Decimal::new(i64::from(self.slippage), BPS_HUNDREDTHS);
        let lost = price.get().saturating_mul(rate);
        let ticks = lost.checked_div(step.get()).unwrap_or_default().ceil();
        let lost = ticks.saturating_mul(step.get());
        Price::new(match side {
            Side::Buy => price.get().saturating_add(lost),
            Side::Sell => price.get().saturating_sub(lost).max(step.get()),
        })
    }
}

impl Rules {
    /// How instruments of `class` are dealt with, if they are.
    pub const fn desk(&self, class: AssetClass) -> Option<&Desk> {
        match class {
            AssetClass::Equity => self.stocks.as_ref(),
            AssetClass::Crypto => self.coins.as_ref(),
            AssetClass::Option
            | AssetClass::Forex
            | AssetClass::Future
            | AssetClass::Perpetual
            | AssetClass::Cfd => None,
        }
    }
    /// Are instruments of `class` traded?
    pub const fn trades(&self, class: AssetClass) -> bool {
        self.desk(class).is_some()
    }
    /// What can be bought with one dollar.
    pub fn leverage(&self, class: AssetClass, symbol: &str) -> Decimal {
        let Some(desk) = self.desk(class) else {
            return Decimal::ONE;
        };
        let own = desk.leverage_of.iter().find(|(s, _)| *s == symbol).map(|(_, tenths)| *tenths);
        Decimal::new(i64::from(own.unwrap_or(desk.leverage_tenths)), 1)
    }
    /// Why an order of this type and time in force is not taken, in a sentence.
    pub fn objection(&self, class: AssetClass, kind: OrderKind, tif: Tif) -> Option<String> {
        let noun = if class == AssetClass::Crypto { "coins" } else { "stocks" };
        let Some(desk) = self.desk(class) else {
            return Some(format!("the {} model does not trade {noun}", self.name));
        };
        if !desk.kinds.contains(&kind) {
            let words: Vec<&str> = desk.kinds.iter().map(|k| k.word()).collect();
            let words = words.join(", ");
            return Some(format!(
                "the {} model takes no {} orders for {noun}; it takes {words}",
                self.name,
                kind.word()
            ));
        }
        if !desk.tifs.contains(&tif.word()) {
            let words = desk.tifs.join(", ");
            return Some(format!(
                "the {} model takes no {} orders for {noun}; it takes {words}",
                self.name,
                tif.word()
            ));
        }
        None
    }
}
