//! Discord's webhooks (docs.discord.com, "Execute Webhook" and "Allowed Mentions Object"): at most 2,000 characters;
//! `allowed_mentions` with an empty `parse` calls nobody, whatever the text says; Markdown is escaped; flag 4 shows no
//! previews of links. 204 is success; 429 says when to come back, in seconds.

use super::{
    Failure, Message, fitted,
    http::{Post, Reach},
};
use crate::{config::secret::Secret, domain::text::Text, transport::rest::Call};
use http::Method;
use serde_json::json;

const TITLE_CHARS_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 1_700;
/// `SUPPRESS_EMBEDS`.
const FLAGS: u32 = 4;

/// One webhook.
#[derive(Debug)]
pub struct Discord {
    post: Post,
}

impl Discord {
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
    let (title, text) = (escaped(&m.title, TITLE_CHARS_MAX), escaped(&m.body(), TEXT_CHARS_MAX));
    let content = format!("**{title}**\n{text}\n{}", m.clock());
    json!({ "content": content, "allowed_mentions": { "parse": [] }, "flags": FLAGS }).to_string()
}

fn escaped(text: &str, max: usize) -> String {
    fitted(text, max, |c, out| {
        if matches!(
            c,
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' | '@' | ':' | '-'
        ) {
            out.push('\\');
        }
        out.push(c);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::notice;

    #[test]
    fn nobody_is_called_and_no_markdown_is_made() {
        let m = Message::of(&notice("@everyone [win](https://evil.example) `x` **y** <@1>"), false);
        let body: serde_json::Value = serde_json::from_str(&body(&m)).unwrap();
        assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
        assert_eq!(body["flags"], 4);
        let content = body["content"].as_str().unwrap();
        assert!(
            content.contains(r"\@everyone \[win\]\(https\://evil.example\) \`x\` \*\*y\*\* \<\@1\>"),
            "{content}"
        );
    }

    #[test]
    fn it_is_never_longer_than_discord_takes() {
        let mut m = Message::of(&notice("x"), false);
        m.text = "*".repeat(5_000);
        let body: serde_json::Value = serde_json::from_str(&body(&m)).unwrap();
        assert!(body["content"].as_str().unwrap().chars().count() <= 2_000);
    }
}
