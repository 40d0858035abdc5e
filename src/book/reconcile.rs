//! Reconciliation: what must become of the book so that it agrees with what a venue says, as facts. Nothing
//! is changed here. Silence is never taken for an end: an order that a report lacks is to be asked for.

mod orders;
mod positions;

pub use orders::{contradiction, of_order_report};

use super::{Book, executions::explained};
use crate::domain::{
    alert::{Alert, AlertCode, Severity},
    fact::{Correction, Fact, PositionSource},
    ids::{ExecutionId, InstrumentId, OrderId, Symbol, VenueId},
    money::{Money, Price, Qty, SignedQty},
    order::OrderRef,
    report::{Execution, VenueReport},
    text::Text,
    time::Stamp,
};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// An alert that has no number and no time yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSeed {
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub code: AlertCode,
    /// Which venue.
    pub venue: Option<VenueId>,
    /// Which symbol.
    pub symbol: Option<Symbol>,
    /// Which order.
    pub order: Option<OrderId>,
    /// Which algorithm.
    pub algorithm: Option<SmolStr>,
    /// One sentence.
    pub text: Text,
}

impl AlertSeed {
    /// Of a venue.
    pub fn of_venue(severity: Severity, code: AlertCode, venue: &VenueId, text: &str) -> Self {
        Self {
            severity,
            code,
            venue: Some(venue.clone()),
            symbol: None,
            order: None,
            algorithm: None,
            text: Text::clean(text),
        }
    }
    /// About a symbol.
    #[must_use]
    pub fn symbol(self, symbol: &Symbol) -> Self {
        Self { symbol: Some(symbol.clone()), ..self }
    }
    /// About an order.
    #[must_use]
    pub fn order(self, order: &OrderId) -> Self {
        Self { order: Some(order.clone()), ..self }
    }
    /// With its number and time.
    pub fn into_alert(self, id: u64, at: Stamp) -> Alert {
        Alert {
            id,
            at,
            severity: self.severity,
            code: self.code,
            venue: self.venue,
            symbol: self.symbol,
            order: self.order,
            algorithm: self.algorithm,
            text: self.text,
        }
    }
}

/// One difference between book and venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// These facts, in this order, make them agree.
    Facts {
        /// To be journaled and applied.
        facts: Vec<Fact>,
        /// What a person must know of it.
        alert: Option<AlertSeed>,
    },
    /// The venue's report does not have this open order: ask for it by its names.
    Ask(OrderRef),
    /// The venue's word of a position differs from what the fills make. One snapshot proves nothing: it is asked again.
    Doubt(Doubt),
}

/// A position of which the venue says something else than the fills. Venues collect positions apart from executions:
/// a row can lag behind a fill that is known here, and run ahead of one that is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Which.
    pub instrument: InstrumentId,
    /// What the fills make, those of the report included.
    pub ours: SignedQty,
    /// What the venue says.
    pub theirs: SignedQty,
    /// At what average, if the venue says.
    pub avg_price: Option<Price>,
    /// Yesterday's close, if the venue says.
    pub previous_close: Option<Price>,
    /// What setting the position to the venue's word would be: a correction, or where counting starts.
    pub source: PositionSource,
    /// Fills of orders that are open here could make the difference: they may be told yet.
    pub explained: bool,
}

impl Doubt {
    /// The venue's word as a fact, once it is believed.
    pub fn believed(&self, source: PositionSource) -> Fact {
        Fact::Position {
            instrument: self.instrument.clone(),
            qty: self.theirs,
            avg_price: self.avg_price,
            previous_close: self.previous_close,
            source,
        }
    }

    /// What a person must know of it.
    pub fn alert(&self) -> AlertSeed {
        let (venue, symbol) = (&self.instrument.venue, &self.instrument.symbol);
        let text = format!(
            "{venue} holds {} {symbol}, the fills here make {}: set to what the venue says",
            self.theirs, self.ours
        );
        AlertSeed::of_venue(Severity::Critical, AlertCode::PositionMismatch, venue, &text).symbol(symbol)
    }
}

impl Finding {
    const fn quiet(facts: Vec<Fact>) -> Self {
        Self::Facts { facts, alert: None }
    }
}

/// What the executions of the report itself add to orders that the book has, before anything is applied.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    qty: Qty,
    value: Money,
}

type ToldByOrder = BTreeMap<OrderId, Told>;

/// Compares the book with everything a venue says: instruments, executions, then orders, positions, account.
/// Apply the findings in their order.
pub fn reconcile(book: &Book, report: &VenueReport) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rules = report.instruments.iter().filter(|i| book.instrument(&i.id) != Some(i));
    let rules: Vec<Fact> = rules.map(|i| Fact::Instrument(Box::new(i.clone()))).collect();
    if !rules.is_empty() {
        findings.push(Finding::quiet(rules));
    }
    let mut told = ToldByOrder::new();
    findings.extend(executions(book, report, &mut told));
    findings.extend(orders::all(book, report, &told));
    let traded = traded_in(book, &findings);
    findings.extend(positions::all(book, report, &traded));
    if let Some(account) = &report.account {
        let fact = Fact::Account { venue: report.venue.clone(), report: Box::new(account.clone()) };
        findings.push(Finding::quiet(vec![fact]));
    }
    findings.extend(report.missing.iter().map(|why| Finding::Facts {
        facts: Vec::new(),
        alert: Some(AlertSeed::of_venue(
            Severity::Warning,
            AlertCode::Venue,
            &report.venue,
            &format!("{} did not tell everything: {why}", report.venue),
        )),
    }));
    findings
}

/// What an execution from the stream adds: itself, unless it is known; its correction, where it is told otherwise than it
/// was.
pub fn of_execution(book: &Book, execution: &Execution) -> Option<Fact> {
    let venue = &execution.instrument.venue;
    if !book.fills.is_known(venue, &execution.id) {
        return Some(Fact::Executed(Box::new(execution.clone())));
    }
    if execution.revision <= book.fills.revision(venue, &execution.id) {
        return None;
    }
    let was = book.fills.told(venue, &execution.id).filter(|was| is_same_trade(was, execution))?;
    // A correction that does not say what it costs changes nothing of that.
    let fee = execution.fee.clone().or_else(|| was.fee.clone());
    let now = Execution { fee, client: was.client.clone(), seen: was.seen.clone(), ..execution.clone() };
    Some(Fact::Corrected(Box::new(Correction { was, now })))
}

fn is_same_trade(was: &Execution, now: &Execution) -> bool {
    was.instrument == now.instrument && was.side == now.side
}

/// What a person must know of a correction.
pub fn corrected(correction: &Correction) -> AlertSeed {
    let Correction { was, now } = correction;
    let (venue, symbol) = (&now.instrument.venue, &now.instrument.symbol);
    let text = format!(
        "{venue} corrected a fill of {symbol}: {} {} at {} is {} at {} now",
        now.side.word(),
        was.qty,
        was.price,
        now.qty,
        now.price
    );
    let severity = if was.qty == now.qty { Severity::Warning } else { Severity::Critical };
    let id = OrderId { venue: venue.clone(), client: now.client.clone() };
    AlertSeed::of_venue(severity, AlertCode::FillRecovered, venue, &text).symbol(symbol).order(&id)
}

/// A correction that can't be counted: what was counted of the execution is too long ago, or was something else.
pub fn uncorrected(book: &Book, execution: &Execution) -> Option<AlertSeed> {
    let Execution { id, instrument, revision, .. } = execution;
    let InstrumentId { venue, symbol } = instrument;
    let is_newer = book.fills.is_known(venue, id) && *revision > book.fills.revision(venue, id);
    if !is_newer || book.fills.told(venue, id).is_some_and(|was| is_same_trade(&was, execution)) {
        return None;
    }
    let text = format!(
        "{venue} corrected an execution ({id}) to {} {} {symbol} at {}, and it is not known any more as what it was \
         counted: compare the account's statement",
        execution.side.word(),
        execution.qty,
        execution.price
    );
    Some(AlertSeed::of_venue(Severity::Critical, AlertCode::FillRecovered, venue, &text).symbol(symbol))
}

fn executions(book: &Book, report: &VenueReport, told: &mut ToldByOrder) -> Vec<Finding> {
    let mut facts = Vec::new();
    let mut corrections = Vec::new();
    let latest = latest_of(report);
    for execution in report.executions.iter().flatten() {
        if latest.get(&execution.id).is_some_and(|latest| execution.revision < *latest) {
            continue;
        }
        let Some(fact) = of_execution(book, execution) else {
            continue;
        };
        if let Fact::Corrected(correction) = &fact {
            count_more(book, correction, told);
            let alert = Some(corrected(correction));
            corrections.push(Finding::Facts { facts: vec![fact], alert });
            continue;
        }
        facts.push(fact);
        let id = OrderId { venue: report.venue.clone(), client: execution.client.clone() };
        let row = book.orders.find(&id, &execution.venue_id);
        let new = execution.qty.saturating_sub(row.map_or(Qty::ZERO, |r| explained(r, execution)));
        let sum = told.entry(row.map_or(id, |r| r.id.clone())).or_default();
        sum.qty = sum.qty.checked_add(new).unwrap_or(sum.qty);
        let payoff = book.payoff_of(&execution.instrument);
        let weight = payoff.weight(new.held(), execution.price);
        let value = weight.and_then(|v| sum.value.checked_add(v));
        sum.value = value.unwrap_or(sum.value);
    }
    if facts.is_empty() {
        return corrections;
    }
    // What happened before this journal began was not missed.
    let alert = book.has_heard(&report.venue).then(|| {
        let n = facts.len();
        let what = if n == 1 { "a fill was".to_owned() } else { format!("{n} fills were") };
        AlertSeed::of_venue(
            Severity::Warning,
            AlertCode::FillRecovered,
            &report.venue,
            &format!("{what} missed on the stream and recovered by asking {}", report.venue),
        )
    });
    let mut findings = vec![Finding::Facts { facts, alert }];
    findings.append(&mut corrections);
    findings
}

/// Of what a report tells corrected, how often: it may tell what it was before as well.
fn latest_of(report: &VenueReport) -> BTreeMap<&ExecutionId, u32> {
    let mut latest = BTreeMap::new();
    for execution in report.executions.iter().flatten().filter(|e| e.revision > 0) {
        let known: &mut u32 = latest.entry(&execution.id).or_default();
        *known = execution.revision.max(*known);
    }
    latest
}

/// What a correction adds to its order. What it takes away the venue's own count of the order may have still.
fn count_more(book: &Book, correction: &Correction, told: &mut ToldByOrder) {
    let Correction { was, now } = correction;
    let id = OrderId { venue: now.instrument.venue.clone(), client: now.client.clone() };
    let row = book.orders.find(&id, &now.venue_id);
    let sum = told.entry(row.map_or(id, |r| r.id.clone())).or_default();
    let more = now.qty.saturating_sub(was.qty);
    sum.qty = sum.qty.checked_add(more).unwrap_or(sum.qty);
    let payoff = book.payoff_of(&now.instrument);
    let weight = |e: &Execution| payoff.weight(e.qty.held(), e.price);
    let value =
        weight(now).zip(weight(was)).and_then(|(now, was)| sum.value.checked_add(now)?.checked_sub(was));
    sum.value = value.unwrap_or(sum.value);
}

/// How far the findings so far move each position, in the words of the trade.
fn traded_in(book: &Book, findings: &[Finding]) -> positions::Traded {
    let mut scratch = Book::new();
    for finding in findings {
        let Finding::Facts { facts, .. } = finding else {
            continue;
        };
        for fact in facts {
            if let Fact::Executed(e) | Fact::Inferred(e) = fact {
                let inferred = matches!(fact, Fact::Inferred(_));
                scratch.count_apart(book, e, inferred);
            }
        }
    }
    let mut traded: positions::Traded =
        scratch.positions().map(|row| (row.instrument.clone(), row.qty)).collect();
    for (instrument, more) in findings.iter().filter_map(corrected_by) {
        let sum = traded.entry(instrument).or_default();
        *sum = sum.checked_add(more).unwrap_or(*sum);
    }
    traded
}

/// How far a correction moves its position.
fn corrected_by(finding: &Finding) -> Option<(InstrumentId, SignedQty)> {
    let Finding::Facts { facts, .. } = finding else { return None };
    let [Fact::Corrected(correction)] = facts.as_slice() else { return None };
    let Correction { was, now } = &**correction;
    let more = now.qty.signed(now.side).checked_sub(was.qty.signed(was.side))?;
    Some((now.instrument.clone(), more))
}

impl Book {
    /// Has the venue been heard of in this journal: a fill, or a position?
    pub fn has_heard(&self, venue: &VenueId) -> bool {
        self.heard.contains(venue)
    }
    /// Has this run compared its positions with the venue's?
    pub fn has_counted(&self, venue: &VenueId) -> bool {
        self.counted.contains(venue)
    }
    /// Counts an execution in an empty book, by the rules and the orders of `other`: what it would move there.
    fn count_apart(&mut self, other: &Self, execution: &Execution, inferred: bool) {
        let id = OrderId { venue: execution.instrument.venue.clone(), client: execution.client.clone() };
        let seat = self.seats.take(&execution.instrument);
        if let Some(rules) = other.instrument(&execution.instrument) {
            self.instruments.get_or_insert_with(seat, || rules.clone());
        }
        let row = other.orders.find(&id, &execution.venue_id).filter(|_| !inferred);
        let new = execution.qty.saturating_sub(row.map_or(Qty::ZERO, |r| explained(r, execution)));
        if !new.is_zero() {
            self.fill(Stamp::default(), &Execution { qty: new, ..execution.clone() }, inferred);
        } else if other.position(&execution.instrument).is_some() {
            // The fill was inferred before; what is told now is its fee, which some venues take in the very coin.
            let charge = self.charge(execution);
            self.positions.row(seat, &execution.instrument, self.payoff(seat));
            self.positions.charge(seat, charge, execution.price);
        }
    }
}
