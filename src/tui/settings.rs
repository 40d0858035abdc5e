//! What the configuration says of the screen.

use super::{
    action::Action,
    focus::{Page, Pane, default_pages},
    keymap::Keymap,
    theme::EMBEDDED,
};
use crate::{
    config::{Confirm, Confirmations, Level, Notify, OnQuit},
    domain::draft::Command,
    grammar,
};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Order lines of the configuration, on a key or under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The key or the name as it is written, and the argument of `:hotkey` or `:template`.
    pub name: SmolStr,
    /// The lines, with placeholders.
    pub lines: Vec<SmolStr>,
    /// What is done with them.
    pub level: Level,
    /// The lines as commands, where nothing is to be filled in: read when the configuration is, and not at each press.
    fixed: Option<Vec<Command>>,
}

impl Preset {
    /// Of these lines.
    pub fn new(name: SmolStr, lines: Vec<SmolStr>, level: Level) -> Self {
        let is_fixed = !lines.iter().any(|line| line.contains(['{', '}']));
        let read = || lines.iter().map(|line| grammar::parse(line).ok()).collect();
        let fixed = if is_fixed { read() } else { None };
        Self { name, lines, level, fixed }
    }

    /// The commands that it always is, if it is always the same.
    pub fn fixed(&self) -> Option<&[Command]> {
        self.fixed.as_deref()
    }

    /// All lines in one, as the `:` line takes them.
    pub fn text(&self) -> String {
        self.lines.join("; ")
    }
}

/// What the configuration says of the screen.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Keys.
    pub keymap: Keymap,
    /// A recorded session is shown.
    pub replays: bool,
    /// Saved layouts.
    pub pages: Vec<Page>,
    /// Columns of tables, by pane; a table that is not there has as many as there is room for.
    pub columns: BTreeMap<Pane, Vec<SmolStr>>,
    /// Names of themes that there are.
    pub themes: Vec<String>,
    /// The size that a fresh ticket begins with, as it is typed.
    pub size: String,
    /// The stop of the default bracket, as it is typed.
    pub bracket_stop: String,
    /// The target of the default bracket, as it is typed.
    pub bracket_target: String,
    /// What is asked before something is done.
    pub confirm: Confirmations,
    /// What quitting does while something is open.
    pub on_quit: OnQuit,
    /// Minutes without a key after which ARMED ends.
    pub idle_lock_minutes: u64,
    /// How many minutes `arm` lasts when it is not said.
    pub arm_minutes: u32,
    /// Order lines on keys.
    pub hotkeys: Vec<Preset>,
    /// Order lines under names.
    pub templates: Vec<Preset>,
    /// What the bell rings for.
    pub notify: Notify,
}

impl Settings {
    /// Is this worth offering here? What plays a session is only while one is shown.
    pub const fn offers(&self, action: Action) -> bool {
        self.replays || !action.plays()
    }

    /// FLATTEN takes the typed word, not the second stroke.
    pub fn flatten_is_typed(&self) -> bool {
        self.confirm.flatten == Confirm::Typed
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keymap: Keymap::default().of_trading(),
            replays: false,
            pages: default_pages(),
            columns: BTreeMap::new(),
            themes: EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect(),
            size: String::new(),
            bracket_stop: "-1%".to_owned(),
            bracket_target: "2R".to_owned(),
            confirm: Confirmations::default(),
            on_quit: OnQuit::default(),
            idle_lock_minutes: 10,
            arm_minutes: 15,
            hotkeys: Vec::new(),
            templates: Vec::new(),
            notify: Notify::default(),
        }
    }
}
