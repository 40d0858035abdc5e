//! Model venues in virtual time around the engine: what they hold, what they do to those who ask, and the ends that
//! must hold after every step: no order leaves twice, no close makes a position larger (I6), and nothing is called
//! flat that its venue does not call so (I7).

#![expect(clippy::redundant_pub_crate, reason = "shared by the tests of exits and of races")]

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tradedeck::{
    broker::{
        Capability, Channel, Event, Link, Outcome, Proof, Refusal,
        capability::{ClassCapability, TifWord},
    },
    desk::{Envelope, Reply, Request, RequestId, Snapshot, snapshot::ExitRow},
    domain::{
        fact::{Dated, Fact},
        ids::{
            AccountId, ClientId, Currency, ExecutionId, Instance, InstrumentId, Symbol, VenueId, VenueOrderId,
        },
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        lifecycle::OrderEvent,
        limits::{Action, Limits},
        money::{Money, Price, Qty, SignedQty},
        order::{
            Amount, Attached, OrderKind, OrderSpec, OrderType, Origin, Replacement, Side, Submission, Tif,
        },
        quote::{Market, Quote},
        report::{
            AccountReport, Environment, Execution, Liquidity, OrderReport, PositionReport, VenueReport,
        },
        rules::Rules,
        scope::ExitTerms,
        text::Text,
        time::{Mono, Now, Stamp},
    },
    engine::{Answer, Ask, Counting, Effect, Engine, Front, Input, Routing, Setup, Timer, VenueSetup},
    grammar,
};

/// A Wednesday, 11:00 in New York.
pub(crate) const REGULAR: i64 = 1_795_017_600;
/// The same day, 06:00: before the open.
pub(crate) const EARLY: i64 = REGULAR - 5 * 3_600;
/// The Saturday after it.
pub(crate) const CLOSED: i64 = REGULAR + 3 * 86_400;

pub(crate) fn qty(n: &str) -> Qty {
    n.parse().unwrap()
}
pub(crate) fn text(t: &str) -> Text {
    Text::clean(t)
}
pub(crate) fn dec(n: i64) -> Decimal {
    Decimal::from(n)
}

/// What a venue does to those who ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mood {
    /// Answers nothing at all.
    pub(crate) hangs: bool,
    /// Reports lack positions and orders.
    pub(crate) dark: bool,
    /// Cancels are taken and never done.
    pub(crate) keeps_orders: bool,
    /// Refuses every order in this symbol, with these words.
    pub(crate) rejects: Option<(&'static str, &'static str)>,
    /// Answers orders with 429 until then, milliseconds.
    pub(crate) limits_until: u64,
    /// So many of the next orders arrive and their answers are lost.
    pub(crate) deaf: u32,
    /// So many of the next orders are lost, and nobody knows.
    pub(crate) loses: u32,
    /// No order fills at once by more than this.
    pub(crate) part: Option<u32>,
    /// Limits above (to buy) or below (to sell) this distance in per cent fill; others rest.
    pub(crate) far: Option<i64>,
    /// Reports show these positions until then, milliseconds: they lag behind the executions.
    pub(crate) lags: Option<(u64, BTreeMap<Symbol, Decimal>)>,
    /// What a cancel finds filled just before it.
    pub(crate) fills_at_cancel: bool,
    /// A replacement places the new order, can't cancel the old one, and answers with neither.
    pub(crate) half_replaces: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) submission: Submission,
    pub(crate) id: VenueOrderId,
    pub(crate) filled: Decimal,
    pub(crate) status: OrderEvent,
}

#[derive(Debug)]
pub(crate) struct House {
    pub(crate) venue: VenueId,
    pub(crate) environment: Environment,
    pub(crate) open_all_hours: bool,
    pub(crate) extended: bool,
    pub(crate) reduce_only: bool,
    pub(crate) qty_max: Option<Qty>,
    pub(crate) lot: Qty,
    pub(crate) streams: bool,
    pub(crate) halted: Option<&'static str>,
    /// Holds brackets itself.
    pub(crate) brackets: bool,
    /// What its account is held to all the time.
    pub(crate) watched: Rules,
    /// What orders are held to.
    pub(crate) limits: Limits,
    pub(crate) mood: Mood,
    pub(crate) orders: BTreeMap<ClientId, Held>,
    pub(crate) positions: BTreeMap<Symbol, Decimal>,
    pub(crate) executions: Vec<Execution>,
    /// Every request that changes something, in its order.
    pub(crate) asked: Vec<String>,
    /// How often it was asked for everything.
    pub(crate) reports: u32,
}

impl House {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            venue: VenueId::new(name).unwrap(),
            environment: Environment::Paper,
            open_all_hours: true,
            extended: true,
            reduce_only: false,
            qty_max: None,
            lot: qty("1"),
            streams: true,
            halted: None,
            brackets: true,
            watched: Rules::default(),
            limits: Limits { duplicate: Action::Off, stop_required: Action::Off, ..Limits::default() },
            mood: Mood::default(),
            orders: BTreeMap::new(),
            positions: BTreeMap::new(),
            executions: Vec::new(),
            asked: Vec::new(),
            reports: 0,
        }
    }
    pub(crate) fn holds(mut self, symbol: &str, units: &str) -> Self {
        self.positions.insert(Symbol::new(symbol).unwrap(), units.parse().unwrap());
        self
    }
    /// An order that somebody placed before.
    pub(crate) fn works(
        mut self,
        client: &str,
        side: Side,
        symbol: &str,
        units: &str,
        order_type: OrderType,
    ) -> Self {
        let spec = OrderSpec {
            instrument: self.instrument(symbol),
            side,
            amount: Amount::Qty(qty(units)),
            order_type,
            tif: Tif::Gtc,
            extended: false,
            post_only: false,
            reduce_only: false,
            attached: Attached::Simple,
            show: None,
            tag: None,
        };
        let client = ClientId::new(client).unwrap();
        let held = Held {
            submission: Submission { client: client.clone(), spec },
            id: VenueOrderId::new(&format!("{}-{client}", self.venue)).unwrap(),
            filled: Decimal::ZERO,
            status: OrderEvent::Working,
        };
        self.orders.insert(client, held);
        self
    }
    pub(crate) fn stop(self, client: &str, symbol: &str, units: &str) -> Self {
        self.works(client, Side::Sell, symbol, units, OrderType::Stop { stop: "90".parse().unwrap() })
    }
    pub(crate) fn instrument(&self, symbol: &str) -> InstrumentId {
        InstrumentId { venue: self.venue.clone(), symbol: Symbol::new(symbol).unwrap() }
    }
    pub(crate) fn account(&self) -> AccountId {
        AccountId::new(&format!("PA-{}-0042", self.venue)).unwrap()
    }
    pub(crate) fn setup(&self) -> VenueSetup {
        let class = ClassCapability {
            class: AssetClass::Equity,
            kinds: OrderKind::ALL.to_vec(),
            tifs: vec![TifWord::Day, TifWord::Gtc],
            bracket: self.brackets,
            oco: self.brackets,
            oto: self.brackets,
            waits_on_limits: false,
            fractional: false,
            notional: false,
            extended: self.extended,
            post_only: false,
            reduce_only: self.reduce_only,
            short: true,
            replace: true,
            iceberg: false,
        };
        VenueSetup {
            venue: self.venue.clone(),
            capability: Capability { classes: vec![class], cancel_all: true, requests_per_min: 200 },
            rules: self.watched.clone(),
            limits: self.limits.clone(),
            environment: self.environment,
            live_confirmed: Some("0042".into()),
            always_open: self.open_all_hours,
            fees: Vec::new(),
        }
    }
    pub(crate) fn rules(&self, symbol: &Symbol) -> Instrument {
        Instrument {
            id: InstrumentId { venue: self.venue.clone(), symbol: symbol.clone() },
            name: text("A company"),
            native: text(symbol.as_str()),
            class: AssetClass::Equity,
            quote: Currency::usd(),
            base: None,
            tick: Tick::UsEquity,
            lot: self.lot,
            whole_lot: qty("1"),
            qty_min: self.lot,
            qty_max: self.qty_max,
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
    pub(crate) fn position(&self, symbol: &str) -> Decimal {
        self.positions.get(&Symbol::new(symbol).unwrap()).copied().unwrap_or_default()
    }
    pub(crate) fn is_flat(&self) -> bool {
        let open = |h: &Held| matches!(h.status, OrderEvent::Working | OrderEvent::FilledInPart);
        self.positions.values().all(Decimal::is_zero) && !self.orders.values().any(open)
    }
    /// The closes that reached it: symbol and size, in their order.
    pub(crate) fn closes(&self) -> Vec<String> {
        self.asked.iter().filter(|a| a.starts_with("sell ") || a.starts_with("buy ")).cloned().collect()
    }
    pub(crate) fn report_of(&self, client: &ClientId) -> OrderReport {
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
            extended: spec.extended,
            attached: Attached::Simple,
            show: None,
            status: held.status,
            status_word: text("x"),
            source: None,
            filled: Qty::new(held.filled).unwrap(),
            avg_price: (held.filled > Decimal::ZERO).then(|| "100".parse().unwrap()),
            parent: None,
            role: None,
            replaces: None,
            replaced_by: None,
            trailing_stop: None,
            reason: None,
            submitted: None,
        }
    }
}

pub(crate) struct Floor {
    pub(crate) base: i64,
    pub(crate) now_ms: u64,
    pub(crate) houses: Vec<House>,
    pub(crate) terms: ExitTerms,
    pub(crate) engine: Engine,
    pub(crate) runs: u32,
    pub(crate) takes_up: bool,
    pub(crate) mail: Vec<(u64, Input)>,
    pub(crate) timers: BTreeMap<Timer, u64>,
    pub(crate) journal: Vec<Dated>,
    pub(crate) left: BTreeMap<ClientId, u32>,
    pub(crate) replies: Vec<Reply>,
    /// Dies after so many more facts.
    pub(crate) fuse: Option<usize>,
    pub(crate) dead: bool,
    pub(crate) asked: u64,
    pub(crate) seen: Arc<Snapshot>,
    /// The symbols that are quoted, and at what.
    pub(crate) quotes: BTreeMap<&'static str, i64>,
}

pub(crate) fn setup(houses: &[House], run: u32, terms: ExitTerms, takes_up: bool) -> Setup {
    Setup {
        instance: Instance::new(&format!("run{run}")).unwrap(),
        version: "exits".into(),
        algorithms: Vec::new(),
        venues: houses.iter().map(House::setup).collect(),
        watchlist: ["AAPL", "MSFT", "NVDA"].map(|s| (Symbol::new(s).unwrap(), None)).to_vec(),
        routing: Routing::default(),
        counting: Counting::default(),
        default_tif: Tif::Gtc,
        read_only: false,
        watches: true,
        watched_elsewhere: false,
        summaries: false,
        alive: BTreeSet::new(),
        exit: terms,
        takes_up_exits: takes_up,
        caution: tradedeck::domain::caution::Caution::default(),
    }
}

impl Floor {
    pub(crate) fn open(houses: Vec<House>) -> Self {
        Self::open_at(REGULAR, houses)
    }

    pub(crate) fn open_at(base: i64, houses: Vec<House>) -> Self {
        let terms = ExitTerms::default();
        let engine = Engine::new(setup(&houses, 0, terms, true));
        let mut floor = Self {
            base,
            now_ms: 1_000,
            houses,
            terms,
            engine,
            runs: 0,
            takes_up: true,
            mail: Vec::new(),
            timers: BTreeMap::new(),
            journal: Vec::new(),
            left: BTreeMap::new(),
            replies: Vec::new(),
            fuse: None,
            dead: false,
            asked: 0,
            seen: Arc::default(),
            quotes: BTreeMap::from([("AAPL", 100), ("MSFT", 100), ("NVDA", 100)]),
        };
        floor.begin();
        floor
    }

    pub(crate) fn begin(&mut self) {
        self.step(Input::Begin);
        for venue in self.houses.iter().filter(|h| h.streams).map(|h| h.venue.clone()).collect::<Vec<_>>() {
            let at = self.now().mono;
            self.step(Input::Venue {
                venue,
                event: Event::Link { channel: Channel::Orders, link: Link::Up, at },
            });
        }
        self.quote();
        self.pass(1_500);
    }

    /// The process ends, and another begins with its journal.
    pub(crate) fn restart(&mut self) {
        self.runs += 1;
        self.engine = Engine::new(setup(&self.houses, self.runs, self.terms, self.takes_up));
        self.mail.clear();
        self.timers.clear();
        self.dead = false;
        self.fuse = None;
        for dated in self.journal.clone() {
            let json = serde_json::to_string(&dated).unwrap();
            self.engine.step(self.now(), Input::Past(Box::new(serde_json::from_str(&json).unwrap())));
        }
        self.begin();
    }

    pub(crate) fn now(&self) -> Now {
        let wall = Stamp::from_secs(self.base).unwrap().plus_ms(i64::try_from(self.now_ms).unwrap());
        Now { wall, mono: Mono::from_millis(self.now_ms) }
    }

    pub(crate) fn house(&mut self, name: &str) -> &mut House {
        self.houses.iter_mut().find(|h| h.venue.as_str() == name).unwrap()
    }

    pub(crate) fn step(&mut self, input: Input) {
        if self.dead {
            return;
        }
        let step = self.engine.step(self.now(), input);
        for dated in step.facts.into_iter().filter(|d| d.fact.is_durable()) {
            if let Fact::ExitEnded { flat: true, report, .. } = &dated.fact {
                self.is_true(report);
            }
            self.journal.push(dated);
            if let Some(fuse) = &mut self.fuse {
                *fuse = fuse.saturating_sub(1);
                // The facts of a step are one transaction; the effects of this one are lost.
                self.dead |= *fuse == 0;
            }
        }
        if self.dead {
            return;
        }
        for effect in step.effects {
            self.act(effect);
        }
    }

    /// I7: FLAT is what the venue would say too, for whole venues.
    pub(crate) fn is_true(&self, report: &Text) {
        for house in &self.houses {
            if report.as_str().starts_with(&format!("flatten everything at {}:", house.venue)) {
                assert!(house.is_flat(), "{report}, and the venue holds {:?}", house.positions);
            }
        }
    }

    pub(crate) fn quote(&mut self) {
        let now = self.now();
        let mut news = Vec::new();
        for house in &self.houses {
            for (symbol, price) in &self.quotes {
                let price = |cents: i64| Price::new(Decimal::new(price * 100 + cents, 2));
                news.push(Market::Quote(Quote {
                    instrument: house.instrument(symbol),
                    bid: Some((price(-1), qty("100"))),
                    ask: Some((price(1), qty("100"))),
                    at: now.wall,
                    received: now.mono,
                }));
            }
        }
        self.step(Input::Market(news));
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while self.now_ms < end {
            self.now_ms += 5;
            while let Some(n) = self.mail.iter().position(|(at, _)| *at <= self.now_ms) {
                let (_, input) = self.mail.remove(n);
                self.step(input);
            }
            let due: Vec<Timer> =
                self.timers.iter().filter(|(_, at)| **at <= self.now_ms).map(|(t, _)| t.clone()).collect();
            for timer in due {
                self.timers.remove(&timer);
                self.step(Input::Timer(timer));
            }
        }
    }

    pub(crate) fn ask(&mut self, request: Request) -> Reply {
        self.asked += 1;
        let envelope = Envelope { id: RequestId(self.asked), origin: Origin::Screen, request };
        self.step(Input::asked(Front(0), envelope));
        self.replies.pop().unwrap_or(Reply::Busy)
    }

    pub(crate) fn command(&mut self, line: &str) -> Reply {
        self.ask(Request::Do(grammar::parse(line).unwrap()))
    }

    #[track_caller]
    pub(crate) fn done(&mut self, line: &str) -> String {
        let reply = self.command(line);
        let Reply::Done(text) = &reply else { panic!("{line}: {reply:?}") };
        text.to_string()
    }

    pub(crate) fn snapshot(&mut self) -> Arc<Snapshot> {
        if let Some(new) = self.engine.snapshot(self.now()) {
            self.seen = new;
        }
        Arc::clone(&self.seen)
    }

    #[track_caller]
    pub(crate) fn exit(&mut self) -> ExitRow {
        self.snapshot().exit.as_deref().cloned().expect("an exit")
    }

    /// Lets the exit come to its end; how it ended.
    #[track_caller]
    pub(crate) fn ends(&mut self, within_ms: u64) -> bool {
        for _ in 0..within_ms.div_ceil(100) {
            self.pass(100);
            if let Some(flat) = self.snapshot().exit.as_ref().and_then(|e| e.flat) {
                return flat;
            }
        }
        panic!("it does not end within {within_ms} ms: {:#?}\n{}", self.exit(), self.alerts());
    }

    pub(crate) fn alerts(&self) -> String {
        self.engine.book().alerts().fold(String::new(), |all, (a, _)| all + a.text.as_str() + "\n")
    }

    #[track_caller]
    pub(crate) fn is_left(&mut self, sentence: &str) {
        let exit = self.exit();
        let left: Vec<String> = exit.venues.iter().flat_map(|v| &v.left).map(ToString::to_string).collect();
        assert!(left.iter().any(|l| l.contains(sentence)), "{sentence:?} is not in {left:?}");
    }

    pub(crate) fn answer(&mut self, venue: &VenueId, answer: Answer) {
        let at = self.now_ms + 20;
        self.mail.push((at, Input::Answer { venue: venue.clone(), answer }));
    }

    pub(crate) fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Submit { venue, order } => self.submit(&venue, order.spend(), false),
            Effect::Reduce { venue, order } => self.submit(&venue, order.spend(), true),
            Effect::Replace { venue, change } => self.replace(&venue, &change.spend()),
            Effect::Cancel { venue, order } => {
                self.house(venue.as_str()).asked.push(format!("cancel {}", order.client));
                self.cancel(&venue, &order.client);
            }
            Effect::CancelAll { venue } => {
                let house = self.house(venue.as_str());
                house.asked.push("cancel all".to_owned());
                if house.mood.hangs {
                    return;
                }
                let all: Vec<ClientId> = house.orders.keys().cloned().collect();
                for client in all {
                    self.end(&venue, &client);
                }
                self.answer(&venue, Answer::AllCancelled(Outcome::Accepted(())));
            }
            Effect::Ask { venue, ask, .. } => self.question(&venue, ask),
            Effect::Arm { timer, after_ms } => {
                self.timers.insert(timer, self.now_ms + after_ms.max(1));
            }
            Effect::Reply { receipt, .. } => self.replies.push(receipt.reply),
            Effect::Instruct { .. } | Effect::Entrust { .. } => panic!("no algorithm is there"),
            Effect::Watch { .. } | Effect::Notify(_) | Effect::Stop => {}
        }
    }

    pub(crate) fn submit(&mut self, venue: &VenueId, submission: Submission, reduces: bool) {
        let client = submission.client.clone();
        let left = self.left.entry(client.clone()).or_insert(0);
        *left += 1;
        assert_eq!(*left, 1, "{client} was sent twice");
        let now = self.now_ms;
        let house = self.house(venue.as_str());
        let spec = &submission.spec;
        let size = spec.amount.qty().unwrap();
        let symbol = spec.instrument.symbol.clone();
        let limit = spec.order_type.limit().map_or_else(String::new, |l| format!(" limit {l}"));
        let ext = if spec.extended { " ext" } else { "" };
        let venue_id = VenueOrderId::new(&format!("v-{client}")).unwrap();
        house.asked.push(format!("{} {size} {symbol}{limit}{ext}", spec.side.word()));
        if house.mood.hangs {
            return;
        }
        if house.mood.loses > 0 {
            house.mood.loses -= 1;
            return self
                .answer(venue, Answer::Submitted { client, outcome: Outcome::Unknown(text("timed out")) });
        }
        let refusal = |code: &str, words: &str, at: Option<u64>| {
            Outcome::Refused(Refusal {
                code: text(code),
                text: text(words),
                retry_at: at.map(Mono::from_millis),
            })
        };
        if now < house.mood.limits_until {
            let outcome = refusal("429", "too many requests", Some(house.mood.limits_until));
            return self.answer(venue, Answer::Submitted { client, outcome });
        }
        if let Some((_, words)) = house.mood.rejects.filter(|(s, _)| *s == symbol.as_str()) {
            return self.answer(venue, Answer::Submitted { client, outcome: refusal("403", words, None) });
        }
        // What open sells have reserved can't be sold once more.
        let open: Decimal = house
            .orders
            .values()
            .filter(|h| matches!(h.status, OrderEvent::Working | OrderEvent::FilledInPart))
            .filter(|h| h.submission.spec.instrument.symbol == symbol && h.submission.spec.side == spec.side)
            .map(|h| h.submission.spec.amount.qty().unwrap().get() - h.filled)
            .sum();
        let held = house.position(symbol.as_str()).abs();
        if reduces && !house.reduce_only && open + size.get() > held {
            let outcome = refusal("403", "insufficient qty available for order", None);
            panic!("I6: {client} would turn the position: {open} open, {size} asked of {held}: {outcome:?}");
        }
        house.orders.insert(
            client.clone(),
            Held { submission, id: venue_id, filled: Decimal::ZERO, status: OrderEvent::Working },
        );
        self.tell(venue, &client);
        self.fill_what_fills(venue, &client);
        let house = self.house(venue.as_str());
        let report = house.report_of(&client);
        let outcome = if house.mood.deaf > 0 {
            house.mood.deaf -= 1;
            Outcome::Unknown(text("the answer was lost"))
        } else {
            Outcome::Accepted(vec![report])
        };
        self.answer(venue, Answer::Submitted { client, outcome });
    }

    /// The venue makes a new order in the place of the old one, as Alpaca does.
    pub(crate) fn replace(&mut self, venue: &VenueId, change: &Replacement) {
        let left = self.left.entry(change.client.clone()).or_insert(0);
        *left += 1;
        assert_eq!(*left, 1, "{} was sent twice", change.client);
        let (order, by) = (change.order.client.clone(), change.client.clone());
        let house = self.house(venue.as_str());
        house.asked.push(format!("replace {order}"));
        let half = house.mood.half_replaces;
        let held = house.orders.get_mut(&order).unwrap();
        if !matches!(held.status, OrderEvent::Working | OrderEvent::FilledInPart) {
            let refusal = Refusal { code: text("422"), text: text("order is not open"), retry_at: None };
            return self.answer(venue, Answer::Replaced { order, by, outcome: Outcome::Refused(refusal) });
        }
        if !half {
            held.status = OrderEvent::Replaced;
        }
        let new = Held {
            submission: Submission { client: by.clone(), spec: change.after.clone() },
            id: VenueOrderId::new(&format!("v-{by}")).unwrap(),
            filled: Decimal::ZERO,
            status: OrderEvent::Working,
        };
        house.orders.insert(by.clone(), new);
        self.tell(venue, &order);
        self.tell(venue, &by);
        let outcome = if half {
            Outcome::Unknown(text("409: the old order could not be cancelled"))
        } else {
            let house = self.house(venue.as_str());
            Outcome::Accepted(vec![house.report_of(&order), house.report_of(&by)])
        };
        self.answer(venue, Answer::Replaced { order, by, outcome });
    }

    pub(crate) fn fill_what_fills(&mut self, venue: &VenueId, client: &ClientId) {
        let (base, open_market) = (self.base, self.base == REGULAR);
        let price = self.quotes.clone();
        let house = self.house(venue.as_str());
        let held = &house.orders[client];
        let spec = &held.submission.spec;
        if house.halted == Some(spec.instrument.symbol.as_str()) || (base == CLOSED && !house.open_all_hours)
        {
            return;
        }
        let mid = dec(price.get(spec.instrument.symbol.as_str()).copied().unwrap_or(100));
        let fills = match spec.order_type {
            OrderType::Market => open_market || house.open_all_hours,
            OrderType::Limit { limit } => {
                let far = house.mood.far.unwrap_or(0);
                let through = match spec.side {
                    Side::Sell => mid - limit.get(),
                    Side::Buy => limit.get() - mid,
                };
                through * Decimal::ONE_HUNDRED / mid >= dec(far)
            }
            OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => false,
        };
        if !fills {
            return;
        }
        let rest = spec.amount.qty().unwrap().get() - held.filled;
        let part = house.mood.part.map_or(rest, |most| rest.min(Decimal::from(most)));
        // A venue with reduce-only takes no more than is there.
        let there = house.position(spec.instrument.symbol.as_str()).abs();
        let part = if spec.reduce_only { part.min(there) } else { part };
        if part > Decimal::ZERO {
            self.fill(venue, client, part);
        }
    }

    pub(crate) fn fill(&mut self, venue: &VenueId, client: &ClientId, part: Decimal) {
        let at = self.now().wall;
        let house = self.house(venue.as_str());
        let n = house.executions.len();
        let held = house.orders.get_mut(client).unwrap();
        held.filled += part;
        let whole = Some(held.filled) == held.submission.spec.amount.qty().map(Qty::get);
        held.status = if whole { OrderEvent::FilledWhole } else { OrderEvent::FilledInPart };
        let spec = held.submission.spec.clone();
        let execution = Execution {
            id: ExecutionId::new(&format!("{venue}-e{n}")).unwrap(),
            client: client.clone(),
            venue_id: held.id.clone(),
            instrument: spec.instrument.clone(),
            side: spec.side,
            qty: Qty::new(part).unwrap(),
            price: "100".parse().unwrap(),
            cum: Qty::new(held.filled),
            fee: None,
            liquidity: Liquidity::Taker,
            at,
            revision: 0,
            seen: None,
        };
        let position = house.positions.entry(spec.instrument.symbol.clone()).or_default();
        let was = position.abs();
        *position += execution.qty.signed(spec.side).get();
        if client.is_ours() && !spec.order_type.kind().word().contains("stop") {
            let closes =
                house.executions.is_empty() || position.abs() <= was || !is_close(&self.journal, client);
            assert!(closes, "I6: {client} made {} larger", spec.instrument);
        }
        let house = self.house(venue.as_str());
        house.executions.push(execution.clone());
        if house.streams && !house.mood.hangs {
            let input = Input::Venue { venue: venue.clone(), event: Event::Execution(Box::new(execution)) };
            let at = self.now_ms + 10;
            self.mail.push((at, input));
        }
        self.tell(venue, client);
    }

    /// An exit that the venue holds in a group fills: the model has no row for it, only what it does.
    pub(crate) fn fills_apart(&mut self, client: &str, symbol: &str, side: Side, units: &str) {
        let at = self.now().wall;
        let house = self.houses.first_mut().unwrap();
        let venue = house.venue.clone();
        let execution = Execution {
            id: ExecutionId::new(&format!("{venue}-x-{client}")).unwrap(),
            client: ClientId::new(client).unwrap(),
            venue_id: VenueOrderId::new(&format!("v-{client}")).unwrap(),
            instrument: house.instrument(symbol),
            side,
            qty: qty(units),
            price: "100".parse().unwrap(),
            cum: Some(qty(units)),
            fee: None,
            liquidity: Liquidity::Taker,
            at,
            revision: 0,
            seen: None,
        };
        *house.positions.entry(Symbol::new(symbol).unwrap()).or_default() += execution.qty.signed(side).get();
        house.executions.push(execution.clone());
        self.step(Input::Venue { venue, event: Event::Execution(Box::new(execution)) });
    }

    pub(crate) fn tell(&mut self, venue: &VenueId, client: &ClientId) {
        let house = self.house(venue.as_str());
        if !house.streams || house.mood.hangs {
            return;
        }
        let report = house.report_of(client);
        let at = self.now_ms + 10;
        self.mail.push((at, Input::Venue { venue: venue.clone(), event: Event::Order(Box::new(report)) }));
    }

    pub(crate) fn end(&mut self, venue: &VenueId, client: &ClientId) -> bool {
        let house = self.house(venue.as_str());
        let Some(held) = house.orders.get(client) else { return false };
        if !matches!(held.status, OrderEvent::Working | OrderEvent::FilledInPart) {
            return false;
        }
        if house.mood.keeps_orders && !client.is_ours() {
            return true;
        }
        if house.mood.fills_at_cancel && held.submission.spec.order_type.kind() == OrderKind::Limit {
            let rest = held.submission.spec.amount.qty().unwrap().get() - held.filled;
            self.fill(venue, client, rest);
            return false;
        }
        let house = self.house(venue.as_str());
        house.orders.get_mut(client).unwrap().status = OrderEvent::Cancelled;
        self.tell(venue, client);
        true
    }

    pub(crate) fn cancel(&mut self, venue: &VenueId, client: &ClientId) {
        if self.house(venue.as_str()).mood.hangs {
            return;
        }
        let outcome = if self.end(venue, client) {
            Outcome::Accepted(())
        } else {
            Outcome::Refused(Refusal { code: text("422"), text: text("not cancelable"), retry_at: None })
        };
        self.answer(venue, Answer::Cancelled { order: client.clone(), outcome });
    }

    pub(crate) fn question(&mut self, venue: &VenueId, ask: Ask) {
        let now = self.now();
        let house = self.house(venue.as_str());
        if house.mood.hangs {
            return;
        }
        let answer = match ask {
            Ask::Prove => Answer::Proved(Ok(Proof {
                account: house.account(),
                environment: house.environment,
                read_only: None,
                withdraw: None,
            })),
            Ask::Symbols => {
                Answer::Symbols(Ok(["AAPL", "MSFT", "NVDA"].map(|s| Symbol::new(s).unwrap()).to_vec()))
            }
            Ask::Instruments(asked) => {
                let result = Ok(asked.iter().map(|s| house.rules(s)).collect());
                Answer::Instruments { asked, result }
            }
            Ask::Find(order) => {
                let found = house.orders.contains_key(&order.client);
                let result = Ok(if found { vec![house.report_of(&order.client)] } else { Vec::new() });
                Answer::Found { order: order.client, result }
            }
            Ask::Report(_) => {
                house.reports += 1;
                Answer::Reported(Box::new(whole_report(house, now)))
            }
            Ask::Bars { .. } => return,
        };
        self.answer(venue, answer);
    }
}

/// Did an exit make it?
pub(crate) fn is_close(journal: &[Dated], client: &ClientId) -> bool {
    journal.iter().any(|d| {
        matches!(&d.fact, Fact::Intended(intent)
            if intent.order.client == *client && intent.origin == Origin::Exit)
    })
}

pub(crate) fn whole_report(house: &House, now: Now) -> VenueReport {
    let equity = Money::new(dec(1_000_000));
    let account = AccountReport {
        account: house.account(),
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
    let lags = house.mood.lags.as_ref().filter(|(until, _)| now.mono < Mono::from_millis(*until));
    let shown = lags.map_or(&house.positions, |(_, old)| old);
    let positions = shown.iter().filter(|(_, q)| !q.is_zero()).map(|(symbol, q)| PositionReport {
        instrument: InstrumentId { venue: house.venue.clone(), symbol: symbol.clone() },
        qty: SignedQty::new(*q),
        available: None,
        avg_price: Some(if symbol.as_str() == "MSFT" { "120" } else { "80" }.parse().unwrap()),
        last: Some("100".parse().unwrap()),
        previous_close: None,
    });
    let dark = house.mood.dark;
    VenueReport {
        venue: house.venue.clone(),
        began: now,
        orders: (!dark).then(|| house.orders.keys().map(|c| house.report_of(c)).collect()),
        executions: (!dark).then(|| house.executions.clone()),
        positions: (!dark).then(|| positions.collect()),
        account: Some(account),
        instruments: house.positions.keys().map(|s| house.rules(s)).collect(),
        missing: if dark { vec![text("positions: 503")] } else { Vec::new() },
    }
}
