//! What happens by time alone.

use super::{
    Engine,
    effect::{Ask, Effect},
    input::Timer,
    venue::Proving,
};
use crate::{
    calendar::Calendar,
    domain::{
        alert::{AlertCode, Severity},
        fact::Fact,
        ids::VenueId,
        instrument::AssetClass,
        text::Text,
    },
};

/// How often everything is looked over: with each whole second of the monotonic clock, as everything does that comes
/// round by itself, so that an idle process wakes once for all of it.
const TICK_MS: u64 = 1_000;
/// How often a venue is asked for everything while nothing happens.
const REPORT_EVERY_MS: i64 = 30_000;
/// A report that is not answered for so long is asked for again.
const REPORT_LOST_MS: u64 = 30_000;
/// While everything at a venue is being closed, what is asked by custom is put off by so much at a time.
const STAND_BACK_MS: u64 = 1_000;

impl Engine {
    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Tick => self.on_tick(),
            Timer::Look { venue, client } => self.on_look(venue, client),
            Timer::Resync(venue) => self.on_resync(&venue),
            Timer::Settle(venue) => self.on_settle(&venue),
            Timer::Doubt(venue) => self.on_doubt(&venue),
            Timer::Prove(venue) => self.effect(Effect::Ask { venue, ask: Ask::Prove, exit: false }),
            Timer::Exit(exit) => self.on_exit_beat(exit),
            Timer::Disarm => self.on_disarm(),
        }
    }

    fn on_resync(&mut self, venue: &VenueId) {
        let due = self.venues.get(venue).is_some_and(|v| v.wants_report || v.report_failures > 0);
        if due && self.is_getting_out(venue) {
            self.effect(Effect::Arm { timer: Timer::Resync(venue.clone()), after_ms: STAND_BACK_MS });
        } else if due {
            self.ask_report(venue, false);
        }
    }

    fn on_settle(&mut self, venue: &VenueId) {
        if self.is_getting_out(venue) {
            self.effect(Effect::Arm { timer: Timer::Settle(venue.clone()), after_ms: STAND_BACK_MS });
        } else {
            self.ask_report(venue, false);
        }
    }

    fn on_exit_beat(&mut self, exit: u64) {
        if self.exit_goes_on(exit) {
            self.effect(Effect::Arm { timer: Timer::Exit(exit), after_ms: super::exit::BEAT_MS });
        }
        // Driving it is the end of every step.
    }

    fn on_disarm(&mut self) {
        if self.armed_until.is_some_and(|until| self.now.mono >= until) {
            self.armed_until = None;
            let text = Text::clean("the time for trading armed is over: disarmed");
            self.alert_program(Severity::Info, AlertCode::Lock, text);
        }
    }

    fn on_tick(&mut self) {
        self.arm_tick();
        self.watches_moved = true;
        self.begin_days();
        self.tell_ended_sessions();
        self.marks.weigh_carried(&self.book);
        self.settle_alerts();
        self.watch_now();
        self.tick_held();
        self.tick_algorithms();
        self.view.reconciliation |= self.look_for_differences();
        // Over all orders, so not with each of them.
        self.view.quality |= std::mem::take(&mut self.quality_moved);
        for venue in self.names.clone() {
            self.keep_fresh(&venue);
            self.add_to_curve(&venue);
        }
    }

    pub(super) fn arm_tick(&mut self) {
        let now = self.now.mono.whole_ms();
        let after_ms = now.next_beat(TICK_MS).since_ms(now);
        self.effect(Effect::Arm { timer: Timer::Tick, after_ms });
    }

    fn keep_fresh(&mut self, venue: &VenueId) {
        let now = self.now;
        let Some(state) = self.venues.get_mut(venue) else { return };
        if state.asked_report.is_some_and(|at| now.mono.since_ms(at) > REPORT_LOST_MS) {
            state.asked_report = None;
            state.report_failures = state.report_failures.saturating_add(1);
        }
        let old = state.last_report.is_none_or(|at| now.wall.since_ms(at.wall) >= REPORT_EVERY_MS);
        let proven = matches!(state.proving, Proving::Proven(_));
        // While the order stream is down, asking is the only way to see: then it is asked every few seconds.
        let blind = !self.agrees(venue)
            && self
                .venues
                .get(venue)
                .and_then(|s| s.last_report)
                .is_none_or(|at| now.wall.since_ms(at.wall) >= 5_000);
        if proven && (old || blind) && !self.is_getting_out(venue) {
            self.ask_report(venue, false);
        }
    }

    fn add_to_curve(&mut self, venue: &VenueId) {
        if let Some(equity) = self.equity_now(venue) {
            self.view.curve |= self.curves.entry(venue.clone()).or_default().add(self.now.wall, equity);
        }
    }

    /// Tells the book when a venue's trading day begins, by the venue's calendar. A clock that steps back begins none.
    pub(super) fn begin_days(&mut self) {
        for venue in self.names.clone() {
            let calendar = self.calendar_of(&venue);
            let began = calendar.day_began(self.now.wall);
            let Some(state) = self.venues.get_mut(&venue) else { continue };
            if state.days.first().is_none_or(|day| began > *day) {
                state.days = calendar.last_days(began).to_vec();
            }
            if state.day.is_none_or(|day| began > day) {
                let ended = state.day.replace(began);
                self.day_ends(&venue, ended);
                self.fact(Fact::DayBegan { venue: venue.clone(), began });
                if let Some(curve) = self.curves.get_mut(&venue) {
                    curve.begin_day();
                    self.view.curve = true;
                }
            }
        }
    }

    /// The calendar that a venue's trading days go by.
    pub(super) fn calendar_of(&self, venue: &VenueId) -> Calendar {
        let trades =
            |class| self.venues.get(venue).is_some_and(|state| state.setup.capability.of(class).is_some());
        if trades(AssetClass::Equity) || trades(AssetClass::Option) {
            Calendar::UsEquity
        } else if self.venues.get(venue).is_some_and(|state| state.setup.capability.never_closes()) {
            Calendar::Always
        } else if [AssetClass::Forex, AssetClass::Cfd, AssetClass::Future].into_iter().any(trades) {
            Calendar::ForexWeek
        } else {
            Calendar::Always
        }
    }
}
