//! Orders that this program holds itself.

use crate::domain::{
    held::{HeldEvent, HeldFact, HeldOrder, Stroke},
    ids::{InstrumentId, OrderId},
    money::{Price, Qty},
    text::Text,
    time::Stamp,
};
use std::collections::{BTreeMap, VecDeque};

/// Ended ones that are remembered for the screen.
const ENDED_MAX: usize = 200;

/// One order that is held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// Its id: of the same numbers as orders at venues.
    pub id: OrderId,
    /// What it says now.
    pub order: HeldOrder,
    /// How much it was made for.
    pub total: Qty,
    /// Where its price stood when it began.
    pub first: Option<Price>,
    /// What acts, once its condition came true.
    pub stroke: Option<Stroke>,
    /// How often what acted did not close.
    pub failures: u32,
    /// Since.
    pub began: Stamp,
    /// When it last changed.
    pub updated: Stamp,
    /// How it ended: did it do what it was for, and why.
    pub ended: Option<(bool, Text)>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Held {
    rows: BTreeMap<OrderId, HeldRow>,
    ended: VecDeque<HeldRow>,
}

impl Held {
    /// Takes in a fact; `false` where it says nothing new.
    pub(super) fn fact(&mut self, at: Stamp, fact: &HeldFact) -> bool {
        let id = &fact.order;
        if let HeldEvent::Began(order) = &fact.event {
            if self.rows.contains_key(id) || self.ended.iter().any(|r| r.id == *id) {
                return false;
            }
            let row = HeldRow {
                id: id.clone(),
                order: order.clone(),
                total: order.qty,
                first: order.kind.price(order.side),
                stroke: None,
                failures: 0,
                began: at,
                updated: at,
                ended: None,
            };
            self.rows.insert(id.clone(), row);
            return true;
        }
        let Some(row) = self.rows.get_mut(id) else { return false };
        row.updated = at;
        match &fact.event {
            HeldEvent::Began(_) => {}
            HeldEvent::Changed { qty, kind } => {
                row.order.qty = *qty;
                row.order.kind = kind.clone();
            }
            HeldEvent::Struck { by, .. } => row.stroke = Some(by.clone()),
            HeldEvent::Again { .. } => {
                row.stroke = None;
                row.failures = row.failures.saturating_add(1);
            }
            HeldEvent::Shown { part, left } => {
                row.order.parent = Some(part.clone());
                row.order.qty = *left;
            }
            HeldEvent::Ended { done, why } => {
                row.ended = Some((*done, why.clone()));
                if let Some(row) = self.rows.remove(id) {
                    if self.ended.len() >= ENDED_MAX {
                        self.ended.pop_front();
                    }
                    self.ended.push_back(row);
                }
            }
        }
        true
    }
}

impl super::Book {
    /// Orders that are held here and not over, by id.
    pub fn held_here(&self) -> impl Iterator<Item = &HeldRow> {
        self.held.rows.values()
    }
    /// Is anything held here?
    pub fn holds_orders(&self) -> bool {
        !self.held.rows.is_empty()
    }
    /// Those of one instrument.
    pub fn held_of<'a>(&'a self, instrument: &'a InstrumentId) -> impl Iterator<Item = &'a HeldRow> {
        self.held_here().filter(move |row| row.order.instrument == *instrument)
    }
    /// One that is not over.
    pub fn held_order(&self, id: &OrderId) -> Option<&HeldRow> {
        self.held.rows.get(id)
    }
    /// The last that are over, oldest first.
    pub fn ended_held(&self) -> impl Iterator<Item = &HeldRow> {
        self.held.ended.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::{Applied, Book, fixture::*},
        domain::{fact::Fact, held::HeldKind, order::Side},
    };

    fn held(event: HeldEvent) -> Fact {
        Fact::Held(Box::new(HeldFact { order: id("h"), event }))
    }

    #[test]
    fn it_begins_once_changes_and_ends_once() {
        let mut book = Book::furnished();
        let kind = HeldKind::Stop { stop: px("90"), limit: None };
        let order = HeldOrder {
            instrument: aapl(),
            side: Side::Sell,
            qty: qty("100"),
            kind: kind.clone(),
            group: client("a"),
            parent: Some(client("a")),
        };
        assert_eq!(book.take(held(HeldEvent::Began(order.clone()))), Applied::Noted);
        assert_eq!(book.take(held(HeldEvent::Began(order))), Applied::Duplicate);
        book.take(held(HeldEvent::Changed { qty: qty("60"), kind }));
        book.take(held(HeldEvent::Struck { by: Stroke::Exit(7), price: px("89") }));
        let row = book.held_order(&id("h")).unwrap();
        assert_eq!(
            (row.order.qty, row.total, row.stroke.clone()),
            (qty("60"), qty("100"), Some(Stroke::Exit(7)))
        );
        book.take(held(HeldEvent::Again { why: "left".into() }));
        assert_eq!(book.held_order(&id("h")).unwrap().stroke, None);
        book.take(held(HeldEvent::Ended { done: true, why: "closed".into() }));
        assert!(!book.holds_orders());
        assert_eq!(book.ended_held().count(), 1);
        assert_eq!(
            book.take(held(HeldEvent::Ended { done: true, why: "closed".into() })),
            Applied::Duplicate
        );
    }
}
