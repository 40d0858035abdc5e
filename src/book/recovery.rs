//! What is missed, told late, told twice or told wrong is mended by asking the venue.

use super::{Applied, Book, Finding, fixture::*, of_order_report, reconcile};
use crate::domain::{
    alert::AlertCode,
    fact::{Fact, PositionSource},
    lifecycle::{OrderEvent as E, OrderState as S},
    money::SignedQty,
    order::Side,
    report::{OrderReport, PositionReport, VenueReport},
};

fn nothing(s: i64) -> VenueReport {
    VenueReport {
        venue: venue(),
        began: now(s),
        orders: None,
        executions: None,
        positions: None,
        account: None,
        instruments: Vec::new(),
        missing: Vec::new(),
    }
}

fn position(units: &str, avg: &str) -> PositionReport {
    PositionReport {
        instrument: aapl(),
        qty: units.parse().unwrap(),
        available: None,
        avg_price: Some(px(avg)),
        last: None,
        previous_close: None,
    }
}

/// Applies what was found; the codes of the alerts.
fn mend(book: &mut Book, s: i64, report: &VenueReport) -> Vec<AlertCode> {
    let mut codes = Vec::new();
    for finding in reconcile(book, report) {
        let Finding::Facts { facts, alert } = finding else { continue };
        for fact in facts {
            book.apply(at(s), &fact);
        }
        codes.extend(alert.map(|a| a.code));
    }
    codes
}

#[test]
fn a_fill_that_was_missed_is_recovered_once() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    book.take(Fact::Executed(Box::new(execution("x1", "a", &spec, "40", "10"))));
    let mut report = nothing(10);
    let missed = execution("x2", "a", &spec, "60", "11");
    report.executions = Some(vec![execution("x1", "a", &spec, "40", "10"), missed]);
    report.orders = Some(vec![OrderReport {
        avg_price: Some(px("10.6")),
        ..super::fixture::report("a", &spec, E::FilledWhole, "100")
    }]);
    report.positions = Some(vec![position("100", "10.6")]);
    assert_eq!(mend(&mut book, 11, &report), [AlertCode::FillRecovered]);
    assert_eq!((book.state("a"), book.held(&aapl()).as_str()), (S::Filled, "100"));
    assert_eq!(book.fills().count(), 2);
    report.began = now(20);
    assert!(mend(&mut book, 21, &report).is_empty());
    assert_eq!(book.held(&aapl()), "100");
}

#[test]
fn a_fill_that_only_the_order_shows_is_inferred_and_its_execution_then_counts_nothing() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    let mut first = execution("x1", "a", &spec, "40", "10");
    first.cum = Some(qty("40"));
    book.take(Fact::Executed(Box::new(first)));
    let shown = OrderReport { avg_price: Some(px("10.3")), ..report("a", &spec, E::FilledInPart, "70") };
    for fact in of_order_report(&book, &venue(), &shown) {
        book.take(fact);
    }
    assert_eq!((book.filled("a").as_str(), book.held(&aapl()).as_str()), ("70", "70"));
    let inferred = book.fills().last().unwrap().execution.clone();
    assert_eq!(inferred.price, px("10.7"), "the average of what is missing");
    // Now the stream tells it, in two parts, and then something new.
    for (exec, units, cum) in [("x2", "10", "50"), ("x3", "20", "70"), ("x4", "30", "100")] {
        let mut told = execution(exec, "a", &spec, units, "10.7");
        told.cum = Some(qty(cum));
        told.fee = Some(fee("0.1", "USD"));
        book.take(Fact::Executed(Box::new(told)));
    }
    assert_eq!((book.state("a"), book.held(&aapl()).as_str()), (S::Filled, "100"));
    assert_eq!(book.position(&aapl()).unwrap().fees_today, usd("0.3"), "its fees count all the same");
    assert!(book.order(&id("a")).unwrap().inferred.is_zero());
}

/// The fill was inferred, the venue said since how much is there, and only then is the fee told that it took in the coin:
/// its word has that fee in it, and nothing comes off once more. A coin that is less than nothing would be bought back.
#[test]
fn a_fee_that_is_told_after_the_venues_word_is_in_it_already() {
    let mut book = Book::furnished();
    book.take(Fact::Instrument(Box::new(coin())));
    let spec = crate::domain::order::OrderSpec { instrument: btc(), ..buy("1") };
    book.works("a", &spec);
    let shown = OrderReport { avg_price: Some(px("40000")), ..report("a", &spec, E::FilledWhole, "1") };
    for fact in of_order_report(&book, &venue(), &shown) {
        book.take(fact);
    }
    assert_eq!(book.held(&btc()), "1");
    let said = |qty: &str| Fact::Position {
        instrument: btc(),
        qty: qty.parse().unwrap(),
        avg_price: Some(px("40000")),
        previous_close: None,
        source: PositionSource::Baseline,
    };
    book.take(said("0.9975"));
    let mut told = execution("x", "a", &spec, "1", "40000");
    told.cum = Some(qty("1"));
    told.fee = Some(fee("0.0025", "BTC"));
    book.take(Fact::Executed(Box::new(told)));
    assert_eq!(book.held(&btc()), "0.9975");
    assert_eq!(book.position(&btc()).unwrap().fees_today, usd("100"), "the fee is a fee all the same");
    // What the venue's word does not explain comes off.
    let more = crate::domain::order::OrderSpec { instrument: btc(), ..buy("2") };
    book.works("b", &more);
    let shown = OrderReport { avg_price: Some(px("40000")), ..report("b", &more, E::FilledWhole, "2") };
    for fact in of_order_report(&book, &venue(), &shown) {
        book.take(fact);
    }
    let mut told = execution("y", "b", &more, "2", "40000");
    told.cum = Some(qty("2"));
    told.fee = Some(fee("0.005", "BTC"));
    book.take(Fact::Executed(Box::new(told)));
    assert_eq!(book.held(&btc()), "2.9925");
}

#[test]
fn silence_about_an_order_is_a_question_and_never_an_end() {
    let mut book = Book::furnished();
    book.works("a", &buy("100"));
    let mut report = nothing(10);
    report.orders = Some(Vec::new());
    assert_eq!(reconcile(&book, &report), [Finding::Ask(book.order(&id("a")).unwrap().reference())]);
    report.orders = None;
    assert!(reconcile(&book, &report).is_empty(), "no answer asks nothing");
    assert_eq!(book.state("a"), S::Working);
    mend(&mut book, 11, &report);
    assert_eq!(book.state("a"), S::Working);
}

#[test]
fn a_report_that_began_before_a_fill_does_not_undo_it() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    let mut report = nothing(10);
    report.positions = Some(Vec::new());
    book.apply(at(11), &Fact::Executed(Box::new(execution("x", "a", &spec, "100", "10"))));
    assert!(reconcile(&book, &report).is_empty());
    // Asked after the fill, its row may lag all the same: that is a doubt, and changes nothing.
    report.began = now(20);
    let found = reconcile(&book, &report);
    let [Finding::Doubt(doubt)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((doubt.ours.to_string(), doubt.theirs.to_string()), ("100".into(), "0".into()));
    assert_eq!(doubt.source, PositionSource::Baseline, "nothing was compared in this run yet");
    assert!(!doubt.explained);
    assert_eq!(book.held(&aapl()), "100");
    // Believed, it is the venue's word.
    book.apply(at(30), &doubt.believed(doubt.source));
    assert_eq!(book.held(&aapl()), "0");
    assert!(reconcile(&book, &VenueReport { began: now(40), ..report }).is_empty());
}

#[test]
fn a_difference_that_an_open_order_could_make_says_so() {
    let mut book = Book::furnished();
    book.works("a", &buy("100"));
    let mut report = nothing(10);
    report.positions = Some(vec![position("100", "9")]);
    let explained = |report: &VenueReport| match reconcile(&book, report).as_slice() {
        [Finding::Doubt(doubt)] => doubt.explained,
        found => panic!("{found:?}"),
    };
    assert!(explained(&report), "the fill may be told yet");
    report.positions = Some(vec![position("101", "9")]);
    assert!(!explained(&report));
    report.positions = Some(vec![position("-1", "9")]);
    assert!(!explained(&report));
}

/// C9 over a restart: the rules of instruments are not kept in the journal, the fees of fills are.
#[test]
fn a_fee_that_comes_before_the_rules_of_its_coin_is_charged_when_they_come() {
    let spec = crate::domain::order::OrderSpec { instrument: btc(), ..buy("1") };
    let mut fill = execution("x", "a", &spec, "1", "40000");
    fill.fee = Some(fee("0.0025", "BTC"));
    let rules = Fact::Instrument(Box::new(coin()));
    let mut early = Book::new();
    early.take(rules.clone());
    let mut late = Book::new();
    for book in [&mut early, &mut late] {
        book.works("a", &spec);
        book.take(Fact::Executed(Box::new(fill.clone())));
    }
    assert_eq!(late.held(&btc()), "1", "nobody can tell yet what the fee is in");
    late.take(rules.clone());
    assert_eq!(late.held(&btc()), "0.9975");
    assert_eq!(late.position(&btc()), early.position(&btc()));
    late.take(rules.clone());
    assert_eq!(late.held(&btc()), "0.9975", "once");
    // What the venue has said since has the fee in it.
    let mut said = Book::new();
    said.works("a", &spec);
    said.take(Fact::Executed(Box::new(fill.clone())));
    said.take(Fact::Position {
        instrument: btc(),
        qty: "0.9975".parse().unwrap(),
        avg_price: Some(px("40000")),
        previous_close: None,
        source: PositionSource::Baseline,
    });
    said.take(rules.clone());
    assert_eq!(said.held(&btc()), "0.9975");
    assert_eq!(said.position(&btc()).unwrap().fees_today, usd("100"));
    // What was paid on an earlier day is not of this day.
    let mut next_day = Book::new();
    next_day.works("a", &spec);
    next_day.take(Fact::Executed(Box::new(fill)));
    for book in [&mut next_day, &mut early] {
        book.take(Fact::DayBegan { venue: venue(), began: at(0) });
    }
    next_day.take(rules);
    assert_eq!(next_day.position(&btc()), early.position(&btc()));
}

#[test]
fn no_report_of_positions_is_not_flat() {
    let mut book = Book::furnished();
    book.holds(&buy("100"), "10");
    assert!(mend(&mut book, 10, &nothing(10)).is_empty());
    assert_eq!(book.held(&aapl()), "100");
}

#[test]
fn the_first_report_of_a_journal_is_where_counting_starts() {
    let mut book = Book::furnished();
    let mut report = nothing(10);
    report.positions = Some(vec![position("50", "9")]);
    let found = reconcile(&book, &report);
    let [Finding::Facts { facts, alert: None }] = found.as_slice() else { panic!("{found:?}") };
    let [Fact::Position { source: PositionSource::Baseline, qty, .. }] = facts.as_slice() else {
        panic!("{facts:?}")
    };
    assert_eq!(*qty, "50".parse::<SignedQty>().unwrap());
    mend(&mut book, 11, &report);
    report.positions = Some(vec![position("70", "9")]);
    report.began = now(20);
    let found = reconcile(&book, &report);
    let [Finding::Doubt(doubt)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(doubt.source, PositionSource::Correction);
    assert_eq!(doubt.alert().code, AlertCode::PositionMismatch);
    assert_eq!(book.held(&aapl()), "50", "not by one word");
}

#[test]
fn an_order_of_somebody_else_is_learned_with_what_it_filled() {
    let mut book = Book::furnished();
    let spec = buy("100");
    let seen = report("theirs", &spec, E::Cancelled, "30");
    for fact in of_order_report(&book, &venue(), &seen) {
        book.take(fact);
    }
    assert_eq!((book.state("theirs"), book.filled("theirs").as_str()), (S::Cancelled, "30"));
    assert_eq!(book.held(&aapl()), "30");
    assert!(of_order_report(&book, &venue(), &seen).is_empty(), "nothing new in it the second time");
}

#[test]
fn any_word_of_the_venue_settles_what_is_unknown() {
    for (status, state) in [
        (E::Working, S::Working),
        (E::FilledInPart, S::Working),
        (E::CancelAsked, S::PendingCancel),
        (E::Rejected, S::Rejected),
        (E::Unrecognised, S::Unrecognised),
    ] {
        let mut book = Book::furnished();
        let spec = buy("100");
        book.take(intent("a", &spec));
        book.take(event("a", E::Unanswered));
        for fact in of_order_report(&book, &venue(), &report("a", &spec, status, "0")) {
            book.take(fact);
        }
        assert_eq!(book.state("a"), state, "{status:?}");
    }
}

#[test]
fn a_cancel_that_the_venue_never_took_is_lifted_by_a_later_report() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    book.take(event("a", E::CancelAsked));
    let mut seen = nothing(2);
    seen.orders = Some(vec![report("a", &spec, E::Working, "0")]);
    mend(&mut book, 2, &seen);
    assert_eq!(book.state("a"), S::PendingCancel, "it may be on its way");
    seen.began = now(60);
    mend(&mut book, 60, &seen);
    assert_eq!(book.state("a"), S::Working);
}

#[test]
fn a_report_of_another_instrument_under_our_id_changes_nothing() {
    let mut book = Book::furnished();
    book.works("a", &buy("100"));
    let mut seen = nothing(10);
    seen.orders = Some(vec![report("a", &order(Side::Sell, "100", limit("1")), E::FilledWhole, "100")]);
    assert_eq!(mend(&mut book, 11, &seen), [AlertCode::Impossible]);
    assert_eq!((book.state("a"), book.held(&aapl()).as_str()), (S::Working, "0"));
}

#[test]
fn a_fee_in_the_coin_itself_lowers_what_can_be_sold() {
    let mut book = Book::furnished();
    let spec = crate::domain::order::OrderSpec { instrument: btc(), ..buy("1") };
    book.works("a", &spec);
    let mut fill = execution("x", "a", &spec, "1", "40000");
    fill.fee = Some(fee("0.0025", "BTC"));
    book.take(Fact::Executed(Box::new(fill)));
    let row = book.position(&btc()).unwrap();
    assert_eq!(book.held(&btc()), "0.9975");
    assert_eq!(row.avg_price, Some(px("40000")));
    assert_eq!(row.fees_today, usd("100"));
    assert_eq!(book.closable(&btc()), qty("0.9975"));
}

#[test]
fn a_new_day_starts_its_counts_at_zero() {
    let mut book = Book::furnished();
    book.holds(&buy("100"), "10");
    let out = sell("100");
    book.works("b", &out);
    let sold = book.take(Fact::Executed(Box::new(execution("y", "b", &out, "100", "12"))));
    let Applied::Fill(fill) = sold else { panic!("{sold:?}") };
    assert!(fill.flat);
    assert_eq!(fill.realized, Some(usd("200")));
    assert_eq!(book.position(&aapl()).unwrap().realized_today, usd("200"));
    book.take(Fact::DayBegan { venue: venue(), began: at(0) });
    assert!(book.position(&aapl()).is_none());
}

/// A report that tells an execution with its correction, the order as the venue counts it still and the position as it is:
/// all is mended at once, and nothing of it is doubted or inferred.
#[test]
fn a_correction_that_was_missed_is_recovered_with_its_position() {
    let mut book = Book::furnished();
    let spec = buy("100");
    book.works("a", &spec);
    book.works("b", &spec);
    book.take(Fact::Executed(Box::new(execution("x", "a", &spec, "100", "10"))));
    let version = |exec: &str, n: &str, units: &str, revision: u32| crate::domain::report::Execution {
        revision,
        ..execution(exec, n, &spec, units, "10")
    };
    let mut told = nothing(10);
    told.executions = Some(vec![
        version("x", "a", "100", 0),
        version("x", "a", "60", 1),
        version("y", "b", "7", 0),
        version("y", "b", "5", 2),
    ]);
    told.orders = Some(vec![report("a", &spec, E::FilledWhole, "100"), report("b", &spec, E::Working, "5")]);
    told.positions = Some(vec![position("65", "10")]);
    let found = reconcile(&book, &told);
    assert!(!found.iter().any(|f| matches!(f, Finding::Doubt(_) | Finding::Ask(_))), "{found:?}");
    let codes = mend(&mut book, 11, &told);
    assert_eq!(codes, [AlertCode::FillRecovered, AlertCode::FillRecovered], "the fill, and the correction");
    assert_eq!((book.held(&aapl()).as_str(), book.filled("a").as_str()), ("65", "60"));
    assert_eq!((book.filled("b").as_str(), book.fills().count()), ("5", 2));
    assert!(mend(&mut book, 12, &told).is_empty(), "and once");
    assert_eq!(book.held(&aapl()), "65");
}

/// A venue that counts commissions into its average tells no other average than the fills; one that is further off does.
#[test]
fn fees_of_the_day_in_a_venues_average_are_no_news() {
    let mut book = Book::furnished();
    let spec = buy("10");
    book.works("a", &spec);
    let mut fill = execution("x", "a", &spec, "10", "10");
    fill.fee = Some(fee("1", "USD"));
    book.take(Fact::Executed(Box::new(fill)));
    let average = |book: &Book| book.position(&aapl()).unwrap().avg_price.unwrap().to_string();
    for (told, stands) in [("10.10", "10"), ("9.90", "10"), ("10.11", "10.11")] {
        let mut said = nothing(20);
        said.positions = Some(vec![position("10", told)]);
        mend(&mut book, 21, &said);
        assert_eq!(average(&book), stands, "{told}");
    }
}
