//! Positions: the venue's quantity wins, unless a fill that we know is newer than its word.

use super::{AlertSeed, Finding};
use crate::{
    book::{Book, PositionRow},
    domain::{
        alert::{AlertCode, Severity},
        fact::{Fact, PositionSource},
        ids::InstrumentId,
        money::{Price, SignedQty},
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
    if row.and_then(|r| r.filled_at).is_some_and(|at| at >= report.began.wall) {
        return None;
    }
    let moved = traded.get(instrument).copied().unwrap_or_default();
    let ours = row.map_or(SignedQty::ZERO, |r| r.qty).checked_add(moved)?;
    let theirs = said.map_or(SignedQty::ZERO, |p| p.qty);
    let first = !book.has_counted(&report.venue);
    let fact = |source| Fact::Position {
        instrument: instrument.clone(),
        qty: theirs,
        avg_price: said.and_then(|p| p.avg_price),
        previous_close: said.and_then(|p| p.previous_close),
        source,
    };
    if ours != theirs {
        let source = if first { PositionSource::Baseline } else { PositionSource::Correction };
        let alert = book.has_heard(&report.venue).then(|| {
            let text = format!(
                "{} holds {theirs} {}, the fills here make {ours}: set to what the venue says",
                report.venue, instrument.symbol
            );
            AlertSeed::of_venue(Severity::Critical, AlertCode::PositionMismatch, &report.venue, &text)
                .symbol(&instrument.symbol)
        });
        return Some(Finding::Facts { facts: vec![fact(source)], alert });
    }
    if first {
        return Some(Finding::quiet(vec![fact(PositionSource::Baseline)]));
    }
    let differs = moved.is_zero() && row.zip(said).is_some_and(|(row, said)| is_newer(row, said));
    differs.then(|| Finding::quiet(vec![fact(PositionSource::Refresh)]))
}

/// Has the venue another average (beyond what it rounds), or a previous close that is not known yet?
fn is_newer(row: &PositionRow, said: &PositionReport) -> bool {
    let close = said.previous_close.is_some() && said.previous_close != row.previous_close;
    let avg = match (row.avg_price, said.avg_price) {
        (Some(ours), Some(theirs)) => !is_near(ours, theirs),
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
