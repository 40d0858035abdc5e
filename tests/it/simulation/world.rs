//! The world of a run: virtual time, the engine, the shell around it with its disk, and the venues at the other end of
//! a bad network. Everything that will happen stands in one queue; time goes from one event to the next.

use super::{
    invariants::{Intended, Judge},
    network::Weather,
    trader,
    venue::{AsOf, Held, House, Kind, hostile},
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tradedeck::{
    broker::{
        Capability, Channel, Event, Fault, Link, OrderRef, Outcome, Proof, Refusal, Replacement, Wanted,
        capability::{ClassCapability, TifWord},
    },
    desk::{Envelope, Request, RequestId},
    domain::{
        fact::{Dated, Fact},
        ids::{ClientId, Instance, InstrumentId, Symbol, VenueId},
        instrument::AssetClass,
        limits::{Action, Limits},
        money::{Price, Qty},
        order::{OrderKind, Origin, Role, Submission, Tif},
        quote::{Market, Quote},
        report::{Environment, OrderReport, VenueReport},
        rules::Rules,
        scope::ExitTerms,
        text::Text,
        time::{Mono, Now, Stamp},
    },
    engine::{Answer, Ask, Counting, Effect, Engine, Front, Input, Routing, Setup, Timer, VenueSetup},
    grammar,
};

/// A Wednesday, 11:00 in New York.
const START: i64 = 1_795_017_600;
/// How often orders are matched and prices move.
const TRADE_MS: u64 = 250;
/// How often quotes come.
const QUOTES_MS: u64 = 1_000;

pub(super) const HOUSES: [Kind; 3] = [
    Kind {
        name: "alfa",
        class: AssetClass::Equity,
        symbols: &["AAPL", "MSFT"],
        reduce_only: false,
        brackets: true,
        replaces: true,
        cancels_all: true,
        short: true,
        base_fee: false,
        lot: Decimal::ONE,
    },
    Kind {
        name: "beta",
        class: AssetClass::Equity,
        symbols: &["AAPL", "NVDA"],
        reduce_only: true,
        brackets: false,
        replaces: true,
        cancels_all: false,
        short: true,
        base_fee: false,
        lot: Decimal::ONE,
    },
    Kind {
        name: "coin",
        class: AssetClass::Crypto,
        symbols: &["BTC/USD"],
        reduce_only: false,
        brackets: false,
        replaces: false,
        cancels_all: true,
        short: false,
        base_fee: true,
        lot: Decimal::from_parts(1, 0, 0, false, 4),
    },
];

/// A request on its way to a venue.
#[derive(Debug)]
enum Wire {
    Submit(Submission),
    Replace(Replacement),
    Cancel(OrderRef),
    CancelAll,
}

/// How a request and its answer fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    Deaf,
    Limited,
    Refused,
}

#[derive(Debug)]
enum Then {
    /// The engine of this run is told something.
    Tell {
        run: u32,
        input: Input,
    },
    Timer(Timer),
    Arrive {
        run: u32,
        house: usize,
        wire: Wire,
        fate: Fate,
    },
    /// A replacement that was taken is done, or refused.
    Replaced {
        house: usize,
        wish: Replacement,
        refused: bool,
    },
    Cancelled {
        house: usize,
        client: ClientId,
    },
    /// A report's last part was collected.
    Collected {
        run: u32,
        house: usize,
        began: Now,
        wanted: Wanted,
        at: AsOf,
    },
    Found {
        run: u32,
        house: usize,
        order: OrderRef,
        as_of: u64,
    },
    Trade,
    Quotes,
    Stream {
        house: usize,
        up: bool,
    },
    Unstall {
        house: usize,
    },
    Act,
}

/// The order stream of a venue.
#[derive(Debug, Default, Clone)]
struct Stream {
    up: bool,
    /// Nothing comes through, and nobody says so.
    stalled: bool,
    waiting: Vec<Event>,
}

pub(super) struct World {
    pub(super) rng: fastrand::Rng,
    pub(super) ms: u64,
    pub(super) weather: Weather,
    pub(super) engine: Engine,
    pub(super) houses: Vec<House>,
    pub(super) judge: Judge,
    pub(super) journal: Vec<Dated>,
    pub(super) journal_lost: bool,
    pub(super) acts: bool,
    /// How often orders are matched and how often quotes come, milliseconds.
    beats: (u64, u64),
    streams: Vec<Stream>,
    proven: Vec<Option<Environment>>,
    queue: BTreeMap<(u64, u64), Then>,
    timers: BTreeMap<Timer, (u64, u64)>,
    posted: u64,
    run: u32,
    asked: u64,
    steps: u64,
    /// The trader also asks for what venues lack and is held here.
    pub(super) holds: bool,
    pub(super) keeps_log: bool,
    pub(super) log: Vec<String>,
}

fn class_of(kind: &Kind) -> ClassCapability {
    ClassCapability {
        class: kind.class,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![TifWord::Day, TifWord::Gtc],
        bracket: kind.brackets,
        oco: kind.brackets,
        oto: kind.brackets,
        waits_on_limits: false,
        fractional: kind.lot < Decimal::ONE,
        notional: false,
        extended: true,
        post_only: false,
        reduce_only: kind.reduce_only,
        short: kind.short,
        replace: kind.replaces,
        iceberg: false,
    }
}

fn setup(run: u32) -> Setup {
    let limits = Limits { duplicate: Action::Off, stop_required: Action::Off, ..Limits::default() };
    let venues = HOUSES.iter().map(|kind| VenueSetup {
        venue: VenueId::new(kind.name).unwrap(),
        capability: Capability {
            classes: vec![class_of(kind)],
            cancel_all: kind.cancels_all,
            requests_per_min: 200,
        },
        limits: limits.clone(),
        rules: Rules::default(),
        environment: Environment::Paper,
        live_confirmed: None,
        always_open: true,
        fees: Vec::new(),
    });
    let watched = HOUSES.iter().flat_map(|kind| {
        let venue = VenueId::new(kind.name).unwrap();
        kind.symbols.iter().map(move |s| (Symbol::new(s).unwrap(), Some(venue.clone())))
    });
    Setup {
        instance: Instance::new(&format!("run{run}")).unwrap(),
        version: "sim".into(),
        algorithms: Vec::new(),
        venues: venues.collect(),
        watchlist: watched.collect(),
        routing: Routing::default(),
        counting: Counting::default(),
        default_tif: Tif::Gtc,
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

/// From this seed on the trader also asks for what is held here: the lives of the seeds before stay what they were.
pub(super) const HOLDS_FROM: u64 = 100_000;

fn text(t: &str) -> Text {
    Text::clean(t)
}

impl World {
    /// A world in this weather, its run begun.
    pub(super) fn new(seed: u64, weather: Option<Weather>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let weather = weather.unwrap_or_else(|| Weather::of(&mut rng));
        let mut houses: Vec<House> = HOUSES.iter().cloned().map(House::new).collect();
        for house in &mut houses {
            // L6: a venue's clock is its own.
            house.skew_ms = if rng.bool() { 0 } else { rng.i64(-3_600_000..3_600_000) };
        }
        if weather.way_ms > 100 && rng.u32(0..40) == 0 {
            let n = rng.usize(..houses.len());
            houses[n].environment = Environment::Live;
        }
        let mut world = Self {
            rng,
            ms: 0,
            weather,
            engine: Engine::new(setup(0)),
            streams: vec![Stream::default(); houses.len()],
            proven: vec![None; houses.len()],
            houses,
            judge: Judge::default(),
            journal: Vec::new(),
            journal_lost: false,
            acts: false,
            beats: (TRADE_MS, QUOTES_MS),
            queue: BTreeMap::new(),
            timers: BTreeMap::new(),
            posted: 0,
            run: 0,
            asked: 0,
            steps: 0,
            holds: seed >= HOLDS_FROM,
            keeps_log: false,
            log: Vec::new(),
        };
        world.begin();
        world.post(TRADE_MS, Then::Trade);
        world.post(10, Then::Quotes);
        world
    }

    pub(super) fn now(&self) -> Now {
        let wall = Stamp::from_secs(START).unwrap().plus_ms(i64::try_from(self.ms).unwrap());
        Now { wall, mono: Mono::from_millis(self.ms + 1_000_000) }
    }

    fn begin(&mut self) {
        self.step(Input::Begin);
        for house in 0..self.houses.len() {
            self.streams[house] = Stream::default();
            self.post(20, Then::Stream { house, up: true });
        }
    }

    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        if self.keeps_log {
            let line = format!("{:>7} {}", self.ms, what());
            self.log.push(line);
        }
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        percent > 0 && self.rng.u32(0..100) < percent
    }

    fn way(&mut self) -> u64 {
        self.rng.u64(1..=self.weather.way_ms)
    }

    fn post(&mut self, after_ms: u64, then: Then) -> (u64, u64) {
        self.posted += 1;
        let key = (self.ms + after_ms, self.posted);
        self.queue.insert(key, then);
        key
    }

    fn tell(&mut self, after_ms: u64, input: Input) {
        let run = self.run;
        self.post(after_ms, Then::Tell { run, input });
    }

    /// Lets time go by until something is wrong or it is over.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.judge.broken.is_none() {
            let Some(entry) = self.queue.first_entry() else { break };
            if entry.key().0 > end {
                break;
            }
            let (key, then) = entry.remove_entry();
            self.ms = key.0;
            self.happen(key, then);
        }
        self.ms = end;
    }

    fn happen(&mut self, key: (u64, u64), then: Then) {
        match then {
            Then::Tell { run, input } if run == self.run => {
                self.note(|| format!("told {input:?}").chars().take(700).collect());
                self.step(input);
            }
            Then::Tell { .. } => {}
            Then::Timer(timer) => {
                if self.timers.get(&timer) == Some(&key) {
                    self.timers.remove(&timer);
                    self.step(Input::Timer(timer));
                }
            }
            Then::Arrive { run, house, wire, fate } => self.arrive(run, house, wire, fate),
            Then::Replaced { house, wish, refused } => self.replaced(house, &wish, refused),
            Then::Cancelled { house, client } => {
                let ms = self.ms;
                self.houses[house].end(ms, &client, tradedeck::domain::lifecycle::OrderEvent::Cancelled);
                self.carry(house);
            }
            Then::Collected { run, house, began, wanted, at } => {
                self.collected(run, house, began, &wanted, at);
            }
            Then::Found { run, house, order, as_of } => {
                let result = Ok(self.houses[house].found(&order, as_of));
                self.respond(run, house, Answer::Found { order: order.client, result });
            }
            Then::Trade => {
                let (now, ms, eager) = (self.now(), self.ms, self.weather.way_ms < 100);
                for house in 0..self.houses.len() {
                    self.houses[house].trade(now, ms, &mut self.rng, eager);
                    self.carry(house);
                }
                self.post(self.beats.0, Then::Trade);
            }
            Then::Quotes => {
                self.quotes();
                self.post(self.beats.1, Then::Quotes);
            }
            Then::Stream { house, up } => self.set_stream(house, up),
            Then::Unstall { house } => self.unstall(house),
            Then::Act => {
                if self.acts {
                    self.disturb();
                    trader::act(self);
                    let after = self.rng.u64(20..1_500);
                    self.post(after, Then::Act);
                }
            }
        }
    }

    /// A market that moves seldom, for runs of days.
    pub(super) const fn slow_market(&mut self) {
        self.beats = (5_000, 10_000);
    }

    pub(super) fn begin_acting(&mut self) {
        self.acts = true;
        self.post(1, Then::Act);
    }

    /// The step, then the disk, then what leaves.
    pub(super) fn step(&mut self, input: Input) {
        if let Input::Answer { venue, answer: Answer::Proved(Ok(proof)) } = &input {
            let n = self.at(venue);
            self.proven[n] = Some(proof.environment);
        }
        self.steps += 1;
        let step = self.engine.step(self.now(), input);
        let death = if self.weather.dies > 0 && self.rng.u32(0..10_000) < self.weather.dies {
            self.rng.u32(1..3)
        } else {
            0
        };
        if death == 1 {
            return self.restart("dies before the disk");
        }
        for dated in &step.facts {
            self.witness(&dated.fact);
        }
        if !self.journal_lost && self.weather.disk > 0 && self.rng.u32(0..100_000) < self.weather.disk {
            self.journal_lost = true;
            self.note(|| "the journal is lost".to_owned());
            self.tell(0, Input::JournalLost(text("No space left on device")));
        }
        if !self.journal_lost {
            for dated in step.facts.into_iter().filter(|d| d.fact.is_durable()) {
                if let Fact::Intended(intent) = &dated.fact {
                    let verdict = intent.verdict.to_string();
                    self.judge.is_durable(&intent.order.client, Intended { verdict });
                }
                self.journal.push(dated);
            }
        }
        if death == 2 {
            return self.restart("dies between disk and socket");
        }
        for effect in step.effects {
            self.act(effect);
        }
        self.look();
    }

    /// What the judge wants to know of facts.
    fn witness(&mut self, fact: &Fact) {
        self.note(|| format!("fact {fact:?}").chars().take(500).collect());
        if let Fact::Intended(intent) = fact
            && intent.origin == Origin::Exit
        {
            self.judge.closes(&intent.order.client);
        }
        if let Fact::ExitBegan { exit, plan: Some(plan), .. } = fact {
            self.judge.exit_began(*exit, plan);
        }
        if let Fact::ExitEnded { exit, flat, .. } = fact {
            let held = self.held();
            self.judge.exit_ended(*exit, *flat, &held);
        }
    }

    /// What the venues hold, by their own books.
    pub(super) fn held(&self) -> Vec<(InstrumentId, Decimal)> {
        let each = |h: &House| h.positions.iter().map(|(s, q)| (h.instrument(s), *q)).collect::<Vec<_>>();
        self.houses.iter().flat_map(each).collect()
    }

    /// What is looked at after each step: I4; and now and then what is shown: I10, I12.
    fn look(&mut self) {
        let book = self.engine.book();
        for row in book.uncertain_orders().filter(|o| o.role == Role::Entry && o.replaces.is_none()) {
            let exposure = book.exposure(row.instrument());
            let counted = if row.spec.side == tradedeck::domain::order::Side::Buy {
                exposure.buys
            } else {
                exposure.sells
            };
            self.judge.uncertain(&row.id.client, row.remaining().unwrap_or_default(), counted);
        }
        if self.steps.is_multiple_of(97)
            && let Some(snapshot) = self.engine.snapshot(self.now())
        {
            self.judge.shows(&serde_json::to_string(&*snapshot).unwrap());
            for lamp in &snapshot.banner.lamps {
                let n = self.at(&lamp.venue);
                self.judge.lamp(lamp.venue.as_str(), lamp.environment, self.proven[n]);
            }
        }
    }

    fn at(&self, venue: &VenueId) -> usize {
        self.houses.iter().position(|h| h.id == *venue).unwrap()
    }

    /// The process ends, and another begins with its journal.
    pub(super) fn restart(&mut self, why: &str) {
        self.note(|| format!("RESTART: {why}"));
        self.run += 1;
        self.engine = Engine::new(setup(self.run));
        self.timers.clear();
        self.journal_lost = false;
        self.proven = vec![None; self.houses.len()];
        let now = self.now();
        for dated in &self.journal {
            self.engine.step(now, Input::Past(Box::new(dated.clone())));
        }
        // The form on the disk gives back what it was given.
        if let Some(dated) = self.journal.last() {
            let json = serde_json::to_string(dated).unwrap();
            assert_eq!(serde_json::from_str::<Dated>(&json).unwrap(), *dated, "the journal changed a fact");
        }
        let dies = std::mem::replace(&mut self.weather.dies, 0);
        self.begin();
        self.weather.dies = dies;
    }

    fn act(&mut self, effect: Effect) {
        if self.journal_lost && effect.opens_risk() {
            return self.withhold(effect);
        }
        match effect {
            Effect::Submit { venue, order } => {
                let house = self.sends(&venue);
                let order = order.spend();
                self.judge.opens(&order.client, &order.spec.instrument, order.spec.side);
                self.send(house, Wire::Submit(order));
            }
            Effect::Reduce { venue, order } => {
                let house = self.sends(&venue);
                let order = order.spend();
                self.judge.reduces(&order.client, &order.spec.instrument, order.spec.side);
                self.send(house, Wire::Submit(order));
            }
            Effect::Replace { venue, change } => {
                let house = self.sends(&venue);
                let wish = change.spend();
                if wish.adds_nothing {
                    self.judge.leaves(&wish.client);
                } else {
                    self.judge.opens(&wish.client, &wish.after.instrument, wish.after.side);
                }
                self.send(house, Wire::Replace(wish));
            }
            Effect::Cancel { venue, order } => {
                let house = self.at(&venue);
                self.judge.cancels(venue.as_str(), Environment::Paper, self.proven[house]);
                self.send(house, Wire::Cancel(order));
            }
            Effect::Instruct { .. } | Effect::Entrust { .. } => panic!("no algorithm is there"),
            Effect::CancelAll { venue } => {
                let house = self.sends(&venue);
                self.send(house, Wire::CancelAll);
            }
            Effect::Ask { venue, ask, .. } => {
                let house = self.at(&venue);
                self.ask(house, ask);
            }
            Effect::Arm { timer, after_ms } => {
                let key = self.post(after_ms.max(1), Then::Timer(timer.clone()));
                if let Some(old) = self.timers.insert(timer, key) {
                    self.queue.remove(&old);
                }
            }
            Effect::Reply { receipt, .. } => {
                self.note(|| format!("reply {:?}", receipt.reply).chars().take(300).collect());
                if self.steps.is_multiple_of(7) {
                    self.judge.shows(&serde_json::to_string(&receipt).unwrap());
                }
            }
            Effect::Watch { .. } | Effect::Notify(_) | Effect::Stop => {}
        }
    }

    fn sends(&mut self, venue: &VenueId) -> usize {
        let house = self.at(venue);
        self.judge.sends(venue.as_str(), Environment::Paper, self.proven[house]);
        house
    }

    /// The shell's part when the journal can't be written: what opens risk does not leave.
    fn withhold(&mut self, effect: Effect) {
        let why = text("the journal can't be written");
        let (venue, answer) = if let Effect::Submit { venue, order } = effect {
            (venue, Answer::Submitted { client: order.spend().client, outcome: Outcome::NotSent(why) })
        } else if let Effect::Replace { venue, change } = effect {
            let wish = change.spend();
            let outcome = Outcome::NotSent(why);
            (venue, Answer::Replaced { order: wish.order.client, by: wish.client, outcome })
        } else {
            return;
        };
        self.tell(0, Input::Answer { venue, answer });
    }

    fn respond(&mut self, run: u32, house: usize, answer: Answer) {
        let venue = self.houses[house].id.clone();
        let after = self.way();
        self.post(after, Then::Tell { run, input: Input::Answer { venue, answer } });
    }

    /// A request leaves. What becomes of it is settled here, as far as the network settles it.
    fn send(&mut self, house: usize, wire: Wire) {
        self.note(|| format!("send {wire:?}").chars().take(300).collect());
        let (run, weather) = (self.run, self.weather);
        if self.chance(weather.not_sent) {
            return self.respond(run, house, answer_of(&wire, &Loss::NotSent));
        }
        let timeout = self.rng.u64(2_000..6_000);
        if self.chance(weather.lost) {
            return self.time_out(run, house, timeout, &wire);
        }
        if self.chance(weather.slow) {
            // Done long after nobody waits for it any more.
            self.time_out(run, house, timeout, &wire);
            let after = timeout + self.rng.u64(0..8_000);
            self.post(after, Then::Arrive { run: u32::MAX, house, wire, fate: Fate::Deaf });
            return;
        }
        let fate = if self.chance(weather.deaf) {
            self.time_out(run, house, timeout, &wire);
            Fate::Deaf
        } else if self.chance(weather.limited) {
            Fate::Limited
        } else if self.chance(weather.refused) {
            Fate::Refused
        } else {
            Fate::Arrives
        };
        let after = self.way();
        self.post(after, Then::Arrive { run, house, wire, fate });
    }

    fn time_out(&mut self, run: u32, house: usize, after: u64, wire: &Wire) {
        let venue = self.houses[house].id.clone();
        let answer = answer_of(wire, &Loss::Unknown);
        self.post(after, Then::Tell { run, input: Input::Answer { venue, answer } });
    }

    fn arrive(&mut self, run: u32, house: usize, wire: Wire, fate: Fate) {
        let (now, ms) = (self.now(), self.ms);
        match fate {
            Fate::Limited => {
                let until = now.mono.plus_ms(1_500);
                return self.respond(run, house, answer_of(&wire, &Loss::Refused("429", Some(until))));
            }
            Fate::Refused => {
                return self.respond(run, house, answer_of(&wire, &Loss::Refused("403", None)));
            }
            Fate::Arrives | Fate::Deaf => {}
        }
        let hears = fate == Fate::Arrives;
        match wire {
            Wire::Submit(order) => {
                let client = order.client.clone();
                let outcome = self.houses[house].submit(now, ms, order);
                if hears {
                    let outcome = match outcome {
                        Ok(reports) => Outcome::Accepted(reports),
                        Err(why) => refusal("403", why),
                    };
                    self.respond(run, house, Answer::Submitted { client, outcome });
                }
            }
            Wire::Replace(wish) => self.replace(run, house, wish, hears),
            Wire::Cancel(order) => self.cancel(run, house, order, hears),
            Wire::CancelAll => {
                self.houses[house].end_all(ms);
                if hears {
                    self.respond(run, house, Answer::AllCancelled(Outcome::Accepted(())));
                }
            }
        }
        self.carry(house);
    }

    /// Some venues do it at once, some say that they will and then do it, or do not.
    fn replace(&mut self, run: u32, house: usize, wish: Replacement, hears: bool) {
        let (now, ms) = (self.now(), self.ms);
        let (order, by) = (wish.order.client.clone(), wish.client.clone());
        let outcome: Outcome<Vec<OrderReport>> = match self.houses[house].may_replace(&wish.order) {
            Err(why) => refusal("422", why),
            Ok(old) => match self.rng.u32(0..3) {
                0 => Outcome::Accepted(self.houses[house].replace(now, ms, &wish).unwrap_or_default()),
                n => {
                    self.houses[house].asked_to_replace(ms, &old);
                    let after = self.rng.u64(50..2_500);
                    self.post(after, Then::Replaced { house, wish, refused: n == 1 });
                    Outcome::Accepted(Vec::new())
                }
            },
        };
        if hears {
            self.respond(run, house, Answer::Replaced { order, by, outcome });
        }
    }

    fn replaced(&mut self, house: usize, wish: &Replacement, refused: bool) {
        let (now, ms) = (self.now(), self.ms);
        let done = !refused && self.houses[house].replace(now, ms, wish).is_some();
        if !done {
            self.houses[house].refuse_change(ms, &wish.order.client);
            let order = wish.order.clone();
            let why = hostile("order can no longer be replaced");
            self.houses[house].news.push(Event::RequestRefused { order, cancel: false, why });
        }
        self.carry(house);
    }

    fn cancel(&mut self, run: u32, house: usize, order: OrderRef, hears: bool) {
        let known = self.houses[house].orders.get(&order.client).is_some_and(Held::is_open);
        let outcome = if known {
            let after = self.rng.u64(0..300);
            self.post(after, Then::Cancelled { house, client: order.client.clone() });
            Outcome::Accepted(())
        } else {
            refusal("422", "not cancelable")
        };
        if hears {
            self.respond(run, house, Answer::Cancelled { order: order.client, outcome });
        }
    }

    fn ask(&mut self, house: usize, ask: Ask) {
        let (run, now, weather) = (self.run, self.now(), self.weather);
        let venue = self.houses[house].id.clone();
        let away = || Fault::Unreachable { venue: venue.clone(), why: hostile("time-out") };
        match ask {
            Ask::Prove => {
                let result = if self.chance(weather.missing) {
                    Err(away())
                } else {
                    Ok(Proof {
                        account: self.houses[house].account(),
                        environment: self.houses[house].environment,
                        read_only: None,
                        withdraw: None,
                    })
                };
                self.respond(run, house, Answer::Proved(result));
            }
            Ask::Symbols => {
                let symbols = self.houses[house].prices.keys().cloned().collect();
                self.respond(run, house, Answer::Symbols(Ok(symbols)));
            }
            Ask::Instruments(asked) => {
                let result = if self.chance(weather.missing) {
                    Err(away())
                } else {
                    Ok(asked.iter().map(|s| self.houses[house].rules(s)).collect())
                };
                self.respond(run, house, Answer::Instruments { asked, result });
            }
            Ask::Find(order) => {
                if self.chance(weather.missing) {
                    let fault = away();
                    return self.respond(
                        run,
                        house,
                        Answer::Found { order: order.client, result: Err(fault) },
                    );
                }
                let after = self.way();
                let as_of = (self.ms + after).saturating_sub(self.lag());
                self.post(after, Then::Found { run, house, order, as_of });
            }
            Ask::Report(wanted) => {
                // Each part is its own request, and each answer may come out of an old memory.
                let (a, b, c) = (self.way(), self.way(), self.way());
                let mut part = |after: u64| (self.ms + after).saturating_sub(self.lag());
                let at = AsOf { orders: part(a), executions: part(a + b), positions: part(c) };
                let after = (a + b).max(c);
                self.post(after, Then::Collected { run, house, began: now, wanted, at });
            }
            Ask::Bars { .. } => {}
        }
    }

    fn lag(&mut self) -> u64 {
        let weather = self.weather;
        if self.chance(weather.lags) { self.rng.u64(0..=weather.lag_ms) } else { 0 }
    }

    fn collected(&mut self, run: u32, house: usize, began: Now, wanted: &Wanted, at: AsOf) {
        let mut report: VenueReport = self.houses[house].report(began, wanted, at);
        let missing = self.weather.missing;
        if self.chance(missing) {
            report.orders = None;
            report.executions = None;
            report.missing.push(hostile("orders: 503"));
        }
        if self.chance(missing) {
            report.executions = None;
            report.missing.push(hostile("executions: 503"));
        }
        if self.chance(missing) {
            report.positions = None;
            report.missing.push(hostile("positions: 503"));
        }
        self.respond(run, house, Answer::Reported(Box::new(report)));
    }

    /// Carries what a venue has to tell: fills to the judge, news to the stream.
    fn carry(&mut self, house: usize) {
        for fill in std::mem::take(&mut self.houses[house].fills) {
            self.note(|| {
                format!("FILL {} {}: {} -> {}", fill.client, fill.instrument, fill.before, fill.after)
            });
            let of_this_run = fill.client.instance() == Some(format!("run{}", self.run).as_str());
            if of_this_run || !self.judge.is_off_the_record(&fill.client) {
                self.judge.filled(&fill.client, &fill.instrument, fill.before, fill.after);
            }
        }
        for event in std::mem::take(&mut self.houses[house].news) {
            let stream = &mut self.streams[house];
            if stream.stalled {
                stream.waiting.push(event);
            } else if stream.up {
                self.stream(house, event);
            }
        }
    }

    fn stream(&mut self, house: usize, event: Event) {
        let weather = self.weather;
        let copies = if self.chance(weather.doubled) { 2 } else { 1 };
        for _ in 0..copies {
            let late = if self.chance(weather.late) { self.rng.u64(0..4_000) } else { 0 };
            let after = self.way() + late;
            let venue = self.houses[house].id.clone();
            self.tell(after, Input::Venue { venue, event: event.clone() });
        }
    }

    /// Streams go down, stall and come back.
    fn disturb(&mut self) {
        let house = self.rng.usize(..self.houses.len());
        if !self.chance(self.weather.flaps) {
            return;
        }
        if !self.streams[house].up {
            self.set_stream(house, true);
        } else if self.rng.bool() {
            self.set_stream(house, false);
            let after = self.rng.u64(200..6_000);
            self.post(after, Then::Stream { house, up: true });
        } else if !self.streams[house].stalled {
            self.note(|| format!("stream of {house} stalls"));
            self.streams[house].stalled = true;
            let after = self.rng.u64(500..8_000);
            self.post(after, Then::Unstall { house });
        }
    }

    fn unstall(&mut self, house: usize) {
        self.streams[house].stalled = false;
        for event in std::mem::take(&mut self.streams[house].waiting) {
            self.stream(house, event);
        }
    }

    pub(super) fn set_stream(&mut self, house: usize, up: bool) {
        if self.streams[house].up == up {
            return;
        }
        // What was on its way when it went down is gone.
        self.streams[house] = Stream { up, ..Stream::default() };
        let at = self.now().mono;
        let link = if up { Link::Up } else { Link::Backoff { until: at.plus_ms(500), why: hostile("flap") } };
        let venue = self.houses[house].id.clone();
        self.step(Input::Venue { venue, event: Event::Link { channel: Channel::Orders, link, at } });
    }

    fn quotes(&mut self) {
        let now = self.now();
        let size = Qty::new(Decimal::ONE_HUNDRED).unwrap();
        let mut news = Vec::new();
        for house in &self.houses {
            for (symbol, cents) in &house.prices {
                let price = |cents: i64| Price::new(Decimal::new(cents, 2));
                news.push(Market::Quote(Quote {
                    instrument: house.instrument(symbol),
                    bid: Some((price(cents - 1), size)),
                    ask: Some((price(cents + 1), size)),
                    at: now.wall,
                    received: now.mono,
                }));
            }
        }
        self.step(Input::Market(news));
    }

    fn request(&mut self, request: Request) {
        self.asked += 1;
        let envelope = Envelope { id: RequestId(self.asked), origin: Origin::Screen, request };
        self.step(Input::asked(Front(0), envelope));
    }

    pub(super) fn command(&mut self, line: &str) {
        self.note(|| format!("> {line}"));
        match grammar::parse(line) {
            Ok(command) => self.request(Request::Do(command)),
            Err(why) => panic!("the trader wrote {line:?}: {why:?}"),
        }
    }

    pub(super) fn resync(&mut self) {
        self.request(Request::Resync { venue: None });
    }

    pub(super) fn abandon(&mut self, order: ClientId, venue: VenueId) {
        self.note(|| format!("> abandon {order}"));
        self.request(Request::Abandon { order, venue, reason: text("the venue does not have it") });
    }

    /// Everything is well from now on: what waits comes through.
    pub(super) fn heal(&mut self) {
        self.acts = false;
        self.weather = Weather::CALM;
        for house in 0..self.houses.len() {
            self.unstall(house);
            self.set_stream(house, true);
        }
        if self.journal_lost {
            self.restart("the disk has room again");
        }
    }
}

/// What a request comes to without the venue's own word.
enum Loss {
    NotSent,
    Unknown,
    Refused(&'static str, Option<Mono>),
}

impl Loss {
    fn outcome<T>(&self) -> Outcome<T> {
        match self {
            Self::NotSent => Outcome::NotSent(hostile("connection refused")),
            Self::Unknown => Outcome::Unknown(hostile("no answer")),
            Self::Refused(code, retry_at) => {
                Outcome::Refused(Refusal { code: text(code), text: hostile("refused"), retry_at: *retry_at })
            }
        }
    }
}

fn refusal<T>(code: &str, why: &str) -> Outcome<T> {
    Outcome::Refused(Refusal { code: text(code), text: hostile(why), retry_at: None })
}

fn answer_of(wire: &Wire, loss: &Loss) -> Answer {
    match wire {
        Wire::Submit(order) => Answer::Submitted { client: order.client.clone(), outcome: loss.outcome() },
        Wire::Replace(wish) => Answer::Replaced {
            order: wish.order.client.clone(),
            by: wish.client.clone(),
            outcome: loss.outcome(),
        },
        Wire::Cancel(order) => Answer::Cancelled { order: order.client.clone(), outcome: loss.outcome() },
        Wire::CancelAll => Answer::AllCancelled(loss.outcome()),
    }
}
