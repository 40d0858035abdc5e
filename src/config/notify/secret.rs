//! What a channel keeps secret: a password, a token, a signing key, an address that lets anybody write. It stands in a
//! command, the keyring, a private file or the environment, in this order, and never in the configuration itself. No error
//! here holds its value.

use crate::config::{
    credentials::{COMMAND_TIMEOUT, entry, is_sound, run},
    env::Env,
    private,
    read::{Section, path},
    secret::Secret,
};
use std::path::{Path, PathBuf};

/// Where it may be found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretSources {
    /// A command and its arguments; empty is none.
    pub command: Vec<String>,
    /// The keyring's service; the user is `notify/NAME`.
    pub keyring: Option<String>,
    /// A file that only its owner can read.
    pub file: Option<PathBuf>,
}

/// Why it can't be had: one sentence, without its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

impl SecretSources {
    pub(super) fn read(s: &Section<'_>, home: Option<&Path>) -> Self {
        let mut to = Self::default();
        s.list("secret_command", &mut to.command, |t| Ok(t.to_owned()));
        s.text("secret_file", &mut to.file, |t| path(t, home).map(Some));
        s.text("keyring", &mut to.keyring, |t| match t {
            "" => Err("write the service's name in the keyring".to_owned()),
            service => Ok(Some(service.to_owned())),
        });
        if let Some(value) = s.has("secret").then(|| s.value("secret")).flatten() {
            let problem = format!(
                "`{}.secret` stands in the configuration: write secret_command, secret_file or keyring, which say where it is",
                s.name()
            );
            s.reading().fail(value.span().start, problem);
        }
        to
    }

    /// The variable that may hold it.
    pub fn variable(channel: &str) -> String {
        format!("TRADEDECK_NOTIFY_{}", channel.to_ascii_uppercase().replace(['-', '.'], "_"))
    }

    /// Finds it for the channel of this name; `None` where nobody says where it is. Runs a command, asks the keyring or reads
    /// a file, each for at most ten seconds.
    ///
    /// # Errors
    /// What holds it can't be used.
    pub fn find(&self, channel: &str, env: &Env) -> Result<Option<Secret>, SecretError> {
        let wrong = |why: String| SecretError(format!("channel `{channel}`: {why}"));
        let name = Self::variable(channel);
        let (secret, from) = if let Some((program, arguments)) = self.command.split_first() {
            let ran = run(program, arguments, COMMAND_TIMEOUT);
            let why = |e| wrong(format!("secret_command `{program}` {e}; run it by hand to see why"));
            (ran.map_err(why)?, format!("command {program}"))
        } else if let Some(service) = &self.keyring {
            let held = entry(service, &format!("notify/{channel}"));
            (held.map_err(|why| wrong(format!("the keyring {why}")))?, format!("keyring service {service}"))
        } else if let Some(path) = &self.file {
            let (text, meta) = private::read_text(path).map_err(|e| wrong(e.to_string()))?;
            private::check_file(path, &meta).map_err(|e| wrong(e.to_string()))?;
            (Secret::new(text), format!("file {}", path.display()))
        } else if let Some(secret) = env.secret(&name) {
            (secret, format!("environment variable {name}"))
        } else {
            return Ok(None);
        };
        if !is_sound(secret.expose()) {
            return Err(wrong(format!("the secret from {from} is empty, too long or has spaces in it")));
        }
        Ok(Some(secret))
    }
}
