//! Worked out by hand.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::*;
use crate::{
    book::fixture::*,
    domain::{
        algorithm::Claim,
        fact::{Fact, Intent, OrderFact},
        ids::InstrumentId,
        lifecycle::OrderEvent,
        order::{Amount, OrderSpec, Side},
        payoff::Payoff,
        quote::{Arrival, Seen},
        report::Execution,
    },
};

fn touch(bid: &str, ask: &str) -> Arrival {
    Arrival { bid: px(bid), ask: px(ask) }
}

/// Decided at `s`, left a second later, acknowledged half a minute after that.
fn made_at(s: i64, n: &str, spec: &OrderSpec, arrival: Option<Arrival>) -> Vec<(i64, Fact)> {
    let Fact::Intended(of) = intent(n, spec) else { panic!("it is one") };
    let intent = Intent { arrival, ..(*of).clone() };
    vec![
        (s, Fact::Intended(std::sync::Arc::new(intent))),
        (s + 1, event(n, OrderEvent::Sent)),
        (s + 31, event(n, OrderEvent::Accepted)),
    ]
}

fn filled(s: i64, n: &str, spec: &OrderSpec, units: &str, price: &str) -> (i64, Fact) {
    let told = Execution { at: at(s), ..execution(&format!("x-{n}-{s}"), n, spec, units, price) };
    (s, Fact::Executed(Box::new(told)))
}

fn book_of(facts: Vec<(i64, Fact)>) -> Book {
    let mut book = Book::furnished();
    for (s, fact) in facts {
        book.apply(at(s), &fact);
    }
    book
}

fn figures(facts: Vec<(i64, Fact)>) -> Vec<Quality> {
    quality(&book_of(facts))
}

fn of(rows: &[Quality], by: By, name: &str) -> Quality {
    let found = rows.iter().find(|r| r.by == by && r.name.as_str() == name);
    found.unwrap_or_else(|| panic!("no {by:?} {name} in {rows:?}")).clone()
}

fn bps(text: &str) -> Ratio {
    text.parse().unwrap()
}

/// A: 100 at 10.02 against a mid of 10.00, 20 bp, cost 2.00, touch 10.01. B: 100 at 9.99, -10 bp, cost -1.00, 0.02 better
/// than the touch, 2.00. C: 50 of 100 sold short at 20.00 against a mid of 20.02, about 10 bp, cost 1.00.
fn four() -> Vec<(i64, Fact)> {
    let (a, b, c) = (buy("100"), buy("100"), sell("100"));
    let mut facts = made_at(0, "a", &a, Some(touch("9.99", "10.01")));
    facts.push(filled(2, "a", &a, "100", "10.02"));
    facts.extend(made_at(0, "b", &b, Some(touch("9.99", "10.01"))));
    facts.push(filled(4, "b", &b, "100", "9.99"));
    facts.extend(made_at(0, "c", &c, Some(touch("20.01", "20.03"))));
    facts.push(filled(1, "c", &c, "50", "20"));
    facts.push((1, event("c", OrderEvent::Cancelled)));
    // One that was refused, one of which nobody knows the market that stood, one that still waits.
    facts.extend(made_at(0, "d", &buy("10"), None));
    let why = Text::clean("buying power is 12.50, 1,020.00 are needed (40310000)");
    facts.push((1, Fact::Order(Box::new(OrderFact::because(id("d"), OrderEvent::Rejected, why)))));
    facts.extend(made_at(0, "e", &buy("10"), Some(touch("9.99", "10.01"))));
    facts
}

#[test]
fn figures_are_those_worked_out_by_hand() {
    let rows = figures(four());
    for (by, name) in [(By::All, "all"), (By::Symbol, "AAPL"), (By::Venue, "paper"), (By::Type, "market")] {
        let of = of(&rows, by, name);
        assert_eq!((of.orders, of.filled, of.rejected, of.improved), (4, 2, 1, 1), "{by:?}");
        assert_eq!((of.fill_rate, of.rated), (Some("62.5".parse().unwrap()), 4));
        assert_eq!(of.volume, (by == By::Symbol).then(|| qty("250")), "units of several are no sum");
        assert_eq!((of.cost, of.costed, of.currency), (Some(usd("2.00")), 3, Some(Currency::usd())));
        assert_eq!(of.value, Some(usd("3001.00")));
        assert_eq!(of.improvement, Some(usd("2.00")));
        assert_eq!((of.median_bps, of.measured), (Some(bps("9.99")), 3));
        // (1002 x 20 + 999 x -10 + 1000 x 9.99) / 3001
        assert_eq!(of.slippage_bps, Some(bps("6.68")));
        assert_eq!((of.fill_ms, of.timed, of.first_ms), (Some(3_000), 2, Some(2_333)));
        assert_eq!((of.ack_ms, of.score), (Some(30_000), Some(49)));
        assert_eq!((of.submit_bps, of.submit_measured), (None, 0), "no quote was stamped when they left");
    }
    let reason = of(&rows, By::Reason, "buying power is #, # are needed (40310000)");
    assert_eq!((reason.orders, reason.fill_rate), (1, None));
}

#[test]
fn nothing_done_has_no_figures() {
    assert_eq!(quality(&Book::furnished()), []);
}

/// Sold at 9.98 where the middle was 10.00: 20 bp, 100 x 0.02. Sold at 10.00 where the bid was 9.99: 0.01 better.
#[test]
fn a_sale_is_worse_below_the_middle_and_better_above_the_bid() {
    let (a, b) = (sell("100"), sell("300"));
    let mut facts = made_at(0, "a", &a, Some(touch("9.99", "10.01")));
    facts.push(filled(2, "a", &a, "100", "9.98"));
    facts.extend(made_at(0, "b", &b, Some(touch("9.99", "10.01"))));
    facts.push(filled(2, "b", &b, "300", "10.00"));
    let row = of(&figures(facts), By::Symbol, "AAPL");
    assert_eq!((row.cost, row.improved, row.improvement), (Some(usd("2.00")), 1, Some(usd("3.00"))));
    // (998 x 20 + 3000 x 0) / 3998
    assert_eq!((row.slippage_bps, row.median_bps), (Some(bps("4.99")), Some(bps("10"))));
}

/// Three orders of 10, 20 and 30 bp have the median 20; with one of 40 bp it is 25.
#[test]
fn the_median_of_an_odd_and_of_an_even_count() {
    let spec = buy("100");
    let mut facts = Vec::new();
    for (n, price) in ["10.01", "10.03", "10.02"].into_iter().enumerate() {
        let name = format!("m{n}");
        facts.extend(made_at(0, &name, &spec, Some(touch("9.99", "10.01"))));
        facts.push(filled(1, &name, &spec, "100", price));
    }
    let row = of(&figures(facts.clone()), By::Symbol, "AAPL");
    // (1001 x 10 + 1003 x 30 + 1002 x 20) / 3006
    assert_eq!((row.median_bps, row.slippage_bps), (Some(bps("20")), Some(bps("20.01"))));
    facts.extend(made_at(0, "m3", &spec, Some(touch("9.99", "10.01"))));
    facts.push(filled(1, "m3", &spec, "100", "10.04"));
    assert_eq!(of(&figures(facts), By::Symbol, "AAPL").median_bps, Some(bps("25")));
}

/// 40 at 10.00 and 60 at 10.05 are 10.03 on average: 30 bp of 10.00, 3.00. Fees of 1.25 and of a coin stand apart.
#[test]
fn partial_fills_are_averaged_and_fees_are_apart() {
    let spec = buy("100");
    let mut facts = made_at(0, "a", &spec, Some(touch("9.99", "10.01")));
    for (s, units, price, (amount, currency)) in
        [(3, "40", "10.00", ("1.25", "USD")), (9, "60", "10.05", ("0.001", "BNB"))]
    {
        let (s, mut told) = filled(s, "a", &spec, units, price);
        if let Fact::Executed(execution) = &mut told {
            execution.fee = Some(fee(amount, currency));
        }
        facts.push((s, told));
    }
    let row = of(&figures(facts), By::Symbol, "AAPL");
    assert_eq!((row.slippage_bps, row.cost), (Some(bps("30")), Some(usd("3.00"))));
    assert_eq!((row.first_ms, row.fill_ms), (Some(3_000), Some(9_000)));
    let fees: Vec<_> = row.fees.iter().map(|f| format!("{} {}", f.amount, f.currency)).collect();
    assert_eq!(fees, ["0.001 BNB", "1.25 USD"]);
}

/// An order for 1,000 of money of which 99.5 at 10.00 filled: 99.5 per cent.
#[test]
fn an_order_in_money_has_its_share_by_value() {
    let spec = OrderSpec { amount: Amount::Notional(usd("1000")), ..buy("1") };
    let mut facts = made_at(0, "a", &spec, Some(touch("9.99", "10.01")));
    facts.push(filled(1, "a", &spec, "99.5", "10.00"));
    facts.push((2, event("a", OrderEvent::Cancelled)));
    facts.extend(made_at(0, "b", &spec, Some(touch("9.99", "10.01"))));
    facts.push(filled(1, "b", &spec, "99.9", "10.01"));
    facts.push((2, event("b", OrderEvent::FilledWhole)));
    let row = of(&figures(facts), By::Symbol, "AAPL");
    assert_eq!((row.orders, row.filled, row.fill_rate), (2, 1, Some("99.75".parse().unwrap())));
}

/// A thousand contracts of 100 USD at 50,000 where the middle was 49,900: 100 / 49,900 is 20.04 bp, and 100,000 USD of
/// it 200.40080161. And 100 at 40,000 with 100 at 60,000, whose average is the harmonic 48,000, against just that.
#[test]
fn inverse_contracts_are_counted_as_they_pay() {
    let of_coin = |n: &str| OrderSpec { instrument: btc(), ..buy(n) };
    let (a, b) = (of_coin("1000"), of_coin("200"));
    let mut facts = vec![(0, Fact::Instrument(Box::new(inverse())))];
    facts.extend(made_at(0, "a", &a, Some(touch("49890", "49910"))));
    facts.push(filled(1, "a", &a, "1000", "50000"));
    let row = of(&figures(facts.clone()), By::Symbol, "BTC/USD");
    assert_eq!((row.slippage_bps, row.cost), (Some(bps("20.04")), Some(usd("200.40080161"))));
    assert_eq!(row.value, Some(usd("100000")));
    facts.extend(made_at(0, "b", &b, Some(touch("47999", "48001"))));
    facts.push(filled(1, "b", &b, "100", "40000"));
    facts.push(filled(2, "b", &b, "100", "60000"));
    let row = of(&figures(facts), By::Symbol, "BTC/USD");
    // (100,000 x 20.04 + 20,000 x 0) / 120,000
    assert_eq!((row.slippage_bps, row.cost), (Some(bps("16.7")), Some(usd("200.40080161"))));
}

#[test]
fn without_a_quote_there_is_no_slippage_and_it_says_so() {
    let spec = buy("100");
    let mut facts = made_at(0, "a", &spec, None);
    facts.push(filled(1, "a", &spec, "100", "10.00"));
    facts.extend(made_at(0, "b", &spec, Some(touch("9.99", "10.01"))));
    facts.push(filled(1, "b", &spec, "100", "10.01"));
    let row = of(&figures(facts), By::Symbol, "AAPL");
    assert_eq!((row.orders, row.measured, row.costed), (2, 1, 1));
    assert_eq!((row.slippage_bps, row.cost, row.improved), (Some(bps("10")), Some(usd("1.00")), 0));
}

/// At the decision the middle was 10.00, as it left 10.01: filled at 10.02 that is 20 and 9.99 bp.
#[test]
fn the_quote_when_it_left_is_another_than_that_of_the_decision() {
    let spec = buy("100");
    let mut facts = made_at(0, "a", &spec, Some(touch("9.99", "10.01")));
    if let Some((_, Fact::Order(told))) = facts.get_mut(1) {
        told.touch = Some(touch("10.00", "10.02"));
    }
    facts.push(filled(1, "a", &spec, "100", "10.02"));
    let row = of(&figures(facts), By::Symbol, "AAPL");
    assert_eq!((row.slippage_bps, row.submit_bps), (Some(bps("20")), Some(bps("9.99"))));
    assert_eq!((row.submit_median_bps, row.submit_measured), (Some(bps("9.99")), 1));
}

#[test]
fn an_order_that_another_replaced_does_not_lower_the_fill_rate() {
    let (a, b) = (buy("100"), buy("60"));
    let mut facts = made_at(0, "a", &a, None);
    facts.push(filled(1, "a", &a, "40", "10"));
    facts.push((2, event("a", OrderEvent::Replaced)));
    facts.extend(made_at(2, "b", &b, None));
    facts.push(filled(3, "b", &b, "60", "10"));
    let row = of(&figures(facts), By::Symbol, "AAPL");
    assert_eq!((row.orders, row.filled, row.rated), (2, 1, 1));
    assert_eq!((row.fill_rate, row.volume), (Some("100".parse().unwrap()), Some(qty("100"))));
}

#[test]
fn currencies_are_not_added() {
    let euro = InstrumentId { symbol: Symbol::new("SAP").unwrap(), ..aapl() };
    let rules =
        crate::domain::instrument::Instrument { quote: Currency::new("EUR").unwrap(), ..share(euro.clone()) };
    let (a, b) = (buy("100"), OrderSpec { instrument: euro, ..buy("100") });
    let mut facts = vec![(0, Fact::Instrument(Box::new(rules)))];
    for (n, spec) in [("a", &a), ("b", &b)] {
        facts.extend(made_at(0, n, spec, Some(touch("9.99", "10.01"))));
        facts.push(filled(1, n, spec, "100", "10.01"));
    }
    let rows = figures(facts);
    let venue = of(&rows, By::Venue, "paper");
    assert_eq!((venue.cost, venue.costed, venue.currency), (None, 0, None));
    assert_eq!(venue.slippage_bps, Some(bps("10")), "a share has no currency");
    let sap = of(&rows, By::Symbol, "SAP");
    assert_eq!((sap.cost, sap.currency), (Some(usd("1.00")), Currency::new("EUR").ok()));
}

fn claims() -> Vec<Claim> {
    vec![Claim {
        name: "swing".into(),
        venue: venue(),
        prefixes: Vec::new(),
        tags: vec!["sw".into()],
        sources: Vec::new(),
    }]
}

#[test]
fn orders_are_taken_together_by_owner_and_by_day() {
    let spec = buy("100");
    let mut book = Book::furnished();
    book.claim(claims());
    let next_day = 9 * 3_600;
    let tagged = OrderSpec { tag: Some("sw".into()), ..buy("100") };
    let mut facts = made_at(0, "td-r-1", &tagged, Some(touch("9.99", "10.01")));
    facts.push(filled(1, "td-r-1", &tagged, "100", "10.01"));
    facts.extend(made_at(next_day, "a", &spec, Some(touch("9.99", "10.01"))));
    facts.push(filled(next_day + 1, "a", &spec, "100", "10.03"));
    for (s, fact) in facts {
        book.apply(at(s), &fact);
    }
    let rows = quality(&book);
    assert_eq!(of(&rows, By::Algorithm, "swing").slippage_bps, Some(bps("10")));
    assert_eq!(of(&rows, By::Algorithm, "by hand").slippage_bps, Some(bps("30")));
    assert_eq!(of(&rows, By::Day, "2026-11-18").orders, 1);
    assert_eq!(of(&rows, By::Day, "2026-11-19").slippage_bps, Some(bps("30")));
}

fn seen(facts: Vec<(i64, Fact)>, payoff: Payoff) -> Vec<(i64, Fact)> {
    let stamp = |(s, mut fact): (i64, Fact)| {
        if let Fact::Executed(execution) = &mut fact {
            let of = Seen { touch: None, payoff: Some(payoff), currency: Some(Currency::usd()) };
            execution.seen = Some(Box::new(of));
        }
        (s, fact)
    };
    facts.into_iter().map(stamp).collect()
}

fn tallied(since: Option<i64>, facts: &[(i64, Fact)]) -> Vec<Quality> {
    let mut tally = Tally::new(claims(), since.map(at), None);
    for (s, fact) in facts {
        tally.take(at(*s), fact);
    }
    tally.finish().0
}

/// The journal has no rules of instruments: what was stamped on the executions stands for them.
#[test]
fn the_journal_alone_gives_the_same_figures() {
    let facts = seen(four(), Payoff::ONE);
    assert_eq!(tallied(None, &facts), figures(facts.clone()));
    let old = tallied(None, &four());
    let row = of(&old, By::Symbol, "AAPL");
    assert_eq!(
        (row.slippage_bps, row.cost, row.currency),
        (Some(bps("6.68")), None, None),
        "an older journal's"
    );
    let coins = OrderSpec { instrument: btc(), ..order(Side::Buy, "200", limit("60000")) };
    let mut facts = made_at(0, "b", &coins, Some(touch("47999", "48001")));
    facts.push(filled(1, "b", &coins, "100", "40000"));
    facts.push(filled(2, "b", &coins, "100", "60000"));
    let row = of(&tallied(None, &seen(facts, inverse().payoff)), By::Type, "limit");
    assert_eq!((row.slippage_bps, row.cost, row.value), (Some(bps("0")), Some(usd("0")), Some(usd("20000"))));
}

#[test]
fn what_a_book_forgets_is_still_counted_and_what_is_older_is_not() {
    let spec = buy("100");
    let (mut facts, day) = (Vec::new(), 86_400);
    for n in 0..5 {
        let name = format!("d{n}");
        facts.extend(made_at(n * day, &name, &spec, Some(touch("9.99", "10.01"))));
        facts.push(filled(n * day + 1, &name, &spec, "100", "10.01"));
    }
    assert_eq!(of(&tallied(None, &facts), By::All, "all").orders, 5);
    assert_eq!(of(&tallied(Some(3 * day), &facts), By::All, "all").orders, 2);
}

#[test]
fn each_order_tells_the_quote_at_each_of_its_moments() {
    let spec = buy("100");
    let mut facts = made_at(0, "a", &spec, Some(touch("9.99", "10.01")));
    for (at, stood) in [(1, touch("10.00", "10.02")), (2, touch("10.01", "10.03"))] {
        if let Some((_, Fact::Order(told))) = facts.get_mut(at) {
            told.touch = Some(stood);
        }
    }
    for (s, price, stood) in [(3, "10.02", touch("10.02", "10.04")), (9, "10.03", touch("10.03", "10.05"))] {
        let (s, mut told) = filled(s, "a", &spec, "50", price);
        if let Fact::Executed(execution) = &mut told {
            let seen =
                Seen { touch: Some(stood), payoff: Some(Payoff::ONE), currency: Some(Currency::usd()) };
            execution.seen = Some(Box::new(seen));
        }
        facts.push((s, told));
    }
    let mut tally = Tally::new(Vec::new(), None, None);
    for (s, fact) in &facts {
        tally.take(at(*s), fact);
    }
    let (_, orders) = tally.finish();
    let [order] = orders.as_slice() else { panic!("one order: {orders:?}") };
    let bids = [order.submitted, order.acknowledged, order.first_fill, order.last_fill].map(|m| {
        let moment = m.unwrap();
        (moment.at.since_ms(at(0)), moment.touch.unwrap().bid.to_string())
    });
    let want = [(1_000, "10.00"), (31_000, "10.01"), (3_000, "10.02"), (9_000, "10.03")];
    assert_eq!(bids, want.map(|(ms, bid)| (ms, bid.to_owned())));
    assert_eq!((order.decision, order.avg_price), (Some(touch("9.99", "10.01")), Some(px("10.025"))));
    assert_eq!((order.slippage_bps, order.cost), (Some(bps("25")), Some(usd("2.50"))));
}
