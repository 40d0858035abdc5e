//! Which runs of the program are alive. A lock dies with its process, whatever ends it, so that a crash leaves
//! nothing to clean up by hand.

use super::{JournalError, place};
use crate::domain::ids::Instance;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The locks of all runs of one profile.
#[derive(Debug, Clone)]
pub struct Sessions {
    dir: PathBuf,
}

/// This run, alive as long as this is held.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Sessions {
    /// The runs of the profile whose state is kept in `state`.
    pub fn of(state: &Path) -> Self {
        Self { dir: state.join("sessions") }
    }

    /// Says that `run` is alive, and forgets the dead.
    pub fn begin(&self, run: &Instance) -> Result<Session, JournalError> {
        place::own_directory(&self.dir)?;
        self.sweep()?;
        let path = self.path(run);
        // Locked under another name first: whoever finds the lock file finds it locked.
        let new = place::beside(&path, ".new");
        let mut file = place::fresh(&new)?;
        file.try_lock().map_err(|e| JournalError::io("lock", &new, &e.into()))?;
        write!(file, "{}", std::process::id()).map_err(|e| JournalError::io("write", &new, &e))?;
        std::fs::rename(&new, &path).map_err(|e| JournalError::io("name", &path, &e))?;
        Ok(Session { path, _file: file })
    }

    /// Does the process of `run` live?
    pub fn is_alive(&self, run: &Instance) -> Result<bool, JournalError> {
        is_locked(&self.path(run))
    }

    /// The runs that live.
    pub fn live(&self) -> Result<Vec<Instance>, JournalError> {
        let mut out = Vec::new();
        for (path, run) in self.files()? {
            if is_locked(&path)? {
                out.push(run);
            }
        }
        out.sort();
        Ok(out)
    }

    fn sweep(&self) -> Result<(), JournalError> {
        for (path, _) in self.files()? {
            if !is_locked(&path)? {
                removed(&path)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> Result<Vec<(PathBuf, Instance)>, JournalError> {
        let fail = |e: io::Error| JournalError::io("list", &self.dir, &e);
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(fail(e)),
        };
        let mut out = Vec::new();
        for entry in entries {
            let path = entry.map_err(fail)?.path();
            let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".lock"));
            if let Some(run) = name.and_then(|n| Instance::new(n).ok()) {
                out.push((path, run));
            }
        }
        Ok(out)
    }

    fn path(&self, run: &Instance) -> PathBuf {
        self.dir.join(format!("{run}.lock"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Only tidiness: the lock ends with the file, and the next run sweeps what is left.
        drop(removed(&self.path));
    }
}

fn removed(path: &Path) -> Result<(), JournalError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(JournalError::io("remove", path, &e)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn is_locked(path: &Path) -> Result<bool, JournalError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(JournalError::io("open", path, &e)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(JournalError::io("lock", path, &e)),
    }
}

/// The right to run a profile's engine: one process has it.
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}

impl EngineLock {
    /// Takes the right, for as long as this is held.
    ///
    /// # Errors
    /// [`JournalError::Running`] when another process has it.
    pub fn take(state: &Path) -> Result<Self, JournalError> {
        place::own_directory(state)?;
        let path = state.join("engine.lock");
        place::own_file(&path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|e| JournalError::io("open", &path, &e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = (&mut file).take(20).read_to_string(&mut text);
                let pid = read.ok().and_then(|_| text.trim().parse().ok());
                return Err(JournalError::Running { path, pid });
            }
            Err(TryLockError::Error(e)) => return Err(JournalError::io("lock", &path, &e)),
        }
        let said = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        said.map_err(|e| JournalError::io("write", &path, &e))?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lives_as_long_as_its_lock() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::of(dir.path());
        let (one, two) = (Instance::new("one").unwrap(), Instance::new("two").unwrap());
        assert!(!sessions.is_alive(&one).unwrap());
        assert_eq!(sessions.live().unwrap(), []);
        let first = sessions.begin(&one).unwrap();
        let second = sessions.begin(&two).unwrap();
        assert!(sessions.is_alive(&one).unwrap());
        assert_eq!(sessions.live().unwrap(), [one.clone(), two.clone()]);
        drop(first);
        assert!(!sessions.is_alive(&one).unwrap());
        assert_eq!(sessions.live().unwrap(), [two]);
        drop(second);
        assert_eq!(std::fs::read_dir(dir.path().join("sessions")).unwrap().count(), 0);
    }

    #[test]
    fn the_lock_of_a_dead_run_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::of(dir.path());
        let dead = dir.path().join("sessions/dead.lock");
        std::fs::create_dir(dir.path().join("sessions")).unwrap();
        std::fs::write(&dead, "1").unwrap();
        assert!(!sessions.is_alive(&Instance::new("dead").unwrap()).unwrap());
        let _session = sessions.begin(&Instance::new("new").unwrap()).unwrap();
        assert!(!dead.exists());
    }

    #[test]
    fn one_process_runs_the_engine_and_says_which() {
        let dir = tempfile::tempdir().unwrap();
        let held = EngineLock::take(dir.path()).unwrap();
        let Err(JournalError::Running { pid, .. }) = EngineLock::take(dir.path()) else {
            panic!("taken twice");
        };
        assert_eq!(pid, Some(std::process::id()));
        drop(held);
        EngineLock::take(dir.path()).unwrap();
    }
}
