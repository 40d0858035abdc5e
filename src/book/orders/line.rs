//! The orders of one instrument.

use crate::{
    book::{exposure::Totals, rows::Named},
    domain::ids::{InstrumentId, OrderId},
};
use std::collections::BTreeSet;

/// The orders of one instrument: which are open, and what they count for.
#[derive(Debug)]
pub(in crate::book) struct Line {
    instrument: InstrumentId,
    pub(in crate::book) open: BTreeSet<OrderId>,
    pub(in crate::book) totals: Totals,
}

impl Line {
    pub(in crate::book) fn of(instrument: &InstrumentId) -> Self {
        Self { instrument: instrument.clone(), open: BTreeSet::new(), totals: Totals::default() }
    }
}

impl Named for Line {
    type Name = InstrumentId;
    fn name(&self) -> &InstrumentId {
        &self.instrument
    }
    fn key(name: &InstrumentId) -> &str {
        name.symbol.as_str()
    }
}
