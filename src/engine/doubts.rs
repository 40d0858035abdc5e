//! Positions of which the venue says something else than the fills. A snapshot can be older than a fill that is known
//! here, even when it was asked for after it: the venue's row of a position lags behind its own executions, or runs
//! ahead of their telling. So a difference is asked about again, with growing pauses, and the venue's word is taken
//! over the fills only when two of its reports say the same, both begun a good while after anything moved.

use super::{Engine, effect::Effect, input::Timer};
use crate::{
    book::{AlertSeed, Doubt},
    domain::{
        alert::{AlertCode, Severity},
        fact::{Fact, PositionSource},
        ids::{InstrumentId, VenueId},
        instrument::AssetClass,
        money::{Qty, SignedQty},
        names::NameMap,
        order::Side,
        report::VenueReport,
        scope::ExitPlan,
        text::Text,
        time::Mono,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// No report that began so soon after the last fill or order in a symbol counts against the fills, milliseconds.
const GRACE_MS: u64 = 5_000;
/// Two reports that agree began so far apart, milliseconds …
const APART_MS: u64 = 1_000;
/// … and so far where an open order could have filled by just the difference: its execution may be told yet.
const APART_EXPLAINED_MS: u64 = 15_000;
/// The first pause before the venue is asked again; it doubles.
const PAUSE_MS: u64 = 500;
/// The longest.
const PAUSE_MAX_MS: u64 = 8_000;

/// One position in doubt.
#[derive(Debug, Clone)]
struct Row {
    ours: SignedQty,
    theirs: SignedQty,
    source: PositionSource,
    /// When the first report that counts, and says this, began.
    seen: Option<Mono>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    rows: BTreeMap<InstrumentId, Row>,
    /// How often each venue was asked again since something moved.
    tries: BTreeMap<VenueId, u32>,
    /// When a fill or a new order last moved a symbol.
    moved: NameMap<InstrumentId, Mono>,
    /// What happened before this run began may have happened just before.
    begun: Mono,
}

impl Doubts {
    /// Takes notice of what makes reports older than it worthless.
    pub(super) fn note(&mut self, fact: &Fact, now: Mono) {
        let instrument = match fact {
            Fact::Executed(e) | Fact::Inferred(e) => &e.instrument,
            Fact::Corrected(correction) => &correction.now.instrument,
            Fact::Intended(intent) => &intent.spec.instrument,
            Fact::Learned { report, .. } => &report.instrument,
            Fact::Opened { .. } => {
                self.begun = now;
                return;
            }
            Fact::Commanded { .. }
            | Fact::Order(_)
            | Fact::Position { .. }
            | Fact::Account { .. }
            | Fact::DayBegan { .. }
            | Fact::Instrument(_)
            | Fact::Alerted(_)
            | Fact::Acknowledged { .. }
            | Fact::Locked { .. }
            | Fact::Unlocked { .. }
            | Fact::ExitBegan { .. }
            | Fact::ExitMeasured { .. }
            | Fact::Tripped(_)
            | Fact::Untripped { .. }
            | Fact::Baseline(_)
            | Fact::Held(_)
            | Fact::Algorithm(_)
            | Fact::Adopted { .. }
            | Fact::EquityHigh { .. }
            | Fact::ExitEnded { .. } => return,
        };
        if let Some(at) = self.moved.get_mut(instrument) {
            *at = now;
        } else {
            self.moved.insert(instrument.clone(), now);
        }
        if let Some(row) = self.rows.get_mut(instrument) {
            row.seen = None;
            self.tries.remove(&instrument.venue);
        }
    }

    /// The positions in doubt.
    pub(super) fn instruments(&self) -> impl Iterator<Item = &InstrumentId> {
        self.rows.keys()
    }

    /// Is any position at this venue in doubt?
    pub(super) fn any_at(&self, venue: &VenueId) -> bool {
        self.rows.keys().any(|i| i.venue == *venue)
    }

    /// Is it long enough after the last movement that the venue's word counts?
    fn counts(&self, instrument: &InstrumentId, began: Mono) -> bool {
        let moved = self.moved.get(instrument).copied().unwrap_or(self.begun);
        began.since_ms(moved) >= GRACE_MS
    }
}

impl Engine {
    /// Positions in doubt of which this report, before it is taken in, can't say anything: they filled after it began.
    pub(super) fn undecided(&self, report: &VenueReport) -> BTreeSet<InstrumentId> {
        let here = self.doubts.rows.keys().filter(|i| i.venue == report.venue);
        let since = report.began.wall;
        here.filter(|i| report.positions.is_none() || self.book.has_filled_since(i, since)).cloned().collect()
    }

    /// Takes in where a report differs. What it does not name agrees again, unless it could not tell.
    pub(super) fn weigh_doubts(
        &mut self,
        report: &VenueReport,
        undecided: &BTreeSet<InstrumentId>,
        raised: Vec<Doubt>,
    ) {
        let venue = &report.venue;
        let still: BTreeSet<InstrumentId> = raised.iter().map(|d| d.instrument.clone()).collect();
        self.doubts.rows.retain(|i, _| i.venue != *venue || still.contains(i) || undecided.contains(i));
        for doubt in raised {
            self.weigh_doubt(report.began.mono, &doubt);
        }
        if !self.doubts.any_at(venue) {
            self.doubts.tries.remove(venue);
            return;
        }
        let tries = self.doubts.tries.entry(venue.clone()).or_default();
        let after_ms = PAUSE_MS.saturating_mul(1_u64 << (*tries).min(6)).min(PAUSE_MAX_MS);
        *tries = tries.saturating_add(1);
        self.effect(Effect::Arm { timer: Timer::Doubt(venue.clone()), after_ms });
    }

    fn weigh_doubt(&mut self, began: Mono, doubt: &Doubt) {
        let counts = self.doubts.counts(&doubt.instrument, began);
        let new = Row { ours: doubt.ours, theirs: doubt.theirs, source: doubt.source, seen: None };
        let row = self.doubts.rows.entry(doubt.instrument.clone()).or_insert(new);
        if (row.ours, row.theirs) != (doubt.ours, doubt.theirs) {
            (row.ours, row.theirs, row.seen) = (doubt.ours, doubt.theirs, None);
        }
        if !counts {
            return;
        }
        let apart = if doubt.explained { APART_EXPLAINED_MS } else { APART_MS };
        match row.seen {
            None => row.seen = Some(began),
            Some(first) if began.since_ms(first) >= apart => {
                let source = row.source;
                self.doubts.rows.remove(&doubt.instrument);
                let is_fee = self.is_a_fee(doubt);
                let is_correction = source == PositionSource::Correction;
                let source = if is_fee && is_correction { PositionSource::Charge } else { source };
                let fact = doubt.believed(source);
                self.differences.note(self.now.wall, &fact);
                self.fact(fact);
                self.alert(if is_fee { charged(doubt) } else { doubt.alert() });
            }
            Some(_) => {}
        }
    }

    /// Is what is missing no more than the venue's fee on what was bought since its last word? Alpaca takes the fee of coins
    /// in the coin, and its executions do not tell it (docs.alpaca.markets, "Crypto Spot Trading Fees").
    fn is_a_fee(&self, doubt: &Doubt) -> bool {
        let venue = &doubt.instrument.venue;
        let class = self.class_of(&doubt.instrument);
        let fees = self.venues.get(venue).and_then(|v| v.setup.fees.iter().find(|(c, _)| *c == class));
        let rate = fees.and_then(|(_, schedule)| schedule.percent.factor());
        let missing = doubt.ours.checked_sub(doubt.theirs).filter(|m| m.is_positive());
        let Some((rate, missing)) = rate.zip(missing) else { return false };
        if class != AssetClass::Crypto || doubt.theirs.is_negative() {
            return false;
        }
        let since = self.book.position(&doubt.instrument).and_then(|p| p.confirmed_at);
        let bought = self
            .book
            .fills_of(venue)
            .rev()
            .take_while(|fill| since.is_none_or(|since| fill.known_at > since))
            .filter(|fill| fill.execution.instrument == doubt.instrument)
            .filter(|fill| fill.execution.side == Side::Buy && fill.execution.fee.is_none())
            .try_fold(Qty::ZERO, |sum, fill| sum.checked_add(fill.execution.qty));
        let most = bought.and_then(|qty| qty.get().checked_mul(rate));
        most.is_some_and(|most| missing.get() <= most)
    }

    /// Time to ask again.
    pub(super) fn on_doubt(&mut self, venue: &VenueId) {
        if self.doubts.any_at(venue) {
            self.ask_report(venue, false);
        }
    }

    /// Why this position is not known for sure, in words.
    pub(super) fn doubt_of(&self, instrument: &InstrumentId) -> Option<Text> {
        let row = self.doubts.rows.get(instrument)?;
        Some(Text::clean(&format!(
            "the fills make {}, {} says {}: asking again",
            row.ours, instrument.venue, row.theirs
        )))
    }

    /// Does the venue say that there is something to close on the same side as the fills do? Then a close that the
    /// venue itself holds to the position is safe, whoever is right.
    pub(super) fn is_held_for_sure(&self, instrument: &InstrumentId) -> bool {
        let row = self.doubts.rows.get(instrument);
        row.is_none_or(|row| {
            row.theirs.exit_side().is_some() && row.theirs.exit_side() == row.ours.exit_side()
        })
    }

    /// The positions in doubt that an exit covers.
    pub(super) fn doubts_in<'a>(&'a self, plan: &'a ExitPlan) -> impl Iterator<Item = &'a InstrumentId> {
        self.doubts.rows.keys().filter(|i| plan.holds(i))
    }
}
/// What a person is told of a fee that was taken in the thing itself.
fn charged(doubt: &Doubt) -> AlertSeed {
    let (venue, symbol) = (&doubt.instrument.venue, &doubt.instrument.symbol);
    let missing = doubt.ours.checked_sub(doubt.theirs).unwrap_or_default();
    let text = format!(
        "{symbol}: {missing} less than was bought, {venue}'s fee in the coin: {} is held",
        doubt.theirs
    );
    AlertSeed::of_venue(Severity::Info, AlertCode::PositionMismatch, venue, &text).symbol(symbol)
}
