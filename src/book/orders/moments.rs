//! When an order left, was acknowledged and filled, and the touch that stood each time.

use super::OrderRow;
use crate::domain::{
    fact::OrderFact, ids::Currency, lifecycle::OrderEvent, payoff::Payoff, quote::Moment, report::Execution,
    time::Stamp,
};

/// An execution that is told so much after the venue's own time of it was missed and is told late, milliseconds: then
/// the venue's time is the better one, and the touch that stands now is not the one that it met.
pub const LATE_MS: i64 = 5_000;

/// The moments of an order that its execution is judged by. Each is `None` until it comes, and where it was never told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moments {
    /// It left.
    pub submitted: Option<Moment>,
    /// The venue said for the first time that it has it.
    pub acknowledged: Option<Moment>,
    /// The first of it filled.
    pub first_fill: Option<Moment>,
    /// The last of it filled.
    pub last_fill: Option<Moment>,
    /// The fills are inferred, and no execution has told yet when they were.
    pub is_inferred: bool,
    /// What one unit pays, as was known when it filled.
    pub payoff: Option<Payoff>,
    /// The currency that its prices are in, likewise.
    pub currency: Option<Currency>,
}

impl OrderRow {
    fn moments_mut(&mut self) -> &mut Moments {
        self.moments.get_or_insert_with(Box::default)
    }

    /// Notes when it left and when the venue had it; the first word of each counts.
    pub(super) fn note_event(&mut self, at: Stamp, fact: &OrderFact) {
        let moment = Moment { at, touch: fact.touch };
        if fact.event == OrderEvent::Sent {
            self.moments_mut().submitted.get_or_insert(moment);
        }
        if matches!(fact.event, OrderEvent::Accepted | OrderEvent::Held | OrderEvent::Working) {
            self.moments_mut().acknowledged.get_or_insert(moment);
        }
    }

    /// Notes when it filled. What was only inferred gives way to what is told of it.
    pub(in crate::book) fn note_fill(&mut self, at: Stamp, execution: &Execution, inferred: bool) {
        let is_late = !inferred && at.since_ms(execution.at) > LATE_MS;
        let at = if is_late { execution.at.max(self.intended_at) } else { at };
        let seen = execution.seen.as_deref();
        let moment = Moment { at, touch: seen.and_then(|s| s.touch).filter(|_| !is_late && !inferred) };
        let moments = self.moments_mut();
        if let Some(seen) = seen {
            moments.payoff = seen.payoff.or(moments.payoff);
            moments.currency = seen.currency.clone().or_else(|| moments.currency.take());
        }
        if moments.is_inferred && !inferred {
            (moments.first_fill, moments.last_fill, moments.is_inferred) = (None, None, false);
        }
        if moments.first_fill.is_none_or(|first| moment.at < first.at) {
            moments.first_fill = Some(moment);
        }
        if moments.last_fill.is_none_or(|last| moment.at >= last.at) {
            moments.last_fill = Some(moment);
        }
        moments.is_inferred |= inferred;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::{Book, fixture::*},
        domain::{
            fact::Fact,
            quote::{Arrival, Seen},
        },
    };

    fn touch(bid: &str, ask: &str) -> Arrival {
        Arrival { bid: px(bid), ask: px(ask) }
    }
    fn told(exec: &str, s: i64, seen: Option<Arrival>) -> Execution {
        let seen = Seen { touch: seen, payoff: None, currency: Some(Currency::usd()) };
        Execution { at: at(s), seen: Some(Box::new(seen)), ..execution(exec, "a", &buy("100"), "40", "10") }
    }
    fn moments(book: &Book) -> Moments {
        book.order(&id("a")).unwrap().moments.as_deref().cloned().unwrap()
    }

    #[test]
    fn the_first_word_of_each_counts_and_what_is_missing_stays_missing() {
        let mut book = Book::furnished();
        book.take(intent("a", &buy("100")));
        assert_eq!(book.order(&id("a")).unwrap().moments, None);
        for (s, what, stood) in [
            (1, OrderEvent::Sent, Some(touch("9", "11"))),
            (2, OrderEvent::Accepted, None),
            (3, OrderEvent::Working, Some(touch("8", "12"))),
        ] {
            let fact = OrderFact { touch: stood, ..OrderFact::bare(id("a"), what) };
            book.apply(at(s), &Fact::Order(Box::new(fact)));
        }
        let got = moments(&book);
        assert_eq!(got.submitted, Some(Moment { at: at(1), touch: Some(touch("9", "11")) }));
        assert_eq!(got.acknowledged, Some(Moment { at: at(2), touch: None }), "no quote is no quote");
        assert_eq!((got.first_fill, got.last_fill), (None, None));
    }

    #[test]
    fn the_first_and_the_last_fill() {
        let mut book = Book::furnished();
        book.works("a", &buy("100"));
        book.apply(at(4), &Fact::Executed(Box::new(told("x1", 4, Some(touch("9", "11"))))));
        book.apply(at(7), &Fact::Executed(Box::new(told("x2", 7, Some(touch("10", "12"))))));
        let got = moments(&book);
        assert_eq!(got.first_fill, Some(Moment { at: at(4), touch: Some(touch("9", "11")) }));
        assert_eq!(got.last_fill, Some(Moment { at: at(7), touch: Some(touch("10", "12")) }));
        assert_eq!(got.currency, Some(Currency::usd()));
    }

    #[test]
    fn a_fill_that_is_told_late_has_the_venues_time_and_no_quote() {
        let mut book = Book::furnished();
        book.works("a", &buy("100"));
        book.apply(at(3_600), &Fact::Executed(Box::new(told("x1", 4, Some(touch("20", "21"))))));
        assert_eq!(moments(&book).last_fill, Some(Moment { at: at(4), touch: None }));
    }

    #[test]
    fn what_was_inferred_gives_way_to_what_is_told() {
        let mut book = Book::furnished();
        book.works("a", &buy("100"));
        book.apply(at(9), &Fact::Inferred(Box::new(Execution { seen: None, ..told("i", 0, None) })));
        assert!(moments(&book).is_inferred);
        book.apply(at(10), &Fact::Executed(Box::new(told("x1", 10, Some(touch("9", "11"))))));
        let got = moments(&book);
        assert_eq!((got.is_inferred, got.last_fill.unwrap().at), (false, at(10)));
    }
}
