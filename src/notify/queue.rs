//! What waits for one channel: bounded. What says the same as something that waits already is counted with it; when it is
//! full, what is not urgent makes room for what is, and whatever finds none is counted.

use super::Message;
use std::collections::VecDeque;

/// So many messages wait.
pub const MAX: usize = 64;

/// The messages, oldest first.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Message>,
    lost: u64,
    lost_untold: u64,
}

impl Queue {
    /// Takes one in, or counts it.
    pub fn push(&mut self, message: Message) {
        if let Some(same) = self.waiting.iter_mut().find(|m| m.says_the_same(&message)) {
            same.times = same.times.saturating_add(message.times);
            same.held_back = same.held_back.saturating_add(message.held_back);
            same.lost = same.lost.saturating_add(message.lost);
            return;
        }
        if self.waiting.len() >= MAX {
            let room = self.waiting.iter().position(|m| !m.is_urgent()).filter(|_| message.is_urgent());
            self.lose(1);
            match room {
                Some(at) => drop(self.waiting.remove(at)),
                None => return,
            }
        }
        self.waiting.push_back(message);
    }

    const fn lose(&mut self, n: u64) {
        self.lost = self.lost.saturating_add(n);
        self.lost_untold = self.lost_untold.saturating_add(n);
    }

    /// Counts what could not be delivered: the next message says so.
    pub const fn missed(&mut self, message: &Message) {
        self.lost_untold = self.lost_untold.saturating_add(1).saturating_add(message.lost);
    }

    /// The next to deliver: what is urgent first. It says what got lost before.
    pub fn pop(&mut self) -> Option<Message> {
        let at = self.waiting.iter().position(Message::is_urgent).unwrap_or(0);
        let mut next = self.waiting.remove(at)?;
        next.lost = next.lost.saturating_add(std::mem::take(&mut self.lost_untold));
        Some(next)
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many found no room since the beginning.
    pub const fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            alert::{AlertCode, Severity},
            notice::{Notice, What},
        },
        notify::message::tests::alert,
    };

    fn message(severity: Severity, text: &str) -> Message {
        let what = What::Alert(alert(severity, AlertCode::NoStop, text));
        Message::of(&Notice { what, account: None, accounts: Vec::new(), past: None }, false)
    }

    #[test]
    fn the_same_while_it_waits_is_one_with_a_count() {
        let mut queue = Queue::default();
        for _ in 0..10_000 {
            queue.push(message(Severity::Emergency, "no stop"));
        }
        let one = queue.pop().unwrap();
        assert_eq!((one.times, one.lost, queue.is_empty()), (10_000, 0, true));
    }

    #[test]
    fn a_full_queue_keeps_what_is_urgent_and_counts_the_rest() {
        let mut queue = Queue::default();
        for n in 0..MAX {
            queue.push(message(Severity::Critical, &n.to_string()));
        }
        queue.push(message(Severity::Critical, "no room"));
        queue.push(message(Severity::Emergency, "urgent"));
        let first = queue.pop().unwrap();
        assert_eq!((first.text.as_str(), first.lost, queue.lost()), ("urgent", 2, 2));
        let second = queue.pop().unwrap();
        assert_eq!((second.text.as_str(), second.lost), ("1", 0), "the oldest made room");
        for n in 0..200 {
            queue.push(message(Severity::Emergency, &n.to_string()));
        }
        assert!(queue.waiting.len() <= MAX);
        assert!(queue.waiting.iter().all(Message::is_urgent));
        let failed = queue.pop().unwrap();
        queue.missed(&failed);
        assert_eq!(
            queue.pop().unwrap().lost,
            failed.lost + 1,
            "what could not be delivered is counted again"
        );
    }
}
