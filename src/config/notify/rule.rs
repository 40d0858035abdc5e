//! `[[notify.rules]]`: what goes by which channel.

use super::{ChannelConfig, INTERVAL_S_MAX, Known, code};
use crate::{
    config::{read::Section, rules::minute, trading},
    domain::{
        alert::{AlertCode, Severity},
        ids::{Symbol, VenueId},
    },
    grammar::nearest,
};
use smol_str::SmolStr;

/// A part of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// From this minute of the day on, 0 to 1439.
    pub from: u16,
    /// Until this one, which is not in it; before `from` it is the next day's, and the same is the whole day.
    pub until: u16,
    /// By whose clock: an IANA name.
    pub zone: SmolStr,
}

/// What goes by which channel. An empty list is all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleConfig {
    /// By these.
    pub channels: Vec<SmolStr>,
    /// What is at least so bad. How an exit goes is told however well it goes.
    pub severity: Severity,
    /// Of these kinds.
    pub codes: Vec<AlertCode>,
    /// At these venues.
    pub venues: Vec<VenueId>,
    /// About these symbols.
    pub symbols: Vec<Symbol>,
    /// About these algorithms.
    pub algorithms: Vec<SmolStr>,
    /// At this time of the day.
    pub window: Option<Window>,
    /// The shortest time between two messages of one kind, seconds.
    pub interval_s: Option<u64>,
}

/// One of the channels that there are.
pub(super) fn channel(text: &str, channels: &[ChannelConfig]) -> Result<SmolStr, String> {
    named(text, channels.iter().map(|c| &c.name), "channel")
}

fn named<'a>(
    text: &str,
    mut all: impl Iterator<Item = &'a SmolStr> + Clone,
    what: &str,
) -> Result<SmolStr, String> {
    let names = all.clone();
    all.find(|name| *name == text).cloned().ok_or_else(|| {
        match nearest(text, names.clone().map(SmolStr::as_str)) {
            Some(near) => format!("there is no such {what}; did you mean \"{near}\"?"),
            None => {
                let list: Vec<&str> = names.map(SmolStr::as_str).collect();
                format!("there is no such {what}; there is {}", list.join(", "))
            }
        }
    })
}

pub(super) fn read(s: &Section<'_>, channels: &[ChannelConfig], known: &Known<'_>) -> RuleConfig {
    let mut to = RuleConfig::of(Severity::Critical);
    s.list("channels", &mut to.channels, |t| channel(t, channels));
    s.word("severity", &Severity::ALL.map(|severity| (severity.word(), severity)), &mut to.severity);
    s.list("codes", &mut to.codes, code);
    s.list("venues", &mut to.venues, |t| trading::venue(t, known.venues));
    s.list("symbols", &mut to.symbols, |t| {
        Symbol::new(t).map_err(|_| "write a symbol such as \"AAPL\"".to_owned())
    });
    s.list("algorithms", &mut to.algorithms, |t| {
        named(t, known.algorithms.iter().map(|a| &a.name), "algorithm")
    });
    to.window = window(s);
    let mut interval_s = 0;
    s.whole("interval_seconds", 1..=INTERVAL_S_MAX, &mut interval_s);
    to.interval_s = Some(interval_s).filter(|n| *n > 0);
    s.finish();
    if !s.has("channels") {
        let problem = format!("[[{}]] names no `channels`: write whom it tells", s.name());
        s.reading().fail(s.start(), problem);
    }
    to
}

fn window(s: &Section<'_>) -> Option<Window> {
    let (mut from, mut until) = (None, None);
    let mut zone: Option<SmolStr> = None;
    s.text("from", &mut from, |t| minute(t).map(Some));
    s.text("until", &mut until, |t| minute(t).map(Some));
    s.text("zone", &mut zone, |t| match jiff::tz::TimeZone::get(t) {
        Ok(_) => Ok(Some(t.into())),
        Err(_) => Err("write a time zone such as \"America/New_York\" or \"UTC\"".to_owned()),
    });
    if let (Some(from), Some(until), Some(zone)) = (from, until, zone) {
        return Some(Window { from, until, zone });
    }
    let keys = ["from", "until", "zone"];
    if keys.iter().any(|key| s.has(key)) && !keys.iter().all(|key| s.has(key)) {
        let problem =
            format!("[[{}]] has a part of the day without all of `from`, `until` and `zone`", s.name());
        s.reading().fail(s.start(), problem);
    }
    None
}
