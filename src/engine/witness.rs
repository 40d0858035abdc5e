//! What stood in the market when something of an order was told: stamped on the fact as it is taken in, so that its
//! execution can be judged later by what was known then, from the journal alone. Nothing that leaves waits for it.

use super::Engine;
use crate::{
    book::{LATE_MS, Mark},
    domain::{
        fact::Fact,
        ids::InstrumentId,
        lifecycle::OrderEvent,
        quote::{Arrival, Seen},
        report::Execution,
    },
};

impl Engine {
    /// Stamps what an execution is judged by. A quote that is too old, not believed or not there is none.
    pub(super) fn witness(&self, fact: &mut Fact) {
        if let Fact::Order(told) = fact {
            let counts = matches!(
                told.event,
                OrderEvent::Sent | OrderEvent::Accepted | OrderEvent::Held | OrderEvent::Working
            );
            if counts && let Some(row) = self.book.order(&told.order) {
                told.touch = self.touch(&row.spec.instrument);
            }
        }
        let is_inferred = matches!(fact, Fact::Inferred(_));
        if let Fact::Executed(execution) | Fact::Inferred(execution) = fact {
            let seen = self.seen(execution, is_inferred);
            execution.seen = seen.map(Box::new);
        }
    }

    fn seen(&self, execution: &Execution, is_inferred: bool) -> Option<Seen> {
        let rules = self.book.instrument(&execution.instrument);
        // What is told late, or only worked out, met another market than the one that stands now.
        let is_late = is_inferred || self.now.wall.since_ms(execution.at) > LATE_MS;
        let touch = if is_late { None } else { self.touch(&execution.instrument) };
        let seen = Seen {
            touch,
            payoff: rules.map(|rules| rules.payoff),
            currency: rules.map(|rules| rules.quote.clone()),
        };
        (seen.touch.is_some() || seen.payoff.is_some()).then_some(seen)
    }

    /// The touch as it stands, where it is believed and young enough.
    pub(super) fn touch(&self, instrument: &InstrumentId) -> Option<Arrival> {
        let mark = self.marks.get(instrument)?;
        let received = mark.touch.map(|touch| touch.received);
        if self.is_stale(received, &instrument.venue) { None } else { believed(mark) }
    }
}

/// Both sides of a touch after which nothing came that is not believed.
pub(super) fn believed(mark: &Mark) -> Option<Arrival> {
    if mark.bad().is_some() {
        return None;
    }
    Some(Arrival { bid: mark.bid()?, ask: mark.ask()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::fixture::*,
        broker::Event,
        domain::{fact::Dated, ids::ClientId, order::OrderSpec, payoff::Payoff},
        engine::{
            Answer, Input,
            rig::{Rig, quiet},
        },
    };

    /// An order that left with a quote of ten dollars; its name.
    fn sent(rig: &mut Rig) -> ClientId {
        rig.passes("buy AAPL 5 limit 9.90");
        let client = rig.sent().last().unwrap().client.clone();
        rig.step(Input::Answer { venue: venue(), answer: Answer::Sent(client.clone()) });
        client
    }

    fn fill(rig: &mut Rig, client: &ClientId, id: &str, told_after_ms: i64) {
        let spec = OrderSpec { instrument: aapl(), ..buy("1") };
        let at = rig.now.wall.plus_ms(told_after_ms.saturating_neg());
        let execution = Execution { client: client.clone(), at, ..execution(id, "x", &spec, "1", "9.90") };
        rig.step(Input::Venue { venue: venue(), event: Event::Execution(Box::new(execution)) });
    }

    fn last_seen(rig: &Rig) -> Seen {
        let executed = |dated: &Dated| {
            if let Fact::Executed(execution) = &dated.fact {
                execution.seen.as_deref().cloned()
            } else {
                None
            }
        };
        rig.journal.iter().rev().find_map(executed).unwrap()
    }

    #[test]
    fn what_stood_is_stamped_on_what_is_told_of_an_order() {
        let mut rig = Rig::new(&quiet());
        let client = sent(&mut rig);
        let told = |rig: &Rig, event: OrderEvent| {
            let of = |dated: &Dated| {
                let Fact::Order(told) = &dated.fact else { return None };
                (told.event == event).then_some(told.touch?)
            };
            rig.journal.iter().rev().find_map(of)
        };
        let decided =
            rig.journal.iter().rev().find_map(|dated| {
                if let Fact::Intended(intent) = &dated.fact { intent.arrival } else { None }
            });
        assert_eq!(told(&rig, OrderEvent::Sent), rig.engine.touch(&aapl()));
        assert!(told(&rig, OrderEvent::Sent).is_some() && decided.is_some());
        fill(&mut rig, &client, "e1", 0);
        let seen = last_seen(&rig);
        assert_eq!(seen.touch, rig.engine.touch(&aapl()));
        assert_eq!((seen.payoff, seen.currency), (Some(Payoff::ONE), Some(share(aapl()).quote)));
    }

    #[test]
    fn a_quote_that_is_old_not_believed_or_of_another_time_is_none() {
        let mut rig = Rig::new(&quiet());
        let client = sent(&mut rig);
        fill(&mut rig, &client, "late", 60_000);
        assert_eq!(last_seen(&rig).touch, None, "told a minute late");
        assert!(last_seen(&rig).payoff.is_some(), "what it pays does not change with the market");
        rig.step(Input::Market(vec![quote(aapl(), "11", "10", 0)]));
        fill(&mut rig, &client, "crossed", 0);
        assert_eq!(last_seen(&rig).touch, None, "the newest quote is crossed");
        rig.quote("10");
        fill(&mut rig, &client, "good", 0);
        assert!(last_seen(&rig).touch.is_some());
        rig.pass(16);
        fill(&mut rig, &client, "old", 0);
        assert_eq!(last_seen(&rig).touch, None, "nothing was heard for sixteen seconds");
    }
}
