//! The plan of an exit for a person, before anything is sent: made by what the exit itself goes by.

use super::{Engine, close::Obstacle, refusals::Tries};
use crate::{
    desk::{
        Reply,
        receipt::{Plan, PlanVenue},
    },
    domain::{
        draft::Command,
        ids::{InstrumentId, VenueId},
        money::{Money, SignedQty},
        scope::{ExitPlan, Scope},
        text::Text,
    },
    engine::orders::Maker,
};

impl Engine {
    /// `flatten …`.
    pub(in crate::engine) fn flatten(&mut self, scope: &Scope, maker: &Maker) -> Reply {
        let venues = match self.venues_in(scope) {
            Ok(venues) => venues,
            Err(why) => return Reply::Refused { text: why, field: Some("venue".into()), checks: Vec::new() },
        };
        self.commanded(&Command::Flatten(scope.clone()), maker);
        let (plans, unclear): (Vec<ExitPlan>, Vec<Vec<Text>>) =
            venues.iter().map(|v| self.plan_exit(v, scope)).unzip();
        let reply = self.begin_exits(plans, maker);
        self.cover_algorithms(scope, self.last_group(), maker);
        let unclear: Vec<String> = unclear.into_iter().flatten().map(|t| t.to_string()).collect();
        match reply {
            Reply::Done(text) if !unclear.is_empty() => {
                Reply::Done(Text::clean(&format!("{text}; {}", unclear.join("; "))))
            }
            other @ (Reply::Done(_)
            | Reply::Placed { .. }
            | Reply::Refused { .. }
            | Reply::Preview(_)
            | Reply::Plan(_)
            | Reply::Bars { .. }
            | Reply::Open { .. }
            | Reply::Since(_)
            | Reply::Busy) => other,
        }
    }

    /// What a flatten of this scope would do.
    pub(in crate::engine) fn plan_for(&self, scope: &Scope) -> Plan {
        let venues = match self.venues_in(scope) {
            Ok(venues) => venues,
            Err(text) => return Plan { text, ..Plan::default() },
        };
        let rows: Vec<PlanVenue> = venues.iter().map(|v| self.plan_at(v, scope)).collect();
        let orders = rows.iter().map(|r| r.cancels.len()).fold(0, usize::saturating_add);
        let positions = rows.iter().map(|r| r.closes.len()).fold(0, usize::saturating_add);
        let names: Vec<String> = rows.iter().map(|r| format!("{} ({})", r.venue, r.badge)).collect();
        let text = format!(
            "{} at {}: cancel {}, close {}",
            scope.words(),
            names.join(", "),
            crate::domain::text::counted(orders, "order", "orders"),
            crate::domain::text::counted(positions, "position", "positions"),
        );
        let held = venues.iter().map(|v| self.held_in(v, scope)).fold(0, usize::saturating_add);
        let text = match held {
            0 => text,
            n => format!(
                "{text}; {} held here: over with what they are for",
                crate::domain::text::counted(n, "order", "orders")
            ),
        };
        let unusual = rows.iter().filter_map(|r| self.unusual_close(&r.venue, &r.closes)).collect();
        Plan { text: Text::clean(&text), venues: rows, algorithms: self.plan_of_algorithms(scope), unusual }
    }

    fn plan_at(&self, venue: &VenueId, scope: &Scope) -> PlanVenue {
        let (plan, mut blocked) = self.plan_exit(venue, scope);
        let cancels = self.orders_in(&plan).into_iter().map(|id| id.client).collect();
        let keep = self.kept_of(&plan);
        let mut cost = Some(Money::ZERO);
        let mut closes = Vec::new();
        for (instrument, qty) in self.to_close(&plan, Some(&keep)) {
            let Some(side) = qty.exit_side() else { continue };
            let way = self.way_out(&instrument, side, qty.size(), &Tries::default());
            let why = match way {
                Ok(way) => way.shut.map(|why| format!("{qty} left, {why}; one limit order will be tried")),
                Err(
                    Obstacle::Dust(why)
                    | Obstacle::Stays(why)
                    | Obstacle::Later(why, _)
                    | Obstacle::Doubt(why),
                ) => Some(why.to_string()),
            };
            if let Some(why) = why {
                blocked.push(Text::clean(&format!("{}: {why}", instrument.symbol)));
                continue;
            }
            cost = cost.zip(self.crossing(&instrument, qty)).and_then(|(c, h)| c.checked_add(h));
            closes.push((instrument, qty));
        }
        if let Some(Err(why)) = self.proof_of(venue) {
            blocked.insert(0, why);
        }
        let environment = self.venues.get(venue).map_or("", |v| v.setup.environment.word());
        let account = self.account_of(venue).map_or_else(Default::default, |a| a.tail().into());
        let cost = cost.map(Money::to_cents);
        PlanVenue { venue: venue.clone(), badge: environment.into(), account, cancels, closes, blocked, cost }
    }

    /// Orders in scope that are held here: nothing of them acts while the exit does, and what has nothing left to close
    /// or to add to is over.
    fn held_in(&self, venue: &VenueId, scope: &Scope) -> usize {
        let (plan, _) = self.plan_exit(venue, scope);
        self.book.held_here().filter(|row| plan.holds(&row.order.instrument)).count()
    }

    /// Half the spread for each unit.
    fn crossing(&self, instrument: &InstrumentId, qty: SignedQty) -> Option<Money> {
        let mark = self.marks.get(instrument)?;
        let (bid, ask) = (mark.bid()?, mark.ask()?);
        let half = SignedQty::new(qty.size().get());
        self.book.position(instrument)?.payoff.profit_between(half, bid.midpoint(ask)?, ask)
    }
}
