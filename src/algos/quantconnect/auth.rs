//! Who asks: a hash of the token and of the time, new with every request (LEAN.md 3). Neither token nor hash reaches a
//! log, a screen or a sentence.

use crate::{
    config::secret::Secret,
    domain::time::Stamp,
    transport::{
        Error,
        rest::{Call, secret_header},
        sign,
    },
};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};

const TIMESTAMP: HeaderName = HeaderName::from_static("timestamp");
/// A SHA-256 in hexadecimal.
const HASH_DIGITS: usize = 64;

/// A user and a token.
#[derive(Debug, Clone)]
pub struct Auth {
    user: String,
    token: Secret,
}

impl Auth {
    /// Of the settings.
    pub const fn new(user: String, token: Secret) -> Self {
        Self { user, token }
    }

    /// `Authorization: Basic base64(user:sha256hex(token:T))` and `Timestamp: T`.
    ///
    /// # Errors
    /// Never, but for a header that can't be written.
    pub fn stamp(&self, call: Call, now: Stamp) -> Result<Call, Error> {
        let secs = now.as_secs().to_string();
        let basic = secret_header(&self.basic(&secs))?;
        let unreadable = |_| Error::Settings("the time can't stand in a header".to_owned());
        let timestamp = HeaderValue::from_str(&secs).map_err(unreadable)?;
        Ok(call.header(AUTHORIZATION, basic).header(TIMESTAMP, timestamp))
    }

    fn basic(&self, secs: &str) -> Secret {
        let hashed = Secret::new(format!("{}:{secs}", self.token.expose()));
        let pair = Secret::new(format!("{}:{}", self.user, sign::sha256(hashed.expose().as_bytes())));
        Secret::new(format!("Basic {}", sign::base64(pair.expose().as_bytes())))
    }

    /// What the cloud says, without the token and without anything that may be a hash.
    pub fn hide(&self, said: &str) -> String {
        let said = said.replace(self.token.expose(), "…");
        let mut out = String::with_capacity(said.len());
        let mut run = String::new();
        for c in said.chars() {
            if c.is_ascii_hexdigit() {
                run.push(c);
                continue;
            }
            put(&mut out, &mut run);
            out.push(c);
        }
        put(&mut out, &mut run);
        out
    }
}

fn put(out: &mut String, run: &mut String) {
    out.push_str(if run.len() >= HASH_DIGITS { "…" } else { run });
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth() -> Auth {
        Auth::new("1".to_owned(), Secret::new("canary-4711".to_owned()))
    }

    /// Counted with coreutils: `printf 'canary-4711:1795224118' | sha256sum`, and the pair with `base64 -w0`.
    #[test]
    fn the_hash_is_of_the_token_and_the_time() {
        assert_eq!(
            auth().basic("1795224118").expose(),
            "Basic MTozMjRkMWZkZjFkNGEyNDE5MDQ4NDU1YzJjZTlkNDQwYzA3NWI3MGZmZDljNzVhNDhjMWIyMDEyNmMyMWQyOGIz"
        );
    }

    #[test]
    fn neither_token_nor_hash_is_repeated() {
        let hash = sign::sha256(b"x");
        let said = auth().hide(&format!("Hash {hash} of canary-4711 for L-{}", "ab".repeat(16)));
        assert_eq!(said, format!("Hash … of … for L-{}", "ab".repeat(16)));
        assert!(!format!("{:?}", auth()).contains("canary"));
    }
}
