//! The last line: the `:` or `/` line while one is open, else the last word from the engine, else the keys that
//! are worth knowing here. How to HALT always stands at its end.

use super::super::{
    cmdline::CommandLine,
    model::{Model, Tone},
};
use crate::config::Numbers;
use crate::tui::{
    canvas::{Canvas, small, width},
    theme::Role,
    tour,
    widgets::{
        prompt,
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Draws it, and what opens above it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let mut halt =
        vec![Bit::new(model.halt_key.as_str(), Role::Key, 0), Bit::joined("HALT", Role::Critical, 0)];
    if model.replay().is_some() {
        // There is nothing to halt.
        halt = vec![Bit::new(":quit", Role::Key, 0)];
    }
    let reserved = width(&model.halt_key).saturating_add(8);
    let (x, y, room) = (area.x, area.y, area.width.saturating_sub(1));
    if let Some(line) = &model.command_line {
        strip::draw(canvas, (x, y, room), Vec::new(), halt);
        command_line(canvas, line, Rect { width: room.saturating_sub(reserved), ..area });
        return;
    }
    if let Some(line) = &model.filter_line {
        strip::draw(canvas, (x, y, room), Vec::new(), halt);
        let style = canvas.style(Role::Focus);
        let used = canvas.put(x.saturating_add(1), y, room, &format!("filter {} /", line.pane.word()), style);
        let from = x.saturating_add(1).saturating_add(used);
        let field = x.saturating_add(room).saturating_sub(reserved).saturating_sub(from);
        prompt::draw(canvas, (from, y, field), &line.input, true);
        return;
    }
    let words = words(model, &canvas.look.exact);
    strip::draw(canvas, (x, y, room), words, halt);
}

fn words(model: &Model, numbers: &Numbers) -> Vec<Bit> {
    if let Some(pending) = &model.pending {
        return vec![Bit::joined(pending.as_str(), Role::Key, 0)];
    }
    if let Some(toast) = &model.toast {
        let role = match toast.tone {
            Tone::Good => Role::Good,
            Tone::Plain => Role::Text,
            Tone::Bad => Role::Critical,
        };
        // An order line that is repeated stays as it can be typed.
        return vec![match toast.tone {
            Tone::Bad => Bit::joined(numbers.told(toast.text.as_str()), role, 0),
            Tone::Good | Tone::Plain => Bit::joined(toast.text.as_str(), role, 0),
        }];
    }
    if let Some(step) = tour::line(model).filter(|_| model.modal.is_none()) {
        return vec![Bit::joined(step, Role::Key, 0), Bit::new(":tour off", Role::Muted, 1)];
    }
    let mut out = Vec::new();
    for (i, hint) in model.hints.iter().enumerate() {
        // The last ones go first, key and words together.
        let rank = u8::try_from(i.saturating_add(1)).map_or(u8::MAX, |r| r);
        let key = Bit::new(hint.keys.as_str(), Role::Key, rank);
        out.push(if i == 0 { Bit { gap: 1, ..key } } else { key });
        out.push(Bit::joined(hint.words.as_str(), Role::Muted, rank));
    }
    out
}

fn command_line(canvas: &mut Canvas<'_>, line: &CommandLine, area: Rect) {
    let style = canvas.style(Role::Focus);
    let x = area.x.saturating_add(1);
    canvas.put(x, area.y, 1, ":", style);
    let field = area.width.saturating_sub(3);
    prompt::draw(canvas, (x.saturating_add(1), area.y, field), &line.input, true);
    if let Some(error) = &line.error {
        let place = Rect { y: area.y.saturating_sub(2), height: 2, ..area };
        canvas.clear(place, Role::Window);
        let style = canvas.style(Role::Critical);
        canvas.left(x, place.y, area.width.saturating_sub(2), error.text.as_str(), style);
        let caret = x.saturating_add(1).saturating_add(small(error.at));
        canvas.put(caret, place.y.saturating_add(1), 1, "v", style);
        return;
    }
    completions(canvas, line, area);
}

fn completions(canvas: &mut Canvas<'_>, line: &CommandLine, area: Rect) {
    const SHOWN: usize = 8;
    if line.completions.is_empty() {
        return;
    }
    let first = line.chosen.unwrap_or(0).saturating_sub(SHOWN.saturating_sub(1));
    let shown: Vec<_> = line.completions.iter().enumerate().skip(first).take(SHOWN).collect();
    let word = shown.iter().map(|(_, c)| width(&c.word)).max().unwrap_or(0);
    let words = shown.iter().map(|(_, c)| width(&c.words)).max().unwrap_or(0);
    let high = small(shown.len()).saturating_add(2);
    let wide = word.saturating_add(words).saturating_add(7).min(area.width);
    let place = Rect { x: area.x, y: area.y.saturating_sub(high), width: wide, height: high };
    let inner = window::frame(canvas, place, "", Role::Title);
    for (y, (i, completion)) in (inner.y..inner.bottom()).zip(shown) {
        if Some(i) == line.chosen {
            canvas.tint(Rect { y, height: 1, ..inner }, Role::Selected);
        }
        let (strong, muted) = (canvas.style(Role::Strong), canvas.style(Role::Muted));
        canvas.left(inner.x, y, word, &completion.word, strong);
        let x = inner.x.saturating_add(word).saturating_add(2);
        canvas.left(x, y, inner.right().saturating_sub(x), &completion.words, muted);
    }
}
