//! An exit's part at algorithms that run elsewhere. One that trades at a venue of ours is asked to stop, and what it holds
//! there is closed by the venue's own exit: two that close would turn the position. One that trades anywhere else is asked
//! to liquidate, and is flat when its source shows that nothing is held any more; its own word for it is not enough.

use super::Engine;
use crate::{
    desk::snapshot::ExitAlgorithm,
    domain::{
        alert::Severity,
        algorithm::{Instructed, Instruction, Observation, Phase, Sighting},
        draft::Share,
        scope::{Pick, Scope},
        text::Text,
        time::{Mono, Stamp},
    },
    engine::orders::Maker,
};
use smol_str::SmolStr;

/// One that is asked to stop answers within half a minute, or it is asked again.
const STOP_MS: u64 = 150_000;
/// What was not asked for certain is asked again after so long.
const AGAIN_MS: u64 = 10_000;
/// Parts that are remembered for the screen.
const COVERS_MAX: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Liquidate,
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It is to be asked at this time.
    Waits(Mono),
    /// It was asked, and has not answered.
    Asked(u64),
    /// It answered; what it shows is awaited.
    Answered,
    Ended {
        flat: bool,
        at: Mono,
    },
}

/// One algorithm's part of an exit.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Cover {
    group: Option<u64>,
    name: SmolStr,
    task: Task,
    /// It liquidated, and shows that it holds nothing: what is left is that it ends.
    is_flat: bool,
    state: State,
    began: Mono,
    /// Only what was shown after this counts.
    asked_at: Stamp,
    until: Mono,
    said: Text,
    maker: Maker,
}

impl Cover {
    const fn is_over(&self) -> bool {
        matches!(self.state, State::Ended { .. })
    }
}

fn is_everything(scope: &Scope) -> bool {
    scope.venue.is_none()
        && scope.symbol.is_none()
        && scope.account.is_none()
        && scope.algorithm.is_none()
        && scope.pick == Pick::All
        && scope.share == Share::All
}

/// Is this algorithm in it?
fn covers(scope: &Scope, name: &SmolStr) -> bool {
    scope.algorithm.as_ref().map_or_else(|| is_everything(scope), |one| one == name)
}

impl Engine {
    /// The algorithms' part of an exit of this scope.
    pub(in crate::engine) fn cover_algorithms(&mut self, scope: &Scope, group: Option<u64>, maker: &Maker) {
        if is_everything(scope) {
            self.pause_all(scope.words().as_str());
        }
        let its = self.algorithms.all.iter().filter(|a| a.setup.takes && covers(scope, &a.setup.name));
        for name in its.map(|a| a.setup.name.clone()).collect::<Vec<_>>() {
            self.cover(group, &name, maker);
        }
    }

    /// What an exit of this scope would do about each.
    pub(in crate::engine) fn plan_of_algorithms(&self, scope: &Scope) -> Vec<Text> {
        let its = self.algorithms.all.iter().filter(|a| covers(scope, &a.setup.name));
        let words = its.map(|a| {
            let name = &a.setup.name;
            let held = a.seen().map_or(0, |seen| seen.holdings.len());
            let held = crate::domain::text::counted(held, "position", "positions");
            match (a.setup.takes, &a.setup.venue, &a.setup.claim) {
                (true, Some(venue), _) => {
                    format!("{name}: asked to stop; {venue} closes what it holds")
                }
                (true, None, _) => {
                    format!("{name}: asked to liquidate {held}; flat once it shows that nothing is held")
                }
                (false, _, Some(_)) => format!("{name}: its entries are cancelled as they appear"),
                (false, _, None) => format!("{name}: only watched ({held}); nothing here reaches it"),
            }
        });
        words.map(|words| Text::clean(&words)).collect()
    }

    /// One that stopped and holds nothing needs none.
    pub(super) fn cover(&mut self, group: Option<u64>, name: &SmolStr, maker: &Maker) {
        let Some(algorithm) = self.algorithms.named(name) else { return };
        let is_over = |o: &Observation| !o.phase.is_alive() && o.holdings.is_empty();
        if matches!(&algorithm.sighting, Sighting::Seen(seen) if is_over(seen)) {
            return;
        }
        let task = if algorithm.setup.venue.is_some() { Task::Stop } else { Task::Liquidate };
        let shown_ms = if task == Task::Stop { STOP_MS } else { algorithm.setup.shown_ms };
        let now = self.now.mono;
        let covers = &mut self.algorithms.covers;
        if let Some(same) = covers.iter_mut().find(|c| c.name == *name && !c.is_over()) {
            same.group = group.or(same.group);
            return;
        }
        covers.push(Cover {
            group,
            name: name.clone(),
            task,
            is_flat: false,
            state: State::Waits(now),
            began: now,
            asked_at: self.now.wall,
            until: now.plus_ms(shown_ms),
            said: Text::clean(""),
            maker: maker.clone(),
        });
        if covers.len() > COVERS_MAX
            && let Some(oldest) = covers.iter().position(Cover::is_over)
        {
            covers.remove(oldest);
        }
        self.drive_covers();
    }

    pub(super) fn drive_covers(&mut self) {
        for at in 0..self.algorithms.covers.len() {
            self.drive_cover(at);
        }
    }

    fn drive_cover(&mut self, at: usize) {
        let Some(cover) = self.algorithms.covers.get(at).filter(|c| !c.is_over()).cloned() else { return };
        let now = self.now.mono;
        let Some(algorithm) = self.algorithms.named(&cover.name) else { return };
        let seen = match &algorithm.sighting {
            Sighting::Seen(seen) => Some(seen),
            Sighting::Waiting | Sighting::Lost { .. } => None,
        };
        let runs = seen.is_none_or(|seen| seen.phase.is_alive());
        let is_new = seen.is_some_and(|seen| seen.as_of.is_some_and(|at| at > cover.asked_at));
        let flat = seen
            .is_some_and(|seen| seen.holdings.is_empty() && seen.orders.iter().all(|o| !o.state.is_open()));
        let ends = match cover.task {
            // What it holds is the venue's exit's.
            Task::Stop if !runs => Some(true),
            Task::Liquidate if flat && is_new && cover.state == State::Answered => Some(true),
            // What it left when it ended; what is older than the question says nothing.
            Task::Liquidate if !runs && is_new => Some(flat),
            Task::Stop | Task::Liquidate if now >= cover.until => Some(false),
            Task::Stop | Task::Liquidate => None,
        };
        if let Some(flat) = ends {
            self.end_cover(at, flat);
        } else if matches!(cover.state, State::Waits(when) if now >= when) {
            let what = match cover.task {
                Task::Liquidate => Instruction::Liquidate(None),
                Task::Stop => Instruction::Stop,
            };
            let ticket = self.instruct_harmless(&cover.maker, &cover.name, what);
            if let (Some(cover), Some(ticket)) = (self.algorithms.covers.get_mut(at), ticket) {
                cover.state = State::Asked(ticket);
            }
            self.view.algorithms = true;
        }
    }

    pub(super) fn covers_answered(&mut self, ticket: u64, result: &Instructed) {
        let now = self.now.mono;
        let its = self.algorithms.covers.iter_mut().find(|c| c.state == State::Asked(ticket));
        let Some(cover) = its else { return };
        let (state, said) = match result {
            Instructed::Done(text) | Instructed::Taken(text) | Instructed::Unknown(text) => {
                (State::Answered, text)
            }
            // Nothing left, or nothing was done: it is asked again, until the time is over.
            Instructed::NotSent(text) | Instructed::Refused(text) => {
                (State::Waits(now.plus_ms(AGAIN_MS)), text)
            }
        };
        let is_answered = matches!(result, Instructed::Done(_) | Instructed::Taken(_));
        cover.state = state;
        cover.said = said.clone();
        let stops = cover.task == Task::Stop && is_answered;
        let name = cover.name.clone();
        if stops && let Some(at) = self.algorithms.covers.iter().position(|c| c.name == name && !c.is_over())
        {
            self.end_cover(at, true);
        }
        self.drive_covers();
    }

    fn end_cover(&mut self, at: usize, flat: bool) {
        let now = self.now.mono;
        let Some(cover) = self.algorithms.covers.get(at) else { return };
        let (name, task) = (cover.name.clone(), cover.task);
        let runs =
            self.algorithms.named(&name).and_then(super::Algorithm::phase).is_some_and(Phase::is_alive);
        self.view.algorithms = true;
        if let Some(cover) = self.algorithms.covers.get_mut(at) {
            if flat && task == Task::Liquidate && runs {
                // Flat, it could buy again: it is over when it ends.
                (cover.task, cover.is_flat, cover.state) = (Task::Stop, true, State::Waits(now));
                cover.until = now.plus_ms(STOP_MS);
            } else {
                cover.state = State::Ended { flat, at: now };
            }
        }
        if flat && task == Task::Liquidate {
            self.alert_algorithm(&name, Severity::Warning, &format!("{name} is flat, by what it shows"));
            self.drive_cover(at);
        } else if !flat {
            let left = self.left_of(&name, task);
            self.alert_algorithm(&name, Severity::Emergency, &left);
        }
    }

    /// What is left of an algorithm that did not get out, in words.
    fn left_of(&self, name: &SmolStr, task: Task) -> String {
        let Some(algorithm) = self.algorithms.named(name) else { return String::new() };
        match (&algorithm.sighting, task) {
            (Sighting::Lost { why, .. }, _) => {
                format!("{name}: NOT FLAT as far as is known: it can't be seen: {why}")
            }
            (Sighting::Waiting, _) => format!("{name}: NOT FLAT as far as is known: nothing was seen of it"),
            (Sighting::Seen(_), Task::Stop) => {
                format!("{name} was asked to stop and runs on: it may trade again")
            }
            (Sighting::Seen(seen), Task::Liquidate) => {
                let rows = seen.holdings.iter().map(|h| format!("{} {}", h.qty, h.symbol));
                let held: Vec<String> = rows.collect();
                let open = seen.orders.iter().filter(|o| o.state.is_open()).count();
                let how = if seen.phase.is_alive() {
                    ""
                } else {
                    "; it does not run any more: close that at its broker"
                };
                format!("{name}: NOT FLAT: it holds {}, {open} orders open{how}", held.join(", "))
            }
        }
    }

    /// The algorithms' parts of an exit, for its row.
    pub(in crate::engine) fn covers_of(&self, group: u64) -> Vec<ExitAlgorithm> {
        let its = self.algorithms.covers.iter().filter(|c| c.group == Some(group));
        its.map(|cover| {
            let (phase, flat) = match (&cover.state, cover.task) {
                (State::Waits(_), _) => ("to be asked", None),
                (State::Asked(_), Task::Liquidate) => ("asked to liquidate", None),
                (State::Asked(_), Task::Stop) => ("asked to stop", None),
                (State::Answered, _) => ("waits for what it shows", None),
                (State::Ended { flat: true, .. }, Task::Stop) if !cover.is_flat => ("stopped", Some(true)),
                (State::Ended { flat: true, .. }, Task::Liquidate | Task::Stop) => ("FLAT", Some(true)),
                (State::Ended { flat: false, .. }, _) => ("NOT FLAT", Some(false)),
            };
            let left =
                if flat == Some(false) { self.left_of(&cover.name, cover.task) } else { String::new() };
            let ended = match cover.state {
                State::Ended { at, .. } => at,
                State::Waits(_) | State::Asked(_) | State::Answered => self.now.mono,
            };
            ExitAlgorithm {
                name: cover.name.clone(),
                phase: SmolStr::new_static(phase),
                flat,
                said: cover.said.clone(),
                left: (!left.is_empty()).then(|| Text::clean(&left)),
                took_ms: ended.since_ms(cover.began),
            }
        })
        .collect()
    }

    /// What the way out of an algorithm has come to, for its row.
    pub(super) fn cover_note(&self, name: &str) -> Option<Text> {
        let cover = self.algorithms.covers.iter().rev().find(|c| c.name == name)?;
        let words = match &cover.state {
            State::Waits(_) | State::Asked(_) => "getting out".to_owned(),
            State::Answered => "getting out: waits for what it shows".to_owned(),
            State::Ended { flat: true, .. } => return None,
            State::Ended { flat: false, .. } => self.left_of(&cover.name, cover.task),
        };
        Some(Text::clean(&words))
    }
}
