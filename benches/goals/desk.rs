//! An engine as it stands in the middle of a day: proven, in agreement with its venue, with positions, orders and
//! quotes. The venue answers at once.

use rust_decimal::Decimal;
use std::collections::{BTreeSet, VecDeque};
use tradedeck::{
    broker::{
        Capability, Channel, Event, Link, Outcome, Proof,
        capability::{ClassCapability, TifWord},
    },
    domain::{
        ids::{AccountId, ClientId, Currency, Instance, InstrumentId, Symbol, VenueId, VenueOrderId},
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        lifecycle::OrderEvent,
        limits::{Action, Limits},
        money::{Money, Price, Qty, SignedQty},
        order::{Amount, Attached, OrderKind, OrderType, Side, Submission, Tif},
        quote::{Market, Quote},
        report::{AccountReport, Environment, OrderReport, PositionReport, VenueReport},
        rules::{Response, Rules},
        scope::ExitTerms,
        text::Text,
        time::{Mono, Now, Stamp},
    },
    engine::{Answer, Ask, Counting, Effect, Engine, Input, Routing, Setup, VenueSetup},
};

/// Symbols that the venue lists, followed or not.
const LISTED: usize = 10_000;

/// What is to be on the desk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) symbols: usize,
    pub(crate) positions: usize,
    pub(crate) orders: usize,
}

pub(crate) fn venue() -> VenueId {
    VenueId::new("paper").unwrap()
}

pub(crate) fn instrument(n: usize) -> InstrumentId {
    InstrumentId { venue: venue(), symbol: Symbol::new(&format!("S{n:05}")).unwrap() }
}

pub(crate) fn price(cents: usize) -> Price {
    Price::new(Decimal::new(i64::try_from(cents).unwrap(), 2))
}

pub(crate) fn qty(n: usize) -> Qty {
    Qty::new(Decimal::from(n)).unwrap()
}

/// Where an instrument trades, in cents.
fn cents(n: usize) -> usize {
    2_000 + n * 37 % 40_000
}

pub(crate) fn now(ms: u64) -> Now {
    let wall = Stamp::from_secs(1_795_000_000).unwrap().plus_ms(i64::try_from(ms).unwrap());
    Now { wall, mono: Mono::from_millis(ms) }
}

pub(crate) fn limits() -> Limits {
    // Five hundred positions are worth eleven millions, and a burst of orders is what is measured.
    let gross_max = Money::new(Decimal::from(100_000_000));
    Limits { duplicate: Action::Off, order_rate: Action::Off, gross_max, ..Limits::default() }
}

pub(crate) fn capability() -> Capability {
    let class = ClassCapability {
        class: AssetClass::Equity,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![TifWord::Day, TifWord::Gtc],
        bracket: true,
        oco: true,
        oto: true,
        waits_on_limits: false,
        fractional: false,
        notional: false,
        extended: true,
        post_only: false,
        reduce_only: false,
        short: true,
        replace: true,
        iceberg: false,
    };
    Capability { classes: vec![class], cancel_all: true, requests_per_min: 200 }
}

/// Nothing is held back by how fast a bench sends.
fn rules_off() -> Rules {
    let mut rules = Rules::default();
    rules.order_rate.response = Response::Off;
    rules
}

pub(crate) fn setup(watched: usize) -> Setup {
    Setup {
        instance: Instance::new("bench0").unwrap(),
        version: "bench".into(),
        algorithms: Vec::new(),
        venues: vec![VenueSetup {
            venue: venue(),
            capability: capability(),
            limits: limits(),
            rules: rules_off(),
            environment: Environment::Paper,
            live_confirmed: None,
            always_open: true,
            fees: Vec::new(),
        }],
        watchlist: (0..watched).map(|n| (instrument(n).symbol, None)).collect(),
        routing: Routing::default(),
        counting: Counting::default(),
        default_tif: Tif::Day,
        read_only: false,
        watched_elsewhere: false,
        summaries: false,
        watches: true,
        alive: BTreeSet::new(),
        exit: ExitTerms::default(),
        takes_up_exits: true,
        caution: tradedeck::domain::caution::Caution::default(),
    }
}

fn rules(id: InstrumentId) -> Instrument {
    Instrument {
        name: Text::clean("A company"),
        native: Text::clean(id.symbol.as_str()),
        class: AssetClass::Equity,
        quote: Currency::usd(),
        base: None,
        tick: Tick::UsEquity,
        lot: qty(1),
        whole_lot: qty(1),
        qty_min: qty(1),
        qty_max: None,
        notional_min: Money::ZERO,
        payoff: tradedeck::domain::payoff::Payoff::ONE,
        shortable: true,
        borrow: Borrow::Easy,
        marginable: true,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: Tradable::Yes,
        id,
    }
}

fn account() -> AccountReport {
    let equity = Money::new(Decimal::from(1_000_000_000));
    AccountReport {
        account: AccountId::new("PA1").unwrap(),
        currency: Currency::usd(),
        equity,
        last_equity: Some(equity),
        cash: equity,
        buying_power: equity,
        cash_buying_power: None,
        initial_margin: None,
        maintenance_margin: None,
        multiplier: None,
        day_trades: None,
        accrued_fees: None,
        shorting: true,
        blocked: None,
    }
}

fn position(n: usize) -> PositionReport {
    PositionReport {
        instrument: instrument(n),
        qty: SignedQty::new(Decimal::from(100)),
        available: None,
        avg_price: Some(price(cents(n))),
        last: Some(price(cents(n))),
        previous_close: Some(price(cents(n))),
    }
}

/// A working order, far from the market.
pub(crate) fn order(n: usize, of: usize) -> OrderReport {
    let at = n % of.max(1);
    OrderReport {
        client: ClientId::new(&format!("their-order-{n}")).unwrap(),
        venue_id: VenueOrderId::new(&format!("61e69015-8549-4bfd-b9c3-{n:012}")).unwrap(),
        instrument: instrument(at),
        side: Side::Buy,
        amount: Amount::Qty(qty(10)),
        order_type: OrderType::Limit { limit: price(cents(at) - 500) },
        tif: Tif::Gtc,
        extended: false,
        attached: Attached::Simple,
        show: None,
        status: OrderEvent::Working,
        status_word: Text::clean("new"),
        source: None,
        filled: Qty::ZERO,
        avg_price: None,
        parent: None,
        role: None,
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason: None,
        submitted: Some(now(0).wall),
    }
}

pub(crate) fn report(size: Size) -> VenueReport {
    let named = size.positions.max(size.orders.min(size.symbols));
    VenueReport {
        venue: venue(),
        began: now(0),
        orders: Some((0..size.orders).map(|n| order(n, size.symbols)).collect()),
        executions: Some(Vec::new()),
        positions: Some((0..size.positions).map(position).collect()),
        account: Some(account()),
        instruments: (0..named).map(|n| rules(instrument(n))).collect(),
        missing: Vec::new(),
    }
}

pub(crate) fn quote(n: usize, up: usize, now: Now) -> Market {
    Market::Quote(Quote {
        instrument: instrument(n),
        bid: Some((price(cents(n) + up), qty(3))),
        ask: Some((price(cents(n) + up + 1), qty(2))),
        at: now.wall,
        received: now.mono,
    })
}

/// Quotes of all symbols, in batches as the market's lane brings them.
pub(crate) fn quotes(engine: &mut Engine, symbols: usize, up: usize, now: Now) {
    for from in (0..symbols).step_by(256) {
        let batch = (from..symbols.min(from + 256)).map(|n| quote(n, up, now)).collect();
        answer(engine, now, Input::Market(batch), &mut |_| None);
    }
}

/// One step, and what the venue answers to it, until nothing is left to do.
fn answer(engine: &mut Engine, now: Now, input: Input, venue: &mut dyn FnMut(Ask) -> Option<Answer>) {
    let mut inputs = VecDeque::from([input]);
    while let Some(input) = inputs.pop_front() {
        for effect in engine.step(now, input).effects {
            if let Effect::Ask { venue: name, ask, .. } = effect
                && let Some(answer) = venue(ask)
            {
                inputs.push_back(Input::Answer { venue: name, answer });
            }
        }
    }
}

/// The engine from `begin` to agreement.
pub(crate) fn agree(engine: &mut Engine, size: Size) {
    let mut venue_says = |ask| match ask {
        Ask::Prove => Some(Answer::Proved(Ok(Proof {
            account: AccountId::new("PA1").unwrap(),
            environment: Environment::Paper,
            read_only: None,
            withdraw: None,
        }))),
        Ask::Report(_) => Some(Answer::Reported(Box::new(report(size)))),
        Ask::Instruments(asked) => {
            let rules = asked.iter().map(|s| rules(InstrumentId { venue: venue(), symbol: s.clone() }));
            Some(Answer::Instruments { result: Ok(rules.collect()), asked })
        }
        Ask::Symbols => Some(Answer::Symbols(Ok((0..LISTED).map(|n| instrument(n).symbol).collect()))),
        Ask::Find(_) | Ask::Bars { .. } => None,
    };
    answer(engine, now(0), Input::Begin, &mut venue_says);
    let up = Event::Link { channel: Channel::Orders, link: Link::Up, at: now(0).mono };
    answer(engine, now(0), Input::Venue { venue: venue(), event: up }, &mut venue_says);
}

/// The venue takes an order and counts it in its account.
pub(crate) fn accepted(engine: &mut Engine, now: Now, order: &Submission) {
    let report = OrderReport {
        client: order.client.clone(),
        venue_id: VenueOrderId::new(&format!("v-{}", order.client)).unwrap(),
        instrument: order.spec.instrument.clone(),
        order_type: order.spec.order_type,
        tif: order.spec.tif,
        ..self::order(0, 1)
    };
    let client = order.client.clone();
    // Some seconds later, so that nothing is on its way any more.
    let counted_at = Now { wall: now.wall.plus_ms(3_500), mono: now.mono.plus_ms(3_500) };
    let outcome = Outcome::Accepted(vec![report]);
    let counted = VenueReport {
        began: counted_at,
        orders: None,
        executions: None,
        positions: None,
        ..self::report(NOTHING)
    };
    for (at, told) in [
        (now, Answer::Sent(client.clone())),
        (now, Answer::Submitted { client, outcome }),
        (counted_at, Answer::Reported(Box::new(counted))),
    ] {
        answer(engine, at, Input::Answer { venue: venue(), answer: told }, &mut |_| None);
    }
}

const NOTHING: Size = Size { symbols: 0, positions: 0, orders: 0 };

/// An engine in agreement, everything quoted.
pub(crate) fn engine(size: Size, watched: usize) -> Engine {
    let mut engine = Engine::new(setup(watched));
    agree(&mut engine, size);
    quotes(&mut engine, size.symbols, 0, now(1));
    assert_eq!(engine.book().open_orders().count(), size.orders);
    engine
}
