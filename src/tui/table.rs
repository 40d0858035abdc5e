//! What a table remembers, and which rows it shows in which order.

pub mod rows;

use super::{column::Column, focus::Pane};
use crate::{
    desk::{Snapshot, snapshot::By},
    domain::{
        ids::{ExecutionId, InstrumentId, OrderId, Symbol, VenueId},
        text::Text,
    },
};
use smol_str::SmolStr;
use std::cmp::Ordering;

/// A row by what it is, so that the selection stays on it when rows move.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A watched symbol or a position.
    Instrument(InstrumentId),
    /// An order.
    Order(OrderId),
    /// An execution.
    Execution(VenueId, ExecutionId),
    /// An account or a venue.
    Venue(VenueId),
    /// An alert.
    Alert(u64),
    /// A rule: of which venue and symbol, and its name.
    Rule(Option<VenueId>, Option<Symbol>, SmolStr),
    /// A difference between book and venue.
    Difference(u64),
    /// An algorithm.
    Algorithm(SmolStr),
    /// Execution figures: by what, which of them, and where.
    Quality(By, Text, Option<VenueId>),
}

/// Which orders the Orders pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum OrdersTab {
    /// Open ones, with their groups.
    #[default]
    Working,
    /// Filled today.
    Filled,
    /// Ended without (the rest of) a fill.
    Cancelled,
    /// Refused, or never left.
    Rejected,
    /// All.
    All,
}

impl OrdersTab {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Working, Self::Filled, Self::Cancelled, Self::Rejected, Self::All];
    /// The tab of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.word() == word)
    }
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::All => "all",
        }
    }
}

/// Which tabs stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tabs {
    /// Of the orders.
    pub orders: OrdersTab,
    /// Of the execution figures: what orders are taken together by.
    pub quality: By,
}

impl Default for Tabs {
    fn default() -> Self {
        Self { orders: OrdersTab::default(), quality: By::Symbol }
    }
}

/// Sorted by a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Which.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

/// One table's state. `rows` is the view: places in the snapshot's list, filtered and sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableState {
    /// The selected row.
    pub selected: Option<RowKey>,
    /// Its place in `rows`; stays inside them.
    pub cursor: usize,
    /// The first of `rows` on the screen.
    pub offset: usize,
    /// `None` is the engine's order.
    pub sort: Option<Sort>,
    /// Only rows in which this is found; empty is all.
    pub filter: SmolStr,
    /// Places in the snapshot's list.
    pub rows: Vec<usize>,
    /// The columns that are shown, from left to right; empty is as many as there is room for.
    pub columns: Vec<SmolStr>,
}

impl TableState {
    /// Nothing selected, filtered or sorted.
    pub const fn new() -> Self {
        Self {
            selected: None,
            cursor: 0,
            offset: 0,
            sort: None,
            filter: SmolStr::new_static(""),
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }
    /// Makes the view anew: which rows, in which order. The selection stays on its row; when that is gone nothing
    /// is selected, so that no key acts on a row that slipped under the cursor.
    pub fn refresh(&mut self, snapshot: &Snapshot, pane: Pane, tabs: Tabs) {
        let len = rows::count(snapshot, pane);
        let needle = self.filter.to_lowercase();
        let words: Vec<&str> = needle.split_whitespace().collect();
        let fits = |n: usize| {
            words.is_empty() || {
                let text = rows::text(snapshot, pane, n).to_lowercase();
                words.iter().all(|w| text.contains(w))
            }
        };
        self.rows.clear();
        self.rows.extend((0..len).filter(|n| rows::in_tab(snapshot, pane, tabs, *n) && fits(*n)));
        if let Some(sort) = self.sort {
            sort_rows(&mut self.rows, snapshot, pane, sort);
        } else if pane == Pane::Risk {
            // What has tripped stands on top, then what is near; a stable sort keeps the engine's order else.
            self.rows.sort_by_key(|n| rows::urgency(snapshot, *n));
        }
        if let Some(next) = self.selected.as_ref().and_then(|key| rows::successor(snapshot, key)) {
            self.selected = Some(next);
        }
        let place = self.selected.as_ref().and_then(|key| {
            self.rows.iter().position(|n| rows::key(snapshot, pane, *n).as_ref() == Some(key))
        });
        if place.is_none() {
            self.selected = None;
        }
        let last = self.rows.len().saturating_sub(1);
        self.cursor = place.unwrap_or(self.cursor).min(last);
        self.offset = self.offset.min(last);
    }

    /// Selects the row at this place of the view, the last one if there are fewer.
    pub fn select(&mut self, snapshot: &Snapshot, pane: Pane, place: usize) {
        self.cursor = place.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).and_then(|n| rows::key(snapshot, pane, *n));
    }

    /// Scrolls as little as brings the cursor into `room` rows.
    pub const fn show_cursor(&mut self, room: usize) {
        let last = self.offset.saturating_add(room).saturating_sub(1);
        if self.cursor < self.offset {
            self.offset = self.cursor;
        } else if self.cursor > last {
            self.offset = self.cursor.saturating_sub(room.saturating_sub(1));
        }
    }

    /// The place of the selected row in the snapshot's list.
    pub fn selected_row(&self) -> Option<usize> {
        self.selected.as_ref()?;
        self.rows.get(self.cursor).copied()
    }
}

/// Sorts by a column; rows without a value come last in both directions, and children stay behind their
/// parents.
fn sort_rows(rows: &mut Vec<usize>, snapshot: &Snapshot, pane: Pane, sort: Sort) {
    let mut groups: Vec<(Option<rows::Value>, Vec<usize>)> = Vec::with_capacity(rows.len());
    for n in rows.drain(..) {
        match groups.last_mut() {
            Some((_, group)) if rows::is_child(snapshot, pane, n) => group.push(n),
            Some(_) | None => groups.push((rows::value(snapshot, pane, n, sort.column), vec![n])),
        }
    }
    groups.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if sort.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    rows.extend(groups.into_iter().flat_map(|(_, group)| group));
}
