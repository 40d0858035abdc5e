//! What came of what was asked. Accepted is a request taken, not a result; refused is definitive; everything
//! between is Unknown and is looked for.

use super::{
    Engine,
    effect::{Ask, Effect},
    input::{Answer, Timer},
    venue::{Agreement, Proving},
};
use crate::{
    book::{Finding, OrderRow, of_order_report, reconcile},
    broker::{Fault, Outcome, Proof, Wanted},
    desk::Reply,
    domain::{
        alert::{AlertCode, Severity},
        fact::{Fact, OrderFact},
        ids::{ClientId, OrderId, Symbol, VenueId},
        instrument::Instrument,
        lifecycle::OrderEvent,
        order::Role,
        report::{OrderReport, VenueReport},
        text::Text,
    },
};

/// How soon an order without an answer is looked for, milliseconds.
const FIRST_LOOK_MS: u64 = 300;
/// How long after the last order news the account's figures are asked for once more, milliseconds.
const SETTLE_MS: u64 = 3_500;
/// How soon after a failure the environment is asked for again, milliseconds.
const PROVE_AGAIN_MS: u64 = 3_000;

/// A venue that makes up words without end is told of so often.
const STRANGE_WORDS_MAX: usize = 32;

impl Engine {
    pub(super) fn on_answer(&mut self, venue: &VenueId, answer: Answer) {
        match answer {
            Answer::Proved(result) => self.on_proved(venue, result),
            Answer::Sent(client) => self.order_event(venue, client, OrderEvent::Sent, None),
            Answer::Submitted { client, outcome } => self.on_submitted(venue, client, outcome),
            Answer::Replaced { order, by, outcome } => self.on_replaced(venue, order, by, outcome),
            Answer::Cancelled { order, outcome } => self.on_cancelled(venue, order, outcome),
            Answer::AllCancelled(outcome) => self.on_all_cancelled(venue, &outcome),
            Answer::Found { order, result } => self.on_found(venue, order, result),
            Answer::Reported(report) => self.on_reported(&report),
            Answer::Symbols(result) => self.on_symbols(venue, result),
            Answer::Instruments { asked, result } => self.on_instruments(venue, &asked, result),
            Answer::Bars { front, id, instrument, interval, result } => {
                let reply = match result {
                    Ok(bars) => Reply::Bars { instrument, interval, bars },
                    Err(fault) => Reply::Refused {
                        text: Text::clean(&fault.to_string()),
                        field: None,
                        checks: Vec::new(),
                    },
                };
                self.reply(front, id, reply);
            }
        }
    }

    fn order_event(&mut self, venue: &VenueId, client: ClientId, event: OrderEvent, reason: Option<Text>) {
        let order = OrderId { venue: venue.clone(), client };
        let mut fact = OrderFact::bare(order, event);
        fact.reason = reason;
        self.fact(Fact::Order(Box::new(fact)));
    }

    /// Takes in what a venue says of orders, children after parents.
    pub(super) fn take_reports(&mut self, venue: &VenueId, reports: &[OrderReport]) {
        for report in reports {
            for fact in of_order_report(&self.book, venue, report) {
                self.fact(fact);
            }
            self.alarm_if_naked(venue, report);
            self.alarm_if_unrecognised(venue, report);
        }
    }

    /// A status word that nobody here knows: the order counts as open, and a person is told once.
    fn alarm_if_unrecognised(&mut self, venue: &VenueId, report: &OrderReport) {
        let is_strange =
            report.status == OrderEvent::Unrecognised && self.strange_words.len() < STRANGE_WORDS_MAX;
        if !is_strange || !self.strange_words.insert(report.status_word.clone()) {
            return;
        }
        let id = OrderId { venue: venue.clone(), client: report.client.clone() };
        let text = format!(
            "{venue} says that order {} is `{}`, which is not known here; it counts as open",
            report.client, report.status_word
        );
        self.alert_order(Severity::Warning, AlertCode::UnknownStatus, &id, Text::clean(&text));
    }

    /// A protective leg that is refused leaves its position naked: that is said at once.
    fn alarm_if_naked(&mut self, venue: &VenueId, report: &OrderReport) {
        if report.role != Some(Role::Stop) || report.status != OrderEvent::Rejected {
            return;
        }
        let symbol = &report.instrument.symbol;
        if self.book.position(&report.instrument).is_some_and(|p| !p.qty.is_zero()) {
            let why = report.reason.as_ref().map_or("no reason given", Text::as_str);
            let text = format!(
                "NAKED: the protective stop of {symbol} was rejected ({why}); `protect {symbol} stop …` or `close {symbol}`"
            );
            self.alert_at(
                Severity::Emergency,
                AlertCode::NoStop,
                venue,
                Some(symbol.clone()),
                Text::clean(&text),
            );
        }
    }

    fn on_submitted(&mut self, venue: &VenueId, client: ClientId, outcome: Outcome<Vec<OrderReport>>) {
        let id = OrderId { venue: venue.clone(), client: client.clone() };
        match outcome {
            Outcome::Accepted(reports) => {
                self.take_reports(venue, &reports);
                if self.book.order(&id).is_some_and(|o| o.state.is_uncertain()) {
                    // The answer told of some other order: what became of ours is still to be seen.
                    let why = Text::clean("the venue's answer does not tell of this order");
                    self.unanswered(&id, why);
                }
            }
            Outcome::Refused(refusal) => {
                self.exit_limited(&id, &refusal);
                let reason = Text::clean(&format!("{} ({})", refusal.text, refusal.code));
                self.order_event(venue, client, OrderEvent::Rejected, Some(reason.clone()));
                let text = Text::clean(&format!("{venue} rejected the order: {reason}"));
                self.alert_order(Severity::Warning, AlertCode::OrderRejected, &id, text);
            }
            Outcome::NotSent(why) => {
                self.order_event(venue, client, OrderEvent::NotSent, Some(why.clone()));
                let text = Text::clean(&format!("NOT SENT: {why}"));
                self.alert_order(Severity::Warning, AlertCode::OrderNotSent, &id, text);
            }
            Outcome::Unknown(why) => self.unanswered(&id, why),
        }
        self.want_report(venue);
    }

    fn unanswered(&mut self, id: &OrderId, why: Text) {
        self.order_event(&id.venue, id.client.clone(), OrderEvent::Unanswered, Some(why.clone()));
        if self.book.order(id).is_some_and(|o| o.state.is_uncertain()) {
            let text =
                format!("UNKNOWN: order {} may or may not be at {} ({why}); asking", id.client, id.venue);
            self.alert_order(Severity::Critical, AlertCode::OrderUnknown, id, Text::clean(&text));
            self.look_later(id, FIRST_LOOK_MS);
        }
    }

    fn on_replaced(
        &mut self,
        venue: &VenueId,
        order: ClientId,
        by: ClientId,
        outcome: Outcome<Vec<OrderReport>>,
    ) {
        let old = OrderId { venue: venue.clone(), client: order.clone() };
        let new = OrderId { venue: venue.clone(), client: by.clone() };
        match outcome {
            Outcome::Accepted(reports) => {
                self.take_reports(venue, &reports);
                if let Some(half) =
                    reports.iter().find(|r| r.client == by && r.status == OrderEvent::Rejected)
                {
                    self.half_replaced(&old, half);
                }
                if super::looks::is_in_place(&reports, &old.client, &new.client) {
                    self.changed_in_place(&old, &new);
                }
                self.look_later(&old, super::looks::PATIENCE_MS);
                self.look_later(&new, super::looks::PATIENCE_MS);
            }
            Outcome::Refused(refusal) => {
                let why = Text::clean(&format!("{} ({})", refusal.text, refusal.code));
                self.replace_failed(venue, order, by, OrderEvent::Rejected, why);
            }
            Outcome::NotSent(why) => self.replace_failed(venue, order, by, OrderEvent::NotSent, why),
            Outcome::Unknown(why) => {
                self.unanswered(&new, why);
                self.look_later(&old, FIRST_LOOK_MS);
            }
        }
        self.want_report(venue);
    }

    /// The venue cancelled the one order and refused the other: what it protected is open.
    fn half_replaced(&mut self, old: &OrderId, refused: &OrderReport) {
        let why = refused.reason.as_ref().map_or("no reason given", Text::as_str);
        let text = format!(
            "order {} is cancelled and the order in its place was refused: {why}; nothing works there now",
            old.client
        );
        self.alert_order(Severity::Critical, AlertCode::ReplaceRefused, old, Text::clean(&text));
    }

    fn replace_failed(
        &mut self,
        venue: &VenueId,
        order: ClientId,
        by: ClientId,
        event: OrderEvent,
        why: Text,
    ) {
        self.order_event(venue, by, event, Some(why.clone()));
        self.order_event(venue, order.clone(), OrderEvent::ReplaceRefused, Some(why.clone()));
        let old = OrderId { venue: venue.clone(), client: order };
        let text = Text::clean(&format!("the change of order {} failed: {why}", old.client));
        self.alert_order(Severity::Warning, AlertCode::ReplaceRefused, &old, text);
        self.look_later(&old, FIRST_LOOK_MS);
    }

    fn on_cancelled(&mut self, venue: &VenueId, client: ClientId, outcome: Outcome<()>) {
        let id = OrderId { venue: venue.clone(), client: client.clone() };
        let why = match outcome {
            Outcome::Accepted(()) => return,
            Outcome::Refused(refusal) => {
                let why = Text::clean(&format!("{} ({})", refusal.text, refusal.code));
                self.order_event(venue, client, OrderEvent::CancelRefused, Some(why.clone()));
                why
            }
            Outcome::NotSent(why) => {
                self.order_event(venue, client, OrderEvent::CancelRefused, Some(why.clone()));
                why
            }
            Outcome::Unknown(why) => why,
        };
        // Refused because it has filled is the common case: the venue's own record tells.
        self.look_now(&id);
        if self.book.order(&id).is_some_and(|o| o.state.is_open()) {
            let text = Text::clean(&format!("the cancel of order {} is not confirmed: {why}", id.client));
            self.alert_order(Severity::Warning, AlertCode::CancelRefused, &id, text);
        }
    }

    fn look_now(&mut self, id: &OrderId) {
        let Some(order) = self.book.order(id).map(OrderRow::reference) else { return };
        self.effect(Effect::Ask { venue: id.venue.clone(), ask: Ask::Find(order), exit: true });
    }

    fn on_all_cancelled(&mut self, venue: &VenueId, outcome: &Outcome<()>) {
        let why = match outcome {
            Outcome::Accepted(()) => None,
            Outcome::Refused(refusal) => Some(refusal.text.clone()),
            Outcome::NotSent(why) | Outcome::Unknown(why) => Some(why.clone()),
        };
        if let Some(why) = why {
            let text =
                Text::clean(&format!("{venue}: cancel-all is not confirmed ({why}); cancelling one by one"));
            self.alert_at(Severity::Critical, AlertCode::CancelRefused, venue, None, text);
            let open: Vec<OrderId> =
                self.book.open_orders().filter(|o| o.id.venue == *venue).map(|o| o.id.clone()).collect();
            for id in &open {
                self.cancel_order(id);
            }
        } else if self.is_getting_out(venue) && self.agrees(venue) {
            // The stream tells of each cancel, and then the exit reads the venue.
            return;
        }
        self.ask_report(venue, true);
    }

    fn on_proved(&mut self, venue: &VenueId, result: Result<Proof, Fault>) {
        let Some(state) = self.venues.get_mut(venue) else { return };
        self.view.health = true;
        let wanted = state.setup.environment;
        match result {
            Ok(proof) if proof.environment == wanted => {
                let withdraw = proof.withdraw == Some(true);
                state.proving = Proving::Proven(proof);
                self.effect(Effect::Ask { venue: venue.clone(), ask: Ask::Symbols, exit: false });
                self.resync_if_up(venue);
                if withdraw {
                    let text =
                        Text::clean(&format!("the key of {venue} may withdraw money; make one that may not"));
                    self.alert_at(Severity::Warning, AlertCode::Venue, venue, None, text);
                }
            }
            Ok(proof) => {
                let text = Text::clean(&format!(
                    "{venue} is configured as {} and the venue's answer says {}: nothing will be sent there",
                    wanted.word(),
                    proof.environment.word()
                ));
                state.proving = Proving::Failed(text.clone());
                self.alert_at(Severity::Emergency, AlertCode::Venue, venue, None, text);
            }
            Err(fault) => {
                if matches!(fault, Fault::Unauthorised { .. }) {
                    state.proving = Proving::Failed(Text::clean(&fault.to_string()));
                }
                self.note_fault(venue, &fault);
                let text = Text::clean(&fault.to_string());
                self.alert_at(Severity::Critical, AlertCode::Venue, venue, None, text);
                let after_ms =
                    if matches!(fault, Fault::Unauthorised { .. }) { 60_000 } else { PROVE_AGAIN_MS };
                self.effect(Effect::Arm { timer: Timer::Prove(venue.clone()), after_ms });
            }
        }
    }

    /// Remembers what went wrong, for Health.
    pub(super) fn note_fault(&mut self, venue: &VenueId, fault: &Fault) {
        if let Some(state) = self.venues.get_mut(venue) {
            state.last_error = Some(Text::clean(&fault.to_string()));
            self.view.health = true;
        }
    }

    fn on_symbols(&mut self, venue: &VenueId, result: Result<Vec<Symbol>, Fault>) {
        match result {
            Ok(symbols) => {
                self.list(venue, symbols);
                self.view.symbols = true;
                // A rate that is needed may be told there.
                self.watches_moved = true;
            }
            Err(fault) => self.note_fault(venue, &fault),
        }
    }

    fn on_instruments(&mut self, venue: &VenueId, asked: &[Symbol], result: Result<Vec<Instrument>, Fault>) {
        let Some(state) = self.venues.get_mut(venue) else { return };
        for symbol in asked {
            state.asked.remove(symbol);
        }
        self.watches_moved = true;
        match result {
            Ok(instruments) => {
                for symbol in asked {
                    if !instruments.iter().any(|i| i.id.symbol == *symbol) {
                        state.unknown.insert(symbol.clone());
                    }
                }
                for instrument in instruments {
                    self.fact(Fact::Instrument(Box::new(instrument)));
                }
            }
            Err(fault) => {
                if let (Fault::Refused { .. }, [symbol]) = (&fault, asked) {
                    let why = (self.now.mono, Text::clean(&fault.to_string()));
                    state.unclear.insert(symbol.clone(), why);
                }
                self.note_fault(venue, &fault);
            }
        }
    }

    /// What a report should cover: everything since what is known.
    pub(super) fn wanted(&self, venue: &VenueId) -> Wanted {
        let resume = self.book.resume_point(venue);
        let instruments = self.venues.get(venue).map_or_else(Vec::new, |state| {
            let missing = |s: &&Symbol| {
                let id = crate::domain::ids::InstrumentId { venue: venue.clone(), symbol: (*s).clone() };
                self.book.instrument(&id).is_none() && !state.unknown.contains(*s)
            };
            state.watched.iter().filter(missing).cloned().collect()
        });
        let oldest_open =
            self.book.open_orders().filter(|o| o.id.venue == *venue).map(|o| o.intended_at).min();
        Wanted {
            orders_since: oldest_open.map(|at| at.plus_ms(-60_000)),
            executions_after: resume.map(|r| r.execution.clone()),
            executions_since: resume.map(|r| r.at),
            instruments,
            traded: self.traded_at(venue),
            changed: self.changed_at(venue),
        }
    }

    /// Asks for everything, unless that is under way.
    pub(super) fn ask_report(&mut self, venue: &VenueId, exit: bool) {
        let now = self.now.mono;
        let wanted = self.wanted(venue);
        let Some(state) = self.venues.get_mut(venue) else { return };
        if state.asked_report.is_some() && !exit {
            state.wants_report = true;
            return;
        }
        state.asked_report = Some(now);
        state.wants_report = false;
        self.effect(Effect::Ask { venue: venue.clone(), ask: Ask::Report(wanted), exit });
    }

    /// The account's figures moved: ask soon, not at once.
    pub(super) fn want_report(&mut self, venue: &VenueId) {
        // The book takes what is younger than three seconds off the buying power by itself: only a report that
        // begins later replaces its own counting by the venue's.
        self.effect(Effect::Arm { timer: Timer::Settle(venue.clone()), after_ms: SETTLE_MS });
        if let Some(state) = self.venues.get_mut(venue)
            && !state.wants_report
        {
            state.wants_report = true;
            self.effect(Effect::Arm { timer: Timer::Resync(venue.clone()), after_ms: 500 });
        }
    }

    fn on_reported(&mut self, report: &VenueReport) {
        let venue = &report.venue;
        if let Some(state) = self.venues.get_mut(venue) {
            state.asked_report = None;
        }
        for instrument in &report.instruments {
            self.fact(Fact::Instrument(Box::new(instrument.clone())));
        }
        for position in report.positions.iter().flatten() {
            if let Some(last) = position.last {
                self.marks.venue_last(&position.instrument, last);
            }
        }
        if report.account.is_some()
            && let Some(state) = self.venues.get_mut(venue)
        {
            state.figures_asked = Some(report.began);
        }
        let undecided = self.undecided(report);
        let mut doubts = Vec::new();
        for finding in reconcile(&self.book, report) {
            match finding {
                Finding::Facts { facts, alert } => {
                    for fact in facts {
                        self.differences.note(self.now.wall, &fact);
                        self.fact(fact);
                    }
                    if let Some(seed) = alert {
                        self.alert(seed);
                    }
                }
                Finding::Ask(order) => {
                    let id = OrderId { venue: venue.clone(), client: order.client };
                    self.look_now(&id);
                }
                Finding::Doubt(doubt) => doubts.push(doubt),
            }
        }
        report.executions.iter().flatten().for_each(|execution| self.alarm_if_uncorrected(execution));
        self.weigh_doubts(report, &undecided, doubts);
        for order in report.orders.iter().flatten() {
            self.alarm_if_naked(venue, order);
        }
        self.after_report(report);
        self.begin_session(report);
        self.exits_read(report);
    }

    fn after_report(&mut self, report: &VenueReport) {
        let whole = report.orders.is_some()
            && report.executions.is_some()
            && report.positions.is_some()
            && report.account.is_some();
        let Some(state) = self.venues.get_mut(&report.venue) else { return };
        self.view.health = true;
        if !whole {
            state.report_failures = state.report_failures.saturating_add(1);
            state.last_error = report.missing.first().cloned();
            let after_ms = 500_u64.saturating_mul(1_u64 << state.report_failures.min(6));
            self.effect(Effect::Arm { timer: Timer::Resync(report.venue.clone()), after_ms });
            return;
        }
        state.report_failures = 0;
        state.last_report = Some(self.now);
        let was = state.agreement;
        // A position in doubt is no agreement: it is asked again soon.
        let agrees = !self.doubts.any_at(&report.venue);
        if was == Agreement::Resyncing && agrees && report.began.mono >= state.resync_since {
            state.agreement = Agreement::Live;
            let text = Text::clean(&format!("{} and the book agree; trading is open", report.venue));
            self.alert_at(Severity::Info, AlertCode::Stream, &report.venue, None, text);
        }
    }

    /// The order stream is up and the account is proven: ask for everything before anything is called live.
    pub(super) fn resync_if_up(&mut self, venue: &VenueId) {
        use crate::broker::{Channel, Link};
        let Some(state) = self.venues.get_mut(venue) else { return };
        let up = state.links.get(&Channel::Orders).is_some_and(|l| l.link == Link::Up);
        if up && matches!(state.proving, Proving::Proven(_)) {
            state.agreement = Agreement::Resyncing;
            state.resync_since = self.now.mono;
            state.asked_report = None;
            self.ask_report(venue, false);
        }
    }

    pub(super) fn agrees(&self, venue: &VenueId) -> bool {
        self.venues.get(venue).is_some_and(|v| v.agreement == Agreement::Live)
    }
}
