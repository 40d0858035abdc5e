//! The environment: read once, here, and passed on as a value.

use super::secret::Secret;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The variables that Tradedeck looks at. Their values may be credentials and are never printed.
#[derive(Clone, Default)]
pub struct Env {
    vars: BTreeMap<String, Secret>,
    home: Option<PathBuf>,
    config_home: Option<PathBuf>,
    state_home: Option<PathBuf>,
}

/// Which variables are kept: those of credentials by what they begin with.
const PREFIXES: [&str; 3] = ["TRADEDECK_", "APCA_", "ALPACA_"];

/// The others, and those of this program that are no credentials, with what each is for.
pub const VARIABLES: [(&str, &str); 15] = [
    ("TRADEDECK_CONFIG", "The configuration file, where --config names none."),
    ("TRADEDECK_STATE", "Where journal, lock and paper account are kept, where --state says nothing."),
    ("TRADEDECK_VENUE", "The venue of this run, where --venue says nothing."),
    ("TRADEDECK_THEME", "The theme, where --theme says nothing."),
    ("TRADEDECK_ASCII", "Draw with plain characters: yes, no or auto, where --ascii says nothing."),
    (
        "TRADEDECK_LOG",
        "What is written to the log, such as info or tradedeck=debug; warn where it is not set.",
    ),
    ("NO_COLOR", "Set to anything: no colours."),
    ("COLORTERM", "truecolor or 24bit: the terminal has all colours."),
    ("TERM", "What the terminal can do; dumb can't show the dashboard."),
    ("LC_ALL", "Whether the terminal shows more than plain characters."),
    ("LC_CTYPE", "The same, where LC_ALL is not set."),
    ("LANG", "The same, where neither is set."),
    ("HOME", "Whose files these are."),
    ("XDG_CONFIG_HOME", "Where configuration is kept; ~/.config where it is not set."),
    ("XDG_STATE_HOME", "Where state is kept; ~/.local/state where it is not set."),
];

impl Env {
    /// Of the process. The only place that reads it.
    pub fn from_process() -> Self {
        let vars =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let mut env = Self::new(vars);
        if let Some(dirs) = directories::BaseDirs::new() {
            env.home.get_or_insert(dirs.home_dir().to_owned());
            env.config_home.get_or_insert(dirs.config_dir().to_owned());
            env.state_home.get_or_insert(dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned());
        }
        env
    }
    /// Of these variables.
    pub fn new(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let wanted = |name: &str| {
            PREFIXES.iter().any(|p| name.starts_with(p)) || VARIABLES.iter().any(|(known, _)| *known == name)
        };
        let vars: BTreeMap<_, _> =
            vars.into_iter().filter(|(k, _)| wanted(k)).map(|(k, v)| (k, Secret::new(v))).collect();
        let mut env = Self { vars, ..Self::default() };
        env.home = env.dir("HOME");
        env.config_home = env.dir("XDG_CONFIG_HOME").or_else(|| Some(env.home.as_ref()?.join(".config")));
        env.state_home =
            env.dir("XDG_STATE_HOME").or_else(|| Some(env.home.as_ref()?.join(".local").join("state")));
        env
    }
    /// A variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(Secret::expose).filter(|v| !v.is_empty())
    }
    /// A variable as a credential.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.vars.get(name).filter(|v| !v.is_empty()).cloned()
    }
    /// Relative paths in these variables are to be ignored, says the XDG specification.
    fn dir(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|p| p.is_absolute())
    }
    /// The user's home.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
    /// Where configuration is kept.
    pub fn config_home(&self) -> Option<&Path> {
        self.config_home.as_deref()
    }
    /// Where state is kept.
    pub fn state_home(&self) -> Option<&Path> {
        self.state_home.as_deref()
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.vars.keys()).finish()
    }
}
