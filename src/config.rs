//! Configuration: default < file < environment < flag. What is left out has a safe default; what is wrong is
//! refused with file, line, column and one sentence, all mistakes at once.

pub mod algorithms;
pub mod credentials;
pub mod env;
pub mod error;
mod exit;
pub mod journal;
pub mod keys;
pub mod kind;
pub mod layers;
mod limits;
pub mod notify;
pub mod own;
pub mod private;
mod read;
pub mod recordings;
mod rules;
pub mod screen;
pub mod secret;
pub mod token;
pub mod totals;
pub mod trading;
pub mod ui;
pub mod venue;

pub use self::{
    algorithms::{AlgorithmConfig, AlgorithmKind, Beat, LeanCommands},
    credentials::{CredentialError, Credentials, resolve},
    env::{Env, VARIABLES},
    error::{ConfigError, Place},
    journal::{KEEP_DAYS_MIN, Retention},
    keys::{KeyBinding, Level, Preset},
    kind::{VenueKind, VenueState},
    layers::{Flags, config_file, load, state_dir, validate},
    notify::{ChannelConfig, ChannelKind, MailTls, Notify, RuleConfig, SecretSources, Window},
    private::private_dir,
    recordings::Recordings,
    screen::Screens,
    secret::Secret,
    token::{TokenError, TokenSources},
    totals::Totals,
    trading::{Confirm, Confirmations, DefaultBracket, OnHangup, OnQuit, OrderDefaults, Session},
    ui::{Ascii, Negative, Numbers, Paths, Ui, UpDown, Watch},
    venue::{Addresses, Environment, PaperConfig, PaperHours, VenueConfig},
};
use crate::domain::{ids::VenueId, limits::Limits, rules::Rules, scope::ExitTerms};
use read::{Reading, Section};
use smol_str::SmolStr;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use toml::de::DeTable;

/// The commented file that `tradedeck init` writes: every key with its default.
pub const EXAMPLE: &str = include_str!("../config.example.toml");

/// The name of the venue that is there without any configuration.
const EMBEDDED: &str = "paper";

/// Everything that the user can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it came from.
    pub source: Option<PathBuf>,
    /// At least one, by name.
    pub venues: Vec<VenueConfig>,
    /// Programs that trade by themselves, by name.
    pub algorithms: Vec<AlgorithmConfig>,
    /// What orders are held to where a venue says nothing else.
    pub limits: Limits,
    /// What is held all the time where a venue says nothing else.
    pub rules: Rules,
    /// Symbols that are watched from the start.
    pub watchlist: Vec<Watch>,
    /// Where orders go and what they get by default.
    pub orders: OrderDefaults,
    /// What accounts are counted in together.
    pub totals: Totals,
    /// How long things last.
    pub session: Session,
    /// How a flatten goes about it.
    pub exit: ExitTerms,
    /// How long the journal keeps its records.
    pub journal: Retention,
    /// Who is told what, and how.
    pub notify: Notify,
    /// What is kept of sessions.
    pub recordings: Recordings,
    /// How it looks.
    pub ui: Ui,
    /// Pages and columns.
    pub screens: Screens,
    /// Keys that differ from the default, by action.
    pub keys: BTreeMap<SmolStr, KeyBinding>,
    /// Order lines on keys.
    pub hotkeys: BTreeMap<SmolStr, Preset>,
    /// Order lines under names.
    pub templates: BTreeMap<SmolStr, Preset>,
    /// Where things are.
    pub paths: Paths,
}

impl Default for Config {
    fn default() -> Self {
        let (limits, rules) = (Limits::default(), Rules::default());
        Self {
            source: None,
            venues: embedded(&limits, &rules),
            algorithms: Vec::new(),
            limits,
            rules,
            watchlist: ui::default_watchlist(),
            orders: OrderDefaults::default(),
            totals: Totals::default(),
            session: Session::default(),
            exit: ExitTerms::default(),
            journal: Retention::default(),
            notify: Notify::default(),
            recordings: Recordings::default(),
            ui: Ui::default(),
            screens: Screens::default(),
            keys: BTreeMap::new(),
            hotkeys: BTreeMap::new(),
            templates: BTreeMap::new(),
            paths: Paths::default(),
        }
    }
}

fn embedded(limits: &Limits, rules: &Rules) -> Vec<VenueConfig> {
    let name = VenueId::new(EMBEDDED).into_iter();
    name.map(|name| VenueConfig::embedded(name, limits.clone(), rules.clone())).collect()
}

impl Config {
    /// The venue of this name.
    pub fn venue(&self, name: &VenueId) -> Option<&VenueConfig> {
        self.venues.iter().find(|v| v.name == *name)
    }

    /// Where an order goes that names no venue: the default, or the only one there is.
    pub fn default_venue(&self) -> Option<&VenueConfig> {
        match (&self.orders.default_venue, self.venues.as_slice()) {
            (Some(name), _) => self.venue(name),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Where the user's own themes are: as set, or beside the file.
    pub fn themes_dir(&self) -> Option<PathBuf> {
        let beside = || Some(self.source.as_ref()?.parent()?.join("themes"));
        self.paths.themes.clone().or_else(beside)
    }

    /// Reads the text of the file `path`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        let (config, errors, _) = Self::read(path, text, None);
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// The configuration, the mistakes, and whether the file holds credentials.
    fn read(path: &Path, text: &str, home: Option<&Path>) -> (Self, Vec<ConfigError>, bool) {
        let (config, errors, secrets, _) = Self::walk(path, text, home);
        (config, errors, secrets)
    }

    fn walk(
        path: &Path,
        text: &str,
        home: Option<&Path>,
    ) -> (Self, Vec<ConfigError>, bool, BTreeSet<String>) {
        let reading = Reading::new(path, text);
        let mut config = Self { source: Some(path.to_owned()), ..Self::default() };
        let (table, syntax) = DeTable::parse_recoverable(text);
        for error in &syntax {
            let what = error.message().replace('\n', ", ");
            reading.fail(read::start(error.span()), format!("this is not TOML: {}", read::safe(&what)));
        }
        // What is half understood would only give mistakes that are not there.
        if syntax.is_empty() {
            config.fill(&Section::root(&reading, table.get_ref()), home);
        }
        let secrets = reading.has_secrets();
        let (errors, asked) = reading.finish();
        (config, errors, secrets, asked)
    }

    fn fill(&mut self, root: &Section<'_>, home: Option<&Path>) {
        let limits = root.section("limits");
        let limits = limits::Global::read(&limits);
        self.limits = limits.limits.clone();
        let rules = root.section("rules");
        rules::read(&rules, &mut self.rules);
        rules.finish();
        let venues = root.section("venues");
        let global = venue::Global { limits: &limits, rules: &self.rules };
        self.venues = venue::read_all(&venues, global, home);
        if self.venues.is_empty() {
            self.venues = embedded(&self.limits, &self.rules);
        }
        self.algorithms = algorithms::read(&root.section("algorithms"), &self.venues, home);
        trading::read_orders(root.section("orders"), &self.venues, &mut self.orders);
        totals::read(&root.section("totals"), &mut self.totals);
        trading::read_session(root.section("session"), &mut self.session);
        exit::read(&root.section("exit"), &mut self.exit);
        journal::read(&root.section("journal"), &mut self.journal);
        let told = self::notify::Known { venues: &self.venues, algorithms: &self.algorithms };
        self::notify::read(&root.section("notify"), &told, home, &mut self.notify);
        recordings::read(&root.section("recordings"), &mut self.recordings);
        ui::read(root.section("ui"), &mut self.ui, &mut self.screens);
        screen::read(root, &mut self.screens);
        ui::read_watchlist(root.section("watchlist"), &self.venues, &mut self.watchlist);
        ui::read_paths(root.section("paths"), &mut self.paths, home);
        keys::read_keys(&root.section("keys"), &mut self.keys);
        keys::read_hotkeys(&root.section("hotkeys"), &mut self.hotkeys);
        keys::read_templates(&root.section("templates"), &mut self.templates);
        root.finish();
    }
}

#[cfg(test)]
mod tests;
