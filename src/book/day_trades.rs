//! The trades of the last trading days at each venue: how many of them were day trades, and what sales brought in.
//! Counted from fills, so that the journal brings it back after a restart.

use super::Book;
use crate::domain::{
    ids::{InstrumentId, VenueId},
    instrument::AssetClass,
    money::{Money, Qty, SignedQty},
    order::Side,
    payoff::Payoff,
    report::Execution,
    time::Stamp,
};
use std::collections::{BTreeMap, VecDeque};

/// So many trading days are kept of a venue: five are looked at.
const DAYS_KEPT: usize = 10;

/// One instrument on one trading day.
#[derive(Debug, Clone, Default)]
struct Traded {
    /// Orders that filled, wholly or in part.
    orders: u32,
    /// Openings that were closed on the same day.
    day_trades: u32,
    /// What was opened that day and is open still, if it is.
    opened: Qty,
    /// The last fill closed: further ones belong to the same day trade.
    closing: bool,
    /// What sales brought in.
    sold: Money,
}

#[derive(Debug, Clone)]
struct Day {
    began: Stamp,
    traded: BTreeMap<InstrumentId, Traded>,
}

#[derive(Debug, Default)]
pub(super) struct Days {
    venues: BTreeMap<VenueId, VecDeque<Day>>,
}

/// The trades of some days together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayTrades {
    /// Openings that were closed on the same day.
    pub day_trades: u32,
    /// Orders that filled, wholly or in part.
    pub orders: u32,
}

impl Days {
    pub(super) fn begin(&mut self, venue: &VenueId, began: Stamp) {
        let days = self.venues.entry(venue.clone()).or_default();
        if days.back().is_some_and(|last| last.began >= began) {
            return;
        }
        days.push_back(Day { began, traded: BTreeMap::new() });
        if days.len() > DAYS_KEPT {
            days.pop_front();
        }
    }

    /// A fill of `qty`, on a position of `held` before it; `first` of its order.
    pub(super) fn trade(
        &mut self,
        first: bool,
        execution: &Execution,
        qty: Qty,
        held: SignedQty,
        payoff: Payoff,
    ) {
        let days = self.venues.entry(execution.instrument.venue.clone()).or_default();
        if days.is_empty() {
            // Nobody told yet when the day began: it has, before this fill.
            days.push_back(Day { began: execution.at, traded: BTreeMap::new() });
        }
        let of_its_day = days.iter().rposition(|day| day.began <= execution.at).unwrap_or(0);
        let is_today = of_its_day.saturating_add(1) == days.len();
        let Some(day) = days.get_mut(of_its_day) else {
            return;
        };
        let row = day.traded.entry(execution.instrument.clone()).or_default();
        if first {
            row.orders = row.orders.saturating_add(1);
        }
        if execution.side == Side::Sell {
            let value = payoff.size(qty, Some(execution.price));
            row.sold = value.and_then(|v| row.sold.checked_add(v)).unwrap_or(row.sold);
        }
        // What is told a day late says nothing of the order in which things came.
        if is_today {
            row.moved(qty, held, execution.side);
        }
    }

    /// A fill was corrected. What a sale brought in follows; in what order a day's trades came does not.
    pub(super) fn correct(&mut self, was: &Execution, now: &Execution, payoff: Payoff) {
        let Some(days) = self.venues.get_mut(&now.instrument.venue) else { return };
        let Some(day) = days.iter_mut().rev().find(|day| day.began <= was.at) else { return };
        let Some(row) = day.traded.get_mut(&now.instrument).filter(|_| now.side == Side::Sell) else {
            return;
        };
        let value = |e: &Execution| payoff.size(e.qty, Some(e.price));
        let sold =
            value(was).zip(value(now)).and_then(|(was, now)| row.sold.checked_sub(was)?.checked_add(now));
        row.sold = sold.unwrap_or(row.sold);
    }

    fn since(&self, venue: &VenueId, since: Option<Stamp>) -> impl Iterator<Item = (&InstrumentId, &Traded)> {
        let days = self.venues.get(venue).into_iter().flatten();
        days.filter(move |day| since.is_none_or(|since| day.began >= since)).flat_map(|day| &day.traded)
    }
}

impl Traded {
    /// By FINRA rule 4210(f)(8)(B): a day trade is the purchase and sale, or the sale and purchase, of the same
    /// security on the same day. What was held overnight and is sold before any new purchase is none; several fills
    /// that close in a row are one.
    fn moved(&mut self, qty: Qty, held: SignedQty, side: Side) {
        let closes = held.exit_side() == Some(side);
        let closed = if closes { qty.min(held.size()) } else { Qty::ZERO };
        if !closed.is_zero() {
            if !self.opened.is_zero() && !self.closing {
                self.day_trades = self.day_trades.saturating_add(1);
                self.closing = true;
            }
            self.opened = self.opened.saturating_sub(closed);
        }
        let opened = qty.saturating_sub(closed);
        if !opened.is_zero() {
            self.closing = false;
            // What turned a position around opened anew.
            let before = if closed.is_zero() { self.opened } else { Qty::ZERO };
            self.opened = before.checked_add(opened).unwrap_or(before);
        }
    }
}

impl Book {
    /// Trades of shares and options at a venue since a trading day began, as far as they are known here; all that are
    /// kept without one. Of what nobody knows the class it is counted.
    pub fn day_trades(&self, venue: &VenueId, since: Option<Stamp>) -> DayTrades {
        let mut sum = DayTrades::default();
        for (_, traded) in self.days.since(venue, since).filter(|(id, _)| self.is_regulated(id)) {
            sum.day_trades = sum.day_trades.saturating_add(traded.day_trades);
            sum.orders = sum.orders.saturating_add(traded.orders);
        }
        sum
    }
    /// How much of a position was opened on the present trading day, so that closing it is a day trade.
    pub fn opened_today(&self, id: &InstrumentId) -> Qty {
        let today = self.days.venues.get(&id.venue).and_then(VecDeque::back);
        today.and_then(|day| day.traded.get(id)).map_or(Qty::ZERO, |t| t.opened)
    }
    /// What sales of shares and options brought in since a trading day began.
    pub fn sold_since(&self, venue: &VenueId, since: Option<Stamp>) -> Money {
        let sold = self.days.since(venue, since).filter(|(id, _)| self.is_regulated(id));
        sold.fold(Money::ZERO, |sum, (_, t)| sum.checked_add(t.sold).unwrap_or(sum))
    }
    fn is_regulated(&self, id: &InstrumentId) -> bool {
        self.instrument(id).is_none_or(|i| matches!(i.class, AssetClass::Equity | AssetClass::Option))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{fact::Fact, order::OrderSpec},
    };

    const DAY_S: i64 = 86_400;

    struct Week {
        book: Book,
        fills: u32,
        day: i64,
    }

    impl Week {
        fn new() -> Self {
            let mut week = Self { book: Book::furnished(), fills: 0, day: 0 };
            week.begin(0);
            week
        }
        fn begin(&mut self, day: i64) {
            self.day = day;
            let began = at(day * DAY_S - 3_600);
            self.book.apply(at(day * DAY_S), &Fact::DayBegan { venue: venue(), began });
        }
        fn fill(&mut self, spec: &OrderSpec, order: &str, amount: &str) {
            self.fills += 1;
            let mut done = execution(&format!("x{}", self.fills), order, spec, amount, "100");
            done.at = at(self.day * DAY_S);
            self.book.apply(done.at, &Fact::Executed(Box::new(done.clone())));
        }
        fn count(&self) -> (u32, u32) {
            let sum = self.book.day_trades(&venue(), None);
            (sum.day_trades, sum.orders)
        }
    }

    #[test]
    fn an_opening_that_is_closed_on_the_same_day_is_one_day_trade_in_however_many_parts() {
        let mut week = Week::new();
        week.fill(&buy("100"), "a", "60");
        week.fill(&buy("100"), "a", "40");
        assert_eq!((week.count(), week.book.opened_today(&aapl())), ((0, 1), qty("100")));
        week.fill(&sell("50"), "b", "50");
        week.fill(&sell("50"), "c", "20");
        week.fill(&sell("50"), "c", "30");
        assert_eq!(week.count(), (1, 3));
        assert!(week.book.opened_today(&aapl()).is_zero());
        week.fill(&buy("10"), "d", "10");
        week.fill(&sell("10"), "e", "10");
        assert_eq!(week.count(), (2, 5));
    }

    #[test]
    fn what_was_held_overnight_is_none_until_more_of_it_is_bought() {
        let mut week = Week::new();
        week.fill(&buy("100"), "a", "100");
        week.begin(1);
        week.fill(&sell("50"), "b", "50");
        assert_eq!(week.count(), (0, 2));
        week.fill(&buy("10"), "c", "10");
        week.fill(&sell("10"), "d", "10");
        assert_eq!(week.count(), (1, 4));
    }

    #[test]
    fn a_turn_closes_and_opens_and_a_short_sale_counts_too() {
        let mut week = Week::new();
        week.fill(&buy("10"), "a", "10");
        week.fill(&sell("25"), "b", "25");
        assert_eq!((week.count(), week.book.opened_today(&aapl())), ((1, 2), qty("15")));
        week.fill(&buy("15"), "c", "15");
        assert_eq!(week.count(), (2, 3));
    }

    #[test]
    fn days_are_told_apart_coins_are_left_out_and_late_word_opens_nothing() {
        let mut week = Week::new();
        week.fill(&buy("10"), "a", "10");
        week.fill(&sell("10"), "b", "10");
        week.fill(&OrderSpec { instrument: btc(), ..buy("1") }, "c", "1");
        week.fill(&OrderSpec { instrument: btc(), ..sell("1") }, "d", "1");
        week.begin(1);
        let yesterday = at(-3_600);
        let today = at(DAY_S - 3_600);
        let since = |at| week.book.day_trades(&venue(), Some(at)).day_trades;
        assert_eq!((since(yesterday), since(today)), (1, 0));
        assert_eq!(week.book.sold_since(&venue(), Some(yesterday)), usd("1000"));
        assert_eq!(week.book.sold_since(&venue(), Some(today)), usd("0"));
        let mut late = execution("late", "e", &buy("7"), "7", "100");
        late.at = at(60);
        week.book.apply(at(DAY_S), &Fact::Executed(Box::new(late)));
        assert!(week.book.opened_today(&aapl()).is_zero());
    }

    #[test]
    fn old_days_are_dropped() {
        let mut week = Week::new();
        week.fill(&buy("10"), "a", "10");
        week.fill(&sell("10"), "b", "10");
        for day in 1..=10 {
            week.begin(day);
        }
        assert_eq!(week.count(), (0, 0));
        // The same day told again begins nothing.
        week.fill(&buy("10"), "c", "10");
        week.begin(10);
        assert_eq!(week.book.opened_today(&aapl()), qty("10"));
    }
}
