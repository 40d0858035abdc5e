//! The dashboard: one thread that waits for keys, snapshots, receipts and signals, and draws. The engine runs on
//! its own; a terminal that is slow or stopped holds up only what it shows.

use super::{
    host::{Host, Opening},
    themes,
};
use crate::{
    clock::{Clock, System},
    config::{self, Ascii, Config, ConfigError, Env},
    desk::{Envelope, Request, RequestId},
    domain::{order::Origin, time::Mono},
    transport::alarm::Alarm,
    tui::{
        app::App,
        canvas::Look,
        keymap::Keymap,
        model::{ColorMode, Model},
        msg::{Cmd, Msg},
        settings::{Hotkey, Level, Settings},
        terminal::{Options, Terminal, color_mode, is_utf8, read_events},
    },
};
use anyhow::{Context as _, anyhow};
use smol_str::SmolStr;
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
/// The `:` lines that are kept between runs.
const HISTORY_FILE: &str = "history";

/// Runs the dashboard until the trader quits, or a signal ends it.
///
/// # Errors
/// One sentence: what is wrong with the terminal, the configuration or the profile, and what would be right.
pub fn run(opening: Opening) -> anyhow::Result<()> {
    let env = opening.env.clone();
    let app = app(&opening.config, &env)?;
    let options = Options { mouse: opening.config.ui.mouse };
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
    };
    // Something stands on the screen before the venues are asked.
    dashboard.draw()?;
    let host = Host::open(opening)?;
    dashboard.clock = Box::new(SharedClock(std::sync::Arc::clone(&host.clock)));
    dashboard.load_history(&host.state);
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

fn app(config: &Config, env: &Env) -> anyhow::Result<App> {
    let keymap = keymap(config)?;
    let themes = themes::read(config.themes_dir().as_deref(), &config.ui.theme)?;
    let bracket = &config.orders.bracket;
    let settings = Settings {
        keymap,
        size: crate::grammar::size_text(bracket.size),
        bracket_stop: crate::grammar::price_text(bracket.stop),
        bracket_target: crate::grammar::price_text(bracket.target),
        flatten_is_typed: config.orders.confirm.flatten == crate::config::Confirm::Typed,
        arm_minutes: u32::try_from(config.session.arm_minutes).ok().unwrap_or(15),
        themes: themes.names(),
        hotkeys: config.hotkeys.iter().map(|(key, h)| hotkey(key, h)).collect(),
        ..Settings::default()
    };
    let color = if config.ui.color {
        color_mode(env.get("NO_COLOR"), env.get("COLORTERM"), env.get("TERM"))
    } else {
        ColorMode::None
    };
    let ascii = match config.ui.ascii {
        Ascii::Always => true,
        Ascii::Never => false,
        Ascii::Auto => !is_utf8(env.get("LC_ALL"), env.get("LC_CTYPE"), env.get("LANG")),
    };
    let theme = themes.get(&config.ui.theme, color)?;
    let zone = zone(&config.ui.timezone)?;
    let (width, height) = crossterm::terminal::size().ok().unwrap_or((80, 24));
    let mut model = Model::new(settings, width, height);
    theme.name().clone_into(&mut model.theme);
    model.color = color;
    model.ascii = ascii;
    Ok(App::new(model, Look::new(theme, ascii, zone)).with_themes(themes))
}

/// The keys of the configuration. What is wrong is told with its place.
fn keymap(config: &Config) -> anyhow::Result<Keymap> {
    let overrides: Vec<(String, Vec<String>)> = config
        .keys
        .iter()
        .map(|(action, b)| (action.to_string(), b.keys.iter().map(ToString::to_string).collect()))
        .collect();
    let mut keymap = Keymap::with(&overrides).map_err(|why| {
        let wrong = overrides.iter().zip(config.keys.values()).find(|((c, k), _)| why.is_about(c, k));
        match wrong {
            Some((_, binding)) => ConfigError::new(binding.place.clone(), format!("[keys]: {why}")).into(),
            None => anyhow!("[keys]: {why}"),
        }
    })?;
    for (key, hotkey) in &config.hotkeys {
        keymap = keymap
            .with_hotkey(key, &hotkey.line)
            .map_err(|why| ConfigError::new(hotkey.place.clone(), format!("[hotkeys]: {why}")))?;
    }
    Ok(keymap)
}

fn hotkey(key: &SmolStr, of: &config::keys::Hotkey) -> Hotkey {
    let level = match of.level {
        config::keys::Level::Load => Level::Load,
        config::keys::Level::Review => Level::Review,
        config::keys::Level::Send => Level::Send,
    };
    Hotkey { key: key.clone(), line: of.line.clone(), level }
}

fn zone(name: &str) -> anyhow::Result<jiff::tz::TimeZone> {
    if name == "local" {
        return Ok(jiff::tz::TimeZone::system());
    }
    jiff::tz::TimeZone::get(name).with_context(|| format!("ui.timezone is `{name}`, which is no time zone"))
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
                _ = signals.hangup.recv() => Flow::Leave,
                _ = signals.interrupt.recv() => Flow::Leave,
                _ = signals.stop.recv() => { self.terminal.suspend(false)?; Flow::GoOn }
                _ = signals.resume.recv() => { self.terminal.resume()?; Flow::GoOn }
                key = keys.recv() => match key {
                    Some(event) => self.typed(event, &mut keys, host)?,
                    // The terminal is gone.
                    None => Flow::Leave,
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
            if flow == Flow::Leave {
                return Ok(());
            }
            self.draw_if_due()?;
        }
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

    fn handle(&mut self, msg: Msg, host: &Host) -> anyhow::Result<Flow> {
        let mut todo = std::collections::VecDeque::from(self.app.handle(msg, self.clock.now()));
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
