//! Why a paper venue cannot be served.

use crate::paper::faults::ScriptError;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Why a paper venue cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can be reached from elsewhere.
    #[error("the paper venue listens on loopback only, and {0} is not; use 127.0.0.1:PORT or [::1]:PORT")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("the paper venue cannot listen on {address}: {source}; port 0 takes any that is free")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Somebody else serves this account.
    #[error("another process serves the paper account in {}; stop it, or choose another data directory", .0.display())]
    Taken(PathBuf),
    /// A file or directory cannot be used.
    #[error("cannot {doing} {}: {source}", .path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// Of which file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Others can read a secret.
    #[error("{} can be read by others; mend it with: chmod 600 {}", .path.display(), .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error(
        "{} is not a paper account that this program can read ({reason}); nothing was changed: move it away, or \
         choose another data directory",
        .path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The state could not be written; the venue stops rather than forget what it said.
    #[error("cannot save the paper account to {}: {reason}", .path.display())]
    Save {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The exchange refused its options or its saved state.
    #[error("the paper venue cannot open: {0}")]
    Exchange(String),
    /// The script of faults is none.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// No randomness for the keys.
    #[error("the operating system gave no random numbers for the paper account's keys: {0}")]
    Random(String),
    /// A task of the server ended by a defect.
    #[error("the paper venue stopped by a defect of its own: {0}")]
    Defect(String),
}

impl Error {
    pub(super) fn file(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File { doing, path: path.to_owned(), source }
    }
    pub(super) fn foreign(path: &Path, reason: impl ToString) -> Self {
        Self::Foreign { path: path.to_owned(), reason: reason.to_string() }
    }
}
