//! What is believed of the market, what it does to what is held, and how little room a mark takes.

use super::*;
use crate::book::fixture::{aapl, at, btc, now, px, qty, quote};

fn print(price: &str, s: i64) -> Market {
    Market::Trade(Trade {
        instrument: aapl(),
        price: px(price),
        size: qty("1"),
        at: at(s),
        received: now(s).mono,
    })
}

#[test]
fn the_last_print_is_held_inside_the_touch() {
    let mut marks = Marks::new();
    assert_eq!(marks.apply(&print("100", 0)), Marked::New);
    assert_eq!(marks.get(&aapl()).unwrap().price(), Some(px("100")));
    assert_eq!(marks.apply(&quote(aapl(), "101", "101.10", 1)), Marked::Fresh);
    assert_eq!(marks.get(&aapl()).unwrap().price(), Some(px("101")));
    marks.apply(&quote(btc(), "10", "12", 1));
    assert_eq!(marks.get(&btc()).unwrap().price(), Some(px("11")), "no print: the middle");
}

#[test]
fn bad_quotes_are_flagged_and_the_last_good_one_stays() {
    let mut marks = Marks::new();
    marks.apply(&quote(aapl(), "100", "100.02", 0));
    for (bid, ask, why) in [
        ("101", "100", BadQuote::Crossed),
        ("0", "100", BadQuote::NotPositive),
        ("-1", "100", BadQuote::NotPositive),
        ("10000", "10001", BadQuote::Jump),
        ("1", "1.01", BadQuote::Jump),
    ] {
        assert_eq!(marks.apply(&quote(aapl(), bid, ask, 1)), Marked::Bad(why));
        let mark = marks.get(&aapl()).unwrap();
        assert_eq!((mark.bid(), mark.bad().unwrap().0), (Some(px("100")), why));
        assert_eq!(mark.quote_age_ms(now(3)), Some(3_000), "the good one grows old");
    }
    marks.apply(&quote(aapl(), "100.01", "100.03", 2));
    assert_eq!(marks.get(&aapl()).unwrap().bad(), None);
}

#[test]
fn a_jump_that_stands_is_believed() {
    let mut marks = Marks::new();
    marks.apply(&quote(aapl(), "1000", "1001", 0));
    for s in 1..31 {
        assert_eq!(marks.apply(&quote(aapl(), "50", "50.1", s)), Marked::Bad(BadQuote::Jump));
    }
    assert_eq!(marks.apply(&quote(aapl(), "50", "50.1", 31)), Marked::Fresh);
}

#[test]
fn negative_prices_count_where_they_can_be() {
    let mut marks = Marks::new();
    marks.allow_negative(&aapl());
    assert_eq!(marks.apply(&quote(aapl(), "-37.64", "-37.60", 0)), Marked::Fresh);
    marks.hold(&aapl(), "10".parse().unwrap(), Some(px("5")), Payoff::Linear("1000".parse().unwrap()));
    let holding = marks.get(&aapl()).unwrap().holding().unwrap();
    assert_eq!(holding.unrealized, Some(Money::new(Decimal::from(-426_200))));
}

#[test]
fn what_comes_out_of_order_is_put_aside() {
    let mut marks = Marks::new();
    marks.apply(&quote(aapl(), "100", "101", 10));
    assert_eq!(marks.apply(&quote(aapl(), "90", "91", 9)), Marked::Old);
    assert_eq!(marks.get(&aapl()).unwrap().bid(), Some(px("100")));
}

#[test]
fn profit_of_what_is_held_follows_each_message() {
    let mut marks = Marks::new();
    marks.hold(&aapl(), "-50".parse().unwrap(), Some(px("253.10")), Payoff::ONE);
    assert_eq!(marks.get(&aapl()).unwrap().holding().unwrap().unrealized, None, "no mark, no guess");
    marks.apply(&print("251.20", 0));
    let holding = marks.get(&aapl()).unwrap().holding().unwrap();
    assert_eq!(holding.unrealized, Some("95.00".parse().unwrap()));
    marks.hold(&aapl(), SignedQty::ZERO, None, Payoff::ONE);
    assert_eq!(marks.get(&aapl()).unwrap().holding(), None);
}

#[test]
fn a_sparkline_is_bounded_and_ends_at_the_present() {
    let mut marks = Marks::new();
    marks.chart(&aapl());
    for s in 0..1_000 {
        marks.apply(&print(&format!("100.{:02}", s % 100), s));
    }
    let spark: Vec<_> = marks.get(&aapl()).unwrap().spark().collect();
    assert_eq!(spark.len(), SPARK_POINTS + 1);
    assert_eq!(spark.last(), Some(&px("100.99")));
}
