//! What does what the engine decides: facts to the journal, what follows from them to the venues once they are durable,
//! answers to who asked.

use super::{
    gateway::{Gateway, Staged},
    lanes::Joined,
    notifier::Told,
    timers::Timers,
};
use crate::{
    desk::{Envelope, Receipt, Reply, Request, RequestId},
    domain::{
        fact::Dated,
        notice::Notice,
        order::Origin,
        text::Text,
        time::{Mono, Now},
    },
    engine::{Answer, Effect, Front, Input, Step, Timer},
    journal::{Commit, Committed, Work, Writer},
};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc;

/// After so long without the journal's answer, cancels and reductions go on without it.
const EXITS_WAIT_MS: u64 = 300;
/// After so long, an order that opens risk is not sent any more.
const ENTRIES_WAIT_MS: u64 = 5_000;
/// After so long, the end of the program does not wait for the journal any more.
const END_WAITS_MS: u64 = 3_000;
/// A snapshot waits so long for a request that waits for the journal: to make one takes longer than most syncs.
const HOLD_MS: u64 = 20;
/// And so long after it has left: who carries it on, on this machine, may wait for the same processor; and with the answer
/// there is more to show.
const SENT_MS: u64 = 2;

/// What waits for its facts to be durable.
#[derive(Debug)]
struct Batch {
    ticket: u64,
    since: Mono,
    waits: Vec<Waits>,
}

/// One thing that does.
#[derive(Debug)]
enum Waits {
    Effect(Effect),
    /// An order that opens risk, made ready to leave.
    Order(Staged),
}

impl Waits {
    fn opens_risk(&self) -> bool {
        match self {
            Self::Effect(effect) => effect.opens_risk(),
            Self::Order(_) => true,
        }
    }

    const fn is_request(&self) -> bool {
        match self {
            Self::Effect(effect) => is_request(effect),
            Self::Order(_) => true,
        }
    }
}

/// What steps have brought that goes to the journal, and what waits for it.
#[derive(Debug, Default)]
pub(super) struct Pile {
    facts: Vec<Dated>,
    effects: Vec<Effect>,
}

/// What was in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nothing that a person could wait for.
    Nothing,
    /// Facts or effects.
    Something,
    /// An effect among them that changes something at a venue.
    Leaves,
}

/// Apart from the engine, so that they can work while it is held by what is not settled yet.
#[derive(Debug)]
pub(super) struct Hands {
    pub(super) gateway: Gateway,
    pub(super) writer: Option<Writer>,
    pub(super) fronts: BTreeMap<Front, mpsc::Sender<Receipt>>,
    /// Nobody is told by a run that only looks.
    pub(super) notices: Option<mpsc::Sender<Told>>,
    pub(super) state: State,
}

/// What is kept between turns.
#[derive(Debug, Default)]
pub(super) struct State {
    timers: Timers,
    waiting: VecDeque<Batch>,
    /// Work that the writer's queue had no room for, oldest first.
    unhanded: VecDeque<Work>,
    tickets: u64,
    binds: Vec<u64>,
    journal_lost: bool,
    /// Since when the program ends.
    stopping: Option<Mono>,
    /// A call was started and has not had its turn yet.
    started: bool,
    /// When the last order was released.
    released: Mono,
    /// Answers that wait until what was started has had its turn: to wake who reads them takes longer than to send.
    receipts: Vec<(Front, Receipt)>,
    /// Notices that found no room and of which nobody was told yet.
    dropped_notices: u64,
}

#[cfg(test)]
impl State {
    pub(super) fn released_at(at: Mono) -> Self {
        Self { released: at, ..Self::default() }
    }
}

impl Hands {
    /// The run is over, and nothing waits for the journal any more, or has waited long enough.
    pub(super) fn are_done(&self, now: Mono) -> bool {
        let is_over = |since: Mono| self.state.waiting.is_empty() || now.since_ms(since) >= END_WAITS_MS;
        self.state.stopping.is_some_and(is_over)
    }

    /// A call was started that has not had its turn yet; asked once.
    pub(super) const fn have_started(&mut self) -> bool {
        std::mem::replace(&mut self.state.started, false)
    }

    /// The timers whose time has come.
    pub(super) fn due(&mut self, now: Mono) -> impl Iterator<Item = Timer> {
        std::iter::from_fn(move || self.state.timers.due(now))
    }

    /// When something is to be done here by itself.
    pub(super) fn wake_at(&self, now: Mono) -> Option<Mono> {
        let exits = self.state.waiting.front().map(|b| b.since.plus_ms(EXITS_WAIT_MS).max(now.plus_ms(50)));
        [self.state.timers.next(), exits].into_iter().flatten().min()
    }

    /// While a request waits for the journal, and just after it has left: until when no snapshot is made.
    pub(super) fn held_until(&self) -> Option<Mono> {
        let leaves = |b: &&Batch| b.waits.iter().any(Waits::is_request);
        let waits = self.state.waiting.iter().find(leaves).map(|b| b.since.plus_ms(HOLD_MS));
        let left = self.state.released;
        let left = (left != Mono::default()).then(|| left.plus_ms(SENT_MS));
        waits.max(left)
    }

    /// Takes a step: what goes to the journal, and what waits for that, onto the pile; the rest is done.
    pub(super) fn take(
        &mut self,
        step: Step,
        pile: &mut Pile,
        now: Now,
        inputs: &mut VecDeque<Input>,
    ) -> Taken {
        let mut taken = if step.effects.is_empty() { Taken::Nothing } else { Taken::Something };
        for dated in step.facts.into_iter().filter(|d| d.fact.is_durable()) {
            taken = Taken::Something;
            pile.facts.push(dated);
        }
        let leaves = step.effects.iter().any(is_request);
        for effect in step.effects {
            if waits_for_journal(&effect) {
                pile.effects.push(effect);
            } else {
                self.act(effect, now, inputs);
            }
        }
        if leaves { Taken::Leaves } else { taken }
    }

    /// The journal is kept for an account; the venue's answer must be that account.
    pub(super) fn bind_account(&mut self, input: &Input) {
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

    /// Hands the facts of a pile to the journal. What waits for no fact of its own waits for those before it.
    pub(super) fn commit(&mut self, pile: Pile, now: Now, inputs: &mut VecDeque<Input>) {
        let Pile { facts, effects } = pile;
        if self.writer.is_none() || self.state.journal_lost {
            for effect in effects {
                self.act_or_withhold(effect, now, inputs);
            }
            return;
        }
        if facts.is_empty() {
            if self.state.waiting.is_empty() {
                for effect in effects {
                    self.act(effect, now, inputs);
                }
                return;
            }
            let waits: Vec<Waits> = effects.into_iter().map(|effect| self.ready(effect)).collect();
            if let Some(last) = self.state.waiting.back_mut() {
                last.waits.extend(waits);
            }
            return;
        }
        let ticket = self.next_ticket();
        self.state.unhanded.push_back(Work::Commit(Commit { batch: facts, ticket }));
        self.hand();
        // While the journal writes.
        let waits = effects.into_iter().map(|effect| self.ready(effect)).collect();
        self.state.waiting.push_back(Batch { ticket, since: now.mono, waits });
    }

    /// What can be done of an effect before its fact is durable.
    fn ready(&mut self, effect: Effect) -> Waits {
        match effect {
            Effect::Submit { venue, order } => Waits::Order(self.gateway.stage(&venue, order)),
            other @ (Effect::Reduce { .. }
            | Effect::Replace { .. }
            | Effect::Cancel { .. }
            | Effect::CancelAll { .. }
            | Effect::Instruct { .. }
            | Effect::Entrust { .. }
            | Effect::Ask { .. }
            | Effect::Watch { .. }
            | Effect::Arm { .. }
            | Effect::Reply { .. }
            | Effect::Notify(_)
            | Effect::Stop) => Waits::Effect(other),
        }
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

    pub(super) fn on_committed(&mut self, done: Committed, now: Now, inputs: &mut VecDeque<Input>) {
        let is_bind = self.state.binds.contains(&done.ticket);
        self.state.binds.retain(|t| *t != done.ticket);
        if let Err(why) = done.result {
            self.state.journal_lost = true;
            inputs.push_back(Input::JournalLost(Text::clean(&why.to_string())));
            for batch in std::mem::take(&mut self.state.waiting) {
                for waits in batch.waits {
                    match waits {
                        Waits::Effect(effect) => self.act_or_withhold(effect, now, inputs),
                        Waits::Order(staged) => staged.withhold(journal_lost()),
                    }
                }
            }
            return;
        }
        if !is_bind {
            while self.state.waiting.front().is_some_and(|b| b.ticket <= done.ticket) {
                for waits in self.state.waiting.pop_front().map(|b| b.waits).into_iter().flatten() {
                    self.go(waits, now, inputs);
                }
            }
        }
        self.hand();
    }

    /// A journal that is slow may hold up an entry, not an exit.
    pub(super) fn hurry(&mut self, now: Now, inputs: &mut VecDeque<Input>) {
        let mut go = Vec::new();
        for batch in &mut self.state.waiting {
            let waited = now.mono.since_ms(batch.since);
            if waited < EXITS_WAIT_MS {
                break;
            }
            let over = waited >= ENTRIES_WAIT_MS;
            let (goes, rest) =
                std::mem::take(&mut batch.waits).into_iter().partition(|w| over || !w.opens_risk());
            batch.waits = rest;
            go.push((over, goes));
        }
        for (over, goes) in go {
            for waits in goes {
                let why = Text::clean("the journal did not take it in five seconds");
                match waits {
                    Waits::Order(staged) if over => staged.withhold(why),
                    Waits::Effect(effect) if over => match Gateway::withhold(&effect, &why) {
                        Some(answer) => inputs.push_back(answer),
                        None => self.act(effect, now, inputs),
                    },
                    waits @ (Waits::Order(_) | Waits::Effect(_)) => self.go(waits, now, inputs),
                }
            }
        }
    }

    /// Its facts are durable, or need not be.
    fn go(&mut self, waits: Waits, now: Now, inputs: &mut VecDeque<Input>) {
        match waits {
            Waits::Effect(effect) => self.act(effect, now, inputs),
            Waits::Order(staged) => {
                staged.release();
                self.state.started = true;
                self.state.released = now.mono;
            }
        }
    }

    fn act_or_withhold(&mut self, effect: Effect, now: Now, inputs: &mut VecDeque<Input>) {
        let lost = self.state.journal_lost || self.writer.is_none();
        match (lost && effect.opens_risk()).then(|| Gateway::withhold(&effect, &journal_lost())).flatten() {
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
            Some(Effect::Notify(notice)) => self.notify(notice),
            Some(Effect::Stop) => self.state.stopping = Some(now.mono),
            Some(other) => tracing::error!(?other, "an effect that nobody does"),
        }
    }

    fn notify(&mut self, notice: Box<Notice>) {
        let Some(notices) = &self.notices else { return };
        let lost = self.state.dropped_notices;
        if notices.try_send(Told { notice, lost }).is_ok() {
            self.state.dropped_notices = 0;
        } else {
            self.state.dropped_notices = lost.saturating_add(1);
            tracing::warn!(dropped = self.state.dropped_notices, "the notifier's queue is full");
        }
    }

    /// A front end in another process came or went.
    pub(super) fn meet(&mut self, joined: Joined, inputs: &mut VecDeque<Input>) {
        match joined {
            Joined::Comes(front, receipts) => {
                self.fronts.insert(front, receipts);
            }
            Joined::Goes(front) => {
                self.fronts.remove(&front);
                // What it followed is let go.
                let request = Request::Depth { instrument: None };
                let envelope = Envelope { id: RequestId(0), origin: Origin::Screen, request };
                inputs.push_back(Input::asked(front, envelope));
            }
        }
    }

    pub(super) fn answer_waiting(&mut self) {
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
}

fn journal_lost() -> Text {
    Text::clean("the journal can't be written, so no order that opens risk leaves")
}

/// Does it change something at a venue?
const fn is_request(effect: &Effect) -> bool {
    match effect {
        Effect::Submit { .. }
        | Effect::Reduce { .. }
        | Effect::Replace { .. }
        | Effect::Cancel { .. }
        | Effect::CancelAll { .. }
        | Effect::Instruct { .. }
        | Effect::Entrust { .. } => true,
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
        | Effect::Instruct { .. }
        | Effect::Entrust { .. }
        | Effect::Stop => true,
        Effect::Reply { receipt, .. } => matches!(receipt.reply, Reply::Placed { .. }),
        Effect::Ask { .. } | Effect::Watch { .. } | Effect::Arm { .. } | Effect::Notify(_) => false,
    }
}
