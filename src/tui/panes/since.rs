//! What differs from what the trading day began with: equity, and the positions that are others now.

use super::banner::{said, trend};
use crate::desk::receipt::SinceBaseline;
use crate::domain::money::{Price, SignedQty};
use crate::tui::{
    canvas::{Canvas, small},
    format,
    hit::Drawn,
    modal::Since,
    model::Model,
    theme::Role,
    widgets::{
        sheet::Sheet,
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Columns, where there are so many.
const WIDE: u16 = 76;

fn held(canvas: &Canvas<'_>, qty: SignedQty, price: Option<Price>) -> String {
    if qty.is_zero() {
        return "flat".to_owned();
    }
    let qty = said(|s| canvas.look.exact.decimal(s, qty.get(), None, format::Sign::Always));
    let price =
        price.map_or(canvas.look.glyphs.none.to_owned(), |p| said(|s| canvas.look.exact.price(s, p, None)));
    format!("{qty} at {price}")
}

fn venue(canvas: &Canvas<'_>, row: &SinceBaseline, sheet: &mut Sheet) {
    let mut bits = vec![
        Bit::new(row.venue.as_str(), Role::Strong, 0),
        Bit::new("since", Role::Muted, 0),
        Bit::joined(said(|s| format::clock(s, row.began, &canvas.look.zone)), Role::Text, 0),
        Bit::new("equity", Role::Muted, 0),
        Bit::joined(said(|s| canvas.look.exact.money(s, row.equity_then)), Role::Text, 0),
        Bit::joined(canvas.look.glyphs.arrow, Role::Muted, 0),
    ];
    match row.equity_now {
        Some(now) => bits.push(Bit::joined(said(|s| canvas.look.exact.money(s, now)), Role::Strong, 0)),
        None => bits.push(Bit::joined("not known", Role::Unknown, 0)),
    }
    if let Some(change) = row.change {
        let (sign, role) = trend(canvas, change);
        bits.push(Bit::joined(format!("{sign} {}", said(|s| canvas.look.exact.gain(s, change))), role, 0));
    }
    sheet.flow(2, &bits);
    if row.positions.is_empty() {
        sheet.hang("  ", "no position differs", Role::Muted);
    }
    for moved in &row.positions {
        let (then, now) =
            (held(canvas, moved.qty_then, moved.avg_then), held(canvas, moved.qty_now, moved.avg_now));
        sheet.flow(
            4,
            &[
                Bit::new(format!("  {}", moved.instrument.symbol), Role::Strong, 0),
                Bit::new(then, Role::Muted, 0),
                Bit::joined(canvas.look.glyphs.arrow, Role::Muted, 0),
                Bit::joined(now, Role::Text, 0),
            ],
        );
    }
}

/// Draws the window.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, shown: &Since, drawn: &mut Drawn) {
    let mut sheet = Sheet::new(window::room(canvas, WIDE));
    if shown.venues.is_empty() {
        sheet.say("No trading day has begun at any venue yet.", Role::Muted);
    }
    for (i, row) in shown.venues.iter().enumerate() {
        if i > 0 {
            sheet.blank();
        }
        venue(canvas, row, &mut sheet);
    }
    let size = (sheet.width(), small(sheet.len()).saturating_add(2));
    let inner = window::open(canvas, size, " Since the day began ", Role::Focus);
    let text = Rect { height: inner.height.saturating_sub(1), ..inner };
    drawn.seen = sheet.draw(canvas, text, shown.scroll);
    let last = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(inner.height > 0), ..inner };
    let mut bits = Vec::new();
    for hint in &model.hints {
        bits.push(Bit::new(hint.keys.as_str(), Role::Key, 0));
        bits.push(Bit::joined(hint.words.as_str(), Role::Muted, 0));
    }
    strip::flow(canvas, last, 0, &bits);
}
