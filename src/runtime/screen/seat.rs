//! What the two threads of a screen share: the one that draws, and the one that reads keys. A key is handled by the
//! thread that has read it, so that an order waits for no other thread to wake. Whoever handles something holds all of
//! it; nobody holds it while he waits.
#![expect(
    clippy::disallowed_types,
    reason = "a key sent to another thread as a message waits until that thread has woken, and an order with it"
)]

use super::Flow;
use crate::tui::terminal::read_events;
use anyhow::anyhow;
use crossterm::event::Event;
use std::{
    io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};
use tokio::sync::Notify;

/// What a key leaves to the thread that draws.
#[derive(Debug)]
pub(super) enum Word {
    /// Not only to go on, or why not.
    Flow(anyhow::Result<Flow>),
    /// The terminal is gone.
    Gone,
}

#[derive(Debug)]
struct Held<T> {
    /// Until it is taken out.
    it: Option<T>,
    /// Until it is taken up the next key waits.
    word: Option<Word>,
    /// The screen has ended: what is typed now does nothing.
    is_over: bool,
}

/// What both threads handle, one at a time.
#[derive(Debug)]
pub(super) struct Seat<T> {
    held: Mutex<Held<T>>,
    keys: Notify,
    /// Another key stands behind the one that was handled.
    behind: AtomicBool,
    taken_up: Condvar,
}

impl<T> Seat<T> {
    pub(super) fn new(it: T) -> Self {
        let held = Held { it: Some(it), word: None, is_over: false };
        Self {
            held: Mutex::new(held),
            keys: Notify::new(),
            behind: AtomicBool::new(false),
            taken_up: Condvar::new(),
        }
    }

    fn lock(&self) -> anyhow::Result<MutexGuard<'_, Held<T>>> {
        let panicked = |_| {
            anyhow!("the thread that handles keys panicked; positions and orders are as the venue has them")
        };
        self.held.lock().map_err(panicked)
    }

    /// Waits until what a key said was taken up: what is typed behind a Ctrl-Z waits for `fg`. `None` after the end.
    fn ready(&self) -> Option<MutexGuard<'_, Held<T>>> {
        let waits = |held: &mut Held<T>| held.word.is_some() && !held.is_over;
        let held = self.taken_up.wait_while(self.lock().ok()?, waits).ok()?;
        (!held.is_over).then_some(held)
    }

    /// Handles one key; false when there is nobody any more to handle one.
    fn key(&self, handle: impl FnOnce(&mut T) -> anyhow::Result<Flow>) -> bool {
        let Some(mut held) = self.ready() else { return false };
        let Some(it) = held.it.as_mut() else { return false };
        let flow = handle(it);
        if !matches!(flow, Ok(Flow::GoOn)) {
            held.word = Some(Word::Flow(flow));
        }
        self.behind.store(false, Ordering::Release);
        drop(held);
        self.keys.notify_one();
        true
    }

    /// Waits until keys were handled; does another stand behind them?
    pub(super) async fn typed(&self) -> bool {
        self.keys.notified().await;
        self.behind.load(Ordering::Acquire)
    }

    /// Looks whether something has come.
    ///
    /// # Errors
    /// When the other thread panicked while it handled something.
    pub(super) fn poll<R>(&self, look: impl FnOnce(&mut T) -> Poll<R>) -> Poll<anyhow::Result<R>> {
        match self.lock() {
            Ok(mut held) => held.it.as_mut().map_or(Poll::Pending, look).map(Ok),
            Err(why) => Poll::Ready(Err(why)),
        }
    }

    /// Handles something on the thread that draws. With an end or an error it was the last: no key comes after it.
    ///
    /// # Errors
    /// What `act` says; or the other thread panicked while it handled something.
    pub(super) fn turn<R>(
        &self,
        act: impl FnOnce(&mut T, &mut Option<Word>) -> anyhow::Result<Option<R>>,
    ) -> anyhow::Result<Option<R>> {
        let mut held = self.lock()?;
        let Held { it, word, is_over } = &mut *held;
        let Some(it) = it else { return Ok(None) };
        let said = word.is_some();
        let end = act(it, word);
        *is_over |= !matches!(end, Ok(None));
        let taken_up = said && (word.is_none() || *is_over);
        drop(held);
        if taken_up {
            self.taken_up.notify_all();
        }
        end
    }

    /// Takes out what was shared, also after a panic. The other thread may wait for a key for ever; it keeps nothing.
    pub(super) fn close(&self) -> Option<T> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_over = true;
        let it = held.it.take();
        drop(held);
        self.taken_up.notify_all();
        it
    }
}

impl<T: Send + 'static> Seat<T> {
    /// Reads keys on a thread of their own: the system, and half an escape sequence, may hold it up for as long as they
    /// like.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn read_keys(
        self: &Arc<Self>,
        handle: fn(&mut T, Event) -> anyhow::Result<Flow>,
    ) -> io::Result<()> {
        let reader = Reader(Arc::clone(self));
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
            let seat = &reader.0;
            let key = |event| seat.key(|it| handle(it, event));
            if let Err(why) = read_events(key, |behind| seat.behind.store(behind, Ordering::Release)) {
                tracing::info!(%why, "no more keys");
            }
        })?;
        Ok(())
    }
}

/// However the reading ends, by a panic too, the thread that draws hears of it.
struct Reader<T>(Arc<Seat<T>>);

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        if let Some(mut held) = self.0.ready() {
            held.word = Some(Word::Gone);
        }
        self.0.keys.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    fn seat() -> Seat<Vec<u8>> {
        Seat::new(Vec::new())
    }

    /// Handles a key that only adds itself.
    fn press(seat: &Seat<Vec<u8>>, key: u8) -> bool {
        seat.key(|keys| {
            keys.push(key);
            Ok(Flow::GoOn)
        })
    }

    fn take_up(seat: &Seat<Vec<u8>>) -> Option<Word> {
        seat.turn(|_, word| Ok(word.take().map(Some))).unwrap().flatten()
    }

    #[tokio::test]
    async fn what_is_typed_is_handled_at_once_and_told_then() {
        let seat = seat();
        assert!(press(&seat, 1) && press(&seat, 2));
        assert!(!seat.typed().await);
        assert!(
            matches!(seat.turn(|keys, word| Ok(Some((keys.clone(), word.is_none())))), Ok(Some((keys, true))) if keys == [1, 2])
        );
    }

    #[test]
    fn behind_the_end_nothing_is_handled() {
        let seat = seat();
        assert!(seat.key(|_| Ok(Flow::Leave)));
        std::thread::scope(|threads| {
            let behind = threads.spawn(|| press(&seat, 1));
            let said = seat.turn(|_, word| Ok(word.take())).unwrap();
            assert!(matches!(said, Some(Word::Flow(Ok(Flow::Leave)))), "{said:?}");
            assert!(!behind.join().unwrap());
        });
        assert!(!press(&seat, 2));
        assert_eq!(seat.close(), Some(Vec::new()));
        assert!(!press(&seat, 3));
        assert_eq!(seat.close(), None);
    }

    #[test]
    fn an_error_ends_it_whoever_has_it() {
        let of_a_key = seat();
        assert!(of_a_key.key(|_| bail!("no bell")));
        let said = take_up(&of_a_key);
        assert!(matches!(&said, Some(Word::Flow(Err(why))) if why.to_string() == "no bell"), "{said:?}");
        assert!(!press(&of_a_key, 1));

        let of_a_turn = seat();
        assert!(of_a_turn.turn(|_, _| -> anyhow::Result<Option<()>> { bail!("no screen") }).is_err());
        assert!(!press(&of_a_turn, 1));
        assert_eq!(of_a_turn.close(), Some(Vec::new()));
    }

    #[test]
    fn what_is_typed_behind_a_stop_waits_until_it_goes_on() {
        let seat = seat();
        assert!(seat.key(|_| Ok(Flow::Suspend)));
        std::thread::scope(|threads| {
            let behind = threads.spawn(|| press(&seat, 1));
            let goes_on = seat.turn(|keys, word| {
                assert!(keys.is_empty() && matches!(word.take(), Some(Word::Flow(Ok(Flow::Suspend)))));
                Ok(None::<()>)
            });
            assert!(matches!(goes_on, Ok(None)));
            assert!(behind.join().unwrap());
        });
        assert_eq!(seat.close(), Some(vec![1]));
    }

    #[tokio::test]
    async fn the_end_of_the_keys_is_told_once() {
        let seat = Arc::new(seat());
        drop(Reader(Arc::clone(&seat)));
        seat.typed().await;
        let mut words = Vec::new();
        for _ in 0..2 {
            assert!(
                seat.turn(|_, word| {
                    words.push(word.take());
                    Ok(None::<()>)
                })
                .is_ok()
            );
        }
        assert!(matches!(words[..], [Some(Word::Gone), None]), "{words:?}");
    }

    #[tokio::test]
    async fn a_panic_is_told_as_an_error_and_loses_nothing_that_was_shared() {
        let seat = Arc::new(seat());
        assert!(press(&seat, 1));
        seat.typed().await;
        let reader = Reader(Arc::clone(&seat));
        let died = std::thread::spawn(move || reader.0.key(|_| panic!("a key"))).join();
        assert!(died.is_err());
        seat.typed().await;
        let why = seat.turn(|_, _| Ok(None::<()>)).unwrap_err().to_string();
        assert_eq!(
            why,
            "the thread that handles keys panicked; positions and orders are as the venue has them"
        );
        assert!(matches!(seat.poll(|_| Poll::Ready(())), Poll::Ready(Err(_))));
        assert!(!press(&seat, 2));
        assert_eq!(seat.close(), Some(vec![1]));
    }
}
