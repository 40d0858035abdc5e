//! Algorithms: the window of one, and what is done about it.

use super::keys::send;
use crate::{
    desk::{Request, snapshot::AlgorithmState},
    domain::{
        algorithm::{AlgorithmDeed, Instruction},
        text::Text,
    },
    grammar,
    tui::{
        focus::Pane,
        modal::{AlgorithmPage, AlgorithmShown, Confirmation, Modal},
        model::Model,
        msg::Cmd,
    },
};
use smol_str::SmolStr;

/// `NAME pause`, `NAME liquidate SPY`, …; `toggle` and `line` for the one that is marked or shown.
///
/// # Errors
/// One sentence.
pub(super) fn perform(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    match arg {
        "toggle" => {
            let name = marked(model)?;
            let row = model.snapshot.algorithms.iter().find(|row| row.name == name);
            let is_paused = row.is_some_and(|row| row.state == AlgorithmState::Paused);
            let deed = if is_paused { AlgorithmDeed::Resume } else { AlgorithmDeed::Pause };
            Ok(send(model, Request::Algorithm { name, deed }))
        }
        "line" => {
            let name = marked(model)?;
            super::line::open(model, &format!("algo {name} "));
            Ok(Vec::new())
        }
        line => {
            let (name, deed) = grammar::algorithm(line).map_err(|why| Text::clean(&why.to_string()))?;
            Ok(ask(model, name, deed))
        }
    }
}

/// What an algorithm is asked to do is shown once more; what holds it back is done at once.
fn ask(model: &mut Model, name: SmolStr, deed: AlgorithmDeed) -> Vec<Cmd> {
    let title = match &deed {
        AlgorithmDeed::Pause | AlgorithmDeed::Resume | AlgorithmDeed::Ask(Instruction::Add { .. }) => {
            return send(model, Request::Algorithm { name, deed });
        }
        AlgorithmDeed::TakeOver => format!("take over what {name} holds, and pause it"),
        AlgorithmDeed::Ask(what) => format!("ask {name} to {}", what.words()),
    };
    let request = Request::Algorithm { name, deed };
    model.modal = Some(Modal::Confirm(Confirmation::review(Text::clean(&title), request, model.now.mono)));
    Vec::new()
}

/// The one that is shown, or marked in the table.
fn marked(model: &Model) -> Result<SmolStr, Text> {
    if let Some(Modal::Algorithm(shown)) = &model.modal {
        return Ok(shown.name.clone());
    }
    let pane = Pane::Algorithms;
    let row = (model.focus == pane).then(|| model.table(pane).selected_row()).flatten();
    let row = row.and_then(|n| model.snapshot.algorithms.get(n));
    row.map(|row| row.name.clone()).ok_or_else(|| "select an algorithm first".into())
}

/// Opens its window.
pub(super) fn show(model: &mut Model, name: SmolStr) {
    model.modal = Some(Modal::Algorithm(AlgorithmShown { name, page: AlgorithmPage::Overview, scroll: 0 }));
}

/// Another part of the window, where one is open.
pub(super) fn turn(model: &mut Model, arg: &str) -> bool {
    let Some(Modal::Algorithm(shown)) = &mut model.modal else { return false };
    let all = AlgorithmPage::ALL;
    let here = all.iter().position(|page| *page == shown.page).unwrap_or(0);
    let to = match arg {
        "previous" => here.checked_sub(1).and_then(|n| all.get(n)).or(all.last()),
        _ => all.get(here.saturating_add(1)).or(all.first()),
    };
    if let Some(page) = to {
        (shown.page, shown.scroll) = (*page, 0);
    }
    true
}
