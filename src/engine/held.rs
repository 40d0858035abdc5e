//! Orders that this program holds itself: what a venue lacks is divided from what it takes, held as facts, changed and
//! cancelled like any other order. `watch` waits for their prices and acts.

mod divide;
mod iceberg;
#[cfg(test)]
mod tests;
mod watch;

use super::Engine;
use crate::{
    book::HeldRow,
    domain::{
        alert::{AlertCode, Severity},
        fact::Fact,
        held::{HeldEvent, HeldFact, HeldKind, HeldOrder},
        ids::{ClientId, InstrumentId, OrderId},
        money::{Price, Qty},
        order::{Change, Side},
        text::{Text, counted},
        time::Mono,
    },
};
pub(super) use divide::{Division, Exit};
use std::collections::BTreeMap;

/// What is known of those that are watched beside what the journal keeps.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The best price that a trailing stop has seen: the journal has it in steps.
    best: BTreeMap<OrderId, Price>,
    /// Since when a price is missing or old, and whether it was said.
    blind: BTreeMap<OrderId, (Mono, bool)>,
}

impl Engine {
    pub(super) fn note_held(&mut self, id: &OrderId, event: HeldEvent) {
        self.fact(Fact::Held(Box::new(HeldFact { order: id.clone(), event })));
    }

    /// Why nothing can be held here, where that is so: somebody has to be there to watch it.
    pub(super) fn why_none_is_held(&self) -> Option<Text> {
        if self.watch.acts || self.is_watched_elsewhere {
            return None;
        }
        Some(Text::clean(
            "the venue has no such order, and none is held here: no dashboard runs that would watch it. Open one, or give the order without it",
        ))
    }

    /// Holds these for one entry or position.
    pub(super) fn hold_exits(
        &mut self,
        instrument: &InstrumentId,
        side: Side,
        exits: Vec<Exit>,
        parent: Option<&ClientId>,
    ) -> Vec<ClientId> {
        let mut group = parent.cloned();
        let mut clients = Vec::with_capacity(exits.len());
        for Exit { kind, qty } in exits {
            let client = self.next_client();
            let group = group.get_or_insert_with(|| client.clone()).clone();
            let parent = parent.cloned();
            let order = HeldOrder { instrument: instrument.clone(), side, qty, kind, group, parent };
            let id = OrderId { venue: instrument.venue.clone(), client: client.clone() };
            self.note_held(&id, HeldEvent::Began(order));
            clients.push(client);
        }
        self.want_market(instrument);
        clients
    }

    /// Ends one that a person no longer wants. `false` where it is over or acts already.
    pub(super) fn cancel_held(&mut self, id: &OrderId, why: &str) -> bool {
        let waits = self.book.held_order(id).is_some_and(|row| row.stroke.is_none());
        if waits {
            self.end_held(id, false, why);
        }
        waits
    }

    fn end_held(&mut self, id: &OrderId, done: bool, why: &str) {
        self.held.best.remove(id);
        self.held.blind.remove(id);
        self.note_held(id, HeldEvent::Ended { done, why: Text::clean(why) });
    }

    /// Changes one: its quantity, its price, its distance.
    pub(super) fn change_held(&mut self, id: &OrderId, change: &Change) -> Result<ClientId, Text> {
        let why = |text: &str| Text::clean(text);
        let Some(row) = self.book.held_order(id).cloned() else {
            return Err(why(&format!("there is no order {id}")));
        };
        if row.stroke.is_some() {
            return Err(why(&format!("order {} acts already: there is nothing to change", id.client)));
        }
        if change.tif.is_some() {
            return Err(why(
                "an order that is held here has no time in force: it stands until it is cancelled",
            ));
        }
        let kind = changed(&row.order.kind, change)
            .ok_or_else(|| why(&format!("the change has a price that a {} lacks", row.order.kind.word())))?;
        let qty = change.qty.unwrap_or(row.order.qty);
        if kind == row.order.kind && qty == row.order.qty {
            return Err(why("that changes nothing"));
        }
        self.can_stand(&row, &kind)?;
        self.note_held(id, HeldEvent::Changed { qty, kind });
        Ok(id.client.clone())
    }

    /// A price that the market has passed already would act at once.
    fn can_stand(&self, row: &HeldRow, kind: &HeldKind) -> Result<(), Text> {
        let side = row.order.side;
        let at = match kind {
            HeldKind::Target { .. } => self.reachable(&row.order.instrument, side),
            HeldKind::Stop { .. } => self.marks.get(&row.order.instrument).and_then(crate::book::Mark::price),
            HeldKind::Trail { .. } | HeldKind::Rest { .. } => return Ok(()),
        };
        let Some((price, at)) = kind.price(side).zip(at) else { return Ok(()) };
        if watch::has_come(kind, side, price, at) {
            let text = format!(
                "the market is at {at}: a {} at {price} would act at once; `close {}` does that",
                kind.word(),
                row.order.instrument.symbol
            );
            return Err(Text::clean(&text));
        }
        Ok(())
    }

    /// What a market order of this side would get.
    fn reachable(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        let mark = self.marks.get(instrument)?;
        match side {
            Side::Buy => mark.ask(),
            Side::Sell => mark.bid(),
        }
    }

    /// A run begins that watches: what an earlier one held is watched again.
    pub(super) fn take_up_held(&mut self) {
        let n = self.book.held_here().count();
        if n == 0 || !self.watch.acts {
            return;
        }
        let last = self.book.held_here().map(|r| r.updated).max();
        let text = format!(
            "{} held here and watched again; nobody watched while the program did not run (last written {})",
            counted(n, "order is", "orders are"),
            last.map_or_else(String::new, crate::domain::time::Stamp::to_rfc3339),
        );
        self.alert_program(Severity::Warning, AlertCode::Recovery, Text::clean(&text));
    }
}

/// What it waits for after a change; `None` where the change names what it does not have.
fn changed(kind: &HeldKind, change: &Change) -> Option<HeldKind> {
    let asked = (change.limit.is_some(), change.stop.is_some(), change.trail.is_some());
    match (kind, asked) {
        (kind, (false, false, false)) => Some(kind.clone()),
        (HeldKind::Target { .. }, (true, false, false)) => Some(HeldKind::Target { limit: change.limit? }),
        (HeldKind::Stop { stop, limit }, (_, _, false)) => {
            let limit = match (change.limit, limit) {
                (Some(new), _) => Some(new),
                (None, old) => *old,
            };
            Some(HeldKind::Stop { stop: change.stop.unwrap_or(*stop), limit })
        }
        (HeldKind::Trail { best, .. }, (false, false, true)) => {
            Some(HeldKind::Trail { trail: change.trail?, best: *best })
        }
        (
            HeldKind::Target { .. } | HeldKind::Stop { .. } | HeldKind::Trail { .. } | HeldKind::Rest { .. },
            _,
        ) => None,
    }
}

/// `stop 174`, `target 180 for 50`: what is held, for a person; of an iceberg also why it is.
pub(super) fn words_of(exit: &Exit, rest_because: Option<&Text>) -> Text {
    let Exit { kind, qty } = exit;
    Text::clean(&match kind {
        HeldKind::Target { limit } => format!("target {limit} for {qty}"),
        HeldKind::Stop { stop, limit: None } => format!("stop {stop} for {qty}"),
        HeldKind::Stop { stop, limit: Some(limit) } => format!("stop {stop} limit {limit} for {qty}"),
        HeldKind::Trail { trail, .. } => {
            let by = match trail {
                crate::domain::order::Trail::Amount(by) => by.to_string(),
                crate::domain::order::Trail::Percent(by) => format!("{by}%"),
            };
            format!("trail {by} for {qty}")
        }
        HeldKind::Rest { show, .. } => match rest_because {
            Some(why) => format!("{qty} more, {show} at a time ({why})"),
            None => format!("{qty} more, {show} at a time"),
        },
    })
}

/// So much less; never below nothing.
fn less(qty: Qty, by: Qty) -> Qty {
    qty.saturating_sub(by)
}
