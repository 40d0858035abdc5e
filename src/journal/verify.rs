//! Is the journal what was written? Every page, every record, every snapshot.

use super::{Journal, JournalError, record::Seq, replay::Pages, schema::FORMAT};
use serde::Serialize;
use std::path::PathBuf;

/// Named at most; the rest is counted.
const PROBLEMS_MAX: usize = 100;

/// What [`Journal::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub profile: String,
    /// The version of the program that made it.
    pub made_by: String,
    /// Its format.
    pub format: i32,
    /// Records that are as they were written.
    pub records: u64,
    /// The runs of the program that wrote them, where they can be told.
    pub runs: usize,
    /// The place of the first damaged record.
    pub first_damaged: Option<u64>,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// Further problems, not named.
    pub more: u64,
}

impl Report {
    /// Nothing wrong?
    pub const fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, what: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(what);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

impl Journal {
    /// Reads everything and says what is wrong with it.
    pub fn verify(&self) -> Report {
        let mut report = Report {
            path: self.path.clone(),
            profile: String::new(),
            made_by: String::new(),
            format: FORMAT,
            records: 0,
            runs: 0,
            first_damaged: None,
            problems: Vec::new(),
            more: 0,
        };
        match self.profile() {
            Ok(profile) => report.profile = profile,
            Err(e) => report.problem(e.to_string()),
        }
        match self.made_by() {
            Ok(version) => report.made_by = version,
            Err(e) => report.problem(e.to_string()),
        }
        self.verify_records(&mut report);
        self.verify_pages(&mut report);
        match self.instances() {
            Ok(runs) => report.runs = runs.len(),
            Err(e) => report.problem(format!("the runs can't be told: {e}")),
        }
        match self.load_snapshot() {
            Ok(loaded) => loaded.notes.into_iter().for_each(|n| report.problem(n)),
            Err(e) => report.problem(format!("the snapshots can't be read: {e}")),
        }
        report
    }

    fn verify_records(&self, report: &mut Report) {
        let mut pages = Pages::after(self, Seq::START);
        loop {
            match pages.next() {
                Ok(None) => return,
                Ok(Some(Ok(_))) => report.records = report.records.saturating_add(1),
                Ok(Some(Err(flaw))) => {
                    report.first_damaged.get_or_insert(flaw.seq.get());
                    report.problem(format!("record {}: {}", flaw.seq, flaw.what));
                }
                Err(e) => {
                    let next = report.records.saturating_add(1);
                    report.first_damaged.get_or_insert(next);
                    return report.problem(format!("record {next} and what follows can't be read: {e}"));
                }
            }
        }
    }

    /// SQLite's own check of its pages and indexes.
    fn verify_pages(&self, report: &mut Report) {
        let found = || -> rusqlite::Result<Vec<String>> {
            self.conn.prepare("PRAGMA integrity_check")?.query_map([], |r| r.get(0))?.collect()
        };
        match found().map_err(|e| JournalError::of_sqlite(&self.path, &e)) {
            Ok(lines) => lines.into_iter().filter(|l| l != "ok").for_each(|l| report.problem(l)),
            Err(e) => report.problem(format!("the pages can't be checked: {e}")),
        }
    }
}
