//! A bot of Telegram (core.telegram.org/bots/api, "sendMessage" and "HTML style"): the token stands in the path; at most
//! 4,096 characters after the markup is read; `&`, `<` and `>` are escaped. An answer has `ok`, and where it has not,
//! `description` and, for 429, `parameters.retry_after` in seconds.

use super::{
    Again, Failure, Message, fitted,
    http::{Post, Reach},
};
use crate::{
    config::secret::Secret,
    domain::text::Text,
    transport::{
        rest::Call,
        tls::{Scheme, address},
    },
};
use http::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;

const API: &str = "https://api.telegram.org";
const TEXT_CHARS_MAX: usize = 3_500;

/// One bot in one chat.
#[derive(Debug)]
pub struct Telegram {
    post: Post,
    chat: String,
}

#[derive(Debug, Deserialize)]
struct Said {
    ok: bool,
}

impl Telegram {
    /// With its token; `api` where it is not Telegram's own.
    ///
    /// # Errors
    /// The token can't stand in an address.
    pub fn new(api: Option<&Url>, chat: &str, token: &Secret, reach: &Reach) -> Result<Self, Text> {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-');
        if !token.expose().bytes().all(is_token) {
            return Err(Text::clean("its secret is no token of a bot, such as 123456:ABC-DEF"));
        }
        let base = api.map_or(API, Url::as_str).trim_end_matches('/');
        let base = address(&format!("{base}/bot{}", token.expose()), Scheme::Http)
            .map_err(|_| Text::clean("its address can't be used"))?;
        Ok(Self { post: Post::new(base, vec![token.clone()], reach)?, chat: chat.to_owned() })
    }

    /// Sends it once.
    ///
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let call = Call::new(Method::POST, &["sendMessage"]).json(body(&self.chat, m));
        let answer = self.post.send(call).await?;
        match serde_json::from_slice::<Said>(&answer.body) {
            Ok(Said { ok: true }) => Ok(()),
            Ok(Said { ok: false }) | Err(_) => {
                Err(self.post.fail("it did not say that the message was sent", Again::Never))
            }
        }
    }
}

/// The request's body.
pub fn body(chat: &str, m: &Message) -> String {
    let text =
        format!("<b>{}</b>\n{}\n{}", escaped(&m.title, 300), escaped(&m.body(), TEXT_CHARS_MAX), m.clock());
    json!({
        "chat_id": chat, "text": text, "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    })
    .to_string()
}

fn escaped(text: &str, max: usize) -> String {
    fitted(text, max, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        other => out.push(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::notice;

    #[test]
    fn no_markup_of_others_is_believed() {
        let m = Message::of(&notice("<a href=\"https://evil.example\">x</a> & y"), false);
        let body: serde_json::Value = serde_json::from_str(&body("-100", &m)).unwrap();
        assert_eq!((body["chat_id"].as_str(), body["parse_mode"].as_str()), (Some("-100"), Some("HTML")));
        let text = body["text"].as_str().unwrap();
        assert!(
            text.starts_with("<b>CRITICAL: order rejected AAPL alpaca</b>\n&lt;a href=\"https"),
            "{text}"
        );
        assert!(text.contains("x&lt;/a&gt; &amp; y"), "{text}");
    }
}
