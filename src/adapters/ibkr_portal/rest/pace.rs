//! The venue's limits and round trips. Whoever passes the limits is put into a penalty box by his address for ten
//! minutes, and those who do it again are shut out for good; so what is allowed here stays below, and in the box nothing
//! leaves at all: it would be refused, and the box be longer.

use crate::{
    broker::event::Vitals,
    domain::time::Mono,
    transport::{
        limit::{Class, Grant, Limit, Model, Plan},
        rest::Answer,
        round_trips::RoundTrips,
    },
};

/// The gateway takes ten requests a second (the vendor's documentation of pacing limitations).
const PER_SECOND: u32 = 7;
/// Of those, kept for cancels, reductions and the questions that an exit asks.
const RESERVE: u32 = 2;
/// The lists of orders, of executions and of accounts are taken once in five seconds each. It is counted from the end of
/// one to the start of the next, and from the start of the program, since another run may just have asked.
const LIST_MS: u64 = 5_250;
/// How long the penalty box holds where the answer does not say.
const BOX_MS: u64 = 600_000;

/// Requests a minute that the vendor documents.
pub const REQUESTS_PER_MIN: u32 = 600;

/// Requests that have a limit of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// None.
    Usual,
    /// `/iserver/account/orders`.
    Orders,
    /// `/iserver/account/trades`.
    Trades,
    /// `/portfolio/accounts`.
    Accounts,
}

/// What is learnt on the way.
#[derive(Debug)]
pub(super) struct Pace {
    all: Limit,
    /// From when on each list may be asked for again.
    lists: [Mono; 3],
    boxed_until: Option<Mono>,
    round_trips: RoundTrips,
    skew_ms: Option<i64>,
}

impl Pace {
    pub(super) fn new(now: Mono) -> Self {
        let all = Plan { model: Model::Window, limit: PER_SECOND, per_ms: 1_000, reserve: RESERVE };
        Self {
            all: Limit::new(all),
            lists: [now.plus_ms(LIST_MS); 3],
            boxed_until: None,
            round_trips: RoundTrips::default(),
            skew_ms: None,
        }
    }

    /// May a request go out, and when?
    pub(super) fn ask(&mut self, now: Mono, class: Class, kind: Kind) -> Grant {
        if let Some(until) = self.boxed(now) {
            return Grant::Refused { until };
        }
        // A list is waited for by whoever wants it: nobody acts on its price.
        let slot = self.list(kind).map_or(now, |next| now.max(*next));
        if let Some(next) = self.list(kind) {
            *next = slot.plus_ms(LIST_MS);
        }
        match self.all.ask(now, class, 1) {
            Grant::Go if slot <= now => Grant::Go,
            Grant::Go => Grant::At(slot),
            Grant::At(at) => Grant::At(at.max(slot)),
            no @ Grant::Refused { .. } => no,
        }
    }

    fn list(&mut self, kind: Kind) -> Option<&mut Mono> {
        let [orders, trades, accounts] = &mut self.lists;
        match kind {
            Kind::Usual => None,
            Kind::Orders => Some(orders),
            Kind::Trades => Some(trades),
            Kind::Accounts => Some(accounts),
        }
    }

    /// A list came, or did not: the next is asked for no sooner than this much later.
    pub(super) fn listed(&mut self, now: Mono, kind: Kind) {
        if let Some(next) = self.list(kind) {
            *next = (*next).max(now.plus_ms(LIST_MS));
        }
    }

    /// The end of the penalty box, while it holds.
    pub(super) fn boxed(&self, now: Mono) -> Option<Mono> {
        self.boxed_until.filter(|until| *until > now)
    }

    /// The venue said "too many".
    pub(super) fn box_in(&mut self, answer: &Answer) -> Mono {
        let until = answer.at.mono.plus_ms(answer.retry_after_ms().unwrap_or(BOX_MS));
        let until = self.boxed_until.map_or(until, |old| old.max(until));
        self.boxed_until = Some(until);
        until
    }

    pub(super) fn learn(&mut self, answer: &Answer) {
        self.round_trips.note(answer.round_trip_ns);
        self.skew_ms = answer.skew_ms().or(self.skew_ms);
    }

    pub(super) fn vitals(&self, now: Mono) -> Vitals {
        let [rtt_p50_us, rtt_p99_us] = self.round_trips.percentiles_us();
        let gauge = self.all.gauge(now);
        Vitals {
            rtt_p50_us,
            rtt_p99_us,
            limit_used: Some(gauge.used),
            limit_max: Some(gauge.limit),
            limited_until: self.boxed(now),
            waits_until: gauge.waits_until,
            skew_ms: self.skew_ms,
            switch: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Now;
    use http::{HeaderMap, StatusCode};

    fn ms(n: u64) -> Mono {
        Mono::from_millis(n)
    }
    fn too_many(at: u64, headers: HeaderMap) -> Answer {
        let at = Now { mono: ms(at), ..Now::default() };
        Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: "".into(), at, round_trip_ns: 0 }
    }

    #[test]
    fn lists_are_taken_once_in_five_seconds_and_waited_for() {
        let mut pace = Pace::new(ms(0));
        assert_eq!(
            pace.ask(ms(0), Class::Exit, Kind::Orders),
            Grant::At(ms(5_250)),
            "another run may have asked"
        );
        let mut pace = Pace::new(ms(0));
        assert_eq!(pace.ask(ms(9_000), Class::Read, Kind::Orders), Grant::Go);
        pace.listed(ms(9_700), Kind::Orders);
        assert_eq!(pace.ask(ms(9_800), Class::Exit, Kind::Orders), Grant::At(ms(14_950)));
        assert_eq!(pace.ask(ms(9_800), Class::Exit, Kind::Orders), Grant::At(ms(20_200)));
        assert_eq!(pace.ask(ms(9_800), Class::Exit, Kind::Trades), Grant::Go, "each has its own");
    }

    #[test]
    fn entries_leave_room_for_exits_and_the_tenth_in_a_second_never_leaves() {
        let mut pace = Pace::new(ms(0));
        let go = |pace: &mut Pace, class| {
            (0..20).filter(|_| pace.ask(ms(0), class, Kind::Usual) == Grant::Go).count()
        };
        assert_eq!(go(&mut pace, Class::Entry), 5);
        assert_eq!(go(&mut pace, Class::Exit), 2);
    }

    #[test]
    fn nothing_leaves_in_the_penalty_box_and_afterwards_everything_does() {
        let mut pace = Pace::new(ms(0));
        assert_eq!(pace.box_in(&too_many(1_000, HeaderMap::new())), ms(601_000));
        for class in [Class::Read, Class::Entry, Class::Exit] {
            assert_eq!(pace.ask(ms(2_000), class, Kind::Usual), Grant::Refused { until: ms(601_000) });
        }
        assert_eq!(pace.vitals(ms(2_000)).limited_until, Some(ms(601_000)));
        assert_eq!(pace.ask(ms(601_000), Class::Entry, Kind::Usual), Grant::Go);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "2".parse().unwrap());
        assert_eq!(Pace::new(ms(0)).box_in(&too_many(1_000, headers)), ms(3_000));
    }
}
