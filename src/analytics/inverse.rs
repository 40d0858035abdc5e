//! Inverse contracts in the book and in its figures: hand-computed fills, fees in the coin, exposure that no price moves, and rules that come
//! late. A contract is 100 USD.

use crate::{
    analytics,
    book::{Book, Marks, PositionRow, Sides, fixture::*},
    domain::{
        fact::{Fact, PositionSource},
        ids::Currency,
        instrument::Instrument,
        money::{Money, Price},
        order::{OrderSpec, Side},
        payoff::Payoff,
        report::AccountReport,
    },
};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn furnished() -> Book {
    let mut book = Book::furnished();
    book.apply(at(0), &Fact::Instrument(Box::new(inverse())));
    book
}
fn spec(side: Side, n: &str) -> OrderSpec {
    OrderSpec { instrument: btc(), ..order(side, n, limit("50000")) }
}
fn fills(book: &mut Book, id: &str, side: Side, n: &str, price: &str) {
    book.take(Fact::Executed(Box::new(execution(id, "a", &spec(side, n), n, price))));
}
fn row(book: &Book) -> &PositionRow {
    book.position(&btc()).unwrap()
}
fn at_price(price: &str) -> Marks {
    let mut marks = Marks::new();
    marks.apply(&quote(btc(), price, price, 0));
    marks
}

/// 100 at 40,000 and 100 at 60,000 cost 0.41666… coins; half of them sold at 50,000 pay
/// 10,000 × (50,000 − 48,000) / 48,000 dollars.
#[test]
fn fills_average_harmonically_and_realize_in_dollars_of_the_coin() {
    let mut book = furnished();
    fills(&mut book, "1", Side::Buy, "100", "40000");
    fills(&mut book, "2", Side::Buy, "100", "60000");
    assert_eq!(row(&book).avg_price, Some(px("48000")));
    fills(&mut book, "3", Side::Sell, "100", "50000");
    assert_eq!(row(&book).realized_today, usd("416.66666667"));
    assert_eq!((row(&book).qty, row(&book).avg_price), ("100".parse().unwrap(), Some(px("48000"))));
    // Beyond the rest: 200 short at 50,000.
    fills(&mut book, "4", Side::Sell, "300", "50000");
    assert_eq!(row(&book).realized_today, usd("833.33333334"));
    assert_eq!((row(&book).qty, row(&book).avg_price), ("-200".parse().unwrap(), Some(px("50000"))));
    let figures = analytics::position(&book, row(&book), at_price("40000").get(&btc()));
    assert_eq!((figures.value, figures.unrealized), (Some(usd("-20000")), Some(usd("4000"))));
    assert_eq!(figures.unrealized_percent, Some("20".parse().unwrap()));
}

/// 0.0002 of the coin at 50,000 is ten dollars; the contracts are what was bought.
#[test]
fn a_fee_in_the_coin_is_money_and_takes_no_contract() {
    let mut book = furnished();
    let mut fill = execution("1", "a", &spec(Side::Buy, "200"), "200", "50000");
    fill.fee = Some(fee("0.0002", "BTC"));
    book.take(Fact::Executed(Box::new(fill)));
    assert_eq!((row(&book).qty, row(&book).fees_today), ("200".parse().unwrap(), usd("10")));
}

#[test]
fn what_an_order_and_a_position_come_to_does_not_move_with_the_price() {
    let mut book = furnished();
    fills(&mut book, "1", Side::Buy, "30", "50000");
    book.works("b", &spec(Side::Buy, "50"));
    book.works("c", &OrderSpec { instrument: btc(), ..sell("20") });
    let payoff = inverse().payoff;
    for price in ["50000", "1", "900000"] {
        let (marks, exposure) = (at_price(price), book.exposure(&btc()));
        let mark = marks.get(&btc());
        let sides = Sides::of(&exposure, mark, Some(px(price)), payoff, || None).unwrap();
        assert_eq!((sides.held, sides.buying, sides.selling), (usd("3000"), usd("5000"), usd("2000")));
    }
    // Nor does it need one.
    let sides = Sides::of(&book.exposure(&btc()), None, None, payoff, || None).unwrap();
    assert_eq!((sides.long(), sides.short()), (Some(usd("8000")), Some(usd("-1000"))));
}

/// What the venue says of an account whose cash is coins is what it is worth: no position is added to it.
#[test]
fn equity_is_the_venues_own() {
    let mut book = furnished();
    let told = AccountReport { equity: usd("73000"), cash: usd("70000"), last_equity: None, ..account() };
    book.take(Fact::Account { venue: venue(), report: Box::new(told) });
    fills(&mut book, "1", Side::Buy, "500", "50000");
    let sums = analytics::venue(&book, &at_price("60000"), &venue());
    assert_eq!((sums.equity, sums.unrealized), (Some(usd("73000")), usd("10000")));
    assert_eq!((sums.long, sums.day), (usd("50000"), Some(usd("10000"))));
}

/// Of a linear perpetual contract only what it won is in the equity: nothing was paid for it.
#[test]
fn a_linear_contract_adds_its_profit_to_the_cash() {
    let mut book = Book::furnished();
    let linear = Instrument { payoff: Payoff::ONE, ..inverse() };
    book.apply(at(0), &Fact::Instrument(Box::new(linear)));
    fills(&mut book, "1", Side::Buy, "2", "50000");
    let sums = analytics::venue(&book, &at_price("51000"), &venue());
    assert_eq!((sums.equity, sums.long), (Some(usd("102000")), usd("102000")));
}

/// Yesterday's 100 contracts closed at 50,000, and 100 more bought today at 40,000: at 40,000 the first lost 2,000.
#[test]
fn a_day_counts_from_the_close() {
    let mut book = furnished();
    book.take(Fact::Position {
        instrument: btc(),
        qty: "100".parse().unwrap(),
        avg_price: Some(px("30000")),
        previous_close: Some(px("50000")),
        source: PositionSource::Baseline,
    });
    fills(&mut book, "1", Side::Buy, "100", "40000");
    let day =
        |book: &Book, price: &str| analytics::position(book, row(book), at_price(price).get(&btc())).day;
    assert_eq!(day(&book, "40000"), Some(usd("-2000")));
    fills(&mut book, "2", Side::Sell, "200", "40000");
    assert_eq!(day(&book, "40000"), Some(usd("-2000")), "flat, with the coins that are left");
    assert_eq!(analytics::position(&book, row(&book), None).day, None, "coins are worth what they are worth");
}

/// From 55,000 to a stop at 49,000 a hundred contracts lose 100 × 100 × 6,000 / 55,000 dollars; from the entry at 50,000 they
/// would lose 200, of which 1,000 won are five.
#[test]
fn what_a_stop_would_lose_is_counted_from_here() {
    let mut book = furnished();
    fills(&mut book, "1", Side::Buy, "100", "50000");
    book.works("s", &OrderSpec { instrument: btc(), ..order(Side::Sell, "100", stop("49000")) });
    let figures = |price: &str| analytics::position(&book, row(&book), at_price(price).get(&btc()));
    assert_eq!(figures("50000").risk_to_stop, Some(usd("200")));
    let higher = figures("55000");
    assert_eq!((higher.stop, higher.risk_to_stop), (Some(px("49000")), Some(usd("1090.90909091"))));
    assert_eq!((higher.unrealized, higher.r_multiple), (Some(usd("1000")), Some("5".parse().unwrap())));
}

/// Fills before the rules are known are weighed anew when they come.
#[test]
fn rules_that_come_late_change_the_measure() {
    let mut book = Book::new();
    fills(&mut book, "1", Side::Buy, "100", "40000");
    book.apply(at(1), &Fact::Instrument(Box::new(inverse())));
    let figures = analytics::position(&book, row(&book), at_price("50000").get(&btc()));
    assert_eq!((row(&book).avg_price, figures.unrealized), (Some(px("40000")), Some(usd("2500"))));
    assert_eq!(figures.day, Some(usd("2500")));
    // An order's average goes over in the same way.
    let mut book = Book::new();
    book.works("a", &spec(Side::Buy, "200"));
    fills(&mut book, "1", Side::Buy, "100", "40000");
    book.apply(at(1), &Fact::Instrument(Box::new(inverse())));
    fills(&mut book, "2", Side::Buy, "100", "60000");
    assert_eq!(book.order(&id("a")).unwrap().avg_price(), Some(px("48000")));
}

proptest! {
    /// Whatever is bought and sold: what was realized and what is open come to what the coins that were paid are worth, at
    /// the price of the last trade, where all was traded at one price after the first.
    #[test]
    fn coins_add_up(first in 1_i64..900, trades in proptest::collection::vec((any::<bool>(), 1_i64..500), 1..20),
        (entry, after) in (10_000_i64..90_000, 10_000_i64..90_000)) {
        let mut book = furnished();
        fills(&mut book, "0", Side::Buy, &first.to_string(), &entry.to_string());
        for (n, (buys, units)) in trades.iter().enumerate() {
            let side = if *buys { Side::Buy } else { Side::Sell };
            fills(&mut book, &format!("x{n}"), side, &units.to_string(), &after.to_string());
        }
        let held = row(&book);
        let (cost, at) = (held.cost.unwrap(), Price::new(after.into()));
        let open = held.payoff.profit(held.qty, cost, Some(at)).unwrap();
        let whole = held.payoff.profit_between(Decimal::from(first).to_string().parse().unwrap(),
            Price::new(entry.into()), at).unwrap();
        let off = held.realized_today.checked_add(open).unwrap().checked_sub(whole).unwrap();
        prop_assert!(off.abs() <= Money::new(Decimal::new(100, 8)), "{}", off);
        prop_assert_eq!(held.qty.is_zero(), held.avg_price.is_none());
    }
}

/// A fill that names no price, as of a settlement, moves the position; what it cost is not known then.
#[test]
fn a_fill_at_no_price_counts_and_says_nothing_of_money() {
    let mut book = furnished();
    fills(&mut book, "1", Side::Buy, "100", "0");
    assert_eq!((row(&book).qty, row(&book).avg_price), ("100".parse().unwrap(), None));
    fills(&mut book, "2", Side::Sell, "30", "50000");
    assert_eq!((row(&book).qty, row(&book).realized_today), ("70".parse().unwrap(), usd("0")));
    fills(&mut book, "3", Side::Sell, "70", "0");
    assert_eq!((row(&book).qty, row(&book).cost), ("0".parse().unwrap(), Some(usd("0"))));
}

/// A fee in a coin that is neither margin nor money is the order's own.
#[test]
fn a_fee_in_a_third_coin_leaves_a_contract_alone() {
    let mut book = furnished();
    let mut fill = execution("1", "a", &spec(Side::Buy, "200"), "200", "50000");
    fill.fee = Some(crate::domain::report::Fee { amount: usd("1"), currency: Currency::new("BNB").unwrap() });
    book.take(Fact::Executed(Box::new(fill)));
    assert_eq!((row(&book).qty, row(&book).fees_today), ("200".parse().unwrap(), usd("0")));
}
