//! Algorithms as they are shown: what their source tells, or what their own orders on one of the accounts made.

use super::{Algorithm, Engine};
use crate::{
    analytics,
    book::{OrderRow, PositionRow},
    desk::snapshot::{AlgorithmRow, AlgorithmState},
    domain::{
        algorithm::{
            AlgorithmEvent, AlgorithmOrder, AlgorithmOrderState, Holding, Observation, Owner, Phase, Sighting,
        },
        lifecycle::OrderState,
        money::{Money, SignedQty},
        text::Text,
        time::Stamp,
    },
};
use smol_str::SmolStr;
use std::sync::Arc;

/// Orders and fills of one that are shown.
const SHOWN_MAX: usize = 500;

/// What an owner's fills make.
#[derive(Debug, Default)]
struct Figures {
    holdings: Vec<Holding>,
    day: Option<Money>,
    unrealized: Option<Money>,
    realized: Option<Money>,
    fees: Option<Money>,
}

impl Engine {
    /// The configured ones; then, where some of them share an account, what was done by hand, and what nobody claims.
    pub(in crate::engine) fn algorithm_rows(&self) -> Vec<AlgorithmRow> {
        let mut rows: Vec<AlgorithmRow> = self.algorithms.all.iter().map(|a| self.algorithm_row(a)).collect();
        for (owner, name, source) in
            [(Owner::Hand, "by hand", "this desk"), (Owner::External, "external", "nobody claims it")]
        {
            let open = self.book.open_orders().filter(|o| self.book.owner_of(o) == owner).count();
            let any = self.book.owners().any(|o| *o == owner);
            if any && rows.iter().any(|r| r.pauses) {
                rows.push(self.nobody(&owner, name, source, open));
            }
        }
        rows
    }

    fn nobody(&self, owner: &Owner, name: &'static str, source: &'static str, open: usize) -> AlgorithmRow {
        let figures = self.figures_of(owner);
        AlgorithmRow {
            name: SmolStr::new_static(name),
            source: SmolStr::new_static(source),
            venue: None,
            state: AlgorithmState::Nobody,
            equity: None,
            day_pnl: figures.day,
            holdings: count(figures.holdings.len()),
            orders: count(open),
            heartbeat: None,
            log: None,
            unrealized: figures.unrealized,
            fees: figures.fees,
            note: None,
            takes: false,
            pauses: false,
            seen: Some(Arc::new(self.observed(name, owner, figures))),
        }
    }

    fn algorithm_row(&self, algorithm: &Algorithm) -> AlgorithmRow {
        let setup = &algorithm.setup;
        let owner = algorithm.owner();
        let own = setup.claim.is_some().then(|| self.figures_of(&owner));
        // A source that tells figures knows more than the account does; one that only beats does not.
        let told = algorithm.seen().filter(|seen| seen.equity.is_some() || setup.claim.is_none());
        let state = self.state_of(algorithm);
        let alive = algorithm.alive_at().map(|at| self.mono_of(at));
        let (open, held) = match (told, &own) {
            (Some(seen), _) => {
                (seen.orders.iter().filter(|o| o.state.is_open()).count(), seen.holdings.len())
            }
            (None, Some(figures)) => {
                let its = self.book.open_orders().filter(|o| self.book.owner_of(o) == owner);
                (its.count(), figures.holdings.len())
            }
            (None, None) => (0, 0),
        };
        let figure = |told: Option<Money>, own: Option<Money>| told.or(own);
        let (own_day, own_open, own_fees) =
            own.as_ref().map_or((None, None, None), |f| (f.day, f.unrealized, f.fees));
        let log = algorithm.seen().and_then(|seen| seen.log.last()).map(|line| line.text.clone());
        let equity = told.and_then(|seen| seen.equity);
        let day_pnl = figure(told.and_then(|seen| seen.day), own_day);
        let unrealized = figure(told.and_then(|seen| seen.unrealized), own_open);
        let fees = figure(told.and_then(|seen| seen.fees), own_fees);
        let seen = match (told, own) {
            (Some(_), _) | (None, None) => algorithm.seen().cloned(),
            (None, Some(figures)) => Some(Arc::new(self.observed(&setup.name, &owner, figures))),
        };
        AlgorithmRow {
            name: setup.name.clone(),
            source: setup.source.clone(),
            venue: setup.venue.clone(),
            state,
            equity,
            day_pnl,
            holdings: count(held),
            orders: count(open),
            heartbeat: alive,
            log,
            unrealized,
            fees,
            note: self.note_of(algorithm),
            takes: setup.takes,
            pauses: setup.claim.is_some(),
            seen,
        }
    }

    fn note_of(&self, algorithm: &Algorithm) -> Option<Text> {
        let name = &algorithm.setup.name;
        if let Some(note) = self.cover_note(name) {
            return Some(note);
        }
        if let Sighting::Lost { why, .. } = &algorithm.sighting {
            return Some(why.clone());
        }
        if let Some(why) = self.book.paused(name) {
            return Some(Text::clean(&format!("paused: {why}")));
        }
        let seen = algorithm.seen()?;
        seen.error.clone().or_else(|| seen.flaws.last().cloned())
    }

    fn state_of(&self, algorithm: &Algorithm) -> AlgorithmState {
        if self.book.paused(&algorithm.setup.name).is_some() {
            return AlgorithmState::Paused;
        }
        if self.is_silent(algorithm) {
            return AlgorithmState::Silent;
        }
        match (&algorithm.sighting, algorithm.phase()) {
            (_, Some(Phase::Failed)) => AlgorithmState::Failed,
            (_, Some(Phase::Stopped | Phase::Liquidated)) => AlgorithmState::Stopped,
            (Sighting::Lost { .. }, _) => AlgorithmState::Unseen,
            (_, Some(Phase::Starting | Phase::Running | Phase::Unknown)) => AlgorithmState::Running,
            (_, None) if algorithm.acted.is_some() => AlgorithmState::Running,
            (_, None) => AlgorithmState::Unseen,
        }
    }

    /// Profit and loss of the day, less fees, for the bounds.
    pub(super) fn day_of(&self, algorithm: &Algorithm) -> Option<Money> {
        let told = algorithm.seen().and_then(|seen| seen.day);
        told.or_else(|| {
            algorithm.setup.claim.is_some().then(|| self.figures_of(&algorithm.owner()).day).flatten()
        })
    }

    fn figures_of(&self, owner: &Owner) -> Figures {
        let mut figures = Figures {
            day: Some(Money::ZERO),
            unrealized: Some(Money::ZERO),
            realized: Some(Money::ZERO),
            fees: Some(Money::ZERO),
            ..Figures::default()
        };
        for part in self.book.part_of(owner) {
            let mark = self.marks.get(&part.instrument);
            let previous_close = self.book.position(&part.instrument).and_then(|p| p.previous_close);
            let mut row: PositionRow = part.clone();
            row.previous_close = previous_close;
            let its = analytics::position(&self.book, &row, mark);
            let day = its.day.and_then(|day| day.checked_sub(row.fees_today));
            figures.day = figures.day.zip(day).and_then(|(sum, day)| sum.checked_add(day));
            figures.realized = figures.realized.and_then(|sum| sum.checked_add(row.realized_today));
            figures.fees = figures.fees.and_then(|sum| sum.checked_add(row.fees_today));
            if row.qty.is_zero() {
                continue;
            }
            figures.unrealized =
                figures.unrealized.zip(its.unrealized).and_then(|(sum, u)| sum.checked_add(u));
            figures.holdings.push(Holding {
                key: Text::clean(&row.instrument.to_string()),
                symbol: Text::clean(row.instrument.symbol.as_str()),
                qty: row.qty,
                average: row.avg_price,
                price: its.last,
                value: its.value,
                unrealized: its.unrealized,
            });
        }
        figures
    }

    /// What the account shows of an owner.
    fn observed(&self, name: &str, owner: &Owner, figures: Figures) -> Observation {
        let mut orders: Vec<&OrderRow> =
            self.book.orders().filter(|o| self.book.owner_of(o) == *owner).collect();
        orders.sort_by_key(|row| std::cmp::Reverse((row.state.is_open(), row.updated_at)));
        orders.truncate(SHOWN_MAX);
        let shown = orders.iter().zip(1_i64..).map(|(row, n)| shown_order(row, n)).collect();
        let number = |client: &str| {
            let at = orders.iter().position(|row| row.id.client.as_str() == client);
            at.and_then(|n| i64::try_from(n).ok()?.checked_add(1)).unwrap_or(0)
        };
        let its = self.book.fills().rev().filter(|fill| {
            let id = crate::domain::ids::OrderId {
                venue: fill.execution.instrument.venue.clone(),
                client: fill.execution.client.clone(),
            };
            self.book.owner_of_named(&id) == *owner
        });
        let mut events: Vec<AlgorithmEvent> = its
            .take(SHOWN_MAX)
            .map(|fill| {
                let e = &fill.execution;
                AlgorithmEvent {
                    id: Text::clean(e.id.as_str()),
                    order: number(e.client.as_str()),
                    symbol: Text::clean(e.instrument.symbol.as_str()),
                    at: e.at,
                    state: AlgorithmOrderState::Partial,
                    qty: e.qty.signed(e.side),
                    price: Some(e.price),
                    fee: e.fee.as_ref().map(|f| f.amount),
                    fee_currency: e.fee.as_ref().map(|f| Text::clean(f.currency.as_str())),
                    message: Text::clean(""),
                }
            })
            .collect();
        events.reverse();
        let as_of: Option<Stamp> = orders.iter().map(|row| row.updated_at).max();
        Observation {
            as_of,
            day: figures.day,
            unrealized: figures.unrealized,
            realized: figures.realized,
            fees: figures.fees,
            holdings: figures.holdings,
            orders: shown,
            events,
            ..Observation::bare(Text::clean(name), Phase::Running)
        }
    }
}

fn shown_order(row: &OrderRow, id: i64) -> AlgorithmOrder {
    let state = match row.state {
        OrderState::Intended | OrderState::Sending => AlgorithmOrderState::New,
        OrderState::Unknown | OrderState::Absent | OrderState::Unrecognised => AlgorithmOrderState::Unknown,
        OrderState::Working if !row.filled.is_zero() => AlgorithmOrderState::Partial,
        OrderState::Accepted
        | OrderState::Held
        | OrderState::Working
        | OrderState::DoneForDay
        | OrderState::Suspended => AlgorithmOrderState::Working,
        OrderState::PendingCancel | OrderState::PendingReplace => AlgorithmOrderState::Pending,
        OrderState::Filled => AlgorithmOrderState::Filled,
        OrderState::Cancelled | OrderState::Expired | OrderState::Replaced => AlgorithmOrderState::Cancelled,
        OrderState::Rejected | OrderState::NotSent | OrderState::Abandoned => AlgorithmOrderState::Rejected,
    };
    AlgorithmOrder {
        id,
        broker: vec![Text::clean(row.id.client.as_str())],
        symbol: Text::clean(row.spec.instrument.symbol.as_str()),
        side: Some(row.spec.side),
        qty: row.spec.amount.qty().map_or(SignedQty::ZERO, |qty| qty.signed(row.spec.side)),
        kind: Text::clean(row.spec.order_type.kind().word()),
        limit: row.spec.order_type.limit(),
        stop: row.stop_price(),
        price: row.avg_price(),
        state,
        created: Some(row.intended_at),
        changed: Some(row.updated_at),
        tag: Text::clean(row.spec.tag.as_deref().unwrap_or_default()),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).ok().unwrap_or(u32::MAX)
}
