//! The configuration was read anew while the program runs: keys, pages, columns and looks change at once; what is open
//! stays open, and nothing that is typed is lost.

use crate::tui::{
    model::{Model, Tone},
    msg::Configured,
};
use std::sync::Arc;

pub(super) fn configured(model: &mut Model, new: Configured) {
    let Configured { settings, theme, needs_restart, themes: _, zone: _, numbers: _ } = new;
    let page = model.current_page().map(|p| p.name.clone());
    model.pages.clone_from(&settings.pages);
    model.page = model.pages.iter().position(|p| Some(&p.name) == page.as_ref()).unwrap_or(0);
    for (pane, table) in &mut model.tables {
        table.columns = settings.columns.get(pane).cloned().unwrap_or_default();
    }
    model.halt_key = settings.keymap.keys_of(crate::tui::action::Action::Halt, "").unwrap_or_default();
    model.settings = Arc::new(settings);
    model.theme = theme;
    super::keys::forget_strokes(model);
    let panes = model.current_page().map(|p| p.layout.panes()).unwrap_or_default();
    let stays = panes.contains(&model.focus) || model.ticket.is_open();
    if let Some(first) = panes.first().filter(|_| !stays) {
        super::navigate::set_focus(model, *first);
    }
    let said = if needs_restart {
        "the configuration was read anew; limits, rules, venues and paths change with the next start"
    } else {
        "the configuration was read anew"
    };
    model.say(Tone::Good, said);
}
