//! Writing: a batch is one transaction, and on the disk when it returns.

use super::{
    Journal, JournalError,
    record::{Columns, Link, Press, Seq},
};
use crate::domain::{
    fact::{Dated, Fact},
    ids::{AccountId, Instance, VenueId},
};
use rusqlite::{Connection, OptionalExtension as _, Statement, TransactionBehavior};

pub(super) const INSERT: &str =
    "INSERT INTO record(seq, run, at, kind, order_id, fact, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";

impl Journal {
    /// Writes `batch`, whole or not at all, and returns when it is on the disk. Facts that are not durable
    /// ([`Fact::is_durable`]) are passed over. Gives the last record's place.
    ///
    /// After an error that [is final](JournalError::is_final) every further append is refused with it: a sync
    /// that failed is never tried again, since it would succeed without having written anything.
    pub fn append(&mut self, batch: &[Dated]) -> Result<Seq, JournalError> {
        self.append_group(std::iter::once(batch), |_| {})
    }

    /// Several batches in one transaction; tells `ended` the last record of each.
    pub(super) fn append_group<'a>(
        &mut self,
        batches: impl Iterator<Item = &'a [Dated]>,
        ended: impl FnMut(Seq),
    ) -> Result<Seq, JournalError> {
        if let Some(refused) = self.refusal.get() {
            return Err(refused.clone());
        }
        let Some(run) = &self.run else {
            return Err(JournalError::ReadOnly { path: self.path.clone() });
        };
        let written = write_group(&mut self.conn, run, &mut self.press, batches, ended);
        written.map_err(|e| {
            let error = match e {
                Failure::Sqlite(e) => JournalError::of_sqlite(&self.path, &e),
                Failure::Encode(e) => e,
            };
            self.refuse_after(error)
        })
    }

    /// Is this the journal of `account`, as the venue now says? A venue that the journal has not met is
    /// written into its header.
    pub fn bind(&mut self, venue: &VenueId, account: &AccountId) -> Result<(), JournalError> {
        if let Some(refused) = self.refusal.get() {
            return Err(refused.clone());
        }
        super::schema::bind(&self.conn, &self.path, (venue, account), self.run.is_some())
            .map_err(|e| self.refuse_after(e))
    }

    /// Folds the write-ahead log into the file, as far as nobody reads it. It stalls for milliseconds: call it
    /// when nothing else is to be written.
    pub fn checkpoint(&mut self) -> Result<(), JournalError> {
        if let Some(refused) = self.refusal.get() {
            return Err(refused.clone());
        }
        self.conn
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .map_err(|e| self.refuse_after(JournalError::of_sqlite(&self.path, &e)))
    }

    /// Size of the write-ahead log on the disk.
    pub fn log_bytes(&self) -> u64 {
        std::fs::metadata(super::place::beside(&self.path, "-wal")).map_or(0, |m| m.len())
    }

    /// Folds the log in, removes it if no other process uses it, and closes the file.
    pub fn close(mut self) -> Result<(), JournalError> {
        use rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if self.run.is_some() && self.refusal.get().is_none() {
            self.checkpoint()?;
            self.conn
                .set_db_config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
                .map_err(|e| JournalError::of_sqlite(&self.path, &e))?;
        }
        self.conn.close().map_err(|(_, e)| JournalError::of_sqlite(&self.path, &e))
    }
}

enum Failure {
    Sqlite(rusqlite::Error),
    Encode(JournalError),
}

impl From<rusqlite::Error> for Failure {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sqlite(e)
    }
}

fn write_group<'a>(
    conn: &mut Connection,
    run: &Instance,
    press: &mut Press,
    batches: impl Iterator<Item = &'a [Dated]>,
    mut ended: impl FnMut(Seq),
) -> Result<Seq, Failure> {
    // Immediate: the place and sum of the last record must not change between reading and writing.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut link = last(&tx)?;
    {
        let mut insert = tx.prepare_cached(INSERT)?;
        for batch in batches {
            for dated in batch.iter().filter(|d| Fact::is_durable(&d.fact)) {
                let columns = press.set(run, dated).map_err(Failure::Encode)?;
                link = link.then(&columns);
                put(&mut insert, link, &columns)?;
            }
            ended(link.seq);
        }
    }
    tx.commit()?;
    Ok(link.seq)
}

/// One record, by [`INSERT`].
pub(super) fn put(insert: &mut Statement<'_>, link: Link, columns: &Columns<'_>) -> rusqlite::Result<()> {
    let Columns { run, at, kind, order, fact } = columns;
    insert.execute((link.seq, run, at, kind, order, fact, link.sum)).map(drop)
}

/// The end of the chain.
pub(super) fn last(conn: &Connection) -> rusqlite::Result<Link> {
    let link = conn
        .prepare_cached("SELECT seq, sum FROM record ORDER BY seq DESC LIMIT 1")?
        .query_row([], |r| Ok(Link { seq: r.get(0)?, sum: r.get(1)? }))
        .optional()?;
    Ok(link.unwrap_or_default())
}
