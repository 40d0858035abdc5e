//! What the book and the venues disagree on, or did today.

use crate::desk::snapshot::{DifferenceKind, DifferenceRow};
use crate::tui::{
    canvas::Canvas,
    column::Column as Key,
    focus::Pane,
    format,
    hit::Drawn,
    model::Model,
    theme::Role,
    widgets::table::{self, Align, Cell, Column, Table},
};
use ratatui::layout::Rect;

const COLUMNS: [Column<DifferenceRow>; 6] = [
    Column { key: Some(Key::Time), head: "", width: 8, grow: 0, rank: 1, align: Align::Left, cell: time },
    Column { key: Some(Key::State), head: "", width: 6, grow: 0, rank: 0, align: Align::Left, cell: state },
    Column { key: Some(Key::Kind), head: "", width: 16, grow: 0, rank: 0, align: Align::Left, cell: kind },
    Column { key: Some(Key::Symbol), head: "", width: 9, grow: 0, rank: 0, align: Align::Left, cell: symbol },
    Column {
        key: Some(Key::Text),
        head: "",
        width: 24,
        grow: 200,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.text(r.text.as_str()),
    },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 2,
        align: Align::Left,
        cell: |r, c| c.word(r.venue.as_str(), Role::Muted),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

/// How many wait for a decision.
pub fn open(rows: &[DifferenceRow]) -> usize {
    rows.iter().filter(|r| r.is_open).count()
}

fn time(row: &DifferenceRow, cell: &mut Cell<'_>) {
    format::clock(&mut cell.out, row.at, &cell.look.zone);
    cell.role = Role::Muted;
}

fn state(row: &DifferenceRow, cell: &mut Cell<'_>) {
    if row.is_open {
        cell.word("DECIDE", Role::Critical);
    } else {
        cell.word("done", Role::Muted);
    }
}

fn kind(row: &DifferenceRow, cell: &mut Cell<'_>) {
    let role = match row.kind {
        DifferenceKind::MissedFill | DifferenceKind::InferredFill => Role::Info,
        DifferenceKind::ForeignOrder | DifferenceKind::ForeignPosition => Role::Warning,
        DifferenceKind::Doubt | DifferenceKind::NotAtVenue => Role::Critical,
    };
    cell.word(row.kind.word(), role);
}

fn symbol(row: &DifferenceRow, cell: &mut Cell<'_>) {
    cell.word(row.instrument.as_ref().map_or("", |i| i.symbol.as_str()), Role::Strong);
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let table = Table {
        pane: Pane::Reconciliation,
        columns: &COLUMNS,
        rows: &model.snapshot.reconciliation,
        state: model.table(Pane::Reconciliation),
        focused: model.focus == Pane::Reconciliation,
        places: 0,
        stale: |_| false,
        empty: "book and venues agree",
    };
    table.draw(canvas, area, drawn);
}
