//! Execution quality: how much of what was ordered filled, how fast, and what it cost against the market that stood when
//! the order was made.
//!
//! Slippage is the average fill against the mid at the decision, in basis points of it, above zero where it was a cost; a
//! sum weighs orders by what they filled. An order is improved when it filled better than the touch that it would have
//! taken. The score is the fill rate in per cent less two points for each basis point of average slippage that is a cost.

use crate::{
    book::{Book, OrderRow},
    domain::{
        ids::{OrderId, Symbol, VenueId},
        lifecycle::OrderState,
        money::{Money, Percent, Price, Qty, Ratio, SignedQty},
        order::{Origin, Side},
        time::Stamp,
    },
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Figures of one symbol, one venue, or the whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quality {
    /// Where; `None` is everywhere.
    pub venue: Option<VenueId>,
    /// Of what; `None` is all.
    pub symbol: Option<Symbol>,
    /// Orders that ended, or filled in part.
    pub orders: u32,
    /// Orders that filled whole.
    pub filled: u32,
    /// Average of the orders' filled shares, per cent.
    pub fill_rate: Option<Percent>,
    /// Units filled.
    pub volume: Qty,
    /// Average slippage, basis points.
    pub slippage_bps: Option<Ratio>,
    /// The median over orders, basis points.
    pub median_bps: Option<Ratio>,
    /// What slippage cost in all, in the quote currency; `None` where it mixes several.
    pub cost: Option<Money>,
    /// Average time from made to the last fill of orders that filled whole, milliseconds.
    pub fill_ms: Option<u64>,
    /// Orders that filled better than the touch.
    pub improved: u32,
    /// By how much in all, in the quote currency.
    pub improvement: Option<Money>,
    /// 0 to 100.
    pub score: Option<u32>,
}

/// What one order came to.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    is_whole: bool,
    /// Filled of what was ordered, 0 to 1; `None` for an order in money.
    share: Option<Decimal>,
    volume: Qty,
    /// Value filled, slippage as a share of the mid, and in money.
    slippage: Option<(Decimal, Decimal, Money)>,
    improvement: Option<Money>,
    ms: Option<u64>,
}

/// The whole first where there are several venues, then each venue, then each symbol.
pub fn quality(book: &Book) -> Vec<Quality> {
    let mut last: BTreeMap<OrderId, Stamp> = BTreeMap::new();
    for fill in book.fills() {
        let e = &fill.execution;
        let order = OrderId { venue: e.instrument.venue.clone(), client: e.client.clone() };
        let at = last.entry(order).or_insert(fill.known_at);
        *at = fill.known_at.max(*at);
    }
    let mut groups: BTreeMap<(Option<VenueId>, Option<Symbol>), Vec<Outcome>> = BTreeMap::new();
    for order in book.orders().filter(|o| counts(o)) {
        let outcome = outcome(book, order, last.get(&order.id).copied());
        let instrument = &order.spec.instrument;
        let (venue, symbol) = (Some(instrument.venue.clone()), Some(instrument.symbol.clone()));
        for key in [(None, None), (venue.clone(), None), (venue, symbol)] {
            groups.entry(key).or_default().push(outcome);
        }
    }
    let venues = groups.keys().filter(|(v, s)| v.is_some() && s.is_none()).count();
    groups.retain(|(venue, _), _| venue.is_some() || venues > 1);
    groups.into_iter().map(|((venue, symbol), outcomes)| sum_up(venue, symbol, &outcomes)).collect()
}

/// Orders of ours of which something became. What was replaced before it filled lives on in what replaced it.
fn counts(order: &OrderRow) -> bool {
    let ours = order.origin != Origin::External;
    let ended = matches!(
        order.state,
        OrderState::Filled
            | OrderState::Cancelled
            | OrderState::Expired
            | OrderState::Rejected
            | OrderState::Abandoned
    );
    ours && (order.filled.is_positive() || ended)
}

fn outcome(book: &Book, order: &OrderRow, last: Option<Stamp>) -> Outcome {
    let is_whole = order.state == OrderState::Filled;
    let ordered = order.spec.amount.qty().map(Qty::get).filter(|q| !q.is_zero());
    let share = if is_whole {
        Some(Decimal::ONE)
    } else {
        ordered.and_then(|q| order.filled.get().checked_div(q)).map(|s| s.min(Decimal::ONE))
    };
    let paid = order.avg_price().filter(|_| order.filled.is_positive());
    let payoff = book.payoff_of(&order.spec.instrument);
    let filled = SignedQty::new(order.filled.get());
    let worse = |paid: Price, than: Price| match order.spec.side {
        Side::Buy => paid.checked_sub(than),
        Side::Sell => than.checked_sub(paid),
    };
    let lost = |paid: Price, than: Price| match order.spec.side {
        Side::Buy => payoff.profit_between(filled, than, paid),
        Side::Sell => payoff.profit_between(filled, paid, than),
    };
    let slippage = paid.zip(order.arrival).and_then(|(paid, arrival)| {
        let mid = arrival.mid()?;
        let share = worse(paid, mid)?.get().checked_div(mid.get().abs())?;
        Some((payoff.size(order.filled, Some(paid))?.get(), share, lost(paid, mid)?))
    });
    let improvement = paid.zip(order.arrival).and_then(|(paid, arrival)| {
        let touch = match order.spec.side {
            Side::Buy => arrival.ask,
            Side::Sell => arrival.bid,
        };
        lost(touch, paid).filter(|m| m.is_positive())
    });
    let ms = last.filter(|_| is_whole).map(|at| at.since_ms(order.intended_at));
    let ms = ms.and_then(|ms| u64::try_from(ms).ok());
    Outcome { is_whole, share, volume: order.filled, slippage, improvement, ms }
}

fn sum_up(venue: Option<VenueId>, symbol: Option<Symbol>, outcomes: &[Outcome]) -> Quality {
    let count = |n: usize| u32::try_from(n).ok().unwrap_or(u32::MAX);
    let shares: Vec<Decimal> = outcomes.iter().filter_map(|o| o.share).collect();
    let fill_rate = average(&shares).and_then(|s| s.checked_mul(Decimal::ONE_HUNDRED));
    let slipped: Vec<(Decimal, Decimal, Money)> = outcomes.iter().filter_map(|o| o.slippage).collect();
    let slippage = weighted(&slipped).and_then(basis_points);
    let mut each: Vec<Decimal> = slipped.iter().filter_map(|(_, share, _)| basis_points(*share)).collect();
    let sum = |mut all: Box<dyn Iterator<Item = Money> + '_>| {
        all.try_fold(Money::ZERO, Money::checked_add).filter(|_| symbol.is_some())
    };
    let improved: Vec<Money> = outcomes.iter().filter_map(|o| o.improvement).collect();
    let times: Vec<u64> = outcomes.iter().filter_map(|o| o.ms).collect();
    let total = times.iter().copied().fold(0, u64::saturating_add);
    let volume = outcomes.iter().try_fold(Qty::ZERO, |sum, o| sum.checked_add(o.volume));
    Quality {
        orders: count(outcomes.len()),
        filled: count(outcomes.iter().filter(|o| o.is_whole).count()),
        fill_rate: fill_rate.map(|r| Percent::new(r.round_dp(2))),
        // Units of several symbols are no sum of anything.
        volume: volume.filter(|_| symbol.is_some()).unwrap_or_default(),
        slippage_bps: slippage.map(|s| Ratio::new(s.round_dp(2))),
        median_bps: median(&mut each).map(|m| Ratio::new(m.round_dp(2))),
        cost: sum(Box::new(slipped.iter().map(|(_, _, money)| *money))).filter(|_| !slipped.is_empty()),
        fill_ms: u64::try_from(times.len()).ok().and_then(|n| total.checked_div(n)),
        improved: count(improved.len()),
        improvement: sum(Box::new(improved.iter().copied())).filter(|_| !improved.is_empty()),
        score: fill_rate.and_then(|rate| score(rate, slippage)),
        venue,
        symbol,
    }
}

fn score(rate: Decimal, slippage: Option<Decimal>) -> Option<u32> {
    let cost = slippage.unwrap_or_default().max(Decimal::ZERO).checked_mul(Decimal::TWO)?;
    rate.checked_sub(cost)?.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED).round().to_u32()
}

fn basis_points(share: Decimal) -> Option<Decimal> {
    share.checked_mul(Decimal::from(10_000))
}

fn average(all: &[Decimal]) -> Option<Decimal> {
    let sum = all.iter().try_fold(Decimal::ZERO, |sum, d| sum.checked_add(*d))?;
    sum.checked_div(Decimal::from(all.len()))
}

fn weighted(all: &[(Decimal, Decimal, Money)]) -> Option<Decimal> {
    let (mut weights, mut sum) = (Decimal::ZERO, Decimal::ZERO);
    for (weight, share, _) in all {
        weights = weights.checked_add(*weight)?;
        sum = sum.checked_add(weight.checked_mul(*share)?)?;
    }
    sum.checked_div(weights)
}

fn median(all: &mut [Decimal]) -> Option<Decimal> {
    all.sort_unstable();
    let half = all.len() / 2;
    let upper = *all.get(half)?;
    if all.len() % 2 == 1 {
        return Some(upper);
    }
    half.checked_sub(1).and_then(|i| all.get(i))?.checked_add(upper)?.checked_div(Decimal::TWO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{fact::Fact, lifecycle::OrderEvent, order::OrderSpec, quote::Arrival},
    };

    fn made(book: &mut Book, n: &str, spec: &OrderSpec, arrival: Option<(&str, &str)>) {
        let Fact::Intended(mut intent) = intent(n, spec) else { panic!("it is one") };
        std::sync::Arc::make_mut(&mut intent).arrival =
            arrival.map(|(bid, ask)| Arrival { bid: px(bid), ask: px(ask) });
        book.apply(at(0), &Fact::Intended(intent));
        book.apply(at(0), &event(n, OrderEvent::Sent));
        book.apply(at(0), &event(n, OrderEvent::Accepted));
    }

    /// By hand. A: 100 at 10.02 against a mid of 10.00, 20 bp, cost 2.00, touch 10.01. B: 100 at 9.99, -10 bp, cost -1.00,
    /// 0.02 better than the touch, 2.00. C: 50 of 100 sold at 20.00 against a mid of 20.02, about 10 bp, cost 1.00.
    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let mut book = Book::furnished();
        let (a, b) = (buy("100"), buy("100"));
        made(&mut book, "a", &a, Some(("9.99", "10.01")));
        book.apply(at(2), &Fact::Executed(Box::new(execution("xa", "a", &a, "100", "10.02"))));
        made(&mut book, "b", &b, Some(("9.99", "10.01")));
        book.apply(at(4), &Fact::Executed(Box::new(execution("xb", "b", &b, "100", "9.99"))));
        let c = sell("100");
        made(&mut book, "c", &c, Some(("20.01", "20.03")));
        book.apply(at(1), &Fact::Executed(Box::new(execution("xc", "c", &c, "50", "20"))));
        book.apply(at(1), &event("c", OrderEvent::Cancelled));
        // One that was refused, one of which nobody knows the market that stood, one that still waits.
        made(&mut book, "d", &buy("10"), None);
        book.apply(at(1), &event("d", OrderEvent::Rejected));
        made(&mut book, "e", &buy("10"), Some(("9.99", "10.01")));
        let rows = quality(&book);
        assert_eq!(rows.len(), 2, "one venue has no whole beside it: {rows:?}");
        let of = rows.iter().find(|r| r.symbol.is_some()).unwrap();
        assert_eq!((of.orders, of.filled, of.improved), (4, 2, 1));
        assert_eq!(of.fill_rate, Some("62.5".parse().unwrap()));
        assert_eq!(of.volume, qty("250"));
        assert_eq!(of.cost, Some(usd("2.00")));
        assert_eq!(of.improvement, Some(usd("2.00")));
        assert_eq!(of.median_bps, Some("9.99".parse().unwrap()));
        // (1002 x 20 + 999 x -10 + 1000 x 9.99) / 3001
        assert_eq!(of.slippage_bps, Some("6.68".parse().unwrap()));
        assert_eq!(of.fill_ms, Some(3_000));
        assert_eq!(of.score, Some(49));
        let venue = rows.iter().find(|r| r.symbol.is_none()).unwrap();
        assert_eq!((venue.orders, venue.cost, venue.score), (4, None, Some(49)), "currencies are not added");
    }

    #[test]
    fn nothing_done_has_no_figures() {
        assert_eq!(quality(&Book::furnished()), []);
    }
}
