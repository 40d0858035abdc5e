//! Execution quality: how much of what was ordered filled, how fast, and what it cost against the market that stood when
//! the order was decided and when it left.
//!
//! Slippage is the average fill against the middle of the touch, in basis points of it, above zero where it was a cost; a
//! sum weighs orders by the value that they filled. Fees are apart from it. An order is improved when it filled better
//! than the touch that it would have taken when it was decided. The score is the fill rate in per cent less two points
//! for each basis point of average slippage that is a cost. A quote that was not there, too old or not believed is none:
//! each figure says over how many orders it is.

mod order;
mod outcome;
mod tally;
#[cfg(test)]
mod tests;

pub use self::{order::OrderQuality, tally::Tally};

use self::outcome::{Gain, Outcome, Slip, outcome};
use crate::{
    book::Book,
    domain::{
        algorithm::Owner,
        ids::{Currency, Symbol, VenueId},
        money::{Money, Percent, Qty, Ratio},
        text::Text,
    },
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The newest of so many orders are looked at for the screen: it is done anew with each of them.
const SHOWN_MAX: usize = 2_000;

/// What orders are taken together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// All of them.
    #[default]
    All,
    /// What they were in, at each venue.
    Symbol,
    /// Where they went.
    Venue,
    /// Market, limit, …
    Type,
    /// Whose they were.
    Algorithm,
    /// The day that they were decided on, in UTC.
    Day,
    /// Why they were refused, or did not leave: only their number is known.
    Reason,
}

impl By {
    /// The groups that a person can ask for.
    pub const GROUPS: [Self; 6] =
        [Self::Symbol, Self::Venue, Self::Type, Self::Algorithm, Self::Day, Self::Reason];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Symbol => "symbol",
            Self::Venue => "venue",
            Self::Type => "type",
            Self::Algorithm => "algorithm",
            Self::Day => "day",
            Self::Reason => "reason",
        }
    }
}

/// A sum of fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// In what.
    pub currency: Currency,
    /// How much; below zero is a rebate.
    pub amount: Money,
}

/// Figures of orders that are taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// By what.
    pub by: By,
    /// Which of them: a symbol, a day, a reason, …
    pub name: Text,
    /// Where, for a symbol and a venue.
    pub venue: Option<VenueId>,
    /// Of what, for a symbol.
    pub symbol: Option<Symbol>,
    /// Orders that ended, or filled in part.
    pub orders: u32,
    /// Orders that filled whole.
    pub filled: u32,
    /// Orders that the venue refused.
    pub rejected: u32,
    /// Average of the orders' filled shares, per cent.
    pub fill_rate: Option<Percent>,
    /// Over how many orders that is.
    pub rated: u32,
    /// Units filled; `None` where it mixes several symbols.
    pub volume: Option<Qty>,
    /// Value filled, in `currency`.
    pub value: Option<Money>,
    /// What amounts are in; `None` where it mixes several, or is not known.
    pub currency: Option<Currency>,
    /// Average slippage against the touch at the decision, basis points.
    pub slippage_bps: Option<Ratio>,
    /// The median of it over orders, basis points.
    pub median_bps: Option<Ratio>,
    /// Over how many orders these are: those of which a quote was known.
    pub measured: u32,
    /// Average slippage against the touch when the order left, basis points.
    pub submit_bps: Option<Ratio>,
    /// The median of it over orders, basis points.
    pub submit_median_bps: Option<Ratio>,
    /// Over how many orders these are.
    pub submit_measured: u32,
    /// What slippage against the decision cost in all, in `currency`, without fees.
    pub cost: Option<Money>,
    /// Over how many orders that is.
    pub costed: u32,
    /// Fees, apart.
    pub fees: Vec<Fees>,
    /// Average time from leaving to the venue's word that it has it, milliseconds.
    pub ack_ms: Option<u64>,
    /// Average time from the decision to the first fill, milliseconds.
    pub first_ms: Option<u64>,
    /// Average time from the decision to the last fill of orders that filled whole, milliseconds.
    pub fill_ms: Option<u64>,
    /// Over how many orders that is.
    pub timed: u32,
    /// Orders that filled better than the touch.
    pub improved: u32,
    /// By how much in all, in `currency`.
    pub improvement: Option<Money>,
    /// 0 to 100.
    pub score: Option<u32>,
}

/// The newest orders of the book: all of them first, then by each of [`By::GROUPS`].
pub fn quality(book: &Book) -> Vec<Quality> {
    let mut outcomes: Vec<Outcome> = book.orders().filter_map(|order| outcome(book, order)).collect();
    if outcomes.len() > SHOWN_MAX {
        outcomes.select_nth_unstable_by_key(SHOWN_MAX, |o| std::cmp::Reverse(o.made));
        outcomes.truncate(SHOWN_MAX);
    }
    grouped(&outcomes)
}

/// By what, which of them, where, and of what.
type Key = (By, SmolStr, Option<VenueId>, Option<Symbol>);

fn grouped(outcomes: &[Outcome]) -> Vec<Quality> {
    let mut groups: BTreeMap<Key, Vec<&Outcome>> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    for outcome in outcomes {
        if let Some(reason) = &outcome.refusal {
            let count = reasons.entry(reason.as_str()).or_default();
            *count = count.saturating_add(1);
        }
        if outcome.counts {
            for key in keys(outcome) {
                groups.entry(key).or_default().push(outcome);
            }
        }
    }
    let mut out: Vec<Quality> = groups.into_iter().map(|(key, of)| sum_up(key, &of)).collect();
    out.extend(reasons.into_iter().map(|(reason, orders)| Quality {
        by: By::Reason,
        name: Text::clean(reason),
        orders,
        ..Quality::default()
    }));
    out
}

fn keys(outcome: &Outcome) -> [Key; 6] {
    let (venue, symbol) = (&outcome.instrument.venue, &outcome.instrument.symbol);
    let day = outcome.made.to_jiff().strftime("%Y-%m-%d").to_string();
    [
        (By::All, SmolStr::new_static("all"), None, None),
        (By::Symbol, symbol.as_str().into(), Some(venue.clone()), Some(symbol.clone())),
        (By::Venue, venue.as_str().into(), Some(venue.clone()), None),
        (By::Type, SmolStr::new_static(outcome.kind.word()), None, None),
        (By::Algorithm, owner(&outcome.owner), None, None),
        (By::Day, day.into(), None, None),
    ]
}

fn owner(of: &Owner) -> SmolStr {
    match of {
        Owner::Algorithm(name) => name.clone(),
        Owner::Hand => SmolStr::new_static("by hand"),
        Owner::External => SmolStr::new_static("others"),
    }
}

fn sum_up((by, name, venue, symbol): Key, outcomes: &[&Outcome]) -> Quality {
    let decided = Slippage::of(outcomes.iter().filter_map(|o| o.decided));
    let submitted = Slippage::of(outcomes.iter().filter_map(|o| o.submitted));
    let shares: Vec<Decimal> = outcomes.iter().filter_map(|o| o.share).collect();
    let fill_rate = average(&shares).and_then(|s| s.checked_mul(Decimal::ONE_HUNDRED));
    let currency = only_currency(outcomes);
    let costs: Vec<Money> = outcomes.iter().filter_map(|o| o.decided?.cost).collect();
    let improved: Vec<Gain> = outcomes.iter().filter_map(|o| o.improved).collect();
    let gains: Option<Vec<Money>> = improved.iter().map(|gain| gain.0).collect();
    let filled = outcomes.iter().filter(|o| o.filled.is_positive());
    let values: Option<Vec<Money>> = filled.map(|o| o.value).collect();
    let in_one = |all: Option<Vec<Money>>| all.filter(|_| currency.is_some()).and_then(|all| sum(&all));
    let volume = outcomes.iter().try_fold(Qty::ZERO, |sum, o| sum.checked_add(o.filled));
    Quality {
        by,
        name: Text::clean(&name),
        orders: count(outcomes.len()),
        filled: count(outcomes.iter().filter(|o| o.is_whole).count()),
        rejected: count(outcomes.iter().filter(|o| o.is_rejected).count()),
        fill_rate: fill_rate.map(|r| Percent::new(r.round_dp(2))),
        rated: count(shares.len()),
        // Units of several symbols are no sum of anything.
        volume: volume.filter(|_| symbol.is_some()),
        value: in_one(values),
        slippage_bps: decided.average_bps(),
        median_bps: decided.median_bps(),
        measured: decided.count(),
        submit_bps: submitted.average_bps(),
        submit_median_bps: submitted.median_bps(),
        submit_measured: submitted.count(),
        costed: if currency.is_some() { count(costs.len()) } else { 0 },
        cost: in_one(Some(costs)),
        fees: fees(outcomes),
        ack_ms: average_ms(outcomes, |o| o.ack_ms),
        first_ms: average_ms(outcomes, |o| o.first_ms),
        fill_ms: average_ms(outcomes, |o| o.fill_ms),
        timed: count(outcomes.iter().filter(|o| o.fill_ms.is_some()).count()),
        improved: count(improved.len()),
        improvement: in_one(gains),
        score: fill_rate.and_then(|rate| score(rate, decided.average())),
        currency,
        venue,
        symbol,
    }
}

/// The slippage of several orders.
struct Slippage(Vec<Slip>);

impl Slippage {
    fn of(all: impl Iterator<Item = Slip>) -> Self {
        Self(all.collect())
    }
    fn count(&self) -> u32 {
        count(self.0.len())
    }
    /// By the value that each filled; as a share.
    fn average(&self) -> Option<Decimal> {
        let (mut weights, mut sum) = (Decimal::ZERO, Decimal::ZERO);
        for slip in &self.0 {
            weights = weights.checked_add(slip.weight)?;
            sum = sum.checked_add(slip.weight.checked_mul(slip.share)?)?;
        }
        sum.checked_div(weights)
    }
    fn average_bps(&self) -> Option<Ratio> {
        self.average().and_then(basis_points).map(|s| Ratio::new(s.round_dp(2)))
    }
    fn median_bps(&self) -> Option<Ratio> {
        let mut each: Vec<Decimal> = self.0.iter().filter_map(|slip| basis_points(slip.share)).collect();
        median(&mut each).map(|m| Ratio::new(m.round_dp(2)))
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).ok().unwrap_or(u32::MAX)
}

/// The one currency that everything is in which filled.
fn only_currency(outcomes: &[&Outcome]) -> Option<Currency> {
    let mut known = outcomes.iter().filter_map(|o| o.currency.as_ref());
    let first = known.next()?;
    known.all(|other| other == first).then(|| first.clone())
}

/// `None` of nothing.
fn sum(all: &[Money]) -> Option<Money> {
    if all.is_empty() {
        return None;
    }
    all.iter().copied().try_fold(Money::ZERO, Money::checked_add)
}

fn fees(outcomes: &[&Outcome]) -> Vec<Fees> {
    let mut sums: BTreeMap<&Currency, Money> = BTreeMap::new();
    for (currency, amount) in outcomes.iter().flat_map(|o| &o.fees) {
        let sum = sums.entry(currency).or_default();
        *sum = sum.checked_add(*amount).unwrap_or(*sum);
    }
    sums.into_iter().map(|(currency, amount)| Fees { currency: currency.clone(), amount }).collect()
}

fn average_ms(outcomes: &[&Outcome], of: impl Fn(&Outcome) -> Option<u64>) -> Option<u64> {
    let times: Vec<u64> = outcomes.iter().filter_map(|o| of(o)).collect();
    let total = times.iter().copied().fold(0, u64::saturating_add);
    total.checked_div(u64::try_from(times.len()).ok()?)
}

fn score(rate: Decimal, slippage: Option<Decimal>) -> Option<u32> {
    let slippage = basis_points(slippage.unwrap_or_default())?;
    let cost = slippage.max(Decimal::ZERO).checked_mul(Decimal::TWO)?;
    rate.checked_sub(cost)?.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED).round().to_u32()
}

fn basis_points(share: Decimal) -> Option<Decimal> {
    share.checked_mul(Decimal::from(10_000))
}

fn average(all: &[Decimal]) -> Option<Decimal> {
    let sum = all.iter().try_fold(Decimal::ZERO, |sum, d| sum.checked_add(*d))?;
    sum.checked_div(Decimal::from(all.len()))
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
