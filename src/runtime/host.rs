//! What one process holds: the venues, the engine on its thread, the journal on its own, and one desk to it all.

mod past;

pub(super) use self::past::journal_path;

use self::past::{Kept, PROFILE, header, open_journal, take_lock, tell_faults};
use super::{
    accounts::{environment, of_addresses, of_config},
    algorithms::{self, Sources},
    core::{self, Core, Direct, Shown},
    elsewhere::Elsewhere,
    embedded::{self, Embedded},
    gateway::{Gateway, Wired},
    hands::{Hands, State},
    lanes::{Asks, Desk, Joined, Lane, Mouths, lanes},
    notifier::{Notifier, Tells},
    pump::Pump,
    recorder::{self, Recorded, Recorder},
    serve::{self, Served, Socket},
};
use crate::{
    adapters::{Settings, registry},
    broker::{Broker, Sink, Watched},
    clock::{Clock, System},
    config::{Config, Env, Flags, Notify, VenueConfig, VenueKind, private_dir, state_dir},
    desk::Snapshot,
    domain::{
        fact::Dated,
        ids::{Instance, Symbol, VenueId},
        instrument::AssetClass,
        text::Text,
    },
    engine::{Counting, Engine, Front, Input, Routing, Setup, VenueSetup},
    journal::{Committed, Completions, EngineLock, Journal, Session, Sessions, Writer},
    transport::tls::Tls,
};
use anyhow::{Context as _, anyhow, bail};
use smol_str::SmolStr;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};
use tokio::sync::{mpsc, watch};

/// What this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A screen: the one that holds the accounts, or one that only looks.
    Screen,
    /// An engine without one, for screens of other processes: it holds the accounts or does not begin.
    Engine,
    /// A shell command: works beside a screen.
    Shell,
    /// A shell command that gets out: takes up exits that a run left which has ended.
    Exit,
}

impl Role {
    /// Does it stay, and hold the accounts where it can?
    const fn stays(self) -> bool {
        matches!(self, Self::Screen | Self::Engine)
    }
}

/// What to open.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The configuration.
    pub config: Config,
    /// The environment.
    pub env: Env,
    /// The flags, to read the configuration anew with.
    pub flags: Flags,
    /// What for.
    pub role: Role,
    /// For live accounts: the last four characters of the account, as typed after `--live`.
    pub live: Option<SmolStr>,
    /// It is only to look: nothing is changed from here, whoever holds the accounts.
    pub looks: bool,
}

/// The open venues and the running engine.
#[derive(Debug)]
pub struct Host {
    /// The way to the engine.
    pub desk: Desk,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Another process holds the accounts and this one only looks.
    pub read_only: bool,
    /// Where this profile keeps its state.
    pub state: PathBuf,
    /// Paper venues that make faults on purpose, with a sentence about each.
    pub faults: Vec<(VenueId, Text)>,
    engine: JoinHandle<anyhow::Result<()>>,
    /// Where other front ends attach; for the run that holds the accounts.
    socket: Option<Socket>,
    notifier: Option<Notifier>,
    /// What is shown is recorded; for the run that holds the accounts.
    recorder: Option<Recorder>,
    embedded: Vec<Embedded>,
    _session: Session,
    _lock: Option<EngineLock>,
}

struct Completed(mpsc::Sender<Committed>);

impl Completions for Completed {
    fn done(&self, committed: Committed) {
        // The lane is as long as the writer's queue: it is full only when the engine has stopped taking.
        drop(self.0.blocking_send(committed));
    }
}

struct Opened {
    brokers: Vec<Arc<dyn Broker>>,
    setups: Vec<VenueSetup>,
    embedded: Vec<Embedded>,
    faults: Vec<(VenueId, Text)>,
    sources: Sources,
}

impl Host {
    /// Opens everything.
    ///
    /// # Errors
    /// One sentence for the trader: what is wrong, where, what would be right.
    pub fn open(opening: Opening) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(System::start());
        let state = state_dir(&opening.config, &opening.env)?;
        private_dir(&state)?;
        super::process::log_to(&state, &opening.env);
        let instance = new_instance()?;
        let lock = take_lock(&state, &opening)?;
        let busy = lock.is_none();
        let read_only = busy && opening.role.stays();
        let sessions = Sessions::of(&state);
        let alive: BTreeSet<Instance> = sessions.live()?.into_iter().collect();
        let session = sessions.begin(&instance)?;
        let alone = lock.is_some() && alive.is_empty();
        let Kept { mut journal, mut past, seen } =
            open_journal(&opening, &state, &instance, alone, read_only, &clock)?;
        let look = || Elsewhere::open(&journal_path(&state), &header(), instance.clone(), seen);
        let elsewhere = opening.role.stays().then(look).transpose()?;
        let Opened { brokers, setups, embedded, faults, sources } = open_venues(&opening, &state, &clock)?;
        tell_faults(&faults, journal.as_mut(), &mut past, &clock)?;
        let run = instance.clone();
        let setup = Setup {
            instance,
            version: env!("CARGO_PKG_VERSION").into(),
            venues: setups,
            algorithms: opening.config.algorithms.iter().map(algorithms::setup).collect(),
            watchlist: watchlist(&opening.config),
            routing: routing(&opening.config),
            counting: counting(&opening.config),
            default_tif: opening.config.orders.tif,
            read_only,
            watches: opening.role.stays() && !read_only,
            watched_elsewhere: busy,
            summaries: !opening.config.notify.summary.is_empty(),
            alive,
            exit: opening.config.exit,
            takes_up_exits: opening.role != Role::Shell && !read_only,
            caution: opening.config.orders.caution,
        };
        let start = Start {
            engine: Engine::new(setup),
            brokers,
            sources,
            journal,
            elsewhere,
            past,
            clock: Arc::clone(&clock),
            frame_ms: frame_ms(&opening.config),
            tells: Tells::of(opening.role, read_only),
            told: (opening.config.notify.clone(), opening.env.clone()),
        };
        let Spawned { desk, engine, joins, answers, notifier } = start.spawn()?;
        let mut host = Self {
            desk,
            clock,
            read_only,
            state,
            faults,
            engine,
            socket: None,
            notifier,
            recorder: None,
            embedded,
            _session: session,
            _lock: lock,
        };
        if opening.role.stays() && !read_only {
            host.serve(&opening, joins)?;
            host.record(&opening, run, answers)?;
        }
        Ok(host)
    }

    /// Lets front ends of other processes attach.
    fn serve(&mut self, opening: &Opening, joins: mpsc::Sender<Joined>) -> anyhow::Result<()> {
        let Lane::Own { asks, .. } = &self.desk.lane else { return Ok(()) };
        let is_live = opening.config.venues.iter().any(|v| v.environment == crate::config::Environment::Live);
        let served = Served {
            asks: asks.clone(),
            joins,
            snapshots: self.desk.snapshots.clone(),
            live: opening.live.clone().filter(|_| is_live),
            faults: self.faults.clone(),
        };
        self.socket = Some(serve::serve(&self.state, served)?);
        Ok(())
    }

    /// Records what is shown.
    fn record(
        &mut self,
        opening: &Opening,
        run: Instance,
        troubles: mpsc::Sender<Input>,
    ) -> anyhow::Result<()> {
        let recorded = Recorded {
            settings: opening.config.recordings,
            zone: super::settings::zone(&opening.config.ui.timezone)?,
            profile: PROFILE,
            run,
            snapshots: self.desk.snapshots.clone(),
            clock: Arc::clone(&self.clock),
            troubles,
        };
        self.recorder = recorder::record(&self.state, recorded)?;
        Ok(())
    }

    /// Waits until the engine has stopped (it was asked to, or its desk was dropped), and ends what ran beside it.
    ///
    /// # Errors
    /// When the engine or the paper venue ended badly.
    pub fn close(self) -> anyhow::Result<()> {
        drop(self.desk);
        if let Some(socket) = &self.socket {
            socket.stop();
        }
        let ended = match self.engine.join() {
            Ok(result) => result,
            Err(_) => {
                Err(anyhow!("the engine's thread panicked; positions and orders are as the venue has them"))
            }
        };
        if let Some(recorder) = self.recorder {
            recorder.finish();
        }
        // What waits to be told gets a moment, which is bounded.
        if let Some(notifier) = self.notifier {
            notifier.close();
        }
        for venue in self.embedded {
            venue.stop()?;
        }
        ended
    }
}

/// Ten characters of chance: a run's name is never used twice.
fn new_instance() -> anyhow::Result<Instance> {
    let mut bytes = [0_u8; 10];
    getrandom::fill(&mut bytes).map_err(|e| anyhow!("the system gives no random numbers: {e}"))?;
    let letters: String =
        bytes.iter().map(|b| char::from_digit(u32::from(*b) & 31, 32).unwrap_or('0')).collect();
    Ok(Instance::new(&letters)?)
}

fn open_venues(opening: &Opening, state: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<Opened> {
    let tls = Tls::with_native_roots(None)?;
    let mut opened = Opened {
        brokers: Vec::new(),
        setups: Vec::new(),
        embedded: Vec::new(),
        faults: Vec::new(),
        sources: algorithms::open(&opening.config.algorithms, &opening.env, &tls, clock)?,
    };
    let mut venues: Vec<&VenueConfig> = opening.config.venues.iter().collect();
    // The default venue stands first; the engine takes the first for orders that name none.
    let default = opening.config.default_venue().map(|v| v.name.clone());
    venues.sort_by_key(|v| Some(&v.name) != default.as_ref());
    for venue in venues {
        let settings = if venue.kind == VenueKind::Paper {
            let dir = venue.paper.data_dir.clone().unwrap_or_else(|| paper_dir(state));
            let (addresses, embedded) = embedded::find_or_serve(&venue.paper, &dir, clock)?;
            opened.embedded.extend(embedded);
            let said = faults_of(&venue.name, venue.paper.faults.as_deref(), addresses.faults.as_deref());
            opened.faults.extend(said.map(|text| (venue.name.clone(), text)));
            of_addresses(addresses)
        } else {
            Settings { is_guest: !opening.role.stays(), ..of_config(venue, &opening.env)? }
        };
        let Some(row) = registry::row(venue.kind) else {
            bail!("venue `{}`: {} is not in this version yet", venue.name, venue.kind.title());
        };
        let broker = row.open(venue.name.clone(), settings, &tls, Arc::clone(clock))?;
        opened.setups.push(VenueSetup {
            venue: venue.name.clone(),
            capability: broker.capability().clone(),
            limits: venue.limits.clone(),
            rules: venue.rules.clone(),
            environment: environment(venue.environment),
            live_confirmed: opening.live.clone(),
            always_open: venue.always_open || broker.capability().never_closes(),
            fees: (row.fees)(),
        });
        opened.brokers.push(broker);
    }
    Ok(opened)
}

/// What is to be said of a paper venue that plays a script of faults, or should and does not.
fn faults_of(venue: &VenueId, wanted: Option<&Path>, played: Option<&str>) -> Option<Text> {
    let text = match (wanted, played) {
        (_, Some(script)) => format!("{venue} makes FAULTS on purpose, by {script}: this is a rehearsal"),
        (Some(script), None) => {
            format!(
                "{venue} is already served without the faults of {}; end who serves it first",
                script.display()
            )
        }
        (None, None) => return None,
    };
    Some(Text::clean(&text))
}

/// What accounts are counted in together.
fn counting(config: &Config) -> Counting {
    Counting { currency: config.totals.currency.clone(), fixed: config.totals.rates.clone() }
}

/// Where orders go that name no venue.
fn routing(config: &Config) -> Routing {
    Routing {
        default: config.default_venue().map(|v| v.name.clone()),
        by_class: config.orders.venue_by_class.clone(),
        fallback: config.orders.fallback_venue.clone(),
    }
}

/// What is watched from the start, each where orders in it would go by its spelling.
fn watchlist(config: &Config) -> Vec<(Symbol, Option<VenueId>)> {
    let place = |symbol: &Symbol| config.orders.venue_by_class.get(&AssetClass::spelled(symbol)).cloned();
    config
        .watchlist
        .iter()
        .map(|(symbol, at)| (symbol.clone(), at.clone().or_else(|| place(symbol))))
        .collect()
}

/// Where the embedded venue keeps its account when nobody says otherwise.
pub fn paper_dir(state: &Path) -> PathBuf {
    state.join("paper")
}

struct Start {
    engine: Engine,
    brokers: Vec<Arc<dyn Broker>>,
    sources: Sources,
    journal: Option<Journal>,
    elsewhere: Option<Elsewhere>,
    past: Vec<Dated>,
    clock: Arc<dyn Clock>,
    frame_ms: u64,
    tells: Option<Tells>,
    told: (Notify, Env),
}

/// The shortest time between two snapshots, milliseconds.
fn frame_ms(config: &Config) -> u64 {
    1_000_u64.checked_div(config.ui.fps.clamp(1, 120)).unwrap_or(33)
}

/// What runs then.
struct Spawned {
    desk: Desk,
    engine: JoinHandle<anyhow::Result<()>>,
    joins: mpsc::Sender<Joined>,
    answers: mpsc::Sender<Input>,
    notifier: Option<Notifier>,
}

impl Start {
    fn spawn(self) -> anyhow::Result<Spawned> {
        let (mouths, lanes) = lanes();
        let front = Front(0);
        let (receipt_in, receipts) = mpsc::channel(256);
        let (snapshot_in, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let (joins, answers) = (mouths.joins.clone(), mouths.answers.clone());
        let (config, env) = self.told;
        let (notifier, notices) = match self.tells {
            Some(tells) => {
                let outcomes = mouths.deliveries.clone();
                let (notifier, notices) = Notifier::spawn(config, env, tells, &self.clock, outcomes)?;
                (Some(notifier), Some(notices))
            }
            None => (None, None),
        };
        let writer = match self.journal {
            Some(journal) => {
                let completed = Completed(mouths.committed.clone());
                Some(Writer::spawn(journal, 1_024, Box::new(completed))?)
            }
            None => None,
        };
        let Self { engine, brokers, sources, elsewhere, past, clock, frame_ms, .. } = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut streams = tokio::task::JoinSet::new();
        let leaving = brokers.clone();
        let ports =
            brokers.into_iter().map(|b| connect(b, &mouths, &mut streams, runtime.handle())).collect();
        {
            let _runtime = runtime.enter();
            algorithms::watch_all(&sources, &mouths.algorithms, &mut streams);
        }
        let gateway = Gateway::new(ports, sources, mouths.answers.clone(), runtime.handle().clone());
        let hands = Hands {
            gateway,
            writer,
            fronts: BTreeMap::from([(front, receipt_in)]),
            notices,
            state: State::default(),
        };
        let direct = Direct::to(Core {
            engine,
            hands,
            elsewhere,
            clock: Arc::clone(&clock),
            snapshots: Some(snapshot_in),
            frame_ms,
            shown: Shown::default(),
            late: VecDeque::new(),
            state: core::State::Begins,
        });
        let asks = Asks::of(&mouths, Arc::clone(&direct.queued));
        // Only the desk's ends keep the engine alive.
        drop(mouths);
        let pump = Pump { direct: direct.clone(), lanes, clock };
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let ended = runtime.block_on(async move {
                let ended = pump.run(past).await;
                streams.shutdown().await;
                leave(&leaving).await;
                ended
            });
            let (writer, panicked) = match ended {
                Ok(writer) => (writer, None),
                Err(mut panicked) => (panicked.0.take(), Some(panicked)),
            };
            let closed = writer.map_or(Ok(()), Writer::close);
            closed.context("not all of it is in the journal, so other programs do not know of it")?;
            panicked.map_or(Ok(()), |why| Err(why.into()))
        })?;
        let desk = Desk { lane: Lane::Own { front, direct, asks }, receipts, snapshots };
        Ok(Spawned { desk, engine: thread, joins, answers, notifier })
    }
}

/// The longest that an end in order waits for what is called off at the venues.
const LEAVE_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// Calls off what the venues would do by themselves once they hear nothing more.
async fn leave(brokers: &[Arc<dyn Broker>]) {
    let all = futures_util::future::join_all(brokers.iter().map(|broker| broker.leave()));
    if tokio::time::timeout(LEAVE_MAX, all).await.is_err() {
        tracing::warn!("a venue did not answer in time when its dead man's switch was called off");
    }
}

/// Starts a venue's streams.
fn connect(
    broker: Arc<dyn Broker>,
    mouths: &Mouths,
    streams: &mut tokio::task::JoinSet<()>,
    runtime: &tokio::runtime::Handle,
) -> Wired {
    let (watched_in, watched) = watch::channel(Watched::default());
    let venue: VenueId = broker.venue().clone();
    let sink = Sink::new(venue, mouths.venue.clone(), mouths.market.clone());
    let streaming = Arc::clone(&broker);
    streams.spawn_on(async move { streaming.stream(watched, sink).await }, runtime);
    (broker, watched_in)
}
