//! Rows by their names: found by hash in the time of one comparison, and gone through in an order that the same facts
//! always make the same.

use crate::domain::{ids::InstrumentId, instrument::Instrument, names::short_hash};
use hashbrown::HashTable;
use std::cell::Cell;

/// A row that knows its own name.
pub(super) trait Named {
    type Name: Ord;
    fn name(&self) -> &Self::Name;
    /// The part of a name that tells most of them apart: two venues' rows of one symbol are told apart by themselves.
    fn key(name: &Self::Name) -> &str;
}

/// Rows in the order in which they came; the place of one that went is taken by a later one.
#[derive(Debug)]
pub(super) struct Rows<R> {
    /// Places of rows, and nothing but them: what is small is near.
    places: HashTable<u32>,
    rows: Vec<Option<Box<R>>>,
    free: Vec<u32>,
    /// Where the last one that was asked for is: what is asked for once is asked for again while one thing is decided.
    last: Cell<u32>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { places: HashTable::new(), rows: Vec::new(), free: Vec::new(), last: Cell::new(0) }
    }
}

impl<R: Named> Rows<R> {
    /// Where a row is: it stays there until it goes.
    pub(super) fn place(&self, name: &R::Name) -> Option<u32> {
        let is_it = |at: &u32| at_place(&self.rows, *at).is_some_and(|row| row.name() == name);
        let last = self.last.get();
        if is_it(&last) {
            return Some(last);
        }
        let found = self.places.find(short_hash(R::key(name)), is_it).copied();
        if let Some(at) = found {
            self.last.set(at);
        }
        found
    }

    pub(super) fn get(&self, name: &R::Name) -> Option<&R> {
        self.place(name).and_then(|at| at_place(&self.rows, at))
    }

    pub(super) fn get_mut(&mut self, name: &R::Name) -> Option<&mut R> {
        let at = self.place(name)?;
        self.at_mut(at)
    }

    pub(super) fn contains(&self, name: &R::Name) -> bool {
        self.place(name).is_some()
    }

    /// Puts a row in of whose name there is none. Four thousand million of them do not fit into any computer.
    pub(super) fn insert(&mut self, row: Box<R>) -> u32 {
        debug_assert!(!self.contains(row.name()), "one row a name");
        let hash = short_hash(R::key(row.name()));
        let row = Some(row);
        let at = match self.free.pop() {
            Some(at) => at,
            None => u32::try_from(self.rows.len()).ok().unwrap_or(u32::MAX),
        };
        match usize::try_from(at).ok().and_then(|at| self.rows.get_mut(at)) {
            Some(place) => *place = row,
            None => self.rows.push(row),
        }
        let rows = &self.rows;
        let rehash = |at: &u32| at_place(rows, *at).map_or(0, |row| short_hash(R::key(row.name())));
        self.places.insert_unique(hash, at, rehash);
        at
    }

    pub(super) fn remove(&mut self, name: &R::Name) -> Option<(u32, Box<R>)> {
        let rows = &self.rows;
        let is_it = |at: &u32| at_place(rows, *at).is_some_and(|row| row.name() == name);
        let (at, _) = self.places.find_entry(short_hash(R::key(name)), is_it).ok()?.remove();
        self.free.push(at);
        let row = usize::try_from(at).ok().and_then(|at| self.rows.get_mut(at)?.take());
        row.map(|row| (at, row))
    }

    /// In the order of their places.
    pub(super) fn values(&self) -> impl Iterator<Item = &R> {
        self.rows.iter().flatten().map(AsRef::as_ref)
    }

    pub(super) fn at(&self, at: u32) -> Option<&R> {
        at_place(&self.rows, at)
    }

    pub(super) fn at_mut(&mut self, at: u32) -> Option<&mut R> {
        usize::try_from(at).ok().and_then(|at| self.rows.get_mut(at)?.as_deref_mut())
    }
}

fn at_place<R>(rows: &[Option<Box<R>>], at: u32) -> Option<&R> {
    usize::try_from(at).ok().and_then(|at| rows.get(at)?.as_deref())
}

/// Where an instrument sits in the book: the same place for as long as the book lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seat(u32);

impl Seat {
    fn place(self) -> usize {
        usize::try_from(self.0).ok().unwrap_or(usize::MAX)
    }
}

/// The instruments that the book has heard of. A name is looked up once, and what there is of it (its rules, position
/// and orders) lies at its seat.
#[derive(Debug, Default)]
pub(super) struct Seats {
    places: HashTable<u32>,
    names: Vec<InstrumentId>,
    /// The last one that was asked for: what is asked for once is asked for again while one thing is decided.
    last: Cell<Seat>,
}

impl Seats {
    #[inline]
    pub(super) fn find(&self, id: &InstrumentId) -> Option<Seat> {
        let last = self.last.get();
        let is_last = self.names.get(last.place()).is_some_and(|name| is_same(name, id));
        if is_last { Some(last) } else { self.search(id) }
    }

    #[inline(never)]
    fn search(&self, id: &InstrumentId) -> Option<Seat> {
        let is_it = |at: &u32| self.names.get(Seat(*at).place()).is_some_and(|name| is_same(name, id));
        let seat = self.places.find(short_hash(id.symbol.as_str()), is_it).copied().map(Seat)?;
        self.last.set(seat);
        Some(seat)
    }

    /// The seat of an instrument; a new one where it has none. Four thousand million of them do not fit into any
    /// computer.
    pub(super) fn take(&mut self, id: &InstrumentId) -> Seat {
        if let Some(seat) = self.find(id) {
            return seat;
        }
        let at = u32::try_from(self.names.len()).ok().unwrap_or(u32::MAX);
        self.last.set(Seat(at));
        self.names.push(id.clone());
        let names = &self.names;
        let rehash =
            |at: &u32| names.get(Seat(*at).place()).map_or(0, |name| short_hash(name.symbol.as_str()));
        self.places.insert_unique(short_hash(id.symbol.as_str()), at, rehash);
        Seat(at)
    }
}

/// Symbols differ where names do, mostly: they are compared first.
#[inline]
fn is_same(a: &InstrumentId, b: &InstrumentId) -> bool {
    a.symbol == b.symbol && a.venue == b.venue
}

/// A row that knows its instrument.
pub(super) trait OfInstrument {
    fn instrument(&self) -> &InstrumentId;
}

impl OfInstrument for Instrument {
    fn instrument(&self) -> &InstrumentId {
        &self.id
    }
}

/// Rows by the seats of their instruments, gone through in the order of the instruments' names. For what seldom comes
/// and goes: each row that does moves the places of those behind it.
#[derive(Debug)]
pub(super) struct Seated<R> {
    rows: Vec<Option<Box<R>>>,
    order: Vec<Seat>,
}

impl<R> Default for Seated<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), order: Vec::new() }
    }
}

impl<R: OfInstrument> Seated<R> {
    #[inline]
    pub(super) fn get(&self, seat: Seat) -> Option<&R> {
        self.rows.get(seat.place())?.as_deref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, seat: Seat) -> Option<&mut R> {
        self.rows.get_mut(seat.place())?.as_deref_mut()
    }

    /// Puts a row in, in the place of one that sits there.
    pub(super) fn insert(&mut self, seat: Seat, row: R) {
        match self.get_mut(seat) {
            Some(old) => *old = row,
            None => self.add(seat, row),
        }
    }

    /// The row at this seat; made where there is none.
    pub(super) fn get_or_insert_with(&mut self, seat: Seat, make: impl Fn() -> R) -> &mut R {
        if self.get(seat).is_none() {
            self.add(seat, make());
        }
        #[expect(clippy::indexing_slicing, reason = "the row was put there where there was none")]
        self.rows[seat.place()].get_or_insert_with(|| Box::new(make()))
    }

    fn add(&mut self, seat: Seat, row: R) {
        let before =
            self.order.partition_point(|at| self.get(*at).is_some_and(|r| r.instrument() < row.instrument()));
        self.order.insert(before.min(self.order.len()), seat);
        let end = seat.place().saturating_add(1);
        if self.rows.len() < end {
            self.rows.resize_with(end, || None);
        }
        if let Some(place) = self.rows.get_mut(seat.place()) {
            *place = Some(Box::new(row));
        }
    }

    /// Those that do not hold go.
    pub(super) fn retain(&mut self, holds: impl Fn(&R) -> bool) {
        for row in &mut self.rows {
            if row.as_deref().is_some_and(|row| !holds(row)) {
                *row = None;
            }
        }
        let rows = &self.rows;
        self.order.retain(|seat| rows.get(seat.place()).is_some_and(Option::is_some));
    }

    /// In the order of the instruments' names.
    pub(super) fn values(&self) -> impl Iterator<Item = &R> {
        self.order.iter().filter_map(|seat| self.get(*seat))
    }

    /// In no order that means anything.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.iter_mut().flatten().map(AsMut::as_mut)
    }
}

/// Places of some of the rows, in the order in which they came. They are few, or seldom looked for.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<u32>);

impl Places {
    /// Puts a place in, unless it is there.
    pub(super) fn insert(&mut self, place: u32) {
        if !self.0.contains(&place) {
            self.0.push(place);
        }
    }

    pub(super) fn remove(&mut self, place: u32) {
        if let Some(at) = self.0.iter().position(|other| *other == place) {
            self.0.remove(at);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Symbol, VenueId};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Row(InstrumentId, u32);

    impl Named for Row {
        type Name = InstrumentId;
        fn name(&self) -> &InstrumentId {
            &self.0
        }
        fn key(name: &InstrumentId) -> &str {
            name.symbol.as_str()
        }
    }

    impl OfInstrument for Row {
        fn instrument(&self) -> &InstrumentId {
            &self.0
        }
    }

    proptest! {
        /// Whatever comes and goes: the same as a map that is sorted by name.
        #[test]
        fn they_are_what_a_sorted_map_is(
            steps in proptest::collection::vec((0_u32..3, 0_u32..40, any::<u32>()), 0..200)
        ) {
            let (mut rows, mut seats) = (Rows::<Row>::default(), Seats::default());
            let (mut seated, mut places) = (Seated::<Row>::default(), Places::default());
            let mut map = BTreeMap::new();
            for (what, name, value) in steps {
                let venue = VenueId::new(if name % 2 == 0 { "one" } else { "two" }).unwrap();
                let symbol = Symbol::new(&format!("name-{}-that-is-long-enough", name / 2)).unwrap();
                let name = InstrumentId { venue, symbol };
                let gone = rows.remove(&name);
                if let Some((place, _)) = &gone {
                    places.remove(*place);
                }
                if what == 0 {
                    prop_assert_eq!(gone.map(|(_, r)| r.1), map.remove(&name));
                    seated.retain(|row| row.0 != name);
                } else {
                    let place = rows.insert(Box::new(Row(name.clone(), value)));
                    places.insert(place);
                    places.insert(place);
                    seated.insert(seats.take(&name), Row(name.clone(), value));
                    map.insert(name.clone(), value);
                }
                prop_assert_eq!(rows.get(&name).map(|r| r.1), map.get(&name).copied());
                prop_assert_eq!(rows.contains(&name), map.contains_key(&name));
                let sits = seats.find(&name).and_then(|seat| seated.get(seat));
                prop_assert_eq!(sits.map(|r| r.1), map.get(&name).copied());
                prop_assert!(seated.values().map(|r| (&r.0, &r.1)).eq(map.iter()));
                let listed: BTreeMap<_, _> = places.iter().filter_map(|at| rows.at(at)).map(|r| (&r.0, &r.1)).collect();
                prop_assert!(listed.into_iter().eq(map.iter()));
                prop_assert_eq!(places.iter().count(), map.len());
                let mut all: Vec<_> = rows.values().map(|r| (r.0.clone(), r.1)).collect();
                all.sort();
                prop_assert_eq!(all, map.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
