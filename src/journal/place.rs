//! Where a journal lies: in a directory of its owner's, a regular file that nobody else can get at.

use super::JournalError;
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;

/// Makes the directory of `path` if it is missing, checks it, and gives `path` without links in its directory.
pub(super) fn settle(path: &Path) -> Result<PathBuf, JournalError> {
    let parent = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    own_directory(parent)?;
    let Some(name) = path.file_name() else {
        return Err(JournalError::NotAFile { path: path.to_owned() });
    };
    let parent = parent.canonicalize().map_err(|e| JournalError::io("resolve", parent, &e))?;
    Ok(parent.join(name))
}

/// Makes `dir` (0700) if it is missing, and checks that only its owner can put files into it.
pub(super) fn own_directory(dir: &Path) -> Result<(), JournalError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| JournalError::io("make the directory", dir, &e))?;
    let meta = fs::metadata(dir).map_err(|e| JournalError::io("look at", dir, &e))?;
    owned(dir, meta.uid(), meta.mode() & OTHERS_WRITE, meta.mode(), "700")
}

/// Is there a file at `path`, and is it one that can be trusted?
pub(super) fn own_file(path: &Path) -> Result<bool, JournalError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(JournalError::io("look at", path, &e)),
    };
    if meta.is_symlink() {
        return Err(JournalError::Symlink { path: path.to_owned() });
    }
    if !meta.is_file() {
        return Err(JournalError::NotAFile { path: path.to_owned() });
    }
    owned(path, meta.uid(), meta.mode() & OTHERS, meta.mode(), "600")?;
    Ok(true)
}

fn owned(path: &Path, owner: u32, exposed: u32, mode: u32, mend: &'static str) -> Result<(), JournalError> {
    let ours = nix::unistd::geteuid().as_raw();
    if owner != ours {
        return Err(JournalError::Owner { path: path.to_owned(), owner, ours });
    }
    if exposed != 0 {
        return Err(JournalError::Exposed { path: path.to_owned(), mode: mode & 0o777, mend });
    }
    Ok(())
}

/// A new, empty file (0600); an old one of that name, left by a crash, goes first.
pub(super) fn fresh(path: &Path) -> Result<fs::File, JournalError> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(JournalError::io("remove", path, &e)),
    }
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| JournalError::io("make", path, &e))
}

/// Makes the names in the directory of `path` durable.
pub(super) fn sync_directory(path: &Path) -> Result<(), JournalError> {
    let Some(dir) = path.parent() else { return Ok(()) };
    let synced = fs::File::open(dir).and_then(|d| d.sync_all());
    synced.map_err(|e| JournalError::io("sync", dir, &e))
}

/// `path` with `suffix` after its name: `journal.db-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn missing_directories_are_made_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/journal.db");
        let settled = settle(&path).unwrap();
        assert!(settled.ends_with("a/b/journal.db"));
        for made in ["a", "a/b"] {
            assert_eq!(fs::metadata(dir.path().join(made)).unwrap().mode() & 0o777, 0o700);
        }
        assert!(!own_file(&settled).unwrap());
        drop(fresh(&settled).unwrap());
        assert_eq!(fs::metadata(&settled).unwrap().mode() & 0o777, 0o600);
        assert!(own_file(&settled).unwrap());
    }

    #[test]
    fn links_directories_and_open_modes_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        drop(fresh(&real).unwrap());
        let link = dir.path().join("link");
        symlink(&real, &link).unwrap();
        assert_eq!(own_file(&link), Err(JournalError::Symlink { path: link.clone() }));
        let gone = dir.path().join("dangling");
        symlink(dir.path().join("nowhere"), &gone).unwrap();
        assert_eq!(own_file(&gone), Err(JournalError::Symlink { path: gone.clone() }));
        assert!(matches!(own_file(dir.path()), Err(JournalError::NotAFile { .. })));
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        let said = own_file(&real).unwrap_err().to_string();
        assert!(said.contains("mode 640") && said.contains("chmod 600"), "{said}");
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let said = settle(&open.join("j")).unwrap_err().to_string();
        assert!(said.contains("mode 777") && said.contains("chmod 700"), "{said}");
    }

    #[test]
    fn another_users_file_is_refused() {
        let path = Path::new("/somewhere");
        let ours = nix::unistd::geteuid().as_raw();
        let theirs = ours.wrapping_add(1);
        assert_eq!(
            owned(path, theirs, 0, 0o600, "600"),
            Err(JournalError::Owner { path: path.to_owned(), owner: theirs, ours })
        );
        assert_eq!(owned(path, ours, 0, 0o600, "600"), Ok(()));
    }
}
