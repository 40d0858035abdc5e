//! Is the journal what was written? Every page, every record, every snapshot.

use super::{
    Began, Journal, JournalError,
    append::last,
    record::{Record, Seq},
    replay::Pages,
    schema::FORMAT,
};
use crate::domain::fact::Fact;
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
    /// Versions of the program that wrote to it and are newer than this one.
    pub newer: Vec<String>,
    /// What it was begun anew from.
    pub began: Option<Began>,
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

    fn note_version(&mut self, record: &Record) {
        let Fact::Opened { version, .. } = &record.dated.fact else { return };
        let version = version.as_str();
        if is_newer(version, env!("CARGO_PKG_VERSION")) && !self.newer.iter().any(|known| known == version) {
            self.newer.push(version.to_owned());
        }
    }

    fn problem(&mut self, what: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(what);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

/// By the numbers of a version, from the left. What is no version is not newer.
fn is_newer(theirs: &str, ours: &str) -> bool {
    let numbers = |version: &str| -> Option<Vec<u64>> {
        let core = version.split(['-', '+']).next().unwrap_or_default();
        core.split('.').map(|part| part.parse().ok()).collect()
    };
    numbers(theirs).zip(numbers(ours)).is_some_and(|(theirs, ours)| theirs > ours)
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
            newer: Vec::new(),
            began: None,
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
        self.verify_beginning(&mut report);
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
                Ok(Some(Ok(record))) => {
                    report.records = report.records.saturating_add(1);
                    report.note_version(&record);
                }
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

    /// Where it was begun anew: has it the records that were taken over, and does the archive, if it is still beside it,
    /// end with the link that its header names?
    fn verify_beginning(&self, report: &mut Report) {
        let began = match self.began() {
            Ok(Some(began)) => began,
            Ok(None) => return,
            Err(e) => return report.problem(e.to_string()),
        };
        if report.records < began.copied && report.first_damaged.is_none() {
            report.problem(format!(
                "it was begun with {} record(s) of {}, and has {}",
                began.copied, began.archive, report.records
            ));
        }
        // Only a name: whoever wrote the header may not lead elsewhere.
        let is_beside = !began.archive.is_empty() && !began.archive.contains('/');
        let archive = self.path.with_file_name(&began.archive);
        if is_beside && archive.exists() {
            match Self::inspect(&archive).and_then(|archive| archive.end()) {
                Ok(end) if end == (began.seq, began.sum) => {}
                Ok((seq, _)) => report.problem(format!(
                    "it was begun after record {} of {}, which now ends with record {seq} or with another sum",
                    began.seq, began.archive
                )),
                Err(e) => report.problem(format!("what it was begun from can't be read: {e}")),
            }
        }
        report.began = Some(began);
    }

    /// The last record and its sum.
    pub(super) fn end(&self) -> Result<(u64, u32), JournalError> {
        let end = last(&self.conn).map_err(|e| JournalError::of_sqlite(&self.path, &e))?;
        Ok((end.seq.get(), end.sum))
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

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use crate::journal::{Mode, samples};
    use std::{fs, path::Path};

    /// A closed journal with every kind of fact, and its bytes.
    fn closed() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let (dir, mut journal) = samples::journal();
        let path = journal.path.clone();
        for _ in 0..3 {
            journal.append(&samples::every_fact()).unwrap();
        }
        journal.save_snapshot(Seq::new(20), b"{\"book\":true}").unwrap();
        journal.close().unwrap();
        let bytes = fs::read(&path).unwrap();
        (dir, path, bytes)
    }

    /// How many records of each batch are kept.
    fn durable() -> u64 {
        let kept = samples::every_fact().into_iter().filter(|d| d.fact.is_durable()).count();
        u64::try_from(kept).unwrap()
    }

    fn sabotaged(sql: &str) -> Report {
        let (_dir, path, _) = closed();
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch(sql).unwrap();
        conn.close().unwrap();
        let mut journal = Journal::open(&path, &samples::header(), Mode::Write(samples::run())).unwrap();
        let report = journal.verify();
        let replayed: Result<Vec<_>, _> = journal.replay().collect();
        match report.first_damaged {
            Some(seq) => {
                assert!(matches!(replayed, Err(JournalError::Damaged { seq: s, .. }) if s == seq));
                let refused = journal.append(&[samples::locked("more")]).unwrap_err();
                assert!(refused.to_string().contains(&format!("record {seq} of")), "{refused}");
            }
            None => assert!(replayed.is_ok()),
        }
        report
    }

    #[test]
    fn a_changed_record_is_named_and_nothing_more_is_written() {
        for change in
            ["fact=replace(fact, '0.1.0', '0.1.1')", "at=at+1", "run='other'", "sum=sum+1", "kind='order'"]
        {
            // The second batch's first record, which bears a version.
            let seq = durable() + 1;
            let report = sabotaged(&format!("UPDATE record SET {change} WHERE seq={seq}"));
            assert_eq!(report.first_damaged, Some(seq), "{change}: {report:?}");
        }
    }

    #[test]
    fn lost_and_moved_records_are_named() {
        let report = sabotaged("DELETE FROM record WHERE seq IN (7, 8)");
        assert_eq!(report.first_damaged, Some(9));
        assert!(report.problems.iter().any(|p| p.contains("records 7 to 8 are missing")), "{report:?}");
        let report = sabotaged("DELETE FROM record WHERE seq > 15");
        assert_eq!(report.problems, ["the snapshot of record 20 is of a record that is missing"]);
        let report = sabotaged(
            "UPDATE record SET seq=1000 WHERE seq=4; UPDATE record SET seq=4 WHERE seq=5; \
             UPDATE record SET seq=5 WHERE seq=1000;",
        );
        assert_eq!(report.first_damaged, Some(4));
    }

    /// As a newer version would write it, its chain in order.
    fn of_a_newer_version(journal: &Journal) {
        use crate::journal::record::Columns;
        let end = last(&journal.conn).unwrap();
        let fact = "{\"fact\":\"foreseen\",\"what\":1}";
        let columns = Columns { run: "run9", at: 9, kind: "foreseen", order: None, fact };
        let link = end.then(&columns);
        journal
            .conn
            .prepare(crate::journal::append::INSERT)
            .unwrap()
            .execute((link.seq, "run9", 9, "foreseen", None::<&str>, fact, link.sum))
            .unwrap();
    }

    #[test]
    fn what_a_newer_version_wrote_is_named() {
        let (_dir, mut journal) = samples::journal();
        let opened = |version: &str| {
            samples::dated(Fact::Opened { instance: samples::run(), version: version.into() })
        };
        journal.append(&[opened("0.0.9"), opened("99.1.0"), opened("99.1.0"), opened("odd")]).unwrap();
        assert_eq!(journal.verify().newer, ["99.1.0"]);
        assert!(journal.verify().is_sound());
        of_a_newer_version(&journal);
        let report = journal.verify();
        assert_eq!(report.first_damaged, Some(5));
        assert_eq!(
            report.problems,
            ["record 5: its kind `foreseen` is not known to this version of Tradedeck: a newer one wrote it"]
        );
        assert!(is_newer("0.10.0", "0.9.9") && !is_newer("0.9.9", "0.9.9") && is_newer("1.0.0-rc1", "0.9.9"));
    }

    #[test]
    fn an_archive_that_is_not_what_the_journal_was_begun_from_is_named() {
        let (dir, mut journal) = samples::journal();
        journal.append(&samples::every_fact()).unwrap();
        let (path, archive) = (journal.path.clone(), dir.path().join("archive.db"));
        journal.close().unwrap();
        let write =
            || crate::journal::Anew::write(&path, &samples::header(), &archive, "now".into(), |_| true);
        write().unwrap().put_in_place().unwrap();
        let verified = || Journal::inspect(&path).unwrap().verify();
        assert!(verified().is_sound() && verified().began.is_some(), "{:?}", verified());
        let conn = rusqlite::Connection::open(&archive).unwrap();
        conn.execute_batch("DELETE FROM record WHERE seq=(SELECT max(seq) FROM record)").unwrap();
        conn.close().unwrap();
        assert!(verified().problems.iter().any(|p| p.contains("archive.db")), "{:?}", verified());
        fs::remove_file(&archive).unwrap();
        assert!(verified().is_sound(), "an archive may be kept elsewhere");
    }

    /// What a flipped bit does: either nothing is different, or it is said.
    fn is_harmless_or_named(path: &Path, at: usize) {
        let journal = match Journal::open(path, &samples::header(), Mode::ReadOnly) {
            Ok(journal) => journal,
            Err(e) => return assert!(!e.to_string().is_empty()),
        };
        let report = journal.verify();
        let all: Result<Vec<_>, _> = journal.replay().map(|r| r.map(|r| r.dated.fact)).collect();
        let kept =
            samples::every_fact().into_iter().map(|d| d.fact).filter(crate::domain::fact::Fact::is_durable);
        match all {
            Ok(facts) if report.is_sound() => {
                let want: Vec<_> = kept.collect();
                assert_eq!(facts.len(), want.len() * 3, "byte {at}");
                assert!(facts.iter().zip(want.iter().cycle()).all(|(a, b)| a == b), "byte {at}");
            }
            Ok(_) => assert!(!report.is_sound(), "byte {at}"),
            Err(e) => assert!(report.first_damaged.is_some() && !report.is_sound(), "byte {at}: {e}"),
        }
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let (_dir, path, bytes) = closed();
        for at in (0..bytes.len()).filter(|n| n % 53 == 0 || n % 4096 < 12) {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).unwrap();
            is_harmless_or_named(&path, at);
        }
    }

    #[test]
    fn a_flipped_bit_in_a_records_text_names_that_record() {
        let (_dir, path, bytes) = closed();
        let word = b"all checks passed";
        let found: Vec<_> = (0..bytes.len()).filter(|n| bytes[*n..].starts_with(word)).collect();
        // Splitting a page leaves copies behind in what is now free; a flip there harms nothing.
        assert!(found.len() >= 3);
        let mut named = Vec::new();
        for at in found {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            let journal = Journal::open(&path, &samples::header(), Mode::ReadOnly).unwrap();
            named.extend(journal.verify().first_damaged);
        }
        named.sort_unstable();
        let each = durable();
        assert_eq!(named, [3, 3 + each, 3 + 2 * each]);
    }

    #[test]
    fn a_cut_file_is_said_to_be_cut() {
        let (_dir, path, bytes) = closed();
        for keep in [100, 4096, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&path, &bytes[..keep]).unwrap();
            match Journal::open(&path, &samples::header(), Mode::ReadOnly) {
                Ok(journal) => assert!(!journal.verify().is_sound(), "{keep} bytes kept"),
                Err(e) => assert!(e.to_string().contains("journal.db"), "{e}"),
            }
        }
    }
}
