//! What venues tell without being asked.

use super::{
    Engine,
    venue::{Agreement, LinkState},
};
use crate::{
    book::{AlertSeed, Marked, corrected, of_execution, uncorrected},
    broker::{Channel, Event, Link, Market, OrderRef},
    domain::{
        alert::{AlertCode, Severity},
        fact::{Fact, OrderFact},
        ids::{InstrumentId, OrderId, VenueId},
        lifecycle::{OrderEvent, OrderState},
        report::Execution,
        text::Text,
        time::Mono,
    },
};

impl Engine {
    pub(super) fn on_news(&mut self, venue: &VenueId, event: Event) {
        if let Some(state) = self.venues.get_mut(venue)
            && matches!(event, Event::Order(_) | Event::Execution(_) | Event::RequestRefused { .. })
        {
            state.heard.insert(Channel::Orders, self.now.mono);
            self.view.health = true;
        }
        match event {
            Event::Link { channel, link, at } => self.on_link(venue, channel, link, at),
            Event::Order(report) => {
                self.take_reports(venue, std::slice::from_ref(&report));
                self.want_report(venue);
            }
            Event::Execution(execution) => {
                self.on_execution(&execution);
                self.want_report(venue);
            }
            Event::RequestRefused { order, cancel, why } => {
                self.on_request_refused(venue, &order, cancel, why);
            }
            Event::Quarantined { channel, count, why } => self.on_quarantined(venue, channel, count, &why),
            Event::Halt { instrument, why } => self.on_halt(venue, &instrument, why),
            Event::Notice { severity, code, symbol, text } => {
                let text = Text::clean(&format!("{venue}: {text}"));
                self.alert_at(severity, code, venue, symbol, text);
                self.want_report(venue);
            }
            Event::Vitals(vitals) => {
                if let Some(state) = self.venues.get_mut(venue) {
                    state.vitals = vitals;
                    self.view.health = true;
                }
            }
        }
    }

    fn on_execution(&mut self, execution: &Execution) {
        self.alarm_if_uncorrected(execution);
        let Some(fact) = of_execution(&self.book, execution) else { return };
        let alert = if let Fact::Corrected(correction) = &fact { Some(corrected(correction)) } else { None };
        self.fact(fact);
        if let Some(seed) = alert {
            self.alert(seed);
        }
    }

    /// A correction that can't be counted is said once, though every report tells it.
    pub(super) fn alarm_if_uncorrected(&mut self, execution: &Execution) {
        let Some(seed) = uncorrected(&self.book, execution) else { return };
        let is_said = |seed: &AlertSeed| self.book.alerts().any(|(alert, _)| alert.text == seed.text);
        if !is_said(&seed) {
            self.alert(seed);
        }
    }

    fn on_link(&mut self, venue: &VenueId, channel: Channel, link: Link, at: Mono) {
        let Some(state) = self.venues.get_mut(venue) else { return };
        self.view.health = true;
        self.view.depth = true;
        let old = state.links.get(&channel);
        let was_up = old.is_some_and(|l| l.link == Link::Up);
        let ups = old.map_or(0, |l| l.ups).saturating_add(u32::from(link == Link::Up));
        state.links.insert(channel, LinkState { link: link.clone(), since: at, ups });
        let up = link == Link::Up;
        if channel == Channel::Orders && !up {
            state.agreement = Agreement::Down;
        }
        let (severity, words) = match link {
            Link::Up => {
                if channel == Channel::Orders {
                    self.resync_if_up(venue);
                }
                if ups > 1 {
                    let text = Text::clean(&format!("{venue}: the {} stream is back", channel.word()));
                    self.alert_at(Severity::Info, AlertCode::Stream, venue, None, text);
                }
                return;
            }
            Link::Connecting => return,
            Link::Stale => (Severity::Warning, "is silent for too long; its numbers are stale".to_owned()),
            Link::Backoff { why, .. } if was_up => (Severity::Warning, format!("is down: {why}")),
            Link::Backoff { why, .. } => (Severity::Info, format!("can't be reached yet: {why}")),
            Link::Dead { why } => (Severity::Critical, format!("is down for good: {why}")),
        };
        if let Some(state) = self.venues.get_mut(venue) {
            state.last_error = Some(Text::clean(&format!("{} {words}", channel.word())));
        }
        let text = Text::clean(&format!("{venue}: the {} stream {words}", channel.word()));
        self.alert_at(severity, AlertCode::Stream, venue, None, text);
    }

    fn on_request_refused(&mut self, venue: &VenueId, order: &OrderRef, cancel: bool, why: Text) {
        let id = OrderId { venue: venue.clone(), client: order.client.clone() };
        let (event, code, what) = if cancel {
            (OrderEvent::CancelRefused, AlertCode::CancelRefused, "cancel")
        } else {
            (OrderEvent::ReplaceRefused, AlertCode::ReplaceRefused, "change")
        };
        let change = self.book.order(&id).and_then(|o| o.replaced_by.clone()).filter(|_| !cancel);
        self.fact(Fact::Order(Box::new(OrderFact::because(id.clone(), event, why.clone()))));
        if let Some(client) = change {
            // The word names the old order alone, and can be an old one told twice: the order that was to take its
            // place is asked for, and is not ended on the word of this.
            let new = OrderId { venue: venue.clone(), client };
            let lost = OrderFact::because(new.clone(), OrderEvent::Unanswered, why.clone());
            if self.book.order(&new).is_some_and(|o| o.state == OrderState::Intended) {
                self.fact(Fact::Order(Box::new(lost)));
            }
            self.look_later(&new, 0);
        }
        let text = Text::clean(&format!("{venue} refused the {what} of order {}: {why}", order.client));
        self.alert_order(Severity::Warning, code, &id, text);
        self.look_later(&id, 0);
    }

    fn on_quarantined(&mut self, venue: &VenueId, channel: Channel, count: u64, why: &Text) {
        let Some(state) = self.venues.get_mut(venue) else { return };
        state.quarantined.insert(channel, count);
        state.last_error = Some(why.clone());
        self.view.health = true;
        let text = format!("{venue}: a message on {} can't be read and was put aside: {why}", channel.word());
        self.alert_at(Severity::Warning, AlertCode::Quarantined, venue, None, Text::clean(&text));
        if channel == Channel::Orders {
            // What it would have told is asked for.
            self.want_report(venue);
        }
    }

    fn on_halt(&mut self, venue: &VenueId, instrument: &InstrumentId, why: Option<Text>) {
        let Some(state) = self.venues.get_mut(venue) else { return };
        self.view.watch = true;
        let symbol = instrument.symbol.clone();
        let text = match why {
            Some(why) => {
                let text = Text::clean(&format!("{symbol} is halted at {venue}: {why}"));
                state.halted.insert(symbol.clone(), why);
                text
            }
            None if state.halted.remove(&symbol).is_some() => {
                Text::clean(&format!("{symbol} trades again at {venue}"))
            }
            None => return,
        };
        self.alert_at(Severity::Warning, AlertCode::Venue, venue, Some(symbol), text);
    }

    pub(super) fn on_market(&mut self, news: &[Market]) {
        for item in news {
            if let Market::Depth(depth) = item {
                self.take_depth(depth);
                continue;
            }
            match self.marks.apply(item) {
                Marked::Fresh | Marked::Old | Marked::Ignored => {}
                Marked::New => self.view.watch = true,
                Marked::Bad(why) => {
                    let instrument = item.instrument();
                    let text = format!("{instrument}: a quote that can't be true ({why:?}) is not used");
                    let (venue, symbol) = (instrument.venue.clone(), instrument.symbol.clone());
                    self.alert_at(
                        Severity::Warning,
                        AlertCode::Quarantined,
                        &venue,
                        Some(symbol),
                        Text::clean(&text),
                    );
                }
            }
        }
        if let Some(last) = news.last() {
            let instrument = last.instrument();
            let channel =
                if instrument.symbol.as_str().contains('/') { Channel::Crypto } else { Channel::Market };
            if let Some(state) = self.venues.get_mut(&instrument.venue) {
                state.heard.insert(channel, self.now.mono);
            }
            self.view.market = true;
        }
    }
}
