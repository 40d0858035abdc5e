//! Which requests a fault strikes: by what they are, by their count, by a share drawn from a seed, by time.

use super::kind::{Does, Kind, Meeting};
use crate::domain::order::{OrderKind, Side};
use smol_str::SmolStr;

/// A hundred per cent, in the thousandths that a share is kept in.
pub const WHOLE: u64 = 100_000;

/// What a request has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// One of these kinds.
    pub on: Vec<Kind>,
    /// About one of these instruments; any, where there are none.
    pub symbols: Vec<SmolStr>,
    /// Buys, or sells.
    pub side: Option<Side>,
    /// Orders of this type.
    pub order_type: Option<OrderKind>,
    /// Orders that open, or those that reduce.
    pub does: Option<Does>,
}

impl Which {
    /// Is the request like that? An order of which is not known what it would do is not.
    pub fn takes(&self, meeting: &Meeting) -> bool {
        let named = |s: &SmolStr| meeting.symbols.iter().any(|m| is_same(m, s));
        self.on.contains(&meeting.kind)
            && (self.symbols.is_empty() || self.symbols.iter().any(named))
            && self.side.is_none_or(|side| meeting.side == Some(side))
            && self.order_type.is_none_or(|kind| meeting.order_type == Some(kind))
            && self.does.is_none_or(|does| meeting.does == Some(does))
    }
}

/// `BTC/USD` and `BTCUSD` are the same.
fn is_same(a: &str, b: &str) -> bool {
    let letters =
        |s: &str| s.chars().filter(|c| *c != '/').map(|c| c.to_ascii_uppercase()).collect::<String>();
    letters(a) == letters(b)
}

/// When, and how often. Times are milliseconds since the server began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// So many pass before it begins.
    pub after: u64,
    /// Then only so many are struck.
    pub first: Option<u64>,
    /// Only every so many-th.
    pub every: u64,
    /// Of those a share, in thousandths of a per cent.
    pub share: u64,
    /// From then.
    pub from_ms: u64,
    /// Until before then.
    pub until_ms: Option<u64>,
    /// The window comes again after so long.
    pub again_ms: Option<u64>,
}

impl Default for When {
    fn default() -> Self {
        Self { after: 0, first: None, every: 1, share: WHOLE, from_ms: 0, until_ms: None, again_ms: None }
    }
}

impl When {
    /// Is its window open?
    pub fn is_on(&self, at_ms: u64) -> bool {
        let Some(since) = at_ms.checked_sub(self.from_ms) else { return false };
        let since = self.again_ms.map_or(since, |again| since.checked_rem(again).unwrap_or(since));
        self.until_ms.is_none_or(|until| since < until.saturating_sub(self.from_ms))
    }

    /// Does it strike everything while its window is open?
    pub fn is_steady(&self) -> bool {
        self.after == 0 && self.first.is_none() && self.every == 1 && self.share >= WHOLE
    }

    /// Is the `n`-th that met it (from one) struck? `draw` is its number from the seed.
    pub fn strikes(&self, n: u64, struck: u64, draw: u64) -> bool {
        let Some(n) = n.checked_sub(self.after).filter(|n| *n > 0) else { return false };
        let chosen = n.checked_rem(self.every.max(1)) == Some(0);
        chosen && self.first.is_none_or(|first| struck < first) && draw < self.share
    }
}

/// The `n`-th number of a fault, below [`WHOLE`]: a function of the seed, so that a run can be had again.
pub fn draw(seed: u64, fault: u64, n: u64) -> u64 {
    let key = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ fault.wrapping_mul(0xD1B5_4A32_D192_ED03);
    fastrand::Rng::with_seed(key ^ n.wrapping_mul(0x2545_F491_4F6C_DD1D)).u64(..WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: &When, of: u64) -> Vec<u64> {
        let mut hit: Vec<u64> = Vec::new();
        for n in 1..=of {
            if when.strikes(n, u64::try_from(hit.len()).unwrap(), draw(7, 3, n)) {
                hit.push(n);
            }
        }
        hit
    }

    #[test]
    fn counts_and_shares_choose_and_choose_the_same_again() {
        let when = When::default();
        assert!(when.is_steady());
        assert_eq!(struck(&when, 3), [1, 2, 3]);
        assert_eq!(struck(&When { first: Some(2), ..When::default() }, 9), [1, 2]);
        assert_eq!(struck(&When { every: 4, ..When::default() }, 12), [4, 8, 12]);
        assert_eq!(
            struck(&When { after: 10, every: 2, first: Some(3), ..When::default() }, 40),
            [12, 14, 16]
        );
        let tenth = When { share: WHOLE / 10, ..When::default() };
        let hits = struck(&tenth, 2_000);
        assert!((150..250).contains(&hits.len()), "{}", hits.len());
        assert_eq!(hits, struck(&tenth, 2_000));
        assert_ne!(draw(7, 3, 1), draw(8, 3, 1));
    }

    #[test]
    fn a_window_opens_closes_and_comes_again() {
        let when = When { from_ms: 1_000, until_ms: Some(1_500), ..When::default() };
        let open = |when: &When, times: &[u64]| times.iter().map(|t| when.is_on(*t)).collect::<Vec<_>>();
        assert_eq!(
            open(&when, &[0, 999, 1_000, 1_499, 1_500, 9_000]),
            [false, false, true, true, false, false]
        );
        let flaps = When { again_ms: Some(2_000), ..when };
        assert_eq!(
            open(&flaps, &[1_200, 1_600, 3_000, 3_499, 3_500, 5_100]),
            [true, false, true, true, false, true]
        );
    }

    #[test]
    fn a_request_is_chosen_by_what_it_is() {
        let which = Which {
            on: vec![Kind::Submit],
            symbols: vec!["BTCUSD".into()],
            side: Some(Side::Sell),
            ..Which::default()
        };
        let sell = Meeting { side: Some(Side::Sell), ..Meeting::about(Kind::Submit, "BTC/USD") };
        assert!(which.takes(&sell));
        assert!(!which.takes(&Meeting { side: Some(Side::Buy), ..sell.clone() }));
        assert!(!which.takes(&Meeting { kind: Kind::Close, ..sell.clone() }));
        assert!(!which.takes(&Meeting { symbols: vec!["ETH/USD".into()], ..sell.clone() }));
        let reduces = Which { does: Some(Does::Reduces), ..which };
        assert!(!reduces.takes(&sell), "what is not known does not count");
        assert!(reduces.takes(&Meeting { does: Some(Does::Reduces), ..sell }));
    }
}
