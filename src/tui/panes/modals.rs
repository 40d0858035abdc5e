//! Help, the question before quitting, confirmations, and the palette.

use super::{algorithm, banner::said, exit, plan, risk, series, since};
use crate::config::Numbers;
use crate::desk::{Preview, Request, snapshot::PositionRow};
use crate::domain::{draft::Command, limits::Action, money::Price, order::Amount};
use crate::tui::{
    action::Action as Do,
    canvas::{Canvas, small, width},
    hit::Drawn,
    modal::{Confirmation, Left, Modal, Palette, QuitAsk},
    model::{KeyHint, Model},
    theme::Role,
    widgets::{
        prompt,
        sheet::Sheet,
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Draws the modal that is open.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, drawn: &mut Drawn) {
    match &model.modal {
        None => {}
        Some(Modal::Help { title, lines, scroll }) => help(canvas, title, lines, *scroll),
        Some(Modal::QuitAsk(ask)) => quit(model, canvas, ask),
        Some(Modal::Halt(halt)) => plan::draw(model, canvas, halt, drawn),
        Some(Modal::Exit(shown)) => exit::draw(model, canvas, shown, drawn),
        Some(Modal::Since(shown)) => since::draw(model, canvas, shown, drawn),
        Some(Modal::Algorithm(shown)) => algorithm::draw(model, canvas, shown, drawn),
        Some(Modal::Series(shown)) => series::draw(model, canvas, shown, drawn),
        Some(Modal::Confirm(confirm)) => confirm_window(model, canvas, confirm, drawn),
        Some(Modal::Palette(palette)) => palette_window(canvas, palette),
    }
}

/// The keys that answer, at the foot of a window.
pub(super) fn foot(model: &Model, canvas: &mut Canvas<'_>, inner: Rect) {
    let y = inner.bottom().saturating_sub(1);
    let bits: Vec<Bit> = model
        .hints
        .iter()
        .flat_map(|h| {
            [Bit::new(h.keys.as_str(), Role::Key, 0), Bit::joined(h.words.as_str(), Role::Muted, 0)]
        })
        .collect();
    strip::flow(canvas, Rect { y, height: u16::from(inner.height > 0), ..inner }, 0, &bits);
}

fn help(canvas: &mut Canvas<'_>, title: &str, lines: &[KeyHint], scroll: u16) {
    let keys = lines.iter().map(|l| width(&l.keys)).max().unwrap_or(0).min(18);
    let words = lines.iter().map(|l| width(&l.words)).max().unwrap_or(0).min(50);
    let column = keys.saturating_add(words).saturating_add(2);
    let rows = small(lines.len());
    let screen = canvas.area();
    let tall = screen.height.saturating_sub(7).max(1);
    let across =
        if rows > tall && column.saturating_mul(2).saturating_add(10) <= screen.width { 2 } else { 1 };
    let high = rows.div_ceil(across).min(tall);
    let wide = column.saturating_mul(across).saturating_add(if across > 1 { 4 } else { 0 });
    let text = format!(" Help: {title} ");
    let inner = window::open(canvas, (wide, high), &text, Role::Focus);
    let mut shown = lines.iter().skip(usize::from(scroll));
    for i in 0..across {
        let x = inner.x.saturating_add(i.saturating_mul(column.saturating_add(4)));
        for y in inner.top()..inner.bottom() {
            let Some(line) = shown.next() else { return };
            let field = column.min(inner.right().saturating_sub(x));
            if line.keys.is_empty() {
                let style = canvas.style(Role::Title);
                canvas.left(x, y, field, &line.words, style);
                continue;
            }
            let (key, muted) = (canvas.style(Role::Key), canvas.style(Role::Text));
            canvas.left(x, y, keys.min(field), &line.keys, key);
            let from = keys.saturating_add(2);
            canvas.left(x.saturating_add(from), y, field.saturating_sub(from), &line.words, muted);
        }
    }
}

fn quit(model: &Model, canvas: &mut Canvas<'_>, ask: &QuitAsk) {
    let inner = window::open(canvas, (68, 6), " Quit ", Role::Focus);
    let (text, role) = match ask.open {
        None => ("Asking what is open.".to_owned(), Role::Pending),
        Some(left) if left == Left::default() => ("Nothing is open.".to_owned(), Role::Text),
        Some(Left { orders, positions, unknown, held }) => {
            let orders = crate::domain::text::counted(orders, "working order", "working orders");
            let positions = crate::domain::text::counted(positions, "position", "positions");
            let mut text = format!("Still open: {orders}, {positions}");
            if unknown > 0 {
                let unknown = crate::domain::text::counted(unknown, "order", "orders");
                text = format!("{text}, {unknown} of which nobody knows what became");
            }
            text.push_str(". They stay at the venue");
            if held > 0 {
                let held = crate::domain::text::counted(held, "order that is", "orders that are");
                text = format!("{text}; nobody will watch {held} HELD HERE");
            }
            text.push('.');
            (text, Role::Warning)
        }
    };
    window::wrap(canvas, Rect { height: inner.height.saturating_sub(2), ..inner }, &text, role);
    foot(model, canvas, inner);
}

fn confirm_window(model: &Model, canvas: &mut Canvas<'_>, confirm: &Confirmation, drawn: &mut Drawn) {
    let is_exit = matches!(confirm.request, Request::Flatten(_));
    let wide = if confirm.plan.is_some() || is_exit { plan::WIDE } else { 70 };
    let wide = window::room(canvas, wide);
    let mut sheet = Sheet::new(wide);
    sheet.say(confirm.title.as_str(), Role::Strong);
    // Whose money it is stands in every question about an order.
    match confirm.preview.as_ref().and_then(|p| p.instrument.as_ref()) {
        Some(on) => {
            let badge = plan::venue_badge(model, &on.venue, "");
            sheet.flow(0, &[badge, Bit::joined(on.venue.as_str(), Role::Strong, 0)]);
        }
        None => sheet.blank(),
    }
    if let Some(error) = &confirm.error {
        sheet.say(error.as_str(), Role::Critical);
    }
    if let Request::MarginCall { venue } = &confirm.request {
        let rows = model.snapshot.margin_call.iter();
        let covered = rows.filter(|r| venue.as_ref().is_none_or(|v| *v == r.instrument.venue));
        risk::margin_call(canvas, covered, &mut sheet);
    }
    match (&confirm.plan, &confirm.preview) {
        (Some(shown), _) => plan::lines(&mut sheet, canvas, model, shown),
        (None, Some(preview)) => {
            sheet.flow(0, &summary(&canvas.look.exact, preview));
            held_here(&mut sheet, canvas, preview);
            verdicts(&mut sheet, canvas, preview);
        }
        (None, None) if is_exit && confirm.error.is_none() => {
            sheet.say("Asking the engine for the exit plan.", Role::Pending);
        }
        (None, None) => break_even(&mut sheet, canvas, model, &confirm.request),
    }
    let unusual = confirm.preview.iter().flat_map(|p| &p.unusual);
    for text in unusual.chain(confirm.plan.iter().flat_map(|p| &p.unusual)) {
        let text = canvas.look.exact.told(text.as_str());
        sheet.hang(&format!("{} ", canvas.look.glyphs.warn), &format!("unusual: {text}"), Role::Warning);
    }
    let feet = if confirm.typed.is_some() { 2 } else { 1 };
    let high = small(sheet.len()).saturating_add(1).saturating_add(feet);
    let (title, role) = if is_exit { (" FLATTEN ", Role::Halt) } else { (" Confirm ", Role::Focus) };
    // A window does not change its size while its figures come.
    let inner = window::open(canvas, (wide, high.max(14)), title, role);
    let text = Rect { height: inner.height.saturating_sub(feet), ..inner };
    drawn.seen = sheet.draw(canvas, text, confirm.scroll);
    let last = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(inner.height > 0), ..inner };
    match &confirm.typed {
        Some((word, input)) => {
            plan::word(canvas, Rect { y: last.y.saturating_sub(1), ..last }, word, input);
            let bits =
                [Bit::new("Esc", Role::Key, 0), Bit::joined("leaves everything as it is", Role::Muted, 0)];
            strip::flow(canvas, last, 0, &bits);
        }
        None if is_exit => {
            let key = model.settings.keymap.keys_of(Do::Confirm, "").unwrap_or_default();
            let bits = [
                Bit::new(format!(" {key} again FLATTENS "), Role::Halt, 0),
                Bit::new("Esc", Role::Key, 0),
                Bit::joined("leaves everything as it is", Role::Muted, 0),
            ];
            strip::flow(canvas, last, 0, &bits);
        }
        None => foot(model, canvas, inner),
    }
}

/// From where to where a stop goes that is moved to break-even.
fn break_even(sheet: &mut Sheet, canvas: &Canvas<'_>, model: &Model, request: &Request) {
    let Request::Do(Command::Protect { symbol, venue, break_even: true, .. }) = request else { return };
    let mut held = model.snapshot.positions.iter();
    let on = |p: &&PositionRow| {
        p.instrument.symbol == *symbol && venue.as_ref().is_none_or(|v| *v == p.instrument.venue)
    };
    let Some(position) = held.find(on) else { return };
    let price = |p: Option<Price>| {
        p.map_or_else(String::new, |p| said(|s| canvas.look.exact.price(s, p, position.tick)))
    };
    let from = if position.stop.is_some() { " from " } else { "" };
    let (stop, average, last) = (price(position.stop), price(position.avg_price), price(position.last));
    sheet.say(&format!("puts the stop{from}{stop} to the average entry, {average}"), Role::Text);
    sheet.say(&format!("the market stands at {last}"), Role::Muted);
}

/// What the venue lacks and this program holds itself.
pub(super) fn held_here(sheet: &mut Sheet, canvas: &Canvas<'_>, preview: &Preview) {
    if let Some(show) = preview.spec.as_ref().and_then(|spec| spec.show) {
        let show = said(|s| canvas.look.exact.qty(s, show));
        sheet.hang("iceberg at the venue: ", &format!("{show} shown at a time"), Role::Info);
    }
    if !preview.held.is_empty() {
        let held: Vec<String> = preview.held.iter().map(|t| canvas.look.exact.told(t.as_str())).collect();
        sheet.hang("held here: ", &held.join(", "), Role::Info);
    }
}

/// What speaks against an order, whole: what it would be refused for first.
pub(super) fn verdicts(sheet: &mut Sheet, canvas: &Canvas<'_>, preview: &Preview) {
    let glyphs = &canvas.look.glyphs;
    let blocks = preview.checks.iter().filter(|c| c.action == Some(Action::Block)).map(|c| &c.text);
    let problems = preview.problems.iter().map(|(_, text)| text);
    for text in problems.chain(blocks) {
        let text = canvas.look.exact.told(text.as_str());
        sheet.hang(&format!("{} refused: ", glyphs.fail), &text, Role::Critical);
    }
    let warns = preview.checks.iter().filter(|c| c.action == Some(Action::Warn));
    for check in warns.filter(|c| !c.text.is_empty()) {
        let text = canvas.look.exact.told(check.text.as_str());
        sheet.hang(&format!("{} ", glyphs.warn), &text, Role::Warning);
    }
}

/// An order's figures in a few words.
pub(super) fn summary(numbers: &Numbers, preview: &Preview) -> Vec<Bit> {
    let mut bits = Vec::new();
    let mut add = |label: &str, text: Option<String>| {
        if let Some(text) = text {
            bits.push(Bit::new(label, Role::Muted, 0));
            bits.push(Bit::joined(text, Role::Text, 0));
        }
    };
    let qty = preview.spec.as_ref().and_then(|s| match s.amount {
        Amount::Qty(q) => Some(q),
        Amount::Notional(_) => None,
    });
    add("quantity", qty.or(preview.qty).map(|q| said(|s| numbers.qty(s, q))));
    add("entry", preview.entry.map(|p| said(|s| numbers.price(s, p, None))));
    add("stop", preview.stop.map(|p| said(|s| numbers.price(s, p, None))));
    add("target", preview.target.map(|p| said(|s| numbers.price(s, p, None))));
    add("risk", preview.risk.map(|m| said(|s| numbers.money(s, m))));
    add("cost", preview.cost.map(|m| said(|s| numbers.money(s, m))));
    bits
}

fn palette_window(canvas: &mut Canvas<'_>, palette: &Palette) {
    let high = canvas.area().height.saturating_sub(8).min(18);
    let inner = window::open(canvas, (76, high), " Palette ", Role::Focus);
    prompt::draw(canvas, (inner.x, inner.y, inner.width), &palette.input, true);
    let room = usize::from(inner.height.saturating_sub(2));
    let first = palette.chosen.saturating_sub(room.saturating_sub(1));
    let word = palette.found.iter().map(|c| width(&c.word)).max().unwrap_or(0).min(inner.width / 2);
    let rows = palette.found.iter().enumerate().skip(first).take(room);
    for (y, (i, found)) in (inner.y.saturating_add(2)..inner.bottom()).zip(rows) {
        if i == palette.chosen {
            canvas.tint(Rect { y, height: 1, ..inner }, Role::Selected);
        }
        let (strong, muted) = (canvas.style(Role::Strong), canvas.style(Role::Muted));
        canvas.left(inner.x, y, word, &found.word, strong);
        let x = inner.x.saturating_add(word).saturating_add(2);
        canvas.left(x, y, inner.right().saturating_sub(x), &found.words, muted);
    }
    if palette.found.is_empty() {
        let style = canvas.style(Role::Muted);
        canvas.left(inner.x, inner.y.saturating_add(2), inner.width, "no action is called that", style);
    }
}
