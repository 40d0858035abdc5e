//! The engine's loop: gather what came, lane by lane; decide, one input at a time; make the facts durable; only
//! then act; show. It never blocks: the journal syncs on its own thread, venues answer in their own tasks.

use super::{elsewhere::Elsewhere, gateway::Gateway, lanes::Lanes, timers::Timers};
use crate::{
    clock::Clock,
    desk::{Receipt, Reply, Snapshot},
    domain::{
        alert::Alert,
        fact::Dated,
        text::Text,
        time::{Mono, Now},
    },
    engine::{Answer, Effect, Engine, Front, Input, Step, Timer},
    journal::{Commit, Committed, Work, Writer},
    transport::alarm::Alarm,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{mpsc, watch};

/// Inputs taken from one lane before the next is looked at.
const TAKE_MAX: usize = 256;
/// Market news taken in one turn, before the other lanes are looked at again; the last batch may go beyond it.
const MARKET_MAX: usize = 1_024;
/// After so long without the journal's answer, cancels and reductions go on without it.
const EXITS_WAIT_MS: u64 = 300;
/// After so long, an order that opens risk is not sent any more.
const ENTRIES_WAIT_MS: u64 = 5_000;
/// The shortest time between two snapshots when something a person waits for changed.
const URGENT_MS: u64 = 5;
/// A snapshot waits so long for a request that waits for the journal: to make one takes longer than most syncs.
const HOLD_MS: u64 = 20;

/// Effects that wait for their facts to be durable.
#[derive(Debug)]
struct Batch {
    ticket: u64,
    since: Mono,
    effects: Vec<Effect>,
}

/// The loop's state.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) engine: Engine,
    pub(super) gateway: Gateway,
    pub(super) lanes: Lanes,
    pub(super) writer: Option<Writer>,
    /// What other runs write; for a run that stays.
    pub(super) elsewhere: Option<Elsewhere>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) fronts: BTreeMap<Front, mpsc::Sender<Receipt>>,
    pub(super) alerts: mpsc::Sender<Alert>,
    pub(super) frame_ms: u64,
    pub(super) state: PumpState,
}

/// What the loop keeps between turns.
#[derive(Debug, Default)]
pub(super) struct PumpState {
    timers: Timers,
    alarm: Alarm,
    waiting: VecDeque<Batch>,
    /// Work that the writer's queue had no room for, oldest first.
    unhanded: VecDeque<Work>,
    tickets: u64,
    binds: Vec<u64>,
    journal_lost: bool,
    published: Mono,
    urgent: bool,
    unseen: bool,
    stopping: bool,
    /// A call was started and has not had its turn yet.
    started: bool,
    /// Answers that wait until what was started has had its turn: to wake who reads them takes longer than to send.
    receipts: Vec<(Front, Receipt)>,
    dropped_alerts: u64,
}

impl Pump {
    /// Runs until the engine says stop, or nobody is left who could ask it anything.
    pub(super) async fn run(mut self, past: Vec<Dated>) -> Option<Writer> {
        for dated in past {
            let now = self.clock.now();
            let step = self.engine.step(now, Input::Past(Box::new(dated)));
            debug_assert!(step.facts.is_empty(), "the past makes no facts");
        }
        self.state.alarm = Alarm::new();
        let mut inputs = VecDeque::from([Input::Begin]);
        loop {
            self.turn(&mut inputs);
            if self.state.stopping && self.state.waiting.is_empty() {
                break;
            }
            if !self.gather(&mut inputs).await {
                break;
            }
        }
        self.answer_waiting();
        self.publish(self.clock.now());
        self.writer
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
            Some((front, envelope)) = lanes.emergency.recv() => inputs.push_back(Input::Request { front, envelope }),
            Some(done) = lanes.committed.recv() => committed = Some(done),
            Some(answer) = lanes.answers.recv() => inputs.push_back(answer),
            Some((venue, event)) = lanes.venue.recv() => inputs.push_back(Input::Venue { venue, event }),
            Some((front, envelope)) = lanes.operator.recv() => inputs.push_back(Input::Request { front, envelope }),
            Some(news) = lanes.market.recv() => market = news,
            () = self.state.alarm.after(sleep) => {}
        }
        if let Some(done) = committed {
            self.on_committed(done, inputs);
        }
        self.take(inputs, &mut market);
        self.let_go().await;
        !(self.lanes.emergency.is_closed() && self.lanes.operator.is_closed())
    }

    /// What was started writes its request now: nothing that can wait comes before it.
    async fn let_go(&mut self) {
        if std::mem::take(&mut self.state.started) {
            tokio::task::yield_now().await;
            self.answer_waiting();
        }
    }

    fn take(&mut self, inputs: &mut VecDeque<Input>, market: &mut Vec<crate::broker::Market>) {
        let mut done = Vec::new();
        let lanes = &mut self.lanes;
        for _ in 0..TAKE_MAX {
            let Ok((front, envelope)) = lanes.emergency.try_recv() else { break };
            inputs.push_back(Input::Request { front, envelope });
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
            let Ok((front, envelope)) = lanes.operator.try_recv() else { break };
            inputs.push_back(Input::Request { front, envelope });
        }
        while market.len() < MARKET_MAX {
            let Ok(news) = lanes.market.try_recv() else { break };
            market.extend(news);
        }
        for committed in done {
            self.on_committed(committed, inputs);
        }
        let now = self.clock.now().mono;
        while let Some(timer) = self.state.timers.due(now) {
            inputs.push_back(Input::Timer(timer));
        }
        if !market.is_empty() {
            inputs.push_back(Input::Market(std::mem::take(market)));
        }
    }

    /// How long nothing has to be done by itself.
    fn pause(&self) -> Duration {
        let now = self.clock.now().mono;
        let frame = self.state.unseen.then(|| self.state.published.plus_ms(self.frame_ms));
        let frame = frame.map(|at| self.held_until().map_or(at, |until| at.max(until)));
        let exits = self.state.waiting.front().map(|b| b.since.plus_ms(EXITS_WAIT_MS).max(now.plus_ms(50)));
        let next = [self.state.timers.next(), frame, exits].into_iter().flatten().min();
        let wait = next.map_or(1_000_000_000, |at| at.as_nanos().saturating_sub(now.as_nanos()));
        Duration::from_nanos(wait)
    }

    /// While a request waits for the journal: until when no snapshot is made.
    fn held_until(&self) -> Option<Mono> {
        let leaves = |b: &&Batch| b.effects.iter().any(is_request);
        self.state.waiting.iter().find(leaves).map(|b| b.since.plus_ms(HOLD_MS))
    }

    /// Decides on everything that came, hands the facts to the journal, acts on what is durable, and shows.
    fn turn(&mut self, inputs: &mut VecDeque<Input>) {
        loop {
            let now = self.clock.now();
            self.decide(now, inputs);
            self.hurry(now, inputs);
            let since = now.mono.since_ms(self.state.published);
            let due = since >= self.frame_ms || (self.state.urgent && since >= URGENT_MS);
            let held = self.held_until().is_some_and(|until| now.mono < until);
            if self.state.unseen && due && !held {
                self.publish(now);
            }
            if inputs.is_empty() {
                return;
            }
        }
    }

    fn decide(&mut self, now: Now, inputs: &mut VecDeque<Input>) {
        let mut facts = Vec::new();
        let mut later = Vec::new();
        while let Some(input) = inputs.pop_front() {
            self.bind_account(&input);
            if matches!(input, Input::Timer(Timer::Tick)) {
                self.look_elsewhere(inputs);
            }
            let Step { facts: new, effects } = self.engine.step(now, input);
            let durable = new.iter().any(|d| d.fact.is_durable());
            facts.extend(new.into_iter().filter(|d| d.fact.is_durable()));
            self.state.urgent |= durable || !effects.is_empty();
            self.state.unseen = true;
            for effect in effects {
                if waits_for_journal(&effect) { later.push(effect) } else { self.act(effect, now, inputs) }
            }
        }
        self.commit(facts, later, now, inputs);
    }

    /// Takes in what other runs wrote. What can't be read once is not looked at again, and that is said once.
    fn look_elsewhere(&mut self, inputs: &mut VecDeque<Input>) {
        match self.elsewhere.as_mut().map(Elsewhere::look) {
            Some(Ok(news)) => inputs.extend(news.into_iter().map(|d| Input::Elsewhere(Box::new(d)))),
            Some(Err(why)) => {
                tracing::error!(%why, "what other runs write can't be read; their locks do not hold here");
                self.elsewhere = None;
            }
            None => {}
        }
    }

    /// The journal is kept for an account; the venue's answer must be that account.
    fn bind_account(&mut self, input: &Input) {
        if let Input::Answer { venue, answer: Answer::Proved(Ok(proof)) } = input
            && self.writer.is_some()
        {
            let ticket = self.next_ticket();
            self.state.binds.push(ticket);
            let work = Work::Bind { venue: venue.clone(), account: proof.account.clone(), ticket };
            self.state.unhanded.push_back(work);
            self.hand();
        }
    }

    const fn next_ticket(&mut self) -> u64 {
        self.state.tickets = self.state.tickets.saturating_add(1);
        self.state.tickets
    }

    fn commit(&mut self, facts: Vec<Dated>, effects: Vec<Effect>, now: Now, inputs: &mut VecDeque<Input>) {
        if facts.is_empty() && self.state.waiting.is_empty()
            || self.writer.is_none()
            || self.state.journal_lost
        {
            for effect in effects {
                self.act_or_withhold(effect, now, inputs);
            }
            return;
        }
        let ticket = self.next_ticket();
        self.state.unhanded.push_back(Work::Commit(Commit { batch: facts, ticket }));
        self.state.waiting.push_back(Batch { ticket, since: now.mono, effects });
        self.hand();
    }

    fn hand(&mut self) {
        let Some(writer) = &self.writer else { return };
        while let Some(work) = self.state.unhanded.pop_front() {
            match writer.hand(work) {
                Ok(()) => {}
                Err(
                    std::sync::mpsc::TrySendError::Full(work)
                    | std::sync::mpsc::TrySendError::Disconnected(work),
                ) => {
                    self.state.unhanded.push_front(work);
                    return;
                }
            }
        }
    }

    fn on_committed(&mut self, done: Committed, inputs: &mut VecDeque<Input>) {
        let now = self.clock.now();
        let is_bind = self.state.binds.contains(&done.ticket);
        self.state.binds.retain(|t| *t != done.ticket);
        if let Err(why) = done.result {
            self.state.journal_lost = true;
            inputs.push_back(Input::JournalLost(Text::clean(&why.to_string())));
            for batch in std::mem::take(&mut self.state.waiting) {
                for effect in batch.effects {
                    self.act_or_withhold(effect, now, inputs);
                }
            }
            return;
        }
        if !is_bind {
            while self.state.waiting.front().is_some_and(|b| b.ticket <= done.ticket) {
                for effect in self.state.waiting.pop_front().map(|b| b.effects).into_iter().flatten() {
                    self.act(effect, now, inputs);
                }
            }
        }
        self.hand();
    }

    /// A journal that is slow may hold up an entry, not an exit.
    fn hurry(&mut self, now: Now, inputs: &mut VecDeque<Input>) {
        let mut go = Vec::new();
        for batch in &mut self.state.waiting {
            let waited = now.mono.since_ms(batch.since);
            if waited < EXITS_WAIT_MS {
                break;
            }
            let over = waited >= ENTRIES_WAIT_MS;
            let (ready, rest) =
                std::mem::take(&mut batch.effects).into_iter().partition(|e| over || !e.opens_risk());
            batch.effects = rest;
            go.push((over, ready));
        }
        for (over, effects) in go {
            for effect in effects {
                let why = Text::clean("the journal did not take it in five seconds");
                match over.then(|| Gateway::withhold(&effect, &why)).flatten() {
                    Some(answer) => inputs.push_back(answer),
                    None => self.act(effect, now, inputs),
                }
            }
        }
    }

    fn act_or_withhold(&mut self, effect: Effect, now: Now, inputs: &mut VecDeque<Input>) {
        let lost = self.state.journal_lost || self.writer.is_none();
        let why = Text::clean("the journal can't be written, so no order that opens risk leaves");
        match (lost && effect.opens_risk()).then(|| Gateway::withhold(&effect, &why)).flatten() {
            Some(answer) => inputs.push_back(answer),
            None => self.act(effect, now, inputs),
        }
    }

    fn act(&mut self, effect: Effect, now: Now, inputs: &mut VecDeque<Input>) {
        match self.gateway.act(effect) {
            None => self.state.started = true,
            Some(Effect::Arm { timer, after_ms: 0 }) => inputs.push_back(Input::Timer(timer)),
            Some(Effect::Arm { timer, after_ms }) => {
                let at = now.mono.plus_ms(after_ms);
                // The beat is a whole second: the venues' streams wake for it too, and one wake is enough.
                let at = if timer == Timer::Tick { at.whole_ms() } else { at };
                self.state.timers.arm(timer, at);
            }
            Some(Effect::Reply { front, receipt }) if self.state.started => {
                self.state.receipts.push((front, receipt));
            }
            Some(Effect::Reply { front, receipt }) => self.answer(front, receipt),
            Some(Effect::Notify(alert)) => self.notify(alert),
            Some(Effect::Stop) => self.state.stopping = true,
            Some(other) => tracing::error!(?other, "an effect that nobody does"),
        }
    }

    fn notify(&mut self, alert: Alert) {
        if self.alerts.try_send(alert).is_err() {
            self.state.dropped_alerts = self.state.dropped_alerts.saturating_add(1);
            tracing::warn!(dropped = self.state.dropped_alerts, "the notifier's queue is full");
        }
    }

    fn answer_waiting(&mut self) {
        for (front, receipt) in std::mem::take(&mut self.state.receipts) {
            self.answer(front, receipt);
        }
    }

    fn answer(&mut self, front: Front, receipt: Receipt) {
        if let Some(sender) = self.fronts.get(&front)
            && let Err(mpsc::error::TrySendError::Full(receipt)) = sender.try_send(receipt)
        {
            tracing::warn!(id = receipt.id.0, "a front end does not take its receipts");
        }
    }

    fn publish(&mut self, now: Now) {
        self.state.published = now.mono;
        self.state.urgent = false;
        self.state.unseen = false;
        if let Some(snapshot) = self.engine.snapshot(now) {
            self.snapshots.send_replace(snapshot);
        }
    }
}

/// Does it change something at a venue?
const fn is_request(effect: &Effect) -> bool {
    match effect {
        Effect::Submit { .. }
        | Effect::Reduce { .. }
        | Effect::Replace { .. }
        | Effect::Cancel { .. }
        | Effect::CancelAll { .. } => true,
        Effect::Ask { .. }
        | Effect::Watch { .. }
        | Effect::Arm { .. }
        | Effect::Reply { .. }
        | Effect::Notify(_)
        | Effect::Stop => false,
    }
}

/// Does it follow from a fact that must be durable first? Questions, timers and answers to questions do not.
const fn waits_for_journal(effect: &Effect) -> bool {
    match effect {
        Effect::Submit { .. }
        | Effect::Reduce { .. }
        | Effect::Replace { .. }
        | Effect::Cancel { .. }
        | Effect::CancelAll { .. }
        | Effect::Stop => true,
        Effect::Reply { receipt, .. } => matches!(receipt.reply, Reply::Placed { .. }),
        Effect::Ask { .. } | Effect::Watch { .. } | Effect::Arm { .. } | Effect::Notify(_) => false,
    }
}
