//! One instruction, from the look whether anybody is there to what came of it. At most once: a command that nobody
//! answered is taken back, and only if that is certain was it not sent.

use super::{
    command::{self, Command},
    container::Container,
    directory, reply,
    run::{Run, Setup},
    settings::{Commands, Settings, Timing},
};
use crate::{
    algos::lean::{folder, live::Live},
    clock::Clock,
    domain::{
        algorithm::{Instructed, Instruction},
        text::Text,
        time::{Now, Stamp},
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The way that a command takes.
#[derive(Debug, Clone)]
enum Way {
    Folder(PathBuf),
    Container(Container),
}

/// Hands on an instruction and waits for what comes of it.
pub async fn ask(
    settings: Settings,
    timing: Timing,
    clock: Arc<dyn Clock>,
    instruction: Instruction,
) -> Instructed {
    let began = clock.now();
    let made = match command::fresh_id().and_then(|id| command::command(&instruction, &id)) {
        Ok(made) => made,
        Err(why) => return Instructed::NotSent(why),
    };
    let way = match way(&settings, timing, began).await {
        Ok(way) => way,
        Err(why) => return Instructed::NotSent(why),
    };
    way.sweep(began.wall).await;
    let is_stop = matches!(instruction, Instruction::Stop);
    let left = || {
        let spent = Duration::from_millis(clock.now().mono.since_ms(began.mono));
        timing.answer.saturating_sub(timing.grace).saturating_sub(spent)
    };
    // A folder or a program that hung until now: whoever asked was told something else already.
    if left().is_zero() {
        return Instructed::NotSent(Text::clean("it took too long to find out whether anybody is there"));
    }
    exchange(&way, &made, timing, clock.now().wall, left, is_stop).await
}

/// Is there anybody to ask, and how?
async fn way(settings: &Settings, timing: Timing, now: Now) -> Result<Way, Text> {
    let results = settings.results.clone();
    if settings.commands == Commands::ReadOnly {
        return Err(Text::clean("this algorithm is only watched: no way for commands is configured"));
    }
    let looked = tokio::task::spawn_blocking(move || alive(&results, timing, now)).await;
    let setup = looked.map_err(|e| Text::clean(&e.to_string()))??;
    match &settings.commands {
        Commands::ReadOnly => Err(Text::clean("this algorithm is only watched")),
        Commands::Folder(folder) => {
            let folder = folder.clone();
            if folder.is_dir() {
                return Ok(Way::Folder(folder));
            }
            Err(Text::clean(&format!("the folder for commands {} is not there", folder.display())))
        }
        Commands::Container { docker } => {
            let Some(name) = setup.container else {
                return Err(Text::clean("the deployment's `config` names no container"));
            };
            let container = Container { docker: docker.clone(), name };
            container.check().await?;
            Ok(Way::Container(container))
        }
    }
}

/// Does the deployment live? A command for a dead one would be run by its next start. Blocking.
fn alive(results: &Path, timing: Timing, now: Now) -> Result<Setup, Text> {
    let mut run = Run::new(folder::resolve(results)?);
    let mut number = 0;
    for _ in 0..5 {
        if !run.look(now.mono, &mut number).is_torn {
            break;
        }
        std::thread::sleep(timing.retry);
    }
    let refused = |why: String| Text::clean(&format!("it is not alive: {why}"));
    let Some(seen) = run.observe(&Live::default()) else {
        return Err(refused(format!("nothing in {} can be read", run.folder().display())));
    };
    if !seen.phase.is_alive() {
        return Err(refused(format!("its own word is `{}`", seen.word)));
    }
    let age_ms = run.written().map(|at| now.wall.since_ms(at));
    match age_ms {
        Some(age) if age <= timing.dead_ms => Ok(run.setup()),
        Some(age) => {
            let minutes = age.checked_div(60_000).unwrap_or(age);
            Err(refused(format!("nothing in {} was written for {minutes} minutes", run.folder().display())))
        }
        None => Err(refused("nothing of it is written".to_owned())),
    }
}

/// Puts the command there, waits for the answer, and takes back what was not taken.
async fn exchange(
    way: &Way,
    made: &Command,
    timing: Timing,
    at: Stamp,
    left: impl Fn() -> Duration,
    is_stop: bool,
) -> Instructed {
    let (name, placed) = match way.place(made, at).await {
        Ok(placed) => placed,
        Err(why) => return Instructed::NotSent(why),
    };
    let answered = tokio::time::timeout(left(), way.wait(made, timing, placed.is_err())).await;
    if let Ok(Some(answered)) = answered {
        way.clear(&made.id).await;
        return answered;
    }
    let back = way.take_back(&name, &made.token).await;
    // It may have been read just before, and is then still answered.
    let late = tokio::time::timeout(timing.grace, way.wait(made, timing, false)).await;
    let is_there = way.has_answer(&made.id).await;
    way.clear(&made.id).await;
    if let Ok(Some(late)) = late {
        return late;
    }
    let what = made.what;
    let because = placed.err().map_or_else(String::new, |why| format!(" ({why})"));
    match back {
        Ok(true) => Instructed::NotSent(Text::clean(&format!(
            "{what}: it was not taken{because}, and was taken back"
        ))),
        Ok(false) if is_there => Instructed::Unknown(Text::clean(&format!(
            "{what}: its answer can't be read; it may have been done"
        ))),
        Ok(false) if is_stop && way.has_ended().await => {
            Instructed::Taken(Text::clean("stop: it was taken, and the container has ended"))
        }
        Ok(false) => {
            let taken = if because.is_empty() { "it was taken and not answered" } else { "nobody knows" };
            Instructed::Unknown(Text::clean(&format!("{what}: {taken}{because}; it may have been done")))
        }
        Err(why) => Instructed::Unknown(Text::clean(&format!(
            "{what}: no answer, and it can't be taken back ({why}); it may be done yet"
        ))),
    }
}

type Placed = (String, Result<(), Text>);

impl Way {
    /// An error outside says that it is certainly not there, one inside that nobody knows.
    async fn place(&self, made: &Command, at: Stamp) -> Result<Placed, Text> {
        let ms = at.as_millis();
        match self {
            Self::Container(container) => container.place(made, ms).await,
            Self::Folder(folder) => {
                let (folder, made) = (folder.clone(), made.clone());
                let placed = tokio::task::spawn_blocking(move || directory::place(&folder, &made, ms)).await;
                placed.map_err(|e| Text::clean(&e.to_string()))?.map(|name| (name, Ok(())))
            }
        }
    }

    /// Waits for a whole answer. `is_in_doubt`: nothing may have come, so that two looks are enough.
    async fn wait(&self, made: &Command, timing: Timing, is_in_doubt: bool) -> Option<Instructed> {
        let mut looks = 0_u32;
        loop {
            if let Some(bytes) = self.answer(&made.id).await
                && let Ok(answered) = reply::read(made.what, &bytes)
            {
                return Some(answered);
            }
            looks = looks.saturating_add(1);
            if is_in_doubt && looks >= 2 {
                return None;
            }
            tokio::time::sleep(match self {
                Self::Folder(_) => timing.ask,
                Self::Container(_) => timing.ask_container,
            })
            .await;
        }
    }

    async fn answer(&self, id: &str) -> Option<Vec<u8>> {
        match self {
            Self::Container(container) => container.answer(id).await,
            Self::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.to_owned());
                tokio::task::spawn_blocking(move || directory::answer(&folder, &id)).await.ok()?
            }
        }
    }

    async fn has_answer(&self, id: &str) -> bool {
        self.answer(id).await.is_some()
    }

    async fn take_back(&self, name: &str, token: &str) -> Result<bool, Text> {
        match self {
            Self::Container(container) => container.take_back(name, token).await,
            Self::Folder(folder) => {
                let (folder, name) = (folder.clone(), name.to_owned());
                let back = tokio::task::spawn_blocking(move || directory::take_back(&folder, &name)).await;
                back.map_err(|e| Text::clean(&e.to_string()))?.map_err(|e| Text::clean(&e.to_string()))
            }
        }
    }

    async fn clear(&self, id: &str) {
        match self {
            Self::Container(container) => container.clear(id).await,
            Self::Folder(folder) => {
                let (folder, id) = (folder.clone(), id.to_owned());
                aside(move || directory::clear(&folder, &id)).await;
            }
        }
    }

    async fn sweep(&self, now: Stamp) {
        match self {
            Self::Container(container) => container.sweep().await,
            Self::Folder(folder) => {
                let folder = folder.clone();
                aside(move || directory::sweep(&folder, now.as_millis())).await;
            }
        }
    }

    async fn has_ended(&self) -> bool {
        match self {
            Self::Container(container) => container.check().await.is_err(),
            Self::Folder(_) => false,
        }
    }
}

/// On a thread that may wait.
async fn aside(work: impl FnOnce() + Send + 'static) {
    if let Err(error) = tokio::task::spawn_blocking(work).await {
        tracing::error!(%error, "a thread for files died");
    }
}
