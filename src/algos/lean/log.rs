//! The two logs of a deployment, followed from their end: LEAN appends to them all the time.

use super::files::Mark;
use crate::{
    algos::result,
    domain::{
        algorithm::{LogLevel, LogLine},
        text::Text,
        time::Stamp,
    },
};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// So many lines are kept of each log.
pub const LINES_MAX: usize = 250;
/// So much of the end of a log is read at first, and after it ran ahead.
const END_BYTES: u64 = 256 * 1024;
/// What was added since is read whole up to here; beyond it the end alone.
const AHEAD_BYTES: u64 = 1024 * 1024;
/// A line that is longer is cut.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// So much of a log's beginning tells whether it is still the same.
const HEAD_BYTES: usize = 64;

/// Which log, for they are written differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `log.txt`: a time in UTC, a level, a text.
    Engine,
    /// `ID-log.txt`: a time in the algorithm's own zone, which it does not say, and a text.
    Algorithm,
}

/// How far a log was read, and its last lines.
#[derive(Debug)]
pub struct Tail {
    origin: Origin,
    place: Option<Place>,
    /// A line that is not whole yet.
    rest: Vec<u8>,
    lines: VecDeque<(u64, LogLine)>,
    status: Option<(Stamp, Text)>,
}

#[derive(Debug)]
struct Place {
    mark: Mark,
    head: Vec<u8>,
    offset: u64,
}

impl Tail {
    /// Nothing was read yet.
    pub const fn new(origin: Origin) -> Self {
        Self { origin, place: None, rest: Vec::new(), lines: VecDeque::new(), status: None }
    }
    /// Its lines, each with its place among all that were read.
    pub fn lines(&self) -> impl Iterator<Item = &(u64, LogLine)> {
        self.lines.iter()
    }
    /// What the engine last said of how the algorithm is, and when.
    pub fn status(&self) -> Option<&(Stamp, Text)> {
        self.status.as_ref()
    }
    /// When it was last written.
    pub fn written(&self) -> Option<Stamp> {
        self.place.as_ref().map(|p| p.mark.modified)
    }

    /// Reads what was added. `number` counts the lines of all logs. Is there anything new?
    pub fn look(&mut self, path: &Path, number: &mut u64) -> bool {
        let Some(mark) = super::files::mark(path) else { return false };
        if self.place.as_ref().is_some_and(|p| p.mark == mark) {
            return false;
        }
        // What can't be read now is read with the next change, or at the next poll.
        self.read(path, number).is_ok_and(|is_new| is_new)
    }

    fn read(&mut self, path: &Path, number: &mut u64) -> io::Result<bool> {
        let mut file = File::open(path)?;
        let mark = Mark::of(&file.metadata()?);
        let mut head = vec![0; HEAD_BYTES];
        let got = file.read(&mut head)?;
        head.truncate(got);
        let goes_on = self.place.as_ref().filter(|p| {
            let is_same = !mark.is_other_than(&p.mark) && mark.len >= p.offset;
            is_same && head.starts_with(&p.head)
        });
        let reached = goes_on.map(|p| p.offset);
        let offset = match reached {
            Some(reached) if mark.len.saturating_sub(reached) <= AHEAD_BYTES => reached,
            _ => {
                self.rest.clear();
                let from = mark.len.saturating_sub(END_BYTES);
                line_from(&mut file, from)?
            }
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        (&mut file).take(mark.len.saturating_sub(offset)).read_to_end(&mut bytes)?;
        let read = length(bytes.len());
        // A file that shrank since was truncated; the next look begins it anew.
        let mark = mark.up_to(offset.saturating_add(read));
        self.place = Some(Place { mark, head, offset: offset.saturating_add(read) });
        Ok(self.add(&bytes, number))
    }

    fn add(&mut self, bytes: &[u8], number: &mut u64) -> bool {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|b| *b == b'\n') else {
            if self.rest.len() > LINE_BYTES_MAX {
                self.rest.truncate(LINE_BYTES_MAX);
            }
            return false;
        };
        let rest = self.rest.split_off(end.saturating_add(1));
        let whole = std::mem::replace(&mut self.rest, rest);
        let mut is_new = false;
        for line in whole.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()) {
            let line = String::from_utf8_lossy(line);
            let line = line.trim_start_matches('\u{feff}').trim_end();
            let read = match self.origin {
                Origin::Engine => engine_line(line),
                Origin::Algorithm => result::line(line),
            };
            if self.origin == Origin::Engine
                && let Some(at) = read.at
                && let Some(word) = status_word(line)
            {
                self.status = Some((at, word));
            }
            *number = number.saturating_add(1);
            self.lines.push_back((*number, read));
            if self.lines.len() > LINES_MAX {
                self.lines.pop_front();
            }
            is_new = true;
        }
        is_new
    }
}

/// The beginning of the first whole line from there.
fn line_from(file: &mut File, from: u64) -> io::Result<u64> {
    if from == 0 {
        return Ok(0);
    }
    let before = from.saturating_sub(1);
    file.seek(SeekFrom::Start(before))?;
    let mut bytes = Vec::new();
    file.take(END_BYTES).read_to_end(&mut bytes)?;
    let skipped = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at.saturating_add(1));
    Ok(before.saturating_add(length(skipped)))
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).ok().unwrap_or(u64::MAX)
}

/// `2026-11-20T12:58:41.5229523Z TRACE:: text`; whatever else is a line that goes on from the one before.
pub fn engine_line(line: &str) -> LogLine {
    let parted = line.split_once(' ').and_then(|(at, rest)| Some((Stamp::parse_rfc3339(at).ok()?, rest)));
    let (at, rest) = parted.map_or((None, line), |(at, rest)| (Some(at), rest));
    let levels = [("TRACE:: ", LogLevel::Info), ("DEBUG:: ", LogLevel::Debug), ("ERROR:: ", LogLevel::Error)];
    let known = levels.into_iter().find_map(|(word, level)| Some((level, rest.strip_prefix(word)?)));
    let (level, text) = known.unwrap_or((LogLevel::Info, rest));
    LogLine { at, level, text: Text::clean(text) }
}

/// `… LiveTradingResultHandler.SendStatusUpdate(): status: 'Running' …` (LEAN.md 1.2).
fn status_word(line: &str) -> Option<Text> {
    let (_, rest) = line.split_once("SendStatusUpdate(): status: '")?;
    let (word, _) = rest.split_once('\'')?;
    (!word.is_empty() && word.len() < 40).then(|| Text::clean(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fmt::Write as _, fs, io::Write as _};

    fn texts(tail: &Tail) -> Vec<String> {
        tail.lines().map(|(_, l)| l.text.to_string()).collect()
    }

    #[test]
    fn lines_are_read_with_their_level() {
        let line = engine_line("2026-11-20T15:39:50.0000000Z ERROR:: AlgorithmManager.Run(): example");
        assert_eq!(line.level, LogLevel::Error);
        assert_eq!(line.at.unwrap().to_rfc3339(), "2026-11-20T15:39:50Z");
        assert_eq!(line.text.as_str(), "AlgorithmManager.Run(): example");
        assert_eq!(engine_line("   at QuantConnect.Foo()").level, LogLevel::Info);
        let line = result::line("2026-11-20 09:31:02 Runtime Error: \u{1b}[2Jdivision");
        assert_eq!((line.level, line.at), (LogLevel::Error, None));
        assert_eq!(line.text.as_str(), "2026-11-20 09:31:02 Runtime Error: [2Jdivision");
        assert_eq!(result::line("2026-11-20 09:31:02 no error").level, LogLevel::Info);
        assert_eq!(result::line("é").text.as_str(), "é");
    }

    #[test]
    fn a_log_is_followed_over_halves_truncation_and_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let mut tail = Tail::new(Origin::Engine);
        let mut n = 0;
        assert!(!tail.look(&path, &mut n));
        fs::write(&path, "one\ntw").unwrap();
        assert!(tail.look(&path, &mut n));
        assert_eq!(texts(&tail), ["one"]);
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        file.write_all(b"o\nthree\n").unwrap();
        assert!(tail.look(&path, &mut n));
        assert!(!tail.look(&path, &mut n));
        assert_eq!(texts(&tail), ["one", "two", "three"]);
        fs::write(&path, "four\n").unwrap();
        assert!(tail.look(&path, &mut n));
        assert_eq!(texts(&tail), ["one", "two", "three", "four"]);
        // Truncated, and longer again than it was.
        fs::write(&path, "five and a lot more\n").unwrap();
        assert!(tail.look(&path, &mut n));
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        fs::write(&path, "five and a lot more\nsix\n").unwrap();
        assert!(tail.look(&path, &mut n));
        assert_eq!(texts(&tail)[4..], ["five and a lot more", "five and a lot more", "six"]);
        assert_eq!(n, 7);
    }

    #[test]
    fn only_the_end_of_a_large_log_is_read_and_its_last_status_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let mut text = String::new();
        for i in 0..40_000 {
            writeln!(text, "2026-11-20T12:58:41.5Z TRACE:: line {i}").unwrap();
        }
        text +=
            "2026-11-20T12:58:42Z TRACE:: LiveTradingResultHandler.SendStatusUpdate(): status: 'Running' \n";
        fs::write(&path, &text).unwrap();
        let mut tail = Tail::new(Origin::Engine);
        let mut n = 0;
        assert!(tail.look(&path, &mut n));
        assert!(n < 8_000, "{n}");
        assert_eq!(tail.lines().count(), LINES_MAX);
        assert_eq!(tail.status().unwrap().1.as_str(), "Running");
        let seen = texts(&tail);
        assert_eq!(seen[LINES_MAX - 2], "line 39999");
        // A line without end is bounded.
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        for _ in 0..40 {
            file.write_all(&[b'x'; 10_000]).unwrap();
            assert!(!tail.look(&path, &mut n));
        }
        assert!(tail.rest.len() <= LINE_BYTES_MAX);
        file.write_all(b"\nlast\n").unwrap();
        assert!(tail.look(&path, &mut n));
        assert_eq!(texts(&tail)[LINES_MAX - 1], "last");
    }
}
