//! The orders of one instrument.

use crate::{
    book::{
        exposure::Totals,
        rows::{OfInstrument, Places},
    },
    domain::ids::InstrumentId,
};

/// The orders of one instrument: which are open, and what they count for.
#[derive(Debug)]
pub(in crate::book) struct Line {
    instrument: InstrumentId,
    pub(in crate::book) open: Places,
    pub(in crate::book) totals: Totals,
}

impl Line {
    pub(in crate::book) fn of(instrument: &InstrumentId) -> Self {
        Self { instrument: instrument.clone(), open: Places::default(), totals: Totals::default() }
    }
}

impl OfInstrument for Line {
    fn instrument(&self) -> &InstrumentId {
        &self.instrument
    }
}
