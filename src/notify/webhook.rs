//! JSON to an address of the user's, signed where there is a key: `X-Tradedeck-Signature` is `sha256=` and the HMAC-SHA256,
//! in hexadecimal, of the time in `X-Tradedeck-Timestamp` (seconds since 1970), a point, and the body. The time is signed
//! so that nobody can send an old message again.

use super::{
    Failure, Message, document,
    http::{Post, Reach},
};
use crate::{
    clock::Clock,
    config::secret::Secret,
    domain::text::Text,
    transport::{rest::Call, sign::Key},
};
use http::{HeaderName, HeaderValue, Method};
use std::sync::Arc;
use url::Url;

/// One address.
#[derive(Debug)]
pub struct Webhook {
    post: Post,
    key: Option<Key>,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// With the key that signs, where there is one.
    ///
    /// # Errors
    /// The address or the key can't be used.
    pub fn new(url: &Url, key: Option<&Secret>, reach: &Reach) -> Result<Self, Text> {
        let secrets = key.cloned().into_iter().collect();
        let key = key.map(Key::read).transpose().map_err(|why| Text::clean(&why.to_string()))?;
        Ok(Self { post: Post::new(url.clone(), secrets, reach)?, key, clock: Arc::clone(&reach.clock) })
    }

    /// Sends it once.
    ///
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let body = document::document(m).to_string();
        let mut call = Call::new(Method::POST, &[]);
        let at = self.clock.now().wall.as_secs();
        for (name, value) in signed(self.key.as_ref(), at, &body) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                call = call.header(HeaderName::from_static(name), value);
            }
        }
        self.post.send(call.json(body)).await.map(drop)
    }
}

/// The headers that say who sent it, and when.
fn signed(key: Option<&Key>, at: i64, body: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("x-tradedeck-timestamp", at.to_string())];
    // A shared secret always signs.
    if let Some(signature) = key.and_then(|key| key.sign(format!("{at}.{body}").as_bytes()).ok()) {
        headers.push(("x-tradedeck-signature", format!("sha256={signature}")));
    }
    headers
}
