//! The way out against model venues: each row of the fault list that is about exits, by its name.

use crate::floor::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tradedeck::{
    broker::{Event, event::Vitals},
    desk::{Reply, Request},
    domain::{
        alert::Severity,
        fact::Fact,
        ids::Symbol,
        lifecycle::{OrderEvent, OrderState},
        order::{OrderType, Side},
        report::Environment,
        time::Mono,
    },
    engine::Input,
    grammar,
};

/// E1: the stop and the target have reserved the shares: they are cancelled, that is proven, and only then is closed.
#[test]
fn e1_cancels_come_first_and_are_proven_before_anything_is_closed() {
    let house =
        House::new("sim").holds("AAPL", "100").stop("ext-1", "AAPL", "100").stop("ext-2", "MSFT", "5");
    let mut floor = Floor::open(vec![house.holds("MSFT", "-20")]);
    floor.done("flatten");
    assert!(floor.ends(10_000), "{:?}", floor.exit());
    let house = floor.house("sim");
    assert_eq!(house.asked, ["cancel all", "sell 100 AAPL", "buy 20 MSFT"]);
    assert!(house.is_flat());
    let exit = floor.exit();
    assert_eq!((exit.venues[0].orders_gone, exit.venues[0].positions_flat), (2, 2));
    assert!(exit.scope.as_str().contains("flatten everything at sim"), "{}", exit.scope);
    // The lock stays until a person lifts it.
    assert!(matches!(floor.command("buy AAPL 1"), Reply::Refused { .. }));
    floor.done("unlock seen");
    assert!(matches!(floor.command("buy AAPL 1"), Reply::Placed { .. }));
}

/// E2: a cancel is never confirmed. What can be closed beside it is closed; what it reserves is not, for the close
/// could turn the position. It is chased, and named at the end.
#[test]
fn e2_a_cancel_that_is_never_confirmed_holds_up_nothing_else_and_turns_nothing() {
    let house = House::new("sim").holds("AAPL", "100").holds("MSFT", "50").stop("ext-1", "AAPL", "100");
    let mut floor = Floor::open(vec![house]);
    floor.house("sim").mood.keeps_orders = true;
    floor.done("flatten");
    floor.pass(15_000);
    assert_eq!(floor.house("sim").closes(), ["sell 50 MSFT"], "in bounded time, and AAPL is left alone");
    assert!(!floor.ends(120_000));
    floor.is_left("AAPL: ");
    floor.is_left("order ext-1 is ");
    let chased = floor.house("sim").asked.iter().filter(|a| *a == "cancel all").count();
    assert!(chased > 3, "it is chased: {chased}");
}

/// E2 where the venue itself holds a close to the position: then it is sent all the same.
#[test]
fn e2_a_venue_with_reduce_only_is_trusted_to_turn_nothing() {
    let mut house = House::new("sim").holds("AAPL", "100").stop("ext-1", "AAPL", "100");
    house.reduce_only = true;
    let mut floor = Floor::open(vec![house]);
    floor.house("sim").mood.keeps_orders = true;
    floor.done("flatten");
    floor.pass(20_000);
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"]);
    assert_eq!(floor.house("sim").position("AAPL"), Decimal::ZERO);
    assert_eq!(floor.exit().flat, None, "not while the stop can still fill");
    floor.house("sim").mood.keeps_orders = false;
    assert!(floor.ends(20_000));
}

/// E3, C14: no answer about positions is not flat. What was last known is closed, that is said, and FLAT waits for the
/// venue's word.
#[test]
fn e3_without_the_venues_word_the_last_known_is_closed_and_nothing_is_called_flat() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.house("sim").mood.dark = true;
    floor.done("flatten");
    floor.pass(20_000);
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"]);
    let exit = floor.exit();
    assert_eq!(exit.flat, None);
    let said = exit.venues[0].error.as_ref().unwrap().to_string();
    assert!(said.contains("last known"), "{said}");
    floor.house("sim").mood.dark = false;
    assert!(floor.ends(5_000));
    // And where it never speaks, it is not flat.
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.house("sim").mood.dark = true;
    floor.done("flatten");
    assert!(!floor.ends(125_000));
    floor.is_left("the time for this exit is over");
}

/// B8: the venue's row of a position lags behind the fill of the close. The close is not sent a second time, which
/// would turn the position, and nothing is called flat before the row says so.
#[test]
fn b8_a_position_that_lags_behind_the_close_is_not_closed_twice() {
    for (stroke, reduce_only) in [("flatten", false), ("flatten AAPL", false), ("flatten", true)] {
        let mut house = House::new("sim").holds("AAPL", "100");
        house.reduce_only = reduce_only;
        let mut floor = Floor::open(vec![house]);
        let until = floor.now_ms + 4_000;
        let old = floor.house("sim").positions.clone();
        floor.house("sim").mood.lags = Some((until, old));
        floor.done(stroke);
        floor.pass(3_500);
        assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"], "{stroke}");
        let exit = floor.exit();
        assert_eq!(exit.flat, None, "{stroke}: not while the venue says 100");
        let said = exit.venues[0].error.as_ref().unwrap().to_string();
        assert!(said.contains("the fills make 0, sim says 100"), "{said}");
        assert!(floor.ends(8_000), "{stroke}");
        assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"], "{stroke}");
        assert!(!floor.alerts().contains("set to what the venue says"), "{}", floor.alerts());
    }
}

/// B8 the other way round: an exit just after an entry whose fill the venue's row does not show yet.
#[test]
fn b8_an_entry_that_the_venues_row_does_not_show_yet_is_closed_by_what_is_there() {
    let mut floor = Floor::open(vec![House::new("sim")]);
    floor.house("sim").mood.lags = Some((floor.now_ms + 3_000, BTreeMap::new()));
    assert!(matches!(floor.command("buy AAPL 10"), Reply::Placed { .. }));
    floor.pass(1_000);
    floor.done("flatten");
    assert!(floor.ends(15_000), "{:?}", floor.exit());
    assert_eq!(floor.house("sim").position("AAPL"), Decimal::ZERO);
}

/// A position that somebody else changed, without a word of how: the venue is asked until two of its reports agree,
/// and then its word is closed, and only that.
#[test]
fn b8_a_position_that_is_smaller_than_the_fills_make_is_closed_by_the_venues_word() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.pass(1_000);
    floor.house("sim").positions.insert(Symbol::new("AAPL").unwrap(), dec(40));
    floor.done("flatten");
    assert!(floor.ends(15_000), "{:?}\n{}", floor.exit(), floor.alerts());
    assert_eq!(floor.house("sim").closes(), ["sell 40 AAPL"]);
    assert!(floor.alerts().contains("set to what the venue says"), "{}", floor.alerts());
}

/// E4: struck again while it runs, and after it, nothing is sent twice.
#[test]
fn e4_struck_again_it_is_the_same_run() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.done("flatten");
    for _ in 0..5 {
        floor.pass(10);
        let said = floor.done("flatten");
        let over = floor.snapshot().exit.as_ref().is_some_and(|e| e.flat.is_some());
        assert!(over || said.contains("under way already"), "{said}");
        floor.done("flatten AAPL");
    }
    assert!(floor.ends(10_000));
    floor.done("flatten");
    assert!(floor.ends(10_000));
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"]);
}

/// E4: a wider one struck while a narrower runs does it all; the narrower one ends.
#[test]
fn e4_a_wider_exit_takes_over_a_narrower_one() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100").holds("MSFT", "10")]);
    floor.house("sim").mood.part = Some(10);
    floor.done("close AAPL 50%");
    floor.pass(200);
    let said = floor.command("close AAPL 25%");
    assert!(matches!(&said, Reply::Refused { .. }), "a share of what is moving can't be counted: {said:?}");
    floor.done("flatten");
    floor.house("sim").mood.part = None;
    assert!(floor.ends(30_000), "{}", floor.alerts());
    assert!(floor.house("sim").is_flat());
    let ended: Vec<bool> = floor
        .journal
        .iter()
        .filter_map(|d| if let Fact::ExitEnded { flat, .. } = &d.fact { Some(*flat) } else { None })
        .collect();
    assert_eq!(ended, [false, true], "taken over, then flat");
}

/// E5: closes fill in parts. Each round reads what is left and closes that.
#[test]
fn e5_closes_that_fill_in_part_are_closed_round_by_round() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "25")]);
    floor.house("sim").mood.part = Some(10);
    floor.done("flatten");
    assert!(floor.ends(60_000));
    assert_eq!(floor.house("sim").closes(), ["sell 25 AAPL", "sell 15 AAPL", "sell 5 AAPL"]);
    assert_eq!(floor.exit().venues[0].rounds, 3);
}

/// E6: one venue hangs. The others go their way; each has its own line.
#[test]
fn e6_a_venue_that_hangs_holds_up_no_other() {
    let houses = ["one", "two", "three"].map(|n| House::new(n).holds("AAPL", "100"));
    let mut floor = Floor::open(houses.into());
    floor.house("two").mood.hangs = true;
    floor.done("flatten");
    floor.pass(2_000);
    assert!(floor.house("one").is_flat() && floor.house("three").is_flat());
    let phases: Vec<String> = floor.exit().venues.iter().map(|v| v.phase.to_string()).collect();
    assert_eq!((phases[0].as_str(), phases[2].as_str()), ("FLAT", "FLAT"));
    assert_eq!(floor.exit().flat, None);
    floor.house("two").mood.hangs = false;
    assert!(floor.ends(60_000));
}

/// E7, A13: 429 is no word about the order: it is sent anew when the venue says, and does not count as a refusal.
#[test]
fn e7_too_many_requests_are_waited_for_and_not_counted() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    let until = floor.now_ms + 7_000;
    floor.house("sim").mood.limits_until = until;
    floor.done("flatten");
    assert!(floor.ends(30_000));
    let closes = floor.house("sim").closes().len();
    assert_eq!(closes, 2, "one that was refused, and one when its time had come");
    assert!(floor.now_ms >= until);
}

/// Under a rate limit the closes leave one after another over a minute. To look at the venue meanwhile takes the places
/// that they wait for: neither the exit nor custom asks anything until they have left.
#[test]
fn nothing_is_asked_while_the_closes_wait_for_the_limit() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.house("sim").mood.part = Some(40);
    floor.done("flatten");
    floor.pass(1_000);
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"]);
    let vitals = Vitals { waits_until: Some(Mono::from_millis(floor.now_ms + 45_000)), ..Vitals::default() };
    let venue = floor.house("sim").venue.clone();
    floor.step(Input::Venue { venue, event: Event::Vitals(vitals) });
    let reports = floor.house("sim").reports;
    floor.pass(44_000);
    assert_eq!(floor.house("sim").reports, reports, "nothing was asked");
    assert_eq!(floor.house("sim").asked, ["cancel all", "sell 100 AAPL"]);
    floor.house("sim").mood.part = None;
    assert!(floor.ends(30_000), "{:?}", floor.exit());
    assert!(floor.house("sim").is_flat());
}

/// E8: with the journal lost entries are closed and the way out is open.
#[test]
fn e8_with_a_lost_journal_the_exit_goes_on() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100").stop("ext-1", "AAPL", "100")]);
    floor.step(Input::JournalLost(text("no space left on device")));
    assert!(matches!(floor.command("buy AAPL 1"), Reply::Refused { .. }));
    floor.done("flatten");
    assert!(floor.ends(10_000));
}

/// E9, E10: no stream, no quote, no limit, a lock: the exit needs none of them. It goes over requests alone.
#[test]
fn e10_the_exit_needs_neither_streams_nor_quotes_nor_limits() {
    let mut house = House::new("sim").holds("AAPL", "100").holds("MSFT", "-3").stop("ext-1", "AAPL", "60");
    house.streams = false;
    let mut floor = Floor::open(vec![house]);
    floor.quotes.clear();
    floor.pass(6_000);
    assert!(floor.snapshot().banner.lamps.iter().all(|l| !l.connected));
    floor.done("lock nothing goes in");
    floor.done("flatten");
    assert!(floor.ends(30_000), "{}", floor.alerts());
    assert!(floor.house("sim").is_flat());
}

/// E11: the market is closed and the venue takes nothing outside its hours: nothing is left there to fill at the open
/// by surprise, and what is left is named with the reason.
#[test]
fn e11_a_closed_market_is_named_and_no_order_is_left_for_its_open() {
    let mut house = House::new("sim").holds("AAPL", "100").stop("ext-1", "MSFT", "5");
    (house.open_all_hours, house.extended) = (false, false);
    let mut floor = Floor::open_at(CLOSED, vec![house]);
    let Reply::Plan(plan) = floor.ask(Request::Halt) else { panic!("no plan") };
    assert!(plan.venues[0].closes.is_empty());
    assert!(
        plan.venues[0].blocked[0].as_str().contains("market closed until"),
        "{:?}",
        plan.venues[0].blocked
    );
    floor.done("flatten");
    assert!(!floor.ends(10_000));
    floor.is_left("market closed until 2026-11-");
    let house = floor.house("sim");
    assert_eq!(house.closes(), [""; 0]);
    assert!(!house.orders.values().any(|h| h.status == OrderEvent::Working));
}

/// E11 at a venue with other hours than our calendar knows: a limit is tried once and taken back.
#[test]
fn e11_a_market_that_seems_closed_is_tried_once_by_a_limit_that_is_taken_back() {
    let mut house = House::new("sim").holds("AAPL", "100");
    house.open_all_hours = false;
    let mut floor = Floor::open_at(CLOSED, vec![house]);
    floor.done("flatten");
    assert!(!floor.ends(60_000));
    floor.is_left("did not fill and was taken back");
    let house = floor.house("sim");
    assert_eq!(house.closes(), ["sell 100 AAPL limit 98.99 ext"]);
    assert!(!house.orders.values().any(|h| h.status == OrderEvent::Working), "nothing is left there");
}

/// E11 with E7: a close that was refused for its rate was no try of the market: it goes when its time has come, and
/// what is left says why.
#[test]
fn e11_a_refusal_while_the_market_seems_closed_is_no_try_of_it() {
    let mut house = House::new("sim").holds("AAPL", "100");
    house.open_all_hours = false;
    let mut floor = Floor::open_at(CLOSED, vec![house]);
    let until = floor.now_ms + 7_000;
    floor.house("sim").mood.limits_until = until;
    floor.done("flatten");
    assert!(!floor.ends(60_000));
    floor.is_left("did not fill and was taken back");
    assert_eq!(floor.house("sim").closes().len(), 2, "one that was refused, and one that was taken");
}

/// E11, C7: a halt of one symbol is its residue; the others are closed.
#[test]
fn e11_a_halted_symbol_is_left_with_its_reason() {
    let mut house = House::new("sim").holds("AAPL", "100").holds("MSFT", "10");
    house.halted = Some("AAPL");
    let mut floor = Floor::open(vec![house]);
    let (venue, instrument) = (floor.houses[0].venue.clone(), floor.houses[0].instrument("AAPL"));
    let event = Event::Halt { instrument, why: Some(text("news pending")) };
    floor.step(Input::Venue { venue, event });
    floor.done("flatten");
    assert!(!floor.ends(60_000));
    floor.is_left("halted: news pending");
    let house = floor.house("sim");
    assert_eq!((house.position("AAPL"), house.position("MSFT")), (dec(100), Decimal::ZERO));
    assert!(
        house.closes().iter().all(|c| !c.contains("AAPL") || c.contains("limit")),
        "{:?}",
        house.closes()
    );
    assert!(!house.orders.values().any(|h| h.status == OrderEvent::Working), "nothing waits for its end");
}

/// Outside regular hours a close is a limit through the touch, wider with each round, up to its most.
#[test]
fn before_the_open_the_collar_widens_step_by_step() {
    let mut house = House::new("sim").holds("AAPL", "100").holds("MSFT", "-10");
    house.open_all_hours = false;
    let mut floor = Floor::open_at(EARLY, vec![house]);
    floor.house("sim").mood.far = Some(3);
    floor.done("flatten");
    assert!(floor.ends(90_000), "{}", floor.alerts());
    let closes = floor.house("sim").closes();
    let aapl: Vec<&String> = closes.iter().filter(|c| c.contains("AAPL")).collect();
    assert_eq!(
        aapl,
        ["sell 100 AAPL limit 98.99 ext", "sell 100 AAPL limit 97.99 ext", "sell 100 AAPL limit 96.99 ext"]
    );
    assert!(closes.contains(&"buy 10 MSFT limit 103.01 ext".to_owned()), "{closes:?}");
}

/// E12: the process dies after each fact that is durable; the next start takes the exit up again and finishes it.
/// Until then nothing opens.
#[test]
fn e12_a_flatten_that_is_cut_off_anywhere_is_taken_up_and_finished() {
    let world = || {
        let house = House::new("sim").holds("AAPL", "30").holds("MSFT", "-7").stop("ext-1", "AAPL", "30");
        Floor::open(vec![house])
    };
    let mut whole = world();
    let before = whole.journal.len();
    whole.done("flatten");
    assert!(whole.ends(20_000));
    let facts = whole.journal.len() - before;
    assert!(facts > 12, "{facts} facts");
    for nth in 1..facts {
        let mut floor = world();
        floor.fuse = Some(nth);
        floor.command("flatten");
        for _ in 0..200 {
            if !floor.dead {
                floor.pass(100);
            }
        }
        assert!(floor.dead, "fact {nth} of {facts}");
        floor.restart();
        let open = floor.engine.book().open_exits().count();
        if nth == 1 {
            // Only the wish was durable: nothing was begun.
            assert_eq!(open, 0);
            continue;
        }
        if open > 0 {
            assert!(floor.alerts().contains("taken up again"), "fact {nth}: {}", floor.alerts());
            assert!(matches!(floor.command("buy NVDA 1"), Reply::Refused { .. }), "fact {nth}");
            assert!(floor.ends(125_000), "fact {nth}: {:#?}\n{}", floor.exit(), floor.alerts());
        }
        assert!(floor.house("sim").is_flat(), "fact {nth}: {:?}", floor.houses[0].positions);
        assert!(floor.snapshot().banner.locked.is_some(), "fact {nth}: the lock stays");
    }
}

/// E12: half stays half of what it was, and gets its protection back, also when the exit is cut off in the middle.
#[test]
fn e12_what_is_kept_is_counted_once() {
    let house = House::new("sim").holds("AAPL", "100").holds("MSFT", "-40").stop("ext-1", "AAPL", "100");
    let mut floor = Floor::open(vec![house]);
    floor.house("sim").mood.part = Some(20);
    floor.done("flatten 50%");
    floor.pass(2_000);
    assert_eq!(floor.house("sim").position("AAPL"), dec(80), "in the middle of it");
    floor.restart();
    floor.house("sim").mood.part = None;
    assert!(floor.ends(60_000), "{}", floor.alerts());
    let house = floor.house("sim");
    assert_eq!((house.position("AAPL"), house.position("MSFT")), (dec(50), dec(-20)));
    floor.pass(1_000);
    let stops: Vec<String> = floor
        .engine
        .book()
        .open_orders()
        .map(|o| format!("{} {}", o.spec.amount.qty().unwrap(), o.spec.order_type.kind().word()))
        .collect();
    assert_eq!(stops, ["50 stop"], "the stop stands for what is kept");
    assert!(floor.snapshot().banner.locked.is_none(), "a share locks nothing");
}

/// E12: a command that only looks leaves a cut-off exit as it is, and opens nothing beside it.
#[test]
fn e12_a_run_that_only_looks_neither_takes_it_up_nor_ends_it() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.house("sim").mood.hangs = true;
    floor.done("close AAPL");
    floor.pass(500);
    floor.house("sim").mood.hangs = false;
    floor.takes_up = false;
    floor.restart();
    floor.pass(5_000);
    assert_eq!(floor.engine.book().open_exits().count(), 1);
    assert!(floor.snapshot().exit.is_none());
    let note = floor.snapshot().exits[0].clone();
    assert!(!note.under_way && note.flat.is_none(), "{note:?}");
    assert!(matches!(floor.command("buy AAPL 1"), Reply::Refused { .. }), "until it is through");
    assert!(matches!(floor.command("buy NVDA 1"), Reply::Placed { .. }));
    // The same stroke again does it.
    floor.done("close AAPL");
    assert!(floor.ends(80_000), "{}", floor.alerts());
    assert_eq!(floor.house("sim").position("AAPL"), Decimal::ZERO);
    assert_eq!(floor.engine.book().open_exits().count(), 0);
}

/// E12: of a reversal only the way out is taken up; the other side is not opened by a later run.
#[test]
fn e12_the_opening_half_of_a_reversal_is_dropped() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.house("sim").mood.part = Some(40);
    floor.done("reverse AAPL");
    floor.pass(500);
    floor.restart();
    floor.house("sim").mood.part = None;
    assert!(floor.ends(60_000));
    floor.pass(2_000);
    assert_eq!(floor.house("sim").position("AAPL"), Decimal::ZERO);
    assert!(floor.alerts().contains("the other side will not be opened"), "{}", floor.alerts());
}

/// E13: more than the venue's largest order goes out as several, in one round.
#[test]
fn e13_a_close_above_the_largest_order_is_split() {
    let mut house = House::new("sim").holds("AAPL", "250");
    house.qty_max = Some(qty("100"));
    let mut floor = Floor::open(vec![house]);
    floor.done("flatten");
    assert!(floor.ends(10_000));
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL", "sell 100 AAPL", "sell 50 AAPL"]);
    assert_eq!(floor.exit().venues[0].rounds, 1);
}

/// Large positions go in slices where that is configured.
#[test]
fn a_large_position_goes_in_slices() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100").holds("MSFT", "10")]);
    floor.terms.slice_notional_max = Some("4000".parse().unwrap());
    floor.restart();
    floor.done("flatten");
    assert!(floor.ends(30_000));
    assert_eq!(floor.house("sim").closes(), ["sell 40 AAPL", "sell 10 MSFT", "sell 40 AAPL", "sell 20 AAPL"]);
}

/// E14, D1, D2: an entry fills just as it is cancelled. The next reading sees it, and it is closed too; the cancel
/// that came too late is not repeated.
#[test]
fn e14_what_fills_while_it_is_cancelled_is_closed_too() {
    let limit = OrderType::Limit { limit: "99".parse().unwrap() };
    let house = House::new("sim").holds("AAPL", "10").works("ext-1", Side::Buy, "NVDA", "8", limit);
    let mut floor = Floor::open(vec![house]);
    floor.house("sim").mood.fills_at_cancel = true;
    floor.done("flatten");
    assert!(floor.ends(20_000), "{}", floor.alerts());
    let house = floor.house("sim");
    assert!(house.is_flat());
    assert!(house.closes().contains(&"sell 8 NVDA".to_owned()), "{:?}", house.closes());
    assert_eq!(house.asked.iter().filter(|a| a.starts_with("cancel")).count(), 1, "{:?}", house.asked);
}

/// E15: one stroke only blocks entries and shows the plan: accounts, counts, cost, and what can't go.
#[test]
fn e15_halt_sends_nothing_and_shows_the_very_plan() {
    let mut house = House::new("sim").holds("AAPL", "100").holds("MSFT", "0.4").stop("ext-1", "AAPL", "100");
    house.lot = qty("1");
    let mut live = House::new("real").holds("AAPL", "7");
    live.environment = Environment::Live;
    let mut floor = Floor::open(vec![house, live]);
    let Reply::Plan(plan) = floor.ask(Request::Halt) else { panic!("no plan") };
    assert_eq!(
        plan.text.as_str(),
        "flatten everything at sim (PAPER): cancel 1 order, close 1 position",
        "live and paper are never in one scope"
    );
    let row = &plan.venues[0];
    assert_eq!((row.account.as_str(), row.cost), ("…0042", Some("1.00".parse().unwrap())));
    assert!(row.blocked[0].as_str().contains("MSFT: 0.4 is dust"), "{:?}", row.blocked);
    floor.pass(3_000);
    assert_eq!(floor.house("sim").asked, [""; 0]);
    assert!(floor.snapshot().banner.halted && floor.snapshot().banner.locked.is_some());
    floor.done("flatten");
    assert!(!floor.ends(10_000), "dust is left");
    assert_eq!(floor.house("sim").asked, ["cancel all", "sell 100 AAPL"], "as the plan said");
    assert_eq!(floor.house("real").position("AAPL"), dec(7), "real money was not touched");
    floor.done("flatten @real");
    assert!(floor.ends(10_000));
    assert_eq!(floor.house("real").position("AAPL"), Decimal::ZERO);
}

/// C10: dust is reported, not looped over, and is no emergency.
#[test]
fn c10_dust_is_reported_and_not_looped_over() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "10.5")]);
    floor.done("flatten");
    assert!(!floor.ends(10_000));
    floor.is_left("AAPL: 0.5 is dust: less than the smallest order of 1");
    assert_eq!(floor.house("sim").closes(), ["sell 10 AAPL"]);
    let worst = floor.engine.book().alerts().map(|(a, _)| a.severity).max();
    assert_eq!(worst, Some(Severity::Warning));
}

/// E11: a close that the venue refuses is tried a few times with growing pauses, then left with the venue's words.
#[test]
fn a_close_that_is_refused_is_not_sent_for_ever() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100").holds("MSFT", "10")]);
    floor.house("sim").mood.rejects = Some(("AAPL", "asset AAPL is not tradable"));
    floor.done("flatten");
    assert!(!floor.ends(60_000));
    floor.is_left("asset AAPL is not tradable");
    let tried = floor.house("sim").closes().iter().filter(|c| c.contains("AAPL")).count();
    assert_eq!(tried, 4);
    assert_eq!(floor.house("sim").position("MSFT"), Decimal::ZERO);
    assert!(floor.alerts().contains("NOT FLAT"));
}

/// A1 of a close: it arrived and the answer was lost. It is looked for, not sent again; nothing turns.
#[test]
fn a1_a_close_whose_answer_is_lost_is_looked_for_first() {
    let mut house = House::new("sim").holds("AAPL", "100");
    house.streams = false;
    let mut floor = Floor::open(vec![house]);
    floor.pass(6_000);
    floor.house("sim").mood.deaf = 1;
    floor.done("flatten");
    assert!(floor.ends(30_000), "{}", floor.alerts());
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"]);
}

/// A2 of a close: it never arrived, and nobody knows. Only when the venue has denied it over and over is the rest
/// closed; the denied one is named.
#[test]
fn a2_a_close_that_never_arrived_is_closed_anew_only_when_the_venue_denies_it() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100")]);
    floor.house("sim").mood.loses = 1;
    floor.done("flatten");
    floor.pass(50_000);
    assert_eq!(floor.house("sim").closes().len(), 1, "nothing is sent twice on a guess");
    assert!(floor.ends(70_000), "{}", floor.alerts());
    assert_eq!(floor.house("sim").closes().len(), 2);
    let report = floor.journal.iter().rev().find_map(|d| {
        let Fact::ExitEnded { report, .. } = &d.fact else { return None };
        Some(report.to_string())
    });
    assert!(report.as_ref().is_some_and(|r| r.contains("NOT AT VENUE")), "{report:?}");
}

/// Each narrowing closes what it names, cancels only its own orders, and leaves the rest.
#[test]
fn every_narrowing_closes_what_it_names_and_nothing_else() {
    let world = || {
        let house = House::new("sim").holds("AAPL", "100").holds("MSFT", "10").holds("NVDA", "-5");
        House { ..house }.stop("bot-1", "AAPL", "20").stop("ext-2", "MSFT", "10")
    };
    for (line, closes, cancels) in [
        ("flatten longs", vec!["sell 100 AAPL", "sell 10 MSFT"], vec!["bot-1", "ext-2"]),
        ("flatten shorts", vec!["buy 5 NVDA"], vec![]),
        ("flatten winners", vec!["sell 100 AAPL"], vec!["bot-1"]),
        ("flatten losers", vec!["sell 10 MSFT", "buy 5 NVDA"], vec!["ext-2"]),
        ("flatten MSFT", vec!["sell 10 MSFT"], vec!["ext-2"]),
        ("flatten MSFT winners", vec![], vec![]),
        ("flatten AAPL 25%", vec!["sell 25 AAPL"], vec!["bot-1"]),
        ("flatten algo bot", vec![], vec!["bot-1"]),
        ("flatten account PA-sim-0042 shorts", vec!["buy 5 NVDA"], vec![]),
    ] {
        let mut floor = Floor::open(vec![world(), House::new("other").holds("AAPL", "3")]);
        floor.quote();
        let planned = floor.ask(Request::Preview(grammar::parse(&format!("{line} @sim")).unwrap()));
        let Reply::Plan(plan) = planned else { panic!("{line}: {planned:?}") };
        assert_eq!(plan.venues[0].closes.len(), closes.len(), "{line}: {plan:?}");
        assert_eq!(plan.venues[0].cancels.len(), cancels.len(), "{line}: {plan:?}");
        floor.done(&format!("{line} @sim"));
        assert!(floor.ends(10_000), "{line}: {}", floor.alerts());
        let house = floor.house("sim");
        let sent: Vec<String> = house.closes().into_iter().filter(|c| !c.contains("stop")).collect();
        let sent: Vec<&str> = sent.iter().map(String::as_str).take(closes.len()).collect();
        assert_eq!(sent, closes, "{line}");
        let cancelled: Vec<&str> = house.asked.iter().filter_map(|a| a.strip_prefix("cancel ")).collect();
        assert_eq!(cancelled, cancels, "{line}");
        assert_eq!(floor.house("other").position("AAPL"), dec(3), "{line}");
        assert!(floor.snapshot().banner.locked.is_none(), "{line} locks nothing");
    }
    let mut floor = Floor::open(vec![world()]);
    let said = floor.command("flatten account PA-9");
    let Reply::Refused { text, .. } = said else { panic!("{said:?}") };
    assert!(text.as_str().contains("PA-sim-0042 at sim"), "{text}");
}

/// What an algorithm holds is the net of its own fills: that much is closed, though more is held, and never the
/// other side.
#[test]
fn an_algorithm_is_closed_by_the_net_of_its_own_fills() {
    let mut floor = Floor::open(vec![House::new("sim").holds("AAPL", "100").stop("ext-1", "AAPL", "50")]);
    for line in ["buy AAPL 30 tag swing", "buy MSFT 4 tag swing", "buy MSFT 5", "sell NVDA 6 tag swing"] {
        let placed = floor.command(line);
        assert!(matches!(placed, Reply::Placed { .. }), "{line}: {placed:?}");
        floor.pass(500);
    }
    // Somebody bought back most of what it had sold: no more than is there is closed.
    assert!(matches!(floor.command("buy NVDA 4"), Reply::Placed { .. }));
    floor.pass(4_000);
    let before = floor.house("sim").asked.len();
    floor.done("flatten algo swing");
    assert!(floor.ends(20_000), "{}", floor.alerts());
    let sent = floor.house("sim").asked.split_off(before);
    assert_eq!(sent, ["sell 30 AAPL", "sell 4 MSFT", "buy 2 NVDA"], "and nobody else's stop is cancelled");
    let house = floor.house("sim");
    let left = (house.position("AAPL"), house.position("MSFT"), house.position("NVDA"));
    assert_eq!(left, (dec(100), dec(5), Decimal::ZERO));
    floor.done("flatten algo swing");
    assert!(floor.ends(20_000));
    assert_eq!(floor.house("sim").asked.len(), before, "the second sends nothing");
}

/// A close that can't be done puts the stop back that it took away: nothing is left naked in silence.
#[test]
fn a_close_that_fails_puts_its_stop_back() {
    let mut house = House::new("sim").holds("AAPL", "100").stop("ext-1", "AAPL", "100");
    (house.open_all_hours, house.extended) = (false, false);
    let mut floor = Floor::open_at(CLOSED, vec![house]);
    floor.done("close AAPL");
    assert!(!floor.ends(10_000));
    floor.pass(1_000);
    let open: Vec<OrderState> = floor.engine.book().open_orders().map(|o| o.state).collect();
    assert_eq!(open, [OrderState::Working], "{}", floor.alerts());
    assert_eq!(floor.house("sim").closes(), ["sell 100 AAPL"], "the stop, and no close");
}
