//! Execution quality from journals alone: no venue is asked, and a dashboard may run or not.

use super::algorithms;
use crate::{
    config::Config,
    desk::snapshot::{OrderQuality, QualityRow},
    domain::{ids::Symbol, time::Stamp},
    journal::Journal,
};
use std::path::PathBuf;

/// Which orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The journals to read, the oldest first.
    pub files: Vec<PathBuf>,
    /// Decided at this time or later; `None` is all.
    pub since: Option<Stamp>,
    /// In this symbol at any venue; `None` is all.
    pub symbol: Option<Symbol>,
}

/// Their figures taken together, and each by itself. Whose orders are whose the configuration says.
///
/// # Errors
/// When a journal can't be read, or a record in it is damaged.
pub fn quality(config: &Config, asked: Asked) -> anyhow::Result<(Vec<QualityRow>, Vec<OrderQuality>)> {
    let claims = config.algorithms.iter().filter_map(|a| algorithms::setup(a).claim).collect();
    let mut tally = crate::analytics::Tally::new(claims, asked.since, asked.symbol);
    let mut before: Option<Journal> = None;
    for file in &asked.files {
        let journal = Journal::inspect(file)?;
        // What a journal was begun anew with stands in its archive, too.
        let known =
            before.as_ref().map(|before| journal.shared_with(before)).transpose()?.unwrap_or_default();
        for record in journal.since(known) {
            let record = record?;
            tally.take(record.dated.at, &record.dated.fact);
        }
        before = Some(journal);
    }
    Ok(tally.finish())
}
