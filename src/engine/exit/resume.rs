//! An exit that was under way when its run ended is taken up again: as it was meant, and with as much kept as was
//! counted. Until it is through, entries are blocked.

use super::{Engine, VenueExit};
use crate::{
    book::ExitRow,
    domain::{
        alert::{AlertCode, Severity},
        fact::Fact,
        order::Origin,
        scope::{ExitPlan, Scope, Then},
        text::Text,
    },
    engine::orders::Maker,
};

impl Engine {
    /// Was its run alive when this one began, or is it this one?
    pub(super) fn is_of_dead_run(&self, plan: &ExitPlan) -> bool {
        plan.instance != self.instance && !self.alive.contains(&plan.instance)
    }

    /// Exits of runs that have ended. A run that only looks leaves them for one that gets out.
    pub(in crate::engine) fn resume_exits(&mut self) {
        if !self.takes_up_exits || self.read_only {
            return;
        }
        let open: Vec<ExitRow> = self.book.open_exits().cloned().collect();
        let mut groups: Vec<(Scope, u64)> = Vec::new();
        for row in open {
            match row.plan.clone() {
                Some(plan) if self.is_of_dead_run(&plan) => self.resume_exit(&row, plan, &mut groups),
                Some(_) => {}
                // While another run lives it may be that run's, and going on.
                None if self.alive.is_empty() => self.give_up_old(&row),
                None => {}
            }
        }
    }

    fn resume_exit(&mut self, row: &ExitRow, mut plan: ExitPlan, groups: &mut Vec<(Scope, u64)>) {
        let mut dropped = "";
        if matches!(plan.then, Then::Open(_)) {
            plan.then = Then::Nothing;
            dropped = "; the other side will not be opened";
        }
        plan.instance = self.instance.clone();
        // From now on it is this run's: who starts later leaves it alone.
        let (exit, scope) = (row.exit, row.scope.clone());
        self.fact(Fact::ExitBegan { exit, scope: scope.clone(), plan: Some(Box::new(plan.clone())) });
        if let Some(keep) = row.keep.clone() {
            self.fact(Fact::ExitMeasured { exit, keep });
        }
        let of_stroke = Scope { venue: None, ..plan.scope.clone() };
        let group = groups.iter().find(|(s, _)| *s == of_stroke).map_or(exit, |(_, g)| *g);
        groups.push((of_stroke, group));
        let maker = Maker { origin: Origin::Exit, asked: None };
        let mut resumed = VenueExit::new(exit, group, plan, maker, self.now.mono);
        resumed.keep.clone_from(&row.keep);
        let text = format!("`{scope}` was under way when its run ended: taken up again{dropped}");
        let venue = resumed.venue().clone();
        if resumed.is_everything() {
            self.lock(Text::clean(&format!("{scope}; entries stay blocked until a person unlocks")));
        }
        self.keep_exit(resumed);
        self.alert_at(Severity::Emergency, AlertCode::Recovery, &venue, None, Text::clean(&text));
    }

    /// A journal of before there were plans does not say what it was to do.
    fn give_up_old(&mut self, row: &ExitRow) {
        let text =
            format!("`{}` was under way when the last run ended; `flatten` takes it up again", row.scope);
        let report = Text::clean("cut off: the run ended");
        self.fact(Fact::ExitEnded { exit: row.exit, flat: false, report });
        self.alert_program(Severity::Emergency, AlertCode::Recovery, Text::clean(&text));
        self.lock(Text::clean("an exit was cut off when the last run ended"));
    }
}
