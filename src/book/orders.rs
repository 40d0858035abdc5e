//! The orders, by both their names, by instrument and by age.

mod line;
mod make;
mod moments;
mod pace;
mod words;

pub(super) use self::line::Line;
pub use self::moments::{LATE_MS, Moments};
use super::{
    applied::Applied,
    executions::Orphan,
    exposure::Counted,
    rows::{Named, Places, Rows, Seat, Seated},
};
use crate::domain::{
    fact::{Intent, OrderFact},
    ids::{ClientId, Currency, InstrumentId, OrderId, VenueId, VenueOrderId},
    lifecycle::{OrderEvent, OrderState, Transition, next},
    money::{Money, Price, Qty},
    names::FewMap,
    order::{Amount, Change, OrderSpec, Origin, Role, Side},
    payoff::Payoff,
    quote::Arrival,
    report::OrderReport,
    text::Text,
    time::Stamp,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Ended orders are kept for this long after their last change: longer than any venue tells an execution again.
pub const ENDED_KEPT_MS: i64 = 36 * 3_600_000;
/// And no more of them than this.
pub const ENDED_MAX: usize = 100_000;
/// How many are dropped with one fact, so that none takes long.
const DROPPED_AT_ONCE: usize = 4;
/// So many of the last intents are at hand, to notice the same order twice.
const RECENT_MAX: usize = 256;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its id here.
    pub id: OrderId,
    /// Its id there, once known.
    pub venue_id: Option<VenueOrderId>,
    /// What it says now.
    pub spec: OrderSpec,
    /// Who made it.
    pub origin: Origin,
    /// Where it stands.
    pub state: OrderState,
    /// How much has filled: the sum of its executions.
    pub filled: Qty,
    /// The same as its payoff weighs it, without fees: of a linear contract at its prices, without multiplier.
    pub filled_value: Money,
    /// What one unit pays, as far as was known when something filled.
    pub(super) payoff: Payoff,
    /// How much of `filled` is inferred from the venue's order and not told by an execution yet.
    pub inferred: Qty,
    /// How much of what its executions told corrections have taken back, which the venue's own count of it may have still.
    pub(super) taken_back: Qty,
    /// Fees by currency.
    pub fees: Vec<(Currency, Money)>,
    /// The order it hangs on.
    pub parent: Option<ClientId>,
    /// Its part in the group.
    pub role: Role,
    /// The order that it replaces.
    pub replaces: Option<ClientId>,
    /// The order that replaced it or is to.
    pub replaced_by: Option<ClientId>,
    /// Why it was refused, rejected, abandoned.
    pub reason: Option<Text>,
    /// The venue's last status word.
    pub status_word: Option<Text>,
    /// By which way it came, in the venue's word, where that is told and nobody here sent it.
    pub source: Option<Text>,
    /// Where a trailing stop stands.
    pub trailing_stop: Option<Price>,
    /// The touch that stood when it was made here.
    pub arrival: Option<Arrival>,
    /// When it left, was acknowledged and filled, and what stood then. `None` while nothing of it is known.
    pub moments: Option<Box<Moments>>,
    /// When it was intended or first seen.
    pub intended_at: Stamp,
    /// When the last fact moved it.
    pub updated_at: Stamp,
    /// Where a refused cancel or replacement leads back to.
    pub(super) resume: OrderState,
    /// How much of the venue's own count inferred fills reach to.
    pub(super) inferred_to: Qty,
    /// The orders that were ever to replace it: what it has open is not counted twice.
    pub(super) successors: Vec<ClientId>,
    /// What of it is in the exposure of its instrument.
    pub(super) counted: Counted,
    /// Where its instrument sits.
    pub(super) seat: Seat,
}

impl OrderRow {
    /// The average price of what has filled.
    pub fn avg_price(&self) -> Option<Price> {
        self.payoff.average(self.filled.held(), self.filled_value)
    }
    /// What can still fill, as far as is known: zero once it has ended. `None` for an order in money.
    pub fn remaining(&self) -> Option<Qty> {
        if self.state.is_final() {
            return Some(Qty::ZERO);
        }
        self.spec.amount.qty().map(|q| q.saturating_sub(self.filled))
    }
    /// What it is in.
    pub const fn instrument(&self) -> &InstrumentId {
        &self.spec.instrument
    }
    /// By both its names, to ask the venue.
    pub fn reference(&self) -> crate::domain::order::OrderRef {
        crate::domain::order::OrderRef {
            instrument: self.spec.instrument.clone(),
            client: self.id.client.clone(),
            venue_id: self.venue_id.clone(),
        }
    }
    /// The stop price that protects now: of a stop, or where a trailing stop stands.
    pub fn stop_price(&self) -> Option<Price> {
        self.spec.order_type.stop().or(self.trailing_stop)
    }
    /// Has all of it filled, as far as its quantity tells?
    pub(super) fn is_whole(&self) -> bool {
        self.spec.amount.qty().is_some_and(|total| !total.is_zero() && self.filled >= total)
    }

    /// Goes through the table. A refusal leads back to where the request found the order.
    pub(super) fn advance(&mut self, event: OrderEvent) -> Transition {
        let transition = next(self.state, event);
        let (Transition::Next(to) | Transition::Late(to)) = transition else {
            return transition;
        };
        let asks = matches!(to, OrderState::PendingCancel | OrderState::PendingReplace);
        let asked = matches!(self.state, OrderState::PendingCancel | OrderState::PendingReplace);
        if asks && !asked {
            self.resume = self.state;
        }
        let refused = matches!(event, OrderEvent::CancelRefused | OrderEvent::ReplaceRefused);
        self.state = if refused { self.resume } else { to };
        match transition {
            Transition::Late(_) => Transition::Late(self.state),
            Transition::Next(_) | Transition::Stale | Transition::Impossible => Transition::Next(self.state),
        }
    }

    fn amend(&mut self, change: Change) {
        if let Some(qty) = change.qty {
            self.spec.amount = Amount::Qty(qty);
            self.spec.show = self.spec.show.filter(|show| *show < qty);
        }
        if let Some(tif) = change.tif {
            self.spec.tif = tif;
        }
        self.spec.order_type = change.applied_to(self.spec.order_type);
    }
}

impl Named for OrderRow {
    type Name = OrderId;
    fn name(&self) -> &OrderId {
        &self.id
    }
    fn key(name: &OrderId) -> &str {
        name.client.as_str()
    }
}

/// An order that the venue's last account report can't have counted.
#[derive(Debug)]
struct Unseen {
    place: u32,
    named: Option<Taken>,
}

/// What an order takes at the price that it names, as long as nothing of that changes and it does not end: before an
/// order leaves it is asked of all that left just now. Orders that replace others, or are held to what is there by the
/// venue, have none.
#[derive(Debug)]
struct Taken {
    money: Money,
    side: Side,
    seat: Seat,
}

/// What an order takes that the venue has not counted.
#[derive(Debug)]
pub enum Uncounted<'a> {
    /// So much; what closes what is held is not told.
    Named(Money),
    /// It has to be worked out.
    Order(&'a OrderRow),
}

/// What is kept of the orders of one venue.
#[derive(Debug, Default)]
struct OfVenue {
    /// Those that its last account report can't have counted, the newest last.
    unseen: Vec<Unseen>,
    /// When the last were made that do not close, the newest last.
    made: VecDeque<Stamp>,
}

#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) rows: Rows<OrderRow>,
    pub(super) by_venue_id: FewMap<VenueId, BTreeMap<VenueOrderId, ClientId>>,
    pub(super) children: BTreeMap<OrderId, BTreeSet<OrderId>>,
    pub(super) lines: Seated<Line>,
    pub(super) uncertain: Places,
    venues: FewMap<VenueId, OfVenue>,
    pub(super) orphans: BTreeMap<OrderId, Orphan>,
    /// The last intents, by the places of their rows.
    pub(super) recent: VecDeque<(Stamp, u32)>,
    ended: BTreeSet<(Stamp, OrderId)>,
}

impl Orders {
    pub(super) fn intend(
        &mut self,
        at: Stamp,
        seat: Seat,
        intent: &Intent,
        payoff: Option<Payoff>,
    ) -> Applied {
        if self.rows.contains(&intent.order) {
            return Applied::Duplicate;
        }
        let mut row = Box::new(OrderRow::of_intent(at, seat, intent));
        if let Some((parent, role)) = self.old_of(&row).map(|old| (old.parent.clone(), old.role)) {
            row.parent = parent;
            row.role = role;
        }
        let (place, applied) = self.insert(row);
        let spec = &intent.spec;
        let price = spec.named_price().filter(|_| intent.replaces.is_none() && !spec.reduce_only);
        let worth = |price| payoff.zip(spec.amount.qty()).and_then(|(p, qty)| p.size(qty, Some(price)));
        let named = price.and_then(worth).map(|money| Taken { money, side: spec.side, seat });
        self.venues.or_default(&intent.order.venue).unseen.push(Unseen { place, named });
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((at, place));
        applied
    }

    pub(super) fn learn(&mut self, at: Stamp, seat: Seat, report: &OrderReport, origin: &Origin) -> Applied {
        let venue = report.instrument.venue.clone();
        let id = OrderId { venue: venue.clone(), client: report.client.clone() };
        let known = self.by_venue_id.get(&venue).is_some_and(|ids| ids.contains_key(&report.venue_id));
        if known || self.rows.contains(&id) {
            return Applied::Duplicate;
        }
        let mut row = Box::new(OrderRow::of_report(at, seat, id, report, origin.clone()));
        row.replaces = self.client_of(&venue, report.replaces.as_ref());
        row.replaced_by = self.client_of(&venue, report.replaced_by.as_ref());
        self.insert(row).1
    }

    pub(super) fn fact(&mut self, at: Stamp, fact: &OrderFact) -> Applied {
        let mut transition = Transition::Stale;
        let moved = self.update(at, &fact.order, |row| {
            if fact.venue_id.is_some() {
                row.venue_id.clone_from(&fact.venue_id);
            }
            if let Some(by) = &fact.replaced_by {
                // Changed in place it goes on as itself.
                row.replaced_by = (*by != fact.order.client).then(|| by.clone());
            }
            if fact.reason.is_some() {
                row.reason.clone_from(&fact.reason);
            }
            row.note_event(at, fact);
            row.spec.order_type = fact.order_type.unwrap_or(row.spec.order_type);
            row.trailing_stop = fact.trailing_stop.or(row.trailing_stop);
            if let (OrderEvent::Amended, Some(change)) = (fact.event, fact.change) {
                row.amend(change);
            }
            transition = row.advance(fact.event);
            if fact.event == OrderEvent::ReplaceRefused {
                row.replaced_by = None;
            }
            if row.is_whole() && row.state.is_open() {
                // Made smaller than what has filled: the fills ended it.
                transition = row.advance(OrderEvent::FilledWhole);
            }
        });
        let Some((from, to)) = moved else {
            return Applied::NoSuchOrder(fact.order.clone());
        };
        if fact.order_type.is_some() || fact.change.is_some() {
            let place = self.rows.place(&fact.order);
            self.work_out(|unseen| Some(unseen.place) == place);
        }
        Applied::Order { order: fact.order.clone(), from: Some(from), to, transition }
    }

    /// What these take is another than was thought.
    fn work_out(&mut self, which: impl Fn(&Unseen) -> bool) {
        for of_venue in self.venues.values_mut() {
            of_venue.unseen.iter_mut().filter(|unseen| which(unseen)).for_each(|unseen| unseen.named = None);
        }
    }

    /// What a unit pays may be another: of any of them, since it is seldom and there are few.
    pub(super) fn pay_anew(&mut self) {
        self.work_out(|_| true);
    }

    /// The row that an execution or report means, by either name.
    pub(super) fn find(&self, id: &OrderId, venue_id: &VenueOrderId) -> Option<&OrderRow> {
        self.rows.get(id).or_else(|| {
            let client = self.client_of(&id.venue, Some(venue_id))?;
            self.rows.get(&OrderId { venue: id.venue.clone(), client })
        })
    }

    /// Changes one row and brings every index up to date. Where it stood and stands.
    pub(super) fn update(
        &mut self,
        at: Stamp,
        id: &OrderId,
        change: impl FnOnce(&mut OrderRow),
    ) -> Option<(OrderState, OrderState)> {
        let place = self.rows.place(id)?;
        let row = self.rows.at_mut(place)?;
        let (from, before_at) = (row.state, row.updated_at);
        change(row);
        row.updated_at = at;
        let to = row.state;
        if from.is_final() {
            self.ended.remove(&(before_at, id.clone()));
        }
        self.index(place);
        Some((from, to))
    }

    /// Drops ended orders that nobody needs any more, a few at a time.
    pub(super) fn purge(&mut self, now: Stamp) {
        for _ in 0..DROPPED_AT_ONCE {
            let is_due = |at: Stamp| now.since_ms(at) >= ENDED_KEPT_MS || self.ended.len() > ENDED_MAX;
            if !self.ended.first().is_some_and(|(at, _)| is_due(*at)) {
                return;
            }
            if let Some((_, id)) = self.ended.pop_first() {
                self.drop_row(&id);
            }
        }
    }

    /// The account was counted anew: it has seen what was not on its way just now.
    pub(super) fn seen(&mut self, venue: &VenueId, at: Stamp) {
        const ON_ITS_WAY_MS: i64 = 3_000;
        let rows = &self.rows;
        if let Some(of_venue) = self.venues.get_mut(venue) {
            of_venue.unseen.retain(|unseen| {
                rows.at(unseen.place)
                    .is_some_and(|r| r.state.is_uncertain() || at.since_ms(r.intended_at) < ON_ITS_WAY_MS)
            });
        }
    }

    /// Those that the venue's last account report can't have counted. `closes`: is this side the one that closes what
    /// is held at this seat?
    pub(super) fn uncounted<'a>(
        &'a self,
        venue: &VenueId,
        closes: impl Fn(Seat, Side) -> bool + 'a,
    ) -> impl Iterator<Item = Uncounted<'a>> {
        let unseen = self.venues.get(venue).map(|of_venue| of_venue.unseen.as_slice()).unwrap_or_default();
        unseen.iter().filter_map(move |unseen| match &unseen.named {
            Some(taken) if closes(taken.seat, taken.side) => None,
            Some(taken) => Some(Uncounted::Named(taken.money)),
            None => self.rows.at(unseen.place).map(Uncounted::Order),
        })
    }

    fn forget_unseen(&mut self, venue: &VenueId, place: u32) {
        if let Some(of_venue) = self.venues.get_mut(venue) {
            of_venue.unseen.retain(|other| other.place != place);
        }
    }

    /// The order that this one replaces, if it is here.
    pub(super) fn old_of(&self, row: &OrderRow) -> Option<&OrderRow> {
        let client = row.replaces.clone()?;
        self.rows.get(&OrderId { venue: row.id.venue.clone(), client })
    }

    /// All orders of the group of `id`, its root first.
    pub(super) fn group(&self, id: &OrderId) -> impl Iterator<Item = &OrderRow> {
        let root = self.root_of(id);
        let children = self.children.get(&root).into_iter().flatten();
        let root = self.rows.get(&root);
        root.into_iter().chain(children.filter_map(|c| self.rows.get(c)))
    }

    fn root_of(&self, id: &OrderId) -> OrderId {
        match self.rows.get(id).and_then(|r| r.parent.clone()) {
            Some(client) => OrderId { venue: id.venue.clone(), client },
            None => id.clone(),
        }
    }

    pub(super) fn client_of(&self, venue: &VenueId, id: Option<&VenueOrderId>) -> Option<ClientId> {
        self.by_venue_id.get(venue)?.get(id?).cloned()
    }

    /// Takes in an order that is not here yet.
    fn insert(&mut self, mut row: Box<OrderRow>) -> (u32, Applied) {
        if let Some(orphan) = self.orphans.remove(&row.id) {
            row.filled = orphan.filled;
            (row.filled_value, row.payoff) = (orphan.value, orphan.payoff);
            row.fees = orphan.fees;
        }
        let mut transition = Transition::Next(row.state);
        if row.is_whole() && row.state.is_open() {
            transition = row.advance(OrderEvent::FilledWhole);
        }
        let (id, to) = (row.id.clone(), row.state);
        if let Some(client) = row.replaces.clone() {
            let old = OrderId { venue: id.venue.clone(), client };
            if let Some(old) = self.rows.get_mut(&old) {
                old.replaced_by.get_or_insert_with(|| id.client.clone());
                old.successors.push(id.client.clone());
            }
        }
        if let Some(client) = row.parent.clone() {
            let parent = OrderId { venue: id.venue.clone(), client };
            self.children.entry(parent).or_default().insert(id.clone());
        }
        let place = self.rows.insert(row);
        self.index(place);
        (place, Applied::Order { order: id, from: None, to, transition })
    }

    fn index(&mut self, place: u32) {
        let Some(row) = self.rows.at(place) else {
            return;
        };
        let id = &row.id;
        if let Some(venue_id) = row.venue_id.clone() {
            self.by_venue_id.or_default(&id.venue).insert(venue_id, id.client.clone());
        }
        let line = self.lines.get_or_insert_with(row.seat, || Line::of(&row.spec.instrument));
        if row.state.is_open() {
            line.open.insert(place);
        } else {
            line.open.remove(place);
            self.ended.insert((row.updated_at, id.clone()));
        }
        if row.state.is_uncertain() || row.state == OrderState::Intended {
            self.uncertain.insert(place);
        } else {
            self.uncertain.remove(place);
        }
        let has_ended = row.state.is_final();
        if matches!(row.state, OrderState::NotSent | OrderState::Rejected) {
            let venue = id.venue.clone();
            self.forget_unseen(&venue, place);
        } else if has_ended {
            // What it takes is what it has filled.
            self.work_out(|unseen| unseen.place == place);
        }
        self.recount(place);
    }

    fn drop_row(&mut self, id: &OrderId) {
        let Some((place, row)) = self.rows.remove(id) else {
            return;
        };
        // Its place is another's from now on.
        self.recent.retain(|(_, other)| *other != place);
        self.uncertain.remove(place);
        if let Some(line) = self.lines.get_mut(row.seat) {
            line.open.remove(place);
        }
        self.forget_unseen(&id.venue, place);
        if let Some(venue_id) = &row.venue_id
            && let Some(ids) = self.by_venue_id.get_mut(&id.venue)
        {
            ids.remove(venue_id);
        }
        let Some(client) = row.parent else { return };
        let parent = OrderId { venue: id.venue.clone(), client };
        let Some(siblings) = self.children.get_mut(&parent) else { return };
        siblings.remove(id);
        if siblings.is_empty() {
            self.children.remove(&parent);
        }
    }
}
