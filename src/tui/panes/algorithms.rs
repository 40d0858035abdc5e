//! Programs that trade on the same accounts.

use crate::desk::snapshot::{AlgorithmRow, AlgorithmState};
use crate::tui::{
    canvas::Canvas,
    column::Column as Key,
    focus::Pane,
    hit::Drawn,
    model::Model,
    theme::Role,
    widgets::table::{self, Align, Cell, Column, Table},
};
use ratatui::layout::Rect;

const COLUMNS: [Column<AlgorithmRow>; 9] = [
    Column {
        key: Some(Key::Name),
        head: "",
        width: 12,
        grow: 8,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.word(&r.name, Role::Strong),
    },
    Column { key: Some(Key::State), head: "", width: 8, grow: 0, rank: 0, align: Align::Left, cell: state },
    Column {
        key: Some(Key::Equity),
        head: "",
        width: 12,
        grow: 2,
        rank: 1,
        align: Align::Right,
        cell: |r, c| c.money(r.equity),
    },
    Column {
        key: Some(Key::DayPnl),
        head: "",
        width: 11,
        grow: 2,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.gain(r.day_pnl),
    },
    Column {
        key: Some(Key::Holdings),
        head: "",
        width: 4,
        grow: 0,
        rank: 2,
        align: Align::Right,
        cell: |r, c| c.text(&r.holdings.to_string()),
    },
    Column {
        key: Some(Key::Orders),
        head: "",
        width: 6,
        grow: 0,
        rank: 2,
        align: Align::Right,
        cell: |r, c| c.text(&r.orders.to_string()),
    },
    Column {
        key: Some(Key::Age),
        head: "",
        width: 5,
        grow: 0,
        rank: 1,
        align: Align::Right,
        cell: |r, c| c.age(r.heartbeat),
    },
    Column {
        key: Some(Key::Text),
        head: "last line",
        width: 16,
        grow: 120,
        rank: 3,
        align: Align::Left,
        cell: last_line,
    },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 4,
        align: Align::Left,
        cell: |r, c| c.word(r.venue.as_ref().map_or("", |v| v.as_str()), Role::Muted),
    },
];

/// What a person must know comes before what it logs.
fn last_line(row: &AlgorithmRow, cell: &mut Cell<'_>) {
    match (&row.note, &row.log) {
        (Some(note), _) => cell.word(note.as_str(), Role::Warning),
        (None, Some(line)) => cell.word(line.as_str(), Role::Muted),
        (None, None) => cell.word("", Role::Muted),
    }
}

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

/// How a state looks.
pub(super) const fn role(state: AlgorithmState) -> Role {
    match state {
        AlgorithmState::Running => Role::Up,
        AlgorithmState::Paused => Role::Warning,
        AlgorithmState::Stopped => Role::Muted,
        AlgorithmState::Failed | AlgorithmState::Silent => Role::Critical,
        AlgorithmState::Unseen => Role::Unknown,
        AlgorithmState::Nobody => Role::Muted,
    }
}

fn state(row: &AlgorithmRow, cell: &mut Cell<'_>) {
    cell.word(row.state.word(), role(row.state));
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let table = Table {
        pane: Pane::Algorithms,
        columns: &COLUMNS,
        rows: &model.snapshot.algorithms,
        state: model.table(Pane::Algorithms),
        focused: model.focus == Pane::Algorithms,
        places: 2,
        stale: |_| false,
        empty: "no algorithms",
    };
    table.draw(canvas, area, drawn);
}
