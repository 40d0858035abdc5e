//! One order book, put together from a snapshot by request and the numbered changes of the stream: changes that come
//! first wait for the snapshot, and one that does not follow on the last ends the book until it is asked for anew.

use crate::domain::{
    ids::InstrumentId,
    money::{Price, Qty},
    quote::{Depth, DepthFault, LEVELS_MAX},
    time::{Mono, Stamp},
};
use std::collections::{BTreeMap, VecDeque};

/// Levels that are kept on a side.
const KEPT_MAX: usize = 1_000;
/// Changes that wait for a snapshot: ten a second, for as long as an answer may take.
const WAITING_MAX: usize = 400;

/// A message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The number of the first change in it.
    pub first: u64,
    /// Of the last.
    pub last: u64,
    /// At futures, of the last in the message before.
    pub previous: Option<u64>,
    /// Levels of the bids, each with its new size; zero is gone.
    pub bids: Vec<(Price, Qty)>,
    /// Levels of the asks, likewise.
    pub asks: Vec<(Price, Qty)>,
    /// The venue's time.
    pub at: Stamp,
}

/// All of it, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last change in it.
    pub last: u64,
    /// Bids.
    pub bids: Vec<(Price, Qty)>,
    /// Asks.
    pub asks: Vec<(Price, Qty)>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The book stands so.
    Stands(Depth),
    /// Nothing to show: it waits for the snapshot, or was older than it.
    Waits,
    /// It has to be asked for; where something was shown, that is not the book any more.
    Ask(Option<Depth>),
}

/// An order book.
#[derive(Debug, Clone, Default)]
pub struct Book {
    bids: BTreeMap<Price, Qty>,
    asks: BTreeMap<Price, Qty>,
    /// The last change in it; `None` while it is not whole.
    last: Option<u64>,
    /// The next change is the first after the snapshot.
    is_fresh: bool,
    is_asked: bool,
    waiting: VecDeque<Change>,
    at: Stamp,
}

impl Book {
    /// Takes in a change.
    pub fn change(&mut self, instrument: &InstrumentId, change: Change, received: Mono) -> Taken {
        let Some(last) = self.last else {
            if self.waiting.len() >= WAITING_MAX {
                self.waiting.pop_front();
            }
            self.waiting.push_back(change);
            if self.is_asked {
                return Taken::Waits;
            }
            self.is_asked = true;
            return Taken::Ask(None);
        };
        if change.last <= last {
            return Taken::Waits;
        }
        if !self.follows(&change, last) {
            let gap = self.lose(instrument, received);
            self.waiting.push_back(change);
            self.is_asked = true;
            return Taken::Ask(gap);
        }
        self.put(change);
        Taken::Stands(self.depth(instrument, received))
    }

    /// Takes in the snapshot and what waited for it.
    pub fn snapshot(&mut self, instrument: &InstrumentId, all: Snapshot, received: Mono) -> Taken {
        self.is_asked = false;
        // The first change that waits is younger than the snapshot and does not follow on it: too old.
        if self.waiting.front().is_some_and(|c| c.first > all.last.saturating_add(1)) {
            self.is_asked = true;
            return Taken::Ask(None);
        }
        self.bids = all.bids.into_iter().filter(|(_, size)| !size.is_zero()).collect();
        self.asks = all.asks.into_iter().filter(|(_, size)| !size.is_zero()).collect();
        (self.last, self.is_fresh) = (Some(all.last), true);
        let mut taken = Taken::Stands(self.depth(instrument, received));
        for change in std::mem::take(&mut self.waiting) {
            match self.change(instrument, change, received) {
                Taken::Waits => {}
                other @ (Taken::Stands(_) | Taken::Ask(_)) => taken = other,
            }
        }
        taken
    }

    /// The snapshot could not be had.
    pub fn unanswered(&mut self) {
        self.is_asked = false;
    }

    /// A change was lost: nothing of what is here is the book any more.
    pub fn lose(&mut self, instrument: &InstrumentId, received: Mono) -> Option<Depth> {
        let Self { last, at, .. } = std::mem::take(self);
        last?;
        let (bids, asks) = (Vec::new(), Vec::new());
        Some(Depth { instrument: instrument.clone(), bids, asks, fault: Some(DepthFault::Gap), at, received })
    }

    /// Spot counts on by one; futures say on what they follow, but for the first after a snapshot.
    fn follows(&self, change: &Change, last: u64) -> bool {
        let next = last.saturating_add(1);
        match change.previous {
            Some(previous) if !self.is_fresh => previous == last,
            Some(_) => change.first <= next && change.last >= last,
            None if self.is_fresh => change.first <= next && change.last >= next,
            None => change.first == next,
        }
    }

    fn put(&mut self, change: Change) {
        for (side, levels) in [(&mut self.bids, change.bids), (&mut self.asks, change.asks)] {
            for (price, size) in levels {
                if size.is_zero() {
                    side.remove(&price);
                } else {
                    side.insert(price, size);
                }
            }
        }
        while self.bids.len() > KEPT_MAX {
            self.bids.pop_first();
        }
        while self.asks.len() > KEPT_MAX {
            self.asks.pop_last();
        }
        (self.last, self.is_fresh, self.at) = (Some(change.last), false, change.at);
    }

    fn depth(&self, instrument: &InstrumentId, received: Mono) -> Depth {
        let top = |levels: &mut dyn Iterator<Item = (&Price, &Qty)>| {
            levels.take(LEVELS_MAX).map(|(price, size)| (*price, *size)).collect()
        };
        let fault = match (self.bids.last_key_value(), self.asks.first_key_value()) {
            (None, None) => Some(DepthFault::Empty),
            (Some((bid, _)), Some((ask, _))) if bid >= ask => Some(DepthFault::Crossed),
            (_, Some(_)) | (Some(_), None) => None,
        };
        Depth {
            instrument: instrument.clone(),
            bids: top(&mut self.bids.iter().rev()),
            asks: top(&mut self.asks.iter()),
            fault,
            at: self.at,
            received,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Symbol, VenueId};

    fn id() -> InstrumentId {
        InstrumentId { venue: VenueId::new("binance").unwrap(), symbol: Symbol::new("BTC/USDT").unwrap() }
    }
    fn levels(all: &[(i64, i64)]) -> Vec<(Price, Qty)> {
        all.iter().map(|(p, s)| (p.to_string().parse().unwrap(), s.to_string().parse().unwrap())).collect()
    }
    fn change(first: u64, last: u64, previous: Option<u64>, bids: &[(i64, i64)]) -> Change {
        Change { first, last, previous, bids: levels(bids), asks: Vec::new(), at: Stamp::default() }
    }
    fn whole(last: u64) -> Snapshot {
        Snapshot { last, bids: levels(&[(9, 1)]), asks: levels(&[(11, 1)]) }
    }
    fn said(taken: &Taken) -> String {
        let shown = |d: &Depth| {
            let side =
                |l: &[(Price, Qty)]| l.iter().map(|(p, s)| format!("{p}x{s}")).collect::<Vec<_>>().join(" ");
            format!("{}|{}{}", side(&d.bids), side(&d.asks), d.fault.map_or("", DepthFault::word))
        };
        match taken {
            Taken::Stands(depth) => shown(depth),
            Taken::Waits => "waits".to_owned(),
            Taken::Ask(None) => "ask".to_owned(),
            Taken::Ask(Some(depth)) => format!("ask, {}", shown(depth)),
        }
    }
    fn steps(book: &mut Book, changes: &[(Change, &str)]) {
        for (change, want) in changes {
            assert_eq!(said(&book.change(&id(), change.clone(), Mono::default())), *want, "{change:?}");
        }
    }

    #[test]
    fn changes_wait_for_the_snapshot_and_older_ones_are_dropped() {
        let mut book = Book::default();
        steps(
            &mut book,
            &[
                (change(95, 98, None, &[(9, 5)]), "ask"),
                (change(99, 101, None, &[(8, 2)]), "waits"),
                (change(102, 102, None, &[(9, 3)]), "waits"),
            ],
        );
        assert_eq!(said(&book.snapshot(&id(), whole(100), Mono::default())), "9x3 8x2|11x1");
        steps(
            &mut book,
            &[
                (change(103, 104, None, &[(9, 0)]), "8x2|11x1"),
                (change(103, 104, None, &[(9, 7)]), "waits"),
                (change(106, 106, None, &[(9, 7)]), "ask, |gap in the book"),
                (change(107, 107, None, &[(7, 1)]), "waits"),
            ],
        );
        assert_eq!(said(&book.snapshot(&id(), whole(104), Mono::default())), "ask", "older than what waits");
        assert_eq!(said(&book.snapshot(&id(), whole(106), Mono::default())), "9x1 7x1|11x1");
    }

    #[test]
    fn a_snapshot_that_can_not_be_had_is_asked_for_again() {
        let mut book = Book::default();
        steps(&mut book, &[(change(1, 2, None, &[]), "ask"), (change(3, 3, None, &[]), "waits")]);
        book.unanswered();
        steps(&mut book, &[(change(4, 4, None, &[]), "ask")]);
    }

    #[test]
    fn futures_say_on_what_a_change_follows() {
        let mut book = Book::default();
        steps(
            &mut book,
            &[(change(90, 99, Some(80), &[]), "ask"), (change(99, 105, Some(99), &[(8, 1)]), "waits")],
        );
        assert_eq!(said(&book.snapshot(&id(), whole(100), Mono::default())), "9x1 8x1|11x1");
        steps(
            &mut book,
            &[
                (change(110, 120, Some(105), &[(7, 1)]), "9x1 8x1 7x1|11x1"),
                (change(121, 122, Some(119), &[(6, 1)]), "ask, |gap in the book"),
            ],
        );
    }
}
