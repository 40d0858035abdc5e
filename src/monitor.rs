//! Watchers: the rules that are held all the time, read about once a second and after each fill. A reading says how
//! much of a limit is used; acting on it is the engine's. What they remember is only since when something is so.

mod ages;
mod margin;
mod money;
mod orders;
mod reading;
mod trading;
mod venues;

pub use reading::{Reading, Standing};

use crate::{
    book::{AlertSeed, Book, Marks, OrderRow, PositionRow},
    calendar::Calendar,
    domain::{
        ids::{InstrumentId, OrderId, VenueId},
        lifecycle::OrderState,
        money::{Money, Percent, Qty},
        names::FewMap,
        order::{OrderKind, Role},
        rules::{LatchKey, Response, Rule, Rules},
        time::{Mono, Now},
    },
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A venue as the watchers see it. What is `None` is not known.
#[derive(Debug, Clone)]
pub struct VenueWatch<'a> {
    /// Which.
    pub venue: &'a VenueId,
    /// What its account is held to.
    pub rules: &'a Rules,
    /// Its trading days.
    pub calendar: Calendar,
    /// It trades round the clock whatever the calendar says.
    pub always_open: bool,
    /// Equity now: cash and positions at their marks.
    pub equity: Option<Money>,
    /// The highest of the day as far as this run saw it.
    pub high: Option<Money>,
    /// Margin that is used.
    pub margin_used: Option<Money>,
    /// Age of the account's figures, milliseconds.
    pub figures_age_ms: Option<u64>,
    /// Streams that are not up.
    pub down: Vec<&'static str>,
    /// Its clock minus ours, milliseconds.
    pub skew_ms: Option<i64>,
    /// Requests used and allowed.
    pub requests: Option<(u32, u32)>,
    /// It wants no requests for so long.
    pub limited_ms: Option<u64>,
    /// Signs of life of the algorithms that trade there, of those that have to give any.
    pub beats: Vec<Beat<'a>>,
}

/// An algorithm's sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat<'a> {
    /// Whose.
    pub name: &'a str,
    /// After so long without one it is silent, seconds; never zero.
    pub limit_s: u64,
    /// How old the last is, milliseconds. `None`: none was seen yet.
    pub age_ms: Option<u64>,
}

/// All that the watchers look at.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The book.
    pub book: &'a Book,
    /// The marks.
    pub marks: &'a Marks,
    /// The venues.
    pub venues: &'a [VenueWatch<'a>],
    /// The time.
    pub now: Now,
}

impl Sources<'_> {
    /// Is this rule's latch up?
    fn is_latched(&self, key: &LatchKey) -> bool {
        self.book.latch(key).is_some()
    }
    fn held(&self, venue: &VenueId) -> impl Iterator<Item = &PositionRow> {
        self.book.positions().filter(move |row| row.instrument.venue == *venue && !row.qty.is_zero())
    }
}

/// The watchers.
#[derive(Debug, Default)]
pub struct Monitor {
    ages: ages::Ages,
    /// Orders of others that were spoken of.
    strangers: BTreeSet<OrderId>,
    /// When orders went out, of the last minute.
    sent: FewMap<VenueId, trading::Sent>,
    /// For tests: the next look fails like a mistake in a watcher would.
    #[cfg(test)]
    pub(crate) broken: bool,
}

impl Monitor {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at everything: one reading or more for each rule at each venue.
    pub fn read(&mut self, from: &Sources<'_>) -> Vec<Reading> {
        #[cfg(test)]
        assert!(!self.broken, "a watcher with a mistake in it");
        self.ages.begin();
        let mut out = Vec::new();
        for at in from.venues {
            money::read(from, at, &mut out);
            margin::read(from, at, &mut out);
            trading::read(from, at, self.sent.get(at.venue), &mut out);
            orders::read(from, at, &mut self.ages, &mut out);
            venues::read(from, at, &mut self.ages, &mut out);
        }
        out.sort_by(|a, b| {
            (&a.key.venue, a.key.rule, &a.key.symbol).cmp(&(&b.key.venue, b.key.rule, &b.key.symbol))
        });
        out
    }

    /// Orders at a venue that nobody here made, each said once.
    pub fn strangers(&mut self, book: &Book) -> Vec<AlertSeed> {
        orders::strangers(book, &mut self.strangers)
    }

    /// An order is about to leave; how many left in the last second and the last minute, with it.
    pub fn sent(&mut self, venue: &VenueId, now: Mono) -> (u64, u64) {
        self.sent.or_default(venue).note(now)
    }
}

/// The quote of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QuoteAge {
    /// None is expected now: its market is closed.
    Closed,
    /// There is none.
    Missing,
    /// So old, milliseconds.
    Ms(u64),
}

/// Why the marks of what is held can't be trusted: the first that is missing or older than it may be, in its session.
fn stale_mark(from: &Sources<'_>, at: &VenueWatch<'_>) -> Option<String> {
    from.held(at.venue).find_map(|row| {
        let symbol = &row.instrument.symbol;
        match quote_age(from, at, row) {
            QuoteAge::Missing => Some(format!("{symbol} is held and has no quote")),
            QuoteAge::Ms(ms) if ms > at.rules.quote_age.seconds.saturating_mul(1_000) => {
                Some(format!("{symbol} is held and its quote is {} s old", ms.div_euclid(1_000)))
            }
            QuoteAge::Closed | QuoteAge::Ms(_) => None,
        }
    })
}

fn quote_age(from: &Sources<'_>, at: &VenueWatch<'_>, row: &PositionRow) -> QuoteAge {
    let class = from.book.instrument(&row.instrument).map(|rules| rules.class);
    let is_open = class.is_some_and(|class| Calendar::of(class).is_regular(from.now.wall));
    if !at.always_open && !is_open {
        return QuoteAge::Closed;
    }
    let age = from.marks.get(&row.instrument).and_then(|m| m.quote_age_ms(from.now));
    age.map_or(QuoteAge::Missing, QuoteAge::Ms)
}

/// Has this position a protective stop for all of it, at the venue or here? A stop that waits for its pair counts; one
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
    // One that this program holds itself protects while it runs, and is marked so wherever it is shown.
    for held in book.held_of(instrument).filter(|h| h.order.kind.protects() && h.stroke.is_none()) {
        if row.qty.exit_side() == Some(held.order.side) {
            covered = covered.checked_add(held.order.qty).unwrap_or(covered);
        }
    }
    !row.qty.is_zero() && covered >= row.qty.size()
}

/// Could this order open or add to a position? One that protects or closes what is held could not.
pub fn opens_risk(book: &Book, order: &OrderRow) -> bool {
    if order.role != Role::Entry {
        return false;
    }
    let held = book.position(&order.spec.instrument).map(|p| p.qty).unwrap_or_default();
    let closes = held.exit_side() == Some(order.spec.side);
    let size = order.remaining();
    !closes || size.is_none_or(|size| size > held.size())
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

/// How far a rule is from tripping, as a share of what is left to use: `0` with everything left.
fn used_of(limit: Percent, left: Percent) -> Option<Decimal> {
    let all = Percent::new(Decimal::ONE_HUNDRED);
    reading::ratio(all.checked_sub(left)?.get(), all.checked_sub(limit)?.get())
}

/// The symbols of a rule that have a line: those that are over, can't be judged or whose latch stands, else the worst.
/// Words are made for these alone: hundreds of positions are looked at each second.
fn telling<'a, T>(
    from: &Sources<'_>,
    at: &VenueWatch<'_>,
    rule: Rule,
    rows: impl Iterator<Item = (&'a InstrumentId, Option<Decimal>, T)>,
    say: impl Fn(&'a InstrumentId, T) -> Reading,
) -> Vec<Reading> {
    let is_off = at.rules.response(rule) == Response::Off;
    let any_latch = from.book.latches().next().is_some();
    let mut out = Vec::new();
    let mut worst: Option<(&InstrumentId, Option<Decimal>, T)> = None;
    for (instrument, share, of) in rows {
        let over = !is_off && share.is_none_or(|share| share >= Decimal::ONE);
        if over || (any_latch && from.is_latched(&LatchKey::of_symbol(rule, instrument))) {
            out.push(say(instrument, of));
        } else if worst.as_ref().is_none_or(|(_, before, _)| *before <= share) {
            worst = Some((instrument, share, of));
        }
    }
    if out.is_empty() {
        out.extend(worst.map(|(instrument, _, of)| say(instrument, of)));
    }
    out
}

/// The lines of a rule that is of single symbols: those that are over or whose latch stands, else the worst in one.
fn worst_of(from: &Sources<'_>, at: &VenueWatch<'_>, rule: Rule, rows: Vec<Reading>, out: &mut Vec<Reading>) {
    let stands =
        |r: &Reading| matches!(r.standing, Standing::Over | Standing::Unknown) || from.is_latched(&r.key);
    let (mut own, mut rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(stands);
    if !own.is_empty() {
        out.append(&mut own);
        return;
    }
    rest.sort_by_key(|r| r.share);
    let mut line = rest.pop().unwrap_or_else(|| Reading::of_venue(at.rules, rule, at.venue).by_fact(false));
    line.key.symbol = None;
    out.push(line);
}

#[cfg(test)]
mod tests;
