//! The embedded paper venue: found running, or run on a thread of its own.

use crate::{
    clock::Clock,
    config::{Config, ConfigError, PaperConfig, PaperHours, Place},
    paper::{
        faults::Script,
        hours::Hours,
        models::Model,
        server::{self, Addresses, Options, Presence},
    },
};
use anyhow::{Context as _, anyhow, bail};
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::oneshot;

/// How often a server that has just been started is asked where it is.
const ASK_EVERY: Duration = Duration::from_millis(50);
const ASK_TIMES: u32 = 100;

/// A venue that runs in this process.
#[derive(Debug)]
pub(super) struct Embedded {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Embedded {
    /// Ends it and keeps its account.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        match self.thread.join() {
            Ok(result) => result,
            Err(_) => bail!("the paper venue's thread panicked"),
        }
    }
}

/// Where the account in `data_dir` is served; serves it here if nobody does.
pub(super) fn find_or_serve(
    config: &PaperConfig,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Addresses, Option<Embedded>)> {
    for _ in 0..ASK_TIMES {
        match server::running(data_dir)? {
            Presence::Serving(addresses) => return Ok((addresses, None)),
            Presence::Absent | Presence::Stale => match serve(config, data_dir, clock) {
                Ok((addresses, embedded)) => return Ok((addresses, Some(embedded))),
                // Another program was faster: look again where it is.
                Err(why) if matches!(why.downcast_ref::<server::Error>(), Some(server::Error::Taken(_))) => {}
                Err(why) => return Err(why),
            },
            Presence::Starting => {}
        }
        std::thread::sleep(ASK_EVERY);
    }
    Err(anyhow!(
        "the paper venue of {} is held by a program that does not say where it is",
        data_dir.display()
    ))
}

fn serve(
    config: &PaperConfig,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Addresses, Embedded)> {
    let options = options(config, data_dir, clock)?;
    let (said, told) = std::sync::mpsc::sync_channel(1);
    let (stop, stopped) = oneshot::channel();
    let run = move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move {
            let mut running = match server::serve(options).await {
                Ok(running) => running,
                Err(why) => return said.send(Err(why)).context("nobody waits for the paper venue"),
            };
            said.send(Ok(running.addresses().clone())).context("nobody waits for the paper venue")?;
            tokio::select! {
                ended = running.ended() => return ended.map_err(Into::into),
                _ = stopped => {}
            }
            running.stop().await.map_err(Into::into)
        })
    };
    let thread = std::thread::Builder::new().name("paper".to_owned()).spawn(run)?;
    let addresses = told.recv().context("the paper venue ended before it answered")??;
    Ok((addresses, Embedded { stop, thread }))
}

fn options(config: &PaperConfig, data_dir: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<Options> {
    let is_new = !data_dir.join("paper.db").exists();
    let mut options = Options::new(Arc::clone(clock));
    options.data_dir = Some(PathBuf::from(data_dir));
    let speed = u32::try_from(config.speed).ok().and_then(NonZeroU32::new);
    options.speed =
        speed.ok_or_else(|| anyhow!("the paper venue's speed is {}; write 1 or more", config.speed))?;
    options.faults = config.faults.as_deref().map(script).transpose()?;
    if is_new {
        options.seed = Some(config.seed);
        options.model = Some(model(&config.model)?);
        options.hours = Some(match config.hours {
            PaperHours::Always => Hours::AllDay,
            PaperHours::Us => Hours::UsSessions,
        });
    }
    Ok(options)
}

/// What is wrong with the scripts of faults that the configuration names: one that can't be played is better found
/// before the rehearsal.
pub fn mistakes_of_scripts(config: &Config) -> Vec<ConfigError> {
    config
        .venues
        .iter()
        .filter_map(|v| v.paper.faults.as_deref())
        .filter_map(|path| script(path).err())
        .collect()
}

/// The script of faults that the configuration names.
fn script(path: &Path) -> Result<Script, ConfigError> {
    server::script(path).map_err(|why| {
        let server::Error::Script(wrong) = &why else {
            return ConfigError::new(Place::Path(path.to_owned()), why.to_string());
        };
        let first = wrong.mistakes.first();
        let (line, column) = first.map_or((1, 1), |m| (m.line, m.column));
        let mut lines: Vec<String> = first.map(|m| m.problem.clone()).into_iter().collect();
        let more = wrong.mistakes.iter().skip(1);
        lines.extend(more.map(|m| format!("{}:{}:{}: {}", path.display(), m.line, m.column, m.problem)));
        ConfigError::new(Place::File { path: path.to_owned(), line, column }, lines.join("\n"))
    })
}

fn model(name: &str) -> anyhow::Result<Model> {
    name.parse().map_err(|e| anyhow!("{e}"))
}
