//! Looks, with each beat of the engine, whether another run of this profile has written into the journal. The look costs
//! a few microseconds: the database says by a number whether anything changed.

use crate::{
    domain::{fact::Dated, ids::Instance},
    journal::{Header, Journal, JournalError, Mode, Seq},
};
use std::path::Path;

/// A reading connection of its own.
#[derive(Debug)]
pub(super) struct Elsewhere {
    journal: Journal,
    run: Instance,
    version: i64,
    seen: Seq,
}

impl Elsewhere {
    /// Begins after `seen`, which the replay of the past has gone beyond: what stands twice is taken in once.
    pub(super) fn open(path: &Path, header: &Header, run: Instance, seen: Seq) -> Result<Self, JournalError> {
        let journal = Journal::open(path, header, Mode::ReadOnly)?;
        Ok(Self { journal, run, version: 0, seen })
    }

    /// What others have written since the last look.
    ///
    /// # Errors
    /// The journal can't be read, or a record in it is damaged: the next look would find the same.
    pub(super) fn look(&mut self) -> Result<Vec<Dated>, JournalError> {
        let version = self.journal.data_version()?;
        if version == self.version {
            return Ok(Vec::new());
        }
        let (records, seen) = self.journal.of_others(self.seen, &self.run)?;
        (self.version, self.seen) = (version, seen);
        Ok(records.into_iter().map(|r| r.dated).collect())
    }
}
