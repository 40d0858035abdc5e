//! The `:` line, the `/` line and the palette.

use super::{exit, navigate, perform as perform_action, series, trade};
use crate::{
    desk::replay::NOTHING_SENT,
    domain::text::Text,
    grammar::{self, Kind},
    tui::{
        action::{self, ACTIONS, Action},
        cmdline::{CommandLine, Completion, FilterLine, LineError},
        complete,
        focus::Pane,
        modal::{Modal, Palette},
        model::{Model, Tone},
        msg::Cmd,
    },
};
use tui_input::Input;

/// Lines that are kept.
const HISTORY_MAX: usize = 500;

#[expect(clippy::wildcard_enum_match_arm, reason = "`update::perform` sends only these here")]
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    match action {
        Action::CommandLine => open(model, arg),
        Action::Palette => {
            model.modal = Some(Modal::Palette(Palette::default()));
            return Ok(typed(model));
        }
        Action::Run => return run(model),
        Action::Complete => complete_word(model, arg == "next"),
        Action::History => recall(model, arg == "back"),
        _ => {}
    }
    Ok(Vec::new())
}

/// Opens the `:` line with this on it.
pub(super) fn open(model: &mut Model, text: &str) {
    let input = Input::new(text.to_owned());
    model.command_line = Some(CommandLine { input, ..CommandLine::default() });
    typed(model);
}

/// Opens the `/` line with the filter that acts.
pub(super) fn open_filter(model: &mut Model, pane: Pane) {
    let input = Input::new(model.table(pane).filter.to_string());
    model.filter_line = Some(FilterLine { pane, input });
}

/// What follows from another text.
pub(super) fn typed(model: &mut Model) -> Vec<Cmd> {
    match &mut model.modal {
        Some(Modal::Halt(_)) => return exit::word_typed(model),
        Some(Modal::Palette(palette)) => {
            palette.found = complete::palette(&model.settings, palette.input.value());
            palette.chosen = 0;
            return Vec::new();
        }
        Some(Modal::Confirm(_)) => return exit::scope_word_typed(model),
        Some(
            Modal::Help { .. }
            | Modal::QuitAsk(_)
            | Modal::Exit(_)
            | Modal::Since(_)
            | Modal::Algorithm(_)
            | Modal::Series(_),
        ) => {
            return Vec::new();
        }
        None => {}
    }
    if let Some(mut line) = model.command_line.take() {
        let text = line.input.value().to_owned();
        let cursor = text.char_indices().nth(line.input.cursor()).map_or(text.len(), |(i, _)| i);
        line.completions = complete::complete(model, &text, cursor);
        line.chosen = None;
        line.error = None;
        line.recalled = None;
        line.typed = text;
        model.command_line = Some(line);
    } else if let Some(line) = &model.filter_line {
        let (pane, text) = (line.pane, line.input.value().to_owned());
        navigate::set_filter(model, pane, &text);
    }
    Vec::new()
}

fn complete_word(model: &mut Model, next: bool) {
    let Some(line) = &mut model.command_line else { return };
    let last = line.completions.len().saturating_sub(1);
    let chosen = match (line.chosen, next) {
        (None, true) => 0,
        (None | Some(0), false) => last,
        (Some(i), true) if i >= last => 0,
        (Some(i), true) => i.saturating_add(1),
        (Some(i), false) => i.saturating_sub(1),
    };
    let Some(completion) = line.completions.get(chosen) else { return };
    let only = last == 0;
    let before = line.typed.get(..completion.range.start).unwrap_or_default();
    let after = line.typed.get(completion.range.end..).unwrap_or_default();
    let gap = if only && after.is_empty() { " " } else { "" };
    let head = format!("{before}{}{gap}", completion.word);
    let cursor = head.chars().count();
    line.input = Input::new(format!("{head}{after}")).with_cursor(cursor);
    line.chosen = Some(chosen);
    line.error = None;
    if only {
        typed(model);
    }
}

fn recall(model: &mut Model, back: bool) {
    let Some(line) = &mut model.command_line else { return };
    let len = model.history.len();
    let to = match (line.recalled, back) {
        (None, true) => len.checked_sub(1),
        (None, false) => return,
        (Some(i), true) => Some(i.saturating_sub(1)),
        (Some(i), false) => Some(i.saturating_add(1)).filter(|i| *i < len),
    };
    if line.recalled.is_none() {
        line.input.value().clone_into(&mut line.typed);
    }
    let text = to.and_then(|i| model.history.get(i)).unwrap_or(&line.typed);
    line.input = Input::new(text.clone());
    line.recalled = to;
    line.completions.clear();
    line.error = None;
}

fn run(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    if let Some(Modal::Palette(palette)) = &model.modal {
        let chosen = palette.found.get(palette.chosen).cloned();
        model.modal = None;
        return chosen.map_or(Ok(Vec::new()), |c| run_found(model, &c));
    }
    if model.filter_line.take().is_some() {
        return Ok(Vec::new());
    }
    let Some(mut line) = model.command_line.take() else { return Err("nothing is typed".into()) };
    let text = line.input.value().trim().to_owned();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    match run_line(model, line.input.value()) {
        Ok(mut out) => {
            out.extend(keep(model, text));
            Ok(out)
        }
        Err(error) => {
            line.error = Some(error);
            model.command_line = Some(line);
            Ok(Vec::new())
        }
    }
}

/// Keeps a line for the next time.
fn keep(model: &mut Model, text: String) -> Option<Cmd> {
    if model.history.last() == Some(&text) {
        return None;
    }
    model.history.push(text);
    let over = model.history.len().saturating_sub(HISTORY_MAX);
    model.history.drain(..over);
    Some(Cmd::SaveHistory(model.history.clone()))
}

/// A command of the table, or an order line.
fn run_line(model: &mut Model, text: &str) -> Result<Vec<Cmd>, LineError> {
    let start = text.len().saturating_sub(text.trim_start().len());
    let body = text.trim();
    let (name, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
    let arg = rest.trim();
    let place = |bytes: usize| text.get(..bytes).map_or(0, |t| t.chars().count());
    // `halt` is a word of the grammar too: what follows it there is an error, here it would be swallowed.
    if let Some(entry) = action::named(name).filter(|e| !e.usage.is_empty() || arg.is_empty()) {
        let at = place(start.saturating_add(body.len().saturating_sub(rest.trim_start().len())));
        if entry.needs_argument() && arg.is_empty() {
            let text = format!("write `{} {}`", entry.name, entry.usage);
            return Err(LineError { at, text: Text::clean(&text) });
        }
        return perform_action(model, entry.action, arg).map_err(|text| LineError { at, text });
    }
    if let Some(entry) = action::named(name).filter(|e| e.action != Action::Halt) {
        let text = format!("nothing follows `{}`", entry.name);
        return Err(LineError { at: place(start.saturating_add(name.len())), text: Text::clean(&text) });
    }
    if model.replay().is_some() {
        return Err(LineError { at: place(start), text: NOTHING_SENT.into() });
    }
    let lines = grammar::lines(text);
    if lines.len() > 1 {
        return several(model, text, &lines);
    }
    match grammar::parse(text) {
        Ok(command) => Ok(trade::run(model, command)),
        Err(error) => {
            let near = grammar::nearest(name, ACTIONS.iter().map(|e| e.name));
            let said = match (error.kind, near) {
                (Kind::Command, Some(near)) if !error.expected.contains("did you mean") => {
                    format!("`{name}` is not a command: did you mean `{near}`?")
                }
                _ => error.to_string(),
            };
            Err(LineError { at: error.column.saturating_sub(1), text: Text::clean(&said) })
        }
    }
}

/// Order lines with `;` between them: shown together first.
fn several(model: &mut Model, text: &str, lines: &[(usize, &str)]) -> Result<Vec<Cmd>, LineError> {
    let place = |bytes: usize| text.get(..bytes).map_or(0, |t| t.chars().count());
    let mut commands = Vec::new();
    for (start, line) in lines {
        let read = grammar::parse(line).map_err(|why| {
            let why = why.moved(text, *start);
            LineError { at: why.column.saturating_sub(1), text: Text::clean(&why.to_string()) }
        })?;
        if let Some(why) = grammar::stands_alone(&read) {
            let indent = line.len().saturating_sub(line.trim_start().len());
            return Err(LineError { at: place(start.saturating_add(indent)), text: why.into() });
        }
        commands.push(read);
    }
    if commands.len() > grammar::LINES_MAX {
        let most = format!("at most {} lines are done in a row", grammar::LINES_MAX);
        return Err(LineError { at: 0, text: Text::clean(&most) });
    }
    let title = format!("{} lines", commands.len());
    Ok(series::review(model, &title, commands))
}

/// What was found in the palette: done, or begun on the `:` line where something has to follow.
fn run_found(model: &mut Model, found: &Completion) -> Result<Vec<Cmd>, Text> {
    let (name, arg) = found.word.split_once(' ').unwrap_or((found.word.as_str(), ""));
    let Some(entry) = action::named(name) else {
        open(model, &format!("{name} "));
        return Ok(Vec::new());
    };
    if entry.needs_argument() && arg.is_empty() {
        open(model, &format!("{name} "));
        model.say(Tone::Plain, format!("{name} {}", entry.usage));
        return Ok(Vec::new());
    }
    perform_action(model, entry.action, arg)
}
