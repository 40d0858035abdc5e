//! One order book, put together from what the stream says of it: all of it at first, then what changes. The vendor
//! numbers nothing, so that only a change that could not be read is known to be lost.

use crate::domain::{
    ids::InstrumentId,
    money::{Price, Qty},
    quote::{Depth, DepthFault, LEVELS_MAX},
    time::{Mono, Stamp},
};
use std::collections::BTreeMap;

/// Levels that are kept on a side: more than are shown, for what lies behind a level that goes.
const KEPT_MAX: usize = 1_000;

/// What a message says of an order book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of what.
    pub instrument: InstrumentId,
    /// Levels of the bids, each with its new size; zero is gone.
    pub bids: Vec<(Price, Qty)>,
    /// Levels of the asks, likewise.
    pub asks: Vec<(Price, Qty)>,
    /// It is all there is; what stood before is gone.
    pub is_whole: bool,
    /// The venue's time.
    pub at: Stamp,
}

/// An order book.
#[derive(Debug, Clone, Default)]
pub struct Book {
    bids: BTreeMap<Price, Qty>,
    asks: BTreeMap<Price, Qty>,
    /// All of it has come, and since then nothing was lost.
    is_whole: bool,
    /// The venue's time of the last change.
    at: Stamp,
}

impl Book {
    /// Takes in a message and says how the book stands; `None` while all of it has not come yet.
    pub fn apply(&mut self, change: Change, received: Mono) -> Option<Depth> {
        if change.is_whole {
            self.bids.clear();
            self.asks.clear();
            self.is_whole = true;
        }
        if !self.is_whole {
            return None;
        }
        self.at = change.at;
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
        let top = |levels: &mut dyn Iterator<Item = (&Price, &Qty)>| {
            levels.take(LEVELS_MAX).map(|(price, size)| (*price, *size)).collect()
        };
        Some(Depth {
            instrument: change.instrument,
            bids: top(&mut self.bids.iter().rev()),
            asks: top(&mut self.asks.iter()),
            fault: self.fault(),
            at: change.at,
            received,
        })
    }

    fn fault(&self) -> Option<DepthFault> {
        match (self.bids.last_key_value(), self.asks.first_key_value()) {
            (None, None) => Some(DepthFault::Empty),
            (Some((bid, _)), Some((ask, _))) if bid >= ask => Some(DepthFault::Crossed),
            (_, Some(_)) | (Some(_), None) => None,
        }
    }

    /// A change was lost: nothing of what is here is the book any more. Says so; `None` where nothing was known anyway.
    pub fn lose(&mut self, instrument: InstrumentId, received: Mono) -> Option<Depth> {
        let Self { is_whole, at, .. } = std::mem::take(self);
        let (bids, asks) = (Vec::new(), Vec::new());
        is_whole.then_some(Depth { instrument, bids, asks, fault: Some(DepthFault::Gap), at, received })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Symbol, VenueId};

    fn change(is_whole: bool, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Change {
        let levels = |all: &[(i64, i64)]| {
            let level =
                |(p, s): &(i64, i64)| (p.to_string().parse().unwrap(), s.to_string().parse().unwrap());
            all.iter().map(level).collect()
        };
        Change {
            instrument: InstrumentId {
                venue: VenueId::new("alpaca").unwrap(),
                symbol: Symbol::new("BTC/USD").unwrap(),
            },
            bids: levels(bids),
            asks: levels(asks),
            is_whole,
            at: Stamp::default(),
        }
    }

    fn said(depth: &Depth) -> String {
        let side = |levels: &[(Price, Qty)]| {
            levels.iter().map(|(p, s)| format!("{p}x{s}")).collect::<Vec<_>>().join(" ")
        };
        let fault = depth.fault.map_or("", DepthFault::word);
        format!("{} | {} {fault}", side(&depth.bids), side(&depth.asks)).trim().to_owned()
    }

    #[test]
    fn a_book_is_its_snapshot_and_what_changed_since() {
        let mut book = Book::default();
        assert_eq!(book.apply(change(false, &[(9, 1)], &[]), Mono::default()), None, "no snapshot yet");
        let steps: [(Change, &str); 6] = [
            (change(true, &[(9, 1), (8, 2)], &[(11, 3), (12, 4)]), "9x1 8x2 | 11x3 12x4"),
            (change(false, &[(9, 0), (10, 5)], &[(11, 7)]), "10x5 8x2 | 11x7 12x4"),
            (change(false, &[(7, 0)], &[(13, 0)]), "10x5 8x2 | 11x7 12x4"),
            (change(false, &[(11, 1)], &[]), "11x1 10x5 8x2 | 11x7 12x4 crossed book"),
            (change(false, &[], &[(11, 0), (12, 0)]), "11x1 10x5 8x2 |"),
            (change(true, &[], &[]), "|  empty book"),
        ];
        for (change, want) in steps {
            assert_eq!(said(&book.apply(change, Mono::default()).unwrap()), want);
        }
    }

    #[test]
    fn what_was_lost_ends_the_book_until_all_of_it_comes_again() {
        let mut book = Book::default();
        let id = change(true, &[], &[]).instrument;
        assert_eq!(book.lose(id.clone(), Mono::default()), None);
        book.apply(change(true, &[(9, 1)], &[(11, 1)]), Mono::default());
        assert_eq!(said(&book.lose(id.clone(), Mono::default()).unwrap()), "|  gap in the book");
        assert_eq!(book.lose(id, Mono::default()), None);
        assert_eq!(book.apply(change(false, &[(9, 2)], &[]), Mono::default()), None);
        assert_eq!(said(&book.apply(change(true, &[(9, 3)], &[]), Mono::default()).unwrap()), "9x3 |");
    }

    #[test]
    fn a_book_without_end_is_cut_where_it_is_farthest() {
        let mut book = Book::default();
        let many: Vec<(i64, i64)> = (1..=1_500).map(|n| (n, 1)).collect();
        let above: Vec<(i64, i64)> = (2_000..=3_500).map(|n| (n, 1)).collect();
        let depth = book.apply(change(true, &many, &above), Mono::default()).unwrap();
        assert_eq!((depth.bids.len(), depth.asks.len()), (LEVELS_MAX, LEVELS_MAX));
        assert_eq!((book.bids.len(), book.asks.len()), (KEPT_MAX, KEPT_MAX));
        assert_eq!(said(&depth).split(' ').next(), Some("1500x1"));
        assert_eq!(depth.asks[0].0.to_string(), "2000");
    }
}
