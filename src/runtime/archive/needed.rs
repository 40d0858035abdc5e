//! Which records are needed still.

use crate::{
    book::Book,
    domain::{
        algorithm::Claim,
        fact::Fact,
        ids::{InstrumentId, OrderId, VenueId},
        report::Execution,
        time::Stamp,
    },
    journal::{Journal, Record, Seq},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    path::Path,
};

/// Executions of a venue are kept back to so long before the last one: it may tell them again.
const TOLD_AGAIN_MS: i64 = 7 * 86_400_000;
/// An execution whose order never came is waited for so long.
const ORPHAN_MS: i64 = 90 * 86_400_000;

/// What of a venue bounds how far back its records must reach.
#[derive(Debug, Default)]
struct OfVenue {
    day: Option<Seq>,
    week: Option<Seq>,
    baseline: Option<Seq>,
    recent: VecDeque<(Stamp, Seq)>,
}

/// Where the journal can be cut.
#[derive(Debug)]
pub(super) struct Past {
    /// The last record that may go.
    cut: Seq,
    venues: BTreeMap<VenueId, OfVenue>,
    last_lock: Option<Seq>,
    last_run: Option<Seq>,
}

impl Past {
    pub(super) fn read(journal: &Journal, before: Stamp) -> anyhow::Result<Self> {
        let mut past = Self { cut: Seq::START, venues: BTreeMap::new(), last_lock: None, last_run: None };
        let mut is_before = true;
        for record in journal.replay() {
            let record = record?;
            // A clock that was set back does not bring the past back: the first that is younger ends it.
            is_before &= record.dated.at < before;
            if is_before {
                past.cut = record.seq;
            }
            past.note(&record);
        }
        Ok(past)
    }

    fn note(&mut self, record: &Record) {
        let seq = record.seq;
        if let Fact::DayBegan { venue, .. } = &record.dated.fact {
            self.of(venue).day = Some(seq);
        }
        if let Fact::Baseline(baseline) = &record.dated.fact {
            let of = self.of(&baseline.venue);
            of.baseline = Some(seq);
            if baseline.week {
                of.week = Some(seq);
            }
        }
        if let Fact::Executed(_) | Fact::Corrected(_) = &record.dated.fact
            && let Some(execution) = record.dated.fact.execution()
        {
            let at = record.dated.at;
            let recent = &mut self.of(&execution.instrument.venue).recent;
            recent.push_back((at, seq));
            while recent.front().is_some_and(|(first, _)| at.since_ms(*first) > TOLD_AGAIN_MS) {
                recent.pop_front();
            }
        }
        if matches!(record.dated.fact, Fact::Locked { .. } | Fact::Unlocked { .. }) {
            self.last_lock = Some(seq);
        }
        if matches!(record.dated.fact, Fact::Opened { .. }) {
            self.last_run = Some(seq);
        }
    }

    fn of(&mut self, venue: &VenueId) -> &mut OfVenue {
        self.venues.entry(venue.clone()).or_default()
    }

    /// The last record of a venue that may go: before its day and week began, and before what it may tell again.
    fn bound(&self, venue: &VenueId) -> Seq {
        let of = self.venues.get(venue);
        let first_recent = of.and_then(|of| of.recent.front()).map(|(_, seq)| *seq);
        let firsts = of.map(|of| [of.day, of.week.or(of.baseline), first_recent]).into_iter().flatten();
        firsts.flatten().fold(self.cut, |bound, first| bound.min(before(first)))
    }

    fn first_baseline(&self, venue: &VenueId) -> Seq {
        let of = self.venues.get(venue);
        of.and_then(|of| of.week.or(of.baseline)).unwrap_or(Seq::START)
    }

    fn last_baseline(&self, venue: &VenueId) -> Seq {
        self.venues.get(venue).and_then(|of| of.baseline).unwrap_or(Seq::START)
    }
}

fn before(seq: Seq) -> Seq {
    Seq::new(seq.get().saturating_sub(1))
}

/// Which records stay.
#[derive(Debug)]
pub(super) struct Needed {
    past: Past,
    bounds: BTreeMap<VenueId, Seq>,
    instruments: HashMap<OrderId, InstrumentId>,
    /// Nothing of an instrument was open after this record.
    settled: BTreeMap<InstrumentId, Seq>,
    alerts: BTreeSet<u64>,
}

impl Needed {
    /// Reads the whole journal; also how many records it has, and the outline of its book at the end.
    pub(super) fn of(
        journal: &Journal,
        past: Past,
        claims: &[Claim],
    ) -> anyhow::Result<(Self, u64, Vec<String>)> {
        let bounds = past.venues.keys().map(|venue| (venue.clone(), past.bound(venue))).collect();
        let mut needed = Self {
            past,
            bounds,
            instruments: HashMap::new(),
            settled: BTreeMap::new(),
            alerts: BTreeSet::new(),
        };
        let mut book = Book::new();
        book.claim(claims.to_vec());
        let (mut doubts, mut records) = (Doubts::default(), 0_u64);
        for record in journal.replay() {
            let record = record?;
            records = records.saturating_add(1);
            book.apply(record.dated.at, &record.dated.fact);
            doubts.note(&book, &record);
            let Some(instrument) = needed.instrument(&record.dated.fact) else { continue };
            if record.seq <= needed.bound(&instrument.venue)
                && book.is_settled(&instrument)
                && doubts.is_clear(&book, &instrument, record.dated.at)
            {
                needed.settled.insert(instrument, record.seq);
            }
        }
        needed.alerts = book.alerts().filter(|(_, seen)| !seen).map(|(alert, _)| alert.id).collect();
        needed.alerts.insert(book.next_alert_id().saturating_sub(1));
        Ok((needed, records, book.outline()))
    }

    /// How many records stay.
    pub(super) fn count(&self, path: &Path) -> anyhow::Result<u64> {
        let journal = Journal::inspect(path)?;
        let mut count = 0_u64;
        for record in journal.replay() {
            count = count.saturating_add(u64::from(self.keeps(&record?)));
        }
        Ok(count)
    }

    fn bound(&self, venue: &VenueId) -> Seq {
        self.bounds.get(venue).copied().unwrap_or(self.past.cut)
    }

    pub(super) fn keeps(&self, record: &Record) -> bool {
        let seq = record.seq;
        if seq > self.past.cut {
            return true;
        }
        match &record.dated.fact {
            Fact::Opened { .. } => Some(seq) == self.past.last_run,
            Fact::Commanded { .. } | Fact::Acknowledged { .. } => false,
            Fact::Intended(_)
            | Fact::Order(_)
            | Fact::Learned { .. }
            | Fact::Executed(_)
            | Fact::Inferred(_)
            | Fact::Corrected(_)
            | Fact::Position { .. }
            | Fact::Adopted { .. }
            | Fact::Held(_) => match self.known(&record.dated.fact) {
                Some(instrument) => self.settled.get(instrument).is_none_or(|settled| seq > *settled),
                None => true,
            },
            Fact::Alerted(alert) => {
                let of_today = alert.venue.as_ref().is_some_and(|venue| seq > self.bound(venue));
                of_today || self.alerts.contains(&alert.id)
            }
            Fact::Locked { .. } | Fact::Unlocked { .. } => Some(seq) == self.past.last_lock,
            Fact::Baseline(baseline) => seq >= self.past.first_baseline(&baseline.venue),
            Fact::EquityHigh { venue, .. } => seq >= self.past.last_baseline(venue),
            Fact::DayBegan { .. }
            | Fact::Account { .. }
            | Fact::Instrument(_)
            | Fact::Algorithm(_)
            | Fact::ExitBegan { .. }
            | Fact::ExitMeasured { .. }
            | Fact::ExitEnded { .. }
            | Fact::Tripped(_)
            | Fact::Untripped { .. } => true,
        }
    }

    /// The instrument that a fact is about; an order's name is learned with it.
    fn instrument(&mut self, fact: &Fact) -> Option<InstrumentId> {
        if let (Some(order), Some(instrument)) = (order_of(fact), named(fact)) {
            self.instruments.entry(order).or_insert_with(|| instrument.clone());
        }
        self.known(fact).cloned()
    }

    fn known<'a>(&'a self, fact: &'a Fact) -> Option<&'a InstrumentId> {
        named(fact).or_else(|| self.instruments.get(&order_of(fact)?))
    }
}

/// The instrument that a fact names itself.
fn named(fact: &Fact) -> Option<&InstrumentId> {
    if let Fact::Intended(intent) = fact {
        return Some(&intent.spec.instrument);
    }
    if let Fact::Learned { report, .. } = fact {
        return Some(&report.instrument);
    }
    if let Some(execution) = fact.execution() {
        return Some(&execution.instrument);
    }
    if let Fact::Position { instrument, .. } | Fact::Adopted { instrument, .. } = fact {
        return Some(instrument);
    }
    if let Fact::Held(held) = fact
        && let crate::domain::held::HeldEvent::Began(order) = &held.event
    {
        return Some(&order.instrument);
    }
    None
}

fn order_of(fact: &Fact) -> Option<OrderId> {
    if let Fact::Intended(intent) = fact {
        return Some(intent.order.clone());
    }
    if let Fact::Order(told) = fact {
        return Some(told.order.clone());
    }
    if let Fact::Held(held) = fact {
        return Some(held.order.clone());
    }
    if let Fact::Learned { report, .. } = fact {
        return Some(OrderId { venue: report.instrument.venue.clone(), client: report.client.clone() });
    }
    if let Some(execution) = fact.execution() {
        return Some(named_by(execution));
    }
    None
}

fn named_by(execution: &Execution) -> OrderId {
    OrderId { venue: execution.instrument.venue.clone(), client: execution.client.clone() }
}

/// What makes an instrument's past be needed though nothing of it seems open.
#[derive(Debug, Default)]
struct Doubts {
    /// Executions whose orders have not come.
    orphans: BTreeMap<InstrumentId, Vec<(OrderId, Stamp)>>,
    /// Fees that may have been taken in the thing itself, which only its rules would tell.
    fees: BTreeSet<InstrumentId>,
}

impl Doubts {
    fn note(&mut self, book: &Book, record: &Record) {
        let Fact::Executed(execution) = &record.dated.fact else { return };
        let order = named_by(execution);
        if book.awaits_order(&order) {
            let of = self.orphans.entry(execution.instrument.clone()).or_default();
            of.push((order, record.dated.at));
        }
        if !is_fee_money(execution) {
            self.fees.insert(execution.instrument.clone());
        }
    }

    fn is_clear(&self, book: &Book, instrument: &InstrumentId, at: Stamp) -> bool {
        let orphans = self.orphans.get(instrument).into_iter().flatten();
        let mut waits =
            orphans.filter(|(order, told)| book.awaits_order(order) && at.since_ms(*told) < ORPHAN_MS);
        waits.next().is_none() && !self.fees.contains(instrument)
    }
}

/// Was the fee, if any, taken in the currency that the price is in? Where the journal does not tell that currency, one
/// that is no part of the symbol is taken for it.
fn is_fee_money(execution: &Execution) -> bool {
    let Some(fee) = &execution.fee else { return true };
    let symbol = execution.instrument.symbol.as_str();
    match (execution.seen.as_deref().and_then(|seen| seen.currency.as_ref()), symbol.split_once('/')) {
        (Some(currency), _) => fee.currency == *currency,
        (None, Some((_, quote))) => fee.currency.as_str() == quote,
        (None, None) => !symbol.contains(fee.currency.as_str()),
    }
}
