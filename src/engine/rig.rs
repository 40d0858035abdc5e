//! The engine with one venue that answers when the test says so, for the tests of this room.

#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::Engine;
use crate::{
    book::fixture::*,
    broker::{
        Capability, Channel, Event, Link, Proof,
        capability::{ClassCapability, TifWord},
    },
    desk::{Envelope, Reply, Request, RequestId, Snapshot},
    domain::{
        alert::AlertCode,
        fact::{Dated, Fact},
        ids::{AccountId, Currency, Instance, InstrumentId, Symbol, VenueId},
        instrument::AssetClass,
        limits::{Action, Limits},
        money::Money,
        order::{OrderKind, Origin, Submission, Tif},
        report::{AccountReport, Environment, OrderReport, PositionReport, VenueReport},
        rules::{Response, Rule, Rules, Until},
        time::Now,
    },
    engine::{AlgorithmSetup, Answer, Counting, Effect, Front, Input, Routing, Setup, Timer, VenueSetup},
    grammar,
};
use std::collections::{BTreeMap, BTreeSet};

/// The engine with one venue that answers when the test says so.
pub(super) struct Rig {
    pub(super) engine: Engine,
    pub(super) algorithms: Vec<AlgorithmSetup>,
    pub(super) rules: Rules,
    pub(super) class: ClassCapability,
    pub(super) journal: Vec<Dated>,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Now,
    pub(super) price: &'static str,
    pub(super) held: &'static str,
    pub(super) cash: &'static str,
    pub(super) margin: Option<&'static str>,
    pub(super) orders: Vec<OrderReport>,
    pub(super) asked: u64,
}

/// A venue that has everything.
pub(super) fn everything(class: AssetClass) -> ClassCapability {
    ClassCapability {
        class,
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
    }
}

pub(super) fn setup(rules: &Rules, class: ClassCapability) -> Setup {
    setup_with(rules, class, Vec::new())
}

fn setup_with(rules: &Rules, class: ClassCapability, algorithms: Vec<AlgorithmSetup>) -> Setup {
    Setup {
        instance: Instance::new("rig").unwrap(),
        version: "rig".into(),
        algorithms,
        venues: vec![VenueSetup {
            venue: venue(),
            capability: Capability { classes: vec![class], cancel_all: true, requests_per_min: 200 },
            limits: Limits { duplicate: Action::Off, stop_required: Action::Off, ..Limits::default() },
            rules: rules.clone(),
            environment: Environment::Paper,
            live_confirmed: None,
            always_open: false,
            fees: Vec::new(),
        }],
        watchlist: Vec::new(),
        routing: Routing::default(),
        counting: Counting::default(),
        default_tif: Tif::Day,
        read_only: false,
        watches: true,
        watched_elsewhere: false,
        summaries: true,
        exit: crate::domain::scope::ExitTerms::default(),
        takes_up_exits: true,
        caution: crate::domain::caution::Caution::default(),
        alive: BTreeSet::new(),
    }
}

impl Rig {
    /// A thousand shares at ten dollars, ninety thousand in cash; the day began with a hundred thousand.
    pub(super) fn new(rules: &Rules) -> Self {
        Self::at(rules, everything(AssetClass::Equity))
    }
    /// The same at a venue that takes this.
    pub(super) fn at(rules: &Rules, class: ClassCapability) -> Self {
        Self::with_algorithms(rules, class, Vec::new())
    }
    /// The same with these algorithms.
    pub(super) fn with_algorithms(
        rules: &Rules,
        class: ClassCapability,
        algorithms: Vec<AlgorithmSetup>,
    ) -> Self {
        let mut rig = Self {
            engine: Engine::new(setup_with(rules, class.clone(), algorithms.clone())),
            algorithms,
            class,
            rules: rules.clone(),
            journal: Vec::new(),
            effects: Vec::new(),
            now: now(0),
            price: "10",
            held: "1000",
            cash: "90000",
            margin: None,
            orders: Vec::new(),
            asked: 0,
        };
        rig.begin();
        rig
    }
    pub(super) fn begin(&mut self) {
        self.step(Input::Begin);
        let proof = Proof {
            account: AccountId::new("PA1").unwrap(),
            environment: Environment::Paper,
            read_only: None,
            withdraw: None,
        };
        self.step(Input::Answer { venue: venue(), answer: Answer::Proved(Ok(proof)) });
        let event = Event::Link { channel: Channel::Orders, link: Link::Up, at: self.now.mono };
        self.step(Input::Venue { venue: venue(), event });
        self.report();
        self.quote(self.price);
        self.tick();
    }
    /// The same journal in a new process.
    pub(super) fn restart(&mut self) {
        self.restart_as("rig");
    }
    /// The same as another run: the one before is dead.
    pub(super) fn restart_as(&mut self, instance: &str) {
        let algorithms = self.algorithms.clone();
        let instance = Instance::new(instance).unwrap();
        let setup = setup_with(&self.rules, self.class.clone(), algorithms);
        self.engine = Engine::new(Setup { instance, ..setup });
        let past = std::mem::take(&mut self.journal);
        for dated in &past {
            self.engine.step(self.now, Input::Past(Box::new(dated.clone())));
        }
        self.journal = past;
        self.effects.clear();
        self.begin();
    }
    pub(super) fn step(&mut self, input: Input) {
        let step = self.engine.step(self.now, input);
        self.journal.extend(step.facts.into_iter().filter(|d| d.fact.is_durable()));
        self.effects.extend(step.effects);
    }
    pub(super) fn report(&mut self) {
        let equity = usd(self.cash).checked_add(self.value()).unwrap();
        let account = AccountReport {
            equity,
            last_equity: Some(usd("100000")),
            cash: usd(self.cash),
            buying_power: usd("400000"),
            maintenance_margin: self.margin.map(usd),
            multiplier: None,
            ..account()
        };
        let position = PositionReport {
            instrument: aapl(),
            qty: self.held.parse().unwrap(),
            available: None,
            avg_price: Some(px("10")),
            last: Some(px(self.price)),
            previous_close: Some(px("10")),
        };
        let report = VenueReport {
            venue: venue(),
            began: self.now,
            orders: Some(self.orders.clone()),
            executions: Some(Vec::new()),
            positions: Some(if self.held == "0" { Vec::new() } else { vec![position] }),
            account: Some(account),
            instruments: vec![share(aapl())],
            missing: Vec::new(),
        };
        self.step(Input::Answer { venue: venue(), answer: Answer::Reported(Box::new(report)) });
    }
    /// The venue says it often enough that a position which differs from the fills is believed.
    pub(super) fn agree(&mut self) {
        for _ in 0..3 {
            self.pass(6);
            self.report();
        }
    }
    pub(super) fn value(&self) -> Money {
        let held: crate::domain::money::SignedQty = self.held.parse().unwrap();
        held.checked_mul_price(px(self.price)).unwrap()
    }
    /// Moves the market, and looks.
    pub(super) fn quote(&mut self, price: &'static str) {
        self.price = price;
        let mut news = quote(aapl(), price, price, 0);
        if let crate::broker::Market::Quote(q) = &mut news {
            (q.at, q.received) = (self.now.wall, self.now.mono);
        }
        self.step(Input::Market(vec![news]));
    }
    pub(super) fn tick(&mut self) {
        self.step(Input::Timer(Timer::Tick));
    }
    pub(super) fn market(&mut self, price: &'static str) {
        self.quote(price);
        self.tick();
    }
    pub(super) fn pass(&mut self, s: u64) {
        self.now.wall = self.now.wall.plus_ms(i64::try_from(s * 1_000).unwrap());
        self.now.mono = self.now.mono.plus_ms(s * 1_000);
    }
    /// Time goes by with a venue that answers and a market that stands.
    pub(super) fn live(&mut self, s: u64) {
        for _ in 0..s.div_euclid(30) {
            self.pass(30);
            self.report();
            self.market(self.price);
        }
    }
    pub(super) fn ask(&mut self, request: Request) -> Reply {
        self.asked += 1;
        let envelope = Envelope { id: RequestId(self.asked), origin: Origin::Screen, request };
        self.effects.clear();
        self.step(Input::asked(Front(0), envelope));
        let is_reply =
            |e: &Effect| matches!(e, Effect::Reply { receipt, .. } if receipt.id == RequestId(self.asked));
        let at = self.effects.iter().rposition(is_reply).unwrap();
        let Effect::Reply { receipt, .. } = self.effects.remove(at) else { panic!("it was one") };
        receipt.reply
    }
    pub(super) fn line(&mut self, line: &str) -> Reply {
        self.ask(Request::Do(grammar::parse(line).unwrap()))
    }
    /// Why an entry is refused; empty when it is not.
    pub(super) fn entry(&mut self) -> String {
        self.quote(self.price);
        let reply = self.line("buy AAPL 1 limit -1%");
        if let Reply::Refused { text, .. } = &reply {
            return text.to_string();
        }
        assert!(matches!(reply, Reply::Placed { .. }), "{reply:?}");
        String::new()
    }
    pub(super) fn passes(&mut self, line: &str) {
        let reply = self.line(line);
        assert!(matches!(reply, Reply::Placed { .. } | Reply::Done(_)), "{line}: {reply:?}");
    }
    pub(super) fn unlock(&mut self) -> Reply {
        self.ask(Request::Unlock { reason: "looked at it".into() })
    }
    pub(super) fn until(&self, rule: Rule) -> Option<Until> {
        self.engine.book.latches().find(|l| l.trip.key.rule == rule).map(|l| l.trip.until)
    }
    pub(super) fn alerts(&self, code: AlertCode) -> Vec<String> {
        self.engine.book.alerts().filter(|(a, _)| a.code == code).map(|(a, _)| a.text.to_string()).collect()
    }
    pub(super) fn snapshot(&mut self) -> Snapshot {
        self.engine.view.all();
        (*self.engine.snapshot(self.now).unwrap()).clone()
    }
    pub(super) fn sent(&mut self) -> Vec<Submission> {
        let mut sent = Vec::new();
        for effect in std::mem::take(&mut self.effects) {
            if let Effect::Submit { order, .. } = effect {
                sent.push(order.spend());
            } else if let Effect::Reduce { order, .. } = effect {
                sent.push(order.spend());
            }
        }
        sent
    }
}

pub(super) fn with(change: impl FnOnce(&mut Rules)) -> Rules {
    let mut rules = Rules::default();
    change(&mut rules);
    rules
}

pub(super) fn quiet() -> Rules {
    with(|r| r.no_stop.response = Response::Off)
}

/// The engine with several venues, told by the test what it knows of them.
pub(super) struct Several {
    pub(super) engine: Engine,
    pub(super) now: Now,
    pub(super) watched: BTreeMap<VenueId, BTreeSet<Symbol>>,
}

pub(super) fn of(name: &str) -> VenueId {
    VenueId::new(name).unwrap()
}

impl Several {
    pub(super) fn new(
        venues: &[(&str, AssetClass, Environment)],
        routing: Routing,
        counting: Counting,
    ) -> Self {
        let plain = setup(&Rules::default(), everything(AssetClass::Equity));
        let one = |(name, class, environment): &(&str, AssetClass, Environment)| VenueSetup {
            venue: of(name),
            environment: *environment,
            capability: Capability {
                classes: vec![everything(*class)],
                cancel_all: true,
                requests_per_min: 200,
            },
            ..plain.venues[0].clone()
        };
        let venues = venues.iter().map(one).collect();
        let engine = Engine::new(Setup { venues, routing, counting, ..plain });
        let mut several = Self { engine, now: now(0), watched: BTreeMap::new() };
        several.step(Input::Begin);
        several
    }
    pub(super) fn step(&mut self, input: Input) {
        for effect in self.engine.step(self.now, input).effects {
            if let Effect::Watch { venue, watched } = effect {
                self.watched.insert(venue, watched.symbols);
            }
        }
    }
    pub(super) fn link(&mut self, venue: &str, link: Link) {
        let event = Event::Link { channel: Channel::Orders, link, at: self.now.mono };
        self.step(Input::Venue { venue: of(venue), event });
    }
    pub(super) fn down(&mut self, venue: &str) {
        let until = self.now.mono.plus_ms(1_000);
        self.link(venue, Link::Backoff { until, why: "refused".into() });
    }
    pub(super) fn lists(&mut self, venue: &str, symbols: &[&str]) {
        let symbols = symbols.iter().map(|s| Symbol::new(s).unwrap()).collect();
        self.step(Input::Answer { venue: of(venue), answer: Answer::Symbols(Ok(symbols)) });
        self.step(Input::Timer(Timer::Tick));
    }
    pub(super) fn fact(&mut self, fact: Fact) {
        self.engine.fact(fact);
    }
    pub(super) fn holds(&mut self, venue: &str, currency: &str, equity: &str) {
        let currency = Currency::new(currency).unwrap();
        let (equity, cash) = (usd(equity), usd(equity));
        let report = AccountReport { currency, equity, cash, last_equity: Some(usd("1000")), ..account() };
        self.fact(Fact::Account { venue: of(venue), report: Box::new(report) });
        self.step(Input::Timer(Timer::Tick));
    }
    pub(super) fn quote(&mut self, venue: &str, symbol: &str, bid: &str, ask: &str) {
        let id = InstrumentId { venue: of(venue), symbol: Symbol::new(symbol).unwrap() };
        let mut news = quote(id, bid, ask, 0);
        if let crate::broker::Market::Quote(q) = &mut news {
            (q.at, q.received) = (self.now.wall, self.now.mono);
        }
        self.step(Input::Market(vec![news]));
    }
    pub(super) fn snapshot(&mut self) -> Snapshot {
        self.engine.view.all();
        (*self.engine.snapshot(self.now).unwrap()).clone()
    }
}
