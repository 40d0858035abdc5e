//! From a key to an action, or into a text.

use super::{entry, exit, line, perform, replay};
use crate::{
    desk::Request,
    domain::text::is_unsafe,
    tui::{
        action::{self, Action, Danger},
        focus::Context,
        keymap::{Found, Stroke},
        modal::Modal,
        model::{Model, Tone},
        msg::Cmd,
        tour,
    },
};
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use std::sync::Arc;
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

/// The longest text in a field or line, in characters.
pub(super) const TEXT_MAX: usize = 300;

/// One key.
pub(super) fn key(model: &mut Model, event: KeyEvent) -> Vec<Cmd> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let stroke = Stroke::of(event);
    let settings = Arc::clone(&model.settings);
    // A terminal sends Esc and a key struck right after it as that key with Alt. HALT is meant either way.
    if settings.keymap.is_halt(stroke) || settings.keymap.is_halt(stroke.without_alt()) {
        forget_strokes(model);
        if let Err(why) = replay::refuse(model, Action::Halt) {
            model.say(Tone::Bad, why);
            return Vec::new();
        }
        let mut out = exit::stroke(model, event.kind == KeyEventKind::Repeat);
        out.extend(tour::did(model, Action::Halt).then_some(Cmd::TourEnded));
        return out;
    }
    let context = model.context();
    if model.strokes.0.is_empty()
        && let Some(out) = takes_text(model, context, stroke, event)
    {
        return out;
    }
    if context == Context::Ticket
        && let Some(out) = entry::takes(model, stroke, event)
    {
        return out;
    }
    if model.strokes.0.is_empty() {
        model.strokes.1 = model.now.mono;
        model.strokes.2.clone_from(&model.instrument);
    }
    model.strokes.0.push(stroke);
    match settings.keymap.find(context, &model.strokes.0) {
        Found::Action(action, arg) => act(model, action, &arg, event.kind),
        Found::More(next) => {
            let about = model.strokes.2.as_ref().map(|i| format!("{i}  ")).unwrap_or_default();
            let may: Vec<_> = next.iter().map(|h| format!("{} {}", h.keys, h.words)).collect();
            model.pending = Some(format!("{stroke}  {about}{}", may.join("  ")));
            Vec::new()
        }
        Found::Nothing => {
            let several = model.strokes.0.len() > 1;
            forget_strokes(model);
            if several {
                model.say(Tone::Plain, "no such key; nothing was done");
            }
            Vec::new()
        }
    }
}

fn act(model: &mut Model, action: Action, arg: &str, kind: KeyEventKind) -> Vec<Cmd> {
    let danger = action::entry(action).map_or(Danger::Trade, |e| e.danger);
    let about = model.strokes.2.clone();
    forget_strokes(model);
    if danger != Danger::None && kind == KeyEventKind::Repeat {
        return Vec::new();
    }
    let always = matches!(action, Action::Quit | Action::Redraw | Action::Suspend | Action::Back);
    if model.too_small() && !always && !matches!(model.modal, Some(Modal::Halt(_) | Modal::QuitAsk(_))) {
        return Vec::new();
    }
    // A key of several strokes is about what was selected at the first of them, whatever has moved since.
    if action == Action::Close && about != model.instrument {
        model.say(Tone::Bad, "the selection moved between the strokes; nothing was closed");
        return Vec::new();
    }
    match perform(model, action, arg) {
        Ok(out) => out,
        Err(text) => {
            model.say(Tone::Bad, text);
            Vec::new()
        }
    }
}

/// No stroke is waiting for another.
pub(super) fn forget_strokes(model: &mut Model) {
    model.strokes.0.clear();
    model.strokes.2 = None;
    model.pending = None;
}

/// Puts the key into the text that is typed, if there is one and no action stands on the key.
fn takes_text(model: &mut Model, context: Context, stroke: Stroke, event: KeyEvent) -> Option<Vec<Cmd>> {
    if !context.is_typing() || model.settings.keymap.find(context, &[stroke]) != Found::Nothing {
        return None;
    }
    let changed = text_input(model).is_some_and(|input| type_into(input, event));
    Some(if changed { line::typed(model) } else { Vec::new() })
}

/// The text that is typed, outside the ticket.
fn text_input(model: &mut Model) -> Option<&mut Input> {
    match &mut model.modal {
        Some(Modal::Halt(halt)) => halt.typed.as_mut(),
        Some(Modal::Confirm(confirm)) => confirm.typed.as_mut().map(|(_, input)| input),
        Some(Modal::Series(series)) => series.typed.as_mut(),
        Some(Modal::Palette(palette)) => Some(&mut palette.input),
        Some(
            Modal::Help { .. } | Modal::QuitAsk(_) | Modal::Exit(_) | Modal::Since(_) | Modal::Algorithm(_),
        ) => None,
        None => match (&mut model.command_line, &mut model.filter_line) {
            (Some(line), _) => Some(&mut line.input),
            (None, Some(line)) => Some(&mut line.input),
            (None, None) => None,
        },
    }
}

/// One key into a text. `true` when the text is another one now.
pub(super) fn type_into(input: &mut Input, event: KeyEvent) -> bool {
    let Some(request) = to_input_request(&Event::Key(event)) else { return false };
    if let InputRequest::InsertChar(c) = request
        && (is_unsafe(c) || input.value().chars().count() >= TEXT_MAX)
    {
        return false;
    }
    input.handle(request).is_some_and(|changed| changed.value)
}

/// A paste is text: it goes into the text that is typed, without its line breaks, and does nothing else.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Cmd> {
    forget_strokes(model);
    let clean = first_line(text);
    let context = model.context();
    if context == Context::Ticket {
        entry::paste(model, &clean);
    } else if matches!(context, Context::Halt { .. } | Context::Confirm { .. }) {
        // The word has to be typed: that is what it is for.
    } else if let Some(input) = text_input(model) {
        paste_into(input, &clean);
        return line::typed(model);
    }
    Vec::new()
}

/// What stands before the first line break, without what can't be shown, and not too long.
fn first_line(text: &str) -> String {
    let line = text.split(['\n', '\r']).find(|l| !l.trim().is_empty()).unwrap_or_default();
    line.chars().filter(|c| !is_unsafe(*c)).take(TEXT_MAX).collect()
}

/// Types a text, as far as there is room.
pub(super) fn paste_into(input: &mut Input, text: &str) {
    let room = TEXT_MAX.saturating_sub(input.value().chars().count());
    for c in text.chars().take(room) {
        input.handle(InputRequest::InsertChar(c));
    }
}

/// Sends a request whose answer is shown at the bottom.
pub(super) fn send(model: &mut Model, request: Request) -> Vec<Cmd> {
    vec![model.ask(request).1]
}
