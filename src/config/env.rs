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

/// Which variables are kept.
const PREFIXES: [&str; 3] = ["TRADEDECK_", "APCA_", "ALPACA_"];
const NAMES: [&str; 4] = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "NO_COLOR"];

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
        let wanted = |name: &str| PREFIXES.iter().any(|p| name.starts_with(p)) || NAMES.contains(&name);
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
