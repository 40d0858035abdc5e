//! The engine and its hands, passed from hand to hand: who holds them steps the engine, and nobody else does. The pump does
//! so for all that comes over the lanes; a front end of this process that finds them free does so for what it asks itself,
//! for to wake another thread takes longer than the step.

use super::{
    elsewhere::Elsewhere,
    hands::{Hands, Pile, Taken},
};
use crate::{
    clock::Clock,
    desk::Snapshot,
    domain::{
        text::Text,
        time::{Mono, Now},
    },
    engine::{Asked, Engine, Input, Timer},
    journal::{JournalError, Writer},
};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard, Notify, watch};

/// The shortest time between two snapshots when something a person waits for changed.
const URGENT_MS: u64 = 5;
/// What changed is shown after so long, even where one order after the other holds snapshots up.
const LATEST_MS: u64 = 50;

/// The engine, and what does what it decides.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) engine: Engine,
    pub(super) hands: Hands,
    /// What other runs write; for a run that stays.
    pub(super) elsewhere: Option<Elsewhere>,
    pub(super) clock: Arc<dyn Clock>,
    /// Where snapshots go, until the run is over.
    pub(super) snapshots: Option<watch::Sender<Arc<Snapshot>>>,
    pub(super) frame_ms: u64,
    pub(super) shown: Shown,
    /// What came of requests that are served and waits for its turn.
    pub(super) late: VecDeque<Input>,
    pub(super) state: State,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The past is not in it yet.
    Begins,
    /// It takes requests.
    Serves,
    /// A step is under way. Found by the next who holds it: that step panicked.
    Steps,
    /// Nobody drives it any more.
    Ended,
}

/// When something was shown last, and what has come since.
#[derive(Debug, Default)]
pub(super) struct Shown {
    published: Mono,
    /// Since when something has come.
    unseen: Option<Mono>,
    /// Of what has come since, something that a person waits for.
    urgent: bool,
}

impl Core {
    /// Decides on everything that came, hands the facts to the journal, acts on what is durable, and shows.
    pub(super) fn turn(&mut self, inputs: &mut VecDeque<Input>) {
        loop {
            let now = self.work(inputs);
            let since = now.mono.since_ms(self.shown.published);
            let due = since >= self.frame_ms || (self.shown.urgent && since >= URGENT_MS);
            let held = self.held_until().is_some_and(|until| now.mono < until);
            if self.shown.unseen.is_some() && due && !held {
                self.publish(now);
            }
            if inputs.is_empty() {
                return;
            }
        }
    }

    /// Decides on one request up to what leaves. What follows from it the pump works out, and shows: while who asked holds
    /// the engine, nobody can send what is durable by now. True where something leaves.
    fn serve(&mut self, asked: Box<Asked>) -> bool {
        self.state = State::Steps;
        let now = self.clock.now();
        self.settle_rest(now);
        let mut pile = Pile::default();
        let mut decided = self.engine.decide(now, Input::Request(asked));
        let taken = self.hands.take(decided.hand_out(), &mut pile, now, &mut self.late);
        decided.put_off();
        self.hands.commit(pile, now, &mut self.late);
        self.shown.urgent |= taken != Taken::Nothing;
        self.shown.unseen.get_or_insert(now.mono);
        self.state = State::Serves;
        taken == Taken::Leaves
    }

    /// The second half of the last step, where it was put off.
    fn settle_rest(&mut self, now: Now) {
        let mut pile = Pile::default();
        let rest = self.engine.settle_rest();
        let taken = self.hands.take(rest, &mut pile, now, &mut self.late);
        self.hands.commit(pile, now, &mut self.late);
        self.shown.urgent |= taken != Taken::Nothing;
    }

    fn work(&mut self, inputs: &mut VecDeque<Input>) -> Now {
        self.state = State::Steps;
        let now = self.clock.now();
        self.settle_rest(now);
        // What was asked comes before what has come since.
        while let Some(late) = self.late.pop_back() {
            inputs.push_front(late);
        }
        self.decide(now, inputs);
        self.hands.hurry(now, inputs);
        self.state = State::Serves;
        now
    }

    /// Decides on one input after the other. What leaves for a venue goes to the journal at once, and while that writes
    /// the rest of it is worked out; nothing comes between the two.
    fn decide(&mut self, now: Now, inputs: &mut VecDeque<Input>) {
        let mut pile = Pile::default();
        while let Some(input) = inputs.pop_front() {
            self.hands.bind_account(&input);
            if matches!(input, Input::Timer(Timer::Tick)) {
                self.look_elsewhere(inputs);
            }
            let mut decided = self.engine.decide(now, input);
            let first = self.hands.take(decided.hand_out(), &mut pile, now, inputs);
            if first == Taken::Leaves {
                self.hands.commit(std::mem::take(&mut pile), now, inputs);
            }
            let rest = self.hands.take(decided.settle(), &mut pile, now, inputs);
            self.shown.urgent |= [first, rest].iter().any(|taken| *taken != Taken::Nothing);
            self.shown.unseen.get_or_insert(now.mono);
        }
        self.hands.commit(pile, now, inputs);
    }

    /// Takes in what other runs wrote. A journal that is busy is looked at again with the next beat; one that can't be
    /// read is not, and that is said once.
    fn look_elsewhere(&mut self, inputs: &mut VecDeque<Input>) {
        match self.elsewhere.as_mut().map(Elsewhere::look) {
            Some(Ok(news)) => inputs.extend(news.into_iter().map(|d| Input::Elsewhere(Box::new(d)))),
            Some(Err(JournalError::Busy { .. })) | None => {}
            Some(Err(why)) => {
                inputs.push_back(Input::OthersUnread(Text::clean(&why.to_string())));
                self.elsewhere = None;
            }
        }
    }

    /// Until when requests hold up what has come.
    fn held_until(&self) -> Option<Mono> {
        let latest = self.shown.unseen?.plus_ms(LATEST_MS);
        self.hands.held_until().map(|until| until.min(latest))
    }

    /// When something is to be done here by itself.
    pub(super) fn wake_at(&self, now: Mono) -> Option<Mono> {
        let frame = self.shown.unseen.map(|_| self.shown.published.plus_ms(self.frame_ms));
        let frame = frame.map(|at| self.held_until().map_or(at, |until| at.max(until)));
        [self.hands.wake_at(now), frame].into_iter().flatten().min()
    }

    fn publish(&mut self, now: Now) {
        self.shown.published = now.mono;
        self.shown.urgent = false;
        self.shown.unseen = None;
        if let Some(snapshots) = &self.snapshots
            && let Some(snapshot) = self.engine.snapshot(now)
        {
            snapshots.send_replace(snapshot);
        }
    }

    /// The run is over: what is left is said and shown. What writes the journal.
    pub(super) fn end(&mut self) -> Option<Writer> {
        self.settle_rest(self.clock.now());
        self.hands.answer_waiting();
        self.publish(self.clock.now());
        self.close();
        self.hands.writer.take()
    }

    /// Nobody steps it any more, and who waits for something of it hears that nothing comes.
    pub(super) fn close(&mut self) {
        self.state = State::Ended;
        self.snapshots = None;
        self.hands.fronts.clear();
        self.hands.gateway.end();
    }
}

/// A way to the engine past its lanes, for a front end of this process.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    pub(super) core: Arc<Mutex<Core>>,
    /// Requests in the lanes, and those taken from there that are not decided yet.
    pub(super) queued: Arc<AtomicUsize>,
    /// The pump looks anew at what is to be done, and when.
    pub(super) nudged: Arc<Notify>,
    /// The pump is gone.
    over: Arc<AtomicBool>,
}

impl Direct {
    /// Around this one.
    pub(super) fn to(core: Core) -> Self {
        Self {
            core: Arc::new(Mutex::new(core)),
            queued: Arc::default(),
            nudged: Arc::default(),
            over: Arc::default(),
        }
    }

    /// Steps the engine with an order that is asked for, where nobody else does, and where nothing waits in the lanes that
    /// was asked before. Never waits; what was not taken comes back.
    ///
    /// # Errors
    /// What is asked, for the lane.
    pub(super) fn serve(&self, asked: Box<Asked>) -> Result<(), Box<Asked>> {
        if !asked.envelope.request.is_order() || self.queued.load(Ordering::Acquire) > 0 {
            return Err(asked);
        }
        let mut core = match self.core.try_lock() {
            Ok(core) if core.state == State::Serves => core,
            Ok(_) | Err(_) => return Err(asked),
        };
        // A step that panics ends the engine, as it would on the engine's own thread, and not who asked.
        let served = catch_unwind(AssertUnwindSafe(|| core.serve(asked)));
        drop(core);
        match served {
            // The journal's thread was woken on this very processor, more often than not, and waits until it is free.
            Ok(true) => std::thread::yield_now(),
            Ok(false) => {}
            Err(_) => tracing::error!("a step of the engine panicked"),
        }
        if self.over.load(Ordering::SeqCst) {
            self.close();
        }
        self.nudged.notify_one();
        Ok(())
    }

    /// Nobody drives it any more. Where somebody steps it at this moment, it is closed after that.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.close();
    }

    fn close(&self) {
        if let Ok(mut core) = self.core.try_lock() {
            core.close();
        }
    }

    /// Waits for who steps it.
    ///
    /// # Errors
    /// That step panicked.
    pub(super) async fn hold(&self) -> Result<MutexGuard<'_, Core>, Panicked> {
        let mut core = self.core.lock().await;
        if core.state == State::Steps { Err(Panicked(core.hands.writer.take())) } else { Ok(core) }
    }
}

/// A step of the engine panicked, on the thread of a front end. Who writes the journal is left: what was handed to it is
/// written.
#[derive(Debug, thiserror::Error)]
#[error("the engine panicked; positions and orders are as the venue has them")]
pub(super) struct Panicked(pub(super) Option<Writer>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::System,
        config::Config,
        desk::{Envelope, Receipt, Request, RequestId},
        domain::{ids::Instance, order::Origin},
        engine::{Counting, Front, Routing, Setup},
        grammar,
        runtime::{algorithms::Sources, gateway::Gateway, hands},
    };
    use std::collections::{BTreeMap, BTreeSet};
    use tokio::sync::mpsc;

    struct Rig {
        direct: Direct,
        receipts: mpsc::Receiver<Receipt>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
    }

    fn setup() -> Setup {
        let config = Config::default();
        Setup {
            instance: Instance::new("a").unwrap(),
            version: "0".into(),
            venues: Vec::new(),
            algorithms: Vec::new(),
            watchlist: Vec::new(),
            routing: Routing { default: None, by_class: BTreeMap::new(), fallback: None },
            counting: Counting { currency: config.totals.currency, fixed: config.totals.rates },
            default_tif: config.orders.tif,
            read_only: false,
            watches: true,
            watched_elsewhere: false,
            summaries: false,
            alive: BTreeSet::new(),
            exit: config.exit,
            takes_up_exits: true,
            caution: config.orders.caution,
        }
    }

    /// An engine without venues and journal that has begun.
    fn rig() -> Rig {
        let (receipt_in, receipts) = mpsc::channel(8);
        let (snapshot_in, snapshots) = watch::channel(Arc::default());
        let (answers, _) = mpsc::channel(8);
        let runtime = tokio::runtime::Handle::current();
        let mut core = Core {
            engine: Engine::new(setup()),
            hands: Hands {
                gateway: Gateway::new(Vec::new(), Sources::default(), answers, runtime),
                writer: None,
                fronts: BTreeMap::from([(Front(0), receipt_in)]),
                notices: None,
                state: hands::State::default(),
            },
            elsewhere: None,
            clock: Arc::new(System::start()),
            snapshots: Some(snapshot_in),
            frame_ms: 33,
            shown: Shown::default(),
            late: VecDeque::new(),
            state: State::Begins,
        };
        core.turn(&mut VecDeque::from([Input::Begin]));
        Rig { direct: Direct::to(core), receipts, snapshots }
    }

    fn asked(request: Request) -> Box<Asked> {
        Box::new(Asked::new(Front(0), Envelope { id: RequestId(7), origin: Origin::Screen, request }))
    }

    fn order() -> Box<Asked> {
        asked(Request::Do(grammar::parse("buy AAPL 1").unwrap()))
    }

    #[tokio::test]
    async fn an_order_steps_the_engine_where_that_is_free() {
        let mut rig = rig();
        assert!(rig.direct.serve(order()).is_ok());
        assert_eq!(rig.receipts.try_recv().unwrap().id, RequestId(7));
        rig.direct.nudged.notified().await;
        assert!(rig.direct.serve(asked(Request::AskOpen)).is_err(), "it is not about orders");
    }

    #[tokio::test]
    async fn nothing_is_waited_for_and_nothing_passed() {
        let rig = rig();
        let held = rig.direct.hold().await.unwrap();
        assert!(rig.direct.serve(order()).is_err(), "somebody steps it");
        drop(held);
        rig.direct.queued.store(1, Ordering::Release);
        assert!(rig.direct.serve(order()).is_err(), "something was asked before");
        rig.direct.queued.store(0, Ordering::Release);
        assert!(rig.direct.serve(order()).is_ok());
    }

    #[tokio::test]
    async fn orders_one_after_the_other_hold_up_no_snapshot_for_long() {
        let rig = rig();
        let mut core = rig.direct.hold().await.unwrap();
        let ms = Mono::from_millis;
        core.hands.state = hands::State::default();
        core.shown = Shown { published: ms(1_000), unseen: Some(ms(1_100)), urgent: false };
        assert_eq!(core.wake_at(ms(1_100)), Some(ms(1_033)), "nothing holds it up");
        for (released, shown) in [(1_100, 1_102), (1_140, 1_142), (1_149, 1_150), (1_400, 1_150)] {
            core.hands.state = hands::State::released_at(ms(released));
            assert_eq!(core.held_until(), Some(ms(shown)), "{released}");
            assert_eq!(core.wake_at(ms(1_100)), Some(ms(shown)), "{released}");
        }
    }

    #[tokio::test]
    async fn a_step_that_panicked_is_the_last() {
        let rig = rig();
        rig.direct.hold().await.unwrap().state = State::Steps;
        assert!(rig.direct.serve(order()).is_err());
        assert!(rig.direct.hold().await.is_err());
    }

    #[tokio::test]
    async fn who_waits_hears_that_nothing_comes_any_more() {
        let mut rig = rig();
        rig.direct.end();
        assert!(rig.direct.serve(order()).is_err());
        assert!(rig.receipts.recv().await.is_none());
        while rig.snapshots.changed().await.is_ok() {}
    }
}
