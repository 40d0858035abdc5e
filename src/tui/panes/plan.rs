//! HALT's window: what FLATTEN would do at which account, and, once it runs, how far it is.

use super::banner::{badge, said};
use crate::desk::{
    receipt::{Plan, PlanVenue},
    snapshot::{ExitRow, ExitVenue},
};
use crate::tui::{
    canvas::{Canvas, small},
    format,
    modal::Halt,
    model::Model,
    theme::Role,
    widgets::{
        prompt,
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Lines of text in a window.
struct Page<'c, 'a> {
    canvas: &'c mut Canvas<'a>,
    area: Rect,
}

impl Page<'_, '_> {
    fn say(&mut self, text: &str, role: Role) {
        let used = window::wrap(self.canvas, self.area, text, role);
        self.skip(used);
    }
    fn bits(&mut self, bits: &[Bit]) {
        let used = strip::flow(self.canvas, self.area, 2, bits);
        self.skip(used);
    }
    fn skip(&mut self, lines: u16) {
        self.area.y = self.area.y.saturating_add(lines);
        self.area.height = self.area.height.saturating_sub(lines);
    }
}

/// The badge that a venue's plan carries, in the look of its lamp.
fn venue_badge(model: &Model, row: &PlanVenue) -> Bit {
    let lamp = model.snapshot.banner.lamps.iter().find(|l| l.venue == row.venue);
    match lamp {
        Some(lamp) => {
            let (text, role) = badge(lamp);
            Bit::new(text, role, 0)
        }
        None => Bit::new(format!(" {} ", row.badge), Role::Unproven, 0),
    }
}

/// `1 order`, `3 orders`.
pub fn counted(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn len(n: usize) -> u32 {
    u32::from(small(n))
}

fn venue_plan(page: &mut Page<'_, '_>, model: &Model, row: &PlanVenue) {
    let mut bits = vec![
        venue_badge(model, row),
        Bit::joined(row.venue.as_str(), Role::Strong, 0),
        Bit::joined(row.account.as_str(), Role::Muted, 0),
        Bit::new(format!("cancel {}", counted(len(row.cancels.len()), "order", "orders")), Role::Text, 0),
        Bit::new(format!("close {}", counted(len(row.closes.len()), "position", "positions")), Role::Text, 0),
    ];
    if let Some(cost) = row.cost {
        bits.push(Bit::new(
            format!("crossing the spread costs about {}", said(|s| format::money(s, cost))),
            Role::Muted,
            0,
        ));
    }
    page.bits(&bits);
    let closes: Vec<Bit> = row
        .closes
        .iter()
        .map(|(instrument, qty)| {
            let role = if qty.is_negative() { Role::Sell } else { Role::Buy };
            let qty = said(|s| format::decimal(s, qty.get(), None, format::Sign::Always));
            Bit::new(format!("{} {qty}", instrument.symbol), role, 0)
        })
        .collect();
    if !closes.is_empty() {
        page.bits(&closes);
    }
    for blocked in &row.blocked {
        page.say(&format!("stays: {blocked}"), Role::Warning);
    }
}

/// Draws a plan as text, wherever one is shown.
pub fn plan(canvas: &mut Canvas<'_>, area: Rect, model: &Model, plan: &Plan) -> u16 {
    let mut page = Page { canvas, area };
    page.say(plan.text.as_str(), Role::Strong);
    for row in &plan.venues {
        page.skip(1);
        venue_plan(&mut page, model, row);
    }
    page.area.y.saturating_sub(area.y)
}

fn bar(canvas: &Canvas<'_>, done: u32, of: u32) -> String {
    const CELLS: u32 = 12;
    let full = done.saturating_mul(CELLS).checked_div(of).unwrap_or(CELLS).min(CELLS);
    let glyphs = &canvas.look.glyphs;
    let cells = |sign: &str, n: u32| sign.repeat(usize::try_from(n).map_or(0, |n| n));
    cells(glyphs.bar, full) + &cells(glyphs.bar_rest, CELLS.saturating_sub(full))
}

fn venue_progress(page: &mut Page<'_, '_>, row: &ExitVenue) {
    let orders =
        format!("{} {}/{}", bar(page.canvas, row.orders_gone, row.orders), row.orders_gone, row.orders);
    let flat = format!(
        "{} {}/{}",
        bar(page.canvas, row.positions_flat, row.positions),
        row.positions_flat,
        row.positions
    );
    page.bits(&[
        Bit::new(row.venue.as_str(), Role::Strong, 0),
        Bit::joined(row.phase.as_str(), Role::Pending, 0),
        Bit::new("orders gone", Role::Muted, 0),
        Bit::joined(orders, Role::Text, 0),
        Bit::new("flat", Role::Muted, 0),
        Bit::joined(flat, Role::Text, 0),
    ]);
    for left in &row.left {
        page.say(&format!("left: {left}"), Role::Warning);
    }
    if let Some(error) = &row.error {
        page.say(&format!("error: {error}"), Role::Critical);
    }
}

/// How far an exit is.
pub fn progress(canvas: &mut Canvas<'_>, area: Rect, exit: &ExitRow) -> u16 {
    let end = exit.ended.unwrap_or(canvas.now.mono);
    let took = said(|s| format::age(s, end.since_ms(exit.began)));
    let mut page = Page { canvas, area };
    let (text, role) = match exit.flat {
        Some(true) => (format!("FLAT: {}, proven by the venue, in {took}", exit.scope), Role::Good),
        Some(false) => (format!("NOT FLAT: {}, ended after {took}", exit.scope), Role::Emergency),
        None => (format!("{}, since {took}", exit.scope), Role::Strong),
    };
    page.say(&text, role);
    for row in &exit.venues {
        page.skip(1);
        venue_progress(&mut page, row);
    }
    page.area.y.saturating_sub(area.y)
}

/// Draws the window.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, halt: &Halt) {
    let venues = halt.plan.as_ref().map_or(1, |p| p.venues.len().max(1));
    let closes = model.snapshot.positions.len() / 4;
    let blocked: usize =
        halt.plan.iter().flat_map(|p| &p.venues).map(|v| v.blocked.len().saturating_mul(2)).sum();
    let closes = closes.saturating_add(blocked);
    let lines = small(venues.saturating_mul(4).saturating_add(closes)).saturating_add(8);
    let inner = window::open(canvas, (84, lines), " HALT ", Role::Halt);
    let mut page = Page { canvas, area: inner };
    page.say("Entries are blocked.", Role::Strong);
    page.skip(1);
    let running = model.snapshot.exit.as_ref().filter(|_| halt.flattening.is_some());
    match (running, &halt.plan) {
        (Some(exit), _) => {
            let used = progress(page.canvas, page.area, exit);
            page.skip(used);
        }
        (None, Some(shown)) => {
            let used = plan(page.canvas, page.area, model, shown);
            page.skip(used);
        }
        (None, None) => page.say("Asking the engine for the exit plan.", Role::Pending),
    }
    if let Some(error) = &halt.error {
        page.skip(1);
        page.say(error.as_str(), Role::Critical);
    }
    let last = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(inner.height > 0), ..inner };
    foot(model, canvas, halt, last);
}

fn foot(model: &Model, canvas: &mut Canvas<'_>, halt: &Halt, line: Rect) {
    if halt.flattening.is_some() {
        strip::flow(
            canvas,
            line,
            0,
            &[
                Bit::new("Esc", Role::Key, 0),
                Bit::joined("closes this window; the exit goes on", Role::Muted, 0),
            ],
        );
        return;
    }
    if let Some(input) = &halt.typed {
        let style = canvas.style(Role::Strong);
        let used = canvas.left(line.x, line.y, line.width, "type FLATTEN: ", style);
        let x = line.x.saturating_add(used);
        prompt::draw(canvas, (x, line.y, line.right().saturating_sub(x)), input, true);
        return;
    }
    let bits = [
        Bit::new(format!(" {} again FLATTENS ", model.halt_key), Role::Halt, 0),
        Bit::new("Esc", Role::Key, 0),
        Bit::joined("keeps HALT, closes this plan", Role::Muted, 0),
    ];
    strip::flow(canvas, line, 0, &bits);
}
