//! Enough buying power, with everything taken off that the account's figures can't have counted yet: orders on
//! their way, and orders whose outcome is not known, at their worst.

use super::{Case, worst_price};
use crate::{
    domain::money::Money,
    risk::{committed::committed, verdict::Why},
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let account = match case.figures() {
        Ok(account) => account,
        Err(why) => return Some(why),
    };
    let Some(instrument) = case.instrument else {
        return Some(Box::new(Why::NoInstrument(case.spec.instrument.clone())));
    };
    if instrument.quote != account.currency {
        return Some(Box::new(Why::Currency {
            instrument: instrument.quote.clone(),
            account: account.currency.clone(),
        }));
    }
    let power = match account.cash_buying_power {
        Some(cash) if !instrument.marginable => cash.min(account.buying_power),
        Some(_) | None => account.buying_power,
    };
    let Some(need) = need(case) else {
        return Some(Box::new(Why::NoPrice));
    };
    let taken =
        committed(case.context.book, case.context.marks, &case.spec.instrument.venue, case.changes.is_none());
    let left = taken.and_then(|c| power.checked_sub(c));
    match left {
        None => Some(Box::new(Why::NoPrice)),
        Some(left) => (need > left).then(|| Box::new(Why::BuyingPower { need, left })),
    }
}

/// What the opening part takes; of a change, what it takes more than before.
pub(super) fn need(case: &Case<'_>) -> Option<Money> {
    let whole = case.opening_value()?;
    let Some((before, filled)) = case.changes else {
        return Some(whole);
    };
    let had = before.amount.qty()?.saturating_sub(filled);
    let had = case.instrument?.payoff.size(had, worst_price(before, case.mark))?;
    whole.checked_sub(had).map(|more| more.max(Money::ZERO))
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
        let mut desk = Desk::open();
        desk.passes(CheckName::BuyingPower, &order(Side::Buy, "2000", limit("100")));
        desk.refuses(CheckName::BuyingPower, &order(Side::Buy, "2001", limit("100")), "200100");
        desk.refuses(CheckName::BuyingPower, &buy("2000"), "200020.00");
        desk.passes(CheckName::BuyingPower, &OrderSpec { instrument: btc(), ..buy("2.5") });
        desk.refuses(
            CheckName::BuyingPower,
            &OrderSpec { instrument: btc(), ..buy("2.6") },
            "100000.00 is left",
        );
    }

    /// 2,000 contracts of a hundred dollars are the whole buying power at any price, and a cheaper limit buys no more.
    #[test]
    fn contracts_of_so_many_dollars_take_those() {
        let mut desk = Desk::open();
        desk.book.take(Fact::Instrument(Box::new(inverse())));
        let contracts =
            |n: &str, price: &str| OrderSpec { instrument: btc(), ..order(Side::Buy, n, limit(price)) };
        desk.passes(CheckName::BuyingPower, &contracts("2000", "40000"));
        desk.refuses(CheckName::BuyingPower, &contracts("2001", "39000"), "200100");
        desk.book.take(intent("a", &contracts("1500", "39000")));
        desk.refuses(CheckName::BuyingPower, &contracts("600", "40000"), "50000.00 is left");
    }

    #[test]
    fn orders_under_way_and_unknown_ones_take_their_part_until_the_account_is_counted_anew() {
        let mut desk = Desk::open();
        desk.book.take(intent("a", &order(Side::Buy, "1500", limit("100"))));
        let second = order(Side::Buy, "600", limit("100"));
        desk.refuses(CheckName::BuyingPower, &second, "50000.00 is left");
        desk.book.take(event("a", OrderEvent::Unanswered));
        desk.book.apply(at(60), &Fact::Account { venue: venue(), report: Box::new(account()) });
        desk.refuses(CheckName::BuyingPower, &second, "50000.00 is left");
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
