//! One order at a time. Between the question about an order and its answer any other request takes the question back, so
//! whoever places or changes an order has the gateway for himself until the venue has said its last word. Exits go first.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::sync::{RwLock, RwLockWriteGuard, Semaphore, SemaphorePermit};

/// How often it is looked whether others still wait, or are under way.
const LOOKS: Duration = Duration::from_millis(5);
/// So long an order lets requests end that left before it; a slower one does not hold it up.
const LETS_END: Duration = Duration::from_millis(250);

/// The line in which orders wait.
#[derive(Debug)]
pub struct Line {
    place: Semaphore,
    exits: AtomicUsize,
    under_way: AtomicUsize,
    quiet: RwLock<()>,
}

impl Default for Line {
    fn default() -> Self {
        let (exits, under_way) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { place: Semaphore::new(1), exits, under_way, quiet: RwLock::new(()) }
    }
}

/// Whoever has this has the gateway for himself.
#[derive(Debug)]
pub struct Turn<'a> {
    _quiet: RwLockWriteGuard<'a, ()>,
    _place: SemaphorePermit<'a>,
}

/// One of a number.
#[derive(Debug)]
pub struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Line {
    /// Waits until no question is open. The request is under way until what comes back is dropped.
    pub async fn quiet(&self) -> Counted<'_> {
        let _open = self.quiet.read().await;
        Counted::new(&self.under_way)
    }

    /// Waits for a turn, at most so long: an exit behind the one that has it, an entry behind all exits too.
    pub async fn turn(&self, is_exit: bool, at_most: Duration) -> Option<Turn<'_>> {
        let waiting = async {
            if is_exit {
                let _waits = Counted::new(&self.exits);
                return self.enter().await;
            }
            loop {
                let turn = self.enter().await?;
                if self.exits.load(Ordering::SeqCst) == 0 {
                    return Some(turn);
                }
                drop(turn);
                tokio::time::sleep(LOOKS).await;
            }
        };
        let turn = tokio::time::timeout(at_most, waiting).await.ok().flatten()?;
        let others = async {
            while self.under_way.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(LOOKS).await;
            }
        };
        if tokio::time::timeout(LETS_END, others).await.is_err() {
            tracing::debug!("an order leaves beside a slow request");
        }
        Some(turn)
    }

    async fn enter(&self) -> Option<Turn<'_>> {
        // It is never closed.
        let place = self.place.acquire().await.ok()?;
        let quiet = self.quiet.write().await;
        Some(Turn { _quiet: quiet, _place: place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tokio::sync::Mutex;

    const LONG: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn exits_go_before_entries_that_came_earlier_and_nothing_else_leaves_meanwhile() {
        let line = Line::default();
        let first = line.turn(false, LONG).await.unwrap();
        assert!(line.quiet().now_or_never().is_none(), "a question may be open");
        let order = Mutex::new(Vec::new());
        let entry = async {
            let _turn = line.turn(false, LONG).await.unwrap();
            order.lock().await.push("entry");
        };
        let exit = async {
            tokio::task::yield_now().await;
            let _turn = line.turn(true, LONG).await.unwrap();
            order.lock().await.push("exit");
        };
        let release = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(first);
        };
        tokio::join!(entry, exit, release);
        assert_eq!(*order.lock().await, ["exit", "entry"]);
        assert!(line.quiet().now_or_never().is_some());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_he_wants() {
        let line = Line::default();
        let held = line.turn(false, LONG).await.unwrap();
        assert!(line.turn(true, Duration::from_millis(10)).await.is_none());
        assert_eq!(line.exits.load(Ordering::SeqCst), 0);
        drop(held);
        let asked = line.quiet().await;
        assert!(line.turn(true, LONG).await.is_some(), "a slow request does not hold it up");
        drop(asked);
    }
}
