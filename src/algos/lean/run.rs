//! One deployment's folder, read. Blocking: to be called off the runtime's threads.

use super::{
    files::{Found, Kept},
    folder::{self, Files, Kind},
    live::Live,
    log::{Origin, Tail},
    observe::{self, Parts},
    wire::Config,
};
use crate::{
    algos::result::{
        ROWS_MAX,
        figures::{Figures, Told},
        map,
    },
    domain::{
        algorithm::Observation,
        text::Text,
        time::{Mono, Stamp},
    },
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// So many days of minutes and of events are read.
const MINUTE_DAYS: usize = 2;
const EVENT_DAYS: usize = 10;
/// So many files of each sort are kept in memory.
const KEPT_MAX: usize = 16;

/// What `config` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    /// The number of the deployment.
    pub id: Option<String>,
    /// The container it runs in.
    pub container: Option<String>,
}

/// A deployment.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    setup: Kept<Setup>,
    id: Option<String>,
    results: BTreeMap<Kind, Kept<Figures>>,
    events: BTreeMap<String, Kept<Vec<Told>>>,
    engine: Tail,
    algorithm: Tail,
    blind: Option<Text>,
    has_results: bool,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Anything new?
    pub is_fresh: bool,
    /// Anything half-written?
    pub is_torn: bool,
    /// Anything written so lately that it must be looked at again without a sign?
    pub is_young: bool,
}

impl Look {
    fn add(&mut self, found: Found) {
        self.is_fresh |= found != Found::Same;
        self.is_torn |= found == Found::Torn;
    }
}

impl Run {
    /// Nothing is read yet.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            setup: Kept::default(),
            id: None,
            results: BTreeMap::new(),
            events: BTreeMap::new(),
            engine: Tail::new(Origin::Engine),
            algorithm: Tail::new(Origin::Algorithm),
            blind: None,
            has_results: false,
        }
    }
    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// What `config` says, if there is one.
    pub fn setup(&self) -> Setup {
        self.setup.value().map(|(setup, _)| setup.clone()).unwrap_or_default()
    }

    /// Reads what changed. `number` counts the lines of all logs.
    pub fn look(&mut self, now: Mono, number: &mut u64) -> Look {
        let mut look = Look::default();
        let all = match folder::list(&self.folder) {
            Ok(all) => all,
            Err(error) => {
                let why = Text::clean(&format!("{} can't be read: {error}", self.folder.display()));
                look.is_fresh = self.blind.as_ref() != Some(&why);
                self.blind = Some(why);
                return look;
            }
        };
        look.is_fresh = self.blind.take().is_some();
        look.add(self.setup.look(&self.folder.join(folder::CONFIG), now, setup));
        look.is_young |= self.setup.is_young(now);
        look.is_fresh |= self.engine.look(&self.folder.join(folder::ENGINE_LOG), number);
        let configured = self.setup();
        let id = folder::choose(&self.folder, &all, configured.id.as_deref());
        if let Some(id) = id.filter(|id| self.id.as_ref() != Some(id)) {
            self.results.clear();
            self.events.clear();
            self.algorithm = Tail::new(Origin::Algorithm);
            self.id = Some(id);
        }
        let Some((id, files)) = self.id.clone().and_then(|id| Some((id.clone(), all.get(&id)?.clone())))
        else {
            return look;
        };
        look.is_fresh |= self.algorithm.look(&self.folder.join(folder::name(&id, &Kind::Log)), number);
        self.look_at_results(&id, &files, now, &mut look);
        self.look_at_events(&id, &files, now, &mut look);
        look
    }

    fn look_at_results(&mut self, id: &str, files: &Files, now: Mono, look: &mut Look) {
        let mut wanted: Vec<Kind> = Vec::new();
        self.has_results = files.has_status || !files.minutes.is_empty() || !files.tens.is_empty();
        if files.has_status {
            wanted.push(Kind::Status);
        }
        let minutes = files.minutes.iter().rev().take(MINUTE_DAYS);
        wanted.extend(minutes.cloned().map(Kind::Minute));
        // It says the same as the minutes do, and more coarsely: it is read where there are none of its day.
        let tens = files.tens.last().filter(|day| files.minutes.last().is_none_or(|m| m < *day));
        wanted.extend(tens.cloned().map(Kind::TenMinute));
        wanted.extend(files.seconds.last().cloned().map(Kind::Second));
        for kind in &wanted {
            let kept = self.results.entry(kind.clone()).or_default();
            look.add(kept.look(&self.folder.join(folder::name(id, kind)), now, map::result));
            look.is_young |= kept.is_young(now);
        }
        if self.results.len() > KEPT_MAX {
            self.results.retain(|kind, _| wanted.contains(kind));
        }
    }

    fn look_at_events(&mut self, id: &str, files: &Files, now: Mono, look: &mut Look) {
        let began = observe::started(&self.of_this_run()).map(Stamp::to_rfc3339);
        let wanted: Vec<&String> = files
            .events
            .iter()
            .rev()
            // Files of days before the run are of an earlier one.
            .filter(|day| began.as_ref().is_none_or(|b| b.get(..10).is_none_or(|b| day.as_str() >= b)))
            .take(EVENT_DAYS)
            .collect();
        for day in &wanted {
            let kept = self.events.entry((*day).clone()).or_default();
            let path = self.folder.join(folder::name(id, &Kind::Events((*day).clone())));
            look.add(kept.look(&path, now, last_events));
            look.is_young |= kept.is_young(now);
        }
        if self.events.len() > KEPT_MAX {
            self.events.retain(|day, _| wanted.contains(&day));
        }
    }

    /// Status and minute files, oldest first, without those of an earlier run than the newest tells of.
    fn of_this_run(&self) -> Vec<(&Figures, Stamp)> {
        let mut all: Vec<(&Figures, Stamp, &Kind)> = self
            .results
            .iter()
            .filter(|(kind, _)| !matches!(kind, Kind::Second(_)))
            .filter_map(|(kind, kept)| kept.value().map(|(f, at)| (f, at, kind)))
            .collect();
        all.sort_by_key(|(_, at, kind)| (*at, *kind));
        let mut results: Vec<_> = all.into_iter().map(|(f, at, _)| (f, at)).collect();
        if let Some(began) = observe::started(&results) {
            // Each says of which run it is. The clock of the file system is asked only where one does not.
            let of_it = |f: &Figures, at| {
                f.state.as_ref().and_then(|s| s.started).map_or(at >= began, |s| s == began)
            };
            results.retain(|(f, at)| of_it(f, *at));
        }
        results
    }

    /// When the run began.
    pub fn started(&self) -> Option<Stamp> {
        observe::started(&self.of_this_run())
    }

    /// When anything of it was last written.
    pub fn written(&self) -> Option<Stamp> {
        let results = self.results.values().filter_map(|k| k.value().map(|(_, at)| at));
        let events = self.events.values().filter_map(|k| k.value().map(|(_, at)| at));
        results.chain(events).chain(self.engine.written()).chain(self.algorithm.written()).max()
    }

    /// All that is known of it; `None` while nothing of it could be read.
    pub fn observe(&self, live: &Live) -> Option<Observation> {
        let results = self.of_this_run();
        // Without figures it is only beginning, unless they are there and can't be read: nothing held is another thing
        // than nothing known.
        if results.is_empty() && (self.has_results || self.engine.written().is_none()) {
            return None;
        }
        let began = observe::started(&results);
        let second = self.results.iter().rev().find_map(|(kind, kept)| match kind {
            Kind::Second(_) => kept.value(),
            Kind::Status | Kind::TenMinute(_) | Kind::Minute(_) | Kind::Events(_) | Kind::Log => None,
        });
        let shown = self.folder.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        let parts = Parts {
            id: self.id.as_deref().unwrap_or(&shown),
            seconds: second.filter(|(_, at)| began.is_none_or(|b| *at >= b)),
            events: self.events.values().filter_map(Kept::value).flat_map(|(told, _)| told).collect(),
            status: self.engine.status(),
            lines: self.algorithm.lines().chain(self.engine.lines()).collect(),
            flaws: self.flaws(live),
            results,
        };
        Some(observe::observe(parts, live))
    }

    fn flaws(&self, live: &Live) -> Vec<Text> {
        let id = self.id.as_deref().unwrap_or_default();
        let mut out: Vec<Text> = self.blind.iter().cloned().collect();
        let setup = std::iter::once((folder::CONFIG.to_owned(), self.setup.flaw(), None));
        let results = self
            .results
            .iter()
            .map(|(kind, kept)| (folder::name(id, kind), kept.flaw(), kept.value().map(|(_, at)| at)));
        let events = self.events.iter().map(|(day, kept)| {
            (folder::name(id, &Kind::Events(day.clone())), kept.flaw(), kept.value().map(|(_, at)| at))
        });
        for (name, why, at) in setup.chain(results).chain(events) {
            let Some(why) = why else { continue };
            let shown = match at {
                Some(at) => format!("it is shown as of {}", at.to_rfc3339()),
                None => "nothing of it is shown".to_owned(),
            };
            out.push(Text::clean(&format!("{name} can't be read: {why}; {shown}")));
        }
        let unread: usize = self.results.values().filter_map(Kept::value).map(|(f, _)| f.unread).sum();
        if unread > 0 {
            out.push(Text::clean(&format!("{unread} points of the equity curve can't be read")));
        }
        if let Some((n, why)) = &live.unread {
            out.push(Text::clean(&format!("{n} packets of the stream can't be read, the last: {why}")));
        }
        out.extend(live.down.clone());
        out
    }
}

fn setup(text: &str) -> Result<Setup, String> {
    let config: Config<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    Ok(Setup {
        id: config.id.map(|p| p.0.trim().to_owned()).filter(|t| !t.is_empty()),
        // It becomes a word of a command line.
        container: config.container.map(|p| p.0.into_owned()).filter(|name| is_container(name)),
    })
}

fn is_container(name: &str) -> bool {
    let is_first = |b: u8| b.is_ascii_alphanumeric();
    let is_rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    name.len() <= 128 && name.bytes().next().is_some_and(is_first) && name.bytes().all(is_rest)
}

/// The end of a file of events: what is told is bounded, and so is what is kept.
fn last_events(text: &str) -> Result<Vec<Told>, String> {
    let mut told = map::events(text)?;
    told.sort_by_key(|t| (t.event.at, t.event.order, t.number));
    told.drain(..told.len().saturating_sub(ROWS_MAX));
    told.shrink_to_fit();
    Ok(told)
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
