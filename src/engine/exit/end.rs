//! The end of an exit: what is left and why, the report, and what follows.

use super::{Engine, Phase, VenueExit};
use crate::domain::{
    alert::{AlertCode, Severity},
    fact::Fact,
    ids::OrderId,
    lifecycle::OrderState,
    scope::{Protection, Then},
    text::Text,
};

impl Engine {
    /// The time is over: its own closes are taken back, and what is left is said.
    pub(super) fn give_up(&mut self, exit: &mut VenueExit) {
        for id in self.orders_in(&exit.plan) {
            if exit.closes.contains(&id.client) && !self.is_uncertain(&id) {
                self.cancel_order(&id);
            }
        }
        let why = exit.error.as_ref().map_or_else(String::new, |e| format!(" ({e})"));
        let text = Text::clean(&format!("the time for this exit is over{why}"));
        self.end_exit(exit, false, Some(text));
    }

    /// Ends it. `why` is what stopped it before it was through.
    pub(super) fn end_exit(&mut self, exit: &mut VenueExit, flat: bool, why: Option<Text>) {
        if let Some(why) = why {
            self.name_what_is_left(exit);
            exit.left.insert(0, why);
            exit.only_dust = false;
        }
        let report = self.report_of(exit, flat);
        exit.phase = Phase::Ended { flat };
        exit.ended = Some(self.now.mono);
        self.fact(Fact::ExitEnded { exit: exit.id, flat, report: report.clone() });
        let severity = match (flat, exit.is_everything()) {
            (true, false) => Severity::Info,
            (true, true) => Severity::Warning,
            // What is too small for an order is no alarm: it was said, and nobody can do anything about it.
            (false, _) if exit.only_dust => Severity::Warning,
            (false, _) => Severity::Emergency,
        };
        let symbol = exit.plan.scope.symbol.clone();
        self.alert_at(severity, AlertCode::Exit, exit.venue(), symbol, report);
        self.after_exit(exit, flat);
    }

    fn name_what_is_left(&self, exit: &mut VenueExit) {
        for (instrument, qty) in self.to_close(&exit.plan, exit.keep.as_ref()) {
            let symbol = &instrument.symbol;
            let said = exit.left.iter().any(|l| l.as_str().starts_with(&format!("{symbol}: ")));
            if !said {
                exit.left.push(Text::clean(&format!("{symbol}: {qty} still open")));
            }
        }
        for id in self.can_still_fill(exit) {
            let state = self.book.order(&id).map_or("gone", |o| o.state.word());
            exit.left.push(Text::clean(&format!("order {} is {state} and can still fill", id.client)));
        }
    }

    /// Orders in scope that the venue denies and nobody has declared dead.
    fn denied(&self, exit: &VenueExit) -> Vec<OrderId> {
        let mut denied = self.orders_in(&exit.plan);
        denied.retain(|id| self.book.order(id).is_some_and(|o| o.state == OrderState::Absent));
        denied
    }

    fn report_of(&self, exit: &VenueExit, flat: bool) -> Text {
        let keeps = exit.keep.as_ref().is_some_and(|k| k.values().any(|q| q.is_positive()));
        let mut report = if flat && keeps {
            format!("{}: done", exit.words)
        } else if flat {
            format!("{}: flat, by the venue's word", exit.words)
        } else {
            let left: Vec<&str> = exit.left.iter().map(Text::as_str).collect();
            format!("{}: NOT FLAT: {}", exit.words, left.join("; "))
        };
        let denied = self.denied(exit);
        let denied = denied.iter().map(|id| format!("; order {} is NOT AT VENUE (unconfirmed)", id.client));
        report.extend(denied);
        Text::clean(&report)
    }

    fn after_exit(&mut self, exit: &VenueExit, flat: bool) {
        let protection = match exit.plan.then.clone() {
            Then::Nothing => return,
            Then::Protect { stop, target } => {
                let Some(symbol) = exit.plan.scope.symbol.clone() else { return };
                let instrument = self.instrument_for(&symbol, exit.venue());
                vec![Protection { instrument, stop, target }]
            }
            Then::ProtectEach(each) => each,
            Then::Open(spec) => {
                if flat {
                    self.open_other_side(exit, *spec);
                }
                return;
            }
        };
        for one in protection {
            if self.book.position(&one.instrument).is_some_and(|p| !p.qty.is_zero()) {
                self.protect_rest(&one, &exit.maker);
            }
        }
    }

    fn open_other_side(&mut self, exit: &VenueExit, spec: crate::domain::order::OrderSpec) {
        let symbol = spec.instrument.symbol.clone();
        if let Err(why) = self.submit_cleared(spec, exit.maker.origin.clone()) {
            let text = Text::clean(&format!("{symbol} is flat and the other side was refused: {why}"));
            self.alert_at(Severity::Warning, AlertCode::OrderRejected, exit.venue(), Some(symbol), text);
        }
    }
}
