//! How the venues do: connections, round trips, limits, clocks, and what went wrong last.

use super::banner::said;
use crate::desk::snapshot::{ChannelRow, DeliveryRow, DeliveryState, HealthRow};
use crate::tui::{
    canvas::Canvas,
    focus::Pane,
    format,
    hit::{Drawn, Hit},
    model::Model,
    theme::Role,
    widgets::strip::{self, Bit},
};
use ratatui::layout::Rect;

fn channel(canvas: &Canvas<'_>, channel: &ChannelRow, out: &mut Vec<Bit>) {
    let glyphs = &canvas.look.glyphs;
    let (lamp, role) = match channel.state.as_str() {
        "up" => (glyphs.lamp, Role::Good),
        "connecting" => (glyphs.lamp_off, Role::Pending),
        "stale" | "backoff" => (glyphs.lamp_off, Role::Warning),
        _ => (glyphs.lamp_off, Role::Critical),
    };
    out.push(Bit::new(channel.name.as_str(), Role::Muted, 0));
    out.push(Bit::joined(format!("{lamp} {}", channel.state), role, 0));
    if let Some(until) = channel.until.filter(|u| *u > canvas.now.mono) {
        let left = until.since_ms(canvas.now.mono);
        out.push(Bit::joined(said(|s| format::countdown(s, left)), Role::Warning, 0));
    } else if let Some(at) = channel.last_message {
        out.push(Bit::joined(
            said(|s| canvas.look.numbers.age(s, canvas.now.mono.since_ms(at))),
            Role::Text,
            0,
        ));
    }
}

fn round_trip(canvas: &Canvas<'_>, row: &HealthRow, out: &mut Vec<Bit>) {
    if let Some(p50) = row.rtt_p50_us {
        out.push(Bit::new("rtt", Role::Muted, 0));
        out.push(Bit::joined(said(|s| canvas.look.numbers.micros(s, p50)), Role::Text, 0));
    }
    if let Some(p99) = row.rtt_p99_us {
        out.push(Bit::joined("p99", Role::Muted, 0));
        out.push(Bit::joined(said(|s| canvas.look.numbers.micros(s, p99)), Role::Text, 0));
    }
}

fn limits(canvas: &Canvas<'_>, row: &HealthRow, out: &mut Vec<Bit>) {
    if let (Some(used), Some(max)) = (row.limit_used, row.limit_max) {
        // Four fifths of the limit is near its end.
        let near = used.saturating_mul(5) >= max.saturating_mul(4);
        out.push(Bit::new("rate", Role::Muted, 0));
        out.push(Bit::joined(format!("{used}/{max}"), if near { Role::Warning } else { Role::Text }, 0));
    }
    if let Some(until) = row.limited_until.filter(|u| *u > canvas.now.mono) {
        let left = until.since_ms(canvas.now.mono);
        out.push(Bit::joined(format!("LIMITED {}", said(|s| format::countdown(s, left))), Role::Critical, 0));
    }
    if let Some(skew) = row.skew_ms {
        out.push(Bit::new("clock", Role::Muted, 0));
        // The venue tells its time in whole seconds: less than one says nothing.
        if skew.unsigned_abs() > 1000 {
            out.push(Bit::joined(format!("{skew:+}ms"), Role::Warning, 0));
        } else {
            out.push(Bit::joined("ok", Role::Text, 0));
        }
    }
}

fn troubles(row: &HealthRow, out: &mut Vec<Bit>) {
    let role = if row.reconnects > 0 { Role::Text } else { Role::Muted };
    out.push(Bit::new("reconnects", Role::Muted, 0));
    out.push(Bit::joined(row.reconnects.to_string(), role, 0));
    if row.quarantined > 0 {
        out.push(Bit::new("quarantined", Role::Warning, 0));
        out.push(Bit::joined(row.quarantined.to_string(), Role::Warning, 0));
    }
    if let Some(switch) = &row.switch {
        let role = if switch.as_str().starts_with("NOT") { Role::Critical } else { Role::Text };
        out.push(Bit::new("dead man's switch", Role::Muted, 0));
        out.push(Bit::joined(switch.as_str(), role, 0));
    }
    if let Some(error) = &row.last_error {
        out.push(Bit::new("last error:", Role::Muted, 0));
        out.push(Bit::joined(error.as_str(), Role::Warning, 0));
    }
}

fn state_role(state: &str) -> Role {
    match state {
        "AGREED" => Role::Good,
        "RESYNC" => Role::Pending,
        _ => Role::Unknown,
    }
}

/// How many venues are not all right.
pub fn troubled(rows: &[HealthRow]) -> usize {
    rows.iter().filter(|r| r.state != "AGREED" || r.channels.iter().any(|c| c.state != "up")).count()
}

/// A channel of notifications.
fn delivery(canvas: &Canvas<'_>, row: &DeliveryRow) -> Vec<Bit> {
    let glyphs = &canvas.look.glyphs;
    let (lamp, role) = match row.state {
        DeliveryState::Ready => (glyphs.lamp_off, Role::Muted),
        DeliveryState::Up => (glyphs.lamp, Role::Good),
        // A desktop that nobody asked for may well not be there.
        DeliveryState::Failing | DeliveryState::Off if !row.wanted => (glyphs.lamp_off, Role::Muted),
        DeliveryState::Failing => (glyphs.lamp_off, Role::Critical),
        DeliveryState::Off => (glyphs.lamp_off, Role::Critical),
    };
    let mut bits =
        vec![Bit::new("notify", Role::Muted, 0), Bit::joined(row.channel.as_str(), Role::Strong, 0)];
    if row.kind != row.channel {
        bits.push(Bit::joined(row.kind.as_str(), Role::Muted, 0));
    }
    bits.push(Bit::joined(format!("{lamp} {}", row.state.word()), role, 0));
    if let Some(at) = row.last_delivered {
        let ago = u64::try_from(canvas.now.wall.since_ms(at)).ok().unwrap_or(0);
        bits.push(Bit::joined(said(|s| canvas.look.numbers.age(s, ago)), Role::Text, 0));
    }
    bits.push(Bit::new("delivered", Role::Muted, 0));
    bits.push(Bit::joined(row.delivered.to_string(), Role::Text, 0));
    for (name, n) in [("not delivered", row.failed), ("no room", row.lost)] {
        if n > 0 {
            bits.push(Bit::new(name, Role::Muted, 0));
            bits.push(Bit::joined(n.to_string(), if row.wanted { Role::Warning } else { Role::Muted }, 0));
        }
    }
    if let Some(error) = &row.error {
        bits.push(Bit::new("last error:", Role::Muted, 0));
        bits.push(Bit::joined(error.as_str(), if row.wanted { Role::Warning } else { Role::Muted }, 0));
    }
    bits
}

/// The channels, below the venues: what there is no room for is not seen.
fn deliveries(model: &Model, canvas: &mut Canvas<'_>, area: Rect, from: u16) {
    let mut y = from;
    for row in model.snapshot.deliveries.iter() {
        if y >= area.bottom() {
            return;
        }
        let room = Rect {
            x: area.x.saturating_add(1),
            y,
            width: area.width.saturating_sub(2),
            height: area.bottom().saturating_sub(y),
        };
        let bits = delivery(canvas, row);
        y = y.saturating_add(strip::flow(canvas, room, 2, &bits));
    }
}

/// Draws them.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let state = model.table(Pane::Health);
    let rows = &model.snapshot.health;
    let mut y = area.y;
    if rows.is_empty() {
        let style = canvas.style(Role::Muted);
        canvas.left(area.x.saturating_add(1), y, area.width.saturating_sub(1), "no venues", style);
    }
    let mut shown = 0_usize;
    for (at, index) in state.rows.iter().enumerate().skip(state.offset) {
        let Some(row) = rows.get(*index).filter(|_| y < area.bottom()) else { break };
        let mut bits = vec![
            Bit::new(row.venue.as_str(), Role::Strong, 0),
            Bit::joined(row.state.as_str(), state_role(&row.state), 0),
        ];
        row.channels.iter().for_each(|c| channel(canvas, c, &mut bits));
        round_trip(canvas, row, &mut bits);
        limits(canvas, row, &mut bits);
        troubles(row, &mut bits);
        let room = Rect {
            x: area.x.saturating_add(1),
            y,
            width: area.width.saturating_sub(2),
            height: area.bottom().saturating_sub(y),
        };
        if at == state.cursor && state.selected.is_some() && state.rows.len() > 1 {
            let role = if model.focus == Pane::Health { Role::Selected } else { Role::SelectedIdle };
            canvas.tint(Rect { y, height: 1, ..area }, role);
        }
        let used = strip::flow(canvas, room, 2, &bits);
        drawn.hits.push((Rect { height: used, ..room }, Hit::Row(Pane::Health, at)));
        y = y.saturating_add(used);
        shown = shown.saturating_add(1);
    }
    drawn.room.push((Pane::Health, shown.max(1)));
    deliveries(model, canvas, area, y);
}
