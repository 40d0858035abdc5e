//! The one task that owns the exchange. It gathers requests, moves the market, answers, and only when what has
//! changed is on the disk lets the answers and the news out: nobody is told what a crash could still undo.

mod request;

pub(super) use request::Request;

use super::{error::Error, store::Store, venue::Venue};
use crate::{clock::Clock, domain::time::Stamp};
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// How often the market moves when nobody asks for anything.
const TICK: Duration = Duration::from_millis(50);
/// How often a venue on which nothing is traded is saved: its market goes on from there.
const SAVE_IDLE_MS: i64 = 30_000;
/// Requests that are answered by one save.
const BATCH: usize = 64;
/// Requests that may wait; the next asker waits before the queue.
const REQUESTS: usize = 256;

/// The way back to an asker.
pub(super) struct Reply<T>(oneshot::Sender<T>);

impl<T: Send + 'static> Reply<T> {
    /// Keeps `value` until the save.
    fn hold(self, value: T) -> Answer {
        Box::new(Held { value, to: self.0 })
    }
}

/// An answer that waits for the save before it is told.
struct Held<T> {
    value: T,
    to: oneshot::Sender<T>,
}

/// Answers of every kind, in the order of their requests.
pub(super) type Answer = Box<dyn Tell>;

pub(super) trait Tell: Send {
    fn tell(self: Box<Self>);
}

impl<T: Send> Tell for Held<T> {
    fn tell(self: Box<Self>) {
        // An asker that has hung up needs no answer.
        drop(self.to.send(self.value));
    }
}

/// The way to the owner.
#[derive(Debug, Clone)]
pub(super) struct Owner(mpsc::Sender<Request>);

/// The owner has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone;

impl Owner {
    pub(super) fn channel() -> (Self, mpsc::Receiver<Request>) {
        let (sender, inbox) = mpsc::channel(REQUESTS);
        (Self(sender), inbox)
    }

    /// Sends the request that `with` makes of the way back. The answer comes when everything it rests on is saved.
    pub(super) async fn ask<T>(&self, with: impl FnOnce(Reply<T>) -> Request) -> Result<T, Gone> {
        let (reply, answer) = oneshot::channel();
        self.0.send(with(Reply(reply))).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }
}

/// The task.
pub(super) struct Task {
    pub(super) venue: Venue,
    pub(super) store: Option<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: mpsc::Receiver<Request>,
    pub(super) stop: watch::Receiver<bool>,
}

impl Task {
    /// Writes the account for the first time, so that it is there before anybody is told of it.
    ///
    /// # Errors
    /// It could not be saved.
    pub(super) async fn founded(mut self) -> Result<Self, Error> {
        self.save().await?;
        Ok(self)
    }

    /// Serves until `stop` says so; saves at the end.
    ///
    /// # Errors
    /// The account could not be saved. Nothing that was not saved has been told to anybody.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        let mut ticker = tokio::time::interval(TICK);
        ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut saved_at = self.clock.now().wall;
        loop {
            let mut requests = Vec::new();
            tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => break,
                _ = ticker.tick() => {}
                request = self.inbox.recv() => match request {
                    Some(request) => requests.push(request),
                    None => break,
                }
            }
            while requests.len() < BATCH
                && let Ok(request) = self.inbox.try_recv()
            {
                requests.push(request);
            }
            let wall = self.step(requests, saved_at).await?;
            saved_at = wall;
        }
        self.save().await
    }

    /// Moves, answers, saves, tells. Returns when the venue was last saved.
    async fn step(&mut self, requests: Vec<Request>, saved_at: Stamp) -> Result<Stamp, Error> {
        let now = self.clock.now();
        let at = self.venue.pace.at(now);
        self.venue.keep_time(now.mono);
        self.venue.advance(at);
        let answers: Vec<Answer> = requests.into_iter().map(|r| self.venue.answer(r)).collect();
        self.venue.collect();
        let is_due = self.venue.is_changed || now.wall.since_ms(saved_at) >= SAVE_IDLE_MS;
        if is_due {
            self.save().await?;
        }
        for answer in answers {
            answer.tell();
        }
        self.venue.publish();
        Ok(if is_due { now.wall } else { saved_at })
    }

    async fn save(&mut self) -> Result<(), Error> {
        self.venue.is_changed = false;
        let Some(mut store) = self.store.take() else { return Ok(()) };
        let saved = self.venue.exchange.save();
        let write = tokio::task::spawn_blocking(move || store.save(saved).map(|()| store));
        self.store = Some(write.await.map_err(|e| Error::Defect(e.to_string()))??);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Manual,
        domain::{money::Qty, order::Side},
        paper::{
            exchange::{Exchange, Setup},
            order::NewOrder,
            server::{pace::Pace, quota::Quota},
        },
    };
    use rust_decimal::Decimal;
    use std::num::NonZeroU32;

    fn venue() -> Venue {
        let start = Stamp::from_secs(1_800_000_000).unwrap();
        let clock = Manual::at(start);
        let exchange = Exchange::new(Setup::new(1, start));
        Venue::new(exchange, Quota::new(10), Pace::start(NonZeroU32::MIN, clock.now(), start))
    }

    #[tokio::test]
    async fn nobody_is_told_what_is_not_saved() {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(dir.path()).unwrap();
        let (owner, inbox) = Owner::channel();
        let (stop, stopping) = watch::channel(false);
        let clock = Arc::new(Manual::at(Stamp::from_secs(1_800_000_000).unwrap()));
        let mut venue = venue();
        let mut updates = venue.listen().unwrap();
        // The disk fails from the first save on: the table is gone.
        rusqlite::Connection::open(store.path()).unwrap().execute_batch("DROP TABLE orders").unwrap();
        let task = tokio::spawn(Task { venue, store: Some(store), clock, inbox, stop: stopping }.run());
        let order = NewOrder::market("AAPL", Side::Buy, Qty::new(Decimal::ONE).unwrap());
        let placed = owner.ask(|reply| Request::Place(order, reply));
        assert!(placed.await.is_err(), "an order that was not saved was acknowledged");
        let ended = task.await.unwrap().unwrap_err().to_string();
        assert!(ended.starts_with("cannot save the paper account to"), "{ended}");
        assert_eq!(updates.recv().await, None);
        drop(stop);
    }
}
