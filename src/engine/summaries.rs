//! When a day's summary is told: once, when the session of the venue is over, whether or not the program ran through that
//! moment. That it was told is an alert, which is a fact: a restart neither repeats nor forgets it.

use super::Engine;
use crate::domain::{
    alert::{AlertCode, Severity},
    fact::Fact,
    ids::VenueId,
    money::Money,
    notice::What,
    report::AccountReport,
    summary::{Figures, Summary},
    text::{Text, counted},
    time::Stamp,
};
use std::collections::BTreeMap;

/// What was told, and what is to be.
#[derive(Debug)]
pub(super) struct Summaries {
    are_wanted: bool,
    /// When the last one of each venue was told.
    last: BTreeMap<VenueId, Stamp>,
    /// Of days that ended while nothing ran: they wait for the venue to tell the account.
    late: BTreeMap<VenueId, (Summary, Stamp)>,
}

impl Summaries {
    pub(super) const fn new(are_wanted: bool) -> Self {
        Self { are_wanted, last: BTreeMap::new(), late: BTreeMap::new() }
    }

    /// Takes in that one was told.
    pub(super) fn note(&mut self, fact: &Fact) {
        if let Fact::Alerted(alert) = fact
            && alert.code == AlertCode::Summary
            && let Some(venue) = &alert.venue
        {
            self.last.insert(venue.clone(), alert.at);
        }
    }
}

impl Engine {
    fn tells_summaries(&self) -> bool {
        self.summaries.are_wanted && self.watch.acts && !self.read_only
    }

    /// Is the summary of the day that began then owed, its session having ended at `end`?
    fn is_owed(&self, venue: &VenueId, began: Stamp, end: Stamp) -> bool {
        let was_here = self.book.session(venue).is_some_and(|s| s.day.began == began);
        was_here && self.summaries.last.get(venue).is_none_or(|told| *told < end)
    }

    fn session_end(&self, venue: &VenueId, began: Stamp) -> Stamp {
        let calendar = self.calendar_of(venue);
        let round_the_clock = self.venues.get(venue).is_some_and(|v| v.setup.always_open);
        if round_the_clock { calendar.next_day_began(began) } else { calendar.session_ends(began) }
    }

    /// What the venue tells now of the last close is of yesterday's: of an older day nothing is told any more.
    fn was_yesterday(&self, venue: &VenueId, began: Stamp) -> bool {
        let calendar = self.calendar_of(venue);
        calendar.next_day_began(began) == calendar.day_began(self.now.wall)
    }

    /// Sessions that end before their trading day does.
    pub(super) fn tell_ended_sessions(&mut self) {
        if !self.tells_summaries() {
            return;
        }
        for venue in self.names.clone() {
            let Some(began) = self.venues.get(&venue).and_then(|v| v.day) else { continue };
            let end = self.session_end(&venue, began);
            let is_over = self.now.wall >= end;
            if is_over && self.is_owed(&venue, began, end) && self.agrees(&venue) {
                let summary = self.summary_of(&venue, began, false);
                self.tell_summary(summary);
            }
        }
    }

    /// The trading day of a venue is over; the book still counts it.
    pub(super) fn day_ends(&mut self, venue: &VenueId, began: Option<Stamp>) {
        let Some(began) = began.filter(|_| self.tells_summaries()) else { return };
        let end = self.session_end(venue, began);
        if !self.is_owed(venue, began, end) || !self.was_yesterday(venue, began) {
            return;
        }
        if self.book.account(venue).is_some() {
            let summary = self.summary_of(venue, began, false);
            self.tell_summary(summary);
        } else {
            let summary = self.summary_of(venue, began, true);
            self.summaries.late.insert(venue.clone(), (summary, began));
        }
    }

    /// The account is told for the first time in a new day: of the one before, that says the equity at its close.
    pub(super) fn tell_late_summary(&mut self, venue: &VenueId, account: &AccountReport) {
        let owed = || {
            let began = self.book.session(venue)?.day.began;
            let is_owed = self.is_owed(venue, began, self.session_end(venue, began));
            let tells = self.tells_summaries() && is_owed && self.was_yesterday(venue, began);
            // A run that ended before the venue answered left it.
            tells.then(|| (self.summary_of(venue, began, true), began))
        };
        let waiting = self.summaries.late.get(venue).cloned().or_else(owed);
        self.summaries.late.remove(venue);
        let Some((mut summary, began)) = waiting else { return };
        let then = self.book.session(venue).filter(|s| s.day.began == began).map(|s| s.day.equity);
        let day_pnl = account.last_equity.zip(then).and_then(|(close, open)| close.checked_sub(open));
        summary.figures = Some(Figures {
            currency: account.currency.clone(),
            equity: account.last_equity,
            day_pnl,
            day_percent: day_pnl.zip(then).and_then(|(day, open)| day.percent_of(open)),
            fees: None,
            cash: Some(account.cash),
        });
        summary.at = self.now.wall;
        self.tell_summary(summary);
    }

    fn tell_summary(&mut self, summary: Summary) {
        let id = self.book.next_alert_id();
        let text = Text::clean(&line(&summary));
        let seed = crate::book::AlertSeed::of_venue(
            Severity::Info,
            AlertCode::Summary,
            &summary.venue,
            text.as_str(),
        );
        self.fact(Fact::Alerted(Box::new(seed.into_alert(id, self.now.wall))));
        self.notify(What::Summary(Box::new(summary)), None);
    }
}

/// The summary as one sentence, for the list of alerts.
fn line(s: &Summary) -> String {
    let positions = u64::try_from(s.positions.len()).ok().unwrap_or(u64::MAX).saturating_add(s.more);
    let held = counted(positions, "position", "positions");
    let filled = counted(s.filled, "order", "orders");
    let rest = format!("{held}, {filled} filled, {} working", s.working);
    let Some(f) = &s.figures else { return format!("{}: {} is over; {rest}", s.venue, s.day) };
    let amount =
        |of: Option<Money>| of.map_or_else(|| "not known".to_owned(), |m| format!("{m} {}", f.currency));
    format!(
        "{}: {} is over, equity {}, day P&L {}, fees {}, cash {}; {rest}",
        s.venue,
        s.day,
        amount(f.equity),
        amount(f.day_pnl),
        amount(f.fees),
        amount(f.cash)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{summary::Together, time::Now},
        engine::{
            Effect,
            rig::{Rig, quiet},
        },
    };

    fn at(rig: &mut Rig, time: &str) {
        let wall = Stamp::parse_rfc3339(time).unwrap();
        let ms = wall.since_ms(rig.now.wall).max(0).unsigned_abs();
        rig.now = Now { wall, mono: rig.now.mono.plus_ms(ms) };
        rig.tick();
        rig.report();
        rig.market("10");
    }

    fn told(rig: &Rig) -> Vec<Summary> {
        let summary = |e: &Effect| match e {
            Effect::Notify(notice) => match &notice.what {
                What::Summary(s) => Some((**s).clone()),
                What::Alert(_) => None,
            },
            Effect::Submit { .. }
            | Effect::Reduce { .. }
            | Effect::Replace { .. }
            | Effect::Cancel { .. }
            | Effect::CancelAll { .. }
            | Effect::Ask { .. }
            | Effect::Watch { .. }
            | Effect::Instruct { .. }
            | Effect::Entrust { .. }
            | Effect::Arm { .. }
            | Effect::Reply { .. }
            | Effect::Stop => None,
        };
        rig.effects.iter().filter_map(summary).collect()
    }

    /// Monday: the day begins in the morning, the session ends at four in New York.
    fn monday() -> Rig {
        let mut rig = Rig::new(&quiet());
        at(&mut rig, "2026-11-30T15:00:00Z");
        rig.effects.clear();
        rig
    }

    #[test]
    fn a_session_that_is_over_is_told_once() {
        let mut rig = monday();
        at(&mut rig, "2026-11-30T20:59:59Z");
        assert_eq!(told(&rig), []);
        at(&mut rig, "2026-11-30T21:00:00Z");
        at(&mut rig, "2026-11-30T21:00:01Z");
        at(&mut rig, "2026-12-01T02:00:00Z");
        let all = told(&rig);
        assert_eq!(all.len(), 1);
        let s = &all[0];
        assert_eq!(
            (s.day.as_str(), s.venue.as_str(), s.late, &s.together),
            ("2026-11-30", "paper", false, &Together::Alone)
        );
        let f = s.figures.as_ref().unwrap();
        assert_eq!(f.equity.unwrap().to_string(), "100000");
        assert_eq!((f.cash.unwrap().to_string().as_str(), s.positions.len()), ("90000", 1));
        let said = rig.alerts(AlertCode::Summary);
        assert_eq!(
            said,
            [
                "paper: 2026-11-30 is over, equity 100000 USD, day P&L 0 USD, fees 0 USD, cash 90000 USD; 1 position, 0 orders filled, 0 working"
            ]
        );
        at(&mut rig, "2026-12-01T21:00:01Z");
        assert_eq!(told(&rig).len(), 2, "the next day has its own");
    }

    #[test]
    fn a_restart_after_the_close_neither_repeats_nor_forgets_it() {
        let mut rig = monday();
        at(&mut rig, "2026-11-30T21:00:01Z");
        rig.restart();
        at(&mut rig, "2026-11-30T21:02:00Z");
        assert_eq!(told(&rig), [], "it was told before the restart");

        let mut rig = monday();
        rig.now.wall = Stamp::parse_rfc3339("2026-11-30T21:01:00Z").unwrap();
        rig.restart();
        assert_eq!(told(&rig).len(), 1, "nothing ran when the session ended");
        rig.restart();
        assert_eq!(told(&rig), []);
    }

    #[test]
    fn a_day_that_ended_while_nothing_ran_is_told_in_the_morning_with_the_close() {
        let mut rig = monday();
        rig.now.wall = Stamp::parse_rfc3339("2026-12-01T14:00:00Z").unwrap();
        rig.restart();
        let all = told(&rig);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].day.as_str(), all[0].late), ("2026-11-30", true));
        let f = all[0].figures.as_ref().unwrap();
        assert_eq!((f.equity.unwrap().to_string().as_str(), f.fees), ("100000", None));
        at(&mut rig, "2026-12-01T21:00:01Z");
        let days: Vec<String> = told(&rig).iter().map(|s| s.day.to_string()).collect();
        assert_eq!(days, ["2026-11-30", "2026-12-01"]);
        // A week later it is too late: what the venue tells of the last close is another day's.
        rig.now.wall = Stamp::parse_rfc3339("2026-12-11T14:00:00Z").unwrap();
        rig.restart();
        assert_eq!(told(&rig), []);
    }
}
