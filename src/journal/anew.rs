//! Retention: the journal as it stands is put aside whole, as an archive, and begun anew with those of its records that are
//! still needed. No record is changed and none is lost: the archive keeps the old chain to its end, and the header of the
//! new journal says which link that end is.
//!
//! Each step leaves a whole journal in its place. The new file is made under another name; the old one is linked to the
//! archive's name; then the new one takes the old one's name, in one act of the file system. Ended in between, the next
//! run finds the old journal as it was, and perhaps a second name of it.

use super::{
    Header, Journal, JournalError, Mode,
    append::{INSERT, last, put},
    place,
    record::{Columns, Link, Record, Seq},
    schema,
};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What a journal was begun anew from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// The archive's file name.
    pub archive: String,
    /// Its last record.
    pub seq: u64,
    /// That record's sum: the end of its chain.
    pub sum: u32,
    /// How many records were taken over from it: the first ones here.
    pub copied: u64,
    /// When, as RFC 3339.
    pub at: String,
}

const KEY: &str = "began";
/// What the name of a file ends in, before the process's number, that is not in its place yet.
const UNDER_WAY: &str = ".anew-";

/// What the header says of it.
pub(super) fn began(conn: &Connection, path: &Path) -> Result<Option<Began>, JournalError> {
    let text: Option<String> = conn
        .query_row("SELECT value FROM header WHERE key=?1", [KEY], |r| r.get(0))
        .optional()
        .map_err(|e| JournalError::of_sqlite(path, &e))?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|e| JournalError::Corrupt {
            path: path.to_owned(),
            what: format!("its header does not say what it was begun from: {e}"),
        })
    };
    text.map(read).transpose()
}

/// Held by everybody who writes: the journal's directory, locked together with the others. It is closed only for the
/// moment in which one file takes another's place.
pub(super) fn pass_gate(path: &Path) -> Result<File, JournalError> {
    let gate = open_gate(path)?;
    gate.lock_shared().map_err(|e| JournalError::io("lock", path, &e))?;
    Ok(gate)
}

fn open_gate(path: &Path) -> Result<File, JournalError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    File::open(dir).map_err(|e| JournalError::io("open", dir, &e))
}

/// A new journal that is written and not in its place yet. Let go, it is removed and nothing has changed.
#[derive(Debug)]
pub struct Anew {
    path: PathBuf,
    new: PathBuf,
    archive: PathBuf,
    began: Began,
    is_in_place: bool,
}

impl Anew {
    /// Writes the records of the journal at `path` that `keep` lets pass into a new file beside it, and proves that file.
    /// The old one is to become `archive`, in the same directory.
    ///
    /// # Errors
    /// When the old journal is not sound, `archive` is there already, or the new file can't be written or is not what
    /// was to be written. Nothing has changed then.
    pub fn write(
        path: &Path,
        header: &Header,
        archive: &Path,
        at: String,
        keep: impl FnMut(&Record) -> bool,
    ) -> Result<Self, JournalError> {
        let old = Journal::open(path, header, Mode::ReadOnly)?;
        let name = archive.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if place::own_file(archive)? && !is_same(&old.path, archive)? {
            return Err(JournalError::Taken { path: archive.to_owned() });
        }
        let report = old.verify();
        if !report.is_sound() {
            let what = report.problems.into_iter().next().unwrap_or_default();
            return Err(JournalError::Corrupt { path: old.path, what });
        }
        let end = last(&old.conn).map_err(|e| JournalError::of_sqlite(&old.path, &e))?;
        let began = Began { archive: name, seq: end.seq.get(), sum: end.sum, copied: 0, at };
        sweep(&old.path)?;
        let new = place::beside(&old.path, &format!("{UNDER_WAY}{}", std::process::id()));
        let (path, archive) = (old.path.clone(), archive.to_owned());
        let mut anew = Self { path, new, archive, began, is_in_place: false };
        anew.fill(&old, header, keep)?;
        anew.prove(header)?;
        Ok(anew)
    }

    /// How many records were taken over.
    pub const fn copied(&self) -> u64 {
        self.began.copied
    }

    /// The new file, to look at before it is in its place.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn look(&self) -> Result<Journal, JournalError> {
        Journal::inspect(&self.new)
    }

    fn fill(
        &mut self,
        old: &Journal,
        header: &Header,
        mut keep: impl FnMut(&Record) -> bool,
    ) -> Result<(), JournalError> {
        drop(place::fresh(&self.new)?);
        schema::fill(&self.new, header)?;
        let fail = |e: rusqlite::Error| JournalError::of_sqlite(&self.new, &e);
        let mut conn = schema::connect(&self.new, true)?;
        let tx = conn.transaction().map_err(fail)?;
        for (venue, account) in schema::accounts(&old.conn, &old.path)? {
            tx.execute("INSERT INTO account(venue, account) VALUES(?1, ?2)", (venue, account))
                .map_err(fail)?;
        }
        let mut link = Link::default();
        for record in old.replay() {
            let record = record?;
            if keep(&record) {
                link = copy(old, &tx, record.seq, link)
                    .map_err(fail)?
                    .ok_or_else(|| old.damaged(record.seq, "it is gone".to_owned()))?;
            }
        }
        self.began.copied = link.seq.get();
        let began = serde_json::to_string(&self.began);
        let began = began.map_err(|e| JournalError::Encode { cause: e.to_string() })?;
        tx.execute("INSERT INTO header(key, value) VALUES(?1, ?2)", (KEY, began)).map_err(fail)?;
        tx.commit().map_err(fail)?;
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fail)?;
        conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
            .map_err(fail)?;
        conn.close().map_err(|(_, e)| fail(e))?;
        sync(&self.new)
    }

    /// Is the new file whole, and what was to be written?
    fn prove(&self, header: &Header) -> Result<(), JournalError> {
        let new = Journal::open(&self.new, header, Mode::ReadOnly)?;
        let report = new.verify();
        let is_all = report.records == self.began.copied && new.began()?.as_ref() == Some(&self.began);
        if report.is_sound() && is_all {
            return Ok(());
        }
        let what = report.problems.into_iter().next().unwrap_or_else(|| "records are missing".to_owned());
        Err(JournalError::Corrupt { path: self.new.clone(), what })
    }

    /// Puts the old journal aside and the new one in its place.
    ///
    /// # Errors
    /// When another process has the journal open, or has written to it meanwhile, or the file system refuses. The
    /// journal is then one or the other, and whole.
    pub fn put_in_place(mut self) -> Result<PathBuf, JournalError> {
        let gate = self.close_gate()?;
        self.stand_alone()?;
        self.link()?;
        self.swap()?;
        drop(gate);
        Ok(self.archive.clone())
    }

    fn close_gate(&self) -> Result<File, JournalError> {
        let gate = open_gate(&self.path)?;
        match gate.try_lock() {
            Ok(()) => Ok(gate),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy { path: self.path.clone() }),
            Err(TryLockError::Error(e)) => Err(JournalError::io("lock", &self.path, &e)),
        }
    }

    /// The old journal becomes one file without a log: what is linked and renamed then is all of it. Only possible
    /// while nobody else has it open.
    fn stand_alone(&self) -> Result<(), JournalError> {
        let fail = |e: rusqlite::Error| JournalError::of_sqlite(&self.path, &e);
        let conn = schema::connect(&self.path, true)?;
        let end = last(&conn).map_err(fail)?;
        if (end.seq.get(), end.sum) != (self.began.seq, self.began.sum) {
            return Err(JournalError::Busy { path: self.path.clone() });
        }
        let mode: String = conn.query_row("PRAGMA journal_mode=DELETE", [], |r| r.get(0)).map_err(fail)?;
        conn.close().map_err(|(_, e)| fail(e))?;
        let log = place::beside(&self.path, "-wal");
        if mode != "delete" || log.exists() {
            return Err(JournalError::Busy { path: self.path.clone() });
        }
        sync(&self.path)
    }

    /// The old journal has two names.
    fn link(&self) -> Result<(), JournalError> {
        match fs::hard_link(&self.path, &self.archive) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && is_same(&self.path, &self.archive)? => {}
            Err(e) => return Err(JournalError::io("make", &self.archive, &e)),
            Ok(()) => {}
        }
        place::sync_directory(&self.path)
    }

    fn swap(&mut self) -> Result<(), JournalError> {
        for suffix in ["-wal", "-shm"] {
            // Left empty by those who read the new file.
            drop(fs::remove_file(place::beside(&self.new, suffix)));
        }
        fs::rename(&self.new, &self.path).map_err(|e| JournalError::io("name", &self.path, &e))?;
        self.is_in_place = true;
        place::sync_directory(&self.path)
    }
}

impl Drop for Anew {
    fn drop(&mut self) {
        if !self.is_in_place {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                // What a crash leaves is removed by the next one that is made, too.
                drop(fs::remove_file(place::beside(&self.new, suffix)));
            }
        }
    }
}

/// Copies a record as it stands, letter for letter, behind `link`; `None` where it is gone.
fn copy(old: &Journal, to: &Connection, seq: Seq, link: Link) -> rusqlite::Result<Option<Link>> {
    type Row = (String, i64, String, Option<String>, String);
    let mut select =
        old.conn.prepare_cached("SELECT run, at, kind, order_id, fact FROM record WHERE seq=?1")?;
    let read = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?));
    let row: Option<Row> = select.query_row([seq], read).optional()?;
    let Some((run, at, kind, order, fact)) = row else { return Ok(None) };
    let columns = Columns { run: &run, at, kind: &kind, order: order.as_deref(), fact: &fact };
    let link = link.then(&columns);
    let mut insert = to.prepare_cached(INSERT)?;
    put(&mut insert, link, &columns)?;
    Ok(Some(link))
}

/// Removes what a run left that was killed before its file was in place. Only the run that holds the profile makes such.
fn sweep(path: &Path) -> Result<(), JournalError> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else {
        return Ok(());
    };
    let begins = format!("{name}{UNDER_WAY}");
    for file in fs::read_dir(dir).map_err(|e| JournalError::io("list", dir, &e))? {
        let file = file.map_err(|e| JournalError::io("list", dir, &e))?;
        if file.file_name().to_str().is_some_and(|name| name.starts_with(&begins)) {
            let stray = file.path();
            fs::remove_file(&stray).map_err(|e| JournalError::io("remove", &stray, &e))?;
        }
    }
    Ok(())
}

fn is_same(a: &Path, b: &Path) -> Result<bool, JournalError> {
    let look = |path: &Path| fs::metadata(path).map_err(|e| JournalError::io("look at", path, &e));
    let (a, b) = (look(a)?, look(b)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

fn sync(path: &Path) -> Result<(), JournalError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|e| JournalError::io("sync", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::fact::Dated, journal::samples};

    fn facts(path: &Path) -> Vec<Dated> {
        let journal = Journal::inspect(path).unwrap();
        assert!(journal.verify().is_sound(), "{:?}", journal.verify());
        journal.replay().map(|r| r.unwrap().dated).collect()
    }

    /// A closed journal of `n` records of every kind, its path and the archive's.
    fn old() -> (tempfile::TempDir, PathBuf, PathBuf, Vec<Dated>) {
        let (dir, mut journal) = samples::journal();
        journal.append(&samples::every_fact()).unwrap();
        journal.append(&samples::every_fact()).unwrap();
        let path = journal.path.clone();
        journal.close().unwrap();
        let archive = dir.path().join("archive.db");
        let all = facts(&path);
        (dir, path, archive, all)
    }

    fn written(path: &Path, archive: &Path) -> Anew {
        let odd = |r: &Record| r.seq.get() % 2 == 1;
        Anew::write(path, &samples::header(), archive, "now".to_owned(), odd).unwrap()
    }

    fn odd(all: &[Dated]) -> Vec<Dated> {
        all.iter().step_by(2).cloned().collect()
    }

    #[test]
    fn the_archive_is_the_whole_old_chain_and_the_new_one_names_its_end() {
        let (dir, path, archive, all) = old();
        let end = last(&Journal::inspect(&path).unwrap().conn).unwrap();
        assert_eq!(written(&path, &archive).put_in_place().unwrap(), archive);
        assert_eq!((facts(&archive), facts(&path)), (all.clone(), odd(&all)));
        let began = Journal::inspect(&path).unwrap().began().unwrap().unwrap();
        assert_eq!((began.seq, began.sum, began.archive.as_str()), (end.seq.get(), end.sum, "archive.db"));
        assert_eq!(usize::try_from(began.copied).unwrap(), odd(&all).len());
        assert_eq!(Journal::inspect(&archive).unwrap().began().unwrap(), None);
        let mut on = Journal::open(&path, &samples::header(), Mode::Write(samples::run())).unwrap();
        on.append(&[samples::locked("goes on")]).unwrap();
        on.close().unwrap();
        assert_eq!(facts(&path).len(), odd(&all).len() + 1);
        assert_eq!(facts(&archive), all, "what is written now is not in it");
        for file in fs::read_dir(dir.path()).unwrap() {
            let (file, mode) = file.map(|f| (f.path(), f.metadata().unwrap().mode() & 0o777)).unwrap();
            assert_eq!(mode, 0o600, "{}", file.display());
        }
    }

    /// What is there after the process ended at each of the steps: a whole journal that can be written on.
    #[test]
    fn ended_between_any_two_steps_nothing_is_lost() {
        for ended_after in 0..4 {
            let (_dir, path, archive, all) = old();
            let mut anew = written(&path, &archive);
            let gate = anew.close_gate().unwrap();
            for step in 0..ended_after {
                match step {
                    0 => anew.stand_alone(),
                    1 => anew.link(),
                    _ => anew.swap(),
                }
                .unwrap();
            }
            // Killed: nothing is tidied up, and the lock is gone with the process.
            std::mem::forget(anew);
            drop(gate);
            let want = if ended_after == 3 { odd(&all) } else { all.clone() };
            assert_eq!(facts(&path), want, "after {ended_after} steps");
            let mut on = Journal::open(&path, &samples::header(), Mode::Write(samples::run())).unwrap();
            on.append(&[samples::locked("goes on")]).unwrap();
            on.close().unwrap();
            if ended_after == 3 {
                assert_eq!(facts(&archive), all);
                continue;
            }
            // And the next try gets through, under another name where the first is taken.
            let next = archive.with_extension("next");
            let anew = written(&path, &next);
            anew.put_in_place().unwrap();
            assert_eq!(facts(&next).len(), all.len() + 1);
        }
    }

    #[test]
    fn what_is_let_go_changes_nothing() {
        let (dir, path, archive, all) = old();
        drop(written(&path, &archive));
        assert_eq!(facts(&path), all);
        for file in fs::read_dir(dir.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with("journal.db") && !name.contains("new"), "{name}");
        }
    }

    #[test]
    fn a_journal_that_somebody_writes_or_wrote_to_stays() {
        let (_dir, path, archive, all) = old();
        let anew = written(&path, &archive);
        let mut other = Journal::open(&path, &samples::header(), Mode::Write(samples::run())).unwrap();
        assert!(matches!(anew.put_in_place(), Err(JournalError::Busy { .. })), "it is open");
        let anew = written(&path, &archive);
        other.append(&[samples::locked("meanwhile")]).unwrap();
        other.close().unwrap();
        assert!(matches!(anew.put_in_place(), Err(JournalError::Busy { .. })), "it has grown");
        assert_eq!(facts(&path).len(), all.len() + 1);
        assert!(!archive.exists());
    }

    #[test]
    fn another_file_is_never_overwritten_and_a_damaged_journal_never_put_aside() {
        let (_dir, path, archive, _) = old();
        drop(place::fresh(&archive).unwrap());
        let write = || Anew::write(&path, &samples::header(), &archive, "now".to_owned(), |_| true);
        assert!(matches!(write(), Err(JournalError::Taken { .. })));
        fs::remove_file(&archive).unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("UPDATE record SET at=at+1 WHERE seq=3").unwrap();
        conn.close().unwrap();
        let error = write().unwrap_err();
        assert!(matches!(&error, JournalError::Corrupt { what, .. } if what.contains("record 3")), "{error}");
    }
}
