//! Telling a person who is not looking: what is worth it (a pure policy), what is said and how each channel has to write
//! it (pure), and the channels themselves, each of which fails alone.

pub mod channel;
pub mod command;
pub mod courier;
pub mod desktop;
pub mod discord;
pub mod document;
pub mod email;
mod http;
pub mod message;
pub mod policy;
pub mod queue;
pub mod slack;
pub mod sms;
pub mod summary;
pub mod telegram;
pub mod webhook;

pub use channel::Channel;
pub use message::Message;
pub use policy::Policy;

use crate::{config::secret::Secret, domain::text::Text};

/// When a message that could not be delivered may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would fail again.
    Never,
    /// After a pause: nothing of it has arrived.
    Soon,
    /// After so long, by the channel's own word, in milliseconds.
    After(u64),
    /// Once: it may have arrived, and told twice is better than not at all.
    Once,
}

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In a sentence without anything secret.
    pub why: Text,
    /// Is there sense in another try?
    pub again: Again,
}

impl Failure {
    /// Of this text.
    pub fn new(why: &str, again: Again) -> Self {
        Self { why: Text::clean(why), again }
    }
}

/// Takes a secret, in every form in which it travels, out of what somebody else said.
fn without(said: &str, secrets: &[Secret]) -> String {
    let long = secrets.iter().map(Secret::expose).filter(|s| s.len() >= 4);
    long.fold(said.to_owned(), |text, secret| text.replace(secret, "…"))
}

/// At most so many characters, with a sign that there was more.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// Escapes a text, as much of it as there is room for.
fn fitted(text: &str, max: usize, escape: impl Fn(char, &mut String)) -> String {
    let (mut out, mut used) = (String::with_capacity(text.len()), 0_usize);
    let mut one = String::new();
    for c in text.chars() {
        one.clear();
        escape(c, &mut one);
        let wide = one.chars().count();
        if used.saturating_add(wide) >= max {
            out.push('…');
            return out;
        }
        used = used.saturating_add(wide);
        out.push_str(&one);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so_and_no_escape_is_cut_in_two() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        let escape = |c: char, out: &mut String| match c {
            '<' => out.push_str("&lt;"),
            other => out.push(other),
        };
        assert_eq!(fitted("a<b", 100, escape), "a&lt;b");
        assert_eq!(fitted("a<<<<<<", 12, escape), "a&lt;&lt;…");
    }

    #[test]
    fn a_secret_that_comes_back_is_taken_out() {
        let secrets = ["token-4711", "x"].map(|s| Secret::new(s.to_owned()));
        assert_eq!(without("no such token-4711 here, xx", &secrets), "no such … here, xx");
    }
}
