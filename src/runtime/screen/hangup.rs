//! What losing the terminal does (a line that drops, a window that is closed), as the configuration says.

use crate::{
    config::{Config, OnHangup},
    desk::{Envelope, Request, RequestId},
    domain::{
        draft::{CancelTarget, Command},
        order::Origin,
        scope::Scope,
        time::Mono,
    },
    runtime::deck::Deck,
};

/// So much longer than the exit itself may take it is waited for once the terminal is gone, milliseconds.
const HANGUP_MS: u64 = 10_000;

/// What a screen does that has lost its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes; an engine of its own ends in order.
    Goes,
    /// It goes, and its engine goes on.
    EngineStays,
    /// It waits for the exit that it has asked for.
    Waits,
}

/// What losing the terminal does.
#[derive(Debug)]
pub(super) struct Hangup {
    policy: OnHangup,
    /// The longest that an exit is waited for, milliseconds.
    wait_ms: u64,
    /// The terminal is gone and an exit is under way: it is waited for until then.
    until: Option<Mono>,
    /// The exit that had ended before: by its number, for the engine may have looked at the clock before we did.
    before: Option<u64>,
}

impl Hangup {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            policy: config.session.on_hangup,
            wait_ms: config.exit.max_ms.saturating_add(HANGUP_MS),
            until: None,
            before: None,
        }
    }

    /// The terminal is gone, and an exit is waited for.
    pub(super) const fn waits(&self) -> bool {
        self.until.is_some()
    }

    /// The terminal is gone.
    pub(super) fn strike(&mut self, deck: &Deck, now: Mono) -> Then {
        if matches!(deck, Deck::Replay(_)) {
            return Then::Goes;
        }
        match self.policy {
            OnHangup::Keep => Then::EngineStays,
            OnHangup::Cancel => {
                ask(deck, Request::Do(Command::Cancel { target: CancelTarget::Entries, venue: None }));
                Then::Goes
            }
            OnHangup::Flatten if self.waits() => Then::Waits,
            OnHangup::Flatten => {
                let last = deck.desk().snapshots.borrow().exit.clone();
                self.before = last.filter(|e| e.ended.is_some()).map(|e| e.id);
                ask(deck, Request::Flatten(Scope::default()));
                self.until = Some(now.plus_ms(self.wait_ms));
                Then::Waits
            }
        }
    }

    /// Without a terminal: has the exit ended, or been waited for long enough?
    pub(super) fn has_waited(&self, deck: &Deck, now: Mono) -> bool {
        let Some(until) = self.until else { return false };
        let exit = deck.desk().snapshots.borrow().exit.clone();
        let ended = exit.is_some_and(|e| e.ended.is_some() && Some(e.id) != self.before);
        ended || now > until
    }
}

fn ask(deck: &Deck, request: Request) {
    let id = RequestId(u64::MAX.saturating_sub(1));
    // A full queue is not waited for: nobody is there to be told, and the journal says what was done.
    drop(deck.desk().ask(Envelope { id, origin: Origin::Screen, request }));
}
