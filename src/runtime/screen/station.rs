//! A dashboard at its engine, and what it waits for.

use super::{
    Dashboard, End, Flow,
    seat::{Seat, Word},
};
use crate::{
    desk::{Receipt, Snapshot},
    runtime::deck::Deck,
    transport::alarm::Alarm,
    tui::{model::Engine, msg::Msg},
};
use anyhow::anyhow;
use crossterm::event::Event;
use std::{future::poll_fn, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// The signals that a terminal program lives with.
struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    resume: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(nix::libc::SIGTSTP))?,
            resume: signal(SignalKind::from_raw(nix::libc::SIGCONT))?,
        })
    }
}

/// What came to the screen.
enum News {
    /// A signal says to end.
    Ends,
    /// The terminal is gone.
    HangsUp,
    /// A signal says to stop.
    Stops,
    /// The program goes on after a stop.
    Resumes,
    /// Keys were handled; does another stand behind them?
    Typed(bool),
    Receipt(Option<Receipt>),
    Snapshot(bool),
    Tick,
}

/// What is waited for next.
pub(super) struct Rest {
    /// How long nothing has to be drawn or told.
    pause: Duration,
    /// Are keys taken?
    types: bool,
    /// Is there an engine?
    is_tied: bool,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Rest {
    pub(super) fn of(dashboard: &Dashboard, deck: &Deck) -> Self {
        let snapshots = deck.desk().snapshots.clone();
        let mut rest = Self { pause: Duration::ZERO, types: true, is_tied: true, snapshots };
        rest.renew(dashboard, deck);
        rest
    }

    fn renew(&mut self, dashboard: &Dashboard, deck: &Deck) {
        self.pause = dashboard.pause();
        self.types = !dashboard.hangup.waits();
        self.is_tied = !dashboard.ties.is_lost();
        if !self.is_of(deck) {
            self.snapshots = deck.desk().snapshots.clone();
        }
    }

    /// Is it this engine that is waited for?
    fn is_of(&self, deck: &Deck) -> bool {
        self.snapshots.same_channel(&deck.desk().snapshots)
    }
}

/// A dashboard at its engine.
pub(super) struct Station {
    pub(super) dashboard: Dashboard,
    pub(super) deck: Deck,
}

/// Waits for what comes to the screen until one of it ends the screen. Nothing is held while it waits: the keys' own
/// thread may have another engine by then.
pub(super) async fn watch(seat: &Arc<Seat<Station>>, mut rest: Rest) -> anyhow::Result<End> {
    let mut signals = Signals::new()?;
    seat.read_keys(Station::typed)?;
    let alarm = Alarm::new();
    loop {
        let receipts = poll_fn(|cx| seat.poll(|it| it.deck.desk_mut().receipts.poll_recv(cx)));
        let news = tokio::select! {
            biased;
            _ = signals.terminate.recv() => News::Ends,
            _ = signals.hangup.recv() => News::HangsUp,
            _ = signals.interrupt.recv() => News::Ends,
            _ = signals.stop.recv() => News::Stops,
            _ = signals.resume.recv() => News::Resumes,
            behind = seat.typed(), if rest.types => News::Typed(behind),
            receipt = receipts, if rest.is_tied => News::Receipt(receipt?),
            changed = rest.snapshots.changed(), if rest.is_tied => News::Snapshot(changed.is_ok()),
            () = alarm.after(rest.pause) => News::Tick,
        };
        if let Some(end) = seat.turn(|it, word| it.turn(news, word, &mut rest))? {
            return Ok(end);
        }
    }
}

impl Station {
    /// Handles what was typed, on the keys' own thread.
    fn typed(&mut self, event: Event) -> anyhow::Result<Flow> {
        // Nobody is there who could have typed it.
        if self.dashboard.hangup.waits() {
            return Ok(Flow::GoOn);
        }
        self.dashboard.handle(Msg::from(event), &mut self.deck)
    }

    /// Handles what came, and draws.
    fn turn(&mut self, news: News, word: &mut Option<Word>, rest: &mut Rest) -> anyhow::Result<Option<End>> {
        let flow = self.take(news, word, rest)?;
        let Self { dashboard, deck } = self;
        if flow == Flow::Suspend {
            dashboard.terminal.suspend(true)?;
        }
        if flow == Flow::LeaveEngine {
            return Ok(Some(End::EngineStays));
        }
        if flow == Flow::Leave || dashboard.hangup.has_waited(deck, dashboard.clock.now().mono) {
            return Ok(Some(End::Left));
        }
        dashboard.look_around(deck)?;
        if !dashboard.hangup.waits()
            && let Err(why) = dashboard.draw_if_due()
        {
            match dashboard.hung_up(deck) {
                Flow::Leave => return Err(why),
                Flow::LeaveEngine => return Ok(Some(End::EngineStays)),
                Flow::GoOn | Flow::Suspend => {}
            }
        }
        rest.renew(dashboard, deck);
        Ok(None)
    }

    /// What came: from the keys, from the engine, from the system. That nothing more comes from the engine is told, too.
    fn take(&mut self, news: News, word: &mut Option<Word>, rest: &mut Rest) -> anyhow::Result<Flow> {
        let Self { dashboard, deck } = self;
        // Who has left already asked the engine to end: that it ends is no news then.
        if matches!(word, Some(Word::Flow(Ok(Flow::Leave)))) {
            return Ok(Flow::Leave);
        }
        match news {
            News::Ends => Ok(Flow::Leave),
            News::HangsUp => Ok(dashboard.hung_up(deck)),
            News::Stops => dashboard.terminal.suspend(false).map(|()| Flow::GoOn).map_err(Into::into),
            News::Resumes => dashboard.terminal.resume().map(|()| Flow::GoOn).map_err(Into::into),
            News::Typed(behind) => match word.take() {
                Some(Word::Flow(flow)) => flow,
                Some(Word::Gone) => Ok(dashboard.hung_up(deck)),
                None => dashboard.draw_typed(behind).map(|()| Flow::GoOn),
            },
            News::Tick => dashboard.handle(Msg::Tick, deck),
            News::Receipt(Some(receipt)) => dashboard.handle(Msg::Receipt(receipt), deck),
            // A key has come to another engine since.
            News::Receipt(None) | News::Snapshot(_) if !rest.is_of(deck) => Ok(Flow::GoOn),
            News::Snapshot(true) => {
                let snapshot = rest.snapshots.borrow_and_update().clone();
                if let Deck::Replay(replay) = deck {
                    dashboard.app.handle(Msg::Engine(Engine::Replay(replay.view())), dashboard.clock.now());
                }
                dashboard.handle(Msg::Snapshot(snapshot), deck)
            }
            News::Receipt(None) | News::Snapshot(false) if deck.elsewhere().is_none() => {
                Err(anyhow!("{}", deck.farewell()))
            }
            News::Receipt(None) | News::Snapshot(false) => {
                let gone = dashboard.ties.lose(deck, dashboard.clock.now().mono);
                dashboard.handle(Msg::Engine(gone), deck)
            }
        }
    }
}
