//! No order leaves by any path without a verdict in the journal before it: every effect that sends something is looked
//! at, whoever asked and whatever for.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tradedeck::{
    broker::{
        Capability, Channel, Event, Link, Outcome, Proof, Refusal,
        capability::{ClassCapability, TifWord},
    },
    desk::{Envelope, Request, RequestId},
    domain::{
        algorithm::AlgorithmFact,
        fact::{Fact, Intent},
        ids::{
            AccountId, ClientId, Currency, ExecutionId, Instance, InstrumentId, Symbol, VenueId, VenueOrderId,
        },
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        lifecycle::OrderEvent,
        limits::{Action, Limits},
        money::{Money, Price, Qty, SignedQty},
        order::{Attached, OrderKind, OrderSpec, OrderType, Origin, Submission, Tif},
        quote::{Market, Quote},
        report::{
            AccountReport, Environment, Execution, Liquidity, OrderReport, PositionReport, VenueReport,
        },
        rules::Rules,
        scope::ExitTerms,
        text::Text,
        time::{Mono, Now, Stamp},
    },
    engine::{Answer, Ask, Counting, Effect, Engine, Front, Input, Routing, Setup, Step, Timer, VenueSetup},
    grammar,
};

/// Everything that leaves in a step has, in the same step, the fact that it was intended, with the verdict that let it
/// pass, and is what was judged. The facts of a step are durable before its effects leave.
pub(crate) fn all_have_verdicts(step: &Step) -> usize {
    let intents: Vec<&Intent> = step
        .facts
        .iter()
        .filter_map(|dated| if let Fact::Intended(intent) = &dated.fact { Some(&**intent) } else { None })
        .collect();
    let intent = |client: &ClientId| {
        let of = |i: &&&Intent| i.order.client == *client;
        *intents
            .iter()
            .find(of)
            .unwrap_or_else(|| panic!("{client} leaves and nobody intended it: {step:#?}"))
    };
    let mut left = 0;
    for effect in &step.effects {
        let (intent, sent, verdict): (_, &OrderSpec, _) = match effect {
            Effect::Submit { order, .. } => {
                let wish = order.peek();
                (intent(&wish.client), &wish.spec, format!("gate {}", order.verdict()))
            }
            Effect::Replace { change, .. } => {
                let wish = change.peek();
                (intent(&wish.client), &wish.after, format!("gate {}", change.verdict()))
            }
            Effect::Reduce { order, .. } => {
                let wish = order.peek();
                (intent(&wish.client), &wish.spec, "reduces, proven against the book".to_owned())
            }
            Effect::Instruct { ticket, instruction, .. } => {
                assert!(!asked(step, *ticket).starts_with("gate"), "{instruction:?}");
                left += 1;
                continue;
            }
            Effect::Entrust { ticket, instruction, .. } => {
                assert_eq!(asked(step, *ticket), format!("gate {}", instruction.verdict()));
                left += 1;
                continue;
            }
            Effect::Cancel { .. }
            | Effect::CancelAll { .. }
            | Effect::Ask { .. }
            | Effect::Watch { .. }
            | Effect::Arm { .. }
            | Effect::Reply { .. }
            | Effect::Notify(_)
            | Effect::Stop => continue,
        };
        left += 1;
        assert_eq!(intent.verdict.to_string(), verdict);
        assert!(!verdict.is_empty() && verdict != "gate 0", "a preview's verdict lets nothing pass");
        assert_eq!(intent.spec, *sent, "what leaves is what was judged");
    }
    left
}

/// What let an algorithm be asked for something: in the same step, before it leaves.
fn asked(step: &Step, ticket: u64) -> String {
    let verdicts = step.facts.iter().filter_map(|dated| {
        let Fact::Algorithm(fact) = &dated.fact else { return None };
        let AlgorithmFact::Asked { ticket: of, verdict, .. } = &**fact else { return None };
        (*of == ticket).then(|| verdict.to_string())
    });
    let all: Vec<String> = verdicts.collect();
    assert_eq!(all.len(), 1, "{ticket} leaves and nobody wrote it down: {step:#?}");
    assert!(!all[0].is_empty());
    all[0].clone()
}

fn venue() -> VenueId {
    VenueId::new("desk").unwrap()
}
fn instrument(symbol: &str) -> InstrumentId {
    InstrumentId { venue: venue(), symbol: Symbol::new(symbol).unwrap() }
}
fn qty(n: i64) -> Qty {
    Qty::new(Decimal::from(n)).unwrap()
}
fn price(cents: i64) -> Price {
    Price::new(Decimal::new(cents, 2))
}

/// A venue that takes everything, fills what is at the market at 100, and answers at once.
struct Venue {
    engine: Engine,
    now_ms: u64,
    orders: BTreeMap<ClientId, (Submission, OrderEvent)>,
    fills: i64,
    left: usize,
    timers: BTreeMap<Timer, u64>,
    /// What left, by who asked for it.
    by: BTreeMap<String, usize>,
}

fn setup() -> Setup {
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
    Setup {
        instance: Instance::new("verdicts").unwrap(),
        version: "test".into(),
        algorithms: Vec::new(),
        venues: vec![VenueSetup {
            venue: venue(),
            capability: Capability { classes: vec![class], cancel_all: true, requests_per_min: 200 },
            limits: Limits { duplicate: Action::Off, ..Limits::default() },
            rules: Rules::default(),
            environment: Environment::Paper,
            live_confirmed: None,
            always_open: true,
            fees: Vec::new(),
        }],
        watchlist: Vec::new(),
        routing: Routing::default(),
        counting: Counting::default(),
        default_tif: Tif::Day,
        read_only: false,
        watches: true,
        watched_elsewhere: false,
        summaries: false,
        alive: BTreeSet::new(),
        exit: ExitTerms::default(),
        takes_up_exits: true,
        caution: tradedeck::domain::caution::Caution::default(),
    }
}

fn rules(symbol: &str) -> Instrument {
    Instrument {
        id: instrument(symbol),
        name: Text::clean("A company"),
        native: Text::clean(symbol),
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
    }
}

fn account() -> AccountReport {
    let equity = Money::new(Decimal::from(1_000_000));
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

impl Venue {
    fn new() -> Self {
        let engine = Engine::new(setup());
        let (orders, by) = (BTreeMap::new(), BTreeMap::new());
        let mut desk = Self { engine, now_ms: 1_000, orders, fills: 0, left: 0, timers: BTreeMap::new(), by };
        desk.step(Input::Begin);
        let up = Event::Link { channel: Channel::Orders, link: Link::Up, at: desk.now().mono };
        desk.step(Input::Venue { venue: venue(), event: up });
        // Until its reports are in and the book agrees.
        desk.pass(10_000);
        desk
    }
    fn now(&self) -> Now {
        let wall = Stamp::from_secs(1_795_000_000).unwrap().plus_ms(i64::try_from(self.now_ms).unwrap());
        Now { wall, mono: Mono::from_millis(self.now_ms) }
    }
    fn step(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.now_ms += 20;
            let now = self.now();
            let mut decided = self.engine.decide(now, input);
            // Each half by itself: what leaves in the first may be gone before the second is worked out.
            for step in [decided.hand_out(), decided.settle()] {
                self.left += all_have_verdicts(&step);
                for dated in &step.facts {
                    if let Fact::Intended(intent) = &dated.fact {
                        *self.by.entry(format!("{:?}", intent.origin)).or_default() += 1;
                    }
                }
                for effect in step.effects {
                    inputs.extend(self.act(effect));
                }
            }
        }
    }
    fn act(&mut self, effect: Effect) -> Vec<Input> {
        match effect {
            Effect::Submit { order, .. } => self.takes(order.spend()),
            Effect::Reduce { order, .. } => self.takes(order.spend()),
            Effect::Replace { change, .. } => {
                let wish = change.spend();
                let refusal = Refusal { code: Text::clean("x"), text: Text::clean("no"), retry_at: None };
                let outcome = Outcome::Refused(refusal);
                vec![answer(Answer::Replaced { order: wish.order.client, by: wish.client, outcome })]
            }
            Effect::Cancel { order, .. } => {
                if let Some((_, status)) = self.orders.get_mut(&order.client) {
                    *status = OrderEvent::Cancelled;
                }
                let told = self.orders.contains_key(&order.client).then(|| self.tells(&order.client));
                let done = Answer::Cancelled { order: order.client, outcome: Outcome::Accepted(()) };
                std::iter::once(answer(done)).chain(told).collect()
            }
            Effect::CancelAll { .. } => {
                let open: Vec<ClientId> = self.open().cloned().collect();
                for client in &open {
                    self.orders.get_mut(client).unwrap().1 = OrderEvent::Cancelled;
                }
                let told: Vec<Input> = open.iter().map(|client| self.tells(client)).collect();
                told.into_iter().chain([answer(Answer::AllCancelled(Outcome::Accepted(())))]).collect()
            }
            Effect::Ask { ask, .. } => self.says(ask).map(answer).into_iter().collect(),
            Effect::Arm { timer, after_ms } => {
                self.timers.insert(timer, self.now_ms + after_ms.max(1));
                Vec::new()
            }
            Effect::Instruct { .. }
            | Effect::Entrust { .. }
            | Effect::Watch { .. }
            | Effect::Reply { .. }
            | Effect::Notify(_)
            | Effect::Stop => Vec::new(),
        }
    }
    fn open(&self) -> impl Iterator<Item = &ClientId> {
        self.orders.iter().filter(|(_, (_, status))| *status == OrderEvent::Working).map(|(client, _)| client)
    }
    fn takes(&mut self, order: Submission) -> Vec<Input> {
        let (client, spec) = (order.client.clone(), order.spec.clone());
        let fills = spec.order_type == OrderType::Market;
        let status = if fills { OrderEvent::FilledWhole } else { OrderEvent::Working };
        self.orders.insert(client.clone(), (order, OrderEvent::Working));
        let taken = Outcome::Accepted(vec![self.report(&client)]);
        let mut inputs = vec![answer(Answer::Submitted { client: client.clone(), outcome: taken })];
        if fills {
            self.fills += 1;
            self.orders.get_mut(&client).unwrap().1 = status;
            let done = Execution {
                id: ExecutionId::new(&format!("e{}", self.fills)).unwrap(),
                venue_id: VenueOrderId::new(&format!("v-{client}")).unwrap(),
                client,
                instrument: spec.instrument,
                side: spec.side,
                qty: spec.amount.qty().unwrap(),
                price: price(10_000),
                cum: spec.amount.qty(),
                fee: None,
                liquidity: Liquidity::Taker,
                at: self.now().wall,
                revision: 0,
                seen: None,
            };
            inputs.push(Input::Venue { venue: venue(), event: Event::Execution(Box::new(done)) });
        }
        inputs
    }
    fn tells(&self, client: &ClientId) -> Input {
        Input::Venue { venue: venue(), event: Event::Order(Box::new(self.report(client))) }
    }
    fn report(&self, client: &ClientId) -> OrderReport {
        let (order, status) = &self.orders[client];
        let filled = if *status == OrderEvent::FilledWhole { order.spec.amount.qty() } else { None };
        OrderReport {
            client: client.clone(),
            venue_id: VenueOrderId::new(&format!("v-{client}")).unwrap(),
            instrument: order.spec.instrument.clone(),
            side: order.spec.side,
            amount: order.spec.amount,
            order_type: order.spec.order_type,
            tif: order.spec.tif,
            extended: false,
            attached: Attached::Simple,
            show: None,
            status: *status,
            status_word: Text::clean("word"),
            source: None,
            filled: filled.unwrap_or_default(),
            avg_price: filled.map(|_| price(10_000)),
            parent: None,
            role: None,
            replaces: None,
            replaced_by: None,
            trailing_stop: None,
            reason: None,
            submitted: Some(self.now().wall),
        }
    }
    fn says(&self, ask: Ask) -> Option<Answer> {
        match ask {
            Ask::Prove => Some(Answer::Proved(Ok(Proof {
                account: AccountId::new("PA1").unwrap(),
                environment: Environment::Paper,
                read_only: None,
                withdraw: None,
            }))),
            Ask::Symbols => {
                Some(Answer::Symbols(Ok(["AAPL", "MSFT"].map(|s| instrument(s).symbol).to_vec())))
            }
            Ask::Instruments(asked) => {
                let known = asked.iter().map(|s| rules(s.as_str())).collect();
                Some(Answer::Instruments { asked, result: Ok(known) })
            }
            Ask::Report(_) => Some(Answer::Reported(Box::new(VenueReport {
                venue: venue(),
                began: self.now(),
                orders: Some(self.orders.keys().map(|client| self.report(client)).collect()),
                executions: Some(Vec::new()),
                positions: Some(self.held()),
                account: Some(account()),
                instruments: ["AAPL", "MSFT"].map(rules).to_vec(),
                missing: Vec::new(),
            }))),
            Ask::Find(_) | Ask::Bars { .. } => None,
        }
    }
    /// What the fills hold.
    fn held(&self) -> Vec<PositionReport> {
        let mut held: BTreeMap<InstrumentId, SignedQty> = BTreeMap::new();
        for (order, status) in self.orders.values() {
            let filled = order.spec.amount.qty().filter(|_| *status == OrderEvent::FilledWhole);
            let Some(qty) = filled else { continue };
            let sum = held.entry(order.spec.instrument.clone()).or_default();
            *sum = sum.checked_add(qty.signed(order.spec.side)).unwrap();
        }
        let row = |(instrument, qty)| PositionReport {
            instrument,
            qty,
            available: None,
            avg_price: Some(price(10_000)),
            last: None,
            previous_close: None,
        };
        held.into_iter().filter(|(_, qty)| !qty.is_zero()).map(row).collect()
    }
    /// Asks for it and says how much left.
    fn ask(&mut self, request: Request, origin: Origin) -> usize {
        let before = self.left;
        let envelope = Envelope { id: RequestId(self.now_ms), origin, request };
        self.step(Input::asked(Front(0), envelope));
        self.pass(5_000);
        self.left - before
    }
    /// Lets time go by, with quotes and timers at theirs.
    fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        self.quote();
        while let Some((timer, at)) =
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(t, at)| (t.clone(), *at))
        {
            if at > end {
                break;
            }
            self.timers.remove(&timer);
            self.now_ms = self.now_ms.max(at);
            self.step(Input::Timer(timer));
        }
        self.now_ms = self.now_ms.max(end);
        self.quote();
    }
    fn quote(&mut self) {
        for symbol in ["AAPL", "MSFT"] {
            self.step(Input::Market(vec![Market::Quote(Quote {
                instrument: instrument(symbol),
                bid: Some((price(9_999), qty(100))),
                ask: Some((price(10_001), qty(100))),
                at: self.now().wall,
                received: self.now().mono,
            })]));
        }
    }
    fn types(&mut self, line: &str) -> usize {
        self.ask(Request::Do(grammar::parse(line).unwrap()), Origin::Screen)
    }
}

fn answer(answer: Answer) -> Input {
    Input::Answer { venue: venue(), answer }
}

#[test]
fn no_order_leaves_by_any_path_without_a_verdict() {
    let mut desk = Venue::new();
    // The ticket, a hotkey and a macro all send an order line; so does the shell.
    assert_eq!(desk.types("buy AAPL 100"), 1);
    assert_eq!(desk.types("buy MSFT 10 limit 99 stop -2% target 2R"), 1);
    let line = Request::Do(grammar::parse("buy AAPL 10 limit 98").unwrap());
    assert_eq!(desk.ask(line, Origin::Shell), 1);
    // A change of a working order, by line and by field.
    let working = desk.open().next().unwrap().clone();
    assert_eq!(desk.types(&format!("replace {working} limit 97")), 1);
    // Exits that are added, moved, and what goes with half of a position.
    assert_eq!(desk.types("protect AAPL stop 95"), 1);
    assert!(desk.types("close AAPL 50%") >= 1);
    // Turned around: what closes, and what opens.
    assert!(desk.types("reverse AAPL") >= 1);
    assert!(desk.types("close AAPL") >= 1);
    assert_eq!(desk.types("buy MSFT 20"), 1);
    assert!(desk.types("flatten") >= 1);
    assert!(desk.by.len() >= 3, "the screen, the shell and an exit have sent: {:?}", desk.by);
    assert!(desk.left >= 10);
}

#[test]
fn what_is_refused_does_not_leave() {
    let mut desk = Venue::new();
    assert_eq!(desk.types("buy AAPL 9000"), 0, "above the value of one order");
    assert_eq!(desk.types("lock lunch"), 0);
    assert_eq!(desk.types("buy AAPL 1"), 0);
    assert_eq!(desk.ask(Request::Preview(grammar::parse("buy AAPL 1").unwrap()), Origin::Screen), 0);
    assert_eq!(desk.left, 0);
}

/// A permit can't be written down outside the gate and the proof, and only the engine's orders send one.
#[test]
fn permits_are_made_by_the_gate_and_the_proof_alone() {
    let permit = std::fs::read_to_string("src/risk/permit.rs").unwrap();
    assert_eq!(permit.matches("pub(super) fn mint(").count(), 2);
    assert_eq!(permit.matches("fn mint(").count(), 2);
    assert_eq!(permit.matches("#[cfg(test)]\n    pub(crate) fn for_test(").count(), 2);
    assert_eq!(permit.matches("fn for_test(").count(), 2);
    assert!(!permit.contains("pub inner") && !permit.contains("Clone") && !permit.contains("Deserialize"));
    let mut senders = BTreeSet::new();
    for file in walk("src/engine") {
        let text = std::fs::read_to_string(&file).unwrap();
        for effect in ["Effect::Submit {", "Effect::Reduce {", "Effect::Replace {"] {
            if text.contains(&format!("effect({effect}")) {
                senders.insert(file.clone());
            }
        }
    }
    assert_eq!(senders.into_iter().collect::<Vec<_>>(), ["src/engine/orders.rs"]);
}

fn walk(dir: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap().to_owned();
        if path.is_dir() { files.extend(walk(&name)) } else { files.push(name) }
    }
    files
}
