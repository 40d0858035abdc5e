//! The data directory: made for its owner alone, files in it whole or not at all, one server at a time.

use super::error::Error;
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// A small file has no business being larger than this.
const SMALL_BYTES_MAX: u64 = 64 * 1024;

/// Makes `dir` (mode 0700) if it is not there.
pub(super) fn make_dir(dir: &Path) -> Result<(), Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|source| Error::file("make the directory", dir, source))
}

/// Writes `bytes` to `path` (mode 0600): a reader finds the old content or the new, also after a power cut.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let beside = path.with_extension("new");
    write_new(&beside, bytes).map_err(|source| Error::file("write", &beside, source))?;
    std::fs::rename(&beside, path).map_err(|source| Error::file("write", path, source))?;
    match path.parent() {
        Some(dir) => sync_dir(dir),
        None => Ok(()),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // The mode above counts only for a file that is made; one left by a crash keeps its own.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename is durable once its directory is.
pub(super) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(|source| Error::file("sync", dir, source))
}

/// Reads a small file that only its owner may read; `None` if it is not there.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::file("read", path, source)),
    };
    let meta = file.metadata().map_err(|source| Error::file("read", path, source))?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(Error::Exposed { path: path.to_owned() });
    }
    let mut text = String::new();
    file.take(SMALL_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|source| Error::file("read", path, source))?;
    Ok(Some(text))
}

/// Removes a file; one that is not there is as good.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::file("remove", path, source)),
    }
}

/// The lock on a data directory; the operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

fn lock_path(dir: &Path) -> PathBuf {
    dir.join("paper.lock")
}

impl Lock {
    /// Takes the lock; `None` if another server has it.
    pub(super) fn take(dir: &Path) -> Result<Option<Self>, Error> {
        let path = lock_path(dir);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| Error::file("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(source)) => Err(Error::file("lock", &path, source)),
        }
    }

    /// Does a server hold the lock? Looks with a shared lock, let go at once: [`Lock::take`] is tried again for
    /// that instant by its caller.
    pub(super) fn is_held(dir: &Path) -> Result<bool, Error> {
        let path = lock_path(dir);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(Error::file("open", &path, source)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(std::fs::TryLockError::WouldBlock) => Ok(true),
            Err(std::fs::TryLockError::Error(source)) => Err(Error::file("lock", &path, source)),
        }
    }
}
