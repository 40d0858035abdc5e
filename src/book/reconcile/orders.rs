//! Orders: what a venue's word of one changes here.

use super::{AlertSeed, Finding, Told, ToldByOrder};
use crate::{
    book::{Book, OrderRow},
    domain::{
        alert::{AlertCode, Severity},
        fact::{Fact, OrderFact},
        ids::{ClientId, ExecutionId, OrderId, VenueId},
        lifecycle::{OrderEvent, OrderState, Transition, next},
        money::{Price, Qty},
        order::{Amount, Change, Origin},
        report::{Execution, Liquidity, OrderReport, VenueReport},
        text::Text,
        time::Stamp,
    },
};
use std::collections::BTreeSet;

/// A request that the venue shows no trace of for so long was not taken.
const REQUEST_LOST_MS: i64 = 5_000;

/// What one order's report says that the book does not have: the order itself, its fills that no execution
/// has told, its state, prices and links. Nothing when the report contradicts the book (see
/// [`contradiction`]).
pub fn of_order_report(book: &Book, venue: &VenueId, report: &OrderReport) -> Vec<Fact> {
    facts_of(book, venue, report, Told::default())
}

/// A report under the name of one of our orders that says another instrument or side: it is put aside, and nothing
/// of it is believed.
pub fn contradiction(book: &Book, venue: &VenueId, report: &OrderReport) -> Option<AlertSeed> {
    let row = find(book, venue, report)?;
    let same = row.spec.instrument == report.instrument && row.spec.side == report.side;
    (!same).then(|| {
        let text = format!(
            "{venue} tells of {} as {} {}, it is {} {}: put aside",
            row.id.client,
            report.side.word(),
            report.instrument.symbol,
            row.spec.side.word(),
            row.spec.instrument.symbol
        );
        AlertSeed::of_venue(Severity::Critical, AlertCode::Impossible, venue, &text).order(&row.id)
    })
}

pub(super) fn all(book: &Book, report: &VenueReport, told: &ToldByOrder) -> Vec<Finding> {
    let Some(orders) = &report.orders else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut named = BTreeSet::new();
    for order in orders {
        if let Some(seed) = contradiction(book, &report.venue, order) {
            findings.push(Finding::Facts { facts: Vec::new(), alert: Some(seed) });
            continue;
        }
        let row = find(book, &report.venue, order);
        let id = row.map_or_else(|| id_of(&report.venue, order), |r| r.id.clone());
        let told = told.get(&id).copied().unwrap_or_default();
        let mut facts = facts_of(book, &report.venue, order, told);
        facts.extend(row.and_then(|row| lost_request(row, order.status, report.began.wall)));
        named.insert(id);
        if !facts.is_empty() {
            let alert = alert_of(book, &report.venue, order, &facts);
            findings.push(Finding::Facts { facts, alert });
        }
    }
    let lacking = book
        .open_orders()
        .filter(|row| row.id.venue == report.venue && !named.contains(&row.id))
        // What is on its way, or moved while the venue was being asked, the report can't have.
        .filter(|row| !matches!(row.state, OrderState::Intended | OrderState::Sending))
        .filter(|row| row.updated_at < report.began.wall);
    findings.extend(lacking.map(|row| Finding::Ask(row.reference())));
    findings
}

fn find<'a>(book: &'a Book, venue: &VenueId, report: &OrderReport) -> Option<&'a OrderRow> {
    book.orders.find(&id_of(venue, report), &report.venue_id)
}

fn id_of(venue: &VenueId, report: &OrderReport) -> OrderId {
    OrderId { venue: venue.clone(), client: report.client.clone() }
}

fn facts_of(book: &Book, venue: &VenueId, report: &OrderReport, told: Told) -> Vec<Fact> {
    if contradiction(book, venue, report).is_some() {
        return Vec::new();
    }
    let Some(row) = find(book, venue, report) else {
        let origin = origin_of(book, venue, report);
        let mut facts = vec![Fact::Learned { report: Box::new(report.clone()), origin }];
        let mut known = told;
        if let Some(orphan) = book.orders.orphans.get(&id_of(venue, report)) {
            known.qty = known.qty.checked_add(orphan.filled).unwrap_or(known.qty);
            known.value = known.value.checked_add(orphan.value).unwrap_or(known.value);
        }
        facts.extend(missing_fill(book, &report.client, report, known));
        return facts;
    };
    // Of what a correction took back the venue's count of the order need not know: it is no fill that nobody told.
    let counted = row.filled.checked_add(row.taken_back).unwrap_or(row.filled);
    let known = Told {
        qty: counted.checked_add(told.qty).unwrap_or(counted),
        value: row.filled_value.checked_add(told.value).unwrap_or(row.filled_value),
    };
    let mut facts = Vec::new();
    facts.extend(missing_fill(book, &row.id.client, report, known));
    facts.extend(words_of_life(book, venue, row, report, known.qty));
    facts
}

fn origin_of(book: &Book, venue: &VenueId, report: &OrderReport) -> Origin {
    let ours = |client: &ClientId| client.is_ours() || book.knows_client(venue, client);
    match &report.parent {
        Some(parent) if ours(parent) && !report.client.is_ours() => Origin::Child,
        Some(_) | None if report.client.is_ours() => Origin::Screen,
        Some(_) | None => Origin::External,
    }
}

/// What the order shows as filled and no execution told, at the average of what is missing.
fn missing_fill(book: &Book, client: &ClientId, report: &OrderReport, known: Told) -> Option<Fact> {
    let missing = report.filled.checked_sub(known.qty).filter(|q| !q.is_zero())?;
    let avg = report.avg_price.or(report.order_type.limit()).or(report.order_type.stop())?;
    let payoff = book.payoff_of(&report.instrument);
    let total = payoff.weight(report.filled.held(), avg)?;
    let implied = payoff.average(missing.held(), total.checked_sub(known.value)?);
    // Where the venue rounds its average, a small rest can come out absurd: then the average itself.
    let price = implied.filter(|p| p.is_negative() == avg.is_negative()).unwrap_or(avg);
    let id = ExecutionId::new(&format!("inferred-{}-{}", report.venue_id, report.filled)).ok()?;
    Some(Fact::Inferred(Box::new(Execution {
        id,
        client: client.clone(),
        venue_id: report.venue_id.clone(),
        instrument: report.instrument.clone(),
        side: report.side,
        qty: missing,
        price,
        cum: Some(report.filled),
        fee: None,
        liquidity: Liquidity::Unknown,
        at: report.submitted.unwrap_or_default(),
        revision: 0,
        seen: None,
    })))
}

/// State, prices and links. `filled` is what the order will have filled once the fills above are counted.
fn words_of_life(
    book: &Book,
    venue: &VenueId,
    row: &OrderRow,
    report: &OrderReport,
    filled: Qty,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut state = row.state;
    let filled = filled.max(report.filled);
    if row.spec.amount.qty().is_some_and(|total| filled >= total && !total.is_zero()) {
        state = OrderState::Filled;
    }
    for event in events_of(state, report.status) {
        let news = matches!(next(state, event), Transition::Next(to) | Transition::Late(to) if to != state);
        if let (true, Transition::Next(to) | Transition::Late(to)) = (news, next(state, event)) {
            state = to;
            facts.push(order_fact(book, venue, row, report, event));
        }
    }
    if facts.is_empty() && (has_news(row, report) || is_new_link(book, venue, row, report)) {
        let event = if state == OrderState::Filled { OrderEvent::Working } else { report.status };
        facts.push(order_fact(book, venue, row, report, event));
    }
    if state.is_open()
        && let Some(change) = change_of(row, report)
    {
        let fact = OrderFact { change: Some(change), ..OrderFact::bare(row.id.clone(), OrderEvent::Amended) };
        facts.push(Fact::Order(Box::new(fact)));
    }
    facts
}

/// A status as events of the table: a pending request of an order that was uncertain says first that it lives.
fn events_of(state: OrderState, status: OrderEvent) -> Vec<OrderEvent> {
    match status {
        OrderEvent::FilledInPart => vec![OrderEvent::Working],
        OrderEvent::CancelAsked
        | OrderEvent::ReplaceAsked
        | OrderEvent::CancelRefused
        | OrderEvent::ReplaceRefused
            if state.is_uncertain() || state.is_final() || state == OrderState::Intended =>
        {
            vec![OrderEvent::Working, status]
        }
        OrderEvent::Sent
        | OrderEvent::NotSent
        | OrderEvent::Unanswered
        | OrderEvent::Accepted
        | OrderEvent::Held
        | OrderEvent::Working
        | OrderEvent::FilledWhole
        | OrderEvent::CancelAsked
        | OrderEvent::CancelRefused
        | OrderEvent::Cancelled
        | OrderEvent::ReplaceAsked
        | OrderEvent::ReplaceRefused
        | OrderEvent::Replaced
        | OrderEvent::Amended
        | OrderEvent::Expired
        | OrderEvent::Rejected
        | OrderEvent::DoneForDay
        | OrderEvent::Suspended
        | OrderEvent::Unrecognised
        | OrderEvent::FoundAbsent
        | OrderEvent::Abandoned => vec![status],
    }
}

fn order_fact(book: &Book, venue: &VenueId, row: &OrderRow, report: &OrderReport, event: OrderEvent) -> Fact {
    let unrecognised = (event == OrderEvent::Unrecognised).then(|| report.status_word.clone());
    Fact::Order(Box::new(OrderFact {
        venue_id: (row.venue_id.as_ref() != Some(&report.venue_id)).then(|| report.venue_id.clone()),
        replaced_by: replaced_by(book, venue, report),
        trailing_stop: report.trailing_stop.filter(|p| row.trailing_stop != Some(*p)),
        reason: report.reason.clone().or(unrecognised),
        ..OrderFact::bare(row.id.clone(), event)
    }))
}

fn has_news(row: &OrderRow, report: &OrderReport) -> bool {
    row.venue_id.as_ref() != Some(&report.venue_id)
        || (report.trailing_stop.is_some() && report.trailing_stop != row.trailing_stop)
}

fn is_new_link(book: &Book, venue: &VenueId, row: &OrderRow, report: &OrderReport) -> bool {
    let link = replaced_by(book, venue, report);
    link.is_some() && link != row.replaced_by
}

fn replaced_by(book: &Book, venue: &VenueId, report: &OrderReport) -> Option<ClientId> {
    let id = report.replaced_by.as_ref()?;
    book.order_by_venue_id(venue, id).map(|row| row.id.client.clone())
}

/// What the venue changed in place.
fn change_of(row: &OrderRow, report: &OrderReport) -> Option<Change> {
    let mut change = Change::default();
    if let (Amount::Qty(ours), Amount::Qty(theirs)) = (row.spec.amount, report.amount)
        && ours != theirs
    {
        change.qty = Some(theirs);
    }
    if row.spec.order_type.kind() == report.order_type.kind() {
        let moved = |ours: Option<Price>, theirs: Option<Price>| theirs.filter(|_| ours != theirs);
        change.limit = moved(row.spec.order_type.limit(), report.order_type.limit());
        change.stop = moved(row.spec.order_type.stop(), report.order_type.stop());
    }
    (change != Change::default()).then_some(change)
}

/// A cancel or replacement that was asked well before the venue was, and of which the venue shows nothing.
fn lost_request(row: &OrderRow, status: OrderEvent, began: Stamp) -> Option<Fact> {
    let event = match row.state {
        OrderState::PendingCancel => OrderEvent::CancelRefused,
        OrderState::PendingReplace => OrderEvent::ReplaceRefused,
        OrderState::Intended
        | OrderState::Sending
        | OrderState::Unknown
        | OrderState::Absent
        | OrderState::Accepted
        | OrderState::Held
        | OrderState::Working
        | OrderState::DoneForDay
        | OrderState::Suspended
        | OrderState::Unrecognised
        | OrderState::Filled
        | OrderState::Cancelled
        | OrderState::Expired
        | OrderState::Rejected
        | OrderState::Replaced
        | OrderState::NotSent
        | OrderState::Abandoned => return None,
    };
    let lives = matches!(
        status,
        OrderEvent::Accepted | OrderEvent::Held | OrderEvent::Working | OrderEvent::FilledInPart
    );
    if !lives || began.since_ms(row.updated_at) < REQUEST_LOST_MS {
        return None;
    }
    let why = Text::clean("the venue shows no trace of the request");
    Some(Fact::Order(Box::new(OrderFact::because(row.id.clone(), event, why))))
}

fn alert_of(book: &Book, venue: &VenueId, report: &OrderReport, facts: &[Fact]) -> Option<AlertSeed> {
    let id = id_of(venue, report);
    let seed = |severity, code, text: &str| {
        AlertSeed::of_venue(severity, code, venue, text).symbol(&report.instrument.symbol).order(&id)
    };
    let inferred = facts.iter().find_map(inferred_of)?;
    let text = format!(
        "{venue} shows {} of {} as filled, {} of it was never told: counted at {}",
        report.filled, id.client, inferred.qty, inferred.price
    );
    book.has_heard(venue).then(|| seed(Severity::Warning, AlertCode::FillRecovered, &text))
}

const fn inferred_of(fact: &Fact) -> Option<&Execution> {
    if let Fact::Inferred(execution) = fact { Some(execution) } else { None }
}
