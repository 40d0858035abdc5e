//! `[notify.channels.NAME]`: one way to tell a person something.

use super::SecretSources;
use crate::config::{
    algorithms::is_here,
    read::{Section, path, safe},
};
use crate::domain::text::is_unsafe;
use smol_str::SmolStr;
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// The longest name of a channel, in characters.
const NAME_CHARS_MAX: usize = 32;
/// The longest value of a key, in characters.
const VALUE_CHARS_MAX: usize = 254;
/// The most that one message is sent to.
const TO_MAX: usize = 20;
/// The longest that a user's own command may take, seconds.
const COMMAND_S_MAX: u64 = 300;

/// How mail is protected on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// It begins in the clear and is turned into TLS before anything is said; without that nothing is sent.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all: to a server on this computer only.
    None,
}

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelKind {
    /// The desktop's notifications.
    Desktop,
    /// The bell of the terminal that the dashboard is on.
    Bell,
    /// Mail. The secret is the password.
    Email {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// How it is protected.
        tls: MailTls,
        /// Who logs in; without it nobody does.
        user: Option<String>,
        /// Whose mail it is.
        from: String,
        /// Who gets it.
        to: Vec<String>,
    },
    /// Text messages by Twilio. The secret is the account's auth token.
    Sms {
        /// Where it is asked, where that is not Twilio's own address.
        api: Option<Url>,
        /// The account: `AC…`.
        account: SmolStr,
        /// The number that it comes from, or a messaging service: `MG…`.
        from: SmolStr,
        /// The numbers that get it.
        to: Vec<SmolStr>,
    },
    /// JSON to an address. The secret, where there is one, signs it.
    Webhook {
        /// The address.
        url: Url,
    },
    /// An incoming webhook of Slack. The secret is its address.
    Slack,
    /// A webhook of Discord. The secret is its address.
    Discord,
    /// A bot of Telegram. The secret is its token.
    Telegram {
        /// Where it is asked, where that is not Telegram's own address.
        api: Option<Url>,
        /// The chat, by number or `@name`.
        chat: SmolStr,
    },
    /// A program of the user's, which reads JSON.
    Command {
        /// The program.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// It is ended after so long, seconds.
        timeout_s: u64,
    },
}

impl ChannelKind {
    /// As the configuration writes it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Bell => "bell",
            Self::Email { .. } => "email",
            Self::Sms { .. } => "sms",
            Self::Webhook { .. } => "webhook",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram { .. } => "telegram",
            Self::Command { .. } => "command",
        }
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Its name.
    pub name: SmolStr,
    /// What it is.
    pub kind: ChannelKind,
    /// The numbers of accounts may be told.
    pub accounts: bool,
    /// Where its secret is.
    pub secret: SecretSources,
    /// Certificates of an authority of one's own, beside those of the system.
    pub certificate: Option<PathBuf>,
    /// The user wrote it down; the desktop and the bell are there without that.
    pub wanted: bool,
}

impl ChannelConfig {
    pub(super) fn built_in(name: &'static str, kind: ChannelKind) -> Self {
        Self {
            name: SmolStr::new_static(name),
            kind,
            accounts: false,
            secret: SecretSources::default(),
            certificate: None,
            wanted: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Desktop,
    Bell,
    Email,
    Sms,
    Webhook,
    Slack,
    Discord,
    Telegram,
    Command,
}

const WORDS: [(&str, Word); 9] = [
    ("desktop", Word::Desktop),
    ("email", Word::Email),
    ("sms", Word::Sms),
    ("webhook", Word::Webhook),
    ("slack", Word::Slack),
    ("discord", Word::Discord),
    ("telegram", Word::Telegram),
    ("bell", Word::Bell),
    ("command", Word::Command),
];

/// Every key that only some kinds have, and which.
const KEYS: [(&str, &[Word]); 18] = [
    ("host", &[Word::Email]),
    ("port", &[Word::Email]),
    ("tls", &[Word::Email]),
    ("user", &[Word::Email]),
    ("from", &[Word::Email, Word::Sms]),
    ("to", &[Word::Email, Word::Sms]),
    ("account", &[Word::Sms]),
    ("api_url", &[Word::Sms, Word::Telegram]),
    ("url", &[Word::Webhook]),
    ("chat", &[Word::Telegram]),
    ("command", &[Word::Command]),
    ("timeout_seconds", &[Word::Command]),
    ("secret_command", &SECRET),
    ("secret_file", &SECRET),
    ("keyring", &SECRET),
    ("certificate", &[Word::Email, Word::Sms, Word::Webhook, Word::Slack, Word::Discord, Word::Telegram]),
    ("accounts", &TELLING),
    ("secret", &SECRET),
];

const SECRET: [Word; 6] = [Word::Email, Word::Sms, Word::Webhook, Word::Slack, Word::Discord, Word::Telegram];
const TELLING: [Word; 8] = [
    Word::Desktop,
    Word::Email,
    Word::Sms,
    Word::Webhook,
    Word::Slack,
    Word::Discord,
    Word::Telegram,
    Word::Command,
];

pub(super) fn read_all(all: &Section<'_>, home: Option<&Path>) -> Vec<ChannelConfig> {
    let mut to = Vec::new();
    for (name, at, value) in all.entries() {
        let good = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !good || name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            let expected = format!("write up to {NAME_CHARS_MAX} letters, digits, `-`, `_` and `.`");
            all.reading().fail(at, format!("`{}` can't name a channel: {expected}", safe(name)));
            continue;
        }
        to.extend(one(name.into(), &all.entry(name, value), home));
    }
    to
}

fn one(name: SmolStr, s: &Section<'_>, home: Option<&Path>) -> Option<ChannelConfig> {
    let mut word = None;
    s.text("kind", &mut word, |t| crate::config::read::word(t, &WORDS).map(Some));
    let mut accounts = false;
    s.flag("accounts", &mut accounts);
    let mut certificate = None;
    s.text("certificate", &mut certificate, |t| path(t, home).map(Some));
    let secret = SecretSources::read(s, home);
    let keys = Keys::read(s);
    s.finish();
    let Some(word) = word else {
        if !s.has("kind") {
            fail(s, "does not say what it is: write `kind = \"email\"`, or another kind");
        }
        return None;
    };
    for (key, _) in KEYS.iter().filter(|(key, kinds)| s.has(key) && !kinds.contains(&word)) {
        fail(s, &format!("has `{key}`, which a channel of its kind does not take: remove it"));
    }
    let kind = keys.into_kind(word, s)?;
    Some(ChannelConfig { name, kind, accounts, secret, certificate, wanted: true })
}

fn fail(s: &Section<'_>, problem: &str) {
    s.reading().fail(s.start(), format!("[{}] {problem}", s.name()));
}

/// The keys of all kinds.
#[derive(Debug, Default)]
struct Keys {
    host: Option<String>,
    port: u64,
    tls: Option<MailTls>,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
    account: Option<SmolStr>,
    api: Option<Url>,
    url: Option<Url>,
    chat: Option<SmolStr>,
    command: Vec<String>,
    timeout_s: u64,
}

impl Keys {
    fn read(s: &Section<'_>) -> Self {
        let mut k = Self { timeout_s: 10, ..Self::default() };
        s.text("host", &mut k.host, |t| host(t).map(Some));
        s.whole("port", 1..=65_535, &mut k.port);
        let words =
            [("starttls", MailTls::Starttls), ("implicit", MailTls::Implicit), ("none", MailTls::None)];
        s.text("tls", &mut k.tls, |t| crate::config::read::word(t, &words).map(Some));
        s.text("user", &mut k.user, |t| value(t).map(Some));
        s.text("from", &mut k.from, |t| value(t).map(Some));
        s.list("to", &mut k.to, value);
        s.text("account", &mut k.account, |t| match t.strip_prefix("AC") {
            Some(rest) if rest.bytes().all(|b| b.is_ascii_alphanumeric()) && t.len() <= 64 => {
                Ok(Some(t.into()))
            }
            Some(_) | None => Err("write the account's SID, which begins with AC".to_owned()),
        });
        s.text("api_url", &mut k.api, |t| address(t).map(Some));
        s.text("url", &mut k.url, |t| address(t).map(Some));
        s.text("chat", &mut k.chat, |t| {
            let digits = t.strip_prefix('-').unwrap_or(t);
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let is_name =
                t.strip_prefix('@').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_graphic()));
            let good = (is_number || is_name) && t.len() <= 64;
            good.then(|| Some(t.into()))
                .ok_or_else(|| "write a chat's number, or a channel's @name".to_owned())
        });
        s.list("command", &mut k.command, |t| Ok(t.to_owned()));
        s.whole("timeout_seconds", 1..=COMMAND_S_MAX, &mut k.timeout_s);
        k
    }

    fn into_kind(self, word: Word, s: &Section<'_>) -> Option<ChannelKind> {
        match word {
            Word::Desktop => Some(ChannelKind::Desktop),
            Word::Bell => Some(ChannelKind::Bell),
            Word::Slack => Some(ChannelKind::Slack),
            Word::Discord => Some(ChannelKind::Discord),
            Word::Email => self.email(s),
            Word::Sms => self.sms(s),
            Word::Webhook => match self.url {
                Some(url) => Some(ChannelKind::Webhook { url }),
                None => refuse(s, "url", "does not say where to: write `url`"),
            },
            Word::Telegram => match self.chat {
                Some(chat) => Some(ChannelKind::Telegram { api: self.api, chat }),
                None => refuse(s, "chat", "does not say whom it tells: write `chat`, the number of the chat"),
            },
            Word::Command => match self.command.split_first() {
                Some((program, arguments)) if !program.is_empty() => Some(ChannelKind::Command {
                    program: program.clone(),
                    arguments: arguments.to_vec(),
                    timeout_s: self.timeout_s,
                }),
                Some(_) | None => {
                    refuse(s, "", "has no program: write `command = [\"/path/to/program\", \"argument\"]`")
                }
            },
        }
    }

    fn email(self, s: &Section<'_>) -> Option<ChannelKind> {
        let Some(host) = self.host else { return refuse(s, "host", "names no server: write `host`") };
        let Some(from) = self.from else {
            return refuse(s, "from", "does not say whose mail it is: write `from`, an address");
        };
        if self.to.is_empty() || self.to.len() > TO_MAX {
            return refuse(s, "", &format!("needs `to`, a list of 1 to {TO_MAX} addresses"));
        }
        let wrong = self.to.iter().chain([&from]).find(|a| !a.contains('@') || a.contains(' '));
        if let Some(wrong) = wrong {
            return refuse(
                s,
                "",
                &format!("has `{}`, which is no bare address such as \"me@example.com\"", safe(wrong)),
            );
        }
        let tls = self.tls.unwrap_or(MailTls::Starttls);
        if tls == MailTls::None && !is_local(&host) {
            return refuse(s, "", "has tls = \"none\", which is for a server on this computer only");
        }
        let usual = match tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::None => 25,
        };
        let port = u16::try_from(self.port).ok().filter(|p| *p > 0).unwrap_or(usual);
        Some(ChannelKind::Email { host, port, tls, user: self.user, from, to: self.to })
    }

    fn sms(self, s: &Section<'_>) -> Option<ChannelKind> {
        let (Some(account), Some(from)) = (self.account, self.from) else {
            // An account that was refused was told of already.
            let key = if s.has("from") { "account" } else { "" };
            return refuse(s, key, "needs `account` (AC…) and `from` (a number, or MG…)");
        };
        if self.to.is_empty() || self.to.len() > TO_MAX {
            return refuse(s, "", &format!("needs `to`, a list of 1 to {TO_MAX} numbers"));
        }
        let is_number = |t: &String| {
            t.strip_prefix('+').is_some_and(|d| d.len() > 5 && d.bytes().all(|b| b.is_ascii_digit()))
        };
        if let Some(wrong) = self.to.iter().find(|t| !is_number(t)) {
            return refuse(
                s,
                "",
                &format!("has `{}`: write a number with its country, such as \"+15551230000\"", safe(wrong)),
            );
        }
        let to = self.to.iter().map(SmolStr::new).collect();
        Some(ChannelKind::Sms { api: self.api, account, from: from.into(), to })
    }
}

/// Says what is wrong, unless the value of the key was refused already.
fn refuse(s: &Section<'_>, key: &str, problem: &str) -> Option<ChannelKind> {
    let was_refused = !key.is_empty() && KEYS.iter().any(|(name, _)| *name == key && s.has(name));
    if !was_refused {
        fail(s, problem);
    }
    None
}

fn value(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && text.chars().count() <= VALUE_CHARS_MAX && !text.chars().any(is_unsafe);
    if good { Ok(text.to_owned()) } else { Err("write it in one line".to_owned()) }
}

fn host(text: &str) -> Result<String, String> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let good = !text.is_empty() && text.len() <= VALUE_CHARS_MAX;
    let is_host = text.bytes().all(is_name) || text.parse::<IpAddr>().is_ok();
    if good && is_host {
        Ok(text.to_owned())
    } else {
        Err("write a server's name such as \"smtp.example.com\"".to_owned())
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn address(text: &str) -> Result<Url, String> {
    let good = |u: &Url| {
        let is_safe = (u.scheme() == "https" && u.has_host()) || is_here(u);
        is_safe && u.username().is_empty() && u.password().is_none() && u.fragment().is_none()
    };
    Url::parse(text).ok().filter(good).ok_or_else(|| {
        "write an address that begins with https://, without a password; http only reaches this computer"
            .to_owned()
    })
}
