//! Cash and holdings: what every fill does to them.

use super::models::rules::Charge;
use crate::domain::{
    ids::Symbol,
    money::{Money, Price, Qty, SignedQty},
    order::Side,
    time::Stamp,
};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Day trades are counted over so many days that had any dealings.
const DAY_TRADES_KEPT: usize = 1_000;

/// A holding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Units; below zero is short.
    pub qty: SignedQty,
    /// What they cost, with the position's sign: quantity times average price.
    pub cost: Money,
    /// The same, counting what was held over night at the price of the day before.
    pub day_cost: Money,
    /// When it was last added to.
    pub opened_on: Date,
}

/// The account's cash and holdings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Cash, below zero when borrowed.
    pub cash: Money,
    /// What is held, by symbol.
    pub holdings: BTreeMap<Symbol, Holding>,
    /// Fees since the account was opened, the coins at their price then.
    pub fees_paid: Money,
    /// Equity at the end of the day before.
    pub last_equity: Money,
    /// Maintenance margin at the end of the day before.
    pub last_maintenance: Money,
    /// Day trades: the day and the order that closed what the same day had opened.
    pub day_trades: Vec<(Date, Uuid)>,
    /// Proceeds of sales that have not settled (cash accounts), and when they will.
    pub unsettled: Vec<(Stamp, Money)>,
}

/// A fill, as far as the ledger is concerned.
#[derive(Debug, Clone)]
pub struct Deal {
    /// The instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Units.
    pub qty: Qty,
    /// At.
    pub price: Price,
    /// The fee.
    pub charge: Charge,
    /// The order.
    pub order: Uuid,
    /// The day in New York.
    pub today: Date,
    /// Does it count for day trades?
    pub is_stock: bool,
}

impl Holding {
    /// The average price paid or received.
    pub fn average(&self) -> Price {
        Price::new(self.cost.get().checked_div(self.qty.get()).unwrap_or_default())
    }
}

impl Ledger {
    /// An account with nothing but cash.
    pub const fn new(cash: Money) -> Self {
        Self {
            cash,
            holdings: BTreeMap::new(),
            fees_paid: Money::ZERO,
            last_equity: cash,
            last_maintenance: Money::ZERO,
            day_trades: Vec::new(),
            unsettled: Vec::new(),
        }
    }
    /// Units held.
    pub fn qty(&self, symbol: &Symbol) -> SignedQty {
        self.holdings.get(symbol).map_or(SignedQty::ZERO, |h| h.qty)
    }
    /// Books a fill and returns the position after it.
    pub fn book(&mut self, deal: &Deal) -> SignedQty {
        let signed = deal.qty.signed(deal.side).get();
        let value = signed.saturating_mul(deal.price.get());
        let fee = deal.charge.money.get();
        self.cash = Money::new(self.cash.get().saturating_sub(value).saturating_sub(fee));
        let coin_fee = deal.charge.coin.get();
        let fee_value = fee.saturating_add(coin_fee.saturating_mul(deal.price.get()));
        self.fees_paid = Money::new(self.fees_paid.get().saturating_add(fee_value));
        if self.closes_what_today_opened(deal, signed) {
            self.count_day_trade(deal);
        }
        let holding = self.holdings.entry(deal.symbol.clone()).or_insert_with(|| Holding {
            qty: SignedQty::ZERO,
            cost: Money::ZERO,
            day_cost: Money::ZERO,
            opened_on: deal.today,
        });
        holding.change(signed, value, deal.today);
        let after = SignedQty::new(holding.qty.get().saturating_sub(coin_fee).normalize());
        holding.qty = after;
        if after.is_zero() {
            self.holdings.remove(&deal.symbol);
        }
        after
    }
    fn closes_what_today_opened(&self, deal: &Deal, signed: Decimal) -> bool {
        let opened = self.holdings.get(&deal.symbol).filter(|h| h.opened_on == deal.today);
        deal.is_stock && opened.is_some_and(|h| h.qty.is_negative() != (signed < Decimal::ZERO))
    }
    fn count_day_trade(&mut self, deal: &Deal) {
        if !self.day_trades.iter().any(|(_, order)| *order == deal.order) {
            self.day_trades.push((deal.today, deal.order));
            let over = self.day_trades.len().saturating_sub(DAY_TRADES_KEPT);
            self.day_trades.drain(..over);
        }
    }
    /// Proceeds that have not settled.
    pub fn unsettled_sum(&self) -> Money {
        Money::new(self.unsettled.iter().fold(Decimal::ZERO, |sum, (_, m)| sum.saturating_add(m.get())))
    }
    /// What has settled by `now` is free.
    pub fn release(&mut self, now: Stamp) {
        self.unsettled.retain(|(at, _)| *at > now);
    }
}

impl Holding {
    fn change(&mut self, signed: Decimal, value: Decimal, today: Date) {
        let before = self.qty.get();
        let after = before.saturating_add(signed);
        let adds = before.is_zero() || (before > Decimal::ZERO) == (signed > Decimal::ZERO);
        if adds {
            self.cost = Money::new(self.cost.get().saturating_add(value));
            self.day_cost = Money::new(self.day_cost.get().saturating_add(value));
            self.opened_on = today;
        } else if signed.abs() > before.abs() {
            // Through zero: what is left was opened by this very fill.
            let price = value.checked_div(signed).unwrap_or_default();
            self.cost = Money::new(after.saturating_mul(price));
            self.day_cost = self.cost;
            self.opened_on = today;
        } else {
            let left =
                |m: Money| Money::new(m.get().saturating_mul(after).checked_div(before).unwrap_or_default());
            self.cost = left(self.cost);
            self.day_cost = left(self.day_cost);
        }
        self.qty = SignedQty::new(after.normalize());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn deal(side: Side, qty: &str, price: &str) -> Deal {
        Deal {
            symbol: Symbol::new("AAPL").unwrap(),
            side,
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            charge: Charge::default(),
            order: Uuid::nil(),
            today: date(2026, 11, 20),
            is_stock: true,
        }
    }

    #[test]
    fn averages_follow_the_fills_and_survive_a_turn_through_zero() {
        let mut ledger = Ledger::new("1000".parse().unwrap());
        let symbol = Symbol::new("AAPL").unwrap();
        ledger.book(&deal(Side::Buy, "1", "100"));
        ledger.book(&deal(Side::Buy, "3", "104"));
        assert_eq!(ledger.holdings[&symbol].average().to_string(), "103");
        assert_eq!(ledger.cash.to_string(), "588");
        ledger.book(&deal(Side::Sell, "2", "110"));
        assert_eq!(ledger.holdings[&symbol].average().to_string(), "103");
        assert_eq!(ledger.book(&deal(Side::Sell, "5", "120")).to_string(), "-3");
        assert_eq!(ledger.holdings[&symbol].average().to_string(), "120");
        assert_eq!(ledger.cash.to_string(), "1408");
        assert!(ledger.book(&deal(Side::Buy, "3", "100")).is_zero());
        assert!(ledger.holdings.is_empty());
        assert_eq!(ledger.day_trades.len(), 1, "one order closed what the day had opened, however often");
    }

    #[test]
    fn a_coins_fee_is_taken_from_what_was_bought() {
        let mut ledger = Ledger::new("100000".parse().unwrap());
        let charge = Charge { money: Money::ZERO, coin: "0.005".parse().unwrap() };
        let after = ledger.book(&Deal { charge, is_stock: false, ..deal(Side::Buy, "2", "40000") });
        assert_eq!(after.to_string(), "1.995");
        assert_eq!(ledger.cash.to_string(), "20000");
        assert_eq!(ledger.fees_paid.to_string(), "200.000");
    }
}
