//! The market side: instruments, latest quotes, prints and bars, snapshots, and what history is made of.

use super::Venue;
use crate::{
    domain::{ids::Symbol, instrument::AssetClass, quote::Interval, time::Stamp},
    paper::{
        history::History,
        server::{record::Record, wire},
    },
};

/// An hour has no more bars of a minute, the one under way included.
const MINUTES_MAX: usize = 61;
const DAY_MS: i64 = 86_400_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::paper::server) enum Kind {
    Quotes,
    Trades,
    Bars,
}

impl Kind {
    pub(in crate::paper::server) const fn plural(self) -> &'static str {
        match self {
            Self::Quotes => "quotes",
            Self::Trades => "trades",
            Self::Bars => "bars",
        }
    }
    pub(in crate::paper::server) const fn singular(self) -> &'static str {
        match self {
            Self::Quotes => "quote",
            Self::Trades => "trade",
            Self::Bars => "bar",
        }
    }
}

/// Symbols of one market, as they were asked for.
#[derive(Debug, Clone)]
pub(in crate::paper::server) struct Named {
    pub(in crate::paper::server) words: Vec<String>,
    pub(in crate::paper::server) class: AssetClass,
}

/// The symbols of a query in the spelling that the answer uses, those of the other market left out.
fn named(venue: &Venue, Named { words, class }: &Named) -> Vec<Symbol> {
    let assets = words.iter().filter_map(|w| venue.exchange.asset(w));
    let mut symbols: Vec<Symbol> = assets.filter(|a| a.class == *class).map(|a| a.symbol.clone()).collect();
    symbols.sort();
    symbols.dedup();
    symbols
}

/// The last of a kind.
fn last(venue: &Venue, symbol: &Symbol, class: AssetClass, kind: Kind) -> Option<Record> {
    let symbol = symbol.as_str();
    match kind {
        Kind::Quotes => venue.exchange.quote(symbol).map(|q| wire::quote(class, &q)),
        Kind::Trades => venue.exchange.trade(symbol).map(|t| wire::trade(class, &t)),
        Kind::Bars => {
            let now = venue.now();
            let range = (now.plus_ms(-3_600_000), now);
            venue
                .exchange
                .bars(symbol, Interval::Min1, range, MINUTES_MAX)
                .last()
                .map(|b| wire::bar(class, b))
        }
    }
}

fn map_of(pairs: impl IntoIterator<Item = (Symbol, Option<Record>)>) -> Record {
    pairs.into_iter().fold(Record::new(), |map, (symbol, record)| match record {
        Some(record) => map.with(symbol.as_str(), record),
        None => map,
    })
}

/// The last of a kind, by symbol.
pub(in crate::paper::server) fn latest(venue: &Venue, asked: &Named, kind: Kind) -> Record {
    let symbols = named(venue, asked);
    map_of(symbols.into_iter().map(|s| (s.clone(), last(venue, &s, asked.class, kind))))
}

/// The last of a kind of one stock.
pub(in crate::paper::server) fn latest_of(venue: &Venue, word: &str, kind: Kind) -> Option<Record> {
    let symbol = stock(venue, word)?;
    let record = last(venue, &symbol, AssetClass::Equity, kind)?;
    Some(Record::new().with("symbol", symbol.as_str()).with(kind.singular(), record))
}

fn stock(venue: &Venue, word: &str) -> Option<Symbol> {
    let asset = venue.exchange.asset(word)?;
    (asset.class == AssetClass::Equity).then(|| asset.symbol.clone())
}

fn snapshot(venue: &Venue, symbol: &Symbol, class: AssetClass) -> Record {
    let now = venue.now();
    let days = venue.exchange.bars(symbol.as_str(), Interval::Day1, (now.plus_ms(-7 * DAY_MS), now), 16);
    let mut newest_first = days.iter().rev().map(|b| wire::bar(class, b));
    [
        ("latestTrade", last(venue, symbol, class, Kind::Trades)),
        ("latestQuote", last(venue, symbol, class, Kind::Quotes)),
        ("minuteBar", last(venue, symbol, class, Kind::Bars)),
        ("dailyBar", newest_first.next()),
        ("prevDailyBar", newest_first.next()),
    ]
    .into_iter()
    .fold(Record::new(), |record, (name, part)| match part {
        Some(part) => record.with(name, part),
        None => record,
    })
}

/// Snapshots by symbol.
pub(in crate::paper::server) fn snapshots(venue: &Venue, asked: &Named) -> Record {
    let symbols = named(venue, asked);
    map_of(symbols.into_iter().map(|s| (s.clone(), Some(snapshot(venue, &s, asked.class)))))
}

/// The snapshot of one stock.
pub(in crate::paper::server) fn snapshot_of(venue: &Venue, word: &str) -> Option<Record> {
    let symbol = stock(venue, word)?;
    let record = Record::new().with("symbol", symbol.as_str());
    Some(record.and(snapshot(venue, &symbol, AssetClass::Equity)))
}

/// One symbol's rows, or where they are made.
#[derive(Debug)]
pub(in crate::paper::server) enum Source {
    Rows(Vec<(Stamp, Record)>),
    Bars(Box<History>),
}

impl Source {
    fn of(venue: &Venue, symbol: &Symbol, class: AssetClass, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Quotes => {
                let quotes = venue.tape.quotes(symbol);
                Some(Self::Rows(quotes.map(|q| (q.at, wire::quote(class, q))).collect()))
            }
            Kind::Trades => {
                let trades = venue.tape.trades(symbol);
                Some(Self::Rows(trades.map(|t| (t.at, wire::trade(class, t))).collect()))
            }
            Kind::Bars => venue.exchange.history(symbol.as_str()).map(|h| Self::Bars(Box::new(h))),
        }
    }
}

/// What a page is made of.
#[derive(Debug)]
pub(in crate::paper::server) struct Sources {
    pub(in crate::paper::server) now: Stamp,
    pub(in crate::paper::server) class: AssetClass,
    pub(in crate::paper::server) all: Vec<(Symbol, Source)>,
}

impl Sources {
    /// What is needed of the venue to answer; the answering is done elsewhere.
    fn of(venue: &Venue, symbols: Vec<Symbol>, class: AssetClass, kind: Kind) -> Self {
        let all =
            symbols.into_iter().filter_map(|s| Source::of(venue, &s, class, kind).map(|source| (s, source)));
        Self { now: venue.now(), class, all: all.collect() }
    }

    /// For each of the symbols that there are.
    pub(in crate::paper::server) fn named(venue: &Venue, asked: &Named, kind: Kind) -> Self {
        Self::of(venue, named(venue, asked), asked.class, kind)
    }

    /// For one stock, with its symbol.
    pub(in crate::paper::server) fn of_stock(
        venue: &Venue,
        word: &str,
        kind: Kind,
    ) -> Option<(Symbol, Self)> {
        let symbol = stock(venue, word)?;
        Some((symbol.clone(), Self::of(venue, vec![symbol], AssetClass::Equity, kind)))
    }
}
