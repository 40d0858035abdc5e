//! The screen as one value: what it remembers, how it looks, and whether it has to be drawn.

use super::{
    canvas::Look,
    draw,
    model::Model,
    msg::{Cmd, Msg},
    theme::Themes,
    tour::Step,
    update::{self, follow, react},
};
use crate::domain::time::{Mono, Now};
use ratatui::Frame;

/// The screen.
#[derive(Debug)]
pub struct App {
    model: Model,
    look: Look,
    themes: Themes,
    stale: bool,
    second: u64,
    /// A message was taken in of which nothing has followed yet.
    unfollowed: Option<Unfollowed>,
}

/// What was there before a message.
#[derive(Debug)]
struct Unfollowed {
    is_tick: bool,
    is_configured: bool,
    had_toast: bool,
}

impl App {
    /// Nothing told yet, to be drawn.
    pub fn new(model: Model, look: Look) -> Self {
        Self { model, look, themes: Themes::default(), stale: true, second: 0, unfollowed: None }
    }

    /// With these themes to change to.
    #[must_use]
    pub fn with_themes(self, themes: Themes) -> Self {
        Self { themes, ..self }
    }

    /// Takes in one message, and what follows from it; does not draw.
    pub fn handle(&mut self, msg: Msg, now: Now) -> Vec<Cmd> {
        let mut out = self.react(msg, now);
        out.extend(self.follow());
        out
    }

    /// Takes in one message. What it asks for may be an order: do it before [`App::follow`].
    pub fn react(&mut self, msg: Msg, now: Now) -> Vec<Cmd> {
        let mut out = self.follow();
        let is_tick = matches!(msg, Msg::Tick);
        let is_configured = if let Msg::Configured(new) = &msg {
            self.themes.clone_from(&new.themes);
            self.look.zone.clone_from(&new.zone);
            self.look.write_numbers(new.numbers.clone());
            true
        } else {
            false
        };
        let had_toast = self.model.toast.is_some();
        self.unfollowed = Some(Unfollowed { is_tick, is_configured, had_toast });
        out.extend(react(&mut self.model, msg, now));
        out
    }

    /// What follows from the message that was taken in; nothing where it was followed already.
    pub fn follow(&mut self) -> Vec<Cmd> {
        let Some(before) = self.unfollowed.take() else { return Vec::new() };
        let out = follow(&mut self.model);
        // Ages and countdowns are shown in seconds.
        let second = self.model.now.mono.as_nanos() / 1_000_000_000;
        self.stale |=
            !before.is_tick || second != self.second || before.had_toast != self.model.toast.is_some();
        self.second = second;
        if before.is_configured || self.model.theme != self.look.theme.name() {
            self.dress();
        }
        out
    }

    fn dress(&mut self) {
        match self.themes.get(&self.model.theme, self.model.color) {
            Ok(theme) => self.look.theme = theme,
            Err(_) => self.look.theme.name().clone_into(&mut self.model.theme),
        }
    }

    /// Has anything changed since the last frame?
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    /// The whole second that it last knew of: with the next one ages move.
    pub const fn second(&self) -> Mono {
        Mono::from_nanos(self.second.saturating_mul(1_000_000_000))
    }

    /// When a tick is wanted, besides the one a second: before it, nothing changes by itself.
    pub fn wake_at(&self) -> Option<Mono> {
        update::due(&self.model)
    }

    /// Draws, and keeps where things are for the mouse.
    pub fn view(&mut self, frame: &mut Frame<'_>) {
        self.model.drawn = draw::draw(&self.model, &self.look, frame);
        self.stale = false;
    }

    /// The `:` lines of earlier runs, oldest first.
    pub fn remember(&mut self, history: Vec<String>) {
        self.model.history = history;
    }

    /// Begins the first run's tour.
    pub const fn guide(&mut self) {
        self.model.tour = Some(Step::Open);
    }

    /// What it remembers.
    pub const fn model(&self) -> &Model {
        &self.model
    }
}
