//! What a LEAN deployment that runs on this computer is watched and asked by.

use crate::domain::text::Text;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Where it writes, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A deployment's folder, a project's folder, or its `live` folder: of the latter two the newest deployment, looked
    /// for again as new ones appear.
    pub results: PathBuf,
    /// The way its commands take.
    pub commands: Commands,
    /// Where its `StreamingMessageHandler` is bound (`desktop-http-port`), on this computer.
    pub stream: Option<SocketAddr>,
}

/// The way that commands take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commands {
    /// Into the engine's working directory, where it runs without a container.
    Folder(PathBuf),
    /// Into the container whose name is in the deployment's `config`, with this program.
    Container {
        /// `docker`, or its path.
        docker: PathBuf,
    },
    /// It is only watched.
    ReadOnly,
}

/// Why a LEAN source can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stream has no password and its first packet holds the broker's.
    #[error(
        "the stream {0} is not on this computer: it is unprotected and carries credentials, so only a loopback address is taken"
    )]
    NotLoopback(SocketAddr),
    /// It would be looked for in whatever folder this program was started in.
    #[error("`{0}` is not a whole path")]
    Relative(Text),
}

impl Settings {
    /// Can it be used?
    ///
    /// # Errors
    /// A stream of another computer; a folder that is not a whole path.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(addr) = self.stream
            && !addr.ip().is_loopback()
        {
            return Err(Error::NotLoopback(addr));
        }
        let folder = match &self.commands {
            Commands::Folder(folder) => Some(folder),
            Commands::Container { .. } | Commands::ReadOnly => None,
        };
        match [Some(&self.results), folder].into_iter().flatten().find(|path| !path.is_absolute()) {
            Some(path) => Err(Error::Relative(Text::clean(&path.to_string_lossy()))),
            None => Ok(()),
        }
    }
}

/// How long everything may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// After a sign that something was written: what is written together is read together.
    pub settle: Duration,
    /// After a file that was met half-written.
    pub retry: Duration,
    /// Without any sign: the kernel tells nothing of network and bind mounts.
    pub poll: Duration,
    /// From the instruction to its end.
    pub answer: Duration,
    /// Of that, the end, in which an instruction that was taken back may still turn out to have been read.
    pub grace: Duration,
    /// Between two looks for an answer in a folder.
    pub ask: Duration,
    /// Between two looks for an answer in a container: each starts a program.
    pub ask_container: Duration,
    /// A deployment of which nothing was written for so long is dead: LEAN writes its status every ten minutes at the
    /// slowest (LEAN.md 1.2).
    pub dead_ms: i64,
    /// What streams in a burst after connecting was waiting in LEAN's queue, and is older than it looks.
    pub burst_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(250),
            retry: Duration::from_millis(200),
            poll: Duration::from_secs(3),
            answer: Duration::from_secs(29),
            grace: Duration::from_millis(1_500),
            ask: Duration::from_millis(100),
            ask_container: Duration::from_millis(500),
            dead_ms: 15 * 60_000,
            burst_ms: 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_another_computer_is_refused() {
        let mut settings = Settings {
            results: "/lean/live".into(),
            commands: Commands::ReadOnly,
            stream: Some("127.0.0.1:5678".parse().unwrap()),
        };
        assert_eq!(settings.check(), Ok(()));
        settings.stream = Some("192.168.1.5:5678".parse().unwrap());
        assert!(settings.check().unwrap_err().to_string().contains("loopback"));
        settings.stream = Some("[::1]:5678".parse().unwrap());
        assert_eq!(settings.check(), Ok(()));
        settings.commands = Commands::Folder("Launcher/bin".into());
        assert!(matches!(settings.check(), Err(Error::Relative(_))));
    }
}
