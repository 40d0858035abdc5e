//! The journal's own thread: a sync takes as long as the disk wants, and nothing else may wait for it.

use super::{Journal, JournalError, record::Seq};
use crate::domain::{
    fact::Dated,
    ids::{AccountId, VenueId},
};
use std::{
    io,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Batches that share a transaction, and so a sync, at most.
const GROUP_MAX: usize = 256;
/// So long nothing must be written before the log is folded in.
const IDLE: Duration = Duration::from_secs(1);
/// Between two tries at a journal that another process holds; SQLite itself has waited before that.
const AGAIN: Duration = Duration::from_millis(20);
/// A log of this size is folded in even if there is no pause.
const LOG_BYTES_MAX: u64 = 64 << 20;

/// Facts to be written together. An empty batch is done when everything before it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// What.
    pub batch: Vec<Dated>,
    /// Given back when it is done.
    pub ticket: u64,
}

/// What the writer is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Write facts.
    Commit(Commit),
    /// Keep the book's state as of a record.
    Snapshot {
        /// The last record in it.
        seq: Seq,
        /// The state.
        state: Vec<u8>,
        /// Given back when it is done.
        ticket: u64,
    },
    /// Check the account that a venue named against the journal's header.
    Bind {
        /// Which venue.
        venue: VenueId,
        /// What it says.
        account: AccountId,
        /// Given back when it is done.
        ticket: u64,
    },
}

/// One piece of work is done, or has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Which.
    pub ticket: u64,
    /// The last record written when it was done.
    pub result: Result<Seq, JournalError>,
}

/// Where the writer says what is done. Called on the writer's thread: it must not wait.
pub trait Completions: Send {
    /// This is done.
    fn done(&self, committed: Committed);
}

/// A completion as plain news, for those who wait on a channel of the standard library.
#[derive(Debug, Clone)]
pub struct Done(SyncSender<Committed>);

impl Done {
    /// Completions that go into `queue`.
    pub const fn into_queue(queue: SyncSender<Committed>) -> Self {
        Self(queue)
    }
}

impl Completions for Done {
    fn done(&self, committed: Committed) {
        // Who no longer listens no longer waits.
        drop(self.0.send(committed));
    }
}

/// The running thread.
#[derive(Debug)]
pub struct Writer {
    queue: SyncSender<Work>,
    closing: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), JournalError>>,
}

impl Writer {
    /// Starts it, with room for `queue` pieces of work to wait.
    pub fn spawn(
        journal: Journal,
        queue: usize,
        completions: Box<dyn Completions>,
    ) -> Result<Self, JournalError> {
        let path = journal.path().to_owned();
        let (sender, receiver) = sync_channel(queue);
        let closing = Arc::new(AtomicBool::new(false));
        let desk =
            Desk { journal, completions, dirty: false, closing: Arc::clone(&closing), unwritten: None };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || desk.run(&receiver))
            .map_err(|e: io::Error| JournalError::io("start the writer of", &path, &e))?;
        Ok(Self { queue: sender, closing, thread })
    }

    /// Hands over work without waiting.
    ///
    /// # Errors
    /// The work comes back when the queue is full (try again after a completion) or the writer is gone.
    pub fn hand(&self, work: Work) -> Result<(), TrySendError<Work>> {
        self.queue.try_send(work)
    }

    /// Lets it finish all that waits, folds the log in and closes the file.
    ///
    /// # Errors
    /// Another process held the file to the last ([`JournalError::Busy`]): what waited is not in it. Or the file failed.
    pub fn close(self) -> Result<(), JournalError> {
        self.closing.store(true, Ordering::Release);
        drop(self.queue);
        match self.thread.join() {
            Ok(closed) => closed,
            Err(_) => Err(JournalError::WriterGone),
        }
    }
}

struct Desk {
    journal: Journal,
    completions: Box<dyn Completions>,
    /// Is there something in the log?
    dirty: bool,
    /// Nobody waits any more: a file that another process holds is not waited for either.
    closing: Arc<AtomicBool>,
    /// What could not be written before the end.
    unwritten: Option<JournalError>,
}

impl Desk {
    fn run(mut self, queue: &Receiver<Work>) -> Result<(), JournalError> {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while let ControlFlow::Continue(next) = self.wait(queue) {
            let Some(first) = next else { continue };
            let held = Self::gather(first, queue, &mut group);
            self.commit(&mut group);
            if let Some(work) = held {
                self.alone(work);
            }
            if self.journal.log_bytes() > LOG_BYTES_MAX {
                self.fold();
            }
        }
        let closed = self.journal.close();
        self.unwritten.map_or(closed, Err)
    }

    /// Another process that holds the file (it is slow, or it was stopped in the middle of a write) is waited for: what
    /// opens risk is held back elsewhere meanwhile, and exits go without the journal. Nothing is lost by waiting.
    fn patiently<T>(
        &mut self,
        mut write: impl FnMut(&mut Journal) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        loop {
            let last_try = self.closing.load(Ordering::Acquire);
            match write(&mut self.journal) {
                Err(why @ JournalError::Busy { .. }) if last_try => {
                    self.unwritten = Some(why.clone());
                    return Err(why);
                }
                Err(JournalError::Busy { .. }) => std::thread::sleep(AGAIN),
                done => return done,
            }
        }
    }

    /// The next work; nothing when the log was folded in instead; a break when nobody can send any more.
    fn wait(&mut self, queue: &Receiver<Work>) -> ControlFlow<(), Option<Work>> {
        if !self.dirty {
            return match queue.recv() {
                Ok(work) => ControlFlow::Continue(Some(work)),
                Err(_) => ControlFlow::Break(()),
            };
        }
        match queue.recv_timeout(IDLE) {
            Ok(work) => ControlFlow::Continue(Some(work)),
            Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
            Err(RecvTimeoutError::Timeout) => {
                self.fold();
                ControlFlow::Continue(None)
            }
        }
    }

    /// Takes what waits, up to a group or the first work that is not a commit; gives the latter back.
    fn gather(first: Work, queue: &Receiver<Work>, group: &mut Vec<Commit>) -> Option<Work> {
        let mut next = Some(first);
        while let Some(work) = next {
            match work {
                Work::Commit(commit) => group.push(commit),
                other @ (Work::Snapshot { .. } | Work::Bind { .. }) => return Some(other),
            }
            next = if group.len() < GROUP_MAX { queue.try_recv().ok() } else { None };
        }
        None
    }

    fn commit(&mut self, group: &mut Vec<Commit>) {
        if group.is_empty() {
            return;
        }
        let mut ends = Vec::with_capacity(group.len());
        let written = self.patiently(|journal| {
            ends.clear();
            journal.append_group(group.iter().map(|c| c.batch.as_slice()), |seq| ends.push(seq))
        });
        self.dirty = true;
        match written {
            Ok(_) => {
                for (commit, seq) in group.drain(..).zip(ends) {
                    self.completions.done(Committed { ticket: commit.ticket, result: Ok(seq) });
                }
            }
            Err(e) => {
                for commit in group.drain(..) {
                    self.completions.done(Committed { ticket: commit.ticket, result: Err(e.clone()) });
                }
            }
        }
    }

    fn alone(&mut self, work: Work) {
        let (ticket, result) = match work {
            Work::Snapshot { seq, state, ticket } => {
                (ticket, self.patiently(|journal| journal.save_snapshot(seq, &state)).map(|()| seq))
            }
            Work::Bind { venue, account, ticket } => {
                (ticket, self.patiently(|j| j.bind(&venue, &account).and_then(|()| j.last())))
            }
            Work::Commit(commit) => (commit.ticket, self.patiently(|journal| journal.append(&commit.batch))),
        };
        self.dirty = true;
        self.completions.done(Committed { ticket, result });
    }

    /// A failure is remembered by the journal, which refuses the next commit with it.
    fn fold(&mut self) {
        self.dirty = self.journal.checkpoint().is_err() && self.journal.refusal().is_none();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples;
    use std::path::PathBuf;

    fn writer(queue: usize) -> (tempfile::TempDir, PathBuf, Writer, Receiver<Committed>) {
        let (dir, journal) = samples::journal();
        let path = journal.path().to_owned();
        let (done, completions) = sync_channel(1024);
        let writer = Writer::spawn(journal, queue, Box::new(Done::into_queue(done))).unwrap();
        (dir, path, writer, completions)
    }

    fn commit(ticket: u64, facts: usize) -> Work {
        Work::Commit(Commit { batch: vec![samples::locked("x"); facts], ticket })
    }

    #[test]
    fn every_ticket_comes_back_in_order_with_its_own_last_record() {
        let (_dir, path, writer, completions) = writer(1000);
        for ticket in 0..600 {
            writer.hand(commit(ticket, usize::from(ticket % 3 == 0) * 2 + 1)).unwrap();
        }
        writer.hand(commit(600, 0)).unwrap();
        let mut last = 0;
        for ticket in 0..=600 {
            let done = completions.recv_timeout(Duration::from_secs(30)).unwrap();
            last += match ticket {
                600 => 0,
                t if t % 3 == 0 => 3,
                _ => 1,
            };
            assert_eq!(done, Committed { ticket, result: Ok(Seq::new(last)) });
        }
        writer.close().unwrap();
        let journal = Journal::inspect(&path).unwrap();
        assert_eq!(journal.replay().map(Result::unwrap).count(), 1000);
        assert_eq!(journal.log_bytes(), 0, "close folds the log in");
    }

    #[test]
    fn snapshots_and_accounts_go_through_it_in_their_turn() {
        let (_dir, path, writer, completions) = writer(8);
        let (venue, account) = (VenueId::new("kraken").unwrap(), AccountId::new("K1").unwrap());
        let other = AccountId::new("K2").unwrap();
        writer.hand(commit(1, 4)).unwrap();
        writer.hand(Work::Snapshot { seq: Seq::new(4), state: vec![7], ticket: 2 }).unwrap();
        writer.hand(Work::Bind { venue: venue.clone(), account, ticket: 3 }).unwrap();
        writer.hand(Work::Bind { venue, account: other, ticket: 4 }).unwrap();
        writer.hand(commit(5, 1)).unwrap();
        let done: Vec<_> =
            (0..5).map(|_| completions.recv_timeout(Duration::from_secs(30)).unwrap()).collect();
        assert_eq!(done.iter().map(|d| d.ticket).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert!(matches!(done[3].result, Err(JournalError::OtherAccount { .. })), "{:?}", done[3]);
        assert_eq!(done[4].result, Ok(Seq::new(5)));
        writer.close().unwrap();
        let loaded = Journal::inspect(&path).unwrap().load_snapshot().unwrap();
        assert_eq!(loaded.snapshot.map(|s| s.state), Some(vec![7]));
    }

    /// Says nothing until it may.
    struct Gate(SyncSender<()>, std::sync::mpsc::SyncSender<Committed>);
    impl Completions for Gate {
        fn done(&self, committed: Committed) {
            self.0.send(()).unwrap();
            self.1.send(committed).unwrap();
        }
    }

    #[test]
    fn a_full_queue_gives_the_work_back() {
        let (_dir, journal) = samples::journal();
        let (gate, open) = sync_channel(0);
        let (done, completions) = sync_channel(16);
        let writer = Writer::spawn(journal, 1, Box::new(Gate(gate, done))).unwrap();
        let mut handed = 0;
        let refused = loop {
            match writer.hand(commit(handed, 1)) {
                Ok(()) => handed += 1,
                Err(e) => break e,
            }
        };
        assert!(
            matches!(refused, TrySendError::Full(Work::Commit(Commit { ticket, .. })) if ticket == handed)
        );
        for ticket in 0..handed {
            open.recv().unwrap();
            let done = completions.recv_timeout(Duration::from_secs(30)).unwrap();
            assert_eq!((done.ticket, done.result.is_ok()), (ticket, true));
        }
        writer.close().unwrap();
    }
    /// Another process in the middle of a write, for longer than SQLite itself waits.
    fn held(path: &std::path::Path) -> rusqlite::Connection {
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    #[test]
    fn a_file_that_another_process_holds_is_waited_for() {
        let (_dir, path, writer, completions) = writer(8);
        let other = held(&path);
        writer.hand(commit(1, 2)).unwrap();
        writer.hand(commit(2, 1)).unwrap();
        let early = completions.recv_timeout(Duration::from_millis(2_500));
        assert!(early.is_err(), "nothing is given up: {early:?}");
        drop(other);
        for (ticket, seq) in [(1, 2), (2, 3)] {
            let done = completions.recv_timeout(Duration::from_secs(30)).unwrap();
            assert_eq!(done, Committed { ticket, result: Ok(Seq::new(seq)) });
        }
        writer.close().unwrap();
        assert_eq!(Journal::inspect(&path).unwrap().replay().map(Result::unwrap).count(), 3);
    }

    #[test]
    fn what_another_process_kept_from_being_written_is_said_at_the_end() {
        let (_dir, path, writer, completions) = writer(8);
        let other = held(&path);
        writer.hand(commit(1, 1)).unwrap();
        let closed = writer.close();
        assert!(matches!(closed, Err(JournalError::Busy { .. })), "{closed:?}");
        assert!(completions.recv().unwrap().result.is_err());
        drop(other);
        assert_eq!(Journal::inspect(&path).unwrap().replay().count(), 0);
    }
}
