//! Retention: which records of the journal are still needed when it is begun anew, and the proof that what follows from
//! them is the same.
//!
//! What is after the day that was asked for stays. Of what is before it an instrument's records go up to where nothing of
//! it was open any more: no order, no position of the account or of an algorithm, nothing that is held here. What guards
//! the accounts stays: locks, latches, exits, baselines, what algorithms were asked. Then the new journal goes through a
//! book of its own, and only if that goes on as the old one does is it put in its place.

mod needed;

use self::needed::{Needed, Past};
use super::algorithms;
use crate::{
    book::Book,
    clock::Clock,
    config::{Config, KEEP_DAYS_MIN},
    domain::{algorithm::Claim, time::Stamp},
    journal::{Anew, Header, Journal, set_torn_tail_aside},
};
use anyhow::bail;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const DAY_MS: i64 = 86_400_000;
/// By itself the journal is begun anew at most this often.
const EACH_MS: i64 = 7 * DAY_MS;

/// What is to be put aside.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The journal.
    pub path: PathBuf,
    /// Whose orders are whose.
    pub claims: Vec<Claim>,
    /// What is not before this stays.
    pub before: Stamp,
    /// Now.
    pub now: Stamp,
}

impl Asked {
    /// Of the profile whose state is kept in `state`.
    pub fn of(config: &Config, state: &Path, before: Stamp, now: Stamp) -> Self {
        let claims = config.algorithms.iter().filter_map(|a| algorithms::setup(a).claim).collect();
        Self { path: super::host::journal_path(state), claims, before, now }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// Where the old journal is now; `None` where nothing of it could go.
    pub archive: Option<PathBuf>,
    /// Its records.
    pub records: u64,
    /// How many of them the new journal begins with.
    pub kept: u64,
}

/// Puts the journal aside and begins it anew, where that makes it shorter.
///
/// # Errors
/// When the day is too young, the journal is not sound or in use, or what would be left does not lead to the same
/// positions, orders and locks. Nothing has changed then.
pub fn archive(asked: &Asked) -> anyhow::Result<Archived> {
    let youngest = asked.now.plus_ms(days(KEEP_DAYS_MIN).saturating_neg());
    if asked.before > youngest {
        bail!("the last {KEEP_DAYS_MIN} days stay in the journal: name an earlier day");
    }
    let (needed, records, outline) = {
        let journal = Journal::inspect(&asked.path)?;
        let past = Past::read(&journal, asked.before)?;
        Needed::of(&journal, past, &asked.claims)?
    };
    let count = needed.count(&asked.path)?;
    if count == records {
        return Ok(Archived { archive: None, records, kept: records });
    }
    let header = header(&asked.path)?;
    let at = asked.now.to_rfc3339();
    let name = format!("journal-until-{}.sqlite", asked.now.to_jiff().strftime("%Y%m%dT%H%M%SZ"));
    let archive = asked.path.with_file_name(name);
    let anew = Anew::write(&asked.path, &header, &archive, at, |record| needed.keeps(record))?;
    if outline_of(&anew.look()?, &asked.claims)? != outline {
        bail!(
            "what would be left of {} does not lead to the same positions, orders and locks; nothing was changed",
            asked.path.display()
        );
    }
    let kept = anew.copied();
    let archive = anew.put_in_place()?;
    Ok(Archived { archive: Some(archive), records, kept })
}

/// The same by itself, as `[journal] keep_days` says. A failure is told and harms nothing: the journal stays as it is.
pub(super) fn at_start(config: &Config, state: &Path, clock: &Arc<dyn Clock>) {
    let Some(keep) = config.journal.keep_days else { return };
    let now = clock.now().wall;
    let before = now.plus_ms(days(keep).saturating_neg());
    let asked = Asked::of(config, state, before, now);
    match is_due(&asked).and_then(|due| if due { archive_whole(&asked).map(Some) } else { Ok(None) }) {
        Ok(Some(done)) => tracing::info!(?done, "the journal was begun anew"),
        Ok(None) => {}
        Err(why) => tracing::warn!(%why, "the journal was not begun anew"),
    }
}

fn archive_whole(asked: &Asked) -> anyhow::Result<Archived> {
    if let Some(torn) = set_torn_tail_aside(&asked.path, asked.now)? {
        bail!("its log has a torn end ({torn:?}); it is left alone this time");
    }
    archive(asked)
}

/// Is its first record old enough, and was it not begun anew just now?
fn is_due(asked: &Asked) -> anyhow::Result<bool> {
    if !asked.path.exists() {
        return Ok(false);
    }
    let journal = Journal::inspect(&asked.path)?;
    let last = journal.began()?.map(|began| Stamp::parse_rfc3339(&began.at)).transpose()?;
    if last.is_some_and(|last| asked.now.since_ms(last) < EACH_MS) {
        return Ok(false);
    }
    let first = journal.replay().next().transpose()?;
    Ok(first.is_some_and(|record| asked.before.since_ms(record.dated.at) >= EACH_MS))
}

fn days(n: u64) -> i64 {
    i64::try_from(n).ok().unwrap_or(i64::MAX).saturating_mul(DAY_MS)
}

fn header(path: &Path) -> anyhow::Result<Header> {
    let profile = Journal::inspect(path)?.profile()?.into();
    Ok(Header { profile, accounts: Vec::new(), version: env!("CARGO_PKG_VERSION").into() })
}

fn outline_of(journal: &Journal, claims: &[Claim]) -> anyhow::Result<Vec<String>> {
    let mut book = Book::new();
    book.claim(claims.to_vec());
    for record in journal.replay() {
        let dated = record?.dated;
        book.apply(dated.at, &dated.fact);
    }
    Ok(book.outline())
}
