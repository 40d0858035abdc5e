//! What a crash or a bad disk left at the end of the write-ahead log.
//!
//! SQLite takes a log up to its last whole transaction and forgets the rest without a word. That is right after
//! a crash in the middle of a write; but where more than one transaction is lost, records that were durable are
//! gone. So the log is read first, and what SQLite will forget is counted and kept in a file of its own.
//!
//! The format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use super::{JournalError, place};
use crate::domain::time::Stamp;
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// What SQLite will not take from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Bytes of it.
    pub bytes: u64,
    /// Transactions in it that were written to their end, as far as their marks can be read.
    pub commits: u64,
    /// The copy of it.
    pub kept: PathBuf,
}

impl Torn {
    /// Is more gone than the one transaction that was being written? Then a disk, not a crash, did it: every
    /// transaction was synced before the next began.
    pub const fn lost_records(&self) -> bool {
        self.commits > 1
    }
}

/// Looks at the log of the journal at `path` and copies what SQLite will forget of it to
/// `<path>.torn-<nanoseconds>`. To be called by the first process of a profile, before it opens the journal.
pub fn set_torn_tail_aside(path: &Path, now: Stamp) -> Result<Option<Torn>, JournalError> {
    let log = place::beside(path, "-wal");
    if !place::own_file(&log)? {
        return Ok(None);
    }
    let fail = |e: io::Error| JournalError::io("read", &log, &e);
    let mut file = File::open(&log).map_err(fail)?;
    let tail = scan(&mut BufReader::new(&file)).map_err(fail)?;
    if tail.bytes == 0 {
        return Ok(None);
    }
    let kept = place::beside(path, &format!(".torn-{}", now.as_nanos()));
    let mut copy = place::fresh(&kept)?;
    file.seek(SeekFrom::Start(tail.start)).map_err(fail)?;
    io::copy(&mut file.take(tail.bytes), &mut copy)
        .and_then(|_| copy.sync_all())
        .map_err(|e| JournalError::io("write", &kept, &e))?;
    Ok(Some(Torn { bytes: tail.bytes, commits: tail.commits, kept }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tail {
    start: u64,
    bytes: u64,
    commits: u64,
}

/// Follows the chain of frames to the last whole transaction and counts what comes after it and belongs to this
/// use of the log. Frames of an earlier use, which SQLite overwrites one by one, bear another salt.
fn scan(log: &mut impl Read) -> io::Result<Tail> {
    let mut header = [0; HEADER_BYTES];
    let got = fill(log, &mut header)?;
    if got < HEADER_BYTES {
        return Ok(Tail { start: 0, bytes: size(got), commits: 0 });
    }
    let mut chain = Chain::of(&header);
    let mut frame = vec![0; chain.page_bytes.saturating_add(FRAME_HEADER_BYTES)];
    let mut place = size(HEADER_BYTES);
    let mut tail = Tail { start: if chain.whole { place } else { 0 }, ..Tail::default() };
    loop {
        let got = fill(log, &mut frame)?;
        if got == 0 {
            return Ok(tail);
        }
        place = place.saturating_add(size(got));
        let cut = got < frame.len();
        let seen = if cut { Frame::Broken { commit: false } } else { chain.take(&frame) };
        match seen {
            Frame::Whole { commit: true } => tail = Tail { start: place, ..Tail::default() },
            Frame::Whole { commit } | Frame::Broken { commit } => {
                tail.bytes = place.saturating_sub(tail.start);
                tail.commits = tail.commits.saturating_add(u64::from(commit));
            }
            // Look on: after a frame with a broken salt there may be more of this use.
            Frame::Other => {}
        }
    }
}

enum Frame {
    /// In the chain.
    Whole { commit: bool },
    /// Of this use of the log, but the chain is broken.
    Broken { commit: bool },
    /// Of an earlier use of the log, or with a broken salt.
    Other,
}

/// The running checksum over the frames of one use of the log.
struct Chain {
    whole: bool,
    sum: (u32, u32),
    big_endian: bool,
    page_bytes: usize,
    /// Taken from the first frame where the header is destroyed.
    salt: Option<(u32, u32)>,
}

impl Chain {
    fn of(header: &[u8]) -> Self {
        let [magic, _, page_bytes, _, salt1, salt2, sum1, sum2] = words(header);
        let big_endian = magic & 1 == 1;
        let sum = checksum(big_endian, (0, 0), header.get(..24).unwrap_or(&[]));
        let page_bytes = usize::try_from(page_bytes).ok().filter(|n| (512..=65_536).contains(n));
        let whole = magic & !1 == MAGIC && sum == (sum1, sum2) && page_bytes.is_some();
        Self {
            whole,
            sum,
            big_endian,
            // A destroyed header says no page size; every journal has SQLite's own default.
            page_bytes: page_bytes.filter(|_| whole).unwrap_or(4096),
            salt: whole.then_some((salt1, salt2)),
        }
    }

    fn take(&mut self, frame: &[u8]) -> Frame {
        let Some((head, page)) = frame.split_at_checked(FRAME_HEADER_BYTES) else { return Frame::Other };
        let [_, pages_after, salt1, salt2, sum1, sum2] = words(head);
        if *self.salt.get_or_insert((salt1, salt2)) != (salt1, salt2) {
            self.whole = false;
            return Frame::Other;
        }
        let sum = checksum(self.big_endian, self.sum, head.get(..8).unwrap_or(&[]));
        self.sum = checksum(self.big_endian, sum, page);
        self.whole = self.whole && self.sum == (sum1, sum2);
        let commit = pages_after != 0;
        if self.whole { Frame::Whole { commit } } else { Frame::Broken { commit } }
    }
}

fn size(n: usize) -> u64 {
    u64::try_from(n).map_or(u64::MAX, |n| n)
}

/// Reads until `buffer` is full or the log ends.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0_usize;
    while let Some(rest) = buffer.get_mut(got..).filter(|r| !r.is_empty()) {
        match log.read(rest)? {
            0 => break,
            n => got = got.saturating_add(n),
        }
    }
    Ok(got)
}

/// The first `N` big-endian words; zeros where the bytes end.
fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut out = [0; N];
    for (word, four) in out.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = four.iter().fold(0, |w: u32, b| w.wrapping_shl(8) | u32::from(*b));
    }
    out
}

/// SQLite's running sum over pairs of words, in the byte order that the log's header names.
fn checksum(big_endian: bool, (mut s1, mut s2): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    for eight in bytes.chunks_exact(8) {
        let [mut x, mut y] = words::<2>(eight);
        if !big_endian {
            (x, y) = (x.swap_bytes(), y.swap_bytes());
        }
        s1 = s1.wrapping_add(x).wrapping_add(s2);
        s2 = s2.wrapping_add(y).wrapping_add(s1);
    }
    (s1, s2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, Mode, samples};
    use std::fs;

    const NOW: Stamp = Stamp::from_nanos(42);

    /// A journal with one record in the file and three transactions in its log, as a crash leaves it.
    fn crashed() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let (dir, mut journal) = samples::journal();
        let path = journal.path().to_owned();
        journal.append(&[samples::locked("in the file")]).unwrap();
        journal.checkpoint().unwrap();
        for n in 1..=3 {
            journal.append(&[samples::intended(n), samples::locked("and")]).unwrap();
        }
        drop(journal);
        let log = fs::read(place::beside(&path, "-wal")).unwrap();
        (dir, path, log)
    }

    fn put_back(path: &Path, original: &[u8], log: &[u8]) {
        fs::write(path, original).unwrap();
        fs::write(place::beside(path, "-wal"), log).unwrap();
        drop(fs::remove_file(place::beside(path, "-shm")));
    }

    fn records(path: &Path) -> usize {
        let journal = Journal::open(path, &samples::header(), Mode::Write(samples::run())).unwrap();
        journal.replay().map(Result::unwrap).count()
    }

    #[test]
    fn a_whole_log_has_no_torn_tail() {
        let (_dir, path, log) = crashed();
        assert_eq!(set_torn_tail_aside(&path, NOW), Ok(None));
        let original = fs::read(&path).unwrap();
        put_back(&path, &original, &log);
        assert_eq!(records(&path), 7);
    }

    #[test]
    fn a_log_cut_at_any_byte_keeps_every_whole_transaction_and_says_what_was_cut() {
        let (_dir, path, log) = crashed();
        let original = fs::read(&path).unwrap();
        let page = FRAME_HEADER_BYTES + 4096;
        // The log's frames after which a transaction is whole.
        let commits: Vec<usize> = (0..(log.len() - HEADER_BYTES) / page)
            .filter(|n| log[HEADER_BYTES + n * page + 4..][..4] != [0; 4])
            .map(|n| HEADER_BYTES + (n + 1) * page)
            .collect();
        assert!(commits.len() >= 3);
        let last = commits[commits.len() - 2];
        let steps = (last..log.len()).filter(|n| n % 61 == 0 || n - last < 40 || log.len() - n < 40);
        for cut in steps {
            put_back(&path, &original, &log[..cut]);
            let torn = set_torn_tail_aside(&path, NOW).unwrap();
            let whole = commits.iter().filter(|c| **c <= cut).max().copied().unwrap();
            let want = (cut > whole).then(|| size(cut - whole));
            assert_eq!(torn.as_ref().map(|t| t.bytes), want, "cut at {cut}");
            if let Some(torn) = torn {
                assert!(!torn.lost_records(), "cut at {cut}");
                assert_eq!(fs::read(torn.kept).unwrap(), log[whole..cut]);
            }
            let before = records(&path);
            assert_eq!(before, 5, "cut at {cut}");
        }
    }

    #[test]
    fn a_flip_anywhere_in_the_log_is_noticed_where_it_costs_records() {
        let (_dir, path, log) = crashed();
        let original = fs::read(&path).unwrap();
        for at in (0..log.len()).filter(|n| n % 97 == 0 || *n < 60) {
            let mut bad = log.clone();
            bad[at] ^= 0x10;
            put_back(&path, &original, &bad);
            let torn = set_torn_tail_aside(&path, NOW).unwrap();
            let found = records(&path);
            assert!(found == 7 || torn.is_some(), "flip at {at}: {found} records and nothing said");
            if found < 5 {
                assert!(torn.unwrap().lost_records(), "flip at {at}: {found} records");
            }
        }
    }

    #[test]
    fn a_log_used_again_does_not_count_its_older_frames() {
        let (_dir, path, _) = crashed();
        let mut journal = Journal::open(&path, &samples::header(), Mode::Write(samples::run())).unwrap();
        for n in 0..9 {
            journal.append(&vec![samples::intended(n); 20]).unwrap();
        }
        journal.checkpoint().unwrap();
        journal.append(&[samples::locked("on top of the old frames")]).unwrap();
        drop(journal);
        assert_eq!(set_torn_tail_aside(&path, NOW), Ok(None));
    }
}
