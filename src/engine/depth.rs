//! Order books: whose is followed for which front end, and the last that came of each.

use super::{Engine, input::Front, requests::done};
use crate::{
    broker::{Channel, Link},
    desk::{Reply, snapshot::DepthRow},
    domain::{
        ids::{InstrumentId, Symbol, VenueId},
        quote::Depth,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// The most front ends that follow a book at a time; a further one takes the place of the one that asked first.
const FRONTS_MAX: usize = 16;

/// Who follows which book, and the books.
#[derive(Debug, Default)]
pub(super) struct Depths {
    /// In the order in which they asked.
    follows: Vec<(Front, InstrumentId)>,
    books: BTreeMap<InstrumentId, Depth>,
}

impl Depths {
    fn follow(&mut self, front: Front, instrument: Option<InstrumentId>) {
        self.follows.retain(|(f, _)| *f != front);
        if let Some(instrument) = instrument {
            if self.follows.len() >= FRONTS_MAX {
                self.follows.remove(0);
            }
            self.follows.push((front, instrument));
        }
        let follows = &self.follows;
        self.books.retain(|book, _| follows.iter().any(|(_, i)| i == book));
    }

    fn is_followed(&self, instrument: &InstrumentId) -> bool {
        self.follows.iter().any(|(_, i)| i == instrument)
    }

    /// The symbols of a venue whose books are followed.
    pub(super) fn wanted(&self, venue: &VenueId) -> BTreeSet<Symbol> {
        self.follows.iter().filter(|(_, i)| i.venue == *venue).map(|(_, i)| i.symbol.clone()).collect()
    }
}

impl Engine {
    pub(super) fn follow_depth(&mut self, front: Front, instrument: Option<InstrumentId>) -> Reply {
        let text = instrument.as_ref().map_or_else(
            || "no order book is followed".to_owned(),
            |i| format!("the order book of {i} is followed"),
        );
        self.depths.follow(front, instrument);
        self.watches_moved = true;
        self.view.depth = true;
        done(&text)
    }

    pub(super) fn take_depth(&mut self, depth: &Depth) {
        // One that is let go may still be on its way.
        if self.depths.is_followed(&depth.instrument) {
            self.depths.books.insert(depth.instrument.clone(), depth.clone());
            self.view.depth = true;
        }
    }

    pub(super) fn depth_rows(&self) -> Vec<DepthRow> {
        let row = |depth: &Depth| DepthRow {
            instrument: depth.instrument.clone(),
            bids: depth.bids.clone(),
            asks: depth.asks.clone(),
            fault: depth.fault,
            updated: depth.received,
            stale: !self.is_told(&depth.instrument),
        };
        self.depths.books.values().map(row).collect()
    }

    /// Is the stream up that tells of this instrument?
    fn is_told(&self, instrument: &InstrumentId) -> bool {
        let channel =
            if instrument.symbol.as_str().contains('/') { Channel::Crypto } else { Channel::Market };
        let links = self.venues.get(&instrument.venue).map(|v| &v.links);
        links.and_then(|links| links.get(&channel)).is_some_and(|l| l.link == Link::Up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        broker::{Capability, Event, Market},
        desk::{Envelope, Request, RequestId, Snapshot},
        domain::{
            ids::Instance,
            limits::Limits,
            order::{Origin, Tif},
            report::Environment,
            rules::Rules,
            scope::ExitTerms,
            time::{Mono, Now, Stamp},
        },
        engine::{Counting, Effect, Input, Routing, Setup, VenueSetup},
    };
    use std::sync::Arc;

    fn venue() -> VenueId {
        VenueId::new("paper").unwrap()
    }

    fn coin(name: &str) -> InstrumentId {
        InstrumentId { venue: venue(), symbol: Symbol::new(name).unwrap() }
    }

    struct Rig {
        engine: Engine,
        ms: u64,
    }

    impl Rig {
        fn new() -> Self {
            let venue = VenueSetup {
                venue: venue(),
                capability: Capability { classes: Vec::new(), cancel_all: true, requests_per_min: 200 },
                limits: Limits::default(),
                rules: Rules::default(),
                environment: Environment::Paper,
                live_confirmed: None,
                always_open: true,
                fees: Vec::new(),
            };
            let engine = Engine::new(Setup {
                instance: Instance::new("rig").unwrap(),
                version: "rig".into(),
                algorithms: Vec::new(),
                venues: vec![venue],
                watchlist: Vec::new(),
                routing: Routing::default(),
                counting: Counting::default(),
                default_tif: Tif::Day,
                read_only: false,
                watches: true,
                watched_elsewhere: false,
                summaries: false,
                alive: BTreeSet::new(),
                exit: ExitTerms::default(),
                takes_up_exits: true,
                caution: crate::domain::caution::Caution::default(),
            });
            let mut rig = Self { engine, ms: 0 };
            rig.step(Input::Begin);
            rig
        }
        /// The books that the gateway is told to follow, where it is told.
        fn step(&mut self, input: Input) -> Option<String> {
            self.ms = self.ms.saturating_add(1);
            let now = Now { wall: Stamp::default(), mono: Mono::from_millis(self.ms) };
            let step = self.engine.step(now, input);
            step.effects.into_iter().rev().find_map(|effect| {
                let Effect::Watch { watched, .. } = effect else { return None };
                assert!(watched.books.is_subset(&watched.symbols), "a book without its quotes: {watched:?}");
                Some(watched.books.iter().map(Symbol::as_str).collect::<Vec<_>>().join(" "))
            })
        }
        fn follow(&mut self, front: u32, name: Option<&str>) -> Option<String> {
            let request = Request::Depth { instrument: name.map(coin) };
            let envelope = Envelope { id: RequestId(1), origin: Origin::Screen, request };
            self.step(Input::asked(Front(front), envelope))
        }
        fn book(&mut self, name: &str, bid: &str) {
            let level = |text: &str| vec![(text.parse().unwrap(), "1".parse().unwrap())];
            let (at, received) = (Stamp::default(), Mono::from_millis(self.ms));
            let (bids, asks) = (level(bid), level("100"));
            let depth = Depth { instrument: coin(name), bids, asks, fault: None, at, received };
            self.step(Input::Market(vec![Market::Depth(depth)]));
        }
        fn snapshot(&mut self) -> Option<Arc<Snapshot>> {
            self.engine.snapshot(Now { wall: Stamp::default(), mono: Mono::from_millis(self.ms) })
        }
        /// The books on the screen.
        fn seen(&mut self) -> String {
            let row = |d: &DepthRow| {
                let stale = if d.stale { " stale" } else { "" };
                format!("{} {}{stale}", d.instrument.symbol, d.bids[0].0)
            };
            let snapshot = self.snapshot().unwrap();
            snapshot.depth.iter().map(row).collect::<Vec<_>>().join(", ")
        }
    }

    #[test]
    fn a_book_is_followed_for_who_asks_and_let_go_when_nobody_does() {
        let mut rig = Rig::new();
        assert_eq!(rig.follow(1, Some("BTC/USD")).as_deref(), Some("BTC/USD"));
        rig.book("BTC/USD", "90");
        rig.book("ETH/USD", "50");
        assert_eq!(rig.seen(), "BTC/USD 90 stale", "no stream is up, and nobody follows the other");
        let event = Event::Link { channel: Channel::Crypto, link: Link::Up, at: Mono::default() };
        rig.step(Input::Venue { venue: venue(), event });
        assert_eq!(rig.seen(), "BTC/USD 90");
        assert_eq!(rig.follow(2, Some("ETH/USD")).as_deref(), Some("BTC/USD ETH/USD"));
        assert_eq!(rig.follow(1, Some("ETH/USD")).as_deref(), Some("ETH/USD"));
        rig.book("BTC/USD", "91");
        rig.book("ETH/USD", "51");
        assert_eq!(rig.seen(), "ETH/USD 51");
        assert_eq!(rig.follow(1, None), None);
        assert_eq!(rig.follow(2, None).as_deref(), Some(""));
        assert_eq!(rig.seen(), "");
    }

    #[test]
    fn the_front_ends_that_follow_are_bounded() {
        let mut rig = Rig::new();
        for front in 0..40 {
            rig.follow(front, Some(&format!("C{front:02}/USD")));
        }
        let wanted = rig.engine.depths.wanted(&venue());
        assert_eq!(wanted.len(), FRONTS_MAX);
        assert_eq!(wanted.first().map(Symbol::as_str), Some("C24/USD"));
    }

    #[test]
    fn quotes_share_the_books_and_a_new_book_is_a_new_snapshot() {
        let mut rig = Rig::new();
        rig.follow(1, Some("BTC/USD"));
        rig.book("BTC/USD", "90");
        let before = rig.snapshot().unwrap();
        rig.engine.view.market = true;
        let after = rig.snapshot().unwrap();
        assert!(Arc::ptr_eq(&before.depth, &after.depth));
        rig.book("BTC/USD", "91");
        assert!(!Arc::ptr_eq(&after.depth, &rig.snapshot().unwrap().depth));
    }
}
