//! The life of one connection as a pure machine: connecting, up, stale, waiting to try again. It watches each
//! channel by itself, since a server that answers pings may have stopped sending what was asked for.

use super::backoff::{self, Backoff};
use crate::domain::{text::Text, time::Mono};

/// Silence that one channel may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// After this the channel is shown as stale.
    pub stale_ms: u64,
    /// After this the connection is given up.
    pub dead_ms: u64,
}

/// What may be watched on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// From the first byte until everything asked for is there.
    pub ready_ms: u64,
    /// A connection is renewed after so long, where the venue closes old ones.
    pub lifetime_ms: Option<u64>,
    /// How to wait between attempts.
    pub backoff: backoff::Plan,
}

/// Where the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Being made, or made but not yet everything there that was asked for.
    Connecting {
        /// Since when.
        since: Mono,
    },
    /// Everything is there and every channel speaks.
    Up {
        /// Since when.
        since: Mono,
    },
    /// A channel is silent for too long; what it last said is old.
    Stale {
        /// When it last spoke.
        since: Mono,
        /// Its name.
        channel: &'static str,
    },
    /// Waiting to try again.
    Backoff {
        /// Until when.
        until: Mono,
        /// What ended the last attempt.
        why: Text,
    },
}

/// What the owner of the connection has to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Begin to connect.
    Connect,
    /// Close the connection, then report [`Supervisor::closed`].
    Drop {
        /// The sentence for health and log.
        why: Text,
    },
}

#[derive(Debug, Clone, Copy)]
struct Channel {
    name: &'static str,
    silence: Silence,
    heard: Mono,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Supervisor {
    plan: Plan,
    link: Link,
    backoff: Backoff,
    channels: Vec<Channel>,
    up_since: Option<Mono>,
    reconnects: u64,
}

impl Supervisor {
    /// A connection that is due at once.
    pub fn new(plan: Plan, now: Mono) -> Self {
        Self {
            plan,
            link: Link::Backoff { until: now, why: Text::default() },
            backoff: Backoff::new(plan.backoff),
            channels: Vec::new(),
            up_since: None,
            reconnects: 0,
        }
    }

    /// Where it stands.
    pub fn link(&self) -> &Link {
        &self.link
    }
    /// Connections lost so far.
    pub fn reconnects(&self) -> u64 {
        self.reconnects
    }

    /// Expects `channel` to speak from now on. Calling it again changes the silence it may keep.
    pub fn watch(&mut self, channel: &'static str, silence: Silence, now: Mono) {
        match self.channels.iter_mut().find(|c| c.name == channel) {
            Some(known) => known.silence = silence,
            None => self.channels.push(Channel { name: channel, silence, heard: now }),
        }
    }

    /// Expects nothing of `channel` any more: nothing is subscribed, or the market is closed.
    pub fn unwatch(&mut self, channel: &'static str) {
        self.channels.retain(|c| c.name != channel);
    }

    /// `channel` spoke.
    pub fn heard(&mut self, channel: &'static str, now: Mono) {
        if let Some(known) = self.channels.iter_mut().find(|c| c.name == channel) {
            known.heard = now;
        }
        if let Link::Stale { .. } = self.link
            && self.silent(now, |s| s.stale_ms).is_none()
        {
            self.link = Link::Up { since: self.up_since.unwrap_or(now) };
        }
    }

    /// The connection stands: what it has to bring before it is ready is waited for from now on. For who opens one by
    /// requests that wait for a place in the venue's limits, and that end by deadlines of their own.
    pub fn opened(&mut self, now: Mono) {
        if let Link::Connecting { since } = &mut self.link {
            *since = now;
        }
    }

    /// Everything that was asked for is there: subscriptions acknowledged, the gap read.
    pub fn ready(&mut self, now: Mono) {
        self.backoff.opened(now);
        self.up_since = Some(now);
        self.link = Link::Up { since: now };
        for channel in &mut self.channels {
            channel.heard = now;
        }
    }

    /// The connection is gone, or could not be made.
    pub fn closed(&mut self, why: Text, now: Mono, random: u64) {
        let until = self.backoff.failed(now, random);
        self.up_since = None;
        self.reconnects = self.reconnects.saturating_add(1);
        self.link = Link::Backoff { until, why };
    }

    /// What has to be done now, if anything. Asking again without doing it gives the same answer, except that
    /// `Connect` moves the link to connecting.
    pub fn poll(&mut self, now: Mono) -> Option<Act> {
        match &self.link {
            Link::Backoff { until, .. } if *until <= now => {
                self.link = Link::Connecting { since: now };
                Some(Act::Connect)
            }
            Link::Backoff { .. } => None,
            Link::Connecting { since } => {
                let late = now.since_ms(*since) >= self.plan.ready_ms;
                late.then(|| drop_since(format!("not ready after {} ms", self.plan.ready_ms)))
            }
            Link::Up { .. } | Link::Stale { .. } => self.poll_channels(now),
        }
    }

    fn poll_channels(&mut self, now: Mono) -> Option<Act> {
        if let (Some(lifetime), Some(since)) = (self.plan.lifetime_ms, self.up_since)
            && now.since_ms(since) >= lifetime
        {
            return Some(drop_since("renewed before the venue closes it".to_owned()));
        }
        if let Some(dead) = self.silent(now, |s| s.dead_ms) {
            return Some(drop_since(format!("no {} for {} ms", dead.name, dead.silence.dead_ms)));
        }
        self.link = match self.silent(now, |s| s.stale_ms) {
            Some(stale) => Link::Stale { since: stale.heard, channel: stale.name },
            None => Link::Up { since: self.up_since.unwrap_or(now) },
        };
        None
    }

    /// When [`Supervisor::poll`] should be called next, at the latest.
    pub fn wake_at(&self) -> Mono {
        match &self.link {
            Link::Backoff { until, .. } => *until,
            Link::Connecting { since } => since.plus_ms(self.plan.ready_ms),
            Link::Up { since } => {
                let stale = self.soonest(|s| s.stale_ms);
                let end = self.plan.lifetime_ms.map(|ms| since.plus_ms(ms));
                stale.into_iter().chain(end).min().unwrap_or_else(|| since.plus_ms(u64::MAX))
            }
            Link::Stale { since, .. } => self.soonest(|s| s.dead_ms).unwrap_or(*since),
        }
    }

    fn soonest(&self, budget: impl Fn(&Silence) -> u64) -> Option<Mono> {
        self.channels.iter().map(|c| c.heard.plus_ms(budget(&c.silence))).min()
    }

    fn silent(&self, now: Mono, budget: impl Fn(&Silence) -> u64) -> Option<&Channel> {
        self.channels.iter().filter(|c| now.since_ms(c.heard) >= budget(&c.silence)).min_by_key(|c| c.heard)
    }
}

fn drop_since(why: String) -> Act {
    Act::Drop { why: Text::from(why) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use proptest::prelude::*;

    const PLAN: Plan = Plan {
        ready_ms: 10_000,
        lifetime_ms: None,
        backoff: backoff::Plan { base_ms: 500, cap_ms: 30_000, floor_ms: 100, held_ms: 60_000 },
    };
    const SILENCE: Silence = Silence { stale_ms: 5_000, dead_ms: 15_000 };

    fn ms(n: u64) -> Mono {
        Mono::from_millis(n)
    }
    fn why(act: Option<Act>) -> String {
        match act {
            Some(Act::Drop { why }) => why.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }
    fn up() -> Supervisor {
        let mut link = Supervisor::new(PLAN, ms(0));
        assert_eq!(link.poll(ms(0)), Some(Act::Connect));
        link.watch("quotes", SILENCE, ms(0));
        link.watch("pongs", SILENCE, ms(0));
        link.ready(ms(1_000));
        link
    }

    #[test]
    fn is_up_only_when_everything_is_there() {
        let mut link = Supervisor::new(PLAN, ms(0));
        assert_eq!(link.poll(ms(0)), Some(Act::Connect));
        assert_eq!(link.poll(ms(9_999)), None);
        assert_eq!(*link.link(), Link::Connecting { since: ms(0) });
        assert_eq!(why(link.poll(ms(10_000))), "not ready after 10000 ms");
    }

    #[test]
    fn the_wait_for_places_in_a_limit_is_not_the_connections() {
        let mut link = Supervisor::new(PLAN, ms(0));
        assert_eq!(link.poll(ms(0)), Some(Act::Connect));
        link.opened(ms(21_000));
        assert_eq!(link.poll(ms(30_999)), None);
        assert_eq!(why(link.poll(ms(31_000))), "not ready after 10000 ms");
        let mut link = up();
        link.opened(ms(2_000));
        assert_eq!(*link.link(), Link::Up { since: ms(1_000) }, "it was ready before");
    }

    #[test]
    fn one_silent_channel_is_not_hidden_by_another_that_speaks() {
        let mut link = up();
        for at in [3_000, 6_000, 9_000, 12_000, 15_000] {
            link.heard("pongs", ms(at));
            assert_eq!(link.poll(ms(at)), None);
        }
        assert_eq!(*link.link(), Link::Stale { since: ms(1_000), channel: "quotes" });
        link.heard("pongs", ms(16_000));
        assert_eq!(why(link.poll(ms(16_000))), "no quotes for 15000 ms");
    }

    #[test]
    fn a_channel_that_speaks_again_is_fresh_again() {
        let mut link = up();
        link.heard("pongs", ms(6_500));
        assert_eq!(link.poll(ms(6_500)), None);
        assert!(matches!(link.link(), Link::Stale { .. }));
        link.heard("quotes", ms(7_000));
        assert_eq!(*link.link(), Link::Up { since: ms(1_000) });
        link.unwatch("quotes");
        link.heard("pongs", ms(14_000));
        assert_eq!(link.poll(ms(14_000)), None);
        assert!(matches!(link.link(), Link::Up { .. }));
    }

    #[test]
    fn waits_between_attempts_and_says_why() {
        let mut link = up();
        link.closed(Text::from("reset by peer"), ms(2_000), 200);
        assert_eq!(*link.link(), Link::Backoff { until: ms(2_300), why: Text::from("reset by peer") });
        assert_eq!((link.wake_at(), link.poll(ms(2_299))), (ms(2_300), None));
        assert_eq!(link.poll(ms(2_300)), Some(Act::Connect));
        assert_eq!(link.reconnects(), 1);
    }

    #[test]
    fn is_renewed_before_the_venue_closes_it() {
        let mut link = Supervisor::new(Plan { lifetime_ms: Some(86_000), ..PLAN }, ms(0));
        link.poll(ms(0));
        link.ready(ms(0));
        assert_eq!((link.poll(ms(85_999)), link.wake_at()), (None, ms(86_000)));
        assert!(why(link.poll(ms(86_000))).contains("renewed"));
    }

    proptest! {
        /// Never up over a channel that is silent for too long, and never without a next look at it.
        #[test]
        fn is_never_live_over_old_news(steps in prop::collection::vec((0_u64..4_000, 0_u8..3), 1..200)) {
            let mut link = up();
            let (mut now, mut last) = (1_000, [1_000_u64; 2]);
            for (wait, what) in steps {
                now += wait;
                match what {
                    0 => { link.heard("quotes", ms(now)); last[0] = now; }
                    1 => { link.heard("pongs", ms(now)); last[1] = now; }
                    _ => {}
                }
                let act = link.poll(ms(now));
                let oldest = now - last[0].min(last[1]);
                prop_assert_eq!(act.is_some(), oldest >= SILENCE.dead_ms);
                if act.is_some() {
                    break;
                }
                prop_assert_eq!(matches!(link.link(), Link::Up { .. }), oldest < SILENCE.stale_ms);
                prop_assert!(link.wake_at() > ms(now));
            }
        }
    }
}
