//! A day at a venue, as it is told when its session is over.

use super::super::Engine;
use crate::{
    desk::{
        Total,
        snapshot::{AccountRow, PositionRow},
    },
    domain::{
        alert::Severity,
        ids::{ClientId, VenueId},
        summary::{Figures, POSITIONS_MAX, Summary, SummaryPosition, Together},
        time::Stamp,
    },
};
use smol_str::SmolStr;
use std::collections::BTreeSet;

impl Engine {
    /// The trading day of a venue that began at `began`, by what is known now.
    pub(in crate::engine) fn summary_of(&self, venue: &VenueId, began: Stamp, late: bool) -> Summary {
        let accounts = self.account_rows();
        let mut held = self.position_rows();
        held.retain(|p| p.instrument.venue == *venue);
        let more = held.len().saturating_sub(POSITIONS_MAX);
        let together = match self.total(&accounts) {
            None => Together::Alone,
            Some(Total::Missing(why)) => Together::Missing(why),
            Some(Total::Sum(sum)) => Together::Sum(Box::new(Figures {
                currency: sum.currency.clone(),
                equity: sum.equity,
                day_pnl: sum.day_pnl,
                day_percent: sum.day_percent,
                fees: sum.fees,
                cash: sum.cash,
            })),
        };
        let algorithms = self.algorithm_rows().into_iter();
        let here = algorithms.filter(|a| a.venue.as_ref().is_none_or(|v| v == venue));
        Summary {
            venue: venue.clone(),
            day: SmolStr::new(self.calendar_of(venue).trading_day(began).to_string()),
            at: self.now.wall,
            late,
            figures: accounts.iter().find(|a| a.venue == *venue).map(figures),
            together,
            positions: held.into_iter().take(POSITIONS_MAX).map(position).collect(),
            more: u64::try_from(more).ok().unwrap_or(u64::MAX),
            working: count(self.book.open_orders().filter(|o| o.id.venue == *venue)),
            filled: self.filled_since(venue, began),
            alerts: Severity::ALL.map(|severity| (severity, self.alerts_since(venue, began, severity))),
            algorithms: here.map(|a| (a.name, a.day_pnl)).collect(),
        }
    }

    fn filled_since(&self, venue: &VenueId, began: Stamp) -> u64 {
        let fills = self.book.fills_of(venue).rev().take_while(|f| f.known_at >= began);
        let orders: BTreeSet<&ClientId> =
            fills.filter(|f| f.execution.at >= began).map(|f| &f.execution.client).collect();
        count(orders.into_iter())
    }

    fn alerts_since(&self, venue: &VenueId, began: Stamp, severity: Severity) -> u64 {
        let alerts = self.book.alerts().rev().map(|(alert, _)| alert).take_while(|a| a.at >= began);
        count(alerts.filter(|a| a.severity == severity && a.venue.as_ref().is_none_or(|v| v == venue)))
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    u64::try_from(of.count()).ok().unwrap_or(u64::MAX)
}

fn figures(row: &AccountRow) -> Figures {
    Figures {
        currency: row.currency.clone(),
        equity: Some(row.equity),
        day_pnl: row.day_pnl,
        day_percent: row.day_percent,
        fees: Some(row.fees),
        cash: Some(row.cash),
    }
}

fn position(row: PositionRow) -> SummaryPosition {
    SummaryPosition { symbol: row.instrument.symbol, qty: row.qty, value: row.value, day_pnl: row.day_pnl }
}
