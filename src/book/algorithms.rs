//! What each algorithm holds: the net of what its own orders filled. An order is an algorithm's by its tag, or by
//! what its client id begins with; a child is its parent's.

use super::{Book, orders::OrderRow};
use crate::domain::{
    ids::{InstrumentId, OrderId, VenueId},
    money::SignedQty,
};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// By tag: counted with every fill, for orders are forgotten before positions are closed.
#[derive(Debug, Default)]
pub(super) struct Tagged {
    nets: BTreeMap<SmolStr, BTreeMap<InstrumentId, SignedQty>>,
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

impl Book {
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
