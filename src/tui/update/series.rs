//! Several order lines, one after the other: shown with what each would do, sent one at a time, each after the answer to
//! the one before; the first that is refused is the end.

use super::{
    asked,
    trade::{self, CONFIRM_MS},
};
use crate::{
    config::Confirm,
    desk::{Preview, Reply, Request, RequestId},
    domain::{draft::Command, limits::Action as Verdict, text::Text},
    grammar,
    tui::{
        modal::{Modal, Run, Series, Step, StepState},
        model::{Model, Tone},
        msg::Cmd,
    },
};
use tui_input::Input;

fn series(title: &str, commands: Vec<Command>, model: &Model) -> Series {
    let strictest = commands.iter().map(|c| asked::before(model, c)).max().unwrap_or(Confirm::Review);
    let policy = strictest.max(Confirm::Review);
    let step = |command| Step {
        command,
        asked: None,
        preview: None,
        plan: None,
        said: None,
        state: StepState::Waits { refused: false },
    };
    Series {
        title: Text::clean(title),
        steps: commands.into_iter().map(step).collect(),
        run: Run::Review,
        since: model.now.mono,
        policy,
        typed: (policy == Confirm::Typed).then(Input::default),
        scroll: 0,
    }
}

/// Shows them with what each would do.
pub(super) fn review(model: &mut Model, title: &str, commands: Vec<Command>) -> Vec<Cmd> {
    let mut series = series(title, commands, model);
    let mut out = Vec::new();
    for step in &mut series.steps {
        if matches!(step.command, Command::Lock { .. }) {
            step.said = Some("blocks entries".into());
            continue;
        }
        let (id, cmd) = model.ask(Request::Preview(step.command.clone()));
        step.asked = Some(id);
        out.push(cmd);
    }
    model.modal = Some(Modal::Series(series));
    out
}

/// Sends them without a question.
pub(super) fn at_once(model: &mut Model, title: &str, commands: Vec<Command>) -> Vec<Cmd> {
    let mut series = series(title, commands, model);
    series.typed = None;
    series.run = Run::Going;
    model.modal = Some(Modal::Series(series));
    go_on(model).into_iter().collect()
}

/// Enter over them: they go, once all is told that can be and the word is typed where one is asked for.
pub(super) fn confirm(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    let now = model.now.mono;
    let Some(Modal::Series(series)) = &mut model.modal else { return Ok(Vec::new()) };
    if series.run != Run::Review || now.since_ms(series.since) < CONFIRM_MS {
        return Ok(Vec::new());
    }
    if series.steps.iter().any(|s| s.asked.is_some()) {
        return Err("what these lines would do has not been told yet".into());
    }
    // The first is judged by what is true now; a later one by what those before it will have changed.
    if let Some(Step { state: StepState::Waits { refused: true }, said, .. }) = series.steps.first() {
        let why = said.as_ref().map_or("", Text::as_str);
        return Err(Text::clean(&format!("line 1 would be refused, and nothing was sent: {why}")));
    }
    let word = asked::SEND_WORD;
    if series.typed.as_ref().is_some_and(|t| !t.value().trim().eq_ignore_ascii_case(word)) {
        return Err(format!("type {word} to go on").into());
    }
    series.run = Run::Going;
    Ok(go_on(model).into_iter().collect())
}

/// Sends the next one; after the last the window is gone.
fn go_on(model: &mut Model) -> Option<Cmd> {
    let Some(Modal::Series(series)) = &model.modal else { return None };
    let waits = |s: &Step| matches!(s.state, StepState::Waits { .. });
    let Some(next) = series.steps.iter().position(waits) else {
        let said = format!("{}: all {} lines done", series.title, series.steps.len());
        model.modal = None;
        model.say(Tone::Good, said);
        return None;
    };
    let command = series.steps.get(next).map(|s| s.command.clone())?;
    let request =
        if let Command::Lock { reason } = command { Request::Lock { reason } } else { Request::Do(command) };
    let (id, cmd) = model.ask(request);
    if let Some(Modal::Series(series)) = &mut model.modal
        && let Some(step) = series.steps.get_mut(next)
    {
        step.state = StepState::Sent(id);
    }
    Some(cmd)
}

/// Does one of them wait for this answer?
pub(super) fn waits_for(series: &Series, id: RequestId) -> bool {
    series.steps.iter().any(|s| s.asked == Some(id) || s.state == StepState::Sent(id))
}

/// An answer to one of them.
pub(super) fn answered(model: &mut Model, id: RequestId, reply: Reply) -> Vec<Cmd> {
    let Some(Modal::Series(series)) = &mut model.modal else { return Vec::new() };
    let count = series.steps.len();
    if let Some(step) = series.steps.iter_mut().find(|s| s.asked == Some(id)) {
        step.asked = None;
        told(step, reply);
        if is_unusual(step) && series.typed.is_none() {
            series.policy = asked::once_more(series.policy);
            series.typed = (series.policy == Confirm::Typed).then(Input::default);
        }
        return Vec::new();
    }
    let sent = (1_usize..).zip(&mut series.steps).find(|(_, s)| s.state == StepState::Sent(id));
    let Some((n, step)) = sent else { return Vec::new() };
    let refused = match reply {
        Reply::Placed { text, .. } | Reply::Done(text) => {
            step.said = Some(text);
            step.state = StepState::Done;
            return go_on(model).into_iter().collect();
        }
        Reply::Refused { text, .. } => text,
        Reply::Busy => "the engine's queue is full".into(),
        Reply::Preview(_) | Reply::Plan(_) | Reply::Bars { .. } | Reply::Open { .. } | Reply::Since(_) => {
            return Vec::new();
        }
    };
    let line = grammar::print(&step.command);
    step.said = Some(refused.clone());
    step.state = StepState::Refused;
    series.run = Run::Stopped;
    let title = series.title.clone();
    let left = count.saturating_sub(n);
    let rest = match left {
        0 => String::new(),
        1 => "; the line after it was not sent".to_owned(),
        left => format!("; the {left} lines after it were not sent"),
    };
    model.say(Tone::Bad, format!("{title}: line {n} `{line}` was refused: {refused}{rest}"));
    Vec::new()
}

/// What one of them would do.
fn told(step: &mut Step, reply: Reply) {
    let refused = |text: Text, step: &mut Step| {
        step.said = Some(text);
        step.state = StepState::Waits { refused: true };
    };
    match reply {
        Reply::Preview(preview) => {
            if let Some(why) = blocked(&preview) {
                refused(why, step);
            }
            trade::as_shown(&mut step.command, Some(&preview));
            step.preview = Some(preview);
        }
        Reply::Plan(plan) => {
            step.said = Some(plan.text.clone());
            step.plan = Some(plan);
        }
        Reply::Refused { text, .. } => refused(text, step),
        Reply::Busy => refused("the engine's queue is full".into(), step),
        // The line itself, where nothing more can be said of it.
        Reply::Done(_) | Reply::Placed { .. } | Reply::Bars { .. } | Reply::Open { .. } | Reply::Since(_) => {
        }
    }
}

/// Why an order would not go, if it would not.
fn blocked(preview: &Preview) -> Option<Text> {
    let problem = preview.problems.first().map(|(_, text)| text.clone());
    let check = || preview.checks.iter().find(|c| c.action == Some(Verdict::Block)).map(|c| c.text.clone());
    problem.or_else(check)
}

fn is_unusual(step: &Step) -> bool {
    step.preview.as_ref().is_some_and(|p| !p.unusual.is_empty())
        || step.plan.as_ref().is_some_and(|p| !p.unusual.is_empty())
}

/// The window was closed: what was not sent is not sent any more.
pub(super) fn closed(model: &mut Model, series: &Series) {
    if series.run != Run::Going {
        return;
    }
    let waits = series.steps.iter().filter(|s| matches!(s.state, StepState::Waits { .. })).count();
    let lines = crate::domain::text::counted(waits, "line", "lines");
    model.say(Tone::Plain, format!("{}: stopped; {lines} not sent", series.title));
}
