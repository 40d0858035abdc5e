//! What a person is told. The same sentence is said once in ten seconds and counted; a kind that floods is cut short
//! and counted; what is critical is never cut short, and an emergency is never even counted together.

use super::{Engine, effect::Effect};
use crate::{
    book::AlertSeed,
    domain::{
        alert::{AlertCode, Severity},
        algorithm::Owner,
        fact::Fact,
        ids::{OrderId, Symbol, VenueId},
        notice::{Notice, What},
        text::Text,
        time::Mono,
    },
};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// How long the same sentence is not said again, and for how long a kind is counted.
const WINDOW_MS: u64 = 10_000;
/// So many of one kind and venue are said in that time.
const KIND_MAX: u32 = 20;
/// So many different sentences are remembered.
const SENTENCES_MAX: usize = 4_096;

type Kind = (AlertCode, Option<VenueId>);

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Mono,
    said: u32,
    held: u32,
    worst: Severity,
}

/// What was said a moment ago.
#[derive(Debug, Default)]
pub(super) struct Said {
    sentences: BTreeMap<(AlertCode, Option<VenueId>, Text), Count>,
    kinds: BTreeMap<Kind, Count>,
}

impl Said {
    /// May it be said now? What may not is counted.
    fn allows(&mut self, seed: &AlertSeed, now: Mono) -> bool {
        if seed.severity == Severity::Emergency {
            return true;
        }
        let new = Count { since: now, said: 0, held: 0, worst: seed.severity };
        let key = (seed.code, seed.venue.clone(), seed.text.clone());
        if let Some(same) = self.sentences.get_mut(&key).filter(|c| now.since_ms(c.since) < WINDOW_MS) {
            same.held = same.held.saturating_add(1);
            return false;
        }
        let kind = self.kinds.entry((seed.code, seed.venue.clone())).or_insert(new);
        if kind.said >= KIND_MAX && seed.severity < Severity::Critical {
            kind.held = kind.held.saturating_add(1);
            kind.worst = kind.worst.max(seed.severity);
            return false;
        }
        kind.said = kind.said.saturating_add(1);
        if self.sentences.len() < SENTENCES_MAX {
            self.sentences.insert(key, new);
        }
        true
    }

    /// What was held back in windows that are over, as one sentence each.
    fn settle(&mut self, now: Mono) -> Vec<AlertSeed> {
        let mut seeds = Vec::new();
        let is_over = |count: &Count| now.since_ms(count.since) >= WINDOW_MS;
        self.sentences.retain(|(code, venue, text), count| {
            if is_over(count) && count.held > 0 {
                let text = Text::clean(&format!("{} more times in 10 s: {text}", count.held));
                seeds.push(seed(count.worst, *code, venue.clone(), text));
            }
            !is_over(count)
        });
        self.kinds.retain(|(code, venue), count| {
            if is_over(count) && count.held > 0 {
                let text = format!("{} more messages of this kind in 10 s were not said", count.held);
                seeds.push(seed(count.worst, *code, venue.clone(), Text::clean(&text)));
            }
            !is_over(count)
        });
        seeds
    }
}

const fn seed(severity: Severity, code: AlertCode, venue: Option<VenueId>, text: Text) -> AlertSeed {
    AlertSeed { severity, code, venue, symbol: None, order: None, algorithm: None, text }
}

impl Engine {
    /// Raises an alert, unless it would only make a flood.
    pub(super) fn alert(&mut self, seed: AlertSeed) {
        if self.said.allows(&seed, self.now.mono) {
            self.raise(seed);
        }
    }

    fn raise(&mut self, seed: AlertSeed) {
        let id = self.book.next_alert_id();
        let mut alert = seed.into_alert(id, self.now.wall);
        if alert.algorithm.is_none()
            && let Some(Owner::Algorithm(name)) = alert.order.as_ref().map(|o| self.book.owner_of_named(o))
        {
            alert.algorithm = Some(name);
        }
        self.fact(Fact::Alerted(Box::new(alert.clone())));
        self.notify(What::Alert(alert), None);
    }

    /// Raises what is not said to go through the channel that it is about.
    pub(super) fn alert_past(&mut self, channel: &SmolStr, severity: Severity, text: &str) {
        let (code, text) = (AlertCode::Delivery, Text::clean(text));
        let alert = seed(severity, code, None, text).into_alert(self.book.next_alert_id(), self.now.wall);
        self.fact(Fact::Alerted(Box::new(alert.clone())));
        self.notify(What::Alert(alert), Some(channel.clone()));
    }

    /// Tells a person outside the screen, with what must not be told by the way.
    pub(super) fn notify(&mut self, what: What, past: Option<SmolStr>) {
        let account = |venue: &VenueId| self.book.account(venue).map(|a| a.report.account.clone());
        let own = match &what {
            What::Alert(alert) => alert.venue.as_ref().and_then(account),
            What::Summary(summary) => account(&summary.venue),
        };
        let accounts = self.names.iter().filter_map(account).collect();
        self.effect(Effect::Notify(Box::new(Notice { what, account: own, accounts, past })));
    }

    /// Says what was held back.
    pub(super) fn settle_alerts(&mut self) {
        for seed in self.said.settle(self.now.mono) {
            self.raise(seed);
        }
    }

    pub(super) fn alert_at(
        &mut self,
        severity: Severity,
        code: AlertCode,
        venue: &VenueId,
        symbol: Option<Symbol>,
        text: Text,
    ) {
        let venue = Some(venue.clone());
        self.alert(AlertSeed { severity, code, venue, symbol, order: None, algorithm: None, text });
    }

    pub(super) fn alert_order(&mut self, severity: Severity, code: AlertCode, order: &OrderId, text: Text) {
        let symbol = self.book.order(order).map(|o| o.spec.instrument.symbol.clone());
        let venue = Some(order.venue.clone());
        let order = Some(order.clone());
        self.alert(AlertSeed { severity, code, venue, symbol, order, algorithm: None, text });
    }

    pub(super) fn alert_program(&mut self, severity: Severity, code: AlertCode, text: Text) {
        self.alert(seed(severity, code, None, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(severity: Severity, text: &str) -> AlertSeed {
        seed(severity, AlertCode::Quarantined, None, Text::clean(text))
    }

    /// F12: the same a thousand times a second.
    #[test]
    fn the_same_sentence_is_said_once_and_counted() {
        let mut said = Said::default();
        let told = (0..10_000)
            .filter(|ms| said.allows(&of(Severity::Critical, "x"), Mono::from_millis(*ms)))
            .count();
        assert_eq!(told, 1);
        assert_eq!(said.settle(Mono::from_millis(9_999)), []);
        let rest = said.settle(Mono::from_millis(10_000));
        assert_eq!(
            rest.iter().map(|s| s.text.to_string()).collect::<Vec<_>>(),
            ["9999 more times in 10 s: x"]
        );
        assert_eq!(rest[0].severity, Severity::Critical);
        assert!(said.allows(&of(Severity::Critical, "x"), Mono::from_millis(10_000)));
    }

    /// F12: a thousand different ones a second, of one kind.
    #[test]
    fn a_kind_that_floods_is_cut_short_but_what_is_critical_is_said() {
        let mut said = Said::default();
        let now = Mono::from_millis(5);
        let told = (0..1_000).filter(|n| said.allows(&of(Severity::Warning, &n.to_string()), now)).count();
        assert_eq!(told, 20);
        let critical =
            (0..1_000).filter(|n| said.allows(&of(Severity::Critical, &format!("c{n}")), now)).count();
        assert_eq!(critical, 1_000);
        let emergency = (0..1_000).filter(|_| said.allows(&of(Severity::Emergency, "e"), now)).count();
        assert_eq!(emergency, 1_000);
        let rest = said.settle(now.plus_ms(10_000));
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].text.as_str(), "980 more messages of this kind in 10 s were not said");
    }
}
