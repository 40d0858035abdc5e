//! Orders and positions: what waits too long, what works too long, what has no stop, what nobody here did.

use super::{
    Reading, Sources, VenueWatch,
    ages::{Ages, Subject},
    has_stop, opens_risk,
    reading::ratio,
    worst_of,
};
use crate::{
    book::{AlertSeed, Book, OrderRow},
    domain::{
        alert::{AlertCode, Severity},
        ids::{ClientId, OrderId},
        lifecycle::OrderState,
        money::whole,
        order::{Origin, Role},
        rules::{LatchKey, Rule},
    },
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn read(from: &Sources<'_>, at: &VenueWatch<'_>, ages: &mut Ages, out: &mut Vec<Reading>) {
    let mut pending = BTreeMap::new();
    let mut old = BTreeMap::new();
    for row in from.book.open_orders().filter(|o| o.id.venue == *at.venue) {
        if waits(row.state) {
            let subject = Subject::Waits(row.id.clone(), row.state, row.updated_at);
            let ms = ages.of(subject, Some(row.updated_at), from.now);
            add(&mut pending, row, ms);
        } else if opens_risk(from.book, row) {
            let ms = ages.of(Subject::Works(row.id.clone()), Some(row.intended_at), from.now);
            add(&mut old, row, ms);
        }
    }
    let rules = at.rules;
    aged(from, at, Rule::OrderPending, (&mut pending, rules.order_pending.seconds), out);
    aged(from, at, Rule::OrderOld, (&mut old, rules.order_old.seconds), out);
    naked(from, at, ages, out);
    orphans(from, at, ages, out);
    for rule in [Rule::PositionChanged, Rule::Overfill] {
        surprises(from, at, rule, out);
    }
}

/// The orders of one symbol with their ages.
type Aged<'a> = BTreeMap<&'a crate::domain::ids::InstrumentId, Vec<(u64, &'a OrderRow)>>;

fn add<'a>(to: &mut Aged<'a>, row: &'a OrderRow, ms: u64) {
    to.entry(&row.spec.instrument).or_default().push((ms, row));
}

const fn waits(state: OrderState) -> bool {
    matches!(
        state,
        OrderState::Sending
            | OrderState::Unknown
            | OrderState::Absent
            | OrderState::PendingCancel
            | OrderState::PendingReplace
    )
}

fn aged(
    from: &Sources<'_>,
    at: &VenueWatch<'_>,
    rule: Rule,
    of: (&mut Aged<'_>, u64),
    out: &mut Vec<Reading>,
) {
    let (by_symbol, most_s) = of;
    let mut rows = Vec::new();
    for (instrument, orders) in by_symbol {
        orders.sort_by_key(|(ms, _)| std::cmp::Reverse(*ms));
        let Some((ms, oldest)) = orders.first() else { continue };
        let is_over = |ms: u64| ms >= most_s.saturating_mul(1_000);
        let over: Vec<OrderId> =
            orders.iter().filter(|(ms, _)| is_over(*ms)).map(|(_, o)| o.id.clone()).collect();
        let more = match over.len() {
            0 | 1 => String::new(),
            n => format!(", and {} more", n.saturating_sub(1)),
        };
        let text = format!(
            "{} {} {} is {} for {} s{more}",
            oldest.id.client,
            oldest.spec.side.word(),
            instrument.symbol,
            oldest.state.word(),
            ms.div_euclid(1_000)
        );
        let (code, severity) = if rule == Rule::OrderPending {
            (AlertCode::OrderUnknown, Severity::Critical)
        } else {
            (AlertCode::Limit, Severity::Warning)
        };
        let mut reading = Reading::of_symbol(at.rules, rule, instrument)
            .about(code, severity)
            .figures(&format!("{} s", ms.div_euclid(1_000)), &format!("{most_s} s"))
            .says(&text)
            .by_share(ratio(whole(*ms), whole(most_s.saturating_mul(1_000))), Decimal::ONE);
        reading.orders = over;
        rows.push(reading);
    }
    worst_of(from, at, rule, rows, out);
}

fn naked(from: &Sources<'_>, at: &VenueWatch<'_>, ages: &mut Ages, out: &mut Vec<Reading>) {
    let grace_ms = at.rules.no_stop.seconds.saturating_mul(1_000);
    let mut rows = Vec::new();
    for held in from.held(at.venue).filter(|p| !has_stop(from.book, &p.instrument)) {
        let ms = ages.of(Subject::Naked(held.instrument.clone()), None, from.now);
        let text = format!("{} has no protective stop", held.instrument.symbol);
        let reading = Reading::of_symbol(at.rules, Rule::NoStop, &held.instrument)
            .about(AlertCode::NoStop, Severity::Warning)
            .figures("no stop", "all of it")
            .says(&text)
            .by_fact(ms >= grace_ms);
        rows.push(reading);
    }
    worst_of(from, at, Rule::NoStop, rows, out);
}

/// D7: one exit of a pair has filled and the other is still there. It is an alarm until the venue says it is gone:
/// what fills it opens a position on the other side.
fn orphans(from: &Sources<'_>, at: &VenueWatch<'_>, ages: &mut Ages, out: &mut Vec<Reading>) {
    let grace_ms = at.rules.orphan_exit.seconds.saturating_mul(1_000);
    let mut by_symbol: Aged<'_> = BTreeMap::new();
    for row in from.book.open_orders().filter(|o| o.id.venue == *at.venue && is_orphan(from.book, o)) {
        let ms = ages.of(Subject::Orphan(row.id.clone()), None, from.now);
        add(&mut by_symbol, row, ms);
    }
    let mut rows = Vec::new();
    for (instrument, orders) in &by_symbol {
        let Some((ms, oldest)) = orders.first() else { continue };
        let symbol = &instrument.symbol;
        let text = format!(
            "ORPHAN: the {} {} of {symbol} is {} and has nothing to close; `cancel {}`",
            if oldest.role == Role::Stop { "stop" } else { "target" },
            oldest.id.client,
            oldest.state.word(),
            oldest.id.client,
        );
        let mut reading = Reading::of_symbol(at.rules, Rule::OrphanExit, instrument)
            .about(AlertCode::OrphanExit, Severity::Critical)
            .figures(&orders.len().to_string(), "0")
            .says(&text)
            .by_fact(*ms >= grace_ms);
        reading.orders = orders.iter().map(|(_, o)| o.id.clone()).collect();
        rows.push(reading);
    }
    worst_of(from, at, Rule::OrphanExit, rows, out);
}

/// Is it the exit of a group whose entry is over, with no position that it would reduce?
fn is_orphan(book: &Book, row: &OrderRow) -> bool {
    let closes = book.exit_side(&row.spec.instrument) == Some(row.spec.side);
    row.role != Role::Entry && row.state != OrderState::Intended && !closes && !waits_for_entry(book, row)
}

/// So many replacements of an entry are followed.
const REPLACED_MAX: usize = 16;

/// Is the entry that it hangs on, or what replaced that, still to fill?
fn waits_for_entry(book: &Book, row: &OrderRow) -> bool {
    let named =
        |client: &ClientId| book.order(&OrderId { venue: row.id.venue.clone(), client: client.clone() });
    let mut entry = row.parent.as_ref().and_then(named);
    for _ in 0..REPLACED_MAX {
        match entry {
            Some(order) if order.role == Role::Entry && !order.state.is_final() => return true,
            Some(order) => entry = order.replaced_by.as_ref().and_then(named),
            None => return false,
        }
    }
    false
}

fn surprises(from: &Sources<'_>, at: &VenueWatch<'_>, rule: Rule, out: &mut Vec<Reading>) {
    let code = if rule == Rule::Overfill { AlertCode::Overfill } else { AlertCode::PositionMismatch };
    let here = |key: &LatchKey| key.rule == rule && key.venue.as_ref() == Some(at.venue);
    let mut rows = Vec::new();
    for (key, what) in from.book.surprises().filter(|(key, _)| here(key)) {
        let mut reading = Reading::new(key.clone(), at.rules.response(rule))
            .about(code, Severity::Critical)
            .figures("1", "0")
            .says(what.as_str())
            .by_fact(true);
        reading.told = true;
        rows.push(reading);
    }
    worst_of(from, at, rule, rows, out);
}

/// Orders that nobody here made, each once for as long as it is open.
pub(super) fn strangers(book: &Book, said: &mut BTreeSet<OrderId>) -> Vec<AlertSeed> {
    let mut open = BTreeSet::new();
    let mut seeds = Vec::new();
    for row in book.open_orders().filter(|row| row.origin == Origin::External) {
        open.insert(row.id.clone());
        if said.contains(&row.id) {
            continue;
        }
        let text = format!(
            "{} {} at {} was not made here ({})",
            row.spec.side.word(),
            row.spec.instrument.symbol,
            row.id.venue,
            row.id.client
        );
        let seed = AlertSeed::of_venue(Severity::Warning, AlertCode::ExternalOrder, &row.id.venue, &text);
        seeds.push(seed.symbol(&row.spec.instrument.symbol).order(&row.id));
    }
    *said = open;
    seeds
}
