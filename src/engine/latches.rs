//! From readings to latches and back: a rule trips once, its latch is durable before anything is done about it, and
//! it is lifted by the venue's calendar, by what tripped it being over, or by a person. A lock-out by nobody.

use super::{Engine, orders::Maker, watch::Watch};
use crate::{
    book::{AlertSeed, LatchRow},
    domain::{
        alert::{AlertCode, Severity},
        fact::Fact,
        ids::{OrderId, Symbol, VenueId},
        money::Ratio,
        order::Origin,
        rules::{LatchKey, Response, Rule, Rules, Trip, Until},
        scope::Scope,
        text::Text,
        time::Stamp,
    },
    monitor::{Reading, Standing, opens_risk},
};
use rust_decimal::Decimal;

/// After a person lifted a latch the rule trips again when so much more of its limit is used: a quarter of it.
const STEP: Decimal = Decimal::from_parts(25, 0, 0, false, 2);

impl Watch {
    fn reading(readings: &[Reading], key: &LatchKey) -> Option<Reading> {
        readings.iter().find(|r| r.key == *key).cloned()
    }
}

impl Engine {
    /// Lifts what is over and trips what is over its limit. A run that only looks does neither.
    pub(super) fn act_on(&mut self, readings: &[Reading]) {
        if !self.watch.acts || self.read_only {
            return;
        }
        let latches: Vec<LatchRow> = self.book.latches().cloned().collect();
        for latch in latches {
            self.lift_if_over(&latch, readings);
        }
        self.note_clear(readings);
        for reading in readings {
            if reading.standing == Standing::Over && self.is_new_trip(reading) {
                self.trip(reading);
            }
        }
    }

    /// Of rules whose latch a person lifted: which have been inside their limits since. One without a line of its own
    /// is.
    fn note_clear(&mut self, readings: &[Reading]) {
        let clear = |key: &LatchKey| {
            let reading = readings.iter().find(|r| r.key == *key);
            reading.is_none_or(|r| r.clears && r.standing != Standing::Unknown)
        };
        let clear: Vec<LatchKey> = self.book.lifts().filter(|key| clear(key)).cloned().collect();
        self.watch.cleared.extend(clear);
    }

    fn is_new_trip(&self, reading: &Reading) -> bool {
        if self.book.latch(&reading.key).is_some() {
            return false;
        }
        let Some(lifted) = self.book.lifted(&reading.key) else { return true };
        // What is counted from the session's beginning does not come back by having been less in between.
        let stands = reading.key.rule.stands(reading.response);
        let came_back =
            self.watch.cleared.contains(&reading.key) && !matches!(stands, Until::Session | Until::Week);
        let used = reading.share.map_or(Decimal::ONE, Ratio::get);
        came_back || lifted.get().checked_add(STEP).is_some_and(|next| used >= next)
    }

    fn trip(&mut self, reading: &Reading) {
        let key = reading.key.clone();
        let Some(venue) = key.venue.clone() else { return };
        let Some(rules) = self.venues.get(&venue).map(|v| v.setup.rules.clone()) else { return };
        let until = until(&rules, key.rule, reading.response, self.now.wall);
        let trip = Trip { key, response: reading.response, until, reason: reading.text.clone() };
        self.watch.cleared.remove(&trip.key);
        self.fact(Fact::Tripped(Box::new(trip.clone())));
        self.view.risk = true;
        self.say_trip(reading, &trip);
        self.respond(&venue, reading);
    }

    fn say_trip(&mut self, reading: &Reading, trip: &Trip) {
        if reading.told && trip.response == Response::Alert {
            return;
        }
        let severity = match trip.response {
            Response::Off | Response::Alert => reading.severity,
            Response::BlockEntries | Response::CancelEntries => Severity::Critical,
            Response::FlattenSymbol | Response::FlattenVenue | Response::FlattenAll => Severity::Emergency,
        };
        let text = match consequence(trip) {
            None => reading.text.clone(),
            Some(what) => Text::clean(&format!("{}: {what}", reading.text)),
        };
        let (venue, symbol) = (trip.key.venue.clone(), trip.key.symbol.clone());
        let order = reading.orders.first().cloned();
        let code = reading.code;
        self.alert(AlertSeed { severity, code, venue, symbol, order, algorithm: None, text });
    }

    /// Does what the rule says. Blocking is the latch itself.
    fn respond(&mut self, venue: &VenueId, reading: &Reading) {
        let symbol = reading.key.symbol.clone();
        if reading.response >= Response::CancelEntries {
            let only = if reading.key.rule == Rule::OrderOld { reading.orders.as_slice() } else { &[] };
            self.cancel_entries(venue, symbol.as_ref(), only);
        }
        let scope = match (reading.response, symbol) {
            (Response::Off | Response::Alert | Response::BlockEntries | Response::CancelEntries, _) => return,
            (Response::FlattenSymbol, Some(symbol)) => vec![Scope::of_symbol(symbol, Some(venue.clone()))],
            // A rule of a whole venue has no symbol to close: everything there is what it is about.
            (Response::FlattenSymbol, None) | (Response::FlattenVenue, _) => {
                vec![Scope::of_venue(venue.clone())]
            }
            (Response::FlattenAll, _) => {
                let kind = self.venues.get(venue).map(|v| v.setup.environment);
                let alike = |v: &&VenueId| self.venues.get(*v).map(|s| s.setup.environment) == kind;
                self.names.iter().filter(alike).cloned().map(Scope::of_venue).collect()
            }
        };
        for scope in scope {
            let maker = Maker { origin: Origin::Exit, asked: None };
            // What an exit has to say it says in its own alerts.
            drop(self.flatten(&scope, &maker));
        }
    }

    /// Cancels working orders that could open risk; what protects a position stays.
    fn cancel_entries(&mut self, venue: &VenueId, symbol: Option<&Symbol>, only: &[OrderId]) {
        let covers = |id: &OrderId, of: &Symbol| {
            id.venue == *venue && symbol.is_none_or(|s| s == of) && (only.is_empty() || only.contains(id))
        };
        let entries: Vec<OrderId> = self
            .book
            .open_orders()
            .filter(|o| covers(&o.id, &o.spec.instrument.symbol) && opens_risk(&self.book, o))
            .map(|o| o.id.clone())
            .collect();
        for id in &entries {
            self.cancel_order(id);
        }
    }

    fn lift_if_over(&mut self, latch: &LatchRow, readings: &[Reading]) {
        let key = &latch.trip.key;
        let Some(venue) = key.venue.as_ref() else { return };
        let Some(day) = self.venues.get(venue).and_then(|v| v.day) else { return };
        let why = match latch.trip.until {
            Until::Clears => {
                // What has no line of its own any more is gone: closed, cancelled, answered.
                let over =
                    Watch::reading(readings, key).is_none_or(|r| r.clears && r.standing != Standing::Unknown);
                over.then_some("it is inside its limit again")
            }
            Until::Session => (latch.since < day).then_some("a new trading day"),
            Until::Week => {
                (latch.since < self.calendar_of(venue).week_began(day)).then_some("a new trading week")
            }
            Until::Person => None,
            Until::LockedOut(until) => return self.end_lockout(latch, until, day),
        };
        if let Some(why) = why {
            self.lift(latch, why, None);
        }
    }

    /// A lock-out is over when both clocks say so: setting the wall ahead ends none. What it was for then stands as
    /// it would have without one.
    fn end_lockout(&mut self, latch: &LatchRow, until: Stamp, day: Stamp) {
        if self.lockout_left_ms(&latch.trip.key, until) > 0 {
            return;
        }
        let trip = &latch.trip;
        let rest = trip.key.rule.stands(trip.response);
        let is_over = trip.key.rule == Rule::LossStreak || (rest == Until::Session && latch.since < day);
        self.watch.lockouts.remove(&trip.key);
        if is_over {
            self.lift(latch, "the time is over", None);
        } else {
            self.fact(Fact::Tripped(Box::new(Trip { until: rest, ..trip.clone() })));
            self.view.risk = true;
        }
    }

    /// How long a lock-out still stands, milliseconds.
    fn lockout_left_ms(&mut self, key: &LatchKey, until: Stamp) -> u64 {
        let by_wall = u64::try_from(until.since_ms(self.now.wall)).ok().unwrap_or(0);
        let end = *self.watch.lockouts.entry(key.clone()).or_insert_with(|| self.now.mono.plus_ms(by_wall));
        by_wall.max(end.since_ms(self.now.mono))
    }

    fn lift(&mut self, latch: &LatchRow, why: &str, used: Option<Ratio>) {
        let key = latch.trip.key.clone();
        self.fact(Fact::Untripped { key: key.clone(), why: Text::clean(why), used });
        self.view.risk = true;
        if latch.trip.response.blocks() {
            let venue = key.venue.as_ref().map_or("everywhere", VenueId::as_str);
            let text = format!("{}: the latch of {} is lifted: {why}", venue, key.rule.word());
            let (code, severity) = (AlertCode::Limit, Severity::Info);
            let text = Text::clean(&text);
            let (venue, symbol) = (key.venue, key.symbol);
            self.alert(AlertSeed { severity, code, venue, symbol, order: None, algorithm: None, text });
        }
    }

    /// A person lifts what a person can: how many, and what is locked out, each with its countdown.
    pub(super) fn lift_by_person(&mut self, reason: &Text) -> (usize, Vec<Text>) {
        let latches: Vec<LatchRow> = self.book.latches().cloned().collect();
        let mut lifted = 0_usize;
        let mut stands = Vec::new();
        for latch in latches.iter().filter(|l| l.trip.response.blocks()) {
            let key = &latch.trip.key;
            if let Until::LockedOut(until) = latch.trip.until {
                let left_ms = self.lockout_left_ms(key, until);
                if left_ms > 0 {
                    stands.push(countdown(latch, until, left_ms));
                    continue;
                }
            }
            let share = Watch::reading(&self.watch.readings, key).and_then(|r| r.share);
            let used = share.unwrap_or(Ratio::new(Decimal::ONE));
            self.watch.cleared.remove(key);
            self.lift(latch, reason.as_str(), Some(used));
            lifted = lifted.saturating_add(1);
        }
        (lifted, stands)
    }

    /// A failed watcher may be tried again: a person says so.
    pub(super) fn try_watchers_again(&mut self) -> bool {
        if self.watch.lost.take().is_none() {
            return false;
        }
        self.watch.done = None;
        self.watch_now();
        self.watch.lost.is_none()
    }
}

/// How long the latch of a rule that trips now stands.
fn until(rules: &Rules, rule: Rule, response: Response, now: Stamp) -> Until {
    let minutes = i64::try_from(rules.lockout_minutes(rule)).ok().unwrap_or(0);
    if minutes > 0 && response.blocks() {
        return Until::LockedOut(now.plus_ms(minutes.saturating_mul(60_000)));
    }
    rule.stands(response)
}

/// What follows from a trip, in words.
fn consequence(trip: &Trip) -> Option<String> {
    let until = match trip.until {
        Until::Clears => "while it is so".to_owned(),
        Until::Session => "until the next trading day, or until a person unlocks".to_owned(),
        Until::Week => "until the next trading week, or until a person unlocks".to_owned(),
        Until::Person => "until a person unlocks".to_owned(),
        Until::LockedOut(at) => format!("until {}; nobody can lift it before", at.to_rfc3339()),
    };
    let what = match trip.response {
        Response::Off | Response::Alert => return None,
        Response::BlockEntries => "entries are blocked",
        Response::CancelEntries => "entries are cancelled and blocked",
        Response::FlattenSymbol if trip.key.symbol.is_some() => "closing it; entries are blocked",
        Response::FlattenSymbol | Response::FlattenVenue => "closing everything there; entries are blocked",
        Response::FlattenAll => "closing everything everywhere; entries are blocked",
    };
    Some(format!("{what} {until}"))
}

fn countdown(latch: &LatchRow, until: Stamp, left_ms: u64) -> Text {
    let minutes = left_ms.div_ceil(60_000);
    let venue = latch.trip.key.venue.as_ref().map_or("everywhere", VenueId::as_str);
    let rule = latch.trip.key.rule.word();
    Text::clean(&format!(
        "{venue} is locked out by {rule} for {minutes} more minute(s), until {}",
        until.to_rfc3339()
    ))
}
