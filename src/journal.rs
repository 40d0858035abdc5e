//! The journal: an SQLite file of facts, each on the disk before what follows from it leaves the process.
//!
//! A record is never changed and never taken out; a journal that grew long is put aside whole, and begun anew with what
//! is still needed ([`Anew`]). Its sum covers it and the one before it, so that a changed,
//! lost or moved record is found and named. A file that is damaged, another application's, another profile's,
//! or a newer version's is refused by name and left as it is.

mod anew;
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

pub use anew::{Anew, Began};
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
    /// While this is held the file is not put aside for another.
    _gate: Option<std::fs::File>,
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
        let gate = anew::pass_gate(&path)?;
        if !place::own_file(&path)? {
            schema::create(&path, header)?;
        }
        schema::identify(&path)?;
        let conn = schema::connect(&path, true)?;
        Ok(Self { _gate: Some(gate), ..Self::of(path, conn, Some(run)) })
    }

    fn of(path: PathBuf, conn: Connection, run: Option<Instance>) -> Self {
        Self { path, conn, run, press: record::Press::default(), refusal: OnceCell::new(), _gate: None }
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

    /// What its first records were taken over from, where it was begun anew.
    ///
    /// # Errors
    /// When the header can't be read.
    pub fn began(&self) -> Result<Option<Began>, JournalError> {
        anew::began(&self.conn, &self.path)
    }

    /// The last of its records that stand in `before`, too, where it was begun anew from that; else [`Seq::START`].
    ///
    /// # Errors
    /// When one of them can't be read.
    pub fn shared_with(&self, before: &Self) -> Result<Seq, JournalError> {
        let end = before.end()?;
        let began = self.began()?.filter(|began| (began.seq, began.sum) == end);
        Ok(began.map_or(Seq::START, |began| Seq::new(began.copied)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OrderId;
    use std::{fs, os::unix::fs::MetadataExt as _};

    fn open(path: &Path) -> Result<Journal, JournalError> {
        Journal::open(path, &samples::header(), Mode::Write(samples::run()))
    }

    /// Everything in the directory of `path`, byte for byte.
    fn everything_beside(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut out: Vec<_> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|e| e.unwrap().path())
            .map(|p| (p.clone(), fs::read(&p).unwrap()))
            .collect();
        out.sort();
        out
    }

    fn refused(path: &Path, open: impl Fn(&Path) -> Result<Journal, JournalError>) -> JournalError {
        let before = everything_beside(path);
        let error = open(path).unwrap_err();
        assert_eq!(everything_beside(path), before, "a refused file is left as it is");
        error
    }

    #[test]
    fn facts_come_back_in_order_with_the_run_that_wrote_them() {
        let (_dir, mut journal) = samples::journal();
        let facts = samples::every_fact();
        let kept: Vec<_> = facts.iter().filter(|d| d.fact.is_durable()).cloned().collect();
        assert_eq!(journal.append(&facts).unwrap(), Seq::new(u64::try_from(kept.len()).unwrap()));
        let other = Instance::new("run2").unwrap();
        let mut second =
            Journal::open(&journal.path, &samples::header(), Mode::Write(other.clone())).unwrap();
        second.append(&[samples::locked("by the second")]).unwrap();
        journal.append(&[samples::locked("by the first")]).unwrap();
        let back: Vec<_> = journal.replay().map(Result::unwrap).collect();
        assert_eq!(back.iter().map(|r| r.dated.clone()).take(kept.len()).collect::<Vec<_>>(), kept);
        assert!(back.iter().zip(1..).all(|(r, n)| r.seq.get() == n));
        assert_eq!(back[kept.len()].run, other);
        let runs = journal.instances().unwrap();
        assert_eq!(
            runs.iter().map(|r| r.records).collect::<Vec<_>>(),
            [u32::try_from(kept.len() + 1).unwrap(), 1]
        );
        assert_eq!(runs[0].last.0, journal.last().unwrap());
        assert!(journal.verify().is_sound(), "{:?}", journal.verify());
    }

    #[test]
    fn more_than_a_page_is_read_without_a_gap() {
        let (_dir, mut journal) = samples::journal();
        let batch = vec![samples::locked("x"); 1024];
        for _ in 0..3 {
            journal.append(&batch).unwrap();
        }
        assert_eq!(journal.replay().map(Result::unwrap).count(), 3072);
        assert_eq!(journal.since(Seq::new(1000)).map(Result::unwrap).count(), 2072);
        assert_eq!(journal.since(Seq::new(3072)).count(), 0);
    }

    #[test]
    fn the_records_of_one_order_are_found() {
        let (_dir, mut journal) = samples::journal();
        journal.append(&[samples::intended(1), samples::intended(2), samples::intended(1)]).unwrap();
        let crate::domain::fact::Fact::Intended(intent) = samples::intended(1).fact else { panic!() };
        let order: OrderId = intent.order.clone();
        let found: Vec<_> = journal.of_order(&order).unwrap().into_iter().map(|r| r.seq.get()).collect();
        assert_eq!(found, [1, 3]);
    }

    #[test]
    fn the_file_is_the_owners_alone_and_has_no_traces_of_its_making() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/journal.db");
        let mut journal = open(&path).unwrap();
        journal.append(&[samples::locked("x")]).unwrap();
        for (file, _) in everything_beside(&path) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(name.starts_with("journal.db") && !name.contains("new"), "{name}");
            assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600, "{name}");
        }
        journal.close().unwrap();
        assert_eq!(everything_beside(&path).len(), 1, "closed, it is one file");
    }

    #[test]
    fn another_applications_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("PRAGMA application_id=7; PRAGMA journal_mode=WAL; CREATE TABLE t(x);").unwrap();
        other.close().unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let error = refused(&path, open);
        assert!(matches!(error, JournalError::Foreign { application_id: 7, .. }), "{error}");
        assert_eq!(refused(&path, Journal::inspect), error);
    }

    #[test]
    fn what_is_not_sqlite_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [("empty", ""), ("text", "dear diary"), ("long", &"x".repeat(10_000))] {
            let path = dir.path().join(name);
            drop(place::fresh(&path).unwrap());
            fs::write(&path, content).unwrap();
            let error = refused(&path, open);
            assert!(matches!(error, JournalError::NotJournal { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn other_versions_are_refused_with_both_numbers() {
        for theirs in [0, 2, 99] {
            let (_dir, journal) = samples::journal();
            let path = journal.path.clone();
            journal.conn.execute_batch(&format!("PRAGMA user_version={theirs}")).unwrap();
            journal.close().unwrap();
            let error = refused(&path, open);
            assert_eq!(error, JournalError::Version { path: path.clone(), theirs, ours: FORMAT });
            assert!(error.to_string().contains(&format!("format {theirs}, this version")), "{error}");
        }
    }

    #[test]
    fn another_profiles_or_accounts_journal_is_refused() {
        let (_dir, journal) = samples::journal();
        let path = journal.path.clone();
        journal.close().unwrap();
        let with = |profile: &str, venue: &str, account: &str| {
            let accounts = vec![(VenueId::new(venue).unwrap(), AccountId::new(account).unwrap())];
            let header = Header { profile: profile.into(), accounts, ..samples::header() };
            Journal::open(&path, &header, Mode::Write(samples::run()))
        };
        let error = with("live", "paper", "PA1").unwrap_err();
        assert!(matches!(&error, JournalError::OtherProfile { theirs, .. } if theirs == "test"), "{error}");
        let error = with("test", "paper", "PA2").unwrap_err();
        assert!(matches!(&error, JournalError::OtherAccount { theirs, .. } if theirs == "PA1"), "{error}");
        let mut journal = with("test", "kraken", "K1").unwrap();
        let kraken = VenueId::new("kraken").unwrap();
        journal.bind(&kraken, &AccountId::new("K1").unwrap()).unwrap();
        assert!(journal.bind(&kraken, &AccountId::new("K2").unwrap()).is_err());
        journal.append(&[samples::locked("still taken")]).unwrap();
    }

    #[test]
    fn a_link_is_refused_for_writing() {
        let (dir, journal) = samples::journal();
        journal.close().unwrap();
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(dir.path().join("journal.db"), &link).unwrap();
        let error = refused(&link, open);
        assert!(matches!(error, JournalError::Symlink { .. }), "{error}");
    }

    #[test]
    fn reading_makes_nothing_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none.db");
        let error = Journal::open(&missing, &samples::header(), Mode::ReadOnly).unwrap_err();
        assert!(matches!(error, JournalError::Missing { .. }), "{error}");
        let (_dir, mut journal) = samples::journal();
        journal.append(&[samples::locked("x")]).unwrap();
        let mut reader = Journal::open(&journal.path, &samples::header(), Mode::ReadOnly).unwrap();
        assert_eq!(reader.replay().map(Result::unwrap).count(), 1);
        let error = reader.append(&[samples::locked("y")]).unwrap_err();
        assert!(matches!(error, JournalError::ReadOnly { .. }), "{error}");
        assert!(reader.save_snapshot(Seq::new(1), b"x").is_err());
    }

    #[test]
    fn a_full_disk_keeps_nothing_of_the_batch_and_ends_writing() {
        let (_dir, mut journal) = samples::journal();
        journal.append(&[samples::locked("before")]).unwrap();
        let pages: i64 = journal.conn.query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
        journal.conn.query_row(&format!("PRAGMA max_page_count={}", pages + 2), [], |_| Ok(())).unwrap();
        let error = journal.append(&vec![samples::intended(1); 100]).unwrap_err();
        assert_eq!(error, JournalError::Full { path: journal.path.clone() });
        assert_eq!(journal.append(&[samples::locked("small")]), Err(error.clone()), "refused from now on");
        assert_eq!(journal.refusal(), Some(&error));
        assert_eq!(journal.replay().map(Result::unwrap).count(), 1, "still readable");
        let path = journal.path.clone();
        drop(journal);
        let mut journal = open(&path).unwrap();
        assert_eq!(journal.append(&[samples::locked("room again")]).unwrap(), Seq::new(2));
    }

    #[test]
    fn two_connections_write_one_chain() {
        let (_dir, mut one) = samples::journal();
        let mut two =
            Journal::open(&one.path, &samples::header(), Mode::Write(Instance::new("two").unwrap())).unwrap();
        let thread = std::thread::spawn(move || {
            for n in 0..100 {
                two.append(&vec![samples::intended(n); 3]).unwrap();
            }
        });
        for n in 0..100 {
            one.append(&[samples::intended(n)]).unwrap();
        }
        thread.join().unwrap();
        assert_eq!(one.replay().map(Result::unwrap).count(), 400);
        assert!(one.verify().is_sound());
    }
}
