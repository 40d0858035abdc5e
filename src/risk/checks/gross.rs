//! Not more money in all symbols together: every position with the open and unknown orders of its worse side filled.

use super::{Case, is_beyond, share};
use crate::{book::Part, risk::verdict::Why};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let limits = case.context.limits;
    if case.sees(|seen| seen.is_within_gross(limits.gross_max, limits.gross_percent_max)) {
        return None;
    }
    let value = match case.total(Part::Worst) {
        Ok(value) => value,
        Err(why) => return Some(why),
    };
    let equity = match case.figures() {
        Ok(account) => account.equity,
        Err(why) => return Some(why),
    };
    if value > limits.gross_max {
        return Some(Box::new(Why::Gross { value, limit: limits.gross_max }));
    }
    let limit = limits.gross_percent_max;
    is_beyond(value, limit, equity)
        .then(|| Box::new(Why::GrossPercent { value, share: share(value, equity), equity, limit }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::{
        book::fixture::*,
        domain::{
            fact::{Fact, PositionSource},
            ids::Currency,
            instrument::Instrument,
            lifecycle::OrderEvent,
            money::Percent,
            order::{OrderSpec, Side},
            report::AccountReport,
        },
        risk::verdict::CheckName,
    };

    fn desk() -> Desk {
        let mut desk = Desk::open();
        desk.limits.gross_max = usd("150000");
        // One coin at its middle is 39999.75.
        desk.book.holds(&OrderSpec { instrument: btc(), ..buy("2") }, "40000");
        desk
    }

    #[test]
    fn all_symbols_count_with_what_is_open_of_them() {
        let mut desk = desk();
        desk.passes(CheckName::Gross, &order(Side::Buy, "700", limit("100")));
        desk.refuses(CheckName::Gross, &order(Side::Buy, "701", limit("100")), "come to 150099.5");
        let coins = OrderSpec { instrument: btc(), ..order(Side::Buy, "1", limit("40000")) };
        desk.book.works("a", &coins);
        desk.passes(CheckName::Gross, &order(Side::Buy, "300", limit("100")));
        desk.refuses(CheckName::Gross, &order(Side::Buy, "301", limit("100")), "above your limit of 150000");
        // A short counts up and not down.
        desk.refuses(CheckName::Gross, &sell("301"), "above your limit");
    }

    #[test]
    fn an_order_that_may_be_there_counts_until_it_is_known_not_to_be() {
        let mut desk = desk();
        let spec = order(Side::Buy, "700", limit("100"));
        desk.book.take(intent("a", &spec));
        desk.refuses(CheckName::Gross, &order(Side::Buy, "1", limit("101")), "above");
        desk.book.take(event("a", OrderEvent::Unanswered));
        desk.refuses(CheckName::Gross, &order(Side::Buy, "1", limit("101")), "above");
        desk.book.take(event("a", OrderEvent::Rejected));
        desk.passes(CheckName::Gross, &order(Side::Buy, "1", limit("101")));
    }

    #[test]
    fn the_smaller_of_money_and_share_of_equity_holds() {
        let mut desk = desk();
        desk.limits.gross_percent_max = Percent::new(100.into());
        desk.passes(CheckName::Gross, &order(Side::Buy, "200", limit("100")));
        desk.refuses(
            CheckName::Gross,
            &order(Side::Buy, "201", limit("100")),
            "100.1 % of an equity of 100000",
        );
    }

    #[test]
    fn what_can_not_be_valued_or_is_in_another_currency_refuses() {
        let mut desk = desk();
        let unknown = named("ZZZ");
        desk.book.take(Fact::Position {
            instrument: unknown.clone(),
            qty: "5".parse().unwrap(),
            avg_price: None,
            previous_close: None,
            source: PositionSource::Baseline,
        });
        desk.refuses(CheckName::Gross, &buy("1"), "of ZZZ@paper can't be valued");
        desk.marks.apply(&quote(unknown.clone(), "9", "11", 100));
        desk.passes(CheckName::Gross, &buy("1"));
        let euros = Instrument { quote: Currency::new("EUR").unwrap(), ..share(unknown) };
        desk.book.take(Fact::Instrument(Box::new(euros)));
        desk.refuses(CheckName::Gross, &buy("1"), "can't be valued");
    }

    #[test]
    fn without_a_quote_by_an_old_one_or_without_equity_it_refuses() {
        let mut desk = desk();
        let broke = AccountReport { equity: usd("0"), ..account() };
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(broke) });
        desk.refuses(CheckName::Gross, &buy("1"), "above your limit");
        desk.now = now(116);
        desk.refuses(CheckName::Gross, &order(Side::Buy, "1", limit("100")), "16000 ms old");
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Gross, &buy("1"), "no quote");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Gross);
    }
}
