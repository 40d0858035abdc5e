//! `[notify]`: who is told what outside the screen, by which channel, and how often.

mod channel;
mod rule;
mod secret;

pub use channel::{ChannelConfig, ChannelKind, MailTls};
pub use rule::{RuleConfig, Window};
pub use secret::{SecretError, SecretSources};

use super::{AlgorithmConfig, read::Section, venue::VenueConfig};
use crate::domain::alert::{AlertCode, Severity};
use smol_str::SmolStr;
use std::path::Path;

/// The shortest time between two messages of one kind where nobody says another, seconds.
pub const INTERVAL_S: u64 = 300;
/// A day.
const INTERVAL_S_MAX: u64 = 86_400;
/// More channels than anybody has.
const CHANNELS_MAX: usize = 32;
/// More rules than anybody reads.
const RULES_MAX: usize = 100;

/// The names that the channels have which are there without being written down.
const BUILT_IN: [(&str, ChannelKind); 2] = [("desktop", ChannelKind::Desktop), ("bell", ChannelKind::Bell)];

/// Who is told what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// The shortest time between two messages of one kind, where a rule says no other, seconds.
    pub interval_s: u64,
    /// The channels by name; the desktop and the bell are always among them.
    pub channels: Vec<ChannelConfig>,
    /// What goes where; one that matches is enough.
    pub rules: Vec<RuleConfig>,
    /// The channels that are told how each day went.
    pub summary: Vec<SmolStr>,
}

impl Default for Notify {
    fn default() -> Self {
        let channels = BUILT_IN.map(|(name, kind)| ChannelConfig::built_in(name, kind)).to_vec();
        let rules = vec![usual(&channels)];
        Self { interval_s: INTERVAL_S, channels, rules, summary: Vec::new() }
    }
}

impl Notify {
    /// The channel of this name.
    pub fn channel(&self, name: &str) -> Option<&ChannelConfig> {
        self.channels.iter().find(|c| c.name == name)
    }
}

/// What is told where nobody wrote a rule: whatever is critical or worse, by every channel.
fn usual(channels: &[ChannelConfig]) -> RuleConfig {
    RuleConfig {
        channels: channels.iter().map(|c| c.name.clone()).collect(),
        ..RuleConfig::of(Severity::Critical)
    }
}

/// What a rule may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) venues: &'a [VenueConfig],
    pub(super) algorithms: &'a [AlgorithmConfig],
}

pub(super) fn read(s: &Section<'_>, known: &Known<'_>, home: Option<&Path>, to: &mut Notify) {
    s.whole("interval_seconds", 1..=INTERVAL_S_MAX, &mut to.interval_s);
    let mut channels = channel::read_all(&s.section("channels"), home);
    let reading = s.reading();
    if channels.len() > CHANNELS_MAX {
        reading.fail(s.start(), format!("[{}] has more than {CHANNELS_MAX} channels", s.name()));
        channels.truncate(CHANNELS_MAX);
    }
    for (name, kind) in BUILT_IN {
        if !channels.iter().any(|c| c.name == name) {
            channels.push(ChannelConfig::built_in(name, kind));
        }
    }
    s.list("summary", &mut to.summary, |t| {
        rule::channel(t, &channels).and_then(|name| carries(&name, &channels))
    });
    let tables = s.tables("rules");
    if tables.len() > RULES_MAX {
        reading.fail(s.start(), format!("[{}] has more than {RULES_MAX} rules", s.name()));
    }
    let rules: Vec<RuleConfig> =
        tables.iter().take(RULES_MAX).map(|t| rule::read(t, &channels, known)).collect();
    to.rules = if rules.is_empty() { vec![usual(&channels)] } else { rules };
    to.channels = channels;
    s.finish();
}

/// A summary has words, which a bell has not.
fn carries(name: &SmolStr, channels: &[ChannelConfig]) -> Result<SmolStr, String> {
    match channels.iter().find(|c| c.name == *name).map(|c| &c.kind) {
        Some(ChannelKind::Bell) => Err("a bell can't tell a summary; name another channel".to_owned()),
        Some(_) | None => Ok(name.clone()),
    }
}

impl RuleConfig {
    /// Everything that is at least so bad, by no channel yet.
    pub fn of(severity: Severity) -> Self {
        Self {
            channels: Vec::new(),
            severity,
            codes: Vec::new(),
            venues: Vec::new(),
            symbols: Vec::new(),
            algorithms: Vec::new(),
            window: None,
            interval_s: None,
        }
    }
}

/// The words of the codes, for what is wrong with one.
fn code(text: &str) -> Result<AlertCode, String> {
    let found = AlertCode::ALL.into_iter().find(|code| code.word() == text);
    found.ok_or_else(|| {
        let words: Vec<&str> = AlertCode::ALL.into_iter().map(AlertCode::word).collect();
        match crate::grammar::nearest(text, words.iter().copied()) {
            Some(near) => format!("there is no such kind of alert; did you mean \"{near}\"?"),
            None => format!("the kinds of alerts are {}", words.join(", ")),
        }
    })
}

#[cfg(test)]
mod tests;
