//! When the cloud is asked for what: one request at a time, each kind in its own time, and quiet where it wants quiet.
//! Pure; the time and the dice are handed in.

use super::{
    seen::{Kind, Took},
    settings::Timing,
    trouble::Trouble,
};
use crate::{domain::time::Mono, transport::backoff::Backoff};
use std::{collections::BTreeMap, time::Duration};

/// The plan of what is asked next.
#[derive(Debug)]
pub struct Poll {
    timing: Timing,
    due: BTreeMap<Kind, Mono>,
    asked: BTreeMap<Kind, Mono>,
    /// Nothing is asked before.
    quiet: Mono,
    backoff: Backoff,
    is_up: bool,
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).ok().unwrap_or(u64::MAX)
}

impl Poll {
    /// Everything is due.
    pub fn new(timing: Timing, now: Mono) -> Self {
        let due = Kind::ALL.into_iter().map(|kind| (kind, now)).collect();
        let backoff = Backoff::new(timing.backoff);
        Self { timing, due, asked: BTreeMap::new(), quiet: now, backoff, is_up: false }
    }

    /// What is asked next, and when. Before the deployment is known only that is asked for.
    pub fn next(&self, is_known: bool) -> (Kind, Mono) {
        let of = |kind: Kind| (kind, self.due.get(&kind).copied().unwrap_or_default());
        let kinds = Kind::ALL.into_iter().filter(|kind| is_known || *kind == Kind::Status);
        let (kind, due) = kinds.map(of).min_by_key(|(_, due)| *due).unwrap_or_else(|| of(Kind::Status));
        (kind, due.max(self.quiet))
    }

    /// It is asked now.
    pub fn asks(&mut self, kind: Kind, now: Mono) {
        self.asked.insert(kind, now);
    }

    /// A good answer came.
    pub fn took(&mut self, kind: Kind, took: Took, now: Mono) {
        self.quiet = self.quiet.max(now.plus_ms(ms(self.timing.gap)));
        if !self.is_up {
            self.is_up = true;
            self.backoff.opened(now);
        }
        let wait = match took {
            Took::Whole => self.every(kind),
            Took::More => self.timing.again,
            Took::Anew => {
                for (_, due) in self.due.iter_mut().filter(|(k, _)| **k != kind) {
                    *due = now;
                }
                self.every(kind)
            }
        };
        self.due.insert(kind, now.plus_ms(ms(wait)));
    }

    /// None came, or a bad one.
    pub fn failed(&mut self, kind: Kind, trouble: &Trouble, now: Mono, dice: u64) {
        self.quiet = self.quiet.max(now.plus_ms(ms(self.timing.gap)));
        let wait = match trouble {
            Trouble::Loading { .. } => self.timing.again,
            Trouble::Refused(_) | Trouble::Nothing | Trouble::Unreadable(_) => self.every(kind),
            Trouble::Key | Trouble::Hash | Trouble::User | Trouble::Clock { .. } => {
                self.quiet = now.plus_ms(ms(self.timing.refused));
                Duration::ZERO
            }
            Trouble::Busy { .. } | Trouble::Server(_) | Trouble::Unreachable(_) => {
                self.is_up = false;
                let back = self.backoff.failed(now, dice);
                let told = if let Trouble::Busy { retry_ms: Some(told) } = trouble {
                    (*told).min(ms(self.timing.busy_max))
                } else {
                    0
                };
                self.quiet = back.max(now.plus_ms(told));
                Duration::ZERO
            }
        };
        // Not the same kind again before its time, whatever went wrong.
        self.due.insert(kind, now.plus_ms(ms(wait.max(self.timing.again))));
    }

    /// Something was asked of the algorithm: what comes of that is looked for soon, but not sooner than each kind may
    /// be asked again.
    pub fn hurry(&mut self, now: Mono) {
        for kind in [Kind::Status, Kind::Portfolio, Kind::Orders] {
            let asked = self.asked.get(&kind).copied().unwrap_or_default();
            let soon = asked.plus_ms(ms(self.timing.again)).max(now);
            self.due.entry(kind).and_modify(|due| *due = (*due).min(soon));
        }
    }

    const fn every(&self, kind: Kind) -> Duration {
        match kind {
            Kind::Status => self.timing.status,
            Kind::Portfolio => self.timing.portfolio,
            Kind::Orders => self.timing.orders,
            Kind::Log => self.timing.log,
            Kind::Chart => self.timing.chart,
            Kind::List => self.timing.list,
            Kind::Insights => self.timing.insights,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs.saturating_mul(1_000))
    }

    /// An hour of answers that are all good: no kind within ten seconds of itself, nothing within a second of another.
    #[test]
    fn an_hour_is_polite() {
        let mut poll = Poll::new(Timing::default(), at(0));
        let (mut now, mut all) = (at(0), Vec::new());
        while now < at(3_600) {
            let (kind, due) = poll.next(true);
            now = now.max(due);
            poll.asks(kind, now);
            let took = if kind == Kind::Orders && all.len() % 3 == 0 { Took::More } else { Took::Whole };
            poll.took(kind, took, now);
            all.push((kind, now));
        }
        for pair in all.windows(2) {
            assert!(pair[1].1.since_ms(pair[0].1) >= 1_000);
        }
        for kind in Kind::ALL {
            let times: Vec<Mono> = all.iter().filter(|(k, _)| *k == kind).map(|(_, t)| *t).collect();
            assert!(times.len() >= 19, "{kind:?} {}", times.len());
            assert!(times.windows(2).all(|p| p[1].since_ms(p[0]) >= 10_000), "{kind:?}");
        }
        assert!(all.len() < 600, "{}", all.len());
    }

    #[test]
    fn quiet_is_kept_for_as_long_as_it_is_wanted() {
        let mut poll = Poll::new(Timing::default(), at(0));
        assert_eq!(poll.next(false), (Kind::Status, at(0)));
        poll.failed(Kind::Status, &Trouble::Busy { retry_ms: Some(120_000) }, at(0), 0);
        assert_eq!(poll.next(false), (Kind::Status, at(120)));
        assert_eq!(poll.next(true).1, at(120));
        poll.hurry(at(1));
        assert_eq!(poll.next(true).1, at(120), "an instruction does not break the quiet");
        poll.took(Kind::Status, Took::Anew, at(120));
        assert_eq!(poll.next(true), (Kind::Portfolio, at(121)));
        poll.failed(Kind::Portfolio, &Trouble::Server(StatusCode::BAD_GATEWAY), at(121), u64::MAX);
        assert!(poll.next(true).1 >= at(126));
        poll.failed(Kind::Orders, &Trouble::Hash, at(200), 0);
        assert_eq!(poll.next(true).1, at(260));
        // A wait of days is not believed.
        poll.failed(Kind::Orders, &Trouble::Busy { retry_ms: Some(u64::MAX) }, at(300), 0);
        assert_eq!(poll.next(true).1, at(3_900));
    }

    #[test]
    fn what_is_being_prepared_is_asked_for_again_soon() {
        let mut poll = Poll::new(Timing::default(), at(0));
        for kind in Kind::ALL {
            poll.asks(kind, at(0));
            poll.took(kind, Took::Whole, at(0));
        }
        poll.failed(Kind::Chart, &Trouble::Loading { progress: None }, at(1), 0);
        assert_eq!(poll.next(true), (Kind::Chart, at(11)));
        poll.took(Kind::Chart, Took::Whole, at(11));
        poll.hurry(at(12));
        assert_eq!(poll.next(true), (Kind::Status, at(12)));
    }
}
