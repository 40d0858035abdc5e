//! Watchers: what a person must be told of that no single fact says. Each speaks once, and again only after
//! what it saw went away.

use crate::{
    book::{AlertSeed, Book, Mark, Marks, OrderRow, PositionRow},
    calendar::Calendar,
    domain::{
        alert::{AlertCode, Severity},
        ids::{InstrumentId, OrderId, VenueId},
        lifecycle::OrderState,
        money::Qty,
        order::{OrderKind, Origin},
        time::{Mono, Now},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What the watchers go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// How long an order may wait for an answer, milliseconds.
    pub pending_max_ms: u64,
    /// How old the quote of something held may be in its session, milliseconds.
    pub held_quote_age_max_ms: u64,
    /// How long a position may stand without a stop before it is said, milliseconds.
    pub no_stop_grace_ms: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { pending_max_ms: 30_000, held_quote_age_max_ms: 300_000, no_stop_grace_ms: 1_000 }
    }
}

/// What a watcher saw, and of what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    Pending(OrderId),
    StaleQuote(InstrumentId),
    NoStop(InstrumentId),
    External(OrderId),
}

impl Sight {
    const fn venue(&self) -> &VenueId {
        match self {
            Self::Pending(order) | Self::External(order) => &order.venue,
            Self::StaleQuote(instrument) | Self::NoStop(instrument) => &instrument.venue,
        }
    }
}

/// The watchers' memory: what has been said, and since when a position stands without a stop.
#[derive(Debug, Default)]
pub struct Monitor {
    raised: BTreeSet<Sight>,
    naked_since: BTreeMap<InstrumentId, Mono>,
}

impl Monitor {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at everything; the alerts that are new. Call it about once a second, and after each fill.
    pub fn watch(&mut self, book: &Book, marks: &Marks, thresholds: &Thresholds, now: Now) -> Vec<AlertSeed> {
        let mut seen = BTreeMap::new();
        seen.extend(book.open_orders().filter_map(|row| pending(row, thresholds, now)));
        seen.extend(book.open_orders().filter_map(external));
        for row in book.positions().filter(|row| !row.qty.is_zero()) {
            let mark = marks.get(&row.instrument);
            let sight = Sight::StaleQuote(row.instrument.clone());
            // Once said it stands until the quote is clearly young again.
            let limit_ms = if self.raised.contains(&sight) {
                thresholds.held_quote_age_max_ms / 2
            } else {
                thresholds.held_quote_age_max_ms
            };
            if let Some(seed) = stale_quote(book, row, mark, limit_ms, now) {
                seen.insert(sight, seed);
            }
        }
        seen.extend(self.naked(book, thresholds, now));
        let new = seen.iter().filter(|(sight, _)| !self.raised.contains(sight));
        let alerts = new.map(|(_, seed)| seed.clone()).collect();
        self.raised = seen.into_keys().collect();
        alerts
    }

    /// A venue is gone from the configuration or starts anew: what was said of it may be said again.
    pub fn forget(&mut self, venue: &VenueId) {
        self.raised.retain(|sight| sight.venue() != venue);
        self.naked_since.retain(|instrument, _| instrument.venue != *venue);
    }

    fn naked(&mut self, book: &Book, thresholds: &Thresholds, now: Now) -> Vec<(Sight, AlertSeed)> {
        let bare: BTreeSet<&InstrumentId> = book
            .positions()
            .filter(|row| !row.qty.is_zero() && !has_stop(book, &row.instrument))
            .map(|row| &row.instrument)
            .collect();
        self.naked_since.retain(|instrument, _| bare.contains(instrument));
        let mut out = Vec::new();
        for instrument in bare {
            let since = *self.naked_since.entry(instrument.clone()).or_insert(now.mono);
            if now.mono.since_ms(since) >= thresholds.no_stop_grace_ms {
                let text = format!("{} has no protective stop", instrument.symbol);
                let seed =
                    AlertSeed::of_venue(Severity::Warning, AlertCode::NoStop, &instrument.venue, &text);
                out.push((Sight::NoStop(instrument.clone()), seed.symbol(&instrument.symbol)));
            }
        }
        out
    }
}

fn pending(row: &OrderRow, thresholds: &Thresholds, now: Now) -> Option<(Sight, AlertSeed)> {
    let waits = matches!(
        row.state,
        OrderState::Sending
            | OrderState::Unknown
            | OrderState::Absent
            | OrderState::PendingCancel
            | OrderState::PendingReplace
    );
    let age_ms = u64::try_from(now.wall.since_ms(row.updated_at)).ok()?;
    if !waits || age_ms < thresholds.pending_max_ms {
        return None;
    }
    let text = format!(
        "{} {} {} is {} for {} s",
        row.id.client,
        row.spec.side.word(),
        row.spec.instrument.symbol,
        row.state.word(),
        age_ms / 1_000
    );
    let seed = AlertSeed::of_venue(Severity::Critical, AlertCode::OrderUnknown, &row.id.venue, &text);
    Some((Sight::Pending(row.id.clone()), seed.symbol(&row.spec.instrument.symbol).order(&row.id)))
}

fn external(row: &OrderRow) -> Option<(Sight, AlertSeed)> {
    if row.origin != Origin::External {
        return None;
    }
    let text = format!(
        "{} {} at {} was not made here ({})",
        row.spec.side.word(),
        row.spec.instrument.symbol,
        row.id.venue,
        row.id.client
    );
    let seed = AlertSeed::of_venue(Severity::Warning, AlertCode::ExternalOrder, &row.id.venue, &text);
    Some((Sight::External(row.id.clone()), seed.symbol(&row.spec.instrument.symbol).order(&row.id)))
}

fn stale_quote(
    book: &Book,
    row: &PositionRow,
    mark: Option<&Mark>,
    limit_ms: u64,
    now: Now,
) -> Option<AlertSeed> {
    let class = book.instrument(&row.instrument)?.class;
    if !Calendar::of(class).is_regular(now.wall) {
        return None;
    }
    let symbol = &row.instrument.symbol;
    let text = match mark.and_then(|m| m.quote_age_ms(now)) {
        None => format!("{symbol} is held and has no quote"),
        Some(age_ms) if age_ms > limit_ms => {
            format!("{symbol} is held and its quote is {} s old", age_ms / 1_000)
        }
        Some(_) => return None,
    };
    let venue = &row.instrument.venue;
    Some(AlertSeed::of_venue(Severity::Warning, AlertCode::Stream, venue, &text).symbol(symbol))
}

/// Has this position a protective stop for all of it at the venue? A stop that waits for its pair counts; one
/// whose outcome is not known does not.
pub fn has_stop(book: &Book, instrument: &InstrumentId) -> bool {
    let Some(row) = book.position(instrument) else {
        return false;
    };
    let mut covered = Qty::ZERO;
    for order in book.reducing_orders(instrument).filter(|order| protects(order)) {
        let open = order.remaining().unwrap_or_default();
        covered = covered.checked_add(open).unwrap_or(covered);
    }
    !row.qty.is_zero() && covered >= row.qty.size()
}

fn protects(order: &OrderRow) -> bool {
    let is_stop = matches!(
        order.spec.order_type.kind(),
        OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop
    );
    let stands = matches!(
        order.state,
        OrderState::Accepted
            | OrderState::Held
            | OrderState::Working
            | OrderState::PendingReplace
            | OrderState::DoneForDay
    );
    is_stop && stands
}
