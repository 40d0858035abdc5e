//! Getting out: one machine a venue for closing a share of a position, a symbol, or everything. It cancels what
//! could still fill, waits until the venue says that it is gone, closes what the venue says is there, and reads back
//! until nothing is left, or says what is left and why. Venues work side by side; none waits for another.

mod close;
mod drive;
mod end;
mod plan;
mod progress;
mod reach;
mod refusals;
mod resume;

use super::{Engine, effect::Effect, input::Timer, orders::Maker, venue::Proving};
use crate::{
    desk::Reply,
    domain::{
        draft::Share,
        fact::Fact,
        ids::{ClientId, InstrumentId, OrderId, VenueId},
        scope::{ExitPlan, Kept, Scope, Then},
        text::Text,
        time::Mono,
    },
};
use refusals::Tries;
use std::collections::{BTreeMap, BTreeSet};

/// How often an exit looks at itself.
pub(super) const BEAT_MS: u64 = 250;
/// Exits that are remembered for the screen.
const EXITS_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Nothing may be sent before the venue has proven whose account this is.
    Proving,
    /// Waits until nothing in scope can fill any more.
    Cancelling { until: Mono },
    /// Waits for a report that began after this.
    Reading { since: Mono },
    /// Waits for these closes.
    Closing { until: Mono, closes: Vec<ClientId> },
    /// Waits before it tries again what did not go.
    Pausing { until: Mono },
    /// Ended.
    Ended { flat: bool },
}

/// One exit at one venue.
#[derive(Debug, Clone)]
pub(super) struct VenueExit {
    pub(super) id: u64,
    /// The first exit of the same stroke: one stroke is one row on the screen.
    group: u64,
    plan: ExitPlan,
    phase: Phase,
    began: Mono,
    /// When it says what is left; `None` while it waits for the venue to be proven after a start.
    until: Option<Mono>,
    /// A question is on its way since then.
    asked: Option<Mono>,
    last_asked: Mono,
    failures: u32,
    /// How often closes were sent.
    rounds: u32,
    /// The venue has been read.
    has_read: bool,
    /// How often in a row it was cancelled again what did not go.
    chases: u32,
    /// How much of each position stays. Known after the first reading.
    keep: Option<Kept>,
    tries: BTreeMap<InstrumentId, Tries>,
    /// Its own closes.
    closes: BTreeSet<ClientId>,
    orders: Vec<OrderId>,
    positions: Vec<InstrumentId>,
    left: Vec<Text>,
    /// All that is left is less than the smallest order.
    only_dust: bool,
    error: Option<Text>,
    ended: Option<Mono>,
    words: Text,
    maker: Maker,
}

impl VenueExit {
    fn new(id: u64, group: u64, plan: ExitPlan, maker: Maker, now: Mono) -> Self {
        let words = Text::clean(&format!("{} at {}", plan.scope.words(), plan.venue));
        Self {
            id,
            group,
            plan,
            phase: Phase::Proving,
            began: now,
            until: None,
            asked: None,
            last_asked: now,
            failures: 0,
            rounds: 0,
            has_read: false,
            chases: 0,
            keep: None,
            tries: BTreeMap::new(),
            closes: BTreeSet::new(),
            orders: Vec::new(),
            positions: Vec::new(),
            left: Vec::new(),
            only_dust: false,
            error: None,
            ended: None,
            words,
            maker,
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    fn venue(&self) -> &VenueId {
        &self.plan.venue
    }

    const fn timer(&self) -> Timer {
        Timer::Exit(self.id)
    }

    /// Is it to be whole, at a whole venue?
    fn is_everything(&self) -> bool {
        self.plan.scope.is_everything()
    }
}

impl Engine {
    /// Begins these exits, each at its venue, or says that they are under way already.
    pub(super) fn begin_exits(&mut self, plans: Vec<ExitPlan>, maker: &Maker) -> Reply {
        let Some(scope) = plans.first().map(|p| p.scope.clone()) else {
            return Reply::Done(Text::clean("nothing is in that scope; nothing was sent"));
        };
        let mut begun: Vec<VenueId> = Vec::new();
        let mut group = None;
        for plan in plans {
            if self.exits.iter().any(|e| !e.is_over() && e.plan.covers(&plan)) {
                continue;
            }
            if let Some(other) = self.in_the_way_of(&plan) {
                return super::requests::refused_text(
                    &format!("`{other}` is under way and wants the same position: wait for it, or `flatten`"),
                    Some("wait"),
                );
            }
            begun.push(plan.venue.clone());
            let id = self.begin_exit_at(plan, group, maker.clone());
            group = group.or(Some(id));
        }
        if begun.is_empty() {
            return Reply::Done(Text::clean("that exit is under way already; nothing was sent twice"));
        }
        let names: Vec<&str> = begun.iter().map(VenueId::as_str).collect();
        Reply::Done(Text::clean(&format!("getting out: {} at {}", scope.words(), names.join(", "))))
    }

    /// The stroke that came last.
    fn last_group(&self) -> Option<u64> {
        self.exits.last().map(|exit| exit.group)
    }

    /// A share of what another exit is just making smaller can't be counted.
    fn in_the_way_of(&self, plan: &ExitPlan) -> Option<Text> {
        let is_part = plan.scope.share != Share::All;
        let other = self.exits.iter().find(|e| !e.is_over() && e.plan.meets(plan) && !plan.covers(&e.plan));
        other.filter(|_| is_part).map(|e| e.words.clone())
    }

    fn begin_exit_at(&mut self, plan: ExitPlan, group: Option<u64>, maker: Maker) -> u64 {
        let id = self.next_exit();
        self.take_over(id, &plan);
        let now = self.now.mono;
        let mut exit = VenueExit::new(id, group.unwrap_or(id), plan, maker, now);
        exit.until = Some(now.plus_ms(self.exit_terms.max_ms));
        let (words, plan) = (exit.words.clone(), Some(Box::new(exit.plan.clone())));
        self.fact(Fact::ExitBegan { exit: id, scope: words.clone(), plan });
        if exit.is_everything() {
            // The same exit would be undone by an order that slips in behind it.
            self.lock(Text::clean(&format!("{words}; entries stay blocked until a person unlocks")));
        }
        self.keep_exit(exit);
        self.drive_exits();
        id
    }

    /// What a wider exit does, a narrower one need not: those of this run, and those that an earlier run left.
    fn take_over(&mut self, by: u64, plan: &ExitPlan) {
        let mut narrower: Vec<u64> = Vec::new();
        for exit in self.exits.iter_mut().filter(|e| !e.is_over() && plan.covers(&e.plan)) {
            exit.phase = Phase::Ended { flat: false };
            exit.ended = Some(self.now.mono);
            exit.left = vec![Text::clean(&format!("exit {by} does it all, and goes on"))];
            narrower.push(exit.id);
        }
        let dead = self
            .book
            .open_exits()
            .filter(|e| e.plan.as_ref().is_some_and(|p| plan.covers(p) && self.is_of_dead_run(p)));
        narrower.extend(dead.map(|e| e.exit));
        for exit in narrower {
            let report = Text::clean(&format!("taken over by exit {by}"));
            self.fact(Fact::ExitEnded { exit, flat: false, report });
        }
    }

    fn keep_exit(&mut self, exit: VenueExit) {
        self.effect(Effect::Arm { timer: exit.timer(), after_ms: BEAT_MS });
        self.exits.push(exit);
        if self.exits.len() > EXITS_MAX
            && let Some(oldest) = self.exits.iter().position(VenueExit::is_over)
        {
            self.exits.remove(oldest);
        }
    }

    /// `Ok` once the venue's own answer has proven the account; the reason where it proved otherwise.
    pub(super) fn proof_of(&self, venue: &VenueId) -> Option<Result<(), Text>> {
        match &self.venues.get(venue)?.proving {
            Proving::Asked => None,
            Proving::Failed(why) => Some(Err(why.clone())),
            Proving::Proven(_) => Some(Ok(())),
        }
    }

    /// Is everything at a venue being closed? Then its exit asks for what it must know, and what is asked by custom
    /// alone would take its place under the venue's limit.
    pub(super) fn is_getting_out(&self, venue: &VenueId) -> bool {
        self.exits.iter().any(|e| {
            let works = !matches!(e.phase, Phase::Proving | Phase::Ended { .. });
            works && e.plan.venue == *venue && e.is_everything()
        })
    }

    pub(super) fn exit_goes_on(&self, id: u64) -> bool {
        self.exits.iter().any(|e| e.id == id && !e.is_over())
    }

    /// Is there an exit under way, here, in another run, or left by one that died, that wants this position?
    pub(super) fn is_exiting(&self, instrument: &InstrumentId) -> bool {
        self.book.open_exits().any(|e| e.plan.as_ref().is_some_and(|p| p.holds(instrument)))
    }

    /// One exit of a symbol at a venue.
    pub(super) fn plan_close(&self, instrument: &InstrumentId, share: Share, then: Then) -> ExitPlan {
        let scope =
            Scope { share, ..Scope::of_symbol(instrument.symbol.clone(), Some(instrument.venue.clone())) };
        ExitPlan {
            instance: self.instance.clone(),
            venue: instrument.venue.clone(),
            scope,
            picked: None,
            then,
        }
    }
}
