//! The two lines that can't be scrolled away: which accounts, how the day stands, what is blocked, and the worst
//! alert that nobody has acknowledged.

use super::alerts::{severity_role, severity_word};
use crate::desk::{
    protocol::Grant,
    replay::View,
    snapshot::{Banner, Lamp},
};
use crate::domain::{money::Money, report::Environment};
use crate::tui::{
    canvas::{Canvas, width},
    format,
    hit::{Drawn, Hit},
    model::{Engine, Model, SILENT_MS},
    theme::Role,
    widgets::strip::{self, Bit},
};
use ratatui::layout::Rect;

/// Its rows.
pub const HEIGHT: u16 = 2;

/// An account's badge: its words and its look.
pub const fn badge(lamp: &Lamp) -> (&'static str, Role) {
    match (lamp.environment, lamp.read_only) {
        (Some(Environment::Live), true) => (" LIVE READ-ONLY ", Role::ReadOnly),
        (Some(Environment::Paper), true) => (" PAPER READ-ONLY ", Role::ReadOnly),
        (None, _) => (" UNPROVEN ", Role::Unproven),
        (Some(Environment::Live), false) => (" LIVE ", Role::Live),
        (Some(Environment::Paper), false) => (" PAPER ", Role::Paper),
    }
}

/// Up, down or neither, as a sign and a look.
pub fn trend(canvas: &Canvas<'_>, money: Money) -> (&'static str, Role) {
    let glyphs = &canvas.look.glyphs;
    if money.is_positive() {
        (glyphs.up, Role::Up)
    } else if money.is_negative() {
        (glyphs.down, Role::Down)
    } else {
        (glyphs.flat, Role::Text)
    }
}

/// A text made by a formatting function.
pub fn said(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

/// After so long without news a rate is old.
pub(super) const RATE_MS: u64 = 60_000;

/// That it is a replay, before everything else: which moment is shown, how fast it goes, and of which day.
fn replay(view: &View, canvas: &Canvas<'_>, out: &mut Vec<Bit>) {
    let zone = &canvas.look.zone;
    let clock = said(|s| format::clock(s, canvas.now.wall, zone));
    let state = if view.playing { "playing" } else { "PAUSED" };
    out.push(Bit::joined(format!(" REPLAY {clock} {} {state} ", view.speed), Role::ReadOnly, 0));
    out.push(Bit::joined(said(|s| format::day(s, canvas.now.wall, zone)), Role::Strong, 3));
    out.push(Bit::joined(format!("{}/{}", view.frame, view.frames), Role::Muted, 9));
}

/// An account's badge keeps its word in a replay and loses its colour: that is for accounts that can be traded.
fn lamps(model: &Model, canvas: &Canvas<'_>, out: &mut Vec<Bit>) {
    let replays = model.replay().is_some();
    let glyphs = &canvas.look.glyphs;
    // Without an engine nobody hears of any connection.
    let is_heard = !matches!(model.engine, Engine::Gone { .. });
    for lamp in &model.snapshot.banner.lamps {
        let (text, role) = badge(lamp);
        out.push(Bit::joined(text, if replays { Role::Muted } else { role }, 0));
        out.push(Bit::joined(lamp.venue.as_str(), Role::Text, 6));
        if lamp.connected && is_heard {
            out.push(Bit::joined(glyphs.lamp, Role::Good, 1));
        } else {
            out.push(Bit::joined(format!("{} down", glyphs.lamp_off), Role::Critical, 0));
        }
    }
}

fn figures(canvas: &Canvas<'_>, banner: &Banner, out: &mut Vec<Bit>) {
    // Sums over currencies are as old as the oldest rate in them.
    let age = banner.rates_at.map(|at| canvas.now.mono.since_ms(at)).filter(|age| *age > RATE_MS);
    let fresh = |role| if age.is_some() { Role::Stale } else { role };
    if let Some(equity) = banner.equity {
        out.push(Bit::new("equity", Role::Muted, 7));
        out.push(Bit::joined(said(|s| canvas.look.numbers.money(s, equity)), fresh(Role::Strong), 2));
        // Of one account its currency goes without saying; of several it is a choice.
        if let Some(currency) = banner.currency.as_ref().filter(|_| banner.lamps.len() > 1) {
            out.push(Bit::joined(currency.as_str(), fresh(Role::Muted), 9));
        }
    }
    if let Some(age) = age {
        let text = said(|s| canvas.look.numbers.age(s, age));
        out.push(Bit::joined(format!("at rates {text} old"), Role::Stale, 3));
    }
    if let Some(day) = banner.day_pnl {
        let (sign, role) = trend(canvas, day);
        let role = fresh(role);
        out.push(Bit::new("day", Role::Muted, 5));
        out.push(Bit::joined(format!("{sign} {}", said(|s| canvas.look.numbers.gain(s, day))), role, 0));
        if let Some(percent) = banner.day_percent {
            out.push(Bit::joined(
                said(|s| canvas.look.numbers.percent(s, percent, format::Sign::Always)),
                role,
                3,
            ));
        }
    }
    if let Some(drawdown) = banner.drawdown {
        let role = if drawdown.is_negative() { Role::Warning } else { Role::Text };
        out.push(Bit::new("drawdown", Role::Muted, 8));
        out.push(Bit::joined(
            said(|s| canvas.look.numbers.percent(s, drawdown, format::Sign::Minus)),
            role,
            4,
        ));
    }
}

fn session(canvas: &Canvas<'_>, banner: &Banner) -> Vec<Bit> {
    let mut out = Vec::new();
    if !banner.session.is_empty() {
        out.push(Bit::new(banner.session.as_str(), Role::Title, 4));
    }
    if let Some(until) = banner.session_until {
        let ms = u64::try_from(until.since_ms(canvas.now.wall)).map_or(0, |ms| ms);
        out.push(Bit::joined(said(|s| format::countdown(s, ms)), Role::Text, 5));
    }
    out.push(Bit::new(said(|s| format::clock(s, canvas.now.wall, &canvas.look.zone)), Role::Muted, 9));
    out
}

/// Where the engine is, if that is worth a word: gone, silent, or in a process that may be had do less.
fn engine(model: &Model, out: &mut Vec<Bit>) {
    let now = model.now.mono;
    let age = |ms: u64| said(|s| format::countdown(s, ms));
    match &model.engine {
        Engine::Replay(_) => {}
        Engine::Gone { since, .. } => {
            let text = format!(" ENGINE GONE {} ", age(now.since_ms(*since)));
            out.push(Bit::joined(text, Role::Emergency, 0));
        }
        Engine::Own | Engine::OwnAfter | Engine::Elsewhere { .. } => {
            let silent = model.snapshot_age_ms().filter(|ms| *ms >= SILENT_MS);
            if let Some(ms) = silent {
                out.push(Bit::joined(format!(" ENGINE SILENT {} ", age(ms)), Role::Emergency, 0));
            }
            if let Engine::Elsewhere { grant: Grant::Looks, .. } = model.engine {
                out.push(Bit::joined(" LOOKS ONLY ", Role::ReadOnly, 1));
            } else if let Engine::Elsewhere { grant: Grant::Exits, .. } = model.engine {
                out.push(Bit::joined(" EXITS ONLY ", Role::ReadOnly, 1));
            }
        }
    }
}

/// What is switched on or off, loudest first.
fn switches(model: &Model, canvas: &Canvas<'_>, out: &mut Vec<Bit>) {
    let banner = &model.snapshot.banner;
    if banner.halted {
        out.push(Bit::joined(" HALT ", Role::Halt, 0));
    }
    if let Some(exit) = model.snapshot.exit.as_ref().filter(|e| e.ended.is_none()) {
        out.push(Bit::joined(" FLATTENING ", Role::Halt, 0));
        let gone = exit.venues.iter().map(|v| v.orders_gone).fold(0, u32::saturating_add);
        let orders = exit.venues.iter().map(|v| v.orders).fold(0, u32::saturating_add);
        let flat = exit.venues.iter().map(|v| v.positions_flat).fold(0, u32::saturating_add);
        let positions = exit.venues.iter().map(|v| v.positions).fold(0, u32::saturating_add);
        out.push(Bit::joined(
            format!("orders gone {gone}/{orders}, flat {flat}/{positions}"),
            Role::Strong,
            0,
        ));
    }
    if model.is_not_flat() {
        out.push(Bit::joined(" NOT FLAT ", Role::Emergency, 0));
    }
    locks(model, canvas, out);
    if banner.tripped > 0 {
        out.push(Bit::new(format!("limits {} tripped", banner.tripped), Role::Critical, 0));
    }
    if let Some(until) = banner.armed_until.filter(|u| *u > canvas.now.mono) {
        let left = until.since_ms(canvas.now.mono);
        out.push(Bit::joined(format!(" ARMED {} ", said(|s| format::countdown(s, left))), Role::Armed, 0));
    }
    if let Some(held) = &banner.held {
        out.push(Bit::joined("entries wait:", Role::Warning, 0));
        out.push(Bit::joined(held.as_str(), Role::Text, 2));
    }
}

/// Why entries are blocked. While an exit runs that says it.
fn locks(model: &Model, canvas: &Canvas<'_>, out: &mut Vec<Bit>) {
    let banner = &model.snapshot.banner;
    if let Some(text) = locked_out(canvas, banner) {
        out.push(Bit::joined(text, Role::Locked, 0));
    } else if banner.locked.is_some() && model.snapshot.exit.as_ref().is_none_or(|e| e.ended.is_some()) {
        out.push(Bit::joined(" LOCKED ", Role::Locked, 0));
    } else {
        return;
    }
    // Behind the badge HALT the reason HALT says nothing.
    let reason = banner.locked.as_ref().filter(|r| !(banner.halted && r.as_str() == "HALT"));
    if let Some(reason) = reason {
        out.push(Bit::joined(reason.as_str(), Role::Text, 3));
    }
}

/// A lock-out with its countdown.
pub fn locked_out(canvas: &Canvas<'_>, banner: &Banner) -> Option<String> {
    let until = banner.locked_out_until?;
    let ms = u64::try_from(until.since_ms(canvas.now.wall)).map_or(0, |ms| ms);
    Some(format!(" LOCKED OUT {} ", said(|s| format::countdown(s, ms))))
}

fn worst(banner: &Banner, out: &mut Vec<Bit>) {
    let Some(alert) = &banner.worst else {
        if out.is_empty() {
            out.push(Bit::joined("no open alerts", Role::Muted, 3));
        }
        return;
    };
    let role = severity_role(alert.severity);
    let gap = if out.is_empty() { 1 } else { 2 };
    out.push(Bit { gap, ..Bit::new(severity_word(alert.severity), role, 0) });
    out.push(Bit::joined(alert.text.as_str(), Role::Text, 0));
}

/// The pages, each with the page that a click on it shows: the one that is shown by name, the others by name where
/// there is room, else by number; on a narrow screen, where alerts need the room, only how many there are.
fn pages(model: &Model, room: u16) -> Vec<(usize, Bit)> {
    let count = model.pages.len();
    if room < NARROW {
        let Some(page) = model.current_page() else { return Vec::new() };
        let next = model.page.saturating_add(1).checked_rem(count).unwrap_or(0);
        let shown = format!("{} {}", model.page.saturating_add(1), page.name);
        return vec![
            (model.page, Bit { gap: 2, ..Bit::new(shown, Role::Focus, 0) }),
            (next, Bit { gap: 0, ..Bit::new(format!("/{count}"), Role::Muted, 0) }),
        ];
    }
    let named = |full: bool| -> Vec<(usize, Bit)> {
        let bits = model.pages.iter().enumerate().map(|(i, page)| {
            let on = i == model.page;
            let number = i.saturating_add(1);
            let text = if on || full { format!("{number} {}", page.name) } else { number.to_string() };
            (i, Bit { gap: 2, ..Bit::new(text, if on { Role::Focus } else { Role::Muted }, 0) })
        });
        bits.collect()
    };
    let full = named(true);
    let columns = full.iter().map(|(_, b)| width(&b.text).saturating_add(b.gap)).fold(0, u16::saturating_add);
    if columns.saturating_mul(3) <= room { full } else { named(false) }
}

/// Below so many columns the pages take no room from the alerts.
const NARROW: u16 = 110;

/// Draws it into two rows.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let banner = &model.snapshot.banner;
    let mut top = Vec::new();
    if let Some(view) = model.replay() {
        replay(view, canvas, &mut top);
    }
    lamps(model, canvas, &mut top);
    if model.snapshot_at.is_none() {
        top.push(Bit::joined("waiting for the engine", Role::Pending, 0));
    }
    figures(canvas, banner, &mut top);
    let clock = session(canvas, banner);
    let room = area.width.saturating_sub(1);
    strip::draw(canvas, (area.x, area.y, room), top, clock);

    let mut bottom = Vec::new();
    engine(model, &mut bottom);
    switches(model, canvas, &mut bottom);
    worst(banner, &mut bottom);
    let mut right = Vec::new();
    if banner.alerts > 1 {
        right.push(Bit::new(format!("+{} more", banner.alerts.saturating_sub(1)), Role::Warning, 2));
    }
    let first = right.len();
    let (shown, tabs): (Vec<usize>, Vec<Bit>) = pages(model, room).into_iter().unzip();
    right.extend(tabs);
    let columns: Vec<(u16, u16)> = right.iter().map(|b| (b.gap, width(&b.text))).collect();
    let y = area.y.saturating_add(1);
    let tab_columns =
        columns.iter().skip(first).map(|(g, w)| g.saturating_add(*w)).fold(0, u16::saturating_add);
    strip::draw(canvas, (area.x, y, room), bottom, right);
    let mut at = area.x.saturating_add(room).saturating_sub(tab_columns);
    for (page, (gap, wide)) in shown.into_iter().zip(columns.into_iter().skip(first)) {
        at = at.saturating_add(gap);
        drawn.hits.push((Rect { x: at, y, width: wide, height: 1 }, Hit::Page(page)));
        at = at.saturating_add(wide);
    }
}

/// Below the smallest size: the day, what is open, and how to get out.
pub fn one_line(model: &Model, canvas: &mut Canvas<'_>) {
    let area = canvas.area();
    canvas.clear(area, Role::Text);
    if area.is_empty() {
        return;
    }
    let banner = &model.snapshot.banner;
    let mut bits = Vec::new();
    if model.replay().is_some() {
        bits.push(Bit { gap: 0, ..Bit::new("REPLAY", Role::ReadOnly, 0) });
    }
    if banner.halted {
        let gap = u16::from(!bits.is_empty());
        bits.push(Bit { gap, ..Bit::new("HALT", Role::Halt, 1) });
    }
    let (running, left) =
        (model.snapshot.exit.as_ref().is_some_and(|e| e.ended.is_none()), model.is_not_flat());
    if running || left {
        let gap = u16::from(!bits.is_empty());
        let (text, role) = if running { ("FLATTENING", Role::Halt) } else { ("NOT FLAT", Role::Emergency) };
        bits.push(Bit { gap, ..Bit::new(text, role, 1) });
    }
    if let Some(day) = banner.day_pnl {
        let (_, role) = trend(canvas, day);
        let gap = u16::from(!bits.is_empty());
        bits.push(Bit { gap, ..Bit::new(said(|s| canvas.look.numbers.gain(s, day)), role, 1) });
    }
    let positions = model.snapshot.positions.len();
    let gap = u16::from(!bits.is_empty());
    bits.push(Bit { gap, ..Bit::new(format!("{positions} pos"), Role::Text, 2) });
    if !model.halt_key.is_empty() && model.replay().is_none() {
        bits.push(Bit::joined(format!("{} HALT", model.halt_key), Role::Key, 0));
    }
    bits.push(Bit::joined("needs 80x24", Role::Muted, 3));
    strip::draw(canvas, (area.x, area.y, area.width), bits, Vec::new());
}
