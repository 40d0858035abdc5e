//! What is unusual about an order, in sentences: a screen asks once more than usual. It stops nothing.

use super::Engine;
use crate::{
    domain::{
        ids::{InstrumentId, VenueId},
        money::{Money, Price, SignedQty},
        order::{Origin, Role, Side},
        text::Text,
    },
    sizing::Plan,
};
use rust_decimal::Decimal;

/// So many of the last entries say what is usual …
const LAST: usize = 20;
/// … and fewer than this say nothing.
const LEAST: usize = 5;

impl Engine {
    /// Of an entry: its size against the last ones, its limit against the market.
    pub(super) fn unusual_entry(&self, plan: &Plan) -> Vec<Text> {
        let far = plan.spec.order_type.limit().and_then(|l| self.through_the_market(plan, l));
        [self.large(plan), far].into_iter().flatten().collect()
    }

    fn large(&self, plan: &Plan) -> Option<Text> {
        let most = self.caution.large_times.get();
        let usual = self.usual(&plan.spec.instrument.venue)?;
        let times = plan.cost.abs().checked_div(usual.get())?;
        (most > Decimal::ZERO && times >= most).then(|| {
            let times = times.round_dp(1).normalize();
            Text::clean(&format!("{times} times your usual size, which is {}", usual.to_cents()))
        })
    }

    /// The median value of the last entries that a person made at this venue.
    fn usual(&self, venue: &VenueId) -> Option<Money> {
        let by_hand = |o: &&crate::book::OrderRow| {
            o.id.venue == *venue
                && o.role == Role::Entry
                && o.replaces.is_none()
                && matches!(o.origin, Origin::Screen | Origin::Shell)
                && !o.spec.reduce_only
                && o.filled.is_positive()
        };
        let mut last: Vec<_> = self.book.orders().filter(by_hand).collect();
        last.sort_by_key(|o| std::cmp::Reverse(o.intended_at));
        let mut values: Vec<Money> = last
            .into_iter()
            .take(LAST)
            .filter_map(|o| self.book.rules_of(o)?.payoff.size(o.filled, o.avg_price()))
            .collect();
        values.sort();
        let middle = values.len().checked_div(2).filter(|_| values.len() >= LEAST)?;
        values.get(middle).copied().filter(|m| m.is_positive())
    }

    fn through_the_market(&self, plan: &Plan, limit: Price) -> Option<Text> {
        let far = self.caution.far_percent.get();
        let mark = self.marks.get(&plan.spec.instrument)?;
        let (touch, beyond) = match plan.spec.side {
            Side::Buy => {
                let ask = mark.ask()?;
                (ask, limit.checked_sub(ask)?)
            }
            Side::Sell => {
                let bid = mark.bid()?;
                (bid, bid.checked_sub(limit)?)
            }
        };
        let percent = beyond.per_unit().percent_of(touch.per_unit())?;
        (far > Decimal::ZERO && percent.get() >= far).then(|| {
            let percent = percent.get().round_dp(1).normalize();
            Text::clean(&format!("the limit is {percent}% through the market, which is at {touch}"))
        })
    }

    /// Of closes: what they would realize, where that is a large loss.
    pub(super) fn unusual_close(
        &self,
        venue: &VenueId,
        closes: &[(InstrumentId, SignedQty)],
    ) -> Option<Text> {
        let most = self.caution.loss_percent.get();
        if most <= Decimal::ZERO {
            return None;
        }
        let equity = self.book.account(venue)?.report.equity;
        let mut sum = Money::ZERO;
        for (instrument, qty) in closes {
            let row = self.book.position(instrument)?;
            let figures = crate::analytics::position(&self.book, row, self.marks.get(instrument));
            let share = qty.get().abs().checked_div(row.qty.get().abs())?;
            sum = sum.checked_add(figures.unrealized?.checked_mul(share)?)?;
        }
        let percent = sum.percent_of(equity)?;
        let lost = percent.negated().get();
        (lost >= most).then(|| {
            let percent = lost.round_dp(1).normalize();
            Text::clean(&format!("it realizes {}, {percent}% of the equity", sum.to_cents()))
        })
    }
}
