//! Lives of orders as venues tell them, in order and out of order.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::{Applied, Book, fixture::*};
use crate::domain::{
    fact::{Fact, OrderFact},
    lifecycle::{OrderEvent as E, OrderState as S, Transition},
    order::{Attached, Change, OrderSpec, Origin, Role, Side, StopLeg},
};
use proptest::prelude::*;

/// One step of a life: a word, or a fill of so many.
#[derive(Debug, Clone, Copy)]
enum Step {
    Says(E),
    Fills(u32),
    /// Changed in place to this quantity.
    Becomes(u32),
}
use Step::{Becomes, Fills, Says};

fn facts(steps: &[Step]) -> Vec<Fact> {
    let spec = buy("100");
    let mut out = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        out.push(match step {
            Says(word) => event("a", *word),
            Fills(q) => {
                Fact::Executed(Box::new(execution(&format!("x{n}"), "a", &spec, &q.to_string(), "10")))
            }
            Becomes(q) => Fact::Order(Box::new(OrderFact {
                change: Some(Change { qty: Some(qty(&q.to_string())), ..Change::default() }),
                ..OrderFact::bare(id("a"), E::Amended)
            })),
        });
    }
    out
}

fn lives(steps: &[Step]) -> (S, String, String) {
    let mut book = Book::furnished();
    book.take(intent("a", &buy("100")));
    book.take(event("a", E::Sent));
    for fact in facts(steps) {
        let applied = book.take(fact.clone());
        let impossible = matches!(applied, Applied::Order { transition: Transition::Impossible, .. });
        assert!(!impossible, "{fact:?}");
        assert!(!book.take(fact.clone()).is_news(), "twice told: {fact:?}");
    }
    (book.state("a"), book.filled("a"), book.held(&aapl()))
}

impl Applied {
    fn is_news(&self) -> bool {
        match self {
            Self::Noted | Self::Fill(_) => true,
            Self::Duplicate | Self::NoSuchOrder(_) => false,
            Self::Order { from, to, .. } => *from != Some(*to),
        }
    }
}

/// The order-state scenarios of a broker's certification: the code, what the venue tells, where the order ends
/// and how much of it has filled.
#[rustfmt::skip]
const SCENARIOS: &[(&str, &[Step], S, &str)] = &[
    ("D1 filled in parts", &[Says(E::Working), Fills(33), Fills(33), Fills(34)], S::Filled, "100"),
    ("D2 done for day after parts", &[Says(E::Working), Fills(33), Fills(33), Says(E::DoneForDay)], S::DoneForDay, "66"),
    ("D3 cancel accepted", &[Says(E::Working), Says(E::CancelAsked), Says(E::CancelAsked), Says(E::Cancelled)], S::Cancelled, "0"),
    ("D3a cancel refused, then filled", &[Says(E::Working), Says(E::CancelAsked), Says(E::CancelRefused), Fills(100)], S::Filled, "100"),
    ("D3b refused with no pending notice", &[Says(E::Working), Says(E::CancelRefused), Fills(100)], S::Filled, "100"),
    ("D4 cancel after a part, filling on", &[Says(E::Working), Fills(25), Says(E::CancelAsked), Fills(25), Says(E::CancelAsked), Fills(25), Says(E::Cancelled)], S::Cancelled, "75"),
    ("D4a refused", &[Says(E::Working), Fills(25), Says(E::CancelAsked), Fills(25), Fills(25), Says(E::CancelRefused), Fills(25)], S::Filled, "100"),
    ("D4b refused at once", &[Says(E::Working), Fills(25), Says(E::CancelAsked), Fills(25), Says(E::CancelRefused), Fills(50)], S::Filled, "100"),
    ("D5 filled before the cancel lands", &[Says(E::Working), Fills(25), Says(E::CancelAsked), Fills(25), Fills(50), Says(E::CancelRefused)], S::Filled, "100"),
    ("D6 replaced to 110", &[Says(E::Working), Says(E::ReplaceAsked), Becomes(110), Fills(36), Fills(36), Fills(38)], S::Filled, "110"),
    ("D6a replace refused", &[Says(E::Working), Says(E::ReplaceAsked), Says(E::ReplaceRefused), Fills(33), Fills(33), Fills(34)], S::Filled, "100"),
    ("D7 replaced to 120 after a part", &[Says(E::Working), Fills(33), Says(E::ReplaceAsked), Fills(33), Becomes(120), Fills(54)], S::Filled, "120"),
    ("D7a refused after a part", &[Says(E::Working), Fills(33), Says(E::ReplaceAsked), Fills(33), Says(E::ReplaceRefused), Fills(34)], S::Filled, "100"),
    ("D7b refused, no pending notice", &[Says(E::Working), Fills(33), Fills(33), Says(E::ReplaceRefused), Fills(34)], S::Filled, "100"),
    ("D9 replace after complete fill", &[Says(E::Working), Fills(50), Fills(50), Says(E::ReplaceRefused)], S::Filled, "100"),
    ("D10 to 80 while filling", &[Says(E::Working), Fills(20), Fills(20), Says(E::ReplaceAsked), Fills(20), Becomes(80), Fills(20)], S::Filled, "80"),
    ("D10a refused", &[Says(E::Working), Fills(20), Fills(20), Says(E::ReplaceAsked), Fills(20), Says(E::ReplaceRefused), Fills(40)], S::Filled, "100"),
    ("D11 to 70 with 70 filled", &[Says(E::Working), Fills(70), Says(E::ReplaceAsked), Becomes(70)], S::Filled, "70"),
    ("D12 to 70 with 85 filled", &[Says(E::Working), Fills(85), Says(E::ReplaceAsked), Becomes(85)], S::Filled, "85"),
    ("D13 two replaces in flight", &[Says(E::Working), Says(E::ReplaceAsked), Says(E::ReplaceAsked), Becomes(110), Becomes(120), Fills(120)], S::Filled, "120"),
    ("D17 the second refused", &[Says(E::Working), Says(E::ReplaceAsked), Becomes(110), Says(E::ReplaceAsked), Says(E::ReplaceRefused), Fills(110)], S::Filled, "110"),
    ("E1 filled at once", &[Fills(100)], S::Filled, "100"),
    ("E2 filled while a cancel is pending", &[Says(E::Working), Says(E::CancelAsked), Says(E::CancelAsked), Fills(100)], S::Filled, "100"),
    ("E2a filled while a replace is pending", &[Says(E::Working), Says(E::ReplaceAsked), Fills(100)], S::Filled, "100"),
    ("E3 cancel sent after a part", &[Says(E::Working), Fills(50), Says(E::CancelAsked), Says(E::Cancelled)], S::Cancelled, "50"),
    ("E3a replace sent after a part", &[Says(E::Working), Fills(50), Says(E::ReplaceAsked), Becomes(120), Fills(70)], S::Filled, "120"),
    ("E4 rejected at once", &[Says(E::Rejected)], S::Rejected, "0"),
];

#[test]
fn certification_scenarios() {
    for (name, steps, state, filled) in SCENARIOS {
        assert_eq!(lives(steps), (*state, (*filled).to_owned(), (*filled).to_owned()), "{name}");
    }
}

#[test]
fn a_fill_after_the_cancel_counts_and_is_late() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    book.take(event("a", E::Cancelled));
    let late = book.take(Fact::Executed(Box::new(execution("x", "a", &spec, "40", "10"))));
    let Applied::Fill(fill) = late else { panic!("{late:?}") };
    assert_eq!(fill.order_moved, Some((S::Cancelled, S::Cancelled, Transition::Late(S::Cancelled))));
    assert_eq!((book.filled("a").as_str(), book.held(&aapl()).as_str()), ("40", "40"));
}

#[test]
fn more_filled_than_ordered_is_booked_and_said() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    book.take(Fact::Executed(Box::new(execution("x1", "a", &spec, "100", "10"))));
    let over = book.take(Fact::Executed(Box::new(execution("x2", "a", &spec, "20", "10"))));
    let Applied::Fill(fill) = over else { panic!("{over:?}") };
    assert_eq!(fill.overfill, Some(qty("20")));
    assert_eq!(book.held(&aapl()), "120");
}

#[test]
fn a_refused_cancel_leads_back_to_where_the_order_was() {
    let mut book = Book::furnished();
    book.take(intent("a", &buy("100")));
    for word in [E::Sent, E::Accepted, E::Held, E::CancelAsked, E::CancelRefused] {
        book.take(event("a", word));
    }
    assert_eq!(book.state("a"), S::Held);
}

#[test]
fn a_fill_before_its_order_is_kept_for_it() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.take(Fact::Executed(Box::new(execution("x", "a", &spec, "100", "10"))));
    assert_eq!(book.held(&aapl()), "100");
    let report = Box::new(report("a", &spec, E::Working, "0"));
    book.take(Fact::Learned { report, origin: Origin::External });
    assert_eq!((book.state("a"), book.filled("a").as_str()), (S::Filled, "100"));
}

#[test]
fn an_absent_order_that_answers_is_alive_again() {
    let mut book = Book::furnished();
    book.take(intent("a", &buy("100")));
    for (word, state) in [
        (E::Sent, S::Sending),
        (E::Unanswered, S::Unknown),
        (E::FoundAbsent, S::Absent),
        (E::Working, S::Working),
    ] {
        book.take(event("a", word));
        assert_eq!(book.state("a"), state);
    }
}

#[test]
fn unknown_orders_count_in_full_and_waiting_children_do_not() {
    let mut book = Book::furnished();
    book.take(intent("a", &buy("100")));
    assert_eq!(book.exposure(&aapl()).buys, qty("100"), "from the intent on");
    for word in [E::Sent, E::Unanswered, E::FoundAbsent] {
        book.take(event("a", word));
        assert_eq!(book.exposure(&aapl()).buys, qty("100"));
    }
    book.take(event("a", E::Abandoned));
    assert_eq!(book.exposure(&aapl()).buys, qty("0"));
}

fn child(n: &str, parent: &str, role: Role, spec: &OrderSpec, status: E) -> Fact {
    let mut report = report(n, spec, status, "0");
    report.parent = Some(client(parent));
    report.role = Some(role);
    Fact::Learned { report: Box::new(report), origin: Origin::Child }
}

/// An entry of 100 with target and stop, filled, its children working.
fn bracket() -> Book {
    let mut book = Book::furnished();
    let leg = StopLeg { stop: px("9"), limit: None };
    let spec = OrderSpec { attached: Attached::Bracket { target: px("12"), stop: leg }, ..buy("100") };
    book.works("a", &spec);
    book.take(child("t", "a", Role::Target, &order(Side::Sell, "100", limit("12")), E::Held));
    book.take(child("s", "a", Role::Stop, &order(Side::Sell, "100", stop("9")), E::Held));
    assert_eq!(book.exposure(&aapl()).sells, qty("0"), "they wait for their parent");
    book.take(Fact::Executed(Box::new(execution("x", "a", &spec, "100", "10"))));
    book.take(event("t", E::Working));
    book.take(event("s", E::Working));
    book
}

#[test]
fn of_two_exits_one_counts_and_nothing_more_can_be_closed() {
    let mut book = bracket();
    assert_eq!(book.exposure(&aapl()).sells, qty("100"));
    assert_eq!(book.closable(&aapl()), qty("0"));
    assert_eq!(book.reducing_orders(&aapl()).count(), 2);
    book.take(event("t", E::Cancelled));
    assert_eq!(book.exposure(&aapl()).sells, qty("100"), "the stop counts once the target is gone");
    book.take(event("s", E::Cancelled));
    assert_eq!(book.closable(&aapl()), qty("100"));
}

#[test]
fn both_exits_filling_is_seen_at_once() {
    let mut book = bracket();
    let exit = order(Side::Sell, "100", limit("12"));
    book.take(Fact::Executed(Box::new(execution("t1", "t", &exit, "100", "12"))));
    let second = book.take(Fact::Executed(Box::new(execution("s1", "s", &exit, "100", "9"))));
    let Applied::Fill(fill) = second else { panic!("{second:?}") };
    assert!(fill.both_exits);
    assert_eq!(book.held(&aapl()), "-100");
}

#[test]
fn a_replacement_counts_for_what_it_adds() {
    let mut book = Book::furnished();
    book.works("a", &buy("100"));
    book.take(event("a", E::ReplaceAsked));
    let Fact::Intended(mut intent) = intent("b", &buy("130")) else { panic!() };
    std::sync::Arc::make_mut(&mut intent).replaces = Some(client("a"));
    book.take(Fact::Intended(intent));
    assert_eq!(book.exposure(&aapl()).buys, qty("130"));
    book.take(event("a", E::Replaced));
    assert_eq!(book.exposure(&aapl()).buys, qty("130"));
    book.take(event("b", E::Cancelled));
    assert_eq!(book.exposure(&aapl()).buys, qty("0"));
}

#[test]
fn ended_orders_go_after_their_grace() {
    let mut book = Book::furnished();
    book.works("a", &buy("100"));
    book.take(event("a", E::Cancelled));
    book.apply(at(35 * 3_600), &intent("b", &buy("1")));
    assert!(book.order(&id("a")).is_some());
    book.apply(at(37 * 3_600), &intent("c", &buy("1")));
    assert!(book.order(&id("a")).is_none());
    assert!(book.order(&id("b")).is_some(), "open orders stay");
}

fn a_whole_life() -> impl Strategy<Value = Vec<Step>> {
    let words = proptest::sample::select(vec![
        E::Accepted,
        E::Held,
        E::Working,
        E::CancelAsked,
        E::CancelRefused,
        E::ReplaceAsked,
        E::ReplaceRefused,
        E::DoneForDay,
        E::Suspended,
        E::Unrecognised,
        E::Unanswered,
        E::FoundAbsent,
    ]);
    let end = proptest::sample::select(vec![E::Cancelled, E::Expired, E::Replaced, E::Rejected]);
    let fills = proptest::collection::vec(1_u32..=20, 0..=5);
    (proptest::collection::vec(words, 0..8), fills, proptest::option::of(end)).prop_map(
        |(words, fills, end)| {
            let mut steps: Vec<Step> = words.into_iter().map(Says).collect();
            let filled: u32 = fills.iter().sum();
            steps.extend(fills.into_iter().map(Fills));
            // A life ends by a word of the venue, or by the fill of all that is left.
            steps.push(end.filter(|_| filled < 100).map_or(Fills(100 - filled), Says));
            steps
        },
    )
}

proptest! {
    /// However an order's messages are shuffled and repeated, it ends in the same state with the same fills and
    /// the same position.
    #[test]
    fn order_of_arrival_does_not_matter(
        (life, shuffled, twice) in a_whole_life().prop_flat_map(|life| {
            let shuffled = Just((0..life.len()).collect::<Vec<_>>()).prop_shuffle();
            let twice = proptest::collection::vec(any::<bool>(), life.len());
            (Just(life), shuffled, twice)
        })
    ) {
        let told = facts(&life);
        let mut straight = Book::furnished();
        let mut crooked = Book::furnished();
        for book in [&mut straight, &mut crooked] {
            book.take(intent("a", &buy("100")));
            book.take(event("a", E::Sent));
        }
        for fact in &told {
            straight.take(fact.clone());
        }
        for n in shuffled {
            crooked.take(told[n].clone());
            if twice[n] {
                crooked.take(told[n].clone());
            }
        }
        prop_assert!(straight.state("a").is_final());
        prop_assert_eq!(straight.state("a"), crooked.state("a"));
        prop_assert_eq!(straight.filled("a"), crooked.filled("a"));
        prop_assert_eq!(straight.held(&aapl()), crooked.held(&aapl()));
        prop_assert_eq!(crooked.exposure(&aapl()).buys, qty("0"));
    }

    /// Whatever is bought and sold: what was realized, what is open and what was paid add up to the last digit,
    /// negative prices included.
    #[test]
    fn money_adds_up(trades in proptest::collection::vec((any::<bool>(), 1_i64..500, -300_i64..30_000), 1..40)) {
        let mut book = Book::furnished();
        let mut paid = rust_decimal::Decimal::ZERO;
        for (n, (buys, units, cents)) in trades.iter().enumerate() {
            let spec = if *buys { buy("1") } else { sell("1") };
            let price = rust_decimal::Decimal::new(*cents, 2);
            let mut fill = execution(&format!("x{n}"), "a", &spec, &units.to_string(), "1");
            fill.price = crate::domain::money::Price::new(price);
            book.take(Fact::Executed(Box::new(fill)));
            let signed = if *buys { *units } else { -*units };
            paid += rust_decimal::Decimal::from(signed) * price;
        }
        let row = book.position(&aapl()).unwrap();
        prop_assert_eq!(row.cost.unwrap().get() - row.realized_today.get(), paid);
        prop_assert_eq!(row.day_spent.get(), paid);
        prop_assert_eq!(row.qty.is_zero(), row.avg_price.is_none());
    }
}
