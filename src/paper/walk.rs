//! A price that wanders: a pure function of seed, instrument and time, in whole ticks.
//!
//! It is a sum of octaves of noise, each twice as slow and √2 as large as the one before, so that the move over
//! any stretch of time grows with its square root as a random walk's does. Since nothing is remembered, the
//! past can be asked for as easily as the present, and a kept state has no price history to keep.

use super::listings::Listing;
use crate::domain::time::Stamp;

/// The market moves this often.
pub const TICK_MS: i64 = 500;
/// Ticks in a minute.
pub const TICKS_A_MINUTE: i64 = 120;
const OCTAVES: usize = 25;
/// Faster octaves than this (about an hour) have bursts: one level in sixteen is three times as far.
const BURSTS_BELOW: u32 = 13;
const LEVEL: i64 = 1_024;
const BILLION: i64 = 1_000_000_000;

/// The tick that `at` lies in.
pub const fn tick_of(at: Stamp) -> i64 {
    at.as_millis().div_euclid(TICK_MS)
}

/// When a tick begins.
pub const fn stamp_of(tick: i64) -> Stamp {
    match Stamp::from_millis(tick.saturating_mul(TICK_MS)) {
        Some(at) => at,
        None => Stamp::from_nanos(i64::MAX),
    }
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    at: i64,
    from: i64,
    to: i64,
}

/// An instrument's price over time. What it remembers only saves work.
#[derive(Debug, Clone)]
pub struct Walk {
    key: u64,
    base: i64,
    reach: [i64; OCTAVES],
    cells: [Cell; OCTAVES],
    /// The last tick that was asked for, and its price.
    last: (i64, i64),
}

/// √2 to the power of `k`, in thousandths.
fn root_two_to(k: u32) -> i64 {
    let whole = 1_i64.wrapping_shl(k.wrapping_shr(1));
    whole.saturating_mul(if k & 1 == 0 { 1_000 } else { 1_414 })
}

impl Walk {
    /// The walk of one instrument in the market of `seed`.
    pub fn new(seed: u64, listing: &Listing) -> Self {
        let mut reach = [0_i64; OCTAVES];
        for (k, r) in (0_u32..).zip(reach.iter_mut()) {
            // 192 of 10^9 for each basis point makes the daily move what the listing says.
            *r = listing.daily_bps.saturating_mul(192).saturating_mul(root_two_to(k)).wrapping_div(1_000);
        }
        let cells = [Cell { at: i64::MIN, from: 0, to: 0 }; OCTAVES];
        let key = listing.symbol.bytes().fold(seed, |key, b| mix(key, u64::from(b)));
        Self { key, base: listing.price, reach, cells, last: (i64::MIN, 0) }
    }
    /// The price in the middle of the market, in ticks of price.
    pub fn at(&mut self, tick: i64) -> i64 {
        if self.last.0 == tick {
            return self.last.1;
        }
        let mut moved = 0_i64;
        for (k, (cell, reach)) in (0_u32..).zip(self.cells.iter_mut().zip(self.reach)) {
            let n = tick.wrapping_shr(k);
            if cell.at != n {
                let to = level(self.key, k, n.wrapping_add(1));
                *cell = Cell { at: n, from: level(self.key, k, n), to };
            }
            let period = 1_i64.wrapping_shl(k);
            let part = tick & period.wrapping_sub(1);
            let rest = period.wrapping_sub(part);
            let here = cell.from.wrapping_mul(rest).wrapping_add(cell.to.wrapping_mul(part)).wrapping_shr(k);
            moved = moved.saturating_add(here.saturating_mul(reach));
        }
        let share = moved.wrapping_div(LEVEL).clamp(-750_000_000, 3_000_000_000);
        let price = self.base.saturating_mul(BILLION.saturating_add(share)).wrapping_div(BILLION).max(2);
        self.last = (tick, price);
        price
    }
    /// The farthest that the octaves faster than `2^octave` ticks can carry the price from the slower ones.
    pub fn flutter(&self, octave: usize) -> i64 {
        let sum =
            self.reach.iter().take(octave).fold(0_i64, |sum, r| sum.saturating_add(r.saturating_mul(3)));
        self.base.saturating_mul(sum).wrapping_div(BILLION).saturating_mul(2)
    }
    /// Bits that decide everything else about a tick: whether there is a print, how large, which side.
    pub fn chance(&self, tick: i64) -> fastrand::Rng {
        fastrand::Rng::with_seed(mix(mix(self.key, 0xC4A2_CE00), tick.cast_unsigned()))
    }
    /// Bits of what rests at a price for a while: the same until its turn comes to change.
    pub fn resting(&self, price: i64, tick: i64) -> fastrand::Rng {
        let key = mix(mix(self.key, 0xB00C_0000), price.cast_unsigned());
        // Each price has its turn at another time.
        let turn = tick.wrapping_add(key.cast_signed() & 31).wrapping_shr(5);
        fastrand::Rng::with_seed(mix(key, turn.cast_unsigned()))
    }
    /// Is this a lively stretch? One in twelve of about eight seconds is.
    pub fn is_lively(&self, tick: i64) -> bool {
        self.chance(tick.wrapping_shr(4).wrapping_sub(1_i64.wrapping_shl(40))).u8(..) < 21
    }
}

fn level(key: u64, octave: u32, n: i64) -> i64 {
    let mut rng = fastrand::Rng::with_seed(mix(mix(key, u64::from(octave)), n.cast_unsigned()));
    let level = rng.i64(-LEVEL..=LEVEL);
    if octave < BURSTS_BELOW && rng.u8(..16) == 0 { level.saturating_mul(3) } else { level }
}

const fn mix(key: u64, n: u64) -> u64 {
    let x = key.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x632B_E59B_D9B4_E019);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::listings::LISTINGS;

    fn walk(symbol: &str, seed: u64) -> Walk {
        Walk::new(seed, LISTINGS.iter().find(|l| l.symbol == symbol).unwrap())
    }

    #[test]
    fn it_is_a_function_of_seed_and_time_whatever_was_asked_before() {
        let (mut a, mut b) = (walk("AAPL", 7), walk("AAPL", 7));
        let t = 3_590_000_000;
        let forward: Vec<i64> = (0..500).map(|i| a.at(t + i)).collect();
        let backward: Vec<i64> = (0..500).rev().map(|i| b.at(t + i)).collect();
        assert!(forward.iter().eq(backward.iter().rev()));
        assert_ne!(forward, (0..500).map(|i| walk("AAPL", 8).at(t + i)).collect::<Vec<_>>());
        assert_ne!(forward, (0..500).map(|i| walk("MSFT", 7).at(t + i)).collect::<Vec<_>>());
    }

    #[test]
    fn a_day_moves_it_about_as_far_as_the_listing_says_and_never_out_of_reason() {
        for listing in LISTINGS {
            let mut walk = Walk::new(1, listing);
            let start = 3_590_000_000_i64;
            let (mut squares, days) = (0_i64, 200_i64);
            for day in 0..days {
                let (a, b) = (walk.at(start + day * 172_800), walk.at(start + (day + 1) * 172_800));
                assert!(b > listing.price / 5 && b < listing.price * 4, "{} at {b}", listing.symbol);
                squares += ((b - a) * 10_000 / a).pow(2);
            }
            let (mean, want) = (squares / days, listing.daily_bps.pow(2));
            assert!(
                mean > want / 4 && mean < want * 4,
                "{}: {mean} square bps a day, {want} wanted",
                listing.symbol
            );
        }
    }
}
