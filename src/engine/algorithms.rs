//! Algorithms: what is seen of them, what they are asked, and what is done when they fail, fall silent or go beyond their
//! bounds. What they hold is their own; what this program does about them goes by facts, so that a restart keeps it.

mod ask;
mod bounds;
mod rows;
mod way_out;

pub(super) use way_out::Cover;

use super::{
    Engine,
    input::{AlgorithmSetup, Front},
    orders::Maker,
    requests::{done, refused_text},
};
use crate::{
    book::AlertSeed,
    desk::{Reply, RequestId},
    domain::{
        alert::{AlertCode, Severity},
        algorithm::{
            AlgorithmDeed, AlgorithmFact, Claim, Instruction, LogLevel, Observation, Owner, Phase, Sighting,
        },
        fact::Fact,
        ids::{OrderId, VenueId},
        text::Text,
        time::{Mono, Stamp},
    },
    monitor::Beat,
};
use smol_str::SmolStr;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// What was told of an algorithm already, so that each change is said once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Told {
    deployment: Option<Text>,
    phase: Option<Phase>,
    error: Option<Text>,
    silent: bool,
    lost: bool,
    beyond: bool,
    /// The newest line of its log that was an error.
    line: Option<Text>,
}

/// One algorithm.
#[derive(Debug)]
pub(super) struct Algorithm {
    setup: AlgorithmSetup,
    sighting: Sighting,
    told: Told,
    /// When its orders came, within the last minute.
    orders: VecDeque<Mono>,
    /// Its last order or fill on one of the accounts.
    acted: Option<Stamp>,
}

impl Algorithm {
    fn seen(&self) -> Option<&Arc<Observation>> {
        match &self.sighting {
            Sighting::Waiting => None,
            Sighting::Seen(seen) => Some(seen),
            Sighting::Lost { last, .. } => last.as_ref(),
        }
    }

    /// When it last gave a sign of life.
    fn alive_at(&self) -> Option<Stamp> {
        let seen = self.seen().and_then(|o| o.as_of);
        if self.setup.lives_by_orders { seen.max(self.acted) } else { seen }
    }

    fn phase(&self) -> Option<Phase> {
        self.seen().map(|o| o.phase)
    }

    fn owner(&self) -> Owner {
        Owner::Algorithm(self.setup.name.clone())
    }
}

/// Something that an algorithm was asked, and who waits for the answer.
#[derive(Debug)]
struct Pending {
    name: SmolStr,
    instruction: Instruction,
    asked: Option<(Front, RequestId)>,
    since: Mono,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Algorithms {
    all: Vec<Algorithm>,
    pending: BTreeMap<u64, Pending>,
    covers: Vec<Cover>,
    /// An order came that a paused algorithm may have sent.
    is_due: bool,
}

impl Algorithms {
    pub(super) fn new(setups: Vec<AlgorithmSetup>) -> Self {
        let algorithm = |setup| Algorithm {
            setup,
            sighting: Sighting::Waiting,
            told: Told::default(),
            orders: VecDeque::new(),
            acted: None,
        };
        Self { all: setups.into_iter().map(algorithm).collect(), ..Self::default() }
    }

    pub(super) fn claims(&self) -> Vec<Claim> {
        self.all.iter().filter_map(|a| a.setup.claim.clone()).collect()
    }

    fn named(&self, name: &str) -> Option<&Algorithm> {
        self.all.iter().find(|a| a.setup.name == name)
    }

    fn named_mut(&mut self, name: &str) -> Option<&mut Algorithm> {
        self.all.iter_mut().find(|a| a.setup.name == name)
    }
}

impl Engine {
    /// What the watcher of an algorithm sees now.
    pub(super) fn on_sighted(&mut self, name: &SmolStr, sighting: Sighting) {
        let Some(algorithm) = self.algorithms.named_mut(name) else { return };
        algorithm.sighting = sighting;
        self.view.algorithms = true;
        // A shell command beside a screen looks; the screen tells.
        if self.watch.acts {
            self.tell_sighting(name);
        }
        self.drive_covers();
    }

    /// Says what is new of it.
    fn tell_sighting(&mut self, name: &SmolStr) {
        let Some(algorithm) = self.algorithms.named(name) else { return };
        let mut told = algorithm.told.clone();
        let mut says: Vec<(Severity, String)> = Vec::new();
        if let Sighting::Lost { why, .. } = &algorithm.sighting {
            if !std::mem::replace(&mut told.lost, true) {
                says.push((Severity::Critical, format!("{name} can't be seen: {why}")));
            }
        } else if std::mem::take(&mut told.lost) {
            says.push((Severity::Info, format!("{name} can be seen again")));
        }
        if let Some(seen) = algorithm.seen() {
            let is_new = told.deployment.as_ref() != Some(&seen.deployment);
            if is_new && told.deployment.is_some() {
                says.push((Severity::Info, format!("{name} was started anew: {}", seen.deployment)));
            }
            told.deployment = Some(seen.deployment.clone());
            if told.phase != Some(seen.phase) {
                says.extend(phase_words(name, told.phase.filter(|_| !is_new), seen));
                told.phase = Some(seen.phase);
            }
            if seen.error.is_some() && (told.error != seen.error || is_new) {
                let why = seen.error.clone().unwrap_or_default();
                says.push((Severity::Emergency, format!("{name} failed: {why}")));
            }
            told.error.clone_from(&seen.error);
            let line = seen.log.iter().rev().find(|l| l.level == LogLevel::Error).map(|l| l.text.clone());
            if line.is_some() && told.line != line && seen.error.is_none() {
                let line = line.clone().unwrap_or_default();
                says.push((Severity::Warning, format!("{name} logs an error: {line}")));
            }
            told.line = line.or(told.line);
        }
        for (severity, text) in says {
            self.alert_algorithm(name, severity, &text);
        }
        if let Some(algorithm) = self.algorithms.named_mut(name) {
            algorithm.told = told;
        }
    }

    pub(super) fn alert_algorithm(&mut self, name: &SmolStr, severity: Severity, text: &str) {
        let (code, text) = (AlertCode::Algorithm, Text::clean(text));
        let algorithm = Some(name.clone());
        self.alert(AlertSeed { severity, code, venue: None, symbol: None, order: None, algorithm, text });
    }

    /// Once a second: who fell silent, who went too far, who trades though it is paused, who did not get out.
    pub(super) fn tick_algorithms(&mut self) {
        if self.algorithms.all.is_empty() {
            return;
        }
        self.view.algorithms = true;
        self.give_up_questions();
        if self.watch.acts {
            for at in 0..self.algorithms.all.len() {
                self.listen_for(at);
                self.hold_to_bounds(at);
            }
            self.stop_paused();
        }
        self.drive_covers();
    }

    fn listen_for(&mut self, at: usize) {
        let Some(algorithm) = self.algorithms.all.get(at) else { return };
        let silent = self.is_silent(algorithm);
        if silent == algorithm.told.silent {
            return;
        }
        let name = algorithm.setup.name.clone();
        let text = if silent {
            let limit = algorithm.setup.heartbeat_s;
            format!("{name} gave no sign of life for {limit} s; what it holds it holds")
        } else {
            format!("{name} gives signs of life again")
        };
        let severity = if silent { Severity::Emergency } else { Severity::Info };
        if let Some(algorithm) = self.algorithms.all.get_mut(at) {
            algorithm.told.silent = silent;
        }
        self.alert_algorithm(&name, severity, &text);
    }

    /// No sign of life for longer than it may be. What ended by its source's word is not silent, and neither is what was
    /// never seen.
    fn is_silent(&self, algorithm: &Algorithm) -> bool {
        let limit_ms =
            i64::try_from(algorithm.setup.heartbeat_s).ok().unwrap_or(i64::MAX).saturating_mul(1_000);
        let ended = algorithm.phase().is_some_and(|phase| !phase.is_alive());
        let age_ms = algorithm.alive_at().map(|at| self.now.wall.since_ms(at));
        limit_ms > 0 && !ended && age_ms.is_some_and(|age| age > limit_ms)
    }

    /// Signs of life of those that trade at a venue and have to give any. One that ended by its source's word has not.
    pub(super) fn beats(&self, venue: &VenueId) -> Vec<Beat<'_>> {
        let its = self.algorithms.all.iter().filter(|a| a.setup.venue.as_ref() == Some(venue));
        let armed = its.filter(|a| a.setup.heartbeat_s > 0 && a.phase().is_none_or(Phase::is_alive));
        let age = |at: Stamp| u64::try_from(self.now.wall.since_ms(at).max(0)).ok();
        let beat = |a: &'_ Algorithm| (a.setup.heartbeat_s, a.alive_at().and_then(age));
        armed
            .map(|a| {
                let (limit_s, age_ms) = beat(a);
                Beat { name: a.setup.name.as_str(), limit_s, age_ms }
            })
            .collect()
    }

    /// A fact that may be an algorithm's doing.
    pub(super) fn note_algorithms(&mut self, fact: &Fact) {
        if self.algorithms.all.is_empty() {
            return;
        }
        let named = if let Fact::Learned { report, .. } = fact {
            Some((&report.instrument.venue, &report.client))
        } else {
            fact.execution().map(|e| (&e.instrument.venue, &e.client))
        };
        let Some((venue, client)) = named else { return };
        let order = OrderId { venue: venue.clone(), client: client.clone() };
        let Some(row) = self.book.order(&order) else { return };
        let Owner::Algorithm(name) = self.book.owner_of(row) else { return };
        let (now, wall) = (self.now.mono, self.now.wall);
        let is_order = matches!(fact, Fact::Learned { .. });
        self.view.algorithms = true;
        self.algorithms.is_due |= is_order;
        if let Some(algorithm) = self.algorithms.named_mut(&name) {
            algorithm.acted = Some(wall);
            if is_order {
                algorithm.orders.push_back(now);
            }
        }
    }

    /// What a person wants of an algorithm.
    pub(super) fn on_algorithm(
        &mut self,
        maker: &Maker,
        name: &SmolStr,
        deed: AlgorithmDeed,
    ) -> Option<Reply> {
        let Some(algorithm) = self.algorithms.named(name) else {
            let names: Vec<&str> = self.algorithms.all.iter().map(|a| a.setup.name.as_str()).collect();
            let text = match names.as_slice() {
                [] => format!("there is no algorithm `{name}`; none is configured"),
                names => format!("there is no algorithm `{name}`; they are {}", names.join(", ")),
            };
            return Some(refused_text(&text, None));
        };
        let claimed = algorithm.setup.claim.is_some();
        match deed {
            AlgorithmDeed::Pause if claimed => {
                self.pause(name, "by hand");
                Some(done(&format!("{name} is paused: its entries are cancelled as they appear")))
            }
            AlgorithmDeed::Pause | AlgorithmDeed::TakeOver => {
                if claimed {
                    return Some(self.take_over_algorithm(name));
                }
                let text = format!(
                    "the orders of {name} can't be told from others here, so they can't be cancelled as they appear: \
                     write its `venue` and `prefixes`, or stop it"
                );
                Some(refused_text(&text, None))
            }
            AlgorithmDeed::Resume => {
                if self.book.paused(name).is_none() {
                    return Some(done(&format!("{name} is not paused")));
                }
                self.fact(Fact::Algorithm(Box::new(AlgorithmFact::Resumed { name: name.clone() })));
                Some(done(&format!("{name} may trade again")))
            }
            AlgorithmDeed::Ask(instruction) => self.instruct(maker, name, instruction),
        }
    }

    fn take_over_algorithm(&mut self, name: &SmolStr) -> Reply {
        self.pause(name, "taken over by hand");
        let owner = Owner::Algorithm(name.clone());
        let its = self.book.open_orders().filter(|row| self.book.owner_of(row) == owner);
        let orders: Vec<_> = its.map(|row| (row.spec.instrument.clone(), row.id.clone())).collect();
        let n = orders.len();
        for (instrument, order) in orders {
            self.fact(Fact::Adopted { instrument, order: Some(order) });
        }
        self.fact(Fact::Algorithm(Box::new(AlgorithmFact::TakenOver { name: name.clone() })));
        done(&format!("{name} is paused; what it held and {n} of its orders are yours now"))
    }

    pub(super) fn pause(&mut self, name: &SmolStr, why: &str) {
        if self.book.paused(name).is_some() {
            return;
        }
        let why = Text::clean(why);
        self.alert_algorithm(name, Severity::Warning, &format!("{name} is paused ({why})"));
        self.fact(Fact::Algorithm(Box::new(AlgorithmFact::Paused { name: name.clone(), why })));
        self.algorithms.is_due = true;
    }

    /// HALT: whoever can be held is.
    pub(super) fn pause_all(&mut self, why: &str) {
        let claimed = self.algorithms.all.iter().filter(|a| a.setup.claim.is_some());
        let names: Vec<SmolStr> = claimed.map(|a| a.setup.name.clone()).collect();
        for name in names {
            self.pause(&name, why);
        }
    }
}

/// What there is to say of a change of phase. `None` before: it is seen for the first time.
fn phase_words(name: &str, before: Option<Phase>, seen: &Observation) -> Option<(Severity, String)> {
    let word = if seen.word.is_empty() { "nothing".to_owned() } else { seen.word.to_string() };
    match (before, seen.phase) {
        (None, Phase::Starting | Phase::Running) => None,
        (_, Phase::Starting) => Some((Severity::Info, format!("{name} starts"))),
        (_, Phase::Running) => Some((Severity::Info, format!("{name} runs"))),
        (_, Phase::Liquidated) => Some((Severity::Warning, format!("{name} liquidated and ended"))),
        (_, Phase::Stopped) => Some((Severity::Warning, format!("{name} ended ({word})"))),
        (_, Phase::Failed) => Some((Severity::Emergency, format!("{name} failed ({word})"))),
        (_, Phase::Unknown) => {
            Some((Severity::Warning, format!("{name} says `{word}` of itself, which is not known here")))
        }
    }
}

#[cfg(test)]
mod tests;
