//! The positions, counted from executions and set to what the venue says where that differs.

use super::{
    rows::{OfInstrument, Seat, Seated, Seats},
    trail::{Corrected, Move, Trail, Version},
};
use crate::domain::{
    ids::{Currency, InstrumentId, VenueId},
    instrument::Instrument,
    money::{Money, Price, Qty, SignedQty},
    payoff::Payoff,
    report::{Execution, Fee},
    time::Stamp,
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// One position. Amounts are in the instrument's quote currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// What.
    pub instrument: InstrumentId,
    /// How much; below zero is short.
    pub qty: SignedQty,
    /// What the open quantity was bought for, as its payoff weighs it ([`Payoff::weight`]); below zero for a short, which
    /// was sold for it. `None` when nobody said. Realized and open cost add up to what was traded, to the last digit.
    pub cost: Option<Money>,
    /// Average entry, when open and known.
    pub avg_price: Option<Price>,
    /// What one unit pays.
    pub payoff: Payoff,
    /// Realized since the trading day began, without fees. What was closed at an unknown cost is not in it.
    pub realized_today: Money,
    /// Fees since the trading day began.
    pub fees_today: Money,
    /// Realized since the position was opened from flat, without fees.
    pub realized_open: Money,
    /// Yesterday's close.
    pub previous_close: Option<Price>,
    /// Quantity when the trading day began: what `previous_close` is the base of.
    pub day_qty: SignedQty,
    /// Bought less sold since the trading day began, weighed as `cost` is.
    pub day_spent: Money,
    /// Since it was last flat.
    pub opened_at: Option<Stamp>,
    /// When an execution last moved it.
    pub filled_at: Option<Stamp>,
    /// When the venue last said what it is.
    pub confirmed_at: Option<Stamp>,
    /// By how much the venue's word moved it without a fill that says so: a fee in the thing itself that is told later
    /// is in it already.
    pub(super) unexplained: SignedQty,
    /// The fills that made it, as far back as nothing else moved it.
    pub(super) trail: Trail,
}

impl PositionRow {
    fn take(&mut self, step: Step) {
        self.qty = step.qty;
        self.cost = step.cost;
        self.avg_price = average(self.payoff, step.qty, step.cost);
        if step.qty.is_zero() {
            self.opened_at = None;
        }
        self.trail.forget();
    }

    /// The rules came, or others did. What was weighed as a contract of the other kind is weighed anew at its average, and
    /// what was realized of it by the wrong measure is as what was closed at an unknown cost.
    pub(super) fn pays(&mut self, payoff: Payoff) {
        let was = std::mem::replace(&mut self.payoff, payoff);
        if was.is_inverse() == payoff.is_inverse() {
            return;
        }
        self.cost = match self.avg_price {
            Some(entry) => payoff.weight(self.qty, entry),
            None => self.cost.filter(|_| self.qty.is_zero()),
        };
        let traded = self.qty.checked_sub(self.day_qty);
        let of_day = traded.and_then(|t| payoff.weight(t, was.average(t, self.day_spent)?));
        self.day_spent = of_day.unwrap_or_default();
        (self.realized_today, self.realized_open) = (Money::ZERO, Money::ZERO);
        self.trail.forget();
    }

    fn flat(instrument: InstrumentId, payoff: Payoff) -> Self {
        Self {
            instrument,
            qty: SignedQty::ZERO,
            cost: Some(Money::ZERO),
            avg_price: None,
            payoff,
            realized_today: Money::ZERO,
            fees_today: Money::ZERO,
            realized_open: Money::ZERO,
            previous_close: None,
            day_qty: SignedQty::ZERO,
            day_spent: Money::ZERO,
            opened_at: None,
            filled_at: None,
            confirmed_at: None,
            unexplained: SignedQty::ZERO,
            trail: Trail::default(),
        }
    }
}

/// What a fill makes of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) qty: SignedQty,
    pub(super) cost: Option<Money>,
    /// In money; `None` when the cost of what was closed is not known, zero when nothing was.
    pub(super) realized: Option<Money>,
    pub(super) turned: bool,
}

/// One fill of `traded` at `price` on a position of `held` that cost `cost`. The closing part takes its share of
/// the cost, so that nothing is lost to rounding: what it leaves and what it takes add up. `None` on overflow.
pub(super) fn step(
    payoff: Payoff,
    (held, cost): (SignedQty, Option<Money>),
    traded: SignedQty,
    price: Price,
) -> Option<Step> {
    let (q, t) = (held.get(), traded.get());
    let qty = held.checked_add(traded)?;
    let opposes = !q.is_zero() && !t.is_zero() && q.is_sign_negative() != t.is_sign_negative();
    if payoff.is_inverse() && !price.is_positive() {
        // At no price nothing can be said of coins; the contracts count all the same.
        let cost = qty.is_zero().then_some(Money::ZERO);
        let realized = if opposes { None } else { Some(Money::ZERO) };
        return Some(Step { qty, cost, realized, turned: opposes && t.abs() > q.abs() });
    }
    if !opposes {
        let cost = match cost {
            Some(c) => Some(c.checked_add(payoff.weight(traded, price)?)?),
            None => None,
        };
        return Some(Step { qty, cost, realized: Some(Money::ZERO), turned: false });
    }
    let all = t.abs() >= q.abs();
    let closed = if all { held.negated() } else { traded };
    let closed_cost = match cost {
        Some(c) if all => Some(c),
        Some(c) => {
            // Few enough digits that the two parts add up exactly.
            let part = c.get().checked_mul(t.abs())?.checked_div(q.abs())?;
            Some(Money::new(part.round_dp(if payoff.is_inverse() { 18 } else { 12 })))
        }
        None => None,
    };
    let realized = match closed_cost {
        Some(c) => Some(payoff.profit(closed.negated(), c, Some(price))?),
        None => None,
    };
    let cost = if all {
        Some(payoff.weight(qty, price)?)
    } else {
        match (cost, closed_cost) {
            (Some(c), Some(closed)) => Some(c.checked_sub(closed)?),
            (Some(_) | None, _) => None,
        }
    };
    Some(Step { qty, cost, realized, turned: all && !qty.is_zero() })
}

/// What an execution did to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Moved {
    pub(super) realized: Option<Money>,
    /// It was flat before.
    pub(super) opened: bool,
    pub(super) flat: bool,
    pub(super) turned: bool,
}

/// What a venue says of one position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) qty: SignedQty,
    pub(super) avg_price: Option<Price>,
    pub(super) previous_close: Option<Price>,
}

/// A fee as it bears on a position: paid in the quote currency, or in the thing itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Charge {
    /// In the quote currency.
    pub(super) money: Money,
    /// Kept back from what was bought (or taken beside what was sold).
    pub(super) units: SignedQty,
    /// In the coin that margin and profit of a contract are in, of which nothing is bought: money at the price of the
    /// execution.
    pub(super) coins: Money,
}

impl Charge {
    /// What this fee is by these rules.
    pub(super) fn of(fee: &Fee, rules: &Instrument) -> Self {
        if fee.currency == rules.quote {
            return Self { money: fee.amount, ..Self::default() };
        }
        if rules.base.as_ref() == Some(&fee.currency) {
            return if rules.is_contract() {
                Self { coins: fee.amount, ..Self::default() }
            } else {
                Self { units: SignedQty::new(fee.amount.get()), ..Self::default() }
            };
        }
        Self::default()
    }
    /// The whole of it in the quote currency.
    pub(super) fn paid(self, price: Price, payoff: Payoff) -> Option<Money> {
        let units = if self.units.is_zero() { Money::ZERO } else { payoff.value(self.units, Some(price))? };
        let coins = if self.coins.is_zero() { Money::ZERO } else { Payoff::coins_at(self.coins, price)? };
        self.money.checked_add(units)?.checked_add(coins)
    }
}

impl OfInstrument for PositionRow {
    fn instrument(&self) -> &InstrumentId {
        &self.instrument
    }
}

#[derive(Debug, Default)]
pub(super) struct Positions {
    pub(super) rows: Seated<PositionRow>,
    kept: BTreeMap<InstrumentId, Vec<KeptFee>>,
}

/// What a fee that was kept still bears on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bears {
    /// The position and the day's fees.
    All,
    /// The position alone: the trading day in which it was paid is over.
    Position,
    /// The day's fees alone: the venue has said since how much there is.
    Day,
}

/// Fees in one currency whose instrument's rules are not known yet: nobody can tell whether it is money or the very
/// thing that was bought.
#[derive(Debug, Clone)]
struct KeptFee {
    currency: Currency,
    bears: Bears,
    amount: Money,
    /// The amount at the prices of the executions.
    value: Money,
}

impl Positions {
    pub(super) fn row(&mut self, seat: Seat, instrument: &InstrumentId, payoff: Payoff) -> &mut PositionRow {
        self.rows.get_or_insert_with(seat, || PositionRow::flat(instrument.clone(), payoff))
    }

    /// Counts `qty` of an execution. A number beyond what can be held leaves the row and says nothing realized.
    pub(super) fn fill(
        &mut self,
        at: Stamp,
        (seat, execution): (Seat, &Execution),
        qty: Qty,
        charge: Charge,
        payoff: Payoff,
    ) -> Moved {
        let row = self.row(seat, &execution.instrument, payoff);
        // A fee in the coin itself is coins that never came: as if so much less had been bought, at the same
        // price, and the rest paid as a fee.
        let Some(traded) = qty.signed(execution.side).checked_sub(charge.units) else {
            return Moved::default();
        };
        let fill = Move { id: execution.id.clone(), at: execution.at, traded, price: execution.price };
        let before = row.held();
        let mut held = before;
        let Some(moved) = held.count(row.payoff, &fill) else {
            return Moved::default();
        };
        row.hold(held);
        row.trail.note(row.payoff, before, fill);
        add(&mut row.fees_today, charge.paid(execution.price, row.payoff));
        row.filled_at = Some(at);
        moved
    }

    /// Counts an execution that was counted before as what it is now; its fee is so much more.
    pub(super) fn correct(
        &mut self,
        (seat, at): (Seat, Stamp),
        now: &Execution,
        (was, is): (Version, Version),
        (fee, payoff): (Option<Money>, Payoff),
    ) -> Corrected {
        let row = self.row(seat, &now.instrument, payoff);
        add(&mut row.fees_today, fee);
        row.correct(&now.id, at, was, is)
    }

    /// Books a fee that came without a quantity: of an execution whose fill was inferred before.
    pub(super) fn charge(&mut self, seat: Seat, charge: Charge, price: Price) {
        let Some(row) = self.rows.get_mut(seat) else {
            return;
        };
        add(&mut row.fees_today, charge.paid(price, row.payoff));
        let given = charge.units.negated();
        if given.is_negative() && row.unexplained <= given {
            row.unexplained = row.unexplained.checked_sub(given).unwrap_or_default();
            return;
        }
        if let Some(step) = step(row.payoff, (row.qty, row.cost), given, price) {
            row.take(step);
            add(&mut row.realized_today, step.realized);
            add(&mut row.day_spent, row.payoff.weight(given, price));
        }
    }

    /// Keeps a fee until the rules of its instrument come.
    pub(super) fn keep_fee(&mut self, instrument: &InstrumentId, fee: &Fee, price: Price) {
        let value = fee.amount.get().checked_mul(price.get()).map(Money::new);
        let kept = self.kept.entry(instrument.clone()).or_default();
        if let Some(same) = kept.iter_mut().find(|k| k.bears == Bears::All && k.currency == fee.currency) {
            add(&mut same.amount, Some(fee.amount));
            add(&mut same.value, value);
            return;
        }
        kept.push(KeptFee {
            currency: fee.currency.clone(),
            bears: Bears::All,
            amount: fee.amount,
            value: value.unwrap_or(Money::ZERO),
        });
    }

    /// The fees that were kept, each with its average price. They are not kept any longer.
    pub(super) fn kept_fees(&mut self, instrument: &InstrumentId) -> Vec<(Fee, Price, Bears)> {
        let kept = self.kept.remove(instrument).unwrap_or_default().into_iter();
        kept.map(|k| {
            let price = k.value.checked_div(k.amount.get()).map_or(Price::new(Decimal::ZERO), Price::new);
            (Fee { amount: k.amount, currency: k.currency }, price, k.bears)
        })
        .collect()
    }

    /// Books a fee of this day that the venue's word of the position has in it.
    pub(super) fn charge_day(&mut self, seat: Seat, charge: Charge, price: Price) {
        if let Some(row) = self.rows.get_mut(seat) {
            add(&mut row.fees_today, charge.paid(price, row.payoff));
        }
    }

    /// Books a fee of an earlier trading day: it was gone when this one began.
    pub(super) fn charge_earlier(&mut self, seat: Seat, charge: Charge, price: Price) {
        let Some(row) = self.rows.get_mut(seat) else {
            return;
        };
        let given = charge.units.negated();
        if let Some(step) = step(row.payoff, (row.qty, row.cost), given, price) {
            row.take(step);
            row.day_qty = row.day_qty.checked_add(given).unwrap_or(row.day_qty);
        }
    }

    /// Sets a position to what the venue says. What changes without a trade was there when the day began.
    pub(super) fn set(
        &mut self,
        at: Stamp,
        (seat, instrument): (Seat, &InstrumentId),
        said: Said,
        payoff: Payoff,
    ) {
        if let Some(kept) = self.kept.get_mut(instrument) {
            kept.retain(|k| k.bears != Bears::Position);
            for fee in kept {
                fee.bears = Bears::Day;
            }
        }
        let row = self.row(seat, instrument, payoff);
        let is_same = row.qty == said.qty && said.avg_price.is_none_or(|avg| Some(avg) == row.avg_price);
        if !is_same {
            row.trail.forget();
        }
        let kept = row.avg_price.filter(|_| row.qty.is_negative() == said.qty.is_negative());
        let avg = said.avg_price.or(kept);
        if let Some(delta) = said.qty.checked_sub(row.qty) {
            row.day_qty = row.day_qty.checked_add(delta).unwrap_or(row.day_qty);
            row.unexplained = row.unexplained.checked_add(delta).unwrap_or_default();
        }
        if row.qty.is_zero() && !said.qty.is_zero() {
            row.opened_at = Some(at);
            row.realized_open = Money::ZERO;
        }
        row.qty = said.qty;
        row.cost = if said.qty.is_zero() {
            Some(Money::ZERO)
        } else if is_same {
            row.cost
        } else {
            avg.and_then(|p| row.payoff.weight(said.qty, p))
        };
        row.avg_price = if said.qty.is_zero() { None } else { avg };
        row.opened_at = row.opened_at.filter(|_| !said.qty.is_zero());
        row.previous_close = said.previous_close.or(row.previous_close);
        row.confirmed_at = Some(at);
    }

    /// Gives everything that is held to another, at what it cost: nothing is realized, and the two together are what they
    /// were. False when nothing was held.
    pub(super) fn hand_over(&mut self, seats: &Seats, other: &mut Self) -> bool {
        let mut did = false;
        for row in self.rows.values_mut().filter(|row| !row.qty.is_zero()) {
            let Some(seat) = seats.find(&row.instrument) else { continue };
            let to = other.row(seat, &row.instrument, row.payoff);
            let price = row.avg_price.unwrap_or(Price::ZERO);
            let left = step(row.payoff, (row.qty, row.cost), row.qty.negated(), price);
            let got = step(to.payoff, (to.qty, to.cost), row.qty, price);
            let (Some(left), Some(got)) = (left, got) else {
                continue;
            };
            let spent = row.payoff.weight(row.qty, price);
            add(&mut to.day_spent, spent);
            add(&mut row.day_spent, spent.map(Money::negated));
            add(&mut to.realized_today, got.realized);
            to.opened_at = to.opened_at.or(row.opened_at);
            to.take(got);
            row.take(left);
            did = true;
        }
        did
    }

    /// A new trading day at a venue: today's counts start at zero, and flat rows go.
    pub(super) fn begin_day(&mut self, seats: &Seats, venue: &VenueId) {
        self.rows.retain(|row| row.instrument.venue != *venue || !row.qty.is_zero());
        let holds = |id: &InstrumentId| seats.find(id).is_some_and(|seat| self.rows.get(seat).is_some());
        self.kept.retain(|id, _| id.venue != *venue || holds(id));
        for (_, kept) in self.kept.iter_mut().filter(|(id, _)| id.venue == *venue) {
            age(kept);
        }
        for row in self.rows.values_mut().filter(|row| row.instrument.venue == *venue) {
            row.realized_today = Money::ZERO;
            row.fees_today = Money::ZERO;
            row.day_qty = row.qty;
            row.day_spent = Money::ZERO;
            row.previous_close = None;
            row.trail.forget();
        }
    }
}

/// The day is over: what was paid in it joins what is older, and bears on what is held alone.
fn age(kept: &mut Vec<KeptFee>) {
    let paid = std::mem::take(kept).into_iter().filter(|k| k.bears != Bears::Day);
    for fee in paid {
        match kept.iter_mut().find(|k| k.currency == fee.currency) {
            Some(same) => {
                add(&mut same.amount, Some(fee.amount));
                add(&mut same.value, Some(fee.value));
            }
            None => kept.push(KeptFee { bears: Bears::Position, ..fee }),
        }
    }
}

pub(super) fn average(payoff: Payoff, qty: SignedQty, cost: Option<Money>) -> Option<Price> {
    payoff.average(qty, cost?).map(|p| Price::new(p.get().normalize()))
}

fn add(sum: &mut Money, more: Option<Money>) {
    if let Some(new) = more.and_then(|m| sum.checked_add(m)) {
        *sum = new;
    }
}
