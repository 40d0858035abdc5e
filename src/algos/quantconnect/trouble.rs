//! What an answer is worth. Pure. HTTP is 200 for most failures, too; the words are in the answer (LEAN.md 3).

use super::{auth::Auth, wire::Envelope};
use crate::{algos::number::Plain, domain::money::parse_decimal, transport::rest::Answer};
use http::StatusCode;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::fmt;

/// A time that is off by more is refused (a comment in LEAN's `ApiConnection.cs`; LEAN.md 3).
pub const CLOCK_MS_MAX: u64 = 7_200_000;
/// Of several errors the first ones are told.
const ERRORS_MAX: usize = 3;

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// 401
    Key,
    /// The user is known, and the token is another's.
    Hash,
    /// No such user.
    User,
    /// The user or the hash is refused, and this computer's clock is so far ahead of the cloud's, or behind it.
    Clock {
        /// Ahead, in milliseconds.
        ahead_ms: i64,
    },
    /// 429
    Busy {
        /// For how long it wants quiet.
        retry_ms: Option<u64>,
    },
    /// 5xx
    Server(StatusCode),
    /// There was no answer.
    Unreachable(String),
    /// It says no, in these words.
    Refused(String),
    /// It is preparing what was asked for.
    Loading {
        /// In per cent.
        progress: Option<String>,
    },
    /// The project has no live deployment.
    Nothing,
    /// Nobody can say what it means.
    Unreadable(String),
}

impl Trouble {
    /// Would every other request meet the same?
    pub const fn is_of_all(&self) -> bool {
        matches!(
            self,
            Self::Key
                | Self::Hash
                | Self::User
                | Self::Clock { .. }
                | Self::Busy { .. }
                | Self::Unreachable(_)
        )
    }
}

/// What is in the way, and what would help.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("QuantConnect takes neither this user nor this token (401)"),
            Self::Hash => {
                f.write_str("QuantConnect says that the hash does not match: is the token this user's?")
            }
            Self::User => f.write_str("QuantConnect knows no such user: look at the number of the user"),
            Self::Clock { ahead_ms } => {
                let secs = ahead_ms.unsigned_abs() / 1_000;
                let way = if *ahead_ms > 0 { "ahead of" } else { "behind" };
                write!(
                    f,
                    "this computer's clock is {secs} s {way} QuantConnect's, which refuses more than {} s: set it",
                    CLOCK_MS_MAX / 1_000
                )
            }
            Self::Busy { retry_ms: Some(ms) } => {
                write!(f, "QuantConnect wants fewer requests (429), for {} s", ms.div_ceil(1_000))
            }
            Self::Busy { retry_ms: None } => f.write_str("QuantConnect wants fewer requests (429)"),
            Self::Server(status) => {
                write!(f, "QuantConnect fails ({})", status.as_u16())?;
                // The vendor's own command line takes a 500 for that (LEAN.md 3).
                if *status == StatusCode::INTERNAL_SERVER_ERROR {
                    f.write_str("; it may answer a wrong user or token like that, too")?;
                }
                Ok(())
            }
            Self::Unreachable(why) => write!(f, "QuantConnect does not answer: {why}"),
            Self::Refused(why) => write!(f, "QuantConnect refuses: {why}"),
            Self::Loading { progress: Some(part) } => {
                write!(f, "QuantConnect is still preparing it ({part} %)")
            }
            Self::Loading { progress: None } => f.write_str("QuantConnect is still preparing it"),
            Self::Nothing => f.write_str("the project has no live deployment at QuantConnect"),
            Self::Unreadable(why) => write!(f, "QuantConnect's answer can't be read: {why}"),
        }
    }
}

/// The text of a good answer.
///
/// # Errors
/// What else it is.
pub fn judge<'a>(answer: &'a Answer, auth: &Auth) -> Result<&'a str, Trouble> {
    let status = answer.status;
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Trouble::Busy { retry_ms: answer.retry_after_ms() });
    }
    if status.is_server_error() {
        return Err(Trouble::Server(status));
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| "it is no text");
    let read = text.and_then(|text| {
        let envelope = serde_json::from_str::<Envelope<'_>>(text).map_err(|_| "it is no object of JSON")?;
        Ok((text, envelope))
    });
    let (text, envelope) = match read {
        Ok(read) => read,
        Err(_) if status == StatusCode::UNAUTHORIZED => return Err(of_clock(answer, Trouble::Key)),
        Err(why) => return Err(odd(status, why)),
    };
    if status.is_success() && envelope.success == Some(true) {
        return loading(&envelope).map_or(Ok(text), Err);
    }
    let words = words(&envelope);
    if words.starts_with("Hash doesn't match.") {
        return Err(of_clock(answer, Trouble::Hash));
    }
    if words.starts_with("UserID not valid") {
        return Err(Trouble::User);
    }
    if status == StatusCode::UNAUTHORIZED {
        return Err(of_clock(answer, Trouble::Key));
    }
    if envelope.success == Some(false) && (status.is_success() || is_definite(status)) {
        let words = auth.hide(&words);
        return Err(Trouble::Refused(if words.is_empty() { "it gives no reason".to_owned() } else { words }));
    }
    Err(odd(status, "it does not say whether it succeeded"))
}

/// A client's error, said by whoever read the whole request.
fn is_definite(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}

fn odd(status: StatusCode, why: &str) -> Trouble {
    if is_definite(status) {
        return Trouble::Refused(format!("it answers {}", status.as_u16()));
    }
    if status.is_success() {
        return Trouble::Unreadable(why.to_owned());
    }
    Trouble::Unreadable(format!("it answers {}", status.as_u16()))
}

/// Is it the clock rather than the key?
fn of_clock(answer: &Answer, else_it_is: Trouble) -> Trouble {
    match answer.skew_ms() {
        Some(skew) if skew.unsigned_abs() > CLOCK_MS_MAX => {
            Trouble::Clock { ahead_ms: skew.saturating_neg() }
        }
        _ => else_it_is,
    }
}

fn loading(envelope: &Envelope<'_>) -> Option<Trouble> {
    let status = serde_json::from_str::<Plain<'_>>(envelope.status?.get()).ok()?;
    if !status.0.eq_ignore_ascii_case("loading") {
        return None;
    }
    let progress = envelope.progress.and_then(|raw| parse_decimal(raw.get()).ok());
    let percent = progress.and_then(|part| part.checked_mul(Decimal::ONE_HUNDRED));
    Some(Trouble::Loading { progress: percent.map(|p| p.trunc().normalize().to_string()) })
}

fn words(envelope: &Envelope<'_>) -> String {
    let mut all = Vec::new();
    for raw in [envelope.errors, envelope.messages, envelope.message].into_iter().flatten() {
        all.extend(texts(raw));
        if !all.is_empty() {
            break;
        }
    }
    all.truncate(ERRORS_MAX);
    all.join("; ")
}

fn texts(raw: &RawValue) -> Vec<String> {
    let one = || serde_json::from_str::<Plain<'_>>(raw.get()).map(|word| vec![word]);
    let read = serde_json::from_str::<Vec<Plain<'_>>>(raw.get()).or_else(|_| one());
    let words = read.ok().unwrap_or_default().into_iter().map(|word| word.0.trim().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
#[path = "trouble_tests.rs"]
mod tests;
