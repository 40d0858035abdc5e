//! The phases of an exit: each step takes every exit as far as it can go now.

use super::{Engine, Phase, VenueExit, close::Seen};
use crate::{
    broker::Wanted,
    domain::{
        ids::{InstrumentId, OrderId},
        lifecycle::OrderState,
        report::VenueReport,
        text::Text,
    },
    engine::effect::{Ask, Effect},
};

/// How often the venue is asked again while its order stream tells nothing …
const REREAD_MS: u64 = 1_000;
/// … and while it does: each report is several requests of the venue's limit.
const REREAD_LIVE_MS: u64 = 3_000;
/// A question that is not answered for so long is asked again: longer than any request's own deadline.
const ANSWER_LOST_MS: u64 = 10_000;
/// Reports that may fail before positions are closed as last known.
const BLIND_AFTER: u32 = 3;
/// So often in a row what is found open is cancelled and waited for; then what can be closed beside it is closed.
const CHASES_MAX: u32 = 1;

impl Engine {
    /// Takes every exit as far as it can go now. Called after each input.
    pub(in crate::engine) fn drive_exits(&mut self) {
        let ids: Vec<u64> = self.exits.iter().filter(|e| !e.is_over()).map(|e| e.id).collect();
        for id in ids {
            self.with_exit(id, Self::drive_exit);
        }
    }

    /// Works on one exit while the others stay where they can be seen.
    fn with_exit(&mut self, id: u64, work: impl FnOnce(&mut Self, &mut VenueExit)) {
        let Some(at) = self.exits.iter().position(|e| e.id == id) else { return };
        let mut exit = self.exits.remove(at);
        work(self, &mut exit);
        self.exits.insert(at.min(self.exits.len()), exit);
    }

    fn drive_exit(&mut self, exit: &mut VenueExit) {
        let now = self.now.mono;
        if exit.until.is_some_and(|until| now > until) {
            self.give_up(exit);
            return;
        }
        match exit.phase.clone() {
            Phase::Proving => self.after_proof(exit),
            Phase::Cancelling { until } => {
                let open = self.can_still_fill(exit);
                if open.is_empty() && self.can_trust_book(exit) {
                    self.close_positions(exit, Seen::Book);
                } else if open.is_empty() || now >= until {
                    self.read_for_exit(exit);
                } else {
                    self.reread(exit);
                }
            }
            Phase::Reading { .. } => self.reread(exit),
            Phase::Closing { until, closes } => {
                let open = closes.iter().any(|c| self.is_open_close(exit, c));
                if open && self.waits_for_limit(exit) {
                    // Their time is counted from when they have left; to look before costs what they wait for.
                    let until = now.plus_ms(self.exit_terms.close_wait_ms);
                    exit.phase = Phase::Closing { until, closes };
                } else if !open || now >= until {
                    self.note_refusals(exit, &closes);
                    self.read_for_exit(exit);
                } else {
                    self.reread(exit);
                }
            }
            Phase::Pausing { until } => {
                if now >= until {
                    self.read_for_exit(exit);
                }
            }
            Phase::Ended { .. } => {}
        }
    }

    /// Nothing leaves before the venue has proven whose account this is; then the work begins.
    fn after_proof(&mut self, exit: &mut VenueExit) {
        match self.proof_of(exit.venue()) {
            None => exit.error = Some(Text::clean("the venue has not proven yet whose account this is")),
            // One that an earlier run left waits for the venue as long as it takes.
            Some(Err(why)) if exit.until.is_none() => exit.error = Some(why),
            Some(Err(why)) => {
                let why = Text::clean(&format!("nothing was sent: {why}"));
                self.end_exit(exit, false, Some(why));
            }
            Some(Ok(())) => {
                let now = self.now.mono;
                if exit.until.is_none() {
                    exit.began = now;
                    exit.until = Some(now.plus_ms(self.exit_terms.max_ms));
                }
                exit.error = None;
                exit.positions = self.parts_in(&exit.plan).into_iter().map(|(i, _)| i).collect();
                self.cancel_for_exit(exit);
                self.drive_exit(exit);
            }
        }
    }

    /// Those in scope that are worth waiting for. What the venue has denied over and over is not.
    pub(super) fn can_still_fill(&self, exit: &VenueExit) -> Vec<OrderId> {
        let mut open = self.orders_in(&exit.plan);
        open.retain(|id| self.book.order(id).is_some_and(|o| o.state != OrderState::Absent));
        open
    }

    /// Does nobody know what became of it?
    pub(super) fn is_uncertain(&self, id: &OrderId) -> bool {
        self.book.order(id).is_some_and(|o| o.state.is_uncertain())
    }

    /// Cancels what is open in scope: in one call where that is everything and the venue has one.
    pub(super) fn cancel_for_exit(&mut self, exit: &mut VenueExit) {
        let orders = self.orders_in(&exit.plan);
        for order in &orders {
            if !exit.orders.contains(order) {
                exit.orders.push(order.clone());
            }
        }
        let again = exit.has_read;
        let bulk = exit.is_everything()
            && self.venues.get(exit.venue()).is_some_and(|v| v.setup.capability.cancel_all);
        if bulk {
            for order in &orders {
                self.note_cancel_asked(order);
            }
            self.effect(Effect::CancelAll { venue: exit.venue().clone() });
        } else {
            for order in &orders {
                // A second cancel for what may not be there at all tells nothing new.
                if !again || !self.is_uncertain(order) {
                    self.cancel_order(order);
                }
            }
        }
        exit.phase = Phase::Cancelling { until: self.now.mono.plus_ms(self.exit_terms.cancel_wait_ms) };
    }

    /// A close of one symbol may begin from the book where the book agrees with the venue: it is faster, and it
    /// is read back all the same. Everything else reads first.
    fn can_trust_book(&self, exit: &VenueExit) -> bool {
        !exit.has_read
            && exit.rounds == 0
            && exit.plan.scope.symbol.is_some()
            && self.agrees(exit.venue())
            && self.doubts_in(&exit.plan).next().is_none()
    }

    /// Reads the venue now. What is on its way began too early to count.
    pub(super) fn read_for_exit(&mut self, exit: &mut VenueExit) {
        self.read_later(exit);
        self.ask_for_exit(exit);
    }

    /// Reads it with the next beat that is not too soon after the last.
    pub(super) fn read_later(&self, exit: &mut VenueExit) {
        exit.phase = Phase::Reading { since: self.now.mono };
        exit.asked = None;
    }

    fn reread(&mut self, exit: &mut VenueExit) {
        let now = self.now.mono;
        let waits = matches!(exit.phase, Phase::Reading { .. });
        let every = if waits || !self.agrees(exit.venue()) { REREAD_MS } else { REREAD_LIVE_MS };
        let lost =
            exit.asked.is_none_or(|at| now.since_ms(at) >= ANSWER_LOST_MS && !self.waits_for_limit(exit));
        if lost && now.since_ms(exit.last_asked) >= every {
            self.ask_for_exit(exit);
        }
    }

    /// Do requests wait until the venue's limit has room for them?
    fn waits_for_limit(&self, exit: &VenueExit) -> bool {
        let vitals = self.venues.get(exit.venue()).map(|v| &v.vitals);
        vitals.and_then(|v| v.waits_until).is_some_and(|until| until > self.now.mono)
    }

    fn ask_for_exit(&mut self, exit: &mut VenueExit) {
        exit.asked = Some(self.now.mono);
        exit.last_asked = self.now.mono;
        let wanted: Wanted = self.wanted(exit.venue());
        self.effect(Effect::Ask { venue: exit.venue().clone(), ask: Ask::Report(wanted), exit: true });
    }

    /// A report came and the book has taken it in.
    pub(in crate::engine) fn exits_read(&mut self, report: &VenueReport) {
        let at = |e: &&VenueExit| e.plan.venue == report.venue && !e.is_over();
        let ids: Vec<u64> = self.exits.iter().filter(at).map(|e| e.id).collect();
        for id in ids {
            self.with_exit(id, |engine, exit| engine.exit_read(exit, report));
        }
    }

    fn exit_read(&mut self, exit: &mut VenueExit, report: &VenueReport) {
        if exit.asked.is_some_and(|asked| report.began.mono >= asked) {
            exit.asked = None;
        }
        let Phase::Reading { since } = exit.phase else { return };
        if report.began.mono < since {
            return;
        }
        if report.orders.is_some() && report.positions.is_some() {
            exit.failures = 0;
            exit.error = None;
            self.after_reading(exit, report);
            return;
        }
        exit.failures = exit.failures.saturating_add(1);
        exit.error = report.missing.first().cloned();
        if exit.failures >= BLIND_AFTER {
            let why = "the venue does not say what is open; closing what was last known";
            exit.error = Some(Text::clean(why));
            self.close_positions(exit, Seen::Nothing);
        }
    }

    fn after_reading(&mut self, exit: &mut VenueExit, report: &VenueReport) {
        exit.has_read = true;
        let open = self.can_still_fill(exit);
        let state = |id: &OrderId| self.book.order(id).map(|o| o.state);
        // What was cancelled and still stands had its time: what can be closed beside it is not held up.
        let uncancelled =
            open.iter().any(|id| !self.is_uncertain(id) && state(id) != Some(OrderState::PendingCancel));
        if open.is_empty() {
            exit.chases = 0;
        } else if uncancelled && exit.chases < CHASES_MAX {
            exit.chases = exit.chases.saturating_add(1);
            self.cancel_for_exit(exit);
            return;
        }
        let seen = if self.is_newer_than(exit, report) { Seen::Book } else { Seen::Venue };
        self.close_positions(exit, seen);
    }

    /// Has something in scope filled after the venue was asked? Then its word is not the last.
    fn is_newer_than(&self, exit: &VenueExit, report: &VenueReport) -> bool {
        let mut scope = self.book.positions().map(|p| &p.instrument).filter(|i| exit.plan.holds(i));
        scope.any(|i: &InstrumentId| self.book.has_filled_since(i, report.began.wall))
    }
}
