//! How a position came to be, fill by fill, as far back as nothing but fills moved it: a fill that its venue corrects is
//! counted as if it had been told right at once.

use super::{
    PositionRow,
    positions::{Moved, Step, average, step},
};
use crate::domain::{
    ids::ExecutionId,
    money::{Money, Price, Qty, SignedQty},
    order::Side,
    payoff::Payoff,
    time::Stamp,
};
use std::collections::VecDeque;

/// So many fills of a position are kept. An older one that is corrected is counted by what it changes.
const MOVES_MAX: usize = 512;

/// What fills move of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) qty: SignedQty,
    pub(super) cost: Option<Money>,
    pub(super) realized_today: Money,
    pub(super) realized_open: Money,
    pub(super) day_spent: Money,
    pub(super) opened_at: Option<Stamp>,
}

/// One fill, as it counts for the position: what was kept back of it as a fee in the thing itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) id: ExecutionId,
    pub(super) at: Stamp,
    pub(super) traded: SignedQty,
    pub(super) price: Price,
}

/// The fills since something else last moved the position.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    from: Option<Held>,
    moves: VecDeque<Move>,
}

/// The way to a position is no part of what it is: rows are alike that came to the same by different ways.
impl PartialEq for Trail {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Trail {}

/// What each of some fills realized.
pub(super) type Fills = Vec<(ExecutionId, Option<Money>)>;

/// What a correction changed of a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Corrected {
    /// Of what was realized today, which a trading day later is another's.
    pub(super) realized: Option<Money>,
    /// What each fill since then realized, counted anew.
    pub(super) fills: Fills,
}

/// A fill before or after its correction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    pub(super) side: Side,
    pub(super) qty: Qty,
    pub(super) price: Price,
    /// What was kept back of it as a fee.
    pub(super) kept: SignedQty,
}

impl Version {
    fn traded(self) -> Option<SignedQty> {
        self.qty.signed(self.side).checked_sub(self.kept)
    }
}

impl Held {
    /// Counts one fill; nothing where a number is beyond what can be held.
    pub(super) fn count(&mut self, payoff: Payoff, fill: &Move) -> Option<Moved> {
        let Step { qty, cost, realized, turned } =
            step(payoff, (self.qty, self.cost), fill.traded, fill.price)?;
        let was_flat = self.qty.is_zero();
        (self.qty, self.cost) = (qty, cost);
        add(&mut self.realized_today, realized);
        add(&mut self.realized_open, realized);
        add(&mut self.day_spent, payoff.weight(fill.traded, fill.price));
        let flat = qty.is_zero();
        if was_flat || turned {
            self.opened_at = Some(fill.at);
            self.realized_open = Money::ZERO;
        }
        if flat {
            self.opened_at = None;
        }
        Some(Moved { realized, opened: was_flat && !flat, flat, turned })
    }

    /// Counts what a correction changes where the past is not known fill by fill: the quantity as a fill of its own, the
    /// price where the fill that it is of is open still in the cost of that, and where it is not in what was realized.
    fn amend(&mut self, payoff: Payoff, was: Version, now: Version, fill: &Move) -> Option<()> {
        let both = was.qty.min(now.qty).signed(now.side);
        let apart = payoff.weight(both, now.price)?.checked_sub(payoff.weight(both, was.price)?)?;
        let is_open = !self.qty.is_zero() && self.qty.is_negative() == both.is_negative();
        let open = if is_open { self.qty.size().min(both.size()) } else { Qty::ZERO };
        let (open, all) = (open.get(), both.size().get());
        let held = if all.is_zero() {
            Some(Money::ZERO)
        } else {
            apart.checked_mul(open)?.checked_div(all).map(Money::new)
        };
        let held = held?;
        self.cost = match self.cost {
            Some(cost) => Some(cost.checked_add(held)?),
            None => None,
        };
        if !payoff.is_inverse() {
            let lost = payoff.cost(both, apart.checked_sub(held)?)?;
            add(&mut self.realized_today, Some(lost.negated()));
            add(&mut self.realized_open, Some(lost.negated()));
        }
        add(&mut self.day_spent, Some(apart));
        if !fill.traded.is_zero() {
            self.count(payoff, fill)?;
        }
        Some(())
    }
}

impl Trail {
    /// A fill moved the position from `before`.
    pub(super) fn note(&mut self, payoff: Payoff, before: Held, fill: Move) {
        let from = self.from.get_or_insert(before);
        self.moves.push_back(fill);
        if self.moves.len() > MOVES_MAX
            && let Some(oldest) = self.moves.pop_front()
            && from.count(payoff, &oldest).is_none()
        {
            self.forget();
        }
    }

    /// Something else moved it.
    pub(super) fn forget(&mut self) {
        self.from = None;
        self.moves.clear();
    }

    /// All its fills anew, this one with so much more of it and at this price. Where it leads, and what each realized.
    fn again(
        &self,
        payoff: Payoff,
        id: &ExecutionId,
        (more, price): (SignedQty, Price),
    ) -> Option<(Self, Held, Fills)> {
        let from = self.from?;
        let mut moves = self.moves.clone();
        let fill = moves.iter_mut().find(|m| m.id == *id)?;
        (fill.traded, fill.price) = (fill.traded.checked_add(more)?, price);
        let (mut held, mut fills) = (from, Vec::new());
        for fill in &moves {
            let moved = held.count(payoff, fill)?;
            fills.push((fill.id.clone(), moved.realized));
        }
        Some((Self { from: Some(from), moves }, held, fills))
    }
}

impl PositionRow {
    pub(super) const fn held(&self) -> Held {
        Held {
            qty: self.qty,
            cost: self.cost,
            realized_today: self.realized_today,
            realized_open: self.realized_open,
            day_spent: self.day_spent,
            opened_at: self.opened_at,
        }
    }

    pub(super) fn hold(&mut self, held: Held) {
        self.qty = held.qty;
        self.cost = held.cost;
        self.avg_price = average(self.payoff, held.qty, held.cost);
        self.realized_today = held.realized_today;
        self.realized_open = held.realized_open;
        self.day_spent = held.day_spent;
        self.opened_at = held.opened_at;
    }

    /// A fill that was counted as one thing was another.
    pub(super) fn correct(&mut self, id: &ExecutionId, at: Stamp, was: Version, now: Version) -> Corrected {
        let Some(more) = now.traded().zip(was.traded()).and_then(|(now, was)| now.checked_sub(was)) else {
            return Corrected::default();
        };
        let before = self.held();
        let fills = if let Some((trail, held, fills)) = self.trail.again(self.payoff, id, (more, now.price)) {
            self.hold(held);
            self.trail = trail;
            fills
        } else {
            let mut held = before;
            // What never was is taken back at what was counted for it.
            let price = if now.qty < was.qty { was.price } else { now.price };
            let fill = Move { id: id.clone(), at, traded: more, price };
            if held.amend(self.payoff, was, now, &fill).is_none() {
                return Corrected::default();
            }
            self.hold(held);
            self.trail.forget();
            Vec::new()
        };
        self.filled_at = Some(at);
        Corrected { realized: self.realized_today.checked_sub(before.realized_today), fills }
    }
}

fn add(sum: &mut Money, more: Option<Money>) {
    if let Some(new) = more.and_then(|m| sum.checked_add(m)) {
        *sum = new;
    }
}
