//! The engine's loop: gather what came, lane by lane; decide, one input at a time; make the facts durable; only
//! then act; show. It never blocks: the journal syncs on its own thread, venues answer in their own tasks.

use super::{
    elsewhere::Elsewhere,
    hands::{Hands, Pile, Taken},
    lanes::Lanes,
};
use crate::{
    clock::Clock,
    desk::Snapshot,
    domain::{
        fact::Dated,
        text::Text,
        time::{Mono, Now},
    },
    engine::{Engine, Input, Timer},
    journal::{JournalError, Writer},
    transport::alarm::Alarm,
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Inputs taken from one lane before the next is looked at.
const TAKE_MAX: usize = 256;
/// Market news taken in one turn, before the other lanes are looked at again; the last batch may go beyond it.
const MARKET_MAX: usize = 1_024;
/// The shortest time between two snapshots when something a person waits for changed.
const URGENT_MS: u64 = 5;

/// The loop's state.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) engine: Engine,
    pub(super) hands: Hands,
    pub(super) lanes: Lanes,
    /// What other runs write; for a run that stays.
    pub(super) elsewhere: Option<Elsewhere>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) frame_ms: u64,
    pub(super) shown: Shown,
}

/// When something was shown last, and what has come since.
#[derive(Debug, Default)]
pub(super) struct Shown {
    alarm: Alarm,
    published: Mono,
    unseen: bool,
    /// Of what has come since, something that a person waits for.
    urgent: bool,
}

impl Pump {
    /// Runs until the engine says stop, or nobody is left who could ask it anything.
    pub(super) async fn run(mut self, past: Vec<Dated>) -> Option<Writer> {
        for dated in past {
            let now = self.clock.now();
            let step = self.engine.step(now, Input::Past(Box::new(dated)));
            debug_assert!(step.facts.is_empty(), "the past makes no facts");
        }
        self.shown.alarm = Alarm::new();
        let mut inputs = VecDeque::from([Input::Begin]);
        loop {
            self.turn(&mut inputs);
            if self.hands.are_done(self.clock.now().mono) {
                break;
            }
            if !self.gather(&mut inputs).await {
                break;
            }
        }
        self.hands.answer_waiting();
        self.publish(self.clock.now());
        self.hands.writer
    }

    /// Waits for something, then takes what is there, lane by lane. False when every front end is gone.
    async fn gather(&mut self, inputs: &mut VecDeque<Input>) -> bool {
        self.let_go().await;
        let mut market = Vec::new();
        let sleep = self.pause();
        let lanes = &mut self.lanes;
        let mut committed = None;
        tokio::select! {
            biased;
            Some(asked) = lanes.emergency.recv() => inputs.push_back(Input::Request(asked)),
            Some(done) = lanes.committed.recv() => committed = Some(done),
            Some(answer) = lanes.answers.recv() => inputs.push_back(answer),
            Some((venue, event)) = lanes.venue.recv() => inputs.push_back(Input::Venue { venue, event }),
            Some(asked) = lanes.operator.recv() => inputs.push_back(Input::Request(asked)),
            Some(sighted) = lanes.algorithms.recv() => inputs.push_back(sighted),
            Some(told) = lanes.deliveries.recv() => inputs.push_back(Input::Delivered(Box::new(told))),
            Some(news) = lanes.market.recv() => market = news,
            Some(joined) = lanes.joins.recv() => self.hands.meet(joined, inputs),
            () = self.shown.alarm.after(sleep) => {}
        }
        if let Some(done) = committed {
            self.hands.on_committed(done, self.clock.now(), inputs);
            self.let_go().await;
        }
        self.take(inputs, &mut market);
        self.let_go().await;
        !(self.lanes.emergency.is_closed() && self.lanes.operator.is_closed())
    }

    /// What was started writes its request now: nothing that can wait comes before it.
    async fn let_go(&mut self) {
        if self.hands.have_started() {
            tokio::task::yield_now().await;
            self.hands.answer_waiting();
        }
    }

    fn take(&mut self, inputs: &mut VecDeque<Input>, market: &mut Vec<crate::broker::Market>) {
        let mut done = Vec::new();
        let lanes = &mut self.lanes;
        // Before what they ask: an answer finds its way.
        while let Ok(joined) = lanes.joins.try_recv() {
            self.hands.meet(joined, inputs);
        }
        for _ in 0..TAKE_MAX {
            let Ok(asked) = lanes.emergency.try_recv() else { break };
            inputs.push_back(Input::Request(asked));
        }
        while let Ok(committed) = lanes.committed.try_recv() {
            done.push(committed);
        }
        for _ in 0..TAKE_MAX {
            let Ok(answer) = lanes.answers.try_recv() else { break };
            inputs.push_back(answer);
        }
        for _ in 0..TAKE_MAX {
            let Ok((venue, event)) = lanes.venue.try_recv() else { break };
            inputs.push_back(Input::Venue { venue, event });
        }
        for _ in 0..TAKE_MAX {
            let Ok(asked) = lanes.operator.try_recv() else { break };
            inputs.push_back(Input::Request(asked));
        }
        for _ in 0..TAKE_MAX {
            let Ok(told) = lanes.deliveries.try_recv() else { break };
            inputs.push_back(Input::Delivered(Box::new(told)));
        }
        while market.len() < MARKET_MAX {
            let Ok(news) = lanes.market.try_recv() else { break };
            market.extend(news);
        }
        let now = self.clock.now();
        for committed in done {
            self.hands.on_committed(committed, now, inputs);
        }
        inputs.extend(self.hands.due(now.mono).map(Input::Timer));
        if !market.is_empty() {
            inputs.push_back(Input::Market(std::mem::take(market)));
        }
    }

    /// How long nothing has to be done by itself.
    fn pause(&self) -> Duration {
        let now = self.clock.now().mono;
        let frame = self.shown.unseen.then(|| self.shown.published.plus_ms(self.frame_ms));
        let frame = frame.map(|at| self.hands.held_until().map_or(at, |until| at.max(until)));
        let next = [self.hands.wake_at(now), frame].into_iter().flatten().min();
        let wait = next.map_or(1_000_000_000, |at| at.as_nanos().saturating_sub(now.as_nanos()));
        Duration::from_nanos(wait)
    }

    /// Decides on everything that came, hands the facts to the journal, acts on what is durable, and shows.
    fn turn(&mut self, inputs: &mut VecDeque<Input>) {
        loop {
            let now = self.clock.now();
            self.decide(now, inputs);
            self.hands.hurry(now, inputs);
            let since = now.mono.since_ms(self.shown.published);
            let due = since >= self.frame_ms || (self.shown.urgent && since >= URGENT_MS);
            let held = self.hands.held_until().is_some_and(|until| now.mono < until);
            if self.shown.unseen && due && !held {
                self.publish(now);
            }
            if inputs.is_empty() {
                return;
            }
        }
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
            self.shown.unseen = true;
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

    fn publish(&mut self, now: Now) {
        self.shown.published = now.mono;
        self.shown.urgent = false;
        self.shown.unseen = false;
        if let Some(snapshot) = self.engine.snapshot(now) {
            self.snapshots.send_replace(snapshot);
        }
    }
}
