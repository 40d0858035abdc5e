//! Executions, newest first.

use crate::desk::snapshot::FillRow;
use crate::domain::report::Liquidity;
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

const COLUMNS: [Column<FillRow>; 9] = [
    Column { key: Some(Key::Time), head: "", width: 8, grow: 0, rank: 0, align: Align::Left, cell: time },
    Column {
        key: Some(Key::Symbol),
        head: "",
        width: 9,
        grow: 3,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.word(r.symbol.as_str(), Role::Strong),
    },
    Column {
        key: Some(Key::Side),
        head: "",
        width: 4,
        grow: 0,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.side(r.side),
    },
    Column {
        key: Some(Key::Qty),
        head: "",
        width: 8,
        grow: 4,
        rank: 0,
        align: Align::Right,
        cell: |r, c| c.qty(Some(r.qty)),
    },
    Column {
        key: Some(Key::Price),
        head: "",
        width: 10,
        grow: 2,
        rank: 0,
        align: Align::Point,
        cell: |r, c| c.price(Some(r.price), None),
    },
    Column {
        key: Some(Key::Slippage),
        head: "slip bps",
        width: 8,
        grow: 0,
        rank: 1,
        align: Align::Right,
        cell: slippage,
    },
    Column { key: Some(Key::Fee), head: "", width: 12, grow: 3, rank: 2, align: Align::Right, cell: fee },
    Column { key: None, head: "how", width: 8, grow: 0, rank: 3, align: Align::Left, cell: how },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 4,
        align: Align::Left,
        cell: |r, c| c.word(r.order.venue.as_str(), Role::Muted),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

fn time(row: &FillRow, cell: &mut Cell<'_>) {
    format::clock(&mut cell.out, row.at, &cell.look.zone);
    cell.role = Role::Muted;
}

/// Against the mid when the order was sent; above zero is worse.
fn slippage(row: &FillRow, cell: &mut Cell<'_>) {
    match row.slippage_bps {
        Some(bps) => {
            cell.look.numbers.decimal(&mut cell.out, bps.get(), Some(1), format::Sign::Always);
            cell.role = if bps.is_positive() { Role::Down } else { Role::Up };
        }
        None => cell.none(),
    }
}

fn fee(row: &FillRow, cell: &mut Cell<'_>) {
    match &row.fee {
        Some(fee) => {
            cell.look.numbers.decimal(&mut cell.out, fee.amount.get(), None, format::Sign::Minus);
            cell.text(" ");
            cell.text(fee.currency.as_str());
        }
        None => cell.none(),
    }
}

/// Maker or taker; a fill that no venue told says so.
fn how(row: &FillRow, cell: &mut Cell<'_>) {
    if row.inferred {
        cell.word("inferred", Role::Warning);
        return;
    }
    match row.liquidity {
        Liquidity::Maker => cell.word("maker", Role::Muted),
        Liquidity::Taker => cell.word("taker", Role::Muted),
        Liquidity::Unknown => cell.none(),
    }
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let table = Table {
        pane: Pane::Fills,
        columns: &COLUMNS,
        rows: &model.snapshot.fills,
        state: model.table(Pane::Fills),
        focused: model.focus == Pane::Fills,
        places: 2,
        stale: |_| false,
        empty: "no fills yet",
    };
    table.draw(canvas, area, drawn);
}
