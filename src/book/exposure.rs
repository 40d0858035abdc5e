//! Exposure: the position and what open orders could make of it at worst, counted as orders change.

use super::{
    Book, PositionRow,
    orders::{Line, OrderRow, Orders},
    rows::Seat,
};
use crate::domain::{
    ids::{InstrumentId, OrderId},
    instrument::Instrument,
    lifecycle::OrderState,
    money::{Money, Price, Qty, SignedQty},
    order::{Amount, OrderSpec, Role, Side},
    payoff::Payoff,
};

/// One instrument's exposure. Orders whose outcome is not known count in full; of two exits that cancel one
/// another the larger counts; a replacement counts for what it adds while the order that it replaces is open; a
/// child that waits for its parent does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// What is held.
    pub position: SignedQty,
    /// What open buys could still buy.
    pub buys: Qty,
    /// What open sells could still sell.
    pub sells: Qty,
    /// Some open order is in money, so that `buys` or `sells` lacks it.
    pub has_notional: bool,
    /// What the open buys come to.
    pub buying: Worth,
    /// What the open sells come to.
    pub selling: Worth,
}

/// What the open orders of one side come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// At the prices that they name, without multiplier.
    priced: Money,
    /// How much of them that is.
    units: Qty,
    /// How much of them names no price.
    at_market: Qty,
    /// What orders in money come to.
    money: Money,
}

impl Worth {
    /// Of so much of an order.
    fn of(spec: &OrderSpec, qty: Qty) -> Self {
        let named = named_price(spec).and_then(|price| qty.checked_mul_price(price));
        match named {
            Some(value) => Self { priced: value.abs(), units: qty, ..Self::default() },
            None => Self { at_market: qty, ..Self::default() },
        }
    }
    /// Where a sum can't be held it stays at what it was: far beyond any limit.
    fn plus(self, other: Self) -> Self {
        if other.is_nothing() {
            return self;
        }
        Self {
            priced: self.priced.checked_add(other.priced).unwrap_or(self.priced),
            units: self.units.checked_add(other.units).unwrap_or(self.units),
            at_market: self.at_market.checked_add(other.at_market).unwrap_or(self.at_market),
            money: self.money.checked_add(other.money).unwrap_or(self.money),
        }
    }
    /// The same where each names a price, without multiplier; `None` where one does not, or on overflow.
    pub fn named(&self) -> Option<Money> {
        if self.at_market.is_zero() { self.priced.checked_add(self.money) } else { None }
    }
    const fn is_nothing(&self) -> bool {
        self.priced.is_zero() && self.units.is_zero() && self.at_market.is_zero() && self.money.is_zero()
    }
    fn less(self, other: Self) -> Self {
        if other.is_nothing() {
            return self;
        }
        let floor = |a: Money, b: Money| a.checked_sub(b).unwrap_or(a).max(Money::ZERO);
        Self {
            priced: floor(self.priced, other.priced),
            units: self.units.saturating_sub(other.units),
            at_market: self.at_market.saturating_sub(other.at_market),
            money: floor(self.money, other.money),
        }
    }
    /// In money, what names no price at `market`; `None` when that is not known and needed, or on overflow.
    pub fn value(self, market: Option<Price>, payoff: Payoff) -> Option<Money> {
        if self.is_nothing() {
            return Some(Money::ZERO);
        }
        let multiplier = match payoff {
            Payoff::Linear(multiplier) => multiplier,
            Payoff::Inverse { .. } => {
                let all = self.units.checked_add(self.at_market)?;
                return payoff.size(all, None)?.checked_add(self.money);
            }
        };
        let mut sum = self.priced;
        if !self.at_market.is_zero() {
            sum = sum.checked_add(self.at_market.checked_mul_price(market?)?.abs())?;
        }
        sum.times(multiplier)?.checked_add(self.money)
    }
}

/// The price that an order names for the worst: of a buy its limit before its stop, of a sell the other way round.
fn named_price(spec: &OrderSpec) -> Option<Price> {
    let (limit, stop) = (spec.order_type.limit(), spec.order_type.stop());
    match spec.side {
        Side::Buy => limit.or(stop),
        Side::Sell => stop.or(limit),
    }
}

impl Exposure {
    /// The most that could be held: every buy fills, no sell does.
    pub fn worst_long(&self) -> Option<SignedQty> {
        self.position.checked_add(self.buys.held())
    }
    /// The least that could be held: every sell fills, no buy does.
    pub fn worst_short(&self) -> Option<SignedQty> {
        self.position.checked_sub(self.sells.held())
    }
    /// As it is without what an order counts for.
    #[must_use]
    pub fn without(mut self, row: &OrderRow) -> Self {
        match row.spec.side {
            Side::Buy => self.buying = self.buying.less(row.counted.worth),
            Side::Sell => self.selling = self.selling.less(row.counted.worth),
        }
        self
    }
    /// How much of an order of this side and size would open or add, if everything open on that side filled
    /// before it: what is not needed to close the position.
    pub fn opening_part(&self, side: Side, qty: Qty) -> Qty {
        let (opposes, under_way) = match side {
            Side::Buy => (self.position.is_negative(), self.buys),
            Side::Sell => (self.position.is_positive(), self.sells),
        };
        if !opposes {
            return qty;
        }
        qty.saturating_sub(self.position.size().saturating_sub(under_way))
    }
}

/// What the book has of one instrument.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Its rules.
    pub rules: Option<&'a Instrument>,
    /// Its position; also one that is flat now and was traded today.
    pub position: Option<&'a PositionRow>,
    /// Position and open orders at their worst.
    pub exposure: Exposure,
}

/// What is counted of one order, or of all of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    qty: Qty,
    /// So many of them are in money.
    notional: u32,
    worth: Worth,
}

impl Counted {
    fn swap(&mut self, old: Self, new: Self) {
        if !old.qty.is_zero() {
            self.qty = self.qty.saturating_sub(old.qty);
        }
        if !new.qty.is_zero() {
            // A sum beyond what can be held stays at what it was: far beyond any limit.
            self.qty = self.qty.checked_add(new.qty).unwrap_or(self.qty);
        }
        self.notional = self.notional.saturating_sub(old.notional).saturating_add(new.notional);
        self.worth = self.worth.less(old.worth).plus(new.worth);
    }
}

/// What is counted of all open orders of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    buys: Counted,
    sells: Counted,
}

impl Totals {
    const fn exposure(&self) -> Exposure {
        Exposure {
            position: SignedQty::ZERO,
            buys: self.buys.qty,
            sells: self.sells.qty,
            has_notional: self.buys.notional > 0 || self.sells.notional > 0,
            buying: self.buys.worth,
            selling: self.sells.worth,
        }
    }

    const fn of(&self, side: Side) -> &Counted {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    /// For an order of this side, which never changes its side.
    fn swap(&mut self, side: Side, old: Counted, new: Counted) {
        match side {
            Side::Buy => self.buys.swap(old, new),
            Side::Sell => self.sells.swap(old, new),
        }
    }
}

impl Orders {
    /// Counts an order anew, and those that count against it: its group, and what it replaces or is replaced by.
    pub(super) fn recount(&mut self, place: u32) {
        let Some(row) = self.rows.at(place) else {
            return;
        };
        let id = &row.id;
        let named = |client: &Option<crate::domain::ids::ClientId>| {
            client.clone().map(|client| OrderId { venue: id.venue.clone(), client })
        };
        let has_children = self.children.contains_key(id);
        let links = row.replaced_by.is_some() || row.replaces.is_some() || !row.successors.is_empty();
        if !links && row.parent.is_none() && !has_children {
            self.recount_one(place);
            return;
        }
        let mut touched = vec![id.clone()];
        touched.extend(named(&row.replaced_by));
        touched.extend(named(&row.replaces));
        // Also after the change was refused: such an order may still stand.
        touched.extend(row.successors.iter().filter_map(|client| named(&Some(client.clone()))));
        if row.parent.is_some() || has_children {
            touched.extend(self.group(id).map(|r| r.id.clone()));
        }
        for id in touched {
            if let Some(place) = self.rows.place(&id) {
                self.recount_one(place);
            }
        }
    }

    fn recount_one(&mut self, place: u32) {
        let Some(row) = self.rows.at(place) else {
            return;
        };
        let new = self.count(row);
        let old = row.counted;
        if new == old {
            return;
        }
        let (seat, side, of) = (row.seat, row.spec.side, &row.spec.instrument);
        self.lines.get_or_insert_with(seat, || Line::of(of)).totals.swap(side, old, new);
        if let Some(row) = self.rows.at_mut(place) {
            row.counted = new;
        }
    }

    fn count(&self, row: &OrderRow) -> Counted {
        if row.state.is_final() || row.state == OrderState::Held {
            return Counted::default();
        }
        let Some(remaining) = row.remaining() else {
            let worth = Worth { money: money_left(row), ..Worth::default() };
            return Counted { qty: Qty::ZERO, notional: 1, worth };
        };
        let covered = self.covered_by_old(row).max(self.covered_by_target(row));
        let adds = remaining.saturating_sub(covered);
        Counted { qty: adds, notional: 0, worth: Worth::of(&row.spec, adds) }
    }

    /// What the order that this one replaces still has open: only one of the two can fill that.
    fn covered_by_old(&self, row: &OrderRow) -> Qty {
        self.old_of(row)
            .filter(|old| old.spec.side == row.spec.side && old.state != OrderState::Held)
            .and_then(OrderRow::remaining)
            .unwrap_or_default()
    }

    /// For the stop of a pair, what its target still has open: the one that fills cancels the other.
    fn covered_by_target(&self, row: &OrderRow) -> Qty {
        if row.role != Role::Stop || row.parent.is_none() {
            return Qty::ZERO;
        }
        self.group(&row.id)
            .filter(|r| r.role == Role::Target && r.spec.side == row.spec.side)
            .filter(|r| r.state.is_open() && r.state != OrderState::Held)
            .filter_map(OrderRow::remaining)
            .max()
            .unwrap_or_default()
    }
}

/// What an order in money can still buy or sell for: orders in money are of things without a multiplier.
fn money_left(row: &OrderRow) -> Money {
    match row.spec.amount {
        Amount::Notional(money) => {
            let money = money.abs();
            money.checked_sub(row.filled_value).unwrap_or(money).max(Money::ZERO)
        }
        Amount::Qty(_) => Money::ZERO,
    }
}

impl Book {
    /// Position and open orders of one instrument at their worst.
    pub fn exposure(&self, instrument: &InstrumentId) -> Exposure {
        self.known(instrument).exposure
    }
    /// What is known of one instrument: looked up once by what needs more than one of its rows.
    pub fn known(&self, instrument: &InstrumentId) -> Known<'_> {
        let Some(seat) = self.seats.find(instrument) else { return Known::default() };
        let position = self.positions.rows.get(seat);
        let mut exposure =
            self.orders.lines.get(seat).map_or_else(Exposure::default, |line| line.totals.exposure());
        exposure.position = position.map_or(SignedQty::ZERO, |p| p.qty);
        Known { rules: self.instruments.get(seat), position, exposure }
    }
    /// What one unit pays; its price where the rules are not known yet.
    pub(super) fn payoff(&self, seat: Seat) -> Payoff {
        self.instruments.get(seat).map_or(Payoff::ONE, |i| i.payoff)
    }

    /// The same of an instrument.
    pub fn payoff_of(&self, instrument: &InstrumentId) -> Payoff {
        self.instrument(instrument).map_or(Payoff::ONE, |i| i.payoff)
    }

    /// The rules of what an order is in.
    pub fn rules_of(&self, order: &OrderRow) -> Option<&Instrument> {
        self.instruments.get(order.seat)
    }
    /// Is the order on the side that closes the position?
    pub fn is_closing(&self, order: &OrderRow) -> bool {
        self.is_exit(order.seat, order.spec.side)
    }
    #[inline]
    pub(super) fn is_exit(&self, seat: Seat, side: Side) -> bool {
        self.positions.rows.get(seat).and_then(|p| p.qty.exit_side()) == Some(side)
    }
    /// How much of a position can be closed without any chance of turning it: its size less what open orders
    /// already reduce. A second close while the first is under way finds zero here. While an order in money is
    /// open on the closing side nothing can: what it takes is not known.
    pub fn closable(&self, instrument: &InstrumentId) -> Qty {
        let Some(seat) = self.seats.find(instrument) else {
            return Qty::ZERO;
        };
        let Some(row) = self.positions.rows.get(seat) else {
            return Qty::ZERO;
        };
        let Some(side) = row.qty.exit_side() else { return Qty::ZERO };
        let line = self.orders.lines.get(seat);
        let under_way = line.map(|line| *line.totals.of(side)).unwrap_or_default();
        if under_way.notional > 0 {
            return Qty::ZERO;
        }
        // What the venue has denied over and over holds up no exit; it still counts in the exposure.
        let denied = self.absent_part(instrument, row.qty.exit_side());
        row.qty.size().saturating_sub(under_way.qty.saturating_sub(denied))
    }
    fn absent_part(&self, instrument: &InstrumentId, side: Option<Side>) -> Qty {
        self.uncertain_orders()
            .filter(|o| {
                o.state == OrderState::Absent && o.instrument() == instrument && Some(o.spec.side) == side
            })
            .map(|o| o.counted.qty)
            .fold(Qty::ZERO, |sum, q| sum.checked_add(q).unwrap_or(sum))
    }
}

#[cfg(test)]
mod tests;
