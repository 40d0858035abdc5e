//! Between the engine's effects and the venues: each effect becomes one call of the port, each call one answer.
//! Calls run side by side; a venue that hangs holds up only its own. An order is staged while its fact is on its way to
//! the disk: its call begins, and what leaves waits for the word.

use super::algorithms::Sources;
use crate::{
    broker::{Broker, Outcome, Release, Watched},
    domain::{
        algorithm::{Instructed, Instruction},
        ids::{ClientId, VenueId},
        order::Submission,
        text::Text,
    },
    engine::{Answer, Ask, Effect, Input},
    risk::permit::{Cleared, Reducing},
};
use smol_str::SmolStr;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
};

/// Requests that open risk or ask, under way at one venue at one time.
const ENTRIES_MAX: usize = 16;
/// Cancels and reductions under way at one venue at one time: at 200 requests a second and 100 ms of round
/// trip, twice the product of the two.
const EXITS_MAX: usize = 64;

/// A venue, and where it is told what is watched.
pub(super) type Wired = (Arc<dyn Broker>, watch::Sender<Watched>);

#[derive(Debug)]
struct Port {
    broker: Arc<dyn Broker>,
    watched: watch::Sender<Watched>,
    entries: Arc<Semaphore>,
    exits: Arc<Semaphore>,
}

/// All venues of this process.
#[derive(Debug)]
pub(super) struct Gateway {
    ports: BTreeMap<VenueId, Port>,
    sources: Sources,
    answers: mpsc::Sender<Input>,
    /// Where calls run, whoever begins them.
    runtime: Handle,
    calls: JoinSet<()>,
}

/// An order whose call has begun, and of which nothing has left. Let go without a word it does not leave.
#[derive(Debug)]
pub(super) struct Staged(oneshot::Sender<Result<(), Text>>);

impl Staged {
    /// Its fact is durable: it leaves.
    pub(super) fn release(self) {
        self.say(Ok(()));
    }

    /// It may not leave any more.
    pub(super) fn withhold(self, why: Text) {
        self.say(Err(why));
    }

    fn say(self, word: Result<(), Text>) {
        if self.0.send(word).is_err() {
            tracing::debug!("an order had ended before it was released");
        }
    }
}

impl Gateway {
    /// For these venues, answering into `answers`.
    pub(super) fn new(
        brokers: Vec<Wired>,
        sources: Sources,
        answers: mpsc::Sender<Input>,
        runtime: Handle,
    ) -> Self {
        let ports = brokers
            .into_iter()
            .map(|(broker, watched)| {
                let entries = Arc::new(Semaphore::new(ENTRIES_MAX));
                let exits = Arc::new(Semaphore::new(EXITS_MAX));
                (broker.venue().clone(), Port { broker, watched, entries, exits })
            })
            .collect();
        Self { ports, sources, answers, runtime, calls: JoinSet::new() }
    }

    /// Nothing more is waited for.
    pub(super) fn end(&mut self) {
        self.calls.abort_all();
    }

    /// Starts what the effect asks for. Effects that are not a venue's are the caller's, and come back.
    pub(super) fn act(&mut self, effect: Effect) -> Option<Effect> {
        while self.calls.try_join_next().is_some() {}
        match effect {
            Effect::Submit { venue, order } => self.stage(&venue, order).release(),
            Effect::Reduce { venue, order } => self.send_reduction(&venue, order),
            Effect::Replace { venue, change } => {
                let order = change.peek().order.client.clone();
                let by = change.peek().client.clone();
                let lane = if change.peek().adds_nothing { Lane::Exit } else { Lane::Entry };
                self.call(&venue, lane, move |broker| async move {
                    Answer::Replaced { order, by, outcome: broker.replace(*change).await }
                });
            }
            Effect::Cancel { venue, order } => self.call(&venue, Lane::Exit, move |broker| async move {
                Answer::Cancelled { order: order.client.clone(), outcome: broker.cancel(order).await }
            }),
            Effect::CancelAll { venue } => self.call(&venue, Lane::Exit, move |broker| async move {
                Answer::AllCancelled(broker.cancel_all().await)
            }),
            Effect::Ask { venue, ask, exit } => {
                let lane = if exit { Lane::Exit } else { Lane::Question };
                self.call(&venue, lane, move |broker| async move { question(broker.as_ref(), ask).await });
            }
            Effect::Watch { venue, watched } => {
                if let Some(port) = self.ports.get(&venue) {
                    port.watched.send_if_modified(|now| {
                        let wakes = watched.wakes(now);
                        *now = watched;
                        wakes
                    });
                }
            }
            Effect::Instruct { algorithm, ticket, instruction } => {
                self.instruct(&algorithm, ticket, *instruction);
            }
            Effect::Entrust { algorithm, ticket, instruction } => {
                self.instruct(&algorithm, ticket, instruction.spend());
            }
            other @ (Effect::Arm { .. } | Effect::Reply { .. } | Effect::Notify(_) | Effect::Stop) => {
                return Some(other);
            }
        }
        None
    }

    /// The journal is lost, so this may not leave any more: answers for the venue that it did not.
    pub(super) fn withhold(effect: &Effect, why: &Text) -> Option<Input> {
        if let Effect::Entrust { ticket, .. } = effect {
            let result = Instructed::NotSent(why.clone());
            return Some(Input::Instructed { ticket: *ticket, result });
        }
        let answer = match effect {
            Effect::Submit { order, .. } => Answer::Submitted {
                client: order.peek().client.clone(),
                outcome: Outcome::NotSent(why.clone()),
            },
            Effect::Replace { change, .. } => Answer::Replaced {
                order: change.peek().order.client.clone(),
                by: change.peek().client.clone(),
                outcome: Outcome::NotSent(why.clone()),
            },
            Effect::Reduce { .. }
            | Effect::Cancel { .. }
            | Effect::CancelAll { .. }
            | Effect::Ask { .. }
            | Effect::Instruct { .. }
            | Effect::Entrust { .. }
            | Effect::Watch { .. }
            | Effect::Arm { .. }
            | Effect::Reply { .. }
            | Effect::Notify(_)
            | Effect::Stop => return None,
        };
        let (Effect::Submit { venue, .. } | Effect::Replace { venue, .. }) = effect else { return None };
        Some(Input::Answer { venue: venue.clone(), answer })
    }

    /// Begins the call of an order that leaves once it is released.
    pub(super) fn stage(&mut self, venue: &VenueId, order: Cleared<Submission>) -> Staged {
        let client = order.peek().client.clone();
        let (word, said) = oneshot::channel();
        let telling = self.telling(venue, &client);
        let release = Release::upon(async move {
            match said.await {
                Ok(word) => word?,
                Err(_) => return Err(stopped()),
            }
            telling.await
        });
        self.call(venue, Lane::Entry, move |broker| async move {
            let outcome = broker.submit(order, release).await;
            Answer::Submitted { client, outcome }
        });
        Staged(word)
    }

    fn send_reduction(&mut self, venue: &VenueId, order: Reducing<Submission>) {
        let client = order.peek().client.clone();
        let telling = self.telling(venue, &client);
        self.call(venue, Lane::Exit, move |broker| async move {
            let outcome = match telling.await {
                Ok(()) => broker.reduce(order).await,
                Err(why) => Outcome::NotSent(why),
            };
            Answer::Submitted { client, outcome }
        });
    }

    /// Tells the engine that an order is handed to the transport: before it is.
    fn telling(
        &self,
        venue: &VenueId,
        client: &ClientId,
    ) -> impl Future<Output = Result<(), Text>> + Send + 'static + use<> {
        let answers = self.answers.clone();
        let sent = Input::Answer { venue: venue.clone(), answer: Answer::Sent(client.clone()) };
        async move { answers.send(sent).await.map_err(|_| stopped()) }
    }

    fn instruct(&mut self, algorithm: &SmolStr, ticket: u64, instruction: Instruction) {
        let source = self.sources.get(algorithm).cloned();
        let answers = self.answers.clone();
        let call = async move {
            let result = match source {
                Some(source) => source.instruct(instruction).await,
                None => Instructed::NotSent(Text::clean("nothing here reaches it")),
            };
            if answers.send(Input::Instructed { ticket, result }).await.is_err() {
                tracing::debug!("an algorithm answered after the engine had stopped");
            }
        };
        self.calls.spawn_on(call, &self.runtime);
    }

    fn call<F, R>(&mut self, venue: &VenueId, lane: Lane, run: F)
    where
        F: FnOnce(Arc<dyn Broker>) -> R + Send + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let Some(port) = self.ports.get(venue) else {
            tracing::error!(%venue, "an effect names a venue that is not there");
            return;
        };
        let broker = Arc::clone(&port.broker);
        let room = match lane {
            Lane::Exit => Arc::clone(&port.exits),
            Lane::Entry | Lane::Question => Arc::clone(&port.entries),
        };
        let (answers, venue) = (self.answers.clone(), venue.clone());
        let call = async move {
            let Ok(_place) = room.acquire_owned().await else { return };
            let answer = run(broker).await;
            if answers.send(Input::Answer { venue, answer }).await.is_err() {
                tracing::debug!("an answer came after the engine had stopped");
            }
        };
        self.calls.spawn_on(call, &self.runtime);
    }
}

#[derive(Clone, Copy)]
enum Lane {
    Entry,
    Exit,
    Question,
}

fn stopped() -> Text {
    Text::clean("the engine has stopped")
}

async fn question(broker: &dyn Broker, ask: Ask) -> Answer {
    match ask {
        Ask::Prove => Answer::Proved(broker.prove().await),
        Ask::Symbols => Answer::Symbols(broker.symbols().await),
        Ask::Instruments(asked) => {
            Answer::Instruments { result: broker.instruments(asked.clone()).await, asked }
        }
        Ask::Report(wanted) => Answer::Reported(Box::new(broker.report(wanted).await)),
        Ask::Find(order) => Answer::Found { order: order.client.clone(), result: broker.find(order).await },
        Ask::Bars { front, id, instrument, interval, count, before } => {
            let result = broker.bars(instrument.clone(), interval, count, before).await;
            Answer::Bars { front, id, instrument, interval, result }
        }
    }
}
