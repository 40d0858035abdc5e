//! How well orders were executed: the whole, each venue, each symbol.

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
use crate::{desk::snapshot::QualityRow, domain::money::Ratio};
use ratatui::layout::Rect;

const COLUMNS: [Column<QualityRow>; 12] = [
    Column { key: Some(Key::Symbol), head: "", width: 9, grow: 4, rank: 0, align: Align::Left, cell: symbol },
    Column {
        key: Some(Key::Orders),
        head: "",
        width: 6,
        grow: 0,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.text(&r.orders.to_string()),
    },
    Column {
        key: Some(Key::Filled),
        head: "",
        width: 6,
        grow: 0,
        rank: 2,
        align: Align::Right,
        cell: |r, c| c.text(&r.filled.to_string()),
    },
    Column {
        key: Some(Key::FillRate),
        head: "",
        width: 7,
        grow: 0,
        rank: 1,
        align: Align::Right,
        cell: rate,
    },
    Column {
        key: Some(Key::Volume),
        head: "",
        width: 10,
        grow: 4,
        rank: 3,
        align: Align::Right,
        cell: volume,
    },
    Column {
        key: Some(Key::Slippage),
        head: "",
        width: 7,
        grow: 0,
        rank: 0,
        align: Align::Right,
        cell: |r, c| bps(r.slippage_bps, c),
    },
    Column {
        key: Some(Key::Median),
        head: "",
        width: 7,
        grow: 0,
        rank: 2,
        align: Align::Right,
        cell: |r, c| bps(r.median_bps, c),
    },
    Column { key: Some(Key::Cost), head: "", width: 10, grow: 2, rank: 0, align: Align::Right, cell: cost },
    Column {
        key: Some(Key::TimeToFill),
        head: "",
        width: 7,
        grow: 0,
        rank: 1,
        align: Align::Right,
        cell: time,
    },
    Column {
        key: Some(Key::Improved),
        head: "",
        width: 6,
        grow: 0,
        rank: 3,
        align: Align::Right,
        cell: |r, c| c.text(&r.improved.to_string()),
    },
    Column { key: Some(Key::Score), head: "", width: 5, grow: 0, rank: 1, align: Align::Right, cell: score },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 4,
        align: Align::Left,
        cell: |r, c| c.word(r.venue.as_ref().map_or("all", |v| v.as_str()), Role::Muted),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

fn symbol(row: &QualityRow, cell: &mut Cell<'_>) {
    match &row.symbol {
        Some(symbol) => cell.word(symbol.as_str(), Role::Strong),
        None => cell.word("all", Role::Title),
    }
}

/// With one decimal: the rest is noise.
fn rate(row: &QualityRow, cell: &mut Cell<'_>) {
    match row.fill_rate {
        Some(rate) => {
            cell.look.numbers.decimal(&mut cell.out, rate.get(), Some(1), format::Sign::Minus);
            cell.text("%");
        }
        None => cell.none(),
    }
}

/// Units of several symbols are no sum of anything.
fn volume(row: &QualityRow, cell: &mut Cell<'_>) {
    cell.qty(row.symbol.as_ref().map(|_| row.volume));
}

/// Above zero is worse.
fn bps(bps: Option<Ratio>, cell: &mut Cell<'_>) {
    match bps {
        Some(bps) => {
            cell.look.numbers.decimal(&mut cell.out, bps.get(), Some(1), format::Sign::Always);
            cell.role = if bps.is_positive() { Role::Down } else { Role::Up };
        }
        None => cell.none(),
    }
}

/// What it cost: a gain is below zero.
fn cost(row: &QualityRow, cell: &mut Cell<'_>) {
    match row.cost {
        Some(cost) => {
            cell.look.numbers.money(&mut cell.out, cost);
            cell.role = if cost.is_positive() { Role::Down } else { Role::Up };
        }
        None => cell.none(),
    }
}

fn time(row: &QualityRow, cell: &mut Cell<'_>) {
    match row.fill_ms {
        Some(ms) if ms < 10_000 => cell.text(&format!("{ms}ms")),
        Some(ms) => cell.look.numbers.age(&mut cell.out, ms),
        None => cell.none(),
    }
}

fn score(row: &QualityRow, cell: &mut Cell<'_>) {
    match row.score {
        Some(score) => cell.text(&score.to_string()),
        None => cell.none(),
    }
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let table = Table {
        pane: Pane::Quality,
        columns: &COLUMNS,
        rows: &model.snapshot.quality,
        state: model.table(Pane::Quality),
        focused: model.focus == Pane::Quality,
        places: 2,
        stale: |_| false,
        empty: "no orders yet",
    };
    table.draw(canvas, area, drawn);
}
