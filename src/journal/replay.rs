//! Reading: records in the order in which they were written, each proven by its sum.

use super::{
    Journal, JournalError,
    record::{self, Columns, Link, Record, Seq},
};
use crate::domain::{
    ids::{Instance, OrderId},
    time::Stamp,
};
use rusqlite::Row;
use std::collections::VecDeque;

/// Read at a time. No transaction stays open between two pages, so that a slow reader never keeps the log from
/// being folded in.
const PAGE: u32 = 1024;

const SELECT: &str = "SELECT seq, run, at, kind, order_id, fact, sum FROM record \
                      WHERE seq > ?1 ORDER BY seq LIMIT ?2";

const RUNS: &str = "SELECT g.run, g.n, g.a, (SELECT at FROM record WHERE seq = g.a), \
                    g.z, (SELECT at FROM record WHERE seq = g.z) \
                    FROM (SELECT run, count(*) n, min(seq) a, max(seq) z FROM record GROUP BY run) g \
                    ORDER BY g.a";

/// What one run of the program left in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which.
    pub instance: Instance,
    /// How many records.
    pub records: u32,
    /// Its first record.
    pub first: (Seq, Stamp),
    /// Its last record.
    pub last: (Seq, Stamp),
}

impl Journal {
    /// Every record.
    pub fn replay(&self) -> Replay<'_> {
        self.since(Seq::START)
    }

    /// The records after `seq`. The first damaged one ends it with an error, and the journal takes no more.
    pub fn since(&self, seq: Seq) -> Replay<'_> {
        Replay { pages: Pages::after(self, seq), over: false }
    }

    /// The records about one order.
    pub fn of_order(&self, order: &OrderId) -> Result<Vec<Record>, JournalError> {
        let fail = |e: rusqlite::Error| JournalError::of_sqlite(&self.path, &e);
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT seq, run, at, kind, order_id, fact, sum FROM record WHERE order_id=?1 ORDER BY seq",
            )
            .map_err(fail)?;
        let mut rows = select.query([order.to_string()]).map_err(fail)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let seq: Seq = row.get(0).map_err(fail)?;
            let read = columns(row).and_then(|c| record::read(seq, &c));
            out.push(read.map_err(|what| self.damaged(seq, what))?);
        }
        Ok(out)
    }

    /// A number that moves when another connection has written.
    pub fn data_version(&self) -> Result<i64, JournalError> {
        let read = self.conn.pragma_query_value(None, "data_version", |row| row.get(0));
        read.map_err(|e| JournalError::of_sqlite(&self.path, &e))
    }

    /// What runs other than `run` wrote after `seq`, and the last record that was looked at.
    pub fn of_others(&self, seq: Seq, run: &Instance) -> Result<(Vec<Record>, Seq), JournalError> {
        let last = self.last()?;
        let fail = |e: rusqlite::Error| JournalError::of_sqlite(&self.path, &e);
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT seq, run, at, kind, order_id, fact, sum FROM record WHERE seq>?1 AND seq<=?2 AND run<>?3 \
                 ORDER BY seq",
            )
            .map_err(fail)?;
        let mut rows = select.query(rusqlite::params![seq, last, run.as_str()]).map_err(fail)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let seq: Seq = row.get(0).map_err(fail)?;
            let read = columns(row).and_then(|c| record::read(seq, &c));
            out.push(read.map_err(|what| self.damaged(seq, what))?);
        }
        Ok((out, last))
    }

    /// The runs that wrote, in the order of their first record. Reads the whole journal.
    pub fn instances(&self) -> Result<Vec<Run>, JournalError> {
        let fail = |e: rusqlite::Error| JournalError::of_sqlite(&self.path, &e);
        let mut select = self.conn.prepare(RUNS).map_err(fail)?;
        let mut rows = select.query([]).map_err(fail)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let place = |seq: usize, at: usize| -> rusqlite::Result<(Seq, Stamp)> {
                Ok((row.get(seq)?, Stamp::from_nanos(row.get(at)?)))
            };
            let first = place(2, 3).map_err(fail)?;
            let run: String = row.get(0).map_err(fail)?;
            let instance = Instance::new(&run)
                .map_err(|e| self.damaged(first.0, format!("its run can't be read: {e}")))?;
            let records = row.get(1).map_err(fail)?;
            out.push(Run { instance, records, first, last: place(4, 5).map_err(fail)? });
        }
        Ok(out)
    }

    /// The last record's place.
    pub fn last(&self) -> Result<Seq, JournalError> {
        super::append::last(&self.conn).map(|l| l.seq).map_err(|e| JournalError::of_sqlite(&self.path, &e))
    }

    pub(super) fn damaged(&self, seq: Seq, what: String) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), seq: seq.get(), what }
    }
}

/// What is wrong with one record; reading can go on after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) seq: Seq,
    pub(super) what: String,
}

/// Records page by page, each compared with the chain. Goes on after a flaw, so that all of them can be named.
#[derive(Debug)]
pub(super) struct Pages<'j> {
    journal: &'j Journal,
    /// The record before the next one as the file has it; its sum is not known before the first page.
    link: Link,
    begun: bool,
    page: VecDeque<Result<Record, Flaw>>,
    done: bool,
}

impl<'j> Pages<'j> {
    pub(super) fn after(journal: &'j Journal, seq: Seq) -> Self {
        let link = Link { seq, sum: 0 };
        Self { journal, link, begun: false, page: VecDeque::new(), done: false }
    }

    /// The next record or flaw; an error where the file can't be read any further.
    pub(super) fn next(&mut self) -> Result<Option<Result<Record, Flaw>>, JournalError> {
        if self.page.is_empty() && !self.done {
            let filled = self.fill();
            filled.map_err(|e| JournalError::of_sqlite(&self.journal.path, &e))?;
        }
        Ok(self.page.pop_front())
    }

    fn fill(&mut self) -> rusqlite::Result<()> {
        if !self.begun {
            self.begin()?;
        }
        let mut select = self.journal.conn.prepare_cached(SELECT)?;
        let mut rows = select.query((self.link.seq, PAGE))?;
        while let Some(row) = rows.next()? {
            let seq: Seq = row.get(0)?;
            if seq <= self.link.seq {
                // A damaged tree can lead round in a circle.
                let what = format!("it stands after record {}", self.link.seq);
                self.page.push_back(Err(Flaw { seq, what }));
                self.done = true;
                return Ok(());
            }
            if seq != self.link.seq.next() {
                let what = format!(
                    "records {} to {} are missing before it",
                    self.link.seq.next(),
                    seq.get().saturating_sub(1)
                );
                self.page.push_back(Err(Flaw { seq, what }));
            }
            let sum: Result<u32, _> = row.get(6);
            self.page.push_back(proven(self.link, seq, row, sum.as_ref().ok().copied()));
            // Go on from what the file says, so that one flaw is named once.
            self.link = Link { seq, sum: sum.ok().unwrap_or(0) };
        }
        self.done = self.page.is_empty();
        Ok(())
    }

    /// The sum of the record before the first one that was asked for.
    fn begin(&mut self) -> rusqlite::Result<()> {
        use rusqlite::OptionalExtension as _;
        self.begun = true;
        if self.link.seq == Seq::START {
            return Ok(());
        }
        let sum: Option<u32> = self
            .journal
            .conn
            .query_row("SELECT sum FROM record WHERE seq=?1", [self.link.seq], |r| r.get(0))
            .optional()?;
        match sum {
            Some(sum) => self.link.sum = sum,
            None => self.page.push_back(Err(Flaw { seq: self.link.seq, what: "it is missing".to_owned() })),
        }
        Ok(())
    }
}

fn proven(before: Link, seq: Seq, row: &Row<'_>, sum: Option<u32>) -> Result<Record, Flaw> {
    let flaw = |what: String| Flaw { seq, what };
    let columns = columns(row).map_err(flaw)?;
    let due = Link { seq: Seq::new(seq.get().saturating_sub(1)), ..before }.then(&columns).sum;
    if sum != Some(due) {
        return Err(flaw("its checksum does not match".to_owned()));
    }
    record::read(seq, &columns).map_err(flaw)
}

fn columns<'r>(row: &'r Row<'_>) -> Result<Columns<'r>, String> {
    let text = |n: usize, name: &str| -> Result<&'r str, String> {
        let value = row.get_ref(n).map_err(|e| e.to_string())?;
        value.as_str().map_err(|e| format!("its column `{name}` can't be read: {e}"))
    };
    let order = row.get_ref(4).map_err(|e| e.to_string())?;
    Ok(Columns {
        run: text(1, "run")?,
        at: row.get(2).map_err(|e| format!("its column `at` can't be read: {e}"))?,
        kind: text(3, "kind")?,
        order: order.as_str_or_null().map_err(|e| format!("its column `order_id` can't be read: {e}"))?,
        fact: text(5, "fact")?,
    })
}

/// See [`Journal::replay`].
#[derive(Debug)]
pub struct Replay<'j> {
    pages: Pages<'j>,
    over: bool,
}

impl Iterator for Replay<'_> {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let journal = self.pages.journal;
        let item = match self.pages.next() {
            Ok(None) => None,
            Ok(Some(Ok(record))) => Some(Ok(record)),
            Ok(Some(Err(flaw))) => Some(Err(journal.refuse_after(journal.damaged(flaw.seq, flaw.what)))),
            Err(e) => Some(Err(journal.refuse_after(e))),
        };
        self.over = !matches!(item, Some(Ok(_)));
        item
    }
}
