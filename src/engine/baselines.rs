//! What a trading day and week begin with, the day's high, and what differs from them now.

use super::Engine;
use crate::{
    desk::{
        Reply,
        receipt::{Moved, SinceBaseline},
    },
    domain::{
        fact::{Baseline, Fact},
        ids::{InstrumentId, VenueId},
        money::{Money, Price, SignedQty},
        report::VenueReport,
        text::Text,
    },
    monitor::Standing,
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A new high is told when it is higher by this share of the last one: five hundredths of a per cent.
const HIGH_STEP: Decimal = Decimal::from_parts(5, 0, 0, false, 4);

impl Engine {
    /// The first whole report of a trading day on which book and venue agree is what the day begins with. Losses count
    /// from the equity at the last close where the venue tells it: what was lost before this run looked is lost too.
    /// (No venue here tells of deposits: money paid in during a day looks like profit of that day.)
    pub(super) fn begin_session(&mut self, report: &VenueReport) {
        let venue = &report.venue;
        if self.read_only || !self.agrees(venue) {
            return;
        }
        let Some(account) = &report.account else { return };
        let Some(began) = self.venues.get(venue).and_then(|v| v.day) else { return };
        let before = self.book.session(venue).map(|s| s.day.began);
        if before == Some(began) {
            return;
        }
        self.tell_late_summary(venue, account);
        let week_began = self.calendar_of(venue).week_began(began);
        let positions = self.book.positions().filter(|p| p.instrument.venue == *venue && !p.qty.is_zero());
        let baseline = Baseline {
            venue: venue.clone(),
            began,
            week: before.is_none_or(|b| b < week_began),
            equity: account.last_equity.unwrap_or(account.equity),
            positions: positions.map(|p| (p.instrument.clone(), p.qty, p.avg_price)).collect(),
        };
        self.fact(Fact::Baseline(Box::new(baseline)));
        self.watch.due = true;
    }

    /// Tells a new high of the day, in steps.
    pub(super) fn note_equity(&mut self) {
        if self.read_only || !self.watch.acts {
            return;
        }
        for venue in self.names.clone() {
            let doubted = self.watch.readings.iter().any(|r| {
                r.key.venue.as_ref() == Some(&venue)
                    && r.key.rule.is_of_money()
                    && r.standing == Standing::Unknown
            });
            let Some((equity, high)) = self.equity_now(&venue).zip(self.book.session(&venue).map(|s| s.high))
            else {
                continue;
            };
            let is_step = step_above(high).is_some_and(|next| equity >= next);
            if !doubted && is_step && equity > high {
                self.fact(Fact::EquityHigh { venue, equity });
            }
        }
    }

    /// What differs from what the day began with.
    pub(super) fn restore(&self, venue: Option<&VenueId>) -> Reply {
        if let Some(venue) = venue
            && let Err(text) = self.venue_for(venue)
        {
            return Reply::Refused { text, field: Some("venue".into()), checks: Vec::new() };
        }
        let venues = self.names.iter().filter(|v| venue.is_none_or(|named| named == *v));
        let rows: Vec<SinceBaseline> = venues.filter_map(|v| self.since_baseline(v)).collect();
        if rows.is_empty() {
            let text =
                Text::clean("there is no baseline yet: the venue has not been read on this trading day");
            return Reply::Refused { text, field: None, checks: Vec::new() };
        }
        Reply::Since(rows)
    }

    fn since_baseline(&self, venue: &VenueId) -> Option<SinceBaseline> {
        let day = &self.book.session(venue)?.day;
        let held = self.book.positions().filter(|p| p.instrument.venue == *venue && !p.qty.is_zero());
        let names: BTreeSet<&InstrumentId> =
            held.map(|p| &p.instrument).chain(day.positions.iter().map(|(i, _, _)| i)).collect();
        let moved = names.into_iter().filter_map(|i| self.moved_since(i, &day.positions)).collect();
        let equity = self.equity_now(venue);
        Some(SinceBaseline {
            venue: venue.clone(),
            began: day.began,
            equity_then: day.equity,
            equity_now: equity,
            change: equity.and_then(|now| now.checked_sub(day.equity)),
            positions: moved,
        })
    }

    fn moved_since(
        &self,
        instrument: &InstrumentId,
        then: &[(InstrumentId, SignedQty, Option<Price>)],
    ) -> Option<Moved> {
        let (qty_then, avg_then) = then
            .iter()
            .find(|(i, _, _)| i == instrument)
            .map_or((SignedQty::ZERO, None), |(_, q, avg)| (*q, *avg));
        let now = self.book.position(instrument);
        let (qty_now, avg_now) = now.map_or((SignedQty::ZERO, None), |p| (p.qty, p.avg_price));
        (qty_then != qty_now || avg_then != avg_now).then(|| Moved {
            instrument: instrument.clone(),
            qty_then,
            avg_then,
            qty_now,
            avg_now,
        })
    }
}

fn step_above(high: Money) -> Option<Money> {
    high.checked_add(high.abs().checked_mul(HIGH_STEP)?)
}
