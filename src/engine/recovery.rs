//! The start: what earlier runs left. Every order that may have been sent is asked for; none is sent again.

use super::{
    Engine,
    effect::{Ask, Effect},
};
use crate::{
    book::OrderRow,
    broker::OrderRef,
    domain::{
        alert::{AlertCode, Severity},
        fact::{Dated, Fact, OrderFact},
        ids::{OrderId, Symbol, VenueId},
        lifecycle::{OrderEvent, OrderState},
        text::Text,
    },
};
use std::collections::BTreeSet;

impl Engine {
    /// Orders of the venue that took the place of others, those that have ended too while the book has them.
    pub(super) fn changed_at(&self, venue: &VenueId) -> Vec<OrderRef> {
        let here = self.book.orders().filter(|o| o.id.venue == *venue && o.replaces.is_some());
        here.filter(|o| o.venue_id.is_some()).map(OrderRow::reference).collect()
    }

    /// What the book has open orders or a position in there.
    pub(super) fn traded_at(&self, venue: &VenueId) -> Vec<Symbol> {
        let orders = self.book.open_orders().map(OrderRow::instrument);
        let held = self.book.positions().map(|row| &row.instrument);
        let here = orders.chain(held).filter(|i| i.venue == *venue).map(|i| i.symbol.clone());
        let all: BTreeSet<Symbol> = here.collect();
        all.into_iter().collect()
    }

    pub(super) fn on_past(&mut self, dated: &Dated) {
        self.book.apply(dated.at, &dated.fact);
        self.differences.past(dated);
        self.summaries.note(&dated.fact);
        match &dated.fact {
            Fact::Executed(e) | Fact::Inferred(e) => self.hold(&e.instrument),
            Fact::Corrected(correction) => self.hold(&correction.now.instrument),
            Fact::Position { instrument, .. } => self.hold(instrument),
            Fact::DayBegan { venue, began } => {
                if let Some(state) = self.venues.get_mut(venue) {
                    state.day = Some(*began);
                }
            }
            Fact::Opened { .. }
            | Fact::Commanded { .. }
            | Fact::Intended(_)
            | Fact::Order(_)
            | Fact::Learned { .. }
            | Fact::Account { .. }
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
            | Fact::Adopted { .. }
            | Fact::EquityHigh { .. }
            | Fact::ExitEnded { .. } => {}
        }
    }

    pub(super) fn on_begin(&mut self) {
        self.begun = true;
        self.view.all();
        let version = Text::clean(&self.version);
        self.fact(Fact::Opened { instance: self.instance.clone(), version });
        self.begin_days();
        self.marks.weigh_book(&self.book);
        self.recover_orders();
        if self.watch.acts {
            self.tell_unanswered();
        }
        self.resume_exits();
        self.take_up_held();
        self.watch_now();
        for venue in self.names.clone() {
            self.effect(Effect::Ask { venue, ask: Ask::Prove, exit: false });
        }
        self.arm_tick();
    }

    fn recover_orders(&mut self) {
        let unsettled: Vec<(OrderId, OrderState)> = self
            .book
            .open_orders()
            .filter(|o| !self.belongs_to_living(&o.id))
            .filter(|o| o.state == OrderState::Intended || o.state.is_uncertain())
            .map(|o| (o.id.clone(), o.state))
            .collect();
        for (id, state) in &unsettled {
            if matches!(state, OrderState::Intended | OrderState::Sending) {
                let why = Text::clean("the run that made it ended before an answer came");
                let fact = OrderFact::because(id.clone(), OrderEvent::Unanswered, why);
                self.fact(Fact::Order(Box::new(fact)));
            }
            self.look_later(id, 500);
        }
        if !unsettled.is_empty() {
            let text = format!(
                "{} of an earlier run may or may not have reached the venue; asking, and sending none again",
                crate::domain::text::counted(unsettled.len(), "order", "orders")
            );
            self.alert_program(Severity::Critical, AlertCode::Recovery, Text::clean(&text));
        }
    }

    fn belongs_to_living(&self, id: &OrderId) -> bool {
        id.client.instance().is_some_and(|i| self.alive.iter().any(|a| a.as_str() == i))
    }
}
