//! The account between runs: one row of a SQLite file, replaced whole in one transaction. What is saved survives
//! kill -9 and a power cut. A file that is something else, or damaged, is refused and left as it is.

use super::{error::Error, files};
use crate::paper::exchange::Saved;
use rusqlite::{Connection, OptionalExtension as _};
use std::{
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// "TDpp" in the file's header, so that no other program's database is ever taken for an account.
const APPLICATION_ID: i32 = 0x5444_7070;

const SCHEMA: &str = "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), saved TEXT NOT NULL) STRICT";

/// The open file.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    db: Connection,
}

impl Store {
    /// Opens the account's file in `dir`, or makes it; with what it holds.
    pub(super) fn open(dir: &Path) -> Result<(Self, Option<Saved>), Error> {
        let path = dir.join("paper.db");
        let is_new = std::fs::metadata(&path).map_or(true, |meta| meta.len() == 0);
        if is_new {
            make_empty(&path)?;
        }
        let db = Connection::open(&path).map_err(|e| Error::foreign(&path, e))?;
        let store = Self { path, db };
        if is_new {
            store.establish().map_err(|e| Error::Save { path: store.path.clone(), reason: e.to_string() })?;
            files::sync_dir(dir)?;
        } else {
            store.recognise()?;
        }
        store.make_durable().map_err(|e| Error::foreign(&store.path, e))?;
        let saved = store.load()?;
        Ok((store, saved))
    }

    fn establish(&self) -> rusqlite::Result<()> {
        // One transaction: a crash leaves an empty file, which counts as new.
        self.db.execute_batch(&format!("BEGIN; PRAGMA application_id = {APPLICATION_ID}; {SCHEMA}; COMMIT"))
    }

    fn make_durable(&self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "journal_mode", "wal")?;
        self.db.pragma_update(None, "synchronous", "full")
    }

    /// Is it ours, and whole? Only reads.
    fn recognise(&self) -> Result<(), Error> {
        let foreign = |e: rusqlite::Error| Error::foreign(&self.path, e);
        let id: i32 =
            self.db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(foreign)?;
        if id != APPLICATION_ID {
            return Err(Error::foreign(&self.path, "it is another program's database"));
        }
        let checked: String =
            self.db.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(foreign)?;
        if checked != "ok" {
            return Err(Error::foreign(&self.path, format!("it is damaged: {checked}")));
        }
        Ok(())
    }

    fn load(&self) -> Result<Option<Saved>, Error> {
        let foreign = |reason: String| Error::foreign(&self.path, reason);
        let row = self.db.query_row("SELECT saved FROM state", [], |row| row.get::<_, String>(0));
        let text = row.optional().map_err(|e| foreign(e.to_string()))?;
        text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| foreign(e.to_string()))
    }

    /// Keeps `saved` in the place of what was kept before. Returns when it is on the disk.
    pub(super) fn save(&self, saved: &Saved) -> Result<(), Error> {
        let failed = |reason: String| Error::Save { path: self.path.clone(), reason };
        let text = serde_json::to_string(saved).map_err(|e| failed(e.to_string()))?;
        let done = self.db.execute("INSERT OR REPLACE INTO state (id, saved) VALUES (1, ?1)", [text]);
        done.map(drop).map_err(|e| failed(e.to_string()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// SQLite would make the file with the process's own mode; its journal takes the mode of the file.
fn make_empty(path: &Path) -> Result<(), Error> {
    let made = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map(drop).map_err(|source| Error::file("make", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Stamp,
        paper::exchange::{Exchange, Setup},
    };

    fn saved(seed: u64) -> Saved {
        Exchange::new(Setup::new(seed, Stamp::from_secs(1_800_000_000).unwrap())).save()
    }

    #[test]
    fn what_was_saved_last_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let (store, before) = Store::open(dir.path()).unwrap();
        assert_eq!(before, None);
        store.save(&saved(1)).unwrap();
        store.save(&saved(2)).unwrap();
        drop(store);
        assert_eq!(Store::open(dir.path()).unwrap().1, Some(saved(2)));
    }

    #[test]
    fn foreign_and_damaged_files_are_refused_and_left_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("paper.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        let other_program = std::fs::read(&path).unwrap();
        let (good_dir, mut damaged) = (tempfile::tempdir().unwrap(), Vec::new());
        let (store, _) = Store::open(good_dir.path()).unwrap();
        store.save(&saved(1)).unwrap();
        drop(store);
        damaged.extend(std::fs::read(good_dir.path().join("paper.db")).unwrap());
        for byte in damaged.iter_mut().skip(4096) {
            *byte = 0xa5;
        }
        for bytes in [other_program, b"my diary".repeat(100), damaged] {
            std::fs::write(&path, &bytes).unwrap();
            let refused = Store::open(dir.path()).unwrap_err().to_string();
            assert!(refused.contains("paper.db is not a paper account"), "{refused}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(dir.path()).unwrap();
        store.save(&saved(1)).unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        }
    }
}
