//! What the book and the venues disagree on, for a person to decide: orders and positions that nobody here made, orders
//! that the venue does not have, positions in doubt; and what reports brought that no stream had told.

use super::Engine;
use crate::{
    desk::{
        Reply,
        snapshot::{DifferenceKind, DifferenceRow},
    },
    domain::{
        fact::{Dated, Fact, PositionSource},
        ids::{ClientId, InstrumentId, OrderId, VenueId},
        lifecycle::OrderState,
        order::Origin,
        report::Execution,
        text::Text,
        time::Stamp,
    },
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// So many are kept; older ones stand in the journal.
const LOG_MAX: usize = 200;

/// What was noticed.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Newest last.
    log: VecDeque<DifferenceRow>,
    /// Numbers of what stands for as long as it is so.
    standing: BTreeMap<(DifferenceKind, String), (u64, Stamp)>,
    numbers: u64,
    pub(super) shown: Arc<Vec<DifferenceRow>>,
}

impl Differences {
    fn number(&mut self) -> u64 {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }

    fn log(&mut self, mut row: DifferenceRow) {
        row.id = self.number();
        if self.log.len() >= LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back(row);
    }

    /// Takes notice of a fact that follows from a venue's report, and of what a person decided.
    pub(super) fn note(&mut self, at: Stamp, fact: &Fact) {
        match fact {
            Fact::Executed(e) => self.log(fill(at, e, DifferenceKind::MissedFill)),
            Fact::Inferred(e) => self.log(fill(at, e, DifferenceKind::InferredFill)),
            Fact::Position { instrument, qty, source: PositionSource::Correction, .. } => {
                self.settle(instrument);
                let text = format!("{} says {qty}, and no fill here explains it", instrument.venue);
                self.log(row(at, instrument, DifferenceKind::ForeignPosition, &text, !qty.is_zero()));
            }
            Fact::Adopted { instrument, order: None } => self.settle(instrument),
            Fact::Adopted { order: Some(_), .. }
            | Fact::Corrected(_)
            | Fact::Position { .. }
            | Fact::Opened { .. }
            | Fact::Commanded { .. }
            | Fact::Intended(_)
            | Fact::Order(_)
            | Fact::Learned { .. }
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
            | Fact::EquityHigh { .. }
            | Fact::ExitEnded { .. } => {}
        }
    }

    /// A replayed fact: what was decided stays decided, what was not waits on.
    pub(super) fn past(&mut self, dated: &Dated) {
        if matches!(&dated.fact, Fact::Position { .. } | Fact::Adopted { .. }) {
            self.note(dated.at, &dated.fact);
        }
    }

    /// Nothing about this position waits any more.
    fn settle(&mut self, instrument: &InstrumentId) {
        for row in self.log.iter_mut().filter(|r| r.instrument.as_ref() == Some(instrument)) {
            row.is_open = false;
        }
    }

    fn stands(&mut self, at: Stamp, mut row: DifferenceRow, name: String) -> DifferenceRow {
        let next = self.numbers.saturating_add(1);
        let (id, since) = *self.standing.entry((row.kind, name)).or_insert((next, at));
        self.numbers = self.numbers.max(id);
        (row.id, row.at) = (id, since);
        row
    }
}

fn row(
    at: Stamp,
    instrument: &InstrumentId,
    kind: DifferenceKind,
    text: &str,
    is_open: bool,
) -> DifferenceRow {
    DifferenceRow {
        id: 0,
        at,
        venue: instrument.venue.clone(),
        instrument: Some(instrument.clone()),
        order: None,
        kind,
        text: Text::clean(text),
        is_open,
    }
}

fn fill(at: Stamp, e: &Execution, kind: DifferenceKind) -> DifferenceRow {
    let told = if kind == DifferenceKind::MissedFill {
        "found in a report, no stream had told it"
    } else {
        "follows from the order's figures; its record has not come"
    };
    let text = format!("{} {} at {}: {told}", e.side.word(), e.qty, e.price);
    let order = Some(OrderId { venue: e.instrument.venue.clone(), client: e.client.clone() });
    DifferenceRow { order, ..row(at, &e.instrument, kind, &text, false) }
}

impl Engine {
    /// Works out what stands. `true` when it differs from what is shown.
    pub(super) fn look_for_differences(&mut self) -> bool {
        let at = self.now.wall;
        let (book, doubts) = (&self.book, &self.doubts);
        let held = |i: &InstrumentId| book.position(i).is_some_and(|p| !p.qty.is_zero());
        let mut found: Vec<(DifferenceRow, String)> = Vec::new();
        for instrument in doubts.instruments() {
            let text = self.doubt_of(instrument).unwrap_or_default();
            found.push((
                row(at, instrument, DifferenceKind::Doubt, text.as_str(), true),
                instrument.to_string(),
            ));
        }
        for order in book.open_orders() {
            let instrument = &order.spec.instrument;
            let (kind, text) = if order.state == OrderState::Absent {
                (DifferenceKind::NotAtVenue, "open here, and the venue does not have it")
            } else if order.origin == Origin::External {
                (DifferenceKind::ForeignOrder, "nobody here made it")
            } else {
                continue;
            };
            let text = format!("{} {}: {text}", order.spec.side.word(), order.id.client);
            let row =
                DifferenceRow { order: Some(order.id.clone()), ..row(at, instrument, kind, &text, true) };
            found.push((row, order.id.to_string()));
        }
        let logged = self.differences.log.iter().rev().map(|r| {
            let is_open = r.is_open && r.instrument.as_ref().is_some_and(held);
            DifferenceRow { is_open, ..r.clone() }
        });
        let (waiting, done): (Vec<_>, Vec<_>) = logged.partition(|r| r.is_open);
        let now: Vec<(DifferenceKind, String)> = found.iter().map(|(r, n)| (r.kind, n.clone())).collect();
        self.differences.standing.retain(|key, _| now.contains(key));
        let mut rows = waiting;
        rows.extend(found.into_iter().map(|(row, name)| self.differences.stands(at, row, name)));
        rows.extend(done);
        let moved = rows != *self.differences.shown;
        if moved {
            self.differences.shown = Arc::new(rows);
        }
        moved
    }

    /// A person says that this is theirs, though nobody here made it.
    pub(super) fn adopt(&mut self, instrument: InstrumentId, order: Option<ClientId>) -> Reply {
        let venue: &VenueId = &instrument.venue;
        let order = order.map(|client| OrderId { venue: venue.clone(), client });
        let foreign = match &order {
            Some(id) => self.book.order(id).is_some_and(|o| o.origin == Origin::External),
            None => {
                self.differences.log.iter().any(|r| r.is_open && r.instrument.as_ref() == Some(&instrument))
            }
        };
        if !foreign {
            let what = order.as_ref().map_or_else(|| instrument.to_string(), ToString::to_string);
            return super::requests::refused_text(
                &format!("{what} is not foreign; there is nothing to adopt"),
                None,
            );
        }
        let what =
            order.as_ref().map_or_else(|| format!("the position in {instrument}"), |o| format!("order {o}"));
        let fact = Fact::Adopted { instrument, order };
        self.differences.note(self.now.wall, &fact);
        self.fact(fact);
        self.view.reconciliation |= self.look_for_differences();
        super::requests::done(&format!("{what} is yours from now on"))
    }
}
