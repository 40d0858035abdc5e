//! What a scope covers at a venue: the one planner, for the plan on the screen and for the exit itself.

use super::{Engine, Kept};
use crate::{
    book::{OrderRow, PositionRow},
    domain::{
        draft::Share,
        ids::{AccountId, InstrumentId, OrderId, Symbol, VenueId},
        money::{Qty, SignedQty},
        report::Environment,
        scope::{ExitPlan, Pick, Protection, Scope, Then},
        text::Text,
    },
};

/// A position, or the part of one that is in scope.
pub(super) type Part = (InstrumentId, SignedQty);

impl Engine {
    /// Which venues a scope covers. Live and paper are never in one scope: where both are configured and neither
    /// venue nor account is named, it is the ones of the first venue's kind.
    pub(in crate::engine) fn venues_in(&self, scope: &Scope) -> Result<Vec<VenueId>, Text> {
        let mut venues = match &scope.venue {
            Some(venue) => vec![self.venue_for(venue)?],
            None => self.names.clone(),
        };
        if let Some(number) = &scope.account {
            venues.retain(|v| self.account_of(v).as_ref() == Some(number));
            if venues.is_empty() {
                return Err(self.no_such_account(number));
            }
        }
        let kind = |v: &VenueId| self.venues.get(v).map(|s| s.setup.environment);
        let first: Option<Environment> = venues.first().and_then(kind);
        venues.retain(|v| kind(v) == first);
        Ok(venues)
    }

    /// The account's number, as the venue proved it or last reported it.
    pub(super) fn account_of(&self, venue: &VenueId) -> Option<AccountId> {
        let proof = self.venues.get(venue).and_then(super::super::venue::VenueState::account);
        proof.or_else(|| self.book.account(venue).map(|a| a.report.account.clone()))
    }

    fn no_such_account(&self, number: &AccountId) -> Text {
        let known = self.names.iter().map(|v| match self.account_of(v) {
            Some(account) => format!("{account} at {v}"),
            None => format!("{v}, which has not said yet whose account it is"),
        });
        let known: Vec<String> = known.collect();
        Text::clean(&format!("no account has the number {number}; there are: {}", known.join(", ")))
    }

    /// What a scope means at one venue now, and the sentences about what it can't tell.
    pub(super) fn plan_exit(&self, venue: &VenueId, scope: &Scope) -> (ExitPlan, Vec<Text>) {
        let symbol = scope.symbol.as_ref().map(|s| self.held_as(s, venue));
        let scope = Scope { symbol, venue: Some(venue.clone()), ..scope.clone() };
        let mut plan = ExitPlan {
            instance: self.instance.clone(),
            venue: venue.clone(),
            scope,
            picked: None,
            then: Then::Nothing,
        };
        let mut unclear = Vec::new();
        if plan.scope.pick != Pick::All {
            let parts = self.parts_in(&plan);
            let picked = parts.into_iter().filter(|part| self.is_picked(plan.scope.pick, part, &mut unclear));
            plan.picked = Some(picked.map(|(i, _)| i).collect());
        } else if plan.scope.algorithm.is_some() {
            let mut picked: Vec<InstrumentId> = self.parts_in(&plan).into_iter().map(|(i, _)| i).collect();
            for order in self.orders_in(&plan) {
                let instrument = self.book.order(&order).map(|o| o.spec.instrument.clone());
                picked.extend(instrument.filter(|i| !picked.contains(i)));
            }
            plan.picked = Some(picked);
        }
        plan.then = self.protection_after(&plan);
        (plan, unclear)
    }

    /// The symbol as the venue spells it: `BTCUSD` is `BTC/USD`, also before the venue has listed what it trades.
    fn held_as(&self, symbol: &Symbol, venue: &VenueId) -> Symbol {
        let id = self.instrument_for(symbol, venue);
        if self.book.position(&id).is_some() {
            return id.symbol;
        }
        let plain = |s: &Symbol| s.as_str().replace('/', "");
        let held = self.book.positions().map(|p| &p.instrument);
        let ordered = self.book.open_orders().map(|o| &o.spec.instrument);
        let mut known = held.chain(ordered).filter(|i| i.venue == *venue);
        known.find(|i| plain(&i.symbol) == plain(&id.symbol)).map_or(id.symbol.clone(), |i| i.symbol.clone())
    }

    fn is_picked(&self, pick: Pick, (instrument, qty): &Part, unclear: &mut Vec<Text>) -> bool {
        if matches!(pick, Pick::All | Pick::Longs | Pick::Shorts) {
            return match pick {
                Pick::Longs => qty.is_positive(),
                Pick::Shorts => qty.is_negative(),
                Pick::All | Pick::Winners | Pick::Losers => true,
            };
        }
        let held = self.marks.get(instrument).and_then(|m| m.holding());
        let Some(profit) = held.and_then(|h| h.unrealized) else {
            let text = format!("{}: its profit is not known, so it is not picked", instrument.symbol);
            unclear.push(Text::clean(&text));
            return false;
        };
        if pick == Pick::Winners { profit.is_positive() } else { profit.is_negative() }
    }

    /// What stood before is put back on what is kept: on a share, and on one symbol that could not be closed whole.
    fn protection_after(&self, plan: &ExitPlan) -> Then {
        let partly = plan.scope.share != Share::All;
        if !partly && plan.scope.symbol.is_none() {
            return Then::Nothing;
        }
        let parts = self.parts_in(plan);
        let each: Vec<Protection> = parts.iter().filter_map(|(i, _)| self.protection_on(i)).collect();
        match each.as_slice() {
            [] => Then::Nothing,
            [one] if plan.scope.symbol.is_some() => Then::Protect { stop: one.stop, target: one.target },
            _ => Then::ProtectEach(each),
        }
    }

    fn is_in(&self, plan: &ExitPlan, order: &OrderRow) -> bool {
        plan.holds(&order.spec.instrument)
            && plan.scope.algorithm.as_ref().is_none_or(|name| self.book.is_of_algorithm(order, name))
    }

    /// Open orders in scope. The closes of another exit that goes on are its own to watch.
    pub(super) fn orders_in(&self, plan: &ExitPlan) -> Vec<OrderId> {
        let others: Vec<&super::VenueExit> = self
            .exits
            .iter()
            .filter(|e| !e.is_over() && e.plan != *plan && e.plan.venue == plan.venue)
            .collect();
        let is_others = |o: &OrderRow| others.iter().any(|e| e.closes.contains(&o.id.client));
        let open = self.book.open_orders().filter(|o| self.is_in(plan, o) && !is_others(o));
        open.map(|o| o.id.clone()).collect()
    }

    /// What is held in scope. Of an algorithm, the net of its own fills: never more than is held, and never the
    /// other side.
    pub(super) fn parts_in(&self, plan: &ExitPlan) -> Vec<Part> {
        let nets = plan.scope.algorithm.as_ref().map(|name| self.book.held_by(&plan.venue, name));
        let held = self.book.positions().filter(|p| plan.holds(&p.instrument) && !p.qty.is_zero());
        held.map(|p| {
            let net = nets.as_ref().map(|n| n.get(&p.instrument).copied().unwrap_or_default());
            (p.instrument.clone(), part_of(p, net))
        })
        .filter(|(_, qty)| !qty.is_zero())
        .collect()
    }

    /// What of it is to be closed, with the position's sign.
    pub(super) fn to_close(&self, plan: &ExitPlan, keep: Option<&Kept>) -> Vec<Part> {
        let stays = |i: &InstrumentId| keep.and_then(|k| k.get(i)).copied().unwrap_or_default();
        let parts = self.parts_in(plan).into_iter();
        parts
            .filter_map(|(i, qty)| {
                let excess = qty.size().saturating_sub(stays(&i));
                let side = qty.exit_side()?.opposite();
                excess.is_positive().then(|| (i, excess.signed(side)))
            })
            .collect()
    }

    /// How much of each position stays, counted now.
    pub(super) fn kept_of(&self, plan: &ExitPlan) -> Kept {
        let kept = self.parts_in(plan).into_iter().map(|(i, qty)| {
            let size = qty.size();
            let close = match plan.scope.share {
                Share::All => size,
                Share::Qty(q) => q.min(size),
                Share::Percent(p) => p
                    .factor()
                    .and_then(|f| size.get().checked_mul(f))
                    .and_then(Qty::new)
                    .map_or(size, |q| q.min(size)),
            };
            (i, size.saturating_sub(close))
        });
        kept.collect()
    }
}

fn part_of(position: &PositionRow, net: Option<SignedQty>) -> SignedQty {
    let Some(net) = net else { return position.qty };
    match position.qty.exit_side() {
        Some(exit) if net.exit_side() == Some(exit) => {
            net.size().min(position.qty.size()).signed(exit.opposite())
        }
        Some(_) | None => SignedQty::ZERO,
    }
}
