//! A step in two halves. The first decides: is an order let go, and what is the venue sent? Its facts and effects are
//! handed out at once. The second takes those facts into the book and works out what follows from them; it comes before
//! anything else is taken in or looked at: what is decided holds the engine until it is settled, and where that is put off,
//! the next input settles it first.

use super::{
    Engine,
    commands::describe,
    effect::Step,
    input::{Asked, Front},
    orders::Maker,
    requests::placed,
};
use crate::{
    desk::RequestId,
    domain::fact::{Dated, Fact, Intent},
};
use std::sync::Arc;

/// An order that leaves, and that the book does not have yet.
#[derive(Debug)]
struct Leaving {
    intent: Arc<Intent>,
    /// Who is told that it is on its way.
    asked: Option<(Front, RequestId)>,
}

/// What of the present input is still to be done.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    /// An input was taken in and not settled.
    pub(super) is_open: bool,
    leaving: Option<Leaving>,
    /// What was asked for, to be let go.
    pub(super) asked: Option<Box<Asked>>,
}

/// What was decided on one input. It holds the engine until it is settled, so that nobody sees a book that lacks what was
/// decided; let go without that it settles by itself, and what follows comes with the next step. Only who shows nothing to
/// anybody before it may put it off.
#[derive(Debug)]
#[must_use = "what was decided is handed out, and settled"]
pub struct Decided<'a>(&'a mut Engine);

impl<'a> Decided<'a> {
    pub(super) const fn of(engine: &'a mut Engine) -> Self {
        Self(engine)
    }

    /// What was decided so far: the facts must be durable before the effects leave.
    pub fn hand_out(&mut self) -> Step {
        std::mem::take(&mut self.0.out)
    }

    /// The book takes it in. What follows from it: these facts come after those that were handed out.
    pub fn settle(self) -> Step {
        self.0.settle_rest()
    }

    /// Somebody else settles it, with [`Engine::settle_rest`] or with the next input: whoever holds the engine then does so
    /// before anything else.
    pub fn put_off(self) {
        std::mem::forget(self);
    }
}

impl Drop for Decided<'_> {
    fn drop(&mut self) {
        self.0.settle();
    }
}

impl Engine {
    /// An order leaves: its fact goes out now, and into the book with the next fact or as this step is settled. To be
    /// called last: what looks at the book after it in the same half does not see it.
    pub(super) fn leave(&mut self, intent: Arc<Intent>, maker: &Maker) {
        self.take_in_unsettled();
        self.out.facts.push(Dated { at: self.now.wall, fact: Fact::Intended(Arc::clone(&intent)) });
        self.unsettled.leaving = Some(Leaving { intent, asked: maker.asked });
    }

    /// The book takes in what has left.
    pub(super) fn take_in_unsettled(&mut self) {
        let Some(Leaving { intent, asked }) = self.unsettled.leaving.take() else { return };
        let applied = self.apply(&Fact::Intended(Arc::clone(&intent)));
        self.say(&applied);
        if let Some((front, id)) = asked {
            let order = &intent.order;
            let words = describe(&intent.spec);
            self.reply(front, id, placed(vec![order.client.clone()], order.venue.clone(), &words));
        }
    }

    /// The second half of a step that was put off. Twice is once.
    pub fn settle_rest(&mut self) -> Step {
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// The second half of a step. Twice is once.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.unsettled.is_open) {
            return;
        }
        self.unsettled.asked = None;
        self.take_in_unsettled();
        if !self.begun {
            return;
        }
        self.watch_if_due();
        self.drive_exits();
        self.stop_paused_if_due();
        self.drive_held();
        self.drive_margin_calls();
        if std::mem::take(&mut self.watches_moved) {
            self.tell_watches();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::fixture::*,
        desk::{Envelope, Reply, Request},
        domain::order::Origin,
        engine::{
            Effect, Input,
            rig::{Rig, quiet},
        },
        grammar,
    };

    fn order(n: u64, line: &str) -> Input {
        let request = Request::Do(grammar::parse(line).unwrap());
        Input::asked(Front(0), Envelope { id: RequestId(n), origin: Origin::Screen, request })
    }

    fn kinds(step: &Step) -> (Vec<&'static str>, Vec<&'static str>) {
        let fact = |dated: &Dated| {
            let is_intended = matches!(dated.fact, Fact::Intended(_));
            if matches!(dated.fact, Fact::Commanded { .. }) {
                "commanded"
            } else if is_intended {
                "intended"
            } else {
                "other"
            }
        };
        let effect = |effect: &Effect| {
            let is_placed = matches!(effect, Effect::Reply { receipt, .. } if matches!(receipt.reply, Reply::Placed { .. }));
            if matches!(effect, Effect::Submit { .. }) {
                "submit"
            } else if is_placed {
                "placed"
            } else {
                "other"
            }
        };
        (step.facts.iter().map(fact).collect(), step.effects.iter().map(effect).collect())
    }

    #[test]
    fn an_order_leaves_first_and_is_in_the_book_before_anything_else_is_seen() {
        let mut rig = Rig::new(&quiet());
        let mut decided = rig.engine.decide(rig.now, order(1, "buy AAPL 5 limit 9.90"));
        let first = decided.hand_out();
        let rest = decided.settle();
        assert_eq!(kinds(&first), (vec!["commanded", "intended"], vec!["submit"]));
        assert_eq!(kinds(&rest), (vec![], vec!["placed"]));
        assert_eq!(rig.engine.book().exposure(&aapl()).buys, qty("5"));
        let Some(Effect::Reply { receipt, .. }) = rest.effects.first() else { panic!("a receipt") };
        let Reply::Placed { text, .. } = &receipt.reply else { panic!("{receipt:?}") };
        assert_eq!(text.as_str(), "buy 5 AAPL limit 9.90 at paper");
    }

    #[test]
    fn what_is_let_go_without_being_settled_settles_by_itself() {
        let mut rig = Rig::new(&quiet());
        drop(rig.engine.decide(rig.now, order(1, "buy AAPL 5 limit 9.90")).hand_out());
        assert_eq!(rig.engine.book().exposure(&aapl()).buys, qty("5"));
        // Forgotten by force, it is settled before the next input is taken.
        std::mem::forget(rig.engine.decide(rig.now, order(2, "buy AAPL 7 limit 9.90")));
        let step = rig.engine.step(rig.now, order(3, "buy AAPL 1 limit 9.90"));
        assert_eq!(rig.engine.book().exposure(&aapl()).buys, qty("13"));
        let told = step.effects.iter().filter(|e| matches!(e, Effect::Reply { .. })).count();
        assert_eq!(told, 3, "nobody is left without an answer");
    }

    #[test]
    fn two_halves_are_one_step_and_one_book() {
        let lines =
            ["buy AAPL 5 limit 9.90", "buy AAPL 5 limit 9.90 stop -1", "sell AAPL 10", "buy AAPL 99999999"];
        let (mut whole, mut halves) = (Rig::new(&quiet()), Rig::new(&quiet()));
        for (n, line) in (1..).zip(lines) {
            whole.step(order(n, line));
            let mut decided = halves.engine.decide(halves.now, order(n, line));
            for step in [decided.hand_out(), decided.settle()] {
                halves.journal.extend(step.facts.into_iter().filter(|d| d.fact.is_durable()));
                halves.effects.extend(step.effects);
            }
        }
        assert_eq!(whole.journal, halves.journal);
        assert_eq!(format!("{:?}", whole.effects), format!("{:?}", halves.effects));
        assert_eq!(whole.snapshot(), halves.snapshot());
        halves.restart();
        assert_eq!(whole.engine.book().open_orders().count(), halves.engine.book().open_orders().count());
        assert_eq!(whole.engine.book().exposure(&aapl()), halves.engine.book().exposure(&aapl()));
    }

    #[test]
    fn the_next_order_sees_what_the_one_before_has_taken() {
        let mut rig = Rig::new(&quiet());
        // A hundred thousand of equity, at most twice that in one symbol, of which ten thousand are held.
        let leaves = |rig: &mut Rig, n, line| {
            let mut decided = rig.engine.decide(rig.now, order(n, line));
            let first = decided.hand_out();
            drop(decided.settle());
            first.effects.iter().any(|e| matches!(e, Effect::Submit { .. }))
        };
        assert!(leaves(&mut rig, 1, "buy AAPL 10000 limit 10"));
        assert!(!leaves(&mut rig, 2, "buy AAPL 10000 limit 10"), "the headroom is gone");
    }
}
