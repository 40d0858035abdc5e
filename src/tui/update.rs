//! The one place where the model changes.

mod algorithm;
mod asked;
mod chart;
mod configured;
mod entry;
mod exit;
mod keys;
mod ladder;
mod line;
mod mouse;
mod navigate;
mod preset;
mod receipt;
mod replay;
mod series;
mod tabs;
mod trade;

use super::{
    action::Action,
    model::{Engine, Model, Tone},
    msg::{Cmd, Msg},
    tour,
};
use crate::{
    desk::{Request, Snapshot, protocol::Grant},
    domain::{
        notice::{Notice, What},
        text::Text,
        time::{Mono, Now},
    },
    grammar,
};
use std::sync::Arc;

/// How long a sentence stays at the bottom, milliseconds.
const TOAST_MS: u64 = 6_000;
/// How long a sentence about a failure stays, milliseconds.
const TOAST_BAD_MS: u64 = 15_000;
/// How long a key with several strokes waits for the next, milliseconds.
const STROKES_MS: u64 = 3_000;

/// Takes in one message, and what follows from it. The time is the caller's.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Cmd> {
    let mut out = react(model, msg, now);
    out.extend(follow(model));
    out
}

/// Takes in one message. What it asks for goes out before anything else is worked out: it may be an order.
pub(super) fn react(model: &mut Model, msg: Msg, now: Now) -> Vec<Cmd> {
    model.now = now;
    if matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_)) || model.touched == Mono::default() {
        model.touched = now.mono;
    }
    match msg {
        Msg::Key(key) => keys::key(model, key),
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::Mouse(event) => mouse::mouse(model, event),
        Msg::Resize(width, height) => resize(model, width, height),
        Msg::FocusGained => focus(model, true),
        Msg::FocusLost => focus(model, false),
        Msg::Snapshot(snapshot) => snapshot_came(model, snapshot),
        Msg::Receipt(receipt) => receipt::receipt(model, receipt),
        Msg::Configured(new) => {
            configured::configured(model, *new);
            Vec::new()
        }
        Msg::Misconfigured(why) => {
            model.say(Tone::Bad, format!("{why}; what was there before stays"));
            Vec::new()
        }
        Msg::Engine(engine) => {
            engine_is(model, engine);
            Vec::new()
        }
        Msg::Tick => Vec::new(),
    }
}

/// The screen has come to an engine, or lost it.
fn engine_is(model: &mut Model, engine: Engine) {
    match &engine {
        Engine::Own => {}
        Engine::Replay(view) => replay::stands(model, view),
        Engine::OwnAfter => {
            model.say(
                Tone::Bad,
                "the engine does not answer: this screen gets out over connections of its own",
            );
        }
        Engine::Elsewhere { pid, grant } => {
            let may = match grant {
                Grant::All => "",
                Grant::Exits => "; live accounts: it looks and gets out, `--live` trades",
                Grant::Looks => "; it only looks",
            };
            model.say(Tone::Plain, format!("this screen is attached to the engine of process {pid}{may}"));
        }
        Engine::Gone { why, .. } => model.say(Tone::Bad, why.to_string()),
    }
    model.engine = engine;
}

/// What follows from a message, once what it asked for has gone out.
pub(super) fn follow(model: &mut Model) -> Vec<Cmd> {
    if let Some(command) = model.sent.take() {
        model.say(Tone::Plain, format!("sent: {}", grammar::print(&command)));
    }
    let out = settle(model);
    model.refresh_hints();
    out
}

/// When a tick is wanted because something then happens by itself.
pub(super) fn due(model: &Model) -> Option<Mono> {
    exit::due(model)
}

/// Does what an action says. This is what keys, `:` commands and the palette have in common.
///
/// # Errors
/// One sentence: what can't be done and why.
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    let mut out = act(model, action, arg)?;
    out.extend(tour::did(model, action).then_some(Cmd::TourEnded));
    Ok(out)
}

fn act(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    replay::refuse(model, action)?;
    match action {
        Action::Tour => guided(model, arg),
        Action::Halt => Ok(exit::halt(model)),
        Action::Exit => exit::show(model).map(|()| Vec::new()),
        Action::Status => {
            exit::status(model);
            Ok(Vec::new())
        }
        Action::Quit => exit::quit(model, arg),
        Action::Back => Ok(navigate::back(model)),
        Action::Help
        | Action::Filter
        | Action::Sort
        | Action::Flip
        | Action::Columns
        | Action::Page
        | Action::Focus
        | Action::Move
        | Action::Zoom
        | Action::Resize
        | Action::Open
        | Action::Tab
        | Action::Symbol
        | Action::Interval
        | Action::Copy
        | Action::Theme => navigate::perform(model, action, arg),
        Action::Chart => chart::perform(model, arg).map(|()| Vec::new()),
        Action::Ladder => ladder::perform(model, arg).map(|()| Vec::new()),
        Action::Rung => ladder::trade(model, arg),
        Action::CommandLine | Action::Palette | Action::Run | Action::Complete | Action::History => {
            line::perform(model, action, arg)
        }
        Action::Field | Action::Choose | Action::Size | Action::Nudge | Action::SizeMode | Action::Submit => {
            entry::perform(model, action, arg)
        }
        Action::Ticket
        | Action::Cancel
        | Action::CancelSymbol
        | Action::Modify
        | Action::NudgeOrder
        | Action::Close
        | Action::BreakEven
        | Action::Protect
        | Action::Reverse
        | Action::Confirm
        | Action::Adopt
        | Action::WindUp
        | Action::Acknowledge
        | Action::Arm
        | Action::Disarm
        | Action::Watch
        | Action::Unwatch
        | Action::Resync
        | Action::Restore
        | Action::MarginCall
        | Action::Abandon => trade::perform(model, action, arg),
        Action::Algorithm => algorithm::perform(model, arg),
        Action::Hotkey | Action::Template => preset::perform(model, action, arg),
        Action::Play | Action::Speed | Action::Step | Action::Seek | Action::Find => {
            replay::perform(model, action, arg)
        }
        Action::Redraw => Ok(vec![Cmd::Redraw]),
        Action::Suspend => Ok(vec![Cmd::Suspend]),
    }
}

/// `:tour` begins it anew, `:tour off` ends it.
fn guided(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    match arg {
        "" => {
            model.tour = Some(tour::Step::Open);
            Ok(Vec::new())
        }
        "off" => {
            model.tour = None;
            Ok(vec![Cmd::TourEnded])
        }
        _ => Err("write `tour` or `tour off`".into()),
    }
}

/// What follows from the time and from what has changed, after every message.
fn settle(model: &mut Model) -> Vec<Cmd> {
    let now = model.now.mono;
    let over = |toast: &super::model::Toast| {
        let stays = if toast.tone == Tone::Bad { TOAST_BAD_MS } else { TOAST_MS };
        now.since_ms(toast.since) > stays
    };
    if model.toast.as_ref().is_some_and(over) {
        model.toast = None;
    }
    if model.pending.is_some() && now.since_ms(model.strokes.1) > STROKES_MS {
        keys::forget_strokes(model);
    }
    let mut out = exit::settle(model);
    out.extend(entry::settle(model));
    out.extend(chart::settle(model));
    out.extend(ladder::settle(model));
    out.extend(lock_if_idle(model));
    out
}

/// A terminal that nobody touches is not left ARMED, and its ticket not one key away from being sent.
fn lock_if_idle(model: &mut Model) -> Option<Cmd> {
    if model.replay().is_some() {
        return None;
    }
    let now = model.now.mono;
    let idle_ms = model.settings.idle_lock_minutes.saturating_mul(60_000);
    if now.since_ms(model.touched) < idle_ms {
        return None;
    }
    entry::unreview(model);
    model.snapshot.banner.armed_until.filter(|until| *until > now)?;
    // Asked once for each time that nobody is there.
    model.touched = now;
    let minutes = model.settings.idle_lock_minutes;
    model.say(Tone::Plain, format!("nobody was here for {minutes} minutes: disarmed"));
    Some(model.ask(Request::Disarm).1)
}

fn resize(model: &mut Model, width: u16, height: u16) -> Vec<Cmd> {
    (model.width, model.height) = (width, height);
    if model.too_small() {
        // What can't be seen must not be one key away from being sent.
        entry::unreview(model);
        keys::forget_strokes(model);
    }
    Vec::new()
}

fn focus(model: &mut Model, focused: bool) -> Vec<Cmd> {
    model.focused = focused;
    keys::forget_strokes(model);
    if !focused {
        // What was reviewed in another window's time is not one key away from being sent.
        entry::unreview(model);
    }
    Vec::new()
}

/// Does the bell ring for an alert that nobody has seen or heard yet? The rules of the other channels hold for it.
fn ring(model: &mut Model, snapshot: &Snapshot, now: Now) -> bool {
    let rung = model.rung;
    let new = snapshot.alerts.iter().filter(|a| !a.acknowledged && rung.is_none_or(|id| a.alert.id > id));
    let mut rings = false;
    for row in new {
        let what = What::Alert(row.alert.clone());
        let notice = Notice { what, account: None, accounts: Vec::new(), past: None };
        rings |= !model.bell.decide(&notice, now).is_empty();
    }
    rings
}

fn snapshot_came(model: &mut Model, snapshot: Arc<Snapshot>) -> Vec<Cmd> {
    let newest = snapshot.alerts.iter().map(|a| a.alert.id).max();
    let now = model.now;
    let rings = ring(model, &snapshot, now);
    model.rung = newest.max(model.rung);
    let first = model.snapshot_at.is_none();
    model.see(snapshot, now);
    exit::seen(model, first);
    let mut out = exit::leave_if_flat(model);
    out.extend((rings && model.replay().is_none()).then_some(Cmd::Bell));
    out
}

#[cfg(test)]
mod tests;
