//! What an algorithm may do: how much it may lose in a day, how many orders it may send in a minute, and nothing that
//! opens while it is paused.

use super::{Algorithm, Engine};
use crate::{
    book::OrderRow,
    domain::{
        alert::Severity,
        algorithm::{Owner, Response},
        ids::OrderId,
        lifecycle::OrderState,
        money::{Money, SignedQty},
        order::{Origin, Role},
        scope::Scope,
    },
    engine::orders::Maker,
};

/// What its orders are counted in.
const MINUTE_MS: u64 = 60_000;

impl Engine {
    pub(super) fn hold_to_bounds(&mut self, at: usize) {
        let now = self.now.mono;
        let Some(algorithm) = self.algorithms.all.get_mut(at) else { return };
        while algorithm.orders.front().is_some_and(|came| now.since_ms(*came) >= MINUTE_MS) {
            algorithm.orders.pop_front();
        }
        let Some(algorithm) = self.algorithms.all.get(at) else { return };
        let said = self.beyond(algorithm);
        let (was, name) = (algorithm.told.beyond, algorithm.setup.name.clone());
        let (response, claimed) = (algorithm.setup.bounds.response, algorithm.setup.claim.is_some());
        let takes = algorithm.setup.takes;
        if let Some(algorithm) = self.algorithms.all.get_mut(at) {
            algorithm.told.beyond = said.is_some();
        }
        let (Some(what), false) = (said, was) else { return };
        self.alert_algorithm(&name, Severity::Critical, &format!("{name} goes too far: {what}"));
        if response != Response::Alert && claimed {
            self.pause(&name, &what);
        }
        if response == Response::Liquidate {
            let maker = Maker { origin: Origin::Exit, asked: None };
            if claimed {
                self.flatten(&Scope { algorithm: Some(name), ..Scope::default() }, &maker);
            } else if takes {
                self.cover(None, &name, &maker);
            }
        }
    }

    /// In words, where it is beyond its bounds.
    fn beyond(&self, algorithm: &Algorithm) -> Option<String> {
        let bounds = &algorithm.setup.bounds;
        let loss = self.day_of(algorithm).map(Money::negated);
        if let (Some(loss), Some(most)) = (loss, bounds.day_loss)
            && loss >= most
        {
            return Some(format!("it lost {loss:.2} today, and may lose {most:.2}"));
        }
        let sent = algorithm.orders.len();
        let most = usize::try_from(bounds.orders_per_minute?).ok()?;
        (sent > most).then(|| format!("{sent} orders in a minute, and it may send {most}"))
    }

    /// After each step that brought such an order.
    pub(in crate::engine) fn stop_paused_if_due(&mut self) {
        if std::mem::take(&mut self.algorithms.is_due) {
            self.stop_paused();
        }
    }

    /// Cancels what a paused algorithm sent to open something.
    pub(super) fn stop_paused(&mut self) {
        if !self.algorithms.all.iter().any(|a| self.book.paused(&a.setup.name).is_some()) {
            return;
        }
        let entries: Vec<OrderId> = self
            .book
            .open_orders()
            .filter(|row| row.state != OrderState::PendingCancel && self.is_entry_of_paused(row))
            .map(|row| row.id.clone())
            .collect();
        for id in entries {
            self.cancel_order(&id);
        }
    }

    /// What only closes what it holds is left: a pause must not take away a stop.
    fn is_entry_of_paused(&self, row: &OrderRow) -> bool {
        let owner = self.book.owner_of(row);
        let Owner::Algorithm(name) = &owner else { return false };
        if self.book.paused(name).is_none() || row.role != Role::Entry || row.parent.is_some() {
            return false;
        }
        let mut part = self.book.part_of(&owner);
        let held = part.find(|p| p.instrument == row.spec.instrument).map_or(SignedQty::ZERO, |p| p.qty);
        let closes = held.exit_side() == Some(row.spec.side);
        !closes || row.remaining().is_none_or(|size| size > held.size())
    }
}
