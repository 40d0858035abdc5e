//! What drawing put where. Drawing returns it, the model keeps it, the mouse and page-up ask it.

use super::{
    column::Column,
    focus::Pane,
    panes::{chart, depth},
    ticket::Field,
    widgets::sheet::Seen,
};
use crate::{desk::snapshot::By, domain::money::Price};
use ratatui::layout::{Position, Rect};

/// What a click at a place means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// Somewhere in a pane.
    Pane(Pane),
    /// The row at this place of the pane's view (`TableState::rows`).
    Row(Pane, usize),
    /// The head of a column.
    Head(Pane, Column),
    /// A page in the page bar, from zero.
    Page(usize),
    /// The chart, where candles are.
    Chart,
    /// A rung of the ladder.
    Rung(Price),
    /// A field of the ticket.
    Field(Field),
    /// An orders tab.
    OrdersTab(super::table::OrdersTab),
    /// A tab of the execution figures.
    QualityTab(By),
}

/// What the last frame looked like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Areas and what they mean; later ones lie above earlier ones.
    pub hits: Vec<(Rect, Hit)>,
    /// How many rows each table had room for.
    pub room: Vec<(Pane, usize)>,
    /// The chart.
    pub chart: Option<chart::Seen>,
    /// The ladder.
    pub ladder: Option<depth::Seen>,
    /// How much of the window's text was seen, for what scrolls in it.
    pub seen: Seen,
}

impl Drawn {
    /// What is at this place.
    pub fn at(&self, column: u16, row: u16) -> Option<Hit> {
        let place = Position { x: column, y: row };
        self.hits.iter().rev().find(|(area, _)| area.contains(place)).map(|(_, hit)| *hit)
    }
    /// The pane at this place.
    pub fn pane_at(&self, column: u16, row: u16) -> Option<Pane> {
        let place = Position { x: column, y: row };
        self.hits.iter().rev().filter(|(area, _)| area.contains(place)).find_map(|(_, hit)| match hit {
            Hit::Pane(pane) | Hit::Row(pane, _) | Hit::Head(pane, _) => Some(*pane),
            Hit::Chart => Some(Pane::Chart),
            Hit::Rung(_) => Some(Pane::Depth),
            Hit::Field(_) => Some(Pane::Ticket),
            Hit::OrdersTab(_) => Some(Pane::Orders),
            Hit::QualityTab(_) => Some(Pane::Quality),
            Hit::Page(_) => None,
        })
    }
    /// How many rows the pane had room for; one before it was drawn.
    pub fn room(&self, pane: Pane) -> usize {
        self.room.iter().find(|(p, _)| *p == pane).map_or(1, |(_, n)| (*n).max(1))
    }
}
