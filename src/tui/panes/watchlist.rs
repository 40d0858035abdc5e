//! Watched symbols: prices, change, spread, and how old they are.

use crate::desk::snapshot::WatchRow;
use crate::tui::{
    canvas::Canvas,
    column::Column as Key,
    focus::Pane,
    hit::Drawn,
    model::Model,
    theme::Role,
    widgets::{
        sparkline,
        table::{self, Align, Cell, Column, Table, places_of},
    },
};
use ratatui::layout::Rect;

const COLUMNS: [Column<WatchRow>; 11] = [
    Column { key: Some(Key::Symbol), head: "", width: 9, grow: 3, rank: 0, align: Align::Left, cell: symbol },
    Column {
        key: Some(Key::Last),
        head: "",
        width: 11,
        grow: 1,
        rank: 0,
        align: Align::Point,
        cell: |r, c| c.price(r.last, r.tick),
    },
    Column { key: None, head: "", width: 1, grow: 0, rank: 2, align: Align::Left, cell: trend },
    Column {
        key: Some(Key::Change),
        head: "",
        width: 7,
        grow: 1,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.change(r.change),
    },
    Column { key: None, head: "recent", width: 12, grow: 8, rank: 3, align: Align::Left, cell: spark },
    Column {
        key: Some(Key::Bid),
        head: "",
        width: 11,
        grow: 1,
        rank: 5,
        align: Align::Point,
        cell: |r, c| c.price(r.bid, r.tick),
    },
    Column {
        key: Some(Key::Ask),
        head: "",
        width: 11,
        grow: 1,
        rank: 5,
        align: Align::Point,
        cell: |r, c| c.price(r.ask, r.tick),
    },
    Column {
        key: Some(Key::Spread),
        head: "",
        width: 7,
        grow: 1,
        rank: 4,
        align: Align::Right,
        cell: spread,
    },
    Column {
        key: Some(Key::Volume),
        head: "",
        width: 7,
        grow: 0,
        rank: 6,
        align: Align::Right,
        cell: volume,
    },
    Column { key: Some(Key::Age), head: "", width: 4, grow: 1, rank: 1, align: Align::Right, cell: age },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 7,
        align: Align::Left,
        cell: |r, c| c.word(r.instrument.venue.as_str(), Role::Muted),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

fn symbol(row: &WatchRow, cell: &mut Cell<'_>) {
    cell.word(row.instrument.symbol.as_str(), Role::Strong);
}

/// The direction as a sign of its own, so that it is not told by colour alone.
fn trend(row: &WatchRow, cell: &mut Cell<'_>) {
    let glyphs = &cell.look.glyphs;
    match row.change {
        Some(c) if c.is_positive() => cell.word(glyphs.up, Role::Up),
        Some(c) if c.is_negative() => cell.word(glyphs.down, Role::Down),
        Some(_) => cell.word(glyphs.flat, Role::Muted),
        None => {}
    }
    if row.stale {
        cell.role = Role::Stale;
    }
}

fn spread(row: &WatchRow, cell: &mut Cell<'_>) {
    cell.price(row.spread, row.tick);
}

fn volume(row: &WatchRow, cell: &mut Cell<'_>) {
    match row.volume {
        Some(v) => {
            cell.look.numbers.short_qty(&mut cell.out, v);
            cell.role = Role::Muted;
        }
        None => cell.none(),
    }
}

fn spark(row: &WatchRow, cell: &mut Cell<'_>) {
    let levels = &cell.look.glyphs.levels;
    sparkline::write(&mut cell.out, &row.spark, cell.room, levels);
    cell.role = if row.stale { Role::Muted } else { Role::Spark };
}

/// How old the quote is; a halt says so here, where nobody misses it.
fn age(row: &WatchRow, cell: &mut Cell<'_>) {
    if row.halted.is_some() {
        cell.word("HALT", Role::Critical);
        return;
    }
    cell.age(row.updated);
    if row.stale {
        cell.role = Role::Warning;
    }
}

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let rows = &model.snapshot.watchlist;
    let state = model.table(Pane::Watchlist);
    let table = Table {
        pane: Pane::Watchlist,
        columns: &COLUMNS,
        rows,
        state,
        focused: model.focus == Pane::Watchlist,
        places: places_of(rows, state, usize::from(area.height), |r| r.tick),
        stale: |r| r.stale,
        empty: "no symbols yet: `:watch AAPL`",
    };
    table.draw(canvas, area, drawn);
}
