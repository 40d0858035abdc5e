//! What a run begins with: the right to hold the accounts, the journal, and what stands in it.

use super::{Opening, Role};
use crate::{
    clock::Clock,
    domain::{
        alert::{Alert, AlertCode, Severity},
        fact::{Dated, Fact},
        ids::{Instance, VenueId},
        text::Text,
    },
    journal::{EngineLock, Header, Journal, JournalError, Mode, Seq, set_torn_tail_aside},
    runtime::archive,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The name of the profile in the journal's header.
pub(super) const PROFILE: &str = "default";

pub(in crate::runtime) fn journal_path(state: &Path) -> PathBuf {
    state.join("journal.sqlite")
}

pub(super) fn header() -> Header {
    Header { profile: PROFILE.into(), accounts: Vec::new(), version: env!("CARGO_PKG_VERSION").into() }
}

/// The open journal (none where it is only read), what stands in it, and the last record of that at least.
pub(super) struct Kept {
    pub(super) journal: Option<Journal>,
    pub(super) past: Vec<Dated>,
    pub(super) seen: Seq,
}

pub(super) fn open_journal(
    opening: &Opening,
    state: &Path,
    instance: &Instance,
    alone: bool,
    read_only: bool,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Kept> {
    let (path, header) = (journal_path(state), header());
    if alone && opening.role.stays() {
        archive::at_start(&opening.config, state, clock);
    }
    if alone && let Some(torn) = set_torn_tail_aside(&path, clock.now().wall)? {
        tracing::warn!(?torn, "the journal's log had a torn end; it was put aside");
    }
    if read_only {
        let journal = Journal::open(&path, &header, Mode::ReadOnly)?;
        let seen = journal.last()?;
        return Ok(Kept { past: replay(&journal)?, journal: None, seen });
    }
    let journal = Journal::open(&path, &header, Mode::Write(instance.clone()))?;
    let seen = journal.last()?;
    Ok(Kept { past: replay(&journal)?, journal: Some(journal), seen })
}

fn replay(journal: &Journal) -> Result<Vec<Dated>, JournalError> {
    journal.replay().map(|record| record.map(|r| r.dated)).collect()
}

/// The right to hold the accounts; `None` where another run has it, or this one is only to look.
pub(super) fn take_lock(state: &Path, opening: &Opening) -> Result<Option<EngineLock>, JournalError> {
    match EngineLock::take(state) {
        // Who only looks leaves the accounts to the next.
        Ok(_) if opening.looks => Ok(None),
        Ok(lock) => Ok(Some(lock)),
        Err(JournalError::Running { .. }) if opening.role != Role::Engine => Ok(None),
        Err(why) => Err(why),
    }
}

/// Makes an alert of each paper venue that fails on purpose, which is in the journal before the run begins.
pub(super) fn tell_faults(
    faults: &[(VenueId, Text)],
    journal: Option<&mut Journal>,
    past: &mut Vec<Dated>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<()> {
    let last = past.iter().map(|d| if let Fact::Alerted(a) = &d.fact { a.id } else { 0 }).max().unwrap_or(0);
    let at = clock.now().wall;
    let alert = |(id, (venue, text)): (u64, &(VenueId, Text))| {
        let (severity, code) = (Severity::Warning, AlertCode::Program);
        let (venue, text) = (Some(venue.clone()), text.clone());
        let alert = Alert { id, at, severity, code, venue, symbol: None, order: None, algorithm: None, text };
        Dated { at, fact: Fact::Alerted(Box::new(alert)) }
    };
    let said: Vec<Dated> = (last.saturating_add(1)..).zip(faults).map(alert).collect();
    if let Some(journal) = journal
        && !said.is_empty()
    {
        journal.append(&said)?;
    }
    past.extend(said);
    Ok(())
}
