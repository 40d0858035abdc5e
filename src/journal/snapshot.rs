//! The book's state at a record, so that a start need not replay a million of them. Only a short cut: a
//! snapshot that can't be trusted is passed over and the records are replayed from further back.

use super::{Journal, JournalError, record::Seq};
use rusqlite::OptionalExtension as _;

/// How many are kept: the newest, and one to fall back to.
const KEPT: u32 = 2;

/// A state and the last record that it contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Replay goes on after it.
    pub seq: Seq,
    /// What was saved.
    pub state: Vec<u8>,
}

/// What [`Journal::load_snapshot`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The newest that can be trusted.
    pub snapshot: Option<Snapshot>,
    /// What is wrong with newer ones, a sentence each.
    pub notes: Vec<String>,
}

impl Journal {
    /// Keeps `state` as that after record `seq`, and the one before it.
    pub fn save_snapshot(&mut self, seq: Seq, state: &[u8]) -> Result<(), JournalError> {
        if let Some(refused) = self.refusal.get() {
            return Err(refused.clone());
        }
        if self.run.is_none() {
            return Err(JournalError::ReadOnly { path: self.path.clone() });
        }
        let Some(record_sum) = self.record_sum(seq).map_err(|e| JournalError::of_sqlite(&self.path, &e))?
        else {
            return Err(self.damaged(seq, "it is missing, and a snapshot was made at it".to_owned()));
        };
        let save = || -> rusqlite::Result<()> {
            let tx = self.conn.unchecked_transaction()?;
            tx.execute(
                "INSERT OR REPLACE INTO snapshot(seq, state, sum) VALUES(?1, ?2, ?3)",
                (seq, state, sum(seq, record_sum, state)),
            )?;
            tx.execute(
                "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?1)",
                [KEPT],
            )?;
            tx.commit()
        };
        save().map_err(|e| self.refuse_after(JournalError::of_sqlite(&self.path, &e)))
    }

    /// The newest state that can be trusted: whole, and of a record that is still there as it was.
    pub fn load_snapshot(&self) -> Result<Loaded, JournalError> {
        let read = || -> rusqlite::Result<Vec<(Seq, Vec<u8>, u32)>> {
            self.conn
                .prepare("SELECT seq, state, sum FROM snapshot ORDER BY seq DESC")?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                .collect()
        };
        let mut loaded = Loaded::default();
        let rows = match read() {
            Ok(rows) => rows,
            Err(e) => {
                loaded.notes.push(format!("the snapshots can't be read: {e}"));
                return Ok(loaded);
            }
        };
        for (seq, state, kept) in rows {
            match self.record_sum(seq).map_err(|e| JournalError::of_sqlite(&self.path, &e))? {
                None => {
                    loaded.notes.push(format!("the snapshot of record {seq} is of a record that is missing"));
                }
                Some(record_sum) if sum(seq, record_sum, &state) != kept => {
                    loaded.notes.push(format!("the snapshot of record {seq} is damaged"));
                }
                Some(_) => {
                    loaded.snapshot = Some(Snapshot { seq, state });
                    break;
                }
            }
        }
        Ok(loaded)
    }

    /// The sum of a record; zero before the first.
    fn record_sum(&self, seq: Seq) -> rusqlite::Result<Option<u32>> {
        if seq == Seq::START {
            return Ok(Some(0));
        }
        self.conn.query_row("SELECT sum FROM record WHERE seq=?1", [seq], |r| r.get(0)).optional()
    }
}

fn sum(seq: Seq, record_sum: u32, state: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&seq.get().to_le_bytes());
    sum.update(&record_sum.to_le_bytes());
    sum.update(state);
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples;

    #[test]
    fn the_newest_snapshot_comes_back_and_replay_goes_on_after_it() {
        let (_dir, mut journal) = samples::journal();
        assert_eq!(journal.load_snapshot().unwrap(), Loaded::default());
        for n in 1..=3_u64 {
            journal.append(&[samples::locked("a"), samples::locked("b")]).unwrap();
            journal.save_snapshot(Seq::new(n * 2), format!("{{\"n\":{n}}}").as_bytes()).unwrap();
        }
        journal.append(&[samples::locked("after")]).unwrap();
        let loaded = journal.load_snapshot().unwrap();
        let want = Snapshot { seq: Seq::new(6), state: b"{\"n\":3}".to_vec() };
        assert_eq!(loaded, Loaded { snapshot: Some(want), notes: Vec::new() });
        let rest: Vec<_> = journal.since(Seq::new(6)).map(|r| r.unwrap().dated).collect();
        assert_eq!(rest, [samples::locked("after")]);
        let kept: u32 = journal.conn.query_row("SELECT count(*) FROM snapshot", [], |r| r.get(0)).unwrap();
        assert_eq!(kept, KEPT);
    }

    #[test]
    fn a_bad_snapshot_is_named_and_the_one_before_it_is_used() {
        let (_dir, mut journal) = samples::journal();
        for n in 1..=2 {
            journal.append(&[samples::locked("a")]).unwrap();
            journal.save_snapshot(Seq::new(n), b"state").unwrap();
        }
        journal.conn.execute("UPDATE snapshot SET state=CAST('stale' AS BLOB) WHERE seq=2", []).unwrap();
        let loaded = journal.load_snapshot().unwrap();
        assert_eq!(loaded.snapshot.map(|s| s.seq), Some(Seq::new(1)));
        assert_eq!(loaded.notes, ["the snapshot of record 2 is damaged"]);
        journal.conn.execute("UPDATE record SET sum=sum+1 WHERE seq=1", []).unwrap();
        let loaded = journal.load_snapshot().unwrap();
        assert_eq!(loaded.snapshot, None);
        assert_eq!(loaded.notes.len(), 2);
    }

    #[test]
    fn no_snapshot_of_a_record_that_is_not_there() {
        let (_dir, mut journal) = samples::journal();
        let said = journal.save_snapshot(Seq::new(9), b"x").unwrap_err().to_string();
        assert!(said.contains("record 9"), "{said}");
    }
}
