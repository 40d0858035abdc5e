//! The limits as gauges: how much of each is used, what happens when it trips, and until when it stands. Above them
//! what blocks entries now, below them why, and what a margin call would close.

use super::banner::{locked_out, said};
use crate::desk::snapshot::{MarginCallRow, RiskRow, RiskState};
use crate::tui::{
    canvas::{Canvas, small},
    column::Column as Key,
    focus::Pane,
    format,
    hit::Drawn,
    model::Model,
    table::rows::risk_word,
    theme::Role,
    widgets::{
        gauge,
        sheet::{Entry, Sheet},
        strip::Bit,
        table::{self, Align, Cell, Column, Table, side_role},
    },
};
use ratatui::layout::Rect;

const COLUMNS: [Column<RiskRow>; 9] = [
    Column { key: Some(Key::State), head: "", width: 7, grow: 0, rank: 0, align: Align::Left, cell: state },
    Column { key: Some(Key::Rule), head: "", width: 16, grow: 9, rank: 0, align: Align::Left, cell: rule },
    Column { key: None, head: "", width: 7, grow: 3, rank: 2, align: Align::Left, cell: bar },
    Column { key: Some(Key::Used), head: "", width: 12, grow: 0, rank: 0, align: Align::Right, cell: used },
    Column { key: Some(Key::Limit), head: "", width: 12, grow: 0, rank: 0, align: Align::Right, cell: limit },
    Column {
        key: Some(Key::Response),
        head: "",
        width: 14,
        grow: 5,
        rank: 1,
        align: Align::Left,
        cell: |r, c| c.word(&r.response, Role::Text),
    },
    Column { key: Some(Key::Until), head: "", width: 8, grow: 0, rank: 3, align: Align::Right, cell: until },
    Column { key: Some(Key::Venue), head: "", width: 12, grow: 8, rank: 4, align: Align::Left, cell: place },
    Column { key: None, head: "why", width: 20, grow: 80, rank: 5, align: Align::Left, cell: why },
];

/// The names of its columns.
pub fn heads() -> Vec<&'static str> {
    table::heads(&COLUMNS)
}

/// How a rule's state looks; its word says the same.
const fn role(state: RiskState) -> Role {
    match state {
        RiskState::Tripped => Role::Critical,
        RiskState::Near => Role::Warning,
        RiskState::Unknown => Role::Unknown,
        RiskState::Clear => Role::Good,
        RiskState::Off => Role::Muted,
    }
}

fn state(row: &RiskRow, cell: &mut Cell<'_>) {
    cell.word(risk_word(row.state), role(row.state));
}

fn rule(row: &RiskRow, cell: &mut Cell<'_>) {
    cell.word(&row.rule, if row.state == RiskState::Off { Role::Muted } else { Role::Strong });
}

fn bar(row: &RiskRow, cell: &mut Cell<'_>) {
    let Some(share) = row.share.filter(|_| row.state != RiskState::Off) else { return };
    gauge::share(&mut cell.out, &cell.look.glyphs, share, small(cell.room));
    cell.role = if row.state == RiskState::Unknown { Role::Muted } else { role(row.state) };
}

fn used(row: &RiskRow, cell: &mut Cell<'_>) {
    cell.told(row.used.as_str());
}

fn limit(row: &RiskRow, cell: &mut Cell<'_>) {
    cell.told(row.limit.as_str());
}

fn until(row: &RiskRow, cell: &mut Cell<'_>) {
    if let Some(left) = row.until.map(|at| at.since_ms(cell.now.wall)).and_then(|ms| u64::try_from(ms).ok()) {
        format::countdown(&mut cell.out, left);
        cell.role = Role::Warning;
    }
}

/// All venues, one, or one symbol at it.
fn place(row: &RiskRow, cell: &mut Cell<'_>) {
    cell.word(row.venue.as_ref().map_or("all", |v| v.as_str()), Role::Muted);
    if let Some(symbol) = &row.symbol {
        cell.text(" ");
        cell.text(symbol.as_str());
    }
}

fn why(row: &RiskRow, cell: &mut Cell<'_>) {
    cell.word(row.reason.as_ref().map_or("", |r| r.as_str()), Role::Text);
}

/// How many rules have tripped.
pub fn tripped(rows: &[RiskRow]) -> usize {
    rows.iter().filter(|r| r.state == RiskState::Tripped).count()
}

/// What blocks entries, how the rules stand, and the day trades.
fn standing(model: &Model, canvas: &Canvas<'_>, sheet: &mut Sheet) {
    let snapshot = &model.snapshot;
    let banner = &snapshot.banner;
    let mut bits = Vec::new();
    if banner.halted {
        bits.push(Bit::new(" HALT ", Role::Halt, 0));
    }
    if let Some(text) = locked_out(canvas, banner) {
        bits.push(Bit::new(text, Role::Locked, 0));
        bits.push(Bit::joined("nobody can lift it before", Role::Text, 0));
    } else if banner.locked.is_some() {
        bits.push(Bit::new(" LOCKED ", Role::Locked, 0));
    }
    if let Some(reason) = &banner.locked {
        bits.push(Bit::new(reason.as_str(), Role::Text, 0));
    }
    if let Some(until) = banner.armed_until.filter(|u| *u > canvas.now.mono) {
        let left = said(|s| format::countdown(s, until.since_ms(canvas.now.mono)));
        bits.push(Bit::new(format!(" ARMED {left} "), Role::Armed, 0));
    }
    if let Some(held) = &banner.held {
        bits.push(Bit::new("entries wait:", Role::Warning, 0));
        bits.push(Bit::joined(held.as_str(), Role::Text, 0));
    }
    if bits.is_empty() {
        bits.push(Bit::new("nothing blocks entries", Role::Good, 0));
    }
    let near = snapshot.risk.iter().filter(|r| r.state == RiskState::Near).count();
    if near > 0 {
        bits.push(Bit::new(format!("{near} near"), Role::Warning, 0));
    }
    sheet.flow(2, &bits);
    let mut bits = vec![Bit::new("day trades of five business days", Role::Muted, 0)];
    for account in snapshot.accounts.iter() {
        let count = account.day_trades.map_or(canvas.look.glyphs.none.to_owned(), |n| n.to_string());
        bits.push(Bit::new(account.venue.as_str(), Role::Text, 0));
        bits.push(Bit::joined(count, Role::Strong, 0));
    }
    if !snapshot.accounts.is_empty() {
        sheet.flow(2, &bits);
    }
}

/// Why the marked rule stands as it does; while none is marked, the first that has tripped.
fn reason(model: &Model, canvas: &Canvas<'_>, sheet: &mut Sheet) {
    let rows = &model.snapshot.risk;
    let table = model.table(Pane::Risk);
    let marked = table.selected_row().or_else(|| table.rows.first().copied()).and_then(|n| rows.get(n));
    let Some(row) = marked else { return };
    let mut bits = vec![
        Bit::new(row.rule.as_str(), Role::Strong, 0),
        Bit::joined(risk_word(row.state), role(row.state), 0),
        Bit::new(format!("{} {}", canvas.look.glyphs.arrow, row.response), Role::Text, 0),
    ];
    if !row.used.is_empty() && !row.limit.is_empty() {
        bits.insert(2, Bit::new(format!("{} of {}", row.used, row.limit), Role::Text, 0));
    }
    if let Some(until) = row.until {
        bits.push(Bit::new("until", Role::Muted, 0));
        bits.push(Bit::joined(said(|s| format::clock(s, until, &canvas.look.zone)), Role::Text, 0));
        if let Ok(ms) = u64::try_from(until.since_ms(canvas.now.wall)) {
            bits.push(Bit::joined(said(|s| format::countdown(s, ms)), Role::Warning, 0));
        }
    }
    sheet.flow(2, &bits);
    if let Some(reason) = &row.reason {
        sheet.say(reason.as_str(), Role::Text);
    }
}

/// What a margin call would close, in its order.
pub fn margin_call<'a>(
    canvas: &Canvas<'_>,
    rows: impl Iterator<Item = &'a MarginCallRow>,
    sheet: &mut Sheet,
) {
    let entries: Vec<Entry> = rows
        .map(|r| Entry {
            name: r.instrument.symbol.to_string(),
            figures: vec![
                (
                    format!("{} {}", r.side.word(), said(|s| canvas.look.exact.qty(s, r.qty))),
                    side_role(r.side),
                ),
                match r.unrealized {
                    Some(m) => {
                        let role = if m.is_negative() { Role::Down } else { Role::Up };
                        (said(|s| canvas.look.exact.gain(s, m)), role)
                    }
                    None => (String::new(), Role::Muted),
                },
            ],
        })
        .collect();
    sheet.grid(2, &entries);
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let sheet = || Sheet::new(inner.width);
    let (mut top, mut call, mut foot) = (sheet(), sheet(), sheet());
    standing(model, canvas, &mut top);
    if !model.snapshot.margin_call.is_empty() {
        call.flow(
            2,
            &[
                Bit::new("MARGIN CALL: largest loser first, one at a time:", Role::Critical, 0),
                Bit::joined(":margin-call", Role::Key, 0),
                Bit::joined("lets them go", Role::Text, 0),
            ],
        );
        margin_call(canvas, model.snapshot.margin_call.iter(), &mut call);
    }
    reason(model, canvas, &mut foot);
    // The rules keep at least three rows and their heads; a margin call goes before the reason of a rule.
    let mut spare = area.height.saturating_sub(4);
    let mut take = |sheet: &Sheet, most: u16| {
        let lines = small(sheet.len()).min(most).min(spare);
        spare = spare.saturating_sub(lines);
        lines
    };
    let (high, calls) = (take(&top, 3), take(&call, 8));
    let feet = take(&foot, 3);
    let low = calls.saturating_add(feet);
    top.draw(canvas, Rect { height: high, ..inner }, 0);
    let y = area.bottom().saturating_sub(low);
    call.draw(canvas, Rect { y, height: calls, ..inner }, 0);
    foot.draw(canvas, Rect { y: y.saturating_add(calls), height: feet, ..inner }, 0);
    let table = Table {
        pane: Pane::Risk,
        columns: &COLUMNS,
        rows: &model.snapshot.risk,
        state: model.table(Pane::Risk),
        focused: model.focus == Pane::Risk,
        places: 0,
        stale: |_| false,
        empty: "no rules are watched",
    };
    let middle = Rect {
        y: area.y.saturating_add(high),
        height: area.height.saturating_sub(high).saturating_sub(low),
        ..area
    };
    table.draw(canvas, middle, drawn);
}
