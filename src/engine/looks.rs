//! Looking for orders of which nobody knows what became. A question may be asked again; an order may not. "No such
//! order" means something only when it was said often, over long enough; and even then a person decides.

use super::{
    Engine,
    effect::{Ask, Effect},
    input::Timer,
};
use crate::{
    broker::Fault,
    domain::{
        alert::{AlertCode, Severity},
        fact::{Fact, OrderFact},
        ids::{ClientId, OrderId, VenueId},
        lifecycle::{OrderEvent, OrderState},
        report::OrderReport,
        text::Text,
        time::Mono,
    },
};

/// How long a cancel or replacement may go unheard before its order is looked for, milliseconds.
pub(super) const PATIENCE_MS: u64 = 3_000;
/// How often the venue must say "no such order" …
const MISSES_MIN: u32 = 6;
/// … and over how long, before the order is NOT AT VENUE. Venues are known to find orders minutes late.
const ABSENT_AFTER_MS: u64 = 60_000;
/// The same for a change, once the venue has said by its own record that the order which it was to change was not
/// changed: only one of the two can be.
const REFUSED_MISSES_MIN: u32 = 3;
const REFUSED_AFTER_MS: u64 = 5_000;
/// The longest pause between two looks.
const PAUSE_MAX_MS: u64 = 30_000;

/// A search under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    since: Mono,
    tries: u32,
    misses: u32,
}

/// Does the venue tell of the order that was to be changed, still there, and of none in its place?
pub(super) fn is_in_place(reports: &[OrderReport], old: &ClientId, new: &ClientId) -> bool {
    let stands = |r: &&OrderReport| {
        let is_over = matches!(r.status, OrderEvent::Replaced | OrderEvent::Cancelled | OrderEvent::Rejected);
        r.client == *old && !is_over
    };
    reports.iter().any(|r| stands(&r)) && reports.iter().all(|r| r.client != *new)
}

impl Engine {
    /// Looks for an order after `after_ms`, unless its outcome is known by then.
    pub(super) fn look_later(&mut self, id: &OrderId, after_ms: u64) {
        let since = self.now.mono;
        self.looks.entry(id.clone()).or_insert(Look { since, tries: 0, misses: 0 });
        let timer = Timer::Look { venue: id.venue.clone(), client: id.client.clone() };
        self.effect(Effect::Arm { timer, after_ms });
    }

    pub(super) fn on_look(&mut self, venue: VenueId, client: ClientId) {
        let id = OrderId { venue, client };
        if !self.is_wanted(&id) {
            self.looks.remove(&id);
            return;
        }
        let Some(row) = self.book.order(&id) else { return };
        let order = row.reference();
        let Some(look) = self.looks.get_mut(&id) else { return };
        look.tries = look.tries.saturating_add(1);
        let pause = 500_u64.saturating_mul(1_u64 << look.tries.min(6)).min(PAUSE_MAX_MS);
        self.effect(Effect::Ask { venue: id.venue.clone(), ask: Ask::Find(order), exit: true });
        self.look_later(&id, pause);
    }

    /// Is it still worth looking for? Not once the venue has spoken, nor once a person decides.
    fn is_wanted(&self, id: &OrderId) -> bool {
        self.book.order(id).is_some_and(|o| {
            matches!(
                o.state,
                OrderState::Intended
                    | OrderState::Sending
                    | OrderState::Unknown
                    | OrderState::Absent
                    | OrderState::PendingCancel
                    | OrderState::PendingReplace
            )
        })
    }

    pub(super) fn on_found(
        &mut self,
        venue: &VenueId,
        client: ClientId,
        result: Result<Vec<OrderReport>, Fault>,
    ) {
        let id = OrderId { venue: venue.clone(), client };
        match result {
            Ok(reports) if reports.is_empty() => self.on_missed(&id),
            Ok(reports) => {
                self.looks.remove(&id);
                self.take_reports(venue, &reports);
                self.found_in_place(&id, &reports);
                if self.is_wanted(&id) {
                    self.look_later(&id, PATIENCE_MS);
                }
            }
            Err(fault) => self.note_fault(venue, &fault),
        }
    }

    /// The venue changed the order itself and made no other: the one that was to take its place is that order.
    pub(super) fn changed_in_place(&mut self, old: &OrderId, new: &OrderId) {
        let goes_on = |order: &OrderId, event| OrderFact {
            replaced_by: Some(old.client.clone()),
            ..OrderFact::bare(order.clone(), event)
        };
        self.fact(Fact::Order(Box::new(goes_on(old, OrderEvent::Amended))));
        self.fact(Fact::Order(Box::new(goes_on(new, OrderEvent::Replaced))));
    }

    /// Asked for the order that was to take another's place, the venue tells of that other, changed.
    fn found_in_place(&mut self, id: &OrderId, reports: &[OrderReport]) {
        let Some(row) = self.book.order(id).filter(|row| row.state.is_uncertain()) else { return };
        let Some(client) = row.replaces.clone() else { return };
        if is_in_place(reports, &client, &id.client) {
            let old = OrderId { venue: id.venue.clone(), client };
            self.changed_in_place(&old, &id.clone());
        }
    }

    /// The order that this change was to change, where it stands as the change wanted it: only the venue's word changes
    /// an order in the book, so the change was made, and in place. So it is known over a restart too, at a venue that
    /// keeps no name of a change.
    fn stands_changed(&self, id: &OrderId) -> Option<OrderId> {
        let new = self.book.order(id).filter(|row| !row.state.is_final())?;
        let client = new.replaces.clone()?;
        let old = self.book.order(&OrderId { venue: id.venue.clone(), client })?;
        let is_told = old.state.is_open()
            && !old.state.is_uncertain()
            && !matches!(old.state, OrderState::PendingReplace | OrderState::Intended);
        let (is, wanted) = (&old.spec, &new.spec);
        let is_same = (is.amount, is.order_type, is.tif) == (wanted.amount, wanted.order_type, wanted.tif);
        (is_told && is_same).then(|| old.id.clone())
    }

    fn on_missed(&mut self, id: &OrderId) {
        if let Some(old) = self.stands_changed(id) {
            self.looks.remove(id);
            self.changed_in_place(&old, id);
            return;
        }
        let Some(row) = self.book.order(id) else { return };
        let state = row.state;
        let unchanged = self.is_unchanged(id);
        let Some(look) = self.looks.get_mut(id) else { return };
        look.misses = look.misses.saturating_add(1);
        let refused = unchanged
            && look.misses >= REFUSED_MISSES_MIN
            && self.now.mono.since_ms(look.since) >= REFUSED_AFTER_MS;
        if refused {
            self.looks.remove(id);
            let why =
                Text::clean("the order that it was to change was not changed, and the venue has no other");
            self.fact(Fact::Order(Box::new(OrderFact::because(id.clone(), OrderEvent::Abandoned, why))));
            return;
        }
        let long = self.now.mono.since_ms(look.since) >= ABSENT_AFTER_MS;
        let misses = look.misses;
        if state == OrderState::Absent || !long || misses < MISSES_MIN {
            return;
        }
        if state == OrderState::Intended {
            // The request was taken and nothing more was heard: it is unknown before it is absent.
            self.fact(Fact::Order(Box::new(OrderFact::bare(id.clone(), OrderEvent::Unanswered))));
        }
        self.fact(Fact::Order(Box::new(OrderFact::bare(id.clone(), OrderEvent::FoundAbsent))));
        let text = format!(
            "order {} is NOT AT VENUE (unconfirmed): {} said {misses} times that it has no such order; \
             it counts as exposure until you `:abandon` it",
            id.client, id.venue
        );
        self.alert_order(Severity::Critical, AlertCode::OrderAbsent, id, Text::clean(&text));
    }

    /// Is this a change of an order that stands, or ended, unchanged by the venue's word? What waits for the change is
    /// set free by nothing else.
    fn is_unchanged(&self, id: &OrderId) -> bool {
        let Some(row) = self.book.order(id) else { return false };
        let Some(client) = row.replaces.clone() else { return false };
        let old = self.book.order(&OrderId { venue: id.venue.clone(), client });
        old.is_some_and(|old| {
            let waits = matches!(old.state, OrderState::PendingReplace | OrderState::Replaced);
            !waits && !old.state.is_uncertain() && old.state != OrderState::Intended
        })
    }
}
