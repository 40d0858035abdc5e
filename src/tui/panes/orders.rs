//! Orders with what hangs on them, in tabs.

use crate::desk::snapshot::OrderRow;
use crate::domain::{
    lifecycle::OrderState,
    money::Price,
    order::{Amount, OrderKind, OrderType, Origin, Role as Part, Tif, Trail},
};
use crate::tui::{
    canvas::Canvas,
    column::Column as Key,
    focus::Pane,
    format,
    hit::{Drawn, Hit},
    layout::Placed,
    model::Model,
    panes::tabs,
    table::OrdersTab,
    theme::Role,
    widgets::table::{self, Align, Cell, Column, Table},
};
use ratatui::layout::Rect;

const COLUMNS: [Column<OrderRow>; 12] = [
    Column { key: Some(Key::Symbol), head: "", width: 9, grow: 6, rank: 0, align: Align::Left, cell: tree },
    Column {
        key: Some(Key::Side),
        head: "",
        width: 4,
        grow: 0,
        rank: 0,
        align: Align::Left,
        cell: |r, c| c.side(r.side),
    },
    Column { key: Some(Key::Qty), head: "", width: 8, grow: 4, rank: 0, align: Align::Right, cell: quantity },
    Column {
        key: Some(Key::Type),
        head: "",
        width: 4,
        grow: 0,
        rank: 2,
        align: Align::Left,
        cell: |r, c| c.text(short(r.order_type.kind())),
    },
    Column { key: Some(Key::Price), head: "", width: 9, grow: 2, rank: 1, align: Align::Right, cell: price },
    Column { key: Some(Key::State), head: "", width: 12, grow: 0, rank: 0, align: Align::Left, cell: state },
    Column {
        key: Some(Key::Age),
        head: "",
        width: 4,
        grow: 1,
        rank: 3,
        align: Align::Right,
        cell: |r, c| c.age(Some(r.updated)),
    },
    Column { key: Some(Key::Tif), head: "", width: 7, grow: 0, rank: 4, align: Align::Left, cell: tif },
    Column {
        key: None,
        head: "avg fill",
        width: 9,
        grow: 2,
        rank: 6,
        align: Align::Right,
        cell: |r, c| c.price(r.avg_price, None),
    },
    Column { key: None, head: "note", width: 14, grow: 40, rank: 5, align: Align::Left, cell: note },
    Column {
        key: Some(Key::Id),
        head: "",
        width: 16,
        grow: 8,
        rank: 7,
        align: Align::Left,
        cell: |r, c| c.word(r.id.client.as_str(), Role::Muted),
    },
    Column {
        key: Some(Key::Venue),
        head: "",
        width: 9,
        grow: 6,
        rank: 8,
        align: Align::Left,
        cell: |r, c| c.word(r.id.venue.as_str(), Role::Muted),
    },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

const fn short(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "mkt",
        OrderKind::Limit => "lmt",
        OrderKind::Stop => "stp",
        OrderKind::StopLimit => "stpl",
        OrderKind::TrailingStop => "trl",
    }
}

/// The symbol, or for a child its branch and part.
fn tree(row: &OrderRow, cell: &mut Cell<'_>) {
    if row.depth == 0 {
        cell.word(row.symbol.as_str(), Role::Strong);
        return;
    }
    let glyphs = &cell.look.glyphs;
    cell.text(if row.last_child { glyphs.last_child } else { glyphs.child });
    cell.text(match row.role {
        Some(Part::Target) => "target",
        Some(Part::Stop) => "stop",
        Some(Part::Entry) | None if row.here => "rest",
        Some(Part::Entry) | None => row.symbol.as_str(),
    });
}

fn quantity(row: &OrderRow, cell: &mut Cell<'_>) {
    match row.amount {
        Amount::Qty(total) => {
            if !row.filled.is_zero() && row.filled != total {
                cell.look.numbers.qty(&mut cell.out, row.filled);
                cell.text("/");
            }
            cell.look.numbers.qty(&mut cell.out, total);
        }
        Amount::Notional(money) => {
            cell.text("$");
            cell.look.numbers.decimal(&mut cell.out, money.get(), Some(2), format::Sign::Minus);
        }
    }
}

/// The price that the order waits for.
fn price(row: &OrderRow, cell: &mut Cell<'_>) {
    let one = |cell: &mut Cell<'_>, p: Price| cell.look.numbers.price(&mut cell.out, p, None);
    match row.order_type {
        OrderType::Market => cell.none(),
        OrderType::Limit { limit } => one(cell, limit),
        OrderType::Stop { stop } | OrderType::StopLimit { stop, .. } => one(cell, stop),
        OrderType::TrailingStop { trail } => match (row.trailing_stop, trail) {
            (Some(stop), _) => one(cell, stop),
            (None, Trail::Amount(by)) => one(cell, by),
            (None, Trail::Percent(by)) => cell.look.numbers.percent(&mut cell.out, by, format::Sign::Minus),
        },
    }
}

/// How a state looks: what nobody knows is the loudest.
pub const fn state_role(state: OrderState) -> Role {
    match state {
        OrderState::Unknown | OrderState::Absent | OrderState::Unrecognised => Role::Unknown,
        OrderState::Intended
        | OrderState::Sending
        | OrderState::PendingCancel
        | OrderState::PendingReplace => Role::Pending,
        OrderState::Accepted | OrderState::Working => Role::Good,
        OrderState::Held | OrderState::DoneForDay => Role::Info,
        OrderState::Suspended => Role::Warning,
        OrderState::Filled => Role::Text,
        OrderState::Cancelled | OrderState::Expired | OrderState::Replaced | OrderState::Abandoned => {
            Role::Muted
        }
        OrderState::Rejected | OrderState::NotSent => Role::Down,
    }
}

fn state(row: &OrderRow, cell: &mut Cell<'_>) {
    if row.here {
        cell.word(row.status_word.as_str(), state_role(row.state));
        return;
    }
    cell.word(row.state.word(), state_role(row.state));
    if row.late {
        cell.text(if row.state == OrderState::Sending { " LATE" } else { " !" });
        cell.role = Role::Unknown;
    }
}

fn tif(row: &OrderRow, cell: &mut Cell<'_>) {
    match row.tif {
        // The day itself, in as few columns as it takes.
        Tif::Gtd(date) => cell.word(&date.strftime("%m-%d").to_string(), Role::Muted),
        tif @ (Tif::Day | Tif::Gtc | Tif::Ioc | Tif::Fok | Tif::Opg | Tif::Cls) => {
            cell.word(tif.word(), Role::Muted);
        }
    }
    if row.extended {
        cell.text(" ext");
    }
}

/// Why it was refused, else whose it is, else the trader's mark.
fn note(row: &OrderRow, cell: &mut Cell<'_>) {
    match (&row.reason, &row.origin, &row.tag) {
        (Some(reason), _, _) => cell.word(reason.as_str(), Role::Warning),
        (None, Origin::External, _) => cell.word("EXTERNAL", Role::Warning),
        (None, Origin::Exit, _) => cell.word("exit", Role::Info),
        (None, Origin::Screen | Origin::Shell | Origin::Child, Some(tag)) => cell.word(tag, Role::Muted),
        (None, Origin::Screen | Origin::Shell | Origin::Child, None) => {}
    }
    if let OrderType::StopLimit { limit, .. } = row.order_type {
        cell.text(if cell.out.is_empty() { "limit " } else { " limit " });
        cell.look.numbers.price(&mut cell.out, limit, None);
    }
    if let Some(show) = row.show {
        cell.text(if cell.out.is_empty() { "shows " } else { " shows " });
        cell.look.numbers.qty(&mut cell.out, show);
    }
}

/// Draws the tabs into the title's row, from `x` on.
pub fn tabs(model: &Model, canvas: &mut Canvas<'_>, placed: &Placed, x: u16, drawn: &mut Drawn) {
    let all = OrdersTab::ALL.map(|tab| (tab.word(), tab == model.tabs.orders, Hit::OrdersTab(tab)));
    tabs::draw(canvas, placed, (x, model.table(Pane::Orders).rows.len()), &all, drawn);
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let empty = match model.tabs.orders {
        OrdersTab::Working => "no working orders",
        OrdersTab::Filled => "nothing filled today",
        OrdersTab::Cancelled => "nothing cancelled today",
        OrdersTab::Rejected => "nothing rejected today",
        OrdersTab::All => "no orders today",
    };
    let table = Table {
        pane: Pane::Orders,
        columns: &COLUMNS,
        rows: &model.snapshot.orders,
        state: model.table(Pane::Orders),
        focused: model.focus == Pane::Orders,
        places: 2,
        stale: |_| false,
        empty,
    };
    table.draw(canvas, area, drawn);
}
