//! What a person must know, newest first.

use crate::desk::snapshot::AlertRow;
use crate::domain::alert::Severity;
use crate::tui::{
    canvas::{Canvas, small, width},
    column::Column as Key,
    focus::Pane,
    format,
    hit::Drawn,
    model::Model,
    theme::Role,
    widgets::{
        sheet::Sheet,
        table::{self, Align, Cell, Column, Table},
    },
};
use ratatui::layout::Rect;
use std::fmt::Write as _;

const COLUMNS: [Column<AlertRow>; 5] = [
    Column { key: Some(Key::Time), head: "", width: 8, grow: 0, rank: 1, align: Align::Left, cell: time },
    Column {
        key: Some(Key::Severity),
        head: "",
        width: 9,
        grow: 0,
        rank: 0,
        align: Align::Left,
        cell: severity,
    },
    Column { key: Some(Key::Text), head: "", width: 24, grow: 200, rank: 0, align: Align::Left, cell: text },
    Column { key: Some(Key::Symbol), head: "", width: 9, grow: 0, rank: 3, align: Align::Left, cell: symbol },
    Column { key: Some(Key::Venue), head: "", width: 9, grow: 6, rank: 2, align: Align::Left, cell: venue },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

/// How a severity looks.
pub const fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Info => Role::Info,
        Severity::Warning => Role::Warning,
        Severity::Critical => Role::Critical,
        Severity::Emergency => Role::Emergency,
    }
}

/// How a severity is written.
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "CRITICAL",
        Severity::Emergency => "EMERGENCY",
    }
}

fn time(row: &AlertRow, cell: &mut Cell<'_>) {
    format::clock(&mut cell.out, row.alert.at, &cell.look.zone);
    cell.role = Role::Muted;
}

fn severity(row: &AlertRow, cell: &mut Cell<'_>) {
    let role = if row.acknowledged { Role::Muted } else { severity_role(row.alert.severity) };
    cell.word(severity_word(row.alert.severity), role);
}

fn text(row: &AlertRow, cell: &mut Cell<'_>) {
    if row.count > 1 {
        let written = write!(cell.out, "({}x) ", row.count);
        debug_assert!(written.is_ok(), "writing to a String can't fail");
    }
    cell.word(row.alert.text.as_str(), if row.acknowledged { Role::Muted } else { Role::Text });
}

fn symbol(row: &AlertRow, cell: &mut Cell<'_>) {
    cell.word(row.alert.symbol.as_ref().map_or("", |s| s.as_str()), Role::Muted);
}

fn venue(row: &AlertRow, cell: &mut Cell<'_>) {
    cell.word(row.alert.venue.as_ref().map_or("", |v| v.as_str()), Role::Muted);
}

/// All that the marked one says, where its row has no room for it: below the rows, while they are looked at.
fn whole(model: &Model, area: Rect) -> Option<Sheet> {
    const BESIDE: u16 = 20;
    let state = model.table(Pane::Alerts);
    let row = state.rows.get(state.cursor).and_then(|n| model.snapshot.alerts.get(*n))?;
    let text = row.alert.text.as_str();
    let mut sheet = Sheet::new(area.width.saturating_sub(2));
    sheet.say(text, severity_role(row.alert.severity));
    let all = small(state.rows.len().saturating_add(sheet.len()).saturating_add(1));
    let free = all <= area.height || model.focus == Pane::Alerts;
    let cut = width(text).saturating_add(BESIDE) > area.width;
    (cut && free).then_some(sheet)
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let mut area = area;
    if let Some(sheet) = whole(model, area) {
        // The heads and two rows stay.
        let high = small(sheet.len()).min(area.height.saturating_sub(3));
        area.height = area.height.saturating_sub(high);
        let foot = Rect {
            x: area.x.saturating_add(1),
            y: area.bottom(),
            width: area.width.saturating_sub(2),
            height: high,
        };
        sheet.draw(canvas, foot, 0);
    }
    let table = Table {
        pane: Pane::Alerts,
        columns: &COLUMNS,
        rows: &model.snapshot.alerts,
        state: model.table(Pane::Alerts),
        focused: model.focus == Pane::Alerts,
        places: 0,
        stale: |_| false,
        empty: "no alerts",
    };
    table.draw(canvas, area, drawn);
}
