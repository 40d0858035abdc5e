//! Which alerts are told by which channel, and how often: one kind of message has a shortest interval at each channel, with
//! a count of what was held back; an emergency is never held back, nor is how an exit goes. Pure; its memory is bounded by
//! the channels and the kinds that there are.

use crate::{
    config::{ChannelKind, Notify, RuleConfig, Window},
    domain::{
        alert::{Alert, AlertCode, Severity},
        notice::{Notice, What},
        time::{Mono, Now},
    },
};
use jiff::tz::TimeZone;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Tell it by this channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The channel's place in the configuration.
    pub channel: usize,
    /// So many of its kind were held back since the last one.
    pub held_back: u32,
}

/// What was held back, when its interval is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The channel's place in the configuration.
    pub channel: usize,
    /// How many.
    pub count: u32,
    /// The worst of it, and of these the last.
    pub last: Notice,
}

#[derive(Debug, Clone)]
struct Told {
    at: Mono,
    interval_ms: u64,
    held: u32,
    last: Option<Notice>,
}

#[derive(Debug, Clone)]
struct Rule {
    config: RuleConfig,
    channels: Vec<usize>,
    zone: Option<(Window, TimeZone)>,
    interval_ms: u64,
}

/// Remembers what was told when.
#[derive(Debug, Clone)]
pub struct Policy {
    rules: Vec<Rule>,
    names: Vec<SmolStr>,
    summary: Vec<usize>,
    told: BTreeMap<(usize, AlertCode), Told>,
}

impl Policy {
    /// For all channels but the bell, which the screen rings itself.
    pub fn new(config: &Notify) -> Self {
        Self::of(config, |kind| *kind != ChannelKind::Bell)
    }

    /// For the bell alone.
    pub fn of_bell(config: &Notify) -> Self {
        Self::of(config, |kind| *kind == ChannelKind::Bell)
    }

    fn of(config: &Notify, takes: impl Fn(&ChannelKind) -> bool) -> Self {
        let names: Vec<SmolStr> = config.channels.iter().map(|c| c.name.clone()).collect();
        let places = |wanted: &[SmolStr]| -> Vec<usize> {
            let all = config.channels.iter().enumerate();
            all.filter(|(_, c)| takes(&c.kind) && wanted.contains(&c.name)).map(|(at, _)| at).collect()
        };
        let rules = config.rules.iter().map(|rule| {
            let window = rule.window.clone();
            Rule {
                channels: places(&rule.channels),
                // The configuration has seen to it that there is such a zone.
                zone: window.and_then(|w| TimeZone::get(&w.zone).ok().map(|zone| (w, zone))),
                interval_ms: rule.interval_s.unwrap_or(config.interval_s).saturating_mul(1_000),
                config: rule.clone(),
            }
        });
        Self { rules: rules.collect(), summary: places(&config.summary), names, told: BTreeMap::new() }
    }

    /// Decides on what happened.
    pub fn decide(&mut self, notice: &Notice, now: Now) -> Vec<Telling> {
        let alert = match &notice.what {
            What::Alert(alert) => alert,
            What::Summary(_) => {
                return self.summary.iter().map(|at| Telling { channel: *at, held_back: 0 }).collect();
            }
        };
        let mut wanted: BTreeMap<usize, u64> = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| rule.matches(alert, now)) {
            for channel in &rule.channels {
                let least = wanted.entry(*channel).or_insert(rule.interval_ms);
                *least = rule.interval_ms.min(*least);
            }
        }
        if let Some(past) = &notice.past {
            wanted.retain(|at, _| self.names.get(*at) != Some(past));
        }
        let told = wanted.into_iter();
        told.filter_map(|(channel, interval_ms)| self.tell(channel, interval_ms, notice, alert, now.mono))
            .collect()
    }

    fn tell(
        &mut self,
        channel: usize,
        interval_ms: u64,
        notice: &Notice,
        alert: &Alert,
        now: Mono,
    ) -> Option<Telling> {
        // How an exit goes is told however often: whoever struck it may have looked away.
        let always = alert.severity == Severity::Emergency || alert.code == AlertCode::Exit;
        let new = Told { at: now, interval_ms, held: 0, last: None };
        match self.told.get_mut(&(channel, alert.code)) {
            Some(told) if !always && now.since_ms(told.at) < told.interval_ms.min(interval_ms) => {
                told.held = told.held.saturating_add(1);
                let worse = told.last.as_ref().and_then(severity).is_none_or(|was| alert.severity >= was);
                if worse {
                    told.last = Some(notice.clone());
                }
                told.interval_ms = told.interval_ms.min(interval_ms);
                None
            }
            Some(told) => {
                let held_back = told.held;
                *told = new;
                Some(Telling { channel, held_back })
            }
            None => {
                self.told.insert((channel, alert.code), new);
                Some(Telling { channel, held_back: 0 })
            }
        }
    }

    /// What was held back and whose interval is over: it is told now, and begins another one.
    pub fn due(&mut self, now: Mono) -> Vec<Held> {
        let over = |told: &Told| now.since_ms(told.at) >= told.interval_ms;
        let due = self.told.iter_mut().filter(|(_, told)| told.held > 0 && over(told));
        due.filter_map(|((channel, _), told)| {
            let (count, last) = (std::mem::take(&mut told.held), told.last.take()?);
            told.at = now;
            Some(Held { channel: *channel, count, last })
        })
        .collect()
    }

    /// All that was held back, whether its interval is over or not: the program ends.
    pub fn rest(&mut self) -> Vec<Held> {
        let held = self.told.iter_mut().filter(|(_, told)| told.held > 0);
        held.filter_map(|((channel, _), told)| {
            let (count, last) = (std::mem::take(&mut told.held), told.last.take()?);
            Some(Held { channel: *channel, count, last })
        })
        .collect()
    }

    /// When there is something to tell by itself.
    pub fn next(&self) -> Option<Mono> {
        self.told.values().filter(|told| told.held > 0).map(|told| told.at.plus_ms(told.interval_ms)).min()
    }
}

fn severity(notice: &Notice) -> Option<Severity> {
    match &notice.what {
        What::Alert(alert) => Some(alert.severity),
        What::Summary(_) => None,
    }
}

impl Rule {
    fn matches(&self, alert: &Alert, now: Now) -> bool {
        let c = &self.config;
        let bad_enough = alert.severity >= c.severity || alert.code == AlertCode::Exit;
        bad_enough
            && (c.codes.is_empty() || c.codes.contains(&alert.code))
            && is_among(&c.venues, alert.venue.as_ref())
            && is_among(&c.symbols, alert.symbol.as_ref())
            && is_among(&c.algorithms, alert.algorithm.as_ref())
            && self.zone.as_ref().is_none_or(|(window, zone)| is_within(window, zone, now))
    }
}

fn is_among<T: PartialEq>(list: &[T], one: Option<&T>) -> bool {
    list.is_empty() || one.is_some_and(|one| list.contains(one))
}

fn is_within(window: &Window, zone: &TimeZone, now: Now) -> bool {
    let clock = now.wall.to_jiff().to_zoned(zone.clone()).time();
    let minute =
        i16::from(clock.hour()).saturating_mul(60).saturating_add(i16::from(clock.minute())).unsigned_abs();
    let (from, until) = (window.from, window.until);
    match from.cmp(&until) {
        std::cmp::Ordering::Less => (from..until).contains(&minute),
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => minute >= from || minute < until,
    }
}

#[cfg(test)]
mod tests;
