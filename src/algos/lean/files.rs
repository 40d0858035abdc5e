//! A file that somebody else writes in place: read whole or not at all, and kept as it was last whole.
//!
//! LEAN truncates and rewrites (LEAN.md 1.2), so that a reader can meet an empty file, the beginning of one, or the
//! beginning of the old with the end of the new. What was read is believed only if the file stood still meanwhile, and,
//! as long as it is young, if a second reading finds the same bytes.

use crate::domain::time::{Mono, Stamp};
use std::{
    fs::{File, Metadata},
    hash::{DefaultHasher, Hasher as _},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

/// No file is read that is longer: what LEAN writes for one run is far below.
pub const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// So long after it was first seen changed a file is read again at each look: clocks of file systems are coarse, and a
/// second write within one tick leaves no trace.
const YOUNG_MS: u64 = 2_500;
/// So many readings in a row must fail before anybody is told: half-written files are nothing special.
const FAILURES_TOLD: u32 = 4;

/// What the file system says of a file, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When it was last written.
    pub modified: Stamp,
    /// How long it is.
    pub len: u64,
    inode: u64,
}

impl Mark {
    /// Of what the system told.
    pub fn of(meta: &Metadata) -> Self {
        let nanos = meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec());
        Self { modified: Stamp::from_nanos(nanos), len: meta.len(), inode: meta.ino() }
    }
    /// The same of a file that was read so far.
    pub const fn up_to(self, len: u64) -> Self {
        Self { len, ..self }
    }
    /// Is it another file under the same name?
    pub const fn is_other_than(&self, before: &Self) -> bool {
        self.inode != before.inode
    }
}

/// The mark of a file; `None` where there is no such file.
pub fn mark(path: &Path) -> Option<Mark> {
    std::fs::metadata(path).ok().filter(Metadata::is_file).map(|m| Mark::of(&m))
}

/// Its bytes, if it stood still while they were read; `Ok(None)` if it did not.
fn once(path: &Path) -> io::Result<Option<(Vec<u8>, Mark)>> {
    let mut file = File::open(path)?;
    let before = Mark::of(&file.metadata()?);
    let mut bytes = Vec::new();
    (&mut file).take(BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes)?;
    let after = Mark::of(&file.metadata()?);
    let is_whole = before == after && u64::try_from(bytes.len()).is_ok_and(|n| n == after.len);
    Ok(is_whole.then_some((bytes, after)))
}

/// What a look at a file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing new.
    Same,
    /// Something new.
    Fresh,
    /// It is being written, or is not whole: look again soon.
    Torn,
}

/// A file's value as it was last whole.
#[derive(Debug)]
pub struct Kept<T> {
    value: Option<(T, Mark)>,
    seen: Option<(Mark, Mono)>,
    read: Option<(Mark, u64)>,
    failures: u32,
    why: Option<String>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { value: None, seen: None, read: None, failures: 0, why: None }
    }
}

impl<T> Kept<T> {
    /// What was read last, and when that was written.
    pub fn value(&self) -> Option<(&T, Stamp)> {
        self.value.as_ref().map(|(value, mark)| (value, mark.modified))
    }
    /// Why what is there now can't be read, once that has gone on for a while.
    pub fn flaw(&self) -> Option<&str> {
        self.why.as_deref().filter(|_| self.failures >= FAILURES_TOLD)
    }
    /// Was it changed so lately that it may have been changed again without a trace?
    pub fn is_young(&self, now: Mono) -> bool {
        self.seen.is_some_and(|(_, since)| now.since_ms(since) < YOUNG_MS)
    }

    /// Looks at it, and reads it where it may have changed.
    pub fn look(&mut self, path: &Path, now: Mono, parse: impl FnOnce(&str) -> Result<T, String>) -> Found {
        let Some(mark) = mark(path) else {
            // A file that is gone tells nothing new; what it said stays as old as it is.
            return Found::Same;
        };
        if self.seen.is_none_or(|(seen, _)| seen != mark) {
            self.seen = Some((mark, now));
        }
        let is_young = self.is_young(now);
        if !is_young && self.read.is_some_and(|(read, _)| read == mark) {
            return Found::Same;
        }
        if mark.len > BYTES_MAX {
            self.read = Some((mark, 0));
            self.failures = FAILURES_TOLD;
            self.why =
                Some(format!("it is {} MiB long, and at most {} are read", mark.len >> 20, BYTES_MAX >> 20));
            return Found::Same;
        }
        self.read_whole(path, is_young, parse)
    }

    fn read_whole(
        &mut self,
        path: &Path,
        is_young: bool,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Found {
        let (bytes, mark) = match once(path) {
            Ok(Some(read)) => read,
            Ok(None) => return self.failed("it changes while it is read".to_owned()),
            Err(error) => return self.failed(error.to_string()),
        };
        if is_young && !matches!(once(path), Ok(Some((again, same))) if same == mark && again == bytes) {
            return self.failed("it changes while it is read".to_owned());
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let hash = hasher.finish();
        if self.read.is_some_and(|(_, known)| known == hash) {
            return self.known(mark, hash);
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => return self.failed(error.to_string()),
        };
        if text.trim().is_empty() {
            return self.failed("it is empty".to_owned());
        }
        match parse(text) {
            Ok(value) => {
                self.value = Some((value, mark));
                self.read = Some((mark, hash));
                (self.failures, self.why) = (0, None);
                Found::Fresh
            }
            Err(error) => {
                // Nothing changes until the next writing: it is not read again for nothing.
                self.read = (!is_young).then_some((mark, 0));
                self.failed(error)
            }
        }
    }

    /// The same bytes as before; written anew they are as young as that.
    fn known(&mut self, mark: Mark, hash: u64) -> Found {
        self.read = Some((mark, hash));
        let was_flawed = self.flaw().is_some();
        (self.failures, self.why) = (0, None);
        let Some((_, known)) = &mut self.value else { return Found::Same };
        let is_newer = known.modified != mark.modified;
        *known = mark;
        if is_newer || was_flawed { Found::Fresh } else { Found::Same }
    }

    fn failed(&mut self, why: String) -> Found {
        self.failures = self.failures.saturating_add(1);
        self.why = Some(why);
        if self.failures <= FAILURES_TOLD { Found::Torn } else { Found::Same }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn number(text: &str) -> Result<u32, String> {
        text.trim_end_matches('.')
            .parse()
            .map_err(|_| "no number".to_owned())
            .and_then(|n| if text.ends_with('.') { Ok(n) } else { Err("not whole".to_owned()) })
    }

    #[test]
    fn the_last_whole_value_is_kept_and_ages() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n");
        let mut kept = Kept::default();
        let at = Mono::from_millis;
        assert_eq!(kept.look(&path, at(0), number), Found::Same);
        fs::write(&path, "41.").unwrap();
        assert_eq!(kept.look(&path, at(0), number), Found::Fresh);
        assert_eq!(kept.look(&path, at(100), number), Found::Same);
        let age = kept.value().unwrap().1;
        for torn in ["", "4", "42"] {
            fs::write(&path, torn).unwrap();
            assert_eq!(kept.look(&path, at(200), number), Found::Torn);
            assert_eq!(kept.value(), Some((&41, age)));
            assert_eq!(kept.flaw(), None);
        }
        assert_eq!(kept.look(&path, at(300), number), Found::Torn);
        assert_eq!(kept.flaw(), Some("not whole"));
        fs::write(&path, "42.").unwrap();
        assert_eq!(kept.look(&path, at(400), number), Found::Fresh);
        assert_eq!((kept.value().unwrap().0, kept.flaw()), (&42, None));
        fs::remove_file(&path).unwrap();
        assert_eq!(kept.look(&path, at(500), number), Found::Same);
        assert_eq!(kept.value().unwrap().0, &42);
    }

    #[test]
    fn a_second_writing_in_one_tick_is_found_and_an_old_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n");
        fs::write(&path, "41.").unwrap();
        let mut kept = Kept::default();
        assert_eq!(kept.look(&path, Mono::from_millis(0), number), Found::Fresh);
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "42.").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
        assert_eq!(kept.look(&path, Mono::from_millis(1_000), number), Found::Fresh);
        assert_eq!(kept.value().unwrap().0, &42);
        let unread = |_: &str| -> Result<u32, String> { panic!("read for nothing") };
        assert_eq!(kept.look(&path, Mono::from_millis(60_000), unread), Found::Same);
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n");
        fs::File::create(&path).unwrap().set_len(BYTES_MAX + 1).unwrap();
        let mut kept = Kept::default();
        assert_eq!(kept.look(&path, Mono::from_millis(0), number), Found::Same);
        assert_eq!(kept.flaw(), Some("it is 64 MiB long, and at most 64 are read"));
    }
}
