//! Getting out: HALT, FLATTEN of everything or of a scope, how far it is and how it ended; quit.

use super::{entry, keys, trade::CONFIRM_MS};
use crate::{
    config::OnQuit,
    desk::{Request, receipt::Plan, snapshot::ExitRow},
    domain::{
        draft::{CancelTarget, Command},
        scope::Scope,
        text::Text,
        time::Mono,
    },
    tui::{
        modal::{Confirmation, ExitShown, FLATTEN_WORD, Halt, Modal, QuitAsk},
        model::{Engine, ExitAsked, Model, Tone},
        msg::Cmd,
    },
};
use std::sync::Arc;
use tui_input::Input;

/// A second stroke this soon after the first does not count, milliseconds.
const SECOND_MS: u64 = 250;
/// Strokes this close together come from a held key, milliseconds. Most terminals do not say that a key repeats,
/// and the first repeat may come half a second after the press; so a second stroke counts only when no third
/// follows at the pace of a repeat.
pub(super) const HELD_MS: u64 = 100;
/// When the plan is not told for so long, FLATTEN works without it, milliseconds.
const NO_PLAN_MS: u64 = 1_000;
/// An exit that was asked for and has not been seen for so long is no longer waited for, milliseconds.
const ASKED_MS: u64 = 10_000;
/// The key that quits has to come again within this, milliseconds.
const QUIT_MS: u64 = 2_000;

/// HALT: block entries, show the exit plan.
pub(super) fn halt(model: &mut Model) -> Vec<Cmd> {
    model.command_line = None;
    model.filter_line = None;
    entry::unreview(model);
    let now = model.now.mono;
    let (asked, cmd) = model.ask(Request::Halt);
    model.modal = Some(Modal::Halt(Halt {
        asked,
        plan: None,
        since: now,
        stroke: now,
        second: None,
        flattening: None,
        error: None,
        typed: model.settings.flatten_is_typed().then(Input::default),
        scroll: 0,
    }));
    vec![cmd]
}

/// A stroke of the HALT key.
pub(super) fn stroke(model: &mut Model, repeat: bool) -> Vec<Cmd> {
    let now = model.now.mono;
    let Some(Modal::Halt(halt)) = &mut model.modal else {
        if repeat {
            return Vec::new();
        }
        if is_under_way(model) {
            // Everything is on its way out and entries are blocked: the stroke shows it and does nothing new.
            if !matches!(model.modal, Some(Modal::Exit(_))) {
                model.command_line = None;
                model.filter_line = None;
                entry::unreview(model);
                model.modal = Some(Modal::Exit(ExitShown::default()));
            }
            return Vec::new();
        }
        return self::halt(model);
    };
    let held = repeat || now.since_ms(halt.stroke) < HELD_MS;
    halt.stroke = now;
    if held {
        halt.second = None;
        return Vec::new();
    }
    let since = now.since_ms(halt.since);
    let stands = halt.plan.is_some() || since >= NO_PLAN_MS;
    if halt.typed.is_some() || halt.flattening.is_some() || !stands || since < SECOND_MS {
        return Vec::new();
    }
    halt.second = Some(now);
    Vec::new()
}

/// The plan came.
pub(super) fn plan(halt: &mut Halt, plan: Plan) {
    halt.plan = Some(plan);
}

/// Sends FLATTEN once the second stroke has proven not to be a held key.
pub(super) fn settle(model: &mut Model) -> Vec<Cmd> {
    let now = model.now.mono;
    if model.exits.asked.is_some_and(|a| now.since_ms(a.at) > ASKED_MS) {
        model.exits.asked = None;
    }
    match &model.modal {
        Some(Modal::Halt(Halt { second: Some(at), .. })) if now.since_ms(*at) >= HELD_MS => flatten(model),
        Some(Modal::Confirm(Confirmation { second: Some(at), .. })) if now.since_ms(*at) >= HELD_MS => {
            flatten_scope(model)
        }
        Some(_) | None => Vec::new(),
    }
}

/// When `settle` has something to do.
pub(super) fn due(model: &Model) -> Option<Mono> {
    match &model.modal {
        Some(Modal::Halt(halt)) => halt.second.map(|at| at.plus_ms(HELD_MS)),
        Some(Modal::Confirm(confirm)) => confirm.second.map(|at| at.plus_ms(HELD_MS)),
        Some(_) | None => None,
    }
}

/// Asks for an exit and keeps that it did, to know it when the snapshot tells of it.
fn ask(model: &mut Model, scope: Scope) -> (ExitAsked, Cmd) {
    let whole = scope == Scope::default();
    let before = model.snapshot.exit.as_ref().map(|e| e.id);
    let (id, cmd) = model.ask(Request::Flatten(scope));
    let asked = ExitAsked { id, before, whole, at: model.now.mono };
    model.exits.asked = Some(asked);
    (asked, cmd)
}

/// An exit of everything that was asked for here is under way.
fn is_under_way(model: &Model) -> bool {
    let exits = &model.exits;
    let runs = model.snapshot.exit.as_ref().filter(|e| e.ended.is_none());
    let blocked = model.snapshot.banner.halted || model.snapshot.banner.locked.is_some();
    blocked && runs.is_some_and(|e| exits.whole == Some(e.id) || exits.asked.is_some_and(|a| a.whole))
}

fn flatten(model: &mut Model) -> Vec<Cmd> {
    let (ExitAsked { id, .. }, cmd) = ask(model, Scope::default());
    if let Some(Modal::Halt(halt)) = &mut model.modal {
        halt.second = None;
        halt.error = None;
        halt.flattening = Some(id);
    }
    vec![cmd]
}

/// The word for FLATTEN is being typed.
pub(super) fn word_typed(model: &mut Model) -> Vec<Cmd> {
    let Some(Modal::Halt(halt)) = &mut model.modal else { return Vec::new() };
    let whole = halt.typed.as_ref().is_some_and(|t| t.value().trim().eq_ignore_ascii_case(FLATTEN_WORD));
    if whole && halt.flattening.is_none() { flatten(model) } else { Vec::new() }
}

/// Enter over the plan of a scope. As with HALT: it counts once the plan stands, and not from a held key.
pub(super) fn scope_stroke(model: &mut Model) {
    let now = model.now.mono;
    let Some(Modal::Confirm(confirm)) = &mut model.modal else { return };
    let held = now.since_ms(confirm.stroke) < HELD_MS;
    confirm.stroke = now;
    let since = now.since_ms(confirm.since);
    let stands = confirm.plan.is_some() || since >= NO_PLAN_MS;
    let counts = !held && stands && since >= CONFIRM_MS && confirm.typed.is_none();
    confirm.second = counts.then_some(now);
}

/// The word for FLATTEN is being typed over the plan of a scope.
pub(super) fn scope_word_typed(model: &mut Model) -> Vec<Cmd> {
    let Some(Modal::Confirm(confirm)) = &model.modal else { return Vec::new() };
    let whole = matches!(&confirm.typed, Some((word, t)) if t.value().trim().eq_ignore_ascii_case(word));
    if whole && matches!(confirm.request, Request::Flatten(_)) { flatten_scope(model) } else { Vec::new() }
}

fn flatten_scope(model: &mut Model) -> Vec<Cmd> {
    let Some(Modal::Confirm(Confirmation { request: Request::Flatten(scope), .. })) = &model.modal else {
        return Vec::new();
    };
    let scope = scope.clone();
    let (ExitAsked { id, before, .. }, cmd) = ask(model, scope);
    model.modal = Some(Modal::Exit(ExitShown { asked: Some(id), before, ..ExitShown::default() }));
    vec![cmd]
}

/// `:exit`: shows the exit under way, or the last one's report.
pub(super) fn show(model: &mut Model) -> Result<(), Text> {
    if model.snapshot.exit.is_none() && model.snapshot.exits.is_empty() {
        return Err("there was no exit yet; `flatten` shows the plan of one".into());
    }
    model.modal = Some(Modal::Exit(ExitShown::default()));
    Ok(())
}

/// The window of an exit was closed: a report that was read is not shown again by itself.
pub(super) fn closed(model: &mut Model) {
    if let Some(exit) = model.snapshot.exit.as_ref().filter(|e| e.ended.is_some()) {
        model.exits.dismissed = Some(exit.id);
    }
}

/// What follows from a snapshot: an exit asked for here is shown when it begins, and its report when it ends.
pub(super) fn seen(model: &mut Model, first: bool) {
    let Some(exit) = model.snapshot.exit.clone() else { return };
    if let Some(asked) = model.exits.asked.filter(|a| a.before != Some(exit.id)) {
        model.exits.asked = None;
        model.exits.mine = Some(exit.id);
        if asked.whole {
            model.exits.whole = Some(exit.id);
        }
        let waits = match &model.modal {
            Some(Modal::Halt(halt)) => halt.flattening == Some(asked.id),
            Some(Modal::Exit(shown)) => shown.asked == Some(asked.id),
            Some(_) | None => false,
        };
        if waits {
            model.modal = Some(Modal::Exit(ExitShown::default()));
        }
    }
    if exit.ended.is_some() && model.exits.told != Some(exit.id) {
        model.exits.told = Some(exit.id);
        if !first {
            tell(model, &exit);
        }
    }
}

/// An exit has ended. The report opens by itself where it covers nothing that the trader is at.
fn tell(model: &mut Model, exit: &Arc<ExitRow>) {
    let mine = model.exits.mine == Some(exit.id);
    if matches!(model.modal, Some(Modal::Exit(_))) {
        return;
    }
    let free = model.modal.is_none() && model.command_line.is_none() && model.filter_line.is_none();
    if mine && free && !model.ticket.is_open() {
        model.modal = Some(Modal::Exit(ExitShown::default()));
    } else if exit.flat != Some(true) {
        model.say(Tone::Bad, format!("NOT FLAT, {}: `:exit` says what is left", exit.scope));
    } else if mine {
        model.say(Tone::Good, format!("FLAT by the venue's word, {}", exit.scope));
    }
}

/// `:status`: what blocks entries, and how the last exit ended, in one sentence.
pub(super) fn status(model: &mut Model) {
    let banner = &model.snapshot.banner;
    let mut said: Vec<String> = Vec::new();
    if banner.halted {
        said.push("HALT stands".to_owned());
    }
    if let Some(reason) = &banner.locked {
        said.push(format!("locked: {reason}"));
    }
    if banner.locked_out_until.is_some() {
        said.push("locked out, which nobody can lift before its time".to_owned());
    }
    if banner.tripped > 0 {
        said.push(format!("limits tripped: {}", banner.tripped));
    }
    if let Some(held) = &banner.held {
        said.push(format!("entries wait: {held}"));
    }
    if said.is_empty() {
        said.push("nothing blocks entries".to_owned());
    }
    said.push(match model.snapshot.exit.as_ref().map(|e| (e.flat, &e.scope)) {
        None => "no exit yet".to_owned(),
        Some((None, scope)) => format!("under way: {scope}"),
        Some((Some(true), scope)) => format!("FLAT by the venue's word: {scope}"),
        Some((Some(false), scope)) => format!("NOT FLAT: {scope}"),
    });
    let whole = said.join("; ");
    model.say(Tone::Plain, whole);
}

/// Leave: the key twice, or one of the answers to the question what to do with what is open.
pub(super) fn quit(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    match arg {
        "key" => Ok(quit_stroke(model)),
        "" => Ok(ask_open(model)),
        "now" => Ok(leave(model)),
        "cancel" => Ok(cancel_and_leave(model)),
        "halt" => Ok(halt(model)),
        _ => Err("write `quit`, `quit now`, `quit cancel` or `quit halt`".into()),
    }
}

fn quit_stroke(model: &mut Model) -> Vec<Cmd> {
    let now = model.now.mono;
    let before = model.quit_stroke.replace(now);
    if let Some(Modal::QuitAsk(ask)) = &model.modal {
        // Once more over the question: leave everything as it is. A held key does not.
        let held = before.is_some_and(|at| now.since_ms(at) < SECOND_MS);
        let told = ask.open.is_some() || now.since_ms(ask.since) >= NO_PLAN_MS;
        return if told && !held { leave(model) } else { Vec::new() };
    }
    if before.is_some_and(|at| now.since_ms(at) <= QUIT_MS) {
        return ask_open(model);
    }
    model.say(Tone::Plain, "once more to quit");
    Vec::new()
}

fn ask_open(model: &mut Model) -> Vec<Cmd> {
    // Leaving such a screen leaves everything as it is: the engine goes on, or is gone already.
    if matches!(model.engine, Engine::Elsewhere { .. } | Engine::Gone { .. } | Engine::Replay(_)) {
        return leave(model);
    }
    model.command_line = None;
    model.filter_line = None;
    let (asked, cmd) = model.ask(Request::AskOpen);
    model.modal = Some(Modal::QuitAsk(QuitAsk { asked, since: model.now.mono, open: None }));
    vec![cmd]
}

/// What is open when the trader quits is known: the configuration says what becomes of it, or the trader is asked.
pub(super) fn open_told(model: &mut Model, nothing: bool) -> Vec<Cmd> {
    if nothing {
        return leave(model);
    }
    match model.settings.on_quit {
        OnQuit::Ask => Vec::new(),
        OnQuit::Keep => leave(model),
        OnQuit::Cancel => cancel_and_leave(model),
        OnQuit::Flatten => {
            model.quits_when_flat = true;
            let (asked, cmd) = ask(model, Scope::default());
            let shown = ExitShown { asked: Some(asked.id), before: asked.before, ..ExitShown::default() };
            model.modal = Some(Modal::Exit(shown));
            vec![cmd]
        }
    }
}

/// The exit that quitting asked for has ended: flat is the end, and what is left keeps the trader here.
pub(super) fn leave_if_flat(model: &mut Model) -> Vec<Cmd> {
    let ended = model.snapshot.exit.as_ref().filter(|e| model.exits.mine == Some(e.id));
    let Some(flat) = ended.filter(|_| model.quits_when_flat).and_then(|e| e.flat) else {
        return Vec::new();
    };
    model.quits_when_flat = false;
    if flat {
        return leave(model);
    }
    model.say(Tone::Bad, "NOT FLAT: still here; `:exit` says what is left, and quitting asks again");
    Vec::new()
}

fn cancel_and_leave(model: &mut Model) -> Vec<Cmd> {
    let cancel = Request::Do(Command::Cancel { target: CancelTarget::Entries, venue: None });
    let mut out = keys::send(model, cancel);
    out.extend(leave(model));
    out
}

/// Says good-bye to the engine and leaves.
pub(super) fn leave(model: &mut Model) -> Vec<Cmd> {
    let mut out = keys::send(model, Request::Quit);
    out.push(Cmd::Quit);
    out
}
