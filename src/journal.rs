//! The journal: an SQLite file of facts, each on the disk before what follows from it leaves the process.
//!
//! A record is never changed and never taken out. Its sum covers it and the one before it, so that a changed,
//! lost or moved record is found and named. A file that is damaged, another application's, another profile's,
//! or a newer version's is refused by name and left as it is.

mod append;
mod csv;
mod error;
mod export;
mod place;
mod record;
mod replay;
#[cfg(test)]
mod samples;
mod schema;
mod session;
mod snapshot;
mod verify;
mod wal;
mod writer;

pub use error::JournalError;
pub use export::{Exported, Filter, Format};
pub use record::{Record, Seq};
pub use replay::{Replay, Run};
pub use schema::FORMAT;
pub use session::{EngineLock, Session, Sessions};
pub use snapshot::{Loaded, Snapshot};
pub use verify::Report;
pub use wal::{Torn, set_torn_tail_aside};
pub use writer::{Commit, Committed, Completions, Done, Work, Writer};

use crate::domain::ids::{AccountId, Instance, VenueId};
use rusqlite::Connection;
use smol_str::SmolStr;
use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The profile in the configuration.
    pub profile: SmolStr,
    /// The accounts that are known already; the others are told by [`Journal::bind`] when the venue has
    /// answered.
    pub accounts: Vec<(VenueId, AccountId)>,
    /// This program's version.
    pub version: SmolStr,
}

/// What the journal is opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// To write, as this run of the program. Makes the file if it is missing.
    Write(Instance),
    /// To read what is there.
    ReadOnly,
}

/// An open journal. Several processes can hold the same file; their records stand one after the other.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    conn: Connection,
    /// Who writes; `None` where it is open for reading only.
    run: Option<Instance>,
    press: record::Press,
    /// Why nothing more may be written.
    refusal: OnceCell<JournalError>,
}

impl Journal {
    /// Opens the journal of `header`'s profile at `path`.
    ///
    /// # Errors
    /// When the file is missing (reading), is not this profile's journal of this format, is not the user's
    /// own, or can't be opened. It is then as it was.
    pub fn open(path: &Path, header: &Header, mode: Mode) -> Result<Self, JournalError> {
        let journal = match mode {
            Mode::Write(run) => Self::to_write(path, header, run)?,
            Mode::ReadOnly => Self::inspect(path)?,
        };
        let theirs = journal.profile()?;
        if theirs != header.profile.as_str() {
            let ours = header.profile.to_string();
            return Err(JournalError::OtherProfile { path: journal.path, theirs, ours });
        }
        // First compare all of them, then write: a refused file must not have learned another account.
        for keep in [false, journal.run.is_some()] {
            for (venue, account) in &header.accounts {
                schema::bind(&journal.conn, &journal.path, (venue, account), keep)?;
            }
        }
        Ok(journal)
    }

    /// Opens whatever journal is at `path` for reading: another profile's, a copy, one on a read-only disk.
    ///
    /// # Errors
    /// When there is no journal of this format there.
    pub fn inspect(path: &Path) -> Result<Self, JournalError> {
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(JournalError::Missing { path: path.to_owned() });
            }
            Err(e) => return Err(JournalError::io("resolve", path, &e)),
        };
        if !path.is_file() {
            return Err(JournalError::NotAFile { path });
        }
        schema::identify(&path)?;
        let conn = match schema::connect(&path, false) {
            // A directory that can't be written to can't hold the log's index; without a log there is no need.
            Err(JournalError::Io { .. } | JournalError::ReadOnly { .. })
                if !place::beside(&path, "-wal").exists() =>
            {
                schema::open_immutable(&path)?
            }
            other => other?,
        };
        Ok(Self::of(path, conn, None))
    }

    fn to_write(path: &Path, header: &Header, run: Instance) -> Result<Self, JournalError> {
        let path = place::settle(path)?;
        if !place::own_file(&path)? {
            schema::create(&path, header)?;
        }
        schema::identify(&path)?;
        let conn = schema::connect(&path, true)?;
        Ok(Self::of(path, conn, Some(run)))
    }

    fn of(path: PathBuf, conn: Connection, run: Option<Instance>) -> Self {
        Self { path, conn, run, press: record::Press::default(), refusal: OnceCell::new() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    pub fn profile(&self) -> Result<String, JournalError> {
        schema::header_value(&self.conn, &self.path, "profile")
    }

    /// The version of the program that made it.
    pub fn made_by(&self) -> Result<String, JournalError> {
        schema::header_value(&self.conn, &self.path, "made_by")
    }

    /// Why nothing more is written to it, if so.
    pub fn refusal(&self) -> Option<&JournalError> {
        self.refusal.get()
    }

    /// Remembers an error after which nothing may be written, and hands it on.
    fn refuse_after(&self, error: JournalError) -> JournalError {
        if error.is_final() {
            self.refusal.get_or_init(|| error.clone());
        }
        error
    }
}
