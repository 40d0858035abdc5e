//! The watchers at work: what they look at, that they are looked after themselves, and what follows when they fail.
//! A mistake in a watcher closes entries; cancels, closes and flatten need none of them.

use super::{
    Engine,
    venue::{Agreement, VenueState},
};
use crate::{
    broker::{Channel, Link},
    domain::{
        alert::{AlertCode, Severity},
        ids::{Symbol, VenueId},
        money::Money,
        rules::{LatchKey, Response, Rule},
        text::Text,
        time::{Mono, Now},
    },
    monitor::{Monitor, Reading, Sources, Standing, VenueWatch},
    risk::margin::Call,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Without a whole look for so long, entries are refused.
const LOST_MS: u64 = 10_000;
/// An order that opens risk is judged by a look no older than this.
const OLD_MS: u64 = 1_500;
/// After a fill everything is looked at, at most so often.
const AGAIN_MS: u64 = 250;
/// The wall may run ahead of the clock that never steps by this; more is sleep.
const SLEPT_MS: i64 = 10_000;

/// The watchers and what they last said.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) monitor: Monitor,
    pub(super) readings: Vec<Reading>,
    /// Something of them could not be judged.
    has_unknown: bool,
    /// The last look that was whole.
    pub(super) done: Option<Mono>,
    /// Why entries are closed for good: a watcher failed.
    pub(super) lost: Option<Text>,
    /// Something filled since the last look.
    pub(super) due: bool,
    /// This run acts on what it sees.
    pub(super) acts: bool,
    /// When lock-outs end by the clock that never steps.
    pub(super) lockouts: BTreeMap<LatchKey, Mono>,
    /// Rules that were inside their limits since they last tripped.
    pub(super) cleared: BTreeSet<LatchKey>,
    /// What margin calls would close.
    pub(super) calls: Vec<(VenueId, Call)>,
    /// Margin calls that a person let begin.
    pub(super) runs: Vec<super::margin_call::Run>,
}

impl Watch {
    pub(super) fn new(acts: bool) -> Self {
        Self { acts, ..Self::default() }
    }
}

impl Engine {
    /// Looks, if something filled and the last look is not of just now.
    pub(super) fn watch_if_due(&mut self) {
        let young = self.watch.done.is_some_and(|at| self.now.mono.since_ms(at) < AGAIN_MS);
        if self.watch.due && !young {
            self.watch_now();
        }
    }

    /// Before an order that opens risk: a look that is not old, and a second one where something was not known.
    pub(super) fn watch_for_entry(&mut self) {
        let old = self.watch.done.is_none_or(|at| self.now.mono.since_ms(at) > OLD_MS);
        if old || self.watch.has_unknown {
            self.watch_now();
        }
    }

    /// An order that may open risk is about to be judged: too many of them in a time trip their rule at once, not with
    /// the next look.
    pub(super) fn count_entry(&mut self, venue: &VenueId) {
        let (second, minute) = self.watch.monitor.sent(venue, self.now.mono);
        let limit = self.venues.get(venue).map(|v| v.setup.rules.order_rate);
        let over = limit
            .is_some_and(|l| l.response != Response::Off && (second > l.per_second || minute > l.per_minute));
        if over && !self.is_latched(Rule::OrderRate, venue) {
            self.watch_now();
        } else {
            self.watch_for_entry();
        }
    }

    /// Has the rule tripped at this venue, so that another look would say nothing new?
    fn is_latched(&self, rule: Rule, venue: &VenueId) -> bool {
        let key = LatchKey { rule, venue: Some(venue.clone()), symbol: None };
        self.book.latch(&key).is_some()
    }

    /// Looks at everything and acts on it.
    pub(super) fn watch_now(&mut self) {
        self.watch.due = false;
        let Some(readings) = self.read_watchers() else { return };
        self.watch.done = Some(self.now.mono);
        self.note_equity();
        self.act_on(&readings);
        if self.watch.readings != readings {
            self.view.risk = true;
            self.watch.has_unknown = readings.iter().any(|r| r.standing == Standing::Unknown);
            self.watch.readings = readings;
        }
        self.propose_margin_calls();
        if self.watch.acts {
            for seed in self.watch.monitor.strangers(&self.book) {
                self.alert(seed);
            }
        }
    }

    /// What the watchers say; `None` when one of them fails.
    fn read_watchers(&mut self) -> Option<Vec<Reading>> {
        let mut monitor = std::mem::take(&mut self.watch.monitor);
        let venues: Vec<VenueWatch<'_>> =
            self.names.iter().filter_map(|v| self.seen_by_watchers(v)).collect();
        let from = Sources { book: &self.book, marks: &self.marks, venues: &venues, now: self.now };
        // Nothing that is looked at is changed by it, so that nothing can be left half changed but its own memory.
        let read = catch_unwind(AssertUnwindSafe(|| monitor.read(&from)));
        self.watch.monitor = monitor;
        match read {
            Ok(readings) => Some(readings),
            Err(_) => {
                self.on_watchers_lost();
                None
            }
        }
    }

    fn on_watchers_lost(&mut self) {
        if self.watch.lost.is_some() {
            return;
        }
        let why = Text::clean("the risk watchers failed; restart, and tell its makers");
        self.watch.lost = Some(why);
        self.view.banner = true;
        let text = "the risk watchers failed: entries are closed; cancels, closes and flatten work as before";
        self.alert_program(Severity::Emergency, AlertCode::Program, Text::clean(text));
    }

    /// Why nothing that opens risk may be sent as far as the watchers go: failed, or not heard of for too long.
    pub(super) fn watchers_lost(&self) -> Option<Text> {
        if let Some(why) = &self.watch.lost {
            return Some(why.clone());
        }
        match self.watch.done.map(|at| self.now.mono.since_ms(at)) {
            Some(ms) if ms <= LOST_MS => None,
            Some(ms) => {
                let text = format!("the risk watchers have not looked for {} s", ms.div_euclid(1_000));
                Some(Text::clean(&text))
            }
            None => Some(Text::clean("the risk watchers have not looked yet")),
        }
    }

    /// What can't be judged and would block what opens risk in this symbol at this venue.
    pub(super) fn unjudged(&self, venue: &VenueId, symbol: &Symbol) -> Option<Text> {
        if !self.watch.has_unknown {
            return None;
        }
        let blocks = |r: &&Reading| {
            r.standing == Standing::Unknown
                && r.key.rule.is_of_money()
                && r.response.blocks()
                && r.key.venue.as_ref().is_none_or(|v| v == venue)
                && r.key.symbol.as_ref().is_none_or(|s| s == symbol)
        };
        self.watch.readings.iter().find(blocks).map(|r| r.text.clone())
    }

    fn seen_by_watchers<'a>(&'a self, venue: &'a VenueId) -> Option<VenueWatch<'a>> {
        let state = self.venues.get(venue)?;
        let vitals = &state.vitals;
        Some(VenueWatch {
            venue,
            rules: &state.setup.rules,
            calendar: self.calendar_of(venue),
            always_open: state.setup.always_open,
            equity: self.equity_now(venue),
            high: self.high_of(venue),
            margin_used: self.margin_used(venue),
            figures_age_ms: state.figures_asked.map(|at| self.now.mono.since_ms(at.mono)),
            down: down(state),
            skew_ms: vitals.skew_ms,
            requests: vitals.limit_used.zip(vitals.limit_max),
            limited_ms: vitals.limited_until.map(|until| until.since_ms(self.now.mono)),
            beats: self.beats(venue),
        })
    }

    /// The highest equity of the day that this run saw.
    fn high_of(&self, venue: &VenueId) -> Option<Money> {
        self.curves.get(venue).and_then(crate::analytics::EquityCurve::high)
    }

    /// The wall went on while the process did not: the machine slept, or its clock was set. Every quote is old, and
    /// nothing is in agreement before it was asked for anew.
    pub(super) fn notice_sleep(&mut self, before: Now) {
        let wall_ms = self.now.wall.since_ms(before.wall);
        let mono_ms = i64::try_from(self.now.mono.since_ms(before.mono)).ok().unwrap_or(i64::MAX);
        let lost_ms = wall_ms.saturating_sub(mono_ms);
        // Up to its minutes' sleep a process that was stopped shows on the clock that never steps.
        let stopped = before.mono != Mono::default() && mono_ms > 60_000;
        if lost_ms <= SLEPT_MS && !stopped {
            return;
        }
        self.marks.distrust();
        self.view.market = true;
        self.watch.done = None;
        for venue in self.names.clone() {
            if let Some(state) = self.venues.get_mut(&venue)
                && state.agreement == Agreement::Live
            {
                state.agreement = Agreement::Down;
                self.resync_if_up(&venue);
            }
        }
        let slept = lost_ms.max(mono_ms).div_euclid(1_000);
        let text = format!(
            "{slept} s went by unseen (sleep, a stop, or a clock that was set): asking every venue anew"
        );
        self.alert_program(Severity::Warning, AlertCode::Clock, Text::clean(&text));
    }
}

/// The connections that are not up. One that was never dialled is none.
fn down(state: &VenueState) -> Vec<&'static str> {
    let is_down = |channel: &Channel| {
        let link = state.links.get(channel).map(|l| &l.link);
        link.is_some_and(|link| *link != Link::Up)
    };
    state.links.keys().filter(|c| is_down(c)).map(|c| c.word()).collect()
}

#[cfg(test)]
mod tests;
