//! What is counted of a trading day, from facts alone: orders, trades, losses in a row, errors, and what happened at
//! the venue that nobody here did. The same after a restart.

use super::positions::Moved;
use crate::domain::{
    alert::{Alert, AlertCode, Severity},
    fact::OrderFact,
    ids::{InstrumentId, VenueId},
    lifecycle::OrderEvent,
    money::{Money, Ratio},
    names::FewMap,
    rules::{LatchKey, Rule},
    text::Text,
};
use std::collections::BTreeMap;

/// What is counted of one venue's trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayRow {
    /// Orders that were made here, exits too.
    pub orders: u64,
    /// Positions that were opened from flat, or turned.
    pub trades: u64,
    /// Round trips in a row that lost, fees counted, up to now.
    pub losses: u64,
    /// Orders that were rejected or could not be sent, and failures of the venue that a person was told of.
    pub errors: u64,
}

/// A round trip that is not over.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    realized: Money,
    fees: Money,
    /// Something in it can't be counted.
    unknown: bool,
}

/// What a fill did, for the counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counting {
    pub(super) moved: Moved,
    /// In the quote currency; `None` where it can't be said.
    pub(super) fee: Option<Money>,
}

#[derive(Debug, Default)]
pub(super) struct Sessions {
    days: FewMap<VenueId, DayRow>,
    rounds: BTreeMap<InstrumentId, Round>,
    /// What happened that stands until its latch is lifted.
    pub(super) surprises: BTreeMap<LatchKey, Text>,
    /// How far a rule was when a person lifted its latch.
    pub(super) lifted: BTreeMap<LatchKey, Ratio>,
}

const NO_DAY: DayRow = DayRow { orders: 0, trades: 0, losses: 0, errors: 0 };

impl Sessions {
    /// Is a round trip of it not over?
    pub(super) fn is_in_round(&self, instrument: &InstrumentId) -> bool {
        self.rounds.contains_key(instrument)
    }

    pub(super) fn day(&self, venue: &VenueId) -> &DayRow {
        self.days.get(venue).unwrap_or(&NO_DAY)
    }

    fn row(&mut self, venue: &VenueId) -> &mut DayRow {
        self.days.or_default(venue)
    }

    pub(super) fn intended(&mut self, venue: &VenueId) {
        let row = self.row(venue);
        row.orders = row.orders.saturating_add(1);
    }

    pub(super) fn order(&mut self, fact: &OrderFact) {
        if matches!(fact.event, OrderEvent::Rejected | OrderEvent::NotSent) {
            self.failed(&fact.order.venue);
        }
    }

    pub(super) fn alerted(&mut self, alert: &Alert) {
        // Of a symbol the venue tells halts: those are no failures.
        let is_failure =
            matches!(alert.code, AlertCode::Venue | AlertCode::Quarantined) && alert.symbol.is_none();
        if let Some(venue) =
            alert.venue.as_ref().filter(|_| is_failure && alert.severity >= Severity::Warning)
        {
            self.failed(venue);
        }
    }

    fn failed(&mut self, venue: &VenueId) {
        let row = self.row(venue);
        row.errors = row.errors.saturating_add(1);
    }

    pub(super) fn filled(&mut self, instrument: &InstrumentId, counting: Counting) {
        let Counting { moved, fee } = counting;
        if moved.opened || moved.turned {
            let row = self.row(&instrument.venue);
            row.trades = row.trades.saturating_add(1);
        }
        let round = self.rounds.entry(instrument.clone()).or_default();
        round.add(moved.realized, fee);
        if !(moved.flat || moved.turned) {
            return;
        }
        let net = self.rounds.remove(instrument).and_then(Round::net);
        let row = self.row(&instrument.venue);
        match net {
            Some(net) if net.is_negative() => row.losses = row.losses.saturating_add(1),
            Some(net) if net.is_positive() => row.losses = 0,
            Some(_) | None => {}
        }
    }

    /// A fee that came after its fill.
    pub(super) fn charged(&mut self, instrument: &InstrumentId, fee: Option<Money>) {
        if let Some(round) = self.rounds.get_mut(instrument) {
            round.add(Some(Money::ZERO), fee);
        }
    }

    /// A fill was corrected: so much more was realized and paid than was counted, in a round trip that is not over.
    pub(super) fn corrected(
        &mut self,
        instrument: &InstrumentId,
        realized: Option<Money>,
        fee: Option<Money>,
    ) {
        if let Some(round) = self.rounds.get_mut(instrument) {
            round.add(realized, fee);
        }
    }

    pub(super) fn surprise(&mut self, rule: Rule, instrument: &InstrumentId, what: Text) {
        self.surprises.insert(LatchKey::of_symbol(rule, instrument), what);
    }

    pub(super) fn begin_day(&mut self, venue: &VenueId) {
        self.days.remove(venue);
        self.lifted.retain(|key, _| key.venue.as_ref() != Some(venue) || key.rule == Rule::WeeklyLoss);
    }

    pub(super) fn begin_week(&mut self, venue: &VenueId) {
        self.lifted.remove(&LatchKey::of_venue(Rule::WeeklyLoss, venue.clone()));
    }

    pub(super) fn tripped(&mut self, key: &LatchKey) {
        self.lifted.remove(key);
        // Losses are counted anew after the pause.
        if key.rule == Rule::LossStreak
            && let Some(row) = key.venue.as_ref().and_then(|venue| self.days.get_mut(venue))
        {
            row.losses = 0;
        }
    }

    pub(super) fn untripped(&mut self, key: &LatchKey, used: Option<Ratio>) {
        self.surprises.remove(key);
        if let Some(used) = used {
            self.lifted.insert(key.clone(), used);
        }
    }
}

impl Round {
    fn add(&mut self, realized: Option<Money>, fee: Option<Money>) {
        let sums = realized
            .and_then(|r| self.realized.checked_add(r))
            .zip(fee.and_then(|f| self.fees.checked_add(f)));
        match sums {
            Some((realized, fees)) => (self.realized, self.fees) = (realized, fees),
            None => self.unknown = true,
        }
    }
    fn net(self) -> Option<Money> {
        if self.unknown { None } else { self.realized.checked_sub(self.fees) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::{Book, fixture::*},
        domain::{
            fact::Fact,
            order::OrderSpec,
            rules::{Response, Trip, Until},
        },
    };

    fn trade(book: &mut Book, n: &str, spec: &OrderSpec, price: &str, cost: &str) {
        book.works(n, spec);
        let amount = spec.amount.qty().unwrap().to_string();
        let mut done = execution(&format!("x-{n}"), n, spec, &amount, price);
        done.fee = Some(fee(cost, "USD"));
        book.take(Fact::Executed(Box::new(done)));
    }

    fn streak(book: &Book) -> (u64, u64) {
        let day = book.day(&venue());
        (day.trades, day.losses)
    }

    #[test]
    fn losses_in_a_row_count_fees_and_a_win_ends_them() {
        let mut book = Book::furnished();
        trade(&mut book, "a", &buy("10"), "100", "1");
        assert_eq!(streak(&book), (1, 0), "a round trip is counted when it is over");
        trade(&mut book, "b", &sell("10"), "100.1", "1");
        assert_eq!(streak(&book), (1, 1), "one dollar won and two paid is a loss");
        trade(&mut book, "c", &sell("5"), "100", "0");
        trade(&mut book, "d", &buy("2"), "101", "0");
        trade(&mut book, "e", &buy("3"), "101", "0");
        assert_eq!(streak(&book), (2, 2), "a short, closed in two parts");
        trade(&mut book, "f", &buy("1"), "100", "0");
        trade(&mut book, "g", &sell("3"), "99", "0");
        assert_eq!(streak(&book), (4, 3), "turned: the long lost, the short is a trade of its own");
        trade(&mut book, "h", &buy("2"), "90", "0");
        assert_eq!(streak(&book), (4, 0));
        assert_eq!(book.day(&venue()).orders, 8);
    }

    #[test]
    fn counts_begin_anew_with_the_day_and_a_streak_after_its_pause() {
        let mut book = Book::furnished();
        trade(&mut book, "a", &buy("10"), "100", "1");
        trade(&mut book, "b", &sell("10"), "99", "1");
        let key = LatchKey::of_venue(Rule::LossStreak, venue());
        let trip =
            Trip { key, response: Response::BlockEntries, until: Until::Session, reason: "1 loss".into() };
        book.take(Fact::Tripped(Box::new(trip)));
        assert_eq!(streak(&book), (1, 0));
        book.take(event("b", OrderEvent::Rejected));
        assert_eq!(book.day(&venue()).errors, 1);
        book.take(Fact::DayBegan { venue: venue(), began: at(1) });
        assert_eq!(*book.day(&venue()), DayRow::default());
    }

    #[test]
    fn a_round_trip_of_which_something_is_unknown_is_not_counted() {
        let mut book = Book::furnished();
        book.take(Fact::Position {
            instrument: aapl(),
            qty: "10".parse().unwrap(),
            avg_price: None,
            previous_close: None,
            source: crate::domain::fact::PositionSource::Baseline,
        });
        trade(&mut book, "a", &sell("10"), "1", "1");
        assert_eq!(streak(&book), (0, 0));
    }
}
