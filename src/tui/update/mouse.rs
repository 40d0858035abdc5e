//! The mouse: focus, select, scroll. A click never trades.

use super::{chart, entry, keys, ladder, navigate, tabs};
use crate::tui::{
    column::Column,
    focus::Pane,
    hit::Hit,
    modal::{AlgorithmShown, Confirmation, ExitShown, Halt, Modal, Series, Since},
    model::Model,
    msg::Cmd,
    table::Sort,
    ticket::Phase,
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// Rows for each notch of the wheel.
const NOTCH: usize = 3;

pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Cmd> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(model, event.column, event.row),
        MouseEventKind::ScrollUp => scroll(model, event, false),
        MouseEventKind::ScrollDown => scroll(model, event, true),
        MouseEventKind::Down(MouseButton::Right | MouseButton::Middle)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => {}
    }
    Vec::new()
}

fn click(model: &mut Model, column: u16, row: u16) {
    keys::forget_strokes(model);
    if model.modal.is_some() || model.command_line.is_some() || model.filter_line.is_some() {
        return;
    }
    match model.drawn.at(column, row) {
        Some(Hit::Pane(pane)) => focus(model, pane),
        Some(Hit::Row(pane, place)) => {
            focus(model, pane);
            model.select(pane, place);
        }
        Some(Hit::Head(pane, column)) => {
            focus(model, pane);
            sort(model, pane, column);
        }
        Some(Hit::Chart) => {
            entry::unreview(model);
            chart::click(model, column, row);
        }
        Some(Hit::Rung(price)) => {
            entry::unreview(model);
            ladder::click(model, price);
        }
        Some(Hit::Page(page)) if page < model.pages.len() => navigate::show_page(model, page),
        Some(Hit::Field(field)) if model.ticket.phase == Phase::Editing && model.ticket.shows(field) => {
            focus(model, Pane::Ticket);
            model.ticket.go_to(field);
        }
        Some(Hit::Field(_)) => focus(model, Pane::Ticket),
        Some(Hit::OrdersTab(tab)) => {
            focus(model, Pane::Orders);
            tabs::set_tab(model, tab);
        }
        Some(Hit::QualityTab(by)) => {
            focus(model, Pane::Quality);
            tabs::set_group(model, by);
        }
        Some(Hit::Page(_)) | None => {}
    }
}

/// A click elsewhere takes the focus from the ticket, and the order out of review with it.
fn focus(model: &mut Model, pane: Pane) {
    if pane != Pane::Ticket {
        entry::unreview(model);
    }
    navigate::set_focus(model, pane);
}

fn sort(model: &mut Model, pane: Pane, column: Column) {
    let descending = match model.table(pane).sort {
        Some(sort) if sort.column == column => !sort.descending,
        Some(_) | None => column != Column::Symbol,
    };
    navigate::set_sort(model, pane, Some(Sort { column, descending }));
}

fn scroll(model: &mut Model, event: MouseEvent, down: bool) {
    let shift = |at: usize, last: usize| {
        if down { at.saturating_add(NOTCH).min(last) } else { at.saturating_sub(NOTCH) }
    };
    if let Some(modal) = &mut model.modal {
        match modal {
            Modal::Help { lines, scroll, .. } => {
                let moved = shift(usize::from(*scroll), lines.len().saturating_sub(1));
                *scroll = u16::try_from(moved).ok().unwrap_or(u16::MAX);
            }
            Modal::Halt(Halt { scroll, .. })
            | Modal::Confirm(Confirmation { scroll, .. })
            | Modal::Exit(ExitShown { scroll, .. })
            | Modal::Since(Since { scroll, .. })
            | Modal::Algorithm(AlgorithmShown { scroll, .. })
            | Modal::Series(Series { scroll, .. }) => *scroll = shift(*scroll, model.drawn.seen.last()),
            Modal::QuitAsk(_) | Modal::Palette(_) => {}
        }
        return;
    }
    let over = model.drawn.pane_at(event.column, event.row);
    match over {
        Some(Pane::Chart) => return chart::wheel(model, down),
        Some(Pane::Depth) => return ladder::wheel(model, down),
        Some(_) | None => {}
    }
    if let Some(pane) = over.filter(|p| p.is_table()) {
        let room = model.drawn.room(pane);
        let table = model.tables.entry(pane).or_default();
        table.offset = shift(table.offset, table.rows.len().saturating_sub(room));
    }
}
