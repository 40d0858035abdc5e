//! What comes in and what goes out.

use super::{model::Engine, settings::Settings, theme::Themes};
use crate::{
    desk::{Envelope, Receipt, Snapshot, replay::Steer},
    domain::text::Text,
};
use crossterm::event::{Event, KeyEvent, MouseEvent};
use std::sync::Arc;

/// What comes in.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// A paste, as one piece: it is text, never keys.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The terminal's window has the focus.
    FocusGained,
    /// It has not.
    FocusLost,
    /// What the engine tells.
    Snapshot(Arc<Snapshot>),
    /// What the engine answers.
    Receipt(Receipt),
    /// The configuration was read anew.
    Configured(Box<Configured>),
    /// It was changed and can't be used: the first mistake with its place.
    Misconfigured(Text),
    /// The screen has come to an engine, or lost it.
    Engine(Engine),
    /// Time goes by.
    Tick,
}

/// A configuration that was read anew.
#[derive(Debug, Clone)]
pub struct Configured {
    /// What it says of the screen.
    pub settings: Settings,
    /// The themes to choose from, read anew too.
    pub themes: Themes,
    /// The one that it names.
    pub theme: String,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
    /// How numbers are written.
    pub numbers: crate::config::Numbers,
    /// Something else was changed, which only the next start takes up.
    pub needs_restart: bool,
}

impl From<Event> for Msg {
    fn from(event: Event) -> Self {
        match event {
            Event::Key(key) => Self::Key(key),
            Event::Paste(text) => Self::Paste(text),
            Event::Mouse(mouse) => Self::Mouse(mouse),
            Event::Resize(columns, rows) => Self::Resize(columns, rows),
            Event::FocusGained => Self::FocusGained,
            Event::FocusLost => Self::FocusLost,
        }
    }
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are sends; an order does not wait for an allocation"
)]
pub enum Cmd {
    /// To the engine.
    Send(Envelope),
    /// To the player of a recorded session.
    Steer(Steer),
    /// Leave; `Request::Quit` has been sent before.
    Quit,
    /// Give the terminal back and stop, until SIGCONT.
    Suspend,
    /// To the clipboard.
    Copy(Text),
    /// Lines of the `:` history, oldest first, to be kept for the next run.
    SaveHistory(Vec<String>),
    /// The tour was taken or left: the next run does not begin with it.
    TourEnded,
    /// Ring.
    Bell,
    /// Paint every cell anew.
    Redraw,
}
