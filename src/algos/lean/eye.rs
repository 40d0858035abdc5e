//! What watches a deployment: the kernel's word that something was written, a slow look beside it, and the stream. The
//! blocking part of it moves to a thread for each look and back.

use super::{
    folder,
    live::{Live, News},
    run::{Look, Run},
    settings::Timing,
};
use crate::domain::{
    algorithm::{Observation, Sighting},
    text::Text,
    time::Now,
};
use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// All that is known, and how it comes.
pub struct Eye {
    results: PathBuf,
    timing: Timing,
    run: Option<Run>,
    live: Live,
    number: u64,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    wake: mpsc::Sender<()>,
    last: Option<Arc<Observation>>,
    is_streamed: bool,
}

impl std::fmt::Debug for Eye {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Eye")
            .field("results", &self.results)
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}

impl Eye {
    /// Nothing is read yet. `wake` gets a word when something was written; one that waits is enough.
    pub fn new(results: PathBuf, timing: Timing, wake: mpsc::Sender<()>) -> Self {
        Self {
            results,
            timing,
            run: None,
            live: Live::default(),
            number: 0,
            watcher: None,
            watched: BTreeSet::new(),
            wake,
            last: None,
            is_streamed: false,
        }
    }

    /// Takes in what streamed; it is told with the next look.
    pub fn take(&mut self, news: News, now: Now) {
        self.live.take(news, now, self.timing.burst_ms, &mut self.number);
        self.is_streamed = true;
    }

    /// Looks at everything. What to tell, if it is new, and when to look again without a sign.
    pub fn look(&mut self, now: Now) -> (Option<Sighting>, Duration) {
        let folder = match folder::resolve(&self.results) {
            Ok(folder) => folder,
            Err(why) => {
                self.run = None;
                self.watch(&[self.results.clone(), self.results.join("live")]);
                return (Some(Sighting::Lost { why, last: self.last.clone() }), self.timing.poll);
            }
        };
        self.watch(&[folder.clone(), self.results.clone(), self.results.join("live")]);
        let is_other = self.run.as_ref().is_none_or(|run| run.folder() != folder);
        let run = match &mut self.run {
            Some(run) if !is_other => run,
            place => place.insert(Run::new(folder)),
        };
        let began = run.started();
        let look = run.look(now.mono, &mut self.number);
        if let Some(at) = run.started().filter(|at| Some(*at) != began) {
            self.live.begin(at);
        }
        let is_new = is_other || look.is_fresh || std::mem::take(&mut self.is_streamed);
        let told = is_new.then(|| self.tell(look.is_torn)).flatten();
        (self.silence(now).or(told), self.next(look))
    }

    /// Of a run that lives by its last word something is written all the time. One that was killed says nothing more.
    fn silence(&self, now: Now) -> Option<Sighting> {
        let last = self.last.as_ref().filter(|seen| seen.phase.is_alive())?;
        let heard = self.run.as_ref()?.written().max(self.live.heard())?;
        if now.wall.since_ms(heard) <= self.timing.dead_ms {
            return None;
        }
        let since = heard.to_rfc3339();
        let why = Text::clean(&format!("nothing was written or streamed since {since}: it seems to be dead"));
        Some(Sighting::Lost { why, last: Some(Arc::clone(last)) })
    }

    fn next(&self, look: Look) -> Duration {
        if look.is_torn {
            self.timing.retry
        } else if look.is_young {
            self.timing.poll.min(Duration::from_secs(1))
        } else {
            self.timing.poll
        }
    }

    fn tell(&mut self, is_torn: bool) -> Option<Sighting> {
        let run = self.run.as_ref()?;
        let Some(seen) = run.observe(&self.live) else {
            if is_torn {
                return None;
            }
            let why = Text::clean(&format!("nothing in {} can be read yet", run.folder().display()));
            return Some(Sighting::Lost { why, last: self.last.clone() });
        };
        let seen = Arc::new(seen);
        self.last = Some(Arc::clone(&seen));
        Some(Sighting::Seen(seen))
    }

    /// Has the kernel tell of these folders, those of them that are there. Where it can't, the slow look is all there is.
    fn watch(&mut self, folders: &[PathBuf]) {
        if self.watcher.is_none() {
            self.watcher = watcher(self.wake.clone());
            self.watched.clear();
        }
        let Some(watcher) = &mut self.watcher else { return };
        let wanted: BTreeSet<PathBuf> = folders.iter().filter(|f| f.is_dir()).cloned().collect();
        for gone in self.watched.difference(&wanted) {
            if let Err(error) = watcher.unwatch(gone) {
                tracing::debug!(%error, "a folder that is gone is not watched any more");
            }
        }
        self.watched.retain(|f| wanted.contains(f));
        for folder in wanted {
            if !self.watched.contains(&folder) && is_watched(watcher, &folder) {
                self.watched.insert(folder);
            }
        }
    }
}

fn is_watched(watcher: &mut RecommendedWatcher, folder: &Path) -> bool {
    match watcher.watch(folder, RecursiveMode::NonRecursive) {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, "a folder is only looked at now and then");
            false
        }
    }
}

fn watcher(wake: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    let tell = move |event: notify::Result<notify::Event>| {
        // Our own reading is no news. An error may stand for what was missed.
        let is_news = match event.map(|e| e.kind) {
            Ok(EventKind::Access(AccessKind::Close(AccessMode::Write))) | Err(_) => true,
            Ok(EventKind::Access(_)) => false,
            Ok(_) => true,
        };
        // Full, it holds one already.
        if is_news && let Err(error) = wake.try_send(()) {
            tracing::trace!(%error, "a look is due already");
        }
    };
    match notify::recommended_watcher(tell) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::debug!(%error, "the system tells nothing of files");
            None
        }
    }
}
