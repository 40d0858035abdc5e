//! From the model to cells. Pure: the same model, look and size give the same screen, and nothing here computes
//! money or changes anything.

use super::{
    canvas::{Canvas, Look, width},
    focus::{Layout, Pane},
    hit::{Drawn, Hit},
    layout::{self, Placed},
    model::{MIN_HEIGHT, MIN_WIDTH, Model},
    panes::{self, banner, footer, health, modals, orders, positions, quality, reconciliation, risk},
    theme::Role,
    widgets::window,
};
use crate::domain::time::Now;
use ratatui::{Frame, buffer::Buffer, layout::Rect};

/// Draws the screen and says where it put what.
pub fn draw(model: &Model, look: &Look, frame: &mut Frame<'_>) -> Drawn {
    paint(model, look, frame.buffer_mut())
}

/// The same, for whoever has no frame.
pub fn paint(model: &Model, look: &Look, buf: &mut Buffer) -> Drawn {
    let mut canvas = Canvas::new(buf, look, reading_time(model));
    let mut drawn = Drawn::default();
    let screen = canvas.area();
    if screen.width < MIN_WIDTH || screen.height < MIN_HEIGHT {
        banner::one_line(model, &mut canvas);
        return drawn;
    }
    canvas.tint(screen, Role::Text);
    banner::draw(model, &mut canvas, Rect { height: banner::HEIGHT, ..screen }, &mut drawn);
    let body = Rect {
        y: screen.y.saturating_add(banner::HEIGHT),
        height: screen.height.saturating_sub(banner::HEIGHT).saturating_sub(1),
        ..screen
    };
    body_panes(model, &mut canvas, body, &mut drawn);
    footer::draw(model, &mut canvas, Rect { y: screen.bottom().saturating_sub(1), height: 1, ..screen });
    modals::draw(model, &mut canvas, &mut drawn);
    drawn
}

/// The time that ages on the screen count to: the snapshot's own clock, moved on by how long it is here; in a replay the
/// time that is shown.
fn reading_time(model: &Model) -> Now {
    if let Some(view) = model.replay() {
        return view.now(model.now.mono);
    }
    let age = model.snapshot_age_ms().unwrap_or(0);
    Now { wall: model.now.wall, mono: model.snapshot.at.mono.plus_ms(age) }
}

fn body_panes(model: &Model, canvas: &mut Canvas<'_>, body: Rect, drawn: &mut Drawn) {
    let alone = Layout::Pane(model.focus);
    let page = model.current_page().map_or(&alone, |p| &p.layout);
    let placed =
        if model.zoomed { layout::zoom(model.focus, body) } else { layout::place(page, model.focus, body) };
    lines(canvas, &placed, body);
    for pane in &placed {
        drawn.hits.push((pane.area, Hit::Pane(pane.pane)));
        title(model, canvas, pane, drawn);
        panes::draw(pane.pane, model, canvas, pane.inner(), drawn);
    }
    let ticket_is_there = placed.iter().any(|p| p.pane == Pane::Ticket);
    if !ticket_is_there && (model.ticket.is_open() || model.focus == Pane::Ticket) {
        ticket_window(model, canvas, body, &placed, drawn);
    }
}

/// The lines between panes.
fn lines(canvas: &mut Canvas<'_>, placed: &[Placed], body: Rect) {
    let style = canvas.style(Role::Rule);
    for pane in placed {
        // One column further than the pane where another stands on its right, so that the lines join.
        let on = u16::from(pane.area.right() < body.right());
        canvas.across(pane.area.x, pane.area.y, pane.area.width.saturating_add(on), style);
        if pane.bar {
            let last = pane.area.bottom() >= body.bottom();
            let len = pane.area.height.saturating_add(u16::from(!last));
            canvas.down((pane.area.x, pane.area.y), len, last, style);
        }
    }
}

/// The pane's name, how many rows, its filter, and what must not be missed.
fn title(model: &Model, canvas: &mut Canvas<'_>, placed: &Placed, drawn: &mut Drawn) {
    let focused = model.focus == placed.pane;
    let area = placed.area;
    if focused {
        let from = area.x.saturating_add(u16::from(placed.bar));
        canvas.recolor(
            Rect { x: from, width: area.right().saturating_sub(from), height: 1, ..area },
            Role::Focus,
        );
    }
    let state = model.table(placed.pane);
    let count = placed.pane.is_table()
        && !matches!(placed.pane, Pane::Orders | Pane::Quality | Pane::Account | Pane::Health);
    let mut text = format!(" {} ", placed.pane.title());
    if count && !state.rows.is_empty() {
        text = format!("{text}{} ", state.rows.len());
    }
    let style = canvas.style(if focused { Role::Focus } else { Role::Title });
    let x = area.x.saturating_add(2);
    let mut at = x.saturating_add(canvas.left(x, area.y, area.width.saturating_sub(3), &text, style));
    if placed.pane == Pane::Orders {
        orders::tabs(model, canvas, placed, at, drawn);
        at = area.right();
    }
    if placed.pane == Pane::Quality {
        quality::tabs(model, canvas, placed, at, drawn);
        at = area.right();
    }
    let note = note(model, placed.pane);
    let filter = if state.filter.is_empty() { String::new() } else { format!(" /{} ", state.filter) };
    let end = area.right().saturating_sub(1);
    for (text, role) in [(note, Role::Critical), (filter, Role::Key)] {
        let wide = width(&text);
        if wide > 0 && end.saturating_sub(at) > wide {
            let style = canvas.style(role);
            canvas.put(at, area.y, wide, &text, style);
            at = at.saturating_add(wide);
        }
    }
}

/// What must not be missed even where its row is scrolled away.
fn note(model: &Model, pane: Pane) -> String {
    let counted = |n: usize, what: &str| if n == 0 { String::new() } else { format!(" {what} {n} ") };
    match pane {
        Pane::Positions => counted(positions::naked(&model.snapshot.positions), "NO STOP on"),
        Pane::Health => counted(health::troubled(&model.snapshot.health), "TROUBLE at"),
        Pane::Risk => counted(risk::tripped(&model.snapshot.risk), "TRIPPED"),
        Pane::Reconciliation => counted(reconciliation::open(&model.snapshot.reconciliation), "TO DECIDE"),
        Pane::Watchlist
        | Pane::Chart
        | Pane::Depth
        | Pane::Ticket
        | Pane::Orders
        | Pane::Fills
        | Pane::Account
        | Pane::Alerts
        | Pane::Algorithms
        | Pane::Quality => String::new(),
    }
}

/// The ticket over the panes, where the page has no room for it.
fn ticket_window(model: &Model, canvas: &mut Canvas<'_>, body: Rect, placed: &[Placed], drawn: &mut Drawn) {
    let wide = 40_u16.min(body.width);
    // Beside the ladder that it was opened from, where that stands on the right.
    let ladder = placed.iter().find(|p| p.pane == Pane::Depth).map(|p| p.area.x);
    let beside = ladder.filter(|_| model.return_focus == Some(Pane::Depth)).and_then(|x| x.checked_sub(wide));
    let x = beside.unwrap_or(body.right().saturating_sub(wide)).max(body.x);
    let area = Rect { x, width: wide, ..body };
    drawn.hits.push((area, Hit::Pane(Pane::Ticket)));
    let inner = window::frame(canvas, area, " Ticket ", Role::Focus);
    panes::draw(Pane::Ticket, model, canvas, inner, drawn);
}
