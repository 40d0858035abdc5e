//! What other runs of this profile wrote into the journal: a lock, an unlock or an exit that a shell command gave holds
//! in an open dashboard too. The facts are in the journal already; here they are only taken in and said.

use super::Engine;
use crate::domain::{
    alert::{AlertCode, Severity},
    fact::{Dated, Fact},
    text::Text,
};

impl Engine {
    pub(super) fn on_elsewhere(&mut self, dated: &Dated) {
        match &dated.fact {
            Fact::Locked { reason } => {
                if self.book.lock().is_none() {
                    self.take_in(dated);
                    self.say_elsewhere(
                        Severity::Warning,
                        AlertCode::Lock,
                        &format!("entries are blocked by another program: {reason}"),
                    );
                }
            }
            Fact::Unlocked { reason } => {
                if self.book.lock().is_some() || self.halted {
                    self.halted = false;
                    self.take_in(dated);
                    self.say_elsewhere(
                        Severity::Warning,
                        AlertCode::Lock,
                        &format!("another program allows entries again: {reason}"),
                    );
                }
            }
            Fact::ExitBegan { scope, plan, .. } => {
                // It lives: what it has under way is its own to finish.
                self.alive.extend(plan.as_ref().map(|p| p.instance.clone()));
                self.take_in(dated);
                self.say_elsewhere(
                    Severity::Critical,
                    AlertCode::Exit,
                    &format!("another program is getting out: {scope}"),
                );
            }
            Fact::ExitEnded { flat, report, .. } => {
                self.take_in(dated);
                let severity = if *flat { Severity::Warning } else { Severity::Emergency };
                self.say_elsewhere(severity, AlertCode::Exit, &format!("another program: {report}"));
            }
            Fact::Adopted { .. } => {
                self.take_in(dated);
                self.differences.note(dated.at, &dated.fact);
            }
            Fact::ExitMeasured { .. } | Fact::Untripped { .. } | Fact::Held(_) | Fact::Algorithm(_) => {
                self.take_in(dated);
            }
            Fact::Opened { .. }
            | Fact::Commanded { .. }
            | Fact::Intended(_)
            | Fact::Order(_)
            | Fact::Learned { .. }
            | Fact::Executed(_)
            | Fact::Inferred(_)
            | Fact::Corrected(_)
            | Fact::Position { .. }
            | Fact::Account { .. }
            | Fact::DayBegan { .. }
            | Fact::Instrument(_)
            | Fact::Alerted(_)
            | Fact::Acknowledged { .. }
            | Fact::Tripped(_)
            | Fact::Baseline(_)
            | Fact::EquityHigh { .. } => {}
        }
    }

    /// A lock that a shell command gives from now on is not seen here: the trader must know.
    pub(super) fn on_others_unread(&mut self, why: &Text) {
        let said = format!(
            "what other programs write into the journal can't be read, so their locks do not hold here; start again: {why}"
        );
        self.say_elsewhere(Severity::Critical, AlertCode::Journal, &said);
    }

    /// Nothing that trades depends on a recording.
    pub(super) fn on_unrecorded(&mut self, why: &Text) {
        let said = format!("this session is not recorded any further ({why}); everything else goes on");
        self.say_elsewhere(Severity::Warning, AlertCode::Program, &said);
    }

    fn take_in(&mut self, dated: &Dated) {
        self.book.apply(dated.at, &dated.fact);
        self.view.note(&dated.fact);
    }

    fn say_elsewhere(&mut self, severity: Severity, code: AlertCode, text: &str) {
        self.alert_program(severity, code, Text::clean(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        Input,
        rig::{Rig, quiet},
    };

    #[test]
    fn that_locks_of_others_are_not_seen_is_an_alert() {
        let mut rig = Rig::new(&quiet());
        rig.step(Input::OthersUnread(Text::clean("a record is damaged")));
        let said = rig.alerts(AlertCode::Journal).join("; ");
        assert!(said.contains("their locks do not hold here") && said.contains("damaged"), "{said}");
    }
}
