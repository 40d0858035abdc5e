//! A rehearsal of the way out: paper venues of their own that fail by a script, the very engine and adapter that real
//! accounts have, and a flatten of everything. The venues' own record, past every fault, says how it went.

use super::{
    client::{Client, Waited},
    deck::Deck,
    host::{Host, Opening, Role},
};
use crate::{
    clock::{Clock, System},
    config::{Config, Env, Flags},
    desk::{
        Reply, Request, Snapshot,
        snapshot::{ExitRow, ExitVenue},
    },
    domain::{draft::Command, ids::Symbol, money::SignedQty, order::Side, scope::Scope, time::Mono},
    paper::{
        faults::{Kind, Script},
        server::{self, Options, Running, witness::Witness},
    },
};
use anyhow::{Context as _, anyhow, bail};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What is rehearsed.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// In one sentence.
    pub about: &'static str,
    /// One script a venue.
    scripts: &'static [(&'static str, &'static str)],
}

const CALM: (&str, &str) = ("calm", include_str!("rehearsal/calm.toml"));
const STREAMS: (&str, &str) = ("streams-down", include_str!("rehearsal/streams-down.toml"));
const TIMEOUTS: (&str, &str) = ("timeouts", include_str!("rehearsal/timeouts.toml"));
const LIMITED: (&str, &str) = ("rate-limit", include_str!("rehearsal/rate-limit.toml"));
const HELD: (&str, &str) = ("held-balance", include_str!("rehearsal/held-balance.toml"));
const HANGING: (&str, &str) = ("hanging", include_str!("rehearsal/hanging.toml"));
const WORST: (&str, &str) = ("worst", include_str!("rehearsal/worst.toml"));

/// Everything that can be rehearsed; the last is the worst night.
pub const SCENARIOS: [Scenario; 7] = [
    Scenario {
        name: "calm",
        about: "100 positions and 200 orders, and nothing goes wrong",
        scripts: &[CALM],
    },
    Scenario {
        name: "streams-down",
        about: "the stream of order news is down: the exit goes by requests alone",
        scripts: &[STREAMS],
    },
    Scenario {
        name: "timeouts",
        about: "30% of the requests take effect and are never answered",
        scripts: &[TIMEOUTS],
    },
    Scenario {
        name: "rate-limit",
        about: "more than twenty changes a second get 429 with Retry-After",
        scripts: &[LIMITED],
    },
    Scenario {
        name: "held-balance",
        about: "what an order held stays held for a moment after its cancel",
        scripts: &[HELD],
    },
    Scenario {
        name: "hanging",
        about: "two venues, and one of them hangs for 25 seconds",
        scripts: &[CALM, HANGING],
    },
    Scenario { name: "worst", about: "all of it at once, at two venues", scripts: &[WORST, HANGING] },
];

/// The stroke comes so long after the venues began: their faults begin just before it.
const STROKE_AT: Duration = Duration::from_millis(8_500);
const AGREE: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(10);
/// Longer than the engine gives an exit.
const OVER: Duration = Duration::from_secs(200);

/// How one venue came out of it.
#[derive(Debug, Clone)]
pub struct VenueReport {
    /// Its part of the exit, as the screen had it.
    pub exit: ExitVenue,
    /// Positions that are really still there.
    pub positions_left: usize,
    /// Orders that can really still fill.
    pub orders_left: usize,
    /// Positions that once stood on the other side of zero.
    pub turned: Vec<Symbol>,
    /// Orders that arrived more than once.
    pub sent_twice: usize,
    /// Requests that arrived since the stroke, and how many of them were refused with 429.
    pub requests: usize,
    /// See there.
    pub limited: usize,
    /// From the stroke to the last change that arrived, milliseconds.
    pub last_change_ms: u64,
    /// The soonest that so many changes can pass the limit that the script sets, milliseconds; `None` without one.
    pub bound_ms: Option<u64>,
    /// How often each fault struck, in words.
    pub faults: String,
}

/// How a rehearsal went.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// The exit as a whole.
    pub exit: ExitRow,
    /// Each venue, as configured.
    pub venues: Vec<VenueReport>,
}

impl Rehearsed {
    /// Is everything flat by the venues' own record, and does the exit say so?
    pub fn is_flat(&self) -> bool {
        self.exit.flat == Some(true)
            && self.venues.iter().all(|v| v.positions_left == 0 && v.orders_left == 0)
    }
    /// Did it hold what it must, flat or not: nothing twice, no position turned, FLAT only where it is flat?
    pub fn is_sound(&self) -> bool {
        let said_flat = |v: &VenueReport| v.exit.phase == "FLAT";
        self.venues.iter().all(|v| {
            v.sent_twice == 0
                && v.turned.is_empty()
                && (!said_flat(v) || (v.positions_left == 0 && v.orders_left == 0))
        })
    }
}

/// Rehearses; `say` is told each step.
///
/// # Errors
/// The venues could not be served, the engine could not be opened, or the exit did not begin.
pub fn rehearse(scenario: &Scenario, mut say: impl FnMut(&str)) -> anyhow::Result<Rehearsed> {
    let dir = Scratch::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let clock: Arc<dyn Clock> = Arc::new(System::start());
    let (venues, limits) = runtime.block_on(serve(scenario, &clock))?;
    let began = clock.now().mono;
    let config = configuration(dir.path(), &venues)?;
    let opening = Opening {
        config,
        env: Env::new([]),
        flags: Flags::default(),
        role: Role::Shell,
        live: None,
        looks: false,
    };
    let mut client = Client::over(Deck::Own(Host::open(opening)?))?;
    let agreed = client.wait_for(AGREE, |s| {
        !s.banner.lamps.is_empty() && s.banner.lamps.iter().all(|l| l.connected) && !s.positions.is_empty()
    })?;
    let snapshot = agreed.ok_or_else(|| anyhow!("the venues and the book do not agree within {AGREE:?}"))?;
    say(&format!(
        "{}: {} and {} at {}",
        scenario.name,
        crate::domain::text::counted(snapshot.positions.len(), "position", "positions"),
        crate::domain::text::counted(
            snapshot.orders.iter().filter(|o| o.state.is_open()).count(),
            "working order",
            "working orders"
        ),
        crate::domain::text::counted(snapshot.banner.lamps.len(), "venue", "venues")
    ));
    let waited = Duration::from_millis(clock.now().mono.since_ms(began));
    std::thread::sleep(STROKE_AT.saturating_sub(waited));
    let before = runtime.block_on(witnesses(&venues))?;
    let stroke = clock.now().mono;
    let exit = strike(&mut client, &mut say)?;
    let after = runtime.block_on(witnesses(&venues))?;
    let reports = venues
        .iter()
        .zip(before.iter().zip(&after))
        .zip(&exit.venues)
        .zip(&limits)
        .map(|(((venue, (before, after)), row), limit)| report(venue, (before, after), (stroke, *limit), row))
        .collect();
    if let Err(why) = client.close() {
        say(&format!("at the end: {why:#}"));
    }
    runtime.block_on(async {
        for venue in venues {
            venue.stop().await?;
        }
        Ok::<_, server::Error>(())
    })?;
    Ok(Rehearsed { exit, venues: reports })
}

/// So many changes pass in so many milliseconds.
type Limit = Option<(u64, u64)>;

async fn serve(scenario: &Scenario, clock: &Arc<dyn Clock>) -> anyhow::Result<(Vec<Running>, Vec<Limit>)> {
    let (mut venues, mut limits) = (Vec::new(), Vec::new());
    for (name, text) in scenario.scripts {
        let mut options = Options::new(Arc::clone(clock));
        let script = Script::parse(name, text)?;
        limits.push(script.limit());
        options.faults = Some(script);
        venues.push(server::serve(options).await?);
    }
    Ok((venues, limits))
}

/// When the last of so many changes can pass at the soonest, if the first passes at once.
fn bound_ms(limit: Limit, passed: usize) -> Option<u64> {
    let (burst, per_ms) = limit?;
    let before = u64::try_from(passed).ok()?.saturating_sub(1).checked_div(burst)?;
    Some(before.saturating_mul(per_ms))
}

async fn witnesses(venues: &[Running]) -> anyhow::Result<Vec<Witness>> {
    let mut out = Vec::new();
    for venue in venues {
        out.push(venue.witness().await?);
    }
    Ok(out)
}

/// A configuration of these venues alone.
fn configuration(dir: &Path, venues: &[Running]) -> anyhow::Result<Config> {
    let mut text = String::new();
    for (n, venue) in venues.iter().enumerate() {
        let at = venue.addresses();
        write!(
            text,
            "[venues.rehearsal-{}]\nkind = \"alpaca\"\nenvironment = \"paper\"\nhours = \"always\"\ntrading_url = {:?}\n\
             trading_stream_url = {:?}\ndata_url = {:?}\ndata_stream_url = {:?}\ncrypto_stream_url = {:?}\n\
             key_id = {:?}\nsecret_key = {:?}\n",
            n.saturating_add(1),
            at.trading_url,
            at.trading_stream_url,
            at.data_url,
            at.data_stream_url,
            at.crypto_stream_url,
            at.key_id,
            at.secret_key
        )?;
    }
    let state = dir.join("state");
    write!(text, "[paths]\nstate = {:?}\n", state.display().to_string())?;
    let path = dir.join("config.toml");
    Config::parse(&path, &text).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("{}", lines.join("\n"))
    })
}

/// The stroke, and all that follows until it is over.
fn strike(client: &mut Client, say: &mut impl FnMut(&str)) -> anyhow::Result<ExitRow> {
    let reply = client.ask(Request::Do(Command::Flatten(Scope::default())), ANSWER)?;
    let Reply::Done(text) = reply else { bail!("the flatten was not taken: {reply:?}") };
    say(text.as_str());
    let mut said = String::new();
    let waited = client.follow(OVER, |s: &Snapshot| {
        let Some(exit) = &s.exit else { return false };
        let line: Vec<String> = exit.venues.iter().map(progress).collect();
        let line = line.join("; ");
        if line != said {
            say(&line);
            said = line;
        }
        exit.flat.is_some()
    })?;
    match waited {
        Waited::Ready(snapshot) => {
            let exit = snapshot.exit.as_ref().context("the exit does not show")?;
            Ok(exit.as_ref().clone())
        }
        Waited::Late => bail!("the exit is not over after {OVER:?}"),
        Waited::Interrupted => bail!("interrupted"),
    }
}

fn progress(v: &ExitVenue) -> String {
    format!(
        "{}: {}, {} of {} orders gone, {} of {} positions flat",
        v.venue, v.phase, v.orders_gone, v.orders, v.positions_flat, v.positions
    )
}

fn report(
    venue: &Running,
    (before, after): (&Witness, &Witness),
    (stroke, limit): (Mono, Limit),
    row: &ExitVenue,
) -> VenueReport {
    let since: Vec<_> = after.seen.iter().filter(|s| s.at >= stroke).collect();
    let changes = || since.iter().filter(|s| changes(s.kind));
    let last = changes().map(|s| s.at.since_ms(stroke)).max();
    let passed = changes().filter(|s| !s.is_limited).count();
    let mut sent: BTreeMap<&str, usize> = BTreeMap::new();
    for client in after.seen.iter().filter_map(|s| s.client.as_deref()) {
        let count = sent.entry(client).or_default();
        *count = count.saturating_add(1);
    }
    VenueReport {
        exit: row.clone(),
        positions_left: after.positions.iter().filter(|(_, qty)| !qty.is_zero()).count(),
        orders_left: after.open_orders,
        turned: turned(before, after),
        sent_twice: sent.values().filter(|n| **n > 1).count(),
        requests: since.len(),
        limited: since.iter().filter(|s| s.is_limited).count(),
        last_change_ms: last.unwrap_or(0),
        bound_ms: bound_ms(limit, passed),
        faults: venue.tally().to_string(),
    }
}

const fn changes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Submit | Kind::Replace | Kind::Cancel | Kind::CancelAll | Kind::Close | Kind::CloseAll
    )
}

/// Symbols that stood on the other side of zero at any moment since `before`.
fn turned(before: &Witness, after: &Witness) -> Vec<Symbol> {
    let mut held: BTreeMap<&Symbol, SignedQty> = before.positions.iter().map(|(s, q)| (s, *q)).collect();
    let started = held.clone();
    let mut turned = Vec::new();
    for fill in after.fills.iter().skip(before.fills.len()) {
        let now = held.entry(&fill.symbol).or_default();
        if let Some(moved) = now.checked_add(fill.qty.signed(fill.side)) {
            *now = moved;
        }
        let was = started.get(&fill.symbol).copied().unwrap_or_default();
        let other_side = (was.is_negative() && now.exit_side() == Some(Side::Sell))
            || (was.is_positive() && now.is_negative())
            || (was.is_zero() && !now.is_zero());
        if other_side && !turned.contains(&fill.symbol) {
            turned.push(fill.symbol.clone());
        }
    }
    turned
}

/// A directory of the user's own that goes with the rehearsal.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes).map_err(|e| anyhow!("the system gives no random numbers: {e}"))?;
        let name =
            bytes.iter().fold(String::from("tradedeck-rehearsal-"), |name, b| format!("{name}{b:02x}"));
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("{} can't be made", path.display()))?;
        Ok(Self(path))
    }
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(why) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %why, "a rehearsal's directory stays");
        }
    }
}
