//! The directory of recordings: how they are named, which there are, and which go.

use super::format::EXTENSION;
use crate::domain::{ids::Instance, time::Stamp};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Result},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Days.
    pub days: u64,
    /// Bytes of all recordings together.
    pub bytes: u64,
}

/// One recording in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub path: PathBuf,
    /// When it began, by its name.
    pub began: Stamp,
    /// Its size.
    pub bytes: u64,
}

/// The directory.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: PathBuf,
}

/// `20261130T140211Z`, as a recording's name begins.
fn stamped(at: Stamp) -> String {
    let text: String = at.to_rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{whole}Z")
}

fn began(name: &str) -> Option<Stamp> {
    let (stamp, _) = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.split_once('-')?;
    let parts = [(0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15)].map(|(from, to)| stamp.get(from..to));
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] = parts else {
        return None;
    };
    if stamp.get(8..9) != Some("T") || stamp.get(15..) != Some("Z") {
        return None;
    }
    Stamp::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
}

impl Shelf {
    /// Of a profile's state.
    pub fn of(state: &Path) -> Self {
        Self { dir: state.join("recordings") }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A new file that only its owner may read.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(&self, at: Stamp, run: &Instance) -> Result<(PathBuf, File)> {
        match DirBuilder::new().mode(0o700).create(&self.dir) {
            Err(why) if why.kind() != ErrorKind::AlreadyExists => return Err(why),
            Ok(()) | Err(_) => {}
        }
        let path = self.dir.join(format!("{}-{run}.{EXTENSION}", stamped(at)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }

    /// All recordings, the oldest first. Other files there are nobody's business.
    ///
    /// # Errors
    /// What the system says; a directory that is not there holds none.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(why),
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Some(began) = entry.file_name().to_str().and_then(began) else { continue };
            // One that is being removed is none.
            let Some(meta) = entry.metadata().ok().filter(fs::Metadata::is_file) else { continue };
            all.push(Entry { path: entry.path(), began, bytes: meta.len() });
        }
        all.sort_by(|a, b| (a.began, &a.path).cmp(&(b.began, &b.path)));
        Ok(all)
    }

    /// Removes what is not to be kept; called before a recording begins, so that none of these is being written.
    ///
    /// # Errors
    /// What the system says.
    pub fn clear(&self, keep: Keep, now: Stamp) -> Result<Vec<PathBuf>> {
        let all = self.list()?;
        let goes = surplus(&all, keep, now);
        let mut gone = Vec::new();
        for entry in all.into_iter().take(goes) {
            fs::remove_file(&entry.path)?;
            gone.push(entry.path);
        }
        Ok(gone)
    }
}

/// How many of the oldest are too old or too much.
pub fn surplus(all: &[Entry], keep: Keep, now: Stamp) -> usize {
    let ms = i64::try_from(keep.days.saturating_mul(86_400_000)).ok().unwrap_or(i64::MAX);
    let old = all.iter().take_while(|e| now.since_ms(e.began) > ms).count();
    let mut sum = all.iter().map(|e| e.bytes).fold(0, u64::saturating_add);
    let large = all.iter().take_while(|e| {
        let over = sum > keep.bytes;
        sum = sum.saturating_sub(e.bytes);
        over
    });
    large.count().max(old)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const DAY: i64 = 86_400;

    fn entry(day: i64, bytes: u64) -> Entry {
        Entry { path: PathBuf::from(format!("{day}")), began: Stamp::from_secs(day * DAY).unwrap(), bytes }
    }

    #[test]
    fn the_oldest_go_first_and_no_more_than_needed() {
        let all: Vec<Entry> = (0..10).map(|day| entry(day, 100)).collect();
        let now = Stamp::from_secs(10 * DAY).unwrap();
        let goes = |days, bytes| surplus(&all, Keep { days, bytes }, now);
        assert_eq!(goes(365, 10_000), 0);
        assert_eq!((goes(3, 10_000), goes(365, 1_000), goes(365, 999)), (7, 0, 1));
        assert_eq!((goes(3, 250), goes(9, 250), goes(365, 0)), (8, 8, 10));
        assert_eq!(surplus(&[], Keep { days: 1, bytes: 0 }, now), 0);
    }

    #[test]
    fn names_tell_when_it_began_and_other_files_are_left() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(dir.path());
        assert_eq!(shelf.list().unwrap(), []);
        let run = Instance::new("abcdefghij").unwrap();
        let at = |secs| Stamp::from_secs(1_796_000_000 + secs).unwrap();
        let (second, _) = shelf.begin(at(60).plus_ms(250), &run).unwrap();
        let (first, _) = shelf.begin(at(0), &run).unwrap();
        assert!(shelf.begin(at(0), &run).is_err(), "nothing is written over");
        for other in ["notes.txt", "x.tdr", "20261130T140211Z.tdr", "20269930T140211Z-a.tdr"] {
            fs::write(shelf.dir().join(other), "x").unwrap();
        }
        let all = shelf.list().unwrap();
        assert_eq!(
            all.iter().map(|e| (e.path.clone(), e.began)).collect::<Vec<_>>(),
            [(first.clone(), at(0)), (second.clone(), at(60))]
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(shelf.dir()), mode(&first)), (0o700, 0o600));
        let gone = shelf.clear(Keep { days: 1, bytes: 1 << 30 }, at(DAY + 30)).unwrap();
        assert_eq!(gone, [first]);
        assert_eq!(shelf.list().unwrap().len(), 1);
        assert!(shelf.dir().join("notes.txt").exists());
    }
}
