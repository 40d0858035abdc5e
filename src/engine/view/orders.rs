//! Order rows as trees: a parent, then its children.

use super::super::Engine;
use crate::{
    book::{HeldRow, OrderRow as Row},
    desk::snapshot::OrderRow,
    domain::{
        held::HeldKind,
        ids::OrderId,
        lifecycle::OrderState,
        money::Qty,
        order::{Amount, Attached, Origin, Role, Tif},
        text::Text,
    },
    monitor::opens_risk,
};
use std::collections::{BTreeMap, BTreeSet};

/// Ended orders that are shown.
const ENDED_MAX: usize = 5_000;
/// As often an order is followed to what replaced it.
const CHANGES_MAX: usize = 1_000;
/// After so long an order that waits for an answer is marked, milliseconds.
const LATE_MS: i64 = 30_000;

impl Engine {
    pub(super) fn order_rows(&self) -> Vec<OrderRow> {
        let mut children: BTreeMap<OrderId, Vec<&Row>> = BTreeMap::new();
        let mut roots: Vec<&Row> = Vec::new();
        for row in self.book.orders() {
            match self.parent_now(row) {
                Some(parent) => children.entry(parent).or_default().push(row),
                None => roots.push(row),
            }
        }
        let none: Vec<&Row> = Vec::new();
        let kids = |row: &Row| children.get(&row.id).unwrap_or(&none);
        let mut here = self.held_by_parent();
        let waiting: BTreeSet<OrderId> = here
            .iter()
            .filter(|(_, held)| held.iter().any(|h| h.ended.is_none()))
            .map(|(id, _)| id.clone())
            .collect();
        let is_open = |row: &Row| {
            row.state.is_open() || waiting.contains(&row.id) || kids(row).iter().any(|c| c.state.is_open())
        };
        roots.sort_by_key(|r| {
            (!is_open(r), std::cmp::Reverse(r.intended_at), std::cmp::Reverse(r.id.clone()))
        });
        let mut rows = Vec::with_capacity(roots.len());
        let mut ended = 0_usize;
        for root in roots {
            if !is_open(root) {
                ended = ended.saturating_add(1);
                if ended > ENDED_MAX {
                    break;
                }
            }
            rows.push(self.order_row(root, 0, false));
            let mut kids: Vec<&Row> = kids(root).clone();
            kids.sort_by_key(|c| (c.role, c.intended_at, c.id.clone()));
            let mut branch: Vec<OrderRow> =
                kids.into_iter().map(|kid| self.order_row(kid, 1, false)).collect();
            branch.extend(here.remove(&root.id).into_iter().flatten().map(|row| self.held_row(row, 1)));
            if let Some(last) = branch.last_mut() {
                last.last_child = true;
            }
            rows.append(&mut branch);
        }
        // Of positions that are there, and those whose entry is long forgotten: what is held here stands first.
        let alone = here.into_values().flatten().map(|row| self.held_row(row, 0));
        rows.splice(..0, alone);
        rows
    }

    /// What is held here, by the order that it hangs on, or by itself: what stands, and what ended lately.
    fn held_by_parent(&self) -> BTreeMap<OrderId, Vec<&HeldRow>> {
        let mut here: BTreeMap<OrderId, Vec<&HeldRow>> = BTreeMap::new();
        for row in self.book.held_here().chain(self.book.ended_held()) {
            let parent = row.order.parent.clone();
            let parent = parent.map(|client| OrderId { venue: row.id.venue.clone(), client });
            // The part of an iceberg that is shown moves on; its rest stays with the first.
            let key = parent.filter(|p| self.book.order(p).is_some()).unwrap_or_else(|| row.id.clone());
            here.entry(key).or_default().push(row);
        }
        here
    }

    fn held_row(&self, row: &HeldRow, depth: u8) -> OrderRow {
        let order = &row.order;
        let (state, word) = match (&row.ended, &row.stroke) {
            (Some((true, _)), _) => (OrderState::Filled, "done"),
            (Some((false, _)), _) => (OrderState::Cancelled, "ended"),
            (None, Some(_)) => (OrderState::PendingReplace, "acts here"),
            (None, None) if self.waits_for_entry(row) => (OrderState::Held, "waits here"),
            (None, None) => (OrderState::Held, "held here"),
        };
        let role = match order.kind {
            HeldKind::Target { .. } => Role::Target,
            HeldKind::Stop { .. } | HeldKind::Trail { .. } => Role::Stop,
            HeldKind::Rest { .. } => Role::Entry,
        };
        let trails = matches!(order.kind, HeldKind::Trail { .. });
        OrderRow {
            id: row.id.clone(),
            venue_id: None,
            symbol: order.instrument.symbol.clone(),
            side: order.side,
            amount: Amount::Qty(if row.ended.is_some() { row.total } else { order.qty }),
            filled: Qty::ZERO,
            avg_price: None,
            order_type: order.kind.order_type(),
            trailing_stop: order.kind.price(order.side).filter(|_| trails),
            tif: Tif::Gtc,
            extended: false,
            attached: Attached::Simple,
            show: None,
            state,
            status_word: Text::clean(word),
            origin: Origin::Screen,
            here: true,
            replaced_by: None,
            opens: row.ended.is_none() && matches!(order.kind, HeldKind::Rest { .. }),
            parent: order.parent.clone(),
            role: Some(role),
            depth,
            last_child: false,
            tag: None,
            reason: row.ended.as_ref().map(|(_, why)| why.clone()),
            created: Some(row.began),
            updated: self.mono_of(row.updated),
            late: false,
        }
    }

    /// The order that it hangs on now: what replaced its parent, where that was replaced.
    fn parent_now(&self, row: &Row) -> Option<OrderId> {
        let mut parent = OrderId { venue: row.id.venue.clone(), client: row.parent.clone()? };
        for _ in 0..CHANGES_MAX {
            let next = self.book.order(&parent)?.replaced_by.clone();
            let next = next.map(|client| OrderId { venue: parent.venue.clone(), client });
            match next.filter(|n| self.book.order(n).is_some_and(|o| o.state != OrderState::Intended)) {
                Some(next) if self.book.order(&parent)?.state == OrderState::Replaced => parent = next,
                Some(_) | None => break,
            }
        }
        self.book.order(&parent).map(|o| o.id.clone())
    }

    fn order_row(&self, row: &Row, depth: u8, last_child: bool) -> OrderRow {
        let waits = row.state.is_uncertain()
            || matches!(
                row.state,
                OrderState::PendingCancel | OrderState::PendingReplace | OrderState::Intended
            );
        OrderRow {
            id: row.id.clone(),
            venue_id: row.venue_id.as_ref().map(|v| v.as_str().into()),
            symbol: row.spec.instrument.symbol.clone(),
            side: row.spec.side,
            amount: row.spec.amount,
            filled: row.filled,
            avg_price: row.avg_price(),
            order_type: row.spec.order_type,
            trailing_stop: row.trailing_stop,
            tif: row.spec.tif,
            extended: row.spec.extended,
            attached: row.spec.attached,
            show: row.spec.show,
            state: row.state,
            status_word: row.status_word.clone().unwrap_or_default(),
            origin: row.origin.clone(),
            here: false,
            opens: row.state.is_open() && opens_risk(&self.book, row),
            parent: self.parent_now(row).map(|p| p.client).or_else(|| row.parent.clone()),
            replaced_by: row.replaced_by.clone(),
            role: Some(row.role),
            depth,
            last_child,
            tag: row.spec.tag.clone(),
            reason: row.reason.clone(),
            created: Some(row.intended_at),
            updated: self.mono_of(row.updated_at),
            late: waits && self.now.wall.since_ms(row.updated_at) > LATE_MS,
        }
    }
}
