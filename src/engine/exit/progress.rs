//! How far the exits are, for the screen.

use super::{Engine, Phase, VenueExit};
use crate::desk::snapshot::{ExitRow, ExitVenue};
use smol_str::SmolStr;

impl Engine {
    /// For the snapshot: the newest exit with all venues that began with it.
    pub(in crate::engine) fn exit_row(&self) -> Option<ExitRow> {
        let newest = self.exits.last()?;
        let group: Vec<&VenueExit> =
            self.exits.iter().filter(|e| e.began == newest.began && e.cover == newest.cover).collect();
        let over = group.iter().all(|e| e.is_over());
        let flat = over.then(|| group.iter().all(|e| matches!(e.phase, Phase::Ended { flat: true })));
        Some(ExitRow {
            id: newest.id,
            scope: newest.words.clone(),
            venues: group.iter().map(|e| self.exit_venue(e)).collect(),
            began: newest.began,
            ended: if over { group.iter().filter_map(|e| e.ended).max() } else { None },
            flat,
        })
    }

    fn exit_venue(&self, exit: &VenueExit) -> ExitVenue {
        let gone =
            exit.orders.iter().filter(|id| self.book.order(id).is_none_or(|o| o.state.is_final())).count();
        let open = self.excess(exit);
        let flat = exit.positions.iter().filter(|i| !open.iter().any(|(o, _)| o == *i)).count();
        let phase = match exit.phase {
            Phase::Cancelling { .. } => "cancelling orders",
            Phase::Reading { .. } => "reading back",
            Phase::Closing { .. } => "closing positions",
            Phase::Ended { flat: true } => "FLAT",
            Phase::Ended { flat: false } => "NOT FLAT",
        };
        ExitVenue {
            venue: exit.venue.clone(),
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
}

fn count(n: usize) -> u32 {
    u32::try_from(n).ok().unwrap_or(u32::MAX)
}
