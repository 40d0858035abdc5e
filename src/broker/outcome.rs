//! How a request to a venue ended. The question that matters is whether the venue may have acted.

use crate::domain::{text::Text, time::Mono};
use serde::{Deserialize, Serialize};

/// How a request that changes something ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome<T> {
    /// The venue took the request. It is a request, not a result: the stream or a query tells what became of it.
    Accepted(T),
    /// The venue refused, in a way that its documentation calls definitive. Nothing changed there.
    Refused(Refusal),
    /// Nothing left this machine: proven (no connection, or our own limiter said no).
    NotSent(Text),
    /// Something may have left, and no answer settles what became of it.
    Unknown(Text),
}

/// A venue's definitive no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The venue's code, as it writes it.
    pub code: Text,
    /// The venue's words.
    pub text: Text,
    /// When to ask again, for a rate limit.
    pub retry_at: Option<Mono>,
}

/// Why a question got no usable answer. Questions change nothing, so they may be asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Fault {
    /// No connection, or no answer in time.
    #[error("{venue} can't be reached: {why}")]
    Unreachable {
        /// Whose.
        venue: crate::domain::ids::VenueId,
        /// What was tried and what came.
        why: Text,
    },
    /// The venue refuses the credentials, or they lack a right.
    #[error("{venue} refuses the credentials: {why}")]
    Unauthorised {
        /// Whose.
        venue: crate::domain::ids::VenueId,
        /// The venue's words.
        why: Text,
    },
    /// The venue's limit, or our own guard before it.
    #[error("{venue} limits requests: {why}")]
    Limited {
        /// Whose.
        venue: crate::domain::ids::VenueId,
        /// When to ask again.
        until: Mono,
        /// In words.
        why: Text,
    },
    /// The venue said no to the question.
    #[error("{venue} refused: {why}")]
    Refused {
        /// Whose.
        venue: crate::domain::ids::VenueId,
        /// The venue's words.
        why: Text,
    },
    /// An answer came and can't be read.
    #[error("{venue} answered something that can't be read: {why}")]
    Unreadable {
        /// Whose.
        venue: crate::domain::ids::VenueId,
        /// What and where.
        why: Text,
    },
}
