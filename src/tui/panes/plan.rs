//! What an exit would do, before it is done: HALT's window, and the plan wherever one is shown.

use super::banner::{badge, said};
use crate::desk::receipt::{Plan, PlanVenue};
use crate::domain::ids::VenueId;
use crate::domain::text::counted;
use crate::tui::{
    canvas::{Canvas, small},
    format,
    hit::Drawn,
    modal::{FLATTEN_WORD, Halt},
    model::Model,
    theme::Role,
    widgets::{
        prompt,
        sheet::{Entry, Sheet},
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Columns of a plan, where there are so many.
pub const WIDE: u16 = 84;
/// With more positions than this their values are left out, so that more of them are seen at once.
const VALUES_MAX: usize = 16;

/// The badge of a venue: that of its lamp, where it has one.
pub fn venue_badge(model: &Model, venue: &VenueId, word: &str) -> Bit {
    match model.snapshot.banner.lamps.iter().find(|l| l.venue == *venue) {
        Some(lamp) => {
            let (text, role) = badge(lamp);
            Bit::new(text, role, 0)
        }
        None => Bit::new(format!(" {word} "), Role::Unproven, 0),
    }
}

fn venue(sheet: &mut Sheet, canvas: &Canvas<'_>, model: &Model, row: &PlanVenue) {
    let mut bits =
        vec![venue_badge(model, &row.venue, &row.badge), Bit::joined(row.venue.as_str(), Role::Strong, 0)];
    if !row.account.is_empty() {
        bits.push(Bit::joined(row.account.as_str(), Role::Muted, 0));
    }
    let orders = counted(row.cancels.len(), "order", "orders");
    let positions = counted(row.closes.len(), "position", "positions");
    bits.push(Bit::new(format!("cancel {orders}"), Role::Text, 0));
    bits.push(Bit::new(format!("close {positions}"), Role::Text, 0));
    match row.cost {
        Some(cost) if !row.closes.is_empty() => {
            let cost = said(|s| canvas.look.exact.money(s, cost));
            bits.push(Bit::new(format!("crossing the spread costs about {cost}"), Role::Muted, 0));
        }
        None if !row.closes.is_empty() => {
            bits.push(Bit::new("what crossing the spread costs is not known", Role::Warning, 0));
        }
        Some(_) | None => {}
    }
    sheet.flow(2, &bits);
    // What stays is read before the long list of what goes.
    for blocked in &row.blocked {
        sheet.hang(&format!("{} stays: ", canvas.look.glyphs.fail), blocked.as_str(), Role::Critical);
    }
    sheet.grid(2, &closes(model, canvas, row));
}

/// Each position with its quantity and, where there are few, its value.
fn closes(model: &Model, canvas: &Canvas<'_>, row: &PlanVenue) -> Vec<Entry> {
    let few = row.closes.len() <= VALUES_MAX;
    let entry = |(instrument, qty): &(crate::domain::ids::InstrumentId, _)| {
        let qty: &crate::domain::money::SignedQty = qty;
        let role = if qty.is_negative() { Role::Sell } else { Role::Buy };
        let text = said(|s| canvas.look.exact.decimal(s, qty.get(), None, format::Sign::Always));
        let mut figures = vec![(text, role)];
        if few {
            let held = model.snapshot.positions.iter().find(|p| p.instrument == *instrument);
            let value = held.and_then(|p| Some((p.value?, &p.currency)));
            let text =
                value.map(|(m, currency)| format!("{} {currency}", said(|s| canvas.look.exact.money(s, m))));
            figures.push((text.unwrap_or_default(), Role::Muted));
        }
        Entry { name: instrument.symbol.to_string(), figures }
    };
    row.closes.iter().map(entry).collect()
}

/// A plan as lines: the scope in words with its counts, then each venue.
pub fn lines(sheet: &mut Sheet, canvas: &Canvas<'_>, model: &Model, plan: &Plan) {
    sheet.say(plan.text.as_str(), Role::Strong);
    for row in &plan.venues {
        sheet.blank();
        venue(sheet, canvas, model, row);
    }
    if !plan.algorithms.is_empty() {
        sheet.blank();
    }
    for algorithm in &plan.algorithms {
        sheet.hang("algorithm ", algorithm.as_str(), Role::Text);
    }
}

/// Draws the window of HALT.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, halt: &Halt, drawn: &mut Drawn) {
    let wide = window::room(canvas, WIDE);
    let mut sheet = Sheet::new(wide);
    if let Some(error) = &halt.error {
        sheet.say(error.as_str(), Role::Critical);
        sheet.blank();
    }
    let blocked = "Entries are blocked.";
    match (&halt.flattening, &halt.plan) {
        (Some(_), _) => {
            sheet.say("FLATTEN is sent; the engine has not told of it yet.", Role::Pending);
        }
        (None, Some(plan)) => {
            sheet.say(blocked, Role::Strong);
            lines(&mut sheet, canvas, model, plan);
        }
        (None, None) => {
            sheet.say(blocked, Role::Strong);
            sheet.say("Asking the engine for the exit plan.", Role::Pending);
        }
    }
    let inner = window::open(canvas, (wide, small(sheet.len()).saturating_add(2)), " HALT ", Role::Halt);
    let text = Rect { height: inner.height.saturating_sub(1), ..inner };
    drawn.seen = sheet.draw(canvas, text, halt.scroll);
    let last = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(inner.height > 0), ..inner };
    foot(model, canvas, halt, last);
}

fn foot(model: &Model, canvas: &mut Canvas<'_>, halt: &Halt, line: Rect) {
    if halt.flattening.is_some() {
        let bits = [
            Bit::new("Esc", Role::Key, 0),
            Bit::joined("closes this window; the exit goes on", Role::Muted, 0),
        ];
        strip::flow(canvas, line, 0, &bits);
        return;
    }
    if let Some(input) = &halt.typed {
        word(canvas, line, FLATTEN_WORD, input);
        return;
    }
    let bits = [
        Bit::new(format!(" {} again FLATTENS ", model.halt_key), Role::Halt, 0),
        Bit::new("Esc", Role::Key, 0),
        Bit::joined("keeps HALT, closes this plan", Role::Muted, 0),
    ];
    strip::flow(canvas, line, 0, &bits);
}

/// Where a word is typed.
pub fn word(canvas: &mut Canvas<'_>, line: Rect, word: &str, input: &tui_input::Input) {
    let style = canvas.style(Role::Strong);
    let used = canvas.left(line.x, line.y, line.width, &format!("type {word}: "), style);
    let x = line.x.saturating_add(used);
    prompt::draw(canvas, (x, line.y, line.right().saturating_sub(x)), input, true);
}
