//! How far the exits are, for the screen.

use super::{Engine, Phase, VenueExit};
use crate::{
    desk::snapshot::{ExitNote, ExitRow, ExitVenue},
    domain::{ids::VenueId, text::Text},
};
use smol_str::SmolStr;

impl Engine {
    /// For the snapshot: the newest exit with all venues of the same stroke; one that goes on before one that ended.
    pub(in crate::engine) fn exit_row(&self) -> Option<ExitRow> {
        let going = self.exits.iter().rev().find(|e| !e.is_over());
        let newest = going.or_else(|| self.exits.last())?;
        let group: Vec<&VenueExit> = self.exits.iter().filter(|e| e.group == newest.group).collect();
        let algorithms = self.covers_of(newest.group);
        let over = group.iter().all(|e| e.is_over()) && algorithms.iter().all(|a| a.flat.is_some());
        let flat = over.then(|| {
            group.iter().all(|e| matches!(e.phase, Phase::Ended { flat: true }))
                && algorithms.iter().all(|a| a.flat == Some(true))
        });
        let names: Vec<&str> = group.iter().map(|e| e.venue().as_str()).collect();
        Some(ExitRow {
            id: newest.group,
            scope: Text::clean(&format!("{} at {}", newest.plan.scope.words(), names.join(", "))),
            venues: group.iter().map(|e| self.exit_venue(e)).collect(),
            algorithms,
            began: group.iter().map(|e| e.began).min().unwrap_or(newest.began),
            ended: if over { group.iter().filter_map(|e| e.ended).max() } else { None },
            flat,
        })
    }

    fn exit_venue(&self, exit: &VenueExit) -> ExitVenue {
        let gone =
            exit.orders.iter().filter(|id| self.book.order(id).is_none_or(|o| o.state.is_final())).count();
        let open = self.to_close(&exit.plan, exit.keep.as_ref());
        let flat = exit.positions.iter().filter(|i| !open.iter().any(|(o, _)| o == *i)).count();
        let phase = match exit.phase {
            Phase::Proving => "waiting for the venue's proof",
            Phase::Cancelling { .. } => "cancelling orders",
            Phase::Reading { .. } => "reading back",
            Phase::Closing { .. } => "closing positions",
            Phase::Pausing { .. } => "waiting to try again",
            Phase::Ended { flat: true } => "FLAT",
            Phase::Ended { flat: false } => "NOT FLAT",
        };
        ExitVenue {
            venue: exit.venue().clone(),
            phase: SmolStr::new_static(phase),
            orders: count(exit.orders.len()),
            orders_gone: count(gone),
            positions: count(exit.positions.len()),
            positions_flat: count(flat),
            left: exit.left.clone(),
            error: exit.error.clone(),
            took_ms: exit.ended.unwrap_or(self.now.mono).since_ms(exit.began),
            rounds: exit.rounds,
        }
    }

    /// What the journal tells of exits: those that began and did not end, and the last that ended at each venue.
    pub(in crate::engine) fn exit_notes(&self) -> Vec<ExitNote> {
        let mut notes: Vec<ExitNote> = Vec::new();
        for row in self.book.open_exits() {
            let living = row.plan.as_ref().is_some_and(|p| !self.is_of_dead_run(p));
            let report = if living { "under way" } else { "cut off: the run that began it has ended" };
            notes.push(ExitNote {
                id: row.exit,
                scope: row.scope.clone(),
                at: row.since,
                under_way: living,
                flat: None,
                report: Text::clean(report),
            });
        }
        let mut told: Vec<Option<VenueId>> = Vec::new();
        for ended in self.book.ended_exits().rev() {
            if told.contains(&ended.venue) {
                continue;
            }
            told.push(ended.venue.clone());
            notes.push(ExitNote {
                id: ended.exit,
                scope: ended.scope.clone(),
                at: ended.at,
                under_way: false,
                flat: Some(ended.flat),
                report: ended.report.clone(),
            });
        }
        notes
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).ok().unwrap_or(u32::MAX)
}
