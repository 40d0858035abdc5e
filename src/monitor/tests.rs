//! Each watcher at its limit, below it, and where its input is missing.

use super::*;
use crate::{
    book::{fixture::*, of_order_report},
    domain::{
        alert::AlertCode,
        fact::{Baseline, Fact, PositionSource},
        lifecycle::OrderEvent,
        order::{OrderSpec, OrderType, Origin, Role, Side},
        report::AccountReport,
        rules::{Response, Until},
    },
};

mod pairs;
mod venue;

/// A desk with one venue at ten in the morning, New York.
struct Desk {
    monitor: Monitor,
    book: Book,
    marks: Marks,
    rules: Rules,
    equity: Option<&'static str>,
    high: Option<&'static str>,
    margin: Option<&'static str>,
    figures_age_ms: Option<u64>,
    down: Vec<&'static str>,
    skew_ms: Option<i64>,
    requests: Option<(u32, u32)>,
    limited_ms: Option<u64>,
    beats: Vec<Beat<'static>>,
}

impl Desk {
    /// With a day that began at a hundred thousand.
    fn new() -> Self {
        let mut book = Book::furnished();
        book.take(baseline("100000", true));
        Self {
            monitor: Monitor::new(),
            book,
            marks: Marks::new(),
            rules: Rules::default(),
            equity: Some("100000"),
            high: None,
            margin: None,
            figures_age_ms: Some(0),
            down: Vec::new(),
            skew_ms: None,
            requests: None,
            limited_ms: None,
            beats: Vec::new(),
        }
    }
    fn all(&mut self, s: i64) -> Vec<Reading> {
        let venue = venue();
        let watch = VenueWatch {
            venue: &venue,
            rules: &self.rules,
            calendar: Calendar::UsEquity,
            always_open: false,
            equity: self.equity.map(usd),
            high: self.high.map(usd),
            margin_used: self.margin.map(usd),
            figures_age_ms: self.figures_age_ms,
            down: self.down.clone(),
            skew_ms: self.skew_ms,
            requests: self.requests,
            limited_ms: self.limited_ms,
            beats: self.beats.clone(),
        };
        let venues = [watch];
        let from = Sources { book: &self.book, marks: &self.marks, venues: &venues, now: now(s) };
        self.monitor.read(&from)
    }
    fn of(&mut self, rule: Rule, s: i64) -> Reading {
        let mut rows: Vec<Reading> = self.all(s).into_iter().filter(|r| r.key.rule == rule).collect();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }
    fn stands(&mut self, rule: Rule, s: i64) -> Standing {
        self.of(rule, s).standing
    }
    /// A hundred shares at ten dollars with a quote and a stop.
    fn holds(&mut self) {
        self.book.holds(&buy("100"), "10");
        self.book.works("stop", &order(Side::Sell, "100", stop("9")));
        self.quotes("10", 0);
    }
    fn quotes(&mut self, price: &str, s: i64) {
        self.marks.apply(&quote(aapl(), price, price, s));
        let row = self.book.position(&aapl()).unwrap();
        self.marks.hold(&aapl(), row.qty, row.avg_price, row.payoff);
    }
    fn latch(&mut self, reading: &Reading) {
        let trip = crate::domain::rules::Trip {
            key: reading.key.clone(),
            response: reading.response,
            until: Until::Clears,
            reason: reading.text.clone(),
        };
        self.book.take(Fact::Tripped(Box::new(trip)));
    }
}

fn baseline(equity: &str, week: bool) -> Fact {
    Fact::Baseline(Box::new(Baseline {
        venue: venue(),
        began: at(-3_600 * 6),
        week,
        equity: usd(equity),
        positions: Vec::new(),
    }))
}

#[test]
fn every_rule_has_a_line_at_every_venue() {
    let mut desk = Desk::new();
    let rules: Vec<Rule> = desk.all(0).iter().map(|r| r.key.rule).collect();
    assert_eq!(rules, Rule::ALL, "one line each, in the order of the Risk pane");
    desk.rules.daily_loss.response = Response::Off;
    desk.equity = Some("1");
    assert_eq!(desk.stands(Rule::DailyLoss, 0), Standing::Off);
}

#[test]
fn a_daily_loss_trips_at_its_limit_in_money_or_per_cent() {
    let mut desk = Desk::new();
    for (equity, standing) in [
        ("100500", Standing::Clear),
        ("97600.01", Standing::Clear),
        ("97600", Standing::Near),
        ("97000.01", Standing::Near),
        ("97000", Standing::Over),
    ] {
        desk.equity = Some(equity);
        assert_eq!(desk.stands(Rule::DailyLoss, 0), standing, "{equity}");
    }
    let reading = desk.of(Rule::DailyLoss, 0);
    assert_eq!(
        reading.text.as_str(),
        "paper: 3,000.00 lost since the trading day began, the limit is 3,000.00"
    );
    desk.rules.daily_loss.money = Some(usd("500"));
    desk.equity = Some("99500");
    assert_eq!(desk.of(Rule::DailyLoss, 0).limit.as_str(), "500.00");
    assert_eq!(desk.stands(Rule::DailyLoss, 0), Standing::Over, "whichever comes first");
}

#[test]
fn a_week_is_longer_than_a_day() {
    let mut desk = Desk::new();
    let day =
        Baseline { venue: venue(), began: at(-60), week: false, equity: usd("95000"), positions: Vec::new() };
    desk.book.take(Fact::Baseline(Box::new(day)));
    desk.equity = Some("94000");
    assert_eq!(desk.stands(Rule::DailyLoss, 0), Standing::Clear);
    assert_eq!(desk.stands(Rule::WeeklyLoss, 0), Standing::Over, "six per cent of the hundred thousand");
}

#[test]
fn drawdown_counts_from_the_high_and_give_back_from_the_profit() {
    let mut desk = Desk::new();
    desk.high = Some("110000");
    desk.equity = Some("104501");
    assert_eq!(desk.stands(Rule::Drawdown, 0), Standing::Near);
    assert_eq!(desk.stands(Rule::GiveBack, 0), Standing::Over, "half of ten thousand");
    desk.equity = Some("104500");
    assert_eq!(desk.stands(Rule::Drawdown, 0), Standing::Over);
    // Told by a fact, it is kept over a restart.
    desk.high = None;
    assert_eq!(desk.stands(Rule::Drawdown, 0), Standing::Clear);
    desk.book.take(Fact::EquityHigh { venue: venue(), equity: usd("110000") });
    assert_eq!(desk.stands(Rule::Drawdown, 0), Standing::Over);
    // A best profit below one per cent is none to give back.
    let mut desk = Desk::new();
    desk.high = Some("100999");
    desk.equity = Some("100000");
    assert_eq!(desk.stands(Rule::GiveBack, 0), Standing::Clear);
}

/// F2: marks that are missing or old, figures that are missing or old.
#[test]
fn what_cant_be_judged_is_unknown_and_not_clear() {
    let money = [Rule::DailyLoss, Rule::WeeklyLoss, Rule::Drawdown, Rule::GiveBack];
    let mut desk = Desk::new();
    desk.book.holds(&buy("100"), "10");
    for rule in money {
        assert_eq!(desk.stands(rule, 0), Standing::Unknown, "no quote of what is held");
    }
    assert_eq!(desk.stands(Rule::PositionLoss, 0), Standing::Unknown);
    desk.quotes("10", 0);
    assert_eq!(desk.stands(Rule::DailyLoss, 300), Standing::Clear);
    let old = desk.of(Rule::DailyLoss, 301);
    assert_eq!(old.standing, Standing::Unknown);
    assert_eq!(
        old.text.as_str(),
        "daily loss of paper can't be judged: AAPL is held and its quote is 301 s old"
    );
    assert_eq!(desk.stands(Rule::PositionLoss, 301), Standing::Unknown);
    // Seven in the evening: no quote is expected.
    assert_eq!(desk.stands(Rule::DailyLoss, 9 * 3_600), Standing::Clear);
    desk.figures_age_ms = Some(95_001);
    assert_eq!(desk.stands(Rule::DailyLoss, 9 * 3_600), Standing::Unknown);
    desk.figures_age_ms = Some(0);
    desk.equity = None;
    assert_eq!(desk.stands(Rule::DailyLoss, 9 * 3_600), Standing::Unknown);
    let mut fresh = Desk { book: Book::furnished(), ..Desk::new() };
    assert_eq!(fresh.stands(Rule::DailyLoss, 0), Standing::Unknown, "no baseline yet");
}

#[test]
fn one_positions_loss_has_its_own_line() {
    let mut desk = Desk::new();
    desk.rules.position_loss.money = Some(usd("150"));
    desk.holds();
    assert_eq!(desk.of(Rule::PositionLoss, 0).key.symbol, None, "the worst of all that are inside");
    desk.quotes("8.51", 0);
    assert_eq!(desk.stands(Rule::PositionLoss, 0), Standing::Near);
    desk.quotes("8.50", 0);
    let over = desk.of(Rule::PositionLoss, 0);
    assert_eq!((over.standing, over.key), (Standing::Over, LatchKey::of_symbol(Rule::PositionLoss, &aapl())));
    let over = desk.of(Rule::PositionLoss, 0);
    desk.latch(&over);
    desk.quotes("8.60", 0);
    let still = desk.of(Rule::PositionLoss, 0);
    assert!(!still.clears && still.key.symbol.is_some(), "it is not clear before four fifths of the limit");
    desk.quotes("9", 0);
    assert!(desk.of(Rule::PositionLoss, 0).clears);
}

#[test]
fn margin_has_three_zones_with_hysteresis() {
    let mut desk = Desk::new();
    desk.holds();
    assert_eq!(desk.stands(Rule::MarginLow, 0), Standing::Off, "the venue does not tell");
    let zones = [
        ("79999", [Standing::Near, Standing::Near, Standing::Clear]),
        ("80000", [Standing::Over, Standing::Near, Standing::Near]),
        ("95000", [Standing::Over, Standing::Over, Standing::Near]),
        ("100000", [Standing::Over, Standing::Over, Standing::Over]),
        ("120000", [Standing::Over, Standing::Over, Standing::Over]),
    ];
    for (used, standings) in zones {
        desk.margin = Some(used);
        let rules = [Rule::MarginLow, Rule::MarginCall, Rule::MarginOut];
        assert_eq!(rules.map(|r| desk.stands(r, 0)), standings, "{used} used");
    }
    desk.margin = Some("76000");
    assert!(!desk.of(Rule::MarginLow, 0).clears, "24 per cent left");
    desk.margin = Some("74999");
    assert!(desk.of(Rule::MarginLow, 0).clears);
    desk.equity = Some("-1");
    assert_eq!(desk.stands(Rule::MarginOut, 0), Standing::Over, "no equity at all");
}

#[test]
fn cash_below_zero_is_said() {
    let mut desk = Desk::new();
    let below = AccountReport { cash: usd("-0.01"), ..account() };
    assert_eq!(desk.stands(Rule::NegativeCash, 0), Standing::Clear);
    desk.book.take(Fact::Account { venue: venue(), report: Box::new(below) });
    assert_eq!(desk.stands(Rule::NegativeCash, 0), Standing::Over);
    desk.rules.negative_cash.money = usd("10");
    assert_eq!(desk.stands(Rule::NegativeCash, 0), Standing::Clear);
}

fn round_trip(desk: &mut Desk, n: usize, price: &str) {
    for (spec, at) in [(buy("1"), "10"), (sell("1"), price)] {
        let name = format!("t{n}-{}", spec.side.word());
        desk.book.works(&name, &spec);
        let done = execution(&format!("x-{name}"), &name, &spec, "1", at);
        desk.book.take(Fact::Executed(Box::new(done)));
    }
}

#[test]
fn losses_in_a_row_trades_and_orders_are_counted() {
    let mut desk = Desk::new();
    desk.rules.loss_streak.most = 2;
    desk.rules.trade_count.most = 3;
    desk.rules.orders_per_day.most = 6;
    round_trip(&mut desk, 1, "9");
    assert_eq!(desk.stands(Rule::LossStreak, 0), Standing::Clear);
    round_trip(&mut desk, 2, "9");
    assert_eq!(desk.stands(Rule::LossStreak, 0), Standing::Over);
    assert_eq!(desk.stands(Rule::TradeCount, 0), Standing::Clear);
    round_trip(&mut desk, 3, "11");
    assert_eq!(desk.stands(Rule::LossStreak, 0), Standing::Clear, "a win ends it");
    assert_eq!(desk.stands(Rule::TradeCount, 0), Standing::Over, "three were allowed");
    assert_eq!(desk.stands(Rule::OrdersPerDay, 0), Standing::Near, "six of six");
    desk.book.take(intent("one-more", &buy("1")));
    assert_eq!(desk.stands(Rule::OrdersPerDay, 0), Standing::Over);
}

#[test]
fn errors_of_the_session_are_counted() {
    let mut desk = Desk::new();
    for n in 0..10 {
        let name = format!("e{n}");
        desk.book.take(intent(&name, &buy("1")));
        desk.book.take(event(&name, OrderEvent::Rejected));
    }
    assert_eq!(desk.stands(Rule::Errors, 0), Standing::Near);
    desk.book.take(intent("last", &buy("1")));
    desk.book.take(event("last", OrderEvent::NotSent));
    assert_eq!(desk.stands(Rule::Errors, 0), Standing::Over);
}

/// F10: a key that sticks.
#[test]
fn orders_too_fast_are_over_by_the_second_and_by_the_minute() {
    let mut desk = Desk::new();
    for _ in 0..10 {
        desk.monitor.sent(&venue(), now(0).mono);
    }
    assert_eq!(desk.stands(Rule::OrderRate, 0), Standing::Near);
    assert_eq!(desk.monitor.sent(&venue(), now(0).mono), (11, 11));
    assert_eq!(desk.stands(Rule::OrderRate, 0), Standing::Over);
    assert_eq!(desk.stands(Rule::OrderRate, 1), Standing::Clear);
    for s in 1..28 {
        for _ in 0..4 {
            desk.monitor.sent(&venue(), now(s).mono);
        }
    }
    assert_eq!(desk.stands(Rule::OrderRate, 28), Standing::Near);
    for _ in 0..2 {
        desk.monitor.sent(&venue(), now(28).mono);
    }
    assert_eq!(desk.stands(Rule::OrderRate, 28), Standing::Over, "121 in a minute");
    assert_eq!(desk.stands(Rule::OrderRate, 90), Standing::Clear);
}

#[test]
fn entries_outside_their_hours_are_over_on_the_venues_clock() {
    let mut desk = Desk::new();
    assert_eq!(desk.stands(Rule::TimeWindow, 0), Standing::Clear, "the whole day");
    desk.rules.time_window.from = 9 * 60 + 45;
    desk.rules.time_window.to = 10 * 60 + 30;
    assert_eq!(desk.stands(Rule::TimeWindow, 0), Standing::Clear, "ten in New York");
    let outside = desk.of(Rule::TimeWindow, 1_800);
    assert_eq!(outside.standing, Standing::Over);
    assert_eq!(
        outside.text.as_str(),
        "paper: entries are allowed from 09:45 to 10:30, it is 10:30 in New York"
    );
    // Over midnight.
    (desk.rules.time_window.from, desk.rules.time_window.to) = (22 * 60, 4 * 60);
    assert_eq!(desk.stands(Rule::TimeWindow, 0), Standing::Over);
    assert_eq!(desk.stands(Rule::TimeWindow, 13 * 3_600), Standing::Clear, "eleven at night");
}

/// L2: the wall steps back an hour and the age goes on.
#[test]
fn an_order_that_waits_is_as_old_as_the_clock_that_never_steps_says() {
    let mut desk = Desk::new();
    desk.book.take(intent("a", &buy("1")));
    desk.book.take(event("a", OrderEvent::Sent));
    assert_eq!(desk.stands(Rule::OrderPending, 29), Standing::Near);
    let over = desk.of(Rule::OrderPending, 30);
    assert_eq!(
        (over.standing, over.code, over.orders),
        (Standing::Over, AlertCode::OrderUnknown, vec![id("a")])
    );
    desk.book.apply(at(32), &event("a", OrderEvent::Working));
    assert_eq!(desk.stands(Rule::OrderPending, 33), Standing::Clear);
    desk.book.apply(at(40), &event("a", OrderEvent::CancelAsked));
    assert_eq!(desk.stands(Rule::OrderPending, 40), Standing::Clear);
    let venue = venue();
    let back = Now { wall: at(-3_600), mono: now(71).mono };
    let rules = Rules::default();
    let watch = VenueWatch {
        venue: &venue,
        rules: &rules,
        calendar: Calendar::UsEquity,
        always_open: false,
        equity: None,
        high: None,
        margin_used: None,
        figures_age_ms: None,
        down: Vec::new(),
        skew_ms: None,
        requests: None,
        limited_ms: None,
        beats: Vec::new(),
    };
    let venues = [watch];
    let from = Sources { book: &desk.book, marks: &desk.marks, venues: &venues, now: back };
    let pending = desk.monitor.read(&from).into_iter().find(|r| r.key.rule == Rule::OrderPending).unwrap();
    assert_eq!(pending.standing, Standing::Over, "{}", pending.text);
}

#[test]
fn an_entry_that_works_for_an_hour_is_old_and_what_protects_is_not() {
    let mut desk = Desk::new();
    desk.holds();
    desk.book.works("entry", &order(Side::Buy, "5", limit("8")));
    assert_eq!(desk.stands(Rule::OrderOld, 3_599), Standing::Near);
    let old = desk.of(Rule::OrderOld, 3_600);
    assert_eq!((old.standing, old.orders), (Standing::Over, vec![id("entry")]));
    desk.book.take(event("entry", OrderEvent::Cancelled));
    assert_eq!(desk.stands(Rule::OrderOld, 3_601), Standing::Clear, "the stop may stand as long as it will");
}

#[test]
fn a_position_without_a_stop_is_said_after_a_moment_and_a_stop_for_part_of_it_is_none() {
    let mut desk = Desk::new();
    desk.book.holds(&buy("100"), "10");
    assert_eq!(desk.stands(Rule::NoStop, 0), Standing::Clear);
    assert_eq!(desk.stands(Rule::NoStop, 1), Standing::Over);
    desk.book.works("half", &order(Side::Sell, "50", stop("9")));
    assert!(!has_stop(&desk.book, &aapl()));
    desk.book.works("rest", &order(Side::Sell, "50", stop("9")));
    assert!(has_stop(&desk.book, &aapl()));
    assert_eq!(desk.stands(Rule::NoStop, 3), Standing::Clear);
    desk.book.take(event("rest", OrderEvent::Rejected));
    assert_eq!(desk.stands(Rule::NoStop, 4), Standing::Clear);
    assert_eq!(desk.stands(Rule::NoStop, 5), Standing::Over);
}

#[test]
fn a_stop_that_waits_for_its_pair_protects_and_an_unknown_one_does_not() {
    let mut book = Book::furnished();
    book.holds(&buy("100"), "10");
    let mut leg = report("s", &order(Side::Sell, "100", stop("9")), OrderEvent::Held, "0");
    leg.parent = Some(client("t"));
    leg.role = Some(Role::Stop);
    for fact in of_order_report(&book, &venue(), &leg) {
        book.take(fact);
    }
    assert!(has_stop(&book, &aapl()));
    book.take(event("s", OrderEvent::Cancelled));
    book.take(intent("u", &OrderSpec { reduce_only: true, ..order(Side::Sell, "100", stop("9")) }));
    book.take(event("u", OrderEvent::Unanswered));
    assert!(!has_stop(&book, &aapl()));
}

#[test]
fn an_old_quote_of_what_is_held_is_said_in_its_session_with_hysteresis() {
    let mut desk = Desk::new();
    desk.book.holds(&buy("100"), "10");
    assert_eq!(desk.stands(Rule::QuoteAge, 0), Standing::Over, "none at all");
    desk.quotes("10", 0);
    assert_eq!(desk.stands(Rule::QuoteAge, 300), Standing::Near);
    let over = desk.of(Rule::QuoteAge, 301);
    assert_eq!((over.standing, over.clears), (Standing::Over, false));
    desk.latch(&over);
    assert!(!desk.of(Rule::QuoteAge, 151).clears, "not clearly young");
    assert!(desk.of(Rule::QuoteAge, 150).clears);
    // Seven in the evening in New York: nothing is expected.
    assert_eq!(desk.stands(Rule::QuoteAge, 9 * 3_600), Standing::Clear);
}

#[test]
fn what_nobody_here_did_stands_until_it_is_lifted() {
    let mut desk = Desk::new();
    let gone = |qty: &str, source| Fact::Position {
        instrument: aapl(),
        qty: qty.parse().unwrap(),
        avg_price: None,
        previous_close: None,
        source,
    };
    desk.book.take(gone("5", PositionSource::Baseline));
    desk.book.take(gone("5", PositionSource::Refresh));
    assert_eq!(desk.stands(Rule::PositionChanged, 0), Standing::Clear);
    desk.book.take(gone("0", PositionSource::Correction));
    let changed = desk.of(Rule::PositionChanged, 0);
    assert_eq!(changed.standing, Standing::Over);
    assert_eq!(changed.text.as_str(), "AAPL: from 5 to 0 without an order of ours");
    assert!(changed.told, "the difference has an alert of its own");
    desk.book.take(Fact::Untripped { key: changed.key, why: "looked".into(), used: None });
    assert_eq!(desk.stands(Rule::PositionChanged, 0), Standing::Clear);
}

#[test]
fn a_fill_beyond_its_order_is_an_overfill() {
    let mut desk = Desk::new();
    desk.book.works("a", &buy("10"));
    desk.book.take(Fact::Executed(Box::new(execution("x1", "a", &buy("10"), "10", "10"))));
    assert_eq!(desk.stands(Rule::Overfill, 0), Standing::Clear);
    desk.book.take(Fact::Executed(Box::new(execution("x2", "a", &buy("10"), "1", "10"))));
    let over = desk.of(Rule::Overfill, 0);
    assert_eq!((over.standing, over.key), (Standing::Over, LatchKey::of_symbol(Rule::Overfill, &aapl())));
}
