//! Slack's incoming webhooks (docs.slack.dev, "Sending messages using incoming webhooks" and "Formatting message text"):
//! `&`, `<` and `>` are markup and escaped, so that no `<!channel>` calls anybody and no link can be made; answers are
//! `ok`, or a word; 429 says when to come back.

use super::{
    Failure, Message, fitted,
    http::{Post, Reach},
};
use crate::{config::secret::Secret, domain::text::Text, transport::rest::Call};
use http::Method;
use serde_json::json;

/// Slack cuts a text at 40,000 characters and wants no more than 4,000.
const CHARS_MAX: usize = 3_900;

/// One webhook.
#[derive(Debug)]
pub struct Slack {
    post: Post,
}

impl Slack {
    /// With its address.
    ///
    /// # Errors
    /// It is no address.
    pub fn new(secret: &Secret, reach: &Reach) -> Result<Self, Text> {
        Ok(Self { post: Post::to_secret(secret, reach)? })
    }

    /// Sends it once.
    ///
    /// # Errors
    /// It was not delivered.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        self.post.send(Call::new(Method::POST, &[]).json(body(m))).await.map(drop)
    }
}

/// The request's body.
pub fn body(m: &Message) -> String {
    let text = format!("*{}*\n{}\n{}", escaped(&m.title, 300), escaped(&m.body(), CHARS_MAX), m.clock());
    json!({ "text": text, "mrkdwn": true, "unfurl_links": false, "unfurl_media": false }).to_string()
}

fn escaped(text: &str, max: usize) -> String {
    fitted(text, max, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        // Emphasis that a symbol or an order's name would begin.
        '*' | '_' | '~' | '`' => {
            out.push('\u{2060}');
            out.push(c);
        }
        other => out.push(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::notice;

    #[test]
    fn no_words_of_a_venue_call_anybody_or_make_a_link() {
        let m = Message::of(&notice("<!channel> <https://evil.example|your broker> a & b *now*"), false);
        let body: serde_json::Value = serde_json::from_str(&body(&m)).unwrap();
        let text = body["text"].as_str().unwrap();
        assert!(
            text.starts_with("*CRITICAL: order rejected AAPL alpaca*\n&lt;!channel&gt; &lt;https"),
            "{text}"
        );
        assert!(text.contains("a &amp; b \u{2060}*now\u{2060}*\n2026-11-30"), "{text}");
        assert!(!text.contains('<'));
    }
}
