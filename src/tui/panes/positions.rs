//! Open positions: what they are worth, what they earn, and what protects them.

use crate::desk::snapshot::PositionRow;
use crate::tui::{
    canvas::Canvas,
    column::Column as Key,
    focus::Pane,
    hit::Drawn,
    model::Model,
    theme::Role,
    widgets::table::{self, Align, Cell, Column, Table, places_of},
};
use ratatui::layout::Rect;

const COLUMNS: [Column<PositionRow>; 14] = [
    Column {
        key: Some(Key::Symbol),
        head: "",
        width: 9,
        grow: 3,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.word(r.instrument.symbol.as_str(), Role::Strong),
    },
    Column {
        key: Some(Key::Qty),
        head: "",
        width: 9,
        grow: 3,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.signed_qty(r.qty),
    },
    Column {
        key: Some(Key::Average),
        head: "",
        width: 11,
        grow: 1,
        rank: 2,
        align: Align::Point,
        cell: |r, c| {
            c.stale = false;
            c.price(r.avg_price, r.tick);
        },
    },
    Column {
        key: Some(Key::Last),
        head: "",
        width: 10,
        grow: 1,
        rank: 1,
        align: Align::Point,
        cell: |r, c| c.price(r.last, r.tick),
    },
    Column {
        key: Some(Key::Value),
        head: "",
        width: 12,
        grow: 1,
        rank: 6,
        align: Align::Right,
        cell: |r, c| c.money(r.value),
    },
    Column {
        key: Some(Key::DayPnl),
        head: "",
        width: 10,
        grow: 2,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.gain(r.day_pnl),
    },
    Column {
        key: Some(Key::Unrealized),
        head: "",
        width: 10,
        grow: 2,
        rank: 4,
        align: Align::Right,
        cell: |r, c| c.gain(r.unrealized),
    },
    Column {
        key: Some(Key::UnrealizedPercent),
        head: "",
        width: 8,
        grow: 0,
        rank: 5,
        align: Align::Right,
        cell: |r, c| c.change(r.unrealized_percent),
    },
    Column {
        key: Some(Key::R),
        head: "R",
        width: 6,
        grow: 0,
        rank: 3,
        align: Align::Right,
        cell: r_multiple,
    },
    Column { key: Some(Key::Stop), head: "", width: 11, grow: 1, rank: 2, align: Align::Point, cell: stop },
    Column {
        key: Some(Key::Risk),
        head: "",
        width: 10,
        grow: 2,
        rank: 7,
        align: Align::Right,
        cell: |r, c| c.money(r.risk_to_stop),
    },
    Column {
        key: Some(Key::EquityPercent),
        head: "",
        width: 7,
        grow: 0,
        rank: 8,
        align: Align::Right,
        cell: |r, c| c.share(r.equity_percent),
    },
    Column { key: None, head: "age", width: 4, grow: 1, rank: 9, align: Align::Right, cell: age },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 10,
        align: Align::Left,
        cell: |r, c| c.word(r.instrument.venue.as_str(), Role::Muted),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

fn r_multiple(row: &PositionRow, cell: &mut Cell<'_>) {
    match row.r_multiple {
        Some(r) => {
            cell.look.numbers.r_multiple(&mut cell.out, r);
            cell.role = if r.is_negative() { Role::Down } else { Role::Up };
        }
        None => cell.none(),
    }
}

/// The stop, or how much of the position has none.
fn stop(row: &PositionRow, cell: &mut Cell<'_>) {
    if row.protected.is_zero() {
        cell.word("NO STOP", Role::Critical);
    } else if row.protected < row.qty.size() {
        cell.text("part ");
        cell.stale = false;
        cell.price(row.stop, row.tick);
        cell.role = Role::Warning;
    } else {
        cell.stale = false;
        cell.price(row.stop, row.tick);
    }
}

fn age(row: &PositionRow, cell: &mut Cell<'_>) {
    cell.age(row.updated);
    if row.stale {
        cell.role = Role::Warning;
    }
}

/// How many have no protective stop at all.
pub fn naked(rows: &[PositionRow]) -> usize {
    rows.iter().filter(|r| r.protected.is_zero()).count()
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let rows = &model.snapshot.positions;
    let state = model.table(Pane::Positions);
    let table = Table {
        pane: Pane::Positions,
        columns: &COLUMNS,
        rows,
        state,
        focused: model.focus == Pane::Positions,
        places: places_of(rows, state, usize::from(area.height), |r| r.tick),
        stale: |r| r.stale,
        empty: "flat: no positions",
    };
    table.draw(canvas, area, drawn);
}
