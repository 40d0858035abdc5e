//! What one currency is in another, by the quotes of the venues themselves, so that accounts of several currencies have
//! a total. A rate is shown with its source and its age; without one there is no total.

use super::Engine;
use crate::{
    book::Mark,
    desk::total::{Rate, Source, Total, TotalRow},
    domain::{
        ids::{Currency, InstrumentId, Symbol},
        money::{Money, Ratio},
        text::Text,
        time::Mono,
    },
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What totals over venues are counted in, and what is taken where no venue quotes a rate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counting {
    /// In this; `None` is the currency of the first account.
    pub currency: Option<Currency>,
    /// What one unit of these is worth in it.
    pub fixed: BTreeMap<Currency, Ratio>,
}

/// A market that tells a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) id: InstrumentId,
    /// It tells what the other is worth.
    inverse: bool,
}

/// Where the rates come from, by what they are of.
#[derive(Debug, Default)]
pub(super) struct Rates {
    counting: Counting,
    pairs: BTreeMap<Currency, Pair>,
}

impl Rates {
    pub(super) fn new(counting: Counting) -> Self {
        Self { counting, pairs: BTreeMap::new() }
    }
    /// The markets that are to be watched at a venue for them.
    pub(super) fn watched(&self) -> impl Iterator<Item = &InstrumentId> {
        self.pairs.values().map(|pair| &pair.id)
    }
}

impl Engine {
    /// What totals are counted in.
    fn counted_in(&self) -> Option<Currency> {
        let first = || self.names.iter().find_map(|v| Some(self.book.account(v)?.report.currency.clone()));
        self.rates.counting.currency.clone().or_else(first)
    }

    /// Looks for a market for each currency that a rate is needed of.
    pub(super) fn find_rates(&mut self) {
        let Some(to) = self.counted_in() else { return };
        let needed: BTreeSet<Currency> = self
            .names
            .iter()
            .filter_map(|v| Some(self.book.account(v)?.report.currency.clone()))
            .filter(|c| *c != to)
            .collect();
        self.rates.pairs.retain(|from, _| needed.contains(from));
        for from in needed {
            if !self.rates.pairs.contains_key(&from)
                && let Some(pair) = self.pair_of(&from, &to)
            {
                self.rates.pairs.insert(from, pair);
            }
        }
    }

    fn pair_of(&self, from: &Currency, to: &Currency) -> Option<Pair> {
        let direct = Symbol::new(&format!("{from}/{to}")).ok()?;
        let other = Symbol::new(&format!("{to}/{from}")).ok()?;
        let find = |symbol: &Symbol, inverse| {
            self.names.iter().find_map(|venue| {
                let id = InstrumentId { venue: venue.clone(), symbol: symbol.clone() };
                let is_there = self.book.instrument(&id).is_some() || self.lists(&id);
                is_there.then_some(Pair { id, inverse })
            })
        };
        find(&direct, false).or_else(|| find(&other, true))
    }

    fn rate_of(&self, from: &Currency, to: &Currency) -> Result<Rate, Text> {
        let told = self.rates.pairs.get(from).and_then(|pair| {
            let mark = self.marks.get(&pair.id)?;
            let price = mark.mid().or_else(|| mark.price())?.get();
            let rate = if pair.inverse { Decimal::ONE.checked_div(price)?.round_dp(8) } else { price };
            let source = Source::Quote { instrument: pair.id.clone(), at: heard(mark)? };
            (rate > Decimal::ZERO).then(|| Rate {
                from: from.clone(),
                to: to.clone(),
                rate: Ratio::new(rate.normalize()),
                source,
            })
        });
        let fixed = || {
            let rate = *self.rates.counting.fixed.get(from)?;
            Some(Rate { from: from.clone(), to: to.clone(), rate, source: Source::Fixed })
        };
        told.or_else(fixed).ok_or_else(|| match self.rates.pairs.get(from) {
            Some(pair) => Text::clean(&format!("no total in {to}: {} has no quote yet", pair.id)),
            None => Text::clean(&format!(
                "no total in {to}: no venue here quotes {from}/{to}; totals.rates can fix it"
            )),
        })
    }

    /// The accounts together. `None` where there is one or none.
    pub(super) fn total(&self, accounts: &[crate::desk::snapshot::AccountRow]) -> Option<Total> {
        if accounts.len() < 2 {
            return None;
        }
        let to = self.counted_in()?;
        let mut rates: Vec<Rate> = Vec::new();
        for row in accounts {
            if row.currency == to || rates.iter().any(|r| r.from == row.currency) {
                continue;
            }
            match self.rate_of(&row.currency, &to) {
                Ok(rate) => rates.push(rate),
                Err(why) => return Some(Total::Missing(why)),
            }
        }
        let rate_to = |currency: &Currency| {
            if *currency == to {
                return Some(Ratio::new(Decimal::ONE));
            }
            rates.iter().find(|r| r.from == *currency).map(|r| r.rate)
        };
        let sum = |of: &dyn Fn(&crate::desk::snapshot::AccountRow) -> Option<Money>| {
            accounts.iter().try_fold(Money::ZERO, |sum, row| {
                let amount = of(row)?;
                let worth =
                    if row.currency == to { amount } else { amount.times(rate_to(&row.currency)?)? };
                sum.checked_add(worth)
            })
        };
        let (day_pnl, last) = (sum(&|a| a.day_pnl), sum(&|a| a.last_equity));
        let row = TotalRow {
            equity: sum(&|a| Some(a.equity)),
            cash: sum(&|a| Some(a.cash)),
            buying_power: sum(&|a| Some(a.buying_power)),
            initial_margin: sum(&|a| a.initial_margin),
            maintenance_margin: sum(&|a| a.maintenance_margin),
            realized: sum(&|a| Some(a.realized)),
            unrealized: sum(&|a| a.unrealized),
            fees: sum(&|a| Some(a.fees)),
            day_pnl,
            day_percent: day_pnl.zip(last).and_then(|(day, of)| day.percent_of(of)),
            gross: sum(&|a| a.gross),
            net: sum(&|a| a.net),
            longs: accounts.iter().fold(0, |n, a| n.saturating_add(a.longs)),
            shorts: accounts.iter().fold(0, |n, a| n.saturating_add(a.shorts)),
            currency: to.clone(),
            rates,
        };
        Some(Total::Sum(Box::new(row)))
    }
}

/// When the newest of quote and print came.
fn heard(mark: &Mark) -> Option<Mono> {
    let touch = mark.touch.map(|t| t.received);
    touch.max(mark.last.map(|l| l.received))
}

#[cfg(test)]
mod tests;
