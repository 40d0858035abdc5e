//! The stream of market news.

use super::Say;
use crate::adapters::quarantine::Quarantine;
use crate::{
    adapters::binance::{
        book::{Book, Snapshot, Taken},
        map::{self, market, rules::Directory},
        wire::events::{Candle, DepthUpdate, Frame, Print, Touch},
    },
    broker::{Channel, Market, Watched},
    domain::{
        ids::{InstrumentId, Symbol, VenueId},
        text::Text,
        time::Now,
    },
};
use smol_str::{SmolStr, format_smolstr};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked of each symbol. The day's bar gives the day's change and volume.
const STREAMS: [&str; 4] = ["bookTicker", "aggTrade", "kline_1m", "kline_1d"];
/// Ten times a second.
const BOOK: &str = "depth@100ms";
/// Streams named in one request.
const NAMES_MAX: usize = 200;

/// The machine.
#[derive(Debug)]
pub struct Data {
    venue: VenueId,
    /// Which kinds this connection carries, where the venue keeps them apart.
    kinds: Kinds,
    wanted: BTreeSet<Symbol>,
    subscribed: BTreeSet<Symbol>,
    books_wanted: BTreeSet<Symbol>,
    books: BTreeMap<Symbol, Book>,
    last_id: u64,
    is_open: bool,
    is_ready: bool,
    quarantine: Quarantine,
}

/// What a connection carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// Everything.
    All,
    /// Quotes and order books.
    Public,
    /// Prints and bars.
    Market,
}

impl Kinds {
    fn carries(self, stream: &str) -> bool {
        let is_public = stream == "bookTicker" || stream == BOOK;
        match self {
            Self::All => true,
            Self::Public => is_public,
            Self::Market => !is_public,
        }
    }
}

impl Data {
    /// For `venue`.
    pub const fn new(venue: VenueId, kinds: Kinds) -> Self {
        Self {
            venue,
            kinds,
            wanted: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            books_wanted: BTreeSet::new(),
            books: BTreeMap::new(),
            last_id: 0,
            is_open: false,
            is_ready: false,
            quarantine: Quarantine::new(channel(kinds)),
        }
    }

    pub(super) const fn channel(&self) -> Channel {
        channel(self.kinds)
    }
    pub(super) fn is_wanted(&self) -> bool {
        !self.wanted.is_empty() || !self.books_wanted.is_empty()
    }
    pub(super) fn is_subscribed(&self) -> bool {
        !self.subscribed.is_empty()
    }

    pub(super) fn opened(&mut self, directory: &Directory, out: &mut Vec<Say>) {
        self.subscribed.clear();
        self.books.clear();
        (self.is_open, self.is_ready) = (true, false);
        self.subscribe(directory, out);
        if self.subscribed.is_empty() && self.books.is_empty() {
            self.ready(out);
        }
    }

    pub(super) fn watch(&mut self, watched: &Watched, directory: &Directory, out: &mut Vec<Say>) {
        self.wanted = watched.symbols.iter().filter(|s| directory.of(s).is_some()).cloned().collect();
        let books = watched.books.iter().filter(|s| self.kinds.carries(BOOK) && directory.of(s).is_some());
        self.books_wanted = books.cloned().collect();
        if self.is_open {
            self.subscribe(directory, out);
        }
    }

    fn subscribe(&mut self, directory: &Directory, out: &mut Vec<Say>) {
        let gone: Vec<Symbol> = self.subscribed.difference(&self.wanted).cloned().collect();
        let new: Vec<Symbol> = self.wanted.difference(&self.subscribed).cloned().collect();
        let books_gone: Vec<Symbol> =
            self.books.keys().filter(|s| !self.books_wanted.contains(*s)).cloned().collect();
        let books_new: Vec<Symbol> =
            self.books_wanted.iter().filter(|s| !self.books.contains_key(*s)).cloned().collect();
        for (method, symbols, books) in [("UNSUBSCRIBE", &gone, &books_gone), ("SUBSCRIBE", &new, &books_new)]
        {
            let names = self.names(directory, symbols, books);
            for some in names.chunks(NAMES_MAX) {
                self.last_id = self.last_id.saturating_add(1);
                let id = self.last_id;
                // Lists of strings always make JSON.
                if let Ok(list) = serde_json::to_string(some) {
                    out.push(Say::Send(format!(r#"{{"method":"{method}","params":{list},"id":{id}}}"#)));
                }
            }
        }
        self.books.retain(|symbol, _| self.books_wanted.contains(symbol));
        self.books.extend(books_new.into_iter().map(|symbol| (symbol, Book::default())));
        self.subscribed.clone_from(&self.wanted);
        if !new.is_empty() && self.kinds.carries("bookTicker") {
            out.push(Say::Fetch(new));
        }
    }

    fn names(&self, directory: &Directory, symbols: &[Symbol], books: &[Symbol]) -> Vec<SmolStr> {
        let named = |symbol: &Symbol, stream: &str| {
            let native = map::lower(&directory.of(symbol)?.native);
            self.kinds.carries(stream).then(|| format_smolstr!("{native}@{stream}"))
        };
        let each = symbols.iter().flat_map(|s| STREAMS.iter().filter_map(move |stream| named(s, stream)));
        each.chain(books.iter().filter_map(|s| named(s, BOOK))).collect()
    }

    pub(super) fn line(&mut self, line: &str, directory: &Directory, now: Now, out: &mut Vec<Say>) {
        if let Err(why) = self.read(line, directory, now, out) {
            out.extend(self.quarantine.put(&why).map(Say::Event));
        }
    }

    fn read(
        &mut self,
        line: &str,
        directory: &Directory,
        now: Now,
        out: &mut Vec<Say>,
    ) -> Result<(), String> {
        let frame: Frame<'_> = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let (Some(stream), Some(data)) = (frame.stream.as_deref(), frame.data) else {
            return self.answer(&frame, out);
        };
        let raw = data.get();
        let kind = stream.split_once('@').map_or(stream, |(_, kind)| kind);
        let words = |e: serde_json::Error| format!("{}: {e}", Text::clean(stream));
        let told = match kind {
            "bookTicker" => {
                let touch: Touch<'_> = serde_json::from_str(raw).map_err(words)?;
                market::quote(directory, &touch, now).map(Some)
            }
            "aggTrade" | "trade" => {
                let print: Print<'_> = serde_json::from_str(raw).map_err(words)?;
                market::trade(directory, &print, now).map(Some)
            }
            kind if kind.starts_with("kline_") => {
                let candle: Candle<'_> = serde_json::from_str(raw).map_err(words)?;
                market::candle(directory, &candle)
            }
            kind if kind.starts_with("depth") => {
                // Nothing of a book is known any more once a change of it can't be read.
                return self.depth(raw, stream, directory, now, out);
            }
            _ if stream == "!serverShutdown" => {
                out.push(Say::Drop(Text::from("the venue's server shuts down")));
                return Ok(());
            }
            _ => return Err(format!("a message of the stream `{}`", Text::clean(stream))),
        };
        out.extend(told.map_err(|e| e.to_string())?.map(Say::Market));
        Ok(())
    }

    fn depth(
        &mut self,
        raw: &str,
        stream: &str,
        directory: &Directory,
        now: Now,
        out: &mut Vec<Say>,
    ) -> Result<(), String> {
        let read = serde_json::from_str::<DepthUpdate<'_>>(raw)
            .map_err(|e| e.to_string())
            .and_then(|d| market::change(&d).map_err(|e| e.to_string()));
        let native = stream.split_once('@').map_or(stream, |(native, _)| native).to_uppercase();
        let rules = directory.of_native(&native).map_err(|e| e.to_string())?;
        let instrument = &rules.instrument.id;
        // Of one that was just left, news may still come.
        let Some(book) = self.books.get_mut(&instrument.symbol) else { return Ok(()) };
        match read {
            Ok(change) => {
                let taken = book.change(instrument, change, now.mono);
                say(taken, &instrument.symbol, out);
                Ok(())
            }
            Err(why) => {
                let gap = book.lose(instrument, now.mono);
                out.extend(gap.map(|depth| Say::Market(Market::Depth(depth))));
                Err(why)
            }
        }
    }

    pub(super) fn book(&mut self, symbol: &Symbol, told: Option<Snapshot>, now: Now, out: &mut Vec<Say>) {
        let Some(book) = self.books.get_mut(symbol) else { return };
        let instrument = InstrumentId { venue: self.venue.clone(), symbol: symbol.clone() };
        match told {
            Some(all) => say(book.snapshot(&instrument, all, now.mono), symbol, out),
            None => book.unanswered(),
        }
    }

    /// The answer to a subscription.
    fn answer(&mut self, frame: &Frame<'_>, out: &mut Vec<Say>) -> Result<(), String> {
        let no = frame.error.as_ref().map(|no| (no.code, no.msg.clone()));
        let no = no.or_else(|| frame.code.zip(frame.msg.clone()));
        match (no, frame.id, frame.e.as_deref()) {
            (Some((code, msg)), _, _) => {
                // What else is subscribed goes on.
                self.ready(out);
                Err(format!("{} (code {code})", Text::clean(&msg)))
            }
            (None, Some(_), _) => {
                self.ready(out);
                Ok(())
            }
            (None, None, Some("serverShutdown")) => {
                out.push(Say::Drop(Text::from("the venue's server shuts down")));
                Ok(())
            }
            (None, None, _) => Err("a message of no stream".to_owned()),
        }
    }

    fn ready(&mut self, out: &mut Vec<Say>) {
        if !self.is_ready {
            self.is_ready = true;
            out.push(Say::Ready);
        }
    }
}

const fn channel(kinds: Kinds) -> Channel {
    match kinds {
        Kinds::All | Kinds::Public => Channel::Crypto,
        Kinds::Market => Channel::Market,
    }
}

fn say(taken: Taken, symbol: &Symbol, out: &mut Vec<Say>) {
    match taken {
        Taken::Stands(depth) => out.push(Say::Market(Market::Depth(depth))),
        Taken::Waits => {}
        Taken::Ask(shown) => {
            out.extend(shown.map(|depth| Say::Market(Market::Depth(depth))));
            out.push(Say::FetchBook(symbol.clone()));
        }
    }
}
