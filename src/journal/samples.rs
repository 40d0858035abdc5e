//! Facts and journals for the tests of this room.

use super::{Header, Journal, Mode};
use crate::domain::{
    alert::{Alert, AlertCode, Severity},
    algorithm::{AlgorithmFact, AskedOrder, Instructed, Instruction, Security},
    draft::Share,
    fact::{Baseline, Correction, Dated, Fact, Intent, OrderFact, PositionSource},
    held::{HeldEvent, HeldFact, HeldKind, HeldOrder, Stroke},
    ids::*,
    instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
    lifecycle::OrderEvent,
    money::*,
    order::*,
    payoff::Payoff,
    quote::{Arrival, Seen},
    report::*,
    rules::{LatchKey, Response, Rule, Trip, Until},
    scope::{ExitPlan, Scope, Then},
    text::Text,
    time::Stamp,
};
use proptest::prelude::*;

pub(super) fn header() -> Header {
    let accounts = vec![(VenueId::new("paper").unwrap(), AccountId::new("PA1").unwrap())];
    Header { profile: "test".into(), accounts, version: "0.1.0".into() }
}

pub(super) fn run() -> Instance {
    Instance::new("run1").unwrap()
}

/// A new journal in a directory of its own.
pub(super) fn journal() -> (tempfile::TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let journal = Journal::open(&path, &header(), Mode::Write(run())).unwrap();
    (dir, journal)
}

pub(super) fn dated(fact: Fact) -> Dated {
    Dated { at: Stamp::from_nanos(1_795_000_000_123_456_789), fact }
}

pub(super) fn locked(reason: &str) -> Dated {
    dated(Fact::Locked { reason: reason.into() })
}

fn instrument() -> InstrumentId {
    InstrumentId { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new("AAPL").unwrap() }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn qty(n: u32) -> Qty {
    n.to_string().parse().unwrap()
}

fn order(n: u64) -> OrderId {
    OrderId { venue: instrument().venue, client: ClientIds::of(&run()).nth(n) }
}

pub(super) fn intended(n: u64) -> Dated {
    dated(Fact::Intended(std::sync::Arc::new(Intent { order: order(n), ..intent() })))
}

fn intent() -> Intent {
    Intent {
        order: order(1),
        spec: OrderSpec {
            instrument: instrument(),
            side: Side::Buy,
            amount: Amount::Notional("500.00".parse().unwrap()),
            order_type: OrderType::StopLimit { stop: price("174.00"), limit: price("173.50") },
            tif: Tif::Gtd("2026-12-01".parse().unwrap()),
            extended: true,
            post_only: false,
            reduce_only: false,
            attached: Attached::Bracket {
                target: price("180.00"),
                stop: StopLeg { stop: price("170.00"), limit: None },
            },
            show: Some(qty(2)),
            tag: Some("swing".into()),
        },
        origin: Origin::Screen,
        replaces: Some(ClientIds::of(&run()).nth(9)),
        verdict: "all checks passed".into(),
        arrival: None,
    }
}

fn execution() -> Execution {
    Execution {
        id: ExecutionId::new("e1").unwrap(),
        client: order(1).client,
        venue_id: VenueOrderId::new("v1").unwrap(),
        instrument: instrument(),
        side: Side::Sell,
        qty: qty(3),
        price: price("175.52"),
        cum: Some(qty(3)),
        fee: Some(Fee { amount: "-0.0001".parse().unwrap(), currency: Currency::usd() }),
        liquidity: Liquidity::Maker,
        at: Stamp::from_nanos(77),
        revision: 0,
        seen: Some(Box::new(Seen {
            touch: Some(touch()),
            payoff: Some(Payoff::Inverse { face: "100".parse().unwrap() }),
            currency: Some(Currency::usd()),
        })),
    }
}

fn touch() -> Arrival {
    Arrival { bid: price("175.50"), ask: price("175.53") }
}

fn order_report() -> OrderReport {
    OrderReport {
        client: order(2).client,
        venue_id: VenueOrderId::new("v2").unwrap(),
        instrument: instrument(),
        side: Side::Sell,
        amount: Amount::Qty(qty(5)),
        order_type: OrderType::TrailingStop { trail: Trail::Percent("1.5".parse().unwrap()) },
        tif: Tif::Gtc,
        extended: false,
        attached: Attached::Oco { stop: StopLeg { stop: price("0.01"), limit: Some(price("0.02")) } },
        show: None,
        status: OrderEvent::Working,
        status_word: "new".into(),
        source: None,
        filled: Qty::ZERO,
        avg_price: None,
        parent: Some(order(1).client),
        role: Some(Role::Stop),
        replaces: None,
        replaced_by: None,
        trailing_stop: Some(price("170.00")),
        reason: None,
        submitted: Some(Stamp::from_nanos(5)),
    }
}

fn account() -> AccountReport {
    serde_json::from_value(serde_json::json!({
        "account": "PA1", "currency": "USD", "equity": "100000.01", "cash": "1", "buying_power": "2",
        "regt_buying_power": null, "last_equity": null, "initial_margin": null, "maintenance_margin": null,
        "multiplier": null, "day_trades": 3, "accrued_fees": null, "shorting": true, "blocked": null,
    }))
    .unwrap()
}

fn rules() -> Instrument {
    Instrument {
        id: instrument(),
        name: "Apple Inc.".into(),
        native: "AAPL".into(),
        class: AssetClass::Equity,
        quote: Currency::usd(),
        base: None,
        tick: Tick::UsEquity,
        lot: Qty::ZERO,
        whole_lot: qty(1),
        qty_min: Qty::ZERO,
        qty_max: None,
        notional_min: Money::ZERO,
        payoff: Payoff::ONE,
        shortable: true,
        borrow: Borrow::Easy,
        marginable: true,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: Tradable::Halted("news pending".into()),
    }
}

fn alert() -> Alert {
    Alert {
        id: 4,
        at: Stamp::from_nanos(8),
        severity: Severity::Emergency,
        code: AlertCode::LateFill,
        venue: Some(instrument().venue),
        symbol: Some(instrument().symbol),
        order: Some(order(1)),
        algorithm: None,
        text: "a fill after the order had ended".into(),
    }
}

fn exit_plan() -> ExitPlan {
    ExitPlan {
        instance: run(),
        venue: instrument().venue,
        scope: Scope {
            algorithm: Some("swing".into()),
            share: Share::Percent("50".parse().unwrap()),
            ..Scope::of_symbol(instrument().symbol, Some(instrument().venue))
        },
        picked: Some(vec![instrument()]),
        then: Then::Protect { stop: Some(StopLeg { stop: price("170"), limit: None }), target: None },
    }
}

fn trip() -> Trip {
    Trip {
        key: LatchKey { rule: Rule::DailyLoss, venue: Some(instrument().venue), symbol: None },
        response: Response::CancelEntries,
        until: Until::LockedOut(Stamp::from_nanos(9)),
        reason: "lost 1,000.00 today".into(),
    }
}

/// One of every kind of fact, with everything in it that can be there.
pub(super) fn every_fact() -> Vec<Dated> {
    let filled = OrderFact {
        venue_id: Some(VenueOrderId::new("v1").unwrap()),
        replaced_by: Some(order(3).client),
        change: Some(Change { qty: Some(qty(7)), limit: Some(price("-0.05")), ..Change::default() }),
        order_type: Some(OrderType::Limit { limit: price("-0.05") }),
        ..OrderFact::because(order(1), OrderEvent::Amended, "the trader's wish".into())
    };
    let mut facts = vec![
        Fact::Opened { instance: run(), version: "0.1.0".into() },
        Fact::Commanded { line: "=buy AAPL risk 1%, \"now\"".into(), origin: Origin::Shell },
        Fact::Intended(std::sync::Arc::new(intent())),
        Fact::Order(Box::new(filled)),
        Fact::Order(Box::new(OrderFact {
            touch: Some(touch()),
            ..OrderFact::bare(order(1), OrderEvent::Sent)
        })),
        Fact::Learned { report: Box::new(order_report()), origin: Origin::External },
        Fact::Executed(Box::new(execution())),
        Fact::Inferred(Box::new(Execution { cum: None, fee: None, ..execution() })),
        Fact::Corrected(Box::new(Correction {
            was: execution(),
            now: Execution { revision: 1, price: price("175.53"), ..execution() },
        })),
        Fact::Position {
            instrument: instrument(),
            qty: "-3".parse().unwrap(),
            avg_price: Some(price("175.52")),
            previous_close: None,
            source: PositionSource::Baseline,
        },
        Fact::Account { venue: instrument().venue, report: Box::new(account()) },
        Fact::Instrument(Box::new(rules())),
        Fact::Alerted(Box::new(alert())),
        Fact::Acknowledged { id: u64::MAX },
        Fact::Locked { reason: "daily loss".into() },
        Fact::Unlocked { reason: "@home".into() },
        Fact::ExitBegan { exit: 1, scope: "everything at paper".into(), plan: None },
        Fact::ExitBegan { exit: 2, scope: "half of AAPL".into(), plan: Some(Box::new(exit_plan())) },
        Fact::ExitMeasured { exit: 2, keep: [(instrument(), qty(3))].into() },
        Fact::ExitEnded { exit: 1, flat: false, report: "1 position left".into() },
        Fact::DayBegan { venue: instrument().venue, began: Stamp::from_nanos(3) },
        Fact::Tripped(Box::new(trip())),
        Fact::Untripped { key: trip().key, why: "a new day".into(), used: None },
        Fact::Untripped { key: trip().key, why: "looked".into(), used: Some("1.25".parse().unwrap()) },
        Fact::Baseline(Box::new(Baseline {
            venue: instrument().venue,
            began: Stamp::from_nanos(3),
            week: true,
            equity: "100000.01".parse().unwrap(),
            positions: vec![(instrument(), "-3".parse().unwrap(), Some(price("175.52")))],
        })),
        Fact::EquityHigh { venue: instrument().venue, equity: "100001".parse().unwrap() },
        Fact::Adopted { instrument: instrument(), order: Some(order(7)) },
        Fact::Adopted { instrument: instrument(), order: None },
    ];
    facts.extend(of_algorithms().into_iter().map(|fact| Fact::Algorithm(Box::new(fact))));
    facts.extend(held().into_iter().map(|event| Fact::Held(Box::new(HeldFact { order: order(8), event }))));
    facts.into_iter().map(dated).collect()
}

fn of_algorithms() -> Vec<AlgorithmFact> {
    let name = || "swing".into();
    let security = || Security { ticker: "SPY".into(), market: "usa".into(), class: "equity".into() };
    let order = AskedOrder {
        security: security(),
        qty: "-10.5".parse().unwrap(),
        limit: Some(price("400")),
        stop: None,
        tag: "a 'b' \"c\"".into(),
    };
    let asked = |instruction| AlgorithmFact::Asked {
        name: name(),
        ticket: 7,
        instruction: Box::new(instruction),
        origin: Origin::Shell,
        verdict: "gate 3".into(),
    };
    let answered = |result| AlgorithmFact::Answered { name: name(), ticket: 7, result };
    vec![
        AlgorithmFact::Paused { name: name(), why: "HALT".into() },
        AlgorithmFact::Resumed { name: name() },
        AlgorithmFact::TakenOver { name: name() },
        asked(Instruction::Stop),
        asked(Instruction::Liquidate(None)),
        asked(Instruction::Liquidate(Some(security()))),
        asked(Instruction::Submit(order)),
        asked(Instruction::Update { order: 3, qty: None, limit: None, stop: Some(price("9")) }),
        asked(Instruction::Cancel { order: 3 }),
        asked(Instruction::Add { security: security(), resolution: "minute".into() }),
        asked(Instruction::Custom("{\"a\": [1, \"b\"]}".into())),
        asked(Instruction::Broadcast { object: "{\"a\": 1}".into(), except: Some(777) }),
        answered(Instructed::Done("yes".into())),
        answered(Instructed::Taken("".into())),
        answered(Instructed::Refused("no".into())),
        answered(Instructed::NotSent("nobody there".into())),
        answered(Instructed::Unknown("no answer".into())),
    ]
}

fn held() -> Vec<HeldEvent> {
    let qty: Qty = "12.5".parse().unwrap();
    let spec = Box::new(intent().spec);
    let part = order(9).client;
    let trail = Trail::Percent("1.5".parse().unwrap());
    let kinds = [
        HeldKind::Target { limit: price("180") },
        HeldKind::Stop { stop: price("170"), limit: Some(price("169.5")) },
        HeldKind::Trail { trail, best: Some(price("181")) },
        HeldKind::Rest { show: qty, spec },
    ];
    let began = kinds.into_iter().map(|kind| {
        HeldEvent::Began(HeldOrder {
            instrument: instrument(),
            side: Side::Sell,
            qty,
            kind,
            group: part.clone(),
            parent: Some(part.clone()),
        })
    });
    let mut events: Vec<HeldEvent> = began.collect();
    events.extend([
        HeldEvent::Changed { qty, kind: HeldKind::Trail { trail: Trail::Amount(price("1")), best: None } },
        HeldEvent::Struck { by: Stroke::Order(part.clone()), price: price("169") },
        HeldEvent::Struck { by: Stroke::Exit(3), price: price("169") },
        HeldEvent::Again { why: Text::clean("left") },
        HeldEvent::Shown { part, left: qty },
        HeldEvent::Ended { done: false, why: Text::clean("the position is closed") },
    ]);
    events
}

/// Any fact, with any times, texts, numbers and ids in it.
pub(super) fn any_fact() -> impl Strategy<Value = Dated> {
    let kinds = every_fact().len();
    (0..kinds, any::<i64>(), any::<String>(), "-?[0-9]{1,15}(\\.[0-9]{1,12})?", "[!-~]{1,40}").prop_map(
        |(kind, at, text, number, id)| {
            let mut dated = every_fact().swap_remove(kind);
            dated.at = Stamp::from_nanos(at);
            vary(&mut dated.fact, &Text::clean(&text), &number, &id);
            dated
        },
    )
}

fn vary(fact: &mut Fact, text: &Text, number: &str, id: &str) {
    let size: Qty = number.trim_start_matches('-').parse().unwrap();
    match fact {
        Fact::Opened { version, .. } => *version = text.clone(),
        Fact::Commanded { line, .. } => *line = text.clone(),
        Fact::Intended(intent) => {
            let intent = std::sync::Arc::make_mut(intent);
            intent.order.client = ClientId::new(id).unwrap();
            intent.spec.amount = Amount::Qty(size);
            intent.verdict = text.clone().into();
        }
        Fact::Order(order) => order.reason = Some(text.clone()),
        Fact::Learned { report, .. } => {
            report.filled = size;
            report.status_word = text.clone();
        }
        Fact::Executed(execution) | Fact::Inferred(execution) => {
            execution.price = number.parse().unwrap();
            execution.id = ExecutionId::new(id).unwrap();
        }
        Fact::Corrected(correction) => {
            correction.now.price = number.parse().unwrap();
            correction.now.id = ExecutionId::new(id).unwrap();
        }
        Fact::Position { qty, .. } => *qty = number.parse().unwrap(),
        Fact::Account { report, .. } => report.equity = number.parse().unwrap(),
        Fact::Instrument(rules) => rules.name = text.clone(),
        Fact::Alerted(alert) => alert.text = text.clone(),
        Fact::Acknowledged { id } => *id = u64::try_from(text.as_str().len()).unwrap(),
        Fact::Locked { reason } | Fact::Unlocked { reason } => *reason = text.clone(),
        Fact::DayBegan { began, .. } => *began = Stamp::from_nanos(i64::MIN),
        Fact::ExitBegan { scope, .. } => *scope = text.clone(),
        Fact::ExitMeasured { keep, .. } => {
            keep.insert(instrument(), size);
        }
        Fact::ExitEnded { report, .. } => *report = text.clone(),
        Fact::Tripped(trip) => trip.reason = text.clone(),
        Fact::Untripped { why, .. } => *why = text.clone(),
        Fact::Baseline(baseline) => baseline.equity = number.parse().unwrap(),
        Fact::EquityHigh { equity, .. } => *equity = number.parse().unwrap(),
        Fact::Held(held) => held.order.client = ClientId::new(id).unwrap(),
        Fact::Algorithm(fact) => {
            if let AlgorithmFact::Paused { why, .. } = &mut **fact {
                *why = text.clone();
            }
        }
        Fact::Adopted { order, .. } => {
            if let Some(order) = order {
                order.client = ClientId::new(id).unwrap();
            }
        }
    }
}
