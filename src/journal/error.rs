//! Why a journal can't be opened, read or written.

use rusqlite::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

/// What went wrong, where, and what would be right. Clonable, because one failed transaction fails every
/// batch in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// There is no such file.
    #[error("there is no journal at {}", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("can't {doing} {}: {cause}", .path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's words.
        cause: String,
    },
    /// A link could make this program write to a file that someone else chose.
    #[error("{} is a symbolic link; a journal must be a file of its own", .path.display())]
    Symlink {
        /// The link.
        path: PathBuf,
    },
    /// A directory, a pipe, a device.
    #[error("{} is not a regular file", .path.display())]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// Another user's.
    #[error("{} belongs to user {owner}, not to user {ours} who runs this program", .path.display())]
    Owner {
        /// The file or its directory.
        path: PathBuf,
        /// Its owner's number.
        owner: u32,
        /// Ours.
        ours: u32,
    },
    /// Others could read or write it.
    #[error("{} has mode {mode:03o}, others can get at it; mend with `chmod {mend} {}`", .path.display(), .path.display())]
    Exposed {
        /// The file or its directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        mend: &'static str,
    },
    /// Not an SQLite file, or one whose first page is destroyed.
    #[error("{} is not a journal of Tradedeck: {what}; it was left as it is", .path.display())]
    NotJournal {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        what: String,
    },
    /// Another application's SQLite file.
    #[error("{} is an SQLite file of another application (id {application_id:#010x}); it was left as it is", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What its header says.
        application_id: i32,
    },
    /// Made by another version of this program.
    #[error("{} has journal format {theirs}, this version of Tradedeck reads format {ours}; it was left as it is", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        theirs: i32,
        /// The one that this program knows.
        ours: i32,
    },
    /// The journal of another profile.
    #[error("{} is the journal of profile `{theirs}`, not of `{ours}`; give each profile a file of its own", .path.display())]
    OtherProfile {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        theirs: String,
        /// Whose it should be.
        ours: String,
    },
    /// The journal of another account at the same venue.
    #[error("{} is the journal of account {theirs} at {venue}, but {venue} says the account is {ours}; use a profile of its own", .path.display())]
    OtherAccount {
        /// The file.
        path: PathBuf,
        /// Which venue.
        venue: String,
        /// The account in the header.
        theirs: String,
        /// The account in the venue's answer.
        ours: String,
    },
    /// A record is not what was written.
    #[error("record {seq} of {} is damaged: {what}; nothing more is written to it", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first record that can't be trusted.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The file's structure is destroyed.
    #[error("{} is damaged: {what}; nothing more is written to it", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// In SQLite's words.
        what: String,
    },
    /// The disk is full. Nothing of the batch was kept.
    #[error("the disk of {} is full; make room and start again", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The disk failed. After a failed sync nobody knows what is on it, so it is never tried again.
    #[error("the journal {} is lost: {cause}; what was written last may not be on the disk", .path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// In SQLite's words.
        cause: String,
    },
    /// Another process kept the file busy. Nothing of the batch was kept; it can be tried again.
    #[error("{} is busy: another process is writing to it", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It was opened to be read.
    #[error("{} is open for reading only", .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// A fact could not be put into words.
    #[error("a fact can't be written as JSON: {cause}")]
    Encode {
        /// Why.
        cause: String,
    },
    /// Something else has the name already.
    #[error("{} is there already and was left as it is", .path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Another process runs this profile.
    #[error("{} is held by another Tradedeck{}", .path.display(), shown_pid(*.pid))]
    Running {
        /// The lock.
        path: PathBuf,
        /// Its process, if it has said so yet.
        pid: Option<u32>,
    },
    /// The writer's thread is gone.
    #[error("the journal's writer has ended")]
    WriterGone,
}

fn shown_pid(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

impl JournalError {
    /// Must the journal be left alone from now on? A busy file, or a question asked of the wrong file, harms
    /// nothing.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Corrupt { .. }
                | Self::Full { .. }
                | Self::Lost { .. }
                | Self::WriterGone
        )
    }

    pub(super) fn io(doing: &'static str, path: &Path, cause: &io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), cause: cause.to_string() }
    }

    /// Says what an SQLite failure means for the journal. What is not known to be harmless counts as lost.
    pub(super) fn of_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let cause = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::NotADatabase) => Self::NotJournal { path, what: cause },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, what: cause },
            Some(ErrorCode::CannotOpen) => Self::Io { doing: "open", path, cause },
            Some(_) => Self::Lost { path, cause },
            // Not from SQLite but from reading its answer: a column has a type that was never written.
            None => Self::Corrupt { path, what: cause },
        }
    }
}
