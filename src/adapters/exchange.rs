//! How a request ended, before a venue's own rules say what that means.

use crate::{
    domain::{text::Text, time::Mono},
    transport::rest::Answer,
};

/// How one exchange ended, before anybody says what it means.
#[derive(Debug)]
pub enum Exchange {
    /// Our own limiter said no; nothing left.
    Limited {
        /// When to ask again.
        until: Mono,
        /// That is so far away.
        wait_ms: u64,
    },
    /// Nothing left.
    NotSent(Text),
    /// It may have left.
    Unanswered(Text),
    /// The venue wants fewer requests (429, 418).
    TooMany {
        /// When to ask again.
        until: Mono,
        /// Its words.
        text: Text,
    },
    /// Anything else.
    Answered(Answer),
}
