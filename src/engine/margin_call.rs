//! Margin calls: what would have to be closed, and closing it one position at a time once a person says so. Each
//! close is an exit like any other: its cancels first, proven to reduce, read back from the venue.

use super::{
    Engine,
    orders::Maker,
    requests::{done, refused_text},
};
use crate::{
    desk::{Reply, snapshot::MarginCallRow},
    domain::{
        alert::{AlertCode, Severity},
        draft::{Command, Share},
        ids::{InstrumentId, VenueId},
        money::{Money, Percent, SignedQty},
        text::Text,
        time::Mono,
    },
    monitor::Standing,
    risk::margin::{self, BUFFER, Call, Held},
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A call that has not come inside by then says so and ends.
const RUN_MAX_MS: u64 = 600_000;
/// How often the venue is asked whether the margin is inside.
const ASK_EACH_MS: u64 = 1_000;

/// A margin call that goes on at a venue.
#[derive(Debug)]
pub(super) struct Run {
    venue: VenueId,
    maker: Maker,
    began: Mono,
    /// What is being closed, and how much of it there was.
    closing: Option<(InstrumentId, SignedQty)>,
    /// Only figures that were asked for after this tell whether to go on.
    since: Mono,
    asked: Mono,
    /// What could not be made smaller.
    failed: BTreeSet<InstrumentId>,
}

impl Engine {
    /// Maintenance margin that is used: the venue's own figure, or positions by the account's leverage.
    pub(super) fn margin_used(&self, venue: &VenueId) -> Option<Money> {
        let account = &self.book.account(venue)?.report;
        if let Some(told) = account.maintenance_margin {
            return Some(told);
        }
        let leverage = account.multiplier.filter(|m| m.is_positive())?;
        let gross =
            self.values(venue).try_fold(Money::ZERO, |sum, (_, value)| sum.checked_add(value?.abs()))?;
        gross.checked_div(leverage.get()).map(Money::new)
    }

    fn values<'a>(&'a self, venue: &'a VenueId) -> impl Iterator<Item = (&'a InstrumentId, Option<Money>)> {
        let held = self.book.positions().filter(move |p| p.instrument.venue == *venue && !p.qty.is_zero());
        held.map(|p| (&p.instrument, self.marks.get(&p.instrument).and_then(|m| m.holding()?.value)))
    }

    /// What a margin call closes at a venue now.
    fn margin_calls(&self, venue: &VenueId, buffer: Percent) -> Vec<Call> {
        let Some((equity, used)) = self.equity_now(venue).zip(self.margin_used(venue)) else {
            return Vec::new();
        };
        let sum =
            self.values(venue).filter_map(|(_, v)| v).try_fold(Money::ZERO, |s, v| s.checked_add(v.abs()));
        let Some(gross) = sum.filter(|g| g.is_positive()) else { return Vec::new() };
        let held: Vec<Held> =
            self.values(venue).filter_map(|(i, v)| self.held_on_margin(i, v?, used, gross)).collect();
        margin::calls(equity, used, buffer, &held)
    }

    /// A position with its part of the used margin, by its part of everything held.
    fn held_on_margin(&self, id: &InstrumentId, value: Money, used: Money, gross: Money) -> Option<Held> {
        let row = self.book.position(id)?;
        let part = value.abs().get().checked_div(gross.get())?;
        Some(Held {
            instrument: id.clone(),
            qty: row.qty,
            margin: Money::new(used.get().checked_mul(part)?.round_dp(6)),
            lot: self.book.instrument(id).map(|rules| rules.whole_lot.max(rules.lot)).unwrap_or_default(),
            unrealized: self.marks.get(id).and_then(|m| m.holding()?.unrealized),
        })
    }

    /// Brings the proposals up to date. They cost something only where no margin remains.
    pub(super) fn propose_margin_calls(&mut self) {
        let mut calls = Vec::new();
        for venue in &self.names {
            let is_out = self.watch.readings.iter().any(|r| {
                r.key.rule == crate::domain::rules::Rule::MarginOut
                    && r.key.venue.as_ref() == Some(venue)
                    && r.standing == Standing::Over
            });
            if is_out {
                calls.extend(self.margin_calls(venue, BUFFER).into_iter().map(|c| (venue.clone(), c)));
            }
        }
        if calls != self.watch.calls {
            self.watch.calls = calls;
            self.view.risk = true;
        }
    }

    /// As the Risk pane shows them.
    pub(super) fn margin_call_rows(&self) -> Vec<MarginCallRow> {
        let row = |(_, call): &(VenueId, Call)| MarginCallRow {
            instrument: call.instrument.clone(),
            side: call.side,
            qty: call.qty,
            unrealized: call.unrealized,
        };
        self.watch.calls.iter().map(row).collect()
    }

    /// A person lets the proposed orders go.
    pub(super) fn margin_call(&mut self, maker: &Maker, venue: Option<&VenueId>) -> Reply {
        if let Some(venue) = venue
            && let Err(text) = self.venue_for(venue)
        {
            return Reply::Refused { text, field: Some("venue".into()), checks: Vec::new() };
        }
        self.watch_now();
        let called: BTreeSet<VenueId> = self
            .watch
            .calls
            .iter()
            .map(|(v, _)| v.clone())
            .filter(|v| venue.is_none_or(|named| named == v))
            .collect();
        if called.is_empty() {
            return refused_text("there is no margin call: enough margin remains; nothing was sent", None);
        }
        let names: Vec<String> = called.iter().map(ToString::to_string).collect();
        for venue in called {
            if self.watch.runs.iter().any(|run| run.venue == venue) {
                continue;
            }
            let now = self.now.mono;
            let (closing, failed) = (None, BTreeSet::new());
            let run = Run {
                venue,
                maker: maker.clone(),
                began: now,
                closing,
                since: Mono::default(),
                asked: now,
                failed,
            };
            self.watch.runs.push(run);
        }
        self.drive_margin_calls();
        done(&format!(
            "margin call at {}: closing one position at a time until the margin is inside",
            names.join(", ")
        ))
    }

    /// Takes margin calls as far as they can go now.
    pub(super) fn drive_margin_calls(&mut self) {
        if self.watch.runs.is_empty() {
            return;
        }
        let mut runs = std::mem::take(&mut self.watch.runs);
        runs.retain_mut(|run| self.drive_margin_call(run));
        runs.append(&mut self.watch.runs);
        self.watch.runs = runs;
    }

    /// False when it is over.
    fn drive_margin_call(&mut self, run: &mut Run) -> bool {
        if let Some((instrument, before)) = &run.closing {
            if self.is_exiting(instrument) {
                return true;
            }
            let now = self.book.position(instrument).map(|p| p.qty).unwrap_or_default();
            if now.size() >= before.size() {
                run.failed.insert(instrument.clone());
            }
            run.closing = None;
            run.since = self.now.mono;
        }
        if run.since != Mono::default() && !self.has_figures_after(&run.venue, run.since) {
            if self.now.mono.since_ms(run.asked) >= ASK_EACH_MS {
                run.asked = self.now.mono;
                self.ask_report(&run.venue, true);
            }
            return self.now.mono.since_ms(run.began) < RUN_MAX_MS;
        }
        let late = self.now.mono.since_ms(run.began) >= RUN_MAX_MS;
        let buffer = if run.since == Mono::default() { BUFFER } else { Percent::ZERO };
        let mut calls = self.margin_calls(&run.venue, buffer).into_iter();
        let Some(call) = calls.find(|c| !run.failed.contains(&c.instrument)).filter(|_| !late) else {
            self.end_margin_call(run);
            return false;
        };
        self.close_for_margin(run, &call);
        true
    }

    fn close_for_margin(&mut self, run: &mut Run, call: &Call) {
        let held = self.book.position(&call.instrument).map(|p| p.qty).unwrap_or_default();
        run.closing = Some((call.instrument.clone(), held));
        let symbol = call.instrument.symbol.clone();
        let share = if call.qty >= held.size() { Share::All } else { Share::Qty(call.qty) };
        let close = Command::Close { symbol, share, venue: Some(run.venue.clone()) };
        let maker = Maker { origin: run.maker.origin.clone(), asked: None };
        // What it has to say it says in its own alerts; that nothing came of it shows in the position.
        drop(self.on_command(&maker, close, None));
    }

    fn end_margin_call(&mut self, run: &Run) {
        let left = self
            .equity_now(&run.venue)
            .zip(self.margin_used(&run.venue))
            .and_then(|(equity, used)| margin::remaining(equity, used));
        let inside = left.is_some_and(|left| !left.is_negative());
        let (severity, words) = if inside {
            (Severity::Warning, "the margin is inside again".to_owned())
        } else {
            let names: Vec<&str> = run.failed.iter().map(|i| i.symbol.as_str()).collect();
            (Severity::Emergency, format!("the margin is NOT inside; not made smaller: {}", names.join(", ")))
        };
        let left = left.map_or_else(|| "?".to_owned(), |m| m.get().round_dp(2).max(Decimal::MIN).to_string());
        let text = Text::clean(&format!("margin call at {}: {words}, {left} remains", run.venue));
        self.alert_at(severity, AlertCode::Limit, &run.venue, None, text);
    }

    fn has_figures_after(&self, venue: &VenueId, since: Mono) -> bool {
        self.venues.get(venue).and_then(|v| v.figures_asked).is_some_and(|asked| asked.mono > since)
    }
}
