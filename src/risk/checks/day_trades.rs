//! Day trading by the rule that the account is under.
//!
//! `pdt`: FINRA rule 4210(f)(8)(B) as it stood until 2026-06-04: four day trades in five business days, when they are
//! more than six per cent of all trades, make a pattern day trader, who needs an equity of 25,000.
//!
//! `intraday_margin`: what replaced it on 2026-06-04, with firms free to change over until 2027-10-20: FINRA rule
//! 4210(d)(2) by SR-FINRA-2025-017 (91 FR 20731, 2026-04-17). There is no counting and no 25,000 any more; the account
//! must have the maintenance margin of rule 4210(c) at every moment of the day, and a firm may refuse what would make
//! or deepen an intraday margin deficit. That is what is done here. Two things are taken for granted, since a firm may
//! ask more: its requirement is that of 4210(c) (25 % long, 30 % or 5 a share short) where its own figure is not
//! higher, and open orders count as filled.

use super::{
    Case,
    margin::{PATTERN_EQUITY, counted_equity, is_cash, taken},
};
use crate::{
    book::Margin,
    domain::{instrument::AssetClass, limits::DayTrading, report::AccountReport},
    risk::verdict::Why,
};

/// With this many in the window the next one is too many.
const FREE: u32 = 3;
/// More than so many per cent of all trades.
const PER_CENT: u32 = 6;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let rule = case.context.limits.day_trading;
    if rule == DayTrading::None {
        return None;
    }
    let Some(instrument) = case.instrument else {
        return Some(Box::new(Why::NoInstrument(case.spec.instrument.clone())));
    };
    if !matches!(instrument.class, AssetClass::Equity | AssetClass::Option) {
        return None;
    }
    let account = match case.figures() {
        Ok(account) => account,
        Err(why) => return Some(why),
    };
    match rule {
        DayTrading::None => None,
        DayTrading::Pdt => pattern(case, account),
        DayTrading::IntradayMargin if case.adds_nothing => None,
        DayTrading::IntradayMargin => intraday(case, account),
    }
}

fn pattern(case: &Case<'_>, account: &AccountReport) -> Option<Box<Why>> {
    let equity = counted_equity(account);
    // Cash accounts are not under it.
    if equity >= PATTERN_EQUITY || is_cash(case, account) {
        return None;
    }
    let id = &case.spec.instrument;
    let own = case.context.book.day_trades(&id.venue, case.context.days.last().copied());
    // The venue has seen trades that were made elsewhere.
    let told = account.day_trades.unwrap_or(0);
    let count = own.day_trades.max(told);
    if count < FREE || is_small_share(count, own.day_trades >= told, own.orders) {
        return None;
    }
    if !case.adds_nothing {
        return Some(Box::new(Why::DayTrades { count, equity }));
    }
    let closes_todays = case.context.book.opened_today(id).is_positive();
    closes_todays.then(|| Box::new(Why::ClosingDayTrade { nth: count.saturating_add(1), equity }))
}

/// Would one more still be no more than six per cent of all trades? Only where all trades are known. The opening and
/// the closing are two more of them.
fn is_small_share(count: u32, all_known: bool, orders: u32) -> bool {
    let day_trades = count.saturating_add(1).saturating_mul(100);
    let all = orders.saturating_add(2).saturating_mul(PER_CENT);
    all_known && day_trades <= all
}

fn intraday(case: &Case<'_>, account: &AccountReport) -> Option<Box<Why>> {
    let (margin, venue) = (Margin::Maintenance, account.maintenance_margin);
    if case.sees(|seen| seen.is_within_margin(case, margin, venue)) {
        return None;
    }
    let (own, taken) = match taken(case, margin, venue) {
        Ok(both) => both,
        Err(why) => return Some(why),
    };
    let equity = account.equity;
    let is_beyond = taken.is_none_or(|taken| taken > equity);
    is_beyond.then(|| Box::new(Why::IntradayMargin { taken: taken.unwrap_or(own), equity }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{
            fact::Fact,
            instrument::Instrument,
            limits::{AccountType, Action},
            order::{OrderSpec, Side},
        },
        risk::verdict::{CheckName, Outcome},
    };

    fn says(desk: &mut Desk, report: AccountReport) {
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(report) });
    }
    fn small() -> AccountReport {
        AccountReport { equity: usd("24000"), last_equity: None, ..account() }
    }

    /// So many day trades today, in a small account.
    fn traded(times: u32) -> Desk {
        let mut desk = Desk::open();
        desk.limits.day_trading = DayTrading::Pdt;
        desk.limits.duplicate = Action::Off;
        desk.book.take(Fact::DayBegan { venue: venue(), began: at(-3_600) });
        desk.days = vec![at(-3_600)];
        for n in 0..times {
            for (what, spec) in [("b", buy("1")), ("s", sell("1"))] {
                let name = format!("{what}{n}");
                desk.book.works(&name, &spec);
                let done = execution(&format!("x{name}"), &name, &spec, "1", "100");
                desk.book.take(Fact::Executed(Box::new(done)));
            }
        }
        says(&mut desk, small());
        desk
    }

    #[test]
    fn with_three_in_the_window_a_small_account_opens_nothing() {
        traded(2).passes(CheckName::DayTrades, &buy("1"));
        let mut desk = traded(3);
        desk.refuses(
            CheckName::DayTrades,
            &buy("1"),
            "3 day trades in five business days and an equity of 24000",
        );
        desk.passes(CheckName::DayTrades, &OrderSpec { instrument: btc(), ..buy("1") });
        says(&mut desk, AccountReport { equity: usd("25000"), ..small() });
        desk.passes(CheckName::DayTrades, &buy("1"));
        // Yesterday's equity counts where it is less.
        says(&mut desk, AccountReport { last_equity: Some(usd("24999")), equity: usd("30000"), ..small() });
        desk.refuses(CheckName::DayTrades, &buy("1"), "24999");
        desk.limits.account_type = AccountType::Cash;
        desk.passes(CheckName::DayTrades, &buy("1"));
        desk.limits.account_type = AccountType::Venue;
        desk.limits.day_trading = DayTrading::None;
        desk.passes(CheckName::DayTrades, &buy("1"));
    }

    #[test]
    fn what_left_the_window_is_forgotten() {
        let mut desk = traded(3);
        for day in 1..=5 {
            desk.book.take(Fact::DayBegan { venue: venue(), began: at(day * 10) });
        }
        desk.days = vec![at(50), at(40), at(30), at(20), at(10)];
        desk.passes(CheckName::DayTrades, &buy("1"));
        desk.days.pop();
        desk.days.push(at(-3_600));
        desk.refuses(CheckName::DayTrades, &buy("1"), "3 day trades");
        // Nobody knows what a day is: all that are known count.
        desk.days.clear();
        desk.refuses(CheckName::DayTrades, &buy("1"), "3 day trades");
    }

    #[test]
    fn the_venues_count_holds_where_it_is_higher() {
        let mut desk = traded(0);
        says(&mut desk, AccountReport { day_trades: Some(3), ..small() });
        desk.refuses(CheckName::DayTrades, &buy("1"), "3 day trades");
        says(&mut desk, AccountReport { day_trades: Some(2), ..small() });
        desk.passes(CheckName::DayTrades, &buy("1"));
        let mut desk = traded(3);
        says(&mut desk, AccountReport { day_trades: Some(0), ..small() });
        desk.refuses(CheckName::DayTrades, &buy("1"), "3 day trades");
    }

    #[test]
    fn up_to_six_per_cent_of_all_trades_they_make_no_pattern() {
        assert!(!is_small_share(3, true, 64));
        assert!(is_small_share(3, true, 65));
        assert!(!is_small_share(3, false, 1_000), "not all trades are known");
    }

    #[test]
    fn closing_is_said_and_never_stopped() {
        let mut desk = traded(3);
        desk.book.holds(&buy("10"), "100");
        says(&mut desk, small());
        assert_eq!(desk.outcome(CheckName::DayTrades, &sell("10")), Outcome::Warn);
        assert!(desk.sentence(CheckName::DayTrades, &sell("10")).contains("is day trade 4"));
        assert!(desk.judge(&sell("10")).allows());
        // Turning around opens anew.
        desk.refuses(CheckName::DayTrades, &sell("11"), "could not be closed today");
    }

    #[test]
    fn intraday_margin_keeps_a_quarter_of_long_and_three_tenths_of_short() {
        let mut desk = Desk::open();
        desk.limits.day_trading = DayTrading::IntradayMargin;
        let long = |n| order(Side::Buy, n, limit("100"));
        desk.passes(CheckName::DayTrades, &long("4000"));
        desk.refuses(CheckName::DayTrades, &long("4001"), "100025.00 of intraday margin would be taken");
        let short = |n| order(Side::Sell, n, limit("100"));
        desk.passes(CheckName::DayTrades, &short("3333"));
        desk.refuses(CheckName::DayTrades, &short("3334"), "an intraday margin deficit");
        desk.book.works("a", &long("2000"));
        desk.passes(CheckName::DayTrades, &long("2000"));
        desk.refuses(CheckName::DayTrades, &long("2001"), "deficit");
        says(&mut desk, AccountReport { maintenance_margin: Some(usd("50000")), ..account() });
        desk.refuses(CheckName::DayTrades, &long("1"), "deficit");
        let whole = Instrument { marginable: false, ..share(aapl()) };
        says(&mut desk, account());
        desk.book.take(Fact::Instrument(Box::new(whole)));
        desk.refuses(CheckName::DayTrades, &long("1"), "deficit");
    }

    #[test]
    fn without_figures_rules_or_a_young_quote_it_refuses() {
        let mut desk = Desk::open();
        desk.limits.day_trading = DayTrading::IntradayMargin;
        desk.refuses(
            CheckName::DayTrades,
            &OrderSpec { instrument: named("ZZZ"), ..buy("1") },
            "rules of ZZZ",
        );
        desk.now = now(116);
        desk.refuses(CheckName::DayTrades, &buy("1"), "16000 ms old");
        desk.now = now(401);
        desk.refuses(CheckName::DayTrades, &buy("1"), "s old");
        desk.limits.day_trading = DayTrading::Pdt;
        desk.refuses(CheckName::DayTrades, &buy("1"), "401 s old");
    }

    #[test]
    fn never_stops_a_reduction() {
        for day_trading in [DayTrading::Pdt, DayTrading::IntradayMargin] {
            Desk::never_stops_a_reduction_under(CheckName::DayTrades, |limits| {
                limits.day_trading = day_trading;
            });
        }
    }
}
