//! What an exit covers, how much of it goes, and what follows: the plan that the journal keeps, so that an exit cut
//! off by a crash is taken up again as it was meant.

use super::{
    draft::Share,
    ids::{AccountId, Instance, InstrumentId, Symbol, VenueId},
    money::{Money, Percent, Price, Qty},
    order::{OrderSpec, StopLeg},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Which positions of those in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Every one.
    #[default]
    All,
    /// Above zero.
    Longs,
    /// Below zero.
    Shorts,
    /// Those that would be closed with a profit, by the mark at the moment of the stroke.
    Winners,
    /// Those that would be closed with a loss, likewise.
    Losers,
}

impl Pick {
    /// As it is typed; `all` is left out.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Longs => "longs",
            Self::Shorts => "shorts",
            Self::Winners => "winners",
            Self::Losers => "losers",
        }
    }
}

/// What a flatten covers. The parts narrow each other. Live and paper accounts are never in one scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only this venue.
    pub venue: Option<VenueId>,
    /// Only the account with this number.
    pub account: Option<AccountId>,
    /// Only orders of this algorithm (their tag, or what their client ids begin with), and what their fills hold.
    pub algorithm: Option<SmolStr>,
    /// Which positions.
    pub pick: Pick,
    /// How much of each.
    pub share: Share,
}

impl Scope {
    /// One symbol, at one venue or wherever it is held.
    pub fn of_symbol(symbol: Symbol, venue: Option<VenueId>) -> Self {
        Self { symbol: Some(symbol), venue, ..Self::default() }
    }
    /// Everything at one venue.
    pub fn of_venue(venue: VenueId) -> Self {
        Self { venue: Some(venue), ..Self::default() }
    }
    /// For people: `flatten everything`, `close AAPL`, `flatten 50% of the longs of algorithm swing`.
    pub fn words(&self) -> String {
        let what = match (&self.symbol, self.pick) {
            (None, Pick::All) => "everything".to_owned(),
            (None, pick) => format!("the {}", pick.word()),
            (Some(symbol), Pick::All) => symbol.to_string(),
            (Some(symbol), pick) => format!("{symbol} if it is one of the {}", pick.word()),
        };
        let share = match self.share {
            Share::All => String::new(),
            Share::Percent(percent) => format!("{percent}% of "),
            Share::Qty(qty) => format!("{qty} of "),
        };
        let owner = self.algorithm.as_ref().map_or_else(String::new, |name| format!(" of algorithm {name}"));
        let account = self.account.as_ref().map_or_else(String::new, |a| format!(" in account {}", a.tail()));
        let one = self.symbol.is_some() && self.pick == Pick::All && self.algorithm.is_none();
        let verb = if one { "close" } else { "flatten" };
        format!("{verb} {share}{what}{owner}{account}")
    }
    /// Everything at a venue, whole: what an account must be locked for, so that nothing slips in behind it.
    pub fn is_everything(&self) -> bool {
        self.symbol.is_none()
            && self.algorithm.is_none()
            && self.pick == Pick::All
            && self.share == Share::All
    }
}

/// What follows once an exit is through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Nothing.
    #[default]
    Nothing,
    /// Put the same protection on what was kept.
    Protect {
        /// The stop that stood.
        stop: Option<StopLeg>,
        /// The target that stood.
        target: Option<Price>,
    },
    /// Put the same protection on what was kept of each of several.
    ProtectEach(Vec<Protection>),
    /// Open the opposite position, through the gate. Never taken up after a crash.
    Open(Box<OrderSpec>),
}

/// The protection that stood for one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Of what.
    pub instrument: InstrumentId,
    /// The stop.
    pub stop: Option<StopLeg>,
    /// The target.
    pub target: Option<Price>,
}

/// One exit at one venue, as it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitPlan {
    /// Whose it is: another run that lives goes on with its own.
    pub instance: Instance,
    /// Where.
    pub venue: VenueId,
    /// What was asked for.
    pub scope: Scope,
    /// Where the scope picks by side, by profit or by algorithm: what was picked when it began. `None` is whatever
    /// the scope holds, also what is filled while it goes on.
    pub picked: Option<Vec<InstrumentId>>,
    /// What follows.
    pub then: Then,
}

impl ExitPlan {
    /// Can it touch this instrument?
    pub fn holds(&self, instrument: &InstrumentId) -> bool {
        instrument.venue == self.venue
            && self.scope.symbol.as_ref().is_none_or(|s| *s == instrument.symbol)
            && self.picked.as_ref().is_none_or(|picked| picked.contains(instrument))
    }

    /// Does it do all that `other` would? Then striking the other sends nothing new. A reversal does not do what a
    /// close does: it goes on to open.
    pub fn covers(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.scope, &other.scope);
        let opens = |plan: &Self| matches!(plan.then, Then::Open(_));
        if self.venue != other.venue || (opens(self) && !opens(other)) {
            return false;
        }
        let same = mine.symbol == theirs.symbol
            && mine.algorithm == theirs.algorithm
            && mine.pick == theirs.pick
            && mine.share == theirs.share;
        same || (mine.share == Share::All
            && (mine.symbol.is_none() || mine.symbol == theirs.symbol)
            && (mine.algorithm.is_none() || mine.algorithm == theirs.algorithm)
            && (mine.pick == Pick::All || self.picks_all_of(other)))
    }

    fn picks_all_of(&self, other: &Self) -> bool {
        let one =
            other.scope.symbol.clone().map(|symbol| InstrumentId { venue: other.venue.clone(), symbol });
        match (&other.picked, one) {
            (Some(picked), _) => picked.iter().all(|i| self.holds(i)),
            (None, Some(one)) => self.holds(&one),
            (None, None) => false,
        }
    }

    /// Could both want the same position?
    pub fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.scope.symbol, &other.scope.symbol);
        self.venue == other.venue && (mine.is_none() || theirs.is_none() || mine == theirs)
    }
}

/// How an exit goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitTerms {
    /// How long cancels may take before the positions are read all the same, milliseconds.
    pub cancel_wait_ms: u64,
    /// How long one round of closes may take before everything is read again, milliseconds.
    pub close_wait_ms: u64,
    /// How long an exit goes on before it says what is left, milliseconds.
    pub max_ms: u64,
    /// How far through the touch the limit of a close stands where market orders are refused.
    pub collar: Percent,
    /// How much farther with each round that did not fill.
    pub collar_step: Percent,
    /// And never farther than this.
    pub collar_max: Percent,
    /// The most that one round closes of a position, by its mark; `None` is all of it at once.
    pub slice_notional_max: Option<Money>,
}

impl Default for ExitTerms {
    fn default() -> Self {
        Self {
            cancel_wait_ms: 5_000,
            close_wait_ms: 10_000,
            max_ms: 120_000,
            collar: Percent::new(Decimal::ONE),
            collar_step: Percent::new(Decimal::ONE),
            collar_max: Percent::new(Decimal::TEN),
            slice_notional_max: None,
        }
    }
}

impl ExitTerms {
    /// The collar after so many rounds that did not fill, as a factor (0.01 is one per cent).
    pub fn collar_after(&self, rounds: u32) -> Decimal {
        let wider = self.collar_step.get().checked_mul(Decimal::from(rounds));
        let percent = wider.and_then(|w| w.checked_add(self.collar.get())).unwrap_or(self.collar_max.get());
        percent.min(self.collar_max.get()).checked_div(Decimal::ONE_HUNDRED).unwrap_or_default()
    }
}

/// How much of each position an exit leaves. Counted once, when the venue was first read: half of a position stays
/// half of what it was, however often the exit is taken up.
pub type Kept = BTreeMap<InstrumentId, Qty>;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(scope: Scope, picked: Option<&[&str]>) -> ExitPlan {
        let venue = VenueId::new("v").unwrap();
        let id = |s: &&str| InstrumentId { venue: venue.clone(), symbol: Symbol::new(s).unwrap() };
        ExitPlan {
            instance: Instance::new("i").unwrap(),
            venue: venue.clone(),
            scope,
            picked: picked.map(|p| p.iter().map(id).collect()),
            then: Then::Nothing,
        }
    }
    fn symbol(s: &str) -> Scope {
        Scope::of_symbol(Symbol::new(s).unwrap(), None)
    }

    #[test]
    fn a_wider_exit_covers_a_narrower_one_and_not_the_other_way_round() {
        let all = plan(Scope::default(), None);
        let aapl = plan(symbol("AAPL"), None);
        let half =
            plan(Scope { share: Share::Percent(Percent::new(Decimal::from(50))), ..symbol("AAPL") }, None);
        let longs = plan(Scope { pick: Pick::Longs, ..Scope::default() }, Some(&["AAPL", "MSFT"]));
        let swing = plan(Scope { algorithm: Some("swing".into()), ..Scope::default() }, Some(&["AAPL"]));
        for (wide, narrow) in [
            (&all, &aapl),
            (&all, &half),
            (&all, &longs),
            (&all, &swing),
            (&aapl, &half),
            (&longs, &aapl),
            (&longs, &swing),
        ] {
            assert!(
                wide.covers(narrow) && !narrow.covers(wide),
                "{} / {}",
                wide.scope.words(),
                narrow.scope.words()
            );
        }
        for same in [&all, &aapl, &half, &longs, &swing] {
            assert!(same.covers(same));
        }
        assert!(!longs.covers(&plan(symbol("NVDA"), None)));
        assert!(!half.covers(&aapl) && half.meets(&aapl) && !aapl.meets(&plan(symbol("NVDA"), None)));
    }

    #[test]
    fn the_collar_widens_step_by_step_up_to_its_most() {
        let terms = ExitTerms { collar_max: Percent::new(Decimal::from(3)), ..ExitTerms::default() };
        let shown: Vec<String> = (0..4).map(|n| terms.collar_after(n).to_string()).collect();
        assert_eq!(shown, ["0.01", "0.02", "0.03", "0.03"]);
        assert_eq!(terms.collar_after(u32::MAX).to_string(), "0.03");
    }

    #[test]
    fn a_scope_in_words() {
        let scope = Scope {
            algorithm: Some("swing".into()),
            pick: Pick::Longs,
            share: Share::Percent(Percent::new(Decimal::from(50))),
            account: Some(AccountId::new("PA123456").unwrap()),
            ..Scope::default()
        };
        assert_eq!(scope.words(), "flatten 50% of the longs of algorithm swing in account …3456");
        assert_eq!(symbol("AAPL").words(), "close AAPL");
        assert_eq!(Scope::default().words(), "flatten everything");
    }
}
