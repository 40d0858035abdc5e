//! Getting out: HALT, FLATTEN, quit.

use super::{entry, keys};
use crate::{
    desk::{Request, receipt::Plan},
    domain::{
        draft::{CancelTarget, Command},
        scope::Scope,
        text::Text,
        time::Mono,
    },
    tui::{
        modal::{Halt, Modal, QuitAsk},
        model::{Model, Tone},
        msg::Cmd,
    },
};
use tui_input::Input;

/// A second stroke this soon after the first does not count, milliseconds.
const SECOND_MS: u64 = 250;
/// Strokes this close together come from a held key, milliseconds. Most terminals do not say that a key repeats,
/// and the first repeat may come half a second after the press; so a second stroke counts only when no third
/// follows at the pace of a repeat.
pub(super) const HELD_MS: u64 = 100;
/// When the plan is not told for so long, FLATTEN works without it, milliseconds.
const NO_PLAN_MS: u64 = 1_000;
/// The key that quits has to come again within this, milliseconds.
const QUIT_MS: u64 = 2_000;
/// The word that is typed where FLATTEN takes one.
pub(super) const FLATTEN_WORD: &str = "FLATTEN";

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
        typed: model.settings.flatten_is_typed.then(Input::default),
    }));
    vec![cmd]
}

/// A stroke of the HALT key.
pub(super) fn stroke(model: &mut Model, repeat: bool) -> Vec<Cmd> {
    let now = model.now.mono;
    let Some(Modal::Halt(halt)) = &mut model.modal else {
        return if repeat { Vec::new() } else { self::halt(model) };
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
    match &model.modal {
        Some(Modal::Halt(Halt { second: Some(at), .. })) if now.since_ms(*at) >= HELD_MS => flatten(model),
        Some(_) | None => Vec::new(),
    }
}

/// When `settle` has something to do.
pub(super) fn due(model: &Model) -> Option<Mono> {
    match &model.modal {
        Some(Modal::Halt(halt)) => halt.second.map(|at| at.plus_ms(HELD_MS)),
        Some(_) | None => None,
    }
}

fn flatten(model: &mut Model) -> Vec<Cmd> {
    let (id, cmd) = model.ask(Request::Flatten(Scope::default()));
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

/// Leave: the key twice, or one of the answers to the question what to do with what is open.
pub(super) fn quit(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    match arg {
        "key" => Ok(quit_stroke(model)),
        "" => Ok(ask_open(model)),
        "now" => Ok(leave(model)),
        "cancel" => {
            let cancel = Request::Do(Command::Cancel { target: CancelTarget::All, venue: None });
            let mut out = keys::send(model, cancel);
            out.extend(leave(model));
            Ok(out)
        }
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
    model.command_line = None;
    model.filter_line = None;
    let (asked, cmd) = model.ask(Request::AskOpen);
    model.modal = Some(Modal::QuitAsk(QuitAsk { asked, since: model.now.mono, open: None }));
    vec![cmd]
}

/// Says good-bye to the engine and leaves.
pub(super) fn leave(model: &mut Model) -> Vec<Cmd> {
    let mut out = keys::send(model, Request::Quit);
    out.push(Cmd::Quit);
    out
}
