//! The Risk pane's rows: every rule at every venue, with how near it is to tripping.

use super::super::Engine;
use crate::{
    book::LatchRow,
    desk::snapshot::{RiskRow, RiskState},
    domain::{
        money::{Percent, Ratio},
        rules::Until,
        text::Text,
        time::Stamp,
    },
    monitor::{Reading, Standing},
};
use rust_decimal::Decimal;
use smol_str::SmolStr;

impl Engine {
    pub(super) fn risk_rows(&self) -> Vec<RiskRow> {
        let readings = &self.watch.readings;
        let mut rows: Vec<RiskRow> = readings.iter().map(|r| self.risk_row(r)).collect();
        // A latch that no reading speaks of still stands: of a symbol that is flat by now.
        let silent = self.book.latches().filter(|l| !readings.iter().any(|r| r.key == l.trip.key));
        rows.extend(silent.map(|l| self.latch_row(l)));
        rows
    }

    fn risk_row(&self, reading: &Reading) -> RiskRow {
        let latch = self.book.latch(&reading.key);
        let state = match (latch, reading.standing) {
            (Some(_), _) => RiskState::Tripped,
            (None, Standing::Off) => RiskState::Off,
            (None, Standing::Clear) => RiskState::Clear,
            // Over without a latch: a person lifted it, and it has not gone further since.
            (None, Standing::Near | Standing::Over) => RiskState::Near,
            (None, Standing::Unknown) => RiskState::Unknown,
        };
        let said = (reading.standing == Standing::Unknown).then(|| reading.text.clone());
        RiskRow {
            venue: reading.key.venue.clone(),
            symbol: reading.key.symbol.clone(),
            rule: SmolStr::new_static(reading.key.rule.word()),
            used: reading.used.clone(),
            limit: reading.limit.clone(),
            share: reading.share.and_then(percent),
            state,
            response: SmolStr::new_static(reading.response.word()),
            until: latch.and_then(|l| self.stands_until(l)),
            reason: latch.map(|l| l.trip.reason.clone()).or(said),
        }
    }

    fn latch_row(&self, latch: &LatchRow) -> RiskRow {
        let trip = &latch.trip;
        RiskRow {
            venue: trip.key.venue.clone(),
            symbol: trip.key.symbol.clone(),
            rule: SmolStr::new_static(trip.key.rule.word()),
            used: Text::default(),
            limit: Text::default(),
            share: None,
            state: RiskState::Tripped,
            response: SmolStr::new_static(trip.response.word()),
            until: self.stands_until(latch),
            reason: Some(trip.reason.clone()),
        }
    }

    /// Until when a latch stands, where that is a time.
    fn stands_until(&self, latch: &LatchRow) -> Option<Stamp> {
        let calendar = self.calendar_of(latch.trip.key.venue.as_ref()?);
        match latch.trip.until {
            Until::LockedOut(until) => Some(until),
            Until::Session => Some(calendar.next_day_began(self.now.wall)),
            Until::Clears | Until::Person | Until::Week => None,
        }
    }

    /// Rules that tripped and block entries now.
    pub(super) fn tripped(&self) -> u32 {
        let blocking = self.book.latches().filter(|l| l.trip.response.blocks()).count();
        u32::try_from(blocking).ok().unwrap_or(u32::MAX)
    }

    /// The last of the lock-outs that nobody can lift.
    pub(super) fn locked_out_until(&self) -> Option<Stamp> {
        let end = |latch: &LatchRow| match latch.trip.until {
            Until::LockedOut(until) => Some(until),
            Until::Clears | Until::Session | Until::Week | Until::Person => None,
        };
        self.book.latches().filter_map(end).max()
    }
}

fn percent(share: Ratio) -> Option<Percent> {
    share.get().checked_mul(Decimal::ONE_HUNDRED).map(|p| Percent::new(p.round_dp(2)))
}
