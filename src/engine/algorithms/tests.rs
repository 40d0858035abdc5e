//! Algorithms as a trader meets them: seen, asked, held, and got out of.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind and passes over the others")]

use super::*;
use crate::{
    book::fixture::*,
    broker::Event,
    desk::{
        Envelope, Request,
        snapshot::{AlgorithmRow, AlgorithmState},
    },
    domain::{
        algorithm::{
            AlgorithmOrder, AlgorithmOrderState, AskedOrder, Bounds, Holding, Instructed, Response, Security,
        },
        instrument::AssetClass,
        lifecycle::OrderEvent,
        money::SignedQty,
        order::{OrderSpec, Origin},
        report::Execution,
        scope::Scope,
    },
    engine::{
        Effect, Input,
        rig::{Rig, everything, quiet},
    },
};

mod told;

fn setup(name: &str) -> AlgorithmSetup {
    AlgorithmSetup {
        name: name.into(),
        source: "LEAN".into(),
        claim: None,
        venue: None,
        takes: true,
        lives_by_orders: false,
        heartbeat_s: 180,
        shown_ms: 150_000,
        bounds: Bounds::default(),
    }
}

fn bot() -> AlgorithmSetup {
    let claim = Claim {
        name: "bot".into(),
        venue: venue(),
        prefixes: vec!["bot-".into()],
        tags: Vec::new(),
        sources: Vec::new(),
    };
    AlgorithmSetup {
        source: "program".into(),
        claim: Some(claim),
        venue: Some(venue()),
        takes: false,
        lives_by_orders: true,
        heartbeat_s: 60,
        ..setup("bot")
    }
}

fn rig(setups: Vec<AlgorithmSetup>) -> Rig {
    Rig::with_algorithms(&quiet(), everything(AssetClass::Equity), setups)
}

fn observation(at: Stamp, holds: &str) -> Observation {
    let qty: SignedQty = holds.parse().unwrap();
    let holding = Holding {
        key: "SPY X".into(),
        symbol: "SPY".into(),
        qty,
        average: Some(px("10")),
        price: Some(px("11")),
        value: None,
        unrealized: None,
    };
    Observation {
        word: "Running".into(),
        as_of: Some(at),
        equity: Some(usd("1000")),
        day: Some(usd("-5")),
        holdings: if qty.is_zero() { Vec::new() } else { vec![holding] },
        ..Observation::bare("L-1".into(), Phase::Running)
    }
}

fn shows(rig: &mut Rig, name: &str, seen: Observation) {
    rig.step(Input::Sighted { algorithm: name.into(), sighting: Sighting::Seen(Arc::new(seen)) });
}

fn row(rig: &mut Rig, name: &str) -> AlgorithmRow {
    rig.snapshot().algorithms.iter().find(|row| row.name == name).unwrap().clone()
}

fn said(rig: &Rig) -> Vec<String> {
    rig.alerts(AlertCode::Algorithm)
}

/// Asks, and gives what left for the algorithm: the ticket and the words of it.
fn asks(rig: &mut Rig, name: &str, what: Instruction) -> Result<(u64, String), String> {
    let request = Request::Algorithm { name: name.into(), deed: AlgorithmDeed::Ask(what) };
    let envelope = Envelope { id: RequestId(900), origin: Origin::Shell, request };
    rig.effects.clear();
    rig.step(Input::asked(Front(0), envelope));
    left(rig).ok_or_else(|| {
        let reply = rig.effects.iter().find_map(|e| match e {
            Effect::Reply { receipt, .. } => Some(receipt.reply.clone()),
            _ => None,
        });
        let Some(Reply::Refused { text, .. }) = reply else { panic!("{reply:?}") };
        text.to_string()
    })
}

fn left(rig: &Rig) -> Option<(u64, String)> {
    rig.effects.iter().find_map(|e| match e {
        Effect::Instruct { ticket, instruction, .. } => Some((*ticket, instruction.words())),
        Effect::Entrust { ticket, instruction, .. } => {
            Some((*ticket, format!("entrusted: {}", instruction.peek().words())))
        }
        _ => None,
    })
}

fn answers(rig: &mut Rig, ticket: u64, result: Instructed) {
    rig.effects.clear();
    rig.step(Input::Instructed { ticket, result });
}

fn order_of(rig: &mut Rig, n: &str, spec: &OrderSpec) {
    let report = report(n, spec, OrderEvent::Working, "0");
    rig.step(Input::Venue { venue: venue(), event: Event::Order(Box::new(report)) });
}

fn fills(rig: &mut Rig, exec: &str, n: &str, spec: &OrderSpec, qty: &str, price: &str) {
    let execution = Execution { at: rig.now.wall, ..execution(exec, n, spec, qty, price) };
    rig.step(Input::Venue { venue: venue(), event: Event::Execution(Box::new(execution)) });
}

fn cancelled(rig: &Rig) -> Vec<String> {
    let named = |e: &Effect| match e {
        Effect::Cancel { order, .. } => Some(order.client.to_string()),
        _ => None,
    };
    rig.effects.iter().filter_map(named).collect()
}

#[test]
fn each_change_is_said_once() {
    let mut rig = rig(vec![setup("swing")]);
    assert_eq!(row(&mut rig, "swing").state, AlgorithmState::Unseen);
    let now = rig.now.wall;
    shows(&mut rig, "swing", observation(now, "10"));
    shows(&mut rig, "swing", observation(now, "10"));
    assert_eq!(said(&rig), [""; 0], "one that runs is no news");
    let its = row(&mut rig, "swing");
    assert_eq!((its.state, its.holdings, its.equity), (AlgorithmState::Running, 1, Some(usd("1000"))));
    let failed = Observation {
        phase: Phase::Failed,
        word: "RuntimeError".into(),
        error: Some("division by zero".into()),
        ..observation(now, "10")
    };
    shows(&mut rig, "swing", failed.clone());
    shows(&mut rig, "swing", failed);
    let told = said(&rig).join("; ");
    assert_eq!(told.matches("division by zero").count(), 1, "{told}");
    assert!(told.contains("swing failed"), "{told}");
    let why = "the folder is gone";
    let last = rig.engine.algorithms.named("swing").unwrap().seen().cloned();
    rig.step(Input::Sighted {
        algorithm: "swing".into(),
        sighting: Sighting::Lost { why: why.into(), last },
    });
    assert!(said(&rig).join("; ").contains(why));
    assert_eq!(row(&mut rig, "swing").holdings, 1, "what was seen last stays");
}

#[test]
fn silence_is_an_emergency_until_it_ends() {
    let mut rig = rig(vec![setup("swing")]);
    let began = rig.now.wall;
    shows(&mut rig, "swing", observation(began, "10"));
    rig.pass(180);
    rig.tick();
    assert_eq!(said(&rig), [""; 0]);
    rig.pass(1);
    rig.tick();
    rig.tick();
    assert_eq!(said(&rig).len(), 1, "{:?}", said(&rig));
    assert_eq!(row(&mut rig, "swing").state, AlgorithmState::Silent);
    let now = rig.now.wall;
    shows(&mut rig, "swing", observation(now, "10"));
    rig.tick();
    assert!(said(&rig).last().unwrap().contains("again"));
    // What has ended by its own word is not silent.
    let stopped = Observation { phase: Phase::Stopped, ..observation(now, "10") };
    shows(&mut rig, "swing", stopped);
    rig.pass(1_000);
    rig.tick();
    assert_eq!(row(&mut rig, "swing").state, AlgorithmState::Stopped);
}

#[test]
fn its_part_and_the_rest_add_up_to_the_account() {
    let mut rig = rig(vec![bot()]);
    order_of(&mut rig, "bot-1", &buy("100"));
    fills(&mut rig, "e1", "bot-1", &buy("100"), "100", "10");
    order_of(&mut rig, "somebody", &buy("10"));
    fills(&mut rig, "e2", "somebody", &buy("10"), "10", "11");
    fills(&mut rig, "e2", "somebody", &buy("10"), "10", "11");
    order_of(&mut rig, "bot-2", &sell("40"));
    fills(&mut rig, "e3", "bot-2", &sell("40"), "40", "12");
    rig.market("13");
    let (its, rest) = (row(&mut rig, "bot"), row(&mut rig, "external"));
    let seen = its.seen.unwrap();
    assert_eq!(seen.holdings[0].qty.to_string(), "60");
    // 60 bought at 10 are worth 13, and 40 were sold at 12.
    assert_eq!((its.unrealized, its.day_pnl), (Some(usd("180")), Some(usd("260"))));
    assert_eq!(rest.day_pnl, Some(usd("20")));
    assert_eq!((seen.orders.len(), seen.events.len()), (2, 2));
    let held = rig.engine.book().position(&aapl()).unwrap();
    let parts: Vec<SignedQty> = [Owner::Algorithm("bot".into()), Owner::External]
        .iter()
        .flat_map(|owner| rig.engine.book().part_of(owner))
        .map(|part| part.qty)
        .collect();
    let sum = parts.iter().fold(SignedQty::ZERO, |sum, qty| sum.checked_add(*qty).unwrap());
    // The rig's account began with a thousand that nobody here bought.
    assert_eq!(held.qty, sum.checked_add("1000".parse().unwrap()).unwrap());
}

#[test]
fn a_paused_one_opens_nothing_and_keeps_its_exits() {
    let mut rig = rig(vec![bot()]);
    order_of(&mut rig, "bot-1", &buy("100"));
    fills(&mut rig, "e1", "bot-1", &buy("100"), "100", "10");
    order_of(&mut rig, "bot-stop", &order(crate::domain::order::Side::Sell, "100", stop("9")));
    order_of(&mut rig, "bot-2", &order(crate::domain::order::Side::Buy, "5", limit("9")));
    let deed = |deed| Request::Algorithm { name: "bot".into(), deed };
    assert!(matches!(rig.ask(deed(AlgorithmDeed::Pause)), Reply::Done(_)));
    assert_eq!(cancelled(&rig), ["bot-2"], "what waits to open goes, the stop stays");
    rig.effects.clear();
    order_of(&mut rig, "bot-3", &order(crate::domain::order::Side::Buy, "5", limit("9")));
    assert_eq!(cancelled(&rig), ["bot-3"]);
    rig.restart();
    rig.effects.clear();
    order_of(&mut rig, "bot-4", &order(crate::domain::order::Side::Buy, "5", limit("9")));
    assert_eq!(cancelled(&rig), ["bot-4"], "a restart does not let it go");
    assert_eq!(row(&mut rig, "bot").state, AlgorithmState::Paused);
    assert!(matches!(rig.ask(deed(AlgorithmDeed::Resume)), Reply::Done(_)));
    rig.effects.clear();
    order_of(&mut rig, "bot-5", &order(crate::domain::order::Side::Buy, "5", limit("9")));
    assert_eq!(cancelled(&rig), [""; 0]);
}

#[test]
fn what_is_taken_over_is_counted_by_hand() {
    let mut rig = rig(vec![bot()]);
    order_of(&mut rig, "bot-1", &buy("100"));
    fills(&mut rig, "e1", "bot-1", &buy("100"), "100", "10");
    order_of(&mut rig, "bot-stop", &order(crate::domain::order::Side::Sell, "100", stop("9")));
    let request = Request::Algorithm { name: "bot".into(), deed: AlgorithmDeed::TakeOver };
    assert!(matches!(rig.ask(request), Reply::Done(_)));
    rig.restart();
    assert_eq!(row(&mut rig, "bot").holdings, 0);
    assert_eq!(row(&mut rig, "by hand").seen.unwrap().holdings[0].qty.to_string(), "100");
    fills(&mut rig, "e2", "bot-stop", &sell("100"), "100", "9");
    rig.market("9");
    let hand = row(&mut rig, "by hand");
    assert_eq!((hand.holdings, hand.day_pnl), (0, Some(usd("-100"))), "its stop is a person's, too");
}

#[test]
fn what_it_is_asked_is_durable_and_has_an_end() {
    let mut rig = rig(vec![setup("swing")]);
    let why = asks(&mut rig, "swing", Instruction::Stop).unwrap_err();
    assert!(why.contains("nothing was seen of it yet"), "{why}");
    let now = rig.now.wall;
    shows(&mut rig, "swing", observation(now, "10"));
    let (ticket, words) = asks(&mut rig, "swing", Instruction::Stop).unwrap();
    assert_eq!(words, "stop");
    let asked = |f: &Fact| matches!(f, Fact::Algorithm(f) if matches!(**f, AlgorithmFact::Asked { ticket: t, .. } if t == ticket));
    assert!(rig.journal.iter().any(|d| asked(&d.fact)));
    answers(&mut rig, ticket, Instructed::Done("Success".into()));
    let replied = rig.effects.iter().any(|e| {
        matches!(e, Effect::Reply { receipt, .. } if receipt.id == RequestId(900) && matches!(receipt.reply, Reply::Done(_)))
    });
    assert!(replied, "{:?}", rig.effects);
    // The program dies before the next answer.
    asks(&mut rig, "swing", Instruction::Cancel { order: 7 }).unwrap();
    rig.restart();
    let told = said(&rig).join("; ");
    assert!(told.contains("it is not known whether swing did cancel order 7"), "{told}");
    rig.restart();
    assert_eq!(said(&rig).join("; ").matches("order 7").count(), 1, "once");
}

#[test]
fn an_order_of_it_is_judged_as_ours_or_closes() {
    let order = |qty: &str| {
        Instruction::Submit(AskedOrder {
            security: Security { ticker: "SPY".into(), market: "usa".into(), class: "equity".into() },
            qty: qty.parse().unwrap(),
            limit: None,
            stop: None,
            tag: "".into(),
        })
    };
    let mut rig1 = rig(vec![setup("swing")]);
    let now = rig1.now.wall;
    shows(&mut rig1, "swing", observation(now, "10"));
    let why = asks(&mut rig1, "swing", order("10")).unwrap_err();
    assert!(why.contains("write the `venue`"), "{why}");
    assert!(asks(&mut rig1, "swing", order("-11")).is_err(), "it would turn");
    assert_eq!(asks(&mut rig1, "swing", order("-10")).unwrap().1, "submit an order for -10 SPY");
    let mut here = rig(vec![AlgorithmSetup { venue: Some(venue()), ..setup("swing") }]);
    let aapl = |qty: &str| {
        let Instruction::Submit(mut asked) = order(qty) else { panic!("not an order") };
        asked.security.ticker = "AAPL".into();
        Instruction::Submit(asked)
    };
    let now = here.now.wall;
    shows(&mut here, "swing", observation(now, "10"));
    assert!(asks(&mut here, "swing", aapl("5")).unwrap().1.starts_with("entrusted"));
    let verdict = here.journal.iter().find_map(|d| match &d.fact {
        Fact::Algorithm(fact) => match &**fact {
            AlgorithmFact::Asked { verdict, .. } => Some(verdict.to_string()),
            _ => None,
        },
        _ => None,
    });
    assert!(verdict.unwrap().starts_with("gate "));
    here.ask(Request::Lock { reason: "lunch".into() });
    let why = asks(&mut here, "swing", aapl("5")).unwrap_err();
    assert!(why.contains("lunch"), "{why}");
    assert!(asks(&mut here, "swing", Instruction::Liquidate(None)).is_ok(), "no lock stops a way out");
}

#[test]
fn a_flatten_covers_one_that_runs_elsewhere() {
    let mut rig = rig(vec![setup("swing")]);
    rig.held = "0";
    rig.report();
    rig.agree();
    let now = rig.now.wall;
    shows(&mut rig, "swing", observation(now, "10"));
    rig.effects.clear();
    rig.step(Input::asked(
        Front(0),
        Envelope { id: RequestId(901), origin: Origin::Screen, request: Request::Flatten(Scope::default()) },
    ));
    let (ticket, words) = left(&rig).unwrap();
    assert_eq!(words, "liquidate");
    answers(&mut rig, ticket, Instructed::Done("true".into()));
    rig.pass(60);
    let later = rig.now.wall;
    shows(&mut rig, "swing", observation(later, "10"));
    let exit = rig.snapshot().exit.unwrap();
    assert_eq!((exit.algorithms.len(), exit.algorithms[0].flat), (1, None), "its word is not enough");
    rig.pass(60);
    let later = rig.now.wall;
    rig.effects.clear();
    shows(&mut rig, "swing", observation(later, "0"));
    let (ticket, words) = left(&rig).unwrap();
    assert_eq!(words, "stop", "flat, it is ended");
    assert_eq!(rig.snapshot().exit.unwrap().algorithms[0].flat, None, "it could buy again");
    answers(&mut rig, ticket, Instructed::Done("true".into()));
    let shown = rig.snapshot().exit.unwrap().algorithms[0].clone();
    assert_eq!((shown.flat, shown.phase.as_str()), (Some(true), "FLAT"));
}

#[test]
fn the_plan_says_what_would_be_done_and_a_flatten_that_was_cut_off_is_told() {
    let mut rig = rig(vec![setup("swing"), bot()]);
    let now = rig.now.wall;
    shows(&mut rig, "swing", observation(now, "10"));
    let Reply::Plan(plan) = rig.ask(Request::Halt) else { panic!("no plan") };
    let words: Vec<String> = plan.algorithms.iter().map(ToString::to_string).collect();
    assert!(words[0].contains("swing: asked to liquidate 1 position"), "{words:?}");
    assert!(words[1].contains("bot: its entries are cancelled"), "{words:?}");
    rig.ask(Request::Flatten(Scope::default()));
    assert!(left(&rig).is_some());
    rig.restart_as("rig2");
    let told = said(&rig).join("; ");
    assert!(told.contains("it is not known whether swing did liquidate"), "{told}");
    assert!(left(&rig).is_none(), "it may have been heard, so it is not asked again by itself");
}

#[test]
fn one_that_says_so_and_still_holds_is_not_flat() {
    let mut rig = rig(vec![setup("swing")]);
    let now = rig.now.wall;
    let open = AlgorithmOrder {
        id: 4,
        broker: Vec::new(),
        symbol: "SPY".into(),
        side: None,
        qty: "-10".parse().unwrap(),
        kind: "limit".into(),
        limit: None,
        stop: None,
        price: None,
        state: AlgorithmOrderState::Working,
        created: None,
        changed: None,
        tag: "".into(),
    };
    shows(&mut rig, "swing", Observation { orders: vec![open], ..observation(now, "10") });
    rig.effects.clear();
    rig.step(Input::asked(
        Front(0),
        Envelope {
            id: RequestId(902),
            origin: Origin::Screen,
            request: Request::Flatten(Scope { algorithm: Some("swing".into()), ..Scope::default() }),
        },
    ));
    let (ticket, _) = left(&rig).unwrap();
    answers(&mut rig, ticket, Instructed::Done("true".into()));
    for _ in 0..3 {
        rig.pass(60);
        let later = rig.now.wall;
        shows(&mut rig, "swing", observation(later, "10"));
    }
    let told = said(&rig).join("; ");
    assert!(told.contains("NOT FLAT: it holds 10 SPY"), "{told}");
    assert_eq!(rig.snapshot().exit.unwrap().algorithms[0].flat, Some(false));
}

#[test]
fn one_that_trades_here_is_stopped_and_closed_by_the_exit_alone() {
    let its = AlgorithmSetup { takes: true, lives_by_orders: false, ..bot() };
    let mut rig = rig(vec![its]);
    let now = rig.now.wall;
    shows(&mut rig, "bot", observation(now, "10"));
    rig.ask(Request::Flatten(Scope::default()));
    let asked: Vec<String> = rig
        .effects
        .iter()
        .filter_map(|e| {
            if let Effect::Instruct { instruction, .. } = e { Some(instruction.words()) } else { None }
        })
        .collect();
    assert_eq!(asked, ["stop"], "two that close would turn the position");
    assert_eq!(row(&mut rig, "bot").state, AlgorithmState::Paused);
}

#[test]
fn too_many_orders_pause_it() {
    let bounds = Bounds { orders_per_minute: Some(2), response: Response::Pause, ..Bounds::default() };
    let mut rig = rig(vec![AlgorithmSetup { bounds, ..bot() }]);
    let spec = order(crate::domain::order::Side::Buy, "5", limit("9"));
    order_of(&mut rig, "bot-1", &spec);
    order_of(&mut rig, "bot-2", &spec);
    rig.tick();
    assert_eq!(said(&rig), [""; 0]);
    order_of(&mut rig, "bot-3", &spec);
    rig.effects.clear();
    rig.tick();
    assert!(said(&rig).join("; ").contains("3 orders in a minute, and it may send 2"));
    assert_eq!(cancelled(&rig).len(), 3);
}

#[test]
fn a_loss_beyond_its_bound_closes_what_it_holds() {
    let bounds = Bounds { day_loss: Some(usd("50")), response: Response::Liquidate, ..Bounds::default() };
    let mut rig = rig(vec![AlgorithmSetup { bounds, ..bot() }]);
    order_of(&mut rig, "bot-1", &buy("100"));
    fills(&mut rig, "e1", "bot-1", &buy("100"), "100", "10");
    rig.market("9.6");
    assert_eq!(said(&rig), [""; 0]);
    rig.market("9.5");
    let told = said(&rig).join("; ");
    assert!(told.contains("it lost 50.00 today"), "{told}");
    assert!(rig.snapshot().exit.is_some());
}
