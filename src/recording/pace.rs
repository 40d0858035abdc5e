//! When a snapshot is recorded: at once where a person waits for what is new in it, else at most once a second.

use crate::{
    desk::{
        Snapshot,
        snapshot::{AlgorithmRow, Banner, HealthRow, PositionRow, RiskRow},
    },
    domain::time::Mono,
};
use std::sync::Arc;

/// So often snapshots are recorded in which nothing but figures moved, milliseconds.
const FIGURES_MS: u64 = 1_000;

/// How much a snapshot presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressing {
    /// It is recorded now.
    Now,
    /// It is recorded then, unless a newer one comes before.
    At(Mono),
    /// It was recorded.
    No,
}

/// What was recorded last, and when.
#[derive(Debug, Default)]
pub struct Pace {
    last: Option<(Arc<Snapshot>, Mono)>,
}

impl Pace {
    /// What is to become of the newest snapshot.
    pub fn judge(&self, newest: &Snapshot, now: Mono) -> Pressing {
        let Some((last, at)) = &self.last else { return Pressing::Now };
        let due = at.plus_ms(FIGURES_MS);
        if last.seq == newest.seq {
            Pressing::No
        } else if now >= due || is_awaited(last, newest) {
            Pressing::Now
        } else {
            Pressing::At(due)
        }
    }

    /// This one was recorded.
    pub fn recorded(&mut self, snapshot: Arc<Snapshot>, now: Mono) {
        self.last = Some((snapshot, now));
    }
}

/// Are both the same rows, as far as `same` looks?
fn is_alike<T>(a: &Arc<Vec<T>>, b: &Arc<Vec<T>>, same: impl Fn(&T, &T) -> bool) -> bool {
    Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)))
}

/// Is anything new that a person waits for? What moves with the prices is not, nor is what moves with the time.
fn is_awaited(a: &Snapshot, b: &Snapshot) -> bool {
    let alike = is_alike(&a.orders, &b.orders, |a, b| a == b)
        && is_alike(&a.fills, &b.fills, |a, b| a == b)
        && is_alike(&a.alerts, &b.alerts, |a, b| a == b)
        && is_alike(&a.exits, &b.exits, |a, b| a == b)
        && is_alike(&a.reconciliation, &b.reconciliation, |a, b| a == b)
        && is_alike(&a.offers, &b.offers, |a, b| a == b)
        && is_alike(&a.positions, &b.positions, position)
        && is_alike(&a.health, &b.health, health)
        && is_alike(&a.risk, &b.risk, risk)
        && is_alike(&a.margin_call, &b.margin_call, |a, b| a.instrument == b.instrument)
        && is_alike(&a.algorithms, &b.algorithms, algorithm)
        && banner(&a.banner, &b.banner)
        && a.exit == b.exit;
    !alike
}

fn position(a: &PositionRow, b: &PositionRow) -> bool {
    a.instrument == b.instrument
        && (a.qty, a.avg_price, a.protected) == (b.qty, b.avg_price, b.protected)
        && (a.stop, a.target) == (b.stop, b.target)
        && a.stale == b.stale
}

fn health(a: &HealthRow, b: &HealthRow) -> bool {
    let channels =
        |row: &HealthRow| row.channels.iter().map(|c| (c.name.clone(), c.state.clone())).collect::<Vec<_>>();
    (&a.venue, &a.state, &a.last_error, &a.switch) == (&b.venue, &b.state, &b.last_error, &b.switch)
        && (a.reconnects, a.quarantined, a.limited_until) == (b.reconnects, b.quarantined, b.limited_until)
        && channels(a) == channels(b)
}

fn risk(a: &RiskRow, b: &RiskRow) -> bool {
    (&a.rule, &a.venue, &a.symbol, &a.reason) == (&b.rule, &b.venue, &b.symbol, &b.reason)
        && a.state == b.state
}

fn algorithm(a: &AlgorithmRow, b: &AlgorithmRow) -> bool {
    (&a.name, a.state, &a.note) == (&b.name, b.state, &b.note)
        && (a.holdings, a.orders) == (b.holdings, b.orders)
}

fn banner(a: &Banner, b: &Banner) -> bool {
    a.lamps == b.lamps
        && (a.armed_until, &a.locked, a.halted) == (b.armed_until, &b.locked, b.halted)
        && (a.tripped, a.locked_out_until, &a.held) == (b.tripped, b.locked_out_until, &b.held)
        && (a.alerts, &a.worst, &a.session) == (b.alerts, &b.worst, &b.session)
}
