//! The one task that owns the exchange. It gathers questions, moves the market, answers, and only when what has
//! changed is on the disk lets the answers and the news out: nobody is told what a crash could still undo.

use super::{
    error::Error,
    feed::{Channel, Item},
    pace::Pace,
    quota::Quota,
    record::Record,
    store::Store,
    tape::Tape,
    wire,
};
use crate::{
    clock::Clock,
    domain::{instrument::AssetClass, quote::Interval, time::Stamp},
    paper::{
        event::{Bar, Event},
        exchange::Exchange,
    },
};
use bytes::Bytes;
use smol_str::SmolStr;
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// How often the market moves when nobody asks for anything.
const TICK: Duration = Duration::from_millis(50);
/// How often a venue on which nothing is traded is saved: its market goes on from there.
const SAVE_IDLE_MS: i64 = 30_000;
/// Questions that are answered by one save.
const BATCH: usize = 64;
/// Questions that may wait; the next asker waits before the queue.
const QUESTIONS: usize = 256;
/// Ticks of market data that a connection may be behind.
const TICKS_BEHIND: usize = 256;
/// Order updates that a connection may be behind.
const UPDATES_BEHIND: usize = 4_096;
/// Order update connections at a time.
const LISTENERS_MAX: usize = 64;

/// What waits for the save before it is told.
type Answer = Box<dyn FnOnce() + Send>;
pub(super) type Question = Box<dyn FnOnce(&mut Venue) -> Answer + Send>;
/// A tick's messages.
pub(super) type Ticks = Arc<Vec<Item>>;

/// The way to the owner.
#[derive(Debug, Clone)]
pub(super) struct Owner(mpsc::Sender<Question>);

/// The owner has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone;

impl Owner {
    pub(super) fn channel() -> (Self, mpsc::Receiver<Question>) {
        let (sender, inbox) = mpsc::channel(QUESTIONS);
        (Self(sender), inbox)
    }

    /// Lets `question` work on the venue. The answer comes when everything it rests on is saved.
    pub(super) async fn ask<T, F>(&self, question: F) -> Result<T, Gone>
    where
        T: Send + 'static,
        F: FnOnce(&mut Venue) -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let boxed: Question = Box::new(move |venue| {
            let told = question(venue);
            // An asker that has hung up needs no answer.
            Box::new(move || drop(reply.send(told)))
        });
        self.0.send(boxed).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }
}

struct FeedSink {
    endpoint: &'static str,
    queue: mpsc::Sender<Ticks>,
}

/// The exchange and all that stands around it.
pub(super) struct Venue {
    pub(super) exchange: Exchange,
    pub(super) tape: Tape,
    pub(super) quota: Quota,
    pace: Pace,
    feeds: Vec<FeedSink>,
    listeners: Vec<mpsc::Sender<Bytes>>,
    items: Vec<Item>,
    updates: Vec<Bytes>,
    is_changed: bool,
}

impl Venue {
    pub(super) fn new(exchange: Exchange, quota: Quota, pace: Pace) -> Self {
        Self {
            exchange,
            tape: Tape::default(),
            quota,
            pace,
            feeds: Vec::new(),
            listeners: Vec::new(),
            items: Vec::new(),
            updates: Vec::new(),
            is_changed: false,
        }
    }

    /// The venue's time.
    pub(super) const fn now(&self) -> Stamp {
        self.pace.now()
    }

    /// The exchange, to be changed: what is asked of it here is saved before the answer leaves.
    pub(super) const fn change(&mut self) -> &mut Exchange {
        self.is_changed = true;
        &mut self.exchange
    }

    /// The account's one connection to a market-data endpoint; `None` while another has it.
    pub(super) fn claim_feed(&mut self, endpoint: &'static str) -> Option<mpsc::Receiver<Ticks>> {
        self.feeds.retain(|feed| !feed.queue.is_closed());
        if self.feeds.iter().any(|feed| feed.endpoint == endpoint) {
            return None;
        }
        let (queue, ticks) = mpsc::channel(TICKS_BEHIND);
        self.feeds.push(FeedSink { endpoint, queue });
        Some(ticks)
    }

    /// A connection that hears of every order; `None` when there are too many.
    pub(super) fn listen(&mut self) -> Option<mpsc::Receiver<Bytes>> {
        self.listeners.retain(|queue| !queue.is_closed());
        if self.listeners.len() >= LISTENERS_MAX {
            return None;
        }
        let (queue, updates) = mpsc::channel(UPDATES_BEHIND);
        self.listeners.push(queue);
        Some(updates)
    }

    fn advance(&mut self, now: Stamp) {
        let events = self.exchange.advance(now);
        self.note(events);
    }

    fn collect(&mut self) {
        let events = self.exchange.drain();
        self.note(events);
    }

    fn note(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Order(update) => {
                    self.is_changed = true;
                    self.updates.push(wire::trade_update(&update));
                }
                Event::Quote(quote) => {
                    self.item(quote.symbol.as_str(), Channel::Quotes, |class| wire::quote(class, &quote));
                    self.tape.quote(quote);
                }
                Event::Trade(trade) => {
                    self.item(trade.symbol.as_str(), Channel::Trades, |class| wire::trade(class, &trade));
                    self.tape.trade(trade);
                }
                Event::MinuteBar(bar) => self.minute(&bar),
            }
        }
    }

    fn minute(&mut self, bar: &Bar) {
        self.item(bar.symbol.as_str(), Channel::Bars, |class| wire::bar(class, bar));
        if self.feeds.is_empty() {
            return;
        }
        let day = Stamp::from_nanos(bar.at.as_nanos().saturating_sub(86_400_000_000_000));
        let days = self.exchange.bars(bar.symbol.as_str(), Interval::Day1, (day, self.now()), 3);
        if let Some(today) = days.last() {
            self.item(bar.symbol.as_str(), Channel::DailyBars, |class| wire::bar(class, today));
        }
    }

    /// Makes a message for the streams, unless nobody is there.
    fn item(&mut self, symbol: &str, channel: Channel, record: impl FnOnce(AssetClass) -> Record) {
        if self.feeds.is_empty() {
            return;
        }
        let Some(asset) = self.exchange.asset(symbol) else { return };
        let (class, symbol) = (asset.class, SmolStr::new(asset.symbol.as_str()));
        let record = wire::tagged(channel, &symbol, record(class));
        self.items.push(Item { class, channel, symbol, record });
    }

    /// Sends out what has happened. A market-data connection that is too far behind loses its queue, and closes
    /// with error 407; one for order updates is cut off, for it must never miss one in silence.
    fn publish(&mut self) {
        if !self.items.is_empty() {
            let ticks = Arc::new(std::mem::take(&mut self.items));
            self.feeds.retain(|feed| feed.queue.try_send(Arc::clone(&ticks)).is_ok());
        }
        for update in self.updates.drain(..) {
            self.listeners.retain(|queue| queue.try_send(update.clone()).is_ok());
        }
    }
}

/// The task.
pub(super) struct Task {
    pub(super) venue: Venue,
    pub(super) store: Option<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inbox: mpsc::Receiver<Question>,
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
            let mut questions = Vec::new();
            tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => break,
                _ = ticker.tick() => {}
                question = self.inbox.recv() => match question {
                    Some(question) => questions.push(question),
                    None => break,
                }
            }
            while questions.len() < BATCH
                && let Ok(question) = self.inbox.try_recv()
            {
                questions.push(question);
            }
            let wall = self.step(questions, saved_at).await?;
            saved_at = wall;
        }
        self.save().await
    }

    /// Moves, answers, saves, tells. Returns when the venue was last saved.
    async fn step(&mut self, questions: Vec<Question>, saved_at: Stamp) -> Result<Stamp, Error> {
        let now = self.clock.now();
        let at = self.venue.pace.at(now);
        self.venue.advance(at);
        let answers: Vec<Answer> = questions.into_iter().map(|ask| ask(&mut self.venue)).collect();
        self.venue.collect();
        let is_due = self.venue.is_changed || now.wall.since_ms(saved_at) >= SAVE_IDLE_MS;
        if is_due {
            self.save().await?;
        }
        for tell in answers {
            tell();
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
        paper::{exchange::Setup, order::NewOrder},
    };
    use rust_decimal::Decimal;
    use std::num::NonZeroU32;

    fn venue() -> Venue {
        let start = Stamp::from_secs(1_800_000_000).unwrap();
        let clock = Manual::at(start);
        let exchange = Exchange::new(Setup::new(1, start));
        Venue::new(exchange, Quota::new(10), Pace::start(NonZeroU32::MIN, clock.now(), start))
    }

    /// Lets a second of the market pass, and sends it out.
    fn second(venue: &mut Venue, n: i64) {
        venue.advance(Stamp::from_secs(1_800_000_000_i64.saturating_add(n)).unwrap());
        venue.publish();
    }

    #[test]
    fn a_market_data_connection_that_is_too_slow_loses_its_queue_and_others_do_not() {
        let mut venue = venue();
        let mut slow = venue.claim_feed("/v2/iex").unwrap();
        let mut quick = venue.claim_feed("/v2/sip").unwrap();
        let mut heard = 0_usize;
        for n in 1..=400 {
            second(&mut venue, n);
            while quick.try_recv().is_ok() {
                heard = heard.saturating_add(1);
            }
        }
        assert!(heard > TICKS_BEHIND, "{heard}");
        let mut left = 0_usize;
        while slow.try_recv().is_ok() {
            left = left.saturating_add(1);
        }
        assert_eq!(left, TICKS_BEHIND);
        assert_eq!(slow.try_recv().unwrap_err(), mpsc::error::TryRecvError::Disconnected);
        assert!(venue.claim_feed("/v2/sip").is_none(), "its holder is still there");
        drop(quick);
        assert!(venue.claim_feed("/v2/sip").is_some(), "a place is free once its holder has gone");
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
        let placed = owner.ask(|venue| {
            let now = venue.now();
            let order = NewOrder::market("AAPL", Side::Buy, Qty::new(Decimal::ONE).unwrap());
            venue.change().place(now, order).is_ok()
        });
        assert!(placed.await.is_err(), "an order that was not saved was acknowledged");
        let ended = task.await.unwrap().unwrap_err().to_string();
        assert!(ended.starts_with("cannot save the paper account to"), "{ended}");
        assert_eq!(updates.recv().await, None);
        drop(stop);
    }
}
