//! The exchange and all that stands around it: the streams' queues, the last quotes and prints, the rate limit.

pub(super) mod activities;
pub(super) mod faults;
pub(super) mod market;
pub(super) mod orders;

use super::{
    feed::{Channel, Endpoint, Item},
    pace::Pace,
    quota::Quota,
    record::Record,
    tape::Tape,
    wire,
};
use crate::{
    domain::{instrument::AssetClass, quote::Interval, time::Stamp},
    paper::{
        event::{Bar, Event},
        exchange::Exchange,
        market::Book,
    },
};
use bytes::Bytes;
use smol_str::SmolStr;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc;

/// Ticks of market data that a connection may be behind.
const TICKS_BEHIND: usize = 256;
/// Order updates that a connection may be behind.
const UPDATES_BEHIND: usize = 4_096;
/// Order update connections at a time.
const LISTENERS_MAX: usize = 64;

/// A tick's messages.
pub(super) type Ticks = Arc<Vec<Item>>;

struct FeedSink {
    endpoint: &'static Endpoint,
    queue: mpsc::Sender<Ticks>,
    books: Arc<AtomicBool>,
}

/// The exchange and all that stands around it.
pub(super) struct Venue {
    pub(super) exchange: Exchange,
    pub(super) tape: Tape,
    pub(super) quota: Quota,
    pub(super) pace: Pace,
    feeds: Vec<FeedSink>,
    listeners: Vec<mpsc::Sender<Bytes>>,
    /// The order books as they were told last.
    books: BTreeMap<SmolStr, Book>,
    items: Vec<Item>,
    updates: Vec<(SmolStr, Bytes)>,
    /// The script of faults, where one plays.
    stage: Option<Box<faults::Stage>>,
    /// Something has happened that is not saved yet.
    pub(super) is_changed: bool,
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
            books: BTreeMap::new(),
            items: Vec::new(),
            updates: Vec::new(),
            stage: None,
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

    /// A place at a market-data endpoint; `None` while all of them are taken.
    pub(super) fn claim_feed(
        &mut self,
        endpoint: &'static Endpoint,
        books: Arc<AtomicBool>,
    ) -> Option<mpsc::Receiver<Ticks>> {
        self.feeds.retain(|feed| !feed.queue.is_closed());
        let taken = self.feeds.iter().filter(|feed| feed.endpoint == endpoint).count();
        if taken >= endpoint.places {
            return None;
        }
        let (queue, ticks) = mpsc::channel(TICKS_BEHIND);
        self.feeds.push(FeedSink { endpoint, queue, books });
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

    /// Moves the market to `now`.
    pub(super) fn advance(&mut self, now: Stamp) {
        let events = self.exchange.advance(now);
        self.note(events);
    }

    /// Takes in what the requests have caused.
    pub(super) fn collect(&mut self) {
        let events = self.exchange.drain();
        self.note(events);
        self.keep_past();
    }

    fn note(&mut self, events: Vec<Event>) {
        let mut rejected = Vec::new();
        for event in events {
            match event {
                Event::Order(update) => {
                    self.is_changed = true;
                    if let Some(stage) = &mut self.stage {
                        rejected.extend(stage.rejected_legs(&update));
                    }
                    self.updates
                        .push((SmolStr::new(update.order.symbol.as_str()), wire::trade_update(&update)));
                }
                Event::Quote(quote) => {
                    self.item(quote.symbol.as_str(), Channel::Quotes, |class| wire::quote(class, &quote));
                    self.book(quote.symbol.as_str(), quote.at);
                    self.tape.quote(quote);
                }
                Event::Trade(trade) => {
                    self.item(trade.symbol.as_str(), Channel::Trades, |class| wire::trade(class, &trade));
                    self.tape.trade(trade);
                }
                Event::MinuteBar(bar) => self.minute(&bar),
            }
        }
        for (leg, why) in rejected {
            self.exchange.reject(leg, &why);
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
        self.items.push(Item { class, channel, symbol, record, whole: None });
    }

    /// What changed in a coin's order book, for who follows it.
    fn book(&mut self, symbol: &str, at: Stamp) {
        if !self.feeds.iter().any(|feed| feed.books.load(Ordering::Relaxed)) {
            // Whoever follows next begins with all of it.
            self.books.clear();
            return;
        }
        let Some(asset) = self.exchange.asset(symbol).filter(|a| a.class == AssetClass::Crypto) else {
            return;
        };
        let (class, channel, symbol) =
            (asset.class, Channel::Orderbooks, SmolStr::new(asset.symbol.as_str()));
        let Some(book) = self.exchange.depth(&symbol) else { return };
        let before = self.books.get(&symbol).cloned().unwrap_or_default();
        let record = wire::tagged(channel, &symbol, wire::book_change(&before, &book, at));
        let whole = Some(wire::tagged(channel, &symbol, wire::book(&book, at)));
        self.books.insert(symbol.clone(), book);
        self.items.push(Item { class, channel, symbol, record, whole });
    }

    /// Sends out what has happened. A market-data connection that is too far behind loses its queue, and closes
    /// with error 407; one for order updates is cut off, for it must never miss one in silence.
    pub(super) fn publish(&mut self) {
        let (mut items, updates) = (std::mem::take(&mut self.items), std::mem::take(&mut self.updates));
        let updates = match &mut self.stage {
            Some(stage) => {
                items = stage.items(items);
                stage.updates(updates)
            }
            None => updates.into_iter().map(|(_, bytes)| bytes).collect(),
        };
        if !items.is_empty() {
            let ticks = Arc::new(items);
            self.feeds.retain(|feed| feed.queue.try_send(Arc::clone(&ticks)).is_ok());
        }
        for update in updates {
            self.listeners.retain(|queue| queue.try_send(update.clone()).is_ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{Clock as _, Manual},
        paper::exchange::Setup,
    };
    use std::num::NonZeroU32;

    fn venue() -> Venue {
        let start = Stamp::from_secs(1_800_000_000).unwrap();
        let clock = Manual::at(start);
        let exchange = Exchange::new(Setup::new(1, start));
        Venue::new(exchange, Quota::new(10), Pace::start(NonZeroU32::MIN, clock.now(), start))
    }

    fn endpoint(path: &str) -> &'static Endpoint {
        Endpoint::ALL.iter().find(|e| e.path == path).unwrap()
    }

    fn claim(venue: &mut Venue, endpoint: &'static Endpoint) -> Option<mpsc::Receiver<Ticks>> {
        venue.claim_feed(endpoint, Arc::default())
    }

    /// Lets a second of the market pass, and sends it out.
    fn second(venue: &mut Venue, n: i64) {
        venue.advance(Stamp::from_secs(1_800_000_000_i64.saturating_add(n)).unwrap());
        venue.publish();
    }

    #[test]
    fn a_market_data_connection_that_is_too_slow_loses_its_queue_and_others_do_not() {
        let (iex, sip) = (endpoint("/v2/iex"), endpoint("/v2/sip"));
        let mut venue = venue();
        let mut slow = claim(&mut venue, iex).unwrap();
        let mut quick = claim(&mut venue, sip).unwrap();
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
        assert!(claim(&mut venue, sip).is_none(), "its holder is still there");
        drop(quick);
        assert!(claim(&mut venue, sip).is_some(), "a place is free once its holder has gone");
    }

    #[test]
    fn the_desks_feeds_are_shared_and_bounded() {
        let mut venue = venue();
        let iex = claim(&mut venue, endpoint("/v2/iex"));
        let desk = endpoint("/v2/desk");
        let mut claimed: Vec<_> = (0..desk.places).map(|_| claim(&mut venue, desk).unwrap()).collect();
        assert!(desk.places > 1 && claim(&mut venue, desk).is_none());
        second(&mut venue, 1);
        assert!(claimed.iter_mut().all(|ticks| ticks.try_recv().is_ok()), "each hears the market");
        claimed.pop();
        assert!(claim(&mut venue, desk).is_some() && iex.is_some());
    }
}
