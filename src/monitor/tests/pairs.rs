//! Exits that hang together.

use super::*;

/// D7: the target has filled and the stop's cancel never came.
#[test]
fn the_exit_that_is_left_of_a_pair_is_an_alarm_until_it_is_gone() {
    let mut desk = Desk::new();
    desk.book.works("e", &buy("100"));
    let mut leg = report("s", &order(Side::Sell, "100", stop("9")), OrderEvent::Held, "0");
    leg.parent = Some(client("e"));
    leg.role = Some(Role::Stop);
    let facts = of_order_report(&desk.book, &venue(), &leg);
    for fact in facts {
        desk.book.take(fact);
    }
    assert_eq!(desk.stands(Rule::OrphanExit, 10), Standing::Clear, "its entry is still to fill");
    desk.book.take(Fact::Executed(Box::new(execution("x1", "e", &buy("100"), "100", "10"))));
    assert_eq!(desk.stands(Rule::OrphanExit, 20), Standing::Clear, "it protects");
    desk.book.works("t", &order(Side::Sell, "100", limit("11")));
    let sold = order(Side::Sell, "100", limit("11"));
    desk.book.take(Fact::Executed(Box::new(execution("x2", "t", &sold, "100", "11"))));
    assert_eq!(desk.stands(Rule::OrphanExit, 30), Standing::Clear, "the venue has a moment to cancel it");
    let over = desk.of(Rule::OrphanExit, 33);
    assert_eq!((over.standing, over.orders), (Standing::Over, vec![id("s")]));
    assert_eq!(over.text.as_str(), "ORPHAN: the stop s of AAPL is held and has nothing to close; `cancel s`");
    desk.book.take(event("s", OrderEvent::CancelAsked));
    assert_eq!(desk.stands(Rule::OrphanExit, 34), Standing::Over, "asking is not proof");
    desk.book.take(event("s", OrderEvent::Cancelled));
    assert_eq!(desk.stands(Rule::OrphanExit, 35), Standing::Clear);
}
