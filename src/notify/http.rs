//! One message by one request, and what its answer means for another try.

use super::{Again, Failure, without};
use crate::{
    clock::Clock,
    config::secret::Secret,
    domain::text::Text,
    transport::{
        rest::{Answer, Call, Options, Rest, Sent},
        sign::base64,
        tls::{Scheme, Tls, address},
    },
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// Until the whole answer of a request is there.
const DEADLINE: Duration = Duration::from_secs(8);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// A channel that wants quiet and does not say how long.
const QUIET_MS: u64 = 5_000;

/// What a channel reaches the world with.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Who is believed.
    pub tls: Tls,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Requests to one host.
#[derive(Debug)]
pub(super) struct Post {
    rest: Rest,
    /// What may be said of where it goes.
    host: String,
    /// What must not come back in an error.
    secrets: Vec<Secret>,
}

impl Post {
    /// To addresses below `base`.
    ///
    /// # Errors
    /// An address that can't be used, in a sentence without it.
    pub(super) fn new(base: Url, secrets: Vec<Secret>, reach: &Reach) -> Result<Self, Text> {
        let host = base.host_str().unwrap_or_default().to_owned();
        let options = Options { deadline: DEADLINE, ..Options::default() };
        let rest = Rest::new(base, &reach.tls, options, Arc::clone(&reach.clock));
        rest.map(|rest| Self { rest, host, secrets })
            .map_err(|_| Text::clean("its address can't be used for requests"))
    }

    /// To an address that is a secret itself.
    ///
    /// # Errors
    /// An address that can't be used, in a sentence without it.
    pub(super) fn to_secret(secret: &Secret, reach: &Reach) -> Result<Self, Text> {
        let url = address(secret.expose(), Scheme::Http).map_err(|_| {
            Text::clean("its secret must be the webhook's whole address, which begins with https://")
        })?;
        // Whoever repeats only a part of the address tells as much.
        let segments = url.path_segments().into_iter().flatten().filter(|s| s.len() >= 8);
        let mut secrets = vec![secret.clone(), Secret::new(url.path().to_owned())];
        secrets.extend(segments.map(|s| Secret::new(s.to_owned())));
        Self::new(url, secrets, reach)
    }

    /// Sends it once.
    ///
    /// # Errors
    /// It was not taken, or nobody knows.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let fail = |why: &str, again| {
            let said = without(why, &self.secrets);
            Err(Failure::new(&format!("{}: {said}", self.host), again))
        };
        let answer = match self.rest.send(call.body_max(ANSWER_BYTES_MAX)).await {
            Sent::NotSent { why } => return fail(why.as_str(), Again::Soon),
            Sent::Unanswered { why } => return fail(why.as_str(), Again::Once),
            Sent::Answered(answer) => answer,
        };
        if answer.status.is_success() {
            return Ok(answer);
        }
        let again = match answer.status.as_u16() {
            429 | 503 => {
                let asked = answer.retry_after_ms().or_else(|| asked_in_words(&answer.body));
                Again::After(asked.unwrap_or(QUIET_MS))
            }
            500..=599 => Again::Once,
            _ => Again::Never,
        };
        let words = super::cut(&String::from_utf8_lossy(&answer.body), 160);
        fail(&format!("it answered {}: {words}", answer.status), again)
    }

    /// The host, for what is said of an answer.
    pub(super) fn fail(&self, why: &str, again: Again) -> Failure {
        Failure::new(&format!("{}: {}", self.host, without(why, &self.secrets)), again)
    }
}

/// What Discord (`retry_after`) and Telegram (`parameters.retry_after`) say in the body of a 429: seconds, rounded up.
fn asked_in_words(body: &[u8]) -> Option<u64> {
    let said: serde_json::Value = serde_json::from_slice(body).ok()?;
    let number = said.get("retry_after").or_else(|| said.get("parameters")?.get("retry_after"))?;
    let text = number.to_string();
    let (seconds, rest) = text.split_once('.').unwrap_or((&text, ""));
    let more = u64::from(rest.bytes().any(|b| b != b'0'));
    Some(seconds.parse::<u64>().ok()?.saturating_add(more).saturating_mul(1_000))
}

/// A user and a secret as HTTP's basic authentication has them, and every form in which they travel.
pub(super) fn basic(user: &str, secret: &Secret) -> (Secret, Vec<Secret>) {
    let pair = base64(format!("{user}:{}", secret.expose()).as_bytes());
    let header = Secret::new(format!("Basic {pair}"));
    (header, vec![secret.clone(), Secret::new(pair)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_quiet_in_the_body_is_read() {
        for (body, ms) in [
            ("{\"retry_after\":0.65}", Some(1_000)),
            ("{\"retry_after\":2.0}", Some(2_000)),
            ("{\"ok\":false,\"parameters\":{\"retry_after\":35}}", Some(35_000)),
            ("{\"retry_after\":\"soon\"}", None),
            ("<html>", None),
        ] {
            assert_eq!(asked_in_words(body.as_bytes()), ms, "{body}");
        }
    }
}
