//! The dashboard: one thread that waits for snapshots, receipts and signals, and draws; and one that reads keys and does
//! what they say. The engine runs on its own; a terminal that is slow or stopped holds up only what it shows.

mod hangup;
mod keep;
mod seat;
mod station;
mod tie;

use self::{
    hangup::{Hangup, Then},
    seat::Seat,
    station::{Rest, Station, watch},
    tie::Ties,
};
use super::{
    deck::Deck,
    headless,
    host::Opening,
    settings::{self, Watched},
    themes,
};
use crate::{
    clock::{Clock, System},
    config::{Config, Env},
    desk::{Envelope, Receipt, Reply, Request, RequestId},
    domain::{order::Origin, text::Text, time::Mono},
    recording::Film,
    tui::{
        app::App,
        model::Engine,
        msg::{Cmd, Msg},
        terminal::{self, Options, Terminal},
    },
};
use anyhow::Context as _;
use std::{sync::Arc, time::Duration};

/// The shortest time between a key and the frame after it: what is typed fast is drawn together.
const KEY_FRAME_MS: u64 = 4;
/// With another key behind it nothing is drawn after a key for so long.
const BEHIND_MS: u64 = 1;
/// After a key that has something done nothing is drawn for so long: on a machine with few cores the frame would hold
/// up the order.
const SEND_FIRST_MS: u64 = 3;
/// The engine's own tick brings a snapshot with each whole second. Only where none comes by then does the screen wake by
/// itself, for the ages that it shows.
const TICK_LATE_MS: u64 = 120;
/// A frame may come so much before its time rather than wait for it: a snapshot, made at the same pace by another
/// thread's clock, would else cost two wakes.
const FRAME_EARLY_MS: u64 = 4;
/// Runs the dashboard until the trader quits, or a signal ends it.
///
/// # Errors
/// One sentence: what is wrong with the terminal, the configuration or the profile, and what would be right.
pub fn run(opening: Opening) -> anyhow::Result<()> {
    show(opening, None)
}

/// Shows a recorded session until the trader quits, or a signal ends it.
///
/// # Errors
/// One sentence: what is wrong with the terminal, the configuration or the recording.
pub fn replay(opening: Opening, film: Film) -> anyhow::Result<()> {
    show(opening, Some(film))
}

fn show(opening: Opening, film: Option<Film>) -> anyhow::Result<()> {
    let env = opening.env.clone();
    let app = settings::app(&opening.config, &env, film.is_some())?;
    let watched = Watched::new(&opening, film.is_some());
    let is_first = opening.config.venues == Config::default().venues;
    let options = Options { mouse: opening.config.ui.mouse };
    let on_hangup = opening.config.session.on_hangup;
    let hangup = Hangup::new(&opening.config);
    let frame_ms = 1_000_u64.checked_div(opening.config.ui.fps.clamp(1, 120)).unwrap_or(33);
    let ties = Ties::new(opening, film)?;
    let terminal = Terminal::open(env.get("TERM"), options)?;
    terminal.restore_on_panic();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut dashboard = Dashboard {
        app,
        terminal,
        clock: Arc::new(System::start()),
        frame_ms,
        drawn: None,
        quiet_until: None,
        hangup,
        watched,
        ties,
    };
    // Something stands on the screen before the venues are asked.
    dashboard.draw()?;
    let deck = dashboard.begin(is_first)?;
    let rest = Rest::of(&dashboard, &deck);
    let seat = Arc::new(Seat::new(Station { dashboard, deck }));
    let ended = runtime.block_on(watch(&seat, rest));
    let Some(Station { dashboard, deck }) = seat.close() else { return ended.map(drop) };
    drop(dashboard);
    if matches!(ended, Ok(End::EngineStays)) {
        let_go_of_keys();
    }
    match deck {
        Deck::Own(host) if matches!(ended, Ok(End::EngineStays)) && !host.read_only => {
            headless::stay(host, on_hangup)
        }
        Deck::Own(host) => {
            // The engine may have stopped by itself; then there is nothing to ask.
            let quit = Envelope { id: RequestId(u64::MAX), origin: Origin::Screen, request: Request::Quit };
            drop(host.desk.ask(quit));
            host.close()?;
            ended.map(drop)
        }
        Deck::Attached(_) | Deck::Replay(_) => ended.map(drop),
    }
}

/// Is there a terminal that can show the dashboard, and the theme that it is to be shown in?
///
/// # Errors
/// One sentence that says what there is instead.
pub fn check(config: &Config, env: &Env) -> anyhow::Result<()> {
    terminal::check(env.get("TERM"))?;
    themes::read(config.themes_dir().as_deref(), &config.ui.theme)?;
    Ok(())
}

/// The process goes on without its terminal.
fn let_go_of_keys() {
    if let Err(why) = terminal::let_go_of_keys() {
        tracing::warn!(%why, "the terminal is gone, and reading it can't be ended");
    }
}

struct Dashboard {
    app: App,
    terminal: Terminal,
    clock: Arc<dyn Clock>,
    frame_ms: u64,
    /// When the last frame was drawn.
    drawn: Option<Mono>,
    /// Nothing is drawn before.
    quiet_until: Option<Mono>,
    hangup: Hangup,
    watched: Watched,
    ties: Ties,
}

/// How the screen ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The trader left, or a signal came.
    Left,
    /// The terminal is gone, and the engine is to go on without it.
    EngineStays,
}

/// What to do after a message; of two, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    GoOn,
    /// Give the terminal back and stop, with what started us.
    Suspend,
    Leave,
    /// Leave, and let the engine go on.
    LeaveEngine,
}

impl Dashboard {
    /// Comes to an engine and tells the screen which.
    fn begin(&mut self, is_first: bool) -> anyhow::Result<Deck> {
        let (deck, why) = self.ties.open()?;
        let now = self.clock.now();
        self.app.handle(Msg::Engine(tie::told(&deck)), now);
        if let Some(why) = why {
            self.app.handle(Msg::Misconfigured(why), now);
        }
        if matches!(deck, Deck::Replay(_)) {
            return Ok(deck);
        }
        self.app.remember(keep::history(&self.ties.state));
        // Only who has configured nothing trades with play money alone for sure.
        if is_first && !keep::is_toured(&self.ties.state) {
            self.app.guide();
        }
        Ok(deck)
    }

    /// At files that may have been saved, and for an engine where there is none.
    fn look_around(&mut self, deck: &mut Deck) -> anyhow::Result<()> {
        let now = self.clock.now().mono;
        if let Some(msg) = self.watched.look(now) {
            self.handle(msg, deck)?;
        }
        if self.ties.look(deck, now) {
            self.tied(deck)?;
        }
        Ok(())
    }

    /// There is another engine than before.
    fn tied(&mut self, deck: &mut Deck) -> anyhow::Result<()> {
        self.handle(Msg::Engine(tie::told(deck)), deck).map(drop)
    }

    /// The terminal is gone: does what the configuration says of that.
    fn hung_up(&mut self, deck: &Deck) -> Flow {
        match self.hangup.strike(deck, self.clock.now().mono) {
            Then::Goes => Flow::Leave,
            Then::EngineStays => Flow::LeaveEngine,
            Then::Waits => {
                let_go_of_keys();
                Flow::GoOn
            }
        }
    }

    /// Keys were handled: what is typed shows at once, what is typed in one go together.
    fn draw_typed(&mut self, behind: bool) -> anyhow::Result<()> {
        let now = self.clock.now().mono;
        if behind {
            // A frame would hold up the key behind, and it may be the one that sends.
            let until = now.plus_ms(BEHIND_MS);
            self.quiet_until = Some(self.quiet_until.map_or(until, |at| at.max(until)));
        }
        let rested = self.drawn.is_none_or(|at| now.since_ms(at) >= KEY_FRAME_MS);
        if rested && self.app.is_stale() && !self.is_quiet(now) {
            self.draw()?;
        }
        Ok(())
    }

    /// Takes in a message. What it asks for goes to the engine before what follows from it on the screen is worked out.
    fn handle(&mut self, msg: Msg, deck: &mut Deck) -> anyhow::Result<Flow> {
        let asked = self.app.react(msg, self.clock.now());
        let flow = self.perform(asked, deck)?;
        let more = self.app.follow();
        let then = self.perform(more, deck)?;
        Ok(flow.max(then))
    }

    fn perform(&mut self, cmds: Vec<Cmd>, deck: &mut Deck) -> anyhow::Result<Flow> {
        let mut todo = std::collections::VecDeque::from(cmds);
        let mut flow = Flow::GoOn;
        while let Some(cmd) = todo.pop_front() {
            match cmd {
                Cmd::Send(envelope) => {
                    if !matches!(envelope.request, Request::Preview(_)) {
                        self.quiet_until = Some(self.clock.now().mono.plus_ms(SEND_FIRST_MS));
                    }
                    if let Err(receipt) = self.ask(envelope, deck) {
                        todo.extend(self.app.handle(Msg::Receipt(receipt), self.clock.now()));
                    }
                }
                Cmd::Quit => flow = Flow::Leave,
                Cmd::Suspend => flow = flow.max(Flow::Suspend),
                Cmd::Copy(text) => self.terminal.copy(&text)?,
                Cmd::Steer(steer) => {
                    if let Deck::Replay(replay) = deck {
                        replay.steer(steer);
                    }
                }
                // What is typed at a replay is nothing to trade by.
                Cmd::SaveHistory(_) | Cmd::TourEnded if matches!(deck, Deck::Replay(_)) => {}
                Cmd::SaveHistory(lines) => keep::save_history(&self.ties.state, &lines),
                Cmd::TourEnded => keep::end_tour(&self.ties.state),
                Cmd::Bell => self.terminal.bell()?,
                Cmd::Redraw => self.terminal.repaint()?,
            }
        }
        Ok(flow)
    }

    /// How long nothing has to be drawn or told.
    fn pause(&self) -> Duration {
        let now = self.clock.now().mono;
        let second = self.app.second().next_beat(1_000).plus_ms(TICK_LATE_MS);
        let frame = self.app.is_stale().then(|| self.drawn.map_or(now, |at| at.plus_ms(self.frame_ms)));
        let frame = frame.map(|at| self.quiet_until.map_or(at, |until| at.max(until)));
        let next = [Some(second), self.app.wake_at(), frame].into_iter().flatten().min().unwrap_or(second);
        Duration::from_nanos(next.as_nanos().saturating_sub(now.as_nanos()))
    }

    fn draw_if_due(&mut self) -> anyhow::Result<()> {
        let now = self.clock.now().mono;
        let early = now.plus_ms(FRAME_EARLY_MS.min(self.frame_ms / 4));
        let due = self.drawn.is_none_or(|at| early.since_ms(at) >= self.frame_ms);
        if self.app.is_stale() && due && !self.is_quiet(now) {
            self.draw()?;
        }
        Ok(())
    }

    fn is_quiet(&self, now: Mono) -> bool {
        self.quiet_until.is_some_and(|until| now < until)
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        let app = &mut self.app;
        self.terminal.draw(|frame| app.view(frame)).context("the terminal is gone")?;
        self.drawn = Some(self.clock.now().mono);
        Ok(())
    }

    /// Asks the engine; what gets out goes without it where it is gone or silent.
    fn ask(&mut self, envelope: Envelope, deck: &mut Deck) -> Result<(), Receipt> {
        let id = envelope.id;
        let refused =
            |text: Text| Receipt { id, reply: Reply::Refused { text, field: None, checks: Vec::new() } };
        if self.ties.is_urgent(deck, &envelope.request, self.clock.now().mono) {
            match self.ties.take_over(deck) {
                Ok(()) => {
                    self.app.handle(Msg::Engine(Engine::OwnAfter), self.clock.now());
                }
                Err(why) => return Err(refused(Text::clean(&format!("{why:#}")))),
            }
        }
        if self.ties.is_lost() {
            return Err(refused(deck.farewell()));
        }
        deck.desk().ask(envelope)
    }
}
