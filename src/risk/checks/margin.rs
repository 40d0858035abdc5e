//! Enough margin, or settled cash, with every open and unknown order at its worst. The venue's own figures come first;
//! where it gives none, or less than the law asks, the law's are taken: Regulation T (12 CFR 220.12) for what is
//! bought and sold short on margin, settled cash for a cash account and for what can't be had on margin.

use super::{Case, buying_power};
use crate::{
    book::{Margin, Part},
    calendar::Phase,
    domain::{
        limits::{AccountType, DayTrading},
        money::{Money, Qty, Ratio},
        order::Side,
        report::AccountReport,
    },
    risk::{committed::committed, verdict::Why},
};
use rust_decimal::Decimal;

/// Leverage of Regulation T.
const OVERNIGHT: Ratio = Ratio::new(Decimal::TWO);
/// Leverage of a pattern day trader inside the day (FINRA rule 4210(f)(8)(B)(iii) as it stood until 2026-06-04).
const INTRADAY: Ratio = Ratio::new(Decimal::from_parts(4, 0, 0, false, 0));
/// So long before the close the leverage is that of the night: a position could not be closed in time.
const CLOSING_MS: i64 = 600_000;
/// Below this equity nobody is a pattern day trader by choice.
pub(super) const PATTERN_EQUITY: Money = Money::new(Decimal::from_parts(25_000, 0, 0, false, 0));

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let account = match case.figures() {
        Ok(account) => account,
        Err(why) => return Some(why),
    };
    let Some(instrument) = case.instrument else {
        return Some(Box::new(Why::NoInstrument(case.spec.instrument.clone())));
    };
    if is_cash(case, account) || !instrument.marginable {
        return cash(case, account);
    }
    let leverage = leverage(case, account);
    // Beyond two the venue lends for the day: then what must stay there holds, and not what must be there first.
    let (margin, venue) = if leverage > OVERNIGHT {
        (Margin::Maintenance, account.maintenance_margin)
    } else {
        (Margin::Initial, account.initial_margin)
    };
    if case.sees(|seen| seen.is_within_margin(case, margin, venue)) {
        return None;
    }
    let (own, taken) = match taken(case, margin, venue) {
        Ok(both) => both,
        Err(why) => return Some(why),
    };
    let equity = account.equity;
    let is_beyond = taken.is_none_or(|taken| taken > equity);
    is_beyond.then(|| Box::new(Why::Margin { taken: taken.unwrap_or(own), equity, leverage: leverage.get() }))
}

/// What is taken: by our count, or by the venue's of what is held with ours of what is open, whichever is more. A fill
/// that the venue's last figures lack is in ours. Our count first, then what is taken: `None` on overflow.
pub(super) fn taken(
    case: &Case<'_>,
    margin: Margin,
    venue: Option<Money>,
) -> Result<(Money, Option<Money>), Box<Why>> {
    let (own, held) = match margin {
        Margin::Initial => (Part::Initial, Part::InitialHeld),
        Margin::Maintenance => (Part::Maintenance, Part::MaintenanceHeld),
    };
    let own = case.total(own)?;
    let Some(venue) = venue else {
        return Ok((own, Some(own)));
    };
    let held = case.total(held)?;
    let both = own.checked_sub(held).and_then(|open| open.checked_add(venue));
    Ok((own, both.map(|both| both.max(own))))
}

/// Is it an account without borrowed money?
pub(super) fn is_cash(case: &Case<'_>, account: &AccountReport) -> bool {
    match case.context.limits.account_type {
        AccountType::Cash => true,
        AccountType::RegT => false,
        AccountType::Venue => account.multiplier.is_some_and(|m| m <= Ratio::ONE),
    }
}

/// What the account may hold for one of equity.
fn leverage(case: &Case<'_>, account: &AccountReport) -> Ratio {
    let limits = case.context.limits;
    let said = match limits.account_type {
        AccountType::Venue => account.multiplier,
        AccountType::RegT | AccountType::Cash => None,
    };
    match limits.day_trading {
        DayTrading::None | DayTrading::IntradayMargin => said.unwrap_or(OVERNIGHT),
        DayTrading::Pdt => {
            let by_day = counted_equity(account) >= PATTERN_EQUITY && !is_closing(case);
            let lawful = if by_day { INTRADAY } else { OVERNIGHT };
            said.map_or(lawful, |said| said.min(lawful))
        }
    }
}

/// What the rule goes by: the equity of the day before, or today's where that is less.
pub(super) fn counted_equity(account: &AccountReport) -> Money {
    account.last_equity.map_or(account.equity, |last| last.min(account.equity))
}

/// Outside regular hours, and in the ten minutes before the close.
fn is_closing(case: &Case<'_>) -> bool {
    let session = case.context.session;
    let late = |until: crate::domain::time::Stamp| until.since_ms(case.context.now.wall) <= CLOSING_MS;
    session.phase != Phase::Regular || session.until.is_some_and(late)
}

/// Cash that has settled: what the venue says, else the cash without what sales have not brought in yet.
fn cash(case: &Case<'_>, account: &AccountReport) -> Option<Box<Why>> {
    let opening = case.opening;
    if case.spec.side == Side::Sell && opening.is_none_or(Qty::is_positive) {
        return Some(Box::new(Why::CashShort));
    }
    let Some(need) = buying_power::need(case) else {
        return Some(Box::new(Why::NoPrice));
    };
    let venue = &case.spec.instrument.venue;
    let (book, marks) = (case.context.book, case.context.marks);
    let Some(on_its_way) = committed(book, marks, venue, case.changes.is_none()) else {
        return Some(Box::new(Why::NoPrice));
    };
    let (unsettled, left) = match account.cash_buying_power {
        Some(power) => (Money::ZERO, power.checked_sub(on_its_way)),
        None => {
            let open = match marks.carried(venue) {
                Ok(sum) => sum.worst.checked_sub(sum.held).map(|open| open.max(on_its_way)),
                Err(unknown) => return Some(Box::new(Why::NoValue(unknown.clone()))),
            };
            let unsettled = unsettled(case);
            let settled = account.cash.checked_sub(unsettled);
            (unsettled, settled.zip(open).and_then(|(cash, open)| cash.checked_sub(open)))
        }
    };
    match left {
        None => Some(Box::new(Why::NoPrice)),
        Some(left) => (need > left).then(|| Box::new(Why::Cash { need, left, unsettled })),
    }
}

/// What sales have brought in on the last trading days, as many as a sale takes to settle (T+1 for United States
/// shares: SEC rule 15c6-1 since 2024-05-28).
fn unsettled(case: &Case<'_>) -> Money {
    let days = case.context.limits.settlement_days;
    let Some(first) = days.checked_sub(1).and_then(|n| usize::try_from(n).ok()) else {
        return Money::ZERO;
    };
    case.context.book.sold_since(&case.spec.instrument.venue, case.context.days.get(first).copied())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::{
        book::fixture::*,
        calendar::Session,
        domain::{
            fact::Fact,
            lifecycle::OrderEvent,
            limits::Action,
            order::{OrderSpec, OrderType},
        },
        risk::verdict::CheckName,
    };

    fn says(desk: &mut Desk, report: AccountReport) {
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(report) });
    }
    fn with(multiplier: i64) -> AccountReport {
        AccountReport { multiplier: Some(Ratio::new(multiplier.into())), ..account() }
    }
    fn entry(n: &str) -> OrderSpec {
        order(Side::Buy, n, limit("100"))
    }

    #[test]
    fn half_of_what_is_bought_must_be_there() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Margin, &entry("2000"));
        desk.refuses(CheckName::Margin, &entry("2001"), "100050.00 of margin would be taken");
        desk.book.holds(&buy("1000"), "100");
        desk.book.works("a", &entry("500"));
        desk.book.take(intent("b", &entry("100")));
        desk.book.take(event("b", OrderEvent::Unanswered));
        desk.passes(CheckName::Margin, &entry("400"));
        desk.refuses(CheckName::Margin, &entry("401"), "(at 2x)");
    }

    #[test]
    fn a_short_sale_takes_150_per_cent_of_which_its_proceeds_are_100() {
        let mut desk = Desk::open();
        let short = |n| order(Side::Sell, n, limit("100"));
        desk.passes(CheckName::Margin, &short("2000"));
        desk.refuses(CheckName::Margin, &short("2001"), "of an equity of 100000");
    }

    #[test]
    fn the_venues_own_figures_come_first_where_they_ask_more() {
        let mut desk = Desk::open();
        desk.book.holds(&buy("100"), "100");
        says(&mut desk, AccountReport { initial_margin: Some(usd("60000")), ..with(2) });
        desk.passes(CheckName::Margin, &entry("800"));
        desk.refuses(CheckName::Margin, &entry("801"), "100050");
        // Less than the law asks does not count.
        says(&mut desk, AccountReport { initial_margin: Some(usd("0")), ..with(2) });
        desk.passes(CheckName::Margin, &entry("1900"));
        desk.refuses(CheckName::Margin, &entry("1901"), "at 2x");
        // What the venue lends for the day is held by what must stay there.
        says(&mut desk, AccountReport { maintenance_margin: Some(usd("2500")), ..with(4) });
        desk.passes(CheckName::Margin, &entry("3900"));
        desk.refuses(CheckName::Margin, &entry("3901"), "at 4x");
    }

    #[test]
    fn a_pattern_day_trader_has_four_by_day_and_two_by_night_and_from_ten_minutes_before_the_close() {
        let mut desk = Desk::open();
        desk.limits.day_trading = DayTrading::Pdt;
        let regular = |s: i64| Session { phase: Phase::Regular, until: Some(at(101 + s)) };
        desk.session = regular(601);
        desk.passes(CheckName::Margin, &entry("4000"));
        desk.refuses(CheckName::Margin, &entry("4001"), "at 4x");
        desk.session = regular(600);
        desk.refuses(CheckName::Margin, &entry("2001"), "at 2x");
        desk.session = Session { phase: Phase::After, until: None };
        desk.refuses(CheckName::Margin, &entry("2001"), "at 2x");
        // The venue's own leverage is not gone beyond.
        desk.session = regular(3_600);
        says(&mut desk, with(2));
        desk.refuses(CheckName::Margin, &entry("2001"), "at 2x");
        // Yesterday's equity counts.
        says(&mut desk, AccountReport { last_equity: Some(usd("24999")), ..with(4) });
        desk.refuses(CheckName::Margin, &entry("2001"), "at 2x");
    }

    #[test]
    fn a_cash_account_buys_with_what_has_settled_and_sells_nothing_short() {
        let mut desk = Desk::open();
        desk.limits.account_type = AccountType::Cash;
        let silent = AccountReport { cash_buying_power: None, ..account() };
        says(&mut desk, silent.clone());
        desk.passes(CheckName::Margin, &entry("1000"));
        desk.refuses(CheckName::Margin, &entry("1001"), "takes 100100.00 of settled cash, 100000.00 is left");
        desk.refuses(CheckName::Margin, &sell("1"), "sold short in a cash account");
        // Bought before, sold today: the 40,000 have not settled.
        desk.book.take(Fact::DayBegan { venue: venue(), began: at(-7_200) });
        desk.book.holds(&buy("400"), "100");
        desk.book.take(Fact::DayBegan { venue: venue(), began: at(-3_600) });
        desk.days = vec![at(-3_600), at(-7_200)];
        let sale = order(Side::Sell, "400", OrderType::Market);
        desk.book.works("s", &sale);
        desk.book.take(Fact::Executed(Box::new(execution("xs", "s", &sale, "400", "100"))));
        // Figures that came later than what was on its way.
        desk.book.apply(at(60), &Fact::Account { venue: venue(), report: Box::new(silent.clone()) });
        desk.refuses(
            CheckName::Margin,
            &entry("601"),
            "60000.00 is left (40000.00 from sales has not settled)",
        );
        desk.passes(CheckName::Margin, &entry("600"));
        desk.limits.settlement_days = 0;
        desk.passes(CheckName::Margin, &entry("1000"));
        // Settled a day later.
        desk.limits.settlement_days = 1;
        desk.book.take(Fact::DayBegan { venue: venue(), began: at(50) });
        desk.days = vec![at(50), at(-3_600), at(-7_200)];
        desk.passes(CheckName::Margin, &entry("1000"));
        desk.limits.settlement_days = 2;
        desk.refuses(CheckName::Margin, &entry("601"), "has not settled");
        // Where the venue says what can be bought, that holds.
        says(&mut desk, AccountReport { cash_buying_power: Some(usd("5000")), ..account() });
        desk.passes(CheckName::Margin, &entry("50"));
        desk.refuses(CheckName::Margin, &entry("51"), "5000.00 is left");
    }

    #[test]
    fn in_a_cash_account_open_and_unknown_orders_have_taken_their_part() {
        let mut desk = Desk::open();
        desk.limits.account_type = AccountType::Cash;
        says(&mut desk, AccountReport { cash_buying_power: None, ..account() });
        desk.book.works("a", &entry("300"));
        desk.book.take(intent("b", &entry("300")));
        desk.book.take(event("b", OrderEvent::Unanswered));
        desk.book.apply(
            at(60),
            &Fact::Account {
                venue: venue(),
                report: Box::new(AccountReport { cash_buying_power: None, ..account() }),
            },
        );
        desk.passes(CheckName::Margin, &entry("400"));
        desk.refuses(CheckName::Margin, &entry("401"), "40000.00 is left");
    }

    #[test]
    fn an_account_whose_leverage_is_one_is_a_cash_account() {
        let mut desk = Desk::open();
        says(&mut desk, with(1));
        desk.refuses(CheckName::Margin, &entry("1001"), "settled cash");
        desk.limits.account_type = AccountType::RegT;
        desk.passes(CheckName::Margin, &entry("1001"));
    }

    #[test]
    fn coins_are_paid_whole() {
        let mut desk = Desk::open();
        let coins = |n| OrderSpec { instrument: btc(), ..order(Side::Buy, n, limit("40000")) };
        desk.passes(CheckName::Margin, &coins("2.5"));
        desk.refuses(CheckName::Margin, &coins("2.6"), "takes 104000.00 of settled cash, 100000.00 is left");
    }

    #[test]
    fn without_figures_rules_or_a_young_quote_it_refuses() {
        let mut desk = Desk::open();
        desk.refuses(CheckName::Margin, &OrderSpec { instrument: named("ZZZ"), ..buy("1") }, "rules of ZZZ");
        desk.now = now(116);
        desk.refuses(CheckName::Margin, &entry("1"), "16000 ms old");
        desk.limits.stale_quote = Action::Off;
        desk.passes(CheckName::Margin, &entry("1"));
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::Margin, &buy("1"), "no price");
        desk.book = crate::book::Book::new();
        desk.refuses(CheckName::Margin, &buy("1"), "figures are not known");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Margin);
    }
}
