//! The engine against a model venue on a model network, with a virtual clock and a model disk: answers are lost,
//! doubled, late and out of order, the stream flaps, the process dies between the journal and the socket. After
//! everything has healed the book is what the venue says, and no order was ever sent twice. A failing seed is
//! printed; it becomes a test of its own.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tradedeck::{
    broker::{
        Capability, Channel, Event, Link, Outcome, Proof, Refusal,
        capability::{ClassCapability, TifWord},
    },
    desk::{Envelope, Request, RequestId},
    domain::{
        fact::Dated,
        ids::{
            AccountId, ClientId, Currency, ExecutionId, Instance, InstrumentId, OrderId, Symbol, VenueId,
            VenueOrderId,
        },
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable},
        lifecycle::{OrderEvent, OrderState},
        limits::{Action, Limits},
        money::{Money, Price, Qty, Ratio, SignedQty},
        order::{Amount, Attached, OrderKind, OrderType, Origin, Submission, Tif},
        quote::{Market, Quote},
        report::{
            AccountReport, Environment, Execution, Liquidity, OrderReport, PositionReport, VenueReport,
        },
        rules::Rules,
        scope::ExitTerms,
        text::Text,
        time::{Mono, Now, Stamp},
    },
    engine::{Answer, Ask, Effect, Engine, Front, Input, Setup, Timer, VenueSetup},
    grammar,
};

fn venue() -> VenueId {
    VenueId::new("sim").unwrap()
}
fn instrument() -> InstrumentId {
    InstrumentId { venue: venue(), symbol: Symbol::new("AAPL").unwrap() }
}
fn qty(n: u64) -> Qty {
    Qty::new(Decimal::from(n)).unwrap()
}
fn price(cents: i64) -> Price {
    Price::new(Decimal::new(cents, 2))
}

/// An order as the venue has it.
#[derive(Debug, Clone)]
struct Held {
    submission: Submission,
    id: VenueOrderId,
    filled: Qty,
    status: OrderEvent,
}

/// Something on its way to the engine.
#[derive(Debug)]
struct Mail {
    at: u64,
    input: Input,
}

struct World {
    rng: fastrand::Rng,
    now_ms: u64,
    faults: bool,
    orders: BTreeMap<ClientId, Held>,
    executions: Vec<Execution>,
    position: Decimal,
    /// How often the request of each order left the process.
    left: BTreeMap<ClientId, u32>,
    mail: Vec<Mail>,
    timers: BTreeMap<Timer, u64>,
    stream_up: bool,
    journal: Vec<Dated>,
    engine: Engine,
    runs: u32,
    asked: u64,
    log: Vec<String>,
}

fn setup(run: u32) -> Setup {
    let class = ClassCapability {
        class: AssetClass::Equity,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![TifWord::Day, TifWord::Gtc],
        bracket: true,
        oco: true,
        oto: true,
        fractional: false,
        notional: false,
        extended: true,
        post_only: false,
        reduce_only: false,
        short: true,
        replace: true,
    };
    let limits = Limits { duplicate: Action::Off, stop_required: Action::Off, ..Limits::default() };
    Setup {
        instance: Instance::new(&format!("run{run}")).unwrap(),
        version: "sim".into(),
        venues: vec![VenueSetup {
            venue: venue(),
            capability: Capability { classes: vec![class], cancel_all: true, requests_per_min: 200 },
            limits,
            rules: Rules::default(),
            environment: Environment::Paper,
            live_confirmed: None,
            always_open: true,
            fees: Vec::new(),
        }],
        watchlist: vec![(instrument().symbol, None)],
        default_tif: Tif::Day,
        read_only: false,
        watches: true,
        alive: BTreeSet::new(),
        exit: ExitTerms::default(),
        takes_up_exits: true,
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            rng: fastrand::Rng::with_seed(seed),
            now_ms: 0,
            faults: true,
            orders: BTreeMap::new(),
            executions: Vec::new(),
            position: Decimal::ZERO,
            left: BTreeMap::new(),
            mail: Vec::new(),
            timers: BTreeMap::new(),
            stream_up: false,
            journal: Vec::new(),
            engine: Engine::new(setup(0)),
            runs: 0,
            asked: 0,
            log: Vec::new(),
        };
        world.step(Input::Begin);
        world.set_stream(true);
        world
    }

    fn now(&self) -> Now {
        let wall = Stamp::from_secs(1_795_000_000).unwrap().plus_ms(i64::try_from(self.now_ms).unwrap());
        Now { wall, mono: Mono::from_millis(self.now_ms) }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.faults && self.rng.u32(0..100) < percent
    }

    fn step(&mut self, input: Input) {
        let step = self.engine.step(self.now(), input);
        // The disk first. A crash may come between the journal and the socket.
        self.journal.extend(step.facts.into_iter().filter(|d| d.fact.is_durable()));
        if self.chance(1) {
            self.crash();
            return;
        }
        for effect in step.effects {
            self.act(effect);
        }
    }

    fn crash(&mut self) {
        self.log.push(format!("{} crash", self.now_ms));
        self.runs += 1;
        self.engine = Engine::new(setup(self.runs));
        self.mail.clear();
        self.timers.clear();
        for dated in self.journal.clone() {
            let json = serde_json::to_string(&dated).unwrap();
            let back: Dated = serde_json::from_str(&json).unwrap();
            assert_eq!(back, dated, "the journal gives back what it was given");
            self.engine.step(self.now(), Input::Past(Box::new(back)));
        }
        self.stream_up = false;
        let was = std::mem::replace(&mut self.faults, false);
        self.step(Input::Begin);
        self.faults = was;
        self.set_stream(true);
    }

    fn set_stream(&mut self, up: bool) {
        if self.stream_up == up {
            return;
        }
        self.stream_up = up;
        let at = self.now().mono;
        let link =
            if up { Link::Up } else { Link::Backoff { until: at.plus_ms(500), why: Text::clean("flap") } };
        self.post(
            0,
            Input::Venue { venue: venue(), event: Event::Link { channel: Channel::Orders, link, at } },
        );
    }

    fn post(&mut self, delay: u64, input: Input) {
        let at = self.now_ms + delay;
        self.mail.push(Mail { at, input });
    }

    fn answer(&mut self, answer: Answer) {
        let delay = if self.faults { self.rng.u64(1..400) } else { 5 };
        self.post(delay, Input::Answer { venue: venue(), answer });
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Submit { order, .. } => self.submit(order.spend()),
            Effect::Reduce { order, .. } => self.submit(order.spend()),
            Effect::Replace { change, .. } => {
                let wish = change.spend();
                let refusal = Refusal { code: Text::clean("x"), text: Text::clean("no"), retry_at: None };
                let outcome = Outcome::Refused(refusal);
                self.answer(Answer::Replaced { order: wish.order.client, by: wish.client, outcome });
            }
            Effect::Cancel { order, .. } => self.cancel(&order.client),
            Effect::CancelAll { .. } => {
                for client in self.orders.keys().cloned().collect::<Vec<_>>() {
                    self.end(&client, OrderEvent::Cancelled);
                }
                let outcome = if self.chance(10) {
                    Outcome::Unknown(Text::clean("lost"))
                } else {
                    Outcome::Accepted(())
                };
                self.answer(Answer::AllCancelled(outcome));
            }
            Effect::Ask { ask, .. } => self.ask(ask),
            Effect::Arm { timer, after_ms } => {
                self.timers.insert(timer, self.now_ms + after_ms.max(1));
            }
            Effect::Watch { .. } | Effect::Reply { .. } | Effect::Notify(_) | Effect::Stop => {}
        }
    }

    fn submit(&mut self, submission: Submission) {
        let client = submission.client.clone();
        let left = self.left.entry(client.clone()).or_insert(0);
        *left += 1;
        assert_eq!(*left, 1, "order {client} was sent twice\n{}", self.log.join("\n"));
        let text = |t| Text::clean(t);
        if self.chance(5) {
            return self
                .answer(Answer::Submitted { client, outcome: Outcome::NotSent(text("refused connection")) });
        }
        if self.chance(10) {
            // It never arrived, and nobody knows.
            return self.answer(Answer::Submitted { client, outcome: Outcome::Unknown(text("time-out")) });
        }
        if self.chance(5) {
            let refusal = Refusal { code: text("403"), text: text("insufficient"), retry_at: None };
            return self.answer(Answer::Submitted { client, outcome: Outcome::Refused(refusal) });
        }
        let id = VenueOrderId::new(&format!("v{}", self.orders.len())).unwrap();
        let held = Held { submission, id, filled: Qty::ZERO, status: OrderEvent::Working };
        self.orders.insert(client.clone(), held);
        let report = self.report_of(&client);
        self.tell(&client);
        self.match_orders();
        let lost = self.chance(15);
        let outcome =
            if lost { Outcome::Unknown(text("answer lost")) } else { Outcome::Accepted(vec![report]) };
        self.answer(Answer::Submitted { client, outcome });
    }

    /// Fills what can fill, in parts, sometimes later.
    fn match_orders(&mut self) {
        for client in self.orders.keys().cloned().collect::<Vec<_>>() {
            let held = &self.orders[&client];
            let Amount::Qty(wanted) = held.submission.spec.amount else {
                panic!("the model venue takes quantities")
            };
            let open = matches!(held.status, OrderEvent::Working | OrderEvent::FilledInPart);
            let takes = held.submission.spec.order_type == OrderType::Market;
            if !open || !takes || (self.faults && self.rng.u32(0..3) == 0) {
                continue;
            }
            let rest = wanted.checked_sub(held.filled).unwrap();
            let part = if self.rng.bool() && rest > qty(1) { qty(1) } else { rest };
            self.fill(&client, part);
        }
    }

    fn fill(&mut self, client: &ClientId, part: Qty) {
        let n = self.executions.len();
        let held = self.orders.get_mut(client).unwrap();
        held.filled = held.filled.checked_add(part).unwrap();
        let whole = Amount::Qty(held.filled) == held.submission.spec.amount;
        held.status = if whole { OrderEvent::FilledWhole } else { OrderEvent::FilledInPart };
        let spec = &held.submission.spec;
        let execution = Execution {
            id: ExecutionId::new(&format!("e{n}")).unwrap(),
            client: client.clone(),
            venue_id: held.id.clone(),
            instrument: spec.instrument.clone(),
            side: spec.side,
            qty: part,
            price: price(10_000),
            cum: Some(held.filled),
            fee: None,
            liquidity: Liquidity::Taker,
            at: Stamp::from_secs(1_795_000_000).unwrap().plus_ms(i64::try_from(self.now_ms).unwrap()),
        };
        self.position += part.signed(spec.side).get();
        self.executions.push(execution.clone());
        self.stream(Event::Execution(Box::new(execution)));
        self.tell(client);
    }

    /// Sends news of an order on the stream.
    fn tell(&mut self, client: &ClientId) {
        let report = self.report_of(client);
        self.stream(Event::Order(Box::new(report)));
    }

    /// The stream loses everything while it is down, and doubles and delays what it carries.
    fn stream(&mut self, event: Event) {
        if !self.stream_up {
            return;
        }
        let copies = if self.chance(10) { 2 } else { 1 };
        for _ in 0..copies {
            let delay = if self.faults { self.rng.u64(0..300) } else { 1 };
            self.post(delay, Input::Venue { venue: venue(), event: event.clone() });
        }
    }

    fn cancel(&mut self, client: &ClientId) {
        if self.chance(10) {
            let outcome = Outcome::Unknown(Text::clean("lost"));
            return self.answer(Answer::Cancelled { order: client.clone(), outcome });
        }
        let done = self.end(client, OrderEvent::Cancelled);
        let outcome = if done {
            Outcome::Accepted(())
        } else {
            let text = Text::clean("not cancelable");
            Outcome::Refused(Refusal { code: Text::clean("422"), text, retry_at: None })
        };
        self.answer(Answer::Cancelled { order: client.clone(), outcome });
    }

    fn end(&mut self, client: &ClientId, status: OrderEvent) -> bool {
        let Some(held) = self.orders.get_mut(client) else { return false };
        if !matches!(held.status, OrderEvent::Working | OrderEvent::FilledInPart) {
            return false;
        }
        held.status = status;
        self.tell(client);
        true
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Prove => self.answer(Answer::Proved(Ok(Proof {
                account: AccountId::new("PA1").unwrap(),
                environment: Environment::Paper,
                read_only: None,
                withdraw: None,
            }))),
            Ask::Symbols => self.answer(Answer::Symbols(Ok(vec![instrument().symbol]))),
            Ask::Instruments(asked) => self.answer(Answer::Instruments { asked, result: Ok(vec![rules()]) }),
            Ask::Find(order) => {
                // The venue's memory lags: for a while it says that it has no such order.
                let lags = self.chance(30);
                let found = self.orders.contains_key(&order.client) && !lags;
                let result = Ok(if found { vec![self.report_of(&order.client)] } else { Vec::new() });
                self.answer(Answer::Found { order: order.client, result });
            }
            Ask::Report(_) => {
                let report = self.whole_report();
                self.answer(Answer::Reported(Box::new(report)));
            }
            Ask::Bars { .. } => {}
        }
    }

    fn whole_report(&mut self) -> VenueReport {
        let clients: Vec<ClientId> = self.orders.keys().cloned().collect();
        let orders = clients.iter().map(|c| self.report_of(c)).collect();
        let equity = Money::new(Decimal::from(1_000_000));
        let account = AccountReport {
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
        };
        let positions = vec![PositionReport {
            instrument: instrument(),
            qty: SignedQty::new(self.position),
            available: None,
            avg_price: Some(price(10_000)),
            last: Some(price(10_000)),
            previous_close: None,
        }];
        let missing = self.chance(15);
        VenueReport {
            venue: venue(),
            began: self.now(),
            orders: Some(orders).filter(|_| !missing),
            executions: Some(self.executions.clone()),
            positions: if self.chance(10) { None } else { Some(positions) },
            account: Some(account),
            instruments: vec![rules()],
            missing: Vec::new(),
        }
    }

    fn report_of(&self, client: &ClientId) -> OrderReport {
        let held = &self.orders[client];
        let spec = &held.submission.spec;
        OrderReport {
            client: client.clone(),
            venue_id: held.id.clone(),
            instrument: spec.instrument.clone(),
            side: spec.side,
            amount: spec.amount,
            order_type: spec.order_type,
            tif: spec.tif,
            extended: false,
            attached: Attached::Simple,
            status: held.status,
            status_word: Text::clean("x"),
            filled: held.filled,
            avg_price: held.filled.is_positive().then(|| price(10_000)),
            parent: None,
            role: None,
            replaces: None,
            replaced_by: None,
            trailing_stop: None,
            reason: None,
            submitted: None,
        }
    }

    fn quote(&mut self) {
        let now = self.now();
        let quote = Quote {
            instrument: instrument(),
            bid: Some((price(9_999), qty(100))),
            ask: Some((price(10_001), qty(100))),
            at: now.wall,
            received: now.mono,
        };
        self.step(Input::Market(vec![Market::Quote(quote)]));
    }

    fn command(&mut self, line: &str) {
        self.asked += 1;
        let request = Request::Do(grammar::parse(line).unwrap());
        let envelope = Envelope { id: RequestId(self.asked), origin: Origin::Screen, request };
        self.log.push(format!("{} {line}", self.now_ms));
        self.step(Input::Request { front: Front(0), envelope });
    }

    /// Lets `ms` go by: mail and timers come at their times.
    fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while self.now_ms < end {
            self.now_ms += 1;
            if self.now_ms.is_multiple_of(100) {
                self.match_orders();
                self.quote();
            }
            while let Some(n) = self.mail.iter().position(|m| m.at <= self.now_ms) {
                let mail = self.mail.remove(n);
                self.step(mail.input);
            }
            let due: Vec<Timer> =
                self.timers.iter().filter(|(_, at)| **at <= self.now_ms).map(|(t, _)| t.clone()).collect();
            for timer in due {
                if self.timers.remove(&timer).is_some() {
                    self.step(Input::Timer(timer));
                }
            }
        }
    }

    fn act_like_a_trader(&mut self) {
        match self.rng.u32(0..10) {
            0..=2 => {
                let n = self.rng.u32(1..5);
                self.command(&format!("buy AAPL {n}"));
            }
            3 => self.command("sell AAPL 2"),
            4 => self.command("buy AAPL 3 limit 95"),
            5 => self.command("cancel all"),
            6 => self.command("close AAPL"),
            7 => self.command("close AAPL 50%"),
            8 => {
                let up = !self.stream_up;
                self.set_stream(up);
            }
            _ => self.command("unlock sim"),
        }
    }

    fn book_position(&self) -> Decimal {
        self.engine.book().position(&instrument()).map_or(Decimal::ZERO, |p| p.qty.get())
    }

    /// After everything has healed the book is what the venue says.
    fn settle_and_check(&mut self, seed: u64) {
        self.faults = false;
        self.set_stream(true);
        self.pass(150_000);
        let log = self.log.join("\n");
        assert_eq!(self.book_position(), self.position, "seed {seed}: position\n{log}");
        for (client, held) in &self.orders {
            let id = OrderId { venue: venue(), client: client.clone() };
            let row = self
                .engine
                .book()
                .order(&id)
                .unwrap_or_else(|| panic!("seed {seed}: {client} is missing\n{log}"));
            assert_eq!(row.filled, held.filled, "seed {seed}: {client} {row:?}\n{log}");
            let open = matches!(held.status, OrderEvent::Working | OrderEvent::FilledInPart);
            assert_eq!(row.state.is_open(), open, "seed {seed}: {client} is {:?}\n{log}", row.state);
        }
        for row in self.engine.book().open_orders() {
            let known = self.orders.contains_key(&row.id.client);
            assert!(known || row.state == OrderState::Absent, "seed {seed}: {row:?}\n{log}");
        }
        self.command("flatten");
        self.pass(30_000);
        let exit = self.engine.snapshot(self.now()).and_then(|s| s.exit.clone());
        let alerts: Vec<String> = self.engine.book().alerts().map(|(a, _)| a.text.to_string()).collect();
        let why = format!("{exit:#?}\n{}", alerts[alerts.len().saturating_sub(6)..].join("\n"));
        assert_eq!(self.position, Decimal::ZERO, "seed {seed}: flat at the venue\n{log}\n{why}");
        assert_eq!(self.book_position(), Decimal::ZERO, "seed {seed}: flat in the book\n{log}");
    }
}

fn rules() -> Instrument {
    Instrument {
        id: instrument(),
        name: Text::clean("Apple"),
        native: Text::clean("AAPL"),
        class: AssetClass::Equity,
        quote: Currency::usd(),
        base: None,
        tick: Tick::UsEquity,
        lot: qty(1),
        whole_lot: qty(1),
        qty_min: qty(1),
        qty_max: None,
        notional_min: Money::ZERO,
        multiplier: Ratio::new(Decimal::ONE),
        shortable: true,
        borrow: Borrow::Easy,
        marginable: true,
        tradable: Tradable::Yes,
    }
}

fn live_a_day(seed: u64) {
    let mut world = World::new(seed);
    world.pass(2_000);
    for _ in 0..60 {
        world.act_like_a_trader();
        let ms = world.rng.u64(20..1_500);
        world.pass(ms);
    }
    world.settle_and_check(seed);
}

#[test]
fn whatever_the_network_does_the_book_becomes_what_the_venue_says() {
    let many = std::env::var("SIMULATION_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40_u64);
    for seed in 0..many {
        live_a_day(seed);
    }
}
