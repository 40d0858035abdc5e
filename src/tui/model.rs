//! Everything that the screen remembers. Drawing reads it, `update` alone changes it.

use super::{
    action::Action,
    chart::Chart,
    cmdline::{CommandLine, FilterLine},
    focus::{Context, Page, Pane},
    hit::Drawn,
    keymap::Stroke,
    ladder::Ladder,
    modal::Modal,
    msg::Cmd,
    settings::Settings,
    table::{TableState, Tabs, rows},
    ticket::Ticket,
};
use crate::{
    desk::{Envelope, Request, RequestId, Snapshot, protocol::Grant, replay::View, snapshot::WatchRow},
    domain::{
        capability::ClassCapability,
        draft::Command,
        ids::{InstrumentId, VenueId},
        order::Origin,
        text::Text,
        time::{Mono, Now},
    },
    notify::policy::Policy,
};
use std::{collections::BTreeMap, sync::Arc};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMode {
    /// 24 bits.
    #[default]
    Truecolor,
    /// The sixteen.
    Ansi16,
    /// `NO_COLOR`: none; signs and words carry everything.
    None,
}

/// How bad a line at the bottom is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went as asked.
    Good,
    /// So you know.
    Plain,
    /// It did not.
    Bad,
}

/// Where the screen's engine is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Engine {
    /// In this process.
    #[default]
    Own,
    /// In this process now: another one did not answer when it mattered.
    OwnAfter,
    /// In another one.
    Elsewhere {
        /// Which.
        pid: u32,
        /// What may be had done there.
        grant: Grant,
    },
    /// Nowhere: a recorded session is shown.
    Replay(View),
    /// It is gone; nothing is watched.
    Gone {
        /// Since when.
        since: Mono,
        /// In one sentence.
        why: Text,
    },
}

/// An engine tells at least one snapshot a second. After so long without one it is silent, milliseconds.
pub const SILENT_MS: u64 = 2_000;

/// One sentence at the bottom of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What.
    pub text: Text,
    /// How bad.
    pub tone: Tone,
    /// Since when.
    pub since: Mono,
}

/// Keys and what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHint {
    /// As they are shown: `b`, `x 1`, `^X`.
    pub keys: String,
    /// In a few words.
    pub words: String,
}

/// What the screen knows of the exits besides what the snapshot tells.
#[derive(Debug, Clone, Default)]
pub struct Exits {
    /// The exit that was asked for here and has not been seen yet.
    pub asked: Option<ExitAsked>,
    /// The last one that was asked for here.
    pub mine: Option<u64>,
    /// The last one asked for here that covers everything.
    pub whole: Option<u64>,
    /// The last one whose end was told.
    pub told: Option<u64>,
    /// The last one whose report was closed by the trader.
    pub dismissed: Option<u64>,
}

/// An exit that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct ExitAsked {
    /// By which request.
    pub id: RequestId,
    /// The exit that the snapshot told of then.
    pub before: Option<u64>,
    /// Does it cover everything?
    pub whole: bool,
    /// When.
    pub at: Mono,
}

/// The smallest screen that shows panes.
pub const MIN_WIDTH: u16 = 80;
/// The smallest screen that shows panes.
pub const MIN_HEIGHT: u16 = 24;

/// Everything that the screen remembers.
#[derive(Debug, Clone)]
pub struct Model {
    /// What the configuration says.
    pub settings: Arc<Settings>,
    /// The time of the last message.
    pub now: Now,
    /// What the engine told last.
    pub snapshot: Arc<Snapshot>,
    /// When it came, by our clock; `None` before the first.
    pub snapshot_at: Option<Mono>,
    /// Where its engine is.
    pub engine: Engine,
    /// The saved layouts.
    pub pages: Vec<Page>,
    /// Which of them is shown.
    pub page: usize,
    /// The pane that has the focus.
    pub focus: Pane,
    /// The focused pane takes the whole screen.
    pub zoomed: bool,
    /// What tables remember.
    pub tables: BTreeMap<Pane, TableState>,
    /// Which tabs stand.
    pub tabs: Tabs,
    /// The symbol that ticket, chart and keys are about.
    pub instrument: Option<InstrumentId>,
    /// The chart.
    pub chart: Chart,
    /// The price ladder.
    pub ladder: Ladder,
    /// The ticket.
    pub ticket: Ticket,
    /// The `:` line, while it is open.
    pub command_line: Option<CommandLine>,
    /// The `/` line, while it is open.
    pub filter_line: Option<FilterLine>,
    /// What lies over the panes.
    pub modal: Option<Modal>,
    /// A key that waits for its second (`x`), with what may follow.
    pub pending: Option<String>,
    /// The strokes so far of a key that has several, since when, and the symbol they are about: it was selected at
    /// the first of them.
    pub strokes: (Vec<Stroke>, Mono, Option<InstrumentId>),
    /// Where the focus goes when the ticket is left.
    pub return_focus: Option<Pane>,
    /// Lines given on the `:` line, oldest first.
    pub history: Vec<String>,
    /// The last stroke of the key that quits.
    pub quit_stroke: Option<Mono>,
    /// The program ends once the exit that was asked for here is flat.
    pub quits_when_flat: bool,
    /// The step of the first run's tour that is shown.
    pub tour: Option<super::tour::Step>,
    /// The last key, paste or click.
    pub touched: Mono,
    /// What is known here of the exits.
    pub exits: Exits,
    /// The theme's name.
    pub theme: String,
    /// The newest alert that has rung.
    pub rung: Option<u64>,
    /// What the bell rings for, and how often.
    pub bell: Policy,
    /// Requests made so far.
    pub requests: u64,
    /// One sentence at the bottom.
    pub toast: Option<Toast>,
    /// What a hotkey has just sent: said once it has gone out.
    pub sent: Option<Command>,
    /// Columns of the terminal.
    pub width: u16,
    /// Rows of the terminal.
    pub height: u16,
    /// Colours.
    pub color: ColorMode,
    /// No characters but ASCII.
    pub ascii: bool,
    /// The terminal says that it has the focus (true where it never says).
    pub focused: bool,
    /// The keys worth showing at the bottom for what has the focus, the most useful first; HALT apart.
    pub hints: Vec<KeyHint>,
    /// How HALT is spelt here: `^X`.
    pub halt_key: String,
    /// What the last frame looked like.
    pub drawn: Drawn,
}

impl Model {
    /// The first page, nothing told yet.
    pub fn new(settings: Settings, width: u16, height: u16) -> Self {
        let pages = settings.pages.clone();
        let bell = Policy::of_bell(&settings.notify);
        let focus = pages.first().and_then(|p| p.layout.panes().first().copied()).unwrap_or(Pane::Watchlist);
        let table = |pane| {
            let columns = settings.columns.get(&pane).cloned().unwrap_or_default();
            (pane, TableState { columns, ..TableState::new() })
        };
        let tables = Pane::ALL.into_iter().map(table).collect();
        let mut model = Self {
            halt_key: settings.keymap.keys_of(Action::Halt, "").unwrap_or_default(),
            theme: settings.themes.first().cloned().unwrap_or_default(),
            settings: Arc::new(settings),
            now: Now::default(),
            snapshot: Arc::default(),
            snapshot_at: None,
            engine: Engine::Own,
            pages,
            page: 0,
            focus,
            zoomed: false,
            tables,
            tabs: Tabs::default(),
            instrument: None,
            chart: Chart::default(),
            ladder: Ladder::default(),
            ticket: Ticket::default(),
            command_line: None,
            filter_line: None,
            modal: None,
            pending: None,
            strokes: (Vec::new(), Mono::default(), None),
            return_focus: None,
            history: Vec::new(),
            quit_stroke: None,
            quits_when_flat: false,
            tour: None,
            touched: Mono::default(),
            exits: Exits::default(),
            rung: None,
            bell,
            requests: 0,
            toast: None,
            sent: None,
            width,
            height,
            color: ColorMode::default(),
            ascii: false,
            focused: true,
            hints: Vec::new(),
            drawn: Drawn::default(),
        };
        model.refresh_hints();
        model
    }
    /// Takes in a snapshot: what tables show follows from it.
    pub fn see(&mut self, snapshot: Arc<Snapshot>, now: Now) {
        self.now = now;
        self.snapshot_at = Some(now.mono);
        let before = std::mem::replace(&mut self.snapshot, snapshot);
        for pane in Pane::ALL {
            // What is shared with the snapshot before makes the same view.
            if !rows::is_shared(&before, &self.snapshot, pane) {
                self.refresh(pane);
            }
        }
        if self.instrument.is_none() && !self.snapshot.watchlist.is_empty() {
            self.select(Pane::Watchlist, 0);
        }
    }
    /// Makes a table's view anew.
    pub fn refresh(&mut self, pane: Pane) {
        if pane.is_table() {
            let tabs = self.tabs;
            self.tables.entry(pane).or_default().refresh(&self.snapshot, pane, tabs);
        }
    }
    /// Selects a row of a table's view; its symbol becomes the one that ticket, chart and keys are about.
    pub fn select(&mut self, pane: Pane, place: usize) {
        let room = self.drawn.room(pane);
        let table = self.tables.entry(pane).or_default();
        table.select(&self.snapshot, pane, place);
        table.show_cursor(room);
        let row = table.selected_row();
        if let Some(instrument) = row.and_then(|n| rows::instrument(&self.snapshot, pane, n)) {
            self.instrument = Some(instrument);
        }
    }
    /// The watched row of a symbol.
    pub fn watched(&self, instrument: &InstrumentId) -> Option<&WatchRow> {
        self.snapshot.watchlist.iter().find(|w| w.instrument == *instrument)
    }
    /// The venues that there are.
    pub fn venues(&self) -> Vec<VenueId> {
        self.snapshot.banner.lamps.iter().map(|l| l.venue.clone()).collect()
    }
    /// What the venue of the ticket's symbol takes for its class; `None` while one of them is not known.
    pub fn offer(&self) -> Option<&ClassCapability> {
        let symbol = self.ticket.symbol()?;
        let here = |w: &&WatchRow| {
            w.instrument.symbol == symbol
                && self.ticket.venue.as_ref().is_none_or(|venue| w.instrument.venue == *venue)
        };
        let row = self.snapshot.watchlist.iter().find(here)?;
        let (_, venue) = self.snapshot.offers.iter().find(|(v, _)| *v == row.instrument.venue)?;
        venue.of(row.class?)
    }
    /// Asks the engine.
    pub fn ask(&mut self, request: Request) -> (RequestId, Cmd) {
        self.requests = self.requests.saturating_add(1);
        let id = RequestId(self.requests);
        (id, Cmd::Send(Envelope { id, origin: Origin::Screen, request }))
    }
    /// Says one sentence at the bottom.
    pub fn say(&mut self, tone: Tone, text: impl Into<Text>) {
        self.toast = Some(Toast { text: text.into(), tone, since: self.now.mono });
    }
    /// The keys worth showing for what has the focus.
    pub fn refresh_hints(&mut self) {
        let keymap = &self.settings.keymap;
        let refused = matches!(&self.modal, Some(Modal::Confirm(asked)) if asked.refusal().is_some());
        self.hints = super::hints::hints(self.context(), keymap, self.settings.replays, refused);
    }
    /// The page that is shown.
    pub fn current_page(&self) -> Option<&Page> {
        self.pages.get(self.page)
    }
    /// What a table remembers.
    pub fn table(&self, pane: Pane) -> &TableState {
        const NONE: &TableState = &TableState::new();
        self.tables.get(&pane).unwrap_or(NONE)
    }
    /// Too small to show panes: one line, no ticket, and HALT still works.
    pub const fn too_small(&self) -> bool {
        self.width < MIN_WIDTH || self.height < MIN_HEIGHT
    }
    /// The last exit ended with something left, and nobody has both read that and opened trading again.
    pub fn is_not_flat(&self) -> bool {
        let banner = &self.snapshot.banner;
        let blocked = banner.halted || banner.locked.is_some();
        match &self.snapshot.exit {
            Some(e) => e.flat == Some(false) && (blocked || self.exits.dismissed != Some(e.id)),
            // What the journal knows of another run.
            None => blocked && self.snapshot.exits.iter().any(|e| e.flat == Some(false)),
        }
    }
    /// How old the snapshot is, milliseconds; `None` before the first.
    pub fn snapshot_age_ms(&self) -> Option<u64> {
        self.snapshot_at.map(|at| self.now.mono.since_ms(at))
    }
    /// Where the player of a recorded session stands, while one is shown.
    pub const fn replay(&self) -> Option<&View> {
        match &self.engine {
            Engine::Replay(view) => Some(view),
            Engine::Own | Engine::OwnAfter | Engine::Elsewhere { .. } | Engine::Gone { .. } => None,
        }
    }
    /// Which keys are valid.
    pub fn context(&self) -> Context {
        if let Some(modal) = &self.modal {
            modal.context()
        } else if self.command_line.is_some() {
            Context::CommandLine
        } else if self.filter_line.is_some() {
            Context::Filter
        } else {
            match self.focus {
                Pane::Ticket if self.ticket.is_open() => Context::Ticket,
                Pane::Ticket => Context::Global,
                Pane::Chart => Context::Chart,
                Pane::Depth => Context::Depth,
                pane @ (Pane::Watchlist
                | Pane::Positions
                | Pane::Orders
                | Pane::Fills
                | Pane::Account
                | Pane::Health
                | Pane::Risk
                | Pane::Alerts
                | Pane::Reconciliation
                | Pane::Algorithms
                | Pane::Quality) => Context::Table(pane),
            }
        }
    }
}
