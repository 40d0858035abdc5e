//! Order rows as trees: a parent, then its children.

use super::super::Engine;
use crate::{
    book::OrderRow as Row,
    desk::snapshot::OrderRow,
    domain::{ids::OrderId, lifecycle::OrderState},
    monitor::opens_risk,
};
use std::collections::BTreeMap;

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
        let is_open = |row: &Row| row.state.is_open() || kids(row).iter().any(|c| c.state.is_open());
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
            let last = kids.len().saturating_sub(1);
            for (n, kid) in kids.into_iter().enumerate() {
                rows.push(self.order_row(kid, 1, n == last));
            }
        }
        rows
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
            state: row.state,
            status_word: row.status_word.clone().unwrap_or_default(),
            origin: row.origin.clone(),
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
