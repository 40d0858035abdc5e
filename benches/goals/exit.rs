//! Goal 15: flatten with 100 positions and 200 orders. Under a rate limit, the real program's engine, adapter and
//! limiter against the paper venue: when the last close leaves, against when it could at the earliest. Without one, the
//! engine's own time for all of it; the venue's answers are virtual and cost nothing.

use super::{
    desk::{self, Size},
    table::{Limit, Row},
    timing::{clock, median, millis},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tradedeck::{
    broker::{Event, Outcome},
    clock::{Clock, System},
    config::{Config, Env},
    desk::{Envelope, Request, RequestId},
    domain::{
        draft::Command,
        ids::{ExecutionId, VenueOrderId},
        lifecycle::OrderEvent,
        order::{Amount, Origin, Side, Submission},
        report::{Execution, Liquidity, OrderReport, PositionReport, VenueReport},
        scope::Scope,
        time::{Mono, Now},
    },
    engine::{Answer, Ask, Effect, Engine, Front, Input, Timer},
    paper::{
        faults::{Kind, Script},
        server::{Addresses, Options, serve, witness::Seen},
    },
    runtime::{Client, Deck, Host, Opening, Role},
};

const POSITIONS: usize = 100;
const ORDERS: usize = 200;
/// The venue's limit, told in the headers of its answers: so low that the closes need two of its windows, and so high
/// that what is read back afterwards finds room in the second.
const LIMIT_PER_MIN: usize = 80;
const WINDOW_MS: u64 = 60_000;
/// What an exit can't do without: a cancel of everything, the four parts of one reading, and a close each.
const NEEDED: usize = 1 + 4 + POSITIONS;
const ROUNDS: usize = 9;

/// Under the venue's limit.
pub(crate) fn limited() -> Vec<Row> {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(System::start());
    let mut options = Options::new(Arc::clone(&clock));
    options.requests_per_min = u32::try_from(LIMIT_PER_MIN).unwrap();
    let script = format!("seed = 7\n[furnish]\npositions = {POSITIONS}\norders = {ORDERS}\n");
    options.faults = Some(Script::parse("calm", &script).unwrap());
    let venue = runtime.block_on(serve(options)).unwrap();
    let config = configuration(dir.path(), venue.addresses());
    let opening = Opening {
        config,
        env: Env::new([]),
        flags: tradedeck::config::Flags::default(),
        role: Role::Shell,
        live: None,
        looks: false,
    };
    let mut client = Client::over(Deck::Own(Host::open(opening).unwrap())).unwrap();
    let agreed = client.wait_for(Duration::from_secs(30), |s| {
        s.positions.len() == POSITIONS && s.banner.lamps.iter().all(|l| l.connected)
    });
    agreed.unwrap().expect("the book agrees with the venue");
    std::thread::sleep(Duration::from_secs(2));
    let stroke = clock.now().mono;
    client.ask(Request::Do(Command::Flatten(Scope::default())), Duration::from_secs(5)).unwrap();
    let over =
        client.wait_for(Duration::from_secs(110), |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
    let exit = over.unwrap().expect("the exit ends").exit.clone().unwrap();
    assert_eq!(exit.flat, Some(true), "{exit:?}");
    let witness = runtime.block_on(venue.witness()).unwrap();
    assert!(witness.positions.iter().all(|(_, qty)| qty.is_zero()) && witness.open_orders == 0);
    client.close().unwrap();
    runtime.block_on(venue.stop()).unwrap();
    rows(&witness.seen, witness.over_limit, stroke)
}

fn rows(seen: &[Seen], refused: u64, stroke: Mono) -> Vec<Row> {
    // Prices are counted by themselves.
    let counted: Vec<&Seen> = seen.iter().filter(|s| s.kind != Kind::Prices).collect();
    let before: Vec<Mono> = counted.iter().map(|s| s.at).filter(|at| *at < stroke).collect();
    let since: Vec<&&Seen> = counted.iter().filter(|s| s.at >= stroke).collect();
    let last = since.iter().filter(|s| s.kind == Kind::Submit).map(|s| s.at).max().expect("closes were sent");
    let (took_ms, bound_ms) = (last.since_ms(stroke), bound(&before, stroke).since_ms(stroke));
    let share = refused as f64 / counted.len() as f64 * 100.0;
    vec![
        Row {
            goal: 15,
            what: "flatten, 80 requests/min: the last close, of the limit's bound",
            figure: took_ms as f64 / bound_ms as f64,
            unit: "x",
            limit: Limit::AtMost(1.05),
            sides: format!(
                "{took_ms} ms of {bound_ms} ms; {} requests since the stroke, {} before it, {NEEDED} needed",
                since.len(),
                before.len()
            ),
        },
        Row {
            goal: 15,
            what: "the same: requests refused for their rate",
            figure: share,
            unit: "%",
            limit: Limit::AtMost(1.0),
            sides: format!("{refused} of {}", counted.len()),
        },
    ]
}

/// When the last needed request can leave at the earliest: no window of the limit's length holds more than the limit,
/// and what was sent before the stroke counts.
fn bound(before: &[Mono], stroke: Mono) -> Mono {
    let mut sent = before.to_vec();
    for _ in 0..NEEDED {
        let full = sent.len().checked_sub(LIMIT_PER_MIN).map(|at| sent[at].plus_ms(WINDOW_MS));
        sent.push(full.map_or(stroke, |free| free.max(stroke)));
    }
    *sent.last().unwrap()
}

fn configuration(dir: &std::path::Path, at: &Addresses) -> Config {
    let text = format!(
        "[venues.exit]\nkind = \"alpaca\"\nenvironment = \"paper\"\ntrading_url = {:?}\ntrading_stream_url = {:?}\n\
         data_url = {:?}\ndata_stream_url = {:?}\ncrypto_stream_url = {:?}\nkey_id = {:?}\nsecret_key = {:?}\n\
         [paths]\nstate = {:?}\n",
        at.trading_url,
        at.trading_stream_url,
        at.data_url,
        at.data_stream_url,
        at.crypto_stream_url,
        at.key_id,
        at.secret_key,
        dir.join("state").display().to_string()
    );
    Config::parse(&dir.join("config.toml"), &text).unwrap()
}

/// The engine's own time from the stroke until it says FLAT.
pub(crate) fn own_time() -> Vec<Row> {
    let runs: Vec<(Duration, Duration)> = (0..ROUNDS).map(|_| Bench::new().run()).collect();
    let mut last: Vec<Duration> = runs.iter().map(|(last, _)| *last).collect();
    let mut flat: Vec<Duration> = runs.iter().map(|(_, flat)| *flat).collect();
    let (last, flat) = (median(&mut last), median(&mut flat));
    vec![Row {
        goal: 15,
        what: "the same without a limit: the engine's own time until flat",
        figure: millis(flat),
        unit: " ms",
        limit: Limit::AtMost(10.0),
        sides: format!("{:.2} ms until the last close leaves; the venue's time is not in it", millis(last)),
    }]
}

/// An engine, and a venue that does at once what it is asked.
struct Bench {
    engine: Engine,
    now: Now,
    inputs: VecDeque<Input>,
    timers: BTreeMap<(Mono, u64), Timer>,
    armed: u64,
    held: BTreeSet<usize>,
    working: bool,
    filled: Vec<OrderReport>,
}

impl Bench {
    fn new() -> Self {
        let size = Size { symbols: POSITIONS, positions: POSITIONS, orders: ORDERS };
        Self {
            engine: desk::engine(size, 0),
            now: desk::now(10_000),
            inputs: VecDeque::new(),
            timers: BTreeMap::new(),
            armed: 0,
            held: (0..POSITIONS).collect(),
            working: true,
            filled: Vec::new(),
        }
    }

    /// Own time until the last close, and until the engine says flat.
    fn run(mut self) -> (Duration, Duration) {
        let request = Request::Do(Command::Flatten(Scope::default()));
        let envelope = Envelope { id: RequestId(1), origin: Origin::Screen, request };
        let symbols = (0..POSITIONS).map(|n| desk::quote(n, 0, self.now)).collect();
        self.engine.step(self.now, Input::Market(symbols));
        self.inputs.push_back(Input::asked(Front(0), envelope));
        let (mut own, mut last) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..100_000 {
            let Some(input) = self.inputs.pop_front().or_else(|| self.wait()) else { break };
            let mut effects = Vec::new();
            let (engine, now) = (&mut self.engine, self.now);
            own += clock(|| effects = engine.step(now, input).effects);
            if effects.iter().any(|e| matches!(e, Effect::Reduce { .. })) {
                last = own;
            }
            for effect in effects {
                self.act(effect);
            }
            let snapshot = self.held.is_empty().then(|| self.engine.snapshot(self.now)).flatten();
            if let Some(flat) = snapshot.and_then(|s| s.exit.as_ref().and_then(|e| e.flat)) {
                assert!(flat, "the engine gave up");
                return (last, own);
            }
        }
        panic!("the engine never said flat; {} positions left", self.held.len());
    }

    /// Nothing is there to do: the next timer.
    fn wait(&mut self) -> Option<Input> {
        let ((at, _), timer) = self.timers.pop_first()?;
        self.pass(at.since_ms(self.now.mono));
        Some(Input::Timer(timer))
    }

    fn pass(&mut self, ms: u64) {
        let wall = self.now.wall.plus_ms(i64::try_from(ms).unwrap());
        self.now = Now { wall, mono: self.now.mono.plus_ms(ms) };
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::CancelAll { .. } => self.cancel_all(),
            Effect::Reduce { order, .. } => self.fill(order.spend()),
            Effect::Ask { ask: Ask::Report(_), .. } => {
                // A report that begins with the very moment of a fill would not be newer than the fill.
                self.pass(1);
                let report = Answer::Reported(Box::new(self.report()));
                self.answer(report);
            }
            Effect::Arm { timer, after_ms } => {
                self.armed += 1;
                self.timers.insert((self.now.mono.plus_ms(after_ms), self.armed), timer);
            }
            Effect::Cancel { .. }
            | Effect::Submit { .. }
            | Effect::Replace { .. }
            | Effect::Instruct { .. }
            | Effect::Entrust { .. } => panic!("{effect:?}"),
            Effect::Ask { .. }
            | Effect::Watch { .. }
            | Effect::Reply { .. }
            | Effect::Notify(_)
            | Effect::Stop => {}
        }
    }

    fn answer(&mut self, answer: Answer) {
        self.inputs.push_back(Input::Answer { venue: desk::venue(), answer });
    }

    fn tell(&mut self, event: Event) {
        self.inputs.push_back(Input::Venue { venue: desk::venue(), event });
    }

    fn cancel_all(&mut self) {
        self.working = false;
        for n in 0..ORDERS {
            let report = OrderReport { status: OrderEvent::Cancelled, ..desk::order(n, POSITIONS) };
            self.tell(Event::Order(Box::new(report)));
        }
        self.answer(Answer::AllCancelled(Outcome::Accepted(())));
    }

    /// The close is taken, and fills at once.
    fn fill(&mut self, order: Submission) {
        let n = (0..POSITIONS).find(|n| desk::instrument(*n) == order.spec.instrument).expect("a position");
        let Amount::Qty(qty) = order.spec.amount else { panic!("{order:?}") };
        assert!(order.spec.side == Side::Sell && self.held.remove(&n), "closed once: {order:?}");
        let venue_id = VenueOrderId::new(&format!("close-{n}")).unwrap();
        let taken = OrderReport {
            client: order.client.clone(),
            venue_id: venue_id.clone(),
            side: Side::Sell,
            amount: order.spec.amount,
            order_type: order.spec.order_type,
            tif: order.spec.tif,
            submitted: Some(self.now.wall),
            ..desk::order(n, POSITIONS)
        };
        let price = desk::price(2_000 + n * 37 % 40_000);
        let done = OrderReport {
            status: OrderEvent::FilledWhole,
            filled: qty,
            avg_price: Some(price),
            ..taken.clone()
        };
        self.filled.push(done.clone());
        self.answer(Answer::Sent(order.client.clone()));
        self.answer(Answer::Submitted {
            client: order.client.clone(),
            outcome: Outcome::Accepted(vec![taken]),
        });
        let execution = Execution {
            id: ExecutionId::new(&format!("fill-{n}")).unwrap(),
            client: order.client,
            venue_id,
            instrument: order.spec.instrument,
            side: Side::Sell,
            qty,
            price,
            cum: Some(qty),
            fee: None,
            liquidity: Liquidity::Unknown,
            at: self.now.wall,
            revision: 0,
            seen: None,
        };
        self.tell(Event::Execution(Box::new(execution)));
        self.tell(Event::Order(Box::new(done)));
    }

    fn report(&self) -> VenueReport {
        let all = desk::report(Size { symbols: POSITIONS, positions: POSITIONS, orders: 0 });
        let held = |p: &PositionReport| self.held.iter().any(|n| desk::instrument(*n) == p.instrument);
        let orders: Vec<OrderReport> = if self.working {
            (0..ORDERS).map(|n| desk::order(n, POSITIONS)).collect()
        } else {
            self.filled.clone()
        };
        VenueReport {
            began: self.now,
            orders: Some(orders),
            positions: all.positions.map(|list| list.into_iter().filter(held).collect()),
            ..all
        }
    }
}
