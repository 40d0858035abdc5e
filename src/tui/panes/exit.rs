//! An exit: how far it is at each venue while it runs, and how it ended. Nothing here calls anything flat that the
//! venue has not called so.

use super::{
    banner::said,
    plan::{WIDE, venue_badge},
};
use crate::desk::snapshot::{ExitAlgorithm, ExitNote, ExitRow, ExitVenue};
use crate::tui::{
    canvas::{Canvas, small},
    format,
    hit::Drawn,
    modal::ExitShown,
    model::Model,
    theme::Role,
    widgets::{
        gauge,
        sheet::Sheet,
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Columns that a venue needs beside another.
const VENUE: u16 = 46;
/// Columns between two of them.
const GAP: u16 = 3;
/// Cells of the longest bar.
const BAR_MAX: u16 = 24;
/// Columns for what a bar counts.
const LABEL: u16 = 17;

/// How a venue's part ended; `None` while it goes on.
fn ended(exit: &ExitRow, row: &ExitVenue) -> Option<bool> {
    match row.phase.as_str() {
        "FLAT" => Some(true),
        "NOT FLAT" => Some(false),
        _ => exit.flat,
    }
}

/// So many of so many as a bar, with what stands behind it.
fn count(sheet: &mut Sheet, canvas: &Canvas<'_>, label: &str, (done, of): (u32, u32), behind: &str) {
    let mut bits = vec![Bit::new(format!("{label:<0$}", usize::from(LABEL)), Role::Muted, 0)];
    if of == 0 {
        bits.push(Bit::joined("none", Role::Muted, 0));
    } else {
        let cells = sheet.width().saturating_sub(LABEL).saturating_sub(20).clamp(4, BAR_MAX);
        let role = if done >= of { Role::Good } else { Role::Pending };
        let bar = said(|s| gauge::count(s, &canvas.look.glyphs, done, of, cells));
        bits.push(Bit::joined(bar, role, 0));
        bits.push(Bit::joined(format!("{done}/{of}"), Role::Text, 0));
    }
    bits.push(Bit::joined(behind, Role::Muted, 0));
    sheet.flow(2, &bits);
}

/// One venue: what it does, how far it is, what is left and why.
fn venue(canvas: &Canvas<'_>, model: &Model, exit: &ExitRow, row: &ExitVenue, wide: u16) -> Sheet {
    let mut sheet = Sheet::new(wide);
    let over = ended(exit, row);
    let role = match over {
        Some(true) => Role::Good,
        Some(false) => Role::Emergency,
        None => Role::Pending,
    };
    // The engine told how long it took until the snapshot was made; what runs has run on since.
    let since = if over.is_none() { canvas.now.mono.since_ms(model.snapshot.at.mono) } else { 0 };
    let took = said(|s| canvas.look.exact.age(s, row.took_ms.saturating_add(since)));
    let mut bits = vec![
        venue_badge(model, &row.venue, ""),
        Bit::joined(row.venue.as_str(), Role::Strong, 0),
        Bit::new(row.phase.as_str(), role, 0),
        Bit::joined(took, Role::Text, 0),
    ];
    let rounds = if row.rounds > 0 { format!("round {}", row.rounds) } else { String::new() };
    let (orders, positions) = ((row.orders_gone, row.orders), (row.positions_flat, row.positions));
    if exit.ended.is_some() {
        for (label, (done, of)) in [("orders cancelled", orders), ("positions closed", positions)] {
            bits.push(Bit::new(label, Role::Muted, 0));
            bits.push(Bit::joined(format!("{done}/{of}"), Role::Text, 0));
        }
        bits.push(Bit::new(rounds, Role::Muted, 0));
        sheet.flow(2, &bits);
    } else {
        sheet.flow(2, &bits);
        count(&mut sheet, canvas, "orders cancelled", orders, "");
        count(&mut sheet, canvas, "positions closed", positions, &rounds);
    }
    if let Some(error) = &row.error {
        sheet.hang("error: ", error.as_str(), Role::Critical);
    }
    let role = if over == Some(false) { Role::Critical } else { Role::Warning };
    for left in &row.left {
        sheet.hang("left: ", left.as_str(), role);
    }
    sheet
}

/// One algorithm that runs elsewhere.
fn algorithm(sheet: &mut Sheet, canvas: &Canvas<'_>, row: &ExitAlgorithm) {
    let role = match row.flat {
        Some(true) => Role::Good,
        Some(false) => Role::Emergency,
        None => Role::Pending,
    };
    let took = said(|s| canvas.look.exact.age(s, row.took_ms));
    let mut bits = vec![
        Bit::new("algorithm", Role::Muted, 0),
        Bit::joined(row.name.as_str(), Role::Strong, 0),
        Bit::new(row.phase.as_str(), role, 0),
        Bit::joined(took, Role::Text, 0),
    ];
    if !row.said.is_empty() {
        bits.push(Bit::new("it said", Role::Muted, 0));
        bits.push(Bit::joined(row.said.as_str(), Role::Text, 0));
    }
    sheet.flow(2, &bits);
    if let Some(left) = &row.left {
        sheet.hang("left: ", left.as_str(), Role::Critical);
    }
}

/// The first sentence, and the look of the window.
fn head(canvas: &Canvas<'_>, exit: &ExitRow) -> (String, &'static str, Role) {
    let end = exit.ended.unwrap_or(canvas.now.mono);
    let took = said(|s| canvas.look.exact.age(s, end.since_ms(exit.began)));
    match exit.flat {
        Some(true) => {
            (format!("FLAT: {}, by the venue's word, after {took}", exit.scope), " FLAT ", Role::Good)
        }
        Some(false) => (
            format!("NOT FLAT: {}, ended after {took} with something left", exit.scope),
            " NOT FLAT ",
            Role::Emergency,
        ),
        None => (format!("{}: {took} so far", exit.scope), " FLATTEN ", Role::Halt),
    }
}

/// All of it as lines.
fn lines(sheet: &mut Sheet, canvas: &Canvas<'_>, model: &Model, exit: &ExitRow, wide: u16) {
    // While it runs the venues stand side by side; a report is read line by line.
    let across = if exit.ended.is_some() { 0 } else { wide.saturating_add(GAP) };
    let across = across.checked_div(VENUE.saturating_add(GAP)).unwrap_or(1).max(1);
    let across = across.min(small(exit.venues.len()).max(1));
    let gaps = GAP.saturating_mul(across.saturating_sub(1));
    let one = wide.saturating_sub(gaps).checked_div(across).unwrap_or(wide);
    let mut venues: Vec<&ExitVenue> = exit.venues.iter().collect();
    if exit.ended.is_some() {
        // What is left is read first.
        venues.sort_by_key(|row| ended(exit, row) == Some(true));
    }
    for rows in venues.chunks(usize::from(across)) {
        sheet.blank();
        let sheets = rows.iter().map(|r| venue(canvas, model, exit, r, one)).collect();
        sheet.beside(sheets, one.saturating_add(GAP));
    }
    for row in &exit.algorithms {
        sheet.blank();
        algorithm(sheet, canvas, row);
    }
}

/// Draws the window: at the bottom while the exit runs, so that positions are seen to go; in the middle when it
/// has ended.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, shown: &ExitShown, drawn: &mut Drawn) {
    let told = model.snapshot.exit.as_ref();
    let told = told.filter(|e| shown.asked.is_none() || shown.before != Some(e.id) || e.ended.is_none());
    let many = told.is_some_and(|e| e.venues.len() > 1 && e.ended.is_none());
    let most = if many { VENUE.saturating_add(GAP).saturating_mul(3) } else { WIDE };
    let wide = window::room(canvas, most);
    let mut sheet = Sheet::new(wide);
    if let Some(error) = &shown.error {
        sheet.say(error.as_str(), Role::Critical);
    }
    let (title, role) = match told {
        Some(exit) => {
            let (text, title, role) = head(canvas, exit);
            let said = match exit.flat {
                Some(true) => Role::Good,
                Some(false) => Role::Emergency,
                None => Role::Strong,
            };
            sheet.say(&text, said);
            lines(&mut sheet, canvas, model, exit, wide);
            (title, role)
        }
        None if shown.error.is_some() => (" FLATTEN ", Role::Halt),
        None if shown.asked.is_none() => {
            notes(&mut sheet, canvas, &model.snapshot.exits);
            (" Exits ", Role::Focus)
        }
        None => {
            sheet.say("FLATTEN is sent; the engine has not told of it yet.", Role::Pending);
            (" FLATTEN ", Role::Halt)
        }
    };
    let size = (wide, small(sheet.len()).saturating_add(2));
    let over = told.is_some_and(|e| e.ended.is_some());
    let inner =
        if over { window::open(canvas, size, title, role) } else { window::dock(canvas, size, title, role) };
    let text = Rect { height: inner.height.saturating_sub(1), ..inner };
    drawn.seen = sheet.draw(canvas, text, shown.scroll);
    let last = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(inner.height > 0), ..inner };
    strip::flow(canvas, last, 0, &foot(model, over));
}

/// What the journal tells of exits, also of those of another run.
fn notes(sheet: &mut Sheet, canvas: &Canvas<'_>, notes: &[ExitNote]) {
    for note in notes {
        let (word, role) = match note.flat {
            Some(true) => ("FLAT", Role::Good),
            Some(false) => ("NOT FLAT", Role::Emergency),
            None if note.under_way => ("under way", Role::Pending),
            None => ("CUT OFF", Role::Emergency),
        };
        let at = said(|s| format::clock(s, note.at, &canvas.look.zone));
        let bits = [
            Bit::new(at, Role::Muted, 0),
            Bit::joined(word, role, 0),
            Bit::joined(note.scope.as_str(), Role::Strong, 0),
        ];
        sheet.flow(2, &bits);
        if !note.report.is_empty() {
            sheet.hang("  ", note.report.as_str(), Role::Text);
        }
    }
}

fn foot(model: &Model, over: bool) -> Vec<Bit> {
    let mut bits = vec![Bit::new("Esc", Role::Key, 0)];
    if over {
        bits.push(Bit::joined("closes this report,", Role::Muted, 0));
        bits.push(Bit::joined(":exit", Role::Key, 0));
        bits.push(Bit::joined("shows it again", Role::Muted, 0));
        if model.snapshot.banner.locked.is_some() {
            bits.push(Bit::new(":unlock REASON", Role::Key, 0));
            bits.push(Bit::joined("opens trading", Role::Muted, 0));
        }
    } else {
        bits.push(Bit::joined("closes this window, the exit goes on;", Role::Muted, 0));
        bits.push(Bit::joined(":exit", Role::Key, 0));
        bits.push(Bit::joined("shows it again", Role::Muted, 0));
    }
    bits
}
