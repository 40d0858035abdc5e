//! One file a pane, and one for each thing that lies over or under them.

pub mod account;
pub mod alerts;
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
pub mod since;
pub mod ticket;
pub mod watchlist;

use super::{canvas::Canvas, focus::Pane, hit::Drawn, model::Model};
use ratatui::layout::Rect;

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
