//! Default < file < environment < flag.

use super::{
    Config,
    env::Env,
    error::{ConfigError, Place},
    private::{self, read_text},
    read::word,
    trading,
    ui::{self, Ascii},
};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the command line says of the configuration. Never a credential.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--state DIR`.
    pub state: Option<PathBuf>,
    /// `--venue NAME`: the default venue of this run.
    pub venue: Option<String>,
    /// `--theme NAME`.
    pub theme: Option<String>,
    /// `--ascii`.
    pub ascii: bool,
}

const FILE_NAME: &str = "config.toml";
const PROGRAM: &str = "tradedeck";

/// The file to read, and whether someone named it: then it has to be there.
pub fn config_file(flags: &Flags, env: &Env) -> Option<(PathBuf, bool)> {
    if let Some(path) = &flags.config {
        return Some((path.clone(), true));
    }
    match env.get("TRADEDECK_CONFIG") {
        Some(path) => Some((PathBuf::from(path), true)),
        None => env.config_home().map(|home| (home.join(PROGRAM).join(FILE_NAME), false)),
    }
}

/// The configuration of this run.
///
/// # Errors
/// Every mistake in the file, the environment and the flags.
pub fn load(flags: &Flags, env: &Env) -> Result<Config, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let mut config = match config_file(flags, env) {
        Some((path, named)) if named || path.symlink_metadata().is_ok() => match from_file(&path, env) {
            Ok(config) => config,
            Err(mistakes) => {
                errors.extend(mistakes);
                Config::default()
            }
        },
        Some(_) | None => Config::default(),
    };
    if errors.is_empty() {
        overrides(&mut config, flags, env, &mut errors);
    }
    if errors.is_empty() { Ok(config) } else { Err(errors) }
}

/// The mistakes of one file; none if it is good.
///
/// # Errors
/// Every mistake in it.
pub fn validate(path: &Path, env: &Env) -> Result<Config, Vec<ConfigError>> {
    from_file(path, env)
}

/// Reads one file; if it holds credentials it has to be its owner's alone.
fn from_file(path: &Path, env: &Env) -> Result<Config, Vec<ConfigError>> {
    let (text, meta) = read_text(path).map_err(|e| vec![e])?;
    let text = Zeroizing::new(text);
    let (config, mut errors, secrets) = Config::read(path, &text, env.home());
    if secrets {
        errors.extend(private::check_file(path, &meta).err());
    }
    if errors.is_empty() { Ok(config) } else { Err(errors) }
}

/// The upper layers: a flag beats a variable.
fn overrides(config: &mut Config, flags: &Flags, env: &Env, errors: &mut Vec<ConfigError>) {
    let layer = |flag: &Option<String>, name: &'static str, variable: &'static str| match flag {
        Some(value) => Some((value.clone(), Place::Flag(name))),
        None => env.get(variable).map(|v| (v.to_owned(), Place::Variable(variable))),
    };
    let mut wrong = |place: Place, value: &str, expected: String| {
        errors.push(ConfigError::new(place, format!("`{}`: {expected}", super::read::safe(value))));
    };
    if let Some((value, place)) = layer(&flags.venue, "--venue", "TRADEDECK_VENUE") {
        match trading::venue(&value, &config.venues) {
            Ok(venue) => config.orders.default_venue = Some(venue),
            Err(expected) => wrong(place, &value, expected),
        }
    }
    if let Some((value, place)) = layer(&flags.theme, "--theme", "TRADEDECK_THEME") {
        match ui::theme(&value) {
            Ok(theme) => config.ui.theme = theme,
            Err(expected) => wrong(place, &value, expected),
        }
    }
    if let Some((value, place)) = layer(&None, "", "TRADEDECK_ASCII") {
        match word(&value, &ui::ASCII) {
            Ok(ascii) => config.ui.ascii = ascii,
            Err(expected) => wrong(place, &value, expected),
        }
    }
    if flags.ascii {
        config.ui.ascii = Ascii::Always;
    }
    if env.get("NO_COLOR").is_some() {
        config.ui.color = false;
    }
    let state = match &flags.state {
        Some(path) => Some((path.clone(), Place::Flag("--state"))),
        None => env.get("TRADEDECK_STATE").map(|p| (PathBuf::from(p), Place::Variable("TRADEDECK_STATE"))),
    };
    match state {
        Some((path, _)) if path.is_absolute() => config.paths.state = Some(path),
        Some((path, place)) => {
            wrong(place, &path.to_string_lossy(), "write a whole path that begins with /".to_owned());
        }
        None => {}
    }
}

/// Where this run keeps its state.
///
/// # Errors
/// Nothing says where.
pub fn state_dir(config: &Config, env: &Env) -> Result<PathBuf, ConfigError> {
    let usual = || env.state_home().map(|home| home.join(PROGRAM));
    config.paths.state.clone().or_else(usual).ok_or_else(|| {
        ConfigError::new(Place::Variable("HOME"), "it is not set; set it, or TRADEDECK_STATE to a directory")
    })
}
