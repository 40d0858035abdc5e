//! Orders on their way out: through the gate or proven to reduce, durable before they leave, each sent once.

use super::{Engine, effect::Effect, input::Front, venue::VenueState};
use crate::{
    book::OrderRow,
    desk::RequestId,
    domain::{
        fact::{Fact, Grounds, Intent, OrderFact},
        ids::{ClientId, OrderId, VenueId},
        lifecycle::{OrderEvent, OrderState},
        order::{Change, OrderSpec, OrderType, Origin, Replacement, Submission},
        quote::Arrival,
        text::Text,
    },
    risk::{self, Access, Beside, Context, Verdict, permit::Cleared},
};
use std::sync::Arc;

/// Who asked, so that the answer finds its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Maker {
    pub(super) origin: Origin,
    pub(super) asked: Option<(Front, RequestId)>,
}

/// Why an order did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The gate's checks.
    Checks(Verdict),
    /// One sentence.
    Why(Text),
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Why(why) => why.fmt(f),
            Self::Checks(verdict) => f.write_str(&verdict.blocking()),
        }
    }
}

impl Engine {
    /// What may be done at a venue now, for an order that opens risk.
    pub(super) fn access(&self, venue: &VenueId) -> Access {
        self.venues.get(venue).map_or(Access::ReadOnly, |state| self.access_at(venue, state))
    }

    fn access_at(&self, venue: &VenueId, state: &VenueState) -> Access {
        let locked = |reason: &str| Access::Locked { reason: Text::clean(reason) };
        if self.read_only {
            return locked("another Tradedeck holds this profile; this one only looks");
        }
        if let Some(reason) = state.read_only() {
            return Access::Locked { reason };
        }
        if let Some(why) = &self.journal_lost {
            return locked(&format!("the journal can't be written: {why}"));
        }
        if let Some(reason) = self.watchers_lost() {
            return Access::Locked { reason };
        }
        if let Some(lock) = self.book.lock() {
            return Access::Locked { reason: lock.reason.clone() };
        }
        if state.agreement != super::venue::Agreement::Live {
            return locked(&format!("{venue} is not in agreement with the book yet (reconciling)"));
        }
        let live = state.environment() == Some(crate::domain::report::Environment::Live);
        let armed = self.armed_until.is_some_and(|until| self.now.mono < until);
        if live && !armed {
            return locked("a live account is locked until it is armed (`:arm 15`)");
        }
        Access::Trading
    }

    /// Calls `ask` with everything that the gate looks at.
    pub(super) fn with_context<T>(
        &self,
        spec: &OrderSpec,
        beside: Beside,
        ask: impl FnOnce(&Context<'_>) -> T,
    ) -> Option<T> {
        let venue = &spec.instrument.venue;
        let state = self.venues.get(venue)?;
        let symbol = &spec.instrument.symbol;
        let access = self.access_at(venue, state);
        let access = if access != Access::Trading {
            access
        } else if self.is_exiting(&spec.instrument) {
            Access::Locked { reason: Text::clean(&format!("an exit from {symbol} is under way")) }
        } else if let Some(latch) = self.book.blocking_latches(venue, symbol).next() {
            Access::Locked { reason: latch.trip.reason.clone() }
        } else if let Some(reason) = self.unjudged(venue, symbol) {
            Access::Locked { reason }
        } else {
            access
        };
        Some(ask(&Context {
            book: &self.book,
            marks: &self.marks,
            limits: state.setup.limits.of(symbol),
            capability: Some(&state.setup.capability),
            access: &access,
            session: self.session_at(state, &spec.instrument),
            days: &state.days,
            now: self.now,
            beside,
        }))
    }

    /// Sends an order through the gate.
    pub(super) fn submit_cleared(&mut self, spec: OrderSpec, origin: Origin) -> Result<ClientId, Stopped> {
        self.submit_beside(spec, Beside::default(), origin)
    }

    /// The same, with what is held here beside it.
    pub(super) fn submit_beside(
        &mut self,
        spec: OrderSpec,
        beside: Beside,
        origin: Origin,
    ) -> Result<ClientId, Stopped> {
        let (intent, order) = self.clear(spec, beside, origin)?;
        let OrderId { venue, client } = intent.order.clone();
        self.fact(Fact::Intended(intent));
        self.effect(Effect::Submit { venue, order });
        Ok(client)
    }

    /// The same for the last thing that is decided on an input: the book has it once the step is settled, and who asked
    /// is told then.
    pub(super) fn submit_last(&mut self, spec: OrderSpec, maker: &Maker) -> Result<(), Stopped> {
        let (intent, order) = self.clear(spec, Beside::default(), maker.origin.clone())?;
        let venue = intent.order.venue.clone();
        self.leave(intent, maker);
        self.effect(Effect::Submit { venue, order });
        Ok(())
    }

    /// Asks the gate: the fact that an order is about to leave, and the order that may.
    fn clear(
        &mut self,
        spec: OrderSpec,
        beside: Beside,
        origin: Origin,
    ) -> Result<(Arc<Intent>, Cleared<Submission>), Stopped> {
        let venue = spec.instrument.venue.clone();
        self.count_entry(&venue);
        let client = self.next_client();
        let number = self.next_verdict();
        let submission = Submission { client: client.clone(), spec: spec.clone() };
        let (order, arrival) = self
            .with_context(&spec, beside, |context| {
                (risk::clear(context, submission, number), arrival(context, &spec))
            })
            .ok_or_else(|| Stopped::Why(Text::clean(&format!("there is no venue `{venue}`"))))?;
        let order = order.map_err(Stopped::Checks)?;
        self.proven(&venue).map_err(Stopped::Why)?;
        let verdict = Grounds::Gate(number);
        let order_id = OrderId { venue, client };
        let intent = Arc::new(Intent { order: order_id, spec, origin, replaces: None, verdict, arrival });
        Ok((intent, order))
    }

    /// No limit and no lock stops what closes, neither here nor at the gate; but nothing at all is sent to an account of
    /// which nobody knows whose it is.
    fn proven(&self, venue: &VenueId) -> Result<(), Text> {
        match self.proof_of(venue) {
            Some(proof) => proof,
            None => Err(Text::clean(
                "the venue has not proven yet what account this is; `close` and `flatten` wait for it",
            )),
        }
    }

    /// Sends an order that is proven to reduce: neither limit nor lock is asked.
    pub(super) fn send_reduction(&mut self, spec: OrderSpec, origin: Origin) -> Result<ClientId, Text> {
        self.proven(&spec.instrument.venue)?;
        self.try_reduction(spec, origin, false).map_err(|why| Text::clean(&why.to_string()))
    }

    /// The same, with the reason as a value. `enforced`: the venue itself holds the order to what is there, so other
    /// orders that could still reduce do not count against it.
    pub(super) fn try_reduction(
        &mut self,
        mut spec: OrderSpec,
        origin: Origin,
        enforced: bool,
    ) -> Result<ClientId, risk::NotReducing> {
        // Where the venue has no such flag the proof against the book is what there is.
        spec.reduce_only = self.takes_reduce_only(&spec.instrument);
        let venue = spec.instrument.venue.clone();
        let client = self.next_client();
        let submission = Submission { client: client.clone(), spec };
        let order = if enforced {
            risk::prove_enforced(&self.book, submission)?
        } else {
            risk::prove(&self.book, submission)?
        };
        let spec = order.peek().spec.clone();
        self.intend(&client, spec, origin, None, "reduces, proven against the book".into());
        self.effect(Effect::Reduce { venue, order });
        Ok(client)
    }

    fn intend(
        &mut self,
        client: &ClientId,
        spec: OrderSpec,
        origin: Origin,
        replaces: Option<ClientId>,
        verdict: Grounds,
    ) {
        let order = OrderId { venue: spec.instrument.venue.clone(), client: client.clone() };
        let arrival = self.touch(&spec.instrument);
        self.fact(Fact::Intended(Arc::new(Intent { order, spec, origin, replaces, verdict, arrival })));
    }

    /// Asks for a cancel. Nothing is sent for an order that has ended.
    pub(super) fn cancel_order(&mut self, id: &OrderId) -> bool {
        let Some(row) = self.book.order(id).filter(|o| o.state.is_open()) else { return false };
        let order = row.reference();
        self.note_cancel_asked(id);
        self.effect(Effect::Cancel { venue: id.venue.clone(), order });
        true
    }

    /// A cancel goes out for it; if nothing is heard it is looked for.
    pub(super) fn note_cancel_asked(&mut self, id: &OrderId) {
        self.fact(Fact::Order(Box::new(OrderFact::bare(id.clone(), OrderEvent::CancelAsked))));
        self.look_later(id, super::looks::PATIENCE_MS);
    }

    /// Asks for a change of a working order, through the gate.
    pub(super) fn replace_order(
        &mut self,
        id: &OrderId,
        change: Change,
        origin: Origin,
    ) -> Result<ClientId, Stopped> {
        let why = |text: &str| Stopped::Why(Text::clean(text));
        let Some(row) = self.book.order(id) else {
            return Err(why(&format!("there is no order {id}")));
        };
        if row.state.is_final() {
            return Err(why(&format!(
                "order {} is {}: there is nothing to change",
                id.client,
                row.state.word()
            )));
        }
        if matches!(row.state, OrderState::PendingReplace | OrderState::PendingCancel)
            || row.state.is_uncertain()
        {
            return Err(why(&format!(
                "order {} is {}: wait for the venue's answer",
                id.client,
                row.state.word()
            )));
        }
        let after =
            changed(row, &change).ok_or_else(|| why("the change has a price that this order type lacks"))?;
        if after == row.spec {
            return Err(why("that changes nothing"));
        }
        let (before, filled, order) = (row.spec.clone(), row.filled, row.reference());
        self.count_entry(&id.venue);
        let client = self.next_client();
        let number = self.next_verdict();
        let (by, after_it) = (client.clone(), after.clone());
        let wish =
            Replacement { order, change, client: by, before, after: after_it, filled, adds_nothing: false };
        let beside = Beside {
            stop: self
                .book
                .held_of(&after.instrument)
                .any(|row| row.order.kind.protects() && row.order.parent.as_ref() == Some(&id.client)),
            follows: false,
        };
        let cleared = self
            .with_context(&after, beside, |context| risk::clear_change(context, wish, number))
            .ok_or_else(|| why("there is no such venue"))?
            .map_err(Stopped::Checks)?;
        self.proven(&id.venue).map_err(Stopped::Why)?;
        let mut asked = OrderFact::bare(id.clone(), OrderEvent::ReplaceAsked);
        asked.replaced_by = Some(client.clone());
        asked.change = Some(change);
        self.fact(Fact::Order(Box::new(asked)));
        let verdict = Grounds::Gate(number);
        self.intend(&client, after, origin, Some(id.client.clone()), verdict);
        self.effect(Effect::Replace { venue: id.venue.clone(), change: Box::new(cleared) });
        Ok(client)
    }
}

/// The touch that an order finds, where it is believed and young enough.
fn arrival(context: &Context<'_>, spec: &OrderSpec) -> Option<Arrival> {
    let mark = context.marks.get(&spec.instrument)?;
    let is_young = mark.quote_age_ms(context.now).is_some_and(|age| age <= context.limits.quote_age_max_ms);
    if is_young { super::witness::believed(mark) } else { None }
}

/// The order as it will stand; `None` where the change names a price that its type does not have.
fn changed(row: &OrderRow, change: &Change) -> Option<OrderSpec> {
    let mut spec = row.spec.clone();
    if let Some(qty) = change.qty {
        spec = spec.sized(qty);
    }
    if let Some(tif) = change.tif {
        spec.tif = tif;
    }
    let asked = (change.limit.is_some(), change.stop.is_some(), change.trail.is_some());
    spec.order_type = match (spec.order_type, asked) {
        (t, (false, false, false)) => t,
        (OrderType::Limit { limit }, (_, false, false)) => {
            OrderType::Limit { limit: change.limit.unwrap_or(limit) }
        }
        (OrderType::Stop { stop }, (false, _, false)) => {
            OrderType::Stop { stop: change.stop.unwrap_or(stop) }
        }
        (OrderType::StopLimit { stop, limit }, (_, _, false)) => {
            OrderType::StopLimit { stop: change.stop.unwrap_or(stop), limit: change.limit.unwrap_or(limit) }
        }
        (OrderType::TrailingStop { trail }, (false, false, _)) => {
            OrderType::TrailingStop { trail: change.trail.unwrap_or(trail) }
        }
        (
            OrderType::Market
            | OrderType::Limit { .. }
            | OrderType::Stop { .. }
            | OrderType::StopLimit { .. }
            | OrderType::TrailingStop { .. },
            _,
        ) => return None,
    };
    Some(spec)
}
