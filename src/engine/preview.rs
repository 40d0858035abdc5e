//! What an order line would do, worked out with the very functions that would do it.

use super::{Engine, routing::Wait};
use crate::{
    calendar::Calendar,
    desk::{Preview, Reply, receipt::Check},
    domain::{
        draft::{Command, Draft, Share, Size},
        ids::{InstrumentId, Symbol, VenueId},
        limits::Action,
        money::{Money, Percent, Qty},
        order::{OrderSpec, Side},
        scope::Scope,
        text::Text,
    },
    risk::{self, CheckResult, Outcome},
    sizing::{self, Cut, Inputs, Plan, SizingError},
};
use smol_str::SmolStr;

/// Is the buying power that is left looked at? It takes a sum over what is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    /// It is, by the size or by a person.
    Asked,
    /// It is not: it counts as none.
    NotAsked,
}

/// Why an order line can't be made into an order, and the field of the ticket that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) field: SmolStr,
    pub(super) text: Text,
}

pub(super) fn check_row(check: &CheckResult) -> Check {
    let action = match check.outcome {
        Outcome::Pass => None,
        Outcome::Warn => Some(Action::Warn),
        Outcome::Block => Some(Action::Block),
    };
    let text = check.why.as_ref().map_or_else(Text::default, |why| Text::clean(&why.to_string()));
    Check { name: SmolStr::new_static(check.name.word()), action, text }
}

impl Engine {
    /// Calls `ask` with everything that sizing looks at.
    pub(super) fn with_inputs<T>(
        &self,
        id: &InstrumentId,
        power: Power,
        ask: impl FnOnce(&Inputs<'_>) -> T,
    ) -> Result<T, Text> {
        let known = self.book.known(id);
        let Some(instrument) = known.rules else {
            return Err(Text::clean(&format!("the rules of {id} are not known yet")));
        };
        let account = self.book.account(&id.venue).map(|a| &a.report);
        let state = self.venues.get(&id.venue);
        let fees =
            state.and_then(|s| s.setup.fees.iter().find(|(c, _)| *c == instrument.class)).map(|(_, f)| f);
        // Where what is on its way can't be valued, or nobody asks, nothing counts as left.
        let committed = match power {
            Power::Asked => risk::committed(&self.book, &self.marks, &id.venue, false),
            Power::NotAsked => None,
        };
        let committed = committed.or_else(|| account.map(|a| a.buying_power)).unwrap_or_default();
        Ok(ask(&Inputs {
            instrument,
            mark: self.marks.get(id),
            account,
            committed,
            exposure: known.exposure,
            closable: known.position.map_or(Qty::ZERO, |_| self.book.closable(id)),
            avg_price: known.position.and_then(|p| p.avg_price),
            fees,
            account_size: None,
            default_tif: self.tif_in(state, instrument.class),
            today: self.hours.date(Calendar::of(instrument.class), self.now.wall),
        }))
    }

    /// Sizes and prices a draft, for a person to look at.
    fn plan_order(&mut self, draft: &Draft) -> Result<Plan, Problem> {
        self.work_out(draft, Power::Asked, sizing::plan)
    }

    /// Sizes and prices a draft, to be sent.
    pub(super) fn order_of(&mut self, draft: &Draft) -> Result<Box<sizing::Order>, Problem> {
        self.work_out(draft, Power::NotAsked, sizing::order)
    }

    fn work_out<T>(
        &mut self,
        draft: &Draft,
        power: Power,
        how: fn(&Inputs<'_>, &Draft) -> Result<T, SizingError>,
    ) -> Result<T, Problem> {
        let problem = |field: &'static str, text: Text| Problem { field: SmolStr::new_static(field), text };
        let venue = self.route(draft).map_err(|why| problem("venue", why))?.venue;
        let id = self.ruled(&draft.symbol, venue).map_err(|wait| match wait {
            Wait::Asked(text) => problem("wait", text),
            Wait::Never(text) => problem("symbol", text),
        })?;
        // A size in units is what it is; the others are worked out by what is left, or cut to it.
        let power = if matches!(draft.size, Size::Qty(_)) { power } else { Power::Asked };
        match self.with_inputs(&id, power, |inputs| how(inputs, draft)) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(why)) => {
                let waits = why.needs_word();
                let field = if waits { "wait" } else { why.field() };
                Err(Problem { field: SmolStr::new_static(field), text: Text::clean(&why.to_string()) })
            }
            Err(why) => Err(problem("wait", why)),
        }
    }

    pub(super) fn preview(&mut self, command: &Command) -> Reply {
        // As before the order itself: what was not known a moment ago may be known now.
        self.watch_for_entry();
        match command {
            Command::Order(draft) => Reply::Preview(Box::new(self.preview_order(draft))),
            Command::Flatten(scope) => match self.venues_in(scope) {
                Ok(_) => Reply::Plan(Box::new(self.plan_for(scope))),
                Err(text) => Reply::Refused { text, field: Some("venue".into()), checks: Vec::new() },
            },
            Command::Halt => Reply::Plan(Box::new(self.plan_for(&Scope::default()))),
            Command::Close { symbol, share, venue } => self.preview_close(symbol, *share, venue.as_ref()),
            Command::Reverse { symbol, venue } => self.preview_close(symbol, Share::All, venue.as_ref()),
            Command::Cancel { .. }
            | Command::Protect { .. }
            | Command::Replace { .. }
            | Command::Lock { .. }
            | Command::Unlock { .. } => Reply::Done(super::input::words_of(command)),
        }
    }

    fn preview_close(&self, symbol: &Symbol, share: Share, venue: Option<&VenueId>) -> Reply {
        match self.held_at(symbol, venue) {
            Ok(held) => {
                let venue = venue.cloned().or_else(|| held.first().map(|i| i.venue.clone()));
                let symbol = held.first().map(|i| i.symbol.clone());
                let scope = Scope { symbol, venue, share, ..Scope::default() };
                Reply::Plan(Box::new(self.plan_for(&scope)))
            }
            Err(text) => Reply::Refused { text, field: Some("symbol".into()), checks: Vec::new() },
        }
    }

    fn preview_order(&mut self, draft: &Draft) -> Preview {
        let mut plan = match self.plan_order(draft) {
            Ok(plan) => plan,
            Err(problem) => {
                let route = self.route(draft).ok();
                let instrument = route.map(|r| self.instrument_for(&draft.symbol, &r.venue));
                return Preview {
                    instrument,
                    problems: vec![(problem.field, problem.text)],
                    ..empty_preview(draft.side)
                };
            }
        };
        let held_because = self.place_show(&mut plan.spec, &mut plan.show);
        let (spec, held, beside) = self.whole_and_held(&plan);
        let verdict = self.with_context(&spec, beside, |context| risk::judge(context, &spec));
        let checks = verdict.map_or_else(Vec::new, |v| v.checks().map(|c| check_row(&c)).collect());
        let before = self.buying_power_left(&plan.spec.instrument.venue);
        let mut unusual = if plan.spec.reduce_only { Vec::new() } else { self.unusual_entry(&plan) };
        unusual.extend(self.route(draft).ok().and_then(|r| r.instead));
        let mut problems = Vec::new();
        if let Err(why) = Self::refuse_rest(&plan.spec, held_because.as_ref()) {
            problems.push((SmolStr::new_static("show"), why));
        } else if let Err(why) = self.refuse_unwatched(&held) {
            problems.push((SmolStr::new_static("venue"), why));
        }
        let held = held.iter().map(|exit| super::held::words_of(exit, held_because.as_ref())).collect();
        let left = self.left_by_exits(&spec);
        let preview = from_plan(plan, checks, before);
        let capped_by = match (preview.capped_by, left) {
            (Some(cut), Some(left)) => Some(Text::clean(&format!("{cut}; {left}"))),
            (one, None) | (None, one) => one,
        };
        Preview { capped_by, unusual, held, problems, ..preview }
    }

    /// The order as the gate judges it, which is whole also where only a part of it is shown, and what is held here.
    fn whole_and_held(&self, plan: &Plan) -> (OrderSpec, Vec<super::held::Exit>, risk::Beside) {
        let order = sizing::Order { spec: plan.spec.clone(), parts: plan.parts.clone(), show: plan.show };
        if plan.spec.reduce_only || self.book.exit_side(&plan.spec.instrument) == Some(plan.spec.side) {
            let (_, held) = self.divide_exit(plan.spec.clone());
            if !held.is_empty() {
                return (plan.spec.clone(), held, risk::Beside::default());
            }
        }
        let division = self.divide(order);
        let beside = division.beside();
        let spec = OrderSpec { amount: plan.spec.amount, ..division.spec };
        (spec, division.held, beside)
    }

    /// Buying power as the venue said it, less what it has not counted.
    pub(super) fn buying_power_left(&self, venue: &VenueId) -> Option<Money> {
        let account = self.book.account(venue)?;
        account.report.buying_power.checked_sub(risk::committed(&self.book, &self.marks, venue, false)?)
    }
}

fn from_plan(plan: Plan, checks: Vec<Check>, buying_power: Option<Money>) -> Preview {
    let stop_percent: Option<Percent> =
        plan.stop.and_then(|stop| stop.checked_sub(plan.entry)?.per_unit().percent_of(plan.entry.per_unit()));
    let capped_by = plan.cut.map(|cut| {
        Text::clean(match cut {
            Cut::Lot => "rounded down to the lot",
            Cut::BuyingPower => "cut to the buying power",
            Cut::Largest => "cut to the largest order of the instrument",
            Cut::Closable => "cut to what can be closed",
        })
    });
    Preview {
        side: plan.spec.side,
        instrument: Some(plan.spec.instrument.clone()),
        qty: Some(plan.qty),
        entry: Some(plan.entry),
        entry_is_market: plan.spec.order_type.limit().is_none(),
        stop: plan.stop,
        stop_percent,
        target: plan.target,
        risk: plan.risk,
        reward: plan.reward,
        reward_to_risk: plan.reward_to_risk,
        cost: Some(plan.cost),
        fees: plan.fees,
        equity_percent: plan.equity_share(),
        buying_power_after: plan.buying_power_after,
        buying_power_percent: buying_power.and_then(|bp| plan.margin.percent_of(bp)),
        capped_by,
        unusual: Vec::new(),
        checks,
        held: Vec::new(),
        problems: Vec::new(),
        spec: Some(plan.spec),
    }
}

const fn empty_preview(side: Side) -> Preview {
    Preview {
        spec: None,
        side,
        instrument: None,
        qty: None,
        entry: None,
        entry_is_market: false,
        stop: None,
        stop_percent: None,
        target: None,
        risk: None,
        reward: None,
        reward_to_risk: None,
        cost: None,
        fees: None,
        equity_percent: None,
        buying_power_after: None,
        buying_power_percent: None,
        capped_by: None,
        unusual: Vec::new(),
        checks: Vec::new(),
        held: Vec::new(),
        problems: Vec::new(),
    }
}
