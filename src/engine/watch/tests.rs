//! Rules from their limit to what is done, over restarts, days, sleeps and mistakes of their own.

use super::*;
use crate::{
    book::fixture::*,
    broker::Event,
    calendar::Calendar,
    desk::{Reply, Request, snapshot::RiskState},
    domain::{
        fact::Fact,
        instrument::AssetClass,
        order::{OrderRef, Side},
        report::OrderReport,
        rules::{LossLimit, Response, Rule, Rules, Trip, Until},
        time::Stamp,
    },
    engine::{Effect, Input, Timer},
};
use std::collections::BTreeSet;

mod differences;
mod unusual;
use super::super::rig::*;

/// F5: a daily loss blocks entries and nothing else; a restart keeps it; a typed reason lifts it; then it trips again
/// a quarter of its limit further on.
#[test]
fn a_daily_loss_stands_over_a_restart_and_trips_again_a_step_further() {
    let mut rig = Rig::new(&quiet());
    assert_eq!(rig.entry(), "");
    rig.market("7.01");
    assert_eq!(rig.until(Rule::DailyLoss), None);
    rig.market("7");
    assert_eq!(rig.until(Rule::DailyLoss), Some(Until::Session));
    let why = "paper: 3,000.00 lost since the trading day began, the limit is 3,000.00";
    assert_eq!(rig.entry(), format!("trading is locked: {why}"));
    let alerts = rig.alerts(AlertCode::Limit);
    assert_eq!(
        alerts.last().unwrap(),
        &format!("{why}: entries are blocked until the next trading day, or until a person unlocks")
    );
    rig.passes("sell AAPL 10");
    rig.passes("cancel all");
    rig.tick();
    assert_eq!(rig.alerts(AlertCode::Limit).len(), alerts.len(), "it is said once");

    rig.market("9.9");
    rig.restart();
    assert!(rig.entry().contains(why), "also when the loss is smaller by now");
    rig.market("6.9");
    assert!(matches!(rig.ask(Request::Unlock { reason: Text::default() }), Reply::Refused { .. }));
    assert!(matches!(rig.unlock(), Reply::Done(_)));
    assert_eq!(rig.entry(), "");
    rig.restart();
    rig.tick();
    rig.market("6.16");
    assert_eq!(
        rig.until(Rule::DailyLoss),
        None,
        "3840 lost: a step is 750 beyond the 3100 where it was lifted"
    );
    rig.market("6.15");
    assert_eq!(rig.until(Rule::DailyLoss), Some(Until::Session));
}

/// F5: nobody lifts a lock-out: no person, no restart, no clock that is set ahead.
#[test]
fn a_lock_out_stands_until_its_time_is_over_on_both_clocks() {
    let mut rules = quiet();
    rules.daily_loss.lockout_minutes = 60;
    let mut rig = Rig::new(&rules);
    rig.market("7");
    let end = rig.now.wall.plus_ms(3_600_000);
    assert_eq!(rig.until(Rule::DailyLoss), Some(Until::LockedOut(end)));
    let Reply::Refused { text, .. } = rig.unlock() else { panic!("it was lifted") };
    assert_eq!(
        text.as_str(),
        format!("paper is locked out by daily loss for 60 more minute(s), until {}", end.to_rfc3339())
    );
    let banner = rig.snapshot().banner;
    assert_eq!((banner.tripped, banner.locked_out_until), (1, Some(end)));
    rig.live(1_800);
    rig.restart();
    assert!(matches!(rig.unlock(), Reply::Refused { .. }));
    assert_ne!(rig.entry(), "");
    // The wall is set two hours ahead.
    rig.now.wall = rig.now.wall.plus_ms(2 * 3_600_000);
    rig.report();
    rig.market("7");
    assert_eq!(rig.until(Rule::DailyLoss), Some(Until::LockedOut(end)));
    assert!(matches!(rig.unlock(), Reply::Refused { .. }));
    rig.now.wall = rig.now.wall.plus_ms(-2 * 3_600_000);
    rig.live(1_830);
    assert_eq!(rig.until(Rule::DailyLoss), Some(Until::Session), "then it stands as without one");
    assert_ne!(rig.entry(), "");
    assert!(matches!(rig.unlock(), Reply::Done(_)));
    assert_eq!(rig.entry(), "");
}

/// F6: a latch of the day is lifted when the venue's trading day begins, over two years and every change of the
/// clocks; one of the week with the week.
#[test]
fn latches_go_with_the_venues_day_on_short_and_long_days_too() {
    for (class, calendar) in [
        (AssetClass::Equity, Calendar::UsEquity),
        (AssetClass::Forex, Calendar::ForexWeek),
        (AssetClass::Crypto, Calendar::Always),
    ] {
        let mut engine = Engine::new(setup(&Rules::default(), everything(class)));
        let mono = |wall: Stamp| Mono::from_millis(u64::try_from(wall.since_ms(at(0)) + 1_000_000).unwrap());
        let at_wall = |wall: Stamp| Now { wall, mono: mono(wall) };
        let mut wall = at(0);
        engine.step(at_wall(wall), Input::Begin);
        let mut lengths = BTreeSet::new();
        let mut weeks = 0;
        for n in 0..730 {
            for (rule, until) in [(Rule::DailyLoss, Until::Session), (Rule::WeeklyLoss, Until::Week)] {
                let key = LatchKey::of_venue(rule, venue());
                let trip = Trip { key, response: Response::BlockEntries, until, reason: "test".into() };
                engine.fact(Fact::Tripped(Box::new(trip)));
            }
            let next = calendar.next_day_began(wall);
            lengths.insert(next.since_ms(calendar.day_began(wall)) / 3_600_000);
            let new_week = calendar.week_began(next) > wall;
            let latched = |engine: &Engine, rule| engine.book.latches().any(|l| l.trip.key.rule == rule);
            engine.step(at_wall(next.plus_ms(-1)), Input::Timer(Timer::Tick));
            assert!(latched(&engine, Rule::DailyLoss), "{n} before {}", next.to_rfc3339());
            assert!(latched(&engine, Rule::WeeklyLoss));
            engine.step(at_wall(next), Input::Timer(Timer::Tick));
            assert!(!latched(&engine, Rule::DailyLoss), "{n} at {}", next.to_rfc3339());
            assert_eq!(latched(&engine, Rule::WeeklyLoss), !new_week, "{n} at {}", next.to_rfc3339());
            weeks += u32::from(new_week);
            // The clock steps back over the boundary: the day does not begin twice.
            engine.step(at_wall(next.plus_ms(3_600_000)), Input::Timer(Timer::Tick));
            wall = next.plus_ms(3_600_000);
            engine.now = at_wall(wall);
        }
        assert!(weeks > 100, "{calendar:?}: {weeks}");
        match calendar {
            Calendar::Always => assert_eq!(lengths, BTreeSet::from([24])),
            // A week-end is 72 hours, and 71 or 73 when the clocks change in it.
            Calendar::UsEquity | Calendar::ForexWeek => {
                assert!(lengths.is_superset(&BTreeSet::from([24, 71, 72, 73])), "{lengths:?}");
            }
        }
    }
}

/// F1, E10: a watcher with a mistake in it closes entries and says so; cancels, closes and flatten work.
#[test]
fn a_watcher_that_fails_closes_entries_and_leaves_the_way_out_open() {
    let mut rig = Rig::new(&quiet());
    assert_eq!(rig.entry(), "");
    rig.pass(2);
    rig.engine.watch.monitor.broken = true;
    rig.tick();
    assert!(rig.entry().contains("the risk watchers failed"), "{}", rig.entry());
    assert_eq!(rig.alerts(AlertCode::Program).len(), 1, "an emergency, once");
    assert!(rig.snapshot().banner.held.is_some_and(|why| why.as_str().contains("watchers failed")));
    rig.passes("cancel all");
    rig.passes("sell AAPL 10");
    rig.passes("flatten");
    assert!(rig.effects.iter().any(|e| matches!(e, Effect::CancelAll { .. })), "{:?}", rig.effects);
    rig.engine.watch.monitor.broken = true;
    rig.unlock();
    assert!(rig.engine.watchers_lost().is_some(), "it failed again");
    assert_ne!(rig.entry(), "");
    rig.engine.watch.monitor.broken = false;
    assert!(matches!(rig.unlock(), Reply::Done(_)));
    assert_eq!(rig.engine.watchers_lost(), None);
}

/// F1: watchers that are not heard of.
#[test]
fn watchers_that_have_not_looked_for_ten_seconds_close_entries() {
    let mut rig = Rig::new(&quiet());
    rig.pass(10);
    rig.engine.now = rig.now;
    assert_eq!(rig.engine.watchers_lost(), None);
    rig.pass(1);
    rig.engine.now = rig.now;
    assert_eq!(rig.engine.watchers_lost().unwrap().as_str(), "the risk watchers have not looked for 11 s");
    assert!(matches!(rig.engine.access(&venue()), crate::risk::Access::Locked { .. }));
    // An order makes them look first.
    assert_eq!(rig.entry(), "");
}

/// F2: what can't be judged is not passed by, and a reduction needs no judge.
#[test]
fn an_entry_is_refused_while_a_loss_that_would_block_it_cant_be_judged() {
    let mut rig = Rig::new(&quiet());
    rig.line("buy MSFT 1");
    for _ in 0..11 {
        rig.pass(30);
        rig.report();
        rig.tick();
    }
    let row = rig.snapshot().risk.iter().find(|r| r.rule == "daily loss").cloned().unwrap();
    assert_eq!(row.state, RiskState::Unknown);
    let why = rig.engine.unjudged(&venue(), &aapl().symbol).unwrap();
    assert_eq!(why.as_str(), "daily loss of paper can't be judged: AAPL is held and its quote is 330 s old");
    let Reply::Refused { text, .. } = rig.line("buy AAPL 1 limit 5") else { panic!("it passed") };
    assert!(text.as_str().contains(why.as_str()), "{text}");
    rig.passes("sell AAPL 10");
    assert_eq!(rig.entry(), "", "with a quote it is judged at once");
    // Where the rule only says so, nothing is held back.
    let mut rules = quiet();
    for loss in [&mut rules.daily_loss, &mut rules.weekly_loss] {
        loss.response = Response::Alert;
    }
    rules.margin_call.response = Response::Alert;
    rules.margin_out.response = Response::Alert;
    let mut rig = Rig::new(&rules);
    rig.pass(301);
    rig.report();
    rig.tick();
    assert_eq!(rig.engine.unjudged(&venue(), &aapl().symbol), None);
}

/// F7: a limit that is lowered below what is lost already.
#[test]
fn a_limit_lowered_below_the_present_loss_trips_and_lets_reductions_pass() {
    let mut rig = Rig::new(&quiet());
    rig.market("9");
    assert_eq!(rig.entry(), "");
    rig.rules.daily_loss.percent = "0.5".parse().unwrap();
    rig.restart();
    assert!(rig.entry().contains("the limit is 500.00"), "{}", rig.entry());
    let row = rig.snapshot().risk.iter().find(|r| r.rule == "daily loss").cloned().unwrap();
    assert_eq!((row.state, row.share), (RiskState::Tripped, Some("200.00".parse().unwrap())));
    rig.passes("sell AAPL 10");
    rig.passes("close AAPL");
}

/// F10: a key that sticks: the eleventh order of a second does not leave, nor does any after it.
#[test]
fn orders_that_run_wild_are_stopped_at_the_limit() {
    let mut rig = Rig::new(&quiet());
    let placed = (0..1_000).filter(|_| rig.entry().is_empty()).count();
    assert_eq!(placed, 10);
    assert_eq!(rig.until(Rule::OrderRate), Some(Until::Person));
    rig.pass(5);
    assert!(rig.entry().contains("a key that sticks"), "it stands until a person unlocks");
    rig.restart();
    assert!(rig.entry().contains("a key that sticks"));
    rig.passes("sell AAPL 10");
    assert!(matches!(rig.unlock(), Reply::Done(_)));
    assert_eq!(rig.entry(), "");
}

fn position_loss(response: Response) -> Rules {
    let mut rules = quiet();
    let limit = LossLimit { money: Some(usd("500")), response, ..rules.position_loss };
    rules.position_loss = limit;
    rules
}

fn named_report(name: &str, spec: &crate::domain::order::OrderSpec) -> OrderReport {
    report(name, spec, crate::domain::lifecycle::OrderEvent::Working, "0")
}

#[test]
fn each_response_does_what_it_says_and_holds_what_stands_above_it() {
    let done = |response| {
        let mut rig = Rig::new(&position_loss(response));
        rig.orders = vec![
            named_report("entry", &order(Side::Buy, "5", limit("8"))),
            named_report("stop", &order(Side::Sell, "1000", stop("6"))),
        ];
        rig.report();
        rig.effects.clear();
        rig.market("9.5");
        let cancels: Vec<String> = rig
            .effects
            .iter()
            .filter_map(|e| {
                if let Effect::Cancel { order: OrderRef { client, .. }, .. } = e {
                    return Some(client.to_string());
                }
                matches!(e, Effect::CancelAll { .. }).then(|| "all".to_owned())
            })
            .collect();
        let exits: Vec<String> = rig.engine.book.open_exits().map(|e| e.scope.to_string()).collect();
        (cancels.join(" "), exits.join(", "), rig.entry().is_empty())
    };
    let none = String::new();
    assert_eq!(done(Response::Off), (none.clone(), none.clone(), true));
    assert_eq!(done(Response::Alert), (none.clone(), none.clone(), true));
    assert_eq!(done(Response::BlockEntries), (none.clone(), none.clone(), false));
    assert_eq!(done(Response::CancelEntries), ("entry".to_owned(), none, false), "the stop stays");
    let (_, exits, may_enter) = done(Response::FlattenSymbol);
    assert!(exits.contains("AAPL") && !may_enter, "{exits}");
    for response in [Response::FlattenVenue, Response::FlattenAll] {
        let (cancels, exits, may_enter) = done(response);
        assert!(cancels.contains("all") && exits.contains("everything") && !may_enter, "{cancels} {exits}");
    }
}

#[test]
fn a_latch_that_stands_while_it_is_so_goes_with_hysteresis() {
    let mut rig = Rig::new(&position_loss(Response::BlockEntries));
    rig.market("9.5");
    assert_eq!(rig.until(Rule::PositionLoss), Some(Until::Clears));
    rig.market("9.59");
    assert_eq!(rig.until(Rule::PositionLoss), Some(Until::Clears), "410 of 500");
    rig.restart();
    assert_eq!(rig.until(Rule::PositionLoss), Some(Until::Clears));
    rig.market("9.61");
    assert_eq!(rig.until(Rule::PositionLoss), None);
    assert_eq!(rig.entry(), "");
    // A person may lift it; it trips again a step further, or after it was clear.
    rig.market("9.5");
    rig.unlock();
    rig.market("9.4");
    assert_eq!(rig.until(Rule::PositionLoss), None);
    rig.market("9.37");
    assert_eq!(rig.until(Rule::PositionLoss), Some(Until::Clears), "630: a quarter beyond the 500");
    rig.unlock();
    rig.market("10");
    rig.market("9.5");
    assert_eq!(rig.until(Rule::PositionLoss), Some(Until::Clears));
}

#[test]
fn a_streak_of_losses_pauses_entries_and_is_counted_anew() {
    let mut rules = quiet();
    rules.loss_streak.most = 1;
    rules.loss_streak.response = Response::BlockEntries;
    let mut rig = Rig::new(&rules);
    rig.engine.now = rig.now;
    for (n, spec, at) in [("a", buy("1"), "10"), ("b", sell("1001"), "9")] {
        rig.engine.fact(intent(n, &spec));
        let amount = spec.amount.qty().unwrap().to_string();
        rig.engine.fact(Fact::Executed(Box::new(execution(n, n, &spec, &amount, at))));
    }
    (rig.held, rig.cash) = ("0", "99000");
    rig.pass(2);
    rig.report();
    rig.tick();
    let end = rig.now.wall.plus_ms(15 * 60_000);
    assert_eq!(rig.until(Rule::LossStreak), Some(Until::LockedOut(end)));
    assert!(matches!(rig.unlock(), Reply::Refused { .. }), "a pause can't be cut short");
    rig.live(930);
    assert_eq!(rig.until(Rule::LossStreak), None);
    assert_eq!(rig.entry(), "");
}

/// L2: the wall steps back; L3: the machine slept.
#[test]
fn time_that_nobody_saw_makes_every_quote_old_and_asks_the_venue_anew() {
    let mut rig = Rig::new(&quiet());
    assert_eq!(rig.entry(), "");
    rig.now.wall = rig.now.wall.plus_ms(-3_600_000);
    rig.tick();
    assert_eq!(rig.entry(), "", "an hour back changes nothing");
    rig.now.wall = rig.now.wall.plus_ms(3_600_000 + 2 * 3_600_000);
    rig.effects.clear();
    let Reply::Refused { text, .. } = rig.line("buy AAPL 1 limit 5") else { panic!("an old ticket left") };
    assert!(text.as_str().contains("not in agreement"), "{text}");
    assert_eq!(rig.alerts(AlertCode::Clock).len(), 1, "{:?}", rig.alerts(AlertCode::Clock));
    rig.report();
    rig.tick();
    let Reply::Refused { text, .. } = rig.line("buy AAPL 1 limit 5") else { panic!("on an old quote") };
    assert!(text.as_str().contains("quote"), "{text}");
    assert_eq!(rig.entry(), "");
}

#[test]
fn a_days_first_report_is_its_baseline_and_restore_shows_what_differs() {
    let mut rig = Rig::new(&quiet());
    let session = rig.engine.book.session(&venue()).unwrap().clone();
    assert_eq!((session.day.equity, session.week_equity), (usd("100000"), usd("100000")));
    assert_eq!(session.day.positions.len(), 1);
    rig.held = "900";
    rig.cash = "91000";
    rig.pass(2);
    rig.market("11");
    rig.agree();
    rig.restart();
    let Reply::Since(rows) = rig.ask(Request::Restore { venue: None }) else { panic!("no rows") };
    assert_eq!(rows[0].change, Some(usd("900")));
    let moved = &rows[0].positions[0];
    assert_eq!(
        (moved.qty_then.to_string(), moved.qty_now.to_string()),
        ("1000".to_owned(), "900".to_owned())
    );
    assert_eq!(rig.engine.book.session(&venue()).unwrap().day, session.day, "the first word stands");
    // A new high is told in steps, and is there after a restart.
    rig.market("11.1");
    let high = rig.engine.book.session(&venue()).unwrap().high;
    rig.restart();
    assert_eq!(rig.engine.book.session(&venue()).unwrap().high, high);
    assert!(high > usd("100900"), "{high}");
}

/// Between a fill and the account's next word cash and positions don't fit: that is no loss.
#[test]
fn a_position_that_was_just_closed_is_no_loss_of_its_value() {
    let mut rules = quiet();
    rules.daily_loss.response = Response::FlattenVenue;
    let mut rig = Rig::new(&rules);
    rig.pass(5);
    rig.engine.now = rig.now;
    rig.engine.fact(intent("c", &sell("1000")));
    let done = execution("c", "c", &sell("1000"), "1000", "10");
    rig.step(Input::Venue { venue: venue(), event: Event::Execution(Box::new(done)) });
    rig.pass(1);
    rig.tick();
    assert_eq!(rig.engine.equity_now(&venue()), Some(usd("100000")));
    assert_eq!(rig.until(Rule::DailyLoss), None);
}

/// LEAN's golden numbers through the whole engine: 300 at 100 with 4x, cash -24,700: sell 88.
#[test]
fn a_margin_call_proposes_and_closes_one_position_at_a_time_until_inside() {
    let mut rules = quiet();
    for loss in [&mut rules.daily_loss, &mut rules.weekly_loss, &mut rules.drawdown, &mut rules.position_loss]
    {
        loss.response = Response::Off;
    }
    let mut rig = Rig::new(&rules);
    (rig.held, rig.cash, rig.margin) = ("300", "-24700", Some("7500"));
    rig.pass(2);
    rig.market("100");
    rig.report();
    // A jump of the market by ten is believed after a while.
    rig.pass(31);
    rig.agree();
    rig.market("100");
    assert!(rig.until(Rule::MarginOut).is_some());
    let rows = rig.snapshot().margin_call.clone();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].side, rows[0].qty), (Side::Sell, qty("88")));
    assert_ne!(rig.entry(), "");
    assert!(rig.sent().is_empty(), "nothing leaves by itself");
    let reply = rig.ask(Request::MarginCall { venue: None });
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    let sent = rig.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].spec.side, sent[0].spec.amount.qty()), (Side::Sell, Some(qty("88"))));
    rig.tick();
    assert!(rig.sent().is_empty(), "one at a time");
    // It fills; the venue's new figures are inside.
    let fill = execution("m", sent[0].client.as_str(), &sent[0].spec, "88", "100");
    rig.step(Input::Venue { venue: venue(), event: Event::Execution(Box::new(fill)) });
    (rig.held, rig.cash, rig.margin) = ("212", "-15900", Some("5300"));
    for _ in 0..6 {
        rig.pass(2);
        rig.report();
        rig.market("100");
        rig.step(Input::Timer(Timer::Exit(1)));
    }
    assert!(rig.engine.watch.runs.is_empty());
    assert!(rig.alerts(AlertCode::Limit).iter().any(|a| a.contains("the margin is inside again")));
    assert!(rig.sent().is_empty());
    let reply = rig.ask(Request::MarginCall { venue: None });
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
}

/// A shell command beside a running screen only looks: nothing is done twice.
#[test]
fn a_run_that_does_not_hold_the_accounts_trips_nothing() {
    let mut rig = Rig::new(&quiet());
    rig.engine.watch.acts = false;
    rig.market("7");
    assert_eq!(rig.until(Rule::DailyLoss), None);
    let row = rig.snapshot().risk.iter().find(|r| r.rule == "daily loss").cloned().unwrap();
    assert_eq!((row.state, row.share), (RiskState::Near, Some("100.00".parse().unwrap())));
}

/// Every line of the Risk pane, as a person reads it.
#[test]
fn the_risk_pane_has_a_line_for_every_rule() {
    let mut rig = Rig::new(&quiet());
    rig.market("7.5");
    let s = rig.snapshot();
    let names: Vec<&str> = s.risk.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!(names, Rule::ALL.map(Rule::word));
    let day = &s.risk[0];
    assert_eq!(
        (day.used.as_str(), day.limit.as_str(), day.state, day.response.as_str()),
        ("2,500.00", "3,000.00", RiskState::Near, "block entries")
    );
    assert_eq!(day.share, Some("83.33".parse().unwrap()));
}
