//! Enough buying power, with everything taken off that the account's figures can't have counted yet: orders on
//! their way, and orders whose outcome is not known, at their worst.

use super::{Case, worst_price};
use crate::{
    book::OrderRow,
    domain::money::{Money, Qty},
    risk::verdict::Why,
};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let Some(account) = case.account.map(|a| &a.report) else {
        return Some(Why::NoAccount);
    };
    let Some(instrument) = case.instrument else {
        return Some(Why::NoInstrument(case.spec.instrument.clone()));
    };
    if instrument.quote != account.currency {
        return Some(Why::Currency {
            instrument: instrument.quote.clone(),
            account: account.currency.clone(),
        });
    }
    let power = match account.cash_buying_power {
        Some(cash) if !instrument.marginable => cash.min(account.buying_power),
        Some(_) | None => account.buying_power,
    };
    let Some(need) = need(case) else {
        return Some(Why::NoPrice);
    };
    let left = committed(case).and_then(|c| power.checked_sub(c));
    match left {
        None => Some(Why::NoPrice),
        Some(left) => (need > left).then_some(Why::BuyingPower { need, left }),
    }
}

/// What the opening part takes; of a change, what it takes more than before.
fn need(case: &Case<'_>) -> Option<Money> {
    let whole = case.value_of(case.opening?)?;
    let Some((before, filled)) = case.changes else {
        return Some(whole);
    };
    let had = before.amount.qty()?.saturating_sub(filled);
    let price = worst_price(before, case.mark)?;
    let multiplier = case.instrument?.multiplier.get();
    let had = had.checked_mul_price(price)?.checked_mul(multiplier)?.abs();
    whole.checked_sub(had).map(|more| more.max(Money::ZERO))
}

/// What orders take that the venue had not counted when it gave its figures. `None` when one can't be valued.
fn committed(case: &Case<'_>) -> Option<Money> {
    let venue = &case.spec.instrument.venue;
    let mut sum = Money::ZERO;
    for row in case.context.book.unseen_orders(venue) {
        sum = sum.checked_add(takes(case, row)?)?;
    }
    Some(sum)
}

fn takes(case: &Case<'_>, row: &OrderRow) -> Option<Money> {
    let book = case.context.book;
    let closes = book.exit_side(row.instrument()) == Some(row.spec.side);
    if closes || row.spec.reduce_only {
        return Some(Money::ZERO);
    }
    // While the order that it replaces is open, the venue has counted that one.
    if case.changes.is_none() && row.replaces.is_some() {
        return Some(Money::ZERO);
    }
    if let crate::domain::order::Amount::Notional(money) = row.spec.amount {
        return Some(money.abs());
    }
    let qty = if row.state.is_final() { row.filled } else { row.spec.amount.qty().unwrap_or(Qty::ZERO) };
    let price =
        worst_price(&row.spec, case.context.marks.get(row.instrument())).or_else(|| row.avg_price())?;
    let multiplier = book.instrument(row.instrument())?.multiplier.get();
    Some(qty.checked_mul_price(price)?.checked_mul(multiplier)?.abs())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::{
            fact::Fact,
            ids::Currency,
            lifecycle::OrderEvent,
            order::{OrderSpec, Side},
            report::AccountReport,
        },
    };

    #[test]
    fn what_it_pays_for_passes_and_more_is_refused() {
        let desk = Desk::open();
        desk.passes(CheckName::BuyingPower, &order(Side::Buy, "2000", limit("100")));
        desk.refuses(CheckName::BuyingPower, &order(Side::Buy, "2001", limit("100")), "200100");
        desk.refuses(CheckName::BuyingPower, &buy("2000"), "200020.00");
        desk.passes(CheckName::BuyingPower, &OrderSpec { instrument: btc(), ..buy("2.5") });
        desk.refuses(
            CheckName::BuyingPower,
            &OrderSpec { instrument: btc(), ..buy("2.6") },
            "100000 is left",
        );
    }

    #[test]
    fn orders_under_way_and_unknown_ones_take_their_part_until_the_account_is_counted_anew() {
        let mut desk = Desk::open();
        desk.book.take(intent("a", &order(Side::Buy, "1500", limit("100"))));
        let second = order(Side::Buy, "600", limit("100"));
        desk.refuses(CheckName::BuyingPower, &second, "50000 is left");
        desk.book.take(event("a", OrderEvent::Unanswered));
        desk.book.apply(at(60), &Fact::Account { venue: venue(), report: Box::new(account()) });
        desk.refuses(CheckName::BuyingPower, &second, "50000 is left");
        desk.book.take(event("a", OrderEvent::Working));
        desk.book.apply(at(60), &Fact::Account { venue: venue(), report: Box::new(account()) });
        desk.passes(CheckName::BuyingPower, &second);
    }

    #[test]
    fn an_order_that_never_left_takes_nothing() {
        let mut desk = Desk::open();
        desk.book.take(intent("a", &order(Side::Buy, "1500", limit("100"))));
        desk.book.take(event("a", OrderEvent::NotSent));
        desk.passes(CheckName::BuyingPower, &order(Side::Buy, "2000", limit("100")));
    }

    #[test]
    fn without_account_or_price_or_in_another_currency_it_refuses() {
        let mut desk = Desk::open();
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::BuyingPower, &buy("1"), "no price");
        let euros = AccountReport { currency: Currency::new("EUR").unwrap(), ..account() };
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(euros) });
        desk.refuses(CheckName::BuyingPower, &buy("1"), "EUR");
        desk.book = crate::book::Book::new();
        desk.refuses(CheckName::BuyingPower, &buy("1"), "account");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::BuyingPower);
    }
}
