//! The window of several order lines: what each would do, and then how far they are.

use super::modals::{foot, summary};
use crate::desk::Preview;
use crate::domain::limits::Action;
use crate::grammar;
use crate::tui::{
    canvas::{Canvas, small},
    hit::Drawn,
    modal::{Run, Series, Step, StepState},
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
const WIDE: u16 = 84;

fn step(sheet: &mut Sheet, canvas: &Canvas<'_>, (n, step): (usize, &Step), run: Run) {
    let glyphs = &canvas.look.glyphs;
    let (sign, role) = match step.state {
        StepState::Waits { .. } => (glyphs.none, Role::Strong),
        StepState::Sent(_) => (glyphs.ellipsis, Role::Pending),
        StepState::Done => (glyphs.pass, Role::Good),
        StepState::Refused => (glyphs.fail, Role::Critical),
    };
    sheet.hang(&format!("{sign} {n}  "), &grammar::print(&step.command), role);
    if step.asked.is_some() {
        sheet.hang("     ", "asking what it would do", Role::Pending);
    }
    if let Some(preview) = &step.preview {
        figures(sheet, canvas, preview, step.state);
    }
    if run == Run::Stopped && matches!(step.state, StepState::Waits { .. }) {
        sheet.hang("     ", "not sent", Role::Muted);
        return;
    }
    let (word, role) = match step.state {
        StepState::Waits { refused: true } => ("as things are now: ", Role::Warning),
        StepState::Refused => ("refused: ", Role::Critical),
        StepState::Waits { refused: false } | StepState::Sent(_) | StepState::Done => ("", Role::Muted),
    };
    if let Some(said) = &step.said {
        let said = canvas.look.exact.told(said.as_str());
        sheet.hang("     ", &format!("{word}{said}"), role);
    }
    for text in step.plan.iter().flat_map(|p| &p.unusual) {
        sheet.hang("     ", &format!("unusual: {text}"), Role::Warning);
    }
}

/// An order's figures and what speaks against it; what it refuses for is said already.
fn figures(sheet: &mut Sheet, canvas: &Canvas<'_>, preview: &Preview, state: StepState) {
    if !matches!(state, StepState::Waits { .. }) {
        return;
    }
    let bits = summary(&canvas.look.exact, preview);
    if !bits.is_empty() {
        let indent = Bit::new("   ", Role::Muted, 0);
        let bits: Vec<Bit> = std::iter::once(indent).chain(bits).collect();
        sheet.flow(5, &bits);
    }
    let warns = preview.checks.iter().filter(|c| c.action == Some(Action::Warn));
    for check in warns.filter(|c| !c.text.is_empty()) {
        sheet.hang("     ", &canvas.look.exact.told(check.text.as_str()), Role::Warning);
    }
    for text in &preview.unusual {
        sheet.hang("     ", &format!("unusual: {text}"), Role::Warning);
    }
}

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, series: &Series, drawn: &mut Drawn) {
    let wide = window::room(canvas, WIDE);
    let mut sheet = Sheet::new(wide);
    let (head, role) = match series.run {
        Run::Review => ("Done in this order; the first that is refused is the end.", Role::Muted),
        Run::Going => ("Being done. Esc: nothing more is sent.", Role::Pending),
        Run::Stopped => ("Stopped at the line that was refused.", Role::Critical),
    };
    sheet.say(head, role);
    for (n, one) in (1_usize..).zip(&series.steps) {
        sheet.blank();
        step(&mut sheet, canvas, (n, one), series.run);
    }
    let feet = if series.typed.is_some() && series.run == Run::Review { 2 } else { 1 };
    // A window does not change its size while its figures come.
    let lines = series.steps.len().saturating_mul(3).saturating_add(1).max(sheet.len());
    let high = small(lines).saturating_add(1).saturating_add(feet);
    let inner = window::open(canvas, (wide, high), &format!(" {} ", series.title), Role::Focus);
    let text = Rect { height: inner.height.saturating_sub(feet), ..inner };
    drawn.seen = sheet.draw(canvas, text, series.scroll);
    let last = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(inner.height > 0), ..inner };
    match (&series.typed, series.run) {
        (Some(input), Run::Review) => {
            super::plan::word(canvas, Rect { y: last.y.saturating_sub(1), ..last }, "SEND", input);
            let bits = [Bit::new("Esc", Role::Key, 0), Bit::joined("sends nothing", Role::Muted, 0)];
            strip::flow(canvas, last, 0, &bits);
        }
        (None, Run::Review) => {
            let bits = [
                Bit::new(format!(" Enter SENDS ALL {} ", series.steps.len()), Role::Armed, 0),
                Bit::new("Esc", Role::Key, 0),
                Bit::joined("sends nothing", Role::Muted, 0),
            ];
            strip::flow(canvas, last, 0, &bits);
        }
        (_, Run::Going | Run::Stopped) => foot(model, canvas, inner),
    }
}
