//! Executions: counted once in the order, the position and the fills. A fill that was inferred from the
//! venue's order and is told later by an execution of its own is the same fill.

use super::{
    Book,
    applied::{Applied, FillApplied},
    fills::FillRow,
    orders::OrderRow,
    positions::{Bears, Charge},
    sessions::Counting,
};
use crate::domain::{
    ids::{Currency, InstrumentId, OrderId, Symbol, VenueId},
    instrument::Instrument,
    lifecycle::{OrderEvent, OrderState, Transition},
    money::{Money, Price, Qty, SignedQty},
    order::Role,
    payoff::Payoff,
    report::{Execution, Fee},
    rules::Rule,
    text::Text,
    time::Stamp,
};

/// For so many orders that the book does not have yet are executions kept.
const ORPHANS_MAX: usize = 10_000;

/// What came of an execution that named no order the book has: kept until the order's report comes.
#[derive(Debug, Clone, Default)]
pub(super) struct Orphan {
    pub(super) filled: Qty,
    pub(super) value: Money,
    pub(super) payoff: Payoff,
    pub(super) fees: Vec<(Currency, Money)>,
}

impl Book {
    pub(super) fn fill(&mut self, at: Stamp, execution: &Execution, inferred: bool) -> Applied {
        let venue = &execution.instrument.venue;
        if !self.fills.remember(execution) {
            return Applied::Duplicate;
        }
        self.heard.insert(venue.clone());
        if !inferred && self.resume.get(venue).is_none_or(|known| known.at <= execution.at) {
            let point = super::ResumePoint { execution: execution.id.clone(), at: execution.at };
            self.resume.insert(venue.clone(), point);
        }
        let named = OrderId { venue: venue.clone(), client: execution.client.clone() };
        let row = self.orders.find(&named, &execution.venue_id);
        let told = if inferred { Qty::ZERO } else { row.map_or(Qty::ZERO, |r| explained(r, execution)) };
        let order = row.map_or(named, |r| r.id.clone());
        let new = execution.qty.saturating_sub(told);
        let moved = self.count_in_order(at, &order, execution, told, inferred);
        let charge = self.charge(execution);
        let seat = self.seats.take(&execution.instrument);
        let payoff = self.payoff(seat);
        let owner = self.owner_of_fill(&order);
        let are_rules_known = self.instruments.get(seat).is_some();
        self.parts.fill(at, owner, (seat, execution), (new, charge, payoff), are_rules_known);
        if new.is_zero() {
            self.positions.charge(seat, charge, execution.price);
            let fee = charge.paid(execution.price, payoff);
            self.sessions.charged(&execution.instrument, fee);
            self.fills.explain(execution);
            return Applied::Noted;
        }
        let held = self.position(&execution.instrument).map_or(SignedQty::ZERO, |p| p.qty);
        let filled = self.order(&order).map(|row| row.filled);
        let first = filled.or_else(|| self.orders.orphans.get(&order).map(|o| o.filled)) == Some(new);
        self.days.trade(first, execution, new, held, payoff);
        let position = self.positions.fill(at, (seat, execution), new, charge, payoff);
        let tag = self.order(&order).and_then(|row| self.tag_of(row));
        if let Some((tag, traded)) = tag.zip(new.signed(execution.side).checked_sub(charge.units)) {
            self.tagged.fill(&tag, &execution.instrument, traded);
        }
        let fee = charge.paid(execution.price, payoff);
        self.sessions.filled(&execution.instrument, Counting { moved: position, fee });
        self.fills.push(FillRow {
            execution: Execution { qty: new, ..execution.clone() },
            told: execution.qty,
            inferred,
            realized: position.realized,
            known_at: at,
        });
        let (overfill, both_exits) = (self.overfill(&order), self.both_exits(&order));
        if let Some(over) = overfill {
            let what = format!("{}: {over} more filled than was ordered", execution.instrument.symbol);
            self.sessions.surprise(Rule::Overfill, &execution.instrument, Text::clean(&what));
        } else if both_exits {
            let what = format!("{}: target and stop both filled", execution.instrument.symbol);
            self.sessions.surprise(Rule::Overfill, &execution.instrument, Text::clean(&what));
        }
        Applied::Fill(Box::new(FillApplied {
            overfill,
            both_exits,
            order,
            instrument: execution.instrument.clone(),
            order_moved: moved,
            inferred,
            realized: position.realized,
            flat: position.flat,
            turned: position.turned,
        }))
    }

    /// `told` of the execution was counted before, when it was inferred.
    fn count_in_order(
        &mut self,
        at: Stamp,
        order: &OrderId,
        execution: &Execution,
        told: Qty,
        inferred: bool,
    ) -> Option<(OrderState, OrderState, Transition)> {
        let new = execution.qty.saturating_sub(told);
        let mut transition = Transition::Stale;
        // The journal alone does not tell the rules: then it is as it was seen.
        let seen = execution.seen.as_deref().and_then(|s| s.payoff);
        let known = self.instrument(&execution.instrument).map(|rules| rules.payoff);
        let payoff = known.or(seen).unwrap_or_default();
        let moved = self.orders.update(at, order, |row| {
            row.inferred = row.inferred.saturating_sub(told);
            charge_order(&mut row.fees, execution.fee.as_ref());
            row.note_fill(at, execution, inferred);
            if new.is_zero() {
                return;
            }
            count(&mut row.filled, (&mut row.filled_value, &mut row.payoff), (execution, new), payoff);
            if inferred {
                row.inferred = row.inferred.checked_add(new).unwrap_or(row.inferred);
                row.inferred_to = row.inferred_to.max(execution.cum.unwrap_or(row.filled));
            }
            let whole = row.is_whole();
            let event = if whole { OrderEvent::FilledWhole } else { OrderEvent::FilledInPart };
            transition = match row.advance(event) {
                // Told by the same report as the end, not after it.
                Transition::Late(to) if inferred => Transition::Next(to),
                other @ (Transition::Next(_)
                | Transition::Late(_)
                | Transition::Stale
                | Transition::Impossible) => other,
            };
        });
        let Some((from, to)) = moved else {
            if self.orders.orphans.len() >= ORPHANS_MAX {
                self.orders.orphans.pop_first();
            }
            let orphan = self.orders.orphans.entry(order.clone()).or_default();
            let sum = (&mut orphan.value, &mut orphan.payoff);
            count(&mut orphan.filled, sum, (execution, new), payoff);
            charge_order(&mut orphan.fees, execution.fee.as_ref());
            return None;
        };
        Some((from, to, transition))
    }

    /// How a fee bears on the position: in the quote currency as money, in what is traded as units of it, in
    /// anything else not at all (the order's own fees have it, and what is held of that coin). Which it is only the
    /// instrument's rules say; before they are known the fee is kept for them.
    pub(super) fn charge(&mut self, execution: &Execution) -> Charge {
        let Some(fee) = &execution.fee else {
            return Charge::default();
        };
        match self.seats.find(&execution.instrument).and_then(|seat| self.instruments.get(seat)) {
            Some(rules) => {
                let charge = Charge::of(fee, rules);
                let other = (charge == Charge::default()).then(|| rules.quote.clone());
                if let Some(quote) = other {
                    self.charge_other(&execution.instrument.venue, fee, &quote);
                }
                charge
            }
            None => {
                self.positions.keep_fee(&execution.instrument, fee, execution.price);
                Charge::default()
            }
        }
    }

    /// A fee in a coin of the exchange's own is taken from what is held of it, where that is a position here.
    fn charge_other(&mut self, venue: &VenueId, fee: &Fee, quote: &Currency) {
        let Ok(symbol) = Symbol::new(&format!("{}/{quote}", fee.currency)) else { return };
        let id = InstrumentId { venue: venue.clone(), symbol };
        let Some(seat) = self.seats.find(&id) else { return };
        // Of a contract in it nothing is held.
        if self.instruments.get(seat).is_some_and(Instrument::is_contract) {
            return;
        }
        let Some(row) = self.positions.rows.get(seat).filter(|row| !row.qty.is_zero()) else { return };
        // Given away at what it cost, so that it realizes nothing.
        let price = row.avg_price.unwrap_or(Price::ZERO);
        let units = SignedQty::new(fee.amount.get());
        self.positions.charge(seat, Charge { units, ..Charge::default() }, price);
    }

    /// The rules of an instrument came: fees that waited for them bear on the position now.
    pub(super) fn charge_kept(&mut self, rules: &Instrument) {
        let seat = self.seats.take(&rules.id);
        self.parts.learn(seat, rules);
        for (fee, price, bears) in self.positions.kept_fees(&rules.id) {
            let charge = Charge::of(&fee, rules);
            match bears {
                Bears::All => self.positions.charge(seat, charge, price),
                Bears::Position => self.positions.charge_earlier(seat, charge, price),
                Bears::Day => self.positions.charge_day(seat, charge, price),
            }
            if bears != Bears::Position {
                self.sessions.charged(&rules.id, charge.paid(price, rules.payoff));
            }
        }
    }

    pub(super) fn overfill(&self, order: &OrderId) -> Option<Qty> {
        let row = self.order(order)?;
        let over = row.filled.checked_sub(row.spec.amount.qty()?)?;
        (!over.is_zero()).then_some(over)
    }

    /// Have the exits of a pair together filled more than what they protect?
    fn both_exits(&self, order: &OrderId) -> bool {
        let Some(row) = self.order(order).filter(|r| r.role != Role::Entry) else {
            return false;
        };
        let mut exits = Qty::ZERO;
        let mut legs = 0_u32;
        let mut entry = None;
        for other in self.orders.group(&row.id) {
            if other.role == Role::Entry {
                entry = Some(other.filled);
            } else if !other.filled.is_zero() && other.spec.side == row.spec.side {
                legs = legs.saturating_add(1);
                exits = exits.checked_add(other.filled).unwrap_or(exits);
            }
        }
        let protects = entry.or(row.spec.amount.qty());
        legs > 1 && protects.is_some_and(|p| exits > p)
    }
}

/// How much of an execution is known already because it was inferred. With the venue's own count of the order it
/// is exact; without one, what was inferred is taken to be told now, and the next report mends it if not.
pub(super) fn explained(row: &OrderRow, execution: &Execution) -> Qty {
    match execution.cum {
        Some(cum) if cum > row.inferred_to => {
            let beyond = cum.saturating_sub(row.inferred_to);
            execution.qty.saturating_sub(beyond).min(row.inferred)
        }
        Some(_) | None => execution.qty.min(row.inferred),
    }
}

/// What was weighed as a contract of another kind, before its rules were known, is weighed anew at its average.
fn count(
    filled: &mut Qty,
    (value, weighed): (&mut Money, &mut Payoff),
    (execution, qty): (&Execution, Qty),
    payoff: Payoff,
) {
    let was = std::mem::replace(weighed, payoff);
    if was.is_inverse() != payoff.is_inverse() {
        let so_far = filled.held();
        let anew = was.average(so_far, *value).and_then(|p| payoff.weight(so_far, p));
        *value = anew.unwrap_or_default();
    }
    *filled = filled.checked_add(qty).unwrap_or(*filled);
    let weight = payoff.weight(qty.held(), execution.price);
    if let Some(sum) = weight.and_then(|m| value.checked_add(m)) {
        *value = sum;
    }
}

pub(super) fn charge_order(fees: &mut Vec<(Currency, Money)>, fee: Option<&Fee>) {
    let Some(fee) = fee else {
        return;
    };
    match fees.iter_mut().find(|(currency, _)| *currency == fee.currency) {
        Some((_, sum)) => *sum = sum.checked_add(fee.amount).unwrap_or(*sum),
        None => fees.push((fee.currency.clone(), fee.amount)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::domain::{
        fact::Fact,
        order::{OrderSpec, Side},
    };

    /// BNB and its like: a fee in it leaves the position that was traded alone and is taken from what is held of it.
    #[test]
    fn a_fee_in_a_third_coin_is_taken_from_what_is_held_of_it() {
        let mut book = Book::new();
        let third = InstrumentId { symbol: Symbol::new("BNB/USD").unwrap(), ..btc() };
        for (id, asset) in [(btc(), "BTC"), (third.clone(), "BNB")] {
            let instrument = Instrument { id, base: Some(Currency::new(asset).unwrap()), ..coin() };
            book.apply(at(0), &Fact::Instrument(Box::new(instrument)));
        }
        let buy_of =
            |instrument: InstrumentId, n: &str| OrderSpec { instrument, ..order(Side::Buy, n, limit("300")) };
        let mut first = execution("e1", "a", &buy_of(third.clone(), "2"), "2", "300");
        first.fee = Some(fee("0.5", "USD"));
        book.apply(at(1), &Fact::Executed(Box::new(first)));
        let mut second = execution("e2", "b", &buy_of(btc(), "1"), "1", "300");
        second.fee = Some(fee("0.1", "BNB"));
        book.apply(at(2), &Fact::Executed(Box::new(second)));
        assert_eq!(book.position(&btc()).unwrap().qty.to_string(), "1");
        let held = book.position(&third).unwrap();
        assert_eq!((held.qty.to_string(), held.avg_price.unwrap().to_string()), ("1.9".into(), "300".into()));
        assert_eq!((held.realized_today, held.fees_today), (usd("0"), usd("30.5")));
    }

    /// A broker takes what a pair costs out of the cash of the account's currency, whichever side of the pair that is: the
    /// position is what was traded, and nothing of it adds to the cash, in which the money that was bought already is.
    #[test]
    fn what_a_pair_costs_is_never_taken_out_of_it() {
        let mut book = Book::new();
        let pair = Instrument {
            class: crate::domain::instrument::AssetClass::Forex,
            base: Some(Currency::new("USD").unwrap()),
            quote: Currency::new("JPY").unwrap(),
            ..coin()
        };
        book.apply(at(0), &Fact::Instrument(Box::new(pair.clone())));
        let spec = OrderSpec { instrument: btc(), ..order(Side::Buy, "20000", limit("150")) };
        let mut fill = execution("e1", "a", &spec, "20000", "150");
        fill.fee = Some(fee("2", "USD"));
        book.apply(at(1), &Fact::Executed(Box::new(fill)));
        let held = book.position(&btc()).unwrap();
        assert_eq!((held.qty.to_string(), held.fees_today), ("20000".into(), usd("300")));
        assert_eq!(pair.beside_cash(held.qty, held.avg_price, px("151")), None);
    }
}
