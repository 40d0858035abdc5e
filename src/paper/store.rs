//! The orders, found by number, by id and by their makers' ids.

use super::order::{Order, OrderFilter};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Orders that are over are forgotten beyond so many, the oldest first; their makers' ids are free again then.
const KEPT_MAX: usize = 5_000;

/// An order's number: they are counted as they come, which is also their priority.
pub type Seq = u64;

/// The orders.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    all: BTreeMap<Seq, Order>,
    by_id: BTreeMap<Uuid, Seq>,
    by_client: BTreeMap<SmolStr, Seq>,
    open: BTreeSet<Seq>,
    next: Seq,
}

impl Orders {
    /// Takes up kept orders; `next` is the first free number.
    pub fn restore(orders: BTreeMap<Seq, Order>, next: Seq) -> Self {
        let mut out = Self { next, ..Self::default() };
        for (seq, order) in orders {
            out.put(seq, order);
        }
        out
    }
    /// All of them, by number.
    pub const fn all(&self) -> &BTreeMap<Seq, Order> {
        &self.all
    }
    /// The first free number.
    pub const fn next(&self) -> Seq {
        self.next
    }
    fn put(&mut self, seq: Seq, order: Order) {
        self.by_id.insert(order.id, seq);
        self.by_client.insert(order.client_order_id.clone(), seq);
        if !order.status.is_over() {
            self.open.insert(seq);
        }
        self.all.insert(seq, order);
    }
    /// Adds an order and numbers it.
    pub fn add(&mut self, order: Order) -> Seq {
        let seq = self.next;
        self.next = self.next.saturating_add(1);
        self.put(seq, order);
        self.forget();
        seq
    }
    /// One order.
    pub fn get(&self, seq: Seq) -> Option<&Order> {
        self.all.get(&seq)
    }
    /// One order, to be changed. Follow with [`Orders::settle`] where it may be over then.
    pub fn get_mut(&mut self, seq: Seq) -> Option<&mut Order> {
        self.all.get_mut(&seq)
    }
    /// Takes an order that is over out of the open ones.
    pub fn settle(&mut self, seq: Seq) {
        if self.get(seq).is_none_or(|o| o.status.is_over()) {
            self.open.remove(&seq);
        }
    }
    /// An order's number by the venue's id.
    pub fn seq(&self, id: Uuid) -> Option<Seq> {
        self.by_id.get(&id).copied()
    }
    /// By the venue's id.
    pub fn by_id(&self, id: Uuid) -> Option<&Order> {
        self.get(self.seq(id)?)
    }
    /// By its maker's id.
    pub fn by_client(&self, id: &str) -> Option<&Order> {
        self.get(*self.by_client.get(id)?)
    }
    /// Numbers of the orders that are not over, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (Seq, &Order)> {
        self.open.iter().filter_map(|seq| Some((*seq, self.get(*seq)?)))
    }
    /// Those that `filter` shows, in its order.
    pub fn list(&self, filter: &OrderFilter) -> Vec<&Order> {
        let limit = if filter.limit == 0 { 50 } else { filter.limit };
        let after = filter.after_order.and_then(|id| self.seq(id));
        let before = filter.before_order.and_then(|id| self.seq(id));
        let shown = |(seq, order): (&Seq, &Order)| {
            after.is_none_or(|a| *seq > a) && before.is_none_or(|b| *seq < b) && order.passes(filter)
        };
        if filter.ascending {
            self.all.iter().filter(|p| shown(*p)).map(|(_, o)| o).take(limit).collect()
        } else {
            self.all.iter().rev().filter(|p| shown(*p)).map(|(_, o)| o).take(limit).collect()
        }
    }
    fn forget(&mut self) {
        while self.all.len() > KEPT_MAX {
            let Some(seq) = self.all.iter().find(|(_, o)| o.status.is_over()).map(|(seq, _)| *seq) else {
                return;
            };
            if let Some(order) = self.all.remove(&seq) {
                self.by_id.remove(&order.id);
                self.by_client.remove(&order.client_order_id);
            }
        }
    }
}
