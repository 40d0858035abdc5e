//! What a table remembers, and which rows it shows in which order.

use super::{column::Column, focus::Pane, model::Model};
use crate::domain::ids::{ExecutionId, InstrumentId, OrderId, VenueId};
use smol_str::SmolStr;

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
        }
    }
}

/// Makes every table's view anew from the snapshot.
pub fn refresh(model: &mut Model) {
    for pane in Pane::ALL.into_iter().filter(|p| p.is_table()) {
        let len = len(model, pane);
        let table = model.tables.entry(pane).or_default();
        table.rows = (0..len).collect();
        table.cursor = table.cursor.min(len.saturating_sub(1));
    }
}

fn len(model: &Model, pane: Pane) -> usize {
    let s = &model.snapshot;
    match pane {
        Pane::Watchlist => s.watchlist.len(),
        Pane::Positions => s.positions.len(),
        Pane::Orders => s.orders.len(),
        Pane::Fills => s.fills.len(),
        Pane::Account => s.accounts.len(),
        Pane::Health => s.health.len(),
        Pane::Alerts => s.alerts.len(),
        Pane::Chart | Pane::Ticket => 0,
    }
}
