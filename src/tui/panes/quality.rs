//! How well orders were executed, taken together by symbol, venue, type, whose they were, day, or why they were refused.

use crate::tui::{
    canvas::Canvas,
    column::Column as Key,
    focus::Pane,
    format,
    hit::{Drawn, Hit},
    layout::Placed,
    model::Model,
    panes::tabs,
    theme::Role,
    widgets::table::{self, Align, Cell, Column, Table},
};
use crate::{
    desk::snapshot::{By, QualityRow},
    domain::money::Ratio,
};
use ratatui::layout::Rect;

const COLUMNS: [Column<QualityRow>; 18] = [
    Column { key: Some(Key::Name), head: "", width: 10, grow: 8, rank: 0, align: Align::Left, cell: name },
    counted(Some(Key::Orders), "", (6, 0), |r, c| c.text(&r.orders.to_string())),
    counted(Some(Key::Filled), "", (6, 3), |r, c| c.text(&r.filled.to_string())),
    counted(None, "rej", (3, 6), |r, c| number(r.rejected, c)),
    counted(Some(Key::FillRate), "", (6, 1), rate),
    Column {
        key: Some(Key::Volume),
        head: "",
        width: 12,
        grow: 4,
        rank: 8,
        align: Align::Right,
        cell: |r, c| c.qty(r.volume),
    },
    counted(Some(Key::Slippage), "", (6, 0), |r, c| bps(r.slippage_bps, c)),
    counted(Some(Key::Median), "", (6, 2), |r, c| bps(r.median_bps, c)),
    counted(None, "of", (4, 4), |r, c| number(r.measured, c)),
    counted(None, "sent", (6, 7), |r, c| bps(r.submit_bps, c)),
    Column { key: Some(Key::Cost), head: "", width: 10, grow: 2, rank: 0, align: Align::Right, cell: cost },
    Column {
        key: None,
        head: "in",
        width: 4,
        grow: 0,
        rank: 9,
        align: Align::Left,
        cell: |r, c| c.word(r.currency.as_ref().map_or("", |currency| currency.as_str()), Role::Muted),
    },
    counted(None, "ack", (6, 10), |r, c| time(r.ack_ms, c)),
    counted(Some(Key::TimeToFill), "", (6, 1), |r, c| time(r.fill_ms, c)),
    counted(Some(Key::Improved), "", (6, 5), |r, c| number(r.improved, c)),
    Column { key: None, head: "gain", width: 9, grow: 2, rank: 11, align: Align::Right, cell: gain },
    counted(Some(Key::Score), "", (5, 1), score),
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 12,
        align: Align::Left,
        cell: |r, c| c.word(r.symbol.as_ref().and(r.venue.as_ref()).map_or("", |v| v.as_str()), Role::Muted),
    },
];

/// Of refusals only their number is known.
const REASONS: [Column<QualityRow>; 2] = [
    counted(Some(Key::Orders), "", (6, 0), |r, c| c.text(&r.orders.to_string())),
    Column {
        key: Some(Key::Name),
        head: "",
        width: 30,
        grow: 400,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.text(r.name.as_str()),
    },
];

/// A column of short figures, with its width and rank.
const fn counted(
    key: Option<Key>,
    head: &'static str,
    (width, rank): (u16, u8),
    cell: fn(&QualityRow, &mut Cell<'_>),
) -> Column<QualityRow> {
    Column { key, head, width, grow: 0, rank, align: Align::Right, cell }
}

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

fn name(row: &QualityRow, cell: &mut Cell<'_>) {
    let role = if row.by == By::All { Role::Title } else { Role::Strong };
    cell.word(row.name.as_str(), role);
}

/// None of them is nothing to look at.
fn number(n: u32, cell: &mut Cell<'_>) {
    if n == 0 {
        cell.none();
    } else {
        cell.text(&n.to_string());
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

/// What was better than the quote.
fn gain(row: &QualityRow, cell: &mut Cell<'_>) {
    match row.improvement {
        Some(gain) => cell.look.numbers.money(&mut cell.out, gain),
        None => cell.none(),
    }
}

fn time(ms: Option<u64>, cell: &mut Cell<'_>) {
    match ms {
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

/// Draws what orders are taken together by into the title's row, from `x` on.
pub fn tabs(model: &Model, canvas: &mut Canvas<'_>, placed: &Placed, x: u16, drawn: &mut Drawn) {
    let all = By::GROUPS.map(|by| (by.word(), by == model.tabs.quality, Hit::QualityTab(by)));
    let rows = &model.table(Pane::Quality).rows;
    let is_group = |n: &&usize| model.snapshot.quality.get(**n).is_some_and(|row| row.by != By::All);
    tabs::draw(canvas, placed, (x, rows.iter().filter(is_group).count()), &all, drawn);
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let is_reasons = model.tabs.quality == By::Reason;
    let table = Table {
        pane: Pane::Quality,
        columns: if is_reasons { &REASONS } else { &COLUMNS },
        rows: &model.snapshot.quality,
        state: model.table(Pane::Quality),
        focused: model.focus == Pane::Quality,
        places: 2,
        stale: |_| false,
        empty: if is_reasons { "nothing was refused" } else { "no orders yet" },
    };
    table.draw(canvas, area, drawn);
}
