//! Text messages by Twilio (twilio.com/docs/messaging/api/message-resource, "Create a Message"): a form with `To`, `Body`
//! and `From`, or `MessagingServiceSid` where the sender is a service; the account and its token as basic authentication.
//! Twilio takes up to 1,600 characters and charges for each part of 153: here a message ends much earlier.

use super::{
    Failure, Message, cut,
    http::{Post, Reach, basic},
};
use crate::{
    config::secret::Secret,
    domain::text::Text,
    transport::rest::{Call, secret_header},
};
use http::{HeaderValue, Method, header::AUTHORIZATION};
use smol_str::SmolStr;
use url::{Url, form_urlencoded};

const API: &str = "https://api.twilio.com";
/// Three parts.
const CHARS_MAX: usize = 459;

/// One account, and who is told.
#[derive(Debug)]
pub struct Sms {
    post: Post,
    account: SmolStr,
    from: SmolStr,
    to: Vec<SmolStr>,
    authorization: HeaderValue,
}

impl Sms {
    /// With the account's token; `api` where it is not Twilio's own.
    ///
    /// # Errors
    /// The token can't stand in a header.
    pub fn new(
        api: Option<&Url>,
        account: &SmolStr,
        from: &SmolStr,
        to: &[SmolStr],
        (token, reach): (&Secret, &Reach),
    ) -> Result<Self, Text> {
        let (header, secrets) = basic(account, token);
        let base = api.cloned().or_else(|| Url::parse(API).ok());
        let base = base.ok_or_else(|| Text::clean("its address can't be used"))?;
        Ok(Self {
            post: Post::new(base, secrets, reach)?,
            account: account.clone(),
            from: from.clone(),
            to: to.to_vec(),
            authorization: secret_header(&header).map_err(|why| Text::clean(&why.to_string()))?,
        })
    }

    /// Sends it once to each.
    ///
    /// # Errors
    /// To somebody it was not delivered. Who got it already gets it again with another try.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let mut failed = None;
        for to in &self.to {
            let path = ["2010-04-01", "Accounts", self.account.as_str(), "Messages.json"];
            let call = Call::new(Method::POST, &path).header(AUTHORIZATION, self.authorization.clone());
            if let Err(why) = self.post.send(call.form(form(&self.from, to, m))).await {
                failed = Some(why);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// The request's body.
pub fn form(from: &str, to: &str, m: &Message) -> String {
    let sender = if from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", to).append_pair(sender, from).append_pair("Body", &text(m)).finish()
}

fn text(m: &Message) -> String {
    cut(&format!("Tradedeck {}: {}", m.title, m.body()), CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::notice;

    #[test]
    fn it_is_short_and_every_character_is_encoded() {
        let mut m = Message::of(&notice("a & b=c +1"), false);
        assert_eq!(
            form("+15550001", "+15550002", &m),
            "To=%2B15550002&From=%2B15550001&Body=Tradedeck+CRITICAL%3A+order+rejected+AAPL+alpaca%3A+a+%26+b%3Dc+%2B1"
        );
        m.text = "é".repeat(5_000);
        assert_eq!(text(&m).chars().count(), 459);
        assert!(form("MG1", "+1", &m).contains("&MessagingServiceSid=MG1&"));
    }
}
