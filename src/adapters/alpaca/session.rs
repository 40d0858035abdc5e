//! What is said on Alpaca's streams, as pure machines: a line comes in, and what has to be done comes out.
//! Opening, waiting and closing is the business of `stream`.

use super::{
    book::Book,
    map,
    map::market::{Meaning, news},
    wire,
};
use crate::{
    adapters::quarantine::Quarantine,
    broker::{Channel, Event, Market, OrderRef, Watched},
    domain::{
        ids::{InstrumentId, Symbol, VenueId},
        text::Text,
        time::Mono,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// Send the login. It is made where it is sent, so that no key stands here.
    Login,
    /// Send this.
    Send(String),
    /// Everything that was asked for is there.
    Ready,
    /// Ask for the day so far of these.
    Fetch(Vec<Symbol>),
    /// Order news.
    Event(Event),
    /// Market news.
    Market(Market),
    /// This connection is of no use: close it and connect again later.
    Drop(Text),
    /// So is every further one, until a person acts.
    Dead(Text),
}

/// One of the two protocols.
#[derive(Debug)]
pub enum Session {
    /// Order news.
    Orders(Orders),
    /// Market news.
    Data(Data),
}

impl Session {
    /// Which connection it is.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Orders(_) => Channel::Orders,
            Self::Data(data) => data.channel,
        }
    }
    /// Is there anything to connect for?
    pub fn is_wanted(&self) -> bool {
        match self {
            Self::Orders(_) => true,
            Self::Data(data) => !data.wanted.is_empty() || !data.books_wanted.is_empty(),
        }
    }
    /// The websocket stands.
    pub fn opened(&mut self, out: &mut Vec<Say>) {
        match self {
            Self::Orders(_) => out.push(Say::Login),
            // The server greets first.
            Self::Data(data) => data.reset(),
        }
    }
    /// A message.
    pub fn line(&mut self, line: &str, now: Mono, out: &mut Vec<Say>) {
        match self {
            Self::Orders(orders) => orders.line(line, out),
            Self::Data(data) => data.line(line, now, out),
        }
    }
    /// This is wanted now.
    pub fn watch(&mut self, watched: &Watched, out: &mut Vec<Say>) {
        match self {
            Self::Orders(_) => {}
            Self::Data(data) => data.watch(watched, out),
        }
    }
    /// What would be subscribed if it were up.
    pub fn wanted(&self) -> Vec<Symbol> {
        match self {
            Self::Orders(_) => Vec::new(),
            Self::Data(data) => data.wanted.iter().cloned().collect(),
        }
    }
    /// What is subscribed.
    pub fn subscribed(&self) -> Vec<Symbol> {
        match self {
            Self::Orders(_) => Vec::new(),
            Self::Data(data) => data.subscribed.iter().cloned().collect(),
        }
    }
}

/// The stream of order news.
#[derive(Debug)]
pub struct Orders {
    venue: VenueId,
    quarantine: Quarantine,
}

const LISTEN: &str = r#"{"action":"listen","data":{"streams":["trade_updates"]}}"#;

impl Orders {
    /// For `venue`.
    pub const fn new(venue: VenueId) -> Self {
        Self { venue, quarantine: Quarantine::new(Channel::Orders) }
    }

    fn line(&mut self, line: &str, out: &mut Vec<Say>) {
        if let Err(why) = self.read(line, out) {
            out.extend(self.quarantine.put(&why).map(Say::Event));
        }
    }

    fn read(&self, line: &str, out: &mut Vec<Say>) -> Result<(), String> {
        let envelope: wire::Envelope<'_> = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let data = envelope.data.get();
        match &*envelope.stream {
            "authorization" => {
                let told: wire::Authorization<'_> = serde_json::from_str(data).map_err(|e| e.to_string())?;
                out.push(match &*told.status {
                    "authorized" => Say::Send(LISTEN.to_owned()),
                    other => Say::Dead(Text::from(format!("the key is {}", Text::clean(other)))),
                });
            }
            "listening" => {
                let told: wire::Listening<'_> = serde_json::from_str(data).map_err(|e| e.to_string())?;
                out.push(if told.streams.iter().any(|s| s == "trade_updates") {
                    Say::Ready
                } else {
                    Say::Drop(Text::from("the venue does not send order news"))
                });
            }
            "trade_updates" => self.update(data, out)?,
            other => return Err(format!("a message of the stream `{}`", Text::clean(other))),
        }
        Ok(())
    }

    /// The order goes out even where the execution in the same message can't be read.
    fn update(&self, data: &str, out: &mut Vec<Say>) -> Result<(), String> {
        let update: wire::TradeUpdate<'_> = serde_json::from_str(data).map_err(|e| e.to_string())?;
        let reports = map::order(&self.venue, &update.order).map_err(|e| e.to_string())?;
        let Some(order) = reports.first() else { return Ok(()) };
        let execution = map::execution(&update, order);
        let refused = match &*update.event {
            "order_cancel_rejected" => Some(true),
            "order_replace_rejected" => Some(false),
            _ => None,
        };
        if let Some(cancel) = refused {
            let order = OrderRef {
                instrument: order.instrument.clone(),
                client: order.client.clone(),
                venue_id: Some(order.venue_id.clone()),
            };
            let why = Text::clean(&update.event);
            out.push(Say::Event(Event::RequestRefused { order, cancel, why }));
        }
        // The execution first: it is what the order's new figures follow from.
        let execution = execution.map(|e| e.map(|e| Say::Event(Event::Execution(Box::new(e)))));
        let (execution, fault) = match execution {
            Ok(execution) => (execution, Ok(())),
            Err(why) => (None, Err(why.to_string())),
        };
        out.extend(execution);
        out.extend(reports.into_iter().map(|r| Say::Event(Event::Order(Box::new(r)))));
        fault
    }
}

/// So often are books asked for anew on one connection because a change was lost.
const GAPS_MAX: u32 = 8;

fn books(action: &'static str, symbols: &[Symbol]) -> Option<Say> {
    let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
    let orderbooks = wire::Books { action, orderbooks: &names };
    // Lists of strings always make JSON.
    let text = serde_json::to_string(&orderbooks).ok()?;
    (!names.is_empty()).then_some(Say::Send(text))
}

/// A stream of market news.
#[derive(Debug)]
pub struct Data {
    venue: VenueId,
    channel: Channel,
    wanted: BTreeSet<Symbol>,
    subscribed: BTreeSet<Symbol>,
    books_wanted: BTreeSet<Symbol>,
    /// The order books that are subscribed, as they stand.
    books: BTreeMap<Symbol, Book>,
    /// How often books had to be asked for anew on this connection.
    gaps: u32,
    /// The account's plan has no order books.
    has_no_books: bool,
    is_open: bool,
    is_ready: bool,
    quarantine: Quarantine,
}

impl Data {
    /// For `venue`; `channel` says whether stocks or coins.
    pub const fn new(venue: VenueId, channel: Channel) -> Self {
        Self {
            venue,
            channel,
            wanted: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            books_wanted: BTreeSet::new(),
            books: BTreeMap::new(),
            gaps: 0,
            has_no_books: false,
            is_open: false,
            is_ready: false,
            quarantine: Quarantine::new(channel),
        }
    }

    fn reset(&mut self) {
        self.subscribed.clear();
        self.books.clear();
        self.gaps = 0;
        (self.is_open, self.is_ready) = (false, false);
    }

    fn watch(&mut self, watched: &Watched, out: &mut Vec<Say>) {
        let is_crypto = self.channel == Channel::Crypto;
        self.wanted = watched.symbols.iter().filter(|s| map::is_crypto(s) == is_crypto).cloned().collect();
        // Only coins have order books here.
        self.books_wanted =
            watched.books.iter().filter(|s| is_crypto && map::is_crypto(s)).cloned().collect();
        if self.is_open {
            self.subscribe(out);
            self.subscribe_books(out);
        }
    }

    fn subscribe_books(&mut self, out: &mut Vec<Say>) {
        if self.has_no_books {
            return;
        }
        let gone: Vec<Symbol> =
            self.books.keys().filter(|s| !self.books_wanted.contains(*s)).cloned().collect();
        let new: Vec<Symbol> =
            self.books_wanted.iter().filter(|s| !self.books.contains_key(*s)).cloned().collect();
        out.extend(books("unsubscribe", &gone));
        out.extend(books("subscribe", &new));
        self.books.retain(|symbol, _| self.books_wanted.contains(symbol));
        self.books.extend(new.into_iter().map(|symbol| (symbol, Book::default())));
    }

    /// A change of a book could not be read. The whole book is asked for again, a few times.
    fn lose_book(&mut self, symbol: &Symbol, now: Mono, out: &mut Vec<Say>) {
        let Some(book) = self.books.get_mut(symbol) else { return };
        let instrument = InstrumentId { venue: self.venue.clone(), symbol: symbol.clone() };
        let Some(gap) = book.lose(instrument, now) else { return };
        out.push(Say::Market(Market::Depth(gap)));
        if self.gaps < GAPS_MAX {
            self.gaps = self.gaps.saturating_add(1);
            let one = std::slice::from_ref(symbol);
            out.extend(books("unsubscribe", one));
            out.extend(books("subscribe", one));
        }
    }

    fn subscribe(&mut self, out: &mut Vec<Say>) {
        let gone: Vec<Symbol> = self.subscribed.difference(&self.wanted).cloned().collect();
        let new: Vec<Symbol> = self.wanted.difference(&self.subscribed).cloned().collect();
        for (action, symbols) in [("unsubscribe", &gone), ("subscribe", &new)] {
            if !symbols.is_empty() {
                out.push(Say::Send(self.subscription(action, symbols)));
            }
        }
        self.subscribed.clone_from(&self.wanted);
        if !new.is_empty() {
            out.push(Say::Fetch(new));
        }
    }

    fn subscription(&self, action: &'static str, symbols: &[Symbol]) -> String {
        let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        let statuses = (self.channel != Channel::Crypto).then_some(&names[..]);
        let all = wire::Subscription {
            action,
            trades: &names,
            quotes: &names,
            bars: &names,
            daily_bars: &names,
            statuses,
        };
        // Lists of strings always make JSON.
        serde_json::to_string(&all).ok().unwrap_or_default()
    }

    fn line(&mut self, line: &str, now: Mono, out: &mut Vec<Say>) {
        let (venue, mut faults, mut rest) = (&self.venue, Vec::new(), Vec::new());
        let (mut books, mut lost) = (std::mem::take(&mut self.books), Vec::new());
        let read = wire::each_news(line, |element| match news(venue, &element, now) {
            Ok(Meaning::Market(news)) => out.push(Say::Market(news)),
            Ok(Meaning::Book(change)) => {
                let book = books.get_mut(&change.instrument.symbol);
                let depth = book.and_then(|book| book.apply(change, now));
                out.extend(depth.map(|depth| Say::Market(Market::Depth(depth))));
            }
            Ok(Meaning::Nothing) => {}
            Ok(other) => rest.push(other),
            Err(why) => {
                if let wire::News::Book(book) = &element {
                    lost.extend(book.symbol.and_then(|s| Symbol::new(s).ok()));
                }
                faults.push(why.to_string());
            }
        });
        self.books = books;
        if let Err(why) = read {
            // What stood behind the fault is not known.
            lost.extend(self.books.keys().cloned());
            faults.push(why.to_string());
        }
        for why in faults {
            out.extend(self.quarantine.put(&why).map(Say::Event));
        }
        for symbol in lost {
            self.lose_book(&symbol, now, out);
        }
        for meaning in rest {
            self.control(meaning, out);
        }
    }

    fn control(&mut self, meaning: Meaning, out: &mut Vec<Say>) {
        match meaning {
            Meaning::Success(words) if words.as_str() == "connected" => out.push(Say::Login),
            Meaning::Success(words) if words.as_str() == "authenticated" => {
                self.is_open = true;
                self.subscribe(out);
                self.subscribe_books(out);
                if self.subscribed.is_empty() && self.books.is_empty() {
                    self.ready(out);
                }
            }
            Meaning::Success(_) | Meaning::Nothing => {}
            Meaning::Subscribed => self.ready(out),
            Meaning::Error(code, words) => self.complaint(code, &words, out),
            Meaning::Event(event) => out.push(Say::Event(event)),
            Meaning::Market(news) => out.push(Say::Market(news)),
            // Put into its book where it was read.
            Meaning::Book(_) => {}
        }
    }

    fn ready(&mut self, out: &mut Vec<Say>) {
        if !self.is_ready {
            self.is_ready = true;
            out.push(Say::Ready);
        }
    }

    fn complaint(&mut self, code: u32, words: &Text, out: &mut Vec<Say>) {
        let why = format!("{words} (code {code})");
        match code {
            // All but the books is subscribed: it is they that the plan has not.
            409 if self.is_ready && !self.books.is_empty() => {
                self.has_no_books = true;
                self.books.clear();
                out.extend(self.quarantine.put(&why).map(Say::Event));
            }
            // Credentials refused; a plan that does not include this feed.
            402 | 408 | 409 => out.push(Say::Dead(Text::from(why))),
            // Already authenticated.
            403 => {}
            // Syntax; more symbols than the plan allows. What else is subscribed goes on.
            400 | 405 => {
                out.extend(self.quarantine.put(&why).map(Say::Event));
                self.ready(out);
            }
            _ => out.push(Say::Drop(Text::from(why))),
        }
    }
}

#[cfg(test)]
mod tests;
