//! What is taken off an account's buying power before the venue has counted it.

use super::checks::worst_price;
use crate::{
    book::{Book, Marks, OrderRow, Uncounted},
    domain::{
        ids::VenueId,
        money::{Money, Qty},
        order::Amount,
    },
};

/// What orders take that the venue had not counted when it gave its figures; `None` when one can't be valued.
/// While an order that another replaces is open the venue has counted that one: with `skip_replacements` the new
/// one takes nothing.
pub fn committed(book: &Book, marks: &Marks, venue: &VenueId, skip_replacements: bool) -> Option<Money> {
    let mut sum = Money::ZERO;
    for order in book.uncounted(venue) {
        let takes = match order {
            Uncounted::Named(money) => money,
            Uncounted::Order(row) if skip_replacements && row.replaces.is_some() => continue,
            Uncounted::Order(row) => takes(book, marks, row)?,
        };
        sum = sum.checked_add(takes)?;
    }
    Some(sum)
}

fn takes(book: &Book, marks: &Marks, row: &OrderRow) -> Option<Money> {
    if row.spec.reduce_only || book.is_closing(row) {
        return Some(Money::ZERO);
    }
    if let Amount::Notional(money) = row.spec.amount {
        return Some(money.abs());
    }
    let qty = if row.state.is_final() { row.filled } else { row.spec.amount.qty().unwrap_or(Qty::ZERO) };
    // What it names needs no market to be looked up.
    let market = || worst_price(&row.spec, marks.get(row.instrument()));
    let price = row.spec.named_price().or_else(market).or_else(|| row.avg_price());
    book.rules_of(row)?.payoff.size(qty, price)
}
