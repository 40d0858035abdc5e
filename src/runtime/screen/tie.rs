//! How a screen comes to its engine: it attaches to one that runs, or brings its own; when the one that it is attached
//! to is gone or does not answer, it looks for the next, and gets out without it.

use crate::{
    config::state_dir,
    desk::{
        Request,
        protocol::{Grant, Hello, Kind, VERSION},
    },
    domain::{text::Text, time::Mono},
    recording::Film,
    runtime::{
        attach::{self, AttachError},
        deck::Deck,
        host::{Host, Opening, Role},
        replay::Replay,
        settings,
    },
    tui::model::{Engine, SILENT_MS},
};
use std::path::PathBuf;

/// So often an engine is looked for when the last is gone, milliseconds.
const LOOK_MS: u64 = 1_000;

/// What it takes to come to an engine.
#[derive(Debug)]
pub(super) struct Ties {
    opening: Opening,
    /// Where the profile keeps its state.
    pub(super) state: PathBuf,
    /// What is played instead of an engine.
    film: Option<Film>,
    /// The engine is gone, since when it was last looked for.
    lost: Option<Mono>,
}

impl Ties {
    pub(super) fn new(opening: Opening, film: Option<Film>) -> anyhow::Result<Self> {
        let state = state_dir(&opening.config, &opening.env)?;
        Ok(Self { opening, state, film, lost: None })
    }

    fn hello(&self) -> Hello {
        Hello {
            tradedeck: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::Screen,
            looks: self.opening.looks,
            live: self.opening.live.clone(),
        }
    }

    /// The engine that runs, or one of this process. Beside one that does not answer this screen only looks, over
    /// connections of its own.
    ///
    /// # Errors
    /// One sentence for the trader.
    pub(super) fn open(&mut self) -> anyhow::Result<(Deck, Option<Text>)> {
        if let Some(film) = self.film.take() {
            let zone = settings::zone(&self.opening.config.ui.timezone)?;
            return Ok((Deck::Replay(Replay::begin(film, zone)?), None));
        }
        let silent = match attach::attach(&self.state, &self.hello()) {
            Ok(Some(attachment)) => return Ok((Deck::Attached(attachment), None)),
            Ok(None) => None,
            Err(AttachError::Silent) => Some(Text::clean(&format!(
                "{}: this screen looks over connections of its own; `tradedeck flatten` gets out without it",
                AttachError::Silent
            ))),
            Err(why @ (AttachError::Refused(_) | AttachError::Broken { .. })) => return Err(why.into()),
        };
        Ok((Deck::Own(Host::open(self.opening.clone())?), silent))
    }

    /// Is there no engine?
    pub(super) const fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// The engine is gone: what the screen is told.
    pub(super) fn lose(&mut self, deck: &Deck, now: Mono) -> Engine {
        self.lost = Some(now);
        Engine::Gone { since: now, why: deck.farewell() }
    }

    /// Looks for another engine, at most about once a second; true where there is one.
    pub(super) fn look(&mut self, deck: &mut Deck, now: Mono) -> bool {
        if self.lost.is_none_or(|at| now.since_ms(at) < LOOK_MS) {
            return false;
        }
        self.lost = Some(now);
        match attach::attach(&self.state, &self.hello()) {
            Ok(Some(attachment)) => {
                *deck = Deck::Attached(attachment);
                self.lost = None;
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    /// Should what is asked go out without the engine? Only what takes risk away does, and only when the engine is gone
    /// or silent.
    pub(super) fn is_urgent(&self, deck: &Deck, request: &Request, now: Mono) -> bool {
        let silent = || now.since_ms(deck.desk().snapshots.borrow().at.mono) >= SILENT_MS;
        deck.elsewhere().is_some_and(|(_, grant)| grant != Grant::Looks)
            && request.is_emergency()
            && (self.is_lost() || silent())
    }

    /// Opens connections of this process's own, to get out.
    ///
    /// # Errors
    /// One sentence for the trader.
    pub(super) fn take_over(&mut self, deck: &mut Deck) -> anyhow::Result<()> {
        *deck = Deck::Own(Host::open(Opening { role: Role::Exit, ..self.opening.clone() })?);
        self.lost = None;
        Ok(())
    }
}

/// What the screen is told of its engine.
pub(super) fn told(deck: &Deck) -> Engine {
    match (deck, deck.elsewhere()) {
        (Deck::Replay(replay), _) => Engine::Replay(replay.view()),
        (Deck::Own(_) | Deck::Attached(_), None) => Engine::Own,
        (Deck::Own(_) | Deck::Attached(_), Some((pid, grant))) => Engine::Elsewhere { pid, grant },
    }
}
