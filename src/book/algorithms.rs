//! What each algorithm holds: the net of what its own orders filled. An order is an algorithm's by its tag, or by
//! what its client id begins with, or by the way that the venue says it came; a child is its parent's. Of algorithms that are configured the fills are counted as
//! positions of their own, and so are those by hand and those that nobody claims: the parts add up to the account.

use super::{
    Book,
    orders::OrderRow,
    positions::{Bears, Charge, PositionRow, Positions},
    rows::{Seat, Seats},
};
use crate::domain::{
    algorithm::{AlgorithmFact, Claim, Instruction, Owner},
    ids::{InstrumentId, OrderId, VenueId},
    instrument::Instrument,
    money::{Qty, SignedQty},
    order::Origin,
    payoff::Payoff,
    report::Execution,
    text::Text,
    time::Stamp,
};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// By tag: counted with every fill, for orders are forgotten before positions are closed.
#[derive(Debug, Default)]
pub(super) struct Tagged {
    pub(super) nets: BTreeMap<SmolStr, BTreeMap<InstrumentId, SignedQty>>,
}

impl Tagged {
    pub(super) fn fill(&mut self, tag: &SmolStr, instrument: &InstrumentId, traded: SignedQty) {
        let nets = self.nets.entry(tag.clone()).or_default();
        let net = nets.entry(instrument.clone()).or_default();
        *net = net.checked_add(traded).unwrap_or(*net);
        if net.is_zero() {
            nets.remove(instrument);
        }
        if nets.is_empty() {
            self.nets.remove(tag);
        }
    }
}

/// The account's positions by whose orders made them. Nothing is counted while nobody claims anything.
#[derive(Debug, Default)]
pub(super) struct Parts {
    claims: Vec<Claim>,
    pub(super) rows: BTreeMap<Owner, Positions>,
    paused: BTreeMap<SmolStr, Text>,
    /// What was asked and not answered.
    asked: BTreeMap<u64, (SmolStr, Instruction)>,
    last_ticket: u64,
}

impl Parts {
    /// A fill counts for its owner as it does for the account.
    pub(super) fn fill(
        &mut self,
        at: Stamp,
        owner: Option<Owner>,
        (seat, execution): (Seat, &Execution),
        (qty, charge, payoff): (Qty, Charge, Payoff),
        are_rules_known: bool,
    ) {
        let Some(owner) = owner else { return };
        let part = self.rows.entry(owner).or_default();
        if qty.is_zero() {
            part.charge(seat, charge, execution.price);
        } else {
            _ = part.fill(at, (seat, execution), qty, charge, payoff);
        }
        if let Some(fee) = execution.fee.as_ref().filter(|_| !are_rules_known) {
            part.keep_fee(&execution.instrument, fee, execution.price);
        }
    }

    /// Which are paused, and why.
    pub(super) fn paused(&self) -> impl Iterator<Item = (&SmolStr, &Text)> {
        self.paused.iter()
    }

    /// False when it changes nothing.
    pub(super) fn fact(&mut self, seats: &Seats, fact: &AlgorithmFact) -> bool {
        match fact {
            AlgorithmFact::Paused { name, why } => self.paused.insert(name.clone(), why.clone()).is_none(),
            AlgorithmFact::Resumed { name } => self.paused.remove(name).is_some(),
            AlgorithmFact::TakenOver { name } => self.hand_over(seats, name),
            AlgorithmFact::Asked { name, ticket, instruction, .. } => {
                self.last_ticket = self.last_ticket.max(*ticket);
                self.asked.insert(*ticket, (name.clone(), (**instruction).clone())).is_none()
            }
            AlgorithmFact::Answered { ticket, .. } => self.asked.remove(ticket).is_some(),
        }
    }

    fn hand_over(&mut self, seats: &Seats, name: &SmolStr) -> bool {
        let Some(mut from) = self.rows.remove(&Owner::Algorithm(name.clone())) else { return false };
        let did = from.hand_over(seats, self.rows.entry(Owner::Hand).or_default());
        self.rows.insert(Owner::Algorithm(name.clone()), from);
        did
    }

    /// The rules of an instrument came.
    pub(super) fn learn(&mut self, seat: Seat, rules: &Instrument) {
        for part in self.rows.values_mut() {
            if let Some(row) = part.rows.get_mut(seat) {
                row.pays(rules.payoff);
            }
            for (fee, price, bears) in part.kept_fees(&rules.id) {
                let charge = Charge::of(&fee, rules);
                match bears {
                    Bears::All => part.charge(seat, charge, price),
                    Bears::Position => part.charge_earlier(seat, charge, price),
                    Bears::Day => part.charge_day(seat, charge, price),
                }
            }
        }
    }

    pub(super) fn begin_day(&mut self, seats: &Seats, venue: &VenueId) {
        for part in self.rows.values_mut() {
            part.begin_day(seats, venue);
        }
    }
}

impl Book {
    /// Whose orders are whose: said once, before the past is replayed.
    pub fn claim(&mut self, claims: Vec<Claim>) {
        self.parts.claims = claims;
    }

    /// Whose an order is. The first that claims it has it.
    pub fn owner_of(&self, order: &OrderRow) -> Owner {
        // Somebody else's once, and taken over.
        if order.origin == Origin::Screen && !order.id.client.is_ours() {
            return Owner::Hand;
        }
        let claimed = |row: &OrderRow| {
            let claims = self.parts.claims.iter();
            let mut its =
                claims.filter(|c| c.is_of(&row.id.venue, row.id.client.as_str(), row.spec.tag.as_deref()));
            its.next().map(|c| Owner::Algorithm(c.name.clone()))
        };
        let came = |row: &OrderRow| {
            let source = row.source.as_ref().filter(|_| row.origin == Origin::External)?;
            let mut its = self.parts.claims.iter().filter(|c| c.comes_by(&row.id.venue, source.as_str()));
            its.next().map(|c| Owner::Algorithm(c.name.clone()))
        };
        let other = match order.origin {
            Origin::Screen | Origin::Shell | Origin::Exit | Origin::Child => Owner::Hand,
            Origin::External => Owner::External,
        };
        let parent = || self.parent_of(order);
        claimed(order).or_else(|| parent().and_then(claimed)).or_else(|| came(order)).unwrap_or(other)
    }

    /// Whose a fill is; `None` while nobody claims anything.
    pub(super) fn owner_of_fill(&self, order: &OrderId) -> Option<Owner> {
        (!self.parts.claims.is_empty()).then(|| self.owner_of_named(order))
    }

    /// Whose the order of this name is, also one that is not in the book any more.
    pub fn owner_of_named(&self, order: &OrderId) -> Owner {
        if let Some(row) = self.order(order) {
            return self.owner_of(row);
        }
        let claim = self.parts.claims.iter().find(|c| c.is_of(&order.venue, order.client.as_str(), None));
        let other = if order.client.is_ours() { Owner::Hand } else { Owner::External };
        claim.map_or(other, |c| Owner::Algorithm(c.name.clone()))
    }

    /// What an owner's fills make, by instrument: positions as of an account that did nothing else. Flat ones are among
    /// them for what they realized today.
    pub fn part_of(&self, owner: &Owner) -> impl Iterator<Item = &PositionRow> {
        self.parts.rows.get(owner).into_iter().flat_map(|part| part.rows.values())
    }

    /// Why an algorithm is paused, where it is.
    pub fn paused(&self, name: &str) -> Option<&Text> {
        self.parts.paused.get(name)
    }

    /// What algorithms were asked and did not answer: the ticket, who, and for what.
    pub fn unanswered(&self) -> impl Iterator<Item = (u64, &SmolStr, &Instruction)> {
        self.parts.asked.iter().map(|(ticket, (name, instruction))| (*ticket, name, instruction))
    }

    /// The number for the next thing that an algorithm is asked.
    pub fn next_ticket(&self) -> u64 {
        self.parts.last_ticket.saturating_add(1)
    }

    /// Whose fills there were.
    pub fn owners(&self) -> impl Iterator<Item = &Owner> {
        self.parts.rows.keys()
    }

    fn is_claimed(&self, name: &str) -> bool {
        self.parts.claims.iter().any(|claim| claim.name == name)
    }

    fn parent_of(&self, order: &OrderRow) -> Option<&OrderRow> {
        let client = order.parent.clone()?;
        self.order(&OrderId { venue: order.id.venue.clone(), client })
    }

    /// The tag that an order, or the one it hangs on, was sent with.
    pub(super) fn tag_of(&self, order: &OrderRow) -> Option<SmolStr> {
        order.spec.tag.clone().or_else(|| self.parent_of(order)?.spec.tag.clone())
    }

    /// Is it an order of this algorithm?
    pub fn is_of_algorithm(&self, order: &OrderRow, name: &str) -> bool {
        if self.is_claimed(name) {
            return matches!(self.owner_of(order), Owner::Algorithm(its) if its == name);
        }
        let named = |row: &OrderRow| {
            row.spec.tag.as_deref() == Some(name) || row.id.client.as_str().starts_with(name)
        };
        named(order)
            || self.parent_of(order).is_some_and(named)
            || order.parent.as_ref().is_some_and(|p| p.as_str().starts_with(name))
    }

    /// The net of an algorithm's fills at a venue. It can be more than what is held there, where somebody else
    /// closed some of it.
    pub fn held_by(&self, venue: &VenueId, name: &str) -> BTreeMap<InstrumentId, SignedQty> {
        if self.is_claimed(name) {
            let owner = Owner::Algorithm(name.into());
            let its = self.part_of(&owner);
            let open = its.filter(|row| row.instrument.venue == *venue && !row.qty.is_zero());
            return open.map(|row| (row.instrument.clone(), row.qty)).collect();
        }
        let tagged = self.tagged.nets.get(name).into_iter().flatten();
        let mut nets: BTreeMap<InstrumentId, SignedQty> =
            tagged.filter(|(i, _)| i.venue == *venue).map(|(i, net)| (i.clone(), *net)).collect();
        for fill in self.fills_of(venue) {
            let execution = &fill.execution;
            let order = self.order(&OrderId { venue: venue.clone(), client: execution.client.clone() });
            let counted = order.is_some_and(|row| self.tag_of(row).as_deref() == Some(name));
            let its = match order {
                Some(row) => self.is_of_algorithm(row, name),
                None => execution.client.as_str().starts_with(name),
            };
            if its && !counted {
                let net = nets.entry(execution.instrument.clone()).or_default();
                *net = net.checked_add(execution.qty.signed(execution.side)).unwrap_or(*net);
            }
        }
        nets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{
            fact::Fact,
            order::{OrderSpec, Side},
        },
    };

    #[test]
    fn an_algorithm_holds_the_net_of_its_own_fills() {
        let mut book = Book::furnished();
        let of = |tag: Option<&str>, spec: OrderSpec| OrderSpec { tag: tag.map(SmolStr::new), ..spec };
        let fills = [
            ("a", of(Some("swing"), buy("100")), "100"),
            ("b", of(None, buy("40")), "40"),
            ("swing-7", of(None, buy("10")), "10"),
            ("c", of(Some("swing"), sell("30")), "30"),
        ];
        for (n, (name, spec, units)) in fills.iter().enumerate() {
            book.works(name, spec);
            book.take(Fact::Executed(Box::new(execution(&format!("x{n}"), name, spec, units, "10"))));
        }
        let held =
            |book: &Book, name: &str| book.held_by(&venue(), name).get(&aapl()).copied().unwrap_or_default();
        assert_eq!(held(&book, "swing"), qty("80").signed(Side::Buy));
        assert_eq!(held(&book, "other"), SignedQty::ZERO);
        assert!(book.is_of_algorithm(book.order(&id("swing-7")).unwrap(), "swing"));
        assert!(!book.is_of_algorithm(book.order(&id("b")).unwrap(), "swing"));
    }
}
