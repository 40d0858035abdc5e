//! Any program that trades on one of the accounts: what it does there the account shows; here is only seen whether it
//! lives, by a file that it writes to, an address that answers, or its process. It takes no instructions.

use super::{Answer, Source};
use crate::{
    clock::Clock,
    domain::{
        algorithm::{Instructed, Instruction, Observation, Phase, Sighting},
        text::Text,
        time::Stamp,
    },
    transport::{
        Error,
        rest::{Call, Options, Rest, Sent},
        tls::Tls,
    },
};
use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use smol_str::SmolStr;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tokio::sync::watch;
use url::Url;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// The longest number of a process in a file, in bytes.
const PID_BYTES_MAX: u64 = 32;

/// By what it is seen to live.
#[derive(Debug)]
enum Beat {
    File(PathBuf),
    Process(PathBuf),
    Url { rest: Box<Rest>, segments: Vec<String>, query: Option<String> },
}

/// What one look brought.
type Look = Result<(Phase, Stamp), Text>;

/// A program's sign of life.
#[derive(Debug)]
pub struct Program {
    name: SmolStr,
    beat: Beat,
    clock: Arc<dyn Clock>,
}

impl Program {
    /// One that writes to this file.
    pub fn writing(name: SmolStr, file: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { name, beat: Beat::File(file), clock }
    }

    /// One whose number stands in this file.
    pub fn running(name: SmolStr, pid_file: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { name, beat: Beat::Process(pid_file), clock }
    }

    /// One that answers at this address.
    ///
    /// # Errors
    /// The address can't be asked.
    pub fn answering(name: SmolStr, url: &Url, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let mut base = url.clone();
        base.set_path("");
        base.set_query(None);
        base.set_fragment(None);
        let rest = Box::new(Rest::new(base, tls, Options::default(), Arc::clone(&clock))?);
        let segments = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
        let beat = Beat::Url { rest, segments, query: url.query().map(str::to_owned) };
        Ok(Self { name, beat, clock })
    }

    async fn look(&self) -> Look {
        match &self.beat {
            Beat::File(path) => written(path).map(|at| (Phase::Running, at)),
            Beat::Process(path) => {
                let phase = if lives(path)? { Phase::Running } else { Phase::Stopped };
                Ok((phase, self.clock.now().wall))
            }
            Beat::Url { rest, segments, query } => {
                let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
                let call = Call::get(&segments);
                let call = match query {
                    Some(query) => call.signed_query(query.clone()),
                    None => call,
                };
                match rest.send(call).await {
                    Sent::Answered(answer) if answer.status.is_success() => {
                        Ok((Phase::Running, answer.at.wall))
                    }
                    Sent::Answered(answer) => {
                        Err(Text::clean(&format!("its address answers {}", answer.status.as_u16())))
                    }
                    Sent::NotSent { why } | Sent::Unanswered { why } => Err(why),
                }
            }
        }
    }
}

impl Source for Program {
    fn name(&self) -> &SmolStr {
        &self.name
    }

    fn watch(&self, seen: watch::Sender<Sighting>) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut last: Option<Arc<Observation>> = None;
            loop {
                let sighting = match self.look().await {
                    Ok((phase, at)) => {
                        let observation = Arc::new(alive(&self.name, phase, at));
                        last = Some(Arc::clone(&observation));
                        Sighting::Seen(observation)
                    }
                    Err(why) => Sighting::Lost { why, last: last.clone() },
                };
                seen.send_if_modified(|now| {
                    let is_new = *now != sighting;
                    *now = sighting;
                    is_new
                });
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = seen.closed() => return,
                }
            }
        })
    }

    fn instruct(&self, _: Instruction) -> Answer<'_, Instructed> {
        Box::pin(async {
            Instructed::NotSent(Text::clean("a program of one's own takes no instructions from here"))
        })
    }
}

/// When a file was last written to.
fn written(path: &Path) -> Result<Stamp, Text> {
    let why = |e: &dyn std::fmt::Display| Text::clean(&format!("{}: {e}", path.display()));
    let at = std::fs::metadata(path).and_then(|m| m.modified()).map_err(|e| why(&e))?;
    let since = at.duration_since(UNIX_EPOCH).map_err(|e| why(&e))?;
    let stamp = i64::try_from(since.as_millis()).ok().and_then(Stamp::from_millis);
    stamp.ok_or_else(|| why(&"its time is out of range"))
}

/// Is the process there whose number stands in this file?
fn lives(path: &Path) -> Result<bool, Text> {
    let why = |e: &dyn std::fmt::Display| Text::clean(&format!("{}: {e}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| why(&e))?;
    file.take(PID_BYTES_MAX).read_to_string(&mut text).map_err(|e| why(&e))?;
    let pid: i32 = text.trim().parse().map_err(|_| why(&"it does not hold the number of a process"))?;
    if pid <= 0 {
        return Err(why(&"it does not hold the number of a process"));
    }
    // Signal 0 asks whether it is there; one of another user is.
    Ok(!matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH)))
}

fn alive(name: &str, phase: Phase, at: Stamp) -> Observation {
    let word = if phase.is_alive() { "" } else { "its process is gone" };
    Observation { word: Text::clean(word), as_of: Some(at), ..Observation::bare(Text::clean(name), phase) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(System::start())
    }

    async fn first(program: &Program) -> Sighting {
        let (to, mut from) = watch::channel(Sighting::Waiting);
        tokio::select! {
            () = program.watch(to) => panic!("it ended"),
            _ = from.changed() => from.borrow().clone(),
        }
    }

    #[tokio::test]
    async fn a_file_is_as_old_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("beat");
        let program = Program::writing("bot".into(), path.clone(), clock());
        assert!(matches!(first(&program).await, Sighting::Lost { .. }), "there is no file");
        std::fs::write(&path, "x").unwrap();
        let file = std::fs::File::options().append(true).open(&path).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(3_600)).unwrap();
        let Sighting::Seen(seen) = first(&program).await else { panic!("not seen") };
        let age_s = clock().now().wall.since_ms(seen.as_of.unwrap()) / 1_000;
        assert!((3_590..3_700).contains(&age_s), "{age_s}");
    }

    #[tokio::test]
    async fn a_process_lives_until_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        let program = Program::running("bot".into(), path.clone(), clock());
        std::fs::write(&path, "nonsense").unwrap();
        assert!(matches!(first(&program).await, Sighting::Lost { .. }));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        std::fs::write(&path, format!("{}\n", child.id())).unwrap();
        let Sighting::Seen(seen) = first(&program).await else { panic!("not seen") };
        assert_eq!(seen.phase, Phase::Running);
        child.kill().unwrap();
        child.wait().unwrap();
        let Sighting::Seen(seen) = first(&program).await else { panic!("not seen") };
        assert_eq!(seen.phase, Phase::Stopped);
    }
}
