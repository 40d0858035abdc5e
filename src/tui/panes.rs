//! One file a pane, and one for each thing that lies over or under them.

pub mod account;
pub mod alerts;
pub mod algorithm;
pub mod algorithms;
pub mod banner;
pub mod chart;
pub mod depth;
pub mod exit;
pub mod fills;
pub mod footer;
pub mod health;
pub mod modals;
pub mod orders;
pub mod plan;
pub mod positions;
pub mod quality;
pub mod reconciliation;
pub mod risk;
pub mod series;
pub mod since;
pub mod tabs;
pub mod ticket;
pub mod watchlist;

use super::{canvas::Canvas, focus::Pane, hit::Drawn, model::Model};
use crate::{domain::text::Text, grammar::nearest};
use ratatui::layout::Rect;
use smol_str::SmolStr;

/// The names of the columns of a pane's table; none where they can't be chosen.
pub fn heads(pane: Pane) -> Vec<&'static str> {
    match pane {
        Pane::Watchlist => watchlist::heads(),
        Pane::Positions => positions::heads(),
        Pane::Orders => orders::heads(),
        Pane::Fills => fills::heads(),
        Pane::Account => account::heads(),
        Pane::Risk => risk::heads(),
        Pane::Alerts => alerts::heads(),
        Pane::Reconciliation => reconciliation::heads(),
        Pane::Algorithms => algorithms::heads(),
        Pane::Quality => quality::heads(),
        Pane::Health | Pane::Chart | Pane::Depth | Pane::Ticket => Vec::new(),
    }
}

/// The chosen columns of a pane's table.
///
/// # Errors
/// One sentence: there is no such column, or none is named, or one twice.
pub fn columns(pane: Pane, names: &[&str]) -> Result<Vec<SmolStr>, Text> {
    let there = heads(pane);
    let mut chosen: Vec<SmolStr> = Vec::new();
    for name in names {
        if !there.contains(name) {
            let hint = match nearest(name, there.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if there.is_empty() => "its columns can't be chosen".to_owned(),
                None => format!("there are {}", there.join(", ")),
            };
            return Err(Text::clean(&format!("{} has no column `{name}`: {hint}", pane.word())));
        }
        if chosen.iter().any(|c| c == name) {
            return Err(Text::clean(&format!("the column `{name}` stands there twice")));
        }
        chosen.push(SmolStr::new(name));
    }
    if chosen.is_empty() {
        return Err(Text::clean(&format!("name columns of {}: {}", pane.word(), there.join(", "))));
    }
    Ok(chosen)
}

/// Draws what stands in a pane.
pub fn draw(pane: Pane, model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    match pane {
        Pane::Watchlist => watchlist::draw(model, canvas, area, drawn),
        Pane::Chart => chart::draw(model, canvas, area, drawn),
        Pane::Depth => depth::draw(model, canvas, area, drawn),
        Pane::Ticket => ticket::draw(model, canvas, area, drawn),
        Pane::Positions => positions::draw(model, canvas, area, drawn),
        Pane::Orders => orders::draw(model, canvas, area, drawn),
        Pane::Fills => fills::draw(model, canvas, area, drawn),
        Pane::Account => account::draw(model, canvas, area, drawn),
        Pane::Health => health::draw(model, canvas, area, drawn),
        Pane::Risk => risk::draw(model, canvas, area, drawn),
        Pane::Alerts => alerts::draw(model, canvas, area, drawn),
        Pane::Reconciliation => reconciliation::draw(model, canvas, area, drawn),
        Pane::Algorithms => algorithms::draw(model, canvas, area, drawn),
        Pane::Quality => quality::draw(model, canvas, area, drawn),
    }
}
