//! Goal 12: what stands between an order and the wire of our own making.

use super::{
    desk::{self, Size},
    table::{Limit, Row},
    timing::{cpu, each_ns, median, micros},
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tradedeck::{
    book::Marks,
    calendar::{Phase, Session},
    desk::{Envelope, Request, RequestId},
    domain::{
        order::{Amount, Attached, OrderSpec, OrderType, Origin, Side, StopLeg, Submission, Tif},
        time::Now,
    },
    engine::{Decided, Effect, Engine, Front, Input, Step, Timer},
    grammar,
    risk::{Access, Context, Outcome, Verdict, judge},
};

const SIZE: Size = Size { symbols: 600, positions: 500, orders: 2_000 };

pub(crate) fn checks_and_step() -> Vec<Row> {
    vec![checks(), step()]
}

fn spec(n: usize) -> OrderSpec {
    OrderSpec {
        instrument: desk::instrument(n),
        side: Side::Buy,
        amount: Amount::Qty(desk::qty(10)),
        order_type: OrderType::Limit { limit: desk::price(2_000 + n * 37 % 40_000) },
        tif: Tif::Day,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::OtoStop {
            stop: StopLeg { stop: desk::price(1_900 + n * 37 % 40_000), limit: None },
        },
        show: None,
        tag: None,
    }
}

/// The first half of a step: what stands between an order line and its leaving. By a name of its own, so that its
/// instructions can be counted: `valgrind --tool=callgrind --toggle-collect='*one_decision*'`. On a machine with other
/// work on it they say more than times.
#[inline(never)]
fn one_decision(engine: &mut Engine, now: Now, order: Input) -> (Step, Decided<'_>) {
    let mut decided = engine.decide(now, order);
    (decided.hand_out(), decided)
}

/// As [`one_decision`]: the second half, which is worked out while the journal writes.
#[inline(never)]
fn one_settling(decided: Decided<'_>) -> Step {
    decided.settle()
}

/// As [`one_decision`].
#[inline(never)]
fn one_verdict(context: &Context<'_>, spec: &OrderSpec) -> Verdict {
    judge(context, spec)
}

fn checks() -> Row {
    let engine = desk::engine(SIZE, 0);
    let mut marks = Marks::new();
    let now = desk::now(2);
    for n in 0..SIZE.symbols {
        marks.apply(&desk::quote(n, 0, now));
    }
    marks.weigh_book(engine.book());
    let (limits, capability) = (desk::limits(), desk::capability());
    let context = Context {
        book: engine.book(),
        marks: &marks,
        limits: &limits,
        capability: Some(&capability),
        access: &Access::Trading,
        session: Session { phase: Phase::Regular, until: None },
        days: &[],
        now,
        beside: tradedeck::risk::Beside::default(),
    };
    let specs: Vec<OrderSpec> = (0..SIZE.symbols).map(spec).collect();
    for spec in &specs {
        let verdict = judge(&context, spec);
        assert!(verdict.checks().all(|c| c.outcome == Outcome::Pass), "{}", verdict.reasons());
    }
    let rounds = || {
        cpu(|| {
            for spec in (0..20).flat_map(|_| &specs) {
                black_box(one_verdict(&context, black_box(spec)));
            }
        })
    };
    let mut times: Vec<_> = (0..15).map(|_| rounds()).collect();
    let each = each_ns(median(&mut times), 20 * specs.len()) / 1e3;
    Row {
        goal: 12,
        what: "all pre-trade checks, 500 positions, 2,000 orders",
        figure: each,
        unit: " us",
        limit: Limit::AtMost(0.5),
        sides: "23 checks, each order passes".to_owned(),
    }
}

fn order(n: usize) -> Input {
    let cents = 2_000 + n * 37 % 40_000;
    let line = format!("buy S{n:05} 10 limit {}.{:02} stop -1", cents / 100, cents % 100);
    let request = Request::Do(grammar::parse(&line).unwrap());
    let envelope = Envelope { id: RequestId(n as u64), origin: Origin::Screen, request };
    Input::asked(Front(0), envelope)
}

/// What the steps of orders took until the order left, and whole.
#[derive(Default)]
struct Halves {
    decided: Vec<Duration>,
    whole: Vec<Duration>,
}

impl Halves {
    /// Of each order of a row the mean.
    fn push(&mut self, decided: &[Duration], whole: &[Duration]) {
        let mean = |times: &[Duration]| times.iter().sum::<Duration>() / u32::try_from(times.len()).unwrap();
        self.decided.push(mean(decided));
        self.whole.push(mean(whole));
    }
    fn micros(&mut self) -> (f64, f64) {
        (micros(median(&mut self.decided)), micros(median(&mut self.whole)))
    }
}

fn step() -> Row {
    /// Orders that are given in one go, before the venue has counted the first of them.
    const BURST: usize = 20;
    /// The first of them find caches full of something else.
    const COLD: usize = 5;
    const BURSTS: usize = 200;
    let mut engine = desk::engine(SIZE, 0);
    let (mut cold, mut warm) = (Halves::default(), Halves::default());
    for burst in 0..BURSTS {
        // The orders before are settled and counted. The market goes on, and the watchers have had their second, as
        // they have in a program that runs: both happen whether an order comes or not.
        let now = desk::now(4_000 * (burst as u64 + 1));
        desk::quotes(&mut engine, SIZE.symbols, 0, now);
        engine.step(now, Input::Timer(Timer::Tick));
        let symbols = (0..BURST).map(|n| SIZE.positions + (burst * BURST + n) % 100);
        let orders: Vec<Input> = symbols.map(order).collect();
        let mut steps = Vec::with_capacity(BURST);
        let (mut left, mut done) = (Vec::with_capacity(BURST), Vec::with_capacity(BURST));
        for order in orders {
            let began = Instant::now();
            let (step, decided) = one_decision(&mut engine, now, order);
            let leaves = began.elapsed();
            black_box(one_settling(decided));
            done.push(began.elapsed());
            left.push(leaves);
            steps.push(step);
        }
        cold.push(&left[..COLD], &done[..COLD]);
        warm.push(&left[COLD..], &done[COLD..]);
        for order in steps.into_iter().map(submitted) {
            desk::accepted(&mut engine, now, &order);
        }
    }
    let ((leaves, whole), (cold_leaves, cold_whole)) = (warm.micros(), cold.micros());
    Row {
        goal: 12,
        what: "the engine's step for an order line, until it leaves",
        figure: leaves,
        unit: " us",
        limit: Limit::AtMost(2.0),
        sides: format!(
            "after five in a row; with what follows {whole:.1} us; the first five after a second of market \
             {cold_leaves:.1} and {cold_whole:.1} us"
        ),
    }
}

fn submitted(step: Step) -> Submission {
    let order = step.effects.into_iter().find_map(|effect| {
        if let Effect::Submit { order, .. } = effect { Some(order.spend()) } else { None }
    });
    order.expect("an order that leaves")
}
