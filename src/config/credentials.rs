//! Where credentials come from: a command, the keyring, a file, the configuration, the environment, in this
//! order. Never from arguments. No error here holds a value.

use super::{
    env::Env,
    error::ConfigError,
    kind::VenueKind,
    private,
    read::{Section, path},
    secret::Secret,
    venue::VenueConfig,
};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    fmt,
    io::Read as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// How long a command may take.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest credential, in bytes.
const SECRET_BYTES_MAX: usize = 4096;

/// The two halves of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The public half.
    KeyId,
    /// The secret half.
    SecretKey,
}

impl Part {
    /// As the configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyId => "key_id",
            Self::SecretKey => "secret_key",
        }
    }
}

/// Where one half may be found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartSources {
    /// A command and its arguments; empty is none.
    pub command: Vec<String>,
    /// A file.
    pub file: Option<PathBuf>,
    /// In the configuration itself.
    pub inline: Option<Secret>,
}

/// Where the credentials of a venue may be found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialSources {
    /// The public half.
    pub key_id: PartSources,
    /// The secret half.
    pub secret_key: PartSources,
    /// The keyring's service; the user names are `NAME/key_id` and `NAME/secret_key`.
    pub keyring: Option<String>,
}

impl CredentialSources {
    pub(super) fn read(s: &Section<'_>, home: Option<&Path>) -> Self {
        let mut to = Self::default();
        to.key_id.inline = s.secret("key_id");
        to.secret_key.inline = s.secret("secret_key");
        s.text("key_id_file", &mut to.key_id.file, |t| path(t, home).map(Some));
        s.text("secret_key_file", &mut to.secret_key.file, |t| path(t, home).map(Some));
        command(s, "key_id_command", &mut to.key_id.command);
        command(s, "secret_key_command", &mut to.secret_key.command);
        s.text("keyring", &mut to.keyring, |t| match t {
            "" => Err("write the service's name in the keyring".to_owned()),
            service => Ok(Some(service.to_owned())),
        });
        to
    }
    const fn part(&self, part: Part) -> &PartSources {
        match part {
            Part::KeyId => &self.key_id,
            Part::SecretKey => &self.secret_key,
        }
    }
}

fn command(s: &Section<'_>, key: &'static str, to: &mut Vec<String>) {
    s.list(key, to, |t| Ok(t.to_owned()));
    if let Some(value) = s.value(key)
        && to.first().is_none_or(String::is_empty)
    {
        s.wrong(key, value, "write the program and its arguments, such as [\"pass\", \"show\", \"alpaca\"]");
    }
}

/// What held a credential; never the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This program.
    Command(String),
    /// This service of the keyring.
    Keyring(String),
    /// This file.
    File(PathBuf),
    /// The configuration file.
    Inline,
    /// This variable.
    Variable(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(program) => write!(f, "command {program}"),
            Self::Keyring(service) => write!(f, "keyring service {service}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Inline => f.write_str("configuration file"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// A venue's key, and what held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The public half.
    pub key_id: Secret,
    /// The secret half.
    pub secret_key: Secret,
    /// What held the secret half.
    pub source: Source,
}

/// Why there are no credentials. Never holds one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Nowhere.
    #[error(
        "venue `{venue}` has no {part}: {tried}set {part} or {part}_command in [venues.{venue}], or the variable {variable}"
    )]
    Missing {
        /// Whose.
        venue: String,
        /// Which half.
        part: &'static str,
        /// What was looked at in vain.
        tried: String,
        /// A variable that would do.
        variable: String,
    },
    /// A command failed.
    #[error("venue `{venue}`: {part}_command `{program}` {problem}; run it by hand to see why")]
    Command {
        /// Whose.
        venue: String,
        /// Which half.
        part: &'static str,
        /// The program without its arguments.
        program: String,
        /// What happened.
        problem: String,
    },
    /// A file can't be used.
    #[error("venue `{venue}`: {error}")]
    File {
        /// Whose.
        venue: String,
        /// What is wrong with it.
        error: ConfigError,
    },
    /// What was found can't be a credential.
    #[error(
        "venue `{venue}`: the {part} from {source_name} is empty, too long or has spaces in it; store the bare key there"
    )]
    Unsound {
        /// Whose.
        venue: String,
        /// Which half.
        part: &'static str,
        /// What held it.
        source_name: String,
    },
}

/// Can this be a credential? It will stand in a header, so nothing in it may end a line.
pub(super) fn is_sound(text: &str) -> bool {
    !text.is_empty() && text.len() <= SECRET_BYTES_MAX && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Can this be a private key? It signs and stands in no header, so that it may have lines.
pub(super) fn is_private_key(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_graphic() || matches!(b, b' ' | b'\n' | b'\r');
    text.starts_with("-----BEGIN ") && text.len() <= SECRET_BYTES_MAX && text.bytes().all(inner)
}

/// Finds a venue's credentials. Runs commands and reads files: may take as long as [`COMMAND_TIMEOUT`] twice.
///
/// # Errors
/// What was looked at and why it did not do.
pub fn resolve(venue: &VenueConfig, env: &Env) -> Result<Credentials, CredentialError> {
    let (key_id, _) = find(venue, env, Part::KeyId)?;
    let (secret_key, source) = find(venue, env, Part::SecretKey)?;
    Ok(Credentials { key_id, secret_key, source })
}

fn find(venue: &VenueConfig, env: &Env, part: Part) -> Result<(Secret, Source), CredentialError> {
    let sources = venue.credentials.part(part);
    let mut tried = String::new();
    let found = if let Some((program, arguments)) = sources.command.split_first() {
        let secret =
            run(program, arguments, COMMAND_TIMEOUT).map_err(|problem| CredentialError::Command {
                venue: venue.name.to_string(),
                part: part.name(),
                program: program.clone(),
                problem,
            })?;
        Some((secret, Source::Command(program.clone())))
    } else {
        from_keyring(venue, part, &mut tried)
    };
    let found = match (found, &sources.file) {
        (Some(found), _) => Some(found),
        (None, Some(path)) => Some((from_file(venue, path)?, Source::File(path.clone()))),
        (None, None) => {
            sources.inline.clone().map(|s| (s, Source::Inline)).or_else(|| from_env(venue, env, part))
        }
    };
    let Some((secret, source)) = found else {
        let variable = variables(venue, part).into_iter().next().unwrap_or_default();
        return Err(CredentialError::Missing {
            venue: venue.name.to_string(),
            part: part.name(),
            tried,
            variable,
        });
    };
    let is_key = part == Part::SecretKey && is_private_key(secret.expose());
    if !is_sound(secret.expose()) && !is_key {
        let source_name = source.to_string();
        return Err(CredentialError::Unsound {
            venue: venue.name.to_string(),
            part: part.name(),
            source_name,
        });
    }
    Ok((secret, source))
}

/// The variables that may hold a half, the most particular first.
fn variables(venue: &VenueConfig, part: Part) -> Vec<String> {
    let name = venue.name.as_str().to_ascii_uppercase().replace('-', "_");
    let mut names = vec![format!("TRADEDECK_{name}_{}", part.name().to_ascii_uppercase())];
    if venue.kind == VenueKind::Alpaca {
        names.extend(match part {
            Part::KeyId => ["APCA_API_KEY_ID", "ALPACA_API_KEY"].map(str::to_owned),
            Part::SecretKey => ["APCA_API_SECRET_KEY", "ALPACA_SECRET_KEY"].map(str::to_owned),
        });
    }
    let binance = [
        (VenueKind::Binance, "BINANCE"),
        (VenueKind::BinanceUs, "BINANCEUS"),
        (VenueKind::BinanceUsdm, "BINANCE_FUTURES"),
        (VenueKind::BinanceCoinm, "BINANCE_FUTURES"),
    ];
    if let Some((_, prefix)) = binance.into_iter().find(|(kind, _)| *kind == venue.kind) {
        // As others have them: the secret is a shared one, or a private key in PEM.
        names.push(match part {
            Part::KeyId => format!("{prefix}_API_KEY"),
            Part::SecretKey => format!("{prefix}_API_SECRET"),
        });
    }
    names
}

/// Both halves come from the same pair of variables, so that two accounts' keys are never mixed.
fn from_env(venue: &VenueConfig, env: &Env, part: Part) -> Option<(Secret, Source)> {
    let pairs = variables(venue, Part::KeyId).into_iter().zip(variables(venue, Part::SecretKey));
    let own = |(id, secret): (String, String)| match part {
        Part::KeyId => (id, secret),
        Part::SecretKey => (secret, id),
    };
    let other = match part {
        Part::KeyId => &venue.credentials.secret_key,
        Part::SecretKey => &venue.credentials.key_id,
    };
    let stands_alone = *other != PartSources::default() || venue.credentials.keyring.is_some();
    let (name, _) = pairs
        .map(own)
        .find(|(mine, theirs)| env.get(mine).is_some() && (stands_alone || env.get(theirs).is_some()))?;
    env.secret(&name).map(|secret| (secret, Source::Variable(name)))
}

fn from_file(venue: &VenueConfig, path: &Path) -> Result<Secret, CredentialError> {
    let failed = |error| CredentialError::File { venue: venue.name.to_string(), error };
    let (text, meta) = private::read_text(path).map_err(failed)?;
    let secret = Secret::new(text);
    private::check_file(path, &meta).map_err(failed)?;
    Ok(secret)
}

/// A machine without a keyring is normal: that is noted in `tried`, and the search goes on.
fn from_keyring(venue: &VenueConfig, part: Part, tried: &mut String) -> Option<(Secret, Source)> {
    let service = venue.credentials.keyring.as_ref()?;
    match entry(service, &format!("{}/{}", venue.name, part.name())) {
        Ok(secret) => Some((secret, Source::Keyring(service.clone()))),
        Err(why) => {
            *tried = format!("the keyring {why}; ");
            None
        }
    }
}

/// What the keyring holds for a user of a service, or what it says instead.
pub(super) fn entry(service: &str, user: &str) -> Result<Secret, String> {
    let (named, who) = (service.to_owned(), user.to_owned());
    let asked = within(COMMAND_TIMEOUT, move || {
        keyring::Entry::new(&named, &who).and_then(|entry| entry.get_password()).map(Secret::new)
    });
    match asked {
        Some(Ok(secret)) => Ok(secret),
        Some(Err(keyring::Error::NoEntry)) => Err(format!("has no entry `{user}` of service `{service}`")),
        Some(Err(keyring::Error::NoDefaultStore)) => Err("is not there on this machine".to_owned()),
        Some(Err(_)) => Err("can't be opened".to_owned()),
        None => Err("does not answer".to_owned()),
    }
}

/// What `work` gives, if it does so in time. It goes on in a thread of its own if not.
fn within<T: Send + 'static>(timeout: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = mpsc::sync_channel(1);
    std::thread::spawn(move || drop(done.send(work())));
    result.recv_timeout(timeout).ok()
}

/// Runs a program without a shell and takes what it prints. It is killed, with what it started, when it takes
/// too long. What it says on standard error is not read: it might be the secret.
pub(super) fn run(program: &str, arguments: &[String], timeout: Duration) -> Result<Secret, String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    let child = command.spawn().map_err(|e| format!("can't be started ({})", private::because(&e)))?;
    let group = i32::try_from(child.id()).map(Pid::from_raw).map_err(|_| "has no process id".to_owned())?;
    match within(timeout, move || output(child)) {
        Some(output) => output,
        None => {
            let stopped = match killpg(group, Signal::SIGKILL) {
                Ok(()) => "was stopped",
                Err(_) => "can't be stopped",
            };
            Err(format!("did not end within {} s and {stopped}", timeout.as_secs()))
        }
    }
}

fn output(mut child: Child) -> Result<Secret, String> {
    let mut text = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let most = u64::try_from(SECRET_BYTES_MAX).map_or(u64::MAX, |n| n.saturating_mul(2));
        stdout
            .take(most)
            .read_to_end(&mut text)
            .map_err(|_| "printed nothing that can be read".to_owned())?;
    }
    let status = child.wait().map_err(|_| "can't be waited for".to_owned())?;
    if !status.success() {
        return Err(format!("failed ({status})"));
    }
    String::from_utf8(text).map(Secret::new).map_err(|_| "printed something that is not text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::VenueId, limits::Limits, rules::Rules};
    use std::{os::unix::fs::PermissionsExt as _, time::Instant};

    fn venue() -> VenueConfig {
        let mut v =
            VenueConfig::embedded(VenueId::new("alpaca-paper").unwrap(), Limits::default(), Rules::default());
        v.kind = VenueKind::Alpaca;
        v
    }
    fn env(vars: &[(&str, &str)]) -> Env {
        Env::new(vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }
    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn the_order_of_the_sources_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "from-file\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let env = env(&[
            ("APCA_API_KEY_ID", "apca-id"),
            ("APCA_API_SECRET_KEY", "apca-secret"),
            ("ALPACA_API_KEY", "other"),
            ("TRADEDECK_ALPACA_PAPER_KEY_ID", "own-id"),
        ]);
        let mut v = venue();
        let got = resolve(&v, &env).unwrap();
        assert_eq!((got.key_id.expose(), got.secret_key.expose()), ("apca-id", "apca-secret"));
        assert_eq!(got.source, Source::Variable("APCA_API_SECRET_KEY".to_owned()));
        v.credentials.secret_key.inline = Some(Secret::new("inline".to_owned()));
        let got = resolve(&v, &env).unwrap();
        assert_eq!((got.key_id.expose(), got.secret_key.expose()), ("own-id", "inline"));
        v.credentials.secret_key.file = Some(file.clone());
        assert_eq!(resolve(&v, &env).unwrap().secret_key.expose(), "from-file");
        v.credentials.secret_key.command = words(&["printf", "from-%s", "command"]);
        let got = resolve(&v, &env).unwrap();
        assert_eq!(got.secret_key.expose(), "from-command");
        assert_eq!(got.source.to_string(), "command printf");
    }

    #[test]
    fn what_is_missing_or_broken_gets_a_sentence_without_the_value() {
        let said =
            |v: &VenueConfig| resolve(v, &env(&[("ALPACA_API_KEY", "canary")])).unwrap_err().to_string();
        let mut v = venue();
        let missing = "set key_id or key_id_command in [venues.alpaca-paper], or the variable TRADEDECK_ALPACA_PAPER_KEY_ID";
        assert_eq!(said(&v), format!("venue `alpaca-paper` has no key_id: {missing}"));
        v.credentials.keyring = Some("tradedeck-test-absent".to_owned());
        v.credentials.secret_key.inline = Some(Secret::new("canary two".to_owned()));
        assert_eq!(
            said(&v),
            "venue `alpaca-paper`: the secret_key from configuration file is empty, too long or has spaces in it; store the bare key there"
        );
        v.credentials.secret_key.inline = None;
        let keyring = said(&v);
        assert!(keyring.contains("has no secret_key: the keyring "), "{keyring}");
        v.credentials.key_id.command = words(&["sh", "-c", "echo canary; exit 3"]);
        assert_eq!(
            said(&v),
            "venue `alpaca-paper`: key_id_command `sh` failed (exit status: 3); run it by hand to see why"
        );
        v.credentials.key_id.command = words(&["/no/such/program", "canary"]);
        assert_eq!(
            said(&v),
            "venue `alpaca-paper`: key_id_command `/no/such/program` can't be started (no such file or directory); run it by hand to see why"
        );
        v.credentials.key_id.command = words(&["echo", "two words"]);
        assert!(said(&v).contains("has spaces in it"));
        assert!(!format!("{:?} {:?}", v, env(&[("APCA_API_KEY_ID", "canary")])).contains("canary\""));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, "canary").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut v = venue();
        let mut said = |path: &Path| {
            v.credentials.key_id.file = Some(path.to_owned());
            resolve(&v, &Env::default()).unwrap_err().to_string()
        };
        let shown = file.display();
        assert_eq!(
            said(&file),
            format!(
                "venue `alpaca-paper`: {shown}: it holds credentials and others can read it; run: chmod 600 {shown}"
            )
        );
        assert!(said(&link).ends_with("it holds credentials and is a symbolic link; name the file itself"));
        assert!(said(dir.path()).ends_with("it is not a file; name a file"));
        assert!(
            said(&dir.path().join("none"))
                .ends_with("it can't be read (no such file or directory); name a file that can")
        );
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "measures that a real process is stopped in time")]
    fn a_command_that_hangs_is_stopped_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", mark.display());
        let start = Instant::now();
        let problem = run("sh", &words(&["-c", &script]), Duration::from_millis(300)).unwrap_err();
        assert_eq!(problem, "did not end within 0 s and was stopped");
        assert!(start.elapsed() < Duration::from_secs(30));
        let pid: i32 = std::fs::read_to_string(&mark).unwrap().trim().parse().unwrap();
        let gone = || match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => stat.contains(") Z"),
            Err(_) => true,
        };
        while !gone() {
            assert!(start.elapsed() < Duration::from_secs(30), "the grandchild lives on");
            std::thread::yield_now();
        }
    }
}
