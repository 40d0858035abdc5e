//! A channel that is ready to send: what it is by the configuration, with its secret found and its addresses checked.

use super::{
    Again, Failure, Message,
    command::Program,
    desktop::Desktop,
    discord::Discord,
    email::{Email, Server},
    http::Reach,
    slack::Slack,
    sms::Sms,
    telegram::Telegram,
    webhook::Webhook,
};
use crate::{
    clock::Clock,
    config::{ChannelConfig, ChannelKind, Env, SecretSources, secret::Secret},
    domain::text::Text,
    transport::tls::Tls,
};
use std::{fs, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The longest that one try may take, whatever it waits for; a command has its own limit.
const TRY_MAX: Duration = Duration::from_secs(20);

#[derive(Debug)]
enum Way {
    Desktop(Desktop),
    Email(Email),
    Sms(Sms),
    Webhook(Webhook),
    Slack(Slack),
    Discord(Discord),
    Telegram(Telegram),
    Command(Program),
}

/// One way of telling.
#[derive(Debug)]
pub struct Channel {
    way: Way,
    limit: Duration,
}

impl Channel {
    /// Finds the secret and makes it ready; nothing is sent. May wait for a command or the keyring. `None` for the bell,
    /// which the screen rings.
    ///
    /// # Errors
    /// What is missing or wrong, in a sentence without the secret.
    pub fn open(config: &ChannelConfig, env: &Env, clock: &Arc<dyn Clock>) -> Result<Option<Self>, Text> {
        let found = match &config.kind {
            ChannelKind::Desktop | ChannelKind::Bell | ChannelKind::Command { .. } => None,
            ChannelKind::Email { .. }
            | ChannelKind::Sms { .. }
            | ChannelKind::Webhook { .. }
            | ChannelKind::Slack
            | ChannelKind::Discord
            | ChannelKind::Telegram { .. } => {
                config.secret.find(&config.name, env).map_err(|why| Text::clean(&why.to_string()))?
            }
        };
        let pem = config.certificate.as_ref().map(fs::read).transpose();
        let pem = pem.map_err(|why| Text::clean(&format!("its certificate can't be read: {why}")))?;
        let tls = Tls::with_native_roots(pem.as_deref()).map_err(|why| Text::clean(&why.to_string()))?;
        let reach = Reach { tls, clock: Arc::clone(clock) };
        Self::ready(config, found.as_ref(), pem.as_deref(), &reach)
    }

    fn ready(
        config: &ChannelConfig,
        found: Option<&Secret>,
        pem: Option<&[u8]>,
        reach: &Reach,
    ) -> Result<Option<Self>, Text> {
        let secret = |what: &str| {
            found.ok_or_else(|| {
                let variable = SecretSources::variable(&config.name);
                Text::clean(&format!(
                    "it has no secret ({what}): write secret_command, secret_file or keyring, or set {variable}"
                ))
            })
        };
        let mut limit = TRY_MAX;
        let way = match &config.kind {
            ChannelKind::Bell => return Ok(None),
            ChannelKind::Desktop => Way::Desktop(
                Desktop::new().map_err(|why| Text::clean(&format!("it can't be started: {why}")))?,
            ),
            ChannelKind::Email { host, port, tls, user, from, to } => {
                if user.is_some() {
                    secret("the password")?;
                }
                let (user, certificate) = (user.as_deref(), pem);
                let server = Server { host, port: *port, tls: *tls, user, password: found, certificate };
                Way::Email(Email::new(&server, from, to)?)
            }
            ChannelKind::Sms { api, account, from, to } => {
                Way::Sms(Sms::new(api.as_ref(), account, from, to, (secret("the auth token")?, reach))?)
            }
            ChannelKind::Webhook { url } => Way::Webhook(Webhook::new(url, found, reach)?),
            ChannelKind::Slack => Way::Slack(Slack::new(secret("the webhook's address")?, reach)?),
            ChannelKind::Discord => Way::Discord(Discord::new(secret("the webhook's address")?, reach)?),
            ChannelKind::Telegram { api, chat } => {
                Way::Telegram(Telegram::new(api.as_ref(), chat, secret("the bot's token")?, reach)?)
            }
            ChannelKind::Command { program, arguments, timeout_s } => {
                let own = Duration::from_secs(*timeout_s);
                limit = own.saturating_mul(2);
                Way::Command(Program { program: program.clone(), arguments: arguments.clone(), limit: own })
            }
        };
        Ok(Some(Self { way, limit }))
    }

    /// Sends it once, for at most a set time.
    ///
    /// # Errors
    /// It was not delivered, or nobody knows.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let late = || {
            let why = format!("it did not answer within {} s", self.limit.as_secs());
            Failure::new(&why, Again::Once)
        };
        timeout(self.limit, self.send_on(m)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn send_on(&self, m: &Message) -> Result<(), Failure> {
        match &self.way {
            Way::Desktop(way) => way.send(m).await,
            Way::Email(way) => way.send(m).await,
            Way::Sms(way) => way.send(m).await,
            Way::Webhook(way) => way.send(m).await,
            Way::Slack(way) => way.send(m).await,
            Way::Discord(way) => way.send(m).await,
            Way::Telegram(way) => way.send(m).await,
            Way::Command(way) => way.send(m).await,
        }
    }
}
