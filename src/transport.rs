//! The wire without the trade: HTTP requests that say whether they were sent, websockets that never hang,
//! and the pure machines beside them that decide when to ask, when to wait and when to connect again.

pub mod alarm;
pub mod backoff;
pub mod limit;
mod pool;
pub mod rest;
pub mod round_trips;
pub mod sign;
pub mod socket;
pub mod supervise;
mod tcp;
pub mod tls;

/// Largest message or body taken from a venue unless a call says otherwise.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A random number, for the machines here that are handed one.
pub fn dice() -> u64 {
    fastrand::u64(..)
}

/// What went wrong below the venue's own protocol.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address that must not be used.
    #[error("the address `{address}` can't be used: {why}")]
    Address {
        /// Without user and password.
        address: String,
        /// What is wrong and what would be right.
        why: &'static str,
    },
    /// The operating system's or an extra root certificate.
    #[error("root certificates: {0}")]
    Roots(String),
    /// A client that can't be built.
    #[error("the connection's settings: {0}")]
    Settings(String),
    /// No connection came about.
    #[error("{host} can't be reached: {why}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the operating system or TLS says.
        why: String,
    },
    /// The other side answered the opening of a websocket with something else.
    #[error("{host} answered {status} instead of opening a websocket")]
    NoWebsocket {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
    },
    /// It took too long.
    #[error("{what} took longer than {ms} ms")]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// The limit.
        ms: u128,
    },
    /// The other side said goodbye.
    #[error("the other side closed the connection{}", said(*code, reason))]
    Closed {
        /// Its code, if it sent one.
        code: Option<u16>,
        /// Its words, if it sent some.
        reason: crate::domain::text::Text,
    },
    /// A message over the limit.
    #[error("a message is larger than the limit: {0}")]
    TooLarge(String),
    /// A message that is not text.
    #[error("a message is not valid UTF-8")]
    NotText,
    /// Anything else that ends a connection.
    #[error("the connection broke: {0}")]
    Broken(String),
}

fn said(code: Option<u16>, reason: &crate::domain::text::Text) -> String {
    match code {
        Some(code) if reason.is_empty() => format!(" (code {code})"),
        Some(code) => format!(" (code {code}: {reason})"),
        None => String::new(),
    }
}

/// An error with all its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        // Wrappers like to repeat what they wrap.
        if !out.ends_with(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        cause = next.source();
    }
    if out.contains("not valid yet") || out.contains("certificate expired") {
        out.push_str(" (or this computer's clock is wrong)");
    }
    out
}
