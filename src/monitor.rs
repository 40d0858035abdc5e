//! Watchers: what a person must be told of that no single fact says. Each speaks once and again only after
//! what it saw went away.

use crate::{
    book::{Book, Marks, reconcile::AlertSeed},
    calendar::{Calendar, Phase},
    domain::{
        alert::{AlertCode, Severity},
        ids::{InstrumentId, OrderId, VenueId},
        instrument::AssetClass,
        lifecycle::OrderState,
        money::Qty,
        order::{OrderKind, Origin},
        text::Text,
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

/// The watchers' memory: what has been said.
#[derive(Debug, Default)]
pub struct Monitor {
    raised: BTreeSet<Seen>,
    /// Since when a position stands without a stop.
    naked_since: BTreeMap<InstrumentId, Mono>,
}

/// Something that was said, until it goes away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Pending(OrderId),
    QuoteAge(InstrumentId),
    NoStop(InstrumentId),
    External(OrderId),
}

impl Seen {
    const fn venue(&self) -> &VenueId {
        match self {
            Self::Pending(order) | Self::External(order) => &order.venue,
            Self::QuoteAge(instrument) | Self::NoStop(instrument) => &instrument.venue,
        }
    }
}

impl Monitor {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Looks at everything; the alerts that are new. Call it about once a second.
    pub fn watch(&mut self, book: &Book, marks: &Marks, thresholds: &Thresholds, now: Now) -> Vec<AlertSeed> {
        let mut found: BTreeMap<Seen, AlertSeed> = BTreeMap::new();
        pending(book, thresholds, now, &mut found);
        quote_age(book, marks, thresholds, now, &mut found);
        external(book, &mut found);
        self.no_stop(book, thresholds, now, &mut found);
        // What went away may be said again when it comes back.
        self.raised.retain(|seen| found.contains_key(seen));
        let mut new = Vec::new();
        for (seen, seed) in found {
            if self.raised.insert(seen) {
                new.push(seed);
            }
        }
        new
    }
    /// A venue is gone from the configuration or asleep: what was said of it may be said again.
    pub fn forget(&mut self, venue: &VenueId) {
        self.raised.retain(|seen| seen.venue() != venue);
        self.naked_since.retain(|instrument, _| instrument.venue != *venue);
    }

    fn no_stop(
        &mut self,
        book: &Book,
        thresholds: &Thresholds,
        now: Now,
        found: &mut BTreeMap<Seen, AlertSeed>,
    ) {
        let mut naked = BTreeMap::new();
        for p in book.positions().filter(|p| !p.qty.is_zero()) {
            if has_stop(book, &p.instrument) {
                continue;
            }
            let since = self.naked_since.get(&p.instrument).copied().unwrap_or(now.mono);
            naked.insert(p.instrument.clone(), since);
            if now.mono.since_ms(since) < thresholds.no_stop_grace_ms {
                continue;
            }
            let symbol = &p.instrument.symbol;
            let text = format!(
                "{symbol} has no protective stop for all of its {}; `protect {symbol} stop …`",
                p.qty
            );
            let seed = of_instrument(Severity::Warning, AlertCode::NoStop, &p.instrument, &text);
            found.insert(Seen::NoStop(p.instrument.clone()), seed);
        }
        self.naked_since = naked;
    }
}

fn of_instrument(severity: Severity, code: AlertCode, instrument: &InstrumentId, text: &str) -> AlertSeed {
    AlertSeed {
        severity,
        code,
        venue: Some(instrument.venue.clone()),
        symbol: Some(instrument.symbol.clone()),
        order: None,
        text: Text::clean(text),
    }
}

fn pending(book: &Book, thresholds: &Thresholds, now: Now, found: &mut BTreeMap<Seen, AlertSeed>) {
    let max = i64::try_from(thresholds.pending_max_ms).ok().unwrap_or(i64::MAX);
    for order in book.open_orders() {
        let waits = order.state.is_uncertain()
            || matches!(
                order.state,
                OrderState::Intended | OrderState::PendingCancel | OrderState::PendingReplace
            );
        let waited = now.wall.since_ms(order.updated_at);
        if waits && waited > max {
            let text = format!(
                "order {} is {} for {} s: no word from {}",
                order.id.client,
                order.state.word(),
                waited.div_euclid(1_000),
                order.id.venue
            );
            let mut seed =
                of_instrument(Severity::Critical, AlertCode::OrderUnknown, order.instrument(), &text);
            seed.order = Some(order.id.clone());
            found.insert(Seen::Pending(order.id.clone()), seed);
        }
    }
}

fn quote_age(
    book: &Book,
    marks: &Marks,
    thresholds: &Thresholds,
    now: Now,
    found: &mut BTreeMap<Seen, AlertSeed>,
) {
    for p in book.positions().filter(|p| !p.qty.is_zero()) {
        let class = book.instrument(&p.instrument).map_or(AssetClass::Equity, |i| i.class);
        let open = Calendar::of(class).session_at(now.wall).phase == Phase::Regular;
        let age = marks.get(&p.instrument).and_then(|m| m.quote_age_ms(now));
        let Some(age) = age.filter(|a| open && *a > thresholds.held_quote_age_max_ms) else { continue };
        let symbol = &p.instrument.symbol;
        let text = format!("the quote of {symbol}, which is held, is {} s old", age / 1_000);
        let seed = of_instrument(Severity::Warning, AlertCode::Stream, &p.instrument, &text);
        found.insert(Seen::QuoteAge(p.instrument.clone()), seed);
    }
}

fn external(book: &Book, found: &mut BTreeMap<Seen, AlertSeed>) {
    for order in book.open_orders().filter(|o| o.origin == Origin::External) {
        let text = format!(
            "an order that nobody here made: {} {} at {} ({})",
            order.spec.side.word(),
            order.instrument().symbol,
            order.id.venue,
            order.id.client
        );
        let mut seed = of_instrument(Severity::Info, AlertCode::ExternalOrder, order.instrument(), &text);
        seed.order = Some(order.id.clone());
        found.insert(Seen::External(order.id.clone()), seed);
    }
}

/// Has this position a working protective stop for all of it?
pub fn has_stop(book: &Book, instrument: &InstrumentId) -> bool {
    let Some(position) = book.position(instrument).filter(|p| !p.qty.is_zero()) else { return true };
    let mut covered = Qty::ZERO;
    for order in book.reducing_orders(instrument) {
        if matches!(
            order.spec.order_type.kind(),
            OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop
        ) {
            covered = covered.checked_add(order.remaining().unwrap_or_default()).unwrap_or(covered);
        }
    }
    covered >= position.qty.size()
}
