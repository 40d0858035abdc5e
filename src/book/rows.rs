//! Rows by their names: found by hash in the time of one comparison, and gone through in an order that the same facts
//! always make the same.

use crate::domain::names::short_hash;
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
    pub(super) fn insert(&mut self, row: R) -> u32 {
        debug_assert!(!self.contains(row.name()), "one row a name");
        let hash = short_hash(R::key(row.name()));
        let row = Some(Box::new(row));
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

    pub(super) fn remove(&mut self, name: &R::Name) -> Option<R> {
        let rows = &self.rows;
        let is_it = |at: &u32| at_place(rows, *at).is_some_and(|row| row.name() == name);
        let (at, _) = self.places.find_entry(short_hash(R::key(name)), is_it).ok()?.remove();
        self.free.push(at);
        usize::try_from(at).ok().and_then(|at| self.rows.get_mut(at)?.take()).map(|row| *row)
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

/// Rows that are gone through in the order of their names. For what seldom comes and goes: each row that does moves
/// the places of those behind it.
#[derive(Debug)]
pub(super) struct Sorted<R> {
    rows: Rows<R>,
    order: Vec<u32>,
}

impl<R> Default for Sorted<R> {
    fn default() -> Self {
        Self { rows: Rows::default(), order: Vec::new() }
    }
}

impl<R: Named> Sorted<R> {
    pub(super) fn get(&self, name: &R::Name) -> Option<&R> {
        self.rows.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &R::Name) -> Option<&mut R> {
        self.rows.get_mut(name)
    }

    /// Puts a row in, in the place of one of the same name.
    pub(super) fn insert(&mut self, row: R) {
        if let Some(old) = self.rows.get_mut(row.name()) {
            *old = row;
            return;
        }
        self.add(row);
    }

    /// The row of this name; made where there is none.
    pub(super) fn get_or_insert_with(&mut self, name: &R::Name, make: impl Fn() -> R) -> &mut R {
        let at = match self.rows.place(name) {
            Some(at) => at,
            None => self.add(make()),
        };
        let at = usize::try_from(at).ok().unwrap_or(usize::MAX);
        #[expect(clippy::indexing_slicing, reason = "the index holds places of rows that are there")]
        self.rows.rows[at].get_or_insert_with(|| Box::new(make()))
    }

    fn add(&mut self, row: R) -> u32 {
        let before = self.rank(row.name());
        let at = self.rows.insert(row);
        self.order.insert(before.min(self.order.len()), at);
        at
    }

    /// Those that do not hold go.
    pub(super) fn retain(&mut self, holds: impl Fn(&R) -> bool)
    where
        R::Name: Clone,
    {
        let gone: Vec<R::Name> =
            self.values().filter(|row| !holds(row)).map(|row| row.name().clone()).collect();
        for name in gone {
            if let Some(at) = self.rows.place(&name) {
                self.order.retain(|other| *other != at);
            }
            self.rows.remove(&name);
        }
    }

    /// In the order of their names.
    pub(super) fn values(&self) -> impl Iterator<Item = &R> {
        self.order.iter().filter_map(|at| at_place(&self.rows.rows, *at))
    }

    /// In no order that means anything.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.rows.iter_mut().flatten().map(AsMut::as_mut)
    }

    /// How many stand before this name.
    fn rank(&self, name: &R::Name) -> usize {
        self.order.partition_point(|at| at_place(&self.rows.rows, *at).is_some_and(|row| row.name() < name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Row(String, u32);

    impl Named for Row {
        type Name = String;
        fn name(&self) -> &String {
            &self.0
        }
        fn key(name: &String) -> &str {
            name
        }
    }

    proptest! {
        /// Whatever comes and goes: the same as a map that is sorted by name.
        #[test]
        fn they_are_what_a_sorted_map_is(
            steps in proptest::collection::vec((0_u32..3, 0_u32..40, any::<u32>()), 0..200)
        ) {
            let (mut rows, mut sorted) = (Rows::<Row>::default(), Sorted::<Row>::default());
            let mut map = BTreeMap::new();
            for (what, name, value) in steps {
                let name = format!("name-{name}-that-is-long-enough");
                if what == 0 {
                    prop_assert_eq!(rows.remove(&name).map(|r| r.1), map.remove(&name));
                    sorted.retain(|row| row.0 != name);
                } else {
                    rows.remove(&name);
                    rows.insert(Row(name.clone(), value));
                    sorted.insert(Row(name.clone(), value));
                    map.insert(name.clone(), value);
                }
                prop_assert_eq!(rows.get(&name).map(|r| r.1), map.get(&name).copied());
                prop_assert_eq!(rows.contains(&name), map.contains_key(&name));
                prop_assert_eq!(sorted.get(&name).map(|r| r.1), map.get(&name).copied());
                prop_assert!(sorted.values().map(|r| (&r.0, &r.1)).eq(map.iter()));
                let mut all: Vec<_> = rows.values().map(|r| (r.0.clone(), r.1)).collect();
                all.sort();
                prop_assert_eq!(all, map.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
