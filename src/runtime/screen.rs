//! The dashboard: one thread that waits for keys, snapshots, receipts and signals, and draws. The engine runs on
//! its own; a terminal that is slow or stopped holds up only what it shows.

use super::{
    host::{Host, Opening},
    settings::{self, Watched},
    themes,
};
use crate::{
    clock::{Clock, System},
    config::{Config, Env, OnHangup},
    desk::{Envelope, Request, RequestId},
    domain::{
        draft::{CancelTarget, Command},
        order::Origin,
        scope::Scope,
        time::Mono,
    },
    transport::alarm::Alarm,
    tui::{
        app::App,
        msg::{Cmd, Msg},
        terminal::{Options, Terminal, read_events},
    },
};
use anyhow::{Context as _, anyhow};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

/// Keys that wait while a frame is drawn.
const INPUT_MAX: usize = 1_024;
/// The shortest time between a key and the frame after it: what is typed fast is drawn together.
const KEY_FRAME_MS: u64 = 4;
/// After a key that has something done nothing is drawn for so long: on a machine with few cores the frame would hold
/// up the order.
const SEND_FIRST_MS: u64 = 3;
/// The engine's own tick brings a snapshot with each whole second. Only where none comes by then does the screen wake by
/// itself, for the ages that it shows.
const TICK_LATE_MS: u64 = 120;
/// A frame may come so much before its time rather than wait for it: a snapshot, made at the same pace by another
/// thread's clock, would else cost two wakes.
const FRAME_EARLY_MS: u64 = 4;
/// So much longer than the exit itself may take it is waited for once the terminal is gone, milliseconds.
const HANGUP_MS: u64 = 10_000;
/// It is there once the tour was taken or left.
const TOUR_FILE: &str = "tour";
/// The `:` lines that are kept between runs.
const HISTORY_FILE: &str = "history";

/// Runs the dashboard until the trader quits, or a signal ends it.
///
/// # Errors
/// One sentence: what is wrong with the terminal, the configuration or the profile, and what would be right.
pub fn run(opening: Opening) -> anyhow::Result<()> {
    let env = opening.env.clone();
    let app = settings::app(&opening.config, &env)?;
    let watched = Watched::new(&opening);
    let is_first = opening.config.venues == Config::default().venues;
    let options = Options { mouse: opening.config.ui.mouse };
    let hangup = Hangup {
        policy: opening.config.session.on_hangup,
        wait_ms: opening.config.exit.max_ms.saturating_add(HANGUP_MS),
        until: None,
        before: None,
    };
    let frame_ms = 1_000_u64.checked_div(opening.config.ui.fps.clamp(1, 120)).unwrap_or(33);
    let terminal = Terminal::open(env.get("TERM"), options)?;
    terminal.restore_on_panic();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut dashboard = Dashboard {
        app,
        terminal,
        clock: Box::new(System::start()),
        frame_ms,
        drawn: None,
        quiet_until: None,
        hangup,
        watched,
    };
    // Something stands on the screen before the venues are asked.
    dashboard.draw()?;
    let host = Host::open(opening)?;
    dashboard.clock = Box::new(SharedClock(std::sync::Arc::clone(&host.clock)));
    dashboard.load_history(&host.state);
    // Only who has configured nothing trades with play money alone for sure.
    if is_first && !host.state.join(TOUR_FILE).exists() {
        dashboard.app.guide();
    }
    let mut host = host;
    let ended = runtime.block_on(dashboard.watch(&mut host));
    drop(dashboard);
    // The engine may have stopped by itself; then there is nothing to ask.
    let quit = Envelope { id: RequestId(u64::MAX), origin: Origin::Screen, request: Request::Quit };
    drop(host.desk.ask(quit));
    host.close()?;
    ended
}

/// Is there a terminal that can show the dashboard, and the theme that it is to be shown in?
///
/// # Errors
/// One sentence that says what there is instead.
pub fn check(config: &Config, env: &Env) -> anyhow::Result<()> {
    crate::tui::terminal::check(env.get("TERM"))?;
    themes::read(config.themes_dir().as_deref(), &config.ui.theme)?;
    Ok(())
}

#[derive(Debug)]
struct SharedClock(std::sync::Arc<dyn Clock>);

impl Clock for SharedClock {
    fn now(&self) -> crate::domain::time::Now {
        self.0.now()
    }
}

struct Dashboard {
    app: App,
    terminal: Terminal,
    clock: Box<dyn Clock>,
    frame_ms: u64,
    /// When the last frame was drawn.
    drawn: Option<Mono>,
    /// Nothing is drawn before.
    quiet_until: Option<Mono>,
    hangup: Hangup,
    watched: Watched,
}

/// What losing the terminal does.
struct Hangup {
    policy: OnHangup,
    /// The longest that an exit is waited for, milliseconds.
    wait_ms: u64,
    /// The terminal is gone and an exit is under way: it is waited for until then.
    until: Option<Mono>,
    /// The exit that had ended before: by its number, for the engine may have looked at the clock before we did.
    before: Option<u64>,
}

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

/// What to do after a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Leave,
}

impl Dashboard {
    async fn watch(&mut self, host: &mut Host) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        let mut keys = spawn_reader()?;
        let alarm = Alarm::new();
        loop {
            let wait = self.pause();
            let flow = tokio::select! {
                biased;
                _ = signals.terminate.recv() => Flow::Leave,
                _ = signals.hangup.recv() => self.hung_up(host),
                _ = signals.interrupt.recv() => Flow::Leave,
                _ = signals.stop.recv() => { self.terminal.suspend(false)?; Flow::GoOn }
                _ = signals.resume.recv() => { self.terminal.resume()?; Flow::GoOn }
                key = keys.recv(), if self.hangup.until.is_none() => match key {
                    Some(event) => self.typed(event, &mut keys, host)?,
                    // The terminal is gone.
                    None => self.hung_up(host),
                },
                receipt = host.desk.receipts.recv() => match receipt {
                    Some(receipt) => self.handle(Msg::Receipt(receipt), host)?,
                    None => return Err(anyhow!("the engine has stopped; orders and positions are as the venue has them")),
                },
                changed = host.desk.snapshots.changed() => {
                    changed.map_err(|_| anyhow!("the engine has stopped; orders and positions are as the venue has them"))?;
                    let snapshot = host.desk.snapshots.borrow_and_update().clone();
                    self.handle(Msg::Snapshot(snapshot), host)?
                }
                () = alarm.after(wait) => self.handle(Msg::Tick, host)?,
            };
            if flow == Flow::Leave || self.has_waited(host) {
                return Ok(());
            }
            if let Some(msg) = self.watched.look(self.clock.now().mono) {
                self.handle(msg, host)?;
            }
            if self.hangup.until.is_some() {
                continue;
            }
            if let Err(why) = self.draw_if_due()
                && self.hung_up(host) == Flow::Leave
            {
                return Err(why);
            }
        }
    }

    /// The terminal is gone: does what the configuration says of that.
    fn hung_up(&mut self, host: &Host) -> Flow {
        let ask = |request| {
            let envelope =
                Envelope { id: RequestId(u64::MAX.saturating_sub(1)), origin: Origin::Screen, request };
            // A full queue is not waited for: nobody is there to be told, and the journal says what was done.
            drop(host.desk.ask(envelope));
        };
        match self.hangup.policy {
            OnHangup::Keep => Flow::Leave,
            OnHangup::Cancel => {
                ask(Request::Do(Command::Cancel { target: CancelTarget::Entries, venue: None }));
                Flow::Leave
            }
            OnHangup::Flatten if self.hangup.until.is_some() => Flow::GoOn,
            OnHangup::Flatten => {
                let last = host.desk.snapshots.borrow().exit.clone();
                self.hangup.before = last.filter(|e| e.ended.is_some()).map(|e| e.id);
                ask(Request::Flatten(Scope::default()));
                self.hangup.until = Some(self.clock.now().mono.plus_ms(self.hangup.wait_ms));
                Flow::GoOn
            }
        }
    }

    /// Without a terminal: has the exit ended, or been waited for long enough?
    fn has_waited(&self, host: &Host) -> bool {
        let Some(until) = self.hangup.until else { return false };
        let exit = host.desk.snapshots.borrow().exit.clone();
        let ended = exit.is_some_and(|e| e.ended.is_some() && Some(e.id) != self.hangup.before);
        ended || self.clock.now().mono > until
    }

    /// Takes one key and all that are there behind it, before anything is drawn.
    fn typed(
        &mut self,
        first: crossterm::event::Event,
        keys: &mut mpsc::Receiver<crossterm::event::Event>,
        host: &Host,
    ) -> anyhow::Result<Flow> {
        let mut next = Some(first);
        while let Some(event) = next {
            if self.handle(Msg::from(event), host)? == Flow::Leave {
                return Ok(Flow::Leave);
            }
            next = keys.try_recv().ok();
        }
        let now = self.clock.now().mono;
        let rested = self.drawn.is_none_or(|at| now.since_ms(at) >= KEY_FRAME_MS);
        if rested && self.app.is_stale() && !self.is_quiet(now) {
            self.draw()?;
        }
        Ok(Flow::GoOn)
    }

    /// Takes in a message. What it asks for goes to the engine before what follows from it on the screen is worked out.
    fn handle(&mut self, msg: Msg, host: &Host) -> anyhow::Result<Flow> {
        let asked = self.app.react(msg, self.clock.now());
        let flow = self.perform(asked, host)?;
        let more = self.app.follow();
        let then = self.perform(more, host)?;
        Ok(if flow == Flow::Leave { flow } else { then })
    }

    fn perform(&mut self, cmds: Vec<Cmd>, host: &Host) -> anyhow::Result<Flow> {
        let mut todo = std::collections::VecDeque::from(cmds);
        let mut flow = Flow::GoOn;
        while let Some(cmd) = todo.pop_front() {
            match cmd {
                Cmd::Send(envelope) => {
                    if !matches!(envelope.request, Request::Preview(_)) {
                        self.quiet_until = Some(self.clock.now().mono.plus_ms(SEND_FIRST_MS));
                    }
                    if let Err(receipt) = host.desk.ask(envelope) {
                        todo.extend(self.app.handle(Msg::Receipt(receipt), self.clock.now()));
                    }
                }
                Cmd::Quit => flow = Flow::Leave,
                Cmd::Suspend => self.terminal.suspend(true)?,
                Cmd::Copy(text) => self.terminal.copy(&text)?,
                Cmd::SaveHistory(lines) => save_history(&host.state, &lines),
                Cmd::TourEnded => end_tour(&host.state),
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

    fn load_history(&mut self, state: &Path) {
        let path = history_path(state);
        match std::fs::read_to_string(&path) {
            Ok(text) => self.app.remember(text.lines().map(ToOwned::to_owned).collect()),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => tracing::warn!(%why, path = %path.display(), "the history can't be read"),
        }
    }
}

/// The next run does not begin with the tour.
fn end_tour(state: &Path) {
    if let Err(why) = std::fs::write(state.join(TOUR_FILE), "") {
        tracing::warn!(%why, "that the tour was taken can't be kept");
    }
}

fn history_path(state: &Path) -> PathBuf {
    state.join(HISTORY_FILE)
}

/// Keeps the history whole: written beside and renamed. Without it nothing is lost that matters.
fn save_history(state: &Path, lines: &[String]) {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let path = history_path(state);
    let new = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        for line in lines {
            writeln!(file, "{line}")?;
        }
        std::fs::rename(&new, &path)
    };
    if let Err(why) = write() {
        tracing::warn!(%why, path = %path.display(), "the history can't be kept");
    }
}

/// Reads keys on a thread that blocks: polled beside market data, the reader would spin on a lock.
fn spawn_reader() -> anyhow::Result<mpsc::Receiver<crossterm::event::Event>> {
    let (sender, receiver) = mpsc::channel(INPUT_MAX);
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        if let Err(why) = read_events(|event| sender.blocking_send(event).is_ok()) {
            tracing::info!(%why, "no more keys");
        }
    })?;
    Ok(receiver)
}
