//! Maps and sets by name, of which a look-up takes one comparison. They are gone through in no order that means
//! anything: where order counts, sort.

use hashbrown::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes the few bytes of a name. Not for input that an attacker may choose freely: a watchlist is
/// the trader's. The same in every run, as all that decides here must be.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShortHasher(u64);

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl ShortHasher {
    fn word(&mut self, word: u64) {
        // Both halves of the product: every bit of the word moves every bit of what comes out.
        let wide = u128::from(self.0.rotate_left(23) ^ word).wrapping_mul(u128::from(MIX));
        let low = u64::try_from(wide & u128::from(u64::MAX)).ok();
        self.0 = low.zip(u64::try_from(wide >> 64).ok()).map_or(word, |(low, high)| low ^ high);
    }
}

impl Hasher for ShortHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.word(u64::from_le_bytes(*chunk));
        }
        if !rest.is_empty() {
            let last = rest.iter().rev().fold(0_u64, |word, b| (word << 8) | u64::from(*b));
            self.word(last);
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.word(u64::from(n));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The hash of a name.
pub fn short_hash(name: &str) -> u64 {
    let mut hasher = ShortHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// Values by name.
pub type NameMap<K, V> = HashMap<K, V, BuildHasherDefault<ShortHasher>>;
/// Names.
pub type NameSet<K> = HashSet<K, BuildHasherDefault<ShortHasher>>;

/// Values by a few names, as of venues: found by going through them, which takes less than any search among so few, and
/// gone through in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FewMap<K, V> {
    names: Vec<K>,
    values: Vec<V>,
}

impl<K, V> Default for FewMap<K, V> {
    fn default() -> Self {
        Self { names: Vec::new(), values: Vec::new() }
    }
}

impl<K: Ord, V> FewMap<K, V> {
    /// Most have one.
    #[inline]
    fn place(&self, name: &K) -> Option<usize> {
        if self.names.first().is_some_and(|known| known == name) { Some(0) } else { self.search(name) }
    }
    #[inline(never)]
    fn search(&self, name: &K) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
    /// The value of a name.
    #[inline]
    pub fn get(&self, name: &K) -> Option<&V> {
        self.values.get(self.place(name)?)
    }
    /// The same, to change.
    #[inline]
    pub fn get_mut(&mut self, name: &K) -> Option<&mut V> {
        let place = self.place(name)?;
        self.values.get_mut(place)
    }
    /// Is there one?
    pub fn contains_key(&self, name: &K) -> bool {
        self.place(name).is_some()
    }
    /// Puts a value in, in the place of one of the same name.
    pub fn insert(&mut self, name: K, value: V) {
        match self.get_mut(&name) {
            Some(old) => *old = value,
            None => self.add(name, value),
        }
    }
    fn add(&mut self, name: K, value: V) {
        let before = self.names.partition_point(|known| *known < name).min(self.values.len());
        self.names.insert(before, name);
        self.values.insert(before, value);
    }
    /// Takes a value out.
    pub fn remove(&mut self, name: &K) -> Option<V> {
        let place = self.place(name).filter(|place| *place < self.values.len())?;
        self.names.remove(place);
        Some(self.values.remove(place))
    }
    /// The value of a name; a new one where there is none.
    pub fn or_default(&mut self, name: &K) -> &mut V
    where
        K: Clone,
        V: Default,
    {
        let place = match self.place(name) {
            Some(place) => place,
            None => {
                self.add(name.clone(), V::default());
                self.place(name).unwrap_or_default()
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the name was put there where it was not")]
        &mut self.values[place]
    }
    /// All, in the order of their names.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.names.iter().zip(&self.values)
    }
    /// The same, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.names.iter().zip(&mut self.values)
    }
    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.names.iter()
    }
    /// The values, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }
    /// The same, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut()
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a FewMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::iter::Zip<std::slice::Iter<'a, K>, std::slice::Iter<'a, V>>;
    fn into_iter(self) -> Self::IntoIter {
        self.names.iter().zip(&self.values)
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a mut FewMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = std::iter::Zip<std::slice::Iter<'a, K>, std::slice::IterMut<'a, V>>;
    fn into_iter(self) -> Self::IntoIter {
        self.names.iter().zip(&mut self.values)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for FewMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = Self::default();
        for (name, value) in pairs {
            map.insert(name, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// As a table uses it: the low bits choose the place, the high ones tell neighbours apart.
    #[test]
    fn names_that_differ_in_a_number_lie_apart() {
        for form in ["S{}", "their-order-{}", "td-k3v9x2-{}", "61e69015-8549-4bfd-b9c3-{}"] {
            let hashes: Vec<u64> =
                (0..4_096).map(|n| short_hash(&form.replace("{}", &n.to_string()))).collect();
            let places: BTreeSet<u64> = hashes.iter().map(|h| h % 4_096).collect();
            // Thrown at random they would hit 63 % of the places.
            assert!(places.len() > 2_400, "{form}: {}", places.len());
            let tops: BTreeSet<u64> = hashes.iter().map(|h| h >> 57).collect();
            assert_eq!(tops.len(), 128, "{form}");
        }
    }
}
