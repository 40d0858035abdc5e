//! What one order came to: its part in the sums.

use crate::{
    book::{Book, OrderRow},
    domain::{
        algorithm::Owner,
        ids::{Currency, InstrumentId},
        lifecycle::OrderState,
        money::{Money, Price, Qty},
        order::{Amount, OrderKind, Origin, Side},
        payoff::Payoff,
        quote::{Arrival, Moment},
        text::Text,
        time::Stamp,
    },
};
use rust_decimal::Decimal;

/// How an average fill stands against the middle of a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slip {
    /// Value filled: what an average weighs it by.
    pub(super) weight: Decimal,
    /// As a share of the middle; above zero is a cost.
    pub(super) share: Decimal,
    /// The same in money; `None` where it is not known what one unit pays.
    pub(super) cost: Option<Money>,
}

/// By how much an order filled better than the touch; in money where it is known what one unit pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gain(pub(super) Option<Money>);

/// One order's figures. `None` where what they need was not known; never a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) made: Stamp,
    pub(super) instrument: InstrumentId,
    pub(super) kind: OrderKind,
    pub(super) owner: Owner,
    /// It is one of those that the figures are over; else it only never left.
    pub(super) counts: bool,
    pub(super) is_whole: bool,
    pub(super) is_rejected: bool,
    /// Filled of what was ordered, 0 to 1.
    pub(super) share: Option<Decimal>,
    pub(super) filled: Qty,
    /// Value filled, in `currency`.
    pub(super) value: Option<Money>,
    /// What its prices and amounts are in.
    pub(super) currency: Option<Currency>,
    /// Against the touch when it was decided.
    pub(super) decided: Option<Slip>,
    /// Against the touch when it left.
    pub(super) submitted: Option<Slip>,
    /// It filled better than the touch when it was decided.
    pub(super) improved: Option<Gain>,
    pub(super) fees: Vec<(Currency, Money)>,
    pub(super) ack_ms: Option<u64>,
    pub(super) first_ms: Option<u64>,
    pub(super) fill_ms: Option<u64>,
    pub(super) refusal: Option<Text>,
}

/// What an order came to; `None` while nothing became of it, and for orders of nobody here. What was replaced before it
/// filled lives on in what replaced it.
pub(super) fn outcome(book: &Book, order: &OrderRow) -> Option<Outcome> {
    let owner = book.owner_of(order);
    if order.origin == Origin::External && !matches!(owner, Owner::Algorithm(_)) {
        return None;
    }
    let ended = matches!(
        order.state,
        OrderState::Filled
            | OrderState::Cancelled
            | OrderState::Expired
            | OrderState::Rejected
            | OrderState::Abandoned
    );
    let counts = order.filled.is_positive() || ended;
    let refusal = refusal(order);
    if !counts && refusal.is_none() {
        return None;
    }
    let fill = Fill::of(book, order);
    let moments = order.moments.as_deref();
    let ms = |moment: Option<Moment>, from: Option<Stamp>| {
        moment.zip(from).and_then(|(moment, from)| u64::try_from(moment.at.since_ms(from)).ok())
    };
    let submitted = moments.and_then(|m| m.submitted);
    let told = moments.filter(|m| !m.is_inferred);
    let is_whole = order.state == OrderState::Filled;
    let made = order.intended_at;
    Some(Outcome {
        made,
        instrument: order.spec.instrument.clone(),
        kind: order.spec.order_type.kind(),
        owner,
        counts,
        is_whole,
        is_rejected: order.state == OrderState::Rejected,
        share: share(order, &fill),
        filled: order.filled,
        value: fill.paid.filter(|_| fill.currency.is_some()).and_then(|paid| fill.value(paid)),
        decided: order.arrival.and_then(|touch| fill.against(touch)),
        submitted: submitted.and_then(|m| m.touch).and_then(|touch| fill.against(touch)),
        improved: order.arrival.and_then(|touch| fill.improvement(touch)),
        fees: order.fees.clone(),
        ack_ms: ms(moments.and_then(|m| m.acknowledged), submitted.map(|m| m.at)),
        first_ms: ms(told.and_then(|m| m.first_fill), Some(made)),
        fill_ms: ms(told.and_then(|m| m.last_fill).filter(|_| is_whole), Some(made)),
        currency: fill.currency,
        refusal,
    })
}

/// What filled of an order, and what it pays.
struct Fill {
    side: Side,
    filled: Qty,
    paid: Option<Price>,
    payoff: Payoff,
    /// `None` where neither rules nor journal tell what one unit pays in what.
    currency: Option<Currency>,
}

impl Fill {
    fn of(book: &Book, order: &OrderRow) -> Self {
        let rules = book.rules_of(order).map(|rules| (rules.payoff, rules.quote.clone()));
        let moments = order.moments.as_deref();
        let seen = moments.and_then(|m| m.payoff.zip(m.currency.clone()));
        let (payoff, currency) = rules.or(seen).map_or((Payoff::ONE, None), |(p, c)| (p, Some(c)));
        let paid = order.avg_price().filter(|_| order.filled.is_positive());
        Self { side: order.spec.side, filled: order.filled, paid, payoff, currency }
    }

    fn value(&self, paid: Price) -> Option<Money> {
        self.payoff.size(self.filled, Some(paid))
    }

    /// What was lost against having it at another price; below zero is a gain.
    fn lost(&self, paid: Price, than: Price) -> Option<Money> {
        let filled = self.filled.held();
        match self.side {
            Side::Buy => self.payoff.profit_between(filled, than, paid),
            Side::Sell => self.payoff.profit_between(filled, paid, than),
        }
    }

    fn against(&self, touch: Arrival) -> Option<Slip> {
        let (paid, mid) = (self.paid?, touch.mid()?);
        let worse = match self.side {
            Side::Buy => paid.checked_sub(mid)?,
            Side::Sell => mid.checked_sub(paid)?,
        };
        let share = worse.get().checked_div(mid.get().abs())?;
        let cost = if self.currency.is_some() { Some(self.lost(paid, mid)?) } else { None };
        Some(Slip { weight: self.value(paid)?.get(), share, cost })
    }

    fn improvement(&self, touch: Arrival) -> Option<Gain> {
        let paid = self.paid?;
        let (is_better, would_be) = match self.side {
            Side::Buy => (paid < touch.ask, touch.ask),
            Side::Sell => (paid > touch.bid, touch.bid),
        };
        let gain = self.lost(would_be, paid).filter(|_| self.currency.is_some());
        is_better.then_some(Gain(gain))
    }
}

/// How much of it filled. Of one that another took the place of nobody knows what would have.
fn share(order: &OrderRow, fill: &Fill) -> Option<Decimal> {
    if order.state == OrderState::Filled {
        return Some(Decimal::ONE);
    }
    if order.state == OrderState::Replaced {
        return None;
    }
    let share = match order.spec.amount {
        Amount::Qty(ordered) => order.filled.get().checked_div(ordered.get()),
        Amount::Notional(_) if order.filled.is_zero() => Some(Decimal::ZERO),
        Amount::Notional(money) => fill.value(fill.paid?)?.get().checked_div(money.get()),
    };
    share.map(|s| s.min(Decimal::ONE))
}

/// Why it was refused or never left. Figures in it are left out, so that the same reason is the same words.
fn refusal(order: &OrderRow) -> Option<Text> {
    let before = match order.state {
        OrderState::Rejected => "",
        OrderState::NotSent => "not sent: ",
        OrderState::Intended
        | OrderState::Sending
        | OrderState::Unknown
        | OrderState::Absent
        | OrderState::Accepted
        | OrderState::Held
        | OrderState::Working
        | OrderState::PendingCancel
        | OrderState::PendingReplace
        | OrderState::DoneForDay
        | OrderState::Suspended
        | OrderState::Unrecognised
        | OrderState::Filled
        | OrderState::Cancelled
        | OrderState::Expired
        | OrderState::Replaced
        | OrderState::Abandoned => return None,
    };
    let words = order.reason.as_ref().map_or("no reason given", Text::as_str);
    Some(Text::clean(&format!("{before}{}", without_figures(words))))
}

/// The venue's code at the end, in brackets, stays: it is what tells one reason from another.
fn without_figures(words: &str) -> String {
    let (text, code) = match words.rfind(" (") {
        Some(at) if words.ends_with(')') => words.split_at(at),
        Some(_) | None => (words, ""),
    };
    let mut out = String::with_capacity(words.len());
    let mut is_in_figure = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let goes_on = matches!(letter, '.' | ',') && letters.peek().is_some_and(char::is_ascii_digit);
        if letter.is_ascii_digit() || (is_in_figure && goes_on) {
            if !is_in_figure {
                out.push('#');
            }
            is_in_figure = true;
        } else {
            is_in_figure = false;
            out.push(letter);
        }
    }
    out.push_str(code);
    out
}

#[cfg(test)]
mod tests {
    use super::without_figures;

    #[test]
    fn the_same_reason_is_the_same_words() {
        let of = without_figures;
        assert_eq!(of("needs 1,234.50, has 12 (40310000)"), "needs #, has # (40310000)");
        assert_eq!(of("insufficient buying power"), "insufficient buying power");
        assert_eq!(of("limit 3. too far"), "limit #. too far");
        assert_eq!(of(""), "");
    }
}
