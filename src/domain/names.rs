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
