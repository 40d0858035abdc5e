//! Positions: the venue's quantity wins, but never by one word: a difference is a doubt, and a fill that is known and
//! newer than the word is not even that.

use super::{Doubt, Finding};
use crate::{
    book::{Book, PositionRow},
    domain::{
        fact::PositionSource,
        ids::InstrumentId,
        money::{Price, Qty, SignedQty},
        order::Side,
        report::{PositionReport, VenueReport},
    },
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What the report's own executions move.
pub(super) type Traded = BTreeMap<InstrumentId, SignedQty>;

pub(super) fn all(book: &Book, report: &VenueReport, traded: &Traded) -> Vec<Finding> {
    let Some(positions) = &report.positions else {
        return Vec::new();
    };
    let said: BTreeMap<&InstrumentId, &PositionReport> =
        positions.iter().map(|p| (&p.instrument, p)).collect();
    let held = book.positions().filter(|row| row.instrument.venue == report.venue);
    let names: BTreeSet<&InstrumentId> =
        held.map(|row| &row.instrument).chain(traded.keys()).chain(said.keys().copied()).collect();
    names.into_iter().filter_map(|name| one(book, report, name, said.get(name).copied(), traded)).collect()
}

fn one(
    book: &Book,
    report: &VenueReport,
    instrument: &InstrumentId,
    said: Option<&PositionReport>,
    traded: &Traded,
) -> Option<Finding> {
    let row = book.position(instrument);
    // Filled after the venue was asked: its word may be older than the fill.
    if book.has_filled_since(instrument, report.began.wall) {
        return None;
    }
    let moved = traded.get(instrument).copied().unwrap_or_default();
    let ours = row.map_or(SignedQty::ZERO, |r| r.qty).checked_add(moved)?;
    let theirs = said.map_or(SignedQty::ZERO, |p| p.qty);
    let first = !book.has_counted(&report.venue);
    let source = if first { PositionSource::Baseline } else { PositionSource::Correction };
    let word = Doubt {
        instrument: instrument.clone(),
        ours,
        theirs,
        avg_price: said.and_then(|p| p.avg_price),
        previous_close: said.and_then(|p| p.previous_close),
        source,
        explained: is_explained(book, instrument, ours, theirs),
    };
    if ours != theirs {
        // A journal that has heard nothing of the venue and sends nothing there has no fill to undo.
        let is_start = !book.has_heard(&report.venue) && book.open_orders_of(instrument).next().is_none();
        return Some(if is_start {
            Finding::quiet(vec![word.believed(source)])
        } else {
            Finding::Doubt(word)
        });
    }
    if first {
        // What the fills make is exact, and a venue's average is rounded, or has fees in it that are counted apart here.
        let is_known =
            row.zip(said).is_some_and(|(row, said)| row.avg_price.is_some() && !is_newer(row, said));
        let avg_price = word.avg_price.filter(|_| !is_known);
        return Some(Finding::quiet(vec![Doubt { avg_price, ..word }.believed(PositionSource::Baseline)]));
    }
    let differs = moved.is_zero() && row.zip(said).is_some_and(|(row, said)| is_newer(row, said));
    differs.then(|| Finding::quiet(vec![word.believed(PositionSource::Refresh)]))
}

/// Could orders that are open here have filled by the difference, without a word of it yet?
fn is_explained(book: &Book, instrument: &InstrumentId, ours: SignedQty, theirs: SignedQty) -> bool {
    let Some(off) = theirs.checked_sub(ours) else { return false };
    let side = if off.is_negative() { Side::Sell } else { Side::Buy };
    let mut could = Qty::ZERO;
    for row in book.open_orders_of(instrument).filter(|row| row.spec.side == side) {
        match row.remaining() {
            Some(rest) => could = could.checked_add(rest).unwrap_or(could),
            None => return true,
        }
    }
    off.size() <= could
}

/// Has the venue another average (beyond what it rounds, and beyond what the fees of the day could make of it, which some
/// venues count into it and which are counted apart here), or a previous close that is not known yet?
fn is_newer(row: &PositionRow, said: &PositionReport) -> bool {
    let close = said.previous_close.is_some() && said.previous_close != row.previous_close;
    let avg = match (row.avg_price, said.avg_price) {
        (Some(ours), Some(theirs)) => {
            let apart = row.payoff.profit_between(row.qty, ours, theirs);
            let is_fees = apart.is_some_and(|apart| apart.abs() <= row.fees_today.abs());
            !is_fees && !is_near(ours, theirs)
        }
        (None, Some(_)) => !row.qty.is_zero(),
        (Some(_) | None, None) => false,
    };
    close || avg
}

fn is_near(a: Price, b: Price) -> bool {
    let Some(off) = a.checked_sub(b) else {
        return false;
    };
    let allowed = a.abs().checked_mul(Decimal::new(1, 4));
    allowed.is_some_and(|allowed| off.abs() <= allowed)
}
